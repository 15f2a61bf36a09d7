//! Finished proofs that an aggregate consists of. They are kept beside the output file until that
//! file is written, so a command that is started again after a crash continues with them.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use velum_cli::failure::Failure;
use velum_cli::files;

/// Number of bytes of the largest part.
const PART_BYTES: usize = 4 << 20;

/// A folder of parts. Each part is named by the hash of the inputs from which it follows.
pub struct Parts {
    /// `None` if nothing is kept.
    folder: Option<PathBuf>,
}

impl Parts {
    /// The folder for the parts of `out`.
    pub fn of(out: &Path) -> Result<Self, Failure> {
        let mut name = out.file_name().unwrap_or_default().to_owned();
        name.push(".parts");
        let folder = out.with_file_name(name);
        std::fs::create_dir_all(&folder).map_err(|error| Failure::file(&folder, "make", &error))?;
        Ok(Self { folder: Some(folder) })
    }

    /// A value that keeps nothing.
    pub const fn none() -> Self {
        Self { folder: None }
    }

    /// The part that follows from `inputs`. It is read if it exists and `check` accepts it.
    /// Otherwise it is made and kept.
    pub fn get<T>(
        &self,
        inputs: &[&[u8]],
        check: impl FnOnce(&[u8]) -> Option<T>,
        make: impl FnOnce() -> Result<(Vec<u8>, T), Failure>,
    ) -> Result<T, Failure> {
        let Some(folder) = &self.folder else { return Ok(make()?.1) };
        let path = folder.join(name(inputs));
        if path.is_file()
            && let Some(part) = check(&files::read(&path, PART_BYTES)?)
        {
            return Ok(part);
        }
        let (bytes, part) = make()?;
        files::write(&path, &bytes)?;
        Ok(part)
    }

    /// Removes all parts. Also removes the folder, unless it contains something else.
    pub fn remove(self) -> Result<(), Failure> {
        let Some(folder) = self.folder else { return Ok(()) };
        let failed = |error| Failure::file(&folder, "remove", &error);
        for entry in std::fs::read_dir(&folder).map_err(failed)? {
            let entry = entry.map_err(failed)?;
            if entry.file_name().to_str().is_some_and(|name| blake3::Hash::from_hex(name).is_ok()) {
                std::fs::remove_file(entry.path()).map_err(failed)?;
            }
        }
        match std::fs::remove_dir(&folder) {
            Err(error) if error.kind() == ErrorKind::DirectoryNotEmpty => Ok(()),
            removed => removed.map_err(failed),
        }
    }
}

/// The name of the part that follows from `inputs`. The length of each input is hashed as well, so
/// that the boundaries between inputs count.
pub fn name(inputs: &[&[u8]]) -> String {
    let mut hasher = blake3::Hasher::new();
    for input in inputs {
        hasher.update(&(input.len() as u64).to_le_bytes());
        hasher.update(input);
    }
    hasher.finalize().to_hex().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_part_stays() {
        let folder = tempfile::tempdir().unwrap();
        let out = folder.path().join("batch");
        let parts = folder.path().join("batch.parts");
        for other in [None, Some("thesis.tex")] {
            let kept = Parts::of(&out).unwrap();
            kept.get(&[b"one"], |_| None, || Ok((vec![1], ()))).unwrap();
            let other = other.map(|other| parts.join(other));
            other.iter().for_each(|other| std::fs::write(other, "text").unwrap());
            kept.remove().unwrap();
            assert_eq!(parts.exists(), other.is_some());
            assert!(!parts.join(name(&[b"one"])).exists());
            assert!(other.is_none_or(|other| other.exists()));
        }
    }
}
