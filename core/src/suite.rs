//! Parameter suites: named constants, never negotiated.

use velum_stark::{HashFunction, Parameters};

use crate::class::{EXTRA, LARGE, SizeClass};
use crate::kind::ProofKind;

/// Blinding rows for the out-of-domain points: the column that is opened at most of them, 16, shows two base elements at each.
const POINT_ROWS: usize = 32;

/// What all proofs have in common.
const COMMON: Parameters = Parameters {
    hash: HashFunction::Blake3,
    log_blowup: 0,
    queries: 0,
    max_log_arity: 3,
    log_final_poly_len: 5,
    blinding_rows: 0,
    lookup_grinding_bits: 8,
    ood_grinding_bits: 8,
    batch_grinding_bits: 0,
    folding_grinding_bits: 0,
    query_grinding_bits: 0,
};

/// What both proofs of the suite for circuits have in common.
#[cfg(feature = "aggregatable")]
const FOR_CIRCUITS: Parameters = Parameters {
    hash: HashFunction::Poseidon2,
    log_blowup: 4,
    queries: 49,
    batch_grinding_bits: 14,
    folding_grinding_bits: 12,
    query_grinding_bits: 14,
    ..COMMON
};

/// How proofs are hashed and how much they are queried. A verifier holds its own list of suites it allows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Suite {
    /// BLAKE3 trees and transcript: what a verifier checks at once.
    Direct,
    /// BLAKE3 with shorter digests in trees, and codes of lower rates: presentations of two thirds of the bytes, for Bluetooth and NFC,
    /// for more work of the prover.
    Compact,
    /// Poseidon2 trees and transcript: what an aggregator verifies inside a proof of its own.
    #[cfg(feature = "aggregatable")]
    Aggregatable,
}

/// Every suite that this build has.
pub const SUITES: &[Suite] = &[
    Suite::Direct,
    Suite::Compact,
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
            Self::Compact => 3,
        }
    }

    /// Version of the suite's proofs, raised with every change of what they are: absorbed by transcripts, held in the presentation's
    /// envelope. `docs/compatibility.md` says what each changed.
    pub const fn version(self) -> u8 {
        match self {
            Self::Direct => 4,
            Self::Compact => 1,
            #[cfg(feature = "aggregatable")]
            Self::Aggregatable => 6,
        }
    }

    /// Whether a circuit is to verify the suite's proofs: then their transcripts start with what is of one length for every statement,
    /// and a presentation proof has a salt among its public inputs.
    pub const fn is_for_circuits(self) -> bool {
        match self {
            Self::Direct | Self::Compact => false,
            #[cfg(feature = "aggregatable")]
            Self::Aggregatable => true,
        }
    }

    /// The parameters of the suite's proofs in a size class.
    ///
    /// `docs/decisions/0004-tradeoffs.md` has what others cost. A permutation of Poseidon2 costs as much as dozens of BLAKE3 blocks, so
    /// where trees are made of it grinding is little and queries are many.
    pub const fn parameters(self, kind: ProofKind, class: &SizeClass) -> Parameters {
        let parameters = match (self, kind) {
            (Self::Direct, ProofKind::Credential) => Parameters {
                log_blowup: 3,
                queries: 60,
                log_final_poly_len: 9,
                batch_grinding_bits: 17,
                folding_grinding_bits: 15,
                query_grinding_bits: 18,
                ..COMMON
            },
            (Self::Direct, ProofKind::Presentation) => Parameters {
                log_blowup: 3,
                queries: 60,
                log_final_poly_len: 8,
                batch_grinding_bits: 16,
                folding_grinding_bits: 15,
                query_grinding_bits: 18,
                ..COMMON
            },
            (Self::Compact, ProofKind::Credential) => Parameters {
                hash: HashFunction::Blake3Truncated,
                log_blowup: 5,
                queries: 35,
                log_final_poly_len: 9,
                batch_grinding_bits: 19,
                folding_grinding_bits: 17,
                query_grinding_bits: 20,
                ..COMMON
            },
            (Self::Compact, ProofKind::Presentation) => Parameters {
                hash: HashFunction::Blake3Truncated,
                log_blowup: 4,
                queries: 44,
                log_final_poly_len: 8,
                batch_grinding_bits: 18,
                folding_grinding_bits: 15,
                query_grinding_bits: 19,
                ..COMMON
            },
            #[cfg(feature = "aggregatable")]
            (Self::Aggregatable, ProofKind::Credential) => {
                Parameters { log_final_poly_len: 6, ..FOR_CIRCUITS }
            }
            #[cfg(feature = "aggregatable")]
            (Self::Aggregatable, ProofKind::Presentation) => FOR_CIRCUITS,
        };
        let queries = parameters.queries + self.more_queries(class);
        let parameters = Parameters { queries, ..parameters };
        Parameters { blinding_rows: parameters.queries + POINT_ROWS, ..parameters }
    }

    /// Codes of longer tables agree by chance in more points.
    const fn more_queries(self, class: &SizeClass) -> usize {
        match self {
            Self::Direct if class.id == EXTRA.id => 1,
            Self::Compact if class.id == LARGE.id || class.id == EXTRA.id => 1,
            #[cfg(feature = "aggregatable")]
            Self::Aggregatable if class.id == EXTRA.id => 2,
            _ => 0,
        }
    }

    /// What the keys of the suite's proofs are labelled with.
    pub fn label(self, kind: ProofKind) -> String {
        format!("velum {} {} {}", self.name(), self.version(), kind.name())
    }

    /// Name in output.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Direct => "direct",
            Self::Compact => "compact",
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
