//! Quotas. They limit how much may be asked for of what costs the node something and costs whoever
//! asks nothing.
//!
//! A key costs nothing, so a quota of single keys stops nobody who makes a thousand keys. Two
//! further limits therefore apply: money, which each job must have free before anything of it is
//! verified, and the place that a request comes from.
//!
//! What was used up is counted in the database, for all nodes and across restarts. What is being
//! verified is counted by the node that verifies it.

use std::collections::BTreeMap;
use std::fmt;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Arc, Mutex, PoisonError};

use velum_market_model::{Amount, Hash, Time};
use velum_market_rules::{Account, Refusal};

use super::{Connection, Market, Result};
use crate::MarketError;
use crate::state::Change;
use crate::state::quotas::{self, Counted, Who};

/// The quota of all keys that ask from one place, as a multiple of the quota of one key.
const OF_PLACE: u64 = 10;

/// The place that requests come from, as far as quotas distinguish places. It is an IPv4 address or
/// an IPv6 network of 64 bits, which is the least that one site has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place(IpAddr);

impl From<IpAddr> for Place {
    fn from(address: IpAddr) -> Self {
        Self(match address.to_canonical() {
            IpAddr::V6(address) => {
                let [a, b, c, d, ..] = address.segments();
                IpAddr::V6(Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0))
            }
            address => address,
        })
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// How much of each resource is held by the jobs that are being verified.
#[derive(Clone, Default)]
pub(super) struct Trials(Arc<Mutex<BTreeMap<Held, u64>>>);

/// A resource of which a job holds a part while it is verified.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Held {
    /// The job itself, which is verified only once at a time.
    Job(Hash),
    /// The money that pays for the job.
    Money(Account),
    /// Room in the line of waiting jobs, by key.
    Key(Hash),
    /// Room in the line of waiting jobs, by place.
    Place(Place),
}

/// A part that a job needs of a resource, and how much of the resource there is in all.
pub(super) struct Part {
    pub(super) held: Held,
    pub(super) needed: u64,
    pub(super) there: u64,
}

/// What one job holds, until this is dropped.
pub(super) struct Trial {
    trials: Trials,
    holds: Vec<(Held, u64)>,
}

impl Trials {
    /// Takes all parts, or none.
    pub(super) fn begin(&self, parts: &[Part]) -> Result<Trial> {
        let mut taken = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for Part { held, needed, there } in parts {
            let left = there.saturating_sub(taken.get(held).copied().unwrap_or_default());
            if left < *needed {
                return Err(lacking(*held, left, *needed, *there));
            }
        }
        for Part { held, needed, .. } in parts {
            *taken.entry(*held).or_default() += needed;
        }
        drop(taken);
        let holds = parts.iter().map(|part| (part.held, part.needed)).collect();
        Ok(Trial { trials: self.clone(), holds })
    }
}

impl Drop for Trial {
    fn drop(&mut self) {
        let mut taken = self.trials.0.lock().unwrap_or_else(PoisonError::into_inner);
        for (held, needed) in &self.holds {
            if let Some(count) = taken.get_mut(held) {
                *count = count.saturating_sub(*needed);
                if *count == 0 {
                    taken.remove(held);
                }
            }
        }
    }
}

fn lacking(held: Held, left: u64, needed: u64, there: u64) -> MarketError {
    match held {
        Held::Job(_) => MarketError::Busy { seconds: 2 },
        Held::Money(account) => {
            let [held, needed] =
                [left, needed].map(|units| Amount::new(units).unwrap_or(Amount::MOST));
            Refusal::NotEnough { account, held, needed }.into()
        }
        Held::Key(_) | Held::Place(_) => {
            MarketError::Quota { what: "jobs verified at once", count: there, seconds: 5 }
        }
    }
}

impl Market {
    /// The same market, asked from a place whose quotas count.
    #[must_use]
    pub fn asked_from(&self, place: Place) -> Self {
        Self(self.0.clone(), Some(place))
    }

    /// Takes the parts that a job needs while it is verified.
    pub(super) fn begin_trial(&self, job: Hash, owner: Hash, money: Part) -> Result<Trial> {
        // A client that submits much at once leaves most of the line to others.
        let there = (self.0.options.most_waiting as u64 / 4).max(1);
        let mut parts = vec![
            Part { held: Held::Job(job), needed: 1, there: 1 },
            money,
            Part { held: Held::Key(owner), needed: 1, there },
        ];
        if let Some(place) = self.1 {
            parts.push(Part { held: Held::Place(place), needed: 1, there: 2 * there });
        }
        self.0.trials.begin(&parts)
    }

    /// Refuses an owner that has sent too much that did not verify: proofs or tokens.
    pub(super) async fn check_wrong(
        &self,
        connection: Connection<'_>,
        what: Counted,
        owner: Hash,
        now: Time,
    ) -> Result<()> {
        self.check(connection, now, (what, owner), 1, self.0.options.failures_per_hour).await
    }

