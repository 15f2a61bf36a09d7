//! Extensions that hold general names (RFC 5280, section 4.2.1.6), as far as path validation reads
//! them.
//!
//! `x509-cert` has types for these extensions. Their code for names that nothing here reads would
//! make up a twentieth of the verifier's web module.

use x509_cert::der::asn1::{AnyRef, Ia5StringRef, ObjectIdentifier};
use x509_cert::der::oid::AssociatedOid;
use x509_cert::der::{Decode, Reader, Result, Tag, TagNumber, Tagged};
use x509_cert::name::Name;

use super::members::{content, members};

/// `authorityKeyIdentifier` (4.2.1.1). Nothing here needs its other members.
pub(super) struct AuthorityKeyIdentifier {
    pub(super) key_identifier: Option<Vec<u8>>,
}

/// `subjectAltName` (4.2.1.6).
pub(super) struct SubjectAltName(pub(super) Vec<GeneralName>);

/// `nameConstraints` (4.2.1.10).
pub(super) struct NameConstraints {
    pub(super) permitted: Option<Vec<GeneralSubtree>>,
    pub(super) excluded: Option<Vec<GeneralSubtree>>,
}

/// The names that a constraint is about.
pub(super) struct GeneralSubtree {
    pub(super) base: GeneralName,
    /// Whether the subtree has a minimum other than 0, or a maximum.
    pub(super) is_bounded: bool,
}

pub(super) enum GeneralName {
    Email(String),
    Dns(String),
    Directory(Name),
    Uri(String),
    Ip(Vec<u8>),
    /// A name of a form for which no constraint is understood, with the number of its tag.
    Other(TagNumber),
}

impl GeneralName {
    fn read(name: AnyRef<'_>) -> Result<Self> {
        let Tag::ContextSpecific { constructed, number } = name.tag() else {
            return Err(name.tag().value_error());
        };
        let text = || Ia5StringRef::new(name.value()).map(|text| text.as_str().to_owned());
        Ok(match (number.value(), constructed) {
            (1, false) => Self::Email(text()?),
            (2, false) => Self::Dns(text()?),
            (4, true) => Self::Directory(Name::from_der(name.value())?),
            (6, false) => Self::Uri(text()?),
            (7, false) => Self::Ip(name.value().to_vec()),
            (0 | 3 | 5, true) | (8, false) => Self::Other(number),
            _ => return Err(name.tag().value_error()),
        })
    }
}

impl GeneralSubtree {
    fn read(subtree: AnyRef<'_>) -> Result<Self> {
        // `minimum` 0 is the default. DER leaves it out, but some issuers write it.
        const ZERO: (Tag, &[u8]) = (tag(0, false), &[0]);
        let mut members = members(content(subtree)?)?.into_iter();
        let base = GeneralName::read(members.next().ok_or(Tag::Sequence.length_error())?)?;
        let is_bounded = members.any(|member| (member.tag(), member.value()) != ZERO);
        Ok(Self { base, is_bounded })
    }
}

/// The tag of the member with this number.
const fn tag(number: u8, constructed: bool) -> Tag {
    Tag::ContextSpecific { number: TagNumber::new(number), constructed }
}

/// The members of a sequence of optional members. Each has one of these tags, and they occur in
/// this order.
fn optional_members<'a, const N: usize>(
    sequence: AnyRef<'a>,
    tags: [Tag; N],
) -> Result<[Option<&'a [u8]>; N]> {
    let mut members = members(content(sequence)?)?.into_iter().peekable();
    let found =
        tags.map(|tag| members.next_if(|member| member.tag() == tag).map(|member| member.value()));
    match members.next() {
        None => Ok(found),
        Some(other) => Err(other.tag().value_error()),
    }
}

impl AssociatedOid for AuthorityKeyIdentifier {
    const OID: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.35");
}

impl<'a> Decode<'a> for AuthorityKeyIdentifier {
    fn decode<R: Reader<'a>>(reader: &mut R) -> Result<Self> {
        let [key_identifier, _issuer, _serial_number] = optional_members(
            AnyRef::decode(reader)?,
            [tag(0, false), tag(1, true), tag(2, false)],
        )?;
        Ok(Self { key_identifier: key_identifier.map(<[u8]>::to_vec) })
    }
}

impl AssociatedOid for SubjectAltName {
    const OID: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.17");
}

impl<'a> Decode<'a> for SubjectAltName {
    fn decode<R: Reader<'a>>(reader: &mut R) -> Result<Self> {
        let names = members(content(AnyRef::decode(reader)?)?)?;
        names.into_iter().map(GeneralName::read).collect::<Result<_>>().map(Self)
    }
}

impl AssociatedOid for NameConstraints {
    const OID: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.30");
}

