//! The keys of clients, providers and nodes, and their signatures.
//!
//! Ed25519 signatures are verified strictly: keys of small order and values of `s` that are not
//! below the order are refused. An ES256 signature is `r || s` in 64 bytes, with the lower `s`. So
//! nobody but the holder of the key can create a second signature of a message. The holder can
//! create as many as it likes, so nothing is identified by a signature.

use std::fmt;

use p256::ecdsa::signature::{Signer, Verifier};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::hash::from_hex;
use crate::{Hash, HexError, ModelError};

/// A signature algorithm.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Algorithm {
    /// Ed25519, RFC 8032.
    Ed25519,
    /// ECDSA on P-256 with SHA-256.
    Es256,
}

/// A public key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "KeyText", into = "KeyText")]
pub enum Key {
    /// An Ed25519 key, encoded as in RFC 8032.
    Ed25519([u8; 32]),
    /// A P-256 key, compressed as in SEC 1, so that a key has one form.
    Es256([u8; 33]),
}

/// A key as it is written in JSON.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct KeyText {
    algorithm: Algorithm,
    public: String,
}

/// A signature of 64 bytes, of either algorithm.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Signature(pub [u8; 64]);

/// A key that signs. It never appears in errors or logs.
pub enum SecretKey {
    /// An Ed25519 key.
    Ed25519(Box<ed25519_dalek::SigningKey>),
    /// An ES256 key.
    Es256(Box<p256::ecdsa::SigningKey>),
}

impl Key {
    /// The algorithm of the key's signatures.
    #[must_use]
    pub const fn algorithm(&self) -> Algorithm {
        match self {
            Self::Ed25519(_) => Algorithm::Ed25519,
            Self::Es256(_) => Algorithm::Es256,
        }
    }

    /// The owner of the key, as accounts and payees name it.
    #[must_use]
    pub fn owner(&self) -> Hash {
        let KeyText { algorithm, public } = (*self).into();
        let name = algorithm.name();
        let json = format!(r#"{{"algorithm":"{name}","public":"{public}"}}"#);
        Hash::of(&[b"velum market v1 owner\0", json.as_bytes()])
    }

    /// Checks that the key can verify signatures, which means that it is a point of its curve.
    ///
    /// # Errors
    /// Returns [`ModelError::Key`].
    pub fn check(&self) -> Result<(), ModelError> {
        let is_point = match self {
            Self::Ed25519(public) => ed25519_dalek::VerifyingKey::from_bytes(public).is_ok(),
            Self::Es256(public) => p256::ecdsa::VerifyingKey::from_sec1_bytes(public).is_ok(),
        };
        if is_point { Ok(()) } else { Err(ModelError::Key { algorithm: self.algorithm().name() }) }
    }

    /// Checks a signature over `bytes`, which belong to a message of `kind`.
    pub(crate) fn verify(
        &self,
        kind: &'static str,
        bytes: &[u8],
        signature: &Signature,
    ) -> Result<(), ModelError> {
        let wrong_key = ModelError::Key { algorithm: self.algorithm().name() };
        let wrong = ModelError::Signature { kind };
        match self {
            Self::Ed25519(public) => {
                let key = ed25519_dalek::VerifyingKey::from_bytes(public).map_err(|_| wrong_key)?;
                let signature = ed25519_dalek::Signature::from_bytes(&signature.0);
                key.verify_strict(bytes, &signature).map_err(|_| wrong)
            }
            Self::Es256(public) => {
                let key =
                    p256::ecdsa::VerifyingKey::from_sec1_bytes(public).map_err(|_| wrong_key)?;
                let signature =
                    p256::ecdsa::Signature::from_slice(&signature.0).map_err(|_| wrong.clone())?;
                if signature.normalize_s().is_some() {
                    return Err(ModelError::HighS { kind });
                }
                key.verify(bytes, &signature).map_err(|_| wrong)
            }
        }
    }
}

impl Algorithm {
    const fn name(self) -> &'static str {
        match self {
            Self::Ed25519 => "ed25519",
            Self::Es256 => "es256",
        }
    }
}

impl SecretKey {
    /// The key of 32 secret bytes.
    ///
    /// # Errors
    /// Returns [`ModelError::Key`] for ES256 if the bytes are not a valid scalar below the order of
    /// P-256.
    pub fn from_bytes(algorithm: Algorithm, secret: &[u8; 32]) -> Result<Self, ModelError> {
        Ok(match algorithm {
            Algorithm::Ed25519 => {
                Self::Ed25519(Box::new(ed25519_dalek::SigningKey::from_bytes(secret)))
            }
            Algorithm::Es256 => {
                let key = p256::ecdsa::SigningKey::from_slice(secret);
                Self::Es256(Box::new(
                    key.map_err(|_| ModelError::Key { algorithm: algorithm.name() })?,
                ))
            }
        })
    }

    /// The public key.
    #[must_use]
    pub fn public(&self) -> Key {
        match self {
            Self::Ed25519(key) => Key::Ed25519(key.verifying_key().to_bytes()),
            Self::Es256(key) => {
                let mut public = [0; 33];
                public.copy_from_slice(key.verifying_key().to_encoded_point(true).as_bytes());
                Key::Es256(public)
            }
        }
    }

    /// 32 secret bytes for another purpose, such as a key of another kind. They are SHA-256 over
    /// the purpose and the key, and reveal nothing about the key.
    #[must_use]
    pub fn derive(&self, purpose: &'static str) -> Zeroizing<[u8; 32]> {
        let secret: Zeroizing<[u8; 32]> = Zeroizing::new(match self {
            Self::Ed25519(key) => key.to_bytes(),
            Self::Es256(key) => key.to_bytes().into(),
        });
        let (algorithm, purpose) = (self.public().algorithm().name(), purpose.as_bytes());
        let parts = [
            b"velum market v1 derived\0",
            algorithm.as_bytes(),
            b"\0",
            purpose,
            b"\0",
            &secret[..],
        ];
        Zeroizing::new(Hash::of(&parts).0)
    }

    /// Signs bytes. Both algorithms are deterministic: the same bytes always get the same
    /// signature.
    #[must_use]
    pub(crate) fn sign(&self, bytes: &[u8]) -> Signature {
        match self {
            Self::Ed25519(key) => Signature(key.sign(bytes).to_bytes()),
            Self::Es256(key) => {
                let signature: p256::ecdsa::Signature = key.sign(bytes);
                Signature(signature.normalize_s().unwrap_or(signature).to_bytes().into())
            }
        }
    }
}

impl fmt::Debug for SecretKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("SecretKey").field(&self.public()).finish()
    }
}

impl TryFrom<KeyText> for Key {
    type Error = HexError;

    fn try_from(text: KeyText) -> Result<Self, HexError> {
        Ok(match text.algorithm {
            Algorithm::Ed25519 => Self::Ed25519(from_hex(&text.public)?),
            Algorithm::Es256 => Self::Es256(from_hex(&text.public)?),
        })
    }
}

impl From<Key> for KeyText {
    fn from(key: Key) -> Self {
        let public = match &key {
            Key::Ed25519(public) => hex::encode(public),
            Key::Es256(public) => hex::encode(public),
        };
        Self { algorithm: key.algorithm(), public }
    }
}

impl TryFrom<String> for Signature {
    type Error = HexError;

    fn try_from(text: String) -> Result<Self, HexError> {
        from_hex(&text).map(Self)
    }
}

impl From<Signature> for String {
    fn from(signature: Signature) -> Self {
        hex::encode(signature.0)
    }
}
