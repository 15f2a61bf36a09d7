//! Tests the crates on 64-bit ARM, the processor of phones. They are built for Linux and run under
//! an emulator, and checked for Android and iOS.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use crate::apt;
use crate::elf;
use crate::process::{self, Error};
use crate::project::Project;

const TARGET: &str = "aarch64-unknown-linux-gnu";
const LINKER: &str = "aarch64-linux-gnu-gcc";
const EMULATOR: &str = "qemu-aarch64";
/// Where the emulated program finds the system's libraries.
const SYSTEM: &str = "/usr/aarch64-linux-gnu";

/// Targets of phones. Their programs need linkers of their own, so they are checked and not built.
/// The crates do not distinguish the iOS simulator from an iPhone.
const PHONES: [&str; 3] = ["aarch64-linux-android", "x86_64-linux-android", "aarch64-apple-ios"];

const SUITES: [&str; 3] = ["direct", "compact", "aggregatable"];

/// The library for phones, as apps build it.
const LIBRARIES: [Library; 2] = [
    Library { name: "with markets", features: &[], most_bytes: 3_900_000 },
    Library {
        name: "without markets",
        features: &["--no-default-features"],
        most_bytes: 3_000_000,
    },
];

struct Library {
    name: &'static str,
    /// Arguments for cargo.
    features: &'static [&'static str],
    /// Maximum length of the stripped file.
    most_bytes: u64,
}

/// JNA, through which Kotlin calls the library.
const JNA: &str = "net.java.dev.jna:jna:5.18.1:aar";

/// Runs known-answer tests and whole proofs, and measures the library.
pub fn run(project: &Project) -> Result<(), Error> {
    install(project)?;
    jna(project)?;
    known_answers(project)?;
    proofs(project)?;
    phones(project)?;
    library(project)
}

fn install(project: &Project) -> Result<(), Error> {
    let is_there = |program: &str| {
        process::output(project.command(program).arg("--version"))
            .is_ok_and(|output| output.status.success())
    };
    if ![LINKER, EMULATOR].into_iter().all(is_there) {
        eprintln!(
            "the compiler or the emulator for {TARGET} is missing: installing both with apt-get"
        );
        apt::install(project, &["gcc-aarch64-linux-gnu", "libc6-dev-arm64-cross", "qemu-user"])?;
    }
    let mut rustup = project.command("rustup");
    process::run(rustup.args(["target", "add", TARGET]).args(PHONES))
}

/// Cargo for programs that the emulator runs.
fn cargo<const N: usize>(project: &Project, args: [&str; N]) -> Command {
    let mut cargo = project.cargo(args);
    cargo.args(["--target", TARGET]);
    cargo.env("CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_LINKER", LINKER);
    cargo.env("CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_RUNNER", format!("{EMULATOR} -L {SYSTEM}"));
    cargo
}

/// Runs the tests of hashes, records and transcripts against vectors that were computed elsewhere.
/// Here they use NEON, which only this processor has.
fn known_answers(project: &Project) -> Result<(), Error> {
    let mut test =
        cargo(project, ["test", "--locked", "--package", "velum-stark", "--package", "velum-core"]);
    process::run(test.args(["--lib", "--", "vectors", "hash::", "sha256::"]))
}

/// Where a proof is made or verified.
#[derive(Clone, Copy, Debug)]
enum Side {
    Here,
    Emulated,
}

impl Side {
    fn velum(self, project: &Project) -> Command {
        match self {
            Self::Here => project.command(project.target().join("debug/velum")),
            Self::Emulated => {
                let mut emulator = project.command(EMULATOR);
                emulator
                    .args(["-L", SYSTEM])
                    .arg(project.target().join(TARGET).join("debug/velum"));
                emulator
            }
        }
    }
}

/// Makes a whole proof of each suite on either side, and has both sides judge it, unchanged and
/// with one bit changed.
fn proofs(project: &Project) -> Result<(), Error> {
    process::run(&mut project.cargo(["build", "--locked", "--package", "velum-cli"]))?;
    process::run(&mut cargo(project, ["build", "--locked", "--package", "velum-cli"]))?;
    let folder = project.target().join(TARGET).join("proofs");
    let failed = |source| Error::Write { path: folder.clone(), source };
    fs::create_dir_all(&folder).map_err(failed)?;
    for suite in SUITES {
        for side in [Side::Here, Side::Emulated] {
            let good = folder.join("presentation.cbor");
            let mut prove = side.velum(project);
            prove.args(["prove", "--any-clock", "--suite", suite, "--out"]).arg(&good);
            process::run(prove.args(session(&["document", "transcript", "request"])))?;
            let mut bytes = fs::read(&good).map_err(failed)?;
            if let Some(last) = bytes.last_mut() {
                *last ^= 1;
            }
            let bad = folder.join("changed.cbor");
            fs::write(&bad, bytes).map_err(failed)?;
            for (presentation, holds) in [(&good, true), (&bad, false)] {
                let here = verdict(project, Side::Here, suite, presentation)?;
                let emulated = verdict(project, Side::Emulated, suite, presentation)?;
                if here != emulated || here["verified"] != holds {
                    let made = format!("a proof of suite {suite}, made {side:?}");
                    return Err(Error::Found(format!(
                        "{made}: the verdict is {here} here, and {emulated} in the emulator"
                    )));
                }
            }
            println!("{suite}, made {side:?}: the same verdicts on both sides");
        }
    }
    Ok(())
}

