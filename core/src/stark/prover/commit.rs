//! Low-degree extensions and their trees.

use p3_dft::TwoAdicSubgroupDft;
use p3_field::PrimeCharacteristicRing;
use p3_matrix::Matrix;
use p3_matrix::bitrev::BitReversibleMatrix;
use p3_matrix::dense::RowMajorMatrix;
use rand::Rng;
use rand::rngs::StdRng;

use super::ProvingKey;
use crate::field::F;
use crate::stark::hash::{SALT_BYTES, Salt, SuiteHash, Transcript};
use crate::stark::merkle::MerkleTree;
use crate::stark::proof::Writer;

/// One tree with what it commits to.
pub(super) struct Committed<H: SuiteHash> {
    /// Each group's columns on its evaluation domain, rows in bit-reversed order.
    pub(super) evaluations: Vec<RowMajorMatrix<F>>,
    salts: Vec<Salt>,
    tree: MerkleTree<H>,
}

impl<H: SuiteHash> Committed<H> {
    /// Commits to columns given by their cells.
    pub(super) fn of_rows(key: &ProvingKey, rows: &[RowMajorMatrix<F>], rng: &mut StdRng) -> Self {
        let log_blowup = key.verifier.parameters.log_blowup;
        let extend = |(group, rows): (usize, &RowMajorMatrix<F>)| {
            let extended = key.dft.coset_lde_batch(rows.clone(), log_blowup, key.verifier.shift(group));
            extended.bit_reverse_rows().to_row_major_matrix()
        };
        Self::new(rows.iter().enumerate().map(extend).collect(), rng)
    }

    /// Commits to columns given by their coefficients, a row for each power.
    pub(super) fn of_coefficients(
        key: &ProvingKey,
        columns: Vec<RowMajorMatrix<F>>,
        rng: &mut StdRng,
    ) -> Self {
        let log_blowup = key.verifier.parameters.log_blowup;
        let extend = |(group, mut columns): (usize, RowMajorMatrix<F>)| {
            columns.values.resize(columns.values.len() << log_blowup, F::ZERO);
            let extended = key.dft.coset_dft_batch(columns, key.verifier.shift(group));
            extended.bit_reverse_rows().to_row_major_matrix()
        };
        Self::new(columns.into_iter().enumerate().map(extend).collect(), rng)
    }

    fn new(evaluations: Vec<RowMajorMatrix<F>>, rng: &mut StdRng) -> Self {
        let mut salts = vec![[0; SALT_BYTES]; evaluations[0].height()];
        rng.fill_bytes(salts.as_flattened_mut());
        let tree = MerkleTree::new(&evaluations.iter().collect::<Vec<_>>(), Some(&salts));
        Self { evaluations, salts, tree }
    }

    /// Sends the commitment.
    pub(super) fn publish(&self, proof: &mut Writer, transcript: &mut H::Transcript) {
        let root = self.tree.root();
        proof.digests::<H>(&[root]);
        transcript.absorb_digest(&root);
    }

    /// Opens rows of the tallest group, and in `at` those of each group.
    pub(super) fn open(&self, indices: &[usize], at: impl Iterator<Item = Vec<usize>>, proof: &mut Writer) {
        for (group, (matrix, at)) in self.evaluations.iter().zip(at).enumerate() {
            for row in at {
                proof.elements(&matrix.values[row * matrix.width..(row + 1) * matrix.width]);
                if group == 0 {
                    proof.salt(&self.salts[row]);
                }
            }
        }
        proof.digests::<H>(&self.tree.siblings(indices));
    }
}
