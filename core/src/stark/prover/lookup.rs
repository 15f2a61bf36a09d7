//! The columns of the lookup argument (LogUp, eprint 2022/1530).

use p3_field::{BasedVectorSpace, PackedFieldExtension, PackedValue, PrimeCharacteristicRing};
use p3_matrix::dense::RowMajorMatrix;
use p3_maybe_rayon::prelude::*;
use rand::{CryptoRng, RngExt};

use super::ProvingKey;
use super::packed::{MAX_LANES, Packed, PackedExtension, PackedFraction, quotients};
use crate::air::Chip;
use crate::field::{EF, EXTENSION_DEGREE, F};
use crate::stark::mask::Table;
use crate::stark::rows::{Evaluator, Fingerprints, Fraction, Fractions, LookupChallenges, Row};
use crate::stark::shape::{Batch, Group, LOOKUP, TableShape};

impl ProvingKey {
    /// The rows of each group's lookup matrix, and its terminal.
    pub(super) fn lookup_rows<C: Chip>(
        &self,
        tables: &[Table<'_, C>],
        rows: &[RowMajorMatrix<F>],
        challenges: &LookupChallenges,
        rng: &mut impl CryptoRng,
    ) -> (Vec<RowMajorMatrix<F>>, Vec<EF>) {
        let shape = &self.verifier.shape;
        let fingerprints = Fingerprints::new(challenges, shape.widest_tuple);
        let groups = shape.groups.iter().zip(&self.verifier.domains).zip(rows);
        groups
            .map(|((group, domain), main)| {
                let tables = group.tables.iter().map(|&number| TableRows {
                    chip: &tables[number],
                    table: &shape.tables[number],
                    fixed: &self.verifier.fixed[number],
                    public: tables[number].public(),
                });
                let rows = GroupRows { group, main, tables: tables.collect(), fingerprints: &fingerprints };
                let (mut columns, terminal) = rows.columns(domain.active());
                columns.values[domain.active() * columns.width..].fill_with(|| rng.random());
                (columns, terminal)
            })
            .unzip()
    }
}

/// A group's cells by row.
struct GroupRows<'a, C> {
    group: &'a Group,
    main: &'a RowMajorMatrix<F>,
    tables: Vec<TableRows<'a, C>>,
    fingerprints: &'a Fingerprints<PackedExtension>,
}

/// What a table's interactions depend on besides the committed cells.
struct TableRows<'a, C> {
    chip: &'a Table<'a, C>,
    table: &'a TableShape,
    fixed: &'a [Vec<F>],
    public: Vec<Vec<F>>,
}

impl<C: Chip> GroupRows<'_, C> {
    /// The lookup columns, zero on the blinding rows, and the terminal.
    ///
    /// No denominator is zero but with negligible probability, for it would take a challenge that is a fingerprint; then the proof
    /// does not verify.
    fn columns(&self, active: usize) -> (RowMajorMatrix<F>, EF) {
        let (batches, width) = (self.group.batches.len(), self.group.widths[LOOKUP]);
        let fractions: Vec<PackedFraction> = (0..active.div_ceil(Packed::WIDTH))
            .into_par_iter()
            .flat_map_iter(|tile| self.fractions(tile * Packed::WIDTH))
            .collect();
        let mut cells = F::zero_vec(self.group.height() * width);
        let mut lanes = [EF::ZERO; MAX_LANES];
        let lanes = &mut lanes[..Packed::WIDTH];
        for (tile, values) in quotients(&fractions).chunks_exact(batches.max(1)).enumerate() {
            for (batch, value) in values.iter().enumerate() {
                value.to_ext_slice(lanes);
                for (lane, value) in lanes.iter().enumerate() {
                    let row = tile * Packed::WIDTH + lane;
                    let at = row * width + (1 + batch) * EXTENSION_DEGREE;
                    cells[at..at + EXTENSION_DEGREE].copy_from_slice(value.as_basis_coefficients_slice());
                }
            }
        }
        let terminal = accumulate(&mut cells, width, active);
        (RowMajorMatrix::new(cells, width), terminal)
    }

    /// The batches of a tile of rows, each as one fraction.
    fn fractions(&self, first: usize) -> Vec<PackedFraction> {
        let interactions = self.group.interactions.len();
        let mut sink =
            Fractions { fingerprints: self.fingerprints, fractions: Vec::with_capacity(interactions) };
        self.tables.iter().for_each(|table| self.add_table(table, first, &mut sink));
        let batch = |batch: &Batch| {
            let Fraction { count, denominator } = sink.fractions[batch.first];
            match batch.second {
                None => Fraction { count: count.into(), denominator },
                Some(second) => {
                    let other = sink.fractions[second];
                    Fraction {
                        count: other.denominator * count + denominator * other.count,
                        denominator: denominator * other.denominator,
                    }
                }
            }
        };
        self.group.batches.iter().map(batch).collect()
    }

    fn add_table(
        &self,
        rows: &TableRows<'_, C>,
        first: usize,
        sink: &mut Fractions<'_, Packed, PackedExtension>,
    ) {
        let TableRows { chip, table, fixed, public } = rows;
        let height = self.group.height();
        let row =
            |lane: usize, offset: i32| (first + lane).wrapping_add_signed(offset as isize) & (height - 1);
        let main = |&(column, offset): &(usize, i32)| {
            let column = table.first_column + column;
            Packed::from_fn(|lane| self.main.values[row(lane, offset) * self.main.width + column])
        };
        let main: Vec<_> = table.interaction_window.cells.iter().map(main).collect();
        let fixed =
            |&(column, offset): &(usize, i32)| Packed::from_fn(|lane| fixed[column][row(lane, offset)]);
        let fixed: Vec<_> = table.fixed_window.cells.iter().map(fixed).collect();
        let public: Vec<_> =
            public.iter().map(|column| Packed::from_fn(|lane| column[row(lane, 0)])).collect();
        // Selectors weigh constraints, never interactions.
        let interiors = vec![Packed::ZERO; table.interiors.len()];
        let cells = Row {
            table,
            window: &table.interaction_window,
            main: &main,
            fixed: &fixed,
            public: &public,
            first: Packed::ZERO,
            last: Packed::ZERO,
            transition: Packed::ZERO,
            interiors: &interiors,
            interactions: &self.group.interactions,
        };
        chip.eval_interactions(&mut Evaluator::new(chip.name(), cells, sink));
    }
}

/// Writes the accumulator, the first column, and returns the terminal.
fn accumulate(cells: &mut [F], width: usize, active: usize) -> EF {
    let mut sum = EF::ZERO;
    for row in cells.chunks_exact_mut(width).take(active) {
        let (accumulator, batches) = row.split_at_mut(EXTENSION_DEGREE);
        accumulator.copy_from_slice(sum.as_basis_coefficients_slice());
        let (batches, _) = batches.as_chunks::<EXTENSION_DEGREE>();
        sum += batches.iter().map(|batch| EF::from_basis_coefficients_fn(|i| batch[i])).sum::<EF>();
    }
    sum
}
