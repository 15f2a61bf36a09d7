//! Tests each rule of the market with what it refuses and the nearest case that it allows. Random
//! histories show that no money is lost.

mod admission;
mod batches;
mod company;
mod dutch;
mod histories;
mod leases;
mod limit;
mod replays;
mod sealed;
mod standing;
mod world;
