//! A checker that evaluates chips on concrete cells and returns everything that is wrong, in
//! constraints and on buses.
//!
//! Tests use it to find out *which* rule refuses a forged witness. The prover only shows that some
//! rule does.

use std::collections::HashMap;
use std::fmt;

use p3_field::{PrimeCharacteristicRing, PrimeField64};

use crate::air::{Bus, Chip, ChipBuilder, Trace};
use crate::field::F;

/// One thing that is wrong with a set of traces.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Failure {
    /// A constraint does not hold on a row.
    Constraint {
        /// Name of the chip.
        chip: &'static str,
        /// Label of the constraint within the chip.
        label: &'static str,
        /// The row on which it fails.
        row: usize,
    },
    /// A tuple is sent and received a different number of times.
    Bus {
        /// Name of the bus.
        bus: &'static str,
        /// The tuple.
        tuple: Vec<F>,
        /// Times sent less times received, as a field element.
        surplus: F,
        /// Chip and row of up to eight interactions with this tuple.
        parties: Parties,
    },
}

impl Failure {
    /// The rule that failed: `chip/label` for a constraint, or the bus.
    pub fn rule(&self) -> String {
        match self {
            Self::Constraint { chip, label, .. } => format!("{chip}/{label}"),
            Self::Bus { bus, .. } => format!("bus {bus}"),
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Constraint { chip, label, row } => write!(f, "{chip}/{label} fails on row {row}"),
            Self::Bus { bus, tuple, surplus, parties } => {
                let tuple: Vec<_> = tuple.iter().map(F::as_canonical_u64).collect();
                let surplus = match surplus.as_canonical_u64() {
                    n if n > F::ORDER_U64 / 2 => -((F::ORDER_U64 - n) as i128),
                    n => n as i128,
                };
                write!(f, "bus {bus}: {tuple:?} unbalanced by {surplus}, at {parties:?}")
            }
        }
    }
}

/// Everything that is wrong with a set of traces.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Violations(pub Vec<Failure>);

impl Violations {
    /// Whether the traces satisfy every constraint and every bus balances.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The distinct rules that failed, sorted.
    pub fn rules(&self) -> Vec<String> {
        let mut rules: Vec<_> = self.0.iter().map(Failure::rule).collect();
        rules.sort();
        rules.dedup();
        rules
    }
}

impl fmt::Display for Violations {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for failure in self.0.iter().take(20) {
            writeln!(f, "{failure}")?;
        }
        if self.0.len() > 20 {
            writeln!(f, "... and {} more", self.0.len() - 20)?;
        }
        Ok(())
    }
}

/// Evaluates every chip on every row of its trace and balances all buses.
///
/// Cells read outside a table have a pseudo-random value, so that a constraint without the
/// necessary gate fails.
///
/// # Panics
///
/// Panics if chips and traces do not match in number, height or width, or if the width of a tuple
/// is not that of its bus.
pub fn check<C: Chip>(chips: &[C], traces: &[Trace]) -> Violations {
    check_blinded(chips, traces, 0)
}

/// Evaluates every chip as if the last `blinding_rows` rows of its trace were uniformly random.
///
/// Constraints and interactions must hold on the active rows, which precede the blinding rows. What
/// they read after the last active row or above the first has a pseudo-random value. Honest traces
/// must pass with every number of blinding rows up to [`RESERVED_ROWS`](crate::air::RESERVED_ROWS).
///
/// # Panics
///
/// Panics in the same cases as [`check`], and if a table has no active row.
pub fn check_blinded<C: Chip>(chips: &[C], traces: &[Trace], blinding_rows: usize) -> Violations {
    assert_eq!(chips.len(), traces.len(), "one trace per chip");
    let mut failures = Vec::new();
    let mut buses = Buses::default();
    for (chip, trace) in chips.iter().zip(traces) {
        assert_eq!(
            (trace.height(), trace.width()),
            (chip.height(), chip.width()),
            "shape of {}",
            chip.name()
        );
        assert!(blinding_rows < trace.height(), "{} has an active row", chip.name());
        let active = trace.height() - blinding_rows;
        let (fixed, public) = (chip.fixed(), chip.public());
        for row in 0..active {
            let mut builder =
                RowChecker { active, ..RowChecker::new(chip.name(), trace, &fixed, &public, row) };
            chip.eval(&mut builder);
            failures.append(&mut builder.failures);
            for (bus, tuple, count) in builder.interactions {
                buses.add(bus, tuple, count, (chip.name(), row));
            }
        }
    }
    failures.extend(buses.unbalanced());
    Violations(failures)
}

