//! What the CBOR, text and keys tables accept of real documents and refuse of others, link by link.

use ciborium::Value;
use sha2::{Digest as _, Sha256};
use velum_testdata::{ANNEX_D, CASES, Case, MUSTERMANN};

use super::fixture::*;
use super::*;
use crate::air::check;
use crate::air::testing::{Watch, assert_degrees, broken_constraints};
use crate::chips::buses::{DIGEST_AT, date, field};
use crate::chips::grammar::{path, text};
use crate::class::{LARGE, STANDARD};
use crate::statement::ElementName;

const NONE: [&str; 0] = [];

/// Up to four elements of a case's request.
fn requested(case: &Case) -> World {
    let request: serde_json::Value = serde_json::from_str(case.request).unwrap();
    let predicates = request["predicates"].as_array().unwrap().iter();
    let mut elements: Vec<_> = predicates.map(|predicate| predicate["element"].as_str().unwrap()).collect();
    elements.dedup();
    elements.truncate(STANDARD.slots);
    World::of(case, &elements)
}

#[test]
fn real_documents_satisfy_every_rule() {
    for case in &CASES {
        let world = requested(case);
        assert_eq!(world.tables_with_bytes().rules(), NONE, "{}", case.name);
        let large = world.in_class(LARGE);
        assert_eq!(large.tables_with_bytes().rules(), NONE, "{} in class large", case.name);
    }
}

#[test]
fn degrees_are_as_promised() {
    assert_degrees(&CborChip::new(STANDARD));
}

#[test]
fn finds_what_the_documents_are_known_to_hold() {
    for case in &CASES {
        let (world, facts) = (requested(case), case.facts());
        let (tree, streams) = (world.tree(), world.streams());
        let bytes = |start: u64, length: u64| -> Vec<u8> {
            (start..start + length).map(|position| streams.byte(position as usize)).collect()
        };
        let dates = [facts.validity.signed, facts.validity.valid_from, facts.validity.valid_until];
        for (number, known) in [date::SIGNED, date::VALID_FROM, date::VALID_UNTIL].into_iter().zip(dates) {
            let known = known.strip_suffix("+00:00").unwrap().replace(['-', 'T', ':'], "");
            assert_eq!(world.date(&tree, number), F::from_u64(known.parse().unwrap()), "{}", case.name);
        }
        for slot in 0..world.subject.elements.len() {
            let name = &world.subject.elements[slot];
            let item = facts.items.iter().find(|item| item.identifier == name.element).unwrap();
            let [digest_id, _] = found(&tree, field::digest_id(slot)).unwrap();
            assert_eq!(digest_id, u64::from(item.digest_id));
            let namespace = world.subject.namespace_index(slot).unwrap() as u64;
            let digest = digest_position(&tree, namespace, digest_id).unwrap();
            assert_eq!(
                bytes(digest, 32),
                Sha256::digest(&world.messages[1 + slot]).to_vec(),
                "{}",
                case.name
            );
            let [start, length] = found(&tree, field::element_value(slot)).unwrap();
            let value: Value = ciborium::from_reader(bytes(start, length).as_slice()).unwrap();
            match item.kind.as_str() {
                "text" => assert_eq!(value.as_text(), item.value.as_str()),
                "bool" => assert_eq!(value.as_bool(), item.value.as_bool()),
                "full_date" => assert_eq!(value.as_tag().unwrap().1.as_text(), item.value.as_str()),
                _ => assert_eq!(encode(&value).len() as u64, length),
            }
        }
    }
}

