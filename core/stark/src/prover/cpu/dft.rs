//! Low-degree extension: columns from the subgroup of a table's rows to cosets of it.
//!
//! A matrix is transformed strip by strip, so that a strip stays in the second-level cache while
//! all layers run over it. The layers are those of the recursion from `f mod (X^2m - r^2)` to
//! `f mod (X^m - r)` and `f mod (X^m + r)`. Coefficients are in natural order and values in
//! bit-reversed order. The concatenation of the bit-reversed evaluations on `B` cosets of `N`
//! points is the bit-reversed evaluation on the domain of `B N` points.
//!
//! In this field, powers of 2 include the roots of unity of order 64 (the order of 2 is 192). Six
//! layers therefore form a *group*: once `X` is scaled so that a block's modulus is `Y^M - 1`,
//! every twiddle of the group is plus or minus a power of two that is known at compile time. Each
//! element then needs only one general multiplication for each group. The multiplications of the
//! first group shift the coset.

use p3_field::{Field, PrimeCharacteristicRing, TwoAdicField};
use p3_matrix::Matrix;
use p3_matrix::dense::RowMajorMatrix;
use p3_maybe_rayon::prelude::*;
use p3_util::reverse_bits_len;

use super::Packed;
use crate::control::{Cancelled, Control};
use crate::field::F;
use crate::hash::Rows;
use crate::prover::strips::{Buffers, Line, Strips, gather_strip};

/// Number of layers in a group: the roots of unity of order `2^GROUP` are powers of two.
const GROUP: usize = 6;

/// The generator of order `2^GROUP` is 2 to this power.
const LOG_ROOT: u64 = 39;

/// The order of 2.
const ORDER_OF_TWO: u64 = 192;

/// Number of layers that lines pass through together. The lines are read and written once for all
/// of them: the registers hold `2^PASS` elements.
const PASS: usize = 3;

/// Columns that are to be extended.
#[derive(Clone, Copy)]
pub(in crate::prover) enum Columns<'a> {
    /// The cells of the columns, by row.
    Cells(&'a RowMajorMatrix<F>),
    /// The coefficients of the columns, a row for each power.
    Coefficients(&'a RowMajorMatrix<F>),
}

impl<'a> Columns<'a> {
    fn matrix(self) -> &'a RowMajorMatrix<F> {
        match self {
            Self::Cells(matrix) | Self::Coefficients(matrix) => matrix,
        }
    }

    /// The factors that scale a transform of the cells.
    fn scale(self) -> Vec<F> {
        match self {
            Self::Cells(cells) => {
                vec![F::from_usize(cells.height().max(1)).inverse(); cells.height()]
            }
            Self::Coefficients(_) => Vec::new(),
        }
    }
}

/// Transforms up to some size.
pub(super) struct Dft {
    /// By the binary logarithm of a transform's size: the factors by which the elements are
    /// multiplied between the first group of layers and the next.
    scales: Vec<Vec<F>>,
    inverse_scales: Vec<Vec<F>>,
    pub(super) buffers: Buffers,
}

impl Dft {
    /// Prepares transforms for tables of up to `2^log_height` rows.
    pub(super) fn new(log_height: usize, buffers: Buffers) -> Self {
        let generator = F::two_adic_generator;
        let scales = |log_size: usize| self::scales(log_size, generator(log_size));
        let inverse_scales =
            |log_size: usize| self::scales(log_size, generator(log_size).inverse());
        Self {
            scales: (0..=log_height).map(scales).collect(),
            inverse_scales: (0..=log_height).map(inverse_scales).collect(),
            buffers,
        }
    }

