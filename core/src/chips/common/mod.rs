//! Chips that serve any format of credentials: hashed bytes, signatures, the record and the values in it.

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
