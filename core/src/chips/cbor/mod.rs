//! The CBOR table: one data item a row (RFC 8949, 3).
//!
//! Shows that the hashed streams are well-formed CBOR and finds what is wanted by its path, never by its looks.
//! [`tree`] reads the streams, the [`grammar`](crate::chips::grammar) says what is wanted where.
//!
//! # The tree
//!
//! A row in use takes one *open* message, which says where it starts and whose child it is. It sends one to its first
//! child, if it has children, and one to its next sibling, if there is one; the last sibling sends a *close* message
//! with its end to the parent. Why the rows in use are the data items of the streams, each once:
//!
//! * Positions grow along every open: to the first child by the head's length, to the next sibling by the item's
//!   length less 1, which is range-checked, so by at most 2^12. A cycle of opens would need more than 2^50 rows to wrap,
//!   so each row hangs below one of the roots that the links chip opens.
//! * A chain of siblings ends only where one child remains to come, so it has as many as the parent's head says.
//! * An item's end is a function of the bytes from its position on. By induction from the last position down: a leaf's
//!   follows from its head; a container's is that of the last child of some container at the same position, whose
//!   children all lie further down.
//!
//! That a byte string is read as a container is fixed by its path; then its one child must end where it ends.
//!
//! # Soundness
//!
//! | cell | what fixes it |
//! |---|---|
//! | used | boolean; opens balance, so the rows in use are the items |
//! | position, parent, parent path, remaining, context | the open message received |
//! | bytes | looked up at the position |
//! | major types, argument lengths, argument | the initial byte's row of `cbor_head`; flags are boolean, one of each kind |
//! | has child | the major type and path; for arrays and maps the count: a child too few leaves a count that must be 0, one too many a chain that never reaches its last |
//! | end | head and argument of leaves and embedding byte strings, the close message of containers |
//! | more | boolean; not set only where one remains, and set there it opens a chain that never ends |
//! | path, role, detail, next | the one rule of (parent path, context) |
//! | of keys, detail and next | the text claimed and received once from the text chip, or "other"; of digestIDs the number |
//! | claims | set where the role asks for a text; of keys free, and right by the next line |
//! | auxiliary | of a key that claims nothing, its code, which the keys chip shows to be none of those asked for; of a digest, the inverse of its context, which therefore is not a key's ([`context::FIRST`] is 0); else unread, and free but for labels |
//! | multiplicity | free: the rules are fixed and differ in (parent path, context) |
//!
//! Every text in use is sent once, is the key or value of one rule, and so is received by the one row that the rule
//! leads to: required keys occur once, at their own depth, with the value that their rule asks for. Keys are compared by
//! content or number, so a longer encoding of an asked key cannot hide: it is a key that claims nothing and is refused.
//!
//! On rows not in use all flags are zero, all messages have count zero, and the other cells are free.

pub mod tree;

pub use tree::{Tree, TreeError};

use p3_field::PrimeCharacteristicRing;

use crate::air::{Chip, ChipBuilder, RESERVED_ROWS, Trace};
use crate::chips::buses::{
    CBOR_CLOSE, CBOR_HEAD, CBOR_OPEN, CBOR_PATH, DIGEST_ENTRY, FIELD, FINGERPRINT, HEAD_BYTES, OTHER_KEY,
    RANGE, TEXT_AT,
};
use crate::chips::grammar::{ROLES, Role, context, rules};
use crate::class::SizeClass;
use crate::field::F;

use tree::Item;

/// The table holds at least as many items as an MSO with one in this many bytes. Real ones have one in 8 to 16.
const BYTES_AN_ITEM: usize = 4;

/// Bits of an item's length less 1, where a sibling follows.
const LENGTH_BITS: u32 = 12;

/// Bytes of SHA-256 digests and of P-256 coordinates.
const DIGEST_BYTES: u8 = 32;

