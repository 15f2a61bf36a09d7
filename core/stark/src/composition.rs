//! The composition of constraints and lookup fractions on one row, or on several rows side by side,
//! from the values of all cells that they read.

use p3_field::{Algebra, PrimeCharacteristicRing};

use crate::air::{Bus, Chip, ChipBuilder};
use crate::field::{EF, F};
use crate::shape::{Batch, Group, Interaction, TableShape, Window};
use crate::symbol::{Symbol, SymbolBuilder, Symbols};

/// The values of the cells that a table's constraints read on a row, and of its selectors.
pub(crate) struct Row<'a, E> {
    pub(crate) table: &'a TableShape,
    /// The committed cells that are given.
    pub(crate) window: &'a Window,
    /// By slot of the window.
    pub(crate) main: &'a [E],
    /// The fixed cells that are given.
    pub(crate) fixed_window: &'a Window,
    /// By slot of the fixed window.
    pub(crate) fixed: &'a [E],
    pub(crate) public: &'a [E],
    pub(crate) first: E,
    pub(crate) last: E,
    pub(crate) transition: E,
    /// In the order of the table's list.
    pub(crate) interiors: &'a [E],
    /// The interactions of the table's group.
    pub(crate) interactions: &'a [Interaction],
}

/// Receives constraints and interactions.
pub(crate) trait Sink<E> {
    fn constraint(&mut self, value: E);

    /// Receives an interaction. `tag` is the number of the bus.
    fn interaction(&mut self, tag: usize, fields: &[E], count: E);
}

/// Gives a chip the cells of a row.
pub(crate) struct Evaluator<'a, E, S> {
    row: Row<'a, E>,
    sink: &'a mut S,
    next_interaction: usize,
}

impl<'a, E, S> Evaluator<'a, E, S> {
    pub(crate) fn new(row: Row<'a, E>, sink: &'a mut S) -> Self {
        Self { next_interaction: row.table.first_interaction, row, sink }
    }
}

impl<E: Algebra<F> + Clone, S: Sink<E>> ChipBuilder for Evaluator<'_, E, S> {
    type Expr = E;

    #[inline]
    fn main(&self, column: usize, offset: i32) -> E {
        self.row.main[self.row.window.slot(column, offset)].clone()
    }

    #[inline]
    fn fixed(&self, column: usize, offset: i32) -> E {
        self.row.fixed[self.row.fixed_window.slot(column, offset)].clone()
    }

    #[inline]
    fn public(&self, column: usize) -> E {
        self.row.public[column].clone()
    }

    #[inline]
    fn first(&self) -> E {
        self.row.first.clone()
    }

    #[inline]
    fn last(&self) -> E {
        self.row.last.clone()
    }

    #[inline]
    fn transition(&self) -> E {
        self.row.transition.clone()
    }

    #[inline]
    fn interior(&self, before: usize, after: usize) -> E {
        // The index of a selector that was not recorded is out of range: chips are code and make
        // the same calls each time.
        let at = self.row.table.interiors.binary_search(&(before, after));
        self.row.interiors[at.unwrap_or(usize::MAX)].clone()
    }

    #[inline]
    fn assert_zero(&mut self, _label: &'static str, expr: impl Into<E>) {
        self.sink.constraint(expr.into());
    }

    #[inline]
    fn interact(&mut self, _bus: Bus, fields: Vec<E>, count: E, _weight: u32) {
        let tag = self.row.interactions[self.next_interaction].tag;
        self.next_interaction += 1;
        self.sink.interaction(tag, &fields, count);
    }
}

impl<S: Sink<EF>> SymbolBuilder for Evaluator<'_, EF, S> {
    fn main(&self, column: usize, offset: i32) -> Symbol {
        Symbol::constant(ChipBuilder::main(self, column, offset))
    }

    fn fixed(&self, column: usize, offset: i32) -> Symbol {
        Symbol::constant(ChipBuilder::fixed(self, column, offset))
    }

    fn public(&self, column: usize) -> Symbol {
        Symbol::constant(ChipBuilder::public(self, column))
    }

    fn first(&self) -> Symbol {
        Symbol::constant(self.row.first)
    }

    fn last(&self) -> Symbol {
        Symbol::constant(self.row.last)
    }

    fn transition(&self) -> Symbol {
        Symbol::constant(self.row.transition)
    }

    fn interior(&self, before: usize, after: usize) -> Symbol {
        Symbol::constant(ChipBuilder::interior(self, before, after))
    }

    fn assert_zero(&mut self, label: &'static str, expr: Symbol) {
        ChipBuilder::assert_zero(self, label, expr.value);
    }

    fn interact(&mut self, bus: Bus, fields: Vec<Symbol>, count: Symbol, weight: u32) {
        let fields = fields.iter().map(|field| field.value).collect();
        ChipBuilder::interact(self, bus, fields, count.value, weight);
    }
}

/// A fraction of the lookup argument: how often a tuple is on its bus, and the challenge less the
/// tuple's fingerprint.
#[derive(Clone, Copy, Default)]
pub(crate) struct Fraction<E, X> {
    pub(crate) count: E,
    pub(crate) denominator: X,
}

/// Turns interactions into fractions.
///
/// The fingerprint of `(f_1, ..., f_n)` on the bus with number `t` is
/// `t + beta f_1 + ... + beta^n f_n`.
#[derive(Clone)]
pub(crate) struct Fingerprints<X> {
    gamma: X,
    /// Powers of `beta`, starting with `beta` itself.
    betas: Vec<X>,
}

impl<X: Algebra<EF>> Fingerprints<X> {
    pub(crate) fn new(challenges: &LookupChallenges, widest_tuple: usize) -> Self {
        let powers = challenges.beta.shifted_powers(challenges.beta).take(widest_tuple);
        Self { gamma: challenges.gamma.into(), betas: powers.map(X::from).collect() }
    }

