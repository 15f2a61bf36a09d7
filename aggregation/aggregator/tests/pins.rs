//! Tests that the circuits of this build are the circuits that verifiers know.
//!
//! Making all circuits takes minutes.
//! `cargo test --release -p velum-aggregator --test pins pins_are -- --ignored` compares them. With
//! `write_pins` in place of `pins_are`, it writes the keys anew. New keys change what verifiers
//! accept, so `docs/compatibility.md` must mention them.

use std::path::{Path, PathBuf};

use velum_aggregate_circuits::Circuit;
use velum_aggregate_verifier::{Profile, RootKey};
use velum_aggregator::Circuits;

fn file(folder: &str, name: String) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(folder).join("keys").join(name)
}

fn files(profile: Profile) -> [PathBuf; 2] {
    let name = profile.short_name();
    [file("aggregator", format!("{name}.list")), file("verifier", format!("{name}.root"))]
}

/// The allow-list and the root's key. Prints the number of rows of all circuits. For leaves, these
/// are the rows before constants are added.
fn keys(profile: Profile) -> [Vec<u8>; 2] {
    let Circuits { leaves, above } = Circuits::new(profile).unwrap();
    let tell = |what: &str, rows: usize, log_rows: usize| {
        println!("{}: {what}: {rows} rows of 2^{log_rows}", profile.short_name());
    };
    let circuit =
        |what: &str, circuit: &Circuit| tell(what, circuit.rows(), circuit.common().degree_bits());
    for (leaf, wrap) in leaves.iter().zip(above.leaves()) {
        let class = leaf.class().name;
        let rows = leaf.rows.iter().map(velum_recursion::Rows::total).sum();
        tell(&format!("leaf of {class}"), rows, leaf.data.common.degree_bits());
        circuit(&format!("wrap of a leaf of {class}"), wrap.circuit());
    }
    for (merge, wrap) in above.merges() {
        let places = merge.arity();
        circuit(&format!("merge of {places}"), merge.circuit());
        circuit(&format!("wrap of a merge of {places}"), wrap.circuit());
    }
    circuit("root", above.root().circuit());
    [above.list().to_bytes(), above.key().unwrap().to_bytes()]
}

#[test]
#[ignore = "takes minutes"]
fn pins_are_those_of_the_circuits() {
    for profile in Profile::ALL {
        let [list, root] = files(profile).map(|file| std::fs::read(file).unwrap());
        assert_eq!(RootKey::pinned(profile).to_bytes(), root);
        assert!(
            keys(profile) == [list, root],
            "the circuits of {} have changed",
            profile.short_name()
        );
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
