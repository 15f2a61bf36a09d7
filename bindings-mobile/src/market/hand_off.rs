//! Handing a presentation off to one of several markets, until there is a receipt that holds.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use velum_market_client::{
    Backoff, Given, HandOff, HandOffError, Market, Node, Plan, Progress, Saved, Step,
};
use velum_market_purse::Paying;

use super::client::MarketClient;
use super::host::{Bridge, Following, MarketHost, MarketHostError, time, trouble};
use super::payment::Paid;
use super::purse::{self, CreditPurse};
use super::saved::{SavedHandOff, SavedMarket};
use super::terms::{self, MarketInput, MarketOffer, Place, Submitted};
use super::types::JobStatus;
use super::{Secret, malformed};
use crate::error::{ErrorCode, Problem, VelumError};
use crate::wallet::CHECKS;
use crate::watch::{Cancellation, Watch};

/// The place of errors that are not about a market.
const PLACE: &str = "hand-off";

/// The default interval between two requests for the state of a job.
const POLL: Duration = Duration::from_secs(2);

/// How long after a job's last deadline a market is still asked, by default.
const PATIENCE: Duration = Duration::from_secs(3600);

/// What an app does for a hand-off: it saves the state, judges receipts, and receives the progress.
#[uniffi::export(with_foreign)]
#[async_trait::async_trait]
pub trait HandOffKeeper: Send + Sync {
    /// Saves the state of the hand-off as text, in place of the state that was saved before. The
    /// hand-off does nothing until this call returns, so that `resumeHandOff` can continue after a
    /// crash. The text contains signed messages and no secret. Whoever has it can take the job
    /// back. Delete it once the hand-off has ended.
    async fn save(&self, saved: String) -> Result<(), MarketHostError>;

    /// Judges a receipt against the request and the session that were answered.
    /// `velum-receipt-mobile` does this. If this call throws, the hand-off throws the error
    /// `receipt_not_judged`, and can be resumed.
    async fn judge(&self, receipt: Vec<u8>) -> Result<ReceiptVerdict, MarketHostError>;

    /// Receives the progress of the hand-off. Return quickly, and do not throw.
    fn on_progress(&self, progress: HandOffProgress);
}

/// The verdict about a receipt.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Enum)]
pub enum ReceiptVerdict {
    /// The receipt shows that the presentation is counted.
    Holds,
    /// The receipt does not show it.
    DoesNotHold {
        /// Why not, in words.
        reason: String,
    },
}

/// A market that a presentation is offered to.
#[derive(Clone, uniffi::Record)]
pub struct ChosenMarket {
    /// The client of the market.
    pub client: Arc<MarketClient>,
    /// The 32 secret bytes (Ed25519) of the key that pays at the market. They are read once, and
    /// wiped. Without a key, the market is paid from the purse in the options that has the same
    /// address.
    #[uniffi(default = None)]
    pub key: Option<Vec<u8>>,
}

/// How a hand-off is followed, stopped and paid.
#[derive(Clone, Default, uniffi::Record)]
pub struct HandOffOptions {
    /// The interval between two requests for the state of a job. The default is two seconds.
    #[uniffi(default = None)]
    pub poll: Option<Duration>,
    /// How long after a job's last deadline to keep asking a market that does not say how the job
    /// ended. The default is an hour.
    #[uniffi(default = None)]
    pub patience: Option<Duration>,
    /// Stops the hand-off. The job is taken back, and the call throws the error `cancelled` once
    /// the market has confirmed it. If a provider has already taken the job, the call waits for the
    /// receipt all the same, because the job is paid for.
    #[uniffi(default = None)]
    pub cancellation: Option<Arc<Cancellation>>,
    /// Leaves the hand-off at once, without taking the job back. The call throws the error
    /// `cancelled`. Resume the hand-off from the saved state.
    #[uniffi(default = None)]
    pub leave: Option<Arc<Cancellation>>,
    /// The purses that a wallet pays from, one for each market that has no key here. Each job then
    /// has a key of its own, so that nobody can link the jobs. A hand-off must be resumed with the
    /// purses that it was begun with.
    #[uniffi(default = [])]
    pub purses: Vec<Arc<CreditPurse>>,
}

/// What a hand-off is doing at a market.
#[derive(Clone, Copy, Debug, PartialEq, Eq, uniffi::Enum)]
pub enum HandOffStep {
    /// It submits the job.
    Submitting,
    /// It waits for the job.
    Waiting,
    /// It takes the job back, to continue with the next market.
    Cancelling,
    /// It takes the job back, to end.
    Stopping,
    /// It waits for the job, because the job could not be taken back.
    Committed,
}

/// The state of a hand-off.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct HandOffProgress {
    /// The address of the market.
    pub market: String,
    /// The id of the job at the market.
    pub job: String,
    /// What the hand-off is doing.
    pub step: HandOffStep,
    /// The state of the job, if the market has just reported it.
    pub status: Option<JobStatus>,
    /// What went wrong last. The hand-off tries again, or takes the job back.
    pub trouble: Option<Problem>,
}

