//! Compares all hash functions with slow references, and checks the properties of transcripts.

use p3_field::{BasedVectorSpace, ExtensionField, PrimeCharacteristicRing, PrimeField64};
use p3_goldilocks::Goldilocks;

use super::*;
use crate::control::Control;

fn element(index: usize) -> F {
    F::from_u64((index as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15))
}

fn row(index: usize, width: usize) -> Vec<F> {
    (0..width).map(|column| element(index * 1_000 + column)).collect()
}

fn salt(index: usize) -> Salt {
    std::array::from_fn(|byte| element(index + byte).as_canonical_u64() as u8)
}

/// The leaves of many rows at once equal those of `slow`, which hashes one row at a time.
pub(super) fn leaves_equal<H: ProofHash>(
    widths: &[usize],
    slow: impl Fn(&[F], Option<&Salt>) -> H::Digest,
) {
    for &width in widths {
        for count in [1, 7, 8, 9, 16, 17, 2 * TASK + 3] {
            let rows: Vec<F> = (0..count).flat_map(|index| row(index, width)).collect();
            let salts: Vec<Salt> = (0..count).map(salt).collect();
            for salts in [None, Some(&salts[..])] {
                let expected: Vec<_> = (0..count)
                    .map(|index| slow(&row(index, width), salts.map(|salts| &salts[index])))
                    .collect();
                assert_eq!(H::leaves(&rows, width, salts), expected, "{count} rows of {width}");
            }
        }
    }
}

pub(super) fn nodes_equal<H: ProofHash>(slow: impl Fn(&H::Digest, &H::Digest) -> H::Digest) {
    for count in [1, 3, 8, 9, 2 * TASK + 5] {
        let children: Vec<_> =
            (0..2 * count).map(|index| H::leaves(&row(index, 1), 1, None)[0]).collect();
        let expected: Vec<_> = children.chunks(2).map(|pair| slow(&pair[0], &pair[1])).collect();
        assert_eq!(H::nodes(&children), expected, "{count} nodes");
    }
}

/// BLAKE3 under a context, of bytes that are padded with zeros to whole blocks, at least one.
fn blake3_of_blocks(context: &str, mut bytes: Vec<u8>) -> [u8; 32] {
    bytes.resize(bytes.len().next_multiple_of(64), 0);
    ::blake3::derive_key(context, &bytes)
}

fn slow_blake3_leaf(row: &[F], salt: Option<&Salt>) -> [u8; 32] {
    let mut message = salt.map_or_else(Vec::new, |salt| salt.to_vec());
    message.extend(row.iter().flat_map(|element| element.as_canonical_u64().to_le_bytes()));
    if message.len() <= 1024 {
        return blake3_of_blocks("velum 2026 row v1", message);
    }
    let piece = |piece: &[u8]| blake3_of_blocks("velum 2026 row v1", piece.to_vec());
    blake3_of_blocks("velum 2026 row pieces v1", message.chunks(1024).flat_map(piece).collect())
}

#[test]
fn blake3_leaves_and_nodes_equal_the_slow_ones() {
    leaves_equal::<Blake3Hash>(
        &[1, 6, 7, 8, 9, 62, 125, 126, 127, 128, 129, 130, 254, 300, 500],
        slow_blake3_leaf,
    );
    // As many chunks as fill one chunk with their digests, and one more.
    for width in [32 * 128, 32 * 128 + 1] {
        let row = row(0, width);
        assert_eq!(Blake3Hash::leaves(&row, width, None), [slow_blake3_leaf(&row, None)]);
    }
    nodes_equal::<Blake3Hash>(|left, right| {
        ::blake3::derive_key("velum 2026 node v1", &[*left, *right].concat())
    });
}

