//! Each forged trace shows which rule alone refuses it. [`Case::forge`] changes the words of one
//! row and computes what follows from them as if they were correct, up to the hash values that the
//! other tables want.

use p3_field::Field;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use sha2::{Digest, Sha256};
use velum_stark::air::testing::Partner;
use velum_stark::air::{check, fill_multiplicities};

use super::fill::{Words, balance, next, round, trace, words};
use super::*;
use crate::chips::buses::STREAM_END;
use crate::chips::common::bytes::BytesChip;
use crate::chips::common::range::RangeChip;
use crate::class::{CLASSES, EXTRA, LARGE, STANDARD};

velum_stark::chip_enum! {
    enum Table { Range(RangeChip), Bytes(BytesChip), Sha256(Sha256Chip), Others(Partner) }
}

/// Examples for FIPS 180-4 that NIST has published (Cryptographic Standards and Guidelines,
/// SHA256.pdf), the empty message and the 896-bit message of FIPS 180-2, with their digests.
const KNOWN: [(&str, [u32; 8]); 4] = [
    (
        "abc",
        [
            0xba78_16bf,
            0x8f01_cfea,
            0x4141_40de,
            0x5dae_2223,
            0xb003_61a3,
            0x9617_7a9c,
            0xb410_ff61,
            0xf200_15ad,
        ],
    ),
    (
        "",
        [
            0xe3b0_c442,
            0x98fc_1c14,
            0x9afb_f4c8,
            0x996f_b924,
            0x27ae_41e4,
            0x649b_934c,
            0xa495_991b,
            0x7852_b855,
        ],
    ),
    (
        "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
        [
            0x248d_6a61,
            0xd206_38b8,
            0xe5c0_2693,
            0x0c3e_6039,
            0xa33c_e459,
            0x64ff_2167,
            0xf6ec_edd4,
            0x19db_06c1,
        ],
    ),
    (
        "abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmnhijklmnoijklmnopjklmnopqklmnopqrlmnopqrsmnopqrstnopqrstu",
        [
            0xcf5b_16a7,
            0x78af_8380,
            0x036c_e59e,
            0x7b04_9237,
            0x0b24_9b11,
            0xe8f0_7a51,
            0xafac_4503,
            0x7afe_e9d1,
        ],
    ),
];

fn message(length: usize) -> Vec<u8> {
    (0..length).map(|i| (i * 31 + 5) as u8).collect()
}

/// Streams, the words from which the traces of their hashing are made, and the digests that other
/// tables want.
struct Case {
    class: SizeClass,
    messages: Vec<Vec<u8>>,
    streams: Streams,
    /// Words of the rows of each SHA-256 table.
    words: Vec<Vec<Words>>,
    tables: Vec<Sha256Chip>,
    digests: Vec<[u32; 8]>,
    /// The SHA-256 table that is forged.
    table: usize,
    /// Changes to cells of that table: row, column, difference.
    changes: Vec<(usize, usize, F)>,
    /// Whether the carries that are not bits are adapted to the changes.
    refresh: bool,
}

impl Case {
    fn new(class: SizeClass, messages: &[Vec<u8>]) -> Self {
        let mut messages = messages.to_vec();
        messages.resize(class.streams(), Vec::new());
        let slices: Vec<_> = messages.iter().map(Vec::as_slice).collect();
        let streams = Streams::new(class, &slices).unwrap();
        let tables = Sha256Chip::tables(class);
        let words = tables.iter().map(|table| words(table, &streams)).collect();
        let digest = |message: &Vec<u8>| {
            let digest = Sha256::digest(message);
            std::array::from_fn(|k| u32::from_be_bytes(digest[4 * k..][..4].try_into().unwrap()))
        };
        let digests = messages.iter().map(digest).collect();
        Self {
            class,
            messages,
            streams,
            words,
            tables,
            digests,
            table: 0,
            changes: Vec::new(),
            refresh: false,
        }
    }

    fn standard() -> Self {
        Self::new(STANDARD, &[message(200), message(70)])
    }

    /// A message that ends in the second table.
    fn large() -> Self {
        Self { table: 1, ..Self::new(LARGE, &[message(4_000)]) }
    }

    fn final_block(&self, stream: usize) -> usize {
        self.class.first_block(stream) + (self.messages[stream].len() + 8) / 64
    }

