//! The text table: one byte of an expected string per row, or four bytes of a string that is the
//! same for every subject.
//!
//! It proves that every string in use stands, exactly once, at a place of the hashed streams where
//! the CBOR chip has found it. It compares the content byte by byte. Of the head it compares only
//! the argument, whatever the length of the head. It reads the digits of a date. Of an item's
//! `random` it checks the length only.
//!
//! The [`grammar`](crate::chips::mdoc::grammar) says which strings there are. The CBOR chip decides
//! where they may stand and of which kind they are.
//!
//! # Buses
//!
//! * [`FIELD`]: receives each string in use, with its place and argument, from the CBOR chip. A
//!   date and time that is a slot's value comes from the values chip.
//! * [`BYTES`]: looks up the bytes of each string, which the bytes chip provides.
//! * [`RANGE`]: looks up digits and lengths.
//! * [`DATE`]: sends the number of each date of `validityInfo` to the record chip.
//!
//! # Dates
//!
//! A date is `YYYY-MM-DDTHH:MM:SS`, then nothing or a point and one to nine digits, then `Z` or
//! `+00:00`. Ten rows behind the seconds are for the fraction. The rows in use come first, and
//! `number` counts them: it grows by one behind each row in use. Three rows are for the end of the
//! date: the first four and the last two bytes of `+00:00`, and a `Z`. The end stands behind as
//! many bytes as `number` has counted. On all three rows, `digit` says which of the two ends the
//! date has. The fraction and the end together determine the length of the date, which is received
//! from the CBOR chip.
//!
//! # Soundness
//!
//! | cell | what fixes it |
//! |---|---|
//! | start | constant over a string. Every byte of the string in use is looked up at its distance from the start. The start is received once from the CBOR chip, together with the argument that the head must have. Free if the string is not in use, because then nothing is received |
//! | digit | at a digit: 0 to 9 by two range checks, and the byte looked up is its ASCII code; at a length: how much it exceeds the smallest length, by a range check; at an algorithm: how much it exceeds the encoding of ES256, `choice`: 0 or 2; at the end of a date: `choice`: 0 or 1, and the same on all rows of the end; elsewhere: zero. Free where a fraction has no more digits, because nothing reads it |
//! | number | zero before the first digit of a date; after each digit up to the seconds, ten times the number before plus the digit. Zero again before the fraction, then one more behind each of its bytes in use: `fraction` makes it grow by one or not at all, `fraction order` stops it once it has not grown, and `point` makes it grow behind the point exactly if it grows behind the first digit. Zero on rows of other strings. Free on rows of no string, because nothing reads it |
//!
//! Fixed and public columns determine which rows receive, send and look up. For the end and the
//! fraction of a date, `number` and `digit` determine it too. All bytes of a date are looked up,
//! and none twice: the bytes of the fraction follow the seconds, the end follows the fraction, and
//! the argument received says that the string ends there.

use std::collections::BTreeMap;

use p3_field::{Algebra, PrimeCharacteristicRing, PrimeField64};
use velum_stark::air::{Chip, ChipBuilder, RESERVED_ROWS, Trace};
use velum_stark::field::F;

use crate::chips::buses::{BYTES, DATE, FIELD, RANGE, date, field};
use crate::chips::common::streams::Streams;
use crate::chips::mdoc::cbor::Tree;
use crate::chips::mdoc::grammar::{
    ALGORITHMS, MIN_RANDOM_BYTES, SubjectError, Symbol, Text, Varies, text, texts,
};
use crate::class::{CLASSES, NUMBERED_SLOTS};
use crate::statement::Subject;
use crate::value::{
    DATE_TIME, MAX_FRACTION_DIGITS, OFFSET, TAG_DATE_TIME, ValueKind, is_date_time,
};

/// Number of bits of a digit.
const DIGIT_BITS: u32 = 4;

/// Number of bits of a length minus the smallest length. No item of a class is long enough to
/// exceed it.
const LENGTH_BITS: u32 = 10;

