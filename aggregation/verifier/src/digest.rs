//! The digests of leaves, nodes, empty places and circuits.
//!
//! Each digest is the hash of a message of elements that starts with a tag. All messages with one
//! tag have one length or state their length, as nodes state their arity. So no two messages are
//! hashed alike, although the hash does not pad: a last block that is not full leaves the rest of
//! the state as it is.

use alloc::vec::Vec;

use plonky2::field::types::{Field, Field64, PrimeField64};
use plonky2::hash::hash_types::HashOut;
use plonky2::plonk::config::{GenericConfig, Hasher};

use crate::error::NodeError;
use crate::{C, D, F};

/// A hash, which consists of four elements.
pub type Digest = HashOut<F>;

type Poseidon = <C as GenericConfig<D>>::Hasher;

/// What a digest stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u64)]
pub enum Tag {
    /// A presentation.
    Leaf = 1,
    /// A node with children.
    Node = 2,
    /// A place below which there is no leaf.
    Empty = 3,
    /// A circuit in the allow-list.
    Entry = 4,
    /// A place of the allow-list that has no circuit.
    Unused = 5,
}

impl Tag {
    /// The first element of the messages with this tag.
    pub fn element(self) -> F {
        F::from_canonical_u64(self as u64)
    }
}

/// The depth of the allow-list's tree.
pub const LIST_DEPTH: usize = 4;

/// Number of circuits that the allow-list has places for.
pub const LIST_ENTRIES: usize = 1 << LIST_DEPTH;

fn hash(tag: Tag, parts: &[&[F]]) -> Digest {
    let mut message = alloc::vec![tag.element()];
    for part in parts {
        message.extend_from_slice(part);
    }
    Poseidon::hash_no_pad(&message)
}

/// The digest of a leaf: the presentation whose statement has this hash.
pub fn leaf_digest(statement: Digest) -> Digest {
    hash(Tag::Leaf, &[&statement.elements])
}

/// The digest of a node above `count` leaves.
pub fn node_digest(count: u64, children: &[Digest]) -> Digest {
    let head = [children.len() as u64, count].map(F::from_noncanonical_u64);
    let children: Vec<F> = children.iter().flat_map(|child| child.elements).collect();
    hash(Tag::Node, &[&head, &children])
}

/// The digest of an empty place at any level.
pub fn empty_digest() -> Digest {
    hash(Tag::Empty, &[])
}

/// The entry of a circuit on the allow-list. It covers both the circuit's digest and the cap over
/// its constants. If it covered only one of them, a prover could choose the other.
pub fn entry_digest(circuit: Digest, cap: &[Digest]) -> Digest {
    let cap: Vec<F> = cap.iter().flat_map(|node| node.elements).collect();
    hash(Tag::Entry, &[&circuit.elements, &cap])
}

/// The entry of an unused place on the allow-list. No circuit is known to have this entry.
pub fn unused_entry() -> Digest {
    hash(Tag::Unused, &[])
}

/// The root of the allow-list's tree, which covers all places.
pub fn list_root(entries: &[Digest; LIST_ENTRIES]) -> Digest {
    levels(entries)[LIST_DEPTH][0]
}

/// The siblings on the path from a place to the allow-list's root, the lowest first.
///
/// # Panics
/// Panics if there is no such place.
pub fn list_path(entries: &[Digest; LIST_ENTRIES], position: usize) -> [Digest; LIST_DEPTH] {
    let levels = levels(entries);
    core::array::from_fn(|level| levels[level][position >> level ^ 1])
}

fn levels(entries: &[Digest; LIST_ENTRIES]) -> Vec<Vec<Digest>> {
    let mut levels = alloc::vec![entries.to_vec()];
    for depth in 0..LIST_DEPTH {
        let above =
            levels[depth].chunks(2).map(|pair| Poseidon::two_to_one(pair[0], pair[1])).collect();
        levels.push(above);
    }
    levels
}

/// Whether a statement's hash comes strictly before another one in the order of an aggregate.
/// Hashes are compared as numbers, the first element being the most significant.
pub fn is_below(low: Digest, high: Digest) -> bool {
    let numbers = |digest: Digest| digest.elements.map(|element| element.to_canonical_u64());
    numbers(low) < numbers(high)
}

/// The bytes of a digest. Each element takes eight bytes, the least significant first.
pub fn digest_to_bytes(digest: Digest) -> [u8; 32] {
    let mut bytes = [0; 32];
    for (element, chunk) in digest.elements.iter().zip(bytes.chunks_exact_mut(8)) {
        chunk.copy_from_slice(&element.to_canonical_u64().to_le_bytes());
    }
    bytes
}

