//! Proven soundness, computed from the built tables and the configuration in use, never by hand.
//!
//! The error of a proof is at most the sum of the terms below. It holds up to the Johnson bound,
//! with the parameter `m` that makes the sum least. Grinding before a challenge divides the error
//! of that challenge by the work that a new try costs.
//!
//! Batching and folding use lines only: a challenge combines two words (of an interleaved code) as
//! `f + z g`, and the next challenge continues from the result. The two theorems that count
//! exceptional challenges are therefore used as they are stated, without an extension to curves:
//! see [`LineTheorem`]. `docs/proof-system.md` has the argument.

use p3_security::logup::{LogUpAir, fingerprint_error};
use p3_security::{ErrorBits, InstanceShape, SecurityAssumption, StarkAirParams, air, deep};

use crate::air::MAX_DEGREE;
use crate::field::EXTENSION_DEGREE;
use crate::params::Parameters;
use crate::shape::{Group, Shape};

/// Bits of the challenge field. Its order falls short of the power of two by less than one part in
/// 2^31.
const CHALLENGE_BITS: usize = 64 * EXTENSION_DEGREE;

/// An upper bound, with room to spare, on what that shortfall can cost a term, in bits.
const CHALLENGE_SHORTFALL_BITS: f64 = 1e-8;

/// The largest parameter `m` that is tried.
const MAX_M: usize = 200;

/// A theorem that bounds how many challenges `z` are exceptional for a line `f + z g` of words. A
/// challenge is exceptional if `f + z g` agrees with a codeword on some large set on which `f` and
/// `g` do not both agree with codewords (mutual correlated agreement).
///
/// The codes are those of polynomials of fewer than `k` coefficients on `n` points, with
/// `rho = k / n`. Neither bound depends on the field, so each holds for interleaved words too:
/// these are words over an extension of the field from which challenges are drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum LineTheorem {
    /// Dao, Kominers, Thaler, eprint 2026/2056, Theorem 5.12 with Appendix B: at most
    /// `8 n (m + 1/2)^3 / (3 (k - 1) / n)` exceptional challenges, where words agree on a share of
    /// `(1 + 1 / 2m) sqrt(rho)` or more and `m >= 3`. This is a recent preprint.
    Eprint2026_2056,
    /// Ben-Sasson, Carmon, Haböck, Kopparty, Saraf, eprint 2025/2055, Theorem 4.6 for curves of
    /// degree 1: at most
    /// `(2 (m + 1/2)^5 + 3 (m + 1/2) gamma r) n / (3 r^(3/2)) + (m + 1/2) / sqrt(r)` exceptional
    /// challenges with `r = (k - 1) / n`, where words agree on a share of
    /// `1 - gamma = (1 + 1 / m) sqrt(rho)` or more and `m >= 3`.
    ///
    /// Theorem 1.5 has half the distance from `sqrt(rho)`, but it says nothing about a given set of
    /// agreement, which folding needs.
    Eprint2025_2055,
}

impl LineTheorem {
    /// Both theorems.
    pub const ALL: [Self; 2] = [Self::Eprint2026_2056, Self::Eprint2025_2055];

    /// The theorem's name in machine-readable output.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Eprint2026_2056 => "eprint_2026_2056",
            Self::Eprint2025_2055 => "eprint_2025_2055",
        }
    }

    /// The paper and the theorem's number in it.
    pub const fn citation(self) -> &'static str {
        match self {
            Self::Eprint2026_2056 => "eprint 2026/2056, Theorem 5.12",
            Self::Eprint2025_2055 => "eprint 2025/2055, Theorem 4.6",
        }
    }

    /// The share of points on which words agree with codewords of rate `2^-log_blowup`.
    fn agreement(self, log_blowup: usize, m: usize) -> f64 {
        let distance = match self {
            Self::Eprint2026_2056 => 0.5 / m as f64,
            Self::Eprint2025_2055 => 1.0 / m as f64,
        };
        (1.0 + distance) * rate(log_blowup).sqrt()
    }

    /// The number of exceptional challenges of a line of words on `2^(log_degree + log_blowup)`
    /// points.
    fn exceptional(self, log_degree: usize, log_blowup: usize, m: usize) -> f64 {
        match self {
            Self::Eprint2026_2056 => {
                let line = 2;
                let bits = SecurityAssumption::prox_gaps_error_jb_at_m(
                    log_degree,
                    log_blowup,
                    CHALLENGE_BITS,
                    line,
                    m,
                );
                (CHALLENGE_BITS as f64 - bits).exp2()
            }
            Self::Eprint2025_2055 => {
                let points = ((log_degree + log_blowup) as f64).exp2();
                let rate = ((log_degree as f64).exp2() - 1.0) / points;
                let gamma = 1.0 - self.agreement(log_blowup, m);
                let m = m as f64 + 0.5;
                let linear =
                    (2.0 * m.powi(5) + 3.0 * m * gamma * rate) * points / (3.0 * rate.powf(1.5));
                linear + m / rate.sqrt()
            }
        }
    }
}

/// One way in which a false proof can be accepted.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SecurityTerm {
    /// The name of the step that fails.
    pub name: &'static str,
    /// Minus the binary logarithm of the probability.
    pub bits: f64,
}

/// The soundness error of one proof, by one theorem.
#[derive(Clone, Debug, PartialEq)]
pub struct Security {
    /// The theorem on which batching and folding rest.
    pub theorem: LineTheorem,
    /// The theorem's parameter.
    pub m: usize,
    /// All error terms.
    pub terms: Vec<SecurityTerm>,
}

