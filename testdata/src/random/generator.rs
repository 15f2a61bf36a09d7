//! Generates documents from choices.

use std::fmt;

use sha2::{Digest, Sha256};

use super::choices::Choices;
use super::search::Misreading;
use super::writer::{Heads, Writer};

/// Device keys of random documents: G, 2G, 3G and 4G of P-256.
pub const POINTS: [[[u8; 32]; 2]; 4] = [
    [
        hex32(b"6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296"),
        hex32(b"4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5"),
    ],
    [
        hex32(b"7cf27b188d034f7e8a52380304b51ac3c08969e277f21b35a60b48fc47669978"),
        hex32(b"07775510db8ed040293d9ac69f7430dbba7dade63ce982299e04b79d227873d1"),
    ],
    [
        hex32(b"5ecbe4d1a6330a44c8f7ef951d4bf165e6c6b721efada985fb41661bc6e7fd6c"),
        hex32(b"8734640c4998ff7e374b06ce1a64a2ecd82ab036384fb83d9a79b127a27d5032"),
    ],
    [
        hex32(b"e2534a3532d08fbba02dde659ee62bd0031fe2db785596ef509302446b030852"),
        hex32(b"e0f1575a4c633cc719dfee5fda862d764efc96c3f30ee0055c42c23f184ed8c6"),
    ],
];

/// Reads 32 bytes of lower-case hexadecimal.
const fn hex32(text: &[u8; 64]) -> [u8; 32] {
    const fn digit(character: u8) -> u8 {
        if character < b'a' { character - b'0' } else { character - b'a' + 10 }
    }
    let (mut bytes, mut index) = ([0; 32], 0);
    while index < 32 {
        bytes[index] = digit(text[2 * index]) << 4 | digit(text[2 * index + 1]);
        index += 1;
    }
    bytes
}

/// What an issuer signed, and what is asked about it.
#[derive(Clone, Debug)]
pub struct Document {
    /// The docType of the request.
    pub doc_type: String,
    /// The requested elements with their namespaces. There are one to four, and no two are the
    /// same.
    pub elements: Vec<(String, String)>,
    /// For each requested element, the item that the holder shows.
    pub shown: Vec<usize>,
    /// The content of the issuer's protected header.
    pub protected: Vec<u8>,
    /// The payload of the issuer's COSE_Sign1: the tag-24 MSO.
    pub payload: Vec<u8>,
    /// The `Sig_structure` over both.
    pub sig_structure: Vec<u8>,
    /// The tag-24 items, each with the namespace in which it is handed out.
    pub items: Vec<(String, Vec<u8>)>,
}

impl Document {
    /// Generates a document from choices.
    ///
    /// With a misreading, the result is the document as a reader with that fault reads it. The
    /// document itself is the one that the same choices generate without a misreading.
    pub fn generate(choices: &mut Choices, misreading: Option<Misreading>) -> Self {
        let heads = |choices: &mut Choices| {
            use Heads::{Bytes, Mixed, Shortest};
            *choices.pick(&[
                Shortest,
                Shortest,
                Shortest,
                Mixed,
                Mixed,
                Mixed,
                Bytes(1),
                Bytes(2),
                Bytes(4),
                Bytes(8),
            ])
        };
        let envelope_heads = heads(choices);
        let value_heads = if choices.below(4) == 3 { heads(choices) } else { Heads::Shortest };
        let rarity = *choices.pick(&[0, 0, 24, 12, 6]);
        let is_shuffled = choices.below(2) == 1;
        let indefinite = choices.once_in(16);
        let device = choices.below(POINTS.len());
        let writer = Writer { choices, heads: envelope_heads, indefinite };
        Generator { writer, value_heads, rarity, is_shuffled, look_alikes: 2, device, misreading }
            .document()
    }

    /// The `Sig_structure` in the usual encoding (RFC 9052, 4.4).
    #[must_use]
    pub fn plain_sig_structure(&self) -> Vec<u8> {
        let mut choices = Choices::again(&[]);
        sig_structure(
            &mut Writer { choices: &mut choices, heads: Heads::Shortest, indefinite: false },
            &self.protected,
            &self.payload,
        )
    }
}

fn sig_structure(writer: &mut Writer<'_>, protected: &[u8], payload: &[u8]) -> Vec<u8> {
    let members = [
        writer.text("Signature1"),
        writer.bytes(protected),
        writer.bytes(&[]),
        writer.bytes(payload),
    ];
    writer.array(&members)
}

