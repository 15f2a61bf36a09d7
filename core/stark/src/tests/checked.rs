//! Tests with devices that do not hide what they should. Exactly one comparison catches each of
//! them.

use std::convert::Infallible;
use std::sync::{Arc, Mutex};

use p3_dft::{Radix2DitParallel, TwoAdicSubgroupDft};
use p3_field::{BasedVectorSpace, Field, PrimeCharacteristicRing};
use p3_util::reverse_slice_index_bits;

use crate::air::Chip;
use crate::backend::{
    Backend, BatchInputs, Inspect, LayerQuery, LookupInputs, OpenedLayer, OpenedRows,
    QuotientBlinding, QuotientInputs, SecretRows, Step, TreeQuery,
};
use crate::block_on;
use crate::control::Control;
use crate::field::{EF, EXTENSION_DEGREE, F};
use crate::hash::{Digest, Puzzle, Salt};
use crate::prover::checked::{CheckedKey, evaluate};
use crate::secret::Secret;
use crate::testing::tiny::*;
use crate::{
    Checked, Cpu, CpuBatch, CpuCommitted, CpuKey, ProveError, ProvingKey, Untrusted, VerifierKey,
};

/// What a device does not do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Leak {
    /// The device does everything.
    Nothing,
    /// The main columns have zeros in their blinding rows.
    MainBlinding,
    /// The lookup columns have zeros in their blinding rows.
    LookupBlinding,
    /// The chunks of the quotient are not blinded.
    ChunkBlinding,
    /// FRI has no mask.
    FriMask,
    /// Other coefficients are read back than were committed to.
    OtherChunks,
    /// The chunks are not blinded. The coefficients that are read back are blinded, and agree with
    /// the chunks at the rows that the proof opens.
    MadeUpChunks,
    /// The same, and the rows that only the host checks are computed from these coefficients.
    MadeUpRows,
    /// A nonce that carries information, chosen among all nonces.
    FarNonce,
}

impl Leak {
    fn has_chunks_without_blinding(self) -> bool {
        [Self::ChunkBlinding, Self::MadeUpChunks, Self::MadeUpRows].contains(&self)
    }
}

/// The CPU, with one fault.
#[derive(Clone)]
struct Leaky {
    cpu: Cpu,
    leak: Leak,
    seen: Arc<Mutex<Seen>>,
}

/// What a device remembers that makes up coefficients.
#[derive(Default)]
struct Seen {
    /// The values that should blind the chunks.
    blinding: Vec<Secret<EF>>,
    /// The rows that the proof opens of the tree that was opened last.
    rows: Vec<usize>,
    /// The coefficients that the device made up.
    chunks: Option<Vec<Secret<EF>>>,
}

impl Leaky {
    fn new(leak: Leak) -> Self {
        Self { cpu: Cpu::default(), leak, seen: Arc::default() }
    }

    /// Coefficients that are blinded as the host requires, and that agree with a chunk at the rows
    /// that the proof opens.
    fn made_up(&self, key: &CheckedKey<()>, chunk: &Secret<EF>, blinding: &[EF]) -> Secret<EF> {
        let length = key.verifier.shape.chunk_len;
        let mut made: Secret<EF> = vec![EF::ZERO; chunk.len()].into();
        made[length..length + blinding.len()].copy_from_slice(blinding);
        let points: Vec<F> =
            self.seen.lock().unwrap().rows.iter().map(|&row| key.point(0, row)).collect();
        // The missing part at each point, by Newton's interpolation. `basis` vanishes at all
        // previous points.
        let mut basis = vec![EF::ONE];
        for &point in &points {
            let missing = evaluate(chunk, point) - evaluate(&made, point);
            let scale = missing * evaluate(&basis, point).inverse();
            basis.iter().zip(made.iter_mut()).for_each(|(&term, to)| *to += scale * term);
            basis.insert(0, EF::ZERO);
            for power in 1..basis.len() {
                let above = basis[power];
                basis[power - 1] -= above * point;
            }
        }
        made
    }
}

fn without_blinding(rows: &mut SecretRows, blinding: usize) {
    for matrix in &mut rows.0 {
        let first = matrix.values.len() - blinding * matrix.width;
        matrix.values[first..].fill(F::ZERO);
    }
}

fn zeros(secret: &Secret<EF>) -> Secret<EF> {
    vec![EF::ZERO; secret.len()].into()
}

