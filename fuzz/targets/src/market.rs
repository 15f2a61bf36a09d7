//! What is sent to a market, what a market answers, and what a purse keeps.

use futures_executor::block_on;
use serde_json::value::RawValue;
use velum_market_client::api::{
    AccountStatus, JobState, JobStatus, LogPage, LotStatus, MarketInfo, Problem,
};
use velum_market_client::{
    HttpRequest, HttpResponse, MarketAdapter, Network, Node, SignedJob, Unreachable,
};
use velum_market_model::{
    Acceptance, Algorithm, Amount, Bid, Cancel, CreditKey, CreditOrder, Delivery, Dispute, Hash,
    Head, Job, Lease, Lock, Match, Message, MoneyOrder, Query, Quote, ReceiptReference, Redemption,
    Reputation, Reveal, Revocation, SecretKey, Settlement, Signed, StandingOrder, Time, id,
    read_unsigned,
};
use velum_market_purse::{Purse, Vault};
use velum_testdata::MUSTERMANN;
use zeroize::Zeroizing;

use velum_fuzz_harness::Target;
use velum_fuzz_harness::inputs::{Form, join, split};

/// A message of any kind, with and without its signature.
pub(crate) const MESSAGE: Target = Target {
    name: "market_message",
    form: Form::Json,
    seeds: || vectors().into_iter().flat_map(|it| [it.message, it.signed]).collect(),
    replayed: 300,
    run: |input| {
        read_message::<Acceptance>(input);
        read_message::<Bid>(input);
        read_message::<Cancel>(input);
        read_message::<CreditKey>(input);
        read_message::<CreditOrder>(input);
        read_message::<Delivery>(input);
        read_message::<Dispute>(input);
        read_message::<Head>(input);
        read_message::<Job>(input);
        read_message::<Lease>(input);
        read_message::<Lock>(input);
        read_message::<Match>(input);
        read_message::<MoneyOrder>(input);
        read_message::<Query>(input);
        read_message::<Quote>(input);
        read_message::<ReceiptReference>(input);
        read_message::<Redemption>(input);
        read_message::<Reputation>(input);
        read_message::<Reveal>(input);
        read_message::<Revocation>(input);
        read_message::<Settlement>(input);
        read_message::<StandingOrder>(input);
    },
};

fn read_message<M: Message>(input: &[u8]) {
    if let Ok(message) = read_unsigned::<M>(input) {
        id(&message).expect("a message that was read has an id");
    }
    if let Ok(signed) = Signed::<M>::read(input) {
        let json = signed.json().expect("a message that was read can be written");
        let again = Signed::<M>::read(json.as_bytes()).expect("what is written can be read");
        assert_eq!(again.json().as_ref(), Ok(&json), "a message has one form");
    }
}

/// The answer of a market's node to whatever it is asked.
pub(crate) const ANSWER: Target = Target {
    name: "market_answer",
    form: Form::Cbor,
    seeds: || {
        let mut seeds: Vec<_> =
            answers().iter().map(|body| join(&[&200_u16.to_be_bytes(), body])).collect();
        let problem = Problem {
            status: 400,
            title: "Bad Request".to_owned(),
            detail: "not a job".to_owned(),
            code: "malformed".to_owned(),
            place: Some("job".to_owned()),
        };
        seeds.push(join(&[&400_u16.to_be_bytes(), &json(&problem)]));
        seeds
    },
    replayed: 300,
    run: |input| {
        let Some([status, body]) = split::<2>(input) else { return };
        let Ok(status) = status.try_into().map(u16::from_be_bytes) else { return };
        serde_json::from_slice::<LotStatus>(&body).ok();
        serde_json::from_slice::<LogPage>(&body).ok();
        if let Ok(pair) = serde_json::from_slice::<[Box<RawValue>; 2]>(&body) {
            SignedJob::read(&pair[0], &pair[1]).ok();
        }
        let network = Answering { status, body };
        let node = Node::new(&network, "https://market.example");
        block_on(node.market()).ok();
        block_on(node.credit_key()).ok();
        block_on(node.status(hash())).ok();
        block_on(node.receipt(hash())).ok();
        for vector in vectors() {
            let signed = &vector.signed;
            match vector.kind.as_str() {
                "job" => drop(block_on(node.quote(read::<Job>(signed).message()))),
                "cancel" => drop(block_on(node.cancel(&read(signed)))),
                "query" => drop(block_on(node.account(&read(signed)))),
                "money order" => drop(block_on(node.money(&read(signed)))),
                "credit order" => drop(block_on(node.issue_credit(&read(signed)))),
                "redemption" => drop(block_on(node.redeem_credit(&read(signed)))),
                _ => {}
            }
        }
    },
};

