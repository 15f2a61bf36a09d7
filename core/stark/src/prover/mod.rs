//! Proving.

mod backend;
mod blinding;
mod cpu;
mod lookup;
mod packed;
#[cfg(test)]
#[path = "../tests/seam.rs"]
pub(super) mod seam;
mod strips;
mod wide;

use std::pin::pin;
use std::task::{Context, Poll, Waker};

use p3_field::{Field, PrimeCharacteristicRing};
use p3_matrix::dense::RowMajorMatrix;
use p3_maybe_rayon::prelude::join;
use rand::CryptoRng;
use thiserror::Error;

use crate::air::{Chip, Trace};
use crate::control::{Cancelled, Control, Stage};
use crate::field::{EF, F};
use crate::fri::Folded;
#[cfg(feature = "poseidon2")]
use crate::hash::Poseidon2Hash;
use crate::hash::{Blake3Hash, HashFunction, ProofHash, Salt, Transcript};
use crate::key::VerifierKey;
use crate::mask::Table;
use crate::params::Parameters;
use crate::proof::{Commitments, Openings, Proof, TreeOpening};
use crate::rows::LookupChallenges;
use crate::secret::{Secret, overwrite};
use crate::shape::{Point, TREES, Term};
use crate::transcript::{batching_weights, queried};
use backend::{Backend, Columns, QuotientInputs};
use blinding::system_rng;
use cpu::Cpu;

/// Why no proof was made.
#[derive(Debug, Error)]
pub enum ProveError {
    /// The caller cancelled.
    #[error(transparent)]
    Cancelled(#[from] Cancelled),
    /// The operating system gave no randomness.
    #[error("no randomness from the operating system: {0}")]
    Randomness(#[from] getrandom::Error),
}

/// A [`VerifierKey`] with everything that can be computed before a witness is known.
pub struct ProvingKey {
    verifier: VerifierKey,
    cpu: Cpu,
}

/// What is proven: chips, the traces that satisfy them, and whatever else the proof is about.
struct Instance<'a, C> {
    tables: Vec<Table<'a, C>>,
    traces: Vec<Trace>,
    bound: &'a [u8],
}

/// How much of a proof is done when its steps begin, by measurement.
mod done {
    pub(super) const MAIN: f64 = 0.0;
    pub(super) const LOOKUPS: f64 = 0.39;
    pub(super) const LOOKUP: f64 = 0.44;
    pub(super) const QUOTIENTS: f64 = 0.55;
    pub(super) const QUOTIENT: f64 = 0.8;
    pub(super) const OPENINGS: f64 = 0.83;
    pub(super) const BATCH: f64 = 0.9;
    pub(super) const FOLDING: f64 = 0.96;
    pub(super) const QUERIES: f64 = 0.99;
}

impl ProvingKey {
    /// See [`VerifierKey::new`].
    pub fn new<C: Chip>(label: &str, parameters: Parameters, chips: &[C]) -> Self {
        Self::of(VerifierKey::new(label, parameters, chips))
    }

    /// See [`VerifierKey::with_hash`].
    pub fn with_hash<C: Chip>(parameters: Parameters, chips: &[C], hash: [u8; 32]) -> Self {
        Self::of(VerifierKey::with_hash(parameters, chips, hash))
    }

    fn of(verifier: VerifierKey) -> Self {
        let cpu = Cpu::new(&verifier);
        Self { verifier, cpu }
    }

    /// The same key, with the memory of another: what one proof under either leaves serves the next.
    #[must_use]
    pub fn sharing_memory_of(mut self, other: &Self) -> Self {
        self.cpu.share_memory_of(&other.cpu);
        self
    }

    /// What a verifier needs.
    pub fn verifier(&self) -> &VerifierKey {
        &self.verifier
    }

    /// Proves that `traces` satisfy `chips`, bound to `bound`: whatever else the proof is about.
    ///
    /// A wrong trace gives a proof that does not verify. Traces are dropped once they are committed to. All blinding comes from the
    /// operating system, anew for each call.
    ///
    /// # Errors
    /// [`ProveError`].
    pub fn prove<C: Chip>(
        &self,
        chips: &[C],
        traces: Vec<Trace>,
        bound: &[u8],
        control: &Control<'_>,
    ) -> Result<Vec<u8>, ProveError> {
        // The whole of it by one of the threads that share the work, for none to be woken up at each step.
        join(|| finish(self.prove_async(chips, traces, bound, control)), || ()).0
    }

    /// The same for callers that cannot wait.
    ///
    /// # Errors
    /// [`ProveError`].
    pub async fn prove_async<C: Chip>(
        &self,
        chips: &[C],
        traces: Vec<Trace>,
        bound: &[u8],
        control: &Control<'_>,
    ) -> Result<Vec<u8>, ProveError> {
        let mut rng = system_rng()?;
        let instance = Instance { tables: Table::all(chips), traces, bound };
        let proof = match self.verifier.parameters.hash {
            HashFunction::Blake3 => {
                self.prove_on::<C, Blake3Hash, _>(&self.cpu, instance, &mut rng, control).await?.to_bytes()
            }
            #[cfg(feature = "poseidon2")]
            HashFunction::Poseidon2 => {
                self.prove_on::<C, Poseidon2Hash, _>(&self.cpu, instance, &mut rng, control).await?.to_bytes()
            }
        };
        Ok(proof)
    }