#[test]
fn truncated_digests_are_the_first_bytes() {
    let first = |digest: [u8; 32]| {
        std::array::from_fn(|byte| if byte < TRUNCATED_BYTES { digest[byte] } else { 0 })
    };
    leaves_equal::<Blake3TruncatedHash>(&[1, 9, 126, 127, 300], |row, salt| {
        first(slow_blake3_leaf(row, salt))
    });
    nodes_equal::<Blake3TruncatedHash>(|left, right| {
        first(::blake3::derive_key("velum 2026 node v1", &[*left, *right].concat()))
    });
    let hash = HashFunction::Blake3Truncated;
    assert_eq!((hash.digest_bytes(), hash.collision_bits()), (26, 104));
}

fn representations_agree<H: ProofHash>() {
    let canonical: Vec<F> = (0..9).map(F::from_u64).collect();
    let other: Vec<F> = (0..9).map(|number| Goldilocks::new(F::ORDER_U64 + number)).collect();
    assert_eq!(H::leaves(&canonical, 9, None), H::leaves(&other, 9, None));
    let challenge = |rows: &[F]| {
        let mut transcript = H::Transcript::new(b"");
        transcript.absorb(&rows.iter().map(|element| EF::from(*element)).collect::<Vec<_>>());
        transcript.challenge()
    };
    assert_eq!(challenge(&canonical), challenge(&other));
}

#[test]
fn elements_are_hashed_by_value() {
    representations_agree::<Blake3Hash>();
    representations_agree::<Blake3TruncatedHash>();
    representations_agree::<Poseidon2Hash>();
}

fn digests_decode<H: ProofHash>() {
    let digest = H::leaves(&row(0, 5), 5, None)[0];
    assert_eq!(H::from_bytes(H::to_bytes(&digest)), Some(digest));
}

#[test]
fn digests_decode_from_canonical_bytes_only() {
    digests_decode::<Blake3Hash>();
    digests_decode::<Blake3TruncatedHash>();
    for place in 0..DIGEST_BYTES {
        let mut bytes = [0; DIGEST_BYTES];
        bytes[place] = 1;
        assert_eq!(
            Blake3TruncatedHash::from_bytes(bytes).is_some(),
            place < TRUNCATED_BYTES,
            "byte {place}"
        );
    }
    digests_decode::<Poseidon2Hash>();
    for word in 0..4 {
        let mut bytes = [0; DIGEST_BYTES];
        for (number, accepted) in [
            (F::ORDER_U64 - 1, true),
            (F::ORDER_U64, false),
            (F::ORDER_U64 + 1, false),
            (u64::MAX, false),
        ] {
            bytes[8 * word..][..8].copy_from_slice(&number.to_le_bytes());
            assert_eq!(
                Poseidon2Hash::from_bytes(bytes).is_some(),
                accepted,
                "{number} in word {word}"
            );
        }
    }
}

/// A message to a transcript, or a request for challenges.
#[derive(Clone, Debug)]
enum Step {
    Digest(usize),
    Values(usize, usize),
    Nonce(u64),
    Ask,
}

/// The challenges and the index after each `Ask`.
fn answers<H: ProofHash>(prefix: &[u8], steps: &[Step]) -> Vec<(EF, EF, usize)> {
    let mut transcript = H::Transcript::new(prefix);
    let mut answers = Vec::new();
    for step in steps {
        match *step {
            Step::Digest(index) => transcript.absorb_digest(&H::leaves(&row(index, 1), 1, None)[0]),
            Step::Values(index, count) => {
                let value =
                    |place| EF::from_basis_coefficients_fn(|i| element(index + 2 * place + i));
                transcript.absorb(&(0..count).map(value).collect::<Vec<_>>());
            }
            Step::Nonce(nonce) => assert!(transcript.check_grinding(0, nonce)),
            Step::Ask => {
                answers.push((transcript.challenge(), transcript.challenge(), transcript.index(32)))
            }
        }
    }
    answers
}

