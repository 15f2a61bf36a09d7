//! Builds, checks and tests the npm package `@velum/prover`: its WebAssembly and the JavaScript
//! around it.

use std::env;
use std::ffi::{OsStr, OsString};
use std::fs;
use std::io;
use std::panic::resume_unwind;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread;

use crate::aggregation;
use crate::checks::Slow;
use crate::chromium;
use crate::engines;
use crate::process::{self, Error};
use crate::project::Project;
use crate::tools::{self, QUICK_BUILD};

const BINDGEN: &str = "velum-wasm-bindgen";
const TARGET: &str = "wasm32-unknown-unknown";

/// The folder of the package, relative to the root of the workspace.
const FOLDER: &str = "bindings-wasm";

/// The package as a command with the options of `velum`, for the tests of other bindings. The path
/// is relative to the root of the workspace.
pub const COMMAND: &str = "bindings-wasm/test/command.mjs";

/// The variable that tells tests which builds of the prover there are. Without it they assume that
/// all of them are there.
pub const BUILDS_VARIABLE: &str = "VELUM_BUILDS";

/// The variable that tells tests which command to run.
pub const COMMAND_VARIABLE: &str = "VELUM";

/// The variable that tells tests which command runs markets.
pub const MARKET_VARIABLE: &str = "VELUM_MARKET";

/// The modules of the package that are built.
#[derive(Clone, Copy)]
pub struct Modules(&'static [Module]);

impl Modules {
    pub const ALL: Self = Self(&MODULES);

    /// One build of the prover (the one that Node uses by default), the same build with a GPU, the
    /// verifiers, the market's client, the mint, session transcripts and the pool of proofs. The
    /// package works with these, but cannot load provers of other builds.
    pub const ONE: Self = Self(MODULES.first_chunk::<8>().unwrap());

    /// The builds of the prover, as the package names them.
    pub fn builds(self) -> String {
        self.0.iter().filter_map(|module| module.build).collect::<Vec<_>>().join(",")
    }
}

/// One `.wasm` file of the package.
struct Module {
    name: &'static str,
    /// The package's name for the module, if it is a build of the prover.
    build: Option<&'static str>,
    /// The JavaScript around the module. Builds that differ only in speed share it.
    glue: &'static str,
    source: Crate,
    /// The features of the crate.
    features: &'static str,
    /// The profile of cargo.
    profile: &'static str,
    target: Target,
    /// The folder in which the module is compiled, together with modules that share most of its
    /// dependencies. A build with other flags would discard theirs.
    folder: &'static str,
}

/// The crate from which a module is compiled.
#[derive(Clone, Copy)]
struct Crate {
    package: &'static str,
    /// The folder of its workspace, relative to the root.
    workspace: &'static str,
}

const VELUM_WASM: Crate = Crate { package: "velum-wasm", workspace: "" };

const MARKET_WASM: Crate = Crate { package: "velum-market-wasm", workspace: "" };

const MINT_WASM: Crate = Crate { package: "velum-mint-wasm", workspace: "" };

const RECEIPT_WASM: Crate = Crate { package: "velum-receipt-wasm", workspace: "aggregation" };

/// The instructions that a module may use.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Target {
    /// The instructions that every engine has.
    Plain,
    Simd,
    /// SIMD and atomic instructions. The standard library has to be built again for these.
    SimdThreads,
    /// The same as plain, with a standard library that is small and traps instead of panicking.
    /// This saves 15% of the download.
    Small,
}

