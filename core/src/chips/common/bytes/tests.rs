//! Each forged trace shows which rule alone refuses it. A forger has the other tables on its side:
//! [`Case::ends`] is what they receive.

use p3_field::PrimeField64;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use velum_stark::air::testing::Partner;
use velum_stark::air::{check, fill_multiplicities};

use super::*;
use crate::chips::common::range::RangeChip;
use crate::class::{CLASSES, STANDARD};

velum_stark::chip_enum! {
    enum Table { Range(RangeChip), Bytes(BytesChip), Others(Partner) }
}

/// Streams, the traces for them, and what the other tables want from these traces.
struct Case {
    class: SizeClass,
    tables: Vec<BytesChip>,
    traces: Vec<Trace>,
    /// `[stream, final block, length]` received.
    ends: Vec<[u64; 3]>,
    others: Partner,
}

impl Case {
    fn new(class: SizeClass, messages: &[&[u8]]) -> Self {
        let streams = Streams::new(class, messages).unwrap();
        let ends = (0..class.streams()).map(|stream| {
            let length = messages.get(stream).map_or(0, |message| message.len());
            [stream, class.first_block(stream) + (length + 8) / 64, length]
                .map(|field| field as u64)
        });
        let ends = ends.collect();
        let tables = BytesChip::tables(class);
        let traces = tables.iter().map(|table| table.trace(&streams, &[3, 7])).collect();
        Self { class, tables, traces, ends, others: Partner::default() }
    }

    /// One message in stream 1 of the standard class.
    fn item(message: &[u8]) -> Self {
        Self::new(STANDARD, &[b"issuer", message])
    }

    fn set(&mut self, position: usize, column: usize, value: u64) {
        self.traces[0].set_u64(position, column, value);
    }

    fn set_all(&mut self, positions: impl IntoIterator<Item = usize>, column: usize, value: u64) {
        positions.into_iter().for_each(|position| self.set(position, column, value));
    }

    fn set_byte(&mut self, position: usize, byte: u64) {
        self.set(position, column::BYTE, byte);
        self.refresh_fingerprints();
    }

    /// Makes the fingerprints fit the bytes and the starts, which may be invalid.
    fn refresh_fingerprints(&mut self) {
        let starts: Vec<_> =
            (0..self.class.streams()).map(|stream| self.class.stream_start(stream)).collect();
        let (mut start, mut print) = (F::ZERO, F::ZERO);
        for position in 0..self.class.blocks() * BLOCK_BYTES {
            let row = self.traces[0].row_mut(position);
            let (moved, distance) = (row[column::START] - start, F::from_usize(position) - start);
            let begun = starts.contains(&position);
            print += if begun {
                fingerprint::START - print
            } else {
                moved / distance * (fingerprint::START - print)
            };
            print = print * GAMMA + row[column::BYTE];
            (start, row[column::FINGERPRINT]) = (row[column::START], print);
        }
    }

    fn rules(mut self) -> Vec<String> {
        self.ends.iter().for_each(|end| self.others.receive(STREAM_END, end));
        let mut traces = vec![RangeChip.trace(), self.others.trace()];
        traces.extend(self.traces);
        let mut chips = vec![Table::Range(RangeChip), Table::Others(self.others)];
        chips.extend(self.tables.into_iter().map(Table::Bytes));
        fill_multiplicities(&chips, &mut traces);
        check(&chips, &traces).rules()
    }
}

const ITEM: usize = STANDARD.stream_start(1);
const ITEM_BLOCK: u64 = STANDARD.first_block(1) as u64;

fn message(length: usize) -> Vec<u8> {
    (0..length).map(|i| (i * 7 + 1) as u8).collect()
}

#[test]
fn accepts_messages_of_every_length() {
    let max = STANDARD.stream_blocks(1) * BLOCK_BYTES - 9;
    let lengths: Vec<usize> = (0..=max).collect();
    for lengths in lengths.chunks(4) {
        let messages: Vec<_> =
            std::iter::once(&17).chain(lengths).map(|&length| message(length)).collect();
        let messages: Vec<_> = messages.iter().map(Vec::as_slice).collect();
        assert!(Case::new(STANDARD, &messages).rules().is_empty(), "lengths {lengths:?}");
    }
    for class in CLASSES {
        let longest = |stream| message(class.stream_blocks(stream) * BLOCK_BYTES - 9);
        let messages: Vec<_> = (0..class.streams()).map(longest).collect();
        let messages: Vec<_> = messages.iter().map(Vec::as_slice).collect();
        assert!(Case::new(class, &messages).rules().is_empty());
        assert!(Case::new(class, &[]).rules().is_empty());
    }
}