/// Every constraint is broken alone by some row of cells, all other tables complying.
#[test]
fn every_constraint_is_needed() {
    use column::*;
    type Edit = fn(&mut [F], &Item);
    const fn number(value: u64) -> F {
        F::new(value)
    }
    const ONE: F = F::ONE;
    const TWO: F = number(2);
    fn content(item: &Item) -> F {
        F::from_u64(item.content())
    }
    const LENGTHS: std::ops::Range<usize> = ARGUMENT_LENGTH..ARGUMENT_LENGTH + 4;
    const MAJOR_1: usize = MAJOR;
    const MAJOR_2: usize = MAJOR + 1;
    const MAJOR_3: usize = MAJOR + 2;
    const MAJOR_4: usize = MAJOR + 3;
    const MAJOR_5: usize = MAJOR + 4;
    const MAJOR_7: usize = MAJOR + 6;
    const MAP: usize = ROLE + Role::Map as usize - 1;
    const VALUE: usize = ROLE + Role::Value as usize - 1;

    let is_map = |item: &Item| item.role == Role::Map;
    let is_digest_key = |item: &Item| item.role == Role::DigestKey;
    let is_digest = |item: &Item| item.role == Role::Digest;
    let is_random = |item: &Item| item.role == Role::Random;
    let is_text = |item: &Item| item.role == Role::Text && item.major == 3 && item.more;
    let is_number = |item: &Item| item.role == Role::Text && item.major == 0;
    let is_label = |item: &Item| item.role == Role::LabelKey;
    let is_tag = |item: &Item| item.major == 6;
    let is_other = |item: &Item| item.role == Role::TextKey && !item.claims;
    let cases: [(&str, &dyn Fn(&Item) -> bool, Edit); 27] = [
        ("major", &is_number, |row, _| row[MAJOR_7] = number(5)),
        ("argument-length", &is_number, |row, _| {
            (row[LENGTHS.start], row[LENGTHS.start + 1]) = (TWO, -ONE);
        }),
        ("one-argument-length", &is_number, |row, item| {
            (row[LENGTHS.start], row[LENGTHS.start + 1]) = (ONE, ONE);
            row[END] = content(item) + number(3);
        }),
        ("has-child", &is_map, |row, item| {
            (row[HAS_CHILD], row[ARGUMENT], row[END]) = (TWO, F::ZERO, content(item));
        }),
        ("more", &is_text, |row, _| (row[MORE], row[REMAINING]) = (TWO, ONE)),
        ("claims", &is_other, |row, _| row[CLAIMS] = TWO),
        ("role", &is_map, |row, _| (row[MAP], row[VALUE]) = (TWO, -ONE)),
        ("one-role", &is_map, |row, _| row[VALUE] = ONE),
        ("eight-byte-argument", &is_text, |row, item| {
            row[LENGTHS].copy_from_slice(&[F::ZERO, F::ZERO, F::ZERO, ONE]);
            row[END] = F::from_u64(item.position + 9 + item.argument);
        }),
        ("leaf-child", &is_text, |row, _| row[HAS_CHILD] = ONE),
        ("embedded-child", &is_random, |row, _| row[HAS_CHILD] = ONE),
        ("tag-child", &is_tag, |row, item| (row[HAS_CHILD], row[END]) = (F::ZERO, content(item))),
        ("empty", &is_map, |row, item| (row[HAS_CHILD], row[END]) = (F::ZERO, content(item))),
        ("end", &is_text, |row, _| row[END] += ONE),
        ("last", &is_text, |row, _| row[MORE] = F::ZERO),
        ("may-claim", &is_map, |row, _| row[CLAIMS] = ONE),
        ("must-claim", &is_text, |row, _| row[CLAIMS] = F::ZERO),
        ("other-key", &is_other, |row, _| (row[DETAIL], row[NEXT]) = (number(99), number(99))),
        ("next-named", &is_label, |row, _| row[NEXT] += ONE),
        ("next-digest", &is_digest_key, |row, _| row[NEXT] += ONE),
        ("label", &is_label, |row, _| row[AUXILIARY] += ONE),
        ("map", &is_map, |row, _| (row[MAJOR_5], row[MAJOR_4]) = (F::ZERO, ONE)),
        ("byte-string", &is_random, |row, _| (row[MAJOR_2], row[MAJOR_3]) = (F::ZERO, ONE)),
        ("32-bytes", &is_digest, |row, item| {
            (row[ARGUMENT], row[END]) = (number(31), F::from_u64(item.end - 1));
        }),
        ("digest-id", &is_digest_key, |row, _| row[MAJOR_1] = ONE),
        ("short-number", &is_digest_key, |row, item| {
            row[LENGTHS].copy_from_slice(&[F::ZERO, F::ZERO, F::ZERO, ONE]);
            row[END] = F::from_u64(item.position + 9);
        }),
        ("digest-context", &is_digest, |row, _| row[AUXILIARY] += ONE),
    ];
    let world = World::mustermann().with_mso(|mso| mso.push((Value::Text("other".into()), Value::Null)));
    let tree = world.tree();
    let trace = CborChip::new(STANDARD).trace(&tree);
    assert_eq!(broken_constraints(CborChip::new(STANDARD), &trace), NONE);
    for (label, find, edit) in cases {
        let row = tree.items.iter().position(find).unwrap();
        let mut forged = trace.clone();
        edit(forged.row_mut(row), &tree.items[row]);
        assert_eq!(broken_constraints(CborChip::new(STANDARD), &forged), [format!("cbor/{label}")]);
    }

    let unused: [(&str, &[(usize, F)]); 2] = [
        ("used-more", &[(MORE, ONE), (REMAINING, ONE)]),
        // An item that counts twice on every bus: types 1 and 7 at once.
        (
            "used",
            &[
                (USED, TWO),
                (MAJOR_1, ONE),
                (MAJOR_7, ONE),
                (LENGTHS.start, ONE),
                (VALUE, ONE),
                (REMAINING, ONE),
                (END, TWO),
            ],
        ),
    ];
    for (label, cells) in unused {
        let mut forged = trace.clone();
        cells.iter().for_each(|&(column, value)| forged.set(tree.items.len(), column, value));
        assert_eq!(broken_constraints(CborChip::new(STANDARD), &forged), [format!("cbor/{label}")]);
    }
}

