//! Measures whole proofs on this machine: the numbers of the README.
//!
//! Each run is a process of its own, as a user starts it. The case is the Mustermann licence with one predicate, 18 or over.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use serde_json::{Map, Value, json};

use crate::process::{self, Error};
use crate::project::Project;

const CASE: &str = "testdata/mdl-mustermann";
const THREADS: [usize; 2] = [1, 2];
const FIGURES: [&str; 5] = ["prepare_ms", "present_ms", "verify_ms", "presentation_bytes", "peak_rss_bytes"];

/// Runs the case `runs` times a thread count and prints a table, or one JSON object.
pub fn report(project: &Project, runs: usize, json: bool) -> Result<(), Error> {
    let velum = Velum::build(project)?;
    let mut results = Vec::new();
    for threads in THREADS {
        let mut figures: Vec<Vec<f64>> = vec![Vec::new(); FIGURES.len()];
        for run in 1..=runs {
            eprintln!("{threads} threads, run {run} of {runs}");
            let measured = velum.measure(threads)?;
            for (values, name) in figures.iter_mut().zip(FIGURES) {
                let value = measured.get(name).and_then(Value::as_f64);
                values.push(value.ok_or_else(|| Error::Found(format!("velum reports no {name}")))?);
            }
        }
        results.push((threads, figures));
    }
    if json {
        println!("{}", object(&results, runs));
    } else {
        print!("{}", table(&results, runs));
    }
    Ok(())
}

/// The command, built for this very processor, and the case.
struct Velum<'a> {
    project: &'a Project,
    binary: PathBuf,
    folder: PathBuf,
}

impl<'a> Velum<'a> {
    fn build(project: &'a Project) -> Result<Self, Error> {
        process::run(&mut project.native_build())?;
        let folder = project.target().join("report");
        let request = folder.join("request.json");
        let write = |error| Error::Write { path: request.clone(), source: error };
        std::fs::create_dir_all(&folder).map_err(write)?;
        let case = std::fs::read_to_string(project.root().join(CASE).join("request.json")).map_err(write)?;
        let mut asked: Value =
            serde_json::from_str(&case).map_err(|error| Error::Found(error.to_string()))?;
        asked["predicates"] =
            json!([{ "namespace": "org.iso.18013.5.1", "element": "birth_date", "age_at_least": 18 }]);
        std::fs::write(&request, asked.to_string()).map_err(write)?;
        let binary = project.native_target().join("release").join("velum");
        Ok(Self { project, binary, folder })
    }

    fn measure(&self, threads: usize) -> Result<Map<String, Value>, Error> {
        let presentation = self.folder.join("presentation.cbor");
        let _ = std::fs::remove_file(&presentation);
        let transcript = self.project.root().join(CASE).join("session_transcript.cbor");
        let document = self.project.root().join(CASE).join("device_response.cbor");
        let request = self.folder.join("request.json");
        let prove: [(&str, &Path); 4] = [
            ("--document", &document),
            ("--transcript", &transcript),
            ("--request", &request),
            ("--out", &presentation),
        ];
        let mut figures = self.velum("prove", threads, &prove, &["--any-clock"])?;
        let verify: [(&str, &Path); 3] =
            [("--presentation", &presentation), ("--transcript", &transcript), ("--request", &request)];
        figures.extend(self.velum("verify", threads, &verify, &[])?);
        Ok(figures)
    }

    fn velum(
        &self,
        command: &str,
        threads: usize,
        files: &[(&str, &Path)],
        flags: &[&str],
    ) -> Result<Map<String, Value>, Error> {
        let mut velum = self.project.command(&self.binary);
        velum.args([command, "--json", "--threads", &threads.to_string()]).args(flags);
        for (option, file) in files {
            velum.arg(option).arg(file);
        }
        let output = process::output(&mut velum)?;
        match serde_json::from_slice(&output.stdout) {
            Ok(Value::Object(figures)) if output.status.success() => Ok(figures),
            _ => Err(Error::Found(format!("velum {command}: {}", String::from_utf8_lossy(&output.stdout)))),
        }
    }
}

fn minimum(values: &[f64]) -> f64 {
    values.iter().copied().fold(f64::INFINITY, f64::min)
}

fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let middle = sorted.len() / 2;
    match sorted.len() % 2 {
        0 if middle > 0 => (sorted[middle - 1] + sorted[middle]) / 2.0,
        _ => sorted.get(middle).copied().unwrap_or(f64::NAN),
    }
}

fn object(results: &[(usize, Vec<Vec<f64>>)], runs: usize) -> Value {
    let figures = |figures: &[Vec<f64>]| {
        let members = FIGURES.iter().zip(figures).map(|(name, values)| {
            ((*name).to_owned(), json!({ "min": minimum(values), "median": median(values) }))
        });
        Value::Object(members.collect())
    };
    let threads: Map<_, _> =
        results.iter().map(|(threads, values)| (threads.to_string(), figures(values))).collect();
    json!({ "cpu": cpu(), "cores": cores(), "flags": Project::NATIVE_FLAGS, "runs": runs, "threads": threads })
}

fn table(results: &[(usize, Vec<Vec<f64>>)], runs: usize) -> String {
    let mut text = String::from("| |");
    for (threads, _) in results {
        let _ = write!(text, " {threads} thread{}: min | median |", if *threads == 1 { "" } else { "s" });
    }
    text += "\n|---|";
    text += &"---|".repeat(2 * results.len());
    for (index, name) in FIGURES.iter().enumerate() {
        let _ = write!(text, "\n| {} |", name.replace('_', " "));
        for (_, figures) in results {
            let (least, middle) = (minimum(&figures[index]), median(&figures[index]));
            let _ = write!(text, " {least:.0} | {middle:.0} |");
        }
    }
    let _ = writeln!(text, "\n\n{runs} runs, {}, {} cores, `{}`", cpu(), cores(), Project::NATIVE_FLAGS);
    text
}

fn cpu() -> String {
    let info = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = info.lines().find_map(|line| line.strip_prefix("model name")?.split_once(':'));
    model.map_or_else(|| std::env::consts::ARCH.to_owned(), |(_, model)| model.trim().to_owned())
}

fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_minimum_and_median() {
        assert_eq!((minimum(&[3.0, 1.0, 2.0]), median(&[3.0, 1.0, 2.0])), (1.0, 2.0));
        assert_eq!(median(&[4.0, 1.0, 2.0, 3.0]), 2.5);
        let figures = vec![vec![1.0, 2.0, 3.0]; FIGURES.len()];
        let text = table(&[(1, figures.clone()), (2, figures.clone())], 3);
        assert!(text.starts_with("| | 1 thread: min | median | 2 threads: min | median |\n"), "{text}");
        assert!(text.contains("| present ms | 1 | 2 | 1 | 2 |"), "{text}");
        assert_eq!(object(&[(1, figures)], 3)["threads"]["1"]["verify_ms"]["median"], 2.0);
    }
}
