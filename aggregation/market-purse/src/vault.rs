//! Where a purse is kept.

use zeroize::Zeroizing;

/// A place for one purse. Whoever can read it has the money. Futures do not have to be `Send`,
/// because they are not in browsers.
#[allow(async_fn_in_trait)]
pub trait Vault {
    /// Keeps every other process and task out of the purse until it is dropped.
    type Lock;

    /// Waits until nobody else has the purse open, and reads it. Returns `None` for the contents if
    /// there is no purse yet.
    ///
    /// # Errors
    /// Returns in words why the purse could not be read.
    async fn open(&self) -> Result<(Self::Lock, Option<Zeroizing<Vec<u8>>>), String>;

    /// Saves the purse in place of what was saved before, so that it survives a crash.
    ///
    /// # Errors
    /// Returns in words why the purse could not be saved.
    async fn save(&self, purse: &[u8]) -> Result<(), String>;
}
