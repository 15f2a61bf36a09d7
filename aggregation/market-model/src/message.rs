//! Messages together with the key that signed them.

use std::fmt::Debug;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::{Hash, Key, ModelError, SecretKey, Signature, canonical};

/// What all messages have in common.
pub trait Message: Clone + Debug + PartialEq + Serialize + DeserializeOwned {
    /// The kind of the message. The signature covers it, so that a message of one kind is never
    /// valid as another.
    const KIND: &'static str;

    /// The key that has to sign the message.
    fn author(&self) -> &Key;

    /// Checks what the types of the members do not enforce.
    ///
    /// # Errors
    /// Returns [`ModelError::Member`].
    fn check(&self) -> Result<(), ModelError> {
        Ok(())
    }
}

/// A message whose signature is valid. The only ways to obtain one are to sign a message, or to
/// read and verify one.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Signed<M> {
    message: M,
    key: Key,
    signature: Signature,
}

/// A message as it is sent, before any of it is verified.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Sent<M> {
    message: M,
    key: Key,
    signature: Signature,
}

/// The bytes that are signed: the tag of the message's kind, and its canonical JSON.
///
/// # Errors
/// Returns [`ModelError`] if the message has no canonical JSON.
pub fn signed_bytes<M: Message>(message: &M) -> Result<Vec<u8>, ModelError> {
    Ok(format!("velum market v1 {}\0{}", M::KIND, canonical::text(M::KIND, message)?).into_bytes())
}

/// The id of the message, which is SHA-256 of the bytes that are signed.
///
/// # Errors
/// Returns the errors of [`signed_bytes`].
pub fn id<M: Message>(message: &M) -> Result<Hash, ModelError> {
    Ok(Hash::of(&[&signed_bytes(message)?]))
}

/// Reads a message that nobody has signed, such as one that is asked about before it is sent.
/// Checks its form, its members, and the key of its author.
///
/// # Errors
/// Returns [`ModelError`].
pub fn read_unsigned<M: Message>(json: &[u8]) -> Result<M, ModelError> {
    let message = canonical::read::<M>(M::KIND, json)?;
    message.check()?;
    message.author().check()?;
    Ok(message)
}

impl<M: Message> Signed<M> {
    /// Signs a message.
    ///
    /// # Errors
    /// Returns [`ModelError::Author`] if the message names another key, or [`ModelError::Member`].
    pub fn sign(message: M, key: &SecretKey) -> Result<Self, ModelError> {
        let public = key.public();
        check(&message, &public)?;
        let signature = key.sign(&signed_bytes(&message)?);
        Ok(Self { message, key: public, signature })
    }

    /// Reads a signed message and verifies its form, its members, its author and its signature.
    ///
    /// # Errors
    /// Returns [`ModelError`].
    pub fn read(json: &[u8]) -> Result<Self, ModelError> {
        let Sent { message, key, signature } = canonical::read::<Sent<M>>(M::KIND, json)?;
        check(&message, &key)?;
        key.verify(M::KIND, &signed_bytes(&message)?, &signature)?;
        Ok(Self { message, key, signature })
    }

    /// The signed message as JSON, in its canonical form.
    ///
    /// # Errors
    /// Returns the errors of [`signed_bytes`].
    pub fn json(&self) -> Result<String, ModelError> {
        canonical::text(M::KIND, self)
    }

    /// The message.
    pub const fn message(&self) -> &M {
        &self.message
    }

    /// The key that signed it.
    pub const fn key(&self) -> &Key {
        &self.key
    }

    /// The signature.
    pub const fn signature(&self) -> &Signature {
        &self.signature
    }
}

fn check<M: Message>(message: &M, key: &Key) -> Result<(), ModelError> {
    message.check()?;
    if message.author() == key { Ok(()) } else { Err(ModelError::Author { kind: M::KIND }) }
}
