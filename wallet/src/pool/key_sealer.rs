//! A sealer that holds its key in memory.

use chacha20poly1305::aead::{Aead, Payload};
use chacha20poly1305::{KeyInit, XChaCha20Poly1305, XNonce};
use sha2::{Digest, Sha256};
use zeroize::{ZeroizeOnDrop, Zeroizing};

use crate::pool::{Sealer, SealerError};

/// Length of the bytes that distinguish keys. A sealed entry consists of these bytes, the nonce,
/// the ciphertext and its tag.
const KEY_ID_BYTES: usize = 16;
const NONCE_BYTES: usize = 24;

/// Seals with XChaCha20-Poly1305 (RFC 8439 with the nonces of draft-irtf-cfrg-xchacha-03) under a
/// key of 32 bytes.
///
/// Nonces are 24 random bytes from the operating system, so one key can seal as many entries as a
/// wallet ever makes. A hash of the key precedes the nonce, so that opening with a key that was
/// named by mistake costs no entry. The key is zeroised when the sealer is dropped. On platforms
/// that keep keys in hardware, implement [`Sealer`] over that hardware instead.
pub struct KeySealer {
    cipher: XChaCha20Poly1305,
    key_id: [u8; KEY_ID_BYTES],
}

// The cipher zeroises its key, and the hash is not secret.
impl ZeroizeOnDrop for KeySealer {}

impl KeySealer {
    /// A sealer with this key, which must be uniformly random and secret.
    #[must_use]
    pub fn new(key: &[u8; 32]) -> Self {
        let hash = Sha256::new_with_prefix(b"velum proof pool, key\0").chain_update(key).finalize();
        let mut key_id = [0; KEY_ID_BYTES];
        key_id.copy_from_slice(&hash[..KEY_ID_BYTES]);
        Self { cipher: XChaCha20Poly1305::new(key.into()), key_id }
    }
}

#[cfg_attr(not(target_arch = "wasm32"), async_trait::async_trait)]
#[cfg_attr(target_arch = "wasm32", async_trait::async_trait(?Send))]
impl Sealer for KeySealer {
    async fn seal(&self, plain: &[u8], associated: &[u8]) -> Result<Vec<u8>, SealerError> {
        let refused = |message: String| SealerError::Refused { message };
        let mut nonce = [0; NONCE_BYTES];
        getrandom::fill(&mut nonce).map_err(|error| refused(error.to_string()))?;
        let payload = Payload { msg: plain, aad: associated };
        let sealed = self.cipher.encrypt(&XNonce::from(nonce), payload);
        let sealed = sealed.map_err(|_| refused("too many bytes to seal".to_owned()))?;
        Ok([&self.key_id[..], &nonce, &sealed].concat())
    }

    async fn open(
        &self,
        sealed: &[u8],
        associated: &[u8],
    ) -> Result<Zeroizing<Vec<u8>>, SealerError> {
        let (key_id, sealed) = sealed.split_first_chunk().ok_or(SealerError::DoesNotOpen)?;
        if *key_id != self.key_id {
            return Err(SealerError::OtherKey);
        }
        let (nonce, sealed) =
            sealed.split_first_chunk::<NONCE_BYTES>().ok_or(SealerError::DoesNotOpen)?;
        let payload = Payload { msg: sealed, aad: associated };
        let opened = self.cipher.decrypt(&XNonce::from(*nonce), payload);
        opened.map(Zeroizing::new).map_err(|_| SealerError::DoesNotOpen)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use velum_credentials::block_on;

    const KEY: [u8; 32] = [7; 32];

    fn open(sealer: &KeySealer, sealed: &[u8], associated: &[u8]) -> Option<Vec<u8>> {
        block_on(sealer.open(sealed, associated)).ok().map(|opened| opened.to_vec())
    }

    #[test]
    fn what_is_sealed_opens_under_its_key_and_its_associated_data_alone() {
        let sealer = KeySealer::new(&KEY);
        let sealed = block_on(sealer.seal(b"secret", b"place")).unwrap();
        assert_eq!(open(&sealer, &sealed, b"place").unwrap(), b"secret");
        assert_eq!(open(&sealer, &sealed, b"other"), None);
        let other = KeySealer::new(&[8; 32]);
        assert_eq!(block_on(other.open(&sealed, b"place")), Err(SealerError::OtherKey));
        let as_if_it_were_its_own = [&other.key_id, &sealed[KEY_ID_BYTES..]].concat();
        assert_eq!(
            block_on(other.open(&as_if_it_were_its_own, b"place")),
            Err(SealerError::DoesNotOpen)
        );
        for position in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[position] ^= 1;
            assert_eq!(open(&sealer, &changed, b"place"), None, "{position}");
            assert_eq!(open(&sealer, &sealed[..position], b"place"), None, "{position}");
        }
    }

    #[test]
    fn the_key_is_zeroised() {
        fn is_zeroised<T: ZeroizeOnDrop>() {}
        is_zeroised::<XChaCha20Poly1305>();
        is_zeroised::<KeySealer>();
    }

    #[test]
    fn no_two_nonces_are_the_same() {
        let sealer = KeySealer::new(&KEY);
        let sealed = || block_on(sealer.seal(b"secret", b"place")).unwrap();
        let nonce = || sealed()[KEY_ID_BYTES..][..NONCE_BYTES].to_vec();
        assert_ne!(nonce(), nonce());
    }

    /// The example of draft-irtf-cfrg-xchacha-03, A.3.1.
    #[test]
    fn it_is_the_xchacha_of_the_draft() {
        let plain =
            b"Ladies and Gentlemen of the class of '99: If I could offer you only one tip for the future, \
                      sunscreen would be it.";
        let key: [u8; 32] = std::array::from_fn(|index| 0x80 + index as u8);
        let nonce: [u8; NONCE_BYTES] = std::array::from_fn(|index| 0x40 + index as u8);
        let associated = hex::decode("50515253c0c1c2c3c4c5c6c7").unwrap();
        let sealed = hex::decode(
            "bd6d179d3e83d43b9576579493c0e939572a1700252bfaccbed2902c21396cbb731c7f1b0b4aa6440bf3a82f4eda7e39\
             ae64c6708c54c216cb96b72e1213b4522f8c9ba40db5d945b11b69b982c1bb9e3f3fac2bc369488f76b2383565d3fff9\
             21f9664c97637da9768812f615c68b13b52ec0875924c1c7987947deafd8780acf49",
        );
        let sealer = KeySealer::new(&key);
        let sealed = [&sealer.key_id[..], &nonce, &sealed.unwrap()].concat();
        assert_eq!(open(&sealer, &sealed, &associated).unwrap(), plain);
    }
}
