//! One item of a document that is being minted.

use super::node::{Map, Node};

/// An item of the document or, if not disclosed, of which the MSO holds the digest.
#[derive(Clone, Debug)]
pub struct DraftItem {
    /// The namespace under which document and MSO list it.
    pub namespace: String,
    /// The digestID under which the MSO lists it; the item's own one is in `map`.
    pub digest_id: u32,
    /// Whether the document carries it.
    pub disclosed: bool,
    /// The `IssuerSignedItem`.
    pub map: Map,
}

impl DraftItem {
    /// `IssuerSignedItemBytes`, the bytes that are hashed.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        self.node().encode()
    }

    pub(super) fn node(&self) -> Node {
        Node::Embedded(Box::new(self.map.clone().into()))
    }
}
