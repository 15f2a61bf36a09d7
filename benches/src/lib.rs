//! The subjects of measurements: documents with requests, the statements and witnesses of their two
//! proofs, and which real documents can be proven.
//!
//! The crate builds on the crates that it measures. It knows nothing of reports: `./x report` runs
//! its program `measure` several times and combines the results.
//!
//! The picture shows the subjects, and below them who measures or judges them.
//!
//! ```text
//! the licence of velum-testdata, or a minted one   testdata/documents: files, sources.json
//!    |                                                |
//!    | Case::new(predicates, class)                   | Folder::judge, as velum inspect does
//!    v                                                v
//! Case: document, session, request                 Finding: Provable or Refused, per document
//!    |             |                                  |                  |
//!    | prepare     | Statements::new(suite, case)     | Counts, table    | Workbench::prove
//!    | present     v                                  v                  v
//!    | verify   statements and witnesses           docs/documents.md   Proven
//!    |          of both proofs                        |                  |
//!    |             |                                  +---------+--------+
//!    v             v                                            v
//! whole proofs  chips, stages, parameters          bin documents, for ./x documents
//!    |             |
//!    |             +-- bin measure (count), bin tradeoffs, benches/chips, benches/stages
//!    +---------------- bin measure, benches/proofs
//! both also for benches/gpu, core/webgpu and the workspace in aggregation/
//! ```
//!
//! `case` and `statements` are the subjects of measurements, and [`documents`] judges the real
//! documents. This module has the parameters without grinding, and the statistics.

mod case;
pub mod documents;
mod statements;

use std::time::Duration;

use velum_core::class::SizeClass;
use velum_core::proof::ProofKind;
use velum_core::suite::Suite;
use velum_stark::Parameters;
use velum_stark::control::Stage;

pub use case::{Case, Device};
pub use statements::Statements;

/// The suite that is measured unless another is named.
pub const SUITE: Suite = Suite::Direct;

/// The stages of a proof without grinding.
pub const STAGES: [Stage; 7] = [
    Stage::Extension,
    Stage::Hashing,
    Stage::Lookups,
    Stage::Quotient,
    Stage::Openings,
    Stage::Folding,
    Stage::Queries,
];

/// The parameters of a kind of proof in a suite and size class, without grinding, so that the work
/// is the same each time.
pub fn without_grinding(suite: Suite, kind: ProofKind, class: &SizeClass) -> Parameters {
    Parameters {
        lookup_grinding_bits: 0,
        ood_grinding_bits: 0,
        batch_grinding_bits: 0,
        folding_grinding_bits: 0,
        query_grinding_bits: 0,
        ..suite.parameters(kind, class)
    }
}

/// Calls `milliseconds` this many times and adds up the results.
pub fn sum(times: u64, mut milliseconds: impl FnMut() -> f64) -> Duration {
    Duration::from_secs_f64((0..times).map(|_| milliseconds()).sum::<f64>() / 1_000.0)
}

/// The least of some values. Infinity if there are none.
pub fn minimum(values: &[f64]) -> f64 {
    values.iter().copied().fold(f64::INFINITY, f64::min)
}

/// The middle value, or the mean of the two middle values. Not a number if there are no values.
pub fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let middle = sorted.len() / 2;
    match sorted.len() % 2 {
        0 if middle > 0 => (sorted[middle - 1] + sorted[middle]) / 2.0,
        _ => sorted.get(middle).copied().unwrap_or(f64::NAN),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_minimum_and_median() {
        assert_eq!((minimum(&[3.0, 1.0, 2.0]), median(&[3.0, 1.0, 2.0])), (1.0, 2.0));
        assert_eq!(median(&[4.0, 1.0, 2.0, 3.0]), 2.5);
    }
}
