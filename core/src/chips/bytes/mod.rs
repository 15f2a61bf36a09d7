//! `bytes`: the hashed byte streams, one byte a row at its position.
//!
//! The table shows what FIPS 180-4, 5.1.1 asks of a padded message: every stream is a message, the byte 0x80, zeros,
//! and the message's length in bits at the end of its *final block*, the first block that has room for it. Behind the
//! final block a stream's region is zero. So a message, its length, its padded form and its final block determine
//! each other. It gives out single bytes, pairs and words by position, fingerprints of intervals, and the end of each
//! stream.
//!
//! Used rows are the class's blocks times 64; the rows after them have zero bytes, so a window that begins on a used
//! row reads bytes or zeros. The messages are shorter than 2^13 bytes, so all but the last two bytes of the length
//! field are zero.
//!
//! # Soundness
//!
//! | cell | what fixes it |
//! |---|---|
//! | [`BYTE`](column::BYTE) | a byte by RANGE; behind the message by *end byte*, *zero* and *length field*; on unused rows by *unused*; the message itself is what the prover knows |
//! | [`MESSAGE`](column::MESSAGE) | boolean, falls once a stream (*message flag*); where it falls is the length |
//! | [`OPEN`](column::OPEN) | *open*: 1 from a stream's first row to the end of its final block, then 0 |
//! | [`FINAL`](column::FINAL) | *final block*: constant in a block, 1 where a message no longer covers byte 55 of an open block; one must exist (*ends*) |
//! | [`LENGTH`](column::LENGTH) | *length*: the message bytes of this stream so far |
//! | [`RESET`](column::RESET) | 1 on a stream's first row (*reset*), else free: it chooses where an interval starts, and the interval is part of the key |
//! | [`START`](column::START), [`FINGERPRINT`](column::FINGERPRINT) | *fingerprint*: set on a reset, else continued |
//! | multiplicities | free; keys are unique by the position, which is a fixed column |
//!
//! `FINAL` is boolean without a constraint of its own: on a block's byte 55 it is `OPEN - MESSAGE`; `OPEN` is 1 on a
//! stream's first block and then the last block's `OPEN - FINAL`, which is that block's `MESSAGE` at byte 55. Were
//! `OPEN` 0 and `MESSAGE` 1, the flag would have risen. `RESET` needs none either: a value other than 0 and 1 asks `START`
//! to be both this position and that of an earlier row. The cells of unused rows but `BYTE` are free and read by nothing.

use p3_field::PrimeCharacteristicRing;

use crate::air::{Chip, ChipBuilder, RESERVED_ROWS, Trace};
use crate::chips::buses::{BYTES, FINGERPRINT, RANGE, STREAM_END};
use crate::chips::fingerprint::{self, GAMMA};
use crate::chips::streams::{END_OF_MESSAGE, Streams};
use crate::class::{BLOCK_BYTES, LARGE, SizeClass};
use crate::field::F;

#[cfg(test)]
mod tests;

/// The last byte of a block that may be 0x80 if the length field is to fit behind it.
const LAST_END_OF_MESSAGE: usize = BLOCK_BYTES - 9;

const _: () = assert!(LARGE.stream_blocks(0) * BLOCK_BYTES < 1 << 13, "lengths in bits have two bytes");

/// Committed columns.
pub mod column {
    /// The byte.
    pub const BYTE: usize = 0;
    /// 1 on the bytes of a message, 0 behind it.
    pub const MESSAGE: usize = 1;
    /// 1 on blocks up to the final one of a stream.
    pub const OPEN: usize = 2;
    /// 1 on the final block of a stream.
    pub const FINAL: usize = 3;
    /// Bytes of the stream's message up to this row.
    pub const LENGTH: usize = 4;
    /// 1 where a fingerprint starts.
    pub const RESET: usize = 5;
    /// Position where the row's fingerprint started.
    pub const START: usize = 6;
    /// Fingerprint of the bytes from there to this row.
    pub const FINGERPRINT: usize = 7;
    /// Multiplicity of the byte.
    pub const BYTE_USES: usize = 8;
    /// Multiplicity of the two bytes from this one on.
    pub const PAIR_USES: usize = 9;
    /// Multiplicity of the four bytes from this one on.
    pub const WORD_USES: usize = 10;
    /// Multiplicity of the fingerprint.
    pub const FINGERPRINT_USES: usize = 11;
    /// Number of columns.
    pub const WIDTH: usize = 12;
}

/// Fixed columns.
mod fixed {
    /// The row's index.
    pub const POSITION: usize = 0;
    /// 1 on rows with a byte of a stream.
    pub const USED: usize = 1;
    /// Index of the stream.
    pub const STREAM: usize = 2;
    /// Index of the block among all blocks.
    pub const BLOCK: usize = 3;
    /// 1 on the first row of a stream.
    pub const FIRST: usize = 4;
    /// 1 on rows whose next row belongs to the same stream.
    pub const SAME: usize = 5;
    /// 1 on the last row of a block.
    pub const BLOCK_END: usize = 6;
    /// 1 on the last row of a block that may hold 0x80 if the block is final.
    pub const DECIDE: usize = 7;
    /// 1 on rows whose next row may hold a byte of the length field that is not zero.
    pub const BEFORE_LENGTH: usize = 8;
    pub const WIDTH: usize = 9;
}

