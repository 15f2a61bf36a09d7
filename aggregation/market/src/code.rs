//! The fixed codes of problems, each with the status and the title that its answers have. `docs/market-api.yaml` lists them to others.

use velum_credentials::Code as ProofCode;

/// Declares [`Code`] from the one list of codes, so that none can be without a status or missing from [`Code::all`].
macro_rules! codes {
    ($($(#[$meta:meta])* $code:ident = $status:literal $name:literal, $title:literal;)+) => {
        /// What went wrong, as a fixed code that programs can match on.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[non_exhaustive]
        pub enum Code {
            $($(#[$meta])* $code,)+
            /// What is wrong with a presentation or an aggregate.
            Proof(ProofCode),
        }

        impl Code {
            const OWN: &'static [Self] = &[$(Self::$code,)+];

            /// As answers have it.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$code => $name,)+
                    Self::Proof(code) => code.as_str(),
                }
            }

            /// The status of answers that have it.
            #[must_use]
            pub const fn status(self) -> u16 {
                match self {
                    $(Self::$code => $status,)+
                    Self::Proof(_) => 422,
                }
            }

            /// In words.
            #[must_use]
            pub const fn title(self) -> &'static str {
                match self {
                    $(Self::$code => $title,)+
                    Self::Proof(_) => "The proof does not hold",
                }
            }
        }
    };
}

codes! {
    /// A body, path or query that cannot be read.
    Malformed = 400 "malformed", "The request cannot be read";
    /// What only the operator may see.
    OperatorOnly = 401 "operator_only", "For the operator alone";
    /// A signature that does not hold, or of another than the author.
    SignatureInvalid = 403 "signature_invalid", "The signature does not hold";
    /// Nothing is there.
    Unknown = 404 "unknown", "Not here";
    /// No such job is there.
    JobUnknown = 404 "job_unknown", "Not here";
    /// A job has no receipt, or not yet.
    NoReceipt = 404 "no_receipt", "No receipt";
    /// A path that is asked for in another way.
    WrongMethod = 405 "wrong_method", "Another method";
    /// A body that took too long.
    TooSlow = 408 "too_slow", "Too slow";
    /// An account has not enough.
    NotEnough = 409 "not_enough", "Not enough money";
    /// A message for another market.
    OtherMarket = 409 "other_market", "For another market";
    /// A message that counts once, and has.
    TakenBefore = 409 "taken_before", "Taken before";
    /// An idempotency key that stands for something else.
    IdempotencyKeyUsed = 409 "idempotency_key_used", "The idempotency key is used";
    /// A presentation that is another job already.
    StatementRepeated = 409 "statement_repeated", "Handed in before";
    /// A job whose batch has closed.
    TooLateToCancel = 409 "too_late_to_cancel", "Too late to cancel";
    /// Deadlines that nobody could meet.
    TooSoon = 409 "too_soon", "The deadlines are too soon";
    /// An offer below the market's least.
    BelowFloor = 409 "below_floor", "The offer is too low";
    /// Someone else's.
    NotYours = 409 "not_yours", "Someone else's";
    /// A provider that may not take this, or not now.
    NotAdmitted = 409 "not_admitted", "Not admitted";
    /// A delivery after its time.
    TooLate = 409 "too_late", "Too late";
    /// A token that was redeemed before.
    CreditSpent = 409 "credit_spent", "Spent before";
    /// Blind credit of an epoch whose time is not now.
    CreditEpoch = 409 "credit_epoch", "Credit of another epoch";
    /// A key that was to be used for one job.
    OneTimeKey = 409 "one_time_key", "A key for one job";
    /// Anything else that the rules are against.
    Refused = 409 "refused", "Refused by the market's rules";
    /// More bytes than are read.
    TooLarge = 413 "too_large", "Too large";
    /// A request whose answer would tell too much to whoever aggregates.
    KeptBack = 422 "kept_back", "Not to be handed on";
    /// A query that is too old, or from the future.
    Stale = 422 "stale", "Not of now";
    /// Blind credit that this market has not issued, or an order of it that is none.
    CreditInvalid = 422 "credit_invalid", "The credit does not hold";
    /// A proof system that this market does not take.
    OtherProofSystem = 422 "other_proof_system", "Another proof system";
    /// No way of money in or out.
    NoGateway = 422 "no_gateway", "No way of money";
    /// As many jobs as one client may hand in.
    Quota = 429 "quota", "Too much at once";
    /// As many messages as are remembered of one key.
    TooManySeen = 429 "too_many_seen", "Too much at once";
    /// Something is wrong in the node.
    Internal = 500 "internal", "Something is wrong in the node";
    /// The node verifies as much as it can.
    Busy = 503 "busy", "Try again";
    /// The node's database or blobs cannot be reached.
    Unavailable = 503 "unavailable", "Try again";
}

impl Code {
    /// Every code.
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
