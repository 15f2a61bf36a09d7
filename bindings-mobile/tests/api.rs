//! The library as an app calls it: the holder's and the verifier's operations, signers,
//! cancellation, and errors.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use p256::SecretKey;
use p256::ecdsa::signature::Signer;
use p256::ecdsa::{Signature, SigningKey};
use p256::pkcs8::EncodePublicKey;
use velum_credentials::block_on;
use velum_mobile::*;
use velum_testdata::{AGE_VERIFICATION_NYM, ANNEX_D, GOLDEN, MUSTERMANN};

const DOC_TYPE: &str = "org.iso.18013.5.1.mDL";

fn document() -> Vec<u8> {
    MUSTERMANN.device_response.to_vec()
}

fn request() -> Vec<u8> {
    MUSTERMANN.request.as_bytes().to_vec()
}

fn changed(change: impl FnOnce(&mut serde_json::Value)) -> Vec<u8> {
    let mut request = serde_json::from_str(MUSTERMANN.request).unwrap();
    change(&mut request);
    request.to_string().into_bytes()
}

fn transcript() -> Vec<u8> {
    MUSTERMANN.session_transcript.to_vec()
}

/// The document is from the past.
fn any_time() -> Option<PresentOptions> {
    Some(PresentOptions { clock: Some(Clock::Any), ..PresentOptions::default() })
}

fn verified(presentation: Vec<u8>) -> Result<Verified, VelumError> {
    block_on(verify(presentation, transcript(), request(), None, None))
}

/// A document that its device has not signed: it has a MAC. The private key of the device is
/// public.
fn unsigned() -> Vec<u8> {
    ANNEX_D.device_response.to_vec()
}

fn unsigned_request() -> Vec<u8> {
    ANNEX_D.request.as_bytes().to_vec()
}

fn prepared_unsigned(wallet: &Wallet) -> Arc<PreparedProof> {
    block_on(wallet.prepare(unsigned(), unsigned_request(), None)).unwrap()
}

/// A key in memory, in place of a key in a phone's hardware.
struct Software {
    key: SigningKey,
    der: bool,
    fails: Option<DeviceSignerError>,
    asked: AtomicUsize,
}

impl Software {
    fn of_document(der: bool) -> Self {
        let key = hex(&ANNEX_D.facts().device_private_key.unwrap());
        Self::of(SecretKey::from_slice(&key).unwrap(), der)
    }

    fn of(key: SecretKey, der: bool) -> Self {
        Self { key: key.into(), der, fails: None, asked: AtomicUsize::new(0) }
    }
}

fn hex(text: &str) -> Vec<u8> {
    (0..text.len())
        .step_by(2)
        .map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap())
        .collect()
}

#[async_trait::async_trait]
impl DeviceSigner for Software {
    async fn public_key(&self) -> Result<Vec<u8>, DeviceSignerError> {
        let key = self.key.verifying_key();
        Ok(if self.der {
            p256::PublicKey::from(key).to_public_key_der().unwrap().into_vec()
        } else {
            key.to_encoded_point(false).as_bytes().to_vec()
        })
    }

    async fn sign(&self, payload: Vec<u8>) -> Result<Vec<u8>, DeviceSignerError> {
        self.asked.fetch_add(1, Ordering::SeqCst);
        if let Some(error) = &self.fails {
            return Err(error.clone());
        }
        let signature: Signature = self.key.sign(&payload);
        Ok(if self.der {
            signature.to_der().as_bytes().to_vec()
        } else {
            signature.to_bytes().to_vec()
        })
    }
}

/// Records the reports, and cancels after this many of them.
#[derive(Default)]
struct Heard {
    reports: Mutex<Vec<(Stage, f64)>>,
    cancels: Option<(usize, Arc<Cancellation>)>,
    is_cancelled: AtomicBool,
    after: AtomicUsize,
}

