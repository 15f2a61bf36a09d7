//! The values of the slots: one byte a row, packed into the messages of the slots' digests.
//!
//! A slot takes seven rows an element of its message, in the message's order ([`slot_offset`]). Row `j` of the seven has digit
//! `j` of the element in base 256, the least significant first; digits of the content's elements are its bytes. Column `SUM` holds
//! each row's digit plus 256 times the next row's sum, with no end at an element's end. So a digit is one row's sum less
//! 256 times the next one's, an element is a row's sum less `2^56` times that of seven rows below, and both are linear in
//! cells at fixed distances. Elements that are not of the content have one digit, which is no byte, on their first row; the
//! other six rows are free for what `predicates` compares.
//!
//! | element | its source |
//! |---|---|
//! | name digest | public |
//! | salt | free |
//! | tag, kind, argument | what the CBOR table found, and the text table of a date and time |
//! | packed content, padding of the message | bytes of the content, zero after its end |
//!
//! In the credential proof the bytes are those of the document, from where the CBOR table found the slot's `elementValue`, and all of
//! the message is shown to be laid out as the record has it. The presentation proof opens the same commitment, so that it shows the
//! names and the predicates alone (`predicates`).
//!
//! # Soundness
//!
//! | cell | fixed by |
//! |---|---|
//! | sum | `ends`: zero behind the slots, so that digits fix sums. Digits of content: BYTES in the credential proof, and zero by `zero after end`, so each is below 2^8 and equal elements are equal bytes. First digits of other elements: `name`, `kind`, and FIELD, which holds argument and tag; the salt's are free, it is the prover's randomness. Other digits of these: unused, but for `predicates` |
//! | remaining (credential) | `remaining`: zero on rows that can hold no byte of content. A row is in the content if it has one more than the next: `in content` says one or none, `falls` that no row is after one that is not, `length` that there are as many as the argument says where the kind has content, else none |
//! | position (credential) | `position`: counts up over the content; the first row's is received from FIELD with the argument, once a slot in use, under the number of the kind |
//! | beside the tag (credential), whether there is one | `tag found`: a flag. `no tag`: without it the tag's element is zero; with it, the tag is received from FIELD, which holds one of each tagged scalar |
//! | beside the kind (credential), position behind the tag | FIELD |
//! | beside the argument (credential), the kind and what is left of it without its lowest 1, 2 and 3 bits | `kind bits`, `kind ends`: a number of four bits, which `kind` says is the kind's element. So its number on FIELD is one of the slot's own; the highest bit, a date and time, does not count there |
//!
//! Of a date and time the values chip sends position and argument on to the text chip, which shows the form of the text. A kind of which
//! the CBOR chip finds nothing has nothing to receive.
//!
//! ABSORB takes each element of the message once, by fixed columns. In a slot not in use nothing is received from FIELD, so what its
//! message holds is free, but the record holds zero in place of its digest, and no predicate is on it.

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

/// Credential proof: bytes of the content from this row on.
const REMAINING: usize = COMMON_COLUMNS;
/// Credential proof: position of the byte in the document. Above: what is beside tag, kind and argument.
const POSITION: usize = REMAINING + 1;
const CREDENTIAL_COLUMNS: usize = POSITION + 1;

/// Rows of an element.
const ELEMENT_ROWS: usize = PACKED_BYTES;
/// Rows of the elements that one permutation absorbs.
const BLOCK_ROWS: usize = RATE * ELEMENT_ROWS;
/// Row of a slot with the element of its value's tag.
const TAG_ROW: usize = slot_offset::TAG * ELEMENT_ROWS;
/// Row of a slot with the element of its value's kind.
const KIND_ROW: usize = slot_offset::KIND * ELEMENT_ROWS;
/// Row of a slot with the element of its value's argument.
const ARGUMENT_ROW: usize = slot_offset::ARGUMENT * ELEMENT_ROWS;
/// First row of a slot that holds a byte of content.
const CONTENT_ROW: usize = slot_offset::CONTENT * ELEMENT_ROWS;

/// Bits of a kind. The highest is that of a date and time.
const KIND_BITS: usize = 4;
const _: () =
    assert!(ValueKind::DateTime as usize == ValueKind::Text as usize | 1 << (KIND_BITS - 1));

/// Fixed columns.
mod fixed {
    /// Behind the slots.
    pub(super) const BEHIND: usize = 0;
    /// On the first row of a slot's content.
    pub(super) const STARTS: usize = 1;
    /// On all rows that can hold a byte of content but the last in a slot.
    pub(super) const GOES_ON: usize = 2;
    /// On the first rows of the name digest's elements.
    pub(super) const NAME: usize = 3;
    /// On the row of the tag.
    pub(super) const TAG: usize = 4;
    /// On the first row of each block that a permutation absorbs.
    pub(super) const ABSORBED: usize = 5;
    /// That permutation.
    pub(super) const PERMUTATION: usize = 6;
    pub(super) const COMMON_COLUMNS: usize = 7;

    /// Credential proof: on every row that can hold a byte of content.
    pub(super) const CONTENT: usize = COMMON_COLUMNS;
    /// Credential proof: on these and on those of the message's padding.
    pub(super) const BYTES: usize = CONTENT + 1;
    /// Credential proof: on the row of the kind.
    pub(super) const KIND: usize = BYTES + 1;
    /// Credential proof: on the row of the argument.
    pub(super) const ARGUMENT: usize = KIND + 1;
    /// Credential proof: on the rows of the kind's bits.
    pub(super) const KIND_BITS: usize = ARGUMENT + 1;
    /// Credential proof: behind these.
    pub(super) const KIND_END: usize = KIND_BITS + 1;
    /// Credential proof: the slot's number on FIELD of sort 0, on the rows of tag and argument.
    pub(super) const FIELD: usize = KIND_END + 1;
    pub(super) const CREDENTIAL_COLUMNS: usize = FIELD + 1;
}

/// Public columns.
mod public {
    /// The slot's name digest on the rows of its elements. In the presentation proof also the elements asked for, and bounds of dates.
    pub(super) const GIVEN: usize = 0;
    pub(super) const COMMON_COLUMNS: usize = 1;

    /// Credential proof: on the row of the argument of a slot in use.
    pub(super) const IN_USE: usize = COMMON_COLUMNS;
    pub(super) const CREDENTIAL_COLUMNS: usize = IN_USE + 1;
}

/// Rows of a slot.
const fn slot_rows(class: &SizeClass) -> usize {
    slot_permutations(class) * BLOCK_ROWS
}

/// Rows of this table, and of those of the record and of its permutations, which take no more. The sums end on a row behind the slots.
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
        // A slot's first sum is part of the sums of the slot before.
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

    /// The digits of a slot's message, without what `predicates` compares.
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

    /// Fills what a slot shows of where its value is.
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
    /// The fixed columns of a credential proof after the common ones.
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

/// What both proofs need of a row.
struct Row<E> {
    /// Its digit: on rows of content, a byte.
    byte: E,
    /// The element that begins on the row and those that begin after it, each seven rows further.
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

    /// The message is of the slot's name, and is absorbed.
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

    /// Tag, kind and argument, each on its row.
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

    /// What the CBOR chip has found, and what the text chip is to show.
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
