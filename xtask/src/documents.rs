//! Runs the real documents in `testdata/documents` through a program of `velum-bench`, which is
//! built for the processor of this machine.

use crate::args::Documents;
use crate::process::{self, Error};
use crate::project::{Cpu, Project};

const PACKAGE: &str = "velum-bench";
const PROGRAM: &str = "documents";

/// Judges the documents, and proves or records them. Fails if a finding differs from the recorded
/// one, if fewer documents can be proven than should, or if a document that can be proven was not.
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
