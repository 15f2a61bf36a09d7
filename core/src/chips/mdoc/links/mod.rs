//! The links table: it ties the hashed streams to each other and to the issuer's signature.
//!
//! Stream 0 is the issuer's `Sig_structure`. Stream `1 + i` is the item of slot `i`. For every
//! stream the table receives the end of the stream from the bytes table. For every stream in use it
//! opens a root item for the CBOR table, which must fill the message from its first byte to its
//! last. It then proves two statements:
//!
//! * The hash of stream 0 is the hash that the issuer signed (RFC 9053, 2.1).
//! * The hash of a slot's item is the digest that `valueDigests` holds for the item's own digestID,
//!   in the namespace in which the slot's element was asked for (ISO/IEC 18013-5, 9.1.2.5).
//!
//! Only the credential proof has this table.
//!
//! # Buses
//!
//! * [`STREAM_END`]: receives the final block and the length of each stream from the bytes table.
//! * [`CBOR_OPEN`]: sends the start and receives the end of the root item of each stream in use.
//! * [`HASH_WORDS`]: looks up the hash of each stream in use after its final block, which the
//!   SHA-256 table provides.
//! * [`ES256`]: sends the hash of stream 0 to the ES256 table.
//! * [`FIELD`]: receives the digestID of each item in use from the CBOR table.
//! * [`DIGEST_AT`]: looks up where the digest of each item in use stands; the keys table provides
//!   this.
//! * [`BYTES`]: looks up the words of that digest.
//!
//! # Rows
//!
//! Each stream has eight rows, one per word of its hash, in the order 0, 4, 1, 5, 2, 6, 3, 7,
//! because the SHA-256 table gives words k and k + 4 together. Slots that the request does not use
//! have rows as well. These rows put nothing on any bus except the end of their stream, whose
//! message is empty.
//!
//! # Soundness
//!
//! | cell | what fixes it |
//! |---|---|
//! | [`FINAL_BLOCK`](column::FINAL_BLOCK), [`LENGTH`](column::LENGTH) | received from the bytes table, once per stream by a fixed count; the length of an unused slot is 0 (*unused slot*) |
//! | [`DIGEST_ID`](column::DIGEST_ID) | received from the CBOR table as the digestID of this slot's item |
//! | [`FOUND_AT`](column::FOUND_AT) | received together with the digestID |
//! | [`DIGEST_POSITION`](column::DIGEST_POSITION) | looked up among the entries of `valueDigests`, which are unique by namespace and digestID |
//! | [`WORD`](column::WORD) | looked up as the hash after the final block and, for slots, at its place in the digest |
//!
//! `FINAL_BLOCK` and `DIGEST_POSITION` are the same on all rows of a stream (*one stream*). All
//! counts are fixed columns or follow from the request. The following cells are free, and nothing
//! reads them:
//!
//! * the column of `LENGTH` below the third row of a stream;
//! * `DIGEST_ID`, `FOUND_AT` and `DIGEST_POSITION` of stream 0;
//! * `DIGEST_ID`, `FOUND_AT`, `DIGEST_POSITION` and `WORD` of unused slots.

use p3_field::PrimeCharacteristicRing;
use velum_stark::air::{Chip, ChipBuilder, Trace};
use velum_stark::field::F;

use crate::chips::buses::{
    BYTES, CBOR_OPEN, DIGEST_AT, ES256, FIELD, HASH_WORDS, STREAM_END, es256, field, root,
};
use crate::chips::common::sha256::hash_after;
use crate::chips::common::streams::Streams;
use crate::chips::mdoc::grammar::state;
use crate::class::SizeClass;
use crate::statement::Subject;

#[cfg(test)]
mod tests;

/// As high as other tables. A height of its own would cost more.
const HEIGHT: usize = 2_048;

/// Index of the hash word on each of a stream's rows.
const WORDS: [usize; 8] = [0, 4, 1, 5, 2, 6, 3, 7];

