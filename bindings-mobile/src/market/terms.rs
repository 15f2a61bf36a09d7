//! What is submitted, and on which terms: from the caller's inputs to the job that is signed.

use std::time::Duration;

use velum_core::proof::pinned_keys;
use velum_core::suite::Suite;
use velum_credentials::aggregate::Submission;
use velum_credentials::{Presentation, Request, SessionTranscript};
use velum_market_model::{
    Amount, Count, Hash, Job, Latency, Offer, Order, PriceMove, Profile, ProofReference,
    ProofSystem, QuantityError, Ramp, SecretKey, SizeClass, TextError, Time,
};
use velum_wallet::parse_request;

use super::malformed;
use crate::error::{ErrorCode, VelumError};
use crate::functions::caught;

/// The maximum time in which a price rises from the minimum to the maximum, in milliseconds.
const RAMP_MS: u64 = 300_000;

/// The default time within which there must be a receipt.
const WITHIN: Duration = Duration::from_secs(7200);

/// What is submitted to a market. Whoever folds it reads all of it: see `mayHandOff`.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct MarketInput {
    /// A presentation of the suite `aggregatable`.
    pub presentation: Vec<u8>,
    /// The request that the presentation answers (JSON or CBOR).
    pub request: Vec<u8>,
    /// The `SessionTranscript` of the session in which the presentation answers the request.
    pub transcript: Vec<u8>,
}

/// The terms on which a presentation is submitted. Amounts are whole numbers of the market's
/// smallest unit, below 2^53.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct MarketOffer {
    /// The profile of the aggregate and of the receipt, which determines what is proven about them.
    /// There is no default.
    pub profile: AggregateProfile,
    /// The minimum price. It must not be below the market's floor, which an estimate contains.
    pub minimum: u64,
    /// The maximum price. The market holds this amount from the start.
    pub maximum: u64,
    /// How the price is found. The default is a Dutch auction.
    #[uniffi(default = None)]
    pub order: Option<MarketOrder>,
    /// How long to wait for other presentations to be folded with, which makes the job cheaper.
    /// Without it, the presentation is folded alone.
    #[uniffi(default = None)]
    pub company: Option<Company>,
    /// The time within which there must be a receipt. The default is two hours. If there are
    /// several markets, each of them gets a part of the first half to find a provider.
    #[uniffi(default = None)]
    pub within: Option<Duration>,
}

/// The profile of an aggregate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, uniffi::Enum)]
pub enum AggregateProfile {
    /// 58 proven bits in each layer, and 100 conjectured bits.
    Standard,
    /// 100 proven bits in each layer.
    Proven100,
}

/// How a price is found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, uniffi::Enum)]
pub enum MarketOrder {
    /// The price rises until a provider takes the job.
    #[default]
    Dutch,
    /// Providers make sealed bids. The lowest bid wins and is paid the second-lowest bid.
    Sealed,
    /// The price comes from the book of the providers' quotes.
    Limit,
}

/// The company that a presentation waits for: other presentations to be folded with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, uniffi::Record)]
pub struct Company {
    /// The maximum time to wait.
    pub max_wait: Duration,
    /// The number of presentations that is enough. A market may aim at more, and wait for them.
    pub presentations: u64,
}

/// Returns why the answer to a request (JSON or CBOR) may not be handed to others, in words. The
/// list is empty if it may be handed off. A value that is disclosed, or a predicate that few people
/// meet, is for its verifier only.
#[uniffi::export]
pub fn may_hand_off(request: Vec<u8>) -> Result<Vec<String>, VelumError> {
    caught(|| Ok(kept_back(&parse_request(&request)?)))
}

fn kept_back(request: &Request) -> Vec<String> {
    let reasons = velum_credentials::aggregate::may_hand_off(request).err().unwrap_or_default();
    reasons.iter().map(ToString::to_string).collect()
}

/// A presentation with the request and the session that it answers, in the form that markets
/// receive.
pub(super) struct Submitted {
    pub(super) bytes: Vec<u8>,
    statement: Hash,
    size_class: SizeClass,
}

impl Submitted {
    /// Checks the input and encodes it.
    ///
    /// # Errors
    /// Whatever is wrong with the input; `kept_back`; `wrong_version` for a presentation of another
    /// suite.
    pub(super) fn new(input: &MarketInput) -> Result<Self, VelumError> {
        let request = parse_request(&input.request)?;
        let reasons = kept_back(&request);
        if !reasons.is_empty() {
            return Err(VelumError::new(ErrorCode::KeptBack, "request", reasons.join("; ")));
        }
        let transcript = SessionTranscript::parse(&input.transcript)?;
        let presentation = Presentation::from_bytes(&input.presentation)?;
        if presentation.suite() != Suite::Aggregatable {
            let message =
                "only presentations of suite \"aggregatable\" are folded; prepare with that suite";
            return Err(VelumError::new(ErrorCode::WrongVersion, "presentation.suite", message));
        }
        let class = presentation.size_class().name;
        let size_class = SizeClass::by_name(class)
            .ok_or_else(|| unlikely(&format!("no market takes documents of class {class}")))?;
        let submission = Submission { transcript, request, presentation };
        let statement = Hash(submission.claim()?.hash()?);
        let bytes = submission.with_presentation(&input.presentation);
        Ok(Self { bytes, statement, size_class })
    }
}

