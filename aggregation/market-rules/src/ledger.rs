//! Money: whole units in accounts, moved from one account to another by transfers. The sum over all
//! accounts is always zero.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};
use velum_market_model::{Amount, Count, Hash, LIMIT};

use crate::Refusal;

/// The place where money is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Account {
    /// Everything outside the market, where deposits come from. It is the only account that may be
    /// below zero.
    Outside,
    /// The free balance of an owner.
    Balance(Hash),
    /// The stake of an owner that is a provider.
    Stake(Hash),
    /// Stake that an owner has taken back and that is not free yet.
    Unstaking(Hash),
    /// Money held for a job, or for a standing order.
    Escrow(Hash),
    /// Money held for a bid in a sealed auction, also while its bidder stands by.
    Standby {
        /// The lot.
        lot: Hash,
        /// The bidder.
        bidder: Hash,
    },
    /// The collateral of the provider that holds the lot.
    Collateral(Hash),
    /// Money taken from providers that failed the lot, for the provider that delivers it.
    Rescue(Hash),
    /// Blind credit that is issued under the key of an epoch and is not redeemed yet.
    Credit(Count),
    /// The market's own money.
    Fees,
    /// Money that nobody can ever use again.
    Burned,
}

/// Why money moves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Cause {
    /// Money comes into the market.
    Deposit,
    /// Money leaves the market.
    Withdrawal,
    /// An owner stakes money to be a provider.
    Staked,
    /// An owner takes its stake back.
    Unstaked,
    /// A job or a standing order is paid ahead.
    Submitted,
    /// A job is cancelled.
    Cancelled,
    /// A job is paid from a standing order.
    Drawn,
    /// A provider puts up collateral.
    Collateral,
    /// Collateral or stake comes back.
    Returned,
    /// A lease is broken.
    Slashed,
    /// A bid was not opened.
    Unrevealed,
    /// The price of what was delivered.
    Paid,
    /// The market's part of the price.
    Fee,
    /// Money that was held and is not needed.
    Refunded,
    /// A provider delivered what others failed.
    Rescued,
    /// Nobody delivered what others failed.
    Unrescued,
    /// Capacity was bought ahead and not used.
    Forfeited,
    /// Blind credit is issued.
    Issued,
    /// Blind credit becomes money again.
    Redeemed,
    /// Blind credit was not redeemed in time.
    Unredeemed,
}

/// An amount that leaves one account and arrives at another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Transfer {
    /// The account that the amount leaves.
    pub debit: Account,
    /// The account at which it arrives.
    pub credit: Account,
    /// The amount, which is above zero.
    pub amount: Amount,
    /// Why it moves.
    pub cause: Cause,
}

/// Transfers that are made together or not at all.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Transfers(Vec<Transfer>);

/// What every account holds. Empty accounts are not kept.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "Vec<(Account, i64)>", into = "Vec<(Account, i64)>")]
pub struct Ledger(BTreeMap<Account, i64>);

impl Transfers {
    /// No transfers.
    #[must_use]
    pub const fn none() -> Self {
        Self(Vec::new())
    }

    /// One transfer, or none if the amount is zero.
    #[must_use]
    pub fn one(debit: Account, credit: Account, amount: Amount, cause: Cause) -> Self {
        let mut transfers = Self::none();
        transfers.add(debit, credit, amount, cause);
        transfers
    }

    /// Adds a transfer, unless the amount is zero.
    pub fn add(&mut self, debit: Account, credit: Account, amount: Amount, cause: Cause) {
        if amount > Amount::ZERO {
            self.0.push(Transfer { debit, credit, amount, cause });
        }
    }

    /// The transfers, in the order in which they are made.
    #[must_use]
    pub fn as_slice(&self) -> &[Transfer] {
        &self.0
    }
}

impl Ledger {
    /// What the account holds.
    #[must_use]
    pub fn balance(&self, account: Account) -> i64 {
        self.0.get(&account).copied().unwrap_or(0)
    }

    /// What the account holds, for an account that cannot be below zero.
    #[must_use]
    pub fn held(&self, account: Account) -> Amount {
        u64::try_from(self.balance(account))
            .ok()
            .and_then(|held| Amount::new(held).ok())
            .unwrap_or(Amount::ZERO)
    }

    /// Every account that holds something.
    pub fn accounts(&self) -> impl Iterator<Item = (Account, i64)> + '_ {
        self.0.iter().map(|(account, balance)| (*account, *balance))
    }

    /// Makes all transfers, or none.
    ///
    /// # Errors
    /// Returns [`Refusal::NotEnough`], [`Refusal::TooMuch`] or [`Refusal::NoTransfer`].
    pub fn apply(&mut self, transfers: &Transfers) -> Result<(), Refusal> {
        let mut after = BTreeMap::new();
        for Transfer { debit, credit, amount, .. } in &transfers.0 {
            if *amount == Amount::ZERO || debit == credit {
                return Err(Refusal::NoTransfer);
            }
            // The amount is below 2^53, as every balance is, so sums cannot overflow.
            let moved = amount.get() as i64;
            let left = after.get(debit).copied().unwrap_or_else(|| self.balance(*debit)) - moved;
            if left < 0 && *debit != Account::Outside {
                let held = Amount::new((left + moved) as u64).unwrap_or(Amount::MOST);
                return Err(Refusal::NotEnough { account: *debit, held, needed: *amount });
            }
            let arrived =
                after.get(credit).copied().unwrap_or_else(|| self.balance(*credit)) + moved;
            for (account, balance) in [(*debit, left), (*credit, arrived)] {
                if balance.unsigned_abs() >= LIMIT {
                    return Err(Refusal::TooMuch { account });
                }
                after.insert(account, balance);
            }
        }
        for (account, balance) in after {
            if balance == 0 {
                self.0.remove(&account);
            } else {
                self.0.insert(account, balance);
            }
        }
        Ok(())
    }
}

