//! The values of the slots: one byte a row, packed into the messages of the slots' digests.
//!
//! A slot takes seven rows an element of its message, in the message's order ([`slot_offset`]). Row `j` of the seven has digit
//! `j` of the element in base 256, the least significant first; digits of the value's elements are its bytes. Column `SUM` holds
//! each row's digit plus 256 times the next row's sum, with no end at an element's end. So a digit is one row's sum less
//! 256 times the next one's, an element is a row's sum less `2^56` times that of seven rows below, and both are linear in
//! cells at fixed distances. Elements that are not of the value have one digit, which is no byte, on their first row; the
//! other six rows are free for what `predicates` compares.
//!
//! | element | its source |
//! |---|---|
//! | length | the bytes of the value |
//! | name digest | public |
//! | salt | free |
//! | packed value, padding of the message | bytes of the value, zero after its end |
//!
//! In the credential proof the bytes are those of the document, from where the CBOR table found the slot's `elementValue`.
//! In the presentation proof they are what the record's commitment binds, and the predicates are shown of them
//! (`predicates`).
//!
//! # Soundness
//!
//! | cell | fixed by |
//! |---|---|
//! | remaining | `remaining`: zero on rows that can hold no byte of a value. A row is in the value if it has one more than the next: `in value` says one or none, `falls` that no row is after one that is not, `starts in use` that the first is exactly in a slot in use |
//! | sum | `ends`: zero behind the slots, so that digits fix sums. Digits of values: BYTES in the credential proof and RANGE in the presentation proof, and zero by `zero after end`, so each is below 2^8 and equal elements are equal bytes. First digits of other elements: `length`, `name`; the salt's are free, it is the prover's randomness. Other digits of these: unused, but for `predicates` |
//! | position (credential) | `position`: counts up; the first row's and the length are received from FIELD, once a slot in use |
//!
//! ABSORB takes each element of the message once, by fixed columns. A slot not in use holds nothing, its name is zero, no predicate
//! is on it, and the record holds zero in place of its digest.

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
    Positions, RecordError, check_count, check_subject, max_value_bytes, name_digest, slot_offset,
    slot_permutations,
};
use crate::statement::{
    CredentialStatement, DIGEST_ELEMENTS, Digest, PresentationStatement, RecordOpening, Subject,
};

/// The row's digit plus 256 times the sum of the next row.
const SUM: usize = 0;
/// Bytes of the value from this row on.
const REMAINING: usize = 1;
const COMMON_COLUMNS: usize = 2;

/// Credential proof: position of the byte in the document.
const POSITION: usize = COMMON_COLUMNS;
const CREDENTIAL_COLUMNS: usize = POSITION + 1;

/// Rows of an element.
const ELEMENT_ROWS: usize = PACKED_BYTES;
/// Rows of the elements that one permutation absorbs.
const BLOCK_ROWS: usize = RATE * ELEMENT_ROWS;
/// First row of a slot that holds a byte of its value.
const VALUE_ROW: usize = slot_offset::VALUE * ELEMENT_ROWS;

/// Fixed columns.
mod fixed {
    /// Behind the slots.
    pub(super) const BEHIND: usize = 0;
    /// On every row that can hold a byte of a value.
    pub(super) const VALUE: usize = 1;
    /// On the first of these in a slot.
    pub(super) const STARTS: usize = 2;
    /// On all of these but the last in a slot.
    pub(super) const GOES_ON: usize = 3;
    /// On these and on those of the message's padding.
    pub(super) const BYTES: usize = 4;
    /// On the row of the length.
    pub(super) const LENGTH: usize = 5;
    /// On the first rows of the name digest's elements.
    pub(super) const NAME: usize = 6;
    /// On the first row of each block that a permutation absorbs.
    pub(super) const ABSORBED: usize = 7;
    /// That permutation.
    pub(super) const PERMUTATION: usize = 8;
    pub(super) const COMMON_COLUMNS: usize = 9;

    /// Credential proof: number of the slot's FIELD.
    pub(super) const FIELD: usize = COMMON_COLUMNS;
}

/// Public columns.
mod public {
    /// On the first row of the value of a slot in use.
    pub(super) const IN_USE: usize = 0;
    /// The slot's name digest on the rows of its elements. In the presentation proof also bounds of dates.
    pub(super) const GIVEN: usize = 1;
    pub(super) const COMMON_COLUMNS: usize = 2;
}

/// Rows of a slot.
const fn slot_rows(class: &SizeClass) -> usize {
    slot_permutations(class) * BLOCK_ROWS
}

