//! The presentation proof: what is shown about the values that the record holds.

use super::super::predicates::{
    DAY_ROW, DIFFERENCE_BYTES, HIGH_ROW, LAST_DAY, LAST_MONTH, LOW_ROW, MONTH_ROW, PART_BYTES,
    ROWS_TO_NUMBER, part_scale, set_bytes,
};
use super::*;

/// A presentation of one value under these predicates. Everything else is empty.
fn one_value(
    value: &[u8],
    predicates: Vec<SlotPredicate>,
) -> (PresentationStatement, RecordOpening) {
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

/// The rules that fail when slot 0 holds `value`, `change` is made to its cells and digits, and the
/// record commits to what the changed rows send.
fn rules_of_changed(
    value: &[u8],
    predicates: Vec<SlotPredicate>,
    change: impl Fn(&mut Trace, &mut [F]),
) -> Vec<String> {
    let (mut statement, opening) = one_value(value, predicates);
    let mut elements = RecordElements::new(&statement.subject, &opening).unwrap();
    let chip = ValuesChip::presentation(&statement).unwrap();
    let mut trace = chip.trace(&opening, None).unwrap();
    change_digits(&mut trace, change);
    commit_to_rows(&mut elements, 0, &trace);
    statement.commitment = elements.commitment();
    let mut tables = Tables::of_presentation(&statement, &opening, &elements);
    tables.traces[VALUES] = trace;
    tables.rules()
}

/// Replaces the bytes that stand beside an element.
fn replace_bytes<const BYTES: usize>(digits: &mut [F], row: usize, number: F) {
    let bytes = digits[row..row + BYTES].iter().rev();
    let replaced = bytes.fold(F::ZERO, |number, &byte| number * BASE + byte);
    let beside = row % ELEMENT_ROWS;
    digits[row - beside] += replaced * BASE.exp_u64(beside as u64);
    set_bytes::<BYTES>(digits, row, number);
}

/// The rules that fail when `change` is made to the rows of a text date under the bounds.
fn rules_of_changed_date(low: u32, high: u32, change: impl Fn(&mut Trace)) -> Vec<String> {
    let mut tables = tables_of(b"\x6a2000-02-29", date(low, high));
    change(&mut tables.traces[VALUES]);
    tables.rules()
}

#[test]
fn predicates_of_a_slot_are_combined() {
    let date = |first, last| SlotPredicate::Date { first, last };
    let two_values = [encoding(b"\xf5"), encoding(b"\xf4")].concat();
    assert_eq!(SlotPredicate::check_together(&two_values), Err(Contradiction::Encodings));
    let (mut statement, _) = one_value(b"\xf5", Vec::new());
    statement.predicates = vec![two_values];
    let error = RecordError::Encodings { slot: 0 };
    assert_eq!(ValuesChip::presentation(&statement).unwrap_err(), error);

    let no_day = vec![date(0, 19_710_901), date(19_710_902, 20_010_101)];
    assert_eq!(SlotPredicate::check_together(&no_day), Err(Contradiction::Dates));
    assert_eq!(rules(BIRTH_DATE, no_day), ["bus range"]);

    let together = [
        vec![date(0, 19_710_901)],
        encoding(BIRTH_DATE),
        vec![date(19_710_901, 20_010_101)],
        encoding(b"\xd9\x03\xec\x78\x0a1971-09-01"),
    ];
    let together = together.concat();
    assert_eq!(SlotPredicate::check_together(&together), Ok(()));
    assert_eq!(rules(BIRTH_DATE, together), NONE);
}

#[test]
fn too_long_is_an_error() {
    let (mut statement, _) = one_value(b"\xf5", Vec::new());
    statement.predicates = vec![encoding(&text(MAX + 1))];
    let too_long = RecordError::ValueLength { slot: 0, bytes: MAX + 1, max: MAX };
    assert_eq!(ValuesChip::presentation(&statement).unwrap_err(), too_long);
    statement.predicates.clear();
    let missing = RecordError::Count { what: "predicates", found: 0, expected: 1 };
    assert_eq!(ValuesChip::presentation(&statement).unwrap_err(), missing);
}

// The record.

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

#[test]
fn another_value_does_not_open_the_record() {
    let (statement, honest) = one_value(b"\x42ab", Vec::new());
    let elements = RecordElements::new(&statement.subject, &honest).unwrap();
    for other in [&b"\x41a"[..], b"\x43ab\0", b"\x62ab", b"\xc1\x42ab", b"\x02", b"\x82\x61\x62"] {
        let (_, opening) = one_value(other, Vec::new());
        let tables = Tables::of_presentation(&statement, &opening, &elements);
        assert_eq!(tables.rules(), ["bus absorb"], "{other:x?}");
    }
}

#[test]
fn the_name_is_the_given_one() {
    for index in 0..DIGEST_ELEMENTS {
        let row = (slot_offset::NAME + index) * ELEMENT_ROWS;
        let rules = rules_of_changed(&[0xf5], Vec::new(), |_, digits| digits[row] += F::ONE);
        assert_eq!(rules, ["values/name"], "element {index}");
    }
}

#[test]
fn sums_end_behind_the_slots() {
    let end = STANDARD.slots * ROWS;
    let rules = rules_of_changed(&text(10), Vec::new(), |_, digits| digits[end] = F::ONE);
    assert_eq!(rules, ["values/ends"]);
}

// Values asked for.

#[test]
fn values_meet_what_encodes_them_with_any_heads() {
    for encodings in [
        &[&b"\x12"[..], b"\x18\x12", b"\x19\x00\x12", b"\x1a\0\0\0\x12", b"\x1b\0\0\0\0\0\0\0\x12"]
            [..],
        &[b"\x29", b"\x38\x09", b"\x3b\0\0\0\0\0\0\0\x09"],
        &[b"\x6aMustermann", b"\x78\x0aMustermann", b"\x7b\0\0\0\0\0\0\0\x0aMustermann"],
        &[b"\x42ab", b"\x59\0\x02ab"],
        &[
            b"\xc0\x742024-03-15T12:00:00Z",
            b"\xc0\x78\x142024-03-15T12:00:00Z",
            b"\xd8\x00\x79\0\x142024-03-15T12:00:00Z",
        ],
        &[b"\xd9\x03\xec\x6a2024-03-15", b"\xda\0\0\x03\xec\x78\x0a2024-03-15"],
        &[b"\xf5"],
        &[b"\xa1\x01\x02"],
    ] {
        for (value, asked) in encodings.iter().flat_map(|a| encodings.iter().map(move |b| (a, b))) {
            assert_eq!(rules(value, encoding(asked)), NONE, "{value:x?} for {asked:x?}");
        }
    }
    for length in [0, 1, 6, 7, 8, 22, MAX - 1, MAX] {
        assert_eq!(rules(&text(length), encoding(&text(length))), NONE, "{length} bytes");
    }
}

#[test]
fn another_value_is_refused() {
    for (value, asked) in [
        (&b"\xf4"[..], &b"\xf5"[..]),
        (b"\x82\x01\x02", b"\x81\x01"),
        (b"\x81\x18\x01", b"\x81\x01"),
        (b"\x6aMustermann", b"\x6aMustermanN"),
        (b"\x6aMustermann", b"\x4aMustermann"),
        (b"\x63abc", b"\x62ab"),
        (b"\x62ab", b"\x63ab\0"),
        (b"\x01", b"\x20"),
        (b"\x01", b"\xc1\x01"),
        (b"\xc1\x01", b"\x01"),
        (b"\xc1\x01", b"\xc2\x01"),
        (b"\x00", b"\x40"),
        (b"\x40", b"\x60"),
        (b"\x1a\xff\xff\xff\xff", b"\x1b\0\0\0\x01\0\0\0\0"),
        (b"\xc0\x742024-03-15T12:00:00Z", b"\x742024-03-15T12:00:00Z"),
        (b"\xc0\x742024-03-15T12:00:00Z", b"\xc0\x742024-03-15T12:00:01Z"),
        (b"\xf9\x3c\x00", b"\xfa\x3f\x80\0\0"),
    ] {
        assert_eq!(rules(value, encoding(asked)), ["values/value"], "{value:x?} for {asked:x?}");
    }
}

#[test]
fn values_of_other_slots_do_not_count() {
    let (mut statement, opening) = (standard_presentation(), opening(STANDARD));
    statement.predicates.swap(2, 3);
    let (statement, elements) = committed(statement, &opening);
    assert_eq!(Tables::of_presentation(&statement, &opening, &elements).rules(), ["values/value"]);
}

#[test]
fn the_large_class_takes_its_longest_value() {
    let (mut statement, mut opening) = (presentation(LARGE), opening(LARGE));
    let bytes = max_content_bytes(&LARGE);
    opening.values[0] = [&[0x59, (bytes >> 8) as u8, bytes as u8][..], &vec![0xa5; bytes]].concat();
    statement.predicates[0] = encoding(&opening.values[0]);
    let (statement, elements) = committed(statement, &opening);
    assert_eq!(Tables::of_presentation(&statement, &opening, &elements).rules(), NONE);
}

// Dates.

const DATES: [&[u8]; 5] = [
    b"\xc0\x742000-02-29T23:59:59Z",
    b"\xc0\x78\x1f2000-02-29T23:59:59.12345+00:00",
    b"\xd9\x03\xec\x6a2000-02-29",
    b"\x6a2000-02-29",
    b"\xd9\x03\xec\x79\0\x0a2000-02-29",
];

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
        for (low, high) in [
            (0, 20000228),
            (20000301, 20001231),
            (20000230, 20000229),
            (u32::MAX, u32::MAX),
            (0, 0),
        ] {
            assert_eq!(
                rules(value, date(low, high)),
                ["bus range"],
                "{value:x?} within {low}..={high}"
            );
        }
    }
}

