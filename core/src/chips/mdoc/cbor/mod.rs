//! The CBOR table: one data item per row (RFC 8949, 3).
//!
//! It proves that the hashed streams are well-formed CBOR, and it finds every wanted item by its
//! place, never by its looks. [`tree`] reads the streams for the prover. The
//! [`grammar`](crate::chips::mdoc::grammar) says which items are wanted where.
//!
//! This file holds the table and its constraints. `head` follows with the readings of initial
//! bytes, and [`tree`] with the reader. `fixture` and `liar` serve the tests.
//!
//! The picture first shows the columns of a row in groups, with their buses. Below, it shows how
//! open messages `(position, parent, remaining, state)` tie the rows of a stream into a tree,
//! without the states.
//!
//! ```text
//! head     POSITION INITIAL KIND LENGTH READS LONG ARGUMENT  <-- BYTES, CBOR_RULE: readings
//! rule     STATE KIND NUMBER NEXT SHAPE FINDING              <-- CBOR_RULE: rules
//! place    POSITION END PARENT REMAINING STATE NUMBER NEXT   <-> CBOR_OPEN
//! finding  NUMBER with a position and a value, by FINDING    --> FIELD
//! fixed    a rule, or a reading of an initial byte           --> CBOR_RULE, MULTIPLICITY
//!
//! the stream 82 01 61 61 at position p, an array of an integer and a text, in rows r to r + 2:
//!
//!             (p, root, 1)                     (p + 4, root, 0)
//!    links ------------------> row r: array ----------------------> links
//!                               |        ^
//!              (p + 1, r, 2)    |        |    (p + 4, r, 0)
//!                               v        |
//!                row r + 1: integer ---> row r + 2: text
//!                                 (p + 2, r, 1)
//! ```
//!
//! # Buses
//!
//! * [`BYTES`]: looks up the initial byte of each item and its argument.
//! * [`CBOR_OPEN`]: sends and receives the *open* messages `(position, parent, remaining, state)`
//!   that tie the items into trees. The links chip opens and closes the root of each stream.
//! * [`CBOR_RULE`]: provides the rules of the grammar and the well-formed initial bytes, and looks
//!   both up once per item.
//! * [`FIELD`]: sends each finding `(number, a, b)` to the chip that uses it.
//!
//! # The tree
//!
//! A row in use receives one open message. The message says where the item starts, whose child it
//! is, and how many children are still to come. The row sends a message with a count that is
//! smaller by one, starting at its own end. That message goes to its next sibling or, if none is to
//! come, to the parent, which ends there. A row with children also sends a message to its first
//! child, and receives the message behind its last child.
//!
//! The rows in use are the data items of the streams, each exactly once, for these reasons:
//!
//! * A parent is identified by its row. The messages that name it therefore form chains of rows,
//!   and each chain starts with the one message that the parent sent.
//! * Counts fall by 1 per row from below 2^34, and the parent receives a count of 0. So the chain
//!   has as many rows as the parent's head says. No chain is a ring, because the count of a ring
//!   would fall forever.
//! * So each row has one parent: a row, or a root that the links chip opens. The length of a row
//!   (its end minus its position) is the length of its head plus that of its children or its
//!   string; this is an equation between integers below 2^45. If rows were their own ancestors, the
//!   lengths of their heads would sum to 0 along the ring, modulo the prime. So each row hangs
//!   below a root.
//! * From the root down, the messages determine where each row stands and its state, and thereby
//!   what its bytes are. The end of a root is the end of its stream.
//!
//! The state of a byte string fixes whether it is read as a container. If it is, its one child must
//! end where the byte string ends.
//!
//! # Soundness
//!
//! | cell | what fixes it |
//! |---|---|
//! | used | boolean; the open messages balance, so the rows in use are the items |
//! | position, parent, remaining, state | the open message received |
//! | initial byte | looked up at the position |
//! | kind, length, reads, long | one of the initial byte's rows of `cbor_rule`. The initial byte of an integer with an argument of eight bytes has two such rows. One is for a number whose eight bytes are not read; the rules allow it only where nothing uses the argument, as in a value that is taken as it is encoded. The other is for a long head, whose first four bytes are shown to be zero |
//! | argument | the bytes behind the initial byte if they are read (the last four bytes of a long head), else what the initial byte adds to its kind |
//! | end | of leaves and of embedding byte strings: head and argument; of all other items: the message behind the last child |
//! | number, next, shape, finding | a rule of (state, kind). Keys have several, and so has the tag of an element value. That a key is claimed is right because its text is found once. That a key is not claimed is right because the keys chip shows that it is none of the keys asked for. A tag over a scalar may also be read as a value that is taken as it is encoded; no verifier asks for a scalar in that form |
//! | multiplicity | free: rules and heads are fixed |
//!
//! Every text in use is received exactly once. Its number belongs to the rule of one place, so the
//! text stands where that rule leads. Required keys therefore occur once, at their own depth, with
//! the value that their rule asks for. Keys are compared by content or by number. A second key that
//! equals an asked key therefore cannot hide in a longer encoding: it is a key that is not claimed,
//! and the keys chip refuses it.
//!
//! The row above a digest ends where the digest begins and has the same parent. It is therefore the
//! elder sibling of the digest: its digestID.
//!
//! On unused rows all counts are zero (*unused*). What other constraints say about the other cells
//! of these rows binds nothing else.

