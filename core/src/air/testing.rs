//! Stand-ins for the other side of a bus in the tests of a chip.

use p3_air::symbolic::{BaseEntry, SymbolicExpression, SymbolicVariable};
use p3_field::PrimeCharacteristicRing;

use crate::air::{Bus, Chip, ChipBuilder, Trace, check};
use crate::field::F;

/// A one-row chip that puts given tuples on buses. Its trace is [`trace`](Self::trace).
#[derive(Clone, Debug, Default)]
pub(crate) struct Partner {
    /// Tuples sent, each with its count; a negative count receives.
    pub(crate) tuples: Vec<(Bus, Vec<F>, F)>,
    /// Tuples provided for any number of lookups.
    pub(crate) provided: Vec<(Bus, Vec<F>)>,
}

impl Partner {
    /// Sends `fields` once.
    pub(crate) fn send(&mut self, bus: Bus, fields: &[u64]) {
        self.tuples.push((bus, tuple(fields), F::ONE));
    }

    /// Receives `fields` once.
    pub(crate) fn receive(&mut self, bus: Bus, fields: &[u64]) {
        self.tuples.push((bus, tuple(fields), F::NEG_ONE));
    }

    /// Provides `fields` for any number of lookups.
    pub(crate) fn provide(&mut self, bus: Bus, fields: &[u64]) {
        self.provided.push((bus, tuple(fields)));
    }

    /// The trace, without multiplicities: [`fill_multiplicities`](crate::air::fill_multiplicities) writes them.
    pub(crate) fn trace(&self) -> Trace {
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

/// Whether every cell of table `table` in the given rows matters: adds one to each in turn, but for those that `exempt`
/// names, and expects a violation.
pub(crate) fn assert_cells_matter<C: Chip>(
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
            assert!(!check(chips, &traces).is_empty(), "cell in row {row}, column {column} is free");
            traces[table].set(row, column, honest);
        }
    }
}

/// Checks the degrees that [`Chip::eval`] promises: constraints and bus counts at most 3, bus fields at most 2.
pub(crate) fn assert_degrees(chip: &impl Chip) {
    chip.eval(&mut Degrees);
}

/// Measures degrees; selectors count as 1.
struct Degrees;

impl Degrees {
    fn cell(index: usize) -> SymbolicExpression<F> {
        SymbolicVariable::new(BaseEntry::Main { offset: 0 }, index).into()
    }
}

impl ChipBuilder for Degrees {
    type Expr = SymbolicExpression<F>;

    fn main(&self, column: usize, _offset: i32) -> Self::Expr {
        Self::cell(column)
    }

    fn fixed(&self, column: usize, _offset: i32) -> Self::Expr {
        Self::cell(column)
    }

    fn public(&self, column: usize) -> Self::Expr {
        Self::cell(column)
    }

    fn first(&self) -> Self::Expr {
        Self::cell(0)
    }

    fn last(&self) -> Self::Expr {
        Self::cell(0)
    }

    fn transition(&self) -> Self::Expr {
        Self::cell(0)
    }

    fn assert_zero(&mut self, label: &'static str, expr: impl Into<Self::Expr>) {
        let degree = expr.into().degree_multiple();
        assert!(degree <= 3, "{label} has degree {degree}");
    }

    fn interact(&mut self, bus: Bus, fields: Vec<Self::Expr>, count: Self::Expr, _weight: u32) {
        for field in &fields {
            assert!(
                field.degree_multiple() <= 2,
                "field on {} has degree {}",
                bus.name,
                field.degree_multiple()
            );
        }
        assert!(count.degree_multiple() <= 3, "count on {} has degree {}", bus.name, count.degree_multiple());
    }
}
