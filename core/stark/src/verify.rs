//! Verifying.

use p3_field::{BasedVectorSpace, Field, PrimeCharacteristicRing, TwoAdicField};
use thiserror::Error;

use crate::air::Chip;
use crate::domain::Selectors;
use crate::field::{EF, F};
use crate::fixed;
use crate::fri::{self, Layers};
#[cfg(feature = "poseidon2")]
use crate::hash::Poseidon2Hash;
use crate::hash::{Blake3Hash, HashFunction, ProofHash, Transcript};
use crate::key::VerifierKey;
use crate::mask::Table;
use crate::merkle;
use crate::proof::Reader;
use crate::rows::{Composition, Fingerprints, LookupChallenges, Row};
use crate::shape::{Group, Point, QUOTIENT, Shape, TREES};

/// Why a proof is refused.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum VerifyError {
    /// The bytes end before the proof does.
    #[error("the proof is too short")]
    TooShort,
    /// Bytes follow the proof.
    #[error("the proof is too long")]
    TooLong,
    /// A number is not below the field's order.
    #[error("the proof has a number that is no field element")]
    NotCanonical,
    /// The proof does not show the statement.
    #[error("the proof does not show the statement (first check to fail: {check})")]
    Invalid {
        /// Which check failed first, which tells nothing of why.
        check: Check,
    },
    /// There is no proof of such a statement.
    #[error("no proof can be of this statement: {0}")]
    Statement(String),
}

/// What a verifier checks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Check {
    /// Work was done before a challenge.
    Grinding,
    /// The buses balance.
    Lookups,
    /// The constraints hold at the out-of-domain point.
    Constraints,
    /// The opened rows are those committed to.
    Openings,
    /// The folded codewords are those committed to.
    Folding,
    /// The last folded codeword is the final polynomial's.
    FinalPolynomial,
}

impl Check {
    /// Fails where the check does not hold.
    pub(crate) fn holds(self, holds: bool) -> Result<(), VerifyError> {
        if holds { Ok(()) } else { Err(VerifyError::Invalid { check: self }) }
    }
}

impl std::fmt::Display for Check {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Grinding => "grinding",
            Self::Lookups => "the lookup sum",
            Self::Constraints => "the constraint identity",
            Self::Openings => "a Merkle opening",
            Self::Folding => "a Merkle opening of FRI",
            Self::FinalPolynomial => "the final polynomial",
        })
    }
}

impl VerifierKey {
    /// Verifies that `proof`, bound to `bound`, shows that traces exist which satisfy `chips`.
    ///
    /// `chips` carry the public columns that the verifier computed itself.
    ///
    /// # Errors
    /// [`VerifyError`].
    pub fn verify<C: Chip>(&self, chips: &[C], bound: &[u8], proof: &[u8]) -> Result<(), VerifyError> {
        match self.parameters.hash {
            HashFunction::Blake3 => self.verify_with::<C, Blake3Hash>(chips, bound, proof),
            #[cfg(feature = "poseidon2")]
            HashFunction::Poseidon2 => self.verify_with::<C, Poseidon2Hash>(chips, bound, proof),
        }
    }

    pub(crate) fn verify_with<C: Chip, H: ProofHash>(
        &self,
        chips: &[C],
        bound: &[u8],
        proof: &[u8],
    ) -> Result<(), VerifyError> {
        let mut proof = Reader::new(proof);
        let mut transcript = H::Transcript::new(&self.prefix(bound));
        let parameters = &self.parameters;

        let mut roots = Vec::with_capacity(TREES);
        let mut commitment = |proof: &mut Reader<'_>, transcript: &mut H::Transcript| {
            let root = proof.digest::<H>()?;
            transcript.absorb_digest(&root);
            roots.push(root);
            Ok::<_, VerifyError>(())
        };

        commitment(&mut proof, &mut transcript)?;
        let nonce = proof.nonce()?;
        Check::Grinding.holds(transcript.check_grinding(parameters.lookup_grinding_bits, nonce))?;
        let lookup = LookupChallenges { gamma: transcript.challenge(), beta: transcript.challenge() };