/// A receipt, and where it comes from.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct HandedOff {
    /// The receipt. The keeper has judged that it holds.
    pub receipt: Vec<u8>,
    /// The address of the market that gave it.
    pub market: String,
    /// The id of the job at the market.
    pub job: String,
    /// If a purse pays: why the rest of the job's money is not in the purse yet. Null if it is.
    /// `collect` of the purse takes the rest back later.
    #[uniffi(default = None)]
    pub purse: Option<Problem>,
}

/// Hands a presentation off, and returns its receipt, which the keeper has judged. The presentation
/// is submitted to one market at a time, the preferred one first. The hand-off continues with the
/// next market only when the previous market will not be paid for the job. This holds whatever is
/// lost on the way.
#[uniffi::export(default(options = None))]
pub async fn hand_off(
    host: Arc<dyn MarketHost>,
    keeper: Arc<dyn HandOffKeeper>,
    input: MarketInput,
    markets: Vec<ChosenMarket>,
    offer: MarketOffer,
    options: Option<HandOffOptions>,
) -> Result<HandedOff, VelumError> {
    let options = options.unwrap_or_default();
    // First, so that keys are wiped whatever happens.
    let payers = markets
        .into_iter()
        .map(|ChosenMarket { client, key }| Ok((client, key.map(Secret::new).transpose()?)));
    let payers: Vec<_> = payers.collect::<Result<_, VelumError>>()?;
    if payers.is_empty() {
        return Err(malformed("markets", "name at least one market"));
    }
    let watch = Watch::new(options.cancellation.as_ref(), None);
    let submitted = CHECKS.run(watch.clone(), move |_| Submitted::new(&input)).await?;
    let bridge = Bridge::new(&host, &watch);
    let mut signed = Vec::new();
    for (place, (client, secret)) in payers.iter().enumerate() {
        let (market, now) = (client.id(&bridge).await?, time(SystemTime::now()));
        let (key, from_purse) = match secret {
            Some(secret) => (secret.key()?, false),
            None => {
                let purse = purse_at(&options.purses, client.address()).ok_or_else(|| {
                    malformed(
                        &format!("markets[{place}].key"),
                        "there is no key, and no purse for this market; give one of them",
                    )
                })?;
                let key = purse.of(market).new_key(now).await;
                (key.map_err(|error| purse::failed(&error, client.address()))?, true)
            }
        };
        let place = Place { place: place as u64, of: payers.len() as u64 };
        let job = terms::job(&submitted, &offer, market, &key, now, place)?;
        signed.push(SavedMarket::sign(client.address(), job, &key, from_purse)?);
    }
    drop(payers);
    // A hand-off that is stopped before it begins submits nothing.
    watch.check()?;
    run(&host, &watch, keeper, SavedHandOff::new(signed), &submitted, &options).await
}

/// Resumes a hand-off from the state that was saved last. It needs no keys. `input` must be the
/// input that the hand-off was begun with.
#[uniffi::export(default(options = None))]
pub async fn resume_hand_off(
    host: Arc<dyn MarketHost>,
    keeper: Arc<dyn HandOffKeeper>,
    input: MarketInput,
    saved: String,
    options: Option<HandOffOptions>,
) -> Result<HandedOff, VelumError> {
    let options = options.unwrap_or_default();
    let watch = Watch::new(options.cancellation.as_ref(), None);
    // Not under the call's own cancellation, which must still take the job back.
    let read = move |_: &Watch| -> Result<_, VelumError> {
        Ok((SavedHandOff::read(&saved)?, Submitted::new(&input)?))
    };
    let (saved, submitted) = CHECKS.run(Watch::new(None, None), read).await?;
    run(&host, &watch, keeper, saved, &submitted, &options).await
}

