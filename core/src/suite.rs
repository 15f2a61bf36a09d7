//! Parameter suites: named constants, never negotiated.

/// How proofs are hashed and how much they are queried. A verifier holds its own list of suites it allows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Suite {
    /// BLAKE3 trees and transcript: what a verifier checks at once.
    Direct,
    /// Poseidon2 trees and transcript: what an aggregator verifies inside a proof of its own.
    ///
    /// **Unstable.** How its presentation proof names its credential proof is not settled: today by a BLAKE3 hash, which a circuit
    /// cannot check cheaply. Its version rises when that is; `docs/compatibility.md`.
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

    /// Version of the suite's proofs, raised with every change of what they are: absorbed by transcripts, held in the presentation's
    /// envelope. Version 1 combined words by powers of one challenge and had one hash function for everything.
    pub const fn version(self) -> u8 {
        match self {
            Self::Direct => 2,
            #[cfg(feature = "aggregatable")]
            Self::Aggregatable => 2,
        }
    }

    /// Whether later builds read what this one writes, as `docs/compatibility.md` promises.
    pub const fn is_stable(self) -> bool {
        match self {
            Self::Direct => true,
            #[cfg(feature = "aggregatable")]
            Self::Aggregatable => false,
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
