//! One item of a document that is being minted.

use super::node::{Map, Node};

/// An item of the document. If it is not disclosed, only its digest is in the MSO.
#[derive(Clone, Debug)]
pub struct DraftItem {
    /// The namespace under which the document and the MSO list the item.
    pub namespace: String,
    /// The digestID under which the MSO lists the item. The item's own digestID is in `map`.
    pub digest_id: u32,
    /// Whether the document carries the item.
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
