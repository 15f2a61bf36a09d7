//! A wallet's purse: neither a crash nor a refusal loses any of its money, and a copy of it is
//! worth nothing.

use std::fs;
use std::path::Path;
use std::time::Duration;

use serde_json::Value;
use velum_credentials::aggregate::Submission;
use velum_market_testing::made;
use velum_testdata::FOLDED;

use crate::programs::{Running, free_address, path, run, until};

/// How many tokens are bought, and how many are left while a job of the default maximum waits.
const TOKENS: usize = 12;
const LEFT: usize = 2;

#[test]
fn a_purse_survives_crashes_and_a_copy_of_it_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let (at, address) = (folder.path(), free_address());
    assert_eq!(run(&["init", &at.display().to_string(), "--listen", &address]).0, Some(0));
    let url = format!("http://{address}/");
    let node = Running::start(&["serve", "--config", &path(at, "market.toml")]);
    let seen = path(at, "seen");
    let audit =
        |more: &[&str]| run(&[&["audit", "--market", &url, "--seen", &seen], more].concat());
    until("the node answers", || audit(&[]).0 == Some(0));
    let (purse, copy) = (path(at, "wallet.purse"), path(at, "copy.purse"));
    buy(at, &url, &purse);
    assert_eq!(tokens(&purse), TOKENS);
    fs::copy(&purse, &copy).unwrap();

    write_presentation(at);
    let (out, copied) = (path(at, "receipt"), path(at, "copied"));
    let (kept, of_copy) = (format!("{out}.hand-off"), format!("{copied}.hand-off"));
    let submit = submission(at, &url, &purse, &out);
    let submit: Vec<_> = submit.iter().map(String::as_str).collect();
    let waiting = Running::start(&submit);
    until("the job is handed in", || {
        let kept =
            fs::read(&kept).ok().and_then(|kept| serde_json::from_slice::<Value>(&kept).ok());
        kept.is_some_and(|kept| kept["saved"]["step"] == "waiting")
    });
    waiting.kill();
    assert_eq!(tokens(&purse), LEFT);

    // The same command continues, and takes the job back.
    until("it is asked to end", || {
        let waiting = Running::start(&submit);
        // Before the program listens to signals, a signal ends it as a crash does.
        std::thread::sleep(Duration::from_secs(1));
        waiting.terminate().is_some()
    });
    assert_eq!(tokens(&purse), TOKENS);
    assert!(!Path::new(&kept).exists() && !Path::new(&out).exists());

    let submit = submission(at, &url, &copy, &copied);
    let (status, json) = run(&submit.iter().map(String::as_str).collect::<Vec<_>>());
    let message = json["error"]["message"].as_str().unwrap();
    assert!(status != Some(0) && message.contains("9 tokens"), "{json}");
    assert_eq!(
        tokens(&copy),
        9,
        "those that the market names are gone, until too few are left to try"
    );
    assert!(!Path::new(&of_copy).exists());

    let (status, json) = audit(&["--purse", &purse]);
    assert_eq!((status, &json["credit_keys"]), (Some(0), &1.into()), "{json}");
    node.stop();
}

/// Fills a purse from a provider's demo money.
fn buy(at: &Path, url: &str, purse: &str) {
    let (key, state) = (path(at, "provider.key"), path(at, "provider"));
    let provide =
        ["provide", "--market", url, "--key", &key, "--state", &state, "--demo-money", "10000000"];
    let provider = Running::start(&provide);
    let count = TOKENS.to_string();
    until("tokens are bought", || {
        let bought =
            run(&["credit", "--market", url, "--key", &key, "--purse", purse, "--tokens", &count]);
        bought.0 == Some(0)
    });
    provider.stop();
}

fn write_presentation(at: &Path) {
    let submission = Submission::from_bytes(&made(1)[0].bytes).unwrap();
    fs::write(at.join("presentation"), submission.presentation.to_bytes()).unwrap();
    fs::write(at.join("transcript"), FOLDED[0].0.session_transcript).unwrap();
    fs::write(at.join("request"), submission.request.to_json()).unwrap();
}

/// The arguments of a job that waits for company, which does not come.
fn submission(at: &Path, url: &str, purse: &str, out: &str) -> Vec<String> {
    let mut words =
        vec!["submit", "--market", url, "--purse", purse, "--out", out, "--max-wait", "600"];
    let files =
        ["presentation", "transcript", "request"].map(|name| (format!("--{name}"), path(at, name)));
    words.extend(files.iter().flat_map(|(option, file)| [option.as_str(), file]));
    words.into_iter().map(str::to_owned).collect()
}

fn tokens(purse: &str) -> usize {
    let purse: Value = serde_json::from_slice(&fs::read(purse).unwrap()).unwrap();
    purse["tokens"].as_array().unwrap().len()
}