impl ProgressListener for Heard {
    fn on_progress(&self, stage: Stage, fraction: f64) {
        if self.is_cancelled.load(Ordering::SeqCst) {
            self.after.fetch_add(1, Ordering::SeqCst);
        }
        let mut reports = self.reports.lock().unwrap();
        reports.push((stage, fraction));
        if let Some((after, cancellation)) = &self.cancels
            && reports.len() == *after
        {
            cancellation.cancel();
            self.is_cancelled.store(true, Ordering::SeqCst);
        }
    }
}

fn prepared(wallet: &Wallet) -> Arc<PreparedProof> {
    block_on(wallet.prepare(document(), request(), None)).unwrap()
}

#[test]
fn a_holder_prepares_and_presents_and_a_verifier_learns() {
    // A stack as small as any caller's: nothing that needs much stack runs on it.
    let caller = thread::Builder::new().stack_size(256 << 10).spawn(|| {
        let wallet = Wallet::new(None);
        let heard = Arc::new(Heard::default());
        let options = PrepareOptions { progress: Some(heard.clone()), ..PrepareOptions::default() };
        let proof = block_on(wallet.prepare(document(), request(), Some(options))).unwrap();
        assert_eq!(
            (proof.suite(), proof.size_class()),
            (Some(Suite::Direct), Some(SizeClass::Standard))
        );
        assert_eq!(proof.doc_type(), DOC_TYPE);
        let reports = heard.reports.lock().unwrap();
        assert!(
            reports.is_sorted_by(|(_, a), (_, b)| a <= b)
                && reports.iter().all(|(_, at)| *at <= 1.0)
        );
        assert_eq!(reports.first().unwrap().0, Stage::Keys);
        assert_eq!(reports.last().unwrap().0, Stage::Check);

        let present = |options| {
            block_on(wallet.present(
                proof.clone(),
                document(),
                request(),
                transcript(),
                None,
                options,
            ))
        };
        // On the device's clock, the request is from the past. Nothing is used up.
        assert_eq!(present(None).unwrap_err().code(), ErrorCode::Clock);
        assert!(!proof.is_used());
        let presentation = present(any_time()).unwrap();
        assert!(proof.is_used());
        assert_eq!(present(any_time()).unwrap_err().code(), ErrorCode::PreparedUsed);

        let learnt = verified(presentation.clone()).unwrap().learnt;
        let name = learnt.iter().find_map(|fact| match &fact.learnt {
            Learnt::Holds { name, condition: Condition::EqualTo { value }, .. }
                if name.element == "family_name" =>
            {
                Some(value.clone())
            }
            _ => None,
        });
        assert_eq!(name, Some(Value::Text { text: "Mustermann".to_owned() }));
        let moment = UNIX_EPOCH + Duration::from_secs(1_729_000_200);
        assert!(
            learnt.iter().any(|fact| fact.learnt == Learnt::ValidAt { time: moment }),
            "{learnt:?}"
        );

        let mut broken = presentation;
        let last = broken.len() - 1;
        broken[last] ^= 1;
        let error = verified(broken).unwrap_err();
        assert!(
            matches!(error, VelumError::Refused { .. } | VelumError::Unreadable { .. }),
            "{error:?}"
        );
    });
    caller.unwrap().join().unwrap();
}

#[test]
fn the_device_signs_by_callback_in_either_form() {
    let wallet = Wallet::new(None);
    for der in [false, true] {
        let signer = Arc::new(Software::of_document(der));
        let present = wallet.present(
            prepared_unsigned(&wallet),
            unsigned(),
            unsigned_request(),
            transcript(),
            Some(signer.clone()),
            any_time(),
        );
        let presentation = block_on(present).unwrap();
        let verify = verify(presentation, transcript(), unsigned_request(), None, None);
        block_on(verify).unwrap();
        assert_eq!(signer.asked.load(Ordering::SeqCst), 1);
    }
}

