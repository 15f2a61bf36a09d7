//! Folds a presentation. Its receipt is then tried with other bytes, and parts are replaced by
//! others than those they are named for.

use std::path::Path;

use velum_aggregate_verifier::{RootKey, verify_root};
use velum_cli::inputs::challenge;
use velum_credentials::aggregate::Receipt;
use velum_receipt::Policy;

use super::*;
use crate::parts::name;
use crate::receipt::receipt;

const PROFILE: Profile = Profile::Standard;

fn testdata(file: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../testdata").join(file)
}

/// The files of a session and a request.
fn session() -> [PathBuf; 2] {
    ["session_transcript.cbor", "request.json"].map(|file| testdata("mdl-mustermann").join(file))
}

fn item() -> Item {
    let (verifier, [transcript, request]) = (Verifier::allowing(&[Suite::Aggregatable]), session());
    let presentation = testdata("golden/aggregatable-standard.cbor");
    Item::read_and_verify(&verifier, &presentation, &transcript, &request).unwrap()
}

/// Folding takes long, so this test only runs on request: `cargo test --release -- --ignored`.
#[test]
#[ignore = "takes long"]
fn nothing_is_taken_for_what_it_is_not() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("batch");
    let (parts, progress, item) = (Parts::of(&out).unwrap(), Progress::start(), item());
    let part = |name: &str| folder.path().join("batch.parts").join(name);
    let mut work = Work {
        aggregator: Aggregator::new(PROFILE),
        payee: [1; 32],
        parts: &parts,
        progress: &progress,
        times: Times::default(),
    };
    let counts = |proof: &[u8], payee| {
        let root = verify_root(PROFILE, &RootKey::pinned(PROFILE), proof, payee).unwrap();
        assert_eq!((root.digest, root.count), (leaf_digest(item.statement), 1));
    };
    let fold = |work: &mut Work<'_>| work.fold(std::slice::from_ref(&item)).unwrap();
    let proof = fold(&mut work);
    counts(&proof, &[1; 32]);
    no_other_bytes_are_a_receipt(&item, proof);

    let names: Vec<String> = std::fs::read_dir(part(""))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    let wrap_of = |leaf: &str, payee: [u8; 32]| {
        name(&[b"wrap", PROFILE.name().as_bytes(), &payee, &std::fs::read(part(leaf)).unwrap()])
    };
    let leaf = names.iter().find(|name| names.contains(&wrap_of(name, [1; 32]))).unwrap();

    // A wrap that is counted for one payee, in place of a wrap that is counted for another.
    std::fs::copy(part(&wrap_of(leaf, [1; 32])), part(&wrap_of(leaf, [2; 32]))).unwrap();
    work.payee = [2; 32];
    counts(&fold(&mut work), &[2; 32]);

    // A leaf that can be read but does not verify.
    let mut bytes = std::fs::read(part(leaf)).unwrap();
    bytes[0] ^= 1;
    std::fs::write(part(leaf), bytes).unwrap();
    counts(&fold(&mut work), &[2; 32]);
}

fn no_other_bytes_are_a_receipt(item: &Item, proof: Vec<u8>) {
    let (profile, leaves) = (PROFILE.short_name().to_owned(), vec![item.statement_bytes()]);
    let batch = Batch { profile, payee: [1; 32], leaves, proof };
    let honest = receipt(&batch, PROFILE, item).unwrap().to_bytes();
    let [transcript, request] = session();
    let challenge = challenge(&transcript, &request).unwrap();
    let is_accepted = |bytes: &[u8], payee| {
        let policy = Policy { keys: vec![RootKey::pinned(PROFILE)], payee };
        Receipt::from_bytes(bytes).is_ok_and(|receipt| {
            velum_receipt::verify(&receipt, challenge.transcript(), challenge.request(), &policy)
                .is_ok()
        })
    };
    assert!(is_accepted(&honest, None) && is_accepted(&honest, Some([1; 32])));
    assert!(!is_accepted(&honest, Some([2; 32])));
    // Everything before the proof, and samples of the proof.
    let before = honest.len() - batch.proof.len();
    for at in (0..before).chain((before..honest.len()).step_by(997)) {
        for bit in 0..8 {
            let mut other = honest.clone();
            other[at] ^= 1 << bit;
            assert!(!is_accepted(&other, None), "byte {at}, bit {bit}");
        }
    }
}
