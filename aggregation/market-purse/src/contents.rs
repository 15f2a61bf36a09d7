//! What is in a purse, as it is kept: JSON.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use velum_market_credit::{Purchase, Token};
use velum_market_model::{Amount, Count, CreditKey, Hash, MOST_TOKENS, Signed, Time};
use velum_market_rules::credit;
use zeroize::Zeroizing;

use crate::{OneTime, PurseError};

/// The most bytes of a purse: some 60,000 tokens.
const MOST_BYTES: usize = 16 << 20;

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Contents {
    /// Where its tokens are worth something.
    pub(crate) market: Hash,
    pub(crate) tokens: Vec<Token>,
    /// The signed key of each epoch, as it was first seen.
    pub(crate) keys: Vec<Box<RawValue>>,
    pub(crate) ordered: Vec<Ordered>,
    /// The keys of jobs that have ended, which may have something left.
    #[serde(default)]
    pub(crate) ended: Vec<OneTime>,
}

/// Tokens that are paid, or may be, and are not here yet.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Ordered {
    /// The signed order.
    pub(crate) order: Box<RawValue>,
    pub(crate) purchase: Purchase,
}

impl Contents {
    /// An empty purse for a market.
    pub(crate) const fn new(market: Hash) -> Self {
        Self { market, tokens: Vec::new(), keys: Vec::new(), ordered: Vec::new(), ended: Vec::new() }
    }

    /// Reads a purse of this market.
    pub(crate) fn read(kept: &[u8], market: Hash) -> Result<Self, PurseError> {
        let contents: Self =
            serde_json::from_slice(kept).map_err(|error| PurseError::Malformed(error.to_string()))?;
        if contents.market == market { Ok(contents) } else { Err(PurseError::OtherMarket) }
    }

    /// As it is kept.
    pub(crate) fn json(&self) -> Result<Zeroizing<Vec<u8>>, PurseError> {
        let json = serde_json::to_vec(self).map(Zeroizing::new);
        let json = json.map_err(|error| PurseError::Malformed(error.to_string()))?;
        let bytes = json.len();
        if bytes > MOST_BYTES { Err(PurseError::Full { bytes, most: MOST_BYTES }) } else { Ok(json) }
    }

    /// Takes out tokens of one epoch, still redeemed at this time, that are worth an amount.
    pub(crate) fn take(&mut self, amount: Amount, now: Time) -> Result<(Count, Vec<Token>), PurseError> {
        let needed = usize::try_from(amount.get().div_ceil(credit::VALUE.get())).unwrap_or(usize::MAX);
        if needed > MOST_TOKENS {
            return Err(PurseError::TooMuch { amount });
        }
        let epoch = self.epoch_with(needed, now)?;
        let (taken, left) = std::mem::take(&mut self.tokens).into_iter().fold(
            (Vec::new(), Vec::new()),
            |(mut taken, mut left), token| {
                let is_taken = token.epoch == epoch && taken.len() < needed;
                if is_taken {
                    taken.push(token)
                } else {
                    left.push(token)
                }
                (taken, left)
            },
        );
        self.tokens = left;
        Ok((epoch, taken))
    }

    /// The oldest epoch with enough tokens that are still redeemed.
    fn epoch_with(&self, needed: usize, now: Time) -> Result<Count, PurseError> {
        let mut epochs: Vec<_> = self.tokens.iter().map(|token| token.epoch).collect();
        epochs.retain(|epoch| credit::is_redeemed(*epoch, now));
        epochs.sort_unstable();
        let counts = epochs.chunk_by(|one, other| one == other).map(|of| (of[0], of.len()));
        let enough = counts.clone().find(|(_, has)| *has >= needed).map(|(epoch, _)| epoch);
        enough
            .ok_or_else(|| PurseError::TooFew { has: counts.map(|(_, has)| has).max().unwrap_or(0), needed })
    }

    /// Takes out tokens that are kept elsewhere. Whether any were here.
    pub(crate) fn forget(&mut self, elsewhere: &[Token]) -> bool {
        let before = self.tokens.len();
        self.tokens.retain(|token| elsewhere.iter().all(|other| other.nonce != token.nonce));
        self.tokens.len() < before
    }

    /// Puts tokens back, but for those that are here already.
    pub(crate) fn put_back(&mut self, tokens: impl IntoIterator<Item = Token>) {
        let here: Vec<_> = self.tokens.iter().map(|token| token.nonce).collect();
        self.tokens.extend(tokens.into_iter().filter(|token| !here.contains(&token.nonce)));
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
}
