//! The fields of a certificate (RFC 5280, section 4.1), as they are written. Their meaning is not
//! examined.
//!
//! `x509-cert` has a type for them. It accepts only certificates whose serial number has at most 20
//! bytes, and it takes more code than everything that is needed of the fields here.

use x509_cert::der::asn1::{AnyRef, BitStringRef, ObjectIdentifier, OctetStringRef};
use x509_cert::der::{Decode, Reader, Result, SliceReader, Tag, TagNumber, Tagged};
use x509_cert::name::Name;
use x509_cert::spki::AlgorithmIdentifierRef;
use x509_cert::time::Time;

use super::members::{content, members, read};

/// A certificate.
pub(super) struct Fields<'a> {
    /// The bytes that the signature covers.
    pub(super) tbs: &'a [u8],
    /// The version. 2 stands for version 3.
    pub(super) version: u8,
    /// The algorithm inside the signed part.
    pub(super) signed_algorithm: AlgorithmIdentifierRef<'a>,
    pub(super) issuer: Name,
    pub(super) not_before: Time,
    pub(super) not_after: Time,
    pub(super) subject: Name,
    pub(super) key_algorithm: AlgorithmIdentifierRef<'a>,
    pub(super) key: BitStringRef<'a>,
    pub(super) extensions: Vec<RawExtension<'a>>,
    /// The algorithm outside the signed part.
    pub(super) algorithm: AlgorithmIdentifierRef<'a>,
    pub(super) signature: BitStringRef<'a>,
}

/// An extension whose value is not read.
pub(super) struct RawExtension<'a> {
    pub(super) id: ObjectIdentifier,
    pub(super) critical: bool,
    pub(super) value: &'a [u8],
}

/// The tag of the member with this number.
const fn tag(number: u8, constructed: bool) -> Tag {
    Tag::ContextSpecific { number: TagNumber::new(number), constructed }
}

impl<'a> Fields<'a> {
    pub(super) fn from_der(der: &'a [u8]) -> Result<Self> {
        read(AnyRef::from_der(der)?, |certificate| {
            let tbs = certificate.tlv_bytes()?;
            let (algorithm, signature) = (certificate.decode()?, certificate.decode()?);
            read(AnyRef::from_der(tbs)?, |fields| Self::read(fields, tbs, algorithm, signature))
        })
    }

    fn read(
        fields: &mut SliceReader<'a>,
        tbs: &'a [u8],
        algorithm: AlgorithmIdentifierRef<'a>,
        signature: BitStringRef<'a>,
    ) -> Result<Self> {
        const VERSION: Tag = tag(0, true);
        let version = match fields.peek_tag()? {
            VERSION => u8::from_der(AnyRef::decode(fields)?.value())?,
            _ => 0,
        };
        AnyRef::decode(fields)?.tag().assert_eq(Tag::Integer)?;
        let (signed_algorithm, issuer) = (fields.decode()?, fields.decode()?);
        let [not_before, not_after] =
            read(fields.decode()?, |dates| Ok([dates.decode()?, dates.decode()?]))?;
        let subject = fields.decode()?;
        let (key_algorithm, key) =
            read(fields.decode()?, |key| Ok((key.decode()?, key.decode()?)))?;
        let mut extensions = Vec::new();
        // Older certificates have identifiers of the issuer and the subject. Nothing reads them.
        let mut tags = [tag(1, false), tag(2, false), tag(3, true)].into_iter();
        while !fields.is_finished() {
            let member = AnyRef::decode(fields)?;
            if !tags.any(|tag| tag == member.tag()) {
                return Err(member.tag().value_error());
            }
            if member.tag() == tag(3, true) {
                let found = members(content(AnyRef::from_der(member.value())?)?)?;
                extensions = found.into_iter().map(RawExtension::read).collect::<Result<_>>()?;
            }
        }
        Ok(Self {
            tbs,
            version,
            signed_algorithm,
            issuer,
            not_before,
            not_after,
            subject,
            key_algorithm,
            key,
            extensions,
            algorithm,
            signature,
        })
    }
}

impl<'a> RawExtension<'a> {
    fn read(extension: AnyRef<'a>) -> Result<Self> {
        read(extension, |members| {
            let id = members.decode()?;
            let critical = members.peek_tag()? == Tag::Boolean && members.decode()?;
            let value: OctetStringRef<'_> = members.decode()?;
            Ok(Self { id, critical, value: value.as_bytes() })
        })
    }
}
