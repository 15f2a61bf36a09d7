//! The chips: one AIR a module, each following the standard it proves.

pub mod buses;
pub mod bytes;
pub mod cbor;
pub mod es256;
pub mod fingerprint;
pub mod grammar;
pub mod keys;
pub mod links;
pub mod poseidon2;
pub mod range;
pub mod record;
pub mod sha256;
pub mod streams;
pub mod text;
pub mod values;
