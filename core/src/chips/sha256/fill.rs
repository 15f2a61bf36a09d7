//! Fills the trace.

use p3_field::PrimeCharacteristicRing;
use zeroize::Zeroizing;

use super::compression::{
    BLOCK_WORDS, INITIAL, K, big_sigma0, big_sigma1, ch, maj, small_sigma0, small_sigma1,
};
use super::{BITS, BLOCK_ROWS, LEADING_ROWS, Row, Sha256Chip, column};
use crate::air::{Chip, Trace};
use crate::chips::streams::Streams;
use crate::class::BLOCK_BYTES;
use crate::field::F;

/// The words `a`, `e` and `W` of a row.
pub(super) type Words = [u32; 3];

/// The hash value after `block` of all blocks, counted from the start of the stream in whose region it lies.
pub fn hash_after(streams: &Streams, block: usize) -> [u32; 8] {
    let class = streams.class();
    let first = (0..class.streams()).map(|stream| class.first_block(stream)).rfind(|&first| first <= block);
    let blocks = first.unwrap_or(0)..block + 1;
    let words = Zeroizing::new(words(&Sha256Chip { class, name: "", blocks }, streams));
    std::array::from_fn(|k| words[words.len() - 1 - k % 4][k / 4])
}

/// The words of each row from the table's first to its last in use.
pub(super) fn words(chip: &Sha256Chip, streams: &Streams) -> Vec<Words> {
    let rows = chip.rows();
    // Never reallocated, so that no copy of secret words is left behind.
    let mut words = Vec::with_capacity(LEADING_ROWS + rows.len());
    words.resize(LEADING_ROWS, [0; 3]);
    for row in rows {
        words.push(next(&words, row, streams));
    }
    words
}

/// The words of `row`, which comes after `words` (FIPS 180-4, 6.2.2).
pub(super) fn next(words: &[Words], row: Row, streams: &Streams) -> Words {
    let back = |rows: usize| words[words.len() - rows];
    match row {
        Row::Initial { k } => [INITIAL[k], INITIAL[k + 4], 0],
        Row::Continued { block, k } => {
            let hash = hash_after(streams, block);
            [hash[k], hash[k + 4], 0]
        }
        Row::Round { block, t } if t < BLOCK_WORDS => {
            round(words, t, streams.word(block * BLOCK_BYTES + 4 * t))
        }
        Row::Round { t, .. } => {
            let [w2, w7, w15, w16] = [2, 7, 15, 16].map(|rows| back(rows)[2]);
            round(words, t, sum([small_sigma1(w2), w7, small_sigma0(w15), w16]) as u32)
        }
        Row::Hash { .. } => {
            let ([a, e, _], [chained_a, chained_e, _]) = (back(4), back(BLOCK_ROWS));
            [a.wrapping_add(chained_a), e.wrapping_add(chained_e), 0]
        }
    }
}

/// The words after round `t` with schedule word `w` (FIPS 180-4, 6.2.2, step 3).
pub(super) fn round(words: &[Words], t: usize, w: u32) -> Words {
    let [[a, e, _], [b, f, _], [c, g, _], [d, h, _]] = [1, 2, 3, 4].map(|rows| words[words.len() - rows]);
    let t1 = sum([h, big_sigma1(e), ch(e, f, g), K[t], w]) as u32;
    let t2 = sum([big_sigma0(a), maj(a, b, c)]) as u32;
    [t1.wrapping_add(t2), d.wrapping_add(t1), w]
}

/// The trace with these words, each other cell as if they were right.
pub(super) fn trace(chip: &Sha256Chip, words: Vec<Words>) -> Trace {
    let mut filler =
        Filler { words: Zeroizing::new(words), trace: Trace::zeroed(chip.height(), column::WIDTH) };
    for row in 0..chip.height() {
        filler.fill_words(row);
        filler.fill_functions(row);
    }
    for (row, kind) in (LEADING_ROWS..).zip(chip.rows()) {
        match kind {
            Row::Initial { .. } | Row::Continued { .. } => filler.hold_own(row),
            Row::Round { t, .. } => {
                filler.carry_round(row, t);
                filler.hold_on(row);
            }
            Row::Hash { .. } => {
                filler.carry_hash(row);
                filler.hold_own(row);
            }
        }
    }
    filler.trace
}

