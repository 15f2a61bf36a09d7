//! The parameters of the proof system, in one place.

use crate::suite::Suite;
use crate::transcript::ProofKind;

/// Blinding rows for the out-of-domain points: the column that is opened at most of them, 16, shows two base elements at each.
const POINT_ROWS: usize = 32;

/// Parameters of FRI, blinding and grinding, in the terms of `docs/proof-system.md` and `docs/zero-knowledge.md`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Parameters {
    /// Logarithm of the inverse rate, at least 2.
    pub log_blowup: usize,
    /// Number of FRI queries.
    pub queries: usize,
    /// Logarithm of the largest folding factor.
    pub max_log_arity: usize,
    /// Logarithm of the final polynomial's length.
    pub log_final_poly_len: usize,
    /// Uniform rows at the end of every table, at most [`RESERVED_ROWS`](crate::air::RESERVED_ROWS).
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
    /// The parameters of a suite's proofs.
    ///
    /// `docs/decisions/0004-tradeoffs.md` has what others cost. A permutation of Poseidon2 costs as much as dozens of BLAKE3 blocks, so
    /// where trees are made of it grinding is little and queries are many.
    pub const fn of(suite: Suite, kind: ProofKind) -> Self {
        let parameters = match (suite, kind) {
            (Suite::Direct, ProofKind::Credential) => Self {
                log_blowup: 3,
                queries: 60,
                log_final_poly_len: 9,
                batch_grinding_bits: 17,
                folding_grinding_bits: 15,
                query_grinding_bits: 18,
                ..Self::COMMON
            },
            (Suite::Direct, ProofKind::Presentation) => Self {
                log_blowup: 3,
                queries: 60,
                log_final_poly_len: 8,
                batch_grinding_bits: 16,
                folding_grinding_bits: 15,
                query_grinding_bits: 18,
                ..Self::COMMON
            },
            #[cfg(feature = "aggregatable")]
            (Suite::Aggregatable, _) => Self {
                log_blowup: 3,
                queries: 70,
                batch_grinding_bits: 12,
                folding_grinding_bits: 10,
                query_grinding_bits: 12,
                ..Self::COMMON
            },
        };
        Self { blinding_rows: parameters.queries + POINT_ROWS, ..parameters }
    }

    /// What all proofs have in common.
    const COMMON: Self = Self {
        log_blowup: 0,
        queries: 0,
        max_log_arity: 3,
        log_final_poly_len: 5,
        blinding_rows: 0,
        lookup_grinding_bits: 8,
        ood_grinding_bits: 8,
        batch_grinding_bits: 0,
        folding_grinding_bits: 0,
        query_grinding_bits: 0,
    };

    /// Every field in order, as a verifier key hashes them.
    pub(super) fn fields(&self) -> [usize; 10] {
        // Taken apart without `..`, so that a new field cannot be left out.
        let Self {
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

    /// Random coefficients at the top of each quotient chunk: one for each query and one for the out-of-domain point.
    pub(super) const fn chunk_blinding(&self) -> usize {
        self.queries + 1
    }

    /// The logarithms of the factors that FRI folds by, for polynomials of `2^log_height` coefficients.
    pub(super) fn folding(&self, log_height: usize) -> Vec<usize> {
        let mut left = log_height.saturating_sub(self.log_final_poly_len);
        let mut arities = Vec::new();
        while left > 0 {
            arities.push(left.min(self.max_log_arity));
            left -= arities[arities.len() - 1];
        }
        arities
    }
}
