//! Where the S-boxes of a permutation stand in rows of a few of them, and which cells their inputs depend on there.

use std::sync::OnceLock;

use velum_stark::field::F;

use super::layers::{LAST_ROUND, RULES, Rule, SBOXES};
use crate::digest::{RATE, WIDTH};

/// Columns of an S-box.
const SBOX_COLUMNS: usize = 3;

/// Input of S-box `sbox` of a row.
pub(super) const fn input(sbox: usize) -> usize {
    SBOX_COLUMNS * sbox
}

/// Its third power.
pub(super) const fn cube(sbox: usize) -> usize {
    input(sbox) + 1
}

/// Its seventh power.
pub(super) const fn output(sbox: usize) -> usize {
    input(sbox) + 2
}

/// A cell, seen from the row of an S-box.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Cell {
    pub(super) column: usize,
    pub(super) offset: i32,
}

/// Permutations with so many S-boxes a row.
pub(super) struct Layout {
    pub(super) sboxes: usize,
    /// Cells that each S-box of a row depends on, on some row.
    pub(super) cells: Vec<Vec<Cell>>,
    /// How the input of each S-box of a permutation that goes on from the one before follows.
    pub(super) rules: Vec<Placed>,
}

/// A rule of the S-box of some row.
pub(super) struct Placed {
    /// Indices among the cells of the S-box of the row, with coefficients.
    pub(super) terms: Vec<(usize, F)>,
    pub(super) constant: F,
}

impl Layout {
    /// The layout with `sboxes` S-boxes a row, at most as many as a permutation has.
    pub(super) fn of(sboxes: usize) -> &'static Self {
        static LAYOUTS: [OnceLock<Layout>; SBOXES + 1] = [const { OnceLock::new() }; SBOXES + 1];
        LAYOUTS[sboxes].get_or_init(|| Self::new(sboxes))
    }

    fn new(sboxes: usize) -> Self {
        let mut layout = Self { sboxes, cells: vec![Vec::new(); sboxes], rules: Vec::new() };
        for position in 0..SBOXES {
            let rule = layout.rule(position);
            let placed = layout.place(position % sboxes, &rule);
            layout.rules.push(placed);
        }
        layout
    }

    /// The rule of an S-box; none for the rate lanes that enter.
    fn rule(&self, position: usize) -> Rule {
        match position {
            ..RATE => Rule::default(),
            RATE..WIDTH => {
                let last_round_before = self.rows() * self.sboxes - LAST_ROUND;
                Rule::after_external(position, position + last_round_before)
            }
            _ => RULES[position - WIDTH].clone(),
        }
    }

    fn place(&mut self, sbox: usize, rule: &Rule) -> Placed {
        let inputs =
            rule.inputs.iter().map(|&(back, coefficient)| (input as fn(_) -> _, back, coefficient));
        let outputs = rule
            .outputs
            .iter()
            .map(|&(back, coefficient)| (output as fn(_) -> _, back, coefficient));
        let terms = inputs.chain(outputs).map(|(column, back, coefficient)| {
            let above = (back + self.sboxes - 1 - sbox) / self.sboxes;
            let column = column(sbox + above * self.sboxes - back);
            (self.index(sbox, Cell { column, offset: -(above as i32) }), coefficient)
        });
        Placed { terms: terms.collect(), constant: rule.constant }
    }

    /// The index of a cell among those of an S-box, to which it is added if it is new.
    fn index(&mut self, sbox: usize, cell: Cell) -> usize {
        let cells = &mut self.cells[sbox];
        cells.iter().position(|&other| other == cell).unwrap_or_else(|| {
            cells.push(cell);
            cells.len() - 1
        })
    }

    /// Committed columns.
    pub(super) fn columns(&self) -> usize {
        SBOX_COLUMNS * self.sboxes
    }

    /// Rows of a permutation.
    pub(super) fn rows(&self) -> usize {
        SBOXES.div_ceil(self.sboxes)
    }

    /// The row of a permutation that holds S-box `position`, and its number there.
    pub(super) fn at(&self, position: usize) -> (usize, usize) {
        (position / self.sboxes, position % self.sboxes)
    }

    /// The row of a permutation that absorbs: that of the last rate lane.
    pub(super) fn absorbing_row(&self) -> usize {
        self.at(RATE - 1).0
    }
}
