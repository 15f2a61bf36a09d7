//! From a spec to an MSO. The process stops at each point where a hostile issuer could interfere.

use std::collections::{BTreeMap, BTreeSet};

use p256::ecdsa::signature::Signer;
use p256::ecdsa::{DerSignature, Signature};
use rand_chacha::rand_core::RngCore;
use sha2::{Digest, Sha256, Sha384, Sha512};

use super::certificates::{document_signer_certificate, iaca_certificate, sign_certificate};
use super::document::{self, Minted};
use super::item::DraftItem;
use super::keys::{DeviceKey, Keys};
use super::node::{Map, Node};
use super::random::{self, Purpose};
use super::spec::{DigestIds, Element, ItemKey, Spec};
use super::value::Value;
use crate::{Error, SignatureAlgorithm, limits};

/// The key in `deviceKeyInfo` that says what the device may sign itself.
const KEY_AUTHORIZATIONS: &str = "keyAuthorizations";
/// Length in bytes of the longest salt that is minted.
const RANDOM_MAX_BYTES: usize = 1_024;
/// The largest total number of elements, and of decoy digests. Both are well below the number of
/// random digestIDs.
const ELEMENTS_MAX: usize = 1_024;
const DECOYS_MAX: usize = 1_024;
/// Random digestIDs have 16 bits, as in deployed documents.
const RANDOM_DIGEST_ID_BITS: u32 = 16;

/// The hash of the items. Proofs support only SHA-256.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum DigestAlgorithm {
    #[default]
    Sha256,
    Sha384,
    Sha512,
}

impl DigestAlgorithm {
    fn name(self) -> &'static str {
        match self {
            Self::Sha256 => "SHA-256",
            Self::Sha384 => "SHA-384",
            Self::Sha512 => "SHA-512",
        }
    }

    fn digest(self, bytes: &[u8]) -> Vec<u8> {
        match self {
            Self::Sha256 => Sha256::digest(bytes).to_vec(),
            Self::Sha384 => Sha384::digest(bytes).to_vec(),
            Self::Sha512 => Sha512::digest(bytes).to_vec(),
        }
    }
}

/// The items, before anything is hashed.
pub struct Draft {
    spec: Spec,
    /// The keys. A key that is replaced here signs, or is named, from here on.
    pub keys: Keys,
    /// The items. Changes made here are part of what is hashed.
    pub items: Vec<DraftItem>,
    /// How items are hashed.
    pub digest_algorithm: DigestAlgorithm,
}

impl Draft {
    /// Draws the keys, salts and digestIDs, and encodes the items.
    ///
    /// # Errors
    /// `malformed` for values that cannot be encoded, for keys that are not scalars and for
    /// digestIDs used twice in a namespace; `too_large` for specs that exceed the limits.
    pub fn new(spec: &Spec) -> Result<Self, Error> {
        Ok(Self {
            keys: Keys::new(spec)?,
            items: items(spec)?,
            digest_algorithm: DigestAlgorithm::default(),
            spec: spec.clone(),
        })
    }

    /// Hashes the items into an MSO and makes the certificates.
    ///
    /// # Errors
    /// `malformed` for extra entries that cannot be encoded, unknown keys in `mso_key_order`, an
    /// `mso_bytes` that padding cannot reach, and certificates that cannot be made.
    pub fn digest(self) -> Result<MsoDraft, Error> {
        let mso = self.mso()?;
        let (iaca, document_signer) = self.certificates()?;
        Ok(MsoDraft {
            mso,
            protected: SignatureAlgorithm::Es256.protected().to_vec(),
            x5chain: vec![document_signer],
            iaca,
            items: self.items,
            keys: self.keys,
            spec: self.spec,
        })
    }

