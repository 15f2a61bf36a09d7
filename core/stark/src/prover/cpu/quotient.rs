//! The quotient of the constraints by the zerofiers, group by group.

use std::collections::BTreeSet;

use p3_dft::TwoAdicSubgroupDft;
use p3_field::{BasedVectorSpace, Field, PrimeCharacteristicRing, TwoAdicField};
use p3_matrix::Matrix;
use p3_matrix::dense::RowMajorMatrix;
use p3_maybe_rayon::prelude::*;

use super::CpuKey;
use super::dft::{Columns, Dft};
use super::extended::{Cosets, Extended, Part};
use super::tiles::{MAIN_COSETS, Tiles};
use crate::air::Chip;
use crate::composition::{Composition, Fingerprints, Row};
use crate::control::{Cancelled, Control};
use crate::domain::{Domain, Selectors};
use crate::field::{EF, EXTENSION_DEGREE, F};
use crate::fixed::FixedRows;
use crate::key::VerifierKey;
use crate::mask::Table;
use crate::prover::backend::{QuotientBlinding, QuotientInputs, SecretRows};
use crate::prover::strips::{Reads, Strips};
use crate::prover::wide::{LANES, Wide, WideExtension};
use crate::secret::Secret;
use crate::shape::{ACCUMULATOR, LOOKUP, MAIN, QUOTIENT};

/// What is known about a group's quotient before the witness is known: fixed columns and selectors
/// at its points.
pub(super) struct GroupKey {
    pub(super) tiles: Tiles,
    /// The first, last and transition selectors and the inverse zerofier of each tile.
    selectors: Vec<[Wide; 4]>,
    /// One entry for each of the group's tables.
    tables: Vec<TableKey>,
    /// The fixed columns of all tables, on the cosets on which most of the quotient is computed.
    fixed: [Strips; MAIN_COSETS],
    /// All lookup columns, and the accumulator again on the next row.
    lookup: Reads,
}

struct TableKey {
    main: Reads,
    public: Reads,
    fixed: Reads,
    /// What is read of the fixed columns at each tile of the small coset.
    small_fixed: Vec<Vec<Wide>>,
    /// The interior selectors of each tile.
    interiors: Vec<Wide>,
}

impl GroupKey {
    pub(super) fn new(
        key: &VerifierKey,
        index: usize,
        dft: &Dft,
        control: &Control<'_>,
    ) -> Result<Self, Cancelled> {
        control.check()?;
        let group = &key.shape.groups[index];
        let (domain, log_blowup) = (key.domains[index], key.parameters.log_blowup);
        let tiles = Tiles::new(group.log_height, log_blowup, group.excess);
        let generator = F::two_adic_generator(group.log_height + log_blowup);
        let points = |tile: usize| {
            let tile = tiles.tile(tile);
            let point = move |lane| {
                key.shift(index) * generator.exp_u64(tiles.point(&tile, lane, 0) as u64)
            };
            (0..LANES).map(point)
        };
        let points: Vec<F> = (0..tiles.count()).flat_map(points).collect();
        let selectors = selectors(&domain, &tiles, &points);
        let offsets = fixed_offsets(key, index);
        let fixed =
            extended(dft, &tiles, &fixed_columns(key, index), key.shift(index), &offsets, control)?;
        let (mut first_fixed, mut first_public) = (0, 0);
        let tables = group.tables.iter().map(|&number| {
            let table = &key.shape.tables[number];
            let cells = table.fixed_window.cells.iter();
            let reads = Reads::new(cells.map(|&(column, offset)| (first_fixed + column, offset)));
            let small_fixed = (tiles.main()..tiles.count()).map(|tile| {
                let at =
                    |offset| offsets.iter().position(|other| *other == offset).unwrap_or_default();
                reads.read(&fixed.small, |offset| tiles.small_rows(tile, at(offset)))
            });
            let small_fixed = small_fixed.collect();
            first_fixed += key.fixed[number].width();
            first_public += table.publics;
            let interiors = points.chunks_exact(LANES).flat_map(|points| {
                table.interiors.iter().map(|&(before, after)| {
                    domain.interior(before, after, Wide::from_slice(points))
                })
            });
            let (cells, count) = (&table.window.cells, table.interiors.len() * tiles.count());
            TableKey {
                main: Reads::new(
                    cells.iter().map(|&(column, offset)| (table.first_column + column, offset)),
                ),
                public: Reads::new(
                    (first_public - table.publics..first_public).map(|column| (column, 0)),
                ),
                fixed: reads,
                small_fixed,
                interiors: exactly(count, interiors),
            }
        });
        let tables = tables.collect();
        let here = (0..group.widths[LOOKUP]).map(|column| (column, 0));
        let after = (0..EXTENSION_DEGREE).map(|i| (ACCUMULATOR * EXTENSION_DEGREE + i, 1));
        Ok(Self {
            tiles,
            selectors,
            tables,
            fixed: fixed.main,
            lookup: Reads::new(here.chain(after)),
        })
    }
}

