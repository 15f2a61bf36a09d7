//! What a proof above the leaves states, and the layout of its public inputs.
//!
//! ```text
//!   node    digest 4 | count 1 | first 4 | last 4 | payee 5 | domain 5 | list 4
//!   root    digest 4 | count 1 |                    payee 5 | domain 5 | list 4
//! ```

use alloc::vec::Vec;

use plonky2::field::types::{Field, PrimeField64};

use crate::F;
use crate::digest::{Digest, is_below, leaf_digest};
use crate::error::NodeError;

/// Number of bytes that an element holds.
const PACKED_BYTES: usize = 7;

/// Number of bytes of a payee and of a domain.
const BYTES: usize = 32;

/// Number of elements of a payee and of a domain.
pub const PACKED_ELEMENTS: usize = BYTES.div_ceil(PACKED_BYTES);

/// Number of elements of a [`Digest`].
const DIGEST: usize = 4;

/// Number of elements of a [`Context`].
const CONTEXT: usize = 2 * PACKED_ELEMENTS + DIGEST;

/// Number of public inputs of a node.
pub const NODE_ELEMENTS: usize = 3 * DIGEST + 1 + CONTEXT;

/// Number of public inputs of a root.
pub const ROOT_ELEMENTS: usize = DIGEST + 1 + CONTEXT;

/// What all proofs of one aggregate have in common.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Context {
    /// The payee that the aggregate is counted for.
    pub payee: [u8; BYTES],
    /// The name of format and profile in ASCII, padded with zeros.
    pub domain: [u8; BYTES],
    /// The root of the allow-list of circuits.
    pub list: Digest,
}

impl Context {
    /// The elements of the context, as public inputs.
    pub fn to_elements(&self) -> [F; CONTEXT] {
        let mut elements = [F::ZERO; CONTEXT];
        let (packed, list) = elements.split_at_mut(2 * PACKED_ELEMENTS);
        packed[..PACKED_ELEMENTS].copy_from_slice(&pack(&self.payee));
        packed[PACKED_ELEMENTS..].copy_from_slice(&pack(&self.domain));
        list.copy_from_slice(&self.list.elements);
        elements
    }

    fn read(elements: &mut Elements<'_>) -> Result<Self, NodeError> {
        Ok(Self { payee: elements.bytes()?, domain: elements.bytes()?, list: elements.digest()? })
    }
}

/// What the proof of a node states.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Node {
    /// The digest of the node.
    pub digest: Digest,
    /// Number of leaves below the node.
    pub count: u64,
    /// The smallest hash of a statement below the node.
    pub first: Digest,
    /// The largest hash of a statement below the node.
    pub last: Digest,
    /// What all proofs of the aggregate have in common.
    pub context: Context,
}

impl Node {
    /// The node of a single leaf.
    pub fn leaf(statement: Digest, context: Context) -> Self {
        Self {
            digest: leaf_digest(statement),
            count: 1,
            first: statement,
            last: statement,
            context,
        }
    }

    /// The public inputs that state the node.
    pub fn to_elements(&self) -> Vec<F> {
        let mut elements = head(self.digest, self.count);
        elements.extend([self.first, self.last].iter().flat_map(|hash| hash.elements));
        elements.extend(self.context.to_elements());
        elements
    }

    /// The node that these public inputs state.
    ///
    /// # Errors
    /// Returns [`NodeError`] if the public inputs do not state a node.
    pub fn from_elements(elements: &[F]) -> Result<Self, NodeError> {
        let mut elements = Elements::new(elements, NODE_ELEMENTS)?;
        let (digest, count) = (elements.digest()?, elements.count()?);
        let (first, last) = (elements.digest()?, elements.digest()?);
        if is_below(last, first) {
            return Err(NodeError::Order);
        }
        Ok(Self { digest, count, first, last, context: Context::read(&mut elements)? })
    }
}

/// What the proof of an aggregate states.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Root {
    /// The digest of the uppermost node.
    pub digest: Digest,
    /// Number of leaves of the aggregate.
    pub count: u64,
    /// What all proofs of the aggregate have in common.
    pub context: Context,
}

impl Root {
    /// The public inputs that state the root.
    pub fn to_elements(&self) -> Vec<F> {
        let mut elements = head(self.digest, self.count);
        elements.extend(self.context.to_elements());
        elements
    }

    /// The root that these public inputs state.
    ///
    /// # Errors
    /// Returns [`NodeError`] if the public inputs do not state a root.
    pub fn from_elements(elements: &[F]) -> Result<Self, NodeError> {
        let mut elements = Elements::new(elements, ROOT_ELEMENTS)?;
        Ok(Self {
            digest: elements.digest()?,
            count: elements.count()?,
            context: Context::read(&mut elements)?,
        })
    }
}

