//! The sweeps of `docs/decisions/0017-market-rules.md`: one constant or one attack at a time.

use std::io;
use std::path::Path;

use velum_market_model::{Amount, Duration, Parts};
use velum_market_rules::{Rules, Settings};
use velum_market_simulation::{Attack, OfOrder, Report, Scenario, picture, simulate};

/// A column of a table: its name, and its cell for a day.
type Column = (&'static str, fn(&Report) -> String);

/// A line of a picture: its name, and its value for a day.
type Line = (&'static str, fn(&Report) -> f64);

/// A sweep, which draws into a folder.
type Sweep = fn(&Path) -> io::Result<()>;

/// The sweeps by name.
const SWEEPS: [(&str, Sweep); 8] = [
    ("day", day),
    ("caps", caps),
    ("ramps", ramps),
    ("slashes", slashes),
    ("rescuers", rescuers),
    ("reputations", reputations),
    ("last-moment", last_moment),
    ("names", names),
];

/// Runs all sweeps, or the named ones. Tables go to standard output, and pictures into a folder.
pub(crate) fn run(folder: &Path, names: &[&str]) -> Result<(), String> {
    let known = || SWEEPS.map(|(name, _)| name).join(", ");
    if let Some(unknown) = names.iter().find(|name| SWEEPS.iter().all(|(known, _)| known != *name))
    {
        return Err(format!("there is no sweep {unknown:?}; the sweeps are {}", known()));
    }
    let failed = |error: io::Error| {
        format!("{}: {error}; name a folder that can be written", folder.display())
    };
    std::fs::create_dir_all(folder).map_err(failed)?;
    for (name, sweep) in SWEEPS {
        if names.is_empty() || names.contains(&name) {
            sweep(folder).map_err(failed)?;
        }
    }
    Ok(())
}

fn rules_with(change: impl FnOnce(&mut Settings)) -> Rules {
    let mut settings = Settings::from(Rules::default());
    change(&mut settings);
    Rules::new(settings).expect("the settings of every sweep are valid")
}

fn table(title: &str, first: &str, columns: &[Column], rows: &[(String, Report)]) {
    let names: Vec<_> = columns.iter().map(|(name, _)| *name).collect();
    println!(
        "\n{title}\n\n| {first} | {} |\n|---{}|",
        names.join(" | "),
        "|---".repeat(columns.len())
    );
    for (name, report) in rows {
        let cells: Vec<_> = columns.iter().map(|(_, cell)| cell(report)).collect();
        println!("| {name} | {} |", cells.join(" | "));
    }
}

fn sweep<T: Copy>(
    values: &[T],
    name: impl Fn(T) -> String,
    scenario: impl Fn(T) -> Scenario,
) -> Vec<(String, Report)> {
    values.iter().map(|value| (name(*value), simulate(&scenario(*value)))).collect()
}

fn draw(
    folder: &Path,
    name: &str,
    title: &str,
    axis: &str,
    rows: &[(String, Report)],
    lines: &[Line],
) -> io::Result<()> {
    let marks: Vec<_> = rows.iter().map(|(mark, _)| mark.clone()).collect();
    let lines: Vec<_> = lines
        .iter()
        .map(|(name, value)| (*name, rows.iter().map(|(_, report)| value(report)).collect()))
        .collect();
    std::fs::write(folder.join(name), picture::lines(title, axis, &marks, &lines))
}

fn percent(part: f64) -> String {
    format!("{:.1} %", part * 100.0)
}

fn millions(amount: f64) -> String {
    format!("{:.2}", amount / 1e6)
}

const PRICE: Column = ("price", |report| format!("{:.0}", report.all.price));
const P50: Column = ("wait p50, min", |report| format!("{:.1}", report.all.wait_p50));
const P99: Column = ("wait p99, min", |report| format!("{:.1}", report.all.wait_p99));
const EXPIRED: Column = ("expired jobs", |report| report.all.expired.to_string());
const LARGEST: Column = ("largest share", |report| percent(report.largest_share));
const HERFINDAHL: Column = ("Herfindahl", |report| format!("{:.3}", report.herfindahl));
const UTILISATION: Column = ("utilisation", |report| percent(report.utilisation));
const ATTACK_SHARE: Column = ("attack's share", |report| percent(report.attack_share));
const ATTACK_FAILED: Column =
    ("leases broken by the attack", |report| report.attack.failed.to_string());
const ATTACK_PROFIT: Column = ("attack's profit, million", |report| millions(report.attack.profit));
const BURNED: Column = ("burned, million", |report| millions(report.burned as f64));

fn day(_: &Path) -> io::Result<()> {
    let report = simulate(&Scenario::default());
    println!(
        "\nA day of the default rules: utilisation {}, Herfindahl {:.3}, largest share {}\n",
        percent(report.utilisation),
        report.herfindahl,
        percent(report.largest_share)
    );
    println!(
        "| auction | lots | settled jobs | expired | leases broken | price | wait p50, min | p99 |\n|---|---|---|---|---|---|---|---|"
    );
    let line = |of: &OfOrder| {
        println!(
            "| {} | {} | {} | {} | {} | {:.1} | {:.1} | {:.1} |",
            of.order,
            of.lots,
            of.settled,
            of.expired,
            of.slashes,
            of.price,
            of.wait_p50,
            of.wait_p99
        );
    };
    report.orders.iter().chain([&report.all]).for_each(line);
    Ok(())
}

fn caps(folder: &Path) -> io::Result<()> {
    let scenario = |cap| Scenario {
        rules: rules_with(|settings| settings.admission.cap = Parts::percent(cap)),
        ..Scenario::default()
    };
    let rows = sweep(&[5, 10, 20, 30, 100], |cap| format!("{cap} %"), scenario);
    table(
        "Share cap, operators known",
        "cap",
        &[LARGEST, HERFINDAHL, PRICE, P50, P99, EXPIRED, UTILISATION],
        &rows,
    );
    draw(
        folder,
        "share-cap.svg",
        "Share cap: concentration against price",
        "cap of one operator",
        &rows,
        &[
            ("price", |report| report.all.price),
            ("largest share", |report| report.largest_share),
            ("Herfindahl", |report| report.herfindahl),
        ],
    )
}

fn names(_: &Path) -> io::Result<()> {
    let names = [1, 10, 60];
    let columns = [ATTACK_SHARE, HERFINDAHL, PRICE, P99, EXPIRED];
    let fixed = |count| Scenario { attack: Attack::Names(count), ..Scenario::default() };
    let rows = sweep(&names, |count| count.to_string(), fixed);
    table("One operator by many names, a fixed cap for each name", "names", &columns, &rows);
    let by_stake = |count, multiple| Scenario {
        attack: Attack::Names(count),
        allow_list: false,
        rules: rules_with(|settings| settings.admission.stake_multiple = Parts::percent(multiple)),
        ..Scenario::default()
    };
    let rows = sweep(&names, |count| count.to_string(), |count| by_stake(count, 1000));
    table("The same, shares by stake times 10", "names", &columns, &rows);
    let multiples = [300, 500, 2000];
    let rows = sweep(
        &multiples,
        |multiple| (multiple / 100).to_string(),
        |multiple| by_stake(10, multiple),
    );
    table("Ten names, shares by stake times more and less", "times", &columns, &rows);
    Ok(())
}

fn ramps(folder: &Path) -> io::Result<()> {
    let minutes = [1.0, 5.0, 10.0, 20.0, 40.0];
    let scenario = |ramp_minutes| Scenario { ramp_minutes, ..Scenario::default() };
    let rows = sweep(&minutes, |ramp| format!("{ramp}"), scenario);
    let columns: [Column; 4] = [
        ("Dutch price", |report| format!("{:.1}", report.orders[0].price)),
        ("wait p50, min", |report| format!("{:.1}", report.orders[0].wait_p50)),
        ("wait p99, min", |report| format!("{:.1}", report.orders[0].wait_p99)),
        ("expired jobs", |report| report.orders[0].expired.to_string()),
    ];
    table("Ramp of Dutch auctions", "minutes", &columns, &rows);
    draw(
        folder,
        "ramp.svg",
        "Ramp of Dutch auctions: price against waiting",
        "minutes from minimum to maximum",
        &rows,
        &[
            ("price", |report| report.orders[0].price),
            ("wait p50", |report| report.orders[0].wait_p50),
            ("wait p99", |report| report.orders[0].wait_p99),
        ],
    )
}

fn slashes(folder: &Path) -> io::Result<()> {
    let rates = [10, 50, 100, 200];
    let rules = |rate| rules_with(|settings| settings.slash.rate = Parts::percent(rate));
    let columns = [ATTACK_FAILED, ATTACK_PROFIT, ATTACK_SHARE, PRICE, P99, EXPIRED];
    let low = sweep(
        &rates,
        |rate| format!("{rate} %"),
        |rate| Scenario { attack: Attack::LowBall(100), rules: rules(rate), ..Scenario::default() },
    );
    table("Slashing rate, 100 low-balling providers", "rate", &columns, &low);
    let failing = sweep(
        &rates,
        |rate| format!("{rate} %"),
        |rate| Scenario {
            attack: Attack::FailAfterLock(100),
            rules: rules(rate),
            ..Scenario::default()
        },
    );
    table("Slashing rate, 100 providers that lock and fail", "rate", &columns, &failing);
    draw(
        folder,
        "slash-low-ball.svg",
        "Slashing rate against low-balling",
        "of the lot's maximum price",
        &low,
        &[
            ("profit", |report| report.attack.profit),
            ("leases broken", |report| report.attack.failed as f64),
            ("price", |report| report.all.price),
        ],
    )
}

fn rescuers(_: &Path) -> io::Result<()> {
    let scenario = |part| Scenario {
        attack: Attack::FailAfterLock(100),
        rules: rules_with(|settings| settings.slash.rescuer = Parts::percent(part)),
        ..Scenario::default()
    };
    let rows = sweep(&[0, 50, 100], |part| format!("{part} %"), scenario);
    table(
        "The rescuer's part of a slash, 100 providers that lock and fail",
        "part",
        &[PRICE, P99, EXPIRED, ATTACK_PROFIT, BURNED],
        &rows,
    );
    Ok(())
}

fn reputations(_: &Path) -> io::Result<()> {
    let columns = [ATTACK_FAILED, ATTACK_PROFIT, PRICE, P99, EXPIRED];
    let scenario = |change: &dyn Fn(&mut Settings)| Scenario {
        attack: Attack::FailAfterLock(100),
        rules: rules_with(change),
        ..Scenario::default()
    };
    let hours = [4, 24, 168];
    let window = |hours: u64| Duration::constant(hours * 3_600_000);
    let by_window = |hours| scenario(&|settings| settings.admission.record_window = window(hours));
    let rows = sweep(&hours, |hours| hours.to_string(), by_window);
    table(
        "How long deliveries and failures count, 100 providers that lock and fail",
        "hours",
        &columns,
        &rows,
    );
    let values = [100_000, 200_000, 1_000_000];
    let by_value =
        |first| scenario(&|settings| settings.admission.first_value = Amount::constant(first));
    let rows = sweep(&values, |first| first.to_string(), by_value);
    table("What a provider without reputation may hold, with the same", "value", &columns, &rows);
    Ok(())
}

fn last_moment(_: &Path) -> io::Result<()> {
    let scenario = |count| Scenario { attack: Attack::LastMoment(count), ..Scenario::default() };
    let rows = sweep(&[0, 100, 200], |count| count.to_string(), scenario);
    table(
        "Providers that take four lots and deliver at the last moment",
        "of them",
        &[ATTACK_SHARE, ATTACK_FAILED, ATTACK_PROFIT, P50, P99, EXPIRED],
        &rows,
    );
    Ok(())
}
