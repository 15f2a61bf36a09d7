//! `range`: the values below 2^bits, and the initial bytes of CBOR data items.
//!
//! One lookup `(value, bits)` on [`RANGE`] shows `value < 2^bits` for a width among [`WIDTHS`]; one on [`CBOR_HEAD`]
//! takes an initial byte apart (RFC 8949, 3). Both proofs use the table; the presentation has no CBOR lookups.
//!
//! | lane | key | rows |
//! |---|---|---|
//! | 0 | `(row, 12)` | 1,920 |
//! | 1 | `(row + 1,920, 12)` | 1,920 |
//! | 2 | `(row, 11)` | 1,920 |
//! | 3 | the values of 12 and 11 bits that are left, then 10, 8, 7, 6, 5 and 4 bits, all by fixed columns | 1,904 |
//! | 4 | CBOR initial bytes by fixed columns | 224 |
//!
//! # Soundness
//!
//! Every committed cell is a multiplicity. All keys are fixed columns or shifts of one, and a key is the whole tuple,
//! so a free multiplicity offers nothing but true tuples. That holds on unused rows as well, where fixed cells are
//! zero: `(0, 12)`, `(1,920, 12)`, `(0, 11)`, `(0, 0)` and the CBOR head of the number 0 are true.

use p3_field::PrimeCharacteristicRing;

use crate::air::{Chip, ChipBuilder, RESERVED_ROWS, Trace};
use crate::chips::buses::{CBOR_HEAD, RANGE};
use crate::field::F;

/// Widths in bits that [`RANGE`] provides.
pub const WIDTHS: [u32; 8] = [12, 11, 10, 8, 7, 6, 5, 4];

const HEIGHT: usize = 2_048;
const USED: usize = HEIGHT - RESERVED_ROWS;

/// Committed columns: the multiplicity of each lane.
const LANES: usize = 5;

/// Fixed columns.
mod fixed {
    /// The row's index.
    pub const ROW: usize = 0;
    /// Value and bits of lane 3.
    pub const REST: [usize; 2] = [1, 2];
    /// Tuple of lane 4.
    pub const HEAD: [usize; 4] = [3, 4, 5, 6];
    pub const WIDTH: usize = 7;
}

/// The `range` table. The same for every proof.
#[derive(Clone, Copy, Debug, Default)]
pub struct RangeChip;

impl RangeChip {
    /// The trace, for [`fill_multiplicities`](crate::air::fill_multiplicities) to complete.
    pub fn trace(&self) -> Trace {
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
        for (row, head) in cbor_heads().into_iter().enumerate() {
            for (column, value) in fixed::HEAD.into_iter().zip(head) {
                columns[column][row] = F::from_u32(value);
            }
        }
        columns
    }

    fn eval<B: ChipBuilder>(&self, b: &mut B) {
        let row = b.fixed(fixed::ROW, 0);
        let constant = |value: usize| B::Expr::from(F::from_usize(value));
        let keys = [
            vec![row.clone(), constant(12)],
            vec![row.clone() + constant(USED), constant(12)],
            vec![row, constant(11)],
            fixed::REST.map(|column| b.fixed(column, 0)).to_vec(),
        ];
        for (lane, key) in keys.into_iter().enumerate() {
            b.provide(RANGE, key, lane, B::Expr::ONE);
        }
        let head = fixed::HEAD.map(|column| b.fixed(column, 0)).to_vec();
        b.provide(CBOR_HEAD, head, LANES - 1, B::Expr::ONE);
    }
}

/// `[value, bits]` of lane 3: what lanes 0 to 2 leave out.
fn rest() -> Vec<[u32; 2]> {
    let used = USED as u32;
    let narrow = WIDTHS.into_iter().filter(|&bits| bits < 11);
    let mut entries: Vec<_> = (2 * used..1 << 12).map(|value| [value, 12]).collect();
    entries.extend((used..1 << 11).map(|value| [value, 11]));
    entries.extend(narrow.flat_map(|bits| (0..1 << bits).map(move |value| [value, bits])));
    entries
}

/// `[initial byte, major type, bytes of argument, immediate]` of every definite-length head: additional information
/// 28 to 30 is reserved, and 31 is an indefinite length, a break or not well-formed (RFC 8949, 3).
fn cbor_heads() -> Vec<[u32; 4]> {
    let head = |byte: u32| {
        let (major, information) = (byte >> 5, byte & 31);
        match information {
            0..=23 => Some([byte, major, 0, information]),
            24..=27 => Some([byte, major, 1 << (information - 24), 0]),
            _ => None,
        }
    };
    (0..=255).filter_map(head).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use p3_field::PrimeField64;

    use super::*;
    use crate::air::testing::{Partner, assert_degrees};
    use crate::air::{Bus, check, fill_multiplicities};

    crate::chip_enum! {
        enum Table { Range(RangeChip), User(Partner) }
    }

    /// What fails when a table makes these lookups.
    fn rules(bus: Bus, lookups: &[Vec<u64>]) -> Vec<String> {
        let mut user = Partner::default();
        lookups.iter().for_each(|fields| user.send(bus, fields));
        let mut traces = [RangeChip.trace(), user.trace()];
        let chips = [Table::Range(RangeChip), Table::User(user)];
        fill_multiplicities(&chips, &mut traces);
        check(&chips, &traces).rules()
    }

    #[test]
    fn stays_within_the_degrees() {
        assert_degrees(&RangeChip);
    }

    #[test]
    fn provides_every_value_of_every_width() {
        let values =
            WIDTHS.into_iter().flat_map(|bits| (0..1 << bits).map(move |value| vec![value, u64::from(bits)]));
        assert!(rules(RANGE, &values.collect::<Vec<_>>()).is_empty());
    }

    #[test]
    fn provides_nothing_out_of_range() {
        for bits in (0..16).chain([32, 63]) {
            for value in
                [1 << bits, 4_096, 65_536, F::ORDER_U64 - 1].into_iter().filter(|value| value >> bits > 0)
            {
                assert_eq!(rules(RANGE, &[vec![value, bits]]), ["bus range"], "{value} of {bits} bits");
            }
        }
    }

    #[test]
    fn takes_apart_every_initial_byte_that_has_a_definite_length() {
        let heads = cbor_heads();
        assert_eq!(heads.len(), 224);
        let lookups: Vec<_> = heads.iter().map(|head| head.map(u64::from).to_vec()).collect();
        assert!(rules(CBOR_HEAD, &lookups).is_empty());

        let bytes: HashSet<_> = heads.iter().map(|head| head[0]).collect();
        for refused in [0x1c, 0x5f, 0x7f, 0x9f, 0xbf, 0xfe, 0xff] {
            assert!(!bytes.contains(&refused), "{refused:#x}");
        }
        for expected in [
            [0x17, 0, 0, 23],
            [0x18, 0, 1, 0],
            [0x59, 2, 2, 0],
            [0x7a, 3, 4, 0],
            [0x3b, 1, 8, 0],
            [0xd8, 6, 1, 0],
            [0xf5, 7, 0, 21],
        ] {
            assert!(heads.contains(&expected), "{expected:x?}");
        }
    }

    #[test]
    fn provides_no_wrong_head() {
        for head in [[0x5f, 2, 0, 31], [0xff, 7, 0, 31], [0x1c, 0, 16, 0], [0x18, 0, 0, 24], [0x61, 2, 0, 1]]
        {
            assert_eq!(rules(CBOR_HEAD, &[head.to_vec()]), ["bus cbor_head"], "{head:x?}");
        }
    }
}
