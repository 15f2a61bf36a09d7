//! Where a purse is kept.

use zeroize::Zeroizing;

/// A place for one purse. Whoever can read it has the money. Futures need not be `Send`: in browsers they are not.
#[allow(async_fn_in_trait)]
pub trait Vault {
    /// Keeps every other process and task out of the purse until it is dropped.
    type Lock;

    /// Waits until nobody else has the purse open, and reads it; nothing, where there is none yet.
    ///
    /// # Errors
    /// Why it could not, in words.
    async fn open(&self) -> Result<(Self::Lock, Option<Zeroizing<Vec<u8>>>), String>;

    /// Saves the purse in place of what was saved before, so that it is there after a crash.
    ///
    /// # Errors
    /// Why it could not, in words.
    async fn save(&self, purse: &[u8]) -> Result<(), String>;
}
