//! What clients say: jobs with their offers, standing orders, cancellations and disputes.

use serde::{Deserialize, Serialize};

use crate::{
    Amount, Count, Duration, Hash, IdempotencyKey, Key, Message, ModelError, ProofSystemName,
    TextError, Time,
};

/// The most bytes of a submission, as `docs/formats.md` has it.
const MOST_PROOF_BYTES: u64 = 1 << 20;

/// One presentation to be counted by an aggregate. It names no payee: whoever wins the lot that it falls into is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Job {
    /// The market that it is for, and no other: [`Key::owner`] of its node's key. Whoever receives it could hand it in elsewhere otherwise, and the
    /// client would pay twice.
    pub market: Hash,
    /// The submission: the presentation with what it answers.
    pub proof: ProofReference,
    /// What its proofs are verified by.
    pub proof_system: ProofSystem,
    /// Of the document.
    pub size_class: SizeClass,
    /// The hash of what it states, which is salted.
    pub statement: Hash,
    /// What the client pays, how the price is found, and until when.
    pub offer: Offer,
    /// Of the aggregate that shall count it.
    pub profile: Profile,
    /// Whether it waits for others.
    pub latency: Latency,
    /// The standing order that pays for it, if one does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub standing_order: Option<Hash>,
    /// One job, however often it is sent.
    pub idempotency_key: IdempotencyKey,
    /// Who pays, is refunded, and may cancel.
    pub submitter: Key,
}

/// Bytes by their hash.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProofReference {
    /// SHA-256 of the bytes.
    pub sha256: Hash,
    /// How many they are.
    pub length: Count,
}

/// What verifies a presentation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProofSystem {
    /// Name and version.
    pub name: ProofSystemName,
    /// The hash of the list of the verifier's keys.
    pub keys: Hash,
}

impl ProofSystem {
    /// The proof system of a suite of presentations: its name and version, and the keys that verify it, in their order.
    ///
    /// # Errors
    /// [`TextError`] for a name that is none of a suite.
    pub fn of_suite(name: &str, version: u8, keys: &[impl AsRef<[u8]>]) -> Result<Self, TextError> {
        let keys: Vec<&[u8]> = keys.iter().map(AsRef::as_ref).collect();
        Ok(Self { name: format!("velum {name} {version}").try_into()?, keys: Hash::of(&keys) })
    }
}

/// The size of a document, which decides what a leaf takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SizeClass {
    /// The smallest.
    Standard,
    /// The middle one.
    Large,
    /// The largest.
    Extra,
}

impl SizeClass {
    /// All, in order of size.
    pub const ALL: [Self; 3] = [Self::Standard, Self::Large, Self::Extra];

    /// Its name, as documents' classes are called.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Standard => "standard",
            Self::Large => "large",
            Self::Extra => "extra",
        }
    }

    /// The one of a name.
    #[must_use]
    pub fn by_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|class| class.name() == name)
    }
}

/// The profile of an aggregate: what is proven of it.
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
    /// Not at all: it is a batch of its own.
    Single,
    /// Until there is company enough, or it has waited enough.
    Aggregated {
        /// The longest wait, which ends it whatever the company.
        max_wait: Duration,
        /// How many presentations the client would have in the batch.
        min_batch: Count,
    },
}

/// How a price is found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Order {
    /// It rises until a provider takes it.
    Dutch,
    /// Sealed bids, of which the lowest wins and is paid the second-lowest.
    Sealed,
    /// Providers' standing quotes, by price and then by time.
    Limit,
}

/// What a client offers for one job.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Offer {
    /// How the price is found.
    pub order: Order,
    /// The least that is paid.
    pub minimum: Amount,
    /// The most, which is held from the start.
    pub maximum: Amount,
    /// How the price goes from one to the other.
    pub ramp: Ramp,
    /// By when a provider has to have taken it.
    pub lock_by: Time,
    /// By when it has to be delivered, by whoever has it then.
    pub deliver_by: Time,
    /// What a provider has to put up for this job, where the market's rules do not ask for more.
    pub collateral: Amount,
}

/// The way of a price over time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ramp {
    /// When it starts, at the earliest.
    pub start: Time,
    /// How long it takes.
    pub duration: Duration,
    /// In which direction.
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

/// Takes a job back, which is possible until its batch closes, and before it came.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cancel {
    /// The job's id.
    pub job: Hash,
    /// The job's `offer.lock_by`. A market that does not have the job keeps the cancellation until then: later nobody could take the job.
    pub lock_by: Time,
    /// The job's.
    pub submitter: Key,
}

/// Capacity that a client buys ahead, from a provider whose quote gives a discount for it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StandingOrder {
    /// The market that it is for, and no other: [`Key::owner`] of its node's key.
    pub market: Hash,
    /// The id of the quote that it takes.
    pub quote: Hash,
    /// How many presentations.
    pub count: Count,
    /// For each, paid ahead.
    pub price: Amount,
    /// Drawn from then on.
    pub from: Time,
    /// And until then; what is unused is settled by the market's rule.
    pub until: Time,
    /// One order, however often it is sent.
    pub idempotency_key: IdempotencyKey,
    /// Who pays.
    pub client: Key,
}

/// Says that something went wrong that the node did not see.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Dispute {
    /// The id of the lot.
    pub lot: Hash,
    /// What is disputed.
    pub grievance: Grievance,
    /// SHA-256 of what shows it.
    pub evidence: Hash,
    /// Who says so.
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
    /// A delivery in time was not taken.
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
            return wrong(
                "offer.ramp.price",
                "the price of a Dutch auction rises; a limit may fall",
            );
        }
        if offer.ramp.start > offer.lock_by || offer.lock_by >= offer.deliver_by {
            return wrong(
                "offer.lock_by",
                "it has to be after the ramp's start and before deliver_by",
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
