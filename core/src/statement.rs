//! What the two proofs state, as the verifier computes it from its own request, and what they keep
//! private.
//!
//! `docs/statement.md` describes the record and the public inputs byte by byte.

#[cfg(feature = "prover")]
use p3_field::PrimeField64;
#[cfg(feature = "prover")]
use velum_stark::field::F;
use zeroize::Zeroize;

use crate::class::SizeClass;
pub use crate::digest::{
    DIGEST_BYTES, DIGEST_ELEMENTS, Digest, digest_from_bytes, digest_to_bytes,
};
use crate::suite::Suite;
use crate::value::SlotValue;

/// A P-256 public key: an affine point on the curve, with big-endian coordinates.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct PublicKey {
    /// The x coordinate, below the field's prime.
    pub x: [u8; 32],
    /// The y coordinate, below the field's prime.
    pub y: [u8; 32],
}

/// The name of the data element whose value a slot holds.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ElementName {
    /// Namespace, at most 64 bytes of UTF-8.
    pub namespace: String,
    /// Element identifier, at most 64 bytes of UTF-8.
    pub element: String,
}

/// What both proofs of a presentation have in common.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subject {
    /// The parameter suite.
    pub suite: Suite,
    /// The size class.
    pub class: SizeClass,
    /// The document type, at most 64 bytes of UTF-8.
    pub doc_type: String,
    /// The issuer's key, which is the key of the document signer.
    pub issuer: PublicKey,
    /// The distinct (namespace, element) pairs in the order of the request. Slot i holds the i-th
    /// pair. There is at least one pair, and there are at most [`SizeClass::slots`].
    pub elements: Vec<ElementName>,
}

impl Subject {
    /// The distinct namespaces, in the order of their first appearance.
    pub fn namespaces(&self) -> Vec<&str> {
        let mut namespaces: Vec<&str> = Vec::new();
        for element in &self.elements {
            if !namespaces.contains(&element.namespace.as_str()) {
                namespaces.push(&element.namespace);
            }
        }
        namespaces
    }

    /// The index in [`namespaces`](Self::namespaces) of the slot's namespace, if the slot is in
    /// use.
    pub fn namespace_index(&self, slot: usize) -> Option<usize> {
        let namespace = &self.elements.get(slot)?.namespace;
        self.namespaces().iter().position(|candidate| candidate == namespace)
    }
}

impl Subject {
    /// An example subject, for uses in which only the suite and the class matter.
    pub(crate) fn example(suite: Suite, class: SizeClass) -> Self {
        let elements =
            vec![ElementName { namespace: "namespace".to_owned(), element: "element".to_owned() }];
        let issuer = PublicKey { x: [0; 32], y: [0; 32] };
        Self { suite, class, doc_type: "type".to_owned(), issuer, elements }
    }
}

/// The statement of a credential proof: an issuer signed a document with these elements, and
/// `commitment` commits to the record of this document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CredentialStatement {
    /// Document type, issuer, elements.
    pub subject: Subject,
    /// `C`, the hiding commitment to the record.
    pub commitment: Digest,
}

/// One property of a slot's value that the presentation proof shows.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SlotPredicate {
    /// The value is the one that these bytes encode, whatever heads either encoding uses. It may be
    /// a disclosed value or a requested one.
    Encoding(Vec<u8>),
    /// The value is a date: tag 0, of which the UTC date counts, tag 1004, or text. Its month is 1
    /// to 12, and its day is 1 to 31. As the decimal number `YYYYMMDD`, it lies within these
    /// bounds, both included.
    Date {
        /// The lower bound.
        first: u32,
        /// The upper bound.
        last: u32,
    },
}

/// Why no value meets all predicates of a slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Contradiction {
    /// Two encodings differ.
    #[error("two predicates need different values")]
    Encodings,
    /// No day lies within all bounds.
    #[error("no day meets all predicates")]
    Dates,
}

/// All predicates of a slot, combined into at most one of each kind. Public inputs and tables hold
/// predicates in this form.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct CombinedPredicates<'a> {
    pub(crate) value: Option<SlotValue<'a>>,
    /// Lower and upper bound.
    pub(crate) date: Option<(u32, u32)>,
}

impl SlotPredicate {
    /// Checks that the predicates do not contradict each other: all encodings are of one value, and
    /// the bounds of the dates do not exclude each other. Encodings are not compared with bounds.
    ///
    /// # Errors
    /// The [`Contradiction`] between the predicates.
    pub fn check_together(predicates: &[Self]) -> Result<(), Contradiction> {
        let CombinedPredicates { value, date } = Self::combine(predicates);
        let is_other = |predicate: &Self| matches!(predicate, Self::Encoding(one) if Some(SlotValue::read(one)) != value);
        if predicates.iter().any(is_other) {
            return Err(Contradiction::Encodings);
        }
        match date {
            Some((first, last)) if first > last => Err(Contradiction::Dates),
            _ => Ok(()),
        }
    }

    /// Combines the predicates into at most one of each kind. If encodings differ, the result has
    /// the first one. No statement with a proof has such predicates
    /// ([`check_together`](Self::check_together)).
    pub(crate) fn combine(predicates: &[Self]) -> CombinedPredicates<'_> {
        let mut combined = CombinedPredicates::default();
        for predicate in predicates {
            match predicate {
                Self::Encoding(encoding) => {
                    combined.value = combined.value.or_else(|| Some(SlotValue::read(encoding)));
                }
                Self::Date { first, last } => {
                    let (lowest, highest) = combined.date.unwrap_or((*first, *last));
                    combined.date = Some((lowest.max(*first), highest.min(*last)));
                }
            }
        }
        combined
    }
}

