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
//! `n < scale * (high + 1)`. Both differences are shown to be in 0..2^55, as five 11-bit limbs on five rows each; no value
//! that the cells can take reaches `p` by wrapping, because `n < 10^14` and bounds are below `2^32 * 10^6 < 2^52`.
//! The calendar is not checked: the issuer signed the value, and comparing as integers orders any dates.
//!
//! # Soundness
//!
//! | cell | fixed by |
//! |---|---|
//! | tdate, tagged | `date form`: exactly one of the three forms in a slot with a date predicate, none elsewhere; `one form`: the same on all rows of a slot. Which form it is, the bytes must agree with: `date length`, `date shape` |
//! | byte | `date shape`: every byte of the form that is not a digit is its constant. RANGE: every byte in 0..2^8, digits in `0x30..=0x39` |
//! | number | `no digits yet`, `digits`: Horner's rule over the digits, then constant |
//! | difference (the salt's column) | `not before`, `not after` on the first row of each; then RANGE: each row less 2^11 times the next is an 11-bit limb |
//!
//! A slot without a date predicate has no digits, so its number is zero, and it is given the bounds `(0, 0)`. Which slots have
//! predicates, and their bytes and bounds, are public columns; only the slots in use can have any.

use p3_field::{Algebra, PrimeCharacteristicRing, PrimeField64};

use super::{COMMON_COLUMNS, Row, SALT, VALUE_BYTE, fixed as common_fixed, public as common_public};
use crate::air::{ChipBuilder, Trace};
use crate::chips::buses::RANGE;
use crate::class::SizeClass;
use crate::field::F;
use crate::record::{RecordError, max_value_bytes};
use crate::statement::SlotPredicate;

/// The digits before this row, in decimal.
pub(super) const NUMBER: usize = COMMON_COLUMNS;
/// Whether the slot's value is a tdate.
pub(super) const TDATE: usize = NUMBER + 1;
/// Whether the slot's value is a tagged full-date.
pub(super) const TAGGED: usize = TDATE + 1;
pub(super) const COLUMNS: usize = TAGGED + 1;

/// What is left of a difference after its lower limbs.
pub(super) const DIFFERENCE: usize = SALT;

/// No date as a decimal number is larger.
const MAX_DATE: u32 = 99_999_999;
/// What a tdate's time of day multiplies its date by.
const TIME_SCALE: u64 = 1_000_000;

/// First row of the number's difference from the lower bound, after the last byte of every form.
pub(super) const LOW_ROW: usize = 22;
/// First row of its difference from the upper bound.
pub(super) const HIGH_ROW: usize = LOW_ROW + LIMBS;
pub(super) const LIMBS: usize = 5;
const LIMB_BITS: u16 = 11;

/// Fixed columns, after the common ones.
mod fixed {
    use super::{common_fixed, forms};

    /// First of the forms' columns: 1 where the form has a digit.
    pub(super) const DIGIT: usize = common_fixed::COMMON_COLUMNS;
    /// First of the forms' columns: the form's byte where it is not a digit.
    pub(super) const CONSTANT: usize = DIGIT + forms::COUNT;
    /// On the first row of the difference from the lower bound.
    pub(super) const LOW: usize = CONSTANT + forms::COUNT;
    /// On the first row of the difference from the upper bound.
    pub(super) const HIGH: usize = LOW + 1;
    /// On every row with a limb.
    pub(super) const LIMB: usize = HIGH + 1;
    /// On every row with a limb but the last of each difference.
    pub(super) const LIMBS_FOLLOW: usize = LIMB + 1;
    pub(super) const COLUMNS: usize = LIMBS_FOLLOW + 1 - common_fixed::COMMON_COLUMNS;
}

/// Public columns, after the common ones.
mod public {
    use super::common_public;

    /// Whether the slot has a date predicate.
    pub(super) const HAS_DATE: usize = common_public::COMMON_COLUMNS;
    /// Whether the slot has an encoding predicate.
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
    /// Rows of a slot.
    rows: usize,
    slots: usize,
    /// Of each slot in use.
    asked: Vec<SlotPredicate>,
}

impl Predicates {
    /// # Errors
    ///
    /// When an encoding is empty or longer than a slot.
    pub(super) fn new(class: &SizeClass, asked: &[SlotPredicate]) -> Result<Self, RecordError> {
        let max = max_value_bytes(class);
        for (slot, predicate) in asked.iter().enumerate() {
            let bytes = predicate.encoding.as_ref().map_or(1, Vec::len);
            if bytes == 0 || bytes > max {
                return Err(RecordError::ValueLength { slot, bytes, max });
            }
        }
        Ok(Self { rows: max, slots: class.slots, asked: asked.to_vec() })
    }

    fn date(&self, slot: usize) -> Option<(u32, u32)> {
        self.asked.get(slot)?.date
    }

