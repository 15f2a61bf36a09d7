//! `velum market audit`: checks whether a node keeps to what it said.
//!
//! The log is a chain of hashes with a signed end. The auditor keeps in a file what it has seen
//! before: ends of the log, acceptances and keys of blind credit. A log that does not contain all
//! of it is a different log, and the two signatures of the node together show that.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use serde_json::json;
use serde_json::value::RawValue;
use url::Url;
use velum_cli::failure::Failure;
use velum_cli::files;
use velum_cli::report::Report;
use velum_market_model::{
    Acceptance, CreditKey, Hash, Head, Key, LogEntry, LogKind, Signed, chained, id,
};
use velum_market_provider::NodeClient;
use velum_market_rules::credit;

use crate::purse;

/// The most bytes of the file that is kept between audits.
const MOST_BYTES: usize = 64 << 20;

#[derive(clap::Args)]
pub struct Arguments {
    /// The URL of the node
    #[arg(long, value_name = "URL", env = "VELUM_MARKET_URL")]
    market: Url,
    /// The file that records what earlier audits saw. This audit adds what it sees; the file is
    /// created if it does not exist
    #[arg(long, value_name = "F")]
    seen: PathBuf,
    /// Also check the keys of blind credit in this purse, and record them for later audits
    #[arg(long, value_name = "F")]
    purse: Option<PathBuf>,
    /// Also check the acceptance of this job, and record it for later audits; may be given several
    /// times
    #[arg(long, value_name = "HASH")]
    job: Vec<String>,
}

/// What is kept between audits.
#[derive(Default, Serialize, Deserialize)]
struct Seen {
    /// The node's key, as it was first seen.
    key: Option<Key>,
    /// Signed ends of the log, in order.
    heads: Vec<Box<RawValue>>,
    /// Signed acceptances.
    acceptances: Vec<Box<RawValue>>,
    /// Signed keys of blind credit.
    #[serde(default)]
    credit_keys: Vec<Box<RawValue>>,
}

pub async fn run(arguments: Arguments) -> Result<Report, Failure> {
    let failed = |error: &dyn std::fmt::Display| Failure::market("audit", error.to_string());
    let mut seen = read(&arguments.seen)?;
    let node = NodeClient::new(arguments.market.clone()).map_err(|error| failed(&error))?;
    let info = node.market().await.map_err(|error| failed(&error))?;
    let key = *seen.key.get_or_insert(info.key);
    let mut wrong = Vec::new();
    if key != info.key {
        wrong.push("the node now signs with another key than before".to_owned());
    }
    for job in &arguments.job {
        let job = Hash::try_from(job.clone()).map_err(|error| failed(&error))?;
        let acceptance = node.acceptance(job).await.map_err(|error| failed(&error))?;
        seen.acceptances.push(RawValue::from_string(acceptance).map_err(|_| Failure::bug())?);
    }
    let credit_key = node.credit_key().await.map_err(|error| failed(&error))?;
    let mut credit_keys = vec![RawValue::from_string(credit_key).map_err(|_| Failure::bug())?];
    if let Some(purse) = &arguments.purse {
        let keys = purse::at(purse, info.id).keys().await;
        credit_keys.extend(keys.map_err(|error| purse::failure(purse, &error))?);
    }
    for credit_key in credit_keys {
        if seen.credit_keys.iter().all(|seen| seen.get() != credit_key.get()) {
            seen.credit_keys.push(credit_key);
        }
    }
    let head = node.head().await.map_err(|error| failed(&error))?;
    seen.heads.push(RawValue::from_string(head).map_err(|_| Failure::bug())?);
    let log = Log::fetch(&node).await?;
    wrong.extend(log.wrong.clone());
    for head in &seen.heads {
        wrong.extend(log.check_head(head, &key));
    }
    for acceptance in &seen.acceptances {
        wrong.extend(log.check_acceptance(acceptance, &key));
    }
    for credit_key in &seen.credit_keys {
        wrong.extend(log.check_credit_key(credit_key, &key));
    }
    wrong.extend(log.check_epochs());
    let bytes = serde_json::to_vec(&seen).map_err(|_| Failure::bug())?;
    files::write(&arguments.seen, &bytes)?;
    let json = json!({
        "entries": log.entries.len(), "heads": seen.heads.len(), "acceptances": seen.acceptances.len(),
        "credit_keys": seen.credit_keys.len(), "wrong": wrong,
    });
    if wrong.is_empty() {
        let text = format!(
            "The log has {} entries and is one chain. It contains all that was seen: {} ends, {} acceptances and {} keys of credit.",
            log.entries.len(),
            seen.heads.len(),
            seen.acceptances.len(),
            seen.credit_keys.len()
        );
        return Ok(Report::done(json, text));
    }
    let text = format!(
        "The node contradicts what it said before. {} shows this by the node's own signatures:\n  {}",
        arguments.seen.display(),
        wrong.join("\n  ")
    );
    Ok(Report::refused(json, text))
}

