//! The columns of the lookup argument (LogUp, eprint 2022/1530).

use p3_field::{
    BasedVectorSpace, ExtensionField, Field, PackedFieldExtension, PackedValue, PrimeCharacteristicRing,
};
use p3_matrix::dense::RowMajorMatrix;
use p3_maybe_rayon::prelude::*;
use rand::RngExt;
use rand::rngs::StdRng;

use super::ProvingKey;
use crate::air::Chip;
use crate::field::{EF, F};
use crate::stark::mask::Table;
use crate::stark::rows::{Fingerprints, Fraction, Fractions, LookupChallenges, Row, evaluate};
use crate::stark::shape::{LOOKUP, TableShape};

/// The packed base field.
type Packed = <F as Field>::Packing;

/// The packed extension field.
type PackedExtension = <EF as ExtensionField<F>>::ExtensionPacking;

/// A fraction of packed rows.
type PackedFraction = Fraction<PackedExtension, PackedExtension>;

impl ProvingKey {
    /// The rows of each group's lookup matrix, and its terminal.
    pub(super) fn lookup_rows<C: Chip>(
        &self,
        tables: &[Table<'_, C>],
        rows: &[RowMajorMatrix<F>],
        challenges: &LookupChallenges,
        rng: &mut StdRng,
    ) -> (Vec<RowMajorMatrix<F>>, Vec<EF>) {
        let shape = &self.verifier.shape;
        let fingerprints = Fingerprints::new(challenges, shape.widest_tuple);
        let groups = shape.groups.iter().zip(&self.verifier.domains).enumerate();
        groups
            .map(|(index, (group, domain))| {
                let mut columns = vec![EF::ZERO; group.height() * (group.batches() + 1)];
                let width = group.batches() + 1;
                for &number in &group.tables {
                    let table = &shape.tables[number];
                    let rows = TableRows {
                        table,
                        main: &rows[index],
                        fixed: &self.verifier.fixed[number],
                        public: tables[number].public(),
                    };
                    rows.write(
                        &tables[number],
                        &fingerprints,
                        domain.active(),
                        &mut columns[1 + table.first_batch..],
                        width,
                    );
                }
                let terminal = accumulate(&mut columns, width, domain.active());
                let mut cells: Vec<F> =
                    columns.iter().flat_map(|value| value.as_basis_coefficients_slice()).copied().collect();
                let width = group.widths[LOOKUP];
                cells[domain.active() * width..].fill_with(|| rng.random());
                (RowMajorMatrix::new(cells, width), terminal)
            })
            .unzip()
    }
}

/// A table's cells by row.
struct TableRows<'a> {
    table: &'a TableShape,
    main: &'a RowMajorMatrix<F>,
    fixed: &'a [Vec<F>],
    public: Vec<Vec<F>>,
}

impl TableRows<'_> {
    /// Writes the sums of the table's batches on the active rows into columns that stand side by side.
    fn write<C: Chip>(
        &self,
        chip: &C,
        fingerprints: &Fingerprints<PackedExtension>,
        active: usize,
        columns: &mut [EF],
        width: usize,
    ) {
        let batches = self.table.batches.len();
        if batches == 0 {
            return;
        }
        let tiles = active.div_ceil(Packed::WIDTH);
        let fractions: Vec<PackedFraction> = (0..tiles)
            .into_par_iter()
            .flat_map_iter(|tile| self.fractions(chip, fingerprints, tile * Packed::WIDTH))
            .collect();
        let values = quotients(&fractions);
        let mut lanes = [EF::ZERO; MAX_LANES];
        let lanes = &mut lanes[..Packed::WIDTH];
        for (tile, values) in values.chunks_exact(batches).enumerate() {
            for (batch, value) in values.iter().enumerate() {
                value.to_ext_slice(lanes);
                for (lane, &value) in lanes.iter().enumerate() {
                    let row = tile * Packed::WIDTH + lane;
                    if row < active {
                        columns[row * width + batch] = value;
                    }
                }
            }
        }
    }

    /// The batches of a tile of rows, each as one fraction.
    fn fractions<C: Chip>(
        &self,
        chip: &C,
        fingerprints: &Fingerprints<PackedExtension>,
        first: usize,
    ) -> Vec<PackedFraction> {
        let height = self.main.values.len() / self.main.width;
        let row =
            |lane: usize, offset: i32| (first + lane).wrapping_add_signed(offset as isize) & (height - 1);
        let main = |&(column, offset): &(usize, i32)| {
            let column = self.table.first_column + column;
            Packed::from_fn(|lane| self.main.values[row(lane, offset) * self.main.width + column])
        };
        let main: Vec<_> = self.table.window.cells.iter().map(main).collect();
        let fixed =
            |&(column, offset): &(usize, i32)| Packed::from_fn(|lane| self.fixed[column][row(lane, offset)]);
        let fixed: Vec<_> = self.table.fixed_window.cells.iter().map(fixed).collect();
        let public = |column: &Vec<F>| Packed::from_fn(|lane| column[row(lane, 0)]);
        let public: Vec<_> = self.public.iter().map(public).collect();
        // Selectors weigh constraints, never interactions.
        let interiors = vec![Packed::ZERO; self.table.interiors.len()];
        let cells = Row {
            table: self.table,
            main: &main,
            fixed: &fixed,
            public: &public,
            first: Packed::ZERO,
            last: Packed::ZERO,
            transition: Packed::ZERO,
            interiors: &interiors,
        };
        let mut sink =
            Fractions { fingerprints, fractions: Vec::with_capacity(self.table.interactions.len()) };
        evaluate(chip, cells, &mut sink);
        let batch = |batch: &crate::stark::shape::Batch| {
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
        self.table.batches.iter().map(batch).collect()
    }
}

/// More lanes than any packed element has.
const MAX_LANES: usize = 64;

/// The values of fractions.
///
/// No denominator is zero but with negligible probability: it would take a challenge that is a fingerprint. Its fraction is then
/// zero, and the proof does not verify.
fn quotients(fractions: &[PackedFraction]) -> Vec<PackedExtension> {
    let chunk = |fractions: &[PackedFraction]| {
        let mut prefixes = Vec::with_capacity(fractions.len());
        let mut product = PackedExtension::ONE;
        for fraction in fractions {
            prefixes.push(product);
            product *= fraction.denominator;
        }
        let mut inverse = inverse_of_lanes(product);
        for (prefix, fraction) in prefixes.iter_mut().zip(fractions).rev() {
            *prefix = *prefix * inverse * fraction.count;
            inverse *= fraction.denominator;
        }
        prefixes
    };
    fractions.par_chunks(CHUNK).flat_map_iter(chunk).collect()
}

/// Fractions that share one inversion.
const CHUNK: usize = 1 << 10;

fn inverse_of_lanes(value: PackedExtension) -> PackedExtension {
    let mut lanes = [EF::ZERO; MAX_LANES];
    let lanes = &mut lanes[..Packed::WIDTH];
    value.to_ext_slice(lanes);
    lanes.iter_mut().for_each(|lane| *lane = lane.try_inverse().unwrap_or(EF::ZERO));
    PackedExtension::from_ext_slice(lanes)
}

/// Writes the accumulator, the first column, and returns the terminal.
fn accumulate(columns: &mut [EF], width: usize, active: usize) -> EF {
    let mut sum = EF::ZERO;
    for row in columns.chunks_exact_mut(width).take(active) {
        row[0] = sum;
        sum += row[1..].iter().copied().sum::<EF>();
    }
    sum
}
