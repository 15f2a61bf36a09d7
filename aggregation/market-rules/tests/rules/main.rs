//! Each rule of the market with what it refuses and the nearest that it allows; and random histories, in which nothing is lost.

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
