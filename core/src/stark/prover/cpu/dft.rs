//! Low-degree extension: columns from the subgroup of a table's rows to cosets of it.
//!
//! A matrix is transformed strip by strip: a strip stays in the second-level cache while all layers run over it. The layers are those of the recursion `f mod (X^2m - r^2)` to `f mod (X^m - r)` and `f mod (X^m + r)`: the
//! twiddle belongs to the block alone, so evaluating on a coset costs no multiplication more than on the subgroup. Coefficients go in in
//! natural order, values come out in bit-reversed order, and bit-reversed evaluations on `B` cosets of `N` points, one behind the
//! other, are those on the domain of `B N` points.

use p3_field::{Field, PackedValue, PrimeCharacteristicRing, TwoAdicField};
use p3_matrix::Matrix;
use p3_matrix::dense::RowMajorMatrix;
use p3_maybe_rayon::prelude::*;
use p3_util::reverse_bits_len;

use super::Packed;
use crate::field::F;
use crate::stark::hash::Rows;
use crate::stark::prover::strips::{Buffers, Line, Strips};

/// Layers that lines pass through together, for which they are read and written once: as many as the registers hold lines for.
const LAYERS: usize = if Packed::WIDTH < 8 { 2 } else { 3 };

/// Lines that do.
const LINES: usize = 1 << LAYERS;

/// Roots of unity for transforms of up to some size.
pub(super) struct Dft {
    /// `roots[b]` is the generator of order `2^(l+1)` to the power of `b`, its `l` bits reversed, for all `l` that `b` fits.
    roots: Vec<F>,
    inverse_roots: Vec<F>,
    pub(super) buffers: Buffers,
}

impl Dft {
    /// For tables of up to `2^log_height` rows.
    pub(super) fn new(log_height: usize) -> Self {
        let log_roots = log_height.saturating_sub(1);
        let generator = F::two_adic_generator(log_height);
        let roots = |generator: F| {
            let natural: Vec<_> = generator.powers().take(1 << log_roots).collect();
            (0..natural.len()).map(|index| natural[reverse_bits_len(index, log_roots)]).collect()
        };
        Self {
            roots: roots(generator),
            inverse_roots: roots(generator.inverse()),
            buffers: Buffers::default(),
        }
    }

    /// Columns given by their cells, on the coset `shift * H` of `2^log_blowup` times as many points, in bit-reversed order.
    pub(super) fn extend(&self, cells: &RowMajorMatrix<F>, log_blowup: usize, shift: F) -> Strips {
        self.extend_to(cells, log_blowup, shift, |_| true)
    }

    /// The same on some of the cosets of as many points as there are rows; the others' rows are not written.
    pub(super) fn extend_to(
        &self,
        cells: &RowMajorMatrix<F>,
        log_blowup: usize,
        shift: F,
        wanted: impl Fn(usize) -> bool + Sync,
    ) -> Strips {
        let height = cells.height();
        let log_height = height.ilog2() as usize;
        let mut coefficients = Strips::gather(cells, &self.buffers, |row| reverse_bits_len(row, log_height));
        let twiddles = self.inverse_twiddles(log_height);
        let scale = F::from_usize(height).inverse();
        coefficients.lines_mut().par_chunks_exact_mut(height).for_each(|lines| {
            backward(lines, &twiddles);
            lines.iter_mut().for_each(|line| *line = times(*line, scale));
        });
        self.evaluate_strips(&coefficients, log_blowup, shift, wanted)
    }

    /// The same of columns given by their coefficients, a row for each power.
    pub(super) fn evaluate(&self, coefficients: &RowMajorMatrix<F>, log_blowup: usize, shift: F) -> Strips {
        self.evaluate_strips(
            &Strips::gather(coefficients, &self.buffers, |row| row),
            log_blowup,
            shift,
            |_| true,
        )
    }

