//! Checks the tables of a credential proof that are about the document itself, without a proof. For
//! the tests of this crate and of crates that read documents.
//!
//! The tables of SHA-256 and ES256 are left out. In their place, a partner table takes the issuer's
//! key from the statement and computes the hashes from the witness.

use p3_field::PrimeCharacteristicRing;
use sha2::{Digest, Sha256};
use velum_stark::air::testing::Partner;
use velum_stark::air::{Trace, Violations, check, fill_multiplicities};
use velum_stark::field::F;

use crate::chips::buses::{ES256, HASH_WORDS, es256};
use crate::chips::common::streams::Streams;
use crate::chips::mdoc::cbor::Tree;
use crate::class::sha256_blocks;
use crate::proof::credential::traces_of;
use crate::proof::{CredentialChip, StatementError, WitnessError, credential_chips};
use crate::record::coordinate_words;
use crate::statement::{CredentialStatement, CredentialWitness};

velum_stark::chip_enum! {
    enum Table { Core(CredentialChip), Partner(Partner) }
}

/// Why there are no tables to check.
#[derive(Debug, thiserror::Error)]
pub enum NoTables {
    /// The statement does not fit its size class.
    #[error(transparent)]
    Statement(#[from] StatementError),
    /// The witness does not fit into the tables.
    #[error(transparent)]
    Witness(#[from] WitnessError),
}

/// Fills the tables of a document as for a proof and returns what is wrong with them.
///
/// # Errors
/// [`NoTables`] in the cases in which a prover would return an error.
pub fn check_document(
    statement: &CredentialStatement,
    witness: &CredentialWitness,
) -> Result<Violations, NoTables> {
    let streams = streams(statement, witness)?;
    let tree = Tree::parse(&statement.subject, &streams).map_err(WitnessError::from)?;
    check_tree(statement, witness, &streams, &tree, |_, _| {})
}

/// The streams of a witness.
pub(crate) fn streams(
    statement: &CredentialStatement,
    witness: &CredentialWitness,
) -> Result<Streams, NoTables> {
    let messages = std::iter::once(&witness.sig_structure).chain(&witness.items);
    let messages: Vec<_> = messages.map(Vec::as_slice).collect();
    Ok(Streams::new(statement.subject.class, &messages).map_err(WitnessError::from)?)
}

/// Checks the tables as [`check_document`] does, but fills them from a tree that need not be the
/// tree of the streams. `forge` may change each table.
pub(crate) fn check_tree(
    statement: &CredentialStatement,
    witness: &CredentialWitness,
    streams: &Streams,
    tree: &Tree,
    forge: impl Fn(&CredentialChip, &mut Trace),
) -> Result<Violations, NoTables> {
    let mut chips = credential_chips(statement)?;
    chips.retain(|chip| !matches!(chip, CredentialChip::Es256(_) | CredentialChip::Sha256(_)));
    let mut traces = traces_of(&chips, statement, witness, streams, tree)?;
    chips.iter().zip(&mut traces).for_each(|(chip, trace)| forge(chip, trace));
    let partner = partner(statement, witness);
    traces.push(partner.trace());
    let chips: Vec<_> =
        chips.into_iter().map(Table::Core).chain([Table::Partner(partner)]).collect();
    fill_multiplicities(&chips, &mut traces);
    Ok(check(&chips, &traces))
}

/// The side of the buses that the omitted tables would take.
fn partner(statement: &CredentialStatement, witness: &CredentialWitness) -> Partner {
    let mut partner = Partner::default();
    let hash = |message: &Vec<u8>| coordinate_words(&Sha256::digest(message).into());
    let issuer = &statement.subject.issuer;
    let operands = [
        (es256::X, coordinate_words(&issuer.x)),
        (es256::Y, coordinate_words(&issuer.y)),
        (es256::HASH, hash(&witness.sig_structure)),
    ];
    for (operand, words) in operands {
        for (k, word) in words.into_iter().enumerate() {
            let tuple = vec![F::from_u64(operand), F::from_usize(k), word];
            partner.tuples.push((ES256, tuple, F::NEG_ONE));
        }
    }
    for (stream, message) in
        std::iter::once(&witness.sig_structure).chain(&witness.items).enumerate()
    {
        let last = statement.subject.class.first_block(stream) + sha256_blocks(message.len()) - 1;
        let words = hash(message);
        for k in 0..4 {
            let tuple = vec![F::from_usize(last), F::from_usize(k), words[k], words[k + 4]];
            partner.tuples.push((HASH_WORDS, tuple, F::NEG_ONE));
        }
    }
    partner
}
