//! What a verifier asks: issuers it trusts, docType, time and predicates.
//!
//! There is one data model and two encodings of it, JSON and CBOR ([`wire`]). A request is valid once it exists.

mod explain;
mod wire;

use crate::cbor::check_name;
use crate::date::Timestamp;
use crate::error::Error;
use crate::limits;
use crate::mdoc::Document;
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
}

/// A distinct element that a request asks about. Slot i is the i-th in order of first appearance.
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
    /// `malformed` without an issuer or a predicate, with a predicate twice, or with a name that is empty or cannot be
    /// shown; `too_large` with more than [`limits::PREDICATES`] predicates or with a name over [`limits::NAME_BYTES`].
    pub fn new(
        doc_type: String,
        now: Timestamp,
        issuers: Vec<Issuer>,
        predicates: Vec<Predicate>,
    ) -> Result<Self, Error> {
        check_shown("request.doc_type", &doc_type)?;
        if issuers.is_empty() {
            return Err(Error::malformed("request.issuers", "no issuer is trusted; name at least one"));
        }
        if predicates.is_empty() {
            return Err(Error::malformed(
                "request.predicates",
                "nothing is asked; name at least one predicate",
            ));
        }
        Error::check_limit("request.predicates", "predicates", predicates.len(), limits::PREDICATES)?;
        for (index, predicate) in predicates.iter().enumerate() {
            let place = format!("request.predicates[{index}]");
            check_shown(&format!("{place}.namespace"), &predicate.namespace)?;
            check_shown(&format!("{place}.element"), &predicate.element)?;
            if predicates.iter().take(index).any(|earlier| earlier == predicate) {
                return Err(Error::malformed(place, "the predicate occurs twice; remove one"));
            }
        }
        Ok(Self { doc_type, now, issuers, predicates })
    }

    /// The asked docType.
    #[must_use]
    pub fn doc_type(&self) -> &str {
        &self.doc_type
    }

    /// The time at which the document must be valid and ages are counted.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.now
    }

    /// The only issuers that are trusted.
    #[must_use]
    pub fn issuers(&self) -> &[Issuer] {
        &self.issuers
    }

    /// The predicates, in the order in which they were asked.
    #[must_use]
    pub fn predicates(&self) -> &[Predicate] {
        &self.predicates
    }

    /// The distinct elements in order of first appearance; several predicates on one element share a slot.
    #[must_use]
    pub fn slots(&self) -> Vec<Slot> {
        let mut slots: Vec<Slot> = Vec::new();
        for Predicate { namespace, element, .. } in &self.predicates {
            if !slots.iter().any(|slot| slot.namespace == *namespace && slot.element == *element) {
                slots.push(Slot { namespace: namespace.clone(), element: element.clone() });
            }
        }
        slots
    }

    /// That every predicate holds for a document whose signatures and digests are checked elsewhere.
    ///
    /// # Errors
    /// `element_missing`, `predicate`.
    pub fn check_predicates(&self, document: &Document) -> Result<(), Error> {
        self.outcomes(document).collect()
    }

    fn outcomes<'a>(&'a self, document: &'a Document) -> impl Iterator<Item = Result<(), Error>> + 'a {
        self.predicates.iter().enumerate().map(|(index, predicate)| {
            let item = document.item(&predicate.namespace, &predicate.element)?;
            let place = format!("request.predicates[{index}]");
            predicate.check(item.value(), self.now).map_err(|error| error.within(&place))
        })
    }
}

/// That a name can be shown to a holder who is asked to consent: no control character, and none that joins, hides or turns
/// around text. It does not tell names apart that look alike.
fn check_shown(place: &str, name: &str) -> Result<(), Error> {
    let unseen = |c: char| {
        c.is_control()
            || matches!(c, '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
    };
    check_name(place, name)?;
    match name.chars().find(|c| unseen(*c)) {
        Some(c) => Err(Error::malformed(
            place,
            format!("a name holds {}, which cannot be shown", c.escape_unicode()),
        )),
        None => Ok(()),
    }
}
