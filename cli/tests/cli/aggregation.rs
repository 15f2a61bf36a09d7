//! What `velum` reports if the program that does the work of aggregates is missing.

use std::process::Command;

use serde_json::Value;

use crate::Folder;

#[test]
fn a_missing_program_is_named_with_how_to_build_it() {
    // The copy has no other program beside it.
    let folder = Folder::new();
    let velum = folder.path("velum");
    std::fs::copy(env!("CARGO_BIN_EXE_velum"), &velum).unwrap();
    for arguments in [
        &["aggregate", "--json"][..],
        &["receipt", "--json", "--help"],
        &["verify-receipt", "--receipt", "none", "--json"],
        &["demo", "aggregate", "--json"],
    ] {
        let output = Command::new(&velum).args(arguments).env("PATH", "").output().unwrap();
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        let error = serde_json::from_slice::<Value>(&output.stdout).unwrap()["error"].clone();
        assert_eq!(error["code"], "program_missing", "{arguments:?}");
        assert!(error["message"].as_str().unwrap().contains("./x build"));
    }
    let output = Command::new(&velum).args(["params", "--json"]).env("PATH", "").output().unwrap();
    assert_eq!(serde_json::from_slice::<Value>(&output.stdout).unwrap()["aggregates"], Value::Null);
}
