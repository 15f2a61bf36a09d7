//! Finds Chromium, in which code for browsers is tested.

use std::path::PathBuf;

use crate::apt;
use crate::process::Error;
use crate::project::Project;

/// Its names in different distributions.
const NAMES: [&str; 3] = ["chromium", "chromium-browser", "google-chrome"];

/// The variable that tells tests where Chromium is. Users may set it too.
pub const VARIABLE: &str = "VELUM_CHROMIUM";

/// The Chromium of the system. It is installed with `apt-get` if it is missing.
pub fn find(project: &Project) -> Result<PathBuf, Error> {
    apt::program(project, VARIABLE, &NAMES, "chromium")
}
