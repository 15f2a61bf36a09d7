//! FRI.

use std::sync::Arc;

use bytemuck::{Pod, Zeroable};
use p3_field::{Field, PrimeCharacteristicRing, TwoAdicField};
use p3_util::reverse_bits_len;
use velum_stark::Digest;
use velum_stark::field::{EF, EXTENSION_DEGREE, F};

use crate::backend::{Batch, WebGpu};
use crate::device::GpuError;
use crate::kernels::Kernel;
use crate::key::GpuKey;
use crate::matrix::{Words, elements_x, words, words_x};
use crate::memory::ELEMENT;
use crate::recorder::Recorder;
use crate::tree::{DIGEST, Rows};

#[repr(C)]
#[derive(Clone, Copy, Pod, Zeroable)]
pub(crate) struct Fold {
    challenge: [u32; 4],
    shift_inverse: Words,
    pub(crate) log_size: u32,
    log_roots: u32,
}

impl WebGpu {
    /// Commits to the codeword as it is folded so far.
    pub(crate) async fn layer_tree(
        &self,
        key: &GpuKey,
        batch: &mut Batch,
        log_arity: usize,
    ) -> Result<Digest, GpuError> {
        let gpu = &self.0;
        let width = EXTENSION_DEGREE << log_arity;
        let leaves = Rows {
            chunks: vec![&*batch.codeword],
            count: 1 << (batch.log_size - log_arity),
            width,
            of_row: width,
            of_column: 1,
        };
        let mut recorder = Recorder::new(gpu);
        let tree = recorder.tree(gpu, &key.hashes, &[leaves], None);
        let bytes = DIGEST as u64 * ELEMENT;
        let out = gpu.0.pool.public(DIGEST as u64);
        recorder.copy((&tree.digests, tree.root() as u64 * bytes), (&out, 0), bytes);
        let root = recorder.read(&out, bytes).await?;
        let root = root[..]
            .try_into()
            .map_err(|_| GpuError::Failed("a root of the wrong length".into()))?;
        batch.layers.push((batch.codeword.clone(), tree));
        Ok(root)
    }

    /// Folds the codeword once with each challenge.
    pub(crate) fn folded(&self, key: &GpuKey, batch: &mut Batch, challenges: &[EF]) {
        let gpu = &self.0;
        let mut recorder = Recorder::new(gpu);
        let mut before = Vec::new();
        for &challenge in challenges {
            let folded = gpu.0.pool.secret((EXTENSION_DEGREE << (batch.log_size - 1)) as u64);
            let parameters = Fold {
                challenge: words_x(challenge),
                shift_inverse: words(batch.shift_inverse),
                log_size: batch.log_size as u32,
                log_roots: key.roots.log_order as u32,
            };
            let buffers = [&key.roots.buffer, &*batch.codeword, &folded];
            recorder.run(
                Kernel::Fold,
                &parameters,
                &buffers,
                (1_u64 << (batch.log_size - 1)).div_ceil(64),
            );
            before.push(std::mem::replace(&mut batch.codeword, Arc::new(folded)));
            batch.log_size -= 1;
            batch.shift_inverse = batch.shift_inverse.square();
        }
        recorder.submit();
        drop(before);
    }

    /// The coefficients of the polynomial that the codeword represents.
    pub(crate) async fn last_polynomial(
        &self,
        key: &GpuKey,
        batch: &Batch,
    ) -> Result<Vec<EF>, GpuError> {
        let bytes = (EXTENSION_DEGREE as u64 * ELEMENT) << batch.log_size;
        let codeword = elements_x(&Recorder::new(&self.0).read(&batch.codeword, bytes).await?);
        let size = codeword.len();
        // The codeword is short, so the textbook algorithm suffices.
        let back = F::two_adic_generator(batch.log_size).inverse();
        let coefficient = |power: usize| -> EF {
            let step = back.exp_u64(power as u64);
            let values = (0..size).map(|index| codeword[reverse_bits_len(index, batch.log_size)]);
            let sum: EF = values.zip(step.powers()).map(|(value, power)| value * power).sum();
            sum * batch.shift_inverse.exp_u64(power as u64) * F::from_usize(size).inverse()
        };
        Ok((0..size >> key.parameters().log_blowup).map(coefficient).collect())
    }
}
