//! The credential proof: an issuer signed a document, and the commitment commits to the record of
//! this document.

use velum_stark::chip_enum;

use crate::chips::common::bytes::BytesChip;
use crate::chips::common::es256::Es256Chip;
use crate::chips::common::poseidon2::Poseidon2Chip;
use crate::chips::common::range::RangeChip;
use crate::chips::common::record::RecordChip;
use crate::chips::common::sha256::Sha256Chip;
use crate::chips::common::values::ValuesChip;
use crate::chips::mdoc::cbor::CborChip;
use crate::chips::mdoc::keys::KeysChip;
use crate::chips::mdoc::links::LinksChip;
use crate::chips::mdoc::text::TextChip;
use crate::proof::StatementError;
use crate::statement::CredentialStatement;

chip_enum! {
    /// A table of the credential proof.
    pub enum CredentialChip {
        Bytes(BytesChip),
        Sha256(Sha256Chip),
        Cbor(CborChip),
        Text(TextChip),
        Keys(KeysChip),
        Links(LinksChip),
        Es256(Es256Chip),
        Values(ValuesChip),
        Record(RecordChip),
        Poseidon2(Poseidon2Chip),
        Range(RangeChip),
    }
}

/// The tables of a statement, in order.
///
/// # Errors
/// [`StatementError`] if the statement does not fit its size class.
pub fn credential_chips(
    statement: &CredentialStatement,
) -> Result<Vec<CredentialChip>, StatementError> {
    let subject = &statement.subject;
    let class = subject.class;
    let mut chips: Vec<_> =
        BytesChip::tables(class).into_iter().map(CredentialChip::Bytes).collect();
    chips.extend(Sha256Chip::tables(class).into_iter().map(CredentialChip::Sha256));
    chips.extend([
        CredentialChip::Cbor(CborChip::new(class)),
        CredentialChip::Text(TextChip::new(subject)?),
        CredentialChip::Keys(KeysChip::new(subject)),
        CredentialChip::Links(LinksChip::new(subject)),
        CredentialChip::Es256(Es256Chip::new()),
        CredentialChip::Values(ValuesChip::credential(statement)?),
        CredentialChip::Record(RecordChip::credential(statement)?),
        CredentialChip::Poseidon2(Poseidon2Chip::new(subject)),
        CredentialChip::Range(RangeChip),
    ]);
    Ok(chips)
}

#[cfg(feature = "prover")]
pub use fill::credential_traces;
#[cfg(all(test, feature = "prover"))]
pub(in crate::proof) use fill::digest_entries;
#[cfg(any(all(test, feature = "prover"), feature = "testing"))]
pub(crate) use fill::traces_of;

#[cfg(feature = "prover")]
mod fill {
    use sha2::{Digest, Sha256};
    use velum_stark::air::{Trace, fill_multiplicities};

    use super::CredentialChip;
    use crate::chips::buses::field;
    use crate::chips::common::streams::Streams;
    use crate::chips::mdoc::cbor::Tree;
    use crate::chips::mdoc::links::DigestEntry;
    use crate::proof::WitnessError;
    use crate::record::{Positions, RecordElements, ValuePosition};
    use crate::statement::{CredentialStatement, CredentialWitness, RecordOpening, Subject};
    use crate::value::SlotValue;

    /// Fills the tables of a statement on the assumption that the witness satisfies it. Only the
    /// proof shows whether it does.
    ///
    /// # Errors
    /// [`WitnessError`] if the witness does not fit into the tables.
    pub fn credential_traces(
        chips: &[CredentialChip],
        statement: &CredentialStatement,
        witness: &CredentialWitness,
    ) -> Result<Vec<Trace>, WitnessError> {
        let subject = &statement.subject;
        let messages: Vec<&[u8]> = std::iter::once(&witness.sig_structure)
            .chain(&witness.items)
            .map(Vec::as_slice)
            .collect();
        let streams = Streams::new(subject.class, &messages)?;
        let tree = Tree::parse(subject, &streams)?;
        let mut traces = traces_of(chips, statement, witness, &streams, &tree)?;
        fill_multiplicities(chips, &mut traces);
        Ok(traces)
    }

    /// Fills all cells of the tables except the multiplicities, from a tree of the streams.
    pub(crate) fn traces_of(
        chips: &[CredentialChip],
        statement: &CredentialStatement,
        witness: &CredentialWitness,
        streams: &Streams,
        tree: &Tree,
    ) -> Result<Vec<Trace>, WitnessError> {
        let subject = &statement.subject;
        let positions = positions(tree, &witness.record);
        let elements = RecordElements::new(subject, &witness.record)?;
        let hash: [u8; 32] = Sha256::digest(&witness.sig_structure).into();
        chips
            .iter()
            .map(|chip| {
                Ok(match chip {
                    CredentialChip::Bytes(chip) => chip.trace(streams, &tree.fingerprint_starts()),
                    CredentialChip::Sha256(chip) => chip.trace(streams),
                    CredentialChip::Cbor(chip) => chip.trace(tree),
                    CredentialChip::Text(chip) => chip.trace(tree, streams),
                    CredentialChip::Keys(chip) => chip.trace(tree)?,
                    CredentialChip::Links(chip) => {
                        chip.trace(streams, &digest_entries(subject, tree))
                    }
                    CredentialChip::Es256(chip) => {
                        chip.trace(&subject.issuer, &hash, &witness.signature)
                    }
                    CredentialChip::Values(chip) => {
                        chip.trace(&witness.record, Some(&positions))?
                    }
                    CredentialChip::Record(chip) => chip.trace(&elements, Some(&positions)),
                    CredentialChip::Poseidon2(chip) => chip.trace(&elements.blocks()),
                    CredentialChip::Range(chip) => chip.trace(),
                })
            })
            .collect()
    }

    /// Where the digest of each slot is. A digest that was not found has digestID and position 0.
    pub(in crate::proof) fn digest_entries(subject: &Subject, tree: &Tree) -> Vec<DigestEntry> {
        let entry = |slot| {
            let [found_at, digest_id] = tree.field(field::digest_id(slot))?;
            let position =
                tree.digest_position(subject.namespace_index(slot)?, digest_id)? as usize;
            Some(DigestEntry { digest_id, found_at, position })
        };
        (0..subject.elements.len()).map(|slot| entry(slot).unwrap_or_default()).collect()
    }

    /// Where the sources of the record are. A source that was not found has position 0.
    fn positions(tree: &Tree, record: &RecordOpening) -> Positions {
        let position = |number| tree.field(number).map_or(0, |[position, _]| position as usize);
        let value = |(slot, value): (usize, &Vec<u8>)| {
            let (tag, [content, _]) =
                tree.value(slot, SlotValue::read(value).kind).unwrap_or_default();
            ValuePosition { tag: tag.map(|tag| tag as usize), content: content as usize }
        };
        Positions {
            device_key_x: position(field::DEVICE_KEY_X),
            device_key_y: position(field::DEVICE_KEY_Y),
            values: record.values.iter().enumerate().map(value).collect(),
        }
    }
}
