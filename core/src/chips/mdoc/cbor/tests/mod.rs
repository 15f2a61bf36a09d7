//! What the CBOR, text and keys tables accept of real documents, and that each rule and each cell
//! of the CBOR table is needed.

mod links;

use ciborium::Value;
use p3_field::PrimeField64;
use sha2::{Digest as _, Sha256};
use velum_stark::air::check;
use velum_stark::air::testing::{Watch, broken_constraints};
use velum_testdata::{CASES, Case};

use super::fixture::*;
use super::*;
use crate::chips::buses::{date, field};
use crate::chips::mdoc::grammar::{Finding, Shape, kind, state, text};
use crate::class::{CLASSES, LARGE, STANDARD};

const NONE: [&str; 0] = [];

/// Up to four elements of a case's request.
fn requested(case: &Case) -> World {
    let request: serde_json::Value = serde_json::from_str(case.request).unwrap();
    let predicates = request["predicates"].as_array().unwrap().iter();
    let mut elements: Vec<_> =
        predicates.map(|predicate| predicate["element"].as_str().unwrap()).collect();
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
fn finds_what_the_documents_are_known_to_hold() {
    for case in &CASES {
        let (world, facts) = (requested(case), case.facts());
        let (tree, streams) = (world.tree(), world.streams());
        let bytes = |start: u64, length: u64| -> Vec<u8> {
            (start..start + length).map(|position| streams.byte(position as usize)).collect()
        };
        let dates = [facts.validity.signed, facts.validity.valid_from, facts.validity.valid_until];
        for (number, known) in
            [date::SIGNED, date::VALID_FROM, date::VALID_UNTIL].into_iter().zip(dates)
        {
            let known = known.strip_suffix("+00:00").unwrap().replace(['-', 'T', ':'], "");
            assert_eq!(
                world.date(&tree, number),
                F::from_u64(known.parse().unwrap()),
                "{}",
                case.name
            );
        }
        for slot in 0..world.subject.elements.len() {
            let name = &world.subject.elements[slot];
            let item = facts.items.iter().find(|item| item.identifier == name.element).unwrap();
            let [_, digest_id] = tree.field(field::digest_id(slot)).unwrap();
            assert_eq!(digest_id, u64::from(item.digest_id));
            let namespace = world.subject.namespace_index(slot).unwrap();
            let digest = tree.digest_position(namespace, digest_id).unwrap();
            assert_eq!(
                bytes(digest, 32),
                Sha256::digest(&world.messages[1 + slot]).to_vec(),
                "{}",
                case.name
            );
            let encoding = world.value(&tree, slot);
            let value: Value = ciborium::from_reader(encoding.as_slice()).unwrap();
            match item.kind.as_str() {
                "text" => assert_eq!(value.as_text(), item.value.as_str()),
                "bool" => assert_eq!(value.as_bool(), item.value.as_bool()),
                "full_date" => assert_eq!(value.as_tag().unwrap().1.as_text(), item.value.as_str()),
                _ => assert_eq!(encode(&value), encoding),
            }
        }
    }
}

/// Longer heads make the MSO and the items longer, so the class is the large one. One byte of
/// argument is not enough for every string length in an MSO, so the lengths start at two bytes.
#[test]
fn heads_may_be_longer_than_needed() {
    for argument_bytes in [2, 4, 8] {
        let world = World::mustermann().in_class(LARGE).with_long_heads(argument_bytes);
        assert_eq!(world.tables_with_bytes().rules(), NONE, "{argument_bytes} bytes");
        let tree = world.tree();
        assert!(
            tree.items.iter().filter(|item| usize::from(item.length) == argument_bytes).count()
                > 60
        );
        assert_eq!(
            world.date(&tree, date::SIGNED),
            World::mustermann().date(&World::mustermann().tree(), date::SIGNED)
        );
    }
}

/// Changes one of the first four bytes of an argument of eight bytes.
#[test]
fn only_small_numbers_have_long_heads() {
    let world = World::mustermann().in_class(LARGE).with_long_heads(8);
    let digest_id = |tree: &Tree| {
        let row = tree.items.iter().position(|item| item.state == state::namespace(0)).unwrap();
        tree.items[row].position as usize
    };
    let tree = world.tree();
    let position = digest_id(&tree);
    for byte in 1..=4 {
        let mut other = world.clone();
        other.messages[0][position + byte] = 1;
        assert!(
            other.rules().contains(&"bus cbor_rule".to_owned()),
            "byte {byte} makes another kind of number"
        );
        let claimed = other.rules_of(|claimed| claimed.items.clone_from(&tree.items));
        assert!(claimed.contains(&"bus bytes".to_owned()), "byte {byte} is none of a small number");
    }
}

#[test]
fn rules_and_heads_fit_and_differ() {
    for class in CLASSES {
        let tuples: Vec<_> = provided(&class).collect();
        assert!(tuples.len() <= CAPACITY);
        assert_eq!(tuples.iter().collect::<std::collections::HashSet<_>>().len(), tuples.len());
    }
}

/// Every constraint is the only one broken by some row of cells, while all other tables comply.
#[test]
fn every_constraint_is_needed() {
    use column::*;
    let world =
        World::mustermann().with_mso(|mso| mso.push((Value::Text("other".into()), Value::Null)));
    let tree = world.tree();
    let trace = CborChip::new(STANDARD).trace(&tree);
    let broken = |row: usize, cells: &[(usize, i64)]| {
        let mut forged = trace.clone();
        for &(column, value) in cells {
            forged.set(row, column, F::from_i64(value));
        }
        broken_constraints(CborChip::new(STANDARD), &forged)
    };
    let row_of = |find: &dyn Fn(&Item) -> bool| tree.items.iter().position(find).unwrap();
    let changed = |row: usize, changes: &[(usize, i64)]| {
        let value = |column: usize| trace.get(row, column).as_canonical_u64() as i64;
        let cells: Vec<_> =
            changes.iter().map(|&(column, by)| (column, value(column) + by)).collect();
        broken(row, &cells)
    };
    assert_eq!(broken(0, &[]), NONE);

    let unused = tree.items.len();
    assert_eq!(broken(unused, &[(USED, 2)]), ["cbor/used"]);
    for column in [READS, LONG, SHAPE[0], FINDING[0]] {
        assert_eq!(broken(unused, &[(column, 1)]), ["cbor/unused"]);
    }

    let number = row_of(&|item| item.number == text::KTY_VALUE);
    assert_eq!(changed(number, &[(ARGUMENT, 1)]), ["cbor/immediate"]);
    assert_eq!(changed(number, &[(END, 1)]), ["cbor/head-end"]);
    let string = row_of(&|item| item.number == text::VERSION_VALUE);
    assert_eq!(changed(string, &[(END, 1)]), ["cbor/string-end"]);
    let embedded = row_of(&|item| item.shape == Shape::Embedded);
    assert_eq!(changed(embedded, &[(END, 1)]), ["cbor/string-end"]);

    let digest = row_of(&|item| item.finding == Finding::Digest);
    assert_eq!(changed(digest, &[(ARGUMENT, -1), (END, -1)]), ["cbor/digest"]);
    assert_eq!(changed(digest, &[(PARENT, 1)]), ["cbor/digest-id"]);
    assert_eq!(changed(digest, &[(POSITION, 1), (END, 1)]), ["cbor/digest-id"]);
    let no_item =
        [USED, READS, SHAPE[0], SHAPE[1], FINDING[0], FINDING[1]].map(|column| (column, 0));
    assert_eq!(broken(digest - 1, &no_item), ["cbor/digest-id"]);
    let no_row_above = [(READS, 1), (ARGUMENT, 32), (FINDING[0], 0), (FINDING[1], 1)];
    assert_eq!(broken(0, &no_row_above), ["cbor/digest-id"]);
}

/// The first item for which `find` holds.
fn item(tree: &mut Tree, find: impl Fn(&Item) -> bool) -> &mut Item {
    tree.items.iter_mut().find(|item| find(item)).unwrap()
}

#[test]
fn every_bus_is_needed() {
    let world =
        World::mustermann().with_mso(|mso| mso.push((Value::Text("other".into()), Value::Null)));
    let is_null = |item: &Item| item.state == state::other(state::MSO);
    let rules = |forge: fn(&mut Item)| world.rules_of(|tree| forge(item(tree, is_null)));
    // The byte is not the one that stands there.
    assert_eq!(rules(|item| (item.initial, item.argument) = (0xf5, 21)), ["bus bytes"]);
    // The kind is not the one that the byte says.
    assert_eq!(
        rules(|item| (item.kind, item.argument) = (kind::UNSIGNED, 0xf6)),
        ["bus cbor_rule"]
    );
    // The grammar does not give this number.
    assert_eq!(rules(|item| item.number += 1), ["bus cbor_rule"]);
    // One more sibling is said to come.
    assert_eq!(rules(|item| item.remaining += 1), ["bus cbor_open"]);

    // A map says that it ends later than its last child.
    let late = world.rules_of(|tree| item(tree, |item| item.number == state::DEVICE_KEY).end += 1);
    assert_eq!(late, ["bus cbor_open"]);
    // The argument is not what its two bytes make. Another table reads this string by its head
    // alone.
    let longer = world.rules_of(|tree| {
        let payload = item(tree, |item| item.number == state::PAYLOAD);
        (payload.argument, payload.end) = (payload.argument + 1, payload.end + 1);
    });
    assert_eq!(longer, ["bus bytes", "bus cbor_open"]);

    // A text is said to stand elsewhere than the CBOR table says. It has no bytes besides its head.
    let moved = world.rules_of(|tree| {
        let other = tree.text_start(text::CRV).unwrap();
        tree.texts.insert(text::CRV, other + 1_000_000);
    });
    assert_eq!(moved, ["bus field"]);

    // The partner swaps the coordinates.
    let mut tables = world.tables();
    for (_, fields, _) in
        tables.partner().tuples.iter_mut().filter(|(bus, ..)| *bus == FIELD).take(2)
    {
        fields[0] = F::from_u64(field::DEVICE_KEY_X + field::DEVICE_KEY_Y) - fields[0];
    }
    assert_eq!(tables.rules(), ["bus field"]);

    // The partner takes the date for another one.
    let mut tables = world.tables();
    for (_, fields, _) in
        tables.partner().tuples.iter_mut().filter(|(bus, ..)| bus.name == "date").take(1)
    {
        fields[1] += F::ONE;
    }
    assert_eq!(tables.rules(), ["bus date"]);
}

/// A document with a label that is not asked for.
fn with_label() -> World {
    World::mustermann().with_mso(|mso| {
        let key =
            at(at(mso, "deviceKeyInfo").as_map_mut().unwrap(), "deviceKey").as_map_mut().unwrap();
        key.push((Value::Integer(100.into()), Value::Null));
    })
}

#[test]
fn keys_table_takes_what_the_cbor_table_sends() {
    let world = with_label();
    let refill = |forge: fn(&mut Tree)| {
        let (mut tables, mut tree) = (world.tables(), world.tree());
        forge(&mut tree);
        tables.traces[KEYS] =
            crate::chips::mdoc::keys::KeysChip::new(&world.subject).trace(&tree).unwrap();
        tables.rules()
    };
    assert_eq!(refill(|_| {}), NONE);
    // Another label replaces the one that was found.
    let other_label = |tree: &mut Tree| {
        let label = tree.other_keys.iter_mut().find(|key| key.argument == 100).unwrap();
        (label.argument, label.code) = (101, 101);
    };
    assert_eq!(refill(other_label), ["bus field"]);
    // One entry is missing.
    let unused = |tree: &mut Tree| {
        let kept = [0, 1].map(|slot| tree.field(field::digest_id(slot)).unwrap()[1]);
        let is_kept = |row: usize| kept.contains(&tree.items[row - 1].argument);
        let is_digest = |row: &usize| tree.items[*row].finding == Finding::Digest;
        let row = (1..tree.items.len()).filter(is_digest).find(|&row| !is_kept(row)).unwrap();
        tree.items[row].finding = Finding::None;
    };
    assert_eq!(refill(unused), ["bus field"]);
    // The code is not the one that the bytes of the key have.
    assert_eq!(refill(|tree| tree.other_keys[0].code += 1), ["bus fingerprint"]);
}

/// Every change of a cell in a used row is noticed.
#[test]
fn every_cell_of_a_used_row_matters() {
    let world = with_label();
    let (tree, mut tables) = (world.tree(), world.tables());
    assert_eq!(tables.rules(), NONE);
    let watch = Watch::new(&tables.chips, &tables.traces, CBOR);
    for (row, item) in tree.items.iter().enumerate() {
        for column in 0..column::MULTIPLICITY {
            for change in [F::ONE, F::NEG_ONE, F::from_u64(1 << 40 | 12_345)] {
                assert!(watch.notices(row, column, change), "row {row}, column {column}: {item:?}");
            }
        }
    }
    tables.traces[CBOR].row_mut(3)[column::MULTIPLICITY] += F::ONE;
    assert_eq!(check(&tables.chips, &tables.traces).rules(), ["bus cbor_rule"]);
}
