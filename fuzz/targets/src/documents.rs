//! Documents, what is asked about them, and the sessions in which it is asked.

use velum_credentials::aggregate::may_hand_off;
use velum_credentials::x509::{
    Oid, check_annex_b_signer, check_pinned_signer, read_pem, verify_chain, verify_path,
};
use velum_credentials::{
    DeviceResponse, Handover, Issuer, IssuerSigned, MobileSecurityObject, Profile,
    SessionTranscript, Timestamp, jwk_thumbprint,
};
use velum_testdata::{CASES, MUSTERMANN};
use velum_wallet::{json, parse_request};

use velum_fuzz_harness::Target;
use velum_fuzz_harness::inputs::{Form, join, split, stored};

pub(crate) const DEVICE_RESPONSE: Target = Target {
    name: "device_response",
    form: Form::Cbor,
    seeds: || {
        let mut seeds: Vec<_> = CASES.iter().map(|case| case.device_response.to_vec()).collect();
        seeds.extend(stored("testdata/documents/files", |_| true));
        seeds.extend(stored("testdata/outside", |path| path.ends_with("document.cbor")));
        seeds
    },
    replayed: 300,
    run: |input| {
        let Ok(response) = DeviceResponse::parse(input) else { return };
        if let Ok(inspections) = response.inspect() {
            let _ = json::documents(&inspections);
        }
        for document in response.documents() {
            document.check_digests().ok();
            document.check_device_signature(&session()).ok();
            let signed =
                DeviceResponse::with_device_signature(input, document.doc_type(), &[1; 64]);
            if let Ok(signed) = signed {
                let signed = DeviceResponse::parse(&signed).expect("a signed response is one");
                let kept = signed.document(document.doc_type()).expect("the document is kept");
                assert_eq!(kept.mso().bytes(), document.mso().bytes(), "the MSO is kept");
            }
        }
    },
};

pub(crate) const ISSUER_SIGNED: Target = Target {
    name: "issuer_signed",
    form: Form::Cbor,
    seeds: || parts_of_documents(|signed| Some(signed.clone())),
    replayed: 300,
    run: |input| {
        let Ok(signed) = IssuerSigned::parse(input) else { return };
        for namespace in signed.namespaces() {
            let opaque = namespace.opaque_items().iter().map(|item| item.element_identifier());
            let items = namespace.items().iter().map(|item| item.element_identifier());
            let names: Vec<_> = items.chain(opaque).collect();
            for item in namespace.items() {
                let name = item.element_identifier();
                let is_found = signed.item(namespace.name(), name).is_ok();
                let is_unique = names.iter().filter(|other| **other == name).count() == 1;
                assert_eq!(is_found, is_unique, "an item is found if its name occurs once");
                assert!(item.bytes().len() >= item.element_value().len(), "{:?}", item.layout());
            }
        }
    },
};

pub(crate) const MSO: Target = Target {
    name: "mso",
    form: Form::Cbor,
    seeds: || {
        parts_of_documents(|signed| {
            let ciborium::Value::Map(members) = ciborium::from_reader(&signed[..]).ok()? else {
                return None;
            };
            let is_auth = |key: &ciborium::Value| key.as_text() == Some("issuerAuth");
            let (_, auth) = members.into_iter().find(|(key, _)| is_auth(key))?;
            auth.into_array().ok()?.into_iter().nth(2)?.into_bytes().ok()
        })
    },
    replayed: 300,
    run: |input| {
        let Ok(mso) = MobileSecurityObject::parse(input) else { return };
        assert_eq!(mso.bytes(), input, "an MSO is the bytes that were read");
        let (_, _) = (mso.layout(), mso.validity());
    },
};

pub(crate) const REQUEST: Target = Target {
    name: "request",
    form: Form::Json,
    seeds: || {
        let mut seeds: Vec<_> = CASES.iter().map(|case| case.request.as_bytes().to_vec()).collect();
        for json in seeds.clone() {
            seeds.push(parse_request(&json).expect("the requests of cases are valid").to_cbor());
        }
        seeds.extend(stored("testdata/outside", |path| path.ends_with("request.json")));
        seeds.extend(CONDITIONS.iter().map(|it| MUSTERMANN.request_with(it).into_bytes()));
        seeds
    },
    replayed: 300,
    run: |input| {
        let Ok(request) = parse_request(input) else { return };
        let again = parse_request(&request.to_cbor()).expect("what is written can be read");
        assert_eq!(again, request, "a request is the same in its other form");
        may_hand_off(&request).ok();
        let response = DeviceResponse::parse(MUSTERMANN.device_response).expect("a document");
        let _ = json::explanation(&request.explain(&response.documents()[0]));
    },
};

