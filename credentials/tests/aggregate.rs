//! The files of an aggregate: each has one encoding, and unreadable files are refused.

#![cfg(feature = "aggregatable")]

use velum_credentials::aggregate::{Batch, Receipt, Step, Submission};
use velum_credentials::{Code, Presentation, Request, SessionTranscript, limits};
use velum_testdata::MUSTERMANN;

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
    let leaves =
        (0..300u16).map(|leaf| [leaf.to_be_bytes(); 16].concat().try_into().unwrap()).collect();
    Batch { profile: "proven-100".to_owned(), payee: [9; 32], leaves, proof: vec![0xbb; 300] }
}

fn submission() -> Submission {
    Submission {
        transcript: SessionTranscript::parse(MUSTERMANN.session_transcript).unwrap(),
        request: Request::from_json(MUSTERMANN.request.as_bytes()).unwrap(),
        presentation: presentation(),
    }
}

#[test]
fn submissions_are_read_as_they_are_written_and_have_one_encoding() {
    let bytes = submission().to_bytes();
    let read = Submission::from_bytes(&bytes).unwrap();
    assert_eq!(read.to_bytes(), bytes);
    assert_eq!(read.request, submission().request);
    assert_eq!(
        read.claim().unwrap().hash().unwrap(),
        submission().claim().unwrap().hash().unwrap()
    );

    for end in [0, 1, 2, 100, 1_000, bytes.len() - 1] {
        assert!(Submission::from_bytes(&bytes[..end]).is_err(), "cut off at {end}");
    }
    assert!(Submission::from_bytes(&[&bytes[..], &[0]].concat()).is_err());
    for at in (0..bytes.len()).step_by(1_997).chain((0..2_000).step_by(7)) {
        let mut changed = bytes.clone();
        changed[at] ^= 1 << (at % 8);
        if let Ok(read) = Submission::from_bytes(&changed) {
            assert_eq!(read.to_bytes(), changed, "byte {at}");
        }
    }
    let long = vec![0; limits::SUBMISSION_BYTES + 1];
    assert_eq!(Submission::from_bytes(&long).map(drop).unwrap_err().code(), Code::TooLarge);
    let other_version = Submission::from_bytes(&[0x84, 9]).map(drop).unwrap_err();
    assert_eq!(
        (other_version.code(), other_version.place()),
        (Code::WrongVersion, "submission.version")
    );
}

/// A transcript in a byte string, or a request with its members in another order, is the same
/// answer in other bytes.
#[test]
fn other_forms_of_a_submission_are_refused() {
    let string = |bytes: &[u8]| {
        let mut out = Vec::new();
        ciborium::into_writer(&ciborium::Value::Bytes(bytes.to_vec()), &mut out).unwrap();
        out
    };
    let place = |transcript: &[u8], request: &[u8]| {
        let presentation = submission().to_bytes();
        let mut bytes = vec![0x84, 1];
        bytes.extend(string(transcript));
        bytes.extend(string(request));
        // The presentation comes last, with a head of five bytes.
        bytes.extend(&presentation[presentation.len() - GOLDEN.len() - 5..]);
        Submission::from_bytes(&bytes).map(drop).map_err(|error| error.place().to_owned())
    };
    let Submission { transcript, request, .. } = submission();
    let wrapped = [&[0xd8, 0x18][..], &string(transcript.bytes())].concat();
    let cbor = request.to_cbor();
    assert_eq!(place(transcript.bytes(), &cbor), Ok(()));
    assert_eq!(place(&wrapped, &cbor), Err("submission.transcript".to_owned()));
    let reordered: ciborium::Value = ciborium::from_reader(&cbor[..]).unwrap();
    let mut members = reordered.into_map().unwrap();
    members.reverse();
    let mut other = Vec::new();
    ciborium::into_writer(&ciborium::Value::Map(members), &mut other).unwrap();
    assert_eq!(Request::from_cbor(&other).unwrap(), request);
    assert_eq!(place(transcript.bytes(), &other), Err("submission.request".to_owned()));
}

#[test]
fn files_are_read_as_they_are_written() {
    let bytes = receipt().to_bytes();
    assert_eq!(Receipt::from_bytes(&bytes).unwrap(), receipt());
    let bytes = batch().to_bytes();
    assert_eq!(Batch::from_bytes(&bytes).unwrap(), batch());
}

/// If a file can be read, its bytes are the encoding of what was read. So no byte is free.
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
    let high =
        Receipt { path: vec![receipt().path[0].clone(); limits::RECEIPT_STEPS + 1], ..receipt() };
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
