//! Proven soundness, computed from the built tables and the configuration that is used, never by hand.
//!
//! The error of a proof is at most the sum of the terms below, in whichever of the two proven regimes (unique decoding, or
//! list decoding up to the Johnson bound with parameter m) makes the sum least. Grinding before a challenge divides the
//! error of that challenge by the work a new try costs. Formulas are those of `p3-security`: eprint 2020/654, 2022/1530,
//! 2024/1553, 2025/2055, 2026/2056.

use p3_security::fri::{FriRegime, commit_phase_error_ldr_m, commit_phase_error_udr, query_phase_error};
use p3_security::logup::{LogUpAir, fingerprint_error};
use p3_security::proximity::{
    LDR_M_CAP, alpha_ldr_m, alpha_udr, compute_upper_m, list_size_ldr_m, list_size_udr,
};
use p3_security::{ErrorBits, InstanceShape, SecurityAssumption, StarkAirParams, air, deep};

use crate::field::EXTENSION_DEGREE;
use crate::stark::params::Parameters;
use crate::stark::shape::{Group, MAX_DEGREE, Shape};

/// Bits of the challenge field; its order falls short of the power of two by less than one part in 2^31.
const CHALLENGE_BITS: usize = 64 * EXTENSION_DEGREE;

/// What that shortfall can cost a term, in bits, with room to spare.
const CHALLENGE_SHORTFALL_BITS: f64 = 1e-8;

/// Collision resistance of BLAKE3 with 32 bytes of output, in bits.
const COLLISION_BITS: f64 = 128.0;

/// One way for a false proof to be accepted.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SecurityTerm {
    /// What goes wrong.
    pub name: &'static str,
    /// Minus the logarithm of its probability.
    pub bits: f64,
}

/// The soundness error of one proof.
#[derive(Clone, Debug, PartialEq)]
pub struct Security {
    /// The list-decoding parameter m, or none for unique decoding.
    pub johnson_m: Option<usize>,
    /// All error terms.
    pub terms: Vec<SecurityTerm>,
}

impl Security {
    /// Minus the logarithm of the sum of all terms.
    pub fn bits(&self) -> f64 {
        sum_bits(self.terms.iter().map(|term| term.bits))
    }

    /// The term that contributes most.
    pub fn weakest(&self) -> Option<SecurityTerm> {
        self.terms.iter().copied().min_by(|a, b| a.bits.total_cmp(&b.bits))
    }

    /// Proven bits of several proofs that must all hold: the sum of all their errors.
    pub fn together<'a>(proofs: impl IntoIterator<Item = &'a Self>) -> f64 {
        sum_bits(proofs.into_iter().map(Self::bits))
    }

    pub(super) fn of(parameters: &Parameters, shape: &Shape) -> Self {
        let tables = Tables::of(shape);
        let list_decoding = 3..=compute_upper_m(1 << tables.log_height, tables.points).min(LDR_M_CAP);
        let regimes = std::iter::once(None).chain(list_decoding.map(Some));
        let candidates = regimes.map(|johnson_m| tables.security(parameters, johnson_m));
        candidates
            .max_by(|a, b| a.bits().total_cmp(&b.bits()))
            .expect("unique decoding is always a candidate")
    }
}

fn sum_bits(bits: impl Iterator<Item = f64>) -> f64 {
    ErrorBits::sum(&bits.map(ErrorBits::from_log2).collect::<Vec<_>>()).bits()
}

/// What the error terms depend on, gathered from all tables. Lifting makes every polynomial one of the tallest group's degree.
struct Tables {
    /// Logarithm of the greatest height.
    log_height: usize,
    constraints: usize,
    /// All constraints as one: they share a quotient. Every group's zerofier divides `X^N - 1` for the greatest height `N`, so the
    /// degree of the identity that is tested out of domain is as if there were one table of that height.
    air: StarkAirParams,
    /// Columns by opening points, of every commitment, and the mask.
    batched_functions: usize,
    /// Points at which columns are opened.
    points: usize,
    /// Denominators of the lookup argument: interactions times rows.
    denominators: usize,
    widest_tuple: usize,
}