    fn evaluate_strips(
        &self,
        coefficients: &Strips,
        log_blowup: usize,
        shift: F,
        wanted: impl Fn(usize) -> bool + Sync,
    ) -> Strips {
        let height = coefficients.height();
        let log_height = height.ilog2() as usize;
        let generator = F::two_adic_generator(log_height + log_blowup);
        let twiddles = |coset| {
            let power = generator.exp_u64(reverse_bits_len(coset, log_blowup) as u64);
            self.twiddles(log_height, shift * power)
        };
        let twiddles: Vec<_> = (0..1 << log_blowup).map(twiddles).collect();
        let mut values = Strips::unwritten(coefficients.width(), height << log_blowup, &self.buffers);
        values.lines_mut().par_chunks_exact_mut(height).enumerate().for_each(|(number, lines)| {
            let (strip, coset) = (number >> log_blowup, number % (1 << log_blowup));
            if wanted(coset) {
                forward(coefficients.strip(strip), lines, &twiddles[coset]);
            }
        });
        values
    }

    /// The twiddles of a transform on a coset: that of block `b` of layer `l`, of `2^l` blocks, is number `2^l + b`.
    fn twiddles(&self, log_height: usize, shift: F) -> Vec<F> {
        let layer = |layer: usize| {
            let factor = shift.exp_power_of_2(log_height - 1 - layer);
            self.roots[..1 << layer].iter().map(move |&root| root * factor)
        };
        std::iter::once(F::ZERO).chain((0..log_height).flat_map(layer)).collect()
    }

    /// Inverses of the twiddles of a transform on the subgroup itself.
    fn inverse_twiddles(&self, log_height: usize) -> Vec<F> {
        let layers = (0..log_height).flat_map(|layer| &self.inverse_roots[..1 << layer]);
        std::iter::once(F::ZERO).chain(layers.copied()).collect()
    }
}

#[inline(always)]
fn times(line: Line, factor: F) -> Line {
    line.map(|packed| packed * factor)
}

#[inline(always)]
fn sum(a: Line, b: Line) -> Line {
    std::array::from_fn(|i| a[i] + b[i])
}

#[inline(always)]
fn difference(a: Line, b: Line) -> Line {
    std::array::from_fn(|i| a[i] - b[i])
}

/// Coefficients in natural order to values in bit-reversed order, from one place to another.
fn forward(from: &[Line], to: &mut [Line], twiddles: &[F]) {
    let first = match from.len().ilog2() as usize % LAYERS {
        _ if from.len() == 1 => {
            to.copy_from_slice(from);
            return;
        }
        0 => forward_from::<LINES>(from, to, twiddles),
        1 => forward_from::<2>(from, to, twiddles),
        _ => forward_from::<4>(from, to, twiddles),
    };
    // One block after the other through all layers, so that it stays in the first cache.
    let block_len = from.len() >> first;
    for (block, lines) in to.chunks_exact_mut(block_len).enumerate() {
        let mut done = 0;
        while 1 << done < block_len {
            for (part, lines) in lines.chunks_exact_mut(block_len >> done).enumerate() {
                forward_block::<LINES>(
                    lines,
                    &block_twiddles(twiddles, first + done, (block << done) + part),
                );
            }
            done += LAYERS;
        }
    }
}

/// The first layers, of one block. Returns how many.
fn forward_from<const SIZE: usize>(from: &[Line], to: &mut [Line], twiddles: &[F]) -> usize {
    let twiddles = block_twiddles::<SIZE>(twiddles, 0, 0);
    let stride = from.len() / SIZE;
    for start in 0..stride {
        let mut part = std::array::from_fn(|i| from[start + i * stride]);
        forward_part(&mut part, &twiddles);
        part.into_iter().enumerate().for_each(|(i, line)| to[start + i * stride] = line);
    }
    SIZE.ilog2() as usize
}

/// Some layers of one block.
fn forward_block<const SIZE: usize>(lines: &mut [Line], twiddles: &[F; SIZE]) {
    let stride = lines.len() / SIZE;
    for start in 0..stride {
        let mut part = std::array::from_fn(|i| lines[start + i * stride]);
        forward_part(&mut part, twiddles);
        part.into_iter().enumerate().for_each(|(i, line)| lines[start + i * stride] = line);
    }
}

/// As many layers as lines have, which the processor's registers hold.
#[inline(always)]
fn forward_part<const SIZE: usize>(part: &mut [Line; SIZE], twiddles: &[F; SIZE]) {
    let (mut half, mut blocks) = (SIZE / 2, 1);
    while half > 0 {
        for block in 0..blocks {
            for low in 2 * half * block..2 * half * block + half {
                let (high, product) = (low + half, times(part[low + half], twiddles[blocks + block]));
                (part[low], part[high]) = (sum(part[low], product), difference(part[low], product));
            }
        }
        (half, blocks) = (half / 2, blocks * 2);
    }
}

