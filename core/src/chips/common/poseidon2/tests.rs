use p3_field::PrimeField64;
use p3_poseidon2::{MDSMat4, mds_light_permutation};
use velum_stark::air::check;
use velum_stark::air::testing::{Partner, assert_cells_matter};
use velum_stark::chip_enum;

use super::*;
use crate::class::{CLASSES, STANDARD};
use crate::digest::{hash, permute};
use crate::record::fixtures::subject;
use crate::statement::DIGEST_ELEMENTS;

chip_enum! {
    enum Table { Poseidon2(Poseidon2Chip), Partner(Partner) }
}

/// A message of distinct elements for each slot and for the record.
fn messages(class: &SizeClass) -> Vec<(Domain, Vec<F>)> {
    let message = |number: usize, elements: usize| {
        (0..elements).map(|index| F::from_usize(number * 1_000 + index + 1)).collect::<Vec<_>>()
    };
    let slots = (0..class.slots).map(|slot| (Domain::Slot, message(slot, slot_elements(class))));
    slots.chain([(Domain::Record, message(class.slots, record_elements(class)))]).collect()
}

fn blocks(messages: &[(Domain, Vec<F>)]) -> Vec<[F; RATE]> {
    let blocks = messages.iter().flat_map(|(_, message)| message.chunks(RATE));
    blocks
        .map(|block| std::array::from_fn(|lane| block.get(lane).copied().unwrap_or_default()))
        .collect()
}

/// The chip, and a partner that sends the messages and takes the digests of the record and of the
/// slots in use.
#[derive(Clone)]
struct Tables {
    chip: Poseidon2Chip,
    trace: Trace,
    partner: Partner,
}

impl Tables {
    fn new(class: SizeClass) -> Self {
        let messages = messages(&class);
        let mut partner = Partner::default();
        for (permutation, block) in blocks(&messages).iter().enumerate() {
            partner.tuples.push((ABSORB, numbered(permutation, block), F::ONE));
        }
        let slots = subject(class).elements.len();
        let mut permutation = 0;
        for (slot, (domain, message)) in messages.iter().enumerate() {
            permutation += message.len().div_ceil(RATE);
            if slot < slots || slot == class.slots {
                let digest = numbered(permutation - 1, &hash(*domain, message));
                partner.tuples.push((SQUEEZE, digest, F::NEG_ONE));
            }
        }
        let chip = Poseidon2Chip::new(&subject(class));
        Self { trace: chip.trace(&blocks(&messages)), chip, partner }
    }

    fn parts(self) -> ([Table; 2], [Trace; 2]) {
        let traces = [self.trace, self.partner.trace()];
        ([Table::Poseidon2(self.chip), Table::Partner(self.partner)], traces)
    }

    /// The rules that fail.
    fn rules(self) -> Vec<String> {
        let (chips, traces) = self.parts();
        check(&chips, &traces).rules()
    }

    /// The rules that fail when the partner takes whatever digests result.
    fn rules_of_any_digest(mut self) -> Vec<String> {
        for (_, tuple, _) in self.partner.tuples.iter_mut().filter(|(bus, ..)| *bus == SQUEEZE) {
            let permutation = tuple[0].as_canonical_u64() as usize;
            let mut state: [F; WIDTH] = std::array::from_fn(|lane| {
                let (row, sbox) = self.chip.at(permutation, LAST_ROUND + lane);
                self.trace.get(row, output(sbox))
            });
            mds_light_permutation(&mut state, &MDSMat4);
            tuple[1..].copy_from_slice(&state[..DIGEST_ELEMENTS]);
        }
        self.rules()
    }

    fn cell(
        &self,
        permutation: usize,
        position: usize,
        column: fn(usize) -> usize,
    ) -> (usize, usize) {
        let (row, sbox) = self.chip.at(permutation, position);
        (row, column(sbox))
    }

