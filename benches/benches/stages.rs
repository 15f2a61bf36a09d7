//! Measures each stage of both proofs.

use std::time::Duration;

use criterion::{Criterion, criterion_group, criterion_main};
use velum_bench::{Case, STAGES, SUITE, Statements, sum, without_grinding};
use velum_core::class::STANDARD;
use velum_core::proof::{
    ProofKind, credential_chips, credential_traces, presentation_chips, presentation_traces,
};
use velum_stark::ProvingKey;
use velum_stark::air::{Chip, Trace};
use velum_wallet::measure::Profile;

fn stages(criterion: &mut Criterion) {
    let case = Case::new(1, STANDARD).expect("the licence has the element");
    let statements = Statements::new(SUITE, &case);
    let (statement, witness) = (&statements.credential, &statements.credential_witness);
    let chips = credential_chips(statement).expect("it fits the class");
    let traces = credential_traces(&chips, statement, witness).expect("it fits the class");
    each(criterion, ProofKind::Credential, &chips, &traces);

    let (statement, witness) = (&statements.presentation, &statements.presentation_witness);
    let chips = presentation_chips(statement).expect("it fits the class");
    let traces = presentation_traces(&chips, statement, witness).expect("it fits the class");
    each(criterion, ProofKind::Presentation, &chips, &traces);
}

fn each<C: Chip>(criterion: &mut Criterion, kind: ProofKind, chips: &[C], traces: &[Trace]) {
    let mut group = criterion.benchmark_group(kind.name());
    let key = ProvingKey::new(SUITE.name(), without_grinding(SUITE, kind, &STANDARD), chips);
    let profile = || {
        let traces = traces.to_vec();
        let (proof, profile) =
            Profile::of(|_| {}, |control| key.prove(chips, traces, &[], &control));
        proof.expect("nothing cancels, and the system has randomness");
        profile
    };
    for stage in STAGES {
        group.bench_function(stage.name(), |bencher| {
            bencher.iter_custom(|times| sum(times, || profile().ms(stage)));
        });
    }
}

fn short() -> Criterion {
    Criterion::default()
        .sample_size(10)
        .warm_up_time(Duration::from_millis(500))
        .measurement_time(Duration::from_secs(2))
}

criterion_group!(name = benches; config = short(); targets = stages);
criterion_main!(benches);
