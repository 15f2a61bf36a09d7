//! What prover and verifier both derive from the chips of a proof kind and size class.

use p3_air::BaseAir;
use p3_batch_stark::{CommonData, ProverData, ProverOnlyData};
use p3_field::{PrimeCharacteristicRing, PrimeField64};

use crate::air::{Bus, Chip, ChipBuilder};
use crate::field::F;
use crate::oracle::config::{Config, config};
use crate::oracle::lower::Lowered;
use crate::oracle::params::Parameters;
use crate::oracle::security::Security;

/// Feeds the salts of the fixed columns' tree. They are public, and so is the seed.
const KEY_SEED: [u8; 32] = *b"velum fixed columns, public salt";

/// The shape of a proof: parameters, tables, fixed columns, lookups.
///
/// Building one commits to the fixed columns, which takes some tens of milliseconds: build it once and keep it.
pub struct VerifierKey {
    pub(super) parameters: Parameters,
    /// Fixed columns and lookups; the prover's part is empty in a key for verifying.
    pub(super) data: ProverData<Config>,
    /// Logarithm of each table's height after the hiding commitment has doubled it.
    pub(super) degree_bits: Vec<usize>,
    pub(super) proof_bytes: usize,
    hash: [u8; 32],
    security: Security,
}

impl VerifierKey {
    /// The key of the proof over `chips`, whose proofs are `proof_bytes` long. Public columns are not part of it.
    pub fn new<C: Chip + Clone>(parameters: Parameters, chips: &[C], proof_bytes: usize) -> Self {
        let mut key = Self::with_prover_data(parameters, chips, proof_bytes);
        key.data.prover_only = ProverOnlyData::empty();
        key
    }

    pub(super) fn with_prover_data<C: Chip + Clone>(
        parameters: Parameters,
        chips: &[C],
        proof_bytes: usize,
    ) -> Self {
        let airs = Lowered::all(chips.to_vec());
        let degree_bits: Vec<_> = chips.iter().map(|chip| chip.height().ilog2() as usize + 1).collect();
        let config = config(&parameters, KEY_SEED, &[]);
        let data = ProverData::from_airs_and_degrees(&config, &airs, &degree_bits)
            .expect("every table is high enough to blind");
        let hash = hash(&parameters, chips, &airs, &data.common);
        let security = Security::of(&parameters, &airs, &data.common.lookups, chips);
        Self { parameters, data, degree_bits, proof_bytes, hash, security }
    }

    /// BLAKE3 hash of everything that fixes the proof system for this key.
    pub fn hash(&self) -> &[u8; 32] {
        &self.hash
    }

    /// Proven soundness of proofs under this key.
    pub fn security(&self) -> &Security {
        &self.security
    }

    /// Length of every proof under this key.
    pub fn proof_bytes(&self) -> usize {
        self.proof_bytes
    }

    /// The transcript prefix: what the caller binds, then the key's hash. The caller's part has its length first, so that
    /// no two (caller's part, key) pairs start a transcript alike.
    pub(super) fn prefix(&self, bound: &[u8]) -> Vec<u8> {
        let mut prefix = (bound.len() as u64).to_le_bytes().to_vec();
        prefix.extend_from_slice(bound);
        prefix.extend_from_slice(&self.hash);
        prefix
    }
}

fn hash<C: Chip + Clone>(
    parameters: &Parameters,
    chips: &[C],
    airs: &[Lowered<C>],
    common: &CommonData<Config>,
) -> [u8; 32] {
    let mut hasher = blake3::Hasher::new_derive_key("velum 2026 verifier key v1");
    hasher.update(format!("{parameters:?}").as_bytes());
    for ((chip, air), lookups) in chips.iter().zip(airs).zip(&common.lookups) {
        let shape = [chip.height(), chip.width(), chip.public().len(), air.width(), lookups.len()];
        hasher.update(chip.name().as_bytes());
        hasher.update(&[0]);
        for number in shape {
            hasher.update(&(number as u64).to_le_bytes());
        }
        chip.eval(&mut RuleHasher(&mut hasher));
    }
    if let Some(fixed) = &common.preprocessed {
        for digest in fixed.commitment.roots() {
            hasher.update(digest);
        }
    }
    *hasher.finalize().as_bytes()
}

/// Hashes a chip's rules: labels, buses, and each polynomial's value where every cell has a value of its own.
struct RuleHasher<'a>(&'a mut blake3::Hasher);

impl RuleHasher<'_> {
    fn cell(kind: u64, column: usize, offset: i32) -> F {
        let seed = [kind, column as u64, offset as u64].map(u64::to_le_bytes).concat();
        let mut bytes = [0; 8];
        blake3::Hasher::new_derive_key("velum 2026 rule cell v1")
            .update(&seed)
            .finalize_xof()
            .fill(&mut bytes);
        F::from_u64(u64::from_le_bytes(bytes))
    }

    fn text(&mut self, text: &str) {
        self.0.update(&(text.len() as u64).to_le_bytes());
        self.0.update(text.as_bytes());
    }

    fn value(&mut self, value: F) {
        self.0.update(&value.as_canonical_u64().to_le_bytes());
    }
}

impl ChipBuilder for RuleHasher<'_> {
    type Expr = F;

    fn main(&self, column: usize, offset: i32) -> F {
        Self::cell(0, column, offset)
    }

    fn fixed(&self, column: usize, offset: i32) -> F {
        Self::cell(1, column, offset)
    }

    fn public(&self, column: usize) -> F {
        Self::cell(2, column, 0)
    }

    fn first(&self) -> F {
        Self::cell(3, 0, 0)
    }

    fn last(&self) -> F {
        Self::cell(4, 0, 0)
    }

    fn transition(&self) -> F {
        Self::cell(5, 0, 0)
    }

    fn interior(&self, before: usize, after: usize) -> F {
        Self::cell(6, before, after as i32)
    }

    fn assert_zero(&mut self, label: &'static str, expr: impl Into<F>) {
        self.text(label);
        self.value(expr.into());
    }

    fn interact(&mut self, bus: Bus, fields: Vec<F>, count: F, weight: u32) {
        self.text(bus.name);
        fields.into_iter().for_each(|field| self.value(field));
        self.value(count);
        self.value(F::from_u32(weight));
    }
}
