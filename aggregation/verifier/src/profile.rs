//! The parameters of an aggregate's proofs.

use plonky2::plonk::circuit_data::CircuitConfig;
use qp_plonky2_core::FriReductionStrategy;

/// The soundness of an aggregate's proofs.
///
/// The table shows the bits of soundness of each proof, by part. Where a cell has two values, the
/// first is that of leaves, wraps and merges at the rate 1/8, and the second that of the root at
/// the rate 1/32. The bits of queries include 16 bits of grinding.
///
/// | | `Standard` | `Proven100` |
/// |---|---|---|
/// | queries, conjectured | 28: 100, 17: 101 | 102: 322, 88: 456 |
/// | queries, list decoding | 58, 58.5 | 169, 236 |
/// | queries, unique decoding | 39, 32 | 100.7, 100.1 |
/// | permutation argument, proven | 83 | 125 |
///
/// * The first row has the number of queries before each colon. Each query counts 3 bits, or 5 bits
///   in a root.
/// * List decoding counts up to the radius `1 - sqrt(rate)`. Each query counts 1.5 bits, or 2.5
///   bits in a root.
/// * Unique decoding counts up to half the distance, `(1 - rate) / 2`. Each query counts 0.83 bits,
///   or 0.96 bits in a root.
/// * The permutation argument has at most `80 * 2^16` roots in Goldilocks for each challenge.
///   `Standard` has 2 challenges and `Proven100` has 3.
///
/// `Proven100` counts up to half the distance. In this range, proximity gaps cost the size of one
/// domain for each opening that is batched, over the field of 128 bits. All openings together cost
/// at most `2^19 * 300` here, which leaves 100.7 bits. So each kind of error has a probability below
/// `2^-100`. The sum of all kinds is at most `2^-99.7` for leaves, wraps and merges, and `2^-99.3`
/// for the root. List decoding would need fewer queries, but
/// over a field of this size its gaps are not proven to 100 bits.
///
/// The 100 bits of `Standard` are a conjecture about its permutation argument too, of which 83 bits
/// are proven.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Profile {
    /// About 58 bits proven, 100 bits conjectured.
    Standard,
    /// 100 bits proven against each kind of error.
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

    /// The profile with this name.
    pub fn by_short_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|profile| profile.short_name() == name)
    }

    /// The proven bits of soundness of each proof of the profile.
    pub const fn proven_bits(self) -> u32 {
        match self {
            Self::Standard => 58,
            Self::Proven100 => 100,
        }
    }

    /// The conjectured bits of soundness of each proof of the profile: 3 bits for each query at the
    /// rate 1/8, plus the bits of grinding.
    pub const fn conjectured_bits(self) -> u32 {
        match self {
            Self::Standard => 100,
            // The challenge field does not allow more.
            Self::Proven100 => 128,
        }
    }

    /// The name of format and profile, which every proof of an aggregate states.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Standard => "velum aggregate v1 standard",
            Self::Proven100 => "velum aggregate v1 proven-100",
        }
    }

    /// The name, padded with zeros.
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
            // With so many queries, verification is cheaper if the last folding is left out and the
            // polynomial before it is sent.
            Self::Proven100 => {
                let mut config = CircuitConfig { num_challenges: 3, ..standard };
                config.fri_config.num_query_rounds = 102;
                config.fri_config.reduction_strategy =
                    FriReductionStrategy::ConstantArityBits(4, 8);
                config
            }
        }
    }

    /// The parameters of the root's circuit. Everyone reads its proof and no circuit verifies it,
    /// so it has a lower rate and fewer queries.
    pub fn root_config(self) -> CircuitConfig {
        let mut config = self.config();
        config.fri_config.rate_bits = 5;
        config.fri_config.num_query_rounds = match self {
            Self::Standard => 17,
            Self::Proven100 => 88,
        };
        config
    }

    /// Binary logarithm of the number of rows of every wrap.
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

    /// The largest circuits that have the profile's parameters: binary logarithms of the number of
    /// rows, for the root separately, the number of routed columns, and the number of openings that
    /// are batched.
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
            let kinds = [bits.unique, bits.gaps, bits.permutation];
            assert!(kinds.iter().all(|bits| *bits >= 100.0));
            let sum: f64 = kinds.iter().map(|bits| (-bits).exp2()).sum();
            assert!(-sum.log2() >= 99.3);
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
