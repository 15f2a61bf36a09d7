//! The canonical constraint program of a verifier key: everything that the composition evaluates at a row, as one graph.
//!
//! ```text
//!   inputs                       nodes                                   composition
//!   main, lookup, fixed,  ->     chips' rules, mask tables,       ->     sum over groups of
//!   public cells,                fractions of the buses,                 (sum of alpha^i C_i) / zerofier
//!   selectors, challenges        batches and accumulators
//! ```
//!
//! The graph is recorded by the very code that the prover runs on rows, over expressions in place of field elements. Nodes that
//! say the same are one node. The order of nodes follows from the chips alone, so a key has one program, for every statement and
//! every witness, and [`Program::to_bytes`] is one string of bytes, which the key's hash covers.
//!
//! A program can be replayed into any [`Algebra`]: values at a point, gates of a circuit, text of a shader.

mod bytes;
mod expr;
mod record;
mod replay;

pub use replay::{Algebra, Op, Value};

use p3_field::ExtensionField;

use crate::field::{EF, F};

pub(crate) use record::program;

/// The number of a node among [`Program::nodes`].
pub type NodeId = usize;

/// What a program reads, by group, table and column as the key numbers them.
///
/// With `N` rows of a group, `A` of them active, and `g` of order `N`, row `i` is the point `g^i`.
///
/// Inputs of a group that is `2^k` times less high than the tallest are taken at `X^(2^k)`; a row offset moves by rows of the group.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Input {
    /// A committed cell of the base field: a column of the group's main matrix.
    Main {
        /// The group.
        group: usize,
        /// The column of the group's matrix.
        column: usize,
        /// Rows further down.
        offset: i32,
    },
    /// A committed cell of the extension field: column 0 is the group's accumulator, the others are its batches.
    Lookup {
        /// The group.
        group: usize,
        /// The column.
        column: usize,
        /// Rows further down.
        offset: i32,
    },
    /// A cell of a table's fixed columns, in the base field.
    Fixed {
        /// The table.
        table: usize,
        /// The column.
        column: usize,
        /// Rows further down.
        offset: i32,
    },
    /// A cell of a table's public columns, in the base field.
    Public {
        /// The table.
        table: usize,
        /// The column.
        column: usize,
    },
    /// The group's selector of its first row: `(X^N - 1) / (X - 1)`.
    First {
        /// The group.
        group: usize,
    },
    /// The group's selector of its last active row: `(X^N - 1) / (X - g^(A-1))`.
    Last {
        /// The group.
        group: usize,
    },
    /// The group's selector that is zero on its last active row: `X - g^(A-1)`.
    Transition {
        /// The group.
        group: usize,
    },
    /// The group's selector that is zero on its first `before` and its last `after` active rows: the product of `X - g^i` over these.
    Interior {
        /// The group.
        group: usize,
        /// Rows at the start.
        before: usize,
        /// Rows at the end.
        after: usize,
    },
    /// The inverse of the group's zerofier, the product of `X - g^i` over its active rows.
    InverseZerofier {
        /// The group.
        group: usize,
    },
    /// The sum of the group's fractions, in the extension field.
    Terminal {
        /// The group.
        group: usize,
    },
    /// The challenge that fingerprints are subtracted from.
    Gamma,
    /// The challenge whose powers weigh the fields of a tuple.
    Beta,
    /// The challenge whose powers weigh the constraints.
    Alpha,
}

impl Input {
    /// Whether its values lie in the extension field on evaluation domains; the others lie in the base field there.
    pub const fn is_extension(&self) -> bool {
        matches!(
            self,
            Self::Lookup { .. } | Self::Terminal { .. } | Self::Gamma | Self::Beta | Self::Alpha
        )
    }

    const fn degree(&self) -> usize {
        match self {
            Self::Main { .. } | Self::Lookup { .. } | Self::Fixed { .. } | Self::Public { .. } => 1,
            Self::First { .. } | Self::Last { .. } => 1,
            Self::Transition { .. } | Self::Interior { .. } | Self::InverseZerofier { .. } => 0,
            Self::Terminal { .. } | Self::Gamma | Self::Beta | Self::Alpha => 0,
        }
    }
}

/// One step of a program.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Node {
    /// A constant.
    Constant(EF),
    /// An input, by its number among [`Program::inputs`].
    Input(usize),
    /// An operation on two earlier nodes.
    Op(Op, NodeId, NodeId),
}

