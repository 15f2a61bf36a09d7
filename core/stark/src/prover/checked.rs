//! A wrapper for devices that are not trusted to hide the witness.
//!
//! A device that omits blinding rows or masks, or uses those of an earlier proof, makes proofs that
//! verify and reveal more than they should. The host therefore keeps the randomness that it drew.
//! Before a row is opened, the host compares the device's opening with its own values:
//!
//! | tree | compared at all opened rows | with |
//! |---|---|---|
//! | main | a random combination of the columns of each group | the same combination of the host's cells, blinding rows included |
//! | lookup | a random combination of the columns of each group | the same combination of columns that the host also computes |
//! | quotient | a random combination of the chunks | the same combination of coefficients that are read back from the device; their blinding is compared with the host's |
//! | quotient | both masks | the host's coefficients |
//!
//! **Columns.** A column is a polynomial with as many coefficients as its table has rows, or the
//! proof does not verify. Two different polynomials agree on at most one in `2^log_blowup` rows of
//! the evaluation domain, so at `q` random rows with probability at most `2^(-q log_blowup)`. A
//! combination hides a difference with probability `2^-128`: its weights are drawn after the device
//! has answered.
//!
//! **Chunks.** The host has only the device's word for the chunks' coefficients, and the device
//! gives them when it already knows which rows are opened. The quotient's tree is therefore opened
//! at more rows, which the host drew earlier and reveals only after it has the coefficients. The
//! openings of these rows must agree with the root and with the coefficients.
//!
//! Few codewords agree with the chunks on more than `2^(-log_blowup / 2)` of all rows, and the
//! device's commitment determines these codewords. Two of them agree at all `q` opened rows with
//! probability at most `2^(-q log_blowup)`. Any other coefficients agree with the chunks at all of
//! the host's rows with probability at most `2^-64`.
//!
//! **Salts.** The salts are the host's own. Everyone who verifies the proof, including the host,
//! checks that opened leaves are hashed with their salts.
//!
//! **Limits.** All this protects against devices that compute wrongly, and against devices that do
//! not hide, or that hide with other values than the host's. It does not protect against a device
//! that conspires with a verifier. Such a device can choose values that nobody can recompute
//! without hashing whole trees:
//!
//! * an opened node below which no row is opened (32 bytes, and the device must guess which node
//!   that will be);
//! * the salt of a leaf that is not opened;
//! * any of the nonces among [`Puzzle::nonces`] that solve a puzzle.
//!
//! A device that is not trusted with the witness must not receive it.

use std::collections::BTreeSet;
use std::sync::Arc;

use p3_dft::{Radix2DitParallel, TwoAdicSubgroupDft};
use p3_field::{BasedVectorSpace, PrimeCharacteristicRing, TwoAdicField};
use p3_maybe_rayon::prelude::*;
use p3_util::reverse_bits_len;
use rand::{CryptoRng, RngExt};

use super::ProveError;
use super::backend::{
    Backend, BatchInputs, LayerQuery, LookupInputs, MaybeSend, OpenedLayer, OpenedRows,
    QuotientBlinding, QuotientInputs, SecretRows, Step, TreeQuery,
};
use super::blinding::system_rng;
use crate::air::Chip;
use crate::control::{Control, Device};
use crate::field::{EF, EXTENSION_DEGREE, F};
#[cfg(feature = "poseidon2")]
use crate::hash::Poseidon2Hash;
use crate::hash::{Blake3Hash, Blake3TruncatedHash, Digest, HashFunction, ProofHash, Puzzle, Salt};
use crate::key::VerifierKey;
use crate::merkle::{self, sibling_positions};
use crate::secret::{Secret, overwrite};
use crate::shape::{MASKS, QUOTIENT};

/// A backend whose device may be faulty.
pub trait Untrusted: Backend {
    /// The coefficients of each of the quotient's blinded chunks, as many as the tallest group has
    /// rows.
    fn chunks(
        &self,
        key: &Self::Key,
        quotient: &Self::Committed,
    ) -> impl Future<Output = Step<Vec<Secret<EF>>, Self::Error>> + MaybeSend;
}

