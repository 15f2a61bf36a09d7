//! The processor's backend and that of GPUs on the same coins: every root, every column, every codeword.

use velum_stark::control::Control;
use velum_stark::testing::differential::Differential;
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

fn agree(only_32_bit: bool) {
    let options = Options { software: true, only_32_bit, short: false };
    let gpu = block_on(Gpu::open(options)).unwrap();
    for hash in [HashFunction::Blake3, HashFunction::Blake3Truncated, HashFunction::Poseidon2] {
        for log_blowup in [3, 4] {
            proves(&gpu, Parameters { hash, log_blowup, ..PARAMETERS });
        }
    }
}

#[test]
fn backends_agree_on_every_step() {
    agree(true);
}

#[test]
fn backends_agree_on_every_step_with_integers_of_64_bits() {
    agree(false);
}
