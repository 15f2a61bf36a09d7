//! The Fiat-Shamir transcript in a circuit. It is a duplex sponge over Poseidon2 in overwrite mode,
//! like `Poseidon2Transcript` of velum-stark.
//!
//! Every challenge is a function of what was absorbed before it. Nothing in this module is a free
//! witness.

use plonky2::iop::target::{BoolTarget, Target};
use velum_stark::poseidon2::{RATE, TRANSCRIPT_LANE, WIDTH};

use crate::bits::canonical_bits;
use crate::field::{Builder, Extension, pair};
use crate::poseidon2::{DigestTarget, permute};

/// A transcript.
pub(crate) struct Transcript {
    state: [Target; WIDTH],
    /// Number of lanes that were overwritten since the last permutation.
    absorbed: usize,
    /// Number of lanes that were not yet drawn since the last permutation.
    available: usize,
}

impl Transcript {
    /// A transcript that starts with `prefix`. The first element of `prefix` is the number of bytes
    /// that its other elements pack.
    pub(crate) fn new(builder: &mut Builder, prefix: &[Target]) -> Self {
        let mut state = [builder.zero(); WIDTH];
        state[TRANSCRIPT_LANE] = builder.one();
        let mut transcript = Self { state, absorbed: 0, available: 0 };
        prefix.iter().for_each(|&element| transcript.observe(builder, element));
        transcript
    }

    pub(crate) fn observe(&mut self, builder: &mut Builder, element: Target) {
        self.state[self.absorbed] = element;
        self.absorbed += 1;
        self.available = 0;
        if self.absorbed == RATE {
            self.duplex(builder);
        }
    }

    pub(crate) fn absorb_digest(&mut self, builder: &mut Builder, digest: &DigestTarget) {
        digest.iter().for_each(|&element| self.observe(builder, element));
    }

    pub(crate) fn absorb(&mut self, builder: &mut Builder, values: &[Extension]) {
        values.iter().flat_map(|value| value.0).for_each(|element| self.observe(builder, element));
    }

    /// Draws a challenge outside the base field.
    ///
    /// A draw lies inside the base field with probability `2^-64`. In that case the native
    /// transcript draws again, but the circuit has no proof.
    pub(crate) fn challenge(&mut self, builder: &mut Builder) -> Extension {
        let coefficients = [self.sample(builder), self.sample(builder)];
        // Constrains the coefficient to have an inverse, so it is not zero.
        builder.inverse(coefficients[1]);
        pair(coefficients)
    }

    /// Draws a number of `bits` bits. Returns its bits, least significant first.
    pub(crate) fn index(&mut self, builder: &mut Builder, bits: usize) -> Vec<BoolTarget> {
        let sample = self.sample(builder);
        let mut sampled = canonical_bits(builder, sample);
        sampled.truncate(bits);
        sampled
    }

    /// Absorbs the nonce, and constrains the lowest `bits` bits of the next word to be zero. About
    /// `2^bits` hashes are needed to find such a nonce.
    pub(crate) fn check_grinding(&mut self, builder: &mut Builder, bits: usize, nonce: Target) {
        self.observe(builder, nonce);
        let sample = self.sample(builder);
        if bits > 0 {
            canonical_bits(builder, sample)[..bits]
                .iter()
                .for_each(|bit| builder.assert_zero(bit.target));
        }
    }

    fn sample(&mut self, builder: &mut Builder) -> Target {
        if self.available == 0 {
            self.duplex(builder);
        }
        self.available -= 1;
        self.state[self.available]
    }

    fn duplex(&mut self, builder: &mut Builder) {
        self.state = permute(builder, self.state);
        self.absorbed = 0;
        self.available = RATE;
    }
}

#[cfg(test)]
mod tests {
    use plonky2::field::types::{Field, PrimeField64, Sample};
    use plonky2::iop::witness::PartialWitness;

    use super::*;
    use crate::field::{F, element, to_velum};
    use crate::testing::proves;

    const BITS: usize = 4;

    /// The word that is drawn after a prefix and a nonce.
    fn word(prefix: [u64; 2], nonce: F) -> F {
        let mut state = [F::ZERO; WIDTH].map(to_velum);
        state[TRANSCRIPT_LANE] = to_velum(F::ONE);
        let [count, packed] = prefix.map(F::from_canonical_u64);
        for (lane, value) in state.iter_mut().zip([count, packed, nonce]) {
            *lane = to_velum(value);
        }
        velum_stark::poseidon2::permute(&mut state);
        element(state[RATE - 1])
    }

    fn is_ground(prefix: [u64; 2], nonce: F) -> bool {
        proves(|builder| {
            let prefix = prefix.map(|element| builder.constant(F::from_canonical_u64(element)));
            let mut transcript = Transcript::new(builder, &prefix);
            let nonce = builder.constant(nonce);
            transcript.check_grinding(builder, BITS, nonce);
            PartialWitness::new()
        })
    }

    #[test]
    fn nonces_that_meet_the_condition_are_accepted_alone() {
        let prefix = [3, 0x03_02_01];
        let meets =
            |&nonce: &F| word(prefix, nonce).to_canonical_u64().trailing_zeros() as usize >= BITS;
        let nonces: Vec<_> = (0..200).map(F::from_canonical_u64).collect();
        let (met, not_met): (Vec<_>, Vec<_>) = nonces.iter().partition(|nonce| meets(nonce));
        assert!(met.len() > 2);
        met.iter().take(3).for_each(|&nonce| assert!(is_ground(prefix, nonce)));
        not_met.iter().take(5).for_each(|&nonce| assert!(!is_ground(prefix, nonce)));
    }

    #[test]
    fn indices_are_the_low_bits_of_the_word() {
        let (prefix, nonce) = ([3, 0x09_08_07], F::rand());
        let expected = word(prefix, nonce).to_canonical_u64() & 0xffff;
        let draws = |index: u64| {
            proves(|builder| {
                let prefix = prefix.map(|element| builder.constant(F::from_canonical_u64(element)));
                let mut transcript = Transcript::new(builder, &prefix);
                let nonce = builder.constant(nonce);
                transcript.observe(builder, nonce);
                for (bit, target) in transcript.index(builder, 16).into_iter().enumerate() {
                    let expected = builder.constant(F::from_canonical_u64(index >> bit & 1));
                    builder.connect(target.target, expected);
                }
                PartialWitness::new()
            })
        };
        assert!(draws(expected));
        assert!(!draws(expected ^ 1));
        assert!(!draws(expected ^ 0x8000));
    }

    /// No transcript is known that leads to such a draw, so the test sets the state itself.
    #[test]
    fn a_draw_inside_the_base_field_is_refused() {
        let draws = |second: u64| {
            proves(|builder| {
                let mut state = [builder.one(); WIDTH];
                state[RATE - 2] = builder.constant(F::from_canonical_u64(second));
                Transcript { state, absorbed: 0, available: RATE }.challenge(builder);
                PartialWitness::new()
            })
        };
        assert!(draws(1));
        assert!(!draws(0));
    }
}
