//! Stores bytes by their SHA-256, in a store named by one URL: `file://` is a folder for one
//! machine, and `s3://`, with the feature `aws`, is a bucket for many machines.
//!
//! Nobody reads half of a blob, and nobody reads a blob that does not match its name: a reader that
//! asks for a hash gets the bytes with that hash, or an error.
//!
//! Results whose name is the hash of their inputs, and not of their content, are kept apart in
//! folders of their own. The reader has to check them.
//!
//! This crate does not know what the bytes are.

#![warn(missing_docs, unreachable_pub)]

mod blobs;
mod error;
mod open;
#[cfg(feature = "testing")]
pub mod testing;

pub use blobs::{Blobs, MOST_BYTES};
pub use error::BlobError;
