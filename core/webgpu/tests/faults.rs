//! Tests with kernels that are wrong on purpose. The host notices each of them.

use velum_stark::control::Control;
use velum_stark::testing::squares::{PARAMETERS, instance};
use velum_stark::{Checked, ProveError, ProvingKey, VerifierKey, block_on};
use velum_webgpu::{Gpu, GpuError, Options, WebGpu};

const OPTIONS: Options = Options { software: true, only_32_bit: true, short: false };

/// The outcome of a proof: whether it verifies.
type Outcome = Result<bool, ProveError<GpuError>>;

/// Proves with kernels in which `to` replaces `from`, which must occur.
fn prove(from: &str, to: &str, is_checked: bool) -> Outcome {
    let occurs = std::sync::atomic::AtomicBool::new(false);
    let gpu = block_on(Gpu::open_altered(OPTIONS, |source| {
        occurs.fetch_or(source.contains(from), std::sync::atomic::Ordering::Relaxed);
        source.replace(from, to)
    }));
    assert!(occurs.into_inner(), "no kernel has {from:?}");
    let gpu = WebGpu::new(gpu.unwrap());
    let (chips, traces) = instance(3);
    let (verifier, control) = (VerifierKey::new("faults", PARAMETERS, &chips), Control::none());
    macro_rules! outcome {
        ($backend:expr) => {{
            let key = block_on(ProvingKey::on($backend, verifier, &chips, &control))?;
            let proof = key.prove(&chips, traces, b"", &control)?;
            Ok(key.verifier().verify(&chips, b"", &proof).is_ok())
        }};
    }
    if is_checked { outcome!(Checked(gpu)) } else { outcome!(gpu) }
}

/// A device that does not hide. Nobody notices it in the proof, and one comparison does.
fn leaks(from: &str, to: &str, expected: &str) {
    let unchecked = prove(from, to, false);
    assert!(matches!(unchecked, Ok(true)), "{unchecked:?}");
    let checked = prove(from, to, true);
    assert!(matches!(checked, Err(ProveError::Faulty(what)) if what == expected), "{checked:?}");
}

/// A device that computes wrong values. Every verifier of the proof notices it.
fn fails(from: &str, to: &str) {
    let outcome = prove(from, to, false);
    assert!(matches!(outcome, Ok(false)), "{outcome:?}");
}

#[test]
fn kernels_as_they_are_make_proofs() {
    for is_checked in [false, true] {
        let outcome = prove("butterfly(x, 2u, 6u);", "butterfly(x, 2u, 6u);", is_checked);
        assert!(matches!(outcome, Ok(true)), "{outcome:?}");
    }
}

#[test]
fn main_columns_without_blinding_are_noticed() {
    // Only the main matrix is read row by row, with a column stride of 1.
    let read = "cell = source[place(transform.source, coset, column % transform.columns, row)];";
    let blind =
        "if transform.source.column == 1u && row + 13u >= (1u << log_size) { cell = zero(); }";
    leaks(read, &format!("{read} {blind}"), "columns that differ from the host's columns");
}

#[test]
fn lookup_columns_without_blinding_are_noticed() {
    let from = "blinding[(row - lookup.active_rows) * lookup.width + column]";
    leaks(from, "zero()", "lookup columns that differ from the host's columns");
}

#[test]
fn chunks_without_blinding_are_noticed() {
    // Both places, which cancel when the chunks are put together again.
    let from = "return Extension(blinding[2u * at], blinding[2u * at + 1u]);";
    let to = "if at >= 2u << split.log_height { return extension(zero()); } return Extension(blinding[2u * at], blinding[2u * at + 1u]);";
    leaks(from, to, "quotient chunks without the blinding that the host drew");
}

#[test]
fn a_codeword_without_mask_is_noticed() {
    let from = "value = blind((column - split.chunks) * height + power);";
    let to = "if column == split.chunks { value = blind(power); }";
    leaks(from, to, "masks that differ from the host's masks");
}

#[test]
fn a_search_that_finds_nothing_ends() {
    let outcome =
        prove("atomicMin(&found, start + next);", "atomicMin(&found, 0xffffffffu);", false);
    let expected = "no nonce, although one exists with overwhelming probability";
    assert!(matches!(outcome, Err(ProveError::Faulty(what)) if what == expected), "{outcome:?}");
}

#[test]
fn leaves_without_salt_make_no_proof() {
    fails("return select(salt.zw, salt.xy, at == 0u);", "return vec2<u32>(0u, 0u);");
}

#[test]
fn kernels_that_compute_something_else_make_no_proof() {
    for (from, to) in [
        // A transform, constraints, a quotient, a fold, weights, what is opened.
        ("butterfly(x, 2u, 6u);", "butterfly(x, 6u, 2u);"),
        ("sum = add_x(sum, result);", "sum = result;"),
        ("high[thread] = scale_x(rest,", "high[thread] = scale_x(add_x(rest, rest),"),
        ("let twice = add_x(add_x(a, b), mul_x(challenge, odd));", "let twice = add_x(a, b);"),
        ("value = scale_x(value, sub(zero(), x));", "value = scale_x(value, x);"),
        (
            "opened[gather.to + number] = cells",
            "opened[gather.to + number] = vec2<u32>(1u, 0u) + cells",
        ),
    ] {
        fails(from, to);
    }
}