/// 18 years: whoever is born on 29 February 2008 reaches this age on 1 March 2026. The latest birth
/// date that counts on 28 February 2026 is therefore 28 February 2008.
#[test]
fn a_leap_day_counts_from_the_first_of_march() {
    let born = b"\xd9\x03\xec\x6a2008-02-29";
    assert_eq!(rules(born, date(0, 20080228)), ["bus range"]);
    assert_eq!(rules(born, date(0, 20080301)), NONE);
}

/// The rules that fail for a day of 2006, which are the same for every form.
fn rules_in_every_form(month: u32, day: u32) -> Vec<String> {
    let [tdate, tagged, text] =
        in_every_form(month, day).map(|value| rules(&value, date(0, u32::MAX)));
    assert!(
        tdate == tagged && tagged == text,
        "month {month}, day {day}: {tdate:?}, {tagged:?}, {text:?}"
    );
    text
}

#[test]
fn months_are_1_to_12() {
    for month in 0..=99 {
        let expected = if (1..=12).contains(&month) { &[][..] } else { &["bus range"] };
        assert_eq!(rules_in_every_form(month, 15), expected, "month {month}");
    }
}

/// The length of a month does not count: 30 and 31 February are accepted.
#[test]
fn days_are_1_to_31() {
    for day in 0..=99 {
        let expected = if (1..=31).contains(&day) { &[][..] } else { &["bus range"] };
        assert_eq!(rules_in_every_form(2, day), expected, "day {day}");
    }
}

