//! The canonical constraint program of a verifier key: everything that the composition evaluates at
//! a row, as one graph.
//!
//! ```text
//!   inputs                   nodes                            composition
//!   main, lookup, fixed  ->  chips' rules, mask tables,   ->  sum over groups of
//!   and public cells,        fractions of the buses,          (sum of alpha^i C_i) / zerofier
//!   selectors, challenges    batches and accumulators
//! ```
//!
//! The graph is recorded by the same code that the prover runs on rows, over expressions instead of
//! field elements. Equal nodes are stored once. The order of the nodes follows from the chips
//! alone. A key therefore has one program for every statement and every witness, and
//! [`Program::to_bytes`] has one value, which the key's hash covers.
//!
//! A program can be replayed into any [`Algebra`]: values at a point, gates of a circuit, text of a
//! shader.

mod bytes;
mod expr;
mod record;
mod replay;

pub use replay::{Algebra, Op, Value};

use p3_field::ExtensionField;

use crate::field::{EF, F};

pub(crate) use record::program;

/// The number of a node in [`Program::nodes`].
pub type NodeId = usize;

/// What a program reads. Groups, tables and columns have the key's numbers.
///
/// Let a group have `N` rows, `A` of them active, and let `g` be of order `N`. Row `i` is the point
/// `g^i`.
///
/// The inputs of a group that is `2^k` times lower than the tallest are taken at `X^(2^k)`. A row
/// offset moves by rows of the group.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Input {
    /// A committed cell of the base field: a column of the group's main matrix.
    Main {
        /// The group.
        group: usize,
        /// The column of the group's matrix.
        column: usize,
        /// The row offset, positive downwards.
        offset: i32,
    },
    /// A committed cell of the extension field. Column 0 is the group's accumulator, and the other
    /// columns are its batches.
    Lookup {
        /// The group.
        group: usize,
        /// The column.
        column: usize,
        /// The row offset, positive downwards.
        offset: i32,
    },
    /// A cell of a table's fixed columns, in the base field.
    Fixed {
        /// The table.
        table: usize,
        /// The column.
        column: usize,
        /// The row offset, positive downwards.
        offset: i32,
    },
    /// A cell of a table's public columns, in the base field.
    Public {
        /// The table.
        table: usize,
        /// The column.
        column: usize,
    },
    /// The selector of the group's first row: `(X^N - 1) / (X - 1)`.
    First {
        /// The group.
        group: usize,
    },
    /// The selector of the group's last active row: `(X^N - 1) / (X - g^(A-1))`.
    Last {
        /// The group.
        group: usize,
    },
    /// The selector that is zero on the group's last active row: `X - g^(A-1)`.
    Transition {
        /// The group.
        group: usize,
    },
    /// The selector that is zero on the group's first `before` and last `after` active rows: the
    /// product of `X - g^i` over these rows.
    Interior {
        /// The group.
        group: usize,
        /// Number of rows at the start.
        before: usize,
        /// Number of rows at the end.
        after: usize,
    },
    /// The inverse of the group's zerofier, which is the product of `X - g^i` over its active rows.
    InverseZerofier {
        /// The group.
        group: usize,
    },
    /// The sum of the group's fractions, in the extension field.
    Terminal {
        /// The group.
        group: usize,
    },
    /// The challenge from which fingerprints are subtracted.
    Gamma,
    /// The challenge whose powers weight the fields of a tuple.
    Beta,
    /// The challenge whose powers weight the constraints.
    Alpha,
}

impl Input {
    /// Whether the input's values lie in the extension field on evaluation domains. The values of
    /// the other inputs lie in the base field there.
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
    /// An input, by its number in [`Program::inputs`].
    Input(usize),
    /// An operation on two earlier nodes.
    Op(Op, NodeId, NodeId),
}

/// A constraint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    /// `chip/label` for a rule of a chip, or the name of a batch or of a part of the accumulator.
    pub name: String,
    /// The power of `alpha` that weights the constraint.
    pub power: usize,
    /// The node that must be zero on every active row.
    pub node: NodeId,
}

/// A fraction of the lookup argument.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FractionNodes {
    /// The bus.
    pub bus: &'static str,
    /// The number of the bus, which is the constant part of fingerprints.
    pub tag: usize,
    /// How often the tuple is on the bus.
    pub count: NodeId,
    /// `gamma` less the tuple's fingerprint.
    pub denominator: NodeId,
}

/// The part of a program that belongs to the tables of one height.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GroupProgram {
    /// Binary logarithm of the height.
    pub log_height: usize,
    /// The constraints, in the order in which they are stated.
    pub rules: Vec<Rule>,
    /// The fractions, in the order of the interactions.
    pub fractions: Vec<FractionNodes>,
    /// The one or two fractions whose sum is a column of the lookup tree, for each column.
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
    /// The program's inputs, each once.
    pub fn inputs(&self) -> &[Input] {
        &self.inputs
    }

    /// The program's steps. Each follows the steps on which it depends. No two are equal, and all
    /// are needed.
    pub fn nodes(&self) -> &[Node] {
        &self.nodes
    }

    /// The parts of the program, the tallest group first.
    pub fn groups(&self) -> &[GroupProgram] {
        &self.groups
    }

    /// The sum over the groups of their weighted constraints, each divided by the group's zerofier.
    /// The quotient equals it.
    pub fn composition(&self) -> NodeId {
        self.composition
    }

    /// For each node, whether it lies in the extension field on evaluation domains.
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

    /// For each node, an upper bound on its degree. Degrees are counted as in
    /// [`Chip::eval`](crate::air::Chip::eval): cells and the selectors of single rows count one
    /// each.
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

    /// The cost of evaluating the whole program.
    pub fn cost(&self) -> Cost {
        self.cost_of(0..self.nodes.len())
    }

    /// The cost of evaluating these nodes, including everything on which they depend.
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

/// The cost of evaluating a program once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cost {
    /// Number of nodes, including inputs and constants.
    pub nodes: usize,
    /// Number of multiplications among the nodes.
    pub multiplications: usize,
    /// Length of the longest chain of operations.
    pub depth: usize,
}
