//! The verifier.
//!
//! It sees the chips with the public columns that the caller has computed, the bound bytes and the
//! proof. It uses nothing of `prover` and builds without the feature of that name.
//!
//! Let `N` be the height of the tallest group, `B = 2^log_blowup`, and `k_g` the binary logarithm
//! of the factor by which group `g` is lower than the tallest.
//!
//! The picture shows the steps of a verification in order, and the [`VerifyError`] or the [`Check`]
//! with which each can refuse the proof.
//!
//! ```text
//! proof: &[u8]                                                         refused with
//!   |
//! 1 Commitments::read   3 roots, terminals, values, roots of layers,   TooShort, NotCanonical
//!   |                   final polynomial, nonces
//! 2 Challenges::draw    gamma, beta, alpha, zeta, weights, folding     Grinding
//!   |                   challenges, indices of the queried rows
//! 3 |                   sum of the terminals = 0                       Lookups
//! 4 Identity::check     chips and values at zeta: C / Z = quotient     Statement, Constraints
//!   |
//! 5 Openings::read      at the indices: rows, salts, siblings,         TooShort, NotCanonical,
//!   |                   entries of layers; no bytes may follow         TooLong
//! 6 check_trees         3 trees of N B leaves: rows, salts -> root     Openings
//!   |
//! 7 Batch::codeword     rows, values -> one value for each index
//!   Layers::check       each layer: leaves -> root, folded values      Folding
//! 8 |                   last folded values = final polynomial          FinalPolynomial
//!   v
//! Ok(())
//! ```
//!
//! 1. Read the commitments: three roots, one terminal for each group, one out-of-domain value for
//!    each term, one root for each layer of FRI, the coefficients of the final polynomial, and the
//!    nonces.
//! 2. Draw all challenges from the transcript of the commitments, and check the nonces
//!    ([`Check::Grinding`]).
//! 3. Check that the terminals sum to zero ([`Check::Lookups`]).
//! 4. Check the constraint identity at the out-of-domain point `zeta` ([`Check::Constraints`]): the
//!    sum over the groups of `C_g(x) / Z_g(x)` at `x = zeta^(2^k_g)` equals the sum over the chunks
//!    of `zeta^(i * chunk_len) * chunk_i(zeta)`, less the value of the quotient's mask at `zeta`
//!    times the field's generator. `C_g` is the sum of the group's constraints, weighted with
//!    powers of `alpha`. `Z_g` is zero on the group's active rows.
//! 5. Read the openings, whose lengths follow from the queries. No bytes may follow them.
//! 6. For each of the three trees, compute the root from the opened rows, salts and siblings, and
//!    compare it ([`Check::Openings`]). Each tree has `N * B` leaves.
//! 7. Compute the batch at the queried rows. For each layer of FRI, complete the leaves with the
//!    opened values, compute the root and compare it ([`Check::Folding`]), and fold the leaves.
//! 8. Compare the last folded values with the final polynomial ([`Check::FinalPolynomial`]).

use p3_field::{BasedVectorSpace, Field, PrimeCharacteristicRing, TwoAdicField};

use crate::air::Chip;
use crate::composition::{Composition, Fingerprints, LookupChallenges, Row};
use crate::domain::Selectors;
use crate::error::{Check, VerifyError};
use crate::field::{EF, F};
use crate::fixed;
use crate::fri::{self, Layers};
#[cfg(feature = "poseidon2")]
use crate::hash::Poseidon2Hash;
use crate::hash::{Blake3Hash, Blake3TruncatedHash, HashFunction, ProofHash};
use crate::key::VerifierKey;
use crate::mask::Table;
use crate::merkle;
use crate::proof::{Commitments, Openings, Proof, Reader, group_indices};
use crate::shape::{Group, Point, QUOTIENT};
use crate::transcript::Challenges;

impl VerifierKey {
    /// Verifies that `proof`, which is bound to the bytes `bound`, shows that there are traces that
    /// satisfy `chips`.
    ///
    /// `chips` carry the public columns, which the verifier has computed itself.
    ///
    /// # Errors
    /// Returns [`VerifyError`] if the proof is refused.
    pub fn verify<C: Chip>(
        &self,
        chips: &[C],
        bound: &[u8],
        proof: &[u8],
    ) -> Result<(), VerifyError> {
        (C::kernels().verify)(self, chips, bound, proof)
    }

