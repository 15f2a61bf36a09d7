//! `sha256`: the compression function on every block of every stream, one round per row (FIPS
//! 180-4, 6.2.2).
//!
//! Every block of a stream's region is compressed, whether it is needed or not, so the table's work
//! does not depend on the witness. The table provides the hash value after *each* block. It is up
//! to the links table to use only the one after the final block. The table does not know what the
//! streams contain.
//!
//! The submodule `compression` has the constants and functions of the standard, and `fill` fills
//! the trace. Here follow the columns, the tables of a class, and the constraints.
//!
//! The picture shows the rows of a table from top to bottom: how many there are, the words that
//! they hold, and what fixes these words. It then lists the columns, and the blocks of each table.
//!
//! ```text
//! rows               a     e         W      what fixes the words
//! -------------------------------------------------------------------------------------------
//! 2                  0     0         0
//! for each stream:
//!   4, k = 3 to 0    H_k   H_(k+4)          Initial: constants
//!                                           Continued, where the table begins inside a stream:
//!                                             <-- HASH_WORDS (block before, k, a, e)
//!   for each block:
//!     64, t = 0 to   a     e         W_t    Round: a, b, c, d = a of the rows 1 to 4 up,
//!     63, after t                             e, f, g, h = e of the rows 1 to 4 up
//!                                           t < 16: <-- BYTES (position, 4, W_t)
//!                                           t >= 16: W of the rows 2, 7, 15 and 16 up
//!     4, k = 3 to 0  H_k   H_(k+4)          Hash: 4 rows up + 68 rows up, modulo 2^32
//!                                             --> HASH_WORDS (block, k, a, e)
//!
//! columns  A_BITS E_BITS W_BITS 32 each, A E W, CARRY_A 2, CARRY_E 3, CARRY_W 2, HASH_USES
//! blocks   standard: 57       large: 57, 57, 7       extra: 118, 118, 29
//! ```
//!
//! # Buses
//!
//! * [`BYTES`]: looks up the word at its position in each round t < 16.
//! * [`HASH_WORDS`]: provides the hash value after each block, two words per row. A table that
//!   begins inside a stream looks up the hash value after the block before.
//!
//! # Rows
//!
//! A round row holds the working variables `a` and `e` after round t, and W_t. The four rows before
//! a block's rounds hold its chaining value: H_3, H_2, H_1, H_0 in `a` and H_7, H_6, H_5, H_4 in
//! `e`. The chaining value thus stands there as if it came from four earlier rounds: `a, b, c, d`
//! and `e, f, g, h` are the two columns one to four rows up. The hash value after a block has the
//! same order.
//!
//! A class with more blocks than one table takes has several tables. A table that begins inside a
//! stream looks up its chaining value, which the table before provides.
//!
//! Fixed columns describe the row [`AHEAD`] rows *below* them. For that row, the constraints state
//! what follows from the rows before it. They read rows -66 to 2.
//!
//! The equations of *round* and *schedule* hold on every row, so that their functions of bits need
//! no columns: a selector would take them beyond degree 3. On a row that is not a round, the
//! carries are not bits. They take whatever value makes the equation true.
//!
//! # Soundness
//!
//! What fixes each cell:
//!
//! * Bits of `a`, `e` and `W`: boolean. Their packed words are fixed below.
//! * Packed `a`, `e` and `W`: the sums of their bits (*pack*).
//! * `a` and `e` on initial rows: constants (*initial*), or a lookup of the hash value after the
//!   block before.
//! * `a` and `e` on round rows: *round*, modulo 2^32, because the carries are bits and the words
//!   have 32 bits.
//! * `a` and `e` on hash rows: *chain*. They are the working variables plus the chaining value 68
//!   rows up, or this sum minus 2^32, whichever has 32 bits.
//! * `W` for t < 16: the lookup of the word at its position.
//! * `W` for t >= 16: *schedule*.
//! * Carries: bits on round rows; those of `W` only where t >= 16. A sum below 2^35 has exactly one
//!   representation as a carry and the 32 bits of a word.
//! * Multiplicity: free. The key (block, k) is fixed and unique.
//!
//! All sums stay below 2^36, far below the field's order, so equality in the field is equality of
//! integers. The following cells are free, and nothing reads them:
//!
//! * `W` on rows that are not rounds;
//! * everything on unused rows, except what *pack*, *round* and *schedule* make of the bits there;
//! * carries on rows where they are not bits: they only balance an equation that says nothing.

