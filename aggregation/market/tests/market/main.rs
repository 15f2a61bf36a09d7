//! A market with real proofs, called as its API calls it.
//!
//! `world` makes a market and those who deal with it. `story` and `batch` follow jobs to their
//! receipts. `book`, `credit`, `leases` and `due` test one part of the rules each, `attacks` and
//! `auctions` are about hostile participants, and `api` compares the node with its description.

#[macro_use]
mod world;

mod api;
mod attacks;
mod auctions;
mod batch;
mod book;
mod credit;
mod due;
mod leases;
mod story;
