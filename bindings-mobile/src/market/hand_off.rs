//! Handing a presentation off, to one of several markets, until there is a receipt that holds.

use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use velum_market_client::{
    Backoff, Given, HandOff, HandOffError, Market, Node, Plan, Progress, Saved, SignedJob, Step,
};
use velum_market_model::{Hash, SecretKey};
use velum_market_purse::{OneTime, Paying, Purse};

use super::client::MarketClient;
use super::host::{Bridge, Following, MarketHost, MarketHostError, time, trouble};
use super::payment::{Paid, Payment};
use super::purse::{self, CreditPurse, Kept};
use super::saved::{SavedHandOff, SavedMarket};
use super::terms::{self, MarketInput, MarketOffer, Place, Submitted};
use super::types::JobStatus;
use super::{Secret, malformed};
use crate::error::{ErrorCode, Problem, VelumError};
use crate::wallet::CHECKS;
use crate::watch::{Cancellation, Watch, locked};

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
    /// It holds signed messages, and who has it can take the job back; where a purse pays, also what the job is paid with, and is to be kept as the purse is. Remove it once the hand-off has
    /// ended.
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
    /// 32 secret bytes (Ed25519) of whoever pays there. Read once, and wiped. A market without one is paid from a purse, as is one that a purse of the options is of.
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
    /// What a wallet pays with, one for each market that it pays so: jobs have keys of their own there, which nobody can link. A hand-off goes on with the purses that it was begun with.
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
    let purses = Purses::open(&bridge, &options.purses).await?;
    let mut signed = Vec::new();
    for (place, (client, secret)) in payers.iter().enumerate() {
        let (market, now) = (client.id(&bridge).await?, time(SystemTime::now()));
        let (key, one_time) = payer(purses.of(market), secret.as_ref(), place)?;
        let place = Place { place: place as u64, of: payers.len() as u64 };
        let job = terms::job(&submitted, &offer, market, &key, now, place)?;
        signed.push(SavedMarket::sign(client.address(), job, &key, one_time)?);
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
    let standing = Arc::new(Standing { keeper, saved: Mutex::new(saved.clone()) });
    let bridge = Bridge::new(host, watch).following(standing.clone());
    let purses = Purses::open(&bridge, &options.purses).await?;
    let mut markets = Vec::new();
    for (place, market) in saved.markets.iter().enumerate() {
        let job = market.signed(&submitted.bytes)?;
        let adapter = paid(
            Node::new(&bridge, &market.url),
            &purses,
            &job,
            market,
            Payment { standing: Arc::clone(&standing), place },
        )?;
        markets.push(Market { adapter, job, preferred_until: market.preferred_until });
    }
    let plan = Plan { markets, backoff: Backoff::default(), poll, patience };
    let address = |market: usize| saved.markets.get(market).map(|market| market.url.clone());
    let hand_off = HandOff::new(&bridge, &plan, &submitted.bytes, Some(saved.at));
    let hand_off = hand_off.map_err(|error| not_given(&error, address))?;
    let work = async {
        let given = hand_off.run().await;
        // Of everything else the end is not known, and the job may have to be paid still.
        if matches!(given, Ok(_) | Err(HandOffError::NoMarket(_) | HandOffError::Stopped)) {
            for market in &plan.markets {
                market.adapter.end().await.map_err(|error| purse::failed(&error, PLACE))?;
            }
        }
        given.map_err(|error| not_given(&error, address))
    };
    let left = Watch::new(options.leave.as_ref(), None);
    let Given { market, receipt } =
        left.unless_cancelled(bridge.run(work)).await.map_err(|_| is_left())??;
    let job = saved.markets.get(market).map(|market| market.id.to_string()).unwrap_or_default();
    Ok(HandedOff { receipt, market: address(market).unwrap_or_default(), job })
}

/// What signs a market's job: a key of the job's own, where a purse pays, or else the account's.
fn payer(
    purse: Option<&Purse<Kept>>,
    account: Option<&Secret>,
    place: usize,
) -> Result<(SecretKey, Option<OneTime>), VelumError> {
    let failed = |error| purse::failed(&error, PLACE);
    match (purse, account) {
        (Some(_), _) => {
            let one_time = OneTime::new().map_err(failed)?;
            Ok((one_time.key().map_err(failed)?, Some(one_time)))
        }
        (None, Some(secret)) => Ok((secret.key()?, None)),
        (None, None) => {
            Err(malformed(&format!("markets[{place}].key"), "it has no key, and no purse is of it"))
        }
    }
}

/// How the market of a job is asked.
fn paid<'a>(
    node: Node<'a, Bridge>,
    purses: &'a Purses,
    job: &SignedJob,
    market: &SavedMarket,
    payment: Payment,
) -> Result<Paid<'a>, VelumError> {
    let Some(one_time) = market.one_time.clone() else { return Ok(Paid::ByAccount(node)) };
    let purse = purses.of(job.job().message().market).ok_or_else(|| {
        malformed(
            "options.purses",
            format!("the job at {} is paid from a purse, which is not there", market.url),
        )
    })?;
    Ok(Paid::FromPurse(Paying::new(node, purse, one_time, payment)))
}

/// The purses of a hand-off.
struct Purses(Vec<Purse<Kept>>);

impl Purses {
    async fn open(bridge: &Bridge, purses: &[Arc<CreditPurse>]) -> Result<Self, VelumError> {
        let mut opened = Vec::new();
        for purse in purses {
            opened.push(purse.purse(bridge).await?);
        }
        Ok(Self(opened))
    }

    fn of(&self, market: Hash) -> Option<&Purse<Kept>> {
        self.0.iter().find(|purse| purse.market() == market)
    }
}

fn is_left() -> VelumError {
    let message = "the hand-off was left, and the market may have the job; go on with what was saved";
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

/// Where a hand-off stands, as the app keeps it.
pub(super) struct Standing {
    keeper: Arc<dyn HandOffKeeper>,
    saved: Mutex<SavedHandOff>,
}

impl Standing {
    /// Changes it, and has it saved.
    pub(super) async fn keep(&self, change: impl FnOnce(&mut SavedHandOff) + Send) -> Result<(), String> {
        let text = {
            let mut saved = locked(&self.saved);
            change(&mut saved);
            saved.text().map_err(|error| error.to_string())?
        };
        self.keeper.save(text).await.map_err(|error| error.to_string())
    }
}

#[async_trait::async_trait]
impl Following for Standing {
    async fn save(&self, at: &Saved) -> Result<(), String> {
        self.keep(|saved| saved.at = *at).await
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
        let market =
            locked(&self.saved).markets.get(saved.market).map(|market| (market.url.clone(), market.id));
        let Some((url, id)) = market else { return };
        let trouble = trouble.as_ref().map(|trouble| self::trouble(trouble, &url));
        let (step, status) = (saved.step.into(), status.as_ref().map(JobStatus::from));
        self.keeper.on_progress(HandOffProgress { market: url, job: id.to_string(), step, status, trouble });
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
