use p3_field::Field;

use super::predicates::{DIFFERENCE, HIGH_ROW, LIMBS, LOW_ROW, NUMBER, TAGGED, TDATE, fill_limbs};
use super::*;
use crate::air::testing::assert_cells_matter;
use crate::class::{CLASSES, LARGE, STANDARD};
use crate::poseidon2::{Domain, hash};
use crate::record::fixtures::{
    BIRTH_DATE, Tables, VALUES, committed, credential, opening, presentation, standard_presentation,
};
use crate::record::{RecordElements, offset};
use crate::statement::SlotPredicate;

/// Rows of a slot in the standard class.
const ROWS: usize = 196;

/// A presentation of one value under one predicate, all else empty.
fn one_value(value: &[u8], predicate: SlotPredicate) -> (PresentationStatement, RecordOpening) {
    let (mut statement, mut opening) = (standard_presentation(), opening(STANDARD));
    statement.subject.elements.truncate(1);
    statement.predicates = vec![predicate];
    opening.values = vec![value.to_vec()];
    statement.commitment = opening.commitment(&statement.subject).unwrap();
    (statement, opening)
}

fn tables_of(value: &[u8], predicate: SlotPredicate) -> Tables {
    let (statement, opening) = one_value(value, predicate);
    let elements = RecordElements::new(&statement.subject, &opening).unwrap();
    Tables::of_presentation(&statement, &opening, &elements)
}

fn date(low: u32, high: u32) -> SlotPredicate {
    SlotPredicate { encoding: None, date: Some((low, high)) }
}

fn encoding(bytes: &[u8]) -> SlotPredicate {
    SlotPredicate { encoding: Some(bytes.to_vec()), date: None }
}

fn rules(value: &[u8], predicate: SlotPredicate) -> Vec<String> {
    tables_of(value, predicate).rules()
}

/// What fails when slot 0 holds `value` under no predicate, `change` is made to its rows, and the record commits to what the
/// changed rows send: the packed value and the length on row 1.
fn rules_of_changed(value: &[u8], change: impl Fn(&mut Trace)) -> Vec<String> {
    rules_of_changed_slot(0, value, change)
}

fn rules_of_changed_slot(slot: usize, value: &[u8], change: impl Fn(&mut Trace)) -> Vec<String> {
    let (mut statement, opening) = one_value(value, SlotPredicate::default());
    let mut elements = RecordElements::new(&statement.subject, &opening).unwrap();
    let chip = ValuesChip::presentation(&statement).unwrap();
    let mut trace = chip.trace(&opening, None).unwrap();
    change(&mut trace);

    let in_use = F::from_bool(slot == 0);
    let message = &mut elements.slots[slot];
    message[slot_offset::LENGTH] = trace.get(slot * ROWS + LENGTH_ROW, REMAINING) + in_use;
    for (group, element) in message[slot_offset::VALUE..].iter_mut().enumerate() {
        *element = trace.get(slot * ROWS + group * PACKED_BYTES, PACKED);
    }
    if slot == 0 {
        let digest = hash(Domain::Slot, message);
        elements.record[offset::SLOT_DIGESTS..][..DIGEST_ELEMENTS].copy_from_slice(&digest);
    }
    statement.commitment = elements.commitment();
    let mut tables = Tables::of_presentation(&statement, &opening, &elements);
    tables.traces[VALUES] = trace;
    tables.rules()
}

/// What fails when `change` is made to the rows of a text date under the bounds.
fn rules_of_changed_date(low: u32, high: u32, change: impl Fn(&mut Trace)) -> Vec<String> {
    let mut tables = tables_of(b"\x6a2000-02-29", date(low, high));
    change(&mut tables.traces[VALUES]);
    tables.rules()
}

const NONE: [&str; 0] = [];

#[test]
fn real_documents_pass_in_every_class() {
    for class in CLASSES {
        let elements = RecordElements::new(&presentation(class).subject, &opening(class)).unwrap();
        let tables = Tables::of_presentation(&presentation(class), &opening(class), &elements);
        assert_eq!(tables.rules(), NONE, "presentation, {}", class.name);
        let tables = Tables::of_credential(&credential(class), &opening(class), &opening(class), &elements);
        assert_eq!(tables.rules(), NONE, "credential, {}", class.name);
    }
}

