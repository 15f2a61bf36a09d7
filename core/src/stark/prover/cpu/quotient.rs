//! The quotient of the constraints by the zerofiers, group by group.

use p3_dft::{Radix2DitParallel, TwoAdicSubgroupDft};
use p3_field::{
    BasedVectorSpace, Field, PackedFieldExtension, PackedValue, PrimeCharacteristicRing, TwoAdicField,
};
use p3_matrix::Matrix;
use p3_matrix::bitrev::BitReversibleMatrix;
use p3_matrix::dense::RowMajorMatrix;
use p3_maybe_rayon::prelude::*;

use super::tiles::{Tile, Tiles};
use super::{Cpu, Packed, PackedExtension};
use crate::air::Chip;
use crate::field::{EF, EXTENSION_DEGREE, F};
use crate::stark::key::VerifierKey;
use crate::stark::mask::Table;
use crate::stark::prover::backend::QuotientInputs;
use crate::stark::prover::packed::MAX_LANES;
use crate::stark::rows::{Composition, Fingerprints, Row};
use crate::stark::shape::{ACCUMULATOR, LOOKUP, MAIN, Window};

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
    let starts: Vec<_> =
        window.offsets.iter().map(|&offset| Rows::new(tiles, &tile, matrix, offset)).collect();
    let cells = window.cells.iter().zip(&window.offset_indices);
    cells.map(|(&(column, _), &offset)| starts[offset].read(first_column + column)).collect()
}

/// The rows of a matrix that belong to the points of a tile, some rows of the table further on.
struct Rows<'a> {
    cells: &'a [F],
    /// The first cell of each lane's row.
    starts: [usize; MAX_LANES],
}

impl<'a> Rows<'a> {
    fn new(tiles: &Tiles, tile: &Tile, matrix: &'a RowMajorMatrix<F>, offset: i32) -> Self {
        let mut starts = [0; MAX_LANES];
        for (lane, start) in starts[..Packed::WIDTH].iter_mut().enumerate() {
            *start = tiles.row(tile, lane, offset) * matrix.width;
        }
        Self { cells: &matrix.values, starts }
    }

    fn read(&self, column: usize) -> Packed {
        Packed::from_fn(|lane| self.cells[self.starts[lane] + column])
    }

    fn read_extension(&self, column: usize) -> PackedExtension {
        PackedExtension::from_basis_coefficients_fn(|i| self.read(column * EXTENSION_DEGREE + i))
    }
}

impl Cpu {
    /// The coefficients of the quotient: the sum of the groups' parts `Q(X^k)`.
    pub(super) fn combined_quotient<C: Chip>(
        &self,
        key: &VerifierKey,
        evaluations: [&[RowMajorMatrix<F>]; 2],
        inputs: &QuotientInputs<'_, C>,
    ) -> Vec<EF> {
        let shape = &key.shape;
        let fingerprints = Fingerprints::new(&inputs.challenges, shape.widest_tuple);
        let powers: Vec<_> =
            inputs.alpha.powers().take(shape.constraints).map(PackedExtension::from).collect();
        let mut quotient = vec![EF::ZERO; shape.chunks * shape.chunk_len];
        for (index, &terminal) in inputs.terminals.iter().enumerate() {
            let group = GroupQuotient {
                cpu: self,
                key,
                index,
                fingerprints: &fingerprints,
                powers: &powers,
                terminal,
                main: &evaluations[MAIN][index],
                lookup: &evaluations[LOOKUP][index],
            };
            let part = group.interpolate(&group.evaluate(inputs.tables));
            let spread = quotient.iter_mut().step_by(1 << shape.lift(index));
            spread.zip(part).for_each(|(coefficient, part)| *coefficient += part);
        }
        quotient
    }
}

struct GroupQuotient<'a> {
    cpu: &'a Cpu,
    key: &'a VerifierKey,
    index: usize,
    fingerprints: &'a Fingerprints<PackedExtension>,
    /// For all constraints of the proof.
    powers: &'a [PackedExtension],
    terminal: EF,
    main: &'a RowMajorMatrix<F>,
    lookup: &'a RowMajorMatrix<F>,
}

impl GroupQuotient<'_> {
    /// The quotient on the coset of order `2 N` and on the small one, each in natural order.
    fn evaluate<C: Chip>(&self, tables: &[Table<'_, C>]) -> [Vec<EF>; 2] {
        let key = &self.cpu.groups[self.index];
        let group = &self.key.shape.groups[self.index];
        let public: Vec<_> = group
            .tables
            .iter()
            .map(|&number| {
                let columns = tables[number].public();
                extended(&self.cpu.dft, &columns, self.key.parameters.log_blowup, self.key.shift(self.index))
            })
            .collect();
        let values: Vec<_> =
            (0..key.tiles.count()).into_par_iter().map(|tile| self.tile(tables, &public, tile)).collect();

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
        number: usize,
    ) -> PackedExtension {
        let (shape, key) = (&self.key.shape, &self.cpu.groups[self.index]);
        let group = &shape.groups[self.index];
        let tile = key.tiles.tile(number);
        let [first, last, transition, inverse_zerofier] = key.selectors[number];
        let lookup = [0, 1].map(|offset| Rows::new(&key.tiles, &tile, self.lookup, offset));
        let batches: Vec<_> =
            (0..group.batches.len()).map(|batch| lookup[0].read_extension(1 + batch)).collect();

        let mut composition = Composition::new(self.fingerprints, self.powers, group.interactions.len());
        for ((&table_number, table_key), public) in group.tables.iter().zip(&key.tables).zip(public) {
            let table = &shape.tables[table_number];
            let main = gather(&key.tiles, number, self.main, &table.window, table.first_column);
            let public = Rows::new(&key.tiles, &tile, public, 0);
            let public: Vec<_> = (0..table.publics).map(|column| public.read(column)).collect();
            let (fixed, interiors) = (table.fixed_window.cells.len(), table.interiors.len());
            let row = Row {
                table,
                window: &table.window,
                main: &main,
                fixed: &table_key.fixed[number * fixed..][..fixed],
                public: &public,
                first,
                last,
                transition,
                interiors: &table_key.interiors[number * interiors..][..interiors],
                interactions: &group.interactions,
            };
            composition.add_table(&tables[table_number], row);
        }
        let ends = lookup.each_ref().map(|rows| rows.read_extension(ACCUMULATOR));
        let terminal = self.terminal.into();
        composition.finish(group, [first, last, transition], ends, &batches, terminal) * inverse_zerofier
    }

    /// The coefficients of the group's part from its values.
    ///
    /// The first coset of order `2 N` determines the remainder `R` modulo `X^2N - s^2N`; the quotient is `R + (X^2N - s^2N) H`, and
    /// the second coset determines `H`.
    fn interpolate(&self, [main, small]: &[Vec<EF>; 2]) -> Vec<EF> {
        let (dft, tiles) = (&self.cpu.dft, &self.cpu.groups[self.index].tiles);
        let shift = self.key.shift(self.index);
        let group = &self.key.shape.groups[self.index];
        let log_size = group.log_height + self.key.parameters.log_blowup;
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
