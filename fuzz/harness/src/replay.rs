//! Replays what the fuzzers begin with and what they have found, with mutations that are the same on
//! every run. The fuzzers themselves go further: `./x fuzz`.

use crate::Target;
use crate::inputs::{Form, MOST_BYTES, findings, huge};
use crate::mutate::{mutate, nested_everywhere};

/// The nodes of a seed that are replaced by deeply nested ones.
const NESTED_PLACES: usize = 6;

/// Replays the seeds of each target, its findings, huge inputs and some mutations.
///
/// # Panics
/// A target fails an input, or has nothing to begin with. The message names the target and the
/// input.
pub fn replay(targets: &[Target]) {
    for target in targets {
        let seeds = (target.seeds)();
        assert!(!seeds.is_empty(), "{} has nothing to begin with", target.name);
        let start = std::time::Instant::now();
        let mut most = check_all(target, "seed", seeds.iter().cloned());
        most = most.max(check_all(target, "finding", findings(target.name)));
        most = most.max(check_all(target, "huge input", huge(target.form)));
        let nested = nested_everywhere(target.form, &seeds[0], NESTED_PLACES);
        most = most.max(check_all(target, "nested input", nested));
        mutations(target, &seeds);
        println!("{}: {:.1?}, at most {} kB", target.name, start.elapsed(), most / 1000);
    }
}

/// Checks that the structure-aware mutations of each target mutate its seeds. Otherwise the target
/// would be fuzzed with changes of bytes alone.
///
/// # Panics
/// Fewer than half of the mutations change a seed.
pub fn seeds_can_be_mutated(targets: &[Target]) {
    for target in targets.iter().filter(|target| target.form != Form::Bytes) {
        for seed in (target.seeds)().iter().take(3) {
            let mutants = (0..50).filter_map(|it| mutate(target.form, seed, it, 1 << 22));
            let changed = mutants.filter(|mutant| mutant != seed).count();
            assert!(changed > 25, "{}: {changed} of 50", target.name);
        }
    }
}

/// Checks that each target has a program in `fuzz/fuzz_targets`, since one could forget to add it.
///
/// # Panics
/// There is no such program.
pub fn have_programs(targets: &[Target]) {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../fuzz_targets");
    let manifest = include_str!("../../Cargo.toml");
    for Target { name, .. } in targets {
        let program = std::fs::read_to_string(format!("{folder}/{name}.rs")).unwrap_or_default();
        assert!(program.contains(&format!("velum_fuzz::target!(\"{name}\")")), "{name}");
        assert!(manifest.contains(&format!("name = \"{name}\"")), "{name}");
    }
}

/// Returns the most memory that one of the inputs took, which is not what is made once and kept.
fn check_all(target: &Target, what: &str, inputs: impl IntoIterator<Item = Vec<u8>>) -> usize {
    let checked =
        |(number, input): (usize, Vec<u8>)| check(target, &format!("{what} {number}"), &input);
    inputs.into_iter().enumerate().map(checked).max().unwrap_or_default()
}

fn check(target: &Target, what: &str, input: &[u8]) -> usize {
    let outcome = std::panic::catch_unwind(|| target.check(input));
    outcome.unwrap_or_else(|_| panic!("{}: {what}", target.name))
}

/// Each mutation mutates a seed, or what came of the mutation before.
fn mutations(target: &Target, seeds: &[Vec<u8>]) {
    /// Mutations in a row.
    const ROW: u32 = 4;
    let mut input = Vec::new();
    for number in 0..target.replayed {
        if number % ROW == 0 {
            input.clone_from(&seeds[(number / ROW) as usize % seeds.len()]);
        }
        if let Some(mutated) = mutate(target.form, &input, number, MOST_BYTES) {
            input = mutated;
        } else if !input.is_empty() {
            let place = (number as usize).wrapping_mul(0x9e37_79b9) % input.len();
            input[place] = input[place].wrapping_add(number as u8 | 1);
        }
        check(target, &format!("mutation {number}"), &input);
    }
}
