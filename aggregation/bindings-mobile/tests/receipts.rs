//! Tests with recorded receipts: what a receipt shows, and that any other input is refused.

use velum_receipt_mobile::{ReceiptError, ReceiptProfile, VerifiedReceipt, verify_receipt};
use velum_testdata::MUSTERMANN;

const RECEIPTS: [(ReceiptProfile, u32, &[u8]); 2] = [
    (
        ReceiptProfile::Standard,
        58,
        include_bytes!("../../../testdata/golden/receipt-standard.cbor"),
    ),
    (
        ReceiptProfile::Proven100,
        100,
        include_bytes!("../../../testdata/golden/receipt-proven-100.cbor"),
    ),
];

/// The payee of both receipts.
const PAYEE: [u8; 32] = [0x7a; 32];

fn request() -> Vec<u8> {
    MUSTERMANN.request.as_bytes().to_vec()
}

fn transcript() -> Vec<u8> {
    MUSTERMANN.session_transcript.to_vec()
}

fn verify(receipt: &[u8], profile: ReceiptProfile) -> Result<VerifiedReceipt, ReceiptError> {
    verify_receipt(receipt.to_vec(), request(), transcript(), vec![profile], None)
}

#[test]
fn a_receipt_tells_what_its_presentation_does_and_of_its_aggregate() {
    for (profile, bits, receipt) in RECEIPTS {
        let verified = verify(receipt, profile).unwrap();
        assert_eq!((verified.profile, verified.proven_bits, verified.count), (profile, bits, 2));
        assert_eq!(verified.payee, PAYEE);
        assert!(verified.learnt.iter().any(|fact| fact.text.contains("18 years or older")));
        for fact in &verified.learnt {
            assert!(
                serde_json::from_str::<serde_json::Value>(&fact.json).unwrap().is_object(),
                "{}",
                fact.json
            );
        }
        let both = vec![ReceiptProfile::Standard, ReceiptProfile::Proven100];
        let named =
            verify_receipt(receipt.to_vec(), request(), transcript(), both, Some(PAYEE.to_vec()));
        assert_eq!(named.unwrap(), verified);
    }
}

#[test]
fn a_receipt_is_of_one_session_request_payee_and_profile() {
    let older = MUSTERMANN.request.replace("\"age_at_least\": 18", "\"age_at_least\": 21");
    assert_ne!(older, MUSTERMANN.request);
    let mut elsewhere = transcript();
    *elsewhere.last_mut().unwrap() ^= 1;
    for (profile, _, receipt) in RECEIPTS {
        let refused = |request: Vec<u8>, transcript, profiles, payee: Option<Vec<u8>>| {
            let error =
                verify_receipt(receipt.to_vec(), request, transcript, profiles, payee).unwrap_err();
            assert!(matches!(error, ReceiptError::Refused { .. }), "{error:?}");
            assert_eq!(error.problem().code, "receipt_invalid");
            error.problem().place.clone()
        };
        let own = vec![profile];
        assert_eq!(
            refused(older.clone().into_bytes(), transcript(), own.clone(), None),
            "receipt.path"
        );
        assert_eq!(refused(request(), elsewhere.clone(), own.clone(), None), "receipt.path");
        assert_eq!(refused(request(), transcript(), own, Some(vec![0; 32])), "receipt.payee");
        let other =
            RECEIPTS.map(|(profile, ..)| profile).into_iter().find(|other| *other != profile);
        assert_eq!(refused(request(), transcript(), vec![other.unwrap()], None), "receipt.profile");
    }
}

#[test]
fn what_is_changed_or_no_receipt_is_an_error() {
    let (profile, _, receipt) = RECEIPTS[0];
    let step = receipt.len() / 97;
    for at in (0..receipt.len()).step_by(step) {
        let mut changed = receipt.to_vec();
        changed[at] ^= 1 << (at % 8);
        let error = verify(&changed, profile).unwrap_err();
        assert!(!matches!(error, ReceiptError::Internal { .. }), "byte {at}: {error:?}");
        let cut = verify(&receipt[..at], profile).unwrap_err();
        assert!(matches!(cut, ReceiptError::Unreadable { .. }), "{at} bytes: {cut:?}");
    }
    for (profiles, payee, place) in [
        (vec![], None, "profiles"),
        (vec![profile], Some(vec![0; 31]), "payee"),
        (vec![profile], Some(vec![]), "payee"),
    ] {
        let error =
            verify_receipt(receipt.to_vec(), request(), transcript(), profiles, payee).unwrap_err();
        assert_eq!(
            (error.problem().code.as_str(), error.problem().place.as_str()),
            ("malformed", place)
        );
    }
    let no_request =
        verify_receipt(receipt.to_vec(), b"{".to_vec(), transcript(), vec![profile], None);
    assert!(matches!(no_request, Err(ReceiptError::Unreadable { .. })));
}
