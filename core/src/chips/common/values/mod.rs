//! `values`: the values of the slots, one byte per row, packed into the messages of the slots'
//! digests.
//!
//! In the credential proof, the bytes are those of the document, from where the CBOR table found
//! the slot's `elementValue`. The whole message is shown to have the layout that the record
//! prescribes. The presentation proof opens the same commitment, so it shows only the names and the
//! predicates (`predicates`).
//!
//! The picture shows the rows of one slot and what they hold in each proof. `n` is the date
//! `YYYYMMDD` in the content, and `low` and `high` are its bounds. The slots follow each other: 4
//! of 224 rows in the class `standard`, 8 of 392 in `large`, 8 of 1,064 in `extra`.
//!
//! ```text
//!           both proofs        credential proof            presentation proof, dates
//! rows      SUM: the element   POSITION and REMAINING      SUM: other digits, and NUMBER
//! ------------------------------------------------------------------------------------------
//!  0 to 27  name digest
//! 28 to 55  salt
//! 56 to 62  tag + 1, or 0      1 if there is a tag         n - low, 4 bytes
//!                                                          NUMBER: 1 if the tag is 1004
//! 63 to 69  kind               position behind the tag     high - n, 4 bytes
//! 70 to 76  argument           kind, and what is left of   month and day, scaled,
//!                              it without 1 to 3 bits      3 bytes each
//! 77 on     content, 7 bytes   position of each byte,      NUMBER: number that the digits
//!           to an element      and how many are left       above this row make
//! behind    padding
//!
//! buses     --> ABSORB, every  <-- FIELD: tag, value       <-- RANGE: the bytes above and
//!           56 rows:           <-- BYTES: content              those of the date
//!           8 elements         --> FIELD: date and time
//! public    name digest        slots in use                asked values; low, high + 1
//! ```
//!
//! # Rows
//!
//! A slot takes seven rows for each element of its message, in the message's order
//! ([`slot_offset`]). Row `j` of the seven has digit `j` of the element in base 256, the least
//! significant first. The digits of the content's elements are its bytes.
//!
//! Column `SUM` holds each row's digit plus 256 times the next row's sum. The sums do not end where
//! an element ends. A digit is therefore a row's sum minus 256 times the next row's sum. An element
//! is a row's sum minus `2^56` times the sum seven rows below. Both are linear in cells at fixed
//! distances.
//!
//! An element that is not of the content has one digit, on its first row, and this digit is not a
//! byte. Its other six rows are free for what `predicates` compares.
//!
//! The name digest is public, and the salt is free. In the credential proof, the tag, the kind and
//! the argument are what the CBOR table found and, for a date and time, what the text table shows.
//! The packed content is that of the bytes of the document. It is zero after its end, and so is the
//! padding.
//!
//! Here follow the columns, the trace and the constraints of both proofs, except for what only the
//! presentation proof has. That is in `predicates`.
//!
//! # Buses
//!
//! * [`ABSORB`]: sends the message of each slot, block by block.
//! * [`FIELD`] (credential proof): receives the position and the argument of the value of each slot
//!   in use, and its tag if it has one. Sends the position and the argument of a date and time on
//!   to the text chip.
//! * [`BYTES`] (credential proof): looks up the bytes of the content.
//! * `RANGE` (presentation proof): looks up the digits that a date predicate compares.
//!
//! # Soundness
//!
//! What fixes each cell:
//!
//! * Sum: `ends` makes it zero behind the slots, so the digits determine the sums. The digits are
//!   fixed as follows:
//!   * Digits of the content: by BYTES in the credential proof, and zero behind the content by
//!     `zero after end`. Each is then below 2^8, and equal elements are equal bytes.
//!   * First digits of other elements: by `name`, `kind`, and FIELD, which holds the argument and
//!     the tag. Those of the salt are free, because the salt is the prover's randomness.
//!   * Other digits of these elements: unused, except for `predicates`.
//! * Remaining (credential proof): `remaining` makes it zero on rows that can hold no byte of
//!   content. A row is in the content if its cell is one more than that of the next row.
//!   `in content` allows one more or the same. `falls` says that no row is in the content after a
//!   row that is not. `length` says that the content has as many rows as the argument says if the
//!   kind has content, and none otherwise.
//! * Position (credential proof): `position` makes it count up over the content. The first row's
//!   position is received from FIELD with the argument, once per slot in use, under the number of
//!   the kind.
//! * Beside the tag (credential proof), whether there is a tag: `tag found` makes it a flag. If it
//!   is 0, `no tag` makes the tag's element zero. If it is 1, the tag is received from FIELD, which
//!   holds one for each tagged scalar.
//! * Beside the kind (credential proof), the position behind the tag: FIELD.
//! * Beside the argument (credential proof), the kind, and what is left of it without its lowest 1,
//!   2 and 3 bits: `kind bits` and `kind ends` make it a number of four bits, and `kind` says that
//!   it is the kind's element. Its number on FIELD is therefore one of the slot's own. The highest
//!   bit, which marks a date and time, does not count in this number.
//!
//! The values chip sends the position and the argument of a date and time on to the text chip,
//! which shows the form of the text. A kind of which the CBOR chip finds nothing has nothing to
//! receive.
//!
//! ABSORB takes each element of the message once, by fixed columns. For a slot that is not in use,
//! nothing is received from FIELD, so its message may hold anything. But the record holds zero in
//! place of its digest, and there is no predicate on it.

