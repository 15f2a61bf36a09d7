//! The parts of a proof, and how they are read and written.
//!
//! A proof has no lengths, tags or padding. The verifier key determines the layout of the
//! commitments. The layout of the openings also depends on the challenges, which determine the
//! queries. A proof is therefore read in two pieces:
//!
//! ```text
//!   commitments   everything that the transcript absorbs; its length follows from the key
//!   openings      rows and leaves at the queries, which follow from the commitments' transcript
//! ```
//!
//! Reading checks only that numbers are canonical and that the bytes suffice.
//!
//! Numbers are little-endian. A field element has 8 bytes and is below p. An extension element is
//! the sequence of its coefficients. `docs/formats.md` gives the order.

use p3_field::{BasedVectorSpace, PrimeCharacteristicRing, PrimeField64};

use crate::error::VerifyError;
use crate::field::{EF, EXTENSION_DEGREE, F};
use crate::hash::{DIGEST_BYTES, ProofHash, SALT_BYTES, Salt};
use crate::key::VerifierKey;
use crate::merkle;
use crate::shape::TREES;

/// Bytes of a field element.
pub(crate) const ELEMENT_BYTES: usize = 8;

/// Bytes of a grinding nonce.
pub(crate) const NONCE_BYTES: usize = 8;

/// The nonces other than those of folding: before the lookup challenges, the out-of-domain point,
/// the batching challenges and the queries.
const NONCES: usize = 4;

/// A proof whose trees are hashed with `H`.
#[derive(Clone, Debug, PartialEq)]
pub struct Proof<H: ProofHash> {
    /// What the transcript absorbs.
    pub commitments: Commitments<H>,
    /// What is opened at the queries.
    pub openings: Openings<H>,
}

/// What the transcript absorbs, in the order in which it is absorbed.
#[derive(Clone, Debug, PartialEq)]
pub struct Commitments<H: ProofHash> {
    /// Root of the main tree, which commits to the tables' columns.
    pub main: H::Digest,
    /// Nonce before the lookup challenges.
    pub lookup_nonce: u64,
    /// Root of the tree of the lookup columns.
    pub lookup: H::Digest,
    /// The sum of each group's fractions, the tallest group first.
    pub terminals: Vec<EF>,
    /// Root of the tree of the quotient's chunks and the masks.
    pub quotient: H::Digest,
    /// Nonce before the out-of-domain point.
    pub ood_nonce: u64,
    /// Values at the out-of-domain points, one for each term.
    pub values: Vec<EF>,
    /// Nonce before the batching challenges.
    pub batch_nonce: u64,
    /// The layers of FRI.
    pub layers: Vec<LayerCommitment<H>>,
    /// The coefficients of the last folded codeword, lowest degree first.
    pub final_polynomial: Vec<EF>,
    /// Nonce before the queries.
    pub query_nonce: u64,
}

/// The commitment to a layer of FRI.
#[derive(Clone, Debug, PartialEq)]
pub struct LayerCommitment<H: ProofHash> {
    /// Root of the tree over the layer's leaves.
    pub root: H::Digest,
    /// Nonce before the layer's folding challenges.
    pub nonce: u64,
}

/// What is opened at the queries.
#[derive(Clone, Debug, PartialEq)]
pub struct Openings<H: ProofHash> {
    /// The openings of the main, the lookup and the quotient tree.
    pub trees: [TreeOpening<H>; TREES],
    /// The openings of each layer of FRI.
    pub layers: Vec<LayerOpening<H>>,
}

/// Opened rows of a tree.
#[derive(Clone, Debug, PartialEq)]
pub struct TreeOpening<H: ProofHash> {
    /// For each group, the distinct rows that belong to the queries, concatenated in ascending
    /// order of their indices.
    pub rows: Vec<Vec<F>>,
    /// The salts of the opened rows of the tallest group.
    pub salts: Vec<Salt>,
    /// The nodes that cannot be computed from the rows, from the leaves upwards and from left to
    /// right.
    pub siblings: Vec<H::Digest>,
}

/// Opened leaves of a layer of FRI.
#[derive(Clone, Debug, PartialEq)]
pub struct LayerOpening<H: ProofHash> {
    /// The values of the opened leaves that cannot be computed from the previous layer, in
    /// ascending order of their indices.
    pub values: Vec<EF>,
    /// The nodes that cannot be computed from the leaves, from the leaves upwards and from left to
    /// right.
    pub siblings: Vec<H::Digest>,
}

/// The distinct rows of a group whose height is `2^lift` times less than the tallest group's, or
/// the leaves of a layer that folds by a factor of `2^lift`. `indices` are sorted.
pub(crate) fn group_indices(indices: &[usize], lift: usize) -> Vec<usize> {
    let mut indices: Vec<_> = indices.iter().map(|index| index >> lift).collect();
    indices.dedup();
    indices
}

