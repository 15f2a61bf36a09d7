//! Code that tests of whole keys and proofs share, in this crate and in the crates that state
//! chips. Only builds for tests contain it.
//!
//! The modules form three groups:
//!
//! * Tables to be proven, and ways to prove them: `tiny` and `squares` are tables, `seam` proves
//!   with exposed internals, and `script` records and forces challenges.
//! * Provers and devices that break the rules: `dishonest`, `layout` and `faulty`.
//! * Checks of backends and keys: `differential`, `edges`, `hiding` and `program`.

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

/// The value to which a leaf of a layer of FRI folds, once with each challenge. `place` is the
/// leaf's index in a codeword on the coset of `shift` and order `2^log_size`.
pub fn fold_leaf(
    values: Vec<EF>,
    place: usize,
    log_size: usize,
    shift: F,
    challenges: &[EF],
) -> EF {
    crate::fri::fold_leaf(values, place, log_size, shift, challenges)
}
