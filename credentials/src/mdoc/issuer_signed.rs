//! `IssuerSigned` (ISO/IEC 18013-5, 8.3.2.1.2.2): the items, and the MSO with the issuer's
//! signature.

use std::collections::BTreeSet;
use std::fmt;

use crate::algorithm::SignatureAlgorithm;
use crate::cbor::{Cursor, Rules, required, set_once};
use crate::error::{Code, Error};
use crate::limits;
use crate::mdoc::cose::{SIGNATURE_BYTES, Sign1};
use crate::mdoc::item::IssuerSignedItem;
use crate::mdoc::mso::MobileSecurityObject;
use crate::mdoc::opaque::OpaqueItem;
use crate::mdoc::x5chain::X5ChainFault;

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
    /// For each item, its index in the array.
    indices: Vec<usize>,
    opaque: Vec<OpaqueItem>,
}

impl NameSpace {
    /// The namespace.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The items of the namespace, in the order of the document.
    #[must_use]
    pub fn items(&self) -> &[IssuerSignedItem] {
        &self.items
    }

    /// The items about which no proof is possible, in the order of the document.
    #[must_use]
    pub fn opaque_items(&self) -> &[OpaqueItem] {
        &self.opaque
    }

    /// The items with their indices in the array.
    pub(crate) fn indexed(&self) -> impl Iterator<Item = (usize, &IssuerSignedItem)> {
        self.indices.iter().copied().zip(&self.items)
    }

    /// The path from `IssuerSigned` to the item with this index.
    fn place(&self, index: usize) -> String {
        format!("nameSpaces[{:?}][{index}]", self.name)
    }

    /// The only item of an element.
    fn item(&self, element: &str) -> Option<Result<&IssuerSignedItem, Error>> {
        let named = self.indexed().filter(|(_, item)| item.element_identifier() == element);
        let named: Vec<_> = named.collect();
        let opaque: Vec<_> =
            self.opaque.iter().filter(|it| it.element_identifier() == element).collect();
        Some(match (named.as_slice(), opaque.as_slice()) {
            ([], []) => return None,
            ([(_, item)], []) => Ok(item),
            ([], [item]) => Err(item.fault().clone().within(&self.place(item.index()))),
            _ => {
                let indices =
                    named.iter().map(|(index, _)| *index).chain(opaque.iter().map(|it| it.index()));
                let place = self.place(indices.max().unwrap_or_default());
                let message = format!(
                    "the element {element:?} occurs twice; show only the item that is meant"
                );
                Err(Error::malformed(place, message))
            }
        })
    }
}

impl IssuerSigned {
    /// Reads an `IssuerSigned` map that comes without an envelope, as wallets store it.
    ///
    /// # Errors
    /// The errors of [`DeviceResponse::parse`](crate::DeviceResponse::parse).
    pub fn parse(bytes: &[u8]) -> Result<Self, Error> {
        Error::check_limit("issuerSigned", "bytes", bytes.len(), limits::RESPONSE_BYTES)?;
        let parse = || {
            let mut whole = Cursor::new(bytes, Rules::Wire);
            whole.pass()?;
            whole.finish()?;
            Self::read(&mut Cursor::new(bytes, Rules::Wire))
        };
        parse().map_err(|error| error.within("issuerSigned"))
    }

