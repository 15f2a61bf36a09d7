//! Document signer certificates and their chains: minted ones, and those of real documents.

use p256::ecdsa::DerSignature;
use p256::ecdsa::signature::Signer;
use velum_credentials::mint::{
    Draft, Keys, Spec, document_signer_certificate, iaca_certificate, sign_certificate,
};
use velum_credentials::x509::{
    CertificateFault, CertificateRole, ChainError, Extension, Moment, SignerCertificate,
    certificate_public_key, check_pinned_signer, is_ca, verify_chain, verify_path,
};
use velum_credentials::{Code, DeviceResponse, Issuer, Profile, Request, Timestamp};
use velum_testdata::{AGE_VERIFICATION, CASES};
use x509_cert::TbsCertificate;
use x509_cert::certificate::{CertificateInner, Raw, TbsCertificateInner, Version};
use x509_cert::der::asn1::{
    Any, BitString, ObjectIdentifier, OctetString, PrintableStringRef, Utf8StringRef,
};
use x509_cert::der::oid::AssociatedOid;
use x509_cert::der::oid::db::{rfc4519, rfc5912};
use x509_cert::der::{Decode, Encode};
use x509_cert::ext::pkix::{
    AuthorityKeyIdentifier, BasicConstraints, ExtendedKeyUsage, KeyUsage, KeyUsages,
    SubjectKeyIdentifier,
};
use x509_cert::serial_number::SerialNumber;
use x509_cert::spki::{DynSignatureAlgorithmIdentifier, SubjectPublicKeyInfoOwned};

const SIGNED: &str = "2026-01-01T00:00:00Z";
const NOW: &str = "2026-06-01T00:00:00Z";

fn time(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn spec(seed: u8) -> Spec {
    let seed = hex::encode([seed; 32]);
    Spec::from_json(&format!(
        r#"{{
            "seed": "{seed}",
            "doc_type": "org.iso.18013.5.1.mDL",
            "validity": {{"signed": "{SIGNED}", "valid_from": "{SIGNED}", "valid_until": "2026-12-31T00:00:00Z"}},
            "elements": [{{"namespace": "org.iso.18013.5.1", "element": "age_over_18", "value": true}}]
        }}"#
    ))
    .unwrap()
}

/// Two certificates before they are signed, and the keys that sign them.
struct Chain {
    keys: Keys,
    iaca: TbsCertificate,
    signer: TbsCertificate,
}

impl Chain {
    fn new() -> Self {
        Self::of(&spec(1))
    }

    fn of(spec: &Spec) -> Self {
        let keys = Draft::new(spec).unwrap().keys;
        let iaca = iaca_certificate(spec, &keys).unwrap();
        let signer = document_signer_certificate(spec, &keys, &iaca).unwrap();
        Self { keys, iaca, signer }
    }

    fn iaca_der(&self) -> Vec<u8> {
        sign_certificate::<_, DerSignature>(self.iaca.clone(), &self.keys.iaca).unwrap()
    }

    fn signer_der(&self) -> Vec<u8> {
        sign_certificate::<_, DerSignature>(self.signer.clone(), &self.keys.iaca).unwrap()
    }

    fn verify(&self) -> Result<SignerCertificate, ChainError> {
        self.verify_at(SIGNED, NOW)
    }

    fn verify_at(&self, signed: &str, now: &str) -> Result<SignerCertificate, ChainError> {
        verify_chain(&[self.signer_der()], &[self.iaca_der()], time(signed), time(now))
    }
}

fn signer_fault(fault: CertificateFault) -> Result<SignerCertificate, ChainError> {
    Err(ChainError { certificate: CertificateRole::DocumentSigner, fault })
}

fn root_fault(fault: CertificateFault) -> Result<SignerCertificate, ChainError> {
    Err(ChainError { certificate: CertificateRole::Root(0), fault })
}

fn extension_mut(
    tbs: &mut TbsCertificate,
    oid: ObjectIdentifier,
) -> &mut x509_cert::ext::Extension {
    tbs.extensions.as_mut().unwrap().iter_mut().find(|extension| extension.extn_id == oid).unwrap()
}

fn set_extension<T: AssociatedOid + Encode>(tbs: &mut TbsCertificate, value: &T) {
    extension_mut(tbs, T::OID).extn_value = OctetString::new(value.to_der().unwrap()).unwrap();
}

