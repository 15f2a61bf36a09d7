//! PKITS 4.13: name constraints.

use x509_cert::der::asn1::Ia5String;
use x509_cert::ext::pkix::constraints::name::GeneralSubtree;
use x509_cert::ext::pkix::name::{GeneralName, OtherName};
use x509_cert::ext::pkix::{NameConstraints, SubjectAltName};

use super::*;

fn organisation(of: &str) -> GeneralName {
    let mut name = name("");
    name.0.truncate(2);
    let printable = Any::from(PrintableStringRef::new(of).unwrap());
    name.0[1] = relative(rfc4519::ORGANIZATION_NAME, printable);
    GeneralName::DirectoryName(name)
}

fn dns(text: &str) -> GeneralName {
    GeneralName::DnsName(Ia5String::new(text).unwrap())
}

fn email(text: &str) -> GeneralName {
    GeneralName::Rfc822Name(Ia5String::new(text).unwrap())
}

fn uri(text: &str) -> GeneralName {
    GeneralName::UniformResourceIdentifier(Ia5String::new(text).unwrap())
}

fn ip(bytes: &[u8]) -> GeneralName {
    GeneralName::IpAddress(OctetString::new(bytes).unwrap())
}

fn other() -> GeneralName {
    let value = Any::from(Utf8StringRef::new("x").unwrap());
    GeneralName::OtherName(OtherName { type_id: ObjectIdentifier::new_unwrap("1.3.6.1.4.1.99999.3"), value })
}

fn subtrees(names: &[GeneralName]) -> Option<Vec<GeneralSubtree>> {
    let subtree = |base: &GeneralName| GeneralSubtree { base: base.clone(), minimum: 0, maximum: None };
    (!names.is_empty()).then(|| names.iter().map(subtree).collect())
}

fn constraints(permitted: &[GeneralName], excluded: &[GeneralName]) -> Extension {
    let constraints =
        NameConstraints { permitted_subtrees: subtrees(permitted), excluded_subtrees: subtrees(excluded) };
    extension(true, &constraints)
}

fn names(names: &[GeneralName]) -> Extension {
    extension(false, &SubjectAltName(names.to_vec()))
}

const NOT_PERMITTED: CertificateFault = CertificateFault::NameConstraints("do not permit one of its names");
const EXCLUDED: CertificateFault = CertificateFault::NameConstraints("exclude one of its names");

#[test]
fn subjects_are_within_permitted_directories() {
    let with = |permitted: &[GeneralName], excluded: &[GeneralName]| {
        Path::new(1).set(1, constraints(permitted, excluded))
    };
    with(&[organisation("Velum")], &[]).verify().unwrap();
    with(&[organisation("velum ")], &[]).verify().unwrap();
    with(&[organisation("Other"), organisation("Velum")], &[]).verify().unwrap();
    refused(&with(&[organisation("Other")], &[]), CertificateRole::DocumentSigner, NOT_PERMITTED);
    with(&[], &[organisation("Other")]).verify().unwrap();
    refused(&with(&[], &[organisation("Velum")]), CertificateRole::DocumentSigner, EXCLUDED);
    // What is excluded is not permitted again.
    let both = with(&[organisation("Velum")], &[organisation("VELUM")]);
    refused(&both, CertificateRole::DocumentSigner, EXCLUDED);
}

#[test]
fn constraints_hold_for_everything_below_and_together() {
    let only_other = constraints(&[organisation("Other")], &[]);
    refused(&Path::new(1).set(0, only_other.clone()), CertificateRole::Chain(1), NOT_PERMITTED);
    // Each certificate narrows what those above left.
    let narrowed = Path::new(2).set(0, constraints(&[organisation("Velum")], &[])).set(2, only_other.clone());
    refused(&narrowed, CertificateRole::DocumentSigner, NOT_PERMITTED);
    let widened = Path::new(2).set(1, constraints(&[organisation("Velum")], &[])).set(2, only_other.clone());
    refused(&widened, CertificateRole::DocumentSigner, NOT_PERMITTED);

    // A self-issued certificate is exempt, unless it is the signer's.
    let mut renewed = Path::new(1).set(0, only_other.clone());
    renewed.certificates[1].subject = name("CA 0");
    renewed.certificates[2].issuer = name("CA 0");
    refused(&renewed, CertificateRole::DocumentSigner, NOT_PERMITTED);
    let mut own = Path::new(0).set(0, only_other);
    own.certificates[1].subject = name("CA 0");
    refused(&own, CertificateRole::DocumentSigner, NOT_PERMITTED);
}

