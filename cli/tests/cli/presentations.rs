//! Complete runs of `prepare`, `prove` and `verify` on real and on minted documents.
//!
//! A proof takes seconds, so each test makes as few proofs as it can and checks much about them.

use std::process::{Command, Stdio};
use std::time::SystemTime;

use serde_json::{Value, json};
use velum_credentials::{Timestamp, limits};
use velum_testdata::{AGE_VERIFICATION_NYM, ANNEX_D, CASES, Case, MUSTERMANN, PERMUTED_KEYS};

use crate::{Folder, SPEC, all, assert_failure, velum, velum_json, words};

const MDL: &str = "org.iso.18013.5.1.mDL";
const MDL_NAMESPACE: &str = "org.iso.18013.5.1";

#[test]
fn a_licence_is_prepared_proven_once_and_verified() {
    let folder = Folder::of_case(&MUSTERMANN);
    prepare(&folder);
    failures_leave_the_prepared_proof(&folder);
    one_of_two_processes_uses_it(&folder);
    learnt_is_what_was_asked(&folder);
    other_requests_and_sessions_are_refused(&folder);
    altered_presentations_are_refused(&folder);
}

#[test]
fn a_suite_is_kept_from_preparing_to_verifying() {
    let folder = Folder::of_case(&MUSTERMANN);
    let usual = [
        ("--document", "document.cbor"),
        ("--request", "request.json"),
        ("--out", "prepared.cbor"),
    ];
    let arguments = folder.arguments("prepare", &usual, &[]);
    let with_suite = |suite| {
        velum_json(&[&words(&arguments), &["--suite", suite, "--memory", "low"][..]].concat())
    };
    assert_eq!(with_suite("other").0, 2);
    assert_eq!(velum_json(&[&words(&arguments), &["--memory", "little"][..]].concat()).0, 2);
    let (status, object) = with_suite("aggregatable");
    assert_eq!((status, &object["suite"]), (0, &json!("aggregatable")), "{object}");

    let prepared = [("--prepared", "prepared.cbor")];
    assert_eq!(folder.prove(&prepared, &["--any-clock", "--suite", "direct"]).0, 2);
    let (status, object) = folder.prove(&prepared, &["--any-clock", "--memory", "low"]);
    assert_eq!((status, &object["suite"]), (0, &json!("aggregatable")), "{object}");
    // Verifiers do not accept presentations of the suite for aggregators unless it is named.
    for allowed in [&[][..], &["--suite", "compact"], &["--suite", "direct", "--suite", "compact"]]
    {
        let (status, object) = folder.verify_allowing(allowed);
        assert_eq!((status, &object["reason"]["code"]), (1, &json!("wrong_version")), "{object}");
    }
    let (status, object) =
        folder.verify_allowing(&["--suite", "direct", "--suite", "aggregatable"]);
    assert_eq!((status, &object["verified"]), (0, &json!(true)), "{object}");
}

#[test]
fn a_compact_presentation_verifies_where_no_suite_is_named() {
    let folder = Folder::of_case(&MUSTERMANN);
    let (status, object) =
        folder.prove(&[], &["--any-clock", "--suite", "compact", "--memory", "low"]);
    assert_eq!((status, &object["suite"]), (0, &json!("compact")), "{object}");
    let (status, object) = folder.verify(&[]);
    assert_eq!((status, &object["verified"]), (0, &json!(true)), "{object}");
    let (status, object) = folder.verify_allowing(&["--suite", "direct"]);
    assert_eq!((status, &object["reason"]["code"]), (1, &json!("wrong_version")), "{object}");
}

fn prepare(folder: &Folder) {
    let (status, object) = folder.prepare(&[]);
    assert_eq!(status, 0, "{object}");
    assert_members(
        &object,
        &[
            "prepare_ms",
            "peak_rss_bytes",
            "threads",
            "size_class",
            "suite",
            "backend",
            "adapter",
            "out",
        ],
    );
    assert_eq!(object["size_class"], "standard");
    assert_eq!(object["suite"], "direct");
    assert_eq!(object["out"], folder.name("prepared.cbor"));
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = std::fs::metadata(folder.path("prepared.cbor")).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }

    let prepared = std::fs::read(folder.path("prepared.cbor")).unwrap();
    assert_failure(folder.prepare(&[]), 2, "file", &folder.name("prepared.cbor"));
    assert_eq!(std::fs::read(folder.path("prepared.cbor")).unwrap(), prepared);
}

