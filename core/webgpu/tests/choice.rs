//! Tests the choice of the CPU or the GPU, in the calls that wallets make.

use std::sync::Mutex;

use velum_bench::Case;
use velum_core::class::STANDARD;
use velum_credentials::{
    Clock, Code, Error, PrepareOptions, PresentOptions, Presentation, Prover, Suite, Verifier,
};
use velum_stark::control::{Control, Device, Memory, Progress, Stage};
use velum_stark::testing::squares::{PARAMETERS, instance};
use velum_stark::{ProvingKey, VerifierKey, block_on};
use velum_webgpu::{Choice, Gpu, GpuError, Options, Policy, State};

const OPTIONS: Options = Options { software: true, only_32_bit: true, short: false };

/// Stages that do not belong to the backend.
const ELSEWHERE: [Stage; 4] = [Stage::Keys, Stage::Witness, Stage::Check, Stage::Fallback];

/// Prepares and presents. Reports which stage began on which device.
fn both_proofs(
    choice: &Choice,
    seen: &(dyn Fn(Progress) + Send + Sync),
) -> Result<(Case, Presentation), Error> {
    let case = Case::new(1, STANDARD).unwrap();
    let prover = Prover::on(choice.clone(), Suite::Direct);
    let control = Control::none().reporting_to(seen);
    let options = PrepareOptions::default().with_control(control);
    let prepared = prover.prepare(case.document()?, &case.request, options)?;
    let options = PresentOptions::at(Clock::Any).with_control(control);
    let presentation =
        prover.present(prepared, case.document()?, &case.transcript, &case.request, options)?;
    Ok((case, presentation))
}

fn verify((case, presentation): &(Case, Presentation)) {
    Verifier::new().verify(presentation, &case.transcript, &case.request).unwrap();
}

fn devices(progress: &[Progress]) -> Vec<(Stage, Device)> {
    let stages = progress.iter().map(|progress| (progress.stage, progress.device));
    stages.filter(|(stage, _)| !ELSEWHERE.contains(stage)).collect()
}

#[test]
fn a_gpu_that_is_required_runs_every_stage_of_both_proofs() {
    let choice = Choice::of(block_on(Gpu::open(OPTIONS)).unwrap(), Policy::Require);
    let seen = Mutex::new(Vec::new());
    verify(&both_proofs(&choice, &|progress| seen.lock().unwrap().push(progress)).unwrap());
    let seen = devices(&seen.into_inner().unwrap());
    for stage in [
        Stage::Extension,
        Stage::Hashing,
        Stage::Lookups,
        Stage::Quotient,
        Stage::Openings,
        Stage::Folding,
        Stage::Grinding,
        Stage::Queries,
    ] {
        assert!(seen.contains(&(stage, Device::Gpu)), "{stage:?}");
    }
    assert!(seen.iter().all(|(_, device)| *device == Device::Gpu));
    assert!(matches!(choice.state(), State::Ready(adapter) if !adapter.name.is_empty()));
}

#[test]
fn adapters_in_software_are_never_chosen() {
    let choice = Choice::new(Policy::Auto, None);
    assert_eq!(choice.state(), State::Opening);
    block_on(choice.open());
    if let State::Failed(error) = choice.state() {
        // On a machine with a GPU, the state is not `Failed`.
        assert!(matches!(error, GpuError::NoAdapter(_)), "{error}");
        let seen = Mutex::new(Vec::new());
        verify(&both_proofs(&choice, &|progress| seen.lock().unwrap().push(progress)).unwrap());
        assert!(
            devices(&seen.into_inner().unwrap()).iter().all(|(_, device)| *device == Device::Cpu)
        );
    }
}

