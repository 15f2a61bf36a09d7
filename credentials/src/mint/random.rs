//! All randomness, drawn from the seed.

use p256::ecdsa::SigningKey;
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::{RngCore, SeedableRng};

use super::spec::Seed;

/// What randomness is used for. Each purpose has its own ChaCha20 stream.
#[derive(Clone, Copy)]
#[repr(u64)]
pub(super) enum Purpose {
    IacaKey = 0,
    DocumentSignerKey = 1,
    DeviceKey = 2,
    IacaSerialNumber = 3,
    DocumentSignerSerialNumber = 4,
    Transcript = 5,
    Salts = 6,
    DigestIds = 7,
    DecoyDigests = 8,
}

pub(super) fn stream(Seed(seed): &Seed, purpose: Purpose) -> ChaCha20Rng {
    let mut rng = ChaCha20Rng::from_seed(*seed);
    rng.set_stream(purpose as u64);
    rng
}

pub(super) fn signing_key(seed: &Seed, purpose: Purpose) -> SigningKey {
    SigningKey::random(&mut stream(seed, purpose))
}

pub(super) fn bytes(rng: &mut ChaCha20Rng, length: usize) -> Vec<u8> {
    let mut bytes = vec![0; length];
    rng.fill_bytes(&mut bytes);
    bytes
}
