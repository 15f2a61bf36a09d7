//! Sealers that apps provide, for keys that never leave the hardware.

use std::sync::Arc;

use zeroize::Zeroizing;

/// Authenticated encryption with associated data, with a cipher and a key of the app's choice.
///
/// One key may seal any number of entries, so nonces must never repeat. A call may wait for a
/// person, for example for a fingerprint. Other calls of the pool wait in the meantime.
#[uniffi::export(with_foreign)]
#[async_trait::async_trait]
pub trait Sealer: Send + Sync {
    /// Seals bytes. The result opens only with the same associated data.
    async fn seal(&self, plain: Vec<u8>, associated: Vec<u8>) -> Result<Vec<u8>, SealerError>;

    /// Opens bytes that were sealed.
    async fn open(&self, sealed: Vec<u8>, associated: Vec<u8>) -> Result<Vec<u8>, SealerError>;
}

/// Why a `Sealer` failed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error, uniffi::Error)]
pub enum SealerError {
    /// The bytes were changed, moved, or sealed with a key that no longer exists. They will never
    /// open, so the pool drops them.
    #[error("the sealed bytes do not open")]
    DoesNotOpen,
    /// The bytes were sealed with another key. For sealers that can detect this. The pool leaves
    /// the bytes where they are.
    #[error("sealed with another key")]
    OtherKey,
    /// The key cannot be used now, because the device is locked or the holder cancelled. The pool
    /// drops nothing.
    #[error("{reason}")]
    Refused {
        /// The reason that the system gives.
        reason: String,
    },
}

/// Converts any other exception of a sealer.
impl From<uniffi::UnexpectedUniFFICallbackError> for SealerError {
    fn from(error: uniffi::UnexpectedUniFFICallbackError) -> Self {
        Self::Refused { reason: error.reason }
    }
}

impl From<SealerError> for velum_wallet::SealerError {
    fn from(error: SealerError) -> Self {
        match error {
            SealerError::DoesNotOpen => Self::DoesNotOpen,
            SealerError::OtherKey => Self::OtherKey,
            SealerError::Refused { reason } => Self::Refused { message: reason },
        }
    }
}

pub(crate) struct ForeignSealer(pub(crate) Arc<dyn Sealer>);

#[async_trait::async_trait]
impl velum_wallet::Sealer for ForeignSealer {
    async fn seal(
        &self,
        plain: &[u8],
        associated: &[u8],
    ) -> Result<Vec<u8>, velum_wallet::SealerError> {
        Ok(self.0.seal(plain.to_vec(), associated.to_vec()).await?)
    }

    async fn open(
        &self,
        sealed: &[u8],
        associated: &[u8],
    ) -> Result<Zeroizing<Vec<u8>>, velum_wallet::SealerError> {
        Ok(Zeroizing::new(self.0.open(sealed.to_vec(), associated.to_vec()).await?))
    }
}
