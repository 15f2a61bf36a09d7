//! Blind credit: what is said when it is bought and redeemed. `velum-market-credit` makes and checks what stands in these messages.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::hash::from_hex;
use crate::{Amount, Count, Hash, HexError, IdempotencyKey, Key, Message, ModelError, Time};

/// No message has more tokens.
pub const MOST_TOKENS: usize = 64;

/// An element of ristretto255, as RFC 9496 encodes it. Whoever uses one decodes it, and so finds out whether it is one.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Element(pub [u8; 32]);

/// The key under which a node issues credit in an epoch. There is one for everyone: a key for one client would mark that client's tokens.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CreditKey {
    /// Counts epochs.
    pub epoch: Count,
    /// The public key.
    pub element: Element,
    /// What each token is worth.
    pub value: Amount,
    /// Until when tokens are issued.
    pub issued_until: Time,
    /// Until when they are redeemed. They are worth nothing thereafter.
    pub redeemed_until: Time,
    /// Who says so.
    pub node: Key,
}

/// Buys blind credit from an owner's balance.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CreditOrder {
    /// The market that it is for, and no other: [`Key::owner`] of its node's key.
    pub market: Hash,
    /// The key that shall issue it.
    pub epoch: Count,
    /// One for each token.
    pub blinded: Vec<Element>,
    /// One order, however often it is sent.
    pub idempotency_key: IdempotencyKey,
    /// Who pays.
    pub owner: Key,
}

/// What a node answers to an order of credit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Issued {
    /// The blinded elements evaluated, in their order.
    pub evaluated: Vec<Element>,
    /// That all of them are evaluated under the published key: the batched proof of RFC 9497, 2.2.1, as two scalars.
    pub proof: [Scalar; 2],
}

/// A scalar of ristretto255: 32 bytes, written as elements are.
pub type Scalar = Element;

/// Turns tokens into the balance of a key that nobody has seen before.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Redemption {
    /// The market that it is for, and no other: [`Key::owner`] of its node's key.
    pub market: Hash,
    /// The key that issued the tokens.
    pub epoch: Count,
    /// The tokens.
    pub tokens: Vec<SpentToken>,
    /// Whose balance they become.
    pub owner: Key,
}

/// A token that is spent for one owner. It shows that its holder knows the token's secret, and not the secret, so that nobody who sees it can spend it for another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SpentToken {
    /// The token's name, by which it is spent once.
    pub nonce: Hash,
    /// The authenticator of market and owner under the token's secret.
    pub authenticator: Hash,
}

impl CreditKey {
    /// What an entry of the log names for the key of an epoch. It stands there once.
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
                why: "a token stands in it once",
            });
        }
        Ok(())
    }
}

fn check_count(kind: &'static str, member: &'static str, count: usize) -> Result<(), ModelError> {
    if (1..=MOST_TOKENS).contains(&count) {
        return Ok(());
    }
    Err(ModelError::Member { kind, member, why: "there are 1 to 64 tokens in one message" })
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
