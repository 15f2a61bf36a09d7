//! GPUs, and the one in software that tests run on where a machine has none.

use std::path::Path;

use crate::apt;
use crate::process::{self, Error};
use crate::project::Project;
use crate::web;

/// Where drivers of Vulkan are described.
const DRIVERS: [&str; 2] = ["/usr/share/vulkan/icd.d", "/etc/vulkan/icd.d"];

/// Vulkan's loader, and Mesa's drivers, of which one computes on the processor: lavapipe.
const PACKAGES: [&str; 2] = ["libvulkan1", "mesa-vulkan-drivers"];

/// Sees to it that there is a driver: on Linux lavapipe is installed with `apt-get` where there is none. Other systems bring theirs.
pub fn install(project: &Project) -> Result<(), Error> {
    let has_driver =
        |folder: &str| Path::new(folder).read_dir().is_ok_and(|mut files| files.next().is_some());
    if !cfg!(target_os = "linux") || DRIVERS.into_iter().any(has_driver) {
        return Ok(());
    }
    eprintln!("there is no driver of Vulkan: installing one in software with apt-get");
    apt::install(project, &PACKAGES)
}

/// Prints the adapters that the kernels can run on, natively and in Chromium.
pub fn info(project: &Project) -> Result<(), Error> {
    install(project)?;
    let native = ["run", "--quiet", "--package", "velum-webgpu", "--example", "adapters"];
    process::run(&mut project.cargo(native))?;
    web::adapters(project)
}
