//! The quotients of the groups' constraints by their zerofiers.

use p3_dft::{Radix2DitParallel, TwoAdicSubgroupDft};
use p3_field::{
    BasedVectorSpace, Field, PackedFieldExtension, PackedValue, PrimeCharacteristicRing, TwoAdicField,
};
use p3_matrix::Matrix;
use p3_matrix::bitrev::BitReversibleMatrix;
use p3_matrix::dense::RowMajorMatrix;
use p3_maybe_rayon::prelude::*;
use rand::RngExt;
use rand::rngs::StdRng;

use super::tiles::{Tile, Tiles};
use super::{Packed, PackedExtension, ProvingKey};
use crate::air::Chip;
use crate::field::{EF, EXTENSION_DEGREE, F};
use crate::stark::key::VerifierKey;
use crate::stark::mask::Table;
use crate::stark::rows::{Composition, Fingerprints, LookupChallenges, Row, accumulator, evaluate};
use crate::stark::shape::{ACCUMULATOR, ACCUMULATOR_CONSTRAINTS, LOOKUP, MAIN, QUOTIENT, Window};

/// What is known of a group's quotient before a witness is: fixed columns and selectors at its points.
pub(super) struct GroupKey {
    tiles: Tiles,
    /// First, last, transition and inverse zerofier of each tile.
    selectors: Vec<[Packed; 4]>,
    /// Of each of the group's tables.
    tables: Vec<TableKey>,
}

struct TableKey {
    /// The fixed window of each tile.
    fixed: Vec<Packed>,
    /// The interior selectors of each tile.
    interiors: Vec<Packed>,
}

impl GroupKey {
    pub(super) fn new(key: &VerifierKey, index: usize, dft: &Radix2DitParallel<F>) -> Self {
        let group = &key.shape.groups[index];
        let (domain, log_blowup) = (key.domains[index], key.parameters.log_blowup);
        let tiles = Tiles::new(group.log_height, log_blowup, group.excess);
        let generator = F::two_adic_generator(group.log_height + log_blowup);
        let points = |tile: usize| {
            let tile = tiles.tile(tile);
            let point = move |lane| key.shift(index) * generator.exp_u64(tiles.point(&tile, lane, 0) as u64);
            (0..Packed::WIDTH).map(point)
        };
        let points: Vec<F> = (0..tiles.count()).flat_map(points).collect();
        let selectors = domain
            .selectors(&points)
            .chunks_exact(Packed::WIDTH)
            .map(|lanes| {
                [
                    Packed::from_fn(|lane| lanes[lane].first),
                    Packed::from_fn(|lane| lanes[lane].last),
                    Packed::from_fn(|lane| lanes[lane].transition),
                    Packed::from_fn(|lane| lanes[lane].inverse_zerofier),
                ]
            })
            .collect();
        let tables = group.tables.iter().map(|&number| {
            let table = &key.shape.tables[number];
            let columns = extended(dft, &key.fixed[number], log_blowup, key.shift(index));
            let window = &table.fixed_window;
            let fixed =
                (0..tiles.count()).flat_map(|tile| gather(&tiles, tile, &columns, window, 0)).collect();
            let interiors = points.chunks_exact(Packed::WIDTH).flat_map(|points| {
                table.interiors.iter().map(|&(before, after)| {
                    Packed::from_fn(|lane| domain.interior(before, after, points[lane]))
                })
            });
            TableKey { fixed, interiors: interiors.collect() }
        });
        Self { tiles, selectors, tables: tables.collect() }
    }
}

/// Columns on their evaluation domain, in bit-reversed order.
fn extended(
    dft: &Radix2DitParallel<F>,
    columns: &[Vec<F>],
    log_blowup: usize,
    shift: F,
) -> RowMajorMatrix<F> {
    let Some(first) = columns.first() else { return RowMajorMatrix::new(Vec::new(), 1) };
    let cells = (0..first.len()).flat_map(|row| columns.iter().map(move |column| column[row])).collect();
    let matrix = RowMajorMatrix::new(cells, columns.len());
    dft.coset_lde_batch(matrix, log_blowup, shift).bit_reverse_rows().to_row_major_matrix()
}

/// The cells of a window on the points of a tile.
fn gather(
    tiles: &Tiles,
    tile: usize,
    matrix: &RowMajorMatrix<F>,
    window: &Window,
    first_column: usize,
) -> Vec<Packed> {
    let tile = tiles.tile(tile);
    let cell = |&(column, offset): &(usize, i32)| read(tiles, &tile, matrix, first_column + column, offset);
    window.cells.iter().map(cell).collect()
}

