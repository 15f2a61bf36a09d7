//! The project's own tasks, run as `./x TASK` or `cargo xtask TASK`.
//!
//! `./x` ensures that Rust and a linker are installed, and then runs this program, which does the
//! rest. This program knows the workspace and the tools, and nothing of what the crates do.
//!
//! The picture shows which modules do each task, and what `ci` runs.
//!
//! ```text
//! ./x TASK --> args::parse --> Task --> run
//!
//! build, demo, market                  project, aggregation
//! web, web-package, swift              demo_web, web, swift (mobile, swift_chroot)
//! test, ci, lint, deny, setup          checks, advisories, tools, gpu --> Report, printed
//! test --all                           the same as ci, in full --> record: docs/test-all.md
//! documents, aarch64, kotlin           the modules of these names
//! soundness-mutants, fuzz, market-api  mutants, fuzz, market_api
//! web-test, swift-test                 web, swift
//! report, gpu-info, gpu-report         measure, web, gpu
//!
//! checks::ci, two lists of steps at once; checks::test runs the first line of each:
//!   tests, doc tests (unchanged)       web: npm package in Node; demo_web: one story
//!   lint, documentation                web: markets, Chromium, engines; demo_web: page
//!   tools, advisories                  kotlin
//!   aggregation, with market_api       swift              (test --all)
//!   mutants
//!   documents, aarch64, fuzz   (test --all)
//!
//! process runs other programs; tools, apt, chromium, firefox and webkit find or install them
//! ```
//!
//! The modules are:
//!
//! * `args` reads the command line. `project`, `process` and `report` are what all tasks build on.
//! * `tools`, `apt`, `chromium`, `firefox`, `webkit` and `engines` find or install programs.
//! * `checks` puts `test`, `ci` and `lint` together. `unchanged` remembers at which state of the
//!   files the tests in Rust passed, and `record` writes down the result of `test --all`.
//! * `advisories`, `mutants`, `fuzz`, `documents`, `aarch64` (with `elf`) and `market_api` each run
//!   one kind of check. `aggregation` builds and checks the workspace of that name. `gpu` installs a
//!   driver for tests, and measures GPUs.
//! * `web` builds and tests the npm package, `demo_web` the page, and `mobile`, `kotlin`, `swift`
//!   and `swift_chroot` the packages for phones.
//! * `measure` measures proofs.
//! * `manual` has tests of the links and code blocks in the project's Markdown.

mod aarch64;
mod advisories;
mod aggregation;
mod apt;
mod args;
mod checks;
mod chromium;
mod demo_web;
mod documents;
mod elf;
mod engines;
mod firefox;
mod fuzz;
mod gpu;
mod kotlin;
#[cfg(test)]
mod manual;
mod market_api;
mod measure;
mod mobile;
mod mutants;
mod process;
mod project;
mod record;
mod report;
mod swift;
mod swift_chroot;
mod tools;
mod unchanged;
mod web;
mod webkit;

use std::ffi::OsString;
use std::process::ExitCode;

use crate::args::Task;
use crate::checks::Slow;
use crate::process::Error;
use crate::project::{Cpu, Project};
use crate::report::Report;
use crate::web::Modules;

/// Exit status: 0 done, 1 a step failed, 2 usage. `demo` ends with the status of `velum demo`.
fn main() -> ExitCode {
    let task = match args::parse(std::env::args_os().skip(1)) {
        Ok(task) => task,
        Err(error) => {
            eprintln!("error: {error}\n\n{}", args::USAGE);
            return ExitCode::from(2);
        }
    };
    run(&Project::locate(), task).unwrap_or_else(|error| {
        eprintln!("error: {error}");
        ExitCode::FAILURE
    })
}

