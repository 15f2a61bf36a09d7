//! Records what a chip reads and states, by evaluating it once.

use std::cell::RefCell;
use std::collections::BTreeSet;

use p3_field::PrimeCharacteristicRing;

use crate::air::{Bus, Chip, MAX_DEGREE};
use crate::field::EF;
use crate::symbol::{Symbol, SymbolBuilder, Symbols};

/// What a chip reads and states.
pub(crate) struct Recorded {
    pub(crate) main: BTreeSet<(usize, i32)>,
    pub(crate) fixed: BTreeSet<(usize, i32)>,
    pub(crate) interiors: BTreeSet<(usize, usize)>,
    /// The labels of the constraints.
    pub(crate) constraints: Vec<&'static str>,
    pub(crate) interactions: Vec<RecordedInteraction>,
    /// The committed cells that the interactions need.
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
/// Panics if the chip breaks the limits of [`Chip::eval`]. This depends on constants of the code
/// only.
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
    // Columns that no constraint reads are opened all the same: every column is part of the batch
    // that FRI shows to be of low degree.
    let unread = (0..chip.width()).map(|column| (column, 0));
    let main = recorder.read(Kind::Main).chain(unread).collect();
    let fixed = recorder.read(Kind::Fixed).collect();
    let interiors: BTreeSet<_> = recorder.read(Kind::Interior).collect();
    Recorded {
        main,
        fixed,
        interiors: interiors
            .into_iter()
            .map(|(before, after)| (before, after.unsigned_abs() as usize))
            .collect(),
        constraints: recorder.constraints,
        #[cfg(feature = "prover")]
        read_by_interactions: alone.read(Kind::Main).collect(),
        #[cfg(feature = "prover")]
        fixed_read_by_interactions: alone.read(Kind::Fixed).collect(),
        interactions: recorder.interactions,
    }
}

/// The kinds of values that a chip can read.
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

struct Recorder {
    /// What was read, by kind, column and offset.
    reads: RefCell<BTreeSet<(Kind, usize, i32)>>,
    constraints: Vec<&'static str>,
    interactions: Vec<RecordedInteraction>,
}

impl Recorder {
    fn new() -> Self {
        Self { reads: RefCell::default(), constraints: Vec::new(), interactions: Vec::new() }
    }

    fn symbol(&self, kind: Kind, column: usize, offset: i32) -> Symbol {
        self.reads.borrow_mut().insert((kind, column, offset));
        Symbol {
            degree: usize::from(!matches!(kind, Kind::Transition | Kind::Interior)),
            selectors: usize::from(kind >= Kind::First),
            // Degrees do not depend on values, except that a constant may be zero.
            value: EF::TWO,
        }
    }

    fn read(&self, kind: Kind) -> impl Iterator<Item = (usize, i32)> {
        let read: Vec<_> =
            self.reads.borrow().iter().copied().filter(|&(of, ..)| of == kind).collect();
        read.into_iter().map(|(_, column, offset)| (column, offset))
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

    fn assert_zero(&mut self, label: &'static str, Symbol { degree, selectors, .. }: Symbol) {
        assert!(degree <= MAX_DEGREE, "{label} has degree {degree}");
        assert!(selectors <= 1, "{label} multiplies {selectors} selectors");
        self.constraints.push(label);
    }

    fn interact(&mut self, bus: Bus, fields: Vec<Symbol>, count: Symbol, _weight: u32) {
        assert_eq!(fields.len(), bus.width, "tuple width on bus {}", bus.name);
        let fields_degree = fields.iter().map(|field| field.degree).max().unwrap_or(0);
        let count_degree = count.degree;
        assert!(
            fields_degree < MAX_DEGREE && count_degree <= MAX_DEGREE,
            "degrees on bus {}",
            bus.name
        );
        let selected = fields.iter().chain([&count]).any(|expr| expr.selectors > 0);
        assert!(!selected, "a selector in an interaction on bus {}", bus.name);
        self.interactions.push(RecordedInteraction { bus, fields_degree, count_degree });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::air::ChipBuilder;

    const BUS: Bus = Bus { name: "bus", width: 1 };

    /// One constraint and one interaction, one of which breaks the named rule.
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
            let selector = if self.0 == "two selectors" {
                b.interior(4, 0) * b.interior(0, 4)
            } else {
                b.last()
            };
            b.assert_zero("rule", selector * b.main(0, 1));
            let count = if self.0 == "count selected" { b.first() } else { B::Expr::ONE };
            b.interact(BUS, vec![b.main(0, 0)], count, 1);
        }
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
        let recorded = record(&But("nothing"));
        assert_eq!(recorded.main, BTreeSet::from([(0, 0), (0, 1), (1, 0)]));
        assert_eq!((&recorded.constraints[..], recorded.interactions.len()), (&["rule"][..], 1));
    }
}
