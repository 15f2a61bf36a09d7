//! `poseidon2`: the permutations that hash the record and its slots (eprint 2023/323).
//!
//! Permutations are numbered: first those of each slot's message, in slot order, then those of the
//! record ([`crate::record`]). The class fixes which permutation continues the state of the one
//! before and which starts a message, and with which capacity.
//!
//! A permutation is a sequence of S-boxes (`layers`): the 12 lanes that enter, then the S-boxes of
//! the rounds. Each S-box has an input, a cube and an output. A row holds several S-boxes, the
//! fewest with which the table is as high as the values table (`layout`).
//!
//! Three columns per S-box keep every rule at degree 3: a coefficient counts as one degree, so
//! `x^7` needs a column of its own. Every input is affine in earlier inputs and outputs. The
//! coefficients are fixed columns, one for each cell on which an S-box of a row depends on any row.
//! They alone determine which round stands where.
//!
//! # Buses
//!
//! * [`ABSORB`]: receives the block that each permutation absorbs, from the record and values
//!   chips.
//! * [`SQUEEZE`]: sends the digests of the slots in use and of the record to the record chip, once
//!   each by a public column.
//!
//! # Soundness
//!
//! | cell | fixed by |
//! |---|---|
//! | input, rate lanes that enter | ABSORB, received once per permutation by a fixed column; `round` leaves them free |
//! | input, capacity lanes that enter | `round`: a constant where a message starts, else the lane after the permutation before |
//! | input, others | `round`: an affine function of earlier cells; zero outside permutations |
//! | cube, output | `cube`, `output`: functions of the input |
//!
//! Coefficients of cells above the table are zero.

mod layers;
mod layout;
#[cfg(test)]
mod tests;

use layers::{LAST_ROUND, SBOXES};
use layout::{Layout, cube, input, output};
use p3_field::PrimeCharacteristicRing;
use velum_stark::air::{Chip, ChipBuilder, RESERVED_ROWS, Trace};
use velum_stark::field::F;

use crate::chips::buses::{ABSORB, SQUEEZE};
use crate::chips::common::values;
use crate::class::SizeClass;
use crate::digest::{Domain, RATE, WIDTH};
use crate::record::{
    all_permutations, first_record_permutation, record_elements, slot_elements, slot_permutations,
};
use crate::statement::Subject;

/// Fixed columns.
mod fixed {
    /// Number of the permutation, on its absorbing row and on its last row.
    pub(super) const PERMUTATION: usize = 0;
    /// 1 on the absorbing row.
    pub(super) const ABSORBS: usize = 1;
    /// The first column of the first S-box of a row.
    pub(super) const SBOXES: usize = 2;

    /// For an S-box: whether its input is free.
    pub(super) const FREE: usize = 0;
    /// For an S-box: the constant of its rule.
    pub(super) const CONSTANT: usize = 1;
    /// For an S-box: the first coefficient of its rule.
    pub(super) const COEFFICIENTS: usize = 2;
}

/// The permutations of a record and its slots.
#[derive(Clone)]
pub struct Poseidon2Chip {
    class: SizeClass,
    /// Number of slots in use.
    slots: usize,
    layout: &'static Layout,
}

impl Poseidon2Chip {
    /// The table for a record of this subject.
    pub(crate) fn new(subject: &Subject) -> Self {
        let class = subject.class;
        let rows = (values::height(&class) - RESERVED_ROWS) / all_permutations(&class);
        Self { class, slots: subject.elements.len(), layout: Layout::of(SBOXES.div_ceil(rows)) }
    }

    /// Permutes `blocks[i]` in permutation `i`, or zeros if there is no such block. Blocks behind
    /// the class's last permutation are not used.
    pub(crate) fn trace(&self, blocks: &[[F; RATE]]) -> Trace {
        let mut trace = Trace::zeroed(self.height(), self.width());
        for permutation in 0..all_permutations(&self.class) {
            let block = blocks.get(permutation).unwrap_or(&[F::ZERO; RATE]);
            for (lane, &element) in block.iter().enumerate() {
                self.set_input(&mut trace, permutation, lane, element);
            }
            (RATE..SBOXES).for_each(|position| self.fill(&mut trace, permutation, position));
        }
        trace
    }

    /// Fills an S-box from the S-boxes before it.
    fn fill(&self, trace: &mut Trace, permutation: usize, position: usize) {
        let value = match self.starting_lane(permutation, position) {
            Some(lane) => lane,
            None => {
                let (rule, (row, sbox)) =
                    (&self.layout.rules[position], self.at(permutation, position));
                let earlier = rule.terms.iter().map(|&(index, coefficient)| {
                    let cell = self.layout.cells[sbox][index];
                    coefficient
                        * trace.get(row.wrapping_add_signed(cell.offset as isize), cell.column)
                });
                rule.constant + earlier.sum::<F>()
            }
        };
        self.set_input(trace, permutation, position, value);
    }

    /// Writes the cells of an S-box.
    fn set_input(&self, trace: &mut Trace, permutation: usize, position: usize, value: F) {
        let (row, sbox) = self.at(permutation, position);
        let cells = trace.row_mut(row);
        cells[input(sbox)] = value;
        cells[cube(sbox)] = value.cube();
        cells[output(sbox)] = value.exp_const_u64::<7>();
    }

    /// The row that holds an S-box, and the number of the S-box in this row.
    fn at(&self, permutation: usize, position: usize) -> (usize, usize) {
        let (row, sbox) = self.layout.at(position);
        (permutation * self.layout.rows() + row, sbox)
    }

