use p3_batch_stark::BatchProof;
use p3_field::PrimeCharacteristicRing;
use p3_uni_stark::OpenedValues;

use super::config::{Challenger, Config, Pcs};
use super::lower::Lowered;
use super::security::Tables;
use super::verify::{decode, encode};
use super::*;
use crate::air::{Bus, Chip, ChipBuilder, Trace, check, fill_multiplicities};
use crate::field::{EF, F};

/// Parameters far too weak for use, reachable from tests only.
const TINY: Parameters = Parameters {
    log_blowup: 3,
    queries: 4,
    max_log_arity: 2,
    log_final_poly_len: 0,
    cap_height: 0,
    lookup_grinding_bits: 1,
    ood_grinding_bits: 1,
    batch_grinding_bits: 1,
    folding_grinding_bits: 1,
    query_grinding_bits: 1,
};

const TINY_PROOF_BYTES: usize = 64 * 1024;
const HEIGHT: usize = 256;

/// `(index, value)` of the sequence.
const TERM: Bus = Bus::new("term", 2);

/// A Fibonacci-like sequence from public first terms, read at offsets -2, -1 and 2; provides its terms.
#[derive(Clone)]
struct Sequence {
    start: [u64; 2],
}

impl Sequence {
    const VALUE: usize = 0;
    const LATER: usize = 1;
    const MULTIPLICITY: usize = 2;
    const COUNT: usize = 3;
    const INDEX: usize = 0;
    const STEP: usize = 1;

    fn trace(&self) -> Trace {
        let mut trace = Trace::zeroed(HEIGHT, self.width());
        for row in 0..HEIGHT {
            let value = match row {
                0 | 1 => F::from_u64(self.start[row]),
                _ => trace.get(row - 1, Self::VALUE) + trace.get(row - 2, Self::VALUE).square(),
            };
            trace.set(row, Self::VALUE, value);
            trace.set_u64(row, Self::COUNT, row as u64);
        }
        for row in 0..HEIGHT - 2 {
            let later = trace.get(row + 2, Self::VALUE);
            trace.set(row, Self::LATER, later);
        }
        trace
    }
}

impl Chip for Sequence {
    fn name(&self) -> &'static str {
        "sequence"
    }
    fn height(&self) -> usize {
        HEIGHT
    }
    fn width(&self) -> usize {
        4
    }
    fn fixed(&self) -> Vec<Vec<F>> {
        let index = (0..HEIGHT).map(F::from_usize).collect();
        let step = (0..HEIGHT).map(|row| F::from_bool((2..HEIGHT - 2).contains(&row))).collect();
        vec![index, step]
    }
    fn public(&self) -> Vec<Vec<F>> {
        let mut start = F::zero_vec(HEIGHT);
        start[0] = F::from_u64(self.start[0]);
        start[1] = F::from_u64(self.start[1]);
        vec![start]
    }
    fn eval<B: ChipBuilder>(&self, b: &mut B) {
        let value = b.main(Self::VALUE, 0);
        let (before, earlier) = (b.main(Self::VALUE, -1), b.main(Self::VALUE, -2));
        b.assert_zero("start", b.first() * (value.clone() - b.public(0)));
        let (count, next_count) = (b.main(Self::COUNT, 0), b.main(Self::COUNT, 1));
        b.assert_zero("count from zero", b.first() * count.clone());
        b.assert_zero("count", b.transition() * (next_count - count.clone() - B::Expr::ONE));
        b.assert_zero("count to the end", b.last() * (count - B::Expr::from_usize(HEIGHT - 1)));
        let step = b.fixed(Self::STEP, 0);
        b.assert_zero("step", step.clone() * (value.clone() - before - earlier.square()));
        b.assert_zero("later", step * (b.main(Self::LATER, 0) - b.main(Self::VALUE, 2)));
        let key = vec![b.fixed(Self::INDEX, 0), value];
        b.provide(TERM, key, Self::MULTIPLICITY, B::Expr::ONE);
    }
}

/// Looks a term up on every row.
#[derive(Clone)]
struct Reader;

impl Reader {
    fn trace(&self, sequence: &Trace) -> Trace {
        let mut trace = Trace::zeroed(2 * HEIGHT, 2);
        for row in 0..2 * HEIGHT {
            let index = row * 7 % HEIGHT;
            trace.set_u64(row, 0, index as u64);
            trace.set(row, 1, sequence.get(index, Sequence::VALUE));
        }
        trace
    }
}

impl Chip for Reader {
    fn name(&self) -> &'static str {
        "reader"
    }
    fn height(&self) -> usize {
        2 * HEIGHT
    }
    fn width(&self) -> usize {
        2
    }
    fn eval<B: ChipBuilder>(&self, b: &mut B) {
        let key = vec![b.main(0, 0), b.main(1, 0)];
        b.lookup(TERM, key, B::Expr::ONE);
    }
}

