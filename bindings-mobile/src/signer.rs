//! The device's signature, with a key that the app keeps in hardware or that someone else keeps for
//! it.

use std::sync::Arc;

use p256::ecdsa::signature::Verifier;
use p256::ecdsa::{Signature, VerifyingKey};
use p256::pkcs8::DecodePublicKey;
use velum_credentials::{
    Code, Control, DeviceResponse, Error, PresentOptions, SIGNATURE_BYTES, SessionTranscript,
};
use velum_wallet::Question;

use crate::error::{ErrorCode, VelumError};
use crate::executor::Executor;
use crate::watch::Watch;

/// The device key that a document was issued to.
#[uniffi::export(with_foreign)]
#[async_trait::async_trait]
pub trait DeviceSigner: Send + Sync {
    /// Returns the public key, on P-256: an uncompressed SEC 1 point of 65 bytes, or a DER
    /// `SubjectPublicKeyInfo`. This is called before anyone has to agree to a signature.
    async fn public_key(&self) -> Result<Vec<u8>, DeviceSignerError>;

    /// Signs the payload by ECDSA with SHA-256, which hashes the payload. Returns `r || s` of 64
    /// bytes, or DER. The call may wait for the holder, for example for a fingerprint. If the call
    /// is cancelled, nobody waits for its answer.
    async fn sign(&self, payload: Vec<u8>) -> Result<Vec<u8>, DeviceSignerError>;
}

/// Why a `DeviceSigner` did not sign.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error, uniffi::Error)]
pub enum DeviceSignerError {
    /// The holder did not agree.
    #[error("the holder did not agree to the device's signature")]
    Cancelled,
    /// The key cannot be used while the device is locked.
    #[error("the device's key cannot be used while the device is locked")]
    Locked,
    /// The key cannot sign, for example because it is for key agreement (ECDH) only.
    #[error("the device's key cannot sign; it may be for key agreement only")]
    KeyCannotSign,
    /// The hardware failed, or whatever else keeps the key.
    #[error("the device's key cannot be used: {reason}")]
    Hardware {
        /// The reason that the system gives.
        reason: String,
    },
}

/// Converts any other exception of a signer.
impl From<uniffi::UnexpectedUniFFICallbackError> for DeviceSignerError {
    fn from(error: uniffi::UnexpectedUniFFICallbackError) -> Self {
        Self::Hardware { reason: error.reason }
    }
}

impl From<DeviceSignerError> for VelumError {
    fn from(error: DeviceSignerError) -> Self {
        let code = match error {
            DeviceSignerError::Cancelled => ErrorCode::SignerCancelled,
            DeviceSignerError::Locked => ErrorCode::SignerLocked,
            DeviceSignerError::KeyCannotSign => ErrorCode::SignerKeyCannotSign,
            DeviceSignerError::Hardware { .. } => ErrorCode::SignerHardware,
        };
        Self::new(code, "signer", error.to_string())
    }
}

/// The inputs of an answer in a session, as they were given.
#[derive(Clone)]
pub(crate) struct Session {
    pub(crate) document: Vec<u8>,
    pub(crate) request: Vec<u8>,
    pub(crate) transcript: Vec<u8>,
    pub(crate) clock: velum_credentials::Clock,
    pub(crate) disclose_device_namespaces: bool,
}

impl Session {
    pub(crate) fn question(&self) -> Result<Question, Error> {
        Question::parse(&self.document, &self.request)
    }

    pub(crate) fn options<'a>(&self, control: Control<'a>) -> PresentOptions<'a> {
        let options = PresentOptions::at(self.clock).with_control(control);
        options.with_device_namespaces(self.disclose_device_namespaces)
    }

    /// Returns the question, after every check that needs no proof.
    pub(crate) fn checked(&self) -> Result<Question, Error> {
        let question = self.question()?;
        question.check(&self.transcript, &self.options(Control::none()))?;
        Ok(question)
    }

    /// Returns the same session with a document that the device has signed for it. `executor` does
    /// work on one thread.
    pub(crate) async fn signed(
        self,
        signer: &Arc<dyn DeviceSigner>,
        executor: &Executor,
        watch: &Watch,
    ) -> Result<Self, VelumError> {
        let (session, to_sign) = executor
            .run(watch.clone(), move |_| ToSign::of(&self).map(|to_sign| (self, to_sign)))
            .await?;
        to_sign.check_key(&watch.unless_cancelled(signer.public_key()).await??)?;
        let signature = watch.unless_cancelled(signer.sign(to_sign.payload.clone())).await??;
        let sign = move |_: &Watch| -> Result<Self, VelumError> {
            let signature = to_sign.signature(&signature)?;
            let doc_type = &to_sign.doc_type;
            let document =
                DeviceResponse::with_device_signature(&session.document, doc_type, &signature)?;
            Ok(Self { document, ..session })
        };
        executor.run(watch.clone(), sign).await
    }
}