impl From<Vec<(Account, i64)>> for Ledger {
    fn from(accounts: Vec<(Account, i64)>) -> Self {
        Self(accounts.into_iter().filter(|(_, balance)| *balance != 0).collect())
    }
}

impl From<Ledger> for Vec<(Account, i64)> {
    fn from(ledger: Ledger) -> Self {
        ledger.0.into_iter().collect()
    }
}

impl fmt::Display for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Outside => f.write_str("the outside"),
            Self::Balance(owner) => write!(f, "the balance of {owner}"),
            Self::Stake(owner) => write!(f, "the stake of {owner}"),
            Self::Unstaking(owner) => write!(f, "the stake of {owner} on its way back"),
            Self::Escrow(of) => write!(f, "the escrow of {of}"),
            Self::Standby { lot, bidder } => write!(f, "the bid of {bidder} for lot {lot}"),
            Self::Collateral(lot) => write!(f, "the collateral of lot {lot}"),
            Self::Rescue(lot) => write!(f, "the rescue of lot {lot}"),
            Self::Credit(epoch) => write!(f, "the blind credit of epoch {epoch}"),
            Self::Fees => f.write_str("the fees"),
            Self::Burned => f.write_str("what is burned"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OWNER: Account = Account::Balance(Hash([1; 32]));
    const STAKE: Account = Account::Stake(Hash([1; 32]));

    fn deposited(amount: u64) -> Ledger {
        let mut ledger = Ledger::default();
        ledger.apply(&moved(Account::Outside, OWNER, amount)).unwrap();
        ledger
    }

    fn moved(debit: Account, credit: Account, amount: u64) -> Transfers {
        Transfers::one(debit, credit, Amount::constant(amount), Cause::Deposit)
    }

    #[test]
    fn only_the_outside_goes_below_zero() {
        let mut ledger = deposited(5);
        assert_eq!((ledger.balance(Account::Outside), ledger.balance(OWNER)), (-5, 5));
        ledger.apply(&moved(OWNER, STAKE, 5)).unwrap();
        assert_eq!(
            ledger.apply(&moved(OWNER, STAKE, 1)),
            Err(Refusal::NotEnough {
                account: OWNER,
                held: Amount::ZERO,
                needed: Amount::constant(1)
            })
        );
        assert_eq!(ledger.accounts().map(|(_, balance)| balance).sum::<i64>(), 0);
    }

    #[test]
    fn transfers_are_made_together_or_not_at_all() {
        let mut ledger = deposited(5);
        let before = ledger.clone();
        let mut transfers = moved(OWNER, STAKE, 5);
        transfers.add(OWNER, Account::Fees, Amount::constant(1), Cause::Fee);
        assert!(ledger.apply(&transfers).is_err());
        assert_eq!(ledger, before);
        // Transfers are made in order, so a later one can spend what an earlier one moved.
        let mut transfers = moved(OWNER, STAKE, 5);
        transfers.add(STAKE, Account::Fees, Amount::constant(5), Cause::Fee);
        ledger.apply(&transfers).unwrap();
        assert_eq!(
            ledger.accounts().collect::<Vec<_>>(),
            [(Account::Outside, -5), (Account::Fees, 5)]
        );
    }

    #[test]
    fn no_account_reaches_two_to_the_53() {
        let mut ledger = deposited(LIMIT - 1);
        assert_eq!(
            ledger.apply(&moved(Account::Outside, STAKE, 1)),
            Err(Refusal::TooMuch { account: Account::Outside })
        );
        ledger.apply(&moved(OWNER, Account::Outside, 1)).unwrap();
        ledger.apply(&moved(Account::Outside, STAKE, 1)).unwrap();
    }

    #[test]
    fn nothing_is_no_transfer() {
        assert!(moved(Account::Outside, OWNER, 0).as_slice().is_empty());
        let nothing = Transfer {
            debit: Account::Outside,
            credit: OWNER,
            amount: Amount::ZERO,
            cause: Cause::Deposit,
        };
        assert_eq!(Ledger::default().apply(&Transfers(vec![nothing])), Err(Refusal::NoTransfer));
        assert_eq!(deposited(5).apply(&moved(OWNER, OWNER, 5)), Err(Refusal::NoTransfer));
    }

    #[test]
    fn a_ledger_is_written_and_read() {
        let ledger = deposited(5);
        let json = serde_json::to_string(&ledger).unwrap();
        assert_eq!(serde_json::from_str::<Ledger>(&json).unwrap(), ledger);
    }
}
