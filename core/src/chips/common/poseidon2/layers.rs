//! Poseidon2 as a sequence of S-boxes. The input of each S-box is affine in what came before
//! (eprint 2023/323).
//!
//! The sequence of a permutation begins with the 12 lanes that enter it. These pass through no
//! S-box: their inputs stand for themselves. The S-boxes of the rounds follow in order. Everything
//! between S-boxes is affine, so the input of an S-box is affine in at most 24 earlier inputs and
//! outputs: [`RULES`]. This module knows nothing of columns and rows.
//!
//! An internal round has one S-box, and the full state stands nowhere. Up to the twelfth internal
//! round, inputs are affine in the outputs of the last external round and in the outputs since
//! then. After that, the state of twelve rounds before is recovered from the twelve inputs since
//! then. This is possible for three reasons: each round shows the sum of the lanes; the sums of 12
//! rounds are power sums of the lanes, weighted by the internal diagonal; and the entries of the
//! diagonal are distinct.

use std::sync::LazyLock;

use p3_field::{Field, PrimeCharacteristicRing};
use p3_goldilocks::{
    GOLDILOCKS_POSEIDON2_RC_12_EXTERNAL_FINAL as FINAL_CONSTANTS,
    GOLDILOCKS_POSEIDON2_RC_12_EXTERNAL_INITIAL as INITIAL_CONSTANTS,
    GOLDILOCKS_POSEIDON2_RC_12_INTERNAL as INTERNAL_CONSTANTS,
    MATRIX_DIAG_12_GOLDILOCKS as INTERNAL_DIAGONAL,
};
use velum_stark::field::F;

use crate::digest::WIDTH;

/// A square matrix, row by row.
type Matrix = [[F; WIDTH]; WIDTH];

/// One element per lane.
pub(super) type Lanes = [F; WIDTH];

/// The first S-box of the external rounds in the first half.
const INITIAL: usize = WIDTH;
/// The first S-box of the internal rounds.
const INTERNAL: usize = INITIAL + WIDTH * INITIAL_CONSTANTS.len();
/// The first S-box of the external rounds in the second half.
const FINAL: usize = INTERNAL + INTERNAL_CONSTANTS.len();
/// Number of S-boxes in a permutation, including the entering lanes.
pub(super) const SBOXES: usize = FINAL + WIDTH * FINAL_CONSTANTS.len();
/// The first S-box of the last round.
pub(super) const LAST_ROUND: usize = SBOXES - WIDTH;

/// How the input of an S-box follows from earlier inputs and outputs: it is the constant plus the
/// sum of coefficients times cells. A cell is given by how many S-boxes back it is.
#[derive(Clone, Debug, Default)]
pub(super) struct Rule {
    pub(super) inputs: Vec<(usize, F)>,
    pub(super) outputs: Vec<(usize, F)>,
    pub(super) constant: F,
}

impl Rule {
    /// The input is `constant`.
    fn constant(constant: F) -> Self {
        Self { constant, ..Self::default() }
    }

    /// The value of lane `lane` after an external round whose first S-box is `back` S-boxes back.
    pub(super) fn after_external(lane: usize, back: usize) -> Self {
        Self { outputs: terms(&EXTERNAL[lane], back), ..Self::default() }
    }
}

/// The non-zero coefficients of consecutive S-boxes, the first of which is `back` S-boxes back.
fn terms(coefficients: &[F], back: usize) -> Vec<(usize, F)> {
    let terms = coefficients.iter().enumerate().filter(|(_, coefficient)| **coefficient != F::ZERO);
    terms.map(|(index, &coefficient)| (back - index, coefficient)).collect()
}

/// The external linear layer: `[[2M, M, M], [M, 2M, M], [M, M, 2M]]`.
static EXTERNAL: LazyLock<Matrix> = LazyLock::new(|| {
    const M: [[u64; 4]; 4] = [[2, 3, 1, 1], [1, 2, 3, 1], [1, 1, 2, 3], [3, 1, 1, 2]];
    std::array::from_fn(|row| {
        std::array::from_fn(|column| {
            let twice = u64::from(row / 4 == column / 4);
            F::from_u64(M[row % 4][column % 4] * (1 + twice))
        })
    })
});

