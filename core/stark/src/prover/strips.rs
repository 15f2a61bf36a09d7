//! Matrices stored in strips of columns, each as wide as a cache line.
//!
//! Code that runs down columns, such as transforms and openings, finds its data side by side. Code
//! that runs along rows, such as hashing, reads whole cache lines.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use p3_field::{PackedFieldPow2, PackedValue, PrimeCharacteristicRing};
use p3_matrix::Matrix;
use p3_matrix::dense::RowMajorMatrix;

use super::packed::{LINE_ELEMENTS, Packed, first_aligned};
use super::wide::{LANES, Wide};
use crate::field::F;
use crate::hash::Rows;
use crate::secret::overwrite;

/// Number of columns of a strip.
pub(super) const STRIP: usize = LINE_ELEMENTS;

/// Number of packed elements in a line.
const LINE_PACKS: usize = STRIP / Packed::WIDTH;

/// The cells of one row that belong to one strip.
pub(super) type Line = [Packed; LINE_PACKS];

/// Memory for matrices that one proof leaves to the next. Allocating it again from the operating
/// system would cost as much as filling it.
///
/// The contents that proofs leave are secret. They are overwritten at once, which costs 3 % of a
/// proof's time.
#[derive(Clone)]
pub(super) struct Buffers(Option<Arc<Mutex<Vec<Vec<F>>>>>);

impl Default for Buffers {
    fn default() -> Self {
        Self(Some(Arc::default()))
    }
}

impl Buffers {
    /// Frees memory at once. Meant for matrices that are not secret and stay allocated.
    pub(super) fn none() -> Self {
        Self(None)
    }

    /// Frees the buffers that are not in use.
    pub(super) fn free(&self) {
        if let Some(mut free) = self.free_ones() {
            free.clear();
        }
    }

    /// The shortest free buffer of at least this length, or a new one. Its contents are arbitrary.
    fn take(&self, length: usize) -> Vec<F> {
        let fitting = self.free_ones().and_then(|mut free| {
            let fits = (0..free.len()).filter(|&index| free[index].len() >= length);
            let index = fits.min_by_key(|&index| free[index].len())?;
            Some(free.swap_remove(index))
        });
        fitting.unwrap_or_else(|| F::zero_vec(length))
    }

    fn give_back(&self, mut buffer: Vec<F>) {
        if let Some(mut free) = self.free_ones() {
            overwrite(&mut buffer);
            free.push(buffer);
        }
    }

