//! Measures whole proofs of one case in one process and prints a JSON object. `./x report` combines
//! several of these objects.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use lexopt::prelude::*;
use serde_json::{Map, Value, json};
use velum_bench::{Case, SUITE, Statements, median, minimum, without_grinding};
use velum_core::class::{STANDARD, SizeClass};
use velum_core::proof::{
    ProofKind, credential_chips, credential_traces, presentation_chips, presentation_traces,
};
use velum_core::suite::Suite;
use velum_credentials::{Memory, Prepared, Prover, Verifier};
use velum_stark::ProvingKey;
use velum_stark::control::{CancelToken, Control, Stage};
use velum_wallet::measure::{Profile, Simd, member, peak_rss_bytes, rounded, timed};

const USAGE: &str = "\
Usage: measure COMMAND [OPTIONS]

Commands:
  proofs [--runs N] [--out F]
      prepare, present and verify N times, and make the keys once; write a presentation to F
  first-verify --in F
      verify the presentation in F as the first work of the process
  peak --kind credential --out F
      prepare once, write the prepared proof to F, and print the peak of memory
  peak --kind presentation --in F
      present once with the prepared proof in F, and print the peak of memory
  cancelling [--runs N]
      cancel N credential proofs, at moments spread over all of their work, and print how long each
      continues
  count --kind credential|presentation --runs N
      make N proofs without grinding, for a tool that counts instructions

Options of all commands:
  [--predicates N] [--class standard|large|extra] [--suite S] [--threads N]
Options of `proofs`, `peak` and `cancelling`:
  [--memory normal|low]";

struct Options {
    command: String,
    runs: usize,
    predicates: usize,
    class: SizeClass,
    suite: Suite,
    memory: Memory,
    threads: usize,
    kind: ProofKind,
    file: Option<PathBuf>,
}

type Failure = Box<dyn std::error::Error>;

fn main() -> Result<(), Failure> {
    let options =
        parse(std::env::args_os().skip(1)).map_err(|error| format!("{error}\n{USAGE}"))?;
    // WebAssembly has no threads for a pool.
    if cfg!(not(target_family = "wasm")) {
        rayon::ThreadPoolBuilder::new().num_threads(options.threads).build_global()?;
    }
    let case = Case::new(options.predicates, options.class)?;
    let report = match options.command.as_str() {
        "proofs" => proofs(&case, &options)?,
        "first-verify" => first_verify(&case, &options)?,
        "peak" => peak(&case, &options)?,
        "cancelling" => cancelling(&case, &options)?,
        "count" => count(&case, &options)?,
        other => return Err(format!("there is no command {other:?}\n{USAGE}").into()),
    };
    println!("{report}");
    Ok(())
}

fn parse(arguments: impl IntoIterator<Item = OsString>) -> Result<Options, lexopt::Error> {
    let mut parser = lexopt::Parser::from_args(arguments);
    let mut options = Options {
        command: String::new(),
        runs: 10,
        predicates: 1,
        class: STANDARD,
        suite: SUITE,
        memory: Memory::Normal,
        threads: 1,
        kind: ProofKind::Presentation,
        file: None,
    };
    while let Some(argument) = parser.next()? {
        match argument {
            Long("runs") => options.runs = parser.value()?.parse()?,
            Long("predicates") => options.predicates = parser.value()?.parse()?,
            Long("threads") => options.threads = parser.value()?.parse()?,
            Long("class") => {
                let name = parser.value()?.string()?;
                options.class = SizeClass::by_name(&name)
                    .ok_or("there is no such size class; use standard, large or extra")?;
            }
            Long("suite") => {
                let name = parser.value()?.string()?;
                options.suite = Suite::by_name(&name)
                    .ok_or("there is no such suite; use direct, compact or aggregatable")?;
            }
            Long("memory") => {
                options.memory = match parser.value()?.string()?.as_str() {
                    "normal" => Memory::Normal,
                    "low" => Memory::Low,
                    _ => return Err("use `normal` or `low`".into()),
                }
            }
            Long("kind") => {
                options.kind = match parser.value()?.string()?.as_str() {
                    "credential" => ProofKind::Credential,
                    "presentation" => ProofKind::Presentation,
                    _ => return Err("use the kind `credential` or `presentation`".into()),
                }
            }
            Long("in" | "out") => options.file = Some(parser.value()?.into()),
            Value(command) if options.command.is_empty() => options.command = command.string()?,
            other => return Err(other.unexpected()),
        }
    }
    Ok(options)
}

