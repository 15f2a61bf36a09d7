//! Poseidon2 permutations of the record and its slots (eprint 2023/323).
//!
//! Permutations are numbered: first those of each slot's message in slot order, then those of the record
//! ([`crate::record`]). The class fixes which one goes on from the state of the one before and which starts a message, and
//! with which capacity. A permutation is 10 rows; a row holds 12 S-boxes as input, cube and output. Three columns an S-box
//! keep every rule at degree 3, because the selector of a round counts as one degree and so `x^7` needs a column of its
//! own; with it, 12 internal rounds fit one row.
//!
//! | row | S-boxes |
//! |---|---|
//! | 0 to 3 | the lanes in external rounds 1 to 4 |
//! | 4 | lane 0 in internal rounds 1 to 12 |
//! | 5 | lane 0 in internal rounds 13 to 22; two more inputs that only bind the state, see `layers` |
//! | 6 to 9 | the lanes in external rounds 5 to 8 |
//!
//! The state before the first row and after the last is affine in the row's cells and needs none of its own.
//!
//! # Soundness
//!
//! | cell | fixed by |
//! |---|---|
//! | input, row 0 | lanes 0 to 7 of the state it encodes by ABSORB, received once a lane by fixed columns; lanes 8 to 11 by `new capacity` or `kept capacity` |
//! | input, other rows | `round`: an affine function of the previous row and, for internal rounds, of the row's own earlier outputs |
//! | cube, output | `cube`, `output`: functions of the input |
//! | multiplicity | free: SQUEEZE's key holds the permutation's number, a fixed column |
//!
//! Rows outside permutations take part in no bus; their cells are zero in an honest trace and mean nothing otherwise.

mod layers;
#[cfg(test)]
mod tests;

use p3_field::{Algebra, PrimeCharacteristicRing};

use crate::air::{Chip, ChipBuilder, RESERVED_ROWS, Trace};
use crate::chips::buses::{ABSORB, SQUEEZE};
use crate::class::SizeClass;
use crate::field::F;
use crate::poseidon2::{Domain, RATE, WIDTH};
use crate::record::{
    all_permutations, first_record_permutation, record_elements, slot_elements, slot_permutations,
};
use crate::statement::DIGEST_ELEMENTS;
use layers::{FIRST_CONSTANTS, LAYERS, Lanes, ROWS, apply};

/// S-box inputs.
const INPUT: usize = 0;
/// Their third powers.
const CUBE: usize = INPUT + WIDTH;
/// Their seventh powers.
const OUTPUT: usize = CUBE + WIDTH;
/// Look-ups of the digest after this permutation; on its last row.
const MULTIPLICITY: usize = OUTPUT + WIDTH;
const COLUMNS: usize = MULTIPLICITY + 1;

/// Fixed columns.
mod fixed {
    use super::ROWS;

    /// Number of the permutation.
    pub(super) const PERMUTATION: usize = 0;
    /// On the first row of a slot's message.
    pub(super) const STARTS_SLOT: usize = 1;
    /// On the first row of the record.
    pub(super) const STARTS_RECORD: usize = 2;
    /// On a permutation's last row if the next goes on from its state.
    pub(super) const CONTINUES: usize = 3;
    /// First of ten columns, each 1 on one row of a permutation.
    pub(super) const ROW: usize = 4;
    pub(super) const COLUMNS: usize = ROW + ROWS;
}

/// The permutations of a record and its slots.
#[derive(Clone, Debug)]
pub struct Poseidon2Chip {
    class: SizeClass,
}

impl Poseidon2Chip {
    /// The table of this class.
    pub fn new(class: SizeClass) -> Self {
        Self { class }
    }

    /// Permutes `blocks[i]`, or zeros where there is none, in permutation `i`. Blocks beyond the class's last permutation
    /// are not used.
    pub fn trace(&self, blocks: &[[F; RATE]]) -> Trace {
        let mut trace = Trace::zeroed(self.height(), COLUMNS);
        let mut state = Lanes::default();
        for permutation in 0..all_permutations(&self.class) {
            if let Some(capacity) = self.starts(permutation) {
                state[RATE..].copy_from_slice(&capacity);
            }
            state[..RATE].copy_from_slice(blocks.get(permutation).unwrap_or(&[F::ZERO; RATE]));
            state = permute_into(&mut trace, permutation * ROWS, &state);
        }
        trace
    }

