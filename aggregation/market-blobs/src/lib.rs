//! Bytes by their SHA-256, by one URL: `file://` in a folder, for one machine, or with the feature `aws` `s3://` in a bucket, for many.
//!
//! Nobody reads half of a blob, and nobody reads a blob that is not what its name says: who asks for a hash gets the bytes that have it, or an error.
//!
//! Results whose name is the hash of what they follow from, and not of what they are, stand apart, in folders of their own. Whoever reads one checks it.
//!
//! Nothing here knows what the bytes are.

#![warn(missing_docs, unreachable_pub)]

mod blobs;
mod error;
mod open;
#[cfg(feature = "testing")]
pub mod testing;

pub use blobs::{Blobs, MOST_BYTES};
pub use error::BlobError;
