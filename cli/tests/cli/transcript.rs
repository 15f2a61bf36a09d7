//! Tests of `transcript`: sessions as scripts build them.

use serde_json::{Value, json};
use velum_testdata::TRANSCRIPT_VECTORS;

use crate::{Folder, assert_failure, velum_json};

/// Members of the vectors that the command takes as files. The vectors hold their bytes in
/// hexadecimal.
const FILES: [&str; 4] = ["device_engagement", "e_reader_key", "select", "request"];

/// The arguments for a vector, built from the inputs of its session. Inputs that the command takes
/// as files are written into the folder.
fn arguments(folder: &Folder, vector: &Value) -> Vec<String> {
    let (kind, begun) =
        vector.as_object().unwrap().iter().find(|(_, member)| member.is_object()).unwrap();
    let mut arguments = vec!["transcript".to_owned(), kind.replace('_', "-")];
    for (name, value) in begun.as_object().unwrap() {
        arguments.push(format!("--{}", name.replace('_', "-")));
        arguments.push(match value {
            Value::Object(jwk) => folder.write(name, json!(jwk).to_string()),
            Value::String(hex) if FILES.contains(&name.as_str()) => {
                folder.write(name, hex::decode(hex).unwrap())
            }
            Value::String(text) => text.clone(),
            other => panic!("{other} is neither a key nor text"),
        });
    }
    arguments.extend(["--out".to_owned(), folder.name("out.cbor")]);
    arguments
}

fn run(arguments: &[String]) -> (i32, Value) {
    velum_json(&arguments.iter().map(String::as_str).collect::<Vec<_>>())
}

#[test]
fn transcripts_are_those_of_the_specifications() {
    let vectors: Value = serde_json::from_str(TRANSCRIPT_VECTORS).unwrap();
    for vector in vectors.as_array().unwrap() {
        let folder = Folder::new();
        let (status, object) = run(&arguments(&folder, vector));
        assert_eq!((status, object), (0, json!({ "out": folder.name("out.cbor") })));
        let written = hex::encode(std::fs::read(folder.path("out.cbor")).unwrap());
        assert_eq!(written, vector["transcript"].as_str().unwrap(), "{}", vector["name"]);
    }
}

#[test]
fn sessions_that_are_none_write_nothing() {
    let folder = Folder::new();
    let (out, bytes) = (folder.name("out.cbor"), folder.write("bytes", b"\x80"));
    let dc_api = |more: &[&str]| {
        let usual = ["transcript", "openid4vp-dc-api", "--nonce", "n", "--out", &out];
        velum_json(&[&usual, more].concat())
    };
    assert_failure(dc_api(&[]), 2, "usage", "arguments");
    assert_failure(velum_json(&["transcript"]), 2, "usage", "arguments");
    assert_failure(
        dc_api(&["--origin", "https://verifier.example/path"]),
        2,
        "malformed",
        "origin",
    );
    let unencrypted = ["--origin", "https://verifier.example", "--jwk"];
    assert_failure(dc_api(&[&unencrypted[..], &[&bytes]].concat()), 2, "malformed", "jwk");
    let away = folder.name("away");
    assert_failure(dc_api(&[&unencrypted[..], &[&away]].concat()), 2, "file", &away);

    let qr = [
        "transcript",
        "qr",
        "--device-engagement",
        &bytes,
        "--e-reader-key",
        &bytes,
        "--out",
        &out,
    ];
    assert_failure(velum_json(&qr), 2, "malformed", "device-engagement");
    assert!(!folder.path("out.cbor").exists());
}
