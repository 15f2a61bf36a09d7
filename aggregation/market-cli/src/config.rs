//! What a node is told: by a file, by the environment, and by flags, of which the later wins.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use velum_cli::failure::Failure;
use velum_cli::files;
use velum_market::Options;
use velum_market_model::{Amount, Duration, Hash};
use velum_market_rules::{Rules, Settings};

/// The most bytes of a configuration.
const MOST_BYTES: usize = 1 << 20;

/// A configuration file.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Where the state is: `sqlite://` and a path, or `postgres://`.
    pub database: String,
    /// Where blobs are: `file://` and a folder, or `s3://` and a bucket.
    pub blobs: String,
    /// The node's secret key.
    pub key: PathBuf,
    /// Where requests come.
    pub listen: String,
    /// What the operator's page is opened with.
    pub operator_token: Option<PathBuf>,
    /// The certificate, where the node itself encrypts.
    pub tls: Option<Tls>,
    /// The most that one deposit of demo money gives.
    pub demo_money: Option<Amount>,
    /// Providers that may take lots; everyone who stakes, where there is no list.
    pub providers: Option<BTreeSet<Hash>>,
    /// How many jobs one client may hand in in an hour.
    pub jobs_per_hour: Option<u64>,
    /// How many connections there may be at once.
    pub connections: Option<usize>,
    /// How many proofs are verified at once.
    pub verifiers: Option<usize>,
    /// For how many days blobs are kept after their lot has ended.
    pub keep_days: Option<u32>,
    /// The constants of the market's rules; those that were chosen by simulation, where there are none.
    pub rules: Option<Settings>,
}

/// A certificate and its key, in PEM.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tls {
    /// The certificate with those above it.
    pub chain: PathBuf,
    /// Its private key.
    pub key: PathBuf,
}

impl Config {
    /// Reads a file. Paths in it are seen from its folder.
    pub fn read(path: &Path) -> Result<Self, Failure> {
        let bytes = files::read(path, MOST_BYTES)?;
        let wrong = |error: &dyn std::fmt::Display| Failure::usage(format!("{}: {error}", path.display()));
        let text = std::str::from_utf8(&bytes).map_err(|error| wrong(&error))?;
        let mut config: Self = toml::from_str(text).map_err(|error| wrong(&error))?;
        let folder = files::folder(path);
        let mut seen_from = |path: &mut PathBuf| *path = folder.join(&*path);
        seen_from(&mut config.key);
        config.operator_token.as_mut().into_iter().for_each(&mut seen_from);
        if let Some(tls) = &mut config.tls {
            seen_from(&mut tls.chain);
            seen_from(&mut tls.key);
        }
        Ok(config)
    }

    /// How the market is wanted.
    pub fn options(&self) -> Result<Options, Failure> {
        let defaults = Options::default();
        let rules = match &self.rules {
            Some(settings) => Rules::new(settings.clone())
                .map_err(|error| Failure::usage(format!("the rules of the configuration: {error}")))?,
            None => Rules::default(),
        };
        let days = |days: u32| Duration::new(u64::from(days) * 24 * 60 * 60 * 1000).unwrap_or(Duration::MOST);
        let verifiers = self.verifiers.unwrap_or(defaults.verifiers).max(1);
        Ok(Options {
            rules,
            allow_list: self.providers.clone(),
            demo_money: self.demo_money,
            jobs_per_hour: self.jobs_per_hour.unwrap_or(defaults.jobs_per_hour),
            verifiers,
            most_waiting: 64 * verifiers,
            keep: self.keep_days.map_or(defaults.keep, days),
        })
    }
}
