//! What crosses the bridges to Kotlin, Swift and JavaScript.

use std::sync::{Arc, LazyLock, Mutex};
use std::time::Duration;

use futures_executor::block_on;
use velum::{
    AggregateProfile, ChosenMarket, ErrorCode, HandOffKeeper, HandOffProgress, MarketClient,
    MarketHost, MarketHostError, MarketInput, MarketOffer, MarketRequest, MarketResponse,
    ReceiptVerdict, VelumError,
};
use velum_credentials::aggregate::{Receipt, may_hand_off};
use velum_credentials::{
    Clock, DeviceResponse, PrepareOptions, PresentOptions, Presentation, Purpose, Request, Suite,
};
use velum_testdata::{FOLDED, MUSTERMANN};
use velum_wallet::{Challenge, Question, Wallet, clock_at, json};

use crate::presentations::{golden_receipts, prepared};
use velum_fuzz_harness::Target;
use velum_fuzz_harness::inputs::{Form, join, split};

const DOC_TYPE: &str = "org.iso.18013.5.1.mDL";

/// The functions of `velum-mobile` that take bytes, all at once. None of them may report an internal
/// error, which is what a panic becomes.
pub(crate) const MOBILE: Target = Target {
    name: "mobile",
    form: Form::Cbor,
    seeds: || {
        let MarketInput { presentation, request, transcript } = market_input();
        let document = MUSTERMANN.device_response;
        vec![join(&[
            document,
            &request,
            &transcript,
            DOC_TYPE.as_bytes(),
            &[1; 64],
            &presentation,
            saved_hand_off().as_bytes(),
        ])]
    },
    replayed: 300,
    run: |input| {
        let Some([document, request, transcript, doc_type, signature, presentation, saved]) =
            split::<7>(input)
        else {
            return;
        };
        let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
        let (doc_type, saved) = (text(doc_type), text(saved));
        is_typed(velum::inspect(document.clone()));
        is_typed(velum::explain(document.clone(), request.clone()));
        is_typed(velum::may_hand_off(request.clone()));
        is_typed(velum::owner_of(signature.clone()));
        is_typed(velum::device_authentication_bytes(
            document.clone(),
            doc_type.clone(),
            transcript.clone(),
        ));
        is_typed(velum::with_device_signature(document, doc_type, signature));
        is_typed(block_on(velum::verify(
            presentation.clone(),
            transcript.clone(),
            request.clone(),
            None,
            None,
        )));
        let input = MarketInput { presentation, request, transcript };
        is_typed(block_on(velum::resume_hand_off(
            Arc::new(NoNetwork),
            Arc::new(Keeper::default()),
            input,
            saved,
            None,
        )));
    },
};

/// Where the host of this target fails, which is no fault of the input.
const HOST_FAILS: &str = "host.sleep";

fn is_typed<T>(outcome: Result<T, VelumError>) {
    if let Err(error) = outcome {
        let is_bug = error.code() == ErrorCode::Internal && error.problem().place != HOST_FAILS;
        assert!(!is_bug, "{error:?}");
    }
}

/// The calls that the functions of the WebAssembly modules consist of. These functions themselves
/// exist in a browser only.
pub(crate) const WEB: Target = Target {
    name: "web",
    form: Form::Cbor,
    seeds: || {
        let MarketInput { presentation, request, transcript } = market_input();
        let presentation = Presentation::from_bytes(&presentation).expect("a presentation");
        let document = MUSTERMANN.device_response;
        let presentation = presentation.without_proofs().to_bytes();
        let rest = [&request[..], &transcript, &presentation];
        let [request, transcript, presentation] = rest;
        let receipts = golden_receipts();
        let receipts = receipts.iter();
        receipts
            .map(|receipt| {
                join(&[document, request, transcript, presentation, receipt, &prepared()])
            })
            .collect()
    },
    replayed: 300,
    run: |input| {
        let Some([document, request, transcript, presentation, receipt, prepared]) =
            split::<6>(input)
        else {
            return;
        };
        if let Ok(response) = DeviceResponse::parse(&document)
            && let Ok(inspections) = response.inspect()
        {
            let _ = json::javascript(json::documents(&inspections));
        }
        if let Ok((purpose, _)) = Purpose::of_prepared(&prepared) {
            let _ = json::javascript(purpose.to_json());
        }
        let Ok(request) = Request::from_json(&request) else { return };
        may_hand_off(&request).ok();
        if let Ok(question) = Question::new(request.clone(), &document) {
            let _ = json::javascript(json::explanation(&question.explain()));
            for clock in [Clock::Any, Clock::At(clock_at(1_800_000_000).expect("a time"))] {
                question.check(&transcript, &PresentOptions::at(clock)).ok();
            }
            if let Ok(purpose) = question.purpose(Suite::Direct, None) {
                let _ = json::javascript(purpose.to_json());
            }
        }
        let Ok(challenge) = Challenge::new(request, &transcript) else { return };
        let read = Presentation::from_bytes(&presentation).into_iter();
        let counted = Receipt::from_bytes(&receipt).map(|receipt| receipt.presentation);
        for presentation in read.chain(counted) {
            if let Ok(claim) = challenge.claim(&presentation) {
                claim.hash().ok();
                let _ = json::javascript(json::verified(&claim.proven()));
            }
        }
    },
};

