//! Expressions that record themselves as nodes of a graph.

use std::cell::RefCell;
use std::collections::HashMap;
use std::iter::{Product, Sum};
use std::ops::{Add, AddAssign, Mul, MulAssign, Neg, Sub, SubAssign};
use std::rc::Rc;

use p3_field::{Algebra, Dup, PrimeCharacteristicRing};

use super::{Input, Node, NodeId, Op};
use crate::field::{EF, F};

/// The nodes so far.
#[derive(Debug, Default)]
pub(super) struct Graph {
    pub(super) nodes: Vec<Node>,
    pub(super) inputs: Vec<Input>,
    known: HashMap<Node, NodeId>,
}

impl Graph {
    fn node(&mut self, node: Node) -> NodeId {
        let next = self.nodes.len();
        let id = *self.known.entry(node).or_insert(next);
        if id == next {
            self.nodes.push(node);
        }
        id
    }
}

/// A graph that expressions share.
#[derive(Clone, Debug, Default)]
pub(super) struct Recording(Rc<RefCell<Graph>>);

impl Recording {
    /// Adds an input. Each input may be added only once.
    pub(super) fn input(&self, input: Input) -> Expr {
        let mut graph = self.0.borrow_mut();
        let slot = graph.inputs.len();
        graph.inputs.push(input);
        let id = graph.node(Node::Input(slot));
        Expr::Node(self.clone(), id)
    }

    /// The number of an expression's node.
    pub(super) fn id(&self, expr: &Expr) -> NodeId {
        match expr {
            Expr::Node(_, id) => *id,
            Expr::Constant(value) => self.0.borrow_mut().node(Node::Constant(*value)),
        }
    }

    pub(super) fn finish(self) -> Graph {
        self.0.take()
    }

    fn apply(&self, op: Op, a: &Expr, b: &Expr) -> Expr {
        let (a, b) = (self.id(a), self.id(b));
        // The operands of sums and products are recorded in a canonical order.
        let (a, b) = if op != Op::Sub && b < a { (b, a) } else { (a, b) };
        let id = self.0.borrow_mut().node(Node::Op(op, a, b));
        Expr::Node(self.clone(), id)
    }
}

/// A constant, or a node of a graph.
#[derive(Clone, Debug)]
pub(crate) enum Expr {
    Constant(EF),
    Node(Recording, NodeId),
}

impl Expr {
    fn is(&self, value: EF) -> bool {
        matches!(self, Self::Constant(constant) if *constant == value)
    }

    fn apply(op: Op, a: Self, b: Self) -> Self {
        match (&a, &b) {
            (Self::Constant(a), Self::Constant(b)) => Self::Constant(match op {
                Op::Add => *a + *b,
                Op::Sub => *a - *b,
                Op::Mul => *a * *b,
            }),
            (Self::Node(recording, _), _) | (_, Self::Node(recording, _)) => {
                recording.apply(op, &a, &b)
            }
        }
    }
}

impl Add for Expr {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        match () {
            () if self.is(EF::ZERO) => other,
            () if other.is(EF::ZERO) => self,
            () => Self::apply(Op::Add, self, other),
        }
    }
}

impl Sub for Expr {
    type Output = Self;

    fn sub(self, other: Self) -> Self {
        if other.is(EF::ZERO) { self } else { Self::apply(Op::Sub, self, other) }
    }
}

impl Neg for Expr {
    type Output = Self;

    fn neg(self) -> Self {
        Self::apply(Op::Sub, Self::ZERO, self)
    }
}

impl Mul for Expr {
    type Output = Self;

    fn mul(self, other: Self) -> Self {
        match () {
            () if self.is(EF::ZERO) || other.is(EF::ZERO) => Self::ZERO,
            () if self.is(EF::ONE) => other,
            () if other.is(EF::ONE) => self,
            () => Self::apply(Op::Mul, self, other),
        }
    }
}

/// An operator with constants of both fields, and its assigning forms.
macro_rules! operator {
    ($Op:ident, $op:ident, $OpAssign:ident, $op_assign:ident) => {
        impl $Op<F> for Expr {
            type Output = Self;

            fn $op(self, other: F) -> Self {
                self.$op(Self::from(other))
            }
        }

        impl $Op<EF> for Expr {
            type Output = Self;

            fn $op(self, other: EF) -> Self {
                self.$op(Self::Constant(other))
            }
        }

        impl<T> $OpAssign<T> for Expr
        where
            Self: $Op<T, Output = Self>,
        {
            fn $op_assign(&mut self, other: T) {
                *self = std::mem::take(self).$op(other);
            }
        }
    };
}

operator!(Add, add, AddAssign, add_assign);
operator!(Sub, sub, SubAssign, sub_assign);
operator!(Mul, mul, MulAssign, mul_assign);

impl From<F> for Expr {
    fn from(value: F) -> Self {
        Self::Constant(value.into())
    }
}

impl From<EF> for Expr {
    fn from(value: EF) -> Self {
        Self::Constant(value)
    }
}

impl Default for Expr {
    fn default() -> Self {
        Self::ZERO
    }
}

impl Sum for Expr {
    fn sum<I: Iterator<Item = Self>>(terms: I) -> Self {
        terms.fold(Self::ZERO, Add::add)
    }
}

impl Product for Expr {
    fn product<I: Iterator<Item = Self>>(factors: I) -> Self {
        factors.fold(Self::ONE, Mul::mul)
    }
}

impl Dup for Expr {
    fn dup(&self) -> Self {
        self.clone()
    }
}

impl PrimeCharacteristicRing for Expr {
    type PrimeSubfield = F;

    const ZERO: Self = Self::Constant(EF::ZERO);
    const ONE: Self = Self::Constant(EF::ONE);
    const TWO: Self = Self::Constant(EF::TWO);
    const NEG_ONE: Self = Self::Constant(EF::NEG_ONE);

    fn from_prime_subfield(value: F) -> Self {
        value.into()
    }
}

impl Algebra<F> for Expr {}

impl Algebra<EF> for Expr {}

#[cfg(test)]
mod tests {
    use super::*;

    fn cell(recording: &Recording, column: usize) -> Expr {
        recording.input(Input::Main { group: 0, column, offset: 0 })
    }

    #[test]
    fn what_says_the_same_is_one_node() {
        let recording = Recording::default();
        let (a, b) = (cell(&recording, 0), cell(&recording, 1));
        let same = [
            (a.clone() + b.clone(), b.clone() + a.clone()),
            (a.clone() * b.clone(), b.clone() * a.clone()),
            (a.clone() - b.clone(), a.clone() - b.clone()),
            (a.clone() + Expr::ZERO, a.clone()),
            (a.clone() * Expr::ONE, a.clone()),
            (a.clone() * F::ZERO, Expr::ZERO),
            (Expr::TWO * Expr::TWO, Expr::from(F::from_u8(4))),
        ];
        for (left, right) in same {
            assert_eq!(recording.id(&left), recording.id(&right));
        }
        assert_ne!(recording.id(&(a.clone() - b.clone())), recording.id(&(b - a)));
    }
}
