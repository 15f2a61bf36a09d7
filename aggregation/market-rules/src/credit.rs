//! Blind credit: which money moves when it is issued, redeemed and over.
//!
//! All tokens are worth the same, so that no token can be told from another by its worth. Tokens
//! are issued under the key of an epoch, and are redeemed in that epoch and the next one.
//! Otherwise, a market would have to remember spent tokens for ever. Tokens that are not redeemed
//! by then are burned, because an operator that gained by them would have a reason to be offline.

use velum_market_model::{Amount, Count, CreditKey, Duration, Hash, Time};

use crate::{Account, Cause, Refusal, Transfers};

/// The worth of every token. Operators choose neither this worth nor the length of an epoch.
/// Otherwise, they could change the worth of tokens that are already issued. Because both are
/// fixed, a client can also check that a market has chosen nothing of a key but its element.
pub const VALUE: Amount = Amount::constant(100);

/// How long tokens are issued under one key.
pub const EPOCH: Duration = Duration::constant(90 * 24 * 60 * 60 * 1000);

/// The number of epochs in which a token is redeemed: its own, and the next one.
const REDEEMED_IN: u64 = 2;

/// The epoch of a time.
#[must_use]
pub fn epoch_at(now: Time) -> Count {
    // A quotient of a time is below 2^53, because the time is.
    Count::new(now.get() / EPOCH.get()).unwrap_or(Count::MOST)
}

/// The last moments at which tokens of an epoch are issued and redeemed.
#[must_use]
pub fn ends_of(epoch: Count) -> (Time, Time) {
    let end = |epochs: u64| {
        let end = epoch.get().saturating_add(epochs).saturating_mul(EPOCH.get());
        Time::new(end.saturating_sub(1)).unwrap_or(Time::MOST)
    };
    (end(1), end(REDEEMED_IN))
}

/// Whether a key is one that a market would publish at some time in its epoch. The node may choose
/// nothing but the element.
#[must_use]
pub fn is_regular(key: &CreditKey) -> bool {
    key.value == VALUE && (key.issued_until, key.redeemed_until) == ends_of(key.epoch)
}

/// Whether tokens of an epoch are still redeemed.
#[must_use]
pub fn is_redeemed(epoch: Count, now: Time) -> bool {
    let current = epoch_at(now);
    epoch <= current && !is_over(epoch, current)
}

/// Sells tokens to an owner.
///
/// # Errors
/// Returns [`Refusal::CreditEpoch`] if the tokens are not of the current epoch, or
/// [`Refusal::TooMuch`].
pub fn issue(owner: Hash, epoch: Count, tokens: u64, now: Time) -> Result<Transfers, Refusal> {
    let current = epoch_at(now);
    if epoch != current {
        return Err(Refusal::CreditEpoch { named: epoch, current });
    }
    let (balance, credit) = (Account::Balance(owner), Account::Credit(epoch));
    Ok(Transfers::one(balance, credit, worth(tokens, balance)?, Cause::Issued))
}

/// Turns tokens into an owner's balance.
///
/// # Errors
/// Returns [`Refusal::CreditEpoch`] if the tokens are not redeemed at this time, or
/// [`Refusal::TooMuch`].
pub fn redeem(owner: Hash, epoch: Count, tokens: u64, now: Time) -> Result<Transfers, Refusal> {
    if !is_redeemed(epoch, now) {
        return Err(Refusal::CreditEpoch { named: epoch, current: epoch_at(now) });
    }
    let (credit, balance) = (Account::Credit(epoch), Account::Balance(owner));
    Ok(Transfers::one(credit, balance, worth(tokens, balance)?, Cause::Redeemed))
}

/// Burns what was not redeemed of an epoch that is over.
///
/// # Errors
/// Returns [`Refusal::CreditEpoch`] if the epoch is not over.
pub fn burn(epoch: Count, held: Amount, now: Time) -> Result<Transfers, Refusal> {
    let current = epoch_at(now);
    if !is_over(epoch, current) {
        return Err(Refusal::CreditEpoch { named: epoch, current });
    }
    Ok(Transfers::one(Account::Credit(epoch), Account::Burned, held, Cause::Unredeemed))
}

