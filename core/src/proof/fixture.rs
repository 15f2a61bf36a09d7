//! Statements and witnesses for tests, made without a library for documents. They are about real
//! documents, or about altered documents that are signed by an issuer whose key the tests hold.

use ciborium::Value;
use p256::ecdsa::SigningKey;
use p256::ecdsa::signature::Signer;
use p256::ecdsa::signature::hazmat::PrehashSigner;
use sha2::{Digest as _, Sha256};
use velum_testdata::{AGE_VERIFICATION, Case, MUSTERMANN, sig_structure};

use crate::chips::buses::field;
use crate::chips::common::streams::Streams;
use crate::chips::mdoc::cbor::Tree;
use crate::class::{STANDARD, SizeClass};
use crate::statement::{
    CredentialStatement, CredentialWitness, ElementName, PresentationStatement,
    PresentationWitness, PublicKey, RecordOpening, RecordSalts, SlotPredicate, Subject,
};
use crate::suite::Suite;

/// Number of bytes of `Sig_structure` before a tag-24 MSO of 256 to 65,535 bytes.
const SIG_STRUCTURE_PREFIX: usize = 20;

/// The digest that the device signs in these tests, in place of the digest of some
/// `DeviceAuthentication`.
pub(crate) const SESSION: [u8; 32] = [0x5e; 32];

/// The entries of a CBOR map.
pub(crate) type Entries = Vec<(Value, Value)>;

/// The subject of statements about some elements of a document, and the witness of their credential
/// proof.
#[derive(Clone)]
pub(crate) struct Fixture {
    pub(crate) subject: Subject,
    pub(crate) witness: CredentialWitness,
}

impl Fixture {
    /// The named elements of a case, in the class `standard`.
    pub(crate) fn of(case: &Case, elements: &[&str]) -> Self {
        Self::of_class(case, elements, STANDARD)
    }

    /// The named elements of a case.
    pub(crate) fn of_class(case: &Case, elements: &[&str], class: SizeClass) -> Self {
        let (signed, facts) = (case.issuer_signed(), case.facts());
        let find =
            |name: &&str| signed.items.iter().find(|item| item.identifier == **name).expect("held");
        let items: Vec<_> = elements.iter().map(find).collect();
        let name = |item: &&velum_testdata::SignedItem| ElementName {
            namespace: item.namespace.clone(),
            element: item.identifier.clone(),
        };
        let sec1 = facts.issuer_public_key.sec1();
        let issuer =
            PublicKey { x: sec1[1..33].try_into().unwrap(), y: sec1[33..].try_into().unwrap() };
        let subject = Subject {
            suite: Suite::Direct,
            class,
            doc_type: facts.doc_type,
            issuer,
            elements: items.iter().map(name).collect(),
        };
        let validity = facts.validity;
        let dates =
            [validity.signed, validity.valid_from, validity.valid_until].map(|date| decimal(&date));
        let witness = CredentialWitness {
            sig_structure: signed.sig_structure,
            signature: signed.signature.try_into().unwrap(),
            items: items.iter().map(|item| item.bytes.clone()).collect(),
            record: RecordOpening {
                device_key_x: [0; 32],
                device_key_y: [0; 32],
                dates,
                values: Vec::new(),
                salts: RecordSalts::from_system(class).unwrap(),
            },
        };
        let mut fixture = Self { subject, witness };
        fixture.read_record();
        fixture
    }

    /// Elements of a licence for which the tests hold the key of the issuer and the key of the
    /// device: the Mustermann document with both keys replaced.
    pub(crate) fn licence(elements: &[&str]) -> Self {
        Self::licence_of_class(elements, STANDARD)
    }