impl fmt::Display for Document {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "asked: docType {:?}, elements {:?}, items {:?}",
            self.doc_type, self.elements, self.shown
        )?;
        writeln!(f, "Sig_structure: {}", hex::encode(&self.sig_structure))?;
        for (namespace, item) in &self.items {
            writeln!(f, "item in {namespace:?}: {}", hex::encode(item))?;
        }
        Ok(())
    }
}

/// An entry of a map, and the name that identifies it.
pub(super) struct Entry {
    pub(super) name: String,
    pub(super) key: Vec<u8>,
    pub(super) value: Vec<u8>,
}

pub(super) struct Generator<'a> {
    pub(super) writer: Writer<'a>,
    pub(super) value_heads: Heads,
    /// How rare faults are. Zero means that there are none.
    rarity: usize,
    is_shuffled: bool,
    /// How many more maps may be written that look like one that counts.
    look_alikes: usize,
    /// The index in [`POINTS`] of the device's key.
    device: usize,
    pub(super) misreading: Option<Misreading>,
}

/// The maps of an MSO.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Map {
    Mso,
    DeviceKeyInfo,
    DeviceKey,
    ValidityInfo,
}

impl Map {
    /// The members that every document has in this map. Labels of a COSE_Key are numbers.
    fn members(self) -> &'static [&'static str] {
        match self {
            Self::Mso => &[
                "version",
                "digestAlgorithm",
                "valueDigests",
                "deviceKeyInfo",
                "docType",
                "validityInfo",
            ],
            Self::DeviceKeyInfo => &["deviceKey"],
            Self::DeviceKey => &["1", "-1", "-2", "-3"],
            Self::ValidityInfo => &["signed", "validFrom", "validUntil"],
        }
    }
}

/// The digests of a namespace: digestID and digest.
pub(super) type Digests = Vec<(u64, Vec<u8>)>;

/// The content from which an MSO is written.
pub(super) struct Content {
    doc_type: String,
    pub(super) namespaces: Vec<(String, Digests)>,
}

