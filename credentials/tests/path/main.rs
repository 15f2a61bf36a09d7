//! Path validation by RFC 5280, in cases modelled on those of NIST's PKITS that matter here: names,
//! path lengths, critical extensions, basicConstraints, keyUsage, extKeyUsage, nameConstraints.
//! Each case builds its own path on P-256.

mod constraints;

use p256::ecdsa::{DerSignature, SigningKey};
use velum_credentials::Timestamp;
use velum_credentials::mint::{Draft, Spec, iaca_certificate, sign_certificate};
use velum_credentials::x509::{
    CertificateFault, CertificateRole, ChainError, Moment, Oid, ValidPath, check_pinned_signer,
    verify_path,
};
use x509_cert::TbsCertificate;
use x509_cert::der::asn1::{
    Any, ObjectIdentifier, OctetString, PrintableStringRef, SetOfVec, Utf8StringRef,
};
use x509_cert::der::oid::AssociatedOid;
use x509_cert::der::oid::db::rfc4519;
use x509_cert::der::{DateTime, Encode};
use x509_cert::ext::Extension;
use x509_cert::ext::pkix::{BasicConstraints, ExtendedKeyUsage, KeyUsage, KeyUsages};
use x509_cert::name::{Name, RelativeDistinguishedName};
use x509_cert::spki::SubjectPublicKeyInfoOwned;
use x509_cert::time::Time;

const SIGNED: &str = "2026-01-01T00:00:00Z";
const NOW: &str = "2026-06-01T00:00:00Z";

