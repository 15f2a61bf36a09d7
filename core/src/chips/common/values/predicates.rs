//! Predicates on the values of a presentation: an exact encoding, a date within bounds.
//!
//! A date is one of three encodings, which the prover names by two flags:
//!
//! | form | encoding |
//! |---|---|
//! | tdate | `c0 74` YYYY-MM-DDTHH:MM:SSZ (RFC 8949, 3.4.1) |
//! | tagged | `d9 03ec 6a` YYYY-MM-DD (RFC 8943, tag 1004) |
//! | text | `6a` YYYY-MM-DD |
//!
//! All digits of the form, from first to last, are read as one decimal number `n`: `YYYYMMDD`, or `YYYYMMDDhhmmss` for a
//! tdate. With `scale` 1, or 1,000,000 for a tdate, the date is within `(low, high)` exactly if `scale * low <= n` and
//! `n < scale * (high + 1)`. Both differences are shown to be in 0..2^48, as six bytes on rows of the name digest's elements
//! that these leave free; no value that the cells can take reaches `p` by wrapping, because `n < 10^14` and bounds are
//! below `2^32 * 10^6 < 2^52`.
//!
//! An issuer may sign `00` for a month or a day that it does not know, and such a value would order before days that are. So the
//! month is shown to be 1 to 12 and the day 1 to 31. Either is the number with its digits less 100 times the number without, at
//! most 99. Where `last` is 12 or 31 and `scale` is `2^24 / last`, rounded up, `scale * (part - 1)` is in 0..2^24 for the parts
//! from 1 to `last` and for no others: it is `p - scale` for 0, and below `2^31` for 99. That is shown by three bytes on rows
//! that the last element of the salt leaves free.
//!
//! How many days a month has does not count, nor what the digits of a time of day are: the issuer signed the value, and comparing
//! as integers orders 30 February too.
//!
//! # Soundness
//!
//! | cell | fixed by |
//! |---|---|
//! | tdate, tagged, 63 and 33 rows above where they count | `date form`: exactly one of the three forms in a value with a date predicate, none elsewhere; `one form`: the same wherever they count. Which form it is, the bytes must agree with: `date length`, `date shape` |
//! | byte | `date shape`: every byte of the form that is not a digit is its constant. RANGE: every byte in 0..2^8, digits in `0x30..=0x39` |
//! | digit | `digit`: where the form has one |
//! | number, below them in one column | `no digits yet`, `digits`: Horner's rule over the digits, then constant; unused behind the value |
//! | digits of the sum beside the name | `not before`, `not after`: those of the differences. RANGE: each in 0..2^8 |
//! | digits of the sum beside the salt's last element | `month`, `day`: those of the scaled month and day. RANGE: each in 0..2^8 |
//!
//! A slot without a date predicate has no digits, so its number is zero, it is given the bounds `(0, 0)`, and its scaled month and day
//! are zero. Which slots have predicates, and their bytes and bounds, are public columns; only the slots in use can have any.

use p3_field::{Algebra, PrimeCharacteristicRing, PrimeField64};
use velum_stark::air::{ChipBuilder, Trace};
use velum_stark::field::F;

use super::{
    BASE, COMMON_COLUMNS, ELEMENT_ROWS, Row, SUM, VALUE_ROW, fixed as common_fixed, public as common_public,
    slot_rows,
};
use crate::chips::buses::RANGE;
use crate::class::SizeClass;
use crate::record::{RecordError, max_value_bytes, slot_offset};
use crate::statement::{CombinedPredicates, Contradiction, SlotPredicate};

/// On rows of the value: the digits before this row, in decimal. Above: flags of the date's form.
pub(super) const NUMBER: usize = COMMON_COLUMNS;
/// Whether the byte is a digit of the date.
pub(super) const DIGIT: usize = NUMBER + 1;
pub(super) const COLUMNS: usize = DIGIT + 1;

/// No date as a decimal number is larger.
const MAX_DATE: u32 = 99_999_999;
/// What a tdate's time of day multiplies its date by.
const TIME_SCALE: u64 = 1_000_000;

