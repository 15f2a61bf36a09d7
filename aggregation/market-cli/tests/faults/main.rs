//! The whole market as processes of the program. Some of the processes are killed, cut off, or
//! short of what they need. No job is lost, none is paid twice, and nothing is left over.
//!
//! `VELUM_FAULTS_SEED` runs one random history again. `VELUM_TEST_ALL` runs many histories.
//!
//! `harness` runs and checks a market, and `worker` is a worker of it that reads recorded proofs.
//! Every other module is one kind of fault:
//!
//! - `kills`: programs are killed.
//! - `leases`: the holder of a lot is away for too long.
//! - `partitions`: connections and networks are cut.
//! - `databases`, `blobs` and `disks`: databases, stores and disks fail.
//! - `clocks`: clocks are wrong.
//! - `prices`: a provider is started again with another price.
//! - `load`: nodes are asked for more than they can do.

mod blobs;
mod clocks;
mod databases;
mod disks;
mod harness;
mod kills;
mod leases;
mod load;
mod partitions;
mod prices;
mod worker;