fn time(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn key(number: u8) -> SigningKey {
    SigningKey::from_slice(&[number; 32]).unwrap()
}

fn relative(oid: ObjectIdentifier, value: Any) -> RelativeDistinguishedName {
    let attribute = x509_cert::attr::AttributeTypeAndValue { oid, value };
    RelativeDistinguishedName(SetOfVec::try_from(vec![attribute]).unwrap())
}

/// The name C=UT, O=Velum, CN=`common`.
fn name(common: &str) -> Name {
    let printable = |text| Any::from(PrintableStringRef::new(text).unwrap());
    Name::from(vec![
        relative(rfc4519::COUNTRY_NAME, printable("UT")),
        relative(rfc4519::ORGANIZATION_NAME, printable("Velum")),
        relative(rfc4519::COMMON_NAME, printable(common)),
    ])
}

fn extension<T: AssociatedOid + Encode>(critical: bool, value: &T) -> Extension {
    Extension {
        extn_id: T::OID,
        critical,
        extn_value: OctetString::new(value.to_der().unwrap()).unwrap(),
    }
}

fn ca(path_len_constraint: Option<u8>) -> Extension {
    extension(true, &BasicConstraints { ca: true, path_len_constraint })
}

fn usage(usage: KeyUsages) -> Extension {
    extension(true, &KeyUsage(usage.into()))
}

fn purposes(oids: &[&str]) -> Extension {
    extension(
        false,
        &ExtendedKeyUsage(oids.iter().map(|oid| ObjectIdentifier::new_unwrap(oid)).collect()),
    )
}

const SERVER_AUTH: &str = "1.3.6.1.5.5.7.3.1";
const MDL_DS: &str = "1.0.18013.5.1.2";

/// A path under construction: the certificates from the trusted one down to the signer, each with
/// its own key.
struct Path {
    certificates: Vec<TbsCertificate>,
}

impl Path {
    /// A trusted certificate, `between` CAs, and a signer. Each has the minimum that RFC 5280
    /// requires.
    fn new(between: u8) -> Self {
        let spec = format!(
            r#"{{
                "seed": "{}",
                "doc_type": "org.iso.18013.5.1.mDL",
                "validity": {{"signed": "{SIGNED}", "valid_from": "{SIGNED}", "valid_until": "2026-12-31T00:00:00Z"}},
                "elements": [{{"namespace": "n", "element": "e", "value": true}}]
            }}"#,
            "01".repeat(32)
        );
        let spec = Spec::from_json(&spec).unwrap();
        let template = iaca_certificate(&spec, &Draft::new(&spec).unwrap().keys).unwrap();
        let names: Vec<_> = (0..=between)
            .map(|index| name(&format!("CA {index}")))
            .chain([name("Signer")])
            .collect();
        let certificate = |index: usize| TbsCertificate {
            issuer: names[index.saturating_sub(1)].clone(),
            subject: names[index].clone(),
            subject_public_key_info: SubjectPublicKeyInfoOwned::from_key(
                *key(index as u8 + 1).verifying_key(),
            )
            .unwrap(),
            extensions: Some(if index + 1 == names.len() {
                vec![usage(KeyUsages::DigitalSignature)]
            } else {
                vec![ca(None), usage(KeyUsages::KeyCertSign)]
            }),
            ..template.clone()
        };
        Self { certificates: (0..names.len()).map(certificate).collect() }
    }

    fn signer(&mut self) -> &mut TbsCertificate {
        self.certificates.last_mut().unwrap()
    }

    /// Replaces the extension of the same kind, or adds the extension.
    fn set(mut self, index: usize, extension: Extension) -> Self {
        self.remove(index, extension.extn_id);
        self.certificates[index].extensions.as_mut().unwrap().push(extension);
        self
    }

    fn remove(&mut self, index: usize, oid: ObjectIdentifier) {
        self.certificates[index].extensions.as_mut().unwrap().retain(|found| found.extn_id != oid);
    }

    fn der(&self) -> Vec<Vec<u8>> {
        let signed = |(index, tbs): (usize, &TbsCertificate)| {
            let issuer = key(index.max(1) as u8);
            sign_certificate::<_, DerSignature>(tbs.clone(), &issuer).unwrap()
        };
        self.certificates.iter().enumerate().map(signed).collect()
    }

    /// The trusted certificate, and the `x5chain` without it.
    fn split(&self) -> (Vec<u8>, Vec<Vec<u8>>) {
        let mut der = self.der();
        let anchor = der.remove(0);
        der.reverse();
        (anchor, der)
    }

    fn verify(&self) -> Result<ValidPath, ChainError> {
        self.verify_for(None)
    }

    fn verify_for(&self, purpose: Option<&str>) -> Result<ValidPath, ChainError> {
        let (anchor, x5chain) = self.split();
        let purpose = purpose.map(|oid| oid.parse::<Oid>().unwrap());
        verify_path(&x5chain, &anchor, purpose.as_ref(), time(SIGNED), time(NOW))
    }
}

#[track_caller]
fn refused(path: &Path, certificate: CertificateRole, fault: CertificateFault) {
    assert_eq!(path.verify(), Err(ChainError { certificate, fault }));
}

#[test]
fn paths_of_any_length_up_to_the_limit_are_valid() {
    for between in 0..3 {
        let path = Path::new(between);
        let valid = path.verify().unwrap();
        assert_eq!(valid.signer.public_key, *key(between + 2).verifying_key());
        assert_eq!(valid.certificates, usize::from(between) + 1);
    }
}

#[test]
fn the_x5chain_may_hold_the_trusted_certificate_and_what_is_above_it() {
    let (anchor, mut x5chain) = Path::new(1).split();
    x5chain.push(anchor.clone());
    x5chain.push(vec![0x30]);
    let verify = |x5chain: &[Vec<u8>]| verify_path(x5chain, &anchor, None, time(SIGNED), time(NOW));
    assert_eq!(verify(&x5chain).unwrap().certificates, 2);
    // Any other order is not a path.
    x5chain.swap(0, 1);
    assert!(verify(&x5chain).is_err());
    assert!(verify(&[]).is_err());
    // The trusted certificate may be that of an intermediate CA.
    let (_, x5chain) = Path::new(1).split();
    let valid = verify_path(&x5chain, &x5chain[1], None, time(SIGNED), time(NOW)).unwrap();
    assert_eq!(valid.certificates, 1);
}

