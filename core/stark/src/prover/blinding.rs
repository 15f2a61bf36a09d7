//! The prover's randomness: blinding rows, masks and salts.

use p3_field::PrimeCharacteristicRing;
use p3_matrix::dense::RowMajorMatrix;
use rand::rngs::StdRng;
use rand::{CryptoRng, Rng, RngExt, SeedableRng};
use zeroize::Zeroizing;

use super::backend::{QuotientBlinding, SecretRows, Tables};
use crate::air::Trace;
use crate::field::{EXTENSION_DEGREE, F};
use crate::hash::{SALT_BYTES, Salt};
use crate::key::VerifierKey;
use crate::mask::{self, Table};
use crate::secret::Secret;
use crate::shape::{LOOKUP, MAIN};

/// A generator for one proof, seeded by the operating system.
pub(super) fn system_rng() -> Result<StdRng, getrandom::Error> {
    let mut seed = Zeroizing::new([0; 32]);
    getrandom::fill(&mut *seed)?;
    Ok(StdRng::from_seed(*seed))
}

/// The salts of a tree's leaves. They are drawn twice from a seed: to hash all leaves, and to open
/// some of them. Keeping them would take as much memory as a level of the tree.
pub(super) struct Salts {
    seed: Zeroizing<[u8; 32]>,
    count: usize,
}

impl Salts {
    /// Draws one salt for each leaf.
    pub(super) fn draw(&self) -> Secret<Salt> {
        let mut salts = vec![[0; SALT_BYTES]; self.count];
        StdRng::from_seed(*self.seed).fill_bytes(salts.as_flattened_mut());
        salts.into()
    }
}

/// The uniform cells that a group sends.
type MaskCells = [F; EXTENSION_DEGREE];

impl VerifierKey {
    /// A salt for each leaf of a tree.
    pub(super) fn salts(&self, rng: &mut impl CryptoRng) -> Salts {
        let mut seed = Zeroizing::new([0; 32]);
        rng.fill_bytes(&mut *seed);
        Salts { seed, count: 1 << self.log_codeword() }
    }

    /// The rows of each group's main matrix: the tables' cells side by side, and uniform cells in
    /// the blinding rows.
    pub(super) fn main_rows<C>(
        &self,
        tables: &Tables<'_, C>,
        traces: &[Trace],
        rng: &mut impl CryptoRng,
    ) -> SecretRows {
        let shape = &self.shape;
        let masks: Vec<MaskCells> =
            shape.groups.iter().map(|_| std::array::from_fn(|_| rng.random())).collect();
        let groups = shape.groups.iter().zip(&self.domains).enumerate();
        let groups = groups
            .map(|(index, (group, domain))| {
                let width = group.widths[MAIN];
                let mut cells = F::zero_vec(group.height() * width);
                for &number in &group.tables {
                    let first = shape.tables[number].first_column;
                    let mut write = |row: usize, source: &[F]| {
                        cells[row * width + first..][..source.len()].copy_from_slice(source);
                    };
                    match &tables.0[number] {
                        Table::Chip(_) => {
                            (0..domain.active())
                                .for_each(|row| write(row, traces[number].row(row)));
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
            .collect();
        SecretRows(groups)
    }

    /// The blinding rows of each group's lookup matrix.
    pub(super) fn lookup_blinding(&self, rng: &mut impl CryptoRng) -> SecretRows {
        let rows = self.parameters.blinding_rows;
        let mut group = |width| {
            let cells = (0..rows * width).map(|_| rng.random()).collect();
            RowMajorMatrix::new(cells, width)
        };
        SecretRows(self.shape.groups.iter().map(|shape| group(shape.widths[LOOKUP])).collect())
    }

    /// The masks of the quotient and of FRI, and the blinding of the chunks.
    pub(super) fn quotient_blinding(&self, rng: &mut impl CryptoRng) -> QuotientBlinding {
        let (height, chunks) = (self.shape.groups[0].height(), self.shape.chunks);
        let mut coefficients = |count| (0..count).map(|_| rng.random()).collect();
        QuotientBlinding {
            mask: coefficients(height),
            chunks: (1..chunks).map(|_| coefficients(self.parameters.chunk_blinding())).collect(),
            fri_mask: coefficients(height),
        }
    }
}
