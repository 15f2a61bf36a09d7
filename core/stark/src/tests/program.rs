//! Tests the program of a key, and that the key's hash covers all of it.

use p3_field::PrimeCharacteristicRing;

use crate::VerifierKey;
use crate::air::{Bus, Chip, ChipBuilder};
use crate::field::F;
use crate::program::{Input, Node, Program};
use crate::testing::program::assert_program_is_what_is_evaluated;
use crate::testing::tiny::{TINY, chips, key};

#[test]
fn a_program_is_what_is_evaluated() {
    let (key, chips) = (key(), chips([3, 5]));
    (0..4).for_each(|seed| drop(assert_program_is_what_is_evaluated(key.verifier(), &chips, seed)));
}

#[test]
fn a_program_does_not_depend_on_the_statement() {
    let key = key();
    let programs = [[3, 5], [0, 1]].map(|start| key.verifier().program(&chips(start)));
    assert_eq!(programs[0], programs[1]);
    assert_eq!(programs[0].to_bytes(), programs[1].to_bytes());
}

#[test]
fn nodes_are_needed_distinct_and_in_order() {
    let Program { inputs, nodes, groups, composition } = key().verifier().program(&chips([3, 5]));
    let mut needed = vec![false; nodes.len()];
    needed[composition] = true;
    for group in &groups {
        group.rules.iter().for_each(|rule| needed[rule.node] = true);
        for fraction in &group.fractions {
            (needed[fraction.count], needed[fraction.denominator]) = (true, true);
        }
    }
    for (id, node) in nodes.iter().enumerate().rev() {
        assert!(needed[id], "node {id} is of no use");
        assert!(!nodes[..id].contains(node), "node {id} stands twice");
        if let Node::Op(_, a, b) = *node {
            assert!(a < id && b < id);
            (needed[a], needed[b]) = (true, true);
        }
    }
    let distinct: std::collections::BTreeSet<_> = inputs.iter().collect();
    assert_eq!(distinct.len(), inputs.len());
    assert!(
        inputs.contains(&Input::Alpha) && inputs.contains(&Input::InverseZerofier { group: 1 })
    );
    let names: Vec<_> =
        groups.iter().flat_map(|group| &group.rules).map(|rule| rule.name.as_str()).collect();
    for name in ["sequence/later", "accumulator/step", "batch/term+mask"] {
        assert!(names.contains(&name), "{name} of {names:?}");
    }
}

const BUS: Bus = Bus { name: "bus", width: 1 };
const OTHER: Bus = Bus { name: "other bus", width: 1 };

/// A table in which one thing differs from the usual.
struct But(&'static str);

impl Chip for But {
    fn name(&self) -> &'static str {
        if self.0 == "name" { "other" } else { "chip" }
    }

    fn height(&self) -> usize {
        if self.0 == "height" { 512 } else { 256 }
    }

    fn width(&self) -> usize {
        if self.0 == "width" { 3 } else { 2 }
    }

    fn fixed(&self) -> Vec<Vec<F>> {
        let mut column = F::zero_vec(self.height());
        column[usize::from(self.0 == "fixed column")] = F::ONE;
        vec![column]
    }

    fn public(&self) -> Vec<Vec<F>> {
        vec![F::zero_vec(self.height()); 1 + usize::from(self.0 == "public columns")]
    }

    fn eval<B: ChipBuilder>(&self, b: &mut B) {
        let is = |other| usize::from(self.0 == other);
        let cell = b.main(is("column"), is("offset") as i32);
        let selector = if self.0 == "selector" { b.first() } else { b.last() };
        let rule = selector * (cell - B::Expr::from_usize(3 + is("constant")));
        let fields = vec![b.main(is("field"), 0)];
        let count = b.fixed(0, 0) * F::from_usize(1 + is("count"));
        let bus = if self.0 == "bus" { OTHER } else { BUS };
        b.assert_zero(if self.0 == "label" { "other rule" } else { "rule" }, rule);
        b.interact(bus, fields, count, 1);
        if self.0 == "cell read" {
            b.assert_zero("another", b.main(1, 2) * b.fixed(0, 0));
        }
    }
}

#[test]
fn whatever_a_chip_states_changes_the_key() {
    let changes = "nothing|name|height|width|fixed column|public columns|column|offset|selector|constant|field|count|bus|label|cell read";
    let hash = |change| *VerifierKey::new("test", TINY, &[But(change)]).hash();
    let mut hashes: Vec<_> = changes.split('|').map(hash).collect();
    hashes.push(*VerifierKey::new("another label", TINY, &[But("nothing")]).hash());
    assert_eq!(hash("nothing"), hashes[0]);
    let count = hashes.len();
    hashes.sort_unstable();
    hashes.dedup();
    assert_eq!(hashes.len(), count);
}