fn failures_leave_the_prepared_proof(folder: &Folder) {
    let prepared = std::fs::read(folder.path("prepared.cbor")).unwrap();
    let before = folder.names();
    let with = |file, flags: &[&str]| folder.prove(&[("--prepared", "prepared.cbor"), file], flags);

    folder.ask("fewer.json", |request| _ = request["predicates"].as_array_mut().unwrap().pop());
    assert_failure(
        with(("--request", "fewer.json"), &["--any-clock"]),
        1,
        "prepared_mismatch",
        "prepared",
    );
    folder.ask("older.json", |request| request["predicates"][1]["age_at_least"] = json!(60));
    assert_failure(
        with(("--request", "older.json"), &["--any-clock"]),
        1,
        "predicate",
        "request.predicates[1]",
    );
    assert_failure(with(("--request", "request.json"), &[]), 1, "clock", "request.now");

    folder.write("cut.cbor", &prepared[..prepared.len() - 1]);
    let (status, object) = folder.prove(&[("--prepared", "cut.cbor")], &["--any-clock"]);
    assert_eq!((status, &object["error"]["code"]), (2, &json!("malformed")), "{object}");
    let missing = folder.prove(&[("--prepared", "missing.cbor")], &["--any-clock"]);
    assert_failure(missing, 2, "file", &folder.name("missing.cbor"));

    assert_eq!(std::fs::read(folder.path("prepared.cbor")).unwrap(), prepared);
    for name in ["cut.cbor", "fewer.json", "older.json"] {
        std::fs::remove_file(folder.path(name)).unwrap();
    }
    assert_eq!(folder.names(), before);
}

fn one_of_two_processes_uses_it(folder: &Folder) {
    let start = |out| {
        Command::new(env!("CARGO_BIN_EXE_velum"))
            .args(folder.prove_arguments(&[("--prepared", "prepared.cbor"), ("--out", out)]))
            .args(["--any-clock", "--json", "--threads", "2"])
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap()
    };
    let racing = ["one.cbor", "two.cbor"].map(|out| (out, start(out)));
    let mut winners = Vec::new();
    for (out, process) in racing {
        let output = process.wait_with_output().unwrap();
        let object: Value = serde_json::from_slice(&output.stdout).unwrap();
        if output.status.success() {
            winners.push((out, object, output.stderr));
        } else {
            let status = output.status.code().unwrap();
            assert_failure((status, object), 1, "prepared_used", &folder.name("prepared.cbor"));
            assert!(!folder.path(out).exists());
        }
    }
    let [(out, object, stderr)] = winners.try_into().unwrap();
    std::fs::rename(folder.path(out), folder.path("presentation.cbor")).unwrap();
    let bytes = std::fs::metadata(folder.path("presentation.cbor")).unwrap().len();
    assert_eq!(
        (&object["prepare_ms"], &object["presentation_bytes"]),
        (&Value::Null, &json!(bytes))
    );
    assert_eq!((&object["threads"], &object["suite"]), (&json!(2), &json!("direct")));
    assert_prove_members(&object);
    let lines = String::from_utf8(stderr).unwrap();
    for stage in ["witness", "hashing", "quotient", "check"] {
        let is_line =
            |line: &str| line.contains("s  present: ") && line.ends_with(&format!(" %  {stage}"));
        assert!(lines.lines().any(is_line), "{stage}: {lines}");
    }

    let again = folder.prove(&[("--prepared", "prepared.cbor")], &["--any-clock"]);
    assert_failure(again, 1, "prepared_used", &folder.name("prepared.cbor"));
    let left = [
        "document.cbor",
        "prepared.cbor.used",
        "presentation.cbor",
        "request.json",
        "transcript.cbor",
    ];
    assert_eq!(folder.names(), left);
}

fn learnt_is_what_was_asked(folder: &Folder) {
    let (status, object) = folder.verify(&[]);
    assert_eq!(status, 0, "{object}");
    assert_members(&object, &["verified", "verify_ms", "peak_rss_bytes", "learnt"]);
    assert_eq!(object["verified"], true);
    let element = |element: &str, predicate: Value| json!({ "namespace": MDL_NAMESPACE, "element": element, "predicate": predicate });
    let issuer = hex::encode(MUSTERMANN.facts().issuer_public_key.sec1());
    let learnt = json!([
        element("family_name", json!({ "equals": "Mustermann" })),
        element("birth_date", json!({ "age_at_least": 18 })),
        element("issue_date", json!({ "equals": { "full_date": "2024-03-15" } })),
        element("height", json!({ "equals": 175 })),
        { "issuer": issuer },
        { "doc_type": MDL },
        { "valid_at": "2024-10-15T13:50:00Z" },
        { "size_class": "standard" },
        { "device_algorithm": "ES256" },
    ]);
    assert_eq!(object["learnt"], learnt);

    let output = velum(&words(&folder.verify_arguments(&[])));
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(text.starts_with("Verified in "), "{text}");
    assert!(
        text.contains("birth_date (org.iso.18013.5.1) makes the holder 18 years or older"),
        "{text}"
    );
}

