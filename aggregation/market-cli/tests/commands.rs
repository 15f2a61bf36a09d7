//! The commands, run as anyone would run them.

use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::time::Duration;

use serde_json::Value;

/// An address that nobody listens at.
fn free_address() -> String {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string()
}

fn command(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_velum-market"));
    command.arg("market").args(arguments).arg("--json").env("VELUM_LOG", "warn");
    command
}

fn run(arguments: &[&str]) -> (Option<i32>, Value) {
    let Output { status, stdout, stderr } = command(arguments).output().unwrap();
    let json = serde_json::from_slice(&stdout);
    (status.code(), json.unwrap_or_else(|_| panic!("{}", String::from_utf8_lossy(&stderr))))
}

/// A program that runs until the test is done with it.
struct Running(Child);

impl Running {
    fn start(arguments: &[&str]) -> Self {
        Self(command(arguments).stdout(Stdio::null()).spawn().unwrap())
    }

    /// Stops it as an operator does, and sees that it ends in good order.
    fn stop(mut self) {
        Command::new("kill").args(["-TERM", &self.0.id().to_string()]).status().unwrap();
        assert!(self.0.wait().unwrap().success());
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn path(folder: &Path, name: &str) -> String {
    folder.join(name).display().to_string()
}

#[test]
fn a_market_on_one_machine_gives_receipts_that_hold() {
    let keep = tempfile::tempdir().unwrap();
    let folder = keep.path().display().to_string();
    let (status, json) = run(&["demo", "--check", "--keep", &folder, "--listen", &free_address()]);
    assert_eq!(
        (status, &json["receipts_verified"], &json["jobs"]),
        (Some(0), &3.into(), &3.into()),
        "{json}"
    );
    assert_eq!(json["ledger_balanced"], true);
    for number in 1..=3 {
        for kind in ["receipt", "transcript", "request"] {
            assert!(keep.path().join(format!("{number}.{kind}")).is_file(), "{number}.{kind}");
        }
        assert!(!keep.path().join(format!("{number}.receipt.hand-off")).exists());
    }
    // The third was paid by a wallet, whose change has come back.
    let purse = std::fs::read(keep.path().join("wallet.purse")).unwrap();
    let purse: Value = serde_json::from_slice(&purse).unwrap();
    let left = purse["tokens"].as_array().unwrap().len();
    assert!((20..30).contains(&left), "{left} of 30 tokens are left");
    assert_eq!(std::fs::read_to_string(keep.path().join("payee.hex")).unwrap().len(), 64);
}

#[test]
fn init_overwrites_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let at = path(folder.path(), "market");
    assert_eq!(run(&["init", &at]).0, Some(0));
    let key = std::fs::read(folder.path().join("market/node.key")).unwrap();
    let (status, json) = run(&["init", &at]);
    assert_eq!((status, &json["error"]["code"]), (Some(2), &"file".into()));
    assert_eq!(std::fs::read(folder.path().join("market/node.key")).unwrap(), key);
}

#[test]
fn a_node_that_forgets_is_found_out() {
    let folder = tempfile::tempdir().unwrap();
    let (at, address) = (folder.path(), free_address());
    assert_eq!(run(&["init", &at.display().to_string(), "--listen", &address]).0, Some(0));
    let (config, url) = (path(at, "market.toml"), format!("http://{address}/"));
    let (seen, key, state) = (path(at, "seen.json"), path(at, "provider.key"), path(at, "provider"));
    let audit = || {
        // Until the node answers.
        for _ in 0..50 {
            let (status, json) = run(&["audit", "--market", &url, "--seen", &seen]);
            if status != Some(2) {
                return (status, json);
            }
            std::thread::sleep(Duration::from_millis(100));
        }
        panic!("the node did not start");
    };

    let node = Running::start(&["serve", "--config", &config]);
    assert_eq!(audit().1["entries"], 1, "the key of blind credit");
    node.stop();
    std::fs::copy(at.join("market.db"), at.join("copy.db")).unwrap();

    let node = Running::start(&["serve", "--config", &config]);
    assert_eq!(audit().0, Some(0));
    let provider = Running::start(&[
        "provide",
        "--market",
        &url,
        "--key",
        &key,
        "--state",
        &state,
        "--demo-money",
        "1000",
    ]);
    let has_entries = (0..100).any(|_| {
        std::thread::sleep(Duration::from_millis(100));
        audit().1["entries"] == 3
    });
    assert!(has_entries, "the provider's money is in the log");
    provider.stop();
    node.stop();

    for name in ["market.db", "market.db-wal", "market.db-shm"] {
        let _ = std::fs::remove_file(at.join(name));
    }
    std::fs::rename(at.join("copy.db"), at.join("market.db")).unwrap();
    let node = Running::start(&["serve", "--config", &config]);
    let (status, json) = audit();
    assert_eq!(status, Some(1), "{json}");
    assert!(json["wrong"][0].as_str().unwrap().contains("had 3 entries, and has fewer now"), "{json}");
    node.stop();
}