/// The rules of a permutation's S-boxes behind the entering lanes. The rule of S-box `i` has index
/// `i - 12`.
pub(super) static RULES: LazyLock<Vec<Rule>> = LazyLock::new(|| {
    let mut rules = Vec::with_capacity(SBOXES - WIDTH);
    let lanes = |back| (0..WIDTH).map(move |lane| Rule::after_external(lane, back + lane));
    let add = |mut rule: Rule, constant: &F| {
        rule.constant += *constant;
        rule
    };
    for (round, constants) in INITIAL_CONSTANTS.iter().enumerate() {
        let state = lanes(WIDTH).map(|rule| match round {
            // The entering lanes pass through no S-box.
            0 => Rule { inputs: rule.outputs, ..Rule::default() },
            _ => rule,
        });
        rules.extend(state.zip(constants).map(|(rule, constant)| add(rule, constant)));
    }

    let first = Rounds::new(&INTERNAL_CONSTANTS[..WIDTH]);
    rules.extend(first.inputs.iter().enumerate().map(|(round, input)| {
        let mut outputs = terms(&apply_transposed(&EXTERNAL, &input.state), WIDTH + round);
        outputs.extend(terms(&input.outputs[..round], round));
        Rule { outputs, ..Rule::constant(input.constant) }
    }));
    let windows = INTERNAL_CONSTANTS.windows(WIDTH).map(|constants| Rounds::new(constants).left());
    let mut left = windows.collect::<Vec<_>>();
    let after_internal = left.pop().unwrap_or_default();
    let rounds = left.iter().zip(&INTERNAL_CONSTANTS[WIDTH..]);
    rules.extend(rounds.map(|(left, constant)| add(left.lane(0, WIDTH), constant)));

    for (round, constants) in FINAL_CONSTANTS.iter().enumerate() {
        let state: Vec<_> = match round {
            0 => (0..WIDTH).map(|lane| after_internal.lane(lane, WIDTH + lane)).collect(),
            _ => lanes(WIDTH).collect(),
        };
        rules.extend(state.into_iter().zip(constants).map(|(rule, constant)| add(rule, constant)));
    }
    rules
});

/// Twelve consecutive internal rounds.
struct Rounds {
    /// The inputs of the S-boxes.
    inputs: [Affine; WIDTH],
    /// The state after the rounds.
    lanes: [Affine; WIDTH],
}

/// `state * (state before the rounds) + outputs * (outputs of the rounds) + constant`.
#[derive(Clone, Copy, Default)]
struct Affine {
    state: Lanes,
    outputs: Lanes,
    constant: F,
}

impl Rounds {
    /// The rounds that add `constants` to lane 0.
    fn new(constants: &[F]) -> Self {
        let mut lanes: [Affine; WIDTH] =
            std::array::from_fn(|lane| Affine { state: unit(lane), ..Affine::default() });
        let inputs = std::array::from_fn(|round| {
            let mut input = lanes[0];
            input.constant += constants[round];
            lanes[0] = Affine { outputs: unit(round), ..Affine::default() };
            lanes = internal_layer(&lanes);
            input
        });
        Self { inputs, lanes }
    }

    /// Expresses the state after the rounds by the inputs of the rounds instead of the state before
    /// them.
    fn left(&self) -> Left {
        let recover = inverse(&self.inputs.map(|input| input.state));
        let inputs = product(&self.lanes.map(|lane| lane.state), &recover);
        let known_outputs = product(&inputs, &self.inputs.map(|input| input.outputs));
        let known_constants = inputs.map(|row| dot(&row, &self.inputs.map(|input| input.constant)));
        Left {
            inputs,
            outputs: std::array::from_fn(|lane| {
                std::array::from_fn(|round| {
                    self.lanes[lane].outputs[round] - known_outputs[lane][round]
                })
            }),
            constants: std::array::from_fn(|lane| {
                self.lanes[lane].constant - known_constants[lane]
            }),
        }
    }
}

