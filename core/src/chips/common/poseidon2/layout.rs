//! Where the S-boxes of a permutation stand when a row has a few of them, and on which cells their
//! inputs depend there.

use std::sync::OnceLock;

use velum_stark::field::F;

use super::layers::{LAST_ROUND, RULES, Rule, SBOXES};
use crate::digest::{RATE, WIDTH};

/// Number of columns of an S-box.
const SBOX_COLUMNS: usize = 3;

/// Input of S-box `sbox` of a row.
pub(super) const fn input(sbox: usize) -> usize {
    SBOX_COLUMNS * sbox
}

/// Third power of the input.
pub(super) const fn cube(sbox: usize) -> usize {
    input(sbox) + 1
}

/// Seventh power of the input.
pub(super) const fn output(sbox: usize) -> usize {
    input(sbox) + 2
}

/// A cell, relative to the row of an S-box.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Cell {
    pub(super) column: usize,
    pub(super) offset: i32,
}

/// Permutations with a given number of S-boxes per row.
pub(super) struct Layout {
    pub(super) sboxes: usize,
    /// For each S-box of a row, the cells on which its input depends on some row.
    pub(super) cells: Vec<Vec<Cell>>,
    /// How the input of each S-box follows, in a permutation that continues the one before.
    pub(super) rules: Vec<Placed>,
}

/// A rule for the S-box of some row.
pub(super) struct Placed {
    /// Indices among the cells of the row's S-box, with coefficients.
    pub(super) terms: Vec<(usize, F)>,
    pub(super) constant: F,
}

impl Layout {
    /// The layout with `sboxes` S-boxes per row, which is at most the number of S-boxes in a
    /// permutation.
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

    /// The rule of an S-box. It is empty for the rate lanes that enter.
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

    /// The index of a cell among the cells of an S-box. Adds the cell if it is new.
    fn index(&mut self, sbox: usize, cell: Cell) -> usize {
        let cells = &mut self.cells[sbox];
        cells.iter().position(|&other| other == cell).unwrap_or_else(|| {
            cells.push(cell);
            cells.len() - 1
        })
    }

    /// Number of committed columns.
    pub(super) fn columns(&self) -> usize {
        SBOX_COLUMNS * self.sboxes
    }

    /// Number of rows of a permutation.
    pub(super) fn rows(&self) -> usize {
        SBOXES.div_ceil(self.sboxes)
    }

    /// The row of a permutation that holds S-box `position`, and the number of the S-box in this
    /// row.
    pub(super) fn at(&self, position: usize) -> (usize, usize) {
        (position / self.sboxes, position % self.sboxes)
    }

    /// The row of a permutation that absorbs, which is the row of the last rate lane.
    pub(super) fn absorbing_row(&self) -> usize {
        self.at(RATE - 1).0
    }
}
