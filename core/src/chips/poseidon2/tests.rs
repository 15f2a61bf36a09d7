use p3_field::PrimeField64;

use super::*;
use crate::air::testing::{Partner, assert_cells_matter};
use crate::air::{check, fill_multiplicities};
use crate::chip_enum;
use crate::class::{CLASSES, STANDARD};
use crate::poseidon2::{hash, permute};

chip_enum! {
    enum Table { Poseidon2(Poseidon2Chip), Partner(Partner) }
}

/// A message for each slot and one for the record, of distinct elements.
fn messages(class: &SizeClass) -> Vec<(Domain, Vec<F>)> {
    let message = |number: usize, elements: usize| {
        (0..elements).map(|index| F::from_usize(number * 1_000 + index + 1)).collect::<Vec<_>>()
    };
    let slots = (0..class.slots).map(|slot| (Domain::Slot, message(slot, slot_elements(class))));
    slots.chain([(Domain::Record, message(class.slots, record_elements(class)))]).collect()
}

fn blocks(messages: &[(Domain, Vec<F>)]) -> Vec<[F; RATE]> {
    let blocks = messages.iter().flat_map(|(_, message)| message.chunks(RATE));
    blocks.map(|block| std::array::from_fn(|lane| block.get(lane).copied().unwrap_or_default())).collect()
}

/// The chip, and a partner that absorbs the messages and takes their digests.
fn tables(class: SizeClass) -> ([Table; 2], [Trace; 2]) {
    let messages = messages(&class);
    let mut partner = Partner::default();
    for (permutation, block) in blocks(&messages).iter().enumerate() {
        for (lane, &element) in block.iter().enumerate() {
            let tuple = vec![F::from_usize(permutation), F::from_usize(lane), element];
            partner.tuples.push((ABSORB, tuple, F::ONE));
        }
    }
    let mut permutation = 0;
    for (domain, message) in &messages {
        permutation += message.len().div_ceil(RATE);
        partner.tuples.push((SQUEEZE, digest_tuple(permutation - 1, hash(*domain, message)), F::ONE));
    }
    let chip = Poseidon2Chip::new(class);
    let traces = [chip.trace(&blocks(&messages)), partner.trace()];
    filled([Table::Poseidon2(chip), Table::Partner(partner)], traces)
}

fn digest_tuple(permutation: usize, digest: crate::statement::Digest) -> Vec<F> {
    std::iter::once(F::from_usize(permutation)).chain(digest).collect()
}

fn filled(chips: [Table; 2], mut traces: [Trace; 2]) -> ([Table; 2], [Trace; 2]) {
    fill_multiplicities(&chips, &mut traces);
    (chips, traces)
}

/// What fails when the partner takes whatever digests come out.
fn rules((chips, mut traces): ([Table; 2], [Trace; 2])) -> Vec<String> {
    let [chip, Table::Partner(mut partner)] = chips else { unreachable!("the partner is the second table") };
    for (_, tuple, _) in partner.tuples.iter_mut().filter(|(bus, ..)| *bus == SQUEEZE) {
        let permutation = tuple[0].as_canonical_u64() as usize;
        tuple[1..].copy_from_slice(&leaving(&traces[0], permutation * ROWS)[..DIGEST_ELEMENTS]);
    }
    let chips = [chip, Table::Partner(partner)];
    fill_multiplicities(&chips, &mut traces);
    check(&chips, &traces).rules()
}

/// Fills permutation `permutation` again from row `row` on.
fn refill(trace: &mut Trace, permutation: usize, row: usize) {
    (row..ROWS).for_each(|row| fill_row(trace, permutation * ROWS, row));
}

/// The last permutation of the record: no other goes on from its state.
fn last(class: &SizeClass) -> usize {
    all_permutations(class) - 1
}

#[test]
fn rows_give_the_permutation() {
    let state: Lanes = std::array::from_fn(|lane| F::from_usize(lane * lane + 1));
    let mut expected = state;
    permute(&mut expected);
    assert_eq!(permute_into(&mut Trace::zeroed(ROWS, COLUMNS), 0, &state), expected);
}

#[test]
fn honest_traces_pass_in_every_class() {
    for class in CLASSES {
        let (chips, traces) = tables(class);
        let violations = check(&chips, &traces);
        assert!(violations.is_empty(), "{violations}");
    }
}