    /// Replaces the words of `row` by what `change` makes of them, and recomputes the later rows of
    /// the table. The digests become those of the forger.
    fn forge(&mut self, row: Row, change: impl Fn(&[Words], Words) -> Words) {
        let (at, rows) = (self.row(row), self.tables[self.table].rows());
        let words = &mut self.words[self.table];
        let changed = change(&words[..at], words[at]);
        words.truncate(at);
        words.push(changed);
        for &row in &rows[at + 1 - LEADING_ROWS..] {
            words.push(next(words, row, &self.streams));
        }
        for stream in 0..self.class.streams() {
            let block = self.final_block(stream);
            if self.tables[self.table].blocks.contains(&block) {
                let hash = self.row(Row::Hash { block, k: 0 });
                self.digests[stream] =
                    std::array::from_fn(|k| self.words[self.table][hash - k % 4][k / 4]);
            }
        }
    }

    /// Index of a row in the table.
    fn row(&self, row: Row) -> usize {
        let rows = self.tables[self.table].rows();
        LEADING_ROWS + rows.iter().position(|&candidate| candidate == row).unwrap()
    }

    fn change(&mut self, row: usize, column: usize, difference: F) {
        self.changes.push((row, column, difference));
    }

    fn build(&self) -> (Vec<Table>, Vec<Trace>) {
        let mut others = Partner::default();
        for (stream, digest) in self.digests.iter().enumerate() {
            let block = self.final_block(stream) as u64;
            others.receive(STREAM_END, &[stream as u64, block, self.messages[stream].len() as u64]);
            for k in 0..4 {
                others.send(HASH_WORDS, &[block, k as u64, digest[k].into(), digest[k + 4].into()]);
            }
        }
        let mut traces = vec![RangeChip.trace(), others.trace()];
        let mut chips = vec![Table::Range(RangeChip), Table::Others(others)];
        for (table, words) in self.tables.iter().zip(&self.words) {
            traces.push(trace(table, words.clone()));
            chips.push(Table::Sha256(table.clone()));
        }
        let forged = &mut traces[2 + self.table];
        for &(row, column, difference) in &self.changes {
            forged.row_mut(row)[column] += difference;
        }
        if self.refresh {
            balance(&self.tables[self.table], forged);
        }
        for table in BytesChip::tables(self.class) {
            traces.push(table.trace(&self.streams, &[]));
            chips.push(Table::Bytes(table));
        }
        fill_multiplicities(&chips, &mut traces);
        (chips, traces)
    }

    fn rules(&self) -> Vec<String> {
        let (chips, traces) = self.build();
        check(&chips, &traces).rules()
    }
}

#[test]
fn hashes_known_messages() {
    let messages = KNOWN.map(|(message, _)| message.as_bytes().to_vec());
    let mut case = Case::new(STANDARD, &messages);
    for (digest, (_, known)) in case.digests.iter_mut().zip(KNOWN) {
        *digest = known;
    }
    assert_eq!(case.rules(), [""; 0]);
}

#[test]
fn hashes_messages_of_every_length() {
    let slots: Vec<usize> = (0..=247).collect();
    for (i, lengths) in slots.chunks(4).enumerate() {
        let messages: Vec<_> =
            std::iter::once(&(i * 42)).chain(lengths).map(|&length| message(length)).collect();
        assert_eq!(Case::new(STANDARD, &messages).rules(), [""; 0], "lengths {lengths:?}");
    }
}

#[test]
fn hashes_streams_across_tables() {
    for class in CLASSES {
        let longest = |stream| message(class.stream_blocks(stream) * BLOCK_BYTES - 9);
        let case = Case::new(class, &(0..class.streams()).map(longest).collect::<Vec<_>>());
        assert_eq!(case.rules(), [""; 0]);
        assert_eq!(Case::new(class, &[]).rules(), [""; 0]);
        for (stream, digest) in case.digests.iter().enumerate() {
            assert_eq!(hash_after(&case.streams, case.final_block(stream)), *digest);
        }
    }
}

#[test]
fn has_tables_for_every_block() {
    for (class, shapes) in [
        (STANDARD, &[(57, 4_096)][..]),
        (LARGE, &[(57, 4_096), (57, 4_096), (7, 1_024)]),
        (EXTRA, &[(118, 8_192), (118, 8_192), (29, 4_096)]),
    ] {
        let tables = Sha256Chip::tables(class);
        assert_eq!(tables.iter().map(|t| (t.blocks.len(), t.height())).collect::<Vec<_>>(), shapes);
        assert_eq!(tables.last().unwrap().blocks.end, class.blocks());
        for table in &tables {
            assert!(LEADING_ROWS + table.rows().len() + RESERVED_ROWS <= table.height());
        }
    }
}

#[test]
fn takes_no_other_digest() {
    for k in 0..8 {
        let mut case = Case::standard();
        case.digests[1][k] ^= 1;
        assert_eq!(case.rules(), ["bus hash_words"]);
    }
}

