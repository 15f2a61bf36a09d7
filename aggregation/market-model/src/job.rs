//! What clients say: jobs with their offers, standing orders, cancellations and disputes.

use serde::{Deserialize, Serialize};

use crate::{
    Amount, Count, Duration, Hash, IdempotencyKey, Key, Message, ModelError, ProofSystemName,
    TextError, Time,
};

/// The most bytes of a submission, as specified in `docs/formats.md`.
const MOST_PROOF_BYTES: u64 = 1 << 20;

/// One presentation that an aggregate is to count. It names no payee: the provider that wins the
/// job's lot is the payee.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Job {
    /// The only market that the job is for: [`Key::owner`] of its node's key. Otherwise, anyone who
    /// receives the job could hand it in elsewhere, and the client would pay twice.
    pub market: Hash,
    /// The submission: the presentation, with the request and the transcript that it answers.
    pub proof: ProofReference,
    /// What verifies the proofs of the submission.
    pub proof_system: ProofSystem,
    /// The size class of the document.
    pub size_class: SizeClass,
    /// The salted hash of what the presentation states.
    pub statement: Hash,
    /// What the client pays, how the price is found, and until when.
    pub offer: Offer,
    /// The profile of the aggregate that is to count the job.
    pub profile: Profile,
    /// Whether the job waits for other jobs.
    pub latency: Latency,
    /// The standing order that pays for the job, if there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub standing_order: Option<Hash>,
    /// Identifies one job, however often it is sent.
    pub idempotency_key: IdempotencyKey,
    /// The key that pays, is refunded, and may cancel.
    pub submitter: Key,
}

/// A reference to bytes by their hash.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProofReference {
    /// SHA-256 of the bytes.
    pub sha256: Hash,
    /// The number of bytes.
    pub length: Count,
}

/// What verifies a presentation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProofSystem {
    /// The name and version.
    pub name: ProofSystemName,
    /// The hash of the list of the verifier's keys.
    pub keys: Hash,
}

impl ProofSystem {
    /// The proof system of a suite of presentations, from its name, its version, and the keys that
    /// verify it, in their order.
    ///
    /// # Errors
    /// Returns [`TextError`] for a name that no suite can have.
    pub fn of_suite(name: &str, version: u8, keys: &[impl AsRef<[u8]>]) -> Result<Self, TextError> {
        let keys: Vec<&[u8]> = keys.iter().map(AsRef::as_ref).collect();
        Ok(Self { name: format!("velum {name} {version}").try_into()?, keys: Hash::of(&keys) })
    }
}

/// The size class of a document, which decides what a leaf costs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SizeClass {
    /// The smallest class.
    Standard,
    /// The middle class.
    Large,
    /// The largest class.
    Extra,
}

impl SizeClass {
    /// All classes, in order of size.
    pub const ALL: [Self; 3] = [Self::Standard, Self::Large, Self::Extra];

    /// The name of the class, as documents' classes are called.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Standard => "standard",
            Self::Large => "large",
            Self::Extra => "extra",
        }
    }

    /// The class with this name.
    #[must_use]
    pub fn by_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|class| class.name() == name)
    }
}

/// The profile of an aggregate, which states how much of its security is proven.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Profile {
    /// 58 proven bits.
    #[serde(rename = "standard")]
    Standard,
    /// 100 proven bits.
    #[serde(rename = "proven-100")]
    Proven100,
}

/// How long a job waits for company.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase", deny_unknown_fields)]
pub enum Latency {
    /// The job does not wait. It is a batch of its own.
    Single,
    /// The job waits until there is enough company, or until it has waited long enough.
    Aggregated {
        /// The longest wait, which ends whatever the company is.
        max_wait: Duration,
        /// How many presentations the client wants in the batch.
        min_batch: Count,
    },
}

/// How a price is found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Order {
    /// The price rises until a provider takes it.
    Dutch,
    /// Sealed bids. The lowest bid wins and is paid the second-lowest price.
    Sealed,
    /// Standing quotes of providers, ordered by price and then by time.
    Limit,
}

/// What a client offers for one job.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Offer {
    /// How the price is found.
    pub order: Order,
    /// The least price.
    pub minimum: Amount,
    /// The highest price, which is held from the start.
    pub maximum: Amount,
    /// How the price moves from one to the other.
    pub ramp: Ramp,
    /// The time by which a provider has to have taken the job.
    pub lock_by: Time,
    /// The time by which the job has to be delivered, by the provider that then holds it.
    pub deliver_by: Time,
    /// The collateral that a provider has to put up for this job, unless the market's rules ask for
    /// more.
    pub collateral: Amount,
}

