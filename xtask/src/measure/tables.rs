//! Prints the measurements as the tables of the README.

use std::fmt::Write as _;

use serde_json::Value;

use super::{Measured, cores, number, processor};
use crate::project::Cpu;

const MEGABYTE: f64 = 1e6;

/// Stages in the order of a proof: members of `stages`, and their names.
const STAGES: [(&str, &str); 11] = [
    ("other", "checks of the document"),
    ("witness", "witness"),
    ("low_degree_extension", "low-degree extension"),
    ("hashing", "hashing"),
    ("lookup_columns", "lookup columns"),
    ("quotient", "quotient"),
    ("openings", "openings"),
    ("fri", "FRI"),
    ("grinding", "grinding, mean"),
    ("queries", "queries"),
    ("check", "check"),
];

/// Every table, in Markdown.
pub fn text(measured: &Measured) -> String {
    let [one, two] = &measured.threads;
    let flags = Cpu::This.flags();
    let runs = format!("{} runs, {}, {} cores, `{flags}`", measured.runs, processor(), cores());
    let instructions = match &measured.instructions {
        Ok(counts) => {
            let [credential, presentation] =
                [counts.credential, counts.presentation].map(|count| count as f64 / 1e6);
            format!(
                "Instructions without grinding, {}: prepare {credential:.0} million, present {presentation:.0} million.",
                counts.cpu.name()
            )
        }
        Err(why) => format!("Instructions: not measured, {why}."),
    };
    format!(
        "{}\n{runs}\n\n{}\n{}\n{}\n{}\n{instructions}\n",
        threads([one, two]),
        stages(one),
        builds(&measured.builds, &measured.wasm),
        growth(&measured.growth),
        memory(&measured.memory)
    )
}

fn threads([one, two]: [&Value; 2]) -> String {
    let mut text =
        "| | 1 thread: min | median | 2 threads: min | median |\n|---|---|---|---|---|\n"
            .to_owned();
    for (label, name) in
        [("prepare", "prepare_ms"), ("present", "present_ms"), ("verify", "verify_ms")]
    {
        let [one, two] = [one, two].map(|at| {
            format!("{:.1} ms | {:.1} ms", number(at, name), number(&at["median"], name))
        });
        let _ = writeln!(text, "| {label} | {one} | {two} |");
    }
    for (label, name) in
        [("keys, once a process", "keys_ms"), ("first verify of a process", "first_verify_ms")]
    {
        let _ = writeln!(
            text,
            "| {label} | {:.1} ms | | {:.1} ms | |",
            number(one, name),
            number(two, name)
        );
    }
    let speed_up = |name| number(one, name) / number(two, name);
    let (prepare, present) = (speed_up("prepare_ms"), speed_up("present_ms"));
    let _ = writeln!(text, "| speed-up of prepare, present | | | {prepare:.2}, {present:.2} | |");
    let bytes = "presentation_bytes";
    let _ = writeln!(
        text,
        "| presentation, bytes | {} | | {} | |",
        number(one, bytes),
        number(two, bytes)
    );
    let [rss_one, rss_two] = [one, two].map(|at| number(at, "peak_rss_bytes") / MEGABYTE);
    let _ = writeln!(text, "| peak RSS | {rss_one:.0} MB | | {rss_two:.0} MB | |");
    text
}

fn stages(measured: &Value) -> String {
    let [prepare, present] = ["prepare", "present"].map(|verb| &measured["stages"][verb]);
    let mut text = "| stage, 1 thread | prepare | present |\n|---|---|---|\n".to_owned();
    for (member, name) in STAGES {
        let [prepare, present] = [prepare, present].map(|stages| number(stages, member));
        let _ = writeln!(text, "| {name} | {prepare:.1} ms | {present:.1} ms |");
    }
    text
}

fn builds(builds: &[(Cpu, Value)], wasm: &Result<Value, String>) -> String {
    let mut text =
        "| build | SIMD | prepare | present | verify |\n|---|---|---|---|---|\n".to_owned();
    for (cpu, measured) in builds {
        let simd = measured["simd"].as_str().unwrap_or_default();
        let _ = writeln!(text, "| {} | {simd} | {} |", cpu.name(), times(measured));
    }
    let _ = match wasm {
        Ok(measured) => {
            let [node, simd] =
                ["node", "simd"].map(|name| measured[name].as_str().unwrap_or_default());
            writeln!(text, "| WebAssembly, Node {node} | {simd} | {} |", times(measured))
        }
        Err(why) => writeln!(text, "| WebAssembly | not measured: {why} | | | |"),
    };
    text
}

