//! What a prepared proof is for: everything that must be the same when it is presented. Nothing in
//! a purpose is secret from the holder of the document.

use serde_json::{Value as Json, json};
use sha2::{Digest, Sha256};
use velum_core::class::SizeClass;
use velum_core::statement::Subject;
use velum_core::suite::Suite;

use crate::error::{Code, Error};
use crate::format::{CredentialFormat, chosen_class};
use crate::limits;
use crate::members::{Members, Node};
use crate::request::{Request, Slot};

/// The purpose of a prepared proof.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Purpose {
    /// The suite of both proofs.
    pub suite: Suite,
    /// The size class of both proofs.
    pub size_class: SizeClass,
    /// The docType.
    pub doc_type: String,
    /// The key that signed the MSO, as an uncompressed SEC 1 point.
    pub issuer: [u8; 65],
    /// The elements in the order of the request's slots.
    pub elements: Vec<Slot>,
    /// SHA-256 of the bytes that the issuer signed. It identifies the document.
    pub document: [u8; 32],
}

impl Purpose {
    /// The purpose that a proof must have to answer `request` with `document`, in this size class
    /// or, without one, in the smallest class that fits.
    ///
    /// # Errors
    /// The error of the first check of the document that fails; `element_missing`; `too_large` if
    /// the document does not fit the size class.
    pub fn of<D: CredentialFormat>(
        document: &D,
        request: &Request,
        suite: Suite,
        size_class: Option<SizeClass>,
    ) -> Result<Self, Error> {
        let issued = document.issued(request)?;
        let class = chosen_class(document.smallest_class(request)?, size_class)?;
        let subject = request.subject(suite, class, &issued.issuer.public_key);
        Ok(Self::new(&subject, Self::document_hash(document)))
    }

    /// The hash by which purposes identify a document: SHA-256 of the bytes that its issuer signed.
    #[must_use]
    pub fn document_hash<D: CredentialFormat>(document: &D) -> [u8; 32] {
        Sha256::digest(document.signed()).into()
    }

    pub(super) fn new(subject: &Subject, document: [u8; 32]) -> Self {
        let mut issuer = [4; 65];
        issuer[1..33].copy_from_slice(&subject.issuer.x);
        issuer[33..].copy_from_slice(&subject.issuer.y);
        let elements = subject.elements.iter();
        let slot = |namespace: &String, element: &String| Slot {
            namespace: namespace.clone(),
            element: element.clone(),
        };
        Self {
            suite: subject.suite,
            size_class: subject.class,
            doc_type: subject.doc_type.clone(),
            issuer,
            elements: elements.map(|name| slot(&name.namespace, &name.element)).collect(),
            document,
        }
    }

    /// Reads the output of [`Self::to_json`].
    ///
    /// # Errors
    /// `malformed`; `wrong_version` for a purpose with another version of its suite.
    pub fn from_json(json: &[u8]) -> Result<Self, Error> {
        Node::from_json(json).and_then(read).map_err(|error| error.within("purpose"))
    }

    /// The members `suite`, `suite_version`, `size_class`, `doc_type`, `issuer`, `elements[]` and
    /// `document`. Keys and hashes are in hexadecimal.
    #[must_use]
    pub fn to_json(&self) -> Json {
        let elements = self.elements.iter();
        let element = |slot: &Slot| json!({ "namespace": slot.namespace, "element": slot.element });
        json!({
            "suite": self.suite.name(),
            "suite_version": self.suite.version(),
            "size_class": self.size_class.name,
            "doc_type": self.doc_type,
            "issuer": hex::encode(self.issuer),
            "elements": elements.map(element).collect::<Vec<_>>(),
            "document": hex::encode(self.document),
        })
    }
}

fn read(node: Node) -> Result<Purpose, Error> {
    const MEMBERS: [&str; 7] =
        ["suite", "suite_version", "size_class", "doc_type", "issuer", "elements", "document"];
    let mut members = node.members(&MEMBERS)?;
    let suite = members.required("suite", |name| {
        Suite::by_name(&name.text()?).ok_or_else(|| Error::malformed("", "no such suite"))
    })?;
    members.required("suite_version", |version| match version {
        Node::Integer(number) if number == i128::from(suite.version()) => Ok(()),
        Node::Integer(_) => {
            Err(Error::new(Code::WrongVersion, "", "prepared by another version; prepare anew"))
        }
        other => Err(other.instead_of("a number")),
    })?;
    let size_class = members.required("size_class", |name| {
        SizeClass::by_name(&name.text()?).ok_or_else(|| Error::malformed("", "no such size class"))
    })?;
    let elements = members.required("elements", |elements| Members::each(elements, read_slot))?;
    Error::check_limit("elements", "elements", elements.len(), limits::PREDICATES)?;
    Ok(Purpose {
        suite,
        size_class,
        doc_type: members.required("doc_type", Node::text)?,
        issuer: members.required("issuer", read_hex)?,
        elements,
        document: members.required("document", read_hex)?,
    })
}

fn read_slot(node: Node) -> Result<Slot, Error> {
    let mut members = node.members(&["namespace", "element"])?;
    let namespace = members.required("namespace", Node::text)?;
    Ok(Slot { namespace, element: members.required("element", Node::text)? })
}

fn read_hex<const BYTES: usize>(node: Node) -> Result<[u8; BYTES], Error> {
    let mut bytes = [0; BYTES];
    let digits = format!("not {} hexadecimal digits", 2 * BYTES);
    hex::decode_to_slice(node.text()?, &mut bytes).map_err(|_| Error::malformed("", digits))?;
    Ok(bytes)
}
