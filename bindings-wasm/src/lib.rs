//! The WebAssembly of the npm package `@velum/prover`: a thin layer over `velum-wallet`. Minting,
//! and handing presentations to markets, are in crates beside this one.
//!
//! Bytes go in and out as they are. Everything that has members goes in and out as JSON text, in
//! the forms of `docs/cli.md`. The calls of provers and verifiers work until they are done, so
//! pages make them in workers. An error is thrown as an object with `code`, `where` and `message`.
//! A panic, which no input should cause, ends as a trap from which no later call recovers.
//!
//! The interface of the package is the hand-written TypeScript in `ts/`. Nothing else knows what
//! this crate exports.

#[cfg(feature = "gpu")]
mod gpu;
#[cfg(feature = "holder")]
mod holder;
#[cfg(feature = "verify")]
mod input;
#[cfg(feature = "parallel")]
mod pool;
#[cfg(feature = "proof-pool")]
mod proof_pool;
#[cfg(feature = "prove")]
mod prove;
#[cfg(feature = "receipt")]
mod receipt;
#[cfg(feature = "transcript")]
mod transcript;
#[cfg(feature = "verify")]
mod verify;
#[cfg(feature = "holder")]
mod watch;

#[cfg(any(feature = "verify", feature = "transcript", feature = "proof-pool"))]
mod failure;