/// Bytes of a difference.
pub(super) const DIFFERENCE_BYTES: usize = ELEMENT_ROWS - 1;
/// Row of a slot with the first byte of the number's difference from the lower bound: beside an element of the name.
pub(super) const LOW_ROW: usize = slot_offset::NAME * ELEMENT_ROWS + 1;
/// Row of a slot with the first byte of its difference from the upper bound.
pub(super) const HIGH_ROW: usize = LOW_ROW + ELEMENT_ROWS;
/// Rows from a difference to where it is compared: after the last byte of every form.
pub(super) const ROWS_TO_NUMBER: usize = VALUE_ROW + 3 * ELEMENT_ROWS + 1 - LOW_ROW;

/// Bytes of a scaled month or day.
pub(super) const PART_BYTES: usize = 3;
/// Rows from the end of the year's digits to the end of the month's, and from there to the end of the day's.
const PART_ROWS: usize = 3;
/// Row of a slot with the first byte of the scaled month: beside the salt's last element.
pub(super) const MONTH_ROW: usize = VALUE_ROW - ELEMENT_ROWS + 1;
/// Row of a slot with the first byte of the scaled day.
pub(super) const DAY_ROW: usize = MONTH_ROW + PART_ROWS;
/// Rows from these to where they are compared. In a tdate and in a text alike, the number on that row has the digits of the year, or
/// of the month too, and none that follow. In a tagged date the row with that number is `PART_ROWS` further down.
const ROWS_TO_PART: usize = VALUE_ROW + 6 - MONTH_ROW;
const _: () = assert!(DAY_ROW + PART_BYTES == VALUE_ROW, "no row beside the element is left over");

/// The last month. The first is 1.
pub(super) const LAST_MONTH: u32 = 12;
/// The last day. The first is 1.
pub(super) const LAST_DAY: u32 = 31;

/// What a month or a day less 1 is scaled by: 0 to `last - 1` come to numbers of `PART_BYTES`, `last` and more to greater ones.
pub(super) const fn part_scale(last: u32) -> u32 {
    const END: u32 = 1 << (8 * PART_BYTES);
    let scale = END.div_ceil(last);
    assert!(scale * (last - 1) < END && END <= scale * last);
    scale
}

/// Rows of a value on which its date's form counts: up to the last comparison.
pub(super) const FORM_ROWS: usize = HIGH_ROW + ROWS_TO_NUMBER + 1 - VALUE_ROW;
/// Rows from the flag that says that a value is a tdate to where it counts.
pub(super) const ROWS_FROM_TDATE: usize = VALUE_ROW;
/// Rows from the flag that says that a value is a tagged full-date to where it counts.
pub(super) const ROWS_FROM_TAGGED: usize = ROWS_FROM_TDATE - FORM_ROWS;
const _: () = assert!(ROWS_FROM_TAGGED >= FORM_ROWS, "flags and number stand apart");

/// Fixed columns, after the common ones.
mod fixed {
    use super::{common_fixed, forms};

    /// First of the forms' columns: 1 where the form has a digit.
    pub(super) const DIGIT: usize = common_fixed::COMMON_COLUMNS;
    /// First of the forms' columns: the form's byte where it is not a digit.
    pub(super) const CONSTANT: usize = DIGIT + forms::COUNT;
    /// Where the difference from the lower bound is compared.
    pub(super) const LOW: usize = CONSTANT + forms::COUNT;
    /// Where the difference from the upper bound is compared.
    pub(super) const HIGH: usize = LOW + 1;
    /// On every row whose digit is a byte.
    pub(super) const RANGED: usize = HIGH + 1;
    /// On every row with a flag of a form.
    pub(super) const FLAG: usize = RANGED + 1;
    /// On all of these but the last of each flag.
    pub(super) const FLAG_GOES_ON: usize = FLAG + 1;
    /// Where the flags count.
    pub(super) const FORM: usize = FLAG_GOES_ON + 1;
    /// Where the month is compared.
    pub(super) const MONTH: usize = FORM + 1;
    /// Where the day is compared.
    pub(super) const DAY: usize = MONTH + 1;
    pub(super) const COLUMNS: usize = DAY + 1 - common_fixed::COMMON_COLUMNS;
}

