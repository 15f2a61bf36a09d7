//! `DeviceResponse` (ISO/IEC 18013-5, 8.3.2.1.2.2), the envelope in which a wallet sends documents,
//! and the parts of it that issuers hand out.

use std::ops::Range;

use crate::cbor::{
    Cursor, Major, Rules, required, set_once, write_embedded, write_head, write_text,
};
use crate::error::{Code, Error};
use crate::limits;
use crate::mdoc::cose::{SIGNATURE_BYTES, Sign1};
use crate::mdoc::device::{DeviceSigned, EMPTY_NAME_SPACES};
use crate::mdoc::form::Form;
use crate::mdoc::issuer_signed::IssuerSigned;
use crate::mdoc::item::IssuerSignedItem;
use crate::mdoc::mso::MobileSecurityObject;

/// A parsed `DeviceResponse`, or a document that came without one.
#[derive(Debug, Clone)]
pub struct DeviceResponse {
    form: Form,
    documents: Vec<Document>,
    broken: Vec<BrokenDocument>,
}

/// A document of a response that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BrokenDocument {
    /// The document's index among all documents of the response.
    pub index: usize,
    /// The docType that the document's envelope states, if it can be read.
    pub doc_type: Option<String>,
    /// Why the document cannot be read.
    pub fault: Error,
}

impl DeviceResponse {
    /// Reads a response and all documents in it, or a single `Document` or `IssuerSigned`.
    /// Signatures and digests are not checked; see [`Document::verify`].
    ///
    /// A document of a response that cannot be read is [`broken`](Self::broken). It does not
    /// prevent requests about other documents. The envelope may use any encoding. Hashed structures
    /// may not; see [`MobileSecurityObject::parse`] and [`IssuerSignedItem::parse`]. `errors`,
    /// `documentErrors` and unknown keys are skipped. If what a device signed cannot be read,
    /// [`DeviceSigned::signature`] reports it, and the issuer's part can still be used.
    ///
    /// # Errors
    /// `too_large` above a limit of [`limits`], and `malformed` otherwise. This also holds for a
    /// single document that cannot be read.
    pub fn parse(bytes: &[u8]) -> Result<Self, Error> {
        Error::check_limit("document", "bytes", bytes.len(), limits::RESPONSE_BYTES)?;
        let form = Form::of(bytes).map_err(|e| e.within("document"))?;
        let mut cursor = Cursor::new(bytes, Rules::Wire);
        let document = match form {
            Form::DeviceResponse => return Self::read(&mut cursor),
            Form::Document => Document::read(&mut cursor, "")?,
            Form::IssuerSigned => {
                let issuer_signed =
                    IssuerSigned::read(&mut cursor).map_err(|e| e.within("issuerSigned"))?;
                Document {
                    place: String::new(),
                    doc_type: issuer_signed.mso().doc_type().to_owned(),
                    issuer_signed,
                    device_signed: DeviceSigned::missing(),
                    head: Head { bytes: 0..0, members: None, states_doc_type: false },
                    slot: DeviceSlot::Absent(0),
                }
            }
        };
        Ok(Self { form, documents: vec![document], broken: Vec::new() })
    }

    fn read(cursor: &mut Cursor<'_>) -> Result<Self, Error> {
        let (mut version, mut documents) = (None, None);
        let mut members = cursor.map().map_err(|e| e.within("document"))?;
        while cursor.next(&mut members) {
            match cursor.text_key()?.1 {
                Some("version") => {
                    const PLACE: &str = "document.version";
                    let text = cursor.text().map_err(|e| e.within(PLACE))?.1;
                    if !text.starts_with("1.") {
                        let message = format!(
                            "the DeviceResponse has version {text:?}, but only version 1 is \
                             supported; the wallet must write version 1"
                        );
                        return Err(Error::malformed(PLACE, message));
                    }
                    set_once(&mut version, "version", ())?;
                }
                Some("documents") => {
                    set_once(&mut documents, "documents", read_documents(cursor)?)?
                }
                _ => {
                    cursor.pass()?;
                }
            }
        }
        if documents.is_none() {
            required(version, "version").map_err(|error| {
                let message = format!(
                    "{}: neither a DeviceResponse (version, documents) nor a Document (docType, issuerSigned) nor an \
                     IssuerSigned (nameSpaces, issuerAuth)",
                    error.message()
                );
                Error::malformed("document", message)
            })?;
        }
        required(version, "version").map_err(|e| e.within("document"))?;
        let (documents, broken) = documents.unwrap_or_default();
        Ok(Self { form: Form::DeviceResponse, documents, broken })
    }

