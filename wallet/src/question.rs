//! The holder's view of a request, together with a document, and the verifier's view of a request,
//! together with a session.

use velum_credentials::{
    Claim, DeviceResponse, Document, Error, Explanation, Presentation, Request, SessionTranscript,
    Verified, Verifier, device_authentication_bytes as authentication_bytes,
};

/// The major type of a CBOR map, in the high bits of its first byte. No UTF-8 text starts with
/// these bits.
const CBOR_MAP: u8 = 0b101;

/// A request and the document that it asks about.
#[derive(Clone, Debug)]
pub struct Question {
    document: Document,
    request: Request,
}

impl Question {
    /// Reads a request, and finds the document of its docType in a `DeviceResponse`.
    ///
    /// # Errors
    /// * `malformed` and `too_large` for either input, as for [`parse_request`] and
    ///   [`DeviceResponse::parse`].
    /// * `doc_type` if there is no document of the requested docType.
    pub fn parse(document: &[u8], request: &[u8]) -> Result<Self, Error> {
        Self::new(parse_request(request)?, document)
    }

    /// Finds the document of a request's docType in a `DeviceResponse`.
    ///
    /// # Errors
    /// * `malformed` and `too_large` for the response, as for [`DeviceResponse::parse`].
    /// * `doc_type` if there is no document of the requested docType.
    pub fn new(request: Request, document: &[u8]) -> Result<Self, Error> {
        let document = DeviceResponse::parse(document)?.document(request.doc_type())?.clone();
        Ok(Self { document, request })
    }

    /// The document.
    #[must_use]
    pub fn document(&self) -> &Document {
        &self.document
    }

    /// The request.
    #[must_use]
    pub fn request(&self) -> &Request {
        &self.request
    }

    /// What an answer would tell the verifier. This checks no signature.
    #[must_use]
    pub fn explain(&self) -> Explanation {
        self.request.explain(&self.document)
    }
}

/// What a verifier asks in one session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Challenge {
    request: Request,
    transcript: SessionTranscript,
}

impl Challenge {
    /// Reads a request and a `SessionTranscript`.
    ///
    /// # Errors
    /// `malformed` and `too_large` for either input, as for [`parse_request`] and
    /// [`SessionTranscript::parse`].
    pub fn parse(transcript: &[u8], request: &[u8]) -> Result<Self, Error> {
        Self::new(parse_request(request)?, transcript)
    }

    /// Reads a `SessionTranscript` and joins it with a request.
    ///
    /// # Errors
    /// `malformed` and `too_large` for the transcript, as for [`SessionTranscript::parse`].
    pub fn new(request: Request, transcript: &[u8]) -> Result<Self, Error> {
        Ok(Self { request, transcript: SessionTranscript::parse(transcript)? })
    }

    /// Reads and verifies a presentation. Verify one presentation in a session, and use no session
    /// twice.
    ///
    /// # Errors
    /// The errors of [`Presentation::from_bytes`] and [`Verifier::verify`]. All of them are faults
    /// of the presentation.
    pub fn verify(&self, verifier: &Verifier, presentation: &[u8]) -> Result<Verified, Error> {
        verifier.verify(&Presentation::from_bytes(presentation)?, &self.transcript, &self.request)
    }

    /// The request.
    pub fn request(&self) -> &Request {
        &self.request
    }

    /// The session.
    pub fn transcript(&self) -> &SessionTranscript {
        &self.transcript
    }

    /// What a presentation claims in answer to this challenge, apart from its proofs. It is for
    /// other proofs of the same claim, such as an aggregate.
    ///
    /// # Errors
    /// The errors of [`Claim::new`].
    pub fn claim(&self, presentation: &Presentation) -> Result<Claim, Error> {
        Claim::new(presentation, &self.transcript, &self.request)
    }
}

/// Reads a request in its JSON or its CBOR form.
///
/// # Errors
/// The errors of [`Request::from_json`] and [`Request::from_cbor`].
pub fn parse_request(bytes: &[u8]) -> Result<Request, Error> {
    match bytes.first() {
        Some(first) if first >> 5 == CBOR_MAP => Request::from_cbor(bytes),
        _ => Request::from_json(bytes),
    }
}

/// The bytes that the device signs for a session. They include the elements of its own that the
/// document of this docType says the device signs.
///
/// # Errors
/// `malformed` and `too_large` for the document or the transcript; `doc_type` if there is no
/// document of this docType.
pub fn device_authentication_bytes(
    document: &[u8],
    doc_type: &str,
    transcript: &[u8],
) -> Result<Vec<u8>, Error> {
    let transcript = SessionTranscript::parse(transcript)?;
    let response = DeviceResponse::parse(document)?;
    let namespaces = response.document(doc_type)?.device_signed().namespaces();
    Ok(authentication_bytes(doc_type, &transcript, namespaces))
}

#[cfg(test)]
mod tests {
    use super::*;
    use velum_credentials::Code;
    use velum_testdata::{ANNEX_D, MUSTERMANN};

    #[test]
    fn a_request_is_read_in_either_form() {
        let request = parse_request(MUSTERMANN.request.as_bytes()).unwrap();
        assert_eq!(parse_request(&request.to_cbor()).unwrap(), request);
        for bad in [&b""[..], b"\xa1", b"\xff", b"null", b"{"] {
            assert_eq!(parse_request(bad).unwrap_err().code(), Code::Malformed, "{bad:?}");
        }
    }

    #[test]
    fn a_question_is_about_the_document_of_its_type() {
        let question =
            Question::parse(MUSTERMANN.device_response, MUSTERMANN.request.as_bytes()).unwrap();
        assert_eq!(question.document().doc_type(), question.request().doc_type());
        assert_eq!(question.explain().predicates.len(), question.request().predicates().len());

        let other = MUSTERMANN.request.replace("org.iso.18013.5.1.mDL", "other");
        let error = Question::parse(MUSTERMANN.device_response, other.as_bytes()).unwrap_err();
        assert_eq!(error.code(), Code::DocType);
    }

    #[test]
    fn what_the_device_signs_is_of_the_session() {
        let (document, doc_type) = (MUSTERMANN.device_response, "org.iso.18013.5.1.mDL");
        let bytes = |session| device_authentication_bytes(document, doc_type, session);
        let ours = bytes(MUSTERMANN.session_transcript).unwrap();
        assert_ne!(ours, bytes(ANNEX_D.session_transcript).unwrap());
        assert_eq!(bytes(b"\x80").unwrap_err().code(), Code::Malformed);
    }
}