    fn mso(&self) -> Result<Map, Error> {
        let spec = &self.spec;
        let validity = &spec.validity;
        let tdate = |time: crate::Timestamp| Node::tdate(&time.to_string());
        let mut validity_info = Map::from_iter([
            ("signed", tdate(validity.signed)),
            ("validFrom", tdate(validity.valid_from)),
            ("validUntil", tdate(validity.valid_until)),
        ]);
        if let Some(time) = validity.expected_update {
            validity_info.push("expectedUpdate", tdate(time));
        }
        let mut device_key_info = Map::from_iter([("deviceKey", device_key(&self.keys.device))]);
        // The device may sign the elements that it signs, unless the spec states its
        // authorisations.
        if !spec.device_namespaces.is_empty()
            && !spec.device_key_info_extra.contains_key(KEY_AUTHORIZATIONS)
        {
            let namespaces =
                spec.device_namespaces.keys().map(|namespace| Node::text(namespace)).collect();
            let authorised = Node::from(Map::from_iter([("nameSpaces", Node::Array(namespaces))]));
            device_key_info.push(KEY_AUTHORIZATIONS, authorised);
        }
        extend(&mut device_key_info, &spec.device_key_info_extra, "spec.device_key_info_extra")?;

        let mut mso = Map::from_iter([
            ("version", Node::text("1.0")),
            ("digestAlgorithm", Node::text(self.digest_algorithm.name())),
            ("valueDigests", self.value_digests()?.into()),
            ("deviceKeyInfo", device_key_info.into()),
            ("docType", Node::text(&spec.doc_type)),
            ("validityInfo", validity_info.into()),
        ]);
        extend(&mut mso, &spec.mso_extra, "spec.mso_extra")?;
        if let Some(unknown) =
            spec.mso_key_order.iter().find(|key| mso.get_mut(key.as_str()).is_none())
        {
            return Err(Error::malformed(
                "spec.mso_key_order",
                format!("the MSO has no key {unknown}"),
            ));
        }
        mso.reorder(spec.mso_key_order.iter().map(String::as_str));
        match spec.mso_bytes {
            Some(bytes) => pad(mso, bytes),
            None => Ok(mso),
        }
    }

    /// Namespaces are in order of first appearance, and digests are in ascending order of their
    /// digestIDs.
    fn value_digests(&self) -> Result<Map, Error> {
        let mut namespaces: Vec<(&str, BTreeMap<u32, Vec<u8>>)> = Vec::new();
        let digests = self.items.iter().map(|item| {
            (item.namespace.as_str(), item.digest_id, self.digest_algorithm.digest(&item.encode()))
        });
        for (namespace, digest_id, digest) in digests {
            by_namespace(&mut namespaces, namespace).insert(digest_id, digest);
        }
        let mut rng = random::stream(&self.spec.seed, Purpose::DecoyDigests);
        for (namespace, count) in &self.spec.decoy_digests {
            let digests = by_namespace(&mut namespaces, namespace);
            for _ in 0..*count {
                let digest_id = match self.spec.digest_ids {
                    DigestIds::Random => unused_id(&mut rng, |id| digests.contains_key(&id)),
                    DigestIds::Sequential => lowest_id(|id| digests.contains_key(&id)),
                };
                let salt = random::bytes(&mut rng, 32);
                digests.insert(digest_id, self.digest_algorithm.digest(&salt));
            }
        }
        Ok(namespaces
            .into_iter()
            .map(|(namespace, digests)| {
                let digests =
                    digests.iter().map(|(id, digest)| (i64::from(*id), Node::bytes(digest)));
                (namespace, digests.collect::<Map>())
            })
            .collect())
    }

    /// The IACA root and the document signer, in DER.
    fn certificates(&self) -> Result<(Vec<u8>, Vec<u8>), Error> {
        let sign = |tbs| sign_certificate::<_, DerSignature>(tbs, &self.keys.iaca);
        let iaca = iaca_certificate(&self.spec, &self.keys)?;
        let signer = document_signer_certificate(&self.spec, &self.keys, &iaca)?;
        Ok((sign(iaca)?, sign(signer)?))
    }
}

