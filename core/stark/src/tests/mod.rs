//! Tests of whole proofs over tables that are too small and under parameters that are too weak for
//! use.
//!
//! `bytes`, `fiat_shamir` and `malicious` test soundness, `hiding`, `rank`, `memory` and `checked`
//! test zero knowledge, and the others test single interfaces.

mod bytes;
mod cancelling;
mod checked;
mod fiat_shamir;
mod hiding;
mod malicious;
mod memory;
mod opened;
mod program;
mod rank;

use super::*;
use crate::air::check_blinded;
use crate::control::Control;
use crate::testing::tiny::*;

#[test]
fn proves_offsets_public_columns_and_buses() {
    let (key, start) = (key(), [3, 5]);
    let (chips, traces) = (chips(start), traces(start));
    let violations = check_blinded(&chips, &traces, TINY.blinding_rows);
    assert!(violations.is_empty(), "{violations}");
    let proof = key.prove(&chips, traces, b"statement", &Control::none()).unwrap();
    let verifier = VerifierKey::new("test", TINY, &self::chips([1, 1]));
    assert_eq!(verifier.hash(), key.verifier().hash());
    verifier.verify(&chips, b"statement", &proof).unwrap();

    let refused =
        |result| assert!(matches!(result, Err(VerifyError::Invalid { .. })), "{result:?}");
    refused(verifier.verify(&chips, b"statemenT", &proof));
    refused(verifier.verify(&self::chips([4, 5]), b"statement", &proof));
}
