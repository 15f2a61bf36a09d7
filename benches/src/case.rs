//! A document, a session and a request that the document meets.

use serde_json::{Value, json};
use velum_core::class::SizeClass;
use velum_credentials::mint::{Spec, mint};
use velum_credentials::{
    Backend, Clock, Control, DeviceResponse, Document, Error, PrepareOptions, Prepared,
    PresentOptions, Presentation, Prover, Request, SessionTranscript, Verified, Verifier,
};
use velum_testdata::MUSTERMANN;

const NAMESPACE: &str = "org.iso.18013.5.1";
const DOC_TYPE: &str = "org.iso.18013.5.1.mDL";

/// Length of the real licence's MSO. The minted licence is padded to it.
const MSO_BYTES: usize = 1_755;

/// Number of elements in the minted licence.
const MINTED_ELEMENTS: usize = 8;

/// A document in a size class, a session and a request.
pub struct Case {
    /// The size class, which is not necessarily the smallest that fits.
    pub class: SizeClass,
    response: DeviceResponse,
    /// The session that the device signed.
    pub transcript: SessionTranscript,
    /// The request.
    pub request: Request,
}

impl Case {
    /// A licence and a request with `predicates` predicates, each about another element. The first
    /// asks whether the holder is 18 or over. The licence is the real one of the test data or, if
    /// that has too few elements, a minted one with an MSO of the same length.
    ///
    /// # Errors
    /// The class or the licence has fewer elements.
    pub fn new(predicates: usize, class: SizeClass) -> Result<Self, Error> {
        let asked: Vec<_> = real_predicates().into_iter().take(predicates).collect();
        if asked.len() < predicates {
            return Self::minted(predicates, class);
        }
        let mut request: Value = serde_json::from_str(MUSTERMANN.request).unwrap_or_default();
        request["predicates"] = asked.into();
        Ok(Self {
            class,
            response: DeviceResponse::parse(MUSTERMANN.device_response)?,
            transcript: SessionTranscript::parse(MUSTERMANN.session_transcript)?,
            request: Request::from_json(request.to_string().as_bytes())?,
        })
    }

    fn minted(predicates: usize, class: SizeClass) -> Result<Self, Error> {
        let minted = mint(&Spec::from_json(&spec(predicates).to_string())?)?;
        Ok(Self {
            class,
            response: DeviceResponse::parse(&minted.document())?,
            transcript: SessionTranscript::parse(&minted.transcript)?,
            request: Request::from_json(minted.request.as_bytes())?,
        })
    }

    /// The document that the request asks for.
    ///
    /// # Errors
    /// None for the cases of [`new`](Self::new).
    pub fn document(&self) -> Result<&Document, Error> {
        self.response.document(self.request.doc_type())
    }

    /// Makes the credential proof.
    ///
    /// # Errors
    /// The errors of [`Prover::prepare`].
    pub fn prepare<B: Device>(
        &self,
        prover: &Prover<B>,
        control: Control<'_>,
    ) -> Result<Prepared, Error>
    where
        B::Key: Sync,
        B::Error: Send,
    {
        let options = PrepareOptions::default().with_size_class(self.class).with_control(control);
        prover.prepare(self.document()?, &self.request, options)
    }

    /// Makes the presentation.
    ///
    /// # Errors
    /// The errors of [`Prover::present`].
    pub fn present<B: Device>(
        &self,
        prover: &Prover<B>,
        prepared: Prepared,
        control: Control<'_>,
    ) -> Result<Presentation, Error>
    where
        B::Key: Sync,
        B::Error: Send,
    {
        let options = any_clock().with_control(control);
        prover.present(prepared, self.document()?, &self.transcript, &self.request, options)
    }

    /// Reads and verifies a presentation.
    ///
    /// # Errors
    /// The errors of [`Verifier::verify`].
    pub fn verify(&self, verifier: &Verifier, presentation: &[u8]) -> Result<Verified, Error> {
        verifier.verify(&Presentation::from_bytes(presentation)?, &self.transcript, &self.request)
    }
}

/// A backend that can prove cases.
pub trait Device: Backend + Clone + Sync {}

impl<B: Backend + Clone + Sync> Device for B {}

/// Options for any clock, because the documents of the cases have expired.
pub(crate) const fn any_clock() -> PresentOptions<'static> {
    PresentOptions::at(Clock::Any)
}

fn real_predicates() -> [Value; 5] {
    [
        json!({ "namespace": NAMESPACE, "element": "birth_date", "age_at_least": 18 }),
        json!({ "namespace": NAMESPACE, "element": "family_name", "equals": "Mustermann" }),
        json!({ "namespace": NAMESPACE, "element": "issue_date", "equals": { "full_date": "2024-03-15" } }),
        json!({ "namespace": NAMESPACE, "element": "height", "equals": 175 }),
        json!({ "namespace": NAMESPACE, "element": "age_over_18", "equals": true }),
    ]
}

fn spec(predicates: usize) -> Value {
    let birth_date = json!({ "namespace": NAMESPACE, "element": "birth_date", "value": { "full_date": "1971-09-01" } });
    let age = json!({ "namespace": NAMESPACE, "element": "birth_date", "age_at_least": 18 });
    let names: Vec<_> = (1..MINTED_ELEMENTS).map(|index| format!("element_{index}")).collect();
    let elements = names
        .iter()
        .map(|name| json!({ "namespace": NAMESPACE, "element": name, "value": "Mustermann" }));
    let asked = names
        .iter()
        .map(|name| json!({ "namespace": NAMESPACE, "element": name, "equals": "Mustermann" }));
    json!({
        "seed": "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f",
        "doc_type": DOC_TYPE,
        "validity": {
            "signed": "2024-01-01T00:00:00Z",
            "valid_from": "2024-01-01T00:00:00Z",
            "valid_until": "2024-12-31T00:00:00Z",
        },
        "elements": std::iter::once(birth_date).chain(elements).collect::<Vec<_>>(),
        "mso_bytes": MSO_BYTES,
        "request": {
            "now": "2024-10-15T13:50:00Z",
            "predicates": std::iter::once(age).chain(asked).take(predicates).collect::<Vec<_>>(),
        },
    })
}
