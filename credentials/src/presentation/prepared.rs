//! A credential proof made ahead of time, with what a presentation needs to open its commitment.
//!
//! A prepared proof is secret and may be used once, because two presentations from one prepared
//! proof can be linked. In memory the type enforces this: it cannot be cloned, and presenting
//! consumes it. Nothing can detect that its bytes were copied.

use sha2::{Digest, Sha256};
use velum_core::class::SizeClass;
use velum_core::proof::MAX_PROOF_BYTES;
use velum_core::statement::{
    CredentialStatement, CredentialWitness, ElementName, PublicKey, RecordOpening, RecordSalts,
    Subject, digest_to_bytes,
};
use velum_core::suite::Suite;
use zeroize::Zeroizing;

use crate::cbor::{
    Cursor, Major, Rules, array_up_to, bounded, counted, fixed, write_bytes, write_head, write_text,
};
use crate::date::Timestamp;
use crate::error::{Code, Error};
use crate::limits;
use crate::presentation::purpose::Purpose;

const MEMBERS: u64 = 16;

/// Length of the last member, which is BLAKE3 of everything before it. The checksum detects a
/// damaged prepared proof before the device signs for its document. A pool also authenticates its
/// entries.
const CHECKSUM_BYTES: usize = 32;

/// A credential proof and the secrets of its commitment, for one presentation. Zeroised when
/// dropped.
pub struct Prepared {
    pub(super) subject: Subject,
    /// The time of the request for which the proof was prepared.
    pub(super) prepared_for: Timestamp,
    /// SHA-256 of the bytes that the issuer signed.
    pub(super) document: [u8; 32],
    pub(super) commitment: [u8; 32],
    pub(super) opening: RecordOpening,
    pub(super) proof: Vec<u8>,
}

impl Prepared {
    /// The format of the bytes, which is their first member. Bytes of any other format are not
    /// read.
    pub const FORMAT: &str = "velum prepared v3";

    pub(super) fn new(
        statement: CredentialStatement,
        witness: &CredentialWitness,
        proof: Vec<u8>,
        prepared_for: Timestamp,
    ) -> Self {
        Self {
            prepared_for,
            document: Sha256::digest(&witness.sig_structure).into(),
            commitment: digest_to_bytes(&statement.commitment),
            subject: statement.subject,
            opening: witness.record.clone(),
            proof,
        }
    }

    /// The prepared proof as bytes, which must be kept secret and used once.
    #[must_use]
    pub fn to_bytes(&self) -> Zeroizing<Vec<u8>> {
        let Self { subject, prepared_for, document, commitment, opening, proof } = self;
        let mut out = Zeroizing::new(Vec::with_capacity(proof.len() + 4_096));
        write_head(&mut out, Major::Array, MEMBERS);
        write_text(&mut out, Self::FORMAT);
        for number in [subject.suite.id(), subject.suite.version(), subject.class.id] {
            write_head(&mut out, Major::Unsigned, u64::from(number));
        }
        write_text(&mut out, &subject.doc_type);
        write_bytes(&mut out, &[subject.issuer.x, subject.issuer.y].concat());
        write_head(&mut out, Major::Array, 2 * subject.elements.len() as u64);
        for name in &subject.elements {
            write_text(&mut out, &name.namespace);
            write_text(&mut out, &name.element);
        }
        write_bytes(&mut out, document);
        write_text(&mut out, &prepared_for.to_string());
        write_bytes(&mut out, commitment);
        write_bytes(&mut out, &[opening.device_key_x, opening.device_key_y].concat());
        write_numbers(&mut out, opening.dates.iter());
        write_head(&mut out, Major::Array, opening.values.len() as u64);
        for value in &opening.values {
            write_bytes(&mut out, value);
        }
        write_numbers(
            &mut out,
            opening.salts.slots.iter().chain([&opening.salts.record]).flatten(),
        );
        write_bytes(&mut out, proof);
        let checksum = checksum(&out);
        write_bytes(&mut out, &checksum);
        out
    }

    /// Reads a prepared proof.
    ///
    /// # Errors
    /// `wrong_version` for bytes of another version; `malformed` for bytes that are not a prepared
    /// proof or that were damaged.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, Error> {
        Self::read(bytes).map_err(|error| error.within("prepared"))
    }

    fn read(bytes: &[u8]) -> Result<Self, Error> {
        let mut cursor = Cursor::new(bytes, Rules::Shortest);
        let Head { subject, document, prepared_for } = Head::read(bytes, &mut cursor)?;
        let class = subject.class;
        let commitment = fixed(&mut cursor, "commitment")?;
        let (device_key_x, device_key_y) =
            halves(&Zeroizing::new(fixed(&mut cursor, "device key")?));
        let dates = read_numbers(&mut cursor, 3)?;
        let count = array_up_to(&mut cursor, subject.elements.len())?;
        let values = (0..count)
            .map(|_| bounded(&mut cursor, class.max_item_bytes))
            .collect::<Result<Vec<_>, _>>()?;
        let salts = read_numbers(&mut cursor, 4 * (class.slots + 1))?;
        let (slots, record) = salts.split_at(4 * class.slots);
        let salts = RecordSalts {
            slots: slots.as_chunks().0.to_vec(),
            record: record.try_into().map_err(|_| {
                Error::malformed("salts", "not one salt per slot and one for the record")
            })?,
        };
        let opening = RecordOpening {
            device_key_x,
            device_key_y,
            dates: [dates[0], dates[1], dates[2]],
            values,
            salts,
        };
        let proof = bounded(&mut cursor, MAX_PROOF_BYTES)?;
        fixed::<CHECKSUM_BYTES>(&mut cursor, "checksum")?;
        cursor.finish()?;
        if opening.values.len() != subject.elements.len() {
            return Err(Error::malformed("values", "not one value per slot"));
        }
        Ok(Self { subject, prepared_for, document, commitment, opening, proof })
    }

    /// The purpose of the proof.
    #[must_use]
    pub fn purpose(&self) -> Purpose {
        Purpose::new(&self.subject, self.document)
    }

    /// The time of the request for which the proof was prepared. The proof was made at about that
    /// time.
    #[must_use]
    pub fn prepared_for(&self) -> Timestamp {
        self.prepared_for
    }

    /// The suite of the proof. A prover of the same suite must present it.
    #[must_use]
    pub fn suite(&self) -> Suite {
        self.subject.suite
    }

    /// The size class of the proof.
    #[must_use]
    pub fn size_class(&self) -> SizeClass {
        self.subject.class
    }
}

