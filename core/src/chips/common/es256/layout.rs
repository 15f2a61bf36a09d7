//! Columns and rows of the table.

use p3_field::{PrimeCharacteristicRing, PrimeField64};
use velum_stark::air::RESERVED_ROWS;
use velum_stark::field::F;

use super::limbs::{self, GROUPS, LIMBS, WORDS};
use super::program::{FIELD_PRIME, HALF_BITS, Program, STEPS, Shape};
use crate::chips::buses::es256::{V1, V2, W};

/// Number of rows in the table.
pub(super) const HEIGHT: usize = 2_048;
/// Number of limbs in a row. The lower half of a value lies on an even row, the higher half on the
/// next row.
pub(super) const HALF: usize = LIMBS / 2;
/// Number of groups in a row, and of carries out of them.
pub(super) const HALF_GROUPS: usize = GROUPS / 2;
/// Number of scalars in the multiplication: the two halves of `w`, `v1` and `v2`.
pub(super) const SCALARS: usize = 4;
/// Number of rows from the first row of a step to that of the next step.
pub(super) const STEP_ROWS: i32 = 2 * super::program::STEP_PAIRS as i32;
/// Number of bits in a word. The bits of a scalar are gathered into words.
const WORD_BITS: usize = 32;

/// Committed columns.
pub(super) mod column {
    use super::{HALF, HALF_GROUPS};

    /// The pair's value.
    pub(crate) const V: usize = 0;
    /// What the pair fetches, or a difference of values.
    pub(crate) const M: usize = V + HALF;
    /// The lower 11 bits of the carries.
    pub(crate) const CARRY_LOW: usize = M + HALF;
    /// The upper 10 bits of the carries.
    pub(crate) const CARRY_HIGH: usize = CARRY_LOW + HALF_GROUPS;
    /// Words of values, one per row. On the eight rows from a step's first row on: the bits of the
    /// step's digit, then, for each scalar, what its bits since the last whole word make.
    pub(crate) const WORD: usize = CARRY_HIGH + HALF_GROUPS;
    /// In pairs with two x coordinates that must differ: inverses. In other pairs, the even row
    /// holds the digit that moves the fetched address, or a bit that chooses. The odd row holds how
    /// often the value is fetched.
    pub(crate) const AUXILIARY: usize = WORD + 1;
    /// Number of committed columns.
    pub(crate) const WIDTH: usize = AUXILIARY + 1;
}

/// Fixed columns. The columns about pairs are set on the even row unless stated otherwise.
pub(super) mod fixed {
    /// One column per shape, in the order of [`SHAPES`](super::SHAPES).
    pub(crate) const SHAPE: usize = 0;
    /// Whether the value is the constant. On both rows.
    pub(crate) const CONSTANT: usize = SHAPE + super::SHAPES.len();
    /// Whether the value can be fetched. On the odd row.
    pub(crate) const PROVIDED: usize = CONSTANT + 1;
    /// The address of the value. On the odd row.
    pub(crate) const ADDRESS: usize = PROVIDED + 1;
    /// Whether a value is fetched.
    pub(crate) const FETCHES: usize = ADDRESS + 1;
    /// The address of the fetched value, without the digit.
    pub(crate) const FETCHED: usize = FETCHES + 1;
    /// Whether a digit moves this address.
    pub(crate) const INDEXED: usize = FETCHED + 1;
    /// Whether the value's words are on this row and the seven rows below.
    pub(crate) const WORDS: usize = INDEXED + 1;
    /// 1 on the first row of a step that begins new words.
    pub(crate) const BEGINS: usize = WORDS + 1;
    /// 1 on the first row of every other step.
    pub(crate) const GOES_ON: usize = BEGINS + 1;
    /// Whether the row's word must be zero.
    pub(crate) const NO_WORD: usize = GOES_ON + 1;
    /// How often the row's word is sent: 1, 0 or -1 times.
    pub(crate) const SENT: usize = NO_WORD + 1;
    /// The operand to which the word belongs.
    pub(crate) const OPERAND: usize = SENT + 1;
    /// Index of the word.
    pub(crate) const INDEX: usize = OPERAND + 1;
    /// 1 on the rows in use, whose cells are range-checked.
    pub(crate) const ACTIVE: usize = INDEX + 1;
    /// The groups of the pair's constant that belong to this row.
    pub(crate) const GROUPS: usize = ACTIVE + 1;
    /// Number of fixed columns.
    pub(crate) const WIDTH: usize = GROUPS + super::HALF_GROUPS;
}

/// The shapes other than `Free`, in the order of their columns.
pub(super) const SHAPES: [Shape; 14] = [
    Shape::Copy,
    Shape::Slope,
    Shape::ThirdX,
    Shape::ThirdY,
    Shape::Return,
    Shape::ReturnX,
    Shape::ReturnY,
    Shape::Square,
    Shape::Curve,
    Shape::Order,
    Shape::AtMost,
    Shape::AtLeast,
    Shape::Reduce,
    Shape::Sign,
];

