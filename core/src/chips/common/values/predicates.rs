//! Predicates on the values of a presentation: an exact value, or a date within bounds.
//!
//! An exact value is shown element by element: the tag, kind, argument and packed content of the
//! message are the given ones.
//!
//! A date is one of three kinds of value. The first ten bytes of its content are YYYY-MM-DD:
//!
//! | form | tag | kind | argument |
//! |---|---|---|---|
//! | tdate (RFC 8949, 3.4.1) | 0 | date and time | any |
//! | full-date (RFC 8943) | 1004 | text | 10 |
//! | text | none | text | 10 |
//!
//! The credential proof shows, by the kind, that a date and time has the form of one in UTC.
//!
//! The eight digits are read as one decimal number `n`. It is within `(low, high)` exactly if
//! `low <= n` and `n < high + 1`. Both differences are shown to be in 0..2^32. Each is given as
//! four bytes, on rows beside the tag or the kind which their elements leave free. No value that
//! the cells can take reaches `p` by wrapping, because `n < 10^8` and the bounds are below 2^32.
//!
//! An issuer may sign `00` for a month or a day that it does not know. Such a value would order
//! before real days. The month is therefore shown to be 1 to 12, and the day 1 to 31. Either of
//! them is the number with its digits minus 100 times the number without them, and is at most 99.
//! Let `last` be 12 or 31, and let `scale` be `2^24 / last`, rounded up. Then `scale * (part - 1)`
//! is in 0..2^24 for the parts from 1 to `last` and for no others: it is `p - scale` for 0, and
//! below `2^31` for 99. This is shown by three bytes, on rows that the element of the argument
//! leaves free.
//!
//! The number of days in a month does not count, and neither do the digits of a time of day. The
//! issuer signed the value, and a comparison of integers orders 30 February too.
//!
//! # Soundness
//!
//! What fixes each cell:
//!
//! * Digits of the content's first two elements: under a date predicate, RANGE. Each is in 0..2^8,
//!   so the digits are the bytes that the elements pack. Where the form has a digit, they are in
//!   `0x30..=0x39`. `dash` makes the other two bytes of the form `-`.
//! * Number, beside the content: `no digits yet` and `digits`, which are Horner's rule over the
//!   digits. It is constant behind them, and zero without a date predicate.
//! * Number, beside the tag: under a date predicate, whether the tag is 1004. `full-date flag`,
//!   `date tag` and `one form` fix it.
//! * Tag, kind and argument: bound by the commitment. `date kind` makes the kind text, or date and
//!   time. `date tag` and `one form` give each of them its tags. `date length` gives text ten
//!   bytes.
//! * Digits beside the tag and the kind: `not before` and `not after` make them those of the
//!   differences. RANGE: each is in 0..2^8.
//! * Digits beside the argument: `month` and `day` make them those of the scaled month and day.
//!   RANGE: each is in 0..2^8.
//!
//! A slot without a date predicate has no digits. Its number is zero, its bounds are given as
//! `(0, 0)`, and its scaled month and day are zero. Which slots have predicates, and the elements
//! and bounds of these, are public columns. Only the slots in use can have predicates.

use p3_field::{Algebra, PrimeCharacteristicRing, PrimeField64};
use velum_stark::air::{ChipBuilder, Trace};
use velum_stark::field::F;

use super::{
    ARGUMENT_ROW, BASE, COMMON_COLUMNS, CONTENT_ROW, ELEMENT_ROWS, KIND_ROW, Row, SUM, TAG_ROW,
    fixed as common_fixed, public as common_public, slot_rows,
};
use crate::chips::buses::RANGE;
use crate::class::SizeClass;
use crate::record::{
    RecordError, content_elements, max_content_bytes, slot_offset, value_elements,
};
use crate::statement::{CombinedPredicates, Contradiction, SlotPredicate};
use crate::value::ValueKind;

/// On rows of content: the decimal number of the digits before this row. On the row of the tag:
/// whether the tag is that of a full-date.
pub(super) const NUMBER: usize = COMMON_COLUMNS;
pub(super) const COLUMNS: usize = NUMBER + 1;

/// No date is larger as a decimal number.
const MAX_DATE: u32 = 99_999_999;