/// Fewest bytes of an item's `random` (ISO/IEC 18013-5, 9.1.2.5).
const MIN_RANDOM_BYTES: u8 = 16;

/// Bits of the length of an item's `random` less the fewest.
const RANDOM_BITS: u8 = 12;

/// Bits of the first byte of a four-byte digestID.
const DIGEST_ID_BITS: u8 = 7;

/// Lengths of arguments that follow the initial byte.
const ARGUMENT_BYTES: [u8; 4] = [1, 2, 4, 8];

fn height(class: &SizeClass) -> usize {
    (class.max_mso_bytes / BYTES_AN_ITEM + RESERVED_ROWS).next_power_of_two()
}

/// Most data items that the table holds.
fn capacity(class: &SizeClass) -> usize {
    height(class) - RESERVED_ROWS
}

/// Committed columns, in the order of [`Item`]'s fields.
mod column {
    use super::{ARGUMENT_BYTES, ROLES, tree};

    pub const USED: usize = 0;
    pub const POSITION: usize = 1;
    pub const HEAD: usize = 2;
    /// One column for each of major types 1 to 7; type 0 is where none of them is set.
    pub const MAJOR: usize = HEAD + tree::HEAD_BYTES;
    /// One column for each of [`ARGUMENT_BYTES`]; none is set where the argument is in the initial byte.
    pub const ARGUMENT_LENGTH: usize = MAJOR + 7;
    pub const ARGUMENT: usize = ARGUMENT_LENGTH + ARGUMENT_BYTES.len();
    pub const END: usize = ARGUMENT + 1;
    pub const HAS_CHILD: usize = END + 1;
    pub const PARENT: usize = HAS_CHILD + 1;
    pub const PARENT_PATH: usize = PARENT + 1;
    pub const REMAINING: usize = PARENT_PATH + 1;
    pub const MORE: usize = REMAINING + 1;
    pub const CONTEXT: usize = MORE + 1;
    pub const PATH: usize = CONTEXT + 1;
    /// One column for each role but [`Role::Any`](super::Role::Any), in their order.
    pub const ROLE: usize = PATH + 1;
    pub const DETAIL: usize = ROLE + ROLES;
    pub const NEXT: usize = DETAIL + 1;
    pub const CLAIMS: usize = NEXT + 1;
    pub const AUXILIARY: usize = CLAIMS + 1;
    /// Uses of the rule in the fixed columns of the row.
    pub const RULE_MULTIPLICITY: usize = AUXILIARY + 1;
    /// Number of columns.
    pub const COUNT: usize = RULE_MULTIPLICITY + 1;
}

/// Fixed columns: one rule of the grammar a row.
mod fixed {
    /// First of the columns with the tuple of [`CBOR_PATH`](super::CBOR_PATH).
    pub const RULE: usize = 0;
    /// 1 on rows with a rule.
    pub const ENABLED: usize = super::CBOR_PATH.width;
    /// Number of columns.
    pub const COUNT: usize = ENABLED + 1;
}

/// The CBOR table of a size class.
#[derive(Clone, Debug)]
pub struct CborChip {
    class: SizeClass,
}

impl CborChip {
    /// The table of `class`.
    pub fn new(class: SizeClass) -> Self {
        Self { class }
    }

    /// Fills the table with the items of a tree of the same class, but for the multiplicities.
    pub fn trace(&self, tree: &Tree) -> Trace {
        let mut trace = Trace::zeroed(self.height(), column::COUNT);
        for (row, item) in tree.items.iter().take(capacity(&self.class)).enumerate() {
            fill_row(trace.row_mut(row), item);
        }
        trace
    }
}