fn read(tiles: &Tiles, tile: &Tile, matrix: &RowMajorMatrix<F>, column: usize, offset: i32) -> Packed {
    Packed::from_fn(|lane| matrix.values[tiles.row(tile, lane, offset) * matrix.width + column])
}

fn read_extension(
    tiles: &Tiles,
    tile: &Tile,
    matrix: &RowMajorMatrix<F>,
    column: usize,
    offset: i32,
) -> PackedExtension {
    PackedExtension::from_basis_coefficients_fn(|i| {
        read(tiles, tile, matrix, column * EXTENSION_DEGREE + i, offset)
    })
}

impl ProvingKey {
    /// The coefficients of each group's quotient columns, a row for each power, and of its quotient mask.
    pub(super) fn quotients<C: Chip>(
        &self,
        tables: &[Table<'_, C>],
        evaluations: [&[RowMajorMatrix<F>]; 2],
        challenges: &LookupChallenges,
        terminals: &[EF],
        alpha: EF,
        rng: &mut StdRng,
    ) -> (Vec<RowMajorMatrix<F>>, Vec<Vec<EF>>) {
        let fingerprints = Fingerprints::new(challenges, self.verifier.shape.widest_tuple);
        (0..self.groups.len())
            .map(|index| {
                let group = GroupQuotient {
                    key: self,
                    index,
                    fingerprints: &fingerprints,
                    terminal: terminals[index],
                    alpha,
                    main: &evaluations[MAIN][index],
                    lookup: &evaluations[LOOKUP][index],
                };
                let quotient = group.interpolate(&group.evaluate(tables));
                self.blind(index, quotient, rng)
            })
            .unzip()
    }

    /// Adds the mask to a quotient and splits it into blinded chunks.
    ///
    /// Chunk `i` gets `X^M t_i - t_(i-1)` for uniform `t_i`, which cancel when the chunks are put together again.
    fn blind(&self, index: usize, mut quotient: Vec<EF>, rng: &mut StdRng) -> (RowMajorMatrix<F>, Vec<EF>) {
        let group = &self.verifier.shape.groups[index];
        let (height, width) = (group.height(), group.widths[QUOTIENT] / EXTENSION_DEGREE);
        let mask: Vec<EF> = (0..height).map(|_| rng.random()).collect();
        // The mask is opened at its own point: what the quotient gets is mask(c X).
        let stretch = self.verifier.shift(index).powers();
        quotient.iter_mut().zip(&mask).zip(stretch).for_each(|((q, &m), power)| *q += m * power);

        let blinding = self.verifier.parameters.chunk_blinding();
        let chunk_len = height - blinding;
        let mut columns = vec![EF::ZERO; height * width];
        let mut carried = vec![EF::ZERO; blinding];
        for chunk in 0..group.chunks {
            let coefficients = quotient.chunks(chunk_len).nth(chunk).unwrap_or_default();
            for (power, &coefficient) in coefficients.iter().enumerate() {
                columns[power * width + chunk] = coefficient;
            }
            for (power, carried) in carried.iter_mut().enumerate() {
                columns[power * width + chunk] -= *carried;
                if chunk + 1 < group.chunks {
                    *carried = rng.random();
                    columns[(chunk_len + power) * width + chunk] += *carried;
                }
            }
        }
        for (row, &mask) in columns.chunks_exact_mut(width).zip(&mask) {
            row[group.chunks] = mask;
            // The mask of FRI, in the tallest group.
            row[group.chunks + 1..].fill_with(|| rng.random());
        }
        let cells = columns.iter().flat_map(|value| value.as_basis_coefficients_slice()).copied().collect();
        (RowMajorMatrix::new(cells, width * EXTENSION_DEGREE), mask)
    }
}

struct GroupQuotient<'a> {
    key: &'a ProvingKey,
    index: usize,
    fingerprints: &'a Fingerprints<PackedExtension>,
    terminal: EF,
    alpha: EF,
    main: &'a RowMajorMatrix<F>,
    lookup: &'a RowMajorMatrix<F>,
}

