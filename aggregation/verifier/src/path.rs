//! The path from a leaf to the root of an aggregate.

use alloc::vec::Vec;

use plonky2::field::types::Field64;

use crate::F;
use crate::digest::{Digest, leaf_digest, node_digest};
use crate::error::PathError;
use crate::node::Root;

/// One node on the path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// Number of places below the node.
    pub arity: usize,
    /// Number of leaves below the node.
    pub count: u64,
    /// The place from which the path comes. The leftmost place is 0.
    pub position: usize,
    /// The digests of the other places, from left to right.
    pub siblings: Vec<Digest>,
}

/// A proof that a presentation is a leaf of an aggregate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Path {
    /// The nodes on the path, the lowest first.
    pub steps: Vec<Step>,
}

impl Path {
    /// Checks that the presentation whose statement has this hash is in the aggregate.
    ///
    /// # Errors
    /// Returns [`PathError`] if the path does not lead from the presentation to the root.
    pub fn check(&self, statement: Digest, root: &Root) -> Result<(), PathError> {
        let (mut digest, mut count) = (leaf_digest(statement), 1);
        for (level, step) in self.steps.iter().enumerate() {
            digest = step.above(level, digest, count)?;
            count = step.count;
        }
        if count != root.count {
            return Err(PathError::Count { expected: root.count, given: count });
        }
        if digest != root.digest {
            return Err(PathError::Root);
        }
        Ok(())
    }
}

impl Step {
    /// The digest of the node. `digest` and `count` are those of the place from which the path
    /// comes.
    fn above(&self, level: usize, digest: Digest, count: u64) -> Result<Digest, PathError> {
        let children = self.siblings.len() + 1;
        if self.arity != children {
            return Err(PathError::Siblings {
                level,
                arity: self.arity,
                given: self.siblings.len(),
            });
        }
        if self.position >= self.arity {
            return Err(PathError::Position { level, arity: self.arity, position: self.position });
        }
        if self.count < count || self.count >= F::ORDER {
            return Err(PathError::Fewer { level, above: self.count, below: count });
        }
        let mut digests = self.siblings.clone();
        digests.insert(self.position, digest);
        Ok(node_digest(self.count, &digests))
    }
}

#[cfg(test)]
mod tests {
    use alloc::vec;

    use plonky2::field::types::Field;

    use super::*;
    use crate::digest::empty_digest;
    use crate::node::Context;

    fn statement(number: u64) -> Digest {
        Digest { elements: [F::from_canonical_u64(number), F::ONE, F::TWO, F::ZERO] }
    }

    /// Two leaves below a node with two places. This node and a third leaf are below a node with
    /// eight places.
    fn aggregate() -> (Path, Root) {
        let [a, b, c] = [1, 2, 3].map(|number| leaf_digest(statement(number)));
        let below = node_digest(2, &[a, b]);
        let mut places = vec![below, c];
        places.resize(8, empty_digest());
        let context = Context { payee: [1; 32], domain: [2; 32], list: a };
        let root = Root { digest: node_digest(3, &places), count: 3, context };
        let low = Step { arity: 2, count: 2, position: 1, siblings: vec![a] };
        let high = Step { arity: 8, count: 3, position: 0, siblings: places[1..].to_vec() };
        (Path { steps: vec![low, high] }, root)
    }

    #[test]
    fn a_path_leads_to_the_root_from_its_leaf_alone() {
        let (path, root) = aggregate();
        assert_eq!(path.check(statement(2), &root), Ok(()));
        assert_eq!(path.check(statement(1), &root), Err(PathError::Root));
        let alone = Root { digest: leaf_digest(statement(2)), count: 1, ..root };
        assert_eq!(Path { steps: vec![] }.check(statement(2), &alone), Ok(()));
    }

    #[test]
    fn every_part_of_a_path_counts() {
        let (path, root) = aggregate();
        let refused = |change: &dyn Fn(&mut Vec<Step>)| {
            let mut path = path.clone();
            change(&mut path.steps);
            path.check(statement(2), &root).unwrap_err()
        };
        assert_eq!(refused(&|steps| steps[0].position = 0), PathError::Root);
        assert_eq!(refused(&|steps| steps[1].position = 1), PathError::Root);
        assert_eq!(refused(&|steps| steps[0].count = 3), PathError::Root);
        assert_eq!(refused(&|steps| steps[0].siblings[0] = empty_digest()), PathError::Root);
        assert_eq!(
            refused(&|steps| steps[0].position = 2),
            PathError::Position { level: 0, arity: 2, position: 2 }
        );
        assert_eq!(
            refused(&|steps| steps[0].arity = 3),
            PathError::Siblings { level: 0, arity: 3, given: 1 }
        );
        assert_eq!(
            refused(&|steps| steps[1].count = 1),
            PathError::Fewer { level: 1, above: 1, below: 2 }
        );
        assert_eq!(
            refused(&|steps| steps[1].count += F::ORDER),
            PathError::Fewer { level: 1, above: 3 + F::ORDER, below: 2 }
        );
        assert_eq!(
            refused(&|steps| steps[1].count = 4),
            PathError::Count { expected: 3, given: 4 }
        );
        assert_eq!(refused(&|steps| drop(steps.pop())), PathError::Count { expected: 3, given: 2 });
        let other = Root { digest: empty_digest(), ..root };
        assert_eq!(path.check(statement(2), &other), Err(PathError::Root));
    }
}
