//! State in SQL, named by one URL: `sqlite://` in a file, for one machine, or `postgres://`, for
//! many.
//!
//! Statements are the same for both databases: parameters are `$1`, `$2`, and columns hold text,
//! 64-bit integers and bytes. This crate contains what differs: how a connection is set up, how a
//! transaction begins, and what errors mean.
//!
//! [`Database::write`] begins a transaction beside which no other writing transaction runs, on any
//! machine. So a writer sees what all earlier writers have written, and no two writers of the same
//! rows can stop each other. This costs nothing if all writers extend one chain of hashes, as the
//! log of a market does.
//!
//! Nothing here knows what is stored.

#![warn(missing_docs, unreachable_pub)]

mod database;
mod error;
#[cfg(feature = "testing")]
pub mod testing;
mod transaction;

pub use database::{Database, Kind, Schema};
pub use error::DatabaseError;
pub use sqlx;
pub use transaction::Transaction;