fn fill_row(cells: &mut [F], item: &Item) {
    let mut set = |column: usize, value: u64| cells[column] = F::from_u64(value);
    set(column::USED, 1);
    set(column::POSITION, item.position);
    (0..).zip(item.head).for_each(|(i, byte)| set(column::HEAD + i, byte.into()));
    if item.major > 0 {
        set(column::MAJOR + usize::from(item.major) - 1, 1);
    }
    if let Some(index) = ARGUMENT_BYTES.iter().position(|&length| length == item.argument_bytes) {
        set(column::ARGUMENT_LENGTH + index, 1);
    }
    set(column::ARGUMENT, item.argument);
    set(column::END, item.end);
    set(column::HAS_CHILD, item.has_child.into());
    set(column::PARENT, item.parent);
    set(column::PARENT_PATH, item.parent_path);
    set(column::REMAINING, item.remaining);
    set(column::MORE, item.more.into());
    set(column::CONTEXT, item.context);
    set(column::PATH, item.path);
    if item.role != Role::Any {
        set(column::ROLE + item.role as usize - 1, 1);
    }
    set(column::DETAIL, item.detail);
    set(column::NEXT, item.next);
    set(column::CLAIMS, item.claims.into());
    set(column::AUXILIARY, item.auxiliary);
}

impl Chip for CborChip {
    fn name(&self) -> &'static str {
        "cbor"
    }

    fn height(&self) -> usize {
        height(&self.class)
    }

    fn width(&self) -> usize {
        column::COUNT
    }

    fn fixed(&self) -> Vec<Vec<F>> {
        let mut columns = vec![vec![F::ZERO; self.height()]; fixed::COUNT];
        for (row, rule) in rules(&self.class).iter().enumerate() {
            let tuple = [rule.parent, rule.context, rule.path, rule.role as u64, rule.argument, rule.next];
            for (column, value) in tuple.into_iter().enumerate() {
                columns[fixed::RULE + column][row] = F::from_u64(value);
            }
            columns[fixed::ENABLED][row] = F::ONE;
        }
        columns
    }

    fn eval<B: ChipBuilder>(&self, b: &mut B) {
        let row = Row::read(b);
        row.flags(b);
        row.head(b);
        row.extent(b);
        row.messages(b);
        row.rule(b);
        row.key(b);
        row.demands(b);
        row.findings(b);
        let rule = (0..CBOR_PATH.width).map(|column| b.fixed(fixed::RULE + column, 0)).collect();
        let enabled = b.fixed(fixed::ENABLED, 0);
        b.provide(CBOR_PATH, rule, column::RULE_MULTIPLICITY, enabled);
    }
}

/// The cells of one row; see [`Item`] for what they mean.
struct Row<E> {
    used: E,
    position: E,
    head: [E; tree::HEAD_BYTES],
    major: [E; 8],
    argument_length: [E; 4],
    argument: E,
    end: E,
    has_child: E,
    parent: E,
    parent_path: E,
    remaining: E,
    more: E,
    context: E,
    path: E,
    roles: [E; ROLES],
    detail: E,
    next: E,
    claims: E,
    auxiliary: E,
}

impl<E: p3_field::Algebra<F> + Clone> Row<E> {
    fn read<B: ChipBuilder<Expr = E>>(b: &B) -> Self {
        let cell = |column| b.main(column, 0);
        let used = cell(column::USED);
        let others = (0..7).map(|major| cell(column::MAJOR + major));
        let unsigned = others.fold(used.clone(), |rest, flag| rest - flag);
        Self {
            position: cell(column::POSITION),
            head: std::array::from_fn(|i| cell(column::HEAD + i)),
            major: std::array::from_fn(|major| match major {
                0 => unsigned.clone(),
                major => cell(column::MAJOR + major - 1),
            }),
            argument_length: std::array::from_fn(|i| cell(column::ARGUMENT_LENGTH + i)),
            argument: cell(column::ARGUMENT),
            end: cell(column::END),
            has_child: cell(column::HAS_CHILD),
            parent: cell(column::PARENT),
            parent_path: cell(column::PARENT_PATH),
            remaining: cell(column::REMAINING),
            more: cell(column::MORE),
            context: cell(column::CONTEXT),
            path: cell(column::PATH),
            roles: std::array::from_fn(|i| cell(column::ROLE + i)),
            detail: cell(column::DETAIL),
            next: cell(column::NEXT),
            claims: cell(column::CLAIMS),
            auxiliary: cell(column::AUXILIARY),
            used,
        }
    }

