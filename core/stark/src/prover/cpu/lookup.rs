//! The columns of the lookup argument (LogUp, eprint 2022/1530).

use p3_field::{BasedVectorSpace, PackedFieldExtension, PackedValue, PrimeCharacteristicRing};
use p3_matrix::dense::RowMajorMatrix;
use p3_maybe_rayon::prelude::*;

use crate::air::Chip;
use crate::composition::{Evaluator, Fingerprints, Fraction, Fractions, Row};
use crate::control::{Cancelled, Control};
use crate::field::{EF, EXTENSION_DEGREE, F};
use crate::fixed::FixedRows;
use crate::key::VerifierKey;
use crate::mask::Table;
use crate::prover::backend::{LookupInputs, SecretRows};
use crate::prover::packed::{MAX_LANES, Packed, PackedFraction, quotients};
use crate::prover::strips::{Buffers, Reads, Strips};
use crate::prover::wide::{LANES, PACKS, Wide, WideExtension};
use crate::secret::Secret;
use crate::shape::{Batch, Group, LOOKUP, TableShape};

/// The rows of each group's lookup matrix, and each group's terminal.
pub(crate) fn columns<C: Chip>(
    key: &VerifierKey,
    main: &SecretRows,
    inputs: &LookupInputs<'_, C>,
    control: &Control<'_>,
) -> Result<(SecretRows, Vec<EF>), Cancelled> {
    let shape = &key.shape;
    let fingerprints = Fingerprints::new(&inputs.challenges, shape.widest_tuple);
    let chips = &inputs.tables.0;
    let groups =
        shape.groups.iter().zip(&key.domains).zip(main.groups()).zip(inputs.blinding.groups());
    let columns = groups
        .map(|(((group, domain), main), blinding)| {
            let tables = group.tables.iter().map(|&number| TableRows {
                chip: &chips[number],
                table: &shape.tables[number],
                main: main_reads(&shape.tables[number]),
                fixed: fixed_cells(&key.fixed[number], &shape.tables[number]),
                public: chips[number].public(),
            });
            let main = Strips::gather(main, &Buffers::default(), |row| row);
            let rows =
                GroupRows { group, main, tables: tables.collect(), fingerprints: &fingerprints };
            let (mut columns, terminal) = rows.columns(domain.active(), control)?;
            columns.values[domain.active() * columns.width..].copy_from_slice(&blinding.values);
            Ok((columns, terminal))
        })
        .collect::<Result<Vec<_>, _>>()?;
    let (columns, terminals) = columns.into_iter().unzip();
    Ok((SecretRows(columns), terminals))
}

/// The committed cells that a table's interactions read.
fn main_reads(table: &TableShape) -> Reads {
    let cells = table.interaction_window.cells.iter();
    Reads::new(cells.map(|&(column, offset)| (table.first_column + column, offset)))
}

/// The column of each fixed cell that a table's interactions read.
fn fixed_cells(fixed: &FixedRows, table: &TableShape) -> Vec<Vec<F>> {
    table.interaction_fixed_window.cells.iter().map(|&(column, _)| fixed.column(column)).collect()
}

/// A group's cells by row.
struct GroupRows<'a, C> {
    group: &'a Group,
    main: Strips,
    tables: Vec<TableRows<'a, C>>,
    fingerprints: &'a Fingerprints<WideExtension>,
}

/// What a table's interactions depend on, besides the committed cells.
struct TableRows<'a, C> {
    chip: &'a Table<'a, C>,
    table: &'a TableShape,
    main: Reads,
    /// The column of each fixed cell that the interactions read.
    fixed: Vec<Vec<F>>,
    public: Vec<Vec<F>>,
}

