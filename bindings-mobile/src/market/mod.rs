//! Handing presentations to markets, where others fold many of them into one proof: a thin layer
//! over `velum-market-client` and `velum-market-purse`.
//!
//! This module opens no sockets, stores nothing, and verifies no receipts. The app does these
//! things through a [`MarketHost`], a [`HandOffKeeper`] and a [`PurseStore`]. Secret keys that the
//! app gives are read for one call, and wiped. The keys of jobs that a purse pays are in the purse.
//!
//! The picture shows a hand-off, with the submodule of each step on the left, and the app's code
//! that it calls on the right.
//!
//! ```text
//!             MarketInput, MarketOffer, each ChosenMarket
//!                |
//! terms          | Submitted::new: suite aggregatable, may_hand_off  saved text, MarketInput
//! client, purse  | each market: its id; the key of an account,          |
//!                |   or a new key of a purse                            |
//! terms          | each market: job --> Job                             |
//! saved          | each market: SavedMarket::sign                       | SavedHandOff::read
//!                v                                                      v
//! hand_off    hand_off -------------> run <----------------------- resume_hand_off
//!                                      |
//!             velum_market_client::HandOff::run, at one market at a time
//! host          Host: Bridge           send, sleep --> MarketHost
//! hand_off            with Kept        save, judge, on_progress --> HandOffKeeper
//! payment       MarketAdapter: Paid    ByAccount: Node, which sends through the Bridge
//! purse                                FromPurse: Paying, with the purse --> PurseStore
//!                                      |
//!                                      v
//!             HandedOff { receipt, market, job, purse }
//!
//! apart from hand-offs: MarketClient (client), with answers of types; CreditPurse (purse)
//! ```
//!
//! The modules, in the order in which a hand-off uses them: `terms` has what is submitted and on
//! which terms, and makes the job. `hand_off` runs the hand-off, `saved` is its saved form, and
//! `host` connects it to the app. `payment` and `purse` pay with an account's key or with blind
//! credit. `client` has the single requests to a market, and `types` their answers.

mod client;
mod hand_off;
mod host;
mod payment;
mod purse;
mod saved;
mod terms;
mod types;

pub use client::MarketClient;
pub use hand_off::{
    ChosenMarket, HandOffKeeper, HandOffOptions, HandOffProgress, HandOffStep, HandedOff,
    ReceiptVerdict, hand_off, resume_hand_off,
};
pub use host::{MarketHost, MarketHostError, MarketRequest, MarketResponse};
pub use purse::{CreditHolding, CreditPurse, PurseStore};
pub use terms::{AggregateProfile, Company, MarketInput, MarketOffer, MarketOrder, may_hand_off};
pub use types::{Estimate, JobState, JobStatus, MarketAccount, MarketInfo};

use velum_market_model::{Algorithm, ModelError, SecretKey};
use zeroize::Zeroizing;

use crate::error::{ErrorCode, VelumError};

/// Returns the name by which accounts and payees identify the holder of an Ed25519 key of 32 secret
/// bytes: 64 hexadecimal digits.
#[uniffi::export]
pub fn owner_of(key: Vec<u8>) -> Result<String, VelumError> {
    Ok(Secret::new(key)?.key()?.public().owner().to_string())
}

/// The 32 bytes of a secret key, for one call. They are wiped when they are dropped, and so is
/// everything that is made from them.
struct Secret(Zeroizing<Vec<u8>>);

impl Secret {
    fn new(bytes: Vec<u8>) -> Result<Self, VelumError> {
        let secret = Self(Zeroizing::new(bytes));
        secret.bytes().map(|_| ())?;
        Ok(secret)
    }

    /// Generates a new key.
    fn random() -> Result<Self, VelumError> {
        let mut bytes = vec![0; 32];
        getrandom::fill(&mut bytes)
            .map_err(|error| VelumError::new(ErrorCode::Internal, "key", error.to_string()))?;
        Self::new(bytes)
    }

    /// The key that signs.
    fn key(&self) -> Result<SecretKey, VelumError> {
        SecretKey::from_bytes(Algorithm::Ed25519, self.bytes()?)
            .map_err(|error| unfit("key", &error))
    }

    fn bytes(&self) -> Result<&[u8; 32], VelumError> {
        let count = self.0.len();
        <&[u8; 32]>::try_from(self.0.as_slice())
            .map_err(|_| malformed("key", format!("{count} bytes instead of 32")))
    }
}

fn malformed(place: &str, message: impl Into<String>) -> VelumError {
    VelumError::new(ErrorCode::Malformed, place, message)
}

fn unfit(place: &str, error: &ModelError) -> VelumError {
    malformed(place, error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_key_has_32_bytes_and_is_in_no_error() {
        let owner = owner_of(vec![7; 32]).unwrap();
        assert_eq!(
            owner,
            Secret::new(vec![7; 32]).unwrap().key().unwrap().public().owner().to_string()
        );
        assert_ne!(owner_of(vec![8; 32]).unwrap(), owner);
        for wrong in [vec![], vec![7; 31], vec![7; 33]] {
            let error = owner_of(wrong).unwrap_err();
            assert_eq!(
                (error.code(), error.problem().place.as_str()),
                (ErrorCode::Malformed, "key")
            );
            assert!(!format!("{error:?}").contains("7, 7"));
        }
    }
}