    /// Takes a value for `gamma` and for each power of `beta`.
    pub(crate) fn of(gamma: X, betas: Vec<X>) -> Self {
        Self { gamma, betas }
    }

    #[inline]
    fn fraction<E>(&self, tag: usize, fields: &[E], count: E) -> Fraction<E, X>
    where
        E: Clone,
        X: Algebra<E>,
    {
        let start = self.gamma.clone() - X::from(EF::from_usize(tag));
        let fields = fields.iter().zip(&self.betas);
        let denominator =
            fields.fold(start, |rest, (field, beta)| rest - beta.clone() * field.clone());
        Fraction { count, denominator }
    }
}

/// The challenges of the lookup argument.
#[derive(Clone, Copy, Debug)]
pub struct LookupChallenges {
    /// The challenge from which fingerprints are subtracted.
    pub gamma: EF,
    /// The challenge whose powers, starting with the first, weight the fields of a tuple.
    pub beta: EF,
}

/// Keeps the fractions of a row's interactions and drops its constraints.
pub(crate) struct Fractions<'a, E, X> {
    pub(crate) fingerprints: &'a Fingerprints<X>,
    pub(crate) fractions: Vec<Fraction<E, X>>,
}

impl<E: Clone, X: Algebra<E> + Algebra<EF>> Sink<E> for Fractions<'_, E, X> {
    #[inline]
    fn constraint(&mut self, _value: E) {}

    #[inline]
    fn interaction(&mut self, tag: usize, fields: &[E], count: E) {
        self.fractions.push(self.fingerprints.fraction(tag, fields, count));
    }
}

/// Observes each constraint and the power that weights it.
pub(crate) trait RuleLog<X> {
    fn rule(&mut self, power: usize, value: impl FnOnce() -> X);
}

/// Ignores all constraints.
impl<X> RuleLog<X> for () {
    #[inline(always)]
    fn rule(&mut self, _power: usize, _value: impl FnOnce() -> X) {}
}

/// Weights constraints with powers of a challenge and adds them up. Collects the fractions of
/// interactions.
pub(crate) struct Composition<'a, E, X, L = ()> {
    pub(crate) lookups: Fractions<'a, E, X>,
    powers: &'a [X],
    sum: X,
    next: usize,
    pub(crate) log: L,
}

impl Composition<'_, EF, EF> {
    /// Adds the constraints of a table at one point, with the code that all single evaluations
    /// share.
    pub(crate) fn add_table_once<C: Chip>(&mut self, chip: &C, row: Row<'_, EF>) {
        self.next = row.table.first_constraint;
        chip.eval(&mut Symbols(&mut Evaluator::new(row, self)));
    }
}

impl<'a, E, X, L: RuleLog<X> + Default> Composition<'a, E, X, L>
where
    E: Algebra<F> + Clone,
    X: Algebra<E> + Algebra<EF> + Clone,
{
    /// `powers` are the powers for all constraints of the proof. `interactions` is the number of
    /// interactions in the group.
    pub(crate) fn new(
        fingerprints: &'a Fingerprints<X>,
        powers: &'a [X],
        interactions: usize,
    ) -> Self {
        let fractions = Vec::with_capacity(interactions);
        let log = L::default();
        Self { lookups: Fractions { fingerprints, fractions }, powers, sum: X::ZERO, next: 0, log }
    }

    /// Adds the constraints of a table.
    pub(crate) fn add_table<C: Chip>(&mut self, chip: &C, row: Row<'_, E>) {
        self.next = row.table.first_constraint;
        chip.eval(&mut Evaluator::new(row, self));
    }

    /// Adds the constraints of the group's batches and of its accumulator `S`, from the cells of
    /// their columns. `S` starts with zero, grows by the sum of each row's batches, and reaches the
    /// terminal with the sum of the last active row. Returns the sum of all constraints.
    pub(crate) fn finish(
        &mut self,
        group: &Group,
        [first, last, transition]: [E; 3],
        [here, after]: [X; 2],
        batches: &[X],
        terminal: X,
    ) -> X {
        self.next = group.first_constraint;
        let mut step = X::ZERO;
        for (batch, cell) in group.batches.iter().zip(batches) {
            let value = self.batch(*batch, cell.clone());
            self.add(value);
            step += cell.clone();
        }
        let reached = here.clone() + step;
        self.add(here * first);
        self.add((after - reached.clone()) * transition);
        self.add((reached - terminal) * last);
        self.sum.clone()
    }

    #[inline]
    fn batch(&self, batch: Batch, cell: X) -> X {
        let Fraction { count, denominator } = self.lookups.fractions[batch.first].clone();
        let Some(second) = batch.second else { return cell * denominator - X::from(count) };
        let other = self.lookups.fractions[second].clone();
        let numerator = other.denominator.clone() * count + denominator.clone() * other.count;
        cell * denominator * other.denominator - numerator
    }

    #[inline]
    fn add(&mut self, value: X) {
        self.log.rule(self.next, || value.clone());
        self.sum += self.powers[self.next].clone() * value;
        self.next += 1;
    }
}

impl<E, X, L: RuleLog<X>> Sink<E> for Composition<'_, E, X, L>
where
    E: Algebra<F> + Clone,
    X: Algebra<E> + Algebra<EF> + Clone,
{
    #[inline]
    fn constraint(&mut self, value: E) {
        self.log.rule(self.next, || value.clone().into());
        self.sum += self.powers[self.next].clone() * value;
        self.next += 1;
    }

    #[inline]
    fn interaction(&mut self, tag: usize, fields: &[E], count: E) {
        self.lookups.interaction(tag, fields, count);
    }
}
