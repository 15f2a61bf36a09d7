//! The grammar of the hashed streams: every place of interest, and every string expected on the way
//! to it.
//!
//! This module knows no table. The CBOR, text and keys tables follow it, and the links table opens
//! each stream in the state that it names.
//!
//! Stream 0 is the `Sig_structure` of a `COSE_Sign1` (RFC 9052, 4.4) over the tag-24
//! `MobileSecurityObject` (ISO/IEC 18013-5, 9.1.2.4). The other streams are tag-24
//! `IssuerSignedItem`s (9.1.2.5).
//!
//! The picture shows both kinds of streams in diagnostic notation (RFC 8949, 8), where `<< >>` is a
//! byte string that holds an item (RFC 8610, G.3). A name in capitals before a map is the state of
//! the map's keys. On the right are the tables that learn of the items in the line: T is text, K
//! keys, L links, V values and R record.
//!
//! ```text
//! stream 0, state root(0)
//!   [ "Signature1", << {1: -7 or -9} >>, h'', << 24( <<           T
//!     MSO { "version": "1.0", "digestAlgorithm": "SHA-256",       T
//!       "docType": as asked,                                      T
//!       "valueDigests": VALUE_DIGESTS {                           T
//!         asked namespace: { digestID: 32 bytes, ... },           T  K: digests, digestIDs
//!         other text: anything },                                    K
//!       "deviceKeyInfo": DEVICE_KEY_INFO {                        T
//!         "deviceKey": DEVICE_KEY { 1: 2, -1: 1, -2: x, -3: y,    T  R: x, y
//!           other integer: anything },                               K
//!         other text: anything },                                    K
//!       "validityInfo": VALIDITY_INFO {                           T
//!         "signed", "validFrom", "validUntil": 0(date) each,      T
//!         other text: anything },                                    K
//!       other text: anything } >> ) >> ]                             K
//!
//! stream 1 + slot, state root(1 + slot)
//!   24( << { "digestID": integer,                                 T  L: the integer
//!       "random": 16 bytes or more,                               T
//!       "elementIdentifier": as asked,                            T
//!       "elementValue": number, bytes or text, tagged or not      T  V: its head, and its tag
//!         or anything else } >> )                                    V: the whole value
//! ```
//!
//! The keys of each map may come in any order. Keys of other types may also stand in the maps of
//! the MSO, and no table learns of them. The map of an asked namespace and the map of an item have
//! no other keys. digestIDs, integer keys of `deviceKey` and numbers are integers whose argument is
//! below 2^32.
//!
//! # States
//!
//! A *state* says what may stand at a place. The [`Rule`] for a state and for the [`kind`] of the
//! item found there gives four things: the item's [`Shape`], the state of its first child, the
//! state of its next sibling, and what other tables learn of the item. In a map, keys and values
//! have states of their own, and the key gives the state of its value. Behind the last child, the
//! state is that of the first child again. An item that no rule names cannot occur. In the state
//! [`state::ANY`] any item may occur.
//!
//! States, texts and fields share one number space. An item has one number: it is the state of the
//! item's children and the number under which other tables learn of the item. Numbers that exist
//! once per slot have room for [`NUMBERED_SLOTS`](crate::class::NUMBERED_SLOTS). So have numbers
//! that exist once per namespace, of which there are never more than slots.
//!
//! # Order
//!
//! This file holds the numbers of states and texts. `rules` follows with the rules, and `strings`
//! with the expected strings.

mod rules;
mod strings;

pub(crate) use rules::{Finding, OTHER_KEYS, Rule, Shape, is_scalar, kind, rules};
pub use strings::SubjectError;
pub(crate) use strings::{ALGORITHMS, MIN_RANDOM_BYTES, Symbol, Text, Varies, fixed_keys, texts};

/// States, with two exceptions. The state of a value is the number of its key ([`text`]). The state
/// below an item that other tables learn of is the number of that item.
pub(crate) mod state {
    /// Anywhere below an item whose content is of no interest.
    pub(crate) const ANY: u64 = 1;
    /// In the payload of the `Sig_structure`, which is a byte string that holds the tag-24 MSO.
    pub(crate) const PAYLOAD: u64 = 2;
    /// In the byte string that holds the MSO.
    pub(crate) const MSO_BYTES: u64 = 3;
    /// A key of the MSO.
    pub(crate) const MSO: u64 = 4;
    /// A key of `valueDigests`.
    pub(crate) const VALUE_DIGESTS: u64 = 5;
    /// A key of `deviceKeyInfo`.
    pub(crate) const DEVICE_KEY_INFO: u64 = 6;
    /// A key of `deviceKeyInfo.deviceKey`, a COSE_Key.
    pub(crate) const DEVICE_KEY: u64 = 7;
    /// A key of `validityInfo`.
    pub(crate) const VALIDITY_INFO: u64 = 8;
    /// The protected header in the `Sig_structure`. The element before it has the number of the
    /// array as its state.
    pub(crate) const PROTECTED: u64 = 9;
    /// The external data in the `Sig_structure`.
    pub(crate) const EXTERNAL_AAD: u64 = 10;
    /// The payload in the `Sig_structure`.
    pub(crate) const SIGNED: u64 = 11;

