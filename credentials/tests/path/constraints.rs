//! PKITS 4.13: name constraints.

use x509_cert::der::Tag;
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
    GeneralName::OtherName(OtherName {
        type_id: ObjectIdentifier::new_unwrap("1.3.6.1.4.1.99999.3"),
        value,
    })
}

fn subtrees(names: &[GeneralName]) -> Option<Vec<GeneralSubtree>> {
    let subtree =
        |base: &GeneralName| GeneralSubtree { base: base.clone(), minimum: 0, maximum: None };
    (!names.is_empty()).then(|| names.iter().map(subtree).collect())
}

fn constraints(permitted: &[GeneralName], excluded: &[GeneralName]) -> Extension {
    let constraints = NameConstraints {
        permitted_subtrees: subtrees(permitted),
        excluded_subtrees: subtrees(excluded),
    };
    extension(true, &constraints)
}

fn names(names: &[GeneralName]) -> Extension {
    extension(false, &SubjectAltName(names.to_vec()))
}

const NOT_PERMITTED: CertificateFault =
    CertificateFault::NameConstraints("do not permit one of its names");
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
    // An excluded name stays excluded even if it is also permitted.
    let both = with(&[organisation("Velum")], &[organisation("VELUM")]);
    refused(&both, CertificateRole::DocumentSigner, EXCLUDED);
}

#[test]
fn constraints_hold_for_everything_below_and_together() {
    let only_other = constraints(&[organisation("Other")], &[]);
    refused(&Path::new(1).set(0, only_other.clone()), CertificateRole::Chain(1), NOT_PERMITTED);
    // Each certificate narrows what the certificates above it permit.
    let narrowed =
        Path::new(2).set(0, constraints(&[organisation("Velum")], &[])).set(2, only_other.clone());
    refused(&narrowed, CertificateRole::DocumentSigner, NOT_PERMITTED);
    let widened =
        Path::new(2).set(1, constraints(&[organisation("Velum")], &[])).set(2, only_other.clone());
    refused(&widened, CertificateRole::DocumentSigner, NOT_PERMITTED);

    // A self-issued certificate is exempt, unless it is the signer's certificate.
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
    // Constraints apply to names of their own form. Names of other forms are unconstrained, and so
    // is a certificate without names of that form.
    Path::new(1).set(0, constraints(&[dns("example.com")], &[])).verify().unwrap();
    let free =
        Path::new(1).set(0, constraints(&[dns("example.com")], &[])).set(2, names(&[other()]));
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
        CertificateFault::NameConstraints("are about a form of name that is not supported here"),
    );
    let malformed = CertificateFault::NameConstraints(
        "cannot be applied to one of its names, which is malformed",
    );
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

/// If it is unknown whether a string is the excluded one, it counts as excluded.
#[test]
fn excluded_names_are_excluded_in_any_type_of_string() {
    let with = |value: Any| {
        let mut path = Path::new(1).set(0, constraints(&[], &[organisation("Evil")]));
        path.signer().subject.0[1] = relative(rfc4519::ORGANIZATION_NAME, value);
        path
    };
    for (tag, bytes) in [
        (Tag::Utf8String, &b"EVIL"[..]),
        (Tag::Utf8String, b"Ev\x01il"),
        (Tag::Utf8String, b"\x0bEvil"),
        (Tag::BmpString, b"\0E\0v\0i\0l"),
        (Tag::TeletexString, b"Evil"),
        (Tag::VisibleString, b"Evil"),
    ] {
        refused(&with(Any::new(tag, bytes).unwrap()), CertificateRole::DocumentSigner, EXCLUDED);
    }
    with(Any::new(Tag::Utf8String, &b"Good"[..]).unwrap()).verify().unwrap();
}

/// A relative name with two attributes.
fn two(a: (ObjectIdentifier, &str), b: (ObjectIdentifier, &str)) -> RelativeDistinguishedName {
    let attribute =
        |(oid, text): (ObjectIdentifier, &str)| x509_cert::attr::AttributeTypeAndValue {
            oid,
            value: Any::from(PrintableStringRef::new(text).unwrap()),
        };
    RelativeDistinguishedName(SetOfVec::try_from(vec![attribute(a), attribute(b)]).unwrap())
}

const ORGANISATION: ObjectIdentifier = rfc4519::ORGANIZATION_NAME;
const UNIT: ObjectIdentifier = rfc4519::ORGANIZATIONAL_UNIT_NAME;

#[test]
fn relative_names_of_two_attributes_are_permitted_as_sets() {
    let GeneralName::DirectoryName(mut base) = organisation("x") else { panic!() };
    base.0[1] = two((ORGANISATION, "State"), (UNIT, "Licences"));
    let mut path = Path::new(1).set(0, constraints(&[GeneralName::DirectoryName(base)], &[]));
    path.certificates[1].subject.0[1] = two((ORGANISATION, "State"), (UNIT, "Licences"));
    path.certificates[2].issuer.0[1] = two((ORGANISATION, "State"), (UNIT, "Licences"));
    path.signer().subject.0[1] = two((ORGANISATION, "State"), (ORGANISATION, "STATE"));
    refused(&path, CertificateRole::DocumentSigner, NOT_PERMITTED);
}

/// A CA with another name is not taken for the CA above it, which may have no CA below it.
#[test]
fn another_name_is_not_self_issued() {
    let of = |second: RelativeDistinguishedName| {
        let mut name = name("CA 1");
        name.0[1] = second;
        name
    };
    let mut path = Path::new(2).set(1, ca(Some(0)));
    path.certificates[1].subject = of(two((ORGANISATION, "State"), (UNIT, "Licences")));
    path.certificates[2].issuer = of(two((ORGANISATION, "State"), (ORGANISATION, "STATE")));
    path.certificates[2].subject = of(two((ORGANISATION, "State"), (UNIT, "Anything")));
    path.certificates[3].issuer = path.certificates[2].subject.clone();
    assert!(path.verify().is_err());
}

#[test]
fn hosts_may_end_in_a_dot() {
    for (base, held) in [
        (dns("evil.com"), dns("evil.com.")),
        (dns("a.evil.com"), dns("*.evil.com")),
        (uri("evil.com"), uri("https://evil.com./")),
        (email("evil.com"), email("a@evil.com.")),
    ] {
        let path = Path::new(1).set(0, constraints(&[], &[base])).set(2, names(&[held]));
        refused(&path, CertificateRole::DocumentSigner, EXCLUDED);
    }
}

#[test]
fn critical_names_can_be_read() {
    let garbage = Extension {
        extn_id: SubjectAltName::OID,
        critical: true,
        extn_value: OctetString::new([0xff]).unwrap(),
    };
    assert!(Path::new(1).set(2, garbage).verify().is_err());
}
