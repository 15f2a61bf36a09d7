//! Documents of kinds that occur outside this project. Each case is run through the verbs of the
//! command that its `expect.json` names.

use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::Folder;

fn cases() -> Vec<(String, PathBuf)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../testdata/outside");
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap());
    let mut cases: Vec<_> =
        entries.map(|entry| (entry.file_name().into_string().unwrap(), entry.path())).collect();
    cases.sort();
    cases
}

/// What is wrong with an outcome, if anything.
fn fault(verb: &str, (status, object): &(i32, Value), expected: &Value) -> Option<String> {
    let wanted = expected["status"].as_i64().unwrap_or(0);
    let error = &object["error"];
    let message = error["message"].as_str().unwrap_or_default();
    let said = |words: &Value| {
        words
            .as_array()
            .is_none_or(|words| words.iter().all(|word| message.contains(word.as_str().unwrap())))
    };
    let is_met = i64::from(*status) == wanted
        && (expected["code"].is_null() || expected["code"] == error["code"])
        && said(&expected["says"]);
    (!is_met).then(|| format!("{verb}: status {status}, {error}; expected {expected}"))
}

/// Runs every verb for which a case states an expectation.
fn run(folder: &Path) -> Result<(), String> {
    let read = |name: &str| std::fs::read(folder.join(name)).unwrap();
    let expect: Value = serde_json::from_slice(&read("expect.json")).unwrap();
    let work = Folder::new();
    for name in ["document.cbor", "transcript.cbor", "request.json"] {
        work.write(name, read(name));
    }
    let arguments = expect["args"].as_array().cloned().unwrap_or_default();
    let mut flags: Vec<&str> =
        arguments.iter().map(|argument| argument.as_str().unwrap()).collect();
    flags.push("--any-clock");
    for (verb, expected) in expect.as_object().unwrap() {
        let outcome = match verb.as_str() {
            "args" => continue,
            "inspect" => work.inspect(),
            "prepare" => work.prepare(&[]),
            "prove" => work.prove(&[], &flags),
            _ => panic!("expect.json says something about {verb}"),
        };
        if let Some(fault) = fault(verb, &outcome, expected) {
            return Err(fault);
        }
        if expected["verifies"] == true {
            let (status, object) = work.verify(&[]);
            if status != 0 || object["verified"] != true {
                return Err(format!("verify: status {status}, {object}"));
            }
        }
    }
    Ok(())
}

#[test]
fn documents_from_outside_are_dealt_with_as_they_should_be() {
    let cases = cases();
    assert!(cases.len() >= 24, "{}", cases.len());
    let faults = cases.iter().filter_map(|(name, folder)| {
        let fault = run(folder).err()?;
        Some(format!("{name}: {fault}"))
    });
    let faults: Vec<_> = faults.collect();
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}