/// A predicate with each condition.
const CONDITIONS: [&str; 6] = [
    r#"{"namespace": "org.iso.18013.5.1", "element": "birth_date", "age_at_least": 18}"#,
    r#"{"namespace": "org.iso.18013.5.1", "element": "issue_date", "date_before": "2026-01-01"}"#,
    r#"{"namespace": "org.iso.18013.5.1", "element": "expiry_date", "date_after": "2026-01-01"}"#,
    r#"{"namespace": "org.iso.18013.5.1", "element": "issuing_country", "equals": "DE"}"#,
    r#"{"namespace": "org.iso.18013.5.1", "element": "age_over_18", "equals": true}"#,
    r#"{"namespace": "org.iso.18013.5.1", "element": "family_name", "disclose": true}"#,
];

pub(crate) const SESSION_TRANSCRIPT: Target = Target {
    name: "session_transcript",
    form: Form::Cbor,
    seeds: || {
        let mut seeds: Vec<_> = CASES.iter().map(|case| case.session_transcript.to_vec()).collect();
        seeds
            .extend(transcripts().iter().filter_map(|it| hex::decode(text(it, "transcript")).ok()));
        seeds
    },
    replayed: 300,
    run: |input| {
        let Ok(transcript) = SessionTranscript::parse(input) else { return };
        // Some wallets wrap a transcript in tag 24.
        let again = SessionTranscript::parse(transcript.bytes());
        assert_eq!(again.as_ref(), Ok(&transcript), "a transcript is its own bytes");
        velum_wallet::device_authentication_bytes(
            MUSTERMANN.device_response,
            "org.iso.18013.5.1.mDL",
            input,
        )
        .expect("a document is authenticated in any session");
    },
};

/// What sessions begin with: the number of a kind, and four inputs.
pub(crate) const HANDOVER: Target = Target {
    name: "handover",
    form: Form::Cbor,
    seeds: || {
        let mut seeds = Vec::new();
        for vector in transcripts() {
            let members = ["openid4vp", "openid4vp_dc_api", "openid4vp_annex_b", "dcapi"];
            for (kind, member) in (0..).zip(members) {
                if let Some(given) = vector.get(member) {
                    let parts = ["client_id", "origin", "nonce", "response_uri"]
                        .map(|name| text(given, name).into_bytes());
                    let last = match given.get("jwk") {
                        Some(jwk) => jwk.to_string(),
                        None => text(given, "mdoc_generated_nonce"),
                    };
                    let [client, origin, nonce, uri] = &parts;
                    seeds.push(join(&[&[kind], client, origin, nonce, uri, last.as_bytes()]));
                }
            }
        }
        let engagement = b"\xa2\x00\x63\x31\x2e\x30\x01\x82\x01\xd8\x18\x41\xa0";
        for kind in [4, 5] {
            seeds.push(join(&[&[kind], engagement, b"\xa1\x01\x02", b"select", b"request", b""]));
        }
        seeds
    },
    replayed: 300,
    run: |input| {
        let Some([kind, client, origin, nonce, uri, last]) = split(input) else { return };
        let as_text = |bytes| String::from_utf8_lossy(bytes).into_owned();
        let (client_id, origin_text, nonce_text, uri_text, last_text) =
            (as_text(&client), as_text(&origin), as_text(&nonce), as_text(&uri), as_text(&last));
        let jwk_thumbprint = jwk_thumbprint(&last).ok();
        let handover = match kind.first().copied().unwrap_or_default() {
            0 => Handover::OpenId4Vp {
                client_id: &client_id,
                nonce: &nonce_text,
                jwk_thumbprint,
                response_uri: &uri_text,
            },
            1 => Handover::OpenId4VpDcApi {
                origin: &origin_text,
                nonce: &nonce_text,
                jwk_thumbprint,
            },
            2 => Handover::OpenId4VpAnnexB {
                client_id: &client_id,
                response_uri: &uri_text,
                nonce: &nonce_text,
                mdoc_generated_nonce: &last_text,
            },
            3 => Handover::DcApi { encryption_info: &nonce_text, origin: &origin_text },
            4 => Handover::Qr { device_engagement: &client, e_reader_key: &origin },
            _ => Handover::Nfc {
                device_engagement: &client,
                e_reader_key: &origin,
                select: &nonce,
                request: (!uri.is_empty()).then_some(&uri),
            },
        };
        if let Ok(transcript) = handover.session_transcript() {
            let again = SessionTranscript::parse(transcript.bytes());
            assert_eq!(again.as_ref(), Ok(&transcript), "what is written can be read");
        }
    },
};

