//! The bytes of a proof, in the layout that its circuit determines.
//!
//! plonky2 reads a proof by the lengths of its circuit. But it accepts numbers that are not below
//! the field's order, and it ignores bytes after the proof. This module checks every byte before
//! plonky2 reads the proof. A proof therefore has only one form, and plonky2 can read every proof
//! that passes.

use alloc::vec;
use alloc::vec::Vec;

use plonky2::field::types::Field64;
use plonky2::plonk::circuit_data::CommonVerifierData;

use crate::error::AggregateError;
use crate::{D, F};

/// Number of elements of a digest.
const DIGEST: usize = 4;

/// A run of bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Part {
    /// Elements of eight bytes each.
    Elements(usize),
    /// The number of siblings on a path through a tree, in one byte, and these siblings.
    Siblings(u8),
    /// The number of elements that follow, in eight bytes.
    Count(u64),
}

impl Part {
    const fn bytes(self) -> usize {
        match self {
            Self::Elements(count) => 8 * count,
            Self::Siblings(count) => 1 + 8 * DIGEST * count as usize,
            Self::Count(_) => 8,
        }
    }

    /// Checks the part. `offset` is the offset at which it starts in the proof.
    fn check(self, bytes: &[u8], offset: usize) -> Result<(), AggregateError> {
        match self {
            Self::Elements(_) => check_elements(bytes, offset),
            Self::Siblings(count) => match bytes.split_first() {
                Some((&given, siblings)) => {
                    check_length(u64::from(count), u64::from(given), offset)?;
                    check_elements(siblings, offset + 1)
                }
                None => Ok(()),
            },
            Self::Count(count) => {
                numbers(bytes).try_for_each(|given| check_length(count, given, offset))
            }
        }
    }
}

fn numbers(bytes: &[u8]) -> impl Iterator<Item = u64> {
    bytes.as_chunks().0.iter().map(|&chunk| u64::from_le_bytes(chunk))
}

fn check_elements(bytes: &[u8], offset: usize) -> Result<(), AggregateError> {
    match numbers(bytes).position(|number| number >= F::ORDER) {
        Some(index) => Err(AggregateError::NotCanonical { offset: offset + 8 * index }),
        None => Ok(()),
    }
}

fn check_length(expected: u64, given: u64, offset: usize) -> Result<(), AggregateError> {
    if expected == given { Ok(()) } else { Err(AggregateError::Part { offset, expected, given }) }
}

/// Checks that the bytes have the layout of a proof of the circuit.
pub(crate) fn check(common: &CommonVerifierData<F, D>, bytes: &[u8]) -> Result<(), AggregateError> {
    check_parts(&parts(common), bytes)
}

fn check_parts(parts: &[Part], bytes: &[u8]) -> Result<(), AggregateError> {
    let expected = parts.iter().map(|part| part.bytes()).sum();
    if bytes.len() != expected {
        return Err(AggregateError::Length { expected, given: bytes.len() });
    }
    let (mut rest, mut offset) = (bytes, 0);
    for part in parts {
        let (bytes, after) = rest.split_at(part.bytes());
        part.check(bytes, offset)?;
        (rest, offset) = (after, offset + part.bytes());
    }
    Ok(())
}

/// The parts of a proof of the circuit.
fn parts(common: &CommonVerifierData<F, D>) -> Vec<Part> {
    let (config, params) = (&common.config, &common.fri_params);
    let fixed = common.num_constants + config.num_routed_wires;
    let products = config.num_challenges * (1 + common.num_partial_products);
    let quotients = config.num_challenges * common.quotient_degree_factor;
    let trees = [fixed, config.num_wires, products, quotients];
    let openings = trees.iter().sum::<usize>() + config.num_challenges;
    let cap = DIGEST * config.fri_config.num_cap_elements();
    let siblings = |bits: usize| Part::Siblings((bits - config.fri_config.cap_height) as u8);

    let mut query = Vec::new();
    let mut bits = params.lde_bits();
    for columns in trees {
        query.extend([Part::Elements(columns), siblings(bits)]);
    }
    for arity_bits in &params.reduction_arity_bits {
        bits -= arity_bits;
        query.extend([Part::Elements(D << arity_bits), siblings(bits)]);
    }

    let caps = (trees.len() - 1) * cap;
    let mut parts =
        vec![Part::Elements(caps + D * openings + params.reduction_arity_bits.len() * cap)];
    for _ in 0..config.fri_config.num_query_rounds {
        parts.extend_from_slice(&query);
    }
    let grinding = 1;
    parts.push(Part::Elements(D * params.final_poly_len() + grinding));
    parts.push(Part::Count(common.num_public_inputs as u64));
    parts.push(Part::Elements(common.num_public_inputs));
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    const PARTS: [Part; 5] = [
        Part::Elements(2),
        Part::Siblings(1),
        Part::Siblings(0),
        Part::Count(3),
        Part::Elements(3),
    ];

    /// The offsets at which elements start, and those of lengths.
    const ELEMENTS: [usize; 9] = [0, 8, 17, 25, 33, 41, 58, 66, 74];
    const LENGTHS: [(usize, u64); 3] = [(16, 1), (49, 0), (50, 3)];

    fn proof() -> Vec<u8> {
        let mut bytes = vec![0; 82];
        for offset in ELEMENTS {
            bytes[offset..offset + 8].copy_from_slice(&(F::ORDER - 1).to_le_bytes());
        }
        for (offset, length) in LENGTHS {
            bytes[offset] = length as u8;
        }
        bytes
    }

    #[test]
    fn bytes_have_the_length_of_their_parts() {
        assert_eq!(check_parts(&PARTS, &proof()), Ok(()));
        for given in (0..82).chain([83]) {
            let mut bytes = proof();
            bytes.resize(given, 0);
            let refused = Err(AggregateError::Length { expected: 82, given });
            assert_eq!(check_parts(&PARTS, &bytes), refused);
        }
    }

    #[test]
    fn elements_are_below_the_order() {
        for offset in ELEMENTS {
            let mut bytes = proof();
            bytes[offset..offset + 8].copy_from_slice(&F::ORDER.to_le_bytes());
            assert_eq!(check_parts(&PARTS, &bytes), Err(AggregateError::NotCanonical { offset }));
        }
    }

    #[test]
    fn lengths_are_those_of_the_circuit() {
        for (offset, expected) in LENGTHS {
            let mut bytes = proof();
            bytes[offset] = 7;
            let refused = AggregateError::Part { offset, expected, given: 7 };
            assert_eq!(check_parts(&PARTS, &bytes), Err(refused));
        }
    }
}