/// Public columns, after the common ones.
mod public {
    use super::common_public;

    /// Whether the row can hold a byte of a value with a date predicate.
    pub(super) const HAS_DATE: usize = common_public::COMMON_COLUMNS;
    /// Whether the row can hold a byte of a value with an encoding predicate.
    pub(super) const HAS_ENCODING: usize = HAS_DATE + 1;
    /// The byte asked for, and 256 more within the encoding.
    pub(super) const ENCODING: usize = HAS_ENCODING + 1;
    pub(super) const COLUMNS: usize = ENCODING + 1 - common_public::COMMON_COLUMNS;
}

/// The encodings of a date: `D` stands for a digit.
pub(super) mod forms {
    pub(in super::super) const COUNT: usize = 3;
    pub(in super::super) const FORMS: [&[u8]; COUNT] =
        [b"\xc0\x74DDDD-DD-DDTDD:DD:DDZ", b"\xd9\x03\xec\x6aDDDD-DD-DD", b"\x6aDDDD-DD-DD"];
    pub(in super::super) const DIGIT: u8 = b'D';
}

/// The predicates of every slot of the class.
#[derive(Clone, Debug)]
pub(super) struct Predicates {
    class: SizeClass,
    /// Of each slot in use.
    asked: Vec<Asked>,
}

/// All that is asked of a slot in use.
#[derive(Clone, Debug)]
struct Asked {
    encoding: Option<Vec<u8>>,
    /// Lower and upper bound.
    date: Option<(u32, u32)>,
}

impl Predicates {
    /// # Errors
    ///
    /// When an encoding is empty or longer than a slot, or one slot is asked for two. That bounds of a date
    /// exclude each other is for the rules to refuse.
    pub(super) fn new(class: &SizeClass, asked: &[Vec<SlotPredicate>]) -> Result<Self, RecordError> {
        let max = max_value_bytes(class);
        let of_slot = |(slot, predicates): (usize, &Vec<SlotPredicate>)| {
            let CombinedPredicates { encoding, date } = SlotPredicate::combine(predicates);
            let bytes = encoding.map_or(1, <[u8]>::len);
            if bytes == 0 || bytes > max {
                return Err(RecordError::ValueLength { slot, bytes, max });
            }
            if SlotPredicate::check_together(predicates) == Err(Contradiction::Encodings) {
                return Err(RecordError::Encodings { slot });
            }
            Ok(Asked { encoding: encoding.map(<[u8]>::to_vec), date })
        };
        Ok(Self { class: *class, asked: asked.iter().enumerate().map(of_slot).collect::<Result<_, _>>()? })
    }

    fn date(&self, slot: usize) -> Option<(u32, u32)> {
        self.asked.get(slot)?.date
    }

    /// The first row of a slot.
    fn first(&self, slot: usize) -> usize {
        slot * slot_rows(&self.class)
    }

    /// The rows that can hold a slot's value.
    fn value_rows(&self, slot: usize) -> std::ops::Range<usize> {
        let first = self.first(slot) + VALUE_ROW;
        first..first + max_value_bytes(&self.class)
    }

    /// The fixed columns after the common ones.
    pub(super) fn fixed(&self, height: usize) -> Vec<Vec<F>> {
        let mut columns = vec![F::zero_vec(height); fixed::COLUMNS];
        let index = |column: usize| column - common_fixed::COMMON_COLUMNS;
        for slot in 0..self.class.slots {
            let (first, value) = (self.first(slot), self.value_rows(slot));
            for (form, shape) in forms::FORMS.iter().enumerate() {
                for (row, &byte) in value.clone().zip(*shape) {
                    match byte {
                        forms::DIGIT => columns[index(fixed::DIGIT + form)][row] = F::ONE,
                        constant => columns[index(fixed::CONSTANT + form)][row] = F::from_u8(constant),
                    }
                }
            }
            for above in [ROWS_FROM_TDATE, ROWS_FROM_TAGGED] {
                let flags = &mut columns[index(fixed::FLAG)][value.start - above..];
                flags[..FORM_ROWS].fill(F::ONE);
                let go_on = &mut columns[index(fixed::FLAG_GOES_ON)][value.start - above..];
                go_on[..FORM_ROWS - 1].fill(F::ONE);
            }
            columns[index(fixed::FORM)][value.start..][..FORM_ROWS].fill(F::ONE);
            columns[index(fixed::RANGED)][value].fill(F::ONE);
            for (column, row) in [(fixed::LOW, LOW_ROW), (fixed::HIGH, HIGH_ROW)] {
                columns[index(column)][first + row + ROWS_TO_NUMBER] = F::ONE;
                columns[index(fixed::RANGED)][first + row..][..DIFFERENCE_BYTES].fill(F::ONE);
            }
            for (column, row) in [(fixed::MONTH, MONTH_ROW), (fixed::DAY, DAY_ROW)] {
                columns[index(column)][first + row + ROWS_TO_PART] = F::ONE;
                columns[index(fixed::RANGED)][first + row..][..PART_BYTES].fill(F::ONE);
            }
        }
        columns
    }