/// The rounds that the tests below forge: one without message expansion, one with it, the last one,
/// and one in a later block.
const ROUNDS_TO_FORGE: [Row; 4] = [
    Row::Round { block: 0, t: 3 },
    Row::Round { block: 41, t: 30 },
    Row::Round { block: 42, t: 63 },
    Row::Round { block: 3, t: 0 },
];

#[test]
fn refuses_words_that_are_not_in_the_stream() {
    let mut case = Case::standard();
    let row = Row::Round { block: 41, t: 7 };
    case.forge(row, |before, [_, _, w]| round(before, 7, w ^ 1));
    assert_eq!(case.rules(), ["bus bytes"]);
}

#[test]
fn refuses_another_message_schedule() {
    for t in [16, 31, 63] {
        let mut case = Case::standard();
        case.forge(Row::Round { block: 1, t }, |before, [_, _, w]| {
            round(before, t, w.wrapping_add(1))
        });
        assert_eq!(case.rules(), ["sha256/schedule"]);
    }
}

#[test]
fn refuses_another_round() {
    for row in ROUNDS_TO_FORGE {
        let mut case = Case::standard();
        case.forge(row, |_, [a, e, w]| [a ^ 1, e, w]);
        assert_eq!(case.rules(), ["sha256/round a"]);

        let mut case = Case::standard();
        case.forge(row, |_, [a, e, w]| [a.wrapping_add(1), e.wrapping_add(1), w]);
        assert_eq!(case.rules(), ["sha256/round e"]);
    }
}

#[test]
fn refuses_another_chaining_value() {
    for k in 0..4 {
        let mut case = Case::standard();
        case.forge(Row::Initial { k }, |_, [a, e, w]| [a ^ 1, e, w]);
        assert_eq!(case.rules(), ["sha256/initial a"]);
        let mut case = Case::standard();
        case.forge(Row::Initial { k }, |_, [a, e, w]| [a, e ^ 1, w]);
        assert_eq!(case.rules(), ["sha256/initial e"]);

        let row = Row::Hash { block: 2, k };
        let mut case = Case::standard();
        case.forge(row, |_, [a, e, w]| [a ^ 1, e, w]);
        assert_eq!(case.rules(), ["sha256/chain a"]);
        let mut case = Case::standard();
        case.forge(row, |_, [a, e, w]| [a, e ^ 1, w]);
        assert_eq!(case.rules(), ["sha256/chain e"]);
    }
}

/// The rule allows two numbers that differ from the sum by a multiple of 2^32. Only one of them has
/// 32 bits.
#[test]
fn refuses_hash_values_that_are_not_reduced() {
    let row = Row::Hash { block: 44, k: 2 };
    for (word, (packed, rule)) in
        [(column::A, "sha256/pack a"), (column::E, "sha256/pack e")].into_iter().enumerate()
    {
        let mut case = Case::standard();
        case.refresh = true;
        let index = case.row(row);
        let [chained, own] = [BLOCK_ROWS, 0].map(|back| case.words[0][index - back][word]);
        let change = if own < chained { F::from_u64(1 << 32) } else { -F::from_u64(1 << 32) };
        case.change(index, packed, change);
        let rules = case.rules();
        assert!(rules.contains(&rule.to_owned()), "{rules:?}");
        assert!(!rules.contains(&rule.replace("pack", "chain")), "{rules:?}");
    }
}

#[test]
fn refuses_another_table_s_chaining_value() {
    let first = Row::Continued { block: 56, k: 3 };
    for word in 0..2 {
        let mut case = Case::large();
        assert_eq!(case.tables[1].rows()[0], first);
        case.forge(first, |_, mut words| {
            words[word] ^= 1;
            words
        });
        assert_eq!(case.rules(), ["bus hash_words"]);
    }
}

#[test]
fn refuses_carries_that_are_no_bits() {
    // A word that the prover chooses, with the carry that satisfies the equation in the field.
    let row = Row::Round { block: 41, t: 40 };
    let per_unit = -F::from_u64(1 << 32).inverse();
    let raise: [fn(&[Words], Words) -> Words; 3] = [
        |_, [a, e, w]| [a.wrapping_add(1), e, w],
        |_, [a, e, w]| [a.wrapping_add(1), e.wrapping_add(1), w],
        |before, [_, _, w]| round(before, 40, w.wrapping_add(1)),
    ];
    let rules = ["sha256/carry of a", "sha256/carry of e", "sha256/carry of W"];
    let columns = [column::CARRY_A[0], column::CARRY_E[0], column::CARRY_W[0]];
    for ((raise, rule), column) in raise.into_iter().zip(rules).zip(columns) {
        let mut case = Case::standard();
        case.forge(row, raise);
        case.change(case.row(row), column, per_unit);
        assert_eq!(case.rules(), [rule]);
    }
    // Take each carry column out of its two values: two in one column are worth one in the next.
    for (columns, rule) in
        [&column::CARRY_A[..], &column::CARRY_E, &column::CARRY_W].into_iter().zip(rules)
    {
        for pair in columns.windows(2) {
            let mut case = Case::standard();
            case.change(case.row(row), pair[0], F::TWO);
            case.change(case.row(row), pair[1], F::NEG_ONE);
            assert_eq!(case.rules(), [rule]);
        }
    }
}

