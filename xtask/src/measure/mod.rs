//! Measures whole proofs on this machine, for the numbers of the README.
//!
//! The program `measure` of `velum-bench` does the work, in several builds. This module decides
//! what is measured, and combines the results.

pub mod aggregation;
mod instructions;
mod tables;
mod wasm;

use std::path::PathBuf;
use std::process::Output;

use serde_json::{Value, json};

use crate::process::{self, Error};
use crate::project::{Cpu, Project};
use instructions::Instructions;

const PACKAGE: &str = "velum-bench";
const PROGRAM: &str = "measure";

/// Number of processes whose first work is to verify.
const FIRST_VERIFIES: usize = 3;

/// Size classes, and the numbers of elements that are requested from a document of each class.
const GROWTH: [(&str, &[usize]); 3] =
    [("standard", &[1, 2, 4]), ("large", &[1, 2, 4, 8]), ("extra", &[1, 8])];

/// Suites, and the memory modes in which their proofs are made. The mode makes no difference at the
/// rates of the suites other than `direct`.
const MEMORY: [(&str, &[&str]); 3] =
    [("direct", &["normal", "low"]), ("compact", &["normal"]), ("aggregatable", &["normal"])];

/// Maximum number of runs for the times that are shown beside peaks of memory.
const MEMORY_RUNS: usize = 5;

/// Everything that was measured.
struct Measured {
    runs: usize,
    /// One predicate, class `standard`, built for this processor: on one thread and on two.
    threads: [Value; 2],
    /// The same on one thread, in each build.
    builds: Vec<(Cpu, Value)>,
    wasm: Result<Value, String>,
    /// More predicates and every class, on one thread, built for this processor.
    growth: Vec<Value>,
    /// Every suite, class and memory mode, on one thread, built for this processor.
    memory: Vec<Value>,
    instructions: Result<Instructions, String>,
}

/// Measures `runs` times and prints tables, or one JSON object.
pub fn report(project: &Project, runs: usize, json: bool) -> Result<(), Error> {
    let measured = Measured::new(project, runs)?;
    if json {
        println!("{}", measured.object());
    } else {
        print!("{}", tables::text(&measured));
    }
    Ok(())
}

impl Measured {
    fn new(project: &Project, runs: usize) -> Result<Self, Error> {
        let cpus = Cpu::all_here();
        for &cpu in &cpus {
            process::run(&mut project.build(cpu, PACKAGE, PROGRAM))?;
        }
        let native = Measure::new(project, Cpu::This);
        let threads = [native.with_first_verify(runs, 1)?, native.with_first_verify(runs, 2)?];
        let mut builds = Vec::new();
        for cpu in cpus {
            let measured = match cpu {
                Cpu::This => threads[0].clone(),
                _ => Measure::new(project, cpu).proofs(runs, &[])?,
            };
            builds.push((cpu, measured));
        }
        let wasm = wasm::measure(project, runs)?;
        let mut growth = Vec::new();
        for (class, counts) in GROWTH {
            for count in counts {
                growth.push(
                    native.proofs(runs, &["--class", class, "--predicates", &count.to_string()])?,
                );
            }
        }
        let memory = native.memory(runs.min(MEMORY_RUNS))?;
        Ok(Self {
            runs,
            threads,
            builds,
            wasm,
            growth,
            memory,
            instructions: Instructions::count(project)?,
        })
    }

    fn object(&self) -> Value {
        let build = |(cpu, measured): &(Cpu, Value)| {
            let mut measured = measured.clone();
            measured["flags"] = cpu.flags().into();
            measured
        };
        let instructions = match &self.instructions {
            Ok(counts) => json!({ "prepare": counts.credential, "present": counts.presentation }),
            Err(_) => Value::Null,
        };
        json!({
            "cpu": processor(),
            "cores": cores(),
            "flags": Cpu::This.flags(),
            "runs": self.runs,
            "threads": { "1": self.threads[0], "2": self.threads[1] },
            "builds": self.builds.iter().map(build).collect::<Vec<_>>(),
            "wasm": self.wasm.as_ref().unwrap_or(&Value::Null),
            "growth": self.growth,
            "memory": self.memory,
            "instructions": instructions,
        })
    }
}

