//! Mutation testing of soundness. Every constraint and every bus is switched off in turn, and some
//! test must notice.
//!
//! The core's unit tests read the rule to switch off from `VELUM_MUTANT`. No other build of the
//! core can switch off a rule. For each rule that no test notices, `docs/soundness-mutants.md` must
//! argue why, on a line of its own: "- `rule`: why".

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Command, Stdio};

use serde_json::Value;

use crate::process::{self, Error};
use crate::project::Project;

const ARGUED: &str = "docs/soundness-mutants.md";
const LIST_TEST: &str = "proof::tests::lists_every_rule";

/// Switches rules off, either all of them or about `sample`. Fails unless exactly those rules are
/// unnoticed that are argued.
pub fn run(project: &Project, sample: Option<usize>) -> Result<(), Error> {
    let tests = Tests::build(project)?;
    let rules = tests.rules()?;
    // If tests fail anyway, every rule would count as noticed.
    if tests.fail(None, "chips::")? || tests.fail(None, "proof::")? {
        return Err(Error::Found(
            "tests of velum-core fail with no rule switched off: run and fix them first".to_owned(),
        ));
    }
    let step = sample.map_or(1, |sample| rules.len().div_ceil(sample.max(1)).max(1));
    let argued = argued(&std::fs::read_to_string(project.root().join(ARGUED)).unwrap_or_default());
    let (mut unnoticed, mut tried) = (BTreeSet::new(), BTreeSet::new());
    for rule in rules.iter().step_by(step) {
        tried.insert(rule.clone());
        let noticed = tests.notice(rule)?;
        eprintln!("{:<10} {rule}", if noticed { "noticed" } else { "UNNOTICED" });
        if !noticed {
            unnoticed.insert(rule.clone());
        }
    }
    println!(
        "{} of {} rules switched off, {} unnoticed",
        tried.len(),
        rules.len(),
        unnoticed.len()
    );
    let unexpected: Vec<_> = unnoticed.difference(&argued).cloned().collect();
    let noticed_after_all: Vec<_> =
        argued.intersection(&tried).filter(|rule| !unnoticed.contains(*rule)).cloned().collect();
    if unexpected.is_empty() && noticed_after_all.is_empty() {
        return Ok(());
    }
    let message = format!(
        "no test notices these rules, and {ARGUED} does not say why: {unexpected:?}; a test \
         notices these rules, and {ARGUED} says that none does: {noticed_after_all:?}"
    );
    Err(Error::Found(message))
}

/// The rules that a list argues for.
fn argued(list: &str) -> BTreeSet<String> {
    let rule = |line: &str| Some(line.strip_prefix("- `")?.split_once("`:")?.0.to_owned());
    list.lines().filter_map(rule).collect()
}

/// The core's unit tests, already built.
struct Tests<'a> {
    project: &'a Project,
    binary: PathBuf,
}

impl<'a> Tests<'a> {
    fn build(project: &'a Project) -> Result<Self, Error> {
        // The build is the same as that of `./x test`. A build of this package alone would compile
        // its dependencies again with other features.
        let mut build = project.cargo(["test", "--workspace", "--tests", "--no-run", "--locked"]);
        let output =
            process::output(build.args(["--message-format", "json"]).stderr(Stdio::inherit()))?;
        let binary = executable(&String::from_utf8_lossy(&output.stdout));
        let binary = binary
            .ok_or_else(|| Error::Found("cargo built no test binary of velum-core".to_owned()))?;
        Ok(Self { project, binary })
    }

    fn rules(&self) -> Result<Vec<String>, Error> {
        let output = process::output(self.command().args(["--exact", LIST_TEST, "--nocapture"]))?;
        let printed = String::from_utf8_lossy(&output.stdout).into_owned();
        let rules: Vec<_> = printed
            .lines()
            .filter_map(|line| line.strip_prefix("rule: "))
            .map(str::to_owned)
            .collect();
        if rules.is_empty() {
            return Err(Error::Found(format!("{LIST_TEST} lists no rule")));
        }
        Ok(rules)
    }