    /// Writes the bounds where they are compared: `low`, and `high + 1`.
    pub(super) fn set_bounds(&self, given: &mut [F]) {
        for slot in 0..self.class.slots {
            let (low, high) = self.date(slot).unwrap_or((0, 0));
            let compared = self.first(slot) + ROWS_TO_NUMBER;
            given[compared + LOW_ROW] = F::from_u32(low);
            given[compared + HIGH_ROW] = F::from_u32(high.min(MAX_DATE) + 1);
        }
    }

    /// The public columns after the common ones.
    pub(super) fn public(&self, height: usize) -> Vec<Vec<F>> {
        let mut columns = vec![F::zero_vec(height); public::COLUMNS];
        let index = |column: usize| column - common_public::COMMON_COLUMNS;
        for (slot, asked) in self.asked.iter().enumerate() {
            let rows = self.value_rows(slot);
            columns[index(public::HAS_DATE)][rows.clone()].fill(F::from_bool(asked.date.is_some()));
            if let Some(encoding) = &asked.encoding {
                columns[index(public::HAS_ENCODING)][rows.clone()].fill(F::ONE);
                for (cell, &byte) in columns[index(public::ENCODING)][rows].iter_mut().zip(encoding) {
                    *cell = F::from_u16(256 + u16::from(byte));
                }
            }
        }
        columns
    }

    /// Fills what a slot shows of its value's date, but for the digits of its message.
    pub(super) fn fill(&self, trace: &mut Trace, slot: usize, value: &[u8]) {
        let form = self.date(slot).map(|_| match value.first() {
            Some(0xc0) => 0,
            Some(0xd9) => 1,
            _ => 2,
        });
        let shape = form.and_then(|form| forms::FORMS.get(form)).copied().unwrap_or(&[]);
        let first = self.value_rows(slot).start;
        for row in first..first + FORM_ROWS {
            trace.set(row - ROWS_FROM_TDATE, NUMBER, F::from_bool(form == Some(0)));
            trace.set(row - ROWS_FROM_TAGGED, NUMBER, F::from_bool(form == Some(1)));
        }
        let mut number = F::ZERO;
        for (index, row) in self.value_rows(slot).enumerate() {
            let is_digit = shape.get(index) == Some(&forms::DIGIT);
            trace.set(row, NUMBER, number);
            trace.set(row, DIGIT, F::from_bool(is_digit));
            if is_digit {
                let byte = F::from_u8(value.get(index).copied().unwrap_or(0));
                number = number * F::from_u8(10) + byte - F::from_u8(b'0');
            }
        }
    }