fn run(project: &Project, task: Task) -> Result<ExitCode, Error> {
    match task {
        Task::Help => {
            print!("{}", args::USAGE);
            Ok(ExitCode::SUCCESS)
        }
        Task::Build => {
            process::run(&mut project.build(Cpu::Any, "velum-cli", "velum"))?;
            aggregation::build(project)?;
            aggregation::build_market(project)?;
            println!("{}", aggregation::folder(project).display());
            Ok(ExitCode::SUCCESS)
        }
        Task::Market { args } => {
            aggregation::build_market(project)?;
            let mut market =
                std::process::Command::new(project.program(Cpu::Any, aggregation::MARKET));
            let status = process::status(market.args(["market", "demo"]).args(args))?;
            Ok(status
                .code()
                .and_then(|code| u8::try_from(code).ok())
                .map_or(ExitCode::FAILURE, ExitCode::from))
        }
        Task::MarketApi { slow } => {
            market_api::run(project, slow)?;
            Ok(ExitCode::SUCCESS)
        }
        Task::Setup => Ok(close(&reported(|report| {
            tools::install(project, report);
            checks::install_gpu(project, report);
        }))),
        Task::Lint => Ok(close(&reported(|report| checks::lint(project, report)))),
        Task::Deny { database } => {
            Ok(close(&reported(|report| advisories::deny(project, report, database.as_deref()))))
        }
        Task::Test => Ok(close(&reported(|report| checks::test(project, report)))),
        Task::Ci => Ok(close(&reported(|report| checks::ci(project, report, Slow::Bounded)))),
        Task::TestAll { steps } => {
            let is_whole = steps.is_empty();
            let mut report = Report::of(steps);
            checks::ci(project, &mut report, Slow::Whole);
            let code = close(&report);
            record::write(project, &report, is_whole)?;
            match report.missing() {
                Some(name) => Err(Error::Found(format!(
                    "there is no step `{name}`; docs/test-all.md has their names"
                ))),
                None => Ok(code),
            }
        }
        Task::SoundnessMutants { sample } => {
            mutants::run(project, sample)?;
            Ok(ExitCode::SUCCESS)
        }
        Task::Fuzz { target, work } => {
            fuzz::run(project, target.as_deref(), work)?;
            Ok(ExitCode::SUCCESS)
        }
        Task::Documents { proofs } => {
            documents::run(project, proofs)?;
            Ok(ExitCode::SUCCESS)
        }
        Task::Report { runs, json } => {
            measure::report(project, runs.get(), json)?;
            Ok(ExitCode::SUCCESS)
        }
        Task::Aarch64 => {
            aarch64::run(project)?;
            Ok(ExitCode::SUCCESS)
        }
        Task::GpuInfo => {
            gpu::info(project)?;
            Ok(ExitCode::SUCCESS)
        }
        Task::GpuReport { args } => gpu::report(project, &args),
        Task::Kotlin => {
            kotlin::test(project)?;
            Ok(ExitCode::SUCCESS)
        }
        Task::Swift => {
            swift::build(project)?;
            Ok(ExitCode::SUCCESS)
        }
        Task::SwiftTest => {
            swift::test(project)?;
            Ok(ExitCode::SUCCESS)
        }
        Task::Web { port, isolation } => demo_web::serve(project, port, isolation),
        Task::WebPackage => {
            web::build(project, Modules::ALL)?;
            Ok(ExitCode::SUCCESS)
        }
        Task::AggregationReport { runs, json } => {
            measure::aggregation::report(project, runs.get(), json)?;
            Ok(ExitCode::SUCCESS)
        }
        Task::WebReport { runs } => {
            web::measure(project, runs.get())?;
            Ok(ExitCode::SUCCESS)
        }
        Task::WebTest => {
            web::build(project, Modules::ALL)?;
            web::test(project, Slow::Bounded)?;
            Ok(ExitCode::SUCCESS)
        }
        Task::Demo { args } => demo(project, &args),
    }
}

fn reported(run: impl FnOnce(&mut Report)) -> Report {
    let mut report = Report::default();
    run(&mut report);
    report
}

fn close(report: &Report) -> ExitCode {
    print!("\n{report}");
    if report.failed() { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}

/// Builds `velum` for the processor of this machine and runs `velum demo`. Only the demo writes to
/// standard output.
fn demo(project: &Project, args: &[OsString]) -> Result<ExitCode, Error> {
    process::run(&mut project.build(Cpu::This, "velum-cli", "velum"))?;
    let mut velum = project.command(project.program(Cpu::This, "velum"));
    if args.iter().any(|argument| argument == "aggregate") {
        aggregation::build(project)?;
        let path = std::env::var_os("PATH").unwrap_or_default();
        let folders =
            std::iter::once(aggregation::folder(project)).chain(std::env::split_paths(&path));
        let path =
            std::env::join_paths(folders).map_err(|error| Error::Found(error.to_string()))?;
        velum.env("PATH", path);
    }
    let status = process::status(velum.arg("demo").args(args))?;
    let code = status.code().and_then(|code| u8::try_from(code).ok());
    Ok(code.map_or(ExitCode::FAILURE, ExitCode::from))
}
