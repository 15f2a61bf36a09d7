//! Decides what a document means by RFC 8949, RFC 9052 and ISO 18013-5, read leniently.

use std::collections::BTreeSet;

use sha2::{Digest, Sha256};

use super::generator::{Document, POINTS};
use super::moment::Moment;
use super::reader::{Content, Node};

/// What a document says about a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Meaning {
    /// The type of the document.
    pub doc_type: String,
    /// x and y of the device's key.
    pub device_key: [[u8; 32]; 2],
    /// `signed`, `validFrom`, `validUntil` in whole seconds of UTC as `YYYYMMDDhhmmss`.
    pub dates: [u64; 3],
    /// For each requested element, the values that the issuer gave it. There is at least one. If
    /// there are several, the holder chooses among them.
    pub values: Vec<Vec<Value>>,
}

/// The value of an element.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Value {
    /// The encoding of the value as the issuer hashed it.
    pub encoding: Vec<u8>,
    /// The tag of the value, if the value is an integer or a string under one tag.
    pub tag: Option<u64>,
    /// The major type (RFC 8949, 3.1) of an integer or a string, whether or not it is under a tag.
    pub major: Option<u8>,
    /// The argument of an integer, or the length of a string.
    pub argument: u64,
    /// The bytes of a string.
    pub content: Vec<u8>,
}

/// Why a prover may refuse a document that has one clear meaning.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reason {
    /// A date in a form that documents must not use.
    DateForm,
    /// A digestID of 2^32 or more.
    DigestId,
    /// A digestID that occurs twice and is not that of a requested item.
    RepeatedDigestId,
    /// An entry of `valueDigests` that is not a digest.
    OtherDigest,
    /// An empty key.
    EmptyKey,
    /// A protected header in an encoding other than the usual one.
    Header,
    /// A length that is indefinite.
    Indefinite,
    /// An item with a number of keys other than four.
    ItemKeys,
    /// A label of the device's key of 2^32 or more.
    Label,
    /// A length, count or tag of 2^32 or more.
    LongNumber,
    /// A `random` that is missing or too short.
    Random,
    /// More bytes than the size class `standard` takes.
    Size,
    /// The item that the holder shows is not the requested one.
    Shown,
    /// `keyAuthorizations`, whose meaning is not judged here.
    Authorizations,
    /// A date that does not exist in the calendar.
    Calendar,
    /// Nesting of more than eight levels.
    Depth,
    /// A name that is empty or longer than 64 bytes.
    Name,
    /// An item whose digest is not in its own namespace, or whose byte string, keys or name are in
    /// pieces (of indefinite length). The item need not be requested.
    OtherItem,
    /// A device key that is not one of those that the generator knows.
    Point,
    /// A key that occurs twice and that the judge does not look up.
    RepeatedKey,
    /// A simple value below 32 that is encoded in two bytes, in the MSO or any item.
    Simple,
    /// Two items of one element.
    TwoItems,
    /// Text that is not UTF-8.
    Utf8,
}

impl Reason {
    /// Whether no proof can be about such a document. For the other reasons, only readers refuse a
    /// document, because they are stricter.
    #[must_use]
    pub const fn is_of_proofs(self) -> bool {
        (self as u8) <= Self::Shown as u8
    }
}

/// The judge's verdict on a document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Judgement {
    /// The meaning, or why the document has none or several.
    pub meaning: Result<Meaning, &'static str>,
    /// Why a prover may refuse the document all the same.
    pub reasons: BTreeSet<Reason>,
}

/// Lengths of the largest MSO and item of the size class `standard` (`docs/statement.md`).
const MAX_BYTES: [usize; 2] = [2_560, 192];

/// The deepest nesting.
const MAX_LEVELS: usize = 8;

impl Judgement {
    /// Judges a document.
    #[must_use]
    pub fn of(document: &Document) -> Self {
        let mut judge = Judge::default();
        let meaning = judge.document(document);
        Self { meaning, reasons: judge.reasons }
    }
}

#[derive(Default)]
struct Judge {
    reasons: BTreeSet<Reason>,
}

/// An item as it reads.
struct Item<'a> {
    digest_id: u64,
    element: String,
    value: &'a Node<'a>,
}

impl Judge {
    fn note(&mut self, reason: Reason, applies: bool) {
        if applies {
            self.reasons.insert(reason);
        }
    }