/// The date in the content: `D` stands for a digit.
pub(super) const FORM: &[u8; 10] = b"DDDD-DD-DD";
/// Number of bytes of the content that are range-checked: those of the elements that hold the date.
const BYTES: usize = FORM.len().next_multiple_of(ELEMENT_ROWS);

/// The elements of the tags 0 and 1004, which are 1 more than the tag.
const TDATE: u64 = 1;
const FULL_DATE: u64 = 1005;

/// Number of bytes in a difference.
pub(super) const DIFFERENCE_BYTES: usize = 4;
/// Row of a slot that has the first byte of the number's difference from the lower bound: beside
/// the tag.
pub(super) const LOW_ROW: usize = TAG_ROW + 1;
/// Row of a slot that has the first byte of the number's difference from the upper bound: beside
/// the kind.
pub(super) const HIGH_ROW: usize = KIND_ROW + 1;
/// Number of rows from a difference to the row on which it is compared, behind the date.
pub(super) const ROWS_TO_NUMBER: usize = CONTENT_ROW + FORM.len() - LOW_ROW;
/// Number of content rows on which the number counts: up to the last comparison.
const NUMBER_ROWS: usize = HIGH_ROW + ROWS_TO_NUMBER + 1 - CONTENT_ROW;

/// Number of bytes in a scaled month or day.
pub(super) const PART_BYTES: usize = 3;
/// Number of rows from the end of the year's digits to the end of the month's digits, and from
/// there to the end of the day's digits.
const PART_ROWS: usize = 3;
/// Row of a slot that has the first byte of the scaled month: beside the argument.
pub(super) const MONTH_ROW: usize = ARGUMENT_ROW + 1;
/// Row of a slot that has the first byte of the scaled day.
pub(super) const DAY_ROW: usize = MONTH_ROW + PART_ROWS;
/// Number of rows from these rows to those on which they are compared. The number there has the
/// digits of the year, or of the year and the month.
const ROWS_TO_PART: usize = CONTENT_ROW + 4 - MONTH_ROW;
const _: () =
    assert!(DAY_ROW + PART_BYTES == CONTENT_ROW, "no row beside the element is left over");

/// The last month. The first is 1.
pub(super) const LAST_MONTH: u32 = 12;
/// The last day. The first is 1.
pub(super) const LAST_DAY: u32 = 31;

/// The factor by which a month or a day minus 1 is scaled. It takes 0 to `last - 1` to numbers of
/// `PART_BYTES` bytes, and `last` and more to greater numbers.
pub(super) const fn part_scale(last: u32) -> u32 {
    const END: u32 = 1 << (8 * PART_BYTES);
    let scale = END.div_ceil(last);
    assert!(scale * (last - 1) < END && END <= scale * last);
    scale
}

/// Fixed columns, behind the common ones.
mod fixed {
    use super::common_fixed;

    /// 1 where the date has a digit.
    pub(super) const DIGIT: usize = common_fixed::COMMON_COLUMNS;
    /// 1 where the date has a `-`.
    pub(super) const DASH: usize = DIGIT + 1;
    /// 1 where the difference from the lower bound is compared.
    pub(super) const LOW: usize = DASH + 1;
    /// 1 where the difference from the upper bound is compared.
    pub(super) const HIGH: usize = LOW + 1;
    /// 1 where the month is compared.
    pub(super) const MONTH: usize = HIGH + 1;
    /// 1 where the day is compared.
    pub(super) const DAY: usize = MONTH + 1;
    /// 1 on every row whose digit is a byte under a date predicate.
    pub(super) const RANGED: usize = DAY + 1;
    pub(super) const COLUMNS: usize = RANGED + 1 - common_fixed::COMMON_COLUMNS;
}

/// Public columns, behind the common ones.
mod public {
    use super::common_public;

    /// Whether the row's element must be the given one.
    pub(super) const IS_GIVEN: usize = common_public::COMMON_COLUMNS;
    /// 1 on the row of the tag in a slot with a date predicate.
    pub(super) const DATE: usize = IS_GIVEN + 1;
    /// 1 on the rows below it, up to the last comparison.
    pub(super) const DATED: usize = DATE + 1;
    pub(super) const COLUMNS: usize = DATED + 1 - common_public::COMMON_COLUMNS;
}

