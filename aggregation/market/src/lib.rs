//! The node of a market. It accepts jobs, sells lots of them to providers, pays the providers that
//! deliver aggregates, and gives out receipts.
//!
//! The rules are in `velum-market-rules`, and the messages are in `velum-market-model`. This crate
//! keeps what both need: state in SQL, blobs by their hash, a pool that verifies, a clock, and
//! HTTP. A node keeps nothing of its own, so that several nodes can stand behind one name.
//!
//! The picture shows who calls whom, from the requests down to the database.
//!
//! ```text
//!          requests of clients, providers and the operator               time
//!                             |                                            |
//! http       serve --> routes --> handlers: typed, signed messages         |
//!                             |                                            |
//!                             v                                            v
//! market     Market::submit, lock, bid, deliver, receipt, ...        Market::run: what is due
//!              |                     |                   |
//!              | Pool::run           | by hash           | one transaction: Read or Change
//!              v                     v                   v
//!            proofs::Proofs        velum-market-blobs  state: rows <-> values of the rules
//!              check_submission      submissions         |  (Entry, Batch, Lot, Ledger, ...)
//!              check_aggregate       aggregates          v
//!              receipt                                 velum-market-sql: SQLite or PostgreSQL
//! ```
//!
//! # Order of the source
//!
//! - `state` has the rows of the database. It knows the values of the rules and the database, and
//!   decides nothing.
//! - [`proofs`] verifies presentations and aggregates, and makes receipts. It is the only module
//!   that knows presentations and aggregates. `state` and [`proofs`] do not know each other.
//! - `market` has [`Market`]: what a market can be asked to do. It decides every step of a market
//!   with both of them, by the rules.
//! - [`http`] is the API, as `docs/market-api.yaml` describes it. It turns requests into calls of
//!   [`Market`].
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
