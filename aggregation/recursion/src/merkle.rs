//! Merkle trees over matrices of several heights, opened one leaf at a time.
//!
//! The top of a tree is hashed only once. The *cap* of a tree consists of all nodes at some level
//! below the root. It is a witness that is bound to the root. A path leads from a leaf to the node
//! of the cap above it.

use std::collections::BTreeMap;

use plonky2::hash::hash_types::HashOutTarget;
use plonky2::iop::target::BoolTarget;
use velum_stark::poseidon2::DIGEST;

use crate::field::Builder;
use crate::poseidon2::{DigestTarget, node};

/// The largest number of levels between root and cap. One more level would save one permutation for
/// each path, but looking up a node of the cap would cost as much.
const CAP_LEVELS: usize = 3;

/// The number of queries for each node of a cap. A proof reveals all nodes of a cap unless no query
/// lies below two sibling nodes. With eight queries for each node, this happens in fewer than one
/// in ten million proofs.
const QUERIES_PER_NODE: usize = 8;

/// A tree in a circuit, given by the nodes of its cap.
pub(crate) struct Tree {
    log_height: usize,
    cap: Vec<DigestTarget>,
}

/// The number of levels between root and cap of a tree that has `2^log_height` leaves and is opened
/// at `queries` queries.
pub(crate) fn cap_levels(log_height: usize, queries: usize) -> usize {
    let levels = (queries / QUERIES_PER_NODE).checked_ilog2().unwrap_or(0) as usize;
    levels.min(CAP_LEVELS).min(log_height)
}

impl Tree {
    /// The tree with this root. Constrains the root to be the hash of the cap.
    pub(crate) fn new(
        builder: &mut Builder,
        log_height: usize,
        root: DigestTarget,
        cap: Vec<DigestTarget>,
    ) -> Self {
        debug_assert!(cap.len().is_power_of_two());
        let keep = builder._false();
        let mut nodes = cap.clone();
        while nodes.len() > 1 {
            nodes = nodes.chunks(2).map(|pair| node(builder, pair[0], pair[1], keep)).collect();
        }
        connect(builder, nodes[0], root);
        Self { log_height, cap }
    }

    /// Constrains the rows of a leaf to be in the tree.
    ///
    /// `index` has the bits of the leaf's place, least significant first. `rows` has, for each
    /// height, the hash of the row that belongs to the leaf; its key is the height's binary
    /// logarithm. `path` has the siblings from the leaf up to the cap.
    pub(crate) fn check(
        &self,
        builder: &mut Builder,
        index: &[BoolTarget],
        rows: &BTreeMap<usize, DigestTarget>,
        path: &[DigestTarget],
    ) {
        debug_assert_eq!(index.len(), self.log_height);
        debug_assert_eq!(path.len(), self.log_height - self.cap.len().ilog2() as usize);
        debug_assert!(rows.keys().all(|&height| height >= self.log_height - path.len()));
        let keep = builder._false();
        let mut digest = rows[&self.log_height];
        for (level, (&bit, &sibling)) in index.iter().zip(path).enumerate() {
            digest = node(builder, digest, sibling, bit);
            if let Some(&row) = rows.get(&(self.log_height - level - 1)) {
                digest = node(builder, digest, row, keep);
            }
        }
        let place = builder.le_sum(index[path.len()..].iter());
        let cap = self.cap.iter().map(|&elements| HashOutTarget { elements }).collect();
        let above = match self.cap.len() {
            1 => HashOutTarget { elements: self.cap[0] },
            _ => builder.random_access_hash(place, cap),
        };
        connect(builder, digest, above.elements);
    }
}

fn connect(builder: &mut Builder, left: DigestTarget, right: DigestTarget) {
    builder.connect_array::<DIGEST>(left, right);
}

#[cfg(test)]
mod tests {
    use plonky2::field::types::{Field, Sample};
    use plonky2::iop::witness::PartialWitness;
    use velum_stark::{Poseidon2Hash, ProofHash};

    use super::*;
    use crate::field::{F, element, to_velum};
    use crate::testing::proves;

