//! Runs the fuzzers in `fuzz/`, by cargo-fuzz and libFuzzer.
//!
//! ```text
//! target/fuzz/
//!   build/run, build/coverage   the programs, with address sanitizer and with counters of lines
//!   seeds/TARGET                what the fuzzer begins with; the program writes it
//!   corpus/TARGET               the inputs that reached something new
//!   findings/TARGET             the inputs that failed; keep each in fuzz/findings/TARGET
//! ```

use std::collections::BTreeMap;
use std::num::NonZeroU32;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use crate::args::Fuzzing;
use crate::process::{self, Error};
use crate::project::Project;
use crate::tools::{self, NIGHTLY};

/// The folder of the fuzzers.
const FOLDER: &str = "fuzz";

/// The most bytes of an input, for all targets.
const MOST_BYTES: usize = 1_000_000;

/// The seconds after which an input counts as one that makes a target hang. Address sanitizer makes
/// verifying a proof several times slower than it is.
const HANGS_AFTER: u32 = 60;

/// The most megabytes of the process. Targets measure the memory that an input takes themselves.
/// This is for what they cannot measure, such as the keys and the corpus.
const PROCESS_MEGABYTES: u32 = 4096;

/// Fuzzes a target, or measures what its inputs reach. Without a target, lists the targets.
pub fn run(project: &Project, target: Option<&str>, work: Fuzzing) -> Result<(), Error> {
    let known = targets(project)?;
    let Some(target) = target else {
        for name in known {
            println!("{name}");
        }
        return Ok(());
    };
    if !known.iter().any(|name| name == target) {
        let known = known.join(", ");
        return Err(Error::Found(format!("there is no target `{target}`; there are: {known}")));
    }
    let fuzzer = Fuzzer::new(project)?;
    match work {
        Fuzzing::Run(seconds) => fuzzer.fuzz(target, seconds, Progress::Shown),
        Fuzzing::Coverage => fuzzer.coverage(target),
    }
}

/// Fuzzes each target for some seconds. The first finding ends the run.
pub fn run_all(project: &Project, seconds: NonZeroU32) -> Result<(), Error> {
    let fuzzer = Fuzzer::new(project)?;
    let targets = targets(project)?;
    targets.iter().try_for_each(|target| fuzzer.fuzz(target, seconds, Progress::Hidden))
}

/// Whether libFuzzer prints a line for each input that reaches something new.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Progress {
    Shown,
    Hidden,
}

/// The names of all targets, which are those of the programs.
fn targets(project: &Project) -> Result<Vec<String>, Error> {
    let folder = project.root().join(FOLDER).join("fuzz_targets");
    let read = |source| Error::Found(format!("could not read {}: {source}", folder.display()));
    let mut names = Vec::new();
    for entry in std::fs::read_dir(&folder).map_err(read)? {
        let path = entry.map_err(read)?.path();
        names.extend(path.file_stem().map(|name| name.to_string_lossy().into_owned()));
    }
    names.sort();
    Ok(names)
}

/// The tools, and the folder for what they make.
struct Fuzzer<'a> {
    project: &'a Project,
    folder: PathBuf,
}

impl<'a> Fuzzer<'a> {
    fn new(project: &'a Project) -> Result<Self, Error> {
        tools::install_nightly(project, "llvm-tools")?;
        tools::FUZZ.command(project)?;
        Ok(Self { project, folder: project.target().join("fuzz") })
    }

    /// A folder of one target.
    fn of(&self, what: &str, target: &str) -> Result<PathBuf, Error> {
        let path = self.folder.join(what).join(target);
        match std::fs::create_dir_all(&path) {
            Ok(()) => Ok(path),
            Err(source) => Err(Error::Write { path, source }),
        }
    }

    /// A subcommand of cargo-fuzz.
    fn cargo_fuzz(&self, subcommand: &str, target: &str) -> Result<Command, Error> {
        let tool = tools::FUZZ.command(self.project)?;
        let mut command = self.project.command("rustup");
        command.args(["run", NIGHTLY]).arg(tool.get_program());
        command.args(["fuzz", subcommand, "--fuzz-dir", FOLDER, target]);
        // Otherwise cargo-fuzz would take the cargo that runs this program, which is not nightly.
        command.env_remove("CARGO").env_remove("RUSTUP_TOOLCHAIN");
        command.env("VELUM_FUZZ_SEEDS", self.of("seeds", target)?);
        Ok(command)
    }

    fn fuzz(&self, target: &str, seconds: NonZeroU32, progress: Progress) -> Result<(), Error> {
        let (seeds, corpus) = (self.of("seeds", target)?, self.of("corpus", target)?);
        let findings = self.of("findings", target)?;
        let mut command = self.cargo_fuzz("run", target)?;
        command.arg("--target-dir").arg(self.folder.join("build/run"));
        // The first folder takes what is found.
        command.args([corpus, seeds]).arg("--");
        command.arg(format!("-artifact_prefix={}/", findings.display()));
        command.arg(format!("-dict={FOLDER}/dictionary.txt"));
        command.arg(format!("-max_total_time={seconds}"));
        command.arg(format!("-max_len={MOST_BYTES}"));
        command.arg(format!("-timeout={HANGS_AFTER}"));
        command.arg(format!("-rss_limit_mb={PROCESS_MEGABYTES}"));
        command.arg("-print_final_stats=1");
        command.arg(format!("-verbosity={}", u8::from(progress == Progress::Shown)));
        process::run(&mut command).map_err(|error| {
            Error::Found(format!(
                "{error}. If the fuzzer found something, the input is in {}: mend what it shows, \
                 and copy the input to {FOLDER}/findings/{target}, where tests replay it",
                findings.display()
            ))
        })
    }

