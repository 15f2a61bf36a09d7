//! What the commands of this project share: how they read input, show progress, report and fail.
//! The library knows nothing of single commands.
//!
//! `docs/cli.md` states the interface, which scripts rely on. Only [`failure`] decides what a
//! failure means for scripts.

pub mod command;
pub mod failure;
pub mod files;
pub mod inputs;
pub mod progress;
pub mod report;
