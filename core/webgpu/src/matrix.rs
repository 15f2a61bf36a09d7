//! Elements in the device's format, and matrices of columns on the device.

use bytemuck::{Pod, Zeroable};
use p3_field::{BasedVectorSpace, PrimeCharacteristicRing, PrimeField64};
use velum_stark::field::{EF, EXTENSION_DEGREE, F};
use zeroize::Zeroize;

use crate::device::Gpu;
use crate::memory::{Buffer, ELEMENT};

/// An element as its canonical number, low word first.
pub(crate) type Words = [u32; 2];

pub(crate) fn words(element: F) -> Words {
    let number = element.as_canonical_u64();
    [number as u32, (number >> 32) as u32]
}

pub(crate) fn words_x(element: EF) -> [u32; 4] {
    let coefficients: &[F] = element.as_basis_coefficients_slice();
    let [[a, b], [c, d]] = [coefficients[0], coefficients[1]].map(words);
    [a, b, c, d]
}

/// Elements that the device wrote.
pub(crate) fn elements(bytes: &[u8]) -> Vec<F> {
    let (words, _) = bytes.as_chunks::<{ ELEMENT as usize }>();
    words.iter().map(|&bytes| F::from_u64(u64::from_le_bytes(bytes))).collect()
}

/// Elements of the extension field that the device wrote.
pub(crate) fn elements_x(bytes: &[u8]) -> Vec<EF> {
    let elements = elements(bytes);
    let (pairs, _) = elements.as_chunks::<EXTENSION_DEGREE>();
    pairs.iter().map(|&pair| EF::from_basis_coefficients_fn(|i| pair[i])).collect()
}

impl Gpu {
    /// Writes elements to a buffer. `first` is the number of the first element in the buffer.
    pub(crate) fn write(&self, buffer: &Buffer, first: u64, elements: &[F]) {
        let mut numbers: Vec<u64> = elements.iter().map(PrimeField64::as_canonical_u64).collect();
        self.upload(buffer, first * ELEMENT, bytemuck::cast_slice(&numbers));
        numbers.zeroize();
    }

    /// Writes elements of the extension field, coefficient by coefficient.
    pub(crate) fn write_x(&self, buffer: &Buffer, first: u64, elements: &[EF]) {
        let mut numbers: Vec<u32> = elements.iter().flat_map(|&element| words_x(element)).collect();
        self.upload(buffer, first * ELEMENT, bytemuck::cast_slice(&numbers));
        numbers.zeroize();
    }

    /// A buffer of elements that are not secret.
    pub(crate) fn public(&self, elements: &[F]) -> Buffer {
        let buffer = self.0.pool.public(elements.len() as u64);
        self.write(&buffer, 0, elements);
        buffer
    }

    /// A buffer of numbers that are not secret.
    pub(crate) fn public_numbers<T: Pod>(&self, numbers: &[T]) -> Buffer {
        let bytes: &[u8] = bytemuck::cast_slice(numbers);
        let buffer = self.0.pool.public((bytes.len() as u64).div_ceil(ELEMENT));
        self.upload(&buffer, 0, bytes);
        buffer
    }
}

/// The positions of cells. The cell of a coset, a column and a row has the number
/// `offset + coset * self.coset + column * self.column + row * self.row` in its buffer.
#[repr(C)]
#[derive(Clone, Copy, Pod, Zeroable)]
pub(crate) struct Place {
    pub(crate) offset: u32,
    pub(crate) coset: u32,
    pub(crate) column: u32,
    pub(crate) row: u32,
}

/// Columns of a group on its evaluation domain, with rows in bit-reversed order. Each buffer has
/// some consecutive cosets, and its columns are concatenated.
pub(crate) struct Extended {
    pub(crate) chunks: Vec<Buffer>,
    pub(crate) width: usize,
    pub(crate) log_height: usize,
    /// Number of cosets in a buffer.
    pub(crate) cosets: usize,
}

impl Extended {
    /// Allocates columns on `2^log_blowup` cosets.
    pub(crate) fn new(gpu: &Gpu, width: usize, log_height: usize, log_blowup: usize) -> Self {
        let coset = (width as u64) << log_height;
        let mut cosets = 1_usize << log_blowup;
        while cosets > 1 && coset * cosets as u64 * ELEMENT > gpu.0.adapter.max_binding {
            cosets /= 2;
        }
        let chunks = 0..(1 << log_blowup) / cosets;
        let chunks = chunks.map(|_| gpu.0.pool.secret(coset * cosets as u64)).collect();
        Self { chunks, width, log_height, cosets }
    }

    /// Number of rows in a buffer.
    pub(crate) fn rows(&self) -> usize {
        self.cosets << self.log_height
    }

    /// The buffer of a coset, and the positions of the coset's rows in it.
    pub(crate) fn coset(&self, coset: usize) -> (&Buffer, Place) {
        let (chunk, within) = (coset / self.cosets, coset % self.cosets);
        let place = Place {
            offset: (within << self.log_height) as u32,
            coset: 1 << self.log_height,
            column: self.rows() as u32,
            row: 1,
        };
        (&self.chunks[chunk], place)
    }
}
