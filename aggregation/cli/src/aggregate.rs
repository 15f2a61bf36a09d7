//! `velum aggregate`: folds many presentations into one proof.

use std::cmp::Ordering::{Greater, Less};
use std::path::PathBuf;
use std::time::Instant;

use serde_json::{Value, json};
use velum_aggregate_verifier::{Digest, Profile, is_below, leaf_digest};
use velum_aggregator::{Aggregator, AggregatorError, Proof, ProvenStatements, Tree, Wrapped};
use velum_cli::failure::Failure;
use velum_cli::files;
use velum_cli::progress::Progress;
use velum_cli::report::Report;
use velum_credentials::aggregate::Batch;
use velum_credentials::{Suite, Verifier, limits};
use velum_wallet::measure::peak_rss_bytes;

use crate::arguments::{payee, profile};
use crate::parts::Parts;
use crate::presentations::Item;

#[derive(clap::Args)]
pub struct Arguments {
    /// A presentation of the suite `aggregatable`; give the option once for each presentation
    #[arg(long, value_name = "F", required = true)]
    presentation: Vec<PathBuf>,
    /// The CBOR SessionTranscript of its session; one for each presentation, in the same order
    #[arg(long, value_name = "F", required = true)]
    transcript: Vec<PathBuf>,
    /// The request that it answers, as JSON; one for each presentation, in the same order
    #[arg(long, value_name = "F", required = true)]
    request: Vec<PathBuf>,
    /// Where to write the batch, from which receipts are taken
    #[arg(long, value_name = "F")]
    out: PathBuf,
    /// The parameters of the proofs: `standard` or `proven-100`
    #[arg(long, value_name = "P", default_value = "standard", value_parser = profile)]
    profile: Profile,
    /// The payee that the aggregate is counted for, 32 bytes in hexadecimal; nobody if absent
    #[arg(long, value_name = "HEX", value_parser = payee)]
    payee: Option<[u8; 32]>,
    /// Leave out presentations that do not verify, and list them. Without this option the first such
    /// presentation ends the command
    #[arg(long)]
    skip_bad: bool,
}

pub fn run(arguments: &Arguments) -> Result<Report, Failure> {
    let progress = Progress::start();
    files::check_writable(&arguments.out)?;
    let (items, skipped) = read(arguments, &progress)?;
    let parts = Parts::of(&arguments.out)?;
    let payee = arguments.payee.unwrap_or_default();
    let (batch, times) = fold(&items, arguments.profile, payee, &parts, &progress)?;
    files::write(&arguments.out, &batch.to_bytes())?;
    parts.remove()?;
    Ok(report(arguments, &batch, &times, &skipped))
}

/// Folds presentations. They must be in the order of their statements.
pub fn fold(
    items: &[Item],
    profile: Profile,
    payee: [u8; 32],
    parts: &Parts,
    progress: &Progress,
) -> Result<(Batch, Times), Failure> {
    let aggregator = Aggregator::new(profile);
    let mut work = Work { aggregator, payee, parts, progress, times: Times::default() };
    let proof = work.fold(items)?;
    let leaves = items.iter().map(Item::statement_bytes).collect();
    Ok((Batch { profile: profile.short_name().to_owned(), payee, leaves, proof }, work.times))
}

/// A presentation that is left out.
struct Skipped {
    path: PathBuf,
    failure: Failure,
}

