//! Hands finished presentations to markets that aggregate them, and brings their receipts back.
//!
//! A [`HandOff`] is one presentation on its way: it is submitted to the first of several markets, and to the next one only when the one before can no longer be paid for it. What
//! it has done so far is saved by its [`Host`] before every step, so that it goes on after a restart. Markets are behind [`MarketAdapter`]; [`Node`] is the adapter of
//! `velum market serve`.
//!
//! Nothing here proves or verifies, knows documents, or opens connections: the host sends requests, tells the time, and judges receipts, with `velum-receipt` or what is made
//! of it for its platform. So one client serves servers, browsers and phones.

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
