//! Runs the real documents in `testdata/documents` through a program of `velum-bench`, built for this very processor.

use crate::args::Documents;
use crate::process::{self, Error};
use crate::project::{Cpu, Project};

const PACKAGE: &str = "velum-bench";
const PROGRAM: &str = "documents";

/// Judges the documents, and proves or records. Fails where something else is found than was recorded, where fewer can be
/// proven than should, and where one was not that can.
pub fn run(project: &Project, proofs: Documents) -> Result<(), Error> {
    process::run(&mut project.build(Cpu::This, PACKAGE, PROGRAM))?;
    let mut command = project.command(project.program(Cpu::This, PROGRAM));
    match proofs {
        Documents::Sample => {}
        Documents::All => _ = command.arg("--all"),
        Documents::Update => _ = command.arg("--update"),
    }
    process::run(&mut command)
}
