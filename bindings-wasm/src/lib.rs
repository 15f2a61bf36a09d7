//! What the workers of the npm package `@velum/prover` call: a thin layer over `velum-wallet`. What mints and what hands presentations to markets are crates beside this one.
//!
//! Bytes go in and out as they are, whatever has members as JSON text, in the forms of `docs/cli.md`. Every call works until it is
//! done, which is why none is made on a page's main thread. An error is thrown as an object with `code`, `where` and `message`; a panic, which no input should bring about, ends as a trap
//! that no later call recovers from.
//!
//! The hand-written TypeScript in `ts/` is the package's interface; what is exported here is known to it alone.

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
