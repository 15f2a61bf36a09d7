//! A job and its cancellation, both signed before a hand-off begins, so that the hand-off holds no
//! key.

use serde_json::value::RawValue;
use velum_market_model::{
    Cancel, Duration, Hash, Job, Message, ModelError, SecretKey, Signed, Time, id,
};

/// How long a market keeps the cancellation of a job that has not arrived. It is one hour less than
/// how far ahead a market looks.
const LATEST_LOCK: Duration = Duration::constant(23 * 60 * 60 * 1000);

/// A signed job, and the signed message that cancels it.
#[derive(Clone, Debug, PartialEq)]
pub struct SignedJob {
    id: Hash,
    job: Signed<Job>,
    cancel: Signed<Cancel>,
}

impl SignedJob {
    /// Signs a job and its cancellation.
    ///
    /// # Errors
    /// Returns [`ModelError`] for a job with members that no job may have, or with another
    /// submitter than the key.
    pub fn sign(job: Job, key: &SecretKey) -> Result<Self, ModelError> {
        let id = id(&job)?;
        let cancel = Cancel { job: id, lock_by: job.offer.lock_by, submitter: key.public() };
        Ok(Self { id, job: Signed::sign(job, key)?, cancel: Signed::sign(cancel, key)? })
    }

    /// Reads both as [`SignedJob::json`] wrote them, and verifies their signatures.
    ///
    /// # Errors
    /// Returns [`ModelError`], also for a cancellation of another job.
    pub fn read(job: &RawValue, cancel: &RawValue) -> Result<Self, ModelError> {
        let job = Signed::<Job>::read(job.get().as_bytes())?;
        let cancel = Signed::<Cancel>::read(cancel.get().as_bytes())?;
        let id = id(job.message())?;
        let Cancel { job: cancelled, submitter, .. } = cancel.message();
        if *cancelled != id || *submitter != job.message().submitter {
            let why = "the cancellation is kept with another job";
            return Err(ModelError::Member { kind: Cancel::KIND, member: "job", why });
        }
        Ok(Self { id, job, cancel })
    }

    /// The id of the job.
    #[must_use]
    pub const fn id(&self) -> Hash {
        self.id
    }

    /// The signed job.
    #[must_use]
    pub const fn job(&self) -> &Signed<Job> {
        &self.job
    }

    /// The signed cancellation of the job.
    #[must_use]
    pub const fn cancel(&self) -> &Signed<Cancel> {
        &self.cancel
    }

    /// Whether the job is about this submission.
    #[must_use]
    pub fn is_about(&self, submission: &[u8]) -> bool {
        self.job.message().proof.sha256 == Hash::of(&[submission])
    }

    /// The signed job and its cancellation as JSON, to be kept.
    ///
    /// # Errors
    /// Returns [`ModelError`], which does not happen for signed messages.
    pub fn json(&self) -> Result<(Box<RawValue>, Box<RawValue>), ModelError> {
        Ok((json(&self.job)?, json(&self.cancel)?))
    }
}

/// A signed message as JSON, to be kept inside other JSON.
///
/// # Errors
/// Returns [`ModelError`], which does not happen for signed messages.
pub fn json<M: Message>(message: &Signed<M>) -> Result<Box<RawValue>, ModelError> {
    RawValue::from_string(message.json()?)
        .map_err(|error| ModelError::Malformed { kind: M::KIND, error: error.to_string() })
}

/// Signs the cancellation of a job of which only the id is known, whether or not the market has the
/// job yet. The cancellation states 23 hours from `now` as the job's `lock_by`, because no job is
/// locked later than a day after it came.
///
/// # Errors
/// Returns [`ModelError`].
pub fn sign_cancel(job: Hash, now: Time, key: &SecretKey) -> Result<Signed<Cancel>, ModelError> {
    Signed::sign(Cancel { job, lock_by: now.after(LATEST_LOCK), submitter: key.public() }, key)
}

#[cfg(test)]
mod tests {
    use velum_market_model::Algorithm;

    use super::*;
    use crate::testing::job_for;

    #[test]
    fn what_is_kept_is_read_again() {
        let signed = job_for(0);
        let (job, cancel) = signed.json().unwrap();
        assert_eq!(SignedJob::read(&job, &cancel).unwrap(), signed);
        assert!(signed.is_about(b"proof") && !signed.is_about(b"another proof"));
    }

    #[test]
    fn a_cancellation_of_another_job_is_refused() {
        let (job, _) = job_for(0).json().unwrap();
        let (_, cancel) = job_for(1).json().unwrap();
        let error = SignedJob::read(&job, &cancel).unwrap_err();
        assert!(error.to_string().contains("another job"), "{error}");
    }

    #[test]
    fn a_job_of_another_submitter_is_not_signed() {
        let key = SecretKey::from_bytes(Algorithm::Ed25519, &[9; 32]).unwrap();
        let job = job_for(0).job().message().clone();
        assert!(matches!(SignedJob::sign(job, &key), Err(ModelError::Author { .. })));
    }
}
