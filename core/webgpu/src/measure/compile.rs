//! Measures how long kernels take to compile.

use std::cell::RefCell;
use std::time::{Duration, Instant};

use crate::device::{Gpu, GpuError, Options};
use crate::kernels;

/// A module of kernels that was compiled.
#[derive(Clone, Debug)]
pub struct Compiled {
    /// The module's kernels.
    pub kernels: String,
    /// Bytes of its source.
    pub source_bytes: usize,
    /// The time from its source to its pipelines.
    pub elapsed: Duration,
}

/// Opens a GPU and returns how long each module took.
///
/// # Errors
/// Returns the errors of [`Gpu::open`].
pub async fn compile(options: Options) -> Result<(Gpu, Vec<Compiled>), GpuError> {
    // Modules are compiled in their order. Each is compiled right after its source is requested.
    let starts = RefCell::new(Vec::new());
    let note = |source: String| {
        starts.borrow_mut().push((Instant::now(), source.len()));
        source
    };
    let gpu = Gpu::open_altered(options, note).await?;
    let (end, starts) = (Instant::now(), starts.into_inner());
    let ends = starts.iter().skip(1).map(|(start, _)| *start).chain([end]);
    let compiled = kernels::names().zip(&starts).zip(ends);
    let compiled = compiled.map(|((kernels, &(start, source_bytes)), end)| Compiled {
        kernels,
        source_bytes,
        elapsed: end - start,
    });
    Ok((gpu, compiled.collect()))
}