fn remove_extension(tbs: &mut TbsCertificate, oid: ObjectIdentifier) {
    tbs.extensions.as_mut().unwrap().retain(|extension| extension.extn_id != oid);
}

fn set_subject_attribute(tbs: &mut TbsCertificate, oid: ObjectIdentifier, value: Any) {
    for relative in &mut tbs.subject.0 {
        let mut attribute = relative.0.get(0).unwrap().clone();
        if attribute.oid == oid {
            attribute.value = value.clone();
            relative.0 = vec![attribute].try_into().unwrap();
        }
    }
}

fn printable(text: &str) -> Any {
    PrintableStringRef::new(text).unwrap().into()
}

#[test]
fn a_minted_chain_verifies() {
    let chain = Chain::new();
    let accepted = chain.verify().unwrap();
    assert_eq!(&accepted.public_key, chain.keys.document_signer.verifying_key());
    assert_eq!(accepted.not_before, time("2025-12-02T00:00:00Z"));
    assert_eq!(accepted.not_after, time("2027-03-04T00:00:00Z"));
    assert_eq!(accepted, SignerCertificate::from_der(&chain.signer_der()).unwrap());
    assert!(is_ca(&chain.iaca_der()).unwrap());
    assert!(!is_ca(&chain.signer_der()).unwrap());
}

/// A version 1 certificate without extensions. Its key is used if the certificate is pinned, and no
/// profile accepts it.
#[test]
fn an_old_version_has_a_key_and_no_profile() {
    let mut chain = Chain::new();
    chain.signer.version = Version::V1;
    assert_eq!(SignerCertificate::from_der(&chain.signer_der()), Err(CertificateFault::Version));
    chain.signer.extensions = None;
    let der = chain.signer_der();
    let pinned = SignerCertificate::from_der(&der).unwrap();
    assert_eq!(&pinned.public_key, chain.keys.document_signer.verifying_key());
    assert_eq!(certificate_public_key(&der).unwrap(), pinned.public_key);
    assert!(!is_ca(&der).unwrap());
    assert_eq!(chain.verify(), signer_fault(CertificateFault::Version));
    let error = verify_path(&[&der], &chain.iaca_der(), None, time(SIGNED), time(NOW)).unwrap_err();
    assert_eq!(Err(error), signer_fault(CertificateFault::Version));
    assert_eq!(check_pinned_signer(&der, None), Err(CertificateFault::Version));
}

#[test]
fn the_x5chain_may_repeat_the_root_and_nothing_else() {
    let chain = Chain::new();
    let (signer, root) = (chain.signer_der(), chain.iaca_der());
    let verify = |x5chain: &[&Vec<u8>]| verify_chain(x5chain, &[&root], time(SIGNED), time(NOW));
    assert!(verify(&[&signer, &root]).is_ok());
    let fault = CertificateFault::Intermediate;
    let at = |index| {
        Err(ChainError { certificate: CertificateRole::Chain(index), fault: fault.clone() })
    };
    assert_eq!(verify(&[&signer, &signer]), at(1));
    assert_eq!(verify(&[&signer, &root, &vec![0x30]]), at(2));
    assert!(matches!(verify(&[]).unwrap_err().fault, CertificateFault::Malformed { .. }));
}

#[test]
fn a_p384_root_may_sign_with_any_sha2() {
    let chain = Chain::new();
    let key = p384_signer::ecdsa::SigningKey::from_slice(&[7; 48]).unwrap();
    let mut iaca = chain.iaca.clone();
    iaca.subject_public_key_info =
        SubjectPublicKeyInfoOwned::from_key(*key.verifying_key()).unwrap();
    let sign = |tbs: &TbsCertificate| {
        sign_certificate::<_, p384_signer::ecdsa::DerSignature>(tbs.clone(), &key).unwrap()
    };
    let verify = |signer: Vec<u8>| verify_chain(&[signer], &[sign(&iaca)], time(SIGNED), time(NOW));
    assert!(verify(sign(&chain.signer)).is_ok());
    assert_eq!(verify(chain.signer_der()), signer_fault(CertificateFault::Signature));
}

#[test]
fn signatures_bind_every_byte() {
    let chain = Chain::new();
    let (signer, root) = (chain.signer_der(), chain.iaca_der());
    for index in 0..signer.len() {
        let mut changed = signer.clone();
        changed[index] ^= 1;
        let verified = verify_chain(&[changed], &[&root], time(SIGNED), time(NOW));
        assert!(verified.is_err(), "byte {index}");
    }
}