        commitment(&mut proof, &mut transcript)?;
        let terminals = proof.extensions(self.shape.groups.len())?;
        transcript.absorb(&terminals);
        Check::Lookups.holds(terminals.iter().copied().sum::<EF>() == EF::ZERO)?;
        let alpha = transcript.challenge();

        commitment(&mut proof, &mut transcript)?;
        let nonce = proof.nonce()?;
        Check::Grinding.holds(transcript.check_grinding(parameters.ood_grinding_bits, nonce))?;
        let zeta = transcript.challenge();

        let values = proof.extensions(self.shape.terms.len())?;
        transcript.absorb(&values);
        let identity = Identity { key: self, lookup, alpha, zeta, terminals: &terminals };
        identity.check(&Table::all(chips), &values)?;

        let nonce = proof.nonce()?;
        Check::Grinding.holds(transcript.check_grinding(parameters.batch_grinding_bits, nonce))?;
        let weights = batching_weights::<H>(&self.shape, &mut transcript);

        let log_codeword = self.log_codeword();
        let layers = Layers::<H>::read(
            parameters,
            self.shape.log_height(),
            F::GENERATOR,
            &mut proof,
            &mut transcript,
        )?;
        let nonce = proof.nonce()?;
        Check::Grinding.holds(transcript.check_grinding(parameters.query_grinding_bits, nonce))?;
        let mut indices: Vec<_> = (0..parameters.queries).map(|_| transcript.index(log_codeword)).collect();
        indices.sort_unstable();
        indices.dedup();

        let rows = self.read_rows::<H>(&roots, &indices, &mut proof)?;
        let batch = Batch { key: self, weights: &weights, zeta, values: &values };
        let codeword = batch.codeword(&indices, &rows);
        layers.check(indices.into_iter().zip(codeword).collect(), &mut proof)?;
        proof.finish()
    }

    /// Reads the rows of every tree that belong to these rows of the tallest group, and checks them.
    fn read_rows<H: ProofHash>(
        &self,
        roots: &[H::Digest],
        indices: &[usize],
        proof: &mut Reader<'_>,
    ) -> Result<Vec<OpenedRows>, VerifyError> {
        let mut trees = Vec::with_capacity(roots.len());
        for (tree, root) in roots.iter().enumerate() {
            let (opened, hashes) = self.read_tree::<H>(tree, indices, proof)?;
            let heights: Vec<_> =
                self.shape.groups.iter().map(|g| g.log_height + self.parameters.log_blowup).collect();
            let computed = merkle::root::<H, _>(
                self.log_codeword(),
                indices,
                |log_height, _| {
                    let group = heights.iter().position(|&height| height == log_height);
                    Ok(group.and_then(|group| hashes[group].clone()))
                },
                || proof.digest::<H>(),
            )?;
            Check::Openings.holds(computed == *root)?;
            trees.push(opened);
        }
        Ok(trees)
    }

    /// The opened rows of a tree and the hashes of each group's.
    fn read_tree<H: ProofHash>(
        &self,
        tree: usize,
        indices: &[usize],
        proof: &mut Reader<'_>,
    ) -> Result<(OpenedRows, GroupHashes<H>), VerifyError> {
        let (mut opened, mut hashes) = (OpenedRows::default(), Vec::new());
        for (index, group) in self.shape.groups.iter().enumerate() {
            let at = group_indices(indices, self.shape.lift(index));
            let width = group.widths[tree];
            let (mut cells, mut salts) = (Vec::new(), Vec::new());
            for _ in &at {
                cells.extend(proof.elements(width)?);
                if index == 0 {
                    salts.push(proof.salt()?);
                }
            }
            let salts = (index == 0).then_some(&salts[..]);
            hashes.push((width > 0).then(|| H::leaves(&cells, width, salts)));
            opened.groups.push((at, cells));
        }
        Ok((opened, hashes))
    }
}