    fn role(&self, role: Role) -> E {
        self.roles[role as usize - 1].clone()
    }

    /// Sum of the flags of several roles.
    fn any_role<const N: usize>(&self, roles: [Role; N]) -> E {
        roles.into_iter().fold(E::ZERO, |sum, role| sum + self.role(role))
    }

    /// Sum of the flags of several major types.
    fn any_major<const N: usize>(&self, majors: [usize; N]) -> E {
        majors.into_iter().fold(E::ZERO, |sum, major| sum + self.major[major].clone())
    }

    /// Bytes of the argument after the initial byte.
    fn argument_bytes(&self) -> E {
        let lengths = ARGUMENT_BYTES.iter().zip(&self.argument_length);
        lengths.fold(E::ZERO, |sum, (&length, flag)| sum + flag.clone() * F::from_u8(length))
    }

    /// Position after the head.
    fn content(&self) -> E {
        self.position.clone() + E::ONE + self.argument_bytes()
    }

    /// Flags are boolean, and exclusive ones are.
    fn flags<B: ChipBuilder<Expr = E>>(&self, b: &mut B) {
        b.assert_bool("used", self.used.clone());
        self.major.iter().for_each(|flag| b.assert_bool("major", flag.clone()));
        self.argument_length.iter().for_each(|flag| b.assert_bool("argument-length", flag.clone()));
        let long = self.argument_length.iter().cloned().fold(E::ZERO, |sum, flag| sum + flag);
        b.assert_bool("one-argument-length", self.used.clone() - long);
        b.assert_bool("has-child", self.has_child.clone());
        b.assert_bool("more", self.more.clone());
        b.assert_bool("claims", self.claims.clone());
        self.roles.iter().for_each(|flag| b.assert_bool("role", flag.clone()));
        let some_role = self.roles.iter().cloned().fold(E::ZERO, |sum, flag| sum + flag);
        b.assert_bool("one-role", self.used.clone() - some_role);
    }

    /// RFC 8949, 3: the head at the position. Arguments of eight bytes are for numbers alone, and are not read.
    fn head<B: ChipBuilder<Expr = E>>(&self, b: &mut B) {
        let tuple = std::iter::once(&self.position).chain(&self.head).cloned().collect();
        b.lookup(HEAD_BYTES, tuple, self.used.clone());

        let [initial, bytes @ ..] = &self.head;
        let [one, two, four, eight] = &self.argument_length;
        let big_endian = |bytes: &[E]| {
            bytes.iter().fold(E::ZERO, |value, byte| value * F::from_u64(1 << 8) + byte.clone())
        };
        let following = one.clone() * big_endian(&bytes[..1])
            + two.clone() * big_endian(&bytes[..2])
            + four.clone() * big_endian(bytes);
        let immediate = self.argument.clone() - following;
        let major =
            (1..8).fold(E::ZERO, |sum, major| sum + self.major[major as usize].clone() * F::from_u64(major));
        let tuple = vec![initial.clone(), major, self.argument_bytes(), immediate];
        b.lookup(CBOR_HEAD, tuple, self.used.clone());
        b.assert_zero("eight-byte-argument", eight.clone() * self.any_major([2, 3, 4, 5, 6]));
    }

