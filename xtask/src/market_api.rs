//! Checks the description of a market's API and a running node against each other with
//! Schemathesis, which sends requests that follow the description and requests that do not. During
//! the test, other things happen in the node too.
//!
//! Schemathesis comes from PyPI, in a pinned version and with the hashes of all its dependencies,
//! into a folder of its own. It needs Python 3.11 or later.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::Duration;

use crate::aggregation;
use crate::apt;
use crate::checks::Slow;
use crate::process::{self, Error};
use crate::project::Project;

/// The folder of hooks and pinned versions, relative to the root.
const FOLDER: &str = "aggregation/market/fuzz";

/// The description, relative to the root.
const DESCRIPTION: &str = "docs/market-api.yaml";

/// The program that writes submissions for others.
const SUBMISSIONS: &str = "market-submissions";

/// Number of submissions that the hooks hand in.
const COUNT: &str = "6";

/// Seconds of a bounded run.
const BOUNDED: &str = "30";

/// Operations that a node carries out for nobody within a run, because their auctions and proofs
/// take minutes.
const NEVER_DONE: [&str; 4] = [
    "GET /v1/jobs/{job}/receipt",
    "POST /v1/lots/{lot}/reveal",
    "POST /v1/lots/{lot}/delivery",
    "POST /v1/credit/redemptions",
];

/// What is added to the configuration that `velum market init` writes for a node.
const CONFIG: &str = "\n# Proofs that are made up do not verify.\nfailures_per_hour = 1000000000\n";

/// Fuzzes a node, and prints which answers were seen.
pub fn run(project: &Project, slow: Slow) -> Result<(), Error> {
    let python = install(project)?;
    let market = aggregation::build_checked(project, aggregation::MARKET)?;
    let submissions = aggregation::build_checked(project, SUBMISSIONS)?;
    let folder = project.target().join("market-api");
    remove(&folder)?;
    fs::create_dir_all(&folder).map_err(|source| Error::Write { path: folder.clone(), source })?;
    process::run(project.command(submissions).arg(&folder).arg(COUNT))?;

    let node = Node::start(project, &market, &folder)?;
    let seen = folder.join("seen.json");
    let fuzzed = process::run(&mut schemathesis(project, &python, &node, &folder, slow)?);
    let log = node.stop()?;
    if log.contains("panicked") {
        return Err(Error::Found(format!("the node panicked:\n{log}")));
    }
    let answers = read_answers(&seen)?;
    print(&answers);
    fuzzed?;
    check(&answers)
}

/// The Python that has Schemathesis. Schemathesis is installed if its requirements have changed
/// since the last installation.
fn install(project: &Project) -> Result<PathBuf, Error> {
    let venv = project.target().join("tools/schemathesis");
    let (python, installed) = (venv.join("bin/python"), venv.join("installed.txt"));
    let requirements = project.root().join(FOLDER).join("requirements.txt");
    let wanted = fs::read(&requirements)
        .map_err(|error| Error::Found(format!("{}: {error}", requirements.display())))?;
    if fs::read(&installed).is_ok_and(|there| there == wanted) {
        return Ok(python);
    }
    remove(&venv)?;
    let make = |project: &Project| {
        let mut make = project.command("python3");
        make.args(["-m", "venv"]).arg(&venv);
        make
    };
    if !process::output(&mut make(project)).is_ok_and(|made| made.status.success()) {
        apt::install(project, &["python3", "python3-venv"])?;
        remove(&venv)?;
        process::run(&mut make(project))?;
    }
    let mut pip = project.command(&python);
    pip.args([
        "-m",
        "pip",
        "install",
        "--quiet",
        "--disable-pip-version-check",
        "--require-hashes",
    ]);
    pip.args(["--only-binary", ":all:", "--requirement"]).arg(&requirements).stdout(Stdio::null());
    process::run(&mut pip)?;
    fs::write(&installed, wanted).map_err(|source| Error::Write { path: installed, source })?;
    Ok(python)
}

fn schemathesis(
    project: &Project,
    python: &Path,
    node: &Node,
    folder: &Path,
    slow: Slow,
) -> Result<Command, Error> {
    let hooks = project.root().join(FOLDER);
    let token = folder.join("market/operator.token");
    let token = fs::read_to_string(&token)
        .map_err(|error| Error::Found(format!("{}: {error}", token.display())))?;
    let mut schemathesis = project.command(python);
    schemathesis
        .args(["-m", "schemathesis.cli", "--config-file"])
        .arg(hooks.join("schemathesis.toml"));
    schemathesis.arg("run").arg(project.root().join(DESCRIPTION)).args(["--url", &node.url]);
    match slow {
        Slow::Bounded => {
            schemathesis.args(["--max-time", BOUNDED, "--seed", "1", "--max-examples", "10"])
        }
        Slow::Whole => schemathesis.args(["--max-examples", "300"]),
    };
    schemathesis.current_dir(folder);
    schemathesis
        .envs([("PYTHONPATH", hooks.as_os_str()), ("SCHEMATHESIS_HOOKS", "hooks".as_ref())]);
    schemathesis.env("PYTHONDONTWRITEBYTECODE", "1");
    schemathesis.env("VELUM_MARKET_URL", &node.url).env("VELUM_MARKET_TOKEN", token.trim());
    schemathesis
        .env("VELUM_MARKET_SUBMISSIONS", folder)
        .env("VELUM_MARKET_SEEN", folder.join("seen.json"));
    Ok(schemathesis)
}