/// The `bytes` table of a class.
#[derive(Clone, Copy, Debug)]
pub struct BytesChip {
    class: SizeClass,
}

impl BytesChip {
    /// The table of this class.
    pub fn new(class: SizeClass) -> Self {
        Self { class }
    }

    fn used_rows(&self) -> usize {
        self.class.blocks() * BLOCK_BYTES
    }

    /// The trace for `streams`, with fingerprints that start at the positions `starts` and at each stream's first byte.
    /// Positions outside all streams are ignored. Multiplicities are left to
    /// [`fill_multiplicities`](crate::air::fill_multiplicities).
    pub fn trace(&self, streams: &Streams, starts: &[usize]) -> Trace {
        let mut trace = Trace::zeroed(self.height(), column::WIDTH);
        let used = self.used_rows();
        for &start in starts.iter().filter(|&&start| start < used) {
            trace.set(start, column::RESET, F::ONE);
        }
        for stream in 0..self.class.streams() {
            self.fill_stream(&mut trace, streams, stream);
        }
        trace
    }

    fn fill_stream(&self, trace: &mut Trace, streams: &Streams, stream: usize) {
        let (first, end) = (self.class.stream_start(stream), self.class.stream_start(stream + 1));
        let (length, final_block) = (streams.length(stream), streams.final_block(stream));
        let (mut start, mut print) = (first, fingerprint::START);
        trace.set(first, column::RESET, F::ONE);
        for position in first..end {
            let (byte, block) = (streams.byte(position), position / BLOCK_BYTES);
            if trace.get(position, column::RESET) == F::ONE {
                (start, print) = (position, fingerprint::START);
            }
            print = fingerprint::extend(print, byte);
            let row = trace.row_mut(position);
            row[column::BYTE] = F::from_u8(byte);
            row[column::MESSAGE] = F::from_bool(position - first < length);
            row[column::OPEN] = F::from_bool(block <= final_block);
            row[column::FINAL] = F::from_bool(block == final_block);
            row[column::LENGTH] = F::from_usize(length.min(position - first + 1));
            row[column::START] = F::from_usize(start);
            row[column::FINGERPRINT] = print;
        }
    }
}

impl Chip for BytesChip {
    fn name(&self) -> &'static str {
        "bytes"
    }

    fn height(&self) -> usize {
        (self.used_rows() + RESERVED_ROWS).next_power_of_two()
    }

    fn width(&self) -> usize {
        column::WIDTH
    }

    fn fixed(&self) -> Vec<Vec<F>> {
        let mut columns = vec![F::zero_vec(self.height()); fixed::WIDTH];
        let mut set = |position: usize, column: usize, value: usize| {
            columns[column][position] = F::from_usize(value);
        };
        for stream in 0..self.class.streams() {
            let (first, end) = (self.class.stream_start(stream), self.class.stream_start(stream + 1));
            for position in first..end {
                let (block, offset) = (position / BLOCK_BYTES, position % BLOCK_BYTES);
                let before_length = (BLOCK_BYTES - 3..BLOCK_BYTES - 1).contains(&offset);
                set(position, fixed::POSITION, position);
                set(position, fixed::USED, 1);
                set(position, fixed::STREAM, stream);
                set(position, fixed::BLOCK, block);
                set(position, fixed::FIRST, usize::from(position == first));
                set(position, fixed::SAME, usize::from(position + 1 < end));
                set(position, fixed::BLOCK_END, usize::from(offset == BLOCK_BYTES - 1));
                set(position, fixed::DECIDE, usize::from(offset == LAST_END_OF_MESSAGE));
                set(position, fixed::BEFORE_LENGTH, usize::from(before_length));
            }
        }
        columns
    }

    fn eval<B: ChipBuilder>(&self, b: &mut B) {
        eval_message(b);
        eval_final_block(b);
        eval_fingerprint(b);
        eval_buses(b);
    }
}

