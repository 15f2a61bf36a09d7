//! When to try again.

use velum_market_model::Duration;

/// Waits that double from try to try. Each wait is random between one half and the whole of the
/// time that is due.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Backoff {
    /// The longest that the first wait can be.
    pub first: Duration,
    /// The longest wait.
    pub longest: Duration,
}

impl Default for Backoff {
    /// From half a second to a minute.
    fn default() -> Self {
        Self { first: Duration::constant(500), longest: Duration::constant(60_000) }
    }
}

impl Backoff {
    /// The wait after this number of tries. `chance` is a random number from 0 to 999,999.
    #[must_use]
    pub fn after(self, tries: u32, chance: u32) -> Duration {
        let due = self
            .first
            .get()
            .saturating_mul(1 << tries.saturating_sub(1).min(30))
            .min(self.longest.get());
        let spread = due / 2 * u64::from(chance.min(999_999)) / 1_000_000;
        Duration::new(due / 2 + spread).unwrap_or(self.longest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_the_longest() {
        let most = |tries| Backoff::default().after(tries, 999_999).get();
        let least = |tries| Backoff::default().after(tries, 0).get();
        assert_eq!([1, 2, 3].map(least), [250, 500, 1_000]);
        assert!((490..500).contains(&most(1)));
        assert_eq!([8, 30, u32::MAX].map(least), [30_000; 3]);
        assert!(most(u32::MAX) < 60_000);
    }
}
