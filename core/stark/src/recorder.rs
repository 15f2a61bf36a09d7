//! What a chip reads and states, found out by evaluating it once where every cell has a value of its own.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use p3_field::{BasedVectorSpace, PrimeCharacteristicRing, PrimeField64};

use crate::air::{Bus, Chip};
use crate::field::{EF, F};
use crate::shape::MAX_DEGREE;
use crate::symbol::{Symbol, SymbolBuilder, Symbols};

/// What a chip reads and states.
pub(crate) struct Recorded {
    pub(crate) main: BTreeSet<(usize, i32)>,
    pub(crate) fixed: BTreeSet<(usize, i32)>,
    pub(crate) interiors: BTreeSet<(usize, usize)>,
    pub(crate) constraints: usize,
    pub(crate) interactions: Vec<RecordedInteraction>,
    /// BLAKE3 hash of everything that fixes the table's part of the proof: rules in order, by label or bus and by the values of
    /// their polynomials at one point, and degrees and cells read.
    ///
    /// It tells apart what honest code states. It binds nobody who writes chips: the point is known, so that other polynomials
    /// of the same value can be found. Verifiers evaluate their own chips.
    pub(crate) rules: [u8; 32],
    /// Committed cells that the interactions need.
    #[cfg(feature = "prover")]
    pub(crate) read_by_interactions: BTreeSet<(usize, i32)>,
    #[cfg(feature = "prover")]
    pub(crate) fixed_read_by_interactions: BTreeSet<(usize, i32)>,
}

#[derive(PartialEq, Eq, Debug)]
pub(crate) struct RecordedInteraction {
    pub(crate) bus: Bus,
    pub(crate) fields_degree: usize,
    pub(crate) count_degree: usize,
}

/// Records a chip.
///
/// # Panics
/// Where it breaks the limits of [`Chip::eval`]: constants of the code.
pub(crate) fn record<C: Chip>(chip: &C) -> Recorded {
    let mut recorder = Recorder::new();
    chip.eval(&mut Symbols(&mut recorder));
    #[cfg(feature = "prover")]
    let alone = {
        let mut alone = Recorder::new();
        chip.eval_interactions(&mut Symbols(&mut alone));
        assert_eq!(alone.interactions, recorder.interactions, "interactions of {}", chip.name());
        alone
    };
    // Cells that no constraint reads are opened all the same: every column is part of the batch that FRI shows to be low.
    let unread = (0..chip.width()).map(|column| (column, 0));
    let main = recorder.read(Kind::Main).chain(unread).collect();
    let fixed = recorder.read(Kind::Fixed).collect();
    let interiors: BTreeSet<_> = recorder.read(Kind::Interior).collect();
    for cells in [&main, &fixed, &interiors] {
        recorder.hash_cells(cells);
    }
    Recorded {
        main,
        fixed,
        interiors: interiors
            .into_iter()
            .map(|(before, after)| (before, after.unsigned_abs() as usize))
            .collect(),
        constraints: recorder.constraints,
        rules: *recorder.rules.finalize().as_bytes(),
        #[cfg(feature = "prover")]
        read_by_interactions: alone.read(Kind::Main).collect(),
        #[cfg(feature = "prover")]
        fixed_read_by_interactions: alone.read(Kind::Fixed).collect(),
        interactions: recorder.interactions,
    }
}

/// What a chip can read. The numbers are hashed.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    Main,
    Fixed,
    Public,
    First,
    Last,
    Transition,
    Interior,
}

/// What is hashed next.
enum Thing {
    Constraint,
    Interaction,
    Cells,
}

struct Recorder {
    /// The value of what was read, by kind, column and offset.
    values: RefCell<BTreeMap<(Kind, usize, i32), F>>,
    constraints: usize,
    interactions: Vec<RecordedInteraction>,
    rules: blake3::Hasher,
}

impl Recorder {
    fn new() -> Self {
        Self {
            values: RefCell::default(),
            constraints: 0,
            interactions: Vec::new(),
            rules: blake3::Hasher::new_derive_key("velum 2026 rules v2"),
        }
    }

    fn symbol(&self, kind: Kind, column: usize, offset: i32) -> Symbol {
        let draw = || {
            let seed = [kind as u64, column as u64, offset as u64].map(u64::to_le_bytes).concat();
            let mut bytes = [0; 8];
            blake3::Hasher::new_derive_key("velum 2026 rule cell v1")
                .update(&seed)
                .finalize_xof()
                .fill(&mut bytes);
            F::from_u64(u64::from_le_bytes(bytes))
        };
        let value = *self.values.borrow_mut().entry((kind, column, offset)).or_insert_with(draw);
        Symbol {
            degree: usize::from(!matches!(kind, Kind::Transition | Kind::Interior)),
            selectors: usize::from(kind >= Kind::First),
            value: value.into(),
        }
    }

    fn read(&self, kind: Kind) -> impl Iterator<Item = (usize, i32)> {
        let read: Vec<_> = self.values.borrow().keys().copied().filter(|&(of, ..)| of == kind).collect();
        read.into_iter().map(|(_, column, offset)| (column, offset))
    }

    /// Hashes what kind of thing follows, and its name.
    fn hash_start(&mut self, thing: Thing, name: &str) {
        self.rules.update(&[thing as u8]);
        self.hash_number(name.len());
        self.rules.update(name.as_bytes());
    }

    fn hash_number(&mut self, number: usize) {
        self.rules.update(&(number as u64).to_le_bytes());
    }