/// Committed columns.
pub(crate) mod column {
    /// Block after which the stream's hash is complete.
    pub(crate) const FINAL_BLOCK: usize = 0;
    /// Number of bytes in the stream's message, on the stream's first row.
    pub(crate) const LENGTH: usize = 1;
    /// Position behind the item's digestID, on the stream's second row.
    pub(crate) const FOUND_AT: usize = 1;
    /// digestID of the slot's item, on the stream's third row.
    pub(crate) const DIGEST_ID: usize = 1;
    /// Position of the digest in `valueDigests`.
    pub(crate) const DIGEST_POSITION: usize = 2;
    /// A word of the stream's hash.
    pub(crate) const WORD: usize = 3;
    /// Number of columns.
    pub(crate) const WIDTH: usize = 4;
}

/// Fixed columns.
mod fixed {
    /// Index of the stream.
    pub(super) const STREAM: usize = 0;
    /// Position of the stream's first byte.
    pub(super) const START: usize = 1;
    /// 1 on the first row of a stream.
    pub(super) const FIRST: usize = 2;
    /// 1 on rows whose next row belongs to the same stream.
    pub(super) const SAME: usize = 3;
    /// 1 on rows of words 0 to 3.
    pub(super) const PAIR: usize = 4;
    /// Index of the word.
    pub(super) const INDEX: usize = 5;
    /// 1 on rows of stream 0.
    pub(super) const ISSUER: usize = 6;
    pub(super) const WIDTH: usize = 7;
}

/// Public columns.
mod public {
    /// 1 on rows of stream 0 and of the slots that the request uses.
    pub(super) const USED: usize = 0;
    /// Index of the slot's namespace among those of the request.
    pub(super) const NAMESPACE: usize = 1;
    pub(super) const WIDTH: usize = 2;
}

/// Where the digest of a slot's item stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct DigestEntry {
    /// The item's digestID.
    pub digest_id: u64,
    /// Position behind the digestID in the item.
    pub found_at: u64,
    /// Position of the digest's first byte among all streams' bytes.
    pub position: usize,
}

/// The `links` table of a request.
#[derive(Clone, Debug)]
pub struct LinksChip {
    class: SizeClass,
    /// Index of the namespace of each slot in use.
    namespaces: Vec<usize>,
}

impl LinksChip {
    /// The table for what the subject asks.
    pub(crate) fn new(subject: &Subject) -> Self {
        let namespaces =
            (0..subject.class.slots).map_while(|slot| subject.namespace_index(slot)).collect();
        Self { class: subject.class, namespaces }
    }

    /// The rows in use: the stream of each row, and the row's place within the stream.
    fn rows(&self) -> impl Iterator<Item = (usize, usize)> {
        (0..self.class.streams())
            .flat_map(|stream| (0..WORDS.len()).map(move |place| (stream, place)))
    }

    /// The trace for `streams`. The digests of the slots in use stand at `entries`.
    pub(crate) fn trace(&self, streams: &Streams, entries: &[DigestEntry]) -> Trace {
        let mut trace = Trace::zeroed(HEIGHT, column::WIDTH);
        let hashes: Vec<_> = (0..self.class.streams())
            .map(|stream| hash_after(streams, streams.final_block(stream)))
            .collect();
        for (row, (stream, place)) in self.rows().enumerate() {
            let entry = stream
                .checked_sub(1)
                .and_then(|slot| entries.get(slot))
                .copied()
                .unwrap_or_default();
            let cells = trace.row_mut(row);
            cells[column::FINAL_BLOCK] = F::from_usize(streams.final_block(stream));
            cells[column::LENGTH] = match place {
                0 => F::from_usize(streams.length(stream)),
                1 => F::from_u64(entry.found_at),
                2 => F::from_u64(entry.digest_id),
                _ => F::ZERO,
            };
            cells[column::DIGEST_POSITION] = F::from_usize(entry.position);
            cells[column::WORD] = F::from_u32(hashes[stream][WORDS[place]]);
        }
        trace
    }
}