    /// Which items have children, and where those without close messages end.
    fn extent<B: ChipBuilder<Expr = E>>(&self, b: &mut B) {
        let has_child = self.has_child.clone();
        let embedded = self.role(Role::Embedded);
        let may_have = self.any_major([2, 4, 5, 6]);
        b.assert_zero("leaf-child", has_child.clone() * (E::ONE - may_have));
        b.assert_zero("embedded-child", self.major[2].clone() * (has_child.clone() - embedded.clone()));
        b.assert_zero("tag-child", self.major[6].clone() * (E::ONE - has_child.clone()));
        let no_child = E::ONE - has_child.clone();
        b.assert_zero("empty", self.any_major([4, 5]) * no_child * self.argument.clone());

        let by_head = self.used.clone() - has_child + embedded;
        let string_bytes = self.any_major([2, 3]) * self.argument.clone();
        b.assert_zero("end", by_head * (self.end.clone() - self.content() - string_bytes));
    }

    /// The open and close messages that tie the items into trees.
    fn messages<B: ChipBuilder<Expr = E>>(&self, b: &mut B) {
        let (used, more) = (&self.used, &self.more);
        let open = vec![
            self.position.clone(),
            self.parent.clone(),
            self.parent_path.clone(),
            self.remaining.clone(),
            self.context.clone(),
        ];
        b.receive(CBOR_OPEN, open, used.clone());

        let [.., array, map, tag, _] = &self.major;
        let children = (array.clone() + map.clone().double()) * self.argument.clone()
            + tag.clone()
            + self.role(Role::Embedded);
        let first = E::from_u64(context::FIRST);
        let child = vec![self.content(), self.position.clone(), self.path.clone(), children, first];
        b.send(CBOR_OPEN, child, self.has_child.clone());
        b.receive(CBOR_CLOSE, vec![self.position.clone(), self.end.clone()], self.has_child.clone());

        let remaining = self.remaining.clone() - E::ONE;
        b.assert_zero("used-more", more.clone() * (E::ONE - used.clone()));
        b.assert_zero("last", (used.clone() - more.clone()) * remaining.clone());
        let sibling = vec![
            self.end.clone(),
            self.parent.clone(),
            self.parent_path.clone(),
            remaining,
            self.next.clone(),
        ];
        b.send(CBOR_OPEN, sibling, more.clone());
        let length = self.end.clone() - self.position.clone() - E::ONE;
        b.lookup(RANGE, vec![length, E::from_u32(LENGTH_BITS)], more.clone());
        b.send(CBOR_CLOSE, vec![self.parent.clone(), self.end.clone()], used.clone() - more.clone());
    }

    /// The grammar's rule for the row. A key's detail and next context are not the rule's to say.
    fn rule<B: ChipBuilder<Expr = E>>(&self, b: &mut B) {
        let digest = self.role(Role::Digest);
        let by_rule = self.context.clone() + digest * (E::from_u64(context::DIGEST) - self.context.clone());
        let code = (1u8..).zip(&self.roles);
        let code = code.fold(E::ZERO, |sum, (code, flag)| sum + flag.clone() * F::from_u8(code));
        let named_key = self.any_role([Role::TextKey, Role::LabelKey]);
        let key = named_key.clone() + self.role(Role::DigestKey);
        let tuple = vec![
            self.parent_path.clone(),
            by_rule,
            self.path.clone(),
            code,
            (E::ONE - named_key) * self.detail.clone(),
            (E::ONE - key) * self.next.clone(),
        ];
        b.lookup(CBOR_PATH, tuple, self.used.clone());
    }

