//! Proofs that an aggregate is made of, kept beside the file to be written until that is there: whoever starts again after a crash goes on with them.

use std::path::{Path, PathBuf};

use velum_cli::failure::Failure;
use velum_cli::files;

/// Bytes of the largest part.
const PART_BYTES: usize = 4 << 20;

/// A folder of parts, each named by the hash of what it follows from.
pub struct Parts {
    /// None where nothing is kept.
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

    /// Keeps nothing.
    pub const fn none() -> Self {
        Self { folder: None }
    }

    /// The part that follows from `inputs`, where it is there and `check` takes it; else it is made and kept.
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

    /// Removes the folder and all that is in it.
    pub fn remove(self) -> Result<(), Failure> {
        match self.folder {
            Some(folder) => {
                std::fs::remove_dir_all(&folder).map_err(|error| Failure::file(&folder, "remove", &error))
            }
            None => Ok(()),
        }
    }
}

/// Inputs are told apart by their lengths.
fn name(inputs: &[&[u8]]) -> String {
    let mut hasher = blake3::Hasher::new();
    for input in inputs {
        hasher.update(&(input.len() as u64).to_le_bytes());
        hasher.update(input);
    }
    hasher.finalize().to_hex().to_string()
}
