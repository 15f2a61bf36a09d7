//! What the tables refuse of other documents, one link of the statement after the other.

use ciborium::Value;
use p3_field::PrimeCharacteristicRing;
use velum_stark::field::F;
use velum_testdata::{ANNEX_D, MUSTERMANN};

use super::item;
use crate::chips::buses::{DIGEST_AT, FIELD, date, field};
use crate::chips::mdoc::cbor::CAPACITY;
use crate::chips::mdoc::cbor::fixture::*;
use crate::chips::mdoc::cbor::tree::{Item, Tree, TreeError};
use crate::chips::mdoc::grammar::{Finding, Shape, kind, state, text};
use crate::class::{LARGE, STANDARD};
use crate::statement::ElementName;
use crate::value::{SlotValue, ValueKind};

const NONE: [&str; 0] = [];

#[test]
fn refuses_another_doc_type() {
    let asked = |doc_type: &str| {
        let mut world = World::mustermann();
        world.subject.doc_type = doc_type.to_owned();
        world.rules()
    };
    assert_eq!(asked("org.iso.18013.5.1.mDL"), NONE);
    assert_eq!(asked("org.iso.18013.5.1.mDM"), ["bus bytes"]);
    for other in ["org.iso.18013.5.1.mD", ""] {
        assert_eq!(asked(other), ["bus field"], "{other:?}");
    }
    assert_eq!(asked("org.iso.18013.5.1.mDL."), ["bus bytes", "bus field"]);
}

#[test]
fn refuses_other_fixed_values() {
    let mso =
        |key: &str, value: Value| World::mustermann().with_mso(|mso| *at(mso, key) = value).rules();
    assert_eq!(mso("version", Value::Text("1.0".into())), NONE);
    assert_eq!(mso("version", Value::Text("1.1".into())), ["bus bytes"]);
    assert_eq!(mso("digestAlgorithm", Value::Text("SHA-512".into())), ["bus bytes"]);
    assert_eq!(mso("digestAlgorithm", Value::Text("SHA-2561".into())), ["bus field"]);

    let bytes = |from: &[u8], to: &[u8]| World::mustermann().with(0, from, to).rules();
    // Another algorithm in the protected header.
    let algorithm = |byte: u8| {
        bytes(b"Signature1\x43\xa1\x01\x26", &[b"Signature1\x43\xa1\x01", &[byte][..]].concat())
    };
    // ESP256 is ES256. EdDSA (-8) and other numbers of one byte are not.
    assert_eq!(algorithm(0x28), NONE);
    for other in [0x27, 0x23, 0x25, 0x29] {
        assert_eq!(algorithm(other), ["text/choice"], "{other:x}");
    }
    assert_eq!(bytes(b"Signature1", b"Signature2"), ["bus bytes"]);
    // Tag 25 around the MSO, and around an item.
    assert_eq!(bytes(b"\xd8\x18\x59", b"\xd8\x19\x59"), ["bus field"]);
    let item = World::mustermann().with(1, b"\xd8\x18", b"\xd8\x19").rules();
    assert_eq!(item, ["bus field"]);
    // Key type OKP, and curve P-384.
    assert_eq!(bytes(b"\xa4\x01\x02\x20\x01", b"\xa4\x01\x01\x20\x01"), ["bus field"]);
    assert_eq!(bytes(b"\xa4\x01\x02\x20\x01", b"\xa4\x01\x02\x20\x02"), ["bus field"]);
}

#[test]
fn takes_fractions_of_seconds_and_both_ends_of_dates() {
    let ends = ["Z", "+00:00"];
    let fractions = (0..=9).map(|digits| {
        if digits == 0 { String::new() } else { format!(".{}", &"123456789"[..digits]) }
    });
    for date in
        fractions.flat_map(|fraction| ends.map(|end| format!("2024-09-30T13:50:07{fraction}{end}")))
    {
        let world = World::mustermann().with_mso(|mso| set_date(mso, "signed", &date));
        assert_eq!(world.rules(), NONE, "{date}");
        assert_eq!(world.date(&world.tree(), date::SIGNED), F::from_u64(20_240_930_135_007));
    }
}