mod compression;
mod fill;

use std::ops::Range;

use compression::{BLOCK_WORDS, INITIAL, K, ROUNDS};
pub(crate) use fill::hash_after;
use p3_field::PrimeCharacteristicRing;
use velum_stark::air::{Chip, ChipBuilder, RESERVED_ROWS, Trace};
use velum_stark::field::F;

use crate::chips::buses::{BYTES, HASH_WORDS};
use crate::chips::common::streams::Streams;
use crate::class::{BLOCK_BYTES, CLASSES, SizeClass};

#[cfg(test)]
mod tests;

/// Largest number of blocks in one table: the blocks of the standard class, in 2^12 rows. If this
/// would give more tables than there are names, it is what 2^13 rows hold.
const MAX_BLOCKS: [usize; 2] = [57, 118];

/// Names of the tables, in order.
const NAMES: [&str; 3] = ["sha256", "sha256-1", "sha256-2"];

const _: () = {
    let mut class = 0;
    while class < CLASSES.len() {
        assert!(CLASSES[class].blocks() <= NAMES.len() * MAX_BLOCKS[1], "a table for every block");
        class += 1;
    }
};

/// Number of rows from the row of a fixed cell to the row that the cell describes.
pub(crate) const AHEAD: usize = 2;

/// Number of zero rows before everything.
const LEADING_ROWS: usize = AHEAD;

/// Number of rows of a block: its rounds and the hash value after it.
const BLOCK_ROWS: usize = ROUNDS + 4;

const BITS: usize = 32;

/// Committed columns.
pub(crate) mod column {
    /// Bits of `a`, the least significant first.
    pub(crate) const A_BITS: usize = 0;
    /// Bits of `e`, the least significant first.
    pub(crate) const E_BITS: usize = 32;
    /// Bits of `W`, the least significant first.
    pub(crate) const W_BITS: usize = 64;
    /// The working variable `a`.
    pub(crate) const A: usize = 96;
    /// The working variable `e`.
    pub(crate) const E: usize = 97;
    /// The word of the message schedule.
    pub(crate) const W: usize = 98;
    /// Bits of the carry out of `a`.
    pub(crate) const CARRY_A: [usize; 2] = [99, 100];
    /// Bits of the carry out of `e`.
    pub(crate) const CARRY_E: [usize; 3] = [101, 102, 103];
    /// Bits of the carry out of `W`.
    pub(crate) const CARRY_W: [usize; 2] = [104, 105];
    /// Multiplicity of the hash words, [`AHEAD`](super::AHEAD) rows above them.
    pub(crate) const HASH_USES: usize = 106;
    /// Number of columns.
    pub(crate) const WIDTH: usize = 107;
}

/// Fixed columns. All of them describe the row [`AHEAD`] rows below.
mod fixed {
    /// 1 on rounds below 16.
    pub(super) const MESSAGE: usize = 0;
    /// 1 on the rounds from 16 on.
    pub(super) const EXPAND: usize = 1;
    /// 1 on the initial rows of a stream.
    pub(super) const INITIAL: usize = 2;
    /// 1 on hash rows.
    pub(super) const HASH: usize = 3;
    /// On rounds, K_t. On initial rows, H_k. On hash rows and continued rows, k.
    pub(super) const CONSTANT: usize = 4;
    /// On rounds below 16, the position of the word. On initial rows, H_(k+4). On hash rows, the
    /// block. On continued rows, the block before.
    pub(super) const KEY: usize = 5;
    /// 1 on rows that continue a stream of the table before. Only tables with such rows have the
    /// column.
    pub(super) const CONTINUED: usize = 6;
}

/// What a row stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Row {
    /// Words k and k + 4 of the initial hash value.
    Initial { k: usize },
    /// Words k and k + 4 of the hash value after `block`, which the table before has computed.
    Continued { block: usize, k: usize },
    /// Round t of `block`.
    Round { block: usize, t: usize },
    /// Words k and k + 4 of the hash value after `block`.
    Hash { block: usize, k: usize },
}

/// A table of SHA-256 blocks.
#[derive(Clone, Debug)]
pub struct Sha256Chip {
    class: SizeClass,
    name: &'static str,
    blocks: Range<usize>,
}