const _: () = {
    let mut class = 0;
    while class < CLASSES.len() {
        assert!(CLASSES[class].max_item_bytes < (1 << LENGTH_BITS) + MIN_RANDOM_BYTES as usize);
        class += 1;
    }
};

/// Number of bytes of `+00:00` that are looked up at once.
const OFFSET_HOUR_BYTES: usize = 4;

/// Committed columns.
mod column {
    /// Position of the first byte behind the string's head.
    pub(super) const START: usize = 0;
    /// Value of the digit on this row, or the length minus the smallest length. Where there is a
    /// choice, the chosen value.
    pub(super) const DIGIT: usize = 1;
    /// Decimal number that the string's digits before this row make. Behind the seconds of a date,
    /// the number of bytes of its fraction before this row.
    pub(super) const NUMBER: usize = 2;
    /// Number of columns.
    pub(super) const COUNT: usize = 3;
}

/// Fixed columns.
mod fixed {
    /// Number of the string.
    pub(super) const TEXT: usize = 0;
    /// Distance from the string's first byte. At the end of a date, the distance if there is no
    /// fraction.
    pub(super) const INDEX: usize = 1;
    /// Number of bytes that are looked up at once.
    pub(super) const BYTES: usize = 2;
    /// 1 if the next row belongs to the same string.
    pub(super) const CONTINUES: usize = 3;
    /// 1 where a digit stands.
    pub(super) const DIGIT: usize = 4;
    /// 1 on the row of the last digit of a date's seconds.
    pub(super) const DATE_END: usize = 5;
    /// Number of the date that ends here.
    pub(super) const DATE: usize = 6;
    /// Number of bits of the digit or length that stands here.
    pub(super) const BITS: usize = 7;
    /// 1 where a digit or a length stands.
    pub(super) const VARIES: usize = 8;
    /// 1 on the first row of a string, and on the row of a date's point.
    pub(super) const COUNT_STARTS: usize = 9;
    /// 1 if the number on the next row follows from the number and the digit on this row.
    pub(super) const COUNT_GOES_ON: usize = 10;
    /// 1 on rows of a fraction.
    pub(super) const FRACTION: usize = 11;
    /// 1 on the rows of a fraction except the last.
    pub(super) const FRACTION_GOES_ON: usize = 12;
    /// 1 on the row of the point.
    pub(super) const POINT: usize = 13;
    /// 1 where there is a choice.
    pub(super) const CHOICE: usize = 14;
    /// The value of `digit` there, if it is not zero.
    pub(super) const CHOSEN: usize = 15;
    /// 1 on the rows of the end of a date.
    pub(super) const ENDS: usize = 16;
    /// 1 on the rows of the end of a date except the last.
    pub(super) const ENDS_ON: usize = 17;
    /// What `digit` adds there to the number of lookups of the bytes: 1 for a `Z`, -1 for `+00:00`.
    pub(super) const END_LOOKUP: usize = 18;
    /// Factor with which `digit` is added to the argument of the head.
    pub(super) const TO_ARGUMENT: usize = 19;
    /// 1 on the row of a string that is received only if the next row's `digit` is 1.
    pub(super) const CLAIMED: usize = 20;
    /// Number of columns.
    pub(super) const COUNT: usize = 21;
}

/// Public columns.
mod public {
    /// The bytes expected, as a number. For a digit, ASCII zero.
    pub(super) const BYTE: usize = 0;
    /// 1 where a byte is expected.
    pub(super) const IN_USE: usize = 1;
    /// 1 on the row on which a string in use is received. This is the string's first row or, for a
    /// date, the last row of its end. 0 if a claim follows.
    pub(super) const FOUND: usize = 2;
    /// Argument of the string's head. For a length, the smallest argument. For a date, the argument
    /// of a date without a fraction that ends in `+00:00`.
    pub(super) const ARGUMENT: usize = 3;
    /// Number of columns.
    pub(super) const COUNT: usize = 4;
}

