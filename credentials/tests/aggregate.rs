//! The files of an aggregate: one encoding each, and nothing that cannot be read.

#![cfg(feature = "aggregatable")]

use velum_credentials::aggregate::{Batch, Receipt, Step};
use velum_credentials::{Code, Presentation, limits};

const GOLDEN: &[u8] = include_bytes!("../../testdata/golden/aggregatable-standard.cbor");

fn presentation() -> Presentation {
    Presentation::from_bytes(GOLDEN).unwrap()
}

fn receipt() -> Receipt {
    let step = |places: u64, count: u64, position: u64| Step {
        places,
        count,
        position,
        siblings: (1..places).map(|sibling| [sibling as u8; 32]).collect(),
    };
    Receipt {
        profile: "standard".to_owned(),
        payee: [7; 32],
        path: vec![step(2, 2, 1), step(8, 300, 0)],
        presentation: presentation().without_proofs(),
        proof: vec![0xaa; 300],
    }
}

fn batch() -> Batch {
    let leaves = (0..300u16).map(|leaf| [leaf.to_be_bytes(); 16].concat().try_into().unwrap()).collect();
    Batch { profile: "proven-100".to_owned(), payee: [9; 32], leaves, proof: vec![0xbb; 300] }
}

#[test]
fn files_are_read_as_they_are_written() {
    let bytes = receipt().to_bytes();
    assert_eq!(Receipt::from_bytes(&bytes).unwrap(), receipt());
    let bytes = batch().to_bytes();
    assert_eq!(Batch::from_bytes(&bytes).unwrap(), batch());
}

/// Whatever is read is the encoding of what was read, so that no byte is free.
#[test]
fn files_have_one_encoding() {
    let read = |bytes: &[u8]| {
        let (receipt, batch) = (Receipt::from_bytes(bytes), Batch::from_bytes(bytes));
        [receipt.map(|receipt| receipt.to_bytes()), batch.map(|batch| batch.to_bytes())]
    };
    for bytes in [receipt().to_bytes(), batch().to_bytes()] {
        for end in 0..bytes.len() {
            assert!(read(&bytes[..end]).iter().all(Result::is_err), "cut off at {end}");
        }
        assert!(read(&[&bytes[..], &[0]].concat()).iter().all(Result::is_err));
        for at in 0..bytes.len() {
            for bit in 0..8 {
                let mut changed = bytes.clone();
                changed[at] ^= 1 << bit;
                for read in read(&changed).into_iter().flatten() {
                    assert_eq!(read, changed, "byte {at}, bit {bit}");
                }
            }
        }
    }
}

#[test]
fn what_is_refused_is_told() {
    let refused = |receipt: &Receipt| {
        let error = Receipt::from_bytes(&receipt.to_bytes()).unwrap_err();
        (error.code(), error.place().to_owned())
    };
    let with_proofs = Receipt { presentation: presentation(), ..receipt() };
    assert_eq!(refused(&with_proofs), (Code::Malformed, "receipt.presentation".to_owned()));
    let long = Receipt { proof: vec![0; limits::AGGREGATE_PROOF_BYTES + 1], ..receipt() };
    assert_eq!(refused(&long), (Code::Malformed, "receipt.aggregate proof".to_owned()));
    let high = Receipt { path: vec![receipt().path[0].clone(); limits::RECEIPT_STEPS + 1], ..receipt() };
    assert_eq!(refused(&high), (Code::Malformed, "receipt.path".to_owned()));
    let mut wide = receipt();
    wide.path[0].siblings = vec![[0; 32]; limits::RECEIPT_SIBLINGS + 1];
    assert_eq!(refused(&wide), (Code::Malformed, "receipt.path".to_owned()));

    let mut bytes = receipt().to_bytes();
    bytes[1] = 2;
    let error = Receipt::from_bytes(&bytes).unwrap_err();
    assert_eq!((error.code(), error.place()), (Code::WrongVersion, "receipt.version"));
    let error = Batch::from_bytes(&vec![0; limits::BATCH_BYTES + 1]).unwrap_err();
    assert_eq!((error.code(), error.place()), (Code::TooLarge, "batch"));
}
