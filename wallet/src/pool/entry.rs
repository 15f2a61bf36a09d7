//! The names of entries, and the associated data with which each entry is sealed.
//!
//! A name shows when its entry was made. To those who know a purpose or a document, it also shows
//! which entries belong to that purpose or document. This is enough to find, count and drop entries
//! that stay sealed. Names are authenticated, so nothing in them can be changed.
//!
//! The names of prepared proofs in another format match no purpose and no document. Such entries
//! are neither counted nor taken, and the next sweep drops them.

use sha2::{Digest, Sha256};
use velum_credentials::{Prepared, Purpose, Timestamp};

/// The version of the pool's format. Entries of another version do not open.
const FORMAT: &[u8] = b"velum proof pool, format 1\0";

const TAG_BYTES: usize = 16;

/// Distinguishes purposes and documents without naming them.
pub(super) type Tag = [u8; TAG_BYTES];

/// The name of an entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct EntryName {
    pub(super) document: Tag,
    pub(super) purpose: Tag,
    /// When the proof was made, in seconds since 1970.
    pub(super) made: i64,
    /// Random bytes that distinguish the entry from all others.
    serial: [u8; 16],
}

impl EntryName {
    /// A name that no other entry has.
    pub(super) fn new(purpose: &Purpose, now: Timestamp) -> Result<Self, getrandom::Error> {
        let mut serial = [0; 16];
        getrandom::fill(&mut serial)?;
        let (document, purpose) = (document_tag(&purpose.document), purpose_tag(purpose));
        Ok(Self { document, purpose, made: now.unix(), serial })
    }

    /// Reads a name. Returns `None` if the pool did not assign it.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let mut parts = text.split('-');
        let mut next = || parts.next();
        let (document, purpose) = (bytes(next()?)?, bytes(next()?)?);
        let made = i64::from_be_bytes(bytes(next()?)?);
        let name = Self { document, purpose, made, serial: bytes(next()?)? };
        // Each name has only one form. Names with upper-case digits or further parts are refused.
        (name.to_string() == text).then_some(name)
    }

    /// Whether the proof was made more than `seconds` before `now`.
    ///
    /// A proof from the future is not older: the clock is wrong or was wrong, and nothing tells
    /// which. A clock that is slow for a moment must not cost all proofs.
    pub(super) fn is_older(&self, seconds: u64, now: Timestamp) -> bool {
        now.unix() > self.made && now.unix().abs_diff(self.made) > seconds
    }
}

impl std::fmt::Display for EntryName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let hex = [&self.document[..], &self.purpose, &self.made.to_be_bytes(), &self.serial]
            .map(hex::encode);
        f.write_str(&hex.join("-"))
    }
}

/// The associated data with which an entry is sealed: the format, the document and the entry's
/// name.
pub(super) fn associated_data(document: &[u8; 32], name: &EntryName) -> Vec<u8> {
    [FORMAT, document, name.to_string().as_bytes()].concat()
}

pub(super) fn document_tag(document: &[u8; 32]) -> Tag {
    tag("document", &[document])
}

pub(super) fn purpose_tag(purpose: &Purpose) -> Tag {
    let Purpose { suite, size_class, doc_type, issuer, elements, document } = purpose;
    let mut parts: Vec<&[u8]> = vec![document, suite.name().as_bytes(), size_class.name.as_bytes()];
    let version = [suite.version()];
    parts.extend([&version, doc_type.as_bytes(), issuer]);
    for slot in elements {
        parts.extend([slot.namespace.as_bytes(), slot.element.as_bytes()]);
    }
    tag("purpose", &parts)
}

fn tag(of: &str, parts: &[&[u8]]) -> Tag {
    tag_in(Prepared::FORMAT, of, parts)
}

