//! An aggregate from its leaves to its root.

use std::time::Instant;

use plonky2::field::types::Field;
use velum_aggregate_verifier::{Context, Digest, Profile, verify_root};

use super::leaves::Leaf;
use crate::{AllowList, Child, Circuit, Merge, RootCircuit, Wrap, WrapShape};
use crate::F;

fn statement(number: u64) -> Digest {
    Digest { elements: [1, 2, 3, number].map(F::from_canonical_u64) }
}

fn tell(name: &str, circuit: &Circuit) {
    println!("{name}: {} rows of 2^{}", circuit.rows(), circuit.common().degree_bits());
    for gate in &circuit.common().gates { println!("    {}", gate.0.id().chars().take(100).collect::<String>()); }
}

#[test]
fn probe() {
    let profile = Profile::Standard;
    let shape = WrapShape::new(profile);
    let leaves = [Leaf::plain(profile, 13), Leaf::with_gates(profile, 15)];
    let wraps = leaves.each_ref().map(|leaf| Wrap::of_leaf(&shape, leaf.circuit.verifier_data()).unwrap());
    let merge = Merge::new(&shape, 2);
    let merge_wrap = Wrap::of_merge(&shape, merge.circuit().verifier_data()).unwrap();
    let root = RootCircuit::new(&shape);
    tell("wrap 0", wraps[0].circuit());
    tell("wrap 1", wraps[1].circuit());
    tell("merge 2", merge.circuit());
    tell("wrap of merge 2", merge_wrap.circuit());
    tell("root", root.circuit());
    let list = AllowList::new(wraps.iter().chain([&merge_wrap])).unwrap();
    let context = Context { payee: [7; 32], domain: profile.domain(), list: list.root() };
    let start = Instant::now();
    let proofs: Vec<_> = (0..2).map(|i| wraps[i].prove(&leaves[i].prove(statement(i as u64)), &context).unwrap()).collect();
    println!("wraps {:?}", start.elapsed());
    let start = Instant::now();
    let merged = merge.prove(&list, &context, &[Child { proof: &proofs[0], position: 0 }, Child { proof: &proofs[1], position: 1 }]).unwrap();
    println!("merge {:?}", start.elapsed());
    let wrapped = merge_wrap.prove(&merged, &context).unwrap();
    let proof = root.prove(&list, Child { proof: &wrapped, position: 2 }).unwrap();
    let key = root.key(&list).unwrap();
    let bytes = proof.to_bytes();
    println!("{} bytes", bytes.len());
    println!("{:?}", verify_root(profile, &key, &bytes, &[7; 32]));
}
