//! The prover with its seams open: whose generator it draws from, which hash it uses, and what is done to columns, evaluations
//! and codeword on their way. No build but that of the tests has it.

use std::cell::{Cell, RefCell};

use p3_matrix::dense::RowMajorMatrix;
use rand::CryptoRng;

use super::backend::{Backend, Columns, OpenedRows, QuotientInputs};
use super::cpu::Cpu;
use super::{Instance, ProvingKey, finish};
use crate::air::{Chip, Trace};
use crate::control::{Cancelled, Control};
use crate::field::{EF, F};
use crate::hash::{ProofHash, Salt};
use crate::key::VerifierKey;
use crate::mask::Table;
use crate::shape::TREES;

/// What a proof is made of, in field elements: all that a verifier learns, and the whole codeword that FRI hashes without salt.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Seen {
    pub(crate) terminals: Vec<EF>,
    /// Values at the out-of-domain points, in the order of the terms.
    pub(crate) values: Vec<EF>,
    pub(crate) codeword: Vec<EF>,
    /// Opened cells of each tree, by group.
    pub(crate) rows: Vec<Vec<Vec<F>>>,
}

/// Changes a tree's matrices, a matrix for each group.
pub(crate) type Alter<'a> = &'a dyn Fn(usize, &mut [RowMajorMatrix<F>]);

/// What a dishonest prover does. The default is honest.
#[derive(Clone, Copy)]
pub(crate) struct Deviation<'a> {
    /// To columns before they are extended: cells by row, coefficients by power in the quotient tree.
    pub(crate) columns: Alter<'a>,
    /// To evaluations before they are hashed.
    pub(crate) evaluations: Alter<'a>,
    /// To the values at the out-of-domain points, given the first.
    pub(crate) values: &'a dyn Fn(EF, &mut [EF]),
    /// To the codeword that FRI folds.
    pub(crate) codeword: &'a dyn Fn(&mut [EF]),
}

impl Default for Deviation<'_> {
    fn default() -> Self {
        Self { columns: &|_, _| (), evaluations: &|_, _| (), values: &|_, _| (), codeword: &|_| () }
    }
}

/// Proves with this hash, this generator and this deviation.
pub(crate) fn prove<H: ProofHash, C: Chip>(
    key: &ProvingKey,
    (chips, traces, bound): (&[C], &[Trace], &[u8]),
    rng: &mut impl CryptoRng,
    deviation: Deviation<'_>,
) -> (Vec<u8>, Seen) {
    let seam = Seam { cpu: &key.cpu, deviation, trees: Cell::new(0), seen: RefCell::default() };
    let instance = Instance { tables: Table::all(chips), traces: traces.to_vec(), bound };
    let proof = finish(key.prove_on::<C, H, _>(&seam, instance, rng, &Control::none()));
    (proof.expect("nobody cancels").to_bytes(), seam.seen.into_inner())
}

struct Seam<'a> {
    cpu: &'a Cpu,
    deviation: Deviation<'a>,
    /// Trees committed to so far.
    trees: Cell<usize>,
    seen: RefCell<Seen>,
}

impl<H: ProofHash> Backend<H> for Seam<'_> {
    type Committed = <Cpu as Backend<H>>::Committed;

    async fn commit(
        &self,
        key: &VerifierKey,
        columns: Columns<'_>,
        salts: &[Salt],
        control: &Control<'_>,
    ) -> Result<Self::Committed, Cancelled> {
        let tree = self.trees.replace(self.trees.get() + 1);
        let committed = match columns {
            Columns::Cells(cells) => {
                let mut cells = cells.to_vec();
                (self.deviation.columns)(tree, &mut cells);
                Backend::<H>::commit(self.cpu, key, Columns::Cells(&cells), salts, control).await?
            }
            Columns::Coefficients(columns) => {
                let mut columns = columns.to_vec();
                (self.deviation.columns)(tree, &mut columns);
                Backend::<H>::commit(self.cpu, key, Columns::Coefficients(&columns), salts, control).await?
            }
        };
        Ok(committed.altered(salts, |evaluations| (self.deviation.evaluations)(tree, evaluations)))
    }

    fn root(committed: &Self::Committed) -> H::Digest {
        <Cpu as Backend<H>>::root(committed)
    }

    async fn quotient<C: Chip>(
        &self,
        key: &VerifierKey,
        main_and_lookup: [&Self::Committed; 2],
        inputs: &QuotientInputs<'_, C>,
    ) -> Vec<EF> {
        self.seen.borrow_mut().terminals = inputs.terminals.to_vec();
        Backend::<H>::quotient(self.cpu, key, main_and_lookup, inputs).await
    }

    async fn open(&self, key: &VerifierKey, trees: &[Self::Committed; TREES], zeta: EF) -> Vec<EF> {
        let mut values = Backend::<H>::open(self.cpu, key, trees, zeta).await;
        (self.deviation.values)(zeta, &mut values);
        values
    }

    async fn batch(
        &self,
        key: &VerifierKey,
        trees: &[Self::Committed; TREES],
        values: &[EF],
        zeta: EF,
        weights: &[EF],
    ) -> Vec<EF> {
        let mut codeword = Backend::<H>::batch(self.cpu, key, trees, values, zeta, weights).await;
        (self.deviation.codeword)(&mut codeword);
        let mut seen = self.seen.borrow_mut();
        (seen.values, seen.codeword) = (values.to_vec(), codeword.clone());
        codeword
    }

    async fn rows(&self, key: &VerifierKey, committed: &Self::Committed, indices: &[usize]) -> OpenedRows<H> {
        let rows = Backend::<H>::rows(self.cpu, key, committed, indices).await;
        self.seen.borrow_mut().rows.push(rows.groups.clone());
        rows
    }
}