fn is_over(epoch: Count, current: Count) -> bool {
    epoch.get().saturating_add(REDEEMED_IN) <= current.get()
}

fn worth(tokens: u64, account: Account) -> Result<Amount, Refusal> {
    let worth = VALUE.get().saturating_mul(tokens);
    Amount::new(worth).map_err(|_| Refusal::TooMuch { account })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{DemoMoney, Gateway, Ledger};

    const OWNER: Hash = Hash([1; 32]);
    const FRESH: Hash = Hash([2; 32]);

    fn at(epoch: u64) -> Time {
        ends_of(Count::constant(epoch)).0
    }

    #[test]
    fn epochs_follow_each_other() {
        for epoch in [0, 1, 82] {
            let epoch = Count::constant(epoch);
            let (issued_until, redeemed_until) = ends_of(epoch);
            assert_eq!(epoch_at(issued_until), epoch);
            assert_eq!(epoch_at(redeemed_until).get(), epoch.get() + 1);
            let moment = velum_market_model::Duration::constant(1);
            assert_eq!(epoch_at(issued_until.after(moment)).get(), epoch.get() + 1);
        }
        assert_eq!(epoch_at(Time::ZERO), Count::ZERO);
        assert_eq!(ends_of(Count::MOST), (Time::MOST, Time::MOST));
    }

    #[test]
    fn credit_is_paid_for_redeemed_for_another_and_the_rest_burned() {
        let value = VALUE.get();
        let (five, mut ledger) = (Count::constant(5), Ledger::default());
        let deposit = Amount::constant(10 * value);
        ledger.apply(&DemoMoney { most: deposit }.deposit(OWNER, deposit).unwrap()).unwrap();
        ledger.apply(&issue(OWNER, five, 4, at(5)).unwrap()).unwrap();
        ledger.apply(&redeem(FRESH, five, 3, at(6)).unwrap()).unwrap();
        assert_eq!(ledger.held(Account::Balance(FRESH)).get(), 3 * value);
        // The ledger redeems no more than was paid for, whoever signed the tokens.
        assert!(ledger.apply(&redeem(FRESH, five, 2, at(6)).unwrap()).is_err());
        let left = ledger.held(Account::Credit(five));
        assert_eq!(burn(five, left, at(6)), Err(refused(5, 6)));
        ledger.apply(&burn(five, left, at(7)).unwrap()).unwrap();
        assert_eq!(ledger.held(Account::Burned).get(), value);
        assert_eq!(ledger.accounts().map(|(_, balance)| balance).sum::<i64>(), 0);
    }

    #[test]
    fn tokens_are_of_their_epoch() {
        let five = Count::constant(5);
        for now in [4, 6] {
            assert_eq!(issue(OWNER, five, 1, at(now)), Err(refused(5, now)));
        }
        for now in [4, 7] {
            assert_eq!(redeem(OWNER, five, 1, at(now)), Err(refused(5, now)));
        }
        let far = Count::MOST;
        assert_eq!(
            redeem(OWNER, far, 1, at(5)),
            Err(Refusal::CreditEpoch { named: far, current: five })
        );
        assert!(matches!(issue(OWNER, five, u64::MAX, at(5)), Err(Refusal::TooMuch { .. })));
    }

    #[test]
    fn a_key_has_the_worth_and_the_ends_of_its_epoch() {
        use velum_market_model::{Algorithm, Element, SecretKey};
        let epoch = Count::constant(5);
        let (issued_until, redeemed_until) = ends_of(epoch);
        let node = SecretKey::from_bytes(Algorithm::Ed25519, &[1; 32]).unwrap().public();
        let key = CreditKey {
            epoch,
            element: Element([7; 32]),
            value: VALUE,
            issued_until,
            redeemed_until,
            node,
        };
        assert!(is_regular(&key));
        assert!(!is_regular(&CreditKey { value: Amount::constant(101), ..key.clone() }));
        assert!(!is_regular(&CreditKey { epoch: Count::constant(6), ..key.clone() }));
        assert!(!is_regular(&CreditKey { redeemed_until: issued_until, ..key }));
    }

    fn refused(named: u64, current: u64) -> Refusal {
        Refusal::CreditEpoch { named: Count::constant(named), current: Count::constant(current) }
    }
}
