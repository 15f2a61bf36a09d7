//! Grinding.

use bytemuck::{Pod, Zeroable};
use velum_stark::backend::Step;
use velum_stark::control::Control;
use velum_stark::{ProveError, Puzzle, contexts};

use crate::backend::{WebGpu, failed};
use crate::device::GpuError;
use crate::kernels::Kernel;
use crate::key::GpuKey;
use crate::matrix::words;
use crate::recorder::Recorder;

#[repr(C)]
#[derive(Clone, Copy, Pod, Zeroable)]
struct GrindBlake3 {
    key: [u32; 8],
    block: [u32; 16],
    first: [u32; 2],
    bits: u32,
    each: u32,
}

#[repr(C)]
#[derive(Clone, Copy, Pod, Zeroable)]
struct GrindPoseidon2 {
    state: [u32; 24],
    first: [u32; 2],
    bits: u32,
    each: u32,
    lane: u32,
    unused: [u32; 3],
}

/// Binary logarithms of the smallest and the largest number of nonces that are tried at once.
const LOG_TRIED: std::ops::RangeInclusive<usize> = 8..=18;

/// Number of nonces that a thread tries.
pub(crate) const EACH: u32 = 4;

impl WebGpu {
    /// Finds a nonce that solves a puzzle.
    pub(crate) async fn nonce(
        &self,
        key: &GpuKey,
        puzzle: &Puzzle,
        bits: usize,
        control: &Control<'_>,
    ) -> Step<u64, GpuError> {
        let gpu = &self.0;
        // Twice the average number of tries, so that one run usually suffices.
        let log_tried = (bits + 1).clamp(*LOG_TRIED.start(), *LOG_TRIED.end());
        let threads = (1_u64 << log_tried) / u64::from(EACH);
        let found = gpu.0.pool.public(1);
        let mut next = 0_u64;
        while next < Puzzle::nonces(bits) {
            control.check()?;
            gpu.upload(&found, 0, &u32::MAX.to_le_bytes());
            let first = [next as u32, (next >> 32) as u32];
            let mut recorder = Recorder::under(gpu, control);
            match puzzle {
                Puzzle::Blake3 { block } => {
                    let (words, _) = block.as_chunks::<4>();
                    let parameters = GrindBlake3 {
                        key: contexts::grinding(),
                        block: std::array::from_fn(|word| u32::from_le_bytes(words[word])),
                        first,
                        bits: bits as u32,
                        each: EACH,
                    };
                    recorder.run(Kernel::GrindBlake3, &parameters, &[&found], threads.div_ceil(64));
                }
                Puzzle::Poseidon2 { state, lane } => {
                    let mut parameters = GrindPoseidon2 {
                        state: [0; 24],
                        first,
                        bits: bits as u32,
                        each: EACH,
                        lane: *lane as u32,
                        unused: [0; 3],
                    };
                    for (to, &element) in
                        parameters.state.as_chunks_mut::<2>().0.iter_mut().zip(state)
                    {
                        *to = words(element);
                    }
                    let buffers = [&found, &key.hashes.constants];
                    recorder.run(
                        Kernel::GrindPoseidon2,
                        &parameters,
                        &buffers,
                        threads.div_ceil(64),
                    );
                }
            }
            let read = recorder.read(&found, 4).await.map_err(failed)?;
            let at = u32::from_le_bytes([read[0], read[1], read[2], read[3]]);
            if at != u32::MAX {
                return Ok(next + u64::from(at));
            }
            next += 1 << log_tried;
        }
        Err(ProveError::Faulty("no nonce, although one exists with overwhelming probability"))
    }
}