#[test]
fn damaged_certificates_are_errors() {
    let chain = Chain::new();
    let (signer, root) = (chain.signer_der(), chain.iaca_der());
    for length in 0..signer.len() {
        let cut = &signer[..length];
        assert!(
            matches!(certificate_public_key(cut), Err(CertificateFault::Malformed { .. })),
            "{length}"
        );
        assert!(verify_chain(&[cut], &[&root], time(SIGNED), time(NOW)).is_err(), "{length}");
        assert!(is_ca(cut).is_err(), "{length}");
    }
    let longer = [&signer[..], &[0]].concat();
    assert!(matches!(certificate_public_key(&longer), Err(CertificateFault::Malformed { .. })));
    for index in 0..root.len() {
        for flip in [1, 0x80, 0xff] {
            let mut changed = root.clone();
            changed[index] ^= flip;
            // Whether the certificate is still trusted is up to the verifier. Here the functions
            // must not panic.
            let _ = verify_chain(&[&signer], &[&changed], time(SIGNED), time(NOW));
            let _ = is_ca(&changed);
            let _ = certificate_public_key(&changed);
        }
    }
}

#[test]
fn trust_needs_name_and_key_of_the_issuer() {
    let chain = Chain::new();
    let verify =
        |roots: &[Vec<u8>]| verify_chain(&[chain.signer_der()], roots, time(SIGNED), time(NOW));
    assert_eq!(verify(&[]), signer_fault(CertificateFault::IssuerUntrusted));

    let namesake = Chain::of(&spec(2));
    assert_eq!(
        verify(&[namesake.iaca_der()]),
        signer_fault(CertificateFault::KeyIdentifierMismatch)
    );
    assert!(verify(&[namesake.iaca_der(), chain.iaca_der()]).is_ok());

    let mut other_name = spec(1);
    other_name.certificates.iaca_name = "Another IACA".to_owned();
    let other_name = Chain::of(&other_name);
    assert_eq!(verify(&[other_name.iaca_der()]), signer_fault(CertificateFault::IssuerUntrusted));

    // The namesake uses the identifier of the key that it does not have.
    let mut impostor = namesake;
    let identifier = extension_mut(&mut impostor.iaca, SubjectKeyIdentifier::OID);
    *identifier = extension_mut(&mut chain.iaca.clone(), SubjectKeyIdentifier::OID).clone();
    assert_eq!(verify(&[impostor.iaca_der()]), signer_fault(CertificateFault::Signature));
}

#[test]
fn the_signer_is_valid_at_signing_and_now() {
    let chain = Chain::new();
    let (first, last) = (time("2025-12-02T00:00:00Z"), time("2027-03-04T00:00:00Z"));
    assert!(chain.verify_at("2025-12-02T00:00:00Z", "2027-03-04T00:00:00Z").is_ok());
    for (signed, now, fault) in [
        ("2025-12-01T23:59:59Z", NOW, {
            let at = time("2025-12-01T23:59:59Z");
            CertificateFault::NotYetValid { moment: Moment::Signed, at, not_before: first }
        }),
        ("2027-03-04T00:00:01Z", NOW, {
            let at = time("2027-03-04T00:00:01Z");
            CertificateFault::Expired { moment: Moment::Signed, at, not_after: last }
        }),
        (SIGNED, "2025-12-01T23:59:59Z", {
            let at = time("2025-12-01T23:59:59Z");
            CertificateFault::NotYetValid { moment: Moment::Now, at, not_before: first }
        }),
        (SIGNED, "2027-03-04T00:00:01Z", {
            let at = time("2027-03-04T00:00:01Z");
            CertificateFault::Expired { moment: Moment::Now, at, not_after: last }
        }),
    ] {
        assert_eq!(chain.verify_at(signed, now), signer_fault(fault));
    }
}

