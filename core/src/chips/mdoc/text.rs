//! The text table: one byte of an expected string a row.
//!
//! Shows that every string in use stands at some place of the hashed streams, where the CBOR chip has found it, once ([`FIELD`]). Of a
//! date it reads the digits and sends the number on [`DATE`]; of an item's `random` it shows the length alone. Which strings there are
//! is the [`grammar`](crate::chips::mdoc::grammar)'s to say; where they may stand is the CBOR chip's.
//!
//! # Soundness
//!
//! | cell | what fixes it |
//! |---|---|
//! | start | constant over a string, and every byte of the string in use is looked up at its distance from it; it is received once from the CBOR chip, with the argument that its head is to have. Free where the string is not in use: nothing is received |
//! | digit | 0 to 9 by two range checks, and the byte looked up is its ASCII code; of a length what it is above the least, by a range check; zero elsewhere |
//! | number | zero before the first digit, times ten plus the digit after each. Free on rows of no string: nothing reads it |
//!
//! Which rows receive, send and look up is fixed by fixed and public columns. A head is compared with the string's up to where its
//! content begins, and so is its argument: only an unsigned integer below 24 may have a longer head than the string has.

use p3_field::PrimeCharacteristicRing;
use velum_stark::air::{Chip, ChipBuilder, RESERVED_ROWS, Trace};
use velum_stark::field::F;

use crate::chips::buses::{BYTES, DATE, FIELD, RANGE};
use crate::chips::common::streams::Streams;
use crate::chips::mdoc::cbor::Tree;
use crate::chips::mdoc::grammar::{MIN_RANDOM_BYTES, SubjectError, Symbol, Text, texts};
use crate::class::LARGE;
use crate::statement::Subject;

/// Bits of a digit.
const DIGIT_BITS: u32 = 4;

/// Bits of a length less the least. No item of a class is as long.
const LENGTH_BITS: u32 = 10;

const _: () = assert!(LARGE.max_item_bytes < 1 << LENGTH_BITS);

/// Committed columns.
mod column {
    /// Position of the string's first byte.
    pub(super) const START: usize = 0;
    /// Value of the digit on this row, or the length less the least.
    pub(super) const DIGIT: usize = 1;
    /// Number that the string's digits before this row make in decimal.
    pub(super) const NUMBER: usize = 2;
    /// Number of columns.
    pub(super) const COUNT: usize = 3;
}

/// Fixed columns.
mod fixed {
    /// Number of the string.
    pub(super) const TEXT: usize = 0;
    /// Distance from the string's first byte.
    pub(super) const INDEX: usize = 1;
    /// 1 on the first row of a string.
    pub(super) const FIRST: usize = 2;
    /// 1 where the next row is of the same string.
    pub(super) const CONTINUES: usize = 3;
    /// 1 where a digit stands.
    pub(super) const DIGIT: usize = 4;
    /// 1 on the last row of a date.
    pub(super) const DATE_END: usize = 5;
    /// Number of the date that ends here.
    pub(super) const DATE: usize = 6;
    /// Bits of the digit or length that stands here.
    pub(super) const BITS: usize = 7;
    /// 1 where a digit or a length stands.
    pub(super) const VARIES: usize = 8;
    /// Number of columns.
    pub(super) const COUNT: usize = 9;
}

/// Public columns.
mod public {
    /// The byte expected; of a digit, ASCII zero.
    pub(super) const BYTE: usize = 0;
    /// 1 where a byte is expected.
    pub(super) const IN_USE: usize = 1;
    /// 1 on the first row of a string in use.
    pub(super) const FOUND: usize = 2;
    /// Bytes of its head.
    pub(super) const HEAD: usize = 3;
    /// Argument of its head; of a length, the least.
    pub(super) const ARGUMENT: usize = 4;
    /// Number of columns.
    pub(super) const COUNT: usize = 5;
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

    /// Fills the table with the places that `tree` has found and the digits there. A string not found is said to start
    /// at position 0.
    pub(crate) fn trace(&self, tree: &Tree, streams: &Streams) -> Trace {
        let mut trace = Trace::zeroed(self.height(), column::COUNT);
        let mut row = 0;
        for text in &self.texts {
            let start = tree.text_start(text.number).unwrap_or_default();
            let mut number = F::ZERO;
            for index in 0..text.capacity {
                trace.set_u64(row, column::START, start);
                trace.set(row, column::NUMBER, number);
                match text.symbols.get(index) {
                    Some(Symbol::Digit) => {
                        let byte = streams.byte((start as usize).saturating_add(index));
                        let digit = F::from_u8(byte) - F::from_u8(b'0');
                        trace.set(row, column::DIGIT, digit);
                        number = number * F::from_u8(10) + digit;
                    }
                    Some(Symbol::Length) => {
                        let [_, length] = tree.field(text.number).unwrap_or_default();
                        let over = F::from_u64(length) - F::from_u8(MIN_RANDOM_BYTES);
                        trace.set(row, column::DIGIT, over);
                    }
                    _ => {}
                }
                row += 1;
            }
        }
        trace
    }

