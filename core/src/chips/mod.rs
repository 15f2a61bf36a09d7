//! The chips: one AIR per module, each of which follows the standard that it proves.
//!
//! `buses` lists the buses that connect the chips. `common` has the chips for any credential
//! format, `mdoc` the chips for ISO/IEC 18013-5.

pub(crate) mod buses;
pub(crate) mod common;
pub(crate) mod mdoc;
