//! From a signed MSO to a response signed by the device, with everything that belongs to it.

use p256::ecdsa::SigningKey;
use p256::pkcs8::{EncodePrivateKey, LineEnding};
use serde_json::json;
use velum_core::class::STANDARD;
use x509_cert::der::pem;

use super::item::DraftItem;
use super::keys::{DeviceKey, Keys};
use super::node::{Map, Node};
use super::random::{self, Purpose};
use super::spec::{Element, Spec};
use super::value::{Typed, Value, from_hex};
use crate::{
    Condition, Error, Predicate, Request, SessionTranscript, SignatureAlgorithm, Timestamp,
    device_authentication_bytes,
};

/// COSE header label of `x5chain` (RFC 9360).
const X5CHAIN: i64 = 33;
/// Number of predicates in a request that the spec does not write out. It fits the smallest size
/// class.
const DEFAULT_PREDICATES: usize = STANDARD.slots;

/// A minted document and everything that belongs to it.
pub struct Minted {
    /// The `DeviceResponse`, which may still be edited.
    pub response: Map,
    /// The `SessionTranscript` that the device signed, as CBOR.
    pub transcript: Vec<u8>,
    /// The IACA root, DER.
    pub iaca: Vec<u8>,
    /// The certificates in the document, DER, the document signer's first.
    pub x5chain: Vec<Vec<u8>>,
    /// The keys.
    pub keys: Keys,
    /// A request that trusts the root and asks what the spec says, in JSON.
    pub request: String,
}

impl Minted {
    /// The `DeviceResponse` as CBOR.
    #[must_use]
    pub fn document(&self) -> Vec<u8> {
        self.response.encode()
    }

    /// The first document of the response, for editing.
    pub fn first_document(&mut self) -> Option<&mut Map> {
        match self.response.get_mut("documents")? {
            Node::Array(documents) => match documents.first_mut()? {
                Node::Map(document) => Some(document),
                _ => None,
            },
            _ => None,
        }
    }

    /// All files of the set, by name. `device.key` is included only if the mint has that key.
    ///
    /// # Errors
    /// `malformed` if a key or a certificate cannot be written as PEM.
    pub fn files(&self) -> Result<Vec<(&'static str, Vec<u8>)>, Error> {
        let mut files = vec![
            ("document.cbor", self.document()),
            ("transcript.cbor", self.transcript.clone()),
            ("iaca.pem", certificate_pem(&self.iaca)?),
            ("ds.pem", certificate_pem(self.x5chain.first().map_or(&[], Vec::as_slice))?),
            ("ds.key", key_pem(&self.keys.document_signer)?),
        ];
        if let DeviceKey::Held(key) = &self.keys.device {
            files.push(("device.key", key_pem(key)?));
        }
        files.push(("request.json", format!("{}\n", self.request).into_bytes()));
        Ok(files)
    }
}

/// A COSE_Sign1 (RFC 9052, 4.2) with its payload and an `x5chain`, signed over its `Sig_structure`.
pub(super) fn cose_sign1(
    protected: &[u8],
    x5chain: &[Vec<u8>],
    payload: &Node,
    sign: impl FnOnce(&[u8]) -> Vec<u8>,
) -> Node {
    let payload = Node::bytes(&payload.encode());
    let empty_aad = Node::bytes(&[]);
    let to_be_signed = Node::Array(vec![
        Node::text("Signature1"),
        Node::bytes(protected),
        empty_aad,
        payload.clone(),
    ]);
    let certificate = match x5chain {
        [single] => Node::bytes(single),
        chain => Node::Array(chain.iter().map(|der| Node::bytes(der)).collect()),
    };
    let unprotected = Map::from_iter([(X5CHAIN, certificate)]);
    let signature = Node::bytes(&sign(&to_be_signed.encode()));
    Node::Array(vec![Node::bytes(protected), unprotected.into(), payload, signature])
}

/// The response, signed by the device, and everything that belongs to it.
pub(super) fn assemble(
    spec: &Spec,
    keys: Keys,
    items: &[DraftItem],
    issuer_auth: Node,
    iaca: Vec<u8>,
    x5chain: Vec<Vec<u8>>,
) -> Result<Minted, Error> {
    let transcript = transcript(spec)?;
    let issuer_signed =
        Map::from_iter([("nameSpaces", namespaces(items).into()), ("issuerAuth", issuer_auth)]);
    let document = Map::from_iter([
        ("docType", Node::text(&spec.doc_type)),
        ("issuerSigned", issuer_signed.into()),
        ("deviceSigned", device_signed(spec, &keys, &transcript)?.into()),
    ]);
    let response = Map::from_iter([
        ("version", Node::text("1.0")),
        ("documents", Node::Array(vec![document.into()])),
        ("status", Node::int(0)),
    ]);
    let request = request(spec, &iaca)?;
    Ok(Minted { response, transcript: transcript.bytes().to_vec(), iaca, x5chain, keys, request })
}

/// The disclosed items by namespace, in order of first appearance.
fn namespaces(items: &[DraftItem]) -> Map {
    let mut namespaces: Vec<(&str, Vec<Node>)> = Vec::new();
    for item in items.iter().filter(|item| item.disclosed) {
        match namespaces.iter_mut().find(|(name, _)| *name == item.namespace) {
            Some((_, nodes)) => nodes.push(item.node()),
            None => namespaces.push((&item.namespace, vec![item.node()])),
        }
    }
    namespaces.into_iter().map(|(name, nodes)| (name, Node::Array(nodes))).collect()
}

