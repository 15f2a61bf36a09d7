//! WebKit, as WebKitGTK has it, in which what is for browsers is tested too. Its driver starts it. It has no mode without windows, so it needs a
//! screen, which nobody sees.

use std::path::PathBuf;

use crate::apt;
use crate::process::Error;
use crate::project::Project;

/// Where tests are told to look for its driver, and where one may say so.
pub const DRIVER_VARIABLE: &str = "VELUM_WEBKIT";

/// The same of what draws the screen.
pub const SCREEN_VARIABLE: &str = "VELUM_XVFB";

/// The driver of the system's WebKit, installed with `apt-get` where there is none, and its WebKit with it.
pub fn find_driver(project: &Project) -> Result<PathBuf, Error> {
    apt::program(project, DRIVER_VARIABLE, &["WebKitWebDriver"], "webkit2gtk-driver")
}

/// The system's server of screens that nobody sees, installed with `apt-get` where there is none.
pub fn find_screen(project: &Project) -> Result<PathBuf, Error> {
    apt::program(project, SCREEN_VARIABLE, &["Xvfb"], "xvfb")
}
