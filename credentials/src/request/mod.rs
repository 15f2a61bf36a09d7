//! What a verifier asks: trusted issuers, docType, time and predicates.
//!
//! There is one data model with two encodings, JSON and CBOR ([`wire`]). A request that exists is
//! valid. This module knows nothing of documents and their formats. `explain` says what an answer
//! would reveal.

mod explain;
mod wire;

use crate::cbor::check_name;
use crate::date::Timestamp;
use crate::error::Error;
use crate::limits;
use crate::names::unseen;
use crate::predicate::Predicate;
use crate::trust::Issuer;

pub use explain::{Explanation, Learnt};

/// A valid request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    doc_type: String,
    now: Timestamp,
    issuers: Vec<Issuer>,
    predicates: Vec<Predicate>,
    device_namespaces: Vec<String>,
    slots: Vec<Slot>,
    /// The slot of each predicate.
    predicate_slots: Vec<usize>,
}

/// A distinct element that a request asks about. Slot i is the i-th one in order of first
/// appearance.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Slot {
    /// The namespace.
    pub namespace: String,
    /// The element identifier.
    pub element: String,
}

impl Request {
    /// A request at `now`.
    ///
    /// # Errors
    /// `malformed` without an issuer or a predicate, with a predicate that occurs twice, or with a
    /// name that is empty or cannot be shown; `too_large` with more than [`limits::PREDICATES`]
    /// predicates or with a name longer than [`limits::NAME_BYTES`].
    pub fn new(
        doc_type: String,
        now: Timestamp,
        issuers: Vec<Issuer>,
        predicates: Vec<Predicate>,
    ) -> Result<Self, Error> {
        check_shown("request.doc_type", &doc_type)?;
        if issuers.is_empty() {
            return Err(Error::malformed(
                "request.issuers",
                "no issuer is trusted; name at least one",
            ));
        }
        if predicates.is_empty() {
            return Err(Error::malformed(
                "request.predicates",
                "nothing is asked; name at least one predicate",
            ));
        }
        Error::check_limit(
            "request.predicates",
            "predicates",
            predicates.len(),
            limits::PREDICATES,
        )?;
        for (index, predicate) in predicates.iter().enumerate() {
            let place = format!("request.predicates[{index}]");
            check_shown(&format!("{place}.namespace"), &predicate.namespace)?;
            check_shown(&format!("{place}.element"), &predicate.element)?;
            if predicates.iter().take(index).any(|earlier| earlier == predicate) {
                return Err(Error::malformed(place, "the predicate occurs twice; remove one"));
            }
        }
        let (slots, predicate_slots) = slots(&predicates);
        Ok(Self {
            doc_type,
            now,
            issuers,
            predicates,
            device_namespaces: Vec::new(),
            slots,
            predicate_slots,
        })
    }

    /// The same request, which also accepts elements of these namespaces that the device signed
    /// itself. Without it, a presentation with such elements is refused: they are the device's
    /// word, and no proof shows that the issuer authorised them.
    ///
    /// # Errors
    /// `malformed` for a namespace that occurs twice and for a name that is empty or cannot be
    /// shown; `too_large` with more than [`limits::DEVICE_NAMESPACES`] namespaces or with a name
    /// longer than [`limits::NAME_BYTES`].
    pub fn with_device_namespaces(self, device_namespaces: Vec<String>) -> Result<Self, Error> {
        const PLACE: &str = "request.device_namespaces";
        Error::check_limit(
            PLACE,
            "namespaces",
            device_namespaces.len(),
            limits::DEVICE_NAMESPACES,
        )?;
        for (index, name) in device_namespaces.iter().enumerate() {
            let place = format!("{PLACE}[{index}]");
            check_shown(&place, name)?;
            if device_namespaces.iter().take(index).any(|earlier| earlier == name) {
                return Err(Error::malformed(place, "the namespace occurs twice; remove one"));
            }
        }
        Ok(Self { device_namespaces, ..self })
    }

    /// The asked docType.
    #[must_use]
    pub fn doc_type(&self) -> &str {
        &self.doc_type
    }

    /// The time at which the document must be valid and at which ages are counted.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.now
    }

    /// The issuers that are trusted. No others are.
    #[must_use]
    pub fn issuers(&self) -> &[Issuer] {
        &self.issuers
    }

    /// The predicates, in the order in which they were asked.
    #[must_use]
    pub fn predicates(&self) -> &[Predicate] {
        &self.predicates
    }

    /// The namespaces of which the verifier accepts elements that the device signed itself.
    #[must_use]
    pub fn device_namespaces(&self) -> &[String] {
        &self.device_namespaces
    }

    /// The distinct elements in order of first appearance. Several predicates on one element share
    /// a slot.
    #[must_use]
    pub fn slots(&self) -> &[Slot] {
        &self.slots
    }

    /// For each predicate, the index of its element in [`slots`](Self::slots).
    #[must_use]
    pub fn predicate_slots(&self) -> &[usize] {
        &self.predicate_slots
    }

    /// The index of an element in [`slots`](Self::slots), if the request asks about it.
    #[must_use]
    pub fn slot_of(&self, namespace: &str, element: &str) -> Option<usize> {
        slot_of(&self.slots, namespace, element)
    }

    /// The predicates on the element of a slot, in the order in which they were asked.
    pub fn on_slot(&self, slot: usize) -> impl Iterator<Item = &Predicate> {
        let with_slots = self.predicates.iter().zip(&self.predicate_slots);
        with_slots.filter(move |(_, of)| **of == slot).map(|(predicate, _)| predicate)
    }
}

/// The distinct elements of the predicates, and for each predicate the index of its element.
fn slots(predicates: &[Predicate]) -> (Vec<Slot>, Vec<usize>) {
    let mut slots: Vec<Slot> = Vec::new();
    let mut predicate_slots = Vec::with_capacity(predicates.len());
    for Predicate { namespace, element, .. } in predicates {
        let known = slot_of(&slots, namespace, element);
        predicate_slots.push(known.unwrap_or(slots.len()));
        if known.is_none() {
            slots.push(Slot { namespace: namespace.clone(), element: element.clone() });
        }
    }
    (slots, predicate_slots)
}

fn slot_of(slots: &[Slot], namespace: &str, element: &str) -> Option<usize> {
    slots.iter().position(|slot| slot.namespace == namespace && slot.element == element)
}

/// Checks that a name can be shown to a holder who is asked to consent.
fn check_shown(place: &str, name: &str) -> Result<(), Error> {
    check_name(place, name)?;
    match unseen(name) {
        Some(c) => Err(Error::malformed(
            place,
            format!("the name contains {}, which cannot be shown", c.escape_unicode()),
        )),
        None => Ok(()),
    }
}
