//! Why a purse does not pay.

use thiserror::Error;
use velum_market_client::MarketError;
use velum_market_credit::CreditError;
use velum_market_model::{Amount, MOST_TOKENS, ModelError};

/// Why credit could not be bought, or does not pay.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum PurseError {
    /// The market refused, or did not answer.
    #[error(transparent)]
    Market(#[from] MarketError),
    /// The market's key is not one that every wallet is shown, or its answer is not under that key.
    /// Its tokens could be recognised.
    #[error("the market's blind credit cannot be trusted: {0}")]
    Untrusted(String),
    /// There are fewer tokens of one epoch than are needed.
    #[error("the purse has {has} tokens of one epoch, and the job needs {needed}; buy more")]
    TooFew {
        /// The most tokens that the purse has of one epoch.
        has: usize,
        /// The number of tokens that are needed.
        needed: usize,
    },
    /// The amount is more than one job may cost.
    #[error("{amount} is more than {MOST_TOKENS} tokens are worth; offer less")]
    TooMuch {
        /// The amount.
        amount: Amount,
    },
    /// The purse has not created the key that is to be paid, or has forgotten it.
    #[error(
        "the purse does not know the job's key; use the purse that the hand-off was begun with"
    )]
    UnknownKey,
    /// The purse belongs to another market.
    #[error("the purse belongs to another market; use a separate purse for this market")]
    OtherMarket,
    /// The kept bytes are not a purse.
    #[error("the purse cannot be read: {0}")]
    Malformed(String),
    /// The purse is as large as a purse may be.
    #[error("the purse would have {bytes} bytes, and may have at most {most}; begin another purse")]
    Full {
        /// The size that the purse would have.
        bytes: usize,
        /// The largest size of a purse.
        most: usize,
    },
    /// The purse could not be opened or saved, so nothing more is done.
    #[error("the purse could not be opened or saved: {0}")]
    NotKept(String),
    /// What was to be sent is not a valid message.
    #[error(transparent)]
    Message(#[from] ModelError),
}

impl PurseError {
    /// The code by which programs distinguish errors. It is the market's code if the market has
    /// refused.
    #[must_use]
    pub fn code(&self) -> &str {
        match self {
            Self::Market(error) => error.code(),
            Self::Untrusted(_) => "credit_untrusted",
            Self::TooFew { .. } | Self::TooMuch { .. } => "credit_short",
            Self::OtherMarket => "other_market",
            Self::Malformed(_) | Self::Message(_) | Self::UnknownKey => "malformed",
            Self::Full { .. } | Self::NotKept(_) => "not_saved",
        }
    }

    /// The details that belong to the code: what is wrong, where, and what to do.
    #[must_use]
    pub fn detail(&self) -> String {
        match self {
            Self::Market(error) => error.detail(),
            _ => self.to_string(),
        }
    }
}

impl From<CreditError> for PurseError {
    fn from(error: CreditError) -> Self {
        Self::Untrusted(error.to_string())
    }
}
