//! FRI (ECCC TR17-134) on one codeword: shows that the codeword is close to a polynomial of low
//! degree.
//!
//! This module has the verifier's part, and the fold of a pair, which the prover uses as well. It
//! knows nothing of the columns from which the codeword is computed.
//!
//! A codeword holds the values of a polynomial over the extension field on a coset of a subgroup of
//! order `2^n`, in bit-reversed order. The values at `x` and `-x` are adjacent, and the first `2^m`
//! values are the values on a coset of order `2^m`. One fold turns `f(X) = a(X^2) + X b(X^2)` into
//! `a + beta b`. A layer folds several times, each time with its own challenge. A leaf of a layer's
//! tree consists of all values that fold into one value.
//!
//! The picture shows a leaf of a layer that folds twice, and then the way of the verifier from the
//! queried entries to the final polynomial, for layers that fold `k` times.
//!
//! ```text
//! entry    4j       4j+1       4j+2      4j+3     leaf j of 2^(n-2), hashed as one row
//! point    x        -x         wx        -wx      w^2 = -1
//!            \      /            \       /        fold_pair with the layer's first challenge
//! entry         2j                 2j+1           of 2^(n-1)
//! point         x^2                -x^2
//!                 \               /               fold_pair with the layer's second challenge
//! entry                   j                       of 2^(n-2): the codeword of the next layer
//! point                  x^4
//!
//! (index, value) of the queried entries of the codeword
//!   |
//!   |  for each layer, with the opened entries that are not known yet:
//!   |    leaves        (index >> k, the 2^k values of the leaf)
//!   |    merkle::root  over 2^(n-k) leaves, equal to the layer's root
//!   |    fold_leaf     (index >> k, the folded value)
//!   v
//! value = final_polynomial at the entry's point
//! ```

use p3_field::{BasedVectorSpace, Field, PrimeCharacteristicRing, TwoAdicField};
use p3_util::reverse_bits_len;

use crate::error::{Check, VerifyError};
use crate::field::{EF, F};
use crate::hash::ProofHash;
use crate::merkle;
use crate::proof::{LayerCommitment, LayerOpening};

/// The point of entry `index` of a codeword on the coset of `shift` and order `2^log_size`.
pub(crate) fn point(shift: F, log_size: usize, index: usize) -> F {
    shift * F::two_adic_generator(log_size).exp_u64(reverse_bits_len(index, log_size) as u64)
}

/// Folds the values at `x` and `-x`.
pub(crate) fn fold_pair(at_x: EF, at_minus_x: EF, inverse_x: F, beta: EF) -> EF {
    (at_x + at_minus_x + beta * (at_x - at_minus_x) * inverse_x).halve()
}

/// The commitments to a codeword and its layers, and the challenges of its folding.
pub(crate) struct Layers<'a, H: ProofHash> {
    pub(crate) commitments: &'a [LayerCommitment<H>],
    pub(crate) final_polynomial: &'a [EF],
    /// For each layer, one challenge for each fold.
    pub(crate) challenges: &'a [Vec<EF>],
    /// Binary logarithm of the codeword's size. Its domain is shifted by `shift`.
    pub(crate) log_size: usize,
    pub(crate) shift: F,
}

impl<H: ProofHash> Layers<'_, H> {
    /// Checks that the codeword with these values at these indices folds to the final polynomial.
    /// The indices are sorted and distinct.
    pub(crate) fn check(
        &self,
        mut values: Vec<(usize, EF)>,
        openings: &[LayerOpening<H>],
    ) -> Result<(), VerifyError> {
        let (mut log_size, mut shift) = (self.log_size, self.shift);
        for ((layer, betas), opening) in self.commitments.iter().zip(self.challenges).zip(openings)
        {
            let arity = betas.len();
            let (leaves, rows) = leaves(&values, arity, &opening.values)?;
            let mut siblings = opening.siblings.iter();
            let computed = merkle::root::<H, _>(
                log_size - arity,
                &leaves,
                |height, _| Ok((height == log_size - arity).then(|| hash_leaves::<H>(&rows))),
                || siblings.next().copied().ok_or(VerifyError::TooShort),
            )?;
            Check::Folding.holds(computed == layer.root)?;
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

/// The indices and the rows of leaves.
pub(crate) type Leaves = (Vec<usize>, Vec<Vec<EF>>);

/// The leaves that contain these values, and their rows. `others` has the values that `values` does
/// not, in order.
pub(crate) fn leaves(
    values: &[(usize, EF)],
    arity: usize,
    others: &[EF],
) -> Result<Leaves, VerifyError> {
    let (mut leaves, mut rows, mut others) = (Vec::new(), Vec::new(), others.iter());
    for known in values.chunk_by(|(a, _), (b, _)| a >> arity == b >> arity) {
        let leaf = known[0].0 >> arity;
        let mut row = Vec::with_capacity(1 << arity);
        for index in leaf << arity..(leaf + 1) << arity {
            row.push(match known.binary_search_by_key(&index, |&(index, _)| index) {
                Ok(at) => known[at].1,
                Err(_) => *others.next().ok_or(VerifyError::TooShort)?,
            });
        }
        leaves.push(leaf);
        rows.push(row);
    }
    Ok((leaves, rows))
}

pub(crate) fn hash_leaves<H: ProofHash>(rows: &[Vec<EF>]) -> Vec<H::Digest> {
    let elements: Vec<F> = rows
        .iter()
        .flatten()
        .flat_map(|value| value.as_basis_coefficients_slice())
        .copied()
        .collect();
    H::leaves(&elements, elements.len() / rows.len(), None)
}

/// Folds a leaf to one value, once with each challenge.
pub(crate) fn fold_leaf(
    mut row: Vec<EF>,
    leaf: usize,
    log_size: usize,
    shift: F,
    betas: &[EF],
) -> EF {
    let (mut first, mut log_size, mut shift) = (leaf * row.len(), log_size, shift);
    for &beta in betas {
        row = row
            .chunks_exact(2)
            .zip((first..).step_by(2))
            .map(|(pair, index)| {
                fold_pair(pair[0], pair[1], point(shift, log_size, index).inverse(), beta)
            })
            .collect();
        (first, log_size, shift) = (first / 2, log_size - 1, shift.square());
    }
    row[0]
}
