//! The prover with its internals exposed: the generator from which it draws, the hash that it uses,
//! and changes to columns, evaluations and codeword on their way. Only builds for tests contain it.

use std::convert::Infallible;
use std::sync::{Arc, Mutex, MutexGuard};

use p3_matrix::dense::RowMajorMatrix;
use rand::CryptoRng;

use super::backend::{
    Backend, BatchInputs, LayerQuery, LookupInputs, MaybeSend, OpenedLayer, OpenedRows,
    QuotientInputs, SecretRows, Step, Tables, TreeQuery,
};
use super::cpu::{Batch, Columns, Committed, Cpu, CpuKey};
use super::{Instance, ProvingKey, Run, block_on, lookup_columns};
use crate::air::{Chip, Trace};
use crate::control::{Control, Memory};
use crate::field::{EF, F};
use crate::hash::{Digest, ProofHash, Salt};
use crate::key::VerifierKey;
use crate::shape::{LOOKUP, MAIN, QUOTIENT};

/// The content of a proof in field elements: everything that a verifier learns, and the whole
/// codeword, which FRI hashes without salts.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Seen {
    /// The sum of each group's fractions.
    pub terminals: Vec<EF>,
    /// The values at the out-of-domain points, in the order of the terms.
    pub values: Vec<EF>,
    /// The codeword that FRI folds.
    pub codeword: Vec<EF>,
    /// The opened cells of each tree, by group.
    pub rows: Vec<Vec<Vec<F>>>,
}

/// Changes a tree's matrices. The arguments are the tree and a matrix for each group.
pub type Alter<'a> = &'a (dyn Fn(usize, &mut [RowMajorMatrix<F>]) + Sync);

/// What a dishonest prover changes. The default is honest.
#[derive(Clone, Copy)]
pub struct Deviation<'a> {
    /// Changes columns before they are extended: cells by row, or coefficients by power in the
    /// quotient tree.
    pub columns: Alter<'a>,
    /// Changes evaluations before they are hashed.
    pub evaluations: Alter<'a>,
    /// Changes the values at the out-of-domain points. The first argument is `zeta`.
    pub values: &'a (dyn Fn(EF, &mut [EF]) + Sync),
    /// Changes the codeword that FRI folds.
    pub codeword: &'a (dyn Fn(&mut [EF]) + Sync),
}

impl Default for Deviation<'_> {
    fn default() -> Self {
        Self { columns: &|_, _| (), evaluations: &|_, _| (), values: &|_, _| (), codeword: &|_| () }
    }
}

/// Proves with this hash, this generator and this deviation.
pub fn prove<H: ProofHash, C: Chip>(
    key: &ProvingKey,
    (chips, traces, bound): (&[C], &[Trace], &[u8]),
    rng: &mut (impl CryptoRng + MaybeSend),
    deviation: Deviation<'_>,
) -> (Vec<u8>, Seen) {
    prove_in::<H, C>(Memory::Normal, key, (chips, traces, bound), rng, deviation)
}

/// [`prove`] with a limit on memory.
pub fn prove_in<H: ProofHash, C: Chip>(
    memory: Memory,
    key: &ProvingKey,
    (chips, traces, bound): (&[C], &[Trace], &[u8]),
    rng: &mut (impl CryptoRng + MaybeSend),
    deviation: Deviation<'_>,
) -> (Vec<u8>, Seen) {
    let seam = Seam { cpu: &key.backend, deviation, seen: Mutex::default() };
    let run = Run { key: &key.verifier, backend: &seam, prepared: &key.prepared };
    let instance = Instance { tables: Tables::new(chips), traces: traces.to_vec(), bound };
    let control = Control::none().with_memory(memory);
    let proof = block_on(run.prove::<C, H>(instance, rng, &control));
    (proof.expect("nobody cancels").to_bytes(), seam.seen.into_inner().unwrap())
}

struct Seam<'a> {
    cpu: &'a Cpu,
    deviation: Deviation<'a>,
    seen: Mutex<Seen>,
}

