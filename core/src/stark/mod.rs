//! The compact prover and verifier: several tables of different heights in one STARK, hidden by blinding rows.

mod hash;
mod merkle;
