//! A provider of a market: takes lots, has its workers fold them, delivers the aggregates, and is paid.
//!
//! It speaks signed HTTP with the node and nothing else: what it works with, database and blobs, is its own. What it takes lots for is its [`Policy`].

#![warn(missing_docs, unreachable_pub)]

mod node;
mod policy;
mod provider;

pub use node::{NodeClient, NodeError, http_client};
pub use policy::Policy;
pub use provider::{Provider, ProviderError};