fn other_requests_and_sessions_are_refused(folder: &Folder) {
    type Change = fn(&mut Value);
    let changes: [(Change, &str); 8] = [
        (|request| request["predicates"][1]["age_at_least"] = json!(19), "proof_invalid"),
        (
            |request| request["predicates"][1]["namespace"] = json!("org.iso.18013.5.1.aamva"),
            "proof_invalid",
        ),
        (|request| request["predicates"][0]["element"] = json!("given_name"), "proof_invalid"),
        (|request| request["now"] = json!("2024-10-15T13:50:01Z"), "proof_invalid"),
        (|request| request["now"] = json!("2024-10-31T13:50:00Z"), "proof_invalid"),
        (|request| request["doc_type"] = json!("org.iso.18013.5.1.mD"), "proof_invalid"),
        (
            |request| {
                let other: Value = serde_json::from_str(PERMUTED_KEYS.request).unwrap();
                request["issuers"] = other["issuers"].clone();
            },
            "proof_invalid",
        ),
        (
            |request| {
                let predicates = request["predicates"].as_array_mut().unwrap();
                predicates[0] = json!({ "namespace": MDL_NAMESPACE, "element": "family_name", "disclose": true });
            },
            "malformed",
        ),
    ];
    for (index, (change, code)) in changes.into_iter().enumerate() {
        folder.ask("other.json", change);
        let refused = folder.verify(&[("--request", "other.json")]);
        assert_refused(refused, code, &format!("change {index}"));
    }
    folder.write("other.cbor", ANNEX_D.session_transcript);
    assert_refused(folder.verify(&[("--transcript", "other.cbor")]), "proof_invalid", "transcript");

    // A fault in the verifier's own input is not a verdict on the presentation.
    folder.ask("other.json", |request| request["issuers"] = json!([]));
    assert_failure(
        folder.verify(&[("--request", "other.json")]),
        2,
        "malformed",
        "request.issuers",
    );
    let (status, object) = folder.verify(&[("--transcript", "request.json")]);
    assert_eq!((status, &object["error"]["code"]), (2, &json!("malformed")), "{object}");
    let missing = folder.verify(&[("--presentation", "missing.cbor")]);
    assert_failure(missing, 2, "file", &folder.name("missing.cbor"));
}

fn altered_presentations_are_refused(folder: &Folder) {
    let good = std::fs::read(folder.path("presentation.cbor")).unwrap();
    let patched = |position: usize, byte: u8| {
        let mut bytes = good.clone();
        bytes[position] ^= byte;
        bytes
    };
    // The bytes are: the array's head, then one byte each for version, suite, suite version, size
    // class and issuer.
    let cases = [
        ("another version", patched(1, 3), "wrong_version"),
        ("another suite", patched(2, 8), "wrong_version"),
        ("another suite version", patched(3, 8), "wrong_version"),
        ("another size class", patched(4, 8), "wrong_version"),
        ("another issuer", patched(5, 1), "issuer_untrusted"),
        ("the middle", patched(good.len() / 3, 1), "proof_invalid"),
        ("cut", good[..good.len() - 1].to_vec(), "malformed"),
        ("cut to a version", good[..2].to_vec(), "malformed"),
        ("one byte more", [&good[..], &[0]].concat(), "malformed"),
        ("nothing", Vec::new(), "malformed"),
        ("a document", MUSTERMANN.device_response.to_vec(), "malformed"),
        ("too much", vec![0; limits::PRESENTATION_BYTES + 1], "too_large"),
    ];
    for (what, bytes, code) in cases {
        folder.write("altered.cbor", bytes);
        assert_refused(folder.verify(&[("--presentation", "altered.cbor")]), code, what);
    }
    let text = velum(&words(&folder.verify_arguments(&[("--presentation", "altered.cbor")])));
    assert_eq!(text.status.code(), Some(1));
    assert!(String::from_utf8(text.stdout).unwrap().starts_with("Refused: "));
}