mod head;
pub(crate) mod tree;

use p3_field::PrimeCharacteristicRing;
use tree::Item;
pub(crate) use tree::Tree;
#[cfg(feature = "prover")]
pub use tree::TreeError;
use velum_stark::air::{Chip, ChipBuilder, RESERVED_ROWS, Trace};
use velum_stark::field::F;

use crate::chips::buses::{BYTES, CBOR_OPEN, CBOR_RULE, FIELD};
use crate::chips::mdoc::grammar::rules;
use crate::class::{CLASSES, SizeClass};

/// As high as other tables. A height of its own would cost more.
const HEIGHT: usize = 2_048;

/// The largest number of data items that the table holds. Real documents have one item per 8 to 16
/// bytes.
const CAPACITY: usize = HEIGHT - RESERVED_ROWS;

const _: () = {
    let mut class = 0;
    while class < CLASSES.len() {
        assert!(CLASSES[class].max_mso_bytes / CAPACITY < 5);
        class += 1;
    }
};

/// Length of a SHA-256 digest in bytes.
const DIGEST_BYTES: u8 = 32;

/// First field of an initial byte on [`CBOR_RULE`]. No rule has this state.
const HEAD: u64 = 0;

/// Last fields of an initial byte. If the tuple were taken for a rule, nothing would be found.
const HEAD_END: [u64; 2] = [1, 1];

/// Number of bytes in a long head's argument that are zero, and number of bytes that are read.
const LONG_HALF: u64 = 4;

/// Committed columns, in the order of [`Item`]'s fields.
mod column {
    pub(super) const USED: usize = 0;
    pub(super) const POSITION: usize = 1;
    pub(super) const INITIAL: usize = 2;
    pub(super) const KIND: usize = 3;
    pub(super) const LENGTH: usize = 4;
    /// 1 if the argument stands behind the initial byte and is read.
    pub(super) const READS: usize = 5;
    pub(super) const ARGUMENT: usize = 6;
    pub(super) const END: usize = 7;
    pub(super) const PARENT: usize = 8;
    pub(super) const REMAINING: usize = 9;
    pub(super) const STATE: usize = 10;
    pub(super) const NUMBER: usize = 11;
    pub(super) const NEXT: usize = 12;
    /// Code of the shape.
    pub(super) const SHAPE: [usize; 2] = [13, 14];
    /// Code of the finding.
    pub(super) const FINDING: [usize; 2] = [15, 16];
    /// How often the rule or head in the fixed columns of this row is looked up.
    pub(super) const MULTIPLICITY: usize = 17;
    /// 1 if the argument has eight bytes of which the first four are zero.
    pub(super) const LONG: usize = 18;
    /// Number of columns.
    pub(super) const COUNT: usize = 19;
}

