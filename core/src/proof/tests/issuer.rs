//! Link 1: the issuer signed exactly the `Sig_structure` of the MSO.

use p256::ecdsa::Signature;
use velum_testdata::{ANNEX_D, MUSTERMANN};

use super::forgery::Forgery;
use crate::proof::fixture::{Fixture, at, public_key, sign};
use p256::ecdsa::SigningKey;

fn licence() -> Fixture {
    Fixture::licence(&["birth_date", "age_over_18"])
}

#[test]
fn either_half_of_the_curve_order_is_a_valid_s() {
    let mut fixture = licence();
    Forgery::credential(&fixture).holds();
    let signature = Signature::from_slice(&fixture.witness.signature).unwrap();
    let other_half =
        Signature::from_scalars(signature.r().to_bytes(), (-*signature.s()).to_bytes()).unwrap();
    fixture.witness.signature = other_half.to_bytes().into();
    Forgery::credential(&fixture).holds();
}

/// A document of one issuer is presented as a document of another issuer. The signature is valid,
/// but not under the stated key.
#[test]
fn refuses_another_issuer() {
    let honest = licence();
    let mut fixture = honest.clone();
    fixture.subject.issuer = Fixture::of(&ANNEX_D, &["family_name"]).subject.issuer;
    Forgery::credential(&fixture)
        .with_tables_of(&Forgery::credential(&honest), &["es256"])
        .breaks_and_is_refused(&["bus es256"]);

    // The holder signs with a key of its own.
    let own = SigningKey::from_slice(&[7; 32]).unwrap();
    let mut signed_by_own = Fixture::of(&MUSTERMANN, &["birth_date", "age_over_18"]);
    let stated = Forgery::credential(&signed_by_own);
    signed_by_own.subject.issuer = public_key(&own);
    let hash = <sha2::Sha256 as sha2::Digest>::digest(&signed_by_own.witness.sig_structure).into();
    signed_by_own.witness.signature = sign(&own, &hash);
    Forgery::credential(&signed_by_own).holds();
    stated.with_tables_of(&Forgery::credential(&signed_by_own), &["es256"]).breaks(&["bus es256"]);
}

/// An MSO that the issuer did not sign, together with a signature on an MSO that it did sign.
/// Wherever the tables change over from one to the other, a rule fails.
#[test]
fn refuses_a_signature_on_another_message() {
    let honest = Forgery::credential(&licence());
    let mut altered = licence().with_mso(|mso| {
        *at(mso, "docType") = "org.iso.18013.5.1.mDX".into();
    });
    altered.subject.doc_type = "org.iso.18013.5.1.mDX".to_owned();
    let forged = || Forgery::credential(&altered);
    forged().with_tables_of(&honest, &["es256"]).breaks_and_is_refused(&["bus es256"]);
    forged().with_tables_of(&honest, &["es256", "links"]).breaks(&["bus hash_words"]);
    forged().with_tables_of(&honest, &["es256", "links", "sha256"]).breaks(&["bus bytes"]);
    let hashed = ["es256", "links", "sha256", "bytes"];
    forged().with_tables_of(&honest, &hashed).breaks(&["bus bytes"]);
}

#[test]
fn refuses_signatures_that_do_not_verify() {
    for byte in [5, 40] {
        let mut fixture = licence();
        fixture.witness.signature[byte] ^= 1;
        Forgery::credential(&fixture).breaks(&["es256/identity"]);
    }
}

/// Structures that an issuer really signed, but with another header, other data, or something
/// behind the MSO.
#[test]
fn refuses_other_structures() {
    let signed = |from: &[u8], to: &[u8]| Forgery::credential(&licence().with_bytes(from, to));
    // ESP256 is the same algorithm. `0x27` (-8, EdDSA) and `0x23` (-4) are other algorithms.
    signed(b"Signature1\x43\xa1\x01\x26", b"Signature1\x43\xa1\x01\x28").holds();
    for other in [0x27, 0x23] {
        let header = [b"Signature1\x43\xa1\x01", &[other][..]].concat();
        signed(b"Signature1\x43\xa1\x01\x26", &header).breaks(&["text/choice"]);
    }
    signed(b"Signature1", b"Signature0").breaks(&["bus bytes"]);
    signed(b"\xd8\x18\x59", b"\xd8\x19\x59").breaks(&["bus field"]);

    let mut longer = licence();
    longer.witness.sig_structure.push(0xf6);
    Forgery::credential(&longer.signed()).breaks(&["bus cbor_open"]);
}
