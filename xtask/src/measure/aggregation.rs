//! Measures the cost of aggregates: each kind of proof, whole batches, and a picture of cost
//! against batch size.

use std::fmt::Write as _;
use std::path::Path;

use serde_json::{Value, json};

use super::{cores, number, parsed, processor};
use crate::aggregation;
use crate::process::{self, Error};
use crate::project::{Cpu, Project};

const PACKAGE: &str = "velum-aggregation-bench";
const PROGRAM: &str = "measure-aggregation";

/// Number of threads that prove.
const THREADS: &str = "2";

/// Profiles, and the numbers of places of their merges.
const PROFILES: [(&str, [&str; 2]); 2] = [("standard", ["2", "8"]), ("proven-100", ["2", "4"])];

/// The sizes of batches that are measured, and the size whose cost is calculated from the
/// measurements.
const BATCHES: [usize; 3] = [1, 8, 64];
const RECKONED: usize = 512;

/// The path of the picture, relative to the root.
const PICTURE: &str = "docs/aggregation.svg";

/// Everything that was measured, by profile.
struct Measured {
    runs: usize,
    profiles: Vec<Value>,
    /// Batches of the profile `standard`.
    batches: Vec<Value>,
}

/// Measures, prints tables or one JSON object, and draws the picture.
pub fn report(project: &Project, runs: usize, json: bool) -> Result<(), Error> {
    process::run(&mut aggregation::build_of(project, PACKAGE, PROGRAM))?;
    let measured = Measured::new(project, runs)?;
    let picture = project.root().join(PICTURE);
    std::fs::write(&picture, measured.picture())
        .map_err(|source| Error::Write { path: picture.clone(), source })?;
    if json {
        println!("{}", json!({ "profiles": measured.profiles, "batches": measured.all_batches() }));
    } else {
        print!("{}", measured.text());
    }
    Ok(())
}

impl Measured {
    fn new(project: &Project, runs: usize) -> Result<Self, Error> {
        let parts = project.target().join("aggregates");
        let runs_text = runs.to_string();
        let measure = |profile: &str, kind: &str, more: &[&str]| {
            let of = ["--profile", profile, "--runs", &runs_text];
            run(project, &parts, kind, &[&of[..], more].concat())
        };
        let mut profiles = Vec::new();
        for (profile, places) in PROFILES {
            let mut of_profile = json!({ "profile": profile });
            for class in ["standard", "large", "extra"] {
                of_profile[format!("leaf of {class}")] =
                    measure(profile, "leaf", &["--class", class])?;
            }
            of_profile["wrap of a leaf"] = measure(profile, "wrap", &[])?;
            measure(profile, "parts", &["--count", "8"])?;
            for places in places {
                let both = measure(profile, "merge", &["--places", places])?;
                of_profile[format!("merge of {places}")] = both["merge"].clone();
                of_profile[format!("wrap of a merge of {places}")] = both["wrap"].clone();
            }
            of_profile["root"] = measure(profile, "root", &[])?;
            profiles.push(of_profile);
        }
        let batch = |count: usize| run(project, &parts, "batch", &["--count", &count.to_string()]);
        let batches = BATCHES.into_iter().map(batch).collect::<Result<_, _>>()?;
        Ok(Self { runs, profiles, batches })
    }

    /// The batches and their costs. The cost of the last batch is calculated from the proofs that
    /// it consists of.
    fn all_batches(&self) -> Vec<Value> {
        let standard = &self.profiles[0];
        let ms = |name: &str| number(&standard[name], "min_ms");
        let merges = RECKONED.div_ceil(8) + RECKONED.div_ceil(64) + 1;
        let total = RECKONED as f64 * (ms("leaf of standard") + ms("wrap of a leaf"))
            + merges as f64 * (ms("merge of 8") + ms("wrap of a merge of 8"))
            + ms("root");
        let mut batches = self.batches.clone();
        batches.push(json!({
            "count": RECKONED, "total_ms": total.round(), "bytes": standard["root"]["bytes"], "reckoned": true,
        }));
        batches
    }

