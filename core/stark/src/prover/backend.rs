//! The interface between the protocol and the device that computes.
//!
//! The protocol owns the transcript, the randomness and the proof; a [`Backend`] owns the columns. It is given the rows of a
//! witness once, keeps everything that it makes of them, and hands back roots, opened rows and the final polynomial:
//!
//! ```text
//!   protocol                                        backend
//!   rows, blinding rows and salts        ->  commit_main       ->  root
//!   gamma, beta, blinding rows, salts    ->  commit_lookups    ->  root, terminals
//!   alpha, masks, salts                  ->  commit_quotient   ->  root
//!   zeta                                 ->  open              ->  values out of domain
//!   values, weights of the terms         ->  batch
//!   for each layer of FRI                ->  commit_layer      ->  root
//!     folding challenges                 ->  fold
//!                                            final_polynomial  ->  coefficients
//!   queried rows                         ->  rows, layer       ->  rows, values, nodes
//!   puzzle of the transcript             ->  grind             ->  nonce
//! ```
//!
//! What each step computes is fixed to the bit, by the key's [`Shape`](crate::shape::Shape), its [`Program`](crate::program::Program) and
//! `docs/proof-system.md`: two backends that are given the same agree on every root. `velum_stark::testing::differential`, which
//! the feature `testing` builds, holds two of them against each other, step by step.
//!
//! **Order.** Codewords and extended columns are in bit-reversed order: entry `i` of `2^n` is the value at
//! `shift * g^reverse(i)`, `g` of order `2^n`. The tallest group's evaluation domain is shifted by [`F::GENERATOR`](p3_field::Field::GENERATOR), that of a
//! group that is `2^k` times less high by its power `2^k`.
//!
//! **Secrets.** Rows, blinding, salts, coefficients and extended columns are secret, until the protocol asks for some of them; nodes of
//! trees and the masked codeword are not. Whatever is passed in overwrites itself when it is dropped. A backend overwrites what it made of it, on its
//! device too, before the memory can serve anyone else.
//!
//! **Failure.** Every step may fail, for a device can be lost. The error reaches whoever asked for the proof as
//! [`ProveError::Backend`]; nothing of the proof is handed out then. What a backend returns is checked for its size, and the caller
//! of the prover checks the proof. So a faulty device costs a proof, and no soundness. Hiding is another matter: a device that leaves out
//! blinding rows or masks, or takes those of an earlier proof, makes proofs that verify and tell more than they should. No check of the
//! protocol sees that; the differential test does, and [`Checked`](crate::Checked) in every proof.
//!
//! **Threads.** [`prove`](super::ProvingKey::prove) polls on one of the threads that share the processor's work. A step must not wait for other work
//! of these threads.

use std::sync::Arc;

use p3_matrix::dense::RowMajorMatrix;

use super::{Cpu, ProveError};
use crate::air::Chip;
use crate::composition::LookupChallenges;
use crate::control::{Control, Device};
use crate::field::{EF, F};
use crate::hash::{Digest, Puzzle, Salt};
use crate::key::VerifierKey;
use crate::mask::Table;
use crate::secret::{Secret, overwrite};

pub use crate::merkle::NodePosition;

/// `Send` where threads are: everywhere but on WebAssembly, whose devices belong to one thread.
#[cfg(not(target_arch = "wasm32"))]
pub trait MaybeSend: Send {}
#[cfg(not(target_arch = "wasm32"))]
impl<T: Send + ?Sized> MaybeSend for T {}

/// `Sync` where threads are: everywhere but on WebAssembly, whose devices belong to one thread.
#[cfg(not(target_arch = "wasm32"))]
pub trait MaybeSync: Sync {}
#[cfg(not(target_arch = "wasm32"))]
impl<T: Sync + ?Sized> MaybeSync for T {}

/// `Send` where threads are: everywhere but on WebAssembly, whose devices belong to one thread.
#[cfg(target_arch = "wasm32")]
pub trait MaybeSend {}
#[cfg(target_arch = "wasm32")]
impl<T: ?Sized> MaybeSend for T {}

