//! Trees as `docs/formats.md` specifies them, one hash at a time.

use p3_field::PrimeField64;
use p3_matrix::Matrix;
use p3_matrix::dense::RowMajorMatrix;
use velum_stark::backend::NodePosition;
use velum_stark::field::F;
use velum_stark::{Digest, HashFunction, Salt};

/// All nodes, level by level, the leaves first.
pub(crate) struct Tree(Vec<Vec<Digest>>);

impl Tree {
    pub(crate) fn new(
        hash: HashFunction,
        matrices: &[RowMajorMatrix<F>],
        salts: Option<&[Salt]>,
    ) -> Self {
        let rows = |matrix: &RowMajorMatrix<F>, salts: Option<&[Salt]>| -> Vec<Digest> {
            let rows = matrix.values.chunks(matrix.width);
            rows.enumerate()
                .map(|(row, cells)| hash_row(hash, cells, salts.map(|salts| &salts[row])))
                .collect()
        };
        let mut levels = vec![rows(&matrices[0], salts)];
        while levels[levels.len() - 1].len() > 1 {
            let below = &levels[levels.len() - 1];
            let mut level: Vec<_> =
                below.chunks(2).map(|pair| hash_node(hash, pair[0], pair[1])).collect();
            if let Some(matrix) =
                matrices.iter().skip(1).find(|matrix| matrix.height() == level.len())
            {
                level = level
                    .into_iter()
                    .zip(rows(matrix, None))
                    .map(|(node, row)| hash_node(hash, node, row))
                    .collect();
            }
            levels.push(level);
        }
        Self(levels)
    }

    pub(crate) fn root(&self) -> Digest {
        self.0[self.0.len() - 1][0]
    }

    pub(crate) fn nodes(&self, positions: &[NodePosition]) -> Vec<Digest> {
        positions.iter().map(|position| self.0[position.level][position.index]).collect()
    }
}

fn hash_row(hash: HashFunction, cells: &[F], salt: Option<&Salt>) -> Digest {
    if !is_blake3(hash) {
        return hash.hash_row(cells, salt);
    }
    let mut message = salt.map(|salt| salt.to_vec()).unwrap_or_default();
    cells.iter().for_each(|cell| message.extend(cell.as_canonical_u64().to_le_bytes()));
    if message.len() <= 1024 {
        return cut(hash, blake3("velum 2026 row v1", &message));
    }
    let pieces: Vec<u8> =
        message.chunks(1024).flat_map(|piece| blake3("velum 2026 row v1", piece)).collect();
    cut(hash, blake3("velum 2026 row pieces v1", &pieces))
}

fn hash_node(hash: HashFunction, left: Digest, right: Digest) -> Digest {
    if !is_blake3(hash) {
        return hash.hash_node(&left, &right).expect("nodes are canonical");
    }
    cut(hash, blake3("velum 2026 node v1", &[left, right].concat()))
}

fn is_blake3(hash: HashFunction) -> bool {
    matches!(hash, HashFunction::Blake3 | HashFunction::Blake3Truncated)
}

/// The digest with zeros in place of the bytes that proofs leave out.
fn cut(hash: HashFunction, mut digest: Digest) -> Digest {
    digest[hash.digest_bytes()..].fill(0);
    digest
}

/// BLAKE3 in the mode `derive_key` of the message, padded with zeros to whole blocks.
fn blake3(context: &str, message: &[u8]) -> Digest {
    let mut message = message.to_vec();
    message.resize(message.len().next_multiple_of(64), 0);
    blake3::derive_key(context, &message)
}
