//! State in SQL by one URL: `sqlite://` in a file, for one machine, or `postgres://`, for many.
//!
//! Statements are the same for both databases: parameters are `$1`, `$2`, and columns are of text, 64-bit integers and bytes. What differs is here: how a connection is set up,
//! how a transaction begins, and what errors mean.
//!
//! [`Database::write`] begins a transaction that no other writing transaction runs beside, on any machine. So whoever writes sees what all before have written, and no
//! two that touch the same rows can stop each other. That costs nothing where all writers extend one chain of hashes, as a market's log does.
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
