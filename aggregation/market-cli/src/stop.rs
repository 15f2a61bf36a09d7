//! Programs that run until they are told to stop.

use std::future::Future;
use std::path::Path;

use tokio_util::sync::CancellationToken;
use velum_cli::failure::Failure;
use velum_cli::report::Report;

/// Runs a program that ends in good order on SIGINT or SIGTERM. A second signal ends it at once.
pub fn until_stopped<F>(program: impl FnOnce(CancellationToken) -> F) -> Result<Report, Failure>
where
    F: Future<Output = Result<Report, Failure>>,
{
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let runtime = runtime.map_err(|error| Failure::file(Path::new("threads"), "start", &error))?;
    runtime.block_on(async {
        let stop = CancellationToken::new();
        tokio::spawn(stop_on_signal(stop.clone()));
        program(stop).await
    })
}

async fn stop_on_signal(stop: CancellationToken) {
    signal().await;
    tracing::info!("stopping; a second signal stops at once");
    stop.cancel();
    signal().await;
    std::process::exit(130);
}

#[cfg(unix)]
async fn signal() {
    use tokio::signal::unix::{SignalKind, signal};
    let (Ok(mut interrupt), Ok(mut terminate)) =
        (signal(SignalKind::interrupt()), signal(SignalKind::terminate()))
    else {
        // Without these handlers, the signals end the process, as they end any other process.
        return std::future::pending().await;
    };
    tokio::select! {
        _ = interrupt.recv() => (),
        _ = terminate.recv() => (),
    }
}

#[cfg(not(unix))]
async fn signal() {
    if tokio::signal::ctrl_c().await.is_err() {
        std::future::pending().await
    }
}