impl GroupQuotient<'_> {
    /// The quotient on the coset of order `2 N` and on the small one, each in natural order.
    fn evaluate<C: Chip>(&self, tables: &[Table<'_, C>]) -> [Vec<EF>; 2] {
        let (verifier, key) = (&self.key.verifier, &self.key.groups[self.index]);
        let group = &verifier.shape.groups[self.index];
        let powers: Vec<_> = self.alpha.powers().take(group.constraints).map(PackedExtension::from).collect();
        let public: Vec<_> = group
            .tables
            .iter()
            .map(|&number| {
                let columns = tables[number].public();
                extended(&self.key.dft, &columns, verifier.parameters.log_blowup, verifier.shift(self.index))
            })
            .collect();
        let values: Vec<_> = (0..key.tiles.count())
            .into_par_iter()
            .map(|tile| self.tile(tables, &public, &powers, tile))
            .collect();

        let main = key.tiles.main();
        let mut quotients =
            [vec![EF::ZERO; main * Packed::WIDTH], vec![EF::ZERO; 1 << key.tiles.log_small()]];
        for (tile, value) in values.into_iter().enumerate() {
            for lane in 0..Packed::WIDTH {
                quotients[usize::from(tile >= main)][key.tiles.index(tile, lane)] = value.extract(lane);
            }
        }
        quotients
    }

    fn tile<C: Chip>(
        &self,
        tables: &[Table<'_, C>],
        public: &[RowMajorMatrix<F>],
        powers: &[PackedExtension],
        number: usize,
    ) -> PackedExtension {
        let (shape, key) = (&self.key.verifier.shape, &self.key.groups[self.index]);
        let group = &shape.groups[self.index];
        let tile = key.tiles.tile(number);
        let [first, last, transition, inverse_zerofier] = key.selectors[number];
        let batches: Vec<_> = (0..group.batches())
            .map(|batch| read_extension(&key.tiles, &tile, self.lookup, 1 + batch, 0))
            .collect();

        let mut sum = PackedExtension::ZERO;
        for ((&table_number, table_key), public) in group.tables.iter().zip(&key.tables).zip(public) {
            let table = &shape.tables[table_number];
            let main = gather(&key.tiles, number, self.main, &table.window, table.first_column);
            let public: Vec<_> =
                (0..table.publics).map(|column| read(&key.tiles, &tile, public, column, 0)).collect();
            let (fixed, interiors) = (table.fixed_window.cells.len(), table.interiors.len());
            let row = Row {
                table,
                main: &main,
                fixed: &table_key.fixed[number * fixed..][..fixed],
                public: &public,
                first,
                last,
                transition,
                interiors: &table_key.interiors[number * interiors..][..interiors],
            };
            let mut composition = Composition::new(
                self.fingerprints,
                &powers[table.first_constraint..],
                Vec::with_capacity(table.interactions.len()),
            );
            evaluate(&tables[table_number], row, &mut composition);
            composition.add_batches(&table.batches, &batches[table.first_batch..]);
            sum += composition.sum;
        }
        let ends = [0, 1].map(|offset| read_extension(&key.tiles, &tile, self.lookup, ACCUMULATOR, offset));
        sum += accumulator(
            [first, last, transition],
            ends,
            batches.iter().copied().sum(),
            self.terminal.into(),
            &powers[group.constraints - ACCUMULATOR_CONSTRAINTS..],
        );
        sum * inverse_zerofier
    }

    /// The coefficients of the quotient from its values.
    ///
    /// The first coset of order `2 N` determines the remainder `R` modulo `X^2N - s^2N`; the quotient is `R + (X^2N - s^2N) H`, and
    /// the second coset determines `H`.
    fn interpolate(&self, [main, small]: &[Vec<EF>; 2]) -> Vec<EF> {
        let (dft, tiles) = (&self.key.dft, &self.key.groups[self.index].tiles);
        let shift = self.key.verifier.shift(self.index);
        let group = &self.key.verifier.shape.groups[self.index];
        let log_size = group.log_height + self.key.verifier.parameters.log_blowup;
        let small_shift = shift * F::two_adic_generator(log_size);
        let (order, small_order) = (main.len(), 1 << tiles.log_small());

        let mut quotient = dft.coset_idft_algebra(main.clone(), shift);
        // R on the small coset, on which X^S is constant after scaling.
        let mut folded = vec![EF::ZERO; small_order];
        for (i, (&coefficient, power)) in quotient.iter().zip(small_shift.powers()).enumerate() {
            folded[i % small_order] += coefficient * power;
        }
        let remainder = dft.dft_algebra(folded);
        let modulus = shift.exp_u64(order as u64);
        let divisor = (small_shift.exp_u64(order as u64) - modulus).inverse();
        let high = small.iter().zip(remainder).map(|(&value, remainder)| (value - remainder) * divisor);
        let high = dft.coset_idft_algebra(high.collect(), small_shift);
        for (i, &coefficient) in high.iter().enumerate() {
            quotient[i] -= coefficient * modulus;
        }
        quotient.extend(high);
        quotient
    }
}
