//! What seals entries before they are stored.

use zeroize::Zeroizing;

use crate::pool::CrossesThreads;

/// Authenticated encryption with associated data, by a cipher and a key of the sealer's choice: WebCrypto, a key in Android's
/// Keystore or in a Secure Enclave, or [`KeySealer`](crate::KeySealer).
///
/// One key may seal any number of entries, so nonces must never repeat. A call may wait for a person, such as for a fingerprint.
#[cfg_attr(not(target_arch = "wasm32"), async_trait::async_trait)]
#[cfg_attr(target_arch = "wasm32", async_trait::async_trait(?Send))]
pub trait Sealer: CrossesThreads {
    /// Seals bytes. They open with the same associated data alone.
    async fn seal(&self, plain: &[u8], associated: &[u8]) -> Result<Vec<u8>, SealerError>;

    /// Opens what was sealed.
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
    /// The bytes were changed, moved, or sealed with a key that is no more: they will never open, and the pool drops them.
    #[error("the sealed bytes do not open: they were changed, moved, or sealed with another key")]
    DoesNotOpen,
    /// The bytes were sealed with another key than this sealer has, for sealers that can tell. The pool leaves them where they are.
    #[error(
        "sealed with another key; use the key that the pool was filled with, or clear the pool"
    )]
    OtherKey,
    /// The key cannot be used now: the device is locked, or the holder cancelled. The pool drops nothing.
    #[error("the sealing key cannot be used now: {message}")]
    Refused {
        /// What the system says.
        message: String,
    },
}
