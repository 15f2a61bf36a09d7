//! ISO 18013-5 documents, requests and presentations for the Velum prover.
//!
//! Untrusted input never panics here: every reader is bounded by [`limits`] and ends in an [`Error`] that says what,
//! where and what to do.

mod date;
mod error;
pub mod limits;
pub mod x509;

pub use date::{Date, InvalidDate, Timestamp};
pub use error::{Code, Error};