crate::chip_enum! {
    enum Tiny {
        Sequence(Sequence),
        Reader(Reader),
    }
}

fn chips(start: [u64; 2]) -> Vec<Tiny> {
    vec![Tiny::Sequence(Sequence { start }), Tiny::Reader(Reader)]
}

fn traces(start: [u64; 2]) -> Vec<Trace> {
    let sequence = Sequence { start }.trace();
    let reader = Reader.trace(&sequence);
    let mut traces = vec![sequence, reader];
    fill_multiplicities(&chips(start), &mut traces);
    traces
}

fn key() -> ProvingKey {
    ProvingKey::new(TINY, &chips([0, 0]), TINY_PROOF_BYTES)
}

#[test]
fn proves_offsets_public_columns_and_buses() {
    let (key, start) = (key(), [3, 5]);
    let (chips, traces) = (chips(start), traces(start));
    assert!(check(&chips, &traces).is_empty(), "{}", check(&chips, &traces));
    let proof = key.prove(&chips, &traces, b"statement").unwrap();
    let verifier = VerifierKey::new(TINY, &self::chips([1, 1]), TINY_PROOF_BYTES);
    assert_eq!(verifier.hash(), key.verifier().hash());
    verifier.verify(&chips, b"statement", &proof).unwrap();

    let refused = |result| assert!(matches!(result, Err(VerifyError::Invalid { .. })), "{result:?}");
    refused(verifier.verify(&chips, b"statemenT", &proof));
    refused(verifier.verify(&self::chips([4, 5]), b"statement", &proof));
}

#[test]
fn refuses_traces_that_break_a_rule() {
    let (key, start) = (key(), [3, 5]);
    let chips = chips(start);
    let mut forgeries = Vec::new();
    for (table, row, column) in [
        (0, 9, Sequence::LATER),
        (0, 63, Sequence::VALUE),
        (1, 127, 1),
        (0, 5, Sequence::MULTIPLICITY),
        (0, 255, Sequence::COUNT),
    ] {
        let mut forged = traces(start);
        let cell = forged[table].get(row, column);
        forged[table].set(row, column, cell + F::ONE);
        forgeries.push(forged);
    }
    for forged in forgeries {
        assert!(!check(&chips, &forged).is_empty());
        let proof = key.prove(&chips, &forged, b"").unwrap();
        assert!(matches!(key.verifier().verify(&chips, b"", &proof), Err(VerifyError::Invalid { .. })));
    }
}

#[test]
fn two_proofs_of_one_statement_share_nothing_of_the_witness() {
    let (key, start) = (key(), [3, 5]);
    let (chips, traces) = (chips(start), traces(start));
    let chunks = |proof: &[u8]| {
        let length = u32::from_le_bytes(proof[..4].try_into().unwrap()) as usize;
        let content = proof[4..4 + length].to_vec();
        // Any eight bytes that are no small number: a field element, part of a digest or of a salt.
        content
            .windows(8)
            .filter(|window| window.iter().filter(|&&byte| byte != 0).count() >= 6)
            .map(<[u8]>::to_vec)
            .collect::<std::collections::HashSet<_>>()
    };
    let first = chunks(&key.prove(&chips, &traces, b"").unwrap());
    let second = chunks(&key.prove(&chips, &traces, b"").unwrap());
    let shared: Vec<_> = first.intersection(&second).collect();
    // The fixed columns' tree is public and the same in both; its openings coincide where queries do.
    assert!(shared.len() < first.len() / 20, "{} of {} shared", shared.len(), first.len());
}

#[test]
fn every_flipped_byte_is_refused_without_a_panic() {
    let (key, start) = (key(), [3, 5]);
    let (chips, traces) = (chips(start), traces(start));
    let proof = key.prove(&chips, &traces, b"").unwrap();
    let whole = std::env::var_os("VELUM_TEST_ALL").is_some();
    let step = if whole { 1 } else { 97 };
    for position in (0..proof.len()).step_by(step) {
        let mut forged = proof.clone();
        forged[position] ^= 1 << (position % 8);
        assert!(key.verifier().verify(&chips, b"", &forged).is_err(), "byte {position}");
    }
    for length in [0, 1, 4, proof.len() - 1, proof.len() + 1] {
        let mut forged = proof.clone();
        forged.resize(length, 0);
        assert!(matches!(key.verifier().verify(&chips, b"", &forged), Err(VerifyError::Length { .. })));
    }
}

