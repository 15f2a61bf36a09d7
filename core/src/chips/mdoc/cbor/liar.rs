//! Trees of a prover that misreads a document: it claims keys, hides entries, and reads heads
//! wrongly.

use std::collections::{BTreeMap, HashMap};

use p3_field::{PrimeCharacteristicRing, PrimeField64};
use velum_stark::field::F;
use velum_testdata::random::Choices;

use super::CAPACITY;
use super::head::Head;
use super::tree::{Item, OtherKey, Tree};
use crate::chips::buses::root;
use crate::chips::common::fingerprint::fingerprint;
use crate::chips::common::streams::Streams;
use crate::chips::mdoc::grammar::{
    Finding, OTHER_KEYS, Rule, Shape, Text, kind, rules, state, texts,
};
use crate::statement::Subject;

/// Deepest nesting that the liar reads.
const MAX_DEPTH: usize = 100;

/// Reads streams honestly, except where it is told to lie.
struct Liar<'a> {
    streams: &'a Streams,
    rules: HashMap<u64, Vec<Rule>>,
    texts: BTreeMap<u64, Text>,
    /// Rules that are claimed for the items at these positions.
    claims: Vec<(u64, Rule)>,
    /// Positions of heads that are read in the other way.
    readings: Vec<u64>,
    tree: Tree,
}

/// The tree of a prover that lies about one thing and is otherwise as consistent as possible.
/// `None` if the streams have no layout.
pub(crate) fn lying_tree(
    subject: &Subject,
    streams: &Streams,
    honest: &Tree,
    choices: &mut Choices,
) -> Option<Tree> {
    let rules = rules(&subject.class);
    let mut liar = Liar {
        streams,
        rules: HashMap::new(),
        texts: texts(subject).ok()?.into_iter().map(|text| (text.number, text)).collect(),
        claims: Vec::new(),
        readings: Vec::new(),
        tree: Tree { items: Vec::new(), texts: BTreeMap::new(), other_keys: Vec::new() },
    };
    rules.iter().for_each(|rule| liar.rules.entry(rule.state).or_default().push(*rule));
    let items = &honest.items;
    let is_asked = |item: &&Item| item.finding == Finding::Head && item.next == item.number;
    let of_state = |state: u64| rules.iter().filter(move |rule| rule.state == state);
    match choices.below(4) {
        // One key is taken for another key of its map, or a key that is asked for is taken for one
        // that is not.
        0 | 1 => {
            let can_be = |item: &&Item| of_state(item.state).any(Rule::is_key);
            let item = pick(choices, items.iter().filter(can_be))?;
            let rule = pick(choices, of_state(item.state))?;
            liar.claims.push((item.position, rule.of_kind(item.kind)));
        }
        // A key occurs twice, in whatever encoding, and the prover claims the other occurrence.
        2 => {
            let key = pick(choices, items.iter().filter(is_asked))?;
            let others = items
                .iter()
                .filter(|item| item.state == key.state && item.position != key.position);
            let other = pick(choices, others)?;
            let rule = of_state(key.state).find(|rule| rule.number == key.number)?;
            liar.claims.push((other.position, rule.of_kind(other.kind)));
        }
        // An item is taken for an item of another place, or its head is read in the other way.
        _ => {
            let item = pick(choices, items.iter())?;
            if choices.below(2) == 0 {
                liar.readings.push(item.position);
            } else {
                let rule = pick(choices, rules.iter().filter(|rule| rule.kind == item.kind))?;
                liar.claims.push((item.position, *rule));
            }
        }
    }
    liar.read(subject.elements.len())
}

