//! The examples do what they say: the verifier accepts what the wallet answers, and nothing else.

use std::path::{Path, PathBuf};

#[allow(dead_code, reason = "a test calls what `main` calls")]
#[path = "../examples/verifier.rs"]
mod verifier;
#[allow(dead_code, reason = "a test calls what `main` calls")]
#[path = "../examples/wallet.rs"]
mod wallet;

fn test_file(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../testdata/mdl-mustermann").join(name)
}

#[test]
fn the_verifier_accepts_what_the_wallet_answers() {
    let folder = tempfile::tempdir().unwrap();
    let [document, request, transcript] =
        ["device_response.cbor", "request.json", "session_transcript.cbor"].map(test_file);
    let presentation = folder.path().join("presentation.bin");
    wallet::answer(&document, &request, &transcript, &presentation).unwrap();
    let facts = verifier::verify(&presentation, &request, &transcript).unwrap();
    assert!(facts.iter().any(|fact| fact.contains("18 years or older")), "{facts:?}");

    // The session of another document's answer.
    let other = test_file("../longfellow-00/session_transcript.cbor");
    let refused = verifier::verify(&presentation, &request, &other).unwrap_err();
    assert!(refused.to_string().contains("proof"), "{refused}");
}
