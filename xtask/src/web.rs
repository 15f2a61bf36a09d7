//! The npm package `@velum/prover`: its WebAssembly, the JavaScript around it, its checks.

use std::env;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

use crate::process::{self, Error};
use crate::project::Project;
use crate::tools::QUICK_BUILD;

const PACKAGE: &str = "velum-wasm";
const BINDGEN: &str = "velum-wasm-bindgen";
const TARGET: &str = "wasm32-unknown-unknown";

/// Where the package lives, from the root of the workspace.
const FOLDER: &str = "bindings-wasm";

/// What the standard library and every browser of the last years have, for wasm-opt.
const FEATURES: [&str; 8] = [
    "--enable-simd",
    "--enable-bulk-memory",
    "--enable-bulk-memory-opt",
    "--enable-nontrapping-float-to-int",
    "--enable-sign-ext",
    "--enable-mutable-globals",
    "--enable-reference-types",
    "--enable-multivalue",
];

/// One `.wasm` of the package.
struct Module {
    name: &'static str,
    /// Features of the crate.
    features: &'static str,
    /// Cargo's profile, and what wasm-opt does besides.
    profile: &'static str,
    optimise: &'static str,
    /// The compiler's flags.
    flags: &'static [&'static str],
}

const MODULES: [Module; 4] = [
    Module {
        name: "prover-simd",
        features: "prove",
        profile: "wasm",
        optimise: "-O3",
        flags: &["-Ctarget-feature=+simd128"],
    },
    Module { name: "prover-scalar", features: "prove", profile: "wasm", optimise: "-O3", flags: &[] },
    Module { name: "verifier", features: "verify", profile: "wasm-small", optimise: "-Oz", flags: &[] },
    Module { name: "testing", features: "mint", profile: "wasm-small", optimise: "-Oz", flags: &[] },
];

/// Builds the package into `bindings-wasm/dist`.
pub fn build(project: &Project) -> Result<(), Error> {
    let web = Web::new(project);
    web.install()?;
    process::run(project.command("rustup").args(["target", "add", TARGET]))?;
    let glue = web.package.join("ts/glue");
    let dist = web.package.join("dist");
    for folder in [&glue, &dist] {
        remove(folder)?;
        create(folder)?;
    }
    for module in &MODULES {
        web.module(module, &glue, &dist)?;
    }
    process::run(web.tool("tsc").args(["--project", "tsconfig.json"]))?;
    create(&dist.join("glue"))?;
    for module in &MODULES {
        let name = format!("glue/{}.js", module.name);
        copy(&web.package.join("ts").join(&name), &dist.join(&name))?;
    }
    for licence in ["LICENSE-APACHE", "LICENSE-MIT"] {
        copy(&project.root().join(licence), &web.package.join(licence))?;
    }
    Ok(())
}

struct Web<'a> {
    project: &'a Project,
    /// The package's folder.
    package: PathBuf,
    /// Where WebAssembly is built.
    target: PathBuf,
}

impl<'a> Web<'a> {
    fn new(project: &'a Project) -> Self {
        Self { project, package: project.root().join(FOLDER), target: project.target().join("wasm") }
    }

    /// Installs the tools that come from npm, where the lock file has changed since.
    fn install(&self) -> Result<(), Error> {
        let (lock, installed) =
            (self.package.join("package-lock.json"), self.package.join("node_modules/.installed.json"));
        if fs::read(&lock).ok() == fs::read(&installed).ok() {
            return Ok(());
        }
        let mut npm = self.command("npm");
        process::run(npm.args(["ci", "--no-audit", "--no-fund"]))?;
        copy(&lock, &installed)
    }

