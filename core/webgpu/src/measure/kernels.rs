//! The work of each kernel run, computed from its parameters.

use bytemuck::Pod;
use velum_stark::shape::{Group, Shape};

use super::observe::Observed;
use super::work::Work;
use crate::folding::Fold;
use crate::grinding::EACH;
use crate::kernels::Kernel;
use crate::key::{GpuKey, GroupKey};
use crate::lookup::{Interpreter, Lookup};
use crate::opening::{Evaluate, Gather, Numerators, Points, Quotients, WEIGHTS};
use crate::quotient::{Small, Split};
use crate::transform::{FROM_FACTORS, TO_FACTORS, Transform};
use crate::tree::Parameters as Tree;

/// Kernels with one purpose, and the unit in which their work is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Kind {
    /// Layers of transforms from memory to memory.
    OuterTransform,
    /// The other layers, in the memory of a workgroup.
    InnerTransform,
    /// Leaves by BLAKE3.
    Blake3Leaves,
    /// Nodes by BLAKE3.
    Blake3Nodes,
    /// Leaves by Poseidon2.
    Poseidon2Leaves,
    /// Nodes by Poseidon2.
    Poseidon2Nodes,
    /// Fractions of the lookup argument.
    Fractions,
    /// Divisions and sums of these fractions.
    Lookups,
    /// Constraints.
    Constraints,
    /// The division of the quotient's coefficients, and its chunks.
    Chunks,
    /// Weights and denominators of rows.
    Points,
    /// Out-of-domain values.
    Values,
    /// Sums of columns by point.
    Batch,
    /// Quotients by points.
    Quotients,
    /// Folding.
    Fold,
    /// Gathering what is opened.
    Gather,
    /// Nonces by BLAKE3.
    Blake3Nonces,
    /// Nonces by Poseidon2.
    Poseidon2Nonces,
}

impl Kind {
    /// The name, and the unit of work that is counted.
    pub const fn names(self) -> [&'static str; 2] {
        match self {
            Self::OuterTransform => ["transform, memory to memory", "element"],
            Self::InnerTransform => ["transform, in a workgroup", "element"],
            Self::Blake3Leaves => ["BLAKE3 leaves", "element"],
            Self::Blake3Nodes => ["BLAKE3 nodes", "node"],
            Self::Poseidon2Leaves => ["Poseidon2 leaves", "element"],
            Self::Poseidon2Nodes => ["Poseidon2 nodes", "node"],
            Self::Fractions => ["interpreter: fractions", "row"],
            Self::Lookups => ["divisions and sums of lookups", "fraction"],
            Self::Constraints => ["interpreter: constraints", "row"],
            Self::Chunks => ["chunks of the quotient", "coefficient"],
            Self::Points => ["weights and denominators", "row"],
            Self::Values => ["evaluate", "cell"],
            Self::Batch => ["batch: sums by point", "cell"],
            Self::Quotients => ["batch: quotients", "row and point"],
            Self::Fold => ["fold", "pair"],
            Self::Gather => ["gather", "element"],
            Self::Blake3Nonces => ["grind BLAKE3", "nonce"],
            Self::Poseidon2Nonces => ["grind Poseidon2", "nonce"],
        }
    }
}

/// The work of one run of a kernel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Done {
    /// The kernel.
    pub kind: Kind,
    /// Number of units.
    pub units: u64,
    /// All of the run's work.
    pub work: Work,
}

