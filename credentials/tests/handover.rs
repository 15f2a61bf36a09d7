//! Session transcripts, built from what a session began with.

use serde_json::Value;
use velum_credentials::{Code, Error, Handover, SessionTranscript, jwk_thumbprint, limits};
use velum_testdata::TRANSCRIPT_VECTORS;

const NONCE: &str = "exc7gBkxjx1rdc9udRrveKvSsJIq80avlXeLHhGwqtA";

fn bytes(value: &Value) -> Vec<u8> {
    hex::decode(value.as_str().unwrap()).unwrap()
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap()
}

/// Builds the transcript of a test vector.
fn built(vector: &Value) -> Result<SessionTranscript, Error> {
    let thumbprint =
        |begun: &Value| Some(jwk_thumbprint(begun["jwk"].to_string().as_bytes()).unwrap());
    let (name, begun) = vector
        .as_object()
        .unwrap()
        .iter()
        .find(|(_, member)| member.is_object())
        .expect("a vector says what its session began with");
    match name.as_str() {
        "openid4vp" => Handover::OpenId4Vp {
            client_id: text(&begun["client_id"]),
            nonce: text(&begun["nonce"]),
            jwk_thumbprint: thumbprint(begun),
            response_uri: text(&begun["response_uri"]),
        }
        .session_transcript(),
        "openid4vp_dc_api" => Handover::OpenId4VpDcApi {
            origin: text(&begun["origin"]),
            nonce: text(&begun["nonce"]),
            jwk_thumbprint: thumbprint(begun),
        }
        .session_transcript(),
        "openid4vp_annex_b" => Handover::OpenId4VpAnnexB {
            client_id: text(&begun["client_id"]),
            response_uri: text(&begun["response_uri"]),
            nonce: text(&begun["nonce"]),
            mdoc_generated_nonce: text(&begun["mdoc_generated_nonce"]),
        }
        .session_transcript(),
        "dcapi" => Handover::DcApi {
            encryption_info: text(&begun["encryption_info"]),
            origin: text(&begun["origin"]),
        }
        .session_transcript(),
        "qr" => Handover::Qr {
            device_engagement: &bytes(&begun["device_engagement"]),
            e_reader_key: &bytes(&begun["e_reader_key"]),
        }
        .session_transcript(),
        "nfc" => Handover::Nfc {
            device_engagement: &bytes(&begun["device_engagement"]),
            e_reader_key: &bytes(&begun["e_reader_key"]),
            select: &bytes(&begun["select"]),
            request: Some(&bytes(&begun["request"])),
        }
        .session_transcript(),
        other => panic!("no such session: {other}"),
    }
}

fn vectors() -> Vec<Value> {
    let Value::Array(vectors) = serde_json::from_str(TRANSCRIPT_VECTORS).unwrap() else {
        panic!("the vectors are no array")
    };
    vectors
}

#[test]
fn transcripts_are_those_of_the_specifications() {
    let vectors = vectors();
    assert_eq!(vectors.len(), 7);
    for vector in &vectors {
        let built = built(vector).unwrap();
        assert_eq!(hex::encode(built.bytes()), text(&vector["transcript"]), "{}", vector["name"]);
    }
}

/// Every text and every byte string with which a session begins affects the transcript.
#[test]
fn another_session_has_another_transcript() {
    for vector in vectors() {
        let kind =
            vector.as_object().unwrap().iter().find(|(_, member)| member.is_object()).unwrap();
        for member in kind.1.as_object().unwrap().keys() {
            let mut other = vector.clone();
            let place = &mut other[kind.0][member];
            *place = match &*place {
                Value::Object(jwk) => {
                    let mut jwk = jwk.clone();
                    jwk.insert("x".into(), "another".into());
                    jwk.into()
                }
                // The last byte of a map lies inside one of its values.
                Value::String(hex) if matches!(kind.0.as_str(), "qr" | "nfc") => {
                    let last = if hex.ends_with('0') { "1" } else { "0" };
                    format!("{}{last}", &hex[..hex.len() - 1]).into()
                }
                Value::String(text) => format!("{text}1").into(),
                other => panic!("{other} is neither a key nor text"),
            };
            let transcript = built(&other).unwrap();
            assert_ne!(
                hex::encode(transcript.bytes()),
                text(&vector["transcript"]),
                "{}: {member}",
                kind.0
            );
        }
    }
}

/// An absent member is `null`. No value encodes to the same.
#[test]
fn what_is_absent_is_null() {
    let encrypted = |jwk_thumbprint| {
        let session = Handover::OpenId4VpDcApi {
            origin: "https://example.com",
            nonce: NONCE,
            jwk_thumbprint,
        };
        session.session_transcript().unwrap()
    };
    assert_ne!(encrypted(None), encrypted(Some([0; 32])));

    let negotiated = |request| {
        let session = Handover::Nfc {
            device_engagement: b"\xa0",
            e_reader_key: b"\xa0",
            select: b"select",
            request,
        };
        session.session_transcript().unwrap()
    };
    let of_static_handover = negotiated(None);
    assert_eq!(
        of_static_handover.bytes(),
        b"\x83\xd8\x18\x41\xa0\xd8\x18\x41\xa0\x82\x46select\xf6"
    );
    assert_ne!(of_static_handover, negotiated(Some(b"")));
}