/// The first item that `find` holds for.
fn item(tree: &mut Tree, find: impl Fn(&Item) -> bool) -> &mut Item {
    tree.items.iter_mut().find(|item| find(item)).unwrap()
}

#[test]
fn every_bus_is_needed() {
    let world = World::mustermann();
    let is_label_value = |item: &Item| item.role == Role::Text && item.major == 0;
    let rules = |forge: fn(&mut Item)| world.rules_of(|tree| forge(item(tree, is_label_value)));
    // A byte behind the head, which nothing else reads.
    assert_eq!(rules(|item| item.head[4] ^= 1), ["bus head_bytes"]);
    // Another number than the head says.
    assert_eq!(rules(|item| item.argument += 1), ["bus cbor_head"]);
    // A sibling more to come.
    assert_eq!(rules(|item| item.remaining += 1), ["bus cbor_open"]);
    // A path that the grammar does not lead to.
    assert_eq!(rules(|item| item.path += 1), ["bus cbor_path"]);

    // The last child of a map says that it ends later than it does.
    let late = world.rules_of(|tree| {
        item(tree, |item| item.role == Role::Map && item.path == path::DEVICE_KEY).end += 1;
    });
    assert_eq!(late, ["bus cbor_close"]);

    // A text that stands elsewhere than the CBOR table says. The byte there is the same: `version` has version 1.0.
    let moved = world.rules_of(|tree| {
        let other = tree.text_start(text::CRV).unwrap();
        tree.texts.insert(text::CRV, other + 1_000_000);
    });
    assert_eq!(moved, ["bus byte", "bus text_at"]);

    // Coordinates swapped by the partner.
    let mut tables = world.tables();
    for (_, fields, _) in tables.partner().tuples.iter_mut().filter(|(bus, ..)| *bus == FIELD).take(2) {
        fields[0] = F::from_u64(field::DEVICE_KEY_X + field::DEVICE_KEY_Y) - fields[0];
    }
    assert_eq!(tables.rules(), ["bus field"]);

    // A date that the partner takes for another.
    let mut tables = world.tables();
    for (_, fields, _) in tables.partner().tuples.iter_mut().filter(|(bus, ..)| bus.name == "date").take(1) {
        fields[1] += F::ONE;
    }
    assert_eq!(tables.rules(), ["bus date"]);
}

