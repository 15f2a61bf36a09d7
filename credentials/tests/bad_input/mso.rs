//! Malformed and unusual MSOs.

use velum_credentials::limits;

use super::*;

/// The MSO payload with bytes replaced. The inner length is corrected.
fn payload_with(from: &[u8], to: &[u8]) -> Vec<u8> {
    let document = parse(MUSTERMANN.device_response).unwrap();
    replace_embedded(document.mso().bytes(), from, to)
}

#[test]
fn msos_are_definite_and_alone() {
    let cases: [(Vec<u8>, &str); 7] = [
        (payload_with(b"\xa6\x67version", b"\xbf\x67version"), "indefinite"),
        (payload_with(b"\x67version\x63\x31\x2e\x30", b"\x67version\x7f\x631.0\xff"), "indefinite"),
        (
            [parse(MUSTERMANN.device_response).unwrap().mso().bytes(), b"\x00"].concat(),
            "byte string of",
        ),
        (
            encode(&Value::Tag(
                24,
                Box::new(Value::Bytes(
                    [
                        unembed_bytes(parse(MUSTERMANN.device_response).unwrap().mso().bytes()),
                        vec![0],
                    ]
                    .concat(),
                )),
            )),
            "bytes follow",
        ),
        (
            unembed_bytes(parse(MUSTERMANN.device_response).unwrap().mso().bytes()),
            "expected CBOR tag 24",
        ),
        (vec![], "the input ends"),
        (encode(&embed(&Value::Array(vec![]))), "expected a map"),
    ];
    for (payload, why) in cases {
        refused(&with_payload(payload), Code::Malformed, PAYLOAD, why);
    }
}

/// Heads may be longer than necessary, as some encoders write them. The content is the same.
#[test]
fn heads_of_msos_may_be_long() {
    let original = parse(MUSTERMANN.device_response).unwrap();
    let mso = unembed_bytes(original.mso().bytes());
    let length = (mso.len() as u32).to_be_bytes();
    for payload in [
        payload_with(b"\xa6\x67version", b"\xb9\x00\x06\x67version"),
        payload_with(b"\x67version\x63", b"\x78\x07version\x63"),
        payload_with(b"\x67version\x63", b"\x67version\x78\x03"),
        payload_with(b"\x69deviceKey\xa4", b"\x69deviceKey\xb8\x04"),
        payload_with(
            b"\x69deviceKey\xa4",
            b"\x7b\x00\x00\x00\x00\x00\x00\x00\x09deviceKey\xbb\x00\x00\x00\x00\x00\x00\x00\x04",
        ),
        payload_with(b"\x69validFrom\xc0\x74", b"\x69validFrom\xd8\x00\x78\x14"),
        [&[0xd8, 0x18, 0x5a], &length[..], &mso].concat(),
        [&[0xd9, 0x00, 0x18, 0x5b, 0, 0, 0, 0], &length[..], &mso].concat(),
    ] {
        let document = parse(&with_payload(payload)).unwrap();
        let (read, expected) = (document.mso(), original.mso());
        assert_eq!(read.doc_type(), expected.doc_type());
        assert_eq!(read.device_key(), expected.device_key());
        assert_eq!(read.validity(), expected.validity());
        assert_eq!(read.digest(NAMESPACE, 28), expected.digest(NAMESPACE, 28));
    }
    let twice =
        payload_with(b"\xa6\x67version\x631.0", b"\xa7\x67version\x631.0\x78\x07version\x631.0");
    refused(&with_payload(twice), Code::Malformed, PAYLOAD, "twice");
}

#[test]
fn mso_keys_occur_exactly_once() {
    for key in
        ["version", "digestAlgorithm", "docType", "valueDigests", "deviceKeyInfo", "validityInfo"]
    {
        let missing = with_mso(|mso| members(mso).retain(|(k, _)| k.as_text() != Some(key)));
        refused(&missing, Code::Malformed, PAYLOAD, &format!("{key} is missing"));
        let twice = with_mso(|mso| {
            let value = at(mso, &[key]).clone();
            members(mso).push((text(key), value));
        });
        refused(&twice, Code::Malformed, PAYLOAD, "twice");
    }
    for key in ["signed", "validFrom", "validUntil"] {
        let missing = with_mso(|mso| {
            members(at(mso, &["validityInfo"])).retain(|(k, _)| k.as_text() != Some(key))
        });
        refused(
            &missing,
            Code::Malformed,
            &format!("{PAYLOAD}.validityInfo"),
            &format!("{key} is missing"),
        );
    }
    for label in [1, -1, -2, -3] {
        let missing = with_mso(|mso| {
            members(at(mso, &["deviceKeyInfo", "deviceKey"]))
                .retain(|(k, _)| *k != Value::from(label));
        });
        refused(
            &missing,
            Code::Malformed,
            &format!("{PAYLOAD}.deviceKeyInfo.deviceKey"),
            "is missing",
        );
    }
    let unknown = with_mso(|mso| {
        members(mso).push((text("status"), Value::Map(vec![(text("idx"), Value::from(1))])));
        members(mso).insert(0, (Value::from(7), Value::Null));
    });
    parse(&unknown).unwrap();
}

