//! The functions that evaluate chips: the CPU's functions for many rows, and the verifier's
//! function for one point.

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

/// The functions that are compiled for a type of chips, as pointers. All of them are compiled once,
/// in the crate that creates the pointers and with its optimisation, and not in each crate that
/// proves or verifies.
pub struct Kernels<C> {
    #[cfg(feature = "prover")]
    pub(crate) lookup_columns: LookupColumns<C>,
    #[cfg(feature = "prover")]
    pub(crate) quotient_columns: QuotientColumns<C>,
    pub(crate) verify: Verify<C>,
}

impl<C: Chip> Kernels<C> {
    /// The functions for these chips, compiled where this is called.
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
