//! Generates `valueDigests` (ISO 18013-5, 9.1.2.4) from choices.

use super::generator::{Content, Digests, Entry, Generator};

impl Generator<'_> {
    /// A digestID that the namespace does not have yet.
    pub(super) fn digest_id(&mut self, base: u64, digests: &Digests) -> u64 {
        let mut digest_id = match self.writer.choices.below(6) {
            0..=2 => base + digests.len() as u64,
            3 => self.writer.choices.word().into(),
            4 => digests.last().map_or(base, |(last, _)| last ^ 1 << 31),
            _ => self.writer.choices.below(300) as u64,
        };
        while digests.iter().any(|(other, _)| *other == digest_id) {
            digest_id = (digest_id + 1) % (1 << 32);
        }
        digest_id
    }

    /// Makes a digest or its place wrong.
    pub(super) fn move_digest(&mut self, namespaces: &mut [(String, Digests)]) {
        let from = self.writer.choices.below(namespaces.len());
        let entry = self.writer.choices.below(namespaces[from].1.len());
        match self.writer.choices.below(4) {
            0 => {
                let other = self.other_digest_id(namespaces[from].1[entry].0);
                namespaces[from].1[entry].0 = other;
            }
            1 => {
                let to = self.writer.choices.below(namespaces.len());
                let moved = namespaces[from].1.remove(entry);
                namespaces[to].1.push(moved);
            }
            2 => {
                let byte = self.writer.choices.below(32);
                namespaces[from].1[entry].1[byte] ^= 1;
            }
            _ => {
                let other = self.writer.choices.below(namespaces[from].1.len());
                let digest = namespaces[from].1[other].1.clone();
                namespaces[from].1[entry].1 = digest;
            }
        }
    }

    pub(super) fn value_digests(&mut self, content: &Content) -> Vec<u8> {
        let mut entries = Vec::new();
        for (name, digests) in &content.namespaces {
            let value = self.digests(digests);
            let key = self.writer.text(name);
            entries.push(Entry { name: name.clone(), key, value });
        }
        if self.odd(3) {
            let (name, _) = self.writer.choices.pick(&content.namespaces).clone();
            let (key, value) = (self.writer.text(&name), self.other_digests());
            let place = self.writer.choices.below(entries.len() + 1);
            entries.insert(place, Entry { name, key, value });
        }
        for _ in 0..self.writer.choices.below(5).saturating_sub(3) {
            let (name, _) = self.writer.choices.pick(&content.namespaces).clone();
            let name = self.like(&name);
            let (key, value) = (self.writer.text(&name), self.other_digests());
            if content.namespaces.iter().all(|(other, _)| *other != name) {
                entries.push(Entry { name, key, value });
            }
        }
        if self.odd(12) {
            let (key, value) = (self.writer.any(1), self.writer.any(1));
            entries.push(Entry { name: String::new(), key, value });
        }
        self.finish(entries)
    }

    /// Digests of no item, at digestIDs that items have.
    pub(super) fn other_digests(&mut self) -> Vec<u8> {
        let digests = (0..self.writer.choices.below(3))
            .map(|_| (self.writer.choices.below(4) as u64, self.writer.choices.bytes(32)));
        let digests = digests.collect();
        self.digests(&digests)
    }

    fn digests(&mut self, digests: &Digests) -> Vec<u8> {
        let mut entries = Vec::new();
        for (digest_id, digest) in digests {
            entries.push(self.digest(*digest_id, digest));
        }
        for _ in 0..self.writer.choices.below(5).saturating_sub(2) {
            let near = digests.last().map_or(7, |(last, _)| *last);
            let digest_id = match self.writer.choices.below(3) {
                0 => self.writer.choices.word().into(),
                1 => near ^ 1 << 31,
                _ => (near + 1_000) % (1 << 32),
            };
            let digest = self.writer.choices.bytes(32);
            let entry = self.digest(digest_id, &digest);
            if digests.iter().all(|(other, _)| *other != digest_id)
                && entries.iter().all(|other: &Entry| other.name != entry.name)
            {
                entries.push(entry);
            }
        }
        if self.odd(3) && !digests.is_empty() {
            let (digest_id, digest) = self.writer.choices.pick(digests).clone();
            let digest = if self.writer.choices.below(2) == 0 {
                self.writer.choices.bytes(32)
            } else {
                digest
            };
            let (entry, place) =
                (self.digest(digest_id, &digest), self.writer.choices.below(entries.len() + 1));
            entries.insert(place, entry);
        }
        self.finish(entries)
    }

    fn digest(&mut self, digest_id: u64, digest: &[u8]) -> Entry {
        let digest_id = self.read_digest_id(digest_id);
        let mut digest = digest.to_vec();
        if self.odd(24) {
            let length = *self.writer.choices.pick(&[31, 33, 0]);
            digest.resize(length, 0);
        }
        let key = if self.odd(24) {
            self.writer.negative(digest_id)
        } else {
            self.writer.unsigned(digest_id)
        };
        Entry { name: digest_id.to_string(), key, value: self.writer.bytes(&digest) }
    }
}
