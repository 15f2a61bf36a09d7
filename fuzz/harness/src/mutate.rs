//! Structure-aware mutation of CBOR and JSON: an input is read as a tree, one or a few of its nodes
//! are changed, and the tree is written again.
//!
//! Byte strings that hold CBOR or JSON are part of the tree, as in an MSO inside a COSE payload
//! inside a document. Encodings that are not the shortest are lost on the way. Mutations of bytes,
//! which a fuzzer makes as well, keep them.

use std::sync::LazyLock;

use ciborium::Value;
use fastrand::Rng;

use crate::inputs::{Form, NESTED_BYTES, nested};

/// Names and numbers that documents, requests and messages give a meaning to.
const DICTIONARY: &str = include_str!("../../dictionary.txt");

/// Tags that stand in a tree for a byte string whose content is the tagged node. No input has them,
/// since [`parse`] refuses tags this large.
const HOLDS_CBOR: u64 = u64::MAX;
const HOLDS_JSON: u64 = u64::MAX - 1;

/// How deep a tree is read.
const DEPTH: usize = 64;

/// An input with one or a few of its nodes changed. Returns `None` for an input that is not in this
/// form, and for one that would become longer than `most_bytes`. The same seed makes the same
/// change.
#[must_use]
pub fn mutate(form: Form, input: &[u8], seed: u32, most_bytes: usize) -> Option<Vec<u8>> {
    let mut random = Rng::with_seed(u64::from(seed));
    let mut tree = read(form, input)?;
    for _ in 0..random.usize(1..=3) {
        let other = node(&tree, random.usize(0..count(&tree))).clone();
        let place = random.usize(0..count(&tree));
        change(node_mut(&mut tree, place), other, &mut random);
    }
    let written = write(tree)?;
    (written.len() <= most_bytes).then_some(written)
}

/// The input with a node replaced by values that nest as deep as a megabyte allows, for at most
/// `most` of its nodes and each way to nest.
pub fn nested_everywhere(form: Form, input: &[u8], most: usize) -> impl Iterator<Item = Vec<u8>> {
    let tree = read(form, input);
    let nodes = tree.as_ref().map_or(0, count);
    let places = (0..nodes).step_by(nodes.div_ceil(most).max(1));
    let around = places.filter_map(move |place| around_node(form, tree.clone()?, place));
    around.flat_map(move |(before, after)| {
        nested(form).into_iter().map(move |value| [&before[..], &value, &after].concat())
    })
}

/// What is before and behind a node when a tree is written, if the node were [`NESTED_BYTES`] long.
fn around_node(form: Form, mut tree: Value, place: usize) -> Option<(Vec<u8>, Vec<u8>)> {
    const FILLER: &str = "~";
    // A text stands for the node, as long as what will be there in its place.
    let quotes = if form == Form::Json { 2 } else { 5 };
    let text = FILLER.repeat(NESTED_BYTES - quotes);
    *node_mut(&mut tree, place) = Value::Text(text.clone());
    let written = match (form, tree) {
        // The node was the whole tree.
        (Form::Json, tree @ Value::Text(_)) => write_json(&tree)?,
        (_, tree) => write(tree)?,
    };
    let mut quoted = Vec::new();
    match form {
        Form::Json => serde_json::to_writer(&mut quoted, &text).ok()?,
        _ => ciborium::into_writer(&text, &mut quoted).ok()?,
    }
    let start = written.windows(quoted.len()).position(|window| window == quoted)?;
    Some((written[..start].to_vec(), written[start + quoted.len()..].to_vec()))
}

/// Reads an input as a tree. A tree of JSON is marked as such at its root.
fn read(form: Form, input: &[u8]) -> Option<Value> {
    match form {
        Form::Bytes => None,
        Form::Cbor => parse(input),
        // Some decoders take either.
        Form::Json => parse_json(input).or_else(|| parse(input)),
    }
}

/// Reads CBOR, and the CBOR and JSON in its byte strings.
fn parse(input: &[u8]) -> Option<Value> {
    let mut rest = input;
    let value = ciborium::de::from_reader_with_recursion_limit(&mut rest, DEPTH).ok()?;
    rest.is_empty().then(|| unfold(value)).flatten()
}