#[test]
fn alternative_names_are_within_their_constraints() {
    for (base, inside, outside) in [
        (dns("example.com"), dns("ds.example.com"), dns("example.org")),
        (email("example.com"), email("ds@example.com"), email("ds@mail.example.com")),
        (uri(".example.com"), uri("https://ds.example.com/x"), uri("https://example.com/x")),
        (ip(&[192, 0, 2, 0, 255, 255, 255, 0]), ip(&[192, 0, 2, 1]), ip(&[192, 0, 3, 1])),
        (organisation("Velum"), organisation("Velum"), organisation("Other")),
    ] {
        let with = |permitted: &[GeneralName], excluded: &[GeneralName], held: &[GeneralName]| {
            Path::new(1).set(0, constraints(permitted, excluded)).set(2, names(held))
        };
        let (inside, outside, base) = ([inside], [outside.clone()], [base]);
        with(&base, &[], &inside).verify().unwrap();
        refused(&with(&base, &[], &outside), CertificateRole::DocumentSigner, NOT_PERMITTED);
        let both = [&inside[..], &outside[..]].concat();
        refused(&with(&base, &[], &both), CertificateRole::DocumentSigner, NOT_PERMITTED);
        if !matches!(base[0], GeneralName::DirectoryName(_)) {
            with(&[], &base, &outside).verify().unwrap();
            refused(&with(&[], &base, &inside), CertificateRole::DocumentSigner, EXCLUDED);
        }
    }
    // Constraints are about names of their own form: others are free, and so is a certificate without such names.
    Path::new(1).set(0, constraints(&[dns("example.com")], &[])).verify().unwrap();
    let free = Path::new(1).set(0, constraints(&[dns("example.com")], &[])).set(2, names(&[other()]));
    free.verify().unwrap();
}

#[test]
fn an_address_in_the_subject_counts() {
    let with = |address: &str| {
        let mut path = Path::new(0).set(0, constraints(&[email("example.com")], &[]));
        let oid = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.1");
        let address = Any::from(x509_cert::der::asn1::Ia5StringRef::new(address).unwrap());
        path.signer().subject.0.push(relative(oid, address));
        path
    };
    with("ds@example.com").verify().unwrap();
    refused(&with("ds@example.org"), CertificateRole::DocumentSigner, NOT_PERMITTED);
}

/// RFC 5280 4.2.1.10: process the constraint or refuse the certificate.
#[test]
fn what_cannot_be_decided_is_refused() {
    let about_other = Path::new(1).set(0, constraints(&[], &[other()]));
    about_other.verify().unwrap();
    refused(
        &about_other.set(2, names(&[other()])),
        CertificateRole::DocumentSigner,
        CertificateFault::NameConstraints("are about a form of name that is not understood"),
    );
    let malformed =
        CertificateFault::NameConstraints("cannot be applied to one of its names, which is malformed");
    for (base, held) in [
        (uri("example.com"), uri("urn:uuid:0")),
        (email("example.com"), email("example.com")),
        (ip(&[0; 8]), ip(&[0; 5])),
        (ip(&[0; 7]), ip(&[0; 4])),
    ] {
        let path = Path::new(1).set(0, constraints(&[], &[base])).set(2, names(&[held]));
        refused(&path, CertificateRole::DocumentSigner, malformed.clone());
    }
    let bounded = NameConstraints {
        permitted_subtrees: Some(vec![GeneralSubtree {
            base: dns("example.com"),
            minimum: 1,
            maximum: None,
        }]),
        excluded_subtrees: None,
    };
    refused(
        &Path::new(1).set(1, extension(true, &bounded)),
        CertificateRole::Chain(1),
        CertificateFault::NameConstraints("have a minimum or maximum, which RFC 5280 forbids"),
    );
}