    /// The structure that was read.
    #[must_use]
    pub fn form(&self) -> Form {
        self.form
    }

    /// The documents that can be read, in order.
    #[must_use]
    pub fn documents(&self) -> &[Document] {
        &self.documents
    }

    /// The documents that cannot be read, in order.
    #[must_use]
    pub fn broken(&self) -> &[BrokenDocument] {
        &self.broken
    }

    /// The only document of a docType.
    ///
    /// # Errors
    /// `doc_type` if there is none; `malformed` if there are two; the fault of a broken document
    /// that is, or may be, the requested one.
    pub fn document(&self, doc_type: &str) -> Result<&Document, Error> {
        let mut found = self.documents.iter().filter(|document| document.doc_type == doc_type);
        match (found.next(), found.next()) {
            (Some(document), None) => Ok(document),
            (None, _) => Err(self.no_document(doc_type)),
            (Some(_), Some(_)) => {
                let message = format!("two documents of type {doc_type:?}; remove one");
                Err(Error::malformed("documents", message))
            }
        }
    }

    fn no_document(&self, doc_type: &str) -> Error {
        let mut broken = self.broken.iter();
        if let Some(it) =
            broken.find(|it| it.doc_type.as_deref().is_none_or(|stated| stated == doc_type))
        {
            return it.fault.clone();
        }
        let held = self.documents.iter().map(Document::doc_type);
        let held: Vec<_> =
            held.chain(self.broken.iter().filter_map(|it| it.doc_type.as_deref())).collect();
        let message = match held.as_slice() {
            [] => format!("no document of type {doc_type:?}: the response holds no documents"),
            _ => format!("no document of type {doc_type:?}, only {held:?}; ask for one of these"),
        };
        Error::new(Code::DocType, "documents", message)
    }

    /// Puts an ES256 device signature (`r || s`, over
    /// [`device_authentication_bytes`](crate::device_authentication_bytes)) into the only document
    /// of a docType. It replaces an existing signature or MAC, or becomes the document's first
    /// signature. The signature itself is not checked.
    ///
    /// Every other byte of a `DeviceResponse` is kept, with two exceptions: a document without
    /// docType receives one, and a `deviceSigned` that cannot be read is written anew without
    /// elements of the device. A single `Document` or `IssuerSigned` becomes a `DeviceResponse`.
    ///
    /// # Errors
    /// The errors of [`Self::parse`] and [`Self::document`].
    pub fn with_device_signature(
        response: &[u8],
        doc_type: &str,
        signature: &[u8; SIGNATURE_BYTES],
    ) -> Result<Vec<u8>, Error> {
        let parsed = Self::parse(response)?;
        let document = parsed.document(doc_type)?;
        Ok(match parsed.form {
            Form::DeviceResponse => document.signed(response, signature),
            Form::Document => in_response(&document.signed(response, signature)),
            Form::IssuerSigned => {
                let mut bytes = Vec::new();
                write_head(&mut bytes, Major::Map, 3);
                write_text(&mut bytes, "docType");
                write_text(&mut bytes, doc_type);
                write_text(&mut bytes, "issuerSigned");
                bytes.extend_from_slice(response);
                write_device_signed(&mut bytes, signature);
                in_response(&bytes)
            }
        })
    }
}

/// A `DeviceResponse` that holds only this document.
fn in_response(document: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::new();
    write_head(&mut bytes, Major::Map, 3);
    write_text(&mut bytes, "version");
    write_text(&mut bytes, "1.0");
    write_text(&mut bytes, "documents");
    write_head(&mut bytes, Major::Array, 1);
    bytes.extend_from_slice(document);
    write_text(&mut bytes, "status");
    write_head(&mut bytes, Major::Unsigned, 0);
    bytes
}