/// Rows of this table, and of those of the record and of its permutations, which take no more.
pub(super) const fn height(class: &SizeClass) -> usize {
    (class.slots * slot_rows(class) + RESERVED_ROWS).next_power_of_two()
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
    /// When the subject has no elements or too many.
    pub(crate) fn credential(statement: &CredentialStatement) -> Result<Self, RecordError> {
        Self::new(&statement.subject, Mode::Credential)
    }

    /// The table of a presentation proof.
    ///
    /// # Errors
    ///
    /// When elements or predicates do not fit the class.
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

    /// The values and slot salts of `opening`. `positions` are where the values are in the document: needed in a
    /// credential proof only.
    ///
    /// # Errors
    ///
    /// When the opening has more slots than the class or a value is longer than a slot.
    pub(crate) fn trace(
        &self,
        opening: &RecordOpening,
        positions: Option<&Positions>,
    ) -> Result<Trace, RecordError> {
        check_count("salts", opening.salts.slots.len(), self.class.slots)?;
        check_count("values", opening.values.len(), self.names.len())?;
        let mut trace = Trace::zeroed(self.height(), self.width());
        let max = max_value_bytes(&self.class);
        // A slot's first sum is part of the sums of the slot before.
        for (slot, salt) in opening.salts.slots.iter().enumerate().rev() {
            let value = opening.values.get(slot).map_or(&[][..], Vec::as_slice);
            if value.len() > max {
                return Err(RecordError::ValueLength { slot, bytes: value.len(), max });
            }
            let first = slot * slot_rows(&self.class);
            for row in 0..value.len() {
                trace.set_u64(first + VALUE_ROW + row, REMAINING, (value.len() - row) as u64);
            }
            let mut digits = self.digits(slot, value, salt);
            match &self.mode {
                Mode::Credential => {
                    let position = positions.and_then(|positions| positions.values.get(slot)).copied();
                    let positions = (position.unwrap_or(0)..).take(max);
                    for (row, position) in positions.enumerate() {
                        trace.set_u64(first + VALUE_ROW + row, POSITION, position as u64);
                    }
                }
                Mode::Presentation(predicates) => {
                    predicates.fill(&mut trace, slot, value);
                    predicates.set_compared(&trace, slot, &mut digits);
                }
            }
            fill_sums(&mut trace, first, &digits);
        }
        Ok(trace)
    }

    /// The digits of a slot's message, without what `predicates` compares.
    fn digits(&self, slot: usize, value: &[u8], salt: &[u64; DIGEST_ELEMENTS]) -> Vec<F> {
        let mut digits = F::zero_vec(slot_rows(&self.class));
        digits[slot_offset::LENGTH * ELEMENT_ROWS] = F::from_usize(value.len());
        let name = self.names.get(slot).copied().unwrap_or_default();
        for index in 0..DIGEST_ELEMENTS {
            digits[(slot_offset::NAME + index) * ELEMENT_ROWS] = name[index];
            digits[(slot_offset::SALT + index) * ELEMENT_ROWS] = F::from_u64(salt[index]);
        }
        for (digit, &byte) in digits[VALUE_ROW..].iter_mut().zip(value) {
            *digit = F::from_u8(byte);
        }
        digits
    }
}

/// Fills the sums of a slot from its digits; the first sum of the next slot stands.
fn fill_sums(trace: &mut Trace, first: usize, digits: &[F]) {
    for (row, &digit) in digits.iter().enumerate().rev() {
        let below = trace.get(first + row + 1, SUM);
        trace.set(first + row, SUM, digit + below * BASE);
    }
}

/// What a digit is to the next.
const BASE: F = F::new(256);
/// What an element's end is to it.
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
        let (rows, max) = (slot_rows(&self.class), max_value_bytes(&self.class));
        let mut columns = vec![F::zero_vec(self.height()); fixed::COMMON_COLUMNS];
        columns[fixed::BEHIND][self.class.slots * rows..].fill(F::ONE);
        for slot in 0..self.class.slots {
            let first = slot * rows;
            let value = first + VALUE_ROW;
            columns[fixed::VALUE][value..value + max].fill(F::ONE);
            columns[fixed::STARTS][value] = F::ONE;
            columns[fixed::GOES_ON][value..value + max - 1].fill(F::ONE);
            columns[fixed::BYTES][value..first + rows].fill(F::ONE);
            columns[fixed::LENGTH][first + slot_offset::LENGTH * ELEMENT_ROWS] = F::ONE;
            for index in slot_offset::NAME..slot_offset::SALT {
                columns[fixed::NAME][first + index * ELEMENT_ROWS] = F::ONE;
            }
            for block in 0..slot_permutations(&self.class) {
                let permutation = slot * slot_permutations(&self.class) + block;
                columns[fixed::ABSORBED][first + block * BLOCK_ROWS] = F::ONE;
                columns[fixed::PERMUTATION][first + block * BLOCK_ROWS] = F::from_usize(permutation);
            }
        }
        match &self.mode {
            Mode::Credential => columns.push(self.field_numbers()),
            Mode::Presentation(predicates) => columns.extend(predicates.fixed(self.height())),
        }
        columns
    }

    fn public(&self) -> Vec<Vec<F>> {
        let mut columns = vec![F::zero_vec(self.height()); public::COMMON_COLUMNS];
        for (slot, name) in self.names.iter().enumerate() {
            let first = slot * slot_rows(&self.class);
            columns[public::IN_USE][first + VALUE_ROW] = F::ONE;
            for (index, &element) in name.iter().enumerate() {
                columns[public::GIVEN][first + (slot_offset::NAME + index) * ELEMENT_ROWS] = element;
            }
        }
        if let Mode::Presentation(predicates) = &self.mode {
            predicates.set_bounds(&mut columns[public::GIVEN]);
            columns.extend(predicates.public(self.height()));
        }
        columns
    }

    fn eval<B: ChipBuilder>(&self, b: &mut B) {
        let row = Row::read(b);
        row.eval_value(b);
        row.send_message(b);
        match self.mode {
            Mode::Credential => row.eval_document(b),
            Mode::Presentation(_) => predicates::eval(b, &row),
        }
    }
}

