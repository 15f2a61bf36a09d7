//! `velum market work`: runs a worker.

use std::path::PathBuf;

use serde_json::json;
use tokio_util::sync::CancellationToken;
use velum_cli::failure::Failure;
use velum_cli::report::Report;
use velum_market_blobs::Blobs;
use velum_market_worker::Workshop;

/// The database and the blobs that a provider and its workers share.
#[derive(clap::Args)]
pub struct State {
    /// A folder for the database and the blobs, on one machine
    #[arg(long, value_name = "FOLDER", required_unless_present_all = ["database", "blobs"])]
    state: Option<PathBuf>,
    /// The provider's database: sqlite:// and a path, or postgres://
    #[arg(long, value_name = "URL", env = "VELUM_PROVIDER_DATABASE", hide_env_values = true)]
    database: Option<String>,
    /// The provider's blobs: file:// and a folder, or s3://
    #[arg(long, value_name = "URL", env = "VELUM_PROVIDER_BLOBS")]
    blobs: Option<String>,
}

impl State {
    /// Opens the database and the blobs.
    pub async fn open(&self) -> Result<(Workshop, Blobs), Failure> {
        let (mut database, mut blobs) = (self.database.clone(), self.blobs.clone());
        if let Some(folder) = &self.state {
            std::fs::create_dir_all(folder)
                .map_err(|error| Failure::file(folder, "make", &error))?;
            let folder =
                folder.canonicalize().map_err(|error| Failure::file(folder, "find", &error))?;
            database.get_or_insert_with(|| format!("sqlite://{}/provider.db", folder.display()));
            blobs.get_or_insert_with(|| format!("file://{}/blobs", folder.display()));
        }
        let missing = || Failure::usage("give --state, or both --database and --blobs".to_owned());
        let blobs = Blobs::open(&blobs.ok_or_else(missing)?)
            .map_err(|error| Failure::usage(error.to_string()))?;
        let workshop = Workshop::open(&database.ok_or_else(missing)?, blobs.clone()).await;
        Ok((workshop.map_err(|error| Failure::market("database", error.to_string()))?, blobs))
    }
}

#[derive(clap::Args)]
pub struct Arguments {
    #[command(flatten)]
    state: State,
    /// The name of this worker in the logs
    #[arg(long, value_name = "NAME", default_value = "worker")]
    name: String,
}

pub async fn run(arguments: Arguments, stop: CancellationToken) -> Result<Report, Failure> {
    let (workshop, _) = arguments.state.open().await?;
    work(workshop, arguments.name, stop).await?;
    Ok(Report::done(json!({ "stopped": true }), "Worked until it was stopped.".to_owned()))
}

/// Works until told to stop. After an error that may pass, such as a database that was away for too
/// long, it waits and begins again.
pub async fn work(
    workshop: Workshop,
    name: String,
    stop: CancellationToken,
) -> Result<(), Failure> {
    const WAIT: std::time::Duration = std::time::Duration::from_secs(5);
    loop {
        match workshop.work(&name, stop.clone()).await {
            Ok(()) => return Ok(()),
            Err(error) if error.may_pass() && !stop.is_cancelled() => {
                tracing::warn!(%error, "the worker starts again in 5 s");
                tokio::time::sleep(WAIT).await;
            }
            Err(error) => return Err(Failure::market("work", error.to_string())),
        }
    }
}