fn set_date(mso: &mut [(Value, Value)], key: &str, date: &str) {
    let value = Value::Tag(0, Box::new(Value::Text(date.to_owned())));
    *at(at(mso, "validityInfo").as_map_mut().unwrap(), key) = value;
}

#[test]
fn refuses_dates_of_another_form() {
    let signed =
        |value: &str| World::mustermann().with_mso(|mso| set_date(mso, "signed", value)).rules();
    assert_eq!(signed("2024-09-30T13:50:00Z"), NONE);
    for digit in [
        "2024-09-30T13:50:0+Z",
        "2024-09-30T13:50:0AZ",
        "2024-09-30T13:50:0 Z",
        "2024-09-30T13:50:0:Z",
    ] {
        assert_eq!(signed(digit), ["bus range"], "{digit}");
    }
    for form in [
        "2024-09-30t13:50:00Z",
        "2024-09-30T13:50:00z",
        "2024-09-30T13:50:00",
        "2024-09-30T13:50:00.Z",
        "2024-09-30T13:50:00.+00:00",
        "2024-09-30T13:50:00.1234567890Z",
        "2024-09-30T13:50:00.1234567890+00:00",
        "2024-09-30T13:50:00.5",
        "2024-09-30T13:50:00.5+01:00",
        "2024-09-30T13:50:00+01:00",
        "2024-09-30T13:50:00-00:00",
        "2024-09-30T13:50:00+00:01",
        "2024-09-30T13:50:00+0000",
        "2024-09-30T13:50:00Z+00:00",
        "2024-09-30T13:50:00ZZ",
        "2024-09-30T13:50:00,5Z",
        "2024-09-30T13:50:007Z",
        "2024-09-30T13:50Z",
    ] {
        let rules = signed(form);
        let found = |rule: &str| rules.iter().any(|broken| broken == rule);
        assert!(found("bus bytes") || found("bus field"), "{form}: {rules:?}");
    }
    let untagged = World::mustermann().with_mso(|mso| {
        *at(at(mso, "validityInfo").as_map_mut().unwrap(), "signed") =
            Value::Text("2024-09-30T13:50:00Z".into());
    });
    assert!(untagged.rules().contains(&"bus bytes".to_owned()));
}

/// The value of a slot under tag 0, as a date and time in UTC and as other text.
#[test]
fn refuses_dates_and_times_that_are_none() {
    let world = |text: &str| {
        let tdate = Value::Tag(0, Box::new(Value::Text(text.into())));
        World::mustermann().with_item(0, |item| *at(item, "elementValue") = tdate)
    };
    let kind = |text: &str| {
        let world = world(text);
        assert_eq!(world.rules(), NONE, "{text}");
        SlotValue::read(&world.value(&world.tree(), 0)).kind
    };
    for text in
        ["2024-09-30T13:50:00Z", "2024-09-30T13:50:00.5Z", "2024-09-30T13:50:00.123456789+00:00"]
    {
        assert_eq!(kind(text), ValueKind::DateTime);
    }
    for (like, other) in [
        ("2024-09-30T13:50:00+00:00", "2024-09-30T13:50:00+01:00"),
        ("2024-09-30T13:50:00+00:00", "2024-09-30T13:50:00-00:00"),
        ("2024-09-30T13:50:00.5Z", "2024-09-30T13:50:00,5Z"),
        ("2024-09-30T13:50:00Z", "2024-09-30T13:50:00z"),
        ("2024-09-30T13:50:00Z", "2024-09-30t13:50:00Z"),
        ("2024-09-30T13:50:00Z", "2024-09-30T13:50:0AZ"),
    ] {
        assert_eq!(kind(other), ValueKind::Text);
        // The text table of the date and time, in a document whose value is other text. The values
        // chip claims that this text is a date and time.
        let mut tables = world(other).tables();
        tables.traces[TEXT] = world(like).tables().traces[TEXT].clone();
        let [position, length] =
            world(other).tree().field(field::element_value(0, ValueKind::Text)).unwrap();
        let partner = tables.partner();
        partner.send(FIELD, &[field::date_time(0), position, length]);
        let trace = partner.trace();
        *tables.traces.last_mut().unwrap() = trace;
        assert_eq!(tables.rules(), ["bus bytes"], "{other}");
    }
}

