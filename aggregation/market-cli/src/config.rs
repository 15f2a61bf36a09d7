//! The configuration of a node. It comes from a file, from the environment and from flags. Each of
//! these overrides the ones before it.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::Deserialize;
use url::Url;
use velum_cli::failure::Failure;
use velum_cli::files;
use velum_market::Options;
use velum_market::http::Origins;
use velum_market_model::{Amount, Duration, Hash};
use velum_market_rules::{Rules, Settings};

/// The most bytes of a configuration file.
const MOST_BYTES: usize = 1 << 20;

/// A configuration file.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// The database with the state: `sqlite://` and a path, or `postgres://`.
    pub database: String,
    /// The store of blobs: `file://` and a folder, or `s3://` and a bucket.
    pub blobs: String,
    /// The file with the node's secret key.
    pub key: PathBuf,
    /// The address on which the node listens.
    pub listen: String,
    /// The address at which instruments read the metrics. If absent, metrics are not served.
    pub metrics: Option<String>,
    /// Origins whose pages may call the API. If absent, pages of every origin may.
    pub origins: Option<Vec<String>>,
    /// The file with the token that opens the operator's page.
    pub operator_token: Option<PathBuf>,
    /// The certificate, if the node itself encrypts.
    pub tls: Option<Tls>,
    /// The most demo money that one client is given in a day.
    pub demo_money: Option<Amount>,
    /// The most demo money that all clients together are given in a day.
    pub demo_money_per_day: Option<Amount>,
    /// The providers that may take lots. If absent, every provider that stakes may.
    pub providers: Option<BTreeSet<Hash>>,
    /// How many jobs one client may submit in an hour.
    pub jobs_per_hour: Option<u64>,
    /// How many proofs that do not verify one client may submit in an hour.
    pub failures_per_hour: Option<u64>,
    /// How many proxies in front of the node add the address that they were called from to
    /// `X-Forwarded-For`.
    pub proxies: Option<usize>,
    /// How many connections there may be at once.
    pub connections: Option<usize>,
    /// How many of these connections may be from one address.
    pub connections_of_one: Option<usize>,
    /// How many proofs are verified at once.
    pub verifiers: Option<usize>,
    /// For how many days blobs are kept after their lot has ended.
    pub keep_days: Option<u32>,
    /// The constants of the market's rules. If absent, they are those that were chosen by
    /// simulation.
    pub rules: Option<Settings>,
}

/// A certificate and its key, in PEM.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tls {
    /// The file with the certificate and the certificates above it.
    pub chain: PathBuf,
    /// The file with the certificate's private key.
    pub key: PathBuf,
}

impl Config {
    /// Reads a configuration file. Relative paths in it are resolved against the file's folder.
    pub fn read(path: &Path) -> Result<Self, Failure> {
        let bytes = files::read(path, MOST_BYTES)?;
        let wrong =
            |error: &dyn std::fmt::Display| Failure::usage(format!("{}: {error}", path.display()));
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

    /// The origins whose pages may call the API.
    pub fn origins(&self) -> Result<Origins, Failure> {
        let Some(origins) = &self.origins else { return Ok(Origins::Any) };
        let origins: Result<BTreeSet<_>, _> =
            origins.iter().map(|origin| written(origin)).collect();
        Ok(Origins::Only(Arc::new(origins?)))
    }

    /// The options of the market.
    pub fn options(&self) -> Result<Options, Failure> {
        let defaults = Options::default();
        let rules = match &self.rules {
            Some(settings) => Rules::new(settings.clone()).map_err(|error| {
                Failure::usage(format!("the rules of the configuration: {error}"))
            })?,
            None => Rules::default(),
        };
        let days = |days: u32| {
            Duration::new(u64::from(days) * 24 * 60 * 60 * 1000).unwrap_or(Duration::MOST)
        };
        let of_all = self
            .demo_money
            .map(|most| Amount::new(most.get().saturating_mul(1000)).unwrap_or(Amount::MOST));
        let verifiers = self.verifiers.unwrap_or(defaults.verifiers).max(1);
        Ok(Options {
            rules,
            allow_list: self.providers.clone(),
            demo_money: self.demo_money,
            demo_money_per_day: self
                .demo_money_per_day
                .or(of_all)
                .unwrap_or(defaults.demo_money_per_day),
            jobs_per_hour: self.jobs_per_hour.unwrap_or(defaults.jobs_per_hour),
            failures_per_hour: self.failures_per_hour.unwrap_or(defaults.failures_per_hour),
            verifiers,
            most_waiting: 64 * verifiers,
            keep: self.keep_days.map_or(defaults.keep, days),
        })
    }
}

/// Writes an origin in the form in which browsers write it.
fn written(origin: &str) -> Result<String, Failure> {
    let wrong = || {
        Failure::usage(format!(
            "origins: {origin} is not an origin; write scheme, host and, unless it is the scheme's own, port, such as https://wallet.example"
        ))
    };
    let url = Url::parse(origin).map_err(|_| wrong())?;
    let is_bare = url.path() == "/" && url.query().is_none() && url.fragment().is_none();
    let is_of_pages = matches!(url.scheme(), "http" | "https")
        && url.username().is_empty()
        && url.password().is_none();
    if is_bare && is_of_pages { Ok(url.origin().ascii_serialization()) } else { Err(wrong()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn origins_are_written_as_browsers_write_them() {
        for (origin, expected) in [
            ("https://wallet.example", "https://wallet.example"),
            ("https://Wallet.example:443/", "https://wallet.example"),
            ("http://localhost:8080", "http://localhost:8080"),
        ] {
            assert_eq!(written(origin).ok().as_deref(), Some(expected));
        }
        for origin in [
            "*",
            "null",
            "wallet.example",
            "https://wallet.example/page",
            "file:///page",
            "https://me@wallet.example",
        ] {
            assert!(written(origin).is_err(), "{origin}");
        }
    }
}