/// The CPU's memory is bounded, and a GPU's is not.
#[test]
fn a_gpu_is_not_chosen_where_little_memory_is_to_be_used() {
    let choice = Choice::of(block_on(Gpu::open(OPTIONS)).unwrap(), Policy::Auto);
    let (chips, traces) = instance(3);
    let seen = Mutex::new(Vec::new());
    let see = |progress: Progress| seen.lock().unwrap().push(progress);
    let control = Control::none().with_memory(Memory::Low).reporting_to(&see);
    let verifier = VerifierKey::new("memory", PARAMETERS, &chips);
    let key = block_on(ProvingKey::on(choice, verifier, &chips, &control)).unwrap();
    let proof = key.prove(&chips, traces, b"", &control).unwrap();
    key.verifier().verify(&chips, b"", &proof).unwrap();
    assert!(devices(&seen.lock().unwrap()).iter().all(|(_, device)| *device == Device::Cpu));
}

#[test]
fn a_kernel_that_the_driver_refuses_is_named() {
    let altered =
        Gpu::open_altered(OPTIONS, |source| source.replace("fn fold_pairs(", "fn fold_pairs(,"));
    let error = block_on(altered).err().unwrap();
    assert!(
        matches!(&error, GpuError::Compilation { kernel, .. } if kernel == "fold_pairs"),
        "{error}"
    );
}

#[test]
fn nobody_asks_for_a_gpu_that_is_switched_off() {
    let choice = Choice::start(Policy::Off, None);
    block_on(choice.open());
    assert_eq!(choice.state(), State::Off);
    verify(&both_proofs(&choice, &|_| ()).unwrap());
}

/// Makes a proof during which `break_down` affects the GPU. Returns the error that is reported.
fn proves_although(break_down: fn(&Gpu)) -> GpuError {
    let gpu = block_on(Gpu::open(OPTIONS)).unwrap();
    let choice = Choice::of(gpu.clone(), Policy::Auto);
    let fallbacks = Mutex::new(0);
    let watch = |progress: Progress| match progress.stage {
        Stage::Quotient => break_down(&gpu),
        Stage::Fallback => *fallbacks.lock().unwrap() += 1,
        _ => {}
    };
    verify(&both_proofs(&choice, &watch).unwrap());
    // The second proof does not use the GPU again.
    assert_eq!(fallbacks.into_inner().unwrap(), 1);
    let State::Failed(error) = choice.state() else { panic!("it is still used") };
    error
}

#[test]
fn a_gpu_that_is_lost_meanwhile_costs_no_proof() {
    proves_although(Gpu::lose);
}

#[test]
fn a_gpu_whose_memory_is_used_up_costs_no_proof() {
    let error = proves_although(Gpu::exhaust);
    assert!(matches!(error, GpuError::OutOfMemory(_)), "{error}");
}

#[test]
fn a_gpu_that_is_lost_where_it_is_required_makes_no_proof() {
    let gpu = block_on(Gpu::open(OPTIONS)).unwrap();
    let choice = Choice::of(gpu.clone(), Policy::Require);
    gpu.lose();
    let error = both_proofs(&choice, &|_| ()).err().unwrap();
    assert_eq!(error.code(), Code::Backend, "{error}");
}

/// A kernel that drops blinding is noticed, and the CPU makes the proof.
#[test]
fn a_gpu_that_hides_nothing_is_used_no_more() {
    let gpu = Gpu::open_altered(OPTIONS, |source| {
        source.replace("blinding[(row - lookup.active_rows) * lookup.width + column]", "zero()")
    });
    let choice = Choice::of(block_on(gpu).unwrap(), Policy::Auto);
    let fallbacks = Mutex::new(0);
    let count = |progress: Progress| {
        *fallbacks.lock().unwrap() += usize::from(progress.stage == Stage::Fallback)
    };
    verify(&both_proofs(&choice, &count).unwrap());
    assert_eq!(fallbacks.into_inner().unwrap(), 1);
    let State::Failed(error) = choice.state() else { panic!("it is still used") };
    assert!(error.to_string().contains("lookup columns"), "{error}");
}
