//! The contents of a purse, as they are kept: JSON. Each function that changes them makes one
//! change, which is saved as a whole.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use velum_market_credit::{Purchase, Token};
use velum_market_model::{
    Amount, Count, CreditKey, CreditOrder, Duration, Hash, MOST_TOKENS, Redemption, Signed, Time,
};
use velum_market_rules::credit;
use zeroize::Zeroizing;

use crate::payment::Payment;
use crate::{EPOCH_IS_OVER, PurseError, SPENT};

/// The most bytes of a purse into which more tokens can be bought, which is about 60,000 tokens. A
/// larger purse can still be spent.
const MOST_BYTES: usize = 16 << 20;

const DAY: u64 = 24 * 60 * 60 * 1000;

/// How far the client's clock may differ from the market's.
pub(crate) const CLOCKS_DIFFER: Duration = Duration::constant(DAY);

/// The time after which the market is asked about the job of a payment that nobody has ended.
const UNENDED: Duration = Duration::constant(DAY);

/// The time after which a key that has paid nothing is forgotten. No hand-off waits this long
/// between its beginning and its payment.
const UNPAID: Duration = Duration::constant(7 * DAY);

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Contents {
    /// The market at which the tokens are worth something.
    market: Hash,
    tokens: Vec<Token>,
    /// The signed key of each epoch, as it was first seen.
    pub(crate) keys: Vec<Box<RawValue>>,
    ordered: Vec<Ordered>,
    payments: Vec<Payment>,
}

/// Tokens that are paid, or may be paid, and have not arrived yet.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Ordered {
    /// The id of the order.
    pub(crate) id: Hash,
    /// The owner that pays.
    pub(crate) owner: Hash,
    /// Whether the order may have been sent more than once.
    #[serde(default)]
    is_replayed: bool,
    /// The signed order.
    order: Box<RawValue>,
    pub(crate) purchase: Purchase,
}

impl Ordered {
    pub(crate) fn new(order: &Signed<CreditOrder>, purchase: Purchase) -> Result<Self, PurseError> {
        let id = velum_market_model::id(order.message())?;
        let owner = order.key().owner();
        Ok(Self {
            id,
            owner,
            is_replayed: false,
            order: velum_market_client::json(order)?,
            purchase,
        })
    }

    pub(crate) fn order(&self) -> Result<Signed<CreditOrder>, PurseError> {
        Ok(Signed::read(self.order.get().as_bytes())?)
    }
}

/// The tokens of one epoch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Holding {
    /// The number of tokens, each of which is worth [`velum_market_rules::credit::VALUE`].
    pub tokens: usize,
    /// Until when the tokens are worth something.
    pub until: Time,
}

impl Contents {
    /// An empty purse for a market.
    pub(crate) const fn new(market: Hash) -> Self {
        Self {
            market,
            tokens: Vec::new(),
            keys: Vec::new(),
            ordered: Vec::new(),
            payments: Vec::new(),
        }
    }

    /// Reads a purse of this market.
    pub(crate) fn read(kept: &[u8], market: Hash) -> Result<Self, PurseError> {
        // The error omits the message of serde, which may quote what it read.
        let wrong = |error: serde_json::Error| {
            let (line, column) = (error.line(), error.column());
            PurseError::Malformed(format!(
                "its content is not valid at line {line}, column {column}"
            ))
        };
        let contents: Self = serde_json::from_slice(kept).map_err(wrong)?;
        if contents.market == market { Ok(contents) } else { Err(PurseError::OtherMarket) }
    }

    /// The JSON that is kept.
    pub(crate) fn json(&self) -> Result<Zeroizing<Vec<u8>>, PurseError> {
        let json = serde_json::to_vec(self).map(Zeroizing::new);
        json.map_err(|error| PurseError::Malformed(error.to_string()))
    }

