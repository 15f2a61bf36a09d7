//! Tests of an aggregate's circuits. Their leaves are small, but differ from each other as real
//! leaves do.

mod bytes;
mod end_to_end;
mod fixture;
mod forgery;
mod leaves;
mod list;
mod merge;
mod order;

use plonky2::field::types::Field;
use velum_aggregate_verifier::Digest;

use crate::F;

/// A hash with these elements.
fn digest(elements: [u64; 4]) -> Digest {
    Digest { elements: elements.map(F::from_noncanonical_u64) }
}