impl Target {
    fn flags(self) -> &'static [&'static str] {
        match self {
            Self::Plain => &[],
            Self::Simd => &["-Ctarget-feature=+simd128"],
            // The linker must be told to share memory, at most 1 GiB, and to export what each
            // thread needs for variables of its own.
            Self::SimdThreads => &[
                "-Ctarget-feature=+simd128,+atomics",
                "-Clink-arg=--shared-memory",
                "-Clink-arg=--import-memory",
                "-Clink-arg=--max-memory=1073741824",
                "-Clink-arg=--export=__wasm_init_tls",
                "-Clink-arg=--export=__tls_size",
                "-Clink-arg=--export=__tls_align",
                "-Clink-arg=--export=__tls_base",
            ],
            Self::Small => {
                &["-Zunstable-options", "-Cpanic=immediate-abort", "-Zlocation-detail=none"]
            }
        }
    }

    /// The arguments with which the standard library is built, if it is built again.
    fn standard_library(self) -> Option<&'static [&'static str]> {
        match self {
            Self::Plain | Self::Simd => None,
            Self::SimdThreads => Some(&["-Zbuild-std=std,panic_abort"]),
            Self::Small => {
                Some(&["-Zbuild-std=std,panic_abort", "-Zbuild-std-features=optimize_for_size"])
            }
        }
    }
}

/// All modules. Those of [`Modules::ONE`] come first.
const MODULES: [Module; 11] = [
    Module { name: "prover-simd", build: Some("simd"), ..PROVER },
    Module {
        name: "prover-gpu-simd",
        build: Some("gpu-simd"),
        glue: "prover-gpu",
        features: "gpu",
        ..PROVER
    },
    Module { name: "verifier", glue: "verifier", features: "receipt", ..SMALL },
    Module { name: "receipt", glue: "receipt", source: RECEIPT_WASM, ..SMALL },
    Module { name: "market", glue: "market", source: MARKET_WASM, ..SMALL },
    Module { name: "testing", glue: "testing", source: MINT_WASM, ..SMALL },
    Module { name: "transcript", glue: "transcript", features: "transcript", ..SMALL },
    Module { name: "pool", glue: "pool", features: "proof-pool", ..SMALL },
    Module {
        name: "prover-scalar",
        build: Some("scalar"),
        target: Target::Plain,
        folder: "scalar",
        ..PROVER
    },
    Module {
        name: "prover-threads",
        build: Some("simd-threads"),
        glue: "prover-threads",
        features: "prove,parallel",
        ..THREADS
    },
    Module {
        name: "prover-gpu-threads",
        build: Some("gpu-simd-threads"),
        glue: "prover-gpu-threads",
        features: "gpu,parallel",
        ..THREADS
    },
];

const PROVER: Module = Module {
    name: "",
    build: None,
    glue: "prover",
    source: VELUM_WASM,
    features: "prove",
    profile: "wasm",
    target: Target::Simd,
    folder: "simd",
};

const THREADS: Module = Module { target: Target::SimdThreads, folder: "simd-threads", ..PROVER };

const SMALL: Module = Module {
    features: "",
    profile: "wasm-small",
    target: Target::Small,
    folder: "small",
    ..PROVER
};

/// What stands in for the JavaScript around a prover with threads if that prover was not built. Its
/// WebAssembly is missing, so the worker reports this before it calls any of these functions.
fn without_threads(glue: &str) -> [(String, String); 2] {
    let script = format!(
        "export * from \"./{glue}.js\";\n\
        function missing() {{\n  throw new Error(\"the prover with threads was not built\");\n}}\n\
        export {{ missing as default, missing as openPool, missing as joinPool }};\n"
    );
    let types = format!(
        "export * from \"./{glue}.js\";\n\
        export default function init(options: {{ module_or_path: WebAssembly.Module; memory?: WebAssembly.Memory }}): \
        Promise<{{ memory: WebAssembly.Memory }}>;\n\
        export function openPool(helpers: number): void;\n\
        export function joinPool(): void;\n"
    );
    [(format!("{glue}-threads.js"), script), (format!("{glue}-threads.d.ts"), types)]
}

/// The JavaScript files around modules.
const SCRIPTS: [&str; 10] = [
    "prover.js",
    "prover-threads.js",
    "prover-gpu.js",
    "prover-gpu-threads.js",
    "verifier.js",
    "receipt.js",
    "market.js",
    "testing.js",
    "transcript.js",
    "pool.js",
];

