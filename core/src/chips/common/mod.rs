//! Chips that serve any format of credentials: hashed bytes, signatures, the record and the values
//! in it.
//!
//! No chip here depends on a table of `chips::mdoc`. The submodules, in reading order:
//!
//! * `range` provides the numbers of a few widths;
//! * `streams` lays out the hashed messages, `bytes` holds them byte by byte, with the
//!   `fingerprint`s of intervals, and `sha256` hashes them;
//! * `es256` verifies one signature;
//! * `record` and `values` hold the record and the messages of its slots, and `poseidon2` hashes
//!   them;
//! * `record_tables` joins the tables about a record for tests.

pub(crate) mod bytes;
pub(crate) mod es256;
pub(crate) mod fingerprint;
pub(crate) mod poseidon2;
pub(crate) mod range;
pub(crate) mod record;
#[cfg(test)]
pub(crate) mod record_tables;
pub(crate) mod sha256;
pub(crate) mod streams;
pub(crate) mod values;
