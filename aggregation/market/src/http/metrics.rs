//! The metrics, in the text format of Prometheus, version 0.0.4.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::sync::{Arc, Mutex};
use std::time::Instant;

use axum::extract::{MatchedPath, Request, State};
use axum::middleware::Next;
use axum::response::Response;

use super::{Api, answer};
use crate::MarketError;

/// The upper bounds, in seconds, of the classes in which answer times are counted.
const CLASSES: [f64; 8] = [0.005, 0.01, 0.025, 0.05, 0.1, 0.5, 2.5, 10.0];

/// The counts of answers by route and status, and of answer times by route.
#[derive(Clone, Default)]
pub(super) struct Metrics(Arc<Mutex<Counts>>);

#[derive(Default)]
struct Counts {
    answers: BTreeMap<(String, u16), u64>,
    times: BTreeMap<String, Times>,
}

#[derive(Default)]
struct Times {
    classes: [u64; CLASSES.len()],
    count: u64,
    sum: f64,
}

/// Counts an answer.
pub(super) async fn count(State(api): State<Api>, request: Request, next: Next) -> Response {
    // The route and not the path, because a path contains ids, and there is no end of ids.
    let route =
        request.extensions().get::<MatchedPath>().map_or("none", |path| path.as_str()).to_owned();
    let start = Instant::now();
    let response = next.run(request).await;
    let seconds = start.elapsed().as_secs_f64();
    tracing::debug!(route, status = response.status().as_u16(), seconds, "answered");
    if let Ok(mut counts) = api.metrics.0.lock() {
        *counts.answers.entry((route.clone(), response.status().as_u16())).or_default() += 1;
        let times = counts.times.entry(route).or_default();
        times.count += 1;
        times.sum += seconds;
        for (class, end) in times.classes.iter_mut().zip(CLASSES) {
            *class += u64::from(seconds <= end);
        }
    }
    response
}

pub(super) async fn metrics(State(api): State<Api>) -> Result<Response, MarketError> {
    let totals = api.market.totals().await?;
    let mut text = String::new();
    let mut gauge = |name: &str, help: &str, values: &[(String, i64)]| {
        let _ = writeln!(text, "# HELP {name} {help}\n# TYPE {name} gauge");
        for (labels, value) in values {
            let _ = writeln!(text, "{name}{labels} {value}");
        }
    };
    let labelled = |label: &str, values: &BTreeMap<String, i64>| -> Vec<_> {
        values.iter().map(|(name, value)| (format!("{{{label}=\"{name}\"}}"), *value)).collect()
    };
    gauge("velum_market_jobs", "Jobs by state.", &labelled("state", &totals.jobs));
    gauge("velum_market_lots", "Lots by phase.", &labelled("phase", &totals.lots));
    gauge("velum_market_money", "Money by kind of account.", &labelled("account", &totals.money));
    let (verifying, log) = (totals.verifying as i64, totals.log.get() as i64);
    gauge(
        "velum_market_verifying",
        "Proofs that are being verified or wait for it.",
        &[(String::new(), verifying)],
    );
    gauge("velum_market_log_entries", "Entries of the log.", &[(String::new(), log)]);
    if let Ok(counts) = api.metrics.0.lock() {
        write_answers(&mut text, &counts);
    }
    Ok(answer::typed("text/plain; version=0.0.4", text.into_bytes()))
}

fn write_answers(text: &mut String, counts: &Counts) {
    let _ = writeln!(text, "# HELP velum_market_answers_total Answers by route and status.");
    let _ = writeln!(text, "# TYPE velum_market_answers_total counter");
    for ((route, status), number) in &counts.answers {
        let _ = writeln!(
            text,
            "velum_market_answers_total{{route=\"{route}\",status=\"{status}\"}} {number}"
        );
    }
    let _ = writeln!(text, "# HELP velum_market_answer_seconds How long answers took.");
    let _ = writeln!(text, "# TYPE velum_market_answer_seconds histogram");
    for (route, Times { classes, count, sum }) in &counts.times {
        for (number, end) in classes.iter().zip(CLASSES) {
            let _ = writeln!(
                text,
                "velum_market_answer_seconds_bucket{{route=\"{route}\",le=\"{end}\"}} {number}"
            );
        }
        let _ = writeln!(
            text,
            "velum_market_answer_seconds_bucket{{route=\"{route}\",le=\"+Inf\"}} {count}"
        );
        let _ = writeln!(text, "velum_market_answer_seconds_sum{{route=\"{route}\"}} {sum}");
        let _ = writeln!(text, "velum_market_answer_seconds_count{{route=\"{route}\"}} {count}");
    }
}
