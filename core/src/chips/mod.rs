//! The chips: one AIR a module, each following the standard it proves.

pub(crate) mod buses;
pub(crate) mod bytes;
pub(crate) mod cbor;
pub(crate) mod es256;
pub(crate) mod fingerprint;
pub(crate) mod grammar;
pub(crate) mod keys;
pub(crate) mod links;
pub(crate) mod poseidon2;
pub(crate) mod range;
pub(crate) mod record;
#[cfg(test)]
pub(crate) mod record_tables;
pub(crate) mod sha256;
pub(crate) mod streams;
pub(crate) mod text;
pub(crate) mod values;
