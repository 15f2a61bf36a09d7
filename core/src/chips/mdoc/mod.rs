//! Chips that know the structures of ISO 18013-5: CBOR by path, the MSO, and the items with their digests.

pub(crate) mod cbor;
pub(crate) mod grammar;
pub(crate) mod keys;
pub(crate) mod links;
pub(crate) mod text;