/// FIPS 180-4, 5.1.1 but for where the final block is.
fn eval_message<B: ChipBuilder>(b: &mut B) {
    let [used, first, same, before_length, block_end_next] = [
        b.fixed(fixed::USED, 0),
        b.fixed(fixed::FIRST, 0),
        b.fixed(fixed::SAME, 0),
        b.fixed(fixed::BEFORE_LENGTH, 0),
        b.fixed(fixed::BLOCK_END, 1),
    ];
    let [byte, byte_next] = [0, 1].map(|offset| b.main(column::BYTE, offset));
    let [message, message_next] = [0, 1].map(|offset| b.main(column::MESSAGE, offset));
    let [length, length_next] = [0, 1].map(|offset| b.main(column::LENGTH, offset));
    let is_final = b.main(column::FINAL, 0);
    let end_of_message = B::Expr::from(F::from_u8(END_OF_MESSAGE));
    let behind = B::Expr::ONE - message.clone();

    b.assert_zero("unused", (B::Expr::ONE - used) * byte.clone());

    b.assert_bool("message flag", message.clone());
    b.assert_zero("message flag", same.clone() * behind.clone() * message_next.clone());

    b.assert_zero("end byte", first.clone() * behind.clone() * (byte.clone() - end_of_message.clone()));
    let falls = message.clone() - message_next.clone();
    b.assert_zero("end byte", same.clone() * falls * (byte_next.clone() - end_of_message));

    // A final block has no message byte from its byte 55 on, so the second difference is 0 or 1.
    b.assert_zero("zero", (same.clone() - before_length.clone()) * behind.clone() * byte_next.clone());
    b.assert_zero("zero", before_length * (behind - is_final.clone()) * byte_next.clone());

    b.assert_zero("length", first * (length.clone() - message));
    b.assert_zero("length", same * (length_next - length.clone() - message_next));

    let field = byte * F::from_u16(256) + byte_next;
    b.assert_zero("length field", block_end_next * is_final * (field - length * F::from_u8(8)));
}

/// The final block is the first whose byte 55 is not of the message.
fn eval_final_block<B: ChipBuilder>(b: &mut B) {
    let [used, first, same, block_end, decide] =
        [fixed::USED, fixed::FIRST, fixed::SAME, fixed::BLOCK_END, fixed::DECIDE].map(|c| b.fixed(c, 0));
    let [open, open_next] = [0, 1].map(|offset| b.main(column::OPEN, offset));
    let [is_final, final_next] = [0, 1].map(|offset| b.main(column::FINAL, offset));
    let message = b.main(column::MESSAGE, 0);

    b.assert_zero("open", first * (B::Expr::ONE - open.clone()));
    let closed = block_end.clone() * is_final.clone();
    b.assert_zero("open", same.clone() * (open_next - open.clone() + closed));

    b.assert_zero("final block", (used.clone() - block_end) * (final_next - is_final.clone()));
    b.assert_zero("final block", decide * (is_final.clone() - open.clone() + message));

    b.assert_zero("ends", (used - same) * (open - is_final));
}

/// Runs [`fingerprint::extend`] from the last reset on.
fn eval_fingerprint<B: ChipBuilder>(b: &mut B) {
    let [position, first, same] =
        [fixed::POSITION, fixed::FIRST, fixed::SAME].map(|column| b.fixed(column, 0));
    let [byte, byte_next] = [0, 1].map(|offset| b.main(column::BYTE, offset));
    let [reset, reset_next] = [0, 1].map(|offset| b.main(column::RESET, offset));
    let [start, start_next] = [0, 1].map(|offset| b.main(column::START, offset));
    let [print, print_next] = [0, 1].map(|offset| b.main(column::FINGERPRINT, offset));
    let goes_on = same * (B::Expr::ONE - reset_next);

    b.assert_zero("reset", first * (B::Expr::ONE - reset.clone()));

    b.assert_zero("fingerprint start", reset.clone() * (start.clone() - position));
    b.assert_zero("fingerprint start", goes_on.clone() * (start_next - start));

    b.assert_zero("fingerprint", reset * (print.clone() - byte - GAMMA * fingerprint::START));
    b.assert_zero("fingerprint", goes_on * (print_next - print * GAMMA - byte_next));
}

fn eval_buses<B: ChipBuilder>(b: &mut B) {
    let [position, used, stream, block, block_end] =
        [fixed::POSITION, fixed::USED, fixed::STREAM, fixed::BLOCK, fixed::BLOCK_END].map(|c| b.fixed(c, 0));
    let byte = b.main(column::BYTE, 0);
    b.lookup(RANGE, vec![byte.clone(), B::Expr::from(F::from_u8(8))], used.clone());
    let mut value = byte;
    let uses = [(1, column::BYTE_USES), (2, column::PAIR_USES), (4, column::WORD_USES)];
    let mut length = 1;
    for (wanted, uses) in uses {
        while length < wanted {
            value = value * F::from_u16(256) + b.main(column::BYTE, length);
            length += 1;
        }
        let key = vec![position.clone(), B::Expr::from(F::from_i32(length)), value.clone()];
        b.provide(BYTES, key, uses, used.clone());
    }

    let interval = [b.main(column::START, 0), position + F::ONE, b.main(column::FINGERPRINT, 0)];
    b.provide(FINGERPRINT, interval.to_vec(), column::FINGERPRINT_USES, used);

    let end = vec![stream, block, b.main(column::LENGTH, 0)];
    let ends = block_end * b.main(column::FINAL, 0);
    b.send(STREAM_END, end, ends);
}
