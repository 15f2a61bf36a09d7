//! Tests of the values table. `document` tests the credential proof, and `predicates` the
//! presentation proof. This file has what they share, tests of real documents, and changes of
//! single cells.
use p3_field::Field;
use velum_stark::air::testing::assert_cells_matter;

use super::predicates::NUMBER;
use super::*;
use crate::chips::common::record_tables::{Tables, VALUES, positions};
use crate::class::{CLASSES, LARGE, STANDARD};
use crate::digest::{Domain, hash};
use crate::record::fixtures::{
    BIRTH_DATE, committed, credential, opening, presentation, standard_presentation,
};
use crate::record::{RecordElements, offset};
use crate::statement::{Contradiction, SlotPredicate};

mod document;
mod predicates;

/// Number of rows of a slot in the standard class.
const ROWS: usize = slot_rows(&STANDARD);

/// Number of rows of a slot that can hold a byte of content.
const MAX: usize = max_content_bytes(&STANDARD);
const CONTENT_ROWS: std::ops::Range<usize> = CONTENT_ROW..CONTENT_ROW + MAX;

const NONE: [&str; 0] = [];

/// A text of this many bytes.
fn text(bytes: usize) -> Vec<u8> {
    let head = if bytes < 24 { vec![0x60 + bytes as u8] } else { vec![0x78, bytes as u8] };
    head.into_iter().chain((0..bytes).map(|index| b'a' + (index % 26) as u8)).collect()
}

/// Changes a table and the digits of its rows.
fn change_digits(trace: &mut Trace, change: impl Fn(&mut Trace, &mut [F])) {
    let mut digits: Vec<_> = (0..trace.height() - 1)
        .map(|row| trace.get(row, SUM) - trace.get(row + 1, SUM) * BASE)
        .collect();
    change(trace, &mut digits);
    fill_sums(trace, 0, &digits);
}

/// Replaces the message of a slot, and its digest in the record, by what the rows of a table send
/// for the slot.
fn commit_to_rows(elements: &mut RecordElements, slot: usize, trace: &Trace) {
    let message = &mut elements.slots[slot];
    for (element, row) in message.iter_mut().zip((slot * ROWS..).step_by(ELEMENT_ROWS)) {
        *element = trace.get(row, SUM) - trace.get(row + ELEMENT_ROWS, SUM) * ELEMENT_BASE;
    }
    let digest = hash(Domain::Slot, message);
    elements.record[offset::SLOT_DIGESTS + slot * DIGEST_ELEMENTS..][..DIGEST_ELEMENTS]
        .copy_from_slice(&digest);
}

#[test]
fn real_documents_pass_in_every_class() {
    for class in CLASSES {
        let elements = RecordElements::new(&presentation(class).subject, &opening(class)).unwrap();
        let tables = Tables::of_presentation(&presentation(class), &opening(class), &elements);
        assert_eq!(tables.rules(), NONE, "presentation, {}", class.name);
        let tables =
            Tables::of_credential(&credential(class), &opening(class), &opening(class), &elements);
        assert_eq!(tables.rules(), NONE, "credential, {}", class.name);
    }
}

#[test]
fn reserves_the_last_rows() {
    for (class, height) in CLASSES.into_iter().zip([2_048, 4_096]) {
        let chip = ValuesChip::credential(&credential(class)).unwrap();
        assert_eq!(chip.height(), height);
        assert!(class.slots * slot_rows(&class) + RESERVED_ROWS < height);
    }
}

#[test]
fn shape_and_fixed_columns_do_not_depend_on_the_request() {
    for class in CLASSES {
        let mut other = presentation(class);
        other.subject.elements.truncate(1);
        other.predicates = vec![Vec::new()];
        let [one, other] =
            [presentation(class), other].map(|it| ValuesChip::presentation(&it).unwrap());
        assert_eq!((one.height(), one.fixed()), (other.height(), other.fixed()));
    }
    assert_ne!(slot_rows(&LARGE), ROWS);
}

// Mutation.

