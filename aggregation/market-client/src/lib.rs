//! Hands finished presentations to markets that aggregate them, and brings their receipts back.
//!
//! A [`HandOff`] carries one presentation. It submits the presentation to the first of several
//! markets, and to the next market only when the one before can no longer be paid for it. Its
//! [`Host`] saves what it has done so far before every step, so that it continues after a restart.
//! Markets are behind [`MarketAdapter`]. [`Node`] is the adapter of `velum market serve`.
//!
//! The picture shows what a hand-off is given, whom it calls, and what it returns. `hand_off` has
//! the picture of its steps.
//!
//! ```text
//! Plan: markets in order of preference, each with an adapter and a SignedJob    submission
//!                                    |                                             |
//!                                    v                                             |
//!                          HandOff::new, run <-------------------------------------+
//!                            |           |
//!   save (before each step)  |           |  submit, status, cancel, receipt
//!   check(receipt)           v           v
//!   sleep, now, tell, ...  Host        MarketAdapter
//!                            |           ^  implemented by Node, and by Paying of
//!                            | is a      |  velum-market-purse, which pays and calls a Node
//!                            v           |
//!                          Network <-- Node, with the JSON of api
//!                            send(HttpRequest) -> HttpResponse
//!
//! run returns Given { market, receipt }, which the host has accepted, or HandOffError
//! ```
//!
//! This crate makes and verifies no proofs, knows no documents, and opens no connections. The host
//! sends requests, tells the time, and judges receipts with `velum-receipt` or a build of it for
//! its platform. So one client serves servers, browsers and phones.
//!
//! `adapter` and `host` define what the crate needs of a market and of its platform. `hand_off`
//! runs a hand-off, with the jobs of `signed_job` and the waits of `backoff`. `node` and `api` hold
//! the adapter of a node and the JSON that goes over HTTP.

#![warn(missing_docs, unreachable_pub)]

mod adapter;
pub mod api;
mod backoff;
mod hand_off;
mod host;
mod node;
mod signed_job;
#[cfg(test)]
mod testing;

pub use adapter::{MarketAdapter, MarketError};
pub use backoff::Backoff;
pub use hand_off::{
    Given, HandOff, HandOffError, JOB_UNKNOWN, Market, Plan, Progress, Saved, Step,
};
pub use host::{Host, HttpRequest, HttpResponse, Method, Network, Unreachable};
pub use node::Node;
pub use signed_job::{SignedJob, json, sign_cancel};
