//! The verifier key of an aggregate's root, together with the allow-list that is pinned with it.

use alloc::vec::Vec;
use core::ops::RangeInclusive;

use plonky2::plonk::circuit_data::VerifierCircuitData;

use crate::digest::{Digest, digest_from_bytes, digest_to_bytes};
use crate::error::KeyError;
use crate::gates::RootGates;
use crate::node::ROOT_ELEMENTS;
use crate::profile::Profile;
use crate::{C, D, F};

/// Number of bytes of a digest.
const DIGEST: usize = 32;

/// The binary logarithms of the row counts that a root's circuit may have. FRI parameters are not
/// computed for any others.
const DEGREE_BITS: RangeInclusive<usize> = 8..=20;

/// What a verifier pins: the circuit of the root, and the circuits that may be below it.
///
/// The key must come from the same source as the verifier itself, never from the source of an
/// aggregate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RootKey {
    profile: Profile,
    pub(crate) circuit: VerifierCircuitData<F, C, D>,
    pub(crate) list: Digest,
}

impl RootKey {
    /// The key of a root's circuit, in plonky2's encoding, and of the allow-list with the root
    /// `list`.
    ///
    /// # Errors
    /// Returns [`KeyError`] if the circuit is not a root of the profile.
    pub fn new(profile: Profile, circuit: &[u8], list: Digest) -> Result<Self, KeyError> {
        let circuit = VerifierCircuitData::from_bytes(circuit.to_vec(), &RootGates)
            .map_err(|_| KeyError::Malformed)?;
        let common = &circuit.common;
        // FRI parameters are computed from the profile's own configuration. Any other might make the
        // computation overflow.
        let config = profile.root_config();
        if common.config != config || !DEGREE_BITS.contains(&common.degree_bits()) {
            return Err(KeyError::Profile);
        }
        let params = config.fri_config.fri_params(common.degree_bits(), false);
        if common.fri_params != params || common.num_lookup_polys != 0 {
            return Err(KeyError::Profile);
        }
        if common.num_public_inputs != ROOT_ELEMENTS {
            return Err(KeyError::PublicInputs {
                expected: ROOT_ELEMENTS,
                given: common.num_public_inputs,
            });
        }
        Ok(Self { profile, circuit, list })
    }

    /// The key of a profile that is compiled into this crate.
    pub fn pinned(profile: Profile) -> Self {
        let bytes: &[u8] = match profile {
            Profile::Standard => include_bytes!("../keys/standard.root"),
            Profile::Proven100 => include_bytes!("../keys/proven-100.root"),
        };
        Self::from_bytes(profile, bytes).expect("the compiled-in key is valid")
    }

    /// The profile that the key is for.
    pub const fn profile(&self) -> Profile {
        self.profile
    }

    /// The root of the allow-list.
    pub const fn list(&self) -> Digest {
        self.list
    }

    /// The encoded key: the circuit, then the root of the allow-list.
    pub fn to_bytes(&self) -> Vec<u8> {
        // Writing only fails for a circuit with gates of other kinds, and such a circuit cannot be
        // read in the first place.
        let mut bytes = self.circuit.to_bytes(&RootGates).unwrap_or_default();
        bytes.extend(digest_to_bytes(self.list));
        bytes
    }

    /// The key that these bytes encode. The bytes must come from the same source as the verifier:
    /// plonky2 allocates whatever the lengths in them ask for.
    ///
    /// # Errors
    /// Returns [`KeyError`] if the bytes do not encode a key of this profile.
    pub fn from_bytes(profile: Profile, bytes: &[u8]) -> Result<Self, KeyError> {
        let (circuit, list) = bytes.split_last_chunk::<DIGEST>().ok_or(KeyError::Malformed)?;
        let list = digest_from_bytes(list).map_err(KeyError::List)?;
        let key = Self::new(profile, circuit, list)?;
        if key.to_bytes() != bytes {
            return Err(KeyError::Malformed);
        }
        Ok(key)
    }
}

#[cfg(test)]
mod tests {
    use qp_plonky2_core::FriReductionStrategy;

    use super::*;

    #[test]
    fn a_key_with_another_configuration_is_refused_before_it_is_computed_with() {
        for profile in Profile::ALL {
            let mut key = RootKey::pinned(profile);
            let fri = &mut key.circuit.common.config.fri_config;
            // More bits in a step than there are rows, from which the number of steps underflows.
            fri.reduction_strategy = FriReductionStrategy::ConstantArityBits(64, 0);
            let read = RootKey::from_bytes(profile, &key.to_bytes());
            assert_eq!(read.unwrap_err(), KeyError::Profile);
        }
    }
}
