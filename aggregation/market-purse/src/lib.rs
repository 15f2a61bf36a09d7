//! What a wallet pays markets with, so that nobody can tell which jobs belong to one holder: tokens
//! of blind credit, and a new key for each job.
//!
//! ```text
//!  account's key --buy--> tokens --pay--> balance of a job's own key --> its one job
//!                            ^                                            |
//!                            +--------------- collect <--- what is left <-+
//! ```
//!
//! The purse is the only place that knows tokens, orders and the keys of jobs. Each step is one
//! change of the purse, which is saved before anything that follows from it is sent. A request that
//! is sent again gets the same answer. So a crash, a lost answer or a late request loses no money:
//! the purse contains what was begun, and continues with it. Nothing is locked while the market is
//! asked.
//!
//! The purse keeps the key of each epoch as it was first seen, and accepts no other key for that
//! epoch. A market that showed one wallet a key of its own would recognise the tokens of that
//! wallet. No request names two keys, and the end of a job sends no request for the account or for
//! another job.
//!
//! This crate opens no connections and no files. A [`Network`](velum_market_client::Network) sends
//! requests, and a [`Vault`] keeps the purse.
//!
//! `purse` and `orders` implement the steps, and `paying` is the adapter of a hand-off. `contents`
//! and `payment` define what is kept, with every change to it.

#![warn(missing_docs, unreachable_pub)]

mod contents;
mod error;
mod orders;
mod paying;
mod payment;
mod purse;
#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;
mod vault;

pub use contents::Holding;
pub use error::PurseError;
pub use paying::Paying;
pub use purse::Purse;
pub use vault::Vault;

/// The code with which a node refuses to issue or redeem tokens of an epoch.
const EPOCH_IS_OVER: &str = "credit_epoch";

/// The code with which a node refuses a token that it has redeemed before. The detail names the
/// token.
const SPENT: &str = "credit_spent";
