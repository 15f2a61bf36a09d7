//! Random documents against the tables of a credential proof. If the tables hold, the record must
//! be the one that an independent judge reads from the document. This applies to a prover who reads
//! documents as they are, and to a prover who lies.

use p3_field::PrimeField64;
use sha2::{Digest, Sha256};
use velum_testdata::random::{Choices, Document, Outcome, Reason, Record, Search};

use crate::chips::buses::{date, field};
use crate::chips::common::streams::Streams;
use crate::chips::mdoc::cbor::Tree;
use crate::chips::mdoc::cbor::liar::{bend, lying_tree};
use crate::chips::mdoc::grammar::text;
use crate::chips::mdoc::links::DigestEntry;
use crate::class::STANDARD;
use crate::proof::CredentialChip;
use crate::proof::credential::digest_entries;
use crate::statement::{
    CredentialStatement, CredentialWitness, ElementName, PublicKey, RecordOpening, RecordSalts,
    Subject,
};
use crate::suite::Suite;
use crate::testing::check_tree;
use crate::value::{DATE_TIME, SlotValue, ValueKind};

/// The number of cases in a whole run, or in a bounded run.
fn cases(whole: usize, bounded: usize) -> usize {
    if std::env::var_os("VELUM_TEST_ALL").is_some() { whole } else { bounded }
}

/// A document in the hands of a prover.
struct Holder {
    subject: Subject,
    messages: Vec<Vec<u8>>,
    streams: Streams,
}

impl Holder {
    /// The document with the items that are shown. Returns `None` if the document does not fit.
    fn new(document: &Document, shown: &[usize]) -> Option<Self> {
        let name = |(namespace, element): &(String, String)| ElementName {
            namespace: namespace.clone(),
            element: element.clone(),
        };
        let subject = Subject {
            suite: Suite::Direct,
            class: STANDARD,
            doc_type: document.doc_type.clone(),
            issuer: PublicKey { x: [1; 32], y: [2; 32] },
            elements: document.elements.iter().map(name).collect(),
        };
        let items = shown.iter().map(|&item| document.items[item].1.clone());
        let messages: Vec<_> =
            std::iter::once(document.sig_structure.clone()).chain(items).collect();
        let streams =
            Streams::new(STANDARD, &messages.iter().map(Vec::as_slice).collect::<Vec<_>>());
        Some(Self { subject, streams: streams.ok()?, messages })
    }

    /// The record that a tree makes of the document, if the tree has found every part of it.
    fn opening(&self, tree: &Tree) -> Option<RecordOpening> {
        let bytes = |number: u64| -> Option<Vec<u8>> {
            let [position, length] = tree.field(number)?;
            let end = position
                .checked_add(length)
                .filter(|_| length <= STANDARD.max_item_bytes as u64)?;
            Some((position..end).map(|at| self.streams.byte(at as usize)).collect())
        };
        let date = |number: u64| {
            let start = tree.text_start(text::date(number))? as usize;
            let digits = DATE_TIME.iter().enumerate().filter(|(_, form)| **form == b'd');
            let digits = digits
                .map(|(index, _)| i64::from(self.streams.byte(start.saturating_add(index))) - 48);
            u64::try_from(digits.fold(0, |number, digit| number * 10 + digit)).ok()
        };
        let slots = 0..self.subject.elements.len();
        Some(RecordOpening {
            device_key_x: bytes(field::DEVICE_KEY_X)?.try_into().ok()?,
            device_key_y: bytes(field::DEVICE_KEY_Y)?.try_into().ok()?,
            dates: [date(date::SIGNED)?, date(date::VALID_FROM)?, date(date::VALID_UNTIL)?],
            values: slots.map(|slot| self.value(tree, slot)).collect::<Option<_>>()?,
            salts: RecordSalts { slots: vec![[3; 4]; STANDARD.slots], record: [4; 4] },
        })
    }

    /// An encoding of the value that a tree finds in a slot.
    fn value(&self, tree: &Tree, slot: usize) -> Option<Vec<u8>> {
        use ValueKind::{Bytes, Encoded, Negative, Text, Unsigned};
        let found = [Encoded, Unsigned, Negative, Bytes, Text]
            .into_iter()
            .find_map(|kind| Some((kind, tree.field(field::element_value(slot, kind))?)));
        let (kind, [position, argument]) = found?;
        let length = if kind.has_content() { argument } else { 0 };
        let end =
            position.checked_add(length).filter(|_| length <= STANDARD.max_item_bytes as u64)?;
        let content: Vec<_> = (position..end).map(|at| self.streams.byte(at as usize)).collect();
        let tag = match tree.field(field::value_tag(slot)) {
            Some([_, tag]) => Some(u32::try_from(tag).ok()?),
            None => None,
        };
        let argument = u32::try_from(argument).ok()?;
        Some(SlotValue { tag, kind, argument, content: &content }.encoding())
    }

