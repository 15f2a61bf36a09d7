//! `velum market submit`: submits a presentation to a market, and fetches its receipt.

use std::path::{Path, PathBuf};

use serde_json::json;
use tokio_util::sync::CancellationToken;
use url::Url;
use velum_cli::failure::Failure;
use velum_cli::report::Report;
use velum_cli::{files, inputs};
use velum_credentials::aggregate::{Submission, may_hand_off};
use velum_credentials::{Presentation, limits};
use velum_market_client::{
    Backoff, Given, HandOff, HandOffError, Market, MarketAdapter, Network, Node, Plan, Saved,
    SignedJob,
};
use velum_market_model::{
    Amount, Count, Duration, Hash, Job, Latency, Offer, Order, PriceMove, Profile, ProofReference,
    Ramp, SecretKey, SizeClass,
};
use velum_market_provider::NodeClient;
use velum_market_purse::Paying;
use velum_wallet::Challenge;

use crate::host::{Http, Kept, Platform};
use crate::purse::PurseFile;
use crate::{host, keys, purse};

/// The most bytes of the file in which a hand-off is kept.
const KEPT_BYTES: usize = 1 << 20;

#[derive(clap::Args)]
pub struct Arguments {
    /// The URL of the node
    #[arg(long, value_name = "URL", env = "VELUM_MARKET_URL")]
    market: Url,
    /// The file with the secret key of the payer, which is a verifier or an issuer. A wallet pays
    /// from a purse, because all jobs of one key are known to be of one holder
    #[arg(long, value_name = "F", required_unless_present = "purse", conflicts_with = "purse")]
    key: Option<PathBuf>,
    /// The purse that a wallet pays from, with a new key for this job. `velum market credit` fills
    /// it, and what is left of the job's money comes back to it
    #[arg(long, value_name = "F")]
    purse: Option<PathBuf>,
    /// A presentation of the suite `aggregatable`
    #[arg(long, value_name = "F")]
    presentation: PathBuf,
    /// The CBOR SessionTranscript of its session
    #[arg(long, value_name = "F")]
    transcript: PathBuf,
    /// The request that it answers, as JSON
    #[arg(long, value_name = "F")]
    request: PathBuf,
    /// Where to write the receipt. Until the receipt is there, the hand-off is kept in a file
    /// beside it, so that the same command continues after a crash
    #[arg(long, value_name = "F")]
    out: PathBuf,
    #[command(flatten)]
    terms: Terms,
    /// Require that the aggregate is counted for this payee, 32 bytes in hexadecimal
    #[arg(long, value_name = "HEX")]
    payee: Option<String>,
}

/// The terms on which a job is submitted.
#[derive(Clone, clap::Args)]
pub struct Terms {
    /// The lowest price
    #[arg(long, value_name = "UNITS", default_value = "100")]
    pub minimum: u64,
    /// The highest price, which is held from the start
    #[arg(long, value_name = "UNITS", default_value = "1000")]
    pub maximum: u64,
    /// How the price is found: `dutch`, `sealed` or `limit`
    #[arg(long, value_name = "ORDER", default_value = "dutch", value_parser = order)]
    pub order: Order,
    /// How many seconds to wait for other presentations, which make the job cheaper; without this
    /// option, the job is folded alone
    #[arg(long, value_name = "S")]
    pub max_wait: Option<u64>,
    /// How many presentations are enough for a batch
    #[arg(long, value_name = "N", default_value = "2")]
    pub min_batch: u64,
    /// Minutes until the receipt must be there
    #[arg(long, value_name = "MIN", default_value = "120")]
    pub within: u64,
}

impl Default for Terms {
    fn default() -> Self {
        Self {
            minimum: 100,
            maximum: 1000,
            order: Order::Dutch,
            max_wait: None,
            min_batch: 2,
            within: 120,
        }
    }
}

fn order(name: &str) -> Result<Order, String> {
    match name {
        "dutch" => Ok(Order::Dutch),
        "sealed" => Ok(Order::Sealed),
        "limit" => Ok(Order::Limit),
        _ => Err("use dutch, sealed or limit".to_owned()),
    }
}

pub async fn run(arguments: Arguments, stop: CancellationToken) -> Result<Report, Failure> {
    files::check_writable(&arguments.out)?;
    let challenge = inputs::challenge(&arguments.transcript, &arguments.request)?;
    let bytes = files::read(&arguments.presentation, limits::PRESENTATION_BYTES)?;
    let submission = submission(&challenge, Presentation::from_bytes(&bytes)?)?;
    let payer = match (&arguments.key, &arguments.purse) {
        (Some(key), _) => Payer::Account(keys::key(key)?),
        (None, Some(purse)) => Payer::Purse(purse.clone()),
        (None, None) => return Err(Failure::usage("--key or --purse is needed".to_owned())),
    };
    let payee = arguments.payee.as_deref().map(hash).transpose()?.map(|payee| payee.0);
    let handed = HandedOff {
        market: &arguments.market,
        terms: &arguments.terms,
        out: &arguments.out,
        payee,
    };
    let receipt = handed.run(&submission, &payer, stop).await?;
    let out = arguments.out.display().to_string();
    let text =
        format!("Wrote {out}: {} bytes. Check it with `velum verify-receipt`.", receipt.len());
    Ok(Report::done(json!({ "out": out, "bytes": receipt.len() }), text))
}

