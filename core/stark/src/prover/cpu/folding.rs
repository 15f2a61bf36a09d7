//! Folds the batch and keeps the layers that the folding produces.

use p3_dft::TwoAdicSubgroupDft;
use p3_field::{BasedVectorSpace, Field, PrimeCharacteristicRing, TwoAdicField};
use p3_matrix::dense::RowMajorMatrix;
use p3_util::reverse_slice_index_bits;

use super::CpuKey;
use crate::field::{EF, EXTENSION_DEGREE, F};
use crate::fri::fold_pair;
use crate::hash::Digest;
use crate::merkle::Tree;
use crate::prover::backend::{LayerQuery, OpenedLayer};

/// A codeword on its way to the final polynomial. It is masked and therefore not secret.
pub struct Batch {
    /// The codeword as it is folded so far.
    pub(in crate::prover) codeword: Vec<EF>,
    /// The shift of its domain.
    shift: F,
    layers: Vec<Layer>,
}

/// A codeword that was committed to.
struct Layer {
    codeword: Vec<EF>,
    tree: Tree,
}

impl Batch {
    pub(in crate::prover) fn new(codeword: Vec<EF>) -> Self {
        Self { codeword, shift: F::GENERATOR, layers: Vec::new() }
    }

    pub(super) fn fold(&mut self, challenges: &[EF]) {
        for &challenge in challenges {
            self.codeword = fold(&self.codeword, self.shift, challenge);
            self.shift = self.shift.square();
        }
    }

    pub(super) fn open(&self, layer: usize, query: &LayerQuery) -> OpenedLayer {
        let Layer { codeword, tree } = &self.layers[layer];
        OpenedLayer {
            values: query.entries.iter().map(|&entry| codeword[entry]).collect(),
            nodes: tree.nodes(&query.nodes),
        }
    }
}

impl CpuKey {
    pub(super) fn commit_to_layer(&self, batch: &mut Batch, log_arity: usize) -> Digest {
        let elements = EF::flatten_to_base(batch.codeword.clone());
        let matrix = RowMajorMatrix::new(elements, EXTENSION_DEGREE << log_arity);
        let Ok(tree) = Tree::new(self.verifier.parameters.hash, &[&matrix], None);
        let root = tree.root();
        batch.layers.push(Layer { codeword: EF::reconstitute_from_base(matrix.values), tree });
        root
    }

    /// The coefficients of the polynomial that the codeword represents.
    pub(super) fn interpolate(&self, batch: &Batch) -> Vec<EF> {
        let mut codeword = batch.codeword.clone();
        reverse_slice_index_bits(&mut codeword);
        let mut polynomial = self.small_dft.coset_idft_algebra(codeword, batch.shift);
        polynomial.truncate(polynomial.len() >> self.verifier.parameters.log_blowup);
        polynomial
    }
}

fn fold(codeword: &[EF], shift: F, challenge: EF) -> Vec<EF> {
    let log_size = codeword.len().ilog2() as usize;
    let generator = F::two_adic_generator(log_size).inverse();
    let mut inverses: Vec<_> =
        generator.shifted_powers(shift.inverse()).take(codeword.len() / 2).collect();
    reverse_slice_index_bits(&mut inverses);
    let pairs = codeword.chunks_exact(2).zip(inverses);
    pairs.map(|(pair, inverse)| fold_pair(pair[0], pair[1], inverse, challenge)).collect()
}