/// A backend whose openings are compared with what the host holds.
#[derive(Clone, Debug, Default)]
pub struct Checked<B>(pub B);

/// The key of the device, and the key of the verifier.
pub struct CheckedKey<K> {
    device: K,
    pub(crate) verifier: Arc<VerifierKey>,
}

/// A tree of the device, and what the host knows about it.
pub struct CheckedCommitted<T> {
    device: T,
    host: Host,
}

/// What the host knows about a tree.
enum Host {
    /// The cells of the main columns, by row.
    Main(SecretRows),
    /// The cells of the lookup columns, by row.
    Lookup(SecretRows),
    /// The blinding of the quotient, the root, and the additional rows that the host checks.
    Quotient { blinding: QuotientBlinding, root: Digest, spots: Spots },
}

/// Rows of the quotient's tree that only the host checks, with their salts. The rows are sorted and
/// distinct.
struct Spots {
    rows: Vec<usize>,
    salts: Secret<Salt>,
}

/// The values that a device returned and that differ from what the host holds.
pub(crate) mod fault {
    pub(crate) const COLUMNS: &str = "columns that differ from the host's columns";
    pub(crate) const LOOKUPS: &str = "lookup columns that differ from the host's columns";
    pub(crate) const MASKS: &str = "masks that differ from the host's masks";
    pub(crate) const BLINDING: &str = "quotient chunks without the blinding that the host drew";
    pub(crate) const CHUNKS: &str = "quotient chunks that differ from the committed chunks";
    pub(crate) const ROOT: &str = "quotient rows that differ from the committed rows";
    pub(crate) const NONCE: &str = "a nonce that is improbably large";
}

/// Minus the binary logarithm of the probability that coefficients agree with other chunks at all
/// of the host's rows.
const SPOT_BITS: usize = 64;

impl Spots {
    fn draw(key: &VerifierKey, salts: &[Salt], rng: &mut impl CryptoRng) -> Self {
        let count = (2 * SPOT_BITS).div_ceil(key.parameters.log_blowup);
        let mut rows = BTreeSet::new();
        // All rows of a small table are checked.
        while rows.len() < count.min(salts.len()) {
            rows.insert(rng.random_range(0..salts.len()));
        }
        let rows: Vec<_> = rows.into_iter().collect();
        let salts = rows.iter().map(|&row| salts[row]).collect();
        Self { rows, salts }
    }

    fn query(&self, key: &VerifierKey) -> TreeQuery {
        TreeQuery {
            rows: vec![self.rows.clone()],
            nodes: sibling_positions(key.log_codeword(), &self.rows),
        }
    }

    /// Whether the opened rows belong to a tree with this root.
    fn agree<H: ProofHash>(&self, key: &VerifierKey, root: &Digest, opened: &OpenedRows) -> bool {
        let width = key.shape.groups[0].widths[QUOTIENT];
        let [cells] = &opened.groups[..] else { return false };
        if cells.len() != self.rows.len() * width {
            return false;
        }
        let mut leaves = Some(H::leaves(cells, width, Some(&self.salts)));
        let mut nodes = opened.nodes.iter();
        let computed = merkle::root::<H, _>(
            key.log_codeword(),
            &self.rows,
            |_, _| Ok(leaves.take()),
            || nodes.next().and_then(|node| H::from_bytes(*node)).ok_or(()),
        );
        computed.is_ok_and(|computed| H::to_bytes(&computed) == *root)
    }
}

impl<K> CheckedKey<K> {
    /// Combines a device's key with the verifier's key.
    pub fn new(device: K, verifier: Arc<VerifierKey>) -> Self {
        Self { device, verifier }
    }

    /// The point of a row of a group's evaluation domain.
    pub(crate) fn point(&self, group: usize, row: usize) -> F {
        let log_size =
            self.verifier.shape.groups[group].log_height + self.verifier.parameters.log_blowup;
        let power = reverse_bits_len(row, log_size) as u64;
        self.verifier.shift(group) * F::two_adic_generator(log_size).exp_u64(power)
    }