/// The predicates of every slot of the class.
#[derive(Clone, Debug)]
pub(super) struct Predicates {
    class: SizeClass,
    /// The predicates of each slot in use.
    asked: Vec<Asked>,
}

/// All that is requested of a slot in use.
#[derive(Clone, Debug)]
struct Asked {
    /// The elements of the requested value, from the tag on.
    elements: Option<Vec<F>>,
    /// Lower and upper bound.
    date: Option<(u32, u32)>,
}

impl Predicates {
    /// # Errors
    ///
    /// [`RecordError`] if the content of a value is longer than a slot, or if one slot is asked for
    /// two values. Bounds of a date that exclude each other are not an error here. The rules refuse
    /// them.
    pub(super) fn new(
        class: &SizeClass,
        asked: &[Vec<SlotPredicate>],
    ) -> Result<Self, RecordError> {
        let max = max_content_bytes(class);
        let of_slot = |(slot, predicates): (usize, &Vec<SlotPredicate>)| {
            let CombinedPredicates { value, date } = SlotPredicate::combine(predicates);
            let bytes = value.map_or(0, |value| value.content.len());
            if bytes > max {
                return Err(RecordError::ValueLength { slot, bytes, max });
            }
            if SlotPredicate::check_together(predicates) == Err(Contradiction::Encodings) {
                return Err(RecordError::Encodings { slot });
            }
            Ok(Asked { elements: value.map(|value| value_elements(&value).collect()), date })
        };
        Ok(Self {
            class: *class,
            asked: asked.iter().enumerate().map(of_slot).collect::<Result<_, _>>()?,
        })
    }

    fn date(&self, slot: usize) -> Option<(u32, u32)> {
        self.asked.get(slot)?.date
    }

    /// The first row of a slot.
    fn first(&self, slot: usize) -> usize {
        slot * slot_rows(&self.class)
    }

    /// The fixed columns behind the common ones.
    pub(super) fn fixed(&self, height: usize) -> Vec<Vec<F>> {
        let mut columns = vec![F::zero_vec(height); fixed::COLUMNS];
        for slot in 0..self.class.slots {
            let first = self.first(slot);
            let mut set = |column: usize, row: usize, rows: usize| {
                columns[column - common_fixed::COMMON_COLUMNS][first + row..][..rows].fill(F::ONE);
            };
            for (row, &form) in FORM.iter().enumerate() {
                set(if form == b'D' { fixed::DIGIT } else { fixed::DASH }, CONTENT_ROW + row, 1);
            }
            set(fixed::RANGED, CONTENT_ROW, BYTES);
            for (column, row) in [(fixed::LOW, LOW_ROW), (fixed::HIGH, HIGH_ROW)] {
                set(column, row + ROWS_TO_NUMBER, 1);
                set(fixed::RANGED, row, DIFFERENCE_BYTES);
            }
            for (column, row) in [(fixed::MONTH, MONTH_ROW), (fixed::DAY, DAY_ROW)] {
                set(column, row + ROWS_TO_PART, 1);
                set(fixed::RANGED, row, PART_BYTES);
            }
        }
        columns
    }

    /// Writes the elements of requested values, and the bounds on the rows where they are compared:
    /// `low`, and `high + 1`.
    pub(super) fn set_given(&self, given: &mut [F]) {
        for slot in 0..self.class.slots {
            let first = self.first(slot);
            let (low, high) = self.date(slot).unwrap_or((0, 0));
            given[first + ROWS_TO_NUMBER + LOW_ROW] = F::from_u32(low);
            given[first + ROWS_TO_NUMBER + HIGH_ROW] = F::from_u32(high.min(MAX_DATE) + 1);
        }
        for (slot, asked) in self.asked.iter().enumerate() {
            let rows = (self.first(slot) + TAG_ROW..).step_by(ELEMENT_ROWS);
            rows.zip(asked.elements.iter().flatten())
                .for_each(|(row, &element)| given[row] = element);
        }
    }

