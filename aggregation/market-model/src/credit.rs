//! Blind credit: the messages that buy and redeem it. `velum-market-credit` computes and checks the
//! values in these messages.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::hash::from_hex;
use crate::{Amount, Count, Hash, HexError, IdempotencyKey, Key, Message, ModelError, Time};

/// The most tokens in one message.
pub const MOST_TOKENS: usize = 64;

/// An element of ristretto255, encoded as in RFC 9496. This type does not check the encoding. The
/// code that uses an element decodes it, and so learns whether it is valid.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Element(pub [u8; 32]);

/// The key under which a node issues credit in an epoch. There is one key for everyone, because a
/// key for one client would mark the tokens of that client.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CreditKey {
    /// The number of the epoch.
    pub epoch: Count,
    /// The public key.
    pub element: Element,
    /// What each token is worth.
    pub value: Amount,
    /// Until when tokens are issued.
    pub issued_until: Time,
    /// Until when tokens are redeemed. After that, they are worth nothing.
    pub redeemed_until: Time,
    /// The node that states this.
    pub node: Key,
}

/// Buys blind credit from an owner's balance.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CreditOrder {
    /// The only market that the order is for: [`Key::owner`] of its node's key.
    pub market: Hash,
    /// The epoch of the key that is to issue the tokens.
    pub epoch: Count,
    /// The blinded elements, one for each token.
    pub blinded: Vec<Element>,
    /// Identifies one order, however often it is sent.
    pub idempotency_key: IdempotencyKey,
    /// The owner that pays.
    pub owner: Key,
}

/// The node's answer to an order of credit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Issued {
    /// The evaluated elements, in the order of the blinded ones.
    pub evaluated: Vec<Element>,
    /// The proof that all of them are evaluated under the published key. It is the batched proof of
    /// RFC 9497, 2.2.1, as two scalars.
    pub proof: [Scalar; 2],
}

/// A scalar of ristretto255: 32 bytes, encoded as elements are.
pub type Scalar = Element;

/// Turns tokens into the balance of a key that nobody has seen before.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Redemption {
    /// The only market that the redemption is for: [`Key::owner`] of its node's key.
    pub market: Hash,
    /// The epoch of the key that issued the tokens.
    pub epoch: Count,
    /// The tokens.
    pub tokens: Vec<SpentToken>,
    /// The owner whose balance they become.
    pub owner: Key,
}

/// A token that is spent for one owner. It shows that its holder knows the token's secret, but does
/// not show the secret itself. So nobody who sees it can spend it for another owner.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SpentToken {
    /// The nonce that identifies the token, so that it is spent only once.
    pub nonce: Hash,
    /// The authenticator of market and owner under the token's secret.
    pub authenticator: Hash,
}

impl CreditKey {
    /// The subject of the log entry for the key of an epoch. The log has one such entry for each
    /// epoch.
    #[must_use]
    pub fn subject(epoch: Count) -> Hash {
        Hash::of(&[b"velum market v1 credit epoch\0", &epoch.get().to_be_bytes()])
    }
}

impl Message for CreditKey {
    const KIND: &'static str = "credit key";

    fn author(&self) -> &Key {
        &self.node
    }

    fn check(&self) -> Result<(), ModelError> {
        let wrong = |member, why| Err(ModelError::Member { kind: Self::KIND, member, why });
        if self.value == Amount::ZERO {
            return wrong("value", "it has to be above zero");
        }
        if self.issued_until > self.redeemed_until {
            return wrong("redeemed_until", "it may not be before issued_until");
        }
        Ok(())
    }
}

impl Message for CreditOrder {
    const KIND: &'static str = "credit order";

    fn author(&self) -> &Key {
        &self.owner
    }

    fn check(&self) -> Result<(), ModelError> {
        check_count(Self::KIND, "blinded", self.blinded.len())
    }
}

impl Message for Redemption {
    const KIND: &'static str = "redemption";

    fn author(&self) -> &Key {
        &self.owner
    }

    fn check(&self) -> Result<(), ModelError> {
        check_count(Self::KIND, "tokens", self.tokens.len())?;
        let mut nonces: Vec<_> = self.tokens.iter().map(|token| token.nonce).collect();
        nonces.sort_unstable();
        nonces.dedup();
        if nonces.len() < self.tokens.len() {
            return Err(ModelError::Member {
                kind: Self::KIND,
                member: "tokens",
                why: "each token may occur only once",
            });
        }
        Ok(())
    }
}

fn check_count(kind: &'static str, member: &'static str, count: usize) -> Result<(), ModelError> {
    if (1..=MOST_TOKENS).contains(&count) {
        return Ok(());
    }
    Err(ModelError::Member { kind, member, why: "a message has 1 to 64 tokens" })
}

impl fmt::Debug for Element {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

impl TryFrom<String> for Element {
    type Error = HexError;

    fn try_from(text: String) -> Result<Self, HexError> {
        from_hex(&text).map(Self)
    }
}

impl From<Element> for String {
    fn from(element: Element) -> Self {
        hex::encode(element.0)
    }
}