/// Builds the package into `bindings-wasm/dist`.
pub fn build(project: &Project, modules: Modules) -> Result<(), Error> {
    let web = Web::new(project);
    web.install()?;
    let (glue, dist) = (web.package.join("ts/glue"), web.package.join("dist"));
    remove(&glue)?;
    create(&glue)?;
    let compiled = web.compile(modules.0)?;
    let bindgen = web.bindgen()?;
    let bind = |(module, wasm): (_, &PathBuf)| web.bind(&bindgen, module, wasm, &glue);
    let built = modules.0.iter().zip(&compiled).map(bind).collect::<Result<Vec<_>, _>>()?;
    for (name, text) in ["prover", "prover-gpu"].into_iter().flat_map(without_threads) {
        let path = glue.join(name);
        if !path.exists() {
            fs::write(&path, text).map_err(|source| Error::Write { path, source })?;
        }
    }

    remove(&dist)?;
    process::run(web.tool("tsc").args(["--project", "tsconfig.json"]))?;
    create(&dist.join("glue"))?;
    for script in SCRIPTS {
        copy(&glue.join(script), &dist.join("glue").join(script))?;
    }
    for (module, wasm) in modules.0.iter().zip(&built) {
        copy(wasm, &dist.join(module.name).with_extension("wasm"))?;
    }
    for licence in ["LICENSE-APACHE", "LICENSE-MIT"] {
        copy(&project.root().join(licence), &web.package.join(licence))?;
    }
    Ok(())
}

/// Tests the package in Node, as it was built.
pub fn test_in_node(project: &Project, modules: Modules, slow: Slow) -> Result<(), Error> {
    let mut test = npm_test(project, "test:node", slow)?;
    process::run(test.env(BUILDS_VARIABLE, modules.builds()))
}

/// Checks the package, and tests it with running markets.
pub fn test_markets(project: &Project, modules: Modules) -> Result<(), Error> {
    lint(project)?;
    let mut test = npm_test(project, "test:market", Slow::Bounded)?;
    test.env(BUILDS_VARIABLE, modules.builds());
    process::run(
        test.env(MARKET_VARIABLE, aggregation::build_checked(project, aggregation::MARKET)?),
    )
}

/// Tests in Chromium what only a page has: the pool and a GPU. Leaves out tests that take minutes.
pub fn test_in_chromium(project: &Project, modules: Modules) -> Result<(), Error> {
    let mut test = Web::new(project).command("npm");
    test.args(["run", "test:chromium"]).env(BUILDS_VARIABLE, modules.builds());
    process::run(test.env(chromium::VARIABLE, chromium::find(project)?))
}

/// Tests the package in each browser engine: a short story, or all of it.
pub fn test_engines(project: &Project, modules: Modules, slow: Slow) -> Result<(), Error> {
    let mut test = Web::new(project).command("npm");
    test.args(["run", "test:engines"]).env(BUILDS_VARIABLE, modules.builds());
    process::run(engines::tell(project, test.envs(slow.variables().iter().copied()))?)
}

/// Prints the adapters that Chromium has.
pub fn adapters(project: &Project) -> Result<(), Error> {
    let web = Web::new(project);
    web.install_tools()?;
    let mut adapters = web.command("node");
    process::run(
        adapters.arg("test/adapters.mjs").env(chromium::VARIABLE, chromium::find(project)?),
    )
}

/// Checks the package, all of which must have been built, and tests it in Node, in Chromium,
/// packed, and with running markets.
pub fn test(project: &Project, slow: Slow) -> Result<(), Error> {
    lint(project)?;
    let mut test = npm_test(project, "test", slow)?;
    test.env(MARKET_VARIABLE, aggregation::build_checked(project, aggregation::MARKET)?);
    process::run(test.env(chromium::VARIABLE, chromium::find(project)?))
}

