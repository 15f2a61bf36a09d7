//! Finds Firefox, in which code for browsers is tested too.

use std::path::PathBuf;

use crate::apt;
use crate::process::Error;
use crate::project::Project;

/// Its names in different distributions.
const NAMES: [&str; 2] = ["firefox-esr", "firefox"];

/// The variable that tells tests where Firefox is. Users may set it too.
pub const VARIABLE: &str = "VELUM_FIREFOX";

/// The Firefox of the system. It is installed with `apt-get` if it is missing.
pub fn find(project: &Project) -> Result<PathBuf, Error> {
    apt::program(project, VARIABLE, &NAMES, "firefox-esr")
}
