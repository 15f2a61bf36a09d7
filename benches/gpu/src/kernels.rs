//! Measures kernels one by one: on columns of one shape, and in whole proofs.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use velum_bench::{Case, SUITE, Statements, median, minimum};
use velum_core::class::SizeClass;
use velum_core::proof::{Provable, Prover};
use velum_stark::backend::Backend;
use velum_stark::control::Control;
use velum_stark::{HashFunction, block_on};
use velum_webgpu::measure::{Compiled, Done, Kind, Observed, OfGroup, Peaks, Samples, Work};
use velum_webgpu::{Gpu, GpuKey, WebGpu};

use crate::table::{self, count, number, percent};
use crate::{Asked, Failure};

/// Number of columns that are extended and hashed with BLAKE3, in a normal and in a quick run. The
/// next constants are the number of columns that are hashed with Poseidon2, which takes dozens of
/// times as long, and the height and the rate of all columns.
const COLUMNS: [usize; 2] = [512, 64];
const POSEIDON2_COLUMNS: usize = 16;
const LOG_HEIGHT: usize = 14;
const LOG_BLOWUP: usize = 3;

/// Number of zero bits that a nonce of Poseidon2 has to reach.
const BITS: usize = 14;

/// Prints the peak rates of the device.
pub fn print_peaks(peaks: &Peaks) {
    let rows = [
        ("bytes copied, read and written", peaks.bytes, "GB/s"),
        ("products of elements", peaks.multiplications, "10^9/s"),
        ("products of elements with powers of two", peaks.shifts, "10^9/s"),
        ("sums of elements", peaks.additions, "10^9/s"),
        ("additions, exclusive ors, rotations of 32 bits", peaks.mixes, "10^9/s"),
        ("products of 32 bits with a sum", peaks.products, "10^9/s"),
    ];
    let row = |(name, rate, unit): (&str, f64, &str)| {
        vec![name.to_owned(), number(rate / 1e9), unit.to_owned()]
    };
    let mut rows = rows.map(row).to_vec();
    let submission = number(microseconds(peaks.submission));
    rows.push(vec![
        "an empty command, from submission to completion".to_owned(),
        submission,
        "µs".to_owned(),
    ]);
    table::print(
        "Peak rates of the device, measured with kernels that do nothing else",
        &["", "", ""],
        &rows,
    );
}

/// Prints how long modules took to compile, the first time and the second time.
pub fn print_compilation(cold: &[Compiled], warm: &[Compiled]) {
    let row = |(cold, warm): (&Compiled, &Compiled)| {
        vec![
            cold.kernels.clone(),
            cold.source_bytes.to_string(),
            number(milliseconds(cold.elapsed)),
            number(milliseconds(warm.elapsed)),
        ]
    };
    let mut rows: Vec<_> = cold.iter().zip(warm).map(row).collect();
    let sum = |all: &[Compiled]| number(all.iter().map(|one| milliseconds(one.elapsed)).sum());
    rows.push(vec!["all".to_owned(), String::new(), sum(cold), sum(warm)]);
    let columns = ["module and pipelines of", "bytes of source", "first, ms", "again, ms"];
    table::print(
        "Compilation: first in this process, then again on another device",
        &columns,
        &rows,
    );
}

/// What kernels did in one run, and how long they took.
#[derive(Default)]
struct Run(BTreeMap<Kind, Total>);

#[derive(Clone, Copy, Default)]
struct Total {
    units: u64,
    work: Work,
    elapsed: Duration,
    dispatches: u32,
}

impl Run {
    /// Adds a kernel. The time of an empty command, which comes on top of each kernel, is
    /// subtracted.
    fn add(&mut self, done: Done, elapsed: Duration, peaks: &Peaks) {
        let total = self.0.entry(done.kind).or_default();
        total.units += done.units;
        total.work += done.work;
        total.elapsed += elapsed.saturating_sub(peaks.submission).max(Duration::from_nanos(1));
        total.dispatches += 1;
    }
}