/// Keys that occur twice. The first occurrence is claimed, so the second is an unclaimed key that
/// equals an asked key.
#[test]
fn refuses_duplicate_keys() {
    let mso = |change: fn(&mut Vec<(Value, Value)>)| World::mustermann().with_mso(change).rules();
    let duplicate = |map: &mut Vec<(Value, Value)>| map.push((map[0].0.clone(), Value::Null));
    assert_eq!(mso(duplicate), ["keys/distinct"]);
    for map in ["valueDigests", "deviceKeyInfo", "validityInfo"] {
        let rules = World::mustermann()
            .with_mso(|mso| duplicate(at(mso, map).as_map_mut().unwrap()))
            .rules();
        assert_eq!(rules, ["keys/distinct"], "{map}");
    }
    for label in 0..4 {
        let rules = World::mustermann().with_mso(|mso| {
            let key = at(at(mso, "deviceKeyInfo").as_map_mut().unwrap(), "deviceKey")
                .as_map_mut()
                .unwrap();
            key.push((key[label].0.clone(), Value::Null));
        });
        assert_eq!(rules.rules(), ["keys/distinct"], "label {label}");
    }
    // The other occurrence comes first and is claimed. Its value is not the one expected.
    let last = World::mustermann()
        .with_mso(|mso| mso.insert(0, (Value::Text("docType".into()), Value::Null)));
    assert!(last.rules().contains(&"bus bytes".to_owned()));

    // Both occurrences are claimed.
    let world = World::mustermann().with_mso(|mso| mso.push(mso[0].clone()));
    let both = world.rules_of(|tree| {
        let second = other_key(tree, state::MSO);
        let (key, value) = tree.items[second..].split_at_mut(1);
        assert_eq!(key[0].argument, "version".len() as u64);
        claim(&mut key[0], text::VERSION);
        (value[0].state, value[0].number) = (text::VERSION, text::VERSION_VALUE);
        value[0].finding = Finding::Head;
    });
    assert_eq!(both, ["bus field"]);
}

/// Row of the first key in a map that is not asked for. The key is removed from the tree's list, so
/// that only the CBOR table knows it.
fn other_key(tree: &mut Tree, map: u64) -> usize {
    let row = tree
        .items
        .iter()
        .position(|item| (item.state, item.next) == (map, state::other(map)))
        .unwrap();
    let start = tree.items[row].content();
    tree.other_keys.retain(|key| key.start != start);
    row
}

/// Claims that a key is the given text.
fn claim(key: &mut Item, text: u64) {
    (key.number, key.next) = (text, text);
}