impl Backend for Leaky {
    type Key = CpuKey;
    type Committed = CpuCommitted;
    type Batch = CpuBatch;
    type Error = Infallible;

    async fn prepare<C: Chip>(
        &self,
        key: &Arc<VerifierKey>,
        chips: &[C],
        control: &Control<'_>,
    ) -> Step<CpuKey, Infallible> {
        self.cpu.prepare(key, chips, control).await
    }

    async fn commit_main(
        &self,
        key: &CpuKey,
        mut rows: SecretRows,
        salts: &[Salt],
        control: &Control<'_>,
    ) -> Step<(CpuCommitted, Digest), Infallible> {
        if self.leak == Leak::MainBlinding {
            without_blinding(&mut rows, TINY.blinding_rows);
        }
        self.cpu.commit_main(key, rows, salts, control).await
    }

    async fn commit_lookups<C: Chip>(
        &self,
        key: &CpuKey,
        main: &mut CpuCommitted,
        mut inputs: LookupInputs<'_, C>,
        control: &Control<'_>,
    ) -> Step<(CpuCommitted, Digest, Vec<EF>), Infallible> {
        if self.leak == Leak::LookupBlinding {
            without_blinding(&mut inputs.blinding, TINY.blinding_rows);
        }
        self.cpu.commit_lookups(key, main, inputs, control).await
    }

    async fn commit_quotient<C: Chip>(
        &self,
        key: &CpuKey,
        main_and_lookup: [&CpuCommitted; 2],
        inputs: QuotientInputs<'_, C>,
        control: &Control<'_>,
    ) -> Step<(CpuCommitted, Digest), Infallible> {
        let QuotientBlinding { mask, chunks, fri_mask } = inputs.blinding;
        *self.seen.lock().unwrap() = Seen { blinding: chunks.clone(), ..Seen::default() };
        let blinding = QuotientBlinding {
            mask: mask.clone(),
            chunks: match self.leak {
                leak if leak.has_chunks_without_blinding() => chunks.iter().map(zeros).collect(),
                _ => chunks.clone(),
            },
            fri_mask: if self.leak == Leak::FriMask { zeros(fri_mask) } else { fri_mask.clone() },
        };
        let inputs = QuotientInputs { blinding: &blinding, ..inputs };
        self.cpu.commit_quotient(key, main_and_lookup, inputs, control).await
    }

    async fn open(
        &self,
        key: &CpuKey,
        trees: &[&CpuCommitted],
        zeta: EF,
        control: &Control<'_>,
    ) -> Step<Vec<EF>, Infallible> {
        self.cpu.open(key, trees, zeta, control).await
    }

    async fn batch(
        &self,
        key: &CpuKey,
        trees: &[&CpuCommitted],
        inputs: BatchInputs<'_>,
        control: &Control<'_>,
    ) -> Step<CpuBatch, Infallible> {
        self.cpu.batch(key, trees, inputs, control).await
    }

    async fn commit_layer(
        &self,
        key: &CpuKey,
        batch: &mut CpuBatch,
        log_arity: usize,
    ) -> Step<Digest, Infallible> {
        self.cpu.commit_layer(key, batch, log_arity).await
    }

    async fn fold(
        &self,
        key: &CpuKey,
        batch: &mut CpuBatch,
        challenges: &[EF],
    ) -> Step<(), Infallible> {
        self.cpu.fold(key, batch, challenges).await
    }

    async fn final_polynomial(
        &self,
        key: &CpuKey,
        batch: &mut CpuBatch,
    ) -> Step<Vec<EF>, Infallible> {
        self.cpu.final_polynomial(key, batch).await
    }

    async fn rows(
        &self,
        key: &CpuKey,
        tree: &CpuCommitted,
        query: &TreeQuery,
        control: &Control<'_>,
    ) -> Step<OpenedRows, Infallible> {
        let mut opened = self.cpu.rows(key, tree, query, control).await?;
        let mut seen = self.seen.lock().unwrap();
        match &seen.chunks {
            Some(chunks) if self.leak == Leak::MadeUpRows => {
                let (key, rows) = (CheckedKey::new((), key.verifier.clone()), &query.rows[0]);
                let width = opened.groups[0].len() / rows.len();
                for (&row, cells) in rows.iter().zip(opened.groups[0].chunks_exact_mut(width)) {
                    for (chunk, cell) in chunks.iter().zip(cells.chunks_exact_mut(EXTENSION_DEGREE))
                    {
                        let value = evaluate(chunk, key.point(0, row));
                        cell.copy_from_slice(value.as_basis_coefficients_slice());
                    }
                }
            }
            _ => seen.rows = query.rows[0].clone(),
        }
        Ok(opened)
    }

