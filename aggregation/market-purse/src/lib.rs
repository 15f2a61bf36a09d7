//! What a wallet pays markets with, so that nobody can tell which jobs are of one holder: tokens of blind credit, and a new key for each job.
//!
//! ```text
//!  account's key --buy--> tokens in the purse --withdraw--> OneTime --pay--> balance of a new key --> its one job
//!                              ^                                                                        |
//!                              +------------------------------ collect <--- what is left of it <--------+
//! ```
//!
//! A crash at any step loses no money. What is on order is saved before it is sent, and tokens that pay for a job are saved with that job before they leave the purse. The key of each epoch is kept as it
//! was first seen, and no other is accepted for that epoch: a market that showed one wallet a key of its own would recognise that wallet's tokens.
//!
//! This crate opens no connections and no files: a [`Network`](velum_market_client::Network) sends requests, and a [`Vault`] keeps the purse.

#![warn(missing_docs, unreachable_pub)]

mod contents;
mod error;
mod one_time;
mod paying;
mod purse;
#[cfg(test)]
mod tests;
mod vault;

pub use error::PurseError;
pub use one_time::OneTime;
pub use paying::{KeepPayment, Paying};
pub use purse::Purse;
pub use vault::Vault;

/// The code of a node that issues or redeems no tokens of an epoch, and never will again.
const EPOCH_IS_OVER: &str = "credit_epoch";

/// The code of a node that has redeemed a token before. Its detail names the token.
const SPENT: &str = "credit_spent";
