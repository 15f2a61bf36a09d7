//! Proven soundness, computed from the built tables and the configuration that is used, never by hand.
//!
//! The error of a proof is at most the sum of the terms below, in whichever of the two proven regimes (unique decoding, or
//! list decoding up to the Johnson bound with parameter m) makes the sum least. Grinding before a challenge divides the
//! error of that challenge by the work a new try costs. Formulas are those of `p3-security`: eprint 2020/654, 2022/1530,
//! 2024/1553, 2025/2055, 2026/2056.

use p3_air::BaseAir;
use p3_air::symbolic::AirLayout;
use p3_batch_stark::num_batched_openings;
use p3_batch_stark::symbolic::{get_constraint_layout, get_max_constraint_degree};
use p3_lookup::Lookups;
use p3_lookup::logup::LogUpGadget;
use p3_security::fri::{FriRegime, commit_phase_error_ldr_m, commit_phase_error_udr, query_phase_error};
use p3_security::logup::{LogUpAir, fingerprint_error};
use p3_security::proximity::{
    LDR_M_CAP, alpha_ldr_m, alpha_udr, compute_upper_m, list_size_ldr_m, list_size_udr,
};
use p3_security::{ErrorBits, InstanceShape, SecurityAssumption, StarkAirParams, air, deep};
use p3_uni_stark::OpeningShape;

use crate::air::Chip;
use crate::field::{EF, EXTENSION_DEGREE, F};
use crate::oracle::config::RANDOM_CODEWORDS;
use crate::oracle::lower::Lowered;
use crate::oracle::params::Parameters;

/// Bits of the challenge field; its order falls short of the power of two by less than one part in 2^31.
const CHALLENGE_BITS: usize = 64 * EXTENSION_DEGREE;

/// What that shortfall can cost a term, in bits, with room to spare.
const CHALLENGE_SHORTFALL_BITS: f64 = 1e-8;

/// Collision resistance of BLAKE3 with 32 bytes of output, in bits.
const COLLISION_BITS: f64 = 128.0;

/// Opening points of a column: this row and the next.
const OPENING_POINTS: usize = 2;

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

    pub(super) fn of<C: Chip + Clone>(
        parameters: &Parameters,
        airs: &[Lowered<C>],
        lookups: &[Lookups<F>],
        chips: &[C],
    ) -> Self {
        let tables = Tables::of(airs, lookups, chips);
        let list_decoding = 3..=compute_upper_m(1 << tables.log_height, OPENING_POINTS).min(LDR_M_CAP);
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

/// What the error terms depend on, gathered from all tables.
pub(super) struct Tables {
    /// Logarithm of the largest height that FRI sees: blinding doubles each table.
    log_height: usize,
    /// Heights that differ: FRI folds down to each of them.
    heights: usize,
    constraints: usize,
    /// Each table's part in the out-of-domain test.
    deep: Vec<(StarkAirParams, InstanceShape)>,
    /// Columns by opening points, of every commitment.
    pub(super) batched_functions: usize,
    /// Denominators of the lookup argument: interactions times rows.
    denominators: usize,
    widest_tuple: usize,
}

impl Tables {
    pub(super) fn of<C: Chip + Clone>(airs: &[Lowered<C>], lookups: &[Lookups<F>], chips: &[C]) -> Self {
        let mut tables = Self {
            log_height: 0,
            heights: 0,
            constraints: 0,
            deep: Vec::new(),
            batched_functions: 0,
            denominators: 0,
            widest_tuple: 0,
        };
        let mut heights: Vec<_> = chips.iter().map(Chip::height).collect();
        for ((air, lookups), &height) in airs.iter().zip(lookups).zip(&heights) {
            tables.add(air, lookups, height);
        }
        heights.sort_unstable();
        heights.dedup();
        tables.heights = heights.len();
        tables
    }

    fn add<C: Chip + Clone>(&mut self, air: &Lowered<C>, lookups: &Lookups<F>, height: usize) {
        let gadget = LogUpGadget::new();
        let layout = AirLayout::from_air(air);
        let constraints =
            get_constraint_layout::<F, EF, _, _>(air, layout, lookups, &gadget).total_constraints();
        let degree = get_max_constraint_degree::<F, EF, _, _>(air, layout, height, lookups, &gadget);
        // One more for blinding; twice as many chunks, each half as long.
        let chunks = 2 * degree.max(1).next_power_of_two();
        let log_height = height.ilog2() as usize + 1;

        self.log_height = self.log_height.max(log_height);
        self.constraints += constraints;
        self.deep.push((
            StarkAirParams {
                num_constraints: constraints,
                max_constraint_degree: degree,
                num_quotient_chunks: chunks,
                max_combo: OPENING_POINTS,
            },
            shape(log_height),
        ));
        self.batched_functions += num_batched_openings(
            air.width(),
            true,
            air.preprocessed_width(),
            false,
            chunks,
            lookups.len(),
            EXTENSION_DEGREE,
            OpeningShape::hiding(RANDOM_CODEWORDS),
        );
        let tuples = lookups.iter().flat_map(|lookup| &lookup.elements);
        self.denominators += tuples.clone().count() * height;
        self.widest_tuple = self.widest_tuple.max(tuples.map(Vec::len).max().unwrap_or(0));
    }

    fn security(&self, parameters: &Parameters, johnson_m: Option<usize>) -> Security {
        let (log_height, log_blowup) = (self.log_height, parameters.log_blowup);
        let shape = shape(log_height);
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
                alpha_udr(log_height, log_blowup, OPENING_POINTS),
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
        let deep =
            sum_bits(self.deep.iter().map(|(air, shape)| deep::deep_ali_error(air, shape, list_size).bits()));
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

    /// Bits lost because folding happens several times, and because codewords of smaller tables join on the way, which
    /// raises the degree of a round's curve by one.
    fn folding_rounds_bits(&self, parameters: &Parameters) -> f64 {
        let factor = (1_u32 << parameters.max_log_arity) as f64;
        let folded = (self.log_height - parameters.log_final_poly_len.min(self.log_height)) as f64;
        let rounds = (folded / parameters.max_log_arity as f64).ceil() + self.heights as f64;
        rounds.log2() + (factor / (factor - 1.0)).log2()
    }
}

fn shape(log_trace_length: usize) -> InstanceShape {
    InstanceShape {
        log_trace_length,
        modulus_bits: CHALLENGE_BITS,
        collision_resistance: COLLISION_BITS as usize,
        num_batched_functions: 1,
    }
}
