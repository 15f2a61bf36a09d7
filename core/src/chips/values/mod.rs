//! The values of the slots: one byte a row, packed into the messages of the slots' digests.
//!
//! A slot takes seven rows an element of its packed value: row `j` of a slot is byte `j`. The table sends the whole message
//! of the slot's digest to the Poseidon2 table, one element a row:
//!
//! | row of the slot | element sent |
//! |---|---|
//! | 0, 7, 14, ... | packed value |
//! | 1 | length |
//! | 2 to 5 | name digest, public |
//! | 6, 8, 9, 10 | salt |
//! | 11 on | zero padding of the message, where it has any |
//!
//! In the credential proof the bytes are those of the document, from where the CBOR table found the slot's `elementValue`.
//! In the presentation proof they are what the record's commitment binds, and the predicates are shown of them
//! (`predicates`).
//!
//! # Soundness
//!
//! | cell | fixed by |
//! |---|---|
//! | in value | `in value`, `falls`: 1 up to some row of the slot, then 0; `starts in use`: 1 on the first row exactly in a slot in use |
//! | byte | credential: BYTE while in the value. Presentation: RANGE. Both: `zero after end` |
//! | remaining | `remaining`: number of bytes of the value from this row on, so the length on the first row |
//! | packed | `packed`: the bytes up to the end of the group, below 2^56 because each byte is below 2^8; so equal elements are equal bytes |
//! | salt | rows 6, 8, 9, 10: free, it is the prover's randomness. Elsewhere unused, but for `predicates` |
//! | position (credential) | `position`: counts up; the first row's and the length are received from FIELD, once a slot in use |
//!
//! The message's length and value are those of the same rows that the predicates and BYTE see. A slot not in use holds
//! nothing, its name is zero, no predicate is on it, and the record holds zero in place of its digest.

mod predicates;
#[cfg(test)]
mod tests;

use p3_field::{Algebra, PrimeCharacteristicRing};

use crate::air::{Chip, ChipBuilder, RESERVED_ROWS, Trace};
use crate::chips::buses::{ABSORB, BYTE, FIELD, field};
use crate::class::SizeClass;
use crate::field::F;
use crate::poseidon2::{PACKED_BYTES, RATE};
use crate::record::{
    Positions, RecordError, check_count, check_subject, max_value_bytes, name_digest, slot_elements,
    slot_offset, slot_permutations,
};
use crate::statement::{
    CredentialStatement, DIGEST_ELEMENTS, Digest, PresentationStatement, RecordOpening, Subject,
};
use predicates::Predicates;

/// The byte, zero after the value's end.
const VALUE_BYTE: usize = 0;
/// Whether the row is in the value.
const IN_VALUE: usize = 1;
/// Bytes of the value from this row on.
const REMAINING: usize = 2;
/// This byte and those after it in its group of seven, the first the least significant.
const PACKED: usize = 3;
/// The salt on the rows that send it.
const SALT: usize = 4;
const COMMON_COLUMNS: usize = 5;

/// Credential proof: position of the byte in the document.
const POSITION: usize = COMMON_COLUMNS;
const CREDENTIAL_COLUMNS: usize = POSITION + 1;

/// Row of a slot that sends the length.
const LENGTH_ROW: usize = 1;
/// First row of a slot that sends its name digest.
const NAME_ROW: usize = 2;
/// Rows of a slot that send its salt.
const SALT_ROWS: [usize; DIGEST_ELEMENTS] = [6, 8, 9, 10];
/// First row of a slot that sends padding; seven elements at most, on the rows that send nothing else.
const PADDING_ROW: usize = 11;

/// Fixed columns.
mod fixed {
    /// On every row of a slot.
    pub(super) const ACTIVE: usize = 0;
    /// On the first row of a slot.
    pub(super) const STARTS: usize = 1;
    /// On every row of a slot but the last.
    pub(super) const GOES_ON: usize = 2;
    /// On every row of a group of seven but the last.
    pub(super) const GROUP_GOES_ON: usize = 3;
    /// Whether the row sends an element, of any kind.
    pub(super) const SENDS: usize = 4;
    pub(super) const SENDS_PACKED: usize = 5;
    pub(super) const SENDS_LENGTH: usize = 6;
    pub(super) const SENDS_NAME: usize = 7;
    pub(super) const SENDS_SALT: usize = 8;
    /// Permutation that absorbs the element sent.
    pub(super) const PERMUTATION: usize = 9;
    /// Lane that absorbs the element sent.
    pub(super) const LANE: usize = 10;
    pub(super) const COMMON_COLUMNS: usize = 11;

    /// Credential proof: number of the slot's FIELD.
    pub(super) const FIELD: usize = COMMON_COLUMNS;
}

