//! Which bytes of a proof belong to which part.

use std::ops::Range;

use super::script::Event;
use crate::VerifierKey;
use crate::error::Check;
use crate::field::EXTENSION_DEGREE;
use crate::hash::SALT_BYTES;
use crate::merkle::siblings;
use crate::proof::group_indices;
use crate::proof::{ELEMENT_BYTES, NONCE_BYTES};
use crate::shape::TREES;

/// A part of a proof.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Part {
    /// The root of a tree.
    Root,
    /// A nonce that shows proof of work.
    Nonce,
    /// The sum of each group's fractions.
    Terminals,
    /// Values at the out-of-domain points.
    Values,
    /// The root of a layer of FRI.
    LayerRoot,
    /// The final polynomial.
    FinalPolynomial,
    /// Opened rows of a group.
    Rows,
    /// The salt of an opened row.
    Salt,
    /// Nodes of a tree.
    Siblings,
    /// Values of the opened leaves of a layer of FRI.
    LayerRows,
    /// Nodes of the tree of a layer of FRI.
    LayerSiblings,
}

impl Part {
    /// Whether the part consists of field elements.
    pub fn is_of_elements(self) -> bool {
        matches!(
            self,
            Self::Terminals | Self::Values | Self::FinalPolynomial | Self::Rows | Self::LayerRows
        )
    }

    /// The check that fails first if a word of the part is changed while challenges stay the same.
    /// `None` for nonces.
    pub fn check(self) -> Option<Check> {
        match self {
            Self::Nonce => None,
            Self::Terminals => Some(Check::Lookups),
            Self::Values => Some(Check::Constraints),
            Self::Root | Self::Rows | Self::Salt | Self::Siblings => Some(Check::Openings),
            Self::LayerRoot | Self::LayerRows | Self::LayerSiblings => Some(Check::Folding),
            Self::FinalPolynomial => Some(Check::FinalPolynomial),
        }
    }
}

/// The parts and the bytes that they occupy.
pub type Parts = Vec<(Part, Range<usize>)>;

/// The parts of a proof in order, given the transcript's events while it was made.
pub fn parts(key: &VerifierKey, events: &[Event]) -> Parts {
    let (shape, parameters) = (&key.shape, &key.parameters);
    let mut queries: Vec<usize> = events
        .iter()
        .filter_map(|event| if let Event::Index(index) = event { Some(*index) } else { None })
        .collect();
    queries.sort_unstable();
    queries.dedup();

    let mut parts = Vec::new();
    let mut at = 0;
    let mut push = |part, bytes: usize| {
        parts.push((part, at..at + bytes));
        at += bytes;
    };
    let digest = parameters.hash.digest_bytes();
    let extension = EXTENSION_DEGREE * ELEMENT_BYTES;
    push(Part::Root, digest);
    push(Part::Nonce, NONCE_BYTES);
    push(Part::Root, digest);
    push(Part::Terminals, shape.groups.len() * extension);
    push(Part::Root, digest);
    push(Part::Nonce, NONCE_BYTES);
    push(Part::Values, shape.terms.len() * extension);
    push(Part::Nonce, NONCE_BYTES);
    let folding = parameters.folding(shape.log_height());
    for _ in &folding {
        push(Part::LayerRoot, digest);
        push(Part::Nonce, NONCE_BYTES);
    }
    let final_log_len = shape.log_height() - folding.iter().sum::<usize>();
    push(Part::FinalPolynomial, extension << final_log_len);
    push(Part::Nonce, NONCE_BYTES);

    for tree in 0..TREES {
        for (index, group) in shape.groups.iter().enumerate() {
            for _ in group_indices(&queries, shape.lift(index)) {
                push(Part::Rows, group.widths[tree] * ELEMENT_BYTES);
                if index == 0 {
                    push(Part::Salt, SALT_BYTES);
                }
            }
        }
        push(Part::Siblings, siblings(key.log_codeword(), &queries) * digest);
    }
    let mut log_size = key.log_codeword();
    for &arity in &folding {
        let leaves = group_indices(&queries, arity);
        push(Part::LayerRows, ((leaves.len() << arity) - queries.len()) * extension);
        log_size -= arity;
        push(Part::LayerSiblings, siblings(log_size, &leaves) * digest);
        queries = leaves;
    }
    parts
}
