//! Proving.

mod commit;
mod lookup;
mod opening;
mod quotient;
mod tiles;

use p3_dft::Radix2DitParallel;
use p3_field::{Field, PrimeCharacteristicRing};
use p3_matrix::dense::RowMajorMatrix;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use thiserror::Error;
use zeroize::Zeroizing;

use crate::air::{Chip, Trace};
use crate::field::{EF, EXTENSION_DEGREE, F};
use crate::stark::fri::Folded;
use crate::stark::hash::{Blake3Hash, SuiteHash, Transcript};
use crate::stark::key::VerifierKey;
use crate::stark::mask::{self, Table};
use crate::stark::params::Parameters;
use crate::stark::proof::Writer;
use crate::stark::rows::LookupChallenges;
use crate::stark::shape::{MAIN, TREES};
use crate::stark::verify::group_indices;
use crate::suite::Suite;
use commit::Committed;
use quotient::GroupKey;

/// The packed base field.
type Packed = <F as Field>::Packing;

/// The packed extension field.
type PackedExtension = <EF as p3_field::ExtensionField<F>>::ExtensionPacking;

/// Why no proof was made.
#[derive(Debug, Error)]
pub enum ProveError {
    /// The operating system gave no randomness.
    #[error("no randomness from the operating system: {0}")]
    Randomness(#[from] getrandom::Error),
}

/// A [`VerifierKey`] with everything that can be computed before a witness is known.
pub struct ProvingKey {
    verifier: VerifierKey,
    groups: Vec<GroupKey>,
    dft: Radix2DitParallel<F>,
}

impl ProvingKey {
    /// See [`VerifierKey::new`].
    pub fn new<C: Chip>(suite: Suite, parameters: Parameters, chips: &[C]) -> Self {
        let verifier = VerifierKey::new(suite, parameters, chips);
        let dft = Radix2DitParallel::default();
        let groups =
            (0..verifier.shape.groups.len()).map(|group| GroupKey::new(&verifier, group, &dft)).collect();
        Self { verifier, groups, dft }
    }

    /// What a verifier needs.
    pub fn verifier(&self) -> &VerifierKey {
        &self.verifier
    }

    /// Proves that `traces` satisfy `chips`, bound to `bound`: whatever else the proof is about.
    ///
    /// A wrong trace gives a proof that does not verify. All blinding comes from the operating system, anew for each call.
    ///
    /// # Errors
    /// [`ProveError`].
    pub fn prove<C: Chip>(&self, chips: &[C], traces: &[Trace], bound: &[u8]) -> Result<Vec<u8>, ProveError> {
        let mut rng = system_rng()?;
        Ok(match self.verifier.suite {
            Suite::Direct => self.prove_with::<C, Blake3Hash>(chips, traces, bound, &mut rng),
        })
    }

    fn prove_with<C: Chip, H: SuiteHash>(
        &self,
        chips: &[C],
        traces: &[Trace],
        bound: &[u8],
        rng: &mut StdRng,
    ) -> Vec<u8> {
        let key = &self.verifier;
        let parameters = &key.parameters;
        let tables = Table::all(chips);
        let mut proof = Writer::default();
        let mut transcript = H::Transcript::new(&key.prefix(bound));

        let rows = self.main_rows(&tables, traces, rng);
        let main = Committed::<H>::of_rows(self, &rows, rng);
        main.publish(&mut proof, &mut transcript);
        proof.nonce(transcript.grind(parameters.lookup_grinding_bits));
        let challenges = LookupChallenges { gamma: transcript.challenge(), beta: transcript.challenge() };

        let (columns, terminals) = self.lookup_rows(&tables, &rows, &challenges, rng);
        drop(rows);
        let lookup = Committed::<H>::of_rows(self, &columns, rng);
        drop(columns);
        lookup.publish(&mut proof, &mut transcript);
        proof.extensions(&terminals);
        transcript.absorb(&terminals);
        let alpha = transcript.challenge();

        let (coefficients, masks) = self.quotients(
            &tables,
            [&main.evaluations, &lookup.evaluations],
            &challenges,
            &terminals,
            alpha,
            rng,
        );
        let quotient = Committed::<H>::of_coefficients(self, coefficients, rng);
        quotient.publish(&mut proof, &mut transcript);
        proof.nonce(transcript.grind(parameters.ood_grinding_bits));
        let zeta = transcript.challenge();

        let trees: [_; TREES] = [main, lookup, quotient];
        let evaluations: [_; TREES] = std::array::from_fn(|tree| &trees[tree].evaluations[..]);
        let values = self.open(evaluations, &masks, zeta);
        proof.extensions(&values);
        transcript.absorb(&values);
        proof.nonce(transcript.grind(parameters.batch_grinding_bits));
        let batching = transcript.challenge();

        let codeword = self.batch(evaluations, &values, zeta, batching);
        let folded = Folded::<H>::new(
            parameters,
            key.shape.log_height(),
            F::GENERATOR,
            codeword,
            &mut proof,
            &mut transcript,
        );
        proof.nonce(transcript.grind(parameters.query_grinding_bits));
        let mut indices: Vec<_> =
            (0..parameters.queries).map(|_| transcript.index(key.log_codeword())).collect();
        indices.sort_unstable();
        indices.dedup();
        for tree in &trees {
            let at = (0..key.shape.groups.len()).map(|group| group_indices(&indices, key.shape.lift(group)));
            tree.open(&indices, at, &mut proof);
        }
        folded.open(&indices, &mut proof);
        proof.finish()
    }

    /// The rows of each group's main matrix: the tables' cells side by side, and uniform ones in the blinding rows.
    fn main_rows<C: Chip>(
        &self,
        tables: &[Table<'_, C>],
        traces: &[Trace],
        rng: &mut StdRng,
    ) -> Vec<RowMajorMatrix<F>> {
        let masks: Vec<MaskCells> =
            self.groups.iter().map(|_| std::array::from_fn(|_| rng.random())).collect();
        let groups = self.verifier.shape.groups.iter().zip(&self.verifier.domains).enumerate();
        groups
            .map(|(index, (group, domain))| {
                let width = group.widths[MAIN];
                let mut cells = F::zero_vec(group.height() * width);
                for &number in &group.tables {
                    let first = self.verifier.shape.tables[number].first_column;
                    let mut write = |row: usize, source: &[F]| {
                        cells[row * width + first..][..source.len()].copy_from_slice(source);
                    };
                    match &tables[number] {
                        Table::Chip(_) => {
                            (0..domain.active()).for_each(|row| write(row, traces[number].row(row)));
                        }
                        Table::Mask(_) => {
                            write(mask::SENT, &masks[index]);
                            if index > 0 {
                                write(mask::RECEIVED, &masks[index - 1]);
                            }
                        }
                    }
                }
                cells[domain.active() * width..].fill_with(|| rng.random());
                RowMajorMatrix::new(cells, width)
            })
            .collect()
    }
}

/// The uniform cells that a group sends.
type MaskCells = [F; EXTENSION_DEGREE];

/// A generator seeded by the operating system for one proof.
fn system_rng() -> Result<StdRng, getrandom::Error> {
    let mut seed = Zeroizing::new([0; 32]);
    getrandom::fill(&mut *seed)?;
    Ok(StdRng::from_seed(*seed))
}
