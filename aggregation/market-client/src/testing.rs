//! Jobs that tests hand off.

use velum_market_model::{
    Algorithm, Amount, Count, Duration, Hash, Job, Latency, Offer, Order, PriceMove, Profile,
    ProofReference, ProofSystem, Ramp, SecretKey, SizeClass, Time,
};

use crate::signed_job::SignedJob;

/// The time by which a job is delivered.
pub(crate) const JOB_DEADLINE: u64 = 600_000;

/// A job for the market with this number.
pub(crate) fn job_for(market: usize) -> SignedJob {
    let key = SecretKey::from_bytes(Algorithm::Ed25519, &[7; 32]).unwrap();
    let proof = b"proof";
    let node = SecretKey::from_bytes(Algorithm::Ed25519, &[8 + market as u8; 32]).unwrap();
    let job = Job {
        market: node.public().owner(),
        proof: ProofReference {
            sha256: Hash::of(&[proof]),
            length: Count::constant(proof.len() as u64),
        },
        proof_system: ProofSystem {
            name: "velum aggregatable 6".to_owned().try_into().unwrap(),
            keys: Hash::of(&[b"keys"]),
        },
        size_class: SizeClass::Standard,
        statement: Hash::of(&[b"statement"]),
        offer: Offer {
            order: Order::Dutch,
            minimum: Amount::constant(10),
            maximum: Amount::constant(100),
            ramp: Ramp {
                start: Time::ZERO,
                duration: Duration::constant(60_000),
                price: PriceMove::Rises,
            },
            lock_by: Time::constant(JOB_DEADLINE / 2),
            deliver_by: Time::constant(JOB_DEADLINE),
            collateral: Amount::constant(50),
        },
        profile: Profile::Standard,
        latency: Latency::Single,
        standing_order: None,
        idempotency_key: "a job for each market".to_owned().try_into().unwrap(),
        submitter: key.public(),
    };
    SignedJob::sign(job, &key).unwrap()
}