/// Public columns.
mod public {
    /// Whether the slot is in use.
    pub(super) const IN_USE: usize = 0;
    /// The slot's name digest on the rows that send it. In the presentation proof also bounds of dates.
    pub(super) const GIVEN: usize = 1;
    pub(super) const COMMON_COLUMNS: usize = 2;
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
    pub fn credential(statement: &CredentialStatement) -> Result<Self, RecordError> {
        Self::new(&statement.subject, Mode::Credential)
    }

    /// The table of a presentation proof.
    ///
    /// # Errors
    ///
    /// When elements or predicates do not fit the class.
    pub fn presentation(statement: &PresentationStatement) -> Result<Self, RecordError> {
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
    pub fn trace(
        &self,
        opening: &RecordOpening,
        positions: Option<&Positions>,
    ) -> Result<Trace, RecordError> {
        check_count("salts", opening.salts.slots.len(), self.class.slots)?;
        check_count("values", opening.values.len(), self.names.len())?;
        let mut trace = Trace::zeroed(self.height(), self.width());
        let max = max_value_bytes(&self.class);
        for (slot, salt) in opening.salts.slots.iter().enumerate() {
            let value = opening.values.get(slot).map_or(&[][..], Vec::as_slice);
            if value.len() > max {
                return Err(RecordError::ValueLength { slot, bytes: value.len(), max });
            }
            self.fill_value(&mut trace, slot, value);
            for (row, &element) in SALT_ROWS.iter().zip(salt) {
                trace.set_u64(slot * max + row, SALT, element);
            }
            match &self.mode {
                Mode::Credential => {
                    let position = positions.and_then(|positions| positions.values.get(slot)).copied();
                    (0..max).for_each(|row| {
                        trace.set_u64(slot * max + row, POSITION, (position.unwrap_or(0) + row) as u64)
                    });
                }
                Mode::Presentation(predicates) => predicates.fill(&mut trace, slot, value),
            }
        }
        Ok(trace)
    }

    fn fill_value(&self, trace: &mut Trace, slot: usize, value: &[u8]) {
        let rows = max_value_bytes(&self.class);
        let mut packed = 0;
        for row in (0..rows).rev() {
            let byte = value.get(row).copied().unwrap_or(0);
            let follows = if (row + 1).is_multiple_of(PACKED_BYTES) { 0 } else { packed };
            packed = u64::from(byte) + 256 * follows;
            let cells = trace.row_mut(slot * rows + row);
            cells[VALUE_BYTE] = F::from_u8(byte);
            cells[IN_VALUE] = F::from_bool(row < value.len());
            cells[REMAINING] = F::from_usize(value.len().saturating_sub(row));
            cells[PACKED] = F::from_u64(packed);
        }
    }
}

/// What a row of a slot sends.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Sent {
    Packed,
    Length,
    Name,
    Salt,
    Padding,
}

/// Each element of a slot's message: the row that sends it, what it is, its index in the message.
fn message_rows(class: &SizeClass) -> Vec<(usize, Sent, usize)> {
    let mut rows = vec![(LENGTH_ROW, Sent::Length, slot_offset::LENGTH)];
    for (element, salt_row) in SALT_ROWS.into_iter().enumerate() {
        rows.push((NAME_ROW + element, Sent::Name, slot_offset::NAME + element));
        rows.push((salt_row, Sent::Salt, slot_offset::SALT + element));
    }
    let packed = (slot_offset::VALUE..slot_elements(class)).enumerate();
    rows.extend(packed.map(|(group, index)| (group * PACKED_BYTES, Sent::Packed, index)));
    let idle = (PADDING_ROW..max_value_bytes(class)).filter(|row| !row.is_multiple_of(PACKED_BYTES));
    let padding = slot_elements(class)..slot_permutations(class) * RATE;
    rows.extend(idle.zip(padding).map(|(row, index)| (row, Sent::Padding, index)));
    rows
}