    /// The capacity with which permutation number `permutation` starts a message, if it does.
    fn starts(&self, permutation: usize) -> Option<[F; WIDTH - RATE]> {
        let record = first_record_permutation(&self.class);
        if permutation == record {
            return Some(Domain::Record.capacity(record_elements(&self.class)));
        }
        let starts_slot = permutation < record && permutation.is_multiple_of(slot_permutations(&self.class));
        starts_slot.then(|| Domain::Slot.capacity(slot_elements(&self.class)))
    }
}

/// Fills the rows of one permutation and returns its result.
fn permute_into(trace: &mut Trace, first_row: usize, state: &Lanes) -> Lanes {
    enter(trace, first_row, state);
    (1..ROWS).for_each(|row| fill_row(trace, first_row, row));
    leaving(trace, first_row)
}

/// Fills the first row of a permutation of `state`.
fn enter(trace: &mut Trace, first_row: usize, state: &Lanes) {
    let mut inputs = apply(&LAYERS.external, state);
    inputs.iter_mut().zip(FIRST_CONSTANTS).for_each(|(input, constant)| *input += constant);
    set_sboxes(trace, first_row, &inputs);
}

/// The result of the permutation that begins at `first_row`.
fn leaving(trace: &Trace, first_row: usize) -> Lanes {
    apply(&LAYERS.external, &lanes_at(trace, first_row + ROWS - 1, OUTPUT))
}

/// Fills row `row` of the permutation that begins at `first_row` from the row before.
fn fill_row(trace: &mut Trace, first_row: usize, row: usize) {
    let step = &LAYERS.steps[row - 1];
    let (row, before) = (first_row + row, first_row + row - 1);
    let from_inputs = apply(&step.inputs, &lanes_at(trace, before, INPUT));
    let from_outputs = apply(&step.outputs, &lanes_at(trace, before, OUTPUT));
    let (mut inputs, mut outputs) = (Lanes::default(), Lanes::default());
    // An internal round reads the outputs of earlier rounds of its row, so lanes are taken in order.
    for lane in 0..WIDTH {
        let own: F = step.own[lane].iter().zip(&outputs).map(|(&entry, &output)| entry * output).sum();
        inputs[lane] = from_inputs[lane] + from_outputs[lane] + own + step.constants[lane];
        outputs[lane] = inputs[lane].exp_const_u64::<7>();
    }
    set_sboxes(trace, row, &inputs);
}

/// Writes the S-boxes of a row.
fn set_sboxes(trace: &mut Trace, row: usize, inputs: &Lanes) {
    let cells = trace.row_mut(row);
    for (lane, &input) in inputs.iter().enumerate() {
        cells[INPUT + lane] = input;
        cells[CUBE + lane] = input.cube();
        cells[OUTPUT + lane] = input.exp_const_u64::<7>();
    }
}

fn lanes_at(trace: &Trace, row: usize, column: usize) -> Lanes {
    std::array::from_fn(|lane| trace.get(row, column + lane))
}

impl Chip for Poseidon2Chip {
    fn name(&self) -> &'static str {
        "poseidon2"
    }

    fn height(&self) -> usize {
        (all_permutations(&self.class) * ROWS + RESERVED_ROWS).next_power_of_two()
    }

    fn width(&self) -> usize {
        COLUMNS
    }

    fn fixed(&self) -> Vec<Vec<F>> {
        let mut columns = vec![F::zero_vec(self.height()); fixed::COLUMNS];
        let (all, record) = (all_permutations(&self.class), first_record_permutation(&self.class));
        for permutation in 0..all {
            let first = permutation * ROWS;
            for row in 0..ROWS {
                columns[fixed::PERMUTATION][first + row] = F::from_usize(permutation);
                columns[fixed::ROW + row][first + row] = F::ONE;
            }
            if self.starts(permutation).is_some() {
                let start = if permutation == record { fixed::STARTS_RECORD } else { fixed::STARTS_SLOT };
                columns[start][first] = F::ONE;
            }
            let continues = permutation + 1 < all && self.starts(permutation + 1).is_none();
            columns[fixed::CONTINUES][first + ROWS - 1] = F::from_bool(continues);
        }
        columns
    }

    fn eval<B: ChipBuilder>(&self, b: &mut B) {
        let row = Row::read(b, 0);
        let next = Row::read(b, 1);
        eval_sboxes(b, &row);
        eval_rounds(b, &row, &next);
        self.eval_capacity(b, &row, &next);

        let permutation = b.fixed(fixed::PERMUTATION, 0);
        for lane in 0..RATE {
            let count = b.fixed(fixed::ROW, 0);
            b.receive(
                ABSORB,
                vec![permutation.clone(), B::Expr::from_usize(lane), row.entering(lane)],
                count,
            );
        }
        let mut digest = vec![permutation];
        digest.extend((0..DIGEST_ELEMENTS).map(|lane| row.leaving(lane)));
        let last = b.fixed(fixed::ROW + ROWS - 1, 0);
        b.provide(SQUEEZE, digest, MULTIPLICITY, last);
    }
}