impl Observed {
    /// The work of the run, in a proof under a key.
    pub fn done(&self, key: &GpuKey) -> Done {
        let (kind, units, work) = match self.kernel {
            Kernel::Outer => outer(&self.parameters()),
            Kernel::Inner => inner(&self.parameters()),
            Kernel::HashRowsBlake3 => leaves(Kind::Blake3Leaves, &self.parameters()),
            Kernel::HashNodesBlake3 | Kernel::JoinRowsBlake3 => {
                nodes(Kind::Blake3Nodes, self.parameters::<Tree>().count.into())
            }
            Kernel::HashTopBlake3 => nodes(Kind::Blake3Nodes, top(&self.parameters())),
            Kernel::HashRowsPoseidon2 => leaves(Kind::Poseidon2Leaves, &self.parameters()),
            Kernel::HashNodesPoseidon2 | Kernel::JoinRowsPoseidon2 => {
                nodes(Kind::Poseidon2Nodes, self.parameters::<Tree>().count.into())
            }
            Kernel::HashTopPoseidon2 => nodes(Kind::Poseidon2Nodes, top(&self.parameters())),
            Kernel::Interpret => interpreted(key, &self.parameters()),
            Kernel::Divide => divided(&self.parameters()),
            Kernel::Accumulate => accumulated(&self.parameters()),
            Kernel::DivideSmall => divided_small(&self.parameters()),
            Kernel::Split => split(&self.parameters()),
            Kernel::AtPoint => at_point(&self.parameters()),
            Kernel::Evaluate => evaluated(&self.parameters(), self.workgroups[0].into()),
            Kernel::SumTerms => summed(key, &self.parameters()),
            Kernel::SumQuotients => quotients(key, &self.parameters()),
            Kernel::Fold => folded(&self.parameters()),
            Kernel::Gather => gathered(&self.parameters()),
            Kernel::GrindBlake3 => {
                (Kind::Blake3Nonces, self.nonces(), Work::COMPRESSION * self.nonces())
            }
            Kernel::GrindPoseidon2 => {
                (Kind::Poseidon2Nonces, self.nonces(), Work::PERMUTATION * self.nonces())
            }
            #[cfg(test)]
            Kernel::Operate => (Kind::Gather, 0, Work::default()),
        };
        Done { kind, units, work }
    }

    fn parameters<P: Pod>(&self) -> P {
        bytemuck::pod_read_unaligned(&self.parameters)
    }

    fn nonces(&self) -> u64 {
        u64::from(self.workgroups[0]) * u64::from(self.workgroups[1]) * 64 * u64::from(EACH)
    }
}

/// The additions and shifts of `transform_small` for `elements` elements, in `log_radix` layers
/// that a thread computes at once.
fn layers(log_radix: u32, elements: u64) -> Work {
    let shifts = match log_radix {
        3 => 5 * elements / 8,
        2 => elements / 4,
        _ => 0,
    };
    Work::additions(u64::from(log_radix) * elements) + Work::shifts(shifts)
}

fn factors(transform: &Transform) -> u64 {
    u64::from((transform.flags & (FROM_FACTORS | TO_FACTORS)).count_ones())
}

fn elements(transform: &Transform) -> u64 {
    u64::from(transform.columns * transform.cosets) << transform.log_size
}

/// Each element is multiplied by a twiddle as it is written.
fn outer(transform: &Transform) -> (Kind, u64, Work) {
    let elements = elements(transform);
    let products = Work::multiplications((factors(transform) + 1) * elements);
    let moved = Work::read(elements) + Work::written(elements);
    (Kind::OuterTransform, elements, products + layers(transform.log_radix, elements) + moved)
}

/// Two steps of three layers are a group. Before each step, an element is multiplied by a power of
/// two. After each group except the last, it is multiplied by a twiddle.
fn inner(transform: &Transform) -> (Kind, u64, Work) {
    let elements = elements(transform);
    let mut work = Work::multiplications(factors(transform) * elements)
        + Work::read(elements)
        + Work::written(elements);
    let (mut left, mut is_second) = (transform.log_block, false);
    while left > 0 {
        let log_radix = left.min(3);
        left -= log_radix;
        work += Work::shifts(elements) + layers(log_radix, elements);
        if is_second && left > 0 {
            work += Work::multiplications(elements);
        }
        is_second = !is_second;
    }
    (Kind::InnerTransform, elements, work)
}

/// Number of elements of a BLAKE3 chunk, and of a block of either hash function.
const CHUNK: u64 = 128;
const BLOCK: u64 = 8;

