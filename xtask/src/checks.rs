//! The checks that make up `test`, `ci` and `lint`. A check that fails does not stop the others.

use std::num::NonZeroU32;

use crate::aarch64;
use crate::advisories;
use crate::aggregation;
use crate::args::Documents;
use crate::demo_web;
use crate::documents;
use crate::fuzz;
use crate::gpu;
use crate::kotlin;
use crate::mutants;
use crate::process::{self, Error};
use crate::project::Project;
use crate::report::Report;
use crate::swift;
use crate::tools;
use crate::unchanged;
use crate::web::{self, Modules};

const TESTS: &str = "tests";
const DOC_TESTS: &str = "documentation tests";

/// Number of rules that a bounded run switches off.
const MUTANTS_SAMPLED: usize = 8;

/// Seconds for which a whole run fuzzes each target.
const FUZZ_SECONDS: NonZeroU32 = NonZeroU32::new(20).unwrap();

/// How far those suites go that could run for hours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Slow {
    Bounded,
    Whole,
}

impl Slow {
    /// The variables that tell tests how far to go.
    pub fn variables(self) -> &'static [(&'static str, &'static str)] {
        match self {
            Self::Bounded => &[],
            Self::Whole => &[("VELUM_TEST_ALL", "1")],
        }
    }
}

/// Runs the tests in Rust, and those of the npm package and the page with one build of the prover.
/// Tests in Rust that passed do not run again if nothing has changed since.
pub fn test(project: &Project, report: &mut Report) {
    install_gpu(project, report);
    let rust = |report: &mut Report| {
        report.step_with_verdict(TESTS, || {
            unchanged::skip(project, TESTS, || tests(project, Slow::Bounded))
        });
        report.step_with_verdict(DOC_TESTS, || {
            unchanged::skip(project, DOC_TESTS, || doc_tests(project))
        });
    };
    beside(project, report, rust, |report| test_one_build(project, report, Slow::Bounded));
}

/// Runs what must pass before a change lands: all of `test`, then everything that `test` leaves
/// out. The checks of the npm package and the page run beside all others, because neither half
/// keeps two cores busy by itself.
pub fn ci(project: &Project, report: &mut Report, slow: Slow) {
    install_gpu(project, report);
    beside(
        project,
        report,
        |report| rust(project, report, slow),
        |report| {
            test_one_build(project, report, slow);
            test_web(project, report, slow);
        },
    );
}

/// Runs two lists of steps at once.
fn beside(
    project: &Project,
    report: &mut Report,
    first: impl FnOnce(&mut Report),
    second: impl FnOnce(&mut Report) + Send,
) {
    let path = project.target().join("beside.log");
    let mut options = std::fs::File::options();
    let log = std::fs::create_dir_all(project.target())
        .and_then(|()| options.read(true).append(true).create(true).open(&path))
        .and_then(|log| log.set_len(0).map(|()| log));
    match log {
        Ok(log) => report.at_once(log, first, second),
        Err(source) => report.step("log of steps", || Err(Error::Write { path, source })),
    }
}

/// Everything except the npm package and the page.
fn rust(project: &Project, report: &mut Report, slow: Slow) {
    report
        .step_with_verdict(TESTS, || unchanged::remember(project, TESTS, || tests(project, slow)));
    report.step_with_verdict(DOC_TESTS, || {
        unchanged::remember(project, DOC_TESTS, || doc_tests(project))
    });
    lint(project, report);
    report.step("documentation", || {
        let mut doc = project.cargo(["doc", "--no-deps", "--workspace", "--locked"]);
        // The programs that write bindings have no documentation, and their dependencies take a
        // minute to check.
        doc.args(["--exclude", "velum-mobile-bindgen", "--exclude", "velum-wasm-bindgen"]);
        process::run(doc.env("RUSTDOCFLAGS", "-D warnings"))
    });
    tools::install(project, report);
    advisories::deny(project, report, None);
    aggregation::ci(project, report, slow);
    report.step("soundness mutants", || {
        mutants::run(project, (slow == Slow::Bounded).then_some(MUTANTS_SAMPLED))
    });
    if slow == Slow::Whole {
        report.step("real documents", || documents::run(project, Documents::All));
        report.step("64-bit ARM", || aarch64::run(project));
        report.step("fuzzers", || fuzz::run_all(project, FUZZ_SECONDS));
    }
}

