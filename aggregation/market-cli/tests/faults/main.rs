//! The whole market as processes of the program, of which some are killed, cut off, or short of what they need: no job is lost, none is paid twice, and nothing is left over.
//!
//! `VELUM_FAULTS_SEED` runs one random history again; `VELUM_TEST_ALL` runs many.

mod blobs;
mod clocks;
mod databases;
mod disks;
mod harness;
mod kills;
mod leases;
mod load;
mod partitions;
mod worker;