    /// Counts a proof that did not verify, or a redemption of tokens that were not issued.
    pub(super) async fn count_wrong(&self, what: Counted, owner: Hash) -> Result<()> {
        let mut change = self.change().await?;
        self.count(&mut change, what, owner, 1).await?;
        Ok(change.commit().await?)
    }

    /// Takes a part of the demo money that is given out in a day.
    pub(super) async fn take_demo_money(
        &self,
        change: &mut Change,
        owner: Hash,
        amount: Amount,
    ) -> Result<()> {
        let (most, most_of_all) = match self.0.options.demo_money {
            Some(most) => (most.get(), self.0.options.demo_money_per_day.get()),
            None => return Err(MarketError::NoGateway),
        };
        let now = change.now();
        self.check(change.connection(), now, (Counted::DemoMoney, owner), amount.get(), most)
            .await?;
        let given =
            quotas::sum(change.connection(), Counted::DemoMoney, &Who::Everyone, now).await?;
        if given.saturating_add(amount.get()) > most_of_all {
            return Err(over(Counted::DemoMoney, most_of_all));
        }
        quotas::add(change, Counted::DemoMoney, &Who::Everyone, amount.get()).await?;
        self.count(change, Counted::DemoMoney, owner, amount.get()).await
    }

    /// Takes one of the disputes that one key may have in an hour.
    pub(super) async fn take_dispute(&self, change: &mut Change, owner: Hash) -> Result<()> {
        const MOST: u64 = 100;
        let now = change.now();
        self.check(change.connection(), now, (Counted::Dispute, owner), 1, MOST).await?;
        self.count(change, Counted::Dispute, owner, 1).await
    }

    /// Checks that a key, and the place that it asks from, may have this much more.
    async fn check(
        &self,
        connection: Connection<'_>,
        now: Time,
        (what, owner): (Counted, Hash),
        more: u64,
        most: u64,
    ) -> Result<()> {
        for (who, most) in self.asking(owner, most) {
            if quotas::sum(connection, what, &who, now).await?.saturating_add(more) > most {
                return Err(over(what, most));
            }
        }
        Ok(())
    }

    async fn count(
        &self,
        change: &mut Change,
        what: Counted,
        owner: Hash,
        more: u64,
    ) -> Result<()> {
        for (who, _) in self.asking(owner, 0) {
            quotas::add(change, what, &who, more).await?;
        }
        Ok(())
    }

    /// Who asks: a key, and the place that it asks from, each with its limit.
    fn asking(&self, owner: Hash, most: u64) -> impl Iterator<Item = (Who, u64)> {
        let place = self.1.map(|place| (Who::Place(place), most.saturating_mul(OF_PLACE)));
        [(Who::Key(owner), most)].into_iter().chain(place)
    }
}

fn over(what: Counted, count: u64) -> MarketError {
    let (what, seconds) = match what {
        Counted::Failure => ("proofs an hour that do not verify", 600),
        Counted::DemoMoney => ("units of demo money a day", 3600),
        Counted::Dispute => ("disputes an hour", 600),
        Counted::Token => ("redemptions an hour of tokens that were not issued", 600),
    };
    MarketError::Quota { what, count, seconds }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn money(needed: u64) -> Part {
        Part { held: Held::Money(Account::Balance(Hash([1; 32]))), needed, there: 10 }
    }

    fn job(number: u8) -> Part {
        Part { held: Held::Job(Hash([number; 32])), needed: 1, there: 1 }
    }

    #[test]
    fn money_is_held_for_one_job_at_a_time() {
        let trials = Trials::default();
        let first = trials.begin(&[job(1), money(6)]).unwrap();
        let again = trials.begin(&[job(1), money(1)]).err().unwrap();
        assert!(matches!(again, MarketError::Busy { .. }), "{again}");
        let second = trials.begin(&[job(2), money(6)]).err().unwrap();
        assert!(
            matches!(second, MarketError::Refused(Refusal::NotEnough { held, .. }) if held.get() == 4),
            "{second}"
        );
        let _third = trials.begin(&[job(2), money(4)]).expect("what was refused holds nothing");
        drop(first);
        trials.begin(&[job(1), money(6)]).unwrap();
        assert_eq!(trials.0.lock().unwrap().len(), 2, "what is over is forgotten");
    }

    #[test]
    fn a_network_is_one_place() {
        let place = |text: &str| Place::from(text.parse::<IpAddr>().unwrap());
        assert_eq!(place("2001:db8::1"), place("2001:db8::ffff:1"));
        assert_ne!(place("2001:db8::1"), place("2001:db8:0:1::1"));
        assert_eq!(place("::ffff:192.0.2.1"), place("192.0.2.1"));
        assert_ne!(place("192.0.2.1"), place("192.0.2.2"));
    }
}
