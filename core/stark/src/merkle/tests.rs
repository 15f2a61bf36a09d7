//! Checks for the trees of every suite what can be opened, and that nothing else can.

use p3_field::PrimeCharacteristicRing;
use p3_matrix::Matrix;
use p3_matrix::dense::RowMajorMatrix;

use super::*;
use crate::field::F;
use crate::hash::{Blake3Hash, Blake3TruncatedHash, Poseidon2Hash, SALT_BYTES, Salt};

/// Heights and widths of a tree's matrices.
type Shape = &'static [(usize, usize)];

const SHAPES: [Shape; 7] = [
    &[(1, 3)],
    &[(2, 1)],
    &[(16, 5)],
    &[(16, 3), (8, 2)],
    &[(8, 1), (1, 4)],
    &[(8, 130), (4, 9), (2, 1)],
    &[(64, 2), (32, 3), (16, 4), (2, 5), (1, 6)],
];

/// Numbers that look random.
fn numbers(mut seed: u64) -> impl FnMut() -> u64 {
    move || {
        seed = seed.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        seed >> 24
    }
}

fn matrices(shape: Shape) -> Vec<RowMajorMatrix<F>> {
    let mut next = numbers(1);
    let mut matrix =
        |height, width| (0..height * width).map(|_| F::from_u64(next())).collect::<Vec<_>>();
    shape.iter().map(|&(height, width)| RowMajorMatrix::new(matrix(height, width), width)).collect()
}

fn salts(height: usize) -> Vec<Salt> {
    let mut next = numbers(2);
    (0..height).map(|_| std::array::from_fn(|_| next() as u8)).collect()
}

/// The part of a proof that opens one tree.
#[derive(Clone)]
struct Opening<H: ProofHash> {
    log_height: usize,
    indices: Vec<usize>,
    /// For each matrix: the binary logarithm of its height, its width, its opened rows.
    rows: Vec<(usize, usize, Vec<F>)>,
    salts: Option<Vec<Salt>>,
    siblings: Vec<H::Digest>,
}

#[derive(Debug, PartialEq)]
enum Unread {
    TooFew,
    TooMany,
}

impl<H: ProofHash> Opening<H> {
    fn new(shape: Shape, salted: bool, indices: &[usize]) -> (H::Digest, Self) {
        let matrices = matrices(shape);
        let height = shape[0].0;
        let salts = salted.then(|| salts(height));
        let Ok(tree) = MerkleTree::<H>::new(&matrices.iter().collect::<Vec<_>>(), salts.as_deref());
        let rows = matrices.iter().map(|matrix| {
            let shift = (height / matrix.height()).ilog2();
            let mut opened: Vec<_> = indices.iter().map(|index| index >> shift).collect();
            opened.dedup();
            let values =
                opened.iter().flat_map(|row| matrix.row_slice(*row).unwrap().to_vec()).collect();
            (matrix.height().ilog2() as usize, matrix.width, values)
        });
        let opening = Self {
            log_height: height.ilog2() as usize,
            indices: indices.to_vec(),
            rows: rows.collect(),
            salts: salts.map(|salts| indices.iter().map(|index| salts[*index]).collect()),
            siblings: tree.siblings(indices),
        };
        (tree.root(), opening)
    }

    fn root(&self) -> Result<H::Digest, Unread> {
        let mut siblings = self.siblings.iter();
        let root = root::<H, _>(
            self.log_height,
            &self.indices,
            |log_height, _| {
                let salts = self.salts.as_deref().filter(|_| log_height == self.log_height);
                let rows = self.rows.iter().find(|(log, ..)| *log == log_height);
                Ok(rows.map(|(_, width, values)| H::leaves(values, *width, salts)))
            },
            || siblings.next().copied().ok_or(Unread::TooFew),
        )?;
        if siblings.next().is_some() { Err(Unread::TooMany) } else { Ok(root) }
    }
}

/// Index sets of every kind: one index, neighbours, both ends, all, and some.
fn index_sets(height: usize) -> Vec<Vec<usize>> {
    let mut sets = vec![vec![0], vec![height - 1], (0..height).collect()];
    if height > 1 {
        sets.push(vec![0, 1]);
        sets.push(vec![0, height - 1]);
    }
    if height > 3 {
        sets.push(vec![1, 2]);
        sets.push(vec![0, 1, 2]);
    }
    let mut next = numbers(3);
    for size in 2..8 {
        let mut set: Vec<_> = (0..size).map(|_| next() as usize % height).collect();
        set.sort_unstable();
        set.dedup();
        sets.push(set);
    }
    sets
}

