//! The processor's backend and the naive one on the same coins: every root, every column, every codeword.

use std::convert::Infallible;

use p3_field::PrimeCharacteristicRing;
use velum_stark::air::{Bus, Chip, ChipBuilder, Trace, fill_multiplicities};
use velum_stark::control::{Control, Memory};
use velum_stark::field::F;
use velum_stark::testing::differential::{Differential, DifferentialError};
use velum_stark::testing::faulty::{At, Faulty, How, Lost};
use velum_stark::{Cpu, HashFunction, Parameters, ProveError, ProvingKey, VerifierKey, block_on, chip_enum};
use velum_stark_naive::Naive;

const PARAMETERS: Parameters = Parameters {
    hash: HashFunction::Blake3,
    log_blowup: 3,
    queries: 5,
    max_log_arity: 3,
    log_final_poly_len: 2,
    blinding_rows: 13,
    lookup_grinding_bits: 1,
    ood_grinding_bits: 1,
    batch_grinding_bits: 1,
    folding_grinding_bits: 1,
    query_grinding_bits: 1,
};

/// `(index, value)`.
const SQUARE: Bus = Bus::new("square", 2);
/// `(value)`.
const COPY: Bus = Bus::new("copy", 1);

/// A recurrence from a public start, with every selector; provides its terms on SQUARE and sends some on COPY.
#[derive(Clone)]
struct Squares {
    start: u64,
}

const SQUARES: usize = 256;
const USED: usize = 96;

impl Squares {
    fn trace(&self) -> Trace {
        let mut trace = Trace::zeroed(SQUARES, 3);
        for row in 0..SQUARES {
            let value = match row {
                0 | 1 => F::from_u64(self.start) + F::from_usize(row),
                _ => trace.get(row - 1, 0).square() + trace.get(row - 2, 0),
            };
            trace.set(row, 0, value);
            trace.set_u64(row, 1, row as u64);
        }
        trace
    }
}

impl Chip for Squares {
    fn name(&self) -> &'static str {
        "squares"
    }
    fn height(&self) -> usize {
        SQUARES
    }
    fn width(&self) -> usize {
        3
    }
    fn fixed(&self) -> Vec<Vec<F>> {
        vec![(0..SQUARES).map(|row| F::from_bool(row < USED)).collect()]
    }
    fn public(&self) -> Vec<Vec<F>> {
        let mut start = F::zero_vec(SQUARES);
        start[0] = F::from_u64(self.start);
        vec![start]
    }
    fn eval<B: ChipBuilder>(&self, b: &mut B) {
        let [value, before, earlier] = [0, -1, -2].map(|offset| b.main(0, offset));
        b.assert_zero("start", b.first() * (value.clone() - b.public(0)));
        b.assert_zero("step", b.interior(2, 0) * (value.clone() - before.square() - earlier));
        let (count, next) = (b.main(1, 0), b.main(1, 1));
        b.assert_zero("count", b.transition() * (next - count.clone() - B::Expr::ONE));
        let last = SQUARES - PARAMETERS.blinding_rows - 1;
        b.assert_zero("end", b.last() * (count.clone() - B::Expr::from_usize(last)));
        let (used, next_used) = (b.fixed(0, 0), b.fixed(0, 1));
        b.assert_zero("used before unused", b.transition() * next_used * (B::Expr::ONE - used));
        b.provide(SQUARE, vec![count, value.clone()], 2, b.fixed(0, 0));
        b.send(COPY, vec![value], b.fixed(0, 0));
    }
}

/// Receives the terms in another order, and looks each up.
#[derive(Clone)]
struct Reader;

impl Reader {
    fn trace(&self, squares: &Trace) -> Trace {
        let mut trace = Trace::zeroed(self.height(), 2);
        for row in 0..USED {
            let index = row * 5 % USED;
            trace.set_u64(row, 0, index as u64);
            trace.set(row, 1, squares.get(index, 0));
        }
        trace
    }
}

impl Chip for Reader {
    fn name(&self) -> &'static str {
        "reader"
    }
    fn height(&self) -> usize {
        2 * SQUARES
    }
    fn width(&self) -> usize {
        2
    }
    fn fixed(&self) -> Vec<Vec<F>> {
        vec![(0..self.height()).map(|row| F::from_bool(row < USED)).collect()]
    }
    fn eval<B: ChipBuilder>(&self, b: &mut B) {
        let value = b.main(1, 0);
        b.lookup(SQUARE, vec![b.main(0, 0), value.clone()], b.fixed(0, 0));
        b.receive(COPY, vec![value], b.fixed(0, 0));
    }
}

chip_enum! {
    enum Table {
        Squares(Squares),
        Reader(Reader),
    }
}

fn instance(start: u64) -> (Vec<Table>, Vec<Trace>) {
    let squares = Squares { start };
    let chips = vec![Table::Squares(squares.clone()), Table::Reader(Reader)];
    let trace = squares.trace();
    let mut traces = vec![trace.clone(), Reader.trace(&trace)];
    fill_multiplicities(&chips, &mut traces);
    (chips, traces)
}