impl Security {
    /// Minus the binary logarithm of the sum of all terms.
    pub fn bits(&self) -> f64 {
        sum_bits(self.terms.iter().map(|term| term.bits))
    }

    /// The term that contributes most.
    pub fn weakest(&self) -> Option<SecurityTerm> {
        self.terms.iter().copied().min_by(|a, b| a.bits.total_cmp(&b.bits))
    }

    pub(crate) fn of(theorem: LineTheorem, parameters: &Parameters, shape: &Shape) -> Self {
        let tables = Tables::of(shape);
        (3..=MAX_M)
            .map(|m| tables.security(theorem, parameters, m))
            .max_by(|a, b| a.bits().total_cmp(&b.bits()))
            .expect("there is a parameter")
    }
}

/// Minus the binary logarithm of the sum of errors, each of which is given by minus its binary
/// logarithm.
pub fn sum_bits(bits: impl Iterator<Item = f64>) -> f64 {
    ErrorBits::sum(&bits.map(ErrorBits::from_log2).collect::<Vec<_>>()).bits()
}

fn rate(log_blowup: usize) -> f64 {
    (-(log_blowup as f64)).exp2()
}

/// The largest number of interleaved polynomials of degree at most `k` that agree with one word on
/// a share `agreement` of `k / rate` points. Two of them agree on at most `k` points, so the
/// Johnson bound holds over every alphabet.
fn list_size(agreement: f64, rate: f64) -> f64 {
    (agreement - rate) / (agreement * agreement - rate)
}

/// What the error terms depend on, collected from all tables. Lifting gives every polynomial the
/// degree bound of the tallest group.
struct Tables {
    /// Binary logarithm of the greatest height.
    log_height: usize,
    constraints: usize,
    /// All constraints together, since they share a quotient. Every group's zerofier divides
    /// `X^N - 1` for the greatest height `N`. The degree of the identity that is tested out of
    /// domain is therefore the same as for one table of that height.
    air: StarkAirParams,
    /// Number of challenges that combine all terms and the mask, each along lines.
    batching_challenges: usize,
    /// Number of denominators of the lookup argument: interactions times rows.
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
                // This is at least the number of chunks. The formula requires a power of two.
                num_quotient_chunks: shape.chunks.next_power_of_two(),
                max_combo: shape.points.len(),
            },
            batching_challenges: shape.batching_challenges(),
            denominators: shape.groups.iter().map(denominators).sum(),
            widest_tuple: shape.widest_tuple,
        }
    }

    fn security(&self, theorem: LineTheorem, parameters: &Parameters, m: usize) -> Security {
        let (log_height, log_blowup) = (self.log_height, parameters.log_blowup);
        let agreement = theorem.agreement(log_blowup, m);
        // At low rates, a small parameter asks for agreement everywhere. The theorem then gives no
        // bound.
        let list_size =
            if agreement < 1.0 { list_size(agreement, rate(log_blowup)) } else { f64::INFINITY };
        let lines = |exceptional: f64| CHALLENGE_BITS as f64 - exceptional.log2();

        // The tables are committed to before these challenges. A false proof succeeds if one of the
        // codewords close to the tables balances.
        let lookups = fingerprint_error(
            &LogUpAir { num_interactions: self.denominators, max_message_width: self.widest_tuple },
            &instance(0, parameters),
        );
        let composition = air::composition_error(self.constraints, list_size, CHALLENGE_BITS);
        // The pairs are of a codeword of the tables and a codeword of the quotient.
        let deep = deep::deep_ali_error(
            &self.air,
            &instance(log_height, parameters),
            list_size * list_size,
        );
        let line = |log_degree| theorem.exceptional(log_degree, log_blowup, m);
        let batching = self.batching_challenges as f64 * line(log_height);
        // Each fold is a line of words on half as many points.
        let folds: usize = parameters.folding(log_height).iter().sum();
        let folding: f64 = (1..=folds).map(|fold| line(log_height - fold)).sum();
        let queries = -(parameters.queries as f64) * agreement.log2();

        let term = |name, bits: f64, grinding: usize| SecurityTerm {
            name,
            bits: bits.max(0.0) + grinding as f64,
        };
        let challenge =
            |name, bits: f64, grinding| term(name, bits - CHALLENGE_SHORTFALL_BITS, grinding);
        let terms = vec![
            challenge(
                "lookup challenges",
                lookups.bits() - list_size.log2(),
                parameters.lookup_grinding_bits,
            ),
            challenge("constraint challenge", composition.bits(), 0),
            challenge("out-of-domain point", deep.bits(), parameters.ood_grinding_bits),
            challenge("batching challenges", lines(batching), parameters.batch_grinding_bits),
            challenge("folding challenges", lines(folding), parameters.folding_grinding_bits),
            term("queries", queries, parameters.query_grinding_bits),
            term("collision in a tree or transcript", parameters.hash.collision_bits() as f64, 0),
        ];
        Security { theorem, m, terms }
    }
}

fn instance(log_trace_length: usize, parameters: &Parameters) -> InstanceShape {
    InstanceShape {
        log_trace_length,
        modulus_bits: CHALLENGE_BITS,
        collision_resistance: parameters.hash.collision_bits(),
        num_batched_functions: 1,
    }
}
