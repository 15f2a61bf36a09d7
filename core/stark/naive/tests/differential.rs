//! Compares the CPU backend and the naive backend on the same randomness: every root, every column,
//! every codeword.

use std::convert::Infallible;

use velum_stark::control::{Control, Memory};
use velum_stark::testing::differential::{Differential, DifferentialError};
use velum_stark::testing::faulty::{At, Faulty, How, Lost};
use velum_stark::testing::squares::{PARAMETERS, instance};
use velum_stark::{Cpu, HashFunction, Parameters, ProveError, ProvingKey, VerifierKey, block_on};
use velum_stark_naive::Naive;

type Both = ProvingKey<Differential<Cpu, Naive>>;

fn proves(hash: HashFunction, memory: Memory) {
    proves_with(Parameters { hash, ..PARAMETERS }, memory);
}

fn proves_with(parameters: Parameters, memory: Memory) {
    let (chips, traces) = instance(3);
    let verifier = VerifierKey::new("differential", parameters, &chips);
    let both = Differential { first: Cpu::default(), second: Naive };
    let key: Both = block_on(ProvingKey::on(both, verifier, &chips, &Control::none())).unwrap();
    let control = Control::none().with_memory(memory);
    let proof = key.prove(&chips, traces, b"statement", &control).unwrap();
    key.verifier().verify(&chips, b"statement", &proof).unwrap();
}

#[test]
fn two_backends_agree_on_every_step_with_blake3() {
    proves(HashFunction::Blake3, Memory::Normal);
    proves(HashFunction::Blake3, Memory::Low);
}

#[test]
fn two_backends_agree_on_every_step_with_truncated_blake3() {
    proves(HashFunction::Blake3Truncated, Memory::Normal);
    proves(HashFunction::Blake3Truncated, Memory::Low);
}

/// At these rates, columns are never kept extended.
#[test]
fn two_backends_agree_on_every_step_at_low_rates() {
    for log_blowup in [4, 5] {
        let hash = HashFunction::Blake3Truncated;
        proves_with(Parameters { hash, log_blowup, ..PARAMETERS }, Memory::Normal);
    }
}

#[test]
fn two_backends_agree_on_every_step_with_poseidon2() {
    proves(HashFunction::Poseidon2, Memory::Normal);
    proves(HashFunction::Poseidon2, Memory::Low);
}

/// Proves on a CPU and on a device that breaks, with Poseidon2, whose digests have to be canonical.
fn prove_beside(
    at: At,
    how: How,
) -> Result<Vec<u8>, ProveError<DifferentialError<Infallible, Lost>>> {
    let parameters = Parameters { hash: HashFunction::Poseidon2, ..PARAMETERS };
    let (chips, traces) = instance(3);
    let verifier = VerifierKey::new("differential", parameters, &chips);
    let both = Differential { first: Cpu::default(), second: Faulty::breaking(at, how) };
    let key = block_on(ProvingKey::on(both, verifier, &chips, &Control::none()))?;
    key.prove(&chips, traces, b"statement", &Control::none())
}

/// Proves only on the device that breaks.
fn prove_on_faulty(at: At, how: How) -> Result<Vec<u8>, ProveError<Lost>> {
    let parameters = Parameters { hash: HashFunction::Poseidon2, ..PARAMETERS };
    let (chips, traces) = instance(3);
    let verifier = VerifierKey::new("differential", parameters, &chips);
    let broken = Faulty::breaking(at, how);
    let key = block_on(ProvingKey::on(broken, verifier, &chips, &Control::none()))?;
    let proof = key.prove(&chips, traces, b"statement", &Control::none())?;
    key.verifier()
        .verify(&chips, b"statement", &proof)
        .map_err(|_| ProveError::Faulty("no proof"))?;
    Ok(proof)
}

#[test]
fn whatever_a_backend_does_wrong_is_noticed() {
    for at in At::ALL.into_iter().filter(|at| ![At::Prepare, At::Grind].contains(at)) {
        let outcome = prove_beside(at, How::Wrong);
        let differ = matches!(&outcome, Err(ProveError::Backend(DifferentialError::Differ { .. })));
        assert!(differ, "{at:?}: {outcome:?}");
    }
    // Nonces may differ. They are checked.
    let outcome = prove_beside(At::Grind, How::Wrong);
    assert!(matches!(outcome, Err(ProveError::Faulty(_))), "{outcome:?}");
}

#[test]
fn a_lost_device_is_told_in_every_step() {
    for at in At::ALL {
        let outcome = prove_beside(at, How::Fails);
        let lost = matches!(&outcome, Err(ProveError::Backend(DifferentialError::Second(Lost))));
        assert!(lost, "{at:?}: {outcome:?}");
        let outcome = prove_on_faulty(at, How::Fails);
        assert!(matches!(outcome, Err(ProveError::Backend(Lost))), "{at:?}: {outcome:?}");
    }
}

#[test]
fn a_device_that_returns_too_little_makes_no_proof_and_no_panic() {
    let whole = [At::Prepare, At::Batch, At::Fold];
    for at in At::ALL.into_iter().filter(|at| !whole.contains(at)) {
        let outcome = prove_on_faulty(at, How::Short);
        assert!(matches!(outcome, Err(ProveError::Faulty(_))), "{at:?}: {outcome:?}");
    }
}

#[test]
fn proofs_can_be_made_on_any_thread() {
    fn crosses<T: Send>(value: T) -> T {
        value
    }
    let (chips, traces) = instance(3);
    let key = ProvingKey::new("differential", PARAMETERS, &chips);
    let control = Control::none();
    let proof = block_on(crosses(key.prove_async(&chips, traces, b"", &control))).unwrap();
    key.verifier().verify(&chips, b"", &proof).unwrap();
}
