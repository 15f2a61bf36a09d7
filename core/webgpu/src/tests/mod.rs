//! Tests kernels one by one against the CPU.

mod field;
mod grinding;
mod source;
mod transform;
mod tree;

use std::sync::OnceLock;

use p3_field::{PrimeCharacteristicRing, PrimeField64};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use velum_stark::block_on;
use velum_stark::field::F;

use crate::{Gpu, Options};

/// Every form of the kernels.
const FORMS: [Options; 4] = [
    Options { software: true, only_32_bit: true, short: false },
    Options { software: true, only_32_bit: true, short: true },
    Options { software: true, only_32_bit: false, short: false },
    Options { software: true, only_32_bit: false, short: true },
];

/// The GPU, with kernels of every form.
fn gpus() -> &'static [Gpu] {
    static GPUS: OnceLock<Vec<Gpu>> = OnceLock::new();
    GPUS.get_or_init(|| FORMS.map(|options| block_on(Gpu::open(options)).unwrap()).to_vec())
}

fn rng() -> StdRng {
    StdRng::seed_from_u64(1)
}

/// Elements at which carries, borrows and reductions begin and end.
fn edges() -> Vec<F> {
    let order = F::ORDER_U64;
    let numbers = [
        0,
        1,
        2,
        (1 << 16) - 1,
        1 << 16,
        (1 << 32) - 2,
        (1 << 32) - 1,
        1 << 32,
        (1 << 32) + 1,
        (1 << 63) - 1,
        1 << 63,
        order - (1 << 32) - 1,
        order - (1 << 32),
        order - (1 << 32) + 1,
        order - 2,
        order - 1,
    ];
    numbers.map(F::from_u64).to_vec()
}

/// This number of random elements.
fn random(count: usize) -> Vec<F> {
    let mut rng = rng();
    (0..count).map(|_| rng.random()).collect()
}