/// The place of a market in the order of preference.
#[derive(Clone, Copy)]
pub(super) struct Place {
    pub(super) place: u64,
    pub(super) of: u64,
}

impl Place {
    /// The place of a market that is asked alone.
    pub(super) const ONLY: Self = Self { place: 0, of: 1 };
}

/// Makes the job about a submission for one market. A provider has to take the job by its
/// `lock_by`. Until then the market is preferred to the next one.
pub(super) fn job(
    submitted: &Submitted,
    offer: &MarketOffer,
    market: Hash,
    key: &SecretKey,
    now: Time,
    Place { place, of }: Place,
) -> Result<Job, VelumError> {
    let suite = Suite::Aggregatable;
    let proof_system = ProofSystem::of_suite(suite.name(), suite.version(), &pinned_keys(suite));
    let within = milliseconds(offer.within.unwrap_or(WITHIN), "offer.within")?.get();
    let share = u128::from(within / 2) * u128::from(place + 1) / u128::from(of.max(1));
    let to_lock = u64::try_from(share).unwrap_or(within);
    let later = |milliseconds: u64| {
        velum_market_model::Duration::new(milliseconds).map_err(beyond("offer.within"))
    };
    let lock_by = now.after(later(to_lock)?);
    let latency = match offer.company {
        None => Latency::Single,
        Some(Company { max_wait, presentations }) => Latency::Aggregated {
            max_wait: milliseconds(max_wait, "offer.company.maxWait")?,
            min_batch: Count::new(presentations).map_err(beyond("offer.company.presentations"))?,
        },
    };
    Ok(Job {
        market,
        proof: ProofReference {
            sha256: Hash::of(&[&submitted.bytes]),
            length: Count::new(submitted.bytes.len() as u64).map_err(beyond("presentation"))?,
        },
        proof_system: proof_system.map_err(|error| unlikely(&error))?,
        size_class: submitted.size_class,
        statement: submitted.statement,
        offer: Offer {
            order: offer.order.unwrap_or_default().into(),
            minimum: Amount::new(offer.minimum).map_err(beyond("offer.minimum"))?,
            maximum: Amount::new(offer.maximum).map_err(beyond("offer.maximum"))?,
            ramp: Ramp {
                start: now,
                duration: later(RAMP_MS.min(to_lock / 2))?,
                price: PriceMove::Rises,
            },
            lock_by,
            deliver_by: lock_by.after(later(within.div_ceil(2))?),
            collateral: Amount::ZERO,
        },
        profile: offer.profile.into(),
        latency,
        standing_order: None,
        idempotency_key: random_text()?.try_into().map_err(|error: TextError| unlikely(&error))?,
        submitter: key.public(),
    })
}

/// A random text, so that a message that is sent twice counts once.
pub(super) fn random_text() -> Result<String, VelumError> {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes).map_err(|error| unlikely(&error))?;
    Ok(Hash(bytes).to_string())
}

/// Converts an amount of money.
pub(super) fn amount(amount: u64) -> Result<Amount, VelumError> {
    Amount::new(amount).map_err(beyond("amount"))
}

pub(super) fn milliseconds(
    duration: Duration,
    place: &'static str,
) -> Result<velum_market_model::Duration, VelumError> {
    let milliseconds = u64::try_from(duration.as_millis()).unwrap_or(u64::MAX);
    velum_market_model::Duration::new(milliseconds).map_err(beyond(place))
}

fn beyond(place: &'static str) -> impl Fn(QuantityError) -> VelumError {
    move |error| malformed(place, error.to_string())
}

/// An error that no input should cause.
fn unlikely(error: &dyn std::fmt::Display) -> VelumError {
    VelumError::new(ErrorCode::Internal, "market", error.to_string())
}

impl From<AggregateProfile> for Profile {
    fn from(profile: AggregateProfile) -> Self {
        match profile {
            AggregateProfile::Standard => Self::Standard,
            AggregateProfile::Proven100 => Self::Proven100,
        }
    }
}

impl From<MarketOrder> for Order {
    fn from(order: MarketOrder) -> Self {
        match order {
            MarketOrder::Dutch => Self::Dutch,
            MarketOrder::Sealed => Self::Sealed,
            MarketOrder::Limit => Self::Limit,
        }
    }
}
