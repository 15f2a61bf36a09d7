//! The prover: the protocol, which runs on a [`Backend`].
//!
//! Let `N_g` be the height of group `g`, `N` the height of the tallest group, `B = 2^log_blowup`,
//! and `D` the degree of the extension field. Widths are in base field columns. Each layer of FRI
//! folds by a factor `2^a` of its own.
//!
//! The picture shows the steps of a proof: which new inputs the protocol passes to the backend,
//! what the backend commits to or computes, what the transcript absorbs, and which challenges are
//! then drawn. `n` is a nonce, which `grind` finds and the transcript absorbs before the draw.
//!
//! ```text
//!     protocol passes        backend                                absorbed      drawn
//! --------------------------------------------------------------------------------------------
//! 1   length of bound, bound, hash of the verifier key              prefix
//! 2   rows, salts         -> commit_main                            root          n gamma,
//!                              each group: N_g B x widths[MAIN]                     beta
//! 3   gamma, beta,        -> commit_lookups                         root,         alpha
//!     blinding, salts          each group: N_g B x D (1 + batches)  terminals
//! 4   alpha, terminals,   -> commit_quotient                        root          n zeta
//!     blinding, salts          one matrix: N B x D (chunks + 2)
//! 5   zeta                -> open: a value for each term            values        n batching
//! 6   values, weights     -> batch: a codeword of N B
//!     each layer:            commit_layer: leaves of 2^a entries    root          n folding
//!       challenges        -> fold: 2^a entries to one
//! 7                          final_polynomial: N / 2^(sum of a)     coefficients  n queries
//! 8   queries             -> rows, layer: the openings
//! ```
//!
//! 1. The transcript starts with the length of the caller's bound bytes, these bytes, and the hash
//!    of the verifier key.
//! 2. Main tree: `widths[MAIN]` is the sum of the widths of the group's tables. The last rows
//!    before the extension are blinding rows.
//! 3. Lookup tree: the accumulator, then one extension column for each batch of interactions. The
//!    last rows before the extension are blinding rows. Each group has one terminal.
//! 4. Quotient tree: the quotient's blinded chunks, the quotient's mask and the mask of FRI.
//! 5. Out-of-domain values: one extension element for each term of the
//!    [`Shape`](crate::shape::Shape). `zeta` is the out-of-domain point. The protocol itself
//!    computes the value of the quotient's mask. The weights of the terms are products of the
//!    batching challenges.
//! 6. FRI: the batch is a codeword of `N * B` extension elements. Each layer has a tree, each leaf
//!    of which has `2^a` consecutive entries of the codeword. `a` folding challenges are drawn.
//! 7. The coefficients of the final polynomial are absorbed. The queries are rows of the tallest
//!    group's evaluation domain.
//! 8. Openings: the queried rows of the three trees with their salts and siblings, then for each
//!    layer the entries of the leaves that the verifier cannot compute, with their siblings.
//!
//! Each of the trees of steps 2 to 4 has `N * B` salted leaves, the rows of the tallest group. The
//! rows of the lower groups are hashed into the levels of their height. The trees of step 6 have no
//! salts.
//!
//! The protocol knows nothing of devices, and a backend knows nothing of the transcript. The
//! submodules follow in this order:
//!
//! * `backend`: the interface to the device, with the meaning of every step.
//! * `blinding`: the prover's randomness.
//! * `cpu`: the backend that runs on the CPU, over the data types of `packed`, `wide` and `strips`.
//! * `checked`: a wrapper for devices that are not trusted to hide the witness.
//! * `blocking`: waiting for a future without a runtime.
//! * `seam`: the same protocol with its randomness, hash and data exposed to tests.

pub mod backend;
mod blinding;
mod blocking;
pub(crate) mod checked;
mod cpu;
mod packed;
#[cfg(any(test, feature = "testing"))]
#[path = "../testing/seam.rs"]
pub mod seam;
mod strips;
mod wide;

use std::convert::Infallible;
use std::sync::Arc;

use p3_field::{Field, PrimeCharacteristicRing};
use rand::CryptoRng;
use thiserror::Error;

