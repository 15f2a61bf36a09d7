//! Compares two backends with each other, step by step, on the same randomness.

use std::fmt::Debug;
use std::sync::Arc;

use thiserror::Error;

use crate::air::Chip;
use crate::backend::{
    Backend, BatchInputs, Inspect, LayerQuery, LookupInputs, OpenedLayer, OpenedRows,
    QuotientInputs, SecretRows, Step, TreeQuery,
};
use crate::control::{Control, Device};
use crate::field::EF;
use crate::{Digest, ProveError, Puzzle, Salt, VerifierKey};

/// A backend that does everything on two other backends, and fails if they differ in a root, in the
/// columns below it, in a value, in a codeword, or in what is opened.
///
/// The protocol draws its randomness once and gives it to both. The proofs are those of the first
/// backend.
#[derive(Clone, Debug, Default)]
pub struct Differential<A, B> {
    /// The backend that is trusted.
    pub first: A,
    /// The backend that is tested.
    pub second: B,
}

/// The reason for which a step of two backends failed.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum DifferentialError<A: std::error::Error + 'static, B: std::error::Error + 'static> {
    /// The first backend failed.
    #[error("the first backend failed: {0}")]
    First(#[source] A),
    /// The second backend failed.
    #[error("the second backend failed: {0}")]
    Second(#[source] B),
    /// The backends differ.
    #[error("the backends differ in {what}: {difference}")]
    Differ {
        /// The first value in which they differ.
        what: &'static str,
        /// Where and how the value differs.
        difference: String,
    },
}

type StepOf<T, A, B> = Step<T, DifferentialError<<A as Backend>::Error, <B as Backend>::Error>>;

fn failed<E, D>(error: ProveError<E>, side: impl FnOnce(E) -> D) -> ProveError<D>
where
    E: std::error::Error + 'static,
    D: std::error::Error + 'static,
{
    match error {
        ProveError::Cancelled(cancelled) => ProveError::Cancelled(cancelled),
        ProveError::Randomness(error) => ProveError::Randomness(error),
        ProveError::Backend(error) => ProveError::Backend(side(error)),
        ProveError::Faulty(what) => ProveError::Faulty(what),
    }
}

/// Both outcomes, which must be equal, or the error of one of them.
macro_rules! both {
    ($what:literal, $first:expr, $second:expr) => {{
        let first = $first.await.map_err(|error| failed(error, DifferentialError::First))?;
        let second = $second.await.map_err(|error| failed(error, DifferentialError::Second))?;
        same($what, &first, &second)?;
        first
    }};
}

/// Both outcomes, which are not compared, or the error of one of them.
macro_rules! each {
    ($first:expr, $second:expr) => {
        (
            $first.await.map_err(|error| failed(error, DifferentialError::First))?,
            $second.await.map_err(|error| failed(error, DifferentialError::Second))?,
        )
    };
}

fn same<T: PartialEq + Debug, A, B>(
    what: &'static str,
    first: &T,
    second: &T,
) -> Step<(), DifferentialError<A, B>>
where
    A: std::error::Error + 'static,
    B: std::error::Error + 'static,
{
    if first == second {
        return Ok(());
    }
    let [first, second] = [first, second].map(|value| format!("{value:?}"));
    let at = first.bytes().zip(second.bytes()).take_while(|(a, b)| a == b).count();
    let excerpt =
        |text: &str| text.get(at..).unwrap_or_default().chars().take(80).collect::<String>();
    let difference =
        format!("{:?} and {:?}, {at} bytes into their text", excerpt(&first), excerpt(&second));
    Err(ProveError::Backend(DifferentialError::Differ { what, difference }))
}

impl<A: Inspect, B: Inspect> Differential<A, B> {
    /// Compares the columns of two trees.
    async fn same_columns(
        &self,
        what: &'static str,
        key: &(A::Key, B::Key),
        trees: (&A::Committed, &B::Committed),
    ) -> StepOf<(), A, B> {
        let (first, second) = each!(
            self.first.evaluations(&key.0, trees.0),
            self.second.evaluations(&key.1, trees.1)
        );
        same(what, &first, &second)
    }

    /// Compares two codewords.
    async fn same_codeword(
        &self,
        what: &'static str,
        key: &(A::Key, B::Key),
        batch: &(A::Batch, B::Batch),
    ) -> StepOf<(), A, B> {
        let (first, second) =
            each!(self.first.codeword(&key.0, &batch.0), self.second.codeword(&key.1, &batch.1));
        same(what, &first, &second)
    }
}

impl<A: Inspect, B: Inspect> Backend for Differential<A, B> {
    type Key = (A::Key, B::Key);
    type Committed = (A::Committed, B::Committed);
    type Batch = (A::Batch, B::Batch);
    type Error = DifferentialError<A::Error, B::Error>;

    async fn prepare<C: Chip>(
        &self,
        key: &Arc<VerifierKey>,
        chips: &[C],
        control: &Control<'_>,
    ) -> StepOf<Self::Key, A, B> {
        Ok(each!(self.first.prepare(key, chips, control), self.second.prepare(key, chips, control)))
    }

    async fn begin(&self, key: &Self::Key, control: &Control<'_>) -> StepOf<Device, A, B> {
        let second = self.second.begin(&key.1, control).await;
        second.map_err(|error| failed(error, DifferentialError::Second))
    }

    async fn commit_main(
        &self,
        key: &Self::Key,
        rows: SecretRows,
        salts: &[Salt],
        control: &Control<'_>,
    ) -> StepOf<(Self::Committed, Digest), A, B> {
        let (first, second) = each!(
            self.first.commit_main(&key.0, rows.clone(), salts, control),
            self.second.commit_main(&key.1, rows, salts, control)
        );
        self.same_columns("the main columns", key, (&first.0, &second.0)).await?;
        same("the root of the main tree", &first.1, &second.1)?;
        Ok(((first.0, second.0), first.1))
    }

    async fn commit_lookups<C: Chip>(
        &self,
        key: &Self::Key,
        main: &mut Self::Committed,
        inputs: LookupInputs<'_, C>,
        control: &Control<'_>,
    ) -> StepOf<(Self::Committed, Digest, Vec<EF>), A, B> {
        let LookupInputs { tables, challenges, blinding, salts } = inputs;
        let again = LookupInputs { tables, challenges, blinding: blinding.clone(), salts };
        let inputs = LookupInputs { tables, challenges, blinding, salts };
        let (first, second) = each!(
            self.first.commit_lookups(&key.0, &mut main.0, inputs, control),
            self.second.commit_lookups(&key.1, &mut main.1, again, control)
        );
        same("the terminals", &first.2, &second.2)?;
        self.same_columns("the lookup columns", key, (&first.0, &second.0)).await?;
        same("the root of the lookup tree", &first.1, &second.1)?;
        Ok(((first.0, second.0), first.1, first.2))
    }

    async fn commit_quotient<C: Chip>(
        &self,
        key: &Self::Key,
        [main, lookup]: [&Self::Committed; 2],
        inputs: QuotientInputs<'_, C>,
        control: &Control<'_>,
    ) -> StepOf<(Self::Committed, Digest), A, B> {
        let (first, second) = each!(
            self.first.commit_quotient(&key.0, [&main.0, &lookup.0], inputs, control),
            self.second.commit_quotient(&key.1, [&main.1, &lookup.1], inputs, control)
        );
        self.same_columns("the quotient's columns", key, (&first.0, &second.0)).await?;
        same("the root of the quotient tree", &first.1, &second.1)?;
        Ok(((first.0, second.0), first.1))
    }

    async fn open(
        &self,
        key: &Self::Key,
        trees: &[&Self::Committed],
        zeta: EF,
        control: &Control<'_>,
    ) -> StepOf<Vec<EF>, A, B> {
        let (first, second) = split(trees);
        Ok(both!(
            "the values out of domain",
            self.first.open(&key.0, &first, zeta, control),
            self.second.open(&key.1, &second, zeta, control)
        ))
    }

    async fn batch(
        &self,
        key: &Self::Key,
        trees: &[&Self::Committed],
        inputs: BatchInputs<'_>,
        control: &Control<'_>,
    ) -> StepOf<Self::Batch, A, B> {
        let (first, second) = split(trees);
        let batch = each!(
            self.first.batch(&key.0, &first, inputs, control),
            self.second.batch(&key.1, &second, inputs, control)
        );
        self.same_codeword("the batch", key, &batch).await?;
        Ok(batch)
    }

    async fn commit_layer(
        &self,
        key: &Self::Key,
        batch: &mut Self::Batch,
        log_arity: usize,
    ) -> StepOf<Digest, A, B> {
        Ok(both!(
            "the root of a layer",
            self.first.commit_layer(&key.0, &mut batch.0, log_arity),
            self.second.commit_layer(&key.1, &mut batch.1, log_arity)
        ))
    }

    async fn fold(
        &self,
        key: &Self::Key,
        batch: &mut Self::Batch,
        challenges: &[EF],
    ) -> StepOf<(), A, B> {
        each!(
            self.first.fold(&key.0, &mut batch.0, challenges),
            self.second.fold(&key.1, &mut batch.1, challenges)
        );
        self.same_codeword("the folded codeword", key, batch).await
    }

    async fn final_polynomial(
        &self,
        key: &Self::Key,
        batch: &mut Self::Batch,
    ) -> StepOf<Vec<EF>, A, B> {
        Ok(both!(
            "the final polynomial",
            self.first.final_polynomial(&key.0, &mut batch.0),
            self.second.final_polynomial(&key.1, &mut batch.1)
        ))
    }

    async fn rows(
        &self,
        key: &Self::Key,
        tree: &Self::Committed,
        query: &TreeQuery,
        control: &Control<'_>,
    ) -> StepOf<OpenedRows, A, B> {
        Ok(both!(
            "opened rows",
            self.first.rows(&key.0, &tree.0, query, control),
            self.second.rows(&key.1, &tree.1, query, control)
        ))
    }

    async fn layer(
        &self,
        key: &Self::Key,
        batch: &Self::Batch,
        layer: usize,
        query: &LayerQuery,
    ) -> StepOf<OpenedLayer, A, B> {
        Ok(both!(
            "an opened layer",
            self.first.layer(&key.0, &batch.0, layer, query),
            self.second.layer(&key.1, &batch.1, layer, query)
        ))
    }

    /// The backends may find different nonces. The prover checks that the nonce solves the puzzle.
    async fn grind(
        &self,
        key: &Self::Key,
        puzzle: &Puzzle,
        bits: usize,
        control: &Control<'_>,
    ) -> StepOf<u64, A, B> {
        let second = self.second.grind(&key.1, puzzle, bits, control).await;
        second.map_err(|error| failed(error, DifferentialError::Second))
    }
}

/// The trees of the first backend and the trees of the second.
fn split<'a, A, B>(trees: &[&'a (A, B)]) -> (Vec<&'a A>, Vec<&'a B>) {
    trees.iter().map(|tree| (&tree.0, &tree.1)).unzip()
}
