//! A store in a folder.

use std::fs;
use std::io::{self, ErrorKind, Read, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use tempfile::{Builder, NamedTempFile};
use velum_credentials::limits;

use crate::pool::{Store, StoreError, StoredEntry};

const ENTRY: &str = ".sealed";
/// Prefixes of files that are being written and of files that are being removed.
const NEW: &str = ".new-";
const TAKEN: &str = ".taken-";

/// The age after which the writer of an unfinished file must have crashed.
const ABANDONED: Duration = Duration::from_secs(3_600);

/// The length of the longest entry: a prepared proof and what a sealer adds.
const MAX_BYTES: usize = limits::PRESENTATION_BYTES + 4_096;

/// The tag of Bedford's "Cache Directory Tagging Specification". Backups leave out a folder that
/// holds it.
const CACHE_TAG: (&str, &[u8]) = (
    "CACHEDIR.TAG",
    b"Signature: 8a477f597d28d172789f06886806bc55\n\
      # Each prepared proof may be used only once. A backup could bring a used proof back.\n\
      # See https://bford.info/cachedir/\n",
);

/// A [`Store`] in a folder, with a file for each entry that only its owner may read.
///
/// **Put the folder where no backup goes.** An entry that is used and then restored from a backup
/// would be used twice, and nothing can detect this. The folder holds a `CACHEDIR.TAG`, which tells
/// programs that look for it to leave the folder out. Android and iOS have marks of their own,
/// which the app has to set: put the folder below `Context.getNoBackupFilesDir()`, or set
/// `isExcludedFromBackup`.
///
/// An entry is written to a temporary file, synced and renamed, so that it appears whole or not at
/// all. An entry is removed in these steps:
///
/// 1. It is renamed. Only one process can succeed in this.
/// 2. It is emptied and synced, so that no crash brings it back, even on systems that do not sync
///    folders.
/// 3. It is deleted.
///
/// Any number of processes may therefore share a folder of a local file system.
///
/// An entry may be 4096 bytes longer than the longest prepared proof
/// ([`limits::PRESENTATION_BYTES`]), for what a sealer adds.
///
/// Calls block until the file system is done, and never wait for anything else.
#[derive(Clone, Debug)]
pub struct FileStore {
    folder: PathBuf,
}

impl FileStore {
    /// Opens the store in this folder, and creates the folder if it is missing. Removes the
    /// unfinished files of crashed processes.
    ///
    /// # Errors
    /// [`StoreError`] with the path if the folder cannot be made, marked or listed.
    pub fn open(folder: impl Into<PathBuf>) -> Result<Self, StoreError> {
        let store = Self { folder: folder.into() };
        let within = |error| failure(&store.folder, &error);
        make(&store.folder).map_err(within)?;
        let tag = store.folder.join(CACHE_TAG.0);
        store.mark(&tag).map_err(|error| failure(&tag, &error))?;
        store.remove_leftovers().map_err(within)?;
        Ok(store)
    }

    /// Writes the tag if it is missing or empty. Any other content of its file is the owner's
    /// choice.
    fn mark(&self, tag: &Path) -> io::Result<()> {
        let is_empty = match fs::metadata(tag) {
            Ok(metadata) if !metadata.is_file() || metadata.len() > 0 => return Ok(()),
            Ok(_) => true,
            Err(error) if error.kind() == ErrorKind::NotFound => false,
            Err(error) => return Err(error),
        };
        let mut file = self.temporary(NEW)?;
        file.write_all(CACHE_TAG.1)?;
        file.as_file().sync_all()?;
        let written = if is_empty { file.persist(tag) } else { file.persist_noclobber(tag) };
        match written {
            // Another process wrote the tag in the meantime.
            Err(failed) if failed.error.kind() == ErrorKind::AlreadyExists => Ok(()),
            written => Ok(written.map(drop)?),
        }
    }

    fn remove_leftovers(&self) -> io::Result<()> {
        for file in fs::read_dir(&self.folder)? {
            let file = file?;
            let name = file.file_name();
            let begins = |prefix| name.to_str().is_some_and(|name| name.starts_with(prefix));
            // A process that is removing this entry no longer needs the file's new name: it has
            // read the entry and keeps the file open.
            if begins(TAKEN) || (begins(NEW) && is_abandoned(&file)) {
                match fs::remove_file(file.path()) {
                    Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
                    _ => {}
                }
            }
        }
        Ok(())
    }

    /// The path of an entry's file.
    fn path(&self, name: &str) -> Result<PathBuf, StoreError> {
        let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        if !name.is_empty() && name.len() <= 200 && name.bytes().all(plain) {
            return Ok(self.folder.join(format!("{name}{ENTRY}")));
        }
        let message =
            "not a valid entry name; use only lower-case letters, digits and hyphens".to_owned();
        Err(StoreError::Failed { place: self.folder.display().to_string(), message })
    }

    fn temporary(&self, prefix: &str) -> io::Result<NamedTempFile> {
        Builder::new().prefix(prefix).tempfile_in(&self.folder)
    }

    fn entries(&self) -> io::Result<Vec<StoredEntry>> {
        let mut entries = Vec::new();
        for file in fs::read_dir(&self.folder)? {
            let file = file?;
            let name = file.file_name();
            let Some(name) = name.to_str().and_then(|name| name.strip_suffix(ENTRY)) else {
                continue;
            };
            match file.metadata() {
                Ok(metadata) if metadata.is_file() => {
                    entries.push(StoredEntry { name: name.to_owned(), bytes: metadata.len() });
                }
                // The entry was taken in the meantime.
                Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
                _ => {}
            }
        }
        Ok(entries)
    }

    fn write(&self, path: &Path, sealed: &[u8]) -> io::Result<()> {
        let mut file = self.temporary(NEW)?;
        file.write_all(sealed)?;
        file.as_file().sync_all()?;
        file.persist_noclobber(path)?;
        sync(&self.folder)
    }

    fn take_away(&self, path: &Path) -> io::Result<bool> {
        // The file is opened under its own name. Under the new name another process may delete it
        // before it is emptied.
        let file = match fs::File::options().write(true).open(path) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(false),
            opened => opened?,
        };
        let taken = match Builder::new()
            .prefix(TAKEN)
            .make_in(&self.folder, |taken| fs::rename(path, taken))
        {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(false),
            taken => taken?.into_temp_path(),
        };
        // A crash may undo the renaming, but not the emptying. An entry that comes back is empty
        // and does not open.
        file.set_len(0)?;
        file.sync_all()?;
        drop(file);
        match taken.close() {
            // On Unix only one rename succeeds. Deleting the file is tidying that another process
            // may have done. On other systems two renames may succeed, and then one of the
            // processes finds the file gone.
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(cfg!(unix)),
            closed => closed.map(|()| true),
        }
    }
}