/// Reads JSON. The tree is marked as JSON at its root.
fn parse_json(input: &[u8]) -> Option<Value> {
    let json: serde_json::Value = serde_json::from_slice(input).ok()?;
    let tree = Value::serialized(&json).ok()?;
    Some(Value::Tag(HOLDS_JSON, Box::new(tree)))
}

/// Replaces byte strings by what they hold.
fn unfold(value: Value) -> Option<Value> {
    Some(match value {
        Value::Bytes(bytes) => match bytes.first() {
            // Arrays, maps and tags. Everything else is more likely to be a hash or a signature.
            Some(0x80..=0xdf) => match parse(&bytes) {
                Some(content) => Value::Tag(HOLDS_CBOR, Box::new(content)),
                None => Value::Bytes(bytes),
            },
            Some(b'{' | b'[') => parse_json(&bytes).unwrap_or(Value::Bytes(bytes)),
            _ => Value::Bytes(bytes),
        },
        Value::Array(items) => Value::Array(items.into_iter().map(unfold).collect::<Option<_>>()?),
        Value::Map(members) => {
            let pair = |(key, value)| Some((unfold(key)?, unfold(value)?));
            Value::Map(members.into_iter().map(pair).collect::<Option<_>>()?)
        }
        Value::Tag(HOLDS_CBOR | HOLDS_JSON, _) => return None,
        Value::Tag(tag, content) => Value::Tag(tag, Box::new(unfold(*content)?)),
        other => other,
    })
}

/// Writes a tree in the form in which it was read.
fn write(tree: Value) -> Option<Vec<u8>> {
    if let Value::Tag(HOLDS_JSON, content) = tree {
        return write_json(&content);
    }
    let mut written = Vec::new();
    ciborium::into_writer(&fold(tree)?, &mut written).ok()?;
    Some(written)
}

/// Writes a tree as JSON. Returns `None` if there is something in it that JSON does not have.
fn write_json(tree: &Value) -> Option<Vec<u8>> {
    serde_json::to_vec(&tree.deserialized::<serde_json::Value>().ok()?).ok()
}

/// The inverse of [`unfold`].
fn fold(value: Value) -> Option<Value> {
    Some(match value {
        Value::Tag(HOLDS_CBOR, content) => Value::Bytes(write(*content)?),
        Value::Tag(HOLDS_JSON, _) => Value::Bytes(write(value)?),
        Value::Tag(tag, content) => Value::Tag(tag, Box::new(fold(*content)?)),
        Value::Array(items) => Value::Array(items.into_iter().map(fold).collect::<Option<_>>()?),
        Value::Map(members) => {
            let pair = |(key, value)| Some((fold(key)?, fold(value)?));
            Value::Map(members.into_iter().map(pair).collect::<Option<_>>()?)
        }
        other => other,
    })
}

/// The number of nodes of a tree.
fn count(tree: &Value) -> usize {
    1 + match tree {
        Value::Array(items) => items.iter().map(count).sum(),
        Value::Map(members) => members.iter().map(|(key, value)| count(key) + count(value)).sum(),
        Value::Tag(_, content) => count(content),
        _ => 0,
    }
}

/// The node with this number, which is less than the [`count`] of nodes.
fn node(tree: &Value, mut number: usize) -> &Value {
    let children: Vec<&Value> = match tree {
        Value::Array(items) => items.iter().collect(),
        Value::Map(members) => members.iter().flat_map(|(key, value)| [key, value]).collect(),
        Value::Tag(_, content) => vec![content],
        _ => Vec::new(),
    };
    if number == 0 {
        return tree;
    }
    number -= 1;
    for child in children {
        let nodes = count(child);
        if number < nodes {
            return node(child, number);
        }
        number -= nodes;
    }
    tree
}