/// Changes a tree in a way that no reading of the streams would.
pub(crate) fn bend(tree: &mut Tree, choices: &mut Choices) -> Option<()> {
    let found: Vec<_> =
        (0..tree.items.len()).filter(|&row| tree.items[row].finding != Finding::None).collect();
    match choices.below(6) {
        // A text is said to stand where another item stands.
        0 => {
            let number = *pick(choices, tree.texts.keys())?;
            let start = pick(choices, tree.items.iter())?.content();
            tree.texts.insert(number, start);
        }
        // Two findings are exchanged: dates, digests, coordinates, values.
        1 => {
            let [a, b] = [pick(choices, found.iter())?, pick(choices, found.iter())?];
            let [number, other] = [*a, *b].map(|row| tree.items[row].number);
            (tree.items[*a].number, tree.items[*b].number) = (other, number);
        }
        // A number, length, count or place is changed.
        2 | 3 => {
            let row = *pick(choices, found.iter())?;
            let item = &mut tree.items[row];
            let by = *choices.pick(&[1, u64::MAX, 256, 1 << 31, 1 << 32]);
            match choices.below(4) {
                0 => item.argument = item.argument.wrapping_add(by),
                1 => item.end = item.end.wrapping_add(by),
                2 => item.position = item.position.wrapping_add(by),
                _ => item.argument %= 1 << 31,
            }
        }
        // A key that is not asked for is withheld from the table that compares it, or has another
        // code or argument there.
        4 => {
            let place = choices.below(tree.other_keys.len().max(1));
            let key = tree.other_keys.get_mut(place)?;
            match choices.below(3) {
                0 => key.code = (F::from_u64(key.code) + F::ONE).as_canonical_u64(),
                1 => key.argument += 1,
                _ => {
                    tree.other_keys.remove(place);
                }
            }
        }
        _ => hide_entry(tree, choices)?,
    }
    Some(())
}

/// Leaves out an entry of a map: the item before it is said to extend over it.
fn hide_entry(tree: &mut Tree, choices: &mut Choices) -> Option<()> {
    let items = &tree.items;
    let is_key = |row: &usize| {
        let item = &items[*row];
        let parent = items.get(item.parent as usize);
        parent.is_some_and(|map| map.shape == Shape::Map) && item.remaining.is_multiple_of(2)
    };
    let keys: Vec<_> = (0..items.len()).filter(is_key).collect();
    let key = *pick(choices, keys.iter())?;
    let parent = items[key].parent;
    let elder = (0..key).rev().find(|&row| items[row].parent == parent)?;
    let value = (key + 1..items.len()).find(|&row| items[row].parent == parent)?;
    let (start, end) = (items[key].position, items[value].end);
    let hidden: Vec<_> =
        (0..items.len()).filter(|&row| (start..end).contains(&items[row].position)).collect();
    let (first, count) = (*hidden.first()?, hidden.len());
    tree.items[elder].end = end;
    tree.items[parent as usize].argument -= 1;
    tree.items[..key]
        .iter_mut()
        .filter(|item| item.parent == parent)
        .for_each(|item| item.remaining -= 2);
    tree.items.drain(first..first + count);
    let behind = tree
        .items
        .iter_mut()
        .filter(|item| item.parent >= (first + count) as u64 && item.parent < root(0));
    behind.for_each(|item| item.parent -= count as u64);
    tree.other_keys.retain(|key| !(start..end).contains(&key.start));
    tree.texts.retain(|_, place| !(start..end).contains(place));
    Some(())
}

/// Picks one of the given items.
fn pick<T>(choices: &mut Choices, from: impl Iterator<Item = T> + Clone) -> Option<T> {
    let count = from.clone().count();
    from.clone().nth(choices.below(count.max(1)))
}

