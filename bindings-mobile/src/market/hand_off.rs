//! Handing a presentation off, to one of several markets, until there is a receipt that holds.

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

/// Where errors are that are about no market.
const PLACE: &str = "hand-off";

/// Between two questions where a job stands, unless told.
const POLL: Duration = Duration::from_secs(2);

/// After a job's last deadline, unless told.
const PATIENCE: Duration = Duration::from_secs(3600);

/// What an app does for a hand-off: keeps where it stands, judges receipts, and hears of its progress.
#[uniffi::export(with_foreign)]
#[async_trait::async_trait]
pub trait HandOffKeeper: Send + Sync {
    /// Saves where the hand-off stands, as text, in place of what was saved before, so that `resumeHandOff` goes on after a crash: nothing is done before it returns.
    /// It holds signed messages and no secret; who has it can take the job back. Remove it once the hand-off has ended.
    async fn save(&self, saved: String) -> Result<(), MarketHostError>;

    /// Judges a receipt by the request and the session that were answered: `velum-receipt-mobile` does. Where it throws, the hand-off ends with
    /// `receipt_not_judged`, and may be gone on with.
    async fn judge(&self, receipt: Vec<u8>) -> Result<ReceiptVerdict, MarketHostError>;

    /// Hears where the hand-off stands. Return soon, and throw nothing.
    fn on_progress(&self, progress: HandOffProgress);
}

/// What was found of a receipt.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Enum)]
pub enum ReceiptVerdict {
    /// It shows that the presentation is counted.
    Holds,
    /// It does not.
    DoesNotHold {
        /// Why not, in words.
        reason: String,
    },
}

/// A market that a presentation is offered to.
#[derive(Clone, uniffi::Record)]
pub struct ChosenMarket {
    /// The market.
    pub client: Arc<MarketClient>,
    /// 32 secret bytes (Ed25519) of whoever pays there. Read once, and wiped. A market without a key is paid from the purse of the options that is of the same address.
    #[uniffi(default = None)]
    pub key: Option<Vec<u8>>,
}

/// How a hand-off is followed and stopped.
#[derive(Clone, Default, uniffi::Record)]
pub struct HandOffOptions {
    /// Between two questions where a job stands; two seconds unless named.
    #[uniffi(default = None)]
    pub poll: Option<Duration>,
    /// After a job's last deadline, how long a market is still asked that does not say how the job ended; an hour unless named.
    #[uniffi(default = None)]
    pub patience: Option<Duration>,
    /// Stops the hand-off: the job is taken back, and the call ends with `Cancelled` once the market has said so. A job that some provider has taken already is waited
    /// for all the same: it is paid for.
    #[uniffi(default = None)]
    pub cancellation: Option<Arc<Cancellation>>,
    /// Leaves the hand-off at once, and takes nothing back: the call ends with `Cancelled`, and what was saved is to be gone on with.
    #[uniffi(default = None)]
    pub leave: Option<Arc<Cancellation>>,
    /// What a wallet pays with, one for each market that has no key here: jobs have keys of their own there, which nobody can link. A hand-off goes on with the purses that it was begun with.
    #[uniffi(default = [])]
    pub purses: Vec<Arc<CreditPurse>>,
}

/// What a hand-off does at a market.
#[derive(Clone, Copy, Debug, PartialEq, Eq, uniffi::Enum)]
pub enum HandOffStep {
    /// It hands the job in.
    Submitting,
    /// It waits for it.
    Waiting,
    /// It takes it back, to go on to the next market.
    Cancelling,
    /// It takes it back, to end.
    Stopping,
    /// It waits for it, since it could not be taken back.
    Committed,
}

/// Where a hand-off stands.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct HandOffProgress {
    /// The market's address.
    pub market: String,
    /// The job's id there.
    pub job: String,
    /// What is done.
    pub step: HandOffStep,
    /// Where the job stands, where the market has just said it.
    pub status: Option<JobStatus>,
    /// What went wrong last, and is tried again.
    pub trouble: Option<Problem>,
}

/// A receipt, and where it is from.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct HandedOff {
    /// The receipt, which the keeper has found good.
    pub receipt: Vec<u8>,
    /// The address of the market that gave it.
    pub market: String,
    /// The job's id there.
    pub job: String,
    /// Why what is left of the job's money is not in its purse yet, where a purse pays and it is not. `collect` of the purse takes it back later.
    #[uniffi(default = None)]
    pub purse: Option<Problem>,
}

/// Hands a presentation off, and gives its receipt, which the keeper has judged. It is handed to one market at a time, the preferred one first, and to the next
/// only when the one before will not be paid for it, whatever is lost on the way.
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
    // First, so that keys are wiped whatever comes.
    let payers = markets
        .into_iter()
        .map(|ChosenMarket { client, key }| Ok((client, key.map(Secret::new).transpose()?)));
    let payers: Vec<_> = payers.collect::<Result<_, VelumError>>()?;
    if payers.is_empty() {
        return Err(malformed("markets", "name one or more"));
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
                        "it has no key, and there is no purse of its address",
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
    // One that is stopped before it has begun hands nothing in.
    watch.check()?;
    run(&host, &watch, keeper, SavedHandOff::new(signed), &submitted, &options).await
}

/// Goes on with a hand-off from what was saved last, without its keys. `input` is what it was begun with.
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
    // Not under the call's own cancellation, which is to take the job back.
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
                let message =
                    format!("the job at {} is paid from a purse, which is not there", market.url);
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
            // The receipt is there all the same.
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

/// The purse of the market at an address.
fn purse_at(purses: &[Arc<CreditPurse>], address: &str) -> Option<Arc<CreditPurse>> {
    purses.iter().find(|purse| purse.is_at(address)).cloned()
}

fn is_left() -> VelumError {
    let message =
        "the hand-off was left, and the market may have the job; go on with what was saved";
    VelumError::new(ErrorCode::Cancelled, PLACE, message)
}

/// Why there is no receipt. Its place is the market's address, where it is about one.
fn not_given(error: &HandOffError, address: impl Fn(usize) -> Option<String>) -> VelumError {
    let code = ErrorCode::by_name(error.code()).unwrap_or(ErrorCode::Internal);
    if code == ErrorCode::Cancelled {
        return VelumError::new(code, PLACE, error.to_string());
    }
    let place = error.market().and_then(address).unwrap_or_else(|| PLACE.to_owned());
    let problem = Problem::new(code, place, error.to_string());
    VelumError::Market { problem, retry_after: None, receipt: error.receipt().map(<[u8]>::to_vec) }
}

/// What the app keeps of a hand-off.
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
