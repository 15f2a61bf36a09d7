//! Replays a program into an algebra.

use p3_field::{ExtensionField, PrimeCharacteristicRing};

use super::{Input, Node, Program};
use crate::field::{EF, F};

/// An operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Op {
    /// The sum.
    Add,
    /// The first operand less the second.
    Sub,
    /// The product.
    Mul,
}

/// A value of the base field or of the extension field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Value<B, X> {
    /// A value of the base field.
    Base(B),
    /// A value of the extension field.
    Extension(X),
}

/// An algebra into which a program can be replayed.
pub trait Algebra {
    /// Represents an element of the base field.
    type Base: Clone;
    /// Represents an element of the extension field.
    type Extension: Clone;

    /// A constant.
    fn constant(&mut self, value: Value<F, EF>) -> Value<Self::Base, Self::Extension>;

    /// An input.
    fn input(&mut self, input: &Input) -> Value<Self::Base, Self::Extension>;

    /// The result of an operation.
    fn apply(
        &mut self,
        op: Op,
        a: &Value<Self::Base, Self::Extension>,
        b: &Value<Self::Base, Self::Extension>,
    ) -> Value<Self::Base, Self::Extension>;
}

impl Program {
    /// The values of all nodes, in their order.
    pub fn replay<A: Algebra>(&self, algebra: &mut A) -> Vec<Value<A::Base, A::Extension>> {
        let mut values: Vec<Value<A::Base, A::Extension>> = Vec::with_capacity(self.nodes.len());
        for node in &self.nodes {
            let value = match *node {
                Node::Constant(constant) => {
                    algebra.constant(match ExtensionField::<F>::as_base(&constant) {
                        Some(base) => Value::Base(base),
                        None => Value::Extension(constant),
                    })
                }
                Node::Input(input) => algebra.input(&self.inputs[input]),
                Node::Op(op, a, b) => algebra.apply(op, &values[a], &values[b]),
            };
            values.push(value);
        }
        values
    }

    /// The values of all nodes if the inputs have these values.
    pub fn evaluate(&self, inputs: impl FnMut(&Input) -> Value<F, EF>) -> Vec<Value<F, EF>> {
        self.replay(&mut Elements(inputs))
    }
}

/// The algebra of field elements.
struct Elements<I>(I);

impl<I: FnMut(&Input) -> Value<F, EF>> Algebra for Elements<I> {
    type Base = F;
    type Extension = EF;

    fn constant(&mut self, value: Value<F, EF>) -> Value<F, EF> {
        value
    }

    fn input(&mut self, input: &Input) -> Value<F, EF> {
        (self.0)(input)
    }

    fn apply(&mut self, op: Op, a: &Value<F, EF>, b: &Value<F, EF>) -> Value<F, EF> {
        match (*a, *b) {
            (Value::Base(a), Value::Base(b)) => Value::Base(apply(op, a, b)),
            (a, b) => Value::Extension(apply(op, a.extension(), b.extension())),
        }
    }
}

fn apply<R: PrimeCharacteristicRing>(op: Op, a: R, b: R) -> R {
    match op {
        Op::Add => a + b,
        Op::Sub => a - b,
        Op::Mul => a * b,
    }
}

impl Value<F, EF> {
    /// The value as an element of the extension field.
    pub fn extension(self) -> EF {
        match self {
            Self::Base(value) => value.into(),
            Self::Extension(value) => value,
        }
    }
}