    fn document(&mut self, document: &Document) -> Result<Meaning, &'static str> {
        let payload = self.payload(&document.sig_structure)?;
        self.note(Reason::Size, payload.len() > MAX_BYTES[0]);
        let mso = Node::whole(&payload).ok_or("the payload is no CBOR")?;
        self.survey(&mso);
        let mso = mso.tagged(24).and_then(Node::bytes).ok_or("the payload is no embedded CBOR")?;
        let mso = Node::whole(mso).ok_or("the MSO is no CBOR")?;
        self.survey(&mso);
        if member(&mso, "version")?.text() != Some("1.0") {
            return Err("another version");
        }
        if member(&mso, "digestAlgorithm")?.text() != Some("SHA-256") {
            return Err("another digest algorithm");
        }
        let doc_type = member(&mso, "docType")?.text().ok_or("the docType is no text")?;
        if doc_type != document.doc_type {
            return Err("another docType");
        }
        self.name(doc_type);
        let digests = member(&mso, "valueDigests")?;
        let (device, validity) = (member(&mso, "deviceKeyInfo")?, member(&mso, "validityInfo")?);
        let device_key = self.device_key(device)?;
        let mut dates = [0; 3];
        for (date, name) in dates.iter_mut().zip(["signed", "validFrom", "validUntil"]) {
            *date = self.date(member(validity, name)?)?;
        }
        for map in [&mso, digests, device, validity] {
            let is_empty = |[key, _]: &[Node<'_>; 2]| matches!(&key.content, Content::Text(text) if text.is_empty());
            self.note(Reason::EmptyKey, map.entries().unwrap_or_default().iter().any(is_empty));
        }
        self.survey_digests(digests)?;
        self.survey_items(document, digests);
        let asked = document.elements.iter().zip(&document.shown);
        let values = asked.map(|((namespace, element), &shown)| {
            self.values(document, member(digests, namespace)?, element, shown)
        });
        let values = values.collect::<Result<_, _>>()?;
        Ok(Meaning { doc_type: doc_type.to_owned(), device_key, dates, values })
    }