/// Issuers sign `00` for the part of a birth date that they do not know.
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
        for value in [&b"\xd9\x03\xec\x6a2000-02-29"[..], b"\x6a2000-02-29"] {
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
fn dashes_are_dashes() {
    for at in [5, 8] {
        for byte in [b'.', b',', b'0', 0, 0xff] {
            let mut value = b"\x6a2000-02-29".to_vec();
            value[at] = byte;
            assert_eq!(rules(&value, date(0, u32::MAX)), ["values/dash"], "{value:x?}");
        }
    }
}

#[test]
fn dates_have_the_length_of_their_form() {
    for value in
        [&b"\x6b2000-02-290"[..], b"\xd9\x03\xec\x6b2000-02-290", b"\x742000-02-29T23:59:59Z"]
    {
        assert_eq!(rules(value, date(0, u32::MAX)), ["values/date length"], "{value:x?}");
    }
}

/// Other tags, and text under tag 0 that is not a date and time in UTC.
#[test]
fn dates_have_the_tag_of_their_form() {
    for value in [
        &b"\xc1\x6a2000-02-29"[..],
        b"\xd9\x03\xeb\x6a2000-02-29",
        b"\xd9\x03\xed\x6a2000-02-29",
        b"\xc0\x6a2000-02-29",
        b"\xda\x00\x01\x00\x00\x6a2000-02-29",
    ] {
        assert_eq!(rules(value, date(0, u32::MAX)), ["values/date tag"], "{value:x?}");
    }
    let abroad = b"\xc0\x78\x192000-02-29T23:59:59+01:00";
    assert_eq!(rules(abroad, date(0, u32::MAX)), ["values/date length", "values/date tag"]);
}

#[test]
fn other_types_are_not_dates() {
    for value in [
        &b"\xf5"[..],
        b"\x1a\x01\x31\x2d\x00",
        b"\x4a2000-02-29",
        b"\xc1\x1a\x38\xbb\x07\x00",
        b"\x60",
        b"\x81\x6a2000-02-29",
    ] {
        assert!(!rules(value, date(0, u32::MAX)).is_empty(), "{value:x?}");
    }
    let bytes = b"\x4a2000-02-29";
    assert_eq!(rules(bytes, date(0, u32::MAX)), ["values/date kind", "values/date tag"]);
}

/// One flag says whether a date is a full-date, and a date and time is not one.
#[test]
fn a_date_has_one_form() {
    let flag = |value: &[u8], flag: F| {
        let mut tables = tables_of(value, date(0, u32::MAX));
        tables.traces[VALUES].set(TAG_ROW, NUMBER, flag);
        tables.rules()
    };
    // A tag that is a multiple of 1005, minus 1.
    assert_eq!(flag(b"\xd9\x07\xd9\x6a2000-02-29", F::TWO), ["values/full-date flag"]);
    // A date and time under the tag that is the sum of both tags.
    let both =
        rules_of_changed(b"\xc0\x742000-02-29T23:59:59Z", date(0, u32::MAX), |trace, digits| {
            digits[TAG_ROW] += F::from_u16(1005);
            trace.set(TAG_ROW, NUMBER, F::ONE);
        });
    assert_eq!(both, ["values/one form"]);
    assert_eq!(flag(b"\x6a2000-02-29", F::ONE), ["values/date tag"]);
}

/// The bytes under a date predicate are those that the elements pack.
#[test]
fn digits_are_those_of_the_elements() {
    for row in [CONTENT_ROW + 3, CONTENT_ROW + 9, CONTENT_ROW + 12] {
        let rules = rules_of_changed(b"\x6a2000-02-29", date(0, u32::MAX), |_, digits| {
            digits[row] -= F::ONE;
            digits[row - 1] += BASE;
        });
        assert!(rules.contains(&"bus range".into()), "row {row}: {rules:?}");
    }
}

/// Adds `offset` to the number of a text date, from row `first` of its content on. The digits that
/// follow carry the offset along. The result is compared with the bounds `(target, target)`.
fn shift_number(trace: &mut Trace, first: usize, mut offset: F, target: F) {
    for row in CONTENT_ROWS.skip(first) {
        trace.set(row, NUMBER, trace.get(row, NUMBER) + offset);
        if b"DDDD-DD-DD".get(row - CONTENT_ROW) == Some(&b'D') {
            offset *= F::from_u8(10);
        }
    }
    let number = trace.get(LOW_ROW + ROWS_TO_NUMBER, NUMBER);
    change_digits(trace, |_, digits| {
        replace_bytes::<DIFFERENCE_BYTES>(digits, LOW_ROW, number - target);
        replace_bytes::<DIFFERENCE_BYTES>(digits, HIGH_ROW, target - number);
    });
}

#[test]
fn the_number_is_that_of_the_digits() {
    let later = 20_010_101;
    let target = F::from_u32(later);
    let missing = target - F::from_u32(20_000_229);
    // Eight digits follow the first row. They turn this initial number into what is missing.
    let before = missing * F::from_u32(100_000_000).inverse();
    let rules = rules_of_changed_date(later, later, |trace| shift_number(trace, 0, before, target));
    assert!(rules.contains(&"values/no digits yet".into()), "{rules:?}");
    let rules =
        rules_of_changed_date(later, later, |trace| shift_number(trace, 10, missing, target));
    assert!(rules.contains(&"values/digits".into()), "{rules:?}");
}

#[test]
fn differences_are_of_the_bounds() {
    for (row, low, high, rule) in [
        (LOW_ROW, 20000301, 20001231, "values/not before"),
        (HIGH_ROW, 0, 20000228, "values/not after"),
    ] {
        let rules = rules_of_changed_date(low, high, |trace| {
            change_digits(trace, |_, digits| {
                replace_bytes::<DIFFERENCE_BYTES>(digits, row, F::ZERO)
            });
        });
        assert_eq!(rules, [rule]);
    }
}

/// The rules that fail for a date when these digits replace those of its scaled month or day.
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
    for (row, last, rule) in
        [(MONTH_ROW, LAST_MONTH, "values/month"), (DAY_ROW, LAST_DAY, "values/day")]
    {
        let of_part = |part: u32| {
            if row == MONTH_ROW { in_every_form(part, 1) } else { in_every_form(1, part) }
        };
        for value in [0, 2, last, last + 1].into_iter().flat_map(of_part) {
            assert_eq!(rules_of_part(&value, row, [0; PART_BYTES]), [rule], "{value:x?}");
        }
        // A month or day beyond the last takes more than three bytes, in whichever digit the rest
        // stands.
        let scaled = part_scale(last) * last;
        let [first, second] = [0, 8].map(|bits| scaled >> bits & 0xff);
        for value in of_part(last + 1) {
            for digits in [[scaled, 0, 0], [first, scaled >> 8, 0], [first, second, scaled >> 16]] {
                assert_eq!(rules_of_part(&value, row, digits), ["bus range"], "{value:x?}");
            }
        }
    }
}