/// A structure that comes in a byte string under tag 24 is kept as it was sent, even if its head is
/// longer than necessary.
#[test]
fn structures_may_come_embedded() {
    let transcript = |device_engagement| {
        Handover::Qr { device_engagement, e_reader_key: b"\xa0" }.session_transcript().unwrap()
    };
    assert_eq!(transcript(b"\xa0"), transcript(b"\xd8\x18\x41\xa0"));
    assert_eq!(
        transcript(b"\xd8\x18\x58\x01\xa0").bytes(),
        b"\x83\xd8\x18\x58\x01\xa0\xd8\x18\x41\xa0\xf6"
    );
}

#[test]
fn what_cannot_begin_a_session_is_refused() {
    let of_web = |origin, nonce| Handover::OpenId4VpDcApi { origin, nonce, jwk_thumbprint: None };
    let of_iso =
        |encryption_info| Handover::DcApi { encryption_info, origin: "https://example.com" };
    let at_the_counter =
        |device_engagement, e_reader_key| Handover::Qr { device_engagement, e_reader_key };
    let by_redirect = Handover::OpenId4Vp {
        client_id: "x509_san_dns:example.com",
        nonce: "",
        jwk_thumbprint: None,
        response_uri: "https://example.com/response",
    };
    let cases = [
        (by_redirect, "nonce"),
        (of_web("https://example.com", ""), "nonce"),
        (of_web("", NONCE), "origin"),
        (of_web("origin:https://example.com", NONCE), "origin"),
        (of_web("https://example.com/", NONCE), "origin"),
        (of_web("https://example.com?a", NONCE), "origin"),
        (of_web("https://", NONCE), "origin"),
        (of_web("https://user@example.com", NONCE), "origin"),
        (of_iso(""), "encryption_info"),
        (of_iso("gmVk="), "encryption_info"),
        (of_iso("gm+/"), "encryption_info"),
        (at_the_counter(b"", b"\xa0"), "device_engagement"),
        (at_the_counter(b"\x80", b"\xa0"), "device_engagement"),
        (at_the_counter(b"\xa0\xa0", b"\xa0"), "device_engagement"),
        (at_the_counter(b"\xa0", b"\xd8\x18\x41\x80"), "e_reader_key"),
        (at_the_counter(b"\xa0", b"\xd8\x18\x41\xa0\x00"), "e_reader_key"),
        (at_the_counter(b"\xa0", b"\xd8\x19\x41\xa0"), "e_reader_key"),
    ];
    for (session, place) in cases {
        let error = session.session_transcript().unwrap_err();
        assert_eq!((error.code(), error.place()), (Code::Malformed, place), "{session:?}");
    }

    let long = vec![0; limits::TRANSCRIPT_BYTES];
    let session = Handover::Nfc {
        device_engagement: b"\xa0",
        e_reader_key: b"\xa0",
        select: &long,
        request: None,
    };
    assert_eq!(session.session_transcript().unwrap_err().code(), Code::TooLarge);
}

/// Origins of apps have other forms and are accepted unchanged.
#[test]
fn origins_of_apps_pass() {
    for origin in [
        "android:apk-key-hash:7d1043473d55bfa90e8530d35801d4e381bc69f0",
        "https://example.com:8443",
        "http://localhost:5173",
    ] {
        Handover::OpenId4VpDcApi { origin, nonce: NONCE, jwk_thumbprint: None }
            .session_transcript()
            .unwrap();
    }
}

/// The examples of RFC 7638, section 3.1, and of RFC 8037, appendix A.3.
#[test]
fn thumbprints_are_those_of_the_standards() {
    let rsa = r#"{
        "kty": "RSA",
        "n": "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw",
        "e": "AQAB",
        "alg": "RS256",
        "kid": "2011-04-29"
    }"#;
    let octets =
        r#"{"kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#;
    for (jwk, thumbprint) in [
        (rsa, "3736cbb1787cb8309c77ee8c3705c5e16ffb9e859715901f1e4c59b11182f57b"),
        (octets, "90facafea9b1556698540f70c0117a22ea37bd5cf3ed3c47093c1707282b4b89"),
    ] {
        assert_eq!(hex::encode(jwk_thumbprint(jwk.as_bytes()).unwrap()), thumbprint);
    }
}

#[test]
fn keys_that_are_none_have_no_thumbprint() {
    let cases = [
        "",
        "[]",
        r#"{"crv": "P-256"}"#,
        r#"{"kty": "oct", "k": "AAAA"}"#,
        r#"{"kty": "EC", "crv": "P-256", "x": "AA"}"#,
        r#"{"kty": "EC", "crv": "P-256", "x": "AA", "y": 1}"#,
    ];
    for jwk in cases {
        let error = jwk_thumbprint(jwk.as_bytes()).unwrap_err();
        assert_eq!((error.code(), error.place()), (Code::Malformed, "jwk"), "{jwk}");
    }
}
