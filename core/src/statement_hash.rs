//! The hash by which an aggregate identifies a presentation. It covers everything public about the
//! presentation except the name of the credential proof. It is computed from values that a circuit
//! which verifies both proofs has at hand. `docs/statement.md` describes it element by element.

use p3_field::PrimeCharacteristicRing;
use velum_stark::air::Chip;
use velum_stark::field::{F, pack};
use velum_stark::{Poseidon2Hash, ProofHash, PublicCells};

use crate::class::SizeClass;
use crate::digest::{DIGEST_ELEMENTS, Digest};
use crate::proof::{StatementError, credential_chips, presentation_chips};
use crate::statement::{CredentialStatement, PresentationStatement, Subject};
use crate::suite::Suite;

/// The tag with which a hashed statement starts. Nothing else that is hashed as a row starts with
/// it.
const TAG: &[u8; 7] = b"velum s";

/// Why two statements have no hash.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StatementHashError {
    /// The statements do not fit their size class.
    #[error(transparent)]
    Statement(#[from] StatementError),
    /// No circuit verifies proofs of the statements' suite.
    #[error("the suite {0} is not for circuits: use aggregatable")]
    Suite(&'static str),
    /// The statements are not those of one presentation.
    #[error("the two statements differ in subject or commitment")]
    Pair,
    /// The public columns of the statements do not consist of the values that a circuit takes.
    #[error("a public column holds values that no circuit accepts")]
    Cells,
}

/// The hash of the statements of a presentation's two proofs.
///
/// The hash does not cover the name of the credential proof, but it covers the salt. A presentation
/// therefore has one hash, and only its holder can give it another one.
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
    let mut elements = constant_elements(subject.class).to_vec();
    elements.extend(pack(&credential.hash()));
    elements.extend(pack(&presentation.hash()));
    elements.extend(public_values(&credential_chips(credential)?)?);
    elements.extend(public_values(&presentation_chips(presentation)?)?);
    Ok(Poseidon2Hash::leaves(&elements, elements.len(), None)[0])
}

/// The elements with which the hashed statements of a class start.
pub fn constant_elements(class: SizeClass) -> [F; 2] {
    let class = [class.id];
    let mut elements = pack(TAG).chain(pack(&class));
    std::array::from_fn(|_| elements.next().unwrap_or_default())
}

/// The values of the public cells of a statement's tables.
///
/// # Errors
/// [`StatementHashError::Cells`].
pub fn public_values<C: Chip>(chips: &[C]) -> Result<Vec<F>, StatementHashError> {
    PublicCells::of(chips).values(chips).ok_or(StatementHashError::Cells)
}

/// The indices of the commitment's elements among the public values of a credential proof and among
/// those of a presentation proof. A circuit requires the elements to be equal in both.
pub fn commitment_places(class: SizeClass) -> [[usize; DIGEST_ELEMENTS]; 2] {
    let subject = Subject::example(Suite::Aggregatable, class);
    let with = |commitment| {
        let presentation =
            PresentationStatement { commitment, ..PresentationStatement::example(subject.clone()) };
        let credential = CredentialStatement { subject: subject.clone(), commitment };
        let fits = "the example fits every class";
        [
            public_values(&credential_chips(&credential).expect(fits)).expect(fits),
            public_values(&presentation_chips(&presentation).expect(fits)).expect(fits),
        ]
    };
    let (zeros, numbered) =
        (with(Digest::default()), with(std::array::from_fn(|at| F::from_usize(at + 1))));
    std::array::from_fn(|proof| {
        let values = zeros[proof].iter().zip(&numbered[proof]).enumerate();
        let mut changed = values.filter(|(_, (zero, numbered))| zero != numbered);
        std::array::from_fn(|_| changed.next().expect("commitments have all their elements").0)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::class::CLASSES;
    use crate::digest::digest_to_bytes;
    use crate::record::fixtures;

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
            "46c870886b8178511cdb424ba242d83116aaddc557f521bd72c11eaf1c13c893"
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
        assert_eq!(
            statement_hash(&credential, &presentation),
            Err(StatementHashError::Suite("direct"))
        );
    }

    #[test]
    fn commitments_stand_where_they_are_looked_for() {
        for class in CLASSES {
            let mut presentation = fixtures::standard_presentation();
            presentation.subject.suite = Suite::Aggregatable;
            presentation.subject.class = class;
            let PresentationStatement { subject, commitment, .. } = presentation.clone();
            let credential = CredentialStatement { subject, commitment };
            let values = [
                public_values(&credential_chips(&credential).unwrap()).unwrap(),
                public_values(&presentation_chips(&presentation).unwrap()).unwrap(),
            ];
            for (values, places) in values.iter().zip(commitment_places(class)) {
                assert_eq!(places.map(|place| values[place]), commitment);
            }
        }
    }
}