    /// The implementation of [`verify`](Self::verify), compiled for a type of chips in the crate
    /// that names this function.
    pub(crate) fn verify_compiled<C: Chip>(
        &self,
        chips: &[C],
        bound: &[u8],
        proof: &[u8],
    ) -> Result<(), VerifyError> {
        match self.parameters.hash {
            HashFunction::Blake3 => self.verify_with::<C, Blake3Hash>(chips, bound, proof),
            HashFunction::Blake3Truncated => {
                self.verify_with::<C, Blake3TruncatedHash>(chips, bound, proof)
            }
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
        let mut reader = Reader::new(proof);
        let commitments = Commitments::<H>::read(self, &mut reader)?;
        let challenges = Challenges::draw(self, bound, &commitments);
        Check::Grinding.holds(challenges.is_ground)?;
        Check::Lookups.holds(commitments.terminals.iter().copied().sum::<EF>() == EF::ZERO)?;
        let identity = Identity {
            key: self,
            lookup: challenges.lookup,
            alpha: challenges.alpha,
            zeta: challenges.zeta,
            terminals: &commitments.terminals,
        };
        identity.check(&Table::all(chips), &commitments.values)?;

        let openings = Openings::<H>::read(self, &challenges.indices, &mut reader)?;
        reader.finish()?;
        self.check_trees(&commitments, &openings, &challenges.indices)?;
        let opened = Opened { key: self, indices: &challenges.indices, openings: &openings };
        let batch = Batch {
            opened,
            weights: &challenges.weights,
            zeta: challenges.zeta,
            values: &commitments.values,
        };
        let layers = Layers {
            commitments: &commitments.layers,
            final_polynomial: &commitments.final_polynomial,
            challenges: &challenges.folding,
            log_size: self.log_codeword(),
            shift: F::GENERATOR,
        };
        let codeword = batch.codeword();
        layers.check(challenges.indices.iter().copied().zip(codeword).collect(), &openings.layers)
    }

    /// Splits a proof that is bound to the bytes `bound` into its parts. Nothing is verified, not
    /// even the proof of work before the challenges.
    ///
    /// # Errors
    /// Returns [`VerifyError`] if the bytes are not the encoding of a proof under this key, and
    /// [`VerifyError::Statement`] if `H` is not the key's hash. Never returns
    /// [`VerifyError::Invalid`].
    pub fn read_proof<H: ProofHash>(
        &self,
        bound: &[u8],
        proof: &[u8],
    ) -> Result<Proof<H>, VerifyError> {
        if H::FUNCTION != self.parameters.hash {
            return Err(VerifyError::Statement("the key is for another hash function".to_owned()));
        }
        let mut reader = Reader::new(proof);
        let commitments = Commitments::read(self, &mut reader)?;
        let indices = Challenges::draw(self, bound, &commitments).indices;
        let openings = Openings::read(self, &indices, &mut reader)?;
        reader.finish()?;
        Ok(Proof { commitments, openings })
    }

    /// Checks that the opened rows belong to the committed trees.
    fn check_trees<H: ProofHash>(
        &self,
        commitments: &Commitments<H>,
        openings: &Openings<H>,
        indices: &[usize],
    ) -> Result<(), VerifyError> {
        let roots = [commitments.main, commitments.lookup, commitments.quotient];
        for (tree, (opening, root)) in openings.trees.iter().zip(roots).enumerate() {
            let mut hashes = Vec::with_capacity(self.shape.groups.len());
            for (number, (group, cells)) in self.shape.groups.iter().zip(&opening.rows).enumerate()
            {
                let (width, salts) =
                    (group.widths[tree], (number == 0).then_some(&opening.salts[..]));
                let log_height = group.log_height + self.parameters.log_blowup;
                hashes.push((log_height, (width > 0).then(|| H::leaves(cells, width, salts))));
            }
            let mut siblings = opening.siblings.iter();
            let computed = merkle::root::<H, _>(
                self.log_codeword(),
                indices,
                |log_height, _| {
                    let group = hashes.iter_mut().find(|(height, _)| *height == log_height);
                    Ok(group.and_then(|(_, hashes)| hashes.take()))
                },
                || siblings.next().copied().ok_or(VerifyError::TooShort),
            )?;
            Check::Openings.holds(computed == root)?;
        }
        Ok(())
    }
}

/// The constraint identity at the out-of-domain point.
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
                table.height() == shape.groups[known.group].height()
                    && table.public().len() == known.publics
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
                quotient =
                    chunks.iter().rfold(EF::ZERO, |sum, &chunk| sum * step + chunk) - mask[0];
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
        let Selectors { first, last, transition, inverse_vanishing } =
            domain.selectors(&[point])[0];
        let inverse_zerofier = domain.blinding(point) * inverse_vanishing;
        let fingerprints = Fingerprints::<EF>::new(&self.lookup, self.key.shape.widest_tuple);
        let mut composition: Composition<'_, _, _> =
            Composition::new(&fingerprints, powers, group.interactions.len());
        for &number in &group.tables {
            let table = &self.key.shape.tables[number];
            let fixed = self.key.fixed[number].values(&table.fixed_window.cells, &lagrange);
            let public: Vec<EF> = tables[number]
                .public()
                .iter()
                .map(|column| fixed::value(column, &lagrange))
                .collect();
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

/// Opened rows, found by the rows of the tallest group to which they belong.
pub(crate) struct Opened<'a, H: ProofHash> {
    pub(crate) key: &'a VerifierKey,
    pub(crate) indices: &'a [usize],
    pub(crate) openings: &'a Openings<H>,
}

impl<H: ProofHash> Opened<'_, H> {
    /// The distinct rows of each group that belong to the queries, in ascending order.
    fn group_indices(&self) -> Vec<Vec<usize>> {
        (0..self.key.shape.groups.len())
            .map(|group| group_indices(self.indices, self.key.shape.lift(group)))
            .collect()
    }

