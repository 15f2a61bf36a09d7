//! What is handed to an aggregator: a presentation, and the session and request that it answers.
//!
//! ```text
//! [ version, transcript, request, presentation ]
//! ```
//!
//! Nothing in a submission is secret. The proofs hide the document, and
//! [`may_hand_off`](super::may_hand_off) says which requests reveal too much.

use crate::aggregate::{AGGREGATE_VERSION, read_version};
use crate::cbor::{Cursor, Major, Rules, bounded, write_bytes, write_head};
use crate::error::Error;
use crate::limits;
use crate::mdoc::SessionTranscript;
use crate::presentation::{Claim, Presentation};
use crate::request::Request;

const MEMBERS: u64 = 4;

/// A presentation with the session and the request that it answers. It has not been verified.
#[derive(Clone)]
pub struct Submission {
    /// The transcript of the session.
    pub transcript: SessionTranscript,
    /// The request.
    pub request: Request,
    /// The answer.
    pub presentation: Presentation,
}

impl Submission {
    /// The submission as bytes.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        self.with_presentation(&self.presentation.to_bytes())
    }

    /// The submission as bytes, for a caller that already has the bytes of its presentation. A
    /// presentation has only one encoding.
    #[must_use]
    pub fn with_presentation(&self, presentation: &[u8]) -> Vec<u8> {
        let mut out = Vec::new();
        write_head(&mut out, Major::Array, MEMBERS);
        write_head(&mut out, Major::Unsigned, AGGREGATE_VERSION);
        write_bytes(&mut out, self.transcript.bytes());
        write_bytes(&mut out, &self.request.to_cbor());
        write_bytes(&mut out, presentation);
        out
    }

    /// Reads a submission. Nothing in it is verified.
    ///
    /// # Errors
    /// `wrong_version` for another version, also of the presentation; `too_large` above
    /// [`limits::SUBMISSION_BYTES`]; `malformed` for anything that is not the unique encoding of a
    /// submission.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, Error> {
        Self::read(bytes).map_err(|error| error.within("submission"))
    }

    fn read(bytes: &[u8]) -> Result<Self, Error> {
        Error::check_limit("", "bytes", bytes.len(), limits::SUBMISSION_BYTES)?;
        let mut cursor = Cursor::new(bytes, Rules::Shortest);
        read_version(&mut cursor, MEMBERS)?;
        let given = bounded(&mut cursor, limits::TRANSCRIPT_BYTES)
            .map_err(|error| error.within("transcript"))?;
        let transcript = SessionTranscript::parse(&given)?;
        if transcript.bytes() != given {
            return Err(Error::malformed(
                "transcript",
                "the transcript is wrapped in a byte string; give only the array",
            ));
        }
        let given =
            bounded(&mut cursor, limits::REQUEST_BYTES).map_err(|error| error.within("request"))?;
        let request = Request::from_cbor(&given)?;
        if request.to_cbor() != given {
            return Err(Error::malformed(
                "request",
                "not in the form that is hashed; encode the request again",
            ));
        }
        let presentation = bounded(&mut cursor, limits::PRESENTATION_BYTES)
            .map_err(|error| error.within("presentation"))?;
        let presentation = Presentation::from_bytes(&presentation)?;
        cursor.finish()?;
        Ok(Self { transcript, request, presentation })
    }

    /// What the presentation claims, derived from the session and the request.
    ///
    /// # Errors
    /// The errors of [`Claim::new`].
    pub fn claim(&self) -> Result<Claim, Error> {
        Claim::new(&self.presentation, &self.transcript, &self.request)
    }
}
