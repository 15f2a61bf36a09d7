//! The files of an aggregate: what is handed to whoever aggregates, the batch that they keep, and the receipt of one presentation in it.
//!
//! All are CBOR arrays, read strictly and in order; `docs/formats.md` gives them member by member. What their proofs show is for others to say: nothing here
//! knows the system that they are made with.

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

/// Bytes of a payee, a statement hash and a node.
const BYTES: usize = 32;

/// Reads the version, which decides how many members the array has.
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
