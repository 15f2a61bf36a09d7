//! Measures the proofs of aggregates. Each kind of proof runs in its own process, so that it has
//! its own peak of memory.
//!
//! `measure-aggregation leaf|wrap|merge|root|batch --parts FOLDER [options]` prints one JSON
//! object. The proofs that a kind builds on must be in the folder. The kind `parts` makes them, in
//! a process of its own, unless they are there. `./x report aggregation` runs all of these
//! processes.

mod parts;

use std::path::PathBuf;
use std::time::Instant;

use lexopt::prelude::*;
use serde_json::{Value, json};
use velum_aggregate_verifier::{Profile, RootKey, verify_root};
use velum_aggregator::{Aggregator, AggregatorError, Tree, Wrapped, wide};
use velum_core::class::{STANDARD, SizeClass};
use velum_wallet::measure::peak_rss_bytes;

use parts::{PAYEE, Parts, Presented};

/// What is to be measured.
struct Task {
    kind: String,
    profile: Profile,
    class: SizeClass,
    places: usize,
    count: usize,
    runs: usize,
    threads: usize,
    parts: PathBuf,
}

type Failure = Box<dyn std::error::Error>;

fn main() -> Result<(), Failure> {
    let task = read()?;
    rayon::ThreadPoolBuilder::new().num_threads(task.threads).build_global()?;
    let aggregator = Aggregator::new(task.profile);
    let parts = Parts::new(&task.parts, task.profile);
    let measured = match task.kind.as_str() {
        "parts" => json!({ "parts": parts.make(&aggregator, task.count)? }),
        "leaf" => leaf(&task, &aggregator)?,
        "wrap" => wrap(&task, &aggregator)?,
        "merge" => merge(&task, &aggregator, &parts)?,
        "root" => root(&task, &aggregator, &parts)?,
        "batch" => batch(&task, &aggregator)?,
        kind => return Err(format!("there is no {kind:?} to measure").into()),
    };
    println!("{measured}");
    Ok(())
}

fn read() -> Result<Task, Failure> {
    let mut task = Task {
        kind: String::new(),
        profile: Profile::Standard,
        class: STANDARD,
        places: 2,
        count: 8,
        runs: 3,
        threads: 2,
        parts: PathBuf::new(),
    };
    let mut parser = lexopt::Parser::from_env();
    while let Some(argument) = parser.next()? {
        match argument {
            Value(kind) if task.kind.is_empty() => task.kind = kind.string()?,
            Long("profile") => {
                let name = parser.value()?.string()?;
                task.profile = Profile::by_short_name(&name).ok_or("no such profile")?;
            }
            Long("class") => {
                let name = parser.value()?.string()?;
                task.class = SizeClass::by_name(&name).ok_or("no such class")?;
            }
            Long("places") => task.places = parser.value()?.parse()?,
            Long("count") => task.count = parser.value()?.parse()?,
            Long("runs") => task.runs = parser.value()?.parse()?,
            Long("threads") => task.threads = parser.value()?.parse()?,
            Long("parts") => task.parts = parser.value()?.into(),
            other => return Err(other.unexpected().into()),
        }
    }
    Ok(task)
}

/// The milliseconds of each run, and the result of the last run. An unmeasured first run makes
/// everything that is made only once.
fn times<T>(
    runs: usize,
    mut make: impl FnMut() -> Result<T, AggregatorError>,
) -> Result<(Vec<f64>, T), AggregatorError> {
    let mut made = make()?;
    let mut ms = Vec::with_capacity(runs);
    for _ in 0..runs {
        let start = Instant::now();
        made = make()?;
        ms.push(start.elapsed().as_secs_f64() * 1e3);
    }
    ms.sort_by(f64::total_cmp);
    Ok((ms, made))
}

fn measured(ms: &[f64], bytes: usize, log_rows: usize) -> Value {
    let median = ms.get(ms.len() / 2).copied().unwrap_or(0.0);
    json!({
        "min_ms": ms.first().copied().unwrap_or(0.0).round(),
        "median_ms": median.round(),
        "bytes": bytes,
        "log_rows": log_rows,
        "peak_rss_bytes": peak_rss_bytes(),
    })
}

