//! The prover's randomness: blinding rows, masks and salts.

use p3_field::{BasedVectorSpace, Field, PrimeCharacteristicRing};
use p3_matrix::dense::RowMajorMatrix;
use rand::rngs::StdRng;
use rand::{CryptoRng, RngExt, SeedableRng};
use zeroize::Zeroizing;

use super::ProvingKey;
use crate::air::Trace;
use crate::field::{EF, EXTENSION_DEGREE, F};
use crate::hash::{SALT_BYTES, Salt};
use crate::mask::{self, Table};
use crate::secret::Secret;
use crate::shape::{MAIN, QUOTIENT};

/// A generator seeded by the operating system for one proof.
pub(super) fn system_rng() -> Result<StdRng, getrandom::Error> {
    let mut seed = Zeroizing::new([0; 32]);
    getrandom::fill(&mut *seed)?;
    Ok(StdRng::from_seed(*seed))
}

/// The uniform cells that a group sends.
type MaskCells = [F; EXTENSION_DEGREE];

impl ProvingKey {
    /// A salt for each leaf of a tree.
    pub(super) fn salts(&self, rng: &mut impl CryptoRng) -> Vec<Salt> {
        let mut salts = vec![[0; SALT_BYTES]; 1 << self.verifier.log_codeword()];
        rng.fill_bytes(salts.as_flattened_mut());
        salts
    }

    /// The rows of each group's main matrix: the tables' cells side by side, and uniform ones in the blinding rows.
    pub(super) fn main_rows<C>(
        &self,
        tables: &[Table<'_, C>],
        traces: &[Trace],
        rng: &mut impl CryptoRng,
    ) -> Vec<RowMajorMatrix<F>> {
        let shape = &self.verifier.shape;
        let masks: Vec<MaskCells> =
            shape.groups.iter().map(|_| std::array::from_fn(|_| rng.random())).collect();
        let groups = shape.groups.iter().zip(&self.verifier.domains).enumerate();
        groups
            .map(|(index, (group, domain))| {
                let width = group.widths[MAIN];
                let mut cells = F::zero_vec(group.height() * width);
                for &number in &group.tables {
                    let first = shape.tables[number].first_column;
                    let mut write = |row: usize, source: &[F]| {
                        cells[row * width + first..][..source.len()].copy_from_slice(source);
                    };
                    match &tables[number] {
                        Table::Chip(_) => {
                            (0..domain.active()).for_each(|row| write(row, traces[number].row(row)));
                        }
                        Table::Mask(_) => {
                            write(mask::SENT, &masks[index]);
                            if index > 0 {
                                write(mask::RECEIVED, &masks[index - 1]);
                            }
                        }
                    }
                }
                cells[domain.active() * width..].fill_with(|| rng.random());
                RowMajorMatrix::new(cells, width)
            })
            .collect()
    }

    /// The columns of the quotient tree, a row for each power, and the quotient's mask: adds the mask to the quotient and splits it
    /// into blinded chunks.
    ///
    /// Chunk `i` gets `X^M t_i - t_(i-1)` for uniform `t_i`, which cancel when the chunks are put together again.
    pub(super) fn blinded_quotient(
        &self,
        quotient: &mut [EF],
        rng: &mut impl CryptoRng,
    ) -> (RowMajorMatrix<F>, Secret<EF>) {
        let shape = &self.verifier.shape;
        let (height, width) = (shape.groups[0].height(), shape.groups[0].widths[QUOTIENT] / EXTENSION_DEGREE);
        let mask: Secret<EF> = (0..height).map(|_| rng.random()).collect();
        // The mask is opened at its own point: what the quotient gets is mask(c X).
        quotient
            .iter_mut()
            .zip(&*mask)
            .zip(F::GENERATOR.powers())
            .for_each(|((q, &m), power)| *q += m * power);

        let blinding = self.verifier.parameters.chunk_blinding();
        let mut columns = Secret::from(vec![EF::ZERO; height * width]);
        let mut carried = Secret::from(vec![EF::ZERO; blinding]);
        for chunk in 0..shape.chunks {
            let coefficients = quotient.chunks(shape.chunk_len).nth(chunk).unwrap_or_default();
            for (power, &coefficient) in coefficients.iter().enumerate() {
                columns[power * width + chunk] = coefficient;
            }
            for (power, carried) in carried.iter_mut().enumerate() {
                columns[power * width + chunk] -= *carried;
                if chunk + 1 < shape.chunks {
                    *carried = rng.random();
                    columns[(shape.chunk_len + power) * width + chunk] += *carried;
                }
            }
        }
        for (row, &mask) in columns.chunks_exact_mut(width).zip(&*mask) {
            row[shape.chunks] = mask;
            // The mask of FRI.
            row[shape.chunks + 1..].fill_with(|| rng.random());
        }
        // Room for all, so that no part is left behind where the vector grew.
        let mut cells = Vec::with_capacity(columns.len() * EXTENSION_DEGREE);
        columns.iter().for_each(|value| cells.extend_from_slice(value.as_basis_coefficients_slice()));
        (RowMajorMatrix::new(cells, width * EXTENSION_DEGREE), mask)
    }
}