async fn run(
    host: &Arc<dyn MarketHost>,
    watch: &Watch,
    keeper: Arc<dyn HandOffKeeper>,
    saved: SavedHandOff,
    submitted: &Submitted,
    options: &HandOffOptions,
) -> Result<HandedOff, VelumError> {
    let poll = terms::milliseconds(options.poll.unwrap_or(POLL), "options.poll")?;
    let patience = terms::milliseconds(options.patience.unwrap_or(PATIENCE), "options.patience")?;
    let bridge = Bridge::new(host, watch).following(Kept { keeper, plan: saved.clone() });
    let signed = saved.markets.iter().map(|market| Ok((market, market.signed(&submitted.bytes)?)));
    let signed: Vec<_> = signed.collect::<Result<_, VelumError>>()?;
    let purses = signed.iter().map(|(market, job)| {
        let of = |purse: Arc<CreditPurse>| purse.of(job.job().message().market);
        market.from_purse.then(|| purse_at(&options.purses, &market.url).map(of)).flatten()
    });
    let purses: Vec<_> = purses.collect();
    let mut markets = Vec::new();
    for ((market, job), purse) in signed.into_iter().zip(&purses) {
        let node = Node::new(&bridge, &market.url);
        let adapter = match purse {
            Some(purse) => Paid::FromPurse(Paying::new(node, purse)),
            None if market.from_purse => {
                let message = format!(
                    "the job at {} is paid from a purse that is missing; give it",
                    market.url
                );
                return Err(malformed("options.purses", message));
            }
            None => Paid::ByAccount(node),
        };
        markets.push(Market { adapter, job, preferred_until: market.preferred_until });
    }
    let plan = Plan { markets, backoff: Backoff::default(), poll, patience };
    let address = |market: usize| saved.markets.get(market).map(|market| market.url.clone());
    let hand_off = HandOff::new(&bridge, &plan, &submitted.bytes, Some(saved.at));
    let hand_off = hand_off.map_err(|error| not_given(&error, address))?;
    let work = async {
        let ended = hand_off.run().await;
        let over = plan.markets.iter().take(HandOffError::markets_that_are_over(&ended));
        let mut trouble = None;
        for Market { adapter, job, .. } in over {
            // The receipt is there even if this fails.
            if let Err(error) = adapter.end(job.job().message()).await {
                trouble = trouble.or(Some(purse::problem(&error, PLACE)));
            }
        }
        ended.map(|given| (given, trouble)).map_err(|error| not_given(&error, address))
    };
    let left = Watch::new(options.leave.as_ref(), None);
    let (Given { market, receipt }, purse) =
        left.unless_cancelled(bridge.run(work)).await.map_err(|_| is_left())??;
    let job = saved.markets.get(market).map(|market| market.id.to_string()).unwrap_or_default();
    Ok(HandedOff { receipt, market: address(market).unwrap_or_default(), job, purse })
}

/// Returns the purse for the market at an address.
fn purse_at(purses: &[Arc<CreditPurse>], address: &str) -> Option<Arc<CreditPurse>> {
    purses.iter().find(|purse| purse.is_at(address)).cloned()
}

fn is_left() -> VelumError {
    let message =
        "the hand-off was left, and the market may have the job; resume from what was saved last";
    VelumError::new(ErrorCode::Cancelled, PLACE, message)
}

/// Explains why there is no receipt. The place of the error is the market's address, if the error
/// is about a market.
fn not_given(error: &HandOffError, address: impl Fn(usize) -> Option<String>) -> VelumError {
    let code = ErrorCode::by_name(error.code()).unwrap_or(ErrorCode::Internal);
    if code == ErrorCode::Cancelled {
        return VelumError::new(code, PLACE, error.to_string());
    }
    let place = error.market().and_then(address).unwrap_or_else(|| PLACE.to_owned());
    let problem = Problem::new(code, place, error.to_string());
    VelumError::Market { problem, retry_after: None, receipt: error.receipt().map(<[u8]>::to_vec) }
}

/// The app's side of a hand-off: its keeper, and what is saved.
struct Kept {
    keeper: Arc<dyn HandOffKeeper>,
    plan: SavedHandOff,
}

#[async_trait::async_trait]
impl Following for Kept {
    async fn save(&self, at: &Saved) -> Result<(), String> {
        let text = self.plan.at(*at).text().map_err(|error| error.to_string())?;
        self.keeper.save(text).await.map_err(|error| error.to_string())
    }

    async fn judge(&self, receipt: &[u8]) -> Result<Result<(), String>, VelumError> {
        match self.keeper.judge(receipt.to_vec()).await {
            Ok(ReceiptVerdict::Holds) => Ok(Ok(())),
            Ok(ReceiptVerdict::DoesNotHold { reason }) => Ok(Err(reason)),
            Err(MarketHostError::Failed { reason }) => {
                Err(VelumError::new(ErrorCode::ReceiptNotJudged, PLACE, reason))
            }
        }
    }

    fn tell(&self, progress: &Progress) {
        let Progress { saved, status, trouble } = progress;
        let Some(market) = self.plan.markets.get(saved.market) else { return };
        self.keeper.on_progress(HandOffProgress {
            market: market.url.clone(),
            job: market.id.to_string(),
            step: saved.step.into(),
            status: status.as_ref().map(JobStatus::from),
            trouble: trouble.as_ref().map(|trouble| self::trouble(trouble, &market.url)),
        });
    }
}

impl From<Step> for HandOffStep {
    fn from(step: Step) -> Self {
        match step {
            Step::Submitting => Self::Submitting,
            Step::Waiting => Self::Waiting,
            Step::Cancelling => Self::Cancelling,
            Step::Stopping => Self::Stopping,
            Step::Committed => Self::Committed,
        }
    }
}