fn head(digest: Digest, count: u64) -> Vec<F> {
    let mut elements = digest.elements.to_vec();
    elements.push(F::from_noncanonical_u64(count));
    elements
}

/// Packs bytes into elements, seven bytes each, with the least significant byte first.
pub fn pack(bytes: &[u8; BYTES]) -> [F; PACKED_ELEMENTS] {
    let mut elements = [F::ZERO; PACKED_ELEMENTS];
    for (element, chunk) in elements.iter_mut().zip(bytes.chunks(PACKED_BYTES)) {
        *element = F::from_canonical_u64(
            chunk.iter().rev().fold(0, |sum, &byte| sum << 8 | u64::from(byte)),
        );
    }
    elements
}

/// Reads public inputs one after the other.
struct Elements<'a> {
    rest: core::iter::Enumerate<core::slice::Iter<'a, F>>,
}

impl<'a> Elements<'a> {
    fn new(elements: &'a [F], expected: usize) -> Result<Self, NodeError> {
        if elements.len() != expected {
            return Err(NodeError::Length { expected, given: elements.len() });
        }
        Ok(Self { rest: elements.iter().enumerate() })
    }

    /// The index of the next element, and the element as a number.
    fn next(&mut self) -> Result<(usize, u64), NodeError> {
        let (index, element) = self.rest.next().ok_or(NodeError::Ended)?;
        Ok((index, element.to_canonical_u64()))
    }

    fn digest(&mut self) -> Result<Digest, NodeError> {
        let mut digest = Digest::ZERO;
        for element in &mut digest.elements {
            *element = F::from_canonical_u64(self.next()?.1);
        }
        Ok(digest)
    }

    fn count(&mut self) -> Result<u64, NodeError> {
        match self.next()? {
            (_, 0) => Err(NodeError::Empty),
            (_, count) => Ok(count),
        }
    }

    fn bytes(&mut self) -> Result<[u8; BYTES], NodeError> {
        let mut bytes = [0; BYTES];
        for chunk in bytes.chunks_mut(PACKED_BYTES) {
            let (index, number) = self.next()?;
            let packed = number.to_le_bytes();
            let (low, high) = packed.split_at(chunk.len());
            if high.iter().any(|&byte| byte != 0) {
                return Err(NodeError::Packed { index });
            }
            chunk.copy_from_slice(low);
        }
        Ok(bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn context() -> Context {
        let mut domain = [0; 32];
        domain[..5].copy_from_slice(b"velum");
        Context {
            payee: core::array::from_fn(|i| 200 + i as u8),
            domain,
            list: leaf_digest(Digest::ZERO),
        }
    }

    fn node() -> Node {
        let first = Digest { elements: [F::ZERO, F::ONE, F::NEG_ONE, F::TWO] };
        let last = Digest { elements: [F::ONE, F::ZERO, F::ZERO, F::ZERO] };
        Node { digest: leaf_digest(last), count: 77, first, last, context: context() }
    }

    fn root() -> Root {
        Root { digest: node().digest, count: 77, context: context() }
    }

    #[test]
    fn public_inputs_tell_all() {
        assert_eq!([NODE_ELEMENTS, ROOT_ELEMENTS], [27, 19]);
        assert_eq!(Node::from_elements(&node().to_elements()), Ok(node()));
        assert_eq!(Root::from_elements(&root().to_elements()), Ok(root()));
        let packed =
            pack(b"abcdefghijklmnopqrstuvwxyz012345").map(|element| element.to_canonical_u64());
        assert_eq!(packed[0].to_le_bytes(), *b"abcdefg\0");
        assert_eq!(packed[4].to_le_bytes(), *b"2345\0\0\0\0");
    }

    #[test]
    fn bad_public_inputs_are_refused() {
        let elements = node().to_elements();
        let with = |index: usize, number| {
            let mut elements = elements.clone();
            elements[index] = F::from_canonical_u64(number);
            Node::from_elements(&elements)
        };
        assert_eq!(with(4, 0), Err(NodeError::Empty));
        assert_eq!(with(9, 0).map(|_| ()), Err(NodeError::Order));
        for index in 13..23 {
            let bytes = if [17, 22].contains(&index) { 4 } else { 7 };
            assert!(with(index, (1 << (8 * bytes)) - 1).is_ok());
            assert_eq!(with(index, 1 << (8 * bytes)), Err(NodeError::Packed { index }));
        }
        assert_eq!(
            Node::from_elements(&elements[1..]),
            Err(NodeError::Length { expected: 27, given: 26 })
        );
        assert_eq!(
            Root::from_elements(&elements),
            Err(NodeError::Length { expected: 19, given: 27 })
        );
        let mut elements = root().to_elements();
        elements[4] = F::ZERO;
        assert_eq!(Root::from_elements(&elements), Err(NodeError::Empty));
    }
}
