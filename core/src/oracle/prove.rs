//! Proving.

use p3_batch_stark::{StarkInstance, prove_batch};
use p3_matrix::dense::RowMajorMatrix;
use rand::rngs::StdRng;
use rand::{Rng, RngExt, SeedableRng};
use thiserror::Error;
use zeroize::Zeroizing;

use crate::air::{Chip, Trace};
use crate::field::{EXTENSION_DEGREE, F};
use crate::oracle::config::config;
use crate::oracle::key::VerifierKey;
use crate::oracle::lower::Lowered;
use crate::oracle::params::Parameters;
use crate::oracle::verify::encode;

/// Times a proof is made anew when its Merkle paths happen to be longer than a proof may be.
const ATTEMPTS: usize = 4;

/// Why no proof was made.
#[derive(Debug, Error)]
pub enum ProveError {
    /// The operating system gave no randomness.
    #[error("no randomness from the operating system: {0}")]
    Randomness(#[from] getrandom::Error),
    /// The proof system refused, a bug.
    #[error("the proof system failed: {0}")]
    ProofSystem(String),
}

/// A [`VerifierKey`] with the committed fixed columns.
pub struct ProvingKey(VerifierKey);

impl ProvingKey {
    /// See [`VerifierKey::new`].
    pub fn new<C: Chip + Clone>(parameters: Parameters, chips: &[C], proof_bytes: usize) -> Self {
        Self(VerifierKey::with_prover_data(parameters, chips, proof_bytes))
    }

    /// What a verifier needs.
    pub fn verifier(&self) -> &VerifierKey {
        &self.0
    }

    /// Proves that `traces` satisfy `chips`, bound to `bound`: whatever else the proof is about.
    ///
    /// A wrong trace gives a proof that does not verify. All blinding comes from the operating system, anew for each call.
    pub fn prove<C: Chip + Clone>(
        &self,
        chips: &[C],
        traces: &[Trace],
        bound: &[u8],
    ) -> Result<Vec<u8>, ProveError> {
        let airs = Lowered::all(chips.to_vec());
        for _ in 0..ATTEMPTS {
            let mut rng = system_rng()?;
            let traces = lowered_traces(&airs, traces, &mut rng);
            if let Some(proof) = self.attempt(&airs, &traces, bound, rng)? {
                return Ok(proof);
            }
        }
        Err(ProveError::ProofSystem(format!("proofs over {} bytes", self.0.proof_bytes)))
    }

    fn attempt<C: Chip + Clone>(
        &self,
        airs: &[Lowered<C>],
        traces: &[RowMajorMatrix<F>],
        bound: &[u8],
        mut rng: StdRng,
    ) -> Result<Option<Vec<u8>>, ProveError> {
        let mut seed = Zeroizing::new([0; 32]);
        rng.fill_bytes(&mut *seed);
        let config = config(&self.0.parameters, *seed, &self.0.prefix(bound));
        let instances: Vec<_> = airs
            .iter()
            .zip(traces)
            .map(|(air, trace)| StarkInstance { air, trace, public_values: Vec::new() })
            .collect();
        let proof = prove_batch(&config, &instances, &self.0.data)
            .map_err(|error| ProveError::ProofSystem(format!("{error:?}")))?;
        encode(&proof, self.0.proof_bytes).map_err(ProveError::ProofSystem)
    }
}

/// A generator seeded by the operating system for one proof.
fn system_rng() -> Result<StdRng, getrandom::Error> {
    let mut seed = Zeroizing::new([0; 32]);
    getrandom::fill(&mut *seed)?;
    Ok(StdRng::from_seed(*seed))
}

fn lowered_traces<C: Chip + Clone>(
    airs: &[Lowered<C>],
    traces: &[Trace],
    rng: &mut StdRng,
) -> Vec<RowMajorMatrix<F>> {
    let mut received = [F::default(); EXTENSION_DEGREE];
    let lower = |(air, trace): (&Lowered<C>, &Trace)| {
        let sent = std::array::from_fn(|_| rng.random());
        let lowered = air.trace(trace, sent, received);
        received = sent;
        lowered
    };
    airs.iter().zip(traces).map(lower).collect()
}
