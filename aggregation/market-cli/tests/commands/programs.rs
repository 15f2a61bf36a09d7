//! The command, and processes of it that run beside a test.

use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::time::Duration;

use serde_json::Value;

/// An address on which nobody listens.
pub fn free_address() -> String {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string()
}

fn command(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_velum-market"));
    command.arg("market").args(arguments).arg("--json").env("VELUM_LOG", "warn");
    command
}

pub fn run(arguments: &[&str]) -> (Option<i32>, Value) {
    let Output { status, stdout, stderr } = command(arguments).output().unwrap();
    let json = serde_json::from_slice(&stdout);
    (status.code(), json.unwrap_or_else(|_| panic!("{}", String::from_utf8_lossy(&stderr))))
}

/// A program that runs until the test is done with it.
pub struct Running(Child);

impl Running {
    pub fn start(arguments: &[&str]) -> Self {
        Self(command(arguments).stdout(Stdio::null()).spawn().unwrap())
    }

    /// Stops it as an operator does, and checks that it ends in good order.
    pub fn stop(self) {
        assert_eq!(self.terminate(), Some(0));
    }

    /// Asks it to end, and returns the exit status. There is no status if the signal came before
    /// the program listened to signals.
    pub fn terminate(mut self) -> Option<i32> {
        Command::new("kill").args(["-TERM", &self.0.id().to_string()]).status().unwrap();
        self.0.wait().unwrap().code()
    }

    /// Kills it, wherever it stands.
    pub fn kill(mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Waits until a condition holds.
pub fn until(what: &str, is_so: impl Fn() -> bool) {
    let comes = (0..300).any(|_| {
        let is_so = is_so();
        if !is_so {
            std::thread::sleep(Duration::from_millis(200));
        }
        is_so
    });
    assert!(comes, "it never came that {what}");
}

pub fn path(folder: &Path, name: &str) -> String {
    folder.join(name).display().to_string()
}
