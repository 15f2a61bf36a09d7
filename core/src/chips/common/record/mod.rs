//! `record`: the record, one element per row, with one source for each element. The record is the
//! message of the commitment `C`.
//!
//! The picture shows the rows and the sources of their elements, first what both proofs have in
//! common and then each proof. `s` is the class's number of slots, 4 or 8.
//!
//! ```text
//! rows                both proofs
//!  0 to 11            version, suite, class, docType, issuer, number of slots: public
//! 12 to 27            device key: 16 words of 32 bits
//! 28 to 30            dates: signed, validFrom, validUntil
//! 31 to 30 + 4s       slot digests: <-- SQUEEZE, or public and zero if the slot is not in use
//! 31 + 4s to 34 + 4s  salt: free
//! to 55 or 71         padding: public, zero                     every 8 rows --> ABSORB
//!
//! rows        credential proof                  rows            presentation proof
//! 12 to 27    <-- BYTES                         12 to 27        free, --> ES256: X, Y
//! 28 to 30    <-- DATE                          28 to 30        free
//! 76 to 91    positions of the words            76 to 91        words >> 11
//!             <-- FIELD                         92, 94, 95, 96  dates and bounds: differences
//! 98 to 113   key of the issuer: public         98 to 105       hash that the device signed:
//!             --> ES256: X, Y                                   public, --> ES256: HASH
//! 114 to 117  C: public, <-- SQUEEZE            106 to 109      C: public, <-- SQUEEZE
//!                                               140 on          words >> 22; differences
//!                                                               >> 11, 22, 33, 44; zeros
//!                                               <-- RANGE: lowest limbs of words, differences
//! ```
//!
//! In the credential proof, the words of the device key are those of the document at the
//! coordinates that the CBOR table found, and the dates are the numbers of the text table. In the
//! presentation proof, the words are free 32-bit numbers, and the dates are free within public
//! bounds. `C` is the digest after the record's last permutation.
//!
//! Elements stand on consecutive rows. The row of the first element of each block sends the block
//! to the Poseidon2 table. Other rows stand below the elements:
//!
//! * In the presentation proof, the rest of a device key word without its lowest 11 bits stands 64
//!   rows below the word. The rest of this rest stands another 64 rows below, and so on until
//!   nothing is left.
//! * In the presentation proof, the difference of a date from a bound stands 64 or 67 rows below
//!   the date, and the rests of the difference stand below it in the same way.
//! * In the credential proof, the position of a device key word in the document stands 64 rows
//!   below the word.
//!
//! `rows` lists what each row is for. Here follow the columns, the trace and the constraints.
//!
//! # Buses
//!
//! * [`ABSORB`]: sends the blocks of the record.
//! * [`SQUEEZE`]: receives the digests of the slots in use and the commitment, once each.
//! * [`ES256`]: sends the words of the issuer's key in the credential proof, and the words of the
//!   device key and of the digest that the device signed in the presentation proof.
//! * [`FIELD`], [`BYTES`], [`DATE`] (credential proof): receives the position of each coordinate of
//!   the device key, looks up its words, and receives each date.
//! * [`RANGE`] (presentation proof): looks up the limbs of device key words and of differences of
//!   dates.
//!
//! # Soundness
//!
//! What fixes each cell:
//!
//! * Element of a public row, of an unused slot's digest, or of `C`, and what is left after a last
//!   limb: `given`.
//! * Device key word, credential proof: BYTES, at positions that count up (`position`) from the
//!   position that FIELD gives, received once per coordinate.
//! * Device key word, presentation proof: RANGE of its limbs. The word is then below 2^32, and the
//!   words of ES256 are those of the record, not words plus a multiple of `p`.
//! * Date, credential proof: DATE, received once per date.
//! * Date, presentation proof: bound by `C`. `not before` and `not after` compare it, together with
//!   RANGE: the differences are in 0..2^48, and all numbers are below 10^14.
//! * Digest of a used slot, and `C`: SQUEEZE, received once each.
//! * Salt: free, because it is the prover's randomness.
//! * Position: FIELD, received once per coordinate, and `position`.
//!
//! The presentation proof alone does not show that the record's dates are below 10^14. It shows
//! only that each difference is a 48-bit number. The credential proof shows, for the same `C`, that
//! the dates are numbers of dates at all.

mod rows;
#[cfg(test)]
mod tests;