#[cfg_attr(not(target_arch = "wasm32"), async_trait::async_trait)]
#[cfg_attr(target_arch = "wasm32", async_trait::async_trait(?Send))]
impl Store for FileStore {
    async fn list(&self) -> Result<Vec<StoredEntry>, StoreError> {
        self.entries().map_err(|error| failure(&self.folder, &error))
    }

    async fn put(&self, name: &str, sealed: &[u8]) -> Result<(), StoreError> {
        let path = self.path(name)?;
        if sealed.len() > MAX_BYTES {
            let place = path.display().to_string();
            return Err(StoreError::TooLong { place, bytes: sealed.len(), most: MAX_BYTES });
        }
        self.write(&path, sealed).map_err(|error| failure(&path, &error))
    }

    async fn read(&self, name: &str) -> Result<Option<Vec<u8>>, StoreError> {
        let path = self.path(name)?;
        let mut bytes = Vec::new();
        // A longer entry was changed. It is cut and will not open.
        match fs::File::open(&path)
            .and_then(|file| file.take(MAX_BYTES as u64).read_to_end(&mut bytes))
        {
            Ok(_) => Ok(Some(bytes)),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(failure(&path, &error)),
        }
    }

    async fn remove(&self, name: &str) -> Result<bool, StoreError> {
        let path = self.path(name)?;
        self.take_away(&path).map_err(|error| failure(&path, &error))
    }
}

fn failure(path: &Path, error: &io::Error) -> StoreError {
    let (place, message) = (path.display().to_string(), error.to_string());
    match error.kind() {
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => StoreError::Full { place, message },
        _ => StoreError::Failed { place, message },
    }
}

fn is_abandoned(file: &fs::DirEntry) -> bool {
    let written = file.metadata().and_then(|metadata| metadata.modified());
    let age = written.map(|written| SystemTime::now().duration_since(written).unwrap_or_default());
    age.is_ok_and(|age| age > ABANDONED)
}

/// Makes a folder that only its owner may enter.
fn make(folder: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::DirBuilderExt;
        builder.mode(0o700);
    }
    builder.create(folder)
}

/// Makes a rename survive a power failure.
#[cfg(unix)]
fn sync(folder: &Path) -> io::Result<()> {
    fs::File::open(folder)?.sync_all()
}

/// Makes a rename survive a power failure. Folders cannot be synced on this system.
#[cfg(not(unix))]
fn sync(_: &Path) -> io::Result<()> {
    Ok(())
}
