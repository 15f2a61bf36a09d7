//! Tests of `prepare` and `prove` with a pool of prepared proofs.

use std::process::{Command, Stdio};

use serde_json::{Value, json};
use velum_testdata::{MUSTERMANN, UNDER_18};

use crate::{Folder, assert_failure, velum_json, words};

const POOL: [(&str, &str); 2] = [("--pool", "pool"), ("--pool-key", "pool.key")];

fn prepare(folder: &Folder, files: &[(&str, &str)]) -> (i32, Value) {
    let usual = [("--document", "document.cbor"), ("--request", "request.json")];
    velum_json(&words(&folder.arguments("prepare", &usual, &[&POOL, files].concat())))
}

fn prove(folder: &Folder, files: &[(&str, &str)]) -> (i32, Value) {
    folder.prove(&[&POOL, files].concat(), &["--any-clock"])
}

fn entries(folder: &Folder) -> usize {
    let files = std::fs::read_dir(folder.path("pool")).unwrap();
    files
        .filter(|file| file.as_ref().unwrap().path().extension().is_some_and(|e| e == "sealed"))
        .count()
}

#[test]
fn each_process_takes_a_proof_of_its_own() {
    let folder = Folder::of_case(&MUSTERMANN);
    for left in [1, 2] {
        let (status, object) = prepare(&folder, &[]);
        assert_eq!(
            (status, &object["pool"]),
            (0, &json!({ "left": left, "dropped": 0 })),
            "{object}"
        );
        assert_eq!(object["out"], Value::Null);
    }
    let key = std::fs::read(folder.path("pool.key")).unwrap();
    assert_eq!(key.len(), 32);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode =
            |name| std::fs::metadata(folder.path(name)).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode("pool.key"), mode("pool")), (0o600, 0o700));
    }

    // A run that is refused before it proves takes no proof out of the pool. Neither does a run
    // whose output cannot be written.
    assert_failure(folder.prove(&POOL, &[]), 1, "clock", "request.now");
    assert_failure(prove(&folder, &[("--out", "pool")]), 2, "file", &folder.name("pool"));
    assert_eq!(entries(&folder), 2);

    let racing = ["one.cbor", "two.cbor"].map(|out| {
        Command::new(env!("CARGO_BIN_EXE_velum"))
            .args(folder.prove_arguments(&[&POOL[..], &[("--out", out)]].concat()))
            .args(["--any-clock", "--json"])
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap()
    });
    for process in racing {
        let output = process.wait_with_output().unwrap();
        let object: Value = serde_json::from_slice(&output.stdout).unwrap();
        assert!(output.status.success() && object["prepare_ms"].is_null(), "{object}");
        assert_eq!(object["pool"]["dropped"], 0);
    }
    assert_eq!(entries(&folder), 0);
    // Both presentations verify, and the commitment does not link them. The commitment is the 32
    // bytes after the array's head, five numbers and an empty list.
    let commitment = |name| {
        let (status, object) = folder.verify(&[("--presentation", name)]);
        assert_eq!((status, &object["verified"]), (0, &json!(true)), "{object}");
        std::fs::read(folder.path(name)).unwrap()[9..41].to_vec()
    };
    assert_ne!(commitment("one.cbor"), commitment("two.cbor"));

    // If the pool is empty, the proof is made now.
    let (status, object) = prove(&folder, &[]);
    assert_eq!((status, &object["pool"]), (0, &json!({ "left": 0, "dropped": 0 })), "{object}");
    assert!(object["prepare_ms"].as_f64().unwrap() > 0.0);
    assert_eq!(std::fs::read(folder.path("pool.key")).unwrap(), key);
}

#[test]
fn a_pool_goes_with_its_document_and_its_key() {
    let folder = Folder::of_case(&MUSTERMANN);
    assert_eq!(prepare(&folder, &[]).0, 0);
    folder.write_secret("other.key", [1; 32]);
    let other_key = [("--pool", "pool"), ("--pool-key", "other.key")];
    assert_failure(folder.prove(&other_key, &["--any-clock"]), 2, "other_key", "pool");
    assert_eq!(entries(&folder), 1);

    let other = Folder::of_case(&UNDER_18);
    for name in ["document.cbor", "request.json"] {
        std::fs::copy(other.path(name), folder.path(name)).unwrap();
    }
    let (status, object) = prepare(&folder, &[]);
    assert_eq!((status, &object["pool"]), (0, &json!({ "left": 1, "dropped": 1 })), "{object}");
    assert_eq!(entries(&folder), 1);
}

