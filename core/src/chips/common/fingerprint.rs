//! Fingerprints of byte strings, by which map keys are told apart without a comparison byte by
//! byte.
//!
//! Equal strings have equal fingerprints, so two keys with different fingerprints are different.
//! Nothing follows from equal fingerprints. A collision makes the tables refuse an honest document,
//! but it admits nothing. Two given strings collide with a probability of about `2^-58`.

use p3_field::PrimeCharacteristicRing;
use velum_stark::field::F;

/// The point at which a string, read as the coefficients of a polynomial, is evaluated.
pub(crate) const GAMMA: F = F::new(0x9e37_79b9_7f4a_7c15);

/// Fingerprint of the empty string.
pub(crate) const START: F = F::ONE;

/// Fingerprint of a string that ends in `byte`, from the fingerprint `before` of the bytes before
/// it.
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
