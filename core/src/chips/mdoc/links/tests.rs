//! Each forged case states which rule alone refuses it. The forger controls the CBOR, keys and
//! ES256 tables: a partner puts on their buses what suits the forger.

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use sha2::{Digest, Sha256};
use velum_stark::air::testing::Partner;
use velum_stark::air::{check, fill_multiplicities};
use velum_testdata::{CASES, IssuerSigned};

use super::*;
use crate::chips::common::bytes::BytesChip;
use crate::chips::common::range::RangeChip;
use crate::chips::common::sha256::Sha256Chip;
use crate::class::{CLASSES, STANDARD};
use crate::statement::{ElementName, PublicKey};
use crate::suite::Suite;

velum_stark::chip_enum! {
    enum Table {
        Range(RangeChip), Bytes(BytesChip), Sha256(Sha256Chip), Links(LinksChip), Others(Partner),
    }
}

type Hash = [u32; 8];

/// Row of a word of a stream's hash.
fn row(stream: usize, word: usize) -> usize {
    8 * stream + WORDS.iter().position(|&index| index == word).unwrap()
}

/// A subject that asks for one element in each of these namespaces.
fn subject(class: SizeClass, namespaces: &[&str]) -> Subject {
    let element = |(i, namespace): (usize, &&str)| ElementName {
        namespace: (*namespace).to_owned(),
        element: format!("element_{i}"),
    };
    Subject {
        suite: Suite::Direct,
        class,
        doc_type: "org.example".to_owned(),
        issuer: PublicKey { x: [0; 32], y: [0; 32] },
        elements: namespaces.iter().enumerate().map(element).collect(),
    }
}

fn item(slot: usize) -> Vec<u8> {
    (0..70 + 13 * slot).map(|i| (i * 11 + slot) as u8).collect()
}

fn hash(message: &[u8]) -> Hash {
    let digest = Sha256::digest(message);
    std::array::from_fn(|k| u32::from_be_bytes(digest[4 * k..][..4].try_into().unwrap()))
}

/// Position in stream 0 of digest number `i` of [`issuer_message`].
fn digest_position(i: usize) -> usize {
    31 + 37 * i
}

/// Position behind the digestID of a slot's item.
fn found_at(slot: usize) -> u64 {
    3_000 + 100 * slot as u64
}

/// A message that holds these digests.
fn issuer_message(digests: &[Hash]) -> Vec<u8> {
    let mut message = vec![0xaa; digest_position(digests.len()) + 100];
    for (i, digest) in digests.iter().enumerate() {
        for (k, word) in digest.iter().enumerate() {
            message[digest_position(i) + 4 * k..][..4].copy_from_slice(&word.to_be_bytes());
        }
    }
    message
}

struct Case {
    subject: Subject,
    streams: Streams,
    entries: Vec<DigestEntry>,
    trace: Trace,
    /// Where the CBOR table says that each root item ends.
    ends: Vec<usize>,
    /// digestIDs that the CBOR table finds in the items.
    digest_ids: Vec<u64>,
    /// `[namespace, digestID, position]` of `valueDigests`.
    value_digests: Vec<[u64; 3]>,
    /// The hash whose signature the ES256 table verifies.
    signed: Hash,
}

impl Case {
    /// Puts `items` in the slots of a subject, under a message that holds their digests.
    fn new(subject: Subject, items: &[Vec<u8>]) -> Self {
        let digests: Vec<_> = items.iter().map(|item| hash(item)).collect();
        Self::signed(subject, issuer_message(&digests), items)
    }

    /// Puts `items` in the slots of a subject, under an issuer's message that has the digest of
    /// item i at place i.
    fn signed(subject: Subject, issuer: Vec<u8>, items: &[Vec<u8>]) -> Self {
        let class = subject.class;
        let messages: Vec<_> = std::iter::once(&issuer).chain(items).map(Vec::as_slice).collect();
        let streams = Streams::new(class, &messages).unwrap();
        let slots = 0..subject.elements.len();
        let entries: Vec<_> = slots
            .clone()
            .map(|slot| DigestEntry {
                digest_id: 1_000 + slot as u64,
                found_at: found_at(slot),
                position: digest_position(slot),
            })
            .collect();
        let digest_ids = entries.iter().map(|entry| entry.digest_id).collect();
        let value_digests = slots.map(|slot| {
            let namespace = subject.namespace_index(slot).unwrap();
            [namespace as u64, entries[slot].digest_id, entries[slot].position as u64]
        });
        Self {
            value_digests: value_digests.collect(),
            ends: (0..=subject.elements.len())
                .map(|stream| class.stream_start(stream) + streams.length(stream))
                .collect(),
            trace: LinksChip::new(&subject).trace(&streams, &entries),
            signed: hash(&issuer),
            subject,
            streams,
            entries,
            digest_ids,
        }
    }

