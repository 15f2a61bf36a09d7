//! What circuits and proofs of an aggregate take.
//!
//! `cargo test --release -p velum-aggregate-circuits measure -- --ignored --nocapture` says it.

use std::time::{Duration, Instant};

use plonky2::plonk::circuit_data::VerifierCircuitData;
use velum_aggregate_verifier::{Profile, verify_root};

use super::fixture::{Fixture, PAYEE, statement};
use crate::{C, Circuit, D, F, Wrapped};

const RUNS: usize = 3;

/// The least of some times that something takes, and what it makes.
fn least<T>(mut make: impl FnMut() -> T) -> (Duration, T) {
    let mut runs = (0..RUNS).map(|_| {
        let start = Instant::now();
        let made = make();
        (start.elapsed(), made)
    });
    let first = runs.next().expect("there is a run");
    runs.fold(first, |best, run| if run.0 < best.0 { run } else { best })
}

fn tell(name: &str, circuit: &Circuit, time: Duration, bytes: usize) {
    let (rows, bits) = (circuit.rows(), circuit.common().degree_bits());
    println!("{name:16} {rows:6} rows of 2^{bits}  {:7.2} s  {bytes:7} bytes", time.as_secs_f64());
}

fn measure(profile: Profile) {
    println!("{}", profile.name());
    let start = Instant::now();
    let fixture = Fixture::new(profile);
    println!("circuits made in {:.1} s", start.elapsed().as_secs_f64());
    let Fixture { leaves, aggregator } = &fixture;
    let (list, context) = (aggregator.list(), aggregator.context(PAYEE));

    for (leaf, wrap) in leaves.iter().zip(aggregator.leaves()) {
        let proof = leaf.prove(statement(0));
        let (time, wrapped) = least(|| wrap.prove(&proof, &context).unwrap());
        let bits = leaf.circuit.common().degree_bits();
        tell(&format!("wrap of 2^{bits}"), wrap.circuit(), time, wrapped.to_bytes().len());
    }

    let wrapped: Vec<_> = (0..8).map(|number| fixture.wrap(number)).collect();
    let children: Vec<_> = wrapped.iter().collect();
    let mut highest = wrapped[0].clone();
    for (index, (merge, wrap)) in aggregator.merges().iter().enumerate() {
        let arity = merge.arity();
        let (time, merged) = least(|| merge.prove(list, &context, &children[..arity]).unwrap());
        tell(&format!("merge of {arity}"), merge.circuit(), time, merged.to_bytes().len());
        let (time, proof) = least(|| wrap.prove(&merged, &context).unwrap());
        tell(&format!("wrap of merge {arity}"), wrap.circuit(), time, proof.to_bytes().len());
        highest = Wrapped { proof, position: aggregator.leaves().len() + index };
    }

    let (time, proof) = least(|| aggregator.finish(&highest).unwrap());
    tell("root", aggregator.root().circuit(), time, proof.len());
    let key = aggregator.key().unwrap();
    let (time, root) = least(|| verify_root(profile, &key, &proof, &PAYEE).unwrap());
    assert_eq!(Some(root.count), aggregator.merges().last().map(|(merge, _)| merge.arity() as u64));
    println!(
        "verifying takes {:.1} ms, and a key of {} bytes",
        1e3 * time.as_secs_f64(),
        key.to_bytes().len()
    );
    gates("wraps", aggregator.leaves()[0].circuit().verifier_data());
    gates("root", aggregator.root().circuit().verifier_data());
}

fn gates(name: &str, data: VerifierCircuitData<F, C, D>) {
    println!("gates of {name}:");
    for gate in data.common.gates {
        println!("    {}", gate.0.id().split(['(', '{']).next().unwrap_or_default());
    }
}

#[test]
#[ignore = "measures"]
fn measure_standard() {
    measure(Profile::Standard);
}

#[test]
#[ignore = "measures"]
fn measure_proven_100() {
    measure(Profile::Proven100);
}
