//! The output of a command that did its work, for people and for scripts.

use std::io::Write;
use std::process::ExitCode;

/// The result of a command: the same content as a JSON object and as text.
pub struct Report {
    status: u8,
    json: serde_json::Value,
    text: String,
}

impl Report {
    /// Status 0: done, verified, every check passed.
    pub fn done(json: serde_json::Value, text: String) -> Self {
        Self { status: 0, json, text }
    }

    /// Status 1: the input was read, and a check of it failed.
    pub fn refused(json: serde_json::Value, text: String) -> Self {
        Self { status: 1, json, text }
    }

    /// Status 3: a result that must not occur.
    pub fn broken(json: serde_json::Value, text: String) -> Self {
        Self { status: 3, json, text }
    }

    /// Writes the report to stdout.
    pub fn print(&self, json: bool) -> ExitCode {
        let text = if json { self.json.to_string() } else { self.text.trim_end().to_owned() };
        write_stdout(&text);
        ExitCode::from(self.status)
    }
}

/// Writes a line to stdout. A reader that went away is not a failure of the command: the exit
/// status still gives the outcome.
pub fn write_stdout(line: &str) {
    let mut stdout = std::io::stdout().lock();
    let _ = writeln!(stdout, "{line}").and_then(|()| stdout.flush());
}

/// Writes a line to stderr, for people. A failed write does not stop the work.
pub fn write_stderr(line: std::fmt::Arguments<'_>) {
    let _ = writeln!(std::io::stderr().lock(), "{line}");
}

/// Writes text to stderr that will be overwritten.
pub fn write_stderr_part(text: std::fmt::Arguments<'_>) {
    let mut stderr = std::io::stderr().lock();
    let _ = write!(stderr, "{text}").and_then(|()| stderr.flush());
}
