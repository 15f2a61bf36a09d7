//! Verifies the receipt of a presentation: that it answers a request in a session, and that an aggregate counts it.
//!
//! The verifier derives the statement from its own request and session, as [`velum_credentials::Verifier`] does, and takes from the receipt what the request
//! leaves open. In place of the presentation's own proofs it has the proof of an aggregate and the way to it from the statement's hash.
//!
//! [`verify`] takes two steps, and each can be taken alone: a [`Claim`] has the hash of what the presentation states, and [`counted`] shows that the aggregate
//! counts a statement of that hash. So the package for the web has them in two modules.

#![warn(missing_docs, unreachable_pub)]

use thiserror::Error;
use velum_aggregate_verifier::{
    AggregateError, Digest, NodeError, Path, PathError, Profile, RootKey, digest_from_bytes,
    verify_root,
};
use velum_credentials::aggregate::{Receipt, Step};
use velum_credentials::{Claim, Learnt, Request, Session};

/// What a verifier takes.
#[derive(Clone, Debug)]
pub struct Policy {
    /// The keys of the profiles that it allows. There is no default: profiles differ in what is proven of them.
    pub keys: Vec<RootKey>,
    /// For whom aggregates have to be counted; anyone, where it is nobody.
    pub payee: Option<[u8; 32]>,
}

/// What a verifier has learnt from a receipt that holds.
#[derive(Clone)]
pub struct Accepted {
    /// As from the presentation itself.
    pub learnt: Vec<Learnt>,
    /// What the aggregate says.
    pub counted: Counted,
}

/// What an aggregate says that counts a statement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Counted {
    /// The profile of the aggregate's proofs.
    pub profile: Profile,
    /// Presentations that the aggregate counts.
    pub count: u64,
    /// For whom it is counted.
    pub payee: [u8; 32],
}

/// Why a receipt is refused.
#[derive(Clone, Debug, Error)]
#[non_exhaustive]
pub enum ReceiptError {
    /// The presentation's claim cannot be an answer to the request.
    #[error(transparent)]
    Claim(#[from] velum_credentials::Error),
    /// Of a profile that is not allowed.
    #[error("the receipt is of profile {name:?}, which is not allowed here")]
    Profile {
        /// The receipt's.
        name: String,
    },
    /// For another payee.
    #[error("the receipt's aggregate is counted for another payee")]
    Payee,
    /// The aggregate's proof is wrong.
    #[error(transparent)]
    Aggregate(#[from] AggregateError),
    /// The hash of a statement is no digest.
    #[error("the hash of the statement is none: {0}")]
    Statement(NodeError),
    /// A node of the path is no digest.
    #[error("the path's level {level} has what is no node: {error}")]
    Sibling {
        /// The level, the lowest is 0.
        level: usize,
        /// What is wrong with it.
        error: NodeError,
    },
    /// The presentation is not in the aggregate: it was changed, or made for another request or session.
    #[error("{0}; the presentation was changed, or made for another request or session")]
    Path(#[from] PathError),
}

impl ReceiptError {
    /// The fixed code: one of [`velum_credentials::Code`] where the claim is wrong, and otherwise `receipt_invalid`.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Claim(error) => error.code().as_str(),
            _ => "receipt_invalid",
        }
    }

    /// Where in the input it is.
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

    /// What is wrong, and what to do.
    #[must_use]
    pub fn message(&self) -> String {
        match self {
            Self::Claim(error) => error.message().to_owned(),
            _ => self.to_string(),
        }
    }
}

/// Verifies that the presentation of a receipt answers `request` in a session and is counted by the receipt's aggregate.
///
/// # Errors
/// [`ReceiptError`].
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

/// Verifies that the aggregate of a receipt counts the statement of this [hash](Claim::hash). What the receipt's presentation claims is not looked at.
///
/// # Errors
/// [`ReceiptError`], but for [`ReceiptError::Claim`].
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

/// The hash of what a presentation claims, as a leaf has it.
///
/// # Errors
/// [`ReceiptError::Claim`] where the claim has none.
pub fn statement(claim: &Claim) -> Result<Digest, ReceiptError> {
    digest_from_bytes(&claim.hash()?).map_err(ReceiptError::Statement)
}

/// A receipt's path, to be checked.
fn path(steps: &[Step]) -> Result<Path, ReceiptError> {
    let step = |(level, step): (usize, &Step)| {
        let sibling = |bytes| {
            digest_from_bytes(bytes).map_err(|error| ReceiptError::Sibling { level, error })
        };
        Ok(velum_aggregate_verifier::Step {
            // What is too large for this machine is too large for any path.
            arity: step.places.try_into().unwrap_or(usize::MAX),
            count: step.count,
            position: step.position.try_into().unwrap_or(usize::MAX),
            siblings: step.siblings.iter().map(sibling).collect::<Result<_, _>>()?,
        })
    };
    let steps = steps.iter().enumerate().map(step).collect::<Result<_, ReceiptError>>()?;
    Ok(Path { steps })
}
