//! The command as scripts see it: exit statuses, one JSON object on stdout, files.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::{Value, json};
use tempfile::TempDir;
use velum_credentials::mint::{Draft, Spec};
use velum_credentials::{DeviceResponse, Request, SessionTranscript, limits};
use velum_testdata::{ANNEX_D, CASES, Case, MUSTERMANN};

const SPEC: &str = r#"{
    "seed": "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f",
    "doc_type": "org.iso.18013.5.1.mDL",
    "validity": {
        "signed": "2026-01-01T00:00:00Z",
        "valid_from": "2026-01-01T00:00:00Z",
        "valid_until": "2026-12-31T00:00:00Z"
    },
    "elements": [
        {"namespace": "org.iso.18013.5.1", "element": "birth_date", "value": {"full_date": "1990-02-28"}},
        {"namespace": "org.iso.18013.5.1", "element": "family_name", "value": "Muster\u001b[2Jmann"}
    ]
}"#;

/// A folder of files to give to the command.
struct Folder(TempDir);

impl Folder {
    fn new() -> Self {
        Self(TempDir::new().unwrap())
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn write(&self, name: &str, bytes: impl AsRef<[u8]>) -> String {
        let path = self.path(name);
        std::fs::write(&path, bytes).unwrap();
        path.display().to_string()
    }

    fn of_case(case: &Case) -> Self {
        let folder = Self::new();
        folder.write("document.cbor", case.device_response);
        folder.write("transcript.cbor", case.session_transcript);
        folder
    }

    fn issued() -> Self {
        let folder = Self::new();
        let spec = folder.write("spec.json", SPEC);
        let out = folder.0.path().display().to_string();
        assert_eq!(velum(&["issue", "--spec", &spec, "--out", &out]).status.code(), Some(0));
        folder
    }

    fn inspect(&self) -> (i32, Value) {
        velum_json(&["inspect", "--document", &self.name("document.cbor")])
    }

    /// Signs `document.cbor` into `signed.cbor`.
    fn sign(&self, transcript: &str, key: &str) -> (i32, Value) {
        velum_json(&[
            "sign",
            "--document",
            &self.name("document.cbor"),
            "--transcript",
            &self.name(transcript),
            "--device-key",
            &self.name(key),
            "--out",
            &self.name("signed.cbor"),
        ])
    }

    fn name(&self, name: &str) -> String {
        self.path(name).display().to_string()
    }
}

fn velum(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_velum")).args(arguments).output().unwrap()
}

/// Runs with `--json`: the status, and the one object that stdout must be.
fn velum_json(arguments: &[&str]) -> (i32, Value) {
    let output = velum(&[arguments, &["--json"]].concat());
    let stdout = String::from_utf8(output.stdout).unwrap();
    assert_eq!(stdout.lines().count(), 1, "{stdout}");
    let object: Value = serde_json::from_str(&stdout).unwrap();
    assert!(object.is_object());
    (output.status.code().unwrap(), object)
}

fn assert_failure((status, object): (i32, Value), expected: i32, code: &str, place: &str) {
    assert_eq!(status, expected, "{object}");
    assert_eq!(object["error"]["code"], code, "{object}");
    assert_eq!(object["error"]["where"], place, "{object}");
    assert!(!object["error"]["message"].as_str().unwrap().is_empty());
    assert_eq!(object.as_object().unwrap().len(), 1);
    assert_eq!(object["error"].as_object().unwrap().len(), 3);
}

fn check<'v>(object: &'v Value, name: &str) -> &'v Value {
    let checks = object["documents"][0]["checks"].as_array().unwrap();
    checks.iter().find(|check| check["check"] == name).unwrap()
}

/// Every native check of a request against a file.
fn verify(document: &Path, transcript: &[u8], request: &[u8]) {
    let request = Request::from_json(request).unwrap();
    let transcript = SessionTranscript::parse(transcript).unwrap();
    let response = DeviceResponse::parse(&std::fs::read(document).unwrap()).unwrap();
    response.document(request.doc_type()).unwrap().verify(&request, &transcript).unwrap();
}