/// A key in an encoding that is longer than necessary is the same key.
#[test]
fn refuses_duplicate_keys_in_other_encodings() {
    let world =
        World::mustermann().with_mso(|mso| mso.push((Value::Text("abcdefg!".into()), Value::Null)));
    let longer = world.with(0, b"\x68abcdefg!", b"\x78\x07docType");
    assert_eq!(longer.rules(), ["keys/distinct"]);

    let add_label = |label: i32| {
        World::mustermann().with_mso(|mso| {
            let key = at(at(mso, "deviceKeyInfo").as_map_mut().unwrap(), "deviceKey")
                .as_map_mut()
                .unwrap();
            key.push((Value::Integer(label.into()), Value::Null));
        })
    };
    assert_eq!(add_label(100).rules(), NONE);
    assert_eq!(add_label(100).with(0, b"\x18\x64\xf6", b"\x18\x01\xf6").rules(), ["keys/distinct"]);
    assert_eq!(
        add_label(-100).with(0, b"\x38\x63\xf6", b"\x38\x01\xf6").rules(),
        ["keys/distinct"]
    );
    assert_eq!(
        add_label(100_000)
            .with(0, b"\x1a\x00\x01\x86\xa0\xf6", b"\x1a\x00\x00\x00\x01\xf6")
            .rules(),
        ["keys/distinct"]
    );
    // A label of eight bytes that is 1: the bytes of the label 2^40 are overwritten.
    let eight_bytes = World::mustermann().with_mso(|mso| {
        let key =
            at(at(mso, "deviceKeyInfo").as_map_mut().unwrap(), "deviceKey").as_map_mut().unwrap();
        key.push((Value::Integer((1u64 << 40).into()), Value::Null));
    });
    let long_one = eight_bytes.with(0, b"\x1b\0\0\x01\0\0\0\0\0", b"\x1b\0\0\0\0\0\0\0\x01");
    assert_eq!(long_one.rules(), ["keys/distinct"]);
    // It cannot hide either if it is read as one of the numbers that have no rule.
    let hidden = long_one.rules_of(|tree| {
        let label = item(tree, |item| item.is_long);
        (label.kind, label.reads, label.is_long) = (kind::UNSIGNED + kind::LONG, false, false);
        label.argument = 0x1b - label.kind;
    });
    assert!(hidden.contains(&"bus cbor_rule".to_owned()));
    // Numbers of 2^32 or more are not read, so they are refused.
    let eight = World::mustermann().with_mso(|mso| {
        let key =
            at(at(mso, "deviceKeyInfo").as_map_mut().unwrap(), "deviceKey").as_map_mut().unwrap();
        key.push((Value::Integer((1u64 << 40).into()), Value::Null));
    });
    assert_eq!(eight.rules(), ["bus cbor_rule"]);
}

#[test]
fn refuses_keys_at_another_depth() {
    let moved = World::mustermann().with_mso(|mso| {
        let at_key = mso.iter().position(|(key, _)| key.as_text() == Some("docType")).unwrap();
        let entry = mso.remove(at_key);
        at(mso, "deviceKeyInfo").as_map_mut().unwrap().push(entry);
    });
    // Nothing claims the key, and the text table looks for the texts in vain.
    assert_eq!(moved.rules(), ["bus bytes", "bus field"]);
    // The key is claimed where it stands.
    let claimed = moved.rules_of(|tree| {
        let row = other_key(tree, state::DEVICE_KEY_INFO);
        let (key, value) = tree.items[row..].split_at_mut(1);
        claim(&mut key[0], text::DOC_TYPE);
        (value[0].state, value[0].number) = (text::DOC_TYPE, text::DOC_TYPE_VALUE);
        value[0].finding = Finding::Head;
        let places =
            [(text::DOC_TYPE, key[0].content()), (text::DOC_TYPE_VALUE, value[0].content())];
        tree.texts.extend(places);
    });
    assert_eq!(claimed, ["bus cbor_rule"]);
}

/// A string that the issuer controls holds bytes that look like the wanted entry.
#[test]
fn refuses_look_alikes_in_strings() {
    let look_alike = b"\x67docType\x75org.iso.18013.5.1.mDL";
    let world = World::mustermann().with_mso(|mso| {
        *at(mso, "docType") = Value::Text("org.iso.18013.5.1.mDX".into());
        mso.push((Value::Text("x".into()), Value::Bytes(look_alike.to_vec())));
    });
    assert_eq!(world.rules(), ["bus bytes"]);
    let string = |item: &Item| item.state == state::other(state::MSO) && item.kind == kind::BYTES;
    // The text is said to stand inside the string, where there is no item.
    let inside = world.rules_of(|tree| {
        let start = item(tree, string).content();
        tree.texts.insert(text::DOC_TYPE_VALUE, start + 9);
    });
    assert_eq!(inside, ["bus field"]);
    // The item that takes the text is said to stand inside the string.
    let there = world.rules_of(|tree| {
        let start = item(tree, string).content() + 8;
        let value = item(tree, |item| item.number == text::DOC_TYPE_VALUE);
        (value.position, value.end) = (start, start + 22);
        tree.texts.insert(text::DOC_TYPE_VALUE, start + 1);
    });
    assert_eq!(there, ["bus cbor_open"]);
    // The string is read as a byte string that holds CBOR.
    let embedded = world.rules_of(|tree| {
        let string = item(tree, string);
        string.shape = Shape::Embedded;
    });
    assert!(embedded.contains(&"bus cbor_rule".to_owned()));
}

