//! Makes real proofs about real documents.

use velum_credentials::{
    Clock, Condition, DeviceResponse, Document, Inspection, Issuer, IssuerSignedItem, Literal,
    Predicate, PrepareOptions, PresentOptions, Presentation, Prover, Request, SessionTranscript,
    Value, Verifier,
};

use super::{Failure, Folder, Source};

/// What was proven about a document.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Proven {
    /// The issuer's part only. The device's key is not known, and neither is a session that it
    /// signed.
    Credential,
    /// All of it, for the session that the device signed. A verifier accepted the presentation.
    Presentation,
}

impl Proven {
    /// The same in words.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Credential => "credential proof",
            Self::Presentation => "presentation, verified",
        }
    }
}

/// A prover and a verifier, which keep their keys.
#[derive(Default)]
pub struct Workbench {
    prover: Prover,
    verifier: Verifier,
}

impl Workbench {
    /// Proves every document of a file. The prover verifies each proof before it hands it out.
    ///
    /// # Errors
    /// The file is not the one that was collected, or a proof that should be possible fails.
    pub fn prove(&self, folder: &Folder, source: &Source) -> Result<Vec<Proven>, Failure> {
        let response = DeviceResponse::parse(&folder.bytes(source)?)?;
        let transcript = source.session_transcript.as_deref().map(hex::decode).transpose()?;
        let transcript = transcript.map(|bytes| SessionTranscript::parse(&bytes)).transpose()?;
        response
            .documents()
            .iter()
            .map(|document| self.prove_document(document, transcript.as_ref()))
            .collect()
    }

    fn prove_document(
        &self,
        document: &Document,
        transcript: Option<&SessionTranscript>,
    ) -> Result<Proven, Failure> {
        let request = request(document)?;
        let prepared = self.prover.prepare(document, &request, PrepareOptions::default())?;
        let device_signed = document.device_signed();
        let (Some(transcript), Ok(_), false) =
            (transcript, device_signed.signature(), device_signed.has_namespaces())
        else {
            return Ok(Proven::Credential);
        };
        let options = PresentOptions::at(Clock::Any);
        let presentation =
            self.prover.present(prepared, document, transcript, &request, options)?;
        let presentation = Presentation::from_bytes(&presentation.to_bytes())?;
        self.verifier.verify(&presentation, transcript, &request)?;
        Ok(Proven::Presentation)
    }
}

/// A request for one element, with a pinned signer. The signer is pinned by its certificate, or by
/// its key if the certificate says CA:TRUE or was not valid at the time of the signature.
fn request(document: &Document) -> Result<Request, Failure> {
    let signer = Inspection::of(document).signer.and_then(Result::ok);
    let signer = signer.ok_or("the document has no certificate that gives the signer's key")?;
    let certificates = document.issuer_signed().x5chain();
    let pinned = certificates.first().and_then(|leaf| Issuer::from_der(leaf.clone(), None).ok());
    let issuers = pinned.into_iter().chain([Issuer::Key(signer.public_key)]).collect();
    let predicate = smallest(document).ok_or("the document holds no element")?;
    let now = document.mso().validity().valid_from;
    Ok(Request::new(document.doc_type().to_owned(), now, issuers, vec![predicate])?)
}

/// A predicate about an age that the issuer states or, failing that, about the element of the
/// shortest item.
fn smallest(document: &Document) -> Option<Predicate> {
    let namespaces = document.issuer_signed().namespaces().iter();
    let items = namespaces
        .flat_map(|namespace| namespace.items().iter().map(|item| (namespace.name(), item)));
    let order = |(_, item): &(&str, &IssuerSignedItem)| {
        (!item.element_identifier().starts_with("age_over_"), item.bytes().len())
    };
    let (namespace, item) = items.min_by_key(order)?;
    let condition = match item.value() {
        Value::Bool(value) => Condition::Equals(Literal::Bool(*value)),
        _ => Condition::Disclose,
    };
    let element = item.element_identifier().to_owned();
    Some(Predicate { namespace: namespace.to_owned(), element, condition })
}