    fn standard() -> Self {
        Self::new(subject(STANDARD, &["a", "b", "a"]), &[item(0), item(1), item(2)])
    }

    fn set_all(&mut self, stream: usize, column: usize, value: u64) {
        (8 * stream..8 * stream + 8).for_each(|row| self.trace.set_u64(row, column, value));
    }

    fn set_length(&mut self, stream: usize, length: usize) {
        self.trace.set_u64(8 * stream, column::LENGTH, length as u64);
    }

    fn set_digest_id(&mut self, stream: usize, value: u64) {
        self.trace.set_u64(8 * stream + 2, column::DIGEST_ID, value);
    }

    fn set_word(&mut self, stream: usize, word: usize, value: u32) {
        self.trace.set_u64(row(stream, word), column::WORD, value.into());
    }

    fn others(&self) -> Partner {
        let mut others = Partner::default();
        for (stream, &end) in self.ends.iter().enumerate() {
            let start = self.subject.class.stream_start(stream) as u64;
            others.receive(CBOR_OPEN, &[start, root(stream), 1, state::root(stream)]);
            others.send(CBOR_OPEN, &[end as u64, root(stream), 0, state::root(stream)]);
        }
        for (slot, &id) in self.digest_ids.iter().enumerate() {
            others.send(FIELD, &[field::digest_id(slot), found_at(slot), id]);
        }
        self.value_digests.iter().for_each(|entry| others.provide(DIGEST_AT, entry));
        for (k, &word) in self.signed.iter().enumerate() {
            others.receive(ES256, &[es256::HASH, k as u64, word.into()]);
        }
        others
    }

    /// The chips and their traces. The links table comes first.
    fn build(&self) -> (Vec<Table>, Vec<Trace>) {
        let (class, others) = (self.subject.class, self.others());
        let mut traces = vec![self.trace.clone(), RangeChip.trace(), others.trace()];
        let mut chips = vec![
            Table::Links(LinksChip::new(&self.subject)),
            Table::Range(RangeChip),
            Table::Others(others),
        ];
        let (bytes, sha256) = (BytesChip::tables(class), Sha256Chip::tables(class));
        traces.extend(bytes.iter().map(|table| table.trace(&self.streams, &[])));
        traces.extend(sha256.iter().map(|table| table.trace(&self.streams)));
        chips.extend(
            bytes.into_iter().map(Table::Bytes).chain(sha256.into_iter().map(Table::Sha256)),
        );
        fill_multiplicities(&chips, &mut traces);
        (chips, traces)
    }

    fn rules(&self) -> Vec<String> {
        let (chips, traces) = self.build();
        check(&chips, &traces).rules()
    }
}

/// As many items of a real document as the class has slots, among those that fit the class. Their
/// digests are found in the MSO.
fn real(document: &IssuerSigned, digest_ids: impl Fn(&str, &str) -> u64, class: SizeClass) -> Case {
    let fitting = document.items.iter().filter(|item| item.bytes.len() <= class.max_item_bytes);
    let items: Vec<_> = fitting.take(class.slots).collect();
    let namespaces: Vec<_> = items.iter().map(|item| item.namespace.as_str()).collect();
    let messages: Vec<_> = items.iter().map(|item| item.bytes.clone()).collect();
    let mut case =
        Case::signed(subject(class, &namespaces), document.sig_structure.clone(), &messages);
    for (slot, item) in items.iter().enumerate() {
        let digest = Sha256::digest(&item.bytes);
        let position =
            document.sig_structure.windows(32).position(|window| window == &digest[..]).unwrap();
        let digest_id = digest_ids(&item.namespace, &item.identifier);
        case.entries[slot] = DigestEntry { digest_id, found_at: found_at(slot), position };
        case.digest_ids[slot] = digest_id;
        case.value_digests[slot][1] = digest_id;
        case.value_digests[slot][2] = position as u64;
    }
    case.trace = LinksChip::new(&case.subject).trace(&case.streams, &case.entries);
    case
}