#[test]
fn keys_table_takes_what_the_cbor_table_sends() {
    let world = World::mustermann();
    let refill = |forge: fn(&mut Tree)| {
        let (mut tables, mut tree) = (world.tables(), world.tree());
        forge(&mut tree);
        tables.traces[KEYS] = crate::chips::keys::KeysChip::new(&world.subject).trace(&tree).unwrap();
        tables.rules()
    };
    // Another namespace's key in place of the one found.
    assert_eq!(refill(|tree| item(tree, Item::is_other_key).auxiliary += 1), ["bus other_key"]);
    // An entry less.
    let unused = |tree: &mut Tree| {
        let [wanted, _] = found(tree, field::digest_id(0)).unwrap();
        let [also, _] = found(tree, field::digest_id(1)).unwrap();
        let kept = [wanted, also].map(|digest_id| context::DIGEST_ID + digest_id);
        item(tree, |item| item.role == Role::Digest && !kept.contains(&item.context)).role = Role::Any;
    };
    assert_eq!(refill(unused), ["bus digest_entry"]);
    // Another code than the bytes of the key have.
    assert_eq!(world.rules_of(|tree| item(tree, Item::is_other_key).auxiliary += 1), ["bus fingerprint"]);
}

#[test]
fn refuses_another_doc_type() {
    let asked = |doc_type: &str| {
        let mut world = World::mustermann();
        world.subject.doc_type = doc_type.to_owned();
        world.rules()
    };
    assert_eq!(asked("org.iso.18013.5.1.mDL"), NONE);
    for other in ["org.iso.18013.5.1.mDM", "org.iso.18013.5.1.mD", "org.iso.18013.5.1.mDL.", ""] {
        assert_eq!(asked(other), ["bus byte"], "{other:?}");
    }
}

#[test]
fn refuses_other_fixed_values() {
    let mso = |key: &str, value: Value| World::mustermann().with_mso(|mso| *at(mso, key) = value).rules();
    assert_eq!(mso("version", Value::Text("1.0".into())), NONE);
    assert_eq!(mso("version", Value::Text("1.1".into())), ["bus byte"]);
    assert_eq!(mso("digestAlgorithm", Value::Text("SHA-512".into())), ["bus byte"]);
    assert_eq!(mso("digestAlgorithm", Value::Text("SHA-2561".into())), ["bus byte"]);

    let bytes = |from: &[u8], to: &[u8]| World::mustermann().with(0, from, to).rules();
    // ES512 in the protected header, external data, five elements.
    assert_eq!(bytes(b"Signature1\x43\xa1\x01\x26", b"Signature1\x43\xa1\x01\x23"), ["bus byte"]);
    assert_eq!(bytes(b"Signature1", b"Signature2"), ["bus byte"]);
    // Tag 25 around the MSO.
    assert_eq!(bytes(b"\xd8\x18\x59", b"\xd8\x19\x59"), ["bus byte"]);
    let item = World::mustermann().with(1, b"\xd8\x18", b"\xd8\x19").rules();
    assert_eq!(item, ["bus byte"]);
    // OKP and P-384.
    assert_eq!(bytes(b"\xa4\x01\x02\x20\x01", b"\xa4\x01\x01\x20\x01"), ["bus byte"]);
    assert_eq!(bytes(b"\xa4\x01\x02\x20\x01", b"\xa4\x01\x02\x20\x02"), ["bus byte"]);
}

#[test]
fn refuses_dates_of_another_form() {
    let signed = |value: &str| {
        let value = Value::Tag(0, Box::new(Value::Text(value.to_owned())));
        World::mustermann()
            .with_mso(|mso| *at(at(mso, "validityInfo").as_map_mut().unwrap(), "signed") = value)
            .rules()
    };
    assert_eq!(signed("2024-09-30T13:50:00Z"), NONE);
    for digit in
        ["2024-09-30T13:50:0+Z", "2024-09-30T13:50:0AZ", "2024-09-30T13:50:0 Z", "2024-09-30T13:50:0:Z"]
    {
        assert_eq!(signed(digit), ["bus range"], "{digit}");
    }
    for form in
        ["2024-09-30t13:50:00Z", "2024-09-30T13:50:00z", "2024-09-30T13:50:00.0Z", "2024-09-30T13:50Z"]
    {
        assert!(signed(form).contains(&"bus byte".to_owned()), "{form}");
    }
    let untagged = World::mustermann().with_mso(|mso| {
        *at(at(mso, "validityInfo").as_map_mut().unwrap(), "signed") =
            Value::Text("2024-09-30T13:50:00Z".into());
    });
    assert!(untagged.rules().contains(&"bus byte".to_owned()));
}