    fn text(&self) -> String {
        let mut text = String::new();
        for profile in &self.profiles {
            let name = profile["profile"].as_str().unwrap_or_default();
            let _ = writeln!(
                text,
                "| `{name}` | rows | min | median | peak RSS | bytes |\n|---|---|---|---|---|---|"
            );
            for (kind, measured) in
                profile.as_object().into_iter().flatten().filter(|(kind, _)| *kind != "profile")
            {
                let rows = match measured["log_rows"].as_u64() {
                    Some(0) | None => String::new(),
                    Some(log_rows) => format!("2^{log_rows}"),
                };
                let _ = writeln!(
                    text,
                    "| {kind} | {rows} | {:.1} s | {:.1} s | {:.0} MB | {} |",
                    number(measured, "min_ms") / 1e3,
                    number(measured, "median_ms") / 1e3,
                    number(measured, "peak_rss_bytes") / 1e6,
                    measured["bytes"],
                );
            }
            let root = &profile["root"];
            let _ = writeln!(
                text,
                "\nA root of `{name}` is verified in {} ms (median {}), and has {} bytes when compressed (`gzip -9`).\n",
                root["verify_min_ms"], root["verify_median_ms"], root["compressed_bytes"],
            );
        }
        let _ = writeln!(
            text,
            "| presentations | whole batch | each | proof, bytes each |\n|---|---|---|---|"
        );
        for batch in self.all_batches() {
            let (count, total) = (number(&batch, "count"), number(&batch, "total_ms") / 1e3);
            let mark = if batch["reckoned"] == true { " (reckoned)" } else { "" };
            let _ = writeln!(
                text,
                "| {count}{mark} | {total:.0} s | {:.2} s | {:.0} |",
                total / count,
                number(&batch, "bytes") / count
            );
        }
        let _ = writeln!(
            text,
            "\n{} runs, {}, {} cores, {THREADS} threads, no CPU flags",
            self.runs,
            processor(),
            cores()
        );
        text
    }

    /// The cost of a presentation against the size of its batch: seconds as bars, bytes as numbers
    /// beside them.
    fn picture(&self) -> String {
        const WIDTH: f64 = 640.0;
        const BAR: f64 = 36.0;
        let batches = self.all_batches();
        let each = |batch: &Value| number(batch, "total_ms") / 1e3 / number(batch, "count");
        let most = batches.iter().map(each).fold(0.0, f64::max);
        let height = 70.0 + BAR * 1.6 * batches.len() as f64;
        let mut svg = format!(
            r#"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height:.0}" font-family="sans-serif" font-size="14">
<title>Cost of one presentation against the size of its batch</title>
<rect width="100%" height="100%" fill="white"/>
<text x="16" y="28" font-size="16">Seconds and bytes for each presentation, by the size of its batch</text>
"#
        );
        for (row, batch) in batches.iter().enumerate() {
            let (y, seconds) = (52.0 + BAR * 1.6 * row as f64, each(batch));
            let length = seconds / most * 330.0;
            let is_reckoned = batch["reckoned"] == true;
            let (fill, mark) =
                if is_reckoned { ("#a9c4e4", ", reckoned") } else { ("#3b6ea5", "") };
            let _ = writeln!(
                svg,
                r#"<text x="16" y="{:.0}">{}{mark}</text><rect x="130" y="{y:.0}" width="{length:.0}" height="{BAR}" fill="{fill}"/><text x="{:.0}" y="{:.0}">{seconds:.1} s, {:.0} bytes</text>"#,
                y + 23.0,
                number(batch, "count"),
                138.0 + length,
                y + 23.0,
                number(batch, "bytes") / number(batch, "count"),
            );
        }
        svg += "</svg>\n";
        svg
    }
}

fn run(project: &Project, parts: &Path, kind: &str, more: &[&str]) -> Result<Value, Error> {
    let arguments = [&[kind, "--threads", THREADS], more].concat();
    eprintln!("{PROGRAM} {}", arguments.join(" "));
    let mut command = project.command(project.program(Cpu::Any, PROGRAM));
    parsed(&arguments, &process::output(command.args(&arguments).arg("--parts").arg(parts))?)
}
