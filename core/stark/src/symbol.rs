//! Evaluates a chip once, with code that all single evaluations share.
//!
//! Each builder type makes the compiler copy each chip's code. For a chip that is evaluated on many
//! rows, the copy makes the evaluation fast. Recording a chip and verifying at one point evaluate
//! it only once, and the code that verifiers download to a browser should be small.

use std::iter::{Product, Sum};
use std::ops::{Add, AddAssign, Mul, MulAssign, Neg, Sub, SubAssign};

use p3_field::{Algebra, PrimeCharacteristicRing};

use crate::air::{Bus, ChipBuilder};
use crate::field::{EF, F};

/// A [`ChipBuilder`] over symbols.
pub(crate) trait SymbolBuilder {
    fn main(&self, column: usize, offset: i32) -> Symbol;
    fn fixed(&self, column: usize, offset: i32) -> Symbol;
    fn public(&self, column: usize) -> Symbol;
    fn first(&self) -> Symbol;
    fn last(&self) -> Symbol;
    fn transition(&self) -> Symbol;
    fn interior(&self, before: usize, after: usize) -> Symbol;
    fn assert_zero(&mut self, label: &'static str, expr: Symbol);
    fn interact(&mut self, bus: Bus, fields: Vec<Symbol>, count: Symbol, weight: u32);
}

/// Gives a chip access to any builder over symbols.
pub(crate) struct Symbols<'a>(pub(crate) &'a mut dyn SymbolBuilder);

impl ChipBuilder for Symbols<'_> {
    type Expr = Symbol;

    fn main(&self, column: usize, offset: i32) -> Symbol {
        self.0.main(column, offset)
    }

    fn fixed(&self, column: usize, offset: i32) -> Symbol {
        self.0.fixed(column, offset)
    }

    fn public(&self, column: usize) -> Symbol {
        self.0.public(column)
    }

    fn first(&self) -> Symbol {
        self.0.first()
    }

    fn last(&self) -> Symbol {
        self.0.last()
    }

    fn transition(&self) -> Symbol {
        self.0.transition()
    }

    fn interior(&self, before: usize, after: usize) -> Symbol {
        self.0.interior(before, after)
    }

    fn assert_zero(&mut self, label: &'static str, expr: impl Into<Symbol>) {
        self.0.assert_zero(label, expr.into());
    }

    fn interact(&mut self, bus: Bus, fields: Vec<Symbol>, count: Symbol, weight: u32) {
        self.0.interact(bus, fields, count, weight);
    }
}

/// A polynomial in what a chip reads: an upper bound on its degree, and its value at one point.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Symbol {
    /// Number of multiplied columns and selectors of one row, which have the same degree as a
    /// column.
    pub(crate) degree: usize,
    /// Number of multiplied selectors.
    pub(crate) selectors: usize,
    pub(crate) value: EF,
}

impl Symbol {
    /// A constant, or a value whose degree is not needed.
    pub(crate) const fn constant(value: EF) -> Self {
        Self { degree: 0, selectors: 0, value }
    }
}

impl Add for Symbol {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self {
            degree: self.degree.max(other.degree),
            selectors: self.selectors.max(other.selectors),
            value: self.value + other.value,
        }
    }
}

impl Neg for Symbol {
    type Output = Self;

    fn neg(self) -> Self {
        Self { value: -self.value, ..self }
    }
}

impl Sub for Symbol {
    type Output = Self;

    fn sub(self, other: Self) -> Self {
        self + -other
    }
}

impl Mul for Symbol {
    type Output = Self;

    fn mul(self, other: Self) -> Self {
        if self == Self::ZERO || other == Self::ZERO {
            return Self::ZERO;
        }
        Self {
            degree: self.degree + other.degree,
            selectors: self.selectors + other.selectors,
            value: self.value * other.value,
        }
    }
}

/// An operator with a constant of the field, and its assigning forms.
macro_rules! operator {
    ($Op:ident, $op:ident, $OpAssign:ident, $op_assign:ident) => {
        impl $Op<F> for Symbol {
            type Output = Self;

            fn $op(self, other: F) -> Self {
                self.$op(Self::from(other))
            }
        }

        impl $OpAssign for Symbol {
            fn $op_assign(&mut self, other: Self) {
                *self = self.$op(other);
            }
        }

        impl $OpAssign<F> for Symbol {
            fn $op_assign(&mut self, other: F) {
                *self = self.$op(other);
            }
        }
    };
}

operator!(Add, add, AddAssign, add_assign);
operator!(Sub, sub, SubAssign, sub_assign);
operator!(Mul, mul, MulAssign, mul_assign);

impl From<F> for Symbol {
    fn from(value: F) -> Self {
        Self::constant(value.into())
    }
}

impl Default for Symbol {
    fn default() -> Self {
        Self::ZERO
    }
}

impl Sum for Symbol {
    fn sum<I: Iterator<Item = Self>>(terms: I) -> Self {
        terms.fold(Self::ZERO, Add::add)
    }
}

impl Product for Symbol {
    fn product<I: Iterator<Item = Self>>(factors: I) -> Self {
        factors.fold(Self::ONE, Mul::mul)
    }
}

impl PrimeCharacteristicRing for Symbol {
    type PrimeSubfield = F;

    const ZERO: Self = Self::constant(EF::ZERO);
    const ONE: Self = Self::constant(EF::ONE);
    const TWO: Self = Self::constant(EF::TWO);
    const NEG_ONE: Self = Self::constant(EF::NEG_ONE);

    fn from_prime_subfield(value: F) -> Self {
        value.into()
    }
}

impl Algebra<F> for Symbol {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_degrees() {
        let cell =
            |degree| Symbol { degree, selectors: 2 * degree, value: EF::from_usize(degree + 2) };
        let cases = [
            (cell(1) * cell(2), 3),
            (cell(1) + cell(2), 2),
            (cell(1) - cell(1), 1),
            (cell(2) * F::TWO, 2),
            (cell(2) * F::ZERO, 0),
            (cell(1).square() * cell(1) + F::ONE, 3),
            ([cell(1), cell(2)].into_iter().sum(), 2),
            ([cell(1), cell(2)].into_iter().product(), 3),
        ];
        for (symbol, degree) in cases {
            assert_eq!((symbol.degree, symbol.selectors), (degree, 2 * degree), "{symbol:?}");
        }
    }
}
