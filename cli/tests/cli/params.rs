//! `params`.

use crate::{velum, velum_json};

#[test]
fn at_least_a_hundred_bits_are_proven() {
    let (status, object) = velum_json(&["params"]);
    assert_eq!(status, 0);
    let bits = |value: &serde_json::Value| value["proven_bits"].as_f64().unwrap();
    let suites = object["suites"].as_array().unwrap();
    let names: Vec<_> = suites.iter().map(|suite| suite["suite"].as_str().unwrap()).collect();
    assert_eq!(names, ["direct", "aggregatable"]);
    let classes = suites.iter().flat_map(|suite| suite["size_classes"].as_array().unwrap());
    let names: Vec<_> = classes.clone().map(|class| class["size_class"].as_str().unwrap()).collect();
    assert_eq!(names, ["standard", "large", "standard", "large"]);
    for class in classes {
        assert!(bits(class) >= 100.0, "{class}");
        let proofs = class["proofs"].as_array().unwrap();
        assert_eq!(proofs.len(), 2);
        for proof in proofs {
            // A sum of errors proves less than each of its terms.
            assert!(bits(class) < bits(proof), "{class}");
            let terms = proof["terms"].as_array().unwrap();
            let least = terms.iter().map(|term| term["bits"].as_f64().unwrap()).fold(f64::INFINITY, f64::min);
            assert_eq!(proof["weakest"]["bits"], least);
            assert!(bits(proof) <= least, "{proof}");
            assert!(proof["max_proof_bytes"].as_u64().unwrap() > 0);
        }
    }
    for name in ["in_use", "available"] {
        assert!(["scalar", "neon", "avx2", "avx512f"].contains(&object["simd"][name].as_str().unwrap()));
    }

    let text = String::from_utf8(velum(&["params"]).stdout).unwrap();
    assert!(text.contains("suite direct, size class standard"), "{text}");
    assert!(text.contains("both proofs"), "{text}");
}