fn growth(cases: &[Value]) -> String {
    let mut text = "| class | predicates | prepare | present | verify | bytes | peak RSS |\n\
                    |---|---|---|---|---|---|---|\n"
        .to_owned();
    for case in cases {
        let _ = writeln!(
            text,
            "| {} | {} | {} | {} | {:.0} MB |",
            case["class"].as_str().unwrap_or_default(),
            number(case, "predicates"),
            times(case),
            number(case, "presentation_bytes"),
            number(case, "peak_rss_bytes") / MEGABYTE
        );
    }
    text
}

fn memory(cases: &[Value]) -> String {
    let mut text = "| suite | class | memory | prepare | its peak | present | its peak | bytes |\n\
                    |---|---|---|---|---|---|---|---|\n"
        .to_owned();
    for case in cases {
        let [suite, class, memory] =
            ["suite", "class", "memory"].map(|name| case[name].as_str().unwrap_or_default());
        let [prepare, present] = ["prepare", "present"].map(|verb| {
            let (ms, peak) = (format!("{verb}_ms"), format!("{verb}_peak_bytes"));
            format!("{:.1} ms | {:.1} MB", number(case, &ms), number(case, &peak) / MEGABYTE)
        });
        let bytes = number(case, "presentation_bytes");
        let _ =
            writeln!(text, "| `{suite}` | {class} | {memory} | {prepare} | {present} | {bytes} |");
    }
    text
}

fn times(measured: &Value) -> String {
    let time = |name| format!("{:.1} ms", number(measured, name));
    ["prepare_ms", "present_ms", "verify_ms"].map(time).join(" | ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::measure::Instructions;
    use serde_json::json;

    #[test]
    fn every_figure_has_its_place() {
        let case = json!({
            "class": "standard", "predicates": 1, "simd": "avx2", "runs": 3, "keys_ms": 9.0,
            "prepare_ms": 100.25, "present_ms": 50.0, "verify_ms": 5.0, "first_verify_ms": 15.0,
            "suite": "direct", "memory": "low", "prepare_peak_bytes": 60_250_000, "present_peak_bytes": 30_000_000,
            "node": "v20.1.0", "presentation_bytes": 123_456, "peak_rss_bytes": 100_000_000,
            "median": { "prepare_ms": 101.0, "present_ms": 51.0, "verify_ms": 6.0 },
            "stages": {
                "prepare": { "lookup_columns": 7.0, "witness": 1.5 },
                "present": { "lookup_columns": 3.0, "witness": 0.5 },
            },
        });
        let mut measured = Measured {
            runs: 3,
            threads: [case.clone(), case.clone()],
            builds: vec![(Cpu::Any, case.clone()), (Cpu::This, case.clone())],
            wasm: Ok(case.clone()),
            growth: vec![case.clone()],
            memory: vec![case.clone()],
            instructions: Ok(Instructions {
                cpu: Cpu::Any,
                credential: 2_000_000,
                presentation: 1_000_000,
            }),
        };
        let table = text(&measured);
        for line in [
            "| verify | 5.0 ms | 6.0 ms | 5.0 ms | 6.0 ms |",
            "| keys, once a process | 9.0 ms | | 9.0 ms | |",
            "| speed-up of prepare, present | | | 1.00, 1.00 | |",
            "| presentation, bytes | 123456 | | 123456 | |",
            "| peak RSS | 100 MB | | 100 MB | |",
            "| lookup columns | 7.0 ms | 3.0 ms |",
            "| plain | avx2 | 100.2 ms | 50.0 ms | 5.0 ms |",
            "| WebAssembly, Node v20.1.0 | avx2 | 100.2 ms | 50.0 ms | 5.0 ms |",
            "| standard | 1 | 100.2 ms | 50.0 ms | 5.0 ms | 123456 | 100 MB |",
            "| `direct` | standard | low | 100.2 ms | 60.2 MB | 50.0 ms | 30.0 MB | 123456 |",
            "Instructions without grinding, plain: prepare 2 million, present 1 million.",
        ] {
            assert!(table.lines().any(|found| found == line), "{line}\n{table}");
        }
        let object = measured.object();
        assert_eq!(object["threads"]["2"]["prepare_ms"], 100.25);
        assert_eq!(object["threads"]["1"]["stages"]["present"]["witness"], 0.5);
        assert_eq!(object["instructions"]["prepare"], 2_000_000);

        measured.wasm = Err("there is no Node".to_owned());
        assert!(
            text(&measured).contains("\n| WebAssembly | not measured: there is no Node | | | |\n")
        );
        measured.instructions = Err("there is no valgrind".to_owned());
        assert!(text(&measured).ends_with("Instructions: not measured, there is no valgrind.\n"));
        assert_eq!(measured.object()["instructions"], Value::Null);
    }
}