/// Reads and verifies all presentations, and sorts them by the hashes of their statements.
fn read(arguments: &Arguments, progress: &Progress) -> Result<(Vec<Item>, Vec<Skipped>), Failure> {
    let Arguments { presentation, transcript, request, .. } = arguments;
    let count = presentation.len();
    if transcript.len() != count || request.len() != count {
        let (transcripts, requests) = (transcript.len(), request.len());
        let message = format!(
            "there are {count} presentations, {transcripts} transcripts and {requests} requests: give one transcript and one request for each presentation, in the same order"
        );
        return Err(Failure::usage(message));
    }
    if count > limits::BATCH_PRESENTATIONS {
        let most = limits::BATCH_PRESENTATIONS;
        return Err(Failure::usage(format!(
            "there are {count} presentations; one aggregate takes at most {most}"
        )));
    }
    let verifier = Verifier::allowing(&[Suite::Aggregatable]);
    let (mut items, mut skipped) = (Vec::new(), Vec::new());
    for (at, path) in presentation.iter().enumerate() {
        let item = Item::read_and_verify(&verifier, path, &transcript[at], &request[at]);
        match item.and_then(|item| new(&items, item)) {
            Ok(item) => items.push(item),
            Err(failure) if arguments.skip_bad => {
                skipped.push(Skipped { path: path.clone(), failure })
            }
            Err(failure) => return Err(failure.within(&path.display().to_string())),
        }
    }
    progress.line(&format!("{} of {count} presentations verify", items.len()));
    if items.is_empty() {
        return Err(Failure::usage("no presentation is left to aggregate".to_owned()));
    }
    sort(&mut items);
    Ok((items, skipped))
}

/// Sorts items in the order of their statements.
pub fn sort(items: &mut [Item]) {
    items.sort_by(|a, b| if is_below(a.statement, b.statement) { Less } else { Greater });
}

/// Returns the item, unless `items` already has its statement.
fn new(items: &[Item], item: Item) -> Result<Item, Failure> {
    match items.iter().find(|other| other.statement == item.statement) {
        Some(other) => Err(Failure::usage(format!(
            "this is the same presentation as {}: name each presentation once",
            other.path.display()
        ))),
        None => Ok(item),
    }
}

/// The milliseconds that the proofs of each kind took.
#[derive(Default)]
pub struct Times {
    pub leaf_ms: f64,
    pub wrap_ms: f64,
    pub merge_ms: f64,
    pub root_ms: f64,
}

impl Times {
    /// Adds the milliseconds since `since`.
    fn add(total: &mut f64, since: Instant) {
        *total = ((*total + since.elapsed().as_secs_f64() * 1e3) * 10.0).round() / 10.0;
    }
}

/// The state while presentations are folded.
struct Work<'a> {
    aggregator: Aggregator,
    payee: [u8; 32],
    parts: &'a Parts,
    progress: &'a Progress,
    times: Times,
}

