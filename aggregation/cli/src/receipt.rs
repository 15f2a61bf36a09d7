//! `velum receipt`: takes the receipt of one presentation out of the batch in which it was
//! aggregated.

use std::path::PathBuf;

use serde_json::json;
use velum_aggregate_verifier::{Profile, RootKey};
use velum_cli::failure::Failure;
use velum_cli::report::Report;
use velum_cli::{files, inputs};
use velum_credentials::aggregate::{Batch, Receipt};
use velum_credentials::{Code, Error, limits};
use velum_receipt::Policy;

use crate::presentations::{Item, refused};

#[derive(clap::Args)]
pub struct Arguments {
    /// The batch, written by `velum aggregate`
    #[arg(long, value_name = "F")]
    batch: PathBuf,
    /// The presentation
    #[arg(long, value_name = "F")]
    presentation: PathBuf,
    /// The CBOR SessionTranscript of its session
    #[arg(long, value_name = "F")]
    transcript: PathBuf,
    /// The request that it answers, as JSON
    #[arg(long, value_name = "F")]
    request: PathBuf,
    /// Where to write the receipt
    #[arg(long, value_name = "F")]
    out: PathBuf,
}

pub fn run(arguments: &Arguments) -> Result<Report, Failure> {
    let challenge = inputs::challenge(&arguments.transcript, &arguments.request)?;
    let item = Item::read(&arguments.presentation, &challenge)?;
    let batch = Batch::from_bytes(&files::read(&arguments.batch, limits::BATCH_BYTES)?)?;
    let profile = Profile::by_short_name(&batch.profile).ok_or_else(|| {
        let message = format!("the profile {:?} is not known; update this software", batch.profile);
        Error::new(Code::WrongVersion, "batch.profile", message)
    })?;
    let receipt = receipt(&batch, profile, &item)?;

    // Verifies the receipt, so that nobody gets one that is not valid.
    let policy = Policy { keys: vec![RootKey::pinned(profile)], payee: None };
    let accepted =
        velum_receipt::verify(&receipt, challenge.transcript(), challenge.request(), &policy);
    let accepted = accepted.map_err(refused)?;
    let bytes = receipt.to_bytes();
    files::write(&arguments.out, &bytes)?;
    let (count, out) = (accepted.counted.count, arguments.out.display().to_string());
    let text = format!(
        "Wrote {out}: {} bytes, the receipt of one of {count} presentations, profile {}.",
        bytes.len(),
        batch.profile
    );
    let payee = hex::encode(batch.payee);
    let json = json!({ "out": out, "bytes": bytes.len(), "count": count, "profile": batch.profile, "payee": payee });
    Ok(Report::done(json, text))
}

/// The receipt of a presentation in a batch of a profile. The receipt is not verified.
pub fn receipt(batch: &Batch, profile: Profile, item: &Item) -> Result<Receipt, Failure> {
    let receipt =
        velum_aggregator::receipt(batch, profile, &item.presentation, &item.statement_bytes());
    receipt.map_err(|error| Failure::receipt_invalid(error.place(), error.to_string()))
}