/// What a device has to sign, and with which key.
struct ToSign {
    doc_type: String,
    payload: Vec<u8>,
    key: VerifyingKey,
}

impl ToSign {
    /// Makes every check that is possible without the signature, so that nobody is asked to sign in
    /// vain.
    fn of(session: &Session) -> Result<Self, Error> {
        let question = session.question()?;
        match question.check(&session.transcript, &session.options(Control::none())) {
            Err(error) if is_of_device(&error) => {
                for (_, outcome) in question.explain().predicates {
                    outcome?;
                }
            }
            checked => {
                checked?;
            }
        }
        let document = question.document();
        let transcript = SessionTranscript::parse(&session.transcript)?;
        let namespaces = document.device_signed().namespaces();
        let doc_type = document.doc_type().to_owned();
        let payload =
            velum_credentials::device_authentication_bytes(&doc_type, &transcript, namespaces);
        Ok(Self { doc_type, payload, key: *document.mso().device_key() })
    }

    fn check_key(&self, key: &[u8]) -> Result<(), VelumError> {
        let found = VerifyingKey::from_sec1_bytes(key)
            .ok()
            .or_else(|| VerifyingKey::from_public_key_der(key).ok());
        let (code, message) = match found {
            Some(found) if found == self.key => return Ok(()),
            Some(_) => (
                ErrorCode::SignerOtherKey,
                "this key is not the one that the document was issued to",
            ),
            None => (
                ErrorCode::Malformed,
                "neither a SEC 1 point on P-256 nor the SubjectPublicKeyInfo of one",
            ),
        };
        Err(VelumError::new(code, "signer.publicKey", message))
    }

    /// Returns the signature as `r || s`. If the bytes can be read in both forms, the form that
    /// verifies is used.
    fn signature(&self, bytes: &[u8]) -> Result<[u8; SIGNATURE_BYTES], VelumError> {
        let of_device = |signature: &Signature| self.key.verify(&self.payload, signature).is_ok();
        if let Some(signature) = forms(bytes).find(of_device) {
            return Ok(signature.to_bytes().into());
        }
        if forms(bytes).next().is_none() {
            return Err(not_a_signature("signer.signature"));
        }
        let message = "the signature does not verify under the signer's own key; sign the payload, hashed once with SHA-256";
        Err(VelumError::new(ErrorCode::DeviceSignature, "signer.signature", message))
    }
}

/// Whether the error is about what the device signed or did not sign, so that a new signature
/// resolves it.
fn is_of_device(error: &Error) -> bool {
    let codes = [Code::DeviceSignature, Code::DeviceSignatureMissing, Code::DeviceMacUnsupported];
    codes.contains(&error.code()) || error.place().contains("deviceSigned.deviceAuth")
}

/// The signatures that the bytes encode: `r || s`, DER, or both. Both happens by chance, with
/// probability 2^-40.
fn forms(bytes: &[u8]) -> impl Iterator<Item = Signature> {
    [Signature::from_slice(bytes).ok(), Signature::from_der(bytes).ok()].into_iter().flatten()
}

fn not_a_signature(place: &str) -> VelumError {
    let message = format!("not a signature on P-256; give {SIGNATURE_BYTES} bytes r || s, or DER");
    VelumError::new(ErrorCode::Malformed, place, message)
}

/// Returns a signature of either form as `r || s`.
pub(crate) fn raw_signature(bytes: &[u8]) -> Result<[u8; SIGNATURE_BYTES], VelumError> {
    let signature = forms(bytes).next();
    signature
        .map(|signature| signature.to_bytes().into())
        .ok_or_else(|| not_a_signature("signature"))
}