fn lint(project: &Project) -> Result<(), Error> {
    process::run(Web::new(project).command("npm").args(["run", "lint"]))
}

/// Builds the command with which the tests in Rust are run, and returns its path.
pub fn command_of_tests(project: &Project) -> Result<PathBuf, Error> {
    process::run(&mut project.cargo(["build", "--workspace", "--locked", "--test", "cli"]))?;
    Ok(project.target().join("debug/velum"))
}

/// A script of the package's tests. Proofs are exchanged between the package and the command.
fn npm_test(project: &Project, script: &str, slow: Slow) -> Result<Command, Error> {
    let command = command_of_tests(project)?;
    let mut test = Web::new(project).command("npm");
    test.args(["run", script]).env(COMMAND_VARIABLE, command);
    test.envs(slow.variables().iter().copied());
    Ok(test)
}

/// Builds the package and prints its measurements in each browser engine, as one JSON object.
pub fn measure(project: &Project, runs: usize) -> Result<(), Error> {
    build(project, Modules::ALL)?;
    let mut measure = Web::new(project).command("node");
    measure.args(["test/measure.mjs", &runs.to_string()]);
    process::run(engines::tell(project, &mut measure)?)
}

struct Web<'a> {
    project: &'a Project,
    /// The folder of the package.
    package: PathBuf,
    /// The folder in which WebAssembly is built.
    target: PathBuf,
}

impl<'a> Web<'a> {
    fn new(project: &'a Project) -> Self {
        Self {
            project,
            package: project.root().join(FOLDER),
            target: project.target().join("wasm"),
        }
    }

    /// Installs the toolchain that compiles for the web, and the tools that come from npm.
    fn install(&self) -> Result<(), Error> {
        process::run(self.project.command("rustup").args(["target", "add", TARGET]))?;
        tools::install_nightly(self.project, "rust-src")?;
        self.install_tools()
    }

    /// Installs the tools that come from npm if the lock file has changed since the last
    /// installation.
    fn install_tools(&self) -> Result<(), Error> {
        let (lock, installed) = (
            self.package.join("package-lock.json"),
            self.package.join("node_modules/.installed.json"),
        );
        if fs::read(&lock).ok() == fs::read(&installed).ok() {
            return Ok(());
        }
        let mut npm = self.command("npm");
        // Standard output is reserved for what tasks print.
        npm.args(["ci", "--no-audit", "--no-fund"]).stdout(io::stderr());
        process::run(&mut npm)?;
        copy(&lock, &installed)
    }

    /// Compiles modules and returns their paths. Modules of one folder are compiled one after
    /// another. Folders are compiled side by side, because optimising a module as a whole keeps
    /// only one processor busy.
    fn compile(&self, modules: &[Module]) -> Result<Vec<PathBuf>, Error> {
        let mut folders: Vec<&str> = modules.iter().map(|module| module.folder).collect();
        folders.sort_unstable();
        folders.dedup();
        let compile_folder = |folder: &str| {
            let of_folder = modules.iter().filter(|module| module.folder == folder);
            of_folder.map(|module| self.compile_one(module)).collect::<Result<Vec<_>, _>>()
        };
        thread::scope(|scope| {
            let start = |folder| {
                let log = process::log()?;
                Ok(scope.spawn(move || {
                    process::log_to(log);
                    compile_folder(folder)
                }))
            };
            let builds = folders.into_iter().map(start).collect::<Result<Vec<_>, Error>>()?;
            builds.into_iter().try_for_each(|build| {
                build.join().unwrap_or_else(|panic| resume_unwind(panic)).map(drop)
            })
        })?;
        Ok(modules.iter().map(|module| self.compiled(module)).collect())
    }

    /// The path of a compiled module. While they are compiled, the modules of one crate have the
    /// same name.
    fn compiled(&self, module: &Module) -> PathBuf {
        self.target.join(module.folder).join(module.name).with_extension("wasm")
    }

