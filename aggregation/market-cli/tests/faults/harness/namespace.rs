//! Tests in namespaces of their own. There they may do what otherwise only root may do, and only to
//! the whole machine: mount disks, and lay and cut cables.

use std::path::Path;
use std::process::{Child, Command, Stdio};

/// The addresses of the two sides of a network.
const NEAR: &str = "10.77.0.1";
const FAR: &str = "10.77.0.2";

/// Starts this program a second time, in new namespaces of these kinds, as `unshare` names them.
/// The second process runs one test that is otherwise ignored. If this is impossible, prints the
/// reason.
pub fn run_inside(kinds: &[&str], test: &str) {
    let unshare = || {
        let mut unshare = Command::new("unshare");
        unshare.arg("--map-root-user").args(kinds);
        unshare
    };
    match unshare().arg("true").output() {
        Ok(tried) if tried.status.success() => (),
        Ok(tried) => {
            eprintln!(
                "skipped: this system lets nobody have a namespace: {}",
                String::from_utf8_lossy(&tried.stderr)
            );
            return;
        }
        Err(error) => {
            eprintln!("skipped: `unshare` makes namespaces, and cannot be started: {error}");
            return;
        }
    }
    let inside = unshare()
        .arg(std::env::current_exe().unwrap())
        .args(["--exact", test, "--ignored", "--nocapture"])
        .output()
        .unwrap();
    let (ran, said) =
        (String::from_utf8_lossy(&inside.stdout), String::from_utf8_lossy(&inside.stderr));
    assert!(inside.status.success() && ran.contains("1 passed"), "{ran}{said}");
    if let Some(skipped) = said.lines().find(|line| line.starts_with("skipped")) {
        eprintln!("{skipped}");
    }
}

/// Another machine on the network of this one, as far as its programs can tell: they reach this
/// machine by a cable to a switch.
pub struct Machine {
    /// The process that keeps the namespace.
    keeper: Child,
}

impl Machine {
    /// Lays the cable, within a namespace of the test's own. An error says what the system does not
    /// allow.
    pub fn start() -> Result<Self, String> {
        let mut keeper = super::command(Path::new("unshare"));
        keeper.args(["--net", "sh", "-c", "echo; exec sleep infinity"]).stdout(Stdio::piped());
        let mut keeper = keeper.spawn().map_err(|error| error.to_string())?;
        // The process has its namespace once it prints something.
        let mut said = [0; 1];
        let read =
            keeper.stdout.take().map(|mut stdout| std::io::Read::read(&mut stdout, &mut said));
        let machine = Self { keeper };
        if !matches!(read, Some(Ok(1))) {
            return Err("there is no second namespace".to_owned());
        }
        let far = machine.keeper.id().to_string();
        ip("link set lo up")?;
        ip("link add switch type bridge")?;
        ip("link add near type veth peer name far")?;
        ip("link set near master switch up")?;
        ip(&format!("addr add {NEAR}/24 dev switch"))?;
        ip("link set switch up")?;
        ip(&format!("link set far netns {far}"))?;
        for what in [
            "link set lo up".to_owned(),
            format!("addr add {FAR}/24 dev far"),
            "link set far up".to_owned(),
        ] {
            let mut there = machine.enter("ip".as_ref());
            done(there.args(what.split(' ')))?;
        }
        Ok(machine)
    }

    /// An address of this machine that the other machine reaches.
    pub fn address() -> String {
        format!("{NEAR}:8460")
    }

    /// Makes a program that is about to be started run on the other machine.
    pub fn take(&self, command: &mut Command) {
        let mut there = self.enter(command.get_program());
        there.args(command.get_args());
        there.envs(command.get_envs().filter_map(|(name, value)| Some((name, value?))));
        *command = there;
    }

    /// The command of a program on the other machine.
    fn enter(&self, program: &std::ffi::OsStr) -> Command {
        let mut command = Command::new("nsenter");
        command.arg(format!("--net=/proc/{}/ns/net", self.keeper.id())).arg(program);
        command
    }
}

impl Drop for Machine {
    fn drop(&mut self) {
        let _ = self.keeper.kill();
        let _ = self.keeper.wait();
    }
}

/// What can be wrong between the machines. Nobody resets a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cut {
    /// The cable is out, and both ends see that.
    Cable,
    /// The switch forwards nothing.
    Switch,
}

impl Cut {
    pub fn begin(self) {
        self.set(["link set near down", "link set near type bridge_slave state 0"]);
    }

    pub fn end(self) {
        self.set(["link set near up", "link set near type bridge_slave state 3"]);
    }

    fn set(self, [cable, switch]: [&str; 2]) {
        ip(if self == Self::Cable { cable } else { switch }).unwrap();
    }
}

fn ip(what: &str) -> Result<(), String> {
    done(Command::new("ip").args(what.split(' ')))
}

fn done(command: &mut Command) -> Result<(), String> {
    let why = match command.output() {
        Ok(output) if output.status.success() => return Ok(()),
        Ok(output) => String::from_utf8_lossy(&output.stderr).into_owned(),
        Err(error) => error.to_string(),
    };
    Err(format!("{command:?}: {why}"))
}