impl Generator<'_> {
    /// Whether to make a fault of this relative rarity.
    pub(super) fn odd(&mut self, rarity: usize) -> bool {
        self.rarity > 0 && self.writer.choices.once_in(self.rarity * rarity)
    }

    fn document(mut self) -> Document {
        let doc_type =
            *self.writer.choices.pick(&["org.iso.18013.5.1.mDL", "eu.europa.ec.av.1", "d"]);
        let mut namespaces = vec!["org.iso.18013.5.1", "org.iso.18013.5.1.aamva", "n"];
        namespaces.truncate(1 + self.writer.choices.below(3));
        let elements = ["birth_date", "age_over_18", "age_over_1", "e", "portrait"];
        let base = *self.writer.choices.pick(&[0, 20, 250, 65_533, (1 << 31) - 3, (1 << 32) - 9]);
        let written = match self.odd(2).then(|| self.writer.choices.below(2)) {
            None => doc_type.to_owned(),
            Some(0) => format!("{doc_type}.x"),
            Some(_) => self.like(doc_type),
        };
        let mut content = Content { doc_type: written, namespaces: Vec::new() };
        let (mut items, mut asked) = (Vec::new(), Vec::new());
        for namespace in namespaces {
            let mut digests = Vec::new();
            for element in elements.iter().take(1 + self.writer.choices.below(elements.len())) {
                let digest_id = self.digest_id(base, &digests);
                let item = self.item(element, digest_id);
                digests.push((digest_id, Sha256::digest(&item).to_vec()));
                asked.push((namespace.to_owned(), (*element).to_owned(), items.len()));
                items.push((namespace.to_owned(), item));
            }
            if self.odd(6) {
                // A second item of an element.
                let digest_id = self.digest_id(base, &digests);
                let item = self.item(elements[0], digest_id);
                digests.push((digest_id, Sha256::digest(&item).to_vec()));
                items.push((namespace.to_owned(), item));
            }
            content.namespaces.push((namespace.to_owned(), digests));
        }
        if self.odd(4) {
            self.move_digest(&mut content.namespaces);
        }
        let payload = self.payload(&content);
        let protected = self.protected();
        let heads = if self.odd(3) { self.writer.heads } else { Heads::Shortest };
        let heads = std::mem::replace(&mut self.writer.heads, heads);
        let sig_structure = sig_structure(&mut self.writer, &protected, &payload);
        self.writer.heads = heads;
        let (elements, shown) = self.asked(asked);
        let mut doc_type = doc_type.to_owned();
        if self.misreading == Some(Misreading::DocTypePrefix)
            && content.doc_type.starts_with(&doc_type)
        {
            doc_type = content.doc_type;
        }
        Document { doc_type, elements, shown, protected, payload, sig_structure, items }
    }

    /// The requested elements, and the items that the holder shows.
    fn asked(
        &mut self,
        mut from: Vec<(String, String, usize)>,
    ) -> (Vec<(String, String)>, Vec<usize>) {
        let count = 1 + self.writer.choices.below(from.len().min(4));
        let (mut elements, mut shown) = (Vec::new(), Vec::new());
        for _ in 0..count {
            let (mut namespace, mut element, item) =
                from.remove(self.writer.choices.below(from.len()));
            if self.odd(12) {
                namespace = self.like(&namespace);
            }
            if self.odd(12) {
                element = self.like(&element);
            }
            if !elements.contains(&(namespace.clone(), element.clone())) {
                elements.push((namespace, element));
                shown.push(item);
            }
        }
        (elements, shown)
    }

    /// The protected header: `{1: -7}` or `{1: -9}`.
    fn protected(&mut self) -> Vec<u8> {
        let right = *self.writer.choices.pick(&[b"\xa1\x01\x26", b"\xa1\x01\x28"]);
        if !self.odd(4) {
            return right.to_vec();
        }
        let other: &[&[u8]] = &[
            b"\xa1\x01\x27",
            b"\xa1\x01\x38\x22",
            b"\xa1\x01\x38\x06",
            b"\xa1\x18\x01\x26",
            b"\xa2\x01\x26\x04\x41\0",
            b"",
        ];
        self.writer.choices.pick(other).to_vec()
    }

    /// The payload: `MobileSecurityObjectBytes` (ISO 18013-5, 9.1.2.4).
    fn payload(&mut self, content: &Content) -> Vec<u8> {
        let mso = self.map(Map::Mso, content);
        let mso = if self.odd(3) { self.spoilt(mso) } else { mso };
        match self.odd(6).then(|| self.writer.choices.below(3)) {
            None => self.writer.embedded(&mso),
            Some(0) => mso,
            Some(1) => self.writer.bytes(&mso),
            Some(_) => {
                let string = self.writer.bytes(&mso);
                self.writer.tag(25, &string)
            }
        }
    }

    fn map(&mut self, map: Map, content: &Content) -> Vec<u8> {
        let mut entries = Vec::new();
        for name in map.members() {
            let value = self.member(map, name, content);
            entries.push(self.entry(map, name, value));
        }
        if self.odd(3) {
            let name = *self.writer.choices.pick(map.members());
            let value = if self.writer.choices.below(2) == 0 {
                self.member(map, name, content)
            } else {
                self.writer.any(1)
            };
            let (entry, place) =
                (self.entry(map, name, value), self.writer.choices.below(entries.len() + 1));
            entries.insert(place, entry);
        }
        if self.odd(6) {
            let place = self.writer.choices.below(entries.len());
            entries.remove(place);
        }
        for _ in 0..self.writer.choices.below(8).saturating_sub(5) {
            let entry = self.extra(map, content);
            entries.push(entry);
        }
        self.finish(entries)
    }

    fn entry(&mut self, map: Map, name: &str, value: Vec<u8>) -> Entry {
        let key = match (map, name.parse()) {
            (Map::DeviceKey, Ok(label)) => self.writer.integer(label),
            _ => self.writer.text(name),
        };
        Entry { name: name.to_owned(), key, value }
    }

    /// A map of entries, shuffled if the document is.
    pub(super) fn finish(&mut self, mut entries: Vec<Entry>) -> Vec<u8> {
        if self.is_shuffled {
            for place in 0..entries.len() {
                let other = place + self.writer.choices.below(entries.len() - place);
                entries.swap(place, other);
            }
        }
        let later = |entries: &[Entry], place: usize| {
            entries[place + 1..].iter().any(|other| other.name == entries[place].name)
        };
        match self.misreading {
            Some(Misreading::LastDuplicate) => {
                let kept: Vec<_> =
                    (0..entries.len()).map(|place| !later(&entries, place)).collect();
                let mut kept = kept.into_iter();
                entries.retain(|_| kept.next() == Some(true));
            }
            Some(Misreading::FirstDuplicate) => {
                let mut names = Vec::new();
                entries.retain(|entry| {
                    let is_new = !names.contains(&entry.name);
                    names.push(entry.name.clone());
                    is_new
                });
            }
            _ => {}
        }
        let entries: Vec<_> = entries.into_iter().map(|entry| (entry.key, entry.value)).collect();
        self.writer.map(&entries)
    }

    /// The value of a member that every document has.
    fn member(&mut self, map: Map, name: &str, content: &Content) -> Vec<u8> {
        let value = match (map, name) {
            (Map::Mso, "version") => {
                let version = if self.odd(12) {
                    *self.writer.choices.pick(&["1.1", "1.", "1.00", "2.0"])
                } else {
                    "1.0"
                };
                self.writer.text(version)
            }
            (Map::Mso, "digestAlgorithm") => {
                let algorithm = if self.odd(12) {
                    *self.writer.choices.pick(&["SHA-512", "sha-256", "SHA-25"])
                } else {
                    "SHA-256"
                };
                self.writer.text(algorithm)
            }
            (Map::Mso, "valueDigests") => self.value_digests(content),
            (Map::Mso, "deviceKeyInfo") => self.map(Map::DeviceKeyInfo, content),
            (Map::Mso, "docType") => self.writer.text(&content.doc_type),
            (Map::Mso, _) => self.map(Map::ValidityInfo, content),
            (Map::DeviceKeyInfo, _) => self.map(Map::DeviceKey, content),
            (Map::DeviceKey, "1") => {
                let kty = if self.odd(12) { *self.writer.choices.pick(&[1, 3, 258]) } else { 2 };
                self.writer.unsigned(kty)
            }
            (Map::DeviceKey, "-1") => {
                let crv = if self.odd(12) { *self.writer.choices.pick(&[2, 0, 257]) } else { 1 };
                self.writer.unsigned(crv)
            }
            (Map::DeviceKey, name) => self.coordinate(usize::from(name == "-3")),
            (Map::ValidityInfo, _) => self.date(),
        };
        match self.odd(24).then(|| self.writer.choices.below(3)) {
            None => value,
            Some(0) => {
                let tag = *self.writer.choices.pick(&[0, 24, 55_799]);
                self.writer.tag(tag, &value)
            }
            Some(1) => self.writer.bytes(&value),
            Some(_) => self.writer.any(1),
        }
    }

    fn coordinate(&mut self, index: usize) -> Vec<u8> {
        let mut bytes = POINTS[self.point()][index].to_vec();
        if self.odd(12) {
            match self.writer.choices.below(3) {
                0 => bytes.truncate(31),
                1 => bytes.insert(0, 0),
                _ => bytes[31] ^= 1,
            }
        }
        self.writer.bytes(&bytes)
    }

    /// The index of the device's key. Both coordinates belong to one key, unless there is a fault.
    fn point(&mut self) -> usize {
        if self.odd(12) { self.writer.choices.below(POINTS.len()) } else { self.device }
    }

    /// A date and time under its tag.
    fn date(&mut self) -> Vec<u8> {
        let two = |number: usize| format!("{number:02}");
        let year = *self.writer.choices.pick(&["2024", "2031", "1999", "9999", "0000"]);
        let [month, day] = [12, 28].map(|limit| 1 + self.writer.choices.below(limit));
        let [hour, minute, mut second] = [24, 60, 59].map(|limit| self.writer.choices.below(limit));
        let digits = self.writer.choices.below(16).saturating_sub(6);
        let mut fraction: String =
            (0..digits).map(|_| char::from(b'0' + self.writer.choices.below(10) as u8)).collect();
        let mut end = *self.writer.choices.pick(&["Z", "Z", "+00:00"]);
        let (mut day, mut separator) = (two(day), "T");
        match self.odd(4).then(|| self.writer.choices.below(6)) {
            None => {}
            Some(0) => {
                end = *self
                    .writer
                    .choices
                    .pick(&["z", "", "+01:00", "-00:00", "+0000", "-08:30", "ZZ"])
            }
            Some(1) => separator = *self.writer.choices.pick(&["t", " ", "-"]),
            Some(2) => fraction.push_str("0000000000"),
            Some(3) => {
                day = (*self.writer.choices.pick(&["30", "31", "00", "3:", "99"])).to_owned()
            }
            Some(4) => fraction.push(*self.writer.choices.pick(&['.', ':', 'Z'])),
            Some(_) => end = "5Z",
        }
        if self.misreading == Some(Misreading::DatesUp)
            && fraction.contains(|digit| ('1'..='9').contains(&digit))
        {
            second += 1;
            fraction.clear();
        }
        if !fraction.is_empty() {
            fraction.insert(0, '.');
        }
        let [month, hour, minute, second] = [month, hour, minute, second].map(two);
        let text =
            format!("{year}-{month}-{day}{separator}{hour}:{minute}:{second}{fraction}{end}");
        let text = self.writer.text(&text);
        match self.odd(8).then(|| self.writer.choices.below(2)) {
            None => self.writer.tag(0, &text),
            Some(0) => text,
            Some(_) => self.writer.tag(1_004, &text),
        }
    }

    /// A name that looks like another.
    pub(super) fn like(&mut self, name: &str) -> String {
        match self.writer.choices.below(7) {
            0 => format!("{name}x"),
            1 => name[..name.len() - 1].to_owned(),
            2 => name.to_uppercase(),
            3 => format!(" {name}"),
            4 => format!("{name}\0"),
            5 => name.replace(['e', 'n'], "\u{435}"),
            _ => name.chars().cycle().take(65).collect(),
        }
    }

    /// An entry that no document has to have.
    fn extra(&mut self, map: Map, content: &Content) -> Entry {
        let look_alikes =
            [Map::Mso, Map::DeviceKeyInfo, Map::ValidityInfo].map(Map::members).concat();
        let name = (*self.writer.choices.pick(&look_alikes)).to_owned();
        let (key, name) = match self.writer.choices.below(6) {
            // The name of a member of another map.
            0 if !map.members().contains(&name.as_str()) => (self.writer.text(&name), name),
            0 | 1 => (self.writer.text("status"), "status".to_owned()),
            2 => {
                let like = self.like(&name);
                (self.writer.text(&like), like)
            }
            3 if map == Map::DeviceKeyInfo => {
                let (key, list) = (self.writer.text("nameSpaces"), self.writer.text("n"));
                let authorizations = [(key, self.writer.array(&[list]))];
                let value = self.writer.map(&authorizations);
                let name = "keyAuthorizations";
                return Entry { name: name.to_owned(), key: self.writer.text(name), value };
            }
            3 if map == Map::DeviceKey => {
                let label = *self.writer.choices.pick(&[2, 3, 0, 5, -4, -70_000, 257, -258]);
                (self.writer.integer(label), label.to_string())
            }
            4 if self.odd(2) => match self.writer.choices.below(2) {
                0 => (self.writer.text(""), String::new()),
                _ => {
                    let label =
                        *self.writer.choices.pick(&[1 << 32, (1 << 32) + 1, -(1 << 32) - 2]);
                    (self.writer.integer(label), label.to_string())
                }
            },
            _ => match self.writer.choices.below(3) {
                0 => (self.writer.bytes(name.as_bytes()), format!("bytes {name}")),
                1 => {
                    let text = self.writer.text(&name);
                    (self.writer.tag(0, &text), format!("tag {name}"))
                }
                _ => {
                    let text = self.writer.text(&name);
                    (self.writer.array(&[text]), format!("array {name}"))
                }
            },
        };
        Entry { name: format!("other {name}"), key, value: self.look_alike(content) }
    }

    /// A value that looks like one that counts, in a place where it does not count.
    fn look_alike(&mut self, content: &Content) -> Vec<u8> {
        if self.look_alikes == 0 {
            return self.writer.any(1);
        }
        self.look_alikes -= 1;
        let value = match self.writer.choices.below(6) {
            0 => self.writer.any(2),
            1 => self.date(),
            2 => self.map(Map::ValidityInfo, content),
            3 => self.map(Map::DeviceKeyInfo, content),
            4 => self.writer.text(&content.doc_type),
            _ => self.other_digests(),
        };
        if self.writer.choices.below(4) == 3 { self.writer.bytes(&value) } else { value }
    }
}
