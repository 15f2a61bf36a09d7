//! The public inputs of a proof as bytes, and the data with which the proof's transcript starts,
//! before the hash of the verifier key. These data are the public inputs or, in suites for
//! circuits, their hash.
//!
//! Numbers are little-endian. A byte string is preceded by its length in four bytes. Two statements
//! therefore have the same bytes only if their predicates on each slot combine to the same
//! predicates and all other values in the bytes are equal. `docs/statement.md` gives the layout
//! with test vectors.

use velum_stark::field::PACKED_BYTES;

use crate::kind::ProofKind;
use crate::statement::{
    CombinedPredicates, CredentialStatement, Digest, PresentationStatement, SlotPredicate, Subject,
    digest_to_bytes,
};

/// Name of the protocol and its version.
pub(crate) const PROTOCOL: &[u8] = b"velum-stark-v1";

/// The context of BLAKE3's `derive_key` under which public inputs are hashed, for transcripts that
/// start with this hash.
const HASH_CONTEXT: &str = "velum 2026 public inputs v1";

impl CredentialStatement {
    /// The public inputs as bytes.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut writer = Writer::new(ProofKind::Credential, &self.subject);
        writer.digest(&self.commitment);
        writer.0
    }

    /// The data to which the proof is bound: the public inputs or, in suites for circuits, their
    /// hash.
    pub fn bound(&self) -> Vec<u8> {
        match self.subject.suite.is_for_circuits() {
            true => padded(&self.hash()),
            false => self.to_bytes(),
        }
    }

    /// The hash of the public inputs, for circuits.
    pub(crate) fn hash(&self) -> [u8; 32] {
        blake3::derive_key(HASH_CONTEXT, &self.to_bytes())
    }
}

impl PresentationStatement {
    /// The public inputs as bytes. In suites for circuits, they have the salt in place of the name
    /// of the credential proof, so that they are the same for every credential proof that
    /// accompanies the presentation proof.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut writer = Writer::new(ProofKind::Presentation, &self.subject);
        writer.digest(&self.commitment);
        match self.subject.suite.is_for_circuits() {
            true => writer.0.extend_from_slice(&self.salt.unwrap_or_default()),
            false => writer.0.extend_from_slice(&self.credential_proof),
        }
        writer.0.extend_from_slice(&self.request);
        for time in [self.now, self.signed_within.0, self.signed_within.1] {
            writer.0.extend_from_slice(&time.to_le_bytes());
        }
        writer.0.extend_from_slice(&self.device_authentication);
        writer.number(self.predicates.len());
        for predicates in &self.predicates {
            let CombinedPredicates { value, date } = SlotPredicate::combine(predicates);
            writer.0.push(value.is_some().into());
            writer.bytes(&value.map(|value| value.encoding()).unwrap_or_default());
            writer.0.push(date.is_some().into());
            let (first, last) = date.unwrap_or_default();
            writer.0.extend_from_slice(&first.to_le_bytes());
            writer.0.extend_from_slice(&last.to_le_bytes());
        }
        writer.0
    }

    /// The data to which the proof is bound: the public inputs or, in suites for circuits, their
    /// hash and the name of the credential proof.
    pub fn bound(&self) -> Vec<u8> {
        if !self.subject.suite.is_for_circuits() {
            return self.to_bytes();
        }
        let mut bound = padded(&self.hash());
        for word in self.credential_proof.as_chunks::<8>().0 {
            bound.extend_from_slice(word);
            pad(&mut bound);
        }
        bound
    }

    /// The hash of the public inputs, for circuits.
    pub(crate) fn hash(&self) -> [u8; 32] {
        blake3::derive_key(HASH_CONTEXT, &self.to_bytes())
    }
}

/// Number of bytes of the length that a transcript absorbs before the data to which a proof is
/// bound.
const LENGTH_BYTES: usize = 8;

/// A hash in field elements of its own: the preceding length and the hash are each padded to whole
/// elements.
fn padded(hash: &[u8; 32]) -> Vec<u8> {
    let mut bound = Vec::new();
    pad(&mut bound);
    bound.extend_from_slice(hash);
    pad(&mut bound);
    bound
}

/// Adds zeros until whatever follows starts a new element of the transcript.
fn pad(bound: &mut Vec<u8>) {
    bound.resize((LENGTH_BYTES + bound.len()).next_multiple_of(PACKED_BYTES) - LENGTH_BYTES, 0);
}

struct Writer(Vec<u8>);

impl Writer {
    fn new(kind: ProofKind, subject: &Subject) -> Self {
        let mut writer = Self(Vec::new());
        writer.bytes(PROTOCOL);
        let Subject { suite, class, .. } = subject;
        writer.0.extend_from_slice(&[suite.id(), suite.version(), kind as u8, class.id]);
        writer.bytes(subject.doc_type.as_bytes());
        writer.0.extend_from_slice(&subject.issuer.x);
        writer.0.extend_from_slice(&subject.issuer.y);
        writer.number(subject.elements.len());
        for element in &subject.elements {
            writer.bytes(element.namespace.as_bytes());
            writer.bytes(element.element.as_bytes());
        }
        writer
    }

    fn number(&mut self, number: usize) {
        self.0.extend_from_slice(&(number as u32).to_le_bytes());
    }

    fn bytes(&mut self, bytes: &[u8]) {
        self.number(bytes.len());
        self.0.extend_from_slice(bytes);
    }

