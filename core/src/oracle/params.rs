//! The parameters of the proof system, one set a suite, in one place.

use crate::suite::Suite;

/// Parameters of FRI and of grinding, in the terms of `docs/soundness.md`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Parameters {
    /// Logarithm of the inverse rate.
    pub log_blowup: usize,
    /// Number of FRI queries.
    pub queries: usize,
    /// Logarithm of the largest folding factor.
    pub max_log_arity: usize,
    /// Logarithm of the final polynomial's length.
    pub log_final_poly_len: usize,
    /// Logarithm of the number of digests in a Merkle cap.
    pub cap_height: usize,
    /// Bits of grinding before the lookup challenges.
    pub lookup_grinding_bits: usize,
    /// Bits of grinding before the out-of-domain point.
    pub ood_grinding_bits: usize,
    /// Bits of grinding before the batching challenge.
    pub batch_grinding_bits: usize,
    /// Bits of grinding before each folding challenge.
    pub folding_grinding_bits: usize,
    /// Bits of grinding before the queries.
    pub query_grinding_bits: usize,
}

impl Parameters {
    /// The parameters of a suite, the same for both of its proofs.
    pub const fn of(suite: Suite) -> Self {
        match suite {
            Suite::Direct => Self {
                log_blowup: 3,
                queries: 60,
                max_log_arity: 3,
                log_final_poly_len: 5,
                cap_height: 0,
                lookup_grinding_bits: 8,
                ood_grinding_bits: 8,
                batch_grinding_bits: 16,
                folding_grinding_bits: 16,
                query_grinding_bits: 18,
            },
        }
    }
}
