//! Chromium, in which what is for browsers is tested.

use std::path::PathBuf;

use crate::apt;
use crate::process::Error;
use crate::project::Project;

/// What it is called, by distribution.
const NAMES: [&str; 3] = ["chromium", "chromium-browser", "google-chrome"];

/// Where tests are told to look for it, and where one may say so.
pub const VARIABLE: &str = "VELUM_CHROMIUM";

/// The Chromium of the system, installed with `apt-get` where there is none.
pub fn find(project: &Project) -> Result<PathBuf, Error> {
    apt::program(project, VARIABLE, &NAMES, "chromium")
}