    fn digest(&mut self, digest: &Digest) {
        self.0.extend_from_slice(&digest_to_bytes(digest));
    }
}

#[cfg(test)]
mod tests {
    use p3_field::PrimeCharacteristicRing;
    use velum_stark::field::F;

    use super::*;
    use crate::class::{LARGE, STANDARD};
    use crate::statement::{ElementName, PublicKey};
    use crate::suite::Suite;

    fn presentation() -> PresentationStatement {
        let name = |namespace: &str, element: &str| ElementName {
            namespace: namespace.to_owned(),
            element: element.to_owned(),
        };
        PresentationStatement {
            subject: Subject {
                suite: Suite::Direct,
                class: STANDARD,
                doc_type: "type".to_owned(),
                issuer: PublicKey { x: [1; 32], y: [2; 32] },
                elements: vec![name("a", "bc"), name("d", "e")],
            },
            commitment: F::new_array([1, 2, 3, 4]),
            credential_proof: [3; 32],
            salt: None,
            request: [4; 32],
            now: 20_241_015_000_000,
            signed_within: (1, 2),
            device_authentication: [5; 32],
            predicates: vec![
                vec![SlotPredicate::Encoding(vec![0xf5])],
                vec![SlotPredicate::Date { first: 19_000_101, last: 20_061_015 }],
            ],
        }
    }

    #[test]
    fn every_public_value_changes_the_bytes() {
        let changes: [fn(&mut PresentationStatement); 16] = [
            |s| s.subject.class = LARGE,
            |s| s.subject.doc_type.push('x'),
            |s| s.subject.issuer.x[0] ^= 1,
            |s| s.subject.issuer.y[31] ^= 1,
            // The same letters, split differently.
            |s| s.subject.elements[0] = ElementName { namespace: "ab".into(), element: "c".into() },
            |s| s.subject.elements.swap(0, 1),
            |s| s.commitment[3] += F::ONE,
            |s| s.credential_proof[0] ^= 1,
            |s| s.request[0] ^= 1,
            |s| s.now += 1,
            |s| s.signed_within.0 += 1,
            |s| s.signed_within.1 += 1,
            |s| s.device_authentication[31] ^= 1,
            |s| s.predicates[0] = vec![SlotPredicate::Encoding(vec![0xf4])],
            |s| s.predicates[0].clear(),
            |s| s.predicates[1] = vec![SlotPredicate::Date { first: 19_000_101, last: 20_061_016 }],
        ];
        let mut seen = vec![presentation().to_bytes()];
        for change in changes {
            let mut statement = presentation();
            change(&mut statement);
            seen.push(statement.to_bytes());
        }
        let PresentationStatement { subject, commitment, .. } = presentation();
        seen.push(CredentialStatement { subject, commitment }.to_bytes());
        let count = seen.len();
        seen.sort();
        seen.dedup();
        assert_eq!(seen.len(), count);
    }

    #[cfg(feature = "aggregatable")]
    #[test]
    fn what_a_circuit_reads_has_one_length() {
        let bound_of = |change: fn(&mut PresentationStatement)| {
            let mut statement = presentation();
            statement.subject.suite = Suite::Aggregatable;
            statement.salt = Some([6; 32]);
            change(&mut statement);
            statement.bound()
        };
        let changed: [fn(&mut PresentationStatement); 4] = [
            |s| s.subject.doc_type.push('x'),
            |s| s.salt = Some([7; 32]),
            |s| s.now += 1,
            |s| s.predicates[0].clear(),
        ];
        // Each part has elements of its own: the length with zeros, the hash, and two for each word
        // of the name.
        const HASH: usize = 6;
        const NAME: usize = HASH + 35;
        let bound = bound_of(|_| ());
        for change in changed {
            let other = bound_of(change);
            assert_eq!(other.len(), NAME + 4 * 14);
            assert_eq!((&other[..HASH], &other[NAME..]), (&bound[..HASH], &bound[NAME..]));
            assert_ne!(other[HASH..NAME], bound[HASH..NAME]);
        }
        // The name of the credential proof stands apart, so that a circuit can compare it.
        let other = bound_of(|s| s.credential_proof = std::array::from_fn(|i| i as u8));
        assert_eq!(other[..NAME], bound[..NAME]);
        assert_eq!(other[NAME..][..16], [0, 1, 2, 3, 4, 5, 6, 7, 0, 0, 0, 0, 0, 0, 8, 9]);

        let PresentationStatement { mut subject, commitment, .. } = presentation();
        subject.suite = Suite::Aggregatable;
        assert_eq!(CredentialStatement { subject, commitment }.bound().len(), NAME);
    }

    #[test]
    fn predicates_of_a_slot_are_combined() {
        let bytes_of = |predicates: &[SlotPredicate]| {
            let mut statement = presentation();
            statement.predicates[1] = predicates.to_vec();
            statement.to_bytes()
        };
        let date = |first, last| SlotPredicate::Date { first, last };
        let encoding = || SlotPredicate::Encoding(vec![0x01]);
        assert_eq!(
            bytes_of(&[
                date(19_000_101, 20_061_015),
                encoding(),
                date(19_500_101, 20_240_101),
                encoding()
            ]),
            bytes_of(&[encoding(), date(19_500_101, 20_061_015)]),
        );
    }
}
