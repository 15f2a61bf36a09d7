//! Fills the trace of a `sha256` table.

use p3_field::{Field, PrimeCharacteristicRing};
use velum_stark::air::{Chip, Trace};
use velum_stark::field::F;
use zeroize::Zeroizing;

use super::compression::{
    BLOCK_WORDS, INITIAL, K, big_sigma0, big_sigma1, ch, maj, small_sigma0, small_sigma1,
};
use super::{BITS, BLOCK_ROWS, LEADING_ROWS, Row, Sha256Chip, column};
use crate::chips::common::streams::Streams;
use crate::class::BLOCK_BYTES;

/// The words `a`, `e` and `W` of a row.
pub(super) type Words = [u32; 3];

/// The hash value after `block`, an index among all blocks. It is computed from the start of the
/// stream in whose region the block lies.
pub(crate) fn hash_after(streams: &Streams, block: usize) -> [u32; 8] {
    let class = streams.class();
    let first =
        (0..class.streams()).map(|stream| class.first_block(stream)).rfind(|&first| first <= block);
    let blocks = first.unwrap_or(0)..block + 1;
    let words = Zeroizing::new(words(&Sha256Chip { class, name: "", blocks }, streams));
    std::array::from_fn(|k| words[words.len() - 1 - k % 4][k / 4])
}

/// The words of each row, from the table's first row to its last row in use.
pub(super) fn words(chip: &Sha256Chip, streams: &Streams) -> Vec<Words> {
    let rows = chip.rows();
    // The vector is never reallocated, so that no copy of secret words is left behind.
    let mut words = Vec::with_capacity(LEADING_ROWS + rows.len());
    words.resize(LEADING_ROWS, [0; 3]);
    for row in rows {
        words.push(next(&words, row, streams));
    }
    words
}

/// The words of `row`, which follows the rows with `words` (FIPS 180-4, 6.2.2).
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
    let [[a, e, _], [b, f, _], [c, g, _], [d, h, _]] =
        [1, 2, 3, 4].map(|rows| words[words.len() - rows]);
    let t1 = sum([h, big_sigma1(e), ch(e, f, g), K[t], w]) as u32;
    let t2 = sum([big_sigma0(a), maj(a, b, c)]) as u32;
    [t1.wrapping_add(t2), d.wrapping_add(t1), w]
}

/// The trace with these words. All other cells are filled as if the words were correct.
pub(super) fn trace(chip: &Sha256Chip, words: Vec<Words>) -> Trace {
    let mut filler =
        Filler { words: Zeroizing::new(words), trace: Trace::zeroed(chip.height(), column::WIDTH) };
    for row in 0..filler.words.len() {
        filler.fill_words(row);
    }
    for (row, kind) in (LEADING_ROWS..).zip(chip.rows()) {
        if let Row::Round { t, .. } = kind {
            filler.carry_round(row, t);
        }
    }
    balance(chip, &mut filler.trace);
    filler.trace
}

/// Fills the carries that are not bits, so that the equations of *round* and *schedule* hold on the
/// rows where they have no meaning.
pub(super) fn balance(chip: &Sha256Chip, trace: &mut Trace) {
    let rows = chip.rows();
    let per_carry = F::from_u64(1 << BITS).inverse();
    // The equations read sixteen rows. Behind the rows that read the last word, everything is zero.
    for row in 4..(LEADING_ROWS + rows.len() + BLOCK_WORDS).min(trace.height()) {
        let kind = row.checked_sub(LEADING_ROWS).and_then(|row| rows.get(row));
        let at = |column: usize, back: usize| trace.get(row - back, column);
        let bits = |first: usize, back: usize| move |i: usize| at(first + i, back);
        let (mut round, mut schedule) = (None, None);
        if !matches!(kind, Some(Row::Round { .. })) {
            let constant = match kind {
                Some(Row::Initial { k }) => F::from_u32(INITIAL[*k]),
                Some(Row::Continued { k, .. } | Row::Hash { k, .. }) => F::from_usize(*k),
                _ => F::ZERO,
            };
            let [a, e] = [column::A_BITS, column::E_BITS]
                .map(|first| [1, 2, 3].map(|back| bits(first, back)));
            let t1 = at(column::E, 4)
                + super::upper_sigma1(e[0])
                + super::ch_less_z(&e)
                + at(column::E, 3)
                + constant
                + at(column::W, 0);
            let t2 = super::upper_sigma0(a[0]) + super::maj(&a);
            let (new_a, new_e, d) = (at(column::A, 0), at(column::E, 0), at(column::A, 4));
            round = Some((new_e - d + t2 - new_a, d + t1 - new_e));
        }
        if row >= BLOCK_WORDS && !matches!(kind, Some(Row::Round { t, .. }) if *t >= BLOCK_WORDS) {
            let sum = super::lower_sigma1(bits(column::W_BITS, 2))
                + at(column::W, 7)
                + super::lower_sigma0(bits(column::W_BITS, 15))
                + at(column::W, 16);
            schedule = Some(sum - at(column::W, 0));
        }
        let cells = trace.row_mut(row);
        if let Some((a, e)) = round {
            cells[column::CARRY_A[0]] = a * per_carry;
            cells[column::CARRY_E[0]] = e * per_carry;
        }
        if let Some(w) = schedule {
            cells[column::CARRY_W[0]] = w * per_carry;
        }
    }
}

struct Filler {
    words: Zeroizing<Vec<Words>>,
    trace: Trace,
}

impl Filler {
    /// The words of the row that is `back` rows above.
    fn words(&self, row: usize, back: usize) -> Words {
        row.checked_sub(back).and_then(|row| self.words.get(row)).copied().unwrap_or_default()
    }

    fn fill_words(&mut self, row: usize) {
        let words = self.words(row, 0);
        let cells = self.trace.row_mut(row);
        let columns =
            [(column::A, column::A_BITS), (column::E, column::E_BITS), (column::W, column::W_BITS)];
        for (word, (packed, bits)) in words.into_iter().zip(columns) {
            cells[packed] = F::from_u32(word);
            fill_bits(&mut cells[bits..bits + BITS], word);
        }
    }

    fn carry_round(&mut self, row: usize, t: usize) {
        let [[a, e, _], [b, f, _], [c, g, _], [d, h, _]] =
            [1, 2, 3, 4].map(|back| self.words(row, back));
        let [_, e_next, w] = self.words[row];
        let t1 = sum([h, big_sigma1(e), ch(e, f, g), K[t], w]);
        let t2 = sum([big_sigma0(a), maj(a, b, c)]);
        self.carry(row, &column::CARRY_E, u64::from(d) + t1);
        // e - d + T2, plus 2^32 to make it positive.
        self.carry(row, &column::CARRY_A, (1 << BITS) + u64::from(e_next) - u64::from(d) + t2);
        if t >= BLOCK_WORDS {
            let [w2, w7, w15, w16] = [2, 7, 15, 16].map(|back| self.words(row, back)[2]);
            self.carry(row, &column::CARRY_W, sum([small_sigma1(w2), w7, small_sigma0(w15), w16]));
        }
    }

    /// Writes the bits of `sum` above the lowest 32.
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
