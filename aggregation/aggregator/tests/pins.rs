//! The circuits of this build are those that verifiers know.
//!
//! Making all of them takes minutes: `cargo test --release -p velum-aggregator --test pins -- --ignored`, with `write_pins` to write the keys anew. Whoever does so changes
//! what verifiers accept, and says so in `docs/compatibility.md`.

use std::path::{Path, PathBuf};

use velum_aggregate_verifier::{Profile, RootKey};
use velum_aggregator::Circuits;

fn file(folder: &str, name: String) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(folder).join("keys").join(name)
}

fn files(profile: Profile) -> [PathBuf; 2] {
    let name = profile.short_name();
    [file("aggregator", format!("{name}.list")), file("verifier", format!("{name}.root"))]
}

/// The allow-list and the root's key.
fn keys(profile: Profile) -> [Vec<u8>; 2] {
    let circuits = Circuits::new(profile).unwrap();
    for leaf in &circuits.leaves {
        let rows: usize = leaf.rows.iter().map(velum_recursion::Rows::total).sum();
        println!(
            "{}: leaf of {}: {rows} rows of 2^{}",
            profile.short_name(),
            leaf.class().name,
            leaf.data.common.degree_bits()
        );
    }
    [circuits.above.list().to_bytes(), circuits.above.key().unwrap().to_bytes()]
}

#[test]
#[ignore = "takes minutes"]
fn pins_are_those_of_the_circuits() {
    for profile in Profile::ALL {
        let [list, root] = files(profile).map(|file| std::fs::read(file).unwrap());
        assert_eq!(RootKey::pinned(profile).to_bytes(), root);
        assert!(keys(profile) == [list, root], "the circuits of {} have changed", profile.short_name());
    }
}

#[test]
#[ignore = "writes the keys anew"]
fn write_pins() {
    for profile in Profile::ALL {
        for (file, key) in files(profile).iter().zip(keys(profile)) {
            std::fs::write(file, key).unwrap();
        }
    }
}
