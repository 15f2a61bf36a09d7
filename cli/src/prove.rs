//! `velum prove`: an answer to a request.

use std::path::PathBuf;
use std::time::SystemTime;

use serde_json::json;
use velum_core::control::Control;
use velum_credentials::{Clock, Code, Error, PrepareOptions, Prepared, PresentOptions, Prover, Timestamp};

use crate::failure::Failure;
use crate::prepared_file::PreparedFile;
use crate::progress::{Progress, timed};
use crate::report::Report;
use crate::{files, inputs, machine};

#[derive(clap::Args)]
pub struct Arguments {
    /// The document that the device has signed for this session, a CBOR DeviceResponse
    #[arg(long, value_name = "F")]
    document: PathBuf,
    /// The CBOR SessionTranscript of this session
    #[arg(long, value_name = "F")]
    transcript: PathBuf,
    /// What the verifier asks, as JSON
    #[arg(long, value_name = "F")]
    request: PathBuf,
    /// A file of `velum prepare`, used up by this
    #[arg(long, value_name = "F")]
    prepared: Option<PathBuf>,
    /// Let elements that the device signed itself go along in clear
    #[arg(long)]
    disclose_device_namespaces: bool,
    /// Answer a request of any time, for documents of the past
    #[arg(long)]
    any_clock: bool,
    /// Where to write the presentation
    #[arg(long, value_name = "F")]
    out: PathBuf,
}

pub fn run(arguments: &Arguments) -> Result<Report, Failure> {
    files::check_folder(&arguments.out)?;
    let request = inputs::request(&arguments.request)?;
    let transcript = inputs::transcript(&arguments.transcript)?;
    let response = inputs::response(&arguments.document)?;
    let document = response.document(request.doc_type())?;
    let prepared_file = arguments.prepared.as_deref().map(PreparedFile::open).transpose()?;

    let progress = Progress::start();
    let (preparing, presenting) = (progress.of("prepare"), progress.of("present"));
    let present_options = PresentOptions {
        clock: if arguments.any_clock { Clock::Any } else { Clock::At(now()?) },
        disclose_device_namespaces: arguments.disclose_device_namespaces,
        control: Control::none().reporting_to(&presenting),
    };
    present_options.check(document, &transcript, &request)?;

    machine::warn_of_unused_simd();
    let prover = Prover::new();
    let (prepared, prepare_ms): (Prepared, Option<f64>) = match &prepared_file {
        Some(file) => (file.prepared()?, None),
        None => {
            let control = Control::none().reporting_to(&preparing);
            let options = PrepareOptions { control, ..Default::default() };
            let (prepared, prepare_ms) = timed(|| prover.prepare(document, &request, options));
            (prepared?, Some(prepare_ms))
        }
    };
    let (presentation, present_ms) =
        timed(|| prover.present(prepared, document, &transcript, &request, present_options));
    let presentation = presentation?;

    let bytes = presentation.to_bytes();
    let output = files::Output::beside(&arguments.out)?;
    prepared_file.map(PreparedFile::take).transpose()?;
    output.replace(&bytes)?;

    let (size_class, suite) = (presentation.size_class().name, presentation.suite().name());
    let json = json!({
        "prepare_ms": prepare_ms,
        "present_ms": present_ms,
        "presentation_bytes": bytes.len(),
        "peak_rss_bytes": machine::peak_rss_bytes(),
        "threads": machine::threads(),
        "size_class": size_class,
        "suite": suite,
    });
    let prepared = prepare_ms.map(|ms| format!("prepared in {ms} ms, ")).unwrap_or_default();
    let text = format!(
        "Presentation of {} bytes ({prepared}presented in {present_ms} ms): {}",
        bytes.len(),
        arguments.out.display()
    );
    Ok(Report::done(json, text))
}

/// The system's clock.
fn now() -> Result<Timestamp, Error> {
    let since_epoch = SystemTime::UNIX_EPOCH.elapsed().ok();
    let now = since_epoch.and_then(|elapsed| Timestamp::from_unix(i64::try_from(elapsed.as_secs()).ok()?));
    now.ok_or_else(|| {
        let message = "the system's clock shows no time between 1970 and 9999; set it, or answer any time (--any-clock)";
        Error::new(Code::Clock, "clock", message)
    })
}