/// The first, last and transition selectors and the inverse zerofier of each tile. `points` are the
/// points of the tiles.
fn selectors(domain: &Domain, tiles: &Tiles, points: &[F]) -> Vec<[Wide; 4]> {
    let selectors = domain.selectors(points);
    let mut blinding: Vec<Wide> = Vec::with_capacity(tiles.count());
    let tile = |(tile, (lanes, points)): (usize, (&[Selectors<F>], &[F]))| {
        let wide = |of: fn(&Selectors<F>) -> F| Wide::from_lanes(|lane| of(&lanes[lane]));
        let [first, last, transition] =
            [wide(|at| at.first), wide(|at| at.last), wide(|at| at.transition)];
        let inverse_vanishing = wide(|at| at.inverse_vanishing);
        blinding.push(match tile.checked_sub(tiles.next_row()).filter(|_| tile < tiles.main()) {
            Some(before) => {
                let lanes = &selectors[before * LANES..][..LANES];
                let transition = Wide::from_lanes(|lane| lanes[lane].transition);
                domain.next_blinding(blinding[before], transition, first * inverse_vanishing)
            }
            None => domain.blinding(Wide::from_slice(points)),
        });
        [first, last, transition, blinding[tile] * inverse_vanishing]
    };
    selectors.chunks_exact(LANES).zip(points.chunks_exact(LANES)).enumerate().map(tile).collect()
}

/// The fixed columns of a group's tables, side by side.
fn fixed_columns(key: &VerifierKey, group: usize) -> RowMajorMatrix<F> {
    let group = &key.shape.groups[group];
    let tables = || group.tables.iter().map(|&number| &key.fixed[number]);
    let width = tables().map(FixedRows::width).sum();
    let mut cells = F::zero_vec(width << group.log_height);
    let mut first = 0;
    for table in tables() {
        table.write(&mut cells, width, first);
        first += table.width();
    }
    RowMajorMatrix::new(cells, width)
}

/// The row offsets at which fixed columns of a group are read.
fn fixed_offsets(key: &VerifierKey, group: usize) -> Vec<i32> {
    let tables = key.shape.groups[group].tables.iter().map(|&number| &key.shape.tables[number]);
    let offsets: BTreeSet<i32> =
        tables.flat_map(|table| &table.fixed_window.cells).map(|&(_, offset)| offset).collect();
    offsets.into_iter().collect()
}

/// Columns at the points at which a quotient is computed.
struct AtPoints {
    /// The columns on the two cosets that make up the coset of order `2 N`, in the order of
    /// [`Tiles`].
    main: [Strips; MAIN_COSETS],
    /// The columns on the small coset, once for each of some row offsets.
    small: Strips,
}

/// The columns of a matrix at the points at which a quotient is computed. The columns on the small
/// coset are taken at each of `offsets`.
fn extended(
    dft: &Dft,
    tiles: &Tiles,
    columns: &RowMajorMatrix<F>,
    shift: F,
    offsets: &[i32],
    control: &Control<'_>,
) -> Result<AtPoints, Cancelled> {
    if columns.width == 0 {
        let nothing = || Strips::unwritten(0, 1, &dft.buffers);
        return Ok(AtPoints { main: std::array::from_fn(|_| nothing()), small: nothing() });
    }
    let generator = F::two_adic_generator(columns.height().ilog2() as usize + tiles.log_blowup());
    let small_shifts = tiles
        .small_points(offsets)
        .into_iter()
        .map(|point| shift * generator.exp_u64(point as u64));
    let small = (&small_shifts.collect::<Vec<_>>()[..], tiles.log_small());
    let [first, second, _] = tiles.cosets();
    let (main, small) = dft.evaluate_cosets(
        Columns::Cells(columns),
        tiles.log_blowup(),
        (shift, [first, second]),
        small,
        control,
    )?;
    Ok(AtPoints { main, small })
}

/// Collects the items in a vector whose capacity is exactly `count`.
fn exactly<T>(count: usize, items: impl Iterator<Item = T>) -> Vec<T> {
    let mut all = Vec::with_capacity(count);
    all.extend(items);
    all
}

