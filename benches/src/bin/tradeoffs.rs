//! Prints what parameters cost: `docs/decisions/0004-tradeoffs.md` holds its tables.
//!
//! Every row has as many queries as make it safe. Grinding is random, so its mean is shown, and the least time of the rest.

use velum_bench::{Case, SUITE, Statements};
use velum_cli::profile::{Profile, timed};
use velum_core::air::{Chip, Trace};
use velum_core::class::STANDARD;
use velum_core::control::Stage;
use velum_core::proof::{
    ProofKind, credential_chips, credential_traces, presentation_chips, presentation_traces,
};
use velum_core::stark::{Parameters, ProvingKey, VerifierKey};

/// Of each proof, so that both together have 100.
const BITS: f64 = 101.0;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let runs = arguments.next().map_or(Ok(5), |runs| runs.parse())?;
    rayon::ThreadPoolBuilder::new().num_threads(1).build_global()?;
    let statements = Statements::new(SUITE, &Case::new(1, STANDARD)?);

    let chips = credential_chips(&statements.credential)?;
    let traces = credential_traces(&chips, &statements.credential, &statements.credential_witness)?;
    let bound = statements.credential.to_bytes();
    print(&Proof { kind: ProofKind::Credential, chips: &chips, traces: &traces, bound: &bound, runs });

    let chips = presentation_chips(&statements.presentation)?;
    let traces = presentation_traces(&chips, &statements.presentation, &statements.presentation_witness)?;
    let bound = statements.presentation.to_bytes();
    print(&Proof { kind: ProofKind::Presentation, chips: &chips, traces: &traces, bound: &bound, runs });
    Ok(())
}

/// A proof whose parameters vary.
struct Proof<'a, C> {
    kind: ProofKind,
    chips: &'a [C],
    traces: &'a [Trace],
    bound: &'a [u8],
    runs: usize,
}

fn print<C: Chip>(proof: &Proof<'_, C>) {
    println!("\n## {}\n", proof.kind.name());
    println!(
        "| rate | queries | grinding: lookups, point, batch, folding, queries | folding by | final length | bits | weakest \
         | at most bytes | proving ms, least | grinding ms, mean | verifying ms, least |"
    );
    println!("|---|---|---|---|---|---|---|---|---|---|---|");
    let mut done = Vec::new();
    for wanted in candidates(Parameters::of(SUITE, proof.kind)) {
        let Some(parameters) = proof.with_queries(wanted) else {
            println!("| 1/{} | more than blinding rows allow |", 1 << wanted.log_blowup);
            continue;
        };
        if !done.contains(&parameters) {
            println!("{}", proof.row(parameters));
            done.push(parameters);
        }
    }
}

/// The parameters in use, then others that differ in one thing each.
fn candidates(base: Parameters) -> Vec<Parameters> {
    let mut all = vec![base];
    for log_blowup in 2..=5 {
        let rate = Parameters { log_blowup, ..base };
        all.push(rate);
        for bits in [12, 20] {
            all.push(Parameters { batch_grinding_bits: bits, folding_grinding_bits: bits, ..rate });
        }
        all.extend([14, 16, 20, 22].map(|query_grinding_bits| Parameters { query_grinding_bits, ..rate }));
    }
    all.extend((1..=4).map(|max_log_arity| Parameters { max_log_arity, ..base }));
    all.extend((3..=7).map(|log_final_poly_len| Parameters { log_final_poly_len, ..base }));
    all
}

impl<C: Chip> Proof<'_, C> {
    fn key(&self, parameters: Parameters) -> VerifierKey {
        VerifierKey::new(SUITE, parameters, self.chips)
    }

    /// The same with as few queries as are safe, if that many can be hidden.
    fn with_queries(&self, parameters: Parameters) -> Option<Parameters> {
        let used = Parameters::of(SUITE, self.kind);
        let margin = used.blinding_rows - used.queries;
        let with = |queries| Parameters { queries, blinding_rows: queries + margin, ..parameters };
        let is_safe = |queries| self.key(with(queries)).security().bits() >= BITS;
        let (mut low, mut high) = (1, velum_core::air::RESERVED_ROWS - margin);
        if !is_safe(high) {
            return None;
        }
        while low < high {
            let middle = low.midpoint(high);
            if is_safe(middle) { high = middle } else { low = middle + 1 }
        }
        Some(with(low))
    }

    fn row(&self, parameters: Parameters) -> String {
        let key = ProvingKey::new(SUITE, parameters, self.chips);
        let security = key.verifier().security();
        let Parameters { log_blowup, queries, max_log_arity, log_final_poly_len, .. } = parameters;
        let grinding = [
            parameters.lookup_grinding_bits,
            parameters.ood_grinding_bits,
            parameters.batch_grinding_bits,
            parameters.folding_grinding_bits,
            parameters.query_grinding_bits,
        ];
        let [proving, grinding_ms, verifying] = self.measure(&key);
        format!(
            "| 1/{} | {queries} | {} | {} | {} | {:.1} | {} | {} | {proving:.1} | {grinding_ms:.1} | {verifying:.1} |",
            1 << log_blowup,
            grinding.map(|bits| bits.to_string()).join(", "),
            1 << max_log_arity,
            1 << log_final_poly_len,
            security.bits(),
            security.weakest().map_or("", |term| term.name),
            key.verifier().max_proof_bytes(),
        )
    }

    /// Milliseconds of proving without grinding, of grinding, of verifying; tables are filled already.
    fn measure(&self, key: &ProvingKey) -> [f64; 3] {
        let (mut proving, mut grinding, mut verifying) = (f64::INFINITY, 0.0, f64::INFINITY);
        for _ in 0..self.runs {
            let (proof, profile) =
                Profile::of(|_| {}, |control| key.prove(self.chips, self.traces, self.bound, &control));
            let proof = proof.expect("nothing cancels, and the system has randomness");
            let ground = profile.ms(Stage::Grinding);
            proving = proving.min(profile.total_ms - ground);
            grinding += ground / self.runs as f64;
            let (verified, ms) = timed(|| key.verifier().verify(self.chips, self.bound, &proof));
            verified.expect("the tables satisfy the chips");
            verifying = verifying.min(ms);
        }
        [proving, grinding, verifying]
    }
}
