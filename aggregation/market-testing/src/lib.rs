//! What tests of a market hand in and deliver: real presentations and real aggregates.
//!
//! Both take seconds to make, and the same ones serve every test. So they are kept in a folder of
//! the build, under a name that covers their inputs and the version of their proofs.

mod proofs;
mod submissions;

use std::path::{Path, PathBuf};

pub use proofs::{Recorded, aggregate};
pub use submissions::{Made, made, request_of, transcript_of};

/// The folder in which proofs are kept.
fn folder() -> PathBuf {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/market-proofs");
    std::fs::create_dir_all(&folder).expect("the build's folder can be written");
    folder
}

/// The bytes that are kept under a name. They are made first if they do not exist. Concurrent runs
/// may make them twice, and keep one.
fn kept(name: &str, make: impl FnOnce() -> Vec<u8>) -> Vec<u8> {
    recorded(name).unwrap_or_else(|| {
        let bytes = make();
        record(name, &bytes);
        bytes
    })
}

/// The bytes that are kept under a name, if there are any. Names consist of letters, digits and
/// hyphens.
fn recorded(name: &str) -> Option<Vec<u8>> {
    std::fs::read(folder().join(name)).ok()
}

/// Keeps bytes under a name. The file is complete or absent, even if the process is killed.
fn record(name: &str, bytes: &[u8]) {
    let path = folder().join(name);
    let part = path.with_extension(format!("{}.part", std::process::id()));
    std::fs::write(&part, bytes).expect("the build's folder can be written");
    std::fs::rename(&part, &path).expect("the build's folder can be written");
}