    async fn grind(
        &self,
        _key: &CpuKey,
        puzzle: &Puzzle,
        bits: usize,
        control: &Control<'_>,
    ) -> Step<u64, Infallible> {
        if self.leak == Leak::FarNonce {
            // The upper half of all nonces is free.
            let first = 0x7e57 << 32;
            return Ok(puzzle.find_among(bits, first..2 * first).unwrap());
        }
        Ok(puzzle.solve(bits, control)?)
    }

    async fn layer(
        &self,
        key: &CpuKey,
        batch: &CpuBatch,
        layer: usize,
        query: &LayerQuery,
    ) -> Step<OpenedLayer, Infallible> {
        self.cpu.layer(key, batch, layer, query).await
    }
}

impl Untrusted for Leaky {
    async fn chunks(
        &self,
        key: &CpuKey,
        quotient: &CpuCommitted,
    ) -> Step<Vec<Secret<EF>>, Infallible> {
        let evaluations = self.cpu.evaluations(key, quotient).await?;
        let verifier = &key.verifier;
        let height = verifier.shape.groups[0].height();
        let (width, cells) = (evaluations[0].width, &evaluations[0].values);
        let chunk = |chunk: usize| -> Secret<EF> {
            let value = |row: usize| {
                let at = row * width + chunk * EXTENSION_DEGREE;
                EF::from_basis_coefficients_fn(|i| cells[at + i])
            };
            let mut values: Vec<EF> = (0..height).map(value).collect();
            reverse_slice_index_bits(&mut values);
            Radix2DitParallel::<F>::default().coset_idft_algebra(values, verifier.shift(0)).into()
        };
        let mut chunks: Vec<_> = (0..verifier.shape.chunks).map(chunk).collect();
        if self.leak == Leak::OtherChunks {
            chunks[1][0] += EF::ONE;
        }
        if [Leak::MadeUpChunks, Leak::MadeUpRows].contains(&self.leak) {
            let key = CheckedKey::new((), key.verifier.clone());
            let blinding = self.seen.lock().unwrap().blinding.clone();
            for (chunk, blinding) in chunks.iter_mut().zip(&blinding) {
                *chunk = self.made_up(&key, chunk, blinding);
            }
            self.seen.lock().unwrap().chunks = Some(chunks.clone());
        }
        Ok(chunks)
    }
}

fn proof<B>(backend: B) -> Result<Vec<u8>, ProveError<B::Error>>
where
    B: Backend + Sync,
    B::Key: Sync,
    B::Error: Send,
{
    let start = [3, 5];
    let (chips, traces) = (chips(start), traces(start));
    let verifier = VerifierKey::new("test", TINY, &chips);
    let key = block_on(ProvingKey::on(backend, verifier, &chips, &Control::none()))?;
    let proof = key.prove(&chips, traces, b"statement", &Control::none())?;
    key.verifier().verify(&chips, b"statement", &proof).unwrap();
    Ok(proof)
}

#[test]
fn what_is_not_hidden_is_noticed_by_one_comparison_alone() {
    use crate::prover::checked::fault;

    for (leak, expected) in [
        (Leak::MainBlinding, fault::COLUMNS),
        (Leak::LookupBlinding, fault::LOOKUPS),
        (Leak::ChunkBlinding, fault::BLINDING),
        (Leak::FriMask, fault::MASKS),
        (Leak::OtherChunks, fault::CHUNKS),
        (Leak::MadeUpChunks, fault::CHUNKS),
        (Leak::MadeUpRows, fault::ROOT),
        (Leak::FarNonce, fault::NONCE),
    ] {
        let leaky = Leaky::new(leak);
        // A verifier of the proof notices nothing.
        proof(leaky.clone()).unwrap();
        let outcome = proof(Checked(leaky));
        assert!(
            matches!(outcome, Err(ProveError::Faulty(what)) if what == expected),
            "{leak:?}: {outcome:?}"
        );
    }
}

#[test]
fn a_device_that_hides_makes_proofs() {
    proof(Checked(Leaky::new(Leak::Nothing))).unwrap();
}
