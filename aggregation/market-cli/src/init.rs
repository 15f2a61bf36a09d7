//! `velum market init`: writes a configuration to start from.

use std::path::{Path, PathBuf};

use serde_json::json;
use velum_cli::failure::Failure;
use velum_cli::files;
use velum_cli::report::Report;

use crate::keys;

#[derive(clap::Args)]
pub struct Arguments {
    /// The folder; created if it does not exist
    #[arg(value_name = "FOLDER", default_value = "market")]
    folder: PathBuf,
    /// The address on which the node listens
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8460")]
    listen: String,
}

impl Arguments {
    /// Arguments for a folder and an address on which the node listens.
    pub fn new(folder: &Path, listen: &str) -> Self {
        Self { folder: folder.to_owned(), listen: listen.to_owned() }
    }
}

pub fn run(arguments: &Arguments) -> Result<Report, Failure> {
    let folder = &arguments.folder;
    std::fs::create_dir_all(folder).map_err(|error| Failure::file(folder, "make", &error))?;
    let folder = folder.canonicalize().map_err(|error| Failure::file(folder, "find", &error))?;
    let config = folder.join("market.toml");
    // An existing file is never overwritten, because keys would be lost.
    files::write_new(&config, text(&folder, &arguments.listen).as_bytes())?;
    for secret in ["node.key", "provider.key", "operator.token"] {
        keys::write_secret(&folder.join(secret), &keys::random()?)?;
    }
    let shown = config.display();
    let text = format!(
        "Wrote {shown} with new keys beside it.\n\
         Start the node:          velum market serve --config {shown}\n\
         A provider with workers: velum market provide --market http://{} --key {} --state {} --work",
        arguments.listen,
        folder.join("provider.key").display(),
        folder.join("provider").display(),
    );
    Ok(Report::done(json!({ "config": config, "listen": arguments.listen }), text))
}

/// The text of the configuration. Settings that may be changed are in comments.
fn text(folder: &Path, listen: &str) -> String {
    let at = folder.display();
    format!(
        r#"# A market of Velum. `velum market serve --config FILE` runs it; docs/operating.md says more.

# State. One machine: sqlite:// and a path. Several nodes: postgres://USER:PASSWORD@HOST/NAME, the same for all of them.
# Also --database, or VELUM_MARKET_DATABASE, which keeps a password out of this file.
database = "sqlite://{at}/market.db"

# Submissions and aggregates. One machine: file:// and a folder. Several: s3://BUCKET/PREFIX, with the usual AWS_… variables.
# Also --blobs, or VELUM_MARKET_BLOBS.
blobs = "file://{at}/blobs"

# The node's secret key, by which clients and providers know this market. All nodes of a market have the same one. Keep a copy of it.
key = "node.key"

# Where requests come. Also --listen, or VELUM_MARKET_LISTEN.
listen = "{listen}"

# Where Prometheus reads /metrics: an address that the public does not reach. Without this line nothing is told.
# metrics = "127.0.0.1:8461"

# Origins whose pages may ask this node in browsers. Without a list, those of every origin: all that changes anything is signed, and the rest is public.
# origins = ["https://wallet.example"]

# What the operator's page is opened with.
operator_token = "operator.token"

# Demo money: the most that one client is given in a day. It is worth nothing. Without this line there is no way of money in or out.
demo_money = 1000000000

# The most demo money that all are given in a day: a thousand times as much, unless told otherwise.
# demo_money_per_day = 1000000000000

# The node encrypts by itself with a certificate and its key, both in PEM. Leave it out behind a proxy that does.
# [tls]
# chain = "chain.pem"
# key = "key.pem"

# The providers that may take lots, as the hashes of their keys (`velum market provide` prints its own). Without a list, all who stake may.
# providers = ["…"]

# How many jobs one client may hand in in an hour.
# jobs_per_hour = 10000

# How many proofs that do not verify one client may hand in in an hour. Those of one address may hand in ten times as many.
# failures_per_hour = 30

# Proxies before the node, each of which adds whom it was asked by to X-Forwarded-For. Without this line addresses are those of connections.
# proxies = 1

# How many connections there may be at once, and how many of these from one address. Behind proxies all may be from one.
# connections = 4096
# connections_of_one = 256

# How many proofs are verified at once: one for each processor, unless told otherwise.
# verifiers = 2

# For how many days submissions and aggregates are kept after their lot has ended, so that receipts can be fetched.
# keep_days = 30

# The rules' constants are those of docs/decisions/0017-market-rules.md, which were chosen by simulation. To change them, write all of them in [rules].
"#
    )
}
