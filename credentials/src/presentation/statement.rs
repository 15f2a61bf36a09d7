//! From a request to the statements of both proofs.

use p256::ecdsa::VerifyingKey;
use p256::elliptic_curve::sec1::ToEncodedPoint;
use velum_core::class::SizeClass;
use velum_core::statement::{ElementName, PresentationStatement, PublicKey, SlotPredicate, Subject};
use velum_core::suite::Suite;

use crate::date::Timestamp;
use crate::error::{Code, Error};
use crate::mdoc::{SessionTranscript, device_authentication_digest};
use crate::predicate::Condition;
use crate::request::Request;

/// Bounds of `signed` where the issuer is known by its key alone.
const ANY_TIME: (u64, u64) = (0, 99_991_231_235_959);

/// Every day, as bounds of the decimal number YYYYMMDD.
const ANY_DAY: (u32, u32) = (0, 99_991_231);

/// The key as coordinates.
pub(super) fn public_key(key: &VerifyingKey) -> PublicKey {
    let point = key.as_affine().to_encoded_point(false);
    let coordinate =
        |coordinate: Option<&p256::FieldBytes>| coordinate.map_or([0; 32], |bytes| (*bytes).into());
    PublicKey { x: coordinate(point.x()), y: coordinate(point.y()) }
}

impl Request {
    /// What both proofs are about.
    pub(super) fn subject(&self, suite: Suite, class: SizeClass, issuer: &VerifyingKey) -> Subject {
        let name = |slot: &crate::Slot| ElementName {
            namespace: slot.namespace.clone(),
            element: slot.element.clone(),
        };
        Subject {
            suite,
            class,
            doc_type: self.doc_type().to_owned(),
            issuer: public_key(issuer),
            elements: self.slots().iter().map(name).collect(),
        }
    }

    /// What must hold of each slot. `disclosed` has an entry a slot.
    ///
    /// # Errors
    /// `predicate` where two conditions on one element exclude each other, `malformed` where what is disclosed is not what
    /// was asked to be.
    pub(super) fn slot_predicates(&self, disclosed: &[Option<Vec<u8>>]) -> Result<Vec<SlotPredicate>, Error> {
        let slots = self.slots();
        if slots.len() != disclosed.len() {
            let message = format!("{} values for {} elements", disclosed.len(), slots.len());
            return Err(Error::malformed("presentation.disclosed", message));
        }
        let disclosed = disclosed.iter().map(Option::as_deref).enumerate();
        disclosed.map(|(slot, disclosed)| self.slot_predicate(slot, disclosed)).collect()
    }

    fn slot_predicate(&self, slot: usize, disclosed: Option<&[u8]>) -> Result<SlotPredicate, Error> {
        let element = self.slots().get(slot).map_or("", |slot| &slot.element);
        let place = || format!("request.predicates on {element:?}");
        let mut predicate = SlotPredicate { encoding: disclosed.map(<[u8]>::to_vec), date: None };
        let mut asked_to_disclose = false;
        for asked in self.on_slot(slot) {
            if let Some((first, last)) = asked.condition.date_bounds(self.now()) {
                let (lowest, highest) = predicate.date.unwrap_or(ANY_DAY);
                predicate.date = Some((lowest.max(first), highest.min(last)));
            }
            match &asked.condition {
                Condition::Equals(literal) => {
                    let wanted = literal.to_cbor();
                    if predicate.encoding.as_ref().is_some_and(|found| *found != wanted) {
                        return Err(Error::new(Code::Predicate, place(), "the value is another one"));
                    }
                    predicate.encoding = Some(wanted);
                }
                Condition::Disclose => asked_to_disclose = true,
                _ => {}
            }
        }
        if asked_to_disclose != disclosed.is_some() {
            return Err(Error::malformed(place(), "what is disclosed is not what was asked"));
        }
        if predicate.date.is_some_and(|(first, last)| first > last) {
            return Err(Error::new(Code::Predicate, place(), "no day meets what is asked"));
        }
        Ok(predicate)
    }
}

/// Everything public of a presentation, derived from the verifier's side.
pub(super) struct Session<'a> {
    pub(super) request: &'a Request,
    pub(super) transcript: &'a SessionTranscript,
    pub(super) device_name_spaces: &'a [u8],
    pub(super) signed_within: Option<(Timestamp, Timestamp)>,
}

impl Session<'_> {
    pub(super) fn statement(
        &self,
        subject: Subject,
        commitment: velum_core::statement::Digest,
        credential_proof: &[u8],
        disclosed: &[Option<Vec<u8>>],
    ) -> Result<PresentationStatement, Error> {
        let Self { request, transcript, device_name_spaces, signed_within } = self;
        let bounds = signed_within.map(|(from, until)| (from.decimal(), until.decimal()));
        Ok(PresentationStatement {
            subject,
            commitment,
            credential_proof: blake3::hash(credential_proof).into(),
            request: blake3::hash(&request.to_cbor()).into(),
            now: request.now().decimal(),
            signed_within: bounds.unwrap_or(ANY_TIME),
            device_authentication: device_authentication_digest(
                request.doc_type(),
                transcript,
                device_name_spaces,
            ),
            predicates: request.slot_predicates(disclosed)?,
        })
    }
}
