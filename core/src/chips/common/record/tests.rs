use p3_field::Field;
use velum_stark::air::RESERVED_ROWS;
use velum_stark::air::testing::assert_cells_matter;

use super::*;
use crate::chips::common::record_tables::{RECORD, Tables, positions};
use crate::class::{CLASSES, STANDARD};
use crate::digest::{Domain, WIDTH, permute};
use crate::record::fixtures::{
    committed, credential, opening, presentation, standard_presentation,
};
use crate::record::{record_elements, salt_offset};
use crate::statement::RecordOpening;

const NONE: [&str; 0] = [];

/// The rules that fail for a presentation after `change`, under the statement about the commitment
/// to the changed record.
fn rules_of(change: impl Fn(&mut PresentationStatement, &mut RecordOpening)) -> Vec<String> {
    tables_of(change).rules()
}

fn tables_of(change: impl Fn(&mut PresentationStatement, &mut RecordOpening)) -> Tables {
    let (mut statement, mut opening) = (standard_presentation(), opening(STANDARD));
    change(&mut statement, &mut opening);
    let (statement, elements) = committed(statement, &opening);
    Tables::of_presentation(&statement, &opening, &elements)
}

/// The rules that fail when the record's elements are changed and the commitment is to the changed
/// elements.
fn rules_of_elements(change: impl Fn(&mut Vec<F>)) -> Vec<String> {
    let (mut statement, opening) = (two_slots(), opening_of_two());
    let mut elements = RecordElements::new(&statement.subject, &opening).unwrap();
    let mut record = elements.record.to_vec();
    change(&mut record);
    elements.record = record.into();
    statement.commitment = commitment_of_blocks(&elements);
    Tables::of_presentation(&statement, &opening, &elements).rules()
}

/// The commitment as the Poseidon2 table computes it: the length in the capacity is that of the
/// class.
fn commitment_of_blocks(elements: &RecordElements) -> Digest {
    let mut state = [F::ZERO; WIDTH];
    state[RATE..].copy_from_slice(&Domain::Record.capacity(record_elements(&STANDARD)));
    for block in &elements.blocks()[first_record_permutation(&STANDARD)..] {
        state[..RATE].copy_from_slice(block);
        permute(&mut state);
    }
    std::array::from_fn(|lane| state[lane])
}

/// A presentation with two slots in use.
fn two_slots() -> PresentationStatement {
    let mut statement = standard_presentation();
    statement.subject.elements.truncate(2);
    statement.predicates.truncate(2);
    statement
}

fn opening_of_two() -> RecordOpening {
    let mut opening = opening(STANDARD);
    opening.values.truncate(2);
    opening
}

/// The rows of a presentation that satisfy `wanted`.
fn rows_where(wanted: impl Fn(RowKind) -> bool) -> Vec<usize> {
    let rows = rows::rows(&STANDARD, Kind::Presentation);
    rows.into_iter().filter(|&(_, row_kind)| wanted(row_kind)).map(|(row, _)| row).collect()
}

fn row_of_element(index: usize) -> usize {
    rows_where(|row| row == RowKind::Element(index))[0]
}

/// Sets the difference from a bound, and its rests, to zero.
fn erase_difference(trace: &mut Trace, erased: Bound) {
    let rows =
        rows_where(|row| matches!(row, RowKind::Difference { bound, .. } if bound == erased));
    rows.into_iter().for_each(|row| trace.set(row, ELEMENT, F::ZERO));
}

#[test]
fn real_documents_pass_in_every_class() {
    for class in CLASSES {
        let elements = RecordElements::new(&presentation(class).subject, &opening(class)).unwrap();
        let tables = Tables::of_presentation(&presentation(class), &opening(class), &elements);
        assert_eq!(tables.rules(), NONE);
        let tables =
            Tables::of_credential(&credential(class), &opening(class), &opening(class), &elements);
        assert_eq!(tables.rules(), NONE);
    }
}

#[test]
fn leaves_the_last_rows() {
    for class in CLASSES {
        let chips = [
            RecordChip::credential(&credential(class)).unwrap(),
            RecordChip::presentation(&presentation(class)).unwrap(),
        ];
        for chip in chips {
            assert_eq!(chip.height(), values::height(&class));
            let mut rows: Vec<_> = chip.rows().into_iter().map(|(row, _)| row).collect();
            assert!(rows.iter().all(|row| row + RESERVED_ROWS < chip.height()));
            let all = rows.len();
            rows.sort_unstable();
            rows.dedup();
            assert_eq!(rows.len(), all, "one use a row");
        }
    }
}

