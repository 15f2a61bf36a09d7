//! Test credentials: an IACA root, a document signer, a device key and a document signed by both.
//!
//! Apart from everything else and off by default (feature `mint`): these are keys that anyone can derive from a seed.
//! A [`Spec`] says what to mint, and [`mint`] does it. Tests that need documents no issuer would write stop in between:
//! [`Draft`] holds the items before they are hashed, [`MsoDraft`] the MSO before it is signed, and [`Minted`] the
//! response before it is written; each is a tree of [`Node`]s that may be edited at will.
//!
//! Deterministic from the seed: randomness is ChaCha20, one stream for each purpose so that an added element moves no
//! key, and signatures are those of RFC 6979.
//!
//! This module knows nothing of proofs. It reads only its own specs.

mod certificates;
mod document;
mod draft;
mod item;
mod keys;
mod node;
mod random;
mod spec;
mod value;

pub use certificates::{document_signer_certificate, iaca_certificate, sign_certificate};
pub use document::Minted;
pub use draft::{DigestAlgorithm, Draft, MsoDraft};
pub use item::DraftItem;
pub use keys::{DeviceKey, Keys};
pub use node::{Form, Map, Node};
pub use spec::{
    Certificates, DigestIds, Element, FixedKeys, ItemKey, Period, RequestSpec, Seed, Spec, Validity,
};
pub use value::{Typed, Value};

use crate::Error;

/// Mints the document of `spec`.
///
/// # Errors
/// As [`Draft::new`] and [`MsoDraft::sign`].
pub fn mint(spec: &Spec) -> Result<Minted, Error> {
    Draft::new(spec)?.digest()?.sign()
}
