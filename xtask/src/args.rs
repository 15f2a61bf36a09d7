//! Reads the command line.

use std::ffi::OsString;
use std::num::{NonZeroU32, NonZeroUsize};
use std::path::PathBuf;

use lexopt::prelude::*;

use crate::checks::Slow;

pub const USAGE: &str = "\
Usage: ./x TASK [OPTIONS]

Build and run:
  build         build `velum`, `velum-aggregation` and `velum-market` in release mode, side by side
                in target/release
  demo [ARGS]   build `velum` for this machine and run `velum demo ARGS`; with `aggregate` it folds
                eight presentations into one proof
  market [--check] [--keep FOLDER]
                run a market on this machine with demo money (a node, a provider and its worker),
                and submit three presentations of real documents
                  --check        end when their receipts are checked; otherwise run until stopped
                  --keep FOLDER  leave the receipts, and what they are checked with, in FOLDER
  web [--port N] [--no-isolation]
                build the page in demo-web and serve it on this machine
                  --port N        listen on this port (default: 8080)
                  --no-isolation  serve it without the headers COOP and COEP
  web-package   build the npm package @velum/prover into bindings-wasm/dist
  swift         build the Swift package in bindings-mobile/swift: on macOS its XCFramework, on Linux
                the library for this machine

Test and check:
  test          run the tests in Rust, those of the npm package in Node, and one story of the page
                in Chromium
  ci            run `test`, then every other check and the rest of the tests; this must pass before
                a change lands
  test --all [--step NAME]...
                run `ci` with the slow suites in full, and record the result in docs/test-all.md
                  --step NAME  run this step again, and no step that is not named
  lint          check formatting, and run clippy
  deny [--database FOLDER]
                check the licences, sources and advisories of the dependencies
                  --database FOLDER  take the advisories from this copy of the RustSec database
  documents [--all | --update]
                judge the real documents in testdata/documents, and prove one of each repository
                  --all     prove every document that can be proven
                  --update  prove none; record the findings there and in docs/documents.md
  market-api [--all]
                check a market's node and docs/market-api.yaml against each other: for half a
                minute, send requests that the description allows, and requests that it does not
                  --all  continue until everything was tried
  aarch64       run known-answer tests and whole proofs on 64-bit ARM in an emulator, measure the
                library for phones, and check it for Android and iOS
  kotlin        build the Kotlin packages in bindings-mobile/kotlin, and test them on the JVM
  swift-test    test the Swift package, its adapter and the core of the app in demo-ios. If a Linux
                system has no Swift, first install a Debian with Swift into a cache folder (3 GB,
                needs root)
  web-test      build the npm package, and test it in Node, in Chromium, with running markets, and
                packed in fresh projects
  soundness-mutants [--sample N]
                switch off every constraint and bus in turn, and check that a test notices
                  --sample N  switch off about N of them
  fuzz TARGET [SECONDS] [--coverage]
                fuzz a decoder or a verifier (default: 60 seconds), and keep what was found in
                target/fuzz. Without a target, list the targets
                  --coverage  do not fuzz: print how many lines the seeds reach, and how many lines
                              all inputs reach that were found so far

Measure:
  report [web | aggregation] [--runs N] [--json]
                measure proofs on this machine, for the numbers of the README
                  web          measure the npm package in each browser engine; print a JSON object
                  aggregation  measure aggregates, and draw the picture in docs/aggregation.md
                  --runs N     measure N times (default: 10)
                  --json       print a JSON object instead of tables
  gpu-info      print the adapters that GPU kernels can run on
  gpu-report [--software] [--width 32|64] [--runs N] [--quick]
                build the program that measures GPU kernels and whole proofs on a GPU, print its
                path, and run it
                  --software     if there is no GPU, measure a software adapter without a note
                  --width 32|64  compute elements in pairs of 32-bit words, or in 64-bit words if
                                 the adapter has them (default: 64)
                  --runs N       measure everything N times (default: 10, with --quick 3)
                  --quick        measure no document of class `large`, and fewer columns