    /// The cells of a group's opened row of a tree. `at` is the row's position among the opened
    /// rows.
    fn row(&self, tree: usize, group: usize, at: usize) -> &[F] {
        let width = self.key.shape.groups[group].widths[tree];
        &self.openings.trees[tree].rows[group][at * width..(at + 1) * width]
    }
}

/// The polynomial that FRI shows to be of low degree: the mask of FRI plus, for each term,
/// `weight * (column - value) / (x - point)`.
pub(crate) struct Batch<'a, H: ProofHash> {
    pub(crate) opened: Opened<'a, H>,
    pub(crate) weights: &'a [EF],
    pub(crate) zeta: EF,
    pub(crate) values: &'a [EF],
}

impl<H: ProofHash> Batch<'_, H> {
    /// The values of the batch at the queried rows of the tallest group's evaluation domain.
    pub(crate) fn codeword(&self) -> Vec<EF> {
        let Opened { key, indices, .. } = self.opened;
        let shape = &key.shape;
        let points = points(key, self.zeta);
        let xs: Vec<F> = indices
            .iter()
            .map(|&index| fri::point(F::GENERATOR, key.log_codeword(), index))
            .collect();
        let distances: Vec<EF> =
            xs.iter().flat_map(|&x| points.iter().map(move |&point| EF::from(x) - point)).collect();
        let inverses = p3_field::batch_multiplicative_inverse(&distances);

        let mut claimed = vec![EF::ZERO; points.len()];
        for ((term, &weight), &value) in shape.terms.iter().zip(self.weights).zip(self.values) {
            claimed[term.point] += weight * value;
        }
        let rows = self.opened.group_indices();
        let value = |(&index, inverses): (&usize, &[EF])| {
            let at: Vec<usize> = rows
                .iter()
                .enumerate()
                .map(|(group, rows)| {
                    rows.binary_search(&(index >> shape.lift(group))).unwrap_or_default()
                })
                .collect();
            let mut sums: Vec<EF> = claimed.iter().map(|&claim| -claim).collect();
            for (term, &weight) in shape.terms.iter().zip(self.weights) {
                let row = self.opened.row(term.tree, term.group, at[term.group]);
                sums[term.point] += weight * column_value(row, term.column, term.is_extension);
            }
            let row = self.opened.row(QUOTIENT, 0, at[0]);
            let mask = column_value(row, shape.fri_mask(), true);
            sums.iter()
                .zip(inverses)
                .fold(mask, |sum, (&numerator, &inverse)| sum + numerator * inverse)
        };
        indices.iter().zip(inverses.chunks_exact(points.len())).map(value).collect()
    }
}

fn column_value(row: &[F], column: usize, is_extension: bool) -> EF {
    if is_extension {
        EF::from_basis_coefficients_fn(|i| row[column + i])
    } else {
        row[column].into()
    }
}

/// The points at which columns are opened, as points of the tallest group's domain.
pub(crate) fn points(key: &VerifierKey, zeta: EF) -> Vec<EF> {
    let generator = F::two_adic_generator(key.shape.log_height());
    let at = |point: &Point| match *point {
        Point::Row(offset) if offset < 0 => {
            zeta * generator.inverse().exp_u64(offset.unsigned_abs().into())
        }
        Point::Row(offset) => zeta * generator.exp_u64(offset.unsigned_abs().into()),
        Point::Mask => zeta * F::GENERATOR,
    };
    key.shape.points.iter().map(at).collect()
}