mod predicates;
#[cfg(test)]
mod tests;

use p3_field::{Algebra, PrimeCharacteristicRing};
use predicates::Predicates;
use velum_stark::air::{Chip, ChipBuilder, RESERVED_ROWS, Trace};
use velum_stark::field::F;

use crate::chips::buses::{ABSORB, BYTES, FIELD, field};
use crate::class::SizeClass;
use crate::digest::{PACKED_BYTES, RATE};
use crate::record::{
    Positions, RecordError, ValuePosition, check_count, check_subject, check_value,
    max_content_bytes, name_digest, slot_offset, slot_permutations, value_elements,
};
use crate::statement::{
    CredentialStatement, DIGEST_ELEMENTS, Digest, PresentationStatement, RecordOpening, Subject,
};
use crate::value::{SlotValue, ValueKind};

/// The row's digit plus 256 times the sum of the next row.
const SUM: usize = 0;
const COMMON_COLUMNS: usize = 1;

/// Credential proof: number of bytes of the content from this row on.
const REMAINING: usize = COMMON_COLUMNS;
/// Credential proof: position of the byte in the document. On rows above the content: what is
/// beside the tag, the kind and the argument.
const POSITION: usize = REMAINING + 1;
const CREDENTIAL_COLUMNS: usize = POSITION + 1;

/// Number of rows for an element.
const ELEMENT_ROWS: usize = PACKED_BYTES;
/// Number of rows for the elements that one permutation absorbs.
const BLOCK_ROWS: usize = RATE * ELEMENT_ROWS;
/// Row of a slot that has the element of its value's tag.
const TAG_ROW: usize = slot_offset::TAG * ELEMENT_ROWS;
/// Row of a slot that has the element of its value's kind.
const KIND_ROW: usize = slot_offset::KIND * ELEMENT_ROWS;
/// Row of a slot that has the element of its value's argument.
const ARGUMENT_ROW: usize = slot_offset::ARGUMENT * ELEMENT_ROWS;
/// First row of a slot that can hold a byte of content.
const CONTENT_ROW: usize = slot_offset::CONTENT * ELEMENT_ROWS;

/// Number of bits in a kind. The highest bit is that of a date and time.
const KIND_BITS: usize = 4;
const _: () =
    assert!(ValueKind::DateTime as usize == ValueKind::Text as usize | 1 << (KIND_BITS - 1));

/// Fixed columns.
mod fixed {
    /// 1 on the rows behind the slots.
    pub(super) const BEHIND: usize = 0;
    /// 1 on the first row of a slot's content.
    pub(super) const STARTS: usize = 1;
    /// 1 on all rows that can hold a byte of content, except the last of these in a slot.
    pub(super) const GOES_ON: usize = 2;
    /// 1 on the first rows of the name digest's elements.
    pub(super) const NAME: usize = 3;
    /// 1 on the row of the tag.
    pub(super) const TAG: usize = 4;
    /// 1 on the first row of each block that a permutation absorbs.
    pub(super) const ABSORBED: usize = 5;
    /// The permutation that absorbs this block.
    pub(super) const PERMUTATION: usize = 6;
    pub(super) const COMMON_COLUMNS: usize = 7;

