//! FRI (eprint 2020/654) on one codeword: shows that it is close to a polynomial of low degree.
//!
//! A codeword holds the values of a polynomial over the extension field on a coset of a subgroup of order `2^n`, in bit-reversed
//! order: values at `x` and `-x` stand side by side, and the first `2^m` values are those on a coset of order `2^m`. Folding once
//! turns `f(X) = a(X^2) + X b(X^2)` into `a + beta b`; a layer folds several times, each time with a challenge of its own.
//! A leaf of a layer's tree is all the values that fold into one.

use p3_field::{BasedVectorSpace, Field, PrimeCharacteristicRing, TwoAdicField};
use p3_util::reverse_bits_len;

use crate::field::{EF, F};
use crate::hash::{ProofHash, Transcript};
use crate::merkle;
use crate::params::Parameters;
use crate::proof::Reader;
use crate::verify::{Check, VerifyError};

/// The point of entry `index` of a codeword on the coset of `shift` and order `2^log_size`.
pub(crate) fn point(shift: F, log_size: usize, index: usize) -> F {
    shift * F::two_adic_generator(log_size).exp_u64(reverse_bits_len(index, log_size) as u64)
}

/// Folds the values at `x` and `-x`.
fn fold_pair(at_x: EF, at_minus_x: EF, inverse_x: F, beta: EF) -> EF {
    (at_x + at_minus_x + beta * (at_x - at_minus_x) * inverse_x).halve()
}

/// The committed layers, as the verifier reads them.
pub(crate) struct Layers<H: ProofHash> {
    roots: Vec<H::Digest>,
    /// One for each fold of a layer.
    betas: Vec<Vec<EF>>,
    arities: Vec<usize>,
    final_polynomial: Vec<EF>,
    log_size: usize,
    shift: F,
}

impl<H: ProofHash> Layers<H> {
    /// Reads what the prover committed to, for polynomials of `2^log_height` coefficients.
    pub(crate) fn read(
        parameters: &Parameters,
        log_height: usize,
        shift: F,
        proof: &mut Reader<'_>,
        transcript: &mut H::Transcript,
    ) -> Result<Self, VerifyError> {
        let arities = parameters.folding(log_height);
        let (mut roots, mut betas) = (Vec::new(), Vec::new());
        for &arity in &arities {
            let root = proof.digest::<H>()?;
            transcript.absorb_digest(&root);
            Check::Grinding
                .holds(transcript.check_grinding(parameters.folding_grinding_bits, proof.nonce()?))?;
            roots.push(root);
            betas.push(challenges::<H>(arity, transcript));
        }
        let final_log_len = log_height - arities.iter().sum::<usize>();
        let final_polynomial = proof.extensions(1 << final_log_len)?;
        transcript.absorb(&final_polynomial);
        Ok(Self {
            roots,
            betas,
            arities,
            final_polynomial,
            log_size: log_height + parameters.log_blowup,
            shift,
        })
    }

    /// Checks that the codeword with these values at these indices, which are sorted and distinct, folds to the final polynomial.
    pub(crate) fn check(
        &self,
        mut values: Vec<(usize, EF)>,
        proof: &mut Reader<'_>,
    ) -> Result<(), VerifyError> {
        let (mut log_size, mut shift) = (self.log_size, self.shift);
        for ((root, betas), &arity) in self.roots.iter().zip(&self.betas).zip(&self.arities) {
            let (leaves, rows) = read_leaves(&values, arity, proof)?;
            let computed = merkle::root::<H, _>(
                log_size - arity,
                &leaves,
                |height, _| Ok((height == log_size - arity).then(|| hash_leaves::<H>(&rows))),
                || proof.digest::<H>(),
            )?;
            Check::Folding.holds(computed == *root)?;
            values = leaves
                .into_iter()
                .zip(rows)
                .map(|(leaf, row)| (leaf, fold_leaf(row, leaf, log_size, shift, betas)))
                .collect();
            log_size -= arity;
            shift = shift.exp_power_of_2(arity);
        }
        for (index, value) in values {
            let x = point(shift, log_size, index);
            let expected = self.final_polynomial.iter().rfold(EF::ZERO, |sum, &c| sum * x + c);
            Check::FinalPolynomial.holds(expected == value)?;
        }
        Ok(())
    }
}

/// The leaves above these values and their rows: what the values do not tell is read.
fn read_leaves(
    values: &[(usize, EF)],
    arity: usize,
    proof: &mut Reader<'_>,
) -> Result<(Vec<usize>, Vec<Vec<EF>>), VerifyError> {
    let (mut leaves, mut rows) = (Vec::new(), Vec::new());
    for known in values.chunk_by(|(a, _), (b, _)| a >> arity == b >> arity) {
        let leaf = known[0].0 >> arity;
        let mut row = Vec::with_capacity(1 << arity);
        for index in leaf << arity..(leaf + 1) << arity {
            row.push(match known.binary_search_by_key(&index, |&(index, _)| index) {
                Ok(at) => known[at].1,
                Err(_) => proof.extension()?,
            });
        }
        leaves.push(leaf);
        rows.push(row);
    }
    Ok((leaves, rows))
}