#[test]
fn unknown_algorithms_are_refused() {
    let version = with_mso(|mso| *at(mso, &["version"]) = text("1.1"));
    let place = format!("{PAYLOAD}.version");
    refused(&version, Code::Malformed, &place, "wrote \"1.1\", but only \"1.0\" is supported");
    for algorithm in ["SHA-512", "SHA-384", "sha-256"] {
        let other = with_mso(|mso| *at(mso, &["digestAlgorithm"]) = text(algorithm));
        refused(
            &other,
            Code::Malformed,
            &format!("{PAYLOAD}.digestAlgorithm"),
            "only \"SHA-256\" is supported",
        );
    }
    for protected in [&b"\xa1\x01\x38\x22"[..], b"\xa1\x01\x38\x23", b"\xa1\x01\x27", b"\xa0", b""]
    {
        let other = response(|root| {
            *at(root, &["documents", "0", "issuerSigned", "issuerAuth", "0"]) =
                Value::Bytes(protected.to_vec());
        });
        refused(&other, Code::Malformed, &format!("{AUTH}.protected"), "only ES256");
    }
    // An issuer with a P-384 key: ES384 with its longer signature.
    let p384 = response(|root| {
        let auth = at(root, &["documents", "0", "issuerSigned", "issuerAuth"]);
        *at(auth, &["0"]) = Value::Bytes(b"\xa1\x01\x38\x22".to_vec());
        *at(auth, &["3"]) = Value::Bytes(vec![1; 96]);
    });
    refused(&p384, Code::Malformed, &format!("{AUTH}.protected"), "only ES256");
    for length in [0, 63, 65, 96] {
        let short = response(|root| {
            *at(root, &["documents", "0", "issuerSigned", "issuerAuth", "3"]) =
                Value::Bytes(vec![1; length]);
        });
        refused(&short, Code::Malformed, &format!("{AUTH}.signature"), "has 64");
    }
}

/// A proof reads every label of the key, and it cannot read longer labels.
#[test]
fn labels_of_device_keys_have_32_bits() {
    let with_label = |label: i64| {
        with_mso(|mso| {
            members(at(mso, &["deviceKeyInfo", "deviceKey"]))
                .push((Value::from(label), Value::Null));
        })
    };
    for label in [(1 << 32) - 1, -(1 << 32)] {
        parse(&with_label(label)).unwrap();
    }
    for label in [1 << 32, -(1 << 32) - 1] {
        let place = format!("{PAYLOAD}.deviceKeyInfo.deviceKey");
        refused(&with_label(label), Code::Malformed, &place, &format!("label {label}"));
    }
}

/// Keys are distinguished by fingerprints of their texts, and an empty text has no fingerprint.
/// Tags have 32 bits, like labels.
#[test]
fn keys_are_not_empty_and_tags_have_32_bits() {
    let empty: [(&[&str], &str); 4] = [
        (&[], ""),
        (&["deviceKeyInfo"], ".deviceKeyInfo"),
        (&["validityInfo"], ".validityInfo"),
        (&["valueDigests"], ".valueDigests"),
    ];
    for (path, place) in empty {
        let response = with_mso(|mso| {
            let map = members(if path.is_empty() { mso } else { at(mso, path) });
            map.push((text(""), Value::Map(Vec::new())));
        });
        refused(&response, Code::Malformed, &format!("{PAYLOAD}{place}"), "empty");
    }
    let tagged = |tag: u64| {
        with_mso(|mso| members(mso).push((text("other"), Value::Tag(tag, Box::new(Value::Null)))))
    };
    parse(&tagged((1 << 32) - 1)).unwrap();
    refused(&tagged(1 << 32), Code::Malformed, PAYLOAD, "tag 4294967296");
}