#[test]
fn reserves_the_last_rows() {
    for (class, height) in CLASSES.into_iter().zip([1_024, 4_096]) {
        let chip = ValuesChip::credential(&credential(class)).unwrap();
        assert_eq!(chip.height(), height);
        assert!(class.slots * max_value_bytes(&class) + RESERVED_ROWS <= height);
    }
}

#[test]
fn sends_each_element_of_the_message_once() {
    for class in CLASSES {
        let rows = message_rows(&class);
        let mut indices: Vec<_> = rows.iter().map(|&(.., index)| index).collect();
        indices.sort_unstable();
        assert!(indices.into_iter().eq(0..slot_permutations(&class) * RATE));
        let mut rows: Vec<_> = rows.iter().map(|&(row, ..)| row).collect();
        rows.sort_unstable();
        assert!(rows.windows(2).all(|pair| pair[0] < pair[1]), "one element a row");
    }
}

#[test]
fn values_of_any_length_pass() {
    for bytes in [1, 6, 7, 8, 22, 195, 196] {
        let value: Vec<_> = (0..bytes).map(|index| index as u8 ^ 0xff).collect();
        assert_eq!(rules(&value, encoding(&value)), NONE, "{bytes} bytes");
    }
}

#[test]
fn too_long_is_an_error() {
    let (statement, mut opening) = one_value(b"\xf5", SlotPredicate::default());
    let too_long = |bytes| RecordError::ValueLength { slot: 0, bytes, max: ROWS };
    opening.values[0] = vec![0; ROWS + 1];
    let chip = ValuesChip::presentation(&statement).unwrap();
    assert_eq!(chip.trace(&opening, None).unwrap_err(), too_long(ROWS + 1));
    for bytes in [0, ROWS + 1] {
        let mut statement = statement.clone();
        statement.predicates = vec![encoding(&vec![0; bytes])];
        assert_eq!(ValuesChip::presentation(&statement).unwrap_err(), too_long(bytes));
    }
    let mut statement = statement;
    statement.predicates.clear();
    let missing = RecordError::Count { what: "predicates", found: 0, expected: 1 };
    assert_eq!(ValuesChip::presentation(&statement).unwrap_err(), missing);
}

// Values.

#[test]
fn in_value_is_a_flag() {
    let rules = rules_of_changed(&[0xf5, 0, 0], |trace| {
        trace.set_u64(2, IN_VALUE, 2);
        (0..3).for_each(|row| trace.set_u64(row, REMAINING, 4 - row as u64));
    });
    assert_eq!(rules, ["values/in value"]);
}

#[test]
fn a_slot_in_use_has_a_value() {
    let rules = rules_of_changed(&[0], |trace| {
        trace.set_u64(0, IN_VALUE, 0);
        trace.set_u64(0, REMAINING, 0);
    });
    assert_eq!(rules, ["values/starts in use"]);
}

#[test]
fn an_unused_slot_has_no_value() {
    let rules = rules_of_changed_slot(2, &[0xf5], |trace| {
        for column in [VALUE_BYTE, IN_VALUE, REMAINING, PACKED] {
            trace.set_u64(2 * ROWS, column, 1);
        }
    });
    assert_eq!(rules, ["values/starts in use"]);
}

#[test]
fn a_value_does_not_go_on_after_its_end() {
    let rules = rules_of_changed(&[0xf5, 0, 7], |trace| {
        trace.set_u64(1, IN_VALUE, 0);
        [2, 1, 1]
            .into_iter()
            .enumerate()
            .for_each(|(row, remaining)| trace.set_u64(row, REMAINING, remaining));
    });
    assert_eq!(rules, ["values/falls"]);
}

#[test]
fn nothing_is_after_the_end() {
    let rules = rules_of_changed(&[0xf5], |trace| {
        trace.set_u64(1, VALUE_BYTE, 1);
        trace.set_u64(1, PACKED, 1);
        trace.set_u64(0, PACKED, 0xf5 + 256);
    });
    assert_eq!(rules, ["values/zero after end"]);
}

#[test]
fn length_is_counted() {
    let rules = rules_of_changed(&[0xf5, 0, 0], |trace| {
        (0..2).for_each(|row| trace.set_u64(row, REMAINING, 2 - row as u64));
    });
    assert_eq!(rules, ["values/remaining"]);
}

#[test]
fn packing_is_followed() {
    let rules = rules_of_changed(&[0xf5; 10], |trace| trace.set_u64(7, PACKED, 0));
    assert_eq!(rules, ["values/packed"]);
}

