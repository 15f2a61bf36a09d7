//! The interface of what seals entries before they are stored.

use zeroize::Zeroizing;

use crate::pool::CrossesThreads;

/// Authenticated encryption with associated data. The sealer chooses the cipher and the key:
/// WebCrypto, a key in Android's Keystore or in a Secure Enclave, or
/// [`KeySealer`](crate::KeySealer).
///
/// One key may seal any number of entries, so nonces must never repeat. A call may wait for a
/// person, for example for a fingerprint.
#[cfg_attr(not(target_arch = "wasm32"), async_trait::async_trait)]
#[cfg_attr(target_arch = "wasm32", async_trait::async_trait(?Send))]
pub trait Sealer: CrossesThreads {
    /// Seals bytes. They open only with the same associated data.
    async fn seal(&self, plain: &[u8], associated: &[u8]) -> Result<Vec<u8>, SealerError>;

    /// Opens sealed bytes.
    async fn open(
        &self,
        sealed: &[u8],
        associated: &[u8],
    ) -> Result<Zeroizing<Vec<u8>>, SealerError>;
}

/// Why a [`Sealer`] did not do its work.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SealerError {
    /// The bytes were changed, moved, or sealed with a key that no longer exists. They will never
    /// open, and the pool drops them.
    #[error(
        "the sealed bytes cannot be opened: they were changed, moved, or sealed with another key"
    )]
    DoesNotOpen,
    /// The bytes were sealed with a key other than this sealer's. Only sealers that can tell keys
    /// apart return this error. The pool leaves the bytes in place.
    #[error(
        "sealed with another key; use the key that the pool was filled with, or clear the pool"
    )]
    OtherKey,
    /// The key cannot be used now: the device is locked, or the holder cancelled. The pool drops
    /// nothing.
    #[error("the sealing key cannot be used now: {message}")]
    Refused {
        /// The system's message.
        message: String,
    },
}