    /// Gives the S-box another input, and refills the rest of its permutation and the permutations
    /// up to `to`.
    fn change_input(&mut self, permutation: usize, position: usize, to: usize) {
        let (row, column) = self.cell(permutation, position, input);
        let value = self.trace.get(row, column) + F::ONE;
        self.chip.set_input(&mut self.trace, permutation, position, value);
        self.refill(permutation, position + 1);
        (permutation + 1..=to).for_each(|permutation| self.refill(permutation, RATE));
    }

    /// Refills permutation `permutation` from S-box `position` on.
    fn refill(&mut self, permutation: usize, position: usize) {
        (position..SBOXES)
            .for_each(|position| self.chip.fill(&mut self.trace, permutation, position));
    }
}

fn numbered(permutation: usize, elements: &[F]) -> Vec<F> {
    std::iter::once(F::from_usize(permutation)).chain(elements.iter().copied()).collect()
}

/// The last permutation of the record. No other permutation continues its state.
fn last(class: &SizeClass) -> usize {
    all_permutations(class) - 1
}

/// The first and the last S-box of each external round, and those of all internal rounds.
fn samples() -> impl Iterator<Item = usize> {
    (WIDTH..SBOXES)
        .filter(|position| (60..82).contains(position) || [10, 11].contains(&(position % 12)))
}

#[test]
fn any_number_of_sboxes_a_row_gives_the_permutation() {
    for sboxes in (1..=13).chain([SBOXES]) {
        let chip =
            Poseidon2Chip { layout: Layout::of(sboxes), ..Poseidon2Chip::new(&subject(STANDARD)) };
        let mut tables = Tables {
            trace: Trace::zeroed(2 * chip.layout.rows(), chip.width()),
            chip,
            partner: Partner::default(),
        };
        let mut state = [F::ZERO; WIDTH];
        state[RATE..].copy_from_slice(&Domain::Slot.capacity(slot_elements(&STANDARD)));
        for permutation in 0..2 {
            for (lane, element) in state[..RATE].iter_mut().enumerate() {
                *element = F::from_usize(permutation * 100 + lane * lane + 1);
                tables.chip.set_input(&mut tables.trace, permutation, lane, *element);
            }
            tables.refill(permutation, RATE);
            permute(&mut state);
        }
        let mut leaving: [F; WIDTH] = std::array::from_fn(|lane| {
            let (row, column) = tables.cell(1, LAST_ROUND + lane, output);
            tables.trace.get(row, column)
        });
        mds_light_permutation(&mut leaving, &MDSMat4);
        assert_eq!(leaving, state, "{sboxes} a row");
    }
}

#[test]
fn honest_traces_pass_in_every_class() {
    for class in CLASSES {
        let (chips, traces) = Tables::new(class).parts();
        let violations = check(&chips, &traces);
        assert!(violations.is_empty(), "{violations}");
    }
}

#[test]
fn reserves_the_last_rows() {
    for (class, (height, width)) in CLASSES.into_iter().zip([(2_048, 6), (4_096, 9)]) {
        let chip = Poseidon2Chip::new(&subject(class));
        assert_eq!((chip.height(), chip.width()), (height, width));
        assert!(all_permutations(&class) * chip.layout.rows() + RESERVED_ROWS <= height);
        let trace = chip.trace(&[]);
        assert!(
            (height - RESERVED_ROWS..height)
                .all(|row| trace.row(row).iter().all(|&cell| cell == F::ZERO))
        );
    }
}

#[test]
fn cube_is_needed() {
    for position in [0, 9, 30, 61, 129] {
        let mut tables = Tables::new(STANDARD);
        let (row, column) = tables.cell(3, position, cube);
        let value = tables.trace.get(row, column);
        tables.trace.set(row, column, -value);
        assert_eq!(tables.rules(), ["poseidon2/cube"], "S-box {position}");
    }
}

