//! What is simulated.

use velum_market_rules::Rules;

/// One day to be simulated.
#[derive(Clone, Debug)]
pub struct Scenario {
    /// The seed of all random numbers.
    pub seed: u64,
    /// The approximate number of jobs that come in the day.
    pub jobs: u64,
    /// The number of honest providers.
    pub providers: usize,
    /// The rules.
    pub rules: Rules,
    /// How many of ten jobs are sold in a Dutch auction, in a sealed auction, and by the book.
    pub orders: [u32; 3],
    /// How long clients let prices rise, in minutes.
    pub ramp_minutes: f64,
    /// Whether operators are known by an allow-list.
    pub allow_list: bool,
    /// The providers that are not honest.
    pub attack: Attack,
}

/// Providers that are not honest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Attack {
    /// None.
    None,
    /// This many providers bid less than any other, and deliver only what turns out to pay.
    LowBall(usize),
    /// This many providers lock whatever they can, and never deliver.
    FailAfterLock(usize),
    /// This many providers take four lots at once, and deliver each of them at the last moment.
    LastMoment(usize),
    /// One operator with many machines uses this many names.
    Names(usize),
}

impl Default for Scenario {
    fn default() -> Self {
        Self {
            seed: 1,
            jobs: 1_000_000,
            providers: 1000,
            rules: Rules::default(),
            orders: [5, 3, 2],
            ramp_minutes: 5.0,
            allow_list: true,
            attack: Attack::None,
        }
    }
}
