use p3_field::Field;
use velum_stark::air::testing::assert_cells_matter;

use super::predicates::{
    DAY_ROW, DIFFERENCE_BYTES, DIGIT, FORM_ROWS, HIGH_ROW, LAST_DAY, LAST_MONTH, LOW_ROW, MONTH_ROW, NUMBER,
    PART_BYTES, ROWS_FROM_TAGGED, ROWS_FROM_TDATE, ROWS_TO_NUMBER, part_scale, set_bytes,
};
use super::*;
use crate::chips::common::record_tables::{Tables, VALUES};
use crate::class::{CLASSES, LARGE, STANDARD};
use crate::digest::{Domain, hash};
use crate::record::fixtures::{
    BIRTH_DATE, committed, credential, opening, presentation, standard_presentation,
};
use crate::record::{RecordElements, offset};
use crate::statement::{Contradiction, SlotPredicate};

/// Rows of a slot in the standard class.
const ROWS: usize = slot_rows(&STANDARD);

/// Rows of a slot that can hold a byte of its value.
const MAX: usize = max_value_bytes(&STANDARD);
const VALUE_ROWS: std::ops::Range<usize> = VALUE_ROW..VALUE_ROW + MAX;

/// A presentation of one value under one predicate, all else empty.
fn one_value(value: &[u8], predicates: Vec<SlotPredicate>) -> (PresentationStatement, RecordOpening) {
    let (mut statement, mut opening) = (standard_presentation(), opening(STANDARD));
    statement.subject.elements.truncate(1);
    statement.predicates = vec![predicates];
    opening.values = vec![value.to_vec()];
    statement.commitment = opening.commitment(&statement.subject).unwrap();
    (statement, opening)
}

fn tables_of(value: &[u8], predicates: Vec<SlotPredicate>) -> Tables {
    let (statement, opening) = one_value(value, predicates);
    let elements = RecordElements::new(&statement.subject, &opening).unwrap();
    Tables::of_presentation(&statement, &opening, &elements)
}

fn date(low: u32, high: u32) -> Vec<SlotPredicate> {
    vec![SlotPredicate::Date { first: low, last: high }]
}

fn encoding(bytes: &[u8]) -> Vec<SlotPredicate> {
    vec![SlotPredicate::Encoding(bytes.to_vec())]
}

fn rules(value: &[u8], predicates: Vec<SlotPredicate>) -> Vec<String> {
    tables_of(value, predicates).rules()
}

/// Changes a table and the digits of its rows.
fn change_digits(trace: &mut Trace, change: impl Fn(&mut Trace, &mut [F])) {
    let mut digits: Vec<_> =
        (0..trace.height() - 1).map(|row| trace.get(row, SUM) - trace.get(row + 1, SUM) * BASE).collect();
    change(trace, &mut digits);
    fill_sums(trace, 0, &digits);
}

/// What fails when slot 0 holds `value` under no predicate, `change` is made to its cells and digits, and the record commits to
/// what the changed rows send. The length that they send is the changed one.
fn rules_of_changed(value: &[u8], change: impl Fn(&mut Trace, &mut [F])) -> Vec<String> {
    rules_of_changed_slot(0, value, change)
}

