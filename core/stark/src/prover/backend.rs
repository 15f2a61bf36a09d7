//! The interface between the protocol and the device that computes.
//!
//! The protocol owns the transcript, the randomness and the proof. A [`Backend`] owns the columns.
//! It receives the rows of a witness once, keeps everything that it computes from them, and returns
//! roots, opened rows and the final polynomial:
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
//! The result of each step is fixed to the bit by the key's [`Shape`](crate::shape::Shape), its
//! [`Program`](crate::program::Program) and `docs/proof-system.md`. Two backends with equal inputs
//! agree on every root. `velum_stark::testing::differential`, which the feature `testing` builds,
//! compares two backends step by step.
//!
//! **Order.** Codewords and extended columns are in bit-reversed order: entry `i` of `2^n` is the
//! value at `shift * g^reverse(i)`, for `g` of order `2^n`. The shift of the tallest group's
//! evaluation domain is [`F::GENERATOR`](p3_field::Field::GENERATOR). The shift of a group that is
//! `2^k` times lower is the generator's power `2^k`.
//!
//! **Secrets.** Rows, blinding, salts, coefficients and extended columns are secret until the
//! protocol asks for some of them. Nodes of trees and the masked codeword are not secret. All
//! values that are passed in overwrite themselves when they are dropped. A backend overwrites what
//! it has computed from them, on its device too, before the memory can serve anyone else.
//!
//! **Failure.** Every step may fail, since a device can be lost. The error reaches the caller of
//! the prover as [`ProveError::Backend`], and no part of the proof is returned. The prover checks
//! the size of everything that a backend returns, and the caller of the prover checks the proof. A
//! faulty device can therefore cost a proof, but not soundness.
//!
//! Hiding is a different matter. A device that omits blinding rows or masks, or uses those of an
//! earlier proof, makes proofs that verify and reveal more than they should. No check of the
//! protocol notices this. The differential test notices it, and [`Checked`](crate::Checked) notices
//! it in every proof.
//!
//! **Threads.** [`prove`](super::ProvingKey::prove) polls on one of the threads that share the
//! CPU's work. A step must not wait for other work of these threads.

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

/// `Send` on all targets except WebAssembly, where a device belongs to one thread.
#[cfg(not(target_arch = "wasm32"))]
pub trait MaybeSend: Send {}
#[cfg(not(target_arch = "wasm32"))]
impl<T: Send + ?Sized> MaybeSend for T {}

/// `Sync` on all targets except WebAssembly, where a device belongs to one thread.
#[cfg(not(target_arch = "wasm32"))]
pub trait MaybeSync: Sync {}
#[cfg(not(target_arch = "wasm32"))]
impl<T: Sync + ?Sized> MaybeSync for T {}

/// `Send` on all targets except WebAssembly, where a device belongs to one thread.
#[cfg(target_arch = "wasm32")]
pub trait MaybeSend {}
#[cfg(target_arch = "wasm32")]
impl<T: ?Sized> MaybeSend for T {}

/// `Sync` on all targets except WebAssembly, where a device belongs to one thread.
#[cfg(target_arch = "wasm32")]
pub trait MaybeSync {}
#[cfg(target_arch = "wasm32")]
impl<T: ?Sized> MaybeSync for T {}

/// The outcome of a step.
pub type Step<T, E> = Result<T, ProveError<E>>;

/// Extends, hashes, evaluates, batches and folds columns.
///
/// The steps of one proof come in the order above, each once, except that
/// [`commit_layer`](Self::commit_layer) and [`fold`](Self::fold) alternate. Several proofs under
/// one key may be made at the same time.
pub trait Backend: MaybeSend + MaybeSync {
    /// What can be computed before the witness is known, once for each verifier key.
    type Key: MaybeSend + MaybeSync;
    /// A tree with its columns on their evaluation domains.
    type Committed: MaybeSend + MaybeSync;
    /// The batch of all columns, and the layers to which it is folded.
    type Batch: MaybeSend + MaybeSync;
    /// The reason for which a step failed.
    type Error: std::error::Error + MaybeSend + MaybeSync + 'static;

    /// Frees memory that proofs have kept for later proofs.
    fn free_memory(&self) {}