    /// The item that makes up stream number `stream`.
    pub(crate) const fn root(stream: usize) -> u64 {
        240 + stream as u64
    }

    /// The value of a key of `map` that is not asked for.
    pub(crate) const fn other(map: u64) -> u64 {
        264 + map
    }

    /// A digestID in the `valueDigests` of the asked namespace with this index.
    pub(crate) const fn namespace(index: usize) -> u64 {
        288 + index as u64
    }

    /// The digest behind the digestID.
    pub(crate) const fn digest(index: usize) -> u64 {
        304 + index as u64
    }

    /// In the byte string that holds the item in `slot`.
    pub(crate) const fn item_bytes(slot: usize) -> u64 {
        320 + slot as u64
    }
}

/// Numbers of the expected strings.
pub(crate) mod text {
    /// Head of the `Sig_structure` array.
    pub(crate) const SIG_STRUCTURE: u64 = 16;
    /// `"Signature1"`.
    pub(crate) const SIGNATURE_1: u64 = 17;
    /// The protected header `{1: -7}` or `{1: -9}` in its byte string.
    pub(crate) const PROTECTED: u64 = 18;
    /// The empty external data.
    pub(crate) const EXTERNAL_AAD: u64 = 19;
    /// Head of tag 24 around the MSO.
    pub(crate) const MSO_TAG: u64 = 20;

    /// Key `version`.
    pub(crate) const VERSION: u64 = 21;
    /// Key `digestAlgorithm`.
    pub(crate) const DIGEST_ALGORITHM: u64 = 22;
    /// Key `docType`.
    pub(crate) const DOC_TYPE: u64 = 23;
    /// Key `valueDigests`.
    pub(crate) const VALUE_DIGESTS: u64 = 24;
    /// Key `deviceKeyInfo`.
    pub(crate) const DEVICE_KEY_INFO: u64 = 25;
    /// Key `validityInfo`.
    pub(crate) const VALIDITY_INFO: u64 = 26;
    /// Key `deviceKey`.
    pub(crate) const DEVICE_KEY: u64 = 27;
    /// Key `signed`.
    pub(crate) const SIGNED: u64 = 28;
    /// Key `validFrom`.
    pub(crate) const VALID_FROM: u64 = 29;
    /// Key `validUntil`.
    pub(crate) const VALID_UNTIL: u64 = 30;
    /// COSE_Key label 1, `kty`.
    pub(crate) const KTY: u64 = 31;
    /// COSE_Key label -1, `crv`.
    pub(crate) const CRV: u64 = 32;
    /// COSE_Key label -2, `x`.
    pub(crate) const X: u64 = 33;
    /// COSE_Key label -3, `y`.
    pub(crate) const Y: u64 = 34;

    /// `"1.0"`.
    pub(crate) const VERSION_VALUE: u64 = 35;
    /// `"SHA-256"`.
    pub(crate) const DIGEST_ALGORITHM_VALUE: u64 = 36;
    /// The asked docType.
    pub(crate) const DOC_TYPE_VALUE: u64 = 37;
    /// `2`, EC2.
    pub(crate) const KTY_VALUE: u64 = 38;
    /// `1`, P-256.
    pub(crate) const CRV_VALUE: u64 = 39;

    /// The text of a `tdate`, for a date numbered as on [`DATE`](crate::chips::buses::DATE).
    pub(crate) const fn date(date: u64) -> u64 {
        40 + date
    }

    /// The tag of that `tdate`.
    pub(crate) const fn date_tag(date: u64) -> u64 {
        44 + date
    }

    /// Key: the asked namespace with this index.
    pub(crate) const fn namespace(index: usize) -> u64 {
        48 + index as u64
    }

    /// Head of tag 24 around the item in `slot`.
    pub(crate) const fn item_tag(slot: usize) -> u64 {
        64 + 8 * slot as u64
    }

    /// Head of the map of four entries in `slot`.
    pub(crate) const fn item_map(slot: usize) -> u64 {
        item_tag(slot) + 1
    }

    /// Key `digestID` in `slot`.
    pub(crate) const fn digest_id(slot: usize) -> u64 {
        item_tag(slot) + 2
    }

    /// Key `random` in `slot`.
    pub(crate) const fn random(slot: usize) -> u64 {
        item_tag(slot) + 3
    }

