//! Preparing and presenting.

use std::sync::OnceLock;

use sha2::{Digest, Sha256};
use velum_core::class::{CLASSES, SizeClass};
use velum_core::proof::{self, ProveError};
use velum_core::statement::{PresentationWitness, digest_to_bytes};
use velum_core::suite::Suite;
use velum_stark::control::{Cancelled, Control};

use crate::date::Timestamp;
use crate::error::{Code, Error};
use crate::format::{Answer, CredentialFormat, Issued, Presented};
use crate::presentation::envelope::Presentation;
use crate::presentation::prepared::Prepared;
use crate::request::Request;
use crate::trust::TrustedIssuer;

/// Seconds by which a request's `now` may differ from the wallet's clock.
const CLOCK_TOLERANCE_SECONDS: u64 = 300;

/// The wallet's policy for the time that a verifier states. One who may choose it freely can find out the dates of
/// validity by asking again and again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Clock {
    /// The request's `now` must lie within five minutes of this time.
    At(Timestamp),
    /// Any `now` is answered: for documents of the past.
    Any,
}

/// How to prepare.
#[derive(Clone, Copy, Default)]
pub struct PrepareOptions<'a> {
    /// A size class to use instead of the smallest that fits; a larger one hides how large the document is.
    pub size_class: Option<SizeClass>,
    /// Follows and stops the work.
    pub control: Control<'a>,
}

/// How to present.
#[derive(Clone, Copy)]
pub struct PresentOptions<'a> {
    /// Which times are answered.
    pub clock: Clock,
    /// Whether elements that the device signed itself may go along in clear.
    pub disclose_device_namespaces: bool,
    /// Follows and stops the work.
    pub control: Control<'a>,
}

impl PresentOptions<'_> {
    /// Every check that [`Prover::present`] makes of the document and the request before it proves, for a caller who would
    /// know before preparing. Gives the issuer.
    ///
    /// # Errors
    /// `clock`, the error of the first check of the document or predicate that fails, `device_namespaces`.
    pub fn check<D: CredentialFormat>(
        &self,
        document: &D,
        session: &D::Session,
        request: &Request,
    ) -> Result<TrustedIssuer, Error> {
        self.presented(document, session, request).map(|presented| presented.issued.issuer)
    }

    fn presented<'d, D: CredentialFormat>(
        &self,
        document: &'d D,
        session: &D::Session,
        request: &Request,
    ) -> Result<Presented<'d>, Error> {
        self.clock.check(request.now())?;
        document.presented(session, request, self.disclose_device_namespaces)
    }
}

/// Prepares and presents. Keep one: what depends on a size class alone is computed once.
pub struct Prover {
    suite: Suite,
    keys: [OnceLock<proof::Prover>; CLASSES.len()],
}

impl Default for Prover {
    fn default() -> Self {
        Self::new()
    }
}

impl Prover {
    /// A prover of suite [`Suite::Direct`].
    #[must_use]
    pub fn new() -> Self {
        Self::with_suite(Suite::Direct)
    }

    /// A prover of this suite.
    #[must_use]
    pub fn with_suite(suite: Suite) -> Self {
        Self { suite, keys: Default::default() }
    }

    /// Makes the keys of a size class, so that neither preparing nor presenting waits for them.
    ///
    /// # Errors
    /// `cancelled`.
    pub fn make_keys(&self, class: SizeClass, control: &Control<'_>) -> Result<(), Error> {
        self.key(class, control).map(drop)
    }

    /// Makes the credential proof for requests like `request`: same docType, issuer and elements. Time, predicates and
    /// session may differ.
    ///
    /// # Errors
    /// The error of the first check of the document that fails; `too_large` if it fits no size class; `cancelled`.
    pub fn prepare<D: CredentialFormat>(
        &self,
        document: &D,
        request: &Request,
        options: PrepareOptions<'_>,
    ) -> Result<Prepared, Error> {
        let (statement, witness) = document.credential(request, self.suite, options.size_class)?;
        let proof = self
            .key(statement.subject.class, &options.control)?
            .prove_credential(&statement, &witness, &options.control)
            .map_err(internal)?;
        Ok(Prepared {
            document: Sha256::digest(&witness.sig_structure).into(),
            commitment: digest_to_bytes(&statement.commitment),
            subject: statement.subject,
            opening: witness.record.clone(),
            proof,
        })
    }