    fn compile_one(&self, module: &Module) -> Result<(), Error> {
        let Module { source, features, profile, target, .. } = module;
        let folder = self.target.join(module.folder);
        let mut build = self.cargo(*target);
        build.current_dir(self.project.root().join(source.workspace));
        build.args(["--locked", "--lib", "--package", source.package]);
        build.args([
            "--features",
            features,
            "--profile",
            profile,
            "--target",
            TARGET,
            "--target-dir",
        ]);
        build.arg(&folder).env("CARGO_ENCODED_RUSTFLAGS", self.flags(*target));
        process::run(&mut build)?;
        let library = source.package.replace('-', "_");
        let wasm = folder.join(TARGET).join(profile).join(library).with_extension("wasm");
        copy(&wasm, &self.compiled(module))
    }

    /// Puts the JavaScript around a compiled module into `glue`. Returns the path of the module
    /// that goes with it.
    fn bind(
        &self,
        bindgen: &Path,
        module: &Module,
        wasm: &Path,
        glue: &Path,
    ) -> Result<PathBuf, Error> {
        let script = module.glue;
        let folder = self.target.join("bindgen").join(module.name);
        create(&folder)?;
        process::run(self.project.command(bindgen).arg(wasm).arg(&folder).arg(script))?;
        for extension in ["js", "d.ts"] {
            let file = format!("{script}.{extension}");
            share(&folder.join(&file), &glue.join(&file))?;
        }
        Ok(folder.join(format!("{script}_bg.wasm")))
    }

    /// Cargo, set up to build.
    fn cargo(&self, target: Target) -> Command {
        let Some(standard_library) = target.standard_library() else {
            return self.project.cargo(["build"]);
        };
        let mut cargo = self.project.command("rustup");
        cargo.args(["run", tools::NIGHTLY, "cargo", "build"]).args(standard_library);
        cargo
    }

    /// The flags for the compiler. No path of this machine is put into a module, so that the same
    /// source gives the same bytes on any machine.
    fn flags(&self, target: Target) -> OsString {
        let home = |name: &str, folder: &str| {
            env::var_os(name)
                .map(PathBuf::from)
                .or_else(|| Some(PathBuf::from(env::var_os("HOME")?).join(folder)))
        };
        let folders = [
            (home("CARGO_HOME", ".cargo"), "/cargo"),
            // This folder holds the standard library's sources. The compiler names the place where
            // they are installed.
            (home("RUSTUP_HOME", ".rustup"), "/rustup"),
            (Some(self.project.root().into()), "/velum"),
        ];
        let mut joined = OsString::from(target.flags().join("\u{1f}"));
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
        let mut build = self.project.cargo([
            "build",
            "--locked",
            "--release",
            "--package",
            BINDGEN,
            "--target-dir",
        ]);
        process::run(build.arg(&folder).envs(QUICK_BUILD))?;
        Ok(folder.join("release").join(BINDGEN))
    }

    /// A tool that npm installed.
    fn tool(&self, name: &str) -> Command {
        self.command(self.package.join("node_modules/.bin").join(name))
    }

    /// A program, set up to run in the package's folder.
    fn command(&self, program: impl AsRef<OsStr>) -> Command {
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

/// Copies a file that modules share, and checks that it is the same for all of them.
fn share(from: &Path, to: &Path) -> Result<(), Error> {
    if to.exists() && fs::read(from).ok() != fs::read(to).ok() {
        let message = format!("{} differs between builds that should share it", to.display());
        return Err(Error::Found(message));
    }
    copy(from, to)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn builds_of_the_prover_are_named_as_the_package_names_them() {
        assert_eq!(Modules::ONE.builds(), "simd,gpu-simd");
        assert_eq!(Modules::ALL.builds(), "simd,gpu-simd,scalar,simd-threads,gpu-simd-threads");
    }
}