#[test]
fn the_root_is_valid_now_and_longer_than_the_signer() {
    let mut spec = spec(1);
    let period = |not_before, not_after| {
        Some(velum_credentials::mint::Period {
            not_before: time(not_before),
            not_after: time(not_after),
        })
    };
    spec.certificates.iaca = period("2025-12-02T00:00:00Z", "2026-03-01T00:00:00Z");
    let fault = CertificateFault::Expired {
        moment: Moment::Now,
        at: time(NOW),
        not_after: time("2026-03-01T00:00:00Z"),
    };
    assert_eq!(Chain::of(&spec).verify(), root_fault(fault));
    let outside = signer_fault(CertificateFault::ValidityOutsideIssuer);
    spec.certificates.iaca = period("2025-12-02T00:00:00Z", "2027-03-03T23:59:59Z");
    assert_eq!(Chain::of(&spec).verify(), outside);
    spec.certificates.iaca = period("2025-12-02T00:00:01Z", "2027-03-04T00:00:00Z");
    assert_eq!(Chain::of(&spec).verify(), outside);
    spec.certificates.iaca = period("2025-12-02T00:00:00Z", "2027-03-04T00:00:00Z");
    assert!(Chain::of(&spec).verify().is_ok());
}

#[test]
fn dates_after_2049_are_read() {
    let mut spec = spec(1);
    let period = velum_credentials::mint::Period {
        not_before: time("1970-01-01T00:00:00Z"),
        not_after: time("9999-12-31T23:59:59Z"),
    };
    spec.certificates.iaca = Some(period);
    spec.certificates.document_signer = Some(period);
    assert_eq!(Chain::of(&spec).verify().unwrap().not_after, period.not_after);
}

/// Real issuers choose 32 random bytes, zero and negative numbers. RFC 5280 4.1.2.2 requires
/// readers to handle them.
#[test]
fn serial_numbers_may_have_any_length() {
    let chain = Chain::new();
    let longest = [&[0x02, 0x20, 0x6d][..], &[7; 31]].concat();
    for serial_number in [&longest[..], &[0x02, 1, 0], &[0x02, 1, 0xff]] {
        let tbs = TbsCertificateInner::<Raw>::from_der(&chain.signer.to_der().unwrap()).unwrap();
        let serial_number = SerialNumber::<Raw>::from_der(serial_number).unwrap();
        let tbs_certificate = TbsCertificateInner {
            serial_number,
            signature: chain.keys.iaca.signature_algorithm_identifier().unwrap(),
            ..tbs
        };
        let signature: DerSignature = chain.keys.iaca.sign(&tbs_certificate.to_der().unwrap());
        let signer = CertificateInner {
            signature_algorithm: tbs_certificate.signature.clone(),
            signature: BitString::from_bytes(signature.as_bytes()).unwrap(),
            tbs_certificate,
        };
        let signer = signer.to_der().unwrap();
        assert!(verify_chain(&[&signer], &[chain.iaca_der()], time(SIGNED), time(NOW)).is_ok());
        assert!(Issuer::from_der(signer, None).is_ok());
    }
}