    /// The fixed columns after the common ones.
    pub(super) fn fixed(&self, height: usize) -> Vec<Vec<F>> {
        let mut columns = vec![F::zero_vec(height); fixed::COLUMNS];
        for slot in 0..self.slots {
            let mut set = |column: usize, row: usize, value: u8| {
                columns[column - common_fixed::COMMON_COLUMNS][slot * self.rows + row] = F::from_u8(value);
            };
            for (form, shape) in forms::FORMS.iter().enumerate() {
                for (row, &byte) in shape.iter().enumerate() {
                    match byte {
                        forms::DIGIT => set(fixed::DIGIT + form, row, 1),
                        constant => set(fixed::CONSTANT + form, row, constant),
                    }
                }
            }
            set(fixed::LOW, LOW_ROW, 1);
            set(fixed::HIGH, HIGH_ROW, 1);
            for limb in 0..LIMBS {
                for first in [LOW_ROW, HIGH_ROW] {
                    set(fixed::LIMB, first + limb, 1);
                    set(fixed::LIMBS_FOLLOW, first + limb, u8::from(limb + 1 < LIMBS));
                }
            }
        }
        columns
    }

    /// Writes the bounds: `low` on the first row of one difference, `high + 1` on that of the other.
    pub(super) fn set_bounds(&self, given: &mut [F]) {
        for slot in 0..self.slots {
            let (low, high) = self.date(slot).unwrap_or((0, 0));
            given[slot * self.rows + LOW_ROW] = F::from_u32(low);
            given[slot * self.rows + HIGH_ROW] = F::from_u32(high.min(MAX_DATE) + 1);
        }
    }

    /// The public columns after the common ones.
    pub(super) fn public(&self, height: usize) -> Vec<Vec<F>> {
        let mut columns = vec![F::zero_vec(height); public::COLUMNS];
        let index = |column: usize| column - common_public::COMMON_COLUMNS;
        for (slot, predicate) in self.asked.iter().enumerate() {
            let rows = slot * self.rows..(slot + 1) * self.rows;
            columns[index(public::HAS_DATE)][rows.clone()].fill(F::from_bool(predicate.date.is_some()));
            if let Some(encoding) = &predicate.encoding {
                columns[index(public::HAS_ENCODING)][rows.clone()].fill(F::ONE);
                for (cell, &byte) in columns[index(public::ENCODING)][rows].iter_mut().zip(encoding) {
                    *cell = F::from_u16(256 + u16::from(byte));
                }
            }
        }
        columns
    }

    /// Fills what a slot shows of its value.
    pub(super) fn fill(&self, trace: &mut Trace, slot: usize, value: &[u8]) {
        let form = self.date(slot).map(|_| match value.first() {
            Some(0xc0) => 0,
            Some(0xd9) => 1,
            _ => 2,
        });
        self.fill_as(trace, slot, form);
    }

    /// Fills the slot as if its value had the form `form`.
    pub(super) fn fill_as(&self, trace: &mut Trace, slot: usize, form: Option<usize>) {
        let shape = form.and_then(|form| forms::FORMS.get(form)).copied().unwrap_or(&[]);
        let first = slot * self.rows;
        let mut number = F::ZERO;
        for row in 0..self.rows {
            trace.set(first + row, NUMBER, number);
            if shape.get(row) == Some(&forms::DIGIT) {
                let digit = trace.get(first + row, VALUE_BYTE) - F::from_u8(b'0');
                number = number * F::from_u8(10) + digit;
            }
            trace.set(first + row, TDATE, F::from_bool(form == Some(0)));
            trace.set(first + row, TAGGED, F::from_bool(form == Some(1)));
        }
        let (low, high) = self.date(slot).unwrap_or((0, 0));
        let scale = F::from_u64(if form == Some(0) { TIME_SCALE } else { 1 });
        let above = number - scale * F::from_u32(low);
        let below = scale * F::from_u32(high.min(MAX_DATE) + 1) - F::ONE - number;
        fill_limbs(trace, first + LOW_ROW, above);
        fill_limbs(trace, first + HIGH_ROW, below);
    }
}

/// Fills the rows of one difference.
pub(super) fn fill_limbs(trace: &mut Trace, row: usize, difference: F) {
    for limb in 0..LIMBS {
        let left = difference.as_canonical_u64() >> (limb * usize::from(LIMB_BITS));
        trace.set_u64(row + limb, DIFFERENCE, left);
    }
}

/// States what a presentation shows of a row.
pub(super) fn eval<B: ChipBuilder>(b: &mut B, row: &Row<B::Expr>) {
    eval_encoding(b, row);
    let form = Form::read(b);
    form.eval(b, row);
    form.eval_number(b, row);
    form.eval_bounds(b, row);
    form.look_up_ranges(b, row);
}

