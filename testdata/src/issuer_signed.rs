//! Extracts what an issuer signed from a document, with a general CBOR library.

use ciborium::Value;

/// The hashed and signed bytes of a document.
#[derive(Debug, Clone)]
pub struct IssuerSigned {
    /// The `Sig_structure` that the issuer signed (RFC 9052, 4.4).
    pub sig_structure: Vec<u8>,
    /// The signature, `r || s`.
    pub signature: Vec<u8>,
    /// The items, each a tag-24 `IssuerSignedItemBytes`.
    pub items: Vec<SignedItem>,
}

/// An `IssuerSignedItem`.
#[derive(Debug, Clone)]
pub struct SignedItem {
    /// The namespace that contains the item.
    pub namespace: String,
    /// The item's `elementIdentifier`.
    pub identifier: String,
    /// The item's tag-24 encoding. The digest in the MSO is the hash of these bytes.
    pub bytes: Vec<u8>,
}

/// The `Sig_structure` over `payload` with the protected header `{1: -7}` and no external data.
#[must_use]
pub fn sig_structure(payload: &[u8]) -> Vec<u8> {
    let mut bytes = b"\x84\x6aSignature1\x43\xa1\x01\x26\x40".to_vec();
    bytes.extend(byte_string(payload));
    bytes
}

/// `content` as a CBOR byte string.
fn byte_string(content: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::new();
    ciborium::into_writer(&Value::Bytes(content.to_vec()), &mut bytes)
        .expect("a vector takes all bytes");
    bytes
}

/// Extracts the signed parts of the first document of an encoded `DeviceResponse`.
pub(crate) fn issuer_signed(device_response: &[u8]) -> Option<IssuerSigned> {
    let response: Value = ciborium::from_reader(device_response).ok()?;
    let document = get(&response, "documents")?.as_array()?.first()?;
    let issuer_signed = get(document, "issuerSigned")?;
    let [_, _, payload, signature] = get(issuer_signed, "issuerAuth")?.as_array()?.as_slice()
    else {
        return None;
    };
    let mut items = Vec::new();
    for (namespace, entries) in get(issuer_signed, "nameSpaces")?.as_map()? {
        for entry in entries.as_array()? {
            items.push(signed_item(namespace.as_text()?, entry)?);
        }
    }
    Some(IssuerSigned {
        sig_structure: sig_structure(payload.as_bytes()?),
        signature: signature.as_bytes()?.clone(),
        items,
    })
}

fn signed_item(namespace: &str, entry: &Value) -> Option<SignedItem> {
    let (24, content) = entry.as_tag()? else { return None };
    let content = content.as_bytes()?;
    let item: Value = ciborium::from_reader(content.as_slice()).ok()?;
    Some(SignedItem {
        namespace: namespace.to_owned(),
        identifier: get(&item, "elementIdentifier")?.as_text()?.to_owned(),
        bytes: [&[0xd8, 0x18][..], &byte_string(content)].concat(),
    })
}

fn get<'a>(map: &'a Value, key: &str) -> Option<&'a Value> {
    map.as_map()?.iter().find(|(name, _)| name.as_text() == Some(key)).map(|(_, value)| value)
}

#[cfg(test)]
mod tests {
    use crate::CASES;

    #[test]
    fn agrees_with_the_facts() {
        for case in CASES {
            let (facts, signed) = (case.facts(), case.issuer_signed());
            assert_eq!(signed.sig_structure.len(), facts.sig_structure_bytes, "{}", case.name);
            assert_eq!(signed.signature.len(), 64);
            let mut lengths: Vec<_> = signed
                .items
                .iter()
                .map(|item| (item.identifier.clone(), item.bytes.len()))
                .collect();
            let mut expected: Vec<_> =
                facts.items.iter().map(|item| (item.identifier.clone(), item.item_bytes)).collect();
            lengths.sort();
            expected.sort();
            assert_eq!(lengths, expected, "{}", case.name);
        }
    }
}
