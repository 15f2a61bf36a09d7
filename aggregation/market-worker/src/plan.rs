//! The tasks that fold some presentations into one aggregate.

use std::cmp::Ordering::{Greater, Less};

use serde::{Deserialize, Serialize};
use thiserror::Error;
use velum_aggregate_verifier::{Digest, digest_from_bytes, digest_to_bytes, is_below};
use velum_aggregator::{Tree, wide};
use velum_credentials::limits;
use velum_market_model::{Hash, Profile, SizeClass};

use crate::prover::aggregate_profile;
use crate::task::{Input, Task, Work};

/// A presentation that is folded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Presentation {
    /// The hash of its statement.
    pub statement: Hash,
    /// The size class of its document.
    pub class: SizeClass,
    /// The blob of its submission.
    pub submission: Hash,
}

/// All tasks of an aggregate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// The tasks, each behind those that it waits for. The last one is the root.
    pub tasks: Vec<Task>,
    /// The statements that the aggregate counts, in its order.
    pub statements: Vec<Hash>,
}

/// Why presentations cannot be folded into one aggregate.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum PlanError {
    /// There are none.
    #[error("the lot has no presentation; name at least one")]
    Empty,
    /// There are too many.
    #[error("an aggregate takes at most {most} presentations, not {count}; divide them into several lots", most = limits::BATCH_PRESENTATIONS)]
    TooMany {
        /// How many there are.
        count: usize,
    },
    /// A statement occurs twice, and an aggregate counts each once.
    #[error("statement {0} occurs twice; name each statement once")]
    Twice(Hash),
    /// This is not the hash of a statement.
    #[error("{0} is not the hash of a statement; use the hash that the job names")]
    Statement(Hash),
}

impl Plan {
    /// Plans the tasks that fold presentations, given in any order, for a payee.
    ///
    /// # Errors
    /// Returns [`PlanError`].
    pub fn of(
        profile: Profile,
        payee: Hash,
        presentations: &[Presentation],
    ) -> Result<Self, PlanError> {
        if presentations.len() > limits::BATCH_PRESENTATIONS {
            return Err(PlanError::TooMany { count: presentations.len() });
        }
        let leaves = sorted(presentations)?;
        let tree =
            Tree::over(leaves.len(), wide(aggregate_profile(profile))).ok_or(PlanError::Empty)?;
        let (digests, leaves): (Vec<_>, Vec<_>) = leaves.into_iter().unzip();
        let statements = leaves.iter().map(|leaf| leaf.statement).collect();
        let mut planner = Planner { profile, payee, digests, leaves, tasks: Vec::new() };
        let child = planner.node(&tree);
        planner.add(child.states, Work::Root { payee, child });
        Ok(Self { tasks: planner.tasks, statements })
    }

    /// The task whose result is the aggregate's proof.
    #[must_use]
    pub fn root(&self) -> Option<&Task> {
        self.tasks.last()
    }
}

/// Presentations in the order of their statements, each with its statement as the circuits have it.
fn sorted(presentations: &[Presentation]) -> Result<Vec<(Digest, Presentation)>, PlanError> {
    let digest = |presentation: &Presentation| {
        let digest = digest_from_bytes(&presentation.statement.0);
        Ok((digest.map_err(|_| PlanError::Statement(presentation.statement))?, *presentation))
    };
    let mut leaves: Vec<_> = presentations.iter().map(digest).collect::<Result<_, _>>()?;
    leaves.sort_by(|(a, _), (b, _)| if is_below(*a, *b) { Less } else { Greater });
    match leaves.windows(2).find(|pair| pair[0].0 == pair[1].0) {
        Some(pair) => Err(PlanError::Twice(pair[0].1.statement)),
        None => Ok(leaves),
    }
}

struct Planner {
    profile: Profile,
    payee: Hash,
    digests: Vec<Digest>,
    leaves: Vec<Presentation>,
    tasks: Vec<Task>,
}

impl Planner {
    fn add(&mut self, states: Hash, work: Work) -> Input {
        let task = Task::new(self.profile, states, work);
        let input = task.as_input();
        self.tasks.push(task);
        input
    }