#[test]
fn gives_bytes_pairs_words_and_fingerprints_of_the_streams_alone() {
    let text = b"0123456789";
    let last = STANDARD.blocks() as u64 * 64 - 1;
    let print = |bytes| fingerprint::fingerprint(bytes).as_canonical_u64();
    let known: [(_, Vec<u64>, usize); 10] = [
        (BYTES, vec![3, 1, u64::from(b'3')], 2),
        (BYTES, vec![last, 1, 0], 2),
        (BYTES, vec![3, 2, 0x3334], 2),
        (BYTES, vec![last, 2, 0], 2),
        (BYTES, vec![1, 4, 0x3132_3334], 2),
        (BYTES, vec![last, 4, 0], 2),
        (BYTES, vec![5, 4, 0x3536_3738], 1),
        (FINGERPRINT, vec![0, 3, print(b"012")], 2),
        (FINGERPRINT, vec![3, 7, print(b"3456")], 2),
        (FINGERPRINT, vec![7, 8, print(b"7")], 0),
    ];
    for (bus, fields, field) in known {
        let case = |fields: &[u64]| {
            let mut case = Case::new(STANDARD, &[text]);
            case.others.send(bus, fields);
            case.rules()
        };
        assert!(case(&fields).is_empty(), "{} {fields:?}", bus.name);
        let mut wrong = fields.clone();
        wrong[field] += 1;
        assert_eq!(case(&wrong), [format!("bus {}", bus.name)], "{wrong:?}");
    }
}

#[test]
fn refuses_a_byte_of_nine_bits_inside_a_right_word() {
    let mut case = Case::item(&message(20));
    let [before, byte] =
        [4, 5].map(|i| case.traces[0].get(ITEM + i, column::BYTE).as_canonical_u64());
    case.set_byte(ITEM + 4, before - 1);
    case.set_byte(ITEM + 5, byte + 256);
    let words = message(20);
    case.others.send(
        BYTES,
        &[ITEM as u64 + 4, 4, u32::from_be_bytes(words[4..8].try_into().unwrap()).into()],
    );
    assert_eq!(case.rules(), ["bus range"]);
}

#[test]
fn refuses_a_message_that_goes_on_behind_its_end() {
    // Where a message goes on again, *end byte* demands 0x80. The length field of a 16-byte message
    // ends in this byte.
    let mut case = Case::item(&message(16));
    case.set_all(ITEM + 64..ITEM + 256, column::LENGTH, 17);
    case.set_byte(ITEM + 64, 0x80);
    assert_eq!(case.rules(), ["bytes/message flag"]);
}

#[test]
fn refuses_another_end_byte() {
    for length in [0, 5, 55, 56, 63, 64] {
        for byte in [0x00, 0x81] {
            let mut case = Case::item(&message(length));
            case.set_byte(ITEM + length, byte);
            assert_eq!(case.rules(), ["bytes/end byte"], "{length}");
        }
    }
}

#[test]
fn refuses_anything_but_zeros_behind_the_end() {
    // Right behind the end; before the length field; where the length field would be, in a block
    // that is not final; behind the final block; at the end of the region.
    for (length, position) in
        [(5, 6), (5, 60), (57, 61), (61, 63), (57, 64 + 60), (5, 64), (5, 255), (0, 1)]
    {
        let mut case = Case::item(&message(length));
        case.set_byte(ITEM + position, 1);
        assert_eq!(case.rules(), ["bytes/zero"], "{length} {position}");
    }
}

#[test]
fn refuses_bytes_behind_all_streams() {
    let mut case = Case::item(b"item");
    case.set(STANDARD.blocks() * BLOCK_BYTES, column::BYTE, 1);
    assert_eq!(case.rules(), ["bytes/unused"]);
}

#[test]
fn refuses_a_wrong_length() {
    for length in [19, 21] {
        let mut case = Case::item(&message(20));
        for position in ITEM..ITEM + 256 {
            case.traces[0].row_mut(position)[column::LENGTH] +=
                F::from_u64(length) - F::from_u8(20);
        }
        case.set_byte(ITEM + 63, 8 * length);
        case.ends[1][2] = length;
        assert_eq!(case.rules(), ["bytes/length"]);
    }
}

#[test]
fn refuses_a_wrong_length_field() {
    for (position, byte) in [(63, 161), (63, 168), (62, 1)] {
        let mut case = Case::item(&message(20));
        case.set_byte(ITEM + position, byte);
        assert_eq!(case.rules(), ["bytes/length field"]);
    }
}

#[test]
fn refuses_a_second_final_block() {
    let mut case = Case::item(&message(20));
    case.set_all(ITEM + 128..ITEM + 192, column::FINAL, 1);
    case.set_byte(ITEM + 191, 160);
    case.ends.push([1, ITEM_BLOCK + 2, 20]);
    assert_eq!(case.rules(), ["bytes/final block"]);
}

