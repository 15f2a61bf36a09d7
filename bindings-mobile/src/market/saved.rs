//! The saved form of a hand-off. It is the same JSON that the npm package has, except when a purse
//! pays: the npm package has no purses.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use velum_market_client::{Saved, SignedJob, Step};
use velum_market_model::{Hash, Job, SecretKey, Time};

use super::client::check_address;
use super::unfit;
use crate::error::{ErrorCode, VelumError};

const VERSION: u32 = 1;

/// The jobs of a hand-off, one for each market, and its state. Everything is signed in advance, so
/// it contains no key.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SavedHandOff {
    version: u32,
    /// The preferred market comes first.
    pub(super) markets: Vec<SavedMarket>,
    pub(super) at: Saved,
}

#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SavedMarket {
    pub(super) url: String,
    /// The id of the job.
    pub(super) id: Hash,
    job: Box<RawValue>,
    /// The message that takes the job back.
    cancel: Box<RawValue>,
    pub(super) preferred_until: Time,
    /// Whether a purse pays. The purse then has the job's key.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(super) from_purse: bool,
}

impl SavedHandOff {
    /// A hand-off that has not begun.
    pub(super) fn new(markets: Vec<SavedMarket>) -> Self {
        Self { version: VERSION, markets, at: Saved { market: 0, step: Step::Submitting } }
    }

    /// Reads the text that `save` was called with.
    pub(super) fn read(text: &str) -> Result<Self, VelumError> {
        let read: Result<Self, _> = serde_json::from_str(text);
        let other = |message: &str| VelumError::new(ErrorCode::OtherHandOff, "saved", message);
        let saved =
            read.map_err(|error| other(&format!("not the state of a hand-off: {error}")))?;
        if saved.version != VERSION {
            return Err(other(&format!(
                "version {} is not known; update this software",
                saved.version
            )));
        }
        if saved.markets.is_empty() || saved.at.market >= saved.markets.len() {
            return Err(other("not the state of a hand-off: it names no current market"));
        }
        saved.markets.iter().try_for_each(|market| check_address(&market.url))?;
        Ok(saved)
    }

    /// The same hand-off with its current state.
    pub(super) fn at(&self, at: Saved) -> Self {
        Self { at, ..self.clone() }
    }

    /// The text that is saved.
    pub(super) fn text(&self) -> Result<String, serde_json::Error> {
        serde_json::to_string(self)
    }
}

impl SavedMarket {
    /// Signs a job and the message that takes it back, with the account's key or with a key of a
    /// purse.
    pub(super) fn sign(
        url: &str,
        job: Job,
        key: &SecretKey,
        from_purse: bool,
    ) -> Result<Self, VelumError> {
        let wrong = |error| unfit("offer", &error);
        let preferred_until = job.offer.lock_by;
        let signed = SignedJob::sign(job, key).map_err(wrong)?;
        let (job, cancel) = signed.json().map_err(wrong)?;
        Ok(Self { url: url.to_owned(), id: signed.id(), job, cancel, preferred_until, from_purse })
    }

    /// Returns the signed job, after checking everything that is signed.
    ///
    /// # Errors
    /// `other_hand_off` if the job is about another submission.
    pub(super) fn signed(&self, submission: &[u8]) -> Result<SignedJob, VelumError> {
        let job =
            SignedJob::read(&self.job, &self.cancel).map_err(|error| unfit("saved", &error))?;
        if job.is_about(submission) && job.id() == self.id {
            return Ok(job);
        }
        let message = "it belongs to another presentation, request or transcript; give those that the hand-off was begun with";
        Err(VelumError::new(ErrorCode::OtherHandOff, "saved", message))
    }
}