Other:
  setup         install cargo-deny and a Vulkan driver, which other tasks use, and do nothing else
  help          print this text
";

/// Default number of runs from which `report` takes its minimum and median.
const RUNS: NonZeroUsize = NonZeroUsize::new(10).unwrap();

/// Default number of seconds of `fuzz`.
const FUZZ_SECONDS: NonZeroU32 = NonZeroU32::new(60).unwrap();

/// Default port of `web`.
const PORT: u16 = 8080;

#[derive(Debug, PartialEq, Eq)]
pub enum Task {
    Demo { args: Vec<OsString> },
    Market { args: Vec<OsString> },
    MarketApi { slow: Slow },
    Test,
    Ci,
    TestAll { steps: Vec<String> },
    Lint,
    Deny { database: Option<PathBuf> },
    Documents { proofs: Documents },
    Report { runs: NonZeroUsize, json: bool },
    WebReport { runs: NonZeroUsize },
    AggregationReport { runs: NonZeroUsize, json: bool },
    SoundnessMutants { sample: Option<usize> },
    Fuzz { target: Option<String>, work: Fuzzing },
    Aarch64,
    GpuInfo,
    GpuReport { args: Vec<OsString> },
    Kotlin,
    Swift,
    SwiftTest,
    Web { port: u16, isolation: bool },
    WebPackage,
    WebTest,
    Build,
    Setup,
    Help,
}

/// What `fuzz` does with a target.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fuzzing {
    /// Fuzzes it for this many seconds.
    Run(NonZeroU32),
    /// Measures the lines that inputs reach.
    Coverage,
}

/// What `documents` does with the documents that can be proven.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Documents {
    /// Proves one of each repository.
    Sample,
    /// Proves all.
    All,
    /// Proves none, and records the findings.
    Update,
}

