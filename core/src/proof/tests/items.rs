//! Link 3: each slot holds the value of an item whose digest is in the MSO, in the requested
//! namespace.

use ciborium::Value;
use velum_testdata::ANNEX_D;

use super::forgery::Forgery;
use crate::chips::buses::field;
use crate::chips::common::streams::Streams;
use crate::chips::mdoc::cbor::Tree;
use crate::chips::mdoc::links::{DigestEntry, LinksChip};
use crate::proof::fixture::{Fixture, at};

/// The encoding of a full-date.
const ADULT: &[u8] = b"\xd9\x03\xec\x6a1950-01-01";

fn licence() -> Fixture {
    Fixture::licence(&["birth_date", "age_over_18"])
}

fn streams(fixture: &Fixture) -> Streams {
    let messages: Vec<_> = std::iter::once(&fixture.witness.sig_structure)
        .chain(&fixture.witness.items)
        .map(Vec::as_slice)
        .collect();
    Streams::new(fixture.subject.class, &messages).unwrap()
}

fn full_date(text: &str) -> Value {
    Value::Tag(1004, Box::new(text.into()))
}

/// The holder writes an item with another birth date.
#[test]
fn refuses_an_item_that_no_digest_is_of() {
    let forged = || {
        let mut fixture =
            licence().with_item(0, |item| *at(item, "elementValue") = full_date("1950-01-01"));
        fixture.read_record();
        fixture
    };
    assert_eq!(forged().witness.record.values[0], ADULT);
    Forgery::credential(&forged()).breaks_and_is_refused(&["bus bytes"]);
    let honest = Forgery::credential(&licence());
    Forgery::credential(&forged()).with_tables_of(&honest, &["links"]).breaks(&["bus hash_words"]);
    let tables = ["links", "sha256"];
    Forgery::credential(&forged()).with_tables_of(&honest, &tables).breaks(&["bus bytes"]);
    let tables = ["links", "sha256", "bytes"];
    Forgery::credential(&forged()).with_tables_of(&honest, &tables).breaks(&["bus bytes"]);
    let tables = ["links", "sha256", "bytes", "cbor", "text", "keys"];
    Forgery::credential(&forged()).with_tables_of(&honest, &tables).breaks(&["bus bytes"]);

    // If the MSO has a digest of the item, the issuer has vouched for it.
    let old = licence().witness.items[0].clone();
    Forgery::credential(&forged().with_digest_of(0, &old)).holds();
}

/// The record holds a value that is not the item's value.
#[test]
fn refuses_another_value_in_the_record() {
    let mut fixture = licence();
    fixture.witness.record.values[0] = ADULT.to_vec();
    Forgery::credential(&fixture).breaks(&["bus bytes"]);
    let mut shorter = licence();
    shorter.witness.record.values[0] = b"\xd9\x03\xec\x691971-09-0".to_vec();
    Forgery::credential(&shorter).breaks(&["bus field"]);
    let mut swapped = licence();
    swapped.witness.record.values.swap(0, 1);
    Forgery::credential(&swapped).breaks(&["bus bytes", "bus field"]);
}

/// An item of another element, whose value would meet the predicate.
#[test]
fn refuses_an_item_of_another_element() {
    let mut fixture = Fixture::licence(&["issue_date"]);
    fixture.subject.elements[0].element = "birth_date".to_owned();
    Forgery::credential(&fixture).breaks(&["bus bytes"]);
}

/// Two namespaces of the standard's example use the same digestIDs, and an item does not name its
/// namespace.
#[test]
fn refuses_the_digest_of_another_namespace() {
    let of_home = Fixture::of(&ANNEX_D, &["family_name"]);
    Forgery::credential(&of_home).holds();
    let home = of_home.subject.elements[0].namespace.clone();
    let abroad = "org.iso.18013.5.1.US";
    assert_ne!(home, abroad);

    // Under the other namespace the digestID stands for another digest.
    let mut fixture = of_home.clone();
    fixture.subject.elements[0].namespace = abroad.to_owned();
    let item = |fixture: &Fixture| {
        let tree = Tree::parse(&fixture.subject, &streams(fixture)).unwrap();
        let [found_at, digest_id] = tree.field(field::digest_id(0)).unwrap();
        let position = tree.digest_position(0, digest_id).unwrap() as usize;
        DigestEntry { digest_id, found_at, position }
    };
    assert_eq!(item(&fixture).digest_id, item(&of_home).digest_id);
    assert_ne!(item(&fixture).position, item(&of_home).position);
    Forgery::credential(&fixture).breaks_and_is_refused(&["bus bytes"]);

    // The holder looks the digest up where it really is.
    let links = LinksChip::new(&fixture.subject).trace(&streams(&fixture), &[item(&of_home)]);
    Forgery::credential(&fixture).with_table("links", links).breaks(&["bus digest_at"]);
    // The entries that were found belong to a namespace that was not requested.
    let names = ["cbor", "text", "keys", "links"];
    let of_home = Forgery::credential(&of_home);
    Forgery::credential(&fixture).with_tables_of(&of_home, &names).breaks(&[
        "bus bytes",
        "bus field",
        "bus fingerprint",
        "keys/product",
    ]);
}

#[test]
fn refuses_a_namespace_that_is_not_there() {
    let mut fixture = licence();
    fixture.subject.elements[0].namespace = "org.iso.18013.5.2".to_owned();
    Forgery::credential(&fixture).breaks(&["bus bytes", "bus digest_at", "bus field"]);
}

/// A slot that the request does not use holds no item.
#[test]
fn refuses_an_item_in_an_unused_slot() {
    let mut fixture = Fixture::licence(&["birth_date"]);
    fixture.witness.items.push(licence().witness.items[1].clone());
    Forgery::credential(&fixture).breaks(&["links/unused slot"]);
}
