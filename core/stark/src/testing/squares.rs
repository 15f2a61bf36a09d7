//! Two tables of different heights, for comparing backends. They have every selector, public and
//! fixed columns, a bus with lookups, and a bus on which tuples are sent.

use p3_field::PrimeCharacteristicRing;

use crate::air::{Bus, Chip, ChipBuilder, Trace, fill_multiplicities};
use crate::field::F;
use crate::{HashFunction, Parameters};

/// Parameters far too weak for use.
pub const PARAMETERS: Parameters = Parameters {
    hash: HashFunction::Blake3,
    log_blowup: 3,
    queries: 5,
    max_log_arity: 3,
    log_final_poly_len: 2,
    blinding_rows: 13,
    lookup_grinding_bits: 1,
    ood_grinding_bits: 1,
    batch_grinding_bits: 1,
    folding_grinding_bits: 1,
    query_grinding_bits: 1,
};

/// `(index, value)`.
const SQUARE: Bus = Bus::new("square", 2);
/// `(value)`.
const COPY: Bus = Bus::new("copy", 1);

/// A recurrence from a public start that uses every selector. Provides its terms on SQUARE and
/// sends some of them on COPY.
#[derive(Clone)]
pub struct Squares {
    start: u64,
}

const SQUARES: usize = 256;
const USED: usize = 96;

impl Squares {
    fn trace(&self) -> Trace {
        let mut trace = Trace::zeroed(SQUARES, 3);
        for row in 0..SQUARES {
            let value = match row {
                0 | 1 => F::from_u64(self.start) + F::from_usize(row),
                _ => trace.get(row - 1, 0).square() + trace.get(row - 2, 0),
            };
            trace.set(row, 0, value);
            trace.set_u64(row, 1, row as u64);
        }
        trace
    }
}

impl Chip for Squares {
    fn name(&self) -> &'static str {
        "squares"
    }
    fn height(&self) -> usize {
        SQUARES
    }
    fn width(&self) -> usize {
        3
    }
    fn fixed(&self) -> Vec<Vec<F>> {
        vec![(0..SQUARES).map(|row| F::from_bool(row < USED)).collect()]
    }
    fn public(&self) -> Vec<Vec<F>> {
        let mut start = F::zero_vec(SQUARES);
        start[0] = F::from_u64(self.start);
        vec![start]
    }
    fn eval<B: ChipBuilder>(&self, b: &mut B) {
        let [value, before, earlier] = [0, -1, -2].map(|offset| b.main(0, offset));
        b.assert_zero("start", b.first() * (value.clone() - b.public(0)));
        b.assert_zero("step", b.interior(2, 0) * (value.clone() - before.square() - earlier));
        let (count, next) = (b.main(1, 0), b.main(1, 1));
        b.assert_zero("count", b.transition() * (next - count.clone() - B::Expr::ONE));
        let last = SQUARES - PARAMETERS.blinding_rows - 1;
        b.assert_zero("end", b.last() * (count.clone() - B::Expr::from_usize(last)));
        let (used, next_used) = (b.fixed(0, 0), b.fixed(0, 1));
        b.assert_zero("used before unused", b.transition() * next_used * (B::Expr::ONE - used));
        b.provide(SQUARE, vec![count, value.clone()], 2, b.fixed(0, 0));
        b.send(COPY, vec![value], b.fixed(0, 0));
    }
}

/// Receives the terms in another order and looks up each of them.
#[derive(Clone)]
pub struct Reader;

impl Reader {
    fn trace(&self, squares: &Trace) -> Trace {
        let mut trace = Trace::zeroed(self.height(), 2);
        for row in 0..USED {
            let index = row * 5 % USED;
            trace.set_u64(row, 0, index as u64);
            trace.set(row, 1, squares.get(index, 0));
        }
        trace
    }
}

impl Chip for Reader {
    fn name(&self) -> &'static str {
        "reader"
    }
    fn height(&self) -> usize {
        2 * SQUARES
    }
    fn width(&self) -> usize {
        2
    }
    fn fixed(&self) -> Vec<Vec<F>> {
        vec![(0..self.height()).map(|row| F::from_bool(row < USED)).collect()]
    }
    fn eval<B: ChipBuilder>(&self, b: &mut B) {
        let value = b.main(1, 0);
        b.lookup(SQUARE, vec![b.main(0, 0), value.clone()], b.fixed(0, 0));
        b.receive(COPY, vec![value], b.fixed(0, 0));
    }
}

crate::chip_enum! {
    /// One of the tables.
    pub enum Table {
        Squares(Squares),
        Reader(Reader),
    }
}

/// Both tables and their traces, for this start value.
pub fn instance(start: u64) -> (Vec<Table>, Vec<Trace>) {
    let squares = Squares { start };
    let chips = vec![Table::Squares(squares.clone()), Table::Reader(Reader)];
    let trace = squares.trace();
    let mut traces = vec![trace.clone(), Reader.trace(&trace)];
    fill_multiplicities(&chips, &mut traces);
    (chips, traces)
}