impl VerifierKey {
    /// The length in bytes of the longest proof under this key. A proof is shorter only by what its
    /// queries share: repeated rows and common parts of Merkle paths.
    pub fn max_proof_bytes(&self) -> usize {
        let (parameters, groups) = (&self.parameters, &self.shape.groups);
        let queries = parameters.queries;
        let siblings =
            |log_height: usize| (0..log_height).map(|level| queries.min(1 << level)).sum::<usize>();
        let folding = parameters.folding(self.shape.log_height());
        let elements = queries * groups.iter().flat_map(|group| group.widths).sum::<usize>();
        let mut extensions = groups.len() + self.shape.terms.len();
        let mut digests = TREES * (1 + siblings(self.log_codeword()));
        let mut log_size = self.log_codeword();
        for &arity in &folding {
            log_size -= arity;
            extensions += queries * ((1 << arity) - 1);
            digests += 1 + siblings(log_size);
        }
        extensions += 1 << (log_size - parameters.log_blowup);
        ELEMENT_BYTES * (elements + EXTENSION_DEGREE * extensions)
            + parameters.hash.digest_bytes() * digests
            + SALT_BYTES * TREES * queries
            + NONCE_BYTES * (NONCES + folding.len())
    }
}

impl<H: ProofHash> Commitments<H> {
    pub(crate) fn read(key: &VerifierKey, from: &mut Reader<'_>) -> Result<Self, VerifyError> {
        let (parameters, shape) = (&key.parameters, &key.shape);
        let folding = parameters.folding(shape.log_height());
        Ok(Self {
            main: from.digest::<H>()?,
            lookup_nonce: from.nonce()?,
            lookup: from.digest::<H>()?,
            terminals: from.extensions(shape.groups.len())?,
            quotient: from.digest::<H>()?,
            ood_nonce: from.nonce()?,
            values: from.extensions(shape.terms.len())?,
            batch_nonce: from.nonce()?,
            layers: folding
                .iter()
                .map(|_| Ok(LayerCommitment { root: from.digest::<H>()?, nonce: from.nonce()? }))
                .collect::<Result<_, _>>()?,
            final_polynomial: from
                .extensions(parameters.final_polynomial_len(shape.log_height()))?,
            query_nonce: from.nonce()?,
        })
    }

    #[cfg(feature = "prover")]
    fn write(&self, to: &mut Writer) {
        to.digest::<H>(&self.main);
        to.nonce(self.lookup_nonce);
        to.digest::<H>(&self.lookup);
        to.extensions(&self.terminals);
        to.digest::<H>(&self.quotient);
        to.nonce(self.ood_nonce);
        to.extensions(&self.values);
        to.nonce(self.batch_nonce);
        for LayerCommitment { root, nonce } in &self.layers {
            to.digest::<H>(root);
            to.nonce(*nonce);
        }
        to.extensions(&self.final_polynomial);
        to.nonce(self.query_nonce);
    }
}

impl<H: ProofHash> Openings<H> {
    /// Reads what is opened at these rows of the tallest group's evaluation domain. The indices are
    /// sorted and distinct.
    pub(crate) fn read(
        key: &VerifierKey,
        indices: &[usize],
        from: &mut Reader<'_>,
    ) -> Result<Self, VerifyError> {
        let mut trees = Vec::with_capacity(TREES);
        for tree in 0..TREES {
            trees.push(TreeOpening::read(key, tree, indices, from)?);
        }
        let trees = trees.try_into().map_err(|_| VerifyError::TooShort)?;
        let (mut layers, mut log_size, mut indices) =
            (Vec::new(), key.log_codeword(), indices.to_vec());
        for arity in key.parameters.folding(key.shape.log_height()) {
            let leaves = group_indices(&indices, arity);
            log_size -= arity;
            layers.push(LayerOpening {
                values: from.extensions((leaves.len() << arity) - indices.len())?,
                siblings: from.digests::<H>(merkle::siblings(log_size, &leaves))?,
            });
            indices = leaves;
        }
        Ok(Self { trees, layers })
    }

    #[cfg(feature = "prover")]
    fn write(&self, to: &mut Writer) {
        self.trees.iter().for_each(|tree| tree.write(to));
        for LayerOpening { values, siblings } in &self.layers {
            to.extensions(values);
            to.digests::<H>(siblings);
        }
    }
}

impl<H: ProofHash> TreeOpening<H> {
    fn read(
        key: &VerifierKey,
        tree: usize,
        indices: &[usize],
        from: &mut Reader<'_>,
    ) -> Result<Self, VerifyError> {
        let (mut rows, mut salts) = (Vec::new(), Vec::new());
        for (number, group) in key.shape.groups.iter().enumerate() {
            let (count, width) =
                (group_indices(indices, key.shape.lift(number)).len(), group.widths[tree]);
            if number > 0 {
                rows.push(from.elements(count.saturating_mul(width))?);
                continue;
            }
            let mut cells = Vec::new();
            for _ in 0..count {
                cells.extend(from.elements(width)?);
                salts.push(from.salt()?);
            }
            rows.push(cells);
        }
        Ok(Self {
            rows,
            salts,
            siblings: from.digests::<H>(merkle::siblings(key.log_codeword(), indices))?,
        })
    }

