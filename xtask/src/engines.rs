//! The engines of browsers that the npm package and the page are tested in.

use std::process::Command;

use crate::chromium;
use crate::firefox;
use crate::process::Error;
use crate::project::Project;
use crate::webkit;

/// Tells a command of tests where each engine is. Those that are not there are installed first.
pub fn tell<'a>(project: &Project, test: &'a mut Command) -> Result<&'a mut Command, Error> {
    test.env(chromium::VARIABLE, chromium::find(project)?);
    test.env(firefox::VARIABLE, firefox::find(project)?);
    test.env(webkit::DRIVER_VARIABLE, webkit::find_driver(project)?);
    Ok(test.env(webkit::SCREEN_VARIABLE, webkit::find_screen(project)?))
}