    /// Credential proof: 1 on every row that can hold a byte of content.
    pub(super) const CONTENT: usize = COMMON_COLUMNS;
    /// Credential proof: 1 on these rows and on those of the message's padding.
    pub(super) const BYTES: usize = CONTENT + 1;
    /// Credential proof: 1 on the row of the kind.
    pub(super) const KIND: usize = BYTES + 1;
    /// Credential proof: 1 on the row of the argument.
    pub(super) const ARGUMENT: usize = KIND + 1;
    /// Credential proof: 1 on the rows of the kind's bits.
    pub(super) const KIND_BITS: usize = ARGUMENT + 1;
    /// Credential proof: 1 on the row behind the kind's bits.
    pub(super) const KIND_END: usize = KIND_BITS + 1;
    /// Credential proof: the slot's number on FIELD for sort 0, on the rows of the tag and the
    /// argument.
    pub(super) const FIELD: usize = KIND_END + 1;
    pub(super) const CREDENTIAL_COLUMNS: usize = FIELD + 1;
}

/// Public columns.
mod public {
    /// The slot's name digest, on the rows of its elements. In the presentation proof also the
    /// elements of requested values, and the bounds of dates.
    pub(super) const GIVEN: usize = 0;
    pub(super) const COMMON_COLUMNS: usize = 1;

    /// Credential proof: 1 on the row of the argument of a slot in use.
    pub(super) const IN_USE: usize = COMMON_COLUMNS;
    pub(super) const CREDENTIAL_COLUMNS: usize = IN_USE + 1;
}

/// Number of rows of a slot.
const fn slot_rows(class: &SizeClass) -> usize {
    slot_permutations(class) * BLOCK_ROWS
}

/// Height of this table, and of the tables of the record and its permutations, which need no more
/// rows. The sums end on a row behind the slots.
pub(super) const fn height(class: &SizeClass) -> usize {
    (class.slots * slot_rows(class) + 1 + RESERVED_ROWS).next_power_of_two()
}

/// The values of the slots.
#[derive(Clone, Debug)]
pub struct ValuesChip {
    class: SizeClass,
    /// Name digests of the slots in use.
    names: Vec<Digest>,
    mode: Mode,
}

#[derive(Clone, Debug)]
enum Mode {
    Credential,
    Presentation(Predicates),
}

impl ValuesChip {
    /// The table of a credential proof.
    ///
    /// # Errors
    ///
    /// [`RecordError`] if the subject has no elements or too many.
    pub(crate) fn credential(statement: &CredentialStatement) -> Result<Self, RecordError> {
        Self::new(&statement.subject, Mode::Credential)
    }

    /// The table of a presentation proof.
    ///
    /// # Errors
    ///
    /// [`RecordError`] if the elements or predicates do not fit the class.
    pub(crate) fn presentation(statement: &PresentationStatement) -> Result<Self, RecordError> {
        let subject = &statement.subject;
        check_count("predicates", statement.predicates.len(), subject.elements.len())?;
        let predicates = Predicates::new(&subject.class, &statement.predicates)?;
        Self::new(subject, Mode::Presentation(predicates))
    }

    fn new(subject: &Subject, mode: Mode) -> Result<Self, RecordError> {
        check_subject(subject)?;
        let names = subject.elements.iter().map(name_digest).collect();
        Ok(Self { class: subject.class, names, mode })
    }

    /// The trace for the values and slot salts of `opening`. `positions` says where the values are
    /// in the document. Only a credential proof needs it.
    ///
    /// # Errors
    ///
    /// [`RecordError`] if the number of values or salts is wrong, or if a value is too long for a
    /// slot.
    pub(crate) fn trace(
        &self,
        opening: &RecordOpening,
        positions: Option<&Positions>,
    ) -> Result<Trace, RecordError> {
        check_count("salts", opening.salts.slots.len(), self.class.slots)?;
        check_count("values", opening.values.len(), self.names.len())?;
        let mut trace = Trace::zeroed(self.height(), self.width());
        // The first sum of a slot is part of the sums of the slot before.
        for (slot, salt) in opening.salts.slots.iter().enumerate().rev() {
            let value = check_value(&self.class, slot, opening.values.get(slot))?;
            let first = slot * slot_rows(&self.class);
            let mut digits = self.digits(slot, value.as_ref(), salt);
            match &self.mode {
                Mode::Credential => {
                    let position = positions.and_then(|positions| positions.values.get(slot));
                    self.fill_document(
                        &mut trace,
                        first,
                        value,
                        position.copied().unwrap_or_default(),
                    );
                }
                Mode::Presentation(predicates) => predicates.fill(&mut trace, slot, &mut digits),
            }
            fill_sums(&mut trace, first, &digits);
        }
        Ok(trace)
    }