#[test]
fn a_signer_that_does_not_sign_costs_no_proof() {
    let wallet = Wallet::new(None);
    let proof = prepared_unsigned(&wallet);
    let present = |signer: Software, request| {
        let signer = Arc::new(signer);
        let session = transcript();
        let present = wallet.present(
            proof.clone(),
            unsigned(),
            request,
            session,
            Some(signer.clone()),
            any_time(),
        );
        (block_on(present).unwrap_err(), signer.asked.load(Ordering::SeqCst))
    };
    let failing = |error| Software { fails: Some(error), ..Software::of_document(false) };
    let reason = "the module is gone".to_owned();
    for (error, code) in [
        (DeviceSignerError::Cancelled, ErrorCode::SignerCancelled),
        (DeviceSignerError::Locked, ErrorCode::SignerLocked),
        (DeviceSignerError::KeyCannotSign, ErrorCode::SignerKeyCannotSign),
        (DeviceSignerError::Hardware { reason: reason.clone() }, ErrorCode::SignerHardware),
    ] {
        let (error, asked) = present(failing(error), unsigned_request());
        assert!(matches!(error, VelumError::Signer { .. }));
        assert_eq!((error.code(), asked), (code, 1));
        assert_eq!(code == ErrorCode::SignerHardware, error.to_string().contains(&reason));
    }
    // Neither of these signers is asked to sign.
    let other = Software::of(SecretKey::from_slice(&[7; 32]).unwrap(), true);
    let (error, asked) = present(other, unsigned_request());
    assert_eq!((error.code(), asked), (ErrorCode::SignerOtherKey, 0));
    let other_name = ANNEX_D.request.replace("\"Doe\"", "\"Roe\"").into_bytes();
    let (error, asked) = present(Software::of_document(false), other_name);
    assert_eq!((error.code(), asked), (ErrorCode::Predicate, 0));
    assert!(!proof.is_used());
}

/// A signer that returns something else than a signature of the payload.
struct Wrong(Vec<u8>);

#[async_trait::async_trait]
impl DeviceSigner for Wrong {
    async fn public_key(&self) -> Result<Vec<u8>, DeviceSignerError> {
        Software::of_document(false).public_key().await
    }

    async fn sign(&self, _: Vec<u8>) -> Result<Vec<u8>, DeviceSignerError> {
        Ok(self.0.clone())
    }
}

#[test]
fn a_signature_that_does_not_hold_is_refused() {
    let wallet = Wallet::new(None);
    let proof = prepared_unsigned(&wallet);
    let elsewhere =
        block_on(Software::of_document(true).sign(b"another payload".to_vec())).unwrap();
    for (signature, code) in [
        (Vec::new(), ErrorCode::Malformed),
        (vec![0; 64], ErrorCode::Malformed),
        (vec![0x30; 70], ErrorCode::Malformed),
        (vec![7; 64], ErrorCode::DeviceSignature),
        (elsewhere, ErrorCode::DeviceSignature),
    ] {
        let signer = Arc::new(Wrong(signature.clone()));
        let present = wallet.present(
            proof.clone(),
            unsigned(),
            unsigned_request(),
            transcript(),
            Some(signer),
            any_time(),
        );
        assert_eq!(block_on(present).unwrap_err().code(), code, "{signature:?}");
    }
    assert!(!proof.is_used());
}

#[test]
fn a_signature_from_elsewhere_is_attached() {
    let session = transcript();
    let payload =
        device_authentication_bytes(unsigned(), DOC_TYPE.to_owned(), session.clone()).unwrap();
    for der in [false, true] {
        let signature = block_on(Software::of_document(der).sign(payload.clone())).unwrap();
        let signed = with_device_signature(unsigned(), DOC_TYPE.to_owned(), signature).unwrap();
        let [Inspection::Readable { document }] = &inspect(signed).unwrap()[..] else { panic!() };
        assert_eq!(document.device_authentication, DeviceAuthentication::Signature);
    }
    let error = with_device_signature(unsigned(), DOC_TYPE.to_owned(), vec![1; 63]).unwrap_err();
    assert_eq!((error.code(), error.problem().place.as_str()), (ErrorCode::Malformed, "signature"));
    let error = with_device_signature(unsigned(), "other".to_owned(), vec![1; 64]).unwrap_err();
    assert_eq!(error.code(), ErrorCode::DocType);
}

