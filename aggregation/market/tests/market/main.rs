//! A market with real proofs, asked as its API asks it.

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
