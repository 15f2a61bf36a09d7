//! What the CBOR, text and keys tables accept of real documents; each rule and each cell of the CBOR table.

mod links;

use ciborium::Value;
use sha2::{Digest as _, Sha256};
use velum_testdata::{CASES, Case};

use super::fixture::*;
use super::*;
use crate::air::check;
use crate::air::testing::{Watch, assert_degrees, broken_constraints};
use crate::chips::buses::{date, field};
use crate::chips::grammar::{path, text};
use crate::class::{LARGE, STANDARD};

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
    type Find<'a> = &'a dyn Fn(&Item) -> bool;
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
    let cases: [(&str, Find, Edit); 27] = [
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
