//! A presentation on the wire: one CBOR array, read strictly and in order.
//!
//! ```text
//! [ version, suite, suite version, class, issuer index, x5chain, C, disclosed, shown, device algorithm, salt,
//!   credential proof, presentation proof ]
//! ```
//!
//! The versions, the suite and the class come first. They determine the length of every member of
//! fixed length, and whether there is a salt: only suites for circuits have one. Unknown versions,
//! suites and classes are refused before anything else is read.

use velum_core::class::SizeClass;
use velum_core::proof::{MAX_PROOF_BYTES, ProofKind};
use velum_core::statement::SALT_BYTES;
use velum_core::suite::Suite;

use crate::algorithm::SignatureAlgorithm;
use crate::cbor::{
    Cursor, Major, Rules, array_up_to, bounded, counted, fixed, write_bytes, write_head,
};
use crate::error::{Code, Error};
use crate::limits;

/// The version of the presentation format that this crate writes and reads.
pub const FORMAT_VERSION: u64 = 3;

/// Number of members of the array, without the salt.
const MEMBERS: u64 = 12;
const COMMITMENT_BYTES: usize = 32;
const NULL: u8 = 0xf6;

/// An answer to a request. It has not been verified.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Presentation {
    pub(super) suite: Suite,
    pub(super) class: SizeClass,
    /// Index of the issuer among the issuers of the request.
    pub(super) issuer: usize,
    /// The signer's certificates if a root makes the signer trusted, else none.
    pub(super) x5chain: Vec<Vec<u8>>,
    pub(super) commitment: [u8; COMMITMENT_BYTES],
    /// One entry per slot of the request: the encoding of the value if it is disclosed.
    pub(super) disclosed: Vec<Option<Vec<u8>>>,
    /// What the device signed besides the session, in clear. For an mdoc it is the CBOR map
    /// `DeviceNameSpaces`.
    pub(super) shown: Vec<u8>,
    /// The algorithm by which the device signed. On the wire it is the COSE identifier.
    pub(super) device_algorithm: SignatureAlgorithm,
    /// A salt that the holder chose, so that hashes of the statement cannot be guessed. Only suites
    /// for circuits have one.
    pub(super) salt: Option<[u8; SALT_BYTES]>,
    pub(super) credential_proof: Vec<u8>,
    pub(super) presentation_proof: Vec<u8>,
}

impl Presentation {
    /// The presentation as bytes.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut out = Vec::new();
        write_head(&mut out, Major::Array, members(self.suite));
        write_head(&mut out, Major::Unsigned, FORMAT_VERSION);
        for number in [self.suite.id(), self.suite.version(), self.class.id] {
            write_head(&mut out, Major::Unsigned, u64::from(number));
        }
        write_head(&mut out, Major::Unsigned, self.issuer as u64);
        write_head(&mut out, Major::Array, self.x5chain.len() as u64);
        for certificate in &self.x5chain {
            write_bytes(&mut out, certificate);
        }
        write_bytes(&mut out, &self.commitment);
        write_head(&mut out, Major::Array, self.disclosed.len() as u64);
        for value in &self.disclosed {
            match value {
                Some(value) => write_bytes(&mut out, value),
                None => out.push(NULL),
            }
        }
        write_bytes(&mut out, &self.shown);
        // CBOR writes a negative number n as -1 - n.
        write_head(&mut out, Major::Negative, self.device_algorithm.id().unsigned_abs() - 1);
        if self.suite.is_for_circuits() {
            write_bytes(&mut out, &self.salt.unwrap_or_default());
        }
        write_bytes(&mut out, &self.credential_proof);
        write_bytes(&mut out, &self.presentation_proof);
        out
    }

    /// Reads a presentation. Nothing in it is verified.
    ///
    /// # Errors
    /// `wrong_version` for another version, suite or class; `too_large` above
    /// [`limits::PRESENTATION_BYTES`]; `malformed` for anything that is not the unique encoding of
    /// a presentation.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, Error> {
        Self::read(bytes).map_err(|error| error.within("presentation"))
    }

    fn read(bytes: &[u8]) -> Result<Self, Error> {
        if bytes.len() > limits::PRESENTATION_BYTES {
            let (length, limit) = (bytes.len(), limits::PRESENTATION_BYTES);
            return Err(Error::too_large("", format!("{length} bytes; the limit is {limit}")));
        }
        let mut cursor = Cursor::new(bytes, Rules::Shortest);
        let members = cursor.array()?.definite();
        let (suite, class) = read_kind(&mut cursor, members)?;
        let presentation = Self {
            suite,
            class,
            issuer: read_index(&mut cursor)?,
            x5chain: read_x5chain(&mut cursor).map_err(|error| error.within("x5chain"))?,
            commitment: fixed(&mut cursor, "commitment")?,
            disclosed: read_disclosed(&mut cursor, class)
                .map_err(|error| error.within("disclosed"))?,
            shown: bounded(&mut cursor, limits::DEVICE_NAMESPACES_BYTES)
                .map_err(|error| error.within("shown"))?,
            device_algorithm: read_algorithm(&mut cursor)?,
            salt: suite.is_for_circuits().then(|| fixed(&mut cursor, "salt")).transpose()?,
            credential_proof: read_proof(&mut cursor, ProofKind::Credential)?,
            presentation_proof: read_proof(&mut cursor, ProofKind::Presentation)?,
        };
        cursor.finish()?;
        Ok(presentation)
    }

    /// The public size class of the proofs.
    #[must_use]
    pub fn size_class(&self) -> SizeClass {
        self.class
    }

    /// The credential proof.
    #[must_use]
    pub fn credential_proof(&self) -> &[u8] {
        &self.credential_proof
    }

    /// The presentation proof.
    #[must_use]
    pub fn presentation_proof(&self) -> &[u8] {
        &self.presentation_proof
    }

    /// The presentation with empty proofs. It is what the presentation claims, to be shown together
    /// with something else that proves it.
    #[must_use]
    pub fn without_proofs(&self) -> Self {
        Self { credential_proof: Vec::new(), presentation_proof: Vec::new(), ..self.clone() }
    }

    /// The suite of the proofs.
    #[must_use]
    pub fn suite(&self) -> Suite {
        self.suite
    }
}