/// Fixed columns: the row's index, and one rule of the grammar or one initial byte per row.
mod fixed {
    use super::CBOR_RULE;

    /// The row's index.
    pub(super) const ROW: usize = 0;
    /// First of the columns that hold the tuple of [`CBOR_RULE`].
    pub(super) const RULE: usize = 1;
    /// 1 on rows with a rule or an initial byte.
    pub(super) const ENABLED: usize = RULE + CBOR_RULE.width;
    /// Number of columns.
    pub(super) const COUNT: usize = ENABLED + 1;
}

/// The CBOR table of a size class.
#[derive(Clone, Debug)]
pub struct CborChip {
    class: SizeClass,
}

impl CborChip {
    /// The table of `class`.
    pub(crate) fn new(class: SizeClass) -> Self {
        Self { class }
    }

    /// Fills the table with the items of a tree of the same class. The multiplicities are left out.
    pub(crate) fn trace(&self, tree: &Tree) -> Trace {
        let mut trace = Trace::zeroed(self.height(), column::COUNT);
        for (row, item) in tree.items.iter().take(CAPACITY).enumerate() {
            fill_row(trace.row_mut(row), item);
        }
        trace
    }
}

fn fill_row(cells: &mut [F], item: &Item) {
    let numbers = [
        (column::USED, 1),
        (column::POSITION, item.position),
        (column::INITIAL, item.initial.into()),
        (column::KIND, item.kind),
        (column::LENGTH, item.length.into()),
        (column::READS, item.reads.into()),
        (column::LONG, item.is_long.into()),
        (column::ARGUMENT, item.argument),
        (column::END, item.end),
        (column::PARENT, item.parent),
        (column::REMAINING, item.remaining),
        (column::STATE, item.state),
        (column::NUMBER, item.number),
        (column::NEXT, item.next),
    ];
    numbers.into_iter().for_each(|(column, value)| cells[column] = F::from_u64(value));
    let codes = column::SHAPE.into_iter().zip(item.shape.code());
    let codes = codes.chain(column::FINDING.into_iter().zip(item.finding.code()));
    codes.for_each(|(column, value)| cells[column] = F::from_i8(value));
}

/// The tuples that the fixed columns provide on [`CBOR_RULE`].
fn provided(class: &SizeClass) -> impl Iterator<Item = [F; CBOR_RULE.width]> {
    let heads = head::heads().map(|(initial, head)| {
        let (length, reads, long) = (head.length.into(), head.is_read.into(), head.is_long.into());
        let [item, before] = HEAD_END;
        [HEAD, initial.into(), head.kind, length, reads, long, item, before].map(F::from_u64)
    });
    let rules = rules(class).into_iter().map(|rule| {
        let [state, kind, number, next] =
            [rule.state, rule.kind, rule.number, rule.next].map(F::from_u64);
        let ([children, extent], [item, before]) =
            (rule.shape.code().map(F::from_i8), rule.finding.code().map(F::from_i8));
        [state, kind, number, next, children, extent, item, before]
    });
    heads.chain(rules)
}

