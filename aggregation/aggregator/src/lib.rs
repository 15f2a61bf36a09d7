//! Makes aggregates of presentations.

#![warn(missing_docs, unreachable_pub)]

mod tree;

pub use tree::Tree;