    /// Writes what is compared of a slot's date among the digits of its message: the bytes of the differences between its number and
    /// its bounds, and of the scaled month and day.
    pub(super) fn set_compared(&self, trace: &Trace, slot: usize, digits: &mut [F]) {
        let compared = self.first(slot) + LOW_ROW + ROWS_TO_NUMBER;
        let number = trace.get(compared, NUMBER);
        let tdate = trace.get(compared - ROWS_FROM_TDATE, NUMBER);
        let (low, high) = self.date(slot).unwrap_or((0, 0));
        let scale = tdate * F::from_u64(TIME_SCALE - 1) + F::ONE;
        let above = number - scale * F::from_u32(low);
        let below = scale * F::from_u32(high.min(MAX_DATE) + 1) - F::ONE - number;
        set_bytes::<DIFFERENCE_BYTES>(digits, LOW_ROW, above);
        set_bytes::<DIFFERENCE_BYTES>(digits, HIGH_ROW, below);

        let first_part = F::from_bool(self.date(slot).is_some());
        for (row, last) in [(MONTH_ROW, LAST_MONTH), (DAY_ROW, LAST_DAY)] {
            let compared = self.first(slot) + row + ROWS_TO_PART;
            let numbers = [0, 1, 2].map(|parts| trace.get(compared + parts * PART_ROWS, NUMBER));
            let tagged = trace.get(compared - ROWS_FROM_TAGGED, NUMBER);
            let from_first = part(numbers, tagged) - first_part;
            set_bytes::<PART_BYTES>(digits, row, from_first * F::from_u32(part_scale(last)));
        }
    }
}

/// Writes a number's bytes, the last of which is too large if the number is, and keeps the element that they are beside.
pub(super) fn set_bytes<const BYTES: usize>(digits: &mut [F], row: usize, number: F) {
    let beside = row % ELEMENT_ROWS;
    digits[row - beside] -= number * BASE.exp_u64(beside as u64);
    let last = BYTES - 1;
    let bits = number.as_canonical_u64();
    for (index, digit) in digits[row..][..last].iter_mut().enumerate() {
        *digit = F::from_u64(bits >> (8 * index) & 0xff);
    }
    digits[row + last] = F::from_u64(bits >> (8 * last));
}

/// The month or the day of a date, from the numbers on three rows `PART_ROWS` apart: it is what the second has beyond the first, or in a
/// tagged date the third beyond the second.
fn part<E: Algebra<F> + Clone>(numbers: [E; 3], tagged: E) -> E {
    let [first, second, third] = numbers;
    let untagged = second.clone() - first * F::from_u8(100);
    let of_tagged = third - second * F::from_u8(100);
    untagged.clone() + tagged * (of_tagged - untagged)
}

/// States what a presentation shows of a row.
pub(super) fn eval<B: ChipBuilder>(b: &mut B, row: &Row<B::Expr>) {
    eval_encoding(b, row);
    let form = Form::read(b);
    form.eval(b, row);
    form.eval_number(b, row);
    form.eval_bounds(b, row);
    form.eval_parts(b);
    form.look_up_ranges(b, row);
}

/// A byte is in 0..256 and the flag is 0 or 1, so their combination fixes both.
fn eval_encoding<B: ChipBuilder>(b: &mut B, row: &Row<B::Expr>) {
    let [in_value, _] = &row.in_value;
    let found = row.byte.clone() + in_value.clone() * F::from_u16(256);
    let defect = found - b.public(public::ENCODING);
    b.assert_zero("encoding", b.public(public::HAS_ENCODING) * defect);
}

/// The form of a slot's date and what it makes of a row.
struct Form<E> {
    has_date: E,
    /// One flag a form, where the form counts.
    flags: [E; forms::COUNT],
    /// Whether the row's byte is a digit.
    digit: E,
}

impl<E: Algebra<F> + Clone> Form<E> {
    fn read<B: ChipBuilder<Expr = E>>(b: &B) -> Self {
        let has_date = b.public(public::HAS_DATE);
        let flag = |rows: usize| b.main(NUMBER, -(rows as i32));
        let (tdate, tagged) = (flag(ROWS_FROM_TDATE), flag(ROWS_FROM_TAGGED));
        let text = has_date.clone() - tdate.clone() - tagged.clone();
        let flags = [tdate, tagged, text];
        Self { has_date, flags, digit: b.main(DIGIT, 0) }
    }

    /// What these fixed columns, one a form, say of the slot's form.
    fn select<B: ChipBuilder<Expr = E>>(&self, b: &B, column: usize) -> E {
        (0..forms::COUNT).map(|form| self.flags[form].clone() * b.fixed(column + form, 0)).sum()
    }