/// Number of members of the array in this suite.
fn members(suite: Suite) -> u64 {
    MEMBERS + u64::from(suite.is_for_circuits())
}

/// Reads the members that determine the lengths of others. The versions are checked before the
/// number of members, because other versions have other numbers.
fn read_kind(cursor: &mut Cursor<'_>, found: Option<u64>) -> Result<(Suite, SizeClass), Error> {
    let unknown = |what: &str, found: u64| {
        let message =
            format!("{what} {found} is not known; update this software or ask for another {what}");
        Error::new(Code::WrongVersion, what, message)
    };
    let (_, version) = cursor.unsigned()?;
    if version != FORMAT_VERSION {
        return Err(unknown("version", version));
    }
    let (_, suite) = cursor.unsigned()?;
    let known_suite = u8::try_from(suite).ok().and_then(Suite::by_id);
    let known_suite = known_suite.ok_or_else(|| unknown("suite", suite))?;
    let (_, suite_version) = cursor.unsigned()?;
    if suite_version != u64::from(known_suite.version()) {
        return Err(unknown("suite version", suite_version));
    }
    counted(found, members(known_suite))?;
    let (_, class) = cursor.unsigned()?;
    let known_class = u8::try_from(class).ok().and_then(SizeClass::by_id);
    Ok((known_suite, known_class.ok_or_else(|| unknown("size class", class))?))
}

fn read_index(cursor: &mut Cursor<'_>) -> Result<usize, Error> {
    let (_, index) = cursor.unsigned()?;
    usize::try_from(index).map_err(|_| Error::malformed("issuer", "not an index"))
}

fn read_x5chain(cursor: &mut Cursor<'_>) -> Result<Vec<Vec<u8>>, Error> {
    let count = array_up_to(cursor, limits::X5CHAIN_CERTIFICATES)?;
    (0..count).map(|_| bounded(cursor, limits::CERTIFICATE_BYTES)).collect()
}

fn read_disclosed(
    cursor: &mut Cursor<'_>,
    class: SizeClass,
) -> Result<Vec<Option<Vec<u8>>>, Error> {
    let count = array_up_to(cursor, class.slots)?;
    let value = |cursor: &mut Cursor<'_>| match cursor.null() {
        true => Ok(None),
        false => bounded(cursor, class.max_item_bytes).map(Some),
    };
    (0..count).map(|_| value(cursor)).collect()
}

fn read_algorithm(cursor: &mut Cursor<'_>) -> Result<SignatureAlgorithm, Error> {
    const PLACE: &str = "device algorithm";
    let id = cursor.integer().map_err(|error| error.within(PLACE))?;
    SignatureAlgorithm::by_id(id).ok_or_else(|| {
        Error::malformed(
            PLACE,
            format!("COSE algorithm {id} is neither ES256 (-7) nor ESP256 (-9)"),
        )
    })
}

fn read_proof(cursor: &mut Cursor<'_>, kind: ProofKind) -> Result<Vec<u8>, Error> {
    bounded(cursor, MAX_PROOF_BYTES).map_err(|error| error.within(kind.name()))
}
