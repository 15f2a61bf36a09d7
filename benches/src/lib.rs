//! What is measured: documents with requests, and the statements and witnesses of their two proofs.

mod case;
mod statements;

pub use case::Case;
pub use statements::Statements;
