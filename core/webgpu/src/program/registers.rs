//! Allocates registers, one or two side by side.

use std::collections::BTreeSet;

/// The free registers.
#[derive(Default)]
pub(super) struct Registers {
    free: BTreeSet<usize>,
    most: usize,
}

impl Registers {
    /// Takes `width` adjacent free registers and returns the first.
    pub(super) fn take(&mut self, width: usize) -> usize {
        let fits =
            |first: &usize| (*first..first + width).all(|register| self.free.contains(&register));
        let first = self.free.iter().copied().find(fits).unwrap_or(self.most);
        for register in first..first + width {
            self.free.remove(&register);
        }
        self.most = self.most.max(first + width);
        first
    }

    /// Frees registers.
    pub(super) fn free(&mut self, first: usize, width: usize) {
        self.free.extend(first..first + width);
    }

    /// Number of registers.
    pub(super) fn most(&self) -> usize {
        self.most
    }
}