#[test]
fn some_slots_may_be_unused() {
    let (statement, elements) = committed(two_slots(), &opening_of_two());
    assert_eq!(Tables::of_presentation(&statement, &opening_of_two(), &elements).rules(), NONE);
    let statement =
        CredentialStatement { subject: statement.subject, commitment: statement.commitment };
    let opening = opening_of_two();
    assert_eq!(Tables::of_credential(&statement, &opening, &opening, &elements).rules(), NONE);
}

#[test]
fn statements_that_do_not_fit_are_errors() {
    let error = |change: &dyn Fn(&mut PresentationStatement)| {
        let mut statement = standard_presentation();
        change(&mut statement);
        RecordChip::presentation(&statement).unwrap_err()
    };
    let late = MAX + 1;
    assert_eq!(error(&|statement| statement.now = late), RecordError::DateTime { what: "now" });
    let what = "lower bound of signed";
    assert_eq!(
        error(&|statement| statement.signed_within.0 = late),
        RecordError::DateTime { what }
    );
    let what = "upper bound of signed";
    assert_eq!(
        error(&|statement| statement.signed_within.1 = u64::MAX),
        RecordError::DateTime { what }
    );
    let none = RecordError::Elements { found: 0, class: "standard", slots: 4 };
    assert_eq!(error(&|statement| statement.subject.elements.clear()), none);
}

const MAX: u64 = crate::record::MAX_DATE_TIME;

// The record.

#[test]
fn public_elements_are_the_given_ones() {
    let indices = (0..record_elements(&STANDARD).next_multiple_of(RATE))
        .filter(|&index| element(&STANDARD, index) == Element::Given);
    for index in indices.collect::<Vec<_>>() {
        let rules = rules_of_elements(|record| {
            record.resize(record.len().max(index + 1), F::ZERO);
            record[index] += F::ONE;
        });
        assert_eq!(rules, ["record/given"], "element {index}");
    }
}

#[test]
fn the_digest_of_an_unused_slot_is_zero() {
    let elements = RecordElements::new(&two_slots().subject, &opening_of_two()).unwrap();
    let digest = crate::digest::hash(Domain::Slot, &elements.slots[3]);
    for index in 0..DIGEST_ELEMENTS {
        let rules =
            rules_of_elements(|record| record[salt_offset(&STANDARD) - 4 + index] = digest[index]);
        assert_eq!(rules, ["record/given"]);
    }
}

#[test]
fn the_digest_of_a_used_slot_is_that_of_its_value() {
    let rules = rules_of_elements(|record| record[offset::SLOT_DIGESTS + 7] += F::ONE);
    assert_eq!(rules, ["bus squeeze"]);
    let rules = rules_of_elements(|record| {
        let (first, second) = record[offset::SLOT_DIGESTS..][..8].split_at_mut(4);
        first.swap_with_slice(second);
    });
    assert_eq!(rules, ["bus squeeze"], "swapped slots");
}

#[test]
fn the_commitment_is_the_given_one() {
    let (mut statement, opening) = (standard_presentation(), opening(STANDARD));
    let elements = RecordElements::new(&statement.subject, &opening).unwrap();
    statement.commitment[2] += F::ONE;
    let mut tables = Tables::of_presentation(&statement, &opening, &elements);
    assert_eq!(tables.clone().rules(), ["bus squeeze"], "the given commitment, of no record");

    let row = rows_where(|row| row == RowKind::Commitment { element: 2 })[0];
    tables.traces[RECORD].set(row, ELEMENT, elements.commitment()[2]);
    assert_eq!(tables.rules(), ["record/given"], "the record's commitment, not given");
}

#[test]
fn another_salt_does_not_open_the_record() {
    let (statement, mut opening) = (standard_presentation(), opening(STANDARD));
    opening.salts.record[0] ^= 1;
    let elements = RecordElements::new(&statement.subject, &opening).unwrap();
    assert_eq!(Tables::of_presentation(&statement, &opening, &elements).rules(), ["bus squeeze"]);
}

