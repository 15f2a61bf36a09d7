//! The node of a market. It accepts jobs, sells lots of them to providers, pays the providers that
//! deliver aggregates, and gives out receipts.
//!
//! The rules are in `velum-market-rules`, and the messages are in `velum-market-model`. This crate
//! keeps what both need: state in SQL, blobs by their hash, a pool that verifies, a clock, and
//! HTTP. A node keeps nothing of its own, so that several nodes can stand behind one name.
//!
//! | module | contents |
//! |---|---|
//! | [`Market`] | what a market can be asked to do |
//! | [`proofs`] | presentations and aggregates: the only module that knows them |
//! | `state` | the rows of the database. It decides nothing |
//! | [`http`] | the API, as `docs/market-api.yaml` describes it |
//!
//! # Order of the source
//!
//! - `state` knows the values of the rules and the database, and [`proofs`] knows proofs. Neither
//!   knows the other.
//! - `market` decides every step of a market with both of them, by the rules.
//! - [`http`] turns requests into calls of [`Market`].
//! - `error` and `code` say why something was not done.

#![warn(missing_docs, unreachable_pub)]

mod code;
mod error;
pub mod http;
mod market;
pub mod proofs;
mod state;

pub use code::Code;
pub use error::MarketError;
pub use market::{Market, Options, Place};
