//! Checks that a key's program equals what the prover evaluates on rows and the verifier at a
//! point.

use std::cell::RefCell;
use std::collections::BTreeMap;

use p3_field::{Algebra, BasedVectorSpace, PrimeCharacteristicRing};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

use crate::VerifierKey;
use crate::air::{Chip, MAX_DEGREE};
use crate::composition::{Composition, Fingerprints, LookupChallenges, Row};
use crate::field::{EF, F};
use crate::mask::Table;
use crate::program::{Input, Program, Value};
use crate::shape::{ACCUMULATOR, Window};

/// Evaluates the chips of a key and its program on random cells and compares the results. The
/// prover's evaluation uses both fields. The verifier's evaluation uses the extension field only.
/// Also checks the degrees that [`Chip::eval`] promises.
///
/// # Panics
/// Panics if the results differ, or if a degree is too high.
pub fn assert_program_is_what_is_evaluated<C: Chip>(
    key: &VerifierKey,
    chips: &[C],
    seed: u64,
) -> Program {
    let program = key.program(chips);
    let degrees = program.degrees();
    for rule in program.groups().iter().flat_map(|group| &group.rules) {
        let degree = degrees[rule.node];
        assert!(degree <= MAX_DEGREE, "{} has degree {degree}", rule.name);
    }
    let cells = Cells::new(seed);
    let on_rows = direct(
        key,
        chips,
        |input| cells.base(input),
        |input| cells.extension(input),
        |composition, table, row| composition.add_table(table, row),
    );
    let values = program.evaluate(|input| match input.is_extension() {
        true => Value::Extension(cells.extension(*input)),
        false => Value::Base(cells.base(*input)),
    });
    assert_eq!(values[program.composition()].extension(), on_rows, "on rows");
    for (node, (value, is_extension)) in values.iter().zip(program.extensions()).enumerate() {
        assert_eq!(matches!(value, Value::Extension(_)), is_extension, "type of node {node}");
    }

    let at_a_point = direct(
        key,
        chips,
        |input| cells.extension(input),
        |input| cells.extension(input),
        |composition, table, row| composition.add_table_once(table, row),
    );
    let values = program.evaluate(|input| Value::Extension(cells.extension(*input)));
    assert_eq!(values[program.composition()].extension(), at_a_point, "at a point");
    program
}

/// A random value for each input.
struct Cells(RefCell<(StdRng, BTreeMap<Input, EF>)>);

impl Cells {
    fn new(seed: u64) -> Self {
        Self(RefCell::new((StdRng::seed_from_u64(seed), BTreeMap::new())))
    }

    fn extension(&self, input: Input) -> EF {
        let (rng, values) = &mut *self.0.borrow_mut();
        *values.entry(input).or_insert_with(|| rng.random())
    }

    fn base(&self, input: Input) -> F {
        let value = self.extension(input);
        let coefficients: &[F] = value.as_basis_coefficients_slice();
        coefficients[0]
    }
}

/// The composition by the chips themselves. It names the inputs of each table independently, so
/// that a mistake in the recorder's naming shows.
fn direct<C: Chip, E>(
    key: &VerifierKey,
    chips: &[C],
    cell: impl Fn(Input) -> E,
    wide: impl Fn(Input) -> EF,
    add: impl Fn(&mut Composition<'_, E, EF>, &Table<'_, C>, Row<'_, E>),
) -> EF
where
    E: Algebra<F> + Clone,
    EF: Algebra<E>,
{
    let (shape, tables) = (&key.shape, Table::all(chips));
    let challenges = LookupChallenges { gamma: wide(Input::Gamma), beta: wide(Input::Beta) };
    let fingerprints = Fingerprints::<EF>::new(&challenges, shape.widest_tuple);
    let powers: Vec<EF> = wide(Input::Alpha).powers().take(shape.constraints).collect();
    let mut sum = EF::ZERO;
    for (index, group) in shape.groups.iter().enumerate() {
        let [first, last, transition] = [
            Input::First { group: index },
            Input::Last { group: index },
            Input::Transition { group: index },
        ]
        .map(&cell);
        let mut composition: Composition<'_, E, EF> =
            Composition::new(&fingerprints, &powers, group.interactions.len());
        for &number in &group.tables {
            let table = &shape.tables[number];
            let cells = |window: &Window, of: &dyn Fn(usize, i32) -> Input| -> Vec<E> {
                window.cells.iter().map(|&(column, offset)| cell(of(column, offset))).collect()
            };
            let main = cells(&table.window, &|column, offset| Input::Main {
                group: index,
                column: table.first_column + column,
                offset,
            });
            let fixed = cells(&table.fixed_window, &|column, offset| Input::Fixed {
                table: number,
                column,
                offset,
            });
            let public: Vec<_> = (0..table.publics)
                .map(|column| cell(Input::Public { table: number, column }))
                .collect();
            let interiors: Vec<_> = table
                .interiors
                .iter()
                .map(|&(before, after)| cell(Input::Interior { group: index, before, after }))
                .collect();
            let row = Row {
                table,
                window: &table.window,
                main: &main,
                fixed_window: &table.fixed_window,
                fixed: &fixed,
                public: &public,
                first: first.clone(),
                last: last.clone(),
                transition: transition.clone(),
                interiors: &interiors,
                interactions: &group.interactions,
            };
            add(&mut composition, &tables[number], row);
        }
        let lookup = |column, offset| wide(Input::Lookup { group: index, column, offset });
        let batches: Vec<_> = (1..=group.batches.len()).map(|column| lookup(column, 0)).collect();
        let ends = [lookup(ACCUMULATOR, 0), lookup(ACCUMULATOR, 1)];
        let terminal = wide(Input::Terminal { group: index });
        let value = composition.finish(group, [first, last, transition], ends, &batches, terminal);
        sum += value * EF::from(cell(Input::InverseZerofier { group: index }));
    }
    sum
}