/// Prints the transform, the leaves and the nodes of many columns, and nonces by Poseidon2.
pub fn print_samples(gpu: &Gpu, peaks: &Peaks, asked: &Asked) -> Result<(), Failure> {
    let backend = WebGpu::new(gpu.clone());
    let columns = COLUMNS[usize::from(asked.quick)];
    let case = Case::new(1, velum_core::class::STANDARD)?;
    let statements = Statements::new(SUITE, &case);
    let key = key_of(&backend, &statements.presentation, case.class)?;
    let rounds = |of: &dyn Fn() -> Result<Vec<Observed>, Failure>| -> Result<Vec<Run>, Failure> {
        let run = |observed: Vec<Observed>| {
            let mut run = Run::default();
            observed.iter().for_each(|one| run.add(one.done(&key), one.elapsed, peaks));
            run
        };
        (0..asked.runs()).map(|_| Ok(run(of()?))).collect()
    };
    let shape = |columns: usize| format!("{columns} columns of 2^{LOG_HEIGHT} rows at rate 1/8");
    let samples = Samples::new(&backend, columns, LOG_HEIGHT, LOG_BLOWUP);
    let runs = rounds(&|| Ok([samples.extend(), samples.hash(HashFunction::Blake3)].concat()))?;
    print_runs(&format!("Kernels on {}", shape(columns)), &runs, peaks);
    drop(samples);
    let samples = Samples::new(&backend, POSEIDON2_COLUMNS, LOG_HEIGHT, LOG_BLOWUP);
    let runs = rounds(&|| {
        Ok([samples.hash(HashFunction::Poseidon2), samples.grind_poseidon2(&key, BITS)?].concat())
    })?;
    print_runs(&format!("Kernels on {}, and nonces", shape(POSEIDON2_COLUMNS)), &runs, peaks);
    drop(samples);
    backend.free_memory();
    Ok(())
}

fn key_of<S: Provable>(backend: &WebGpu, _: &S, class: SizeClass) -> Result<GpuKey, Failure> {
    let (verifier, chips) = S::key(SUITE, class);
    Ok(block_on(backend.prepare(&Arc::new(verifier), &chips, &Control::none()))?)
}

/// Prints the kernels of both proofs of a document, and their work.
pub fn print_proofs(
    gpu: &Gpu,
    peaks: &Peaks,
    runs: usize,
    class: SizeClass,
) -> Result<(), Failure> {
    let case = Case::new(1, class)?;
    let Statements { credential, credential_witness, presentation, presentation_witness } =
        Statements::new(SUITE, &case);
    let backend = WebGpu::new(gpu.clone());
    let provers = (
        block_on(Prover::on(backend.clone(), SUITE, class, &Control::none()))?,
        block_on(Prover::on(backend.clone(), SUITE, class, &Control::none()))?,
    );
    let keys = [key_of(&backend, &credential, class)?, key_of(&backend, &presentation, class)?];
    let (mut all, mut works) = (Vec::new(), [Work::default(); 2]);
    for _ in 0..runs {
        let mut run = Run::default();
        let control = Control::none();
        gpu.observe_kernels(true);
        let proof = provers.0.prove(&credential, &credential_witness, &control);
        let first = gpu.observed();
        proof?;
        let proof = provers.1.prove(&presentation, &presentation_witness, &control);
        let second = gpu.observed();
        gpu.observe_kernels(false);
        proof?;
        for ((key, observed), work) in keys.iter().zip([first, second]).zip(&mut works) {
            *work = observed.iter().fold(Work::default(), |sum, one| sum + one.done(key).work);
            observed.iter().for_each(|one| run.add(one.done(key), one.elapsed, peaks));
        }
        all.push(run);
    }
    print_runs(
        &format!("Kernels of both proofs of a document of class {}", class.name),
        &all,
        peaks,
    );
    for (name, key) in ["credential", "presentation"].into_iter().zip(&keys) {
        print_groups(name, &key.groups());
    }
    print_counts(&all);
    print_least(&works, peaks);
    Ok(())
}

/// Prints a table of runs. Rates are those of the fastest run.
fn print_runs(title: &str, runs: &[Run], peaks: &Peaks) {
    let columns = [
        "kernels",
        "unit",
        "units",
        "runs of a kernel",
        "least ms",
        "median ms",
        "10^6 units/s",
        "GB/s",
        "of peak bytes",
        "of peak arithmetic",
    ];
    let mut rows = Vec::new();
    for kind in runs.first().iter().flat_map(|run| run.0.keys()) {
        let totals: Vec<Total> = runs.iter().filter_map(|run| run.0.get(kind).copied()).collect();
        // The work of grinding is random, so runs are compared by the time of a unit.
        let of_unit = |total: &&Total| total.elapsed.as_secs_f64() / total.units.max(1) as f64;
        let Some(best) = totals.iter().min_by(|a, b| of_unit(a).total_cmp(&of_unit(b))) else {
            continue;
        };
        let elapsed: Vec<f64> = totals.iter().map(|total| milliseconds(total.elapsed)).collect();
        let seconds = best.elapsed.as_secs_f64();
        let least = peaks.least(&best.work).map(|least| percent(least.as_secs_f64() / seconds));
        let [name, unit] = kind.names();
        rows.push(vec![
            name.to_owned(),
            unit.to_owned(),
            best.units.to_string(),
            best.dispatches.to_string(),
            number(minimum(&elapsed)),
            number(median(&elapsed)),
            number(best.units as f64 / seconds / 1e6),
            number(best.work.bytes() as f64 / seconds / 1e9),
            least[0].clone(),
            least[1].clone(),
        ]);
    }
    table::print(title, &columns, &rows);
}

