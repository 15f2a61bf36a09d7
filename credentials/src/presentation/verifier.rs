//! Verifying a presentation.

use std::sync::OnceLock;

use velum_core::class::{CLASSES, SizeClass};
use velum_core::proof;
use velum_core::statement::{CredentialStatement, digest_from_bytes};
use velum_core::suite::{SUITES, Suite};

use crate::error::{Code, Error};
use crate::format::{Answer, CredentialFormat, Session};
use crate::predicate::{Condition, Predicate};
use crate::presentation::envelope::Presentation;
use crate::request::{Learnt, Request};
use crate::trust::{Issuer, TrustedIssuer};

/// What a verifier has learnt from a presentation that holds.
#[derive(Clone)]
pub struct Verified {
    /// Everything that was learnt, in the order of the request's predicates, then about the document.
    pub learnt: Vec<Learnt>,
}

/// Verifies presentations. Keep one: what depends on a size class alone is computed once.
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
    /// A verifier that allows every suite of this build that is [stable](Suite::is_stable): `direct` and `compact`.
    #[must_use]
    pub fn new() -> Self {
        let stable: Vec<_> = SUITES.iter().copied().filter(|suite| suite.is_stable()).collect();
        Self::allowing(&stable)
    }

    /// A verifier that allows these suites alone.
    #[must_use]
    pub fn allowing(suites: &[Suite]) -> Self {
        Self { suites: suites.to_vec(), keys: Default::default() }
    }

    /// Makes the keys of a size class, in every suite that is allowed, so that verifying does not wait for them.
    ///
    /// # Errors
    /// `internal` for a size class that is none of [`CLASSES`].
    pub fn make_keys(&self, class: SizeClass) -> Result<(), Error> {
        self.suites.iter().try_for_each(|suite| self.key(*suite, class).map(drop))
    }

    /// Verifies that `presentation` answers `request` in a session.
    ///
    /// Everything public is derived from the request and the session given here. A verifier that accepts a session
    /// twice can be shown a presentation twice: use each once.
    ///
    /// # Errors
    /// `issuer_untrusted` if the presentation names an issuer that the request does not trust, `predicate` if a disclosed
    /// value is not the one asked for, `wrong_version` for a suite that is not allowed, `malformed` for contents that no
    /// presentation has, `device_namespaces` for elements of the device's own that the request does not ask for, `proof_invalid` for everything that the proofs do not show.
    pub fn verify<S: Session>(
        &self,
        presentation: &Presentation,
        session: &S,
        request: &Request,
    ) -> Result<Verified, Error> {
        if !self.suites.contains(&presentation.suite) {
            let message =
                format!("suite {:?} is not allowed here; ask for another", presentation.suite.name());
            return Err(Error::new(Code::WrongVersion, "presentation.suite", message));
        }
        check_contents(presentation, request)?;
        let device_digest =
            S::Document::device_digest(session, request, &presentation.shown, presentation.device_algorithm)
                .map_err(|error| error.within("presentation"))?;
        let mut learnt = learnt_of_predicates::<S::Document>(presentation, request)?;
        let issuer =
            TrustedIssuer::at(request.issuers(), presentation.issuer, &presentation.x5chain, request.now())
                .map_err(|error| error.within("presentation"))?;
        // What trust does not take is not carried: it would be shown without being vouched for.
        if presentation.x5chain.len() != issuer.certificates {
            let message =
                format!("not the {} certificates that trust in the issuer takes", issuer.certificates);
            return Err(Error::malformed("presentation.x5chain", message));
        }
        let commitment = digest_from_bytes(&presentation.commitment)
            .ok_or_else(|| Error::malformed("presentation.commitment", "not four field elements"))?;
        let subject = request.subject(presentation.suite, presentation.class, &issuer.public_key);
        let answer = Answer {
            request,
            signed_within: issuer.signed_within,
            device_digest,
            disclosed: &presentation.disclosed,
            salt: presentation.salt,
        };
        let credential = CredentialStatement { subject: subject.clone(), commitment };
        let statement =
            S::Document::presentation(&answer, subject, commitment, &presentation.credential_proof)?;

        let key = self.key(presentation.suite, presentation.class)?;
        let invalid = |name: &'static str| {
            move |error: velum_stark::VerifyError| {
                let message = format!("{error}; it was changed, or made for another request or session");
                Error::new(Code::ProofInvalid, format!("presentation.{name}"), message)
            }
        };
        key.verify_presentation(&statement, &presentation.presentation_proof)
            .map_err(invalid("presentation proof"))?;
        key.verify_credential(&credential, &presentation.credential_proof)
            .map_err(invalid("credential proof"))?;
        learnt.push(Learnt::Issuer(hex::encode(issuer.public_key.to_encoded_point(false))));
        let profile = request.issuers().get(issuer.index).and_then(Issuer::profile);
        learnt.extend(profile.map(Learnt::Profile));
        learnt.push(Learnt::DocType(request.doc_type().to_owned()));
        learnt.push(Learnt::ValidAt(request.now()));
        learnt.push(Learnt::SizeClass(presentation.class));
        learnt.push(Learnt::DeviceAlgorithm(presentation.device_algorithm));
        learnt.extend(S::Document::learnt(&presentation.shown));
        Ok(Verified { learnt })
    }

    fn key(&self, suite: Suite, class: SizeClass) -> Result<&proof::Verifier, Error> {
        let keys = SUITES.iter().zip(&self.keys).find(|(candidate, _)| **candidate == suite);
        let key = keys.and_then(|(_, keys)| {
            CLASSES.iter().zip(keys).find(|(candidate, _)| **candidate == class).map(|(_, key)| key)
        });
        let key = key.ok_or_else(|| Error::bug("a suite or a size class of no table"))?;
        Ok(key.get_or_init(|| proof::Verifier::new(suite, class)))
    }
}

/// What can be refused without looking at a proof.
fn check_contents(presentation: &Presentation, request: &Request) -> Result<(), Error> {
    let slots = request.slots().len();
    if slots > presentation.class.slots {
        let (name, most) = (presentation.class.name, presentation.class.slots);
        let message = format!("{slots} elements are asked for; size class {name:?} holds {most}");
        return Err(Error::malformed("presentation.class", message));
    }
    Ok(())
}

/// What is learnt of each predicate: that it holds, and the value if it is disclosed.
fn learnt_of_predicates<D: CredentialFormat>(
    presentation: &Presentation,
    request: &Request,
) -> Result<Vec<Learnt>, Error> {
    let mut values = Vec::new();
    for (slot, encoding) in presentation.disclosed.iter().enumerate() {
        let value = encoding.as_deref().map(D::decode).transpose();
        values.push(value.map_err(|error| error.within(&format!("presentation.disclosed[{slot}]")))?);
    }
    let learnt = |(predicate, slot): (&Predicate, &usize)| {
        let disclosed = values.get(*slot).and_then(Option::as_ref);
        let value = disclosed.filter(|_| predicate.condition == Condition::Disclose);
        Learnt::Predicate(predicate.clone(), value.cloned())
    };
    Ok(request.predicates().iter().zip(request.predicate_slots()).map(learnt).collect())
}