    /// Rows that carry a string.
    fn rows(&self) -> usize {
        self.texts.iter().map(|text| text.capacity).sum()
    }
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
            for index in 0..text.capacity {
                let ends = index + 1 == text.capacity;
                columns[fixed::TEXT][row] = F::from_u64(text.number);
                columns[fixed::INDEX][row] = F::from_usize(index);
                columns[fixed::FIRST][row] = F::from_bool(index == 0);
                columns[fixed::CONTINUES][row] = F::from_bool(!ends);
                let is_digit = text.symbols.get(index) == Some(&Symbol::Digit);
                columns[fixed::DIGIT][row] = F::from_bool(is_digit);
                columns[fixed::VARIES][row] = F::from_bool(is_digit || text.is_length);
                columns[fixed::BITS][row] =
                    F::from_u32(if text.is_length { LENGTH_BITS } else { DIGIT_BITS });
                if let (true, Some(date)) = (ends, text.date) {
                    columns[fixed::DATE_END][row] = F::ONE;
                    columns[fixed::DATE][row] = F::from_u64(date);
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
            if let (false, Some((head, argument))) = (text.symbols.is_empty(), text.head()) {
                columns[public::FOUND][first] = F::ONE;
                columns[public::HEAD][first] = F::from_u64(head);
                columns[public::ARGUMENT][first] = F::from_u64(argument);
            }
            for (index, symbol) in text.symbols.iter().enumerate() {
                let byte = match symbol {
                    Symbol::Byte(byte) => *byte,
                    Symbol::Digit => b'0',
                    Symbol::Length => continue,
                };
                columns[public::BYTE][first + index] = F::from_u8(byte);
                columns[public::IN_USE][first + index] = F::ONE;
            }
            first += text.capacity;
        }
        columns
    }

    fn eval<B: ChipBuilder>(&self, b: &mut B) {
        let (start, digit, number) =
            (b.main(column::START, 0), b.main(column::DIGIT, 0), b.main(column::NUMBER, 0));
        let (text, index) = (b.fixed(fixed::TEXT, 0), b.fixed(fixed::INDEX, 0));
        let (first, continues) = (b.fixed(fixed::FIRST, 0), b.fixed(fixed::CONTINUES, 0));
        let (is_digit, varies) = (b.fixed(fixed::DIGIT, 0), b.fixed(fixed::VARIES, 0));

        let next_start = b.main(column::START, 1);
        b.assert_zero("start", continues.clone() * (next_start - start.clone()));
        let byte = b.public(public::BYTE) + digit.clone();
        b.lookup(BYTES, vec![start.clone() + index, B::Expr::ONE, byte], b.public(public::IN_USE));
        let argument = b.public(public::ARGUMENT) + digit.clone();
        let found = vec![text, start + b.public(public::HEAD), argument];
        b.receive(FIELD, found, b.public(public::FOUND));

        b.assert_zero("no-digit", (B::Expr::ONE - varies.clone()) * digit.clone());
        b.lookup(RANGE, vec![digit.clone(), b.fixed(fixed::BITS, 0)], varies);
        let (above_nine, bits) = (digit.clone() + B::Expr::from_u8(6), B::Expr::from_u32(DIGIT_BITS));
        b.lookup(RANGE, vec![above_nine, bits], is_digit.clone());

        let read = is_digit * (number.clone() * F::from_u8(9) + digit);
        let next_number = b.main(column::NUMBER, 1);
        b.assert_zero("number-start", first * number.clone());
        b.assert_zero("number", continues * (next_number - number.clone() - read));
        let (date, date_end) = (b.fixed(fixed::DATE, 0), b.fixed(fixed::DATE_END, 0));
        b.send(DATE, vec![date, number], date_end);
    }
}

#[cfg(test)]
mod tests {
    use velum_stark::air::testing::{Watch, broken_constraints};

    use super::*;
    use crate::chips::mdoc::cbor::fixture::{self, World};
    use crate::chips::mdoc::grammar::text;
    use crate::class::{CLASSES, LARGE};

    const NONE: [&str; 0] = [];

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
        assert_eq!(TextChip::new(&World::mustermann().in_class(LARGE).subject).unwrap().height(), 2_048);
    }

    #[test]
    fn every_constraint_is_needed() {
        let world = World::mustermann();
        let chip = TextChip::new(&world.subject).unwrap();
        let trace = chip.trace(&world.tree(), &world.streams());
        let broken = |number: u64, index: usize, column: usize| {
            let mut forged = trace.clone();
            forged.row_mut(row_of(&chip, number) + index)[column] += F::ONE;
            broken_constraints(chip.clone(), &forged)
        };
        assert_eq!(broken_constraints(chip.clone(), &trace), NONE);
        assert_eq!(broken(text::VERSION, 3, column::START), ["text/start"]);
        assert_eq!(broken(text::VERSION, 3, column::DIGIT), ["text/no-digit"]);
        assert_eq!(broken(text::SIG_STRUCTURE, 0, column::NUMBER), ["text/number-start"]);
        assert_eq!(broken(text::date(0), 21, column::NUMBER), ["text/number"]);
    }

    #[test]
    fn every_cell_of_a_row_in_use_matters() {
        let mut tables = World::mustermann().tables();
        assert_eq!(tables.rules(), NONE);
        let chip = TextChip::new(&World::mustermann().subject).unwrap();
        let watch = Watch::new(&tables.chips, &tables.traces, fixture::TEXT);
        let mut first = 0;
        for text in &chip.texts {
            for row in first..first + text.symbols.len() {
                for column in 0..column::COUNT {
                    for change in [F::ONE, F::NEG_ONE, F::from_u64(1 << 40 | 12_345)] {
                        assert!(watch.notices(row, column, change), "row {row}, column {column}");
                    }
                }
            }
            first += text.capacity;
        }
    }
}
