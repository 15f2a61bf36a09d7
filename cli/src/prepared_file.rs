//! A prepared proof on disk. It is secret, written once and used once.
//!
//! Using the file takes it away by an atomic rename, after the presentation is made and before a
//! byte of the presentation is written. This has the following consequences:
//!
//! * A run that fails before the rename does not use up the file.
//! * Of several processes with the same file, only one writes its presentation.
//! * A crash may lose a prepared proof, but never lets it be used twice.
//!
//! An empty file `F.used` stays behind. It distinguishes a file `F` that was used from one that
//! never existed. A copy of the file cannot be detected.

use std::ffi::OsString;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use tempfile::{NamedTempFile, TempPath};
use velum_credentials::{Prepared, limits};
use zeroize::Zeroizing;

use crate::failure::Failure;
use crate::files;

/// A prepared proof that existed when it was read.
pub struct PreparedFile {
    /// The path as it was given, for messages.
    name: PathBuf,
    /// The resolved path of the file.
    path: PathBuf,
    bytes: Zeroizing<Vec<u8>>,
}

impl PreparedFile {
    /// Checks that nothing exists at `path`, before work is spent on the prepared proof.
    pub fn check_free(path: &Path) -> Result<(), Failure> {
        match path.symlink_metadata() {
            Err(_) => Ok(()),
            Ok(_) => Err(Failure::file(path, "write", &ErrorKind::AlreadyExists.into())),
        }
    }

    /// Writes a prepared proof, and never replaces another file.
    pub fn create(path: &Path, prepared: &Prepared) -> Result<(), Failure> {
        files::write_new(path, &prepared.to_bytes())
    }

    /// Reads a prepared proof and leaves the file in place.
    pub fn open(path: &Path) -> Result<Self, Failure> {
        let name = path.to_owned();
        // Links are resolved here. Taking away a link would leave the file in place.
        match name.canonicalize() {
            Ok(path) => {
                Ok(Self { bytes: files::read(&path, limits::PRESENTATION_BYTES)?, name, path })
            }
            Err(_) if marker(&name).exists() => Err(Failure::prepared_used(&name)),
            Err(error) => Err(Failure::file(&name, "read", &error)),
        }
    }

    /// The prepared proof.
    pub fn prepared(&self) -> Result<Prepared, Failure> {
        Ok(Prepared::from_bytes(&self.bytes)?)
    }

    /// Takes the file away for good. A presentation made from it may be shown only after this.
    pub fn take(self) -> Result<(), Failure> {
        let Self { name, path, bytes } = self;
        let used = || Failure::prepared_used(&name);
        // The marker is written first, so that a process that finds no file learns why.
        files::write(&marker(&path), &[])?;
        let take = || {
            let taken = NamedTempFile::new_in(files::folder(&path))?.into_temp_path();
            std::fs::rename(&path, &taken)?;
            sync(files::folder(&path))?;
            Ok(taken)
        };
        let taken = take().map_err(|error: std::io::Error| match error.kind() {
            ErrorKind::NotFound => used(),
            _ => Failure::file(&name, "rename", &error),
        })?;
        // Another process may have used the file, and a new file may have taken its place. The new
        // file is put back, since nothing was presented from it.
        match files::read(&taken, limits::PRESENTATION_BYTES) {
            Ok(found) if *found == *bytes => {}
            other => {
                put_back(taken, &path)?;
                return Err(other.map_or_else(|failure| failure, |_| used()));
            }
        }
        taken.close().map_err(|error| Failure::file(&name, "remove", &error))
    }
}

/// Renames a file back to where it was. If another file is there by now, the file keeps the name
/// that it has, and the failure states it.
fn put_back(taken: TempPath, path: &Path) -> Result<(), Failure> {
    taken.persist_noclobber(path).or_else(|error| {
        let kept = error.path.keep().map_err(|kept| Failure::file(path, "keep", &kept.error))?;
        Err(Failure::file(&kept, "rename", &error.error))
    })
}

fn marker(path: &Path) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(".used");
    name.into()
}

/// Makes a rename survive a power failure.
#[cfg(unix)]
fn sync(folder: &Path) -> std::io::Result<()> {
    std::fs::File::open(folder)?.sync_all()
}

/// Makes a rename survive a power failure. Folders cannot be synced on this system.
#[cfg(not(unix))]
fn sync(_: &Path) -> std::io::Result<()> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(bytes: &[u8]) -> (tempfile::TempDir, PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("prepared");
        std::fs::write(&path, bytes).unwrap();
        (folder, path)
    }

    fn names(folder: &Path) -> Vec<String> {
        let entries = std::fs::read_dir(folder).unwrap();
        let mut names: Vec<_> =
            entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    #[test]
    fn one_of_two_readers_takes_it() {
        let (folder, path) = file(b"secret");
        let (first, second) =
            (PreparedFile::open(&path).unwrap(), PreparedFile::open(&path).unwrap());
        assert!(first.take().is_ok());
        assert!(format!("{:?}", second.take().unwrap_err()).contains("PreparedUsed"));
        assert!(format!("{:?}", PreparedFile::open(&path).err().unwrap()).contains("PreparedUsed"));
        assert_eq!(names(folder.path()), ["prepared.used"]);
        assert_eq!(std::fs::read(folder.path().join("prepared.used")).unwrap(), b"");
    }

    #[test]
    fn another_proof_in_its_place_is_not_taken_for_it() {
        let (folder, path) = file(b"first");
        let (first, second) =
            (PreparedFile::open(&path).unwrap(), PreparedFile::open(&path).unwrap());
        first.take().unwrap();
        std::fs::write(&path, b"second").unwrap();
        assert!(format!("{:?}", second.take().unwrap_err()).contains("PreparedUsed"));
        assert_eq!(names(folder.path()), ["prepared", "prepared.used"]);
        assert_eq!(std::fs::read(&path).unwrap(), b"second");
        PreparedFile::open(&path).unwrap().take().unwrap();
        assert_eq!(names(folder.path()), ["prepared.used"]);
    }

    #[test]
    fn a_file_that_cannot_be_put_back_is_kept() {
        let (folder, path) = file(b"third");
        let taken = NamedTempFile::new_in(folder.path()).unwrap().into_temp_path();
        std::fs::write(&taken, b"second").unwrap();
        assert!(put_back(taken, &path).is_err());
        let contents = names(folder.path()).into_iter().map(|name| {
            String::from_utf8(std::fs::read(folder.path().join(name)).unwrap()).unwrap()
        });
        let mut contents: Vec<_> = contents.collect();
        contents.sort();
        assert_eq!(contents, ["second", "third"]);
    }

    #[test]
    fn what_never_was_is_no_used_one() {
        let (folder, path) = file(b"");
        let missing = folder.path().join("other");
        assert!(format!("{:?}", PreparedFile::open(&missing).err().unwrap()).contains("File"));
        assert!(PreparedFile::check_free(&missing).is_ok());
        assert!(PreparedFile::check_free(&path).is_err());
        assert!(PreparedFile::open(&path).unwrap().prepared().is_err());
    }

    #[cfg(unix)]
    #[test]
    fn through_a_link_the_file_itself_is_taken() {
        let (folder, path) = file(b"secret");
        let link = folder.path().join("link");
        std::os::unix::fs::symlink(&path, &link).unwrap();
        PreparedFile::open(&link).unwrap().take().unwrap();
        assert!(!path.exists());
        assert!(PreparedFile::open(&link).is_err());
    }
}
