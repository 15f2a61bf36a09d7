//! Derives the statements of both proofs from a request and from what was signed.

use p256::ecdsa::VerifyingKey;
use p256::elliptic_curve::sec1::ToEncodedPoint;
use velum_core::class::SizeClass;
#[cfg(feature = "prover")]
use velum_core::statement::{CredentialStatement, CredentialWitness, RecordOpening, RecordSalts};
use velum_core::statement::{
    Digest, ElementName, PresentationStatement, PublicKey, SlotPredicate, Subject,
    credential_proof_name,
};
use velum_core::suite::Suite;
use velum_core::value::normalised;

#[cfg(feature = "prover")]
use crate::date::Timestamp;
use crate::error::{Code, Error};
use crate::format::{Answer, Issued};
use crate::predicate::{Condition, Literal};
use crate::request::{Request, Slot};

/// Bounds of `signed` if the issuer is known only by its key.
const ANY_TIME: (u64, u64) = (0, 99_991_231_235_959);

/// The coordinates of a key.
fn public_key(key: &VerifyingKey) -> PublicKey {
    let point = key.as_affine().to_encoded_point(false);
    let coordinate =
        |coordinate: Option<&p256::FieldBytes>| coordinate.map_or([0; 32], |bytes| (*bytes).into());
    PublicKey { x: coordinate(point.x()), y: coordinate(point.y()) }
}

#[cfg(feature = "prover")]
pub(crate) fn chosen_class(
    smallest: SizeClass,
    chosen: Option<SizeClass>,
) -> Result<SizeClass, Error> {
    match chosen {
        Some(class) if class.max_mso_bytes < smallest.max_mso_bytes => {
            let message = format!(
                "the document does not fit size class {:?}; use {:?}",
                class.name, smallest.name
            );
            Err(Error::too_large("document", message))
        }
        Some(class) => Ok(class),
        None => Ok(smallest),
    }
}

impl Request {
    /// What both proofs are about.
    pub(crate) fn subject(&self, suite: Suite, class: SizeClass, issuer: &VerifyingKey) -> Subject {
        let name = |slot: &Slot| ElementName {
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
}

impl Issued<'_> {
    /// For each slot of the request, the encoding of its value if the request asks to disclose it.
    /// The encoding has the shortest heads, so that it reveals nothing about the heads that the
    /// issuer wrote.
    #[must_use]
    pub fn disclosed(&self, request: &Request) -> Vec<Option<Vec<u8>>> {
        let disclosed = |(slot, value): (usize, &&[u8])| {
            let asked = request.on_slot(slot).any(|asked| asked.condition == Condition::Disclose);
            asked.then(|| normalised(value))
        };
        self.values.iter().enumerate().map(disclosed).collect()
    }

    /// Statement and witness of the credential proof.
    #[cfg(feature = "prover")]
    pub(super) fn statement(
        &self,
        request: &Request,
        suite: Suite,
        class: SizeClass,
    ) -> Result<(CredentialStatement, CredentialWitness), Error> {
        let subject = request.subject(suite, class, &self.issuer.public_key);
        let device_key = public_key(self.device_key);
        let record = RecordOpening {
            device_key_x: device_key.x,
            device_key_y: device_key.y,
            dates: self.dates.map(Timestamp::decimal),
            values: self.values.iter().map(|value| value.to_vec()).collect(),
            salts: RecordSalts::from_system(class)
                .map_err(|error| Error::bug(&error.to_string()))?,
        };
        let commitment = record
            .commitment(&subject)
            .map_err(|error| Error::too_large("document", error.to_string()))?;
        let witness = CredentialWitness {
            sig_structure: self.signed.to_vec(),
            signature: *self.signature,
            items: self.items.iter().map(|item| item.to_vec()).collect(),
            record,
        };
        Ok((CredentialStatement { subject, commitment }, witness))
    }
}

impl Answer<'_> {
    pub(super) fn statement(
        &self,
        subject: Subject,
        commitment: Digest,
        credential_proof: &[u8],
        encode: fn(&Literal) -> Vec<u8>,
    ) -> Result<PresentationStatement, Error> {
        let bounds = self.signed_within.map(|(from, until)| (from.decimal(), until.decimal()));
        Ok(PresentationStatement {
            commitment,
            credential_proof: credential_proof_name(subject.suite, credential_proof),
            salt: self.salt,
            subject,
            request: blake3::hash(&self.request.to_cbor()).into(),
            now: self.request.now().decimal(),
            signed_within: bounds.unwrap_or(ANY_TIME),
            device_authentication: self.device_digest,
            predicates: self.predicates(encode)?,
        })
    }

    /// What must hold for each slot.
    fn predicates(
        &self,
        encode: fn(&Literal) -> Vec<u8>,
    ) -> Result<Vec<Vec<SlotPredicate>>, Error> {
        let (slots, disclosed) = (self.request.slots(), self.disclosed);
        if slots.len() != disclosed.len() {
            let message = format!("{} values for {} elements", disclosed.len(), slots.len());
            return Err(Error::malformed("presentation.disclosed", message));
        }
        let disclosed = disclosed.iter().map(Option::as_deref).enumerate();
        disclosed.map(|(slot, disclosed)| self.on_slot(slot, disclosed, encode)).collect()
    }

    fn on_slot(
        &self,
        slot: usize,
        disclosed: Option<&[u8]>,
        encode: fn(&Literal) -> Vec<u8>,
    ) -> Result<Vec<SlotPredicate>, Error> {
        let element = self.request.slots().get(slot).map_or("", |slot| &slot.element);
        let place = || format!("request.predicates on {element:?}");
        let mut predicates: Vec<_> =
            disclosed.map(|value| SlotPredicate::Encoding(value.to_vec())).into_iter().collect();
        let mut asked_to_disclose = false;
        for asked in self.request.on_slot(slot) {
            // The match names every condition, so that a new one cannot be left out.
            match &asked.condition {
                Condition::AgeAtLeast(_) | Condition::DateBefore(_) | Condition::DateAfter(_) => {
                    let bounds = asked.condition.date_bounds(self.request.now());
                    predicates
                        .extend(bounds.map(|(first, last)| SlotPredicate::Date { first, last }));
                }
                Condition::Equals(literal) => {
                    predicates.push(SlotPredicate::Encoding(encode(literal)))
                }
                Condition::Disclose => asked_to_disclose = true,
            }
        }
        if asked_to_disclose != disclosed.is_some() {
            return Err(Error::malformed(
                place(),
                "the disclosed values are not those that the request asks for",
            ));
        }
        SlotPredicate::check_together(&predicates).map_err(|contradiction| {
            Error::new(Code::Predicate, place(), contradiction.to_string())
        })?;
        Ok(predicates)
    }
}
