//! Why something may not happen. Whatever is refused has changed nothing.

use thiserror::Error;
use velum_market_model::{Amount, Count, Duration, Hash, Profile, Time};

use crate::Account;

/// What is refused, why, and what to do.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum Refusal {
    /// An account has not enough.
    #[error("{account} holds {held}, and {needed} are needed; deposit the difference")]
    NotEnough {
        /// Which.
        account: Account,
        /// What it has.
        held: Amount,
        /// What it would have to have.
        needed: Amount,
    },
    /// An amount would be 2^53 or more.
    #[error("{account} would hold 2^53 or more; move less at once")]
    TooMuch {
        /// Of which account.
        account: Account,
    },
    /// A transfer of nothing, or from an account to itself.
    #[error("a transfer moves more than nothing, from one account to another")]
    NoTransfer,
    /// A message for another market.
    #[error(
        "it is for market {named}, and this is market {this}; send it there, or sign one for this market"
    )]
    OtherMarket {
        /// The message's.
        named: Hash,
        /// Where it came.
        this: Hash,
    },
    /// An offer below the floor.
    #[error(
        "offer.minimum is {offered}, and the least price of a presentation here is {floor}; offer more"
    )]
    BelowFloor {
        /// The offer's minimum.
        offered: Amount,
        /// The market's.
        floor: Amount,
    },
    /// Deadlines that nobody could meet.
    #[error(
        "the job has to be locked by {latest} to be delivered in time, which is too soon; move lock_by and deliver_by so that {needed} ms fit between"
    )]
    TooSoon {
        /// The latest time at which it could be locked.
        latest: Time,
        /// What auction and lease take.
        needed: Duration,
    },
    /// A deadline beyond what the market remembers.
    #[error("offer.lock_by is {lock_by}, and may be at most {most} ms away; move it closer")]
    TooFar {
        /// The offer's.
        lock_by: Time,
        /// The market's.
        most: Duration,
    },
    /// More company than a batch has.
    #[error(
        "latency.min_batch is {asked}, and no batch has more than {most} presentations; ask for fewer"
    )]
    BatchTooLarge {
        /// What the job asks for.
        asked: Count,
        /// The market's.
        most: Count,
    },
    /// A job of another kind than the batch.
    #[error(
        "the batch collects jobs of another profile, order, standing order or class; put the job into its own"
    )]
    OtherBatch,
    /// A batch that has all that it may have.
    #[error(
        "the batch has as many jobs, or as much money, as it may have; close it and open another"
    )]
    BatchFull,
    /// A batch that is closed.
    #[error("the batch is closed as lot {lot}; its jobs can be neither added nor cancelled")]
    BatchClosed {
        /// What became of it.
        lot: Hash,
    },
    /// A batch that may not close yet.
    #[error("the batch does not close before {at}, unless more jobs come; wait")]
    BatchOpen {
        /// When it closes at the latest.
        at: Time,
    },
    /// A job that is there already.
    #[error("job {job} is in the batch already; ask for its state")]
    Repeated {
        /// Which.
        job: Hash,
    },
    /// An idempotency key that stands for another job.
    #[error(
        "the idempotency key stands for job {job}, which says something else; choose another key for another job"
    )]
    OtherJob {
        /// The job that it stands for.
        job: Hash,
    },
    /// A job that is not there.
    #[error("job {job} is not in the batch; look for it in its lot")]
    NoSuchJob {
        /// Which.
        job: Hash,
    },
    /// Someone else's.
    #[error("{what} belongs to another; sign with the key that it belongs to")]
    NotYours {
        /// What it is.
        what: &'static str,
    },
    /// A job that is paid from capacity bought ahead.
    #[error("job {job} is drawn from a standing order and cannot be cancelled")]
    Drawn {
        /// Which.
        job: Hash,
    },
    /// Admitted for something else.
    #[error(
        "the admission is for another lot or another lease of it; ask for admission to this one"
    )]
    OtherAdmission,
    /// An event for another kind of auction.
    #[error("the lot is sold in another kind of auction; look at its order")]
    OtherAuction,
    /// The lot is not open.
    #[error("the lot is not open: it is {phase}; look for another")]
    NotOpen {
        /// What it is.
        phase: &'static str,
    },
    /// Nobody holds the lot.
    #[error("the lot is {phase}, and nobody's to deliver; lock it first")]
    NotLocked {
        /// What it is.
        phase: &'static str,
    },
    /// Too late to lock.
    #[error(
        "the lot could be locked until {until}, so that it can be delivered in time; look for another"
    )]
    LockOver {
        /// Until when.
        until: Time,
    },
    /// The price of the moment is too low.
    #[error(
        "the price is {price} now, and the lock asks for at least {at_least}; wait for it to rise"
    )]
    PriceBelow {
        /// Now.
        price: Amount,
        /// What was asked for.
        at_least: Amount,
    },
    /// A price outside of what the lot's jobs offer.
    #[error(
        "{price} is not between {minimum} and {maximum}, which the lot's jobs offer now; bid between them"
    )]
    PriceOutside {
        /// The price.
        price: Amount,
        /// The least.
        minimum: Amount,
        /// The most, now.
        maximum: Amount,
    },
    /// A provider that broke a lease of this lot.
    #[error("the provider has failed this lot before, and may not take it again; look for another")]
    FailedBefore,
    /// The lot belongs to who sold its capacity ahead.
    #[error("the lot is its seller's alone until {until}; wait")]
    SellersAlone {
        /// Until when.
        until: Time,
    },
    /// An event in the wrong part of a sealed auction.
    #[error("{what} is possible from {from} until before {until} only; {what} then")]
    OtherTime {
        /// What was tried.
        what: &'static str,
        /// From then on.
        from: Time,
        /// And before then.
        until: Time,
    },
    /// The commitments are fixed, or not yet.
    #[error("{0}")]
    Fixed(#[from] FixedError),
    /// A second bid.
    #[error("the bidder has bid in this auction; one bid is taken of each")]
    BidTwice,
    /// As many bids as an auction takes.
    #[error("the auction has {most} bids, as many as it takes; come earlier")]
    TooManyBids {
        /// How many it takes.
        most: Count,
    },
    /// Opens no bid.
    #[error(
        "price and nonce open no bid of this bidder; send those that the commitment was made of"
    )]
    OpensNoBid,
    /// A delivery under a lease that has ended.
    #[error(
        "the delivery is for epoch {named}, and the lease is of epoch {current}; nothing is paid for a lease that has ended"
    )]
    Fenced {
        /// The delivery's.
        named: Count,
        /// The lease's.
        current: Count,
    },
    /// A delivery after the lease's time.
    #[error(
        "the lease ended at {deliver_by}, and the delivery came at {now}; nothing is paid for it"
    )]
    TooLate {
        /// The lease's, lengthened by what excuses.
        deliver_by: Time,
        /// When it came.
        now: Time,
    },
    /// A delivery for what is delivered.
    #[error("the lot is settled; the first valid delivery won")]
    Settled,
    /// A lease that still runs.
    #[error("the lease runs until {deliver_by}; wait until it is over")]
    LeaseRuns {
        /// The lease's, lengthened by what excuses.
        deliver_by: Time,
    },
    /// A lot that still can be locked.
    #[error("the lot can be locked until {until}; it expires thereafter")]
    StillOpen {
        /// Until when.
        until: Time,
    },
    /// Too little stake.
    #[error("the provider stakes {staked}, and at least {needed} is needed; stake more")]
    Stake {
        /// What it stakes.
        staked: Amount,
        /// The market's.
        needed: Amount,
    },
    /// Stake that is not free yet.
    #[error("the stake is free from {until} on; wait")]
    StakeBound {
        /// From then on.
        until: Time,
    },
    /// More than one operator's share.
    #[error(
        "the operator would have {count} of {total} presentations in the window, and may have {most}; come back when others have taken theirs"
    )]
    Share {
        /// With this lot.
        count: Count,
        /// Of all, with this lot.
        total: Count,
        /// The most.
        most: Count,
    },
    /// More value at once than the provider's reputation bears.
    #[error(
        "the provider would hold lots worth {value} at once, and its reputation bears {most}; deliver what it holds first"
    )]
    Value {
        /// With this lot.
        value: Amount,
        /// The most.
        most: Amount,
    },
    /// A message that was taken already.
    #[error("message {id} was taken before, and counts once; sign another one")]
    TakenBefore {
        /// Which.
        id: Hash,
    },
    /// A job that its owner has taken back before it came.
    #[error("job {job} was cancelled before it came; sign another one")]
    CancelledBefore {
        /// Which.
        job: Hash,
    },
    /// As many messages of one key as are remembered.
    #[error(
        "{most} messages of this key are remembered, as many as may be; wait until some have expired"
    )]
    TooManySeen {
        /// The market's.
        most: Count,
    },
    /// A quote of another profile, too dear, too small or over.
    #[error("the quote does not fit: {why}; take another")]
    Quote {
        /// What does not fit.
        why: &'static str,
    },
    /// A second quote of one provider for one profile.
    #[error(
        "quote {quote} stands in the book for the same profile; revoke it, or wait until it is over"
    )]
    QuoteStands {
        /// The one that is there.
        quote: Hash,
    },
    /// A quote for another profile.
    #[error("the standing order is for profile {profile:?}; send such jobs")]
    OtherProfile {
        /// The order's.
        profile: Profile,
    },
    /// A standing order that gives nothing now.
    #[error(
        "the standing order can be drawn from {from} until before {until}, and has {left} presentations left; pay this job by itself"
    )]
    NothingToDraw {
        /// Its start.
        from: Time,
        /// Its end.
        until: Time,
        /// What is left.
        left: Count,
    },
    /// Blind credit of an epoch whose time is not now.
    #[error(
        "the credit is of epoch {named}, and this is epoch {current}; credit is issued in its own epoch, and redeemed in that and the next one"
    )]
    CreditEpoch {
        /// The message's.
        named: Count,
        /// Now.
        current: Count,
    },
    /// A token that was redeemed already.
    #[error("token {nonce} was spent before; spend another one")]
    Spent {
        /// Its name.
        nonce: Hash,
    },
    /// A key that was to be used for one job.
    #[error(
        "the key was paid by blind credit, and has handed in job {job}; take a new key for each job, since two jobs of one key are known to be of one holder"
    )]
    OneTimeKey {
        /// What it was used for.
        job: Hash,
    },
    /// Blind credit for a key that is known.
    #[error(
        "the key has handed in a job before, and credit would not be blind there; redeem it for a new key"
    )]
    KnownKey,
    /// A standing order that has ended, or not yet.
    #[error("the standing order ends at {until} and once; wait until then")]
    NotEnding {
        /// Its end.
        until: Time,
    },
}

/// Whether a message is for this market.
pub(crate) fn for_market(named: Hash, this: Hash) -> Result<(), Refusal> {
    if named == this { Ok(()) } else { Err(Refusal::OtherMarket { named, this }) }
}

/// Whether commitments may still come.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum FixedError {
    /// They are fixed.
    #[error("the commitments are fixed; bid in another auction")]
    Already,
    /// They are not.
    #[error("the commitments are not fixed yet; fix them before bids are opened")]
    NotYet,
}