    /// The public columns behind the common ones.
    pub(super) fn public(&self, height: usize) -> Vec<Vec<F>> {
        let mut columns = vec![F::zero_vec(height); public::COLUMNS];
        let index = |column: usize| column - common_public::COMMON_COLUMNS;
        for (slot, asked) in self.asked.iter().enumerate() {
            let first = self.first(slot);
            let elements = slot_offset::CONTENT - slot_offset::TAG + content_elements(&self.class);
            let rows = (first + TAG_ROW..).step_by(ELEMENT_ROWS).take(elements);
            let is_given = F::from_bool(asked.elements.is_some());
            rows.for_each(|row| columns[index(public::IS_GIVEN)][row] = is_given);
            let is_dated = F::from_bool(asked.date.is_some());
            columns[index(public::DATE)][first + TAG_ROW] = is_dated;
            columns[index(public::DATED)][first + TAG_ROW + 1..first + CONTENT_ROW + NUMBER_ROWS]
                .fill(is_dated);
        }
        columns
    }

    /// The public cells of the slot that starts on this row, except those of its name.
    pub(super) fn public_cells(&self, first: usize) -> Vec<Vec<(usize, usize)>> {
        let elements = slot_offset::CONTENT - slot_offset::TAG + content_elements(&self.class);
        let rows = || (first + TAG_ROW..).step_by(ELEMENT_ROWS).take(elements);
        let bounds = [LOW_ROW, HIGH_ROW].map(|row| first + ROWS_TO_NUMBER + row);
        let dated = first + TAG_ROW + 1..first + CONTENT_ROW + NUMBER_ROWS;
        let given = rows().chain(bounds).map(|row| vec![(common_public::GIVEN, row)]);
        given
            .chain([
                rows().map(|row| (public::IS_GIVEN, row)).collect(),
                std::iter::once((public::DATE, first + TAG_ROW))
                    .chain(dated.map(|row| (public::DATED, row)))
                    .collect(),
            ])
            .collect()
    }

    /// Fills what a slot shows about its value's date. This is the number and, among the digits of
    /// the message, the bytes of the differences between the number and its bounds, and those of
    /// the scaled month and day.
    pub(super) fn fill(&self, trace: &mut Trace, slot: usize, digits: &mut [F]) {
        let Some((low, high)) = self.date(slot) else { return };
        let first = self.first(slot);
        trace.set(first + TAG_ROW, NUMBER, F::from_bool(digits[TAG_ROW] == F::from_u64(FULL_DATE)));
        let mut number = F::ZERO;
        for row in 0..max_content_bytes(&self.class) {
            trace.set(first + CONTENT_ROW + row, NUMBER, number);
            if FORM.get(row) == Some(&b'D') {
                number = number * F::from_u8(10) + digits[CONTENT_ROW + row] - F::from_u8(b'0');
            }
        }
        set_bytes::<DIFFERENCE_BYTES>(digits, LOW_ROW, number - F::from_u32(low));
        set_bytes::<DIFFERENCE_BYTES>(digits, HIGH_ROW, F::from_u32(high.min(MAX_DATE)) - number);
        for (row, last) in [(MONTH_ROW, LAST_MONTH), (DAY_ROW, LAST_DAY)] {
            let compared = first + row + ROWS_TO_PART;
            let [before, with] = [0, PART_ROWS].map(|rows| trace.get(compared + rows, NUMBER));
            let from_first = part(before, with) - F::ONE;
            set_bytes::<PART_BYTES>(digits, row, from_first * F::from_u32(part_scale(last)));
        }
    }
}

/// Writes the bytes of a number and keeps the element that they stand beside. If the number is too
/// large, its last byte is too large.
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

/// The month or the day of a date: the number with its digits minus 100 times the number without
/// them.
fn part<E: Algebra<F>>(without: E, with: E) -> E {
    with - without * F::from_u8(100)
}

/// States what a presentation shows about a row.
pub(super) fn eval<B: ChipBuilder>(b: &mut B, row: &Row<B::Expr>) {
    eval_given(b, row);
    eval_form(b, row);
    let dated = b.public(public::DATED);
    eval_number(b, row, &dated);
    eval_bounds(b, row);
    eval_parts(b, &dated);
    look_up_ranges(b, row, &dated);
}

fn eval_given<B: ChipBuilder>(b: &mut B, row: &Row<B::Expr>) {
    let [element, ..] = &row.elements;
    b.assert_zero("value", b.public(public::IS_GIVEN) * (element.clone() - row.given.clone()));
}

