//! The chips: one AIR a module, each following the standard it proves.

pub(crate) mod buses;
pub(crate) mod common;
pub(crate) mod mdoc;
