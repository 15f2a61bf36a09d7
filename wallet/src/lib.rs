//! What every wallet and verifier on Velum shares, whatever language it is written in: the verbs over bytes, and their JSON forms.
//!
//! Bindings for a language, and the `velum` command, are thin over this crate. It knows no platform.
//!
//! A holder has a [`Question`]: a request put to a document. It says what an answer would tell, and a [`Wallet`] answers it: `prepare`
//! ahead of time, `present` in a session. A verifier has a [`Challenge`]: a request put in a session, which verifies an answer.
//!
//! ```
//! # fn main() -> Result<(), velum_credentials::Error> {
//! use velum_credentials::{Clock, Control, PrepareOptions, PresentOptions, Suite, Verifier};
//! use velum_testdata::MUSTERMANN;
//! use velum_wallet::{Challenge, Question, Wallet, json};
//!
//! // The wallet, which keeps the keys of its proofs.
//! let wallet = Wallet::new();
//! let question = Question::parse(MUSTERMANN.device_response, MUSTERMANN.request.as_bytes())?;
//! println!("{}", question.explain()); // what would be learnt: ask for consent
//!
//! let prepared = wallet.prepare(&question, Suite::Direct, PrepareOptions::default())?;
//! let options = PresentOptions {
//!     clock: Clock::Any, // a document of the past: others take `Clock::At`
//!     disclose_device_namespaces: false,
//!     control: Control::none(),
//! };
//! let presentation = wallet.present(prepared, &question, MUSTERMANN.session_transcript, options)?;
//!
//! // The verifier, with nothing of the wallet's but the presentation.
//! let challenge = Challenge::parse(MUSTERMANN.session_transcript, MUSTERMANN.request.as_bytes())?;
//! let verified = challenge.verify(&Verifier::new(), &presentation.to_bytes())?;
//! println!("{}", json::verified(&verified));
//! # Ok(())
//! # }
//! ```
//!
//! Input is bounded and refused as in `velum-credentials`: see [`velum_credentials::limits`] and [`velum_credentials::Error`].

#![warn(missing_docs, unreachable_pub)]

pub mod json;
mod question;
#[cfg(feature = "prover")]
mod wallet;

pub use question::{Challenge, Question, device_authentication_bytes, parse_request};
#[cfg(feature = "prover")]
pub use wallet::{Wallet, clock_at};