/// Values in bit-reversed order to coefficients in natural order, but for a factor of the height, given inverse twiddles.
fn backward(lines: &mut [Line], twiddles: &[F]) {
    let mut layer = lines.len().ilog2() as usize;
    while layer >= LAYERS {
        layer -= LAYERS;
        backward_layers::<LINES>(lines, twiddles, layer);
    }
    match layer {
        0 => {}
        1 => backward_layers::<2>(lines, twiddles, 0),
        _ => backward_layers::<4>(lines, twiddles, 0),
    }
}

/// The layers from `first` on that `SIZE` lines pass through together, undone.
fn backward_layers<const SIZE: usize>(lines: &mut [Line], twiddles: &[F], first: usize) {
    let block_len = lines.len() >> first;
    for (block, lines) in lines.chunks_exact_mut(block_len).enumerate() {
        let twiddles = block_twiddles::<SIZE>(twiddles, first, block);
        let stride = block_len / SIZE;
        for start in 0..stride {
            let mut part = std::array::from_fn(|i| lines[start + i * stride]);
            backward_part(&mut part, &twiddles);
            part.into_iter().enumerate().for_each(|(i, line)| lines[start + i * stride] = line);
        }
    }
}

/// As many layers as lines have, undone.
#[inline(always)]
fn backward_part<const SIZE: usize>(part: &mut [Line; SIZE], twiddles: &[F; SIZE]) {
    let (mut half, mut blocks) = (1, SIZE / 2);
    while blocks > 0 {
        for block in 0..blocks {
            for low in 2 * half * block..2 * half * block + half {
                let (high, by) = (low + half, twiddles[blocks + block]);
                let halves = (part[low], part[high]);
                (part[low], part[high]) =
                    (sum(halves.0, halves.1), times(difference(halves.0, halves.1), by));
            }
        }
        (half, blocks) = (half * 2, blocks / 2);
    }
}

/// The twiddles within one block of layer `first`, numbered like those of a whole transform of `SIZE` lines.
fn block_twiddles<const SIZE: usize>(twiddles: &[F], first: usize, block: usize) -> [F; SIZE] {
    std::array::from_fn(|number| match number {
        0 => F::ZERO,
        _ => {
            let layer = number.ilog2() as usize;
            twiddles[(1 << (first + layer)) + (block << layer) + number - (1 << layer)]
        }
    })
}

#[cfg(test)]
mod tests {
    use p3_dft::{NaiveDft, TwoAdicSubgroupDft};
    use p3_matrix::bitrev::BitReversibleMatrix;
    use rand::rngs::StdRng;
    use rand::{RngExt, SeedableRng};

    use super::*;

    fn cells(log_height: usize, width: usize) -> RowMajorMatrix<F> {
        let mut rng = StdRng::seed_from_u64(width as u64);
        RowMajorMatrix::new((0..width << log_height).map(|_| rng.random()).collect(), width)
    }

    /// Every remainder of layers by three, and strips that are not whole.
    const SHAPES: [(usize, usize); 6] = [(0, 1), (1, 3), (2, 8), (3, 9), (4, 17), (5, 2)];

    #[test]
    fn extends_columns() {
        let dft = Dft::new(5);
        for (log_height, width) in SHAPES {
            let (cells, shift) = (cells(log_height, width), F::GENERATOR.square());
            let expected = NaiveDft.coset_lde_batch(cells.clone(), 2, shift);
            let values = dft.extend(&cells, 2, shift).to_row_major_matrix();
            assert_eq!(values, expected.bit_reverse_rows().to_row_major_matrix());
        }
    }

    #[test]
    fn evaluates_coefficients() {
        let dft = Dft::new(5);
        for (log_height, width) in SHAPES {
            let coefficients = cells(log_height, width);
            let mut padded = coefficients.clone();
            padded.values.resize(width << (log_height + 3), F::ZERO);
            let expected = NaiveDft.coset_dft_batch(padded, F::GENERATOR);
            let values = dft.evaluate(&coefficients, 3, F::GENERATOR).to_row_major_matrix();
            assert_eq!(values, expected.bit_reverse_rows().to_row_major_matrix());
        }
    }
}