fn read(path: &std::path::Path) -> Result<Seen, Failure> {
    if !path.exists() {
        return Ok(Seen::default());
    }
    let bytes = files::read(path, MOST_BYTES)?;
    serde_json::from_slice(&bytes)
        .map_err(|error| Failure::usage(format!("{}: {error}", path.display())))
}

/// The log as the node gives it now, with the hash after each entry.
struct Log {
    entries: Vec<LogEntry>,
    hashes: Vec<Hash>,
    wrong: Vec<String>,
}

impl Log {
    async fn fetch(node: &NodeClient) -> Result<Self, Failure> {
        let mut log = Self { entries: Vec::new(), hashes: Vec::new(), wrong: Vec::new() };
        loop {
            let page = node
                .log(log.entries.len() as u64)
                .await
                .map_err(|error| Failure::market("audit", error.to_string()))?;
            if page.is_empty() {
                return Ok(log);
            }
            for entry in page {
                if !log.add(entry) {
                    return Ok(log);
                }
            }
        }
    }

    /// Adds an entry. Returns false if the entry does not follow the previous one.
    fn add(&mut self, entry: LogEntry) -> bool {
        let number = self.entries.len() as u64 + 1;
        let is_later = self.entries.last().is_none_or(|last| last.at <= entry.at);
        if entry.number.get() != number || !is_later {
            self.wrong.push(format!("entry {number} does not follow the previous entry"));
            return false;
        }
        let before = self.hashes.last().copied().unwrap_or_default();
        let Ok(hash) = chained(&before, &entry) else {
            self.wrong.push(format!("entry {number} cannot be hashed"));
            return false;
        };
        self.hashes.push(hash);
        self.entries.push(entry);
        true
    }

    /// What is wrong with an end of the log that was seen, if anything.
    fn check_head(&self, head: &RawValue, key: &Key) -> Option<String> {
        let head = match Signed::<Head>::read(head.get().as_bytes()) {
            Ok(head) if head.key() == key => head,
            Ok(_) => return Some("an end of the log is signed by another key".to_owned()),
            Err(error) => return Some(format!("an end of the log is not valid: {error}")),
        };
        let Head { number, hash, .. } = head.message();
        let there = match number.get() {
            0 => Some(Hash::default()),
            number => {
                usize::try_from(number - 1).ok().and_then(|place| self.hashes.get(place)).copied()
            }
        };
        match there {
            Some(there) if there == *hash => None,
            Some(_) => {
                Some(format!("the log up to entry {number} differs from the log that was signed"))
            }
            None => Some(format!("the log had {number} entries, and has fewer now")),
        }
    }

    /// Finds a key of blind credit that was not published in its own epoch. If such keys were
    /// allowed, the node could make up a separate key for each client.
    fn check_epochs(&self) -> Option<String> {
        let of_other_epoch = |entry: &&LogEntry| {
            entry.kind == LogKind::Credit
                && entry.subject != CreditKey::subject(credit::epoch_at(entry.at))
        };
        let entry = self.entries.iter().find(of_other_epoch)?;
        Some(format!(
            "entry {} publishes a key of blind credit, but not in the epoch of this key",
            entry.number
        ))
    }

    /// What is wrong with a key of blind credit that was seen, if anything. It has to be the only
    /// key of its epoch in the log.
    fn check_credit_key(&self, credit_key: &RawValue, key: &Key) -> Option<String> {
        let signed = match Signed::<CreditKey>::read(credit_key.get().as_bytes()) {
            Ok(signed) if signed.key() == key => signed,
            Ok(_) => return Some("a key of blind credit is signed by another key".to_owned()),
            Err(error) => return Some(format!("a key of blind credit is not valid: {error}")),
        };
        let epoch = signed.message().epoch;
        let subject = CreditKey::subject(epoch);
        let of_epoch = self
            .entries
            .iter()
            .filter(|entry| entry.kind == LogKind::Credit && entry.subject == subject);
        let digests: Vec<_> = of_epoch.map(|entry| entry.digest).collect();
        let is_the_one = id(signed.message()).is_ok_and(|id| digests == [id]);
        (!is_the_one).then(|| {
            let there = digests.len();
            format!("the key of blind credit that was shown for epoch {epoch} is not the one key in the log, which has {there}")
        })
    }

    /// What is wrong with an acceptance that was seen, if anything.
    fn check_acceptance(&self, acceptance: &RawValue, key: &Key) -> Option<String> {
        let acceptance = match Signed::<Acceptance>::read(acceptance.get().as_bytes()) {
            Ok(acceptance) if acceptance.key() == key => acceptance,
            Ok(_) => return Some("an acceptance is signed by another key".to_owned()),
            Err(error) => return Some(format!("an acceptance is not valid: {error}")),
        };
        let Acceptance { job, number, .. } = acceptance.message();
        let place = usize::try_from(number.get().saturating_sub(1)).ok();
        let entry = place.and_then(|place| self.entries.get(place));
        let is_there =
            entry.is_some_and(|entry| entry.kind == LogKind::Job && entry.subject == *job);
        (!is_there).then(|| {
            format!("job {job} was accepted as entry {number} of the log, but is not there")
        })
    }
}