fn device_signed(spec: &Spec, keys: &Keys, transcript: &SessionTranscript) -> Result<Map, Error> {
    let namespaces = device_namespaces(spec)?;
    let to_be_signed =
        device_authentication_bytes(&spec.doc_type, transcript, &namespaces.encode());
    let signature = keys.device.sign(&to_be_signed);
    let device_signature = Node::Array(vec![
        Node::bytes(&SignatureAlgorithm::Es256.protected()),
        Map::default().into(),
        Node::null(),
        Node::bytes(&signature),
    ]);
    Ok(Map::from_iter([
        ("nameSpaces", Node::Embedded(Box::new(namespaces.into()))),
        ("deviceAuth", Map::from_iter([("deviceSignature", device_signature)]).into()),
    ]))
}

fn device_namespaces(spec: &Spec) -> Result<Map, Error> {
    let namespaces = spec.device_namespaces.iter().map(|(namespace, elements)| {
        let elements = elements.iter().map(|(element, value)| {
            let place = || format!("spec.device_namespaces.{namespace}.{element}");
            Ok((element.as_str(), value.to_node().map_err(|error| error.within(&place()))?))
        });
        Ok((
            namespace.as_str(),
            elements.collect::<Result<Vec<_>, Error>>()?.into_iter().collect::<Map>(),
        ))
    });
    Ok(namespaces.collect::<Result<Vec<_>, Error>>()?.into_iter().collect())
}

/// The transcript of the spec, or a transcript with the handover of OpenID4VP (ISO/IEC TS 18013-7,
/// B.4.4): two hashes and a nonce.
fn transcript(spec: &Spec) -> Result<SessionTranscript, Error> {
    let bytes = match &spec.transcript {
        Some(text) => from_hex("spec.transcript", text)?,
        None => {
            let mut rng = random::stream(&spec.seed, Purpose::Transcript);
            let mut hash = || random::bytes(&mut rng, 32);
            let handover = vec![
                Node::bytes(&hash()),
                Node::bytes(&hash()),
                Node::text(&hex::encode(&hash()[..16])),
            ];
            Node::Array(vec![Node::null(), Node::null(), Node::Array(handover)]).encode()
        }
    };
    SessionTranscript::parse(&bytes).map_err(|error| error.within("spec"))
}

fn request(spec: &Spec, iaca: &[u8]) -> Result<String, Error> {
    let now = spec.request.now.unwrap_or(spec.validity.valid_from);
    let predicates = match &spec.request.predicates {
        Some(predicates) => predicates.clone(),
        None => {
            let elements = spec.elements.iter().filter(|element| element.disclosed);
            elements
                .filter_map(|element| predicate(element, now))
                .take(DEFAULT_PREDICATES)
                .collect()
        }
    };
    if predicates.is_empty() {
        let message = "no disclosed element has a value that a predicate can be about; write the \
                       predicates yourself";
        return Err(Error::malformed("spec.request.predicates", message));
    }
    let certificate = String::from_utf8_lossy(&certificate_pem(iaca)?).into_owned();
    let request = json!({
        "doc_type": spec.doc_type,
        "now": now.to_string(),
        "issuers": [{ "x509_pem": certificate, "profile": "iso18013-5" }],
        "predicates": predicates,
        "device_namespaces": spec.device_namespaces.keys().collect::<Vec<_>>(),
    });
    Ok(Request::from_json(request.to_string().as_bytes())
        .map_err(|error| error.within("spec"))?
        .to_json())
}

/// The predicate on an element if the spec does not give one.
fn predicate(element: &Element, now: Timestamp) -> Option<serde_json::Value> {
    const ADULT: u8 = 18;
    let is_adult = |text: &str| {
        let (namespace, element) = (element.namespace.clone(), element.element.clone());
        let predicate = Predicate { namespace, element, condition: Condition::AgeAtLeast(ADULT) };
        text.parse().is_ok_and(|born| predicate.check(&crate::Value::FullDate(born), now).is_ok())
    };
    let (kind, asked) = match &element.value {
        Value::Typed(Typed::FullDate(text))
            if element.element == "birth_date" && is_adult(text) =>
        {
            ("age_at_least", json!(ADULT))
        }
        Value::Typed(Typed::FullDate(text)) => ("equals", json!({ "full_date": text })),
        Value::Bool(value) => ("equals", json!(value)),
        Value::Int(value) => ("equals", json!(value)),
        Value::Text(value) => ("equals", json!(value)),
        Value::Array(_) | Value::Typed(_) => return None,
    };
    Some(json!({ "namespace": element.namespace, "element": element.element, kind: asked }))
}

fn certificate_pem(der: &[u8]) -> Result<Vec<u8>, Error> {
    let text = pem::encode_string("CERTIFICATE", LineEnding::LF, der);
    text.map(String::into_bytes).map_err(|error| Error::malformed("certificate", error.to_string()))
}

fn key_pem(key: &SigningKey) -> Result<Vec<u8>, Error> {
    let text = key.to_pkcs8_pem(LineEnding::LF);
    text.map(|text| text.as_bytes().to_vec())
        .map_err(|error| Error::malformed("key", error.to_string()))
}
