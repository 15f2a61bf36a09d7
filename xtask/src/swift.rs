//! The Swift packages: builds their native libraries, generates their UniFFI bindings, and runs
//! their tests.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::aggregation;
use crate::mobile::{self, FOLDER, Library, PACKAGE, RECEIPT_PACKAGE};
use crate::process::{self, Error};
use crate::project::Project;
use crate::swift_chroot::Chroot;
use crate::web::{self, Modules};

/// A native library, as Swift sees it.
struct Module {
    /// The C module. Swift looks for it in a folder of this name. XCFrameworks whose module maps
    /// are in such folders can be used side by side.
    name: &'static str,
    /// The library that Swift links.
    library: &'static str,
    /// The Swift file that UniFFI generates, and the target of the package that contains it.
    written: &'static str,
    target: &'static str,
    /// The folder of the package that has the C module for Linux.
    of_linux: &'static str,
}

const MODULE: Module = Module {
    name: "VelumNative",
    library: "libvelum_mobile.a",
    written: "velum.swift",
    target: "VelumBindings",
    of_linux: "Native",
};

const RECEIPT_MODULE: Module = Module {
    name: "VelumReceiptNative",
    library: "libvelum_receipt_mobile.a",
    written: "velum_receipt.swift",
    target: "VelumReceiptBindings",
    of_linux: "NativeReceipt",
};

/// The packages that have tests, relative to the root of the workspace.
const PACKAGES: [&str; 3] =
    ["bindings-mobile/swift", "bindings-mobile/swift-eudi", "demo-ios/Core"];

/// Builds the package: on macOS with the XCFramework, elsewhere with the library of this machine.
pub fn build(project: &Project) -> Result<(), Error> {
    let swift = Swift::prepare(project)?;
    process::run(&mut swift.command(project, "build", PACKAGES[0], &[]))
}

/// Builds and tests the packages.
pub fn test(project: &Project) -> Result<(), Error> {
    let swift = Swift::prepare(project)?;
    web::command_of_tests(project)?;
    aggregation::build_checked(project, aggregation::MARKET)?;
    web::build(project, Modules::ONE)?;
    if let Swift::InFolder(chroot) = &swift {
        lint(project, chroot)?;
    }
    let mut lines = Vec::new();
    for package in PACKAGES {
        let report = outputs(project).join(format!("{}.xml", scratch(package)));
        let found = report.with_file_name(format!("{}-swift-testing.xml", scratch(package)));
        let _ = fs::remove_file(&found);
        let xunit = swift.seen(project, &report);
        process::run(&mut swift.command(project, "test", package, &["--xunit-output", &xunit]))?;
        let text = fs::read_to_string(&found).unwrap_or_default();
        let line =
            summary(&text).ok_or_else(|| Error::Found(format!("no test of {package} ran")))?;
        lines.push(format!("{package}: {line}"));
    }
    lines.iter().for_each(|line| process::print(line));
    Ok(())
}

/// Checks the formatting with the Swift in the folder, which is the same version on every system
/// that is not a Mac.
fn lint(project: &Project, chroot: &Chroot) -> Result<(), Error> {
    let listed = process::output(project.command("git").args(["ls-files", "*.swift"]))?;
    let files = String::from_utf8_lossy(&listed.stdout);
    let files: Vec<_> = files.lines().map(|file| format!("/source/{file}")).collect();
    let mut words = vec!["swift", "format", "lint", "--strict"];
    words.extend(files.iter().map(String::as_str));
    process::run(&mut chroot.command(project, &[], &words))
}

/// A Swift that runs on this machine.
enum Swift {
    /// The system's own Swift.
    OfSystem,
    /// A Swift in a folder, if the system has none.
    InFolder(Chroot),
}

impl Swift {
    /// Finds a Swift, and generates what the packages need besides their sources.
    fn prepare(project: &Project) -> Result<Self, Error> {
        let of_system = process::output(project.command("swift").arg("--version"));
        let swift = if of_system.is_ok_and(|version| version.status.success()) {
            Self::OfSystem
        } else {
            Self::InFolder(Chroot::locate(project)?)
        };
        MODULE.prepare(project, &mobile::library(project)?)?;
        RECEIPT_MODULE.prepare(project, &mobile::receipt_library(project)?)?;
        Ok(swift)
    }