type Both = ProvingKey<Differential<Cpu, Naive>>;

fn proves(hash: HashFunction, memory: Memory) {
    proves_with(Parameters { hash, ..PARAMETERS }, memory);
}

fn proves_with(parameters: Parameters, memory: Memory) {
    let (chips, traces) = instance(3);
    let verifier = VerifierKey::new("differential", parameters, &chips);
    let both = Differential { first: Cpu::default(), second: Naive };
    let key: Both = block_on(ProvingKey::on(both, verifier, &chips, &Control::none())).unwrap();
    let control = Control::none().with_memory(memory);
    let proof = key.prove(&chips, traces, b"statement", &control).unwrap();
    key.verifier().verify(&chips, b"statement", &proof).unwrap();
}

#[test]
fn two_backends_agree_on_every_step_with_blake3() {
    proves(HashFunction::Blake3, Memory::Normal);
    proves(HashFunction::Blake3, Memory::Low);
}

#[test]
fn two_backends_agree_on_every_step_with_truncated_blake3() {
    proves(HashFunction::Blake3Truncated, Memory::Normal);
    proves(HashFunction::Blake3Truncated, Memory::Low);
}

/// At rates at which columns are never kept extended.
#[test]
fn two_backends_agree_on_every_step_at_low_rates() {
    for log_blowup in [4, 5] {
        let hash = HashFunction::Blake3Truncated;
        proves_with(Parameters { hash, log_blowup, ..PARAMETERS }, Memory::Normal);
    }
}

#[test]
fn two_backends_agree_on_every_step_with_poseidon2() {
    proves(HashFunction::Poseidon2, Memory::Normal);
    proves(HashFunction::Poseidon2, Memory::Low);
}

/// Proves on a processor and on one that breaks, with Poseidon2, whose digests have to be canonical.
fn prove_beside(at: At, how: How) -> Result<Vec<u8>, ProveError<DifferentialError<Infallible, Lost>>> {
    let parameters = Parameters { hash: HashFunction::Poseidon2, ..PARAMETERS };
    let (chips, traces) = instance(3);
    let verifier = VerifierKey::new("differential", parameters, &chips);
    let both = Differential { first: Cpu::default(), second: Faulty::breaking(at, how) };
    let key = block_on(ProvingKey::on(both, verifier, &chips, &Control::none()))?;
    key.prove(&chips, traces, b"statement", &Control::none())
}

/// The same on one that breaks alone.
fn prove_on_faulty(at: At, how: How) -> Result<Vec<u8>, ProveError<Lost>> {
    let parameters = Parameters { hash: HashFunction::Poseidon2, ..PARAMETERS };
    let (chips, traces) = instance(3);
    let verifier = VerifierKey::new("differential", parameters, &chips);
    let broken = Faulty::breaking(at, how);
    let key = block_on(ProvingKey::on(broken, verifier, &chips, &Control::none()))?;
    let proof = key.prove(&chips, traces, b"statement", &Control::none())?;
    key.verifier().verify(&chips, b"statement", &proof).map_err(|_| ProveError::Faulty("no proof"))?;
    Ok(proof)
}

#[test]
fn whatever_a_backend_does_wrong_is_noticed() {
    for at in At::ALL.into_iter().filter(|&at| at != At::Prepare) {
        let outcome = prove_beside(at, How::Wrong);
        let differ = matches!(&outcome, Err(ProveError::Backend(DifferentialError::Differ { .. })));
        assert!(differ, "{at:?}: {outcome:?}");
    }
}

#[test]
fn a_lost_device_is_told_in_every_step() {
    for at in At::ALL {
        let outcome = prove_beside(at, How::Fails);
        let lost = matches!(&outcome, Err(ProveError::Backend(DifferentialError::Second(Lost))));
        assert!(lost, "{at:?}: {outcome:?}");
        let outcome = prove_on_faulty(at, How::Fails);
        assert!(matches!(outcome, Err(ProveError::Backend(Lost))), "{at:?}: {outcome:?}");
    }
}

#[test]
fn a_device_that_returns_too_little_makes_no_proof_and_no_panic() {
    let whole = [At::Prepare, At::Batch, At::Fold];
    for at in At::ALL.into_iter().filter(|at| !whole.contains(at)) {
        let outcome = prove_on_faulty(at, How::Short);
        assert!(matches!(outcome, Err(ProveError::Faulty(_))), "{at:?}: {outcome:?}");
    }
}

#[test]
fn proofs_can_be_made_on_any_thread() {
    fn crosses<T: Send>(value: T) -> T {
        value
    }
    let (chips, traces) = instance(3);
    let key = ProvingKey::new("differential", PARAMETERS, &chips);
    let control = Control::none();
    let proof = block_on(crosses(key.prove_async(&chips, traces, b"", &control))).unwrap();
    key.verifier().verify(&chips, b"", &proof).unwrap();
}
