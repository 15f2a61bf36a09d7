//! Why something may not happen. A refused event has changed nothing.

use thiserror::Error;
use velum_market_model::{Amount, Count, Duration, Hash, Profile, Time};

use crate::Account;

/// What is refused, why, and what to do.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum Refusal {
    /// An account does not hold enough.
    #[error("{account} holds {held}, and {needed} are needed; deposit the difference")]
    NotEnough {
        /// The account.
        account: Account,
        /// What the account holds.
        held: Amount,
        /// What the account would have to hold.
        needed: Amount,
    },
    /// An amount would be 2^53 or more.
    #[error("{account} would hold 2^53 or more; move less at once")]
    TooMuch {
        /// The account.
        account: Account,
    },
    /// A transfer of nothing, or from an account to itself.
    #[error("a transfer has to move an amount above zero from one account to another")]
    NoTransfer,
    /// A message for another market.
    #[error(
        "the message is for market {named}, and this is market {this}; send it there, or sign a message for this market"
    )]
    OtherMarket {
        /// The market that the message names.
        named: Hash,
        /// The market that received it.
        this: Hash,
    },
    /// An offer below the floor.
    #[error(
        "the least price offered is {offered}, and this market's floor for a presentation is {floor}; offer more"
    )]
    BelowFloor {
        /// The minimum of the offer.
        offered: Amount,
        /// The floor of the market.
        floor: Amount,
    },
    /// Deadlines that no provider could meet.
    #[error(
        "the job has to be locked by {latest} to be delivered in time, which is too soon; set deliver_by at least {needed} ms from now, and lock_by late enough for the auction"
    )]
    TooSoon {
        /// The latest time at which the job could be locked.
        latest: Time,
        /// The time that auction and lease need.
        needed: Duration,
    },
    /// A deadline beyond what the market remembers.
    #[error("lock_by is {lock_by}, and may be at most {most} ms from now; choose an earlier time")]
    TooFar {
        /// The `lock_by` of the offer or of the cancellation.
        lock_by: Time,
        /// How far away `lock_by` may be.
        most: Duration,
    },
    /// A job that asks for more company than a batch can have.
    #[error(
        "latency.min_batch is {asked}, and no batch has more than {most} presentations; ask for fewer"
    )]
    BatchTooLarge {
        /// The number of jobs that it asks for.
        asked: Count,
        /// The most jobs of a batch.
        most: Count,
    },
    /// A job of another kind than the batch.
    #[error(
        "the batch collects jobs of another profile, order, standing order or class; put the job into a batch of its kind"
    )]
    OtherBatch,
    /// A batch that has as many jobs, or as much money, as it may have.
    #[error("the batch has as many jobs or as much money as it may have; open another batch")]
    BatchFull,
    /// A batch that is closed.
    #[error("the batch is closed and is now lot {lot}; jobs can be neither added nor cancelled")]
    BatchClosed {
        /// The lot that the batch became.
        lot: Hash,
    },
    /// A batch that may not close yet.
    #[error("the batch does not close before {at}, unless more jobs come; wait until then")]
    BatchOpen {
        /// When the batch closes at the latest.
        at: Time,
    },
    /// A job that is in the batch already.
    #[error("job {job} is in the batch already; ask for its state")]
    Repeated {
        /// The job.
        job: Hash,
    },
    /// An idempotency key that stands for another job.
    #[error(
        "the idempotency key already stands for job {job}, which is a different job; choose another key for this one"
    )]
    OtherJob {
        /// The job that the key stands for.
        job: Hash,
    },
    /// A job that is not in the batch.
    #[error("job {job} is not in the batch; look for it in its lot")]
    NoSuchJob {
        /// The job.
        job: Hash,
    },
    /// Something that belongs to another owner.
    #[error("{what} belongs to another key; sign with that key")]
    NotYours {
        /// What it is.
        what: &'static str,
    },
    /// A job that is paid from capacity bought ahead.
    #[error("job {job} is drawn from a standing order and cannot be cancelled")]
    Drawn {
        /// The job.
        job: Hash,
    },
    /// An admission to another lot, or under another lease.
    #[error(
        "the admission is for another lot or another lease; ask for admission to this lease of this lot"
    )]
    OtherAdmission,
    /// An event for another kind of auction.
    #[error("the lot is sold in another kind of auction, which its `order` names")]
    OtherAuction,
    /// The lot is not open.
    #[error("the lot is not open: it is {phase}; choose another lot")]
    NotOpen {
        /// The phase of the lot.
        phase: &'static str,
    },
    /// No provider holds the lot.
    #[error("the lot is {phase}, and no provider has a lease of it; lock an open lot first")]
    NotLocked {
        /// The phase of the lot.
        phase: &'static str,
    },
    /// It is too late to lock the lot.
    #[error(
        "the lot could be locked only until {until}, to be delivered in time; choose another lot"
    )]
    LockOver {
        /// The last moment at which it could be locked.
        until: Time,
    },
    /// The current price is too low.
    #[error(
        "the price is {price} now, and the lock asks for at least {at_least}; wait for it to rise"
    )]
    PriceBelow {
        /// The current price.
        price: Amount,
        /// The least price that the lock asks for.
        at_least: Amount,
    },
    /// A price outside what the jobs of the lot offer.
    #[error(
        "the price {price} is not between {minimum} and {maximum}, which the lot's jobs offer now; bid between these"
    )]
    PriceOutside {
        /// The price.
        price: Amount,
        /// The least price.
        minimum: Amount,
        /// The highest price at this time.
        maximum: Amount,
    },
    /// A provider that broke a lease of this lot.
    #[error("the provider failed this lot before and may not take it again; choose another lot")]
    FailedBefore,
    /// A lot that is reserved for the provider that sold its capacity ahead.
    #[error(
        "the lot is reserved until {until} for the provider that sold its capacity; wait until then"
    )]
    SellersAlone {
        /// When the reservation ends.
        until: Time,
    },
    /// An event in the wrong part of a sealed auction.
    #[error("{what} is possible only from {from} until before {until}; try again in this time")]
    OtherTime {
        /// What was tried.
        what: &'static str,
        /// When it becomes possible.
        from: Time,
        /// When it is no longer possible.
        until: Time,
    },
    /// The commitments are fixed already, or not yet.
    #[error("{0}")]
    Fixed(#[from] FixedError),
    /// A second bid of one bidder.
    #[error("the bidder has already bid in this auction; each bidder may bid once")]
    BidTwice,
    /// An auction that has as many bids as it accepts.
    #[error(
        "the auction already has {most} bids, which is the limit; bid earlier in the next auction"
    )]
    TooManyBids {
        /// How many bids it accepts.
        most: Count,
    },
    /// A price and nonce that open no bid.
    #[error(
        "the price and the nonce open no bid of this bidder; send those from which the commitment was made"
    )]
    OpensNoBid,
    /// A message for another lease of the lot, for example a delivery under a lease that has ended.
    #[error(
        "the message is for epoch {named}, and the lot is in epoch {current}; a delivery under a lease that has ended is not paid"
    )]
    Fenced {
        /// The epoch that the message names.
        named: Count,
        /// The current epoch of the lot.
        current: Count,
    },
    /// A delivery, or another fault than a missed lease, after the end of the lease.
    #[error(
        "the lease ended at {deliver_by}, and it is {now} now; a delivery after the end is not paid"
    )]
    TooLate {
        /// The end of the lease, lengthened by excuses.
        deliver_by: Time,
        /// The current time.
        now: Time,
    },
    /// A delivery for a lot that is settled, or a fault reported on one.
    #[error("the lot has ended; only the first valid delivery is paid")]
    Settled,
    /// A lease that still runs.
    #[error("the lease runs until {deliver_by}; wait until it is over")]
    LeaseRuns {
        /// The end of the lease, lengthened by excuses.
        deliver_by: Time,
    },
    /// A lot that can still be locked.
    #[error("the lot can be locked until {until}; it expires after that")]
    StillOpen {
        /// The last moment at which it can be locked.
        until: Time,
    },
    /// Too little stake.
    #[error("the provider stakes {staked}, and at least {needed} is needed; stake more")]
    Stake {
        /// What the provider stakes.
        staked: Amount,
        /// The least stake in this market.
        needed: Amount,
    },
    /// Stake that is not free yet.
    #[error("the stake is free from {until} on; wait until then")]
    StakeBound {
        /// When the stake becomes free.
        until: Time,
    },
    /// More than the share of one operator.
    #[error(
        "the operator would have {count} of {total} presentations in the window, and may have {most}; try again when others have taken more"
    )]
    Share {
        /// The operator's presentations, including this lot.
        count: Count,
        /// The presentations of all operators, including this lot.
        total: Count,
        /// The most presentations that the operator may have.
        most: Count,
    },
    /// A provider that would hold more value at once than its reputation allows.
    #[error(
        "the provider would hold lots worth {value} at once, and its reputation allows {most}; deliver what it holds first"
    )]
    Value {
        /// The value, including this lot.
        value: Amount,
        /// The most value that it may hold.
        most: Amount,
    },
    /// A message that was accepted before.
    #[error("message {id} was accepted before and counts once; sign another message")]
    TakenBefore {
        /// The id of the message.
        id: Hash,
    },
    /// A job that its owner cancelled before it arrived.
    #[error("job {job} was cancelled before it arrived; sign another job")]
    CancelledBefore {
        /// The job.
        job: Hash,
    },
    /// A key of which as many messages are remembered as the market allows.
    #[error(
        "the market remembers {most} messages of this key, which is the limit; wait until some have expired"
    )]
    TooManySeen {
        /// The most messages of one key.
        most: Count,
    },
    /// A quote that is of another profile, too dear, too small, or over.
    #[error("the quote does not fit: {why}; choose another quote")]
    Quote {
        /// What does not fit.
        why: &'static str,
    },
    /// A second quote of one provider for one profile.
    #[error(
        "quote {quote} of this profile is already in the book; revoke it, or wait until it is used up or expires"
    )]
    QuoteStands {
        /// The quote that stands in the book.
        quote: Hash,
    },
    /// A job of another profile than the standing order's.
    #[error("the standing order is for profile {profile:?}; submit jobs of this profile")]
    OtherProfile {
        /// The profile of the standing order.
        profile: Profile,
    },
    /// A standing order from which nothing can be drawn now.
    #[error(
        "the standing order can be drawn from {from} until before {until}, and has {left} presentations left; pay for this job separately"
    )]
    NothingToDraw {
        /// The start of the order.
        from: Time,
        /// The end of the order.
        until: Time,
        /// The presentations that are left.
        left: Count,
    },
    /// Blind credit of an epoch that is not issued or redeemed now.
    #[error(
        "the credit is of epoch {named}, and this is epoch {current}; credit is issued in its own epoch, and redeemed in that and the next one"
    )]
    CreditEpoch {
        /// The epoch that the message names.
        named: Count,
        /// The current epoch.
        current: Count,
    },
    /// A token that was redeemed already.
    #[error("token {nonce} was spent before; spend another one")]
    Spent {
        /// The nonce of the token.
        nonce: Hash,
    },
    /// A key that was to be used for one job only.
    #[error(
        "the key was paid with blind credit and has already submitted job {job}; use a new key for each job, because two jobs of one key are known to be of one holder"
    )]
    OneTimeKey {
        /// The job that the key was used for.
        job: Hash,
    },
    /// Blind credit for a key that has handed in a job before.
    #[error(
        "the key has already submitted a job, so that credit for it would not be blind; redeem the credit for a new key"
    )]
    KnownKey,
    /// A standing order that has ended already, or cannot end yet.
    #[error("the standing order ends once, at {until}; wait until then if it has not ended")]
    NotEnding {
        /// The end of the order.
        until: Time,
    },
}

/// Checks that a message is for this market.
pub(crate) fn for_market(named: Hash, this: Hash) -> Result<(), Refusal> {
    if named == this { Ok(()) } else { Err(Refusal::OtherMarket { named, this }) }
}

/// Whether the commitments of an auction are fixed.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum FixedError {
    /// They are fixed already.
    #[error("the commitments are already fixed; bid in another auction")]
    Already,
    /// They are not fixed yet.
    #[error("the commitments are not fixed yet; fix them before bids are opened")]
    NotYet,
}