impl<C: Chip> GroupRows<'_, C> {
    /// The lookup columns, which are zero on the blinding rows, and the terminal.
    ///
    /// A denominator is zero only if a challenge equals a fingerprint, which has negligible
    /// probability. The proof then does not verify.
    fn columns(
        &self,
        active: usize,
        control: &Control<'_>,
    ) -> Result<(RowMajorMatrix<F>, EF), Cancelled> {
        let (batches, width) = (self.group.batches.len(), self.group.widths[LOOKUP]);
        let of_tile = PACKS * batches;
        let mut fractions =
            Secret::from(vec![PackedFraction::default(); active.div_ceil(LANES) * of_tile]);
        fractions.par_chunks_mut(of_tile.max(1)).enumerate().try_for_each(
            |(tile, fractions)| {
                control.check()?;
                pack(&self.fractions(tile * LANES), fractions);
                Ok(())
            },
        )?;
        let mut cells = F::zero_vec(self.group.height() * width);
        let mut lanes = [EF::ZERO; MAX_LANES];
        let lanes = &mut lanes[..Packed::WIDTH];
        for (pack, values) in
            Secret::from(quotients(&fractions)).chunks_exact(batches.max(1)).enumerate()
        {
            for (batch, value) in values.iter().enumerate() {
                value.to_ext_slice(lanes);
                for (lane, value) in lanes.iter().enumerate() {
                    let row = pack * Packed::WIDTH + lane;
                    let at = row * width + (1 + batch) * EXTENSION_DEGREE;
                    cells[at..at + EXTENSION_DEGREE]
                        .copy_from_slice(value.as_basis_coefficients_slice());
                }
            }
        }
        let terminal = accumulate(&mut cells, width, active);
        Ok((RowMajorMatrix::new(cells, width), terminal))
    }

    /// The batches of a tile of rows, each as one fraction.
    fn fractions(&self, first: usize) -> Vec<Fraction<WideExtension, WideExtension>> {
        let interactions = self.group.interactions.len();
        let mut sink = Fractions {
            fingerprints: self.fingerprints,
            fractions: Vec::with_capacity(interactions),
        };
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
        sink: &mut Fractions<'_, Wide, WideExtension>,
    ) {
        let TableRows { chip, table, main, fixed, public } = rows;
        let mask = self.group.height() - 1;
        let row =
            |lane: usize, offset: i32| (first + lane).wrapping_add_signed(offset as isize) & mask;
        let column = |cells: &[F], offset| match row(0, offset) {
            start if start + LANES <= cells.len() => Wide::from_slice(&cells[start..]),
            _ => Wide::from_lanes(|lane| cells[row(lane, offset)]),
        };
        let main = main.read(&self.main, |offset| std::array::from_fn(|lane| row(lane, offset)));
        let fixed_cells = table.interaction_fixed_window.cells.iter();
        let fixed: Vec<_> =
            fixed_cells.zip(fixed).map(|(&(_, offset), cells)| column(cells, offset)).collect();
        let public: Vec<_> = public.iter().map(|cells| column(cells, 0)).collect();
        // Selectors weight constraints, never interactions.
        let interiors = vec![Wide::ZERO; table.interiors.len()];
        let cells = Row {
            table,
            window: &table.interaction_window,
            main: &main,
            fixed_window: &table.interaction_fixed_window,
            fixed: &fixed,
            public: &public,
            first: Wide::ZERO,
            last: Wide::ZERO,
            transition: Wide::ZERO,
            interiors: &interiors,
            interactions: &self.group.interactions,
        };
        chip.eval_interactions(&mut Evaluator::new(cells, sink));
    }
}

/// Writes the fractions of a tile, packed element by packed element.
fn pack(fractions: &[Fraction<WideExtension, WideExtension>], to: &mut [PackedFraction]) {
    for (pack, to) in to.chunks_exact_mut(fractions.len().max(1)).enumerate() {
        for (Fraction { count, denominator }, to) in fractions.iter().zip(to) {
            *to = Fraction { count: count.0[pack], denominator: denominator.0[pack] };
        }
    }
}

/// Writes the accumulator, which is the first column, and returns the terminal.
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
