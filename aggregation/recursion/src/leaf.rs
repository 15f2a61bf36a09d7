//! The leaf of an aggregate: a circuit that verifies both proofs of one presentation, and states
//! the hash of what these proofs state.
//!
//! There is one such circuit for each size class. Its only public input is the statement hash, as
//! `statement_hash` of velum-core computes it. Apart from constants of the class, everything that
//! is hashed is a witness. No part of this witness is free, because a transcript starts with it or
//! a constraint reads it.
//!
//! No circuit checks that the hashes of the public inputs and the public cells belong to one
//! statement. The transcripts start with the hashes and not with the cells. A leaf therefore shows
//! something only to a party that computes both from a statement. As far as anyone else can tell,
//! the cells may have been chosen after the challenges.

use plonky2::iop::target::Target;
use plonky2::iop::witness::{PartialWitness, WitnessWrite};
use plonky2::plonk::circuit_data::{CircuitConfig, CircuitData};
use plonky2::plonk::config::PoseidonGoldilocksConfig;
use plonky2::plonk::proof::ProofWithPublicInputs;
use velum_core::class::SizeClass;
use velum_core::proof::{Verifier, credential_chips, key_chips, presentation_chips};
use velum_core::statement::{CredentialStatement, PresentationStatement};
use velum_core::statement_hash::{
    StatementHashError, commitment_places, constant_elements, public_values, statement_hash,
};
use velum_core::suite::Suite;
use velum_stark::air::Chip;
use velum_stark::field::PACKED_BYTES;
use velum_stark::{Poseidon2Hash, PublicCells, VerifierKey};

use crate::bits::canonical_bits;
use crate::error::LeafError;
use crate::field::{Builder, D, F, element};
use crate::poseidon2::{DigestTarget, leaf};
use crate::proof::ProofTargets;
use crate::verifier::{PublicTargets, Rows, StarkVerifier, bound_elements};

/// Number of elements of the hash of a proof's public inputs, with which the proof's transcript
/// starts.
const HASH_ELEMENTS: usize = 32_usize.div_ceil(PACKED_BYTES);

/// The circuit of a size class.
pub struct LeafCircuit {
    class: SizeClass,
    verifier: Verifier,
    credential: ProofInputs,
    presentation: ProofInputs,
    /// The circuit's plonky2 data.
    pub data: CircuitData<F, PoseidonGoldilocksConfig, D>,
    /// The number of rows that each part takes: of the credential proof, of the presentation proof,
    /// and of the rest.
    pub rows: [Rows; 3],
}

/// The two proofs of a presentation, and what they state.
#[derive(Clone, Copy, Debug)]
pub struct ProvenStatements<'a> {
    /// The statement of the credential proof.
    pub credential: &'a CredentialStatement,
    /// The credential proof.
    pub credential_proof: &'a [u8],
    /// The statement of the presentation proof.
    pub presentation: &'a PresentationStatement,
    /// The presentation proof.
    pub presentation_proof: &'a [u8],
}

/// The inputs of the circuit for one of the two proofs.
struct ProofInputs {
    /// The hash of the proof's public inputs.
    hash: Vec<Target>,
    /// The values of the proof's public cells.
    values: Vec<Target>,
    proof: ProofTargets,
}

impl LeafCircuit {
    /// The circuit of a size class. Building it takes seconds.
    pub fn new(class: SizeClass, config: CircuitConfig) -> Self {
        let verifier = Verifier::new(Suite::Aggregatable, class);
        let [credential_key, presentation_key] = verifier.keys();
        let (credential_chips, presentation_chips) = key_chips(Suite::Aggregatable, class);
        let mut builder = Builder::new(config);

        let (credential, credential_rows) =
            ProofInputs::new(&mut builder, credential_key, &credential_chips, |_| Vec::new());
        let root = credential.proof.main_root();
        let name = |builder: &mut Builder| name(builder, root);
        let (presentation, presentation_rows) =
            ProofInputs::new(&mut builder, presentation_key, &presentation_chips, name);

        let mut rows = Rows::new(&builder);
        let [in_credential, in_presentation] = commitment_places(class);
        for (credential_place, presentation_place) in in_credential.into_iter().zip(in_presentation)
        {
            builder.connect(
                credential.values[credential_place],
                presentation.values[presentation_place],
            );
        }
        let constants = builder.constants(&constant_elements(class).map(element));
        let hashed = [
            &constants[..],
            &credential.hash,
            &presentation.hash,
            &credential.values,
            &presentation.values,
        ];
        let hash = leaf(&mut builder, &hashed.concat());
        builder.register_public_inputs(&hash);
        rows.count(&builder, "statement hash");
        let data = builder.build();
        let rows = [credential_rows, presentation_rows, rows];
        Self { class, verifier, credential, presentation, data, rows }
    }

    /// The size class.
    pub fn class(&self) -> SizeClass {
        self.class
    }

    /// Proves a leaf. Its public input is the statement hash.
    ///
    /// # Errors
    /// Returns [`LeafError`] if the statements are of another class, if a proof does not verify, or
    /// if the circuit cannot read a proof.
    pub fn prove(
        &self,
        statements: &ProvenStatements<'_>,
    ) -> Result<ProofWithPublicInputs<F, PoseidonGoldilocksConfig, D>, LeafError> {
        self.data
            .prove(self.witness(statements)?)
            .map_err(|error| LeafError::Circuit(error.to_string()))
    }