    /// Answers `request` in the session of `transcript` with a document that the device has signed for it.
    ///
    /// The prepared proof is used up, whatever the outcome.
    ///
    /// # Errors
    /// `prepared_mismatch` if the prepared proof is of another document or another kind of request; `clock` by the policy
    /// in `options`; the error of the first check or predicate that fails; `device_namespaces` if the device signed
    /// elements of its own and `options` do not let them go; `cancelled`.
    pub fn present<D: CredentialFormat>(
        &self,
        prepared: Prepared,
        document: &D,
        session: &D::Session,
        request: &Request,
        options: PresentOptions<'_>,
    ) -> Result<Presentation, Error> {
        let Presented { issued, shown, signature } = options.presented(document, session, request)?;
        let Issued { issuer, x5chain, signed, .. } = &issued;
        let class = prepared.subject.class;
        let subject = request.subject(self.suite, class, &issuer.public_key);
        let signed: [u8; 32] = Sha256::digest(signed).into();
        if subject != prepared.subject || signed != prepared.document {
            let message = "prepared for another document, issuer, docType or list of elements; prepare anew";
            return Err(Error::new(Code::PreparedMismatch, "prepared", message));
        }
        let commitment = prepared
            .opening
            .commitment(&subject)
            .map_err(|error| internal(ProveError::Witness(error.into())))?;
        let disclosed = issued.disclosed(request);
        let answer = Answer {
            request,
            signed_within: issuer.signed_within,
            device_digest: D::device_digest(session, request, shown)?,
            disclosed: &disclosed,
        };
        let statement = D::presentation(&answer, subject, commitment, &prepared.proof)?;
        let witness = PresentationWitness { record: prepared.opening, signature: *signature };
        let presentation_proof = self
            .key(class, &options.control)?
            .prove_presentation(&statement, &witness, &options.control)
            .map_err(internal)?;

        Ok(Presentation {
            suite: self.suite,
            class,
            issuer: issuer.index,
            x5chain: if issuer.by_root { x5chain.to_vec() } else { Vec::new() },
            commitment: prepared.commitment,
            disclosed,
            shown: shown.to_vec(),
            credential_proof: prepared.proof,
            presentation_proof,
        })
    }

    fn key(&self, class: SizeClass, control: &Control<'_>) -> Result<&proof::Prover, Error> {
        let cell =
            CLASSES.iter().position(|candidate| *candidate == class).and_then(|index| self.keys.get(index));
        let cell = cell.ok_or_else(|| Error::bug("a size class of no table"))?;
        if let Some(key) = cell.get() {
            return Ok(key);
        }
        control
            .begin(velum_stark::control::Stage::Keys, 0.0)
            .map_err(|Cancelled| internal(ProveError::Cancelled(Cancelled)))?;
        Ok(cell.get_or_init(|| proof::Prover::new(self.suite, class)))
    }
}

impl Clock {
    fn check(self, now: Timestamp) -> Result<(), Error> {
        match self {
            Self::At(clock) if clock.unix().abs_diff(now.unix()) > CLOCK_TOLERANCE_SECONDS => {
                let message = format!(
                    "the verifier asks for {now}, this clock says {clock}; refuse, or answer any time for a document of \
                     the past"
                );
                Err(Error::new(Code::Clock, "request.now", message))
            }
            _ => Ok(()),
        }
    }
}

fn internal(error: ProveError) -> Error {
    match error {
        ProveError::Cancelled(_) => {
            Error::new(Code::Cancelled, "prover", "cancelled; nothing was handed out")
        }
        // The document passed every other check: what is left is that it does not fit the tables.
        ProveError::Witness(error) => Error::too_large("document", error.to_string()),
        error => Error::bug(&error.to_string()),
    }
}