    /// Whether a test fails with the rule switched off. The chip's own tests run first, then those
    /// of whole proofs.
    fn notice(&self, rule: &str) -> Result<bool, Error> {
        let first = match rule.split_once('/') {
            // A class may have several tables of one chip, such as `sha256` and `sha256-1`.
            Some((table, _)) => format!("::{}::", table.split('-').next().unwrap_or(table)),
            None => "chips::".to_owned(),
        };
        Ok(self.fail(Some(rule), &first)? || self.fail(Some(rule), "proof::")?)
    }

    /// Whether a test of these modules fails, with a rule switched off if one is given. The first
    /// failure ends the run.
    fn fail(&self, rule: Option<&str>, modules: &str) -> Result<bool, Error> {
        let mut tests = self.command();
        tests.args([modules, "--skip", LIST_TEST]);
        if let Some(rule) = rule {
            tests.env("VELUM_MUTANT", rule);
        }
        tests.stdout(Stdio::piped()).stderr(Stdio::null());
        let start = |source| Error::Start { command: self.binary.display().to_string(), source };
        let mut running = tests.spawn().map_err(start)?;
        let mut ran = false;
        let failed = running.stdout.take().is_some_and(|printed| {
            let mut lines = BufReader::new(printed).lines().map_while(Result::ok);
            lines.any(|line| {
                ran |= line.starts_with("test ");
                is_failure(&line)
            })
        });
        if !ran {
            return Err(Error::Found(format!("no test of velum-core has {modules:?} in its name")));
        }
        if failed {
            // The process may have ended by itself.
            let _ = running.kill();
        }
        Ok(!running.wait().map_err(start)?.success() || failed)
    }

    /// The tests, set up to run where cargo runs them.
    fn command(&self) -> Command {
        let mut command = self.project.command(&self.binary);
        command.current_dir(self.project.root().join("core"));
        command
    }
}

/// Whether a line of the test runner reports a failed test.
fn is_failure(line: &str) -> bool {
    line.starts_with("test ") && line.ends_with("... FAILED")
}

/// The binary of the core's unit tests, among those that cargo's messages name.
fn executable(messages: &str) -> Option<PathBuf> {
    messages.lines().find_map(|line| {
        let message: Value = serde_json::from_str(line).ok()?;
        let is_unit_tests = message["target"]["name"] == "velum_core"
            && message["target"]["kind"][0] == "lib"
            && message["profile"]["test"] == true;
        message["executable"].as_str().filter(|_| is_unit_tests).map(PathBuf::from)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_the_argued_rules_the_failures_and_the_binary() {
        let list =
            "# Argued\n\n- `sha256/carry`: implied by range.\n- `bus x`: none.\nnot `this`: one\n";
        assert_eq!(argued(list), BTreeSet::from(["sha256/carry".to_owned(), "bus x".to_owned()]));
        assert!(is_failure("test chips::common::sha256::tests::a ... FAILED"));
        assert!(!is_failure("test chips::common::sha256::tests::a ... ok"));
        assert!(!is_failure("test result: FAILED. 0 passed; 1 failed"));
        let built = |name: &str, kind: &str, test: bool, executable: &str| {
            format!(
                r#"{{"target":{{"kind":["{kind}"],"name":"{name}"}},"profile":{{"test":{test}}},"executable":{executable}}}"#
            )
        };
        let messages = [
            built("velum_stark", "lib", true, r#""/t/velum_stark-1""#),
            built("velum_core", "lib", false, "null"),
            built("velum_core", "lib", true, r#""/t/velum_core-1""#),
            built("cli", "test", true, r#""/t/cli-1""#),
            r#"{"reason":"build-finished","success":true}"#.to_owned(),
        ]
        .join("\n");
        assert_eq!(executable(&messages), Some(PathBuf::from("/t/velum_core-1")));
        assert_eq!(executable("no message"), None);
    }
}
