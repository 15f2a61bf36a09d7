//! The fuzz target for receipts.
//!
//! It is apart from the targets in `fuzz/targets`, because the verifier of aggregates clashes with
//! dependencies of the main workspace.

use std::sync::LazyLock;

use velum_aggregate_verifier::{Profile, RootKey};
use velum_credentials::aggregate::Receipt;
use velum_credentials::{Request, SessionTranscript};
use velum_fuzz_harness::Target;
use velum_fuzz_harness::inputs::{Form, stored};
use velum_receipt::Policy;
use velum_testdata::MUSTERMANN;

/// All targets.
pub const TARGETS: &[Target] = &[RECEIPT];

/// A receipt, with the proof of its aggregate. Whatever is accepted must be a receipt to begin with:
/// a mutated receipt that is accepted is a forgery, or at least malleable.
const RECEIPT: Target = Target {
    name: "receipt",
    form: Form::Cbor,
    seeds: || stored("testdata/golden", |path| path.contains("receipt-")),
    replayed: 40,
    run: |input| {
        static RECEIPTS: LazyLock<Vec<Vec<u8>>> = LazyLock::new(RECEIPT.seeds);
        static POLICY: LazyLock<Policy> = LazyLock::new(|| Policy {
            keys: Profile::ALL.iter().map(|profile| RootKey::pinned(*profile)).collect(),
            payee: None,
        });
        let Ok(receipt) = Receipt::from_bytes(input) else { return };
        let transcript = SessionTranscript::parse(MUSTERMANN.session_transcript);
        let request = Request::from_json(MUSTERMANN.request.as_bytes());
        let (transcript, request) = (transcript.expect("a session"), request.expect("a request"));
        if velum_receipt::verify(&receipt, &transcript, &request, &POLICY).is_ok() {
            assert!(RECEIPTS.iter().any(|good| good == input), "a mutated receipt is accepted");
        }
    },
};