    /// The payload of a `Sig_structure` (RFC 9052, 4.4) of ES256 or ESP256.
    fn payload(&mut self, sig_structure: &[u8]) -> Result<Vec<u8>, &'static str> {
        let whole = Node::whole(sig_structure).ok_or("the Sig_structure is no CBOR")?;
        self.survey(&whole);
        let Content::Array(members) = &whole.content else {
            return Err("the Sig_structure is no array");
        };
        let [context, protected, external, payload] = members.as_slice() else {
            return Err("the Sig_structure has no four members");
        };
        if context.text() != Some("Signature1") || external.bytes() != Some(&[]) {
            return Err("another context or external data");
        }
        let header = protected.bytes().ok_or("the protected header is no byte string")?;
        self.note(Reason::Header, !matches!(header, [0xa1, 0x01, 0x26 | 0x28]));
        let header = Node::whole(header).ok_or("the protected header is no CBOR")?;
        if !matches!(label(&header, 1)?.integer(), Some(-7 | -9)) {
            return Err("another algorithm");
        }
        payload.bytes().map(<[u8]>::to_vec).ok_or("the payload is no byte string")
    }

    /// Notes what a prover may refuse anywhere.
    fn survey(&mut self, node: &Node<'_>) {
        self.note(Reason::Depth, levels(node) > MAX_LEVELS);
        self.note(Reason::Simple, has_long_simple(node));
        self.survey_heads(node);
    }

    fn survey_heads(&mut self, node: &Node<'_>) {
        let is_integer = node.integer().is_some();
        self.note(Reason::Indefinite, node.argument.is_none());
        let is_simple = matches!(node.content, Content::Simple(_));
        let is_large = node.argument.is_some_and(|argument| argument >> 32 > 0);
        self.note(Reason::LongNumber, is_large && !is_integer && !is_simple);
        match &node.content {
            Content::Text(text) => self.note(Reason::Utf8, std::str::from_utf8(text).is_err()),
            Content::Map(entries) => {
                let later = |index: usize| entries.iter().skip(index + 1);
                let mut keys = entries.iter().enumerate();
                let repeated =
                    keys.any(|(index, [key, _])| later(index).any(|[other, _]| other.is_same(key)));
                self.note(Reason::RepeatedKey, repeated);
            }
            _ => {}
        }
        node.children().into_iter().for_each(|child| self.survey_heads(child));
    }

    fn name(&mut self, name: &str) {
        self.note(Reason::Name, name.is_empty() || name.len() > 64);
    }

    /// `deviceKeyInfo` (ISO 18013-5, 9.1.2.4), with a COSE_Key (RFC 9053, 7.1.1).
    fn device_key(&mut self, info: &Node<'_>) -> Result<[[u8; 32]; 2], &'static str> {
        let entries = info.entries().ok_or("no map")?;
        let is_authorizations = |[key, _]: &[Node<'_>; 2]| key.text() == Some("keyAuthorizations");
        self.note(Reason::Authorizations, entries.iter().any(is_authorizations));
        let key = member(info, "deviceKey")?;
        let labels = key.entries().ok_or("the device key is no map")?.iter();
        let is_long = |[key, _]: &[Node<'_>; 2]| {
            key.integer().is_some() && key.argument.is_some_and(|argument| argument >> 32 > 0)
        };
        self.note(Reason::Label, labels.clone().any(is_long));
        if label(key, 1)?.integer() != Some(2) || label(key, -1)?.integer() != Some(1) {
            return Err("a device key of another type or curve");
        }
        let coordinate = |number| {
            label(key, number)?
                .bytes()
                .and_then(|bytes| bytes.try_into().ok())
                .ok_or("no coordinate of 32 bytes")
        };
        let point: [[u8; 32]; 2] = [coordinate(-2)?, coordinate(-3)?];
        self.note(Reason::Point, !POINTS.contains(&point));
        Ok(point)
    }

    /// A date and time under tag 0 (RFC 8949, 3.4.1).
    fn date(&mut self, node: &Node<'_>) -> Result<u64, &'static str> {
        let text =
            node.tagged(0).and_then(Node::text).ok_or("a date that is no text under tag 0")?;
        let moment = Moment::read(text).ok_or("a date that is none")?;
        self.note(Reason::DateForm, !moment.is_plain);
        self.note(Reason::Calendar, !moment.exists);
        Ok(moment.decimal)
    }

    fn survey_digests(&mut self, digests: &Node<'_>) -> Result<(), &'static str> {
        for [name, digests] in digests.entries().ok_or("valueDigests is no map")? {
            let entries = digests.entries().unwrap_or_default();
            self.note(Reason::OtherDigest, name.text().is_none() || digests.entries().is_none());
            for (index, [key, digest]) in entries.iter().enumerate() {
                let number = key.integer();
                self.note(Reason::DigestId, number.is_some_and(|number| number >> 32 > 0));
                let is_digest = digest.bytes().is_some_and(|digest| digest.len() == 32);
                self.note(
                    Reason::OtherDigest,
                    number.is_none_or(|number| number < 0) || !is_digest,
                );
                let is_again =
                    |[other, _]: &[Node<'_>; 2]| number.is_some() && other.integer() == number;
                self.note(Reason::RepeatedDigestId, entries.iter().skip(index + 1).any(is_again));
            }
        }
        Ok(())
    }

    /// Notes items that do not fit the place in which the document holds them.
    fn survey_items(&mut self, document: &Document, digests: &Node<'_>) {
        for (namespace, bytes) in &document.items {
            let inner = embedded(bytes);
            let inner = inner.as_deref().and_then(Node::whole);
            let entries = inner.as_ref().and_then(Node::entries).unwrap_or_default();
            let is_in_pieces = |[key, value]: &[Node<'_>; 2]| {
                key.argument.is_none()
                    || key.text() == Some("elementIdentifier") && value.argument.is_none()
            };
            self.note(Reason::Simple, inner.as_ref().is_some_and(has_long_simple));
            let outer = Node::whole(bytes);
            let string = outer.as_ref().and_then(|outer| outer.tagged(24));
            let is_whole = string.is_some_and(|string| string.argument.is_some());
            self.note(Reason::OtherItem, !is_whole || entries.iter().any(is_in_pieces));
            let item = inner.as_ref().and_then(|inner| Item::read(inner).ok());
            let digest = item.as_ref().and_then(|item| {
                let of_namespace = member(digests, namespace).ok()?;
                label(of_namespace, item.digest_id.into()).ok()?.bytes().map(<[u8]>::to_vec)
            });
            self.note(Reason::OtherItem, digest != Some(Sha256::digest(bytes).to_vec()));
            self.note(Reason::DigestId, item.is_some_and(|item| item.digest_id >> 32 > 0));
        }
    }

    /// The values of the items of this element that have a digest in a namespace.
    fn values(
        &mut self,
        document: &Document,
        digests: &Node<'_>,
        element: &str,
        shown: usize,
    ) -> Result<Vec<Value>, &'static str> {
        self.name(element);
        let (mut values, mut fault) =
            (Vec::new(), "no item of the element under a digest of its own");
        for (index, (_, bytes)) in document.items.iter().enumerate() {
            let Some(inner) = embedded(bytes) else { continue };
            let Some(inner) = Node::whole(&inner) else { continue };
            let item = match Item::read(&inner) {
                Ok(item) => item,
                Err(why) => {
                    fault = why;
                    continue;
                }
            };
            if item.element != element {
                continue;
            }
            let digest = match label(digests, item.digest_id.into()) {
                Ok(digest) => digest.bytes(),
                Err(why) => {
                    fault = why;
                    continue;
                }
            };
            if digest != Some(&Sha256::digest(bytes)[..]) {
                continue;
            }
            if index == shown {
                self.survey_item(bytes, &inner);
            }
            values.push((index, Value::of(item.value)));
        }
        if values.is_empty() {
            return Err(fault);
        }
        self.note(Reason::Shown, values.iter().all(|(index, _)| *index != shown));
        self.note(Reason::TwoItems, values.len() > 1);
        Ok(values.into_iter().map(|(_, value)| value).collect())
    }

    /// Notes what a prover may refuse in a requested item.
    fn survey_item(&mut self, bytes: &[u8], item: &Node<'_>) {
        self.note(Reason::Size, bytes.len() > MAX_BYTES[1]);
        Node::whole(bytes).iter().for_each(|whole| self.survey_heads(whole));
        self.survey(item);
        self.note(Reason::ItemKeys, item.entries().is_none_or(|entries| entries.len() != 4));
        let random = member(item, "random").ok().and_then(Node::bytes);
        self.note(Reason::Random, random.is_none_or(|random| random.len() < 16));
    }
}

/// The bytes of CBOR that is embedded under tag 24.
fn embedded(bytes: &[u8]) -> Option<Vec<u8>> {
    Node::whole(bytes)?.tagged(24)?.bytes().map(<[u8]>::to_vec)
}

/// The value of a key that occurs exactly once.
fn once<'a, 'b>(
    map: &'a Node<'b>,
    is_key: impl Fn(&Node<'b>) -> bool,
) -> Result<&'a Node<'b>, &'static str> {
    let mut found = map.entries().ok_or("no map")?.iter().filter(|[key, _]| is_key(key));
    match (found.next(), found.next()) {
        (Some([_, value]), None) => Ok(value),
        (None, _) => Err("a key is missing"),
        (Some(_), Some(_)) => Err("a key occurs twice"),
    }
}

fn member<'a, 'b>(map: &'a Node<'b>, name: &str) -> Result<&'a Node<'b>, &'static str> {
    once(map, |key| key.text() == Some(name))
}

fn label<'a, 'b>(map: &'a Node<'b>, label: i128) -> Result<&'a Node<'b>, &'static str> {
    once(map, |key| key.integer() == Some(label))
}

/// The depth of nested containers and tags.
fn levels(node: &Node<'_>) -> usize {
    let is_leaf = !matches!(node.content, Content::Array(_) | Content::Map(_) | Content::Tag(..));
    if is_leaf { 0 } else { 1 + node.children().into_iter().map(levels).max().unwrap_or_default() }
}

/// Whether any simple value below 32 is encoded in two bytes, which is not well formed (RFC 8949,
/// 3.3).
fn has_long_simple(node: &Node<'_>) -> bool {
    matches!(node.content, Content::Simple(&[0xf8, ..32]))
        || node.children().into_iter().any(has_long_simple)
}

impl<'a> Item<'a> {
    /// Reads an `IssuerSignedItem` (ISO 18013-5, 8.3.2.1.2.2).
    fn read(map: &'a Node<'a>) -> Result<Self, &'static str> {
        let digest_id = member(map, "digestID")?.integer().and_then(|id| u64::try_from(id).ok());
        let element = member(map, "elementIdentifier")?.text();
        Ok(Self {
            digest_id: digest_id.ok_or("a digestID that is no unsigned integer")?,
            element: element.ok_or("an identifier that is no text")?.to_owned(),
            value: member(map, "elementValue")?,
        })
    }
}

