//! Verifies an aggregate: one proof of plonky2 for many presentations.
//!
//! An aggregate is a tree. Each leaf is a presentation, told by the hash of its statement; each node above hashes what its children are and how many leaves
//! are below. The proof says that every leaf's presentation verifies, that no two leaves are one statement, and which payee they are counted for. [`verify_root`]
//! checks the proof and returns what it says; [`Path`] shows that a presentation is in the tree.
//!
//! A presentation is one only for who has its statement and computes the hash: no circuit sees what was asked, of which issuer, or whether anybody asked. So a path to a
//! known statement shows that its presentation verifies, and a count alone shows the number of different hashes, which whoever aggregates can make up.
//! Nor does a proof say that a leaf is in no other aggregate, perhaps for another payee.

#![no_std]
#![warn(missing_docs, unreachable_pub)]

extern crate alloc;

mod digest;
mod error;
mod gates;
mod key;
mod layout;
mod node;
mod path;
mod profile;
mod verify;

pub use digest::{
    Digest, LIST_DEPTH, LIST_ENTRIES, Tag, digest_from_bytes, digest_to_bytes, empty_digest,
    entry_digest, is_below, leaf_digest, list_path, list_root, node_digest, unused_entry,
};
pub use error::{AggregateError, KeyError, NodeError, PathError};
pub use key::RootKey;
pub use node::{Context, NODE_ELEMENTS, Node, PACKED_ELEMENTS, ROOT_ELEMENTS, Root, pack};
pub use path::{Path, Step};
pub use profile::Profile;
pub use verify::verify_root;

/// Goldilocks, the field of everything here.
pub type F = plonky2::F;

/// The hash functions of proofs.
pub type C = plonky2::PoseidonGoldilocksConfig;

/// Degree of the field of challenges.
pub const D: usize = plonky2::D;
