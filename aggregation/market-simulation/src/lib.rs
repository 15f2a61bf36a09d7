//! Days of the market on a virtual clock: clients and providers that differ from each other, under
//! the same rules that a node runs.
//!
//! A scenario, which includes the seed, always gives the same day. `velum-market-rules` alone
//! decides about money and matching. What the parties want and do is decided here, at random and in
//! floating point. The crate knows no proofs, no database and no network.
//!
//! The picture shows how a scenario becomes a report.
//!
//! ```text
//! Scenario: seed, jobs, providers, rules, orders, ramp, allow list, attack
//!    |
//!    v
//! simulate: Market::run      takes the earliest Moment from a heap, sets now, lets it happen:
//!    |
//!    |  Arrival, Due           clients::job --> Entry --> Batch --> Lot, in its auction
//!    |  Look, Opening, Award   auctions: Lock, Take, Commit, Fix, Reveal, Award, Expire
//!    |  Delivery, LeaseEnd     Deliver, Fail
//!    |  GaveUp, Shift          a provider is free again, comes or goes; quotes in auctions
//!    |
//!    |  each Event of a lot: Market::step --> velum_market_rules::transact(Ledger, Lot)
//!    |      a lease: Market::work schedules Delivery or GaveUp, and LeaseEnd
//!    |      the end of a lot: Tally counts it
//!    v
//! Report                     as JSON; the program's sweeps print tables, and draw with picture
//! ```
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
