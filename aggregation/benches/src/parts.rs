//! Presentations, and the proofs on which others build.

use std::cmp::Ordering;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use velum_aggregate_verifier::{
    Digest, Profile, digest_from_bytes, digest_to_bytes, is_below, leaf_digest,
};
use velum_aggregator::{Aggregator, AggregatorError, ProvenStatements, Tree, Wrapped};
use velum_bench::Case;
use velum_core::class::{STANDARD, SizeClass};
use velum_credentials::{
    Claim, Clock, PrepareOptions, PresentOptions, Presentation, Prover, Suite,
};

use crate::Failure;

/// The payee that everything is counted for.
pub const PAYEE: [u8; 32] = [0xab; 32];

/// A presentation and its claim.
pub struct Presented {
    presentation: Presentation,
    claim: Claim,
    /// The hash of the presentation's statement.
    pub statement: Digest,
}

impl Presented {
    /// A new presentation of a driving licence in a size class.
    pub fn new(class: SizeClass) -> Result<Self, Failure> {
        let case = Case::new(1, class)?;
        let (document, prover) = (case.document()?, Prover::with_suite(Suite::Aggregatable));
        let options = PrepareOptions::default().with_size_class(class);
        let prepared = prover.prepare(document, &case.request, options)?;
        let options = PresentOptions::at(Clock::Any);
        let presentation =
            prover.present(prepared, document, &case.transcript, &case.request, options)?;
        let claim = Claim::new(&presentation, &case.transcript, &case.request)?;
        let statement = velum_receipt::statement(&claim)?;
        Ok(Self { presentation, claim, statement })
    }

    /// What a leaf verifies.
    pub fn statements(&self) -> ProvenStatements<'_> {
        ProvenStatements {
            credential: &self.claim.credential,
            credential_proof: self.presentation.credential_proof(),
            presentation: &self.claim.presentation,
            presentation_proof: self.presentation.presentation_proof(),
        }
    }

    /// The order of leaves.
    pub fn order(a: &Self, b: &Self) -> Ordering {
        if is_below(a.statement, b.statement) { Ordering::Less } else { Ordering::Greater }
    }
}

/// The wrapped leaves of presentations.
pub fn wrap_all(
    aggregator: &Aggregator,
    presented: &[Presented],
) -> Result<Vec<Wrapped>, AggregatorError> {
    let wrap = |presented: &Presented| {
        let class = presented.presentation.size_class();
        let leaf = aggregator.leaf(class, &presented.statements())?;
        aggregator.wrap(class, &leaf, PAYEE)
    };
    presented.iter().map(wrap).collect()
}

/// A merge with this number of places. The first proofs fill the places as far as possible.
pub fn merge_some(
    aggregator: &Aggregator,
    wrapped: &[Wrapped],
    places: usize,
) -> Result<Wrapped, AggregatorError> {
    let children: Vec<_> = wrapped.iter().take(places).collect();
    let merged = aggregator.merge_alone(&children, PAYEE)?;
    aggregator.wrap_merge(places, &merged, PAYEE)
}

/// The uppermost proof above wrapped leaves.
pub fn fold(
    aggregator: &Aggregator,
    tree: &Tree,
    leaves: &[Wrapped],
) -> Result<Wrapped, AggregatorError> {
    let children = match tree {
        Tree::Leaf(leaf) => return Ok(leaves[*leaf].clone()),
        Tree::Merge { children, .. } => children,
    };
    let children = children.iter().map(|child| fold(aggregator, child, leaves));
    let children = children.collect::<Result<Vec<_>, _>>()?;
    aggregator.merge(&children.iter().collect::<Vec<_>>(), PAYEE)
}

/// The number of bytes of a proof after `gzip -9`. `None` if that program is not available.
pub fn compressed(bytes: &[u8]) -> Option<usize> {
    let mut gzip = Command::new("gzip")
        .args(["-9", "-c"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .ok()?;
    let mut input = gzip.stdin.take()?;
    let bytes = bytes.to_vec();
    let writer = std::thread::spawn(move || input.write_all(&bytes));
    let output = gzip.wait_with_output().ok()?;
    writer.join().ok()?.ok()?;
    Some(output.stdout.len())
}

/// A folder of wrapped leaves, each stored with the hash of its statement.
pub struct Parts {
    folder: PathBuf,
}

impl Parts {
    /// The folder of a profile.
    pub fn new(folder: &Path, profile: Profile) -> Self {
        Self { folder: folder.join(profile.short_name()) }
    }

    /// Makes the first `count` wrapped leaves, in order, unless they exist.
    pub fn make(&self, aggregator: &Aggregator, count: usize) -> Result<usize, Failure> {
        if self.read(aggregator, count).is_ok() {
            return Ok(count);
        }
        std::fs::create_dir_all(&self.folder)?;
        let mut presented =
            (0..count).map(|_| Presented::new(STANDARD)).collect::<Result<Vec<_>, _>>()?;
        presented.sort_by(Presented::order);
        for (number, (wrapped, presented)) in
            wrap_all(aggregator, &presented)?.iter().zip(&presented).enumerate()
        {
            let bytes = [&digest_to_bytes(presented.statement)[..], &wrapped.to_bytes()].concat();
            std::fs::write(self.file(number), bytes)?;
        }
        Ok(count)
    }

    /// The first `count` wrapped leaves.
    pub fn read(&self, aggregator: &Aggregator, count: usize) -> Result<Vec<Wrapped>, Failure> {
        let read = |number| -> Result<Wrapped, Failure> {
            let bytes = std::fs::read(self.file(number))?;
            let (statement, wrapped) = bytes.split_first_chunk().ok_or("a part is cut off")?;
            let leaf = leaf_digest(digest_from_bytes(statement)?);
            Ok(aggregator.read_wrapped(wrapped, leaf, PAYEE)?)
        };
        (0..count).map(read).collect()
    }

    fn file(&self, number: usize) -> PathBuf {
        self.folder.join(number.to_string())
    }
}