#[test]
fn accepts_real_documents() {
    for document in CASES {
        let (signed, facts) = (document.issuer_signed(), document.facts());
        let digest_id = |namespace: &str, identifier: &str| {
            let is_asked = |item: &&velum_testdata::Item| {
                (item.namespace.as_str(), item.identifier.as_str()) == (namespace, identifier)
            };
            facts.items.iter().find(is_asked).unwrap().digest_id.into()
        };
        for class in CLASSES {
            let case = real(&signed, digest_id, class);
            assert!(!case.entries.is_empty(), "{}", document.name);
            assert_eq!(case.rules(), [""; 0], "{} in {}", document.name, class.name);
        }
    }
}

#[test]
fn accepts_items_under_their_digests() {
    assert_eq!(Case::standard().rules(), [""; 0]);
    for class in CLASSES {
        for slots in [1, class.slots] {
            let items: Vec<_> = (0..slots).map(item).collect();
            let case = Case::new(subject(class, &vec!["namespace"; slots]), &items);
            assert_eq!(case.rules(), [""; 0], "{} with {slots}", class.name);
        }
    }
}

#[test]
fn refuses_an_item_that_was_not_signed() {
    let mut items = [item(0), item(1), item(2)];
    let digests: Vec<_> = items.iter().map(|item| hash(item)).collect();
    let issuer = issuer_message(&digests);
    items[1][20] ^= 1;
    let case = Case::signed(subject(STANDARD, &["a", "b", "a"]), issuer.clone(), &items);
    assert_eq!(case.rules(), ["bus bytes"]);

    // The signed digest replaces the item's own hash.
    let mut case = Case::signed(subject(STANDARD, &["a", "b", "a"]), issuer, &items);
    for (k, word) in digests[1].into_iter().enumerate() {
        case.set_word(2, k, word);
    }
    assert_eq!(case.rules(), ["bus hash_words"]);
}

#[test]
fn refuses_a_digest_at_another_position() {
    // Item 2 is in slot 0 and is found under its own digest. This digest does not stand at the
    // digestID that the item is read to have.
    let digests = [0, 1, 2].map(|slot| hash(&item(slot)));
    let mut case = Case::signed(
        subject(STANDARD, &["a", "b", "a"]),
        issuer_message(&digests),
        &[item(2), item(1), item(2)],
    );
    let other = case.entries[2].position as u64;
    case.set_all(1, column::DIGEST_POSITION, other);
    assert_eq!(case.rules(), ["bus digest_at"]);
}

#[test]
fn refuses_the_digest_of_another_namespace() {
    // Both namespaces have an item under the same digestID.
    let digests = [0, 1].map(|slot| hash(&item(slot)));
    let mut case =
        Case::signed(subject(STANDARD, &["a", "b"]), issuer_message(&digests), &[item(1), item(1)]);
    for slot in [0, 1] {
        case.value_digests[slot][1] = 7;
        case.digest_ids[slot] = 7;
        case.set_digest_id(1 + slot, 7);
    }
    let other = case.entries[1].position as u64;
    case.set_all(1, column::DIGEST_POSITION, other);
    assert_eq!(case.rules(), ["bus digest_at"]);
}

#[test]
fn refuses_a_digest_id_that_is_not_the_item_s() {
    let digests = [0, 1, 2].map(|slot| hash(&item(slot)));
    let mut case = Case::signed(
        subject(STANDARD, &["a", "b", "a"]),
        issuer_message(&digests),
        &[item(2), item(1), item(2)],
    );
    let other = case.entries[2];
    case.set_digest_id(1, other.digest_id);
    case.set_all(1, column::DIGEST_POSITION, other.position as u64);
    assert_eq!(case.rules(), ["bus field"]);
}

#[test]
fn refuses_the_hash_after_another_block() {
    // The issuer signed what the hash is one block before or after the final one.
    for behind in [false, true] {
        let items = [item(0)];
        let streams = Streams::new(STANDARD, &[b"", &items[0]]).unwrap();
        let block = if behind { streams.final_block(1) + 1 } else { streams.final_block(1) - 1 };
        let other = hash_after(&streams, block);
        let mut case = Case::signed(subject(STANDARD, &["a"]), issuer_message(&[other]), &items);
        case.set_all(1, column::FINAL_BLOCK, block as u64);
        other.into_iter().enumerate().for_each(|(k, word)| case.set_word(1, k, word));
        assert_eq!(case.rules(), ["bus stream_end"]);
    }
}

