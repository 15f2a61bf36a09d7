//! `velum demo`: proves and verifies a real licence, and shows how wrong requests are refused.
//!
//! The licence, its session and its issuer come from the test data. The licence has expired, so the
//! demo accepts any clock.

use std::fmt::Write;
use std::io::IsTerminal;

use serde_json::{Value, json};
use velum_credentials::{
    Clock, Condition, DeviceResponse, Document, Error, Explanation, Learnt, Predicate,
    PrepareOptions, Prepared, PresentOptions, Presentation, Prover, Request, SessionTranscript,
    Suite, Timestamp, Verifier,
};
use velum_testdata::{ANNEX_D, MUSTERMANN, PERMUTED_KEYS};
use velum_wallet::json::{facts, hidden, reason};
use velum_wallet::measure::{self, Profile, rounded, timed};
use zeroize::Zeroizing;

use crate::failure::Failure;
use crate::gpu::{self, Backend, Devices};
use crate::program;
use crate::progress::Progress;
use crate::report::Report;
use crate::stages;

const AGE: u8 = 18;
const SECONDS_A_DAY: i64 = 86_400;

#[derive(clap::Args)]
pub struct Arguments {
    /// Show this instead of one presentation: `aggregate` folds eight presentations into one proof
    #[arg(value_parser = ["aggregate"])]
    what: Option<String>,
    /// Whether a GPU makes the proofs: see `velum prove --help`. With `auto`, the GPU is not ready
    /// before the demo ends
    #[arg(long, value_name = "G", default_value = "off", value_parser = gpu::POLICIES)]
    gpu: String,
    /// Show how long each stage took and on which device it ran
    #[arg(long)]
    profile: bool,
}

pub fn run(arguments: &Arguments) -> Result<Report, Failure> {
    if arguments.what.is_some() {
        return program::run(program::AGGREGATION);
    }
    let response = DeviceResponse::parse(MUSTERMANN.device_response)?;
    let transcript = SessionTranscript::parse(MUSTERMANN.session_transcript)?;
    let request = over_18()?;
    let document = response.document(request.doc_type())?;
    let devices = Devices::start(&arguments.gpu)?;
    let run = Run::new(&devices, document, transcript, request)?;
    Ok(run.report(&devices, arguments.profile))
}

/// The request of the test data, reduced to the age predicate.
fn over_18() -> Result<Request, Error> {
    let request = Request::from_json(MUSTERMANN.request.as_bytes())?;
    let birth_date = Predicate {
        namespace: "org.iso.18013.5.1".to_owned(),
        element: "birth_date".to_owned(),
        condition: Condition::AgeAtLeast(AGE),
    };
    let (doc_type, issuers) = (request.doc_type().to_owned(), request.issuers().to_vec());
    Request::new(doc_type, request.now(), issuers, vec![birth_date])
}

/// Everything that happened in a run of the demo.
struct Run {
    request: Request,
    explanation: Explanation,
    learnt: Vec<Learnt>,
    preparing: Profile,
    presenting: Profile,
    verify_ms: f64,
    bytes: usize,
    presentation: Presentation,
    refusals: Vec<Refusal>,
}

/// The errors of the prover and the verifier for a request that must be refused. `None` means that
/// the request was not refused.
struct Refusal {
    asked: &'static str,
    prover: Option<Error>,
    verifier: Option<Error>,
}

/// A request in a session that this licence must not answer.
struct Wrong {
    asked: &'static str,
    request: Request,
    transcript: SessionTranscript,
}

impl Run {
    fn new(
        devices: &Devices,
        document: &Document,
        transcript: SessionTranscript,
        request: Request,
    ) -> Result<Self, Failure> {
        let progress = Progress::start();
        let prover = Prover::on(devices.backend().clone(), Suite::Direct);
        let verifier = Verifier::new();

        let (prepared, preparing) = progress.of("prepare", |control| {
            prover.prepare(document, &request, PrepareOptions::default().with_control(control))
        });
        let prepared = prepared.map_err(|error| devices.failure(error))?;
        let kept = prepared.to_bytes();

        let (presentation, presenting) = progress.of("present", |control| {
            let options = ANY_CLOCK.with_control(control);
            prover.present(prepared, document, &transcript, &request, options)
        });
        let bytes = presentation.map_err(|error| devices.failure(error))?.to_bytes();

        progress.line("verify");
        let (outcome, verify_ms) = timed(|| {
            let presentation = Presentation::from_bytes(&bytes)?;
            let verified = verifier.verify(&presentation, &transcript, &request)?;
            Ok((presentation, verified))
        });
        let (presentation, verified) = outcome.map_err(|error: Error| error)?;

        let mut refusals = Vec::new();
        for wrong in wrong_requests(document, &transcript, &request)? {
            progress.line(&format!("wrong request: {}", wrong.asked));
            refusals.push(wrong.refusal(&prover, &verifier, document, &kept, &presentation)?);
        }
        Ok(Self {
            explanation: request.explain(document),
            request,
            learnt: verified.learnt,
            preparing,
            presenting,
            verify_ms,
            bytes: bytes.len(),
            presentation,
            refusals,
        })
    }