/// The text table of a subject.
#[derive(Clone, Debug)]
pub struct TextChip {
    texts: Vec<Text>,
}

impl TextChip {
    /// The table for `subject`.
    ///
    /// # Errors
    ///
    /// See [`SubjectError`].
    pub(crate) fn new(subject: &Subject) -> Result<Self, SubjectError> {
        Ok(Self { texts: texts(subject)? })
    }

    /// Fills the table with the places that `tree` has found and the digits there. A string that
    /// was not found is said to start at position 0.
    pub(crate) fn trace(&self, tree: &Tree, streams: &Streams) -> Trace {
        let mut trace = Trace::zeroed(self.height(), column::COUNT);
        let mut row = 0;
        for text in &self.texts {
            let claim = self.claim(text, tree, streams);
            let start = match text.symbols.last() {
                Some(Symbol::Claim) if claim.is_none() => tree.text_start(text::date(date::SIGNED)),
                Some(Symbol::Claim) => claim,
                _ => tree.text_start(text.number),
            };
            let start = start.unwrap_or_default();
            let end = DateEnd::read(streams, start);
            let symbols = if text.in_use { text.symbols.as_slice() } else { &[] };
            let (mut number, mut offset) = (F::ZERO, 0);
            for index in 0..text.capacity {
                let byte = streams.byte((start as usize).saturating_add(offset));
                let digit = match symbols.get(index) {
                    Some(Symbol::Digit) => F::from_u8(byte) - F::from_u8(b'0'),
                    Some(Symbol::Algorithm) => F::from_u8(byte) - F::from_u8(ALGORITHMS[0]),
                    Some(Symbol::FractionDigit) if index - DATE_TIME.len() < end.fraction => {
                        F::from_u8(byte) - F::from_u8(b'0')
                    }
                    Some(Symbol::OffsetHour | Symbol::OffsetMinute | Symbol::Zulu) => {
                        F::from_bool(end.is_zulu)
                    }
                    Some(Symbol::Claim) => F::from_bool(claim.is_some()),
                    Some(Symbol::Length) => {
                        let [_, length] = tree.field(text.number).unwrap_or_default();
                        F::from_u64(length) - F::from_u8(MIN_RANDOM_BYTES)
                    }
                    _ => F::ZERO,
                };
                if symbols.get(index) == Some(&Symbol::Point) {
                    number = F::ZERO;
                }
                trace.set_u64(row, column::START, start);
                trace.set(row, column::DIGIT, digit);
                trace.set(row, column::NUMBER, number);
                match symbols.get(index) {
                    Some(Symbol::Digit) => number = number * F::from_u8(10) + digit,
                    Some(Symbol::Point | Symbol::FractionDigit) => {
                        number += F::from_bool(index - DATE_TIME.len() < end.fraction);
                    }
                    _ => {}
                }
                row += 1;
                offset += symbols.get(index).map_or(1, |symbol| symbol.bytes());
            }
        }
        trace
    }

    /// Where the text of a value under tag 0 begins, if `text` belongs to that slot and the value
    /// is a date and time.
    fn claim(&self, text: &Text, tree: &Tree, streams: &Streams) -> Option<u64> {
        let slot = (0..NUMBERED_SLOTS).find(|&slot| text.number == field::date_time(slot))?;
        let [_, tag] = tree.field(field::value_tag(slot))?;
        let [start, length] = tree.field(field::element_value(slot, ValueKind::Text))?;
        let bytes: Vec<_> =
            (start..start.saturating_add(length)).map(|at| streams.byte(at as usize)).collect();
        (tag == u64::from(TAG_DATE_TIME) && is_date_time(&bytes)).then_some(start)
    }

    /// Number of rows that hold strings.
    fn rows(&self) -> usize {
        self.texts.iter().map(|text| text.capacity).sum()
    }
}

