//! Finds WebKit in the form of WebKitGTK, in which code for browsers is tested too. Its driver
//! starts it. It has no mode without windows, so it needs a screen, which may be invisible.

use std::path::PathBuf;

use crate::apt;
use crate::process::Error;
use crate::project::Project;

/// The variable that tells tests where its driver is. Users may set it too.
pub const DRIVER_VARIABLE: &str = "VELUM_WEBKIT";

/// The variable that tells tests where the server of the screen is. Users may set it too.
pub const SCREEN_VARIABLE: &str = "VELUM_XVFB";

/// The driver of the system's WebKit. It is installed with `apt-get`, together with WebKit, if it
/// is missing.
pub fn find_driver(project: &Project) -> Result<PathBuf, Error> {
    apt::program(project, DRIVER_VARIABLE, &["WebKitWebDriver"], "webkit2gtk-driver")
}

/// The system's server of invisible screens. It is installed with `apt-get` if it is missing.
pub fn find_screen(project: &Project) -> Result<PathBuf, Error> {
    apt::program(project, SCREEN_VARIABLE, &["Xvfb"], "xvfb")
}