#[test]
fn device_keys_are_uncompressed_p256_points() {
    let place = format!("{PAYLOAD}.deviceKeyInfo.deviceKey");
    let with_key = |label: i64, value: Value| {
        with_mso(|mso| {
            let key = members(at(mso, &["deviceKeyInfo", "deviceKey"]));
            key.iter_mut().find(|(k, _)| *k == Value::from(label)).unwrap().1 = value;
        })
    };
    refused(&with_key(1, Value::from(1)), Code::Malformed, &place, "kty is OKP (1)");
    refused(&with_key(-1, Value::from(2)), Code::Malformed, &place, "crv is P-384 (2)");
    refused(
        &with_key(-1, Value::from(256)),
        Code::Malformed,
        &place,
        "crv is brainpoolP256r1 (256)",
    );
    refused(&with_key(-1, Value::from(-9)), Code::Malformed, &place, "crv is -9");
    refused(&with_key(-1, text("P-256")), Code::Malformed, &place, "crv is not an integer");
    refused(&with_key(-3, Value::Bool(true)), Code::Malformed, &place, "the point is compressed");
    refused(&with_key(-3, text("y")), Code::Malformed, &place, "expected a byte string");
    refused(&with_key(-2, Value::Bytes(vec![1; 31])), Code::Malformed, &place, "31 bytes");
    refused(&with_key(-2, Value::Bytes(vec![0; 32])), Code::Malformed, &place, "not on P-256");
    refused(&with_key(-2, Value::Bytes(vec![0xff; 32])), Code::Malformed, &place, "not on P-256");
}

#[test]
fn dates_are_in_utc_and_under_their_tag() {
    let with_date =
        |key: &str, value: Value| with_mso(|mso| *at(mso, &["validityInfo", key]) = value);
    let tdate = |characters: &str| Value::Tag(0, Box::new(text(characters)));
    for (key, value, why) in [
        ("validUntil", tdate("2024-02-30T13:50:00Z"), "not a calendar date"),
        ("signed", tdate("2024-09-30"), "not a calendar date"),
        ("signed", tdate("2024-09-30T13:50:00.Z"), "no digits or too many"),
        ("signed", tdate("2024-09-30T13:50:00.0123456789Z"), "no digits or too many"),
        ("validFrom", tdate("2024-09-30T13:50:00+02:00"), "not in UTC"),
        ("validFrom", tdate("2024-09-30T13:50:00"), "without an offset"),
        ("validFrom", tdate("2024-09-30t13:50:00z"), "lower case"),
        ("validFrom", text("2024-09-30T13:50:00Z"), "has no tag 0"),
        ("validUntil", Value::Tag(1, Box::new(Value::from(1_700_000_000))), "found tag 1"),
        ("validUntil", Value::Tag(0, Box::new(Value::from(0))), "expected text"),
    ] {
        refused(
            &with_date(key, value),
            Code::Malformed,
            &format!("{PAYLOAD}.validityInfo.{key}"),
            why,
        );
    }
    let signed = "2024-09-30T13:50:00Z".parse().unwrap();
    for end in ["Z", "+00:00", ".0Z", ".999999999Z", ".5+00:00"] {
        let document =
            parse(&with_date("signed", tdate(&format!("2024-09-30T13:50:00{end}")))).unwrap();
        assert_eq!(document.mso().validity().signed, signed, "{end}");
    }
}

#[test]
fn digests_are_of_32_bytes_at_ids_below_2_to_the_32() {
    let with_digest = |id: u64, length: usize| {
        with_mso(|mso| {
            members(at(mso, &["valueDigests", NAMESPACE]))
                .push((Value::from(id), Value::Bytes(vec![0; length])));
        })
    };
    let place = format!("{PAYLOAD}.valueDigests[\"{NAMESPACE}\"]");
    parse(&with_digest(u64::from(limits::DIGEST_ID_MAX), 32)).unwrap();
    refused(&with_digest(1 << 32, 32), Code::Malformed, &place, "not below 2^32");
    refused(&with_digest(99, 64), Code::Malformed, &format!("{place}[99]"), "64 bytes");
    refused(&with_digest(26, 32), Code::Malformed, PAYLOAD, "twice");
}

#[test]
fn msos_have_a_largest_size() {
    let padded =
        |extra: usize| with_mso(|mso| members(mso).push((text("x"), Value::Bytes(vec![0; extra]))));
    let size = |response: &[u8]| parse(response).unwrap().mso().bytes().len();
    let overhead = size(&padded(60_000)) - 60_000;
    assert_eq!(size(&padded(limits::MSO_BYTES - overhead)), limits::MSO_BYTES);
    refused(&padded(limits::MSO_BYTES - overhead + 1), Code::TooLarge, PAYLOAD, "limit is 65536");
}
