//! Tests what hides a proof, counted from the keys in use, that no two proofs share anything, and
//! that nobody can seed the prover.

use std::path::{Path, PathBuf};

use p3_field::PrimeCharacteristicRing;
use p3_matrix::dense::RowMajorMatrix;

use crate::air::Trace;
use crate::control::Control;
use crate::field::F;
use crate::hash::{Blake3Hash, Blake3TruncatedHash, Poseidon2Hash, ProofHash};
use crate::shape::MAIN;
use crate::testing::layout::{Part, parts};
use crate::testing::script::{Mode, Scripted, recorded};
use crate::testing::seam::{self, Deviation};
use crate::testing::tiny::{TINY, Tiny, chips, key, key_with, rng, traces};
use crate::{Parameters, ProveError, ProvingKey, VerifierKey};

#[test]
#[should_panic(expected = "tables need 12 blinding rows")]
fn no_key_has_too_few_blinding_rows() {
    let parameters = Parameters { blinding_rows: TINY.blinding_rows - 1, ..TINY };
    VerifierKey::new("test", parameters, &chips([0, 0]));
}

/// The words of two proofs of the same statement by the same witness under the same challenges, by
/// part.
fn twice<H: ProofHash>(deviation: Deviation<'_>) -> Vec<(Part, Vec<[[u8; 8]; 2]>)> {
    let (key, chips, traces) = (key_with(H::FUNCTION), chips([3, 5]), traces([3, 5]));
    let [(first, events), (second, _)] = [1, 2].map(|seed| {
        let prove = || {
            seam::prove::<Scripted<H>, _>(&key, (&chips, &traces, b""), &mut rng(seed), deviation).0
        };
        recorded(Mode::Forced(4), prove)
    });
    assert_eq!(first.len(), second.len());
    let words = |range: std::ops::Range<usize>| {
        let (first, second) =
            (first[range.clone()].as_chunks::<8>().0, second[range].as_chunks::<8>().0);
        first.iter().zip(second).map(|(&first, &second)| [first, second]).collect()
    };
    parts(key.verifier(), &events).into_iter().map(|(part, range)| (part, words(range))).collect()
}

/// The parts of the words that the two proofs share.
fn shared<H: ProofHash>(deviation: Deviation<'_>) -> Vec<Part> {
    let words = twice::<H>(deviation)
        .into_iter()
        .flat_map(|(part, words)| words.into_iter().map(move |w| (part, w)));
    // With forced challenges no nonces are searched, so nonces are zero.
    words.filter(|(part, [a, b])| *part != Part::Nonce && a == b).map(|(part, _)| part).collect()
}

#[test]
fn two_proofs_by_one_witness_share_no_word() {
    assert_eq!(shared::<Blake3Hash>(Deviation::default()), []);
    assert_eq!(shared::<Blake3TruncatedHash>(Deviation::default()), []);
    assert_eq!(shared::<Poseidon2Hash>(Deviation::default()), []);
}

#[test]
fn two_proofs_without_blinding_rows_share_what_the_queries_open() {
    let zeroed = |tree: usize, matrices: &mut [RowMajorMatrix<F>]| {
        if tree == MAIN {
            for matrix in matrices {
                let rows = matrix.values.len() / matrix.width;
                let blinding = (rows - TINY.blinding_rows) * matrix.width;
                matrix.values[blinding..].fill(F::ZERO);
            }
        }
    };
    let deviation = Deviation { columns: &zeroed, ..Deviation::default() };
    for shared in [shared::<Blake3Hash>(deviation), shared::<Poseidon2Hash>(deviation)] {
        assert!(shared.contains(&Part::Rows) && shared.contains(&Part::Values), "{shared:?}");
    }
}

/// All source files of a crate except tests.
fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_stem().unwrap().to_string_lossy().into_owned();
        let is_test =
            ["tests", "testing", "fixture", "freedom", "mutant", "oracle"].contains(&name.as_str());
        match path.is_dir() {
            _ if is_test => {}
            true => sources(&path, found),
            false => found.push(path),
        }
    }
}

#[test]
fn nobody_can_seed_the_prover() {
    // The prover receives chips, traces, bound bytes and a control, but no generator.
    type Prove =
        fn(&ProvingKey, &[Tiny], Vec<Trace>, &[u8], &Control<'_>) -> Result<Vec<u8>, ProveError>;
    let _: Prove = ProvingKey::prove::<Tiny>;

    let mut files = Vec::new();
    let stark = Path::new(env!("CARGO_MANIFEST_DIR"));
    sources(&stark.join("src"), &mut files);
    sources(&stark.join("../src"), &mut files);
    assert!(files.len() > 40, "{files:?}");
    for file in files {
        let source = std::fs::read_to_string(&file).unwrap();
        // The code after this is for tests only.
        let source = source.split("#[cfg(test)]\nmod tests {").next().unwrap();
        for line in source.lines() {
            let declares = line.trim_start().starts_with("pub ") && line.contains("fn ");
            assert!(
                !declares || !(line.contains("Rng") || line.contains("seed")),
                "{file:?}: {line}"
            );
            if line.contains("from_seed") || line.contains("seed_from") || line.contains("from_rng")
            {
                // The system seeds the first generator, and that generator seeds the second.
                let allowed = [
                    "Ok(StdRng::from_seed(*seed))",
                    "StdRng::from_seed(*self.seed).fill_bytes(salts.as_flattened_mut());",
                ];
                assert!(allowed.contains(&line.trim()), "{file:?}: {line}");
            }
        }
    }
}

#[test]
fn tables_of_two_heights_are_blinded_as_often_as_they_are_seen() {
    let key = key();
    crate::testing::hiding::assert_every_column_is_blinded(key.verifier());
    crate::testing::hiding::assert_one_row_less_does_not_hide(key.verifier());
}
