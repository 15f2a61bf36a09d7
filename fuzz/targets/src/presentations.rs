//! Presentations, prepared proofs, and what becomes of presentations in an aggregate.
//!
//! One target verifies. It begins with good proofs, and whatever is accepted must be one of these: a
//! mutated proof that is accepted is a forgery, or at least malleable. The proofs of receipts are
//! verified by a target in `aggregation/fuzz-targets`.

use std::sync::LazyLock;

use ciborium::Value;
use velum_credentials::aggregate::{Batch, Receipt, Submission};
use velum_credentials::{
    Prepared, Presentation, Purpose, Request, SUITES, SizeClass, Suite, Verifier,
};
use velum_testdata::{GOLDEN, MUSTERMANN};
use velum_wallet::json;

use crate::documents::session;
use velum_fuzz_harness::Target;
use velum_fuzz_harness::inputs::{Form, stored};

pub(crate) const PRESENTATION: Target = Target {
    name: "presentation",
    form: Form::Cbor,
    // Proofs are not looked into when a presentation is read, so short ones are enough.
    seeds: || golden_presentations().iter().map(|it| it.without_proofs().to_bytes()).collect(),
    replayed: 300,
    run: |input| {
        let Ok(presentation) = Presentation::from_bytes(input) else { return };
        assert_eq!(presentation.to_bytes(), input, "a presentation has one encoding");
        let _ = (presentation.suite(), presentation.size_class());
    },
};

pub(crate) const VERIFY: Target = Target {
    name: "verify",
    form: Form::Cbor,
    seeds: || GOLDEN.iter().map(|golden| golden.presentation.to_vec()).collect(),
    replayed: 40,
    run: |input| {
        static VERIFIER: LazyLock<Verifier> = LazyLock::new(|| Verifier::allowing(SUITES));
        let Ok(presentation) = Presentation::from_bytes(input) else { return };
        let Ok(verified) = VERIFIER.verify(&presentation, &session(), &request()) else { return };
        let _ = json::verified(&verified);
        let is_golden = GOLDEN.iter().any(|golden| golden.presentation == input);
        assert!(is_golden, "a mutated presentation is accepted");
    },
};

/// Prepared proofs end with a checksum. The input is read as it is, and once more with the checksum
/// that it should have.
pub(crate) const PREPARED: Target = Target {
    name: "prepared",
    form: Form::Cbor,
    seeds: || vec![prepared()],
    replayed: 300,
    run: |input| {
        read_prepared(input);
        if let Some(summed) = with_checksum(input) {
            read_prepared(&summed);
        }
    },
};

/// What is handed to an aggregator, what the aggregator keeps, and what it gives back.
pub(crate) const AGGREGATE_FILES: Target = Target {
    name: "aggregate_files",
    form: Form::Cbor,
    seeds: || {
        let mut seeds = Vec::new();
        for presentation in golden_presentations() {
            let presentation = presentation.without_proofs();
            let submission = Submission { transcript: session(), request: request(), presentation };
            seeds.push(submission.to_bytes());
        }
        for bytes in golden_receipts() {
            let receipt = Receipt::from_bytes(&bytes).expect("golden receipts can be read");
            let batch = Batch {
                profile: receipt.profile,
                payee: receipt.payee,
                proof: receipt.proof,
                leaves: vec![[1; 32], [2; 32]],
            };
            seeds.extend([bytes, batch.to_bytes()]);
        }
        seeds
    },
    replayed: 300,
    run: |input| {
        if let Ok(submission) = Submission::from_bytes(input) {
            let again = Submission::from_bytes(&submission.to_bytes());
            let again = again.expect("a submission that was read can be written and read");
            assert_eq!(again.to_bytes(), submission.to_bytes());
            if let Ok(claim) = submission.claim() {
                claim.hash().ok();
            }
        }
        if let Ok(receipt) = Receipt::from_bytes(input) {
            assert_eq!(receipt.to_bytes(), input, "a receipt has one encoding");
        }
        if let Ok(batch) = Batch::from_bytes(input) {
            assert_eq!(batch.to_bytes(), input, "a batch has one encoding");
        }
    },
};

fn golden_presentations() -> Vec<Presentation> {
    let read = |bytes| Presentation::from_bytes(bytes).expect("golden presentations can be read");
    GOLDEN.iter().map(|golden| read(golden.presentation)).collect()
}

pub(crate) fn golden_receipts() -> Vec<Vec<u8>> {
    stored("testdata/golden", |path| path.contains("receipt-"))
}

pub(crate) fn request() -> Request {
    Request::from_json(MUSTERMANN.request.as_bytes()).expect("the request of a case")
}

fn read_prepared(input: &[u8]) {
    let purpose = Purpose::of_prepared(input);
    let Ok(prepared) = Prepared::from_bytes(input) else { return };
    let (purpose, prepared_for) = purpose.expect("the purpose of what can be read can be read");
    assert_eq!(prepared.purpose(), purpose);
    assert_eq!(prepared.prepared_for(), prepared_for);
    assert_eq!(prepared.to_bytes()[..], *input, "a prepared proof has one encoding");
}

/// Bytes of the head and the content of the checksum.
const CHECKSUM_BYTES: usize = 2 + 32;

fn with_checksum(input: &[u8]) -> Option<Vec<u8>> {
    let content = &input[..input.len().checked_sub(CHECKSUM_BYTES)?];
    Some([content, b"\x58\x20", blake3::hash(content).as_bytes()].concat())
}

/// A prepared proof in the form of `docs/formats.md` whose proof is nonsense, which nobody looks
/// into before it is presented.
pub(crate) fn prepared() -> Vec<u8> {
    let (suite, class) = (Suite::Direct, SizeClass::by_name("standard").expect("a class"));
    let bytes = |byte, length| Value::Bytes(vec![byte; length]);
    let numbers = |count| bytes(1, 8 * count);
    let names = ["org.iso.18013.5.1", "birth_date"].map(Value::from).to_vec();
    let members = vec![
        Value::from(Prepared::FORMAT),
        Value::from(suite.id()),
        Value::from(suite.version()),
        Value::from(class.id),
        Value::from("org.iso.18013.5.1.mDL"),
        bytes(2, 64),
        Value::Array(names),
        bytes(3, 32),
        Value::from("2026-11-01T00:00:00Z"),
        bytes(4, 32),
        bytes(5, 64),
        numbers(3),
        Value::Array(vec![bytes(6, 40)]),
        numbers(4 * (class.slots + 1)),
        bytes(7, 100),
        bytes(0, 32),
    ];
    let mut written = Vec::new();
    ciborium::into_writer(&Value::Array(members), &mut written).expect("a vector takes all bytes");
    with_checksum(&written).expect("longer than a checksum")
}
