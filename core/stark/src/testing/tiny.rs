//! Two tiny tables of different heights, under parameters far too weak for use. They have offsets
//! in both directions, every selector, public and fixed columns, and a bus.

use p3_field::PrimeCharacteristicRing;
use rand::SeedableRng;
use rand::rngs::StdRng;

use crate::air::{Bus, Chip, ChipBuilder, Trace, fill_multiplicities};
use crate::field::F;
use crate::{HashFunction, Parameters, ProvingKey};

/// Parameters far too weak for use.
pub const TINY: Parameters = Parameters {
    hash: HashFunction::Blake3,
    log_blowup: 3,
    queries: 4,
    max_log_arity: 2,
    log_final_poly_len: 1,
    blinding_rows: 12,
    lookup_grinding_bits: 1,
    ood_grinding_bits: 1,
    batch_grinding_bits: 1,
    folding_grinding_bits: 1,
    query_grinding_bits: 1,
};

/// The height of the lower table.
pub const HEIGHT: usize = 256;

/// Number of rows that the lower table uses.
pub const ACTIVE: usize = HEIGHT - TINY.blinding_rows;

/// `(index, value)` of the sequence.
const TERM: Bus = Bus::new("term", 2);

/// A Fibonacci-like sequence from public first terms, read at offsets -2, -1 and 2. Provides its
/// terms.
#[derive(Clone)]
pub struct Sequence {
    start: [u64; 2],
}

impl Sequence {
    /// The column of terms.
    pub const VALUE: usize = 0;
    /// The column of the term two rows later.
    pub const LATER: usize = 1;
    /// The column that counts how often a term is looked up.
    pub const MULTIPLICITY: usize = 2;
    /// The column that counts rows.
    pub const COUNT: usize = 3;
    const INDEX: usize = 0;
    const STEP: usize = 1;

    /// The sequence with these first terms.
    pub fn new(start: [u64; 2]) -> Self {
        Self { start }
    }

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
        let step = (0..HEIGHT).map(|row| F::from_bool((2..ACTIVE - 2).contains(&row))).collect();
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
        b.assert_zero("count to the end", b.last() * (count - B::Expr::from_usize(ACTIVE - 1)));
        let interior = b.interior(2, 0);
        b.assert_zero("step", interior * (value.clone() - before - earlier.square()));
        let step = b.fixed(Self::STEP, 0);
        b.assert_zero("later", step * (b.main(Self::LATER, 0) - b.main(Self::VALUE, 2)));
        let key = vec![b.fixed(Self::INDEX, 0), value];
        b.provide(TERM, key, Self::MULTIPLICITY, B::Expr::ONE);
    }
}

/// Looks up a term on every row.
#[derive(Clone)]
pub struct Reader;

impl Reader {
    fn trace(&self, sequence: &Trace) -> Trace {
        let mut trace = Trace::zeroed(2 * HEIGHT, 2);
        for row in 0..2 * HEIGHT {
            let index = row * 7 % ACTIVE;
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
    fn fixed(&self) -> Vec<Vec<F>> {
        vec![(0..2 * HEIGHT).map(|row| F::from_bool(row < 2 * HEIGHT - 128)).collect()]
    }
    fn eval<B: ChipBuilder>(&self, b: &mut B) {
        let key = vec![b.main(0, 0), b.main(1, 0)];
        b.lookup(TERM, key, b.fixed(0, 0));
    }
}

crate::chip_enum! {
    /// One of the tables.
    pub enum Tiny {
        Sequence(Sequence),
        Reader(Reader),
    }
}

/// The tables of the sequence with these first terms.
pub fn chips(start: [u64; 2]) -> Vec<Tiny> {
    vec![Tiny::Sequence(Sequence { start }), Tiny::Reader(Reader)]
}

/// Traces that satisfy the tables.
pub fn traces(start: [u64; 2]) -> Vec<Trace> {
    let sequence = Sequence { start }.trace();
    let reader = Reader.trace(&sequence);
    let mut traces = vec![sequence, reader];
    fill_multiplicities(&chips(start), &mut traces);
    traces
}

/// The key of the tables.
pub fn key() -> ProvingKey {
    key_with(TINY.hash)
}

/// The key of the tables, with this hash function for the trees.
pub fn key_with(hash: HashFunction) -> ProvingKey {
    ProvingKey::new("test", Parameters { hash, ..TINY }, &chips([0, 0]))
}

/// A generator for a test that is the same each time.
pub fn rng(seed: u64) -> StdRng {
    StdRng::seed_from_u64(seed)
}