/// The bytes of a purse, and what its market answers.
pub(crate) const PURSE: Target = Target {
    name: "market_purse",
    form: Form::Cbor,
    seeds: || {
        let cell = Kept::default();
        let purse = Purse::new(&cell, hash());
        block_on(purse.new_key(now())).expect("a new purse takes a key");
        let kept = cell.0.borrow().clone().expect("the purse was saved");
        answers().iter().map(|answer| join(&[&kept, answer])).collect()
    },
    replayed: 300,
    run: |input| {
        let Some([kept, body]) = split::<2>(input) else { return };
        let cell = Kept(Some(kept).into());
        let purse = Purse::new(&cell, hash());
        block_on(purse.holdings(now())).ok();
        block_on(purse.keys()).ok();
        let network = Answering { status: 200, body };
        let node = Node::new(&network, "https://market.example");
        block_on(purse.collect(&node)).ok();
        block_on(purse.renew(&node)).ok();
        block_on(purse.buy(&node, &secret(), 2)).ok();
        block_on(purse.new_key(now())).ok();
    },
};

/// A message of the test vectors.
struct Vector {
    kind: String,
    message: Vec<u8>,
    signed: Vec<u8>,
}

fn vectors() -> Vec<Vector> {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../testdata/market/vectors.json");
    let text = std::fs::read(path).expect("the vectors can be read");
    let vectors: serde_json::Value = serde_json::from_slice(&text).expect("the vectors are JSON");
    let messages = vectors["messages"].as_array().expect("a list of messages");
    let vector = |it: &serde_json::Value| {
        let text = |member: &str| it[member].as_str().expect("a text").to_owned();
        let message = text("canonical");
        let (key, signature) = (&it["key"], &it["signature"]);
        let signed = format!(r#"{{"key":{key},"message":{message},"signature":{signature}}}"#);
        Vector { kind: text("kind"), message: message.into(), signed: signed.into() }
    };
    messages.iter().map(vector).collect()
}

fn read<M: Message>(signed: &[u8]) -> Signed<M> {
    Signed::read(signed).expect("the vectors are signed")
}

/// Good answers of a node.
fn answers() -> Vec<Vec<u8>> {
    let amount = |number| Amount::new(number).expect("an amount");
    let market =
        MarketInfo { id: hash(), key: secret().public(), proof_systems: Vec::new(), now: now() };
    let job = JobStatus {
        job: hash(),
        state: JobState::Offered,
        lot: Some(hash()),
        paid: Some(amount(7)),
        deliver_by: Some(now()),
        since: now(),
    };
    let account =
        AccountStatus { owner: hash(), balance: amount(7), stake: amount(0), lots: vec![hash()] };
    let mut answers = vec![json(&market), json(&job), json(&account)];
    answers.push(MUSTERMANN.request.as_bytes().to_vec());
    answers.extend(vectors().into_iter().map(|vector| vector.signed));
    answers
}

fn json(value: &impl serde::Serialize) -> Vec<u8> {
    serde_json::to_vec(value).expect("answers are written as JSON")
}

fn hash() -> Hash {
    Hash::of(&[b"market"])
}

fn secret() -> SecretKey {
    SecretKey::from_bytes(Algorithm::Ed25519, &[7; 32]).expect("any 32 bytes are a key")
}

fn now() -> Time {
    Time::new(1_800_000_000_000).expect("a time")
}

/// A network that always answers the same.
struct Answering {
    status: u16,
    body: Vec<u8>,
}

impl Network for Answering {
    async fn send(&self, _: HttpRequest) -> Result<HttpResponse, Unreachable> {
        Ok(HttpResponse { status: self.status, retry_after: None, body: self.body.clone() })
    }

    fn now(&self) -> Time {
        now()
    }
}

/// A purse in memory.
#[derive(Default)]
struct Kept(std::cell::RefCell<Option<Vec<u8>>>);

impl Vault for &Kept {
    type Lock = ();

    async fn open(&self) -> Result<((), Option<Zeroizing<Vec<u8>>>), String> {
        Ok(((), self.0.borrow().clone().map(Zeroizing::new)))
    }

    async fn save(&self, purse: &[u8]) -> Result<(), String> {
        *self.0.borrow_mut() = Some(purse.to_vec());
        Ok(())
    }
}