    /// The report. Its status is 3 unless both sides refused every wrong request.
    fn report(&self, devices: &Devices, with_stages: bool) -> Report {
        let all_refused = self
            .refusals
            .iter()
            .all(|refusal| refusal.prover.is_some() && refusal.verifier.is_some());
        let (mut json, mut text) =
            (self.to_json(all_refused), self.to_text(all_refused, Style::of_stdout()));
        devices.describe(&self.presenting, &mut json, &mut text);
        if with_stages {
            let profiles = [("prepare", &self.preparing), ("present", &self.presenting)];
            stages::add(&profiles, &mut json, &mut text);
        }
        if all_refused { Report::done(json, text) } else { Report::broken(json, text) }
    }
}

const ANY_CLOCK: PresentOptions<'static> = PresentOptions::at(Clock::Any);

fn wrong_requests(
    document: &Document,
    transcript: &SessionTranscript,
    request: &Request,
) -> Result<[Wrong; 5], Error> {
    let ask = |change: &dyn Fn(&mut Predicate), now, issuers: &Request| {
        let mut predicates = request.predicates().to_vec();
        predicates.iter_mut().for_each(change);
        Request::new(request.doc_type().to_owned(), now, issuers.issuers().to_vec(), predicates)
    };
    let (as_it_is, now) = (|_: &mut Predicate| {}, request.now());
    let expiry = document.mso().validity().valid_until;
    let day_after = Timestamp::from_unix(expiry.unix() + SECONDS_A_DAY).unwrap_or(expiry);
    let other_issuer = Request::from_json(PERMUTED_KEYS.request.as_bytes())?;
    let other_session = SessionTranscript::parse(ANNEX_D.session_transcript)?;
    let wrong = |asked, request, transcript: &SessionTranscript| Wrong {
        asked,
        request,
        transcript: transcript.clone(),
    };
    Ok([
        wrong(
            "60 or over",
            ask(&|asked| asked.condition = Condition::AgeAtLeast(60), now, request)?,
            transcript,
        ),
        wrong(
            "a birth_date in another namespace",
            ask(&|asked| asked.namespace = "org.iso.18013.5.1.aamva".to_owned(), now, request)?,
            transcript,
        ),
        wrong("the same request in another session", ask(&as_it_is, now, request)?, &other_session),
        wrong(
            "the same request on the day after validUntil",
            ask(&as_it_is, day_after, request)?,
            transcript,
        ),
        wrong(
            "the same request, trusting another issuer",
            ask(&as_it_is, now, &other_issuer)?,
            transcript,
        ),
    ])
}

impl Wrong {
    /// Puts the wrong request to both sides. The prover refuses before it proves, so the copy of
    /// the prepared proof is not used in a second presentation.
    fn refusal(
        &self,
        prover: &Prover<Backend>,
        verifier: &Verifier,
        document: &Document,
        prepared: &Zeroizing<Vec<u8>>,
        presentation: &Presentation,
    ) -> Result<Refusal, Error> {
        let Self { asked, request, transcript } = self;
        let prepared = Prepared::from_bytes(prepared)?;
        Ok(Refusal {
            asked,
            prover: prover.present(prepared, document, transcript, request, ANY_CLOCK).err(),
            verifier: verifier.verify(presentation, transcript, request).err(),
        })
    }
}

impl Run {
    fn to_json(&self, all_refused: bool) -> Value {
        let error = |error: &Option<Error>| error.as_ref().map(reason);
        let refusal = |refusal: &Refusal| json!({ "asked": refusal.asked, "prover": error(&refusal.prover), "verifier": error(&refusal.verifier) });
        json!({
            "request": serde_json::from_str::<Value>(&self.request.to_json()).unwrap_or_default(),
            "learnt": facts(&self.learnt),
            "hidden": hidden(&self.explanation),
            "prepare_ms": rounded(self.preparing.total_ms),
            "present_ms": rounded(self.presenting.total_ms),
            "verify_ms": self.verify_ms,
            "presentation_bytes": self.bytes,
            "peak_rss_bytes": measure::peak_rss_bytes(),
            "threads": measure::threads(),
            "size_class": self.presentation.size_class().name,
            "suite": self.presentation.suite().name(),
            "simd": measure::Simd::BUILT.name(),
            "wrong_requests": self.refusals.iter().map(refusal).collect::<Vec<_>>(),
            "all_refused": all_refused,
        })
    }

