//! The two proofs: their tables, and how a statement is proven and verified.
//!
//! A [`Verifier`] belongs to one suite and size class. A [`Prover`] belongs to one of the two
//! proofs as well. Creating either of them computes what does not depend on the statement, so keep
//! it for reuse.
//!
//! The rules of the tables are in `crate::chips`. Apart from tests, only `crate::statement_hash`
//! and `crate::testing` depend on this module.
//!
//! The picture shows the way from a suite and a size class to keys, and from a statement to a proof
//! and its verification.
//!
//! ```text
//! Suite, SizeClass
//!   |  key_chips: the chips of an example statement
//!   |  verifier_key: parameters of the suite, pinned hash
//!   v
//! VerifierKey of each proof -------------------+
//!   |                                          |
//!   |  the key of one proof, on a Backend      |  both keys
//!   v                                          v
//! Prover<S>                                  Verifier
//!   |  <- statement, witness                   |  <- statement, proof
//!   |                                          |  suite and class must be its own
//!   |  Provable::chips, traces, bound          |  credential_chips or presentation_chips
//!   v                                          |  bound
//! ProvingKey::prove_async                      v
//! VerifierKey::verify, ProveError::False     VerifierKey::verify --> Ok(()) or VerifyError
//!   |                                          ^
//!   |                                          |
//!   +--> proof: Vec<u8> -----------------------+
//! ```
//!
//! The submodules, in reading order:
//!
//! * `credential` and `presentation` list the tables of each proof and fill them;
//! * `keys` has the verifier keys and their pinned hashes;
//! * `prover` and `verifier` make and check proofs;
//! * `security` sums the proven soundness of both proofs;
//! * `error` has the errors of statements and witnesses that do not fit.

pub(crate) mod credential;
mod error;
mod keys;
mod presentation;
#[cfg(feature = "prover")]
mod prover;
mod security;
mod verifier;

pub use credential::{CredentialChip, credential_chips};
pub use error::{RecordError, StatementError, SubjectError};
pub use keys::pinned_keys;
pub use presentation::{PresentationChip, presentation_chips};
pub use security::PairSecurity;
pub use verifier::{Verifier, key_chips};

#[cfg(feature = "prover")]
pub use credential::credential_traces;
#[cfg(feature = "prover")]
pub use error::{StreamError, TreeError, WitnessError};
#[cfg(feature = "prover")]
pub use presentation::presentation_traces;
#[cfg(feature = "prover")]
pub use prover::{CredentialProver, PresentationProver, Provable, ProveError, Prover};

pub use crate::kind::ProofKind;

/// Upper bound on the number of bytes in a proof, for every kind of proof, suite and size class.
pub const MAX_PROOF_BYTES: usize = 1 << 20;

#[cfg(all(test, feature = "prover"))]
mod fixture;
#[cfg(all(test, feature = "prover"))]
mod tests;
