//! The functions that evaluate chips: those of the processor on many rows, and those of the verifier at one point.

use crate::air::Chip;
#[cfg(feature = "prover")]
use crate::control::{Cancelled, Control};
use crate::error::VerifyError;
#[cfg(feature = "prover")]
use crate::field::EF;
use crate::key::VerifierKey;
#[cfg(feature = "prover")]
use crate::prover::backend::{LookupInputs, QuotientInputs, SecretRows};
#[cfg(feature = "prover")]
use crate::prover::{CpuCommitted, CpuKey, lookup_columns};

#[cfg(feature = "prover")]
type LookupColumns<C> = fn(
    &VerifierKey,
    &SecretRows,
    &LookupInputs<'_, C>,
    &Control<'_>,
) -> Result<(SecretRows, Vec<EF>), Cancelled>;
#[cfg(feature = "prover")]
type QuotientColumns<C> = fn(
    &CpuKey,
    [&CpuCommitted; 2],
    &QuotientInputs<'_, C>,
    &Control<'_>,
) -> Result<SecretRows, Cancelled>;
type Verify<C> = fn(&VerifierKey, &[C], &[u8], &[u8]) -> Result<(), VerifyError>;

/// What is compiled for a type of chips: a pointer to each function, so that all of them are in the crate that makes the pointers, once
/// and with its optimisation, and not in each crate that proves or verifies.
pub struct Kernels<C> {
    #[cfg(feature = "prover")]
    pub(crate) lookup_columns: LookupColumns<C>,
    #[cfg(feature = "prover")]
    pub(crate) quotient_columns: QuotientColumns<C>,
    pub(crate) verify: Verify<C>,
}

impl<C: Chip> Kernels<C> {
    /// Compiled for these chips, where it is called.
    pub fn compiled() -> Self {
        Self {
            #[cfg(feature = "prover")]
            lookup_columns: lookup_columns::<C>,
            #[cfg(feature = "prover")]
            quotient_columns: CpuKey::quotient_columns::<C>,
            verify: VerifierKey::verify_compiled::<C>,
        }
    }
}
