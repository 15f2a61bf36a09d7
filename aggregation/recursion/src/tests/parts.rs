//! The parts of a proof in a circuit, for tests that change one value.

use plonky2::field::types::Field;
use plonky2::iop::target::Target;
use plonky2::iop::witness::PartialWitness;

use crate::ProofTargets;
use crate::field::{Extension, F};
use crate::poseidon2::DigestTarget;
use crate::proof::{LeafTargets, QueryTargets};

/// A part of a proof.
pub(super) struct Part {
    pub(super) name: String,
    /// The number of the query that opens the part.
    pub(super) query: Option<usize>,
    /// Whether the part is the nonce of a proof of work, which only the transcript reads.
    pub(super) is_nonce: bool,
    pub(super) targets: Vec<Target>,
}

/// All parts of a proof. Together they have each target of the proof once.
pub(super) fn parts(proof: &ProofTargets) -> Vec<Part> {
    let mut parts = Parts(Vec::new());
    let said = &proof.commitments;
    for (tree, (root, cap)) in said.roots.iter().zip(&proof.caps).enumerate() {
        parts.push(format!("root of tree {tree}"), root.to_vec());
        parts.push(format!("cap of tree {tree}"), digests(cap));
    }
    parts.push("terminals".into(), extensions(&said.terminals));
    parts.push("values out of domain".into(), extensions(&said.values));
    for (layer, targets) in said.layers.iter().enumerate() {
        parts.push(format!("root of layer {layer}"), targets.root.to_vec());
        parts.push(format!("cap of layer {layer}"), digests(&targets.cap));
        parts.nonce(format!("nonce of layer {layer}"), targets.nonce);
    }
    parts.push("final polynomial".into(), extensions(&said.final_polynomial));
    parts.nonce("lookup nonce".into(), said.lookup_nonce);
    parts.nonce("out-of-domain nonce".into(), said.ood_nonce);
    parts.nonce("batch nonce".into(), said.batch_nonce);
    parts.nonce("query nonce".into(), said.query_nonce);
    for (number, query) in proof.queries.iter().enumerate() {
        let first = parts.0.len();
        parts.query(query);
        parts.0[first..].iter_mut().for_each(|part| part.query = Some(number));
    }
    parts.0
}

/// The witness, with the value of this target increased by one.
pub(super) fn changed(witness: &PartialWitness<F>, target: Target) -> PartialWitness<F> {
    let mut changed = witness.clone();
    *changed.target_values.get_mut(&target).expect("a target of the witness") += F::ONE;
    changed
}

struct Parts(Vec<Part>);

impl Parts {
    /// Adds a part, unless it is empty. In the quotient tree, the lower groups have no row.
    fn push(&mut self, name: String, targets: Vec<Target>) {
        if !targets.is_empty() {
            self.0.push(Part { name, query: None, is_nonce: false, targets });
        }
    }

    fn nonce(&mut self, name: String, nonce: Target) {
        self.0.push(Part { name, query: None, is_nonce: true, targets: vec![nonce] });
    }

    fn query(&mut self, query: &QueryTargets) {
        for (tree, opened) in query.trees.iter().enumerate() {
            for (group, row) in opened.rows.iter().enumerate() {
                self.push(format!("row of tree {tree}, group {group}"), row.clone());
            }
            self.push(format!("salt of tree {tree}"), opened.salt.to_vec());
            self.push(format!("path of tree {tree}"), digests(&opened.path));
        }
        for (layer, LeafTargets { values, path }) in query.leaves.iter().enumerate() {
            self.push(format!("leaf of layer {layer}"), extensions(values));
            self.push(format!("path of layer {layer}"), digests(path));
        }
    }
}

fn digests(digests: &[DigestTarget]) -> Vec<Target> {
    digests.concat()
}

fn extensions(values: &[Extension]) -> Vec<Target> {
    values.iter().flat_map(|value| value.0).collect()
}