use crate::air::{Chip, Trace};
use crate::composition::LookupChallenges;
use crate::control::{Cancelled, Control, Stage};
use crate::field::{EF, F};
#[cfg(feature = "poseidon2")]
use crate::hash::Poseidon2Hash;
use crate::hash::{
    Blake3Hash, Blake3TruncatedHash, Digest, HashFunction, ProofHash, Salt, Transcript,
};
use crate::key::VerifierKey;
use crate::merkle::sibling_positions;
use crate::params::Parameters;
use crate::proof::{
    Commitments, LayerCommitment, LayerOpening, Openings, Proof, TreeOpening, group_indices,
};
use crate::shape::{Point, TREES, Term};
use crate::transcript::{batching_weights, folding_challenges, queried};
use backend::{
    Backend, BatchInputs, LayerQuery, LookupInputs, MaybeSend, OpenedLayer, OpenedRows,
    QuotientInputs, Step, Tables, TreeQuery,
};
use blinding::system_rng;
pub use blocking::{block_on, block_on_worker};
pub use checked::{Checked, CheckedCommitted, CheckedKey, Untrusted};
pub(crate) use cpu::lookup_columns;
pub use cpu::{Batch as CpuBatch, Committed as CpuCommitted, Cpu, CpuKey};

/// The reason for which no proof was made. `E` is the error of the backend.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ProveError<E: std::error::Error + 'static = Infallible> {
    /// The caller cancelled.
    #[error(transparent)]
    Cancelled(#[from] Cancelled),
    /// The operating system gave no randomness.
    #[error("no randomness from the operating system: {0}")]
    Randomness(#[from] getrandom::Error),
    /// The device that computes the proof failed.
    #[error("the proving device failed: {0}")]
    Backend(#[source] E),
    /// The device that computes the proof returned a value that no correct device returns.
    #[error("the proving device is faulty: it returned {0}")]
    Faulty(&'static str),
}

/// A [`VerifierKey`] with everything that a backend can compute before the witness is known.
pub struct ProvingKey<B: Backend = Cpu> {
    verifier: Arc<VerifierKey>,
    backend: B,
    prepared: B::Key,
}

/// What is proven: chips, the traces that satisfy them, and any other data that the proof is bound
/// to.
struct Instance<'a, C> {
    tables: Tables<'a, C>,
    traces: Vec<Trace>,
    bound: &'a [u8],
}

/// The fraction of a proof that is done when each step begins, by measurement.
mod done {
    pub(super) const MAIN: f64 = 0.0;
    pub(super) const LOOKUPS: f64 = 0.39;
    pub(super) const QUOTIENT: f64 = 0.55;
    pub(super) const OPENINGS: f64 = 0.83;
    pub(super) const BATCH: f64 = 0.9;
    pub(super) const FOLDING: f64 = 0.96;
    pub(super) const QUERIES: f64 = 0.99;
}

impl ProvingKey {
    /// Makes a key for the CPU. See [`VerifierKey::new`].
    pub fn new<C: Chip>(label: &str, parameters: Parameters, chips: &[C]) -> Self {
        Self::on_cpu(Cpu::default(), VerifierKey::new(label, parameters, chips))
    }

    /// Makes a key for this CPU, without an asynchronous step.
    pub fn on_cpu(cpu: Cpu, verifier: VerifierKey) -> Self {
        let verifier = Arc::new(verifier);
        let prepared = cpu.key(&verifier, &Control::none()).expect("nobody cancels");
        Self { verifier, backend: cpu, prepared }
    }
}

impl<B: Backend> ProvingKey<B> {
    /// Makes a key for a device. `chips` may be any chips from which the verifier's key can be
    /// made.
    ///
    /// # Errors
    /// Returns the errors of the device.
    pub async fn on<C: Chip>(
        backend: B,
        verifier: VerifierKey,
        chips: &[C],
        control: &Control<'_>,
    ) -> Result<Self, ProveError<B::Error>> {
        let verifier = Arc::new(verifier);
        let prepared = backend.prepare(&verifier, chips, control).await?;
        Ok(Self { verifier, backend, prepared })
    }

    /// The part of the key that a verifier needs.
    pub fn verifier(&self) -> &VerifierKey {
        &self.verifier
    }

    /// Proves that `traces` satisfy `chips`. The proof is bound to the bytes `bound`, which stand
    /// for any other data that the proof is about.
    ///
    /// A wrong trace leads to a proof that does not verify. Traces are dropped once they are
    /// committed to. All blinding comes from the operating system and is drawn anew for each call.
    ///
    /// # Errors
    /// Returns [`ProveError`] if no proof was made.
    pub fn prove<C: Chip>(
        &self,
        chips: &[C],
        traces: Vec<Trace>,
        bound: &[u8],
        control: &Control<'_>,
    ) -> Result<Vec<u8>, ProveError<B::Error>>
    where
        B: Sync,
        B::Key: Sync,
        B::Error: Send,
    {
        block_on_worker(|| self.prove_async(chips, traces, bound, control))
    }

    /// [`prove`](Self::prove) for callers that cannot block.
    ///
    /// # Errors
    /// Returns [`ProveError`] if no proof was made.
    pub async fn prove_async<C: Chip>(
        &self,
        chips: &[C],
        traces: Vec<Trace>,
        bound: &[u8],
        control: &Control<'_>,
    ) -> Result<Vec<u8>, ProveError<B::Error>> {
        let mut rng = system_rng()?;
        let run = Run { key: &self.verifier, backend: &self.backend, prepared: &self.prepared };
        let instance = Instance { tables: Tables::new(chips), traces, bound };
        let proof = match self.verifier.parameters.hash {
            HashFunction::Blake3 => {
                run.prove::<C, Blake3Hash>(instance, &mut rng, control).await?.to_bytes()
            }
            HashFunction::Blake3Truncated => {
                run.prove::<C, Blake3TruncatedHash>(instance, &mut rng, control).await?.to_bytes()
            }
            #[cfg(feature = "poseidon2")]
            HashFunction::Poseidon2 => {
                run.prove::<C, Poseidon2Hash>(instance, &mut rng, control).await?.to_bytes()
            }
        };
        Ok(proof)
    }
}

/// One run of the protocol on a backend.
struct Run<'a, B: Backend> {
    key: &'a VerifierKey,
    backend: &'a B,
    prepared: &'a B::Key,
}

impl<B: Backend> Run<'_, B> {
    async fn prove<C: Chip, H: ProofHash>(
        &self,
        instance: Instance<'_, C>,
        rng: &mut (impl CryptoRng + MaybeSend),
        control: &Control<'_>,
    ) -> Step<Proof<H>, B::Error> {
        let Self { key, backend, prepared } = *self;
        let parameters = &key.parameters;
        let Instance { tables, traces, bound } = instance;
        let control = &control.on(backend.begin(prepared, control).await?);
        let mut transcript = H::Transcript::new(&key.prefix(bound));
        let at = |done| control.part(done, done);
        control.begin(Stage::Extension, done::MAIN)?;
        let rows = key.main_rows(&tables, &traces, rng);
        drop(traces);
        let main_salts = key.salts(rng);
        let part = control.part(done::MAIN, done::LOOKUPS);
        let (mut main, root) =
            backend.commit_main(prepared, rows, &main_salts.draw(), &part).await?;
        let main_root = absorb_root::<H, _>(&mut transcript, root)?;
        let lookup_nonce = self
            .grind::<H>(&mut transcript, parameters.lookup_grinding_bits, &at(done::LOOKUPS))
            .await?;
        let challenges =
            LookupChallenges { gamma: transcript.challenge(), beta: transcript.challenge() };

        let blinding = key.lookup_blinding(rng);
        let lookup_salts = key.salts(rng);
        let salts = lookup_salts.draw();
        let inputs = LookupInputs { tables: &tables, challenges, blinding, salts: &salts };
        let part = control.part(done::LOOKUPS, done::QUOTIENT);
        let (lookup, root, terminals) =
            backend.commit_lookups(prepared, &mut main, inputs, &part).await?;
        has_length(&terminals, key.shape.groups.len(), "a wrong number of terminals")?;
        drop(salts);
        let lookup_root = absorb_root::<H, _>(&mut transcript, root)?;
        transcript.absorb(&terminals);
        let alpha = transcript.challenge();

        let blinding = key.quotient_blinding(rng);
        let quotient_salts = key.salts(rng);
        let salts = quotient_salts.draw();
        let inputs = QuotientInputs {
            tables: &tables,
            challenges,
            terminals: &terminals,
            alpha,
            blinding: &blinding,
            salts: &salts,
        };
        let part = control.part(done::QUOTIENT, done::OPENINGS);
        let (quotient, root) =
            backend.commit_quotient(prepared, [&main, &lookup], inputs, &part).await?;
        drop(salts);
        let quotient_root = absorb_root::<H, _>(&mut transcript, root)?;
        let ood_nonce = self
            .grind::<H>(&mut transcript, parameters.ood_grinding_bits, &at(done::OPENINGS))
            .await?;
        let zeta = transcript.challenge();

        control.begin(Stage::Openings, done::OPENINGS)?;
        let trees: [_; TREES] = [&main, &lookup, &quotient];
        let mut values = backend.open(prepared, &trees, zeta, control).await?;
        has_length(&values, key.shape.terms.len(), "a wrong number of out-of-domain values")?;
        key.open_mask(&mut values, &blinding.mask, zeta);
        drop(blinding);
        transcript.absorb(&values);
        let batch_nonce = self
            .grind::<H>(&mut transcript, parameters.batch_grinding_bits, &at(done::BATCH))
            .await?;
        let weights = batching_weights::<H>(&key.shape, &mut transcript);
        control.begin(Stage::Openings, done::BATCH)?;
        let inputs = BatchInputs { values: &values, weights: &weights, zeta };
        let mut batch = backend.batch(prepared, &trees, inputs, control).await?;

        let part = control.part(done::FOLDING, done::QUERIES);
        let layers = self.fold::<H>(&mut batch, &mut transcript, &part).await?;
        let final_polynomial = backend.final_polynomial(prepared, &mut batch).await?;
        has_length(
            &final_polynomial,
            parameters.final_polynomial_len(key.shape.log_height()),
            "a wrong number of coefficients",
        )?;
        transcript.absorb(&final_polynomial);
        let query_nonce = self
            .grind::<H>(&mut transcript, parameters.query_grinding_bits, &at(done::QUERIES))
            .await?;
        let indices = queried::<H>(parameters.queries, key.log_codeword(), &mut transcript);

        control.begin(Stage::Queries, done::QUERIES)?;
        let salts = [&main_salts, &lookup_salts, &quotient_salts];
        let mut openings = Vec::with_capacity(TREES);
        for (number, (tree, salts)) in trees.into_iter().zip(salts).enumerate() {
            openings
                .push(self.open_tree::<H>(number, tree, &salts.draw(), &indices, control).await?);
        }
        let openings = Openings {
            trees: openings.try_into().map_err(|_| ProveError::Faulty("too few trees"))?,
            layers: self.open_layers::<H>(&batch, indices).await?,
        };
        let commitments = Commitments {
            main: main_root,
            lookup_nonce,
            lookup: lookup_root,
            terminals,
            quotient: quotient_root,
            ood_nonce,
            values,
            batch_nonce,
            layers,
            final_polynomial,
            query_nonce,
        };
        Ok(Proof { commitments, openings })
    }

    /// Folds the batch to the final polynomial, layer by layer.
    async fn fold<H: ProofHash>(
        &self,
        batch: &mut B::Batch,
        transcript: &mut H::Transcript,
        control: &Control<'_>,
    ) -> Step<Vec<LayerCommitment<H>>, B::Error> {
        let parameters = &self.key.parameters;
        let arities = parameters.folding(self.key.shape.log_height());
        let mut layers = Vec::with_capacity(arities.len());
        for (layer, &log_arity) in arities.iter().enumerate() {
            let done = layer as f64 / arities.len() as f64;
            control.begin(Stage::Folding, done)?;
            let root = self.backend.commit_layer(self.prepared, batch, log_arity).await?;
            let root = absorb_root::<H, _>(transcript, root)?;
            let nonce = self
                .grind::<H>(transcript, parameters.folding_grinding_bits, &control.part(done, done))
                .await?;
            layers.push(LayerCommitment { root, nonce });
            control.begin(Stage::Folding, done)?;
            let challenges = folding_challenges::<H>(log_arity, transcript);
            self.backend.fold(self.prepared, batch, &challenges).await?;
        }
        Ok(layers)
    }

    /// Finds a nonce and absorbs it.
    async fn grind<H: ProofHash>(
        &self,
        transcript: &mut H::Transcript,
        bits: usize,
        control: &Control<'_>,
    ) -> Step<u64, B::Error> {
        control.begin(Stage::Grinding, 0.0)?;
        let nonce = self.backend.grind(self.prepared, &transcript.puzzle(), bits, control).await?;
        transcript
            .absorb_solution(bits, nonce)
            .ok_or(ProveError::Faulty("a nonce that does not solve the proof of work"))
    }

    /// Opens a tree at these rows of the tallest group's evaluation domain. The indices are sorted
    /// and distinct.
    async fn open_tree<H: ProofHash>(
        &self,
        number: usize,
        tree: &B::Committed,
        salts: &[Salt],
        indices: &[usize],
        control: &Control<'_>,
    ) -> Step<TreeOpening<H>, B::Error> {
        let shape = &self.key.shape;
        let widths =
            shape.groups.iter().map(|group| group.widths[number]).take_while(|&width| width > 0);
        let query = TreeQuery {
            rows: (0..widths.clone().count())
                .map(|group| group_indices(indices, shape.lift(group)))
                .collect(),
            nodes: sibling_positions(self.key.log_codeword(), indices),
        };
        let OpenedRows { groups: rows, nodes } =
            self.backend.rows(self.prepared, tree, &query, control).await?;
        has_length(&rows, query.rows.len(), "a wrong number of groups")?;
        for ((cells, rows), width) in rows.iter().zip(&query.rows).zip(widths) {
            has_length(cells, rows.len() * width, "a wrong number of cells")?;
        }
        Ok(TreeOpening {
            rows,
            salts: indices.iter().map(|&index| salts[index]).collect(),
            siblings: digests::<H, _>(&nodes, query.nodes.len())?,
        })
    }

    /// Opens the layers of FRI at these entries of the codeword. The indices are sorted and
    /// distinct.
    async fn open_layers<H: ProofHash>(
        &self,
        batch: &B::Batch,
        mut indices: Vec<usize>,
    ) -> Step<Vec<LayerOpening<H>>, B::Error> {
        let arities = self.key.parameters.folding(self.key.shape.log_height());
        let mut log_size = self.key.log_codeword();
        let mut openings = Vec::with_capacity(arities.len());
        for (layer, log_arity) in arities.into_iter().enumerate() {
            let leaves = group_indices(&indices, log_arity);
            log_size -= log_arity;
            let entries = leaves.iter().flat_map(|leaf| leaf << log_arity..(leaf + 1) << log_arity);
            let query = LayerQuery {
                // The other entries of the leaf can be computed from the previous layer.
                entries: entries.filter(|entry| indices.binary_search(entry).is_err()).collect(),
                nodes: sibling_positions(log_size, &leaves),
            };
            let OpenedLayer { values, nodes } =
                self.backend.layer(self.prepared, batch, layer, &query).await?;
            has_length(&values, query.entries.len(), "a wrong number of entries of a layer")?;
            openings.push(LayerOpening {
                values,
                siblings: digests::<H, _>(&nodes, query.nodes.len())?,
            });
            indices = leaves;
        }
        Ok(openings)
    }
}

