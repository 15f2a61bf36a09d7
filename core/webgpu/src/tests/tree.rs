//! Tests trees with every hash function.

use p3_matrix::dense::RowMajorMatrix;
use rand::RngExt;
use velum_stark::backend::NodePosition;
use velum_stark::field::F;
use velum_stark::{Digest, HashFunction, Salt, block_on};

use super::{edges, gpus, random, rng};
use crate::Gpu;
use crate::key::Hashes;
use crate::recorder::Recorder;
use crate::tree::{Rows, Tree};

const FUNCTIONS: [HashFunction; 3] =
    [HashFunction::Blake3, HashFunction::Blake3Truncated, HashFunction::Poseidon2];

fn cells(height: usize, width: usize) -> RowMajorMatrix<F> {
    let mut cells = random(height * width);
    for (cell, edge) in cells.iter_mut().zip(edges()) {
        *cell = edge;
    }
    RowMajorMatrix::new(cells, width)
}

/// All nodes of the tree over matrices, level by level. The rows of lower matrices are joined.
fn expected(
    function: HashFunction,
    matrices: &[RowMajorMatrix<F>],
    salts: Option<&[Salt]>,
) -> Vec<Vec<Digest>> {
    let row = |matrix: &RowMajorMatrix<F>, row: usize, salt: Option<&Salt>| {
        function.hash_row(&matrix.values[row * matrix.width..][..matrix.width], salt)
    };
    let node = |left: &Digest, right: &Digest| function.hash_node(left, right).unwrap();
    let leaves = matrices[0].values.len() / matrices[0].width;
    let leaf = |leaf: usize| row(&matrices[0], leaf, salts.map(|salts| &salts[leaf]));
    let mut levels: Vec<Vec<Digest>> = vec![(0..leaves).map(leaf).collect()];
    while levels[levels.len() - 1].len() > 1 {
        let below = &levels[levels.len() - 1];
        let mut level: Vec<_> =
            below.chunks_exact(2).map(|pair| node(&pair[0], &pair[1])).collect();
        for matrix in &matrices[1..] {
            if matrix.values.len() / matrix.width == level.len() {
                level = (0..level.len())
                    .map(|index| node(&level[index], &row(matrix, index, None)))
                    .collect();
            }
        }
        levels.push(level);
    }
    levels
}

/// The nodes that the device computes from matrices in two buffers each.
fn computed(
    gpu: &Gpu,
    hashes: &Hashes,
    matrices: &[RowMajorMatrix<F>],
    salts: Option<&[Salt]>,
) -> (Tree, Vec<u8>) {
    let halves: Vec<_> = matrices
        .iter()
        .map(|matrix| {
            let (first, second) = matrix.values.split_at(matrix.values.len() / 2);
            [gpu.public(first), gpu.public(second)]
        })
        .collect();
    let rows: Vec<_> = matrices
        .iter()
        .zip(&halves)
        .map(|(matrix, halves)| Rows {
            chunks: halves.iter().collect(),
            count: matrix.values.len() / matrix.width / 2,
            width: matrix.width,
            of_row: matrix.width,
            of_column: 1,
        })
        .collect();
    let mut recorder = Recorder::new(gpu);
    let tree = recorder.tree(gpu, hashes, &rows, salts);
    let bytes = (tree.root() as u64 + 1) * size_of::<Digest>() as u64;
    let read = block_on(recorder.read(&tree.digests, bytes)).unwrap();
    (tree, read.to_vec())
}

fn compare(matrices: &[RowMajorMatrix<F>], salted: bool) {
    let leaves = matrices[0].values.len() / matrices[0].width;
    let mut rng = rng();
    let salts: Vec<Salt> = (0..leaves).map(|_| rng.random()).collect();
    let salts = salted.then_some(&salts[..]);
    for function in FUNCTIONS {
        let expected = expected(function, matrices, salts);
        for gpu in gpus() {
            let (tree, digests) = computed(gpu, &Hashes::new(gpu, function), matrices, salts);
            let (digests, _) = digests.as_chunks::<{ size_of::<Digest>() }>();
            for (level, nodes) in expected.iter().enumerate() {
                for (index, node) in nodes.iter().enumerate() {
                    let at = tree.index(NodePosition { level, index });
                    assert_eq!(&digests[at], node, "{function:?}, level {level}, node {index}");
                }
            }
        }
    }
}

/// Rows of a block, of a chunk, of several chunks, and of one element more or less.
#[test]
fn rows_of_every_length_are_hashed_as_by_the_processor() {
    for width in [1, 5, 8, 9, 125, 126, 127, 128, 129, 254, 255, 256, 257, 383, 384, 385] {
        compare(&[cells(4, width)], true);
        compare(&[cells(4, width)], false);
    }
}

#[test]
fn trees_of_several_heights_are_those_of_the_processor() {
    compare(&[cells(2048, 3)], false);
    compare(&[cells(2048, 3), cells(1024, 2), cells(512, 7)], true);
    // Lower matrices that are joined at levels that one workgroup could compute together.
    compare(&[cells(512, 1), cells(64, 130), cells(2, 4)], true);
}