#[test]
fn inspect_tells_what_real_documents_hold() {
    for case in CASES {
        let (status, object) = Folder::of_case(&case).inspect();
        let facts = case.facts();
        let document = &object["documents"][0];
        assert_eq!(document["doc_type"], facts.doc_type);
        assert_eq!(document["mso_bytes"], facts.mso_bytes);
        assert_eq!(document["document_signer"]["sec1_hex"], hex::encode(facts.issuer_public_key.sec1()));
        let mut items = facts.items.iter();
        for namespace in document["namespaces"].as_array().unwrap() {
            for element in namespace["elements"].as_array().unwrap() {
                let item = items.next().unwrap();
                assert_eq!(namespace["namespace"], item.namespace);
                assert_eq!(element["element"], item.identifier);
                assert_eq!(element["digest_id"], item.digest_id);
                assert_eq!(element["item_bytes"], item.item_bytes);
            }
        }
        assert!(items.next().is_none(), "{}", case.name);

        for name in ["doc_type", "issuer_signature", "digests"] {
            assert_eq!(check(&object, name)["result"], "passed", "{}", case.name);
        }
        if facts.device_auth == "deviceMac" {
            assert_eq!((status, &object["passed"]), (1, &json!(false)), "{}", case.name);
            assert_eq!(check(&object, "device_signature")["code"], "device_mac_unsupported");
        } else {
            assert_eq!((status, &object["passed"]), (0, &json!(true)), "{}", case.name);
            assert_eq!(check(&object, "device_signature")["result"], "not_checked");
        }
    }
}

#[test]
fn inspect_is_readable_and_safe_to_print() {
    let issued = Folder::issued();
    let output = velum(&["inspect", "--document", &issued.name("document.cbor")]);
    let text = String::from_utf8(output.stdout).unwrap();
    for expected in [
        "org.iso.18013.5.1.mDL (documents[0])",
        "valid             2026-01-01T00:00:00Z to 2026-12-31T00:00:00Z",
        "birth_date        1990-02-28",
        r#"family_name       "Muster\u{1b}[2Jmann""#,
        "issuer_signature  passed",
        "device_signature  not checked",
    ] {
        assert!(text.contains(expected), "{expected}\n{text}");
    }
    assert!(!text.contains('\u{1b}'));
    assert!(output.stderr.is_empty());
}

#[test]
fn inspect_says_which_check_fails() {
    let folder = Folder::new();
    let draft = || Draft::new(&Spec::from_json(SPEC).unwrap()).unwrap().digest().unwrap();

    let mut altered = draft();
    altered.items[0].map.set("elementValue", "another value");
    folder.write("document.cbor", altered.sign().unwrap().document());
    let (status, object) = folder.inspect();
    assert_eq!((status, &object["passed"]), (1, &json!(false)));
    assert_eq!(check(&object, "digests")["code"], "digest");
    assert_eq!(
        check(&object, "digests")["where"],
        "documents[0].issuerSigned.nameSpaces[\"org.iso.18013.5.1\"][0]"
    );
    assert_eq!(check(&object, "issuer_signature")["result"], "passed");

    folder.write("document.cbor", draft().sign_with(|_| vec![1; 64]).unwrap().document());
    let (status, object) = folder.inspect();
    assert_eq!((status, &check(&object, "issuer_signature")["code"]), (1, &json!("issuer_signature")));

    let mut other_type = draft();
    other_type.mso.set("docType", "org.example");
    folder.write("document.cbor", other_type.sign().unwrap().document());
    let (status, object) = folder.inspect();
    assert_eq!((status, &check(&object, "doc_type")["code"]), (1, &json!("doc_type")));

    let mut no_key = draft();
    no_key.x5chain = vec![vec![0x30, 0]];
    folder.write("document.cbor", no_key.sign().unwrap().document());
    let (status, object) = folder.inspect();
    assert_eq!((status, &check(&object, "issuer_signature")["result"]), (1, &json!("failed")));

    let mut no_certificate = draft();
    no_certificate.x5chain.clear();
    folder.write("document.cbor", no_certificate.sign().unwrap().document());
    let (status, object) = folder.inspect();
    assert_eq!((status, &check(&object, "issuer_signature")["result"]), (0, &json!("not_checked")));
}

#[test]
fn unusable_documents_are_status_2() {
    let folder = Folder::new();
    let document = folder.name("document.cbor");
    let inspect = || velum_json(&["inspect", "--document", &document]);
    assert_failure(inspect(), 2, "file", &document);
    assert_failure(velum_json(&["inspect", "--document", &folder.name("")]), 2, "file", &folder.name(""));
    for length in [0, 1, 100, MUSTERMANN.device_response.len() - 1] {
        folder.write("document.cbor", &MUSTERMANN.device_response[..length]);
        let (status, object) = inspect();
        assert_eq!((status, &object["error"]["code"]), (2, &json!("malformed")), "{length}");
    }
    // {"version": "1.0", "documents": [], "status": 0}
    folder.write("document.cbor", b"\xa3\x67version\x631.0\x69documents\x80\x66status\x00");
    assert_failure(inspect(), 2, "malformed", "documents");
    folder.write("document.cbor", vec![0; limits::RESPONSE_BYTES + 1]);
    assert_failure(inspect(), 2, "too_large", "document");
}