    /// The verdict of the tables on a tree and a record. `forge` may change what ties them to the
    /// digests.
    fn outcome(
        &self,
        tree: &Tree,
        record: RecordOpening,
        forge: impl Fn(&mut [DigestEntry]),
    ) -> Outcome {
        let refused = |error: &dyn std::fmt::Display| Outcome::Refused(error.to_string());
        let commitment = match record.commitment(&self.subject) {
            Ok(commitment) => commitment,
            Err(error) => return refused(&error),
        };
        let statement = CredentialStatement { subject: self.subject.clone(), commitment };
        let (sig_structure, items) = (self.messages[0].clone(), self.messages[1..].to_vec());
        let witness = CredentialWitness { sig_structure, signature: [0; 64], items, record };
        let mut entries = digest_entries(&self.subject, tree);
        forge(&mut entries);
        let violations = check_tree(&statement, &witness, &self.streams, tree, |chip, trace| {
            if let CredentialChip::Links(links) = chip {
                *trace = links.trace(&self.streams, &entries);
            }
        });
        match violations {
            Err(error) => refused(&error),
            Ok(violations) if !violations.is_empty() => refused(&violations),
            Ok(_) => Outcome::Proven(Record {
                doc_type: self.subject.doc_type.clone(),
                device_key: [witness.record.device_key_x, witness.record.device_key_y],
                dates: witness.record.dates,
                values: witness.record.values.clone(),
            }),
        }
    }
}

/// A prover who reads documents as they are.
fn honest(document: &Document, _: &mut Choices) -> Outcome {
    let refused = |why: &str| Outcome::Refused(why.to_owned());
    let Some(holder) = Holder::new(document, &document.shown) else {
        return refused("it does not fit");
    };
    let tree = match Tree::parse(&holder.subject, &holder.streams) {
        Ok(tree) => tree,
        Err(error) => return refused(&error.to_string()),
    };
    let Some(record) = holder.opening(&tree) else {
        return refused("a part of the record is missing");
    };
    holder.outcome(&tree, record, |_| {})
}

/// A prover who lies about one thing.
fn lying(document: &Document, choices: &mut Choices) -> Outcome {
    lie(document, choices).unwrap_or(Outcome::Refused("no lie".to_owned()))
}

fn lie(document: &Document, choices: &mut Choices) -> Option<Outcome> {
    let mut shown = document.shown.clone();
    let kind = choices.below(8);
    if kind == 0 {
        // Show another item.
        let slot = choices.below(shown.len());
        shown[slot] = choices.below(document.items.len());
    }
    let holder = Holder::new(document, &shown)?;
    let honest = Tree::parse(&holder.subject, &holder.streams).ok()?;
    let nothing = |_: &mut [DigestEntry]| {};
    match kind {
        0 => holder.outcome(&honest, holder.opening(&honest)?, nothing),
        1 => {
            let mut record = holder.opening(&honest)?;
            bend_record(&mut record, document, choices);
            holder.outcome(&honest, record, nothing)
        }
        2 => {
            let (slot, what) = (choices.below(shown.len()), choices.below(6));
            let entries = honest.digest_entries();
            let other = *entries.get(choices.below(entries.len().max(1)))?;
            let [_, digest_id, at] = other.map(|field| field.as_canonical_u64());
            let position = match what {
                0 => honest.items[choices.below(honest.items.len())].content() as usize,
                1 | 2 => at as usize,
                // Wherever the item's hash stands, whatever it means there.
                _ => {
                    let hash = Sha256::digest(&holder.messages[1 + slot]);
                    holder.messages[0].windows(hash.len()).position(|bytes| bytes == &hash[..])?
                }
            };
            holder.outcome(&honest, holder.opening(&honest)?, |entries| {
                entries[slot].position = position;
                if what == 2 {
                    entries[slot].digest_id = digest_id;
                }
            })
        }
        3 => {
            let mut tree = honest;
            bend(&mut tree, choices)?;
            holder.outcome(&tree, holder.opening(&tree)?, nothing)
        }
        _ => {
            let tree = lying_tree(&holder.subject, &holder.streams, &honest, choices)?;
            holder.outcome(&tree, holder.opening(&tree)?, nothing)
        }
    }
    .into()
}

/// Changes one part of the record.
fn bend_record(record: &mut RecordOpening, document: &Document, choices: &mut Choices) {
    let (slot, date) = (choices.below(record.values.len()), choices.below(3));
    match choices.below(7) {
        0 => record.dates[date] += 1,
        1 => record.dates[date] = record.dates[(date + 1) % 3],
        2 => std::mem::swap(&mut record.device_key_x, &mut record.device_key_y),
        3 => record.device_key_x = velum_testdata::random::POINTS[choices.below(4)][0],
        4 => {
            record.values[slot].pop();
        }
        5 => record.values[slot].push(choices.below(256) as u8),
        _ => {
            // Bytes from any place in an item.
            let item = &document.items[choices.below(document.items.len())].1;
            let start = choices.below(item.len());
            record.values[slot] = item[start..][..1 + choices.below(item.len() - start)].to_vec();
        }
    }
}

#[test]
fn the_record_is_what_a_document_means() {
    let search = Search {
        seed: 0,
        cases: cases(5_000, 300),
        is_complete: true,
        may_refuse: Reason::is_of_proofs,
        misreading: None,
        system: &honest,
    };
    let tally = search.run().unwrap_or_else(|finding| panic!("{}", search.explain(&finding)));
    println!("{tally:?}");
}

#[test]
fn no_lie_gets_another_record_proven() {
    let search = Search {
        seed: 1 << 32,
        cases: cases(40_000, 1_000),
        is_complete: false,
        may_refuse: |_| true,
        misreading: None,
        system: &lying,
    };
    let tally = search.run().unwrap_or_else(|finding| panic!("{}", search.explain(&finding)));
    println!("{tally:?}");
}
