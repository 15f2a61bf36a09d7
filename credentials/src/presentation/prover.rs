//! Preparing and presenting.

use std::sync::OnceLock;

use sha2::{Digest, Sha256};
use velum_core::class::{CLASSES, SizeClass};
use velum_core::proof::{self, ProveError};
use velum_core::statement::{
    CredentialStatement, CredentialWitness, PresentationWitness, RecordOpening, RecordSalts, digest_to_bytes,
};
use velum_core::suite::Suite;
use velum_stark::control::{Cancelled, Control};

use crate::date::Timestamp;
use crate::error::{Code, Error};
use crate::mdoc::Document;
use crate::mdoc::SessionTranscript;
use crate::mdoc::sig_structure;
use crate::predicate::Condition;
use crate::presentation::envelope::Presentation;
use crate::presentation::prepared::Prepared;
use crate::presentation::statement::{Session, public_key};
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
    pub fn check(
        &self,
        document: &Document,
        transcript: &SessionTranscript,
        request: &Request,
    ) -> Result<TrustedIssuer, Error> {
        self.clock.check(request.now())?;
        let issuer = document.verify(request, transcript)?;
        if document.device_signed().has_name_spaces() && !self.disclose_device_namespaces {
            let message = "the device signed elements of its own, which would be shown in clear; agree to show them, or \
                           have the device sign without them";
            let error = Error::new(Code::DeviceNamespaces, "deviceSigned.nameSpaces", message);
            return Err(error.within(document.place()));
        }
        Ok(issuer)
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
    pub fn prepare(
        &self,
        document: &Document,
        request: &Request,
        options: PrepareOptions<'_>,
    ) -> Result<Prepared, Error> {
        document.check_doc_type(request.doc_type())?;
        let issuer = document.check_issuer(request.issuers(), request.now())?;
        document.check_digests()?;
        let slots = request.slots();
        let class = chosen_class(document.size_class(slots)?, options.size_class)?;
        let subject = request.subject(self.suite, class, &issuer.public_key);

        let mut items = Vec::new();
        let mut values = Vec::new();
        for slot in slots {
            let item = document.item(&slot.namespace, &slot.element)?;
            items.push(item.bytes().to_vec());
            values.push(item.element_value().to_vec());
        }
        let device_key = public_key(document.mso().device_key());
        let validity = document.mso().validity();
        let salts = RecordSalts::from_system(class).map_err(|error| internal(ProveError::from(error)))?;
        let opening = RecordOpening {
            device_key_x: device_key.x,
            device_key_y: device_key.y,
            dates: [validity.signed, validity.valid_from, validity.valid_until].map(Timestamp::decimal),
            values,
            salts,
        };
        let witness = CredentialWitness {
            sig_structure: sig_structure(document.mso().bytes()),
            signature: *document.issuer_signed().signature(),
            items,
            record: opening.clone(),
        };
        let commitment =
            opening.commitment(&subject).map_err(|error| internal(ProveError::Witness(error.into())))?;
        let statement = CredentialStatement { commitment, subject };
        let proof = self
            .key(class, &options.control)?
            .prove_credential(&statement, &witness, &options.control)
            .map_err(internal)?;
        Ok(Prepared {
            mso: Sha256::digest(document.mso().bytes()).into(),
            commitment: digest_to_bytes(&statement.commitment),
            subject: statement.subject,
            opening,
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
    pub fn present(
        &self,
        prepared: Prepared,
        document: &Document,
        transcript: &SessionTranscript,
        request: &Request,
        options: PresentOptions<'_>,
    ) -> Result<Presentation, Error> {
        let issuer = options.check(document, transcript, request)?;
        let subject = request.subject(self.suite, prepared.subject.class, &issuer.public_key);
        let mso: [u8; 32] = Sha256::digest(document.mso().bytes()).into();
        if subject != prepared.subject || mso != prepared.mso {
            let message = "prepared for another document, issuer, docType or list of elements; prepare anew";
            return Err(Error::new(Code::PreparedMismatch, "prepared", message));
        }
        let disclosed = disclosed_values(document, request)?;
        let session = Session {
            request,
            transcript,
            device_name_spaces: document.device_signed().name_spaces(),
            signed_within: issuer.signed_within,
        };
        let commitment = prepared
            .opening
            .commitment(&subject)
            .map_err(|error| internal(ProveError::Witness(error.into())))?;
        let class = subject.class;
        let statement = session.statement(subject, commitment, &prepared.proof, &disclosed)?;
        let signature =
            *document.device_signed().signature().map_err(|error| error.within(document.place()))?;
        let witness = PresentationWitness { record: prepared.opening, signature };
        let presentation_proof = self
            .key(class, &options.control)?
            .prove_presentation(&statement, &witness, &options.control)
            .map_err(internal)?;

        Ok(Presentation {
            suite: self.suite,
            class,
            issuer: issuer.index,
            x5chain: if issuer.by_root { document.issuer_signed().x5chain().to_vec() } else { Vec::new() },
            commitment: prepared.commitment,
            disclosed,
            device_name_spaces: session.device_name_spaces.to_vec(),
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

fn chosen_class(smallest: SizeClass, chosen: Option<SizeClass>) -> Result<SizeClass, Error> {
    match chosen {
        Some(class) if class.max_mso_bytes < smallest.max_mso_bytes => {
            let message =
                format!("the document does not fit size class {:?}; take {:?}", class.name, smallest.name);
            Err(Error::too_large("issuerSigned", message))
        }
        Some(class) => Ok(class),
        None => Ok(smallest),
    }
}

fn disclosed_values(document: &Document, request: &Request) -> Result<Vec<Option<Vec<u8>>>, Error> {
    let disclosed = |(index, slot): (usize, &crate::Slot)| {
        let asked = request.on_slot(index).any(|asked| asked.condition == Condition::Disclose);
        let item = document.item(&slot.namespace, &slot.element)?;
        Ok(asked.then(|| item.element_value().to_vec()))
    };
    request.slots().iter().enumerate().map(disclosed).collect()
}

fn internal(error: ProveError) -> Error {
    match error {
        ProveError::Cancelled(_) => {
            Error::new(Code::Cancelled, "prover", "cancelled; nothing was handed out")
        }
        // The document passed every other check: what is left is that it does not fit the tables.
        ProveError::Witness(error) => Error::too_large("issuerSigned", error.to_string()),
        error => Error::bug(&error.to_string()),
    }
}
