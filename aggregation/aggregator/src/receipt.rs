//! Takes receipts out of a batch. A receipt has the path from its leaf to the root.

use thiserror::Error;
use velum_aggregate_verifier::{Digest, NodeError, Profile, digest_from_bytes, digest_to_bytes};
use velum_credentials::Presentation;
use velum_credentials::aggregate::{Batch, Receipt, Step};

use crate::aggregator::wide;
use crate::tree::Tree;

/// Why there is no receipt.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum ReceiptError {
    /// No leaf of the batch belongs to the presentation.
    #[error("the batch does not have this presentation with this request and session")]
    NotInBatch,
    /// A leaf of the batch is not a digest.
    #[error("{0}")]
    Leaf(NodeError),
}

impl ReceiptError {
    /// The place of the error in the input.
    pub const fn place(self) -> &'static str {
        match self {
            Self::NotInBatch => "batch",
            Self::Leaf(_) => "batch.leaves",
        }
    }
}

/// The receipt of the presentation with this statement hash, taken out of a batch of a profile. The
/// receipt is not verified.
///
/// # Errors
/// Returns [`ReceiptError`] if the batch has no such leaf, or if a leaf is not a digest.
pub fn receipt(
    batch: &Batch,
    profile: Profile,
    presentation: &Presentation,
    statement: &[u8; 32],
) -> Result<Receipt, ReceiptError> {
    let leaf =
        batch.leaves.iter().position(|leaf| leaf == statement).ok_or(ReceiptError::NotInBatch)?;
    let leaves = batch.leaves.iter().map(digest_from_bytes).collect::<Result<Vec<Digest>, _>>();
    let leaves = leaves.map_err(ReceiptError::Leaf)?;
    let path = Tree::over(leaves.len(), wide(profile)).and_then(|tree| tree.path(leaf, &leaves));
    Ok(Receipt {
        profile: batch.profile.clone(),
        payee: batch.payee,
        path: path.ok_or(ReceiptError::NotInBatch)?.steps.iter().map(step).collect(),
        presentation: presentation.without_proofs(),
        proof: batch.proof.clone(),
    })
}

fn step(step: &velum_aggregate_verifier::Step) -> Step {
    Step {
        places: step.arity as u64,
        count: step.count,
        position: step.position as u64,
        siblings: step.siblings.iter().map(|&sibling| digest_to_bytes(sibling)).collect(),
    }
}
