//! Statements and witnesses of a case, for measurements that reach below documents.

use p256::ecdsa::VerifyingKey;
use p256::elliptic_curve::sec1::ToEncodedPoint;
use velum_core::statement::{
    CredentialStatement, CredentialWitness, ElementName, PresentationStatement, PresentationWitness,
    PublicKey, RecordOpening, RecordSalts, SlotPredicate, Subject,
};
use velum_core::suite::Suite;
use velum_credentials::{Condition, Timestamp, device_authentication_digest, sig_structure};

use crate::Case;
use crate::case::any_clock;

/// Both statements of a case, about nothing but the elements' dates, and their witnesses.
pub struct Statements {
    /// What the credential proof states.
    pub credential: CredentialStatement,
    /// What it keeps private.
    pub credential_witness: CredentialWitness,
    /// What the presentation proof states.
    pub presentation: PresentationStatement,
    /// What it keeps private.
    pub presentation_witness: PresentationWitness,
}

impl Statements {
    /// The statements of a case.
    ///
    /// # Panics
    /// Where the document does not meet the request.
    pub fn new(suite: Suite, case: &Case) -> Self {
        let (request, class) = (&case.request, case.class);
        let document = case.document().expect("the document is of the asked type");
        let issuer = any_clock().check(document, &case.transcript, request).expect("the request is met");
        let items: Vec<_> = request
            .slots()
            .iter()
            .map(|slot| document.item(&slot.namespace, &slot.element).expect("the element is there"))
            .collect();
        let names = request.slots().iter().cloned();
        let subject = Subject {
            suite,
            class,
            doc_type: request.doc_type().to_owned(),
            issuer: public_key(&issuer.public_key),
            elements: names
                .map(|slot| ElementName { namespace: slot.namespace, element: slot.element })
                .collect(),
        };
        let device_key = public_key(document.mso().device_key());
        let validity = document.mso().validity();
        let record = RecordOpening {
            device_key_x: device_key.x,
            device_key_y: device_key.y,
            dates: [validity.signed, validity.valid_from, validity.valid_until].map(Timestamp::decimal),
            values: items.iter().map(|item| item.element_value().to_vec()).collect(),
            salts: RecordSalts::from_system(class).expect("the system has randomness"),
        };
        let commitment = record.commitment(&subject).expect("the record fits the class");
        let predicate = |condition: &Condition| SlotPredicate {
            encoding: None,
            date: condition.date_bounds(request.now()),
        };
        let name_spaces = document.device_signed().name_spaces();
        Self {
            credential: CredentialStatement { subject: subject.clone(), commitment },
            credential_witness: CredentialWitness {
                sig_structure: sig_structure(document.mso().bytes()),
                signature: *document.issuer_signed().signature(),
                items: items.iter().map(|item| item.bytes().to_vec()).collect(),
                record: record.clone(),
            },
            presentation: PresentationStatement {
                subject,
                commitment,
                credential_proof: [0; 32],
                request: [0; 32],
                now: request.now().decimal(),
                signed_within: (record.dates[0], record.dates[0]),
                device_authentication: device_authentication_digest(
                    request.doc_type(),
                    &case.transcript,
                    name_spaces,
                ),
                predicates: request.predicates().iter().map(|asked| predicate(&asked.condition)).collect(),
            },
            presentation_witness: PresentationWitness {
                record,
                signature: *document.device_signed().signature().expect("the device signed"),
            },
        }
    }
}

fn public_key(key: &VerifyingKey) -> PublicKey {
    let point = key.as_affine().to_encoded_point(false);
    let coordinate = |bytes: Option<&p256::FieldBytes>| bytes.map_or([0; 32], |bytes| (*bytes).into());
    PublicKey { x: coordinate(point.x()), y: coordinate(point.y()) }
}
