//! The chips: one AIR a module, each following the standard it proves.

pub mod buses;
pub mod cbor;
pub mod fingerprint;
pub mod grammar;
pub mod keys;
pub mod range;
pub mod streams;
pub mod text;
