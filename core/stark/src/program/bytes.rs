//! The encoding of a program as bytes, for the hash of its key.

use p3_field::{BasedVectorSpace, PrimeField64};

use super::{GroupProgram, Input, Node, Op, Program};
use crate::field::F;

/// The first bytes of the encoding.
const MAGIC: &[u8] = b"velum program v1";

impl Program {
    /// The program as bytes. Equal programs have equal bytes, and different programs have different
    /// bytes.
    ///
    /// Numbers have 8 bytes, least significant byte first. The length of a text precedes it.
    /// `docs/formats.md` gives the order.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut out = Writer(MAGIC.to_vec());
        out.number(self.inputs.len());
        self.inputs.iter().for_each(|input| out.input(input));
        out.number(self.nodes.len());
        self.nodes.iter().for_each(|node| out.node(node));
        out.number(self.groups.len());
        self.groups.iter().for_each(|group| out.group(group));
        out.number(self.composition);
        out.0
    }
}

struct Writer(Vec<u8>);

impl Writer {
    fn number(&mut self, number: usize) {
        self.0.extend_from_slice(&(number as u64).to_le_bytes());
    }

    fn text(&mut self, text: &str) {
        self.number(text.len());
        self.0.extend_from_slice(text.as_bytes());
    }

    fn offset(&mut self, offset: i32) {
        self.0.extend_from_slice(&i64::from(offset).to_le_bytes());
    }

    fn input(&mut self, input: &Input) {
        let (kind, numbers, offset): (usize, &[usize], i32) = match input {
            Input::Main { group, column, offset } => (0, &[*group, *column], *offset),
            Input::Lookup { group, column, offset } => (1, &[*group, *column], *offset),
            Input::Fixed { table, column, offset } => (2, &[*table, *column], *offset),
            Input::Public { table, column } => (3, &[*table, *column], 0),
            Input::First { group } => (4, &[*group], 0),
            Input::Last { group } => (5, &[*group], 0),
            Input::Transition { group } => (6, &[*group], 0),
            Input::Interior { group, before, after } => (7, &[*group, *before, *after], 0),
            Input::InverseZerofier { group } => (8, &[*group], 0),
            Input::Terminal { group } => (9, &[*group], 0),
            Input::Gamma => (10, &[], 0),
            Input::Beta => (11, &[], 0),
            Input::Alpha => (12, &[], 0),
        };
        self.number(kind);
        numbers.iter().for_each(|&number| self.number(number));
        self.offset(offset);
    }

    fn node(&mut self, node: &Node) {
        match node {
            Node::Constant(value) => {
                self.number(0);
                let coefficients: &[F] = value.as_basis_coefficients_slice();
                for coefficient in coefficients {
                    self.0.extend_from_slice(&coefficient.as_canonical_u64().to_le_bytes());
                }
            }
            Node::Input(input) => {
                self.number(1);
                self.number(*input);
            }
            Node::Op(op, a, b) => {
                self.number(match op {
                    Op::Add => 2,
                    Op::Sub => 3,
                    Op::Mul => 4,
                });
                self.number(*a);
                self.number(*b);
            }
        }
    }

    fn group(&mut self, group: &GroupProgram) {
        let GroupProgram { log_height, rules, fractions, batches } = group;
        self.number(*log_height);
        self.number(rules.len());
        for rule in rules {
            self.text(&rule.name);
            self.number(rule.power);
            self.number(rule.node);
        }
        self.number(fractions.len());
        for fraction in fractions {
            self.text(fraction.bus);
            self.number(fraction.tag);
            self.number(fraction.count);
            self.number(fraction.denominator);
        }
        self.number(batches.len());
        for (first, second) in batches {
            self.number(*first);
            // The number is one greater than the index, since zero stands for none.
            self.number(second.map_or(0, |second| second + 1));
        }
    }
}
