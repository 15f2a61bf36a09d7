//! How money comes into the market and leaves it.
//!
//! There is no real money here. [`DemoMoney`] is the only gateway: it gives any amount up to a
//! limit to everyone who asks, so that the market can be tried. A gateway for real money would
//! settle outside first and report the result by these transfers. The rest of the market would not
//! change.

use velum_market_model::{Amount, Hash};

use crate::{Account, Cause, Refusal, Transfers};

/// Moves money between the market and the outside.
pub trait Gateway {
    /// The transfers of a deposit, once it has happened outside.
    ///
    /// # Errors
    /// Returns a [`Refusal`] if the deposit is not allowed.
    fn deposit(&self, owner: Hash, amount: Amount) -> Result<Transfers, Refusal>;

    /// The transfers of a withdrawal. The ledger refuses to pay out more than the owner's free
    /// balance.
    ///
    /// # Errors
    /// Returns a [`Refusal`] if the withdrawal is not allowed.
    fn withdraw(&self, owner: Hash, amount: Amount) -> Result<Transfers, Refusal>;
}

/// Money for trying the market. It is worth nothing.
#[derive(Clone, Copy, Debug)]
pub struct DemoMoney {
    /// The most that one deposit gives.
    pub most: Amount,
}

impl Gateway for DemoMoney {
    fn deposit(&self, owner: Hash, amount: Amount) -> Result<Transfers, Refusal> {
        if amount > self.most {
            return Err(Refusal::NotEnough {
                account: Account::Outside,
                held: self.most,
                needed: amount,
            });
        }
        Ok(Transfers::one(Account::Outside, Account::Balance(owner), amount, Cause::Deposit))
    }

    fn withdraw(&self, owner: Hash, amount: Amount) -> Result<Transfers, Refusal> {
        Ok(Transfers::one(Account::Balance(owner), Account::Outside, amount, Cause::Withdrawal))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Ledger, stake};

    #[test]
    fn what_is_deposited_and_not_staked_can_be_withdrawn() {
        let (owner, ten) = (Hash([1; 32]), Amount::constant(10));
        let (gateway, mut ledger) = (DemoMoney { most: ten }, Ledger::default());
        ledger.apply(&gateway.deposit(owner, ten).unwrap()).unwrap();
        assert!(gateway.deposit(owner, Amount::constant(11)).is_err());
        ledger.apply(&stake(owner, Amount::constant(4))).unwrap();
        assert!(ledger.apply(&gateway.withdraw(owner, Amount::constant(7)).unwrap()).is_err());
        ledger.apply(&gateway.withdraw(owner, Amount::constant(6)).unwrap()).unwrap();
        assert_eq!(ledger.held(Account::Stake(owner)), Amount::constant(4));
    }
}
