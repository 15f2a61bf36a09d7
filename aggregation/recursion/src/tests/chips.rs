//! Two tables of different heights. They use every selector, offsets in both directions, fixed and
//! public columns, and two buses.

use p3_field::PrimeCharacteristicRing;
use velum_stark::air::{Bus, Chip, ChipBuilder, Trace, fill_multiplicities};
use velum_stark::chip_enum;
use velum_stark::field::F;

use super::PARAMETERS;

/// The start of the recurrence.
pub(super) const START: u64 = 3;

/// `(index, value)`.
const SQUARE: Bus = Bus::new("square", 2);
/// `(value)`.
const COPY: Bus = Bus::new("copy", 1);

const HEIGHT: usize = 256;
const USED: usize = 96;

/// A recurrence from a public start. Provides its terms on SQUARE and sends some of them on COPY.
#[derive(Clone)]
pub(super) struct Squares {
    start: u64,
}

impl Squares {
    fn trace(&self) -> Trace {
        let mut trace = Trace::zeroed(HEIGHT, self.width());
        for row in 0..HEIGHT {
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
        HEIGHT
    }
    fn width(&self) -> usize {
        3
    }
    fn fixed(&self) -> Vec<Vec<F>> {
        let used = (0..HEIGHT).map(|row| F::from_bool(row < USED)).collect();
        vec![used, (0..HEIGHT).map(F::from_usize).collect()]
    }
    fn public(&self) -> Vec<Vec<F>> {
        let mut start = F::zero_vec(HEIGHT);
        start[0] = F::from_u64(self.start);
        vec![start]
    }
    fn eval<B: ChipBuilder>(&self, b: &mut B) {
        let [value, before, earlier] = [0, -1, -2].map(|offset| b.main(0, offset));
        b.assert_zero("start", b.first() * (value.clone() - b.public(0)));
        b.assert_zero("step", b.interior(2, 0) * (value.clone() - before.square() - earlier));
        let (count, next) = (b.main(1, 0), b.main(1, 1));
        b.assert_zero("index", count.clone() - b.fixed(1, 0));
        b.assert_zero("count", b.transition() * (next - count.clone() - B::Expr::ONE));
        let last = HEIGHT - PARAMETERS.blinding_rows - 1;
        b.assert_zero("end", b.last() * (count.clone() - B::Expr::from_usize(last)));
        let (used, next_used) = (b.fixed(0, 0), b.fixed(0, 1));
        b.assert_zero("used before unused", b.transition() * next_used * (B::Expr::ONE - used));
        b.provide(SQUARE, vec![count, value.clone()], 2, b.fixed(0, 0));
        b.send(COPY, vec![value], b.fixed(0, 0));
    }
}

/// Receives the terms in another order, and looks each of them up.
#[derive(Clone)]
pub(super) struct Reader;

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
        2 * HEIGHT
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

chip_enum! {
    pub(super) enum Table {
        Squares(Squares),
        Reader(Reader),
    }
}

pub(super) fn chips(start: u64) -> Vec<Table> {
    vec![Table::Squares(Squares { start }), Table::Reader(Reader)]
}

pub(super) fn traces(start: u64) -> Vec<Trace> {
    let squares = Squares { start }.trace();
    let mut traces = vec![squares.clone(), Reader.trace(&squares)];
    fill_multiplicities(&chips(start), &mut traces);
    traces
}