/// PKITS 4.1: signatures.
#[test]
fn every_signature_counts() {
    let (anchor, x5chain) = Path::new(1).split();
    for index in 0..x5chain.len() {
        for at in 0..x5chain[index].len() {
            let mut changed = x5chain.clone();
            changed[index][at] ^= 1;
            let verified = verify_path(&changed, &anchor, None, time(SIGNED), time(NOW));
            assert!(verified.is_err(), "byte {at} of certificate {index}");
        }
    }
    let mut other = Path::new(1);
    other.certificates[0].subject_public_key_info =
        SubjectPublicKeyInfoOwned::from_key(*key(9).verifying_key()).unwrap();
    refused(&other, CertificateRole::Chain(1), CertificateFault::Signature);
}

/// PKITS 4.2: every certificate must be valid now. The signer's certificate must also have been
/// valid when it signed.
#[test]
fn every_certificate_is_valid_now() {
    for (index, certificate) in
        [CertificateRole::Root(0), CertificateRole::Chain(1), CertificateRole::DocumentSigner]
            .iter()
            .enumerate()
    {
        let mut path = Path::new(1);
        let end = DateTime::new(2026, 5, 31, 23, 59, 59).unwrap();
        path.certificates[index].validity.not_after = Time::UtcTime(end.try_into().unwrap());
        let not_after = time("2026-05-31T23:59:59Z");
        refused(
            &path,
            *certificate,
            CertificateFault::Expired { moment: Moment::Now, at: time(NOW), not_after },
        );
        let mut path = Path::new(1);
        let start = DateTime::new(2026, 6, 1, 0, 0, 1).unwrap();
        path.certificates[index].validity.not_before = Time::UtcTime(start.try_into().unwrap());
        let fault = path.verify().unwrap_err();
        assert_eq!(fault.certificate, *certificate);
        assert!(matches!(fault.fault, CertificateFault::NotYetValid { .. }));
    }
    // Between signing and now, only the signer's certificate has to be valid.
    let mut path = Path::new(1);
    let start = DateTime::new(2026, 2, 1, 0, 0, 0).unwrap();
    path.certificates[1].validity.not_before = Time::UtcTime(start.try_into().unwrap());
    path.verify().unwrap();
    path.signer().validity.not_before = Time::UtcTime(start.try_into().unwrap());
    let not_before = time("2026-02-01T00:00:00Z");
    let fault =
        CertificateFault::NotYetValid { moment: Moment::Signed, at: time(SIGNED), not_before };
    refused(&path, CertificateRole::DocumentSigner, fault);
}

/// PKITS 4.3: names chain regardless of their case, spaces and string type.
#[test]
fn names_chain() {
    let mut path = Path::new(1);
    path.certificates[1].issuer = name("Another CA");
    refused(&path, CertificateRole::Chain(1), CertificateFault::IssuerUntrusted);
    let mut path = Path::new(1);
    path.certificates[2].issuer = name("Another CA");
    refused(&path, CertificateRole::DocumentSigner, CertificateFault::IssuerName);
    let mut path = Path::new(1);
    path.certificates[2].issuer.0.pop();
    refused(&path, CertificateRole::DocumentSigner, CertificateFault::IssuerName);

    let mut path = Path::new(1);
    path.certificates[1].issuer = name("  ca   0 ");
    let utf8 = Any::from(Utf8StringRef::new("ca 1").unwrap());
    path.certificates[2].issuer.0[2] = relative(rfc4519::COMMON_NAME, utf8);
    path.verify().unwrap();
    path.certificates[2].issuer = name("CA1");
    refused(&path, CertificateRole::DocumentSigner, CertificateFault::IssuerName);
}