#[test]
fn bytes_are_below_256() {
    let rules = rules_of_changed(&[5, 1], |trace| {
        trace.set_u64(0, VALUE_BYTE, 0x105);
        trace.set_u64(1, VALUE_BYTE, 0);
        trace.set_u64(1, PACKED, 0);
    });
    assert_eq!(rules, ["bus range"]);
}

/// The record is of one value, the rows of another with the same packing.
#[test]
fn a_value_one_byte_longer_or_shorter_has_another_digest() {
    let (statement, honest) = one_value(&[0xf5, 0], SlotPredicate::default());
    let elements = RecordElements::new(&statement.subject, &honest).unwrap();
    for other in [&[0xf5][..], &[0xf5, 0, 0]] {
        let (_, opening) = one_value(other, SlotPredicate::default());
        let tables = Tables::of_presentation(&statement, &opening, &elements);
        assert_eq!(tables.rules(), ["bus absorb"]);
    }
}

#[test]
fn slots_cannot_be_swapped() {
    let (statement, mut opening) = (standard_presentation(), opening(STANDARD));
    let elements = RecordElements::new(&statement.subject, &opening).unwrap();
    let mut statement = statement;
    opening.values.swap(0, 3);
    opening.salts.slots.swap(0, 3);
    statement.predicates.swap(0, 3);
    assert_eq!(Tables::of_presentation(&statement, &opening, &elements).rules(), ["bus absorb"]);
}

#[test]
fn another_salt_does_not_open_the_record() {
    let (statement, mut opening) = (standard_presentation(), opening(STANDARD));
    let elements = RecordElements::new(&statement.subject, &opening).unwrap();
    opening.salts.slots[1][3] ^= 1;
    assert_eq!(Tables::of_presentation(&statement, &opening, &elements).rules(), ["bus absorb"]);
}

#[test]
fn another_element_does_not_open_the_record() {
    let (mut statement, opening) = (standard_presentation(), opening(STANDARD));
    let elements = RecordElements::new(&statement.subject, &opening).unwrap();
    statement.subject.elements[1].element = "issue_date".into();
    assert_eq!(Tables::of_presentation(&statement, &opening, &elements).rules(), ["bus absorb"]);
}

// Document.

/// The document of the credential fixtures, and a trace of `claimed` in it whose hashes are of `claimed` too.
fn credential_tables(claimed: &RecordOpening) -> Tables {
    let mut statement = credential(STANDARD);
    let elements = RecordElements::new(&statement.subject, claimed).unwrap();
    statement.commitment = elements.commitment();
    Tables::of_credential(&statement, &opening(STANDARD), claimed, &elements)
}

#[test]
fn bytes_are_those_of_the_document() {
    let mut claimed = opening(STANDARD);
    claimed.values[0][3] ^= 1;
    assert_eq!(credential_tables(&claimed).rules(), ["bus byte"]);
}

#[test]
fn the_value_is_the_whole_one_that_was_found() {
    let mut claimed = opening(STANDARD);
    claimed.values[0].pop();
    assert_eq!(credential_tables(&claimed).rules(), ["bus field"]);
}

#[test]
fn the_value_is_at_the_position_that_was_found() {
    let mut claimed = opening(STANDARD);
    // The dates of two slots: as long as each other.
    claimed.values.swap(1, 2);
    let mut tables = credential_tables(&claimed);
    for row in 0..ROWS {
        for (slot, other) in [(1, 2), (2, 1)] {
            tables.traces[VALUES].set_u64(slot * ROWS + row, POSITION, (3_000 + 500 * other + row) as u64);
        }
    }
    assert_eq!(tables.rules(), ["bus field"]);
}

#[test]
fn positions_count_up() {
    let mut claimed = opening(STANDARD);
    let (date, other) = (claimed.values[2].clone(), &mut claimed.values[1]);
    other[4..].copy_from_slice(&date[4..]);
    let mut tables = credential_tables(&claimed);
    for row in 4..ROWS {
        tables.traces[VALUES].set_u64(ROWS + row, POSITION, (3_000 + 500 * 2 + row) as u64);
    }
    assert_eq!(tables.rules(), ["values/position"]);
}

// Encodings.

#[test]
fn another_encoding_is_refused() {
    for (value, asked) in [
        (&[0xf4][..], &[0xf5][..]),
        (&[0xf5, 0], &[0xf5]),
        (&[0xf5], &[0xf5, 0]),
        (b"\x6aMustermann", b"\x6aMustermanN"),
        (b"\x63abc", b"\x62ab"),
    ] {
        assert_eq!(rules(value, encoding(asked)), ["values/encoding"], "{value:x?} for {asked:x?}");
    }
}

