//! `velum verify-receipt`: whether a receipt shows that a presentation was aggregated.

use std::path::PathBuf;

use serde_json::json;
use velum_aggregate_verifier::{Profile, RootKey};
use velum_cli::failure::Failure;
use velum_cli::report::Report;
use velum_cli::{files, inputs};
use velum_credentials::aggregate::Receipt;
use velum_credentials::limits;
use velum_receipt::{Counted, Policy};
use velum_wallet::json::facts;
use velum_wallet::measure::timed;

use crate::arguments::{payee, profile};
use crate::presentations::refused;

#[derive(clap::Args)]
pub struct Arguments {
    /// The receipt, written by `velum receipt`
    #[arg(long, value_name = "F")]
    receipt: PathBuf,
    /// The CBOR SessionTranscript of the verifier's session
    #[arg(long, value_name = "F")]
    transcript: PathBuf,
    /// The verifier's request, as JSON
    #[arg(long, value_name = "F")]
    request: PathBuf,
    /// Accept aggregates of this profile, `standard` or `proven-100`; may be given several times
    #[arg(long, value_name = "P", required = true, value_parser = profile)]
    profile: Vec<Profile>,
    /// Require that the aggregate is counted for this payee, 32 bytes in hexadecimal
    #[arg(long, value_name = "HEX", value_parser = payee)]
    payee: Option<[u8; 32]>,
}

pub fn run(arguments: &Arguments) -> Result<Report, Failure> {
    let challenge = inputs::challenge(&arguments.transcript, &arguments.request)?;
    let bytes = files::read(&arguments.receipt, limits::RECEIPT_BYTES)?;
    let keys = arguments.profile.iter().map(|&profile| RootKey::pinned(profile)).collect();
    let policy = Policy { keys, payee: arguments.payee };

    let (outcome, verify_ms) = timed(|| {
        let receipt = Receipt::from_bytes(&bytes)?;
        velum_receipt::verify(&receipt, challenge.transcript(), challenge.request(), &policy)
            .map_err(refused)
    });
    let accepted = match outcome {
        Ok(accepted) => accepted,
        Err(failure) => return refuse(failure),
    };
    let Counted { profile, count, payee } = accepted.counted;
    let payee = hex::encode(payee);
    let json = json!({
        "verified": true,
        "verify_ms": verify_ms,
        "profile": profile.short_name(),
        "proven_bits": profile.proven_bits(),
        "count": count,
        "payee": payee,
        "learnt": facts(&accepted.learnt),
    });
    let learnt: Vec<_> = accepted.learnt.iter().map(|learnt| format!("  - {learnt}")).collect();
    let text = format!(
        "Verified in {verify_ms} ms: one of {count} presentations, counted for {payee}, profile {} ({} proven bits). Learnt:\n{}",
        profile.short_name(),
        profile.proven_bits(),
        learnt.join("\n"),
    );
    Ok(Report::done(json, text))
}

/// The report of a refused receipt. Whatever is wrong with a receipt, its refusal is an answer and
/// not a failure of the command, because everything in it comes from someone else.
fn refuse(failure: Failure) -> Result<Report, Failure> {
    if failure.is_bug() {
        return Err(failure);
    }
    let (code, message) = (failure.code(), failure.message());
    let json = json!({ "verified": false, "reason": { "code": code, "message": message } });
    let text = format!("Refused: {message}\n  where: {}\n  code: {code}", failure.place());
    Ok(Report::refused(json, text))
}