impl Chip for CborChip {
    fn name(&self) -> &'static str {
        "cbor"
    }

    fn height(&self) -> usize {
        HEIGHT
    }

    fn width(&self) -> usize {
        column::COUNT
    }

    fn fixed(&self) -> Vec<Vec<F>> {
        let mut columns = vec![F::zero_vec(self.height()); fixed::COUNT];
        for (row, cell) in columns[fixed::ROW].iter_mut().enumerate() {
            *cell = F::from_usize(row);
        }
        for (row, tuple) in provided(&self.class).enumerate() {
            for (column, value) in tuple.into_iter().enumerate() {
                columns[fixed::RULE + column][row] = value;
            }
            columns[fixed::ENABLED][row] = F::ONE;
        }
        columns
    }

    fn eval<B: ChipBuilder>(&self, b: &mut B) {
        let row = Row::read(b);
        row.counts(b);
        row.head(b);
        row.extent(b);
        row.messages(b);
        row.rule(b);
        row.finding(b);
        let rule = (0..CBOR_RULE.width).map(|column| b.fixed(fixed::RULE + column, 0)).collect();
        let enabled = b.fixed(fixed::ENABLED, 0);
        b.provide(CBOR_RULE, rule, column::MULTIPLICITY, enabled);
    }
}

/// The cells of one row. [`Item`] says what they mean.
struct Row<E> {
    row: E,
    used: E,
    position: E,
    initial: E,
    kind: E,
    length: E,
    reads: E,
    long: E,
    argument: E,
    end: E,
    parent: E,
    remaining: E,
    state: E,
    number: E,
    next: E,
    /// Number of children per unit of the argument.
    children: E,
    /// Where the item ends: 1 if the argument gives the end, -1 if the head is the end, 0 if the
    /// last child's end is the end.
    extent: E,
    /// 1 if the item itself is found.
    item: E,
    /// 1 if the item before it is found.
    before: E,
}

impl<E: p3_field::Algebra<F> + Clone> Row<E> {
    fn read<B: ChipBuilder<Expr = E>>(b: &B) -> Self {
        let cell = |column| b.main(column, 0);
        let ([children, extent], [item, before]) =
            (column::SHAPE.map(cell), column::FINDING.map(cell));
        Self {
            row: b.fixed(fixed::ROW, 0),
            used: cell(column::USED),
            position: cell(column::POSITION),
            initial: cell(column::INITIAL),
            kind: cell(column::KIND),
            length: cell(column::LENGTH),
            reads: cell(column::READS),
            long: cell(column::LONG),
            argument: cell(column::ARGUMENT),
            end: cell(column::END),
            parent: cell(column::PARENT),
            remaining: cell(column::REMAINING),
            state: cell(column::STATE),
            number: cell(column::NUMBER),
            next: cell(column::NEXT),
            children,
            extent,
            item,
            before,
        }
    }

    /// Position behind the head.
    fn content(&self) -> E {
        self.position.clone() + E::ONE + self.length.clone()
    }

    /// On unused rows, every count of messages is zero. `used` itself is one of these counts.
    fn counts<B: ChipBuilder<Expr = E>>(&self, b: &mut B) {
        b.assert_bool("used", self.used.clone());
        let unused = E::ONE - self.used.clone();
        for factor in [&self.reads, &self.long, &self.children, &self.item] {
            b.assert_zero("unused", unused.clone() * factor.clone());
        }
    }

    /// The head at the position (RFC 8949, 3). An argument of eight bytes is read if it is less
    /// than 2^32.
    fn head<B: ChipBuilder<Expr = E>>(&self, b: &mut B) {
        let (used, reads, long) = (&self.used, &self.reads, &self.long);
        b.lookup(BYTES, vec![self.position.clone(), E::ONE, self.initial.clone()], used.clone());
        let head = [&self.initial, &self.kind, &self.length, reads, long].map(Clone::clone);
        let end = HEAD_END.map(E::from_u64);
        let tuple = [E::from_u64(HEAD)].into_iter().chain(head).chain(end);
        b.lookup(CBOR_RULE, tuple.collect(), used.clone());
        let (behind, zeros) =
            (self.position.clone() + E::ONE, long.clone() * F::from_u64(LONG_HALF));
        let read = vec![
            behind.clone() + zeros.clone(),
            self.length.clone() - zeros,
            self.argument.clone(),
        ];
        b.lookup(BYTES, read, reads.clone());
        b.lookup(BYTES, vec![behind, E::from_u64(LONG_HALF), E::ZERO], long.clone());
        let immediate = self.initial.clone() - self.kind.clone();
        b.assert_zero(
            "immediate",
            (used.clone() - reads.clone()) * (self.argument.clone() - immediate),
        );
    }

