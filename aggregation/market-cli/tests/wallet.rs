//! A wallet that pays with blind credit, and what becomes of its tokens.

mod programs;

use std::path::Path;
use std::time::Duration;

use serde_json::Value;
use velum_credentials::aggregate::Submission;
use velum_market_testing::made;
use velum_testdata::FOLDED;

use crate::programs::{Running, command, free_address, path, run};

/// Long enough on a machine that has much else to do.
const TRIES: u32 = 600;

/// Waits until something is so.
fn wait_for(what: &str, is_so: impl Fn() -> bool) {
    for _ in 0..TRIES {
        if is_so() {
            return;
        }
        std::thread::sleep(Duration::from_millis(100));
    }
    panic!("{what}: not so after a minute");
}

fn json(file: &Path) -> Value {
    std::fs::read(file).ok().and_then(|bytes| serde_json::from_slice(&bytes).ok()).unwrap_or_default()
}

fn tokens(purse: &Path) -> usize {
    json(purse)["tokens"].as_array().map_or(0, Vec::len)
}

#[test]
fn tokens_come_back_from_jobs_that_end_early_and_from_a_node_that_refuses_them() {
    let folder = tempfile::tempdir().unwrap();
    let (at, address) = (folder.path(), free_address());
    assert_eq!(run(&["init", &path(at, ""), "--listen", &address]).0, Some(0));
    let (url, key) = (format!("http://{address}/"), path(at, "provider.key"));
    let _node = Running::start(&["serve", "--config", &path(at, "market.toml")]);
    // It has money then, and takes nothing, for it is gone.
    let buy = ["credit", "--market", &url, "--key", &key, "--purse", &path(at, "purse"), "--tokens", "12"];
    {
        let state = path(at, "provider");
        let provide =
            ["provide", "--market", &url, "--key", &key, "--state", &state, "--demo-money", "5000000"];
        let _provider = Running::start(&provide);
        wait_for("credit is bought", || run(&buy).0 == Some(0));
    }
    let purse = at.join("purse");
    assert_eq!(tokens(&purse), 12);
    std::fs::copy(&purse, at.join("copy")).unwrap();

    let (case, predicate) = FOLDED[0];
    let submission = Submission::from_bytes(&made(1)[0].bytes).unwrap();
    std::fs::write(at.join("presentation"), submission.presentation.to_bytes()).unwrap();
    std::fs::write(at.join("transcript"), case.session_transcript).unwrap();
    std::fs::write(at.join("request"), case.request_with(predicate)).unwrap();
    let files = ["presentation", "transcript", "request", "receipt"].map(|name| path(at, name));
    let submit = |purse: &str| {
        let mut arguments = ["submit", "--market", &url, "--purse", purse].map(str::to_owned).to_vec();
        for (flag, file) in ["--presentation", "--transcript", "--request", "--out"].iter().zip(&files) {
            arguments.extend([(*flag).to_owned(), file.clone()]);
        }
        // It waits for company that does not come.
        arguments.extend(["--max-wait", "3600", "--min-batch", "2"].map(str::to_owned));
        arguments
    };
    let hand_off = at.join("receipt.hand-off");
    let arguments = submit(&path(at, "purse"));
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();

    // Killed while the job waits, which is paid, and stopped when it goes on.
    let mut killed = command(&arguments).stdout(std::process::Stdio::null()).spawn().unwrap();
    wait_for("the job waits", || json(&hand_off)["saved"]["step"] == "waiting");
    killed.kill().unwrap();
    killed.wait().unwrap();
    assert_eq!(tokens(&purse), 2, "ten are worth the most that the job pays");
    let stopped = command(&arguments).stdout(std::process::Stdio::null()).spawn().unwrap();
    std::thread::sleep(Duration::from_secs(2));
    std::process::Command::new("kill").args(["-TERM", &stopped.id().to_string()]).status().unwrap();
    assert!(!stopped.wait_with_output().unwrap().status.success());
    assert!(!hand_off.exists(), "the job was taken back");
    assert_eq!(tokens(&purse), 12, "all of its money has come back");

    // A copy of the purse has tokens that were spent. One is found out at a time, and the others stay.
    let arguments = submit(&path(at, "copy"));
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let (status, refused) = run(&arguments);
    assert_ne!(status, Some(0));
    assert!(refused["error"]["message"].as_str().unwrap().contains("was spent before"), "{refused}");
    assert!(!hand_off.exists());
    assert_eq!(tokens(&at.join("copy")), 11);

    let audit = run(&["audit", "--market", &url, "--seen", &path(at, "seen"), "--purse", &path(at, "purse")]);
    assert_eq!((audit.0, &audit.1["credit_keys"]), (Some(0), &1.into()), "{}", audit.1);
}
