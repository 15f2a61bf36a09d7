//! Parameter suites: named constants that are never negotiated.

use velum_stark::{HashFunction, Parameters};

use crate::class::{EXTRA, LARGE, SizeClass};
use crate::kind::ProofKind;

/// Blinding rows for the out-of-domain points. A column is opened at up to 16 of these points, and
/// each opening reveals two base-field elements.
const POINT_ROWS: usize = 32;

/// The parameters that all proofs share.
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

/// The parameters that both proofs of the suite for circuits share.
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

/// How proofs are hashed and how often they are queried. A verifier has its own list of the suites
/// that it allows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Suite {
    /// BLAKE3 trees and transcript, for proofs that a verifier checks directly.
    Direct,
    /// BLAKE3 with shorter digests in trees, and codes of lower rates. Presentations have two
    /// thirds of the bytes, for Bluetooth and NFC, but the prover has more work.
    Compact,
    /// Poseidon2 trees and transcript, for proofs that an aggregator verifies inside a proof of its
    /// own.
    #[cfg(feature = "aggregatable")]
    Aggregatable,
}

/// All suites of this build.
pub const SUITES: &[Suite] = &[
    Suite::Direct,
    Suite::Compact,
    #[cfg(feature = "aggregatable")]
    Suite::Aggregatable,
];

impl Suite {
    /// Identifier that transcripts absorb. The record and the presentation's envelope hold it.
    pub const fn id(self) -> u8 {
        match self {
            Self::Direct => 1,
            #[cfg(feature = "aggregatable")]
            Self::Aggregatable => 2,
            Self::Compact => 3,
        }
    }

    /// Version of the suite's proofs. It is raised with every change to the proofs. Transcripts
    /// absorb it, and the presentation's envelope holds it. `docs/compatibility.md` says what each
    /// version changed.
    pub const fn version(self) -> u8 {
        match self {
            Self::Direct => 4,
            Self::Compact => 1,
            #[cfg(feature = "aggregatable")]
            Self::Aggregatable => 6,
        }
    }

    /// Whether the suite's proofs are meant to be verified by a circuit. If so, their transcripts
    /// start with data that has the same length for every statement, and a presentation proof has a
    /// salt among its public inputs.
    pub const fn is_for_circuits(self) -> bool {
        match self {
            Self::Direct | Self::Compact => false,
            #[cfg(feature = "aggregatable")]
            Self::Aggregatable => true,
        }
    }

    /// The parameters of the suite's proofs in a size class.
    ///
    /// `docs/decisions/0004-tradeoffs.md` has the costs of other parameters. A permutation of
    /// Poseidon2 costs as much as dozens of BLAKE3 blocks. A suite with Poseidon2 trees therefore
    /// uses little grinding and many queries.
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

    /// Additional queries for classes with longer tables, because the codewords of longer tables
    /// agree by chance in more points.
    const fn more_queries(self, class: &SizeClass) -> usize {
        match self {
            Self::Direct if class.id == EXTRA.id => 1,
            Self::Compact if class.id == LARGE.id || class.id == EXTRA.id => 1,
            #[cfg(feature = "aggregatable")]
            Self::Aggregatable if class.id == EXTRA.id => 2,
            _ => 0,
        }
    }

    /// The label of the keys of the suite's proofs.
    pub fn label(self, kind: ProofKind) -> String {
        format!("velum {} {} {}", self.name(), self.version(), kind.name())
    }

    /// The name of the suite in output.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Direct => "direct",
            Self::Compact => "compact",
            #[cfg(feature = "aggregatable")]
            Self::Aggregatable => "aggregatable",
        }
    }

    /// The suite with this name.
    pub fn by_name(name: &str) -> Option<Self> {
        SUITES.iter().copied().find(|suite| suite.name() == name)
    }

    /// The suite with this identifier.
    pub fn by_id(id: u8) -> Option<Self> {
        SUITES.iter().copied().find(|suite| suite.id() == id)
    }
}