impl Work<'_> {
    /// Folds presentations. Returns the bytes of the aggregate's proof.
    fn fold(&mut self, items: &[Item]) -> Result<Vec<u8>, Failure> {
        let tree = Tree::over(items.len(), velum_aggregator::wide(self.aggregator.profile()));
        let tree = tree.ok_or_else(Failure::bug)?;
        let mut wrapped = Vec::with_capacity(items.len());
        for (at, item) in items.iter().enumerate() {
            self.progress.line(&format!("leaf {} of {}", at + 1, items.len()));
            let leaf = self.leaf(item);
            wrapped.push(Some(
                leaf.map_err(|failure| failure.within(&item.path.display().to_string()))?,
            ));
        }
        let (merges, mut done) = (tree.merges().values().sum::<usize>(), 0);
        let statements: Vec<_> = items.iter().map(|item| item.statement).collect();
        let top = self.merge(&tree, &statements, &mut wrapped, merges, &mut done)?;
        self.progress.line("root");
        let start = Instant::now();
        let proof = self.aggregator.finish(&top).map_err(failed)?;
        Times::add(&mut self.times.root_ms, start);
        Ok(proof)
    }

    /// The wrapped leaf of a presentation.
    fn leaf(&mut self, item: &Item) -> Result<Wrapped, Failure> {
        let (class, statement) = (item.presentation.size_class(), item.statement_bytes());
        let profile = self.aggregator.profile().name().as_bytes();
        let proofs = [item.presentation.credential_proof(), item.presentation.presentation_proof()];
        let inputs = [b"leaf".as_slice(), profile, &statement, proofs[0], proofs[1]];
        let (aggregator, times, payee) = (&self.aggregator, &mut self.times, self.payee);
        let statements = ProvenStatements {
            credential: &item.claim.credential,
            credential_proof: proofs[0],
            presentation: &item.claim.presentation,
            presentation_proof: proofs[1],
        };
        let leaf: Proof = self.parts.get(
            &inputs,
            |bytes| aggregator.read_leaf(class, bytes, item.statement).ok(),
            || {
                let start = Instant::now();
                let proof = aggregator.leaf(class, &statements).map_err(failed)?;
                Times::add(&mut times.leaf_ms, start);
                Ok((proof.to_bytes(), proof))
            },
        )?;
        self.parts.get(
            &[b"wrap", profile, &payee, &leaf.to_bytes()],
            |bytes| aggregator.read_wrapped(bytes, leaf_digest(item.statement), payee).ok(),
            || {
                let start = Instant::now();
                let wrapped = aggregator.wrap(class, &leaf, payee).map_err(failed)?;
                Times::add(&mut times.wrap_ms, start);
                Ok((wrapped.to_bytes(), wrapped))
            },
        )
    }

    fn merge(
        &mut self,
        tree: &Tree,
        statements: &[Digest],
        leaves: &mut [Option<Wrapped>],
        merges: usize,
        done: &mut usize,
    ) -> Result<Wrapped, Failure> {
        let children = match tree {
            Tree::Leaf(leaf) => return leaves[*leaf].take().ok_or_else(Failure::bug),
            Tree::Merge { children, .. } => children,
        };
        let children: Vec<_> = children
            .iter()
            .map(|child| self.merge(child, statements, leaves, merges, done))
            .collect::<Result<_, _>>()?;
        *done += 1;
        self.progress.line(&format!("merge {done} of {merges}"));
        let bytes: Vec<_> = children.iter().map(Wrapped::to_bytes).collect();
        let mut inputs: Vec<&[u8]> = vec![b"merge"];
        inputs.extend(bytes.iter().map(Vec::as_slice));
        let (aggregator, times, payee) = (&self.aggregator, &mut self.times, self.payee);
        let (digest, _) = tree.digest(statements);
        self.parts.get(
            &inputs,
            |bytes| aggregator.read_wrapped(bytes, digest, payee).ok(),
            || {
                let start = Instant::now();
                let merged = aggregator
                    .merge(&children.iter().collect::<Vec<_>>(), payee)
                    .map_err(failed)?;
                Times::add(&mut times.merge_ms, start);
                Ok((merged.to_bytes(), merged))
            },
        )
    }
}

/// Presentations are verified before they are folded, so a later failure is a bug.
fn failed(error: AggregatorError) -> Failure {
    Failure::broken("aggregate", error.to_string())
}

fn report(arguments: &Arguments, batch: &Batch, times: &Times, skipped: &[Skipped]) -> Report {
    let (out, count) = (arguments.out.display().to_string(), batch.leaves.len());
    let left_out: Vec<Value> = skipped
        .iter()
        .map(|Skipped { path, failure }| {
            json!({ "presentation": path.display().to_string(), "code": failure.code(), "message": failure.message() })
        })
        .collect();
    let json = json!({
        "out": out,
        "count": count,
        "root_bytes": batch.proof.len(),
        "profile": batch.profile,
        "payee": hex::encode(batch.payee),
        "leaf_ms": times.leaf_ms,
        "wrap_ms": times.wrap_ms,
        "merge_ms": times.merge_ms,
        "root_ms": times.root_ms,
        "peak_rss_bytes": peak_rss_bytes(),
        "skipped": left_out,
    });
    let mut text = format!(
        "Wrote {out}: {count} presentations in a proof of {} bytes, profile {}.",
        batch.proof.len(),
        batch.profile
    );
    for Skipped { path, failure } in skipped {
        text +=
            &format!("\n  left out {}: {} ({})", path.display(), failure.message(), failure.code());
    }
    Report::done(json, text)
}

#[cfg(test)]
mod tests;