    fn free_ones(&self) -> Option<MutexGuard<'_, Vec<Vec<F>>>> {
        self.0.as_ref().map(|free| free.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// A matrix of `width` columns. The additional columns of the last strip are zero.
pub(crate) struct Strips {
    width: usize,
    height: usize,
    /// The strips one after the other, each from the first row to the last. They begin at index
    /// `start`.
    values: Vec<F>,
    start: usize,
    buffers: Buffers,
}

impl Drop for Strips {
    fn drop(&mut self) {
        self.buffers.give_back(std::mem::take(&mut self.values));
    }
}

impl Strips {
    /// A matrix whose cells must still be written, including the additional cells of the last
    /// strip.
    pub(super) fn unwritten(width: usize, height: usize, buffers: &Buffers) -> Self {
        let values = buffers.take((strips(width) * height + 1) * STRIP);
        Self { width, height, start: first_aligned(&values), values, buffers: buffers.clone() }
    }

    /// A matrix with its rows in the given order.
    pub(super) fn gather(
        matrix: &RowMajorMatrix<F>,
        buffers: &Buffers,
        row: impl Fn(usize) -> usize,
    ) -> Self {
        let mut gathered = Self::unwritten(matrix.width, matrix.height(), buffers);
        let height = gathered.height;
        for (strip, lines) in gathered.lines_mut().chunks_exact_mut(height.max(1)).enumerate() {
            gather_strip(matrix, strip, lines, &row);
        }
        gathered
    }

    pub(super) fn height(&self) -> usize {
        self.height
    }

    pub(super) fn columns(&self) -> usize {
        self.width
    }

    /// The lines of all strips.
    pub(super) fn lines(&self) -> &[Line] {
        let cells = &self.values[self.start..][..strips(self.width) * self.height * STRIP];
        Packed::pack_slice(cells).as_chunks().0
    }

    /// The lines of all strips.
    pub(super) fn lines_mut(&mut self) -> &mut [Line] {
        let cells = &mut self.values[self.start..][..strips(self.width) * self.height * STRIP];
        Packed::pack_slice_mut(cells).as_chunks_mut().0
    }

    pub(super) fn strip(&self, strip: usize) -> &[Line] {
        &self.lines()[strip * self.height..][..self.height]
    }

    pub(super) fn cell(&self, row: usize, column: usize) -> F {
        self.cells(row, column..column + 1)[0]
    }

    /// Cells of one row that lie in one strip.
    #[inline(always)]
    fn cells(&self, row: usize, columns: Range<usize>) -> &[F] {
        let strip = columns.start / STRIP;
        let line = &self.values[self.start + (strip * self.height + row) * STRIP..][..STRIP];
        &line[columns.start - strip * STRIP..columns.end - strip * STRIP]
    }

    /// Passes the cells of each column of a strip at some rows, one row for each lane. The
    /// arguments are the column, the number of the pack, and the pack.
    #[inline(always)]
    pub(super) fn each_column(
        &self,
        strip: usize,
        rows: &[usize; LANES],
        mut to: impl FnMut(usize, usize, Packed),
    ) {
        let lines = self.strip(strip);
        for (pack, rows) in rows.chunks_exact(Packed::WIDTH).enumerate() {
            (0..LINE_PACKS).for_each(|first| {
                let mut square: [_; Packed::WIDTH] =
                    std::array::from_fn(|row| lines[rows[row]][first]);
                transpose(&mut square);
                for (column, cells) in square.into_iter().enumerate() {
                    to(first * Packed::WIDTH + column, pack, cells);
                }
            });
        }
    }

    /// The cells of the rows, concatenated.
    pub(super) fn rows(&self, rows: impl IntoIterator<Item = usize>) -> Vec<F> {
        let mut cells = Vec::new();
        for row in rows {
            self.read(row, 0..self.width, |part| cells.extend_from_slice(part));
        }
        cells
    }

    #[cfg(test)]
    pub(super) fn to_row_major_matrix(&self) -> RowMajorMatrix<F> {
        RowMajorMatrix::new(self.rows(0..self.height), self.width)
    }
}

/// Writes a strip of a matrix with its rows in the given order.
pub(super) fn gather_strip(
    matrix: &RowMajorMatrix<F>,
    strip: usize,
    lines: &mut [Line],
    row: impl Fn(usize) -> usize,
) {
    let columns = strip * STRIP..matrix.width.min((strip + 1) * STRIP);
    let mut cells = [F::ZERO; STRIP];
    for (to, line) in lines.iter_mut().enumerate() {
        cells[..columns.len()]
            .copy_from_slice(&matrix.values[row(to) * matrix.width..][columns.clone()]);
        for (packed, cells) in line.iter_mut().zip(cells.chunks_exact(Packed::WIDTH)) {
            packed.as_slice_mut().copy_from_slice(cells);
        }
    }
}

#[inline(always)]
fn transpose(square: &mut [Packed; Packed::WIDTH]) {
    let mut block = 1;
    while block < square.len() {
        for i in (0..square.len()).filter(|i| i & block == 0) {
            (square[i], square[i | block]) = square[i].interleave(square[i | block], block);
        }
        block *= 2;
    }
}

/// Cells of a matrix that are read together, strip by strip.
pub(super) struct Reads {
    /// The strips that are read, by row offset.
    offsets: Vec<(i32, Vec<StripReads>)>,
    cells: usize,
}

struct StripReads {
    strip: usize,
    /// For each of the strip's columns, the place of its cells in the result.
    places: [Option<usize>; STRIP],
}

impl Reads {
    /// Prepares to read these cells, given by column and row offset, in their order.
    pub(super) fn new(cells: impl IntoIterator<Item = (usize, i32)>) -> Self {
        let mut offsets: BTreeMap<i32, BTreeMap<usize, [_; STRIP]>> = BTreeMap::new();
        let mut count = 0;
        for (column, offset) in cells {
            let strips = offsets.entry(offset).or_default();
            let places = strips.entry(column / STRIP).or_insert([None; STRIP]);
            let before = places[column % STRIP].replace(count);
            debug_assert_eq!(before, None, "a cell is read once");
            count += 1;
        }
        let strip = |(strip, places)| StripReads { strip, places };
        let offset = |(offset, strips): (_, BTreeMap<_, _>)| {
            (offset, strips.into_iter().map(strip).collect())
        };
        Self { offsets: offsets.into_iter().map(offset).collect(), cells: count }
    }

    /// The cells on the rows that `rows` returns for each offset from the current rows.
    pub(super) fn read(&self, matrix: &Strips, rows: impl Fn(i32) -> [usize; LANES]) -> Vec<Wide> {
        let mut cells = vec![Wide::ZERO; self.cells];
        for (offset, strips) in &self.offsets {
            let rows = rows(*offset);
            for StripReads { strip, places } in strips {
                matrix.each_column(*strip, &rows, |column, pack, packed| {
                    if let Some(to) = places[column] {
                        cells[to].0[pack] = packed;
                    }
                });
            }
        }
        cells
    }
}

/// Number of strips of a matrix of `width` columns.
pub(super) fn strips(width: usize) -> usize {
    width.div_ceil(STRIP)
}

impl Rows for Strips {
    fn width(&self) -> usize {
        self.width
    }

    fn count(&self) -> usize {
        self.height
    }

    #[inline]
    fn read(&self, row: usize, columns: Range<usize>, mut to: impl FnMut(&[F])) {
        let mut next = columns.start;
        while next < columns.end {
            let end = (next + STRIP - next % STRIP).min(columns.end);
            to(self.cells(row, next..end));
            next = end;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_proof_leaves_is_overwritten() {
        let buffers = Buffers::default();
        let cells = RowMajorMatrix::new(vec![F::TWO; 64 * 3], 3);
        drop(Strips::gather(&cells, &buffers, |row| row));
        let left = buffers.take(64 * 3);
        assert!(left.len() >= 64 * STRIP && left.iter().all(|cell| *cell == F::ZERO));
    }

    #[test]
    fn what_a_proof_leaves_can_be_freed() {
        let buffers = Buffers::default();
        drop(Strips::unwritten(3, 64, &buffers));
        assert_eq!(buffers.free_ones().unwrap().len(), 1);
        buffers.free();
        assert!(buffers.free_ones().unwrap().is_empty());
        assert!(Buffers::none().free_ones().is_none());
    }
}