impl Tables {
    fn of(shape: &Shape) -> Self {
        let denominators = |group: &Group| group.interactions.len() * group.height();
        Self {
            log_height: shape.log_height(),
            constraints: shape.constraints,
            air: StarkAirParams {
                num_constraints: shape.constraints,
                max_constraint_degree: MAX_DEGREE,
                // More than there are, where the formula wants a power of two.
                num_quotient_chunks: shape.chunks.next_power_of_two(),
                max_combo: shape.points.len(),
            },
            batched_functions: shape.terms.len() + 1,
            points: shape.points.len(),
            denominators: shape.groups.iter().map(denominators).sum(),
            widest_tuple: shape.widest_tuple,
        }
    }

    fn security(&self, parameters: &Parameters, johnson_m: Option<usize>) -> Security {
        let (log_height, log_blowup) = (self.log_height, parameters.log_blowup);
        let shape = instance(log_height);
        let fri = FriRegime {
            log_blowup,
            num_queries: parameters.queries,
            log_final_poly_len: parameters.log_final_poly_len,
            max_log_arity: parameters.max_log_arity,
            commit_pow_bits: parameters.folding_grinding_bits,
            query_pow_bits: parameters.query_grinding_bits,
        };
        let (list_size, agreement, folding, batching) = match johnson_m {
            None => (
                list_size_udr(),
                alpha_udr(log_height, log_blowup, self.points),
                commit_phase_error_udr(&fri, &shape),
                SecurityAssumption::UniqueDecoding.prox_gaps_error(
                    log_height,
                    log_blowup,
                    CHALLENGE_BITS,
                    self.batched_functions,
                ),
            ),
            Some(m) => (
                list_size_ldr_m(log_blowup, m),
                alpha_ldr_m(log_blowup, m),
                commit_phase_error_ldr_m(&fri, &shape, m),
                SecurityAssumption::prox_gaps_error_jb_at_m(
                    log_height,
                    log_blowup,
                    CHALLENGE_BITS,
                    self.batched_functions,
                    m,
                ),
            ),
        };
        let composition = air::composition_error(self.constraints, list_size, CHALLENGE_BITS).bits();
        let deep = deep::deep_ali_error(&self.air, &shape, list_size).bits();
        let lookups = fingerprint_error(
            &LogUpAir { num_interactions: self.denominators, max_message_width: self.widest_tuple },
            &InstanceShape { log_trace_length: 0, ..shape },
        );
        // The tables are committed before these challenges: one that balances any of the codewords close to them is enough.
        let lookups = lookups.bits() - list_size.log2();
        let folding = folding.map_or(f64::INFINITY, ErrorBits::bits) - self.folding_rounds_bits(parameters);
        let query = query_phase_error(agreement, parameters.queries, parameters.query_grinding_bits);

        let term = |name, bits: f64, grinding: usize| SecurityTerm {
            name,
            bits: bits.max(0.0) + grinding as f64 - CHALLENGE_SHORTFALL_BITS,
        };
        let terms = vec![
            term("lookup challenges", lookups, parameters.lookup_grinding_bits),
            term("constraint challenge", composition, 0),
            term("out-of-domain point", deep, parameters.ood_grinding_bits),
            term("batching challenge", batching, parameters.batch_grinding_bits),
            // Its grinding is in the formula already.
            term("folding challenges", folding, 0),
            SecurityTerm { name: "queries", bits: query.bits() },
            SecurityTerm { name: "hash collision", bits: COLLISION_BITS },
        ];
        Security { johnson_m, terms }
    }

    /// Bits lost because folding happens several times.
    fn folding_rounds_bits(&self, parameters: &Parameters) -> f64 {
        let rounds = parameters.folding(self.log_height).len().max(1) as f64;
        rounds.log2()
    }
}

fn instance(log_trace_length: usize) -> InstanceShape {
    InstanceShape {
        log_trace_length,
        modulus_bits: CHALLENGE_BITS,
        collision_resistance: COLLISION_BITS as usize,
        num_batched_functions: 1,
    }
}
