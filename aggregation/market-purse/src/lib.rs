//! What a wallet pays markets with, so that nobody can tell which jobs are of one holder: tokens of blind credit, and a new key for each job.
//!
//! ```text
//!  account's key --buy--> tokens --pay--> balance of a job's own key --> its one job
//!                            ^                                            |
//!                            +--------------- collect <--- what is left <-+
//! ```
//!
//! The purse is the one place that knows tokens, orders and the keys of jobs. Each step is one change of it, which is saved before anything that follows from it is sent, and all that is sent is
//! answered alike however often it comes. So a crash, an answer that is lost, or a request that arrives late loses no money: what was begun is found in the purse and gone on with. Nothing is locked while the
//! market is asked.
//!
//! The key of each epoch is kept as it was first seen, and no other is accepted for that epoch: a market that showed one wallet a key of its own would recognise that wallet's tokens. No request names
//! two keys, and the end of a job asks nothing for the account or for another job.
//!
//! This crate opens no connections and no files: a [`Network`](velum_market_client::Network) sends requests, and a [`Vault`] keeps the purse.

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

/// The code of a node that issues or redeems no tokens of an epoch.
const EPOCH_IS_OVER: &str = "credit_epoch";

/// The code of a node that has redeemed a token before. Its detail names the token.
const SPENT: &str = "credit_spent";