/// The root computed node by node, as the module's documentation draws it.
fn slow_root<H: ProofHash>(matrices: &[RowMajorMatrix<F>], salts: Option<&[Salt]>) -> H::Digest {
    fn node<H: ProofHash>(
        matrices: &[RowMajorMatrix<F>],
        salts: Option<&[Salt]>,
        height: usize,
        index: usize,
    ) -> H::Digest {
        let row = matrices.iter().find(|matrix| matrix.height() == height).map(|matrix| {
            let salt =
                salts.filter(|_| height == matrices[0].height()).map(|salts| &salts[index..=index]);
            H::leaves(&matrix.row_slice(index).unwrap(), matrix.width, salt)[0]
        });
        if height == matrices[0].height() {
            return row.unwrap();
        }
        let children = [0, 1].map(|side| node::<H>(matrices, salts, 2 * height, 2 * index + side));
        let above = H::nodes(&children)[0];
        row.map_or(above, |row| H::nodes(&[above, row])[0])
    }
    node::<H>(matrices, salts, 1, 0)
}

fn openings_verify<H: ProofHash>() {
    for shape in SHAPES {
        for salted in [false, true] {
            let height = shape[0].0;
            let expected =
                slow_root::<H>(&matrices(shape), salted.then(|| salts(height)).as_deref());
            for indices in index_sets(height) {
                let (root, opening) = Opening::<H>::new(shape, salted, &indices);
                assert_eq!(root, expected, "{shape:?}");
                assert_eq!(opening.root(), Ok(root), "{shape:?}, {indices:?}");
            }
        }
    }
}

#[test]
fn openings_of_any_rows_lead_to_the_root() {
    openings_verify::<Blake3Hash>();
    openings_verify::<Blake3TruncatedHash>();
    openings_verify::<Poseidon2Hash>();
}

fn changes_show<H: ProofHash>() {
    for shape in SHAPES {
        let height = shape[0].0;
        for indices in index_sets(height) {
            let (root, opening) = Opening::<H>::new(shape, true, &indices);
            let refused = |changed: Opening<H>, what: &str| {
                assert_ne!(changed.root(), Ok(root), "{shape:?}, {indices:?}: {what}");
            };
            for matrix in 0..shape.len() {
                for element in 0..opening.rows[matrix].2.len() {
                    let mut changed = opening.clone();
                    changed.rows[matrix].2[element] += F::ONE;
                    refused(changed, "element");
                }
            }
            for place in 0..indices.len() {
                let mut changed = opening.clone();
                changed.salts.as_mut().unwrap()[place][place % SALT_BYTES] ^= 1;
                refused(changed, "salt");
            }
            for place in 0..opening.siblings.len() {
                let mut changed = opening.clone();
                let mut bytes = H::to_bytes(&changed.siblings[place]);
                bytes[0] ^= 1;
                changed.siblings[place] = H::from_bytes(bytes).unwrap();
                refused(changed, "sibling");
            }
            for other in index_sets(height)
                .into_iter()
                .filter(|set| set.len() == indices.len() && *set != indices)
            {
                refused(Opening { indices: other, ..opening.clone() }, "indices");
            }
        }
    }
}

#[test]
fn a_changed_row_salt_sibling_or_index_leads_to_another_root() {
    changes_show::<Blake3Hash>();
    changes_show::<Blake3TruncatedHash>();
    changes_show::<Poseidon2Hash>();
}

fn siblings_are_counted<H: ProofHash>() {
    for shape in SHAPES {
        for indices in index_sets(shape[0].0) {
            let (_, opening) = Opening::<H>::new(shape, true, &indices);
            for left in 0..opening.siblings.len() {
                let mut short = opening.clone();
                short.siblings.truncate(left);
                assert_eq!(short.root(), Err(Unread::TooFew));
            }
            let mut long = opening.clone();
            long.siblings.push(H::Digest::default());
            assert_eq!(long.root(), Err(Unread::TooMany));
        }
    }
}

#[test]
fn too_few_siblings_are_the_readers_error() {
    siblings_are_counted::<Blake3Hash>();
    siblings_are_counted::<Poseidon2Hash>();
}

#[test]
fn neighbours_spare_each_other_their_siblings() {
    let siblings =
        |indices: &[usize]| Opening::<Blake3Hash>::new(&[(16, 1)], false, indices).1.siblings.len();
    assert_eq!(siblings(&[5]), 4);
    assert_eq!(siblings(&[4, 5]), 3);
    assert_eq!(siblings(&[5, 6]), 4);
    assert_eq!(siblings(&[4, 5, 6, 7]), 2);
    assert_eq!(siblings(&(0..16).collect::<Vec<_>>()), 0);
    assert_eq!(parents(&[0, 1, 5, 6, 7]), [0, 2, 3]);
}

#[test]
fn matrices_without_columns_are_passed_over() {
    let matrices = matrices(&[(8, 2), (4, 1), (1, 3)]);
    let tree = |matrices: &[&RowMajorMatrix<F>]| {
        let Ok(tree) = MerkleTree::<Blake3Hash>::new(matrices, None);
        tree.root()
    };
    let empty = RowMajorMatrix::new(Vec::new(), 0);
    let [tallest, middle, lowest] = &matrices[..] else { unreachable!() };
    assert_eq!(tree(&[tallest, middle, &empty, lowest]), tree(&[tallest, middle, lowest]));
}
