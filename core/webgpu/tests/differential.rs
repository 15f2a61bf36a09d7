//! Compares the CPU backend and the GPU backend on the same randomness: every root, every column,
//! every codeword.

use p3_field::PrimeField64;
use velum_stark::control::Control;
use velum_stark::testing::differential::Differential;
use velum_stark::testing::edges::{OnEdges, edges};
use velum_stark::testing::squares::{PARAMETERS, instance};
use velum_stark::{Cpu, HashFunction, Parameters, ProvingKey, VerifierKey, block_on};
use velum_webgpu::{Gpu, Options, WebGpu};

type Both = ProvingKey<Differential<Cpu, WebGpu>>;

fn proves(gpu: &Gpu, parameters: Parameters) {
    let (chips, traces) = instance(3);
    let verifier = VerifierKey::new("differential", parameters, &chips);
    let both = Differential { first: Cpu::default(), second: WebGpu::new(gpu.clone()) };
    let key: Both = block_on(ProvingKey::on(both, verifier, &chips, &Control::none())).unwrap();
    let proof = key.prove(&chips, traces, b"statement", &Control::none()).unwrap();
    key.verifier().verify(&chips, b"statement", &proof).unwrap();
}

/// Compares the backends on tables, randomness and challenges that are edge values of the field.
fn agree_on_edges(gpu: &Gpu, parameters: Parameters) {
    for start in edges() {
        let (chips, traces) = instance(start.as_canonical_u64());
        let verifier = VerifierKey::new("edges", parameters, &chips);
        let both =
            OnEdges(Differential { first: Cpu::default(), second: WebGpu::new(gpu.clone()) });
        let key = block_on(ProvingKey::on(both, verifier, &chips, &Control::none())).unwrap();
        // Challenges that are not those of the transcript make no valid proof. Every step has been
        // compared by then.
        let proof = key.prove(&chips, traces, b"edges", &Control::none()).unwrap();
        key.verifier().verify(&chips, b"edges", &proof).unwrap_err();
    }
}

fn agree(only_32_bit: bool, short: bool) {
    let options = Options { software: true, only_32_bit, short };
    let gpu = block_on(Gpu::open(options)).unwrap();
    agree_on_edges(&gpu, PARAMETERS);
    for hash in [HashFunction::Blake3, HashFunction::Blake3Truncated, HashFunction::Poseidon2] {
        for log_blowup in [3, 4] {
            proves(&gpu, Parameters { hash, log_blowup, ..PARAMETERS });
        }
    }
}

#[test]
fn backends_agree_on_every_step() {
    agree(true, false);
}

#[test]
fn backends_agree_on_every_step_with_integers_of_64_bits() {
    agree(false, false);
}

#[test]
fn backends_agree_on_every_step_by_short_kernels() {
    agree(true, true);
}