/// `Sync` where threads are: everywhere but on WebAssembly, whose devices belong to one thread.
#[cfg(target_arch = "wasm32")]
pub trait MaybeSync {}
#[cfg(target_arch = "wasm32")]
impl<T: ?Sized> MaybeSync for T {}

/// The outcome of a step.
pub type Step<T, E> = Result<T, ProveError<E>>;

/// Extends, hashes, evaluates, batches and folds columns.
///
/// Steps of one proof come in the order above, each once, but for [`commit_layer`](Self::commit_layer) and [`fold`](Self::fold),
/// which alternate. Proofs under one key may be made at the same time.
pub trait Backend: MaybeSend + MaybeSync {
    /// What can be computed before a witness is known, once for each verifier key.
    type Key: MaybeSend + MaybeSync;
    /// A tree, with the columns that it commits to on their evaluation domains.
    type Committed: MaybeSend + MaybeSync;
    /// The batch of all columns, and the layers that it is folded to.
    type Batch: MaybeSend + MaybeSync;
    /// Why a step failed.
    type Error: std::error::Error + MaybeSend + MaybeSync + 'static;

    /// Frees memory that proofs left to later ones.
    fn free_memory(&self) {}

    /// What makes a proof anew where this backend failed to, if anything may. It is told which device failed and why. It may be of no more
    /// use itself.
    fn fallback(&self, _device: Device, _why: &str) -> Option<Cpu> {
        None
    }

    /// Prepares a key. `chips` are any of which it can be made: a backend may evaluate them, or replay
    /// [`VerifierKey::program`].
    fn prepare<C: Chip>(
        &self,
        key: &Arc<VerifierKey>,
        chips: &[C],
        control: &Control<'_>,
    ) -> impl Future<Output = Step<Self::Key, Self::Error>> + MaybeSend;

    /// Says what a proof is made on, before its first step. A backend of several devices chooses here; the `control` of all steps
    /// tells them what was chosen.
    fn begin(
        &self,
        _key: &Self::Key,
        _control: &Control<'_>,
    ) -> impl Future<Output = Step<Device, Self::Error>> + MaybeSend {
        async { Ok(Device::Cpu) }
    }

    /// Extends the tables' columns and commits to them. `rows` has a matrix for each group: its height, its main width; `salts` one
    /// for each leaf of the tree.
    fn commit_main(
        &self,
        key: &Self::Key,
        rows: SecretRows,
        salts: &[Salt],
        control: &Control<'_>,
    ) -> impl Future<Output = Step<(Self::Committed, Digest), Self::Error>> + MaybeSend;

    /// Computes the lookup columns of each group, extends them and commits to them. Returns the terminals too, one for each group:
    /// the sum of its fractions over its active rows.
    ///
    /// Column 0 is the accumulator, which is zero on the first row and grows by the sum of each row's batches; the others are the
    /// batches, the sums of their fractions. The last rows of all are the blinding.
    ///
    /// The cells of the main columns are of no more use afterwards.
    fn commit_lookups<C: Chip>(
        &self,
        key: &Self::Key,
        main: &mut Self::Committed,
        inputs: LookupInputs<'_, C>,
        control: &Control<'_>,
    ) -> impl Future<Output = Step<(Self::Committed, Digest, Vec<EF>), Self::Error>> + MaybeSend;

    /// Computes the quotient of the constraints, adds its mask, splits it into blinded chunks, extends them with both masks and
    /// commits to them.
    ///
    /// With the quotient `Q = sum of the groups' Q_g(X^(2^k))`, of `Q + mask(c X)`, where `c` is the field's generator, chunk `i` has
    /// the coefficients from `i * chunk_len` on, to which it adds `X^chunk_len t_i - t_(i-1)`; `t_i` are the chunks' blinding.
    fn commit_quotient<C: Chip>(
        &self,
        key: &Self::Key,
        main_and_lookup: [&Self::Committed; 2],
        inputs: QuotientInputs<'_, C>,
        control: &Control<'_>,
    ) -> impl Future<Output = Step<(Self::Committed, Digest), Self::Error>> + MaybeSend;