/// Keys that stand twice: the first is taken, the other is one of those asked for.
#[test]
fn refuses_duplicate_keys() {
    let mso = |change: fn(&mut Vec<(Value, Value)>)| World::mustermann().with_mso(change).rules();
    let duplicate = |map: &mut Vec<(Value, Value)>| map.push((map[0].0.clone(), Value::Null));
    assert_eq!(mso(duplicate), ["keys/distinct"]);
    for map in ["valueDigests", "deviceKeyInfo", "validityInfo"] {
        let rules = World::mustermann().with_mso(|mso| duplicate(at(mso, map).as_map_mut().unwrap())).rules();
        assert_eq!(rules, ["keys/distinct"], "{map}");
    }
    for label in 0..4 {
        let rules = World::mustermann().with_mso(|mso| {
            let key = at(at(mso, "deviceKeyInfo").as_map_mut().unwrap(), "deviceKey").as_map_mut().unwrap();
            key.push((key[label].0.clone(), Value::Null));
        });
        assert_eq!(rules.rules(), ["keys/distinct"], "label {label}");
    }
    // The other one is taken: then the first is not asked for, but is.
    let last =
        World::mustermann().with_mso(|mso| mso.insert(0, (Value::Text("docType".into()), Value::Null)));
    assert!(last.rules().contains(&"bus byte".to_owned()));

    // Both are taken.
    let world = World::mustermann().with_mso(duplicate);
    let both = world.rules_of(|tree| {
        let (first, rule) = {
            let first = item(tree, |item| item.role == Role::TextKey && item.parent_path == path::MSO);
            (first.detail, text::VERSION_VALUE)
        };
        assert_eq!(first, text::VERSION);
        let second = tree.items.iter().position(Item::is_other_key).unwrap();
        let second = (second..tree.items.len())
            .find(|&row| tree.items[row].is_other_key() && tree.items[row].parent_path == path::MSO)
            .unwrap();
        let (key, value) = tree.items[second..].split_at_mut(1);
        (key[0].claims, key[0].detail, key[0].next) = (true, text::VERSION, text::VERSION);
        (value[0].context, value[0].role, value[0].detail) = (text::VERSION, Role::Text, rule);
        value[0].claims = true;
    });
    assert_eq!(both, ["bus text_at"]);
}

/// A key in a longer encoding than need be is the same key.
#[test]
fn refuses_duplicate_keys_in_other_encodings() {
    let world = World::mustermann().with_mso(|mso| mso.push((Value::Text("abcdefg!".into()), Value::Null)));
    let longer = world.with(0, b"\x68abcdefg!", b"\x78\x07docType");
    assert_eq!(longer.rules(), ["keys/distinct"]);

    let add_label = |label: i32| {
        World::mustermann().with_mso(|mso| {
            let key = at(at(mso, "deviceKeyInfo").as_map_mut().unwrap(), "deviceKey").as_map_mut().unwrap();
            key.push((Value::Integer(label.into()), Value::Null));
        })
    };
    assert_eq!(add_label(100).rules(), NONE);
    assert_eq!(add_label(100).with(0, b"\x18\x64\xf6", b"\x18\x01\xf6").rules(), ["keys/distinct"]);
    assert_eq!(add_label(-100).with(0, b"\x38\x63\xf6", b"\x38\x01\xf6").rules(), ["keys/distinct"]);
    // Eight bytes are not read, so they are refused.
    let eight = World::mustermann().with_mso(|mso| {
        let key = at(at(mso, "deviceKeyInfo").as_map_mut().unwrap(), "deviceKey").as_map_mut().unwrap();
        key.push((Value::Integer((1u64 << 40).into()), Value::Null));
    });
    assert_eq!(eight.rules(), ["cbor/short-number"]);
}

