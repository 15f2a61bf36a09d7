//! Logs to stderr, as text for people or as JSON. Contents of proofs are never logged.

use std::io::IsTerminal;

use tracing_subscriber::EnvFilter;

/// Starts logging. `VELUM_LOG` says what is logged, such as `debug` or `velum_market=debug,warn`.
/// Without it, the level is `info`.
pub fn start(json: bool) {
    let filter = EnvFilter::try_from_env("VELUM_LOG").unwrap_or_else(|_| EnvFilter::new("info"));
    let logs = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    // A second start, as tests may make it, changes nothing.
    let _ = if json {
        logs.json().try_init()
    } else {
        logs.with_ansi(std::io::stderr().is_terminal()).try_init()
    };
}