    fn module(&self, module: &Module, glue: &Path, dist: &Path) -> Result<(), Error> {
        let Module { name, features, profile, optimise, flags } = module;
        let mut build = self.project.cargo(["build", "--locked", "--lib", "--package", PACKAGE]);
        build.args(["--features", features, "--profile", profile, "--target", TARGET, "--target-dir"]);
        build.arg(&self.target).env("CARGO_ENCODED_RUSTFLAGS", self.flags(flags));
        process::run(&mut build)?;
        let built = self.target.join(TARGET).join(profile).join("velum_wasm.wasm");

        let folder = self.target.join("bindgen").join(name);
        create(&folder)?;
        let mut bindgen = self.project.command(self.bindgen()?);
        process::run(bindgen.arg(built).arg(&folder).arg(name))?;
        for extension in ["js", "d.ts"] {
            let file = format!("{name}.{extension}");
            copy(&folder.join(&file), &glue.join(&file))?;
        }
        let bound = folder.join(format!("{name}_bg.wasm"));
        let optimised = self.optimised(name, optimise, &bound)?;
        copy(&optimised, &dist.join(format!("{name}.wasm")))
    }

    /// The module after wasm-opt, which takes a minute and is spared where nothing changed.
    fn optimised(&self, name: &str, level: &str, module: &Path) -> Result<PathBuf, Error> {
        let folder = self.target.join("optimised");
        create(&folder)?;
        let (before, after) =
            (folder.join(format!("{name}.before{level}")), folder.join(format!("{name}.wasm")));
        if after.exists() && fs::read(&before).ok() == fs::read(module).ok() {
            return Ok(after);
        }
        let mut wasm_opt = self.tool("wasm-opt");
        wasm_opt.arg(level).args(FEATURES).args(["--strip-debug", "--strip-producers"]);
        process::run(wasm_opt.arg(module).arg("-o").arg(&after))?;
        copy(module, &before)?;
        Ok(after)
    }

    /// The compiler's flags. No path of this machine goes into a module, so that one source gives the same bytes anywhere.
    fn flags(&self, flags: &[&str]) -> OsString {
        let home = |name: &str, folder: &str| {
            env::var_os(name)
                .map(PathBuf::from)
                .or_else(|| Some(PathBuf::from(env::var_os("HOME")?).join(folder)))
        };
        let folders =
            [(home("CARGO_HOME", ".cargo"), "/cargo"), (Some(self.project.root().into()), "/velum")];
        let mut joined = OsString::from(flags.join("\u{1f}"));
        for (folder, name) in folders {
            let Some(folder) = folder else { continue };
            if !joined.is_empty() {
                joined.push("\u{1f}");
            }
            joined.push("--remap-path-prefix=");
            joined.push(folder);
            joined.push(format!("={name}"));
        }
        joined
    }

    /// The program that writes the JavaScript around a module.
    fn bindgen(&self) -> Result<PathBuf, Error> {
        let folder = self.project.target().join("tools").join("bindgen");
        let mut build =
            self.project.cargo(["build", "--locked", "--release", "--package", BINDGEN, "--target-dir"]);
        process::run(build.arg(&folder).envs(QUICK_BUILD))?;
        Ok(folder.join("release").join(BINDGEN))
    }

    /// A tool that npm installed.
    fn tool(&self, name: &str) -> std::process::Command {
        self.command(self.package.join("node_modules/.bin").join(name))
    }

    /// A program to be run in the package's folder.
    fn command(&self, program: impl AsRef<std::ffi::OsStr>) -> std::process::Command {
        let mut command = self.project.command(program);
        command.current_dir(&self.package);
        command
    }
}

fn create(folder: &Path) -> Result<(), Error> {
    fs::create_dir_all(folder).map_err(|source| Error::Write { path: folder.into(), source })
}

fn remove(folder: &Path) -> Result<(), Error> {
    match fs::remove_dir_all(folder) {
        Err(source) if folder.exists() => Err(Error::Write { path: folder.into(), source }),
        _ => Ok(()),
    }
}

fn copy(from: &Path, to: &Path) -> Result<(), Error> {
    fs::copy(from, to).map(drop).map_err(|source| Error::Write { path: to.into(), source })
}
