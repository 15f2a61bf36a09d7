//! Link 2: what the MSO says, and that the record holds its dates and device key.

use ciborium::Value;

use super::forgery::Forgery;
use crate::proof::fixture::{Entries, Fixture, at, map};

const DOC_TYPE: &str = "org.iso.18013.5.1.mDL";

fn licence() -> Fixture {
    Fixture::licence(&["birth_date", "age_over_18"])
}

/// A credential proof of an MSO that the issuer signed with this change.
fn signed(change: impl FnOnce(&mut Entries)) -> Forgery<crate::statement::CredentialStatement> {
    Forgery::credential(&licence().with_mso(change))
}

#[test]
fn refuses_another_doc_type() {
    signed(|mso| *at(mso, "docType") = DOC_TYPE.into()).holds();
    signed(|mso| *at(mso, "docType") = "org.iso.18013.5.1.mDX".into()).breaks(&["bus bytes"]);
    for other in ["org.iso.18013.5.1.mD", "org.iso.18013.5.1.mDLL"] {
        let rules = signed(|mso| *at(mso, "docType") = other.into()).rules();
        assert!(rules.contains(&"bus field".to_owned()), "{other}: {rules:?}");
    }
    let mut asked_for_another = licence();
    asked_for_another.subject.doc_type = "eu.europa.ec.eudi.pid.1".to_owned();
    Forgery::credential(&asked_for_another).breaks(&["bus bytes", "bus field"]);
}

/// The issuer lets holders choose a string. A holder writes the entry that the MSO lacks into this
/// string.
#[test]
fn refuses_look_alikes_in_strings_of_the_issuer() {
    let entry = [b"\x67docType\x75", DOC_TYPE.as_bytes()].concat();
    for string in [Value::Bytes(entry.clone()), Value::Text(String::from_utf8(entry).unwrap())] {
        let forged = signed(|mso| {
            *at(mso, "docType") = "org.iso.18013.5.1.mDX".into();
            mso.push(("note".into(), string));
        });
        forged.breaks(&["bus bytes"]);
    }
    // The entry stands at another depth.
    signed(|mso| {
        let place = mso.iter().position(|(key, _)| key.as_text() == Some("docType")).unwrap();
        let entry = mso.remove(place);
        map(mso, "deviceKeyInfo").push(entry);
    })
    .breaks(&["bus bytes", "bus field"]);
}

#[test]
fn refuses_entries_that_stand_twice() {
    signed(|mso| mso.push(("docType".into(), "x".into()))).breaks(&["keys/distinct"]);
    signed(|mso| {
        let validity = map(mso, "validityInfo");
        let entry =
            validity.iter().find(|(key, _)| key.as_text() == Some("validUntil")).unwrap().0.clone();
        validity.push((entry, Value::Tag(0, Box::new("2099-01-01T00:00:00Z".into()))));
    })
    .breaks(&["keys/distinct"]);
}

#[test]
fn refuses_other_versions_and_digest_algorithms() {
    signed(|mso| *at(mso, "digestAlgorithm") = "SHA-512".into())
        .breaks_and_is_refused(&["bus bytes"]);
    signed(|mso| *at(mso, "digestAlgorithm") = "SHA-384".into()).breaks(&["bus bytes"]);
    signed(|mso| *at(mso, "version") = "1.1".into()).breaks(&["bus bytes"]);
}

#[test]
fn refuses_dates_that_are_none() {
    let date = |text: &str| {
        signed(|mso| {
            *at(map(mso, "validityInfo"), "validUntil") = Value::Tag(0, Box::new(text.into()));
        })
    };
    // Month 20, as if `:`, which follows `9` in ASCII, were a digit of value ten in `1:`.
    let mut late = licence();
    late.witness.record.dates[2] += 1_000_000_000;
    Forgery::credential(&late).breaks(&["bus date"]);
    for (text, rules) in [
        ("2024-1:-15T13:50:00Z", &["bus date", "bus range"][..]),
        ("2024-10-15 13:50:00Z", &["bus bytes", "bus date"]),
    ] {
        date(text).breaks(rules);
    }
}

/// The record holds whole seconds.
#[test]
fn takes_fractions_of_a_second() {
    let until = |text: &str, seconds: u64| {
        let mut fixture = licence().with_mso(|mso| {
            *at(map(mso, "validityInfo"), "validUntil") = Value::Tag(0, Box::new(text.into()));
        });
        fixture.witness.record.dates[2] = seconds;
        Forgery::credential(&fixture)
    };
    for text in [
        "2031-05-06T07:08:09.999999999Z",
        "2031-05-06T07:08:09.5+00:00",
        "2031-05-06T07:08:09+00:00",
    ] {
        until(text, 20_310_506_070_809).holds();
        until(text, 20_310_506_070_810).breaks(&["bus date"]);
    }
    // The fraction is read as further digits of the seconds.
    until("0203-10-31T07:08:09.5Z", 20_310_310_708_095).breaks(&["bus date"]);
}

/// A record with dates or a device key that are not those of the MSO.
#[test]
fn refuses_other_dates_and_keys_in_the_record() {
    for date in 0..3 {
        let mut fixture = licence();
        fixture.witness.record.dates[date] += 10_000_000_000;
        let forged = Forgery::credential(&fixture);
        if date == 2 {
            forged.breaks_and_is_refused(&["bus date"]);
        } else {
            forged.breaks(&["bus date"]);
        }
    }
    let mut fixture = licence();
    fixture.witness.record.device_key_x[31] ^= 1;
    Forgery::credential(&fixture).breaks(&["bus bytes"]);
    let mut fixture = licence();
    let record = &mut fixture.witness.record;
    std::mem::swap(&mut record.device_key_x, &mut record.device_key_y);
    Forgery::credential(&fixture).breaks(&["bus bytes"]);
}

/// The credential proof states another record than the one that it shows.
#[test]
fn refuses_a_commitment_to_another_record() {
    let fixture = licence();
    let mut other = fixture.clone();
    other.witness.record.dates[2] += 10_000_000_000;
    let stated = other.credential_statement();
    Forgery::credential_of(&fixture, stated.clone()).breaks(&["bus squeeze"]);
    let forged = Forgery::credential_of(&fixture, stated);
    let of_other = Forgery::credential(&other);
    forged.with_tables_of(&of_other, &["poseidon2"]).breaks_and_is_refused(&["bus absorb"]);
}