#[test]
fn refuses_keys_at_another_depth() {
    let moved = World::mustermann().with_mso(|mso| {
        let at_key = mso.iter().position(|(key, _)| key.as_text() == Some("docType")).unwrap();
        let entry = mso.remove(at_key);
        at(mso, "deviceKeyInfo").as_map_mut().unwrap().push(entry);
    });
    // Nobody claims the key; the texts are looked for in vain.
    assert_eq!(moved.rules(), ["bus byte", "bus text_at"]);
    // It is claimed where it stands.
    let claimed = moved.rules_of(|tree| {
        let row = tree
            .items
            .iter()
            .position(|item| item.is_other_key() && item.parent_path == path::DEVICE_KEY_INFO)
            .unwrap();
        let (key, value) = tree.items[row..].split_at_mut(1);
        (key[0].claims, key[0].detail, key[0].next) = (true, text::DOC_TYPE, text::DOC_TYPE);
        (value[0].context, value[0].role, value[0].detail) =
            (text::DOC_TYPE, Role::Text, text::DOC_TYPE_VALUE);
        value[0].claims = true;
        let places = [(text::DOC_TYPE, key[0].position), (text::DOC_TYPE_VALUE, value[0].position)];
        tree.texts.extend(places);
    });
    assert_eq!(claimed, ["bus cbor_path"]);
}

/// An issuer-controlled string holds bytes that look like the wanted entry.
#[test]
fn refuses_look_alikes_in_strings() {
    let look_alike = b"\x67docType\x75org.iso.18013.5.1.mDL";
    let world = World::mustermann().with_mso(|mso| {
        *at(mso, "docType") = Value::Text("org.iso.18013.5.1.mDX".into());
        mso.push((Value::Text("x".into()), Value::Bytes(look_alike.to_vec())));
    });
    assert_eq!(world.rules(), ["bus byte"]);
    let string = |item: &Item| item.parent_path == path::MSO && item.major == 2;
    // The text is said to stand in the string, where no item does.
    let inside = world.rules_of(|tree| {
        let start = item(tree, string).content();
        tree.texts.insert(text::DOC_TYPE_VALUE, start + 8);
    });
    assert_eq!(inside, ["bus text_at"]);
    // The item that takes the text is said to stand there.
    let there = world.rules_of(|tree| {
        let start = item(tree, string).content() + 8;
        let value = item(tree, |item| item.detail == text::DOC_TYPE_VALUE);
        (value.position, value.end) = (start, start + 22);
        value.head = *b"\x75org.";
        tree.texts.insert(text::DOC_TYPE_VALUE, start);
    });
    assert_eq!(there, ["bus cbor_open"]);
    // The string is read as one that holds CBOR.
    let embedded = world.rules_of(|tree| {
        let string = item(tree, string);
        (string.role, string.has_child) = (Role::Embedded, true);
    });
    assert!(embedded.contains(&"bus cbor_path".to_owned()));
}

#[test]
fn refuses_items_out_of_their_bounds() {
    // The MSO's byte string is said to be a byte shorter than the map in it; a byte longer has no layout.
    let length = MUSTERMANN.facts().mso_bytes - 5;
    let says = |other: usize| {
        let head = |length: usize| [&b"\xd8\x18\x59"[..], &(length as u16).to_be_bytes()].concat();
        World::mustermann().with(0, &head(length), &head(other))
    };
    assert_eq!(says(length - 1).rules(), ["bus cbor_close"]);
    assert!(matches!(says(length + 1).try_tree(), Err(TreeError::Truncated { stream: 0, .. })));
    // A byte behind the root item.
    for stream in 0..3 {
        let mut world = World::mustermann();
        world.messages[stream].push(0);
        assert_eq!(world.rules(), ["bus cbor_close"]);
    }
    // An item that nothing opened, past the end of the stream.
    let past = World::mustermann().rules_of(|tree| {
        let mut stray = *tree.items.last().unwrap();
        stray.position = STANDARD.stream_start(3) as u64 - 1;
        (stray.end, stray.head) = (stray.position + 1, [0x80, 0, 0, 0, 0]);
        tree.items.push(stray);
    });
    assert!(past.contains(&"bus cbor_open".to_owned()));
    // A string that ends later, the siblings behind it moved on: the identifier swallows the key after it.
    let split = World::mustermann().rules_of(|tree| {
        let identifier = item(tree, |item| item.detail == text::element(0));
        identifier.end += 1;
    });
    assert_eq!(split, ["bus cbor_open", "cbor/end"]);
}