    /// A [`licence`](Self::licence) in any class.
    pub(crate) fn licence_of_class(elements: &[&str], class: SizeClass) -> Self {
        let mut fixture = Self::of_class(&MUSTERMANN, elements, class).with_mso(|mso| {
            let key = public_key(&device_key());
            for (label, coordinate) in [(-2, key.x), (-3, key.y)] {
                let cose_key = map(map(mso, "deviceKeyInfo"), "deviceKey");
                let entry =
                    cose_key.iter_mut().find(|(name, _)| *name == Value::Integer(label.into()));
                entry.unwrap().1 = Value::Bytes(coordinate.to_vec());
            }
        });
        fixture.read_record();
        fixture
    }

    /// Changes the MSO as a CBOR value and signs it again.
    pub(crate) fn with_mso(mut self, change: impl FnOnce(&mut Entries)) -> Self {
        let mso = changed(&self.witness.sig_structure[SIG_STRUCTURE_PREFIX..], change);
        self.witness.sig_structure = sig_structure(&mso);
        self.signed()
    }

    /// Replaces the only occurrence of `from` in what the issuer signs by `to`, which has the same
    /// length, and signs the result again.
    pub(crate) fn with_bytes(mut self, from: &[u8], to: &[u8]) -> Self {
        assert_eq!(from.len(), to.len(), "lengths around it would be wrong");
        let message = &mut self.witness.sig_structure;
        let places: Vec<_> = (0..=message.len() - from.len())
            .filter(|&at| message[at..].starts_with(from))
            .collect();
        assert_eq!(places.len(), 1, "{from:x?} stands once");
        message[places[0]..][..to.len()].copy_from_slice(to);
        self.signed()
    }

    /// Changes an item as a CBOR value. Its digest in the MSO stays.
    pub(crate) fn with_item(mut self, slot: usize, change: impl FnOnce(&mut Entries)) -> Self {
        self.witness.items[slot] = changed(&self.witness.items[slot], change);
        self
    }

    /// Replaces the digest of `item` in the MSO by the digest of the item that the slot now holds,
    /// and signs the result again.
    pub(crate) fn with_digest_of(self, slot: usize, item: &[u8]) -> Self {
        let [old, new] =
            [item, &self.witness.items[slot]].map(|item| Sha256::digest(item).to_vec());
        self.with_bytes(&old, &new)
    }

    /// Signs with the issuer key that the tests hold.
    pub(crate) fn signed(mut self) -> Self {
        let signature: p256::ecdsa::Signature = issuer_key().sign(&self.witness.sig_structure);
        self.witness.signature = signature.to_bytes().into();
        self.subject.issuer = public_key(&issuer_key());
        self
    }

    /// A presentation of a [`licence`](Self::licence) in the session [`SESSION`].
    pub(crate) fn presented(
        &self,
        predicates: Vec<Vec<SlotPredicate>>,
    ) -> (PresentationStatement, PresentationWitness) {
        self.presentation(SESSION, sign(&device_key(), &SESSION), predicates)
    }

    /// Reads the device key and the values from the document into the record.
    pub(crate) fn read_record(&mut self) {
        let messages: Vec<_> = std::iter::once(&self.witness.sig_structure)
            .chain(&self.witness.items)
            .map(Vec::as_slice)
            .collect();
        let streams = Streams::new(self.subject.class, &messages).unwrap();
        let tree = Tree::parse(&self.subject, &streams).unwrap();
        let coordinate = |number| {
            let [position, length] = tree.field(number).expect("found");
            (position..position + length).map(|at| streams.byte(at as usize)).collect::<Vec<_>>()
        };
        let record = &mut self.witness.record;
        record.device_key_x = coordinate(field::DEVICE_KEY_X).try_into().unwrap();
        record.device_key_y = coordinate(field::DEVICE_KEY_Y).try_into().unwrap();
        let items = self.witness.items.iter();
        record.values = items.map(|item| element_value(item)).collect();
    }

    pub(crate) fn credential_statement(&self) -> CredentialStatement {
        let commitment = self.witness.record.commitment(&self.subject).unwrap();
        CredentialStatement { subject: self.subject.clone(), commitment }
    }

