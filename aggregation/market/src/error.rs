//! Why a market did not do what it was asked, and what an answer over HTTP says about it.

use thiserror::Error;
use velum_credentials::aggregate::KeptBack;
use velum_market_blobs::BlobError;
use velum_market_client::api::Problem;
use velum_market_credit::CreditError;
use velum_market_model::{Hash, ModelError};
use velum_market_rules::Refusal;
use velum_market_sql::DatabaseError;

use crate::Code;
use crate::proofs::ProofError;

/// Why a market did not do what it was asked.
///
/// Nothing has changed, with three exceptions:
///
/// - A proof or a token that does not verify is counted.
/// - An aggregate that does not verify ends the lease of its provider.
/// - If the database was lost during a commit, the change may have been committed.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum MarketError {
    /// The message cannot be read, or its signature does not hold.
    #[error(transparent)]
    Message(#[from] ModelError),
    /// The rules do not allow it.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// A presentation or an aggregate does not verify, or is not the one that was named.
    #[error(transparent)]
    Proof(#[from] ProofError),
    /// The answer to the request would reveal too much to whoever aggregates.
    #[error("the presentation may not be handed to others: {}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))]
    KeptBack(Vec<KeptBack>),
    /// The presentation is counted already, or will be.
    #[error(
        "the presentation was already submitted as job {0} and is counted once; make another presentation for another receipt"
    )]
    Counted(Hash),
    /// Nothing of that kind has this id.
    #[error("this market has no {what} {id}; ask the market that received it")]
    Unknown {
        /// The kind.
        what: &'static str,
        /// The id.
        id: Hash,
    },
    /// One client, or all clients of one address, have used up a quota.
    #[error("the limit of {count} {what} is reached; try again in {seconds} s")]
    Quota {
        /// What the quota limits.
        what: &'static str,
        /// How many there may be.
        count: u64,
        /// The seconds until the client may continue.
        seconds: u32,
    },
    /// All clients together ask for too much.
    #[error("the node is verifying as much as it can; try again in {seconds} s")]
    Busy {
        /// The seconds until the client may try again.
        seconds: u32,
    },
    /// The body has more bytes than anything that is read here.
    #[error("the body has more than {most} bytes; send less at once")]
    TooLarge {
        /// How many bytes it may have.
        most: usize,
    },
    /// The body did not end in time.
    #[error("the body took longer than 30 s to arrive; send it faster")]
    TooSlow,
    /// The body is not valid.
    #[error("the request cannot be read: {0}; write it as the API description says")]
    Malformed(String),
    /// The query is too old, or from the future.
    #[error(
        "the query's time is {at}, and the market's is {now}, in milliseconds; sign a new query with the current time"
    )]
    Stale {
        /// The time of the query.
        at: u64,
        /// The time of the node.
        now: u64,
    },
    /// This market does not accept the proof system.
    #[error(
        "the job is for {given}, and this market accepts {taken}; use a client of that version"
    )]
    OtherSystem {
        /// The proof system of the job.
        given: String,
        /// The proof system of the market.
        taken: String,
    },
    /// The receipt is not there yet, or never will be.
    #[error("job {job} is {state}; a job has a receipt once it is settled")]
    NoReceipt {
        /// The job.
        job: Hash,
        /// The state of the job.
        state: &'static str,
    },
    /// This market has a list of providers, and the provider is not on it.
    #[error(
        "this market admits only providers on its operator's list; ask the operator to add you"
    )]
    NotListed,
    /// There is no way of money in or out.
    #[error("this market has no way to move money in or out; ask its operator")]
    NoGateway,
    /// Only the operator may see or do this.
    #[error("this is for the operator only; send its token as `Authorization: Bearer`")]
    Operator,
    /// The blind credit is not valid.
    #[error(transparent)]
    Credit(#[from] CreditError),
    /// The database failed.
    #[error(transparent)]
    Database(#[from] DatabaseError),
    /// The store of blobs failed.
    #[error(transparent)]
    Blob(#[from] BlobError),
}

impl MarketError {
    /// The fixed code.
    #[must_use]
    pub fn code(&self) -> Code {
        match self {
            Self::Message(
                ModelError::Signature { .. } | ModelError::HighS { .. } | ModelError::Author { .. },
            ) => Code::SignatureInvalid,
            Self::Message(ModelError::TooLong { .. }) | Self::TooLarge { .. } => Code::TooLarge,
            Self::Message(_) | Self::Malformed(_) => Code::Malformed,
            Self::Refused(refusal) => refusal_code(refusal),
            Self::Proof(error) => error.code.into(),
            Self::KeptBack(_) => Code::KeptBack,
            Self::Counted(_) => Code::StatementRepeated,
            Self::Unknown { what: "job", .. } => Code::JobUnknown,
            Self::Unknown { .. } => Code::Unknown,
            Self::Quota { .. } => Code::Quota,
            Self::Busy { .. } => Code::Busy,
            Self::TooSlow => Code::TooSlow,
            Self::Stale { .. } => Code::Stale,
            Self::OtherSystem { .. } => Code::OtherProofSystem,
            Self::NoReceipt { .. } => Code::NoReceipt,
            Self::NotListed => Code::NotAdmitted,
            Self::NoGateway => Code::NoGateway,
            Self::Operator => Code::OperatorOnly,
            Self::Credit(_) => Code::CreditInvalid,
            Self::Database(error) if error.may_pass() => Code::Unavailable,
            Self::Blob(error) if error.may_pass() => Code::Unavailable,
            Self::Database(_) | Self::Blob(_) => Code::Internal,
        }
    }

    /// The seconds after which the same request may be sent again.
    #[must_use]
    pub fn retry_after(&self) -> Option<u32> {
        match self {
            Self::Quota { seconds, .. } | Self::Busy { seconds } => Some(*seconds),
            _ => match self.code().status() {
                429 => Some(60),
                503 => Some(2),
                _ => None,
            },
        }
    }

    /// The problem that an answer states. Faults inside the node are described in its log, and not
    /// to everyone.
    #[must_use]
    pub fn problem(&self) -> Problem {
        let code = self.code();
        let detail = match code {
            Code::Internal => {
                "the node has an internal error; its operator finds the cause in the node's log"
                    .to_owned()
            }
            Code::Unavailable => {
                "the node cannot reach its database or its blobs; try again".to_owned()
            }
            _ => self.to_string(),
        };
        let place = match self {
            Self::Message(ModelError::Member { member, .. }) => Some((*member).to_owned()),
            Self::Proof(error) => Some(error.place.clone()),
            _ => None,
        };
        let (status, title) = (code.status(), code.title().to_owned());
        Problem { status, title, detail, code: code.as_str().to_owned(), place }
    }
}

fn refusal_code(refusal: &Refusal) -> Code {
    match refusal {
        Refusal::NotEnough { .. } => Code::NotEnough,
        Refusal::OtherMarket { .. } => Code::OtherMarket,
        Refusal::TakenBefore { .. } => Code::TakenBefore,
        Refusal::TooManySeen { .. } => Code::TooManySeen,
        Refusal::OtherJob { .. } => Code::IdempotencyKeyUsed,
        Refusal::BatchClosed { .. } | Refusal::Drawn { .. } => Code::TooLateToCancel,
        Refusal::TooSoon { .. } => Code::TooSoon,
        Refusal::BelowFloor { .. } => Code::BelowFloor,
        Refusal::NotYours { .. } => Code::NotYours,
        Refusal::Stake { .. } | Refusal::Share { .. } | Refusal::Value { .. } => Code::NotAdmitted,
        Refusal::Spent { .. } => Code::CreditSpent,
        Refusal::CreditEpoch { .. } => Code::CreditEpoch,
        Refusal::OneTimeKey { .. } | Refusal::KnownKey => Code::OneTimeKey,
        Refusal::Settled
        | Refusal::TooLate { .. }
        | Refusal::Fenced { .. }
        | Refusal::NotLocked { .. } => Code::TooLate,
        _ => Code::Refused,
    }
}
