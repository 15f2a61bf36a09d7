//! Stand-ins for the other side of a bus, for the tests of a chip.

use std::collections::{HashMap, HashSet};

use p3_field::PrimeCharacteristicRing;

use crate::air::check::RowChecker;
use crate::air::{Bus, Chip, ChipBuilder, Failure, Trace, check};
use crate::field::F;

/// A one-row chip that puts given tuples on buses. Its trace is [`trace`](Self::trace).
#[derive(Clone, Debug, Default)]
pub struct Partner {
    /// The tuples sent, each with its count. A negative count receives.
    pub tuples: Vec<(Bus, Vec<F>, F)>,
    /// The tuples provided for any number of lookups.
    pub provided: Vec<(Bus, Vec<F>)>,
}

impl Partner {
    /// Sends `fields` once.
    pub fn send(&mut self, bus: Bus, fields: &[u64]) {
        self.tuples.push((bus, tuple(fields), F::ONE));
    }

    /// Receives `fields` once.
    pub fn receive(&mut self, bus: Bus, fields: &[u64]) {
        self.tuples.push((bus, tuple(fields), F::NEG_ONE));
    }

    /// Provides `fields` for any number of lookups.
    pub fn provide(&mut self, bus: Bus, fields: &[u64]) {
        self.provided.push((bus, tuple(fields)));
    }

    /// The trace without multiplicities, which
    /// [`fill_multiplicities`](crate::air::fill_multiplicities) writes.
    pub fn trace(&self) -> Trace {
        Trace::zeroed(self.height(), self.width())
    }
}

fn tuple(fields: &[u64]) -> Vec<F> {
    fields.iter().copied().map(F::from_u64).collect()
}

impl Chip for Partner {
    fn name(&self) -> &'static str {
        "partner"
    }

    fn height(&self) -> usize {
        1
    }

    fn width(&self) -> usize {
        self.provided.len().max(1)
    }

    fn eval<B: ChipBuilder>(&self, b: &mut B) {
        let constants = |fields: &[F]| fields.iter().map(|&field| B::Expr::from(field)).collect();
        for (bus, fields, count) in &self.tuples {
            b.interact(*bus, constants(fields), B::Expr::from(*count), 1);
        }
        for (column, (bus, key)) in self.provided.iter().enumerate() {
            b.provide(*bus, constants(key), column, B::Expr::ONE);
        }
    }
}

/// Asserts that every cell of table `table` in the given rows matters. Adds one to each cell in
/// turn, except for the cells that `exempt` names, and expects a violation.
pub fn assert_cells_matter<C: Chip>(
    chips: &[C],
    traces: &[Trace],
    table: usize,
    rows: impl Iterator<Item = usize>,
    exempt: impl Fn(usize, usize) -> bool,
) {
    let mut traces = traces.to_vec();
    for row in rows {
        for column in (0..traces[table].width()).filter(|&column| !exempt(row, column)) {
            let honest = traces[table].get(row, column);
            traces[table].set(row, column, honest + F::ONE);
            assert!(
                !check(chips, &traces).is_empty(),
                "cell in row {row}, column {column} is free"
            );
            traces[table].set(row, column, honest);
        }
    }
}

/// The constraints that fail while all other tables balance whatever the chip puts on its buses.
pub fn broken_constraints<C: Chip>(chip: C, trace: &Trace) -> Vec<String> {
    let mut violations = check(&[chip], std::slice::from_ref(trace));
    violations.0.retain(|failure| matches!(failure, Failure::Constraint { .. }));
    violations.rules()
}

/// The farthest row that a table under a [`Watch`] reads.
const REACH: usize = 5;

/// Finds out whether a changed cell is noticed, without evaluating whole tables again. A change is
/// noticed if a constraint near the cell fails, or if the count of a tuple changes that is not
/// provided for any number of lookups.
pub struct Watch<'a, C> {
    chip: &'a C,
    trace: &'a Trace,
    fixed: Vec<Vec<F>>,
    public: Vec<Vec<F>>,
    provided: HashSet<(Bus, Vec<F>)>,
}

impl<'a, C: Chip> Watch<'a, C> {
    /// Watches table number `table` of tables that satisfy every rule. The table must read its rows
    /// at offsets up to `REACH`.
    pub fn new(chips: &'a [C], traces: &'a [Trace], table: usize) -> Self {
        assert!(check(chips, traces).is_empty());
        let chip = &chips[table];
        Self {
            chip,
            trace: &traces[table],
            fixed: chip.fixed(),
            public: chip.public(),
            provided: provided(chips, traces),
        }
    }

    /// Whether adding `change` to the cell is noticed.
    pub fn notices(&self, row: usize, column: usize, change: F) -> bool {
        let mut changed = self.trace.clone();
        changed.set(row, column, self.trace.get(row, column) + change);
        let rows = row.saturating_sub(REACH)..=(row + REACH).min(self.trace.height() - 1);
        let mut surplus: HashMap<(Bus, Vec<F>), F> = HashMap::new();
        for near in rows {
            let [before, after] = [self.trace, &changed].map(|trace| {
                let mut cells =
                    RowChecker::new(self.chip.name(), trace, &self.fixed, &self.public, near);
                self.chip.eval(&mut cells);
                cells
            });
            if !after.failures.is_empty() {
                return true;
            }
            before.interactions.into_iter().for_each(|(bus, tuple, count)| {
                *surplus.entry((bus, tuple)).or_default() -= count;
            });
            after.interactions.into_iter().for_each(|(bus, tuple, count)| {
                *surplus.entry((bus, tuple)).or_default() += count;
            });
        }
        surplus
            .into_iter()
            .any(|(tuple, count)| count != F::ZERO && !self.provided.contains(&tuple))
    }
}

/// Every tuple that is provided for any number of lookups.
fn provided<C: Chip>(chips: &[C], traces: &[Trace]) -> HashSet<(Bus, Vec<F>)> {
    let mut provided = HashSet::new();
    for (chip, trace) in chips.iter().zip(traces) {
        let (fixed, public) = (chip.fixed(), chip.public());
        for row in 0..trace.height() {
            let cells = RowChecker::new(chip.name(), trace, &fixed, &public, row);
            chip.eval(&mut Collector { cells, provided: &mut provided });
        }
    }
    provided
}

struct Collector<'a> {
    cells: RowChecker<'a>,
    provided: &'a mut HashSet<(Bus, Vec<F>)>,
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

    fn interact(&mut self, _bus: Bus, _fields: Vec<F>, _count: F, _weight: u32) {}

    fn provide(&mut self, bus: Bus, key: Vec<F>, _multiplicity: usize, enabled: impl Into<F>) {
        if enabled.into() != F::ZERO {
            self.provided.insert((bus, key));
        }
    }
}
