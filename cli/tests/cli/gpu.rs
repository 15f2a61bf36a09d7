//! Tests of `--gpu`.

use velum_testdata::MUSTERMANN;

use crate::{Folder, velum_json};

/// Runs on any adapter, including one in software.
#[test]
fn a_gpu_that_is_required_makes_both_proofs() {
    let folder = Folder::of_case(&MUSTERMANN);
    let (status, object) = folder.prove(&[], &["--any-clock", "--gpu", "require", "--profile"]);
    assert_eq!(status, 0, "{object}");
    assert_eq!(object["backend"], "gpu");
    assert!(!object["adapter"].as_str().unwrap().is_empty());
    for verb in ["prepare", "present"] {
        let devices = object["devices"][verb].as_object().unwrap();
        for (stage, device) in devices {
            let of_host = ["keys", "witness", "check"].contains(&stage.as_str());
            assert_eq!(device, if of_host { "cpu" } else { "gpu" }, "{verb}: {stage}");
        }
        assert!(devices.len() >= 10, "{object}");
    }
    assert_eq!(folder.verify(&[]).0, 0);
}

#[test]
fn the_demo_runs_on_a_gpu_where_it_is_required() {
    let (status, object) = velum_json(&["demo", "--gpu", "require"]);
    assert_eq!(status, 0, "{object}");
    assert_eq!((&object["backend"], &object["all_refused"]), (&"gpu".into(), &true.into()));
}

#[test]
fn without_one_the_processor_proves() {
    let folder = Folder::of_case(&MUSTERMANN);
    let (status, object) = folder.prove(&[], &["--any-clock", "--gpu", "off", "--profile"]);
    assert_eq!(status, 0, "{object}");
    assert_eq!((object["backend"].as_str(), object["adapter"].as_str()), (Some("cpu"), None));
    assert!(
        object["devices"]["present"].as_object().unwrap().values().all(|device| device == "cpu")
    );
    assert_eq!(folder.verify(&[]).0, 0);
}

#[test]
fn params_tell_the_adapters() {
    let (status, object) = velum_json(&["params"]);
    assert_eq!(status, 0, "{object}");
    assert_eq!(object["gpu"]["built"], true);
    for adapter in object["gpu"]["adapters"].as_array().unwrap() {
        assert!(adapter["software"].is_boolean() && !adapter["name"].as_str().unwrap().is_empty());
    }
}
