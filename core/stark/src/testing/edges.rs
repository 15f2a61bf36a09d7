//! A backend that receives edge values of the field in place of random values and challenges. Its
//! results do not form a valid proof, but two backends must agree on them nevertheless.

use std::sync::Arc;

use p3_field::{BasedVectorSpace, PrimeCharacteristicRing, PrimeField64};

use crate::air::Chip;
use crate::backend::{
    Backend, BatchInputs, LayerQuery, LookupInputs, OpenedLayer, OpenedRows, QuotientBlinding,
    QuotientInputs, SecretRows, Step, TreeQuery,
};
use crate::composition::LookupChallenges;
use crate::control::{Control, Device};
use crate::field::{EF, F};
use crate::hash::{Digest, Puzzle, Salt};
use crate::key::VerifierKey;
use crate::secret::Secret;

/// Zero, one, the greatest element, and the elements at which the words of an element end and
/// begin.
pub fn edges() -> [F; 10] {
    let word = 1_u64 << 32;
    [
        0,
        1,
        F::ORDER_U64 - 1,
        word - 1,
        word,
        word + 1,
        F::ORDER_U64 - word,
        1 << 63,
        (1 << 63) - 1,
        word - 2,
    ]
    .map(F::from_u64)
}

/// An edge value, one after the other.
fn edge(number: usize) -> F {
    edges()[number % 10]
}

/// An element whose coefficients are edge values. The second coefficient is not zero.
fn edge_x(number: usize) -> EF {
    EF::from_basis_coefficients_fn(|i| edge(if i == 0 { number } else { 1 + number / 10 % 9 }))
}

fn fill_x(secret: &Secret<EF>) -> Secret<EF> {
    (0..secret.len()).map(edge_x).collect()
}

/// A backend that receives edge values.
pub struct OnEdges<B>(pub B);

/// A backend's key, and the number of blinding rows.
pub struct EdgesKey<K> {
    key: K,
    blinding_rows: usize,
}

/// The challenges of lookups.
const LOOKUPS: [usize; 2] = [23, 45];

/// The challenge of constraints.
const ALPHA: usize = 67;

/// The out-of-domain point.
const ZETA: usize = 32;

fn challenges() -> LookupChallenges {
    let [gamma, beta] = LOOKUPS.map(edge_x);
    LookupChallenges { gamma, beta }
}

/// Rows of which the last ones are edge values.
fn blinded(mut rows: SecretRows, blinding_rows: usize) -> SecretRows {
    for matrix in &mut rows.0 {
        let first = matrix.values.len().saturating_sub(blinding_rows * matrix.width);
        matrix.values[first..]
            .iter_mut()
            .enumerate()
            .for_each(|(number, cell)| *cell = edge(number));
    }
    rows
}

impl<B: Backend> Backend for OnEdges<B> {
    type Key = EdgesKey<B::Key>;
    type Committed = B::Committed;
    type Batch = B::Batch;
    type Error = B::Error;

    async fn prepare<C: Chip>(
        &self,
        key: &Arc<VerifierKey>,
        chips: &[C],
        control: &Control<'_>,
    ) -> Step<Self::Key, B::Error> {
        let blinding_rows = key.parameters.blinding_rows;
        Ok(EdgesKey { key: self.0.prepare(key, chips, control).await?, blinding_rows })
    }

    async fn begin(&self, key: &Self::Key, control: &Control<'_>) -> Step<Device, B::Error> {
        self.0.begin(&key.key, control).await
    }

    async fn commit_main(
        &self,
        key: &Self::Key,
        rows: SecretRows,
        salts: &[Salt],
        control: &Control<'_>,
    ) -> Step<(B::Committed, Digest), B::Error> {
        self.0.commit_main(&key.key, blinded(rows, key.blinding_rows), salts, control).await
    }

    async fn commit_lookups<C: Chip>(
        &self,
        key: &Self::Key,
        main: &mut B::Committed,
        inputs: LookupInputs<'_, C>,
        control: &Control<'_>,
    ) -> Step<(B::Committed, Digest, Vec<EF>), B::Error> {
        let LookupInputs { tables, blinding, salts, .. } = inputs;
        let blinding = blinded(blinding, key.blinding_rows);
        let inputs = LookupInputs { tables, challenges: challenges(), blinding, salts };
        self.0.commit_lookups(&key.key, main, inputs, control).await
    }

    async fn commit_quotient<C: Chip>(
        &self,
        key: &Self::Key,
        main_and_lookup: [&B::Committed; 2],
        inputs: QuotientInputs<'_, C>,
        control: &Control<'_>,
    ) -> Step<(B::Committed, Digest), B::Error> {
        let QuotientBlinding { mask, chunks, fri_mask } = inputs.blinding;
        let blinding = QuotientBlinding {
            mask: fill_x(mask),
            chunks: chunks.iter().map(fill_x).collect(),
            fri_mask: fill_x(fri_mask),
        };
        let inputs = QuotientInputs {
            challenges: challenges(),
            alpha: edge_x(ALPHA),
            blinding: &blinding,
            ..inputs
        };
        self.0.commit_quotient(&key.key, main_and_lookup, inputs, control).await
    }

    async fn open(
        &self,
        key: &Self::Key,
        trees: &[&B::Committed],
        _zeta: EF,
        control: &Control<'_>,
    ) -> Step<Vec<EF>, B::Error> {
        self.0.open(&key.key, trees, edge_x(ZETA), control).await
    }

    async fn batch(
        &self,
        key: &Self::Key,
        trees: &[&B::Committed],
        inputs: BatchInputs<'_>,
        control: &Control<'_>,
    ) -> Step<B::Batch, B::Error> {
        let weights: Vec<EF> = (0..inputs.weights.len()).map(edge_x).collect();
        let inputs = BatchInputs { weights: &weights, zeta: edge_x(ZETA), ..inputs };
        self.0.batch(&key.key, trees, inputs, control).await
    }

    async fn commit_layer(
        &self,
        key: &Self::Key,
        batch: &mut B::Batch,
        log_arity: usize,
    ) -> Step<Digest, B::Error> {
        self.0.commit_layer(&key.key, batch, log_arity).await
    }

    async fn fold(
        &self,
        key: &Self::Key,
        batch: &mut B::Batch,
        challenges: &[EF],
    ) -> Step<(), B::Error> {
        let challenges: Vec<EF> =
            (0..challenges.len()).map(|number| edge_x(11 * number + 2)).collect();
        self.0.fold(&key.key, batch, &challenges).await
    }

    async fn final_polynomial(
        &self,
        key: &Self::Key,
        batch: &mut B::Batch,
    ) -> Step<Vec<EF>, B::Error> {
        self.0.final_polynomial(&key.key, batch).await
    }

    async fn rows(
        &self,
        key: &Self::Key,
        tree: &B::Committed,
        query: &TreeQuery,
        control: &Control<'_>,
    ) -> Step<OpenedRows, B::Error> {
        self.0.rows(&key.key, tree, query, control).await
    }

    async fn layer(
        &self,
        key: &Self::Key,
        batch: &B::Batch,
        layer: usize,
        query: &LayerQuery,
    ) -> Step<OpenedLayer, B::Error> {
        self.0.layer(&key.key, batch, layer, query).await
    }

    async fn grind(
        &self,
        key: &Self::Key,
        puzzle: &Puzzle,
        bits: usize,
        control: &Control<'_>,
    ) -> Step<u64, B::Error> {
        self.0.grind(&key.key, puzzle, bits, control).await
    }
}
