//! Merkle trees.

use bytemuck::{Pod, Zeroable};
use velum_stark::backend::NodePosition;
use velum_stark::{HashFunction, Salt};

use crate::device::Gpu;
use crate::kernels::Kernel;
use crate::key::Hashes;
use crate::matrix::Extended;
use crate::memory::Buffer;
use crate::recorder::Recorder;

/// Number of elements that a digest takes the place of.
pub(crate) const DIGEST: usize = 4;

/// Number of nodes at which one workgroup computes the level and all levels above it.
const TOP: usize = 256;

/// The parameters of all kernels for trees.
#[repr(C)]
#[derive(Clone, Copy, Pod, Zeroable)]
pub(crate) struct Parameters {
    row_key: [u32; 8],
    pieces_key: [u32; 8],
    node_key: [u32; 8],
    cut: [u32; 2],
    pub(crate) count: u32,
    pub(crate) width: u32,
    first: u32,
    of_row: u32,
    of_column: u32,
    pub(crate) salted: u32,
    first_salt: u32,
    to: u32,
    children: u32,
    rows: u32,
    pub(crate) levels: u32,
    unused: [u32; 3],
}

/// Rows to be hashed. Each buffer has the same number of rows.
pub(crate) struct Rows<'a> {
    pub(crate) chunks: Vec<&'a Buffer>,
    /// Number of rows in a buffer.
    pub(crate) count: usize,
    pub(crate) width: usize,
    pub(crate) of_row: usize,
    pub(crate) of_column: usize,
}

impl<'a> Rows<'a> {
    pub(crate) fn of(extended: &'a Extended) -> Self {
        Self {
            chunks: extended.chunks.iter().collect(),
            count: extended.rows(),
            width: extended.width,
            of_row: 1,
            of_column: extended.rows(),
        }
    }

    fn all(&self) -> usize {
        self.chunks.len() * self.count
    }
}

/// A tree: all of its nodes, level by level, leaves first.
pub(crate) struct Tree {
    pub(crate) digests: Buffer,
    pub(crate) log_leaves: usize,
}

impl Tree {
    /// The position of a node.
    pub(crate) fn index(&self, at: NodePosition) -> usize {
        first(self.log_leaves, at.level) + at.index
    }

    /// The position of the root.
    pub(crate) fn root(&self) -> usize {
        first(self.log_leaves, self.log_leaves)
    }
}

/// Number of nodes below a level.
fn first(log_leaves: usize, level: usize) -> usize {
    (2 << log_leaves) - (2 << (log_leaves - level))
}

/// The kernels of a hash function.
struct Family {
    hash_rows: Kernel,
    hash_nodes: Kernel,
    join_rows: Kernel,
    hash_top: Kernel,
}

fn family(hash: HashFunction) -> Family {
    match hash {
        HashFunction::Poseidon2 => Family {
            hash_rows: Kernel::HashRowsPoseidon2,
            hash_nodes: Kernel::HashNodesPoseidon2,
            join_rows: Kernel::JoinRowsPoseidon2,
            hash_top: Kernel::HashTopPoseidon2,
        },
        _ => Family {
            hash_rows: Kernel::HashRowsBlake3,
            hash_nodes: Kernel::HashNodesBlake3,
            join_rows: Kernel::JoinRowsBlake3,
            hash_top: Kernel::HashTopBlake3,
        },
    }
}

