//! What fuzz targets have in common.
//!
//! A [`Target`] takes bytes from others, as one decoder or one verifier does. It has inputs to begin
//! with, knows in which form its inputs are, so that they can be mutated where bytes alone would not
//! get past the first check, and states what must hold for any input. On top of that,
//! [`Target::check`] bounds the memory that an input may take.
//!
//! ```text
//! seeds (testdata) --+
//! kept findings    --+--> mutate --> Target::check --> run: decode, verify, encode again
//! huge inputs      --+                  |
//!                                       +--> panics if a rule is broken, or if more than
//!                                            MEMORY_BYTES were taken
//! ```
//!
//! The targets are in `fuzz/targets`, and in `aggregation/fuzz-targets` for what clashes with the
//! dependencies of the main workspace. Tests [`replay`] seeds, findings and some mutations on every
//! run. The programs in `fuzz/` hand the same targets to libFuzzer. This crate knows no target and
//! no fuzzer.
//!
//! * [`inputs`] reads seeds, findings and inputs that consist of several parts, and makes huge ones.
//! * [`mutate`](mod@mutate) changes an input without losing its structure.
//! * [`replay`] is what the tests of targets have in common.

pub mod inputs;
mod memory;
pub mod mutate;
pub mod replay;

use inputs::Form;

/// The most memory that an input of up to [`inputs::MOST_BYTES`] may take.
pub const MEMORY_BYTES: usize = 64 << 20;

/// Something that takes bytes from others.
#[derive(Clone, Copy)]
pub struct Target {
    /// The name, which is also the name of its program in `fuzz/fuzz_targets`.
    pub name: &'static str,
    /// The form of its inputs.
    pub form: Form,
    /// Inputs to begin with. Most of them are good, so that they reach what lies behind the checks.
    pub seeds: fn() -> Vec<Vec<u8>>,
    /// The number of mutations that a replay makes. Verifying a proof takes longer than reading one.
    pub replayed: u32,
    /// Decodes an input, or verifies it. Panics if something does not hold that must hold for any
    /// input.
    pub run: fn(&[u8]),
}

impl Target {
    /// Runs the target on any bytes. Returns the bytes of memory that the input took.
    ///
    /// # Panics
    /// Something that must hold for any input does not hold: the code under test panicked, a rule of
    /// the target is broken, or the input took more than [`MEMORY_BYTES`].
    pub fn check(&self, input: &[u8]) -> usize {
        let mut taken = memory::taken_by(|| (self.run)(input));
        if taken > MEMORY_BYTES {
            // Keys that are made once and kept count for the first input that needs them. They are
            // there when the input is run again.
            taken = memory::taken_by(|| (self.run)(input));
        }
        let (name, length) = (self.name, input.len());
        assert!(
            taken <= MEMORY_BYTES,
            "{name}: an input of {length} bytes took {taken} bytes of memory"
        );
        taken
    }
}