/// The measuring program in one build.
struct Measure<'a> {
    project: &'a Project,
    cpu: Cpu,
}

impl<'a> Measure<'a> {
    fn new(project: &'a Project, cpu: Cpu) -> Self {
        Self { project, cpu }
    }

    fn proofs(&self, runs: usize, options: &[&str]) -> Result<Value, Error> {
        let runs = runs.to_string();
        self.run(&[&["proofs", "--runs", &runs], options].concat())
    }

    /// Measures proofs, and also the verification that is the first work of a process.
    fn with_first_verify(&self, runs: usize, threads: usize) -> Result<Value, Error> {
        let file = self.file("presentation.cbor")?;
        let (file, threads) = (file.display().to_string(), threads.to_string());
        let mut measured = self.proofs(runs, &["--threads", &threads, "--out", &file])?;
        let mut least = f64::INFINITY;
        for _ in 0..FIRST_VERIFIES {
            let first = self.run(&["first-verify", "--threads", &threads, "--in", &file])?;
            least = least.min(number(&first, "first_verify_ms"));
        }
        measured["first_verify_ms"] = least.into();
        Ok(measured)
    }

    /// The times of each suite and class, and the peaks of processes that make one proof.
    fn memory(&self, runs: usize) -> Result<Vec<Value>, Error> {
        let file = self.file("prepared")?.display().to_string();
        let mut cases = Vec::new();
        for (suite, memories) in MEMORY {
            for ((class, _), memory) in
                GROWTH.iter().flat_map(|class| memories.iter().map(move |memory| (class, memory)))
            {
                let case = ["--suite", suite, "--class", class, "--memory", memory];
                let mut measured = self.proofs(runs, &case)?;
                let peak = |options: &[&str]| self.run(&[&["peak"], options, &case].concat());
                let prepare = peak(&["--kind", "credential", "--out", &file])?;
                let present = peak(&["--kind", "presentation", "--in", &file])?;
                measured["memory"] = (*memory).into();
                measured["prepare_peak_bytes"] = prepare["peak_rss_bytes"].clone();
                measured["present_peak_bytes"] = present["peak_rss_bytes"].clone();
                cases.push(measured);
            }
        }
        Ok(cases)
    }

    /// A file that one process writes and another reads.
    fn file(&self, name: &str) -> Result<PathBuf, Error> {
        let folder = self.project.target().join("report");
        let failed = |source| Error::Write { path: folder.clone(), source };
        std::fs::create_dir_all(&folder).map_err(failed)?;
        Ok(folder.join(name))
    }

    fn run(&self, arguments: &[&str]) -> Result<Value, Error> {
        eprintln!("{}: {PROGRAM} {}", self.cpu.name(), arguments.join(" "));
        let mut command = self.project.command(self.project.program(self.cpu, PROGRAM));
        parsed(arguments, &process::output(command.args(arguments))?)
    }
}

/// The output of the measuring program.
fn parsed(arguments: &[&str], output: &Output) -> Result<Value, Error> {
    match serde_json::from_slice(&output.stdout) {
        Ok(value) if output.status.success() => Ok(value),
        _ => Err(Error::Found(format!(
            "{PROGRAM} {}: {}",
            arguments.join(" "),
            String::from_utf8_lossy(&output.stderr)
        ))),
    }
}

/// A member of an object of the measuring program.
fn number(measured: &Value, name: &str) -> f64 {
    measured[name].as_f64().unwrap_or(f64::NAN)
}

fn processor() -> String {
    let info = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = info.lines().find_map(|line| line.strip_prefix("model name")?.split_once(':'));
    model.map_or_else(|| std::env::consts::ARCH.to_owned(), |(_, model)| model.trim().to_owned())
}

fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}
