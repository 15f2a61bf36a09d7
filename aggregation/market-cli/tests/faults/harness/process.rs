//! Programs that are started, killed and started again.

use std::fs::OpenOptions;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// How long after it has ended by itself a program is started again, as a supervisor of services
/// does it.
const AGAIN: Duration = Duration::from_millis(300);

/// One part of a market.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Who {
    Node(usize),
    Provider(usize),
    /// One worker of a provider.
    Worker {
        of: usize,
        number: usize,
    },
}

impl Who {
    pub fn name(self) -> String {
        match self {
            Self::Node(number) => format!("node-{number}"),
            Self::Provider(number) => format!("provider-{number}"),
            Self::Worker { of, number } => format!("worker-{of}-{number}"),
        }
    }
}

/// A program that is kept running except when it was killed.
pub struct Process {
    command: Box<dyn Fn() -> Command>,
    log: PathBuf,
    child: Option<Child>,
    is_wanted: bool,
    ended: Option<Instant>,
}

impl Process {
    /// A program that is not started yet. What it logs is appended to a file.
    pub fn new(log: PathBuf, command: impl Fn() -> Command + 'static) -> Self {
        Self { command: Box::new(command), log, child: None, is_wanted: false, ended: None }
    }

    pub fn start(&mut self) {
        self.kill();
        let log = OpenOptions::new().create(true).append(true).open(&self.log).unwrap();
        let mut command = (self.command)();
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(log);
        self.child = Some(command.spawn().unwrap());
        self.is_wanted = true;
    }

    /// Kills it, as a crash does.
    pub fn kill(&mut self) {
        self.is_wanted = false;
        if let Some(mut child) = self.child.take() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }

    /// Starts it again if it ended by itself a while ago.
    pub fn keep_up(&mut self) {
        if !self.is_wanted {
            return;
        }
        if let Some(child) = &mut self.child
            && let Some(status) = child.try_wait().unwrap()
        {
            assert!(status.signal().is_none(), "{} was ended: {status}", self.log.display());
            self.child = None;
            self.ended = Some(Instant::now());
        }
        if self.child.is_none() && self.ended.is_none_or(|ended| ended.elapsed() > AGAIN) {
            self.start();
        }
    }

    pub fn start_if_killed(&mut self) {
        if !self.is_wanted {
            self.start();
        }
    }

    pub fn log(&self) -> &Path {
        &self.log
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill();
    }
}

/// The command of a program that is killed when this thread ends.
pub fn command(program: &Path) -> Command {
    let mut command = Command::new("setpriv");
    command.args(["--pdeathsig", "KILL"]).arg(program);
    command
}