/// Writes the member `deviceSigned` of a document, without elements of the device.
fn write_device_signed(bytes: &mut Vec<u8>, signature: &[u8; SIGNATURE_BYTES]) {
    write_text(bytes, "deviceSigned");
    write_device_signed_value(bytes, signature);
}

fn write_device_signed_value(bytes: &mut Vec<u8>, signature: &[u8; SIGNATURE_BYTES]) {
    write_head(bytes, Major::Map, 2);
    write_text(bytes, "nameSpaces");
    write_embedded(bytes, &EMPTY_NAME_SPACES);
    write_text(bytes, "deviceAuth");
    write_device_auth(bytes, signature);
}

fn write_device_auth(bytes: &mut Vec<u8>, signature: &[u8; SIGNATURE_BYTES]) {
    write_head(bytes, Major::Map, 1);
    write_text(bytes, "deviceSignature");
    Sign1::write_detached(bytes, signature);
}

type Documents = (Vec<Document>, Vec<BrokenDocument>);

fn read_documents(cursor: &mut Cursor<'_>) -> Result<Documents, Error> {
    let (mut documents, mut broken) = (Vec::new(), Vec::new());
    let mut members = cursor.array().map_err(|e| e.within("documents"))?;
    while cursor.next(&mut members) {
        let index = documents.len() + broken.len();
        if index == limits::DOCUMENTS {
            let message = format!("more than {} documents; split the response", limits::DOCUMENTS);
            return Err(Error::too_large("documents", message));
        }
        let place = format!("documents[{index}]");
        let mut whole = cursor.clone();
        cursor.pass().map_err(|e| e.within(&place))?;
        match Document::read(&mut whole.clone(), &place) {
            Ok(document) => documents.push(document),
            Err(error) => {
                let doc_type = stated_doc_type(&mut whole).ok().flatten();
                broken.push(BrokenDocument { index, doc_type, fault: error.within(&place) });
            }
        }
    }
    Ok((documents, broken))
}

/// The docType of a document. The rest of the document need not be readable.
fn stated_doc_type(cursor: &mut Cursor<'_>) -> Result<Option<String>, Error> {
    let mut members = cursor.map()?;
    while cursor.next(&mut members) {
        if cursor.text_key()?.1 == Some("docType") {
            return cursor.text().map(|(_, name)| Some(name.to_owned()));
        }
        cursor.pass()?;
    }
    Ok(None)
}

/// A document of a response, or one that came without a response.
#[derive(Debug, Clone)]
pub struct Document {
    place: String,
    doc_type: String,
    issuer_signed: IssuerSigned,
    device_signed: DeviceSigned,
    head: Head,
    slot: DeviceSlot,
}

/// The head of the document's map in the input.
#[derive(Debug, Clone)]
struct Head {
    bytes: Range<usize>,
    /// The number of members of the map, if its length is definite.
    members: Option<u64>,
    /// Whether `docType` is one of the members.
    states_doc_type: bool,
}

/// Where the device's signature goes in the input.
#[derive(Debug, Clone)]
enum DeviceSlot {
    /// It replaces the value of `deviceAuth`.
    Auth(Range<usize>),
    /// It replaces a `deviceSigned` that is null or undefined, is empty or cannot be read.
    Whole(Range<usize>),
    /// It goes behind the other members of the document, which end at this offset.
    Absent(usize),
}