#[test]
fn encodings_of_other_slots_do_not_count() {
    let (mut statement, opening) = (standard_presentation(), opening(STANDARD));
    statement.predicates.swap(2, 3);
    let (statement, elements) = committed(statement, &opening);
    assert_eq!(Tables::of_presentation(&statement, &opening, &elements).rules(), ["values/encoding"]);
}

// Dates.

const DATES: [&[u8]; 3] = [b"\xc0\x742000-02-29T23:59:59Z", b"\xd9\x03\xec\x6a2000-02-29", b"\x6a2000-02-29"];

#[test]
fn dates_of_every_form_count_within_both_bounds() {
    for value in DATES {
        for (low, high) in [
            (0, u32::MAX),
            (20000229, 20000229),
            (20000229, 20000301),
            (20000228, 20000229),
            (19991231, 20000229),
        ] {
            assert_eq!(rules(value, date(low, high)), NONE, "{value:x?} within {low}..={high}");
        }
    }
}

#[test]
fn the_day_before_and_the_day_after_are_refused() {
    for value in DATES {
        for (low, high) in
            [(0, 20000228), (20000301, 20001231), (20000230, 20000229), (u32::MAX, u32::MAX), (0, 0)]
        {
            assert_eq!(rules(value, date(low, high)), ["bus range"], "{value:x?} within {low}..={high}");
        }
    }
}

/// 18 years: born on 29 February 2008, reached on 1 March 2026, so the latest birth date counted on 28 February 2026 is
/// 28 February 2008.
#[test]
fn a_leap_day_counts_from_the_first_of_march() {
    let born = b"\xd9\x03\xec\x6a2008-02-29";
    assert_eq!(rules(born, date(0, 20080228)), ["bus range"]);
    assert_eq!(rules(born, date(0, 20080301)), NONE);
}

#[test]
fn digits_are_digits() {
    for byte in [b'/', b':', b'O', b'l', 0, 0x20, 0x70, 0xff] {
        for value in DATES {
            let month = value.iter().position(|&byte| byte == b'-').unwrap() + 1;
            for digit in [month - 5, month, month + 1, month + 4] {
                let mut value = value.to_vec();
                value[digit] = byte;
                assert_eq!(rules(&value, date(0, u32::MAX)), ["bus range"], "{value:x?}");
            }
        }
    }
}

#[test]
fn everything_but_digits_is_as_in_the_form() {
    for value in DATES {
        // A first byte of another form makes the prover claim that form, and more than one rule fail.
        for index in (1..value.len()).filter(|&index| !value[index].is_ascii_digit()) {
            let mut value = value.to_vec();
            value[index] ^= 1;
            assert_eq!(rules(&value, date(0, u32::MAX)), ["values/date shape"], "{value:x?}");
        }
    }
    assert_eq!(rules(b"\x6b2000-02-29", date(0, u32::MAX)), ["values/date shape"]);
}

#[test]
fn dates_have_the_length_of_their_form() {
    for value in DATES {
        let longer = [value, &[0]].concat();
        assert_eq!(rules(&longer, date(0, u32::MAX)), ["values/date length"], "{longer:x?}");
    }
}

#[test]
fn other_types_are_not_dates() {
    for value in [&b"\xf5"[..], b"\x1a\x01\x31\x2d\x00", b"\x4a2000-02-29", b"\xc1\x1a\x38\xbb\x07\x00", b""]
    {
        let value = if value.is_empty() { &[0x60][..] } else { value };
        assert!(!rules(value, date(0, u32::MAX)).is_empty(), "{value:x?}");
    }
}

/// A slot with a date predicate claims exactly one form. Claims that are not flags cannot be isolated: they would have to
/// mix the bytes of several forms into those of the value, and then lengths and digits disagree too.
#[test]
fn forms_are_flags() {
    for (tdate, tagged) in [(F::ONE, F::ONE), (F::TWO, F::ZERO), (F::ZERO, F::NEG_ONE)] {
        let rules = rules_of_changed_date(0, u32::MAX, |trace| {
            (0..ROWS).for_each(|row| {
                trace.set(row, TDATE, tdate);
                trace.set(row, TAGGED, tagged);
            });
        });
        assert!(rules.contains(&"values/date form".into()), "{rules:?}");
    }
}

