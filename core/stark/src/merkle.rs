//! Merkle trees over matrices of several heights, opened at many rows at once.
//!
//! The leaves are the rows of the tallest matrix, each hashed with its salt. At the level whose
//! number of nodes equals the height of another matrix, each node is hashed with that matrix's row:
//!
//! ```text
//!   root
//!    |            node = H(H(left, right), H(row))     height of the second matrix
//!    |            node = H(left, right)
//!   leaf = H(row, salt)                                height of the tallest matrix
//! ```
//!
//! Row `i` of the tallest matrix therefore comes with row `i >> k` of a matrix that is `2^k` times
//! lower. Only leaves are salted: every other hash of a row has a salted leaf below it.
//!
//! Heights, widths and salting are the verifier's own. Every hash on the path from an opened leaf
//! to the root therefore has one place and one length of input. This alone makes trees binding (see
//! [`ProofHash`]).
//!
//! An opening of a set of leaves has the siblings that cannot be computed from the leaves
//! themselves, bottom level first, from left to right. Their number follows from the indices.

use crate::hash::ProofHash;

#[cfg(all(test, feature = "prover"))]
pub(crate) use tree::MerkleTree;
#[cfg(feature = "prover")]
pub use tree::NodePosition;
#[cfg(feature = "prover")]
pub(crate) use tree::{Parts, Tree, sibling_positions};

#[cfg(all(test, feature = "prover"))]
mod tests;

#[cfg(feature = "prover")]
mod tree {
    use std::convert::Infallible;

    use super::*;
    #[cfg(feature = "poseidon2")]
    use crate::hash::Poseidon2Hash;
    use crate::hash::{Blake3Hash, Blake3TruncatedHash, Digest, HashFunction, Rows, Salt};

