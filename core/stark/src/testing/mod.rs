//! What tests of whole keys and proofs share, in this crate and in those that state chips. No other build has it.

pub mod differential;
pub mod dishonest;
pub mod faulty;
pub mod hiding;
pub mod layout;
pub(crate) mod linear;
pub mod program;
pub mod script;
pub mod tiny;

pub use crate::prover::seam;
