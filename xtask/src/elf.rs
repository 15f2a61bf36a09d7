//! Checks the layout of libraries for Android. Their segments must be aligned to pages of 16 KiB,
//! which devices with Android 15 may have.

use std::fs;
use std::path::Path;

use object::Endianness;
use object::elf::{FileHeader64, PT_LOAD};
use object::read::elf::{FileHeader, ProgramHeader};

use crate::process::Error;

/// Length of the largest pages.
pub const PAGE_BYTES: u64 = 16 << 10;

/// Returns the alignments of the segments of a 64-bit library. Fails if a segment cannot be loaded
/// on pages of 16 KiB.
pub fn check(library: &Path) -> Result<Vec<u64>, Error> {
    let named =
        |what: &dyn std::fmt::Display| Error::Found(format!("{}: {what}", library.display()));
    let bytes = fs::read(library).map_err(|error| named(&error))?;
    let alignments = alignments(&bytes).map_err(|error| named(&error))?;
    if alignments.is_empty() {
        return Err(named(&"the library has no segment that is loaded"));
    }
    if let Some(alignment) =
        alignments.iter().find(|alignment| !alignment.is_multiple_of(PAGE_BYTES))
    {
        return Err(named(&format!(
            "a segment is aligned to {alignment} bytes, not to a multiple of {PAGE_BYTES}"
        )));
    }
    Ok(alignments)
}

/// The alignments of the segments that are loaded (`p_align` of each `PT_LOAD`).
fn alignments(bytes: &[u8]) -> object::read::Result<Vec<u64>> {
    let header = FileHeader64::<Endianness>::parse(bytes)?;
    let endian = header.endian()?;
    let segments = header.program_headers(endian, bytes)?.iter();
    let loaded = segments.filter(|segment| segment.p_type(endian) == PT_LOAD);
    Ok(loaded.map(|segment| segment.p_align(endian)).collect())
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;
    use std::process::Command;

    /// Builds a library with the linker of this machine, for pages of this size.
    fn library(folder: &Path, page_bytes: u64) -> std::path::PathBuf {
        let (source, library) = (folder.join("source.c"), folder.join(format!("{page_bytes}.so")));
        fs::write(
            &source,
            "int table[4] = {1, 2, 3, 4};\nint sum(void) { return table[0] + table[3]; }\n",
        )
        .unwrap();
        let mut cc = Command::new("cc");
        cc.args(["-shared", "-fPIC", "-nostdlib"])
            .arg(format!("-Wl,-z,max-page-size={page_bytes}"));
        assert!(cc.arg(&source).arg("-o").arg(&library).status().unwrap().success());
        library
    }

    #[test]
    fn a_library_for_pages_of_4_kib_is_refused_and_one_for_16_or_64_is_not() {
        let folder = tempfile::tempdir().unwrap();
        let error = check(&library(folder.path(), 4 << 10)).unwrap_err().to_string();
        assert!(error.contains("aligned to 4096 bytes"), "{error}");
        for page_bytes in [16 << 10, 64 << 10] {
            let found = check(&library(folder.path(), page_bytes)).unwrap();
            assert!(found.iter().all(|alignment| *alignment == page_bytes));
        }
    }

    #[test]
    fn what_is_no_library_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("file");
        assert!(check(&file).is_err());
        for bytes in [&b""[..], b"\x7fELF", &[0; 100]] {
            fs::write(&file, bytes).unwrap();
            assert!(check(&file).is_err());
        }
    }
}
