//! The two proofs of a real licence in circuits.
//!
//! Proving them takes half a minute, so that the test which does is run where it is asked for: `cargo test --release -- --ignored`.

use plonky2::field::types::Field;
use plonky2::iop::target::Target;
use plonky2::iop::witness::{PartialWitness, WitnessWrite};
use plonky2::plonk::circuit_data::CircuitConfig;
use plonky2::plonk::config::PoseidonGoldilocksConfig;
use velum_bench::{Case, Statements};
use velum_core::class::STANDARD;
use velum_core::proof::{Provable, Prover};
use velum_core::suite::Suite;
use velum_recursion::{Builder, F, ProofTargets, PublicTargets, Rows, StarkVerifier, bound_elements};
use velum_stark::air::Chip;
use velum_stark::control::Control;
use velum_stark::{Poseidon2Hash, VerifierKey};

fn statements() -> Statements {
    Statements::new(Suite::Aggregatable, &Case::new(1, STANDARD).unwrap())
}

/// A proof's part of a circuit.
struct Part {
    key: VerifierKey,
    bound: Vec<u8>,
    bytes: Vec<Target>,
    /// The cells of public columns that are not zero, and their values.
    cells: Vec<(Target, F)>,
    targets: ProofTargets,
    rows: Rows,
}

fn add<S: Provable>(builder: &mut Builder, statement: &S) -> Part {
    let (key, chips) = S::key(Suite::Aggregatable, STANDARD);
    let bound = statement.bound();
    let bytes = builder.add_virtual_targets(bound_elements(&bound).unwrap().len());
    let (public, cells) = public(builder, &statement.chips().unwrap());
    let verifier = StarkVerifier::new(&key, &chips).unwrap();
    let (targets, rows) = verifier.build_counted(builder, &bytes, &public);
    Part { key, bound, bytes, cells, targets, rows }
}

/// The public columns of chips: a target for each cell that is not zero.
fn public<C: Chip>(builder: &mut Builder, chips: &[C]) -> (PublicTargets, Vec<(Target, F)>) {
    let (mut tables, mut cells) = (PublicTargets::new(), Vec::new());
    let zero = builder.zero();
    for chip in chips {
        let mut columns = Vec::new();
        for column in chip.public() {
            let column =
                column.into_iter().map(|cell| match p3_field::PrimeField64::as_canonical_u64(&cell) {
                    0 => zero,
                    cell => {
                        let target = builder.add_virtual_target();
                        cells.push((target, F::from_canonical_u64(cell)));
                        target
                    }
                });
            columns.push(column.collect());
        }
        tables.push(columns);
    }
    (tables, cells)
}

fn set(witness: &mut PartialWitness<F>, part: &Part, proof: &[u8]) {
    let proof = part.key.read_proof::<Poseidon2Hash>(&part.bound, proof).unwrap();
    part.targets.set(witness, &part.key, &part.bound, &proof).unwrap();
    witness.set_target_arr(&part.bytes, &bound_elements(&part.bound).unwrap()).unwrap();
    for &(target, cell) in &part.cells {
        witness.set_target(target, cell).unwrap();
    }
}

/// Both proofs fit a circuit of `2^15` rows; run with `--nocapture` to see what takes how many.
#[test]
fn both_proofs_fit_one_circuit() {
    let statements = statements();
    let mut builder = Builder::new(CircuitConfig::standard_recursion_config());
    let parts = [
        ("credential", add(&mut builder, &statements.credential)),
        ("presentation", add(&mut builder, &statements.presentation)),
    ];
    for (name, part) in &parts {
        let total: usize = part.rows.parts().iter().map(|(_, rows)| rows).sum();
        println!("{name}: {total} rows, {} public cells, {} bytes", part.cells.len(), part.bound.len());
        for (part, rows) in part.rows.parts() {
            println!("  {part:<28} {rows:>6}");
        }
    }
    println!("{} rows before constants", builder.num_gates());
    let circuit = builder.build::<PoseidonGoldilocksConfig>();
    println!("2^{} rows", circuit.common.degree_bits());
    assert!(circuit.common.degree_bits() <= 15);
}

#[test]
#[ignore = "takes long"]
fn both_proofs_of_a_licence_are_accepted_in_one_circuit() {
    let statements = statements();
    let mut builder = Builder::new(CircuitConfig::standard_recursion_config());
    let credential = add(&mut builder, &statements.credential);
    let presentation = add(&mut builder, &statements.presentation);
    let circuit = builder.build::<PoseidonGoldilocksConfig>();

    let control = Control::none();
    let mut witness = PartialWitness::new();
    let proof = Prover::new(Suite::Aggregatable, STANDARD)
        .prove(&statements.credential, &statements.credential_witness, &control)
        .unwrap();
    set(&mut witness, &credential, &proof);
    let proof = Prover::new(Suite::Aggregatable, STANDARD)
        .prove(&statements.presentation, &statements.presentation_witness, &control)
        .unwrap();
    set(&mut witness, &presentation, &proof);

    let start = std::time::Instant::now();
    let proof = circuit.prove(witness.clone()).unwrap();
    println!("{:.1} s, {} bytes", start.elapsed().as_secs_f64(), proof.to_bytes().len());
    circuit.verify(proof).unwrap();

    let (changed, value) = presentation.cells[0];
    witness.target_values.insert(changed, value + F::ONE);
    assert!(!circuit.prove(witness).is_ok_and(|proof| circuit.verify(proof).is_ok()));
}