use p3_field::{PrimeCharacteristicRing, PrimeField64};
use rows::{
    Bound, DIFFERENCE_BITS, Element, Kind, LIMB_BITS, LIMB_ROWS, ROWS_TO_LOWER, ROWS_TO_POSITION,
    ROWS_TO_UPPER, RowKind, WORD_BITS, coordinate_field, element, es256_word, squeezed,
};
use velum_stark::air::{Chip, ChipBuilder, Trace};
use velum_stark::field::F;

use crate::chips::buses::{ABSORB, BYTES, DATE, ES256, FIELD, RANGE, SQUEEZE, es256};
use crate::chips::common::values;
use crate::class::SizeClass;
use crate::digest::RATE;
use crate::record::{
    COORDINATE_WORDS, Positions, RECORD_VERSION, RecordElements, RecordError, check_date_time,
    check_subject, coordinate_words, doc_type_digest, first_record_permutation, issuer_digest,
    offset,
};
use crate::statement::{
    CredentialStatement, DIGEST_ELEMENTS, Digest, PresentationStatement, PublicKey, Subject,
};

/// The element of the record, or what the row has instead.
const ELEMENT: usize = 0;
const COLUMNS: usize = 1;

/// Number of bytes in a coordinate.
const COORDINATE_BYTES: u64 = 32;

/// Fixed columns.
mod fixed {
    /// Whether this row and the seven rows below it are absorbed.
    pub(super) const ABSORBED: usize = 0;
    /// The permutation that absorbs them.
    pub(super) const PERMUTATION: usize = 1;
    /// The permutation whose digest begins on this row.
    pub(super) const SQUEEZED: usize = 2;
    /// Whether the row sends a word to the ES256 table.
    pub(super) const ES256: usize = 3;
    /// The operand of this word.
    pub(super) const OPERAND: usize = 4;
    /// The index of this word. Credential proof: also the number of a date or, on a coordinate's
    /// first word, of its field.
    pub(super) const NUMBER: usize = 5;
    pub(super) const COMMON_COLUMNS: usize = 6;

    /// Credential proof: whether the row is a word of the device key.
    pub(super) const WORD: usize = COMMON_COLUMNS;
    /// Credential proof: whether the row is the first word of a coordinate.
    pub(super) const COORDINATE: usize = WORD + 1;
    /// Credential proof: whether the next row is the next word of the coordinate.
    pub(super) const WORD_FOLLOWS: usize = COORDINATE + 1;
    /// Credential proof: whether the row is a date.
    pub(super) const DATE: usize = WORD_FOLLOWS + 1;
    pub(super) const CREDENTIAL_COLUMNS: usize = DATE + 1;

    /// Presentation proof: whether the row's lowest limb is range-checked.
    pub(super) const RANGED: usize = COMMON_COLUMNS;
    /// Presentation proof: number of bits in this limb.
    pub(super) const BITS: usize = RANGED + 1;
    /// Presentation proof: whether the row is a date minus a bound.
    pub(super) const NOT_BEFORE: usize = BITS + 1;
    /// Presentation proof: whether the row is a bound minus a date.
    pub(super) const NOT_AFTER: usize = NOT_BEFORE + 1;
    pub(super) const PRESENTATION_COLUMNS: usize = NOT_AFTER + 1;
}

/// Public columns.
mod public {
    /// The element of a public row, or the bound of a date on the row of the difference.
    pub(super) const GIVEN: usize = 0;
    /// Whether the element must be the given one.
    pub(super) const IS_GIVEN: usize = 1;
    /// Whether a digest begins on this row.
    pub(super) const SQUEEZES: usize = 2;
    pub(super) const COLUMNS: usize = 3;
}

/// The record, element by element.
#[derive(Clone, Debug)]
pub struct RecordChip {
    subject: Subject,
    commitment: Digest,
    mode: Mode,
}

#[derive(Clone, Copy, Debug)]
enum Mode {
    Credential,
    Presentation { now: u64, signed_within: (u64, u64), device_authentication: [u8; 32] },
}

impl RecordChip {
    /// The table of a credential proof.
    ///
    /// # Errors
    ///
    /// [`RecordError`] if the subject has no elements or too many.
    pub(crate) fn credential(statement: &CredentialStatement) -> Result<Self, RecordError> {
        check_subject(&statement.subject)?;
        Ok(Self {
            subject: statement.subject.clone(),
            commitment: statement.commitment,
            mode: Mode::Credential,
        })
    }

