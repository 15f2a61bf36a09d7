//! The commands, run as any user would run them.

mod programs;
mod wallet;

use serde_json::Value;

use crate::programs::{Running, free_address, path, run, until};

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
    // The third job was paid by a wallet, whose change has come back.
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
    let (seen, key, state) =
        (path(at, "seen.json"), path(at, "provider.key"), path(at, "provider"));
    let audit = || run(&["audit", "--market", &url, "--seen", &seen]);
    // A node that does not answer yet cannot be audited.
    let answers = || until("the node answers", || audit().0 != Some(2));

    let node = Running::start(&["serve", "--config", &config]);
    answers();
    assert_eq!(audit().1["entries"], 1, "the key of blind credit");
    node.stop();
    std::fs::copy(at.join("market.db"), at.join("copy.db")).unwrap();

    let node = Running::start(&["serve", "--config", &config]);
    answers();
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
    until("the provider's money is in the log", || audit().1["entries"] == 3);
    // An audit asks for the end of the log before the entries, and there may be more entries by
    // then.
    assert_eq!(audit().0, Some(0));
    provider.stop();
    node.stop();

    for name in ["market.db", "market.db-wal", "market.db-shm"] {
        let _ = std::fs::remove_file(at.join(name));
    }
    std::fs::rename(at.join("copy.db"), at.join("market.db")).unwrap();
    let node = Running::start(&["serve", "--config", &config]);
    answers();
    let (status, json) = audit();
    assert_eq!(status, Some(1), "{json}");
    assert!(json["wrong"].to_string().contains("had 3 entries, and has fewer now"), "{json}");
    node.stop();
}
