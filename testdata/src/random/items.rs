//! Generates items (ISO 18013-5, 8.3.2.1.2.2) from choices.

use super::generator::{Entry, Generator};
use super::search::Misreading;

/// The names of the members of an item.
const MEMBERS: [&str; 4] = ["digestID", "random", "elementIdentifier", "elementValue"];

impl Generator<'_> {
    /// A tag-24 item of an element. Unless there is a fault, it states this digestID.
    pub(super) fn item(&mut self, element: &str, digest_id: u64) -> Vec<u8> {
        let mut says = digest_id;
        if self.odd(6) {
            says = self.other_digest_id(digest_id);
        }
        let mut entries = Vec::new();
        for name in MEMBERS {
            let value = self.item_member(name, element, says);
            let key = self.writer.text(name);
            entries.push(Entry { name: name.to_owned(), key, value });
        }
        if self.odd(4) {
            let name = *self.writer.choices.pick(&MEMBERS);
            let (key, value) = (self.writer.text(name), self.item_member(name, element, says ^ 1));
            let place = self.writer.choices.below(entries.len() + 1);
            entries.insert(place, Entry { name: name.to_owned(), key, value });
        }
        if self.odd(4) {
            let place = self.writer.choices.below(entries.len());
            entries.remove(place);
        }
        if self.odd(4) {
            let look_alike =
                *self.writer.choices.pick(&["elementvalue", "elementValue ", "", "digestId", "x"]);
            let (key, value) = (self.writer.text(look_alike), self.writer.any(1));
            entries.push(Entry { name: look_alike.to_owned(), key, value });
        }
        let map = self.finish(entries);
        let map = if self.odd(6) { self.spoilt(map) } else { map };
        match self.odd(8).then(|| self.writer.choices.below(3)) {
            None => self.writer.embedded(&map),
            Some(0) => self.writer.bytes(&map),
            Some(1) => {
                let string = self.writer.bytes(&map);
                self.writer.tag(25, &string)
            }
            Some(_) => [self.writer.embedded(&map), vec![0]].concat(),
        }
    }

    fn item_member(&mut self, name: &str, element: &str, digest_id: u64) -> Vec<u8> {
        match name {
            "digestID" => {
                let digest_id = self.read_digest_id(digest_id);
                if self.odd(12) {
                    self.writer.negative(digest_id)
                } else {
                    self.writer.unsigned(digest_id)
                }
            }
            "random" => {
                let length = if self.odd(6) { *self.writer.choices.pick(&[15, 0, 1]) } else { 16 };
                let random = self.writer.choices.bytes(length);
                self.writer.bytes(&random)
            }
            "elementIdentifier" => {
                let written = if self.odd(8) { self.like(element) } else { element.to_owned() };
                if self.odd(12) {
                    self.writer.bytes(written.as_bytes())
                } else {
                    self.writer.text(&written)
                }
            }
            _ => {
                let heads = std::mem::replace(&mut self.writer.heads, self.value_heads);
                let value = self.writer.any(2);
                self.writer.heads = heads;
                value
            }
        }
    }

    /// A digestID that is wrong in one of the usual ways.
    pub(super) fn other_digest_id(&mut self, digest_id: u64) -> u64 {
        match self.writer.choices.below(4) {
            0 => digest_id ^ 1 << 31,
            1 => digest_id ^ 1 << 32,
            2 => digest_id ^ 1,
            _ => digest_id ^ 0x100,
        }
    }

    /// A digestID as the reader takes it.
    pub(super) fn read_digest_id(&self, digest_id: u64) -> u64 {
        if self.misreading == Some(Misreading::DigestIdModulo) {
            digest_id % (1 << 31)
        } else {
            digest_id
        }
    }

    /// The bytes with one byte changed, added or removed.
    pub(super) fn spoilt(&mut self, mut bytes: Vec<u8>) -> Vec<u8> {
        let place = self.writer.choices.below(bytes.len());
        match self.writer.choices.below(4) {
            0 => bytes[place] ^= 1 << self.writer.choices.below(8),
            1 => bytes[place] = self.writer.choices.below(256) as u8,
            2 => bytes.insert(place, self.writer.choices.below(256) as u8),
            _ => {
                bytes.remove(place);
            }
        }
        bytes
    }
}