fn rules_of_changed_slot(slot: usize, value: &[u8], change: impl Fn(&mut Trace, &mut [F])) -> Vec<String> {
    let (mut statement, opening) = one_value(value, Vec::new());
    let mut elements = RecordElements::new(&statement.subject, &opening).unwrap();
    let chip = ValuesChip::presentation(&statement).unwrap();
    let mut trace = chip.trace(&opening, None).unwrap();
    let first = slot * ROWS;
    change_digits(&mut trace, |trace, digits| {
        let length = trace.get(first + VALUE_ROW, REMAINING);
        change(trace, digits);
        digits[first] += trace.get(first + VALUE_ROW, REMAINING) - length;
    });

    let message = &mut elements.slots[slot];
    for (element, row) in message.iter_mut().zip((first..).step_by(ELEMENT_ROWS)) {
        *element = trace.get(row, SUM) - trace.get(row + ELEMENT_ROWS, SUM) * ELEMENT_BASE;
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

/// Sets the remaining bytes on the first rows of slot 0's value.
fn set_remaining(trace: &mut Trace, remaining: &[u64]) {
    for (row, &bytes) in VALUE_ROWS.zip(remaining) {
        trace.set_u64(row, REMAINING, bytes);
    }
}

/// Puts other bytes beside an element of the name or the salt.
fn replace_bytes<const BYTES: usize>(digits: &mut [F], row: usize, number: F) {
    let bytes = digits[row..row + BYTES].iter().rev();
    let replaced = bytes.fold(F::ZERO, |number, &byte| number * BASE + byte);
    let beside = row % ELEMENT_ROWS;
    digits[row - beside] += replaced * BASE.exp_u64(beside as u64);
    set_bytes::<BYTES>(digits, row, number);
}

/// Puts another difference beside an element of the name.
fn replace_difference(digits: &mut [F], row: usize, difference: F) {
    replace_bytes::<DIFFERENCE_BYTES>(digits, row, difference);
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
    for (class, height) in CLASSES.into_iter().zip([2_048, 4_096]) {
        let chip = ValuesChip::credential(&credential(class)).unwrap();
        assert_eq!(chip.height(), height);
        assert!(class.slots * slot_rows(&class) + RESERVED_ROWS <= height);
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
    let (statement, mut opening) = one_value(b"\xf5", Vec::new());
    let too_long = |bytes| RecordError::ValueLength { slot: 0, bytes, max: MAX };
    opening.values[0] = vec![0; MAX + 1];
    let chip = ValuesChip::presentation(&statement).unwrap();
    assert_eq!(chip.trace(&opening, None).unwrap_err(), too_long(MAX + 1));
    for bytes in [0, MAX + 1] {
        let mut statement = statement.clone();
        statement.predicates = vec![encoding(&vec![0; bytes])];
        assert_eq!(ValuesChip::presentation(&statement).unwrap_err(), too_long(bytes));
    }
    let mut statement = statement;
    statement.predicates.clear();
    let missing = RecordError::Count { what: "predicates", found: 0, expected: 1 };
    assert_eq!(ValuesChip::presentation(&statement).unwrap_err(), missing);
}

#[test]
fn predicates_of_a_slot_are_combined() {
    let date = |first, last| SlotPredicate::Date { first, last };
    let two_encodings = [encoding(b"\xf5"), encoding(b"\xf4")].concat();
    assert_eq!(SlotPredicate::check_together(&two_encodings), Err(Contradiction::Encodings));
    let (mut statement, _) = one_value(b"\xf5", Vec::new());
    statement.predicates = vec![two_encodings];
    let error = RecordError::Encodings { slot: 0 };
    assert_eq!(ValuesChip::presentation(&statement).unwrap_err(), error);

    let no_day = vec![date(0, 19_710_901), date(19_710_902, 20_010_101)];
    assert_eq!(SlotPredicate::check_together(&no_day), Err(Contradiction::Dates));
    assert_eq!(rules(BIRTH_DATE, no_day), ["bus range"]);

    let together = [
        vec![date(0, 19_710_901)],
        encoding(BIRTH_DATE),
        vec![date(19_710_901, 20_010_101)],
        encoding(BIRTH_DATE),
    ];
    let together = together.concat();
    assert_eq!(SlotPredicate::check_together(&together), Ok(()));
    assert_eq!(rules(BIRTH_DATE, together), NONE);
}

// Values.

#[test]
fn in_value_is_a_flag() {
    let rules = rules_of_changed(&[0xf5, 0, 0], |trace, _| set_remaining(trace, &[4, 3, 2]));
    assert_eq!(rules, ["values/in value"]);
}

#[test]
fn a_slot_in_use_has_a_value() {
    let rules = rules_of_changed(&[0], |trace, _| set_remaining(trace, &[0]));
    assert_eq!(rules, ["values/starts in use"]);
}

#[test]
fn an_unused_slot_has_no_value() {
    let first = 2 * ROWS + VALUE_ROW;
    let rules = rules_of_changed_slot(2, &[0xf5], |trace, digits| {
        trace.set_u64(first, REMAINING, 1);
        digits[first] = F::ONE;
    });
    assert_eq!(rules, ["values/starts in use"]);
}

#[test]
fn a_value_does_not_go_on_after_its_end() {
    let rules = rules_of_changed(&[0xf5, 0, 7], |trace, _| set_remaining(trace, &[2, 1, 1]));
    assert_eq!(rules, ["values/falls"]);
}

#[test]
fn nothing_is_after_the_end() {
    // In the value's elements, and in what pads the message.
    for row in [1, MAX - 1, MAX, MAX + 20] {
        let rules = rules_of_changed(&[0xf5], |_, digits| digits[VALUE_ROW + row] = F::ONE);
        let expected =
            if row < MAX { &["values/zero after end"][..] } else { &["bus absorb", "values/zero after end"] };
        assert_eq!(rules, expected, "row {row}");
    }
}

#[test]
fn length_is_counted() {
    let rules = rules_of_changed(&[0xf5, 0, 0], |trace, _| {
        (VALUE_ROW..VALUE_ROW + MAX + 2)
            .for_each(|row| trace.set(row, REMAINING, trace.get(row, REMAINING) + F::ONE));
    });
    assert_eq!(rules, ["values/remaining"]);
}

#[test]
fn the_length_is_that_of_the_value() {
    let rules = rules_of_changed(&[0xf5, 0, 0], |_, digits| digits[0] += F::ONE);
    assert_eq!(rules, ["values/length"]);
}

#[test]
fn the_name_is_the_given_one() {
    for index in 0..DIGEST_ELEMENTS {
        let row = (slot_offset::NAME + index) * ELEMENT_ROWS;
        let rules = rules_of_changed(&[0xf5], |_, digits| digits[row] += F::ONE);
        assert_eq!(rules, ["values/name"], "element {index}");
    }
}

#[test]
fn sums_end_behind_the_slots() {
    let end = STANDARD.slots * ROWS;
    let rules = rules_of_changed(&[0xf5; 10], |_, digits| digits[end] = F::ONE);
    assert_eq!(rules, ["values/ends"]);
}

#[test]
fn bytes_are_below_256() {
    let rules = rules_of_changed(&[5, 1], |_, digits| {
        digits[VALUE_ROW] = F::from_u16(0x105);
        digits[VALUE_ROW + 1] = F::ZERO;
    });
    assert_eq!(rules, ["bus range"]);
}

/// The record is of one value, the rows of another with the same packing.
#[test]
fn a_value_one_byte_longer_or_shorter_has_another_digest() {
    let (statement, honest) = one_value(&[0xf5, 0], Vec::new());
    let elements = RecordElements::new(&statement.subject, &honest).unwrap();
    for other in [&[0xf5][..], &[0xf5, 0, 0]] {
        let (_, opening) = one_value(other, Vec::new());
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
    assert_eq!(credential_tables(&claimed).rules(), ["bus bytes"]);
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
    for row in 0..MAX {
        for (slot, other) in [(1, 2), (2, 1)] {
            let at = slot * ROWS + VALUE_ROW + row;
            tables.traces[VALUES].set_u64(at, POSITION, (3_000 + 500 * other + row) as u64);
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
    for row in 4..MAX {
        let at = ROWS + VALUE_ROW + row;
        tables.traces[VALUES].set_u64(at, POSITION, (3_000 + 500 * 2 + row) as u64);
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

/// A day of 2006 in every form.
fn in_every_form(month: u32, day: u32) -> [Vec<u8>; 3] {
    let date = format!("2006-{month:02}-{day:02}");
    let date = date.as_bytes();
    [
        [b"\xc0\x74", date, b"T23:59:59Z"].concat(),
        [b"\xd9\x03\xec\x6a", date].concat(),
        [b"\x6a", date].concat(),
    ]
}

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

/// What fails of a day of 2006 in every form, the same in each.
fn rules_in_every_form(month: u32, day: u32) -> Vec<String> {
    let [tdate, tagged, text] = in_every_form(month, day).map(|value| rules(&value, date(0, u32::MAX)));
    assert!(tdate == tagged && tagged == text, "month {month}, day {day}: {tdate:?}, {tagged:?}, {text:?}");
    text
}

#[test]
fn months_are_1_to_12() {
    for month in 0..=99 {
        let expected = if (1..=12).contains(&month) { &[][..] } else { &["bus range"] };
        assert_eq!(rules_in_every_form(month, 15), expected, "month {month}");
    }
}

/// A month's length does not count: 30 and 31 February are taken as they read.
#[test]
fn days_are_1_to_31() {
    for day in 0..=99 {
        let expected = if (1..=31).contains(&day) { &[][..] } else { &["bus range"] };
        assert_eq!(rules_in_every_form(2, day), expected, "day {day}");
    }
}

/// Issuers sign `00` for what they do not know of a birth date.
#[test]
fn years_go_from_1_january_to_31_december() {
    assert_eq!(rules_in_every_form(1, 1), NONE);
    assert_eq!(rules_in_every_form(12, 31), NONE);
    for (month, day) in [(0, 0), (0, 31), (1, 0), (12, 32), (13, 1), (13, 32)] {
        assert_eq!(rules_in_every_form(month, day), ["bus range"], "month {month}, day {day}");
    }
}

#[test]
fn months_and_days_count_under_a_date_predicate_alone() {
    for value in in_every_form(0, 0).into_iter().chain(in_every_form(13, 32)) {
        assert_eq!(rules(&value, Vec::new()), NONE, "{value:x?}");
        assert_eq!(rules(&value, encoding(&value)), NONE, "{value:x?}");
    }
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

/// Claims a form of slot 0's value, whose flag stands so many rows above where it counts.
fn claim(trace: &mut Trace, above: usize, flag: F) {
    let rows = VALUE_ROW - above..VALUE_ROW - above + FORM_ROWS;
    rows.for_each(|row| trace.set(row, NUMBER, flag));
}

/// A slot with a date predicate claims exactly one form. Claims that are not flags cannot be isolated: they would have to
/// mix the bytes of several forms into those of the value, and then lengths and digits disagree too.
#[test]
fn forms_are_flags() {
    for (tdate, tagged) in [(F::ONE, F::ONE), (F::TWO, F::ZERO), (F::ZERO, F::NEG_ONE)] {
        let rules = rules_of_changed_date(0, u32::MAX, |trace| {
            claim(trace, ROWS_FROM_TDATE, tdate);
            claim(trace, ROWS_FROM_TAGGED, tagged);
        });
        assert!(rules.contains(&"values/date form".into()), "{rules:?}");
    }
}

#[test]
fn no_form_is_claimed_without_a_date_predicate() {
    let mut tables = tables_of(BIRTH_DATE, encoding(BIRTH_DATE));
    claim(&mut tables.traces[VALUES], ROWS_FROM_TAGGED, F::ONE);
    assert!(tables.rules().contains(&"values/date form".into()));
}

#[test]
fn the_form_is_one() {
    // After the text's end a tagged date has neither digit nor constant.
    let last = VALUE_ROW - ROWS_FROM_TAGGED + FORM_ROWS - 1;
    let rules = rules_of_changed_date(0, u32::MAX, |trace| trace.set_u64(last, NUMBER, 1));
    assert_eq!(rules, ["values/one form"]);
}

#[test]
fn digits_are_where_the_form_has_them() {
    // Behind the slots, one digit and minus one: no byte is one there, so their look-ups cancel.
    let rules = rules_of_changed_date(0, u32::MAX, |trace| {
        for (row, digit) in [(1_500, F::ONE), (1_501, F::NEG_ONE)] {
            trace.set(row, DIGIT, digit);
            trace.set(row, NUMBER, F::from_u8(b'0') * F::from_u8(9).inverse());
        }
    });
    assert_eq!(rules, ["values/digit"]);
}

/// Adds `offset` to the number of a text date from row `first` of its value on, as the digits that follow carry it along, and
/// compares what comes out with the bounds `(target, target)`.
fn shift_number(trace: &mut Trace, first: usize, mut offset: F, target: F) {
    for row in VALUE_ROWS.skip(first) {
        trace.set(row, NUMBER, trace.get(row, NUMBER) + offset);
        if trace.get(row, DIGIT) == F::ONE {
            offset *= F::from_u8(10);
        }
    }
    let number = trace.get(LOW_ROW + ROWS_TO_NUMBER, NUMBER);
    change_digits(trace, |_, digits| {
        replace_difference(digits, LOW_ROW, number - target);
        replace_difference(digits, HIGH_ROW, target - number);
    });
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
        let rules = rules_of_changed_date(low, high, |trace| {
            change_digits(trace, |_, digits| replace_difference(digits, row, F::ZERO));
        });
        assert_eq!(rules, [rule]);
    }
}

/// What fails of a date when these digits stand where those of its scaled month or day should.
fn rules_of_part(value: &[u8], row: usize, part: [u32; PART_BYTES]) -> Vec<String> {
    let mut tables = tables_of(value, date(0, u32::MAX));
    change_digits(&mut tables.traces[VALUES], |_, digits| {
        let part = part.map(F::from_u32);
        let number = part.iter().rev().fold(F::ZERO, |number, &digit| number * BASE + digit);
        replace_bytes::<PART_BYTES>(digits, row, number);
        digits[row..row + PART_BYTES].copy_from_slice(&part);
    });
    tables.rules()
}

#[test]
fn month_and_day_are_those_of_the_number() {
    for (row, last, rule) in [(MONTH_ROW, LAST_MONTH, "values/month"), (DAY_ROW, LAST_DAY, "values/day")] {
        let of_part =
            |part: u32| if row == MONTH_ROW { in_every_form(part, 1) } else { in_every_form(1, part) };
        for value in [0, 2, last, last + 1].into_iter().flat_map(of_part) {
            assert_eq!(rules_of_part(&value, row, [0; PART_BYTES]), [rule], "{value:x?}");
        }
        // What is beyond the last takes more than three bytes, in whichever the rest stands.
        let scaled = part_scale(last) * last;
        let [first, second] = [0, 8].map(|bits| scaled >> bits & 0xff);
        for value in of_part(last + 1) {
            for digits in [[scaled, 0, 0], [first, scaled >> 8, 0], [first, second, scaled >> 16]] {
                assert_eq!(rules_of_part(&value, row, digits), ["bus range"], "{value:x?}");
            }
        }
    }
}

// Mutation.

/// Rows of the first and an unused slot: of length, name and differences, salt, month and day, value, dates' digits and
/// comparisons, padding; and behind the slots.
fn sample() -> impl Iterator<Item = usize> {
    let of_slot = [
        0, 1, 7, 8, 12, 13, 14, 15, 20, 21, 35, 36, 56, 57, 58, 59, 60, 61, 62, 63, 64, 70, 75, 84, 85, 86,
        92, 93, 258, 259, 279,
    ];
    let slots = of_slot.into_iter().chain(of_slot.map(|row| 3 * ROWS + row));
    slots.chain([STANDARD.slots * ROWS, 1_900])
}

/// Whether the row has neither a byte nor the first digit of an element.
fn is_free_digit(row: usize) -> bool {
    row < STANDARD.slots * ROWS && row % ROWS < VALUE_ROW && !(row % ROWS).is_multiple_of(ELEMENT_ROWS)
}

fn is_of_value(row: usize) -> bool {
    row < STANDARD.slots * ROWS && VALUE_ROWS.contains(&(row % ROWS))
}

#[test]
fn every_cell_of_a_presentation_matters() {
    let (mut statement, mut opening) = (standard_presentation(), opening(STANDARD));
    statement.subject.elements.truncate(3);
    statement.predicates.truncate(3);
    opening.values.truncate(3);
    let (statement, elements) = committed(statement, &opening);
    let tables = Tables::of_presentation(&statement, &opening, &elements).filled();
    let exempt = |row: usize, column: usize| match column {
        SUM => {
            let compared = [LOW_ROW..HIGH_ROW + DIFFERENCE_BYTES, MONTH_ROW..DAY_ROW + PART_BYTES];
            is_free_digit(row) && !compared.iter().any(|rows| rows.contains(&(row % ROWS)))
        }
        NUMBER => !is_of_value(row) && (row >= STANDARD.slots * ROWS || row % ROWS >= 2 * FORM_ROWS),
        _ => false,
    };
    assert_cells_matter(&tables.chips, &tables.traces, VALUES, sample(), exempt);
}

#[test]
fn every_cell_of_a_credential_matters() {
    let tables = credential_tables(&opening(STANDARD)).filled();
    let exempt = |row: usize, column: usize| match column {
        SUM => is_free_digit(row),
        POSITION => !is_of_value(row),
        _ => false,
    };
    assert_cells_matter(&tables.chips, &tables.traces, VALUES, sample(), exempt);
}

#[test]
fn the_large_class_takes_its_longest_value() {
    let (mut statement, mut opening) = (presentation(LARGE), opening(LARGE));
    opening.values[0] = vec![0xa5; max_value_bytes(&LARGE)];
    statement.predicates[0] = encoding(&opening.values[0]);
    let (statement, elements) = committed(statement, &opening);
    assert_eq!(Tables::of_presentation(&statement, &opening, &elements).rules(), NONE);
}