impl Sha256Chip {
    /// The tables that together compress every block of the class.
    pub(crate) fn tables(class: SizeClass) -> Vec<Self> {
        let [few, many] = MAX_BLOCKS;
        let most = if class.blocks() <= NAMES.len() * few { few } else { many };
        let starts = (0..class.blocks()).step_by(most);
        starts
            .zip(NAMES)
            .map(|(start, name)| Self {
                class,
                name,
                blocks: start..class.blocks().min(start + most),
            })
            .collect()
    }

    fn continues_a_stream(&self) -> bool {
        !self.starts_a_stream(self.blocks.start)
    }

    fn starts_a_stream(&self, block: usize) -> bool {
        (0..self.class.streams()).any(|stream| self.class.first_block(stream) == block)
    }

    /// The rows in use, from row [`LEADING_ROWS`] on.
    fn rows(&self) -> Vec<Row> {
        let mut rows = Vec::new();
        for block in self.blocks.clone() {
            if self.starts_a_stream(block) {
                rows.extend([3, 2, 1, 0].map(|k| Row::Initial { k }));
            } else if block == self.blocks.start {
                rows.extend([3, 2, 1, 0].map(|k| Row::Continued { block: block - 1, k }));
            }
            rows.extend((0..ROUNDS).map(|t| Row::Round { block, t }));
            rows.extend([3, 2, 1, 0].map(|k| Row::Hash { block, k }));
        }
        rows
    }

    /// The trace for `streams`. The multiplicity is left to
    /// [`fill_multiplicities`](velum_stark::air::fill_multiplicities).
    pub(crate) fn trace(&self, streams: &Streams) -> Trace {
        fill::trace(self, fill::words(self, streams))
    }
}

impl Chip for Sha256Chip {
    fn name(&self) -> &'static str {
        self.name
    }

    fn height(&self) -> usize {
        (LEADING_ROWS + self.rows().len() + RESERVED_ROWS).next_power_of_two()
    }

    fn width(&self) -> usize {
        column::WIDTH
    }

    fn fixed(&self) -> Vec<Vec<F>> {
        let width = fixed::CONTINUED + usize::from(self.continues_a_stream());
        let mut columns = vec![F::zero_vec(self.height()); width];
        for (row, kind) in self.rows().into_iter().enumerate() {
            let (selector, constant, key) = match kind {
                Row::Initial { k } => {
                    (fixed::INITIAL, INITIAL[k] as usize, INITIAL[k + 4] as usize)
                }
                Row::Continued { block, k } => (fixed::CONTINUED, k, block),
                Row::Round { block, t } if t < BLOCK_WORDS => {
                    (fixed::MESSAGE, K[t] as usize, block * BLOCK_BYTES + 4 * t)
                }
                Row::Round { t, .. } => (fixed::EXPAND, K[t] as usize, 0),
                Row::Hash { block, k } => (fixed::HASH, k, block),
            };
            let above = LEADING_ROWS + row - AHEAD;
            columns[selector][above] = F::ONE;
            columns[fixed::CONSTANT][above] = F::from_usize(constant);
            columns[fixed::KEY][above] = F::from_usize(key);
        }
        columns
    }

    fn eval<B: ChipBuilder>(&self, b: &mut B) {
        let selectors = Selectors::read(self, b);
        eval_words(b);
        eval_carries(b, &selectors);
        eval_chaining(b, &selectors);
        eval_round(b, &selectors);
        eval_schedule(b);
        eval_buses(b, &selectors);
    }

    fn eval_interactions<B: ChipBuilder>(&self, b: &mut B) {
        eval_buses(b, &Selectors::read(self, b));
    }
}

/// The fixed cells.
struct Selectors<E> {
    message: E,
    expand: E,
    initial: E,
    hash: E,
    continued: Option<E>,
    constant: E,
    key: E,
}

impl<E: Clone> Selectors<E> {
    fn read<B: ChipBuilder<Expr = E>>(chip: &Sha256Chip, b: &B) -> Self {
        Self {
            message: b.fixed(fixed::MESSAGE, 0),
            expand: b.fixed(fixed::EXPAND, 0),
            initial: b.fixed(fixed::INITIAL, 0),
            hash: b.fixed(fixed::HASH, 0),
            continued: chip.continues_a_stream().then(|| b.fixed(fixed::CONTINUED, 0)),
            constant: b.fixed(fixed::CONSTANT, 0),
            key: b.fixed(fixed::KEY, 0),
        }
    }

