//! Days of the market on a virtual clock: clients and providers who differ, and the very rules that a node runs.
//!
//! A day is the same each time for one scenario, which has the seed. Money and matching are decided by `velum-market-rules` alone; what parties wish and do is
//! decided here, by chance and in floating point.

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