    fn to_text(&self, all_refused: bool, style: Style) -> String {
        let mut text = Text { out: String::new(), style };
        let now = self.request.now();
        text.heading("The verifier asks, in one session, about a driving licence");
        for predicate in self.request.predicates() {
            text.line(&predicate.to_string());
        }
        text.line(&format!("valid at {now}, from the one issuer that the verifier trusts"));

        text.heading("The verifier learnt");
        for learnt in &self.learnt {
            text.line(&shortened(&learnt.to_string()));
        }
        text.heading("The verifier did not learn the value of");
        for (namespace, element) in &self.explanation.hidden {
            text.line(&format!("{element} ({namespace})"));
        }

        text.heading("Cost");
        text.row(
            "prepare",
            &format!("{:>9.1} ms   ahead of time, without the verifier", self.preparing.total_ms),
        );
        text.row(
            "present",
            &format!("{:>9.1} ms   while the verifier waits", self.presenting.total_ms),
        );
        text.row("verify", &format!("{:>9.1} ms", self.verify_ms));
        text.row("presentation", &format!("{:>9} bytes", self.bytes));
        if let Some(bytes) = measure::peak_rss_bytes() {
            text.row(
                "memory",
                &format!(
                    "{:>9.1} MiB at most, including the demo and its data",
                    bytes as f64 / 1_048_576.0
                ),
            );
        }
        let (class, suite) =
            (self.presentation.size_class().name, self.presentation.suite().name());
        let simd = measure::Simd::BUILT.name();
        text.row(
            "with",
            &format!(
                "threads {}, SIMD {simd}, suite {suite}, size class {class}",
                measure::threads()
            ),
        );

        text.heading(
            "Wrong requests: the prover's answer, and the verifier's to the good presentation",
        );
        for refusal in &self.refusals {
            text.line(refusal.asked);
            text.prover_refusal(&refusal.prover);
            text.verifier_refusal(&refusal.verifier);
        }
        text.out.push('\n');
        text.out.push_str(if all_refused {
            "Proven, verified, and every wrong request refused."
        } else {
            "A WRONG REQUEST WAS NOT REFUSED: this is a bug, please report it."
        });
        text.out
    }
}

/// Shortens keys, which are long. People compare only their beginnings.
fn shortened(text: &str) -> String {
    const SHOWN: usize = 100;
    match text.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text.to_owned(),
    }
}

/// Whether the output may contain escape sequences.
#[derive(Clone, Copy)]
struct Style {
    colour: bool,
}

impl Style {
    /// Uses colour on a terminal, unless NO_COLOR is set (no-color.org).
    fn of_stdout() -> Self {
        let refused = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        Self { colour: std::io::stdout().is_terminal() && !refused }
    }

    fn paint(self, code: &str, text: &str) -> String {
        if self.colour { format!("\x1b[{code}m{text}\x1b[0m") } else { text.to_owned() }
    }

    fn bold(self, text: &str) -> String {
        self.paint("1", text)
    }

    fn green(self, text: &str) -> String {
        self.paint("32", text)
    }

    fn red(self, text: &str) -> String {
        self.paint("1;31", text)
    }
}

/// Text under headings.
struct Text {
    out: String,
    style: Style,
}

// Results of `writeln!` are ignored here because writing to a string cannot fail.
impl Text {
    fn heading(&mut self, text: &str) {
        let gap = if self.out.is_empty() { "" } else { "\n" };
        let _ = writeln!(self.out, "{gap}{}", self.style.bold(text));
    }

    fn line(&mut self, text: &str) {
        let _ = writeln!(self.out, "  {text}");
    }

    fn row(&mut self, label: &str, text: &str) {
        let _ = writeln!(self.out, "  {label:13}{text}");
    }

    fn prover_refusal(&mut self, error: &Option<Error>) {
        let message = error.as_ref().map(Error::message).unwrap_or_default();
        let code = self.code(error);
        let _ = writeln!(self.out, "    prover   {code} {message}");
    }

    fn verifier_refusal(&mut self, error: &Option<Error>) {
        let code = self.code(error);
        let _ = writeln!(self.out, "    verifier {}", code.trim_end());
    }

    fn code(&self, error: &Option<Error>) -> String {
        match error {
            Some(error) => self.style.green(&format!("{:16}", error.code().as_str())),
            None => self.style.red("DID NOT REFUSE"),
        }
    }
}