/// The surplus of each tuple, and the first chips and rows that named it.
#[derive(Default)]
struct Buses(HashMap<(Bus, Vec<F>), (F, Parties)>);

type Parties = Vec<(&'static str, usize)>;

impl Buses {
    fn add(&mut self, bus: Bus, tuple: Vec<F>, count: F, party: (&'static str, usize)) {
        let entry = self.0.entry((bus, tuple)).or_default();
        entry.0 += count;
        if entry.1.len() < 8 {
            entry.1.push(party);
        }
    }

    fn unbalanced(self) -> Vec<Failure> {
        let mut failures: Vec<_> = self
            .0
            .into_iter()
            .filter(|(_, (surplus, _))| *surplus != F::ZERO)
            .map(|((bus, tuple), (surplus, parties))| Failure::Bus {
                bus: bus.name,
                tuple,
                surplus,
                parties,
            })
            .collect();
        failures.sort_by_key(|failure| match failure {
            Failure::Bus { bus, tuple, .. } => {
                (*bus, tuple.iter().map(F::as_canonical_u64).collect::<Vec<_>>())
            }
            Failure::Constraint { chip, .. } => (*chip, Vec::new()),
        });
        failures
    }
}

/// Evaluates a chip on one row of concrete cells. Keeps what fails, and what the chip puts on
/// buses.
pub(super) struct RowChecker<'a> {
    chip: &'static str,
    trace: &'a Trace,
    fixed: &'a [Vec<F>],
    public: &'a [Vec<F>],
    row: usize,
    /// Number of rows whose committed cells are as the trace says. The rows after them are
    /// arbitrary.
    active: usize,
    pub(super) failures: Vec<Failure>,
    pub(super) interactions: Vec<(Bus, Vec<F>, F)>,
}

impl<'a> RowChecker<'a> {
    pub(super) fn new(
        chip: &'static str,
        trace: &'a Trace,
        fixed: &'a [Vec<F>],
        public: &'a [Vec<F>],
        row: usize,
    ) -> Self {
        let (active, failures, interactions) = (trace.height(), Vec::new(), Vec::new());
        Self { chip, trace, fixed, public, row, active, failures, interactions }
    }

    fn row_at(&self, offset: i32, rows: usize) -> Option<usize> {
        self.row.checked_add_signed(offset as isize).filter(|&row| row < rows)
    }

    /// Stands for a cell that the prover chooses freely.
    fn arbitrary(&self, column: usize, offset: i32) -> F {
        let seed = (self.row as u64) << 40 ^ (column as u64) << 16 ^ offset as u64;
        F::from_u64(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 1)
    }
}

impl ChipBuilder for RowChecker<'_> {
    type Expr = F;

    fn main(&self, column: usize, offset: i32) -> F {
        assert!(column < self.trace.width(), "{} has no column {column}", self.chip);
        let row = self.row_at(offset, self.active);
        row.map_or_else(|| self.arbitrary(column, offset), |row| self.trace.get(row, column))
    }

    fn fixed(&self, column: usize, offset: i32) -> F {
        let row = self.row_at(offset, self.trace.height());
        row.map_or_else(|| self.arbitrary(column, offset), |row| self.fixed[column][row])
    }

    fn public(&self, column: usize) -> F {
        self.public[column][self.row]
    }

    fn first(&self) -> F {
        F::from_bool(self.row == 0)
    }

    fn last(&self) -> F {
        F::from_bool(self.row + 1 == self.active)
    }

    fn transition(&self) -> F {
        F::from_bool(self.row + 1 != self.active)
    }

    fn interior(&self, before: usize, after: usize) -> F {
        F::from_bool(self.row >= before && self.row + after < self.active)
    }

    fn assert_zero(&mut self, label: &'static str, expr: impl Into<F>) {
        #[cfg(any(test, feature = "testing"))]
        if crate::air::mutant::constraint_is_off(self.chip, label) {
            return;
        }
        if expr.into() != F::ZERO {
            self.failures.push(Failure::Constraint { chip: self.chip, label, row: self.row });
        }
    }

    fn interact(&mut self, bus: Bus, fields: Vec<F>, count: F, _weight: u32) {
        assert_eq!(fields.len(), bus.width, "tuple width on bus {} from {}", bus.name, self.chip);
        #[cfg(any(test, feature = "testing"))]
        if crate::air::mutant::bus_is_off(bus.name) {
            return;
        }
        if count != F::ZERO {
            self.interactions.push((bus, fields, count));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SEEN: Bus = Bus::new("seen", 1);

    /// Counts up by one on each row, and sends or receives each value.
    struct Counter {
        sends: bool,
    }

    impl Chip for Counter {
        fn name(&self) -> &'static str {
            if self.sends { "sender" } else { "receiver" }
        }
        fn height(&self) -> usize {
            4
        }
        fn width(&self) -> usize {
            1
        }
        fn eval<B: ChipBuilder>(&self, b: &mut B) {
            let (value, next) = (b.main(0, 0), b.main(0, 1));
            b.assert_zero("step", b.transition() * (next - value.clone() - B::Expr::ONE));
            if self.sends {
                b.send(SEEN, vec![value], B::Expr::ONE)
            } else {
                b.receive(SEEN, vec![value], B::Expr::ONE)
            }
        }
    }

    fn counter(start: u64) -> Trace {
        let mut trace = Trace::zeroed(4, 1);
        (0..4).for_each(|row| trace.set_u64(row, 0, start + row as u64));
        trace
    }

    #[test]
    fn names_failing_constraints_and_unbalanced_buses() {
        let chips = [Counter { sends: true }, Counter { sends: false }];
        assert!(check(&chips, &[counter(7), counter(7)]).is_empty());

        let shifted = check(&chips, &[counter(7), counter(8)]);
        assert_eq!(shifted.rules(), ["bus seen"]);
        assert_eq!(shifted.0.len(), 2);

        let mut bent = counter(7);
        bent.set_u64(2, 0, 1);
        let bent = check(&chips, &[bent.clone(), bent]);
        assert_eq!(bent.rules(), ["receiver/step", "sender/step"]);
        assert!(bent.0.contains(&Failure::Constraint { chip: "sender", label: "step", row: 1 }));
    }

    #[test]
    fn blinding_rows_are_neither_checked_nor_read() {
        let chips = [Counter { sends: true }, Counter { sends: false }];
        let mut blinded = counter(7);
        blinded.set_u64(3, 0, 1);
        assert!(check_blinded(&chips, &[blinded.clone(), counter(7)], 1).is_empty());
        assert!(!check(&chips, &[blinded, counter(7)]).is_empty());
        assert!(check_blinded(&chips, &[counter(7), counter(8)], 3).rules() == ["bus seen"]);

        struct Ungated;
        impl Chip for Ungated {
            fn name(&self) -> &'static str {
                "ungated"
            }
            fn height(&self) -> usize {
                4
            }
            fn width(&self) -> usize {
                1
            }
            fn eval<B: ChipBuilder>(&self, b: &mut B) {
                b.assert_zero("next", b.interior(1, 0) * b.main(0, 1));
                b.assert_zero("before", b.interior(1, 0) * b.main(0, -1));
                b.assert_zero("own", b.interior(0, 1) * b.main(0, 1));
            }
        }
        let failures = check_blinded(&[Ungated], &[Trace::zeroed(4, 1)], 2).0;
        assert_eq!(failures, [Failure::Constraint { chip: "ungated", label: "next", row: 1 }]);
    }
}
