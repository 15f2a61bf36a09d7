//! `velum params`: shows suites and size classes with their proven security, and the SIMD of the
//! build.

use serde_json::{Value, json};
use velum_core::class::{CLASSES, SizeClass};
use velum_core::proof::{PairSecurity, ProofKind, Verifier};
use velum_core::suite::{SUITES, Suite};
use velum_credentials::{FORMAT_VERSION, Memory};
use velum_stark::{LineTheorem, Security, SecurityTerm, VerifierKey};
use velum_wallet::measure::Simd;
use velum_wallet::memory_needed;

use crate::gpu;
use crate::program;
use crate::report::Report;

/// Bytes in a megabyte.
const MB: f64 = 1e6;

const KINDS: [ProofKind; 2] = [ProofKind::Credential, ProofKind::Presentation];

pub fn run() -> Report {
    let suites: Vec<_> = SUITES.iter().copied().map(Described::suite).collect();
    let (built, available) = (Simd::BUILT.name(), Simd::available().name());
    let aggregates = program::params();
    let (gpu, gpu_text) = gpu::params();
    let json = json!({
        "format_version": FORMAT_VERSION,
        "suites": suites.iter().map(|suite| &suite.json).collect::<Vec<_>>(),
        "aggregates": aggregates,
        "simd": { "in_use": built, "available": available },
        "gpu": gpu,
    });
    let suites: String = suites.into_iter().map(|suite| suite.text).collect();
    let simd = if built == available {
        format!("SIMD {built}")
    } else {
        format!(
            "SIMD {built}; this CPU has {available}: to use it, build with \
             RUSTFLAGS=\"-C target-cpu=native\""
        )
    };
    let aggregates = match &aggregates {
        Some(aggregates) => format!("{}\n", aggregates["text"].as_str().unwrap_or_default()),
        None => "Aggregates: velum-aggregation is missing; build it with `./x build`\n".to_owned(),
    };
    Report::done(json, format!("{suites}{aggregates}{gpu_text}{simd}"))
}

/// The same content for scripts and for people.
struct Described {
    json: Value,
    text: String,
}

impl Described {
    fn suite(suite: Suite) -> Self {
        let classes: Vec<_> = CLASSES.into_iter().map(|class| Self::class(suite, class)).collect();
        Self {
            json: json!({
                "suite": suite.name(),
                "version": suite.version(),
                "for_circuits": suite.is_for_circuits(),
                "size_classes": classes.iter().map(|class| &class.json).collect::<Vec<_>>(),
            }),
            text: classes.into_iter().map(|class| class.text).collect(),
        }
    }

    fn class(suite: Suite, class: SizeClass) -> Self {
        let SizeClass { name, max_mso_bytes, slots, max_item_bytes, .. } = class;
        let verifier = Verifier::new(suite, class);
        let proofs: Vec<_> = KINDS
            .into_iter()
            .zip(verifier.keys())
            .map(|(kind, key)| Self::proof(suite, class, kind, key))
            .collect();
        let together = verifier.security();
        let text: String = proofs
            .iter()
            .map(|proof| proof.text.clone())
            .chain(together.iter().map(|security| {
                let (bits, citation) = (tenth(security.bits()), security.theorem.citation());
                format!(
                    "  {:18} {bits:>5.1} proven bits (the sum of all errors) by {citation}\n",
                    "both proofs"
                )
            }))
            .collect();
        Self {
            json: json!({
                "size_class": name,
                "max_mso_bytes": max_mso_bytes,
                "max_elements": slots,
                "max_item_bytes": max_item_bytes,
                "proven_bits": proven_bits(together.iter().map(|security| (security.theorem, security.bits()))),
                "links": together.first().map(|PairSecurity { links, .. }| terms(links)),
                "proofs": proofs.into_iter().map(|proof| proof.json).collect::<Vec<_>>(),
            }),
            text: format!(
                "suite {}, size class {name}: MSO of up to {max_mso_bytes} bytes, {slots} elements, items of up to \
                 {max_item_bytes} bytes\n{text}\n",
                suite.name(),
            ),
        }
    }

    fn proof(suite: Suite, class: SizeClass, kind: ProofKind, key: &VerifierKey) -> Self {
        let bytes = key.max_proof_bytes();
        let [normal, low] = [Memory::Normal, Memory::Low]
            .map(|memory| memory_needed(kind, suite, class, memory, 1));
        let by_theorem: Vec<_> = key.security().iter().map(Self::security).collect();
        let text: String = by_theorem.iter().map(|security| security.text.as_str()).collect();
        Self {
            json: json!({
                "proof": kind.name(),
                "max_proof_bytes": bytes,
                "memory_bytes": { "normal": normal, "low": low },
                "proven_bits": proven_bits(key.security().iter().map(|s| (s.theorem, s.bits()))),
                "soundness": by_theorem.into_iter().map(|security| security.json).collect::<Vec<_>>(),
            }),
            text: format!(
                "  {:18} at most {bytes} bytes; one thread needs {:.0} MB of memory, or {:.0} MB \
                 with --memory low\n{text}",
                kind.name(),
                normal as f64 / MB,
                low as f64 / MB
            ),
        }
    }

    fn security(security: &Security) -> Self {
        let bits = tenth(security.bits());
        let weakest = security.weakest();
        let weakest_text =
            weakest.map(|term| format!("{}, {:.1} bits", term.name, tenth(term.bits)));
        let Security { theorem, m, .. } = *security;
        Self {
            json: json!({
                "theorem": theorem.name(),
                "citation": theorem.citation(),
                "m": m,
                "proven_bits": bits,
                "weakest": weakest.map(|term| json!({ "term": term.name, "bits": tenth(term.bits) })),
                "terms": terms(&security.terms),
            }),
            text: format!(
                "  {:18} {bits:>5.1} proven bits by {}, m = {m}; weakest: {}\n",
                "",
                theorem.citation(),
                weakest_text.unwrap_or_default()
            ),
        }
    }
}

fn proven_bits(by_theorem: impl Iterator<Item = (LineTheorem, f64)>) -> Value {
    by_theorem
        .map(|(theorem, bits)| (theorem.name().to_owned(), Value::from(tenth(bits))))
        .collect()
}

fn terms(terms: &[SecurityTerm]) -> Vec<Value> {
    terms.iter().map(|term| json!({ "term": term.name, "bits": tenth(term.bits) })).collect()
}

/// Rounds down to a tenth, so that no bit is claimed that is not proven.
fn tenth(bits: f64) -> f64 {
    (bits * 10.0).floor() / 10.0
}
