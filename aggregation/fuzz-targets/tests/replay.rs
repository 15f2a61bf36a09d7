//! Replays the inputs of all targets. One test has them all: memory is measured for one input at a
//! time, and what another test allocates meanwhile would count.

use velum_aggregate_fuzz_targets::TARGETS;
use velum_fuzz_harness::replay::{have_programs, replay, seeds_can_be_mutated};

#[test]
fn inputs_are_decoded_or_refused() {
    seeds_can_be_mutated(TARGETS);
    replay(TARGETS);
}

#[test]
fn every_target_has_a_program() {
    have_programs(TARGETS);
}