impl Liar<'_> {
    fn read(mut self, slots: usize) -> Option<Tree> {
        for stream in 0..=slots {
            let start = self.streams.class().stream_start(stream) as u64;
            self.item(
                stream,
                start,
                Place { parent: root(stream), remaining: 1, state: state::root(stream) },
                0,
            )?;
        }
        Some(self.tree)
    }

    /// Reads an item and its content. Returns its end and the state of the item that follows.
    fn item(
        &mut self,
        stream: usize,
        position: u64,
        place: Place,
        depth: usize,
    ) -> Option<(u64, u64)> {
        let row = self.tree.items.len();
        if row == CAPACITY || depth == MAX_DEPTH {
            return None;
        }
        let start = self.streams.class().stream_start(stream) as u64;
        let message = self.streams.message(stream);
        let (&initial, behind) = message.get((position - start) as usize..)?.split_first()?;
        let head = if self.readings.contains(&position) {
            Head::of(initial).last()?
        } else {
            Head::of(initial).find(|head| !head.is_long || behind.starts_with(&[0; 4]))?
        };
        let (argument_bytes, content) = behind.split_at_checked(head.length.into())?;
        let read = argument_bytes.iter().fold(0_u64, |value, &byte| value << 8 | u64::from(byte));
        let argument = if head.is_read { read } else { u64::from(initial) - head.kind };
        let is_string = matches!(head.kind, kind::BYTES | kind::TEXT);
        let content = content.get(..if is_string { argument as usize } else { 0 })?;
        let rule = self.rule(position, &place, head.kind, argument, content);
        let behind_head = position + 1 + u64::from(head.length);
        let mut item = Item {
            position,
            initial,
            kind: head.kind,
            length: head.length,
            reads: head.is_read,
            is_long: head.is_long,
            argument,
            end: behind_head + content.len() as u64,
            parent: place.parent,
            remaining: place.remaining,
            state: place.state,
            number: rule.number,
            next: rule.next,
            shape: rule.shape,
            finding: rule.finding,
        };
        self.note(&item, content);
        self.tree.items.push(item);
        let (mut at, mut state) = (behind_head, item.number);
        let mut remaining = item.shape.children(argument);
        while remaining > 0 {
            (at, state) =
                self.item(stream, at, Place { parent: row as u64, remaining, state }, depth + 1)?;
            remaining -= 1;
        }
        if !matches!(item.shape, Shape::Head | Shape::String | Shape::Embedded) {
            item.end = at;
            self.tree.items[row].end = at;
        }
        Some((item.end, item.next))
    }

    /// The rule that is claimed for the item, or else the right one. Keys that other items are
    /// claimed to be are not recognised.
    fn rule(&self, position: u64, place: &Place, kind: u64, argument: u64, content: &[u8]) -> Rule {
        if let Some((_, rule)) = self.claims.iter().find(|(at, _)| *at == position) {
            return *rule;
        }
        let is_asked = |rule: &&Rule| {
            let is_claimed = self.claims.iter().any(|(_, claim)| claim.number == rule.number);
            let is_free = !self.tree.texts.contains_key(&rule.number) && !is_claimed;
            is_free && self.texts.get(&rule.number).is_some_and(|text| text.is(argument, content))
        };
        let rules = self.rules.get(&place.state).map(Vec::as_slice).unwrap_or_default();
        let of_kind = || rules.iter().filter(|rule| rule.kind == kind);
        let rule = of_kind().filter(|rule| rule.is_key()).find(is_asked);
        let rule = rule.or_else(|| of_kind().find(|rule| !rule.is_key()));
        rule.copied().unwrap_or(Rule::inner(place.state, kind, state::ANY, place.state))
    }

    fn note(&mut self, item: &Item, content: &[u8]) {
        if item.finding != Finding::Head {
            return;
        }
        if self.texts.contains_key(&item.number) {
            self.tree.texts.entry(item.number).or_insert(item.content());
        }
        let Some((_, kind, _)) = OTHER_KEYS.iter().find(|(.., number)| *number == item.number)
        else {
            return;
        };
        let argument = F::from_u64(item.argument);
        let code = match *kind {
            kind::TEXT => fingerprint(content),
            kind::NEGATIVE => -argument - F::ONE,
            _ => argument,
        };
        let (number, start, code) = (item.number, item.content(), code.as_canonical_u64());
        self.tree.other_keys.push(OtherKey { number, start, argument: item.argument, code });
    }
}

/// The place where an item stands.
struct Place {
    parent: u64,
    remaining: u64,
    state: u64,
}