#[test]
fn a_full_pool_is_told_of_before_anything_is_prepared() {
    let folder = Folder::of_case(&MUSTERMANN);
    assert_eq!(prepare(&folder, &[]).0, 0);
    let [name] = std::fs::read_dir(folder.path("pool"))
        .unwrap()
        .filter_map(|file| {
            file.unwrap().file_name().into_string().ok()?.strip_suffix(".sealed").map(str::to_owned)
        })
        .collect::<Vec<_>>()
        .try_into()
        .unwrap();
    // One of these names may be that of the entry itself.
    for index in 0..32 {
        let copy = format!("pool/{}{index:02x}.sealed", &name[..name.len() - 2]);
        folder.write(&copy, "");
    }
    assert_failure(prepare(&folder, &[]), 1, "pool_full", "pool");
}

/// A key made under a mistaken name would open no proof of the pool.
#[test]
fn a_key_is_made_for_a_new_pool_alone() {
    let folder = Folder::of_case(&MUSTERMANN);
    assert_failure(prove(&folder, &[]), 2, "file", &folder.name("pool.key"));
    assert!(!folder.path("pool.key").exists() && !folder.path("pool").exists());

    assert_eq!(prepare(&folder, &[]).0, 0);
    let mistaken = [("--pool", "pool"), ("--pool-key", "pol.key")];
    let usual = [("--document", "document.cbor"), ("--request", "request.json")];
    let outcomes = [
        folder.prove(&mistaken, &["--any-clock"]),
        velum_json(&words(&folder.arguments("prepare", &usual, &mistaken))),
    ];
    for outcome in outcomes {
        assert_failure(outcome, 2, "file", &folder.name("pol.key"));
    }
    assert!(!folder.path("pol.key").exists());
    assert_eq!(entries(&folder), 1);
}

#[test]
fn a_key_is_its_owners_and_not_in_the_pool() {
    let folder = Folder::of_case(&MUSTERMANN);
    let usual = [("--document", "document.cbor"), ("--request", "request.json")];
    let refused = |key: &str| {
        let pool = [("--pool", "pool"), ("--pool-key", key)];
        let prepared = velum_json(&words(&folder.arguments("prepare", &usual, &pool)));
        assert_failure(prepared, 2, "file", &folder.name(key));
    };
    refused("pool/pool.key");
    refused("pool/../pool/pool.key");
    folder.write_secret("pool/there.key", [1; 32]);
    refused("pool/there.key");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        std::os::unix::fs::symlink(folder.path("pool/there.key"), folder.path("link.key")).unwrap();
        refused("link.key");
        folder.write_secret("shared.key", [1; 32]);
        for mode in [0o640, 0o604, 0o620] {
            let permissions = std::fs::Permissions::from_mode(mode);
            std::fs::set_permissions(folder.path("shared.key"), permissions).unwrap();
            refused("shared.key");
        }
    }
    assert_eq!(entries(&folder), 0);
    assert!(!folder.path("pool/pool.key").exists());
}

#[test]
fn pools_that_cannot_be_used_are_status_2() {
    let folder = Folder::of_case(&MUSTERMANN);
    folder.write_secret("short.key", [1; 31]);
    folder.write_secret("long.key", [1; 33]);
    folder.write_secret("pool.key", [1; 32]);
    folder.write("file", "");
    for key in ["short.key", "long.key"] {
        let failure = folder.prove(&[("--pool", "pool"), ("--pool-key", key)], &["--any-clock"]);
        assert_failure(failure, 2, "malformed", &folder.name(key));
    }
    let failure = folder.prove(&[("--pool", "file"), ("--pool-key", "pool.key")], &["--any-clock"]);
    assert_failure(failure, 2, "file", &folder.name("file"));
    let missing =
        folder.prove(&[("--pool", "pool"), ("--pool-key", "no/pool.key")], &["--any-clock"]);
    assert_failure(missing, 2, "file", &folder.name("no/pool.key"));

    let usual = [("--document", "document.cbor"), ("--request", "request.json")];
    let prepare = |files: &[_]| velum_json(&words(&folder.arguments("prepare", &usual, files)));
    for files in [&[][..], &POOL[..1], &POOL[1..], &[POOL[0], POOL[1], ("--out", "prepared.cbor")]]
    {
        assert_failure(prepare(files), 2, "usage", "arguments");
    }
    let both = prove(&folder, &[("--prepared", "prepared.cbor")]);
    assert_failure(both, 2, "usage", "arguments");
    assert!(!folder.path("presentation.cbor").exists());
}
