//! The error type of the library, and its codes.

use velum_credentials::{Code, Error};
use velum_wallet::PoolError;

/// Declares [`ErrorCode`] from a single list of codes, so that [`ErrorCode::ALL`] cannot miss one.
/// The codes of markets come last.
macro_rules! codes {
    (
        { $($(#[$meta:meta])* $code:ident = $name:literal, $remedy:expr;)+ }
        of_markets { $($(#[$of_market:meta])* $market:ident = $said:literal, $mend:expr;)+ }
    ) => {
        /// What went wrong, as a fixed code that programs can match on.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, uniffi::Enum)]
        pub enum ErrorCode {
            $($(#[$meta])* $code,)+
            $($(#[$of_market])* $market,)+
        }

        impl ErrorCode {
            /// Every code.
            pub const ALL: &'static [Self] = &[$(Self::$code,)+ $(Self::$market,)+];

            /// The code with this name.
            pub(crate) fn by_name(name: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|code| code.as_str() == name)
            }

            /// Whether only markets and the outcomes of hand-offs use the code.
            const fn is_of_markets(self) -> bool {
                matches!(self, $(Self::$market)|+)
            }

            /// The code as the `velum` command and the npm package write it.
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$code => $name,)+
                    $(Self::$market => $said,)+
                }
            }

            const fn remedy(self) -> Option<&'static str> {
                match self {
                    $(Self::$code => $remedy,)+
                    $(Self::$market => $mend,)+
                }
            }
        }
    };
}

codes! {
    {
        /// No issuer of the request vouches for the document.
        IssuerUntrusted = "issuer_untrusted", Some("if the verifier trusts the issuer, it must name the issuer's key or certificate in the request");
        /// The issuer's signature over the MSO does not verify.
        IssuerSignature = "issuer_signature", Some("use the document as it was issued");
        /// The document has another type than the request asks for.
        DocType = "doc_type", Some("choose the document that is asked for");
        /// An item does not hash to its digest in the MSO.
        Digest = "digest", Some("keep items byte for byte as they were issued, and with their own MSO");
        /// The document is not yet valid at the requested time.
        NotYetValid = "not_yet_valid", Some("wait until the document is valid, or have the verifier correct the request's time");
        /// The document is no longer valid at the requested time.
        Expired = "expired", Some("have the document renewed by its issuer");
        /// The device's signature over `DeviceAuthentication` does not verify.
        DeviceSignature = "device_signature", Some("sign the transcript that the verifier uses, with the key that the MSO names");
        /// The device authenticated with a MAC, which only the reader of that session can check.
        DeviceMacUnsupported = "device_mac_unsupported", Some("have the device sign");
        /// The document carries no signature of its device.
        DeviceSignatureMissing = "device_signature_missing", Some("have the device sign the session: give a signer, or attach the device's signature");
        /// A predicate of the request does not hold.
        Predicate = "predicate", Some("the holder can do nothing; the verifier can ask for what the element holds");
        /// The document does not hold an element that the request asks for.
        ElementMissing = "element_missing", Some("have the verifier ask for another element");
        /// The input is larger than a limit or than every size class.
        TooLarge = "too_large", Some("ask for fewer or shorter elements; if the MSO is too long, the issuer must sign fewer digests");
        /// The prepared proof belongs to another document or to another kind of request.
        PreparedMismatch = "prepared_mismatch", Some("prepare another proof");
        /// The prepared proof was used before.
        PreparedUsed = "prepared_used", Some("prepare another proof");
        /// The input does not follow its format.
        Malformed = "malformed", Some("whoever wrote the input must correct what the place names");
        /// The proof does not verify.
        ProofInvalid = "proof_invalid", Some("refuse the presentation");
        /// The format version or the suite is one that this build does not know or that the
        /// verifier does not allow.
        WrongVersion = "wrong_version", Some("use builds of one version on both sides, and a suite that both allow");
        /// The request's time is too far from the wallet's clock.
        Clock = "clock", Some("refuse the request, or present with another `Clock` if the holder agrees");
        /// The device signed elements of its own, and the wallet did not agree to show them or the
        /// request does not ask for them.
        DeviceNamespaces = "device_namespaces", Some("the verifier must name their namespaces in the request, and the holder must allow them with `discloseDeviceNamespaces`");
        /// The device signed elements of its own that its issuer does not allow it to sign.
        DeviceNamespacesUnauthorised = "device_namespaces_unauthorised", Some("have the device sign without them, or have the issuer authorise them");
        /// The backend that computes the proof failed.
        Backend = "backend", Some("prove again");
        /// The caller cancelled the call.
        Cancelled = "cancelled", None;
        /// The memory that the caller allows is not enough. Nothing was proved.
        MemoryInsufficient = "memory_insufficient", Some("make no proof now");
        /// A bug in the library, or a system that has run out of threads or random bytes.
        Internal = "internal", Some("report it, unless the message says that the system failed");
        /// The pool holds as many proofs, or bytes, as its bounds allow.
        PoolFull = "pool_full", Some("use proofs of the pool, or clear the pool");
        /// The pool's store has no space left.
        StoreFull = "store_full", Some("free some space");
        /// The pool's store failed for another reason.
        StoreFailed = "store_failed", Some("see what the system says about the path that the place names");
        /// The sealer cannot use its key at the moment. No proof was dropped.
        SealerRefused = "sealer_refused", Some("have the holder unlock the device, and try again");
        /// Every remaining proof for the purpose is sealed with another key. No proof was dropped.
        OtherKey = "other_key", Some("use the key that the pool was filled with, or clear the pool");
        /// The holder did not agree to the device's signature.
        SignerCancelled = "signer_cancelled", None;
        /// The device's key cannot be used while the device is locked.
        SignerLocked = "signer_locked", Some("have the holder unlock the device, and try again");
        /// The signer's key cannot sign, for example because it is for key agreement only.
        SignerKeyCannotSign = "signer_key_cannot_sign", Some("have the document issued to a key that may sign");
        /// The hardware that holds the signer's key failed.
        SignerHardware = "signer_hardware", Some("try again; if it keeps failing, have the document issued to another key");
        /// The signer's key is not the key that the document was issued to. Nobody was asked to
        /// sign.
        SignerOtherKey = "signer_other_key", Some("use a signer with the key that the document was issued to");
    }
    of_markets {
        /// A market did not answer.
        Unreachable = "unreachable", Some("ask again, or ask another market");
        /// The answer of a market cannot be read.
        AnswerMalformed = "answer_malformed", Some("ask again; if the error persists, use another market");
        /// No market counted the presentation, and no market is paid.
        NoMarket = "no_market", Some("offer more money or more time, or name other markets");
        /// A market that may have the job does not say how the job ended.
        Unresolved = "unresolved", Some("submit the presentation to no other market before this market says how the job ended; resume later from the saved state");
        /// The state of a hand-off or of a purse could not be saved, so nothing more is done.
        NotSaved = "not_saved", Some("see why it could not be saved, and resume from what was saved last");
        /// The saved state belongs to another presentation, or is not the state of a hand-off.
        OtherHandOff = "other_hand_off", Some("give the presentation, request and transcript that the hand-off was begun with");
        /// A purse has less credit than a job may cost.
        CreditShort = "credit_short", Some("buy more credit, or offer less");
        /// The market could distinguish the blind credit that it issues to this wallet from the
        /// credit that it issues to others.
        CreditUntrusted = "credit_untrusted", Some("buy no credit there, and keep the purse, which may show what the market did");
        /// A market gave a receipt that does not hold.
        ReceiptInvalid = "receipt_invalid", Some("keep the receipt, which shows that the market broke its promise");
        /// It could not be determined whether a receipt holds.
        ReceiptNotJudged = "receipt_not_judged", Some("repair what judges receipts, and resume from the saved state");
        /// Only the operator of the market may do this.
        OperatorOnly = "operator_only", Some("have the operator do it");
        /// The signature of a message does not verify.
        SignatureInvalid = "signature_invalid", Some("sign with the key that the message names");
        /// The market does not have what it was asked about.
        Unknown = "unknown", Some("check what the market is asked about");
        /// The market does not have the job.
        JobUnknown = "job_unknown", Some("find out which market has it");
        /// The job has no receipt yet, or will never have one.
        NoReceipt = "no_receipt", Some("ask for the state of the job");
        /// The market does not accept this HTTP method for the request.
        WrongMethod = "wrong_method", Some("update this software, or the market");
        /// The market received the request too slowly.
        TooSlow = "too_slow", Some("try again with a better connection");
        /// The account does not have enough money.
        NotEnough = "not_enough", Some("deposit more, or offer less");
        /// The message is for another market.
        OtherMarket = "other_market", Some("open the market anew, which asks for its id");
        /// The market has accepted this message before.
        TakenBefore = "taken_before", Some("no remedy is needed: ask for the state of the job");
        /// The idempotency key already stands for something else.
        IdempotencyKeyUsed = "idempotency_key_used", Some("choose another key");
        /// The market already has a job about this presentation.
        StatementRepeated = "statement_repeated", Some("ask for the state of that job, or present anew");
        /// The batch of the job is closed, so the job can no longer be cancelled.
        TooLateToCancel = "too_late_to_cancel", Some("wait for the receipt");
        /// The deadlines of the job are so soon that no provider could meet them.
        TooSoon = "too_soon", Some("offer more time");
        /// The offer is below the minimum that the market accepts.
        BelowFloor = "below_floor", Some("offer at least the floor of an estimate");
        /// What the request names belongs to the holder of another key.
        NotYours = "not_yours", Some("use the key that it was submitted with");
        /// The market does not admit the provider, for example because the provider is not on its
        /// operator's list.
        NotAdmitted = "not_admitted", Some("report it: only providers should meet this code");
        /// A provider's delivery came too late.
        TooLate = "too_late", Some("report it: only providers should meet this code");
        /// A token of credit was already spent.
        CreditSpent = "credit_spent", Some("use another token");
        /// The market does not issue or redeem credit of this epoch now.
        CreditEpoch = "credit_epoch", Some("buy new credit");
        /// A key that is paid with credit can submit only one job. Credit cannot be redeemed for a key
        /// that has already submitted a job.
        OneTimeKey = "one_time_key", Some("use a new key for each job, and redeem credit for a new key");
        /// The market refused for a reason that this version does not know.
        Refused = "refused", Some("see the message, or update this software");
        /// The answer to the request would reveal too much about its holder to be handed to others.
        KeptBack = "kept_back", Some("have the verifier ask a predicate that more people meet");
        /// The message is too old, or its time lies in the future.
        Stale = "stale", Some("set the device's clock, and try again");
        /// The market did not issue this token of credit, or the order for credit is not valid.
        CreditInvalid = "credit_invalid", Some("buy new credit");
        /// The market accepts proofs of other versions.
        OtherProofSystem = "other_proof_system", Some("update this software, or use another market");
        /// The market has no way to move money in or out.
        NoGateway = "no_gateway", Some("find out how the market takes money");
        /// The client has reached a quota of the market.
        Quota = "quota", Some("try again later");
        /// The market cannot remember any more messages of this key at the moment.
        TooManySeen = "too_many_seen", Some("try again later");
        /// The market is busy.
        Busy = "busy", Some("ask again after the number of seconds in the error");
        /// The market cannot answer at the moment.
        Unavailable = "unavailable", Some("try again later");
    }
}

/// A failure: what went wrong, where, and what to do about it. A problem never contains the value
/// of an element.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct Problem {
    /// What went wrong, as a fixed code.
    pub code: ErrorCode,
    /// Where it went wrong: a path into the input such as `documents[0].issuerSigned.issuerAuth`,
    /// the path of a file, or the name of what failed.
    pub place: String,
    /// A description of this particular failure.
    pub message: String,
    /// What to do about it. Null if nothing can be done.
    pub remedy: Option<String>,
}

/// Why a call failed. The variants say who can do something about the failure.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error, uniffi::Error)]
pub enum VelumError {
    /// The input cannot be read: `malformed`, `too_large` or `wrong_version`.
    #[error("{}", problem.message)]
    Unreadable {
        /// What went wrong.
        problem: Problem,
    },
    /// The input was read, but it fails a check.
    #[error("{}", problem.message)]
    Refused {
        /// What went wrong.
        problem: Problem,
    },
    /// The caller cancelled the call, and no result was handed out.
    #[error("{}", problem.message)]
    Cancelled {
        /// What went wrong.
        problem: Problem,
    },
    /// The device did not sign.
    #[error("{}", problem.message)]
    Signer {
        /// What went wrong.
        problem: Problem,
    },
    /// The pool of prepared proofs failed.
    #[error("{}", problem.message)]
    Pool {
        /// What went wrong.
        problem: Problem,
    },
    /// A market, a hand-off or a purse is the reason.
    #[error("{}", problem.message)]
    Market {
        /// What went wrong. If the failure is about one market, `place` is the address of that
        /// market. The code may belong to one of the other classes, if a market says what is wrong
        /// with a presentation.
        problem: Problem,
        /// The number of seconds after which to ask again, if the market is `busy`.
        retry_after: Option<u32>,
        /// The receipt that does not hold, if a market gave one.
        receipt: Option<Vec<u8>>,
    },
    /// A bug in the library, or a system that failed.
    #[error("{}", problem.message)]
    Internal {
        /// What went wrong.
        problem: Problem,
    },
}

impl VelumError {
    pub(crate) fn new(
        code: ErrorCode,
        place: impl Into<String>,
        message: impl Into<String>,
    ) -> Self {
        Problem::new(code, place, message).into()
    }

    /// An error with a remedy for this particular case.
    pub(crate) fn mended_by(
        code: ErrorCode,
        place: impl Into<String>,
        message: impl Into<String>,
        remedy: String,
    ) -> Self {
        Problem { remedy: Some(remedy), ..Problem::new(code, place, message) }.into()
    }

    /// What went wrong.
    pub fn problem(&self) -> &Problem {
        match self {
            Self::Unreadable { problem }
            | Self::Refused { problem }
            | Self::Cancelled { problem }
            | Self::Signer { problem }
            | Self::Pool { problem }
            | Self::Market { problem, .. }
            | Self::Internal { problem } => problem,
        }
    }

    /// The code of what went wrong.
    pub fn code(&self) -> ErrorCode {
        self.problem().code
    }
}

impl Problem {
    pub(crate) fn new(
        code: ErrorCode,
        place: impl Into<String>,
        message: impl Into<String>,
    ) -> Self {
        Self {
            code,
            place: place.into(),
            message: message.into(),
            remedy: code.remedy().map(str::to_owned),
        }
    }
}

impl From<Problem> for VelumError {
    fn from(problem: Problem) -> Self {
        use ErrorCode as Code;
        match problem.code {
            Code::Malformed | Code::TooLarge | Code::WrongVersion => Self::Unreadable { problem },
            Code::Cancelled => Self::Cancelled { problem },
            Code::SignerCancelled
            | Code::SignerLocked
            | Code::SignerKeyCannotSign
            | Code::SignerHardware
            | Code::SignerOtherKey => Self::Signer { problem },
            Code::PoolFull
            | Code::StoreFull
            | Code::StoreFailed
            | Code::SealerRefused
            | Code::OtherKey => Self::Pool { problem },
            Code::Backend | Code::Internal => Self::Internal { problem },
            code if code.is_of_markets() => {
                Self::Market { problem, retry_after: None, receipt: None }
            }
            _ => Self::Refused { problem },
        }
    }
}

/// The error code with this name. A code that a later version of the other crates adds is a bug of
/// this crate until it is listed here, and becomes `internal`. A test checks that every code is
/// listed.
fn named(name: &str) -> ErrorCode {
    ErrorCode::by_name(name).unwrap_or(ErrorCode::Internal)
}

impl From<Code> for ErrorCode {
    fn from(code: Code) -> Self {
        named(code.as_str())
    }
}

impl From<&Error> for Problem {
    fn from(error: &Error) -> Self {
        Self::new(error.code().into(), error.place(), error.message())
    }
}

impl From<Error> for VelumError {
    fn from(error: Error) -> Self {
        Problem::from(&error).into()
    }
}

impl From<PoolError> for VelumError {
    fn from(error: PoolError) -> Self {
        Self::new(named(error.code()), error.place(), error.message())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_code_of_the_crates_below_is_here_and_no_other_but_those_of_apps() {
        let below =
            Code::ALL.iter().map(|code| code.as_str()).chain(PoolError::CODES.iter().copied());
        let below: BTreeSet<_> = below.collect();
        let ours: BTreeSet<_> = ErrorCode::ALL.iter().map(|code| code.as_str()).collect();
        assert_eq!(ours.len(), ErrorCode::ALL.len());
        let missing: Vec<_> = below.difference(&ours).collect();
        assert!(missing.is_empty(), "{missing:?}");
        let of_apps = |code: &str| code.starts_with("signer_") || code == "memory_insufficient";
        let of_markets = |code: &str| named(code).is_of_markets();
        assert!(ours.difference(&below).all(|code| of_apps(code) || of_markets(code)));
        for code in Code::ALL {
            assert_eq!(ErrorCode::from(*code).as_str(), code.as_str());
        }
    }

    #[test]
    fn every_code_that_the_command_documents_is_here_but_its_own() {
        let documentation = include_str!("../../docs/cli.md");
        let (_, section) = documentation.split_once("## Codes").unwrap();
        let (section, _) = section.split_once("\n## ").unwrap();
        let rows = section.lines().filter_map(|line| line.strip_prefix("| `")?.split_once('`'));
        let documented: BTreeSet<_> = rows.map(|(code, _)| code).collect();
        let of_the_command = ["file", "usage", "program_missing", "market", "gpu_unavailable"];
        let ours: BTreeSet<_> =
            ErrorCode::ALL.iter().map(|code| code.as_str()).chain(of_the_command).collect();
        let missing: Vec<_> = documented.difference(&ours).collect();
        assert!(missing.is_empty(), "{missing:?}");
        // The README has a table of the codes that only apps meet.
        let readme = include_str!("../README.md");
        let undocumented =
            ours.difference(&documented).filter(|code| !readme.contains(&format!("`{code}`")));
        let undocumented: Vec<_> = undocumented.collect();
        assert!(undocumented.is_empty(), "{undocumented:?}");
    }

    #[test]
    fn every_code_of_a_node_is_here() {
        let described = include_str!("../../docs/market-api.yaml");
        let lists = described.lines().filter_map(|line| {
            let (_, list) = line.split_once("code: { enum: [")?;
            Some(list.split_once(']')?.0.split(", "))
        });
        let nodes: BTreeSet<_> = lists.flatten().collect();
        assert!(nodes.len() > 40, "{nodes:?}");
        let ours: BTreeSet<_> = ErrorCode::ALL.iter().map(|code| code.as_str()).collect();
        let missing: Vec<_> = nodes.difference(&ours).collect();
        assert!(missing.is_empty(), "{missing:?}");
    }

    #[test]
    fn an_error_keeps_its_code_its_place_and_its_message() {
        for code in Code::ALL {
            let error = VelumError::from(Error::new(*code, "place", "message"));
            assert_eq!(error.code().as_str(), code.as_str());
            assert_eq!(
                (error.problem().place.as_str(), error.to_string().as_str()),
                ("place", "message")
            );
        }
    }

    #[test]
    fn what_can_be_mended_says_how() {
        let without: Vec<_> =
            ErrorCode::ALL.iter().filter(|code| code.remedy().is_none()).collect();
        assert_eq!(without, [&ErrorCode::Cancelled, &ErrorCode::SignerCancelled]);
    }
}