#[test]
fn annex_d_passes_once_it_is_signed_with_its_published_key() {
    let folder = Folder::of_case(&ANNEX_D);
    folder.write("device.key", ANNEX_D.facts().device_private_key.unwrap() + "\n");
    let (status, object) = folder.sign("transcript.cbor", "device.key");
    assert_eq!(status, 0, "{object}");
    assert_eq!(object, json!({"doc_type": "org.iso.18013.5.1.mDL", "out": folder.name("signed.cbor")}));
    verify(&folder.path("signed.cbor"), ANNEX_D.session_transcript, ANNEX_D.request.as_bytes());
    let signed = velum_json(&["inspect", "--document", &folder.name("signed.cbor")]);
    assert_eq!(signed.0, 0);
}

#[test]
fn a_minted_document_is_signed_for_another_session() {
    let folder = Folder::issued();
    folder.write("other.cbor", MUSTERMANN.session_transcript);
    assert_eq!(folder.sign("other.cbor", "device.key").0, 0);
    let request = std::fs::read(folder.path("request.json")).unwrap();
    verify(&folder.path("signed.cbor"), MUSTERMANN.session_transcript, &request);
}

#[test]
fn sign_refuses_other_keys_and_writes_nothing() {
    let folder = Folder::issued();
    assert_failure(folder.sign("transcript.cbor", "ds.key"), 1, "device_signature", "documents");
    for key in
        ["", "zz", &"00".repeat(32), &"ff".repeat(32), "-----BEGIN PRIVATE KEY-----\n", &"01".repeat(33)]
    {
        folder.write("bad.key", key);
        assert_failure(folder.sign("transcript.cbor", "bad.key"), 2, "malformed", "device_key");
    }
    assert_failure(folder.sign("transcript.cbor", "document.cbor"), 2, "malformed", "device_key");
    assert_failure(folder.sign("transcript.cbor", "missing.key"), 2, "file", &folder.name("missing.key"));
    let (status, object) = folder.sign("document.cbor", "device.key");
    assert_eq!((status, &object["error"]["code"]), (2, &json!("malformed")), "{object}");
    assert!(!folder.path("signed.cbor").exists());
}

#[test]
fn a_failed_run_keeps_the_file_that_was_there() {
    let folder = Folder::issued();
    folder.write("signed.cbor", "precious");
    assert_eq!(folder.sign("transcript.cbor", "ds.key").0, 1);
    assert_eq!(std::fs::read(folder.path("signed.cbor")).unwrap(), b"precious");
}

#[test]
fn issue_writes_a_set_that_verifies() {
    let folder = Folder::issued();
    let read = |name: &str| std::fs::read(folder.path(name)).unwrap();
    verify(&folder.path("document.cbor"), &read("transcript.cbor"), &read("request.json"));
    let names =
        ["document.cbor", "transcript.cbor", "iaca.pem", "ds.pem", "ds.key", "device.key", "request.json"];
    let again = Folder::issued();
    for name in names {
        assert_eq!(read(name), std::fs::read(again.path(name)).unwrap(), "{name}");
    }
    let spec = folder.name("spec.json");
    let (status, object) = velum_json(&["issue", "--spec", &spec, "--out", &folder.name("a/b")]);
    assert_eq!(status, 0);
    let files: Vec<_> = names.iter().map(|name| folder.name(&format!("a/b/{name}"))).collect();
    assert_eq!(object, json!({ "files": files }));
}

#[cfg(unix)]
#[test]
fn keys_are_for_their_owner_only() {
    use std::os::unix::fs::PermissionsExt;
    let folder = Folder::issued();
    for name in ["ds.key", "device.key"] {
        let mode = std::fs::metadata(folder.path(name)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{name}");
    }
}

#[test]
fn specs_that_cannot_be_minted_are_status_2() {
    let folder = Folder::new();
    let spec = folder.name("spec.json");
    let issue = || velum_json(&["issue", "--spec", &spec, "--out", &folder.name("out")]);
    assert_failure(issue(), 2, "file", &spec);
    for text in
        ["", "{}", "[]", "\u{0}", &SPEC.replacen("seed", "sed", 1), &SPEC.replace("1990-02-28", "1990-02-29")]
    {
        folder.write("spec.json", text);
        let (status, object) = issue();
        assert_eq!((status, &object["error"]["code"]), (2, &json!("malformed")), "{text}");
    }
    folder.write("spec.json", [0xff]);
    assert_failure(issue(), 2, "malformed", "spec");
    folder.write("spec.json", vec![b' '; (4 << 20) + 1]);
    assert_failure(issue(), 2, "too_large", "spec");
    assert!(!folder.path("out").exists());

    folder.write("spec.json", SPEC);
    folder.write("out", "a file");
    assert_failure(issue(), 2, "file", &folder.name("out"));
}

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
    assert_eq!((status, object), (0, json!({ "version": concat!("velum ", env!("CARGO_PKG_VERSION")) })));
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
    assert!(String::from_utf8(output.stderr).unwrap().starts_with("error: cannot read no such file"));
}
