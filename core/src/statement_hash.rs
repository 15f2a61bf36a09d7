//! What an aggregate knows a presentation by: a hash of everything public about it, made of what a circuit has at hand that verifies both
//! proofs. `docs/statement.md` gives it element by element.

use velum_stark::air::Chip;
use velum_stark::field::{F, pack};
use velum_stark::{Poseidon2Hash, ProofHash, PublicCells};

use crate::digest::Digest;
use crate::proof::{StatementError, credential_chips, presentation_chips};
use crate::statement::{CredentialStatement, PresentationStatement};

/// What a hashed statement starts with: nothing else that is hashed as a row does.
const TAG: &[u8; 7] = b"velum s";

/// Why statements have no hash.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StatementHashError {
    /// They do not fit their size class.
    #[error(transparent)]
    Statement(#[from] StatementError),
    /// No circuit verifies proofs of their suite.
    #[error("the suite {0} is not for circuits: take aggregatable")]
    Suite(&'static str),
    /// They are not of one presentation.
    #[error("the two statements differ in subject or commitment")]
    Pair,
    /// Their public columns are not made of the values that a circuit takes.
    #[error("a public column holds what no circuit takes")]
    Cells,
}

/// The hash of the statements of a presentation's two proofs.
///
/// The name of the credential proof is not in it, the salt is: a presentation has one hash, and others can be had by its holder alone.
///
/// # Errors
/// [`StatementHashError`].
pub fn statement_hash(
    credential: &CredentialStatement,
    presentation: &PresentationStatement,
) -> Result<Digest, StatementHashError> {
    let CredentialStatement { subject, commitment } = credential;
    if !subject.suite.is_for_circuits() {
        return Err(StatementHashError::Suite(subject.suite.name()));
    }
    if *subject != presentation.subject || *commitment != presentation.commitment {
        return Err(StatementHashError::Pair);
    }
    let mut elements: Vec<F> = pack(TAG).collect();
    elements.extend(pack(&[subject.class.id]));
    elements.extend(pack(&credential.hash()));
    elements.extend(pack(&presentation.hash()));
    elements.extend(public_values(&credential_chips(credential)?)?);
    elements.extend(public_values(&presentation_chips(presentation)?)?);
    Ok(Poseidon2Hash::leaves(&elements, elements.len(), None)[0])
}

fn public_values<C: Chip>(chips: &[C]) -> Result<Vec<F>, StatementHashError> {
    PublicCells::of(chips).values(chips).ok_or(StatementHashError::Cells)
}

#[cfg(test)]
mod tests {
    use p3_field::PrimeCharacteristicRing;

    use super::*;
    use crate::digest::digest_to_bytes;
    use crate::record::fixtures;
    use crate::suite::Suite;

    fn statements() -> (CredentialStatement, PresentationStatement) {
        let mut presentation = fixtures::standard_presentation();
        presentation.subject.suite = Suite::Aggregatable;
        presentation.salt = Some([0x5a; 32]);
        let PresentationStatement { subject, commitment, .. } = presentation.clone();
        (CredentialStatement { subject, commitment }, presentation)
    }

    #[test]
    fn everything_public_is_hashed_but_the_name_of_the_credential_proof() {
        let (credential, presentation) = statements();
        let hash = statement_hash(&credential, &presentation).unwrap();
        assert_eq!(
            hex::encode(digest_to_bytes(&hash)),
            "bec08ad456f2e74c8926768ca179643cd39300a28960f54c7ab2ee893aa81467"
        );

        let changes: [fn(&mut PresentationStatement); 6] = [
            |s| s.salt = Some([0x5b; 32]),
            |s| s.request[0] ^= 1,
            |s| s.now += 1,
            |s| s.signed_within.1 += 1,
            |s| s.device_authentication[31] ^= 1,
            |s| s.predicates[0].clear(),
        ];
        for change in changes {
            let mut other = presentation.clone();
            change(&mut other);
            assert_ne!(statement_hash(&credential, &other).unwrap(), hash);
        }
        let mut other = presentation.clone();
        other.credential_proof[0] ^= 1;
        assert_eq!(statement_hash(&credential, &other).unwrap(), hash);

        let (mut credential, mut presentation) = (credential, presentation);
        for commitment in [&mut credential.commitment, &mut presentation.commitment] {
            commitment[0] += F::ONE;
        }
        assert_ne!(statement_hash(&credential, &presentation).unwrap(), hash);
    }

    #[test]
    fn statements_that_no_circuit_verifies_have_no_hash() {
        let (credential, presentation) = statements();
        let mut other = presentation.clone();
        other.commitment[0] += F::ONE;
        assert_eq!(statement_hash(&credential, &other), Err(StatementHashError::Pair));
        let (mut credential, mut presentation) = (credential, presentation);
        credential.subject.suite = Suite::Direct;
        presentation.subject.suite = Suite::Direct;
        assert_eq!(statement_hash(&credential, &presentation), Err(StatementHashError::Suite("direct")));
    }
}