    fn witness(&self, statements: &ProvenStatements<'_>) -> Result<PartialWitness<F>, LeafError> {
        let ProvenStatements { credential, credential_proof, presentation, presentation_proof } =
            *statements;
        self.verifier
            .verify_credential(credential, credential_proof)
            .map_err(LeafError::CredentialProof)?;
        self.verifier
            .verify_presentation(presentation, presentation_proof)
            .map_err(LeafError::PresentationProof)?;
        let hash = statement_hash(credential, presentation)?;
        let mut witness = self.fill(statements)?;
        witness
            .set_target_arr(&self.data.prover_only.public_inputs, &hash.map(element))
            .map_err(|error| LeafError::Circuit(error.to_string()))?;
        Ok(witness)
    }

    /// The first and the last target of each proof's hash and public values.
    #[cfg(test)]
    pub(crate) fn stated_targets(&self) -> Vec<Target> {
        let parts =
            [&self.credential, &self.presentation].map(|inputs| [&inputs.hash, &inputs.values]);
        parts.into_iter().flatten().flat_map(|part| [part[0], part[part.len() - 1]]).collect()
    }

    /// Fills the circuit with statements and proofs, without verifying them.
    pub(crate) fn fill(
        &self,
        statements: &ProvenStatements<'_>,
    ) -> Result<PartialWitness<F>, LeafError> {
        let ProvenStatements { credential, credential_proof, presentation, presentation_proof } =
            *statements;
        let [credential_key, presentation_key] = self.verifier.keys();
        let mut witness = PartialWitness::new();
        let chips = credential_chips(credential).map_err(StatementHashError::from)?;
        let bound = credential.bound();
        self.credential.set(&mut witness, credential_key, &bound, &chips, credential_proof)?;
        let chips = presentation_chips(presentation).map_err(StatementHashError::from)?;
        let bound = presentation.bound();
        self.presentation.set(
            &mut witness,
            presentation_key,
            &bound,
            &chips,
            presentation_proof,
        )?;
        Ok(witness)
    }
}

impl ProofInputs {
    /// Adds the verification of a proof that is bound to a hash and to the elements that `rest`
    /// makes.
    fn new<C: Chip>(
        builder: &mut Builder,
        key: &VerifierKey,
        chips: &[C],
        rest: impl FnOnce(&mut Builder) -> Vec<Target>,
    ) -> (Self, Rows) {
        let hash = builder.add_virtual_targets(HASH_ELEMENTS);
        let bound = [hash.clone(), rest(builder)].concat();
        let cells = PublicCells::of(chips);
        let values = builder.add_virtual_targets(cells.count());
        let public = public_columns(builder, key, &cells, &values);
        let verifier =
            StarkVerifier::new(key, chips).expect("every key of the suite has a circuit");
        let (proof, rows) = verifier.build_counted(builder, &bound, &public);
        (Self { hash, values, proof }, rows)
    }

    fn set<C: Chip>(
        &self,
        witness: &mut PartialWitness<F>,
        key: &VerifierKey,
        bound: &[u8],
        chips: &[C],
        proof: &[u8],
    ) -> Result<(), LeafError> {
        let refused = |error: anyhow::Error| LeafError::Circuit(error.to_string());
        let elements = bound_elements(bound).unwrap_or_default();
        for (&target, hash) in self.hash.iter().zip(elements) {
            witness.set_target(target, hash).map_err(refused)?;
        }
        for (&target, value) in self.values.iter().zip(public_values(chips)?) {
            witness.set_target(target, element(value)).map_err(refused)?;
        }
        let proof =
            key.read_proof::<Poseidon2Hash>(bound, proof).map_err(crate::WitnessError::from)?;
        Ok(self.proof.set(witness, key, bound, &proof)?)
    }
}

/// The public columns that hold these values in these cells. All other cells are zero.
fn public_columns(
    builder: &mut Builder,
    key: &VerifierKey,
    cells: &PublicCells,
    values: &[Target],
) -> PublicTargets {
    let (shape, zero) = (key.shape(), builder.zero());
    let mut values = values.iter();
    let mut tables = PublicTargets::new();
    for (number, table) in shape.tables.iter().enumerate() {
        let mut columns =
            vec![vec![zero; 1 << shape.groups[table.group].log_height]; table.publics];
        for (cells, &value) in cells.table(number).iter().zip(values.by_ref()) {
            cells.iter().for_each(|&(column, row)| columns[column][row] = value);
        }
        tables.push(columns);
    }
    tables
}

/// The name by which a presentation proof refers to the credential proof with this main root. It
/// has two elements for each element of the root: the lower seven bytes of the canonical number,
/// and its last byte.
fn name(builder: &mut Builder, root: DigestTarget) -> Vec<Target> {
    let parts = root.map(|word| {
        let bits = canonical_bits(builder, word);
        let (low, high) = bits.split_at(8 * PACKED_BYTES);
        [builder.le_sum(low.iter()), builder.le_sum(high.iter())]
    });
    parts.concat()
}