    /// The backend that may restart a proof after this backend has failed, or `None`. The arguments
    /// are the device that failed and the reason. This backend may be unusable afterwards.
    fn fallback(&self, _device: Device, _why: &str) -> Option<Cpu> {
        None
    }

    /// Prepares a key. `chips` may be any chips from which the key can be made. A backend may
    /// evaluate them, or replay [`VerifierKey::program`].
    fn prepare<C: Chip>(
        &self,
        key: &Arc<VerifierKey>,
        chips: &[C],
        control: &Control<'_>,
    ) -> impl Future<Output = Step<Self::Key, Self::Error>> + MaybeSend;

    /// Chooses the device for a proof, before its first step. A backend with several devices
    /// chooses here. The `control` of all later steps tells them the chosen device.
    fn begin(
        &self,
        _key: &Self::Key,
        _control: &Control<'_>,
    ) -> impl Future<Output = Step<Device, Self::Error>> + MaybeSend {
        async { Ok(Device::Cpu) }
    }

    /// Extends the tables' columns and commits to them. `rows` has a matrix for each group, of the
    /// group's height and main width. `salts` has one salt for each leaf of the tree.
    fn commit_main(
        &self,
        key: &Self::Key,
        rows: SecretRows,
        salts: &[Salt],
        control: &Control<'_>,
    ) -> impl Future<Output = Step<(Self::Committed, Digest), Self::Error>> + MaybeSend;

    /// Computes the lookup columns of each group, extends them and commits to them. Also returns
    /// one terminal for each group: the sum of the group's fractions over its active rows.
    ///
    /// Column 0 is the accumulator. It is zero on the first row and grows by the sum of each row's
    /// batches. The other columns are the batches, which are the sums of their fractions. The last
    /// rows of all columns are the blinding.
    ///
    /// The cells of the main columns are not needed afterwards.
    fn commit_lookups<C: Chip>(
        &self,
        key: &Self::Key,
        main: &mut Self::Committed,
        inputs: LookupInputs<'_, C>,
        control: &Control<'_>,
    ) -> impl Future<Output = Step<(Self::Committed, Digest, Vec<EF>), Self::Error>> + MaybeSend;

    /// Computes the quotient of the constraints, adds its mask, splits it into blinded chunks,
    /// extends the chunks and both masks, and commits to them.
    ///
    /// Let `Q = sum of the groups' Q_g(X^(2^k))` be the quotient, `c` the field's generator, and
    /// `t_i` the chunks' blinding. Chunk `i` has the coefficients of `Q + mask(c X)` from
    /// `i * chunk_len` on, plus `X^chunk_len t_i - t_(i-1)`.
    fn commit_quotient<C: Chip>(
        &self,
        key: &Self::Key,
        main_and_lookup: [&Self::Committed; 2],
        inputs: QuotientInputs<'_, C>,
        control: &Control<'_>,
    ) -> impl Future<Output = Step<(Self::Committed, Digest), Self::Error>> + MaybeSend;

    /// Evaluates all [terms](crate::shape::Shape::terms) at their points, in order, given the
    /// out-of-domain point. The value for the quotient's mask is zero, since the protocol has the
    /// mask's coefficients. `trees` are in the order of their commitment.
    fn open(
        &self,
        key: &Self::Key,
        trees: &[&Self::Committed],
        zeta: EF,
        control: &Control<'_>,
    ) -> impl Future<Output = Step<Vec<EF>, Self::Error>> + MaybeSend;

    /// Computes the codeword that FRI folds: the mask of FRI plus, for each term,
    /// `weight (f(x) - value) / (x - point)`.
    fn batch(
        &self,
        key: &Self::Key,
        trees: &[&Self::Committed],
        inputs: BatchInputs<'_>,
        control: &Control<'_>,
    ) -> impl Future<Output = Step<Self::Batch, Self::Error>> + MaybeSend;

    /// Commits to the codeword as it is folded so far, without salts. A leaf has `2^log_arity`
    /// entries.
    fn commit_layer(
        &self,
        key: &Self::Key,
        batch: &mut Self::Batch,
        log_arity: usize,
    ) -> impl Future<Output = Step<Digest, Self::Error>> + MaybeSend;