impl Chip for LinksChip {
    fn name(&self) -> &'static str {
        "links"
    }

    fn height(&self) -> usize {
        HEIGHT
    }

    fn width(&self) -> usize {
        column::WIDTH
    }

    fn fixed(&self) -> Vec<Vec<F>> {
        let mut columns = vec![F::zero_vec(HEIGHT); fixed::WIDTH];
        for (row, (stream, place)) in self.rows().enumerate() {
            let mut set = |column: usize, value: usize| columns[column][row] = F::from_usize(value);
            set(fixed::STREAM, stream);
            set(fixed::START, self.class.stream_start(stream));
            set(fixed::FIRST, usize::from(place == 0));
            set(fixed::SAME, usize::from(place + 1 < WORDS.len()));
            set(fixed::PAIR, usize::from(place % 2 == 0));
            set(fixed::INDEX, WORDS[place]);
            set(fixed::ISSUER, usize::from(stream == 0));
        }
        columns
    }

    fn public(&self) -> Vec<Vec<F>> {
        let mut columns = vec![F::zero_vec(HEIGHT); public::WIDTH];
        for (row, (stream, _)) in self.rows().enumerate() {
            let namespace = stream.checked_sub(1).map(|slot| self.namespaces.get(slot));
            columns[public::USED][row] = F::from_bool(namespace != Some(None));
            columns[public::NAMESPACE][row] =
                F::from_usize(namespace.flatten().copied().unwrap_or_default());
        }
        columns
    }

    fn public_cells(&self) -> Vec<Vec<(usize, usize)>> {
        let rows = |of: usize, column: usize| {
            let rows = self.rows().enumerate().filter(move |(_, (stream, _))| *stream == of);
            rows.map(|(row, _)| (column, row)).collect()
        };
        let columns = |stream| (0..public::WIDTH).map(move |column| rows(stream, column));
        (0..self.class.streams()).flat_map(columns).collect()
    }

    fn eval<B: ChipBuilder>(&self, b: &mut B) {
        let [stream, start, first, same, pair, index, issuer] = [
            fixed::STREAM,
            fixed::START,
            fixed::FIRST,
            fixed::SAME,
            fixed::PAIR,
            fixed::INDEX,
            fixed::ISSUER,
        ]
        .map(|column| b.fixed(column, 0));
        let [used, namespace] = [public::USED, public::NAMESPACE].map(|column| b.public(column));
        let [final_block, length, digest_position, word] =
            [column::FINAL_BLOCK, column::LENGTH, column::DIGEST_POSITION, column::WORD]
                .map(|column| b.main(column, 0));
        let (found_at, digest_id) = (b.main(column::FOUND_AT, 1), b.main(column::DIGEST_ID, 2));
        let number = |number: u64| B::Expr::from(F::from_u64(number));
        let (slot, first_of_slot) =
            (used.clone() - issuer.clone(), first.clone() * (used.clone() - issuer.clone()));

        for column in [column::FINAL_BLOCK, column::DIGEST_POSITION] {
            b.assert_zero("one stream", same.clone() * (b.main(column, 1) - b.main(column, 0)));
        }
        let unused = B::Expr::ONE - used.clone();
        b.assert_zero("unused slot", first.clone() * unused * length.clone());

        // The message of a stream in use is one CBOR item, from its first byte to its last.
        b.receive(
            STREAM_END,
            vec![stream.clone(), final_block.clone(), length.clone()],
            first.clone(),
        );
        let (root, state) =
            (stream.clone() + number(root(0)), stream.clone() + number(state::root(0)));
        let opens = first * used.clone();
        b.send(
            CBOR_OPEN,
            vec![start.clone(), root.clone(), number(1), state.clone()],
            opens.clone(),
        );
        b.receive(CBOR_OPEN, vec![start + length, root, number(0), state], opens);

        // The issuer signed the hash of stream 0.
        let hash_words = vec![final_block, index.clone(), word.clone(), b.main(column::WORD, 1)];
        b.lookup(HASH_WORDS, hash_words, pair * used);
        b.send(ES256, vec![number(es256::HASH), index.clone(), word.clone()], issuer);

        // The hash of a slot's item is the digest at the slot's namespace and the item's digestID.
        let item = stream + number(field::digest_id(0)) - B::Expr::ONE;
        b.receive(FIELD, vec![item, found_at, digest_id.clone()], first_of_slot.clone());
        b.lookup(DIGEST_AT, vec![namespace, digest_id, digest_position.clone()], first_of_slot);
        let position = digest_position + index * F::from_u8(4);
        b.lookup(BYTES, vec![position, number(4), word], slot);
    }
}
