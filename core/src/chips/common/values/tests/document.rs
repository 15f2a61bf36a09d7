//! The credential proof: the message is that of the document's value, with the layout that the
//! record prescribes.

use super::*;
use crate::chips::buses::field;

/// The document of the credential fixtures, with tables whose values and hashes are those of
/// `claimed`.
fn claiming(claimed: &RecordOpening) -> Tables {
    let mut statement = credential(STANDARD);
    let elements = RecordElements::new(&statement.subject, claimed).unwrap();
    statement.commitment = elements.commitment();
    Tables::of_credential(&statement, &opening(STANDARD), claimed, &elements)
}

/// The tables of a document with one value. The trace is changed, and the record commits to what
/// the changed rows of the slot send.
fn changed_slot(slot: usize, value: &[u8], change: impl Fn(&mut Trace, &mut [F])) -> Tables {
    let (mut statement, mut opening) = (credential(STANDARD), opening(STANDARD));
    statement.subject.elements.truncate(1);
    opening.values = vec![value.to_vec()];
    let mut elements = RecordElements::new(&statement.subject, &opening).unwrap();
    let chip = ValuesChip::credential(&statement).unwrap();
    let mut trace = chip.trace(&opening, Some(&positions(&opening))).unwrap();
    change_digits(&mut trace, change);
    let record = elements.record.clone();
    commit_to_rows(&mut elements, slot, &trace);
    if slot > 0 {
        // The digest of a slot that is not in use is zero.
        elements.record = record;
    }
    statement.commitment = elements.commitment();
    let mut tables = Tables::of_credential(&statement, &opening, &opening, &elements);
    tables.traces[VALUES] = trace;
    tables
}

fn rules(value: &[u8], change: impl Fn(&mut Trace, &mut [F])) -> Vec<String> {
    changed_slot(0, value, change).rules()
}

/// Sets how many bytes remain on the first rows of slot 0's content.
fn set_remaining(trace: &mut Trace, remaining: &[u64]) {
    for (row, &bytes) in CONTENT_ROWS.zip(remaining) {
        trace.set_u64(row, REMAINING, bytes);
    }
}

/// Every kind of value, with and without a tag.
fn values() -> Vec<Vec<u8>> {
    let mut values: Vec<Vec<u8>> = [
        &b"\x00"[..],
        b"\x18\xaf",
        b"\x1a\xff\xff\xff\xff",
        b"\x39\x01\x00",
        b"\x40",
        b"\x43\x01\x02\x03",
        b"\x60",
        b"\x6aMustermann",
        b"\xc0\x742024-03-15T12:00:00Z",
        b"\xc0\x78\x1a2024-03-15T12:00:00.5+00:00",
        b"\xd9\x03\xec\x6a1971-09-01",
        b"\xc1\x1a\x66\x00\x00\x00",
        b"\xd8\x25\x42\x01\x02",
        b"\xf5",
        b"\xf9\x3c\x00",
        b"\x80",
        b"\xa1\x01\x02",
        b"\x1b\x00\x00\x00\x01\x00\x00\x00\x00",
    ]
    .iter()
    .map(|value| value.to_vec())
    .collect();
    values.extend([text(MAX - 1), text(MAX)]);
    values
}

#[test]
fn values_of_every_kind_pass() {
    for value in values() {
        assert_eq!(rules(&value, |_, _| {}), NONE, "{value:x?}");
    }
}

#[test]
fn too_long_is_an_error() {
    let (mut statement, mut opening) = (credential(STANDARD), opening(STANDARD));
    statement.subject.elements.truncate(1);
    opening.values = vec![text(MAX + 1)];
    let error = RecordError::ValueLength { slot: 0, bytes: MAX + 1, max: MAX };
    let chip = ValuesChip::credential(&statement).unwrap();
    assert_eq!(chip.trace(&opening, None).unwrap_err(), error);
}

#[test]
fn bytes_are_those_of_the_document() {
    let mut claimed = opening(STANDARD);
    claimed.values[0][3] ^= 1;
    assert_eq!(claiming(&claimed).rules(), ["bus bytes"]);
}

/// A value is claimed with the kind, the tag, the number or the length of another value.
#[test]
fn the_value_is_the_one_that_was_found() {
    for (slot, claimed) in [
        // `Mustermann` without its last letter, as bytes, with a tag, and as an encoded value.
        (0, &b"\x69Musterman"[..]),
        (0, b"\x4aMustermann"),
        (0, b"\xd9\x03\xec\x6aMustermann"),
        (0, b"\xf5"),
        // A full-date without its tag, and under another tag.
        (1, b"\x6a1971-09-01"),
        (1, b"\xd9\x03\xed\x6a1971-09-01"),
        // 175.
        (3, b"\x18\xae"),
        (3, b"\x38\xaf"),
        (3, b"\xc1\x18\xaf"),
    ] {
        let mut opening = opening(STANDARD);
        opening.values[slot] = claimed.to_vec();
        let rules = claiming(&opening).rules();
        assert!(rules.contains(&"bus field".into()), "{claimed:x?}: {rules:?}");
        assert!(rules.iter().all(|rule| rule == "bus field" || rule == "bus bytes"), "{rules:?}");
    }
}

