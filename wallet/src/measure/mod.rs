//! Measures where the time of a proof goes, and what the machine offers.

mod machine;
mod profile;

pub use machine::{Simd, peak_rss_bytes, simd_warning, threads};
pub use profile::{Profile, member, rounded, timed};