fn node_mut(tree: &mut Value, mut number: usize) -> &mut Value {
    if number == 0 {
        return tree;
    }
    number -= 1;
    let mut place = 0;
    for child in children_mut(tree) {
        let nodes = count(child);
        if number < nodes {
            break;
        }
        number -= nodes;
        place += 1;
    }
    match children_mut(tree).into_iter().nth(place) {
        Some(child) => node_mut(child, number),
        None => unreachable!("the number is less than the count of nodes"),
    }
}

fn children_mut(tree: &mut Value) -> Vec<&mut Value> {
    match tree {
        Value::Array(items) => items.iter_mut().collect(),
        Value::Map(members) => members.iter_mut().flat_map(|(key, value)| [key, value]).collect(),
        Value::Tag(_, content) => vec![content],
        _ => Vec::new(),
    }
}

/// Changes one node. `other` is another node of the same tree.
fn change(node: &mut Value, other: Value, random: &mut Rng) {
    match random.u8(0..8) {
        0 => *node = other,
        1 => *node = any_value(random),
        2 => wrap(node, random),
        _ => match node {
            Value::Integer(number) => *node = Value::from(near(i128::from(*number), random)),
            Value::Bytes(bytes) => change_bytes(bytes, random),
            Value::Text(text) => change_text(text, random),
            Value::Array(items) => change_list(items, other, random),
            Value::Map(members) => change_members(members, other, random),
            Value::Tag(HOLDS_CBOR | HOLDS_JSON, _) => *node = other,
            Value::Tag(tag, content) => match random.bool() {
                true => *tag = random.u64(0..70_000),
                false => *node = std::mem::replace(content, Value::Null),
            },
            _ => *node = any_value(random),
        },
    }
}

fn wrap(node: &mut Value, random: &mut Rng) {
    let content = std::mem::replace(node, Value::Null);
    *node = match random.u8(0..5) {
        0 => Value::Array(vec![content]),
        1 => Value::Map(vec![(any_value(random), content)]),
        2 => Value::Tag(24, Box::new(Value::Tag(HOLDS_CBOR, Box::new(content)))),
        3 => Value::Tag(HOLDS_CBOR, Box::new(content)),
        _ => Value::Tag(random.u64(0..300), Box::new(content)),
    };
}

fn any_value(random: &mut Rng) -> Value {
    match random.u8(0..9) {
        0 => Value::from(near(0, random)),
        1 => Value::Text(word(random).to_owned()),
        2 => Value::Bytes(std::iter::repeat_with(|| random.u8(..)).take(32).collect()),
        3 => Value::Bool(random.bool()),
        4 => Value::Null,
        5 => Value::Float(0.5),
        6 => Value::Array(Vec::new()),
        7 => Value::Map(Vec::new()),
        _ => Value::Bytes(Vec::new()),
    }
}

/// An integer at which something changes, or one next to the given one.
fn near(number: i128, random: &mut Rng) -> ciborium::value::Integer {
    let limits = [0, 23, 24, 255, 256, 65_535, 65_536, 1 << 31, 1 << 32, 1 << 53, 1 << 63, 1 << 64];
    let base = match random.bool() {
        true => number,
        false => limits[random.usize(0..limits.len())],
    };
    let sign = if random.u8(0..4) == 0 { -1 } else { 1 };
    let near = sign * (base + i128::from(random.i8(-1..=1)));
    near.try_into().unwrap_or_else(|_| 0.into())
}

fn change_bytes(bytes: &mut Vec<u8>, random: &mut Rng) {
    if bytes.is_empty() {
        return bytes.push(random.u8(..));
    }
    let place = random.usize(0..bytes.len());
    match random.u8(0..6) {
        0 => bytes[place] ^= 1 << random.u8(0..8),
        1 => bytes[place] = random.u8(..),
        2 => bytes.truncate(place),
        3 => bytes.insert(place, random.u8(..)),
        4 => drop(bytes.remove(place)),
        // A word of 8 bytes, such as an element of the field 2^64 - 2^32 + 1.
        _ => {
            const WORDS: [u64; 5] = [0, 1, 0xffff_ffff_0000_0000, 0xffff_ffff_0000_0001, u64::MAX];
            let start = place & !7;
            let word = WORDS[random.usize(0..WORDS.len())].to_le_bytes();
            for (byte, new) in bytes.iter_mut().skip(start).zip(word) {
                *byte = new;
            }
        }
    }
}