    /// The digits of a slot's message, without the digits that `predicates` compares.
    fn digits(
        &self,
        slot: usize,
        value: Option<&SlotValue<'_>>,
        salt: &[u64; DIGEST_ELEMENTS],
    ) -> Vec<F> {
        let mut digits = F::zero_vec(slot_rows(&self.class));
        let name = self.names.get(slot).copied().unwrap_or_default();
        for index in 0..DIGEST_ELEMENTS {
            digits[(slot_offset::NAME + index) * ELEMENT_ROWS] = name[index];
            digits[(slot_offset::SALT + index) * ELEMENT_ROWS] = F::from_u64(salt[index]);
        }
        let Some(value) = value else { return digits };
        let rows = [TAG_ROW, KIND_ROW, ARGUMENT_ROW];
        rows.into_iter()
            .zip(value_elements(value))
            .for_each(|(row, element)| digits[row] = element);
        for (digit, &byte) in digits[CONTENT_ROW..].iter_mut().zip(value.content) {
            *digit = F::from_u8(byte);
        }
        digits
    }

    /// Fills what a slot shows about the place of its value.
    fn fill_document(
        &self,
        trace: &mut Trace,
        first: usize,
        value: Option<SlotValue<'_>>,
        position: ValuePosition,
    ) {
        for (row, position) in (position.content..).take(max_content_bytes(&self.class)).enumerate()
        {
            trace.set_u64(first + CONTENT_ROW + row, POSITION, position as u64);
        }
        let Some(value) = value else { return };
        for row in 0..value.content.len() {
            trace.set_u64(first + CONTENT_ROW + row, REMAINING, (value.content.len() - row) as u64);
        }
        trace.set(first + TAG_ROW, POSITION, F::from_bool(value.tag.is_some()));
        trace.set_u64(first + KIND_ROW, POSITION, position.tag.unwrap_or_default() as u64);
        for bit in 0..KIND_BITS {
            trace.set_u64(first + ARGUMENT_ROW + bit, POSITION, value.kind as u64 >> bit);
        }
    }
}

/// Fills the sums of a slot from its digits. The first sum of the next slot must be filled already.
fn fill_sums(trace: &mut Trace, first: usize, digits: &[F]) {
    for (row, &digit) in digits.iter().enumerate().rev() {
        let below = trace.get(first + row + 1, SUM);
        trace.set(first + row, SUM, digit + below * BASE);
    }
}

/// The factor with which the next row's sum counts in a row's sum.
const BASE: F = F::new(256);
/// The factor with which the sum behind an element counts in the sum on the element's first row.
const ELEMENT_BASE: F = F::new(1 << (8 * PACKED_BYTES));

