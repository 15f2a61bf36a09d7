//! Random numbers from a seed.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{RngCore, SeedableRng};

/// A stream of random numbers.
pub(crate) struct Random(ChaCha8Rng);

impl Random {
    pub(crate) fn new(seed: u64) -> Self {
        Self(ChaCha8Rng::seed_from_u64(seed))
    }

    /// A uniform number from 0 to below 1.
    pub(crate) fn part(&mut self) -> f64 {
        (self.0.next_u64() >> 11) as f64 / (1u64 << 53) as f64
    }

    /// A uniform number between two numbers.
    pub(crate) fn between(&mut self, least: f64, most: f64) -> f64 {
        least + self.part() * (most - least)
    }

    /// A uniform number from 0 to below `count`.
    pub(crate) fn below(&mut self, count: usize) -> usize {
        ((self.part() * count as f64) as usize).min(count.saturating_sub(1))
    }

    /// Whether an event of this probability happens.
    pub(crate) fn happens(&mut self, probability: f64) -> bool {
        self.part() < probability
    }

    /// The time to the next event, if events happen at this rate.
    pub(crate) fn until_next(&mut self, rate: f64) -> f64 {
        -(1.0 - self.part()).ln() / rate
    }

    /// A log-normal number around a median. Two thirds of all numbers are within a factor of
    /// `e^spread` of the median.
    pub(crate) fn around(&mut self, median: f64, spread: f64) -> f64 {
        let (radius, angle) =
            ((-2.0 * (1.0 - self.part()).ln()).sqrt(), std::f64::consts::TAU * self.part());
        median * (spread * radius * angle.cos()).exp()
    }

    pub(crate) fn bytes(&mut self) -> [u8; 32] {
        let mut bytes = [0; 32];
        self.0.fill_bytes(&mut bytes);
        bytes
    }
}
