//! `bytes`: the hashed byte streams, one byte per row.
//!
//! The table shows what FIPS 180-4, 5.1.1 requires of a padded message. Every stream is a message,
//! the byte 0x80, zeros, and the message's length in bits at the end of its *final block*, which is
//! the first block that has room for the length. Behind the final block, the stream's region is
//! zero. A message therefore has one length, one padded form and one final block, and no other
//! message has the same padded form.
//!
//! One table has all streams at their positions. If it would have more than `MAX_ROWS` rows, one
//! table has stream 0 and another the items.
//!
//! The used rows of a table are the blocks of its streams times 64. The rows behind them have zero
//! bytes, so a window that begins on a used row reads bytes or zeros. No message reaches the end of
//! its stream's region, so no window that is looked up leaves the region. The messages are shorter
//! than 2^21 bytes, so all bytes of the length field except the last three are zero.
//!
//! # Buses
//!
//! * [`RANGE`]: looks up every byte.
//! * [`BYTES`]: provides single bytes, pairs and words by their positions.
//! * [`FINGERPRINT`]: provides fingerprints of intervals.
//! * [`STREAM_END`]: sends the final block and the length of each stream, once per stream.
//!
//! # Soundness
//!
//! What fixes each cell:
//!
//! * [`BYTE`](column::BYTE): a byte by RANGE. Behind the message, *end byte*, *zero* and *length
//!   field* fix it, and on unused rows *unused*. The message itself is what the prover knows.
//! * [`LENGTH`](column::LENGTH): *length* makes it 0 on a stream's first row. A row belongs to the
//!   message if the next row's length is one greater. *message flag* makes the length grow by one
//!   or not at all, and keeps it from growing again once it has stopped in a stream. *ends* shows
//!   that the message ends before byte 55 of the stream's last block.
//! * [`FINAL`](column::FINAL): *final block* makes it constant in a block. It is 1 exactly if the
//!   message covers byte 55 of the block before (if there is one) but not byte 55 of this block.
//! * [`START`](column::START): *fingerprint start* makes it this row's position on a stream's first
//!   row. On other rows it is this row's position or the start of the row before. The choice
//!   between the two is free: it decides where an interval starts, and the interval is part of the
//!   key.
//! * [`FINGERPRINT`](column::FINGERPRINT): *fingerprint* sets it where an interval starts and
//!   continues it elsewhere.
//! * Multiplicities: free. Keys are unique by the position, which is a fixed column.
//!
//! A message covers byte 55 of the first blocks of its stream and of no later ones, and it does not
//! cover that of the last block. Exactly one block is therefore final.
//!
//! On unused rows, the cells other than `BYTE` are free, and nothing reads them.

use std::ops::Range;

use p3_field::PrimeCharacteristicRing;
use velum_stark::air::{Chip, ChipBuilder, RESERVED_ROWS, Trace};
use velum_stark::field::F;

use crate::chips::buses::{BYTES, FINGERPRINT, RANGE, STREAM_END};
use crate::chips::common::fingerprint::{self, GAMMA};
use crate::chips::common::streams::{END_OF_MESSAGE, Streams};
use crate::class::{BLOCK_BYTES, CLASSES, SizeClass};

#[cfg(test)]
mod tests;

/// The last byte of a block at which 0x80 leaves room for the length field behind it.
const LAST_END_OF_MESSAGE: usize = BLOCK_BYTES - 9;

/// Largest number of rows in a table.
const MAX_ROWS: usize = 1 << 14;

/// Number of bytes that a length in bits needs.
const LENGTH_BYTES: usize = 3;

const _: () = {
    let mut class = 0;
    while class < CLASSES.len() {
        assert!(CLASSES[class].stream_blocks(0) * BLOCK_BYTES * 8 < 1 << (8 * LENGTH_BYTES));
        class += 1;
    }
};

/// Committed columns.
pub(crate) mod column {
    /// The byte.
    pub(crate) const BYTE: usize = 0;
    /// 1 on the final block of a stream.
    pub(crate) const FINAL: usize = 1;
    /// Number of bytes of the stream's message before this row.
    pub(crate) const LENGTH: usize = 2;
    /// Position where the row's fingerprint started.
    pub(crate) const START: usize = 3;
    /// Fingerprint of the bytes from the start to this row.
    pub(crate) const FINGERPRINT: usize = 4;
    /// Multiplicity of the byte.
    pub(crate) const BYTE_USES: usize = 5;
    /// Multiplicity of the two bytes that begin on this row.
    pub(crate) const PAIR_USES: usize = 6;
    /// Multiplicity of the four bytes that begin on this row.
    pub(crate) const WORD_USES: usize = 7;
    /// Multiplicity of the fingerprint.
    pub(crate) const FINGERPRINT_USES: usize = 8;
    /// Number of columns.
    pub(crate) const WIDTH: usize = 9;
}