#[test]
fn work_stops_soon_after_a_cancel() {
    let wallet = Wallet::new(None);
    block_on(wallet.make_keys(SizeClass::Standard, None)).unwrap();
    let cancellation = Cancellation::new();
    let heard = Arc::new(Heard { cancels: Some((5, cancellation.clone())), ..Heard::default() });
    let options = PrepareOptions {
        cancellation: Some(cancellation),
        progress: Some(heard.clone()),
        ..PrepareOptions::default()
    };
    let error = block_on(wallet.prepare(document(), request(), Some(options))).err().unwrap();
    assert!(matches!(error, VelumError::Cancelled { .. }), "{error:?}");
    // The reports check the same flag.
    assert_eq!(heard.after.load(Ordering::SeqCst), 0);
    assert_eq!(heard.reports.lock().unwrap().len(), 5);
    // The wallet still works.
    prepared(&wallet);
}

/// A signer that waits for a person who never comes.
struct Waiting(Mutex<Option<Arc<Cancellation>>>);

#[async_trait::async_trait]
impl DeviceSigner for Waiting {
    async fn public_key(&self) -> Result<Vec<u8>, DeviceSignerError> {
        Software::of_document(false).public_key().await
    }

    async fn sign(&self, _: Vec<u8>) -> Result<Vec<u8>, DeviceSignerError> {
        let cancellation = self.0.lock().unwrap().take().unwrap();
        thread::spawn(move || cancellation.cancel());
        std::future::pending().await
    }
}

#[test]
fn a_cancel_ends_the_wait_for_a_signer() {
    let wallet = Wallet::new(None);
    let cancellation = Cancellation::new();
    let options =
        PresentOptions { cancellation: Some(cancellation.clone()), ..any_time().unwrap() };
    let signer = Arc::new(Waiting(Mutex::new(Some(cancellation))));
    let proof = prepared_unsigned(&wallet);
    let session = transcript();
    let present = wallet.present(
        proof.clone(),
        unsigned(),
        unsigned_request(),
        session,
        Some(signer),
        Some(options),
    );
    assert_eq!(block_on(present).unwrap_err().code(), ErrorCode::Cancelled);
    assert!(!proof.is_used());
}

struct Throwing;

impl ProgressListener for Throwing {
    fn on_progress(&self, _: Stage, _: f64) {
        panic!("on purpose");
    }
}

#[test]
fn a_panic_is_an_error_and_the_wallet_goes_on() {
    let wallet = Wallet::new(None);
    let options =
        PrepareOptions { progress: Some(Arc::new(Throwing)), ..PrepareOptions::default() };
    let error = block_on(wallet.prepare(document(), request(), Some(options))).err().unwrap();
    assert!(matches!(error, VelumError::Internal { .. }), "{error:?}");
    prepared(&wallet);
}

#[test]
fn twenty_calls_at_once_all_come_to_an_end() {
    let wallet = Wallet::new(None);
    thread::scope(|scope| {
        let calls: Vec<_> = (0..20)
            .map(|index| {
                let wallet = wallet.clone();
                scope.spawn(move || {
                    // Most calls are cancelled, each at another time.
                    let cancellation = Cancellation::new();
                    let heard = Arc::new(Heard {
                        cancels: (index % 4 != 0).then(|| (index, cancellation.clone())),
                        ..Heard::default()
                    });
                    let options = PrepareOptions {
                        cancellation: Some(cancellation),
                        progress: Some(heard),
                        ..PrepareOptions::default()
                    };
                    block_on(wallet.prepare(document(), request(), Some(options))).map(drop)
                })
            })
            .collect();
        for (index, call) in calls.into_iter().enumerate() {
            match call.join().unwrap() {
                Ok(()) => assert_eq!(index % 4, 0),
                Err(error) => {
                    assert_eq!(error.code(), ErrorCode::Cancelled, "{error:?}");
                    assert_ne!(index % 4, 0);
                }
            }
        }
    });
}

