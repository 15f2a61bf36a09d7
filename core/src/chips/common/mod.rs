//! Chips that serve any format of credentials: hashed bytes, signatures, the record and the values
//! in it.
//!
//! No chip here depends on a table of `chips::mdoc`. The picture shows the tables of this module
//! and the buses that join them to each other and to the tables of `chips::mdoc`. Arrows lead from
//! the table that provides or sends.
//!
//! ```text
//! credential proof only            chips::mdoc               both proofs
//!                                +-------------+
//! Streams --> bytes ------------>|             |--field-------> values --absorb--> poseidon2
//!               |    bytes,      |             |<-field-------- values              ^  |
//!               |    fingerprint,|             |                                    |  |
//!               |    stream_end  | cbor, text, |                                    |  |
//!               |                | keys, links |--field, date-> record --absorb-----+  |
//!               | bytes          |             |                record <--squeeze------+
//!               v                |             |                  |
//!             sha256 ----------->|             |                  | es256
//!               hash_words       |             |                  v
//!                                |             |--es256-------> es256
//!                                +-------------+
//!
//! bytes --bytes--> values, record (credential proof)
//! range --range--> bytes, es256, text, keys; values, record (presentation proof)
//! ```
//!
//! The submodules, in reading order:
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