    /// Forgets tokens that are over by both clocks.
    pub(crate) fn prune(&mut self, by_market: Time, by_client: Time) {
        let is_over =
            |epoch, now| epoch < credit::epoch_at(now) && !credit::is_redeemed(epoch, now);
        self.tokens
            .retain(|token| !is_over(token.epoch, by_market) || !is_over(token.epoch, by_client));
    }

    /// The tokens that are redeemed at this time, by epoch, the oldest first.
    pub(crate) fn holdings(&self, now: Time) -> Vec<(Count, Holding)> {
        let mut epochs: Vec<_> = self.tokens.iter().map(|token| token.epoch).collect();
        epochs.retain(|epoch| credit::is_redeemed(*epoch, now));
        epochs.sort_unstable();
        let holding =
            |of: &[Count]| (of[0], Holding { tokens: of.len(), until: credit::ends_of(of[0]).1 });
        epochs.chunk_by(|one, other| one == other).map(holding).collect()
    }

    /// The key of an epoch, as it was first seen.
    pub(crate) fn key(&self, epoch: Count) -> Result<Option<CreditKey>, PurseError> {
        for key in &self.keys {
            let signed = Signed::<CreditKey>::read(key.get().as_bytes())?;
            if signed.message().epoch == epoch {
                return Ok(Some(signed.message().clone()));
            }
        }
        Ok(None)
    }

    // --- Orders ---

    pub(crate) fn order(&mut self, ordered: Ordered) -> Result<(), PurseError> {
        self.ordered.push(ordered);
        let bytes = self.json()?.len();
        if bytes > MOST_BYTES { Err(PurseError::Full { bytes, most: MOST_BYTES }) } else { Ok(()) }
    }

    /// The orders of an owner, which are to be sent again.
    pub(crate) fn replay_orders_of(&mut self, owner: Hash) -> Vec<Ordered> {
        let of_owner = self.ordered.iter_mut().filter(|ordered| ordered.owner == owner);
        let replayed = of_owner.map(|ordered| {
            ordered.is_replayed = true;
            ordered.clone()
        });
        replayed.collect()
    }

    /// Forgets an order that was refused. It is kept if another call may have sent it as well,
    /// because that call may get another answer.
    pub(crate) fn drop_refused(&mut self, order: Hash) {
        self.ordered.retain(|ordered| ordered.id != order || ordered.is_replayed);
    }

    /// Receives the tokens of an order. Does nothing if another call has received them.
    pub(crate) fn receive(&mut self, order: Hash, tokens: Vec<Token>) {
        if self.drop_order(order) {
            self.tokens.extend(tokens);
        }
    }

    /// Forgets an order. Returns whether it was there.
    pub(crate) fn drop_order(&mut self, order: Hash) -> bool {
        let before = self.ordered.len();
        self.ordered.retain(|ordered| ordered.id != order);
        self.ordered.len() < before
    }

    // --- Payments ---

    /// Begins a payment with a key of its own, and forgets payments that were never made.
    pub(crate) fn begin(&mut self, payment: Payment, now: Time) {
        self.payments.retain(|payment| payment.has_begun() || payment.made.after(UNPAID) >= now);
        self.payments.push(payment);
    }

    /// The redemption that pays the job of a key. If no tokens are set aside for the key yet, this
    /// sets aside tokens that are worth `amount`. Returns `None` if the key is paid.
    pub(crate) fn withdraw(
        &mut self,
        owner: Hash,
        amount: Amount,
        job: Option<Hash>,
        now: Time,
    ) -> Result<Option<Signed<Redemption>>, PurseError> {
        let place = self.payments.iter().position(|payment| payment.owner == owner);
        let place = place.ok_or(PurseError::UnknownKey)?;
        self.payments[place].job = job;
        if self.payments[place].is_redeemed() {
            return Ok(None);
        }
        if !self.payments[place].has_begun() {
            let (epoch, tokens) = self.take(amount, now)?;
            self.payments[place].begin(self.market, epoch, tokens)?;
        }
        self.payments[place].redemption()
    }