/// How a date ends.
struct DateEnd {
    /// Number of bytes of the date's fraction, including the point.
    fraction: usize,
    /// Whether the date ends in `Z`.
    is_zulu: bool,
}

impl DateEnd {
    /// Reads the end of a date that begins at `start`, if there is one.
    fn read(streams: &Streams, start: u64) -> Self {
        let byte =
            |index: usize| streams.byte((start as usize).saturating_add(DATE_TIME.len() + index));
        let digits =
            (1..=MAX_FRACTION_DIGITS).take_while(|&index| byte(index).is_ascii_digit()).count();
        let fraction = if byte(0) == b'.' && digits > 0 { 1 + digits } else { 0 };
        Self { fraction, is_zulu: byte(fraction) != OFFSET[0] }
    }
}

/// The number that the bytes make in big-endian order.
fn big_endian(bytes: &[u8]) -> F {
    bytes.iter().fold(F::ZERO, |number, &byte| number * F::from_u16(256) + F::from_u8(byte))
}

/// What is expected on the row of a symbol.
struct Expected {
    /// The byte or, for several bytes, the big-endian number that they make. For a digit, ASCII
    /// zero. For an algorithm, the encoding of ES256.
    byte: F,
    /// Number of bytes that are looked up.
    bytes: usize,
    /// Whether the bytes are looked up, unless other columns decide that.
    in_use: bool,
    /// Number of bits of the digit or length that stands here, if one does.
    bits: Option<u32>,
}

impl Symbol {
    fn expected(self) -> Expected {
        let one =
            |byte: u8| Expected { byte: F::from_u8(byte), bytes: 1, in_use: true, bits: None };
        let several =
            |bytes: &[u8]| Expected { byte: big_endian(bytes), bytes: bytes.len(), ..one(0) };
        match self {
            Self::Byte(byte) => one(byte),
            Self::Word(bytes) => several(&bytes),
            Self::Digit => Expected { bits: Some(DIGIT_BITS), ..one(b'0') },
            Self::Algorithm => one(ALGORITHMS[0]),
            Self::Point => Expected { in_use: false, ..one(b'.') },
            Self::FractionDigit => Expected { in_use: false, bits: Some(DIGIT_BITS), ..one(b'0') },
            Self::OffsetHour => several(&OFFSET[..OFFSET_HOUR_BYTES]),
            Self::OffsetMinute => several(&OFFSET[OFFSET_HOUR_BYTES..]),
            Self::Zulu => Expected { in_use: false, ..one(b'Z') },
            Self::Length => Expected { in_use: false, bits: Some(LENGTH_BITS), ..one(0) },
            Self::Claim => Expected { in_use: false, ..one(0) },
        }
    }

    fn is_end(self) -> bool {
        matches!(self, Self::OffsetHour | Self::OffsetMinute | Self::Zulu)
    }
}

