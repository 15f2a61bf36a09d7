//! Replays the inputs of all targets. One test has them all, because memory is measured for one
//! input at a time.

use velum_aggregate_fuzz_targets::TARGETS;
use velum_fuzz_harness::replay::{have_programs, replay, seeds_can_be_mutated};

#[test]
fn inputs_are_decoded_or_refused() {
    replay(TARGETS);
}

#[test]
fn the_seeds_of_every_target_can_be_mutated() {
    seeds_can_be_mutated(TARGETS);
}

#[test]
fn every_target_has_a_program() {
    have_programs(TARGETS);
}