#[test]
fn output_is_needed() {
    for position in samples() {
        let mut tables = Tables::new(STANDARD);
        let (row, column) = tables.cell(last(&STANDARD), position, output);
        let value = tables.trace.get(row, column);
        tables.trace.set(row, column, value + F::ONE);
        tables.refill(last(&STANDARD), position + 1);
        assert_eq!(tables.rules_of_any_digest(), ["poseidon2/output"], "S-box {position}");
    }
}

#[test]
fn round_is_needed() {
    for position in samples() {
        let mut tables = Tables::new(STANDARD);
        tables.change_input(last(&STANDARD), position, last(&STANDARD));
        assert_eq!(tables.rules_of_any_digest(), ["poseidon2/round"], "S-box {position}");
    }
}

#[test]
fn the_capacity_is_kept() {
    for lane in RATE..WIDTH {
        let mut tables = Tables::new(STANDARD);
        tables.change_input(last(&STANDARD), lane, last(&STANDARD));
        assert_eq!(tables.rules_of_any_digest(), ["poseidon2/round"], "lane {lane}");
    }
}

#[test]
fn a_message_starts_with_its_capacity() {
    let (end_of_first_slot, record) =
        (slot_permutations(&STANDARD) - 1, first_record_permutation(&STANDARD));
    for (first, to) in [(0, end_of_first_slot), (record, last(&STANDARD))] {
        for lane in RATE..WIDTH {
            let mut tables = Tables::new(STANDARD);
            tables.change_input(first, lane, to);
            assert_eq!(
                tables.rules_of_any_digest(),
                ["poseidon2/round"],
                "permutation {first}, lane {lane}"
            );
        }
    }
}

#[test]
fn nothing_is_outside_permutations() {
    for class in CLASSES {
        let mut tables = Tables::new(class);
        let row = all_permutations(&class) * tables.chip.layout.rows();
        tables.trace.row_mut(row)[..3].fill(F::ONE);
        assert_eq!(tables.rules(), ["poseidon2/round"], "{}", class.name);
    }
}

#[test]
fn absorbs_what_is_sent() {
    for lane in 0..RATE {
        let mut tables = Tables::new(STANDARD);
        tables.change_input(last(&STANDARD), lane, last(&STANDARD));
        tables.refill(last(&STANDARD), RATE);
        assert_eq!(tables.rules_of_any_digest(), ["bus absorb"], "lane {lane}");
    }
}

#[test]
fn absorbs_blocks_in_their_order() {
    let mut tables = Tables::new(STANDARD);
    for (number, (_, tuple, _)) in [1, 0].into_iter().zip(&mut tables.partner.tuples) {
        tuple[0] = F::from_usize(number);
    }
    assert_eq!(tables.rules(), ["bus absorb"]);
}

#[test]
fn gives_only_its_digest() {
    for element in 1..=DIGEST_ELEMENTS {
        let mut tables = Tables::new(STANDARD);
        let (_, tuple, _) = tables.partner.tuples.last_mut().expect("the record's digest");
        tuple[element] += F::ONE;
        assert_eq!(tables.rules(), ["bus squeeze"]);
    }
}

#[test]
fn gives_each_digest_once() {
    let mut tables = Tables::new(STANDARD);
    let digest = tables.partner.tuples.last().cloned();
    tables.partner.tuples.extend(digest);
    assert_eq!(tables.rules(), ["bus squeeze"]);
}

#[test]
fn every_cell_matters() {
    for class in CLASSES {
        let (chips, traces) = Tables::new(class).parts();
        let Table::Poseidon2(chip) = &chips[0] else { unreachable!("first table") };
        let rows = chip.layout.rows();
        // A permutation that starts a message, one that continues it, the end of the last one, and
        // a row behind it.
        let end = all_permutations(&class) * rows;
        let sample = (0..rows).step_by(9).chain(rows..2 * rows).chain(end - 3..end + 1);
        assert_cells_matter(&chips, &traces, 0, sample, |_, _| false);
    }
}
