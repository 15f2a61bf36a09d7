//! Whom a request trusts, and the errors for signers that it does not trust.

use velum_credentials::mint::{Draft, Spec, mint};
use velum_credentials::{
    Code, DeviceResponse, Document, Error, Issuer, Profile, SignatureAlgorithm, TrustedIssuer, x509,
};
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

/// The document of a case with one byte of the issuer's `s` changed.
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
        let Ok(issuer) =
            Issuer::from_der(document(case).issuer_signed().x5chain()[0].clone(), None)
        else {
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
        let message =
            "none of the request's issuers made the signature; add the issuer if you trust it";
        assert_eq!(error.message(), message);
    }
}

#[test]
fn an_altered_signature_is_told_from_an_unknown_issuer() {
    for case in [MUSTERMANN, AGE_VERIFICATION] {
        let document = altered(&case);
        let now = document.mso().validity().signed;
        for issuer in [key(&case), signer(&case)] {
            assert_eq!(
                document.check_issuer(&[issuer], now).unwrap_err().code(),
                Code::IssuerSignature
            );
        }
        let named = x509::certificate_public_key(&document.issuer_signed().x5chain()[0]).unwrap();
        assert_eq!(
            document.check_issuer_signature(&named).unwrap_err().code(),
            Code::IssuerSignature
        );
        let error = document.check_issuer(&[key(&ANNEX_D)], now).unwrap_err();
        assert_eq!(error.code(), Code::IssuerUntrusted);
    }
}

/// Documents of one signer that were signed before, during and after the validity of its
/// certificate.
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

/// A spec of a driving licence that was signed on 1 January 2026.
fn spec(change: impl FnOnce(&mut serde_json::Value)) -> Spec {
    let mut spec = serde_json::json!({
        "seed": hex::encode([1; 32]),
        "doc_type": "org.iso.18013.5.1.mDL",
        "validity": {
            "signed": "2026-01-01T00:00:00Z",
            "valid_from": "2026-01-01T00:00:00Z",
            "valid_until": "2026-12-31T00:00:00Z",
        },
        "elements": [{ "namespace": "org.iso.18013.5.1", "element": "age_over_18", "value": true }],
    });
    change(&mut spec);
    Spec::from_json(&spec.to_string()).unwrap()
}

fn root(der: &[u8], profile: Profile) -> Issuer {
    Issuer::from_der(der.to_vec(), Some(profile)).unwrap()
}

const PKI: Profile = Profile::Pki { require_eku: None };

/// If no trusted issuer made the signature, the message says what each party could do. An expired
/// certificate is reported as expired.
#[test]
fn expired_certificates_are_told_as_such() {
    let periods = serde_json::json!({ "not_before": "2025-12-01T00:00:00Z", "not_after": "2026-05-01T00:00:00Z" });
    let now = "2026-06-01T00:00:00Z".parse().unwrap();
    let refusal = |change: &dyn Fn(&mut serde_json::Value),
                   issuers: &dyn Fn(&[u8]) -> Vec<Issuer>| {
        let minted = mint(&spec(change)).unwrap();
        let response = DeviceResponse::parse(&minted.document()).unwrap();
        let error = response.documents()[0].check_issuer(&issuers(&minted.iaca), now).unwrap_err();
        assert_eq!(error.code(), Code::IssuerUntrusted);
        error.message().to_owned()
    };
    let signer =
        |spec: &mut serde_json::Value| spec["certificates"]["document_signer"] = periods.clone();
    let iaca = |spec: &mut serde_json::Value| {
        signer(spec);
        spec["certificates"]["document_signer"]["not_after"] = "2026-08-01T00:00:00Z".into();
        spec["certificates"]["iaca"] = periods.clone();
    };
    let other = mint(&spec(|spec| {
        spec["seed"] = hex::encode([2; 32]).into();
        spec["certificates"]["iaca_name"] = "Another IACA".into();
    }));
    let other = other.unwrap().iaca;
    for profile in [Profile::Iso18013_5, PKI] {
        let expired = refusal(&signer, &|iaca| vec![root(iaca, profile)]);
        assert!(
            expired.contains("document signer certificate (x5chain 0) has expired"),
            "{expired}"
        );
        assert!(
            expired.contains("2026-05-01T00:00:00Z") && expired.contains("issue the document anew"),
            "{expired}"
        );
        assert!(!expired.contains("add the issuer"), "{expired}");
        // No root would help, neither the right one nor another.
        let stranger = refusal(&signer, &|_| vec![root(&other, profile)]);
        assert!(
            stranger.contains("has expired") && !stranger.contains("add the issuer"),
            "{stranger}"
        );

        let expired = refusal(&iaca, &|iaca| vec![root(&other, profile), root(iaca, profile)]);
        assert!(expired.contains("the root certificate of issuers[1] has expired"), "{expired}");
        assert!(!expired.contains("add the issuer"), "{expired}");

        let unknown = refusal(&|_| (), &|_| vec![root(&other, profile)]);
        assert!(unknown.contains("add the issuer"), "{unknown}");
    }
}