    /// A presentation at the document's `validFrom`, with `signature` as the device's signature
    /// over `device_authentication`.
    pub(crate) fn presentation(
        &self,
        device_authentication: [u8; 32],
        signature: [u8; 64],
        predicates: Vec<Vec<SlotPredicate>>,
    ) -> (PresentationStatement, PresentationWitness) {
        let record = &self.witness.record;
        let statement = PresentationStatement {
            subject: self.subject.clone(),
            commitment: record.commitment(&self.subject).unwrap(),
            credential_proof: [0; 32],
            salt: None,
            request: [0; 32],
            now: record.dates[1],
            signed_within: (record.dates[0], record.dates[0]),
            device_authentication,
            predicates,
        };
        (statement, PresentationWitness { record: record.clone(), signature })
    }
}

/// `YYYY-MM-DDThh:mm:ss...` as the decimal number of its digits.
fn decimal(date: &str) -> u64 {
    date.chars().filter(char::is_ascii_digit).take(14).collect::<String>().parse().unwrap()
}

/// The issuer key of altered documents: the key of the document signer of the age verification
/// case.
pub(crate) fn issuer_key() -> SigningKey {
    key(AGE_VERIFICATION.facts().document_signer_private_key)
}

/// The device key of altered documents: the device key of the age verification case.
pub(crate) fn device_key() -> SigningKey {
    key(AGE_VERIFICATION.facts().device_private_key)
}

fn key(hexadecimal: Option<String>) -> SigningKey {
    SigningKey::from_slice(&hex::decode(hexadecimal.expect("published")).unwrap()).unwrap()
}

pub(crate) fn public_key(key: &SigningKey) -> PublicKey {
    let point = key.verifying_key().to_encoded_point(false);
    PublicKey { x: (*point.x().unwrap()).into(), y: (*point.y().unwrap()).into() }
}

/// The ECDSA signature over a hash, `r || s`.
pub(crate) fn sign(key: &SigningKey, hash: &[u8; 32]) -> [u8; 64] {
    let signature: p256::ecdsa::Signature = key.sign_prehash(hash).unwrap();
    signature.to_bytes().into()
}

/// The value under a text key.
pub(crate) fn at<'a>(map: &'a mut Entries, key: &str) -> &'a mut Value {
    &mut map.iter_mut().find(|(name, _)| name.as_text() == Some(key)).unwrap().1
}

/// The map that is the value under a text key.
pub(crate) fn map<'a>(entries: &'a mut Entries, key: &str) -> &'a mut Entries {
    at(entries, key).as_map_mut().unwrap()
}

/// The encoding of the `elementValue` of an item. All other heads of the item must have the
/// shortest form.
pub(crate) fn element_value(item: &[u8]) -> Vec<u8> {
    let key = b"\x6celementValue";
    let from = item.windows(key.len()).position(|bytes| bytes == key).expect("found") + key.len();
    // The value is followed by the other keys or by nothing. Reading one data item leaves what
    // follows.
    let mut behind = &item[from..];
    let _: Value = ciborium::from_reader(&mut behind).unwrap();
    item[from..item.len() - behind.len()].to_vec()
}

/// Changes the map in a tag-24 byte string.
fn changed(embedded: &[u8], change: impl FnOnce(&mut Entries)) -> Vec<u8> {
    let Value::Tag(24, content) = ciborium::from_reader(embedded).unwrap() else {
        panic!("tag 24")
    };
    let mut value: Value = ciborium::from_reader(content.as_bytes().unwrap().as_slice()).unwrap();
    change(value.as_map_mut().unwrap());
    encode(&Value::Tag(24, Box::new(Value::Bytes(encode(&value)))))
}

fn encode(value: &Value) -> Vec<u8> {
    let mut bytes = Vec::new();
    ciborium::into_writer(value, &mut bytes).unwrap();
    bytes
}