#[test]
fn refuses_items_out_of_their_bounds() {
    // The MSO's byte string is said to be one byte shorter than the map in it. If it is said to be
    // one byte longer, the document has no layout.
    let length = MUSTERMANN.facts().mso_bytes - 5;
    let says = |other: usize| {
        let head = |length: usize| [&b"\xd8\x18\x59"[..], &(length as u16).to_be_bytes()].concat();
        World::mustermann().with(0, &head(length), &head(other))
    };
    assert_eq!(says(length - 1).rules(), ["bus cbor_open"]);
    assert!(matches!(says(length + 1).try_tree(), Err(TreeError::Truncated { stream: 0, .. })));
    // A byte follows the root item.
    for stream in 0..3 {
        let mut world = World::mustermann();
        world.messages[stream].push(0);
        assert_eq!(world.rules(), ["bus cbor_open"]);
    }
    // An item that nothing opened stands past the end of the stream.
    let past = World::mustermann().rules_of(|tree| {
        let mut stray = *tree.items.last().unwrap();
        stray.position = STANDARD.stream_start(3) as u64 - 1;
        (stray.end, stray.initial) = (stray.position + 1, 0x80);
        tree.items.push(stray);
    });
    assert!(past.contains(&"bus cbor_open".to_owned()));
    // A string ends later and its siblings are moved, so that the identifier swallows the key
    // behind it.
    let split = World::mustermann().rules_of(|tree| {
        let identifier = item(tree, |item| item.number == text::element(0));
        identifier.end += 1;
    });
    assert_eq!(split, ["bus cbor_open", "cbor/string-end"]);
}

/// A sibling must stand behind its elder sibling.
#[test]
fn refuses_a_way_back() {
    let rules = World::mustermann().rules_of(|tree| {
        let map = item(tree, |item| item.shape == Shape::Map && item.remaining > 1);
        map.end = map.position;
    });
    assert_eq!(rules, ["bus cbor_open"]);
}

/// Two arrays of one child that are each other's child. The count that goes round falls, and the
/// places do not close the ring.
#[test]
fn refuses_a_ring() {
    let mut world = World::mustermann();
    world.messages[1].extend([0x81; 2]);
    let start = STANDARD.stream_start(1) as u64;
    let end = start + world.messages[1].len() as u64;
    let rules = |places: [[u64; 2]; 2]| {
        world.rules_of(|tree| {
            let row = tree.items.len() as u64;
            let mut array = *item(tree, |item| item.kind == kind::SIMPLE);
            (array.initial, array.kind, array.argument, array.shape) =
                (0x81, kind::ARRAY, 1, Shape::Array);
            (array.state, array.number, array.next) = (state::ANY, state::ANY, state::ANY);
            (array.finding, array.remaining) = (Finding::None, 1);
            for (place, parent) in places.into_iter().zip([row + 1, row]) {
                [array.position, array.end] = place;
                array.parent = parent;
                tree.items.push(array);
            }
        })
    };
    for places in [[[end - 2, end], [end - 1, end]], [[end - 2, end - 2], [end - 1, end - 2]]] {
        assert_eq!(rules(places), ["bus cbor_open"]);
    }
}