/// The hashes of each group's opened rows; none of a group that is not in the tree.
type GroupHashes<H> = Vec<Option<Vec<<H as ProofHash>::Digest>>>;

/// The distinct rows of a group that is `2^lift` times less high than the tallest.
pub(crate) fn group_indices(indices: &[usize], lift: usize) -> Vec<usize> {
    let mut indices: Vec<_> = indices.iter().map(|index| index >> lift).collect();
    indices.dedup();
    indices
}

/// Opened rows of one tree: the indices and cells of each group.
#[derive(Default)]
struct OpenedRows {
    groups: Vec<(Vec<usize>, Vec<F>)>,
}

/// The constraints at the out-of-domain point.
struct Identity<'a> {
    key: &'a VerifierKey,
    lookup: LookupChallenges,
    alpha: EF,
    zeta: EF,
    terminals: &'a [EF],
}

impl Identity<'_> {
    fn check<C: Chip>(&self, tables: &[Table<'_, C>], values: &[EF]) -> Result<(), VerifyError> {
        let shape = &self.key.shape;
        let fits = tables.len() == shape.tables.len()
            && tables.iter().zip(&shape.tables).all(|(table, known)| {
                table.height() == shape.groups[known.group].height() && table.public().len() == known.publics
            });
        if !fits {
            return Err(VerifyError::Statement("its tables are not those of the key".to_owned()));
        }
        let mut rest = values;
        let windows: Vec<_> =
            shape.tables.iter().map(|table| take(&mut rest, table.window.cells.len())).collect();
        let powers: Vec<EF> = self.alpha.powers().take(shape.constraints).collect();
        let mut sum = EF::ZERO;
        let mut quotient = EF::ZERO;
        for (index, group) in shape.groups.iter().enumerate() {
            let lookup = take(&mut rest, group.batches.len() + 2);
            sum += self.of_group(index, group, tables, &windows, lookup, &powers);
            if index == 0 {
                let (chunks, mask) = (take(&mut rest, shape.chunks), take(&mut rest, 1));
                let step = self.zeta.exp_u64(shape.chunk_len as u64);
                quotient = chunks.iter().rfold(EF::ZERO, |sum, &chunk| sum * step + chunk) - mask[0];
            }
        }
        Check::Constraints.holds(sum == quotient)
    }

    /// A group's constraints divided by its zerofier.
    fn of_group<C: Chip>(
        &self,
        index: usize,
        group: &Group,
        tables: &[Table<'_, C>],
        windows: &[&[EF]],
        lookup: &[EF],
        powers: &[EF],
    ) -> EF {
        let domain = &self.key.domains[index];
        let point = self.zeta.exp_power_of_2(self.key.shape.lift(index));
        let lagrange = domain.lagrange(point);
        let Selectors { first, last, transition, inverse_vanishing } = domain.selectors(&[point])[0];
        let inverse_zerofier = domain.blinding(point) * inverse_vanishing;
        let fingerprints = Fingerprints::<EF>::new(&self.lookup, self.key.shape.widest_tuple);
        let mut composition = Composition::new(&fingerprints, powers, group.interactions.len());
        for &number in &group.tables {
            let table = &self.key.shape.tables[number];
            let fixed = self.key.fixed_rows[number].values(&table.fixed_window.cells, &lagrange);
            let public: Vec<EF> =
                tables[number].public().iter().map(|column| fixed::value(column, &lagrange)).collect();
            let interiors: Vec<EF> = table
                .interiors
                .iter()
                .map(|&(before, after)| domain.interior(before, after, point))
                .collect();
            let row = Row {
                table,
                window: &table.window,
                main: windows[number],
                fixed_window: &table.fixed_window,
                fixed: &fixed,
                public: &public,
                first,
                last,
                transition,
                interiors: &interiors,
                interactions: &group.interactions,
            };
            composition.add_table_once(&tables[number], row);
        }
        let (ends, batches) = lookup.split_at(2);
        let terminal = self.terminals[index];
        composition.finish(group, [first, last, transition], [ends[1], ends[0]], batches, terminal)
            * inverse_zerofier
    }
}

fn take<'a>(values: &mut &'a [EF], count: usize) -> &'a [EF] {
    let (taken, rest) = values.split_at(count);
    *values = rest;
    taken
}

