//! Searches for what no rule fixes: the cells of tables that satisfy every rule and that could
//! nevertheless move, alone or together.
//!
//! Constraints are polynomials, so they are linear to first order around given cells. A cell is
//! *free* if it moves in some direction in which no constraint and no tuple on a bus changes. A
//! forgery near an honest table moves only free cells. A forgery further away has other tuples or
//! other flags. Tests of single rules must refuse such forgeries.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use p3_field::{Field, PrimeCharacteristicRing};

use crate::air::{Bus, Chip, ChipBuilder, Trace};
use crate::field::F;

/// Row and column.
type Cell = (usize, usize);

/// A linear form in the moves of cells. It must be zero.
type Form = BTreeMap<Cell, F>;

/// The free cells of the table's first `rows` rows, and of the rows that these read, under the
/// rules of the first `rows` rows.
pub fn free_cells(chip: &impl Chip, trace: &Trace, rows: usize) -> BTreeSet<Cell> {
    let (fixed, public) = (chip.fixed(), chip.public());
    let table = Table { trace, fixed: &fixed, public: &public };
    let mut forms: Vec<_> = (0..rows).flat_map(|row| table.forms(chip, row)).collect();
    let mut still = BTreeSet::new();
    take_out_single_cells(&mut forms, &mut still);
    still.extend(eliminate(forms));
    let cells =
        (0..trace.height()).flat_map(|row| (0..trace.width()).map(move |column| (row, column)));
    cells.filter(|cell| !still.contains(cell)).collect()
}

/// A table and its columns.
#[derive(Clone, Copy)]
struct Table<'a> {
    trace: &'a Trace,
    fixed: &'a [Vec<F>],
    public: &'a [Vec<F>],
}

impl<'a> Table<'a> {
    /// The derivatives of everything that the rules of a row state.
    fn forms(self, chip: &impl Chip, row: usize) -> Vec<Form> {
        let honest = self.values(chip, row, None);
        let on_bus: Vec<_> = honest.tuples.iter().map(|(count, _)| *count != F::ZERO).collect();
        let reads = honest.reads.take();
        let honest = honest.flatten(&on_bus);
        let mut forms = vec![Form::new(); honest.len()];
        for cell in reads {
            let moved = |by: F| self.values(chip, row, Some((cell, by))).flatten(&on_bus);
            let [one, minus_one, two] = [F::ONE, F::NEG_ONE, F::TWO].map(moved);
            for (i, form) in forms.iter_mut().enumerate() {
                // Six times the derivative at 0 of a polynomial of degree 3.
                let slope = one[i] * F::from_u8(6)
                    - two[i]
                    - honest[i] * F::from_u8(3)
                    - minus_one[i].double();
                if slope != F::ZERO {
                    form.insert(cell, slope);
                }
            }
        }
        forms
    }

    fn values(self, chip: &impl Chip, row: usize, change: Option<(Cell, F)>) -> Values<'a> {
        let (zeros, tuples) = (Vec::new(), Vec::new());
        let mut values =
            Values { table: self, row, change, reads: RefCell::default(), zeros, tuples };
        chip.eval(&mut values);
        values
    }
}

/// Marks the cells that a form alone fixes, and removes them from all forms, until no form fixes
/// another cell.
fn take_out_single_cells(forms: &mut Vec<Form>, fixed: &mut BTreeSet<Cell>) {
    loop {
        let before = fixed.len();
        let mut pass = |form: &mut Form| {
            form.retain(|cell, _| !fixed.contains(cell));
            if form.len() == 1 {
                fixed.extend(form.keys());
            }
        };
        forms.iter_mut().for_each(&mut pass);
        forms.iter_mut().rev().for_each(&mut pass);
        forms.retain(|form| !form.is_empty());
        if fixed.len() == before {
            return;
        }
    }
}

/// The cells that the forms together fix. These are the cells that depend on no free cell after
/// each form is solved for its last cell.
fn eliminate(forms: Vec<Form>) -> Vec<Cell> {
    let mut solved: BTreeMap<Cell, Form> = BTreeMap::new();
    for mut form in forms {
        while let Some((&cell, &factor)) = form.last_key_value() {
            let Some(other) = solved.get(&cell) else {
                let inverse = factor.inverse();
                form.values_mut().for_each(|entry| *entry *= inverse);
                solved.insert(cell, form);
                break;
            };
            add_multiple(&mut form, other, -factor);
        }
    }
    let mut reduced: BTreeMap<Cell, Form> = BTreeMap::new();
    for (cell, form) in solved {
        let mut rest = Form::new();
        for (earlier, entry) in form.into_iter().filter(|(earlier, _)| *earlier != cell) {
            match reduced.get(&earlier) {
                Some(of_free_cells) => add_multiple(&mut rest, of_free_cells, -entry),
                None => add_multiple(&mut rest, &Form::from([(earlier, F::ONE)]), entry),
            }
        }
        reduced.insert(cell, rest);
    }
    reduced.into_iter().filter(|(_, rest)| rest.is_empty()).map(|(cell, _)| cell).collect()
}