/// A constraint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    /// `chip/label` of a chip's rule, or which batch or accumulator it is.
    pub name: String,
    /// The power of `alpha` that weighs it.
    pub power: usize,
    /// What must be zero on every active row.
    pub node: NodeId,
}

/// A fraction of the lookup argument.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FractionNodes {
    /// The bus.
    pub bus: &'static str,
    /// The bus's number, the constant part of fingerprints.
    pub tag: usize,
    /// How often the tuple is on the bus.
    pub count: NodeId,
    /// `gamma` less the tuple's fingerprint.
    pub denominator: NodeId,
}

/// The part of a program that belongs to the tables of one height.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GroupProgram {
    /// Logarithm of the height.
    pub log_height: usize,
    /// Its constraints, in the order in which they are stated.
    pub rules: Vec<Rule>,
    /// Its fractions, in the order of the interactions.
    pub fractions: Vec<FractionNodes>,
    /// The fractions whose sum is a column of the lookup tree, one or two.
    pub batches: Vec<(usize, Option<usize>)>,
}

/// The constraint program of a verifier key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Program {
    pub(crate) inputs: Vec<Input>,
    pub(crate) nodes: Vec<Node>,
    pub(crate) groups: Vec<GroupProgram>,
    pub(crate) composition: NodeId,
}

impl Program {
    /// What it reads, each once.
    pub fn inputs(&self) -> &[Input] {
        &self.inputs
    }

    /// Its steps, each behind those that it depends on. No two are equal and all are needed.
    pub fn nodes(&self) -> &[Node] {
        &self.nodes
    }

    /// Its parts, the tallest group first.
    pub fn groups(&self) -> &[GroupProgram] {
        &self.groups
    }

    /// The sum over the groups of their weighed constraints, each divided by the group's zerofier: what the quotient equals.
    pub fn composition(&self) -> NodeId {
        self.composition
    }

    /// Whether each node lies in the extension field on evaluation domains.
    pub fn extensions(&self) -> Vec<bool> {
        let mut extensions = Vec::with_capacity(self.nodes.len());
        for node in &self.nodes {
            extensions.push(match *node {
                Node::Constant(value) => ExtensionField::<F>::as_base(&value).is_none(),
                Node::Input(input) => self.inputs[input].is_extension(),
                Node::Op(_, a, b) => extensions[a] || extensions[b],
            });
        }
        extensions
    }

    /// The degree of each node, or more, counted as [`Chip::eval`](crate::air::Chip::eval) says: cells and the selectors of single rows
    /// count one each.
    pub fn degrees(&self) -> Vec<usize> {
        let mut degrees: Vec<usize> = Vec::with_capacity(self.nodes.len());
        for node in &self.nodes {
            degrees.push(match *node {
                Node::Constant(_) => 0,
                Node::Input(input) => self.inputs[input].degree(),
                Node::Op(Op::Mul, a, b) => degrees[a] + degrees[b],
                Node::Op(_, a, b) => degrees[a].max(degrees[b]),
            });
        }
        degrees
    }

    /// What evaluating the whole program takes.
    pub fn cost(&self) -> Cost {
        self.cost_of(0..self.nodes.len())
    }

    /// What evaluating these nodes takes, with all that they depend on.
    pub fn cost_of(&self, roots: impl IntoIterator<Item = NodeId>) -> Cost {
        let mut needed = vec![false; self.nodes.len()];
        roots.into_iter().for_each(|root| needed[root] = true);
        for (id, node) in self.nodes.iter().enumerate().rev() {
            if let Node::Op(_, a, b) = *node
                && needed[id]
            {
                (needed[a], needed[b]) = (true, true);
            }
        }
        let mut depths: Vec<usize> = Vec::with_capacity(self.nodes.len());
        let mut cost = Cost { nodes: 0, multiplications: 0, depth: 0 };
        for (node, needed) in self.nodes.iter().zip(needed) {
            let (depth, is_multiplication) = match *node {
                Node::Constant(_) | Node::Input(_) => (0, false),
                Node::Op(op, a, b) => (1 + depths[a].max(depths[b]), op == Op::Mul),
            };
            depths.push(depth);
            if needed {
                cost.nodes += 1;
                cost.multiplications += usize::from(is_multiplication);
                cost.depth = cost.depth.max(depth);
            }
        }
        cost
    }
}

/// What evaluating a program once takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cost {
    /// Nodes, inputs and constants included.
    pub nodes: usize,
    /// Multiplications among them.
    pub multiplications: usize,
    /// The longest chain of operations.
    pub depth: usize,
}
