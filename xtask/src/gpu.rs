//! GPUs, and the driver in software on which tests run if a machine has no GPU.

use std::ffi::OsString;
use std::path::Path;
use std::process::ExitCode;

use crate::apt;
use crate::process::{self, Error};
use crate::project::{Cpu, Project};
use crate::web;

/// The folders in which Vulkan drivers are described.
const DRIVERS: [&str; 2] = ["/usr/share/vulkan/icd.d", "/etc/vulkan/icd.d"];

/// Vulkan's loader, and Mesa's drivers. One of these, lavapipe, computes on the CPU.
const PACKAGES: [&str; 2] = ["libvulkan1", "mesa-vulkan-drivers"];

/// Ensures that there is a driver. On Linux, lavapipe is installed with `apt-get` if there is none.
/// Other systems come with a driver.
pub fn install(project: &Project) -> Result<(), Error> {
    let has_driver =
        |folder: &str| Path::new(folder).read_dir().is_ok_and(|mut files| files.next().is_some());
    if !cfg!(target_os = "linux") || DRIVERS.into_iter().any(has_driver) {
        return Ok(());
    }
    eprintln!("there is no Vulkan driver: installing one that runs on the CPU with apt-get");
    apt::install(project, &PACKAGES)
}

/// Prints the adapters on which the kernels can run, natively and in Chromium.
pub fn info(project: &Project) -> Result<(), Error> {
    install(project)?;
    let native = ["run", "--quiet", "--package", "velum-webgpu", "--example", "adapters"];
    process::run(&mut project.cargo(native))?;
    web::adapters(project)
}

/// The package and the name of the program that measures GPUs.
const REPORT: (&str, &str) = ("velum-gpu-report", "gpu-report");

/// Variables that switch off the caches of drivers' compilers, because the measurement includes
/// compilation.
const NO_CACHES: [(&str, &str); 2] =
    [("MESA_SHADER_CACHE_DISABLE", "true"), ("__GL_SHADER_DISK_CACHE", "0")];

/// Builds the program that measures GPUs, prints its path, and runs it.
pub fn report(project: &Project, args: &[OsString]) -> Result<ExitCode, Error> {
    install(project)?;
    let cpu = if cfg!(target_arch = "x86_64") { Cpu::Avx2 } else { Cpu::Any };
    process::run(project.build(cpu, REPORT.0, REPORT.1).env("VELUM_FLAGS", cpu.flags()))?;
    let program = project.program(cpu, REPORT.1);
    eprintln!("built: {}", program.strip_prefix(project.root()).unwrap_or(&program).display());
    let status = process::status(project.command(program).args(args).envs(NO_CACHES))?;
    let code = status.code().and_then(|code| u8::try_from(code).ok());
    Ok(code.map_or(ExitCode::FAILURE, ExitCode::from))
}
