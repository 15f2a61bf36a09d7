//! The code that all wallets and verifiers on Velum share, whatever their language: the verbs over
//! bytes, their JSON forms, and a pool of prepared proofs.
//!
//! The bindings for other languages and the `velum` command are thin layers over this crate. The
//! crate knows no platform. The caller provides the clock, and also the store and the sealer of the
//! pool, unless these are a folder and a key.
//!
//! The picture shows the ways of a holder and of a verifier through the crate. The modules are in
//! parentheses.
//!
//! ```text
//! holder                                               verifier
//! document, request                                    transcript, request
//!    |                                                    |
//!    v                                                    v
//! Question (question)                                  Challenge (question)
//!    |---> explain --> Explanation --> json               |
//!    |                                                    |
//!    | Wallet::prepare (wallet), ahead of time            |
//!    v                                                    |
//! Prepared --put--> ProofPool (pool)                      |
//!    |                 | seals with a Sealer, and         |
//!    |<-----take-------+ keeps in a Store                 |
//!    |                                                    |
//!    | Wallet::present, with the transcript               |
//!    v                                                    v
//! Presentation ----------------- bytes --------------> Challenge::verify, with a Verifier
//!                                                         |
//!                                                         v
//! Wallet: a velum_credentials::Prover for each suite   Verified --> json
//! ```
//!
//! The modules are:
//!
//! * `question`: the inputs of holder and verifier.
//! * `wallet`: the holder's verbs.
//! * [`json`]: the JSON forms.
//! * `pool`: the pool of prepared proofs.
//! * `memory` and `measure`: figures about proofs and the machine.
//!
//! # Answering and verifying
//!
//! A holder has a [`Question`], which is a request put to a document. It says what an answer would
//! tell the verifier. A [`Wallet`] answers the question: it makes the credential proof ahead of
//! time with `prepare`, and the presentation in a session with `present`. A verifier has a
//! [`Challenge`], which is a request put in a session. It verifies an answer.
//!
#![cfg_attr(feature = "prover", doc = "```")]
#![cfg_attr(not(feature = "prover"), doc = "```ignore")]
//! # fn main() -> Result<(), velum_credentials::Error> {
//! use velum_credentials::{Clock, PrepareOptions, PresentOptions, Suite, Verifier};
//! use velum_testdata::MUSTERMANN;
//! use velum_wallet::{Challenge, Question, Wallet, json};
//!
//! // The wallet keeps the keys of its proofs.
//! let wallet = Wallet::new();
//! let question = Question::parse(MUSTERMANN.device_response, MUSTERMANN.request.as_bytes())?;
//! println!("{}", question.explain()); // what the verifier would learn: ask for consent
//!
//! let prepared = wallet.prepare(&question, Suite::Direct, PrepareOptions::default())?;
//! let options = PresentOptions::at(Clock::Any); // it has expired; others take `Clock::At`
//! let presentation = wallet.present(prepared, &question, MUSTERMANN.session_transcript, options)?;
//!
//! // The verifier has nothing from the wallet except the presentation.
//! let challenge = Challenge::parse(MUSTERMANN.session_transcript, MUSTERMANN.request.as_bytes())?;
//! let verified = challenge.verify(&Verifier::new(), &presentation.to_bytes())?;
//! println!("{}", json::verified(&verified));
//! # Ok(())
//! # }
//! ```
//!
//! # The pool
//!
//! Preparing takes most of the time and needs no session. A [`ProofPool`] keeps prepared proofs
//! until they are needed. It seals them, hands out each only once, bounds their number, bytes and
//! age, and drops them together with their document.
//!
#![cfg_attr(all(feature = "file-store", feature = "key-sealer"), doc = "```")]
#![cfg_attr(not(all(feature = "file-store", feature = "key-sealer")), doc = "```ignore")]
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! use std::sync::Arc;
//!
//! use velum_credentials::{PrepareOptions, Purpose, Suite, block_on};
//! use velum_testdata::MUSTERMANN;
//! use velum_wallet::{Bounds, FileStore, KeySealer, ProofPool, Question, Wallet, clock_at};
//!
//! # let folder = tempfile::tempdir()?;
//! # let folder = folder.path().join("pool");
//! // Use a folder that no backup includes, and a key that the platform keeps.
//! let key = [7; 32];
//! let pool = ProofPool::new(
//!     Arc::new(FileStore::open(folder)?),
//!     Arc::new(KeySealer::new(&key)),
//!     Bounds::default(),
//! );
//! let now = clock_at(1_800_000_000)?;
//!
//! // Nothing here waits, so any executor works.
//! block_on(async {
//!     let wallet = Wallet::new();
//!     let question = Question::parse(MUSTERMANN.device_response, MUSTERMANN.request.as_bytes())?;
//!     let purpose = question.purpose(Suite::Direct, None)?;
//!
//!     // When a document arrives, drop the proofs for the former document, and prepare proofs for
//!     // future questions.
//!     pool.sweep(&[Purpose::document_hash(question.document())], now).await?;
//!     let prepare = || wallet.prepare_async(&question, Suite::Direct, PrepareOptions::default());
//!     assert_eq!(pool.fill(&purpose, 1, now, prepare).await?, 1);
//!
//!     // When a verifier asks, take a proof.
//!     let taken = pool.take(&purpose, now).await?;
//!     assert!(taken.prepared.is_some());
//!     assert_eq!(pool.count(&purpose, now).await?, 0);
//!     Ok(())
//! })
//! # }
//! ```
//!
//! # Input and errors
//!
//! Input is bounded and refused as in `velum-credentials`. See [`velum_credentials::limits`] and
//! [`velum_credentials::Error`].

#![warn(missing_docs, unnameable_types, unreachable_pub)]

pub mod json;
#[cfg(feature = "measure")]
pub mod measure;
#[cfg(feature = "prover")]
mod memory;
#[cfg(feature = "pool")]
mod pool;
mod question;
#[cfg(feature = "prover")]
mod wallet;

#[cfg(feature = "prover")]
pub use memory::memory_needed;
#[cfg(feature = "file-store")]
pub use pool::FileStore;
#[cfg(feature = "key-sealer")]
pub use pool::KeySealer;
#[cfg(feature = "pool")]
pub use pool::{
    Bound, Bounds, CrossesThreads, Dropped, PoolError, ProofPool, PutError, Sealer, SealerError,
    Store, StoreError, StoredEntry, Taken, Why,
};
pub use question::{Challenge, Question, device_authentication_bytes, parse_request};
#[cfg(feature = "prover")]
pub use wallet::{Wallet, clock_at};
