//! Poseidon2 as linear maps between rows of S-boxes (eprint 2023/323).
//!
//! A row holds 12 S-boxes: all those of one external round, or those of lane 0 in up to 12 internal rounds. Between S-boxes
//! everything is affine, so the S-box inputs of a row are affine in the previous row's inputs and outputs and in the
//! row's own outputs. [`LAYERS`] has these maps. It knows nothing of columns.
//!
//! The state on entering a row of internal rounds is not in the row. It is recovered from the row's 12 inputs: each round
//! shows the sum of the lanes, the sums of 12 rounds are power sums of the lanes weighted by the internal diagonal, and
//! its entries differ. A row with fewer rounds than 12 adds rounds without S-box and constant, which bind its other inputs.

use std::sync::LazyLock;

use p3_field::{Field, PrimeCharacteristicRing};
use p3_goldilocks::{
    GOLDILOCKS_POSEIDON2_RC_12_EXTERNAL_FINAL as FINAL_CONSTANTS,
    GOLDILOCKS_POSEIDON2_RC_12_EXTERNAL_INITIAL as INITIAL_CONSTANTS,
    GOLDILOCKS_POSEIDON2_RC_12_INTERNAL as INTERNAL_CONSTANTS,
    MATRIX_DIAG_12_GOLDILOCKS as INTERNAL_DIAGONAL,
};

use crate::field::F;
use crate::poseidon2::WIDTH;

/// A square matrix, row by row.
pub(super) type Matrix = [[F; WIDTH]; WIDTH];

/// One element a lane.
pub(super) type Lanes = [F; WIDTH];

/// Rows of a permutation: 4 external rounds, 2 rows of internal rounds, 4 external rounds.
pub(super) const ROWS: usize = 10;

/// The first row of internal rounds: 12 rounds.
pub(super) const INTERNAL: usize = 4;

/// The second row of internal rounds: 10 rounds.
pub(super) const INTERNAL_END: usize = 5;

/// The S-box inputs of a row: `inputs * (previous inputs) + outputs * (previous outputs) + own * (own outputs) +
/// constants`.
pub(super) struct Step {
    pub(super) inputs: Matrix,
    pub(super) outputs: Matrix,
    pub(super) own: Matrix,
    pub(super) constants: Lanes,
}

/// The affine maps of the permutation.
pub(super) struct Layers {
    /// The external linear layer, from a row's outputs to the state.
    pub(super) external: Matrix,
    /// Its inverse.
    pub(super) external_inverse: Matrix,
    /// From a row to the next: `steps[i]` gives the inputs of row `i + 1`.
    pub(super) steps: [Step; ROWS - 1],
}

/// The maps of the permutation of `crate::poseidon2`.
pub(super) static LAYERS: LazyLock<Layers> = LazyLock::new(Layers::new);

/// Constants that the first row adds to the state after the external linear layer.
pub(super) const FIRST_CONSTANTS: Lanes = INITIAL_CONSTANTS[0];

impl Layers {
    fn new() -> Self {
        let external = external_matrix();
        let first = InternalRow::new(&INTERNAL_CONSTANTS[..WIDTH]);
        let second = InternalRow::new(&INTERNAL_CONSTANTS[WIDTH..]);
        let steps = std::array::from_fn(|row| match row + 1 {
            INTERNAL => first.entered_by(&Exit::of_external(&external)),
            INTERNAL_END => second.entered_by(&first.exit),
            next if next < INTERNAL => Exit::of_external(&external).step(&INITIAL_CONSTANTS[next]),
            next => {
                let constants = &FINAL_CONSTANTS[next - INTERNAL_END - 1];
                if row == INTERNAL_END {
                    second.exit.step(constants)
                } else {
                    Exit::of_external(&external).step(constants)
                }
            }
        });
        Self { external_inverse: inverse(&external), external, steps }
    }
}

/// The state on leaving a row: `inputs * inputs + outputs * outputs + constants`.
struct Exit {
    inputs: Matrix,
    outputs: Matrix,
    constants: Lanes,
}

impl Exit {
    fn of_external(external: &Matrix) -> Self {
        Self { inputs: ZERO, outputs: *external, constants: Lanes::default() }
    }

    /// The step into an external round that adds `constants`.
    fn step(&self, constants: &Lanes) -> Step {
        let constants = std::array::from_fn(|lane| self.constants[lane] + constants[lane]);
        Step { inputs: self.inputs, outputs: self.outputs, own: ZERO, constants }
    }
}