/// Positions only grow: a sibling cannot stand before its elder.
#[test]
fn refuses_a_way_back() {
    let rules = World::mustermann().rules_of(|tree| {
        let map = tree.items.iter().position(|item| item.path == path::DEVICE_KEY).unwrap();
        assert!(!tree.items[map].more);
        let map = tree
            .items
            .iter_mut()
            .find(|item| item.path == path::VALIDITY_INFO || item.path == path::DEVICE_KEY_INFO);
        let map = map.filter(|item| item.more).unwrap();
        map.end = map.position;
    });
    assert!(rules.contains(&"bus range".to_owned()));
}

#[test]
fn binds_digests_to_namespace_and_digest_id() {
    let mut world = World::of(&ANNEX_D, &["family_name", "issue_date"]);
    assert_eq!(world.rules(), NONE);
    // The standard's example has digestIDs 0 to 3 in both namespaces: take the other namespace too.
    world.subject.elements[1].namespace = "org.iso.18013.5.1.US".into();
    let tree = world.tree();
    let [digest_id, _] = found(&tree, field::digest_id(1)).unwrap();
    let [here, there] = [0, 1].map(|namespace| digest_position(&tree, namespace, digest_id).unwrap());
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
    let other = ElementName { namespace: "org.iso.18013.5.1.aamva".into(), element: "age_over_18".into() };
    world.subject.elements[1] = other;
    // The digestID of the item is not among that namespace's.
    assert_eq!(world.rules(), ["bus digest_at"]);
    world.subject.elements[1].namespace = "org.iso.18013.5.2".into();
    assert_eq!(world.rules(), ["bus byte", "bus digest_at", "bus text_at"]);
    // The other namespace's map under the name of the asked one.
    let renamed = World::mustermann().rules_of(|tree| {
        let key = item(tree, |item| item.is_other_key() && item.parent_path == path::VALUE_DIGESTS);
        let position = key.position;
        (key.claims, key.detail, key.next) = (true, text::namespace(0), text::namespace(0));
        tree.texts.insert(text::namespace(0), position);
    });
    assert!(renamed.contains(&"bus byte".to_owned()));
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
                let digests = at(mso, "valueDigests").as_map_mut().unwrap()[0].1.as_map_mut().unwrap();
                digests.push((Value::Integer(digest_id.into()), Value::Bytes(vec![7; 32])));
            })
            .rules()
    };
    assert_eq!(wide((1 << 31) - 1), NONE);
    assert!(wide(1 << 31).contains(&"bus range".to_owned()));
    assert!(wide(1 << 32).contains(&"cbor/short-number".to_owned()));
}

/// A digest cannot stand as a key: it has no digestID.
#[test]
fn refuses_a_digest_in_place_of_a_key() {
    let world = World::mustermann().with_mso(|mso| {
        let digests = at(mso, "valueDigests").as_map_mut().unwrap()[0].1.as_map_mut().unwrap();
        digests.insert(0, (Value::Bytes(vec![7; 32]), Value::Integer(5.into())));
    });
    let rules = world.rules_of(|tree| {
        let key = item(tree, |item| item.role == Role::DigestKey);
        assert_eq!(key.major, 2);
        (key.role, key.next) = (Role::Digest, context::FIRST);
    });
    assert!(rules.contains(&"cbor/digest-context".to_owned()), "{rules:?}");
}