    /// The end of each item that does not end with its last child.
    fn extent<B: ChipBuilder<Expr = E>>(&self, b: &mut B) {
        let extent = &self.extent;
        let behind_head = self.end.clone() - self.content();
        let behind_string = behind_head.clone() - self.argument.clone();
        b.assert_zero("head-end", extent.clone() * (extent.clone() - E::ONE) * behind_head);
        b.assert_zero("string-end", extent.clone() * (extent.clone() + E::ONE) * behind_string);
    }

    /// The open messages that tie the items into trees.
    fn messages<B: ChipBuilder<Expr = E>>(&self, b: &mut B) {
        let open = [&self.position, &self.parent, &self.remaining, &self.state].map(Clone::clone);
        b.receive(CBOR_OPEN, open.to_vec(), self.used.clone());
        let remaining = self.remaining.clone() - E::ONE;
        let sibling = vec![self.end.clone(), self.parent.clone(), remaining, self.next.clone()];
        b.send(CBOR_OPEN, sibling, self.used.clone());

        let has_children = self.used.clone() - self.children.clone() * self.extent.clone();
        let last = vec![self.end.clone(), self.row.clone(), E::ZERO, self.number.clone()];
        b.receive(CBOR_OPEN, last, has_children.clone());
        // 1 if the argument does not count the children.
        let [less_one, less_two] = [E::ONE, E::TWO].map(|number| self.children.clone() - number);
        let single = (less_one * less_two).halve();
        let children = self.children.clone() * self.argument.clone() + single;
        let child = vec![self.content(), self.row.clone(), children, self.number.clone()];
        b.send(CBOR_OPEN, child, has_children);
    }

    /// The grammar's rule for the row.
    fn rule<B: ChipBuilder<Expr = E>>(&self, b: &mut B) {
        let rule = [&self.state, &self.kind, &self.number, &self.next];
        let codes = [&self.children, &self.extent, &self.item, &self.before];
        let tuple = rule.into_iter().chain(codes).cloned().collect();
        b.lookup(CBOR_RULE, tuple, self.used.clone());
    }

    /// What other tables learn of the item.
    fn finding<B: ChipBuilder<Expr = E>>(&self, b: &mut B) {
        let (item, before) = (&self.item, &self.before);
        let is_digest = before.clone() * (E::ONE - item.clone());
        let above = |column| b.main(column, -1);
        let (used_above, argument_above) = (above(column::USED), above(column::ARGUMENT));
        let digest_id_end = above(column::END) - self.position.clone();
        let digest_id_parent = above(column::PARENT) - self.parent.clone();
        b.assert_zero("digest-id", b.first() * is_digest.clone());
        b.assert_zero("digest-id", is_digest.clone() * (E::ONE - used_above));
        b.assert_zero("digest-id", is_digest.clone() * digest_id_end);
        b.assert_zero("digest-id", is_digest.clone() * digest_id_parent);
        b.assert_zero("digest", is_digest * (self.argument.clone() - E::from_u8(DIGEST_BYTES)));

        let head = self.length.clone() + E::ONE;
        let position = self.content() - item.clone() * head;
        let length = self.end.clone() - self.position.clone();
        let value = self.argument.clone()
            + item.clone() * (length - self.argument.clone())
            + before.clone() * (argument_above - self.argument.clone());
        let found = self.used.clone() - item.clone() * before.clone();
        b.send(FIELD, vec![self.number.clone(), position, value], found);
    }
}

#[cfg(test)]
pub(crate) mod fixture;
#[cfg(test)]
pub(crate) mod liar;
#[cfg(test)]
mod tests;