/// Fixed columns.
mod fixed {
    /// Position of the row's byte among all streams' bytes.
    pub(super) const POSITION: usize = 0;
    /// 1 on rows that hold a byte of a stream.
    pub(super) const USED: usize = 1;
    /// Index of the stream.
    pub(super) const STREAM: usize = 2;
    /// Index of the block among all blocks.
    pub(super) const BLOCK: usize = 3;
    /// 1 on the first row of a stream.
    pub(super) const FIRST: usize = 4;
    /// 1 on rows whose next row belongs to the same stream.
    pub(super) const SAME: usize = 5;
    /// 1 on rows whose next two rows belong to the same stream.
    pub(super) const SAME_TWO: usize = 6;
    /// 1 on the last row of a block.
    pub(super) const BLOCK_END: usize = 7;
    /// 1 in a stream's first block, on the last row that may hold 0x80 if the block is final.
    pub(super) const DECIDE_FIRST: usize = 8;
    /// 1 on this row of the stream's other blocks.
    pub(super) const DECIDE_LATER: usize = 9;
    /// 1 on this row of the stream's last block.
    pub(super) const LAST_DECIDE: usize = 10;
    /// 1 on rows whose next row may hold a non-zero byte of the length field.
    pub(super) const BEFORE_LENGTH: usize = 11;
    pub(super) const WIDTH: usize = 12;
}

/// A `bytes` table of a class.
#[derive(Clone, Debug)]
pub struct BytesChip {
    class: SizeClass,
    name: &'static str,
    /// The streams that the table holds.
    streams: Range<usize>,
}

impl BytesChip {
    /// The tables that together hold every stream of the class.
    pub(crate) fn tables(class: SizeClass) -> Vec<Self> {
        let table = |name, streams| Self { class, name, streams };
        let all = table("bytes", 0..class.streams());
        if all.height() <= MAX_ROWS {
            return vec![all];
        }
        vec![table("bytes", 0..1), table("bytes-1", 1..class.streams())]
    }

    /// Position of the byte on the first row.
    fn start(&self) -> usize {
        self.class.stream_start(self.streams.start)
    }

    fn used_rows(&self) -> usize {
        self.class.stream_start(self.streams.end) - self.start()
    }

    /// The trace for `streams`. Fingerprints start at the positions `starts` and at each stream's
    /// first byte. Positions outside the streams of the table are ignored. The multiplicities are
    /// left to [`fill_multiplicities`](velum_stark::air::fill_multiplicities).
    pub(crate) fn trace(&self, streams: &Streams, starts: &[usize]) -> Trace {
        let mut trace = Trace::zeroed(self.height(), column::WIDTH);
        let mut is_start = vec![false; self.used_rows()];
        for start in starts {
            if let Some(row) = start.checked_sub(self.start()).and_then(|row| is_start.get_mut(row))
            {
                *row = true;
            }
        }
        for stream in self.streams.clone() {
            is_start[self.class.stream_start(stream) - self.start()] = true;
            self.fill_stream(&mut trace, streams, stream, &is_start);
        }
        trace
    }

    fn fill_stream(&self, trace: &mut Trace, streams: &Streams, stream: usize, is_start: &[bool]) {
        let (first, end) = (self.class.stream_start(stream), self.class.stream_start(stream + 1));
        let (length, final_block) = (streams.length(stream), streams.final_block(stream));
        let (mut start, mut print) = (first, fingerprint::START);
        for position in first..end {
            let (line, starts) = (position - self.start(), is_start[position - self.start()]);
            let byte = streams.byte(position);
            if starts {
                (start, print) = (position, fingerprint::START);
            }
            print = fingerprint::extend(print, byte);
            let row = trace.row_mut(line);
            row[column::BYTE] = F::from_u8(byte);
            row[column::FINAL] = F::from_bool(position / BLOCK_BYTES == final_block);
            row[column::LENGTH] = F::from_usize(length.min(position - first));
            row[column::START] = F::from_usize(start);
            row[column::FINGERPRINT] = print;
        }
    }
}

