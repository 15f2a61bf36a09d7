//! A group's part of a constraint program as instructions of the kernel `interpret`.
//!
//! The host computes nodes that are equal on all rows, such as powers of challenges, once for each
//! proof. The kernel reads them as constants. Cells are operands and need no register. The
//! remaining nodes are ordered so that values are used soon after they are computed, and are
//! assigned to registers.

#[cfg(feature = "measure")]
mod counts;
mod registers;

use std::collections::HashMap;

use p3_field::{BasedVectorSpace, PrimeCharacteristicRing};
use velum_stark::field::{EF, EXTENSION_DEGREE, F};
use velum_stark::program::{FractionNodes, Input, Node, NodeId, Op, Program};

use registers::Registers;

/// Number of bits of a row offset in an operand, and the number that stands for offset zero.
const OFFSET_BITS: u32 = 10;
const OFFSET_ZERO: i32 = 512;

/// The row offsets that a cell may have.
pub(crate) const OFFSETS: std::ops::Range<i32> = -OFFSET_ZERO..OFFSET_ZERO;

/// Position of an operand's kind.
const KIND: u32 = 29;

/// Kinds of operands, as the kernel numbers them.
mod kind {
    pub(super) const REGISTER: u32 = 0;
    pub(super) const CONSTANT: u32 = 1;
    pub(super) const MAIN: u32 = 2;
    pub(super) const LOOKUP: u32 = 3;
    pub(super) const FIXED: u32 = 4;
    pub(super) const PUBLIC: u32 = 5;
}

/// Operations, as the kernel numbers them.
mod operation {
    pub(super) const ADD: u32 = 0;
    pub(super) const SUB: u32 = 1;
    pub(super) const MUL: u32 = 2;
    pub(super) const ADD_X: u32 = 3;
    pub(super) const SUB_X: u32 = 4;
    pub(super) const MUL_X: u32 = 5;
    pub(super) const WEIGH: u32 = 6;
    pub(super) const WRITE: u32 = 7;
    pub(super) const WRITE_SUM: u32 = 8;
    pub(super) const FIRST_X: u32 = 0x100;
    pub(super) const SECOND_X: u32 = 0x200;
}

/// An operation with its flags, the register or slot that it writes, and its operands.
pub(crate) type Instruction = [u32; 4];

/// Instructions, and the constants that they read.
pub(crate) struct Code {
    pub(crate) instructions: Vec<Instruction>,
    /// Number of registers that the instructions need.
    pub(crate) registers: usize,
    constants: Vec<Constant>,
}

/// A constant of one proof.
#[derive(Clone, Copy)]
enum Constant {
    /// A node that is equal on all rows, of the base field or the extension field.
    Node { node: NodeId, is_extension: bool },
    /// A power of alpha.
    Power(usize),
}

/// The positions of the columns to which no tree commits.
pub(crate) trait Columns {
    /// The position among the fixed columns, and the row offset, of a fixed column of a table or of
    /// a selector. `None` for any other input.
    fn fixed(&self, input: &Input) -> Option<(usize, i32)>;

    /// The position of a table's public column.
    fn public(&self, table: usize, column: usize) -> usize;
}

/// The values that are equal on all rows in one proof.
pub(crate) struct Challenges<'a> {
    pub(crate) gamma: EF,
    pub(crate) beta: EF,
    pub(crate) alpha: EF,
    pub(crate) terminals: &'a [EF],
}

/// The nodes that are equal on all rows.
pub(crate) struct Invariants {
    is_invariant: Vec<bool>,
    is_extension: Vec<bool>,
}

impl Invariants {
    pub(crate) fn new(program: &Program) -> Self {
        let mut is_invariant: Vec<bool> = Vec::with_capacity(program.nodes().len());
        for node in program.nodes() {
            is_invariant.push(match *node {
                Node::Constant(_) => true,
                Node::Input(input) => matches!(
                    program.inputs()[input],
                    Input::Gamma | Input::Beta | Input::Alpha | Input::Terminal { .. }
                ),
                Node::Op(_, a, b) => is_invariant[a] && is_invariant[b],
            });
        }
        Self { is_invariant, is_extension: program.extensions() }
    }