/// A node on a port of its own, with its state in a folder.
struct Node {
    process: Child,
    url: String,
    log: PathBuf,
}

impl Node {
    fn start(project: &Project, program: &Path, folder: &Path) -> Result<Self, Error> {
        let (market, log) = (folder.join("market"), folder.join("node.log"));
        let found = |error: std::io::Error| Error::Found(format!("no port is free: {error}"));
        let address =
            TcpListener::bind("127.0.0.1:0").and_then(|free| free.local_addr()).map_err(found)?;
        let mut init = project.command(program);
        init.args(["market", "init"]).arg(&market).args(["--listen", &address.to_string()]);
        process::run(init.stdout(Stdio::null()))?;
        let config = market.join("market.toml");
        let text =
            fs::read_to_string(&config).map_err(|error| Error::Found(error.to_string()))? + CONFIG;
        fs::write(&config, text).map_err(|source| Error::Write { path: config.clone(), source })?;
        let file =
            fs::File::create(&log).map_err(|source| Error::Write { path: log.clone(), source })?;
        let mut serve = project.command(program);
        serve
            .args(["market", "serve", "--config"])
            .arg(&config)
            .stdin(Stdio::null())
            .stdout(Stdio::null());
        let process = serve.stderr(file).spawn();
        let process = process.map_err(|source| Error::Start {
            command: format!("{} market serve", aggregation::MARKET),
            source,
        })?;
        let mut node = Self { process, url: format!("http://{address}"), log };
        for _ in 0..100 {
            if std::net::TcpStream::connect(address).is_ok() {
                return Ok(node);
            }
            if !matches!(node.process.try_wait(), Ok(None)) {
                break;
            }
            thread::sleep(Duration::from_millis(100));
        }
        let log = fs::read_to_string(&node.log).unwrap_or_default();
        Err(Error::Found(format!("the node did not start: {}", log.trim())))
    }

    /// Stops the node as an operator does. Returns its log.
    fn stop(mut self) -> Result<String, Error> {
        let pid = self.process.id().to_string();
        process::run(Command::new("kill").args(["-TERM", &pid]))?;
        let status = self.process.wait();
        let status =
            status.map_err(|source| Error::Start { command: "the node".to_owned(), source })?;
        let log = fs::read_to_string(&self.log).unwrap_or_default();
        if status.success() {
            Ok(log)
        } else {
            Err(Error::Found(format!("the node ended with {status}:\n{log}")))
        }
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        // The node has already ended, unless something failed.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// How often each operation was answered with each status.
type Answers = BTreeMap<String, BTreeMap<String, u64>>;

fn read_answers(path: &Path) -> Result<Answers, Error> {
    let wrong = |error: String| Error::Found(format!("{}: {error}", path.display()));
    let bytes = fs::read(path).map_err(|error| wrong(error.to_string()))?;
    let json: serde_json::Value =
        serde_json::from_slice(&bytes).map_err(|error| wrong(error.to_string()))?;
    let counts = |counts: &serde_json::Value| {
        let counts = counts.as_object().into_iter().flatten();
        counts.map(|(status, count)| (status.clone(), count.as_u64().unwrap_or_default())).collect()
    };
    let operations = json.as_object().into_iter().flatten();
    Ok(operations.map(|(operation, answers)| (operation.clone(), counts(answers))).collect())
}

fn print(answers: &Answers) {
    println!("\nAnswers by operation and status:");
    for (operation, statuses) in answers {
        let statuses: Vec<_> =
            statuses.iter().map(|(status, count)| format!("{status}: {count}")).collect();
        println!("{operation:<42} {}", statuses.join(", "));
    }
}

/// Checks that every operation that a node can carry out at once was carried out for somebody.
/// Otherwise only refusals were tested.
fn check(answers: &Answers) -> Result<(), Error> {
    let never: BTreeSet<_> = NEVER_DONE.into();
    let refused = answers.iter().filter(|(operation, statuses)| {
        !statuses.contains_key("200") && !never.contains(operation.as_str())
    });
    let refused: Vec<_> = refused.map(|(operation, _)| operation.as_str()).collect();
    if refused.is_empty() {
        return Ok(());
    }
    Err(Error::Found(format!(
        "the node never carried out these operations, so only their refusals were tested: {}",
        refused.join(", ")
    )))
}

fn remove(folder: &Path) -> Result<(), Error> {
    match fs::remove_dir_all(folder) {
        Err(source) if folder.exists() => Err(Error::Write { path: folder.into(), source }),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_operation_that_is_always_refused_is_named() {
        let answers = |json: &str| {
            let folder = tempfile::tempdir().expect("a folder");
            let path = folder.path().join("seen.json");
            fs::write(&path, json).expect("it is written");
            read_answers(&path).expect("it is read")
        };
        let fine = answers(
            r#"{"POST /v1/money": {"200": 1, "400": 2}, "POST /v1/lots/{lot}/reveal": {"409": 1}}"#,
        );
        assert!(check(&fine).is_ok());
        let error = check(&answers(r#"{"POST /v1/money": {"400": 2}}"#))
            .expect_err("it was never carried out");
        assert!(error.to_string().contains("POST /v1/money"), "{error}");
    }
}
