//! Stake: what a provider puts up to be one, and how it comes back.
//!
//! Where there is no allow-list, stake bears a share of the presentations in a window. Stake that came back at once could be staked under another name, and bear the same share
//! again, so it takes as long as the window to come back.

use serde::{Deserialize, Serialize};
use velum_market_model::{Amount, Hash, Time};

use crate::{Account, Cause, Refusal, Rules, Transfers};

/// Stakes some of an owner's balance.
#[must_use]
pub fn stake(owner: Hash, amount: Amount) -> Transfers {
    Transfers::one(Account::Balance(owner), Account::Stake(owner), amount, Cause::Staked)
}

/// Stake on its way back, which bears no share any more.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Unstaking {
    /// Whose it is.
    pub owner: Hash,
    /// How much.
    pub amount: Amount,
    /// From then on it is free: all that its share was taken for has left the window.
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

    /// Gives it back, and is over.
    ///
    /// # Errors
    /// [`Refusal::StakeBound`] before its time; it is to be kept then.
    pub fn end(&self, now: Time) -> Result<Transfers, Refusal> {
        if now < self.free_from {
            return Err(Refusal::StakeBound { until: self.free_from });
        }
        let (unstaking, balance) = (Account::Unstaking(self.owner), Account::Balance(self.owner));
        Ok(Transfers::one(unstaking, balance, self.amount, Cause::Returned))
    }
}
