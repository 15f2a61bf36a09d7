//! The key of one job, and what pays for the job.

use rand_core::{OsRng, RngCore};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use velum_market_client::json;
use velum_market_credit::Token;
use velum_market_model::{Algorithm, Count, Hash, Redemption, SecretKey, Signed, Time};
use zeroize::Zeroizing;

use crate::PurseError;

/// A payment. It begins with a key, then has tokens and their redemption, and at the end the
/// redemption alone.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Payment {
    /// The secret key, 32 bytes in hexadecimal.
    secret: Zeroizing<String>,
    /// The owner of the key, as the job names its submitter.
    pub(crate) owner: Hash,
    /// When the payment was created, by the client's clock.
    pub(crate) made: Time,
    /// The job that it pays for, once the job is handed in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) job: Option<Hash>,
    /// The signed message that redeems the tokens, and its id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    redemption: Option<(Hash, Box<RawValue>)>,
    /// The tokens, until the market has said that they are redeemed.
    tokens: Vec<Token>,
    /// Whether its job has ended, so that what is left may be taken back.
    pub(crate) is_over: bool,
}

impl Payment {
    /// The payment of a new key.
    pub(crate) fn new(made: Time, is_over: bool) -> Result<Self, PurseError> {
        let secret = random_text()?;
        let owner = key(&secret)?.public().owner();
        Ok(Self { secret, owner, made, job: None, redemption: None, tokens: Vec::new(), is_over })
    }

    /// The key that signs the job.
    pub(crate) fn key(&self) -> Result<SecretKey, PurseError> {
        key(&self.secret)
    }

    /// Whether tokens have been set aside for the payment.
    pub(crate) const fn has_begun(&self) -> bool {
        self.redemption.is_some()
    }

    /// Whether the market has said that the tokens are redeemed.
    pub(crate) const fn is_redeemed(&self) -> bool {
        self.redemption.is_some() && self.tokens.is_empty()
    }

    /// Sets tokens aside for the payment.
    pub(crate) fn begin(
        &mut self,
        market: Hash,
        epoch: Count,
        tokens: Vec<Token>,
    ) -> Result<(), PurseError> {
        let key = self.key()?;
        let spent = tokens.iter().map(|token| token.spend(market, self.owner)).collect();
        let redemption = Redemption { market, epoch, tokens: spent, owner: key.public() };
        let id = velum_market_model::id(&redemption)?;
        self.redemption = Some((id, json(&Signed::sign(redemption, &key)?)?));
        self.tokens = tokens;
        Ok(())
    }

    pub(crate) fn redemption(&self) -> Result<Option<Signed<Redemption>>, PurseError> {
        self.redemption
            .as_ref()
            .map(|(_, json)| Ok(Signed::read(json.get().as_bytes())?))
            .transpose()
    }

    /// Whether this is the current redemption. A refused redemption may have been followed by
    /// another one.
    pub(crate) fn has(&self, redemption: Hash) -> bool {
        self.redemption.as_ref().is_some_and(|(id, _)| *id == redemption)
    }

    /// The market has the tokens.
    pub(crate) fn redeemed(&mut self) {
        self.tokens.clear();
    }

    /// The market accepts none of the tokens. The payment is as before they were set aside.
    pub(crate) fn refused(&mut self) -> Vec<Token> {
        self.redemption = None;
        std::mem::take(&mut self.tokens)
    }
}

fn key(secret: &str) -> Result<SecretKey, PurseError> {
    let mut bytes = Zeroizing::new([0; 32]);
    hex::decode_to_slice(secret, &mut *bytes).map_err(|_| {
        PurseError::Malformed("a key does not have 32 bytes in hexadecimal".to_owned())
    })?;
    Ok(SecretKey::from_bytes(Algorithm::Ed25519, &bytes)?)
}

/// 32 random bytes, in hexadecimal.
pub(crate) fn random_text() -> Result<Zeroizing<String>, PurseError> {
    let mut bytes = Zeroizing::new([0; 32]);
    OsRng.try_fill_bytes(&mut *bytes).map_err(|error| PurseError::NotKept(error.to_string()))?;
    Ok(Zeroizing::new(hex::encode(*bytes)))
}
