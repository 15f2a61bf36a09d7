//! What a market has to remember so that a message which was taken, or taken back, does not come again: by whoever has seen it, until nobody would take it anyway.
//!
//! | message | `id` | kept until |
//! |---|---|---|
//! | quote | its own | it expires |
//! | standing order | its own | its end |
//! | bid | its own | its lot's `deliver_by`. An auction in which no bid is opened is followed by another of the same epoch |
//! | cancellation of a job that the market does not have | the job's | the job's `lock_by`, as the cancellation has it |
//!
//! A node has a table of them, with `id` and `owner` as its key: whoever cancels a job that is not its own keeps nobody else's from coming. Rows whose `until` has passed may
//! be deleted at any time. Jobs that a market has taken are not among them: it has these by their ids, and keeps them until their `lock_by` at least, however they ended.
//!
//! No job is taken whose `lock_by` is further away than the horizon, and no cancellation is kept that says so.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use velum_market_model::{Hash, Time};

use crate::{Refusal, Rules};

/// What a market remembers of messages.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "Vec<SeenMessage>", into = "Vec<SeenMessage>")]
pub struct Seen(BTreeMap<(Hash, Hash), Time>);

/// One message: a row of a node's table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SeenMessage {
    /// Of the message, or of the job that it cancels.
    pub id: Hash,
    /// Who signed it.
    pub owner: Hash,
    /// The last moment at which it is remembered.
    pub until: Time,
}

impl Seen {
    /// Takes a message, once.
    ///
    /// # Errors
    /// [`Refusal::TakenBefore`], and [`Refusal::TooManySeen`] where as many of the owner's are remembered as may be.
    pub fn take(&mut self, message: SeenMessage, now: Time, rules: &Rules) -> Result<(), Refusal> {
        let SeenMessage { id, owner, until } = message;
        if self.remembers(id, owner, now) {
            return Err(Refusal::TakenBefore { id });
        }
        self.check_room(owner, now, rules)?;
        self.0.insert((owner, id), until);
        Ok(())
    }

    /// Keeps a cancellation of a job that the market does not have, under the job's id and until its `lock_by`. The same one may come as often as need be.
    ///
    /// # Errors
    /// [`Refusal::TooManySeen`], and [`Refusal::TooFar`] where no job would be taken whose `lock_by` is as far away.
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

    /// Whether a job that comes may be taken: its owner has not cancelled it before.
    ///
    /// # Errors
    /// [`Refusal::CancelledBefore`].
    pub fn check_job(&self, job: Hash, owner: Hash, now: Time) -> Result<(), Refusal> {
        if self.remembers(job, owner, now) { Err(Refusal::CancelledBefore { job }) } else { Ok(()) }
    }

    /// Forgets what nobody would take any more.
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
