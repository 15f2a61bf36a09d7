//! Firefox, in which what is for browsers is tested too.

use std::path::PathBuf;

use crate::apt;
use crate::process::Error;
use crate::project::Project;

/// What it is called, by distribution.
const NAMES: [&str; 2] = ["firefox-esr", "firefox"];

/// Where tests are told to look for it, and where one may say so.
pub const VARIABLE: &str = "VELUM_FIREFOX";

/// The Firefox of the system, installed with `apt-get` where there is none.
pub fn find(project: &Project) -> Result<PathBuf, Error> {
    apt::program(project, VARIABLE, &NAMES, "firefox-esr")
}