    /// The values of the nodes that are equal on all rows, and zeros for the other nodes.
    pub(crate) fn values(&self, program: &Program, challenges: &Challenges<'_>) -> Vec<EF> {
        let mut values: Vec<EF> = Vec::with_capacity(program.nodes().len());
        for (node, &is_invariant) in program.nodes().iter().zip(&self.is_invariant) {
            values.push(match *node {
                _ if !is_invariant => EF::ZERO,
                Node::Constant(value) => value,
                Node::Input(input) => match program.inputs()[input] {
                    Input::Gamma => challenges.gamma,
                    Input::Beta => challenges.beta,
                    Input::Alpha => challenges.alpha,
                    Input::Terminal { group } => {
                        challenges.terminals.get(group).copied().unwrap_or_default()
                    }
                    _ => EF::ZERO,
                },
                Node::Op(op, a, b) => match op {
                    Op::Add => values[a] + values[b],
                    Op::Sub => values[a] - values[b],
                    Op::Mul => values[a] * values[b],
                },
            });
        }
        values
    }
}

impl Code {
    /// The quotient of a group: the sum of its weighted constraints, divided by its zerofier.
    pub(crate) fn quotient(
        program: &Program,
        invariants: &Invariants,
        group: usize,
        columns: &impl Columns,
    ) -> Self {
        let mut compiler = Compiler::new(program, invariants, columns);
        let rules = &program.groups()[group].rules;
        rules.iter().for_each(|rule| compiler.needs(rule.node));
        for rule in rules {
            let (value, is_extension) = compiler.value(rule.node);
            let weight = compiler.constant(Constant::Power(rule.power));
            let second_x = if is_extension { operation::SECOND_X } else { 0 };
            let operation = operation::WEIGH | operation::FIRST_X | second_x;
            compiler.instructions.push([operation, 0, weight, value]);
            compiler.used(rule.node);
        }
        let zerofier = columns.fixed(&Input::InverseZerofier { group });
        let zerofier = cell(kind::FIXED, zerofier.expect("a group has an inverse zerofier"));
        compiler.instructions.push([operation::WRITE_SUM, 0, zerofier, zerofier]);
        compiler.finish()
    }

    /// The fractions of a group's batches. Slots `2 i` and `2 i + 1` get the numerator and the
    /// denominator of batch `i`.
    pub(crate) fn fractions(
        program: &Program,
        invariants: &Invariants,
        group: usize,
        columns: &impl Columns,
    ) -> Self {
        let mut compiler = Compiler::new(program, invariants, columns);
        let part = &program.groups()[group];
        for &(first, second) in &part.batches {
            for fraction in [Some(first), second].into_iter().flatten() {
                compiler.needs(part.fractions[fraction].count);
                compiler.needs(part.fractions[fraction].denominator);
                // The denominators of a batch of two fractions are used twice.
                if second.is_some() {
                    compiler.needs(part.fractions[fraction].denominator);
                }
            }
        }
        for (batch, &(first, second)) in part.batches.iter().enumerate() {
            let slots = [2 * batch as u32, 2 * batch as u32 + 1];
            let first = part.fractions[first].clone();
            match second {
                None => {
                    compiler.write(slots[0], first.count);
                    compiler.write(slots[1], first.denominator);
                }
                Some(second) => {
                    let second = part.fractions[second].clone();
                    compiler.write_sum_of_fractions(slots, [&first, &second]);
                }
            }
        }
        compiler.finish()
    }

    /// The values of the constants, element by element, from the values of the invariant nodes.
    pub(crate) fn constants(&self, values: &[EF], powers: &[EF]) -> Vec<F> {
        let mut elements = Vec::with_capacity(EXTENSION_DEGREE * self.constants.len());
        for constant in &self.constants {
            match *constant {
                Constant::Node { node, is_extension } => {
                    let coefficients: &[F] = values[node].as_basis_coefficients_slice();
                    let count = if is_extension { EXTENSION_DEGREE } else { 1 };
                    elements.extend_from_slice(&coefficients[..count]);
                }
                Constant::Power(power) => {
                    elements.extend_from_slice(powers[power].as_basis_coefficients_slice());
                }
            }
        }
        elements
    }
}