/// A refusal names the extension, the profile, and how to trust the signer nevertheless.
#[test]
fn refusals_name_extension_and_profile() {
    let document = document(&AGE_VERIFICATION);
    let leaf = &document.issuer_signed().x5chain()[0];
    let now = document.mso().validity().valid_from;
    // The signer's own certificate, pinned under a profile that requires more than it fulfils.
    let pinned = |profile| {
        let issuer = Issuer::from_der(leaf.clone(), profile).unwrap();
        document.check_issuer(&[issuer], now).map_err(|error| error.message().to_owned())
    };
    assert_eq!(pinned(None).unwrap().certificates, 0);
    assert_eq!(pinned(Some(PKI)).unwrap().certificates, 0);
    let message = pinned(Some(Profile::Iso18013_5)).unwrap_err();
    for words in ["\"iso18013-5\"", "extKeyUsage", "leave the profile out"] {
        assert!(message.contains(words), "{message}");
    }
    let purpose = "1.0.18013.5.1.2".parse().unwrap();
    let message = pinned(Some(Profile::Pki { require_eku: Some(purpose) })).unwrap_err();
    for words in ["\"pki\"", "extKeyUsage lacks 1.0.18013.5.1.2", "leave the profile out"] {
        assert!(message.contains(words), "{message}");
    }
}

/// A certificate that follows Annex B also follows RFC 5280. Either profile trusts a minted
/// licence, with the purpose that it has.
#[test]
fn either_profile_trusts_what_keeps_annex_b() {
    let minted = mint(&spec(|_| ())).unwrap();
    let response = DeviceResponse::parse(&minted.document()).unwrap();
    let now = "2026-06-01T00:00:00Z".parse().unwrap();
    let check = |profile| response.documents()[0].check_issuer(&[root(&minted.iaca, profile)], now);
    for profile in [
        Profile::Iso18013_5,
        PKI,
        Profile::Pki { require_eku: Some("1.0.18013.5.1.2".parse().unwrap()) },
    ] {
        assert_eq!(check(profile).unwrap().certificates, 1);
    }
    let required = Profile::Pki { require_eku: Some("1.2.3.4".parse().unwrap()) };
    let message = check(required).unwrap_err().message().to_owned();
    for words in ["\"pki\"", "extKeyUsage lacks 1.2.3.4", "sec1_hex", "x509_pem"] {
        assert!(message.contains(words), "{message}");
    }
}

/// A document may be signed by ESP256. Its protected header says so.
#[test]
fn an_issuer_may_sign_by_esp256() {
    let spec = spec(|_| ());
    let mut draft = Draft::new(&spec).unwrap().digest().unwrap();
    draft.protected = SignatureAlgorithm::Esp256.protected().to_vec();
    let minted = draft.sign().unwrap();
    let response = DeviceResponse::parse(&minted.document()).unwrap();
    let document = &response.documents()[0];
    assert_eq!(document.issuer_signed().algorithm(), SignatureAlgorithm::Esp256);
    document
        .check_issuer(&[root(&minted.iaca, PKI)], "2026-06-01T00:00:00Z".parse().unwrap())
        .unwrap();
}