/// A byte is in 0..256 and the flag is 0 or 1, so their combination fixes both.
fn eval_encoding<B: ChipBuilder>(b: &mut B, row: &Row<B::Expr>) {
    let found = row.byte.clone() + row.in_value.clone() * F::from_u16(256);
    let defect = found - b.public(public::ENCODING);
    b.assert_zero("encoding", b.public(public::HAS_ENCODING) * defect);
}

/// The form of a slot's date and what it makes of a row.
struct Form<E> {
    has_date: E,
    /// One flag a form.
    flags: [E; forms::COUNT],
    /// Whether the row's byte is a digit.
    digit: E,
    /// The row's byte if it is in the form and no digit.
    constant: E,
}

impl<E: Algebra<F> + Clone> Form<E> {
    fn read<B: ChipBuilder<Expr = E>>(b: &B) -> Self {
        let has_date = b.public(public::HAS_DATE);
        let (tdate, tagged) = (b.main(TDATE, 0), b.main(TAGGED, 0));
        let text = has_date.clone() - tdate.clone() - tagged.clone();
        let flags = [tdate, tagged, text];
        let select = |column: usize| {
            (0..forms::COUNT).map(|form| flags[form].clone() * b.fixed(column + form, 0)).sum::<E>()
        };
        let (digit, constant) = (select(fixed::DIGIT), select(fixed::CONSTANT));
        Self { has_date, flags, digit, constant }
    }

    fn eval<B: ChipBuilder<Expr = E>>(&self, b: &mut B, row: &Row<E>) {
        for flag in &self.flags {
            b.assert_bool("date form", flag.clone());
        }
        for (column, flag) in [TDATE, TAGGED].into_iter().zip(&self.flags) {
            b.assert_zero("one form", row.goes_on.clone() * (b.main(column, 1) - flag.clone()));
        }
        let lengths = self.flags.iter().zip(forms::FORMS);
        let length: E = lengths.map(|(flag, shape)| flag.clone() * F::from_usize(shape.len())).sum();
        let found = self.has_date.clone() * row.remaining.clone();
        b.assert_zero("date length", row.starts.clone() * (found - length));

        let in_date = self.has_date.clone() * row.in_value.clone();
        let byte = (in_date - self.digit.clone()) * row.byte.clone();
        b.assert_eq("date shape", byte, self.constant.clone());
    }

    fn eval_number<B: ChipBuilder<Expr = E>>(&self, b: &mut B, row: &Row<E>) {
        let number = b.main(NUMBER, 0);
        b.assert_zero("no digits yet", row.starts.clone() * number.clone());
        let appended = number.clone() * F::from_u8(9) + row.byte.clone() - F::from_u8(b'0');
        // No form has a digit on a slot's last row, so its selector need not gate the second term.
        let grown = row.goes_on.clone() * (b.main(NUMBER, 1) - number);
        b.assert_eq("digits", grown, self.digit.clone() * appended);
    }

    fn eval_bounds<B: ChipBuilder<Expr = E>>(&self, b: &mut B, row: &Row<E>) {
        let [tdate, ..] = &self.flags;
        let scale = tdate.clone() * F::from_u64(TIME_SCALE - 1) + E::ONE;
        let bound = scale * row.given.clone();
        let (number, difference) = (b.main(NUMBER, 0), b.main(DIFFERENCE, 0));
        let above = number.clone() - bound.clone();
        let below = bound - E::ONE - number;
        b.assert_zero("not before", b.fixed(fixed::LOW, 0) * (difference.clone() - above));
        b.assert_zero("not after", b.fixed(fixed::HIGH, 0) * (difference - below));
    }

    fn look_up_ranges<B: ChipBuilder<Expr = E>>(&self, b: &mut B, row: &Row<E>) {
        let byte = row.byte.clone() - self.digit.clone() * F::from_u8(b'0');
        let bits = E::from_u8(8) - self.digit.clone() * F::from_u8(4);
        b.lookup(RANGE, vec![byte, bits], row.active.clone());

        // With the first look-up, a digit d in 0..16; here d + 6 in 0..16, so d <= 9.
        let limb = b.fixed(fixed::LIMB, 0);
        let digit = (E::ONE - limb.clone()) * (row.byte.clone() - F::from_u8(b'0' - 6));
        let next = b.fixed(fixed::LIMBS_FOLLOW, 0) * b.main(DIFFERENCE, 1) * F::from_u16(1 << LIMB_BITS);
        let value = digit + limb.clone() * b.main(DIFFERENCE, 0) - next;
        let bits = limb.clone() * F::from_u16(LIMB_BITS - 4) + F::from_u8(4);
        b.lookup(RANGE, vec![value, bits], self.digit.clone() + limb);
    }
}
