//! How a document answers a request.

use crate::error::Error;
use crate::mdoc::response::Document;
use crate::predicate::{Condition, Predicate};
use crate::request::{Explanation, Learnt, Request};
use crate::trust::Issuer;

/// What is not checked if the issuer says how it revokes documents.
const STATUS: &str = "whether the issuer revoked the document: the MSO has a revocation status \
                      (`status`), but nothing looks it up and no proof covers it";

impl Request {
    /// Checks that every predicate holds for a document whose signatures and digests are checked
    /// elsewhere.
    ///
    /// # Errors
    /// `element_missing`, `predicate`.
    pub fn check_predicates(&self, document: &Document) -> Result<(), Error> {
        self.outcomes(document).collect()
    }

    /// Lists what an answer from this document would reveal to the verifier. It is not checked that
    /// the device signed.
    #[must_use]
    pub fn explain(&self, document: &Document) -> Explanation {
        let words = self.predicates().iter().map(ToString::to_string);
        Explanation {
            learnt: self.learnt(document),
            hidden: self.hidden(document),
            not_checked: if document.mso().has_status() {
                vec![STATUS.to_owned()]
            } else {
                Vec::new()
            },
            predicates: words.zip(self.outcomes(document)).collect(),
        }
    }

    fn outcomes<'a>(
        &'a self,
        document: &'a Document,
    ) -> impl Iterator<Item = Result<(), Error>> + 'a {
        self.predicates().iter().enumerate().map(|(index, predicate)| {
            let item = document.item(&predicate.namespace, &predicate.element)?;
            let place = format!("request.predicates[{index}]");
            let checked =
                predicate.check(item.value(), self.now()).map_err(|error| error.within(&place));
            let asks_age = matches!(predicate.condition, Condition::AgeAtLeast(_));
            if asks_age && item.value().date().is_none() {
                return checked.map_err(|error| with_ages(error, document));
            }
            checked
        })
    }

    fn learnt(&self, document: &Document) -> Vec<Learnt> {
        let mut learnt: Vec<_> =
            self.predicates().iter().map(|asked| asked.learnt(document)).collect();
        match document.check_issuer(self.issuers(), self.now()) {
            Ok(issuer) => {
                learnt.push(Learnt::from(&issuer));
                let profile = self.issuers().get(issuer.index).and_then(Issuer::profile);
                learnt.extend(profile.map(Learnt::Profile));
            }
            Err(_) => {
                learnt.push(Learnt::Issuer { issuer: self.issuer_in_words(), name: None });
                let mut profiles: Vec<_> =
                    self.issuers().iter().filter_map(Issuer::profile).collect();
                profiles.dedup_by_key(|profile| profile.name());
                learnt.extend(profiles.into_iter().map(Learnt::Profile));
            }
        }
        learnt.push(Learnt::DocType(self.doc_type().to_owned()));
        learnt.push(Learnt::ValidAt(self.now()));
        learnt.extend(document.size_class(self.slots()).map(Learnt::SizeClass));
        let algorithm = document.device_signed().signature().map(|(algorithm, _)| algorithm);
        learnt.extend(algorithm.map(Learnt::DeviceAlgorithm));
        learnt
    }

    fn hidden(&self, document: &Document) -> Vec<(String, String)> {
        let tells = |asked: &Predicate| {
            matches!(asked.condition, Condition::Disclose | Condition::Equals(_))
        };
        let is_told = |namespace: &str, element: &str| {
            self.slot_of(namespace, element).is_some_and(|slot| self.on_slot(slot).any(tells))
        };
        let mut hidden = Vec::new();
        for namespace in document.issuer_signed().namespaces() {
            let items = namespace.items().iter().map(|item| item.element_identifier());
            for element in
                items.chain(namespace.opaque_items().iter().map(|item| item.element_identifier()))
            {
                if !is_told(namespace.name(), element) {
                    hidden.push((namespace.name().to_owned(), element.to_owned()));
                }
            }
        }
        hidden
    }
}

/// Adds the elements that state an age, for the case that the element asked for is not a date.
fn with_ages(error: Error, document: &Document) -> Error {
    let mut ages = Vec::new();
    for namespace in document.issuer_signed().namespaces() {
        let items = namespace.items().iter().map(|item| item.element_identifier());
        let stated = items.filter(|name| name.starts_with("age_"));
        ages.extend(
            stated.map(|name| {
                format!("{} ({})", name.escape_debug(), namespace.name().escape_debug())
            }),
        );
    }
    if ages.is_empty() {
        return error;
    }
    let message = format!("{}, such as {} of this document", error.message(), ages.join(" or "));
    Error::new(error.code(), error.place(), message)
}

impl Predicate {
    fn learnt(&self, document: &Document) -> Learnt {
        let disclosed = match self.condition {
            Condition::Disclose => document.item(&self.namespace, &self.element).ok(),
            Condition::AgeAtLeast(_)
            | Condition::Equals(_)
            | Condition::DateBefore(_)
            | Condition::DateAfter(_) => None,
        };
        Learnt::Predicate(self.clone(), disclosed.map(|item| item.value().clone()))
    }
}
