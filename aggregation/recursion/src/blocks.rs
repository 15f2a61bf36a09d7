//! Weighted sums of blocks of cells. The weight of a cell is the product of the challenges whose
//! bits are one in the cell's number within the block.

use plonky2::field::types::Field;
use plonky2::iop::target::Target;
use velum_stark::words::{BLOCK, LOG_BLOCK};

use crate::field::{Builder, D, Extension, F, pair};
use crate::gate::{Arithmetic, RelationGate, Relations};

/// Sums up several blocks. Each challenge `z` combines neighbouring cells `f` and `g` as `f + z g`.
///
/// ```text
///   wires    challenges 4 x 2 | 4 times: cells 16, sum 2
/// ```
#[derive(Clone, Copy, Debug)]
struct Blocks;

impl Blocks {
    const CHALLENGES: usize = 0;
    const BLOCKS: usize = LOG_BLOCK * D;
    /// Number of blocks in a row.
    const COUNT: usize = 4;

    const fn cell(block: usize, cell: usize) -> usize {
        Self::BLOCKS + (BLOCK + D) * block + cell
    }

    const fn sum(block: usize) -> usize {
        Self::cell(block, BLOCK)
    }
}

impl Relations for Blocks {
    const NAME: &'static str = "Blocks";
    const DEGREE: usize = 1 + LOG_BLOCK;

    fn of_size(_: usize) -> Self {
        Self
    }

    fn size(&self) -> usize {
        Self::COUNT
    }

    fn wires(&self) -> usize {
        Self::cell(Self::COUNT, 0)
    }

    fn count(&self) -> usize {
        D * Self::COUNT
    }

    fn inputs(&self) -> Vec<usize> {
        let cells = (0..Self::COUNT).flat_map(|block| Self::cell(block, 0)..Self::sum(block));
        (0..Self::BLOCKS).chain(cells).collect()
    }

    fn state<A: Arithmetic>(&self, arithmetic: &mut A) {
        let zero = arithmetic.constant(F::ZERO);
        let challenges: Vec<_> =
            (0..LOG_BLOCK).map(|bit| arithmetic.extension(Self::CHALLENGES + D * bit)).collect();
        for block in 0..Self::COUNT {
            let cells = (0..BLOCK).map(|cell| [arithmetic.wire(Self::cell(block, cell)), zero]);
            let mut words: Vec<_> = cells.collect();
            for &challenge in &challenges {
                let (pairs, _) = words.as_chunks::<2>();
                words = pairs
                    .iter()
                    .map(|&[f, g]| arithmetic.mul_add_extension(challenge, g, f))
                    .collect();
            }
            for (coefficient, &value) in words[0].iter().enumerate() {
                arithmetic.define(Self::sum(block) + coefficient, value);
            }
        }
    }
}

/// The weighted sum of each block. Places of the last row that have no block are filled with zeros.
pub(crate) fn block_sums(
    builder: &mut Builder,
    challenges: &[Extension],
    blocks: &[[Target; BLOCK]],
) -> Vec<Extension> {
    let nothing = [builder.zero(); BLOCK];
    let mut sums = Vec::with_capacity(blocks.len());
    for together in blocks.chunks(Blocks::COUNT) {
        let row = builder.add_gate(RelationGate(Blocks), vec![]);
        let wire = |wire| Target::wire(row, wire);
        for (bit, &challenge) in challenges[..LOG_BLOCK].iter().enumerate() {
            let first = Blocks::CHALLENGES + D * bit;
            builder.connect_extension(challenge, pair([wire(first), wire(first + 1)]));
        }
        let cells = together.iter().chain(std::iter::repeat(&nothing)).take(Blocks::COUNT);
        for (block, cells) in cells.enumerate() {
            for (cell, &target) in cells.iter().enumerate() {
                builder.connect(target, wire(Blocks::cell(block, cell)));
            }
        }
        sums.extend((0..together.len()).map(|block| {
            let first = Blocks::sum(block);
            pair([wire(first), wire(first + 1)])
        }));
    }
    sums
}

#[cfg(test)]
mod tests {
    use plonky2::field::extension::quadratic::QuadraticExtension;
    use plonky2::field::types::Sample;
    use plonky2::gates::gate::Gate;
    use plonky2::gates::gate_testing::{test_eval_fns, test_low_degree};

    use super::*;
    use crate::field::FE;
    use crate::testing::{C, row, violated};

    #[test]
    fn has_low_degree_and_is_the_same_over_fields_and_targets() {
        test_low_degree::<F, _, 2>(RelationGate(Blocks));
        test_eval_fns::<F, C, _, 2>(RelationGate(Blocks)).unwrap();
        assert!(RelationGate(Blocks).num_wires() <= 80);
    }

    #[test]
    fn cells_are_weighed_by_the_challenges_at_the_ones_of_their_numbers() {
        let inputs = F::rand_vec(Blocks.wires());
        let mut wires = row(&Blocks, |wire| inputs[wire]);
        assert!(violated(&Blocks, &wires).is_empty());
        let at = |wire: usize| QuadraticExtension([wires[wire], wires[wire + 1]]);
        for block in 0..Blocks::COUNT {
            let weight = |number: usize| -> FE {
                let ones = (0..LOG_BLOCK).filter(|bit| number >> bit & 1 == 1);
                ones.map(|bit| at(Blocks::CHALLENGES + D * bit)).product()
            };
            let cell = |number| FE::from(wires[Blocks::cell(block, number)]);
            let expected: FE = (0..BLOCK).map(|number| weight(number) * cell(number)).sum();
            assert_eq!(at(Blocks::sum(block)), expected);
        }
        for wire in 0..wires.len() {
            wires[wire] += F::ONE;
            assert!(!violated(&Blocks, &wires).is_empty(), "wire {wire} is free");
            wires[wire] -= F::ONE;
        }
    }
}