    /// Takes out tokens of one epoch that are worth an amount and are still redeemed at this time.
    fn take(&mut self, amount: Amount, now: Time) -> Result<(Count, Vec<Token>), PurseError> {
        let needed =
            usize::try_from(amount.get().div_ceil(credit::VALUE.get())).unwrap_or(usize::MAX);
        if needed > MOST_TOKENS {
            return Err(PurseError::TooMuch { amount });
        }
        let holdings = self.holdings(now);
        let enough = holdings.iter().find(|(_, holding)| holding.tokens >= needed);
        let (epoch, _) = *enough.ok_or_else(|| {
            let has = holdings.iter().map(|(_, holding)| holding.tokens).max().unwrap_or(0);
            PurseError::TooFew { has, needed }
        })?;
        let mut taken = Vec::with_capacity(needed);
        let mut left = Vec::with_capacity(self.tokens.len());
        for token in self.tokens.drain(..) {
            let is_taken = token.epoch == epoch && taken.len() < needed;
            if is_taken { taken.push(token) } else { left.push(token) }
        }
        self.tokens = left;
        Ok((epoch, taken))
    }

    /// The market has redeemed the tokens of a key.
    pub(crate) fn redeemed(&mut self, owner: Hash, redemption: Hash) {
        self.payment_with(owner, redemption).into_iter().for_each(Payment::redeemed);
    }

    /// The market refuses all tokens of a key, for the reason in `code`. They return to the purse,
    /// except those that are spent or over. Returns whether there is something else to try: some
    /// tokens were spent or over, or another call has continued already.
    pub(crate) fn refused(
        &mut self,
        owner: Hash,
        redemption: Hash,
        code: &str,
        detail: &str,
        now: Time,
    ) -> bool {
        let Some(payment) = self.payment_with(owner, redemption) else { return true };
        let tokens = payment.refused();
        let before = tokens.len();
        let is_good = |token: &Token| match code {
            // The client's clock has to agree, so that a market whose clock is wrong for a while
            // makes no token worthless.
            EPOCH_IS_OVER => credit::is_redeemed(token.epoch, now),
            SPENT => !detail.contains(&token.nonce.to_string()),
            _ => true,
        };
        let good: Vec<_> = tokens.into_iter().filter(is_good).collect();
        let is_any_bad = good.len() < before;
        self.tokens.extend(good);
        is_any_bad
    }

    /// The job of a key has ended, or was never handed in.
    pub(crate) fn end(&mut self, owner: Hash) {
        self.payments.retain(|payment| payment.owner != owner || payment.has_begun());
        let of_owner = self.payments.iter_mut().filter(|payment| payment.owner == owner);
        of_owner.for_each(|payment| payment.is_over = true);
    }

    /// The keys of jobs that have ended.
    pub(crate) fn over(&self, now: Time) -> Vec<Hash> {
        let is_over = |payment: &&Payment| {
            payment.has_begun() && (payment.is_over || payment.made.after(UNENDED) < now)
        };
        self.payments.iter().filter(is_over).map(|payment| payment.owner).collect()
    }

    pub(crate) fn payment(&self, owner: Hash) -> Option<&Payment> {
        self.payments.iter().find(|payment| payment.owner == owner)
    }

    /// The payment of a key, if it still has this redemption.
    fn payment_with(&mut self, owner: Hash, redemption: Hash) -> Option<&mut Payment> {
        self.payments.iter_mut().find(|payment| payment.owner == owner && payment.has(redemption))
    }

    /// Forgets a payment of which nothing is left, unless its key has something on order.
    pub(crate) fn forget(&mut self, owner: Hash, redemption: Hash) {
        if self.ordered.iter().all(|ordered| ordered.owner != owner) {
            self.payments.retain(|payment| payment.owner != owner || !payment.has(redemption));
        }
    }

    /// Forgets a payment whose tokens are in the purse again.
    pub(crate) fn forget_refused(&mut self, owner: Hash) {
        self.payments.retain(|payment| payment.owner != owner || payment.has_begun());
    }
}
