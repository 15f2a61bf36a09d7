//! Fingerprints of byte strings: how map keys are told apart without comparing them byte by byte.
//!
//! Equal strings have equal fingerprints, so two keys whose fingerprints differ are different. Nothing follows from
//! equal fingerprints: a collision refuses an honest document (two given strings collide with probability of about
//! `2^-58`), and admits nothing.

use p3_field::PrimeCharacteristicRing;
use velum_stark::field::F;

/// The point at which a string, read as the coefficients of a polynomial, is evaluated.
pub(crate) const GAMMA: F = F::new(0x9e37_79b9_7f4a_7c15);

/// Fingerprint of the empty string.
pub(crate) const START: F = F::ONE;

/// Fingerprint of a string that goes on with `byte` after a string of fingerprint `before`.
pub(crate) fn extend(before: F, byte: u8) -> F {
    before * GAMMA + F::from_u8(byte)
}

/// Fingerprint of `bytes`.
pub(crate) fn fingerprint(bytes: &[u8]) -> F {
    bytes.iter().fold(START, |before, &byte| extend(before, byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tells_strings_from_their_prefixes_and_zero_extensions() {
        let strings: [&[u8]; 6] = [b"", b"\0", b"\0\0", b"a", b"a\0", b"\0a"];
        for (i, left) in strings.iter().enumerate() {
            for right in &strings[..i] {
                assert_ne!(fingerprint(left), fingerprint(right), "{left:?} {right:?}");
            }
        }
        assert_eq!(fingerprint(b"ab"), (GAMMA + F::from_u8(b'a')) * GAMMA + F::from_u8(b'b'));
    }
}