    /// Folds the layer that was committed to last, once with each challenge. Each fold turns
    /// `f(X) = a(X^2) + X b(X^2)` into `a + challenge b`, on a domain whose shift is squared.
    fn fold(
        &self,
        key: &Self::Key,
        batch: &mut Self::Batch,
        challenges: &[EF],
    ) -> impl Future<Output = Step<(), Self::Error>> + MaybeSend;

    /// Returns the coefficients of the polynomial that the folded codeword represents, lowest
    /// degree first.
    fn final_polynomial(
        &self,
        key: &Self::Key,
        batch: &mut Self::Batch,
    ) -> impl Future<Output = Step<Vec<EF>, Self::Error>> + MaybeSend;

    /// Returns rows and nodes of a tree. The cells of a group's rows are concatenated.
    fn rows(
        &self,
        key: &Self::Key,
        tree: &Self::Committed,
        query: &TreeQuery,
        control: &Control<'_>,
    ) -> impl Future<Output = Step<OpenedRows, Self::Error>> + MaybeSend;

    /// Returns entries and nodes of a layer of FRI, given by its number.
    fn layer(
        &self,
        key: &Self::Key,
        batch: &Self::Batch,
        layer: usize,
        query: &LayerQuery,
    ) -> impl Future<Output = Step<OpenedLayer, Self::Error>> + MaybeSend;

    /// Finds a nonce that solves a puzzle of the transcript, for `bits <= 32`. By default the CPU
    /// searches.
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

/// A backend whose inner state can be read, so that it can be checked.
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

/// A matrix of secret cells for each group, the tallest first. The cells are overwritten when they
/// are dropped.
#[cfg_attr(any(test, feature = "testing"), derive(Clone))]
pub struct SecretRows(pub(crate) Vec<RowMajorMatrix<F>>);

impl SecretRows {
    /// A copy of the cells, for code that checks what a device computes from them.
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

/// The tables of a proof: its chips, then the masks of the groups, as
/// [`Shape::tables`](crate::shape::Shape::tables) numbers them.
pub struct Tables<'a, C>(pub(crate) Vec<Table<'a, C>>);

impl<'a, C: Chip> Tables<'a, C> {
    pub(crate) fn new(chips: &'a [C]) -> Self {
        Self(Table::all(chips))
    }

    /// The tables as chips, for their evaluation and their public columns.
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
    /// One salt for each leaf.
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
    /// The challenge whose powers weight the constraints.
    pub alpha: EF,
    /// The values that hide the quotient.
    pub blinding: &'a QuotientBlinding,
    /// One salt for each leaf.
    pub salts: &'a [Salt],
}

impl<C> Clone for QuotientInputs<'_, C> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<C> Copy for QuotientInputs<'_, C> {}

/// The uniform values that hide the quotient.
pub struct QuotientBlinding {
    /// The coefficients of the quotient's mask, as many as the tallest group has rows. The mask is
    /// the column after the chunks.
    pub mask: Secret<EF>,
    /// The coefficients `t_i` of each chunk except the last, one more than there are queries.
    pub chunks: Vec<Secret<EF>>,
    /// The coefficients of the mask of FRI, as many as a blinded chunk has. The mask is the last
    /// column.
    pub fri_mask: Secret<EF>,
}

impl QuotientBlinding {
    /// A copy of the values, for code that checks what a device computes from them.
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

/// What is requested from a tree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TreeQuery {
    /// The rows of each group, sorted and distinct.
    pub rows: Vec<Vec<usize>>,
    /// The nodes.
    pub nodes: Vec<NodePosition>,
}

/// The opening of a tree.
#[derive(Clone, Debug, PartialEq)]
pub struct OpenedRows {
    /// For each group, the cells of its rows, concatenated.
    pub groups: Vec<Vec<F>>,
    /// The nodes in the order of the request.
    pub nodes: Vec<Digest>,
}

/// What is requested from a layer of FRI.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LayerQuery {
    /// The entries of its codeword, sorted and distinct.
    pub entries: Vec<usize>,
    /// The nodes of its tree.
    pub nodes: Vec<NodePosition>,
}

/// The opening of a layer of FRI.
#[derive(Clone, Debug, PartialEq)]
pub struct OpenedLayer {
    /// The entries in the order of the request.
    pub values: Vec<EF>,
    /// The nodes in the order of the request.
    pub nodes: Vec<Digest>,
}
