//! Steps of proofs on columns of any shape, without a proof. The contents of the cells make no
//! difference, because nothing branches on them.

use p3_field::{PrimeCharacteristicRing, TwoAdicField};
use velum_stark::control::Control;
use velum_stark::field::F;
use velum_stark::{HashFunction, ProveError, Puzzle, block_on};

use super::Observed;
use crate::backend::WebGpu;
use crate::device::GpuError;
use crate::key::{GpuKey, Hashes};
use crate::matrix::{Extended, Place};
use crate::memory::Buffer;
use crate::recorder::Recorder;
use crate::transform::{Columns, Form, Roots};
use crate::tree::Rows;

/// Columns of a table that are extended and hashed, with the necessary buffers.
pub struct Samples<'a> {
    backend: &'a WebGpu,
    roots: Roots,
    factors: Buffer,
    rows: Buffer,
    extended: Extended,
}

impl<'a> Samples<'a> {
    /// `width` columns of zeros, with `2^log_height` rows, at rate `2^-log_blowup`.
    pub fn new(backend: &'a WebGpu, width: usize, log_height: usize, log_blowup: usize) -> Self {
        let gpu = backend.gpu();
        let log_order = log_height + log_blowup;
        let roots: Vec<F> =
            F::two_adic_generator(log_order).powers().take(1 << log_order).collect();
        let factors = vec![F::ONE; (1 << log_height) + (1 << log_order)];
        Self {
            backend,
            roots: Roots { buffer: gpu.public(&roots), log_order },
            factors: gpu.public(&factors),
            rows: gpu.0.pool.public((width as u64) << log_height),
            extended: Extended::new(gpu, width, log_height, log_blowup),
        }
    }

    /// Transforms rows to coefficients, and the coefficients to all cosets.
    pub fn extend(&self) -> Vec<Observed> {
        let gpu = self.backend.gpu();
        let (width, log_height) = (self.extended.width, self.extended.log_height);
        let coefficients = gpu.0.pool.secret((width as u64) << log_height);
        let by_row = Place { offset: 0, coset: 0, column: 1, row: width as u32 };
        let by_column = Place { offset: 0, coset: 0, column: 1 << log_height, row: 1 };
        let columns = Columns {
            log_size: log_height,
            columns: width,
            cosets: 1,
            from: (&self.rows, by_row),
            to: (&coefficients, by_column),
            factors: (&self.factors, 0),
            form: Form::Coefficients,
        };
        self.observed(|recorder| {
            recorder.transform(gpu, &self.roots, &columns);
            let factors = (&self.factors, 1 << log_height);
            recorder.extend(gpu, &self.roots, &coefficients, factors, &self.extended);
        })
    }

    /// Hashes the extended columns to a tree.
    pub fn hash(&self, function: HashFunction) -> Vec<Observed> {
        let gpu = self.backend.gpu();
        let hashes = Hashes::new(gpu, function);
        let leaves = self.extended.rows() * self.extended.chunks.len();
        let salts = vec![Default::default(); leaves];
        self.observed(|recorder| {
            let tree = recorder.tree(gpu, &hashes, &[Rows::of(&self.extended)], Some(&salts));
            recorder.keep([tree.digests]);
        })
    }

    /// Tries as many nonces by Poseidon2 as are tried in one run.
    ///
    /// # Errors
    /// Returns the errors of the device.
    pub fn grind_poseidon2(&self, key: &GpuKey, bits: usize) -> Result<Vec<Observed>, GpuError> {
        let puzzle = Puzzle::Poseidon2 { state: [F::ONE; 12], lane: 0 };
        let gpu = self.backend.gpu();
        gpu.observe_kernels(true);
        let found = block_on(self.backend.nonce(key, &puzzle, bits, &Control::none()));
        gpu.observe_kernels(false);
        match found {
            Ok(_) => Ok(gpu.observed()),
            Err(ProveError::Backend(error)) => Err(error),
            Err(error) => Err(GpuError::Failed(error.to_string())),
        }
    }

    fn observed(&self, record: impl FnOnce(&mut Recorder<'_>)) -> Vec<Observed> {
        let gpu = self.backend.gpu();
        gpu.observe_kernels(true);
        let mut recorder = Recorder::new(gpu);
        record(&mut recorder);
        recorder.submit();
        gpu.observe_kernels(false);
        gpu.observed()
    }
}