    /// The coefficients of columns, a row for each power.
    pub(super) fn coefficients(
        &self,
        columns: Columns<'_>,
        control: &Control<'_>,
    ) -> Result<Strips, Cancelled> {
        let height = columns.matrix().height();
        let mut coefficients = Strips::unwritten(columns.matrix().width, height, &self.buffers);
        let scale = columns.scale();
        coefficients.lines_mut().par_chunks_exact_mut(height.max(1)).enumerate().try_for_each(
            |(strip, lines)| {
                control.check()?;
                self.load(columns, strip, &scale, lines);
                Ok(())
            },
        )?;
        Ok(coefficients)
    }

    /// The columns on the coset `shift * H` of `2^log_blowup` times as many points, in bit-reversed
    /// order.
    ///
    /// The coefficients are stored in the place of the last coset, so that they need no memory of
    /// their own.
    pub(super) fn extend(
        &self,
        columns: Columns<'_>,
        log_blowup: usize,
        shift: F,
        control: &Control<'_>,
    ) -> Result<Strips, Cancelled> {
        let height = columns.matrix().height();
        let last_coset = (1 << log_blowup) - 1;
        let shifts: Vec<_> =
            (0..=last_coset).map(|coset| shifts(height, log_blowup, shift, coset)).collect();
        let mut values =
            Strips::unwritten(columns.matrix().width, height << log_blowup, &self.buffers);
        let scale = columns.scale();
        let all = height << log_blowup;
        values.lines_mut().par_chunks_exact_mut(all.max(1)).enumerate().try_for_each(
            |(strip, lines)| {
                control.check()?;
                let (others, last) = lines.split_at_mut(height * last_coset);
                self.load(columns, strip, &scale, last);
                for (lines, shifts) in others.chunks_exact_mut(height).zip(&shifts) {
                    forward(last, lines, shifts, &self.scales);
                }
                forward_block(last, &shifts[last_coset], &self.scales);
                Ok(())
            },
        )?;
        Ok(values)
    }

    /// The rows of [`extend`](Self::extend) on two of its cosets, in separate matrices, and the
    /// rows on small cosets of `2^log_small` points, concatenated in one matrix. `small_shifts` has
    /// the shifts of the small cosets.
    ///
    /// The coefficients are stored in the place of the second coset, so that they need no memory of
    /// their own.
    pub(super) fn evaluate_cosets(
        &self,
        columns: Columns<'_>,
        log_blowup: usize,
        (shift, cosets): (F, [usize; 2]),
        (small_shifts, log_small): (&[F], usize),
        control: &Control<'_>,
    ) -> Result<([Strips; 2], Strips), Cancelled> {
        let (width, height) = (columns.matrix().width, columns.matrix().height());
        let shifts = cosets.map(|coset| shifts(height, log_blowup, shift, coset));
        let small_powers: Vec<Vec<F>> =
            small_shifts.iter().map(|shift| shift.powers().take(height).collect()).collect();
        let small_height = small_shifts.len() << log_small;
        let unwritten = |height| Strips::unwritten(width, height, &self.buffers);
        let (mut values, mut small) = (cosets.map(|_| unwritten(height)), unwritten(small_height));
        let scale = columns.scale();
        let [first, second] =
            values.each_mut().map(|values| values.lines_mut().par_chunks_exact_mut(height.max(1)));
        let small_strips = small.lines_mut().par_chunks_exact_mut(small_height.max(1));
        first.zip(second).zip(small_strips).enumerate().try_for_each(
            |(strip, ((first, second), small))| {
                control.check()?;
                self.load(columns, strip, &scale, second);
                forward(second, first, &shifts[0], &self.scales);
                for (small, powers) in small.chunks_exact_mut(1 << log_small).zip(&small_powers) {
                    fold(second, small, powers);
                    forward_block(small, powers, &self.scales);
                }
                forward_block(second, &shifts[1], &self.scales);
                Ok(())
            },
        )?;
        Ok((values, small))
    }

