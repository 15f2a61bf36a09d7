//! `p3-batch-stark` as an oracle for tests: another prover and verifier of the same chips.
//!
//! It shares no code with this crate except the chips. It has two-row windows, other lookup
//! columns, and no blinding rows. [`accepts`] returns its verdict on traces. If this crate's
//! verdict differs, one of the two is wrong.

mod config;
mod lower;

use std::panic::{AssertUnwindSafe, catch_unwind};

use p3_batch_stark::{ProverData, StarkInstance, prove_batch, verify_batch};

use crate::air::{Chip, Trace};
use config::config;
use lower::Lowered;

/// Whether a proof that `traces` satisfy `chips` verifies.
pub fn accepts<C: Chip + Clone>(chips: &[C], traces: &[Trace]) -> bool {
    let airs: Vec<_> = chips.iter().cloned().map(Lowered::new).collect();
    let degree_bits: Vec<_> = chips.iter().map(|chip| chip.height().ilog2() as usize).collect();
    let config = config();
    let data = ProverData::from_airs_and_degrees(&config, &airs, &degree_bits)
        .expect("the tables have heights");
    let matrices: Vec<_> = airs.iter().zip(traces).map(|(air, trace)| air.trace(trace)).collect();
    let instances: Vec<_> = airs
        .iter()
        .zip(&matrices)
        .map(|(air, trace)| StarkInstance { air, trace, public_values: Vec::new() })
        .collect();
    // Its prover may refuse a wrong trace with an assertion, where this crate's prover makes a
    // proof that does not verify.
    let Ok(Ok(proof)) = catch_unwind(AssertUnwindSafe(|| prove_batch(&config, &instances, &data)))
    else {
        return false;
    };
    verify_batch(&config, &airs, &proof, &vec![Vec::new(); airs.len()], &data.common).is_ok()
}