#[test]
fn the_value_is_at_the_position_that_was_found() {
    let mut claimed = opening(STANDARD);
    // The dates of two slots, which have the same length and the same tag.
    claimed.values.swap(1, 2);
    let at = positions(&claimed);
    let mut tables = claiming(&claimed);
    for row in 0..MAX {
        for (slot, other) in [(1, 2), (2, 1)] {
            let place = slot * ROWS + CONTENT_ROW + row;
            tables.traces[VALUES].set_u64(place, POSITION, (at.values[other].content + row) as u64);
        }
    }
    assert_eq!(tables.rules(), ["bus field"]);
}

#[test]
fn positions_count_up() {
    let mut claimed = opening(STANDARD);
    let at = positions(&claimed);
    let (date, other) = (claimed.values[2].clone(), &mut claimed.values[1]);
    // Behind the century, it is the other date.
    other[6..].copy_from_slice(&date[6..]);
    let mut tables = claiming(&claimed);
    for row in 2..MAX {
        let place = ROWS + CONTENT_ROW + row;
        tables.traces[VALUES].set_u64(place, POSITION, (at.values[2].content + row) as u64);
    }
    assert_eq!(tables.rules(), ["values/position"]);
}

/// Slots take each other's place by kinds that are not numbers of four bits. A difference of 16
/// slots is one kind.
#[test]
fn kinds_have_four_bits() {
    let claimed = opening(STANDARD);
    let at = positions(&claimed);
    let shift = F::from_u64(field::SORTS).inverse();
    let mut swapped = claimed.clone();
    swapped.values.swap(1, 2);
    let mut statement = credential(STANDARD);
    let mut elements = RecordElements::new(&statement.subject, &swapped).unwrap();
    let chip = ValuesChip::credential(&statement).unwrap();
    let mut trace = chip.trace(&swapped, Some(&at)).unwrap();
    change_digits(&mut trace, |trace, digits| {
        for (slot, other, shift) in [(1, 2, shift), (2, 1, -shift)] {
            let first = slot * ROWS;
            for row in 0..MAX {
                trace.set_u64(
                    first + CONTENT_ROW + row,
                    POSITION,
                    (at.values[other].content + row) as u64,
                );
            }
            digits[first + KIND_ROW] += shift;
            let kind = trace.get(first + ARGUMENT_ROW, POSITION) + shift;
            trace.set(first + ARGUMENT_ROW, POSITION, kind);
            // The lowest bit still says that there is content.
            trace.set(first + ARGUMENT_ROW + 1, POSITION, (kind - F::ONE).halve());
            // The tags stay. They are the same in both slots.
            trace.set_u64(first + KIND_ROW, POSITION, at.values[slot].tag.unwrap() as u64);
        }
    });
    (1..3).for_each(|slot| commit_to_rows(&mut elements, slot, &trace));
    statement.commitment = elements.commitment();
    let mut tables = Tables::of_credential(&statement, &claimed, &swapped, &elements);
    tables.traces[VALUES] = trace;
    assert_eq!(tables.rules(), ["values/kind bits"]);
}

#[test]
fn the_kind_is_the_one_of_the_message() {
    let other =
        |_: &mut Trace, digits: &mut [F]| digits[KIND_ROW] = F::from_u8(ValueKind::Text as u8);
    assert_eq!(rules(b"\x43abc", other), ["values/kind"]);
}

/// Sets the kind of slot 0, and what is left of it without its lowest bits.
fn set_kind(trace: &mut Trace, digits: &mut [F], left: [u64; KIND_BITS + 1]) {
    digits[KIND_ROW] = F::from_u64(left[0]);
    left.into_iter()
        .enumerate()
        .for_each(|(bit, left)| trace.set_u64(ARGUMENT_ROW + bit, POSITION, left));
}

#[test]
fn a_kind_ends_after_its_bits() {
    // Text, plus 16.
    let rules =
        rules(b"\x63abc", |trace, digits| set_kind(trace, digits, [16 + 5, 8 + 2, 4 + 1, 2, 1]));
    assert!(rules.contains(&"values/kind ends".into()), "{rules:?}");
}

/// A kind of which the CBOR chip finds nothing has nothing to receive, and no kind receives what
/// the table itself sends.
#[test]
fn there_is_no_other_kind() {
    for kind in 0..16_u64 {
        let left = std::array::from_fn(|bit| kind >> bit);
        let rules = rules(b"\x63abc", |trace, digits| set_kind(trace, digits, left));
        match kind {
            5 => assert_eq!(rules, NONE),
            _ => assert!(rules.contains(&"bus field".into()), "kind {kind}: {rules:?}"),
        }
    }
}

