//! The files of an aggregate: what is handed to the aggregator, the batch that the aggregator
//! keeps, and the receipt of one presentation in it.
//!
//! All files are CBOR arrays that are read strictly and in order. `docs/formats.md` describes them
//! member by member. This module does not check what their proofs show, and it does not know the
//! proof system that makes them.

mod batch;
mod hand_off;
mod receipt;
mod submission;

pub use batch::Batch;
pub use hand_off::{KeptBack, may_hand_off};
pub use receipt::{Receipt, Step};
pub use submission::Submission;

use crate::cbor::{Cursor, bounded, counted};
use crate::error::{Code, Error};
use crate::limits;

/// The version of the formats that this crate writes and reads.
pub const AGGREGATE_VERSION: u64 = 1;

/// Number of bytes of a payee, a statement hash and a node.
const BYTES: usize = 32;

/// Reads the version, which determines how many members the array has.
fn read_version(cursor: &mut Cursor<'_>, members: u64) -> Result<(), Error> {
    let found = cursor.array()?.definite();
    let (_, version) = cursor.unsigned()?;
    if version != AGGREGATE_VERSION {
        let message = format!("version {version} is not known; update this software");
        return Err(Error::new(Code::WrongVersion, "version", message));
    }
    counted(found, members)
}

fn read_profile(cursor: &mut Cursor<'_>) -> Result<String, Error> {
    let (_, name) = cursor.text().map_err(|error| error.within("profile"))?;
    Error::check_limit("profile", "bytes", name.len(), limits::NAME_BYTES)?;
    Ok(name.to_owned())
}

fn read_proof(cursor: &mut Cursor<'_>) -> Result<Vec<u8>, Error> {
    bounded(cursor, limits::AGGREGATE_PROOF_BYTES).map_err(|error| error.within("aggregate proof"))
}