/// Minima, medians and the stages of the verbs. Sizes are the largest, because some presentations
/// are shorter: their queries share paths.
fn proofs(case: &Case, options: &Options) -> Result<Value, Failure> {
    let (prover, verifier) =
        (Prover::with_suite(options.suite), Verifier::allowing(&[options.suite]));
    let (mut preparing, mut presenting, mut verifying) = (Vec::new(), Vec::new(), Vec::new());
    let (mut keys_ms, mut bytes, mut sizes) = (0.0, Vec::new(), Vec::new());
    // The first run makes the keys and is not counted.
    for run in 0..=options.runs {
        let (prepared, prepare) = Profile::of(
            |_| {},
            |control| case.prepare(&prover, control.with_memory(options.memory)),
        );
        let (presentation, present) = Profile::of(
            |_| {},
            |control| case.present(&prover, prepared?, control.with_memory(options.memory)),
        );
        let presentation = presentation?.to_bytes();
        let (verified, verify_ms) = timed(|| case.verify(&verifier, &presentation));
        verified?;
        if run == 0 {
            keys_ms = prepare.ms(Stage::Keys);
        } else {
            preparing.push(prepare);
            presenting.push(present);
            verifying.push(verify_ms);
        }
        sizes.push(presentation.len() as f64);
        if presentation.len() > bytes.len() {
            bytes = presentation;
        }
    }
    if let Some(file) = &options.file {
        std::fs::write(file, &bytes)?;
    }
    let totals =
        |profiles: &[Profile]| profiles.iter().map(|profile| profile.total_ms).collect::<Vec<_>>();
    let (prepare_ms, present_ms) = (totals(&preparing), totals(&presenting));
    Ok(json!({
        "class": case.class.name,
        "suite": options.suite.name(),
        "predicates": options.predicates,
        "threads": options.threads,
        "simd": Simd::BUILT.name(),
        "runs": options.runs,
        "keys_ms": rounded(keys_ms),
        "prepare_ms": rounded(minimum(&prepare_ms)),
        "present_ms": rounded(minimum(&present_ms)),
        "verify_ms": rounded(minimum(&verifying)),
        "presentation_bytes": bytes.len(),
        "peak_rss_bytes": peak_rss_bytes(),
        "median": {
            "prepare_ms": rounded(median(&prepare_ms)),
            "present_ms": rounded(median(&present_ms)),
            "verify_ms": rounded(median(&verifying)),
            "presentation_bytes": median(&sizes),
        },
        "stages": { "prepare": stages(&preparing), "present": stages(&presenting) },
    }))
}

/// The least milliseconds of each stage. For grinding, whose work is random, it is the mean.
fn stages(profiles: &[Profile]) -> Value {
    let mut times: BTreeMap<Stage, Vec<f64>> = BTreeMap::new();
    for (stage, ms) in profiles.iter().flat_map(|profile| &profile.stages) {
        times.entry(*stage).or_default().push(*ms);
    }
    let typical = |stage: Stage, times: &[f64]| match stage {
        Stage::Grinding => times.iter().sum::<f64>() / times.len() as f64,
        _ => minimum(times),
    };
    let other: Vec<_> = profiles.iter().map(Profile::other_ms).collect();
    let stages = times.iter().map(|(stage, times)| (member(*stage), typical(*stage, times)));
    let all = stages.chain([("other".to_owned(), minimum(&other))]);
    Value::Object(all.map(|(name, ms)| (name, json!(rounded(ms)))).collect::<Map<_, _>>())
}