impl CpuKey {
    /// The coefficients of the quotient: the sum of the groups' parts `Q(X^k)`, where a group is
    /// `k` times lower than the tallest.
    pub(super) fn combined_quotient<C: Chip>(
        &self,
        trees: [&[Extended]; 2],
        inputs: &QuotientInputs<'_, C>,
        control: &Control<'_>,
    ) -> Result<Secret<EF>, Cancelled> {
        let key = &*self.verifier;
        let shape = &key.shape;
        let fingerprints = Fingerprints::new(&inputs.challenges, shape.widest_tuple);
        let powers: Vec<_> =
            inputs.alpha.powers().take(shape.constraints).map(WideExtension::from).collect();
        let mut quotient = Secret::from(vec![EF::ZERO; shape.chunks * shape.chunk_len]);
        for (index, &terminal) in inputs.terminals.iter().enumerate() {
            let group = GroupQuotient {
                cpu: self,
                key,
                index,
                fingerprints: &fingerprints,
                powers: &powers,
                terminal,
                main: self.quotient_cosets(index, &trees[MAIN][index], control)?,
                lookup: self.quotient_cosets(index, &trees[LOOKUP][index], control)?,
            };
            let part = Secret::from(group.interpolate(&group.evaluate(&inputs.tables.0, control)?));
            let spread = quotient.iter_mut().step_by(1 << shape.lift(index));
            spread.zip(&*part).for_each(|(coefficient, part)| *coefficient += *part);
        }
        Ok(quotient)
    }
}

/// The columns of the quotient tree, a row for each power. Adds the mask to the quotient, splits it
/// into blinded chunks, and appends both masks.
pub(super) fn columns(
    key: &VerifierKey,
    mut quotient: Secret<EF>,
    blinding: &QuotientBlinding,
) -> SecretRows {
    let shape = &key.shape;
    let (height, width) =
        (shape.groups[0].height(), shape.groups[0].widths[QUOTIENT] / EXTENSION_DEGREE);
    let QuotientBlinding { mask, chunks, fri_mask } = blinding;
    // The mask is opened at its own point, so `mask(c X)` is added to the quotient.
    let shifted = mask.iter().zip(F::GENERATOR.powers()).map(|(&mask, power)| mask * power);
    quotient.iter_mut().zip(shifted).for_each(|(coefficient, mask)| *coefficient += mask);

    let mut columns = Secret::from(vec![EF::ZERO; height * width]);
    for (chunk, coefficients) in quotient.chunks(shape.chunk_len).enumerate() {
        for (power, &coefficient) in coefficients.iter().enumerate() {
            columns[power * width + chunk] = coefficient;
        }
    }
    // The blinding cancels when the chunks are put together again.
    for (chunk, blinding) in chunks.iter().enumerate() {
        for (power, &blinding) in blinding.iter().enumerate() {
            columns[(shape.chunk_len + power) * width + chunk] += blinding;
            columns[power * width + chunk + 1] -= blinding;
        }
    }
    for (row, (&mask, &fri_mask)) in
        columns.chunks_exact_mut(width).zip(mask.iter().zip(&**fri_mask))
    {
        row[shape.chunks..].copy_from_slice(&[mask, fri_mask]);
    }
    // Reserve capacity up front so that reallocation leaves no copy of the secret behind.
    let mut cells = Vec::with_capacity(columns.len() * EXTENSION_DEGREE);
    columns.iter().for_each(|value| cells.extend_from_slice(value.as_basis_coefficients_slice()));
    SecretRows(vec![RowMajorMatrix::new(cells, width * EXTENSION_DEGREE)])
}

struct GroupQuotient<'a> {
    cpu: &'a CpuKey,
    key: &'a VerifierKey,
    index: usize,
    fingerprints: &'a Fingerprints<WideExtension>,
    /// The powers for all constraints of the proof.
    powers: &'a [WideExtension],
    terminal: EF,
    main: Cosets<'a>,
    lookup: Cosets<'a>,
}

