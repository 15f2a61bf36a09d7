//! A provider of a market. It takes lots, has its workers fold them, delivers the aggregates, and
//! is paid.
//!
//! It speaks signed HTTP with the node and nothing else: the database and the blobs that it works
//! with are its own. Its [`Policy`] says which lots it takes.

#![warn(missing_docs, unreachable_pub)]

mod bids;
mod node;
mod policy;
mod provider;

pub use node::{NodeClient, NodeError, http_client};
pub use policy::Policy;
pub use provider::{Provider, ProviderError};