/// A hash over the format of prepared proofs and over parts, each preceded by its length.
fn tag_in(prepared: &str, of: &str, parts: &[&[u8]]) -> Tag {
    let mut hash = Sha256::new_with_prefix(FORMAT);
    for part in [prepared.as_bytes(), of.as_bytes()].iter().chain(parts) {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part);
    }
    let mut tag = Tag::default();
    tag.copy_from_slice(&hash.finalize()[..TAG_BYTES]);
    tag
}

fn bytes<const N: usize>(text: &str) -> Option<[u8; N]> {
    let mut bytes = [0; N];
    hex::decode_to_slice(text, &mut bytes).ok()?;
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use velum_credentials::{SizeClass, Slot, Suite};

    fn purpose() -> Purpose {
        let slot = |element: &str| Slot { namespace: "n".to_owned(), element: element.to_owned() };
        Purpose {
            suite: Suite::Direct,
            size_class: SizeClass::by_name("standard").unwrap(),
            doc_type: "type".to_owned(),
            issuer: [4; 65],
            elements: vec![slot("a"), slot("b")],
            document: [1; 32],
        }
    }

    #[test]
    fn a_purpose_that_differs_in_anything_has_another_tag() {
        let changes: &[fn(&mut Purpose)] = &[
            |_| {},
            #[cfg(feature = "aggregatable")]
            |purpose| purpose.suite = Suite::by_name("aggregatable").unwrap(),
            |purpose| purpose.size_class = SizeClass::by_name("large").unwrap(),
            |purpose| purpose.doc_type = "typ".to_owned(),
            |purpose| purpose.issuer[64] = 5,
            |purpose| purpose.document[31] = 0,
            |purpose| purpose.elements.truncate(1),
            |purpose| purpose.elements.reverse(),
            |purpose| {
                purpose.elements[0] = Slot { namespace: String::new(), element: "na".to_owned() }
            },
            |purpose| purpose.elements[1].element.clear(),
        ];
        let tag = |change: &fn(&mut Purpose)| {
            let mut purpose = purpose();
            change(&mut purpose);
            purpose_tag(&purpose)
        };
        let tags: Vec<_> = changes.iter().map(tag).collect();
        assert_eq!(tags.iter().collect::<std::collections::BTreeSet<_>>().len(), tags.len());
        assert_ne!(tags[0], document_tag(&purpose().document));
    }

    #[test]
    fn tags_of_another_format_of_prepared_proofs_are_others() {
        let document = purpose().document;
        let tag = |prepared| tag_in(prepared, "document", &[&document]);
        assert_eq!(tag(Prepared::FORMAT), document_tag(&document));
        assert_ne!(tag("velum prepared v2"), document_tag(&document));
    }

    #[test]
    fn a_name_is_read_in_the_one_form_that_it_is_written_in() {
        let now = Timestamp::from_unix(1_800_000_000).unwrap();
        let name = EntryName::new(&purpose(), now).unwrap();
        let text = name.to_string();
        assert_eq!(EntryName::parse(&text), Some(name.clone()));
        assert_ne!(EntryName::new(&purpose(), now).unwrap(), name);
        let longer = format!("{text}-00");
        for other in
            ["", "a", "-", &text[1..], &text[..text.len() - 1], &longer, &text.to_uppercase()]
        {
            // A name of digits only is the same in upper case.
            assert!(other == text || EntryName::parse(other).is_none(), "{other}");
        }
    }

    #[test]
    fn age_counts_from_when_it_was_made() {
        let at = |seconds| Timestamp::from_unix(seconds).unwrap();
        let name = EntryName::new(&purpose(), at(1_000)).unwrap();
        assert!(!name.is_older(10, at(1_010)) && name.is_older(10, at(1_011)));
        assert!(!name.is_older(10, at(989)) && !name.is_older(0, at(0)));
        // Names are read from a store, so they may state any time.
        let of = |made| EntryName { made, ..name.clone() };
        assert!(of(i64::MIN).is_older(10, at(0)) && !of(i64::MAX).is_older(10, at(0)));
    }
}
