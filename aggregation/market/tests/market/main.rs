//! A market with real proofs, asked as its API asks it.

mod api;
mod story;
mod world;