/// Binary logarithm of the number of rows of a proof's circuit, computed from the length of the
/// proof's paths. The cap takes four levels, and the rate adds `log_blowup` levels.
fn log_rows(proof: &velum_aggregator::Proof, log_blowup: usize) -> usize {
    let opened = proof.proof.opening_proof.query_round_proofs.first();
    let path = opened.and_then(|round| round.initial_trees_proof.evals_proofs.first());
    path.map_or(0, |(_, path)| path.siblings.len() + 4 - log_blowup)
}

/// All proofs except the root's have the rate 1/8.
const LOG_BLOWUP: usize = 3;

fn leaf(task: &Task, aggregator: &Aggregator) -> Result<Value, Failure> {
    let presented = Presented::new(task.class)?;
    let (ms, leaf) = times(task.runs, || aggregator.leaf(task.class, &presented.statements()))?;
    Ok(measured(&ms, leaf.to_bytes().len(), log_rows(&leaf, LOG_BLOWUP)))
}

fn wrap(task: &Task, aggregator: &Aggregator) -> Result<Value, Failure> {
    let presented = Presented::new(task.class)?;
    let leaf = aggregator.leaf(task.class, &presented.statements())?;
    let (ms, wrapped) = times(task.runs, || aggregator.wrap(task.class, &leaf, PAYEE))?;
    Ok(measured(&ms, wrapped.to_bytes().len(), log_rows(&wrapped.proof, LOG_BLOWUP)))
}

/// The merge and its wrap, measured separately.
fn merge(task: &Task, aggregator: &Aggregator, parts: &Parts) -> Result<Value, Failure> {
    let children = parts.read(aggregator, task.places)?;
    let children: Vec<&Wrapped> = children.iter().collect();
    let (ms, merged) = times(task.runs, || aggregator.merge_alone(&children, PAYEE))?;
    let of_merge = measured(&ms, merged.to_bytes().len(), log_rows(&merged, LOG_BLOWUP));
    let (ms, wrapped) = times(task.runs, || aggregator.wrap_merge(task.places, &merged, PAYEE))?;
    let of_wrap = measured(&ms, wrapped.to_bytes().len(), log_rows(&wrapped.proof, LOG_BLOWUP));
    Ok(json!({ "merge": of_merge, "wrap": of_wrap }))
}

/// The root and its verification.
fn root(task: &Task, aggregator: &Aggregator, parts: &Parts) -> Result<Value, Failure> {
    let children = parts.read(aggregator, 1)?;
    let (ms, proof) = times(task.runs, || aggregator.finish(&children[0]))?;
    let mut of_root = measured(&ms, proof.len(), 0);
    let key = RootKey::pinned(task.profile);
    let mut verify: Vec<f64> = Vec::new();
    for _ in 0..task.runs.max(20) {
        let start = Instant::now();
        verify_root(task.profile, &key, &proof, &PAYEE)?;
        verify.push((start.elapsed().as_secs_f64() * 1e4).round() / 10.0);
    }
    verify.sort_by(f64::total_cmp);
    of_root["verify_min_ms"] = json!(verify[0]);
    of_root["verify_median_ms"] = json!(verify[verify.len() / 2]);
    of_root["compressed_bytes"] = json!(parts::compressed(&proof));
    Ok(of_root)
}

/// A whole batch. The circuits are made before. All presentations are of the same document, because
/// only time is measured.
fn batch(task: &Task, aggregator: &Aggregator) -> Result<Value, Failure> {
    let mut presented: Vec<_> =
        (0..task.count).map(|_| Presented::new(task.class)).collect::<Result<_, _>>()?;
    presented.sort_by(Presented::order);
    // The first proof of each kind makes its circuit. These proofs are not measured.
    let warm = parts::wrap_all(aggregator, &presented[..task.count.min(wide(task.profile))])?;
    let tree = Tree::over(task.count, wide(task.profile)).ok_or("nothing to aggregate")?;
    for places in tree.merges().keys() {
        parts::merge_some(aggregator, &warm, *places)?;
    }
    aggregator.finish(&warm[0])?;

    let start = Instant::now();
    let wrapped = parts::wrap_all(aggregator, &presented)?;
    let leaves_ms = start.elapsed().as_secs_f64() * 1e3;
    let top = parts::fold(aggregator, &tree, &wrapped)?;
    let proof = aggregator.finish(&top)?;
    let total_ms = start.elapsed().as_secs_f64() * 1e3;
    Ok(json!({
        "count": task.count,
        "leaves_ms": leaves_ms.round(),
        "total_ms": total_ms.round(),
        "bytes": proof.len(),
        "peak_rss_bytes": peak_rss_bytes(),
    }))
}
