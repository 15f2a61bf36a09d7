//! Several packed elements that are computed together.
//!
//! The latency of a product is many times the interval at which products can be started. In most
//! constraints each step waits for the previous one, so the CPU is busy only if it runs several
//! such computations at once. Alignment to cache lines matters, too: an element that spans two
//! lines takes twice as long to read.

use std::iter::{Product, Sum};
use std::ops::{Add, AddAssign, Mul, MulAssign, Neg, Sub, SubAssign};

use p3_field::{
    Algebra, BasedVectorSpace, PackedFieldExtension, PackedValue, PrimeCharacteristicRing,
};

use super::packed::{Packed, PackedExtension};
use crate::field::{EF, F};

/// Number of packed elements in a wide element.
pub(super) const PACKS: usize = 4;

/// Number of lanes of a wide element.
pub(super) const LANES: usize = PACKS * Packed::WIDTH;

/// Packed elements of the base field.
#[derive(Clone, Copy, Debug, PartialEq)]
#[repr(align(64))]
pub(super) struct Wide(pub(super) [Packed; PACKS]);

/// Packed elements of the extension field.
#[derive(Clone, Copy, Debug, PartialEq)]
#[repr(align(64))]
pub(super) struct WideExtension(pub(super) [PackedExtension; PACKS]);

impl Wide {
    /// An element with these lanes.
    pub(super) fn from_lanes(lane: impl Fn(usize) -> F) -> Self {
        Self(std::array::from_fn(|pack| Packed::from_fn(|i| lane(pack * Packed::WIDTH + i))))
    }

    /// An element with the first of these lanes.
    pub(super) fn from_slice(lanes: &[F]) -> Self {
        let packs = Packed::pack_slice(&lanes[..LANES]);
        Self(std::array::from_fn(|pack| packs[pack]))
    }
}

impl WideExtension {
    /// An element with these coefficients.
    pub(super) fn from_coefficients(coefficients: &[Wide]) -> Self {
        Self(std::array::from_fn(|pack| {
            PackedExtension::from_basis_coefficients_fn(|i| coefficients[i].0[pack])
        }))
    }

    /// The lanes of the element.
    pub(super) fn lanes(&self) -> [EF; LANES] {
        let mut lanes = [EF::ZERO; LANES];
        for (pack, lanes) in self.0.iter().zip(lanes.chunks_exact_mut(Packed::WIDTH)) {
            pack.to_ext_slice(lanes);
        }
        lanes
    }
}

impl From<F> for Wide {
    #[inline(always)]
    fn from(element: F) -> Self {
        Self::from_prime_subfield(element)
    }
}

impl From<EF> for WideExtension {
    #[inline(always)]
    fn from(element: EF) -> Self {
        Self([element.into(); PACKS])
    }
}

impl From<Wide> for WideExtension {
    #[inline(always)]
    fn from(element: Wide) -> Self {
        Self(element.0.map(PackedExtension::from))
    }
}

impl Algebra<F> for Wide {
    #[inline(always)]
    fn mixed_dot_product<const N: usize>(elements: &[Self; N], factors: &[F; N]) -> Self {
        Self(std::array::from_fn(|pack| {
            Packed::mixed_dot_product::<N>(&elements.map(|element| element.0[pack]), factors)
        }))
    }
}

impl Algebra<EF> for WideExtension {}

impl Algebra<Wide> for WideExtension {}

/// An operator between two types. The second type has either one element for each element of the
/// first, or one for all.
macro_rules! operator {
    ($Wide:ty, $Other:ty, $Op:ident, $op:ident, $OpAssign:ident, $op_assign:ident, |$other:ident, $pack:ident| $element:expr) => {
        impl $Op<$Other> for $Wide {
            type Output = Self;

            #[inline(always)]
            fn $op(self, $other: $Other) -> Self {
                Self(std::array::from_fn(|$pack| self.0[$pack].$op($element)))
            }
        }

        impl $OpAssign<$Other> for $Wide {
            #[inline(always)]
            fn $op_assign(&mut self, other: $Other) {
                *self = self.$op(other);
            }
        }
    };
}

macro_rules! operators {
    ($Wide:ty, $Other:ty, |$other:ident, $pack:ident| $element:expr) => {
        operator!($Wide, $Other, Add, add, AddAssign, add_assign, |$other, $pack| $element);
        operator!($Wide, $Other, Sub, sub, SubAssign, sub_assign, |$other, $pack| $element);
        operator!($Wide, $Other, Mul, mul, MulAssign, mul_assign, |$other, $pack| $element);
    };
}

operators!(Wide, Wide, |other, pack| other.0[pack]);
operators!(Wide, F, |other, pack| other);
operators!(WideExtension, WideExtension, |other, pack| other.0[pack]);
operators!(WideExtension, Wide, |other, pack| other.0[pack]);
operators!(WideExtension, EF, |other, pack| other);

macro_rules! ring {
    ($Wide:ty, $Packed:ty) => {
        impl Neg for $Wide {
            type Output = Self;

            #[inline(always)]
            fn neg(self) -> Self {
                Self(self.0.map(Neg::neg))
            }
        }

        impl Default for $Wide {
            fn default() -> Self {
                Self::ZERO
            }
        }

        impl Sum for $Wide {
            #[inline]
            fn sum<I: Iterator<Item = Self>>(mut terms: I) -> Self {
                let first = terms.next().unwrap_or(Self::ZERO);
                terms.fold(first, Add::add)
            }
        }

        impl Product for $Wide {
            #[inline]
            fn product<I: Iterator<Item = Self>>(factors: I) -> Self {
                factors.fold(Self::ONE, Mul::mul)
            }
        }

        impl PrimeCharacteristicRing for $Wide {
            type PrimeSubfield = F;

            const ZERO: Self = Self([<$Packed>::ZERO; PACKS]);
            const ONE: Self = Self([<$Packed>::ONE; PACKS]);
            const TWO: Self = Self([<$Packed>::TWO; PACKS]);
            const NEG_ONE: Self = Self([<$Packed>::NEG_ONE; PACKS]);

            #[inline(always)]
            fn from_prime_subfield(element: F) -> Self {
                Self([<$Packed>::from_prime_subfield(element); PACKS])
            }

            #[inline(always)]
            fn double(&self) -> Self {
                Self(self.0.map(|pack| pack.double()))
            }

            #[inline(always)]
            fn square(&self) -> Self {
                Self(self.0.map(|pack| pack.square()))
            }

            #[inline(always)]
            fn dot_product<const N: usize>(left: &[Self; N], right: &[Self; N]) -> Self {
                Self(std::array::from_fn(|pack| {
                    let at = |side: &[Self; N]| std::array::from_fn(|term| side[term].0[pack]);
                    <$Packed>::dot_product::<N>(&at(left), &at(right))
                }))
            }
        }
    };
}

ring!(Wide, Packed);
ring!(WideExtension, PackedExtension);
