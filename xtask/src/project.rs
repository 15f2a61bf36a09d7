//! The places of the workspace and its build outputs.

use std::env;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Command;

pub struct Project {
    root: PathBuf,
    target: PathBuf,
}

impl Project {
    /// The workspace to which this program belongs. Build outputs are in `CARGO_TARGET_DIR`, as
    /// with cargo.
    pub fn locate() -> Self {
        // Cargo states at run time where the package is. If several checkouts share one target
        // folder, the value from compile time may be that of another checkout.
        let package = env::var_os("CARGO_MANIFEST_DIR")
            .map_or(env!("CARGO_MANIFEST_DIR").into(), PathBuf::from);
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

    /// Cargo, set up to build a program in release mode for some processors.
    pub fn build(&self, cpu: Cpu, package: &str, program: &str) -> Command {
        let mut command = self.cargo(["build", "--locked", "--release", "--package", package]);
        command.args(["--bin", program, "--target-dir"]).arg(self.target_of(cpu));
        let flags = env::var("RUSTFLAGS").unwrap_or_default();
        command.env("RUSTFLAGS", format!("{flags} {}", cpu.flags()).trim());
        command
    }

    /// Where that build puts the program.
    pub fn program(&self, cpu: Cpu, program: &str) -> PathBuf {
        self.target_of(cpu).join("release").join(program)
    }

    /// The target folder of a build. Builds with flags of their own have folders of their own, so
    /// that the ordinary builds stay cached.
    fn target_of(&self, cpu: Cpu) -> PathBuf {
        match cpu {
            Cpu::Any => self.target.clone(),
            Cpu::Avx2 => self.target.join("x86-64-v3"),
            Cpu::This => self.target.join("native"),
        }
    }

    /// A program, set up to run in the root of the workspace.
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

/// The processors that a build is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cpu {
    /// Every processor of the architecture. `cargo install` builds in this way.
    Any,
    /// Processors with AVX2, which are most of those of the last decade.
    Avx2,
    /// The processor of this machine, and those with at least its features.
    This,
}

impl Cpu {
    /// The builds that run on this machine.
    pub fn all_here() -> Vec<Self> {
        #[cfg(target_arch = "x86_64")]
        if std::arch::is_x86_feature_detected!("avx2") {
            return vec![Self::Any, Self::Avx2, Self::This];
        }
        vec![Self::Any, Self::This]
    }

    /// The flags for the compiler.
    pub fn flags(self) -> &'static str {
        match self {
            Self::Any => "",
            Self::Avx2 => "-C target-cpu=x86-64-v3",
            Self::This => "-C target-cpu=native",
        }
    }

    /// The name in output.
    pub fn name(self) -> &'static str {
        match self {
            Self::Any => "plain",
            Self::Avx2 => "x86-64-v3",
            Self::This => "native",
        }
    }
}