    fn round(&self) -> E
    where
        E: std::ops::Add<Output = E>,
    {
        self.message.clone() + self.expand.clone()
    }
}

/// A cell of the row `offset` rows below the row that fixed columns describe.
fn at<B: ChipBuilder>(b: &B, column: usize, offset: i32) -> B::Expr {
    b.main(column, AHEAD as i32 + offset)
}

/// Bits and packed words.
fn eval_words<B: ChipBuilder>(b: &mut B) {
    let words = [
        (column::A_BITS, column::A, "bits of a", "pack a"),
        (column::E_BITS, column::E, "bits of e", "pack e"),
        (column::W_BITS, column::W, "bits of W", "pack W"),
    ];
    for (bits, word, bit_label, pack_label) in words {
        (0..BITS).for_each(|i| b.assert_bool(bit_label, b.main(bits + i, 0)));
        let packed = pack(|i| b.main(bits + i, 0));
        b.assert_eq(pack_label, b.main(word, 0), packed);
    }
}

/// Carries are bits on the rows on which they have a meaning.
fn eval_carries<B: ChipBuilder>(b: &mut B, s: &Selectors<B::Expr>) {
    let round = s.round();
    let carries = [
        (&column::CARRY_A[..], &round, "carry of a"),
        (&column::CARRY_E, &round, "carry of e"),
        (&column::CARRY_W, &s.expand, "carry of W"),
    ];
    for (columns, selected, label) in carries {
        for &column in columns {
            let carry = at(b, column, 0);
            b.assert_zero(label, selected.clone() * carry.bool_check());
        }
    }
}

/// The initial hash value, and the hash value after a block (FIPS 180-4, 6.2.2, steps 2 and 4).
fn eval_chaining<B: ChipBuilder>(b: &mut B, s: &Selectors<B::Expr>) {
    for (word, first, initial, chain) in [
        (column::A, &s.constant, "initial a", "chain a"),
        (column::E, &s.key, "initial e", "chain e"),
    ] {
        let next = at(b, word, 0);
        b.assert_zero(initial, s.initial.clone() * (next.clone() - first.clone()));

        let sum = at(b, word, -4) + at(b, word, -(BLOCK_ROWS as i32));
        let carried = next.clone() + B::Expr::from(F::from_u64(1 << BITS));
        b.assert_zero(chain, s.hash.clone() * (next - sum.clone()) * (carried - sum));
    }
}

/// The equations of one round (FIPS 180-4, 6.2.2, step 3), which hold on every row.
fn eval_round<B: ChipBuilder>(b: &mut B, s: &Selectors<B::Expr>) {
    let inside = b.interior(4 - AHEAD, AHEAD);
    let [t1, t2] = t1_and_t2(b, s);
    let (d, new_a, new_e) = (at(b, column::A, -4), at(b, column::A, 0), at(b, column::E, 0));

    let carried = new_e.clone() + read_carry(b, &column::CARRY_E);
    b.assert_zero("round e", inside.clone() * (carried - d.clone() - t1));

    // T1 + T2 is e - d + T2 modulo 2^32. The latter lies between -2^32 and 3 * 2^32.
    let carried = new_a + read_carry(b, &column::CARRY_A) - s.round() * F::from_u64(1 << BITS);
    b.assert_zero("round a", inside * (carried - new_e + d - t2));
}

/// T1 and T2.
fn t1_and_t2<B: ChipBuilder>(b: &B, s: &Selectors<B::Expr>) -> [B::Expr; 2] {
    let [a, e] =
        [column::A_BITS, column::E_BITS].map(|bits| [1, 2, 3].map(|back| word(b, bits, -back)));
    let (h, g) = (at(b, column::E, -4), at(b, column::E, -3));
    let t1 = h + upper_sigma1(&e[0]) + ch_less_z(&e) + g + s.constant.clone() + at(b, column::W, 0);
    [t1, upper_sigma0(&a[0]) + maj(&a)]
}

/// The equation of the message schedule from W_16 on (FIPS 180-4, 6.2.2, step 1), which holds on
/// every row.
fn eval_schedule<B: ChipBuilder>(b: &mut B) {
    let inside = b.interior(16 - AHEAD, AHEAD);
    let sum = lower_sigma1(word(b, column::W_BITS, -2))
        + at(b, column::W, -7)
        + lower_sigma0(word(b, column::W_BITS, -15))
        + at(b, column::W, -16);
    let carried = at(b, column::W, 0) + read_carry(b, &column::CARRY_W);
    b.assert_zero("schedule", inside * (carried - sum));
}

