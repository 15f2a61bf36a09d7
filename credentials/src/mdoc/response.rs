//! `DeviceResponse` (ISO 18013-5, 8.3.2.1.2.2): the envelope in which a wallet holds and sends documents.

use std::collections::BTreeSet;
use std::fmt;
use std::ops::Range;

use crate::algorithm::SignatureAlgorithm;
use crate::cbor::{Cursor, Major, Rules, check_whole, required, set_once, write_head, write_text};
use crate::error::{Code, Error};
use crate::limits;
use crate::mdoc::cose::{SIGNATURE_BYTES, Sign1};
use crate::mdoc::device::DeviceSigned;
use crate::mdoc::item::IssuerSignedItem;
use crate::mdoc::mso::MobileSecurityObject;
use crate::mdoc::x5chain::X5ChainFault;

/// A parsed `DeviceResponse`.
#[derive(Debug, Clone)]
pub struct DeviceResponse {
    documents: Vec<Document>,
}

impl DeviceResponse {
    /// Reads a response and all documents in it. Signatures and digests are not checked: see [`Document::verify`].
    ///
    /// The envelope may use indefinite lengths and any heads; what is hashed may not, see
    /// [`MobileSecurityObject::parse`] and [`IssuerSignedItem::parse`]. `errors`, `documentErrors` and unknown keys
    /// are skipped.
    ///
    /// # Errors
    /// `too_large` above a limit of [`limits`], else `malformed`.
    pub fn parse(bytes: &[u8]) -> Result<Self, Error> {
        Error::check_limit("document", "bytes", bytes.len(), limits::RESPONSE_BYTES)?;
        check_whole(bytes, Rules::Wire).map_err(|e| e.within("document"))?;
        let mut cursor = Cursor::new(bytes, Rules::Wire);
        let (mut version, mut documents) = (None, None);
        let mut members = cursor.map().map_err(|e| e.within("document"))?;
        while cursor.next(&mut members) {
            match cursor.text_key()?.1 {
                Some("version") => {
                    let text = cursor.text().map_err(|e| e.within("version"))?.1;
                    if !text.starts_with("1.") {
                        return Err(Error::malformed(
                            "version",
                            "only DeviceResponse version 1 is supported",
                        ));
                    }
                    set_once(&mut version, "version", ())?;
                }
                Some("documents") => set_once(&mut documents, "documents", read_documents(&mut cursor)?)?,
                _ => {
                    cursor.skip()?;
                }
            }
        }
        required(version, "version")?;
        Ok(Self { documents: documents.unwrap_or_default() })
    }

    /// The documents in their order.
    #[must_use]
    pub fn documents(&self) -> &[Document] {
        &self.documents
    }

    /// The one document of a docType.
    ///
    /// # Errors
    /// `doc_type` if there is none, `malformed` if there are two.
    pub fn document(&self, doc_type: &str) -> Result<&Document, Error> {
        let mut found = self.documents.iter().filter(|document| document.doc_type == doc_type);
        match (found.next(), found.next()) {
            (Some(document), None) => Ok(document),
            (None, _) => {
                let held: Vec<_> = self.documents.iter().map(Document::doc_type).collect();
                let message =
                    format!("no document of type {doc_type:?} among {held:?}; ask for one of these");
                Err(Error::new(Code::DocType, "documents", message))
            }
            (Some(_), Some(_)) => {
                let message = format!("two documents of type {doc_type:?}; remove one");
                Err(Error::malformed("documents", message))
            }
        }
    }

    /// Puts an ES256 device signature (`r || s`, over
    /// [`device_authentication_bytes`](crate::device_authentication_bytes)) into the one document of a docType of an
    /// encoded response, in place of the signature or MAC there. Every other byte stays as it is. The signature itself
    /// is not checked.
    ///
    /// # Errors
    /// As [`Self::parse`] and [`Self::document`].
    pub fn with_device_signature(
        response: &[u8],
        doc_type: &str,
        signature: &[u8; SIGNATURE_BYTES],
    ) -> Result<Vec<u8>, Error> {
        const KEY: &str = "deviceSignature";
        let parsed = Self::parse(response)?;
        let Range { start, end } = parsed.document(doc_type)?.device_auth_range;
        let (before, after) =
            (response.get(..start).unwrap_or_default(), response.get(end..).unwrap_or_default());
        let mut signed = before.to_vec();
        write_head(&mut signed, Major::Map, 1);
        write_text(&mut signed, KEY);
        signed.extend_from_slice(&Sign1::encode_detached(signature)?);
        signed.extend_from_slice(after);
        Ok(signed)
    }
}

