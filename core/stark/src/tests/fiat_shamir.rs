//! Tests what is absorbed, in which order, and that no part of it can be left out.

use crate::testing::script::{Event, Mode, Scripted, recorded};
use crate::testing::seam::{self, Deviation};
use crate::testing::tiny::{TINY, Tiny, chips, key, rng, traces};
use crate::{HashFunction, Parameters, ProvingKey, VerifierKey, VerifyError};

const BOUND: &[u8] = b"all public values";

struct Honest {
    key: ProvingKey,
    chips: Vec<Tiny>,
    proof: Vec<u8>,
    events: Vec<Event>,
}

impl Honest {
    fn new() -> Self {
        let (key, chips, traces) = (key(), chips([3, 5]), traces([3, 5]));
        let mut rng = rng(1);
        let prove = || {
            seam::prove::<Scripted, _>(
                &key,
                (&chips, &traces, BOUND),
                &mut rng,
                Deviation::default(),
            )
        };
        let ((proof, _), events) = recorded(Mode::Real, prove);
        Self { key, chips, proof, events }
    }

    fn verify(&self, mode: Mode) -> (Result<(), VerifyError>, Vec<Event>) {
        let verify =
            || self.key.verifier().verify_with::<Tiny, Scripted>(&self.chips, BOUND, &self.proof);
        recorded(mode, verify)
    }
}

#[test]
fn prover_and_verifier_say_the_same() {
    let honest = Honest::new();
    let (result, events) = honest.verify(Mode::Real);
    assert_eq!(result, Ok(()));
    assert_eq!(events, honest.events);
}

#[test]
fn everything_is_said_before_what_depends_on_it() {
    let honest = Honest::new();
    let shape = &honest.key.verifier().shape;
    let said = |event: &Event| match event {
        Event::Prefix(prefix) => format!("{} bytes", prefix.len()),
        Event::Digest(_) => "digest".to_owned(),
        Event::Values(values) => format!("{} values", values.len()),
        Event::Nonce(bits, _) => format!("nonce of {bits}"),
        Event::Challenge(_) => "challenge".to_owned(),
        Event::Index(_) => "index".to_owned(),
    };
    let mut expected = vec![format!("{} bytes", 8 + BOUND.len() + 32)];
    let mut push =
        |events: &[&str]| expected.extend(events.iter().map(|event| (*event).to_owned()));
    let (lookup, ood) = (
        format!("nonce of {}", TINY.lookup_grinding_bits),
        format!("nonce of {}", TINY.ood_grinding_bits),
    );
    // The tables, then gamma and beta. The lookup columns and terminals, then alpha. The quotient,
    // then zeta.
    push(&["digest", &lookup, "challenge", "challenge"]);
    push(&["digest", &format!("{} values", shape.groups.len()), "challenge"]);
    push(&["digest", &ood, "challenge"]);
    // The out-of-domain values, then the batching challenges. Each layer, then its folding
    // challenges.
    let batch = format!("nonce of {}", TINY.batch_grinding_bits);
    push(&[&format!("{} values", shape.terms.len()), &batch]);
    push(&vec!["challenge"; shape.batching_challenges()]);
    for arity in TINY.folding(shape.log_height()) {
        push(&["digest", &format!("nonce of {}", TINY.folding_grinding_bits)]);
        push(&vec!["challenge"; arity]);
    }
    push(&[
        &format!("{} values", 1 << TINY.log_final_poly_len),
        &format!("nonce of {}", TINY.query_grinding_bits),
    ]);
    push(&["index"; TINY.queries]);
    assert_eq!(honest.events.iter().map(said).collect::<Vec<_>>(), expected);

    let length = (BOUND.len() as u64).to_le_bytes();
    let prefix = [&length[..], BOUND, honest.key.verifier().hash()].concat();
    assert_eq!(honest.events[0], Event::Prefix(prefix));
}

/// The challenges and indices from an event on.
fn drawn(events: &[Event], from: usize) -> Vec<Event> {
    let events = events.iter().skip(from);
    events.filter(|event| matches!(event, Event::Challenge(_) | Event::Index(_))).cloned().collect()
}

/// The honest proof is refused, and the first challenge after the omitted value differs.
fn assert_cannot_be_left_out(honest: &Honest, number: usize, mode: Mode) {
    let (result, events) = honest.verify(mode);
    assert!(result.is_err(), "{mode:?}");
    if let Some(first) = drawn(&events, number).first() {
        assert_ne!(Some(first), drawn(&honest.events, number).first(), "{mode:?}");
    }
}

#[test]
fn nothing_can_be_left_out() {
    let honest = Honest::new();
    for (number, event) in honest.events.iter().enumerate() {
        if matches!(event, Event::Challenge(_) | Event::Index(_)) {
            continue;
        }
        assert_cannot_be_left_out(&honest, number, Mode::Without(number));
        if let Event::Values(values) = event {
            for value in 0..values.len() {
                assert_cannot_be_left_out(&honest, number, Mode::WithoutValue(number, value));
            }
        }
    }
}

#[test]
fn every_parameter_is_part_of_the_key_s_hash() {
    let changes: [fn(&mut Parameters); 12] = [
        |p| p.hash = HashFunction::Poseidon2,
        |p| p.hash = HashFunction::Blake3Truncated,
        |p| p.log_blowup += 1,
        |p| p.queries += 1,
        |p| p.max_log_arity += 1,
        |p| p.log_final_poly_len += 1,
        |p| p.blinding_rows += 1,
        |p| p.lookup_grinding_bits += 1,
        |p| p.ood_grinding_bits += 1,
        |p| p.batch_grinding_bits += 1,
        |p| p.folding_grinding_bits += 1,
        |p| p.query_grinding_bits += 1,
    ];
    let hash = |parameters| *VerifierKey::new("test", parameters, &chips([0, 0])).hash();
    // Room for one more query.
    let parameters = Parameters { blinding_rows: TINY.blinding_rows + 1, ..TINY };
    let mut hashes = vec![hash(parameters)];
    for change in changes {
        let mut changed = parameters;
        change(&mut changed);
        hashes.push(hash(changed));
    }
    let count = hashes.len();
    hashes.sort_unstable();
    hashes.dedup();
    assert_eq!(hashes.len(), count);
}
