//! Elements that a device signed itself (`DeviceNameSpaces`), and what the issuer allows it to sign
//! (`KeyAuthorizations`, ISO/IEC 18013-5, 9.1.2.4).
//!
//! These elements are the device's word. The issuer's authorisation is in the MSO and is not
//! proven. A verifier therefore accepts only elements of namespaces that it names itself.

use std::collections::{BTreeMap, BTreeSet};

use crate::cbor::{Cursor, Rules, check_whole, set_once};
use crate::error::{Code, Error};
use crate::limits;

/// The names of what a device signed: namespaces and their elements.
pub(crate) struct DeviceElements<'a> {
    namespaces: Vec<(&'a str, Vec<&'a str>)>,
}

impl<'a> DeviceElements<'a> {
    /// Reads the CBOR of a `DeviceNameSpaces` map.
    ///
    /// # Errors
    /// `too_large` above [`limits::DEVICE_NAMESPACES_BYTES`], `malformed`.
    pub(crate) fn parse(bytes: &'a [u8]) -> Result<Self, Error> {
        Error::check_limit("", "bytes", bytes.len(), limits::DEVICE_NAMESPACES_BYTES)?;
        check_whole(bytes, Rules::Wire)?;
        let mut cursor = Cursor::new(bytes, Rules::Wire);
        let mut namespaces = Vec::new();
        let mut members = cursor.map()?;
        while cursor.next(&mut members) {
            let (_, namespace) = cursor.text()?;
            let mut elements = Vec::new();
            let mut values = cursor.map()?;
            while cursor.next(&mut values) {
                elements.push(cursor.text()?.1);
                cursor.skip()?;
            }
            namespaces.push((namespace, elements));
        }
        Ok(Self { namespaces })
    }

    /// Checks that the issuer allows the device to sign each of the elements.
    ///
    /// # Errors
    /// `device_namespaces_unauthorised`.
    pub(crate) fn check_authorised(
        &self,
        authorizations: Option<&KeyAuthorizations>,
    ) -> Result<(), Error> {
        let refused = |what: String| {
            let message = format!(
                "the device signed {what}, but keyAuthorizations in the MSO does not allow this; \
                 the device must leave this out, or the issuer must authorise it"
            );
            Err(Error::new(Code::DeviceNamespacesUnauthorised, "", message))
        };
        for (namespace, elements) in &self.namespaces {
            let some =
                authorizations.and_then(|authorizations| authorizations.elements.get(*namespace));
            if authorizations
                .is_some_and(|authorizations| authorizations.namespaces.contains(*namespace))
            {
                continue;
            }
            let Some(authorised) = some else {
                return refused(format!("elements of namespace {namespace:?}"));
            };
            if let Some(other) = elements.iter().find(|element| !authorised.contains(**element)) {
                return refused(format!("element {other:?} of namespace {namespace:?}"));
            }
        }
        Ok(())
    }

    /// Checks that a verifier asks for the namespaces.
    ///
    /// # Errors
    /// `device_namespaces`.
    pub(crate) fn check_asked(&self, asked: &[String]) -> Result<(), Error> {
        let not_asked =
            |(namespace, _): &&(&str, Vec<&str>)| asked.iter().all(|asked| asked != namespace);
        match self.namespaces.iter().find(not_asked) {
            None => Ok(()),
            Some((namespace, _)) => {
                let message = format!(
                    "the device signed elements of namespace {namespace:?}, but device_namespaces \
                     of the request does not name it; the verifier must name it, or the device \
                     must leave these elements out"
                );
                Err(Error::new(Code::DeviceNamespaces, "", message))
            }
        }
    }
}

/// What an issuer allows the device to sign.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct KeyAuthorizations {
    namespaces: BTreeSet<String>,
    elements: BTreeMap<String, BTreeSet<String>>,
}

impl KeyAuthorizations {
    /// Reads the map. Its members are `nameSpaces`, an array of namespaces, and `dataElements`,
    /// elements by namespace.
    ///
    /// # Errors
    /// `malformed` if nothing is authorised (no member, or an empty one), and for a namespace that
    /// is authorised both as a whole and in part.
    pub(crate) fn read(cursor: &mut Cursor<'_>) -> Result<Self, Error> {
        let (mut namespaces, mut elements) = (None, None);
        let mut members = cursor.map()?;
        while cursor.next(&mut members) {
            match cursor.text_key()?.1 {
                Some(name @ "nameSpaces") => {
                    set_once(
                        &mut namespaces,
                        name,
                        names(cursor).map_err(|error| error.within(name))?,
                    )?;
                }
                Some(name @ "dataElements") => {
                    let found =
                        elements_by_namespace(cursor).map_err(|error| error.within(name))?;
                    set_once(&mut elements, name, found)?;
                }
                _ => {
                    cursor.skip()?;
                }
            }
        }
        if namespaces.is_none() && elements.is_none() {
            return Err(Error::malformed(
                "",
                "neither nameSpaces nor dataElements is present; the issuer must leave \
                 keyAuthorizations out",
            ));
        }
        let (namespaces, elements) = (namespaces.unwrap_or_default(), elements.unwrap_or_default());
        if let Some(both) = elements.keys().find(|namespace| namespaces.contains(*namespace)) {
            let message = format!(
                "namespace {both:?} is in both nameSpaces and dataElements; the issuer must name \
                 it in only one of them"
            );
            return Err(Error::malformed("", message));
        }
        Ok(Self { namespaces, elements })
    }
}

fn elements_by_namespace(
    cursor: &mut Cursor<'_>,
) -> Result<BTreeMap<String, BTreeSet<String>>, Error> {
    let mut elements = BTreeMap::new();
    let mut members = cursor.map()?;
    while cursor.next(&mut members) {
        let namespace = cursor.text()?.1.to_owned();
        let found = names(cursor).map_err(|error| error.within(&format!("[{namespace:?}]")))?;
        elements.insert(namespace, found);
    }
    if elements.is_empty() { Err(nothing()) } else { Ok(elements) }
}

fn names(cursor: &mut Cursor<'_>) -> Result<BTreeSet<String>, Error> {
    let mut names = BTreeSet::new();
    let mut members = cursor.array()?;
    while cursor.next(&mut members) {
        names.insert(cursor.text()?.1.to_owned());
    }
    if names.is_empty() { Err(nothing()) } else { Ok(names) }
}

fn nothing() -> Error {
    Error::malformed("", "empty; the issuer must authorise something or leave it out")
}
