//! Prints the cost of parameters around those of a suite: `tradeoffs [RUNS] [SUITE]`.
//! `docs/decisions/0004-tradeoffs.md` and `0015-compact.md` hold its tables.
//!
//! Every cell has as many queries as it needs to be safe. Times are the least of several runs on
//! one thread. They leave out grinding, which is random. Its mean is printed separately.

use velum_bench::{Case, SUITE, Statements, without_grinding};
use velum_core::class::STANDARD;
use velum_core::proof::{
    ProofKind, credential_chips, credential_traces, presentation_chips, presentation_traces,
};
use velum_core::suite::Suite;
use velum_stark::air::{Chip, RESERVED_ROWS, Trace};
use velum_stark::control::Stage;
use velum_stark::{Parameters, ProvingKey, VerifierKey};
use velum_wallet::measure::{Profile, timed};

/// Number of bits whose grinding is timed.
const GROUND: usize = 20;

/// Proven bits of each proof, so that both proofs together have 100.
const BITS: f64 = 101.0;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let runs = arguments.next().map_or(Ok(5), |runs| runs.parse())?;
    let suite = match arguments.next() {
        Some(name) => Suite::by_name(&name)
            .ok_or("there is no such suite; use direct, compact or aggregatable")?,
        None => SUITE,
    };
    rayon::ThreadPoolBuilder::new().num_threads(1).build_global()?;
    let statements = Statements::new(suite, &Case::new(1, STANDARD)?);

    let chips = credential_chips(&statements.credential)?;
    let traces = credential_traces(&chips, &statements.credential, &statements.credential_witness)?;
    let bound = statements.credential.to_bytes();
    print(&Proof {
        suite,
        kind: ProofKind::Credential,
        chips: &chips,
        traces: &traces,
        bound: &bound,
        runs,
    });

    let chips = presentation_chips(&statements.presentation)?;
    let traces =
        presentation_traces(&chips, &statements.presentation, &statements.presentation_witness)?;
    let bound = statements.presentation.to_bytes();
    let presentation = Proof {
        suite,
        kind: ProofKind::Presentation,
        chips: &chips,
        traces: &traces,
        bound: &bound,
        runs,
    };
    print(&presentation);
    println!(
        "\nGrinding {GROUND} bits takes {:.1} ms on average.",
        presentation.grinding_ms(GROUND)
    );
    Ok(())
}

/// A proof whose parameters vary.
struct Proof<'a, C> {
    suite: Suite,
    kind: ProofKind,
    chips: &'a [C],
    traces: &'a [Trace],
    bound: &'a [u8],
    runs: usize,
}

/// Numbers of bits of grinding before the queries.
const QUERY_GRINDING: [usize; 5] = [14, 16, 18, 20, 22];

/// Numbers of bits of grinding before the batching challenge and each folding challenge.
const FOLDING_GRINDING: [usize; 3] = [12, 16, 20];

const LOG_BLOWUPS: [usize; 4] = [2, 3, 4, 5];
const LOG_ARITIES: [usize; 4] = [1, 2, 3, 4];
const LOG_FINAL_LENGTHS: [usize; 7] = [3, 4, 5, 6, 7, 8, 9];

fn print<C: Chip>(proof: &Proof<'_, C>) {
    let base = proof.suite.parameters(proof.kind, &STANDARD);
    println!("\n## {}\n", proof.kind.name());
    println!("In use: {base:?}\n");

    let columns = QUERY_GRINDING.map(|bits| format!("{bits} bits before the queries"));
    let others = FOLDING_GRINDING.map(|bits| format!("{bits} before batching and folding"));
    heading("rate", columns.into_iter().chain(others));
    for log_blowup in LOG_BLOWUPS {
        let rate = Parameters { log_blowup, ..base };
        let queries =
            QUERY_GRINDING.map(|query_grinding_bits| Parameters { query_grinding_bits, ..rate });
        let folding = FOLDING_GRINDING.map(|bits| Parameters {
            batch_grinding_bits: bits,
            folding_grinding_bits: bits,
            ..rate
        });
        row(
            format!("1/{}", 1 << log_blowup),
            queries.into_iter().chain(folding).map(|wanted| proof.size(wanted)),
        );
    }

    println!();
    heading("folding by", LOG_FINAL_LENGTHS.map(|log| format!("final length {}", 1 << log)));
    for max_log_arity in LOG_ARITIES {
        let sizes = LOG_FINAL_LENGTHS.map(|log_final_poly_len| {
            proof.size(Parameters { max_log_arity, log_final_poly_len, ..base })
        });
        row((1 << max_log_arity).to_string(), sizes);
    }

    println!();
    heading("", ["proving, ms", "verifying, ms"].map(str::to_owned));
    let rates = LOG_BLOWUPS.map(|log_blowup| {
        (format!("rate 1/{}", 1 << log_blowup), Parameters { log_blowup, ..base })
    });
    let arities = LOG_ARITIES.map(|max_log_arity| {
        (format!("folding by {}", 1 << max_log_arity), Parameters { max_log_arity, ..base })
    });
    for (name, wanted) in rates.into_iter().chain(arities) {
        let times = proof.safe(wanted).map(|parameters| proof.times(parameters));
        row(name, times.unwrap_or([f64::NAN; 2]).map(|ms| format!("{ms:.1}")));
    }
}

