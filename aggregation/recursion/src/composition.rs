//! The constraint program of a key in a circuit.
//!
//! The program is evaluated at the out-of-domain point, so every node is an element of the
//! extension field. If the only use of a product is as a summand, one operation computes both the
//! product and the sum.

use std::collections::BTreeMap;

use velum_stark::field::EF;
use velum_stark::program::{Input, Node, NodeId, Op, Program};

use plonky2::field::types::Field;

use crate::field::{Builder, Extension, F, extension};

/// The value of a program's composition for these inputs.
pub(crate) fn composition(
    builder: &mut Builder,
    program: &Program,
    inputs: &BTreeMap<Input, Extension>,
) -> Extension {
    let uses = Uses::new(program);
    let mut replay = Replay {
        builder,
        nodes: program.nodes(),
        values: Vec::with_capacity(program.nodes().len()),
    };
    for (id, node) in program.nodes().iter().enumerate() {
        let value = match *node {
            _ if uses.count[id] == 0 => Replayed::Unused,
            Node::Constant(value) => Replayed::Value(replay.constant(value)),
            Node::Input(input) => Replayed::Value(inputs[&program.inputs()[input]]),
            Node::Op(Op::Mul, a, b) if uses.is_addend(id) => Replayed::Product(a, b),
            Node::Op(op, a, b) => Replayed::Value(replay.apply(op, a, b)),
        };
        replay.values.push(value);
    }
    replay.value(program.composition())
}

/// How often and how the nodes of a program are used.
struct Uses {
    count: Vec<usize>,
    /// For each node, the number of its uses as a part of a sum.
    as_addend: Vec<usize>,
}

impl Uses {
    fn new(program: &Program) -> Self {
        let nodes = program.nodes();
        let mut uses = Self { count: vec![0; nodes.len()], as_addend: vec![0; nodes.len()] };
        uses.count[program.composition()] = 1;
        for (id, node) in nodes.iter().enumerate().rev() {
            let Node::Op(op, a, b) = *node else { continue };
            if uses.count[id] > 0 {
                for operand in [a, b] {
                    uses.count[operand] += 1;
                    uses.as_addend[operand] += usize::from(op != Op::Mul);
                }
            }
        }
        uses
    }

    /// Whether the only use of a node is in a sum.
    fn is_addend(&self, id: NodeId) -> bool {
        (self.count[id], self.as_addend[id]) == (1, 1)
    }
}

/// A node that has been replayed.
#[derive(Clone, Copy)]
enum Replayed {
    /// The composition does not depend on the node.
    Unused,
    /// The node's value.
    Value(Extension),
    /// A product of two nodes that is computed together with the sum it is part of.
    Product(NodeId, NodeId),
}

struct Replay<'a> {
    builder: &'a mut Builder,
    nodes: &'a [Node],
    values: Vec<Replayed>,
}

impl Replay<'_> {
    fn constant(&mut self, value: EF) -> Extension {
        self.builder.constant_extension(extension(value))
    }

    fn value(&mut self, id: NodeId) -> Extension {
        match self.values[id] {
            Replayed::Value(value) => value,
            Replayed::Product(a, b) => self.apply(Op::Mul, a, b),
            // A program lists each node after the nodes it depends on, and all used nodes are
            // replayed.
            Replayed::Unused => unreachable!("node {id} of {} is not replayed", self.nodes.len()),
        }
    }

    fn apply(&mut self, op: Op, a: NodeId, b: NodeId) -> Extension {
        let (sign_a, sign_b) = match op {
            Op::Mul => {
                let (a, b) = (self.value(a), self.value(b));
                return self.builder.mul_extension(a, b);
            }
            Op::Add => (F::ONE, F::ONE),
            Op::Sub => (F::ONE, F::NEG_ONE),
        };
        match (self.values[a], self.values[b]) {
            (_, Replayed::Product(x, y)) => self.multiply_add(sign_b, x, y, sign_a, a),
            (Replayed::Product(x, y), _) => self.multiply_add(sign_a, x, y, sign_b, b),
            _ => {
                let (a, b) = (self.value(a), self.value(b));
                let one = self.builder.one_extension();
                self.builder.arithmetic_extension(sign_a, sign_b, a, one, b)
            }
        }
    }

    fn multiply_add(&mut self, c0: F, x: NodeId, y: NodeId, c1: F, z: NodeId) -> Extension {
        let [x, y, z] = [x, y, z].map(|id| self.value(id));
        self.builder.arithmetic_extension(c0, c1, x, y, z)
    }
}