fn change_text(text: &mut String, random: &mut Rng) {
    let characters = text.chars().count();
    let place = text.char_indices().nth(random.usize(0..=characters)).map_or(text.len(), |it| it.0);
    match random.u8(0..5) {
        0 => *text = word(random).to_owned(),
        1 => text.truncate(place),
        2 => text.insert(place, random.char(..)),
        3 => text.insert(place, char::from(random.u8(b'0'..=b'9'))),
        _ => *text = text.repeat(random.usize(0..4)),
    }
}

fn change_list(items: &mut Vec<Value>, other: Value, random: &mut Rng) {
    if items.is_empty() {
        return items.push(other);
    }
    let (place, second) = (random.usize(0..items.len()), random.usize(0..items.len()));
    match random.u8(0..5) {
        0 => drop(items.remove(place)),
        1 => items.insert(place, items[place].clone()),
        2 => items.swap(place, second),
        3 => items.insert(place, other),
        _ => items.truncate(place),
    }
}

fn change_members(members: &mut Vec<(Value, Value)>, other: Value, random: &mut Rng) {
    if members.is_empty() {
        return members.push((Value::Text(word(random).to_owned()), other));
    }
    let (place, second) = (random.usize(0..members.len()), random.usize(0..members.len()));
    match random.u8(0..6) {
        0 => drop(members.remove(place)),
        1 => members.insert(place, members[place].clone()),
        2 => members.swap(place, second),
        3 => members[place].0 = Value::Text(word(random).to_owned()),
        4 => members[place].1 = other,
        _ => members.push((Value::Text(word(random).to_owned()), other)),
    }
}

/// A word of the dictionary. Words with escaped bytes are for DER, which is not mutated here.
fn word(random: &mut Rng) -> &'static str {
    static WORDS: LazyLock<Vec<&str>> = LazyLock::new(|| {
        let words = DICTIONARY.lines().filter_map(|line| line.strip_prefix('"')?.strip_suffix('"'));
        words.filter(|word| !word.contains('\\')).collect()
    });
    random.choice(WORDS.iter()).copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tree_is_written_as_it_was_read() {
        let item = b"\xa2\x61a\xd8\x18\x43\xa1\x01\x02\x61b\x43\x01\x02\x03";
        let tree = parse(item).unwrap();
        assert_eq!(count(&tree), 9);
        assert_eq!(write(tree).unwrap(), item);

        let json = b"{\"a\":[1,null],\"b\":{\"c\":\"d\"}}";
        let Some(Value::Tag(HOLDS_JSON, content)) = parse_json(json) else { panic!() };
        assert_eq!(write_json(&content).unwrap(), json);
    }

    #[test]
    fn a_node_is_replaced_by_a_nested_one() {
        let item = b"\xa1\x61a\x43\xa1\x01\x02";
        let inputs: Vec<_> = nested_everywhere(Form::Cbor, item, 100).collect();
        assert_eq!(inputs.len(), 6 * 5);
        // The innermost node, nested in arrays.
        let deepest = &inputs[5 * 5];
        assert!(deepest.starts_with(b"\xa1\x61a\x5a\x00\x0e\xa6\x03\xa1\x01\x81\x81"));
        let json: Vec<_> = nested_everywhere(Form::Json, br#"{"a":1}"#, 100).collect();
        assert!(json[2 * 3].starts_with(br#"{"a":[[["#), "{:?}", json[2 * 3].first_chunk::<9>());
    }

    #[test]
    fn every_node_can_be_reached() {
        let mut tree = parse(b"\xa2\x61a\xd8\x18\x43\xa1\x01\x02\x61b\x43\x01\x02\x03").unwrap();
        let nodes = count(&tree);
        let found: Vec<_> = (0..nodes).map(|number| node(&tree, number).clone()).collect();
        for (number, expected) in found.iter().enumerate() {
            assert_eq!(node_mut(&mut tree, number), expected);
        }
    }
}
