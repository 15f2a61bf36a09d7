//! A configuration of `p3-batch-stark` that hides nothing and is cheap.

use p3_blake3::Blake3;
use p3_challenger::{HashChallenger, SerializingChallenger64};
use p3_commit::ExtensionMmcs;
use p3_dft::Radix2DitParallel;
use p3_fri::{FriParameters, TwoAdicFriPcs};
use p3_merkle_tree::MerkleTreeMmcs;
use p3_symmetric::{CompressionFunctionFromHasher, SerializingHasher};
use p3_uni_stark::StarkConfig;

use crate::field::{EF, F};

type LeafHash = SerializingHasher<Blake3>;
type Compress = CompressionFunctionFromHasher<Blake3, 2, 32>;
type Mmcs = MerkleTreeMmcs<F, u8, LeafHash, Compress, 2, 32>;
type ChallengeMmcs = ExtensionMmcs<F, EF, Mmcs>;
type Pcs = TwoAdicFriPcs<F, Radix2DitParallel<F>, Mmcs, ChallengeMmcs>;
type Challenger = SerializingChallenger64<F, HashChallenger<u8, Blake3, 32>>;

pub(super) type Config = StarkConfig<Pcs, EF, Challenger>;

/// A configuration with few queries. They suffice to refuse a wrong trace, because its constraints
/// fail at the out-of-domain point.
pub(super) fn config() -> Config {
    let mmcs = Mmcs::new(LeafHash::new(Blake3), Compress::new(Blake3), 0);
    let fri = FriParameters {
        log_blowup: 2,
        log_final_poly_len: 0,
        max_log_arity: 3,
        num_queries: 2,
        batch_proof_of_work_bits: 0,
        commit_proof_of_work_bits: 0,
        query_proof_of_work_bits: 0,
        mmcs: ChallengeMmcs::new(mmcs.clone()),
    };
    let pcs = Pcs::new(Radix2DitParallel::default(), mmcs, fri);
    Config::new(pcs, Challenger::new(HashChallenger::new(b"oracle".to_vec(), Blake3)))
}
