//! Measures GPU kernels, and whole proofs on a GPU against the CPU, and prints tables.
//! `./x gpu-report` runs it. The program needs only itself and a driver.

mod kernels;
mod machine;
mod proofs;
mod stages;
mod table;

use std::ffi::OsString;

use lexopt::prelude::*;
use velum_core::class::{LARGE, STANDARD};
use velum_stark::block_on;
use velum_webgpu::measure::{Peaks, compile};
use velum_webgpu::{GpuError, Options};

const USAGE: &str = "\
Usage: gpu-report [--software] [--width 32|64] [--runs N] [--quick]
--software     if there is no GPU, measure a software adapter and print no note about it
--width 32|64  compute elements in pairs of 32-bit words, or in 64-bit words if the adapter has them
               (default: 64)
--runs N       measure everything N times (default: 10, with --quick 3)
--quick        measure no document of class `large`, and fewer columns";

type Failure = Box<dyn std::error::Error>;

/// What is measured, and how often.
struct Asked {
    software: bool,
    only_32_bit: bool,
    runs: Option<usize>,
    quick: bool,
}

impl Asked {
    fn runs(&self) -> usize {
        self.runs.unwrap_or(if self.quick { 3 } else { 10 }).max(1)
    }
}

fn main() -> Result<(), Failure> {
    let asked = parse(std::env::args_os().skip(1)).map_err(|error| format!("{error}\n{USAGE}"))?;
    let options = options(&asked)?;
    let (gpu, cold) = block_on(compile(options))?;
    machine::print(gpu.adapter(), asked.only_32_bit);
    // Some drivers compile a kernel when it first runs, so no kernel may run before the first
    // proofs.
    proofs::print(&gpu, asked.runs(), STANDARD)?;
    // This opens another device of the same adapter, in the same process.
    let (_, warm) = block_on(compile(options))?;
    let peaks = Peaks::measure(&gpu, asked.only_32_bit)?;
    kernels::print_peaks(&peaks);
    kernels::print_compilation(&cold, &warm);
    kernels::print_samples(&gpu, &peaks, &asked)?;
    kernels::print_proofs(&gpu, &peaks, asked.runs(), STANDARD)?;
    if !asked.quick {
        proofs::print(&gpu, asked.runs(), LARGE)?;
    }
    Ok(())
}

fn parse(arguments: impl IntoIterator<Item = OsString>) -> Result<Asked, lexopt::Error> {
    let mut parser = lexopt::Parser::from_args(arguments);
    let mut asked = Asked { software: false, only_32_bit: false, runs: None, quick: false };
    while let Some(argument) = parser.next()? {
        match argument {
            Long("software") => asked.software = true,
            Long("quick") => asked.quick = true,
            Long("runs") => asked.runs = Some(parser.value()?.parse()?),
            Long("width") => {
                asked.only_32_bit = match parser.value()?.string()?.as_str() {
                    "32" => true,
                    "64" => false,
                    _ => return Err("use `32` or `64`".into()),
                }
            }
            other => return Err(other.unexpected()),
        }
    }
    Ok(asked)
}

/// The options to open the adapter with. An adapter in software is used if there is no other. A
/// message says so, unless such an adapter was requested.
fn options(asked: &Asked) -> Result<Options, Failure> {
    let adapters = block_on(velum_webgpu::adapters());
    if adapters.is_empty() {
        return Err(GpuError::NoAdapter("none was found".into()).into());
    }
    let is_software = adapters.iter().all(|adapter| adapter.is_software);
    if is_software && !asked.software {
        println!("There is no GPU: a software adapter is measured, which computes on the CPU.\n");
    }
    Ok(Options { software: is_software, only_32_bit: asked.only_32_bit, short: false })
}