/// The npm package and the page, beyond what `test` covers, and what is tested with them.
fn test_web(project: &Project, report: &mut Report, slow: Slow) {
    match slow {
        Slow::Bounded => {
            report.step("npm package: markets", || web::test_markets(project, Modules::ONE));
            report.step("npm package in Chromium", || web::test_in_chromium(project, Modules::ONE));
            report.step("npm package: engines", || web::test_engines(project, Modules::ONE, slow));
            report.step("page: one build", || demo_web::test(project, Modules::ONE, slow));
        }
        Slow::Whole => {
            report.step("npm package: all builds", || web::build(project, Modules::ALL));
            report.step("npm package whole", || web::test(project, slow));
            report.step("npm package: engines", || web::test_engines(project, Modules::ALL, slow));
            report.step("page whole", || demo_web::test(project, Modules::ALL, slow));
        }
    }
    // Wallets in Kotlin and Swift prove to the npm package, which must not be built meanwhile.
    report.step("Kotlin packages", || kotlin::test(project));
    if slow == Slow::Whole {
        report.step("Swift packages", || swift::test(project));
    }
}

/// Installs what tests of GPU kernels run on.
pub fn install_gpu(project: &Project, report: &mut Report) {
    report.step("tool: Vulkan driver", || gpu::install(project));
}

fn tests(project: &Project, slow: Slow) -> Result<(), Error> {
    let mut test = match tools::nextest(project) {
        Some(mut nextest) => {
            let profile = if slow == Slow::Whole { "all" } else { "ci" };
            nextest.args(["nextest", "run", "--profile", profile]);
            nextest
        }
        None => project.cargo(["test", "--no-fail-fast"]),
    };
    process::run(
        test.args(["--workspace", "--tests", "--locked"]).envs(slow.variables().iter().copied()),
    )
}

fn doc_tests(project: &Project) -> Result<(), Error> {
    process::run(&mut project.cargo(["test", "--doc", "--workspace", "--locked"]))
}

/// Tests the npm package and the page with one build of the prover.
fn test_one_build(project: &Project, report: &mut Report, slow: Slow) {
    report.step("npm package: one build", || web::build(project, Modules::ONE));
    report.step("npm package in Node", || web::test_in_node(project, Modules::ONE, slow));
    report.step("page: one story", || demo_web::test_story(project, Modules::ONE));
}

/// Checks formatting and runs clippy. Crates with features are also checked with fewer features, as
/// projects build them that embed only a part.
pub fn lint(project: &Project, report: &mut Report) {
    report.step("format", || {
        process::run(&mut project.cargo(["fmt", "--all", "--check"]))?;
        let fuzzers = ["fmt", "--check", "--manifest-path", "fuzz/Cargo.toml"];
        process::run(&mut project.cargo(fuzzers))
    });
    report.step("clippy", || clippy(project, &["--workspace", "--all-targets"]));
    report.step("verifiers alone", || {
        clippy(project, &["--package", "velum-core", "--no-default-features"])?;
        clippy(project, &["--package", "velum-wallet", "--no-default-features"])
    });
    report.step("apps without markets", || {
        clippy(project, &["--package", "velum-mobile", "--no-default-features"])
    });
    report.step("command without GPU", || {
        clippy(project, &["--package", "velum-cli", "--no-default-features"])
    });
    report.step("pool alone", || {
        clippy(
            project,
            &["--package", "velum-wallet", "--no-default-features", "--features", "pool"],
        )
    });
}

fn clippy(project: &Project, of: &[&str]) -> Result<(), Error> {
    process::run(project.cargo(["clippy", "--locked"]).args(of).args(["--", "-D", "warnings"]))
}