    /// Whether a random combination of a group's opened columns agrees with a polynomial. `opened`
    /// has the combination of each row's cells. `coefficients` has the combination of the
    /// polynomials' coefficients with the same weights.
    fn agrees(
        &self,
        (group, rows): (usize, &[usize]),
        opened: impl Iterator<Item = EF>,
        coefficients: &[EF],
    ) -> bool {
        let points: Vec<F> = rows.iter().map(|&row| self.point(group, row)).collect();
        let expected: Vec<EF> =
            points.into_par_iter().map(|point| evaluate(coefficients, point)).collect();
        opened.eq(expected)
    }

    /// Compares the columns of all groups with the host's cells.
    fn compare_cells<E: std::error::Error>(
        &self,
        cells: &SecretRows,
        query: &TreeQuery,
        opened: &OpenedRows,
        what: &'static str,
        rng: &mut impl CryptoRng,
    ) -> Step<(), E> {
        for (group, matrix) in cells.groups().iter().enumerate() {
            if matrix.width == 0 {
                continue;
            }
            let weights: Vec<EF> = (0..matrix.width).map(|_| rng.random()).collect();
            let rows = matrix.values.par_chunks_exact(matrix.width);
            let combined: Secret<EF> =
                rows.map(|row| combine(row, &weights)).collect::<Vec<_>>().into();
            let coefficients =
                Secret::from(Radix2DitParallel::<F>::default().idft_algebra(combined.to_vec()));
            let (Some(rows), Some(cells)) = (query.rows.get(group), opened.groups.get(group))
            else {
                return Err(ProveError::Faulty(what));
            };
            let cells = cells.chunks_exact(matrix.width).map(|row| combine(row, &weights));
            if !self.agrees((group, rows), cells, &coefficients) {
                return Err(ProveError::Faulty(what));
            }
        }
        Ok(())
    }

    /// Compares the rows that only the host checks with the root.
    fn compare_root<E: std::error::Error>(
        &self,
        spots: &Spots,
        root: &Digest,
        opened: &OpenedRows,
    ) -> Step<(), E> {
        let key = &self.verifier;
        let agree = match key.parameters.hash {
            HashFunction::Blake3 => spots.agree::<Blake3Hash>(key, root, opened),
            HashFunction::Blake3Truncated => spots.agree::<Blake3TruncatedHash>(key, root, opened),
            #[cfg(feature = "poseidon2")]
            HashFunction::Poseidon2 => spots.agree::<Poseidon2Hash>(key, root, opened),
        };
        if agree { Ok(()) } else { Err(ProveError::Faulty(fault::ROOT)) }
    }