    fn hash_cells(&mut self, cells: &BTreeSet<(usize, i32)>) {
        self.hash_start(Thing::Cells, "");
        self.hash_number(cells.len());
        for &(column, offset) in cells {
            self.hash_number(column);
            self.rules.update(&offset.to_le_bytes());
        }
    }

    fn hash_value(&mut self, value: EF) {
        let coefficients: &[F] = value.as_basis_coefficients_slice();
        for coefficient in coefficients {
            self.rules.update(&coefficient.as_canonical_u64().to_le_bytes());
        }
    }
}

impl SymbolBuilder for Recorder {
    fn main(&self, column: usize, offset: i32) -> Symbol {
        self.symbol(Kind::Main, column, offset)
    }

    fn fixed(&self, column: usize, offset: i32) -> Symbol {
        self.symbol(Kind::Fixed, column, offset)
    }

    fn public(&self, column: usize) -> Symbol {
        self.symbol(Kind::Public, column, 0)
    }

    fn first(&self) -> Symbol {
        self.symbol(Kind::First, 0, 0)
    }

    fn last(&self) -> Symbol {
        self.symbol(Kind::Last, 0, 0)
    }

    fn transition(&self) -> Symbol {
        self.symbol(Kind::Transition, 0, 0)
    }

    fn interior(&self, before: usize, after: usize) -> Symbol {
        self.symbol(Kind::Interior, before, after as i32)
    }

    fn assert_zero(&mut self, label: &'static str, Symbol { degree, selectors, value }: Symbol) {
        assert!(degree <= MAX_DEGREE, "{label} has degree {degree}");
        assert!(selectors <= 1, "{label} multiplies {selectors} selectors");
        self.hash_start(Thing::Constraint, label);
        self.hash_value(value);
        self.constraints += 1;
    }

    fn interact(&mut self, bus: Bus, fields: Vec<Symbol>, count: Symbol, weight: u32) {
        assert_eq!(fields.len(), bus.width, "tuple width on bus {}", bus.name);
        let fields_degree = fields.iter().map(|field| field.degree).max().unwrap_or(0);
        let count_degree = count.degree;
        assert!(fields_degree < MAX_DEGREE && count_degree <= MAX_DEGREE, "degrees on bus {}", bus.name);
        let selected = fields.iter().chain([&count]).any(|expr| expr.selectors > 0);
        assert!(!selected, "a selector in an interaction on bus {}", bus.name);
        self.hash_start(Thing::Interaction, bus.name);
        for number in [bus.width, fields_degree, count_degree, weight as usize] {
            self.hash_number(number);
        }
        fields.iter().for_each(|field| self.hash_value(field.value));
        self.hash_value(count.value);
        self.interactions.push(RecordedInteraction { bus, fields_degree, count_degree });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::air::ChipBuilder;

    const BUS: Bus = Bus { name: "bus", width: 1 };

    /// One constraint and one interaction, of which one thing is otherwise than usual.
    struct But(&'static str);

    impl Chip for But {
        fn name(&self) -> &'static str {
            "chip"
        }

        fn height(&self) -> usize {
            256
        }

        fn width(&self) -> usize {
            2
        }

        fn eval<B: ChipBuilder>(&self, b: &mut B) {
            let is = |other| usize::from(self.0 == other);
            let cell = b.main(is("column"), is("offset") as i32);
            let selector = match self.0 {
                "selector" => b.first(),
                "two selectors" => b.interior(4, 0) * b.interior(0, 4),
                _ => b.last(),
            };
            let rule = selector * (cell - B::Expr::from_usize(3 + is("constant")));
            let mut fields = vec![b.main(is("field"), 0)];
            let mut count = B::Expr::from_usize(1 + is("count"));
            match self.0 {
                "cell read" => drop(b.main(1, 3)),
                "interior read" => drop(b.interior(3, 3)),
                "degree" => fields = vec![fields[0].clone() + fields[0].square() - fields[0].square()],
                "count selected" => count = b.first(),
                _ => {}
            }
            if self.0 == "order" {
                b.interact(BUS, fields, count, 1);
                b.assert_zero("rule", rule);
            } else {
                b.assert_zero(if self.0 == "label" { "other rule" } else { "rule" }, rule);
                b.interact(BUS, fields, count, 1 + is("weight") as u32);
            }
        }
    }

    #[test]
    fn whatever_a_chip_states_is_hashed() {
        let changes = "nothing|label|constant|column|offset|selector|field|count|weight|order|cell read|degree|interior read";
        let hashes: Vec<_> = changes.split('|').map(|change| record(&But(change)).rules).collect();
        assert_eq!(hashes.iter().collect::<BTreeSet<_>>().len(), hashes.len());
        assert_eq!(record(&But("nothing")).rules, hashes[0]);
    }

    #[test]
    #[should_panic(expected = "multiplies 2 selectors")]
    fn selectors_are_not_multiplied() {
        record(&But("two selectors"));
    }

    #[test]
    #[should_panic(expected = "a selector in an interaction")]
    fn interactions_have_no_selectors() {
        record(&But("count selected"));
    }

    #[test]
    fn what_is_read_is_recorded() {
        let recorded = record(&But("offset"));
        assert_eq!(recorded.main, BTreeSet::from([(0, 0), (0, 1), (1, 0)]));
        assert_eq!((recorded.constraints, recorded.interactions.len()), (1, 1));
    }
}