#[test]
fn the_profile_of_the_signer_is_checked() {
    type Break = fn(&mut TbsCertificate);
    let cases: [(Break, CertificateFault); 17] = [
        (|tbs| tbs.version = Version::V2, CertificateFault::Version),
        (
            |tbs| remove_extension(tbs, KeyUsage::OID),
            CertificateFault::ExtensionMissing(Extension::KeyUsage),
        ),
        (
            |tbs| remove_extension(tbs, ExtendedKeyUsage::OID),
            CertificateFault::ExtensionMissing(Extension::ExtendedKeyUsage),
        ),
        (
            |tbs| remove_extension(tbs, AuthorityKeyIdentifier::OID),
            CertificateFault::ExtensionMissing(Extension::AuthorityKeyIdentifier),
        ),
        (
            |tbs| set_extension(tbs, &AuthorityKeyIdentifier::default()),
            CertificateFault::ExtensionMissing(Extension::AuthorityKeyIdentifier),
        ),
        (
            |tbs| extension_mut(tbs, KeyUsage::OID).critical = false,
            CertificateFault::ExtensionNotCritical(Extension::KeyUsage),
        ),
        (
            |tbs| extension_mut(tbs, ExtendedKeyUsage::OID).critical = false,
            CertificateFault::ExtensionNotCritical(Extension::ExtendedKeyUsage),
        ),
        (
            |tbs| {
                let usage = extension_mut(tbs, KeyUsage::OID).clone();
                tbs.extensions.as_mut().unwrap().push(usage);
            },
            CertificateFault::ExtensionRepeated(Extension::KeyUsage),
        ),
        (
            |tbs| set_extension(tbs, &KeyUsage(KeyUsages::KeyAgreement.into())),
            CertificateFault::KeyUsage("lacks digitalSignature"),
        ),
        (
            |tbs| {
                set_extension(tbs, &KeyUsage(KeyUsages::DigitalSignature | KeyUsages::KeyCertSign))
            },
            CertificateFault::KeyUsage("has keyCertSign, which a document signer must not have"),
        ),
        (
            // The purpose is server authentication.
            |tbs| {
                let usage = ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.3.1");
                set_extension(tbs, &ExtendedKeyUsage(vec![usage]));
            },
            CertificateFault::ExtendedKeyUsage,
        ),
        (
            |tbs| {
                let constraints = BasicConstraints { ca: true, path_len_constraint: None };
                let extension = x509_cert::ext::Extension {
                    extn_id: BasicConstraints::OID,
                    critical: true,
                    extn_value: OctetString::new(constraints.to_der().unwrap()).unwrap(),
                };
                tbs.extensions.as_mut().unwrap().push(extension);
            },
            CertificateFault::Ca,
        ),
        (
            // CRL distribution points, which nothing reads here.
            |tbs| {
                extension_mut(tbs, ObjectIdentifier::new_unwrap("2.5.29.31")).critical = true;
            },
            CertificateFault::UnknownCriticalExtension { oid: "2.5.29.31".to_owned() },
        ),
        (
            |tbs| {
                tbs.subject.0.remove(0);
            },
            CertificateFault::Country,
        ),
        (
            |tbs| {
                let country = tbs.subject.0[0].clone();
                tbs.subject.0.push(country);
            },
            CertificateFault::Country,
        ),
        (
            |tbs| set_subject_attribute(tbs, rfc4519::COUNTRY_NAME, printable("DE")),
            CertificateFault::CountryMismatch,
        ),
        (
            |tbs| {
                let country = Utf8StringRef::new("UT").unwrap().into();
                set_subject_attribute(tbs, rfc4519::COUNTRY_NAME, country);
            },
            CertificateFault::Country,
        ),
    ];
    for (break_it, fault) in cases {
        let mut chain = Chain::new();
        break_it(&mut chain.signer);
        assert_eq!(chain.verify(), signer_fault(fault));
    }
}

#[test]
fn states_agree_where_both_are_named() {
    let with_state = |tbs: &mut TbsCertificate, state: &str| {
        let mut relative = tbs.subject.0[0].clone();
        let mut attribute = relative.0.get(0).unwrap().clone();
        (attribute.oid, attribute.value) = (rfc4519::ST, printable(state));
        relative.0 = vec![attribute].try_into().unwrap();
        tbs.subject.0.push(relative);
    };
    let mut chain = Chain::new();
    with_state(&mut chain.iaca, "UT-A");
    chain.signer.issuer = chain.iaca.subject.clone();
    assert!(chain.verify().is_ok());
    let mut same = Chain { signer: chain.signer.clone(), ..Chain::new() };
    same.iaca = chain.iaca.clone();
    with_state(&mut same.signer, "UT-A");
    assert!(same.verify().is_ok());
    with_state(&mut chain.signer, "UT-B");
    assert_eq!(chain.verify(), signer_fault(CertificateFault::StateMismatch));
}

#[test]
fn the_profile_of_the_root_is_checked() {
    type Break = fn(&mut TbsCertificate);
    let cases: [(Break, CertificateFault); 9] = [
        (
            |tbs| remove_extension(tbs, BasicConstraints::OID),
            CertificateFault::ExtensionMissing(Extension::BasicConstraints),
        ),
        (
            |tbs| extension_mut(tbs, BasicConstraints::OID).critical = false,
            CertificateFault::ExtensionNotCritical(Extension::BasicConstraints),
        ),
        (
            |tbs| set_extension(tbs, &BasicConstraints { ca: false, path_len_constraint: None }),
            CertificateFault::NotCa,
        ),
        (
            |tbs| set_extension(tbs, &BasicConstraints { ca: true, path_len_constraint: None }),
            CertificateFault::PathLength,
        ),
        (
            |tbs| set_extension(tbs, &BasicConstraints { ca: true, path_len_constraint: Some(1) }),
            CertificateFault::PathLength,
        ),
        (
            |tbs| set_extension(tbs, &KeyUsage(KeyUsages::DigitalSignature | KeyUsages::CRLSign)),
            CertificateFault::KeyUsage("lacks keyCertSign"),
        ),
        (
            |tbs| remove_extension(tbs, KeyUsage::OID),
            CertificateFault::ExtensionMissing(Extension::KeyUsage),
        ),
        (
            |tbs| remove_extension(tbs, SubjectKeyIdentifier::OID),
            CertificateFault::ExtensionMissing(Extension::SubjectKeyIdentifier),
        ),
        (
            |tbs| {
                extension_mut(tbs, ObjectIdentifier::new_unwrap("2.5.29.18")).critical = true;
            },
            CertificateFault::UnknownCriticalExtension { oid: "2.5.29.18".to_owned() },
        ),
    ];
    for (break_it, fault) in cases {
        let mut chain = Chain::new();
        break_it(&mut chain.iaca);
        assert_eq!(chain.verify(), root_fault(fault));
    }
}