    /// The position of a node in a tree.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub struct NodePosition {
        /// Number of levels above the leaves.
        pub level: usize,
        /// The node's position on its level, from the left.
        pub index: usize,
    }

    /// The positions of the siblings that open these leaves of a tree of `2^log_height` leaves.
    /// `leaves` are sorted and distinct.
    pub(crate) fn sibling_positions(log_height: usize, leaves: &[usize]) -> Vec<NodePosition> {
        debug_assert!(leaves.is_sorted_by(|a, b| a < b));
        let mut positions = Vec::new();
        let mut indices = leaves.to_vec();
        for level in 0..log_height {
            positions.extend(lone(&indices).map(|index| NodePosition { level, index: index ^ 1 }));
            indices = parents(&indices);
        }
        positions
    }

    /// A matrix whose rows come in consecutive parts.
    pub(crate) trait Parts {
        /// A part.
        type Part<'a>: Rows;
        /// The reason for which the parts cannot be produced.
        type Error;

        /// Number of columns.
        fn width(&self) -> usize;

        /// Number of rows of all parts.
        fn count(&self) -> usize;

        /// Returns an error if the work should stop.
        fn check(&self) -> Result<(), Self::Error>;

        /// Passes the parts to `to` in order.
        fn each(&self, to: impl FnMut(&Self::Part<'_>)) -> Result<(), Self::Error>;
    }

    impl<R: Rows> Parts for &R {
        type Part<'a> = R;
        type Error = Infallible;

        fn width(&self) -> usize {
            Rows::width(*self)
        }

        fn count(&self) -> usize {
            Rows::count(*self)
        }

        fn check(&self) -> Result<(), Infallible> {
            Ok(())
        }

        fn each(&self, mut to: impl FnMut(&R)) -> Result<(), Infallible> {
            to(self);
            Ok(())
        }
    }

    /// A tree over one of the hash functions.
    pub(crate) enum Tree {
        Blake3(MerkleTree<Blake3Hash>),
        Blake3Truncated(MerkleTree<Blake3TruncatedHash>),
        #[cfg(feature = "poseidon2")]
        Poseidon2(MerkleTree<Poseidon2Hash>),
    }

    impl Tree {
        /// See [`MerkleTree::new`].
        pub(crate) fn new<P: Parts>(
            hash: HashFunction,
            matrices: &[P],
            salts: Option<&[Salt]>,
        ) -> Result<Self, P::Error> {
            Ok(match hash {
                HashFunction::Blake3 => Self::Blake3(MerkleTree::new(matrices, salts)?),
                HashFunction::Blake3Truncated => {
                    Self::Blake3Truncated(MerkleTree::new(matrices, salts)?)
                }
                #[cfg(feature = "poseidon2")]
                HashFunction::Poseidon2 => Self::Poseidon2(MerkleTree::new(matrices, salts)?),
            })
        }

        /// The commitment.
        pub(crate) fn root(&self) -> Digest {
            match self {
                Self::Blake3(tree) => Blake3Hash::to_bytes(&tree.root()),
                Self::Blake3Truncated(tree) => Blake3TruncatedHash::to_bytes(&tree.root()),
                #[cfg(feature = "poseidon2")]
                Self::Poseidon2(tree) => Poseidon2Hash::to_bytes(&tree.root()),
            }
        }

        /// The nodes at these positions.
        pub(crate) fn nodes(&self, positions: &[NodePosition]) -> Vec<Digest> {
            match self {
                Self::Blake3(tree) => tree.nodes(positions),
                Self::Blake3Truncated(tree) => tree.nodes(positions),
                #[cfg(feature = "poseidon2")]
                Self::Poseidon2(tree) => tree.nodes(positions),
            }
        }
    }

    /// All nodes of a tree.
    pub(crate) struct MerkleTree<H: ProofHash> {
        /// The levels, leaves first, root last.
        levels: Vec<Vec<H::Digest>>,
    }

    impl<H: ProofHash> MerkleTree<H> {
        /// The tree over `matrices`, tallest first. All heights are different powers of two.
        /// `salts` has one salt for each row of the tallest matrix, or is `None`. Lower matrices
        /// without columns are skipped.
        ///
        /// # Errors
        /// Returns the errors of the matrices' parts.
        pub(crate) fn new<P: Parts>(
            matrices: &[P],
            salts: Option<&[Salt]>,
        ) -> Result<Self, P::Error> {
            let (tallest, lower) = matrices.split_first().expect("a tree has rows");
            let mut lower = lower.iter().filter(|matrix| matrix.width() > 0).peekable();
            let mut levels = vec![hash_parts::<P, H>(tallest, salts)?];
            while let Some(below) = levels.last().filter(|level| level.len() > 1) {
                tallest.check()?;
                let mut level = H::nodes(below);
                if let Some(matrix) = lower.next_if(|matrix| matrix.count() == level.len()) {
                    let rows = hash_parts::<P, H>(matrix, None)?;
                    level = with_rows::<H>(&level, &rows);
                }
                levels.push(level);
            }
            Ok(Self { levels })
        }

        /// The commitment.
        pub(crate) fn root(&self) -> H::Digest {
            self.levels[self.levels.len() - 1][0]
        }

        fn nodes(&self, positions: &[NodePosition]) -> Vec<Digest> {
            let node = |at: &NodePosition| H::to_bytes(&self.levels[at.level][at.index]);
            positions.iter().map(node).collect()
        }

        /// The siblings that open the leaves with these indices. The indices are sorted and
        /// distinct.
        #[cfg(test)]
        pub(crate) fn siblings(&self, indices: &[usize]) -> Vec<H::Digest> {
            let positions = sibling_positions(self.levels.len() - 1, indices);
            positions.iter().map(|at| self.levels[at.level][at.index]).collect()
        }
    }

    /// The hashes of all rows. `salts` has one salt for each row, or is `None`.
    fn hash_parts<P: Parts, H: ProofHash>(
        matrix: &P,
        salts: Option<&[Salt]>,
    ) -> Result<Vec<H::Digest>, P::Error> {
        let mut hashes = Vec::new();
        matrix.each(|rows| {
            let salts = salts.map(|salts| &salts[hashes.len()..][..rows.count()]);
            let hashed = H::hash_rows(rows, salts);
            if rows.count() == matrix.count() {
                hashes = hashed;
            } else {
                hashes.reserve_exact(matrix.count() - hashes.len());
                hashes.extend(hashed);
            }
        })?;
        Ok(hashes)
    }

    /// The indices whose siblings are not in the list.
    fn lone(indices: &[usize]) -> impl Iterator<Item = usize> {
        indices.iter().copied().filter(|index| indices.binary_search(&(index ^ 1)).is_err())
    }
}

/// The distinct parents of sorted indices.
pub(crate) fn parents(indices: &[usize]) -> Vec<usize> {
    let mut parents: Vec<_> = indices.iter().map(|index| index >> 1).collect();
    parents.dedup();
    parents
}

/// Number of siblings that open these leaves of a tree of `2^log_height` leaves. `leaves` are
/// sorted and distinct.
pub(crate) fn siblings(log_height: usize, leaves: &[usize]) -> usize {
    let mut level = leaves.to_vec();
    let mut count = 0;
    for _ in 0..log_height {
        let above = parents(&level);
        // One or both children of each parent are known.
        count += 2 * above.len() - level.len();
        level = above;
    }
    count
}

fn with_rows<H: ProofHash>(nodes: &[H::Digest], rows: &[H::Digest]) -> Vec<H::Digest> {
    let pairs: Vec<_> = nodes.iter().zip(rows).flat_map(|(&node, &row)| [node, row]).collect();
    H::nodes(&pairs)
}

/// The root of a tree of `2^log_height` leaves, computed from opened rows.
///
/// `rows` takes the binary logarithm of a height and the sorted distinct indices. It returns the
/// hashes of the opened rows of the matrix of that height, or `None` if there is no such matrix.
/// `sibling` returns the next sibling. Without indices the result is the zero digest, which is the
/// root of no tree.
pub(crate) fn root<H: ProofHash, E>(
    log_height: usize,
    indices: &[usize],
    mut rows: impl FnMut(usize, &[usize]) -> Result<Option<Vec<H::Digest>>, E>,
    mut sibling: impl FnMut() -> Result<H::Digest, E>,
) -> Result<H::Digest, E> {
    debug_assert!(indices.is_sorted_by(|a, b| a < b));
    let mut indices = indices.to_vec();
    let mut nodes = rows(log_height, &indices)?.unwrap_or_default();
    for log_height in (0..log_height).rev() {
        let mut children = Vec::with_capacity(2 * nodes.len());
        let mut opened = indices.iter().zip(&nodes).peekable();
        while let Some((&index, &node)) = opened.next() {
            let other = match opened.next_if(|(next, _)| **next == index ^ 1) {
                Some((_, &neighbour)) => neighbour,
                None => sibling()?,
            };
            children.extend(if index & 1 == 0 { [node, other] } else { [other, node] });
        }
        indices = parents(&indices);
        nodes = H::nodes(&children);
        if let Some(rows) = rows(log_height, &indices)? {
            nodes = with_rows::<H>(&nodes, &rows);
        }
    }
    Ok(nodes.first().copied().unwrap_or_default())
}
