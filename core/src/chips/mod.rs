//! The chips: one AIR a module, each following the standard it proves.

pub mod buses;
pub mod fingerprint;
pub mod range;
pub mod streams;
