//! What was run, how it ended, and how long it took.
//!
//! The last line also says how much CPU time everything took. Half of it is what two idle cores
//! need at least, however busy the machine was.

use std::fmt;
use std::fs::File;
use std::io::{Read as _, Seek as _};
use std::thread;
use std::time::{Duration, Instant};

use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::time::TimeVal;

use crate::process::{self, Error};

/// How a step ended that did not fail.
#[derive(Debug, PartialEq, Eq)]
pub enum Verdict {
    Passed,
    /// Passed, and what one has to know about it.
    PassedWith(String),
    /// It passed before, and nothing has changed since: when, and how that is known. It was not run.
    Unchanged(String),
    /// The check could not be made here, and why. It counts neither as passed nor as failed.
    NotChecked(String),
}

#[derive(Debug)]
struct Step {
    name: &'static str,
    result: Result<Verdict, Error>,
    elapsed: Duration,
}

/// The steps of a run, in order. A step that fails does not keep the next from running.
#[derive(Debug)]
pub struct Report {
    steps: Vec<Step>,
    /// The names of the steps to run. Empty if all are.
    wanted: Vec<String>,
    start: Instant,
    /// Where steps print that run beside others. A step's output is shown when the step ends.
    log: Option<File>,
}

impl Default for Report {
    fn default() -> Self {
        Self { steps: Vec::new(), wanted: Vec::new(), start: Instant::now(), log: None }
    }
}

impl Report {
    /// A report that runs the steps with these names and no others. If there are no names, it runs
    /// all.
    pub fn of(wanted: Vec<String>) -> Self {
        Self { wanted, ..Self::default() }
    }

    /// Runs two lists of steps at the same time. The output of each step of the second list goes to
    /// `log`, and is shown when the step ends. The steps of the second list come after those of the
    /// first.
    pub fn at_once(
        &mut self,
        log: File,
        first: impl FnOnce(&mut Self),
        second: impl FnOnce(&mut Self) + Send,
    ) {
        let wanted = self.wanted.clone();
        let beside = move || {
            // Without a second handle all is printed as it comes.
            let shown = log.try_clone().ok();
            if shown.is_some() {
                process::log_to(log);
            }
            let mut report = Self { log: shown, ..Self::of(wanted) };
            second(&mut report);
            report.steps
        };
        thread::scope(|scope| {
            let beside = scope.spawn(beside);
            first(self);
            match beside.join() {
                Ok(steps) => self.steps.extend(steps),
                Err(panic) => std::panic::resume_unwind(panic),
            }
        });
    }

    /// Runs a step that passes or fails.
    pub fn step(&mut self, name: &'static str, run: impl FnOnce() -> Result<(), Error>) {
        self.step_with_verdict(name, || run().map(|()| Verdict::Passed));
    }

    /// Runs a step that may also turn out to be impossible on this machine.
    pub fn step_with_verdict(
        &mut self,
        name: &'static str,
        run: impl FnOnce() -> Result<Verdict, Error>,
    ) {
        if !self.wanted.is_empty() && !self.wanted.iter().any(|wanted| wanted == name) {
            return;
        }
        match self.log {
            None => eprintln!("\n=== {name}"),
            Some(_) => eprintln!("\n=== {name} begins beside other steps"),
        }
        let start = Instant::now();
        let result = run();
        let step = Step { name, result, elapsed: start.elapsed() };
        match self.printed() {
            None => eprintln!("=== {step}"),
            // In one piece, since others print at the same time.
            Some(printed) => {
                eprintln!("\n=== {name} ran beside other steps\n{printed}\n=== {step}")
            }
        }
        self.steps.push(step);
    }

    /// What the last step printed to the log. Empties the log.
    fn printed(&mut self) -> Option<String> {
        let log = self.log.as_mut()?;
        let mut printed = Vec::new();
        let read = log.rewind().and_then(|()| log.read_to_end(&mut printed));
        let emptied = read.and_then(|_| log.set_len(0)).and_then(|()| log.rewind());
        if let Err(error) = emptied {
            printed.extend(format!("\nwhat was printed cannot be read: {error}").bytes());
        }
        Some(String::from_utf8_lossy(&printed).into_owned())
    }

    pub fn failed(&self) -> bool {
        self.steps.iter().any(|step| step.result.is_err())
    }

    /// The first wanted name that no step has.
    pub fn missing(&self) -> Option<&str> {
        let is_missing = |wanted: &&String| self.steps.iter().all(|step| step.name != **wanted);
        self.wanted.iter().find(is_missing).map(String::as_str)
    }

    /// The name of each step, how it ended, why, and how long it took.
    pub fn endings(&self) -> impl Iterator<Item = [String; 4]> {
        self.steps.iter().map(|step| {
            let (word, why) = step.ending();
            [step.name.to_owned(), word.to_owned(), why, clock(step.elapsed)]
        })
    }
}

/// One line a step and, last, the counts.
impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for step in &self.steps {
            writeln!(f, "{step}")?;
        }
        let count =
            |wanted: fn(&Step) -> bool| self.steps.iter().filter(|step| wanted(step)).count();
        let passed =
            count(|step| matches!(step.result, Ok(Verdict::Passed | Verdict::PassedWith(_))));
        let failed = count(|step| step.result.is_err());
        let unchanged = count(|step| matches!(step.result, Ok(Verdict::Unchanged(_))));
        let skipped = count(|step| matches!(step.result, Ok(Verdict::NotChecked(_))));
        write!(f, "steps: {passed} passed, {failed} failed")?;
        if unchanged > 0 {
            write!(f, ", {unchanged} unchanged")?;
        }
        if skipped > 0 {
            write!(f, ", {skipped} skipped")?;
        }
        writeln!(f, "; {}, CPU time {}", clock(self.start.elapsed()), clock(busy()))
    }
}

