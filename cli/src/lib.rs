//! What the commands of this project share: how they read input, show progress, report and fail.
//! The library contains no command.
//!
//! `docs/cli.md` states the interface, which scripts rely on. Only [`failure`] decides what a
//! failure means for scripts.
//!
//! [`report`] writes the output, and [`failure`] is its counterpart for work that was not done.
//! [`command`] runs a command and prints one of the two. [`files`] reads and writes files,
//! [`inputs`] reads the inputs that several commands share, and [`progress`] shows what a command
//! does.

pub mod command;
pub mod failure;
pub mod files;
pub mod inputs;
pub mod progress;
pub mod report;