/// The column and row offset of limb `i` of the value or operand whose columns begin at `first`.
pub(super) const fn limb_cell(first: usize, i: usize) -> (usize, usize) {
    (first + i % HALF, i / HALF)
}

/// The columns and row offsets of the lower and the upper part of the carry out of a group of a
/// product. The carries out of the higher groups stand in the next pair.
pub(super) const fn carry_cells(group: usize) -> ((usize, usize), (usize, usize)) {
    let (column, row) = (group % HALF_GROUPS, group / HALF_GROUPS);
    ((column::CARRY_LOW + column, row), (column::CARRY_HIGH + column, row))
}

/// The row offset, from a step's first row, of what the bits of a scalar make.
pub(super) const fn gathered(scalar: usize) -> usize {
    SCALARS + scalar
}

/// The fixed columns for this program.
pub(super) fn fixed_columns(program: &Program) -> Vec<Vec<F>> {
    let end = 2 * program.pairs.len();
    assert!(end <= HEIGHT - RESERVED_ROWS, "the program fits");
    let mut cells = vec![vec![F::ZERO; HEIGHT]; fixed::WIDTH];
    let mut set = |column: usize, row: usize, value: u64| cells[column][row] = F::from_u64(value);
    (0..end).for_each(|row| set(fixed::ACTIVE, row, 1));
    for (place, pair) in program.pairs.iter().enumerate() {
        let row = 2 * place;
        if let Some(shape) = SHAPES.iter().position(|&shape| shape == pair.shape) {
            set(fixed::SHAPE + shape, row, 1);
        }
        let constant = limbs::limbs(&pair.constant).map(F::from_i64);
        for half in 0..2 {
            set(fixed::CONSTANT, row + half, pair.is_constant.into());
        }
        for (group, limbs) in constant.chunks(limbs::GROUP).enumerate() {
            let packed = limbs::evaluate_group(limbs, group).as_canonical_u64();
            set(fixed::GROUPS + group % HALF_GROUPS, row + group / HALF_GROUPS, packed);
        }
        if let Some(address) = pair.provided {
            set(fixed::PROVIDED, row + 1, 1);
            set(fixed::ADDRESS, row + 1, address);
        }
        if let Some(address) = pair.fetched {
            set(fixed::FETCHES, row, 1);
            set(fixed::FETCHED, row, address);
            set(fixed::INDEXED, row, pair.step.is_some().into());
        }
        set(fixed::WORDS, row, pair.words.is_some().into());
    }
    for step in 0..STEPS {
        let begins = step == 0 || (STEPS - step).is_multiple_of(WORD_BITS);
        set(if begins { fixed::BEGINS } else { fixed::GOES_ON }, program.digit_row(step), 1);
    }
    for (row, word) in words(program) {
        match word.operand {
            Some(operand) => {
                set(fixed::SENT, row, if word.is_gathered { 1 } else { F::ORDER_U64 - 1 });
                set(fixed::OPERAND, row, operand);
                set(fixed::INDEX, row, (WORDS - 1 - word.index) as u64);
            }
            None => set(fixed::NO_WORD, row, 1),
        }
    }
    cells
}

/// A word on a row.
struct Word {
    /// Index of the word in the value, the least significant word first.
    index: usize,
    /// The operand under which the word is on the bus, or `None` if the word must be zero.
    operand: Option<u64>,
    /// Whether the word is made of a scalar's bits.
    is_gathered: bool,
}

/// The rows of the words of values, which are received, and of the words that the scalars' bits
/// make, which are sent and meet the words of the scalars' values. Scalars have no bits beyond
/// those of the steps.
fn words(program: &Program) -> Vec<(usize, Word)> {
    let mut words = Vec::new();
    for (place, pair) in program.pairs.iter().enumerate() {
        let Some(operand) = pair.words else { continue };
        for index in 0..WORDS {
            let is_beyond = matches!(operand, V1 | V2) && index * WORD_BITS >= STEPS;
            let operand = (!is_beyond).then_some(operand);
            words.push((2 * place + index, Word { index, operand, is_gathered: false }));
        }
    }
    for bit in (0..STEPS).filter(|bit| bit.is_multiple_of(WORD_BITS)) {
        let first = program.digit_row(STEPS - 1 - bit);
        let (index, half) = (bit / WORD_BITS, HALF_BITS / WORD_BITS);
        let of_w = |first: usize| ((index < half).then_some(W), first + index);
        for (scalar, (operand, index)) in
            [of_w(0), of_w(half), (Some(V1), index), (Some(V2), index)].into_iter().enumerate()
        {
            words.push((first + gathered(scalar), Word { index, operand, is_gathered: true }));
        }
    }
    words
}

/// The field's prime as an element of the native field.
pub(super) fn prime() -> F {
    limbs::evaluate(&limbs::limbs(&FIELD_PRIME).map(F::from_i64))
}
