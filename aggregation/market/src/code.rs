//! The fixed codes of problems, each with the status and the title of its answers.
//! `docs/market-api.yaml` lists the codes for users of the API.

use velum_credentials::Code as ProofCode;

/// Declares [`Code`] from a single list, so that no code can lack a status or be missing from
/// [`Code::all`].
macro_rules! codes {
    ($($(#[$meta:meta])* $code:ident = $status:literal $name:literal, $title:literal;)+) => {
        /// What went wrong, as a fixed code that programs can match on.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[non_exhaustive]
        pub enum Code {
            $($(#[$meta])* $code,)+
            /// A presentation or an aggregate is wrong.
            Proof(ProofCode),
        }

        impl Code {
            const OWN: &'static [Self] = &[$(Self::$code,)+];

            /// The code as answers have it.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$code => $name,)+
                    Self::Proof(code) => code.as_str(),
                }
            }

            /// The HTTP status of answers with this code.
            #[must_use]
            pub const fn status(self) -> u16 {
                match self {
                    $(Self::$code => $status,)+
                    Self::Proof(_) => 422,
                }
            }

            /// The code in words.
            #[must_use]
            pub const fn title(self) -> &'static str {
                match self {
                    $(Self::$code => $title,)+
                    Self::Proof(_) => "The proof is not accepted",
                }
            }
        }
    };
}

codes! {
    /// A body, path or query cannot be read.
    Malformed = 400 "malformed", "The request cannot be read";
    /// Only the operator may see this.
    OperatorOnly = 401 "operator_only", "For the operator only";
    /// A signature does not hold, or is not the author's.
    SignatureInvalid = 403 "signature_invalid", "The signature does not verify";
    /// Nothing is there.
    Unknown = 404 "unknown", "Not found";
    /// There is no such job.
    JobUnknown = 404 "job_unknown", "No such job";
    /// The job has no receipt, or not yet.
    NoReceipt = 404 "no_receipt", "No receipt";
    /// The path does not support this method.
    WrongMethod = 405 "wrong_method", "Wrong method";
    /// The body took too long.
    TooSlow = 408 "too_slow", "Too slow";
    /// An account does not have enough money.
    NotEnough = 409 "not_enough", "Not enough money";
    /// The message is for another market.
    OtherMarket = 409 "other_market", "For another market";
    /// The message counts only once, and has been accepted before.
    TakenBefore = 409 "taken_before", "Accepted before";
    /// The idempotency key stands for something else.
    IdempotencyKeyUsed = 409 "idempotency_key_used", "The idempotency key is used";
    /// The presentation is a job already.
    StatementRepeated = 409 "statement_repeated", "Submitted before";
    /// The batch of the job has closed.
    TooLateToCancel = 409 "too_late_to_cancel", "Too late to cancel";
    /// Nobody could meet the deadlines.
    TooSoon = 409 "too_soon", "The deadlines are too soon";
    /// The offer is below the market's floor.
    BelowFloor = 409 "below_floor", "The offer is too low";
    /// It belongs to someone else.
    NotYours = 409 "not_yours", "Belongs to another key";
    /// The provider may not take this, or not now.
    NotAdmitted = 409 "not_admitted", "Not admitted";
    /// The delivery came after its time.
    TooLate = 409 "too_late", "Too late";
    /// The token was redeemed before.
    CreditSpent = 409 "credit_spent", "Already spent";
    /// The blind credit is of an epoch whose time is not now.
    CreditEpoch = 409 "credit_epoch", "Credit of another epoch";
    /// The key may be used for one job only.
    OneTimeKey = 409 "one_time_key", "A key is for one job only";
    /// The rules do not allow it for any other reason.
    Refused = 409 "refused", "Refused by the market's rules";
    /// There are more bytes than are read.
    TooLarge = 413 "too_large", "Too large";
    /// The answer to the request would reveal too much to whoever aggregates.
    KeptBack = 422 "kept_back", "Not to be handed to others";
    /// The query is too old, or from the future.
    Stale = 422 "stale", "The time is not current";
    /// This market has not issued the blind credit, or an order of blind credit is not valid.
    CreditInvalid = 422 "credit_invalid", "The credit is not valid";
    /// This market does not accept the proof system.
    OtherProofSystem = 422 "other_proof_system", "Another proof system";
    /// There is no way of money in or out.
    NoGateway = 422 "no_gateway", "No way to move money";
    /// A quota is used up.
    Quota = 429 "quota", "Too many requests";
    /// No more messages of this key are remembered.
    TooManySeen = 429 "too_many_seen", "Too many messages";
    /// Something is wrong in the node.
    Internal = 500 "internal", "Internal error in the node";
    /// The node is verifying as much as it can.
    Busy = 503 "busy", "Busy";
    /// The node cannot reach its database or its blobs.
    Unavailable = 503 "unavailable", "Unavailable";
}

impl Code {
    /// All codes.
    pub fn all() -> impl Iterator<Item = Self> {
        let proofs = ProofCode::ALL
            .iter()
            .map(|code| Self::from(*code))
            .filter(|code| !Self::OWN.contains(code));
        Self::OWN.iter().copied().chain(proofs)
    }
}

impl From<ProofCode> for Code {
    fn from(code: ProofCode) -> Self {
        match code {
            ProofCode::Malformed => Self::Malformed,
            ProofCode::TooLarge => Self::TooLarge,
            ProofCode::Internal => Self::Internal,
            code => Self::Proof(code),
        }
    }
}
