//! Tests of what all commands share: usage errors, help, options, and where output goes.

use serde_json::json;
use velum_testdata::MUSTERMANN;

use crate::{Folder, assert_failure, velum, velum_json, words};

#[test]
fn usage_errors_are_status_2_and_json_too() {
    for arguments in [
        &[][..],
        &["inspect"],
        &["inspect", "--document"],
        &["inspect", "--document", "f", "extra"],
        &["inspect", "--document", "f", "--document", "g"],
        &["conjure"],
        &["sign", "--document", "f"],
        &["inspect", "--document", "f", "--threads", "0"],
        &["inspect", "--document", "f", "--threads", "many"],
    ] {
        assert_failure(velum_json(arguments), 2, "usage", "arguments");
        let output = velum(arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        assert!(output.stdout.is_empty(), "{arguments:?}");
        assert!(!output.stderr.is_empty(), "{arguments:?}");
    }
}

#[test]
fn help_and_version_are_status_0() {
    assert!(velum_json(&["--help"]).1["help"].as_str().unwrap().contains("Usage: velum"));
    assert!(velum_json(&["inspect", "--help"]).1["help"].as_str().unwrap().contains("--document"));
    let (status, object) = velum_json(&["--version"]);
    assert_eq!(
        (status, object),
        (0, json!({ "version": concat!("velum ", env!("CARGO_PKG_VERSION")) }))
    );
    assert_eq!(velum(&["--help"]).status.code(), Some(0));
}

#[test]
fn options_stand_before_or_after_the_command() {
    let folder = Folder::of_case(&MUSTERMANN);
    let document = folder.name("document.cbor");
    let after = velum(&["inspect", "--document", &document, "--json", "--threads", "2"]);
    let before = velum(&["--threads", "1", "--json", "inspect", "--document", &document]);
    assert_eq!(after.status.code(), Some(0));
    assert_eq!(after, before);
}

#[test]
fn people_get_failures_on_stderr() {
    let output = velum(&["inspect", "--document", "no such file"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(output.stdout.is_empty());
    assert!(
        String::from_utf8(output.stderr).unwrap().starts_with("error: cannot read no such file")
    );

    let output = velum(&words(&Folder::of_case(&MUSTERMANN).prove_arguments(&[])));
    assert_eq!(output.status.code(), Some(1));
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert!(stderr.ends_with("  code: clock\n  option: --any-clock\n"), "{stderr}");
}