/// The polynomial that FRI shows to be low: the mask plus, for every term, the difference from its value divided by the
/// distance from its point, each with its weight.
struct Batch<'a> {
    key: &'a VerifierKey,
    weights: &'a [EF],
    zeta: EF,
    values: &'a [EF],
}

impl Batch<'_> {
    /// Its values at these rows of the tallest group's evaluation domain.
    fn codeword(&self, indices: &[usize], trees: &[OpenedRows]) -> Vec<EF> {
        let shape = &self.key.shape;
        let points = points(self.key, self.zeta);
        let xs: Vec<F> =
            indices.iter().map(|&index| fri::point(F::GENERATOR, self.key.log_codeword(), index)).collect();
        let distances: Vec<EF> =
            xs.iter().flat_map(|&x| points.iter().map(move |&point| EF::from(x) - point)).collect();
        let inverses = p3_field::batch_multiplicative_inverse(&distances);

        let mut claimed = vec![EF::ZERO; points.len()];
        for ((term, &weight), &value) in shape.terms.iter().zip(self.weights).zip(self.values) {
            claimed[term.point] += weight * value;
        }
        let value = |(&index, inverses): (&usize, &[EF])| {
            let mut sums: Vec<EF> = claimed.iter().map(|&claim| -claim).collect();
            for (term, &weight) in shape.terms.iter().zip(self.weights) {
                let row = trees[term.tree].row(shape.lift(term.group), term.group, index);
                sums[term.point] += weight * column_value(row, term.column, term.is_extension);
            }
            let row = trees[QUOTIENT].row(0, 0, index);
            let mask = column_value(row, shape.fri_mask(), true);
            sums.iter().zip(inverses).fold(mask, |sum, (&numerator, &inverse)| sum + numerator * inverse)
        };
        indices.iter().zip(inverses.chunks_exact(points.len())).map(value).collect()
    }
}

impl OpenedRows {
    fn row(&self, lift: usize, group: usize, index: usize) -> &[F] {
        let (indices, cells) = &self.groups[group];
        let width = cells.len() / indices.len();
        let at = indices.binary_search(&(index >> lift)).unwrap_or_default();
        &cells[at * width..(at + 1) * width]
    }
}

fn column_value(row: &[F], column: usize, is_extension: bool) -> EF {
    if is_extension { EF::from_basis_coefficients_fn(|i| row[column + i]) } else { row[column].into() }
}

/// Draws the batching challenges and returns the weights of all terms.
///
/// The mask of FRI is word 0, term `i` is word `i + 1`; the weight of a word is the product of the challenges at whose places its
/// number has a one. So each challenge combines words in pairs, as `f + z g`.
pub(crate) fn batching_weights<H: ProofHash>(shape: &Shape, transcript: &mut H::Transcript) -> Vec<EF> {
    let mut weights = vec![EF::ONE];
    for _ in 0..shape.batching_challenges() {
        let challenge = transcript.challenge();
        weights.extend_from_within(..);
        let half = weights.len() / 2;
        weights[half..].iter_mut().for_each(|weight| *weight *= challenge);
    }
    weights.drain(1..=shape.terms.len()).collect()
}

/// The points at which columns are opened, as points of the tallest group.
pub(crate) fn points(key: &VerifierKey, zeta: EF) -> Vec<EF> {
    let generator = F::two_adic_generator(key.shape.log_height());
    let at = |point: &Point| match *point {
        Point::Row(offset) if offset < 0 => zeta * generator.inverse().exp_u64(offset.unsigned_abs().into()),
        Point::Row(offset) => zeta * generator.exp_u64(offset.unsigned_abs().into()),
        Point::Mask => zeta * F::GENERATOR,
    };
    key.shape.points.iter().map(at).collect()
}
