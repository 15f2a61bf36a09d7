//! Runs other programs.

use std::cell::RefCell;
use std::ffi::OsStr;
use std::fs::File;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Output};

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("could not start `{command}`: {source}")]
    Start { command: String, source: io::Error },
    #[error("`{command}` ended with {status}")]
    Status { command: String, status: ExitStatus },
    #[error("could not write {}: {source}", path.display())]
    Write { path: PathBuf, source: io::Error },
    #[error("{0}")]
    Found(String),
}

thread_local! {
    /// The output of the programs that this thread runs, if it is not this program's own output.
    static LOG: RefCell<Option<File>> = const { RefCell::new(None) };
}

/// Sends the output of all programs that this thread runs from now on to a file, if one is given.
pub fn log_to(file: impl Into<Option<File>>) {
    LOG.set(file.into());
}

/// The file to which this thread sends output, for another thread that works for this one.
pub fn log() -> Result<Option<File>, Error> {
    let copy = LOG.with_borrow(|log| log.as_ref().map(File::try_clone).transpose());
    copy.map_err(|error| Error::Found(format!("the log of steps cannot be shared: {error}")))
}

/// Prints a line where what this thread runs prints to.
pub fn print(line: &str) {
    let is_logged =
        LOG.with_borrow_mut(|log| log.as_mut().is_some_and(|log| writeln!(log, "{line}").is_ok()));
    if !is_logged {
        println!("{line}");
    }
}

/// Prints a command and runs it. Fails if the command fails.
pub fn run(command: &mut Command) -> Result<(), Error> {
    let status = status(command)?;
    if status.success() {
        Ok(())
    } else {
        Err(Error::Status { command: describe(command), status })
    }
}

/// Does the same as [`run`], for a caller that needs the exit status.
pub fn status(command: &mut Command) -> Result<ExitStatus, Error> {
    LOG.with_borrow_mut(|log| match log {
        None => {
            eprintln!("$ {}", describe(command));
            command.status()
        }
        Some(log) => {
            writeln!(log, "$ {}", describe(command))?;
            command.stdout(log.try_clone()?).stderr(log.try_clone()?).status()
        }
    })
    .map_err(|source| Error::Start { command: describe(command), source })
}

/// Runs a command quietly and returns what it printed.
pub fn output(command: &mut Command) -> Result<Output, Error> {
    command.output().map_err(|source| Error::Start { command: describe(command), source })
}

/// The command as a person would type it: the variables that are set, the bare name of the program,
/// the arguments.
fn describe(command: &Command) -> String {
    let variables = command
        .get_envs()
        .filter_map(|(name, value)| Some(format!("{}={}", name.to_string_lossy(), quote(value?))));
    let program = Path::new(command.get_program());
    let program = quote(program.file_name().unwrap_or(program.as_os_str()));
    variables.chain([program]).chain(command.get_args().map(quote)).collect::<Vec<_>>().join(" ")
}

fn quote(word: &OsStr) -> String {
    let word = word.to_string_lossy();
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./=:@+,".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        word.into_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_is_described_as_one_would_type_it() {
        let mut command = Command::new("/opt/rust/bin/cargo");
        command
            .args(["doc", "--no-deps", "a b", "it's", ""])
            .env("RUSTDOCFLAGS", "-D warnings")
            .env_remove("X");
        assert_eq!(
            describe(&command),
            r"RUSTDOCFLAGS='-D warnings' cargo doc --no-deps 'a b' 'it'\''s' ''"
        );
    }

    #[test]
    fn a_failing_command_is_named_with_its_status() {
        let error = run(Command::new("sh").args(["-c", "exit 3"])).expect_err("must fail");
        assert!(matches!(&error, Error::Status { status, .. } if status.code() == Some(3)));
        assert!(error.to_string().starts_with("`sh -c 'exit 3'` ended with"), "{error}");
    }

    #[test]
    fn a_missing_program_is_named() {
        let error = run(&mut Command::new("velum-no-such-program")).expect_err("must fail");
        assert!(
            error.to_string().starts_with("could not start `velum-no-such-program`: "),
            "{error}"
        );
    }
}
