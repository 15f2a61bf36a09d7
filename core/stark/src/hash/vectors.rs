//! The test vectors of `docs/formats.md`, in `testdata/hashes.json`.

use p3_field::{BasedVectorSpace, PrimeCharacteristicRing, PrimeField64};
use p3_matrix::dense::RowMajorMatrix;
use serde_json::{Value, json};

use super::*;
use crate::merkle::MerkleTree;

/// An element as 16 hexadecimal digits, the most significant first.
fn hex_element(element: &F) -> String {
    format!("{:016x}", element.as_canonical_u64())
}

pub(super) fn hex_elements(elements: &[F]) -> Vec<String> {
    elements.iter().map(hex_element).collect()
}

fn hex_digest<H: ProofHash>(digest: &H::Digest) -> String {
    hex::encode(&H::to_bytes(digest)[..H::FUNCTION.digest_bytes()])
}

pub(super) fn hex_value(value: &EF) -> Vec<String> {
    hex_elements(value.as_basis_coefficients_slice())
}

/// The elements `i^2 + 1` for `i` from 0.
pub(super) fn squares(count: u64) -> Vec<F> {
    (0..count).map(|i| F::from_u64(i * i + 1)).collect()
}

/// The extension field's elements of consecutive pairs.
pub(super) fn pairs(elements: std::ops::Range<u64>) -> Vec<EF> {
    let elements: Vec<F> = elements.map(F::from_u64).collect();
    elements.chunks(2).map(|pair| EF::from_basis_coefficients_fn(|i| pair[i])).collect()
}

const SALT: Salt = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15];

fn leaves<H: ProofHash>() -> Vec<Value> {
    let leaf = |width, salts| hex_digest::<H>(&H::leaves(&squares(width as u64), width, salts)[0]);
    [1, 6, 8, 20, 126, 127, 300]
        .into_iter()
        .map(|width| json!({ "width": width, "unsalted": leaf(width, None), "salted": leaf(width, Some(&[SALT])) }))
        .collect()
}

/// A tree over 8 salted rows of 3 elements and 2 rows of 5 elements. Element `c` of row `r` is
/// `10 r + c`, and all bytes of salt `r` are `r`.
fn tree<H: ProofHash>() -> Value {
    let matrix = |height: u64, width: u64| {
        let elements = (0..height)
            .flat_map(|row| (0..width).map(move |column| F::from_u64(10 * row + column)));
        RowMajorMatrix::new(elements.collect(), width as usize)
    };
    let salts: Vec<Salt> = (0..8).map(|row| [row; SALT_BYTES]).collect();
    let Ok(tree) = MerkleTree::<H>::new(&[&matrix(8, 3), &matrix(2, 5)], Some(&salts));
    let indices = [1, 4, 5];
    let siblings: Vec<_> = tree.siblings(&indices).iter().map(hex_digest::<H>).collect();
    json!({ "root": hex_digest::<H>(&tree.root()), "opened": indices, "siblings": siblings })
}

fn transcript<H: ProofHash>() -> Value {
    const BITS: usize = 12;
    let mut transcript = H::Transcript::new(b"velum test vector");
    transcript.absorb_digest(&H::leaves(&squares(1), 1, None)[0]);
    let first = [transcript.challenge(), transcript.challenge()];
    transcript.absorb(&pairs(1..7));
    let second = transcript.challenge();
    let nonce = (0..).find(|nonce| transcript.clone().check_grinding(BITS, *nonce)).unwrap();
    assert!(transcript.check_grinding(BITS, nonce));
    json!({
        "challenges": first.iter().chain([&second]).map(hex_value).collect::<Vec<_>>(),
        "nonce": nonce,
        "index": transcript.index(20),
        "challenge": hex_value(&transcript.challenge()),
    })
}

fn suite<H: ProofHash>() -> Value {
    let children = [1, 6].map(|width| H::leaves(&squares(width as u64), width, None)[0]);
    json!({
        "leaves": leaves::<H>(),
        "node": hex_digest::<H>(&H::nodes(&children)[0]),
        "tree": tree::<H>(),
        "transcript": transcript::<H>(),
    })
}

#[test]
fn test_vectors_are_met() {
    let expected: Value = serde_json::from_str(velum_testdata::HASH_VECTORS).unwrap();
    let document = include_str!("../../../../docs/formats.md");
    let computed = json!({
        "blake3": suite::<Blake3Hash>(),
        "blake3-truncated": suite::<Blake3TruncatedHash>(),
        "poseidon2": suite::<Poseidon2Hash>(),
    });
    for name in ["blake3", "blake3-truncated", "poseidon2"] {
        assert_eq!(computed[name], expected[name], "computed:\n{computed:#}");
        assert!(
            document.contains(computed[name]["tree"]["root"].as_str().unwrap()),
            "root for {name}"
        );
    }
}