fn read_documents(cursor: &mut Cursor<'_>) -> Result<Vec<Document>, Error> {
    let mut documents = Vec::new();
    let mut members = cursor.array().map_err(|e| e.within("documents"))?;
    while cursor.next(&mut members) {
        if documents.len() == limits::DOCUMENTS {
            let message = format!("more than {} documents; split the response", limits::DOCUMENTS);
            return Err(Error::too_large("documents", message));
        }
        let place = format!("documents[{}]", documents.len());
        documents.push(Document::read(cursor, &place).map_err(|e| e.within(&place))?);
    }
    Ok(documents)
}

/// One document of a response.
#[derive(Debug, Clone)]
pub struct Document {
    place: String,
    doc_type: String,
    issuer_signed: IssuerSigned,
    device_signed: DeviceSigned,
    device_auth_range: Range<usize>,
}

impl Document {
    fn read(cursor: &mut Cursor<'_>, place: &str) -> Result<Self, Error> {
        let (mut doc_type, mut issuer_signed, mut device_signed) = (None, None, None);
        let mut members = cursor.map()?;
        while cursor.next(&mut members) {
            match cursor.text_key()?.1 {
                Some("docType") => {
                    let name = cursor.name().map_err(|e| e.within("docType"))?.1;
                    set_once(&mut doc_type, "docType", name.to_owned())?;
                }
                Some("issuerSigned") => {
                    let found = IssuerSigned::read(cursor).map_err(|e| e.within("issuerSigned"))?;
                    set_once(&mut issuer_signed, "issuerSigned", found)?;
                }
                Some("deviceSigned") => {
                    let found = DeviceSigned::read(cursor).map_err(|e| e.within("deviceSigned"))?;
                    set_once(&mut device_signed, "deviceSigned", found)?;
                }
                _ => {
                    cursor.skip()?;
                }
            }
        }
        let (device_signed, device_auth_range) = required(device_signed, "deviceSigned")?;
        Ok(Self {
            place: place.to_owned(),
            doc_type: required(doc_type, "docType")?,
            issuer_signed: required(issuer_signed, "issuerSigned")?,
            device_signed,
            device_auth_range,
        })
    }

    /// The docType that the envelope states; the MSO states its own.
    #[must_use]
    pub fn doc_type(&self) -> &str {
        &self.doc_type
    }

    /// What the issuer signed.
    #[must_use]
    pub fn issuer_signed(&self) -> &IssuerSigned {
        &self.issuer_signed
    }

    /// What the device signed.
    #[must_use]
    pub fn device_signed(&self) -> &DeviceSigned {
        &self.device_signed
    }

    /// The MSO.
    #[must_use]
    pub fn mso(&self) -> &MobileSecurityObject {
        &self.issuer_signed.mso
    }

    /// Where the document lies in its response, such as `documents[0]`.
    #[must_use]
    pub fn place(&self) -> &str {
        &self.place
    }

    /// The item of an element.
    ///
    /// # Errors
    /// `element_missing`.
    pub fn item(&self, namespace: &str, element: &str) -> Result<&IssuerSignedItem, Error> {
        self.issuer_signed.item(namespace, element).map_err(|error| error.within(&self.place))
    }
}

/// `IssuerSigned`: the items, and the MSO with the issuer's signature.
#[derive(Clone)]
pub struct IssuerSigned {
    namespaces: Vec<NameSpace>,
    mso: MobileSecurityObject,
    algorithm: SignatureAlgorithm,
    x5chain: Result<Vec<Vec<u8>>, X5ChainFault>,
    signature: [u8; SIGNATURE_BYTES],
}

/// The items of one namespace.
#[derive(Debug, Clone)]
pub struct NameSpace {
    name: String,
    items: Vec<IssuerSignedItem>,
}

impl NameSpace {
    /// The namespace.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its items in the order of the document.
    #[must_use]
    pub fn items(&self) -> &[IssuerSignedItem] {
        &self.items
    }
}

impl IssuerSigned {
    /// Reads an `IssuerSigned` map that stands alone, as wallets store it.
    ///
    /// # Errors
    /// As [`DeviceResponse::parse`].
    pub fn parse(bytes: &[u8]) -> Result<Self, Error> {
        Error::check_limit("issuerSigned", "bytes", bytes.len(), limits::RESPONSE_BYTES)?;
        let parse = || {
            check_whole(bytes, Rules::Wire)?;
            Self::read(&mut Cursor::new(bytes, Rules::Wire))
        };
        parse().map_err(|error| error.within("issuerSigned"))
    }