#[test]
fn no_form_is_claimed_without_a_date_predicate() {
    let mut tables = tables_of(BIRTH_DATE, encoding(BIRTH_DATE));
    (0..ROWS).for_each(|row| tables.traces[VALUES].set_u64(row, TAGGED, 1));
    assert!(tables.rules().contains(&"values/date form".into()));
}

#[test]
fn the_form_is_one() {
    // After the text's end a tagged date has neither digit nor constant.
    let rules = rules_of_changed_date(0, u32::MAX, |trace| trace.set_u64(40, TAGGED, 1));
    assert_eq!(rules, ["values/one form"]);
}

/// Adds `offset` to the number of a text date from row `first` on, as the digits that follow carry it along, and compares
/// what comes out with the bounds `(target, target)`.
fn shift_number(trace: &mut Trace, first: usize, mut offset: F, target: F) {
    for row in first..ROWS {
        trace.set(row, NUMBER, trace.get(row, NUMBER) + offset);
        if trace.get(row, IN_VALUE) == F::ONE && ![0, 5, 8].contains(&row) {
            offset *= F::from_u8(10);
        }
    }
    let number = trace.get(LOW_ROW, NUMBER);
    fill_limbs(trace, LOW_ROW, number - target);
    fill_limbs(trace, HIGH_ROW, target - number);
}

#[test]
fn the_number_is_that_of_the_digits() {
    let later = 20_010_101;
    let target = F::from_u32(later);
    let missing = target - F::from_u32(20_000_229);
    // Eight digits follow the first row: a number to begin with that they carry to what is missing.
    let before = missing * F::from_u32(100_000_000).inverse();
    let rules = rules_of_changed_date(later, later, |trace| shift_number(trace, 0, before, target));
    assert_eq!(rules, ["values/no digits yet"]);
    let rules = rules_of_changed_date(later, later, |trace| shift_number(trace, 15, missing, target));
    assert_eq!(rules, ["values/digits"]);
}

#[test]
fn differences_are_of_the_bounds() {
    for (row, low, high, rule) in
        [(LOW_ROW, 20000301, 20001231, "values/not before"), (HIGH_ROW, 0, 20000228, "values/not after")]
    {
        let rules = rules_of_changed_date(low, high, |trace| fill_limbs(trace, row, F::ZERO));
        assert_eq!(rules, [rule]);
    }
}

// Mutation.

/// Rows of the first, a middle and an unused slot, at the message's head, in the dates' digits and limbs, after the end.
const SAMPLE: [usize; 22] =
    [0, 1, 2, 6, 7, 8, 10, 13, 22, 26, 27, 31, 32, 195, 196, 200, 204, 205, 218, 222, 391, 600];

#[test]
fn every_cell_of_a_presentation_matters() {
    let (mut statement, mut opening) = (standard_presentation(), opening(STANDARD));
    statement.subject.elements.truncate(3);
    statement.predicates.truncate(3);
    opening.values.truncate(3);
    let (statement, elements) = committed(statement, &opening);
    let tables = Tables::of_presentation(&statement, &opening, &elements).filled();
    // The salt's column is in use on the rows of salt and of differences.
    let exempt = |row: usize, column: usize| {
        column == SALT
            && !SALT_ROWS.contains(&(row % ROWS))
            && !(LOW_ROW..HIGH_ROW + LIMBS).contains(&(row % ROWS))
    };
    assert_eq!(DIFFERENCE, SALT);
    assert_cells_matter(&tables.chips, &tables.traces, VALUES, SAMPLE.into_iter(), exempt);
}

#[test]
fn every_cell_of_a_credential_matters() {
    let tables = credential_tables(&opening(STANDARD)).filled();
    let exempt = |row: usize, column: usize| column == SALT && !SALT_ROWS.contains(&(row % ROWS));
    assert_cells_matter(&tables.chips, &tables.traces, VALUES, SAMPLE.into_iter(), exempt);
}

#[test]
fn the_large_class_takes_its_longest_value() {
    let (mut statement, mut opening) = (presentation(LARGE), opening(LARGE));
    opening.values[0] = vec![0xa5; max_value_bytes(&LARGE)];
    statement.predicates[0] = encoding(&opening.values[0]);
    let (statement, elements) = committed(statement, &opening);
    assert_eq!(Tables::of_presentation(&statement, &opening, &elements).rules(), NONE);
}