impl Chip for ValuesChip {
    fn name(&self) -> &'static str {
        "values"
    }

    fn height(&self) -> usize {
        height(&self.class)
    }

    fn width(&self) -> usize {
        match self.mode {
            Mode::Credential => CREDENTIAL_COLUMNS,
            Mode::Presentation(_) => predicates::COLUMNS,
        }
    }

    fn fixed(&self) -> Vec<Vec<F>> {
        let (rows, max) = (slot_rows(&self.class), max_content_bytes(&self.class));
        let mut columns = vec![F::zero_vec(self.height()); fixed::COMMON_COLUMNS];
        columns[fixed::BEHIND][self.class.slots * rows..].fill(F::ONE);
        for slot in 0..self.class.slots {
            let first = slot * rows;
            let content = first + CONTENT_ROW;
            columns[fixed::STARTS][content] = F::ONE;
            columns[fixed::GOES_ON][content..content + max - 1].fill(F::ONE);
            for index in slot_offset::NAME..slot_offset::SALT {
                columns[fixed::NAME][first + index * ELEMENT_ROWS] = F::ONE;
            }
            columns[fixed::TAG][first + TAG_ROW] = F::ONE;
            for block in 0..slot_permutations(&self.class) {
                let permutation = slot * slot_permutations(&self.class) + block;
                columns[fixed::ABSORBED][first + block * BLOCK_ROWS] = F::ONE;
                columns[fixed::PERMUTATION][first + block * BLOCK_ROWS] =
                    F::from_usize(permutation);
            }
        }
        match &self.mode {
            Mode::Credential => self.extend_fixed(&mut columns),
            Mode::Presentation(predicates) => columns.extend(predicates.fixed(self.height())),
        }
        columns
    }

    fn public(&self) -> Vec<Vec<F>> {
        let mut columns = vec![F::zero_vec(self.height()); public::COMMON_COLUMNS];
        for (slot, name) in self.names.iter().enumerate() {
            let first = slot * slot_rows(&self.class);
            for (index, &element) in name.iter().enumerate() {
                columns[public::GIVEN][first + (slot_offset::NAME + index) * ELEMENT_ROWS] =
                    element;
            }
        }
        match &self.mode {
            Mode::Credential => {
                let mut in_use = F::zero_vec(self.height());
                (0..self.names.len())
                    .for_each(|slot| in_use[slot * slot_rows(&self.class) + ARGUMENT_ROW] = F::ONE);
                columns.push(in_use);
                debug_assert_eq!(columns.len(), public::CREDENTIAL_COLUMNS);
            }
            Mode::Presentation(predicates) => {
                predicates.set_given(&mut columns[public::GIVEN]);
                columns.extend(predicates.public(self.height()));
            }
        }
        columns
    }

    fn public_cells(&self) -> Vec<Vec<(usize, usize)>> {
        let mut cells = Vec::new();
        for first in (0..self.class.slots).map(|slot| slot * slot_rows(&self.class)) {
            let row = |element: usize| first + element * ELEMENT_ROWS;
            cells.extend(
                (slot_offset::NAME..slot_offset::SALT)
                    .map(|element| vec![(public::GIVEN, row(element))]),
            );
            match &self.mode {
                Mode::Credential => {
                    cells.push(vec![(public::COMMON_COLUMNS, first + ARGUMENT_ROW)])
                }
                Mode::Presentation(predicates) => cells.extend(predicates.public_cells(first)),
            }
        }
        cells
    }

    fn eval<B: ChipBuilder>(&self, b: &mut B) {
        let row = Row::read(b);
        row.eval_message(b);
        match self.mode {
            Mode::Credential => row.eval_document(b),
            Mode::Presentation(_) => predicates::eval(b, &row),
        }
    }
}

impl ValuesChip {
    /// The fixed columns of a credential proof, behind the common ones.
    fn extend_fixed(&self, columns: &mut Vec<Vec<F>>) {
        let (rows, max) = (slot_rows(&self.class), max_content_bytes(&self.class));
        columns.resize(fixed::CREDENTIAL_COLUMNS, F::zero_vec(self.height()));
        for slot in 0..self.class.slots {
            let first = slot * rows;
            let content = first + CONTENT_ROW;
            columns[fixed::CONTENT][content..content + max].fill(F::ONE);
            columns[fixed::BYTES][content..first + rows].fill(F::ONE);
            columns[fixed::KIND][first + KIND_ROW] = F::ONE;
            columns[fixed::ARGUMENT][first + ARGUMENT_ROW] = F::ONE;
            columns[fixed::KIND_BITS][first + ARGUMENT_ROW..][..KIND_BITS].fill(F::ONE);
            columns[fixed::KIND_END][first + ARGUMENT_ROW + KIND_BITS] = F::ONE;
            for row in [TAG_ROW, ARGUMENT_ROW] {
                columns[fixed::FIELD][first + row] = F::from_u64(field::value_sort(slot, 0));
            }
        }
    }
}

/// What both proofs need from a row.
struct Row<E> {
    /// The row's digit, which is a byte on rows of content.
    byte: E,
    /// The element that begins on this row, and the elements that begin after it, seven rows apart.
    elements: [E; RATE],
    goes_on: E,
    given: E,
}

impl<E: Algebra<F> + Clone> Row<E> {
    fn read<B: ChipBuilder<Expr = E>>(b: &B) -> Self {
        let sum = |element: usize| b.main(SUM, (element * ELEMENT_ROWS) as i32);
        Self {
            byte: sum(0) - b.main(SUM, 1) * BASE,
            elements: std::array::from_fn(|element| sum(element) - sum(element + 1) * ELEMENT_BASE),
            goes_on: b.fixed(fixed::GOES_ON, 0),
            given: b.public(public::GIVEN),
        }
    }