#[test]
fn whether_there_is_a_tag_is_a_flag() {
    let half = F::TWO.inverse();
    let rules = rules(BIRTH_DATE, |trace, _| trace.set(TAG_ROW, POSITION, half));
    assert_eq!(rules, ["bus field", "values/no tag", "values/tag found"]);
}

#[test]
fn a_tag_that_was_found_is_in_the_message() {
    // The tag is left out, or a tag that is not there is put in.
    let without = rules(BIRTH_DATE, |trace, digits| {
        digits[TAG_ROW] = F::ZERO;
        trace.set(TAG_ROW, POSITION, F::ZERO);
    });
    assert_eq!(without, ["bus field"]);
    let with = rules(b"\x6a1971-09-01", |_, digits| digits[TAG_ROW] = F::from_u16(1005));
    assert_eq!(with, ["values/no tag"]);
    let claimed = rules(b"\x6a1971-09-01", |trace, digits| {
        digits[TAG_ROW] = F::from_u16(1005);
        trace.set(TAG_ROW, POSITION, F::ONE);
    });
    assert_eq!(claimed, ["bus field"]);
}

/// A text that is claimed to be a date and time is sent to the text chip, which must show it. A
/// date and time that is claimed to be text is not sent.
#[test]
fn a_date_and_time_is_shown() {
    let kind = |kind: ValueKind| std::array::from_fn(|bit| kind as u64 >> bit);
    let (text, date_time) = (kind(ValueKind::Text), kind(ValueKind::DateTime));
    let claimed = rules(BIRTH_DATE, |trace, digits| set_kind(trace, digits, date_time));
    assert_eq!(claimed, ["bus field"]);
    let not_claimed =
        rules(b"\xc0\x742024-03-15T12:00:00Z", |trace, digits| set_kind(trace, digits, text));
    assert_eq!(not_claimed, ["bus field"]);
}

// Layout.

#[test]
fn in_content_is_a_flag() {
    let rules = rules(b"\x63abc", |trace, digits| {
        set_remaining(trace, &[3, 2, 0]);
        digits[CONTENT_ROW + 2] = F::ZERO;
    });
    assert!(rules.contains(&"values/in content".into()), "{rules:?}");
}

#[test]
fn content_does_not_go_on_after_its_end() {
    let rules = rules(b"\x63abc", |trace, _| set_remaining(trace, &[3, 2, 2, 1, 0]));
    assert!(rules.contains(&"values/falls".into()), "{rules:?}");
}

#[test]
fn nothing_is_after_the_end() {
    // In the elements of the content, and in the padding of the message.
    for row in [3, MAX - 1, MAX, MAX + 20] {
        let rules = rules(b"\x63abc", |_, digits| digits[CONTENT_ROW + row] = F::ONE);
        let expected = if row < MAX {
            &["values/zero after end"][..]
        } else {
            &["bus absorb", "values/zero after end"]
        };
        assert_eq!(rules, expected, "row {row}");
    }
}

#[test]
fn content_is_counted() {
    let rules = rules(b"\x63abc", |trace, _| {
        (CONTENT_ROW..CONTENT_ROW + MAX + 2)
            .for_each(|row| trace.set(row, REMAINING, trace.get(row, REMAINING) + F::ONE));
    });
    assert_eq!(rules, ["values/length", "values/remaining"]);
}

/// Less content than the argument says, none although the kind has content, and some although it
/// has none.
#[test]
fn content_is_as_long_as_kind_and_argument_say() {
    let shorter = rules(b"\x63abc", |trace, digits| {
        set_remaining(trace, &[2, 1, 0]);
        digits[CONTENT_ROW + 2] = F::ZERO;
    });
    assert_eq!(shorter, ["values/length"]);
    let none = rules(b"\x63abc", |trace, digits| {
        set_remaining(trace, &[0, 0, 0]);
        digits[CONTENT_ROW..CONTENT_ROW + 3].fill(F::ZERO);
    });
    assert_eq!(none, ["values/length"]);
    let of_number = rules(b"\x03", |trace, _| set_remaining(trace, &[1]));
    assert_eq!(of_number, ["bus bytes", "values/length"]);
}

#[test]
fn the_name_is_the_given_one() {
    for index in 0..DIGEST_ELEMENTS {
        let row = (slot_offset::NAME + index) * ELEMENT_ROWS;
        let rules = rules(b"\xf5", |_, digits| digits[row] += F::ONE);
        assert_eq!(rules, ["values/name"], "element {index}");
    }
}

#[test]
fn sums_end_behind_the_slots() {
    let end = STANDARD.slots * ROWS;
    let rules = rules(&text(10), |_, digits| digits[end] = F::ONE);
    assert_eq!(rules, ["values/ends"]);
}

#[test]
fn a_slot_that_is_not_in_use_finds_nothing() {
    let tables = changed_slot(2, b"\xf5", |trace, digits| {
        digits[2 * ROWS + TAG_ROW] = F::from_u16(1005);
        trace.set(2 * ROWS + TAG_ROW, POSITION, F::ONE);
    });
    assert_eq!(tables.rules(), ["bus field"]);
}
