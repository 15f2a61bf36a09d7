//! Measures whole proofs of both kinds and all classes, their keys, and verification.

use std::time::Duration;

use criterion::{BatchSize, Criterion, criterion_group, criterion_main};
use velum_bench::{Case, SUITE};
use velum_core::class::CLASSES;
use velum_core::proof;
use velum_credentials::{Control, Prepared, Prover, Verifier};

fn proofs(criterion: &mut Criterion) {
    for class in CLASSES {
        let mut group = criterion.benchmark_group(class.name);
        group.bench_function("key to prepare", |bencher| {
            bencher.iter(|| proof::CredentialProver::new(SUITE, class));
        });
        group.bench_function("key to present", |bencher| {
            bencher.iter(|| proof::PresentationProver::new(SUITE, class));
        });
        group.bench_function("verifier's keys", |bencher| {
            bencher.iter(|| proof::Verifier::new(SUITE, class))
        });

        let case = Case::new(1, class).expect("the licence has the element");
        let (prover, verifier) = (Prover::new(), Verifier::new());
        let prepare = || case.prepare(&prover, Control::none()).expect("the request is met");
        group.bench_function("prepare", |bencher| bencher.iter(prepare));

        let kept = prepare().to_bytes();
        // These are copies of one prepared proof. That is safe because no presentation leaves this
        // process.
        let copy = || Prepared::from_bytes(&kept).expect("it was written just now");
        let present = |prepared| {
            case.present(&prover, prepared, Control::none()).expect("the request is met")
        };
        group.bench_function("present", |bencher| {
            bencher.iter_batched(copy, present, BatchSize::PerIteration);
        });

        let presentation = present(copy()).to_bytes();
        let verify = || case.verify(&verifier, &presentation).expect("the proofs hold");
        group.bench_function("verify", |bencher| bencher.iter(verify));
    }
}

fn short() -> Criterion {
    Criterion::default()
        .sample_size(10)
        .warm_up_time(Duration::from_millis(500))
        .measurement_time(Duration::from_secs(3))
}

criterion_group!(name = benches; config = short(); targets = proofs);
criterion_main!(benches);