fn add_multiple(form: &mut Form, other: &Form, factor: F) {
    for (&cell, &entry) in other {
        let sum = form.remove(&cell).unwrap_or_default() + factor * entry;
        if sum != F::ZERO {
            form.insert(cell, sum);
        }
    }
}

/// The values of one row's rules, with one cell changed.
struct Values<'a> {
    table: Table<'a>,
    row: usize,
    change: Option<(Cell, F)>,
    reads: RefCell<BTreeSet<Cell>>,
    zeros: Vec<F>,
    /// Counts and tuples. The count of a provided tuple is zero if it is never looked up.
    tuples: Vec<(F, Vec<F>)>,
}

impl Values<'_> {
    fn row_at(&self, offset: i32) -> Option<usize> {
        self.row.checked_add_signed(offset as isize).filter(|&row| row < self.table.trace.height())
    }

    /// All values that may not change: constraints, counts, and the tuples that are on a bus.
    fn flatten(self, on_bus: &[bool]) -> Vec<F> {
        let mut values = self.zeros;
        for ((count, fields), &on_bus) in self.tuples.into_iter().zip(on_bus) {
            values.push(count);
            values.extend(fields.into_iter().filter(|_| on_bus));
        }
        values
    }
}

impl ChipBuilder for Values<'_> {
    type Expr = F;

    fn main(&self, column: usize, offset: i32) -> F {
        let Some(row) = self.row_at(offset) else { return F::TWO };
        self.reads.borrow_mut().insert((row, column));
        let honest = self.table.trace.get(row, column);
        match self.change {
            Some((cell, by)) if cell == (row, column) => honest + by,
            _ => honest,
        }
    }

    fn fixed(&self, column: usize, offset: i32) -> F {
        self.row_at(offset).map_or(F::TWO, |row| self.table.fixed[column][row])
    }

    fn public(&self, column: usize) -> F {
        self.table.public[column][self.row]
    }

    fn first(&self) -> F {
        F::from_bool(self.row == 0)
    }

    fn last(&self) -> F {
        F::from_bool(self.row + 1 == self.table.trace.height())
    }

    fn transition(&self) -> F {
        F::from_bool(self.row + 1 != self.table.trace.height())
    }

    fn interior(&self, before: usize, after: usize) -> F {
        F::from_bool(self.row >= before && self.row + after < self.table.trace.height())
    }

    fn assert_zero(&mut self, _label: &'static str, expr: impl Into<F>) {
        self.zeros.push(expr.into());
    }

    fn interact(&mut self, _bus: Bus, fields: Vec<F>, count: F, _weight: u32) {
        self.tuples.push((count, fields));
    }

    fn provide(&mut self, _bus: Bus, key: Vec<F>, multiplicity: usize, enabled: impl Into<F>) {
        let is_looked_up = self.table.trace.get(self.row, multiplicity) != F::ZERO;
        let enabled = enabled.into();
        self.tuples.push((if is_looked_up { enabled } else { F::ZERO }, key));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::air::Bus;

    const SEEN: Bus = Bus::new("seen", 1);

    /// The sum and the difference of cells 0 and 1 are fixed. The product of cells 2 and 3 is
    /// fixed. Cell 4 is sent, and cell 5 is not.
    struct Sums;

    impl Chip for Sums {
        fn name(&self) -> &'static str {
            "sums"
        }
        fn height(&self) -> usize {
            1
        }
        fn width(&self) -> usize {
            6
        }
        fn eval<B: ChipBuilder>(&self, b: &mut B) {
            let [a, c, d, e] = [0, 1, 2, 3].map(|column| b.main(column, 0));
            b.assert_eq("sum", a.clone() + c.clone(), B::Expr::from_u8(3));
            b.assert_eq("difference", a - c, B::Expr::ONE);
            b.assert_eq("product", d * e, B::Expr::from_u8(6));
            b.send(SEEN, vec![b.main(4, 0)], B::Expr::ONE);
            b.send(SEEN, vec![b.main(5, 0)], B::Expr::ZERO);
        }
    }

    #[test]
    fn finds_what_moves_alone_or_together() {
        let mut trace = Trace::zeroed(1, 6);
        trace.row_mut(0).copy_from_slice(&F::new_array([2, 1, 2, 3, 7, 8]));
        let free: Vec<_> = free_cells(&Sums, &trace, 1).into_iter().collect();
        assert_eq!(free, [(0, 2), (0, 3), (0, 5)]);
    }
}
