//! The result of a day.

use serde::Serialize;
use velum_market_model::Order;

/// The result of a simulated day.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Report {
    /// Jobs that came and were paid ahead.
    pub submitted: u64,
    /// The results by kind of auction: Dutch, sealed, limit.
    pub orders: Vec<OfOrder>,
    /// The result of all auctions together.
    pub all: OfOrder,
    /// The machine time worked, as a part of what was available.
    pub utilisation: f64,
    /// The sum of squared shares of the presentations delivered, for the real operators. 1 is a
    /// monopoly.
    pub herfindahl: f64,
    /// The share of the largest operator.
    pub largest_share: f64,
    /// The share of the attack.
    pub attack_share: f64,
    /// The honest providers.
    pub honest: OfGroup,
    /// The attack.
    pub attack: OfGroup,
    /// Admissions that were refused because of an operator's share.
    pub refused_shares: u64,
    /// Admissions that were refused because of a provider's reputation.
    pub refused_values: u64,
    /// Money burned.
    pub burned: u64,
    /// Money taken as fees.
    pub fees: u64,
}

/// The result of the jobs of one kind of auction.
#[derive(Clone, Debug, Default, Serialize)]
pub struct OfOrder {
    /// The kind of auction, or all.
    pub order: String,
    /// Jobs settled.
    pub settled: u64,
    /// Jobs refunded.
    pub expired: u64,
    /// Lots settled.
    pub lots: u64,
    /// Leases broken.
    pub slashes: u64,
    /// The mean price of a presentation.
    pub price: f64,
    /// The time in minutes from submission to settlement that half of all jobs do not exceed.
    pub wait_p50: f64,
    /// The same time for 99 of 100 jobs.
    pub wait_p99: f64,
}

/// The result of a group of providers.
#[derive(Clone, Debug, Default, Serialize)]
pub struct OfGroup {
    /// Presentations delivered.
    pub delivered: u64,
    /// Leases broken.
    pub failed: u64,
    /// What the group has gained, less what its work has cost.
    pub profit: f64,
}

/// What is counted during the day.
#[derive(Default)]
pub(crate) struct Tally {
    orders: [OfTally; 3],
    pub(crate) submitted: u64,
    pub(crate) refused_shares: u64,
    pub(crate) refused_values: u64,
    /// Leases broken by honest providers, and by the attack.
    pub(crate) failed: [u64; 2],
}

#[derive(Clone, Default)]
struct OfTally {
    lots: u64,
    paid: u64,
    expired: u64,
    slashes: u64,
    waits: Vec<u32>,
}

impl Tally {
    pub(crate) fn settled(&mut self, order: Order, price: u64, waits: impl Iterator<Item = u64>) {
        let tally = self.of(order);
        tally.lots += 1;
        tally.paid += price;
        tally.waits.extend(waits.map(|wait| u32::try_from(wait).unwrap_or(u32::MAX)));
    }

    pub(crate) fn expired(&mut self, order: Order, jobs: u64) {
        self.of(order).expired += jobs;
    }

    pub(crate) fn failed(&mut self, order: Order, is_attacker: bool) {
        self.of(order).slashes += 1;
        self.failed[usize::from(is_attacker)] += 1;
    }

    fn of(&mut self, order: Order) -> &mut OfTally {
        &mut self.orders[order as usize]
    }

    /// The lines of the report: one for each kind of auction, and one for all.
    pub(crate) fn lines(self) -> (Vec<OfOrder>, OfOrder) {
        let mut all = OfTally::default();
        let mut lines = Vec::new();
        for (name, tally) in ["Dutch", "sealed", "limit"].into_iter().zip(self.orders) {
            all.lots += tally.lots;
            all.paid += tally.paid;
            all.expired += tally.expired;
            all.slashes += tally.slashes;
            all.waits.extend(&tally.waits);
            lines.push(tally.line(name));
        }
        (lines, all.line("all"))
    }
}

impl OfTally {
    fn line(mut self, name: &str) -> OfOrder {
        self.waits.sort_unstable();
        let count = self.waits.len();
        let quantile = |part: f64| {
            let place = (part * count as f64) as usize;
            self.waits
                .get(place.min(count.saturating_sub(1)))
                .map_or(0.0, |wait| f64::from(*wait) / 60_000.0)
        };
        OfOrder {
            order: name.to_owned(),
            settled: count as u64,
            expired: self.expired,
            lots: self.lots,
            slashes: self.slashes,
            price: self.paid as f64 / count.max(1) as f64,
            wait_p50: quantile(0.5),
            wait_p99: quantile(0.99),
        }
    }
}
