//! The browser engines in which the npm package and the page are tested.

use std::process::Command;

use crate::chromium;
use crate::firefox;
use crate::process::Error;
use crate::project::Project;
use crate::webkit;

/// Tells a test command where each engine is. Installs engines that are missing.
pub fn tell<'a>(project: &Project, test: &'a mut Command) -> Result<&'a mut Command, Error> {
    test.env(chromium::VARIABLE, chromium::find(project)?);
    test.env(firefox::VARIABLE, firefox::find(project)?);
    test.env(webkit::DRIVER_VARIABLE, webkit::find_driver(project)?);
    Ok(test.env(webkit::SCREEN_VARIABLE, webkit::find_screen(project)?))
}