fn leaves(kind: Kind, tree: &Tree) -> (Kind, u64, Work) {
    let (rows, width, is_salted) =
        (u64::from(tree.count), u64::from(tree.width), u64::from(tree.salted));
    let hashed = if kind == Kind::Poseidon2Leaves {
        Work::PERMUTATION * (width + 4 * is_salted).div_ceil(BLOCK)
    } else {
        let length = width + 2 * is_salted;
        let pieces = length.div_ceil(CHUNK);
        let outer = if pieces > 1 { pieces.div_ceil(2) } else { 0 };
        Work::COMPRESSION * (length.div_ceil(BLOCK) + outer)
    };
    // A salt has the size of two elements, and a digest the size of four.
    let moved = Work::read(width + 2 * is_salted) + Work::written(4);
    (kind, rows * width, (hashed + moved) * rows)
}

fn nodes(kind: Kind, count: u64) -> (Kind, u64, Work) {
    let hashed = if kind == Kind::Poseidon2Nodes { Work::PERMUTATION } else { Work::COMPRESSION };
    (kind, count, (hashed + Work::read(8) + Work::written(4)) * count)
}

/// Number of nodes of the levels that one workgroup computes.
fn top(tree: &Tree) -> u64 {
    (0..tree.levels).map(|level| u64::from(tree.count >> level)).sum()
}

/// Constraints are computed on rows in bit-reversed order, fractions on rows in natural order.
fn interpreted(key: &GpuKey, interpreter: &Interpreter) -> (Kind, u64, Work) {
    let rows = u64::from(interpreter.count);
    let is_constraints = interpreter.reversed == 1;
    let code = |group: &'_ GroupKey| {
        if is_constraints { group.quotient.counts() } else { group.fractions.counts() }
    };
    let length = |group: &GroupKey| {
        if is_constraints {
            group.quotient.instructions.len()
        } else {
            group.fractions.instructions.len()
        }
    };
    let is_of = |group: &&GroupKey| {
        (group.log_height as u32, length(group) as u32)
            == (interpreter.log_height, interpreter.instructions)
    };
    let of_row = key.groups.iter().find(is_of).map(|group| code(group).work).unwrap_or_default();
    (if is_constraints { Kind::Constraints } else { Kind::Fractions }, rows, of_row * rows)
}

/// Four products for each batch, and one inversion for each row.
fn divided(lookup: &Lookup) -> (Kind, u64, Work) {
    let (rows, batches) = (u64::from(lookup.active), u64::from(lookup.batches));
    let of_batch = Work::PRODUCT_X * 4 + Work::read(8) + Work::written(4);
    (Kind::Lookups, rows * batches, (of_batch * batches + Work::INVERSE_X) * rows)
}

fn accumulated(lookup: &Lookup) -> (Kind, u64, Work) {
    let (rows, batches) = (u64::from(lookup.active), u64::from(lookup.batches));
    let of_batch = Work::additions(2) + Work::read(2);
    let of_row = Work::additions(2) + Work::read(2) + Work::written(4);
    // The fractions are already counted when they are divided.
    (Kind::Lookups, 0, (of_batch * batches + of_row) * rows)
}

/// A product for each coefficient, and two transforms of the small coset by the textbook algorithm.
fn divided_small(small: &Small) -> (Kind, u64, Work) {
    let (order, few) = (1_u64 << small.log_order, 1_u64 << small.log_small);
    let product = Work::multiplications(2) + Work::additions(2);
    (Kind::Chunks, 0, product * (order + 2 * few * few) + Work::read(2 * order))
}

/// For each coefficient of a chunk, the sum of the groups' coefficients and of a mask that is
/// multiplied by a power.
fn split(split: &Split) -> (Kind, u64, Work) {
    let (height, length) = (1_u64 << split.log_height, u64::from(split.length));
    let coefficients = u64::from(split.chunks) * length;
    let of_groups = split.parts.iter().take(split.groups as usize);
    let parts: u64 = of_groups.map(|part| u64::from(part[2])).sum();
    let masked = Work::multiplications(2) + Work::additions(2) + Work::read(3);
    let columns = u64::from(split.chunks) + 2;
    let work = (Work::additions(2) + Work::read(2)) * parts + masked * height;
    (Kind::Chunks, coefficients, work + Work::written(2 * columns * height))
}

