//! Chromium, in which what is for browsers is tested.

use std::env;
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
    if let Some(asked) = env::var_os(VARIABLE) {
        return Ok(asked.into());
    }
    if let Some(found) = on_path() {
        return Ok(found);
    }
    eprintln!("there is no Chromium: installing it with apt-get");
    apt::install(project, &["chromium"])?;
    on_path().ok_or_else(|| Error::Found(format!("there is no Chromium: install it, or set {VARIABLE}")))
}

fn on_path() -> Option<PathBuf> {
    let path = env::var_os("PATH")?;
    let folders: Vec<_> = env::split_paths(&path).collect();
    NAMES
        .iter()
        .flat_map(|name| folders.iter().map(move |folder| folder.join(name)))
        .find(|path| path.is_file())
}