/// Sets the fixed columns that depend on the symbol of a row.
fn set_symbol(set: &mut impl FnMut(usize, F), symbol: Symbol, index: usize) {
    let Expected { bytes, bits, .. } = symbol.expected();
    set(fixed::BYTES, F::from_usize(bytes));
    if let Some(bits) = bits {
        set(fixed::VARIES, F::ONE);
        set(fixed::BITS, F::from_u32(bits));
    }
    match symbol {
        Symbol::Byte(_) | Symbol::Word(_) => {}
        Symbol::Digit => set(fixed::DIGIT, F::ONE),
        Symbol::Point | Symbol::FractionDigit => {
            let is_point = F::from_bool(symbol == Symbol::Point);
            let is_last = index == DATE_TIME.len() + MAX_FRACTION_DIGITS;
            set(fixed::DIGIT, F::ONE - is_point);
            set(fixed::POINT, is_point);
            set(fixed::COUNT_STARTS, is_point);
            set(fixed::COUNT_GOES_ON, F::ZERO);
            set(fixed::FRACTION, F::ONE);
            set(fixed::FRACTION_GOES_ON, F::from_bool(!is_last));
        }
        Symbol::OffsetHour | Symbol::OffsetMinute | Symbol::Zulu => {
            let is_zulu = symbol == Symbol::Zulu;
            let behind = if symbol == Symbol::OffsetMinute { OFFSET_HOUR_BYTES } else { 0 };
            set(fixed::INDEX, F::from_usize(DATE_TIME.len() + behind));
            set(fixed::CHOICE, F::ONE);
            set(fixed::CHOSEN, F::ONE);
            set(fixed::ENDS, F::ONE);
            set(fixed::ENDS_ON, F::from_bool(!is_zulu));
            set(fixed::END_LOOKUP, if is_zulu { F::ONE } else { F::NEG_ONE });
            if is_zulu {
                set(fixed::TO_ARGUMENT, F::ONE - F::from_usize(OFFSET.len()));
            }
        }
        Symbol::Algorithm => {
            set(fixed::CHOICE, F::ONE);
            set(fixed::CHOSEN, F::from_u8(ALGORITHMS[1] - ALGORITHMS[0]));
        }
        Symbol::Length => set(fixed::TO_ARGUMENT, F::ONE),
        Symbol::Claim => {
            set(fixed::CHOICE, F::ONE);
            set(fixed::CHOSEN, F::ONE);
        }
    }
}

/// The public cells of a text in use: the column, the row counted from the text's first row, and
/// the value.
fn public_values(text: &Text) -> impl Iterator<Item = (usize, usize, F)> {
    let end = text.symbols.iter().rposition(|symbol| symbol.is_end()).unwrap_or_default();
    let is_claimed = text.symbols.last() == Some(&Symbol::Claim);
    let found = [
        (public::FOUND, end, F::from_bool(!is_claimed)),
        (public::ARGUMENT, end, F::from_u64(text.argument)),
    ];
    let symbols = text.symbols.iter().enumerate().flat_map(|(row, symbol)| {
        let Expected { byte, in_use, .. } = symbol.expected();
        [(public::BYTE, row, byte), (public::IN_USE, row, F::from_bool(in_use))]
    });
    found.into_iter().chain(symbols)
}

