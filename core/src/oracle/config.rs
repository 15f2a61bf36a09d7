//! The concrete proof system: fields, trees, transcript and FRI of `p3-batch-stark`.

use p3_blake3::Blake3;
use p3_challenger::{HashChallenger, SerializingChallenger64};
use p3_commit::ExtensionMmcs;
use p3_dft::Radix2DitParallel;
use p3_fri::{FriParameters, HidingFriPcs};
use p3_merkle_tree::MerkleTreeHidingMmcs;
use p3_symmetric::{CompressionFunctionFromHasher, SerializingHasher};
use p3_uni_stark::StarkConfig;
use rand::SeedableRng;
use rand::rngs::StdRng;

use crate::field::{EF, EXTENSION_DEGREE, F};
use crate::oracle::params::Parameters;

/// Field elements of salt in each Merkle leaf: over 128 bits.
const SALT_ELEMENTS: usize = 3;

type LeafHash = SerializingHasher<Blake3>;
type Compress = CompressionFunctionFromHasher<Blake3, 2, 32>;
type Mmcs = MerkleTreeHidingMmcs<F, u8, LeafHash, Compress, StdRng, 2, 32, SALT_ELEMENTS>;
type ChallengeMmcs = ExtensionMmcs<F, EF, Mmcs>;
pub(super) type Pcs = HidingFriPcs<F, Radix2DitParallel<F>, Mmcs, ChallengeMmcs, StdRng>;
pub(super) type Challenger = SerializingChallenger64<F, HashChallenger<u8, Blake3, 32>>;

/// The proof system with its parameters, randomness and transcript prefix.
pub(crate) type Config = StarkConfig<Pcs, EF, Challenger>;

/// Number of uniform columns the hiding commitment adds to each matrix.
pub(crate) const RANDOM_CODEWORDS: usize = EXTENSION_DEGREE;

/// Builds the proof system.
///
/// `seed` feeds all blinding and salts: for a proof it comes from the operating system and is used once; the verifier's
/// is any constant. `prefix` starts the transcript.
pub(crate) fn config(parameters: &Parameters, seed: [u8; 32], prefix: &[u8]) -> Config {
    let mut rng = StdRng::from_seed(seed);
    let compress = Compress::new(Blake3);
    let mmcs = Mmcs::new(LeafHash::new(Blake3), compress, parameters.cap_height, StdRng::from_rng(&mut rng));
    let fri = FriParameters {
        log_blowup: parameters.log_blowup,
        log_final_poly_len: parameters.log_final_poly_len,
        max_log_arity: parameters.max_log_arity,
        num_queries: parameters.queries,
        batch_proof_of_work_bits: parameters.batch_grinding_bits,
        commit_proof_of_work_bits: parameters.folding_grinding_bits,
        query_proof_of_work_bits: parameters.query_grinding_bits,
        mmcs: ChallengeMmcs::new(mmcs.clone()),
    };
    let pcs = Pcs::new(Radix2DitParallel::default(), mmcs, fri, RANDOM_CODEWORDS, rng);
    let challenger = Challenger::new(HashChallenger::new(prefix.to_vec(), Blake3));
    Config::new(pcs, challenger)
        .with_lookup_proof_of_work_bits(parameters.lookup_grinding_bits)
        .with_ood_proof_of_work_bits(parameters.ood_grinding_bits)
}
