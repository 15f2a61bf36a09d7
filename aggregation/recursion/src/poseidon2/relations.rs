//! One permutation of Poseidon2 in a row, with a swap for the order of a node's children.
//!
//! ```text
//!   wires    input 12 | output 12 | swap | delta 4 | S-box inputs: 3 x 12, 22, 4 x 12
//! ```
//!
//! The layer before the first round is linear. The inputs of the first round's S-boxes are
//! therefore linear in the row's inputs and need no wires of their own.
//!
//! If `swap` is one, the first four lanes change places with the next four. The products
//! `delta = swap (right - left)` have wires of their own, which keeps the S-boxes at degree 7.

use plonky2::field::types::Field;
use velum_stark::poseidon2::{DIAGONAL, DIGEST, INITIAL, INTERNAL, TERMINAL, WIDTH};

use crate::field::{F, element};
use crate::gate::{Arithmetic, Relations};

/// The relations of one permutation.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Permutation;

impl Permutation {
    /// The first input wire.
    pub(super) const INPUT: usize = 0;
    /// The first output wire.
    pub(super) const OUTPUT: usize = WIDTH;
    /// The wire that is one if the first two groups of four inputs change places.
    pub(super) const SWAP: usize = 2 * WIDTH;
    const DELTA: usize = Self::SWAP + 1;
    const SBOX: usize = Self::DELTA + DIGEST;
    const WIRES: usize = Self::SBOX + SBOXES;
}

/// Number of S-boxes whose inputs have wires.
const SBOXES: usize = WIDTH * (INITIAL.len() - 1 + TERMINAL.len()) + INTERNAL.len();

impl Relations for Permutation {
    const NAME: &'static str = "Poseidon2";
    const DEGREE: usize = 7;

    fn of_size(_: usize) -> Self {
        Self
    }

    fn size(&self) -> usize {
        WIDTH
    }

    fn wires(&self) -> usize {
        Self::WIRES
    }

    fn count(&self) -> usize {
        1 + DIGEST + SBOXES + WIDTH
    }

    fn inputs(&self) -> Vec<usize> {
        (Self::INPUT..Self::INPUT + WIDTH).chain([Self::SWAP]).collect()
    }

    fn state<A: Arithmetic>(&self, arithmetic: &mut A) {
        let mut lanes = swapped(arithmetic);
        let mut sboxes = Self::SBOX..Self::WIRES;
        external_layer(arithmetic, &mut lanes);
        for (round, constants) in INITIAL.iter().enumerate() {
            let wires = (round > 0).then_some(&mut sboxes);
            external_round(arithmetic, &mut lanes, constants, wires);
        }
        for (constant, wire) in INTERNAL.iter().zip(sboxes.by_ref()) {
            internal_round(arithmetic, &mut lanes, element(*constant), wire);
        }
        for constants in &TERMINAL {
            external_round(arithmetic, &mut lanes, constants, Some(&mut sboxes));
        }
        for (lane, value) in lanes.into_iter().enumerate() {
            arithmetic.define(Self::OUTPUT + lane, value);
        }
    }
}

/// The inputs, swapped if `swap` is one. Constrains `swap` to be zero or one.
fn swapped<A: Arithmetic>(arithmetic: &mut A) -> [A::Value; WIDTH] {
    let swap = arithmetic.wire(Permutation::SWAP);
    let is_boolean = arithmetic.combine(F::ONE, swap, swap, F::NEG_ONE, swap);
    arithmetic.zero(is_boolean);
    let mut lanes = std::array::from_fn(|lane| arithmetic.wire(Permutation::INPUT + lane));
    for lane in 0..DIGEST {
        let (left, right) = (lanes[lane], lanes[DIGEST + lane]);
        let difference = arithmetic.sub(right, left);
        let delta = arithmetic.mul(swap, difference);
        let delta = arithmetic.define(Permutation::DELTA + lane, delta);
        lanes[lane] = arithmetic.add(left, delta);
        lanes[DIGEST + lane] = arithmetic.sub(right, delta);
    }
    lanes
}

fn external_round<A: Arithmetic>(
    arithmetic: &mut A,
    lanes: &mut [A::Value; WIDTH],
    constants: &[velum_stark::field::F; WIDTH],
    mut wires: Option<&mut std::ops::Range<usize>>,
) {
    for (lane, constant) in lanes.iter_mut().zip(constants) {
        let constant = arithmetic.constant(element(*constant));
        let mut input = arithmetic.add(*lane, constant);
        if let Some(wire) = wires.as_mut().and_then(|wires| wires.next()) {
            input = arithmetic.define(wire, input);
        }
        *lane = sbox(arithmetic, input);
    }
    external_layer(arithmetic, lanes);
}

fn internal_round<A: Arithmetic>(
    arithmetic: &mut A,
    lanes: &mut [A::Value; WIDTH],
    constant: F,
    wire: usize,
) {
    let constant = arithmetic.constant(constant);
    let input = arithmetic.add(lanes[0], constant);
    let input = arithmetic.define(wire, input);
    lanes[0] = sbox(arithmetic, input);
    let mut sum = lanes[0];
    for lane in &lanes[1..] {
        sum = arithmetic.add(sum, *lane);
    }
    for (lane, factor) in lanes.iter_mut().zip(DIAGONAL) {
        *lane = arithmetic.scale_add(element(factor), *lane, sum);
    }
}

fn sbox<A: Arithmetic>(arithmetic: &mut A, x: A::Value) -> A::Value {
    let x2 = arithmetic.mul(x, x);
    let x3 = arithmetic.mul(x2, x);
    let x4 = arithmetic.mul(x2, x2);
    arithmetic.mul(x3, x4)
}

/// Multiplies each group of four lanes by the circulant matrix of 2, 3, 1 and 1. Then adds to each
/// lane the sum of the lanes at the same place in all groups.
fn external_layer<A: Arithmetic>(arithmetic: &mut A, lanes: &mut [A::Value; WIDTH]) {
    let (fours, _) = lanes.as_chunks_mut::<4>();
    for four in &mut *fours {
        let [a, b, c, d] = *four;
        let (ab, cd) = (arithmetic.add(a, b), arithmetic.add(c, d));
        let sum = arithmetic.add(ab, cd);
        let (sum_b, sum_d) = (arithmetic.add(sum, b), arithmetic.add(sum, d));
        *four = [
            arithmetic.add(sum_b, ab),
            arithmetic.scale_add(F::TWO, c, sum_b),
            arithmetic.add(sum_d, cd),
            arithmetic.scale_add(F::TWO, a, sum_d),
        ];
    }
    for lane in 0..4 {
        let [a, b, c] = std::array::from_fn(|four| fours[four][lane]);
        let sum = arithmetic.add(a, b);
        let sum = arithmetic.add(sum, c);
        for four in &mut *fours {
            four[lane] = arithmetic.add(four[lane], sum);
        }
    }
}