    #[cfg(feature = "prover")]
    fn write(&self, to: &mut Writer) {
        let Some((tallest, lower)) = self.rows.split_first() else { return };
        let width = tallest.len() / self.salts.len().max(1);
        for (row, salt) in tallest.chunks_exact(width.max(1)).zip(&self.salts) {
            to.elements(row);
            to.salt(salt);
        }
        lower.iter().for_each(|rows| to.elements(rows));
        to.digests::<H>(&self.siblings);
    }
}

#[cfg(feature = "prover")]
impl<H: ProofHash> Proof<H> {
    /// The proof as bytes.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut writer = Writer::default();
        self.commitments.write(&mut writer);
        self.openings.write(&mut writer);
        writer.0
    }
}

/// Reads the parts of a proof from the front of its bytes.
pub(crate) struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    pub(crate) fn new(proof: &'a [u8]) -> Self {
        Self(proof)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], VerifyError> {
        let (head, rest) = self.0.split_first_chunk().ok_or(VerifyError::TooShort)?;
        self.0 = rest;
        Ok(*head)
    }

    fn nonce(&mut self) -> Result<u64, VerifyError> {
        self.array::<NONCE_BYTES>().map(u64::from_le_bytes)
    }

    fn element(&mut self) -> Result<F, VerifyError> {
        match u64::from_le_bytes(self.array::<ELEMENT_BYTES>()?) {
            number if number < F::ORDER_U64 => Ok(F::from_u64(number)),
            _ => Err(VerifyError::NotCanonical),
        }
    }

    fn elements(&mut self, count: usize) -> Result<Vec<F>, VerifyError> {
        self.expect(count.saturating_mul(ELEMENT_BYTES))?;
        (0..count).map(|_| self.element()).collect()
    }

    fn extension(&mut self) -> Result<EF, VerifyError> {
        let mut coefficients = [F::ZERO; EXTENSION_DEGREE];
        for coefficient in &mut coefficients {
            *coefficient = self.element()?;
        }
        Ok(EF::from_basis_coefficients_fn(|i| coefficients[i]))
    }

    fn extensions(&mut self, count: usize) -> Result<Vec<EF>, VerifyError> {
        self.expect(count.saturating_mul(ELEMENT_BYTES * EXTENSION_DEGREE))?;
        (0..count).map(|_| self.extension()).collect()
    }

    fn digest<H: ProofHash>(&mut self) -> Result<H::Digest, VerifyError> {
        let (head, rest) =
            self.0.split_at_checked(H::FUNCTION.digest_bytes()).ok_or(VerifyError::TooShort)?;
        self.0 = rest;
        let mut bytes = [0; DIGEST_BYTES];
        bytes[..head.len()].copy_from_slice(head);
        H::from_bytes(bytes).ok_or(VerifyError::NotCanonical)
    }

    fn digests<H: ProofHash>(&mut self, count: usize) -> Result<Vec<H::Digest>, VerifyError> {
        self.expect(count.saturating_mul(H::FUNCTION.digest_bytes()))?;
        (0..count).map(|_| self.digest::<H>()).collect()
    }

    fn salt(&mut self) -> Result<Salt, VerifyError> {
        self.array::<SALT_BYTES>()
    }

    /// Checks that no bytes follow.
    pub(crate) fn finish(self) -> Result<(), VerifyError> {
        if self.0.is_empty() { Ok(()) } else { Err(VerifyError::TooLong) }
    }

    /// Checks that the proof has at least this many bytes left, before a list of that size is
    /// allocated.
    fn expect(&self, bytes: usize) -> Result<(), VerifyError> {
        if self.0.len() < bytes { Err(VerifyError::TooShort) } else { Ok(()) }
    }
}

/// Writes the parts of a proof.
#[cfg(feature = "prover")]
#[derive(Default)]
struct Writer(Vec<u8>);

#[cfg(feature = "prover")]
impl Writer {
    fn nonce(&mut self, nonce: u64) {
        self.0.extend_from_slice(&nonce.to_le_bytes());
    }

    fn elements(&mut self, elements: &[F]) {
        for element in elements {
            self.0.extend_from_slice(&element.as_canonical_u64().to_le_bytes());
        }
    }

    fn extensions(&mut self, elements: &[EF]) {
        elements.iter().for_each(|element| self.elements(element.as_basis_coefficients_slice()));
    }

    fn digest<H: ProofHash>(&mut self, digest: &H::Digest) {
        self.0.extend_from_slice(&H::to_bytes(digest)[..H::FUNCTION.digest_bytes()]);
    }

    fn digests<H: ProofHash>(&mut self, digests: &[H::Digest]) {
        digests.iter().for_each(|digest| self.digest::<H>(digest));
    }

    fn salt(&mut self, salt: &Salt) {
        self.0.extend_from_slice(salt);
    }
}