    /// The values of all [terms](crate::shape::Shape::terms) at their points, in order, given the out-of-domain point; zero for the quotient's
    /// mask, whose coefficients the protocol has. `trees` are in the order of their commitment.
    fn open(
        &self,
        key: &Self::Key,
        trees: &[&Self::Committed],
        zeta: EF,
        control: &Control<'_>,
    ) -> impl Future<Output = Step<Vec<EF>, Self::Error>> + MaybeSend;

    /// The codeword that FRI folds: the mask of FRI, and of each term `weight (f(x) - value) / (x - point)`.
    fn batch(
        &self,
        key: &Self::Key,
        trees: &[&Self::Committed],
        inputs: BatchInputs<'_>,
        control: &Control<'_>,
    ) -> impl Future<Output = Step<Self::Batch, Self::Error>> + MaybeSend;

    /// Commits to the codeword as it is folded so far, without salt: a leaf is `2^log_arity` entries.
    fn commit_layer(
        &self,
        key: &Self::Key,
        batch: &mut Self::Batch,
        log_arity: usize,
    ) -> impl Future<Output = Step<Digest, Self::Error>> + MaybeSend;

    /// Folds the layer that was committed to last, once with each challenge: `f(X) = a(X^2) + X b(X^2)` becomes `a + challenge b`, on
    /// a domain whose shift is squared.
    fn fold(
        &self,
        key: &Self::Key,
        batch: &mut Self::Batch,
        challenges: &[EF],
    ) -> impl Future<Output = Step<(), Self::Error>> + MaybeSend;

    /// The coefficients of the polynomial that the folded codeword is, the lowest first.
    fn final_polynomial(
        &self,
        key: &Self::Key,
        batch: &mut Self::Batch,
    ) -> impl Future<Output = Step<Vec<EF>, Self::Error>> + MaybeSend;

    /// Rows and nodes of a tree: of each group the cells of some rows, one row behind the other.
    fn rows(
        &self,
        key: &Self::Key,
        tree: &Self::Committed,
        query: &TreeQuery,
        control: &Control<'_>,
    ) -> impl Future<Output = Step<OpenedRows, Self::Error>> + MaybeSend;

    /// Entries and nodes of a layer of FRI, by its number.
    fn layer(
        &self,
        key: &Self::Key,
        batch: &Self::Batch,
        layer: usize,
        query: &LayerQuery,
    ) -> impl Future<Output = Step<OpenedLayer, Self::Error>> + MaybeSend;

    /// A nonce that solves a puzzle of the transcript, for `bits <= 32`. Where a backend has nothing faster, the processor searches.
    fn grind(
        &self,
        _key: &Self::Key,
        puzzle: &Puzzle,
        bits: usize,
        control: &Control<'_>,
    ) -> impl Future<Output = Step<u64, Self::Error>> + MaybeSend {
        async move { Ok(puzzle.solve(bits, control)?) }
    }
}

/// A backend whose inner state can be read, for it to be checked.
#[cfg(any(test, feature = "testing"))]
pub trait Inspect: Backend {
    /// The columns of a tree on their evaluation domains: a matrix for each group.
    fn evaluations(
        &self,
        key: &Self::Key,
        tree: &Self::Committed,
    ) -> impl Future<Output = Step<Vec<RowMajorMatrix<F>>, Self::Error>> + MaybeSend;

    /// The codeword as it is folded so far.
    fn codeword(
        &self,
        key: &Self::Key,
        batch: &Self::Batch,
    ) -> impl Future<Output = Step<Vec<EF>, Self::Error>> + MaybeSend;
}

/// A matrix for each group, the tallest first, of cells that are secret: they are overwritten when they are dropped.
#[cfg_attr(any(test, feature = "testing"), derive(Clone))]
pub struct SecretRows(pub(crate) Vec<RowMajorMatrix<F>>);

impl SecretRows {
    /// The same cells once more, for who checks what a device makes of them.
    pub(super) fn copy(&self) -> Self {
        Self(self.0.clone())
    }