    pub(crate) fn read(cursor: &mut Cursor<'_>) -> Result<Self, Error> {
        let (mut namespaces, mut issuer_auth) = (None, None);
        let mut members = cursor.map()?;
        while cursor.next(&mut members) {
            match cursor.text_key()?.1 {
                Some("nameSpaces") => {
                    let found = read_namespaces(cursor).map_err(|e| e.within("nameSpaces"))?;
                    set_once(&mut namespaces, "nameSpaces", found)?;
                }
                Some("issuerAuth") => {
                    let found =
                        read_issuer_auth(cursor.pass()?).map_err(|e| e.within("issuerAuth"))?;
                    set_once(&mut issuer_auth, "issuerAuth", found)?;
                }
                _ => {
                    cursor.pass()?;
                }
            }
        }
        let (mso, Sign1 { algorithm, x5chain, signature, .. }) =
            required(issuer_auth, "issuerAuth")?;
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

    /// The certificates that came with the signature (DER, the signer's first). They prove nothing
    /// by themselves.
    #[must_use]
    pub fn x5chain(&self) -> &[Vec<u8>] {
        self.x5chain.as_deref().unwrap_or_default()
    }

    /// Why no certificates came with the signature, if there are none.
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
    /// `element_missing`; `malformed` or `too_large` if the item does not have the form that a
    /// proof needs; `malformed` if there are two such items.
    pub fn item(&self, namespace: &str, element: &str) -> Result<&IssuerSignedItem, Error> {
        let found = self.namespaces.iter().find(|candidate| candidate.name == namespace);
        let item = found.and_then(|found| found.item(element)).unwrap_or_else(|| {
            let elsewhere = self.namespaces.iter().filter(|other| other.item(element).is_some());
            let elsewhere: Vec<_> = elsewhere.map(NameSpace::name).collect();
            let message = match (found, elsewhere.as_slice()) {
                (_, [_, ..]) => {
                    format!(
                        "no element {element:?} in namespace {namespace:?}; it is in \
                         {elsewhere:?}: ask for it there"
                    )
                }
                (None, []) => {
                    let held: Vec<_> = self.namespaces.iter().map(NameSpace::name).collect();
                    format!(
                        "no element {element:?}: the document shows no elements of namespace \
                         {namespace:?}, only of {held:?}; ask for another element"
                    )
                }
                (Some(_), []) => format!(
                    "no element {element:?} in namespace {namespace:?}; ask for an element that \
                     the document shows, or have the wallet show this one"
                ),
            };
            Err(Error::new(Code::ElementMissing, "nameSpaces", message))
        });
        item.map_err(|error| error.within("issuerSigned"))
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
    let payload = sign1.payload.take().ok_or_else(|| {
        let message =
            "the payload is null, but the issuer must put the MSO there; only a device signature \
             may have a detached payload";
        Error::malformed("payload", message)
    })?;
    let mso = MobileSecurityObject::parse(&payload).map_err(|e| e.within("payload"))?;
    Ok((mso, sign1))
}

fn read_namespaces(cursor: &mut Cursor<'_>) -> Result<Vec<NameSpace>, Error> {
    let mut namespaces = Vec::new();
    if cursor.nothing() {
        return Ok(namespaces);
    }
    let mut seen = BTreeSet::new();
    let mut members = cursor.map()?;
    while cursor.next(&mut members) {
        let (_, name) = cursor.text()?;
        if !seen.insert(name) {
            return Err(Error::malformed("", format!("the namespace {name:?} occurs twice")));
        }
        namespaces.push(read_items(cursor, name).map_err(|e| e.within(&format!("[{name:?}]")))?);
    }
    Ok(namespaces)
}

/// Reads the items of a namespace. An item about which no proof is possible does not prevent
/// requests about other items.
fn read_items(cursor: &mut Cursor<'_>, name: &str) -> Result<NameSpace, Error> {
    let mut namespace = NameSpace {
        name: name.to_owned(),
        items: Vec::new(),
        indices: Vec::new(),
        opaque: Vec::new(),
    };
    let (mut index, mut members) = (0, cursor.array()?);
    while cursor.next(&mut members) {
        let bytes = cursor.pass()?;
        match IssuerSignedItem::parse(bytes) {
            Ok(item) => {
                namespace.items.push(item);
                namespace.indices.push(index);
            }
            Err(fault) => {
                let opaque = OpaqueItem::parse(index, bytes, fault);
                namespace.opaque.push(opaque.map_err(|e| e.within(&format!("[{index}]")))?);
            }
        }
        index += 1;
    }
    Ok(namespace)
}
