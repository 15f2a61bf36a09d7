//! What the commands of this project share: how they read their input, show progress, report and fail.
//!
//! `docs/cli.md` states the interface, which scripts rely on. What a failure means for them is decided in [`failure`] alone.

pub mod command;
pub mod failure;
pub mod files;
pub mod inputs;
pub mod progress;
pub mod report;