    /// Prints the lines of each file that the seeds reach, and those that all inputs reach.
    fn coverage(&self, target: &str) -> Result<(), Error> {
        let (seeds, corpus) = (self.of("seeds", target)?, self.of("corpus", target)?);
        let before = self.lines(target, &[&seeds])?;
        let after = self.lines(target, &[&seeds, &corpus])?;
        println!("{:>8} {:>8} {:>8}  file", "lines", "seeds", "all");
        let mut sum = Lines::default();
        for (file, lines) in &after {
            let seeds = before.get(file).map_or(0, |lines| lines.all);
            println!("{:>8} {seeds:>8} {:>8}  {file}", lines.count, lines.all);
            sum = Lines { count: sum.count + lines.count, all: sum.all + lines.all };
        }
        let seeds: u64 = before.values().map(|lines| lines.all).sum();
        println!("{:>8} {seeds:>8} {:>8}  {target}", sum.count, sum.all);
        Ok(())
    }

    /// The lines of the project's files that some inputs reach, for the files that they reach at
    /// all.
    fn lines(&self, target: &str, inputs: &[&Path]) -> Result<BTreeMap<String, Lines>, Error> {
        let build = self.folder.join("build/coverage");
        let mut command = self.cargo_fuzz("coverage", target)?;
        // Address sanitizer finds nothing more here.
        command.args(["--sanitizer", "none", "--target-dir"]).arg(&build).args(inputs);
        process::run(&mut command)?;
        let profile = format!("{FOLDER}/coverage/{target}/coverage.profdata");
        let mut export = self.project.command(self.llvm_cov()?);
        export.args(["export", "-summary-only", "-instr-profile", &profile]);
        let program = build.join(host(self.project)?).join("release").join(target);
        let printed = process::output(export.arg(&program))?;
        let summary = serde_json::from_slice(&printed.stdout)
            .map_err(|error| Error::Found(format!("llvm-cov printed no JSON: {error}")))?;
        Ok(reached(&summary, self.project.root()))
    }

    fn llvm_cov(&self) -> Result<PathBuf, Error> {
        let mut rustc = self.project.command("rustup");
        let printed =
            process::output(rustc.args(["run", NIGHTLY, "rustc", "--print", "target-libdir"]))?;
        let libraries = PathBuf::from(String::from_utf8_lossy(&printed.stdout).trim());
        Ok(libraries.with_file_name("bin").join("llvm-cov"))
    }
}

/// The lines of a file, and how many of them were reached.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Lines {
    count: u64,
    all: u64,
}

/// The lines in a summary of llvm-cov, for the project's own files of which any line was reached.
fn reached(summary: &Value, root: &Path) -> BTreeMap<String, Lines> {
    let files = summary["data"][0]["files"].as_array().into_iter().flatten();
    let own = files.filter_map(|file| {
        let path = Path::new(file["filename"].as_str()?).strip_prefix(root).ok()?;
        let number = |name: &str| file["summary"]["lines"][name].as_u64();
        let lines = Lines { count: number("count")?, all: number("covered")? };
        // What is in `fuzz` is not under test.
        let is_tested = lines.all > 0 && !path.starts_with(FOLDER);
        is_tested.then(|| (path.display().to_string(), lines))
    });
    own.collect()
}

/// The name of this machine's platform.
fn host(project: &Project) -> Result<String, Error> {
    let printed = process::output(project.command("rustc").arg("--version").arg("--verbose"))?;
    let printed = String::from_utf8_lossy(&printed.stdout).into_owned();
    let host = printed.lines().find_map(|line| line.strip_prefix("host: "));
    host.map(str::to_owned).ok_or_else(|| Error::Found("rustc names no host".to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_programs_are_the_targets() {
        let targets = targets(&Project::locate()).unwrap();
        assert!(targets.len() > 15 && targets.is_sorted(), "{targets:?}");
        assert!(targets.iter().any(|name| name == "device_response"), "{targets:?}");
    }

    #[test]
    fn reached_lines_are_those_of_the_project() {
        let file = |name: &str, count, covered| {
            serde_json::json!({
                "filename": name,
                "summary": { "lines": { "count": count, "covered": covered } },
            })
        };
        let summary = serde_json::json!({ "data": [{ "files": [
            file("/project/core/src/lib.rs", 10, 4),
            file("/project/core/src/other.rs", 10, 0),
            file("/project/fuzz/lib.rs", 10, 10),
            file("/elsewhere/lib.rs", 10, 10),
        ] }] });
        let expected = Lines { count: 10, all: 4 };
        let reached = reached(&summary, Path::new("/project"));
        assert_eq!(reached, BTreeMap::from([("core/src/lib.rs".to_owned(), expected)]));
    }
}