#[test]
fn device_signed_elements_go_along_if_authorised_asked_and_allowed() {
    let place = "documents[0].deviceSigned.nameSpaces";
    let unauthorised = Folder::of_case(&AGE_VERIFICATION_NYM);
    let allowed = ["--any-clock", "--disclose-device-namespaces"];
    assert_failure(unauthorised.prove(&[], &allowed), 1, "device_namespaces_unauthorised", place);

    let spec = json!({
        "seed": "07".repeat(32),
        "doc_type": MDL,
        "validity": {
            "signed": "2026-01-01T00:00:00Z",
            "valid_from": "2026-01-01T00:00:00Z",
            "valid_until": "2026-12-31T00:00:00Z",
        },
        "elements": [{ "namespace": MDL_NAMESPACE, "element": "age_over_18", "value": true }],
        "device_namespaces": { "org.example": { "nym": { "bytes": "0102" } } },
    });
    let folder = Folder::new();
    let spec = folder.write("spec.json", spec.to_string());
    let out = folder.0.path().display().to_string();
    assert_eq!(velum(&["issue", "--spec", &spec, "--out", &out]).status.code(), Some(0));
    assert_failure(folder.prove(&[], &["--any-clock"]), 1, "device_namespaces", place);
    assert!(!folder.path("presentation.cbor").exists());
    let verified = prove_and_verify(&folder);
    let disclosed = json!({
        "device_namespaces": "a16b6f72672e6578616d706c65a1636e796d420102",
        "authorisation_proven": false,
    });
    let learnt = verified["learnt"].as_array().unwrap();
    assert!(learnt.contains(&disclosed), "{verified}");
    assert!(
        learnt.contains(&json!({ "profile": "iso18013-5", "revocation_checked": false })),
        "{verified}"
    );
    // A verifier that does not ask for these elements refuses the presentation, although the holder
    // discloses them.
    folder.ask("other.json", |request| request["device_namespaces"] = json!(["org.example.other"]));
    let refused = folder.verify(&[("--request", "other.json")]);
    assert_refused(refused, "device_namespaces", "another namespace");
}

/// `VELUM_TEST_ALL=1` runs every case. Otherwise only the case runs that no other test covers.
#[test]
fn real_documents_prove_what_they_are_asked() {
    let all = all();
    let signed = |case: &&Case| case.name != ANNEX_D.name && case.name != AGE_VERIFICATION_NYM.name;
    for case in CASES.iter().filter(signed).filter(|case| all || case.name == PERMUTED_KEYS.name) {
        let verified = prove_and_verify(&Folder::of_case(case));
        assert!(
            verified["learnt"]
                .as_array()
                .unwrap()
                .contains(&json!({ "doc_type": case.facts().doc_type }))
        );
    }
}

#[test]
fn annex_d_is_proven_once_it_is_signed_with_its_published_key() {
    let folder = Folder::of_case(&ANNEX_D);
    let (status, object) = folder.prove(&[], &["--any-clock"]);
    assert_eq!(
        (status, &object["error"]["code"]),
        (1, &json!("device_mac_unsupported")),
        "{object}"
    );
    assert!(object["error"]["message"].as_str().unwrap().contains("velum sign"), "{object}");

    folder.write("device.key", ANNEX_D.facts().device_private_key.unwrap());
    assert_eq!(folder.sign("transcript.cbor", "device.key").0, 0);
    std::fs::rename(folder.path("signed.cbor"), folder.path("document.cbor")).unwrap();
    prove_and_verify(&folder);
}

#[test]
fn a_minted_document_is_proven_today_under_its_root() {
    let folder = Folder::new();
    let now = now();
    mint(&folder, "minted", &spec(now));
    let from_mint = |name: &str| format!("minted/{name}");
    for name in ["document.cbor", "transcript.cbor", "request.json"] {
        std::fs::copy(folder.path(&from_mint(name)), folder.path(name)).unwrap();
    }

    // The request states today's time, so that no option has to lift the check of the clock.
    let (status, object) = folder.prove(&[], &["--profile"]);
    assert_eq!(status, 0, "{object}");
    assert_members(&object["stages"], &["prepare", "present"]);
    let (status, object) = folder.verify(&[]);
    assert_eq!(status, 0, "{object}");
    let disclosed = json!({
        "namespace": MDL_NAMESPACE,
        "element": "family_name",
        "predicate": { "disclose": true },
        "value": "Muster\u{1b}[2Jmann",
    });
    assert!(object["learnt"].as_array().unwrap().contains(&disclosed), "{object}");
    let output = velum(&words(&folder.verify_arguments(&[])));
    assert!(!output.stdout.contains(&0x1b));

    // Another root with the same names does not vouch for the signer.
    let mut other = spec(now);
    other["seed"] = json!("ff".repeat(32));
    mint(&folder, "other", &other);
    assert_refused(
        folder.verify(&[("--request", "other/request.json")]),
        "issuer_untrusted",
        "other root",
    );
    let proven = folder.prove(&[("--request", "other/request.json")], &[]);
    assert_failure(proven, 1, "issuer_untrusted", "documents[0].issuerSigned.issuerAuth");
}