fn operand(kind: u32, index: usize) -> u32 {
    kind << KIND | index as u32
}

fn cell(kind: u32, (column, offset): (usize, i32)) -> u32 {
    operand(kind, column << OFFSET_BITS | (offset + OFFSET_ZERO) as usize)
}

struct Compiler<'a, C> {
    program: &'a Program,
    invariants: &'a Invariants,
    columns: &'a C,
    instructions: Vec<Instruction>,
    constants: Vec<Constant>,
    /// Number of elements of the constants so far. `known` has the operand of each node that is a
    /// constant.
    elements: usize,
    known: HashMap<NodeId, u32>,
    /// The number of remaining uses of each node.
    uses: Vec<u32>,
    /// The register of each node that is in a register.
    held: HashMap<NodeId, usize>,
    registers: Registers,
}

impl<'a, C: Columns> Compiler<'a, C> {
    fn new(program: &'a Program, invariants: &'a Invariants, columns: &'a C) -> Self {
        Self {
            program,
            invariants,
            columns,
            instructions: Vec::new(),
            constants: Vec::new(),
            elements: 0,
            known: HashMap::new(),
            uses: vec![0; program.nodes().len()],
            held: HashMap::new(),
            registers: Registers::default(),
        }
    }

    fn finish(self) -> Code {
        Code {
            instructions: self.instructions,
            registers: self.registers.most(),
            constants: self.constants,
        }
    }

    /// The operands of a node that is computed on each row.
    fn operands(&self, node: NodeId) -> Option<(Op, NodeId, NodeId)> {
        match self.program.nodes()[node] {
            Node::Op(op, a, b) if !self.invariants.is_invariant[node] => Some((op, a, b)),
            _ => None,
        }
    }

    /// Counts a use of a node. On its first use, also counts the uses of its operands.
    fn needs(&mut self, node: NodeId) {
        let mut left = vec![node];
        while let Some(node) = left.pop() {
            self.uses[node] += 1;
            if self.uses[node] == 1
                && let Some((_, a, b)) = self.operands(node)
            {
                left.extend([a, b]);
            }
        }
    }

    /// Ends a use of a node. After the last use, its register is free.
    fn used(&mut self, node: NodeId) {
        self.uses[node] -= 1;
        if self.uses[node] == 0
            && let Some(register) = self.held.remove(&node)
        {
            self.registers.free(register, self.width(node));
        }
    }

    /// Number of elements of a node.
    fn width(&self, node: NodeId) -> usize {
        if self.invariants.is_extension[node] { EXTENSION_DEGREE } else { 1 }
    }

    fn constant(&mut self, constant: Constant) -> u32 {
        let at = operand(kind::CONSTANT, self.elements);
        self.elements += match constant {
            Constant::Node { is_extension: false, .. } => 1,
            _ => EXTENSION_DEGREE,
        };
        self.constants.push(constant);
        at
    }

    /// The operand of a node, and whether it is of the extension field. Everything on which the
    /// node depends is computed first.
    fn value(&mut self, node: NodeId) -> (u32, bool) {
        let is_extension = self.invariants.is_extension[node];
        if self.invariants.is_invariant[node] {
            let at = match self.known.get(&node) {
                Some(&at) => at,
                None => {
                    let at = self.constant(Constant::Node { node, is_extension });
                    self.known.insert(node, at);
                    at
                }
            };
            return (at, is_extension);
        }
        if let Node::Input(input) = self.program.nodes()[node] {
            return (self.input(&self.program.inputs()[input]), is_extension);
        }
        self.compute(node);
        (operand(kind::REGISTER, self.held[&node]), is_extension)
    }