/// What a wallet hands to a market. The golden presentations answer a request that a market must
/// not see, so a presentation is made.
fn market_input() -> MarketInput {
    static INPUT: LazyLock<MarketInput> = LazyLock::new(|| {
        let (case, predicate) = FOLDED[0];
        let request = case.request_with(predicate).into_bytes();
        let question = Question::parse(case.device_response, &request).expect("a case");
        let wallet = Wallet::new();
        let prepared = wallet
            .prepare(&question, Suite::Aggregatable, PrepareOptions::default())
            .expect("a proof");
        let options = PresentOptions::at(Clock::Any);
        let presentation = wallet.present(prepared, &question, case.session_transcript, options);
        MarketInput {
            presentation: presentation.expect("a presentation").to_bytes(),
            request,
            transcript: case.session_transcript.to_vec(),
        }
    });
    INPUT.clone()
}

/// The state of a hand-off that has begun.
fn saved_hand_off() -> String {
    static SAVED: LazyLock<String> = LazyLock::new(|| {
        let keeper = Arc::new(Keeper::default());
        let host: Arc<dyn MarketHost> = Arc::new(NoNetwork);
        let client = MarketClient::new(
            "https://market.example".to_owned(),
            Arc::clone(&host),
            Some("11".repeat(32)),
        );
        let market = ChosenMarket { client: client.expect("an address"), key: Some(vec![7; 32]) };
        let offer = MarketOffer {
            profile: AggregateProfile::Standard,
            minimum: 1,
            maximum: 1_000,
            order: None,
            company: None,
            within: None,
        };
        let ended = velum::hand_off(
            host,
            Arc::clone(&keeper) as Arc<dyn HandOffKeeper>,
            market_input(),
            vec![market],
            offer,
            None,
        );
        let ended = block_on(ended).map(|_| ()).expect_err("there is no network");
        let saved = keeper.saved.lock().expect("nobody panicked with the lock");
        saved
            .clone()
            .unwrap_or_else(|| panic!("nothing was saved before anything was sent: {ended}"))
    });
    SAVED.clone()
}

/// A host without a network. Waiting ends the call, which would ask for ever otherwise.
struct NoNetwork;

fn no_network<T>() -> Result<T, MarketHostError> {
    Err(MarketHostError::Failed { reason: "there is no network".to_owned() })
}

#[async_trait::async_trait]
impl MarketHost for NoNetwork {
    async fn send(&self, _: MarketRequest) -> Result<MarketResponse, MarketHostError> {
        no_network()
    }

    async fn sleep(&self, _: Duration) -> Result<(), MarketHostError> {
        no_network()
    }
}

#[derive(Default)]
struct Keeper {
    saved: Mutex<Option<String>>,
}

#[async_trait::async_trait]
impl HandOffKeeper for Keeper {
    async fn save(&self, saved: String) -> Result<(), MarketHostError> {
        *self.saved.lock().expect("nobody panicked with the lock") = Some(saved);
        Ok(())
    }

    async fn judge(&self, _: Vec<u8>) -> Result<ReceiptVerdict, MarketHostError> {
        Ok(ReceiptVerdict::Holds)
    }

    fn on_progress(&self, _: HandOffProgress) {}
}