fn at_point(points: &Points) -> (Kind, u64, Work) {
    let rows = 1_u64 << points.log_height;
    let mut of_row =
        Work::multiplications(1) + Work::additions(2) + Work::INVERSE_X + Work::written(2);
    if points.kind == WEIGHTS {
        of_row += Work::multiplications(2) + Work::additions(1);
    }
    (Kind::Points, rows, of_row * rows)
}

fn evaluated(evaluate: &Evaluate, columns: u64) -> (Kind, u64, Work) {
    let cells = columns << evaluate.log_height;
    (Kind::Values, cells, (Work::multiplications(2) + Work::additions(2) + Work::read(1)) * cells)
}

/// Number of base columns that are opened in a group.
fn terms(shape: &Shape, group: usize) -> u64 {
    let of_group = shape.terms.iter().filter(|term| term.group == group);
    of_group.map(|term| term.base_columns() as u64).sum()
}

fn summed(key: &GpuKey, numerators: &Numerators) -> (Kind, u64, Work) {
    let group =
        key.openings.by_point.iter().position(|points| points.first == numerators.first as usize);
    let (group, rows) = (group.unwrap_or_default(), 1_u64 << numerators.log_height);
    let points = key.openings.by_point.get(group).map_or(0, |points| points.points.len() as u64);
    let cells = terms(key.shape(), group) * rows;
    let of_cell = Work::multiplications(2) + Work::additions(2) + Work::read(1);
    (Kind::Batch, cells, of_cell * cells + Work::written(2) * (points * rows))
}

fn quotients(key: &GpuKey, quotients: &Quotients) -> (Kind, u64, Work) {
    let (rows, points) = (1_u64 << quotients.log_height, u64::from(quotients.points));
    let parts: u64 = key.openings.by_point.iter().map(|group| group.points.len() as u64).sum();
    let of_point = Work::PRODUCT_X + Work::additions(4);
    let of_part = Work::additions(2) + Work::read(2);
    let of_row = of_point * points + of_part * parts + Work::read(2) + Work::written(2);
    (Kind::Quotients, rows * points, of_row * rows)
}

fn folded(fold: &Fold) -> (Kind, u64, Work) {
    let pairs = 1_u64 << (fold.log_size - 1);
    let of_pair = Work::multiplications(3)
        + Work::PRODUCT_X
        + Work::additions(6)
        + Work::shifts(2)
        + Work::read(4)
        + Work::written(2);
    (Kind::Fold, pairs, of_pair * pairs)
}

fn gathered(gather: &Gather) -> (Kind, u64, Work) {
    let count = u64::from(gather.count);
    // An index has half the size of an element.
    let indices = Work { read: 4 * count, ..Work::default() };
    (Kind::Gather, count, (Work::read(1) + Work::written(1)) * count + indices)
}

impl GpuKey {
    /// For each group, its height, its widths, and the interpreter's work on a row for constraints
    /// and for fractions, each with the number of operands that are cells.
    pub fn groups(&self) -> Vec<OfGroup> {
        let of_group = |(group, shape): (&GroupKey, &Group)| {
            let [constraints, fractions] = [&group.quotient, &group.fractions].map(|code| {
                let counts = code.counts();
                OfRow {
                    instructions: code.instructions.len(),
                    work: counts.work,
                    loads: counts.loads,
                }
            });
            OfGroup { log_height: group.log_height, widths: shape.widths, constraints, fractions }
        };
        self.groups.iter().zip(&self.shape().groups).map(of_group).collect()
    }
}

/// A group of tables.
#[derive(Clone, Copy, Debug)]
pub struct OfGroup {
    /// Binary logarithm of the height.
    pub log_height: usize,
    /// Number of base columns in each tree.
    pub widths: [usize; 3],
    /// The interpreter's work on a row of the quotient.
    pub constraints: OfRow,
    /// The interpreter's work on a row of the lookups' fractions.
    pub fractions: OfRow,
}

/// The interpreter's work on a row.
#[derive(Clone, Copy, Debug)]
pub struct OfRow {
    /// Number of instructions.
    pub instructions: usize,
    /// The work of the instructions.
    pub work: Work,
    /// Number of operands that are cells.
    pub loads: u64,
}