impl Document {
    fn read(cursor: &mut Cursor<'_>, place: &str) -> Result<Self, Error> {
        let (mut doc_type, mut issuer_signed, mut device_signed) = (None, None, None);
        let start = cursor.position();
        let mut members = cursor.map()?;
        let (bytes, count) = (start..cursor.position(), members.definite());
        let mut end = cursor.position();
        while cursor.next(&mut members) {
            match cursor.text_key()?.1 {
                Some("docType") => {
                    let name = cursor.text().map_err(|e| e.within("docType"))?.1;
                    set_once(&mut doc_type, "docType", name.to_owned())?;
                }
                Some("issuerSigned") => {
                    let found = IssuerSigned::read(cursor).map_err(|e| e.within("issuerSigned"))?;
                    set_once(&mut issuer_signed, "issuerSigned", found)?;
                }
                Some("deviceSigned") => {
                    let (start, mut inner) = (cursor.position(), cursor.clone());
                    cursor.pass().map_err(|e| e.within("deviceSigned"))?;
                    let whole = DeviceSlot::Whole(start..cursor.position());
                    let found = if inner.nothing() {
                        (DeviceSigned::missing(), whole)
                    } else {
                        match DeviceSigned::read(&mut inner) {
                            Ok((found, auth)) => (found, auth.map_or(whole, DeviceSlot::Auth)),
                            Err(fault) => (DeviceSigned::unreadable(fault), whole),
                        }
                    };
                    set_once(&mut device_signed, "deviceSigned", found)?;
                }
                _ => {
                    cursor.pass()?;
                }
            }
            end = cursor.position();
        }
        let absent = || (DeviceSigned::missing(), DeviceSlot::Absent(end));
        let (device_signed, slot) = device_signed.unwrap_or_else(absent);
        let issuer_signed = required(issuer_signed, "issuerSigned")?;
        let head = Head { bytes, members: count, states_doc_type: doc_type.is_some() };
        // Nothing vouches for the docType of the envelope. Without one, the docType that the issuer
        // signed is used.
        let doc_type = doc_type.unwrap_or_else(|| issuer_signed.mso().doc_type().to_owned());
        Ok(Self { place: place.to_owned(), doc_type, issuer_signed, device_signed, head, slot })
    }

    /// The input from which the document was read, with this signature, and with a docType if it
    /// had none.
    fn signed(&self, input: &[u8], signature: &[u8; SIGNATURE_BYTES]) -> Vec<u8> {
        let part = |range: Range<usize>| input.get(range).unwrap_or_default();
        let Head { bytes: head, members, states_doc_type } = &self.head;
        let is_absent = matches!(self.slot, DeviceSlot::Absent(_));
        let mut bytes = part(0..head.start).to_vec();
        match members {
            Some(members) if is_absent || !states_doc_type => {
                let more = u64::from(is_absent) + u64::from(!states_doc_type);
                write_head(&mut bytes, Major::Map, members.saturating_add(more));
            }
            _ => bytes.extend_from_slice(part(head.clone())),
        }
        if !states_doc_type {
            write_text(&mut bytes, "docType");
            write_text(&mut bytes, &self.doc_type);
        }
        let slot = match &self.slot {
            DeviceSlot::Auth(range) | DeviceSlot::Whole(range) => range.clone(),
            DeviceSlot::Absent(end) => *end..*end,
        };
        bytes.extend_from_slice(part(head.end..slot.start));
        match &self.slot {
            DeviceSlot::Auth(_) => write_device_auth(&mut bytes, signature),
            DeviceSlot::Whole(_) => write_device_signed_value(&mut bytes, signature),
            DeviceSlot::Absent(_) => write_device_signed(&mut bytes, signature),
        }
        bytes.extend_from_slice(part(slot.end..input.len()));
        bytes
    }

    /// The docType that the envelope states; the MSO states its own. If there is no envelope, or if
    /// it states no docType, this is the docType of the MSO.
    #[must_use]
    pub fn doc_type(&self) -> &str {
        &self.doc_type
    }

    /// What the issuer signed.
    #[must_use]
    pub fn issuer_signed(&self) -> &IssuerSigned {
        &self.issuer_signed
    }

    /// What the device signed. It is empty, with
    /// [`DeviceAuth::Missing`](crate::DeviceAuth::Missing), if the document is in the form in which
    /// its issuer handed it out.
    #[must_use]
    pub fn device_signed(&self) -> &DeviceSigned {
        &self.device_signed
    }

    /// The MSO.
    #[must_use]
    pub fn mso(&self) -> &MobileSecurityObject {
        self.issuer_signed.mso()
    }

    /// The place of the document in its response, such as `documents[0]`. It is empty for a
    /// document that came without a response.
    #[must_use]
    pub fn place(&self) -> &str {
        &self.place
    }

    /// The item of an element.
    ///
    /// # Errors
    /// `element_missing`, and the errors of [`IssuerSigned::item`].
    pub fn item(&self, namespace: &str, element: &str) -> Result<&IssuerSignedItem, Error> {
        self.issuer_signed.item(namespace, element).map_err(|error| error.within(&self.place))
    }
}
