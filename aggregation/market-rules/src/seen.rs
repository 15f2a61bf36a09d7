//! What a market has to remember, so that nobody who has seen a message can send it again after it
//! was accepted or taken back. The market remembers a message until it would not accept it anyway.
//!
//! - A quote is remembered by its own id, until it expires.
//! - A standing order is remembered by its own id, until its end.
//! - A bid is remembered by its own id, until its lot's `deliver_by`. The lot itself does not
//!   suffice, because an auction in which no bid is opened is followed by another one of the same
//!   epoch.
//! - A cancellation of a job that the market does not have is remembered by the id of the job,
//!   until the job's `lock_by` as the cancellation states it.
//!
//! A node has its standing orders in a table of their own. It keeps another table of the other
//! messages, with `id` and `owner` as its key. So a cancellation by an owner that does not own the
//! job keeps no other owner's job from being accepted. Rows whose `until` has passed may be deleted
//! at any time. Jobs that a market has accepted are not in this table: the market has them by their
//! ids, and keeps them at least until their `lock_by`, however they ended.
//!
//! The market accepts no job whose `lock_by` is further away than the horizon, and keeps no
//! cancellation that states such a `lock_by`.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use velum_market_model::{Hash, Time};

use crate::{Refusal, Rules};

/// What a market remembers of messages.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "Vec<SeenMessage>", into = "Vec<SeenMessage>")]
pub struct Seen(BTreeMap<(Hash, Hash), Time>);

/// One message, which is a row of a node's table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SeenMessage {
    /// The id of the message, or of the job that it cancels.
    pub id: Hash,
    /// The owner that signed the message.
    pub owner: Hash,
    /// The last moment at which the message is remembered.
    pub until: Time,
}

impl Seen {
    /// Accepts a message once.
    ///
    /// # Errors
    /// Returns [`Refusal::TakenBefore`], or [`Refusal::TooManySeen`] if as many messages of the
    /// owner are remembered as the rules allow.
    pub fn take(&mut self, message: SeenMessage, now: Time, rules: &Rules) -> Result<(), Refusal> {
        let SeenMessage { id, owner, until } = message;
        if self.remembers(id, owner, now) {
            return Err(Refusal::TakenBefore { id });
        }
        self.check_room(owner, now, rules)?;
        self.0.insert((owner, id), until);
        Ok(())
    }

    /// Keeps a cancellation of a job that the market does not have, under the id of the job and
    /// until its `lock_by`. The same cancellation may come any number of times.
    ///
    /// # Errors
    /// Returns [`Refusal::TooManySeen`], or [`Refusal::TooFar`] if the market would accept no job
    /// with such a `lock_by`.
    pub fn cancel(
        &mut self,
        cancelled: SeenMessage,
        now: Time,
        rules: &Rules,
    ) -> Result<(), Refusal> {
        let SeenMessage { id, owner, until } = cancelled;
        let most = rules.seen.horizon;
        if until > now.after(most) {
            return Err(Refusal::TooFar { lock_by: until, most });
        }
        if !self.remembers(id, owner, now) {
            self.check_room(owner, now, rules)?;
        }
        let kept = self.0.entry((owner, id)).or_insert(until);
        *kept = until.max(*kept);
        Ok(())
    }

    /// Checks that an arriving job may be accepted, because its owner has not cancelled it before.
    ///
    /// # Errors
    /// Returns [`Refusal::CancelledBefore`].
    pub fn check_job(&self, job: Hash, owner: Hash, now: Time) -> Result<(), Refusal> {
        if self.remembers(job, owner, now) { Err(Refusal::CancelledBefore { job }) } else { Ok(()) }
    }

    /// Forgets messages that would not be accepted any more.
    pub fn forget(&mut self, now: Time) {
        self.0.retain(|_, until| now <= *until);
    }

    fn remembers(&self, id: Hash, owner: Hash, now: Time) -> bool {
        self.0.get(&(owner, id)).is_some_and(|until| now <= *until)
    }

    /// How many messages of an owner are remembered.
    #[must_use]
    pub fn count(&self, owner: Hash, now: Time) -> u64 {
        let of_owner = self.0.range((owner, Hash([0; 32]))..=(owner, Hash([0xff; 32])));
        of_owner.filter(|(_, until)| now <= **until).count() as u64
    }

    fn check_room(&self, owner: Hash, now: Time, rules: &Rules) -> Result<(), Refusal> {
        let most = rules.seen.most;
        if self.count(owner, now) < most.get() {
            Ok(())
        } else {
            Err(Refusal::TooManySeen { most })
        }
    }
}

impl From<Vec<SeenMessage>> for Seen {
    fn from(messages: Vec<SeenMessage>) -> Self {
        let rows = messages.into_iter().map(|message| ((message.owner, message.id), message.until));
        Self(rows.collect())
    }
}

impl From<Seen> for Vec<SeenMessage> {
    fn from(seen: Seen) -> Self {
        seen.0.into_iter().map(|((owner, id), until)| SeenMessage { id, owner, until }).collect()
    }
}
