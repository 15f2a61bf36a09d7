//! What the two proofs state, as the verifier computes it from its own request, and what they keep private.
//!
//! `docs/statement.md` gives the record and the public inputs byte by byte.

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

/// A P-256 public key, affine and on the curve: big-endian coordinates.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct PublicKey {
    /// x coordinate, below the field's prime.
    pub x: [u8; 32],
    /// y coordinate, below the field's prime.
    pub y: [u8; 32],
}

/// Whose value a slot holds.
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
    /// The issuer's key: the document signer's.
    pub issuer: PublicKey,
    /// The distinct (namespace, element) pairs in the request's order: slot i holds the i-th. At least one, at most
    /// [`SizeClass::slots`].
    pub elements: Vec<ElementName>,
}

impl Subject {
    /// The distinct namespaces in order of first appearance.
    pub fn namespaces(&self) -> Vec<&str> {
        let mut namespaces: Vec<&str> = Vec::new();
        for element in &self.elements {
            if !namespaces.contains(&element.namespace.as_str()) {
                namespaces.push(&element.namespace);
            }
        }
        namespaces
    }

    /// Index in [`namespaces`](Self::namespaces) of the namespace of the slot, if it is in use.
    pub fn namespace_index(&self, slot: usize) -> Option<usize> {
        let namespace = &self.elements.get(slot)?.namespace;
        self.namespaces().iter().position(|candidate| candidate == namespace)
    }
}

impl Subject {
    /// Some subject of the suite and class, where only these matter.
    pub(crate) fn example(suite: Suite, class: SizeClass) -> Self {
        let elements =
            vec![ElementName { namespace: "namespace".to_owned(), element: "element".to_owned() }];
        let issuer = PublicKey { x: [0; 32], y: [0; 32] };
        Self { suite, class, doc_type: "type".to_owned(), issuer, elements }
    }
}

/// The statement of a credential proof: an issuer signed a document with these elements, and `commitment` commits to
/// the record of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CredentialStatement {
    /// Document type, issuer, elements.
    pub subject: Subject,
    /// `C`, the hiding commitment to the record.
    pub commitment: Digest,
}

/// One thing that the presentation proof shows of a slot's value.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SlotPredicate {
    /// The value is the one that this encodes (a disclosed value, or one asked for), whatever the heads of either.
    Encoding(Vec<u8>),
    /// The value is a date (tag 0, its UTC date; tag 1004; text) with a month of 1 to 12 and a day of 1 to 31, within these
    /// bounds, both included, as the decimal number `YYYYMMDD`.
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
    /// Two encodings that differ.
    #[error("the value is another one")]
    Encodings,
    /// No day within all bounds.
    #[error("no day meets what is asked")]
    Dates,
}

/// All predicates of a slot as one of each kind: what public inputs and tables hold.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct CombinedPredicates<'a> {
    pub(crate) value: Option<SlotValue<'a>>,
    /// Lower and upper bound.
    pub(crate) date: Option<(u32, u32)>,
}

impl SlotPredicate {
    /// Checks that one value can meet all these predicates.
    ///
    /// # Errors
    /// The [`Contradiction`] between them.
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

    /// The predicates as one of each kind. Of encodings that differ, which no statement with a proof has
    /// ([`check_together`](Self::check_together)), it is the first.
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

/// The statement of a presentation proof: `commitment` opens to a record whose times, device signature and values are
/// as asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PresentationStatement {
    /// Document type, issuer, elements.
    pub subject: Subject,
    /// `C`, the hiding commitment to the record.
    pub commitment: Digest,
    /// Names the credential proof that shows what `commitment` commits to, as [`credential_proof_name`] does.
    pub credential_proof: [u8; 32],
    /// What the holder chose, so that who sees a hash of the statement cannot guess it: in suites for circuits alone.
    pub salt: Option<[u8; SALT_BYTES]>,
    /// BLAKE3 of the verifier's request in canonical form.
    pub request: [u8; 32],
    /// The verifier's time as the decimal number `YYYYMMDDhhmmss`, UTC.
    pub now: u64,
    /// Bounds of the MSO's `signed`, both included, as `YYYYMMDDhhmmss`.
    pub signed_within: (u64, u64),
    /// SHA-256 of the `Sig_structure` that the device signed.
    pub device_authentication: [u8; 32],
    /// For each slot in use, in slot order, the predicates that its value meets, any number of them.
    pub predicates: Vec<Vec<SlotPredicate>>,
}

impl PresentationStatement {
    /// Some statement about the subject, where only its shape matters.
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

/// Bytes of the salt of a presentation proof.
pub const SALT_BYTES: usize = 32;

/// What a presentation proof names a credential proof by: BLAKE3 of all of it, or in a suite for circuits the root of its main tree, with
/// which it starts and whose leaves are salted. Of what is shorter, which is no proof, zeros.
pub fn credential_proof_name(suite: Suite, proof: &[u8]) -> [u8; 32] {
    if suite.is_for_circuits() {
        return proof.first_chunk().copied().unwrap_or_default();
    }
    blake3::hash(proof).into()
}

/// A salt from the operating system's generator for a presentation proof of the suite, where it has one.
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
    /// The bytes the issuer signed: a COSE `Sig_structure` over the tag-24 MSO.
    pub sig_structure: Vec<u8>,
    /// The issuer's signature, `r || s`.
    pub signature: [u8; 64],
    /// The tag-24 `IssuerSignedItemBytes` of each slot in use.
    pub items: Vec<Vec<u8>>,
    /// The record of the document.
    pub record: RecordOpening,
}

/// The uniform elements that make a record hiding, each canonical and little end first.
#[derive(Clone, Zeroize)]
#[zeroize(drop)]
pub struct RecordSalts {
    /// One salt a slot of the class.
    pub slots: Vec<[u64; DIGEST_ELEMENTS]>,
    /// Salt of the record.
    pub record: [u64; DIGEST_ELEMENTS],
}

#[cfg(feature = "prover")]
impl RecordSalts {
    /// Salts for a record of the class from the operating system's generator.
    pub fn from_system(class: SizeClass) -> Result<Self, getrandom::Error> {
        let slots = (0..class.slots).map(|_| uniform_elements()).collect::<Result<_, _>>()?;
        Ok(Self { slots, record: uniform_elements()? })
    }
}

/// Uniform canonical elements, by rejection.
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

/// The private content of a record, as the presentation proof opens it. Zeroised when dropped.
#[derive(Clone, Zeroize)]
#[zeroize(drop)]
pub struct RecordOpening {
    /// x coordinate of `deviceKey`.
    pub device_key_x: [u8; 32],
    /// y coordinate of `deviceKey`.
    pub device_key_y: [u8; 32],
    /// `signed`, `validFrom` and `validUntil` as `YYYYMMDDhhmmss`.
    pub dates: [u64; 3],
    /// Encoding of `elementValue` of each slot in use.
    pub values: Vec<Vec<u8>>,
    /// Randomness of the record.
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