fn hash_leaves<H: ProofHash>(rows: &[Vec<EF>]) -> Vec<H::Digest> {
    let elements: Vec<F> =
        rows.iter().flatten().flat_map(|value| value.as_basis_coefficients_slice()).copied().collect();
    H::leaves(&elements, elements.len() / rows.len(), None)
}

fn challenges<H: ProofHash>(count: usize, transcript: &mut H::Transcript) -> Vec<EF> {
    (0..count).map(|_| transcript.challenge()).collect()
}

fn fold_leaf(mut row: Vec<EF>, leaf: usize, log_size: usize, shift: F, betas: &[EF]) -> EF {
    let (mut first, mut log_size, mut shift) = (leaf * row.len(), log_size, shift);
    for &beta in betas {
        row = row
            .chunks_exact(2)
            .zip((first..).step_by(2))
            .map(|(pair, index)| fold_pair(pair[0], pair[1], point(shift, log_size, index).inverse(), beta))
            .collect();
        (first, log_size, shift) = (first / 2, log_size - 1, shift.square());
    }
    row[0]
}

#[cfg(feature = "prover")]
pub(crate) use prover::Folded;

#[cfg(feature = "prover")]
mod prover {
    use p3_dft::{Radix2DitParallel, TwoAdicSubgroupDft};
    use p3_matrix::dense::RowMajorMatrix;
    use p3_util::reverse_slice_index_bits;

    use super::*;
    use crate::control::{Cancelled, Control, Stage};
    use crate::field::EXTENSION_DEGREE;
    use crate::key::VerifierKey;
    use crate::merkle::MerkleTree;
    use crate::proof::Writer;

    /// A codeword folded down to its final polynomial, with all that was committed to.
    pub(crate) struct Folded<H: ProofHash> {
        layers: Vec<Layer<H>>,
    }

    struct Layer<H: ProofHash> {
        arity: usize,
        codeword: Vec<EF>,
        tree: MerkleTree<H>,
    }

    impl<H: ProofHash> Folded<H> {
        /// Folds a codeword and writes what the verifier reads with [`Layers::read`].
        pub(crate) fn new(
            key: &VerifierKey,
            codeword: Vec<EF>,
            proof: &mut Writer,
            transcript: &mut H::Transcript,
            control: &Control<'_>,
        ) -> Result<Self, Cancelled> {
            let parameters = &key.parameters;
            let (mut codeword, mut shift, mut layers) = (codeword, F::GENERATOR, Vec::new());
            let arities = parameters.folding(key.shape.log_height());
            for (layer, &arity) in arities.iter().enumerate() {
                let done = layer as f64 / arities.len() as f64;
                control.begin(Stage::Folding, done)?;
                let elements: Vec<F> =
                    codeword.iter().flat_map(|value| value.as_basis_coefficients_slice()).copied().collect();
                let matrix = RowMajorMatrix::new(elements, EXTENSION_DEGREE << arity);
                let tree = MerkleTree::<H>::new(&[&matrix], None);
                proof.digests::<H>(&[tree.root()]);
                transcript.absorb_digest(&tree.root());
                control.begin(Stage::Grinding, done)?;
                proof.nonce(transcript.grind(parameters.folding_grinding_bits));
                control.begin(Stage::Folding, done)?;
                let mut folded = codeword.clone();
                for beta in challenges::<H>(arity, transcript) {
                    folded = fold(&folded, shift, beta);
                    shift = shift.square();
                }
                layers.push(Layer { arity, codeword, tree });
                codeword = folded;
            }
            let polynomial = interpolate(codeword, shift, parameters.log_blowup);
            proof.extensions(&polynomial);
            transcript.absorb(&polynomial);
            Ok(Self { layers })
        }

        /// Opens the codeword at these indices, which are sorted and distinct.
        pub(crate) fn open(&self, indices: &[usize], proof: &mut Writer) {
            let mut indices = indices.to_vec();
            for Layer { arity, codeword, tree } in &self.layers {
                let mut leaves: Vec<_> = indices.iter().map(|index| index >> arity).collect();
                leaves.dedup();
                for leaf in &leaves {
                    let unknown = (leaf << arity..(leaf + 1) << arity)
                        .filter(|index| indices.binary_search(index).is_err());
                    unknown.for_each(|index| proof.extensions(&[codeword[index]]));
                }
                proof.digests::<H>(&tree.siblings(&leaves));
                indices = leaves;
            }
        }
    }

    fn fold(codeword: &[EF], shift: F, beta: EF) -> Vec<EF> {
        let log_size = codeword.len().ilog2() as usize;
        let generator = F::two_adic_generator(log_size).inverse();
        let mut inverses: Vec<_> =
            generator.shifted_powers(shift.inverse()).take(codeword.len() / 2).collect();
        reverse_slice_index_bits(&mut inverses);
        let pairs = codeword.chunks_exact(2).zip(inverses);
        pairs.map(|(pair, inverse)| fold_pair(pair[0], pair[1], inverse, beta)).collect()
    }

    /// The coefficients of the polynomial with this codeword.
    fn interpolate(mut codeword: Vec<EF>, shift: F, log_blowup: usize) -> Vec<EF> {
        reverse_slice_index_bits(&mut codeword);
        let mut polynomial = Radix2DitParallel::<F>::default().coset_idft_algebra(codeword, shift);
        polynomial.truncate(polynomial.len() >> log_blowup);
        polynomial
    }
}
