//! Measures how fast both devices prove tables of several heights.

use std::time::Duration;

use velum_stark::air::{Chip, ChipBuilder, Trace};
use velum_stark::backend::Backend;
use velum_stark::control::Control;
use velum_stark::field::F;
use velum_stark::{Cpu, HashFunction, Parameters, ProveError, ProvingKey, VerifierKey};

use crate::clock::Clock;
use crate::device::GpuError;

/// Binary logarithms of the heights that are measured, which are those of the tables in use.
const LOG_HEIGHTS: [usize; 4] = [11, 12, 13, 14];

/// Number of columns that are measured, as many as a wide table has.
const COLUMNS: usize = 96;

/// Number of times that a device proves a height. The shortest time counts, because the first proof
/// has to allocate memory.
const RUNS: usize = 2;

/// The largest number of times that a height is measured.
const ATTEMPTS: usize = 3;

/// The duration of proofs of one height.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timing {
    /// Binary logarithm of the height.
    pub log_height: usize,
    /// The duration on the CPU.
    pub cpu: Duration,
    /// The duration on the GPU.
    pub gpu: Duration,
}

/// The measurements, by height, lowest first. Empty if nothing was measured. A caller may keep it:
/// it contains no name and no identity.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Calibration(pub Vec<Timing>);

impl Calibration {
    /// Proves tables of several heights on both devices. `disturbances` counts other work that the
    /// devices receive. If they receive any during a measurement, the height is measured again, but
    /// only a few times.
    ///
    /// # Errors
    /// Returns the errors of the GPU.
    pub(crate) async fn measure<B: Backend<Error = GpuError> + Clone>(
        cpu: &Cpu,
        gpu: &B,
        disturbances: impl Fn() -> u64,
        control: &Control<'_>,
    ) -> Result<Self, GpuError> {
        let mut timings = Vec::with_capacity(LOG_HEIGHTS.len());
        for log_height in LOG_HEIGHTS {
            for attempt in 1..=ATTEMPTS {
                let before = disturbances();
                let timing = Timing::measure(log_height, cpu, gpu, control).await?;
                if disturbances() == before || attempt == ATTEMPTS {
                    timings.push(timing);
                    break;
                }
            }
        }
        Ok(Self(timings))
    }

    /// A calibration in which the GPU is faster.
    #[cfg(any(test, feature = "testing"))]
    pub(crate) fn preferring_gpu() -> Self {
        let (cpu, gpu) = (Duration::from_secs(1), Duration::ZERO);
        Self(vec![Timing { log_height: LOG_HEIGHTS[0], cpu, gpu }])
    }

    /// Whether the GPU is faster for a proof whose tallest table has this height. The lowest
    /// measured height that is not lower decides, or the greatest measured height if all are lower.
    pub fn prefers_gpu(&self, log_height: usize) -> bool {
        let next = self.0.iter().find(|timing| timing.log_height >= log_height).or(self.0.last());
        next.is_some_and(|timing| timing.gpu < timing.cpu)
    }
}

impl Timing {
    async fn measure<B: Backend<Error = GpuError> + Clone>(
        log_height: usize,
        cpu: &Cpu,
        gpu: &B,
        control: &Control<'_>,
    ) -> Result<Self, GpuError> {
        let of_cpu = timed(cpu.clone(), log_height, RUNS, control).await;
        let cpu = of_cpu.map_err(|error| GpuError::Failed(error.to_string()))?;
        let gpu =
            timed(gpu.clone(), log_height, RUNS, control).await.map_err(|error| match error {
                ProveError::Backend(error) => error,
                error => GpuError::Failed(error.to_string()),
            })?;
        Ok(Self { log_height, cpu, gpu })
    }
}

/// The duration of the shortest of several proofs.
async fn timed<B: Backend>(
    backend: B,
    log_height: usize,
    runs: usize,
    control: &Control<'_>,
) -> Result<Duration, ProveError<B::Error>> {
    const PARAMETERS: Parameters = Parameters {
        hash: HashFunction::Blake3,
        log_blowup: 3,
        queries: 60,
        max_log_arity: 3,
        log_final_poly_len: 4,
        blinding_rows: 64,
        lookup_grinding_bits: 0,
        ood_grinding_bits: 0,
        batch_grinding_bits: 0,
        folding_grinding_bits: 0,
        query_grinding_bits: 0,
    };
    let chips = [Sample { height: 1 << log_height }];
    let verifier = VerifierKey::with_hash(PARAMETERS, &chips, [0; 32]);
    let key = ProvingKey::on(backend, verifier, &chips, control).await?;
    let mut shortest = Duration::MAX;
    for _ in 0..runs {
        let (trace, clock) = (Trace::zeroed(1 << log_height, COLUMNS), Clock::start());
        key.prove_async(&chips, vec![trace], &[], control).await?;
        shortest = shortest.min(clock.elapsed());
    }
    Ok(shortest)
}

/// Number of products of two cells, and of single cells, that are summed up for a column.
/// Constraints of credentials cost the GPU as much for each cell that they read. How far a GPU
/// stays behind the CPU depends mostly on this number.
const TERMS: usize = 3;

/// A table of zeros. The constraint of each column sums up products of other columns, and other
/// columns.
struct Sample {
    height: usize,
}

impl Chip for Sample {
    fn name(&self) -> &'static str {
        "sample"
    }

    fn height(&self) -> usize {
        self.height
    }

    fn width(&self) -> usize {
        COLUMNS
    }

    fn fixed(&self) -> Vec<Vec<F>> {
        Vec::new()
    }

    fn eval<B: ChipBuilder>(&self, b: &mut B) {
        for column in 0..COLUMNS {
            let sum = (1..=TERMS).fold(b.main(column, 0), |sum, term| {
                let [first, second, third] =
                    [1, 2, 3].map(|n| b.main((column + n * term) % COLUMNS, 0));
                sum + first * second - third
            });
            b.assert_zero("sum", sum);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn timing(log_height: usize, cpu: u64, gpu: u64) -> Timing {
        Timing { log_height, cpu: Duration::from_millis(cpu), gpu: Duration::from_millis(gpu) }
    }

    #[test]
    fn the_faster_device_of_the_next_height_is_preferred() {
        let calibration = Calibration(vec![timing(11, 4, 9), timing(13, 20, 10)]);
        let preferred = [10, 11, 12, 13, 14].map(|log_height| calibration.prefers_gpu(log_height));
        assert_eq!(preferred, [false, false, true, true, true]);
        assert!(!Calibration::default().prefers_gpu(14));
    }

    #[test]
    fn samples_are_proven() {
        let cpu = velum_stark::block_on(timed(Cpu::default(), LOG_HEIGHTS[0], 1, &Control::none()))
            .unwrap();
        assert!(cpu > Duration::ZERO);
    }
}