impl ValuesChip {
    /// The number of each slot's FIELD, on the first row of its value.
    fn field_numbers(&self) -> Vec<F> {
        let mut column = F::zero_vec(self.height());
        for slot in 0..self.class.slots {
            column[slot * slot_rows(&self.class) + VALUE_ROW] = F::from_u64(field::element_value(slot));
        }
        column
    }
}

/// What both proofs need of a row.
struct Row<E> {
    /// Its digit: on rows of the value, a byte.
    byte: E,
    /// Whether the row is in the value, and whether the next one is.
    in_value: [E; 2],
    remaining: E,
    /// The element that begins on the row and those that begin after it, each seven rows further.
    elements: [E; RATE],
    value: E,
    starts: E,
    goes_on: E,
    in_use: E,
    given: E,
}

impl<E: Algebra<F> + Clone> Row<E> {
    fn read<B: ChipBuilder<Expr = E>>(b: &B) -> Self {
        let remaining = [0, 1, 2].map(|offset| b.main(REMAINING, offset));
        let sum = |element: usize| b.main(SUM, (element * ELEMENT_ROWS) as i32);
        Self {
            byte: sum(0) - b.main(SUM, 1) * BASE,
            in_value: [0, 1].map(|row| remaining[row].clone() - remaining[row + 1].clone()),
            remaining: remaining[0].clone(),
            elements: std::array::from_fn(|element| sum(element) - sum(element + 1) * ELEMENT_BASE),
            value: b.fixed(fixed::VALUE, 0),
            starts: b.fixed(fixed::STARTS, 0),
            goes_on: b.fixed(fixed::GOES_ON, 0),
            in_use: b.public(public::IN_USE),
            given: b.public(public::GIVEN),
        }
    }

    fn eval_value<B: ChipBuilder<Expr = E>>(&self, b: &mut B) {
        let [in_value, in_value_next] = &self.in_value;
        let outside = E::ONE - in_value.clone();
        let value = self.value.clone();
        b.assert_zero("in value", value.clone() * in_value.bool_check());
        b.assert_zero("starts in use", self.starts.clone() * (in_value.clone() - self.in_use.clone()));
        b.assert_zero("falls", value.clone() * outside.clone() * in_value_next.clone());
        b.assert_zero("zero after end", b.fixed(fixed::BYTES, 0) * outside * self.byte.clone());
        b.assert_zero("remaining", (E::ONE - value) * self.remaining.clone());

        let length = b.main(REMAINING, VALUE_ROW as i32);
        let [element, ..] = &self.elements;
        b.assert_zero("length", b.fixed(fixed::LENGTH, 0) * (element.clone() - length));
        b.assert_zero("name", b.fixed(fixed::NAME, 0) * (element.clone() - self.given.clone()));
        b.assert_zero("ends", b.fixed(fixed::BEHIND, 0) * b.main(SUM, 0));
    }

    fn send_message<B: ChipBuilder<Expr = E>>(&self, b: &mut B) {
        let permutation = b.fixed(fixed::PERMUTATION, 0);
        let block = std::iter::once(permutation).chain(self.elements.iter().cloned()).collect();
        let absorbed = b.fixed(fixed::ABSORBED, 0);
        b.send(ABSORB, block, absorbed);
    }

    fn eval_document<B: ChipBuilder<Expr = E>>(&self, b: &mut B) {
        let position = b.main(POSITION, 0);
        let counted = b.main(POSITION, 1) - position.clone() - E::ONE;
        b.assert_zero("position", self.goes_on.clone() * counted);
        let found = vec![b.fixed(fixed::FIELD, 0), position.clone(), self.remaining.clone()];
        b.receive(FIELD, found, self.in_use.clone());
        let in_value = self.value.clone() * self.in_value[0].clone();
        b.lookup(BYTES, vec![position, E::ONE, self.byte.clone()], in_value);
    }
}
