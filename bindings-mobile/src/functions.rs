//! The functions that need no wallet: reading documents, attaching a signature that was made
//! elsewhere, and verifying.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, LazyLock};

use velum_credentials::{DeviceResponse, Presentation, SUITES, Verifier};
use velum_wallet::{Challenge, Question};

use crate::error::VelumError;
use crate::executor::{Executor, panicked};
use crate::facts::{Explanation, Suite, Verified};
use crate::inspection::Inspection;
use crate::signer::raw_signature;
use crate::watch::{Cancellation, Watch};

/// Reads the documents of a `DeviceResponse`, or a single `Document` or `IssuerSigned`. Returns
/// what each document holds, and the results of the checks that need nothing but the document.
/// Takes milliseconds.
#[uniffi::export]
pub fn inspect(document: Vec<u8>) -> Result<Vec<Inspection>, VelumError> {
    caught(|| {
        let response = DeviceResponse::parse(&document)?;
        let inspections = response.inspect()?;
        Ok(inspections
            .iter()
            .map(|inspection| match inspection {
                Ok(inspection) => inspection.into(),
                Err(broken) => (*broken).into(),
            })
            .collect())
    })
}

/// Explains what an answer to a request (JSON or CBOR) would reveal. Show this to the holder before
/// they consent. No signature is checked.
#[uniffi::export]
pub fn explain(document: Vec<u8>, request: Vec<u8>) -> Result<Explanation, VelumError> {
    caught(|| Ok((&Question::parse(&document, &request)?.explain()).into()))
}

/// Returns the bytes that the device signs by ES256 for a session. They include the elements of the
/// device's own that the document says it signs. For apps that sign without a `DeviceSigner`.
#[uniffi::export]
pub fn device_authentication_bytes(
    document: Vec<u8>,
    doc_type: String,
    transcript: Vec<u8>,
) -> Result<Vec<u8>, VelumError> {
    caught(|| Ok(velum_wallet::device_authentication_bytes(&document, &doc_type, &transcript)?))
}

/// Attaches an ES256 signature of the device to the document, and returns the result as a
/// `DeviceResponse`. The signature is `r || s` or DER. It is verified only when the document is
/// presented.
#[uniffi::export]
pub fn with_device_signature(
    document: Vec<u8>,
    doc_type: String,
    signature: Vec<u8>,
) -> Result<Vec<u8>, VelumError> {
    caught(|| {
        Ok(DeviceResponse::with_device_signature(
            &document,
            &doc_type,
            &raw_signature(&signature)?,
        )?)
    })
}

/// Verifies that a presentation answers a request (JSON or CBOR) in the session of a transcript,
/// and returns what was learnt. Verify one presentation per session, and never use a session twice.
///
/// `suites` lists the suites that are allowed. The default is `direct` and `compact`. Verifying
/// takes milliseconds. The first call for a size class takes longer, because it makes the keys of
/// that class. The call cannot be stopped half-way: a cancelled call ends before it begins, or
/// after it is done.
#[uniffi::export(default(suites = None, cancellation = None))]
pub async fn verify(
    presentation: Vec<u8>,
    transcript: Vec<u8>,
    request: Vec<u8>,
    suites: Option<Vec<Suite>>,
    cancellation: Option<Arc<Cancellation>>,
) -> Result<Verified, VelumError> {
    /// Keeps the keys of the size classes that it has met.
    static STABLE: LazyLock<Verifier> = LazyLock::new(Verifier::new);
    static ANY: LazyLock<Verifier> = LazyLock::new(|| Verifier::allowing(SUITES));
    static EXECUTOR: LazyLock<Executor> = LazyLock::new(|| Executor::of_threads(1));

    let allowed = suites
        .map(|suites| {
            suites
                .into_iter()
                .map(velum_credentials::Suite::try_from)
                .collect::<Result<Vec<_>, _>>()
        })
        .transpose()?;
    let verify = move |_: &Watch| -> Result<Verified, VelumError> {
        let challenge = Challenge::parse(&transcript, &request)?;
        let verified = match &allowed {
            None => challenge.verify(&STABLE, &presentation),
            Some(allowed)
                if allowed.contains(&Presentation::from_bytes(&presentation)?.suite()) =>
            {
                challenge.verify(&ANY, &presentation)
            }
            // Refuses the suite before it makes any keys.
            Some(allowed) => challenge.verify(&Verifier::allowing(allowed), &presentation),
        };
        Ok((&verified?).into())
    };
    EXECUTOR.run(Watch::new(cancellation.as_ref(), None), verify).await
}

/// Turns a panic into an error. No input should cause a panic.
pub(crate) fn caught<T>(work: impl FnOnce() -> Result<T, VelumError>) -> Result<T, VelumError> {
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|_| Err(panicked().into()))
}
