//! What kernels compute and move, counted from their source.
//!
//! Bytes are those of the columns that a kernel reads and writes, each counted once. Data that all
//! columns share is in caches and is not counted: twiddles, factors, weights, constants,
//! instructions.

use std::ops::{Add, AddAssign, Mul};

use crate::memory::ELEMENT;

/// Operations, and bytes of the device's memory.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Work {
    /// Products of two elements of the base field.
    pub multiplications: u64,
    /// Products of an element with a power of two.
    pub shifts: u64,
    /// Sums and differences of two elements.
    pub additions: u64,
    /// Compressions of BLAKE3.
    pub compressions: u64,
    /// Bytes that are read.
    pub read: u64,
    /// Bytes that are written.
    pub written: u64,
}

impl Work {
    const NONE: Self =
        Self { multiplications: 0, shifts: 0, additions: 0, compressions: 0, read: 0, written: 0 };

    /// `mul_x`: three products, one of which is multiplied by 7 = 8 - 1; two sums before, four sums
    /// and differences after.
    pub(crate) const PRODUCT_X: Self =
        Self { multiplications: 3, shifts: 1, additions: 6, ..Self::NONE };

    /// `inverse_x`: two squares, the norm, 63 squares and 62 products for its inverse, two
    /// products.
    pub(crate) const INVERSE_X: Self =
        Self { multiplications: 129, shifts: 1, additions: 3, ..Self::NONE };

    /// `permute` of Poseidon2: 118 seventh powers of 4 products each, and 22 times the diagonal of
    /// 12; 118 constants, 9 external layers of 65 sums each, and 22 internal layers of 23 sums
    /// each.
    pub(crate) const PERMUTATION: Self = Self {
        multiplications: 118 * 4 + 22 * 12,
        additions: 118 + 9 * 65 + 22 * 23,
        ..Self::NONE
    };

    /// `compress` of BLAKE3.
    pub(crate) const COMPRESSION: Self = Self { compressions: 1, ..Self::NONE };

    pub(crate) const fn multiplications(count: u64) -> Self {
        Self { multiplications: count, ..Self::NONE }
    }

    pub(crate) const fn shifts(count: u64) -> Self {
        Self { shifts: count, ..Self::NONE }
    }

    pub(crate) const fn additions(count: u64) -> Self {
        Self { additions: count, ..Self::NONE }
    }

    /// Work that reads this number of elements.
    pub(crate) const fn read(elements: u64) -> Self {
        Self { read: elements * ELEMENT, ..Self::NONE }
    }

    /// Work that writes this number of elements.
    pub(crate) const fn written(elements: u64) -> Self {
        Self { written: elements * ELEMENT, ..Self::NONE }
    }

    /// Number of bytes that are read or written.
    pub const fn bytes(&self) -> u64 {
        self.read + self.written
    }
}

impl Add for Work {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self {
            multiplications: self.multiplications + other.multiplications,
            shifts: self.shifts + other.shifts,
            additions: self.additions + other.additions,
            compressions: self.compressions + other.compressions,
            read: self.read + other.read,
            written: self.written + other.written,
        }
    }
}

impl AddAssign for Work {
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

/// The work, repeated this number of times.
impl Mul<u64> for Work {
    type Output = Self;

    fn mul(self, times: u64) -> Self {
        Self {
            multiplications: self.multiplications * times,
            shifts: self.shifts * times,
            additions: self.additions * times,
            compressions: self.compressions * times,
            read: self.read * times,
            written: self.written * times,
        }
    }
}
