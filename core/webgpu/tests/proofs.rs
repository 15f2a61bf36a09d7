//! Compares both proofs of documents with the CPU's, step by step. By default the documents are of
//! the class `standard` in the suite `direct`. With `VELUM_TEST_ALL`, they are of all suites and
//! classes, and 64-bit integers are used, too.

use velum_bench::{Case, Statements};
use velum_core::class::{CLASSES, STANDARD, SizeClass};
use velum_core::proof::{Provable, Prover};
use velum_core::suite::{SUITES, Suite};
use velum_stark::control::Control;
use velum_stark::testing::differential::Differential;
use velum_stark::{Cpu, block_on};
use velum_webgpu::{Gpu, Options, WebGpu};

fn proves<S: Provable + Sync>(
    gpu: &Gpu,
    (suite, class): (Suite, SizeClass),
    statement: &S,
    witness: &S::Witness,
) {
    let both = Differential { first: Cpu::default(), second: WebGpu::new(gpu.clone()) };
    let control = Control::none();
    let prover: Prover<S, _> = block_on(Prover::on(both, suite, class, &control)).unwrap();
    let proof = prover.prove(statement, witness, &control);
    proof.unwrap_or_else(|error| panic!("{} of {}: {error}", class.name, suite.name()));
}

fn prove_both(gpu: &Gpu, suite: Suite, class: SizeClass) {
    let case = Case::new(class.slots, class).unwrap();
    let statements = Statements::new(suite, &case);
    proves(gpu, (suite, class), &statements.credential, &statements.credential_witness);
    proves(gpu, (suite, class), &statements.presentation, &statements.presentation_witness);
}

#[test]
fn documents_are_proven_as_by_the_processor() {
    let is_whole = std::env::var_os("VELUM_TEST_ALL").is_some();
    let (suites, classes) =
        if is_whole { (SUITES, &CLASSES[..]) } else { (&SUITES[..1], &[STANDARD][..]) };
    for only_32_bit in if is_whole { &[true, false][..] } else { &[true][..] } {
        let options = Options { software: true, only_32_bit: *only_32_bit, short: false };
        let gpu = block_on(Gpu::open(options)).unwrap();
        for &suite in suites {
            classes.iter().for_each(|class| prove_both(&gpu, suite, *class));
        }
    }
}