impl Chip for TextChip {
    fn name(&self) -> &'static str {
        "text"
    }

    fn height(&self) -> usize {
        (self.rows() + RESERVED_ROWS).next_power_of_two()
    }

    fn width(&self) -> usize {
        column::COUNT
    }

    fn fixed(&self) -> Vec<Vec<F>> {
        let mut columns = vec![vec![F::ZERO; self.height()]; fixed::COUNT];
        let mut row = 0;
        for text in &self.texts {
            let mut offset = 0;
            for index in 0..text.capacity {
                let mut set = |column: usize, value: F| columns[column][row] = value;
                set(fixed::TEXT, F::from_u64(text.number));
                set(fixed::INDEX, F::from_usize(offset));
                set(fixed::BYTES, F::ONE);
                set(fixed::CONTINUES, F::from_bool(index + 1 < text.capacity));
                set(fixed::COUNT_STARTS, F::from_bool(index == 0));
                set(fixed::COUNT_GOES_ON, F::from_bool(index + 1 < text.capacity));
                if let Some(&symbol) = text.symbols.get(index) {
                    set_symbol(&mut set, symbol, index);
                }
                offset += text.symbols.get(index).map_or(1, |symbol| symbol.bytes());
                match text.symbols.get(index + 1) {
                    Some(Symbol::Point) => set(fixed::COUNT_GOES_ON, F::ZERO),
                    Some(Symbol::Claim) => set(fixed::CLAIMED, F::ONE),
                    _ => {}
                }
                if let (Some(date), true) = (text.date, index + 1 == DATE_TIME.len()) {
                    set(fixed::DATE_END, F::ONE);
                    set(fixed::DATE, F::from_u64(date));
                }
                row += 1;
            }
        }
        columns
    }

    fn public(&self) -> Vec<Vec<F>> {
        let mut columns = vec![vec![F::ZERO; self.height()]; public::COUNT];
        let mut first = 0;
        for text in &self.texts {
            if text.in_use {
                public_values(text)
                    .for_each(|(column, row, value)| columns[column][first + row] = value);
            }
            first += text.capacity;
        }
        columns
    }

    fn public_cells(&self) -> Vec<Vec<(usize, usize)>> {
        let mut cells = Vec::new();
        // Cells of the texts whose content is the same for every subject. The key is the slot that
        // puts them in use, and the value.
        let mut same: BTreeMap<(Option<usize>, u64), Vec<_>> = BTreeMap::new();
        let mut first = 0;
        for text in &self.texts {
            let rows = first..first + text.capacity;
            let slot = match text.varies {
                Varies::Name => {
                    cells.extend(
                        [public::FOUND, public::ARGUMENT].map(|column| vec![(column, first)]),
                    );
                    cells.extend(rows.flat_map(|row| {
                        [public::BYTE, public::IN_USE].map(|column| vec![(column, row)])
                    }));
                    first += text.capacity;
                    continue;
                }
                Varies::WithSlot(slot) => Some(slot),
                Varies::Never => None,
            };
            for (column, row, value) in public_values(text) {
                same.entry((slot, value.as_canonical_u64()))
                    .or_default()
                    .push((column, first + row));
            }
            first += text.capacity;
        }
        cells
            .extend(same.into_iter().filter(|((_, value), _)| *value != 0).map(|(_, cells)| cells));
        cells
    }

    fn eval<B: ChipBuilder>(&self, b: &mut B) {
        let row = Row::read(b);
        row.eval_string(b);
        row.eval_digit(b);
        row.eval_number(b);
        row.eval_date_end(b);
    }
}

/// The cells of one row.
struct Row<E> {
    start: E,
    digit: E,
    /// The number on this row and on the next two.
    number: [E; 3],
}

impl<E: Algebra<F> + Clone> Row<E> {
    fn read<B: ChipBuilder<Expr = E>>(b: &B) -> Self {
        let number = [0, 1, 2].map(|offset| b.main(column::NUMBER, offset));
        Self { start: b.main(column::START, 0), digit: b.main(column::DIGIT, 0), number }
    }

    /// Whether this row and the next one hold a byte of a fraction. Meaningful only where a
    /// fraction may stand.
    fn in_fraction(&self) -> [E; 2] {
        [0, 1].map(|row| self.number[row + 1].clone() - self.number[row].clone())
    }

    /// The string stands where it was found.
    fn eval_string<B: ChipBuilder<Expr = E>>(&self, b: &mut B) {
        let (start, digit) = (&self.start, &self.digit);
        let (text, index, bytes) =
            (b.fixed(fixed::TEXT, 0), b.fixed(fixed::INDEX, 0), b.fixed(fixed::BYTES, 0));
        let next_start = b.main(column::START, 1);
        b.assert_zero("start", b.fixed(fixed::CONTINUES, 0) * (next_start - start.clone()));

        let [in_fraction, _] = self.in_fraction();
        let ends = b.fixed(fixed::ENDS, 0);
        let behind_fraction = ends.clone() * self.number[0].clone();
        let byte = b.public(public::BYTE) + (E::ONE - ends) * digit.clone();
        let in_use = b.public(public::IN_USE)
            + b.fixed(fixed::FRACTION, 0) * in_fraction
            + b.fixed(fixed::END_LOOKUP, 0) * digit.clone();
        let position = start.clone() + index + behind_fraction.clone();
        b.lookup(BYTES, vec![position, bytes, byte], in_use);

        let added = b.fixed(fixed::TO_ARGUMENT, 0) * digit.clone();
        let argument = b.public(public::ARGUMENT) + added + behind_fraction;
        let claimed = b.fixed(fixed::CLAIMED, 0) * b.main(column::DIGIT, 1);
        b.receive(FIELD, vec![text, start.clone(), argument], b.public(public::FOUND) + claimed);
    }