#[test]
fn a_document_signed_outside_its_certificate_is_refused() {
    let folder = Folder::new();
    let now = now();
    let mut late = spec(now);
    let later = |days: i64| Timestamp::from_unix(now.unix() + days * 86_400).unwrap().to_string();
    late["certificates"] =
        json!({ "document_signer": { "not_before": later(0), "not_after": later(100) } });
    mint(&folder, "late", &late);
    let files = [
        ("--document", "late/document.cbor"),
        ("--transcript", "late/transcript.cbor"),
        ("--request", "late/request.json"),
    ];
    assert_failure(
        folder.prove(&files, &[]),
        1,
        "issuer_untrusted",
        "documents[0].issuerSigned.issuerAuth",
    );
}

/// The holder is told about the status. The verifier does not learn of it.
#[test]
fn a_status_that_nobody_looks_up_is_told() {
    let folder = Folder::new();
    let status = r#""mso_extra": {"status": {"map": [["status_list", {"map": [["idx", 412]]}]]}}, "elements""#;
    let spec = folder.write("spec.json", SPEC.replacen("\"elements\"", status, 1));
    let out = folder.name("");
    assert_eq!(velum_json(&["issue", "--spec", &spec, "--out", &out]).0, 0);
    let (status, object) = folder.prove(&[], &["--any-clock"]);
    assert_eq!(status, 0, "{object}");
    assert_prove_members(&object);
    assert!(object["not_checked"][0].as_str().unwrap().contains("revoked"), "{object}");
    let (status, object) = folder.verify(&[]);
    assert_eq!(status, 0, "{object}");
    assert!(!object.to_string().contains("revoked"), "{object}");
}

fn prove_and_verify(folder: &Folder) -> Value {
    let (status, object) = folder.prove(&[], &["--any-clock", "--disclose-device-namespaces"]);
    assert_eq!(status, 0, "{object}");
    assert_prove_members(&object);
    assert!(object["prepare_ms"].as_f64().unwrap() > 0.0);
    let (status, object) = folder.verify(&[]);
    assert_eq!(status, 0, "{object}");
    object
}

fn assert_prove_members(object: &Value) {
    let members = [
        "prepare_ms",
        "present_ms",
        "presentation_bytes",
        "backend",
        "adapter",
        "peak_rss_bytes",
        "threads",
        "size_class",
        "suite",
        "not_checked",
    ];
    assert_members(object, &members);
    assert!(object["present_ms"].as_f64().unwrap() > 0.0);
    if cfg!(unix) {
        assert!(object["peak_rss_bytes"].as_u64().unwrap() > 1 << 20);
    }
}

fn assert_members(object: &Value, members: &[&str]) {
    let mut expected = members.to_vec();
    expected.sort_unstable();
    let mut found: Vec<_> = object.as_object().unwrap().keys().map(String::as_str).collect();
    found.sort_unstable();
    assert_eq!(found, expected);
}

fn assert_refused((status, object): (i32, Value), code: &str, what: &str) {
    assert_eq!(status, 1, "{what}: {object}");
    assert_members(&object, &["verified", "reason"]);
    assert_members(&object["reason"], &["code", "message"]);
    assert_eq!(object["verified"], false);
    assert_eq!(object["reason"]["code"], code, "{what}: {object}");
}

/// A document that is valid for some days around `now`, with a request at that time.
fn spec(now: Timestamp) -> Value {
    let days = |days: i64| Timestamp::from_unix(now.unix() + days * 86_400).unwrap().to_string();
    let mut spec: Value = serde_json::from_str(SPEC).unwrap();
    spec["validity"] =
        json!({ "signed": days(-1), "valid_from": days(-1), "valid_until": days(10) });
    spec["request"] = json!({
        "now": now.to_string(),
        "predicates": [
            { "namespace": MDL_NAMESPACE, "element": "birth_date", "age_at_least": 18 },
            { "namespace": MDL_NAMESPACE, "element": "family_name", "disclose": true },
        ],
    });
    spec
}

fn mint(folder: &Folder, name: &str, spec: &Value) {
    let path = folder.write("spec.json", spec.to_string());
    let (status, object) = velum_json(&["issue", "--spec", &path, "--out", &folder.name(name)]);
    assert_eq!(status, 0, "{object}");
}

fn now() -> Timestamp {
    let seconds = SystemTime::UNIX_EPOCH.elapsed().unwrap().as_secs();
    Timestamp::from_unix(i64::try_from(seconds).unwrap()).unwrap()
}
