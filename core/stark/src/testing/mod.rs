//! What tests of whole keys and proofs share, in this crate and in those that state chips. No other build has it.

pub mod differential;
pub mod faulty;
pub mod hiding;
pub(crate) mod linear;
pub mod program;