impl<'a> Decode<'a> for NameConstraints {
    fn decode<R: Reader<'a>>(reader: &mut R) -> Result<Self> {
        let subtrees = |content| {
            members(content)?.into_iter().map(GeneralSubtree::read).collect::<Result<_>>()
        };
        let [permitted, excluded] =
            optional_members(AnyRef::decode(reader)?, [tag(0, true), tag(1, true)])?;
        Ok(Self {
            permitted: permitted.map(subtrees).transpose()?,
            excluded: excluded.map(subtrees).transpose()?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tlv(tag: u8, content: &[u8]) -> Vec<u8> {
        [&[tag, u8::try_from(content.len()).unwrap()], content].concat()
    }

    fn sequence(members: &[Vec<u8>]) -> Vec<u8> {
        tlv(0x30, &members.concat())
    }

    fn is_refused<T: for<'a> Decode<'a>>(der: &[u8]) -> bool {
        T::from_der(der).is_err()
    }

    #[test]
    fn key_identifiers() {
        let read = |members: &[Vec<u8>]| {
            AuthorityKeyIdentifier::from_der(&sequence(members)).map(|found| found.key_identifier)
        };
        let (identifier, issuer, serial) =
            (tlv(0x80, &[1, 2]), tlv(0xa1, &tlv(0x82, b"a")), tlv(0x82, &[9]));
        assert_eq!(read(&[]), Ok(None));
        assert_eq!(read(std::slice::from_ref(&identifier)), Ok(Some(vec![1, 2])));
        // With the issuer and the serial number, which nothing reads.
        assert_eq!(
            read(&[identifier.clone(), issuer.clone(), serial.clone()]),
            Ok(Some(vec![1, 2]))
        );
        assert_eq!(read(&[issuer.clone(), serial]), Ok(None));
        for members in [
            [identifier.clone(), identifier.clone()],
            [issuer, identifier.clone()],
            [tlv(4, &[1]), vec![]],
        ] {
            assert!(read(&members).is_err());
        }
        let whole = sequence(&[identifier]);
        assert!(is_refused::<AuthorityKeyIdentifier>(&whole[..whole.len() - 1]));
        assert!(is_refused::<AuthorityKeyIdentifier>(&[whole.clone(), vec![0]].concat()));
        assert!(is_refused::<AuthorityKeyIdentifier>(&tlv(0x31, &[])));
    }

    #[test]
    fn names_of_every_form() {
        let names = [
            tlv(0xa0, &[]),
            tlv(0x81, b"a@b"),
            tlv(0x82, b"b"),
            tlv(0xa3, &[]),
            tlv(0xa4, &tlv(0x30, &[])),
            tlv(0xa5, &[]),
            tlv(0x86, b"c:"),
            tlv(0x87, &[127, 0, 0, 1]),
            tlv(0x88, &[42]),
        ];
        let SubjectAltName(read) = SubjectAltName::from_der(&sequence(&names)).unwrap();
        use GeneralName::{Directory, Dns, Email, Ip, Other, Uri};
        let [
            Other(_),
            Email(email),
            Dns(dns),
            Other(_),
            Directory(name),
            Other(_),
            Uri(uri),
            Ip(ip),
            Other(last),
        ] = read.as_slice()
        else {
            panic!()
        };
        assert_eq!(
            (email.as_str(), dns.as_str(), uri.as_str(), ip.as_slice()),
            ("a@b", "b", "c:", &[127, 0, 0, 1][..])
        );
        assert_eq!((name.0.len(), last.value()), (0, 8));
        for name in [
            tlv(0x82, b"\xc3\xa9"),
            tlv(0x80, &[]),
            tlv(0xa1, b"a@b"),
            tlv(0x84, &[]),
            tlv(0xa4, &[]),
            tlv(0x89, &[]),
            tlv(0x0c, b"a"),
        ] {
            assert!(is_refused::<SubjectAltName>(&sequence(&[name])));
        }
    }

    #[test]
    fn constraints_with_and_without_bounds() {
        let base = tlv(0x82, b"b");
        let read = |subtree: &[Vec<u8>]| {
            NameConstraints::from_der(&sequence(&[tlv(0xa1, &sequence(subtree))])).map(
                |constraints| {
                    assert!(constraints.permitted.is_none());
                    constraints.excluded.unwrap()[0].is_bounded
                },
            )
        };
        assert_eq!(read(std::slice::from_ref(&base)), Ok(false));
        assert_eq!(read(&[base.clone(), tlv(0x80, &[0])]), Ok(false));
        assert_eq!(read(&[base.clone(), tlv(0x80, &[1])]), Ok(true));
        assert_eq!(read(&[base.clone(), tlv(0x81, &[0])]), Ok(true));
        assert!(read(&[]).is_err());
        let both = sequence(&[tlv(0xa0, &sequence(std::slice::from_ref(&base))), tlv(0xa1, &[])]);
        let both = NameConstraints::from_der(&both).unwrap();
        assert_eq!((both.permitted.unwrap().len(), both.excluded.unwrap().len()), (1, 0));
        assert!(is_refused::<NameConstraints>(&sequence(&[tlv(0xa0, &base)])));
        assert!(is_refused::<NameConstraints>(&sequence(&[tlv(0x80, &[])])));
    }
}