struct Filler {
    words: Zeroizing<Vec<Words>>,
    trace: Trace,
}

impl Filler {
    /// The words `offset` rows further down; zeros on unused rows and outside the table.
    fn words(&self, row: usize, offset: isize) -> Words {
        row.checked_add_signed(offset).and_then(|row| self.words.get(row)).copied().unwrap_or_default()
    }

    fn fill_words(&mut self, row: usize) {
        let words = self.words(row, 0);
        let cells = self.trace.row_mut(row);
        let columns = [(column::A, column::A_BITS), (column::E, column::E_BITS), (column::W, column::W_BITS)];
        for (word, (packed, bits)) in words.into_iter().zip(columns) {
            cells[packed] = F::from_u32(word);
            fill_bits(&mut cells[bits..bits + BITS], word);
        }
    }

    fn fill_functions(&mut self, row: usize) {
        let [[c, g, _], [b, f, w], [a, e, _]] = [-1, 0, 1].map(|offset| self.words(row, offset));
        let cells = self.trace.row_mut(row);
        cells[column::BIG_SIGMA0] = F::from_u32(big_sigma0(b));
        cells[column::BIG_SIGMA1] = F::from_u32(big_sigma1(f));
        cells[column::SMALL_SIGMA0] = F::from_u32(small_sigma0(w));
        cells[column::SMALL_SIGMA1] = F::from_u32(small_sigma1(w));
        cells[column::MAJ] = F::from_u32(maj(a, b, c));
        cells[column::CH] = F::from_u32(ch(e, f, g)) - F::from_u32(g);
    }

    fn hold_own(&mut self, row: usize) {
        let [a, e, _] = self.words[row];
        self.trace.set(row, column::HELD_A, F::from_u32(a));
        self.trace.set(row, column::HELD_E, F::from_u32(e));
    }

    fn hold_on(&mut self, row: usize) {
        for column in [column::HELD_A, column::HELD_E] {
            self.trace.set(row, column, self.trace.get(row - 4, column));
        }
    }

    fn carry_round(&mut self, row: usize, t: usize) {
        let [[a, e, _], [b, f, _], [c, g, _], [d, h, _]] =
            [-1, -2, -3, -4].map(|offset| self.words(row, offset));
        let [_, e_next, w] = self.words[row];
        let t1 = sum([h, big_sigma1(e), ch(e, f, g), K[t], w]);
        let t2 = sum([big_sigma0(a), maj(a, b, c)]);
        self.carry(row, &column::CARRY_E, u64::from(d) + t1);
        // e - d + T2, raised by 2^32 so that it is positive.
        self.carry(row, &column::CARRY_A, (1 << BITS) + u64::from(e_next) - u64::from(d) + t2);
        if t >= BLOCK_WORDS {
            let [w2, w7, w15, w16] = [-2, -7, -15, -16].map(|offset| self.words(row, offset)[2]);
            self.carry(row, &column::CARRY_W, sum([small_sigma1(w2), w7, small_sigma0(w15), w16]));
        }
    }

    fn carry_hash(&mut self, row: usize) {
        let [[a, e, _], [chained_a, chained_e, _]] =
            [-4, -(BLOCK_ROWS as isize)].map(|offset| self.words(row, offset));
        self.carry(row, &column::CARRY_A, sum([a, chained_a]));
        self.carry(row, &column::CARRY_E, sum([e, chained_e]));
    }

    /// Writes what `sum` has beyond 32 bits.
    fn carry(&mut self, row: usize, columns: &[usize], sum: u64) {
        for (i, &column) in columns.iter().enumerate() {
            self.trace.set_u64(row, column, sum >> (BITS + i) & 1);
        }
    }
}

fn sum<const N: usize>(terms: [u32; N]) -> u64 {
    terms.into_iter().map(u64::from).sum()
}

fn fill_bits(cells: &mut [F], value: u32) {
    for (i, cell) in cells.iter_mut().enumerate() {
        *cell = F::from_u32(value >> i & 1);
    }
}