fn first_verify(case: &Case, options: &Options) -> Result<Value, Failure> {
    let presentation =
        std::fs::read(options.file.as_ref().ok_or("name the presentation with --in")?)?;
    let (verified, ms) = timed(|| case.verify(&Verifier::new(), &presentation));
    verified?;
    Ok(json!({ "first_verify_ms": ms }))
}

/// The most memory that a process holds if its only work is one proof.
fn peak(case: &Case, options: &Options) -> Result<Value, Failure> {
    let file = options.file.as_ref().ok_or("name the prepared proof with --out or --in")?;
    let prover = Prover::with_suite(options.suite);
    let control = || Control::none().with_memory(options.memory);
    match options.kind {
        ProofKind::Credential => {
            std::fs::write(file, case.prepare(&prover, control())?.to_bytes())?
        }
        ProofKind::Presentation => {
            let prepared = Prepared::from_bytes(&std::fs::read(file)?)?;
            case.present(&prover, prepared, control())?;
        }
    }
    Ok(json!({ "peak_rss_bytes": peak_rss_bytes() }))
}

/// Milliseconds from a cancellation to the end of the call that makes a credential proof, including
/// its keys.
fn cancelling(case: &Case, options: &Options) -> Result<Value, Failure> {
    let prepare = |control: Control<'_>| {
        let prover = Prover::with_suite(options.suite);
        timed(|| case.prepare(&prover, control.with_memory(options.memory)).map(drop))
    };
    let (whole, whole_ms) = prepare(Control::none());
    whole?;
    let mut latencies = Vec::new();
    for run in 0..options.runs {
        let token = CancelToken::new();
        let at = Duration::from_secs_f64(whole_ms / 1_000.0 * run as f64 / options.runs as f64);
        let (ended, cancelled) = std::thread::scope(|scope| {
            let canceller = scope.spawn(|| {
                std::thread::sleep(at);
                token.cancel();
                Instant::now()
            });
            // Whether the call completed makes no difference here.
            drop(prepare(Control::none().cancelled_by(&token)));
            (Instant::now(), canceller.join())
        });
        let cancelled = cancelled.map_err(|_| "the thread that cancels panicked")?;
        // A run that is faster than the first one ends before it is cancelled.
        if ended > cancelled {
            latencies.push((ended - cancelled).as_secs_f64() * 1_000.0);
        }
    }
    Ok(json!({
        "class": case.class.name,
        "suite": options.suite.name(),
        "threads": options.threads,
        "cancelled": latencies.len(),
        "median_ms": rounded(median(&latencies)),
        "most_ms": rounded(latencies.iter().copied().fold(0.0, f64::max)),
    }))
}

/// Makes proofs without grinding, so that the work is the same each time.
fn count(case: &Case, options: &Options) -> Result<Value, Failure> {
    let parameters = without_grinding(options.suite, options.kind, &options.class);
    let statements = Statements::new(options.suite, case);
    match options.kind {
        ProofKind::Credential => {
            let chips = credential_chips(&statements.credential)?;
            let key = ProvingKey::new(options.suite.name(), parameters, &chips);
            for _ in 0..options.runs {
                let traces = credential_traces(
                    &chips,
                    &statements.credential,
                    &statements.credential_witness,
                )?;
                key.prove(&chips, traces, &[], &Control::none())?;
            }
        }
        ProofKind::Presentation => {
            let chips = presentation_chips(&statements.presentation)?;
            let key = ProvingKey::new(options.suite.name(), parameters, &chips);
            for _ in 0..options.runs {
                let traces = presentation_traces(
                    &chips,
                    &statements.presentation,
                    &statements.presentation_witness,
                )?;
                key.prove(&chips, traces, &[], &Control::none())?;
            }
        }
    }
    Ok(json!({ "proofs": options.runs }))
}
