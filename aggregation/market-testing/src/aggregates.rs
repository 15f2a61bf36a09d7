//! Aggregates of submissions.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use velum_aggregate_verifier::{Digest, Profile, digest_from_bytes, is_below};
use velum_aggregator::{Aggregator, ProvenStatements, Tree, Wrapped, wide};
use velum_credentials::aggregate::Submission;
use velum_market_model::Hash;

use crate::{Made, kept};

const PROFILE: Profile = Profile::Standard;

/// Folding takes all processors and much memory, so that one at a time does. Who waits for another finds what it has kept.
static FOLDING: Mutex<Option<Aggregator>> = Mutex::new(None);

/// The aggregate of some submissions, counted for a payee.
#[must_use]
pub fn aggregate(made: &[Made], payee: Hash) -> Vec<u8> {
    let mut sorted: Vec<_> = made.iter().collect();
    sorted.sort_by(|a, b| {
        if is_below(digest(a.statement), digest(b.statement)) {
            std::cmp::Ordering::Less
        } else {
            std::cmp::Ordering::Greater
        }
    });
    let names: Vec<&[u8]> = sorted.iter().map(|made| &made.statement.0[..]).collect();
    let name = Hash::of(&[&[&payee.0[..]][..], &names].concat());
    let mut aggregator = FOLDING.lock().unwrap_or_else(PoisonError::into_inner);
    kept(&format!("aggregate-{name}"), || {
        fold(aggregator.get_or_insert_with(|| Aggregator::new(PROFILE)), &sorted, payee)
    })
}

fn fold(aggregator: &Aggregator, made: &[&Made], payee: Hash) -> Vec<u8> {
    let tree = Tree::over(made.len(), wide(PROFILE)).expect("some are folded");
    let mut leaves: HashMap<usize, Wrapped> =
        made.iter().enumerate().map(|(place, made)| (place, leaf(aggregator, made, payee))).collect();
    let top = merge(aggregator, &tree, &mut leaves, payee);
    aggregator.finish(&top).expect("the root is proven")
}

fn leaf(aggregator: &Aggregator, made: &Made, payee: Hash) -> Wrapped {
    let submission = Submission::from_bytes(&made.bytes).expect("a submission");
    let (claim, presentation) = (submission.claim().expect("it claims something"), &submission.presentation);
    let statements = ProvenStatements {
        credential: &claim.credential,
        credential_proof: presentation.credential_proof(),
        presentation: &claim.presentation,
        presentation_proof: presentation.presentation_proof(),
    };
    let class = presentation.size_class();
    let leaf = aggregator.leaf(class, &statements).expect("the leaf is proven");
    aggregator.wrap(class, &leaf, payee.0).expect("the leaf is wrapped")
}

fn merge(aggregator: &Aggregator, tree: &Tree, leaves: &mut HashMap<usize, Wrapped>, payee: Hash) -> Wrapped {
    match tree {
        Tree::Leaf(place) => leaves.remove(place).expect("every leaf is there once"),
        Tree::Merge { children, .. } => {
            let children: Vec<_> =
                children.iter().map(|child| merge(aggregator, child, leaves, payee)).collect();
            aggregator.merge(&children.iter().collect::<Vec<_>>(), payee.0).expect("the merge is proven")
        }
    }
}

fn digest(statement: Hash) -> Digest {
    digest_from_bytes(&statement.0).expect("a statement's hash is a digest")
}