    /// `swift build` or `swift test` for a package.
    fn command(&self, project: &Project, verb: &str, package: &str, more: &[&str]) -> Command {
        let seen = |path: &Path| self.seen(project, path);
        let native = seen(&project.target().join("debug"));
        let testdata = seen(&project.root().join("testdata"));
        let velum = seen(&project.target().join("debug/velum"));
        let market = seen(&project.target().join("debug").join(aggregation::MARKET));
        let package_command = seen(&project.root().join(web::COMMAND));
        let (folder, scratch) =
            (seen(&project.root().join(package)), seen(&outputs(project).join(scratch(package))));
        let mut words = vec!["swift", verb, "--package-path", &folder, "--scratch-path", &scratch];
        words.extend(more);
        let search = format!("-L{native}");
        let products = format!("{scratch}/debug");
        if cfg!(not(target_os = "macos")) {
            words.extend(["-Xlinker", search.as_str()]);
            // Debian's libswiftObservation lacks a function that it would call to end the process.
            words.extend(["-Xlinker", "--allow-shlib-undefined"]);
        }
        let variables = [
            ("LD_LIBRARY_PATH", native.as_str()),
            ("VELUM_TESTDATA", testdata.as_str()),
            ("VELUM_CLI", velum.as_str()),
            (web::MARKET_VARIABLE, market.as_str()),
            ("VELUM_PACKAGE", package_command.as_str()),
            // The adapter is built against a restated interface, so that nothing has to be fetched.
            ("VELUM_EUDI_RESTATED", "1"),
            ("VELUM_PRODUCTS", products.as_str()),
        ];
        match self {
            Self::OfSystem => {
                let mut command = project.command(words[0]);
                command.args(&words[1..]).envs(variables);
                command
            }
            Self::InFolder(chroot) => {
                let small = [("VELUM_SMALL_DISK", "/small")];
                chroot.command(project, &[&variables[..], &small[..]].concat(), &words)
            }
        }
    }

    /// The path under which that Swift finds a file of the workspace.
    fn seen(&self, project: &Project, path: &Path) -> String {
        let within = |folder: &Path, name: &str| {
            path.strip_prefix(folder).ok().map(|rest| Path::new(name).join(rest))
        };
        let seen = match self {
            Self::OfSystem => None,
            Self::InFolder(_) => {
                within(project.target(), "/target").or_else(|| within(project.root(), "/source"))
            }
        };
        seen.unwrap_or_else(|| path.to_path_buf()).display().to_string()
    }
}

impl Module {
    /// Generates what the package needs of this library besides its sources.
    fn prepare(&self, project: &Project, library: &Library) -> Result<(), Error> {
        let generated = outputs(project).join(format!("generated-{}", self.name));
        mobile::generate(project, library, "swift", &generated)?;
        let package = project.root().join(FOLDER).join("swift");
        let written =
            package.join("Sources").join(self.target).join("Generated").join(self.written);
        place(&generated.join(self.written), &written)?;
        if cfg!(target_os = "macos") {
            self.xcframework(
                project,
                &generated,
                &package.join(format!("{}.xcframework", self.name)),
            )
        } else {
            let header = format!("{}.h", self.name);
            place(&generated.join(&header), &package.join(self.of_linux).join(&header))
        }
    }

    /// Cargo, set up to build the library for a target as apps get it.
    fn build(&self, project: &Project, target: &str) -> Command {
        let mut build = if self.name == RECEIPT_MODULE.name {
            aggregation::cargo(project, ["build", "--locked", "--package", RECEIPT_PACKAGE])
        } else {
            project.cargo(["build", "--locked", "--package", PACKAGE])
        };
        build.args(["--profile", "mobile", "--lib", "--target", target]);
        // These are the oldest systems that Package.swift names.
        build.envs([("IPHONEOS_DEPLOYMENT_TARGET", "16.0"), ("MACOSX_DEPLOYMENT_TARGET", "13.0")]);
        build
    }