    /// The constant that enters as S-box `position`, if this is a lane of the capacity and the
    /// permutation starts a message.
    fn starting_lane(&self, permutation: usize, position: usize) -> Option<F> {
        let lane = (RATE..WIDTH).contains(&position).then(|| position - RATE)?;
        let record = first_record_permutation(&self.class);
        if permutation == record {
            return Some(Domain::Record.capacity(record_elements(&self.class))[lane]);
        }
        let starts_slot =
            permutation < record && permutation.is_multiple_of(slot_permutations(&self.class));
        starts_slot.then(|| Domain::Slot.capacity(slot_elements(&self.class))[lane])
    }

    /// The first fixed column of each S-box of a row, followed by the number of fixed columns.
    fn fixed_columns(&self) -> Vec<usize> {
        let mut columns = vec![fixed::SBOXES];
        for cells in &self.layout.cells {
            columns.extend(columns.last().map(|first| first + fixed::COEFFICIENTS + cells.len()));
        }
        columns
    }
}

impl Chip for Poseidon2Chip {
    fn name(&self) -> &'static str {
        "poseidon2"
    }

    fn height(&self) -> usize {
        values::height(&self.class)
    }

    fn width(&self) -> usize {
        self.layout.columns()
    }

    fn fixed(&self) -> Vec<Vec<F>> {
        let firsts = self.fixed_columns();
        let mut columns = vec![F::zero_vec(self.height()); firsts[self.layout.sboxes]];
        for permutation in 0..all_permutations(&self.class) {
            let first = permutation * self.layout.rows();
            let (absorbing, last) =
                (first + self.layout.absorbing_row(), first + self.layout.rows() - 1);
            columns[fixed::ABSORBS][absorbing] = F::ONE;
            for row in [absorbing, last] {
                columns[fixed::PERMUTATION][row] = F::from_usize(permutation);
            }
            for (position, rule) in self.layout.rules.iter().enumerate() {
                let (row, sbox) = self.at(permutation, position);
                let column = |column: usize| firsts[sbox] + column;
                if let Some(lane) = self.starting_lane(permutation, position) {
                    columns[column(fixed::CONSTANT)][row] = lane;
                    continue;
                }
                columns[column(fixed::FREE)][row] = F::from_bool(position < RATE);
                columns[column(fixed::CONSTANT)][row] = rule.constant;
                for &(index, coefficient) in &rule.terms {
                    columns[column(fixed::COEFFICIENTS + index)][row] = coefficient;
                }
            }
        }
        columns
    }

    /// Whether the digest after this row is sent.
    fn public(&self) -> Vec<Vec<F>> {
        let mut squeezes = F::zero_vec(self.height());
        let slots = (1..=self.slots).map(|slot| slot * slot_permutations(&self.class));
        for permutations in slots.chain([all_permutations(&self.class)]) {
            squeezes[permutations * self.layout.rows() - 1] = F::ONE;
        }
        vec![squeezes]
    }

    fn public_cells(&self) -> Vec<Vec<(usize, usize)>> {
        let slots = (1..=self.class.slots).map(|slot| slot * slot_permutations(&self.class));
        let last = |permutations: usize| vec![(0, permutations * self.layout.rows() - 1)];
        slots.chain([all_permutations(&self.class)]).map(last).collect()
    }

    fn eval<B: ChipBuilder>(&self, b: &mut B) {
        let mut column = fixed::SBOXES;
        for (sbox, cells) in self.layout.cells.iter().enumerate() {
            let [input, cube, output] = [input, cube, output].map(|column| b.main(column(sbox), 0));
            b.assert_zero("cube", input.cube() - cube.clone());
            b.assert_zero("output", cube.square() * input.clone() - output);

            let mut rest = input.clone() - input * b.fixed(column + fixed::FREE, 0);
            rest -= b.fixed(column + fixed::CONSTANT, 0);
            column += fixed::COEFFICIENTS;
            for cell in cells {
                rest -= b.main(cell.column, cell.offset) * b.fixed(column, 0);
                column += 1;
            }
            b.assert_zero("round", rest);
        }
        self.eval_interactions(b);
    }

    fn eval_interactions<B: ChipBuilder>(&self, b: &mut B) {
        let permutation = b.fixed(fixed::PERMUTATION, 0);
        let absorbing = self.layout.absorbing_row();
        let entering = (0..RATE).map(|lane| {
            let (row, sbox) = self.layout.at(lane);
            b.main(input(sbox), row as i32 - absorbing as i32)
        });
        let block = std::iter::once(permutation.clone()).chain(entering).collect();
        let absorbs = b.fixed(fixed::ABSORBS, 0);
        b.receive(ABSORB, block, absorbs);

        let last = |lane: usize| {
            let (row, sbox) = self.layout.at(LAST_ROUND + lane);
            b.main(output(sbox), row as i32 - (self.layout.rows() - 1) as i32)
        };
        // The first rows of the external layer are `2 t_i + 3 t_(i+1) + t_(i+2) + t_(i+3)` of these
        // `t`, with indices modulo 4.
        let t: [B::Expr; 4] = std::array::from_fn(|i| last(i).double() + last(4 + i) + last(8 + i));
        let sum: B::Expr = t.iter().cloned().sum();
        let leaving = (0..4).map(|lane| sum.clone() + t[lane].clone() + t[(lane + 1) % 4].double());
        let digest = std::iter::once(permutation).chain(leaving).collect();
        let squeezes = b.public(0);
        b.send(SQUEEZE, digest, squeezes);
    }
}
