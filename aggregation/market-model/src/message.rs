//! Messages with who signed them.

use std::fmt::Debug;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::{Hash, Key, ModelError, SecretKey, Signature, canonical};

/// What all messages have.
pub trait Message: Clone + Debug + PartialEq + Serialize + DeserializeOwned {
    /// The kind, which the signature covers: a message of one kind is none of another.
    const KIND: &'static str;

    /// The key that has to sign it.
    fn author(&self) -> &Key;

    /// Checks what the types of its members leave open.
    ///
    /// # Errors
    /// [`ModelError::Member`].
    fn check(&self) -> Result<(), ModelError> {
        Ok(())
    }
}

/// A message whose signature holds: there is no other way to one than to sign it or to read and verify it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Signed<M> {
    message: M,
    key: Key,
    signature: Signature,
}

/// As it is sent, before anything of it is verified.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Sent<M> {
    message: M,
    key: Key,
    signature: Signature,
}

/// What is signed of a message: the tag of its kind, and its canonical JSON.
///
/// # Errors
/// [`ModelError`], where the message has no canonical JSON.
pub fn signed_bytes<M: Message>(message: &M) -> Result<Vec<u8>, ModelError> {
    Ok(format!("velum market v1 {}\0{}", M::KIND, canonical::text(M::KIND, message)?).into_bytes())
}

/// The message's name: SHA-256 of what is signed of it.
///
/// # Errors
/// As [`signed_bytes`].
pub fn id<M: Message>(message: &M) -> Result<Hash, ModelError> {
    Ok(Hash::of(&[&signed_bytes(message)?]))
}

/// Reads a message that nobody has signed, such as one that is asked about before it is sent: its form, its members, and its author's key.
///
/// # Errors
/// [`ModelError`].
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
    /// [`ModelError::Author`] where the message names another key, and [`ModelError::Member`].
    pub fn sign(message: M, key: &SecretKey) -> Result<Self, ModelError> {
        let public = key.public();
        check(&message, &public)?;
        let signature = key.sign(&signed_bytes(&message)?);
        Ok(Self { message, key: public, signature })
    }

    /// Reads a signed message and verifies it: its form, its members, its author and its signature.
    ///
    /// # Errors
    /// [`ModelError`].
    pub fn read(json: &[u8]) -> Result<Self, ModelError> {
        let Sent { message, key, signature } = canonical::read::<Sent<M>>(M::KIND, json)?;
        check(&message, &key)?;
        key.verify(M::KIND, &signed_bytes(&message)?, &signature)?;
        Ok(Self { message, key, signature })
    }

    /// As JSON, in its canonical form.
    ///
    /// # Errors
    /// As [`signed_bytes`].
    pub fn json(&self) -> Result<String, ModelError> {
        canonical::text(M::KIND, self)
    }

    /// What was signed.
    pub const fn message(&self) -> &M {
        &self.message
    }

    /// By whom.
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