#[test]
fn a_document_says_what_it_holds_and_a_request_what_it_would_tell() {
    let [Inspection::Readable { document: mdl }] = &inspect(document()).unwrap()[..] else {
        panic!()
    };
    let facts = MUSTERMANN.facts();
    assert_eq!((mdl.doc_type.as_str(), mdl.mso_bytes as usize), (DOC_TYPE, facts.mso_bytes));
    assert_eq!(mdl.elements.len(), facts.items.len());
    assert!(mdl.valid_from < mdl.valid_until && mdl.valid_until < SystemTime::now());
    assert!(matches!(
        &mdl.provability,
        Provability::Provable { size_class: Some(SizeClass::Standard), .. }
    ));
    assert!(mdl.checks.iter().all(|check| !matches!(check.outcome, CheckOutcome::Failed { .. })));

    let asked = changed(|request| request["predicates"][1]["age_at_least"] = 99.into());
    let explanation = explain(document(), asked).unwrap();
    let failing: Vec<_> =
        explanation.predicates.iter().filter_map(|predicate| predicate.problem.as_ref()).collect();
    assert_eq!(
        failing.iter().map(|problem| problem.code).collect::<Vec<_>>(),
        [ErrorCode::Predicate]
    );
    assert!(explanation.hidden.iter().any(|name| name.element == "birth_date"));
    assert!(explanation.text.contains("birth_date"));
}

#[test]
fn errors_say_what_and_where_and_what_to_do() {
    let error = inspect(b"{}".to_vec()).unwrap_err();
    assert!(matches!(error, VelumError::Unreadable { .. }));
    assert!(
        error.problem().place.starts_with("document") && error.problem().remedy.is_some(),
        "{error:?}"
    );
    assert_eq!(inspect(vec![0; 2 << 20]).unwrap_err().code(), ErrorCode::TooLarge);
    assert_eq!(explain(document(), Vec::new()).unwrap_err().code(), ErrorCode::Malformed);

    let wallet = Wallet::new(Some(WalletOptions { low_power: true, ..WalletOptions::default() }));
    let prepare = |document, request| {
        block_on(wallet.prepare(document, request, None)).map(drop).unwrap_err().code()
    };
    let other = changed(|request| request["issuers"][0]["sec1_hex"] = GENERATOR.into());
    assert_eq!(prepare(document(), other), ErrorCode::IssuerUntrusted);
    let missing = changed(|request| request["predicates"][0]["element"] = "no_such".into());
    assert_eq!(prepare(document(), missing), ErrorCode::ElementMissing);

    let proof = prepared(&wallet);
    let present = |document, request| {
        let present =
            wallet.present(proof.clone(), document, request, transcript(), None, any_time());
        block_on(present).unwrap_err().code()
    };
    let expired = changed(|request| request["now"] = "2030-01-01T00:00:00Z".into());
    assert_eq!(present(document(), expired), ErrorCode::Expired);
    let early = changed(|request| request["now"] = "2020-01-01T00:00:00Z".into());
    assert_eq!(present(document(), early), ErrorCode::NotYetValid);
    let fewer = changed(|request| drop(request["predicates"].as_array_mut().unwrap().pop()));
    assert_eq!(present(document(), fewer), ErrorCode::PreparedMismatch);
    assert_eq!(present(unsigned(), unsigned_request()), ErrorCode::DeviceMacUnsupported);
    assert!(!proof.is_used());

    let none =
        verify(GOLDEN[0].presentation.to_vec(), transcript(), request(), Some(Vec::new()), None);
    assert_eq!(block_on(none).unwrap_err().code(), ErrorCode::WrongVersion);
    assert_eq!(verified(Vec::new()).unwrap_err().code(), ErrorCode::Malformed);
    let elsewhere = verify(
        GOLDEN[0].presentation.to_vec(),
        ANNEX_D.session_transcript.to_vec(),
        request(),
        None,
        None,
    );
    assert_eq!(block_on(elsewhere).unwrap_err().code(), ErrorCode::ProofInvalid);
}