    /// Key `elementIdentifier` in `slot`.
    pub(crate) const fn element_identifier(slot: usize) -> u64 {
        item_tag(slot) + 4
    }

    /// Key `elementValue` in `slot`.
    pub(crate) const fn element_value(slot: usize) -> u64 {
        item_tag(slot) + 5
    }

    /// The asked element identifier of `slot`.
    pub(crate) const fn element(slot: usize) -> u64 {
        item_tag(slot) + 6
    }

    /// The `random` of the item in `slot`.
    pub(crate) const fn random_value(slot: usize) -> u64 {
        item_tag(slot) + 7
    }
}

#[cfg(test)]
mod tests {
    use std::collections::{HashMap, HashSet};

    use super::*;
    use crate::chips::buses::{date, field};
    use crate::class::{CLASSES, LARGE, NUMBERED_SLOTS, STANDARD, SizeClass};
    use crate::statement::{ElementName, PublicKey, Subject};
    use crate::value::ValueKind;

    fn subject(class: SizeClass, elements: usize, name_bytes: usize) -> Subject {
        let name = |i: usize| "n".repeat(name_bytes - 1) + &i.to_string();
        Subject {
            suite: crate::suite::Suite::Direct,
            class,
            doc_type: "d".repeat(name_bytes),
            issuer: PublicKey { x: [0; 32], y: [0; 32] },
            elements: (0..elements)
                .map(|i| ElementName { namespace: name(i), element: name(i) })
                .collect(),
        }
    }

    #[test]
    fn no_two_places_have_one_number() {
        let per_slot = |numbers: &[fn(usize) -> u64]| {
            numbers.iter().flat_map(|number| (0..NUMBERED_SLOTS).map(number)).collect::<Vec<_>>()
        };
        let mut numbers = per_slot(&[
            field::digest_id,
            field::value_tag,
            field::date_time,
            field::digest,
            state::namespace,
            state::digest,
            state::item_bytes,
            text::namespace,
            text::item_tag,
            text::item_map,
            text::digest_id,
            text::random,
            text::element_identifier,
            text::element_value,
            text::element,
            text::random_value,
        ]);
        let kinds = [
            ValueKind::Unsigned,
            ValueKind::Encoded,
            ValueKind::Negative,
            ValueKind::Bytes,
            ValueKind::Text,
        ];
        for slot in 0..NUMBERED_SLOTS {
            numbers.extend(kinds.map(|kind| field::element_value(slot, kind)));
        }
        numbers.extend((0..=NUMBERED_SLOTS).map(state::root));
        numbers.extend([field::DEVICE_KEY_X, field::DEVICE_KEY_Y]);
        numbers.extend(OTHER_KEYS.map(|(_, _, number)| number));
        let mut maps = OTHER_KEYS.map(|(map, ..)| map).to_vec();
        maps.dedup();
        numbers.extend(maps.into_iter().map(state::other));
        numbers.extend(state::ANY..=state::SIGNED);
        numbers.extend(text::SIG_STRUCTURE..=text::CRV_VALUE);
        let dates = [date::SIGNED, date::VALID_FROM, date::VALID_UNTIL];
        numbers.extend(dates.into_iter().flat_map(|date| [text::date(date), text::date_tag(date)]));

        let of_slots: HashSet<_> = numbers.iter().collect();
        assert_eq!(of_slots.len(), numbers.len());
        assert!(!numbers.contains(&0));
        let digests = field::digest(0)..=field::digest(NUMBERED_SLOTS - 1);
        assert!(
            numbers.iter().all(|number| *number < field::digest(0) || digests.contains(number))
        );
        for rule in CLASSES.iter().flat_map(rules) {
            assert!(of_slots.contains(&rule.state) && of_slots.contains(&rule.number), "{rule:?}");
        }
    }

    #[test]
    fn every_state_is_led_to_and_none_is_of_two_places() {
        for class in CLASSES {
            let rules = rules(&class);
            let roots: Vec<_> = (0..class.streams()).map(state::root).collect();
            let mut first_children = HashSet::new();
            for rule in &rules {
                assert!(rules.iter().any(|other| other.state == rule.next), "{rule:?}");
                if rule.shape.has_children() {
                    assert!(rules.iter().any(|other| other.state == rule.number), "{rule:?}");
                    let place = rule.number != state::ANY && rule.finding != Finding::Item;
                    assert!(!place || first_children.insert(rule.number), "{rule:?}");
                }
                let leads = |other: &Rule| other.next == rule.state || other.number == rule.state;
                assert!(roots.contains(&rule.state) || rules.iter().any(leads), "{rule:?}");
            }
            assert!(rules.iter().all(|rule| rule.state != 0 && rule.number != 0));
        }
    }