    /// The table of a presentation proof.
    ///
    /// # Errors
    ///
    /// [`RecordError`] if the subject has no elements or too many, or if a time is after
    /// 9999-12-31T23:59:59.
    pub(crate) fn presentation(statement: &PresentationStatement) -> Result<Self, RecordError> {
        let PresentationStatement {
            subject,
            commitment,
            now,
            signed_within,
            device_authentication,
            ..
        } = statement;
        check_subject(subject)?;
        check_date_time("now", *now)?;
        check_date_time("lower bound of signed", signed_within.0)?;
        check_date_time("upper bound of signed", signed_within.1)?;
        let mode = Mode::Presentation {
            now: *now,
            signed_within: *signed_within,
            device_authentication: *device_authentication,
        };
        Ok(Self { subject: subject.clone(), commitment: *commitment, mode })
    }

    /// The trace for the record's elements. A credential proof needs the positions of the device
    /// key.
    pub(crate) fn trace(&self, elements: &RecordElements, positions: Option<&Positions>) -> Trace {
        let mut trace = Trace::zeroed(self.height(), self.width());
        let public = self.public();
        for (row, row_kind) in self.rows() {
            let given = public[public::GIVEN][row];
            let above = |rows: usize| trace.get(row - rows, ELEMENT);
            let value = match row_kind {
                RowKind::Element(index) => elements.record.get(index).copied().unwrap_or_default(),
                RowKind::Difference { bound, limb: 0 } if bound.is_lower() => {
                    above(ROWS_TO_LOWER) - given
                }
                RowKind::Difference { limb: 0, .. } => given - above(ROWS_TO_UPPER),
                RowKind::WordRest { .. } | RowKind::Difference { .. } => {
                    without_limb(above(LIMB_ROWS))
                }
                RowKind::Position { operand, word } => {
                    F::from_usize(positions.map_or(0, |at| position(operand, word, at)))
                }
                RowKind::Nothing
                | RowKind::IssuerWord { .. }
                | RowKind::HashWord { .. }
                | RowKind::Commitment { .. } => given,
            };
            trace.set(row, ELEMENT, value);
        }
        trace
    }

    fn kind(&self) -> Kind {
        match self.mode {
            Mode::Credential => Kind::Credential,
            Mode::Presentation { .. } => Kind::Presentation,
        }
    }

    fn rows(&self) -> Vec<(usize, RowKind)> {
        rows::rows(&self.subject.class, self.kind())
    }

    /// The public element with this index, if it is public.
    fn given_element(&self, index: usize) -> Option<F> {
        let Subject { suite, class, doc_type, issuer, elements } = &self.subject;
        match element(class, index) {
            Element::SlotDigest { slot, .. } => (slot >= elements.len()).then_some(F::ZERO),
            Element::Given => Some(match index {
                offset::VERSION => F::from_u64(RECORD_VERSION),
                offset::SUITE => F::from_u8(suite.id()),
                offset::CLASS => F::from_u8(class.id),
                offset::DOC_TYPE..offset::ISSUER => {
                    doc_type_digest(doc_type)[index - offset::DOC_TYPE]
                }
                offset::ISSUER..offset::SLOTS => issuer_digest(issuer)[index - offset::ISSUER],
                offset::SLOTS => F::from_usize(elements.len()),
                _ => F::ZERO,
            }),
            Element::DeviceKey { .. } | Element::Date(_) | Element::Salt => None,
        }
    }

    /// The public element of this row, if it is public.
    fn given(&self, row: RowKind) -> Option<F> {
        match (row, self.mode) {
            (RowKind::Element(index), _) => self.given_element(index),
            (RowKind::IssuerWord { operand, word }, _) => {
                let PublicKey { x, y } = &self.subject.issuer;
                Some(coordinate_words(if operand == es256::X { x } else { y })[word])
            }
            (RowKind::HashWord { word }, Mode::Presentation { device_authentication, .. }) => {
                Some(coordinate_words(&device_authentication)[word])
            }
            (RowKind::Commitment { element }, _) => Some(self.commitment[element]),
            (RowKind::Nothing, _) => Some(F::ZERO),
            _ => None,
        }
    }

    /// The bound with which the row compares, if it does.
    fn bound(&self, row: RowKind) -> Option<F> {
        let (RowKind::Difference { bound, limb: 0 }, Mode::Presentation { now, signed_within, .. }) =
            (row, self.mode)
        else {
            return None;
        };
        Some(F::from_u64(match bound {
            Bound::SignedFrom => signed_within.0,
            Bound::SignedUntil => signed_within.1,
            Bound::ValidFrom | Bound::ValidUntil => now,
        }))
    }
}

/// A number without its lowest limb.
fn without_limb(number: F) -> F {
    F::from_u64(number.as_canonical_u64() >> LIMB_BITS)
}

