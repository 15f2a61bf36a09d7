//! Helpers that several tests of circuits share.

use plonky2::field::types::{Field, PrimeField64};
use plonky2::iop::generator::GeneratedValues;
use plonky2::iop::witness::{PartialWitness, PartitionWitness, WitnessWrite};
use plonky2::plonk::circuit_data::{CircuitConfig, CircuitData};
use plonky2::plonk::config::PoseidonGoldilocksConfig;
use plonky2::plonk::prover::prove_with_partition_witness;
use plonky2::util::timing::TimingTree;

use crate::field::{Builder, D, F};
use crate::gate::{Arithmetic, Relations};

/// The hash functions of the circuits' own proofs.
pub(crate) type C = PoseidonGoldilocksConfig;

/// Whether a circuit has a proof that verifies.
pub(crate) fn proves(build: impl FnOnce(&mut Builder) -> PartialWitness<F>) -> bool {
    let mut builder = Builder::new(CircuitConfig::standard_recursion_config());
    let witness = build(&mut builder);
    let circuit = builder.build::<C>();
    circuit.prove(witness).is_ok_and(|proof| circuit.verify(proof).is_ok())
}

/// Whether a circuit's constraints hold for a prover that ignores contradictions. The prover sets
/// these targets, and then every wire to the value that follows from them, unless that value
/// contradicts one that is already set.
///
/// plonky2's own prover stops at the first contradiction. This prover continues, so only the
/// constraints can refuse the witness.
pub(crate) fn holds_in_spite_of_contradictions(
    circuit: &CircuitData<F, C, D>,
    witness: PartialWitness<F>,
) -> bool {
    let CircuitData { prover_only, common, .. } = circuit;
    let map = &prover_only.representative_map;
    let mut values = PartitionWitness::new(common.config.num_wires, common.degree(), map);
    for (target, value) in witness.target_values {
        let _ = values.set_target(target, value);
    }
    let mut waiting: Vec<_> = prover_only.generators.iter().collect();
    let mut generated = GeneratedValues::empty();
    loop {
        let count = waiting.len();
        waiting.retain(|generator| {
            let is_done = generator.0.run(&values, &mut generated);
            for (target, value) in generated.target_values.drain(..) {
                let _ = values.set_target(target, value);
            }
            !is_done
        });
        if waiting.len() == count {
            break;
        }
    }
    let proof =
        prove_with_partition_witness(prover_only, common, values, &mut TimingTree::default());
    proof.is_ok_and(|proof| circuit.verify(proof).is_ok())
}

/// The wires of a row, computed from its inputs.
pub(crate) fn row<R: Relations>(relations: &R, input: impl Fn(usize) -> F) -> Vec<F> {
    let mut wires = vec![F::ZERO; relations.wires()];
    for wire in relations.inputs() {
        wires[wire] = input(wire);
    }
    let mut filled = Filled { wires };
    relations.state(&mut filled);
    filled.wires
}

/// The numbers of the relations that a row violates.
pub(crate) fn violated<R: Relations>(relations: &R, wires: &[F]) -> Vec<usize> {
    use plonky2::field::extension::quadratic::QuadraticExtension;
    use plonky2::gates::gate::Gate;
    use plonky2::hash::hash_types::HashOut;
    use plonky2::plonk::vars::EvaluationVars;

    let gate = crate::gate::RelationGate(relations.clone());
    let mut wires: Vec<QuadraticExtension<F>> = wires.iter().map(|&wire| wire.into()).collect();
    wires.resize(gate.num_wires(), QuadraticExtension::ZERO);
    let constants = vec![QuadraticExtension::ZERO; gate.num_constants()];
    let vars = EvaluationVars::<F, D> {
        local_constants: &constants,
        local_wires: &wires,
        public_inputs_hash: &HashOut::ZERO,
    };
    let constraints = gate.eval_unfiltered(vars);
    assert_eq!(constraints.len(), gate.num_constraints());
    (0..)
        .zip(constraints)
        .filter(|(_, value)| *value != Field::ZERO)
        .map(|(number, _)| number)
        .collect()
}

/// Computes the wires of a row.
struct Filled {
    wires: Vec<F>,
}

impl Arithmetic for Filled {
    type Value = F;

    fn constant(&mut self, value: F) -> F {
        value
    }

    fn combine(&mut self, c0: F, x: F, y: F, c1: F, z: F) -> F {
        c0 * x * y + c1 * z
    }

    fn wire(&mut self, wire: usize) -> F {
        self.wires[wire]
    }

    fn define(&mut self, wire: usize, value: F) -> F {
        self.wires[wire] = value;
        value
    }

    fn define_quotient(&mut self, wire: usize, numerator: [F; D], denominator: [F; D]) -> [F; D] {
        use plonky2::field::extension::quadratic::QuadraticExtension;
        let quotient = QuadraticExtension(numerator) / QuadraticExtension(denominator);
        [self.define(wire, quotient.0[0]), self.define(wire + 1, quotient.0[1])]
    }

    fn define_bits(&mut self, wire: usize, count: usize, value: F) -> Vec<F> {
        let number = value.to_canonical_u64();
        (0..count)
            .map(|bit| self.define(wire + bit, F::from_bool(number >> bit & 1 == 1)))
            .collect()
    }

    fn zero(&mut self, _: F) {}
}
