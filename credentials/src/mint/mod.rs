//! Test credentials: an IACA root, a document signer, a device key and a document signed by both.
//!
//! No other module of the crate uses this one. It is off by default (feature `mint`), because
//! anyone can derive these keys from a seed. A [`Spec`] says what to mint, and [`mint`] mints it.
//! Tests that need documents that no issuer would write can stop in between: [`Draft`] holds the
//! items before they are hashed, [`MsoDraft`] holds the MSO before it is signed, and [`Minted`]
//! holds the response before it is written. They hold these as trees of [`Node`]s, which may be
//! edited freely.
//!
//! The picture shows the steps from a spec to the files, with the submodule of each. [`mint`] makes
//! the first three without a stop.
//!
//! ```text
//! Spec { seed, doc_type, validity, elements, ... }                         spec, value
//!   |
//!   | Draft::new        keys, salts and digestIDs, from the spec or the    keys, random, item
//!   v                     seed; items
//! Draft { keys, items, digest_algorithm }                 may be edited
//!   |
//!   | Draft::digest     items are hashed into the MSO; IACA root and       draft, certificates
//!   v                     document signer, both signed by the root's key
//! MsoDraft { mso, protected, x5chain, iaca, ... }         may be edited
//!   |
//!   | MsoDraft::sign    the document signer signs the MSO, the device      document
//!   v   or sign_with      signs the session (64 zero bytes without its private key)
//! Minted { response, transcript, iaca, x5chain, keys, request }   may be edited
//!   |
//!   | Minted::files
//!   v
//! document.cbor  transcript.cbor  iaca.pem  ds.pem  ds.key  device.key  request.json
//! ```
//!
//! The output is determined by the seed. Randomness is ChaCha20 with one stream per purpose, so
//! that an added element changes no key. Signatures follow RFC 6979.
//!
//! This module knows nothing of proofs. It reads only its own specs.
//!
//! # Order of the source
//!
//! `node` and `value` are the values, `spec` is the input, and `random` and `keys` draw from its
//! seed. `item`, `draft`, `certificates` and `document` are the steps from a spec to a document.

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
/// The errors of [`Draft::new`], [`Draft::digest`] and [`MsoDraft::sign`].
pub fn mint(spec: &Spec) -> Result<Minted, Error> {
    Draft::new(spec)?.digest()?.sign()
}
