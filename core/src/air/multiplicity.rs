//! Fills the multiplicity columns of providing chips from what the other chips look up.

use std::collections::HashMap;

use p3_field::PrimeCharacteristicRing;

use crate::air::check::RowChecker;
use crate::air::{Bus, Chip, ChipBuilder, Trace};
use crate::field::F;

/// Writes every multiplicity column so that the lookups of all chips are met.
///
/// All other cells must be final. A tuple that is looked up but provided nowhere stays unmet, and one that is
/// provided on several rows is taken from the first.
///
/// # Panics
///
/// When chips and traces do not match in number, height or width.
pub fn fill_multiplicities<C: Chip>(chips: &[C], traces: &mut [Trace]) {
    assert_eq!(chips.len(), traces.len(), "one trace a chip");
    let mut provided: HashMap<(Bus, Vec<F>), (usize, usize, usize)> = HashMap::new();
    each_row(chips, traces, &mut |table, row, interaction| {
        if let Interaction::Provide(bus, key, column) = interaction {
            provided.entry((bus, key)).or_insert((table, row, column));
        }
    });
    let mut demand: HashMap<(usize, usize, usize), F> = HashMap::new();
    each_row(chips, traces, &mut |_, _, interaction| {
        if let Interaction::Other(bus, fields, count) = interaction
            && let Some(&cell) = provided.get(&(bus, fields))
        {
            *demand.entry(cell).or_default() += count;
        }
    });
    for &(table, row, column) in provided.values() {
        traces[table].set(row, column, F::ZERO);
    }
    for ((table, row, column), count) in demand {
        traces[table].set(row, column, count);
    }
}

pub(super) enum Interaction {
    Provide(Bus, Vec<F>, usize),
    Other(Bus, Vec<F>, F),
}

pub(super) fn each_row<C: Chip>(
    chips: &[C],
    traces: &[Trace],
    sink: &mut dyn FnMut(usize, usize, Interaction),
) {
    for (table, (chip, trace)) in chips.iter().zip(traces).enumerate() {
        assert_eq!(
            (trace.height(), trace.width()),
            (chip.height(), chip.width()),
            "shape of {}",
            chip.name()
        );
        let (fixed, public) = (chip.fixed(), chip.public());
        for row in 0..trace.height() {
            let cells = RowChecker::new(chip.name(), trace, &fixed, &public, row);
            chip.eval(&mut Collector { cells, sink: &mut |interaction| sink(table, row, interaction) });
        }
    }
}

struct Collector<'a> {
    cells: RowChecker<'a>,
    sink: &'a mut dyn FnMut(Interaction),
}

impl ChipBuilder for Collector<'_> {
    type Expr = F;

    fn main(&self, column: usize, offset: i32) -> F {
        self.cells.main(column, offset)
    }

    fn fixed(&self, column: usize, offset: i32) -> F {
        self.cells.fixed(column, offset)
    }

    fn public(&self, column: usize) -> F {
        self.cells.public(column)
    }

    fn first(&self) -> F {
        self.cells.first()
    }

    fn last(&self) -> F {
        self.cells.last()
    }

    fn transition(&self) -> F {
        self.cells.transition()
    }

    fn interior(&self, before: usize, after: usize) -> F {
        self.cells.interior(before, after)
    }

    fn assert_zero(&mut self, _label: &'static str, _expr: impl Into<F>) {}

    fn interact(&mut self, bus: Bus, fields: Vec<F>, count: F, _weight: u32) {
        if count != F::ZERO {
            (self.sink)(Interaction::Other(bus, fields, count));
        }
    }

    fn provide(&mut self, bus: Bus, key: Vec<F>, multiplicity: usize, enabled: impl Into<F>) {
        if enabled.into() != F::ZERO {
            (self.sink)(Interaction::Provide(bus, key, multiplicity));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::air::check;

    const SQUARE: Bus = Bus::new("square", 2);

    /// A table of squares, or a user of it.
    struct Squares {
        provides: bool,
    }

    impl Chip for Squares {
        fn name(&self) -> &'static str {
            if self.provides { "squares" } else { "user" }
        }
        fn height(&self) -> usize {
            4
        }
        fn width(&self) -> usize {
            if self.provides { 1 } else { 2 }
        }
        fn fixed(&self) -> Vec<Vec<F>> {
            vec![F::new_array([0, 1, 2, 3]).to_vec(), F::new_array([0, 1, 4, 9]).to_vec()]
        }
        fn eval<B: ChipBuilder>(&self, b: &mut B) {
            if self.provides {
                let key = vec![b.fixed(0, 0), b.fixed(1, 0)];
                b.provide(SQUARE, key, 0, B::Expr::ONE);
            } else {
                let key = vec![b.main(0, 0), b.main(1, 0)];
                b.lookup(SQUARE, key, B::Expr::ONE);
            }
        }
    }

    #[test]
    fn meets_every_lookup_that_can_be_met() {
        let chips = [Squares { provides: true }, Squares { provides: false }];
        let mut user = Trace::zeroed(4, 2);
        user.row_mut(2).copy_from_slice(&F::new_array([3, 9]));
        let mut traces = [Trace::zeroed(4, 1), user];
        fill_multiplicities(&chips, &mut traces);
        assert_eq!(traces[0].get(0, 0), F::from_u64(3));
        assert!(check(&chips, &traces).is_empty());

        traces[1].set_u64(2, 1, 8);
        fill_multiplicities(&chips, &mut traces);
        assert_eq!(check(&chips, &traces).rules(), ["bus square"]);
    }
}