    /// The matrices.
    pub fn groups(&self) -> &[RowMajorMatrix<F>] {
        &self.0
    }
}

impl Drop for SecretRows {
    fn drop(&mut self) {
        self.0.iter_mut().for_each(|matrix| overwrite(&mut matrix.values));
    }
}

/// The tables of a proof: its chips, then the masks of the groups, as [`Shape::tables`](crate::shape::Shape::tables) numbers them.
pub struct Tables<'a, C>(pub(crate) Vec<Table<'a, C>>);

impl<'a, C: Chip> Tables<'a, C> {
    pub(crate) fn new(chips: &'a [C]) -> Self {
        Self(Table::all(chips))
    }

    /// The tables as chips: to be evaluated, and for their public columns.
    pub fn chips(&self) -> &[impl Chip + use<'a, C>] {
        &self.0
    }
}

/// What lookup columns depend on, besides the tables' columns.
pub struct LookupInputs<'a, C> {
    /// The tables.
    pub tables: &'a Tables<'a, C>,
    /// `gamma` and `beta`.
    pub challenges: LookupChallenges,
    /// The last rows of each group's columns.
    pub blinding: SecretRows,
    /// One for each leaf.
    pub salts: &'a [Salt],
}

/// What the quotient depends on, besides the committed columns.
pub struct QuotientInputs<'a, C> {
    /// The tables.
    pub tables: &'a Tables<'a, C>,
    /// `gamma` and `beta`.
    pub challenges: LookupChallenges,
    /// The sum of each group's fractions.
    pub terminals: &'a [EF],
    /// The challenge whose powers weigh the constraints.
    pub alpha: EF,
    /// What hides it.
    pub blinding: &'a QuotientBlinding,
    /// One for each leaf.
    pub salts: &'a [Salt],
}

impl<C> Clone for QuotientInputs<'_, C> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<C> Copy for QuotientInputs<'_, C> {}

/// What hides the quotient, uniform.
pub struct QuotientBlinding {
    /// The coefficients of the quotient's mask, as many as the tallest group has rows: the column behind the chunks.
    pub mask: Secret<EF>,
    /// Of each chunk but the last, the coefficients `t_i`, as many as there are queries and one more.
    pub chunks: Vec<Secret<EF>>,
    /// The coefficients of the mask of FRI, as many as a blinded chunk has: the last column.
    pub fri_mask: Secret<EF>,
}

impl QuotientBlinding {
    /// The same once more, for who checks what a device makes of it.
    pub(super) fn copy(&self) -> Self {
        let Self { mask, chunks, fri_mask } = self;
        Self { mask: mask.clone(), chunks: chunks.clone(), fri_mask: fri_mask.clone() }
    }
}

/// What the batch depends on, besides the committed columns.
#[derive(Clone, Copy)]
pub struct BatchInputs<'a> {
    /// The values of the terms.
    pub values: &'a [EF],
    /// The weights of the terms.
    pub weights: &'a [EF],
    /// The out-of-domain point.
    pub zeta: EF,
}

/// What is asked of a tree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TreeQuery {
    /// Rows of each group, sorted and distinct.
    pub rows: Vec<Vec<usize>>,
    /// Nodes.
    pub nodes: Vec<NodePosition>,
}

/// What a tree is opened to.
#[derive(Clone, Debug, PartialEq)]
pub struct OpenedRows {
    /// Of each group the cells of its rows, one row behind the other.
    pub groups: Vec<Vec<F>>,
    /// Nodes in the order in which they were asked for.
    pub nodes: Vec<Digest>,
}

/// What is asked of a layer of FRI.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LayerQuery {
    /// Entries of its codeword, sorted and distinct.
    pub entries: Vec<usize>,
    /// Nodes of its tree.
    pub nodes: Vec<NodePosition>,
}

/// What a layer of FRI is opened to.
#[derive(Clone, Debug, PartialEq)]
pub struct OpenedLayer {
    /// Entries in the order in which they were asked for.
    pub values: Vec<EF>,
    /// Nodes in the order in which they were asked for.
    pub nodes: Vec<Digest>,
}