    /// What varies is a digit, a length, or a choice between two values.
    fn eval_digit<B: ChipBuilder<Expr = E>>(&self, b: &mut B) {
        let digit = &self.digit;
        let (varies, choice) = (b.fixed(fixed::VARIES, 0), b.fixed(fixed::CHOICE, 0));
        b.assert_zero("no-digit", (E::ONE - varies.clone() - choice.clone()) * digit.clone());
        b.assert_zero(
            "choice",
            choice * digit.clone() * (digit.clone() - b.fixed(fixed::CHOSEN, 0)),
        );
        b.lookup(RANGE, vec![digit.clone(), b.fixed(fixed::BITS, 0)], varies);
        let above_nine = vec![digit.clone() + E::from_u8(6), E::from_u32(DIGIT_BITS)];
        b.lookup(RANGE, above_nine, b.fixed(fixed::DIGIT, 0));
    }

    /// Reads the digits of a date up to its seconds as a decimal number.
    fn eval_number<B: ChipBuilder<Expr = E>>(&self, b: &mut B) {
        let (digit, [number, next_number, _]) = (&self.digit, &self.number);
        let read = number.clone() * F::from_u8(9) + digit.clone();
        let grown = next_number.clone() - number.clone() - b.fixed(fixed::DIGIT, 0) * read.clone();
        b.assert_zero("number-start", b.fixed(fixed::COUNT_STARTS, 0) * number.clone());
        b.assert_zero("number", b.fixed(fixed::COUNT_GOES_ON, 0) * grown);
        b.send(
            DATE,
            vec![b.fixed(fixed::DATE, 0), number.clone() + read],
            b.fixed(fixed::DATE_END, 0),
        );
    }

    /// Determines which bytes of a fraction are in use, and which end a date has.
    fn eval_date_end<B: ChipBuilder<Expr = E>>(&self, b: &mut B) {
        let [here, next] = self.in_fraction();
        b.assert_zero("fraction", b.fixed(fixed::FRACTION, 0) * here.bool_check());
        let begins = next.clone() * (E::ONE - here.clone());
        b.assert_zero("fraction order", b.fixed(fixed::FRACTION_GOES_ON, 0) * begins);
        b.assert_zero("point", b.fixed(fixed::POINT, 0) * (next - here));
        let next_digit = b.main(column::DIGIT, 1);
        b.assert_zero("one end", b.fixed(fixed::ENDS_ON, 0) * (next_digit - self.digit.clone()));
    }
}

#[cfg(test)]
mod tests {
    use velum_stark::air::testing::{Watch, broken_constraints};

    use super::*;
    use crate::chips::buses::date;
    use crate::chips::mdoc::cbor::fixture::{self, World};
    use crate::chips::mdoc::grammar::text;
    use crate::class::{CLASSES, LARGE};

    const NONE: [&str; 0] = [];

    /// The row of a date that looks up its `Z`.
    const ZULU: usize = DATE_TIME.len() + MAX_FRACTION_DIGITS + 3;

    /// First row of a text.
    fn row_of(chip: &TextChip, number: u64) -> usize {
        chip.texts.iter().take_while(|text| text.number != number).map(|text| text.capacity).sum()
    }

    #[test]
    fn shape_and_fixed_columns_do_not_depend_on_the_subject() {
        for class in CLASSES {
            let mut subject = World::mustermann().in_class(class).subject;
            let chip = TextChip::new(&subject).unwrap();
            subject.elements.truncate(1);
            subject.elements[0].element = "e".repeat(64);
            subject.elements[0].namespace = "n".repeat(64);
            subject.doc_type = "d".into();
            let other = TextChip::new(&subject).unwrap();
            assert_eq!((chip.height(), chip.fixed()), (other.height(), other.fixed()));
            assert!(chip.rows() + RESERVED_ROWS <= chip.height());
        }
        assert_eq!(
            TextChip::new(&World::mustermann().in_class(LARGE).subject).unwrap().height(),
            2_048
        );
    }

