//! The functions of the processor that evaluate chips on many rows.

use std::marker::PhantomData;

#[cfg(feature = "prover")]
use crate::{
    air::Chip,
    field::EF,
    prover::backend::{LookupInputs, QuotientInputs, SecretRows},
    prover::{CpuCommitted, CpuKey},
};

#[cfg(feature = "prover")]
type LookupColumns<C> = fn(&CpuKey, &mut CpuCommitted, &LookupInputs<'_, C>) -> (SecretRows, Vec<EF>);
#[cfg(feature = "prover")]
type QuotientColumns<C> = fn(&CpuKey, [&CpuCommitted; 2], &QuotientInputs<'_, C>) -> SecretRows;

/// What [`Chip`](crate::air::Chip) compiles for the processor: a pointer to each function, so that all of them are in the crate that makes
/// the pointers, with its optimisation, and not in each crate that proves.
pub struct Kernels<C> {
    #[cfg(feature = "prover")]
    pub(crate) lookup_columns: LookupColumns<C>,
    #[cfg(feature = "prover")]
    pub(crate) quotient_columns: QuotientColumns<C>,
    of: PhantomData<fn(C)>,
}

#[cfg(feature = "prover")]
impl<C: Chip> Kernels<C> {
    /// Compiled for these chips, where it is called.
    pub fn compiled() -> Self {
        Self {
            lookup_columns: CpuKey::lookup_columns::<C>,
            quotient_columns: CpuKey::quotient_columns::<C>,
            of: PhantomData,
        }
    }
}

#[cfg(not(feature = "prover"))]
impl<C> Kernels<C> {
    /// Nothing without a prover.
    pub fn compiled() -> Self {
        Self { of: PhantomData }
    }
}