#[test]
fn keys_and_algorithms_that_are_not_supported() {
    let chain = Chain::new();
    let p384 = p384_signer::ecdsa::SigningKey::from_slice(&[7; 48]).unwrap();

    let mut of_p384 = Chain::new();
    of_p384.signer.subject_public_key_info =
        SubjectPublicKeyInfoOwned::from_key(*p384.verifying_key()).unwrap();
    let unsupported =
        CertificateFault::Key { found: "an EC key on P-384".to_owned(), expected: "P-256" };
    assert_eq!(of_p384.verify(), signer_fault(unsupported.clone()));
    assert_eq!(certificate_public_key(&of_p384.signer_der()), Err(unsupported));

    // The point is not on the curve.
    let mut off_curve = Chain::new();
    let key = &mut off_curve.signer.subject_public_key_info.subject_public_key;
    let mut point = key.as_bytes().unwrap().to_vec();
    point[64] ^= 1;
    *key = BitString::from_bytes(&point).unwrap();
    assert_eq!(off_curve.verify(), signer_fault(CertificateFault::NotOnCurve));

    let mut of_p521 = Chain::new();
    let algorithm = &mut of_p521.iaca.subject_public_key_info.algorithm;
    algorithm.parameters = Some(Any::encode_from(&rfc5912::SECP_521_R_1).unwrap());
    let unsupported = CertificateFault::Key {
        found: "an EC key on P-521".to_owned(),
        expected: "P-256 or P-384",
    };
    assert_eq!(of_p521.verify(), signer_fault(unsupported));

    // SHA-224, named outside the signed part and then inside as well.
    let mut signer = x509_cert::Certificate::from_der(&chain.signer_der()).unwrap();
    let verify = |signer: &x509_cert::Certificate| {
        verify_chain(&[signer.to_der().unwrap()], &[chain.iaca_der()], time(SIGNED), time(NOW))
    };
    signer.signature_algorithm.oid = rfc5912::ECDSA_WITH_SHA_224;
    assert_eq!(verify(&signer), signer_fault(CertificateFault::SignatureAlgorithmMismatch));
    signer.tbs_certificate.signature.oid = rfc5912::ECDSA_WITH_SHA_224;
    let oid = rfc5912::ECDSA_WITH_SHA_224.to_string();
    assert_eq!(verify(&signer), signer_fault(CertificateFault::SignatureAlgorithm { oid }));
}

#[test]
fn p256_roots_may_sign_with_any_sha2() {
    use p256::ecdsa::signature::hazmat::PrehashSigner;
    use sha2::{Digest, Sha256, Sha384, Sha512};
    type Hash = fn(&[u8]) -> Vec<u8>;
    let chain = Chain::new();
    let hashes: [(ObjectIdentifier, Hash); 3] = [
        (rfc5912::ECDSA_WITH_SHA_256, |bytes| Sha256::digest(bytes).to_vec()),
        (rfc5912::ECDSA_WITH_SHA_384, |bytes| Sha384::digest(bytes).to_vec()),
        (rfc5912::ECDSA_WITH_SHA_512, |bytes| Sha512::digest(bytes).to_vec()),
    ];
    for (oid, hash) in hashes {
        let mut signer = x509_cert::Certificate::from_der(&chain.signer_der()).unwrap();
        signer.signature_algorithm.oid = oid;
        signer.tbs_certificate.signature.oid = oid;
        let digest = hash(&signer.tbs_certificate.to_der().unwrap());
        let signature: p256::ecdsa::Signature = chain.keys.iaca.sign_prehash(&digest).unwrap();
        signer.signature = BitString::from_bytes(signature.to_der().as_bytes()).unwrap();
        let signer = signer.to_der().unwrap();
        assert!(
            verify_chain(&[&signer], &[chain.iaca_der()], time(SIGNED), time(NOW)).is_ok(),
            "{oid}"
        );
    }
}

