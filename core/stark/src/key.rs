//! The key that prover and verifier both derive from the chips of a proof kind and size class.

use p3_field::PrimeField64;

use crate::air::Chip;
use crate::domain::Domain;
use crate::field::F;
use crate::fixed::FixedRows;
use crate::mask::Table;
use crate::params::Parameters;
use crate::program::{Program, program};
use crate::security::{LineTheorem, Security};
use crate::shape::{Point, Shape};

/// The shape of a proof: parameters, tables, fixed columns, lookups. Public columns are not part of
/// it.
pub struct VerifierKey {
    pub(crate) parameters: Parameters,
    pub(crate) shape: Shape,
    /// One domain for each group.
    pub(crate) domains: Vec<Domain>,
    /// The fixed columns of each table.
    pub(crate) fixed: Vec<FixedRows>,
    hash: [u8; 32],
}

impl VerifierKey {
    /// The key of the proof over `chips`. `label` names the protocol that the key belongs to, with
    /// its version. Keys of different labels have different hashes.
    ///
    /// # Panics
    /// Panics if a chip breaks the limits of [`Chip::eval`], or if a table has too few rows to be
    /// blinded. Both depend on constants of the code only.
    pub fn new<C: Chip>(label: &str, parameters: Parameters, chips: &[C]) -> Self {
        Self::hashed(parameters, chips, |shape, tables, fixed| {
            hash(label, &parameters, shape, &program(shape, tables), fixed)
        })
    }

    /// The key of the proof over `chips` with a known hash. The hash can then be computed when a
    /// program is built instead of when it runs.
    ///
    /// The hash must be that of [`new`](Self::new), or else no proof by others verifies. Keys of
    /// different tables must not share a hash: the challenges would not depend on the tables.
    ///
    /// # Panics
    /// Panics in the same cases as [`new`](Self::new).
    pub fn with_hash<C: Chip>(parameters: Parameters, chips: &[C], hash: [u8; 32]) -> Self {
        Self::hashed(parameters, chips, |_, _, _| hash)
    }

    fn hashed<C: Chip>(
        parameters: Parameters,
        chips: &[C],
        hash: impl FnOnce(&Shape, &[Table<'_, C>], &[Vec<Vec<F>>]) -> [u8; 32],
    ) -> Self {
        let tables = Table::all(chips);
        let shape = Shape::new(&parameters, &tables);
        let fixed: Vec<_> = tables.iter().map(Chip::fixed).collect();
        let hash = hash(&shape, &tables, &fixed);
        let domain = |log_height| Domain::new(log_height, parameters.blinding_rows);
        let domains = shape.groups.iter().map(|group| domain(group.log_height)).collect();
        let fixed = fixed.iter().map(|columns| FixedRows::new(columns)).collect();
        Self { parameters, shape, domains, fixed, hash }
    }

    /// The canonical constraint program of the key. `chips` may be any chips from which the key can
    /// be made.
    ///
    /// # Panics
    /// Panics if the key cannot be made from `chips`.
    pub fn program<C: Chip>(&self, chips: &[C]) -> Program {
        program(&self.shape, &Table::all(chips))
    }

    /// The BLAKE3 hash of everything that distinguishes this key from others: label, parameters,
    /// heights, what is opened where, fixed columns, and the constraint [`Program`].
    ///
    /// The hash does not cover how public columns follow from a statement, nor how transcripts and
    /// trees are hashed. Versions in the label stand for these.
    pub fn hash(&self) -> &[u8; 32] {
        &self.hash
    }

    /// The proven soundness of proofs under this key, by each of [`LineTheorem::ALL`]. It is
    /// computed on each call, so that verifiers that do not ask for it need not contain the
    /// computation.
    pub fn security(&self) -> [Security; LineTheorem::ALL.len()] {
        LineTheorem::ALL.map(|theorem| Security::of(theorem, &self.parameters, &self.shape))
    }

    /// The parameters of proofs under this key.
    pub fn parameters(&self) -> &Parameters {
        &self.parameters
    }

    /// What the chips fix: groups of tables, their columns, what is opened where.
    pub fn shape(&self) -> &Shape {
        &self.shape
    }

    /// The fixed columns of a table, by its number. The list is empty if there is no such table.
    pub fn fixed_columns(&self, table: usize) -> Vec<Vec<F>> {
        self.fixed.get(table).map_or_else(Vec::new, FixedRows::columns)
    }

    /// The prefix of the transcript: the bytes that the caller binds, then the key's hash. The
    /// length of the caller's bytes comes first, so that no two pairs of bytes and key start a
    /// transcript alike.
    pub(crate) fn prefix(&self, bound: &[u8]) -> Vec<u8> {
        let mut prefix = (bound.len() as u64).to_le_bytes().to_vec();
        prefix.extend_from_slice(bound);
        prefix.extend_from_slice(&self.hash);
        prefix
    }

    /// Binary logarithm of the size of the codeword that FRI sees.
    pub fn log_codeword(&self) -> usize {
        self.shape.log_height() + self.parameters.log_blowup
    }

    /// The shift of a group's evaluation domain.
    #[cfg(feature = "prover")]
    pub fn shift(&self, group: usize) -> F {
        use p3_field::{Field, PrimeCharacteristicRing};
        F::GENERATOR.exp_power_of_2(self.shape.lift(group))
    }
}

/// The hash that [`VerifierKey::hash`] describes.
fn hash(
    label: &str,
    parameters: &Parameters,
    shape: &Shape,
    program: &Program,
    fixed: &[Vec<Vec<F>>],
) -> [u8; 32] {
    let mut hasher = KeyHasher(blake3::Hasher::new_derive_key("velum 2026 verifier key v6"));
    hasher.bytes(label.as_bytes());
    hasher.numbers(parameters.fields());
    hasher.number(shape.groups.len());
    for group in &shape.groups {
        hasher.numbers([group.log_height, group.tables.len()]);
        hasher.numbers(group.widths);
    }
    hasher.numbers([
        shape.chunks,
        shape.chunk_len,
        shape.widest_tuple,
        shape.points.len(),
        shape.terms.len(),
    ]);
    for point in &shape.points {
        let (kind, offset) = match *point {
            Point::Row(offset) => (0, i64::from(offset)),
            Point::Mask => (1, 0),
        };
        hasher.number(kind);
        hasher.0.update(&offset.to_le_bytes());
    }
    for term in &shape.terms {
        hasher.numbers([
            term.tree,
            term.group,
            term.column,
            usize::from(term.is_extension),
            term.point,
        ]);
    }
    hasher.number(fixed.len());
    for (table, columns) in shape.tables.iter().zip(fixed) {
        hasher.bytes(table.name.as_bytes());
        hasher.numbers([table.group, table.first_column, table.publics, columns.len()]);
        for column in columns {
            hasher.number(column.len());
            let cells = column.iter().flat_map(|cell| cell.as_canonical_u64().to_le_bytes());
            hasher.0.update(&cells.collect::<Vec<_>>());
        }
    }
    hasher.bytes(&program.to_bytes());
    *hasher.0.finalize().as_bytes()
}

/// Hashes numbers as eight bytes, and byte strings with their length before them.
struct KeyHasher(blake3::Hasher);

impl KeyHasher {
    fn number(&mut self, number: usize) {
        self.0.update(&(number as u64).to_le_bytes());
    }

    fn numbers<const N: usize>(&mut self, numbers: [usize; N]) {
        numbers.into_iter().for_each(|number| self.number(number));
    }

    fn bytes(&mut self, bytes: &[u8]) {
        self.number(bytes.len());
        self.0.update(bytes);
    }
}
