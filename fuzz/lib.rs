//! Makes a program of libFuzzer out of a target. Each program in `fuzz_targets` is one call of [`target!`].

use std::path::Path;

pub use libfuzzer_sys;
pub use velum_fuzz_harness::Target;
use velum_fuzz_harness::inputs::findings;
use velum_fuzz_harness::mutate::mutate;

/// The program of the target with this name.
///
/// Half of the mutations are libFuzzer's own, which change bytes. The others change the structure of
/// inputs that have one.
#[macro_export]
macro_rules! target {
    ($name:literal) => {
        static TARGET: ::std::sync::LazyLock<$crate::Target> = ::std::sync::LazyLock::new(|| {
            $crate::target_named($name)
        });

        $crate::libfuzzer_sys::fuzz_target!(
            init: $crate::write_seeds(&TARGET),
            |input: &[u8]| {
                TARGET.check(input);
            }
        );

        $crate::libfuzzer_sys::fuzz_mutator!(
            |data: &mut [u8], size: usize, most: usize, seed: u32| {
                $crate::mutated(&TARGET, data, size, most, seed)
            }
        );
    };
}

/// The target with this name.
///
/// # Panics
/// There is no such target.
pub fn target_named(name: &str) -> Target {
    let all = velum_fuzz_targets::TARGETS.iter().chain(velum_aggregate_fuzz_targets::TARGETS);
    *all.into_iter().find(|target| target.name == name).expect("every program has a target")
}

/// Writes the seeds of a target, and the inputs that failed once, into the folder that the variable
/// `VELUM_FUZZ_SEEDS` names, if it is set. This happens before the fuzzer reads its folders.
///
/// # Panics
/// A seed cannot be written.
pub fn write_seeds(target: &Target) {
    let Some(folder) = std::env::var_os("VELUM_FUZZ_SEEDS") else { return };
    let inputs = (target.seeds)().into_iter().chain(findings(target.name));
    for (number, input) in inputs.enumerate() {
        let path = Path::new(&folder).join(format!("{number:04}"));
        std::fs::write(path, input).expect("a seed can be written");
    }
}

/// Mutates the first `size` bytes of `data` in place, and returns their new number.
pub fn mutated(target: &Target, data: &mut [u8], size: usize, most: usize, seed: u32) -> usize {
    if seed & 1 == 0
        && let Some(mutant) = mutate(target.form, &data[..size], seed >> 1, most)
    {
        data[..mutant.len()].copy_from_slice(&mutant);
        return mutant.len();
    }
    libfuzzer_sys::fuzzer_mutate(data, size, most)
}