/// Every list in a proof one shorter or one longer, every optional part left out: refused, and without a panic.
#[test]
fn every_change_of_shape_is_refused_without_a_panic() {
    type Change = fn(&mut BatchProof<Config>);
    let changes: &[Change] = &[
        |p| p.commitments.main = two_roots(),
        |p| p.commitments.permutation = Some(two_roots()),
        |p| p.commitments.permutation = None,
        |p| p.commitments.quotient_chunks = two_roots(),
        |p| p.commitments.random = Some(two_roots()),
        |p| p.commitments.random = None,
        |p| shorten(&mut p.opened_values.instances),
        |p| p.opened_values.instances.clear(),
        |p| p.opened_values.instances.swap(0, 1),
        |p| shorten(&mut base(p).trace_local),
        |p| base(p).trace_local.push(EF::ZERO),
        |p| base(p).trace_next = None,
        |p| shorten(base(p).trace_next.as_mut().unwrap()),
        |p| shorten(&mut base(p).quotient_chunks),
        |p| base(p).quotient_chunks.push(vec![EF::ZERO; 2]),
        |p| shorten(&mut base(p).quotient_chunks[0]),
        |p| base(p).quotient_chunks[0].push(EF::ZERO),
        |p| base(p).random = None,
        |p| base(p).random.as_mut().unwrap().push(EF::ZERO),
        |p| base(p).preprocessed = None,
        |p| shorten(&mut base(p).preprocessed.as_mut().unwrap().local),
        |p| base(p).preprocessed.as_mut().unwrap().next = Some(Vec::new()),
        |p| p.opened_values.instances[0].permutation_local.clear(),
        |p| p.opened_values.instances[0].permutation_next.push(EF::ZERO),
        |p| {
            p.opened_values.instances[0].permutation_local.clear();
            p.opened_values.instances[0].permutation_next.clear();
        },
        |p| p.lookup_terminals[0] = None,
        |p| shorten(&mut p.lookup_terminals),
        |p| p.lookup_terminals.swap(0, 1),
        |p| shorten(&mut p.degree_bits),
        |p| p.degree_bits[0] = usize::BITS as usize,
        |p| p.degree_bits.swap(0, 1),
        |p| p.lookup_pow_witness = None,
        |p| p.ood_pow_witness += F::ONE,
        |p| shorten(&mut p.opening_proof.0),
        |p| shorten(&mut p.opening_proof.0[0]),
        |p| shorten(&mut p.opening_proof.0[0][0]),
        |p| shorten(&mut p.opening_proof.0[0][0][0]),
        |p| p.opening_proof.0[1][0][0].push(EF::ZERO),
        |p| p.opening_proof.0[3][0][0].push(EF::ZERO),
        |p| p.opening_proof.1.batch_pow_witness += F::ONE,
        |p| shorten(&mut p.opening_proof.1.commit_phase_commits),
        |p| p.opening_proof.1.commit_phase_commits.push(two_roots()),
        |p| p.opening_proof.1.commit_phase_commits[0] = two_roots(),
        |p| shorten(&mut p.opening_proof.1.commit_pow_witnesses),
        |p| p.opening_proof.1.commit_pow_witnesses.push(F::ZERO),
        |p| p.opening_proof.1.query_pow_witness += F::ONE,
        |p| shorten(&mut p.opening_proof.1.final_poly),
        |p| p.opening_proof.1.final_poly.push(EF::ZERO),
        |p| p.opening_proof.1.final_poly.clear(),
        |p| shorten(&mut p.opening_proof.1.commit_phase_openings),
        |p| p.opening_proof.1.commit_phase_openings.swap(0, 1),
        |p| shorten(&mut p.opening_proof.1.commit_phase_openings[0].sibling_values),
        |p| shorten(&mut p.opening_proof.1.commit_phase_openings[0].sibling_values[0]),
        |p| p.opening_proof.1.commit_phase_openings[0].sibling_values[0].push(EF::ZERO),
        |p| shorten(&mut p.opening_proof.1.commit_phase_openings[0].opening_proof.0),
        |p| shorten(&mut p.opening_proof.1.commit_phase_openings[0].opening_proof.0[0]),
        |p| shorten(&mut p.opening_proof.1.commit_phase_openings[0].opening_proof.0[0][0]),
        |p| p.opening_proof.1.commit_phase_openings[0].opening_proof.0[0][0].push(F::ZERO),
        |p| shorten(&mut p.opening_proof.1.commit_phase_openings[0].opening_proof.1.sibling_hashes),
        |p| p.opening_proof.1.commit_phase_openings[0].opening_proof.1.sibling_hashes.push([0; 32]),
        |p| p.opening_proof.1.commit_phase_openings[0].opening_proof.1.sibling_hashes.clear(),
        |p| shorten(&mut p.opening_proof.1.input_openings),
        |p| p.opening_proof.1.input_openings.clear(),
        |p| p.opening_proof.1.input_openings.swap(0, 1),
        |p| shorten(&mut p.opening_proof.1.input_openings[0].opened_values),
        |p| p.opening_proof.1.input_openings[1].opened_values.push(Vec::new()),
        |p| p.opening_proof.1.input_openings[1].opened_values.swap(0, 1),
        |p| shorten(&mut p.opening_proof.1.input_openings[1].opened_values[0]),
        |p| p.opening_proof.1.input_openings[1].opened_values[0].push(Vec::new()),
        |p| shorten(&mut p.opening_proof.1.input_openings[1].opened_values[0][0]),
        |p| p.opening_proof.1.input_openings[1].opened_values[0][0].push(F::ZERO),
        |p| {
            // A column moved into the salt: the hashed leaf is the same.
            let opening = &mut p.opening_proof.1.input_openings[1];
            let moved = opening.opened_values[0][0].pop().unwrap();
            opening.opening_proof.0[0][0].insert(0, moved);
        },
        |p| {
            let opening = &mut p.opening_proof.1.input_openings[1];
            let moved = opening.opening_proof.0[0][0].remove(0);
            opening.opened_values[0][0].push(moved);
        },
        |p| shorten(&mut p.opening_proof.1.input_openings[0].opening_proof.0),
        |p| shorten(&mut p.opening_proof.1.input_openings[0].opening_proof.0[0]),
        |p| shorten(&mut p.opening_proof.1.input_openings[0].opening_proof.0[0][0]),
        |p| p.opening_proof.1.input_openings[0].opening_proof.1.sibling_hashes.clear(),
        |p| p.opening_proof.1.input_openings[0].opening_proof.1.sibling_hashes.push([0; 32]),
    ];
    let (key, start) = (key(), [3, 5]);
    let (chips, traces) = (chips(start), traces(start));
    let honest = key.prove(&chips, &traces, b"").unwrap();
    for (index, change) in changes.iter().enumerate() {
        let mut proof = decode(&honest, TINY_PROOF_BYTES).unwrap();
        change(&mut proof);
        let forged = encode(&proof, TINY_PROOF_BYTES).unwrap().unwrap();
        assert!(key.verifier().verify(&chips, b"", &forged).is_err(), "change {index}");
    }
}