impl VerifierKey {
    /// Writes the value of the quotient's mask, which the protocol computes from the mask's
    /// coefficients.
    fn open_mask(&self, values: &mut [EF], mask: &[EF], zeta: EF) {
        let point = zeta * F::GENERATOR;
        let is_mask = |term: &Term| self.shape.points[term.point] == Point::Mask;
        if let Some(at) = self.shape.terms.iter().position(is_mask) {
            values[at] = mask.iter().rfold(EF::ZERO, |sum, &coefficient| sum * point + coefficient);
        }
    }
}

/// Decodes a root and absorbs it.
fn absorb_root<H: ProofHash, E: std::error::Error>(
    transcript: &mut H::Transcript,
    root: Digest,
) -> Step<H::Digest, E> {
    let root = digest::<H, E>(&root)?;
    transcript.absorb_digest(&root);
    Ok(root)
}

fn digests<H: ProofHash, E: std::error::Error>(
    nodes: &[Digest],
    count: usize,
) -> Step<Vec<H::Digest>, E> {
    has_length(nodes, count, "a wrong number of nodes")?;
    nodes.iter().map(digest::<H, E>).collect()
}

fn digest<H: ProofHash, E: std::error::Error>(bytes: &Digest) -> Step<H::Digest, E> {
    H::from_bytes(*bytes).ok_or(ProveError::Faulty("a digest that is not canonical"))
}

fn has_length<T, E: std::error::Error>(
    list: &[T],
    length: usize,
    what: &'static str,
) -> Step<(), E> {
    if list.len() == length { Ok(()) } else { Err(ProveError::Faulty(what)) }
}