/// The digest that these bytes encode.
///
/// # Errors
/// Returns [`NodeError::Digest`] if an element is not below the field's order.
pub fn digest_from_bytes(bytes: &[u8; 32]) -> Result<Digest, NodeError> {
    let mut elements = [F::ZERO; 4];
    let (chunks, _) = bytes.as_chunks();
    for (number, (element, &chunk)) in elements.iter_mut().zip(chunks).enumerate() {
        let value = u64::from_le_bytes(chunk);
        if value >= F::ORDER {
            return Err(NodeError::Digest { element: number });
        }
        *element = F::from_canonical_u64(value);
    }
    Ok(Digest { elements })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn digest(first: u64) -> Digest {
        Digest { elements: core::array::from_fn(|i| F::from_canonical_u64(first + i as u64)) }
    }

    fn numbers(digest: Digest) -> [u64; 4] {
        digest.elements.map(|element| element.to_canonical_u64())
    }

    /// An allow-list with two entries.
    fn list() -> [Digest; LIST_ENTRIES] {
        let mut entries = [unused_entry(); LIST_ENTRIES];
        (entries[0], entries[1]) = (digest(1), digest(5));
        entries
    }

    /// The digests are part of the format. A verifier that hashes differently finds no leaf.
    #[test]
    fn digests_are_those_of_the_format() {
        let leaf = leaf_digest(digest(1));
        assert_eq!(
            numbers(leaf),
            [4468116573805240754, 14022171249882022398, 13792398570600258246, 17552251038964217314],
            "leaf"
        );
        assert_eq!(
            numbers(node_digest(2, &[leaf, leaf_digest(digest(5))])),
            [17951693511619745029, 495575905468317750, 4032106324438946445, 15955348290909546977],
            "node"
        );
        assert_eq!(
            numbers(empty_digest()),
            [
                14616095863611113105,
                14775910272315570612,
                12098555334561470421,
                11678766657473368153
            ],
            "empty"
        );
        assert_eq!(
            numbers(entry_digest(digest(1), &[digest(7); 16])),
            [6197611288338385163, 7362279623036787523, 4351093566307655368, 14586849283667610081],
            "entry"
        );
        assert_eq!(
            numbers(unused_entry()),
            [130904014843481634, 9694316315952728298, 9951044982774142190, 10842760739147161096],
            "unused"
        );
        assert_eq!(
            numbers(list_root(&list())),
            [2113722721418608945, 503954445751374022, 13067598159113940035, 9661072770985703872],
            "list"
        );
    }

    #[test]
    fn digests_bind_all_they_are_of() {
        let [a, b] = [digest(1), digest(5)];
        let nodes = [
            node_digest(2, &[a, b]),
            node_digest(2, &[b, a]),
            node_digest(3, &[a, b]),
            node_digest(2, &[a, b, empty_digest()]),
            leaf_digest(a),
            empty_digest(),
            unused_entry(),
            entry_digest(a, &[b]),
        ];
        for (i, node) in nodes.iter().enumerate() {
            assert!(!nodes[..i].contains(node), "{i}");
        }
    }

    #[test]
    fn every_entry_has_a_path_to_the_root() {
        let entries = list();
        let root = list_root(&entries);
        for (position, mut node) in entries.into_iter().enumerate() {
            for (level, sibling) in list_path(&entries, position).into_iter().enumerate() {
                let is_right = position >> level & 1 == 1;
                let (left, right) = if is_right { (sibling, node) } else { (node, sibling) };
                node = Poseidon::two_to_one(left, right);
            }
            assert_eq!(node, root, "{position}");
        }
    }

    #[test]
    fn order_is_that_of_numbers_and_strict() {
        assert!(is_below(digest(1), digest(2)));
        assert!(!is_below(digest(1), digest(1)));
        let most = F::NEG_ONE;
        for place in 0..4 {
            let (mut low, mut high) = (digest(1), digest(1));
            (low.elements[place], high.elements[place]) = (F::ZERO, most);
            assert!(is_below(low, high) && !is_below(high, low), "{place}");
        }
    }

    #[test]
    fn bytes_are_those_of_one_digest() {
        let value = Digest { elements: [F::ZERO, F::NEG_ONE, F::ONE, F::TWO] };
        assert_eq!(digest_from_bytes(&digest_to_bytes(value)), Ok(value));
        for element in 0..4 {
            let mut bytes = digest_to_bytes(value);
            bytes[element * 8..][..8].copy_from_slice(&F::ORDER.to_le_bytes());
            assert_eq!(digest_from_bytes(&bytes), Err(NodeError::Digest { element }));
        }
    }
}
