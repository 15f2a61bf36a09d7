//! `range`: the values below 2^bits.
//!
//! One lookup of `(value, bits)` on [`RANGE`] shows that `value < 2^bits`, for a width among
//! [`WIDTHS`]. The chip provides two lanes of keys on this bus and uses no other bus. Both proofs
//! have the table.
//!
//! | lane | key | rows |
//! |---|---|---|
//! | 0 | `(row, 11)` | 1,920 |
//! | 1 | the remaining values of 11 bits, then those of 10, 8, 7, 6, 5 and 4 bits, all by fixed columns | 1,648 |
//!
//! # Soundness
//!
//! Every committed cell is a multiplicity. All keys are fixed columns, and a key is the whole
//! tuple, so a free multiplicity offers only true tuples. This also holds on unused rows, where the
//! fixed cells are zero: `(0, 11)` and `(0, 0)` are true.

use p3_field::PrimeCharacteristicRing;
use velum_stark::air::{Chip, ChipBuilder, RESERVED_ROWS, Trace};
use velum_stark::field::F;

use crate::chips::buses::RANGE;

/// Widths, in bits, that [`RANGE`] provides.
pub(crate) const WIDTHS: [u32; 7] = [11, 10, 8, 7, 6, 5, 4];

/// The width of lane 0.
const WIDEST: u32 = WIDTHS[0];

const HEIGHT: usize = 2_048;
const USED: usize = HEIGHT - RESERVED_ROWS;

/// Number of committed columns, each of which is the multiplicity of a lane.
const LANES: usize = 2;

/// Fixed columns.
mod fixed {
    /// The row's index.
    pub(super) const ROW: usize = 0;
    /// Value and bits of lane 1.
    pub(super) const REST: [usize; 2] = [1, 2];
    pub(super) const WIDTH: usize = 3;
}

/// The `range` table, which is the same in every proof.
#[derive(Clone, Copy, Debug, Default)]
pub struct RangeChip;

impl RangeChip {
    /// The trace. [`fill_multiplicities`](velum_stark::air::fill_multiplicities) completes it.
    pub(crate) fn trace(&self) -> Trace {
        Trace::zeroed(HEIGHT, LANES)
    }
}

impl Chip for RangeChip {
    fn name(&self) -> &'static str {
        "range"
    }

    fn height(&self) -> usize {
        HEIGHT
    }

    fn width(&self) -> usize {
        LANES
    }

    fn fixed(&self) -> Vec<Vec<F>> {
        let mut columns = vec![F::zero_vec(HEIGHT); fixed::WIDTH];
        for (row, cell) in columns[fixed::ROW][..USED].iter_mut().enumerate() {
            *cell = F::from_usize(row);
        }
        for (row, entry) in rest().into_iter().enumerate() {
            for (column, value) in fixed::REST.into_iter().zip(entry) {
                columns[column][row] = F::from_u32(value);
            }
        }
        columns
    }

    fn eval<B: ChipBuilder>(&self, b: &mut B) {
        b.provide(RANGE, vec![b.fixed(fixed::ROW, 0), B::Expr::from_u32(WIDEST)], 0, B::Expr::ONE);
        let rest = fixed::REST.map(|column| b.fixed(column, 0));
        b.provide(RANGE, rest.to_vec(), 1, B::Expr::ONE);
    }
}

/// The `[value, bits]` of lane 1: what lane 0 leaves out.
fn rest() -> Vec<[u32; 2]> {
    let narrow = WIDTHS.into_iter().filter(|&bits| bits < WIDEST);
    let mut entries: Vec<_> = (USED as u32..1 << WIDEST).map(|value| [value, WIDEST]).collect();
    entries.extend(narrow.flat_map(|bits| (0..1 << bits).map(move |value| [value, bits])));
    entries
}

#[cfg(test)]
mod tests {
    use p3_field::PrimeField64;
    use velum_stark::air::testing::Partner;
    use velum_stark::air::{check, fill_multiplicities};

    use super::*;

    velum_stark::chip_enum! {
        enum Table { Range(RangeChip), User(Partner) }
    }

    /// The rules that fail when a table makes these lookups.
    fn rules(lookups: &[Vec<u64>]) -> Vec<String> {
        let mut user = Partner::default();
        lookups.iter().for_each(|fields| user.send(RANGE, fields));
        let mut traces = [RangeChip.trace(), user.trace()];
        let chips = [Table::Range(RangeChip), Table::User(user)];
        fill_multiplicities(&chips, &mut traces);
        check(&chips, &traces).rules()
    }

    #[test]
    fn provides_every_value_of_every_width() {
        let values = WIDTHS
            .into_iter()
            .flat_map(|bits| (0..1 << bits).map(move |value| vec![value, u64::from(bits)]));
        assert!(rules(&values.collect::<Vec<_>>()).is_empty());
    }

    #[test]
    fn provides_nothing_out_of_range() {
        for bits in (0..16).chain([32, 63]) {
            for value in [1 << bits, 4_096, 65_536, F::ORDER_U64 - 1]
                .into_iter()
                .filter(|value| value >> bits > 0)
            {
                assert_eq!(rules(&[vec![value, bits]]), ["bus range"], "{value} of {bits} bits");
            }
        }
    }
}