/// Carries that only balance equations on rows that are not rounds decide nothing. Other rules fix
/// the words there.
#[test]
fn refuses_rounds_whose_carries_only_balance() {
    for (row, word, rule) in [
        (Row::Round { block: 41, t: 40 }, 0, "sha256/carry of a"),
        (Row::Round { block: 41, t: 40 }, 2, "sha256/carry of W"),
        (Row::Hash { block: 41, k: 1 }, 0, "sha256/chain a"),
        (Row::Hash { block: 41, k: 1 }, 1, "sha256/chain e"),
        (Row::Initial { k: 1 }, 0, "sha256/initial a"),
        (Row::Round { block: 41, t: 4 }, 2, "bus bytes"),
    ] {
        let mut case = Case::standard();
        case.forge(row, |before, mut words| {
            words[word] = words[word].wrapping_add(1);
            match row {
                Row::Round { t, .. } if word == 2 => round(before, t, words[2]),
                _ => words,
            }
        });
        if let Row::Round { t: 40, .. } = row {
            let column = [column::CARRY_A[0], 0, column::CARRY_W[0]][word];
            case.change(case.row(row), column, -F::from_u64(1 << 32).inverse());
        }
        assert_eq!(case.rules(), [rule]);
    }
}

#[test]
fn refuses_bits_that_are_not_those_of_the_word() {
    // Only equations that say nothing read the functions of the last round's bits.
    let row = Row::Round { block: 41, t: 63 };
    let words = [
        (column::A_BITS, "sha256/bits of a", "sha256/pack a"),
        (column::E_BITS, "sha256/bits of e", "sha256/pack e"),
        (column::W_BITS, "sha256/bits of W", "sha256/pack W"),
    ];
    for (word, (bits, bit_rule, pack_rule)) in words.into_iter().enumerate() {
        for i in [0, 1, 13, 30, 31] {
            let mut case = Case::standard();
            case.refresh = true;
            let index = case.row(row);
            let bit = case.words[0][index][word] >> i & 1;
            let flip = if bit == 0 { F::ONE } else { F::NEG_ONE };
            case.change(index, bits + i, flip);
            assert_eq!(case.rules(), [pack_rule]);

            // Two of one bit are worth one of the next bit.
            let mut case = Case::standard();
            case.refresh = true;
            let low = i.min(BITS - 2);
            case.change(index, bits + low, F::TWO);
            case.change(index, bits + low + 1, F::NEG_ONE);
            assert_eq!(case.rules(), [bit_rule]);
        }
    }
}

/// Every change of a cell is noticed, except changes of cells that the module documentation lists
/// as read by nothing.
#[test]
fn notices_every_changed_cell() {
    let mut rng = StdRng::seed_from_u64(2);
    let case = Case::standard();
    let (chips, traces) = case.build();
    assert!(check(&chips, &traces).is_empty());
    let rows = case.tables[0].rows();
    let mut noticed = 0;
    for column in 0..column::WIDTH {
        for _ in 0..3 {
            let row = rng.random_range(0..rows.len());
            if read_by_nothing(&rows, row, column) {
                continue;
            }
            let row = LEADING_ROWS + row;
            let mut forged = traces.clone();
            let delta = F::ONE + F::from_u32(rng.random());
            forged[2].row_mut(row)[column] += delta;
            assert!(!check(&chips, &forged).is_empty(), "column {column}, row {row}");
            noticed += 1;
        }
    }
    assert!(noticed > 2 * column::WIDTH, "{noticed}");
}

fn read_by_nothing(rows: &[Row], row: usize, column: usize) -> bool {
    let equations_from = if column::CARRY_W.contains(&column) { BLOCK_WORDS } else { 4 };
    match column {
        column::HASH_USES => !matches!(rows.get(row + AHEAD), Some(Row::Hash { .. })),
        99.. => LEADING_ROWS + row < equations_from,
        _ => false,
    }
}
