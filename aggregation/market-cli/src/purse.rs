//! A wallet's purse in a file.

use std::fs::{File, OpenOptions, TryLockError};
use std::path::{Path, PathBuf};
use std::time::Duration;

use velum_cli::failure::Failure;
use velum_cli::files;
use velum_market_model::Hash;
use velum_market_purse::{Purse, PurseError, Vault};
use zeroize::Zeroizing;

/// The most bytes of a purse.
const MOST_BYTES: usize = 18 << 20;

/// The time between two attempts to lock a purse that another process has locked.
const LOOK: Duration = Duration::from_millis(20);

/// The file of a purse. It is created when something is put into it. Beside it is a second file,
/// which processes lock.
pub struct PurseFile(PathBuf);

/// The purse in a file.
pub fn at(file: &Path, market: Hash) -> Purse<PurseFile> {
    Purse::new(PurseFile(file.to_owned()), market)
}

/// Why the purse in a file does not pay.
pub fn failure(file: &Path, error: &PurseError) -> Failure {
    match error {
        PurseError::Market(_) | PurseError::Untrusted(_) => {
            Failure::market("credit", error.to_string())
        }
        PurseError::TooFew { .. } => {
            Failure::usage(format!("{}: {error} with `velum market credit`", file.display()))
        }
        _ => Failure::usage(format!("{}: {error}", file.display())),
    }
}

impl Vault for PurseFile {
    type Lock = File;

    async fn open(&self) -> Result<(File, Option<Zeroizing<Vec<u8>>>), String> {
        let words = |failure: Failure| failure.message().to_owned();
        let lock = self.lock().await?;
        if !self.0.exists() {
            return Ok((lock, None));
        }
        if files::is_shared(&self.0).map_err(words)? {
            return Err("other users can read it; restrict it with chmod 600".to_owned());
        }
        Ok((lock, Some(files::read(&self.0, MOST_BYTES).map_err(words)?)))
    }

    async fn save(&self, purse: &[u8]) -> Result<(), String> {
        files::write(&self.0, purse).map_err(|failure| failure.message().to_owned())
    }
}

impl PurseFile {
    async fn lock(&self) -> Result<File, String> {
        let mut name = self.0.as_os_str().to_owned();
        name.push(".lock");
        let name = PathBuf::from(name);
        let lock = OpenOptions::new().create(true).truncate(false).write(true).open(&name);
        let lock = lock.map_err(|error| format!("cannot create {}: {error}", name.display()))?;
        loop {
            match lock.try_lock() {
                Ok(()) => return Ok(lock),
                // A thread that blocked here would keep a task from continuing that has the purse
                // open.
                Err(TryLockError::WouldBlock) => tokio::time::sleep(LOOK).await,
                Err(TryLockError::Error(error)) => {
                    return Err(format!("cannot lock {}: {error}", name.display()));
                }
            }
        }
    }
}