/// PKITS 4.6: an issuing certificate says CA:TRUE, and the signer's does not.
#[test]
fn basic_constraints() {
    for constraints in [None, Some(BasicConstraints { ca: false, path_len_constraint: None })] {
        for (index, certificate) in [(0, CertificateRole::Root(0)), (1, CertificateRole::Chain(1))]
        {
            let mut path = Path::new(1);
            path.remove(index, BasicConstraints::OID);
            if let Some(constraints) = &constraints {
                path = path.set(index, extension(true, constraints));
            }
            refused(&path, certificate, CertificateFault::NotCa);
        }
    }
    // Some CAs write the extension as not critical.
    let not_critical = BasicConstraints { ca: true, path_len_constraint: None };
    Path::new(1).set(1, extension(false, &not_critical)).verify().unwrap();
    refused(&Path::new(0).set(1, ca(None)), CertificateRole::DocumentSigner, CertificateFault::Ca);
}

/// PKITS 4.6.5 to 4.6.17.
#[test]
fn path_lengths() {
    let long = CertificateFault::PathTooLong;
    Path::new(0).set(0, ca(Some(0))).verify().unwrap();
    refused(&Path::new(1).set(0, ca(Some(0))), CertificateRole::Chain(1), long.clone());
    Path::new(1).set(0, ca(Some(1))).verify().unwrap();
    refused(&Path::new(2).set(0, ca(Some(1))), CertificateRole::Chain(1), long.clone());
    refused(&Path::new(2).set(1, ca(Some(0))), CertificateRole::Chain(1), long.clone());
    // A greater limit below does not lift the limit above.
    let lifted = Path::new(2).set(0, ca(Some(1))).set(1, ca(Some(6)));
    refused(&lifted, CertificateRole::Chain(1), long.clone());
    // A self-issued certificate, which a CA makes for a new key, does not count.
    let mut renewed = Path::new(2).set(0, ca(Some(1)));
    renewed.certificates[1].subject = name("CA 0");
    renewed.certificates[2].issuer = name("CA 0");
    renewed.verify().unwrap();
    let renewed = renewed.set(0, ca(Some(0)));
    refused(&renewed, CertificateRole::Chain(1), long);
}

/// PKITS 4.7.
#[test]
fn key_usage() {
    for (index, certificate) in [(0, CertificateRole::Root(0)), (1, CertificateRole::Chain(1))] {
        let path = Path::new(1).set(index, usage(KeyUsages::CRLSign));
        refused(&path, certificate, CertificateFault::KeyUsage("lacks keyCertSign"));
    }
    let path = Path::new(0).set(1, usage(KeyUsages::KeyAgreement));
    let lacks = CertificateFault::KeyUsage("lacks digitalSignature");
    refused(&path, CertificateRole::DocumentSigner, lacks);
    // Without the extension every usage is allowed. The extension need not be critical.
    let mut path = Path::new(1);
    (0..3).for_each(|index| path.remove(index, KeyUsage::OID));
    path.verify().unwrap();
    let not_critical = extension(false, &KeyUsage(KeyUsages::DigitalSignature.into()));
    Path::new(0).set(1, not_critical).verify().unwrap();
}

/// RFC 5280 4.2.1.12, and the rule that certificates of servers, persons and programs do not sign
/// documents.
#[test]
fn extended_key_usage() {
    let foreign = ["1", "2", "3", "4", "8", "9"].map(|last| format!("1.3.6.1.5.5.7.3.{last}"));
    let foreign: Vec<_> = foreign.iter().map(String::as_str).collect();
    let fault = CertificateFault::ExtendedKeyUsageForeign;
    for oids in [
        &foreign[..],
        &foreign[..1],
        &foreign[1..2],
        &foreign[2..3],
        &foreign[3..4],
        &foreign[4..5],
        &foreign[5..],
        &[],
    ] {
        refused(
            &Path::new(1).set(2, purposes(oids)),
            CertificateRole::DocumentSigner,
            fault.clone(),
        );
    }
    refused(
        &Path::new(1).set(1, purposes(&[SERVER_AUTH])),
        CertificateRole::Chain(1),
        fault.clone(),
    );
    refused(&Path::new(1).set(0, purposes(&[SERVER_AUTH])), CertificateRole::Root(0), fault);
    for oids in [&[MDL_DS][..], &[SERVER_AUTH, MDL_DS], &["2.5.29.37.0"], &["1.3.6.1.4.1.99999.1"]]
    {
        Path::new(1).set(2, purposes(oids)).verify().unwrap();
    }

    // A purpose that the request requires.
    let required = |path: &Path| path.verify_for(Some(MDL_DS));
    let lacks = Err(ChainError {
        certificate: CertificateRole::DocumentSigner,
        fault: CertificateFault::ExtendedKeyUsageRequired { oid: MDL_DS.to_owned() },
    });
    required(&Path::new(1).set(2, purposes(&[SERVER_AUTH, MDL_DS]))).unwrap();
    assert_eq!(required(&Path::new(1)), lacks);
    assert_eq!(required(&Path::new(1).set(2, purposes(&["2.5.29.37.0"]))), lacks);
    assert_eq!(required(&Path::new(1).set(1, purposes(&[MDL_DS]))), lacks);
}