/// Options that name the files of one real document.
fn session(options: &[&str]) -> Vec<String> {
    let file = |option: &str| match option {
        "document" => "device_response.cbor",
        "transcript" => "session_transcript.cbor",
        _ => "request.json",
    };
    let words = options.iter();
    words
        .flat_map(|option| {
            [format!("--{option}"), format!("testdata/mdl-mustermann/{}", file(option))]
        })
        .collect()
}

/// The output of `velum verify`, without what it measured.
fn verdict(
    project: &Project,
    side: Side,
    suite: &str,
    presentation: &Path,
) -> Result<Value, Error> {
    let mut verify = side.velum(project);
    verify.args(["verify", "--json", "--suite", suite, "--presentation"]).arg(presentation);
    let output = process::output(verify.args(session(&["transcript", "request"])))?;
    let unreadable = |error| Error::Found(format!("{side:?}: the verdict cannot be read: {error}"));
    let mut verdict: Value = serde_json::from_slice(&output.stdout).map_err(unreadable)?;
    if let Some(members) = verdict.as_object_mut() {
        members.retain(|member, _| ["verified", "learnt", "reason"].contains(&member.as_str()));
    }
    Ok(verdict)
}

/// Builds the library as apps get it, and checks its size and its layout.
fn library(project: &Project) -> Result<(), Error> {
    LIBRARIES.iter().try_for_each(|library| library.measure(project))
}

impl Library {
    fn measure(&self, project: &Project) -> Result<(), Error> {
        let mut build = cargo(
            project,
            ["rustc", "--locked", "--profile", "mobile", "--package", "velum-mobile"],
        );
        process::run(build.args(self.features).args(["--lib", "--crate-type", "cdylib"]))?;
        let folder = project.target().join(TARGET).join("mobile");
        let (built, stripped) = (folder.join("libvelum_mobile.so"), folder.join("stripped.so"));
        let mut strip = project.command("aarch64-linux-gnu-strip");
        process::run(strip.arg("-o").arg(&stripped).arg(&built))?;
        let failed = |source| Error::Write { path: stripped.clone(), source };
        let bytes = fs::metadata(&stripped).map_err(failed)?.len();
        let Self { name, most_bytes, .. } = self;
        println!("the library {name} has {bytes} bytes, stripped");
        if bytes > *most_bytes {
            return Err(Error::Found(format!(
                "the library {name} has more than {most_bytes} bytes"
            )));
        }
        // The alignment comes from the argument that the crate's build script gives for Android.
        // This linker would choose another one.
        let alignments = elf::check(&stripped)?;
        if alignments.iter().any(|alignment| *alignment != elf::PAGE_BYTES) {
            return Err(Error::Found(format!(
                "the linker did not align segments as the build script says: {alignments:?}"
            )));
        }
        Ok(())
    }
}

/// Checks JNA's own library, which an app includes.
fn jna(project: &Project) -> Result<(), Error> {
    let folder = project.target().join(TARGET).join("jna");
    fs::create_dir_all(&folder).map_err(|source| Error::Write { path: folder.clone(), source })?;
    let mut copy = project.command("mvn");
    copy.args(["--batch-mode", "--no-transfer-progress", "--quiet", "dependency:copy"]);
    copy.arg(format!("-Dartifact={JNA}")).arg(format!("-DoutputDirectory={}", folder.display()));
    process::run(&mut copy)?;
    let mut extract = project.command("jar");
    process::run(extract.current_dir(&folder).args(["xf", "jna-5.18.1.aar"]))?;
    for processor in ["arm64-v8a", "x86_64"] {
        let library: PathBuf = folder.join("jni").join(processor).join("libjnidispatch.so");
        println!("JNA for {processor}: segments are aligned to {:?}", elf::check(&library)?);
    }
    Ok(())
}

/// Checks the crate for phones. It leaves out NEON in BLAKE3, whose C code needs the platform's
/// compiler.
fn phones(project: &Project) -> Result<(), Error> {
    for target in PHONES {
        let mut check =
            project.cargo(["check", "--locked", "--package", "velum-mobile", "--target", target]);
        // These variables tell BLAKE3's build script that its feature `no_neon` is on. No package
        // of the workspace needs that feature otherwise.
        process::run(check.env("CARGO_FEATURE_NO_NEON", "1").env("CARGO_FEATURE_PURE", "1"))?;
    }
    Ok(())
}