/// Where in the document a word of the device key is.
fn position(operand: u64, word: usize, at: &Positions) -> usize {
    let coordinate = if operand == es256::X { at.device_key_x } else { at.device_key_y };
    coordinate + 4 * word
}

impl Chip for RecordChip {
    fn name(&self) -> &'static str {
        "record"
    }

    fn height(&self) -> usize {
        values::height(&self.subject.class)
    }

    fn width(&self) -> usize {
        COLUMNS
    }

    fn fixed(&self) -> Vec<Vec<F>> {
        let (class, kind) = (&self.subject.class, self.kind());
        let width = match kind {
            Kind::Credential => fixed::CREDENTIAL_COLUMNS,
            Kind::Presentation => fixed::PRESENTATION_COLUMNS,
        };
        let mut columns = vec![F::zero_vec(self.height()); width];
        for (row, row_kind) in self.rows() {
            let mut set = |column: usize, value: usize| columns[column][row] = F::from_usize(value);
            if let RowKind::Element(index) = row_kind
                && index.is_multiple_of(RATE)
            {
                set(fixed::ABSORBED, 1);
                set(fixed::PERMUTATION, first_record_permutation(class) + index / RATE);
            }
            if let Some(permutation) = squeezed(class, row_kind) {
                set(fixed::SQUEEZED, permutation);
            }
            if let Some((operand, word)) = es256_word(class, kind, row_kind) {
                set(fixed::ES256, 1);
                set(fixed::OPERAND, operand as usize);
                set(fixed::NUMBER, word);
            }
            match kind {
                Kind::Credential => fix_sources(class, row_kind, &mut set),
                Kind::Presentation => fix_ranges(class, row_kind, &mut set),
            }
        }
        columns
    }

    fn public(&self) -> Vec<Vec<F>> {
        let mut columns = vec![F::zero_vec(self.height()); public::COLUMNS];
        for (row, row_kind) in self.rows() {
            let given = self.given(row_kind);
            columns[public::IS_GIVEN][row] = F::from_bool(given.is_some());
            columns[public::GIVEN][row] =
                given.or_else(|| self.bound(row_kind)).unwrap_or_default();
            // The digest of an unused slot is given.
            let is_commitment = matches!(row_kind, RowKind::Commitment { .. });
            let squeezes = squeezed(&self.subject.class, row_kind).is_some()
                && (given.is_none() || is_commitment);
            columns[public::SQUEEZES][row] = F::from_bool(squeezes);
        }
        columns
    }

    fn public_cells(&self) -> Vec<Vec<(usize, usize)>> {
        // Cells that are the same in every statement, and cells that say whether a slot is in use.
        let (mut ones, mut unused, mut used) = (
            Vec::new(),
            vec![Vec::new(); self.subject.class.slots],
            vec![Vec::new(); self.subject.class.slots],
        );
        let mut cells = Vec::new();
        for (row, row_kind) in self.rows() {
            let squeezes = squeezed(&self.subject.class, row_kind).is_some();
            match row_kind {
                RowKind::Element(index)
                    if let Element::SlotDigest { slot, .. } =
                        element(&self.subject.class, index) =>
                {
                    unused[slot].push((public::IS_GIVEN, row));
                    if squeezes {
                        used[slot].push((public::SQUEEZES, row));
                    }
                    continue;
                }
                RowKind::Commitment { .. } if squeezes => ones.push((public::SQUEEZES, row)),
                _ => {}
            }
            let given = self.given(row_kind);
            if given.is_some() {
                ones.push((public::IS_GIVEN, row));
            } else if squeezes {
                ones.push((public::SQUEEZES, row));
            }
            if given.is_some() || self.bound(row_kind).is_some() {
                cells.push(vec![(public::GIVEN, row)]);
            }
        }
        cells
            .extend(unused.into_iter().chain(used).chain([ones]).filter(|cells| !cells.is_empty()));
        cells
    }

    fn eval<B: ChipBuilder>(&self, b: &mut B) {
        let element = b.main(ELEMENT, 0);
        let given = b.public(public::GIVEN);
        b.assert_zero("given", b.public(public::IS_GIVEN) * (element.clone() - given.clone()));

        let mut block = vec![b.fixed(fixed::PERMUTATION, 0)];
        block.extend((0..RATE as i32).map(|lane| b.main(ELEMENT, lane)));
        let count = b.fixed(fixed::ABSORBED, 0);
        b.send(ABSORB, block, count);

        let mut digest = vec![b.fixed(fixed::SQUEEZED, 0)];
        digest.extend((0..DIGEST_ELEMENTS as i32).map(|lane| b.main(ELEMENT, lane)));
        let count = b.public(public::SQUEEZES);
        b.receive(SQUEEZE, digest, count);

        let word = vec![b.fixed(fixed::OPERAND, 0), b.fixed(fixed::NUMBER, 0), element.clone()];
        let count = b.fixed(fixed::ES256, 0);
        b.send(ES256, word, count);

        match self.kind() {
            Kind::Credential => eval_sources(b, element),
            Kind::Presentation => {
                eval_dates(b, element.clone(), given);
                eval_ranges(b, element);
            }
        }
    }
}