    /// Writes the coefficients of a strip.
    fn load(&self, columns: Columns<'_>, strip: usize, scale: &[F], lines: &mut [Line]) {
        let log_height = lines.len().ilog2() as usize;
        match columns {
            Columns::Cells(cells) => {
                gather_strip(cells, strip, lines, |row| reverse_bits_len(row, log_height));
                backward(lines, scale, &self.inverse_scales);
            }
            Columns::Coefficients(coefficients) => {
                gather_strip(coefficients, strip, lines, |row| row)
            }
        }
    }

    /// The rows of [`extend`](Self::extend) on coset number `coset`: as many rows as there are
    /// coefficients, starting at `coset` times that number.
    pub(super) fn evaluate_coset(
        &self,
        coefficients: &Strips,
        log_blowup: usize,
        shift: F,
        coset: usize,
        control: &Control<'_>,
    ) -> Result<Strips, Cancelled> {
        let height = coefficients.height();
        let shifts = shifts(height, log_blowup, shift, coset);
        let mut values = Strips::unwritten(coefficients.width(), height, &self.buffers);
        values.lines_mut().par_chunks_exact_mut(height).enumerate().try_for_each(
            |(strip, lines)| {
                control.check()?;
                forward(coefficients.strip(strip), lines, &shifts, &self.scales);
                Ok(())
            },
        )?;
        Ok(values)
    }
}

/// The powers of the shift of a coset of `height` points, which is one of `2^log_blowup` cosets.
fn shifts(height: usize, log_blowup: usize, shift: F, coset: usize) -> Vec<F> {
    let generator = F::two_adic_generator(height.ilog2() as usize + log_blowup);
    let power = generator.exp_u64(reverse_bits_len(coset, log_blowup) as u64);
    (shift * power).powers().take(height).collect()
}

/// Coefficients modulo `X^S - s^S`, for `S` lines and the `powers` of `s`.
fn fold(from: &[Line], to: &mut [Line], powers: &[F]) {
    to.fill(Line::default());
    for (lines, &power) in from.chunks(to.len()).zip(powers.iter().step_by(to.len())) {
        for (to, line) in to.iter_mut().zip(lines) {
            to.iter_mut().zip(line).for_each(|(to, &pack)| *to += pack * power);
        }
    }
}

/// For each block `b` that the first group of layers leaves, the powers of `generator^reverse(b)`
/// that scale the block, where `reverse` reverses the bits of the block's number. `generator` has
/// order `2^log_size`. The list is empty if there is only one group.
fn scales(log_size: usize, generator: F) -> Vec<F> {
    let Some(log_block) = log_size.checked_sub(GROUP).filter(|&log_block| log_block > 0) else {
        return Vec::new();
    };
    let base = |block| generator.exp_u64(reverse_bits_len(block, GROUP) as u64);
    (0..1 << GROUP).flat_map(|block| base(block).powers().take(1 << log_block)).collect()
}

/// Transforms coefficients in natural order to values in bit-reversed order, from one place to
/// another. `shifts` are the powers of the coset's shift.
fn forward(from: &[Line], to: &mut [Line], shifts: &[F], scales: &[Vec<F>]) {
    first_pass_forward(to, |_, line, pack| from[line][pack] * shifts[line]);
    forward_rest(to, scales);
}

/// [`forward`] in place.
fn forward_block(lines: &mut [Line], shifts: &[F], scales: &[Vec<F>]) {
    first_pass_forward(lines, |lines, line, pack| lines[line][pack] * shifts[line]);
    forward_rest(lines, scales);
}

#[inline(always)]
fn first_pass_forward(lines: &mut [Line], load: impl Fn(&[Line], usize, usize) -> Packed) {
    match lines.len().ilog2() {
        0 => forward_pass::<1>(lines, const { twiddles(0, 0) }, load),
        1 => forward_pass::<2>(lines, const { twiddles(0, 0) }, load),
        2 => forward_pass::<4>(lines, const { twiddles(0, 0) }, load),
        _ => forward_pass::<8>(lines, const { twiddles(0, 0) }, load),
    }
}

