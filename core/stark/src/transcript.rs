//! The challenges of a proof, drawn from its commitments.

use p3_field::PrimeCharacteristicRing;

use crate::composition::LookupChallenges;
use crate::field::EF;
use crate::hash::{ProofHash, Transcript};
use crate::key::VerifierKey;
use crate::proof::Commitments;
use crate::shape::Shape;

/// The challenges of a proof.
#[derive(Clone, Debug)]
pub(crate) struct Challenges {
    pub(crate) lookup: LookupChallenges,
    /// The challenge whose powers weight the constraints.
    pub(crate) alpha: EF,
    /// The out-of-domain point.
    pub(crate) zeta: EF,
    /// The weights of all terms in the batch.
    pub(crate) weights: Vec<EF>,
    /// For each layer of FRI, one challenge for each fold.
    pub(crate) folding: Vec<Vec<EF>>,
    /// The queried rows of the tallest group's evaluation domain, sorted and distinct.
    pub(crate) indices: Vec<usize>,
    /// The same rows in the order in which they are drawn, possibly with repetitions.
    pub(crate) drawn: Vec<usize>,
    /// Whether the proof of work before every challenge was done.
    pub(crate) is_ground: bool,
}

impl Challenges {
    /// Draws the challenges of a proof that is bound to the bytes `bound`, in the order of
    /// `docs/proof-system.md`.
    pub(crate) fn draw<H: ProofHash>(
        key: &VerifierKey,
        bound: &[u8],
        said: &Commitments<H>,
    ) -> Self {
        let (parameters, shape) = (&key.parameters, &key.shape);
        let mut transcript = H::Transcript::new(&key.prefix(bound));
        let mut is_ground = true;

        transcript.absorb_digest(&said.main);
        is_ground &= transcript.check_grinding(parameters.lookup_grinding_bits, said.lookup_nonce);
        let lookup =
            LookupChallenges { gamma: transcript.challenge(), beta: transcript.challenge() };

        transcript.absorb_digest(&said.lookup);
        transcript.absorb(&said.terminals);
        let alpha = transcript.challenge();

        transcript.absorb_digest(&said.quotient);
        is_ground &= transcript.check_grinding(parameters.ood_grinding_bits, said.ood_nonce);
        let zeta = transcript.challenge();

        transcript.absorb(&said.values);
        is_ground &= transcript.check_grinding(parameters.batch_grinding_bits, said.batch_nonce);
        let weights = batching_weights::<H>(shape, &mut transcript);

        let arities = parameters.folding(shape.log_height());
        let mut folding = Vec::with_capacity(arities.len());
        for (layer, arity) in said.layers.iter().zip(arities) {
            transcript.absorb_digest(&layer.root);
            is_ground &= transcript.check_grinding(parameters.folding_grinding_bits, layer.nonce);
            folding.push(folding_challenges::<H>(arity, &mut transcript));
        }

        transcript.absorb(&said.final_polynomial);
        is_ground &= transcript.check_grinding(parameters.query_grinding_bits, said.query_nonce);
        let drawn = drawn::<H>(parameters.queries, key.log_codeword(), &mut transcript);
        let indices = distinct(drawn.clone());
        Self { lookup, alpha, zeta, weights, folding, indices, drawn, is_ground }
    }
}

/// Draws the batching challenges and returns the weights of all terms.
///
/// The weight of a word is the product of the challenges whose bits are set in the word's number.
/// Each challenge therefore combines words in pairs, as `f + z g`.
pub(crate) fn batching_weights<H: ProofHash>(
    shape: &Shape,
    transcript: &mut H::Transcript,
) -> Vec<EF> {
    let mut weights = vec![EF::ONE];
    for _ in 0..shape.batching_challenges() {
        let challenge = transcript.challenge();
        weights.extend_from_within(..);
        let half = weights.len() / 2;
        weights[half..].iter_mut().for_each(|weight| *weight *= challenge);
    }
    shape.words.iter().map(|&word| weights[word]).collect()
}

/// Draws the challenges of a layer, one for each fold.
pub(crate) fn folding_challenges<H: ProofHash>(
    arity: usize,
    transcript: &mut H::Transcript,
) -> Vec<EF> {
    (0..arity).map(|_| transcript.challenge()).collect()
}

/// Draws the queried rows and returns them sorted and without repetitions.
#[cfg(feature = "prover")]
pub(crate) fn queried<H: ProofHash>(
    queries: usize,
    log_size: usize,
    transcript: &mut H::Transcript,
) -> Vec<usize> {
    distinct(drawn::<H>(queries, log_size, transcript))
}

fn drawn<H: ProofHash>(
    queries: usize,
    log_size: usize,
    transcript: &mut H::Transcript,
) -> Vec<usize> {
    (0..queries).map(|_| transcript.index(log_size)).collect()
}

fn distinct(mut indices: Vec<usize>) -> Vec<usize> {
    indices.sort_unstable();
    indices.dedup();
    indices
}
