//! Reads and writes files. Input is bounded, and output appears whole or not at all.

use std::fs::File;
use std::io::{ErrorKind, Read, Write};
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;
use zeroize::Zeroizing;

use crate::failure::Failure;

/// Reads a file, but at most one byte more than `limit`. The parser then reports that the input is
/// too large.
pub fn read(path: &Path, limit: usize) -> Result<Zeroizing<Vec<u8>>, Failure> {
    let read = || {
        let mut bytes = Zeroizing::new(Vec::new());
        File::open(path)?.take(limit as u64 + 1).read_to_end(&mut bytes)?;
        Ok(bytes)
    };
    read().map_err(|error| Failure::file(path, "read", &error))
}

/// Whether users other than its owner may use a file, as far as the system says.
#[cfg(unix)]
pub fn is_shared(path: &Path) -> Result<bool, Failure> {
    use std::os::unix::fs::PermissionsExt;
    let metadata = path.metadata().map_err(|error| Failure::file(path, "read", &error))?;
    Ok(metadata.permissions().mode() & 0o077 != 0)
}

/// Whether users other than its owner may use a file. This system does not say.
#[cfg(not(unix))]
pub fn is_shared(_: &Path) -> Result<bool, Failure> {
    Ok(false)
}

/// Writes a file that only its owner may read. The file appears whole or not at all, and replaces
/// an existing one.
pub fn write(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    Output::beside(path)?.replace(bytes)
}

/// Writes a file as [`write()`] does, unless the file already exists.
pub fn write_new(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    let write = || {
        let mut file = NamedTempFile::new_in(folder(path))?;
        file.write_all(bytes)?;
        file.as_file().sync_all()?;
        file.persist_noclobber(path)?;
        Ok(())
    };
    write().map_err(|error| Failure::file(path, "write", &error))
}

/// Checks that a file can be written at `path`, before work is spent on its content. The check
/// leaves no file behind, even if the command is interrupted afterwards.
pub fn check_writable(path: &Path) -> Result<(), Failure> {
    if path.is_dir() {
        return Err(Failure::file(path, "write", &ErrorKind::IsADirectory.into()));
    }
    Output::beside(path).map(drop)
}

/// A file that is about to be written. That it can be written is known before its content is.
pub struct Output {
    file: NamedTempFile,
    path: PathBuf,
}

impl Output {
    /// Opens a temporary file that will become `path`.
    pub fn beside(path: &Path) -> Result<Self, Failure> {
        let file = NamedTempFile::new_in(folder(path));
        let file = file.map_err(|error| Failure::file(path, "write", &error))?;
        Ok(Self { file, path: path.to_owned() })
    }

    /// Writes the content and makes the file appear, replacing an existing one.
    pub fn replace(self, bytes: &[u8]) -> Result<(), Failure> {
        let Self { mut file, path } = self;
        let mut write = || {
            file.write_all(bytes)?;
            file.as_file().sync_all()
        };
        write()
            .and_then(|()| Ok(file.persist(&path)?))
            .map(drop)
            .map_err(|error: std::io::Error| Failure::file(&path, "write", &error))
    }
}

/// The folder that contains a file.
pub fn folder(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}