    fn eval<B: ChipBuilder<Expr = E>>(&self, b: &mut B, row: &Row<E>) {
        let [_, _, text] = &self.flags;
        b.assert_zero("date form", b.fixed(fixed::FORM, 0) * text.bool_check());
        let flag = b.main(NUMBER, 0);
        b.assert_zero("date form", b.fixed(fixed::FLAG, 0) * flag.bool_check());
        b.assert_zero("one form", b.fixed(fixed::FLAG_GOES_ON, 0) * (b.main(NUMBER, 1) - flag));
        let lengths = self.flags.iter().zip(forms::FORMS);
        let length: E = lengths.map(|(flag, shape)| flag.clone() * F::from_usize(shape.len())).sum();
        let found = self.has_date.clone() * row.remaining.clone();
        b.assert_zero("date length", row.starts.clone() * (found - length));

        b.assert_eq("digit", self.digit.clone(), self.select(b, fixed::DIGIT));
        let [in_value, _] = &row.in_value;
        let in_date = self.has_date.clone() * in_value.clone();
        let byte = (in_date - self.digit.clone()) * row.byte.clone();
        b.assert_eq("date shape", byte, self.select(b, fixed::CONSTANT));
    }

    fn eval_number<B: ChipBuilder<Expr = E>>(&self, b: &mut B, row: &Row<E>) {
        let number = b.main(NUMBER, 0);
        b.assert_zero("no digits yet", row.starts.clone() * number.clone());
        let appended = number.clone() * F::from_u8(9) + row.byte.clone() - F::from_u8(b'0');
        // No form has a digit on a value's last row, so its selector need not gate the second term.
        let grown = row.goes_on.clone() * (b.main(NUMBER, 1) - number);
        b.assert_eq("digits", grown, self.digit.clone() * appended);
    }

    fn eval_bounds<B: ChipBuilder<Expr = E>>(&self, b: &mut B, row: &Row<E>) {
        let [tdate, ..] = &self.flags;
        let scale = tdate.clone() * F::from_u64(TIME_SCALE - 1) + E::ONE;
        let bound = scale * row.given.clone();
        let number = b.main(NUMBER, 0);
        let sum = |row: usize| b.main(SUM, row as i32 - ROWS_TO_NUMBER as i32);
        let difference = sum(0) - sum(DIFFERENCE_BYTES) * BASE.exp_u64(DIFFERENCE_BYTES as u64);
        let above = number.clone() - bound.clone();
        let below = bound - E::ONE - number;
        b.assert_zero("not before", b.fixed(fixed::LOW, 0) * (difference.clone() - above));
        b.assert_zero("not after", b.fixed(fixed::HIGH, 0) * (difference - below));
    }

    fn eval_parts<B: ChipBuilder<Expr = E>>(&self, b: &mut B) {
        let [_, tagged, _] = &self.flags;
        let numbers = [0, 1, 2].map(|parts| b.main(NUMBER, parts * PART_ROWS as i32));
        let from_first = part(numbers, tagged.clone()) - self.has_date.clone();
        let sum = |row: usize| b.main(SUM, row as i32 - ROWS_TO_PART as i32);
        let found = sum(0) - sum(PART_BYTES) * BASE.exp_u64(PART_BYTES as u64);
        for (rule, compared, last) in [("month", fixed::MONTH, LAST_MONTH), ("day", fixed::DAY, LAST_DAY)] {
            let scaled = from_first.clone() * F::from_u32(part_scale(last));
            b.assert_zero(rule, b.fixed(compared, 0) * (found.clone() - scaled));
        }
    }

    fn look_up_ranges<B: ChipBuilder<Expr = E>>(&self, b: &mut B, row: &Row<E>) {
        let byte = row.byte.clone() - self.digit.clone() * F::from_u8(b'0');
        let bits = E::from_u8(8) - self.digit.clone() * F::from_u8(4);
        let ranged = b.fixed(fixed::RANGED, 0);
        b.lookup(RANGE, vec![byte, bits], ranged);

        // With the first look-up, a digit d in 0..16; here d + 6 in 0..16, so d <= 9.
        let above = row.byte.clone() - F::from_u8(b'0' - 6);
        b.lookup(RANGE, vec![above, E::from_u8(4)], self.digit.clone());
    }
}
