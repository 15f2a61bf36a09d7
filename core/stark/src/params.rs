//! The parameters of the proof system.

use crate::hash::HashFunction;

/// Parameters of hashing, FRI, blinding and grinding, in the terms of `docs/proof-system.md` and
/// `docs/zero-knowledge.md`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Parameters {
    /// The hash function of the trees and the transcript.
    pub hash: HashFunction,
    /// Binary logarithm of the inverse rate, at least 2.
    pub log_blowup: usize,
    /// Number of FRI queries.
    pub queries: usize,
    /// Binary logarithm of the largest folding factor.
    pub max_log_arity: usize,
    /// Binary logarithm of the final polynomial's length.
    pub log_final_poly_len: usize,
    /// Number of uniformly random rows at the end of every table, at most
    /// [`RESERVED_ROWS`](crate::air::RESERVED_ROWS).
    pub blinding_rows: usize,
    /// Bits of grinding before the lookup challenges.
    pub lookup_grinding_bits: usize,
    /// Bits of grinding before the out-of-domain point.
    pub ood_grinding_bits: usize,
    /// Bits of grinding before the batching challenges.
    pub batch_grinding_bits: usize,
    /// Bits of grinding before the folding challenges of each layer.
    pub folding_grinding_bits: usize,
    /// Bits of grinding before the queries.
    pub query_grinding_bits: usize,
}

impl Parameters {
    /// All fields in order, as a verifier key hashes them.
    pub(crate) fn fields(&self) -> [usize; 11] {
        // The pattern has no `..`, so that the compiler reports a new field that is left out.
        let Self {
            hash,
            log_blowup,
            queries,
            max_log_arity,
            log_final_poly_len,
            blinding_rows,
            lookup_grinding_bits,
            ood_grinding_bits,
            batch_grinding_bits,
            folding_grinding_bits,
            query_grinding_bits,
        } = *self;
        [
            hash.id(),
            log_blowup,
            queries,
            max_log_arity,
            log_final_poly_len,
            blinding_rows,
            lookup_grinding_bits,
            ood_grinding_bits,
            batch_grinding_bits,
            folding_grinding_bits,
            query_grinding_bits,
        ]
    }

    /// Number of random coefficients at the top of each quotient chunk: one for each query and one
    /// for the out-of-domain point.
    pub(crate) const fn chunk_blinding(&self) -> usize {
        self.queries + 1
    }

    /// Number of coefficients of the final polynomial if polynomials have `2^log_height`
    /// coefficients.
    pub fn final_polynomial_len(&self, log_height: usize) -> usize {
        1 << (log_height - self.folding(log_height).iter().sum::<usize>())
    }

    /// The binary logarithms of the factors by which FRI folds, for polynomials of `2^log_height`
    /// coefficients.
    pub fn folding(&self, log_height: usize) -> Vec<usize> {
        let mut left = log_height.saturating_sub(self.log_final_poly_len);
        let mut arities = Vec::new();
        while left > 0 {
            arities.push(left.min(self.max_log_arity));
            left -= arities[arities.len() - 1];
        }
        arities
    }
}
