//! Counts over the last hours for each party: presentations that operators took, and what providers
//! did.

use std::collections::{BTreeMap, VecDeque};

use serde::{Deserialize, Serialize};
use velum_market_model::{Count, Duration, Hash, LIMIT, Time};

/// The number of spans that a window is divided into. A window forgets its counts one span at a
/// time.
const SPANS: u64 = 24;

/// What was counted in a window that ends now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Window {
    /// The length of one span.
    span: Duration,
    /// The number of each span since 1970, and what was counted in it.
    spans: VecDeque<(u64, BTreeMap<Hash, u64>)>,
    /// The counts of all spans together.
    sums: BTreeMap<Hash, u64>,
    total: u64,
}

impl Window {
    /// A window of this length.
    #[must_use]
    pub fn new(length: Duration) -> Self {
        let span = Duration::new((length.get() / SPANS).max(1)).unwrap_or(Duration::MOST);
        Self { span, spans: VecDeque::new(), sums: BTreeMap::new(), total: 0 }
    }

    /// Adds to the count of a party.
    pub fn add(&mut self, who: Hash, count: Count, now: Time) {
        self.forget(now);
        let number = now.get() / self.span.get();
        if self.spans.back().is_none_or(|(last, _)| *last < number) {
            self.spans.push_back((number, BTreeMap::new()));
        }
        if let Some((_, counts)) = self.spans.back_mut() {
            *counts.entry(who).or_default() += count.get();
            *self.sums.entry(who).or_default() += count.get();
            self.total += count.get();
        }
    }

    /// Forgets everything before the window that ends now.
    pub fn forget(&mut self, now: Time) {
        let number = now.get() / self.span.get();
        while let Some((oldest, counts)) = self.spans.pop_front() {
            if oldest + SPANS > number {
                self.spans.push_front((oldest, counts));
                break;
            }
            for (who, count) in counts {
                self.total -= count;
                if let Some(sum) = self.sums.get_mut(&who) {
                    *sum -= count;
                    if *sum == 0 {
                        self.sums.remove(&who);
                    }
                }
            }
        }
    }

    /// What was counted for a party, up to the last [`Window::forget`].
    #[must_use]
    pub fn of(&self, who: &Hash) -> Count {
        count(self.sums.get(who).copied().unwrap_or(0))
    }

    /// What was counted for all parties, up to the last [`Window::forget`].
    #[must_use]
    pub fn total(&self) -> Count {
        count(self.total)
    }
}

fn count(value: u64) -> Count {
    Count::new(value.min(LIMIT - 1)).unwrap_or(Count::MOST)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_older_than_the_window_is_forgotten() {
        let (one, other) = (Hash([1; 32]), Hash([2; 32]));
        let (time, three) = (Time::constant, Count::constant(3));
        let mut window = Window::new(Duration::constant(2400));
        window.add(one, three, time(10_000));
        window.add(other, three, time(10_050));
        window.add(one, three, time(11_000));
        assert_eq!(
            (window.of(&one).get(), window.of(&other).get(), window.total().get()),
            (6, 3, 9)
        );
        window.forget(time(12_399));
        assert_eq!(window.total().get(), 9);
        window.forget(time(12_400));
        assert_eq!(
            (window.of(&one).get(), window.of(&other).get(), window.total().get()),
            (3, 0, 3)
        );
        window.forget(time(1_000_000));
        assert_eq!(window, Window::new(Duration::constant(2400)));
    }
}
