//! The tree above an aggregate's leaves: which proofs are merged with each other, and the path from
//! a leaf to the root.
//!
//! The tree follows from the number of leaves alone, so a batch need not hold it.

use std::collections::BTreeMap;

use velum_aggregate_verifier::{Digest, Path, Step, empty_digest, leaf_digest, node_digest};

/// A node, with everything below it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Tree {
    /// A leaf, by its position from the left.
    Leaf(usize),
    /// A merge.
    Merge {
        /// Number of places. The places after the children are empty.
        places: usize,
        /// The children, from the left.
        children: Vec<Tree>,
    },
}

impl Tree {
    /// The tree above this number of leaves. Its merges have two or `wide` places. `None` if there
    /// are no leaves.
    pub fn over(leaves: usize, wide: usize) -> Option<Self> {
        let mut level: Vec<_> = (0..leaves).map(Self::Leaf).collect();
        while level.len() > 1 {
            level = groups(level, wide).into_iter().map(|group| Self::merge(group, wide)).collect();
        }
        level.pop()
    }

    /// Merges a group of nodes. A wide merge costs about as much as `wide / 2` merges of two, so a
    /// group of at most `wide / 2` nodes is merged in pairs.
    fn merge(mut group: Vec<Self>, wide: usize) -> Self {
        match group.len() {
            1 => group.remove(0),
            2 => Self::Merge { places: 2, children: group },
            few if few <= wide / 2 => {
                let pairs = groups(group, 2).into_iter().map(|pair| Self::merge(pair, wide));
                Self::merge(pairs.collect(), wide)
            }
            _ => Self::Merge { places: wide, children: group },
        }
    }

    /// The number of merges, by their number of places.
    pub fn merges(&self) -> BTreeMap<usize, usize> {
        let mut merges = BTreeMap::new();
        if let Self::Merge { places, children } = self {
            *merges.entry(*places).or_default() += 1;
            for (places, count) in children.iter().flat_map(Self::merges) {
                *merges.entry(places).or_default() += count;
            }
        }
        merges
    }

    /// The digest of the node and the number of leaves below it, if the leaves have these statement
    /// hashes.
    pub fn digest(&self, statements: &[Digest]) -> (Digest, u64) {
        match self {
            Self::Leaf(leaf) => (leaf_digest(statements[*leaf]), 1),
            Self::Merge { places, children } => {
                let (digests, count) = digests(*places, children, statements);
                (node_digest(count, &digests), count)
            }
        }
    }

    /// The path from a leaf to this node. `None` if the leaf is not below the node.
    pub fn path(&self, leaf: usize, statements: &[Digest]) -> Option<Path> {
        let (places, children) = match self {
            Self::Leaf(this) => return (*this == leaf).then(|| Path { steps: Vec::new() }),
            Self::Merge { places, children } => (*places, children),
        };
        let below = children.iter().enumerate();
        let (position, mut path) =
            below.filter_map(|(at, child)| Some((at, child.path(leaf, statements)?))).next()?;
        let (mut siblings, count) = digests(places, children, statements);
        siblings.remove(position);
        path.steps.push(Step { arity: places, count, position, siblings });
        Some(path)
    }
}

/// Consecutive groups of `size` nodes. The last group may be smaller.
fn groups(level: Vec<Tree>, size: usize) -> Vec<Vec<Tree>> {
    let mut level = level.into_iter();
    std::iter::from_fn(|| {
        let group: Vec<_> = level.by_ref().take(size).collect();
        (!group.is_empty()).then_some(group)
    })
    .collect()
}

/// The digests of all places, and the number of leaves below them.
fn digests(places: usize, children: &[Tree], statements: &[Digest]) -> (Vec<Digest>, u64) {
    let (mut digests, counts): (Vec<_>, Vec<_>) =
        children.iter().map(|child| child.digest(statements)).unzip();
    digests.resize(places, empty_digest());
    (digests, counts.into_iter().sum())
}

#[cfg(test)]
mod tests {
    use super::*;
    use velum_aggregate_verifier::{Context, Root};

    fn statements(count: usize) -> Vec<Digest> {
        (0..count).map(|leaf| node_digest(leaf as u64, &[])).collect()
    }

    fn leaves(tree: &Tree) -> Vec<usize> {
        match tree {
            Tree::Leaf(leaf) => vec![*leaf],
            Tree::Merge { places, children } => {
                assert!((2..=*places).contains(&children.len()) && [2, 4, 8].contains(places));
                children.iter().flat_map(leaves).collect()
            }
        }
    }

    #[test]
    fn every_leaf_is_in_the_tree_once_and_in_order() {
        for wide in [4, 8] {
            assert_eq!(Tree::over(0, wide), None);
            for count in (1..80).chain([512, 513]) {
                let tree = Tree::over(count, wide).unwrap();
                assert_eq!(leaves(&tree), (0..count).collect::<Vec<_>>());
            }
        }
    }

    #[test]
    fn few_are_merged_by_two() {
        let merges = |count, wide| {
            let merges = Tree::over(count, wide).unwrap().merges();
            [2, wide].map(|places| merges.get(&places).copied().unwrap_or(0))
        };
        assert_eq!([1, 2, 3, 4].map(|count| merges(count, 8)), [[0, 0], [1, 0], [2, 0], [3, 0]]);
        assert_eq!([5, 8, 9, 64].map(|count| merges(count, 8)), [[0, 1], [0, 1], [1, 1], [0, 9]]);
        assert_eq!(
            [2, 3, 4, 5, 16].map(|count| merges(count, 4)),
            [[1, 0], [0, 1], [0, 1], [1, 1], [0, 5]]
        );
    }

    #[test]
    fn every_leaf_has_a_path_to_the_root() {
        for count in [1, 2, 3, 7, 9, 20, 70] {
            let (tree, statements) = (Tree::over(count, 8).unwrap(), statements(count));
            let (digest, leaves) = tree.digest(&statements);
            let context = Context { payee: [0; 32], domain: [0; 32], list: digest };
            let root = Root { digest, count: leaves, context };
            assert_eq!(leaves, count as u64);
            for (leaf, &statement) in statements.iter().enumerate() {
                let path = tree.path(leaf, &statements).unwrap();
                assert_eq!(path.check(statement, &root), Ok(()));
                let other = statements[(leaf + 1) % count];
                assert_eq!(path.check(other, &root).is_ok(), count == 1);
            }
            assert_eq!(tree.path(count, &statements), None);
        }
    }
}
