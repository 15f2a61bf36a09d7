//! Parameter suites: named constants, never negotiated.

/// How proofs are hashed and how much they are queried. A verifier holds its own list of suites it allows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Suite {
    /// BLAKE3 trees and transcript: what a verifier checks at once.
    Direct,
}

/// Every suite.
pub const SUITES: [Suite; 1] = [Suite::Direct];

impl Suite {
    /// Identifier absorbed by transcripts, held in the record and in the presentation's envelope.
    pub const fn id(self) -> u8 {
        match self {
            Self::Direct => 1,
        }
    }

    /// Name in output.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Direct => "direct",
        }
    }

    /// The suite of this identifier.
    pub fn by_id(id: u8) -> Option<Self> {
        SUITES.into_iter().find(|suite| suite.id() == id)
    }
}