/// The MSO, before it is signed.
pub struct MsoDraft {
    spec: Spec,
    /// The keys.
    pub keys: Keys,
    /// The items. An item that is changed here no longer has its digest in the MSO.
    pub items: Vec<DraftItem>,
    /// The MSO.
    pub mso: Map,
    /// The protected header of `issuerAuth`: the bytes inside its byte string.
    pub protected: Vec<u8>,
    /// The document signer's certificate and any other certificates that the document carries, in
    /// DER.
    pub x5chain: Vec<Vec<u8>>,
    /// The IACA root, in DER.
    pub iaca: Vec<u8>,
}

impl MsoDraft {
    /// Signs as the document signer and as the device.
    ///
    /// # Errors
    /// `malformed` for a transcript that is not hexadecimal, for device-signed values that cannot
    /// be encoded, and for a spec without elements that a request can ask for.
    pub fn sign(self) -> Result<Minted, Error> {
        let key = self.keys.document_signer.clone();
        self.sign_with(|to_be_signed| {
            let signature: Signature = key.sign(to_be_signed);
            signature.to_vec()
        })
    }

    /// Like [`sign`](Self::sign), but `signer` makes the document signer's signature over the COSE
    /// `Sig_structure`.
    ///
    /// # Errors
    /// The errors of [`sign`](Self::sign).
    pub fn sign_with(self, signer: impl FnOnce(&[u8]) -> Vec<u8>) -> Result<Minted, Error> {
        let issuer_auth =
            document::cose_sign1(&self.protected, &self.x5chain, &embedded(&self.mso), signer);
        document::assemble(&self.spec, self.keys, &self.items, issuer_auth, self.iaca, self.x5chain)
    }

    /// `MobileSecurityObjectBytes`, the signed payload.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        embedded(&self.mso).encode()
    }
}

fn items(spec: &Spec) -> Result<Vec<DraftItem>, Error> {
    if spec.elements.len() > ELEMENTS_MAX {
        return Err(Error::too_large(
            "spec.elements",
            format!("at most {ELEMENTS_MAX} can be minted"),
        ));
    }
    if spec.decoy_digests.values().fold(0, |sum: usize, count| sum.saturating_add(*count))
        > DECOYS_MAX
    {
        let message = format!("at most {DECOYS_MAX} decoy digests can be minted");
        return Err(Error::too_large("spec.decoy_digests", message));
    }
    let mut used = fixed_digest_ids(spec)?;
    let mut salts = random::stream(&spec.seed, Purpose::Salts);
    let mut ids = random::stream(&spec.seed, Purpose::DigestIds);
    let mut items = Vec::with_capacity(spec.elements.len());
    for (index, element) in spec.elements.iter().enumerate() {
        let place = format!("spec.elements[{index}]");
        if element.random_bytes > RANDOM_MAX_BYTES {
            return Err(Error::too_large(
                place + ".random_bytes",
                format!("at most {RANDOM_MAX_BYTES}"),
            ));
        }
        let used = used.entry(element.namespace.as_str()).or_default();
        let digest_id = element.digest_id.unwrap_or_else(|| match spec.digest_ids {
            DigestIds::Random => unused_id(&mut ids, |id| used.contains(&id)),
            DigestIds::Sequential => lowest_id(|id| used.contains(&id)),
        });
        used.insert(digest_id);
        let random = random::bytes(&mut salts, element.random_bytes);
        let map =
            item(element, digest_id, &random, element.key_order.unwrap_or(spec.item_key_order))
                .map_err(|error| error.within(&place))?;
        let (namespace, disclosed) = (element.namespace.clone(), element.disclosed);
        items.push(DraftItem { namespace, digest_id, disclosed, map });
    }
    Ok(items)
}

fn item(
    element: &Element,
    digest_id: u32,
    random: &[u8],
    order: [ItemKey; 4],
) -> Result<Map, Error> {
    let pairs = order.into_iter().map(|key| {
        let value = match key {
            ItemKey::DigestId => Node::int(digest_id.into()),
            ItemKey::Random => Node::bytes(random),
            ItemKey::ElementIdentifier => Node::text(&element.element),
            ItemKey::ElementValue => {
                element.value.to_node().map_err(|error| error.within("value"))?
            }
        };
        Ok((key.as_str(), value))
    });
    pairs.collect()
}