    async fn prove_on<C: Chip, H: ProofHash, B: Backend<H>>(
        &self,
        backend: &B,
        instance: Instance<'_, C>,
        rng: &mut impl CryptoRng,
        control: &Control<'_>,
    ) -> Result<Proof<H>, Cancelled> {
        let key = &self.verifier;
        let parameters = &key.parameters;
        let Instance { tables, traces, bound } = instance;
        let tables = &tables;
        let mut transcript = H::Transcript::new(&key.prefix(bound));
        let grind = |transcript: &mut H::Transcript, bits, done| {
            control.begin(Stage::Grinding, done)?;
            Ok::<_, Cancelled>(transcript.grind(bits))
        };

        control.begin(Stage::Extension, done::MAIN)?;
        let rows = SecretMatrices(self.main_rows(tables, &traces, rng));
        drop(traces);
        let main_salts = self.salts(rng);
        let part = control.part(done::MAIN, done::LOOKUPS);
        let main = backend.commit(key, Columns::Cells(&rows.0), &main_salts, &part).await?;
        transcript.absorb_digest(&B::root(&main));
        let lookup_nonce = grind(&mut transcript, parameters.lookup_grinding_bits, done::LOOKUPS)?;
        let challenges = LookupChallenges { gamma: transcript.challenge(), beta: transcript.challenge() };

        control.begin(Stage::Lookups, done::LOOKUPS)?;
        let (columns, terminals) = self.lookup_rows(tables, &rows.0, &challenges, rng);
        let columns = SecretMatrices(columns);
        drop(rows);
        let lookup_salts = self.salts(rng);
        let part = control.part(done::LOOKUP, done::QUOTIENTS);
        let lookup = backend.commit(key, Columns::Cells(&columns.0), &lookup_salts, &part).await?;
        drop(columns);
        transcript.absorb_digest(&B::root(&lookup));
        transcript.absorb(&terminals);
        let alpha = transcript.challenge();

        control.begin(Stage::Quotient, done::QUOTIENTS)?;
        let inputs = QuotientInputs { tables, challenges, terminals: &terminals, alpha };
        let mut quotient = Secret::from(backend.quotient(key, [&main, &lookup], &inputs).await);
        let (coefficients, mask) = self.blinded_quotient(&mut quotient, rng);
        let coefficients = SecretMatrices(vec![coefficients]);
        drop(quotient);
        let quotient_salts = self.salts(rng);
        let part = control.part(done::QUOTIENT, done::OPENINGS);
        let quotient =
            backend.commit(key, Columns::Coefficients(&coefficients.0), &quotient_salts, &part).await?;
        transcript.absorb_digest(&B::root(&quotient));
        let ood_nonce = grind(&mut transcript, parameters.ood_grinding_bits, done::OPENINGS)?;
        let zeta = transcript.challenge();

        control.begin(Stage::Openings, done::OPENINGS)?;
        let trees: [_; TREES] = [main, lookup, quotient];
        let mut values = backend.open(key, &trees, zeta).await;
        self.open_mask(&mut values, &mask, zeta);
        transcript.absorb(&values);
        let batch_nonce = grind(&mut transcript, parameters.batch_grinding_bits, done::BATCH)?;
        let weights = batching_weights::<H>(&key.shape, &mut transcript);
        control.begin(Stage::Openings, done::BATCH)?;
        let codeword = backend.batch(key, &trees, &values, zeta, &weights).await;

        let part = control.part(done::FOLDING, done::QUERIES);
        let folded = Folded::<H>::new(key, codeword, &mut transcript, &part)?;
        let query_nonce = grind(&mut transcript, parameters.query_grinding_bits, done::QUERIES)?;
        let indices = queried::<H>(parameters.queries, key.log_codeword(), &mut transcript);

        control.begin(Stage::Queries, done::QUERIES)?;
        let [main, lookup, quotient] = &trees;
        let openings = Openings {
            trees: [
                opening(backend.rows(key, main, &indices).await, &indices, &main_salts),
                opening(backend.rows(key, lookup, &indices).await, &indices, &lookup_salts),
                opening(backend.rows(key, quotient, &indices).await, &indices, &quotient_salts),
            ],
            layers: folded.open(&indices),
        };
        let commitments = Commitments {
            main: B::root(main),
            lookup_nonce,
            lookup: B::root(lookup),
            terminals,
            quotient: B::root(quotient),
            ood_nonce,
            values,
            batch_nonce,
            layers: folded.commitments,
            final_polynomial: folded.final_polynomial,
            query_nonce,
        };
        Ok(Proof { commitments, openings })
    }

    /// Writes the value of the quotient's mask, whose coefficients are at hand.
    fn open_mask(&self, values: &mut [EF], mask: &[EF], zeta: EF) {
        let shape = &self.verifier.shape;
        let point = zeta * F::GENERATOR;
        let is_mask = |term: &Term| shape.points[term.point] == Point::Mask;
        if let Some(at) = shape.terms.iter().position(is_mask) {
            values[at] = mask.iter().rfold(EF::ZERO, |sum, &coefficient| sum * point + coefficient);
        }
    }
}

/// Cells of the witness, overwritten when they are dropped.
struct SecretMatrices(Vec<RowMajorMatrix<F>>);

impl Drop for SecretMatrices {
    fn drop(&mut self) {
        self.0.iter_mut().for_each(|matrix| overwrite(&mut matrix.values));
    }
}

/// Opened rows with the salts of the tallest group's.
fn opening<H: ProofHash>(rows: backend::OpenedRows<H>, indices: &[usize], salts: &[Salt]) -> TreeOpening<H> {
    let salts = indices.iter().map(|&index| salts[index]).collect();
    TreeOpening { rows: rows.groups, salts, siblings: rows.siblings }
}

/// Runs a future that never yields, or yields only to be asked again.
fn finish<T>(future: impl Future<Output = T>) -> T {
    let mut future = pin!(future);
    let mut context = Context::from_waker(Waker::noop());
    loop {
        if let Poll::Ready(value) = future.as_mut().poll(&mut context) {
            return value;
        }
    }
}
