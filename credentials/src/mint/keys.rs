//! The keys of all parties.

use p256::ecdsa::signature::Signer;
use p256::ecdsa::{Signature, SigningKey, VerifyingKey};

use super::random::{self, Purpose};
use super::spec::Spec;
use super::value::from_hex;
use crate::{Error, SIGNATURE_BYTES};

/// The keys of all parties.
#[derive(Clone)]
pub struct Keys {
    /// The key of the IACA root.
    pub iaca: SigningKey,
    /// The key of the document signer.
    pub document_signer: SigningKey,
    /// The key of the device.
    pub device: DeviceKey,
}

/// The key of the device.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DeviceKey {
    /// The mint has the key and signs the session.
    Held(SigningKey),
    /// A device has the key. The document gets 64 zero bytes as its signature, which
    /// [`DeviceResponse::with_device_signature`](crate::DeviceResponse::with_device_signature)
    /// replaces.
    Elsewhere(VerifyingKey),
}

impl Keys {
    /// The keys that the spec gives, or else the keys drawn from its seed.
    pub(super) fn new(spec: &Spec) -> Result<Self, Error> {
        let key = |fixed: &Option<String>, place: &str, purpose| match fixed {
            None => Ok(random::signing_key(&spec.seed, purpose)),
            Some(text) => SigningKey::from_slice(&from_hex(place, text)?).map_err(|_| {
                Error::malformed(place, "not a P-256 private key: write 32 bytes in hexadecimal")
            }),
        };
        Ok(Self {
            iaca: key(&spec.keys.iaca, "spec.keys.iaca", Purpose::IacaKey)?,
            document_signer: key(
                &spec.keys.document_signer,
                "spec.keys.document_signer",
                Purpose::DocumentSignerKey,
            )?,
            device: match &spec.keys.device_public {
                None => {
                    DeviceKey::Held(key(&spec.keys.device, "spec.keys.device", Purpose::DeviceKey)?)
                }
                Some(_) if spec.keys.device.is_some() => {
                    let message =
                        "the private key already determines the public key; give only one of them";
                    return Err(Error::malformed("spec.keys.device_public", message));
                }
                Some(text) => DeviceKey::Elsewhere(public_key("spec.keys.device_public", text)?),
            },
        })
    }
}

impl DeviceKey {
    pub(super) fn public(&self) -> &VerifyingKey {
        match self {
            Self::Held(key) => key.verifying_key(),
            Self::Elsewhere(key) => key,
        }
    }

    pub(super) fn sign(&self, message: &[u8]) -> [u8; SIGNATURE_BYTES] {
        match self {
            Self::Held(key) => {
                let signature: Signature = key.sign(message);
                signature.to_bytes().into()
            }
            Self::Elsewhere(_) => [0; SIGNATURE_BYTES],
        }
    }
}

fn public_key(place: &str, text: &str) -> Result<VerifyingKey, Error> {
    VerifyingKey::from_sec1_bytes(&from_hex(place, text)?).map_err(|_| {
        Error::malformed(place, "not a point on P-256: write it in SEC 1 form, in hexadecimal")
    })
}