    /// Only keys and the tag of a value have several rules for one state and kind. Each rule of a
    /// key leads to what the content of the key says. The tag of a value is found together with a
    /// scalar, or with everything under it.
    #[test]
    fn only_keys_and_the_tags_of_values_have_rules_to_choose_from() {
        for class in CLASSES {
            let rules = rules(&class);
            for rule in rules.iter().filter(|rule| !rule.is_key()) {
                let same = |other: &&Rule| (other.state, other.kind) == (rule.state, rule.kind);
                let same = rules.iter().filter(same).filter(|other| !other.is_key()).count();
                let is_value = (0..class.slots).any(|slot| rule.state == text::element_value(slot));
                assert_eq!(
                    same,
                    if is_value && rule.kind == kind::TAG { 2 } else { 1 },
                    "{rule:?}"
                );
            }
        }
    }

    #[test]
    fn every_finding_is_of_one_place() {
        for class in CLASSES {
            let mut places = HashMap::new();
            // A scalar has the same number with and without a tag.
            let is_tagged =
                |rule: &Rule| (0..class.slots).any(|slot| rule.state == field::value_tag(slot));
            let rules = rules(&class).into_iter();
            for rule in rules.filter(|rule| rule.finding != Finding::None && !is_tagged(rule)) {
                let place = places.entry(rule.number).or_insert((rule.state, rule.finding));
                assert_eq!(*place, (rule.state, rule.finding), "{rule:?}");
                assert_eq!(
                    rule.number >= field::digest(0),
                    rule.finding == Finding::Digest,
                    "{rule:?}"
                );
            }
            for text in texts(&subject(class, 1, 8)).unwrap() {
                let is_claimed = text.symbols.last() == Some(&Symbol::Claim);
                assert!(places.contains_key(&text.number) != is_claimed, "text {}", text.number);
            }
        }
    }

    /// Siblings and children lead each state to one container, so no place is reached at another
    /// depth.
    #[test]
    fn every_state_is_in_one_container() {
        for class in CLASSES {
            let rules = rules(&class);
            let mut containers = HashMap::new();
            let mut ahead: Vec<_> =
                (0..class.streams()).map(|stream| (state::root(stream), None)).collect();
            while let Some((state, container)) = ahead.pop() {
                if let Some(known) = containers.insert(state, container) {
                    assert_eq!(known, container, "state {state}");
                    continue;
                }
                for rule in rules.iter().filter(|rule| rule.state == state) {
                    ahead.push((rule.next, container));
                    if rule.shape.has_children() {
                        ahead.push((rule.number, Some(rule.number)));
                    }
                }
            }
            assert!(rules.iter().all(|rule| containers.contains_key(&rule.state)));
        }
    }

    #[test]
    fn capacities_do_not_depend_on_the_subject() {
        for class in CLASSES {
            let shape = |subject: &Subject| -> Vec<_> {
                let texts = texts(subject).unwrap();
                texts.iter().map(|text| (text.number, text.capacity, text.date)).collect()
            };
            assert_eq!(shape(&subject(class, 1, 1)), shape(&subject(class, class.slots, 64)));
            for text in texts(&subject(class, class.slots, 64)).unwrap() {
                assert_eq!(text.symbols.len().max(1), text.capacity);
            }
        }
    }

    #[test]
    fn limits_hold_at_and_one_over() {
        assert!(texts(&subject(STANDARD, 4, 64)).is_ok());
        assert_eq!(texts(&subject(LARGE, 0, 64)), Err(SubjectError::NoElements));
        let too_many = SubjectError::TooManyElements { elements: 9, class: "large", slots: 8 };
        assert_eq!(texts(&subject(LARGE, 9, 64)), Err(too_many));
        let too_long = SubjectError::NameTooLong { what: "the docType", length: 65 };
        assert_eq!(texts(&subject(LARGE, 1, 65)), Err(too_long));
    }

    #[test]
    fn texts_follow_their_standards() {
        let texts = texts(&subject(STANDARD, 1, 30)).unwrap();
        let find = |number| texts.iter().find(|text| text.number == number).unwrap();
        assert!(find(text::DOC_TYPE).is(7, b"docType"));
        assert!(
            !find(text::DOC_TYPE).is(7, b"docTypf") && !find(text::DOC_TYPE).is(8, b"docType!")
        );
        assert!(find(text::DOC_TYPE_VALUE).is(30, &[b'd'; 30]));
        assert!(!find(text::namespace(1)).is(0, b""));
        // The integer -3 has the argument 2.
        assert!(find(text::Y).is(2, b"") && !find(text::Y).is(3, b""));
        assert_eq!(
            find(text::date(date::SIGNED)).symbols.len(),
            b"YYYY-MM-DDTHH:MM:SS.123456789".len() + 3
        );
    }
}
