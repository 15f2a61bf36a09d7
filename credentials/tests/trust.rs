//! Whom a request trusts, and which error tells that it is someone else.

use velum_credentials::mint::{Spec, mint};
use velum_credentials::{Code, DeviceResponse, Document, Error, Issuer, Profile, TrustedIssuer, x509};
use velum_testdata::{AGE_VERIFICATION, ANNEX_D, CASES, Case, MUSTERMANN};

fn document(case: &Case) -> Document {
    let response = DeviceResponse::parse(case.device_response).unwrap();
    response.document(&case.facts().doc_type).unwrap().clone()
}

fn key(case: &Case) -> Issuer {
    Issuer::from_sec1(&case.facts().issuer_public_key.sec1()).unwrap()
}

fn signer(case: &Case) -> Issuer {
    Issuer::from_der(document(case).issuer_signed().x5chain()[0].clone(), None).unwrap()
}

fn check(case: &Case, issuers: &[Issuer]) -> Result<TrustedIssuer, Error> {
    let document = document(case);
    document.check_issuer(issuers, document.mso().validity().valid_from)
}

/// A case whose document has the first byte of the issuer's `s` changed.
fn altered(case: &Case) -> Document {
    let signature = *document(case).issuer_signed().signature();
    let at = case.device_response.windows(64).position(|window| window == signature).unwrap();
    let mut bytes = case.device_response.to_vec();
    bytes[at + 40] ^= 1;
    let response = DeviceResponse::parse(&bytes).unwrap();
    response.document(&case.facts().doc_type).unwrap().clone()
}

#[test]
fn a_signers_certificate_is_trusted_while_it_is_valid() {
    for case in &CASES {
        let Ok(issuer) = Issuer::from_der(document(case).issuer_signed().x5chain()[0].clone(), None) else {
            panic!("{}", case.name)
        };
        assert!(matches!(issuer, Issuer::Signer { .. }), "{}", case.name);
        let trusted = check(case, &[issuer]).unwrap();
        let (from, until) = trusted.signed_within.unwrap();
        let signed = document(case).mso().validity().signed;
        assert!(from <= signed && signed <= until, "{}", case.name);
        assert_eq!(trusted.certificates, 0);
        assert_eq!(
            trusted.public_key.to_encoded_point(false).as_bytes(),
            case.facts().issuer_public_key.sec1()
        );
    }
}

#[test]
fn any_one_of_several_issuers_is_enough() {
    let issuers = [key(&ANNEX_D), signer(&AGE_VERIFICATION), key(&MUSTERMANN)];
    for case in [MUSTERMANN, ANNEX_D, AGE_VERIFICATION] {
        check(&case, &issuers).unwrap();
    }
}

#[test]
fn another_issuer_is_untrusted() {
    for issuer in [key(&ANNEX_D), signer(&ANNEX_D)] {
        let error = check(&MUSTERMANN, &[issuer]).unwrap_err();
        assert_eq!(
            (error.code(), error.place()),
            (Code::IssuerUntrusted, "documents[0].issuerSigned.issuerAuth")
        );
    }
}

#[test]
fn an_altered_signature_is_told_from_an_unknown_issuer() {
    for case in [MUSTERMANN, AGE_VERIFICATION] {
        let document = altered(&case);
        let now = document.mso().validity().signed;
        for issuer in [key(&case), signer(&case)] {
            assert_eq!(document.check_issuer(&[issuer], now).unwrap_err().code(), Code::IssuerSignature);
        }
        let named = x509::certificate_public_key(&document.issuer_signed().x5chain()[0]).unwrap();
        assert_eq!(document.check_issuer_signature(&named).unwrap_err().code(), Code::IssuerSignature);
        let error = document.check_issuer(&[key(&ANNEX_D)], now).unwrap_err();
        assert_eq!(error.code(), Code::IssuerUntrusted);
    }
}

/// Documents of one signer, signed before, in and after the validity of its certificate.
#[test]
fn a_certificate_vouches_for_what_was_signed_while_it_was_valid() {
    for (signed, vouches) in [
        ("2025-12-31T23:59:59Z", false),
        ("2026-01-01T00:00:00Z", true),
        ("2026-06-30T00:00:00Z", true),
        ("2026-06-30T00:00:01Z", false),
    ] {
        let spec = serde_json::json!({
            "seed": hex::encode([1; 32]),
            "doc_type": "org.iso.18013.5.1.mDL",
            "validity": { "signed": signed, "valid_from": "2026-01-02T00:00:00Z", "valid_until": "2026-12-31T00:00:00Z" },
            "elements": [{ "namespace": "org.iso.18013.5.1", "element": "age_over_18", "value": true }],
            "certificates": { "document_signer": {
                "not_before": "2026-01-01T00:00:00Z",
                "not_after": "2026-06-30T00:00:00Z",
            } },
        });
        let minted = mint(&Spec::from_json(&spec.to_string()).unwrap()).unwrap();
        let response = DeviceResponse::parse(&minted.document()).unwrap();
        let (document, now) = (&response.documents()[0], "2026-06-01T00:00:00Z".parse().unwrap());
        let key = Issuer::Key(*minted.keys.document_signer.verifying_key());
        let signer = Issuer::from_der(minted.x5chain[0].clone(), None).unwrap();
        let root = Issuer::from_der(minted.iaca.clone(), Some(Profile::Iso18013_5)).unwrap();
        for certified in [signer, root] {
            let found = document.check_issuer(std::slice::from_ref(&certified), now);
            match vouches {
                true => assert!(found.unwrap().signed_within.is_some()),
                false => assert_eq!(found.unwrap_err().code(), Code::IssuerUntrusted, "{signed}"),
            }
            assert!(
                document.check_issuer(&[certified, key.clone()], now).is_ok(),
                "the key itself is trusted too"
            );
        }
    }
}
