//! Columns and rows of the table.

use p3_field::PrimeCharacteristicRing;

use super::limbs::{LIMB_BITS, LIMBS, Limbs};
use super::program::{Modulus, Program, STEPS, Shape};
use crate::air::RESERVED_ROWS;
use crate::chips::buses::es256::{HASH, X, Y};
use crate::field::F;

/// Rows of the table.
pub const HEIGHT: usize = 2_048;
/// Limbs that a row holds: a value's lower half lies on an even row, its higher half on the next.
pub const HALF: usize = LIMBS / 2;
/// Carries that a row holds.
pub const HALF_CARRIES: usize = super::limbs::CARRIES / 2;

/// Committed columns.
pub mod column {
    use super::{HALF, HALF_CARRIES};

    /// The value that the identity defines. On digit rows, the four bits.
    pub const V: usize = 0;
    /// Its quotient by the modulus. On word rows, parts of limbs.
    pub const Q: usize = V + HALF;
    /// Lower 12 bits of the carries.
    pub const CARRY_LOW: usize = Q + HALF;
    /// Upper 8 bits of the carries.
    pub const CARRY_HIGH: usize = CARRY_LOW + HALF_CARRIES;
    /// Operand `m` less `x`. On digit rows, the first scalar less the second.
    pub const M: usize = CARRY_HIGH + HALF_CARRIES;
    /// Operand `x`. On digit rows, the second scalar.
    pub const X: usize = M + HALF;
    /// Operand `y`. On digit rows, the third scalar.
    pub const Y: usize = X + HALF;
    /// Operand `z`. On digit rows, the fourth scalar.
    pub const Z: usize = Y + HALF;
    /// The step's digit, or 0. On odd rows of identities, the inverse of a difference.
    pub const DIGIT: usize = Z + HALF;
    /// The square of a difference and, on the odd row, the inverse of that less the square of the prime.
    pub const SQUARE: usize = DIGIT + 1;
    /// How often the value is looked up.
    pub const MULTIPLICITY: usize = SQUARE + 1;
    /// Number of committed columns.
    pub const WIDTH: usize = MULTIPLICITY + 1;
}

/// Fixed columns. Those of identities are zero on odd rows but for [`ACTIVE`](fixed::ACTIVE) and constants.
pub mod fixed {
    /// The identity is a [`Slope`](super::Shape::Slope).
    pub const SLOPE: usize = 0;
    /// The identity is a [`Tangent`](super::Shape::Tangent).
    pub const TANGENT: usize = 1;
    /// The identity is a [`Square`](super::Shape::Square).
    pub const SQUARE: usize = 2;
    /// The identity is a [`Product`](super::Shape::Product).
    pub const PRODUCT: usize = 3;
    /// No identity, operands only.
    pub const LOAD: usize = 4;
    /// The identity holds modulo the field's prime.
    pub const FIELD_PRIME: usize = 5;
    /// The identity holds modulo the group's order.
    pub const GROUP_ORDER: usize = 6;
    /// Address of the value.
    pub const ADDRESS: usize = 7;
    /// Addresses of the four operands `m`, `x`, `y`, `z`.
    pub const OPERANDS: usize = 8;
    /// Operands `x` and `y` are a table point.
    pub const INDEXED: usize = 12;
    /// `m` and `x` differ modulo the field's prime.
    pub const DISTINCT: usize = 13;
    /// The value is a constant. On both rows.
    pub const CONSTANT: usize = 14;
    /// The step of indexed identities and digit rows; the operand number of word rows.
    pub const STEP: usize = 15;
    /// A digit row that begins a new limb.
    pub const SHIFT: usize = 16;
    /// A digit row that goes on with a limb.
    pub const DOUBLE: usize = 17;
    /// The higher halves of the scalars, which are zero.
    pub const SCALAR_END: usize = 18;
    /// A word row.
    pub const WORDS: usize = 19;
    /// Rows in use, whose cells are range-checked.
    pub const ACTIVE: usize = 20;
    /// The row's limbs of a constant, [`PACKED`](super::PACKED) a cell.
    pub const CONSTANTS: usize = 21;
    /// Number of fixed columns.
    pub const WIDTH: usize = CONSTANTS + super::HALF.div_ceil(super::PACKED);
}

/// Limbs that a packed constant cell holds.
pub const PACKED: usize = 4;

/// How a limb that lies across two words is cut.
pub struct Split {
    /// The limb.
    pub limb: usize,
    /// Bits of its lower part.
    pub bits: usize,
    /// Index among the quotient's cells of the lower part, moved to the top of 12 bits.
    pub low: usize,
    /// Index of the upper part.
    pub high: usize,
}