impl GroupQuotient<'_> {
    /// The quotient on the coset of order `2 N` and on the small coset, each in natural order.
    fn evaluate<C: Chip>(
        &self,
        tables: &[Table<'_, C>],
        control: &Control<'_>,
    ) -> Result<[Secret<EF>; 2], Cancelled> {
        let key = &self.cpu.groups[self.index];
        let group = &self.key.shape.groups[self.index];
        let public: Vec<_> =
            group.tables.iter().flat_map(|&number| tables[number].public()).collect();
        let rows = 0..group.height();
        let cells = rows.flat_map(|row| public.iter().map(move |column| column[row]));
        let cells = exactly(public.len() * group.height(), cells);
        let public = RowMajorMatrix::new(cells, public.len());
        let public = extended(
            &self.cpu.dft,
            &key.tiles,
            &public,
            self.key.shift(self.index),
            &[0],
            control,
        )?;
        let mut values = Secret::from(vec![WideExtension::default(); key.tiles.count()]);
        values.par_iter_mut().enumerate().try_for_each(|(tile, value)| {
            control.check()?;
            *value = self.tile(tables, &public, tile);
            Ok(())
        })?;

        let main = key.tiles.main();
        let mut quotients = [main * LANES, 1 << key.tiles.log_small()]
            .map(|points| Secret::from(vec![EF::ZERO; points]));
        for (tile, value) in values.iter().enumerate() {
            for (lane, value) in value.lanes().into_iter().enumerate() {
                quotients[usize::from(tile >= main)][key.tiles.index(tile, lane)] = value;
            }
        }
        Ok(quotients)
    }

    fn tile<C: Chip>(
        &self,
        tables: &[Table<'_, C>],
        public: &AtPoints,
        number: usize,
    ) -> WideExtension {
        let (shape, key) = (&self.key.shape, &self.cpu.groups[self.index]);
        let group = &shape.groups[self.index];
        let tile = key.tiles.tile(number);
        let [first, last, transition, inverse_zerofier] = key.selectors[number];
        let read = |reads: &Reads, part: Part<'_>| {
            reads.read(part.matrix, |offset| {
                key.tiles.rows(&tile, offset).map(|row| part.first + row)
            })
        };
        let lookup = read(&key.lookup, self.lookup.part(tile.coset));
        let (columns, after) = lookup.split_at(group.widths[LOOKUP]);
        let mut columns =
            columns.chunks_exact(EXTENSION_DEGREE).map(WideExtension::from_coefficients);
        let accumulator = columns.next().unwrap_or_default();
        let ends = [accumulator, WideExtension::from_coefficients(after)];
        let batches: Vec<_> = columns.collect();

        let mut composition: Composition<'_, _, _> =
            Composition::new(self.fingerprints, self.powers, group.interactions.len());
        for (&table_number, table_key) in group.tables.iter().zip(&key.tables) {
            let table = &shape.tables[table_number];
            let main = read(&table_key.main, self.main.part(tile.coset));
            let public = match public.main.get(tile.coset) {
                Some(matrix) => read(&table_key.public, Part { matrix, first: 0 }),
                None => table_key.public.read(&public.small, |_| key.tiles.small_rows(number, 0)),
            };
            let fixed = match key.fixed.get(tile.coset) {
                Some(matrix) => &read(&table_key.fixed, Part { matrix, first: 0 }),
                None => &table_key.small_fixed[number - key.tiles.main()],
            };
            let interiors = table.interiors.len();
            let row = Row {
                table,
                window: &table.window,
                main: &main,
                fixed_window: &table.fixed_window,
                fixed,
                public: &public,
                first,
                last,
                transition,
                interiors: &table_key.interiors[number * interiors..][..interiors],
                interactions: &group.interactions,
            };
            composition.add_table(&tables[table_number], row);
        }
        let terminal = self.terminal.into();
        composition.finish(group, [first, last, transition], ends, &batches, terminal)
            * inverse_zerofier
    }

    /// The coefficients of the group's part, from its values.
    ///
    /// The values on the coset of order `2 N` determine the remainder `R` modulo `X^2N - s^2N`. The
    /// quotient is `R + (X^2N - s^2N) H`, and the values on the small coset determine `H`.
    fn interpolate(&self, [main, small]: &[Secret<EF>; 2]) -> Vec<EF> {
        let (dft, tiles) = (&self.cpu.small_dft, &self.cpu.groups[self.index].tiles);
        let shift = self.key.shift(self.index);
        let group = &self.key.shape.groups[self.index];
        let log_size = group.log_height + self.key.parameters.log_blowup;
        let small_shift = shift * F::two_adic_generator(log_size);
        let (order, small_order) = (main.len(), 1 << tiles.log_small());

        let mut quotient = dft.coset_idft_algebra(main.to_vec(), shift);
        // `R` on the small coset, on which `X^S` is constant after scaling.
        let mut folded = vec![EF::ZERO; small_order];
        for (i, (&coefficient, power)) in quotient.iter().zip(small_shift.powers()).enumerate() {
            folded[i % small_order] += coefficient * power;
        }
        let remainder = dft.dft_algebra(folded);
        let modulus = shift.exp_u64(order as u64);
        let divisor = (small_shift.exp_u64(order as u64) - modulus).inverse();
        let high =
            small.iter().zip(remainder).map(|(&value, remainder)| (value - remainder) * divisor);
        let high = dft.coset_idft_algebra(high.collect(), small_shift);
        for (i, &coefficient) in high.iter().enumerate() {
            quotient[i] -= coefficient * modulus;
        }
        quotient.extend(high);
        quotient
    }
}
