//! `velum verify`: decides whether a presentation answers a request in a session.

use std::path::PathBuf;

use serde_json::json;
use velum_credentials::{Code, Suite, Verifier, limits};
use velum_wallet::json::{facts, reason};
use velum_wallet::measure::{peak_rss_bytes, timed};

use crate::failure::Failure;
use crate::report::Report;
use crate::{files, inputs};

#[derive(clap::Args)]
pub struct Arguments {
    /// The presentation, written by `velum prove`
    #[arg(long, value_name = "F")]
    presentation: PathBuf,
    /// The CBOR SessionTranscript of the verifier's session
    #[arg(long, value_name = "F")]
    transcript: PathBuf,
    /// The verifier's request, as JSON
    #[arg(long, value_name = "F")]
    request: PathBuf,
    /// Accept only presentations of this suite, `direct`, `compact` or `aggregatable`; may be given
    /// several times [default: `direct` and `compact`]
    #[arg(long, value_name = "S", value_parser = inputs::suite)]
    suite: Vec<Suite>,
}

impl Arguments {
    fn verifier(&self) -> Verifier {
        if self.suite.is_empty() { Verifier::new() } else { Verifier::allowing(&self.suite) }
    }
}

pub fn run(arguments: &Arguments) -> Result<Report, Failure> {
    let challenge = inputs::challenge(&arguments.transcript, &arguments.request)?;
    let bytes = files::read(&arguments.presentation, limits::PRESENTATION_BYTES)?;

    let (outcome, verify_ms) = timed(|| challenge.verify(&arguments.verifier(), &bytes));
    match outcome {
        Ok(verified) => {
            let learnt = facts(&verified.learnt);
            let json = json!({
                "verified": true,
                "verify_ms": verify_ms,
                "peak_rss_bytes": peak_rss_bytes(),
                "learnt": learnt,
            });
            let learnt: Vec<_> =
                verified.learnt.iter().map(|learnt| format!("  - {learnt}")).collect();
            Ok(Report::done(
                json,
                format!("Verified in {verify_ms} ms. Learnt:\n{}", learnt.join("\n")),
            ))
        }
        Err(error) if error.code() == Code::Internal => Err(error.into()),
        Err(error) => {
            let text = format!(
                "Refused: {}\n  where: {}\n  code: {}",
                error.message(),
                error.place(),
                error.code()
            );
            Ok(Report::refused(json!({ "verified": false, "reason": reason(&error) }), text))
        }
    }
}