fn shorten<T>(list: &mut Vec<T>) {
    list.pop();
}

type Commitment = <Pcs as p3_commit::Pcs<EF, Challenger>>::Commitment;

/// A Merkle cap of more digests than the parameters give it.
fn two_roots() -> Commitment {
    bcs::from_bytes(&bcs::to_bytes(&vec![[0_u8; 32]; 2]).unwrap()).unwrap()
}

fn base(proof: &mut BatchProof<Config>) -> &mut OpenedValues<EF> {
    &mut proof.opened_values.instances[0].base_opened_values
}

/// The security estimate counts what is batched from the tables; a proof must open exactly as much.
#[test]
fn counts_what_a_proof_opens() {
    let (key, start) = (key(), [3, 5]);
    let (chips, traces) = (chips(start), traces(start));
    let proof = decode(&key.prove(&chips, &traces, b"").unwrap(), TINY_PROOF_BYTES).unwrap();
    let lookups = &key.verifier().data.common.lookups;
    let tables = Tables::of(&Lowered::all(chips.clone()), lookups, &chips);
    let length = |row: &Option<Vec<EF>>| row.as_ref().map_or(0, Vec::len);
    let opened = proof.opened_values.instances.iter().map(|table| {
        let base = &table.base_opened_values;
        base.trace_local.len()
            + length(&base.trace_next)
            + base.preprocessed.as_ref().map_or(0, |row| row.local.len() + length(&row.next))
            + base.quotient_chunks.iter().map(Vec::len).sum::<usize>()
            + length(&base.random)
            + table.permutation_local.len()
            + table.permutation_next.len()
    });
    let blinding = proof.opening_proof.0.iter().flatten().flatten().map(Vec::len);
    assert_eq!(tables.batched_functions, opened.chain(blinding).sum::<usize>());
}

#[test]
fn security_follows_the_parameters_and_the_tables() {
    let security = |parameters: Parameters| {
        VerifierKey::new(parameters, &chips([0, 0]), TINY_PROOF_BYTES).security().clone()
    };
    let direct = Parameters::of(crate::suite::Suite::Direct);
    let whole = security(direct);
    assert!(whole.bits() > 100.0, "{whole:?}");
    assert!(security(Parameters { queries: direct.queries / 2, ..direct }).bits() < whole.bits() - 20.0);
    assert!(security(Parameters { batch_grinding_bits: 0, ..direct }).bits() < whole.bits());
    assert!(security(TINY).bits() < 20.0);

    let without_lookups = Security {
        terms: whole.terms.iter().copied().filter(|term| term.name != "lookup challenges").collect(),
        ..whole.clone()
    };
    assert!(without_lookups.bits() > whole.bits());
    assert!(Security::together([&whole, &whole]) < whole.bits() - 0.99);
}
