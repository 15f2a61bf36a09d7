//! `velum prove`: answers a request.

use std::path::PathBuf;

use serde_json::json;
use velum_credentials::{Clock, Memory, PrepareOptions, Prepared, PresentOptions, Suite};
use velum_wallet::measure::{self, Profile, rounded};

use crate::failure::Failure;
use crate::prepared_file::PreparedFile;
use crate::progress::Progress;
use crate::report::Report;
use crate::{files, gpu, inputs, pool, stages};

#[derive(clap::Args)]
pub struct Arguments {
    /// The document that the device has signed for this session, a CBOR DeviceResponse
    #[arg(long, value_name = "F")]
    document: PathBuf,
    /// The CBOR SessionTranscript of this session
    #[arg(long, value_name = "F")]
    transcript: PathBuf,
    /// The verifier's request, as JSON
    #[arg(long, value_name = "F")]
    request: PathBuf,
    /// A prepared proof, written by `velum prepare`; this command uses it up
    #[arg(long, value_name = "F", conflicts_with = "pool")]
    prepared: Option<PathBuf>,
    #[command(flatten)]
    pool: pool::Arguments,
    /// The suite of both proofs: `direct`, `compact` or `aggregatable` (see `velum prepare --help`)
    /// [default: the suite of the prepared proof, or `direct`]
    #[arg(long, value_name = "S", value_parser = inputs::suite, conflicts_with = "prepared")]
    suite: Option<Suite>,
    /// Allow elements that the device signed itself to be sent along in clear
    #[arg(long)]
    disclose_device_namespaces: bool,
    /// Answer a request even if its `now` is more than five minutes off the system's clock, for
    /// documents of the past
    #[arg(long)]
    any_clock: bool,
    /// Where to write the presentation
    #[arg(long, value_name = "F")]
    out: PathBuf,
    /// How much memory to use: `normal`, or `low`, which takes longer for the same kind of proofs
    #[arg(long, value_name = "M", default_value = "normal", value_parser = inputs::memory)]
    memory: Memory,
    #[command(flatten)]
    gpu: gpu::Arguments,
    /// Show how long each stage took and on which device it ran
    #[arg(long)]
    profile: bool,
}

pub fn run(arguments: &Arguments) -> Result<Report, Failure> {
    files::check_writable(&arguments.out)?;
    let question = inputs::question(&arguments.document, &arguments.request)?;
    let transcript = inputs::transcript(&arguments.transcript)?;
    let prepared_file = arguments.prepared.as_deref().map(PreparedFile::open).transpose()?;
    // The pool is opened before the clock is read for the request, because a pool needs a clock
    // whatever the options say.
    let pool = arguments.pool.open_to_take()?;

    let clock = if arguments.any_clock { Clock::Any } else { Clock::At(inputs::clock()?) };
    let present_options =
        PresentOptions::at(clock).with_device_namespaces(arguments.disclose_device_namespaces);
    question.check(&transcript, &present_options)?;

    let prepared = prepared_file.as_ref().map(PreparedFile::prepared).transpose()?;
    let suite = prepared.as_ref().map(Prepared::suite).or(arguments.suite).unwrap_or(Suite::Direct);
    let (prepared, pool) = match pool {
        Some(pool) => {
            let (taken, outcome) = pool.take(&question.purpose(suite, None)?)?;
            (taken, Some(outcome))
        }
        None => (prepared, None),
    };
    let devices = arguments.gpu.start()?;
    let (progress, wallet) = (Progress::start(), devices.wallet());
    let (prepared, preparing): (Prepared, Option<Profile>) = match prepared {
        Some(prepared) => (prepared, None),
        None => {
            let (prepared, profile) = progress.of("prepare", |control| {
                let options =
                    PrepareOptions::default().with_control(control).with_memory(arguments.memory);
                wallet.prepare(&question, suite, options)
            });
            (prepared.map_err(|error| devices.failure(error))?, Some(profile))
        }
    };
    let (presentation, presenting) = progress.of("present", |control| {
        let options = present_options.with_control(control).with_memory(arguments.memory);
        wallet.present(prepared, &question, &transcript, options)
    });
    let presentation = presentation.map_err(|error| devices.failure(error))?;

    let bytes = presentation.to_bytes();
    let output = files::Output::beside(&arguments.out)?;
    prepared_file.map(PreparedFile::take).transpose()?;
    output.replace(&bytes)?;

    let (size_class, suite) = (presentation.size_class().name, presentation.suite().name());
    let prepare_ms = preparing.as_ref().map(|profile| rounded(profile.total_ms));
    let present_ms = rounded(presenting.total_ms);
    let mut json = json!({
        "prepare_ms": prepare_ms,
        "present_ms": present_ms,
        "presentation_bytes": bytes.len(),
        "peak_rss_bytes": measure::peak_rss_bytes(),
        "threads": measure::threads(),
        "size_class": size_class,
        "suite": suite,
    });
    let not_checked = question.explain().not_checked;
    let prepared = prepare_ms.map(|ms| format!("prepared in {ms} ms, ")).unwrap_or_default();
    let mut text = format!(
        "Presentation of {} bytes ({prepared}presented in {present_ms} ms): {}",
        bytes.len(),
        arguments.out.display()
    );
    for what in &not_checked {
        text = format!("{text}\nNot checked: {what}");
    }
    json["not_checked"] = json!(not_checked);
    if let Some(pool) = &pool {
        json["pool"] = pool.to_json();
        text = format!("{text}\n{}", pool.to_text());
    }
    devices.describe(&presenting, &mut json, &mut text);
    if arguments.profile {
        let preparing = preparing.as_ref().map(|profile| ("prepare", profile));
        let profiles: Vec<_> = preparing.into_iter().chain([("present", &presenting)]).collect();
        stages::add(&profiles, &mut json, &mut text);
    }
    Ok(Report::done(json, text))
}
