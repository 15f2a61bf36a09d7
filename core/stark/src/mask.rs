//! Tables that hide the lookup terminals.
//!
//! A group's terminal is the sum of its tables' fractions: a function of the witness that the proof
//! publishes. The first active row of each group except the last therefore sends a tuple of uniform
//! cells, which the second row of the next group receives.
//!
//! A tuple has as many cells as an extension element has coefficients. Its fingerprint is uniform
//! in the challenge field, because the challenges that weight the cells lie outside the base field.
//! The terminals are therefore uniform, except that their sum is zero.

use p3_field::PrimeCharacteristicRing;

use crate::air::{Bus, Chip, ChipBuilder};
use crate::field::{EXTENSION_DEGREE, F};

/// `(sending group, uniform cells)`.
const MASK: Bus = Bus::new("mask", 1 + EXTENSION_DEGREE);

/// The row that sends.
pub(crate) const SENT: usize = 0;

/// The row that receives.
pub(crate) const RECEIVED: usize = 1;

/// A group's part in the chain of masks. Row [`SENT`] is uniform. Row [`RECEIVED`] is a copy of the
/// previous group's row [`SENT`], if there is a previous group.
#[derive(Clone, Copy)]
pub(crate) struct Mask {
    height: usize,
    group: usize,
    groups: usize,
}

impl Chip for Mask {
    fn name(&self) -> &'static str {
        "mask"
    }

    fn height(&self) -> usize {
        self.height
    }

    fn width(&self) -> usize {
        EXTENSION_DEGREE
    }

    fn fixed(&self) -> Vec<Vec<F>> {
        [SENT, RECEIVED]
            .map(|row| {
                let mut column = F::zero_vec(self.height);
                column[row] = F::ONE;
                column
            })
            .to_vec()
    }

    fn eval<B: ChipBuilder>(&self, b: &mut B) {
        let tuple = |b: &B, group: usize| {
            let cells = (0..EXTENSION_DEGREE).map(|column| b.main(column, 0));
            std::iter::once(B::Expr::from_usize(group)).chain(cells).collect()
        };
        if self.group + 1 < self.groups {
            b.send(MASK, tuple(b, self.group), b.fixed(0, 0));
        }
        if self.group > 0 {
            b.receive(MASK, tuple(b, self.group - 1), b.fixed(1, 0));
        }
    }
}

/// A table of a proof: one of the caller's chips, or a group's mask.
pub(crate) enum Table<'a, C> {
    Chip(&'a C),
    Mask(Mask),
}

impl<C: Chip> Table<'_, C> {
    /// All tables of a proof: the chips in order, then the masks of their groups, tallest first.
    pub(crate) fn all(chips: &[C]) -> Vec<Table<'_, C>> {
        let mut heights: Vec<_> = chips.iter().map(Chip::height).collect();
        heights.sort_unstable_by(|a, b| b.cmp(a));
        heights.dedup();
        let groups = heights.len();
        let masks = heights.into_iter().enumerate();
        let masks = masks.map(|(group, height)| Table::Mask(Mask { height, group, groups }));
        chips.iter().map(Table::Chip).chain(masks).collect()
    }
}

impl<C: Chip> Chip for Table<'_, C> {
    fn name(&self) -> &'static str {
        match self {
            Self::Chip(chip) => chip.name(),
            Self::Mask(mask) => mask.name(),
        }
    }

    fn height(&self) -> usize {
        match self {
            Self::Chip(chip) => chip.height(),
            Self::Mask(mask) => mask.height(),
        }
    }

    fn width(&self) -> usize {
        match self {
            Self::Chip(chip) => chip.width(),
            Self::Mask(mask) => mask.width(),
        }
    }

    fn fixed(&self) -> Vec<Vec<F>> {
        match self {
            Self::Chip(chip) => chip.fixed(),
            Self::Mask(mask) => mask.fixed(),
        }
    }

    fn public(&self) -> Vec<Vec<F>> {
        match self {
            Self::Chip(chip) => chip.public(),
            Self::Mask(mask) => mask.public(),
        }
    }

    fn eval<B: ChipBuilder>(&self, builder: &mut B) {
        match self {
            Self::Chip(chip) => chip.eval(builder),
            Self::Mask(mask) => mask.eval(builder),
        }
    }

    fn eval_interactions<B: ChipBuilder>(&self, builder: &mut B) {
        match self {
            Self::Chip(chip) => chip.eval_interactions(builder),
            Self::Mask(mask) => mask.eval_interactions(builder),
        }
    }
}