/// The submission of a presentation, if the presentation may be handed off.
pub fn submission(
    challenge: &Challenge,
    presentation: Presentation,
) -> Result<Submission, Failure> {
    let (transcript, request) = (challenge.transcript().clone(), challenge.request().clone());
    may_hand_off(&request).map_err(|reasons| {
        let reasons: Vec<_> = reasons.iter().map(ToString::to_string).collect();
        Failure::usage(format!(
            "the presentation may not be handed to others: {}",
            reasons.join("; ")
        ))
    })?;
    Ok(Submission { transcript, request, presentation })
}

/// Who pays for a job.
pub enum Payer {
    /// An account, by its key.
    Account(SecretKey),
    /// A wallet, by the blind credit in its purse.
    Purse(PathBuf),
}

/// The market that a submission is handed off to, and the terms.
pub struct HandedOff<'a> {
    /// The URL of the node.
    pub market: &'a Url,
    /// The terms.
    pub terms: &'a Terms,
    /// The file for the receipt.
    pub out: &'a Path,
    /// The payee that the aggregate has to be counted for. `None` accepts any payee.
    pub payee: Option<[u8; 32]>,
}

impl HandedOff<'_> {
    /// Hands the submission off, waits for the receipt and writes it.
    pub async fn run(
        &self,
        submission: &Submission,
        payer: &Payer,
        stop: CancellationToken,
    ) -> Result<Vec<u8>, Failure> {
        let bytes = submission.to_bytes();
        let mut name = self.out.as_os_str().to_owned();
        name.push(".hand-off");
        let file = PathBuf::from(name);
        let kept: Kept = if file.exists() {
            serde_json::from_slice(&files::read(&file, KEPT_BYTES)?).map_err(|error| {
                Failure::usage(format!("{}: {error}; remove it to start again", file.display()))
            })?
        } else {
            self.begin(submission, &bytes, payer).await?
        };
        let job = SignedJob::read(&kept.job, &kept.cancel)
            .map_err(|error| Failure::usage(format!("{}: {error}", file.display())))?;
        if !job.is_about(&bytes) {
            let message =
                format!("{} belongs to another presentation; choose another --out", file.display());
            return Err(Failure::usage(message));
        }
        let (market, profile) = (job.job().message().market, job.job().message().profile);
        // Another market does not know the job. Its answer would be taken as proof that nobody will
        // be paid for the job.
        if let Ok(info) = self.node()?.market().await
            && info.id != market
        {
            let message =
                format!("{} belongs to another market than {}", file.display(), self.market);
            return Err(Failure::usage(message));
        }
        let (saved, from_purse) = (kept.saved, kept.from_purse);
        let http = Http::new()?;
        let platform =
            Platform::new(&http, (file.clone(), kept), submission, profile, self.payee, stop);
        let node = Node::new(&platform, self.market.as_str());
        let given = match payer {
            Payer::Purse(purse_file) if from_purse => {
                let purse = purse::at(purse_file, market);
                let paying = Paying::new(node, &purse);
                let given = self.hand_off(&platform, &paying, job.clone(), &bytes, saved).await?;
                if HandOffError::markets_that_are_over(&given) > 0 {
                    end(&paying, job.job().message(), purse_file).await;
                }
                given
            }
            Payer::Account(_) if !from_purse => {
                self.hand_off(&platform, node, job, &bytes, saved).await?
            }
            Payer::Account(_) => {
                let message =
                    format!("{} is paid from a purse: name the purse with --purse", file.display());
                return Err(Failure::usage(message));
            }
            Payer::Purse(_) => {
                let message =
                    format!("{} is paid by an account: name the key with --key", file.display());
                return Err(Failure::usage(message));
            }
        };
        // After any other outcome the file stays, and the same command continues or finds the same
        // outcome again.
        if matches!(given, Ok(_) | Err(HandOffError::NoMarket(_) | HandOffError::Stopped)) {
            std::fs::remove_file(&file).map_err(|error| Failure::file(&file, "remove", &error))?;
        }
        let given = given.map_err(|error| Failure::market("market", error.to_string()))?;
        Ok(given.receipt)
    }

    /// Submits the job, waits for the receipt and writes it.
    async fn hand_off<A: MarketAdapter>(
        &self,
        platform: &Platform<'_>,
        adapter: A,
        job: SignedJob,
        bytes: &[u8],
        saved: Option<Saved>,
    ) -> Result<Result<Given, HandOffError>, Failure> {
        let preferred_until = job.job().message().offer.lock_by;
        let plan = Plan {
            markets: vec![Market { adapter, job, preferred_until }],
            backoff: Backoff::default(),
            poll: Duration::constant(1000),
            patience: Duration::constant(60 * 60 * 1000),
        };
        let hand_off = HandOff::new(platform, &plan, bytes, saved)
            .map_err(|error| Failure::usage(error.to_string()))?;
        let given = hand_off.run().await;
        if let Ok(given) = &given {
            files::write(self.out, &given.receipt)?;
        }
        Ok(given)
    }

    /// Signs the job and its cancellation. A wallet's job gets a key of its own.
    async fn begin(
        &self,
        submission: &Submission,
        bytes: &[u8],
        payer: &Payer,
    ) -> Result<Kept, Failure> {
        let market = self.node()?.market().await.map_err(|error| failed(&error))?.key.owner();
        match payer {
            Payer::Account(key) => self.sign(market, submission, bytes, key),
            Payer::Purse(purse) => {
                let key = purse::at(purse, market).new_key(host::now()).await;
                let key = key.map_err(|error| purse::failure(purse, &error))?;
                Ok(Kept { from_purse: true, ..self.sign(market, submission, bytes, &key)? })
            }
        }
    }

    fn node(&self) -> Result<NodeClient, Failure> {
        NodeClient::new(self.market.clone()).map_err(|error| failed(&error))
    }

    fn sign(
        &self,
        market: Hash,
        submission: &Submission,
        bytes: &[u8],
        key: &SecretKey,
    ) -> Result<Kept, Failure> {
        let job = self.job(market, submission, bytes, key)?;
        let signed = SignedJob::sign(job, key).map_err(|error| failed(&error))?;
        let (job, cancel) = signed.json().map_err(|error| failed(&error))?;
        Ok(Kept { job, cancel, saved: None, from_purse: false })
    }

    fn job(
        &self,
        market: Hash,
        submission: &Submission,
        bytes: &[u8],
        key: &SecretKey,
    ) -> Result<Job, Failure> {
        let Terms { minimum, maximum, order, max_wait, min_batch, within } = self.terms.clone();
        let wrong = |error: velum_market_model::QuantityError| Failure::usage(error.to_string());
        let minutes =
            |count: u64| Duration::new(count.saturating_mul(60_000)).unwrap_or(Duration::MOST);
        let now = host::now();
        let latency = match max_wait {
            Some(seconds) => Latency::Aggregated {
                max_wait: Duration::new(seconds.saturating_mul(1000)).map_err(wrong)?,
                min_batch: Count::new(min_batch).map_err(wrong)?,
            },
            None => Latency::Single,
        };
        let statement = submission.claim()?.hash()?;
        let class = submission.presentation.size_class().name;
        let size_class = SizeClass::by_name(class).ok_or_else(Failure::bug)?;
        let length = Count::new(bytes.len() as u64).map_err(wrong)?;
        Ok(Job {
            market,
            proof: ProofReference { sha256: Hash::of(&[bytes]), length },
            proof_system: velum_market::proofs::system(),
            size_class,
            statement: Hash(statement),
            offer: Offer {
                order,
                minimum: Amount::new(minimum).map_err(wrong)?,
                maximum: Amount::new(maximum).map_err(wrong)?,
                ramp: Ramp { start: now, duration: minutes(5), price: PriceMove::Rises },
                lock_by: now.after(minutes(within / 2)),
                deliver_by: now.after(minutes(within)),
                collateral: Amount::ZERO,
            },
            profile: Profile::Standard,
            latency,
            standing_order: None,
            idempotency_key: keys::random()?.try_into().map_err(|_| Failure::bug())?,
            submitter: key.public(),
        })
    }
}

/// Puts what is left of a job's money back into the purse. What cannot be taken back now can be
/// taken back later, and is no reason to withhold a receipt.
async fn end<N: Network>(paying: &Paying<'_, N, PurseFile>, job: &Job, file: &Path) {
    if let Err(error) = paying.end(job).await {
        let purse = file.display();
        tracing::warn!(%error, %purse, "the rest of the job's money is not in the purse yet: run `velum market credit --collect`");
    }
}

fn failed(error: &dyn std::fmt::Display) -> Failure {
    Failure::market("market", error.to_string())
}

fn hash(text: &str) -> Result<Hash, Failure> {
    Hash::try_from(text.to_owned()).map_err(|error| Failure::usage(format!("--payee: {error}")))
}