    /// Compares the chunks with the coefficients that were read back, the coefficients' blinding
    /// with the host's, and the masks with the host's.
    fn compare_quotient<E: std::error::Error>(
        &self,
        (blinding, chunks): (&QuotientBlinding, &[Secret<EF>]),
        query: &TreeQuery,
        opened: &OpenedRows,
        rng: &mut impl CryptoRng,
    ) -> Step<(), E> {
        let shape = &self.verifier.shape;
        let (height, width) = (shape.groups[0].height(), shape.chunks + MASKS);
        let (Some(rows), Some(cells)) = (query.rows.first(), opened.groups.first()) else {
            return Err(ProveError::Faulty(fault::CHUNKS));
        };
        if chunks.len() != shape.chunks || chunks.iter().any(|chunk| chunk.len() != height) {
            return Err(ProveError::Faulty("a wrong number of quotient coefficients"));
        }
        for (chunk, blinding) in chunks.iter().zip(&blinding.chunks) {
            if !chunk[shape.chunk_len..].starts_with(blinding) {
                return Err(ProveError::Faulty(fault::BLINDING));
            }
        }
        let columns = |row: &[F]| -> Vec<EF> {
            let (pairs, _) = row.as_chunks::<EXTENSION_DEGREE>();
            pairs.iter().map(|&pair| EF::from_basis_coefficients_fn(|i| pair[i])).collect()
        };
        let opened: Vec<Vec<EF>> =
            cells.chunks_exact(width * EXTENSION_DEGREE).map(columns).collect();
        let polynomials = |polynomials: &[&Secret<EF>], first: usize, rng: &mut _| {
            let weights: Vec<EF> = polynomials.iter().map(|_| draw(rng)).collect();
            let combined = |power: usize| -> EF {
                polynomials
                    .iter()
                    .zip(&weights)
                    .map(|(polynomial, &weight)| weight * polynomial[power])
                    .sum()
            };
            let combined: Secret<EF> = (0..height).map(combined).collect();
            let opened = opened.iter().map(|row| {
                row[first..].iter().zip(&weights).map(|(&cell, &weight)| weight * cell).sum::<EF>()
            });
            self.agrees((0, rows), opened, &combined)
        };
        if !polynomials(&[&blinding.mask, &blinding.fri_mask], shape.chunks, rng) {
            return Err(ProveError::Faulty(fault::MASKS));
        }
        if !polynomials(&chunks.iter().collect::<Vec<_>>(), 0, rng) {
            return Err(ProveError::Faulty(fault::CHUNKS));
        }
        Ok(())
    }
}

fn draw(rng: &mut impl CryptoRng) -> EF {
    rng.random()
}

/// The sum of a row's cells, each multiplied by its weight.
fn combine(row: &[F], weights: &[EF]) -> EF {
    row.iter().zip(weights).map(|(&cell, &weight)| weight * cell).sum()
}

pub(crate) fn evaluate(coefficients: &[EF], point: F) -> EF {
    coefficients.iter().rfold(EF::ZERO, |sum, &coefficient| sum * point + coefficient)
}

impl<B: Untrusted> Backend for Checked<B> {
    type Key = CheckedKey<B::Key>;
    type Committed = CheckedCommitted<B::Committed>;
    type Batch = B::Batch;
    type Error = B::Error;

    fn free_memory(&self) {
        self.0.free_memory();
    }

    async fn prepare<C: Chip>(
        &self,
        key: &Arc<VerifierKey>,
        chips: &[C],
        control: &Control<'_>,
    ) -> Step<Self::Key, B::Error> {
        let device = self.0.prepare(key, chips, control).await?;
        Ok(CheckedKey::new(device, key.clone()))
    }

    async fn begin(&self, key: &Self::Key, control: &Control<'_>) -> Step<Device, B::Error> {
        self.0.begin(&key.device, control).await
    }

    async fn commit_main(
        &self,
        key: &Self::Key,
        rows: SecretRows,
        salts: &[Salt],
        control: &Control<'_>,
    ) -> Step<(Self::Committed, Digest), B::Error> {
        let host = Host::Main(rows.copy());
        let (device, root) = self.0.commit_main(&key.device, rows, salts, control).await?;
        Ok((CheckedCommitted { device, host }, root))
    }

    async fn commit_lookups<C: Chip>(
        &self,
        key: &Self::Key,
        main: &mut Self::Committed,
        inputs: LookupInputs<'_, C>,
        control: &Control<'_>,
    ) -> Step<(Self::Committed, Digest, Vec<EF>), B::Error> {
        let Host::Main(cells) = &main.host else { return Err(ProveError::Faulty(fault::COLUMNS)) };
        let (columns, expected) =
            (C::kernels().lookup_columns)(&key.verifier, cells, &inputs, control)?;
        let (device, root, terminals) =
            self.0.commit_lookups(&key.device, &mut main.device, inputs, control).await?;
        if terminals != expected {
            return Err(ProveError::Faulty(fault::LOOKUPS));
        }
        Ok((CheckedCommitted { device, host: Host::Lookup(columns) }, root, terminals))
    }