/// Reads the arguments after the program's name. Arguments of `demo`, `market` and `gpu-report` are
/// passed on unread.
pub fn parse(args: impl IntoIterator<Item = OsString>) -> Result<Task, lexopt::Error> {
    let mut parser = lexopt::Parser::from_args(args);
    let task = match parser.next()? {
        None | Some(Short('h') | Long("help")) => return Ok(Task::Help),
        Some(Value(name)) => name.string()?,
        Some(other) => return Err(other.unexpected()),
    };
    if task == "demo" {
        return Ok(Task::Demo { args: parser.raw_args()?.collect() });
    }
    if task == "market" {
        return Ok(Task::Market { args: parser.raw_args()?.collect() });
    }
    if task == "gpu-report" {
        return Ok(Task::GpuReport { args: parser.raw_args()?.collect() });
    }
    let (mut all, mut sample, mut runs, mut json, mut web) = (false, None, RUNS, false, false);
    let mut proofs = Documents::Sample;
    let mut aggregation = false;
    let (mut target, mut seconds, mut coverage) = (None, None, false);
    let mut steps = Vec::new();
    let (mut port, mut isolation, mut database) = (PORT, true, None);
    while let Some(argument) = parser.next()? {
        match argument {
            Long("all") if task == "test" || task == "market-api" => all = true,
            Long("step") if task == "test" && all => steps.push(parser.value()?.string()?),
            Long("all") if task == "documents" && proofs == Documents::Sample => {
                proofs = Documents::All
            }
            Long("update") if task == "documents" && proofs == Documents::Sample => {
                proofs = Documents::Update
            }
            Long("database") if task == "deny" => database = Some(parser.value()?.into()),
            Long("runs") if task == "report" => runs = parser.value()?.parse()?,
            Long("json") if task == "report" => json = true,
            Long("port") if task == "web" => port = parser.value()?.parse()?,
            Long("no-isolation") if task == "web" => isolation = false,
            Value(of) if task == "report" && of == "web" => web = true,
            Value(of) if task == "report" && of == "aggregation" => aggregation = true,
            Long("sample") if task == "soundness-mutants" => {
                sample = Some(parser.value()?.parse()?)
            }
            Long("coverage") if task == "fuzz" && seconds.is_none() => coverage = true,
            Value(name) if task == "fuzz" && target.is_none() => target = Some(name.string()?),
            Value(of) if task == "fuzz" && seconds.is_none() && !coverage => {
                seconds = Some(of.parse()?)
            }
            Short('h') | Long("help") => return Ok(Task::Help),
            other => return Err(other.unexpected()),
        }
    }
    match task.as_str() {
        "test" if all => Ok(Task::TestAll { steps }),
        "test" => Ok(Task::Test),
        "ci" => Ok(Task::Ci),
        "market-api" => Ok(Task::MarketApi { slow: if all { Slow::Whole } else { Slow::Bounded } }),
        "lint" => Ok(Task::Lint),
        "deny" => Ok(Task::Deny { database }),
        "documents" => Ok(Task::Documents { proofs }),
        "report" if web => Ok(Task::WebReport { runs }),
        "report" if aggregation => Ok(Task::AggregationReport { runs, json }),
        "report" => Ok(Task::Report { runs, json }),
        "soundness-mutants" => Ok(Task::SoundnessMutants { sample }),
        "fuzz" if coverage => Ok(Task::Fuzz { target, work: Fuzzing::Coverage }),
        "fuzz" => Ok(Task::Fuzz { target, work: Fuzzing::Run(seconds.unwrap_or(FUZZ_SECONDS)) }),
        "aarch64" => Ok(Task::Aarch64),
        "gpu-info" => Ok(Task::GpuInfo),
        "kotlin" => Ok(Task::Kotlin),
        "swift" => Ok(Task::Swift),
        "swift-test" => Ok(Task::SwiftTest),
        "web" => Ok(Task::Web { port, isolation }),
        "web-package" => Ok(Task::WebPackage),
        "web-test" => Ok(Task::WebTest),
        "build" => Ok(Task::Build),
        "setup" => Ok(Task::Setup),
        "help" => Ok(Task::Help),
        _ => Err(format!("there is no task `{task}`; the tasks are listed below").into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(args: &[&str]) -> Result<Task, String> {
        parse(args.iter().map(OsString::from)).map_err(|error| error.to_string())
    }

    #[test]
    fn tasks_are_read() {
        assert_eq!(parsed(&["test"]), Ok(Task::Test));
        assert_eq!(parsed(&["test", "--all"]), Ok(Task::TestAll { steps: Vec::new() }));
        let again = parsed(&["test", "--all", "--step", "page whole", "--step", "tests"]);
        let steps = ["page whole", "tests"].map(str::to_owned).to_vec();
        assert_eq!(again, Ok(Task::TestAll { steps }));
        assert_eq!(parsed(&["ci"]), Ok(Task::Ci));
        assert_eq!(parsed(&["lint"]), Ok(Task::Lint));
        assert_eq!(parsed(&["market-api"]), Ok(Task::MarketApi { slow: Slow::Bounded }));
        assert_eq!(parsed(&["market-api", "--all"]), Ok(Task::MarketApi { slow: Slow::Whole }));
        assert_eq!(parsed(&["deny"]), Ok(Task::Deny { database: None }));
        let copy = parsed(&["deny", "--database", "../a copy"]);
        assert_eq!(copy, Ok(Task::Deny { database: Some("../a copy".into()) }));
        assert_eq!(parsed(&["soundness-mutants"]), Ok(Task::SoundnessMutants { sample: None }));
        assert_eq!(parsed(&["report", "--json"]), Ok(Task::Report { runs: RUNS, json: true }));
        let three = NonZeroUsize::new(3).unwrap();
        assert_eq!(
            parsed(&["report", "--runs", "3"]),
            Ok(Task::Report { runs: three, json: false })
        );
        assert_eq!(parsed(&["report", "--json", "web"]), Ok(Task::WebReport { runs: RUNS }));
        let aggregates = parsed(&["report", "aggregation", "--runs", "3"]);
        assert_eq!(aggregates, Ok(Task::AggregationReport { runs: three, json: false }));
        for (args, proofs) in [
            (&["documents"] as &[&str], Documents::Sample),
            (&["documents", "--all"], Documents::All),
            (&["documents", "--update"], Documents::Update),
        ] {
            assert_eq!(parsed(args), Ok(Task::Documents { proofs }));
        }
        let sampled = parsed(&["soundness-mutants", "--sample", "8"]);
        assert_eq!(sampled, Ok(Task::SoundnessMutants { sample: Some(8) }));
        let target = || Some("mso".to_owned());
        let fuzz = |target, seconds| {
            Ok(Task::Fuzz { target, work: Fuzzing::Run(NonZeroU32::new(seconds).unwrap()) })
        };
        assert_eq!(parsed(&["fuzz"]), fuzz(None, 60));
        assert_eq!(parsed(&["fuzz", "mso"]), fuzz(target(), 60));
        assert_eq!(parsed(&["fuzz", "mso", "600"]), fuzz(target(), 600));
        let coverage = parsed(&["fuzz", "mso", "--coverage"]);
        assert_eq!(coverage, Ok(Task::Fuzz { target: target(), work: Fuzzing::Coverage }));
        assert_eq!(parsed(&["web"]), Ok(Task::Web { port: PORT, isolation: true }));
        let plain = parsed(&["web", "--no-isolation", "--port", "9000"]);
        assert_eq!(plain, Ok(Task::Web { port: 9000, isolation: false }));
        assert_eq!(parsed(&["web-package"]), Ok(Task::WebPackage));
        assert_eq!(parsed(&["aarch64"]), Ok(Task::Aarch64));
        assert_eq!(parsed(&["gpu-info"]), Ok(Task::GpuInfo));
        let args = ["--quick", "--runs", "2"].map(OsString::from).to_vec();
        assert_eq!(parsed(&["gpu-report", "--quick", "--runs", "2"]), Ok(Task::GpuReport { args }));
        assert_eq!(parsed(&["kotlin"]), Ok(Task::Kotlin));
        assert_eq!(parsed(&["swift"]), Ok(Task::Swift));
        assert_eq!(parsed(&["swift-test"]), Ok(Task::SwiftTest));
        assert_eq!(parsed(&["web-test"]), Ok(Task::WebTest));
        assert_eq!(parsed(&["build"]), Ok(Task::Build));
        assert_eq!(parsed(&["setup"]), Ok(Task::Setup));
    }

    #[test]
    fn help_is_given_where_it_is_asked_for() {
        for args in [&[] as &[&str], &["help"], &["--help"], &["-h"], &["test", "--help"]] {
            assert_eq!(parsed(args), Ok(Task::Help), "{args:?}");
        }
    }

    #[test]
    fn the_demo_gets_its_arguments_untouched() {
        let args = ["--json", "--threads", "2", "--help", "--", "x y"].map(OsString::from).to_vec();
        assert_eq!(
            parsed(&["demo", "--json", "--threads", "2", "--help", "--", "x y"]),
            Ok(Task::Demo { args })
        );
    }

    #[test]
    fn what_is_not_understood_is_named() {
        for (args, named) in [
            (&["tests"] as &[&str], "`tests`"),
            (&["--all"], "--all"),
            (&["lint", "--all"], "--all"),
            (&["ci", "--all"], "--all"),
            (&["documents", "--all", "--update"], "--update"),
            (&["ci", "--database", "copy"], "--database"),
            (&["deny", "--database"], "--database"),
            (&["deny", "copy"], "copy"),
            (&["test", "--al"], "--al"),
            (&["test", "--step", "tests"], "--step"),
            (&["test", "core"], "core"),
            (&["test", "--all=yes"], "yes"),
            (&["report", "--runs", "0"], "zero"),
            (&["fuzz", "mso", "0"], "zero"),
            (&["fuzz", "mso", "60", "--coverage"], "--coverage"),
            (&["fuzz", "mso", "60", "61"], "61"),
        ] {
            let error = parsed(args).expect_err("must be refused");
            assert!(error.contains(named), "{args:?}: {error}");
        }
    }
}