fn everything_absorbed_counts<H: ProofHash>() {
    use Step::{Ask, Digest, Nonce, Values};
    let steps = [
        Ask,
        Digest(1),
        Ask,
        Digest(2),
        Digest(3),
        Ask,
        Values(10, 1),
        Ask,
        Values(20, 5),
        Values(30, 2),
        Ask,
        Nonce(7),
        Ask,
        Digest(4),
        Values(40, 1),
        Ask,
        Ask,
    ];
    let honest = answers::<H>(b"prefix", &steps);
    let later_differ = |steps: &[Step], changed: usize, what: &str| {
        let asked_before = steps[..changed].iter().filter(|step| matches!(step, Ask)).count();
        let other = answers::<H>(b"prefix", steps);
        assert_eq!(other[..asked_before], honest[..asked_before], "{what}");
        for (other, honest) in other[asked_before..].iter().zip(&honest[asked_before..]) {
            assert!(other.0 != honest.0 && other.1 != honest.1 && other.2 != honest.2, "{what}");
        }
    };
    for place in (0..steps.len()).filter(|place| !matches!(steps[*place], Ask)) {
        let mut dropped = steps.to_vec();
        dropped.remove(place);
        later_differ(&dropped, place, "dropped");
        let mut changed = steps.to_vec();
        changed[place] = match changed[place].clone() {
            Digest(index) => Digest(index + 100),
            Values(index, count) => Values(index + 100, count),
            Nonce(nonce) => Nonce(nonce + (1 << 40)),
            Ask => Ask,
        };
        later_differ(&changed, place, "changed");
        if !matches!(steps[place + 1], Ask) {
            let mut swapped = steps.to_vec();
            swapped.swap(place, place + 1);
            later_differ(&swapped, place, "swapped");
        }
    }
    for prefix in
        [&b""[..], b"\0", b"prefi", b"prefix\0", b"prefiy", b"a prefix of more than seven bytes"]
    {
        let other = answers::<H>(prefix, &steps);
        assert!(other.iter().zip(&honest).all(|(other, honest)| other.0 != honest.0), "{prefix:?}");
    }
    assert_ne!(answers::<H>(b"", &[Ask]), answers::<H>(b"\0", &[Ask]));
    let all: Vec<EF> = honest.iter().flat_map(|answer| [answer.0, answer.1]).collect();
    for (index, challenge) in all.iter().enumerate() {
        assert!(!all[..index].contains(challenge));
    }
}

#[test]
fn every_challenge_depends_on_all_that_was_absorbed_in_its_order() {
    everything_absorbed_counts::<Blake3Hash>();
    everything_absorbed_counts::<Blake3TruncatedHash>();
    everything_absorbed_counts::<Poseidon2Hash>();
}

fn challenges_are_in_range<H: ProofHash>() {
    let mut transcript = H::Transcript::new(b"");
    for bits in (0..=32).cycle().take(1_000) {
        assert!(!ExtensionField::<F>::is_in_basefield(&transcript.challenge()));
        assert!(transcript.index(bits) < 1 << bits);
    }
}

#[test]
fn challenges_and_indices_are_in_range() {
    challenges_are_in_range::<Blake3Hash>();
    challenges_are_in_range::<Poseidon2Hash>();
}

fn grinding_works<H: ProofHash>() {
    const BITS: usize = 8;
    for absorbed in 0..6 {
        let mut start = H::Transcript::new(b"grinding");
        start.absorb(&vec![EF::TWO; absorbed]);
        let (mut prover, mut verifier) = (start.clone(), start.clone());
        let nonce = prover.puzzle().solve(BITS, &Control::none()).unwrap();
        assert_eq!(prover.absorb_solution(BITS, nonce), Some(nonce));
        assert!(verifier.check_grinding(BITS, nonce));
        assert_eq!(prover.challenge(), verifier.challenge());

        let accepted = |nonce| start.clone().check_grinding(BITS, nonce);
        let found = (0..16 << BITS).filter(|nonce| accepted(*nonce)).count();
        assert!((1..64).contains(&found), "{found} of 16 expected");
        let other = (0..).find(|other| *other != nonce && accepted(*other)).unwrap();
        let mut verifier = start.clone();
        assert!(verifier.check_grinding(BITS, other));
        assert_ne!(prover.challenge(), verifier.challenge());
    }
}

#[test]
fn grinding_finds_what_checking_accepts() {
    grinding_works::<Blake3Hash>();
    grinding_works::<Poseidon2Hash>();
}
