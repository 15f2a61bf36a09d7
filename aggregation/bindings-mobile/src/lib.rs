//! The verifier of receipts as a native library for Kotlin and Swift. It is a thin layer over
//! `velum-receipt`, and UniFFI generates the bindings from it.
//!
//! The library contains no prover. It is separate from `velum-mobile` because the verifier of
//! aggregates needs dependencies that clash with those of `velum-mobile`. Every failure is a
//! [`ReceiptError`], even a panic.

#![warn(missing_docs, unnameable_types, unreachable_pub)]

mod error;

pub use error::{ReceiptError, ReceiptProblem};

use std::sync::LazyLock;
use std::thread;

use velum_aggregate_verifier::{Profile, RootKey};
use velum_credentials::Learnt;
use velum_credentials::aggregate::Receipt;
use velum_receipt::{Accepted, Policy};
use velum_wallet::Challenge;

uniffi::setup_scaffolding!("velum_receipt");

/// Stack size in bytes of the thread that verifies. The caller's own stack may be too small.
const STACK_BYTES: usize = 4 << 20;

/// Number of bytes of a payee.
const PAYEE_BYTES: usize = 32;

/// The profile of an aggregate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, uniffi::Enum)]
pub enum ReceiptProfile {
    /// 58 proven bits, 100 conjectured.
    Standard,
    /// 100 proven bits.
    Proven100,
}

/// One fact that a verifier learns.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct ReceiptFact {
    /// The fact in words (English).
    pub text: String,
    /// The fact as JSON, in the form that the `velum` command writes.
    pub json: String,
}

/// What a verifier has learnt from a valid receipt.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct VerifiedReceipt {
    /// What the presentation shows: first the facts for the request's predicates, in the order of
    /// the predicates, then facts about the document.
    pub learnt: Vec<ReceiptFact>,
    /// The profile of the aggregate's proof.
    pub profile: ReceiptProfile,
    /// The proven bits of soundness of the aggregate's proof.
    pub proven_bits: u32,
    /// Number of presentations that the aggregate counts.
    pub count: u64,
    /// The payee that the aggregate is counted for, 32 bytes.
    pub payee: Vec<u8>,
}

/// Verifies that the presentation of a receipt answers a request (JSON or CBOR) in the session of a
/// transcript, and that an aggregate of one of the named profiles counts it. If `payee` (32 bytes)
/// is given, the aggregate must be counted for this payee. Everything public is derived from the
/// request and the transcript given here.
///
/// There is no default for `profiles`, because they differ in what is proven of them. The call
/// takes milliseconds and blocks the caller while a separate thread does the work.
#[uniffi::export(default(payee = None))]
pub fn verify_receipt(
    receipt: Vec<u8>,
    request: Vec<u8>,
    transcript: Vec<u8>,
    profiles: Vec<ReceiptProfile>,
    payee: Option<Vec<u8>>,
) -> Result<VerifiedReceipt, ReceiptError> {
    on_own_thread(move || {
        let policy = policy(&profiles, payee.as_deref())?;
        let challenge = Challenge::parse(&transcript, &request)?;
        let receipt = Receipt::from_bytes(&receipt)?;
        let accepted =
            velum_receipt::verify(&receipt, challenge.transcript(), challenge.request(), &policy)?;
        verified(&accepted)
    })
}

fn policy(profiles: &[ReceiptProfile], payee: Option<&[u8]>) -> Result<Policy, ReceiptError> {
    /// The keys of all profiles.
    static KEYS: LazyLock<Vec<RootKey>> =
        LazyLock::new(|| Profile::ALL.map(RootKey::pinned).into());

    if profiles.is_empty() {
        let message = "there is no profile; name the profiles that are allowed".to_owned();
        return Err(ReceiptError::malformed("profiles", message));
    }
    let payee = payee.map(|payee| {
        let wrong = |_| format!("a payee has {PAYEE_BYTES} bytes, not {}", payee.len());
        <[u8; PAYEE_BYTES]>::try_from(payee).map_err(wrong)
    });
    let payee = payee.transpose().map_err(|message| ReceiptError::malformed("payee", message))?;
    let is_allowed = |key: &&RootKey| {
        profiles.iter().any(|profile| profile.name() == key.profile().short_name())
    };
    Ok(Policy { keys: KEYS.iter().filter(is_allowed).cloned().collect(), payee })
}

fn verified(accepted: &Accepted) -> Result<VerifiedReceipt, ReceiptError> {
    let fact = |learnt: &Learnt| ReceiptFact {
        text: learnt.to_string(),
        json: learnt.to_json().to_string(),
    };
    let counted = &accepted.counted;
    let profile = ReceiptProfile::of(counted.profile)
        .ok_or_else(|| ReceiptError::internal("this library does not know the profile"))?;
    Ok(VerifiedReceipt {
        learnt: accepted.learnt.iter().map(fact).collect(),
        profile,
        proven_bits: counted.profile.proven_bits(),
        count: counted.count,
        payee: counted.payee.into(),
    })
}

/// Runs `work` on a thread with a sufficient stack. A panic, which no input should cause, becomes
/// an error.
fn on_own_thread<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, ReceiptError> + Send + 'static,
) -> Result<T, ReceiptError> {
    let thread =
        thread::Builder::new().name("velum receipt".to_owned()).stack_size(STACK_BYTES).spawn(work);
    let thread = thread.map_err(|error| {
        ReceiptError::internal(&format!("the system cannot start a thread: {error}"))
    })?;
    thread
        .join()
        .unwrap_or_else(|_| Err(ReceiptError::internal("the library panicked; report this bug")))
}

impl ReceiptProfile {
    const ALL: [Self; 2] = [Self::Standard, Self::Proven100];

    const fn name(self) -> &'static str {
        match self {
            Self::Standard => "standard",
            Self::Proven100 => "proven-100",
        }
    }

    fn of(profile: Profile) -> Option<Self> {
        Self::ALL.into_iter().find(|candidate| candidate.name() == profile.short_name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_is_an_error_and_later_work_is_done() {
        let failed = on_own_thread(|| -> Result<(), ReceiptError> { panic!("on purpose") });
        assert_eq!(failed.unwrap_err().problem().code, "internal");
        assert_eq!(on_own_thread(|| Ok(7)).unwrap(), 7);
    }

    #[test]
    fn every_profile_is_here() {
        for profile in Profile::ALL {
            assert!(ReceiptProfile::of(profile).is_some(), "{}", profile.short_name());
        }
        assert_eq!(Profile::ALL.len(), ReceiptProfile::ALL.len());
    }
}
