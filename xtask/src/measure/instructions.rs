//! Counts the instructions of a proof with Valgrind. These counts repeat, while times do not.

use super::{PACKAGE, PROGRAM};
use crate::process::{self, Error};
use crate::project::{Cpu, Project};

/// Instructions of each proof on one thread. They include filling the tables and exclude grinding,
/// whose work is random.
pub struct Instructions {
    /// The build that was counted.
    pub cpu: Cpu,
    pub credential: u64,
    pub presentation: u64,
}

impl Instructions {
    /// Counts the instructions, or returns why they cannot be counted. Valgrind does not support
    /// AVX-512, so the build for AVX2 is counted if there is one.
    pub fn count(project: &Project) -> Result<Result<Self, String>, Error> {
        if process::output(project.command("valgrind").arg("--version")).is_err() {
            return Ok(Err("there is no valgrind".to_owned()));
        }
        let cpu = Cpu::all_here().into_iter().find(|cpu| *cpu == Cpu::Avx2).unwrap_or(Cpu::Any);
        process::run(&mut project.build(cpu, PACKAGE, PROGRAM))?;
        // The count is the cost of one more proof, so that neither keys nor the start of the
        // program are included.
        let more = |kind| {
            let [one, two] = [1, 2].map(|proofs| collected(project, cpu, kind, proofs));
            Ok::<_, Error>(two?.saturating_sub(one?))
        };
        Ok(Ok(Self { cpu, credential: more("credential")?, presentation: more("presentation")? }))
    }
}

fn collected(project: &Project, cpu: Cpu, kind: &str, proofs: usize) -> Result<u64, Error> {
    eprintln!("counting the instructions of {proofs} {kind} proofs");
    let mut valgrind = project.command("valgrind");
    valgrind.args(["--tool=callgrind", "--callgrind-out-file=/dev/null"]);
    valgrind.arg(project.program(cpu, PROGRAM));
    valgrind.args(["count", "--kind", kind, "--runs", &proofs.to_string()]);
    let output = process::output(&mut valgrind)?;
    let printed = String::from_utf8_lossy(&output.stderr);
    let found = || Error::Found(format!("valgrind: {printed}"));
    if output.status.success() { total(&printed).ok_or_else(found) } else { Err(found()) }
}

/// The sum that callgrind prints last: `==123== Collected : 456`.
fn total(printed: &str) -> Option<u64> {
    let line = printed.lines().find(|line| line.contains("Collected :"))?;
    line.split_whitespace().last()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_callgrind_prints() {
        let printed = "==7== Events    : Ir\n==7== Collected : 1234567\n==7== \n==7== I   refs:      1,234,567\n";
        assert_eq!(total(printed), Some(1_234_567));
        assert_eq!(total("==7== nothing"), None);
    }
}
