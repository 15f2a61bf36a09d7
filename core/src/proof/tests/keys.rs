//! The hashes that are compiled in, and the constraint programs that they cover.

use std::collections::BTreeMap;

use velum_stark::VerifierKey;
use velum_stark::air::Chip;
use velum_stark::program::Cost;
use velum_stark::testing::program::assert_program_is_what_is_evaluated;

use crate::class::{CLASSES, SizeClass};
use crate::kind::ProofKind;
use crate::proof::keys::hash;
use crate::proof::verifier::key_chips;
use crate::suite::{SUITES, Suite};

/// Runs a check for every key. The checks make the keys from scratch.
fn for_every_key(mut check: impl Checks) {
    for &suite in SUITES {
        for class in CLASSES {
            let (credential, presentation) = key_chips(suite, class);
            check.key(suite, class, ProofKind::Credential, &credential);
            check.key(suite, class, ProofKind::Presentation, &presentation);
        }
    }
}

trait Checks {
    fn key<C: Chip>(&mut self, suite: Suite, class: SizeClass, kind: ProofKind, chips: &[C]);
}

fn key<C: Chip>(suite: Suite, class: SizeClass, kind: ProofKind, chips: &[C]) -> VerifierKey {
    VerifierKey::new(&suite.label(kind), suite.parameters(kind, &class), chips)
}

struct Pinned(Vec<String>, bool);

impl Checks for &mut Pinned {
    fn key<C: Chip>(&mut self, suite: Suite, class: SizeClass, kind: ProofKind, chips: &[C]) {
        let computed = *key(suite, class, kind, chips).hash();
        self.1 &= computed == hash(suite, class, kind);
        let (suite, class, hex) = (suite.name(), class.name, hex::encode(computed));
        self.0.push(format!(
            "    (\"{suite}\", \"{class}\", ProofKind::{kind:?}, bytes(\"{hex}\")),"
        ));
    }
}

#[test]
fn hashes_are_those_that_are_compiled_in() {
    let mut pinned = Pinned(Vec::new(), true);
    for_every_key(&mut pinned);
    assert!(
        pinned.1,
        "a key has changed: raise the version of its suite (Suite::version), say so in docs/compatibility.md, and pin in \
         core/src/proof/keys.rs:\n{}",
        pinned.0.join("\n")
    );
}

struct Programs;

impl Checks for Programs {
    fn key<C: Chip>(&mut self, suite: Suite, class: SizeClass, kind: ProofKind, chips: &[C]) {
        assert_program_is_what_is_evaluated(&key(suite, class, kind, chips), chips, 7);
    }
}

#[test]
fn programs_are_what_is_evaluated() {
    for_every_key(Programs);
}

/// Number of fractions on all rows of both proofs, by suite and class.
struct Denominators(BTreeMap<(&'static str, &'static str), usize>);

impl Checks for &mut Denominators {
    fn key<C: Chip>(&mut self, suite: Suite, class: SizeClass, kind: ProofKind, chips: &[C]) {
        let program = key(suite, class, kind, chips).program(chips);
        let count: usize =
            program.groups().iter().map(|group| group.fractions.len() << group.log_height).sum();
        *self.0.entry((suite.name(), class.name)).or_default() += count;
    }
}

/// Each denominator is zero for one challenge of the lookup argument in 2^128. It then reveals
/// something about the witness.
#[test]
fn denominators_are_as_few_as_zero_knowledge_counts() {
    let mut denominators = Denominators(BTreeMap::new());
    for_every_key(&mut denominators);
    assert_eq!(denominators.0.len(), SUITES.len() * CLASSES.len());
    let document = include_str!("../../../../docs/zero-knowledge.md");
    assert!(document.contains("fewer than 2^19.7 denominators in both proofs of any class"));
    for (of, count) in denominators.0 {
        assert!((count as f64) < 19.7_f64.exp2(), "{of:?}: {count}");
    }
}

struct Costs(Vec<String>);

impl Checks for &mut Costs {
    fn key<C: Chip>(&mut self, suite: Suite, class: SizeClass, kind: ProofKind, chips: &[C]) {
        if suite != Suite::Direct {
            return;
        }
        let program = key(suite, class, kind, chips).program(chips);
        let rules: Vec<_> = program.groups().iter().flat_map(|group| &group.rules).collect();
        let mut names: Vec<_> =
            rules.iter().map(|rule| rule.name.split('/').next().unwrap_or_default()).collect();
        names.sort_unstable();
        names.dedup();
        let mut row = |what: &str, rules: usize, Cost { nodes, multiplications, depth }: Cost| {
            let (class, kind) = (class.name, kind.name());
            self.0.push(format!(
                "| {kind} | {class} | {what} | {rules} | {nodes} | {multiplications} | {depth} |"
            ));
        };
        for name in names {
            let of_name = || rules.iter().filter(|rule| rule.name.split('/').next() == Some(name));
            row(
                &format!("`{name}`"),
                of_name().count(),
                program.cost_of(of_name().map(|rule| rule.node)),
            );
        }
        row("all, weighed and divided", rules.len(), program.cost());
    }
}

#[test]
fn the_costs_that_are_printed_are_those_of_the_programs() {
    let mut costs = Costs(Vec::new());
    for_every_key(&mut costs);
    let document = include_str!("../../../../docs/programs.md");
    let table = costs.0.join("\n");
    assert!(document.contains(&table), "docs/programs.md should have:\n{table}");
}