pub(crate) const CERTIFICATE: Target = Target {
    name: "certificate",
    form: Form::Bytes,
    seeds: || {
        let mut seeds = Vec::new();
        for response in (DEVICE_RESPONSE.seeds)() {
            let Ok(response) = DeviceResponse::parse(&response) else { continue };
            for document in response.documents() {
                seeds.extend_from_slice(document.issuer_signed().x5chain());
            }
        }
        seeds.sort();
        seeds.dedup();
        seeds.push(b"-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n".to_vec());
        seeds
    },
    replayed: 300,
    run: |input| {
        if let Ok(text) = str::from_utf8(input) {
            read_pem(text).ok();
        }
        let now = now();
        for profile in ["", "iso18013-5", "pki"] {
            Issuer::from_der(input.to_vec(), Profile::by_name(profile)).ok();
        }
        let purpose: Oid = "1.0.18013.5.1.2".parse().expect("an OID");
        check_annex_b_signer(input).ok();
        check_pinned_signer(input, Some(&purpose)).ok();
        let roots = trusted_roots();
        verify_chain(&[input], &roots, now, now).ok();
        verify_chain(&signer_chain(), &[input], now, now).ok();
        verify_path(&[input], &roots[0], Some(&purpose), now, now).ok();
        verify_path(&[&signer_chain()[0][..], input], &roots[0], None, now, now).ok();
        verify_path(&signer_chain(), input, None, now, now).ok();
    },
};

fn now() -> Timestamp {
    "2026-11-01T00:00:00Z".parse().expect("a time")
}

pub(crate) fn session() -> SessionTranscript {
    SessionTranscript::parse(MUSTERMANN.session_transcript).expect("the session of a case")
}

/// The certificates of a real document.
fn signer_chain() -> Vec<Vec<u8>> {
    let response = DeviceResponse::parse(MUSTERMANN.device_response).expect("a document");
    response.documents()[0].issuer_signed().x5chain().to_vec()
}

/// The roots that the request of a real document trusts, or the signer itself.
fn trusted_roots() -> Vec<Vec<u8>> {
    let request = parse_request(MUSTERMANN.request.as_bytes()).expect("the request of a case");
    let roots = request.issuers().iter().filter_map(|issuer| match issuer {
        Issuer::Root { der, .. } | Issuer::Signer { der, .. } => Some(der.clone()),
        _ => None,
    });
    roots.chain(signer_chain()).collect()
}

/// A part of each document, made from its encoded `IssuerSigned`.
fn parts_of_documents(part: fn(&Vec<u8>) -> Option<Vec<u8>>) -> Vec<Vec<u8>> {
    let mut parts = Vec::new();
    for response in (DEVICE_RESPONSE.seeds)() {
        parts.extend(issuer_signed_of(&response).iter().filter_map(part));
    }
    parts.sort();
    parts.dedup();
    parts
}

/// Every encoded `IssuerSigned` of a `DeviceResponse`.
fn issuer_signed_of(response: &[u8]) -> Vec<Vec<u8>> {
    let member = |value: &ciborium::Value, name: &str| {
        let members = value.as_map()?.iter();
        members.clone().find(|(key, _)| key.as_text() == Some(name)).map(|(_, value)| value.clone())
    };
    let Ok(response) = ciborium::from_reader::<ciborium::Value, _>(response) else {
        return Vec::new();
    };
    let Some(documents) = member(&response, "documents").and_then(|it| it.into_array().ok()) else {
        return Vec::new();
    };
    let signed = documents.iter().filter_map(|document| member(document, "issuerSigned"));
    signed
        .map(|signed| {
            let mut bytes = Vec::new();
            ciborium::into_writer(&signed, &mut bytes).expect("a vector takes all bytes");
            bytes
        })
        .collect()
}

/// The test vectors of session transcripts.
fn transcripts() -> Vec<serde_json::Value> {
    serde_json::from_str(velum_testdata::TRANSCRIPT_VECTORS).expect("the vectors are JSON")
}

fn text(value: &serde_json::Value, member: &str) -> String {
    value.get(member).and_then(|it| it.as_str()).unwrap_or_default().to_owned()
}