/// The layers after the first pass, part by part, so that each part stays in the first-level cache.
fn forward_rest(lines: &mut [Line], scales: &[Vec<F>]) {
    let log_len = lines.len().ilog2() as usize;
    if log_len <= PASS {
        return;
    }
    let mut blocks = scales[log_len].chunks_exact((lines.len() >> GROUP).max(1));
    for (number, part) in lines.chunks_exact_mut(1 << (log_len - PASS)).enumerate() {
        match (log_len - PASS).min(GROUP - PASS) {
            1 => forward_part::<2>(part, number),
            2 => forward_part::<4>(part, number),
            _ => forward_part::<8>(part, number),
        }
        let inner = part.chunks_exact_mut((part.len() >> (GROUP - PASS)).max(1));
        inner.zip(&mut blocks).for_each(|(lines, shifts)| forward_block(lines, shifts, scales));
    }
}

/// The second pass of a group in one of its parts. Each part has its own code, so that its twiddles
/// are constants.
#[inline(never)]
fn forward_part<const SIZE: usize>(part: &mut [Line], number: usize) {
    let load = |lines: &[Line], line: usize, pack: usize| lines[line][pack];
    match number {
        0 => forward_pass::<SIZE>(part, const { twiddles(PASS, 0) }, load),
        1 => forward_pass::<SIZE>(part, const { twiddles(PASS, 1) }, load),
        2 => forward_pass::<SIZE>(part, const { twiddles(PASS, 2) }, load),
        3 => forward_pass::<SIZE>(part, const { twiddles(PASS, 3) }, load),
        4 => forward_pass::<SIZE>(part, const { twiddles(PASS, 4) }, load),
        5 => forward_pass::<SIZE>(part, const { twiddles(PASS, 5) }, load),
        6 => forward_pass::<SIZE>(part, const { twiddles(PASS, 6) }, load),
        _ => forward_pass::<SIZE>(part, const { twiddles(PASS, 7) }, load),
    }
}

/// As many layers as `SIZE` elements have, on lines that `load` reads.
#[inline(always)]
fn forward_pass<const SIZE: usize>(
    lines: &mut [Line],
    twiddles: [u64; SIZE],
    load: impl Fn(&[Line], usize, usize) -> Packed,
) {
    let stride = lines.len() / SIZE;
    for start in 0..stride {
        for pack in 0..lines[start].len() {
            let mut part: [Packed; SIZE] =
                std::array::from_fn(|i| load(lines, start + i * stride, pack));
            forward_butterflies(&mut part, twiddles);
            part.into_iter()
                .enumerate()
                .for_each(|(i, packed)| lines[start + i * stride][pack] = packed);
        }
    }
}

/// The loop is written out, because compilers do not unroll a loop of this length and twiddles have
/// to be constants.
#[inline(always)]
fn forward_butterflies<const SIZE: usize>(part: &mut [Packed; SIZE], twiddles: [u64; SIZE]) {
    match SIZE {
        8 => {
            forward_butterfly(part, 0, 4, twiddles[1]);
            forward_butterfly(part, 1, 5, twiddles[1]);
            forward_butterfly(part, 2, 6, twiddles[1]);
            forward_butterfly(part, 3, 7, twiddles[1]);
            forward_butterfly(part, 0, 2, twiddles[2]);
            forward_butterfly(part, 1, 3, twiddles[2]);
            forward_butterfly(part, 4, 6, twiddles[3]);
            forward_butterfly(part, 5, 7, twiddles[3]);
            forward_butterfly(part, 0, 1, twiddles[4]);
            forward_butterfly(part, 2, 3, twiddles[5]);
            forward_butterfly(part, 4, 5, twiddles[6]);
            forward_butterfly(part, 6, 7, twiddles[7]);
        }
        4 => {
            forward_butterfly(part, 0, 2, twiddles[1]);
            forward_butterfly(part, 1, 3, twiddles[1]);
            forward_butterfly(part, 0, 1, twiddles[2]);
            forward_butterfly(part, 2, 3, twiddles[3]);
        }
        2 => forward_butterfly(part, 0, 1, twiddles[1]),
        _ => {}
    }
}