#[test]
fn what_is_absorbed_is_the_record() {
    let mut tables = tables_of(|_, _| {});
    let row = row_of_element(salt_offset(&STANDARD));
    let cell = tables.traces[RECORD].get(row, ELEMENT);
    tables.traces[RECORD].set(row, ELEMENT, cell + F::ONE);
    assert_eq!(tables.rules(), ["bus absorb"]);
}

// Times.

#[test]
fn the_bounds_are_included() {
    for now in [20240930135000, 20241030135000] {
        assert_eq!(rules_of(|statement, _| statement.now = now), NONE, "now {now}");
    }
    let rules = rules_of(|statement, _| statement.signed_within = (20240930135000, 20240930135000));
    assert_eq!(rules, NONE);
    assert_eq!(rules_of(|statement, _| statement.signed_within = (0, MAX)), NONE);
}

#[test]
fn another_time_is_refused() {
    for (now, what) in [
        (20241030135001, "the second after validUntil"),
        (20241031135000, "the day after validUntil"),
        (20240930134959, "the second before validFrom"),
        (20230930135000, "the year before validFrom"),
        (0, "the earliest time"),
        (MAX, "the latest time"),
    ] {
        assert_eq!(rules_of(|statement, _| statement.now = now), ["bus range"], "{what}");
    }
}

#[test]
fn signed_outside_the_certificate_is_refused() {
    for bounds in [(20240930135001, MAX), (0, 20240930134959), (MAX, MAX), (0, 0)] {
        assert_eq!(
            rules_of(|statement, _| statement.signed_within = bounds),
            ["bus range"],
            "{bounds:?}"
        );
    }
}

#[test]
fn differences_are_of_the_dates() {
    for bound in rows::BOUNDS {
        let mut tables = tables_of(|statement, opening| match bound {
            Bound::SignedFrom => statement.signed_within.0 = 20250101000000,
            Bound::SignedUntil => statement.signed_within.1 = 20240101000000,
            Bound::ValidFrom => opening.dates[1] = 20250101000000,
            Bound::ValidUntil => opening.dates[2] = 20240101000000,
        });
        erase_difference(&mut tables.traces[RECORD], bound);
        let rule = if bound.is_lower() { "record/not before" } else { "record/not after" };
        assert_eq!(tables.rules(), [rule], "{bound:?}");
    }
}

#[test]
fn nothing_is_left_of_a_difference() {
    let mut tables = tables_of(|statement, _| statement.now = 20241030135001);
    // The difference is -1. Its limbs are those of a number of 55 bits, and the rest is what is
    // left.
    let mut rest = F::NEG_ONE;
    let rows =
        rows_where(|row| matches!(row, RowKind::Difference { bound: Bound::ValidUntil, .. }));
    let limb = |row: &usize| if *row == rows[4] { 15 } else { 2_047 };
    for row in &rows {
        tables.traces[RECORD].set(*row, ELEMENT, rest);
        rest = (rest - F::from_u64(limb(row))) * F::from_u64(1 << LIMB_BITS).inverse();
    }
    tables.traces[RECORD].set(rows[4] + LIMB_ROWS, ELEMENT, rest);
    assert_eq!(tables.rules(), ["record/given"]);
}

// The device key.

#[test]
fn device_key_words_are_canonical() {
    for index in [offset::DEVICE_KEY_X, offset::DEVICE_KEY_X + 7, offset::DEVICE_KEY_Y + 3] {
        for excess in
            [F::from_u64(1 << 32), F::from_u64(1 << 63), F::NEG_ONE * F::from_u64(1 << 32)]
        {
            assert_eq!(
                rules_of_elements(|record| record[index] += excess),
                ["bus range"],
                "element {index}"
            );
        }
    }
}

#[test]
fn nothing_is_left_of_a_device_key_word() {
    let index = offset::DEVICE_KEY_X + 3;
    let (mut statement, opening) = (two_slots(), opening_of_two());
    let mut elements = RecordElements::new(&statement.subject, &opening).unwrap();
    elements.record[index] += F::from_u64(1 << 32);
    statement.commitment = commitment_of_blocks(&elements);
    let mut tables = Tables::of_presentation(&statement, &opening, &elements);
    // All limbs are in range, and 2^32 is left.
    let (last, nothing) = (index + 2 * LIMB_ROWS, index + 3 * LIMB_ROWS);
    let left = F::from_u64(1 << 10) * F::from_u64(1 << LIMB_BITS).inverse();
    assert!(tables.traces[RECORD].get(last, ELEMENT).as_canonical_u64() >= 1 << 10);
    tables.traces[RECORD].set(nothing, ELEMENT, left);
    assert_eq!(tables.rules(), ["record/given"]);
}