    #[test]
    fn every_constraint_is_needed() {
        let world = World::mustermann();
        let chip = TextChip::new(&world.subject).unwrap();
        let trace = chip.trace(&world.tree(), &world.streams());
        let changed = |number: u64, changes: &[(usize, usize, i64)]| {
            let mut forged = trace.clone();
            for &(index, column, change) in changes {
                forged.row_mut(row_of(&chip, number) + index)[column] += F::from_i64(change);
            }
            broken_constraints(chip.clone(), &forged)
        };
        let broken =
            |number: u64, index: usize, column: usize| changed(number, &[(index, column, 1)]);
        assert_eq!(broken_constraints(chip.clone(), &trace), NONE);
        assert_eq!(broken(text::VERSION, 3, column::START), ["text/start"]);
        assert_eq!(broken(text::VERSION, 3, column::DIGIT), ["text/no-digit"]);
        assert_eq!(broken(text::SIG_STRUCTURE, 0, column::NUMBER), ["text/number-start"]);
        let date = text::date(date::SIGNED);
        assert_eq!(broken(date, DATE_TIME.len() - 1, column::NUMBER), ["text/number"]);
        assert_eq!(broken(text::PROTECTED, 2, column::DIGIT), ["text/choice"]);
        assert_eq!(broken(date, ZULU, column::DIGIT), ["text/choice", "text/one end"]);
        assert_eq!(changed(date, &[(ZULU, column::DIGIT, -1)]), ["text/one end"]);
        // The count of the fraction's bytes, and the end after the fraction.
        let counted = |counts: &[i64]| {
            let rows = (DATE_TIME.len()..).map(|index| (index, column::NUMBER));
            let last = counts[counts.len() - 1];
            let counts = counts.iter().copied().chain(std::iter::repeat(last));
            let changes = rows.zip(counts).map(|((index, column), count)| (index, column, count));
            changed(date, &changes.take(ZULU + 1 - DATE_TIME.len()).collect::<Vec<_>>())
        };
        assert_eq!(counted(&[0]), NONE);
        assert_eq!(counted(&[0, 1, 2, 3]), NONE);
        assert_eq!(counted(&[1]), ["text/number-start"]);
        assert_eq!(counted(&[0, 1]), ["text/point"]);
        assert_eq!(counted(&[0, 0, 0, 1]), ["text/fraction order"]);
        assert_eq!(counted(&[0, 1, 2, 2, 3]), ["text/fraction order"]);
        assert_eq!(counted(&[0, 1, 2, 1]), ["text/fraction"]);
        assert_eq!(broken(date, ZULU, column::NUMBER), ["text/number"]);
    }

    #[test]
    fn every_cell_of_a_row_in_use_matters() {
        let mut tables = World::mustermann().tables();
        assert_eq!(tables.rules(), NONE);
        let chip = TextChip::new(&World::mustermann().subject).unwrap();
        let watch = Watch::new(&tables.chips, &tables.traces, fixture::TEXT);
        let mut first = 0;
        for text in &chip.texts {
            let rows = if text.in_use { text.symbols.len().max(1) } else { 0 };
            for row in first..first + rows {
                // Digits that a fraction does not have are free.
                let symbol = text.symbols.get(row - first);
                let free = symbol == Some(&Symbol::FractionDigit);
                let columns =
                    (0..column::COUNT).filter(|&column| !(free && column == column::DIGIT));
                for column in columns {
                    for change in [F::ONE, F::NEG_ONE, F::from_u64(1 << 40 | 12_345)] {
                        assert!(watch.notices(row, column, change), "row {row}, column {column}");
                    }
                }
            }
            first += text.capacity;
        }
    }
}