impl Poseidon2Chip {
    fn eval_capacity<B: ChipBuilder>(&self, b: &mut B, row: &Row<B::Expr>, next: &Row<B::Expr>) {
        let slot = Domain::Slot.capacity(slot_elements(&self.class));
        let record = Domain::Record.capacity(record_elements(&self.class));
        let (starts_slot, starts_record) = (b.fixed(fixed::STARTS_SLOT, 0), b.fixed(fixed::STARTS_RECORD, 0));
        let continues = b.fixed(fixed::CONTINUES, 0);
        for (index, lane) in (RATE..WIDTH).enumerate() {
            let entering = row.entering(lane);
            let fresh = starts_slot.clone() * (entering.clone() - slot[index])
                + starts_record.clone() * (entering - record[index]);
            b.assert_zero("new capacity", fresh);
            b.assert_zero("kept capacity", continues.clone() * (next.entering(lane) - row.leaving(lane)));
        }
    }
}

/// `cube` and `output` hold on every row.
fn eval_sboxes<B: ChipBuilder>(b: &mut B, row: &Row<B::Expr>) {
    for lane in 0..WIDTH {
        let (input, cube, output) =
            (row.inputs[lane].clone(), row.cubes[lane].clone(), row.outputs[lane].clone());
        b.assert_zero("cube", input.cube() - cube.clone());
        b.assert_zero("output", cube.square() * input - output);
    }
}

/// Each row's inputs follow from the row before.
fn eval_rounds<B: ChipBuilder>(b: &mut B, row: &Row<B::Expr>, next: &Row<B::Expr>) {
    let at: Vec<_> = (0..ROWS - 1).map(|index| b.fixed(fixed::ROW + index, 0)).collect();
    for lane in 0..WIDTH {
        let mut defect = B::Expr::ZERO;
        for (at, step) in at.iter().zip(&LAYERS.steps) {
            let expected = combine(&step.inputs[lane], &row.inputs)
                + combine(&step.outputs[lane], &row.outputs)
                + combine(&step.own[lane], &next.outputs)
                + step.constants[lane];
            defect += at.clone() * (next.inputs[lane].clone() - expected);
        }
        b.assert_zero("round", defect);
    }
}

/// The cells of a row.
struct Row<E> {
    inputs: [E; WIDTH],
    cubes: [E; WIDTH],
    outputs: [E; WIDTH],
}

impl<E: Algebra<F> + Clone> Row<E> {
    fn read<B: ChipBuilder<Expr = E>>(b: &B, offset: i32) -> Self {
        let read = |column: usize| std::array::from_fn(|lane| b.main(column + lane, offset));
        Self { inputs: read(INPUT), cubes: read(CUBE), outputs: read(OUTPUT) }
    }

    /// Lane `lane` of the state before the permutation, on its first row.
    fn entering(&self, lane: usize) -> E {
        let inverse = &LAYERS.external_inverse[lane];
        let constants: F =
            inverse.iter().zip(FIRST_CONSTANTS).map(|(&entry, constant)| entry * constant).sum();
        combine(inverse, &self.inputs) - constants
    }

    /// Lane `lane` of the state after the permutation, on its last row.
    fn leaving(&self, lane: usize) -> E {
        combine(&LAYERS.external[lane], &self.outputs)
    }
}

fn combine<E: Algebra<F> + Clone>(row: &Lanes, cells: &[E; WIDTH]) -> E {
    let terms = row.iter().zip(cells).filter(|(entry, _)| **entry != F::ZERO);
    terms.map(|(&entry, cell)| cell.clone() * entry).sum()
}