/// The state after twelve internal rounds: `inputs * inputs + outputs * outputs + constants`.
#[derive(Default)]
struct Left {
    inputs: Matrix,
    outputs: Matrix,
    constants: Lanes,
}

impl Left {
    /// The value of lane `lane` if the first of the rounds is `back` S-boxes back.
    fn lane(&self, lane: usize, back: usize) -> Rule {
        Rule {
            inputs: terms(&self.inputs[lane], back),
            outputs: terms(&self.outputs[lane], back),
            constant: self.constants[lane],
        }
    }
}

fn unit(lane: usize) -> Lanes {
    std::array::from_fn(|other| F::from_bool(other == lane))
}

/// The internal linear layer: the sum of all lanes, plus each lane times its entry of the diagonal.
fn internal_layer(lanes: &[Affine; WIDTH]) -> [Affine; WIDTH] {
    let combine = |lane: usize, part: &dyn Fn(&Affine) -> F| {
        lanes.iter().map(part).sum::<F>() + INTERNAL_DIAGONAL[lane] * part(&lanes[lane])
    };
    std::array::from_fn(|lane| Affine {
        state: std::array::from_fn(|index| combine(lane, &|affine| affine.state[index])),
        outputs: std::array::from_fn(|index| combine(lane, &|affine| affine.outputs[index])),
        constant: combine(lane, &|affine| affine.constant),
    })
}

fn dot(left: &Lanes, right: &Lanes) -> F {
    left.iter().zip(right).map(|(&left, &right)| left * right).sum()
}

/// Takes the coefficients of a linear function of the lanes behind the matrix. Returns its
/// coefficients as a function of the lanes before the matrix.
fn apply_transposed(matrix: &Matrix, coefficients: &Lanes) -> Lanes {
    std::array::from_fn(|column| dot(coefficients, &matrix.map(|row| row[column])))
}

fn product(left: &Matrix, right: &Matrix) -> Matrix {
    left.map(|row| apply_transposed(right, &row))
}

/// The inverse of an invertible matrix, by Gauss-Jordan elimination. It is applied to constants
/// only.
fn inverse(matrix: &Matrix) -> Matrix {
    let (mut left, mut right): (Matrix, Matrix) = (*matrix, std::array::from_fn(unit));
    for pivot in 0..WIDTH {
        let found = (pivot..WIDTH)
            .find(|&row| left[row][pivot] != F::ZERO)
            .expect("constant matrix is invertible");
        left.swap(pivot, found);
        right.swap(pivot, found);
        let scale = left[pivot][pivot].inverse();
        left[pivot] = left[pivot].map(|entry| entry * scale);
        right[pivot] = right[pivot].map(|entry| entry * scale);
        for row in (0..WIDTH).filter(|&row| row != pivot) {
            let factor = left[row][pivot];
            for column in 0..WIDTH {
                let (l, r) = (left[pivot][column], right[pivot][column]);
                left[row][column] -= factor * l;
                right[row][column] -= factor * r;
            }
        }
    }
    right
}

#[cfg(test)]
mod tests {
    use p3_poseidon2::{MDSMat4, matmul_internal, mds_light_permutation};

    use super::*;

    #[test]
    fn linear_layers_are_the_standard_ones() {
        for lane in 0..WIDTH {
            let mut expected = unit(lane);
            mds_light_permutation(&mut expected, &MDSMat4);
            assert_eq!(EXTERNAL.map(|row| row[lane]), expected);

            let mut expected = unit(lane);
            matmul_internal(&mut expected, INTERNAL_DIAGONAL);
            let constants =
                |lanes: Lanes| lanes.map(|constant| Affine { constant, ..Affine::default() });
            let layered = internal_layer(&constants(unit(lane))).map(|affine| affine.constant);
            assert_eq!(layered, expected);
        }
    }

    #[test]
    fn there_is_a_rule_for_every_sbox() {
        assert_eq!((RULES.len(), SBOXES), (SBOXES - WIDTH, 130));
        let reaches = RULES.iter().flat_map(|rule| rule.inputs.iter().chain(&rule.outputs));
        assert_eq!(reaches.map(|&(back, _)| back).max(), Some(2 * WIDTH - 1));
    }
}
