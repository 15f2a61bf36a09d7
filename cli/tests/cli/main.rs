//! Tests of the command as scripts see it: exit statuses, one JSON object on stdout, files.
//!
//! `usage` tests what all commands share, and `refusals` and `presentations` test the three verbs.
//! The other modules are named after a command or an option, except `outside`, which runs documents
//! of kinds that occur outside this project.

mod aggregation;
mod demo;
mod documents;
mod gpu;
mod outside;
mod params;
mod pool;
mod presentations;
mod refusals;
mod transcript;
mod usage;

use std::path::PathBuf;
use std::process::{Command, Output};

use serde_json::Value;
use tempfile::TempDir;
use velum_testdata::Case;

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

/// A folder of input and output files for the command.
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

    /// Writes a file that only its owner may use.
    fn write_secret(&self, name: &str, bytes: impl AsRef<[u8]>) -> String {
        let path = self.write(name, bytes);
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
        }
        path
    }

    fn of_case(case: &Case) -> Self {
        let folder = Self::new();
        folder.write("document.cbor", case.device_response);
        folder.write("transcript.cbor", case.session_transcript);
        folder.write("request.json", case.request);
        folder
    }

    fn issued() -> Self {
        let folder = Self::new();
        let spec = folder.write("spec.json", SPEC);
        let out = folder.0.path().display().to_string();
        assert_eq!(velum(&["issue", "--spec", &spec, "--out", &out]).status.code(), Some(0));
        folder
    }

    /// The names of the files in the folder.
    fn names(&self) -> Vec<String> {
        let entries = std::fs::read_dir(self.0.path()).unwrap();
        let mut names: Vec<_> =
            entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    /// Writes a changed copy of `request.json`.
    fn ask(&self, name: &str, change: impl FnOnce(&mut Value)) {
        let mut request =
            serde_json::from_slice(&std::fs::read(self.path("request.json")).unwrap()).unwrap();
        change(&mut request);
        self.write(name, request.to_string());
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

    fn prepare(&self, files: &[(&str, &str)]) -> (i32, Value) {
        let usual = [
            ("--document", "document.cbor"),
            ("--request", "request.json"),
            ("--out", "prepared.cbor"),
        ];
        velum_json(&words(&self.arguments("prepare", &usual, files)))
    }

    fn prove(&self, files: &[(&str, &str)], flags: &[&str]) -> (i32, Value) {
        let arguments = self.prove_arguments(files);
        velum_json(&[&words(&arguments), flags].concat())
    }

    fn prove_arguments(&self, files: &[(&str, &str)]) -> Vec<String> {
        let usual = [
            ("--document", "document.cbor"),
            ("--transcript", "transcript.cbor"),
            ("--request", "request.json"),
            ("--out", "presentation.cbor"),
        ];
        self.arguments("prove", &usual, files)
    }

    fn verify(&self, files: &[(&str, &str)]) -> (i32, Value) {
        velum_json(&words(&self.verify_arguments(files)))
    }

    /// Verifies with these options, which name the suites to allow.
    fn verify_allowing(&self, suites: &[&str]) -> (i32, Value) {
        velum_json(&[&words(&self.verify_arguments(&[])), suites].concat())
    }

    fn verify_arguments(&self, files: &[(&str, &str)]) -> Vec<String> {
        let usual = [
            ("--presentation", "presentation.cbor"),
            ("--transcript", "transcript.cbor"),
            ("--request", "request.json"),
        ];
        self.arguments("verify", &usual, files)
    }

    /// The arguments of a command with its usual files. `files` replaces some of them or adds
    /// others.
    fn arguments(
        &self,
        command: &str,
        usual: &[(&str, &str)],
        files: &[(&str, &str)],
    ) -> Vec<String> {
        let kept = usual
            .iter()
            .filter(|(option, _)| !files.iter().any(|(replaced, _)| replaced == option));
        let mut arguments = vec![command.to_owned()];
        for (option, name) in kept.chain(files) {
            arguments.extend([(*option).to_owned(), self.name(name)]);
        }
        arguments
    }

    fn name(&self, name: &str) -> String {
        self.path(name).display().to_string()
    }
}

/// Whether the slow tests run whole.
fn all() -> bool {
    std::env::var_os("VELUM_TEST_ALL").is_some_and(|value| value == "1")
}

fn words(arguments: &[String]) -> Vec<&str> {
    arguments.iter().map(String::as_str).collect()
}

fn velum(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_velum")).args(arguments).output().unwrap()
}

/// Runs the command with `--json`. Returns the exit status and the object, which must be all of
/// stdout.
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
