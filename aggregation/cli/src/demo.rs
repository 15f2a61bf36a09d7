//! `velum demo aggregate`: folds eight presentations of three documents into one proof, takes the
//! receipt of one of them, and shows how wrong uses of the receipt are refused.
//!
//! Documents, sessions and issuers come from the test data. They have expired, but the clock does
//! not matter here.

use std::path::Path;

use serde_json::{Value, json};
use velum_aggregate_verifier::{Profile, RootKey};
use velum_cli::failure::Failure;
use velum_cli::progress::Progress;
use velum_cli::report::Report;
use velum_credentials::{Clock, DeviceResponse, PrepareOptions, PresentOptions, Prover, Suite};
use velum_receipt::{Accepted, Policy, ReceiptError};
use velum_testdata::{AGE_VERIFICATION, Case, MUSTERMANN, PERMUTED_KEYS};
use velum_wallet::Challenge;
use velum_wallet::json::facts;
use velum_wallet::measure::{peak_rss_bytes, timed};

use crate::aggregate::{Times, fold, sort};
use crate::parts::Parts;
use crate::presentations::{Item, refused as refused_receipt};
use crate::receipt::receipt;

/// The payee that the demo's aggregate is counted for.
const PAYEE: [u8; 32] = [0xab; 32];

/// The documents, each with its number of presentations.
const DOCUMENTS: [(&Case, usize); 3] =
    [(&MUSTERMANN, 3), (&PERMUTED_KEYS, 3), (&AGE_VERIFICATION, 2)];

#[derive(clap::Args)]
pub struct Arguments {
    /// What to show
    #[arg(value_parser = ["aggregate"])]
    _what: String,
}

pub fn run(_: &Arguments) -> Result<Report, Failure> {
    let progress = Progress::start();
    let (items, presentation_bytes) = presentations(&progress)?;
    let profile = Profile::Standard;
    let (batch, times) = fold(&items, profile, PAYEE, &Parts::none(), &progress)?;
    progress.line("receipt");
    let item = items
        .iter()
        .find(|item| item.path == Path::new(MUSTERMANN.name))
        .ok_or_else(Failure::bug)?;
    let shown = receipt(&batch, profile, item)?;
    let check = |challenge: &Challenge, payee| {
        let policy = Policy { keys: vec![RootKey::pinned(profile)], payee: Some(payee) };
        velum_receipt::verify(&shown, challenge.transcript(), challenge.request(), &policy)
    };
    let challenge = challenge(&MUSTERMANN)?;
    let (accepted, verify_ms) = timed(|| check(&challenge, PAYEE));
    let accepted = accepted.map_err(refused_receipt)?;
    let other_session =
        Challenge::new(challenge.request().clone(), PERMUTED_KEYS.session_transcript)?;
    let refused = vec![
        ("the same request in another session", check(&other_session, PAYEE).err()),
        ("another payee", check(&challenge, [0xcd; 32]).err()),
    ];
    Ok(report(&Shown {
        root_bytes: batch.proof.len(),
        receipt_bytes: shown.to_bytes().len(),
        presentation_bytes,
        times,
        verify_ms,
        accepted,
        refused,
    }))
}

fn challenge(case: &Case) -> Result<Challenge, Failure> {
    Ok(Challenge::parse(case.session_transcript, case.request.as_bytes())?)
}

/// The presentations in the order of their statements, and the number of bytes of all of them
/// together.
fn presentations(progress: &Progress) -> Result<(Vec<Item>, usize), Failure> {
    let prover = Prover::with_suite(Suite::Aggregatable);
    let mut items = Vec::new();
    for (case, count) in DOCUMENTS {
        let challenge = challenge(case)?;
        let response = DeviceResponse::parse(case.device_response)?;
        let (request, transcript) = (challenge.request(), challenge.transcript());
        let document = response.document(request.doc_type())?;
        for number in 1..=count {
            progress.line(&format!("presentation {number} of {count} of {}", case.name));
            let prepared = prover.prepare(document, request, PrepareOptions::default())?;
            let options = PresentOptions::at(Clock::Any);
            let presentation = prover.present(prepared, document, transcript, request, options)?;
            items.push(Item::new(Path::new(case.name), presentation, &challenge)?);
        }
    }
    let bytes = items.iter().map(|item| item.presentation.to_bytes().len()).sum();
    sort(&mut items);
    Ok((items, bytes))
}

/// Everything that happened.
struct Shown {
    root_bytes: usize,
    receipt_bytes: usize,
    presentation_bytes: usize,
    times: Times,
    verify_ms: f64,
    accepted: Accepted,
    /// What was tried, and the error with which it was refused.
    refused: Vec<(&'static str, Option<ReceiptError>)>,
}

/// The report. The status is 3 unless every wrong use of the receipt was refused.
fn report(shown: &Shown) -> Report {
    let Shown { accepted: Accepted { learnt, counted }, times, .. } = shown;
    let all_refused = shown.refused.iter().all(|(_, error)| error.is_some());
    let refused: Vec<Value> = shown
        .refused
        .iter()
        .map(|(tried, error)| json!({ "tried": tried, "refused": error.as_ref().map(ToString::to_string) }))
        .collect();
    let json = json!({
        "count": counted.count,
        "root_bytes": shown.root_bytes,
        "receipt_bytes": shown.receipt_bytes,
        "presentation_bytes": shown.presentation_bytes,
        "leaf_ms": times.leaf_ms,
        "wrap_ms": times.wrap_ms,
        "merge_ms": times.merge_ms,
        "root_ms": times.root_ms,
        "peak_rss_bytes": peak_rss_bytes(),
        "verified": true,
        "verify_ms": shown.verify_ms,
        "profile": counted.profile.short_name(),
        "proven_bits": counted.profile.proven_bits(),
        "payee": hex::encode(counted.payee),
        "learnt": facts(learnt),
        "wrong": refused,
    });
    let mut text = format!(
        "{} presentations of three documents, {} kB in all, folded into one proof of {} kB: leaves {:.1} s, wraps {:.1} s, merges {:.1} s, root {:.1} s.\n",
        counted.count,
        shown.presentation_bytes / 1000,
        shown.root_bytes / 1000,
        times.leaf_ms / 1e3,
        times.wrap_ms / 1e3,
        times.merge_ms / 1e3,
        times.root_ms / 1e3,
    );
    text += &format!(
        "One receipt has {} kB and is verified in {} ms (profile {}, {} proven bits). It shows:\n",
        shown.receipt_bytes / 1000,
        shown.verify_ms,
        counted.profile.short_name(),
        counted.profile.proven_bits(),
    );
    for learnt in learnt {
        text += &format!("  - {learnt}\n");
    }
    for (tried, error) in &shown.refused {
        let outcome =
            error.as_ref().map_or("ACCEPTED".to_owned(), |error| format!("refused: {error}"));
        text += &format!("With {tried}: {outcome}\n");
    }
    if all_refused { Report::done(json, text) } else { Report::broken(json, text) }
}