/// The statement of a presentation proof: `commitment` opens to a record whose times, device
/// signature and values meet the request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PresentationStatement {
    /// Document type, issuer, elements.
    pub subject: Subject,
    /// `C`, the hiding commitment to the record.
    pub commitment: Digest,
    /// Name of the credential proof that shows what `commitment` commits to, as computed by
    /// [`credential_proof_name`].
    pub credential_proof: [u8; 32],
    /// A salt that the holder chose, so that nobody who sees a hash of the statement can guess the
    /// statement. Only suites for circuits have a salt.
    pub salt: Option<[u8; SALT_BYTES]>,
    /// BLAKE3 of the verifier's request in canonical form.
    pub request: [u8; 32],
    /// The verifier's time as the decimal number `YYYYMMDDhhmmss`, UTC.
    pub now: u64,
    /// Bounds of the MSO's `signed`, both included, as `YYYYMMDDhhmmss`.
    pub signed_within: (u64, u64),
    /// SHA-256 of the `Sig_structure` that the device signed.
    pub device_authentication: [u8; 32],
    /// For each slot in use, in slot order, the predicates that its value meets. A slot may have
    /// any number of predicates.
    pub predicates: Vec<Vec<SlotPredicate>>,
}

impl PresentationStatement {
    /// An example statement about the subject, for uses in which only its shape matters.
    pub(crate) fn example(subject: Subject) -> Self {
        Self {
            predicates: vec![Vec::new(); subject.elements.len()],
            subject,
            commitment: Digest::default(),
            credential_proof: [0; 32],
            salt: None,
            request: [0; 32],
            now: 0,
            signed_within: (0, 0),
            device_authentication: [0; 32],
        }
    }
}

/// Number of bytes in the salt of a presentation proof.
pub const SALT_BYTES: usize = 32;

/// The name by which a presentation proof identifies a credential proof: BLAKE3 of the whole proof
/// or, in a suite for circuits, the root of the proof's main tree. The proof starts with this root,
/// and the leaves of the tree are salted. If the bytes are too short to hold the root, they are not
/// a proof, and the name is zeros.
pub fn credential_proof_name(suite: Suite, proof: &[u8]) -> [u8; 32] {
    if suite.is_for_circuits() {
        return proof.first_chunk().copied().unwrap_or_default();
    }
    blake3::hash(proof).into()
}

/// Draws the salt of a presentation proof from the operating system's generator, if the suite uses
/// a salt.
#[cfg(feature = "prover")]
pub fn presentation_salt(suite: Suite) -> Result<Option<[u8; SALT_BYTES]>, getrandom::Error> {
    let salt = || {
        let mut salt = [0; SALT_BYTES];
        getrandom::fill(&mut salt).map(|()| salt)
    };
    suite.is_for_circuits().then(salt).transpose()
}

/// What a credential proof keeps private. Zeroised when dropped.
#[derive(Clone, Zeroize)]
#[zeroize(drop)]
pub struct CredentialWitness {
    /// The bytes that the issuer signed: a COSE `Sig_structure` over the tag-24 MSO.
    pub sig_structure: Vec<u8>,
    /// The issuer's signature, `r || s`.
    pub signature: [u8; 64],
    /// The tag-24 `IssuerSignedItemBytes` of each slot in use.
    pub items: Vec<Vec<u8>>,
    /// The record of the document.
    pub record: RecordOpening,
}

/// The uniform elements that make a record hiding, each as its canonical number.
#[derive(Clone, Zeroize)]
#[zeroize(drop)]
pub struct RecordSalts {
    /// One salt for each slot of the class.
    pub slots: Vec<[u64; DIGEST_ELEMENTS]>,
    /// The salt of the record.
    pub record: [u64; DIGEST_ELEMENTS],
}

#[cfg(feature = "prover")]
impl RecordSalts {
    /// Draws the salts for a record of the class from the operating system's generator.
    pub fn from_system(class: SizeClass) -> Result<Self, getrandom::Error> {
        let slots = (0..class.slots).map(|_| uniform_elements()).collect::<Result<_, _>>()?;
        Ok(Self { slots, record: uniform_elements()? })
    }
}

/// Draws uniform canonical elements by rejection sampling.
#[cfg(feature = "prover")]
fn uniform_elements() -> Result<[u64; DIGEST_ELEMENTS], getrandom::Error> {
    let mut elements = [0; DIGEST_ELEMENTS];
    for element in &mut elements {
        *element = loop {
            let candidate = getrandom::u64()?;
            if candidate < F::ORDER_U64 {
                break candidate;
            }
        };
    }
    Ok(elements)
}

/// The private content of a record, which the presentation proof opens. Zeroised when dropped.
#[derive(Clone, Zeroize)]
#[zeroize(drop)]
pub struct RecordOpening {
    /// The x coordinate of `deviceKey`.
    pub device_key_x: [u8; 32],
    /// The y coordinate of `deviceKey`.
    pub device_key_y: [u8; 32],
    /// `signed`, `validFrom` and `validUntil` as `YYYYMMDDhhmmss`.
    pub dates: [u64; 3],
    /// The encoding of the `elementValue` of each slot in use.
    pub values: Vec<Vec<u8>>,
    /// The salts of the record and its slots.
    pub salts: RecordSalts,
}

/// What a presentation proof keeps private. Zeroised when dropped.
#[derive(Clone, Zeroize)]
#[zeroize(drop)]
pub struct PresentationWitness {
    /// What the commitment opens to.
    pub record: RecordOpening,
    /// The device's signature, `r || s`.
    pub signature: [u8; 64],
}