    /// Builds the library for devices, simulators and this Mac, and joins the builds. Prints the
    /// checksum of the archive. A package that fetches the archive states this checksum.
    fn xcframework(
        &self,
        project: &Project,
        generated: &Path,
        framework: &Path,
    ) -> Result<(), Error> {
        const SLICES: [&[&str]; 3] = [
            &["aarch64-apple-ios"],
            &["aarch64-apple-ios-sim", "x86_64-apple-ios"],
            &["aarch64-apple-darwin", "x86_64-apple-darwin"],
        ];
        let headers = outputs(project).join(format!("Headers-{}", self.name));
        let of_module = headers.join(self.name);
        let header = format!("{}.h", self.name);
        place(&generated.join(&header), &of_module.join(&header))?;
        let map = format!("{}.modulemap", self.name);
        place(&generated.join(map), &of_module.join("module.modulemap"))?;
        let mut create = project.command("xcodebuild");
        create.arg("-create-xcframework");
        for targets in SLICES {
            let mut built = Vec::new();
            for target in targets {
                process::run(project.command("rustup").args(["target", "add", target]))?;
                process::run(&mut self.build(project, target))?;
                built.push(project.target().join(target).join("mobile").join(self.library));
            }
            let library = outputs(project).join(targets[0]).join(self.library);
            write(&library, |path| fs::create_dir_all(path.parent().unwrap_or(path)))?;
            let mut join = project.command("lipo");
            process::run(join.arg("-create").args(&built).arg("-output").arg(&library))?;
            create.arg("-library").arg(library).arg("-headers").arg(&headers);
        }
        if framework.exists() {
            write(framework, |path| fs::remove_dir_all(path))?;
        }
        process::run(create.arg("-output").arg(framework))?;
        let archive = outputs(project).join(format!("{}.xcframework.zip", self.name));
        let mut zip = project.command("ditto");
        process::run(zip.args(["-c", "-k", "--keepParent"]).arg(framework).arg(&archive))?;
        println!("{}", archive.display());
        process::run(project.command("swift").args(["package", "compute-checksum"]).arg(&archive))
    }
}

fn outputs(project: &Project) -> PathBuf {
    project.target().join("swift")
}

/// The name of a package's build outputs.
fn scratch(package: &str) -> String {
    package.replace('/', "-")
}

/// Copies a file if it differs, so that unchanged files are not compiled again.
fn place(from: &Path, to: &Path) -> Result<(), Error> {
    let unreadable = |error| Error::Found(format!("cannot read {}: {error}", from.display()));
    let content = fs::read(from).map_err(unreadable)?;
    if fs::read(to).is_ok_and(|old| old == content) {
        return Ok(());
    }
    write(to, |path| fs::create_dir_all(path.parent().unwrap_or(path)))?;
    write(to, |path| fs::write(path, content))
}

fn write(path: &Path, write: impl FnOnce(&Path) -> std::io::Result<()>) -> Result<(), Error> {
    write(path).map_err(|source| Error::Write { path: path.into(), source })
}

/// The counts of a test report in the form of JUnit. `None` if no test ran.
fn summary(report: &str) -> Option<String> {
    let suite = report.split("<testsuite ").nth(1)?.split('>').next()?;
    let count = |name: &str| -> Option<u32> {
        suite.split(&format!(" {name}=\"")).nth(1)?.split('"').next()?.parse().ok()
    };
    let (tests, failures, skipped) =
        (count("tests")?, count("failures")?, count("skipped").unwrap_or(0));
    let errors = count("errors").unwrap_or(0);
    (tests > skipped).then(|| {
        format!(
            "tests run: {}, failures: {}, skipped: {skipped}",
            tests - skipped,
            failures + errors
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_is_counted_and_one_without_tests_is_none() {
        let report = |tests, skipped| {
            format!(
                "<testsuites>\n  <testsuite name=\"TestResults\" errors=\"0\" tests=\"{tests}\" failures=\"1\" \
                 skipped=\"{skipped}\" time=\"1.0\">\n"
            )
        };
        assert_eq!(
            summary(&report(12, 2)).as_deref(),
            Some("tests run: 10, failures: 1, skipped: 2")
        );
        for none in [report(0, 0), report(2, 2), String::new(), "<testsuite >".to_owned()] {
            assert_eq!(summary(&none), None, "{none}");
        }
    }
}
