//! Random choices that can be repeated: one number chooses everything in a random history.

use std::time::Duration;

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{RngCore, SeedableRng};

/// The variable that names one history. If it is set, only this history is run.
pub const SEED: &str = "VELUM_FAULTS_SEED";

/// The seeds of the histories: `sample` of them, or `whole` if everything is run.
pub fn seeds(sample: u64, whole: u64) -> Vec<u64> {
    if let Ok(seed) = std::env::var(SEED) {
        return vec![seed.parse().expect("a seed is a number")];
    }
    let first = chance();
    (0..if is_whole() { whole } else { sample }).map(|number| first.wrapping_add(number)).collect()
}

/// All of some values, or a random sample of them.
pub fn sampled<T: Clone>(all: &[T], count: usize) -> Vec<T> {
    if is_whole() {
        return all.to_vec();
    }
    let first = chance() as usize % all.len();
    all.iter()
        .cycle()
        .skip(first)
        .step_by((all.len() / count).max(1))
        .take(count)
        .cloned()
        .collect()
}

/// A random number.
pub fn chance() -> u64 {
    let mut bytes = [0; 8];
    getrandom::fill(&mut bytes).unwrap();
    u64::from_le_bytes(bytes)
}

/// Whether everything is run, and not only a sample.
pub fn is_whole() -> bool {
    std::env::var_os("VELUM_TEST_ALL").is_some()
}

/// The source of random choices for one history.
pub struct Chance(ChaCha8Rng);

impl Chance {
    pub fn of(seed: u64) -> Self {
        Self(ChaCha8Rng::seed_from_u64(seed))
    }

    pub fn below(&mut self, count: u64) -> u64 {
        self.0.next_u64() % count
    }

    pub fn happens(&mut self, percent: u64) -> bool {
        self.below(100) < percent
    }

    pub fn one_of<T: Copy>(&mut self, all: &[T]) -> T {
        all[self.below(all.len() as u64) as usize]
    }

    pub fn milliseconds(&mut self, least: u64, most: u64) -> Duration {
        Duration::from_millis(least + self.below(most - least + 1))
    }
}
