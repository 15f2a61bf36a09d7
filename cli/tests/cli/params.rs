//! Tests of `params`.

use crate::{velum, velum_json};

#[test]
fn at_least_a_hundred_bits_are_proven() {
    let (status, object) = velum_json(&["params"]);
    assert_eq!(status, 0);
    let bits =
        |value: &serde_json::Value, theorem: &str| value["proven_bits"][theorem].as_f64().unwrap();
    let suites = object["suites"].as_array().unwrap();
    let names: Vec<_> = suites.iter().map(|suite| suite["suite"].as_str().unwrap()).collect();
    assert_eq!(names, ["direct", "compact", "aggregatable"]);
    let for_circuits: Vec<_> =
        suites.iter().map(|suite| suite["for_circuits"].as_bool().unwrap()).collect();
    assert_eq!(for_circuits, [false, false, true]);
    let classes = suites.iter().flat_map(|suite| suite["size_classes"].as_array().unwrap());
    let names: Vec<_> =
        classes.clone().map(|class| class["size_class"].as_str().unwrap()).collect();
    assert_eq!(names, ["standard", "large", "extra"].repeat(3));
    for class in classes {
        let proofs = class["proofs"].as_array().unwrap();
        assert_eq!(proofs.len(), 2);
        assert_eq!(class["links"].as_array().unwrap().len(), 2);
        assert_eq!(class["proven_bits"].as_object().unwrap().len(), 2);
        for (index, theorem) in ["eprint_2026_2056", "eprint_2025_2055"].into_iter().enumerate() {
            assert!(bits(class, theorem) >= 100.0, "{class}");
            for proof in proofs {
                // A sum of errors proves fewer bits than each of its terms.
                assert!(bits(class, theorem) < bits(proof, theorem), "{class}");
                let soundness = &proof["soundness"][index];
                assert_eq!(soundness["theorem"], theorem);
                assert_eq!(soundness["proven_bits"], bits(proof, theorem));
                let terms = soundness["terms"].as_array().unwrap();
                let least = terms
                    .iter()
                    .map(|term| term["bits"].as_f64().unwrap())
                    .fold(f64::INFINITY, f64::min);
                assert_eq!(soundness["weakest"]["bits"], least);
                assert!(bits(proof, theorem) <= least, "{proof}");
                assert!(proof["max_proof_bytes"].as_u64().unwrap() > 0);
                let memory = |mode: &str| proof["memory_bytes"][mode].as_u64().unwrap();
                assert!(0 < memory("low") && memory("low") <= memory("normal"), "{proof}");
            }
        }
    }
    for name in ["in_use", "available"] {
        assert!(
            ["scalar", "neon", "avx2", "avx512f"].contains(&object["simd"][name].as_str().unwrap())
        );
    }

    let text = String::from_utf8(velum(&["params"]).stdout).unwrap();
    assert!(text.contains("suite direct, size class standard"), "{text}");
    for expected in
        ["both proofs", "eprint 2026/2056, Theorem 5.12", "eprint 2025/2055, Theorem 4.6"]
    {
        assert!(text.contains(expected), "{text}");
    }
}
