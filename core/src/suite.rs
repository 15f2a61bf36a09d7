//! Parameter suites: named constants, never negotiated.

/// How proofs are hashed and how much they are queried. A verifier holds its own list of suites it allows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Suite {
    /// BLAKE3 trees and transcript: what a verifier checks at once.
    Direct,
    /// Poseidon2 trees and transcript: what an aggregator verifies inside a proof of its own.
    #[cfg(feature = "aggregatable")]
    Aggregatable,
}

/// Every suite that this build has.
pub const SUITES: &[Suite] = &[
    Suite::Direct,
    #[cfg(feature = "aggregatable")]
    Suite::Aggregatable,
];

impl Suite {
    /// Identifier absorbed by transcripts, held in the record and in the presentation's envelope.
    pub const fn id(self) -> u8 {
        match self {
            Self::Direct => 1,
            #[cfg(feature = "aggregatable")]
            Self::Aggregatable => 2,
        }
    }

    /// Name in output.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Direct => "direct",
            #[cfg(feature = "aggregatable")]
            Self::Aggregatable => "aggregatable",
        }
    }

    /// The suite of this name.
    pub fn by_name(name: &str) -> Option<Self> {
        SUITES.iter().copied().find(|suite| suite.name() == name)
    }

    /// The suite of this identifier.
    pub fn by_id(id: u8) -> Option<Self> {
        SUITES.iter().copied().find(|suite| suite.id() == id)
    }
}