    async fn commit_quotient<C: Chip>(
        &self,
        key: &Self::Key,
        main_and_lookup: [&Self::Committed; 2],
        inputs: QuotientInputs<'_, C>,
        control: &Control<'_>,
    ) -> Step<(Self::Committed, Digest), B::Error> {
        let (blinding, salts) = (inputs.blinding.copy(), inputs.salts);
        let trees = main_and_lookup.map(|tree| &tree.device);
        let (device, root) = self.0.commit_quotient(&key.device, trees, inputs, control).await?;
        let spots = Spots::draw(&key.verifier, salts, &mut system_rng()?);
        Ok((CheckedCommitted { device, host: Host::Quotient { blinding, root, spots } }, root))
    }

    async fn open(
        &self,
        key: &Self::Key,
        trees: &[&Self::Committed],
        zeta: EF,
        control: &Control<'_>,
    ) -> Step<Vec<EF>, B::Error> {
        let trees: Vec<_> = trees.iter().map(|tree| &tree.device).collect();
        self.0.open(&key.device, &trees, zeta, control).await
    }

    async fn batch(
        &self,
        key: &Self::Key,
        trees: &[&Self::Committed],
        inputs: BatchInputs<'_>,
        control: &Control<'_>,
    ) -> Step<B::Batch, B::Error> {
        let trees: Vec<_> = trees.iter().map(|tree| &tree.device).collect();
        self.0.batch(&key.device, &trees, inputs, control).await
    }

    async fn commit_layer(
        &self,
        key: &Self::Key,
        batch: &mut B::Batch,
        log_arity: usize,
    ) -> Step<Digest, B::Error> {
        self.0.commit_layer(&key.device, batch, log_arity).await
    }

    async fn fold(
        &self,
        key: &Self::Key,
        batch: &mut B::Batch,
        challenges: &[EF],
    ) -> Step<(), B::Error> {
        self.0.fold(&key.device, batch, challenges).await
    }

    async fn final_polynomial(
        &self,
        key: &Self::Key,
        batch: &mut B::Batch,
    ) -> Step<Vec<EF>, B::Error> {
        self.0.final_polynomial(&key.device, batch).await
    }

    async fn rows(
        &self,
        key: &Self::Key,
        tree: &Self::Committed,
        query: &TreeQuery,
        control: &Control<'_>,
    ) -> Step<OpenedRows, B::Error> {
        let opened = self.0.rows(&key.device, &tree.device, query, control).await?;
        control.check()?;
        let mut rng = system_rng()?;
        match &tree.host {
            Host::Main(cells) => {
                key.compare_cells(cells, query, &opened, fault::COLUMNS, &mut rng)?
            }
            Host::Lookup(cells) => {
                key.compare_cells(cells, query, &opened, fault::LOOKUPS, &mut rng)?
            }
            Host::Quotient { blinding, root, spots } => {
                let chunks = self.0.chunks(&key.device, &tree.device).await?;
                key.compare_quotient((blinding, &chunks), query, &opened, &mut rng)?;
                let query = spots.query(&key.verifier);
                let mut looked_at = self.0.rows(&key.device, &tree.device, &query, control).await?;
                let compared = key.compare_root(spots, root, &looked_at).and_then(|()| {
                    key.compare_quotient((blinding, &chunks), &query, &looked_at, &mut rng)
                });
                looked_at.groups.iter_mut().for_each(|cells| overwrite(cells));
                compared?;
            }
        }
        Ok(opened)
    }

    async fn layer(
        &self,
        key: &Self::Key,
        batch: &B::Batch,
        layer: usize,
        query: &LayerQuery,
    ) -> Step<OpenedLayer, B::Error> {
        self.0.layer(&key.device, batch, layer, query).await
    }

    async fn grind(
        &self,
        key: &Self::Key,
        puzzle: &Puzzle,
        bits: usize,
        control: &Control<'_>,
    ) -> Step<u64, B::Error> {
        let nonce = self.0.grind(&key.device, puzzle, bits, control).await?;
        if nonce < Puzzle::nonces(bits) { Ok(nonce) } else { Err(ProveError::Faulty(fault::NONCE)) }
    }
}