    /// Plans the tasks below a node, and then the task of the node.
    fn node(&mut self, tree: &Tree) -> Input {
        let payee = self.payee;
        let states = Hash(digest_to_bytes(tree.digest(&self.digests).0));
        match tree {
            Tree::Leaf(at) => {
                let Presentation { statement, class, submission } = self.leaves[*at];
                let leaf = self.add(statement, Work::Leaf { class, submission });
                self.add(states, Work::Wrap { class, payee, leaf })
            }
            Tree::Merge { children, .. } => {
                let children = children.iter().map(|child| self.node(child)).collect();
                self.add(states, Work::Merge { payee, children })
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::Kind;
    use crate::tests::presentations;

    const PAYEE: Hash = Hash([7; 32]);

    fn plan(count: usize) -> Plan {
        Plan::of(Profile::Standard, PAYEE, &presentations(count)).unwrap()
    }

    fn count(plan: &Plan, kind: Kind) -> usize {
        plan.tasks.iter().filter(|task| task.kind() == kind).count()
    }

    #[test]
    fn tasks_stand_behind_what_they_wait_for() {
        for presentations in [1, 2, 3, 9, 64, 70] {
            let plan = plan(presentations);
            let mut there = BTreeSet::new();
            for task in &plan.tasks {
                assert!(task.inputs().iter().all(|input| there.contains(&input.name)));
                assert!(there.insert(task.name), "each has a name of its own");
            }
            assert_eq!(
                [Kind::Leaf, Kind::Wrap, Kind::Root].map(|kind| count(&plan, kind)),
                [presentations, presentations, 1]
            );
            assert_eq!(plan.root().unwrap().kind(), Kind::Root);
            let waited: BTreeSet<_> =
                plan.tasks.iter().flat_map(Task::inputs).map(|input| input.name).collect();
            assert_eq!(waited.len(), plan.tasks.len() - 1, "all but the root are waited for");
        }
        assert_eq!(count(&plan(64), Kind::Merge), 9);
    }

    #[test]
    fn the_order_of_presentations_does_not_matter() {
        let mut other = presentations(9);
        other.reverse();
        let other = Plan::of(Profile::Standard, PAYEE, &other).unwrap();
        assert_eq!(plan(9), other);
        let digests: Vec<_> =
            other.statements.iter().map(|hash| digest_from_bytes(&hash.0).unwrap()).collect();
        assert!(digests.windows(2).all(|pair| is_below(pair[0], pair[1])));
    }

    #[test]
    fn names_tell_all_that_a_result_depends_on() {
        let names = |profile, payee, presentations: &[Presentation]| -> Vec<BTreeSet<Hash>> {
            let plan = Plan::of(profile, payee, presentations).unwrap();
            let of = |kind| {
                plan.tasks.iter().filter(|task| task.kind() == kind).map(|task| task.name).collect()
            };
            [Kind::Leaf, Kind::Wrap, Kind::Merge, Kind::Root].into_iter().map(of).collect()
        };
        let two = presentations(2);
        let these = names(Profile::Standard, PAYEE, &two);
        let other_payee = names(Profile::Standard, Hash([8; 32]), &two);
        assert_eq!(these[0], other_payee[0], "a leaf is of no payee");
        assert!((1..4).all(|kind| these[kind].is_disjoint(&other_payee[kind])));
        let other_profile = names(Profile::Proven100, PAYEE, &two);
        assert!((0..4).all(|kind| these[kind].is_disjoint(&other_profile[kind])));
        let changed = |change: fn(&mut Presentation)| {
            let mut two = two.clone();
            change(&mut two[0]);
            names(Profile::Standard, PAYEE, &two)
        };
        for other in [
            changed(|one| one.class = SizeClass::Extra),
            changed(|one| one.submission = Hash([1; 32])),
        ] {
            assert_eq!(these[0].intersection(&other[0]).count(), 1);
            assert_eq!(these[1].intersection(&other[1]).count(), 1);
            assert!((2..4).all(|kind| these[kind].is_disjoint(&other[kind])));
        }
    }

    #[test]
    fn what_no_aggregate_counts_is_refused() {
        let of = |presentations: &[Presentation]| {
            Plan::of(Profile::Standard, PAYEE, presentations).unwrap_err()
        };
        let mut twice = presentations(3);
        twice.push(Presentation { submission: Hash([9; 32]), ..twice[1] });
        assert_eq!(of(&twice), PlanError::Twice(twice[1].statement));
        let none = Presentation { statement: Hash([0xff; 32]), ..twice[0] };
        assert_eq!(of(&[none]), PlanError::Statement(none.statement));
        assert_eq!(of(&[]), PlanError::Empty);
        let most = limits::BATCH_PRESENTATIONS + 1;
        assert_eq!(of(&vec![none; most]), PlanError::TooMany { count: most });
    }
}