/// Which of the three forms a date has, on the row of its tag.
fn eval_form<B: ChipBuilder>(b: &mut B, row: &Row<B::Expr>) {
    const TEXT: u64 = ValueKind::Text as u64;
    const DATE_TIME: u64 = ValueKind::DateTime as u64;
    let [tag, kind, argument, ..] = &row.elements;
    let (date, full_date) = (b.public(public::DATE), b.main(NUMBER, 0));
    let [no_text, no_date_time] = [TEXT, DATE_TIME].map(|other| kind.clone() - F::from_u64(other));
    b.assert_zero("date kind", date.clone() * no_text.clone() * no_date_time.clone());
    b.assert_zero("full-date flag", date.clone() * full_date.bool_check());
    b.assert_zero("one form", date.clone() * full_date.clone() * no_text.clone());
    // Scaled, so that `no_text` is the scale for a date and time.
    const SCALE: u64 = DATE_TIME - TEXT;
    let of_form = full_date * F::from_u64(SCALE * FULL_DATE) + no_text * F::from_u64(TDATE);
    b.assert_zero("date tag", date.clone() * (tag.clone() * F::from_u64(SCALE) - of_form));
    let length = argument.clone() - B::Expr::from_usize(FORM.len());
    b.assert_zero("date length", date * no_date_time * length);
}

fn eval_number<B: ChipBuilder>(b: &mut B, row: &Row<B::Expr>, dated: &B::Expr) {
    let number = b.main(NUMBER, 0);
    b.assert_zero("no digits yet", b.fixed(common_fixed::STARTS, 0) * number.clone());
    let appended = number.clone() * F::from_u8(9) + row.byte.clone() - F::from_u8(b'0');
    // The last row of content has no digit, so the selector need not gate the second term.
    let grown = row.goes_on.clone() * (b.main(NUMBER, 1) - number);
    b.assert_eq("digits", grown, b.fixed(fixed::DIGIT, 0) * dated.clone() * appended);
    let no_dash = row.byte.clone() - F::from_u8(b'-');
    b.assert_zero("dash", b.fixed(fixed::DASH, 0) * dated.clone() * no_dash);
}

fn eval_bounds<B: ChipBuilder>(b: &mut B, row: &Row<B::Expr>) {
    let (number, bound) = (b.main(NUMBER, 0), row.given.clone());
    let sum = |row: usize| b.main(SUM, row as i32 - ROWS_TO_NUMBER as i32);
    let difference = sum(0) - sum(DIFFERENCE_BYTES) * BASE.exp_u64(DIFFERENCE_BYTES as u64);
    let above = number.clone() - bound.clone();
    let below = bound - B::Expr::ONE - number;
    b.assert_zero("not before", b.fixed(fixed::LOW, 0) * (difference.clone() - above));
    b.assert_zero("not after", b.fixed(fixed::HIGH, 0) * (difference - below));
}

fn eval_parts<B: ChipBuilder>(b: &mut B, dated: &B::Expr) {
    let [without, with] = [0, PART_ROWS].map(|rows| b.main(NUMBER, rows as i32));
    let from_first = part(without, with) - dated.clone();
    let sum = |row: usize| b.main(SUM, row as i32 - ROWS_TO_PART as i32);
    let found = sum(0) - sum(PART_BYTES) * BASE.exp_u64(PART_BYTES as u64);
    for (rule, compared, last) in
        [("month", fixed::MONTH, LAST_MONTH), ("day", fixed::DAY, LAST_DAY)]
    {
        let scaled = from_first.clone() * F::from_u32(part_scale(last));
        b.assert_zero(rule, b.fixed(compared, 0) * (found.clone() - scaled));
    }
}

fn look_up_ranges<B: ChipBuilder>(b: &mut B, row: &Row<B::Expr>, dated: &B::Expr) {
    let digit = b.fixed(fixed::DIGIT, 0);
    let byte = row.byte.clone() - digit.clone() * F::from_u8(b'0');
    let bits = B::Expr::from_u8(8) - digit.clone() * F::from_u8(4);
    b.lookup(RANGE, vec![byte, bits], b.fixed(fixed::RANGED, 0) * dated.clone());

    // The first lookup shows that the digit d is in 0..16. This one shows that d + 6 is in 0..16,
    // so d <= 9.
    let above = row.byte.clone() - F::from_u8(b'0' - 6);
    b.lookup(RANGE, vec![above, B::Expr::from_u8(4)], digit * dated.clone());
}
