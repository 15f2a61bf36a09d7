//! A receipt: what a presentation claims, and that an aggregate counts it.
//!
//! ```text
//! [ version, profile, payee, path, presentation, aggregate proof ]
//! path is an array of [ places, count, position, [ node, ... ] ], from the presentation's leaf upwards
//! ```

use crate::aggregate::{AGGREGATE_VERSION, BYTES, read_profile, read_proof, read_version};
use crate::cbor::{
    Cursor, Major, Rules, array_up_to, counted, fixed, write_bytes, write_head, write_text,
};
use crate::error::Error;
use crate::limits;
use crate::presentation::Presentation;

const MEMBERS: u64 = 6;
const STEP_MEMBERS: u64 = 4;

/// A receipt. It has not been verified.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Receipt {
    /// The name of the profile whose parameters the aggregate's proofs use.
    pub profile: String,
    /// The payee for whom the aggregate is counted.
    pub payee: [u8; BYTES],
    /// The path from the leaf to the root.
    pub path: Vec<Step>,
    /// The presentation, [without its proofs](Presentation::without_proofs).
    pub presentation: Presentation,
    /// The aggregate's proof.
    pub proof: Vec<u8>,
}

/// A node on the path from a leaf to the root.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// Number of places of the node.
    pub places: u64,
    /// Number of leaves below the node.
    pub count: u64,
    /// The place at which the path enters the node. The leftmost place is 0.
    pub position: u64,
    /// The contents of the other places, from left to right.
    pub siblings: Vec<[u8; BYTES]>,
}

impl Receipt {
    /// The receipt as bytes.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut out = Vec::new();
        write_head(&mut out, Major::Array, MEMBERS);
        write_head(&mut out, Major::Unsigned, AGGREGATE_VERSION);
        write_text(&mut out, &self.profile);
        write_bytes(&mut out, &self.payee);
        write_head(&mut out, Major::Array, self.path.len() as u64);
        for step in &self.path {
            write_head(&mut out, Major::Array, STEP_MEMBERS);
            for number in [step.places, step.count, step.position] {
                write_head(&mut out, Major::Unsigned, number);
            }
            write_head(&mut out, Major::Array, step.siblings.len() as u64);
            step.siblings.iter().for_each(|sibling| write_bytes(&mut out, sibling));
        }
        write_bytes(&mut out, &self.presentation.to_bytes());
        write_bytes(&mut out, &self.proof);
        out
    }

    /// Reads a receipt. Nothing in it is verified.
    ///
    /// # Errors
    /// `wrong_version` for another version, also of the presentation; `too_large` above
    /// [`limits::RECEIPT_BYTES`]; `malformed` for anything that is not the unique encoding of a
    /// receipt.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, Error> {
        Self::read(bytes).map_err(|error| error.within("receipt"))
    }

    fn read(bytes: &[u8]) -> Result<Self, Error> {
        Error::check_limit("", "bytes", bytes.len(), limits::RECEIPT_BYTES)?;
        let mut cursor = Cursor::new(bytes, Rules::Shortest);
        read_version(&mut cursor, MEMBERS)?;
        let profile = read_profile(&mut cursor)?;
        let payee = fixed(&mut cursor, "payee")?;
        let path = read_path(&mut cursor).map_err(|error| error.within("path"))?;
        let presentation = read_presentation(&mut cursor)?;
        let proof = read_proof(&mut cursor)?;
        cursor.finish()?;
        Ok(Self { profile, payee, path, presentation, proof })
    }
}

fn read_path(cursor: &mut Cursor<'_>) -> Result<Vec<Step>, Error> {
    let steps = array_up_to(cursor, limits::RECEIPT_STEPS)?;
    (0..steps).map(|_| read_step(cursor)).collect()
}

fn read_step(cursor: &mut Cursor<'_>) -> Result<Step, Error> {
    let found = cursor.array()?.definite();
    counted(found, STEP_MEMBERS)?;
    let mut number = || cursor.unsigned().map(|(_, number)| number);
    let (places, count, position) = (number()?, number()?, number()?);
    let siblings = array_up_to(cursor, limits::RECEIPT_SIBLINGS)?;
    let siblings = (0..siblings).map(|_| fixed(cursor, "sibling")).collect::<Result<_, _>>()?;
    Ok(Step { places, count, position, siblings })
}

/// Reads the presentation without proofs. A receipt shows what its aggregate proves. Two receipts
/// with proofs of the presentation itself would differ in the randomness of these proofs and in
/// nothing else.
fn read_presentation(cursor: &mut Cursor<'_>) -> Result<Presentation, Error> {
    let (_, bytes) = cursor.bytes().map_err(|error| error.within("presentation"))?;
    let presentation = Presentation::from_bytes(bytes)?;
    if presentation != presentation.without_proofs() {
        return Err(Error::malformed(
            "presentation",
            "it has proofs, but a receipt must leave them out",
        ));
    }
    Ok(presentation)
}