#[inline(always)]
fn forward_butterfly(part: &mut [Packed], low: usize, high: usize, twiddle: u64) {
    let (a, product) = (part[low], part[high].mul_2exp_u64(twiddle % (ORDER_OF_TWO / 2)));
    (part[low], part[high]) =
        if is_negative(twiddle) { (a - product, a + product) } else { (a + product, a - product) };
}

/// Transforms values in bit-reversed order to coefficients in natural order, and scales them: the
/// inverse of [`forward_block`], up to a factor of the size.
fn backward(lines: &mut [Line], shifts: &[F], scales: &[Vec<F>]) {
    backward_rest(lines, scales);
    let store = |packed: Packed, line: usize| packed * shifts[line];
    match lines.len().ilog2() {
        0 => backward_pass::<1>(lines, const { twiddles(0, 0) }, store),
        1 => backward_pass::<2>(lines, const { twiddles(0, 0) }, store),
        2 => backward_pass::<4>(lines, const { twiddles(0, 0) }, store),
        _ => backward_pass::<8>(lines, const { twiddles(0, 0) }, store),
    }
}

/// The inverse of [`forward_rest`].
fn backward_rest(lines: &mut [Line], scales: &[Vec<F>]) {
    let log_len = lines.len().ilog2() as usize;
    if log_len <= PASS {
        return;
    }
    let mut blocks = scales[log_len].chunks_exact((lines.len() >> GROUP).max(1));
    for (number, part) in lines.chunks_exact_mut(1 << (log_len - PASS)).enumerate() {
        let inner = part.chunks_exact_mut((part.len() >> (GROUP - PASS)).max(1));
        inner.zip(&mut blocks).for_each(|(lines, shifts)| backward(lines, shifts, scales));
        match (log_len - PASS).min(GROUP - PASS) {
            1 => backward_part::<2>(part, number),
            2 => backward_part::<4>(part, number),
            _ => backward_part::<8>(part, number),
        }
    }
}

/// The inverse of [`forward_part`].
#[inline(never)]
fn backward_part<const SIZE: usize>(part: &mut [Line], number: usize) {
    let store = |packed: Packed, _: usize| packed;
    match number {
        0 => backward_pass::<SIZE>(part, const { twiddles(PASS, 0) }, store),
        1 => backward_pass::<SIZE>(part, const { twiddles(PASS, 1) }, store),
        2 => backward_pass::<SIZE>(part, const { twiddles(PASS, 2) }, store),
        3 => backward_pass::<SIZE>(part, const { twiddles(PASS, 3) }, store),
        4 => backward_pass::<SIZE>(part, const { twiddles(PASS, 4) }, store),
        5 => backward_pass::<SIZE>(part, const { twiddles(PASS, 5) }, store),
        6 => backward_pass::<SIZE>(part, const { twiddles(PASS, 6) }, store),
        _ => backward_pass::<SIZE>(part, const { twiddles(PASS, 7) }, store),
    }
}

/// The inverse of [`forward_pass`], up to a factor of `SIZE`.
#[inline(always)]
fn backward_pass<const SIZE: usize>(
    lines: &mut [Line],
    twiddles: [u64; SIZE],
    store: impl Fn(Packed, usize) -> Packed,
) {
    let stride = lines.len() / SIZE;
    for start in 0..stride {
        for pack in 0..lines[start].len() {
            let mut part: [Packed; SIZE] = std::array::from_fn(|i| lines[start + i * stride][pack]);
            backward_butterflies(&mut part, twiddles);
            for (i, packed) in part.into_iter().enumerate() {
                lines[start + i * stride][pack] = store(packed, start + i * stride);
            }
        }
    }
}

