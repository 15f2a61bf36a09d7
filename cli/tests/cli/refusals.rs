//! Tests of what `prove` and `prepare` refuse before they prove anything.

use ciborium::Value as Cbor;
use serde_json::{Value, json};
use velum_testdata::{ANNEX_D, MUSTERMANN, PERMUTED_KEYS};

use crate::{Folder, assert_failure};

const NAMESPACE: &str = "org.iso.18013.5.1";

/// A change of a request, the exit status and code of `prove` after it, and whether `prepare` ends
/// in the same way.
type Case = (fn(&mut Value), i32, &'static str, bool);

#[test]
fn requests_that_the_document_does_not_meet() {
    let cases: [Case; 12] = [
        (|request| request["predicates"][1]["age_at_least"] = json!(60), 1, "predicate", false),
        (|request| request["predicates"][0]["equals"] = json!("Musterfrau"), 1, "predicate", false),
        (|request| request["predicates"][3]["equals"] = json!("175"), 1, "predicate", false),
        (
            |request| request["predicates"][0]["element"] = json!("surname"),
            1,
            "element_missing",
            true,
        ),
        (
            |request| request["predicates"][0]["namespace"] = json!("org.example"),
            1,
            "element_missing",
            true,
        ),
        (|request| request["doc_type"] = json!("org.iso.18013.5.1"), 1, "doc_type", true),
        (|request| request["now"] = json!("2024-10-30T13:50:01Z"), 1, "expired", false),
        (|request| request["now"] = json!("2024-01-01T00:00:00Z"), 1, "not_yet_valid", false),
        (
            |request| {
                let other: Value = serde_json::from_str(PERMUTED_KEYS.request).unwrap();
                request["issuers"] = other["issuers"].clone();
            },
            1,
            "issuer_untrusted",
            true,
        ),
        (|request| request["issuers"] = json!([]), 2, "malformed", true),
        (|request| request["predicates"] = json!([]), 2, "malformed", true),
        (|request| request["nonce"] = json!(1), 2, "malformed", true),
    ];
    let folder = Folder::of_case(&MUSTERMANN);
    let before = folder.names();
    for (index, (change, status, code, prepare_too)) in cases.into_iter().enumerate() {
        folder.ask("other.json", change);
        let mut outcomes = vec![folder.prove(&[("--request", "other.json")], &["--any-clock"])];
        if prepare_too {
            outcomes.push(folder.prepare(&[("--request", "other.json")]));
        }
        for (found, object) in outcomes {
            let found = (found, object["error"]["code"].as_str());
            assert_eq!(found, (status, Some(code)), "case {index}: {object}");
        }
        std::fs::remove_file(folder.path("other.json")).unwrap();
    }
    assert_eq!(folder.names(), before);
}

#[test]
fn places_that_nothing_can_be_written_to() {
    let folder = Folder::of_case(&MUSTERMANN);
    std::fs::create_dir(folder.path("folder")).unwrap();
    let mut places = vec!["missing/out.cbor", "request.json/out.cbor", "folder"];
    // In this folder nobody may create a file, not even the superuser.
    if cfg!(target_os = "linux") {
        places.push("/proc/out.cbor");
    }
    for out in places {
        assert_failure(
            folder.prove(&[("--out", out)], &["--any-clock"]),
            2,
            "file",
            &folder.name(out),
        );
        assert_failure(folder.prepare(&[("--out", out)]), 2, "file", &folder.name(out));
    }
    assert_failure(
        folder.prepare(&[("--out", "request.json")]),
        2,
        "file",
        &folder.name("request.json"),
    );
}

#[test]
fn times_are_the_wallets_to_judge() {
    let folder = Folder::of_case(&MUSTERMANN);
    assert_failure(folder.prove(&[], &[]), 1, "clock", "request.now");
}

#[test]
fn sessions_that_the_device_did_not_sign() {
    let folder = Folder::of_case(&MUSTERMANN);
    folder.write("transcript.cbor", ANNEX_D.session_transcript);
    let place = "documents[0].deviceSigned.deviceAuth.deviceSignature";
    assert_failure(folder.prove(&[], &["--any-clock"]), 1, "device_signature", place);
    folder.write("transcript.cbor", MUSTERMANN.device_response);
    let (status, object) = folder.prove(&[], &["--any-clock"]);
    assert_eq!((status, &object["error"]["code"]), (2, &json!("malformed")), "{object}");
}

#[test]
fn documents_that_do_not_hold() {
    let folder = Folder::of_case(&MUSTERMANN);
    for (needle, code) in [(&b"Mustermann"[..], "digest"), (&b"2024-10-30"[..], "issuer_signature")]
    {
        let mut altered = MUSTERMANN.device_response.to_vec();
        let at = altered.windows(needle.len()).position(|window| window == needle).unwrap();
        altered[at + needle.len() - 1] ^= 1;
        folder.write("document.cbor", altered);
        for (status, object) in [folder.prove(&[], &["--any-clock"]), folder.prepare(&[])] {
            assert_eq!((status, &object["error"]["code"]), (1, &json!(code)), "{object}");
        }
    }
    folder.write("document.cbor", &MUSTERMANN.device_response[1..]);
    let (status, object) = folder.prove(&[], &["--any-clock"]);
    assert_eq!((status, &object["error"]["code"]), (2, &json!("malformed")), "{object}");
    std::fs::remove_file(folder.path("document.cbor")).unwrap();
    assert_failure(folder.prepare(&[]), 2, "file", &folder.name("document.cbor"));
}

#[test]
fn two_documents_of_one_type() {
    let folder = Folder::of_case(&MUSTERMANN);
    let mut response: Cbor = ciborium::from_reader(MUSTERMANN.device_response).unwrap();
    let members = response.as_map_mut().unwrap();
    let (_, documents) =
        members.iter_mut().find(|(name, _)| name.as_text() == Some("documents")).unwrap();
    let documents = documents.as_array_mut().unwrap();
    documents.push(documents[0].clone());
    let mut bytes = Vec::new();
    ciborium::into_writer(&response, &mut bytes).unwrap();
    folder.write("document.cbor", bytes);
    assert_failure(folder.prove(&[], &["--any-clock"]), 2, "malformed", "documents");
    assert_failure(folder.prepare(&[]), 2, "malformed", "documents");
}

#[test]
fn elements_larger_than_every_size_class() {
    let folder = Folder::of_case(&ANNEX_D);
    folder.ask("other.json", |request| {
        request["predicates"] =
            json!([{ "namespace": NAMESPACE, "element": "portrait", "disclose": true }]);
    });
    let place = "documents[0].issuerSigned";
    assert_failure(folder.prepare(&[("--request", "other.json")]), 2, "too_large", place);
}
