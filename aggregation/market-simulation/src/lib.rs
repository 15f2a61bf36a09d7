//! Days of the market on a virtual clock: clients and providers that differ from each other, under
//! the same rules that a node runs.
//!
//! A scenario, which includes the seed, always gives the same day. `velum-market-rules` alone
//! decides about money and matching. What the parties want and do is decided here, at random and in
//! floating point.
//!
//! `scenario` defines a day. `market` runs it on the virtual clock, with the clients and providers
//! of `clients` and `providers`, what providers do about open lots in `auctions`, and the random
//! numbers of `random`. `report` and `picture` show the result.

#![warn(missing_docs, unreachable_pub)]

mod auctions;
mod clients;
mod market;
pub mod picture;
mod providers;
mod random;
mod report;
mod scenario;

pub use market::simulate;
pub use report::{OfGroup, OfOrder, Report};
pub use scenario::{Attack, Scenario};