#[inline(always)]
fn backward_butterflies<const SIZE: usize>(part: &mut [Packed; SIZE], twiddles: [u64; SIZE]) {
    match SIZE {
        8 => {
            backward_butterfly(part, 0, 1, twiddles[4]);
            backward_butterfly(part, 2, 3, twiddles[5]);
            backward_butterfly(part, 4, 5, twiddles[6]);
            backward_butterfly(part, 6, 7, twiddles[7]);
            backward_butterfly(part, 0, 2, twiddles[2]);
            backward_butterfly(part, 1, 3, twiddles[2]);
            backward_butterfly(part, 4, 6, twiddles[3]);
            backward_butterfly(part, 5, 7, twiddles[3]);
            backward_butterfly(part, 0, 4, twiddles[1]);
            backward_butterfly(part, 1, 5, twiddles[1]);
            backward_butterfly(part, 2, 6, twiddles[1]);
            backward_butterfly(part, 3, 7, twiddles[1]);
        }
        4 => {
            backward_butterfly(part, 0, 1, twiddles[2]);
            backward_butterfly(part, 2, 3, twiddles[3]);
            backward_butterfly(part, 0, 2, twiddles[1]);
            backward_butterfly(part, 1, 3, twiddles[1]);
        }
        2 => backward_butterfly(part, 0, 1, twiddles[1]),
        _ => {}
    }
}

#[inline(always)]
fn backward_butterfly(part: &mut [Packed], low: usize, high: usize, twiddle: u64) {
    let (a, b, inverse) = (part[low], part[high], (ORDER_OF_TWO - twiddle) % ORDER_OF_TWO);
    let difference = if is_negative(inverse) { b - a } else { a - b };
    (part[low], part[high]) = (a + b, difference.mul_2exp_u64(inverse % (ORDER_OF_TWO / 2)));
}

/// Whether 2 to this power is minus a smaller power of 2.
const fn is_negative(exponent: u64) -> bool {
    exponent >= ORDER_OF_TWO / 2
}

/// The twiddles of a pass, as powers of 2. The twiddle of block `b` of the pass's layer `l` is
/// number `2^l + b`. The pass begins at layer `first` of the group, in block `block` of that layer.
const fn twiddles<const SIZE: usize>(first: usize, block: usize) -> [u64; SIZE] {
    let mut twiddles = [0; SIZE];
    let mut number = 1;
    while number < SIZE {
        let layer = number.ilog2();
        let (layer, block) = (first as u32 + layer, (block << layer) + number - (1 << layer));
        // The twiddle of block b of layer l is a power of the generator of order 2^(l+1). The
        // exponent is b with its l bits reversed.
        let reversed =
            if layer == 0 { 0 } else { (block as u64).reverse_bits() >> (u64::BITS - layer) };
        twiddles[number] = (LOG_ROOT * (reversed << (GROUP as u32 - 1 - layer))) % ORDER_OF_TWO;
        number += 1;
    }
    twiddles
}

#[cfg(test)]
mod tests {
    use p3_dft::{Radix2Dit, TwoAdicSubgroupDft};
    use p3_matrix::bitrev::BitReversibleMatrix;
    use rand::rngs::StdRng;
    use rand::{RngExt, SeedableRng};

    use super::*;

    fn cells(log_height: usize, width: usize) -> RowMajorMatrix<F> {
        let mut rng = StdRng::seed_from_u64(width as u64);
        RowMajorMatrix::new((0..width << log_height).map(|_| rng.random()).collect(), width)
    }

    /// The shapes have groups of every number of layers, one to three groups, and incomplete
    /// strips.
    const SHAPES: [(usize, usize); 15] = [
        (0, 1),
        (1, 3),
        (2, 8),
        (3, 9),
        (4, 17),
        (5, 2),
        (6, 1),
        (7, 3),
        (8, 1),
        (9, 2),
        (10, 1),
        (11, 1),
        (12, 1),
        (13, 1),
        (14, 1),
    ];