    fn input(&self, input: &Input) -> u32 {
        match *input {
            Input::Main { column, offset, .. } => cell(kind::MAIN, (column, offset)),
            Input::Lookup { column, offset, .. } => {
                cell(kind::LOOKUP, (EXTENSION_DEGREE * column, offset))
            }
            Input::Public { table, column } => {
                cell(kind::PUBLIC, (self.columns.public(table, column), 0))
            }
            _ => cell(
                kind::FIXED,
                self.columns.fixed(input).expect("every other input is a fixed column"),
            ),
        }
    }

    /// Computes a node into a register if it is not yet in one. Programs are deep, so this does not
    /// recurse.
    fn compute(&mut self, node: NodeId) {
        let mut left = vec![(node, false)];
        while let Some((node, is_ready)) = left.pop() {
            if self.held.contains_key(&node) {
                continue;
            }
            let Some((op, a, b)) = self.operands(node) else { continue };
            if is_ready {
                self.apply(node, op, [a, b]);
            } else {
                left.push((node, true));
                left.extend([(b, false), (a, false)]);
            }
        }
    }

    /// Computes a node whose operands are available.
    fn apply(&mut self, node: NodeId, op: Op, [a, b]: [NodeId; 2]) {
        let [(first, first_x), (second, second_x)] = [self.value(a), self.value(b)];
        self.used(a);
        self.used(b);
        let instruction = instruction(op, (first, first_x), (second, second_x));
        let register = self.registers.take(self.width(node));
        self.held.insert(node, register);
        self.push(instruction, register as u32);
    }

    fn push(&mut self, [operation, first, second]: [u32; 3], to: u32) {
        self.instructions.push([operation, to, first, second]);
    }

    /// Writes a node to a slot.
    fn write(&mut self, slot: u32, node: NodeId) {
        let (value, is_extension) = self.value(node);
        let flag = if is_extension { operation::FIRST_X } else { 0 };
        self.push([operation::WRITE | flag, value, value], slot);
        self.used(node);
    }

    /// Writes the numerator and the denominator of the sum of two fractions.
    fn write_sum_of_fractions(&mut self, slots: [u32; 2], fractions: [&FractionNodes; 2]) {
        let mut products = [0; 2];
        // The count of each fraction times the denominator of the other.
        for (product, (one, other)) in products.iter_mut().zip([(0, 1), (1, 0)]) {
            let (count, denominator) = (fractions[one].count, fractions[other].denominator);
            let (count_at, denominator_at) = (self.value(count), self.value(denominator));
            *product = self.registers.take(EXTENSION_DEGREE);
            self.push(instruction(Op::Mul, denominator_at, count_at), *product as u32);
            self.used(count);
            self.used(denominator);
        }
        let [first, second] = products.map(|product| (operand(kind::REGISTER, product), true));
        self.push(instruction(Op::Add, first, second), products[0] as u32);
        self.push([operation::WRITE | operation::FIRST_X, first.0, first.0], slots[0]);
        let denominators = fractions.map(|fraction| fraction.denominator);
        let [a, b] = denominators.map(|denominator| self.value(denominator));
        self.push(instruction(Op::Mul, a, b), products[0] as u32);
        self.push([operation::WRITE | operation::FIRST_X, first.0, first.0], slots[1]);
        denominators.into_iter().for_each(|denominator| self.used(denominator));
        products.into_iter().for_each(|product| self.registers.free(product, EXTENSION_DEGREE));
    }
}

/// An operation on operands, some of which may be of the extension field.
fn instruction(op: Op, (first, first_x): (u32, bool), (second, second_x): (u32, bool)) -> [u32; 3] {
    let operation = match (op, first_x || second_x) {
        (Op::Add, false) => operation::ADD,
        (Op::Sub, false) => operation::SUB,
        (Op::Mul, false) => operation::MUL,
        (Op::Add, true) => operation::ADD_X,
        (Op::Sub, true) => operation::SUB_X,
        (Op::Mul, true) => operation::MUL_X,
    };
    let flags = [(first_x, operation::FIRST_X), (second_x, operation::SECOND_X)];
    let flags = flags.iter().filter(|(is_set, _)| *is_set).fold(0, |flags, (_, flag)| flags | flag);
    [operation | flags, first, second]
}
