//! The verification of an aggregate's proof.

use alloc::string::ToString;

use plonky2::plonk::proof::ProofWithPublicInputs;

use crate::error::{AggregateError, KeyError};
use crate::key::RootKey;
use crate::layout;
use crate::node::Root;
use crate::profile::Profile;
use crate::{C, D, F};

/// Verifies the proof of an aggregate, and returns what it states.
///
/// `key` is the pinned key of `profile`. `proof` may be any bytes.
///
/// # Errors
/// Returns [`AggregateError`] if the proof is wrong, is counted for another payee, or was made for
/// another profile or with other circuits.
pub fn verify_root(
    profile: Profile,
    key: &RootKey,
    proof: &[u8],
    payee: &[u8; 32],
) -> Result<Root, AggregateError> {
    if key.profile() != profile {
        return Err(KeyError::Profile.into());
    }
    let common = &key.circuit.common;
    layout::check(common, proof)?;
    let refused = |error: &dyn ToString| AggregateError::Proof(error.to_string());
    let proof = ProofWithPublicInputs::<F, C, D>::from_bytes(proof.to_vec(), common)
        .map_err(|e| refused(&e))?;
    let root = Root::from_elements(&proof.public_inputs)?;
    key.circuit.verify(proof).map_err(|e| refused(&e))?;
    if root.context.payee != *payee {
        return Err(AggregateError::Payee);
    }
    if root.context.domain != profile.domain() {
        return Err(AggregateError::Domain { expected: profile.name() });
    }
    if root.context.list != key.list {
        return Err(AggregateError::List);
    }
    Ok(root)
}
