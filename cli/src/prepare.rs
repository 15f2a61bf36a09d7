//! `velum prepare`: makes a credential proof ahead of time.

use std::path::PathBuf;

use serde_json::json;
use velum_credentials::{Memory, PrepareOptions, Purpose, Suite};
use velum_wallet::measure::{self, rounded};

use crate::failure::Failure;
use crate::prepared_file::PreparedFile;
use crate::progress::Progress;
use crate::report::Report;
use crate::{files, gpu, inputs, pool, stages};

#[derive(clap::Args)]
pub struct Arguments {
    /// The document: a CBOR DeviceResponse, Document or IssuerSigned
    #[arg(long, value_name = "F")]
    document: PathBuf,
    /// A request with the same docType, issuer and elements as the requests to come
    #[arg(long, value_name = "F")]
    request: PathBuf,
    /// Where to write the prepared proof; an existing file is never overwritten
    #[arg(long, value_name = "F", required_unless_present = "pool", conflicts_with = "pool")]
    out: Option<PathBuf>,
    #[command(flatten)]
    pool: pool::Arguments,
    /// The suite of both proofs: `direct`; `compact`, for shorter presentations at the cost of more
    /// work; or `aggregatable`, for verifiers that hand presentations on to an aggregator
    #[arg(long, value_name = "S", default_value = "direct", value_parser = inputs::suite)]
    suite: Suite,
    /// How much memory to use: `normal`, or `low`, which takes longer for the same kind of proof
    #[arg(long, value_name = "M", default_value = "normal", value_parser = inputs::memory)]
    memory: Memory,
    #[command(flatten)]
    gpu: gpu::Arguments,
    /// Show how long each stage took and on which device it ran
    #[arg(long)]
    profile: bool,
}

pub fn run(arguments: &Arguments) -> Result<Report, Failure> {
    if let Some(out) = &arguments.out {
        files::check_writable(out)?;
        PreparedFile::check_free(out)?;
    }
    let question = inputs::question(&arguments.document, &arguments.request)?;
    let pool = arguments.pool.open_to_add()?;
    let tidied = pool
        .as_ref()
        .map(|pool| pool.tidy(Purpose::document_hash(question.document())))
        .transpose()?;

    let devices = arguments.gpu.start()?;
    let (prepared, profile) = Progress::start().of("prepare", |control| {
        let options = PrepareOptions::default().with_control(control).with_memory(arguments.memory);
        devices.wallet().prepare(&question, arguments.suite, options)
    });
    let prepared = prepared.map_err(|error| devices.failure(error))?;
    let size_class = prepared.size_class().name;
    let prepare_ms = rounded(profile.total_ms);
    let mut json = json!({
        "prepare_ms": prepare_ms,
        "peak_rss_bytes": measure::peak_rss_bytes(),
        "threads": measure::threads(),
        "size_class": size_class,
        "suite": arguments.suite.name(),
    });
    let mut text =
        format!("Prepared one presentation (size class {size_class}) in {prepare_ms} ms.");
    if let Some(out) = &arguments.out {
        PreparedFile::create(out, &prepared)?;
        let out = out.display().to_string();
        text = format!("{text}\nKeep this file secret: {out}");
        json["out"] = out.into();
    } else if let Some(pool) = pool {
        let outcome = pool.put(prepared, tidied.unwrap_or_default())?;
        text = format!("{text}\n{}", outcome.to_text());
        json["pool"] = outcome.to_json();
    }
    devices.describe(&profile, &mut json, &mut text);
    if arguments.profile {
        stages::add(&[("prepare", &profile)], &mut json, &mut text);
    }
    Ok(Report::done(json, text))
}