#[test]
fn reserves_the_last_rows() {
    for (class, height) in CLASSES.into_iter().zip([512, 1024]) {
        let chip = Poseidon2Chip::new(class);
        assert_eq!(chip.height(), height);
        let trace = chip.trace(&[]);
        assert!(
            (height - RESERVED_ROWS..height).all(|row| trace.row(row).iter().all(|&cell| cell == F::ZERO))
        );
    }
}

#[test]
fn cube_is_needed() {
    let (chips, mut traces) = tables(STANDARD);
    let cell = traces[0].get(13, CUBE + 5);
    traces[0].set(13, CUBE + 5, -cell);
    assert_eq!(check(&chips, &traces).rules(), ["poseidon2/cube"]);
}

#[test]
fn output_is_needed() {
    for row in [0, 4, 5, 8] {
        let (chips, mut traces) = tables(STANDARD);
        let cell = last(&STANDARD) * ROWS + row;
        let output = traces[0].get(cell, OUTPUT + 11);
        // In a row of internal rounds the last output is of its last round, so no other input of the row changes.
        traces[0].set(cell, OUTPUT + 11, output + F::ONE);
        refill(&mut traces[0], last(&STANDARD), row + 1);
        assert_eq!(rules((chips, traces)), ["poseidon2/output"], "row {row}");
    }
}

#[test]
fn round_is_needed() {
    for row in 1..ROWS {
        for lane in [0, 11] {
            let (chips, mut traces) = tables(STANDARD);
            let cell = last(&STANDARD) * ROWS + row;
            let mut inputs = lanes_at(&traces[0], cell, INPUT);
            inputs[lane] += F::ONE;
            set_sboxes(&mut traces[0], cell, &inputs);
            refill(&mut traces[0], last(&STANDARD), row + 1);
            assert_eq!(rules((chips, traces)), ["poseidon2/round"], "row {row}, lane {lane}");
        }
    }
}

/// Permutes from `from` on with another capacity there, up to and including `to`.
fn with_other_capacity(from: usize, to: usize) -> Vec<String> {
    let (chips, mut traces) = tables(STANDARD);
    let blocks = blocks(&messages(&STANDARD));
    let mut state = [F::TWO; WIDTH];
    for (permutation, block) in blocks.iter().enumerate().take(to + 1).skip(from) {
        state[..RATE].copy_from_slice(block);
        state = permute_into(&mut traces[0], permutation * ROWS, &state);
    }
    rules((chips, traces))
}

#[test]
fn kept_capacity_is_needed() {
    assert_eq!(with_other_capacity(last(&STANDARD), last(&STANDARD)), ["poseidon2/kept capacity"]);
}

#[test]
fn new_capacity_is_needed() {
    let end_of_first_slot = slot_permutations(&STANDARD) - 1;
    assert_eq!(with_other_capacity(0, end_of_first_slot), ["poseidon2/new capacity"]);
    let record = first_record_permutation(&STANDARD);
    assert_eq!(with_other_capacity(record, last(&STANDARD)), ["poseidon2/new capacity"]);
}

#[test]
fn absorbs_what_is_sent() {
    let (chips, traces) = tables(STANDARD);
    let mut blocks = blocks(&messages(&STANDARD));
    let last = last(&STANDARD);
    blocks[last][3] += F::ONE;
    let Table::Poseidon2(chip) = &chips[0] else { unreachable!("first table") };
    let traces = [chip.trace(&blocks), traces[1].clone()];
    assert_eq!(rules((chips, traces)), ["bus absorb"]);
}

#[test]
fn gives_only_its_digest() {
    let ([chip, partner], traces) = tables(STANDARD);
    let Table::Partner(mut partner) = partner else { unreachable!("second table") };
    let (_, tuple, _) = partner.tuples.last_mut().expect("the record's digest");
    tuple[4] += F::ONE;
    let (chips, traces) = filled([chip, Table::Partner(partner)], traces);
    assert_eq!(check(&chips, &traces).rules(), ["bus squeeze"]);
}

#[test]
fn every_cell_matters() {
    let (chips, traces) = tables(STANDARD);
    // The multiplicity counts on a permutation's last row only.
    let exempt = |row: usize, column: usize| column == MULTIPLICITY && row % ROWS != ROWS - 1;
    assert_cells_matter(&chips, &traces, 0, [0, 3, 4, 5, 6, 49, 203, 204, 269].into_iter(), exempt);
}
