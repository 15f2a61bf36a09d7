//! The key of one job, and what pays it.

use rand_core::{OsRng, RngCore};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use velum_market_client::{Network, Node};
use velum_market_credit::Token;
use velum_market_model::{Algorithm, Amount, Hash, Query, Redemption, SecretKey, Signed, Subject};
use zeroize::Zeroizing;

use crate::PurseError;

/// A key that hands in one job, with the tokens that pay it. It is kept with the job; whoever has it has what is left of the job's money.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OneTime {
    /// 32 bytes in hexadecimal.
    secret: Zeroizing<String>,
    /// The signed redemption that pays it, once tokens have left the purse for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) redemption: Option<Box<RawValue>>,
    /// The tokens that are redeemed, until they are.
    pub(crate) tokens: Vec<Token>,
}

impl OneTime {
    /// A new key, which nothing pays yet.
    ///
    /// # Errors
    /// [`PurseError::NotKept`] where the system has no random bytes.
    pub fn new() -> Result<Self, PurseError> {
        Ok(Self { secret: random_text()?, redemption: None, tokens: Vec::new() })
    }

    /// The key that signs the job.
    ///
    /// # Errors
    /// [`PurseError::Malformed`] where what was kept is no key.
    pub fn key(&self) -> Result<SecretKey, PurseError> {
        let mut secret = Zeroizing::new([0; 32]);
        hex::decode_to_slice(self.secret.as_str(), &mut *secret).map_err(|_| {
            PurseError::Malformed("the key of a job is not 32 bytes in hexadecimal".to_owned())
        })?;
        Ok(SecretKey::from_bytes(Algorithm::Ed25519, &secret)?)
    }

    /// Whether tokens have been redeemed for it.
    #[must_use]
    pub fn is_paid(&self) -> bool {
        self.redemption.is_some() && self.tokens.is_empty()
    }

    pub(crate) fn redemption(&self) -> Result<Option<Signed<Redemption>>, PurseError> {
        self.redemption.as_ref().map(|json| Ok(Signed::read(json.get().as_bytes())?)).transpose()
    }

    /// What the market has for the key.
    pub(crate) async fn balance<N: Network>(
        &self,
        node: &Node<'_, N>,
        market: Hash,
    ) -> Result<Amount, PurseError> {
        let key = self.key()?;
        // By the node's clock, which decides whether it answers.
        let at = node.market().await?.now;
        let query = Query { market, subject: Subject::Account, at, asker: key.public() };
        let query = Signed::sign(query, &key)?;
        Ok(node.account(&query).await?.balance)
    }
}

/// 32 bytes by chance, in hexadecimal.
pub(crate) fn random_text() -> Result<Zeroizing<String>, PurseError> {
    let mut bytes = Zeroizing::new([0; 32]);
    OsRng.try_fill_bytes(&mut *bytes).map_err(|error| PurseError::NotKept(error.to_string()))?;
    Ok(Zeroizing::new(hex::encode(*bytes)))
}