#[test]
fn refuses_words_of_several_blocks_or_positions() {
    let items = [item(0)];
    let streams = Streams::new(STANDARD, &[b"", &items[0]]).unwrap();
    let (right, other) = (hash(&items[0]), hash_after(&streams, streams.final_block(1) + 1));

    // Words 0 and 4 are from one hash, the others from another.
    let mixed: Hash = std::array::from_fn(|k| if k % 4 == 0 { right[k] } else { other[k] });
    let mut case = Case::signed(subject(STANDARD, &["a"]), issuer_message(&[mixed]), &items);
    for (k, word) in mixed.into_iter().enumerate() {
        case.set_word(1, k, word);
        if k % 4 != 0 {
            case.trace.set_u64(row(1, k), column::FINAL_BLOCK, streams.final_block(1) as u64 + 1);
        }
    }
    assert_eq!(case.rules(), ["links/one stream"]);

    // Word 0 stands at one place, the others at another.
    let split = [std::array::from_fn(|k| if k == 0 { right[k] } else { 0 }), right];
    let mut case = Case::signed(subject(STANDARD, &["a"]), issuer_message(&split), &items);
    for k in 1..8 {
        case.trace.set_u64(row(1, k), column::DIGEST_POSITION, digest_position(1) as u64);
    }
    assert_eq!(case.rules(), ["links/one stream"]);
}

#[test]
fn refuses_a_root_item_that_does_not_fill_the_message() {
    for stream in 0..4 {
        for end in [-1, 1] {
            let mut case = Case::standard();
            case.ends[stream] = case.ends[stream].strict_add_signed(end);
            assert_eq!(case.rules(), ["bus cbor_open"]);

            // The same, with a length that matches.
            let length = case.streams.length(stream).strict_add_signed(end);
            case.set_length(stream, length);
            assert_eq!(case.rules(), ["bus stream_end"]);
        }
    }
}

#[test]
fn opens_the_streams_in_use_alone() {
    let items = [item(0), item(1), item(2)];
    let mut case = Case::new(subject(STANDARD, &["a", "b", "a"]), &items);
    case.ends.pop();
    assert_eq!(case.rules(), ["bus cbor_open"]);

    let mut case = Case::new(subject(STANDARD, &["a", "b", "a"]), &items);
    case.subject.elements.pop();
    case.set_length(3, 0);
    assert_eq!(case.rules(), ["bus cbor_open", "bus field", "bus stream_end"]);
}

#[test]
fn refuses_a_message_in_an_unused_slot() {
    let mut case = Case::standard();
    let messages =
        [issuer_message(&[0, 1, 2].map(|slot| hash(&item(slot)))), item(0), item(1), item(2)];
    let mut messages: Vec<_> = messages.iter().map(Vec::as_slice).collect();
    messages.push(b"x");
    case.streams = Streams::new(STANDARD, &messages).unwrap();
    case.set_length(4, 1);
    assert_eq!(case.rules(), ["links/unused slot"]);
}

#[test]
fn refuses_another_signed_hash() {
    for k in 0..8 {
        let mut case = Case::standard();
        case.signed[k] ^= 1;
        assert_eq!(case.rules(), ["bus es256"]);
        let word = case.signed[k];
        case.set_word(0, k, word);
        assert_eq!(case.rules(), ["bus hash_words"]);
    }
}

/// Every change of a cell to any value is noticed, except in the cells that the module
/// documentation lists as read by nothing.
#[test]
fn notices_every_changed_cell() {
    let mut rng = StdRng::seed_from_u64(3);
    let case = Case::standard();
    let (chips, traces) = case.build();
    assert!(check(&chips, &traces).is_empty());
    for column in 0..column::WIDTH {
        for _ in 0..12 {
            let row = rng.random_range(0..8 * STANDARD.streams());
            let (stream, place) = (row / 8, row % 8);
            let is_unused = stream == 0 || stream == 4;
            let read_by_nothing = match column {
                column::LENGTH => place > 2 || place > 0 && is_unused,
                column::WORD => stream == 4,
                // The rows of a stream must agree, even if nothing else reads them.
                _ => false,
            };
            let mut forged = traces.clone();
            forged[0].row_mut(row)[column] += F::ONE + F::from_u32(rng.random());
            assert_eq!(
                check(&chips, &forged).is_empty(),
                read_by_nothing,
                "column {column}, row {row}"
            );
        }
    }
}
