//! A plonky2 circuit that verifies a proof of velum-stark whose trees and transcript are hashed with Poseidon2.

mod field;
mod gate;
mod poseidon2;
#[cfg(test)]
mod testing;
