//! Measures each chip alone: filling its table, and its part of a proof.
//!
//! `fill/CHIP` includes reading the document. `fill/nothing` measures only this reading.

use std::time::Duration;

use criterion::{Criterion, criterion_group, criterion_main};
use velum_bench::{Case, SUITE, Statements, sum, without_grinding};
use velum_core::class::STANDARD;
use velum_core::proof::{
    ProofKind, credential_chips, credential_traces, presentation_chips, presentation_traces,
};
use velum_stark::ProvingKey;
use velum_stark::air::{Chip, Trace};
use velum_stark::control::Stage;
use velum_wallet::measure::Profile;

/// Stages whose cost depends on the constraints of a chip.
const STAGES: [Stage; 2] = [Stage::Lookups, Stage::Quotient];

fn chips(criterion: &mut Criterion) {
    let case = Case::new(1, STANDARD).expect("the licence has the element");
    let statements = Statements::new(SUITE, &case);

    let (statement, witness) = (&statements.credential, &statements.credential_witness);
    let chips = credential_chips(statement).expect("it fits the class");
    each(criterion, ProofKind::Credential, &chips, |chips| {
        credential_traces(chips, statement, witness).expect("it fits the class")
    });

    let (statement, witness) = (&statements.presentation, &statements.presentation_witness);
    let chips = presentation_chips(statement).expect("it fits the class");
    each(criterion, ProofKind::Presentation, &chips, |chips| {
        presentation_traces(chips, statement, witness).expect("it fits the class")
    });
}

fn each<C: Chip>(
    criterion: &mut Criterion,
    kind: ProofKind,
    chips: &[C],
    fill: impl Fn(&[C]) -> Vec<Trace>,
) {
    let mut group = criterion.benchmark_group(kind.name());
    group.bench_function("fill/nothing", |bencher| bencher.iter(|| fill(&[])));
    for (index, chip) in chips.iter().enumerate() {
        let chip_alone = std::slice::from_ref(chip);
        // Some chips have several tables.
        let name = format!("{} {}x{} table {index}", chip.name(), chip.height(), chip.width());
        group.bench_function(format!("fill/{name}"), |bencher| bencher.iter(|| fill(chip_alone)));

        // The buses of one chip alone do not balance. The prover makes a proof all the same, at the
        // same cost.
        let key =
            ProvingKey::new(SUITE.name(), without_grinding(SUITE, kind, &STANDARD), chip_alone);
        let traces = fill(chip_alone);
        for stage in STAGES {
            group.bench_function(format!("{}/{name}", stage.name()), |bencher| {
                bencher
                    .iter_custom(|times| sum(times, || stage_ms(&key, chip_alone, &traces, stage)));
            });
        }
    }
}

fn stage_ms<C: Chip>(key: &ProvingKey, chips: &[C], traces: &[Trace], stage: Stage) -> f64 {
    let traces = traces.to_vec();
    let (proof, profile) = Profile::of(|_| {}, |control| key.prove(chips, traces, &[], &control));
    proof.expect("nothing cancels, and the system has randomness");
    profile.ms(stage)
}

fn short() -> Criterion {
    Criterion::default()
        .sample_size(10)
        .warm_up_time(Duration::from_millis(200))
        .measurement_time(Duration::from_secs(1))
}

criterion_group!(name = benches; config = short(); targets = chips);
criterion_main!(benches);