/// Fixed columns of the credential proof.
fn fix_sources(class: &SizeClass, row: RowKind, set: &mut impl FnMut(usize, usize)) {
    let RowKind::Element(index) = row else { return };
    match element(class, index) {
        Element::DeviceKey { operand, word } => {
            set(fixed::WORD, 1);
            set(fixed::WORD_FOLLOWS, usize::from(word + 1 < COORDINATE_WORDS));
            if word == 0 {
                set(fixed::COORDINATE, 1);
                set(fixed::NUMBER, coordinate_field(operand) as usize);
            }
        }
        Element::Date(date) => {
            set(fixed::DATE, 1);
            set(fixed::NUMBER, date as usize);
        }
        Element::Given | Element::SlotDigest { .. } | Element::Salt => {}
    }
}

/// Fixed columns of the presentation proof.
fn fix_ranges(class: &SizeClass, row: RowKind, set: &mut impl FnMut(usize, usize)) {
    let mut range = |limb: usize, bits: usize| {
        set(fixed::RANGED, 1);
        set(fixed::BITS, LIMB_BITS.min(bits - limb * LIMB_BITS));
    };
    match row {
        RowKind::Element(index) if matches!(element(class, index), Element::DeviceKey { .. }) => {
            range(0, WORD_BITS)
        }
        RowKind::WordRest { limb } => range(limb, WORD_BITS),
        RowKind::Difference { bound, limb } => {
            range(limb, DIFFERENCE_BITS);
            if limb == 0 {
                set(if bound.is_lower() { fixed::NOT_BEFORE } else { fixed::NOT_AFTER }, 1);
            }
        }
        RowKind::Element(_)
        | RowKind::Position { .. }
        | RowKind::Nothing
        | RowKind::IssuerWord { .. }
        | RowKind::HashWord { .. }
        | RowKind::Commitment { .. } => {}
    }
}

/// The credential proof takes the device key and the dates from the document.
fn eval_sources<B: ChipBuilder>(b: &mut B, element: B::Expr) {
    let [position, next] = [0, 1].map(|row| b.main(ELEMENT, ROWS_TO_POSITION as i32 + row));
    let counted = next - position.clone() - B::Expr::from_u8(4);
    b.assert_zero("position", b.fixed(fixed::WORD_FOLLOWS, 0) * counted);

    let number = b.fixed(fixed::NUMBER, 0);
    let (coordinate, word, date) =
        (b.fixed(fixed::COORDINATE, 0), b.fixed(fixed::WORD, 0), b.fixed(fixed::DATE, 0));
    let length = B::Expr::from_u64(COORDINATE_BYTES);
    b.receive(FIELD, vec![number.clone(), position.clone(), length], coordinate);
    b.lookup(BYTES, vec![position, B::Expr::from_u8(4), element.clone()], word);
    b.receive(DATE, vec![number, element], date);
}

/// The presentation proof compares the dates.
fn eval_dates<B: ChipBuilder>(b: &mut B, element: B::Expr, bound: B::Expr) {
    let above = b.main(ELEMENT, -(ROWS_TO_LOWER as i32)) - bound.clone();
    let below = bound - b.main(ELEMENT, -(ROWS_TO_UPPER as i32));
    b.assert_zero("not before", b.fixed(fixed::NOT_BEFORE, 0) * (element.clone() - above));
    b.assert_zero("not after", b.fixed(fixed::NOT_AFTER, 0) * (element - below));
}

/// The presentation proof shows that device key words and differences of dates are in range.
fn eval_ranges<B: ChipBuilder>(b: &mut B, element: B::Expr) {
    let rest = b.main(ELEMENT, LIMB_ROWS as i32) * F::from_u16(1 << LIMB_BITS);
    let limb = vec![element - rest, b.fixed(fixed::BITS, 0)];
    let count = b.fixed(fixed::RANGED, 0);
    b.lookup(RANGE, limb, count);
}
