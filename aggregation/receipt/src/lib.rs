//! Verifies the receipt of a presentation: that the presentation answers a request in a session,
//! and that an aggregate counts it.
//!
//! Like [`velum_credentials::Verifier`], the verifier derives the statement from its own request
//! and session. It takes from the receipt only what the request leaves open. Instead of the
//! presentation's own proofs, a receipt has the proof of an aggregate and the path that leads to it
//! from the statement's hash.
//!
//! [`verify`] takes two steps, and each of them can be taken alone:
//!
//! * A [`Claim`] has the hash of what the presentation states.
//! * [`counted`] shows that the aggregate counts a statement with this hash.
//!
//! The package for the web therefore has them in two modules.

#![warn(missing_docs, unreachable_pub)]

use thiserror::Error;
use velum_aggregate_verifier::{
    AggregateError, Digest, NodeError, Path, PathError, Profile, RootKey, digest_from_bytes,
    verify_root,
};
use velum_credentials::aggregate::{Receipt, Step};
use velum_credentials::{Claim, Learnt, Request, Session};

/// What a verifier accepts.
#[derive(Clone, Debug)]
pub struct Policy {
    /// The keys of the profiles that the verifier allows. There is no default, because profiles
    /// differ in what is proven of them.
    pub keys: Vec<RootKey>,
    /// The payee that aggregates must be counted for. `None` allows any payee.
    pub payee: Option<[u8; 32]>,
}

/// What a verifier has learnt from a valid receipt.
#[derive(Clone)]
pub struct Accepted {
    /// The same facts that the presentation itself would show.
    pub learnt: Vec<Learnt>,
    /// What the aggregate says.
    pub counted: Counted,
}

/// What an aggregate that counts a statement says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Counted {
    /// The profile of the aggregate's proofs.
    pub profile: Profile,
    /// Number of presentations that the aggregate counts.
    pub count: u64,
    /// The payee that the aggregate is counted for.
    pub payee: [u8; 32],
}

/// Why a receipt is refused.
#[derive(Clone, Debug, Error)]
#[non_exhaustive]
pub enum ReceiptError {
    /// The presentation's claim cannot be an answer to the request.
    #[error(transparent)]
    Claim(#[from] velum_credentials::Error),
    /// The receipt is of a profile that is not allowed.
    #[error("the receipt has profile {name:?}, which is not allowed here")]
    Profile {
        /// The name of the receipt's profile.
        name: String,
    },
    /// The receipt is counted for another payee.
    #[error("the receipt's aggregate is counted for another payee, not for the expected one")]
    Payee,
    /// The aggregate's proof is wrong.
    #[error(transparent)]
    Aggregate(#[from] AggregateError),
    /// The hash of a statement is not a digest.
    #[error("the statement's hash is not a digest: {0}")]
    Statement(NodeError),
    /// A node of the path is not a digest.
    #[error("a sibling at level {level} of the path is not a digest: {error}")]
    Sibling {
        /// The level of the path. The lowest is 0.
        level: usize,
        /// What is wrong with the node.
        error: NodeError,
    },
    /// The presentation is not in the aggregate. It was changed, or was made for another request or
    /// session.
    #[error("{0}; the presentation was changed, or was made for another request or session")]
    Path(#[from] PathError),
}

impl ReceiptError {
    /// The fixed code: a [`velum_credentials::Code`] if the claim is wrong, and `receipt_invalid`
    /// otherwise.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Claim(error) => error.code().as_str(),
            _ => "receipt_invalid",
        }
    }

    /// The place of the error in the input.
    #[must_use]
    pub fn place(&self) -> &str {
        match self {
            Self::Claim(error) => error.place(),
            Self::Profile { .. } => "receipt.profile",
            Self::Payee => "receipt.payee",
            Self::Aggregate(_) => "receipt.aggregate proof",
            Self::Statement(_) => "statement",
            Self::Sibling { .. } | Self::Path(_) => "receipt.path",
        }
    }

    /// What is wrong, and what to do about it.
    #[must_use]
    pub fn message(&self) -> String {
        match self {
            Self::Claim(error) => error.message().to_owned(),
            _ => self.to_string(),
        }
    }
}

/// Verifies that the presentation of a receipt answers `request` in a session, and that the
/// receipt's aggregate counts it.
///
/// # Errors
/// Returns [`ReceiptError`] if the receipt is refused.
pub fn verify<S: Session>(
    receipt: &Receipt,
    session: &S,
    request: &Request,
    policy: &Policy,
) -> Result<Accepted, ReceiptError> {
    let claim = Claim::new(&receipt.presentation, session, request)?;
    let counted = counted(receipt, &claim.hash()?, policy)?;
    Ok(Accepted { learnt: claim.proven().learnt, counted })
}

/// Verifies that the aggregate of a receipt counts the statement with this [hash](Claim::hash).
/// This function does not check what the receipt's presentation claims.
///
/// # Errors
/// Returns [`ReceiptError`] if the receipt is refused, but never [`ReceiptError::Claim`].
pub fn counted(
    receipt: &Receipt,
    statement: &[u8; 32],
    policy: &Policy,
) -> Result<Counted, ReceiptError> {
    let key = policy.keys.iter().find(|key| key.profile().short_name() == receipt.profile);
    let key = key.ok_or_else(|| ReceiptError::Profile { name: receipt.profile.clone() })?;
    if policy.payee.is_some_and(|payee| payee != receipt.payee) {
        return Err(ReceiptError::Payee);
    }
    let statement = digest_from_bytes(statement).map_err(ReceiptError::Statement)?;
    let path = path(&receipt.path)?;
    let profile = key.profile();
    let root = verify_root(profile, key, &receipt.proof, &receipt.payee)?;
    path.check(statement, &root)?;
    Ok(Counted { profile, count: root.count, payee: receipt.payee })
}

/// The hash of what a presentation claims, in the form that a leaf states.
///
/// # Errors
/// Returns [`ReceiptError::Claim`] if the claim has no hash.
pub fn statement(claim: &Claim) -> Result<Digest, ReceiptError> {
    digest_from_bytes(&claim.hash()?).map_err(ReceiptError::Statement)
}

/// The path of a receipt, in the form that can be checked.
fn path(steps: &[Step]) -> Result<Path, ReceiptError> {
    let step = |(level, step): (usize, &Step)| {
        let sibling = |bytes| {
            digest_from_bytes(bytes).map_err(|error| ReceiptError::Sibling { level, error })
        };
        Ok(velum_aggregate_verifier::Step {
            // A number that is too large for this machine is too large for any path.
            arity: step.places.try_into().unwrap_or(usize::MAX),
            count: step.count,
            position: step.position.try_into().unwrap_or(usize::MAX),
            siblings: step.siblings.iter().map(sibling).collect::<Result<_, _>>()?,
        })
    };
    let steps = steps.iter().enumerate().map(step).collect::<Result<_, ReceiptError>>()?;
    Ok(Path { steps })
}
