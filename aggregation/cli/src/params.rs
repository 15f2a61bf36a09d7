//! `velum-aggregation params`: the known soundness of an aggregate, layer by layer. `velum params`
//! prints it too.

use serde_json::{Value, json};
use velum_aggregate_verifier::Profile;
use velum_cli::report::Report;
use velum_core::class::CLASSES;
use velum_core::proof::Verifier;
use velum_core::suite::Suite;

/// The layers whose parameters the profile determines.
const LAYERS: [&str; 4] = ["leaf", "wrap", "merge", "root"];

/// The caveat about adding up the layers.
const HEURISTIC: &str = "Adding up the layers is a heuristic: each circuit computes the hash function that the theorems about the layer below model as a random oracle.";

pub fn run() -> Report {
    let client: Vec<Value> = CLASSES
        .iter()
        .map(|class| {
            let security = Verifier::new(Suite::Aggregatable, *class).security();
            let bits =
                security.iter().map(|security| security.bits()).fold(f64::INFINITY, f64::min);
            json!({ "class": class.name, "proven_bits": (bits * 10.0).floor() / 10.0 })
        })
        .collect();
    let profiles: Vec<Value> = Profile::ALL
        .iter()
        .map(|profile| {
            let (conjectured, proven) = (profile.conjectured_bits(), profile.proven_bits());
            let layers = LAYERS.map(
                |layer| json!({ "layer": layer, "conjectured_bits": conjectured, "proven_bits": proven }),
            );
            json!({ "profile": profile.short_name(), "layers": layers })
        })
        .collect();
    let mut json = json!({ "client": client, "profiles": profiles, "note": HEURISTIC });
    let text = text(&json);
    json["text"] = json!(text);
    Report::done(json, text)
}

fn text(json: &Value) -> String {
    let mut lines = vec!["Aggregates, bits of soundness:".to_owned()];
    for class in json["client"].as_array().into_iter().flatten() {
        lines.push(format!(
            "  client, class {:<9} {} proven",
            name(&class["class"]),
            class["proven_bits"]
        ));
    }
    for profile in json["profiles"].as_array().into_iter().flatten() {
        for layer in profile["layers"].as_array().into_iter().flatten() {
            lines.push(format!(
                "  {}, {:<6} {} proven, {} conjectured",
                name(&profile["profile"]),
                name(&layer["layer"]),
                layer["proven_bits"],
                layer["conjectured_bits"],
            ));
        }
    }
    lines.push(format!("  {HEURISTIC}"));
    lines.join("\n")
}

fn name(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}