/// Prints the work of the interpreter on one row of each group.
fn print_groups(name: &str, groups: &[OfGroup]) {
    let columns = [
        "rows",
        "columns: main, lookup, quotient",
        "of",
        "instructions",
        "products",
        "shifts",
        "sums",
        "cells read",
        "operands that are cells",
        "bytes",
    ];
    let mut rows = Vec::new();
    for group in groups {
        for (of, row) in [("constraints", group.constraints), ("fractions", group.fractions)] {
            rows.push(vec![
                format!("2^{}", group.log_height),
                group.widths.map(|width| width.to_string()).join(", "),
                of.to_owned(),
                row.instructions.to_string(),
                row.work.multiplications.to_string(),
                row.work.shifts.to_string(),
                row.work.additions.to_string(),
                (row.work.read / 8).to_string(),
                row.loads.to_string(),
                row.work.bytes().to_string(),
            ]);
        }
    }
    table::print(
        &format!("Work of the interpreter on one row of the {name} proof"),
        &columns,
        &rows,
    );
}

/// Prints the operations and bytes of one unit, as a mean.
fn print_counts(runs: &[Run]) {
    let columns = [
        "kernels",
        "a unit is",
        "products",
        "shifts",
        "sums",
        "compressions",
        "bytes read",
        "bytes written",
    ];
    let mut rows = Vec::new();
    for (kind, total) in runs.first().iter().flat_map(|run| &run.0) {
        let work = &total.work;
        let counts = [
            work.multiplications,
            work.shifts,
            work.additions,
            work.compressions,
            work.read,
            work.written,
        ];
        let [name, unit] = kind.names().map(str::to_owned);
        let counts = counts.map(|all| count(all as f64 / total.units.max(1) as f64));
        rows.push([vec![name, unit], counts.to_vec()].concat());
    }
    table::print("Work of one unit, as the mean of both proofs", &columns, &rows);
}

/// The assumed rates of an integrated GPU, for each second: bytes, products of 32 bits, and other
/// operations on 32 bits.
const INTEGRATED: [f64; 3] = [50e9, 100e9, 400e9];

/// Prints the work of each proof, and the least time it takes on this device and on an assumed
/// device.
fn print_least(works: &[Work; 2], peaks: &Peaks) {
    let [bytes, products, others] = INTEGRATED;
    let assumed = Peaks::assumed(bytes, products, others);
    let columns = [
        "proof",
        "products, 10^6",
        "shifts",
        "sums",
        "compressions",
        "MB moved",
        "least time here: bytes, ms",
        "arithmetic, ms",
        "least time on the assumed GPU: bytes, ms",
        "arithmetic, ms",
    ];
    let row = |(name, work): (&str, &Work)| {
        let counts =
            [work.multiplications, work.shifts, work.additions, work.compressions, work.bytes()];
        let least = [peaks.least(work), assumed.least(work)].concat();
        let counts = counts.map(|count| number(count as f64 / 1e6));
        [
            vec![name.to_owned()],
            counts.to_vec(),
            least.into_iter().map(|least| number(milliseconds(least))).collect(),
        ]
        .concat()
    };
    let rows: Vec<_> = ["credential", "presentation"].into_iter().zip(works).map(row).collect();
    let title = format!(
        "All kernels of a proof. The assumed GPU moves {} GB/s, and computes {} · 10^9 products \
         of 32 bits and {} · 10^9 other operations a second",
        bytes / 1e9,
        products / 1e9,
        others / 1e9
    );
    table::print(&title, &columns, &rows);
}

fn milliseconds(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1e3
}

fn microseconds(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1e6
}
