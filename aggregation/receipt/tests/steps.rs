//! The two steps of verifying a receipt, with the recorded receipts. Each step does only its own
//! part, and both together are `verify`.

use velum_aggregate_verifier::{NodeError, Profile, RootKey};
use velum_credentials::aggregate::Receipt;
use velum_credentials::{Claim, Request, SessionTranscript};
use velum_receipt::{Policy, ReceiptError, counted, verify};
use velum_testdata::MUSTERMANN;

/// The payee that the recorded receipts are counted for.
const PAYEE: [u8; 32] = [0x7a; 32];

fn receipt(profile: Profile) -> Receipt {
    let bytes: &[u8] = match profile {
        Profile::Standard => include_bytes!("../../../testdata/golden/receipt-standard.cbor"),
        _ => include_bytes!("../../../testdata/golden/receipt-proven-100.cbor"),
    };
    Receipt::from_bytes(bytes).unwrap()
}

fn session() -> (SessionTranscript, Request) {
    let transcript = SessionTranscript::parse(MUSTERMANN.session_transcript).unwrap();
    (transcript, Request::from_json(MUSTERMANN.request.as_bytes()).unwrap())
}

fn statement(receipt: &Receipt) -> [u8; 32] {
    let (transcript, request) = session();
    Claim::new(&receipt.presentation, &transcript, &request).unwrap().hash().unwrap()
}

fn policy(profile: Profile, payee: Option<[u8; 32]>) -> Policy {
    Policy { keys: vec![RootKey::pinned(profile)], payee }
}

#[test]
fn both_steps_are_the_whole() {
    let (transcript, request) = session();
    for profile in Profile::ALL {
        let (receipt, policy) = (receipt(profile), policy(profile, Some(PAYEE)));
        let counted = counted(&receipt, &statement(&receipt), &policy).unwrap();
        assert_eq!((counted.profile, counted.count, counted.payee), (profile, 2, PAYEE));
        let accepted = verify(&receipt, &transcript, &request, &policy).unwrap();
        assert_eq!(accepted.counted, counted);
        assert!(!accepted.learnt.is_empty());
    }
}

#[test]
fn an_aggregate_shows_nothing_of_another_statement() {
    let receipt = receipt(Profile::Standard);
    let policy = policy(Profile::Standard, None);
    let refused = |statement| counted(&receipt, &statement, &policy).unwrap_err();
    let mut other = statement(&receipt);
    other[0] ^= 1;
    assert!(matches!(refused(other), ReceiptError::Path(_)));
    assert_eq!(refused(other).place(), "receipt.path");
    // The second element of the hash is not below the field's order.
    other[8..16].fill(0xff);
    let error = refused(other);
    assert!(matches!(error, ReceiptError::Statement(NodeError::Digest { element: 1 })), "{error}");
    assert_eq!((error.code(), error.place()), ("receipt_invalid", "statement"));
}

#[test]
fn a_policy_is_kept_whatever_the_statement() {
    let receipt = receipt(Profile::Standard);
    let statement = statement(&receipt);
    let refused =
        |policy: &Policy| counted(&receipt, &statement, policy).unwrap_err().place().to_owned();
    assert_eq!(refused(&policy(Profile::Proven100, None)), "receipt.profile");
    assert_eq!(refused(&Policy { keys: Vec::new(), payee: None }), "receipt.profile");
    assert_eq!(refused(&policy(Profile::Standard, Some([0; 32]))), "receipt.payee");
}