/// Rows of the first slot and of an unused slot, and rows behind the slots. In a slot: rows of the
/// name, salt, tag, kind and argument and beside them, of the content, of dates' digits and
/// comparisons, and of the padding.
fn sample() -> impl Iterator<Item = usize> {
    let of_slot = [
        0, 1, 7, 8, 21, 28, 35, 55, 56, 57, 58, 60, 61, 62, 63, 64, 67, 68, 70, 71, 72, 73, 74, 75,
        76, 77, 78, 81, 84, 86, 87, 88, 90, 91, 94, 95, 202, 203, 223,
    ];
    let slots = of_slot.into_iter().chain(of_slot.map(|row| 3 * ROWS + row));
    slots.chain([STANDARD.slots * ROWS, 1_900])
}

#[test]
fn every_cell_of_a_presentation_matters() {
    let (mut statement, mut opening) = (standard_presentation(), opening(STANDARD));
    statement.subject.elements.truncate(3);
    statement.predicates.truncate(3);
    statement.predicates[0] = vec![SlotPredicate::Date { first: 0, last: 20_061_015 }];
    statement.predicates[1] = Vec::new();
    opening.values.truncate(3);
    opening.values[0] = BIRTH_DATE.to_vec();
    let (statement, elements) = committed(statement, &opening);
    let tables = Tables::of_presentation(&statement, &opening, &elements).filled();
    let exempt = |row: usize, column: usize| {
        let (slot, of_slot) = (row / ROWS, row % ROWS);
        match column {
            // Digits that nothing compares. What is absorbed is their element.
            SUM => !(of_slot.is_multiple_of(ELEMENT_ROWS) || slot == 0 && is_compared(of_slot)),
            NUMBER => {
                let is_flag = slot == 0 && of_slot == TAG_ROW;
                !(is_flag || slot < STANDARD.slots && CONTENT_ROWS.contains(&of_slot))
            }
            _ => false,
        }
    };
    assert_cells_matter(&tables.chips, &tables.traces, VALUES, sample(), exempt);
}

/// Whether a row of a slot with a date predicate holds a byte that is compared.
fn is_compared(row: usize) -> bool {
    use super::predicates::{DAY_ROW, DIFFERENCE_BYTES, HIGH_ROW, LOW_ROW, MONTH_ROW, PART_BYTES};
    [
        LOW_ROW..LOW_ROW + DIFFERENCE_BYTES,
        HIGH_ROW..HIGH_ROW + DIFFERENCE_BYTES,
        MONTH_ROW..DAY_ROW + PART_BYTES,
        CONTENT_ROW..CONTENT_ROW + 2 * ELEMENT_ROWS,
    ]
    .iter()
    .any(|rows| rows.contains(&row))
}

#[test]
fn every_cell_of_a_credential_matters() {
    let (mut statement, mut opening) = (credential(STANDARD), opening(STANDARD));
    statement.subject.elements.truncate(3);
    opening.values.truncate(3);
    let elements = RecordElements::new(&statement.subject, &opening).unwrap();
    statement.commitment = elements.commitment();
    let tables = Tables::of_credential(&statement, &opening, &opening, &elements).filled();
    let exempt = |row: usize, column: usize| {
        let (slot, of_slot) = (row / ROWS, row % ROWS);
        match column {
            // Digits beside an element of the salt are part of that element.
            SUM => of_slot < CONTENT_ROW && !of_slot.is_multiple_of(ELEMENT_ROWS),
            // Beside the tag, beside the kind's bits, and over the content. A slot that is not in
            // use has no tag.
            POSITION => {
                let is_beside = of_slot == TAG_ROW
                    || (ARGUMENT_ROW..=ARGUMENT_ROW + KIND_BITS).contains(&of_slot);
                let is_used = is_beside || CONTENT_ROWS.contains(&of_slot);
                slot >= STANDARD.slots || !is_used
            }
            _ => false,
        }
    };
    assert_cells_matter(&tables.chips, &tables.traces, VALUES, sample(), exempt);
}
