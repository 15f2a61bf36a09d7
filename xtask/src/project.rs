//! Where the workspace and its build outputs are.

use std::env;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Command;

pub struct Project {
    root: PathBuf,
    target: PathBuf,
}

impl Project {
    /// The workspace that this program belongs to. Build outputs go where `CARGO_TARGET_DIR` says, as with cargo.
    pub fn locate() -> Self {
        // Cargo says at run time where the package is; the value from compile time would be another checkout's
        // where several share one target folder.
        let package =
            env::var_os("CARGO_MANIFEST_DIR").map_or(env!("CARGO_MANIFEST_DIR").into(), PathBuf::from);
        let root = package.parent().unwrap_or(&package).to_path_buf();
        let target = match env::var_os("CARGO_TARGET_DIR") {
            Some(folder) if !folder.is_empty() => root.join(folder),
            _ => root.join("target"),
        };
        Self { root, target }
    }

    pub fn root(&self) -> &Path {
        &self.root
    }

    pub fn target(&self) -> &Path {
        &self.target
    }

    /// Flags of a build for this very processor.
    pub const NATIVE_FLAGS: &str = "-C target-cpu=native";

    /// Where builds for this very processor go, so that the ordinary builds stay cached.
    pub fn native_target(&self) -> PathBuf {
        self.target.join("native")
    }

    /// Cargo, about to build the `velum` command for this very processor.
    pub fn native_build(&self) -> Command {
        let mut command = self.cargo(["build", "--locked", "--release", "--package", "velum-cli"]);
        command.args(["--bin", "velum", "--target-dir"]).arg(self.native_target());
        let flags = env::var("RUSTFLAGS").unwrap_or_default();
        command.env("RUSTFLAGS", format!("{flags} {}", Self::NATIVE_FLAGS).trim_start());
        command
    }

    /// A program to be run in the root of the workspace.
    pub fn command(&self, program: impl AsRef<OsStr>) -> Command {
        let mut command = Command::new(program);
        command.current_dir(&self.root);
        command
    }

    /// The cargo that runs this program, with these arguments.
    pub fn cargo<const N: usize>(&self, args: [&str; N]) -> Command {
        let mut command = self.command(env::var_os("CARGO").unwrap_or("cargo".into()));
        command.args(args);
        command
    }
}
