//! What the command shares with the project's measurements: figures of the machine, and the time that stages take.

pub mod machine;
pub mod profile;
