//! Tests the field and its extension.

use bytemuck::{Pod, Zeroable};
use p3_field::{BasedVectorSpace, Field, PrimeCharacteristicRing, PrimeField64};
use velum_stark::block_on;
use velum_stark::field::{EF, F};

use super::{edges, gpus, random};
use crate::Gpu;
use crate::kernels::Kernel;
use crate::matrix::elements_x;
use crate::memory::ELEMENT;
use crate::recorder::Recorder;

#[repr(C)]
#[derive(Clone, Copy, Pod, Zeroable)]
struct Testing {
    operation: u32,
    count: u32,
}

/// An operation's name, and the operation on the CPU.
type Operation<'a> = (&'a str, &'a dyn Fn(EF, EF) -> EF);

fn operate(gpu: &Gpu, operation: u32, first: &[EF], second: &[EF]) -> Vec<EF> {
    let upload = |values: &[EF]| {
        let buffer = gpu.0.pool.public(2 * values.len() as u64);
        gpu.write_x(&buffer, 0, values);
        buffer
    };
    let (first_buffer, second_buffer) = (upload(first), upload(second));
    let results = gpu.0.pool.public(2 * first.len() as u64);
    let mut recorder = Recorder::new(gpu);
    let parameters = Testing { operation, count: first.len() as u32 };
    let buffers = [&first_buffer, &second_buffer, &results];
    recorder.run(Kernel::Operate, &parameters, &buffers, (first.len() as u64).div_ceil(64));
    elements_x(&block_on(recorder.read(&results, 2 * ELEMENT * first.len() as u64)).unwrap())
}

/// Every pair of edge values as coefficients of either operand, and random elements.
fn operands() -> (Vec<EF>, Vec<EF>) {
    let edges = edges();
    let (mut first, mut second) = (Vec::new(), Vec::new());
    for &a in &edges {
        for &b in &edges {
            first.push(EF::from_basis_coefficients_fn(|i| if i == 0 { a } else { b }));
            second.push(EF::from_basis_coefficients_fn(|i| if i == 0 { b } else { a }));
        }
    }
    let random = random(4_000);
    for four in random.chunks_exact(4) {
        first.push(EF::from_basis_coefficients_fn(|i| four[i]));
        second.push(EF::from_basis_coefficients_fn(|i| four[2 + i]));
    }
    // Every power of two.
    for power in 0..192 {
        first.push(EF::from_basis_coefficients_fn(|i| random[2 * power + i]));
        second.push(F::from_usize(power).into());
        first.push(EF::from_basis_coefficients_fn(|_| F::NEG_ONE));
        second.push(F::from_usize(power).into());
    }
    (first, second)
}

fn coefficients(value: EF) -> [F; 2] {
    let coefficients: &[F] = value.as_basis_coefficients_slice();
    [coefficients[0], coefficients[1]]
}

#[test]
fn operations_are_those_of_the_processor() {
    let (first, second) = operands();
    let pair = |a: F, b: F| EF::from_basis_coefficients_fn(|i| if i == 0 { a } else { b });
    let inverse = |a: F| a.try_inverse().unwrap_or_default();
    let expected: [Operation<'_>; 7] = [
        ("sum", &|a, b| a + b),
        ("difference", &|a, b| a - b),
        ("product", &|a, b| a * b),
        ("product with the base field", &|a, b| a * coefficients(b)[0]),
        ("inverse", &|a, _| a.try_inverse().unwrap_or_default()),
        ("inverse and square", &|a, _| {
            pair(inverse(coefficients(a)[0]), coefficients(a)[1].square())
        }),
        ("products with powers of two and seven", &|a, b| {
            let power = coefficients(b)[0].as_canonical_u64() as u32 % 192;
            let [low, high] = coefficients(a);
            pair(low * F::TWO.exp_u64(power.into()), high * F::from_u8(7))
        }),
    ];
    for gpu in gpus() {
        for (operation, (name, expected)) in expected.iter().enumerate() {
            let results = operate(gpu, operation as u32, &first, &second);
            for ((&a, &b), result) in first.iter().zip(&second).zip(results) {
                assert_eq!(result, expected(a, b), "{name} of {a:?} and {b:?}");
            }
        }
    }
}
