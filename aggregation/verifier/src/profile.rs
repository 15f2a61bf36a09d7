//! The parameters that an aggregate's proofs have.

use plonky2::plonk::circuit_data::CircuitConfig;
use qp_plonky2_core::FriReductionStrategy;

/// How sure an aggregate's proofs are.
///
/// Bits of soundness of each, by part. Queries are counted with 16 bits of grinding, at the rate of 1/8, and of a root at 1/32:
///
/// | | `Standard` | `Proven100` |
/// |---|---|---|
/// | queries, conjectured: 3 bits each, of a root 5 | 28: 100, 17: 101 | 102: 322, 88: 456 |
/// | queries up to the list-decoding radius `1 - sqrt(rate)`: 1.5 bits each, of a root 2.5 | 58, 58.5 | 169, 236 |
/// | queries up to half the distance, `(1 - rate) / 2`: 0.83 bits each, of a root 0.96 | 39, 32 | 100.7, 100.1 |
/// | permutation argument, proven: at most `80 * 2^16` roots in Goldilocks for each of 2 or 3 challenges | 83 | 125 |
///
/// `Proven100` counts up to half the distance, where proximity gaps cost one domain for each of all openings that are batched over the field of 128 bits, at most
/// `2^19 * 300` here: 100.8 bits. List decoding takes fewer queries, but its gaps are not proven to 100 bits over a field of this size.
///
/// The 100 bits of `Standard` are a conjecture about its permutation argument too, of which 83 are proven.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Profile {
    /// 100 bits conjectured, about 58 proven.
    Standard,
    /// 100 bits proven.
    Proven100,
}

impl Profile {
    /// All profiles.
    pub const ALL: [Self; 2] = [Self::Standard, Self::Proven100];

    /// The name in receipts and commands.
    pub const fn short_name(self) -> &'static str {
        match self {
            Self::Standard => "standard",
            Self::Proven100 => "proven-100",
        }
    }

    /// The profile of this name.
    pub fn by_short_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|profile| profile.short_name() == name)
    }

    /// Bits of soundness that are proven of each of its proofs.
    pub const fn proven_bits(self) -> u32 {
        match self {
            Self::Standard => 58,
            Self::Proven100 => 100,
        }
    }

    /// Bits of soundness that each of its proofs is conjectured to have: 3 for each query at rate 1/8, and those of grinding.
    pub const fn conjectured_bits(self) -> u32 {
        match self {
            Self::Standard => 100,
            // As many as the challenge field allows.
            Self::Proven100 => 128,
        }
    }

    /// The name of format and profile, which each proof of an aggregate states.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Standard => "velum aggregate v1 standard",
            Self::Proven100 => "velum aggregate v1 proven-100",
        }
    }

    /// The name padded with zeros.
    pub fn domain(self) -> [u8; 32] {
        let mut domain = [0; 32];
        for (byte, &letter) in domain.iter_mut().zip(self.name().as_bytes()) {
            *byte = letter;
        }
        domain
    }

    /// The parameters of the circuits of leaves, wraps and merges.
    pub fn config(self) -> CircuitConfig {
        let standard = CircuitConfig::standard_recursion_config();
        match self {
            Self::Standard => standard,
            // So many queries are cheaper to verify where the last folding is left out and its polynomial sent.
            Self::Proven100 => {
                let mut config = CircuitConfig { num_challenges: 3, ..standard };
                config.fri_config.num_query_rounds = 102;
                config.fri_config.reduction_strategy =
                    FriReductionStrategy::ConstantArityBits(4, 8);
                config
            }
        }
    }

    /// The parameters of the circuit of the root. Its proof is read by everyone and verified in no circuit, so that it has a lower rate and fewer queries.
    pub fn root_config(self) -> CircuitConfig {
        let mut config = self.config();
        config.fri_config.rate_bits = 5;
        config.fri_config.num_query_rounds = match self {
            Self::Standard => 17,
            Self::Proven100 => 88,
        };
        config
    }

    /// Logarithm of the rows of every wrap.
    pub const fn wrap_degree_bits(self) -> usize {
        match self {
            Self::Standard => 13,
            Self::Proven100 => 14,
        }
    }
}

#[cfg(test)]
mod tests {
    extern crate std;

    use super::*;

    /// The rows and the columns of the largest circuit that has the profile's parameters, and the openings that are batched.
    const LOG_ROWS: f64 = 16.0;
    const ROOT_LOG_ROWS: f64 = 14.0;
    const ROUTED: f64 = 80.0;
    const OPENINGS: f64 = 300.0;

    struct Bits {
        conjectured: f64,
        list: f64,
        unique: f64,
        gaps: f64,
        permutation: f64,
    }

    fn bits(config: &CircuitConfig, log_rows: f64) -> Bits {
        let (queries, grinding) = (
            config.fri_config.num_query_rounds as f64,
            f64::from(config.fri_config.proof_of_work_bits),
        );
        let rate_bits = config.fri_config.rate_bits as f64;
        let half = -((1.0 + config.fri_config.rate()) / 2.0).log2();
        Bits {
            conjectured: queries * rate_bits + grinding,
            list: queries * rate_bits / 2.0 + grinding,
            unique: queries * half + grinding,
            gaps: 128.0 - (log_rows + rate_bits) - OPENINGS.log2(),
            permutation: (64.0 - log_rows - ROUTED.log2()) * config.num_challenges as f64,
        }
    }

    #[test]
    fn profiles_are_as_sure_as_they_say() {
        let circuits = |profile: Profile| {
            [(profile.config(), LOG_ROWS), (profile.root_config(), ROOT_LOG_ROWS)]
        };
        for (config, log_rows) in circuits(Profile::Standard) {
            let bits = bits(&config, log_rows);
            assert!(bits.conjectured >= 100.0 && bits.list >= 58.0 && bits.permutation >= 83.0);
        }
        for (config, log_rows) in circuits(Profile::Proven100) {
            let bits = bits(&config, log_rows);
            assert!(bits.unique >= 100.0 && bits.gaps >= 100.0 && bits.permutation >= 100.0);
        }
    }

    #[test]
    fn names_fit_the_domain() {
        for profile in Profile::ALL {
            assert!(profile.name().is_ascii() && profile.name().ends_with(profile.short_name()));
            assert_eq!(Profile::by_short_name(profile.short_name()), Some(profile));
            assert!(profile.domain().starts_with(profile.name().as_bytes()));
        }
    }
}