impl Chip for ValuesChip {
    fn name(&self) -> &'static str {
        "values"
    }

    fn height(&self) -> usize {
        (self.class.slots * max_value_bytes(&self.class) + RESERVED_ROWS).next_power_of_two()
    }

    fn width(&self) -> usize {
        match self.mode {
            Mode::Credential => CREDENTIAL_COLUMNS,
            Mode::Presentation(_) => predicates::COLUMNS,
        }
    }

    fn fixed(&self) -> Vec<Vec<F>> {
        let rows = max_value_bytes(&self.class);
        let mut columns = vec![F::zero_vec(self.height()); fixed::COMMON_COLUMNS];
        for slot in 0..self.class.slots {
            let mut set = |column: usize, row: usize, value: usize| {
                columns[column][slot * rows + row] = F::from_usize(value);
            };
            set(fixed::STARTS, 0, 1);
            for row in 0..rows {
                set(fixed::ACTIVE, row, 1);
                set(fixed::GOES_ON, row, usize::from(row + 1 < rows));
                set(fixed::GROUP_GOES_ON, row, usize::from(!(row + 1).is_multiple_of(PACKED_BYTES)));
            }
            for (row, sent, index) in message_rows(&self.class) {
                set(fixed::SENDS, row, 1);
                set(fixed::PERMUTATION, row, slot * slot_permutations(&self.class) + index / RATE);
                set(fixed::LANE, row, index % RATE);
                match sent {
                    Sent::Packed => set(fixed::SENDS_PACKED, row, 1),
                    Sent::Length => set(fixed::SENDS_LENGTH, row, 1),
                    Sent::Name => set(fixed::SENDS_NAME, row, 1),
                    Sent::Salt => set(fixed::SENDS_SALT, row, 1),
                    Sent::Padding => {}
                }
            }
        }
        match &self.mode {
            Mode::Credential => columns.push(self.field_numbers()),
            Mode::Presentation(predicates) => columns.extend(predicates.fixed(self.height())),
        }
        columns
    }

    fn public(&self) -> Vec<Vec<F>> {
        let rows = max_value_bytes(&self.class);
        let mut columns = vec![F::zero_vec(self.height()); public::COMMON_COLUMNS];
        for (slot, name) in self.names.iter().enumerate() {
            columns[public::IN_USE][slot * rows..(slot + 1) * rows].fill(F::ONE);
            columns[public::GIVEN][slot * rows + NAME_ROW..][..DIGEST_ELEMENTS].copy_from_slice(name);
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
    fn field_numbers(&self) -> Vec<F> {
        let rows = max_value_bytes(&self.class);
        let number =
            |row: usize| if row < self.class.slots * rows { field::element_value(row / rows) } else { 0 };
        (0..self.height()).map(|row| F::from_u64(number(row))).collect()
    }
}

/// The cells that both proofs have.
struct Row<E> {
    byte: E,
    in_value: E,
    remaining: E,
    packed: E,
    salt: E,
    active: E,
    starts: E,
    goes_on: E,
    in_use: E,
    given: E,
}

impl<E: Algebra<F> + Clone> Row<E> {
    fn read<B: ChipBuilder<Expr = E>>(b: &B) -> Self {
        Self {
            byte: b.main(VALUE_BYTE, 0),
            in_value: b.main(IN_VALUE, 0),
            remaining: b.main(REMAINING, 0),
            packed: b.main(PACKED, 0),
            salt: b.main(SALT, 0),
            active: b.fixed(fixed::ACTIVE, 0),
            starts: b.fixed(fixed::STARTS, 0),
            goes_on: b.fixed(fixed::GOES_ON, 0),
            in_use: b.public(public::IN_USE),
            given: b.public(public::GIVEN),
        }
    }

    fn eval_value<B: ChipBuilder<Expr = E>>(&self, b: &mut B) {
        let in_value_next = b.main(IN_VALUE, 1);
        let outside = E::ONE - self.in_value.clone();
        b.assert_bool("in value", self.in_value.clone());
        b.assert_zero("starts in use", self.starts.clone() * (self.in_value.clone() - self.in_use.clone()));
        b.assert_zero("falls", self.goes_on.clone() * outside.clone() * in_value_next);
        b.assert_zero("zero after end", outside * self.byte.clone());

        let remaining_next = self.goes_on.clone() * b.main(REMAINING, 1);
        let remaining = self.remaining.clone() - self.in_value.clone();
        b.assert_eq("remaining", self.active.clone() * remaining, remaining_next);
        let packed_next = b.fixed(fixed::GROUP_GOES_ON, 0) * b.main(PACKED, 1) * F::from_u16(256);
        b.assert_eq("packed", self.active.clone() * (self.packed.clone() - self.byte.clone()), packed_next);
    }

    fn send_message<B: ChipBuilder<Expr = E>>(&self, b: &mut B) {
        // The row before is in the value exactly if the slot is in use.
        let length = self.remaining.clone() + self.in_use.clone();
        let element = b.fixed(fixed::SENDS_PACKED, 0) * self.packed.clone()
            + b.fixed(fixed::SENDS_LENGTH, 0) * length
            + b.fixed(fixed::SENDS_NAME, 0) * self.given.clone()
            + b.fixed(fixed::SENDS_SALT, 0) * self.salt.clone();
        let tuple = vec![b.fixed(fixed::PERMUTATION, 0), b.fixed(fixed::LANE, 0), element];
        let sends = b.fixed(fixed::SENDS, 0);
        b.send(ABSORB, tuple, sends);
    }

    fn eval_document<B: ChipBuilder<Expr = E>>(&self, b: &mut B) {
        let position = b.main(POSITION, 0);
        let counted = b.main(POSITION, 1) - position.clone() - E::ONE;
        b.assert_zero("position", self.goes_on.clone() * counted);
        let found = vec![b.fixed(fixed::FIELD, 0), position.clone(), self.remaining.clone()];
        b.receive(FIELD, found, self.starts.clone() * self.in_use.clone());
        b.lookup(BYTE, vec![position, self.byte.clone()], self.in_value.clone());
    }
}
