//! Measures where the time of a proof goes.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use velum_credentials::{Control, Device, Progress, Stage};

/// How long a piece of work and each of its stages took, in milliseconds.
#[derive(Clone, Debug, PartialEq)]
pub struct Profile {
    /// The time of the whole work.
    pub total_ms: f64,
    /// The time of each stage, in the order of [`Stage`]. Stages that did not occur are left out.
    pub stages: Vec<(Stage, f64)>,
    /// The device of each stage, in the same order. For a stage that ran on two devices, it is the
    /// last one.
    pub devices: Vec<(Stage, Device)>,
}

/// Accumulates the time of the stages.
struct Clock {
    /// When the current stage began, or when the work began if no stage has begun yet.
    since: Instant,
    current: Option<Stage>,
    spent: BTreeMap<Stage, Duration>,
    devices: BTreeMap<Stage, Device>,
}

impl Clock {
    fn switch(&mut self, stage: Option<Stage>) {
        let now = Instant::now();
        if let Some(current) = self.current {
            *self.spent.entry(current).or_default() += now - self.since;
        }
        (self.current, self.since) = (stage, now);
    }
}

impl Profile {
    /// Runs `work`, which passes on the control, and calls `watch` when each stage begins.
    pub fn of<T>(
        watch: impl Fn(Progress) + Send + Sync,
        work: impl FnOnce(Control<'_>) -> T,
    ) -> (T, Self) {
        let start = Instant::now();
        let clock = Mutex::new(Clock {
            since: start,
            current: None,
            spent: BTreeMap::new(),
            devices: BTreeMap::new(),
        });
        let begin = |progress: Progress| {
            let mut clock = clock.lock().unwrap_or_else(PoisonError::into_inner);
            clock.switch(Some(progress.stage));
            clock.devices.insert(progress.stage, progress.device);
            drop(clock);
            watch(progress);
        };
        let result = work(Control::none().reporting_to(&begin));
        let total_ms = milliseconds(start.elapsed());
        let mut clock = clock.into_inner().unwrap_or_else(PoisonError::into_inner);
        clock.switch(None);
        let stages =
            clock.spent.into_iter().map(|(stage, spent)| (stage, milliseconds(spent))).collect();
        (result, Self { total_ms, stages, devices: clock.devices.into_iter().collect() })
    }

    /// The milliseconds of a stage.
    pub fn ms(&self, stage: Stage) -> f64 {
        self.stages.iter().find(|(candidate, _)| *candidate == stage).map_or(0.0, |(_, ms)| *ms)
    }

    /// The device that held the columns.
    pub fn device(&self) -> Device {
        let queries = self.devices.iter().find(|(stage, _)| *stage == Stage::Queries);
        queries.map_or(Device::Cpu, |(_, device)| *device)
    }

    /// The device of each stage, by name.
    pub fn devices_to_json(&self) -> Value {
        let devices =
            self.devices.iter().map(|(stage, device)| (member(*stage), device.name().into()));
        Value::Object(devices.collect())
    }

    /// The milliseconds outside of all stages. These are spent on checks of the document before the
    /// first stage.
    pub fn other_ms(&self) -> f64 {
        (self.total_ms - self.stages.iter().map(|(_, ms)| ms).sum::<f64>()).max(0.0)
    }

    /// The milliseconds of the stages by name, and of `other`.
    pub fn to_json(&self) -> Value {
        let stages = self.stages.iter().map(|(stage, ms)| (member(*stage), rounded(*ms)));
        let all = stages.chain([("other".to_owned(), rounded(self.other_ms()))]);
        Value::Object(all.map(|(name, ms)| (name, json!(ms))).collect())
    }

    /// A table of several profiles, each a column with a name.
    pub fn table(columns: &[(&str, &Self)]) -> String {
        let mut table = format!("{:22}", "milliseconds");
        let mut row = |name: &str, value: &dyn Fn(&Self) -> f64| {
            let _ = write!(table, "\n{name:22}");
            for (_, profile) in columns {
                let _ = write!(table, "{:>10.1}", value(profile));
            }
        };
        let mut stages: Vec<_> = columns
            .iter()
            .flat_map(|(_, profile)| &profile.stages)
            .map(|(stage, _)| *stage)
            .collect();
        stages.sort_unstable();
        stages.dedup();
        for &stage in &stages {
            row(stage.name(), &|profile| profile.ms(stage));
        }
        row("other", &Self::other_ms);
        row("all", &|profile| profile.total_ms);
        let is_on_gpu = |stage: &&Stage| {
            columns.iter().any(|(_, profile)| profile.devices.contains(&(**stage, Device::Gpu)))
        };
        let on_gpu: Vec<_> = stages.iter().filter(is_on_gpu).map(|stage| stage.name()).collect();
        if !on_gpu.is_empty() {
            let _ = write!(table, "\non the GPU: {}", on_gpu.join(", "));
        }
        let names: String = columns.iter().map(|(name, _)| format!("{name:>10}")).collect();
        table.replacen('\n', &format!("{names}\n"), 1)
    }
}

/// The name of a stage as a member of JSON objects.
pub fn member(stage: Stage) -> String {
    stage.name().to_lowercase().replace([' ', '-'], "_")
}

/// Runs `work`. Returns its result and the milliseconds it took, rounded to a tenth.
pub fn timed<T>(work: impl FnOnce() -> T) -> (T, f64) {
    let start = Instant::now();
    let result = work();
    (result, rounded(milliseconds(start.elapsed())))
}

/// Rounds to a tenth.
pub fn rounded(ms: f64) -> f64 {
    (ms * 10.0).round() / 10.0
}

fn milliseconds(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1_000.0
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHORT: Duration = Duration::from_millis(2);

    fn profile() -> Profile {
        let seen = Mutex::new(Vec::new());
        let watch = |progress: Progress| seen.lock().unwrap().push(progress.stage);
        let ((), profile) = Profile::of(watch, |control| {
            for stage in [Stage::Hashing, Stage::Witness, Stage::Hashing] {
                std::thread::sleep(SHORT);
                control.begin(stage, 0.0).unwrap();
            }
            std::thread::sleep(SHORT);
        });
        assert_eq!(*seen.lock().unwrap(), [Stage::Hashing, Stage::Witness, Stage::Hashing]);
        profile
    }

    #[test]
    fn stages_that_come_again_are_added_up() {
        let profile = profile();
        let stages: Vec<_> = profile.stages.iter().map(|(stage, _)| *stage).collect();
        assert_eq!(stages, [Stage::Witness, Stage::Hashing]);
        assert!(
            profile.ms(Stage::Witness) >= 2.0 && profile.ms(Stage::Hashing) >= 4.0,
            "{profile:?}"
        );
        assert!(profile.other_ms() >= 2.0 && profile.ms(Stage::Folding) == 0.0, "{profile:?}");
        let sum = profile.stages.iter().map(|(_, ms)| ms).sum::<f64>() + profile.other_ms();
        assert!((sum - profile.total_ms).abs() < 1e-6, "{profile:?}");
    }

    #[test]
    fn every_stage_has_a_row_and_a_member() {
        let (one, other) = (
            profile(),
            Profile {
                total_ms: 1.0,
                stages: vec![(Stage::Keys, 0.25)],
                devices: vec![(Stage::Keys, Device::Gpu)],
            },
        );
        let table = Profile::table(&[("prepare", &one), ("present", &other)]);
        let rows: Vec<Vec<_>> =
            table.lines().map(|line| line.split_whitespace().collect()).collect();
        assert_eq!(rows[0], ["milliseconds", "prepare", "present"]);
        assert_eq!(
            (rows[1][0], rows[1][1], rows[2][0], rows[3][2]),
            ("keys", "0.0", "witness", "0.0")
        );
        assert_eq!(
            (rows[4][0], rows[4][2], rows[5][2], rows.len()),
            ("other", "0.8", "1.0", 7),
            "{table}"
        );
        assert_eq!(rows[6], ["on", "the", "GPU:", "keys"]);
        let json = other.to_json();
        assert_eq!(json, json!({ "keys": 0.3, "other": 0.8 }));
        assert_eq!(member(Stage::Extension), "low_degree_extension");
    }
}
