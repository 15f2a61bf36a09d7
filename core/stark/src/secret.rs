//! Memory that is overwritten when it is no longer needed.
//!
//! It holds cells of the witness and values computed from them, whose types `zeroize` does not
//! know.

use std::ops::{Deref, DerefMut};

/// Overwrites the cells in a way that the compiler does not optimise away.
pub(crate) fn overwrite<T: Copy + Default>(cells: &mut [T]) {
    cells.fill(T::default());
    std::hint::black_box(cells);
}

/// A vector that is overwritten when it is dropped.
#[derive(Clone)]
pub struct Secret<T: Copy + Default>(Vec<T>);

impl<T: Copy + Default> From<Vec<T>> for Secret<T> {
    fn from(cells: Vec<T>) -> Self {
        Self(cells)
    }
}

impl<T: Copy + Default> Drop for Secret<T> {
    fn drop(&mut self) {
        overwrite(&mut self.0);
    }
}

impl<T: Copy + Default> Deref for Secret<T> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        &self.0
    }
}

impl<T: Copy + Default> DerefMut for Secret<T> {
    fn deref_mut(&mut self) -> &mut [T] {
        &mut self.0
    }
}

impl<T: Copy + Default> FromIterator<T> for Secret<T> {
    fn from_iter<I: IntoIterator<Item = T>>(cells: I) -> Self {
        Self(cells.into_iter().collect())
    }
}
