//! Tests of `inspect`, `issue` and `sign`.

use std::path::Path;

use serde_json::{Value, json};
use velum_credentials::mint::{Draft, Spec};
use velum_credentials::{DeviceResponse, Request, SessionTranscript, limits};
use velum_testdata::{ANNEX_D, CASES, MUSTERMANN};

use crate::{Folder, SPEC, assert_failure, velum, velum_json};

fn check<'v>(object: &'v Value, name: &str) -> &'v Value {
    let checks = object["documents"][0]["checks"].as_array().unwrap();
    checks.iter().find(|check| check["check"] == name).unwrap()
}

/// Makes every native check of a request against a file.
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
        assert_eq!(
            document["document_signer"]["sec1_hex"],
            hex::encode(facts.issuer_public_key.sec1())
        );
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
        "This document can be proven: size class standard or larger",
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
    assert_eq!(
        (status, &check(&object, "issuer_signature")["code"]),
        (1, &json!("issuer_signature"))
    );

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

/// The last line of the text says whether the document can be proven, and so does the JSON.
#[test]
fn inspect_says_whether_a_document_can_be_proven() {
    let last_line = |document: &[u8]| {
        let folder = Folder::new();
        let output = velum(&["inspect", "--document", &folder.write("document.cbor", document)]);
        let text = String::from_utf8(output.stdout).unwrap();
        let (status, object) = folder.inspect();
        assert_eq!(output.status.code(), Some(status));
        (text.trim_end().lines().last().unwrap().trim().to_owned(), object["documents"][0].clone())
    };
    let (line, document) = last_line(MUSTERMANN.device_response);
    assert_eq!(line, "This document can be proven: size class standard or larger");
    let provable = json!({"size_class": "standard", "device_must_sign": false, "but": []});
    assert_eq!((&document["provable"], &document["status"]), (&provable, &Value::Null));

    let (line, document) = last_line(ANNEX_D.device_response);
    let portrait = json!([{"namespace": "org.iso.18013.5.1", "element": "portrait"}]);
    assert_eq!(
        line,
        "This document can be proven once its device has signed the session (device_mac_unsupported): size class standard \
         or larger, except for portrait"
    );
    assert_eq!(document["provable"]["device_must_sign"], true);
    assert_eq!(document["provable"]["but"], portrait);

    let draft = |spec: &str| Draft::new(&Spec::from_json(spec).unwrap()).unwrap().digest().unwrap();
    let mut altered = draft(SPEC);
    altered.items[0].map.set("elementValue", "another value");
    let (line, document) = last_line(&altered.sign().unwrap().document());
    assert!(line.starts_with("This document cannot be proven: the item does not hash"), "{line}");
    assert!(line.ends_with("(digest)"), "{line}");
    assert_eq!(document["provable"], Value::Null);

    let with_status = SPEC.replacen(
        "\"elements\"",
        "\"mso_extra\": {\"status\": {\"map\": [[\"status_list\", {\"map\": [[\"idx\", 1]]}]]}}, \"elements\"",
        1,
    );
    let folder = Folder::new();
    let path = folder.write("document.cbor", draft(&with_status).sign().unwrap().document());
    let text = String::from_utf8(velum(&["inspect", "--document", &path]).stdout).unwrap();
    assert!(text.contains("revocation status present, not checked"), "{text}");
    let document = folder.inspect().1["documents"][0].clone();
    assert_eq!(document["status"], "not_checked");
    let long = SPEC.replacen("\"elements\"", "\"mso_bytes\": 20000, \"elements\"", 1);
    let (line, document) = last_line(&draft(&long).sign().unwrap().document());
    assert!(line.starts_with("This document cannot be proven: the MSO has 20000 bytes"), "{line}");
    assert_eq!(document["size_class"], Value::Null);
}