#[test]
fn binds_digests_to_namespace_and_digest_id() {
    let mut world = World::of(&ANNEX_D, &["family_name", "issue_date"]);
    assert_eq!(world.rules(), NONE);
    // The standard's example has digestIDs 0 to 3 in both namespaces, so the other namespace is
    // asked for too.
    world.subject.elements[1].namespace = "org.iso.18013.5.1.US".into();
    let tree = world.tree();
    let [_, digest_id] = tree.field(field::digest_id(1)).unwrap();
    let [here, there] = [0, 1].map(|namespace| tree.digest_position(namespace, digest_id).unwrap());
    assert_ne!(here, there);
    assert_eq!(world.rules(), NONE);
    let swapped = |namespace: u64, digest_id: u64, position: u64| {
        let mut tables = world.tables();
        tables.partner().send(DIGEST_AT, &[namespace, digest_id, position]);
        tables.rules()
    };
    assert_eq!(swapped(0, digest_id, here), NONE);
    assert_eq!(swapped(1, digest_id, there), NONE);
    assert_eq!(swapped(0, digest_id, there), ["bus digest_at"]);
    assert_eq!(swapped(1, digest_id, here), ["bus digest_at"]);
    assert_eq!(swapped(0, digest_id + 1, here), ["bus digest_at"]);
    assert_eq!(swapped(0, digest_id, here + 1), ["bus digest_at"]);
}

#[test]
fn refuses_another_namespace() {
    let mut world = World::mustermann();
    let other =
        ElementName { namespace: "org.iso.18013.5.1.aamva".into(), element: "age_over_18".into() };
    world.subject.elements[1] = other;
    // The item's digestID is not among those of that namespace.
    assert_eq!(world.rules(), ["bus digest_at"]);
    world.subject.elements[1].namespace = "org.iso.18013.5.2".into();
    assert_eq!(world.rules(), ["bus bytes", "bus digest_at", "bus field"]);
    // The map of the other namespace is read under the name of the asked one.
    let renamed = World::mustermann().rules_of(|tree| {
        let row = other_key(tree, state::VALUE_DIGESTS);
        claim(&mut tree.items[row], text::namespace(0));
        let content = tree.items[row].content();
        tree.texts.insert(text::namespace(0), content);
    });
    assert!(renamed.contains(&"bus field".to_owned()));
}

#[test]
fn refuses_a_digest_id_twice_in_a_namespace() {
    let rules = World::mustermann().with_mso(|mso| {
        let digests = at(mso, "valueDigests").as_map_mut().unwrap()[0].1.as_map_mut().unwrap();
        let mut again = digests[3].clone();
        again.1 = Value::Bytes(vec![7; 32]);
        digests.push(again);
    });
    assert_eq!(rules.rules(), ["bus range"]);
    let wide = |digest_id: u64| {
        World::mustermann()
            .with_mso(|mso| {
                let digests =
                    at(mso, "valueDigests").as_map_mut().unwrap()[0].1.as_map_mut().unwrap();
                digests.push((Value::Integer(digest_id.into()), Value::Bytes(vec![7; 32])));
            })
            .rules()
    };
    for digest_id in [(1 << 31) - 1, 1 << 31, (1 << 32) - 1] {
        assert_eq!(wide(digest_id), NONE, "{digest_id}");
    }
    assert!(wide(1 << 32).contains(&"bus cbor_rule".to_owned()));
}

/// A digest cannot stand as a key, because it would have no digestID.
#[test]
fn refuses_a_digest_in_place_of_a_key() {
    let world = World::mustermann().with_mso(|mso| {
        let digests = at(mso, "valueDigests").as_map_mut().unwrap()[0].1.as_map_mut().unwrap();
        digests.insert(0, (Value::Bytes(vec![7; 32]), Value::Integer(5.into())));
    });
    assert!(world.rules().contains(&"bus cbor_rule".to_owned()));
    let rules = world.rules_of(|tree| {
        let key = item(tree, |item| item.state == state::namespace(0));
        assert_eq!(key.kind, kind::BYTES);
        (key.state, key.number) = (state::digest(0), field::digest(0));
        (key.next, key.finding) = (state::namespace(0), Finding::Digest);
    });
    assert_eq!(
        rules,
        ["bus cbor_open", "bus cbor_rule", "bus range", "cbor/digest", "cbor/digest-id"]
    );
}

