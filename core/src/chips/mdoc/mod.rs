//! Chips that know the structures of ISO/IEC 18013-5: the MSO and the `IssuerSignedItem`s with
//! their digests, as CBOR data items found by their paths.
//!
//! Only the credential proof has these tables. They rely on the chips in [`common`](super::common)
//! for bytes, hashes and ranges, and on [`buses`](super::buses) for the tuples that connect them.
//! No chip in `common` depends on a table of this module.
//!
//! The picture shows the four tables of this module. The tables around them are in `common`. Arrows
//! are buses and lead from the table that provides or sends.
//!
//! ```text
//!           bytes
//!             | bytes
//!             v
//!           cbor ---field------+----------------+----------------+----------> values, record
//!                              |                |                |
//!                              v                v                v
//!           record <--date-- text             keys --digest_at-> links --es256--> es256
//!                              ^                ^                ^
//!                              | bytes          | fingerprint    | bytes, stream_end
//!                              | field (dates)  |                | hash_words
//!                            bytes, values    bytes            bytes, sha256
//!
//! cbor <--cbor_open--> links      the root item of each stream
//! cbor --cbor_rule---> cbor       the rules of the grammar
//! range --range------> text, keys
//! ```
//!
//! The submodules, in the order in which to read them:
//!
//! * [`grammar`] defines which data items and strings may stand where. It knows no table.
//! * [`cbor`] proves that the hashed streams are well-formed CBOR that follows the grammar.
//! * [`text`] proves that the expected strings stand where `cbor` found them.
//! * [`keys`] proves that map keys which must be unique are unique.
//! * [`links`] ties the hashed streams to each other and to the issuer's signature.

pub(crate) mod cbor;
pub(crate) mod grammar;
pub(crate) mod keys;
pub(crate) mod links;
pub(crate) mod text;