impl Seam<'_> {
    fn seen(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().unwrap()
    }

    /// Commits to altered columns, which are altered again after they are extended.
    fn commit(
        &self,
        key: &CpuKey,
        tree: usize,
        columns: &SecretRows,
        salts: &[Salt],
        control: &Control<'_>,
    ) -> Step<(Committed, Digest), Infallible> {
        let mut altered = columns.clone();
        (self.deviation.columns)(tree, &mut altered.0);
        let form = if tree == QUOTIENT { Columns::Coefficients } else { Columns::Cells };
        let (committed, _) = key.commit(form, &altered, salts, control)?;
        let alter = |evaluations: &mut [_]| (self.deviation.evaluations)(tree, evaluations);
        Ok(key.altered(committed, salts, alter)?)
    }
}

impl Backend for Seam<'_> {
    type Key = CpuKey;
    type Committed = Committed;
    type Batch = Batch;
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
        rows: SecretRows,
        salts: &[Salt],
        control: &Control<'_>,
    ) -> Step<(Committed, Digest), Infallible> {
        let (committed, root) = self.commit(key, MAIN, &rows, salts, control)?;
        Ok((Committed { cells: Some(rows), ..committed }, root))
    }

    async fn commit_lookups<C: Chip>(
        &self,
        key: &CpuKey,
        main: &mut Committed,
        inputs: LookupInputs<'_, C>,
        control: &Control<'_>,
    ) -> Step<(Committed, Digest, Vec<EF>), Infallible> {
        let cells = main.cells.take().expect("lookup columns are made once per main tree");
        let (columns, terminals) = lookup_columns(&key.verifier, &cells, &inputs, control)?;
        self.seen().terminals = terminals.clone();
        let (committed, root) = self.commit(key, LOOKUP, &columns, inputs.salts, control)?;
        Ok((committed, root, terminals))
    }

    async fn commit_quotient<C: Chip>(
        &self,
        key: &CpuKey,
        main_and_lookup: [&Committed; 2],
        inputs: QuotientInputs<'_, C>,
        control: &Control<'_>,
    ) -> Step<(Committed, Digest), Infallible> {
        let columns = key.quotient_columns(main_and_lookup, &inputs, control)?;
        self.commit(key, QUOTIENT, &columns, inputs.salts, control)
    }

    async fn open(
        &self,
        key: &CpuKey,
        trees: &[&Committed],
        zeta: EF,
        control: &Control<'_>,
    ) -> Step<Vec<EF>, Infallible> {
        let mut values = self.cpu.open(key, trees, zeta, control).await?;
        (self.deviation.values)(zeta, &mut values);
        Ok(values)
    }

    async fn batch(
        &self,
        key: &CpuKey,
        trees: &[&Committed],
        inputs: BatchInputs<'_>,
        control: &Control<'_>,
    ) -> Step<Batch, Infallible> {
        let values = inputs.values.to_vec();
        let mut codeword = self.cpu.batch(key, trees, inputs, control).await?.codeword;
        (self.deviation.codeword)(&mut codeword);
        let mut seen = self.seen();
        (seen.values, seen.codeword) = (values, codeword.clone());
        Ok(Batch::new(codeword))
    }

    async fn commit_layer(
        &self,
        key: &CpuKey,
        batch: &mut Batch,
        log_arity: usize,
    ) -> Step<Digest, Infallible> {
        self.cpu.commit_layer(key, batch, log_arity).await
    }

    async fn fold(
        &self,
        key: &CpuKey,
        batch: &mut Batch,
        challenges: &[EF],
    ) -> Step<(), Infallible> {
        self.cpu.fold(key, batch, challenges).await
    }

    async fn final_polynomial(&self, key: &CpuKey, batch: &mut Batch) -> Step<Vec<EF>, Infallible> {
        self.cpu.final_polynomial(key, batch).await
    }

    async fn rows(
        &self,
        key: &CpuKey,
        tree: &Committed,
        query: &TreeQuery,
        control: &Control<'_>,
    ) -> Step<OpenedRows, Infallible> {
        let rows = self.cpu.rows(key, tree, query, control).await?;
        self.seen().rows.push(rows.groups.clone());
        Ok(rows)
    }

    async fn layer(
        &self,
        key: &CpuKey,
        batch: &Batch,
        layer: usize,
        query: &LayerQuery,
    ) -> Step<OpenedLayer, Infallible> {
        self.cpu.layer(key, batch, layer, query).await
    }
}
