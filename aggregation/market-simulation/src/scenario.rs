//! What is simulated.

use velum_market_rules::Rules;

/// One day to be simulated.
#[derive(Clone, Debug)]
pub struct Scenario {
    /// Of all chance.
    pub seed: u64,
    /// Jobs that come in the day, about.
    pub jobs: u64,
    /// Providers that are honest.
    pub providers: usize,
    /// The rules.
    pub rules: Rules,
    /// How many of ten jobs are sold in a Dutch auction, in a sealed one, and by the book.
    pub orders: [u32; 3],
    /// How long clients let prices rise, in minutes.
    pub ramp_minutes: f64,
    /// Whether operators are known by an allow-list.
    pub allow_list: bool,
    /// Who is there beside the honest ones.
    pub attack: Attack,
}

/// Providers that are not honest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Attack {
    /// None.
    None,
    /// So many bid less than anyone, and deliver only what turns out to pay.
    LowBall(usize),
    /// So many lock whatever they can and never deliver.
    FailAfterLock(usize),
    /// So many take four lots at once, and deliver each at the last moment.
    LastMoment(usize),
    /// One operator of many machines that goes by so many names.
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