impl Recorder<'_> {
    /// The tree over matrices, the tallest first. Matrices without columns are skipped.
    pub(crate) fn tree(
        &mut self,
        gpu: &Gpu,
        hashes: &Hashes,
        matrices: &[Rows<'_>],
        salts: Option<&[Salt]>,
    ) -> Tree {
        let matrices: Vec<&Rows<'_>> = matrices.iter().filter(|rows| rows.width > 0).collect();
        let leaves = matrices[0].all();
        let log_leaves = leaves.ilog2() as usize;
        // The digests of a lower matrix's rows follow the nodes until they are joined.
        let rows_at = 2 * leaves;
        let lower = matrices.get(1).map_or(0, |rows| rows.all());
        let digests = gpu.0.pool.secret(((rows_at + lower) * DIGEST) as u64);
        let salt_buffer = gpu.0.pool.secret(salts.map_or(0, |salts| 2 * salts.len()) as u64);
        if let Some(salts) = salts {
            gpu.upload(&salt_buffer, 0, salts.as_flattened());
        }
        let family = family(hashes.function);
        let mut hasher =
            Hasher { recorder: self, hashes, family, digests: &digests, salts: &salt_buffer };
        hasher.rows(matrices[0], 0, salts.is_some());
        let mut lower = matrices[1..].iter().peekable();
        let mut level = 1;
        while level <= log_leaves {
            let count = 1 << (log_leaves - level);
            let (children, to) = (first(log_leaves, level - 1), first(log_leaves, level));
            if lower.peek().is_none() && count <= TOP {
                hasher.top(children, to, count, log_leaves + 1 - level);
                break;
            }
            hasher.nodes(children, to, count);
            if let Some(rows) = lower.next_if(|rows| rows.all() == count) {
                hasher.rows(rows, rows_at, false);
                hasher.join(to, rows_at, count);
            }
            level += 1;
        }
        self.keep(Some(salt_buffer));
        Tree { digests, log_leaves }
    }
}

/// Records the hashing of one tree.
struct Hasher<'r, 'g, 'a> {
    recorder: &'r mut Recorder<'g>,
    hashes: &'a Hashes,
    family: Family,
    digests: &'a Buffer,
    salts: &'a Buffer,
}

impl Hasher<'_, '_, '_> {
    fn parameters(&self) -> Parameters {
        let Hashes { row_key, pieces_key, node_key, cut, .. } = *self.hashes;
        Parameters { row_key, pieces_key, node_key, cut, ..Zeroable::zeroed() }
    }

    fn run(&mut self, kernel: Kernel, parameters: &Parameters, cells: &Buffer, workgroups: u64) {
        let buffers = [cells, self.salts, self.digests, &self.hashes.constants];
        self.recorder.run(kernel, parameters, &buffers, workgroups);
    }

    fn rows(&mut self, rows: &Rows<'_>, to: usize, salted: bool) {
        for (chunk, cells) in rows.chunks.iter().enumerate() {
            let before = chunk * rows.count;
            let parameters = Parameters {
                count: rows.count as u32,
                width: rows.width as u32,
                of_row: rows.of_row as u32,
                of_column: rows.of_column as u32,
                salted: salted.into(),
                first_salt: before as u32,
                to: (to + before) as u32,
                ..self.parameters()
            };
            self.run(self.family.hash_rows, &parameters, cells, (rows.count as u64).div_ceil(64));
        }
    }

    fn nodes(&mut self, children: usize, to: usize, count: usize) {
        let parameters = Parameters {
            count: count as u32,
            to: to as u32,
            children: children as u32,
            ..self.parameters()
        };
        let hashes = self.hashes;
        self.run(self.family.hash_nodes, &parameters, &hashes.unread, (count as u64).div_ceil(64));
    }

    fn join(&mut self, to: usize, rows: usize, count: usize) {
        let parameters = Parameters {
            count: count as u32,
            to: to as u32,
            rows: rows as u32,
            ..self.parameters()
        };
        let hashes = self.hashes;
        self.run(self.family.join_rows, &parameters, &hashes.unread, (count as u64).div_ceil(64));
    }

    fn top(&mut self, children: usize, to: usize, count: usize, levels: usize) {
        let parameters = Parameters {
            count: count as u32,
            to: to as u32,
            children: children as u32,
            levels: levels as u32,
            ..self.parameters()
        };
        let hashes = self.hashes;
        self.run(self.family.hash_top, &parameters, &hashes.unread, 1);
    }
}