fn heading(first: &str, others: impl IntoIterator<Item = String>) {
    let others: Vec<_> = others.into_iter().collect();
    println!("| {first} | {} |\n|---|{}", others.join(" | "), "---|".repeat(others.len()));
}

fn row(first: String, others: impl IntoIterator<Item = String>) {
    println!("| {first} | {} |", others.into_iter().collect::<Vec<_>>().join(" | "));
}

impl<C: Chip> Proof<'_, C> {
    fn key(&self, parameters: Parameters) -> VerifierKey {
        VerifierKey::new(self.suite.name(), parameters, self.chips)
    }

    /// The same parameters with the fewest queries that are safe. `None` if that many queries
    /// cannot be hidden.
    fn safe(&self, parameters: Parameters) -> Option<Parameters> {
        let used = self.suite.parameters(self.kind, &STANDARD);
        let margin = used.blinding_rows - used.queries;
        let with = |queries| Parameters { queries, blinding_rows: queries + margin, ..parameters };
        let is_safe = |queries| {
            self.key(with(queries)).security().iter().all(|security| security.bits() >= BITS)
        };
        let (mut low, mut high) = (1, RESERVED_ROWS - margin);
        if !is_safe(high) {
            return None;
        }
        while low < high {
            let middle = low.midpoint(high);
            if is_safe(middle) { high = middle } else { low = middle + 1 }
        }
        Some(with(low))
    }

    /// The number of queries, and the length of the longest proof.
    fn size(&self, wanted: Parameters) -> String {
        let size = |parameters: Parameters| {
            let bytes = self.key(parameters).max_proof_bytes();
            format!("{}: {:.1} kB", parameters.queries, bytes as f64 / 1_000.0)
        };
        self.safe(wanted).map_or("too many queries to hide".to_owned(), size)
    }

    /// The least milliseconds of proving without grinding, and of verifying. The tables are already
    /// filled.
    fn times(&self, parameters: Parameters) -> [f64; 2] {
        let key = ProvingKey::new(self.suite.name(), parameters, self.chips);
        let (mut proving, mut verifying) = (f64::INFINITY, f64::INFINITY);
        for _ in 0..self.runs {
            let (proof, profile) = self.prove(&key);
            proving = proving.min(profile.total_ms - profile.ms(Stage::Grinding));
            let (verified, ms) = timed(|| key.verifier().verify(self.chips, self.bound, &proof));
            verified.expect("the tables satisfy the chips");
            verifying = verifying.min(ms);
        }
        [proving, verifying]
    }

    /// The mean milliseconds of grinding this many bits once.
    fn grinding_ms(&self, bits: usize) -> f64 {
        let parameters = Parameters {
            query_grinding_bits: bits,
            ..without_grinding(self.suite, self.kind, &STANDARD)
        };
        let key = ProvingKey::new(self.suite.name(), parameters, self.chips);
        let tries = 4 * self.runs;
        (0..tries).map(|_| self.prove(&key).1.ms(Stage::Grinding)).sum::<f64>() / tries as f64
    }

    fn prove(&self, key: &ProvingKey) -> (Vec<u8>, Profile) {
        let traces = self.traces.to_vec();
        let (proof, profile) =
            Profile::of(|_| {}, |control| key.prove(self.chips, traces, self.bound, &control));
        (proof.expect("nothing cancels, and the system has randomness"), profile)
    }
}