/// A row of internal rounds.
struct InternalRow {
    /// Inputs, affine in the entering state and the row's outputs.
    inputs: [Affine; WIDTH],
    exit: Exit,
}

/// `state * (entering state) + outputs * (row's outputs) + constant`.
#[derive(Clone, Copy, Default)]
struct Affine {
    state: Lanes,
    outputs: Lanes,
    constant: F,
}

impl InternalRow {
    /// The row whose rounds add `constants`, at most 12 of them, to lane 0.
    fn new(constants: &[F]) -> Self {
        let mut lanes: [Affine; WIDTH] =
            std::array::from_fn(|lane| Affine { state: unit(lane), ..Affine::default() });
        let mut left = lanes;
        let inputs = std::array::from_fn(|round| {
            let mut input = lanes[0];
            if let Some(&constant) = constants.get(round) {
                input.constant += constant;
                lanes[0] = Affine { outputs: unit(round), ..Affine::default() };
            }
            lanes = internal_layer(&lanes);
            if round < constants.len() {
                left = lanes;
            }
            input
        });
        Self { exit: exit(&inputs, &left), inputs }
    }

    /// The step into this row from a row that leaves with `exit`.
    fn entered_by(&self, exit: &Exit) -> Step {
        let state = self.inputs.map(|input| input.state);
        let constants = apply(&state, &exit.constants);
        Step {
            inputs: product(&state, &exit.inputs),
            outputs: product(&state, &exit.outputs),
            own: self.inputs.map(|input| input.outputs),
            constants: std::array::from_fn(|lane| constants[lane] + self.inputs[lane].constant),
        }
    }
}

/// Rewrites the state on leaving by the row's inputs in place of the state on entering.
fn exit(inputs: &[Affine; WIDTH], left: &[Affine; WIDTH]) -> Exit {
    let recover = inverse(&inputs.map(|input| input.state));
    let by_inputs = product(&left.map(|lane| lane.state), &recover);
    let known_outputs = product(&by_inputs, &inputs.map(|input| input.outputs));
    let known_constants = apply(&by_inputs, &inputs.map(|input| input.constant));
    Exit {
        inputs: by_inputs,
        outputs: std::array::from_fn(|lane| {
            std::array::from_fn(|output| left[lane].outputs[output] - known_outputs[lane][output])
        }),
        constants: std::array::from_fn(|lane| left[lane].constant - known_constants[lane]),
    }
}

const ZERO: Matrix = [[F::ZERO; WIDTH]; WIDTH];

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

/// The external linear layer: `[[2M, M, M], [M, 2M, M], [M, M, 2M]]`.
fn external_matrix() -> Matrix {
    const M: [[u64; 4]; 4] = [[2, 3, 1, 1], [1, 2, 3, 1], [1, 1, 2, 3], [3, 1, 1, 2]];
    std::array::from_fn(|row| {
        std::array::from_fn(|column| {
            let twice = u64::from(row / 4 == column / 4);
            F::from_u64(M[row % 4][column % 4] * (1 + twice))
        })
    })
}

/// A matrix applied to lanes.
pub(super) fn apply(matrix: &Matrix, lanes: &Lanes) -> Lanes {
    matrix.map(|row| row.iter().zip(lanes).map(|(&entry, &lane)| entry * lane).sum())
}

fn product(left: &Matrix, right: &Matrix) -> Matrix {
    left.map(|row| std::array::from_fn(|column| (0..WIDTH).map(|k| row[k] * right[k][column]).sum()))
}

/// The inverse by Gauss-Jordan elimination of a matrix that has one: it is applied to constants only.
fn inverse(matrix: &Matrix) -> Matrix {
    let (mut left, mut right): (Matrix, Matrix) = (*matrix, std::array::from_fn(unit));
    for pivot in 0..WIDTH {
        let found =
            (pivot..WIDTH).find(|&row| left[row][pivot] != F::ZERO).expect("constant matrix is invertible");
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
            assert_eq!(apply(&LAYERS.external, &unit(lane)), expected);
            assert_eq!(apply(&LAYERS.external_inverse, &expected), unit(lane));

            let mut expected = unit(lane);
            matmul_internal(&mut expected, INTERNAL_DIAGONAL);
            let constants = |lanes: Lanes| lanes.map(|constant| Affine { constant, ..Affine::default() });
            let layered = internal_layer(&constants(unit(lane))).map(|affine| affine.constant);
            assert_eq!(layered, expected);
        }
    }
}
