//! What a document answers to a request.

use crate::error::Error;
use crate::mdoc::response::Document;
use crate::predicate::{Condition, Predicate};
use crate::request::{Explanation, Learnt, Request};
use crate::trust::Issuer;

impl Request {
    /// That every predicate holds for a document whose signatures and digests are checked elsewhere.
    ///
    /// # Errors
    /// `element_missing`, `predicate`.
    pub fn check_predicates(&self, document: &Document) -> Result<(), Error> {
        self.outcomes(document).collect()
    }

    /// Lists what an answer from this document would tell the verifier. No signature is checked.
    #[must_use]
    pub fn explain(&self, document: &Document) -> Explanation {
        let words = self.predicates().iter().map(ToString::to_string);
        Explanation {
            learnt: self.learnt(document),
            hidden: self.hidden(document),
            predicates: words.zip(self.outcomes(document)).collect(),
        }
    }

    fn outcomes<'a>(&'a self, document: &'a Document) -> impl Iterator<Item = Result<(), Error>> + 'a {
        self.predicates().iter().enumerate().map(|(index, predicate)| {
            let item = document.item(&predicate.namespace, &predicate.element)?;
            let place = format!("request.predicates[{index}]");
            predicate.check(item.value(), self.now()).map_err(|error| error.within(&place))
        })
    }

    fn learnt(&self, document: &Document) -> Vec<Learnt> {
        let mut learnt: Vec<_> = self.predicates().iter().map(|asked| asked.learnt(document)).collect();
        learnt.push(Learnt::Issuer(self.issuer_in_words()));
        let mut profiles: Vec<_> = self.issuers().iter().filter_map(Issuer::profile).collect();
        profiles.dedup_by_key(|profile| profile.name());
        learnt.extend(profiles.into_iter().map(Learnt::Profile));
        learnt.push(Learnt::DocType(self.doc_type().to_owned()));
        learnt.push(Learnt::ValidAt(self.now()));
        learnt.extend(document.size_class(self.slots()).map(Learnt::SizeClass));
        let algorithm = document.device_signed().signature().map(|(algorithm, _)| algorithm);
        learnt.extend(algorithm.map(Learnt::DeviceAlgorithm));
        learnt
    }

    fn hidden(&self, document: &Document) -> Vec<(String, String)> {
        let tells = |asked: &Predicate| matches!(asked.condition, Condition::Disclose | Condition::Equals(_));
        let is_told = |namespace: &str, element: &str| {
            self.slot_of(namespace, element).is_some_and(|slot| self.on_slot(slot).any(tells))
        };
        let mut hidden = Vec::new();
        for namespace in document.issuer_signed().namespaces() {
            for item in namespace.items() {
                if !is_told(namespace.name(), item.element_identifier()) {
                    hidden.push((namespace.name().to_owned(), item.element_identifier().to_owned()));
                }
            }
        }
        hidden
    }
}

impl Predicate {
    fn learnt(&self, document: &Document) -> Learnt {
        let disclosed = match self.condition {
            Condition::Disclose => document.item(&self.namespace, &self.element).ok(),
            _ => None,
        };
        Learnt::Predicate(self.clone(), disclosed.map(|item| item.value().clone()))
    }
}
