//! Checks every kind of message against `testdata/market/vectors.json`: its text, id and signature.
//! Other implementations test themselves with that file.

use serde_json::{Value, json};
use velum_market_model::*;

use crate::examples as of;

const FILE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../testdata/market/vectors.json");

fn vector<M: Message>(message: M, key: &SecretKey) -> Value {
    let signed = Signed::sign(message.clone(), key).unwrap();
    assert_eq!(Signed::<M>::read(signed.json().unwrap().as_bytes()).unwrap(), signed);
    json!({
        "kind": M::KIND,
        "canonical": canonical::text(M::KIND, &message).unwrap(),
        "id": id(&message).unwrap(),
        "key": key.public(),
        "owner": key.public().owner(),
        "signature": signed.signature(),
    })
}

fn vectors() -> Value {
    let (client, provider, node) = (of::client(), of::provider(), of::node());
    json!({
        "about": "Messages of the market. Signed is \"velum market v1 \", the kind, a zero byte and the canonical text; the id is SHA-256 of that.",
        "secret keys": [
            { "key": client.public(), "secret": "01".repeat(32) },
            { "key": provider.public(), "secret": "02".repeat(32) },
            { "key": node.public(), "secret": "03".repeat(32) },
        ],
        "messages": [
            vector(of::job(), &client),
            vector(of::single_job(), &client),
            vector(of::cancel(), &client),
            vector(of::standing_order(), &client),
            vector(of::dispute(), &provider),
            vector(of::quote(), &provider),
            vector(of::lock(), &provider),
            vector(of::bid(), &provider),
            vector(of::reveal(), &provider),
            vector(of::delivery(), &provider),
            vector(of::matched(), &node),
            vector(of::lease(), &node),
            vector(of::receipt(), &node),
            vector(of::settlement(), &node),
            vector(of::expired(), &node),
            vector(of::reputation(), &node),
            vector(of::money_order(), &provider),
            vector(of::revocation(), &provider),
            vector(of::account_query(), &client),
            vector(of::input_query(), &provider),
            vector(of::head(), &node),
            vector(of::acceptance(), &node),
            vector(of::credit_key(), &node),
            vector(of::credit_order(), &client),
            vector(of::redemption(), &provider),
        ],
        "log": {
            "entry": canonical::text("log entry", &of::log_entry()).unwrap(),
            "hash after zeros": chained(&Hash::default(), &of::log_entry()).unwrap(),
        },
    })
}

#[test]
fn every_kind_has_the_text_id_and_signature_of_the_vectors() {
    let stored: Value = serde_json::from_slice(&std::fs::read(FILE).unwrap()).unwrap();
    assert_eq!(stored, vectors());
}

#[test]
#[ignore = "writes the file that the other test reads"]
fn write_vectors() {
    std::fs::write(FILE, serde_json::to_string_pretty(&vectors()).unwrap() + "\n").unwrap();
}
