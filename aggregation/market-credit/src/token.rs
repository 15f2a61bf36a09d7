//! Tokens, as their holder keeps and spends them.

use std::fmt;

use hmac::{Hmac, Mac};
use serde::{Deserialize, Serialize};
use sha2::Sha256;
use velum_market_model::{Count, Hash, SpentToken};
use zeroize::Zeroize;

/// A token. Whoever has it can spend it, once.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Token {
    /// The epoch of the key that issued the token.
    pub epoch: Count,
    /// The nonce, which identifies the token.
    pub nonce: Hash,
    /// The output of the function for the nonce, in two halves.
    secret: [Hash; 2],
}

impl Token {
    pub(crate) const fn new(epoch: Count, nonce: Hash, secret: [u8; 64]) -> Self {
        let (mut first, mut second) = ([0; 32], [0; 32]);
        let mut place = 0;
        while place < 32 {
            first[place] = secret[place];
            second[place] = secret[32 + place];
            place += 1;
        }
        Self { epoch, nonce, secret: [Hash(first), Hash(second)] }
    }

    /// Spends the token for an owner at a market. Nobody who sees the result can spend it for
    /// another owner.
    #[must_use]
    pub fn spend(&self, market: Hash, owner: Hash) -> SpentToken {
        let [first, second] = &self.secret;
        let mut secret = [0; 64];
        secret[..32].copy_from_slice(&first.0);
        secret[32..].copy_from_slice(&second.0);
        let authenticator =
            mac(&secret, market, owner).map(|mac| Hash(mac.finalize().into_bytes().into()));
        secret.zeroize();
        SpentToken { nonce: self.nonce, authenticator: authenticator.unwrap_or_default() }
    }
}

impl Drop for Token {
    fn drop(&mut self) {
        self.secret.iter_mut().for_each(|half| half.0.zeroize());
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Token")
            .field("epoch", &self.epoch)
            .field("nonce", &self.nonce)
            .finish_non_exhaustive()
    }
}

/// Whether an authenticator belongs to a secret. The comparison takes the same time for every wrong
/// authenticator.
pub(crate) fn is_authentic(
    secret: &[u8; 64],
    market: Hash,
    owner: Hash,
    authenticator: &Hash,
) -> bool {
    mac(secret, market, owner).is_some_and(|mac| mac.verify_slice(&authenticator.0).is_ok())
}

/// HMAC-SHA256, RFC 2104. It accepts keys of every length.
fn mac(secret: &[u8; 64], market: Hash, owner: Hash) -> Option<Hmac<Sha256>> {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret).ok()?;
    mac.update(b"velum market v1 token\0");
    mac.update(&market.0);
    mac.update(&owner.0);
    Some(mac)
}