fn eval_buses<B: ChipBuilder>(b: &mut B, s: &Selectors<B::Expr>) {
    let word = vec![s.key.clone(), B::Expr::from_u8(4), at(b, column::W, 0)];
    b.lookup(BYTES, word, s.message.clone());

    let hash_words =
        vec![s.key.clone(), s.constant.clone(), at(b, column::A, 0), at(b, column::E, 0)];
    b.provide(HASH_WORDS, hash_words.clone(), column::HASH_USES, s.hash.clone());
    if let Some(continued) = &s.continued {
        b.lookup(HASH_WORDS, hash_words, continued.clone());
    }
}

/// The bits of a word on the row `offset` rows below the row that fixed columns describe.
fn word<B: ChipBuilder>(b: &B, bits: usize, offset: i32) -> impl Fn(usize) -> B::Expr {
    move |i| at(b, bits + i, offset)
}

/// 2^32 times the carry in these columns.
fn read_carry<B: ChipBuilder>(b: &B, columns: &[usize]) -> B::Expr {
    let carry =
        columns.iter().rfold(B::Expr::ZERO, |carry, &column| carry.double() + at(b, column, 0));
    carry * B::Expr::from_u64(1 << BITS)
}

/// The number with these bits. Each bit is computed when it is needed, so that as few as possible
/// are held at once.
#[inline(always)]
fn pack<E: PrimeCharacteristicRing>(bit: impl Fn(usize) -> E) -> E {
    (0..BITS).rev().fold(E::ZERO, |word, i| word.double() + bit(i))
}

/// Σ0 (FIPS 180-4, 4.1.2) of a word given by its bits.
fn upper_sigma0<E: PrimeCharacteristicRing>(x: impl Fn(usize) -> E) -> E {
    big_sigma(x, [2, 13, 22])
}

/// Σ1.
fn upper_sigma1<E: PrimeCharacteristicRing>(x: impl Fn(usize) -> E) -> E {
    big_sigma(x, [6, 11, 25])
}

/// σ0.
fn lower_sigma0<E: PrimeCharacteristicRing>(x: impl Fn(usize) -> E) -> E {
    small_sigma(x, [7, 18], 3)
}

/// σ1.
fn lower_sigma1<E: PrimeCharacteristicRing>(x: impl Fn(usize) -> E) -> E {
    small_sigma(x, [17, 19], 10)
}

#[inline(always)]
fn xor<E: PrimeCharacteristicRing>(x: E, y: E) -> E {
    let both = x.clone() * y.clone();
    x + y - both.double()
}

/// XOR of three right rotations.
fn big_sigma<E: PrimeCharacteristicRing>(x: impl Fn(usize) -> E, rotations: [usize; 3]) -> E {
    pack(|i| {
        let [p, q, r] = rotations.map(|rotation| x((i + rotation) % BITS));
        xor(xor(p, q), r)
    })
}

/// XOR of two right rotations and a right shift.
fn small_sigma<E: PrimeCharacteristicRing>(
    x: impl Fn(usize) -> E,
    rotations: [usize; 2],
    shift: usize,
) -> E {
    pack(|i| {
        let [p, q] = rotations.map(|rotation| x((i + rotation) % BITS));
        let rotated = xor(p, q);
        if i + shift < BITS { xor(rotated, x(i + shift)) } else { rotated }
    })
}

/// Maj of three words (FIPS 180-4, 4.1.2).
fn maj<E: PrimeCharacteristicRing>([x, y, z]: &[impl Fn(usize) -> E; 3]) -> E {
    pack(|i| {
        let (x, y) = (x(i), y(i));
        let both = x.clone() * y.clone();
        both.clone() + z(i) * (x + y - both.double())
    })
}

/// Ch of three words (FIPS 180-4, 4.1.2), minus the third word. Only this part needs the bits of
/// the words.
fn ch_less_z<E: PrimeCharacteristicRing>([x, y, z]: &[impl Fn(usize) -> E; 3]) -> E {
    pack(|i| x(i) * (y(i) - z(i)))
}
