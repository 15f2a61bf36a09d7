//! Stake: what an owner puts up to be a provider, and how it comes back.
//!
//! An operator that is not on the market's allow-list is entitled by its stake to a share of the
//! presentations in a window. If stake came back at once, it could be staked under another name and
//! entitle its owner to the same share again. So it takes as long as the window to come back.

use serde::{Deserialize, Serialize};
use velum_market_model::{Amount, Hash, Time};

use crate::{Account, Cause, Refusal, Rules, Transfers};

/// Stakes a part of an owner's balance.
#[must_use]
pub fn stake(owner: Hash, amount: Amount) -> Transfers {
    Transfers::one(Account::Balance(owner), Account::Stake(owner), amount, Cause::Staked)
}

/// Stake on its way back. It entitles its owner to no share any more.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Unstaking {
    /// The owner.
    pub owner: Hash,
    /// The amount.
    pub amount: Amount,
    /// The time from which the stake is free. By then, everything that was taken by its share has
    /// left the window.
    pub free_from: Time,
}

impl Unstaking {
    /// Takes stake back.
    #[must_use]
    pub fn begin(owner: Hash, amount: Amount, now: Time, rules: &Rules) -> (Self, Transfers) {
        let (stake, unstaking) = (Account::Stake(owner), Account::Unstaking(owner));
        let transfers = Transfers::one(stake, unstaking, amount, Cause::Unstaked);
        (Self { owner, amount, free_from: now.after(rules.admission.window) }, transfers)
    }

    /// Frees the stake. The caller forgets it after that.
    ///
    /// # Errors
    /// Returns [`Refusal::StakeBound`] before its time. The caller then has to keep it.
    pub fn end(&self, now: Time) -> Result<Transfers, Refusal> {
        if now < self.free_from {
            return Err(Refusal::StakeBound { until: self.free_from });
        }
        let (unstaking, balance) = (Account::Unstaking(self.owner), Account::Balance(self.owner));
        Ok(Transfers::one(unstaking, balance, self.amount, Cause::Returned))
    }
}
