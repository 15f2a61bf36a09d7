//! Why a market did not do what it was asked, and what an answer over HTTP says of it.

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

/// Why not. Nothing has changed.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum MarketError {
    /// A message that says nothing, or whose signature does not hold.
    #[error(transparent)]
    Message(#[from] ModelError),
    /// The rules are against it.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// A presentation or an aggregate that does not verify, or is another than was said.
    #[error(transparent)]
    Proof(#[from] ProofError),
    /// A request whose answer would tell too much to whoever aggregates.
    #[error("the presentation may not be handed on: {}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))]
    KeptBack(Vec<KeptBack>),
    /// A presentation that is counted already, or will be.
    #[error(
        "the presentation is job {0} already, and is counted once; make another presentation for another receipt"
    )]
    Counted(Hash),
    /// Nothing of that kind has this id.
    #[error("there is no {what} {id} here; ask the market that it was handed to")]
    Unknown {
        /// The kind.
        what: &'static str,
        /// The id.
        id: Hash,
    },
    /// Too much of one client, or of all who ask from one address.
    #[error("{count} {what} are as many as there may be; go on in {seconds} s")]
    Quota {
        /// Of what.
        what: &'static str,
        /// How many there may be.
        count: u64,
        /// When to go on.
        seconds: u32,
    },
    /// Too much of all.
    #[error("the node verifies as much as it can; try again in {seconds} s")]
    Busy {
        /// When.
        seconds: u32,
    },
    /// More bytes than anything that is read here has.
    #[error("the body has more than {most} bytes; send less at once")]
    TooLarge {
        /// How many it may have.
        most: usize,
    },
    /// A body that does not end.
    #[error("the body took longer than 30 s; send it faster")]
    TooSlow,
    /// A body that is none.
    #[error("the body cannot be read: {0}; write it as the description of the API says")]
    Malformed(String),
    /// A query that is too old, or from the future.
    #[error("the query is of {at} and the market's clock says {now}, in milliseconds; ask anew")]
    Stale {
        /// The query's.
        at: u64,
        /// The node's.
        now: u64,
    },
    /// A proof system that this market does not take.
    #[error("the job is for {given}, and this market takes {taken}; use a client of this version")]
    OtherSystem {
        /// The job's.
        given: String,
        /// The market's.
        taken: String,
    },
    /// A receipt that is not there yet, or will never be.
    #[error("job {job} is {state}; its receipt is there once it is settled")]
    NoReceipt {
        /// The job.
        job: Hash,
        /// Where it stands.
        state: &'static str,
    },
    /// A provider that is on no list, where there is one.
    #[error("providers of this market are on its operator's list; ask to be put there")]
    NotListed,
    /// No way of money in or out.
    #[error("this market has no way of money in or out; ask its operator")]
    NoGateway,
    /// What only the operator may see or do.
    #[error("this is the operator's; send its token as `Authorization: Bearer`")]
    Operator,
    /// Blind credit that is none.
    #[error(transparent)]
    Credit(#[from] CreditError),
    /// The database.
    #[error(transparent)]
    Database(#[from] DatabaseError),
    /// The blobs.
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

    /// Seconds after which the same may be asked again.
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

    /// What an answer says. What is wrong inside of the node is told to its log, and not to everyone.
    #[must_use]
    pub fn problem(&self) -> Problem {
        let code = self.code();
        let detail = match code {
            Code::Internal => {
                "something is wrong in the node; its operator finds what in the node's log"
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
