//! A batch: an aggregate's proof and the hashes of everything that it counts. Receipts are made
//! from it.
//!
//! ```text
//! [ version, profile, payee, [ statement hash, ... ], aggregate proof ]
//! ```

use crate::aggregate::{AGGREGATE_VERSION, BYTES, read_profile, read_proof, read_version};
use crate::cbor::{Cursor, Major, Rules, array_up_to, fixed, write_bytes, write_head, write_text};
use crate::error::Error;
use crate::limits;

const MEMBERS: u64 = 5;

/// A batch. It has not been verified.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Batch {
    /// The name of the profile whose parameters the aggregate's proofs use.
    pub profile: String,
    /// The payee for whom the aggregate is counted.
    pub payee: [u8; BYTES],
    /// The hashes of all statements, from left to right.
    pub leaves: Vec<[u8; BYTES]>,
    /// The aggregate's proof.
    pub proof: Vec<u8>,
}

impl Batch {
    /// The batch as bytes.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut out = Vec::new();
        write_head(&mut out, Major::Array, MEMBERS);
        write_head(&mut out, Major::Unsigned, AGGREGATE_VERSION);
        write_text(&mut out, &self.profile);
        write_bytes(&mut out, &self.payee);
        write_head(&mut out, Major::Array, self.leaves.len() as u64);
        self.leaves.iter().for_each(|leaf| write_bytes(&mut out, leaf));
        write_bytes(&mut out, &self.proof);
        out
    }

    /// Reads a batch. Nothing in it is verified.
    ///
    /// # Errors
    /// `wrong_version` for another version; `too_large` above [`limits::BATCH_BYTES`]; `malformed`
    /// for anything that is not the unique encoding of a batch.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, Error> {
        Self::read(bytes).map_err(|error| error.within("batch"))
    }

    fn read(bytes: &[u8]) -> Result<Self, Error> {
        Error::check_limit("", "bytes", bytes.len(), limits::BATCH_BYTES)?;
        let mut cursor = Cursor::new(bytes, Rules::Shortest);
        read_version(&mut cursor, MEMBERS)?;
        let profile = read_profile(&mut cursor)?;
        let payee = fixed(&mut cursor, "payee")?;
        let leaves = read_leaves(&mut cursor).map_err(|error| error.within("leaves"))?;
        let proof = read_proof(&mut cursor)?;
        cursor.finish()?;
        Ok(Self { profile, payee, leaves, proof })
    }
}

fn read_leaves(cursor: &mut Cursor<'_>) -> Result<Vec<[u8; BYTES]>, Error> {
    let leaves = array_up_to(cursor, limits::BATCH_PRESENTATIONS)?;
    (0..leaves).map(|_| fixed(cursor, "leaf")).collect()
}
