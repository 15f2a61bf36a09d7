//! A table's committed cells.

use p3_field::PrimeCharacteristicRing;

use crate::field::F;
use crate::secret::overwrite;

/// The committed cells of one table, row by row.
///
/// Reads and writes panic outside the table. Traces are built by this crate's users from checked
/// witnesses, never from untrusted sizes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trace {
    width: usize,
    cells: Vec<F>,
}

impl Trace {
    /// A table of `height` rows and `width` columns, all zero.
    pub fn zeroed(height: usize, width: usize) -> Self {
        Self { width, cells: vec![F::ZERO; height * width] }
    }

    /// Number of columns.
    pub fn width(&self) -> usize {
        self.width
    }

    /// Number of rows.
    pub fn height(&self) -> usize {
        self.cells.len().checked_div(self.width).unwrap_or(0)
    }

    /// The cells of one row.
    pub fn row(&self, row: usize) -> &[F] {
        &self.cells[row * self.width..(row + 1) * self.width]
    }

    /// The cells of one row, for writing.
    pub fn row_mut(&mut self, row: usize) -> &mut [F] {
        &mut self.cells[row * self.width..(row + 1) * self.width]
    }

    /// One cell.
    pub fn get(&self, row: usize, column: usize) -> F {
        self.row(row)[column]
    }

    /// Writes one cell.
    pub fn set(&mut self, row: usize, column: usize, value: F) {
        self.row_mut(row)[column] = value;
    }

    /// Writes one cell from a number below `p`.
    pub fn set_u64(&mut self, row: usize, column: usize, value: u64) {
        self.set(row, column, F::from_u64(value));
    }
}

/// The cells hold secrets, so they are overwritten.
impl Drop for Trace {
    fn drop(&mut self) {
        overwrite(&mut self.cells);
    }
}
