//! A task: one proof to be made, and what it follows from.

use serde::{Deserialize, Serialize};
use velum_market_model::{Hash, Profile, SizeClass};

/// Distinguishes the name of a task from everything else that is hashed.
const TAG: &[u8] = b"velum provider task\0";

/// What is proven.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// A presentation verifies.
    Leaf,
    /// A leaf is counted for a payee.
    Wrap,
    /// Several wraps or merges are counted together.
    Merge,
    /// The proof that verifiers read.
    Root,
}

impl Kind {
    /// The name in tables and logs.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Leaf => "leaf",
            Self::Wrap => "wrap",
            Self::Merge => "merge",
            Self::Root => "root",
        }
    }
}

/// A proof to be made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Task {
    /// The hash of what the task follows from. The result of the task has this name.
    pub name: Hash,
    /// The profile of the aggregate.
    pub profile: Profile,
    /// What the proof has to state: for a leaf the statement, for all other tasks the digest of
    /// their node.
    pub states: Hash,
    /// What the proof is made of.
    pub work: Work,
}

/// What a proof is made of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
pub enum Work {
    /// A leaf is made of the presentation of a submission.
    Leaf {
        /// The size class of the presentation.
        class: SizeClass,
        /// The blob of the submission.
        submission: Hash,
    },
    /// A wrap is made of a leaf.
    Wrap {
        /// The size class of the leaf's presentation.
        class: SizeClass,
        /// The payee that it is counted for.
        payee: Hash,
        /// The leaf.
        leaf: Input,
    },
    /// A merge is made of wraps and merges.
    Merge {
        /// The payee that it is counted for.
        payee: Hash,
        /// The wraps and merges, in the order of their statements.
        children: Vec<Input>,
    },
    /// A root is made of the uppermost proof below it.
    Root {
        /// The payee that it is counted for.
        payee: Hash,
        /// That proof.
        child: Input,
    },
}

/// The result of a task, as an input of another task.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Input {
    /// The name of the task.
    pub name: Hash,
    /// What the proof of the task states.
    pub states: Hash,
}

impl Task {
    /// Creates a task, with a name that is derived from what it follows from.
    #[must_use]
    pub fn new(profile: Profile, states: Hash, work: Work) -> Self {
        Self { name: name(profile, states, &work), profile, states, work }
    }

    /// The kind of the task.
    #[must_use]
    pub const fn kind(&self) -> Kind {
        match self.work {
            Work::Leaf { .. } => Kind::Leaf,
            Work::Wrap { .. } => Kind::Wrap,
            Work::Merge { .. } => Kind::Merge,
            Work::Root { .. } => Kind::Root,
        }
    }

    /// The tasks that it waits for.
    #[must_use]
    pub fn inputs(&self) -> &[Input] {
        match &self.work {
            Work::Leaf { .. } => &[],
            Work::Wrap { leaf: input, .. } | Work::Root { child: input, .. } => {
                std::slice::from_ref(input)
            }
            Work::Merge { children, .. } => children,
        }
    }

    /// The task as an input of another task.
    #[must_use]
    pub const fn as_input(&self) -> Input {
        Input { name: self.name, states: self.states }
    }
}

fn name(profile: Profile, states: Hash, work: &Work) -> Hash {
    let profile = profile_name(profile).as_bytes();
    let named = |kind: Kind, payee: &Hash, inputs: &[Input]| {
        let mut parts = vec![TAG, kind.name().as_bytes(), b"\0", profile, b"\0", &payee.0];
        parts.extend(inputs.iter().map(|input| &input.name.0[..]));
        Hash::of(&parts)
    };
    match work {
        Work::Leaf { class, submission } => {
            let class = class.name().as_bytes();
            Hash::of(&[TAG, b"leaf\0", profile, b"\0", class, b"\0", &states.0, &submission.0])
        }
        Work::Wrap { payee, leaf, .. } => named(Kind::Wrap, payee, std::slice::from_ref(leaf)),
        Work::Merge { payee, children } => named(Kind::Merge, payee, children),
        Work::Root { payee, child } => named(Kind::Root, payee, std::slice::from_ref(child)),
    }
}

const fn profile_name(profile: Profile) -> &'static str {
    match profile {
        Profile::Standard => "standard",
        Profile::Proven100 => "proven-100",
    }
}
