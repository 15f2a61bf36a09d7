//! Tests of `demo`.

use serde_json::json;

use crate::{velum, velum_json};

#[test]
fn five_wrong_requests_are_refused_twice() {
    let (status, object) = velum_json(&["demo", "--threads", "2", "--profile"]);
    assert_eq!((status, &object["all_refused"]), (0, &json!(true)), "{object}");
    let codes: Vec<_> = object["wrong_requests"]
        .as_array()
        .unwrap()
        .iter()
        .map(|refusal| {
            [&refusal["prover"]["code"], &refusal["verifier"]["code"]]
                .map(|code| code.as_str().unwrap())
        })
        .collect();
    let expected =
        ["predicate", "element_missing", "device_signature", "expired", "issuer_untrusted"]
            .map(|prover| [prover, "proof_invalid"]);
    assert_eq!(codes, expected);

    let age = json!({
        "namespace": "org.iso.18013.5.1",
        "element": "birth_date",
        "predicate": { "age_at_least": 18 },
    });
    assert_eq!(object["learnt"][0], age);
    let hidden = json!({ "namespace": "org.iso.18013.5.1", "element": "birth_date" });
    assert!(object["hidden"].as_array().unwrap().contains(&hidden));
    assert_eq!(object["threads"], 2);
    for name in ["prepare_ms", "present_ms", "verify_ms", "presentation_bytes"] {
        assert!(object[name].as_f64().unwrap() > 0.0, "{name}");
    }
    for (verb, total) in [("prepare", "prepare_ms"), ("present", "present_ms")] {
        let stages = object["stages"][verb].as_object().unwrap();
        let sum: f64 = stages.values().map(|ms| ms.as_f64().unwrap()).sum();
        let total = object[total].as_f64().unwrap();
        // Each value is rounded to a tenth.
        assert!((sum - total).abs() <= 0.1 * stages.len() as f64, "{verb}: {sum} {total}");
        for stage in
            ["witness", "low_degree_extension", "hashing", "quotient", "fri", "check", "other"]
        {
            assert!(stages.contains_key(stage), "{verb}: {stage}");
        }
    }

    // The same content as text. It takes another run, which is made only if the slow tests run
    // whole.
    if crate::all() {
        let output = velum(&["demo", "--profile"]);
        assert_eq!(output.status.code(), Some(0));
        let text = String::from_utf8(output.stdout).unwrap();
        assert!(
            text.contains("birth_date (org.iso.18013.5.1) makes the holder 18 years or older"),
            "{text}"
        );
        assert!(text.contains("\nProven, verified, and every wrong request refused.\n"), "{text}");
        assert!(text.contains("\nlow-degree extension "), "{text}");
        assert!(!text.contains('\u{1b}'));
        assert!(String::from_utf8(output.stderr).unwrap().contains("wrong request: 60 or over"));
    }
}