fn fixed_digest_ids(spec: &Spec) -> Result<BTreeMap<&str, BTreeSet<u32>>, Error> {
    let mut used: BTreeMap<&str, BTreeSet<u32>> = BTreeMap::new();
    for (index, element) in spec.elements.iter().enumerate() {
        let Some(digest_id) = element.digest_id else { continue };
        if !used.entry(&element.namespace).or_default().insert(digest_id) {
            let place = format!("spec.elements[{index}].digest_id");
            return Err(Error::malformed(place, "used twice in this namespace"));
        }
    }
    Ok(used)
}

/// A random digestID that is not taken. The limits on elements and decoys leave most of the range
/// free.
fn unused_id(rng: &mut impl RngCore, taken: impl Fn(u32) -> bool) -> u32 {
    loop {
        let id = rng.next_u32() >> (u32::BITS - RANDOM_DIGEST_ID_BITS);
        if !taken(id) {
            return id;
        }
    }
}

/// The lowest digestID that is not taken.
fn lowest_id(taken: impl Fn(u32) -> bool) -> u32 {
    (0..=limits::DIGEST_ID_MAX).find(|id| !taken(*id)).unwrap_or(limits::DIGEST_ID_MAX)
}

fn by_namespace<'m, 's>(
    namespaces: &'m mut Vec<(&'s str, BTreeMap<u32, Vec<u8>>)>,
    namespace: &'s str,
) -> &'m mut BTreeMap<u32, Vec<u8>> {
    let index = namespaces.iter().position(|(name, _)| *name == namespace).unwrap_or_else(|| {
        namespaces.push((namespace, BTreeMap::new()));
        namespaces.len() - 1
    });
    &mut namespaces[index].1
}

/// The COSE_Key of the device (RFC 9053, 7.1.1): kty 2 (EC2), crv 1 (P-256), x and y.
fn device_key(key: &DeviceKey) -> Map {
    let point = key.public().to_encoded_point(false);
    let coordinate =
        |bytes: Option<&p256::FieldBytes>| Node::bytes(bytes.map_or(&[], |bytes| &bytes[..]));
    Map::from_iter([
        (1, Node::int(2)),
        (-1, Node::int(1)),
        (-2, coordinate(point.x())),
        (-3, coordinate(point.y())),
    ])
}

fn extend(map: &mut Map, extra: &BTreeMap<String, Value>, place: &str) -> Result<(), Error> {
    for (key, value) in extra {
        map.push(
            key.as_str(),
            value.to_node().map_err(|error| error.within(&format!("{place}.{key}")))?,
        );
    }
    Ok(())
}

fn embedded(mso: &Map) -> Node {
    Node::Embedded(Box::new(mso.clone().into()))
}

/// Appends an entry so that the wrapped MSO has `bytes` bytes. Heads grow with their content, so
/// one key cannot reach every length. A second key that is one byte longer fills the gaps.
fn pad(mso: Map, bytes: usize) -> Result<Map, Error> {
    if bytes > limits::MSO_BYTES {
        return Err(Error::too_large("spec.mso_bytes", format!("at most {}", limits::MSO_BYTES)));
    }
    let length = embedded(&mso).encode().len();
    let room = bytes.saturating_sub(length);
    let candidates = (room.saturating_sub(32)..=room)
        .flat_map(|padding| [("padding", padding), ("padding_", padding)]);
    for (key, padding) in candidates {
        let mut padded = mso.clone();
        padded.push(key, Node::bytes(&vec![0; padding]));
        if embedded(&padded).encode().len() == bytes {
            return Ok(padded);
        }
    }
    let message = format!(
        "the MSO already has {length} bytes, and padding cannot make it exactly {bytes} bytes long"
    );
    Err(Error::malformed("spec.mso_bytes", message))
}
