//! The permutation, of one state or of as many states at once as the machine has lanes.

use p3_field::Algebra;
use p3_poseidon2::{MDSMat4, mds_light_permutation};

use super::WIDTH;
use super::constants::{DIAGONAL, INITIAL, INTERNAL, TERMINAL};
use crate::field::F;

/// Lanes in whole cache lines. Packed elements are aligned to eight bytes only, and a vector that
/// spans two lines costs two accesses.
#[derive(Clone, Copy)]
#[repr(align(64))]
struct Lanes<R>([R; WIDTH]);

/// Applies the permutation to a state of elements or of packed elements.
pub fn permute<R: Algebra<F> + Copy>(state: &mut [R; WIDTH]) {
    let mut lanes = Lanes(*state);
    mds_light_permutation(&mut lanes.0, &MDSMat4);
    for constants in &INITIAL {
        external_round(&mut lanes, constants);
    }
    for constant in INTERNAL {
        internal_round(&mut lanes, constant);
    }
    for constants in &TERMINAL {
        external_round(&mut lanes, constants);
    }
    *state = lanes.0;
}

#[inline(always)]
fn external_round<R: Algebra<F> + Copy>(lanes: &mut Lanes<R>, constants: &[F; WIDTH]) {
    // Each power is computed over all lanes, so that the multiplications overlap.
    let x = Lanes(std::array::from_fn(|lane| lanes.0[lane] + constants[lane]));
    let x2 = Lanes(x.0.map(|x| x.square()));
    let x3 = Lanes(std::array::from_fn(|lane| x2.0[lane] * x.0[lane]));
    let x4 = Lanes(x2.0.map(|x2| x2.square()));
    *lanes = Lanes(std::array::from_fn(|lane| x3.0[lane] * x4.0[lane]));
    mds_light_permutation(&mut lanes.0, &MDSMat4);
}

#[inline(always)]
fn internal_round<R: Algebra<F> + Copy>(Lanes(lanes): &mut Lanes<R>, constant: F) {
    let x = lanes[0] + constant;
    let x2 = x.square();
    let (x3, x4) = (x2 * x, x2.square());
    // The sum of the other lanes does not wait for the power of the first.
    let others = R::sum_array::<{ WIDTH - 1 }>(&lanes[1..]);
    lanes[0] = x3 * x4;
    let sum = lanes[0] + others;
    for (lane, factor) in lanes.iter_mut().zip(DIAGONAL) {
        *lane = *lane * factor + sum;
    }
}
