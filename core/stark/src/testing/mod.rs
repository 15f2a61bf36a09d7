//! What tests of whole keys and proofs share, in this crate and in those that state chips. No other build has it.

pub mod differential;
pub mod dishonest;
pub mod edges;
pub mod faulty;
pub mod hiding;
pub mod layout;
pub(crate) mod linear;
pub mod program;
pub mod script;
pub mod squares;
pub mod tiny;

pub use crate::prover::seam;

use crate::field::{EF, F};

/// What a leaf of a layer of FRI folds to, once with each challenge: the leaf of this place of a codeword on the coset of `shift` and order `2^log_size`.
pub fn fold_leaf(
    values: Vec<EF>,
    place: usize,
    log_size: usize,
    shift: F,
    challenges: &[EF],
) -> EF {
    crate::fri::fold_leaf(values, place, log_size, shift, challenges)
}
