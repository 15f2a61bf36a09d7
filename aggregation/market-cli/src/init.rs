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
        r#"# The configuration of a market's node, for `velum market serve --config FILE`. See docs/operating.md.

# The database with the state. One machine: sqlite:// and a path. Several nodes: postgres://USER:PASSWORD@HOST/NAME, the same for all nodes.
# --database or VELUM_MARKET_DATABASE take precedence. Use one of them to keep a password out of this file.
database = "sqlite://{at}/market.db"

# The store of submissions and aggregates. One machine: file:// and a folder. Several nodes: s3://BUCKET/PREFIX, with the usual AWS_… variables.
# --blobs or VELUM_MARKET_BLOBS take precedence.
blobs = "file://{at}/blobs"

# The file with the node's secret key. Clients and providers identify the market by this key. All nodes of a market have the same key. Keep a copy of it.
key = "node.key"

# The address on which the node listens. --listen or VELUM_MARKET_LISTEN take precedence.
listen = "{listen}"

# The address at which Prometheus reads /metrics. Choose one that the public does not reach. Without this line, no metrics are served.
# metrics = "127.0.0.1:8461"

# The origins whose pages may call this node from browsers. Without a list, pages of every origin may: requests that change anything are signed, and the rest is public.
# origins = ["https://wallet.example"]

# The file with the token that opens the operator's page.
operator_token = "operator.token"

# The most demo money that one client is given in a day. Demo money is worth nothing. Without this line, there is no way to move money in or out.
demo_money = 1000000000

# The most demo money that all clients together are given in a day. Default: a thousand times demo_money.
# demo_money_per_day = 1000000000000

# The certificate and its key, both in PEM, if the node itself encrypts connections. Leave this out behind a proxy that encrypts.
# [tls]
# chain = "chain.pem"
# key = "key.pem"

# The providers that may take lots, named by the hashes of their keys (`velum market provide` prints its own). Without a list, every provider that stakes may.
# providers = ["…"]

# How many jobs one client may submit in an hour.
# jobs_per_hour = 10000

# How many proofs that do not verify one client may submit in an hour. The limit of one address is ten times as high.
# failures_per_hour = 30

# The number of proxies in front of the node that each add the address they were called from to X-Forwarded-For. Without this line, a client's address is that of its connection.
# proxies = 1

# How many connections there may be at once, and how many of these may be from one address. Behind proxies, all may be from one address.
# connections = 4096
# connections_of_one = 256

# How many proofs are verified at once. Default: one for each processor.
# verifiers = 2

# For how many days submissions and aggregates are kept after their lot has ended, so that receipts can be fetched.
# keep_days = 30

# The constants of the market's rules were chosen by simulation: see docs/decisions/0017-market-rules.md. To change one, write all of them in [rules].
"#
    )
}