/// These are the forms that issuers hand out. `sign` makes a DeviceResponse of each.
#[test]
fn documents_without_a_response_are_inspected_prepared_and_signed() {
    use ciborium::Value as Cbor;
    let member = |map: &Cbor, name: &str| {
        let found = map.as_map().unwrap().iter().find(|(key, _)| key.as_text() == Some(name));
        found.unwrap().1.clone()
    };
    let encode = |value: &Cbor| {
        let mut bytes = Vec::new();
        ciborium::into_writer(value, &mut bytes).unwrap();
        bytes
    };
    let folder = Folder::of_case(&ANNEX_D);
    folder.write("device.key", ANNEX_D.facts().device_private_key.unwrap());
    let response: Cbor = ciborium::from_reader(ANNEX_D.device_response).unwrap();
    let document = member(&response, "documents").as_array().unwrap()[0].clone();
    let issuer_signed = member(&document, "issuerSigned");
    let Cbor::Map(mut members) = document.clone() else { panic!() };
    members.retain(|(key, _)| key.as_text() != Some("deviceSigned"));
    for (form, bytes, auth) in [
        ("Document", encode(&document), "mac"),
        ("Document", encode(&Cbor::Map(members)), "missing"),
        ("IssuerSigned", encode(&issuer_signed), "missing"),
    ] {
        folder.write("document.cbor", bytes);
        let (status, object) = folder.inspect();
        assert_eq!(
            (status, object["form"].as_str()),
            (i32::from(auth == "mac"), Some(form)),
            "{object}"
        );
        assert_eq!(object["documents"][0]["device_auth"], auth);
        let proof = folder.prove(&[], &["--any-clock"]);
        let expected =
            if auth == "mac" { "device_mac_unsupported" } else { "device_signature_missing" };
        assert_eq!(
            (proof.0, proof.1["error"]["code"].as_str()),
            (1, Some(expected)),
            "{}",
            proof.1
        );

        assert_eq!(folder.sign("transcript.cbor", "device.key").0, 0);
        verify(&folder.path("signed.cbor"), ANNEX_D.session_transcript, ANNEX_D.request.as_bytes());
    }
    let (status, object) = folder.prepare(&[]);
    assert_eq!(status, 0, "{object}");
}

/// The issuer's part can be used without the device's part, which only `prove` needs.
#[test]
fn a_device_part_that_cannot_be_read_is_told_where_it_matters() {
    let folder = Folder::of_case(&MUSTERMANN);
    let mut document = MUSTERMANN.device_response.to_vec();
    let name = document.windows(15).position(|window| window == b"deviceSignature").unwrap();
    document[name + 6..name + 15].copy_from_slice(b"Signatura");
    folder.write("document.cbor", document);
    let (status, object) = folder.inspect();
    let inspected = &object["documents"][0];
    assert_eq!((status, &inspected["device_auth"]), (1, &json!("unreadable")), "{object}");
    assert_eq!(inspected["provable"]["device_must_sign"], true, "{object}");
    let check = &inspected["checks"][3];
    assert_eq!((&check["check"], &check["result"]), (&json!("device_signature"), &json!("failed")));
    let place = "documents[0].deviceSigned.deviceAuth";
    assert_eq!((&check["code"], &check["where"]), (&json!("malformed"), &json!(place)));
    let (status, object) = folder.prepare(&[]);
    assert_eq!(status, 0, "{object}");
    assert_failure(folder.prove(&[], &["--any-clock"]), 2, "malformed", place);
}

#[test]
fn unusable_documents_are_status_2() {
    let folder = Folder::new();
    let document = folder.name("document.cbor");
    let inspect = || velum_json(&["inspect", "--document", &document]);
    assert_failure(inspect(), 2, "file", &document);
    assert_failure(
        velum_json(&["inspect", "--document", &folder.name("")]),
        2,
        "file",
        &folder.name(""),
    );
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
    assert_eq!(
        object,
        json!({"doc_type": "org.iso.18013.5.1.mDL", "out": folder.name("signed.cbor")})
    );
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
    for key in [
        "",
        "zz",
        &"00".repeat(32),
        &"ff".repeat(32),
        "-----BEGIN PRIVATE KEY-----\n",
        &"01".repeat(33),
    ] {
        folder.write("bad.key", key);
        assert_failure(folder.sign("transcript.cbor", "bad.key"), 2, "malformed", "device_key");
    }
    assert_failure(folder.sign("transcript.cbor", "document.cbor"), 2, "malformed", "device_key");
    assert_failure(
        folder.sign("transcript.cbor", "missing.key"),
        2,
        "file",
        &folder.name("missing.key"),
    );
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
    let names = [
        "document.cbor",
        "transcript.cbor",
        "iaca.pem",
        "ds.pem",
        "ds.key",
        "device.key",
        "request.json",
    ];
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
    for text in [
        "",
        "{}",
        "[]",
        "\u{0}",
        &SPEC.replacen("seed", "sed", 1),
        &SPEC.replace("1990-02-28", "1990-02-29"),
    ] {
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