    /// The message has the slot's name, and is absorbed.
    fn eval_message<B: ChipBuilder<Expr = E>>(&self, b: &mut B) {
        let [element, ..] = &self.elements;
        b.assert_zero("name", b.fixed(fixed::NAME, 0) * (element.clone() - self.given.clone()));
        b.assert_zero("ends", b.fixed(fixed::BEHIND, 0) * b.main(SUM, 0));
        let permutation = b.fixed(fixed::PERMUTATION, 0);
        let block = std::iter::once(permutation).chain(self.elements.iter().cloned()).collect();
        let absorbed = b.fixed(fixed::ABSORBED, 0);
        b.send(ABSORB, block, absorbed);
    }

    /// The value is the one that the document holds.
    fn eval_document<B: ChipBuilder<Expr = E>>(&self, b: &mut B) {
        self.eval_content(b);
        self.eval_kind(b);
        self.find(b);
    }

    fn eval_content<B: ChipBuilder<Expr = E>>(&self, b: &mut B) {
        let remaining = [0, 1, 2].map(|offset| b.main(REMAINING, offset));
        let [in_content, next] =
            [0, 1].map(|row| remaining[row].clone() - remaining[row + 1].clone());
        let (content, outside) = (b.fixed(fixed::CONTENT, 0), E::ONE - in_content.clone());
        b.assert_zero("in content", content.clone() * in_content.bool_check());
        b.assert_zero("falls", content.clone() * outside.clone() * next);
        b.assert_zero("zero after end", b.fixed(fixed::BYTES, 0) * outside * self.byte.clone());
        b.assert_zero("remaining", (E::ONE - content.clone()) * remaining[0].clone());

        let position = b.main(POSITION, 0);
        let counted = b.main(POSITION, 1) - position.clone() - E::ONE;
        b.assert_zero("position", self.goes_on.clone() * counted);
        b.lookup(BYTES, vec![position, E::ONE, self.byte.clone()], content * in_content);
    }

    /// Checks tag, kind and argument, each on its row.
    fn eval_kind<B: ChipBuilder<Expr = E>>(&self, b: &mut B) {
        let [element, ..] = &self.elements;
        let [beside, below] = [0, 1].map(|offset| b.main(POSITION, offset));
        let (tag, kind) = (b.fixed(fixed::TAG, 0), b.fixed(fixed::KIND, 0));
        b.assert_zero("tag found", tag.clone() * beside.bool_check());
        b.assert_zero("no tag", tag * (E::ONE - beside.clone()) * element.clone());
        b.assert_zero("kind", kind * (element.clone() - b.main(POSITION, ELEMENT_ROWS as i32)));

        let bit = beside.clone() - below.double();
        b.assert_zero("kind bits", b.fixed(fixed::KIND_BITS, 0) * bit.bool_check());
        b.assert_zero("kind ends", b.fixed(fixed::KIND_END, 0) * beside);
        let length = b.main(REMAINING, ELEMENT_ROWS as i32);
        b.assert_zero("length", b.fixed(fixed::ARGUMENT, 0) * (length - bit * element.clone()));
    }

    /// Receives what the CBOR chip has found, and sends what the text chip must show.
    fn find<B: ChipBuilder<Expr = E>>(&self, b: &mut B) {
        let [element, ..] = &self.elements;
        let (tag, argument) = (b.fixed(fixed::TAG, 0), b.fixed(fixed::ARGUMENT, 0));
        let (field, position) = (b.fixed(fixed::FIELD, 0), b.main(POSITION, ELEMENT_ROWS as i32));
        let sorts = |sort: u64| F::from_u64(field::SORTS * sort);

        let (kind, is_date_time) = (b.main(POSITION, 0), b.main(POSITION, KIND_BITS as i32 - 1));
        let found = kind.clone() - is_date_time.clone() * F::from_u8(1 << (KIND_BITS - 1));
        let number = field.clone() + found * sorts(1);
        b.receive(FIELD, vec![number, position.clone(), element.clone()], b.public(public::IN_USE));

        let sort =
            tag.clone() * sorts(field::TAG_SORT) + argument.clone() * sorts(field::DATE_TIME_SORT);
        let shown = argument * is_date_time - tag.clone() * kind;
        b.send(FIELD, vec![field + sort, position, element.clone() - tag], shown);
    }
}