#[test]
fn refuses_a_stream_without_a_final_block() {
    let mut case = Case::item(&message(20));
    case.set_all(ITEM..ITEM + 64, column::FINAL, 0);
    case.set_byte(ITEM + 63, 0);
    case.ends.remove(1);
    assert_eq!(case.rules(), ["bytes/final block"]);

    // A message that leaves no room for its length is never closed.
    let mut case = Case::item(&message(247));
    case.set_all(ITEM + 248..ITEM + 256, column::LENGTH, 248);
    case.set_all(ITEM + 192..ITEM + 256, column::FINAL, 0);
    for (position, byte) in [(248, 0x80), (254, 0), (255, 0)] {
        case.set_byte(ITEM + position, byte);
    }
    case.ends.remove(1);
    assert_eq!(case.rules(), ["bytes/ends"]);
}

#[test]
fn refuses_another_final_block() {
    // Later than the first block with room. The flag is wrong on the block's byte 55, or it drops
    // on the block's last row.
    for first in [0, 63] {
        let mut case = Case::item(&message(20));
        case.set_all(ITEM + first..ITEM + 64, column::FINAL, 0);
        case.set_all(ITEM + 64..ITEM + 128, column::FINAL, 1);
        if first == 0 {
            case.set_byte(ITEM + 63, 0);
        }
        case.set_byte(ITEM + 127, 160);
        case.ends[1][1] += 1;
        assert_eq!(case.rules(), ["bytes/final block"]);
    }
    // Earlier than the first block with room: the length field replaces message bytes.
    let mut case = Case::item(&message(57));
    case.set_all(ITEM..ITEM + 64, column::FINAL, 1);
    case.set_all(ITEM + 64..ITEM + 128, column::FINAL, 0);
    for (position, byte) in [(62, 1), (63, 200), (126, 0), (127, 0)] {
        case.set_byte(ITEM + position, byte);
    }
    case.ends[1][1] -= 1;
    assert_eq!(case.rules(), ["bytes/final block"]);
}

#[test]
fn refuses_fingerprints_of_other_intervals_or_bytes() {
    // The first row of a stream continues what was before.
    let mut case = Case::item(b"item");
    case.set_all(ITEM..ITEM + 256, column::START, ITEM as u64 - 1);
    case.refresh_fingerprints();
    assert_eq!(case.rules(), ["bytes/fingerprint start"]);
    let mut case = Case::item(b"item");
    for position in ITEM..ITEM + 256 {
        let print = case.traces[0].get(position, column::FINGERPRINT);
        case.traces[0].set(
            position,
            column::FINGERPRINT,
            print + GAMMA.exp_u64((position - ITEM) as u64),
        );
    }
    assert_eq!(case.rules(), ["bytes/fingerprint"]);

    // An interval that claims to start elsewhere.
    for first in [3, 5] {
        let mut case = Case::item(b"item");
        case.set_all(first..7, column::START, 2);
        case.refresh_fingerprints();
        assert_eq!(case.rules(), ["bytes/fingerprint start"]);
    }

    // An interval that starts with another fingerprint or continues with one.
    for from in [3, 5] {
        let mut case = Case::item(b"item");
        for position in from..7 {
            let print = case.traces[0].get(position, column::FINGERPRINT);
            case.traces[0].set(
                position,
                column::FINGERPRINT,
                print + GAMMA.exp_u64((position - from) as u64),
            );
        }
        assert_eq!(case.rules(), ["bytes/fingerprint"]);
    }
}

#[test]
fn sends_one_end_a_stream() {
    for forged in [[1, ITEM_BLOCK, 19], [1, ITEM_BLOCK + 1, 20], [2, ITEM_BLOCK, 20]] {
        let mut case = Case::item(&message(20));
        case.ends[1] = forged;
        assert_eq!(case.rules(), ["bus stream_end"]);
    }
    let mut case = Case::item(&message(20));
    case.ends.push(case.ends[1]);
    assert_eq!(case.rules(), ["bus stream_end"]);
}

/// Every change of a cell of a used row is noticed.
#[test]
fn notices_every_changed_cell() {
    let mut rng = StdRng::seed_from_u64(1);
    let messages: Vec<_> = [300, 55, 0, 119, 64].map(message).into();
    let messages: Vec<_> = messages.iter().map(Vec::as_slice).collect();
    let good = Case::new(STANDARD, &messages);
    let mut others = good.others.clone();
    good.ends.iter().for_each(|end| others.receive(STREAM_END, end));
    let [chip] = good.tables.try_into().unwrap();
    let [trace] = good.traces.try_into().unwrap();
    let chips = [Table::Range(RangeChip), Table::Bytes(chip), Table::Others(others.clone())];
    let mut traces = [RangeChip.trace(), trace, others.trace()];
    fill_multiplicities(&chips, &mut traces);
    assert!(check(&chips, &traces).is_empty());
    for column in 0..column::WIDTH {
        for _ in 0..20 {
            let row = rng.random_range(0..STANDARD.blocks() * BLOCK_BYTES);
            let mut forged = traces.clone();
            let delta = if rng.random() { F::ONE } else { F::from_u64(rng.random::<u32>().into()) };
            forged[1].set(row, column, forged[1].get(row, column) + delta);
            if delta != F::ZERO {
                assert!(!check(&chips, &forged).is_empty(), "column {column}, row {row}");
            }
        }
    }
}
