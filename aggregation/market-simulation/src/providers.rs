//! Providers: what folding costs them, how fast and reliable they are, and how they behave.

use velum_market_model::{Hash, Time};

use crate::clients::{DAY, MINUTE};
use crate::random::Random;
use crate::{Attack, Scenario};

/// How a provider behaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Conduct {
    /// Asks for its cost and a margin, and delivers as soon as it can.
    Honest,
    /// Bids the least, and delivers only what pays.
    LowBall,
    /// Takes everything and delivers nothing.
    Failing,
    /// Delivers as late as it may.
    LastMoment,
}

/// A provider.
#[derive(Clone, Debug)]
pub(crate) struct Provider {
    pub(crate) owner: Hash,
    /// The operator that is really behind the provider.
    pub(crate) operator: usize,
    /// Whether the provider is part of the attack.
    pub(crate) is_attacker: bool,
    pub(crate) conduct: Conduct,
    pub(crate) stake: u64,
    /// The cost of one presentation, in money.
    pub(crate) cost: f64,
    /// The price that it asks for one presentation.
    pub(crate) ask: u64,
    /// The time for one presentation, in milliseconds.
    pub(crate) each: f64,
    /// How many lots it holds at once.
    pub(crate) slots: usize,
    /// Whether it works on the lots that it holds one after the other.
    pub(crate) is_serial: bool,
    /// The probability that it fails a lot without wanting to.
    pub(crate) failing: f64,
    /// The time of the day from which it is available for half a day. `None` if it is available all
    /// day.
    pub(crate) from: Option<f64>,
    pub(crate) held: usize,
    pub(crate) held_value: u64,
    /// The time until which it works on its lots, if it is serial.
    pub(crate) works_until: Time,
    /// The milliseconds that it has worked.
    pub(crate) worked: f64,
    /// What its work has cost.
    pub(crate) spent: f64,
    /// The presentations that it has delivered.
    pub(crate) delivered: u64,
}

/// The machines of the three large operators.
const LARGE: [usize; 3] = [150, 60, 40];

/// All providers: three large operators, many small ones, and those of the attack.
pub(crate) fn all(random: &mut Random, scenario: &Scenario) -> Vec<Provider> {
    let mut providers = Vec::new();
    for slots in LARGE {
        let mut large = small(random, providers.len());
        large.cost = random.between(110.0, 140.0);
        large.each = 8000.0;
        (large.slots, large.from, large.failing, large.stake) = (slots, None, 0.002, 40_000_000);
        providers.push(large);
    }
    for _ in LARGE.len()..scenario.providers {
        providers.push(small(random, providers.len()));
    }
    let honest = providers.len();
    let (count, conduct) = match scenario.attack {
        Attack::None => (0, Conduct::Honest),
        Attack::LowBall(count) => (count, Conduct::LowBall),
        Attack::FailAfterLock(count) => (count, Conduct::Failing),
        Attack::LastMoment(count) => (count, Conduct::LastMoment),
        Attack::Names(count) => (count, Conduct::Honest),
    };
    for _ in 0..count {
        let mut provider = small(random, providers.len());
        (provider.is_attacker, provider.conduct, provider.from) = (true, conduct, None);
        match scenario.attack {
            Attack::LastMoment(_) => (provider.slots, provider.is_serial) = (4, true),
            Attack::Names(_) => {
                // 300 machines and a stake of 60 million, divided among the names, but at least one
                // machine and a stake of one million for each name.
                provider.operator = honest;
                (provider.cost, provider.each, provider.failing) = (100.0, 8000.0, 0.002);
                (provider.slots, provider.stake) =
                    ((300 / count).max(1), (60_000_000 / count as u64).max(1_000_000));
            }
            _ => (),
        }
        providers.push(provider);
    }
    for provider in &mut providers {
        let margin = random.between(0.05, 0.4);
        provider.ask = match provider.conduct {
            Conduct::LowBall | Conduct::Failing => 0,
            Conduct::Honest | Conduct::LastMoment => (provider.cost * (1.0 + margin)) as u64,
        };
    }
    providers
}

fn small(random: &mut Random, number: usize) -> Provider {
    let mut owner = [0xa9; 32];
    owner[..8].copy_from_slice(&(number as u64).to_be_bytes());
    Provider {
        owner: Hash(owner),
        operator: number,
        is_attacker: false,
        conduct: Conduct::Honest,
        stake: random.around(2_500_000.0, 0.5).max(1_000_000.0) as u64,
        cost: random.around(220.0, 0.35),
        ask: 0,
        each: random.around(14_000.0, 0.3),
        slots: 1,
        is_serial: false,
        failing: if random.happens(0.1) { 0.05 } else { 0.005 },
        from: Some(random.between(0.0, DAY)),
        held: 0,
        held_value: 0,
        works_until: Time::ZERO,
        worked: 0.0,
        spent: 0.0,
        delivered: 0,
    }
}

impl Provider {
    /// Whether it takes another lot.
    pub(crate) fn is_free(&self, since_midnight: f64) -> bool {
        let is_there =
            self.from.is_none_or(|from| (since_midnight - from).rem_euclid(DAY) < DAY / 2.0);
        is_there && self.held < self.slots
    }

    /// Whether it can deliver this many presentations within a lease, with some time to spare.
    pub(crate) fn is_fast_enough(&self, count: u64, lease: u64) -> bool {
        self.each * 1.3 * count as f64 + MINUTE / 2.0 < lease as f64
    }
}