impl Value {
    fn of(node: &Node<'_>) -> Self {
        let (tag, scalar) = match &node.content {
            Content::Tag(tag, inner) => (Some(*tag), &**inner),
            _ => (None, node),
        };
        let (major, argument, content) = match &scalar.content {
            Content::Unsigned(argument) => (Some(0), *argument, Vec::new()),
            Content::Negative(argument) => (Some(1), *argument, Vec::new()),
            Content::Bytes(bytes) => (Some(2), bytes.len() as u64, bytes.clone()),
            Content::Text(bytes) => (Some(3), bytes.len() as u64, bytes.clone()),
            _ => (None, 0, Vec::new()),
        };
        let tag = tag.filter(|_| major.is_some());
        Self { encoding: node.encoding.to_vec(), tag, major, argument, content }
    }

    /// Whether `encoding` encodes this value. An integer or a string may have any heads. Any other
    /// value must have the heads that the issuer chose.
    pub(super) fn is(&self, encoding: &[u8]) -> bool {
        let is_it = |other: Self| {
            let meaning =
                |value: &Self| (value.tag, value.major, value.argument, value.content.clone());
            meaning(self) == meaning(&other)
                && (self.major.is_some() || self.encoding == other.encoding)
        };
        Node::whole(encoding).is_some_and(|node| is_it(Self::of(&node)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::{Choices, Misreading};

    fn judged(choices: &[u64]) -> Judgement {
        Judgement::of(&Document::generate(&mut Choices::again(choices), None))
    }

    #[test]
    fn the_simplest_document_is_clear() {
        let Judgement { meaning, reasons } = judged(&[]);
        let meaning = meaning.unwrap();
        assert!(reasons.is_empty());
        assert_eq!(
            (meaning.doc_type.as_str(), meaning.device_key),
            ("org.iso.18013.5.1.mDL", POINTS[0])
        );
        assert_eq!(meaning.dates, [20_240_101_000_000; 3]);
        assert_eq!(meaning.values.len(), 1);
    }

    #[test]
    fn values_are_what_they_encode() {
        let value = |bytes: &[u8]| {
            let Value { tag, major, argument, content, encoding } =
                Value::of(&Node::whole(bytes).unwrap());
            assert_eq!(encoding, bytes);
            (tag, major, argument, content)
        };
        assert_eq!(value(b"\x19\0\x12"), (None, Some(0), 18, vec![]));
        assert_eq!(value(b"\x38\x63"), (None, Some(1), 99, vec![]));
        assert_eq!(value(b"\x78\x02ab"), (None, Some(3), 2, b"ab".to_vec()));
        assert_eq!(value(b"\xd9\x03\xec\x41\x07"), (Some(1_004), Some(2), 1, vec![7]));
        for whole in [&b"\x81\0"[..], b"\xa0", b"\xf5", b"\xc1\xf5", b"\xc1\xc1\0"] {
            assert_eq!(value(whole), (None, None, 0, vec![]), "{whole:x?}");
        }
    }

    /// Checks that the documents are useful: most have a meaning, some have none, and there are
    /// documents of every kind.
    #[test]
    fn there_are_documents_of_every_kind() {
        let (mut clear, mut without_reason, mut reasons, mut whys) =
            (0, 0, BTreeSet::new(), BTreeSet::new());
        let mut misread = [0; Misreading::ALL.len()];
        const DOCUMENTS: u64 = 4_000;
        for seed in 0..DOCUMENTS {
            let mut choices = Choices::of_seed(seed);
            let document = Document::generate(&mut choices, None);
            let judgement = Judgement::of(&document);
            clear += usize::from(judgement.meaning.is_ok());
            without_reason +=
                usize::from(judgement.meaning.is_ok() && judgement.reasons.is_empty());
            whys.extend(judgement.meaning.err());
            reasons.extend(judgement.reasons);
            for (count, misreading) in misread.iter_mut().zip(Misreading::ALL) {
                let read =
                    Document::generate(&mut Choices::again(choices.made()), Some(misreading));
                *count += usize::from(read.to_string() != document.to_string());
            }
        }
        assert!((2_000..3_500).contains(&clear), "{clear} are clear");
        assert!(
            without_reason > 1_200,
            "{without_reason} are clear and without a reason to refuse them"
        );
        assert_eq!(reasons.len(), Reason::Utf8 as usize + 1, "{reasons:?}");
        assert!(whys.len() > 15, "{whys:?}");
        assert!(misread.iter().all(|&count| count > 20), "{misread:?}");
    }
}