/// Signers of real documents pass their profile, and only the root is missing. The certificate of
/// the EU age verification documents has no extension except `keyUsage`, so under Annex B no root
/// can make it trusted.
#[test]
fn certificates_of_real_documents() {
    let bare = AGE_VERIFICATION.facts().issuer_public_key.sec1();
    for case in CASES {
        let response = DeviceResponse::parse(case.device_response).unwrap();
        let request = Request::from_json(case.request.as_bytes()).unwrap();
        let document = response.document(request.doc_type()).unwrap();
        let x5chain = document.issuer_signed().x5chain();
        let key = certificate_public_key(&x5chain[0]).unwrap().to_encoded_point(false);
        assert_eq!(key.as_bytes(), case.facts().issuer_public_key.sec1(), "{}", case.name);
        assert!(!is_ca(&x5chain[0]).unwrap());

        let signed = document.mso().validity().signed;
        let fault = verify_chain(x5chain, &[Chain::new().iaca_der()], signed, request.now());
        let expected = if key.as_bytes() == bare {
            CertificateFault::ExtensionMissing(Extension::ExtendedKeyUsage)
        } else {
            CertificateFault::IssuerUntrusted
        };
        assert_eq!(fault, signer_fault(expected), "{}", case.name);
    }
}

#[test]
fn a_bare_certificate_is_trusted_by_key_and_not_by_its_own_root() {
    let facts = AGE_VERIFICATION.facts();
    let response = DeviceResponse::parse(AGE_VERIFICATION.device_response).unwrap();
    let document = &response.documents()[0];
    let certificate =
        x509_cert::Certificate::from_der(&document.issuer_signed().x5chain()[0]).unwrap();

    // The root as its issuer would have had to make it: with its name and its key in the profile of
    // Annex B.
    let mut spec = spec(1);
    spec.keys.iaca = Some(facts.iaca_private_key.unwrap());
    let mut root = Chain::of(&spec);
    root.iaca.subject = certificate.tbs_certificate.issuer.clone();
    root.iaca.issuer = root.iaca.subject.clone();

    let request = Request::from_json(AGE_VERIFICATION.request.as_bytes()).unwrap();
    let by = |issuer| document.check_issuer(&[issuer], request.now());
    let refused =
        by(Issuer::from_der(root.iaca_der(), Some(Profile::Iso18013_5)).unwrap()).unwrap_err();
    assert_eq!(refused.code(), Code::IssuerUntrusted);
    assert!(refused.message().contains("extKeyUsage extension is missing"), "{refused}");
    assert!(by(Issuer::from_sec1(&facts.issuer_public_key.sec1()).unwrap()).is_ok());
    assert!(by(Issuer::from_der(certificate.to_der().unwrap(), None).unwrap()).is_ok());
}

/// A verifier and a holder see the name beside the key. So the name must not turn around or hide
/// the text beside it.
#[test]
fn a_signer_is_named_where_its_name_can_be_shown() {
    let named = |name: Any| {
        let mut chain = Chain::new();
        set_subject_attribute(&mut chain.signer, rfc4519::COMMON_NAME, name);
        chain.verify().unwrap().common_name
    };
    let text = |text| Any::from(Utf8StringRef::new(text).unwrap());
    assert_eq!(
        Chain::new().verify().unwrap().common_name.as_deref(),
        Some("Velum test document signer")
    );
    assert_eq!(
        named(text("Kraftfahrt-Bundesamt Prüfstelle")).as_deref(),
        Some("Kraftfahrt-Bundesamt Prüfstelle")
    );
    assert_eq!(named(printable("Signer 1")).as_deref(), Some("Signer 1"));
    for hidden in ["Signer\u{1b}[2J", "\u{202e}rengiS", "Sig\u{200b}ner", "a\nb"] {
        assert_eq!(named(text(hidden)), None, "{hidden:?}");
    }
    assert_eq!(named(Any::new(x509_cert::der::Tag::Utf8String, b"\xff".to_vec()).unwrap()), None);
    assert_eq!(named(Any::new(x509_cert::der::Tag::BmpString, b"\0S".to_vec()).unwrap()), None);
}
