//! What prover and verifier both derive from the chips of a proof kind and size class.

use p3_field::PrimeField64;

use crate::air::Chip;
use crate::domain::Domain;
use crate::field::{EXTENSION_DEGREE, F};
use crate::fixed::FixedRows;
use crate::hash::{DIGEST_BYTES, SALT_BYTES};
use crate::mask::Table;
use crate::params::Parameters;
use crate::proof::{ELEMENT_BYTES, NONCE_BYTES};
use crate::security::{LineTheorem, Security};
use crate::shape::{Shape, TREES};

/// Nonces besides those of folding: before the lookup challenges, the out-of-domain point, the batching challenge and the queries.
const NONCES: usize = 4;

/// The shape of a proof: parameters, tables, fixed columns, lookups. Public columns are not part of it.
pub struct VerifierKey {
    pub(crate) parameters: Parameters,
    pub(crate) shape: Shape,
    /// One for each group.
    pub(crate) domains: Vec<Domain>,
    /// The fixed columns of each table.
    #[cfg(feature = "prover")]
    pub(crate) fixed: Vec<Vec<Vec<F>>>,
    /// The same for the verifier.
    pub(crate) fixed_rows: Vec<FixedRows>,
    hash: [u8; 32],
    /// By each theorem.
    security: [Security; LineTheorem::ALL.len()],
}

impl VerifierKey {
    /// The key of the proof over `chips`. `label` names the protocol that it belongs to, with its version: keys of different labels
    /// have different hashes.
    ///
    /// # Panics
    /// Where a chip breaks the limits of [`Chip::eval`] or a table is too low to be blinded: constants of the code.
    pub fn new<C: Chip>(label: &str, parameters: Parameters, chips: &[C]) -> Self {
        let tables = Table::all(chips);
        let shape = Shape::new(&parameters, &tables);
        let fixed: Vec<_> = tables.iter().map(Chip::fixed).collect();
        let domain = |log_height| Domain::new(log_height, parameters.blinding_rows);
        let domains = shape.groups.iter().map(|group| domain(group.log_height)).collect();
        let hash = hash(label, &parameters, &shape, &tables, &fixed);
        let fixed_rows = fixed.iter().map(|columns| FixedRows::new(columns)).collect();
        let security = LineTheorem::ALL.map(|theorem| Security::of(theorem, &parameters, &shape));
        Self {
            parameters,
            shape,
            domains,
            #[cfg(feature = "prover")]
            fixed,
            fixed_rows,
            hash,
            security,
        }
    }

    /// BLAKE3 hash of everything that fixes the proof system for this key: label, parameters, tables with their fixed columns, what
    /// they state and read.
    ///
    /// It tells keys of this code's versions apart. It is no commitment to rules that someone else wrote: these are hashed
    /// as their values at a known point, and a verifier evaluates its own.
    pub fn hash(&self) -> &[u8; 32] {
        &self.hash
    }

    /// Proven soundness of proofs under this key, by each of [`LineTheorem::ALL`].
    pub fn security(&self) -> &[Security; LineTheorem::ALL.len()] {
        &self.security
    }

    /// The parameters of proofs under this key.
    pub fn parameters(&self) -> &Parameters {
        &self.parameters
    }

    /// Length of the longest proof under this key, in bytes. How much shorter one is depends on how many Merkle paths its queries
    /// happen to share, and on nothing else.
    pub fn max_proof_bytes(&self) -> usize {
        let (parameters, groups) = (&self.parameters, &self.shape.groups);
        let queries = parameters.queries;
        let siblings =
            |log_height: usize| (0..log_height).map(|level| queries.min(1 << level)).sum::<usize>();
        let folding = parameters.folding(self.shape.log_height());
        let elements = queries * groups.iter().flat_map(|group| group.widths).sum::<usize>();
        let mut extensions = groups.len() + self.shape.terms.len();
        let mut digests = TREES * (1 + siblings(self.log_codeword()));
        let mut log_size = self.log_codeword();
        for &arity in &folding {
            log_size -= arity;
            extensions += queries * ((1 << arity) - 1);
            digests += 1 + siblings(log_size);
        }
        extensions += 1 << (log_size - parameters.log_blowup);
        ELEMENT_BYTES * (elements + EXTENSION_DEGREE * extensions)
            + DIGEST_BYTES * digests
            + SALT_BYTES * TREES * queries
            + NONCE_BYTES * (NONCES + folding.len())
    }

    /// The transcript prefix: what the caller binds, then the key's hash. The caller's part has its length first, so that
    /// no two (caller's part, key) pairs start a transcript alike.
    pub(crate) fn prefix(&self, bound: &[u8]) -> Vec<u8> {
        let mut prefix = (bound.len() as u64).to_le_bytes().to_vec();
        prefix.extend_from_slice(bound);
        prefix.extend_from_slice(&self.hash);
        prefix
    }

    /// Logarithm of the size of the codeword that FRI sees.
    pub(crate) fn log_codeword(&self) -> usize {
        self.shape.log_height() + self.parameters.log_blowup
    }

    /// What the evaluation domain of a group is shifted by.
    #[cfg(feature = "prover")]
    pub(crate) fn shift(&self, group: usize) -> F {
        use p3_field::{Field, PrimeCharacteristicRing};
        F::GENERATOR.exp_power_of_2(self.shape.lift(group))
    }
}

fn hash<C: Chip>(
    label: &str,
    parameters: &Parameters,
    shape: &Shape,
    tables: &[Table<'_, C>],
    fixed: &[Vec<Vec<F>>],
) -> [u8; 32] {
    let mut hasher = blake3::Hasher::new_derive_key("velum 2026 verifier key v5");
    hasher.update(&(label.len() as u64).to_le_bytes());
    hasher.update(label.as_bytes());
    for parameter in parameters.fields() {
        hasher.update(&(parameter as u64).to_le_bytes());
    }
    hasher.update(&(tables.len() as u64).to_le_bytes());
    for ((table, recorded), fixed) in tables.iter().zip(&shape.tables).zip(fixed) {
        let shape = [table.height(), table.width(), table.public().len(), fixed.len()];
        hasher.update(table.name().as_bytes());
        hasher.update(&[0]);
        for number in shape {
            hasher.update(&(number as u64).to_le_bytes());
        }
        hasher.update(&recorded.rules);
        for column in fixed {
            hasher.update(&(column.len() as u64).to_le_bytes());
            let bytes: Vec<_> =
                column.iter().flat_map(|cell| cell.as_canonical_u64().to_le_bytes()).collect();
            hasher.update(&bytes);
        }
    }
    *hasher.finalize().as_bytes()
}
