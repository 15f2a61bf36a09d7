//! Fills the multiplicity columns of providing chips from what the other chips look up.

use std::collections::HashMap;
use std::hash::{BuildHasher, BuildHasherDefault, Hasher, RandomState};

use p3_field::{Field, PackedValue, PrimeCharacteristicRing, PrimeField64};

use crate::air::{Bus, Chip, ChipBuilder, Trace};
use crate::field::F;

type Packed = <F as Field>::Packing;

/// Writes every multiplicity column so that the lookups of all chips are met.
///
/// All other cells must be final. A tuple that is looked up but provided nowhere stays unmet. A
/// tuple that is provided on several rows is taken from the first of them.
///
/// # Panics
///
/// Panics if chips and traces do not match in number, height or width.
pub fn fill_multiplicities<C: Chip>(chips: &[C], traces: &mut [Trace]) {
    assert_eq!(chips.len(), traces.len(), "one trace per chip");
    let point = F::from_u64(RandomState::new().hash_one(chips.len()));
    let mut ledger = Ledger::default();
    for (table, (chip, trace)) in chips.iter().zip(traces.iter()).enumerate() {
        assert_eq!(
            (trace.height(), trace.width()),
            (chip.height(), chip.width()),
            "shape of {}",
            chip.name()
        );
        let (fixed, public) = (chip.fixed(), chip.public());
        for first in (0..trace.height()).step_by(Packed::WIDTH) {
            let (fixed, public, ledger) = (&fixed, &public, &mut ledger);
            chip.eval_interactions(&mut Rows { table, trace, fixed, public, first, point, ledger });
        }
    }
    ledger.settle(traces);
}

/// Who provides which tuple, and which tuples are looked up.
///
/// A tuple is identified by the value at a random point of the polynomial that has the tuple as
/// coefficients. Different tuples have different values, except with negligible probability. If two
/// values collide, a proof that should hold does not.
#[derive(Default)]
struct Ledger {
    provided: HashMap<u64, Cell, BuildHasherDefault<Identity>>,
    asked: Vec<(u64, F)>,
}

/// Table, row and column of a multiplicity.
type Cell = (usize, usize, usize);

impl Ledger {
    fn settle(self, traces: &mut [Trace]) {
        for &(table, row, column) in self.provided.values() {
            traces[table].set(row, column, F::ZERO);
        }
        for (tuple, count) in self.asked {
            if let Some(&(table, row, column)) = self.provided.get(&tuple) {
                let sum = traces[table].get(row, column) + count;
                traces[table].set(row, column, sum);
            }
        }
    }
}

/// A hasher that returns its key, since the keys are already random.
#[derive(Default)]
struct Identity(u64);

impl Hasher for Identity {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        bytes.iter().for_each(|&byte| self.0 = self.0.rotate_left(8) ^ u64::from(byte));
    }

    fn write_u64(&mut self, key: u64) {
        self.0 = key;
    }
}

/// Evaluates a chip on several rows side by side and records its interactions.
struct Rows<'a> {
    table: usize,
    trace: &'a Trace,
    fixed: &'a [Vec<F>],
    public: &'a [Vec<F>],
    first: usize,
    point: F,
    ledger: &'a mut Ledger,
}

impl Rows<'_> {
    /// The row of a lane, or `None` outside the table.
    fn row(&self, lane: usize, offset: i32) -> Option<usize> {
        (self.first + lane)
            .checked_add_signed(offset as isize)
            .filter(|&row| row < self.trace.height())
    }

    fn cells(&self, offset: i32, cell: impl Fn(usize) -> F) -> Packed {
        Packed::from_fn(|lane| self.row(lane, offset).map_or(F::ZERO, &cell))
    }

    fn value(&self, bus: Bus, fields: &[Packed]) -> Packed {
        fields.iter().fold(Packed::from(name(bus)), |value, &field| value * self.point + field)
    }
}

/// A number for a bus.
fn name(bus: Bus) -> F {
    let mut hasher = std::hash::DefaultHasher::new();
    hasher.write(bus.name.as_bytes());
    F::from_u64(hasher.finish())
}

impl ChipBuilder for Rows<'_> {
    type Expr = Packed;

    fn main(&self, column: usize, offset: i32) -> Packed {
        self.cells(offset, |row| self.trace.get(row, column))
    }

    fn fixed(&self, column: usize, offset: i32) -> Packed {
        self.cells(offset, |row| self.fixed[column][row])
    }

    fn public(&self, column: usize) -> Packed {
        self.cells(0, |row| self.public[column][row])
    }

    // Selectors weight constraints, never interactions.

    fn first(&self) -> Packed {
        Packed::ZERO
    }

    fn last(&self) -> Packed {
        Packed::ZERO
    }

    fn transition(&self) -> Packed {
        Packed::ZERO
    }

    fn interior(&self, _before: usize, _after: usize) -> Packed {
        Packed::ZERO
    }

    #[inline]
    fn assert_zero(&mut self, _label: &'static str, _expr: impl Into<Packed>) {}

    fn interact(&mut self, bus: Bus, fields: Vec<Packed>, count: Packed, _weight: u32) {
        if count == Packed::ZERO {
            return;
        }
        let tuples = self.value(bus, &fields);
        for lane in 0..Packed::WIDTH.min(self.trace.height() - self.first) {
            if count.extract(lane) != F::ZERO {
                self.ledger
                    .asked
                    .push((tuples.extract(lane).as_canonical_u64(), count.extract(lane)));
            }
        }
    }

    fn provide(
        &mut self,
        bus: Bus,
        key: Vec<Packed>,
        multiplicity: usize,
        enabled: impl Into<Packed>,
    ) {
        let (enabled, tuples) = (enabled.into(), self.value(bus, &key));
        for lane in 0..Packed::WIDTH.min(self.trace.height() - self.first) {
            if enabled.extract(lane) != F::ZERO {
                let cell = (self.table, self.first + lane, multiplicity);
                self.ledger.provided.entry(tuples.extract(lane).as_canonical_u64()).or_insert(cell);
            }
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