impl Chip for BytesChip {
    fn name(&self) -> &'static str {
        self.name
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
            columns[column][position - self.start()] = F::from_usize(value);
        };
        for stream in self.streams.clone() {
            let (first, end) =
                (self.class.stream_start(stream), self.class.stream_start(stream + 1));
            for position in first..end {
                let (block, offset) = (position / BLOCK_BYTES, position % BLOCK_BYTES);
                let before_length =
                    (BLOCK_BYTES - LENGTH_BYTES - 1..BLOCK_BYTES - 1).contains(&offset);
                set(position, fixed::POSITION, position);
                set(position, fixed::USED, 1);
                set(position, fixed::STREAM, stream);
                set(position, fixed::BLOCK, block);
                set(position, fixed::FIRST, usize::from(position == first));
                let decides = offset == LAST_END_OF_MESSAGE;
                let (in_first, in_last) =
                    (position < first + BLOCK_BYTES, position + BLOCK_BYTES >= end);
                set(position, fixed::SAME, usize::from(position + 1 < end));
                set(position, fixed::SAME_TWO, usize::from(position + 2 < end));
                set(position, fixed::BLOCK_END, usize::from(offset == BLOCK_BYTES - 1));
                set(position, fixed::DECIDE_FIRST, usize::from(decides && in_first));
                set(position, fixed::DECIDE_LATER, usize::from(decides && !in_first));
                set(position, fixed::LAST_DECIDE, usize::from(decides && in_last));
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

/// 1 if the byte `offset` rows below belongs to the message. Its row and the next row must belong
/// to one stream.
fn in_message<B: ChipBuilder>(b: &B, offset: i32) -> B::Expr {
    b.main(column::LENGTH, offset + 1) - b.main(column::LENGTH, offset)
}

/// FIPS 180-4, 5.1.1, except for the choice of the final block.
fn eval_message<B: ChipBuilder>(b: &mut B) {
    let [used, first, same, same_two, before_length, length_field] = [
        b.fixed(fixed::USED, 0),
        b.fixed(fixed::FIRST, 0),
        b.fixed(fixed::SAME, 0),
        b.fixed(fixed::SAME_TWO, 0),
        b.fixed(fixed::BEFORE_LENGTH, 0),
        b.fixed(fixed::BLOCK_END, LENGTH_BYTES as i32 - 1),
    ];
    let [byte, byte_next, byte_after] = [0, 1, 2].map(|offset| b.main(column::BYTE, offset));
    let [message, message_next] = [0, 1].map(|offset| in_message(b, offset));
    let length = b.main(column::LENGTH, 0);
    let is_final = b.main(column::FINAL, 0);
    let end_of_message = B::Expr::from(F::from_u8(END_OF_MESSAGE));
    let behind = B::Expr::ONE - message.clone();

    b.assert_zero("unused", (B::Expr::ONE - used) * byte.clone());
    b.assert_zero("length", first.clone() * length.clone());

    b.assert_zero("message flag", same.clone() * message.bool_check());
    b.assert_zero("message flag", same_two.clone() * behind.clone() * message_next.clone());

    b.assert_zero("end byte", first * behind.clone() * (byte.clone() - end_of_message.clone()));
    let falls = message - message_next;
    b.assert_zero("end byte", same_two * falls * (byte_next.clone() - end_of_message));

    // A final block has no message byte from its byte 55 on, so `behind - is_final` is 0 or 1.
    b.assert_zero("zero", (same - before_length.clone()) * behind.clone() * byte_next.clone());
    b.assert_zero("zero", before_length * (behind - is_final.clone()) * byte_next.clone());

    let field = (byte * F::from_u16(256) + byte_next) * F::from_u16(256) + byte_after;
    b.assert_zero("length field", length_field * is_final * (field - length * F::from_u8(8)));
}

/// The final block is the first block whose byte 55 does not belong to the message.
fn eval_final_block<B: ChipBuilder>(b: &mut B) {
    let [used, block_end, decide_first, decide_later, last_decide] = [
        fixed::USED,
        fixed::BLOCK_END,
        fixed::DECIDE_FIRST,
        fixed::DECIDE_LATER,
        fixed::LAST_DECIDE,
    ]
    .map(|column| b.fixed(column, 0));
    let [is_final, final_next] = [0, 1].map(|offset| b.main(column::FINAL, offset));
    let message = in_message(b, 0);
    let before = in_message(b, -(BLOCK_BYTES as i32));

    b.assert_zero("final block", (used - block_end) * (final_next - is_final.clone()));
    let covers = is_final + message.clone();
    b.assert_zero("final block", decide_first * (covers.clone() - B::Expr::ONE));
    b.assert_zero("final block", decide_later * (covers - before));
    b.assert_zero("ends", last_decide * message);
}

/// Continues [`fingerprint::extend`] from the last start.
fn eval_fingerprint<B: ChipBuilder>(b: &mut B) {
    let [position, first, same] =
        [fixed::POSITION, fixed::FIRST, fixed::SAME].map(|column| b.fixed(column, 0));
    let [byte, byte_next] = [0, 1].map(|offset| b.main(column::BYTE, offset));
    let [start, start_next] = [0, 1].map(|offset| b.main(column::START, offset));
    let [print, print_next] = [0, 1].map(|offset| b.main(column::FINGERPRINT, offset));
    let begun = B::Expr::from(fingerprint::START);

    b.assert_zero("fingerprint start", first.clone() * (start.clone() - position.clone()));
    b.assert_zero("fingerprint", first * (print.clone() - byte - begun.clone() * GAMMA));

    // `moved` is 0 or `distance`, and `distance` is at least 1. The fingerprint of the next row
    // continues this row's fingerprint or starts again.
    let (moved, distance) = (start_next - start.clone(), position + B::Expr::ONE - start);
    b.assert_zero(
        "fingerprint start",
        same.clone() * moved.clone() * (moved.clone() - distance.clone()),
    );
    let goes_on_from = print.clone() * distance.clone() + moved * (begun - print);
    b.assert_zero(
        "fingerprint",
        same * ((print_next - byte_next) * distance - goes_on_from * GAMMA),
    );
}

fn eval_buses<B: ChipBuilder>(b: &mut B) {
    let [position, used, stream, block, block_end] =
        [fixed::POSITION, fixed::USED, fixed::STREAM, fixed::BLOCK, fixed::BLOCK_END]
            .map(|c| b.fixed(c, 0));
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