#[test]
fn refuses_wrong_items() {
    let item =
        |change: fn(&mut Vec<(Value, Value)>)| World::mustermann().with_item(0, change).rules();
    assert_eq!(item(|item| item.reverse()), NONE);
    assert_eq!(item(|item| *at(item, "random") = Value::Bytes(vec![1; 16])), NONE);
    assert_eq!(item(|item| *at(item, "random") = Value::Bytes(vec![1; 15])), ["bus range"]);
    assert_eq!(
        item(|item| *at(item, "random") = Value::Text("0123456789abcdef".into())),
        ["bus cbor_rule"]
    );
    assert_eq!(item(|item| *at(item, "digestID") = Value::Integer((-1).into())), ["bus cbor_rule"]);
    assert_eq!(
        item(|item| *at(item, "elementIdentifier") = Value::Text("birth_datf".into())),
        ["bus bytes"]
    );
    assert_eq!(
        item(|item| *at(item, "elementIdentifier") = Value::Text("birth_dat".into())),
        ["bus bytes", "bus field"]
    );
    // Five entries: the fifth has a new key or repeats one of the four. Then three entries.
    for extra in ["more", "elementValue"] {
        let five = World::mustermann()
            .with_item(0, |item| item.push((Value::Text(extra.into()), Value::Null)));
        assert_eq!(five.rules(), ["bus cbor_rule", "bus field"]);
    }
    let three = item(|item| item.retain(|(key, _)| key.as_text() != Some("random")));
    assert_eq!(three, ["bus bytes", "bus field", "bus range"]);
    // Four entries, one of whose keys occurs twice.
    let twice = item(|item| {
        let value =
            item.iter().find(|(key, _)| key.as_text() == Some("elementValue")).cloned().unwrap();
        item.retain(|(key, _)| key.as_text() != Some("random"));
        item.push(value);
    });
    assert!(twice.contains(&"bus field".to_owned()));
}

/// The item of each slot must be the one that is asked for there.
#[test]
fn refuses_items_in_each_others_slots() {
    let mut world = World::mustermann();
    world.messages.swap(1, 2);
    assert_eq!(world.rules(), ["bus bytes", "bus field"]);
}

#[test]
fn what_has_no_layout_is_a_typed_error() {
    let error = |world: World| world.try_tree().map(|tree| tree.items.len()).unwrap_err();
    let mut cut = World::mustermann();
    cut.messages[1].pop();
    assert!(matches!(error(cut), TreeError::Truncated { stream: 1, .. }));
    let mut empty = World::mustermann();
    empty.messages[2].clear();
    assert_eq!(error(empty), TreeError::Truncated { stream: 2, offset: 0 });
    let missing = World { messages: vec![], ..World::mustermann() };
    assert_eq!(error(missing), TreeError::Truncated { stream: 0, offset: 0 });
    for head in [0x5f, 0x7f, 0x9f, 0xbf, 0xff, 0x1c, 0x5b, 0xbb, 0xdb] {
        let mut world = World::mustermann();
        world.messages[1] = vec![head; 20];
        assert_eq!(error(world), TreeError::Head { stream: 1, offset: 0 }, "{head:x}");
    }
    let empty_key =
        World::mustermann().with_mso(|mso| mso.push((Value::Text(String::new()), Value::Null)));
    assert!(matches!(error(empty_key), TreeError::EmptyKey { stream: 0, .. }));

    let many = |items: usize| {
        World::mustermann().in_class(LARGE).with_mso(|mso| {
            mso.push((Value::Text("x".into()), Value::Array(vec![Value::Null; items])))
        })
    };
    let rest = many(0).tree().items.len();
    let room = CAPACITY - rest;
    assert_eq!(many(room).tree().items.len(), CAPACITY);
    assert_eq!(error(many(room + 1)), TreeError::TooManyItems { limit: CAPACITY });
    assert!(many(room + 1).messages[0].len() < LARGE.max_mso_bytes);
    assert_eq!(many(room).rules(), NONE);
}
