//! Tests the search for nonces.

use velum_stark::control::{CancelToken, Control};
use velum_stark::testing::squares::{PARAMETERS, instance};
use velum_stark::{
    HashFunction, Parameters, ProveError, ProvingKey, Puzzle, VerifierKey, block_on,
};

use super::gpus;
use crate::WebGpu;

/// Makes a proof whose nonces take several tries each. The verifier checks the nonces.
#[test]
fn nonces_solve_the_puzzles_of_the_transcript() {
    for gpu in gpus() {
        for hash in [HashFunction::Blake3, HashFunction::Poseidon2] {
            let parameters = Parameters {
                hash,
                lookup_grinding_bits: 0,
                ood_grinding_bits: 5,
                batch_grinding_bits: 9,
                query_grinding_bits: 13,
                ..PARAMETERS
            };
            let (chips, traces) = instance(3);
            let verifier = VerifierKey::new("grinding", parameters, &chips);
            let backend = WebGpu::new(gpu.clone());
            let key =
                block_on(ProvingKey::on(backend, verifier, &chips, &Control::none())).unwrap();
            let proof = key.prove(&chips, traces, b"", &Control::none()).unwrap();
            key.verifier().verify(&chips, b"", &proof).unwrap();
        }
    }
}

#[test]
fn a_search_without_end_is_cancelled() {
    let (chips, _) = instance(3);
    let backend = WebGpu::new(gpus()[0].clone());
    let verifier = VerifierKey::new("grinding", PARAMETERS, &chips);
    let program = verifier.program(&chips);
    let key = crate::GpuKey::new(backend.gpu(), verifier.into(), program).unwrap();
    let (token, puzzle) = (CancelToken::after_looks(3), Puzzle::Blake3 { block: [7; 64] });
    // More zeros than a word has.
    let control = Control::none().cancelled_by(&token);
    let search = backend.nonce(&key, &puzzle, 33, &control);
    assert!(matches!(block_on(search), Err(ProveError::Cancelled(_))));
}