    fn read(cursor: &mut Cursor<'_>) -> Result<Self, Error> {
        let (mut namespaces, mut issuer_auth) = (None, None);
        let mut members = cursor.map()?;
        while cursor.next(&mut members) {
            match cursor.text_key()?.1 {
                Some("nameSpaces") => {
                    let found = read_namespaces(cursor).map_err(|e| e.within("nameSpaces"))?;
                    set_once(&mut namespaces, "nameSpaces", found)?;
                }
                Some("issuerAuth") => {
                    let found = read_issuer_auth(cursor.raw()?).map_err(|e| e.within("issuerAuth"))?;
                    set_once(&mut issuer_auth, "issuerAuth", found)?;
                }
                _ => {
                    cursor.skip()?;
                }
            }
        }
        let (mso, Sign1 { algorithm, x5chain, signature, .. }) = required(issuer_auth, "issuerAuth")?;
        Ok(Self { namespaces: namespaces.unwrap_or_default(), mso, algorithm, x5chain, signature })
    }

    /// The namespaces in the order of the document.
    #[must_use]
    pub fn namespaces(&self) -> &[NameSpace] {
        &self.namespaces
    }

    /// The MSO.
    #[must_use]
    pub fn mso(&self) -> &MobileSecurityObject {
        &self.mso
    }

    /// The certificates that came with the signature (DER, the signer's first); they prove nothing by themselves.
    #[must_use]
    pub fn x5chain(&self) -> &[Vec<u8>] {
        self.x5chain.as_deref().unwrap_or_default()
    }

    /// Why no certificates came with the signature, if none did.
    #[must_use]
    pub fn x5chain_fault(&self) -> Option<X5ChainFault> {
        self.x5chain.as_ref().err().copied()
    }

    /// The algorithm of the issuer's signature.
    #[must_use]
    pub fn algorithm(&self) -> SignatureAlgorithm {
        self.algorithm
    }

    /// The issuer's signature, `r || s`.
    #[must_use]
    pub fn signature(&self) -> &[u8; SIGNATURE_BYTES] {
        &self.signature
    }

    /// The item of an element.
    ///
    /// # Errors
    /// `element_missing`.
    pub fn item(&self, namespace: &str, element: &str) -> Result<&IssuerSignedItem, Error> {
        self.namespaces
            .iter()
            .filter(|candidate| candidate.name == namespace)
            .flat_map(|found| &found.items)
            .find(|item| item.element_identifier() == element)
            .ok_or_else(|| {
                let message =
                    format!("no element {element:?} in namespace {namespace:?}; ask for one it holds");
                Error::new(Code::ElementMissing, "issuerSigned.nameSpaces", message)
            })
    }
}

impl fmt::Debug for IssuerSigned {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("IssuerSigned")
            .field("namespaces", &self.namespaces)
            .field("mso", &self.mso)
            .finish_non_exhaustive()
    }
}

fn read_issuer_auth(bytes: &[u8]) -> Result<(MobileSecurityObject, Sign1), Error> {
    let mut sign1 = Sign1::parse(bytes)?;
    let payload = sign1.payload.take().ok_or_else(|| Error::malformed("payload", "the MSO is missing"))?;
    let mso = MobileSecurityObject::parse(&payload).map_err(|e| e.within("payload"))?;
    Ok((mso, sign1))
}

fn read_namespaces(cursor: &mut Cursor<'_>) -> Result<Vec<NameSpace>, Error> {
    let mut namespaces = Vec::new();
    let mut seen = BTreeSet::new();
    let mut members = cursor.map()?;
    while cursor.next(&mut members) {
        let (_, name) = cursor.name()?;
        if !seen.insert(name) {
            return Err(Error::malformed("", format!("the namespace {name:?} occurs twice")));
        }
        let items = read_items(cursor).map_err(|e| e.within(&format!("[{name:?}]")))?;
        namespaces.push(NameSpace { name: name.to_owned(), items });
    }
    Ok(namespaces)
}

fn read_items(cursor: &mut Cursor<'_>) -> Result<Vec<IssuerSignedItem>, Error> {
    let mut items: Vec<IssuerSignedItem> = Vec::new();
    let mut seen = BTreeSet::new();
    let mut members = cursor.array()?;
    while cursor.next(&mut members) {
        let place = format!("[{}]", items.len());
        let item = IssuerSignedItem::parse(cursor.raw()?).map_err(|e| e.within(&place))?;
        if !seen.insert(item.element_identifier().to_owned()) {
            let message = format!("the element {:?} occurs twice", item.element_identifier());
            return Err(Error::malformed(place, message));
        }
        items.push(item);
    }
    Ok(items)
}