/// PKITS 4.16, and extensions that could require a policy.
#[test]
fn critical_extensions_that_are_not_understood() {
    let oids =
        ["1.3.6.1.4.1.99999.2", "2.5.29.32", "2.5.29.36", "2.5.29.54", "2.5.29.31", "2.5.29.18"];
    for oid in oids {
        for (index, certificate) in
            [CertificateRole::Root(0), CertificateRole::Chain(1), CertificateRole::DocumentSigner]
                .iter()
                .enumerate()
        {
            let with = |critical| {
                let extn_id = ObjectIdentifier::new_unwrap(oid);
                let extn_value = OctetString::new(vec![0x30, 0]).unwrap();
                Path::new(1).set(index, Extension { extn_id, critical, extn_value })
            };
            let fault = CertificateFault::UnknownCriticalExtension { oid: oid.to_owned() };
            refused(&with(true), *certificate, fault);
            with(false).verify().unwrap();
        }
    }
}

#[test]
fn no_extension_occurs_twice() {
    for (index, certificate) in
        [CertificateRole::Root(0), CertificateRole::Chain(1), CertificateRole::DocumentSigner]
            .iter()
            .enumerate()
    {
        let mut path = Path::new(1);
        let extensions = path.certificates[index].extensions.as_mut().unwrap();
        extensions.push(extensions.last().unwrap().clone());
        let oid = KeyUsage::OID.to_string();
        refused(&path, *certificate, CertificateFault::RepeatedExtension { oid });
    }
}

/// A signer whose own certificate is the trusted one may say CA:TRUE. The other rules for a signer
/// still apply.
#[test]
fn a_pinned_signer_may_be_a_ca() {
    let pinned = |extensions: Vec<Extension>| {
        let mut path = Path::new(0);
        path.signer().extensions = Some(extensions);
        let (anchor, x5chain) = path.split();
        let leaf = &x5chain[0];
        let valid = verify_path(&x5chain, leaf, None, time(SIGNED), time(NOW));
        assert_eq!(
            valid.clone().err().map(|error| error.fault),
            check_pinned_signer(leaf, None).err()
        );
        // Below another certificate it may not say CA:TRUE.
        assert!(verify_path(&x5chain, &anchor, None, time(SIGNED), time(NOW)).is_err());
        valid
    };
    let valid = pinned(vec![ca(None), usage(KeyUsages::DigitalSignature)]).unwrap();
    assert_eq!(valid.certificates, 1);
    pinned(vec![ca(None)]).unwrap();
    for extensions in [
        vec![ca(None), usage(KeyUsages::KeyCertSign)],
        vec![ca(None), purposes(&[SERVER_AUTH])],
        vec![ca(None), ca(None)],
    ] {
        assert_eq!(pinned(extensions).unwrap_err().certificate, CertificateRole::DocumentSigner);
    }
    let (_, x5chain) = Path::new(0).set(1, ca(None)).split();
    let late = verify_path(&x5chain, &x5chain[0], None, time(SIGNED), time("2199-01-01T00:00:00Z"));
    assert!(matches!(
        late.unwrap_err().fault,
        CertificateFault::Expired { moment: Moment::Now, .. }
    ));
}