/// The limbs that words cut.
pub const SPLITS: [Split; 5] = [
    Split { limb: 2, bits: 8, low: 0, high: 1 },
    Split { limb: 5, bits: 4, low: 2, high: 3 },
    Split { limb: 10, bits: 8, low: 4, high: 5 },
    Split { limb: 13, bits: 4, low: 6, high: 7 },
    Split { limb: 18, bits: 8, low: 8, high: 9 },
];

/// Column and row offset of the lower and the upper part of a carry.
pub fn carry_cells(carry: usize) -> ((usize, usize), (usize, usize)) {
    let (column, row) = (carry % HALF_CARRIES, carry / HALF_CARRIES);
    ((column::CARRY_LOW + column, row), (column::CARRY_HIGH + column, row))
}

/// A polynomial's value at `2^12` in the native field.
pub fn evaluate(limbs: &Limbs) -> F {
    limbs.iter().rev().fold(F::ZERO, |sum, &limb| sum * F::from_u64(1 << LIMB_BITS) + F::from_i64(limb))
}

/// Where the parts of the table begin. Identities fill the rows before.
pub struct Rows {
    /// Three pairs of rows that take the words of x, y and the hash.
    pub words: usize,
    /// One row a step, then the pair of rows that fetches the scalars.
    pub digits: usize,
    /// The first row not in use.
    pub end: usize,
}

impl Rows {
    /// Of this program.
    pub fn of(program: &Program) -> Self {
        let words = 2 * program.identities.len();
        let digits = words + 2 * 3;
        Self { words, digits, end: digits + STEPS + 2 }
    }
}

/// The fixed columns of this program.
pub fn fixed_columns(program: &Program) -> Vec<Vec<F>> {
    let rows = Rows::of(program);
    assert!(rows.end <= HEIGHT - RESERVED_ROWS, "the program fits");
    let mut cells = vec![vec![F::ZERO; HEIGHT]; fixed::WIDTH];
    let mut set = |column: usize, row: usize, value: u64| cells[column][row] = F::from_u64(value);
    (0..rows.end).for_each(|row| set(fixed::ACTIVE, row, 1));
    for (i, identity) in program.identities.iter().enumerate() {
        let row = 2 * i;
        let shape = match identity.shape {
            Shape::Slope => fixed::SLOPE,
            Shape::Tangent => fixed::TANGENT,
            Shape::Square => fixed::SQUARE,
            Shape::Product => fixed::PRODUCT,
        };
        set(shape, row, 1);
        set(fixed::FIELD_PRIME, row, (identity.modulus == Modulus::FieldPrime).into());
        set(fixed::GROUP_ORDER, row, (identity.modulus == Modulus::GroupOrder).into());
        set(fixed::ADDRESS, row, identity.address);
        for (operand, &address) in identity.operands.iter().enumerate() {
            set(fixed::OPERANDS + operand, row, address);
        }
        set(fixed::INDEXED, row, identity.step.is_some().into());

        set(fixed::DISTINCT, row, identity.distinct.into());
        set(fixed::STEP, row, identity.step.unwrap_or(0) as u64);

        if let Some(constant) = &identity.constant {
            for (half, limbs) in super::limbs::limbs(constant).chunks(HALF).enumerate() {
                set(fixed::CONSTANT, row + half, 1);
                for (cell, limbs) in limbs.chunks(PACKED).enumerate() {
                    let packed = limbs.iter().rev().fold(0, |sum, &limb| sum << LIMB_BITS | limb as u64);
                    set(fixed::CONSTANTS + cell, row + half, packed);
                }
            }
        }
    }
    let inputs = &program.inputs;
    for (i, (operand, address)) in
        [(X, inputs.key_x), (Y, inputs.key_y), (HASH, inputs.hash)].iter().enumerate()
    {
        let row = rows.words + 2 * i;
        set(fixed::LOAD, row, 1);
        set(fixed::WORDS, row, 1);
        set(fixed::STEP, row, *operand);
        set(fixed::OPERANDS + 1, row, *address);
    }
    for step in 0..STEPS {
        set(if step % LIMB_BITS == 0 { fixed::SHIFT } else { fixed::DOUBLE }, rows.digits + step, 1);
        set(fixed::STEP, rows.digits + step, step as u64);
    }
    let load = rows.digits + STEPS;
    set(fixed::LOAD, load, 1);
    set(fixed::SCALAR_END, load + 1, 1);
    for (operand, &scalar) in program.scalars.iter().enumerate() {
        set(fixed::OPERANDS + operand, load, scalar);
    }
    cells
}
