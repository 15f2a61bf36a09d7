//! Decides which provider may take which lot. A provider must stake enough, take no more than its
//! share, and hold no more at once than its reputation allows.
//!
//! Shares belong to operators, and operators are known only on an allow-list. Elsewhere an identity
//! costs nothing, so a fixed cap would only make an operator use more names. A share in proportion
//! to stake is the same under one name or a hundred. The first lot of a window is always free of
//! this limit. This is in proportion to stake too, because each name has to stake the minimum for
//! it.

use velum_market_model::{Amount, Count, Hash, LIMIT, Parts};

use crate::{Lot, Refusal, Rules};

/// What decides about a provider, at the moment of its lock or bid.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Provider {
    /// The provider.
    pub owner: Hash,
    /// Whether its operator is on the market's allow-list.
    pub allow_listed: bool,
    /// What the provider stakes.
    pub stake: Amount,
    /// What its operator stakes under all names that the market knows of.
    pub operator_stake: Amount,
    /// What all providers stake.
    pub total_stake: Amount,
    /// The presentations that its operator took in the window.
    pub operator_count: Count,
    /// The presentations that all operators took in the window.
    pub total_count: Count,
    /// The sum of the maximum prices of the lots that the provider holds or bids for.
    pub held_value: Amount,
    /// What the provider did in the window.
    pub record: Record,
}

/// What a provider did in the window.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Record {
    /// Lots delivered in good time.
    pub delivered: Count,
    /// Lots delivered in the last part of their leases.
    pub late: Count,
    /// Leases broken.
    pub failed: Count,
}

/// A provider that may take a lot under its next lease. Only [`admit`] creates one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Admitted {
    provider: Hash,
    lot: Hash,
    epoch: Count,
}

impl Admitted {
    /// The provider.
    #[must_use]
    pub const fn provider(&self) -> Hash {
        self.provider
    }

    pub(crate) fn is_for(&self, lot: &Lot) -> bool {
        self.lot == lot.id && self.epoch == lot.epoch
    }
}

/// Admits a provider to a lot.
///
/// What the provider holds and took must be from the moment of the lock or bid. A node therefore
/// reads it in the transaction that applies the lock or bid. Otherwise, a provider could be
/// admitted to many lots at once, each time as if that lot were the only one.
///
/// # Errors
/// Returns [`Refusal::Stake`], [`Refusal::Share`] or [`Refusal::Value`].
pub fn admit(provider: &Provider, lot: &Lot, rules: &Rules) -> Result<Admitted, Refusal> {
    check_stake(provider.stake, rules)?;
    let [count, total] = [provider.operator_count, provider.total_count]
        .map(|before| before.get() + lot.count().get());
    let most = share(provider, rules).of(total.max(rules.admission.quiet.get()));
    if count > most && provider.operator_count > Count::ZERO {
        let [count, total, most] =
            [count, total, most].map(|count| Count::new(count).unwrap_or(Count::MOST));
        return Err(Refusal::Share { count, total, most });
    }
    let value = provider.held_value.checked_add(lot.maximum).unwrap_or(Amount::MOST);
    let most = value_of(&provider.record, rules);
    if value > most {
        return Err(Refusal::Value { value, most });
    }
    Ok(Admitted { provider: provider.owner, lot: lot.id, epoch: lot.epoch })
}

/// Checks that a provider with this stake may put a quote into the book, given its `standing` quote
/// of the same profile, if there is one.
///
/// Quotes cost nothing and are examined for each lot, so without this check one provider could fill
/// the book. A new quote does not replace an old one, because a quote that was held up on its way
/// could then replace a later one. So the old quote has to be taken back first.
///
/// # Errors
/// Returns [`Refusal::Stake`] or [`Refusal::QuoteStands`].
pub fn may_quote(staked: Amount, standing: Option<Hash>, rules: &Rules) -> Result<(), Refusal> {
    check_stake(staked, rules)?;
    standing.map_or(Ok(()), |quote| Err(Refusal::QuoteStands { quote }))
}

fn check_stake(staked: Amount, rules: &Rules) -> Result<(), Refusal> {
    let needed = rules.admission.minimum_stake;
    if staked < needed { Err(Refusal::Stake { staked, needed }) } else { Ok(()) }
}

/// The value of lots that a record allows at once. Each delivery in good time adds to it.
///
/// A failure undoes some deliveries, so that for large and small providers alike the rate of
/// failures counts. Each failure that no deliveries cover halves what a provider without reputation
/// may hold.
#[must_use]
pub fn value_of(record: &Record, rules: &Rules) -> Amount {
    let price = rules.admission.deliveries_of_failure.get().max(1);
    let undone = u128::from(record.failed.get()) * u128::from(price);
    let delivered = u128::from(record.delivered.get());
    let first = rules.admission.first_value.get();
    let value = if undone <= delivered {
        u128::from(first)
            + u128::from(rules.admission.value_of_delivery.get()) * (delivered - undone)
    } else {
        let uncovered = (undone - delivered).div_ceil(u128::from(price));
        u128::from(first >> uncovered.min(63) as u32)
    };
    Amount::new(u64::try_from(value).unwrap_or(u64::MAX).min(LIMIT - 1)).unwrap_or(Amount::MOST)
}

/// A share as a fraction.
struct Share {
    part: u128,
    whole: u128,
}

impl Share {
    fn of(&self, total: u64) -> u64 {
        u64::try_from(u128::from(total) * self.part / self.whole.max(1)).unwrap_or(u64::MAX)
    }
}

fn share(provider: &Provider, rules: &Rules) -> Share {
    let million = u128::from(Parts::WHOLE.get());
    if provider.allow_listed {
        return Share { part: rules.admission.cap.get().into(), whole: million };
    }
    let multiple = u128::from(rules.admission.stake_multiple.get());
    Share {
        part: u128::from(provider.operator_stake.get()) * multiple,
        whole: u128::from(provider.total_stake.get()) * million,
    }
}
