//! One hash for all commitments of a sealed auction, fixed before any of them is opened. It is the
//! root of the Merkle tree of RFC 6962, section 2.1, with SHA-256.
//!
//! A bidder that keeps the root and its path can show that its bid was included. A bid that came
//! after bids were opened has no path to this root.

use serde::{Deserialize, Serialize};
use velum_market_model::Hash;

/// One level of a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PathStep {
    /// The other child.
    pub sibling: Hash,
    /// Whether the other child is on the left.
    pub left: bool,
}

/// The root over the commitments, in the order in which they came.
#[must_use]
pub fn root_of(entries: &[Vec<u8>]) -> Hash {
    match entries {
        [] => Hash::of(&[]),
        [entry] => leaf(entry),
        _ => {
            let (left, right) = entries.split_at(left_of(entries.len()));
            node(&root_of(left), &root_of(right))
        }
    }
}

/// The path from an entry to the root, the lowest level first. It is empty if there is no such
/// entry, or if the entry is the only one.
#[must_use]
pub fn path_to(entries: &[Vec<u8>], place: usize) -> Vec<PathStep> {
    if entries.len() < 2 || place >= entries.len() {
        return Vec::new();
    }
    let middle = left_of(entries.len());
    let (left, right) = entries.split_at(middle);
    let (mut path, sibling, at_left) = if place < middle {
        (path_to(left, place), root_of(right), false)
    } else {
        (path_to(right, place - middle), root_of(left), true)
    };
    path.push(PathStep { sibling, left: at_left });
    path
}

/// The root that an entry and a path lead to.
#[must_use]
pub fn root_on(entry: &[u8], path: &[PathStep]) -> Hash {
    path.iter().fold(leaf(entry), |below, step| {
        if step.left { node(&step.sibling, &below) } else { node(&below, &step.sibling) }
    })
}

/// The largest power of two below a number above one.
fn left_of(count: usize) -> usize {
    count.div_ceil(2).next_power_of_two()
}

fn leaf(entry: &[u8]) -> Hash {
    Hash::of(&[&[0], entry])
}

fn node(left: &Hash, right: &Hash) -> Hash {
    Hash::of(&[&[1], &left.0, &right.0])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entries(count: usize) -> Vec<Vec<u8>> {
        (0..count).map(|place| vec![place as u8; place]).collect()
    }

    #[test]
    fn roots_are_those_of_the_standard() {
        assert_eq!(
            root_of(&[]).to_string(),
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
        );
        // The one entry is empty, as in the test vectors of certificate logs.
        assert_eq!(
            root_of(&entries(1)).to_string(),
            "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"
        );
        let [a, b, c] = [0, 1, 2].map(|place| leaf(&entries(3)[place]));
        assert_eq!(root_of(&entries(3)), node(&node(&a, &b), &c));
    }

    #[test]
    fn every_path_leads_to_the_root_from_its_entry_alone() {
        for count in 1..=9 {
            let entries = entries(count);
            let root = root_of(&entries);
            for place in 0..count {
                let path = path_to(&entries, place);
                assert_eq!(root_on(&entries[place], &path), root, "{place} of {count}");
                for other in (0..count).filter(|other| *other != place) {
                    assert_ne!(
                        root_on(&entries[other], &path),
                        root,
                        "{other} in place of {place} of {count}"
                    );
                }
                for level in 0..path.len() {
                    let mut turned = path.clone();
                    turned[level].left = !turned[level].left;
                    assert_ne!(root_on(&entries[place], &turned), root);
                }
            }
        }
    }
}