#[test]
fn refuses_wrong_items() {
    let item = |change: fn(&mut Vec<(Value, Value)>)| World::mustermann().with_item(0, change).rules();
    assert_eq!(item(|item| item.reverse()), NONE);
    assert_eq!(item(|item| *at(item, "random") = Value::Bytes(vec![1; 16])), NONE);
    assert_eq!(item(|item| *at(item, "random") = Value::Bytes(vec![1; 15])), ["bus range"]);
    assert_eq!(
        item(|item| *at(item, "random") = Value::Text("0123456789abcdef".into())),
        ["cbor/byte-string"]
    );
    assert_eq!(item(|item| *at(item, "digestID") = Value::Integer((-1).into())), ["cbor/digest-id"]);
    assert_eq!(item(|item| *at(item, "elementIdentifier") = Value::Text("birth_datf".into())), ["bus byte"]);
    assert_eq!(item(|item| *at(item, "elementIdentifier") = Value::Text("birth_dat".into())), ["bus byte"]);
    // Five entries, an own one or one of the four again; three entries.
    for extra in ["more", "elementValue"] {
        let five =
            World::mustermann().with_item(0, |item| item.push((Value::Text(extra.into()), Value::Null)));
        assert_eq!(five.rules(), ["bus byte", "bus cbor_path", "bus other_key"]);
    }
    let three = item(|item| item.retain(|(key, _)| key.as_text() != Some("random")));
    assert_eq!(three, ["bus byte", "bus text_at"]);
    // Four entries, one key twice.
    let twice = item(|item| {
        let value = item.iter().find(|(key, _)| key.as_text() == Some("elementValue")).cloned().unwrap();
        item.retain(|(key, _)| key.as_text() != Some("random"));
        item.push(value);
    });
    assert!(twice.contains(&"bus text_at".to_owned()));
}

/// Each slot's item is the one asked for there.
#[test]
fn refuses_items_in_each_others_slots() {
    let mut world = World::mustermann();
    world.messages.swap(1, 2);
    assert_eq!(world.rules(), ["bus byte"]);
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
    let empty_key = World::mustermann().with_mso(|mso| mso.push((Value::Text(String::new()), Value::Null)));
    assert!(matches!(error(empty_key), TreeError::EmptyKey { stream: 0, .. }));

    let many = |items: usize| {
        World::mustermann()
            .with_mso(|mso| mso.push((Value::Text("x".into()), Value::Array(vec![Value::Null; items]))))
    };
    let rest = many(0).tree().items.len();
    let limit = STANDARD.max_mso_bytes;
    let room = capacity(&STANDARD) - rest;
    assert_eq!(many(room).tree().items.len(), capacity(&STANDARD));
    assert_eq!(error(many(room + 1)), TreeError::TooManyItems { limit: capacity(&STANDARD) });
    assert!(many(room + 1).messages[0].len() < limit);
    assert_eq!(many(room).rules(), NONE);
}

/// Any cell of a row in use changed is noticed, but for those that the module lists as unread.
#[test]
fn every_cell_of_a_used_row_matters() {
    let world = World::mustermann().with_mso(|mso| {
        let key = at(at(mso, "deviceKeyInfo").as_map_mut().unwrap(), "deviceKey").as_map_mut().unwrap();
        key.push((Value::Integer(100.into()), Value::Null));
    });
    let (tree, mut tables) = (world.tree(), world.tables());
    assert_eq!(tables.rules(), NONE);
    let read = |item: &Item, column: usize| {
        column != column::AUXILIARY
            || item.is_other_key()
            || matches!(item.role, Role::LabelKey | Role::Digest)
    };
    let watch = Watch::new(&tables.chips, &tables.traces, CBOR);
    for (row, item) in tree.items.iter().enumerate() {
        for column in (0..column::RULE_MULTIPLICITY).filter(|&column| read(item, column)) {
            for change in [F::ONE, F::NEG_ONE, F::from_u64(1 << 40 | 12_345)] {
                assert!(watch.notices(row, column, change), "row {row}, column {column}: {item:?}");
            }
        }
    }
    tables.traces[CBOR].row_mut(3)[column::RULE_MULTIPLICITY] += F::ONE;
    assert_eq!(check(&tables.chips, &tables.traces).rules(), ["bus cbor_path"]);
}
