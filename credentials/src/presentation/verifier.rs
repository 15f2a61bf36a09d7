//! Verifying a presentation.

use std::sync::OnceLock;

use velum_core::class::{CLASSES, SizeClass};
use velum_core::proof;
use velum_core::suite::{SUITES, Suite};

use crate::error::{Code, Error};
use crate::format::Session;
use crate::presentation::claim::Claim;
use crate::presentation::envelope::Presentation;
use crate::request::{Learnt, Request};

/// What a verifier has learnt from a presentation that verifies.
#[derive(Clone)]
pub struct Verified {
    /// Everything that was learnt: first in the order of the request's predicates, then about the
    /// document.
    pub learnt: Vec<Learnt>,
}

/// Verifies presentations. Keep one verifier: everything that depends only on a suite and a size
/// class is computed once.
pub struct Verifier {
    suites: Vec<Suite>,
    keys: [[OnceLock<proof::Verifier>; CLASSES.len()]; SUITES.len()],
}

impl Default for Verifier {
    fn default() -> Self {
        Self::new()
    }
}

impl Verifier {
    /// A verifier that allows the suites in which holders present to verifiers: `direct` and
    /// `compact`. The suites whose proofs [circuits verify](Suite::is_for_circuits) are for
    /// aggregators and have to be named explicitly.
    #[must_use]
    pub fn new() -> Self {
        let presented: Vec<_> =
            SUITES.iter().copied().filter(|suite| !suite.is_for_circuits()).collect();
        Self::allowing(&presented)
    }

    /// A verifier that allows only these suites.
    #[must_use]
    pub fn allowing(suites: &[Suite]) -> Self {
        Self { suites: suites.to_vec(), keys: Default::default() }
    }

    /// Makes the keys of a size class in every allowed suite, so that verifying does not wait for
    /// them.
    ///
    /// # Errors
    /// `internal` for a size class that is not one of [`CLASSES`].
    pub fn make_keys(&self, class: SizeClass) -> Result<(), Error> {
        self.suites.iter().try_for_each(|suite| self.key(*suite, class).map(drop))
    }

    /// Verifies that `presentation` answers `request` in a session.
    ///
    /// Everything public is derived from the request and the session given here. Accept each
    /// session only once: a verifier that accepts a session twice can be shown the same
    /// presentation twice.
    ///
    /// # Errors
    /// * `issuer_untrusted` if the presentation names an issuer that the request does not trust.
    /// * `predicate` if a disclosed value is not the one asked for.
    /// * `wrong_version` for a suite that is not allowed.
    /// * `malformed` for contents that no presentation has.
    /// * `device_namespaces` for elements of the device's own that the request does not ask for.
    /// * `proof_invalid` for everything that the proofs do not show.
    pub fn verify<S: Session>(
        &self,
        presentation: &Presentation,
        session: &S,
        request: &Request,
    ) -> Result<Verified, Error> {
        if !self.suites.contains(&presentation.suite) {
            let message = format!(
                "suite {:?} is not allowed here; ask for another",
                presentation.suite.name()
            );
            return Err(Error::new(Code::WrongVersion, "presentation.suite", message));
        }
        let claim = Claim::new(presentation, session, request)?;
        let key = self.key(presentation.suite, presentation.class)?;
        let invalid = |name: &'static str| {
            move |error: velum_stark::VerifyError| {
                let message =
                    format!("{error}; it was changed, or made for another request or session");
                Error::new(Code::ProofInvalid, format!("presentation.{name}"), message)
            }
        };
        key.verify_presentation(&claim.presentation, &presentation.presentation_proof)
            .map_err(invalid("presentation proof"))?;
        key.verify_credential(&claim.credential, &presentation.credential_proof)
            .map_err(invalid("credential proof"))?;
        Ok(claim.proven())
    }

    fn key(&self, suite: Suite, class: SizeClass) -> Result<&proof::Verifier, Error> {
        let keys = SUITES.iter().zip(&self.keys).find(|(candidate, _)| **candidate == suite);
        let key = keys.and_then(|(_, keys)| {
            CLASSES.iter().zip(keys).find(|(candidate, _)| **candidate == class).map(|(_, key)| key)
        });
        let key = key.ok_or_else(|| Error::bug("unknown suite or size class"))?;
        Ok(key.get_or_init(|| proof::Verifier::new(suite, class)))
    }
}