#[test]
fn the_device_key_is_the_one_that_signed() {
    for operand in 0..24 {
        let mut tables = tables_of(|_, _| {});
        let (bus, tuple, _) = &mut tables.partner().tuples[operand];
        assert_eq!(*bus, ES256);
        tuple[2] += F::ONE;
        assert_eq!(tables.rules(), ["bus es256"]);
    }
}

// The document.

/// The tables of a credential proof about the fixture's document, for the record after `change`.
fn credential_tables(change: impl Fn(&mut RecordOpening)) -> Tables {
    let mut claimed = opening(STANDARD);
    change(&mut claimed);
    let mut statement = credential(STANDARD);
    let elements = RecordElements::new(&statement.subject, &claimed).unwrap();
    statement.commitment = elements.commitment();
    Tables::of_credential(&statement, &opening(STANDARD), &claimed, &elements)
}

#[test]
fn the_device_key_is_the_document_s() {
    assert_eq!(credential_tables(|claimed| claimed.device_key_x[31] ^= 1).rules(), ["bus bytes"]);
    assert_eq!(credential_tables(|claimed| claimed.device_key_y[0] ^= 1).rules(), ["bus bytes"]);
}

#[test]
fn the_device_key_is_where_it_was_found() {
    let mut tables =
        credential_tables(|claimed| claimed.device_key_x = opening(STANDARD).device_key_y);
    let (from, to) = (offset::DEVICE_KEY_Y, offset::DEVICE_KEY_X);
    for word in 0..COORDINATE_WORDS {
        let position = tables.traces[RECORD].get(from + word + ROWS_TO_POSITION, ELEMENT);
        tables.traces[RECORD].set(to + word + ROWS_TO_POSITION, ELEMENT, position);
    }
    assert_eq!(tables.rules(), ["bus field"]);
}

#[test]
fn positions_count_up() {
    let mut tables = credential_tables(|claimed| claimed.device_key_x.copy_within(0..4, 20));
    let position = positions(&opening(STANDARD)).device_key_x;
    // Word 5 is read at the position of word 0, and the following words at their own positions.
    let row = offset::DEVICE_KEY_X + 5 + ROWS_TO_POSITION;
    tables.traces[RECORD].set(row, ELEMENT, F::from_usize(position));
    assert_eq!(tables.rules(), ["record/position"]);
}

#[test]
fn dates_are_the_document_s() {
    for date in 0..3 {
        assert_eq!(credential_tables(|claimed| claimed.dates[date] += 1).rules(), ["bus date"]);
    }
    assert_eq!(credential_tables(|claimed| claimed.dates[2] = MAX).rules(), ["bus date"]);
}

#[test]
fn the_issuer_s_key_is_the_one_that_signed() {
    for operand in 0..16 {
        let mut tables = credential_tables(|_| {});
        let (bus, tuple, _) = &mut tables.partner().tuples[operand];
        assert_eq!(*bus, ES256);
        tuple[2] += F::ONE;
        assert_eq!(tables.rules(), ["bus es256"]);
    }
}

// Mutation.

#[test]
fn every_cell_of_a_presentation_matters() {
    let (statement, elements) = committed(two_slots(), &opening_of_two());
    let tables = Tables::of_presentation(&statement, &opening_of_two(), &elements).filled();
    let rows = rows::rows(&STANDARD, Kind::Presentation).into_iter().map(|(row, _)| row);
    assert_cells_matter(&tables.chips, &tables.traces, RECORD, rows, |_, _| false);
}

#[test]
fn every_cell_of_a_credential_matters() {
    let tables = credential_tables(|_| {}).filled();
    let rows = rows::rows(&STANDARD, Kind::Credential).into_iter().map(|(row, _)| row);
    assert_cells_matter(&tables.chips, &tables.traces, RECORD, rows, |_, _| false);
}