/// Any valid point of the curve: the generator.
const GENERATOR: &str = "046b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c2964fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5";

#[test]
fn bytes_of_any_kind_end_in_errors() {
    for case in [MUSTERMANN, ANNEX_D, AGE_VERIFICATION_NYM] {
        let response = case.device_response;
        for at in (0..response.len()).step_by(response.len() / 97 + 1) {
            let _ = inspect(response[..at].to_vec());
            let mut changed = response.to_vec();
            changed[at] ^= 0x55;
            let _ = inspect(changed.clone());
            let _ = explain(changed.clone(), case.request.as_bytes().to_vec());
            let _ = device_authentication_bytes(
                changed,
                DOC_TYPE.to_owned(),
                case.session_transcript.to_vec(),
            );
        }
    }
}

#[test]
fn a_budget_of_memory_is_kept_before_anything_is_proved_or_used_up() {
    let wallet = Wallet::new(Some(WalletOptions { threads: Some(1), low_power: false }));
    let preparing = |memory, budget| {
        let heard = Arc::new(Heard::default());
        let options = PrepareOptions {
            memory,
            memory_budget: Some(budget),
            progress: Some(heard.clone()),
            ..PrepareOptions::default()
        };
        let outcome = block_on(wallet.prepare(document(), request(), Some(options)));
        (outcome, heard.reports.lock().unwrap().is_empty())
    };
    let refused = |(outcome, is_idle): (Result<_, VelumError>, bool)| {
        assert!(is_idle, "no stage of a proof began");
        let error = outcome.map(drop).unwrap_err();
        assert_eq!(error.code(), ErrorCode::MemoryInsufficient);
        error.problem().clone()
    };
    let normal = refused(preparing(None, 80_000_000));
    assert!(normal.message.contains("80000000"), "{}", normal.message);
    assert!(normal.remedy.unwrap().contains("`memory` low"));
    assert_eq!(
        refused(preparing(Some(Memory::Low), 1_000_000)).remedy.unwrap(),
        "make no proof now"
    );
    let proof = preparing(Some(Memory::Low), 80_000_000).0.unwrap();

    let present = |budget| {
        let options = PresentOptions {
            memory: Some(Memory::Low),
            memory_budget: Some(budget),
            ..any_time().unwrap()
        };
        block_on(wallet.present(
            proof.clone(),
            document(),
            request(),
            transcript(),
            None,
            Some(options),
        ))
    };
    assert_eq!(present(1_000_000).unwrap_err().code(), ErrorCode::MemoryInsufficient);
    assert!(!proof.is_used());
    verified(present(48_000_000).unwrap()).unwrap();
}

#[test]
fn a_document_that_no_proof_can_be_made_of_fails_while_others_are_proved() {
    let wallet = Wallet::new(None);
    let (begun, has_begun) = std::sync::mpsc::channel();
    let (go_on, may_go_on) = std::sync::mpsc::channel::<()>();
    struct Held(std::sync::mpsc::Sender<()>, Mutex<Option<std::sync::mpsc::Receiver<()>>>);
    impl ProgressListener for Held {
        fn on_progress(&self, _: Stage, _: f64) {
            if let Some(may_go_on) = self.1.lock().unwrap().take() {
                self.0.send(()).unwrap();
                may_go_on.recv().unwrap();
            }
        }
    }
    thread::scope(|scope| {
        let options = PrepareOptions {
            progress: Some(Arc::new(Held(begun, Mutex::new(Some(may_go_on))))),
            ..PrepareOptions::default()
        };
        let long = scope
            .spawn(|| block_on(wallet.prepare(document(), request(), Some(options))).map(drop));
        has_begun.recv().unwrap();
        let bad = block_on(wallet.prepare(b"{}".to_vec(), request(), None)).map(drop).unwrap_err();
        assert_eq!(bad.code(), ErrorCode::Malformed);
        go_on.send(()).unwrap();
        long.join().unwrap().unwrap();
    });
}
