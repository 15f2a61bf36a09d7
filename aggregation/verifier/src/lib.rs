//! Verifies an aggregate: one plonky2 proof for many presentations.
//!
//! An aggregate is a tree. Each leaf is a presentation, which is identified by the hash of its
//! statement. Each node above hashes its children and the number of leaves below it. The proof says
//! that no two leaves are the same statement, and which payee the leaves are counted for. To a
//! party that knows the statement of a leaf, it says that the presentation of this leaf verifies.
//!
//! [`verify_root`] checks the proof and returns what it says. [`Path`] shows that a presentation is
//! in the tree.
//!
//! The picture shows both checks, with the module of each step.
//!
//! ```text
//! bytes of a proof                         RootKey of a Profile: circuit, list   (key, gates)
//!      | layout: the bytes have the one         |
//!      v form that the circuit determines       |
//! plonky2 proof, 19 public inputs               |
//!      |                                        |
//!      +--------------------+-------------------+
//!                           v
//!         verify: verify_root: the circuit accepts the proof, and payee, domain and list are
//!                           |  the expected ones
//!                           v
//!         node:   Root { digest, count, context }
//!                           ^
//!                           |  the path ends with the same digest and the same count
//!                           |
//!         path:   Path::check: leaf_digest(statement) -> node_digest at each Step   (digest)
//! ```
//!
//! # What a proof does not say
//!
//! A leaf shows something only to a party that has the presentation's statement and computes its
//! hash. No circuit sees what was asked, of which issuer's document, or whether anybody asked at
//! all. Therefore:
//!
//! * A path to the hash of a known statement shows that the presentation of this statement
//!   verifies.
//! * The count alone only shows the number of different hashes. The aggregator can make hashes up.
//! * A proof does not say that a leaf is in no other aggregate. It may be in one for another payee.
//!
//! # Modules
//!
//! This crate knows nothing of how proofs are made. Its modules build on each other in this order:
//! `digest` hashes leaves, nodes and circuits; `node` has the public inputs of proofs; `profile`
//! has the parameters; `gates` and `key` read the root's verifier key; `layout` checks the bytes of
//! a proof; `verify` verifies it; `path` leads from a leaf to the root.

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

/// Goldilocks, the base field of all circuits and proofs.
pub type F = plonky2::F;

/// The hash functions of proofs.
pub type C = plonky2::PoseidonGoldilocksConfig;

/// Degree of the challenge field over the base field.
pub const D: usize = plonky2::D;