    /// Keys: those asked for are claimed, others are shown to be others; what follows is told which it was.
    fn key<B: ChipBuilder<Expr = E>>(&self, b: &mut B) {
        let named_key = self.any_role([Role::TextKey, Role::LabelKey]);
        let text = self.role(Role::Text);
        let not_claimed = E::ONE - self.claims.clone();
        b.assert_zero("may-claim", self.claims.clone() * (E::ONE - named_key.clone() - text.clone()));
        b.assert_zero("must-claim", text * not_claimed.clone());
        b.receive(TEXT_AT, vec![self.position.clone(), self.detail.clone()], self.claims.clone());

        let other = E::from_u64(context::OTHER);
        b.assert_zero("other-key", named_key.clone() * not_claimed.clone() * (self.detail.clone() - other));
        b.assert_zero("next-named", named_key * (self.next.clone() - self.detail.clone()));
        let digest_context = self.argument.clone() + E::from_u64(context::DIGEST_ID);
        b.assert_zero("next-digest", self.role(Role::DigestKey) * (self.next.clone() - digest_context));

        let label_key = self.role(Role::LabelKey);
        let negative = self.major[1].clone();
        let number = self.argument.clone() - negative * (self.argument.clone().double() + E::ONE);
        b.assert_zero("label", label_key.clone() * (self.auxiliary.clone() - number));
        let other_text = self.role(Role::TextKey) * self.major[3].clone();
        let fingerprint = vec![self.content(), self.end.clone(), self.auxiliary.clone()];
        b.lookup(FINGERPRINT, fingerprint, not_claimed.clone() * other_text.clone());
        let other_label = label_key * self.any_major([0, 1]);
        let code = vec![self.parent_path.clone(), self.auxiliary.clone()];
        b.send(OTHER_KEY, code, not_claimed * (other_text + other_label));
    }

    /// What each role asks of the item itself.
    fn demands<B: ChipBuilder<Expr = E>>(&self, b: &mut B) {
        let [unsigned, _, bytes, _, _, map, ..] = &self.major;
        let not = |flag: &E| E::ONE - flag.clone();
        b.assert_zero("map", self.role(Role::Map) * not(map));
        let strings = [Role::Embedded, Role::Digest, Role::Coordinate, Role::Random];
        b.assert_zero("byte-string", self.any_role(strings) * not(bytes));
        let excess = self.argument.clone() - E::from_u8(DIGEST_BYTES);
        b.assert_zero("32-bytes", self.any_role([Role::Digest, Role::Coordinate]) * excess);

        let [_, _, four, eight] = &self.argument_length;
        let digest_id = self.any_role([Role::DigestKey, Role::DigestId]);
        b.assert_zero("digest-id", digest_id.clone() * not(unsigned));
        b.assert_zero("short-number", (digest_id.clone() + self.role(Role::LabelKey)) * eight.clone());

        let random = self.role(Role::Random);
        let over = self.argument.clone() - E::from_u8(MIN_RANDOM_BYTES);
        let byte = self.head[1].clone();
        let value = byte.clone() + random.clone() * (over - byte);
        let bits = E::from_u8(DIGEST_ID_BITS) + random.clone() * F::from_u8(RANDOM_BITS - DIGEST_ID_BITS);
        b.lookup(RANGE, vec![value, bits], random + digest_id * four.clone());
    }

    /// What other tables learn: digests by namespace and digestID, and fields.
    fn findings<B: ChipBuilder<Expr = E>>(&self, b: &mut B) {
        let digest = self.role(Role::Digest);
        b.assert_zero(
            "digest-context",
            digest.clone() * (self.context.clone() * self.auxiliary.clone() - E::ONE),
        );
        let digest_id = self.context.clone() - E::from_u64(context::DIGEST_ID);
        b.send(DIGEST_ENTRY, vec![self.detail.clone(), digest_id, self.content()], digest);

        let (coordinate, digest_id, value) =
            (self.role(Role::Coordinate), self.role(Role::DigestId), self.role(Role::Value));
        let first = coordinate.clone() * self.content()
            + digest_id.clone() * self.argument.clone()
            + value.clone() * self.position.clone();
        let second = coordinate.clone() * F::from_u8(DIGEST_BYTES)
            + value.clone() * (self.end.clone() - self.position.clone());
        b.send(FIELD, vec![self.detail.clone(), first, second], coordinate + digest_id + value);
    }
}

#[cfg(test)]
pub(crate) mod fixture;
#[cfg(test)]
mod tests;