impl Purpose {
    /// The purpose of a prepared proof and its [`Prepared::prepared_for`], read from its bytes. The
    /// secrets in them are only covered by the checksum and not read.
    ///
    /// # Errors
    /// The errors of [`Prepared::from_bytes`].
    pub fn of_prepared(bytes: &[u8]) -> Result<(Self, Timestamp), Error> {
        let head = Head::read(bytes, &mut Cursor::new(bytes, Rules::Shortest));
        let Head { subject, document, prepared_for } =
            head.map_err(|error| error.within("prepared"))?;
        Ok((Self::new(&subject, document), prepared_for))
    }
}

/// The members before the secrets.
struct Head {
    subject: Subject,
    document: [u8; 32],
    prepared_for: Timestamp,
}

impl Head {
    /// Reads these members, after checking the version and the checksum.
    fn read(bytes: &[u8], cursor: &mut Cursor<'_>) -> Result<Self, Error> {
        if bytes.len() > limits::PRESENTATION_BYTES {
            return Err(Error::malformed(
                "",
                format!("{} bytes, which is more than a prepared proof can have", bytes.len()),
            ));
        }
        let members = cursor.array()?.definite();
        if cursor.text()?.1 != Prepared::FORMAT {
            return Err(other_version("magic"));
        }
        check_whole(bytes)?;
        let subject = read_subject(cursor, members)?;
        let document = fixed(cursor, "document")?;
        let prepared_for = cursor
            .text()?
            .1
            .parse()
            .map_err(|error| Error::malformed("time", format!("{error}")))?;
        Ok(Self { subject, document, prepared_for })
    }
}

/// Checks that the last member is the checksum of everything before it.
fn check_whole(bytes: &[u8]) -> Result<(), Error> {
    let mut last = Vec::new();
    let length = bytes.len().saturating_sub(2 + CHECKSUM_BYTES);
    write_bytes(&mut last, &checksum(&bytes[..length]));
    if bytes[length..] == last[..] {
        return Ok(());
    }
    Err(Error::malformed(
        "",
        "the prepared proof is damaged: its checksum does not match; prepare anew",
    ))
}

fn checksum(bytes: &[u8]) -> [u8; CHECKSUM_BYTES] {
    blake3::hash(bytes).into()
}

fn other_version(what: &str) -> Error {
    Error::new(Code::WrongVersion, what, "prepared by another version; prepare anew")
}

fn read_subject(cursor: &mut Cursor<'_>, members: Option<u64>) -> Result<Subject, Error> {
    counted(members, MEMBERS)?;
    let (_, suite) = cursor.unsigned()?;
    let suite =
        u8::try_from(suite).ok().and_then(Suite::by_id).ok_or_else(|| other_version("suite"))?;
    if cursor.unsigned()?.1 != u64::from(suite.version()) {
        return Err(other_version("suite version"));
    }
    let (_, class) = cursor.unsigned()?;
    let class = u8::try_from(class)
        .ok()
        .and_then(SizeClass::by_id)
        .ok_or_else(|| other_version("class"))?;
    let doc_type = cursor.name()?.1.to_owned();
    let (x, y) = halves(&fixed(cursor, "issuer")?);
    let names = array_up_to(cursor, 2 * class.slots)?;
    let mut elements = Vec::new();
    for _ in 0..names / 2 {
        let namespace = cursor.name()?.1.to_owned();
        elements.push(ElementName { namespace, element: cursor.name()?.1.to_owned() });
    }
    if elements.is_empty() || names % 2 != 0 {
        return Err(Error::malformed("elements", "not pairs of namespace and element"));
    }
    Ok(Subject { suite, class, doc_type, issuer: PublicKey { x, y }, elements })
}

fn halves(both: &[u8; 64]) -> ([u8; 32], [u8; 32]) {
    let (mut first, mut second) = ([0; 32], [0; 32]);
    first.copy_from_slice(&both[..32]);
    second.copy_from_slice(&both[32..]);
    (first, second)
}

fn write_numbers<'a>(out: &mut Vec<u8>, numbers: impl Iterator<Item = &'a u64>) {
    let bytes = Zeroizing::new(numbers.flat_map(|number| number.to_le_bytes()).collect::<Vec<_>>());
    write_bytes(out, &bytes);
}

fn read_numbers(cursor: &mut Cursor<'_>, count: usize) -> Result<Zeroizing<Vec<u64>>, Error> {
    let bytes = Zeroizing::new(bounded(cursor, 8 * count)?);
    match bytes.as_chunks::<8>() {
        (numbers, []) if numbers.len() == count => {
            Ok(Zeroizing::new(numbers.iter().map(|bytes| u64::from_le_bytes(*bytes)).collect()))
        }
        _ => Err(Error::malformed("", format!("not {count} numbers of 8 bytes"))),
    }
}