    const LOG_HEIGHT: usize = 5;
    const LOG_LOWER: usize = 3;
    const LOG_CAP: usize = 2;

    type Digest = [velum_stark::field::F; DIGEST];

    /// A tree over two matrices, of which one is lower.
    struct Native {
        /// The nodes of each level, the leaves first.
        levels: Vec<Vec<Digest>>,
        lower: Vec<Digest>,
    }

    /// Everything that is shown to open a leaf.
    #[derive(Clone)]
    struct Shown {
        index: usize,
        leaf: Digest,
        lower: Digest,
        path: Vec<Digest>,
        cap: Vec<Digest>,
        root: Digest,
    }

    fn random() -> Digest {
        F::rand_array::<DIGEST>().map(to_velum)
    }

    impl Native {
        fn new() -> Self {
            let lower: Vec<_> = (0..1 << LOG_LOWER).map(|_| random()).collect();
            let mut levels: Vec<Vec<Digest>> =
                vec![(0..1 << LOG_HEIGHT).map(|_| random()).collect()];
            for _ in 0..LOG_HEIGHT {
                let mut nodes = Poseidon2Hash::nodes(levels.last().unwrap());
                if nodes.len() == lower.len() {
                    nodes = nodes
                        .iter()
                        .zip(&lower)
                        .map(|(&node, &row)| Poseidon2Hash::nodes(&[node, row])[0])
                        .collect();
                }
                levels.push(nodes);
            }
            Self { levels, lower }
        }

        fn show(&self, index: usize) -> Shown {
            let levels = LOG_HEIGHT - LOG_CAP;
            Shown {
                index,
                leaf: self.levels[0][index],
                lower: self.lower[index >> (LOG_HEIGHT - LOG_LOWER)],
                path: (0..levels).map(|level| self.levels[level][(index >> level) ^ 1]).collect(),
                cap: self.levels[levels].clone(),
                root: self.levels[LOG_HEIGHT][0],
            }
        }
    }

    fn is_accepted(shown: &Shown) -> bool {
        proves(|builder| {
            let constant = |builder: &mut Builder, digest: &Digest| -> DigestTarget {
                digest.map(|lane| builder.constant(element(lane)))
            };
            let root = constant(builder, &shown.root);
            let cap = shown.cap.iter().map(|digest| constant(builder, digest)).collect();
            let tree = Tree::new(builder, LOG_HEIGHT, root, cap);
            let bit = |bit| builder.constant_bool(shown.index >> bit & 1 == 1);
            let index: Vec<_> = (0..LOG_HEIGHT).map(bit).collect();
            let rows = [(LOG_HEIGHT, &shown.leaf), (LOG_LOWER, &shown.lower)];
            let rows = rows.map(|(height, digest)| (height, constant(builder, digest))).into();
            let path: Vec<_> = shown.path.iter().map(|digest| constant(builder, digest)).collect();
            tree.check(builder, &index, &rows, &path);
            PartialWitness::new()
        })
    }

    #[test]
    fn a_leaf_is_accepted_at_its_own_place_alone() {
        let tree = Native::new();
        for index in [0, 13, 30, 31] {
            let shown = tree.show(index);
            assert!(is_accepted(&shown));
            for bit in 0..LOG_HEIGHT {
                assert!(
                    !is_accepted(&Shown { index: index ^ 1 << bit, ..shown.clone() }),
                    "{index} {bit}"
                );
            }
        }
    }

    #[test]
    fn every_digest_is_bound() {
        let changes: [fn(&mut Shown); 6] = [
            |shown| shown.leaf[0] += one(),
            |shown| shown.lower[1] += one(),
            |shown| shown.path[0][2] += one(),
            |shown| shown.path[2][3] += one(),
            |shown| shown.cap[1][0] += one(),
            |shown| shown.root[3] += one(),
        ];
        fn one() -> velum_stark::field::F {
            to_velum(F::ONE)
        }
        let shown = Native::new().show(21);
        assert!(is_accepted(&shown));
        for (number, change) in changes.iter().enumerate() {
            let mut changed = shown.clone();
            change(&mut changed);
            assert!(!is_accepted(&changed), "{number}");
        }
    }
}
