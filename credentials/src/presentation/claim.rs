//! What a presentation states, apart from what proves it. The proof is either the two proofs of the
//! presentation itself or an aggregate that counts it.

use velum_core::statement::{CredentialStatement, PresentationStatement, digest_from_bytes};

use crate::error::Error;
use crate::format::{Answer, CredentialFormat, Session};
use crate::predicate::{Condition, Predicate};
use crate::presentation::envelope::Presentation;
use crate::presentation::verifier::Verified;
use crate::request::{Learnt, Request};
use crate::trust::{Issuer, TrustedIssuer};

/// The statements of a presentation, derived from the verifier's own request and session, and what
/// they reveal once they are proven.
#[derive(Clone)]
pub struct Claim {
    /// What the credential proof has to show.
    pub credential: CredentialStatement,
    /// What the presentation proof has to show.
    pub presentation: PresentationStatement,
    learnt: Vec<Learnt>,
}

impl Claim {
    /// What `presentation` claims in answer to `request` in a session. Its proofs are not checked
    /// and may be missing.
    ///
    /// # Errors
    /// The errors of [`Verifier::verify`](crate::Verifier::verify), except those for a suite that
    /// is not allowed and for what the proofs do not show.
    pub fn new<S: Session>(
        presentation: &Presentation,
        session: &S,
        request: &Request,
    ) -> Result<Self, Error> {
        check_contents(presentation, request)?;
        let device_digest = S::Document::device_digest(
            session,
            request,
            &presentation.shown,
            presentation.device_algorithm,
        )
        .map_err(|error| error.within("presentation"))?;
        let mut learnt = learnt_of_predicates::<S::Document>(presentation, request)?;
        let issuer = TrustedIssuer::at(
            request.issuers(),
            presentation.issuer,
            &presentation.x5chain,
            request.now(),
        )
        .map_err(|error| error.within("presentation"))?;
        // A presentation carries no certificate that trust does not need. It would be shown without
        // anything vouching for it.
        if presentation.x5chain.len() != issuer.certificates {
            let message = format!(
                "not the {} certificates that are needed to trust the issuer",
                issuer.certificates
            );
            return Err(Error::malformed("presentation.x5chain", message));
        }
        let commitment = digest_from_bytes(&presentation.commitment).ok_or_else(|| {
            Error::malformed("presentation.commitment", "not four field elements")
        })?;
        let subject = request.subject(presentation.suite, presentation.class, &issuer.public_key);
        let answer = Answer {
            request,
            signed_within: issuer.signed_within,
            device_digest,
            disclosed: &presentation.disclosed,
            salt: presentation.salt,
        };
        let credential = CredentialStatement { subject: subject.clone(), commitment };
        let statement = S::Document::presentation(
            &answer,
            subject,
            commitment,
            &presentation.credential_proof,
        )?;

        learnt.push(Learnt::from(&issuer));
        let profile = request.issuers().get(issuer.index).and_then(Issuer::profile);
        learnt.extend(profile.map(Learnt::Profile));
        learnt.push(Learnt::DocType(request.doc_type().to_owned()));
        learnt.push(Learnt::ValidAt(request.now()));
        learnt.push(Learnt::SizeClass(presentation.class));
        learnt.push(Learnt::DeviceAlgorithm(presentation.device_algorithm));
        learnt.extend(S::Document::learnt(&presentation.shown));
        Ok(Self { credential, presentation: statement, learnt })
    }

    /// The hash by which an aggregate knows the presentation, as 32 bytes.
    ///
    /// # Errors
    /// `wrong_version` for a suite that no circuit verifies; `malformed` for statements that do not
    /// fit their size class.
    #[cfg(feature = "aggregatable")]
    pub fn hash(&self) -> Result<[u8; 32], Error> {
        use velum_core::statement::digest_to_bytes;
        use velum_core::statement_hash::{StatementHashError, statement_hash};

        use crate::error::Code;

        let hash =
            statement_hash(&self.credential, &self.presentation).map_err(|error| match error {
                StatementHashError::Suite(_) => {
                    Error::new(Code::WrongVersion, "presentation.suite", error.to_string())
                }
                _ => Error::malformed("presentation", error.to_string()),
            })?;
        Ok(digest_to_bytes(&hash))
    }

    /// What was learnt. The caller must have checked that both statements are proven.
    #[must_use]
    pub fn proven(self) -> Verified {
        Verified { learnt: self.learnt }
    }
}

/// Refuses what can be refused without looking at a proof.
fn check_contents(presentation: &Presentation, request: &Request) -> Result<(), Error> {
    let slots = request.slots().len();
    if slots > presentation.class.slots {
        let (name, most) = (presentation.class.name, presentation.class.slots);
        let message =
            format!("the request asks for {slots} elements, but size class {name:?} holds {most}");
        return Err(Error::malformed("presentation.class", message));
    }
    Ok(())
}

/// What is learnt from each predicate: that it holds, and the value if it is disclosed.
fn learnt_of_predicates<D: CredentialFormat>(
    presentation: &Presentation,
    request: &Request,
) -> Result<Vec<Learnt>, Error> {
    let mut values = Vec::new();
    for (slot, encoding) in presentation.disclosed.iter().enumerate() {
        let value = encoding.as_deref().map(D::decode).transpose();
        values
            .push(value.map_err(|error| error.within(&format!("presentation.disclosed[{slot}]")))?);
    }
    let learnt = |(predicate, slot): (&Predicate, &usize)| {
        let disclosed = values.get(*slot).and_then(Option::as_ref);
        let value = disclosed.filter(|_| predicate.condition == Condition::Disclose);
        Learnt::Predicate(predicate.clone(), value.cloned())
    };
    Ok(request.predicates().iter().zip(request.predicate_slots()).map(learnt).collect())
}