impl Step {
    fn ending(&self) -> (&'static str, String) {
        match &self.result {
            Ok(Verdict::Passed) => ("passed", String::new()),
            Ok(Verdict::PassedWith(note)) => ("passed", note.clone()),
            Ok(Verdict::Unchanged(note)) => ("unchanged", note.clone()),
            Ok(Verdict::NotChecked(why)) => ("NOT CHECKED", why.clone()),
            Err(error) => ("FAILED", error.to_string()),
        }
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (word, why) = self.ending();
        write!(f, "{:<24} {word:<11} {:>8}", self.name, clock(self.elapsed))?;
        if why.is_empty() { Ok(()) } else { write!(f, "  {why}") }
    }
}

/// How long processors were busy with the programs that this program has run, and with the programs
/// that those have run. A program counts once its parent has waited for it.
fn busy() -> Duration {
    let duration = |time: TimeVal| {
        let microseconds = time.tv_sec() * 1_000_000 + time.tv_usec();
        Duration::from_micros(u64::try_from(microseconds).unwrap_or(0))
    };
    getrusage(UsageWho::RUSAGE_CHILDREN)
        .map_or(Duration::ZERO, |usage| duration(usage.user_time()) + duration(usage.system_time()))
}

fn clock(elapsed: Duration) -> String {
    let seconds = elapsed.as_secs();
    if seconds < 60 {
        format!("{:.1} s", elapsed.as_secs_f64())
    } else {
        format!("{}m {:02}s", seconds / 60, seconds % 60)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::process;
    use std::process::Command;

    #[test]
    fn the_summary_counts_each_kind_of_ending() {
        let mut report = Report::default();
        report.step("first", || Ok(()));
        report.step_with_verdict("second", || Ok(Verdict::NotChecked("no network".into())));
        assert!(!report.failed());
        report.step("third", || process::run(Command::new("sh").args(["-c", "exit 1"])));
        report.step_with_verdict("fourth", || Ok(Verdict::PassedWith("as of May".into())));
        assert!(report.failed());

        let summary = report.to_string();
        let lines: Vec<_> = summary.lines().collect();
        assert_eq!(lines.len(), 5, "{summary}");
        assert!(lines[0].starts_with("first ") && lines[0].contains(" passed "), "{summary}");
        assert!(
            lines[1].contains(" NOT CHECKED ") && lines[1].ends_with("no network"),
            "{summary}"
        );
        assert!(lines[2].contains(" FAILED ") && lines[2].contains("sh -c 'exit 1'"), "{summary}");
        assert!(lines[3].contains(" passed ") && lines[3].ends_with("as of May"), "{summary}");
        assert!(lines[4].starts_with("steps: 2 passed, 1 failed, 1 skipped; "), "{summary}");
    }

    #[test]
    fn what_was_not_run_again_is_not_said_to_have_passed() {
        let mut report = Report::default();
        report.step_with_verdict("only", || Ok(Verdict::Unchanged("passed before".into())));
        assert!(!report.failed());
        let summary = report.to_string();
        assert!(summary.starts_with("only ") && summary.contains(" unchanged "), "{summary}");
        assert!(summary.contains("\nsteps: 0 passed, 0 failed, 1 unchanged; "), "{summary}");
    }

    #[test]
    fn only_wanted_steps_are_run() {
        let mut report = Report::of(vec!["second".to_owned(), "fourth".to_owned()]);
        report.step("first", || panic!("it is not wanted"));
        report.at_once(
            tempfile::tempfile().unwrap(),
            |report| report.step("second", || Ok(())),
            |report| report.step("third", || panic!("it is not wanted")),
        );
        assert_eq!(report.endings().map(|[name, ..]| name).collect::<Vec<_>>(), ["second"]);
        assert_eq!(report.missing(), Some("fourth"));
    }

    #[test]
    fn nothing_skipped_is_not_mentioned() {
        let mut report = Report::default();
        report.step("only", || Ok(()));
        assert!(report.to_string().contains("\nsteps: 1 passed, 0 failed; "));
    }

    #[test]
    fn what_keeps_processors_busy_is_counted() {
        let before = busy();
        let count = ["-c", "i=0; while [ $i -lt 100000 ]; do i=$((i + 1)); done"];
        process::run(Command::new("sh").args(count)).unwrap();
        assert!(busy() > before);
    }

    #[test]
    fn steps_at_once_come_one_list_after_the_other() {
        let mut report = Report::default();
        let sh = |script: &str| process::run(Command::new("sh").args(["-c", script]));
        report.at_once(
            tempfile::tempfile().unwrap(),
            |report| report.step("first", || sh("sleep 0.2")),
            |report| {
                report.step("second", || sh("echo printed; exit 1"));
                assert_eq!(report.printed().as_deref(), Some(""));
                report.step("third", || sh("true"));
            },
        );
        let names: Vec<_> = report.steps.iter().map(|step| step.name).collect();
        assert_eq!(names, ["first", "second", "third"]);
        assert!(report.failed());
    }

    #[test]
    fn times_are_short() {
        assert_eq!(clock(Duration::from_millis(1_234)), "1.2 s");
        assert_eq!(clock(Duration::from_millis(59_940)), "59.9 s");
        assert_eq!(clock(Duration::from_secs(605)), "10m 05s");
    }
}