    #[test]
    fn powers_of_two_are_roots_of_unity() {
        assert_eq!(F::two_adic_generator(GROUP), F::TWO.exp_u64(LOG_ROOT));
        assert_eq!(F::TWO.exp_u64(ORDER_OF_TWO / 2), F::NEG_ONE);
    }

    #[test]
    fn extends_columns() {
        let none = Control::none();
        let dft = Dft::new(14, Buffers::default());
        for (log_height, width) in SHAPES {
            let (cells, shift) = (cells(log_height, width), F::GENERATOR.square());
            let expected = Radix2Dit::default().coset_lde_batch(cells.clone(), 2, shift);
            let values =
                dft.extend(Columns::Cells(&cells), 2, shift, &none).unwrap().to_row_major_matrix();
            assert!(
                values == expected.bit_reverse_rows().to_row_major_matrix(),
                "{width} columns of 2^{log_height} rows"
            );
        }
    }

    #[test]
    fn evaluates_coefficients() {
        let none = Control::none();
        let dft = Dft::new(14, Buffers::default());
        for (log_height, width) in SHAPES {
            let coefficients = cells(log_height, width);
            let mut padded = coefficients.clone();
            padded.values.resize(width << (log_height + 3), F::ZERO);
            let expected = Radix2Dit::default().coset_dft_batch(padded, F::GENERATOR);
            let expected = expected.bit_reverse_rows().to_row_major_matrix();
            let columns = Columns::Coefficients(&coefficients);
            let values = dft.extend(columns, 3, F::GENERATOR, &none).unwrap().to_row_major_matrix();
            assert!(values == expected, "{width} columns of 2^{log_height} rows");
            let coefficients = dft.coefficients(columns, &none).unwrap();
            let coset = |coset| {
                let values =
                    dft.evaluate_coset(&coefficients, 3, F::GENERATOR, coset, &none).unwrap();
                values.rows(0..1 << log_height)
            };
            let values: Vec<_> = (0..8).flat_map(coset).collect();
            assert!(values == expected.values, "{width} columns of 2^{log_height} rows, by cosets");
        }
    }

    #[test]
    fn evaluates_cosets() {
        const LOG_SMALL: usize = 3;
        let none = Control::none();
        let dft = Dft::new(14, Buffers::default());
        for (log_height, width) in
            SHAPES.into_iter().filter(|&(log_height, _)| log_height >= LOG_SMALL)
        {
            let coefficients = cells(log_height, width);
            let columns = Columns::Coefficients(&coefficients);
            let small_shifts = [F::GENERATOR, F::from_u64(1234)];
            let (values, small) = dft
                .evaluate_cosets(
                    columns,
                    2,
                    (F::GENERATOR, [3, 1]),
                    (&small_shifts, LOG_SMALL),
                    &none,
                )
                .unwrap();
            let apart = dft.coefficients(columns, &none).unwrap();
            for (values, coset) in values.iter().zip([3, 1]) {
                let expected = dft.evaluate_coset(&apart, 2, F::GENERATOR, coset, &none).unwrap();
                assert_eq!(values.to_row_major_matrix(), expected.to_row_major_matrix());
            }
            let root = F::two_adic_generator(LOG_SMALL);
            for row in 0..small_shifts.len() << LOG_SMALL {
                let power = reverse_bits_len(row % (1 << LOG_SMALL), LOG_SMALL);
                let point = small_shifts[row >> LOG_SMALL] * root.exp_u64(power as u64);
                let powers = point.powers().take(coefficients.height());
                let mut expected = F::zero_vec(width);
                for (cells, power) in coefficients.rows().zip(powers) {
                    expected.iter_mut().zip(cells).for_each(|(sum, cell)| *sum += cell * power);
                }
                assert_eq!(
                    small.rows([row]),
                    expected,
                    "row {row} of 2^{log_height}, {width} columns"
                );
            }
        }
    }
}