/// How a price moves over time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ramp {
    /// The earliest start of the ramp.
    pub start: Time,
    /// How long the ramp takes.
    pub duration: Duration,
    /// The direction of the ramp.
    pub price: PriceMove,
}

/// The direction of a ramp.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum PriceMove {
    /// From the minimum to the maximum.
    Rises,
    /// From the maximum to the minimum.
    Falls,
}

/// Takes a job back. This is possible until the job's batch closes, and also before the job
/// arrives.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cancel {
    /// The id of the job.
    pub job: Hash,
    /// The job's `offer.lock_by`. A market that does not have the job keeps the cancellation until
    /// then. After that, no provider could take the job.
    pub lock_by: Time,
    /// The submitter of the job.
    pub submitter: Key,
}

/// Capacity that a client buys ahead from a provider whose quote gives a discount for it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StandingOrder {
    /// The only market that the order is for: [`Key::owner`] of its node's key.
    pub market: Hash,
    /// The id of the quote that the client accepts.
    pub quote: Hash,
    /// The number of presentations.
    pub count: Count,
    /// The price for each presentation, which is paid ahead.
    pub price: Amount,
    /// The time from which jobs can be drawn.
    pub from: Time,
    /// The time until which jobs can be drawn. The market's rule settles what is unused.
    pub until: Time,
    /// Identifies one order, however often it is sent.
    pub idempotency_key: IdempotencyKey,
    /// The client that pays.
    pub client: Key,
}

/// States that something went wrong that the node did not see.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Dispute {
    /// The id of the lot.
    pub lot: Hash,
    /// What is disputed.
    pub grievance: Grievance,
    /// SHA-256 of the evidence.
    pub evidence: Hash,
    /// The key that states this.
    pub complainant: Key,
}

/// What a dispute is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Grievance {
    /// A provider could not fetch what it should fold.
    InputsWithheld,
    /// A client's receipt does not verify.
    ReceiptInvalid,
    /// A client has no receipt.
    ReceiptMissing,
    /// A delivery in time was not accepted.
    DeliveryIgnored,
}

impl Message for Job {
    const KIND: &'static str = "job";

    fn author(&self) -> &Key {
        &self.submitter
    }

    fn check(&self) -> Result<(), ModelError> {
        let wrong = |member, why| Err(ModelError::Member { kind: Self::KIND, member, why });
        let offer = &self.offer;
        if !(1..=MOST_PROOF_BYTES).contains(&self.proof.length.get()) {
            return wrong("proof.length", "a submission has 1 to 1048576 bytes");
        }
        if offer.maximum == Amount::ZERO || offer.minimum > offer.maximum {
            return wrong("offer.maximum", "it has to be above zero and not below the minimum");
        }
        if offer.order == Order::Dutch && offer.ramp.price == PriceMove::Falls {
            return wrong("offer.ramp.price", "the price of a Dutch auction has to rise");
        }
        if offer.ramp.start > offer.lock_by || offer.lock_by >= offer.deliver_by {
            return wrong(
                "offer.lock_by",
                "it has to be before deliver_by, and not before the ramp's start",
            );
        }
        if matches!(self.latency, Latency::Aggregated { min_batch: Count::ZERO, .. }) {
            return wrong("latency.min_batch", "a batch has at least one presentation");
        }
        Ok(())
    }
}

impl Message for Cancel {
    const KIND: &'static str = "cancel";

    fn author(&self) -> &Key {
        &self.submitter
    }
}

impl Message for StandingOrder {
    const KIND: &'static str = "standing order";

    fn author(&self) -> &Key {
        &self.client
    }

    fn check(&self) -> Result<(), ModelError> {
        let wrong = |member, why| Err(ModelError::Member { kind: Self::KIND, member, why });
        if self.count == Count::ZERO {
            return wrong("count", "it has to be above zero");
        }
        if self.price == Amount::ZERO {
            return wrong("price", "it has to be above zero");
        }
        if self.from >= self.until {
            return wrong("until", "it has to be after from");
        }
        Ok(())
    }
}

impl Message for Dispute {
    const KIND: &'static str = "dispute";

    fn author(&self) -> &Key {
        &self.complainant
    }
}
