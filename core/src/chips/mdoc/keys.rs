//! The keys table: it proves that map keys which must be unique are unique.
//!
//! # Buses
//!
//! * [`FIELD`]: receives each digest entry and each key that the CBOR chip did not match with a key
//!   asked for in its map.
//! * [`DIGEST_AT`]: provides `(namespace, digestID, position)`, which the links chip looks up.
//! * [`FINGERPRINT`]: looks up the fingerprints of text keys, which the bytes chip provides.
//! * [`RANGE`]: looks up the limbs of the gaps between entries.
//!
//! # Rows
//!
//! A group has three rows. The table has two parts, one below the other:
//!
//! * `entries` groups in strictly growing order. Each holds a `(namespace, digestID, position)`
//!   that the CBOR chip has found, or a *bound*. Entries are provided on [`DIGEST_AT`], so a
//!   digestID stands for one digest. The bound of a namespace stands before its entries and has a
//!   digestID of -1. The remaining groups are bounds too.
//! * Groups for the keys that the CBOR chip has not matched with one of the keys asked for in their
//!   map; `GROUPS` says how many there are per sort. Each group shows that its key is none of the
//!   keys asked for. So a matched key is the only one of its name.
//!
//! # Soundness
//!
//! | cell | what fixes it |
//! |---|---|
//! | used | boolean; as many groups are used as entries and keys are received. 0 on the first group and on the last group of the first part |
//! | namespace | 0 on the first group and one more on each bound, so below the number of groups; 0 on the group of a key. Added to the number of the first namespace, it gives the number of no other finding |
//! | digestID, position | received once from the CBOR chip with the entry; the digestID of a bound is -1 |
//! | gap limbs | ranges: the rank `namespace (2^32 + 1) + digestID` grows by 1 + gap from group to group. `gap < 2^33`, so ranks never wrap. Two equal (namespace, digestID) would have equal ranks. The rank of an entry lies between the rank of its namespace's bound and that of the next bound, so its digestID is below 2^32 |
//! | multiplicity | free: the provided key is unique in (namespace, digestID), and no bound has the digestID of an item |
//! | start, argument | received once from the CBOR chip, under the number of the group's sort |
//! | code | of a text: the fingerprint of its bytes; of a label: the number that argument and sort make |
//! | products, inverse | the product of the differences from all keys asked for in the map has an inverse |
//!
//! On unused groups for keys, the start, the argument and the code of a text are free. The position
//! of a bound is free too. Nothing reads these cells. An honest prover sets all cells of unused
//! groups for keys to zero, except for the products and for the code of negative labels.

use p3_field::{Field, PrimeCharacteristicRing, PrimeField64};
use velum_stark::air::{Chip, ChipBuilder, RESERVED_ROWS, Trace};
use velum_stark::field::F;

use crate::chips::buses::{DIGEST_AT, FIELD, FINGERPRINT, RANGE, field};
use crate::chips::common::fingerprint::fingerprint;
use crate::chips::mdoc::cbor::tree::{OtherKey, Tree, TreeError};
use crate::chips::mdoc::grammar::{OTHER_KEYS, fixed_keys, kind, state};
use crate::class::{CLASSES, SIG_STRUCTURE_PREFIX, SizeClass};
use crate::statement::Subject;

/// The largest number of keys that can be asked for in one map.
const KEYS: usize = 8;

/// Number of rows in a group.
const GROUP_ROWS: usize = 3;

/// The fewest bytes that a digest takes in an MSO: the digest, its head, and a digestID.
const DIGEST_BYTES: usize = 32 + 2 + 1;

/// Number of entries for digests. For a class with longer MSOs it is the largest number that these
/// can hold.
const fn digests(class: &SizeClass) -> usize {
    const LEAST: usize = 128;
    let most = (SIG_STRUCTURE_PREFIX + class.max_mso_bytes) / DIGEST_BYTES;
    if most > LEAST { most } else { LEAST }
}

/// Number of groups in the first part: the entries, a bound before each namespace, and a bound
/// behind the last one.
const fn entries(class: &SizeClass) -> usize {
    digests(class) + KEYS + 1
}

/// Number of groups for the keys of each sort of [`OTHER_KEYS`]. Item maps have no such sort,
/// because all four of their keys are asked for.
const GROUPS: [usize; OTHER_KEYS.len()] = [128, 128, 64, 60, 60, 60];

/// Number of bits in a limb of a gap. The least significant limb comes first.
const LIMB_BITS: usize = 11;

/// Every digestID is below this number.
const DIGEST_IDS: u64 = 1 << 32;

const _: () = {
    let mut class = 0;
    while class < CLASSES.len() {
        assert!(CLASSES[class].slots <= KEYS);
        class += 1;
    }
};

/// Committed columns. Unless stated otherwise, a column is described for the first row of a group.
mod column {
    /// 1 if the group holds an entry or a key.
    pub(super) const USED: usize = 0;
    /// Index of the entry's namespace.
    pub(super) const NAMESPACE: usize = 1;
    /// The entry's digestID.
    pub(super) const DIGEST_ID: usize = 2;
    /// The key's argument. For a text this is its length.
    pub(super) const ARGUMENT: usize = 2;
    /// Position of the entry's digest.
    pub(super) const POSITION: usize = 3;
    /// Position behind the head of the key.
    pub(super) const START: usize = 3;
    /// Number of lookups of the entry, on its second row.
    pub(super) const MULTIPLICITY: usize = 3;
    /// On the rows of an entry: a limb of its rank minus the rank before it minus 1.
    pub(super) const LIMB: usize = 4;
    /// Code of the key.
    pub(super) const CODE: usize = 4;
    /// Number of columns.
    pub(super) const COUNT: usize = 5;
}

/// Number of products: those of a key's first 2, 3 and so on up to [`KEYS`] differences. They and
/// the inverse of the last product stand in the cells behind the first row of the key's group.
const PRODUCTS: usize = KEYS - 1;

/// Column and row offset of a product or, with the index behind the last product, of the inverse.
const fn product_cell(index: usize) -> (usize, usize) {
    (index % column::COUNT, 1 + index / column::COUNT)
}

/// Fixed columns.
mod fixed {
    /// 1 on the first row of an entry's group.
    pub(super) const ENTRY: usize = 0;
    /// 1 on that row if another entry's group follows.
    pub(super) const FOLLOWED: usize = 1;
    /// 1 on the second row of an entry's group.
    pub(super) const PROVIDES: usize = 2;
    /// 1 on the rows of all groups of entries except the first group.
    pub(super) const LIMB: usize = 3;
    /// 1 on the first row of a key's group.
    pub(super) const KEY: usize = 4;
    /// 1 on that row if the key is a text.
    pub(super) const TEXT: usize = 5;
    /// On that row, 1 if the key is an unsigned integer, and -1 if it is a negative one.
    pub(super) const SIGN: usize = 6;
    /// On the first row of a group: the number under which its key is found or, for namespace 0,
    /// its entry.
    pub(super) const NUMBER: usize = 7;
    /// Number of columns.
    pub(super) const COUNT: usize = 8;
}

/// The keys table of a subject.
#[derive(Clone, Debug)]
pub struct KeysChip {
    class: SizeClass,
    namespaces: Vec<F>,
}

impl KeysChip {
    /// The table for `subject`.
    pub(crate) fn new(subject: &Subject) -> Self {
        let namespaces = subject.namespaces();
        let namespaces =
            namespaces.iter().map(|namespace| fingerprint(namespace.as_bytes())).collect();
        Self { class: subject.class, namespaces }
    }

    /// The first rows of the groups of a sort.
    fn sort_rows(&self, sort: usize) -> impl Iterator<Item = usize> + use<> {
        let first = entries(&self.class) + GROUPS[..sort].iter().sum::<usize>();
        (first..first + GROUPS[sort]).map(|group| group * GROUP_ROWS)
    }

    /// Fills the table with what `tree` has found. The multiplicities are left out.
    ///
    /// # Errors
    ///
    /// [`TreeError::TooManyKeys`] if the table has too few groups.
    pub(crate) fn trace(&self, tree: &Tree) -> Result<Trace, TreeError> {
        let mut trace = Trace::zeroed(self.height(), column::COUNT);
        self.fill_entries(&mut trace, tree.digest_entries())?;
        for (sort, (_, _, number)) in OTHER_KEYS.into_iter().enumerate() {
            let mut keys = tree.other_keys.iter().filter(|key| key.number == number);
            self.sort_rows(sort).for_each(|row| self.fill_key(&mut trace, row, sort, keys.next()));
            if keys.next().is_some() {
                return Err(TreeError::TooManyKeys { limit: GROUPS[sort] });
            }
        }
        Ok(trace)
    }

    /// Fills the first part. Entries that do not fit because their namespace does not exist are
    /// left out.
    fn fill_entries(&self, trace: &mut Trace, mut entries: Vec<[F; 3]>) -> Result<(), TreeError> {
        let limit = digests(&self.class);
        if entries.len() > limit {
            return Err(TreeError::TooManyKeys { limit });
        }
        entries.sort_by_key(|entry| entry.map(|field| field.as_canonical_u64()));
        let (groups, mut entries) = (self::entries(&self.class), entries.into_iter().peekable());
        let (mut bounds, mut least) = (0, F::NEG_ONE);
        for group in 0..groups {
            let row = group * GROUP_ROWS;
            let entry = entries.next_if(|[namespace, ..]| namespace.as_canonical_u64() < bounds);
            trace.set(row, column::USED, F::from_bool(entry.is_some()));
            let [namespace, digest_id, position] = entry.unwrap_or_else(|| {
                bounds += 1;
                [F::from_u64(bounds - 1), F::NEG_ONE, F::ZERO]
            });
            trace.set(row, column::NAMESPACE, namespace);
            trace.set(row, column::DIGEST_ID, digest_id);
            trace.set(row, column::POSITION, position);
            let rank = namespace * F::from_u64(DIGEST_IDS + 1) + digest_id;
            let gap = (rank - least).as_canonical_u64();
            let limb_mask = (1 << LIMB_BITS) - 1;
            let limbs = [gap & limb_mask, gap >> LIMB_BITS & limb_mask, gap >> (2 * LIMB_BITS)];
            limbs
                .into_iter()
                .enumerate()
                .for_each(|(i, limb)| trace.set_u64(row + i, column::LIMB, limb));
            least = rank + F::ONE;
        }
        Ok(())
    }

    /// Fills the group that begins at `row`.
    fn fill_key(&self, trace: &mut Trace, row: usize, sort: usize, key: Option<&OtherKey>) {
        let code = match key {
            Some(key) => F::from_u64(key.code),
            None => -F::from_bool(OTHER_KEYS[sort].1 == kind::NEGATIVE),
        };
        let products = self.products(sort, code);
        let mut inverse = F::ZERO;
        if let Some(key) = key {
            trace.set(row, column::USED, F::ONE);
            trace.set_u64(row, column::START, key.start);
            trace.set_u64(row, column::ARGUMENT, key.argument);
            inverse = products[PRODUCTS - 1].try_inverse().unwrap_or_default();
        }
        trace.set(row, column::CODE, code);
        for (index, value) in products.into_iter().chain([inverse]).enumerate() {
            let (column, offset) = product_cell(index);
            trace.set(row + offset, column, value);
        }
    }

    /// The products of the first 2, 3 and so on differences of `code` from the keys asked for in
    /// the map of a sort.
    fn products(&self, sort: usize, code: F) -> [F; PRODUCTS] {
        let [first, others @ ..] = self.keys(sort);
        let mut product = code - first;
        others.map(|key| {
            product *= code - key;
            product
        })
    }

    /// Codes of the keys asked for in the map of a sort. The first key fills the remaining places.
    fn keys(&self, sort: usize) -> [F; KEYS] {
        let (map, ..) = OTHER_KEYS[sort];
        let keys =
            if map == state::VALUE_DIGESTS { self.namespaces.clone() } else { fixed_keys(map) };
        let first = keys.first().copied().unwrap_or_default();
        std::array::from_fn(|i| keys.get(i).copied().unwrap_or(first))
    }
}

fn eval_entries<B: ChipBuilder>(b: &mut B) {
    let group = GROUP_ROWS as i32;
    let [entry, followed, provides, has_limb] =
        [fixed::ENTRY, fixed::FOLLOWED, fixed::PROVIDES, fixed::LIMB]
            .map(|column| b.fixed(column, 0));
    let [used, next_used] = [0, group].map(|offset| b.main(column::USED, offset));
    let [namespace, next_namespace] = [0, group].map(|offset| b.main(column::NAMESPACE, offset));
    let [digest_id, next_digest_id] = [0, group].map(|offset| b.main(column::DIGEST_ID, offset));

    b.assert_zero("ends", b.first() * used.clone());
    b.assert_zero("ends", b.first() * namespace.clone());
    b.assert_zero("ends", (entry.clone() - followed.clone()) * used.clone());
    let is_bound = B::Expr::ONE - used.clone();
    b.assert_zero("bound", entry.clone() * is_bound * (digest_id.clone() + B::Expr::ONE));
    let step = next_namespace - namespace.clone();
    b.assert_zero("namespace", followed.clone() * (step.clone() + next_used - B::Expr::ONE));

    let rank_step = step * F::from_u64(DIGEST_IDS + 1) + next_digest_id - digest_id.clone();
    let limbs = (0..group).rev().map(|limb| b.main(column::LIMB, group + limb));
    let gap = limbs.fold(B::Expr::ZERO, |gap, limb| gap * F::from_u64(1 << LIMB_BITS) + limb);
    b.assert_zero("rank", followed * (rank_step - gap - B::Expr::ONE));
    let limb = b.main(column::LIMB, 0);
    b.lookup(RANGE, vec![limb, B::Expr::from_usize(LIMB_BITS)], has_limb);

    let above =
        [column::NAMESPACE, column::DIGEST_ID, column::POSITION].map(|column| b.main(column, -1));
    b.provide(DIGEST_AT, above.to_vec(), column::MULTIPLICITY, provides);
}

fn eval_keys<B: ChipBuilder>(b: &mut B) {
    let [is_key, is_text, sign] =
        [fixed::KEY, fixed::TEXT, fixed::SIGN].map(|column| b.fixed(column, 0));
    let [used, start, argument, code] =
        [column::USED, column::START, column::ARGUMENT, column::CODE]
            .map(|column| b.main(column, 0));
    let cell = |b: &B, index: usize| {
        let (column, offset) = product_cell(index);
        b.main(column, offset as i32)
    };
    b.assert_zero("no-namespace", is_key.clone() * b.main(column::NAMESPACE, 0));

    // A negative integer is -1 minus its argument (RFC 8949, 3.1).
    let twice_number = argument.double() + B::Expr::ONE;
    let twice_code = code.double() + B::Expr::ONE;
    b.assert_zero("label", sign.clone() * (twice_code - sign * twice_number));
    let end = start.clone() + argument;
    b.lookup(FINGERPRINT, vec![start, end, code.clone()], is_text * used.clone());

    let mut product = code.clone() - b.public(0);
    for index in 0..PRODUCTS {
        let longer = cell(b, index);
        let difference = code.clone() - b.public(index + 1);
        b.assert_zero("product", is_key.clone() * (longer.clone() - product * difference));
        product = longer;
    }
    b.assert_zero("distinct", is_key * (product * cell(b, PRODUCTS) - used));
}

impl Chip for KeysChip {
    fn name(&self) -> &'static str {
        "keys"
    }

    fn height(&self) -> usize {
        let groups = entries(&self.class) + GROUPS.iter().sum::<usize>();
        (GROUP_ROWS * groups + RESERVED_ROWS).next_power_of_two()
    }

    fn width(&self) -> usize {
        column::COUNT
    }

    fn fixed(&self) -> Vec<Vec<F>> {
        let mut columns = vec![F::zero_vec(self.height()); fixed::COUNT];
        let entries = entries(&self.class);
        for group in 0..entries {
            let row = group * GROUP_ROWS;
            columns[fixed::ENTRY][row] = F::ONE;
            columns[fixed::NUMBER][row] = F::from_u64(field::digest(0));
            columns[fixed::FOLLOWED][row] = F::from_bool(group + 1 < entries);
            columns[fixed::PROVIDES][row + 1] = F::ONE;
            columns[fixed::LIMB][row..row + GROUP_ROWS].fill(F::from_bool(group > 0));
        }
        for (sort, (_, kind, number)) in OTHER_KEYS.into_iter().enumerate() {
            for row in self.sort_rows(sort) {
                columns[fixed::KEY][row] = F::ONE;
                columns[fixed::TEXT][row] = F::from_bool(kind == kind::TEXT);
                columns[fixed::SIGN][row] = match kind {
                    kind::UNSIGNED => F::ONE,
                    kind::NEGATIVE => F::NEG_ONE,
                    _ => F::ZERO,
                };
                columns[fixed::NUMBER][row] = F::from_u64(number);
            }
        }
        columns
    }

    /// The codes of the keys asked for in the map of each key's group.
    fn public(&self) -> Vec<Vec<F>> {
        let mut columns = vec![F::zero_vec(self.height()); KEYS];
        for sort in 0..OTHER_KEYS.len() {
            for (column, key) in columns.iter_mut().zip(self.keys(sort)) {
                self.sort_rows(sort).for_each(|row| column[row] = key);
            }
        }
        columns
    }

    fn public_cells(&self) -> Vec<Vec<(usize, usize)>> {
        let cells = |sort, column| self.sort_rows(sort).map(|row| (column, row)).collect();
        (0..OTHER_KEYS.len())
            .flat_map(|sort| (0..KEYS).map(move |column| cells(sort, column)))
            .collect()
    }

    fn eval<B: ChipBuilder>(&self, b: &mut B) {
        let is_first = b.fixed(fixed::ENTRY, 0) + b.fixed(fixed::KEY, 0);
        let used = b.main(column::USED, 0);
        b.assert_zero("used", is_first.clone() * used.bool_check());
        let number = b.fixed(fixed::NUMBER, 0) + b.main(column::NAMESPACE, 0);
        let found = vec![number, b.main(column::POSITION, 0), b.main(column::DIGEST_ID, 0)];
        b.receive(FIELD, found, is_first * used);
        eval_entries(b);
        eval_keys(b);
    }
}

#[cfg(test)]
mod tests {
    use ciborium::Value;
    use velum_stark::air::testing::{Watch, broken_constraints};
    use velum_testdata::AGE_VERIFICATION;

    use super::*;
    use crate::chips::mdoc::cbor::fixture::{self, World, at};
    use crate::chips::mdoc::grammar::texts;
    use crate::class::{LARGE, STANDARD};
    use crate::statement::ElementName;

    const NONE: [&str; 0] = [];

    /// Number of groups in the first part, in the class of [`world`].
    const ENTRIES: usize = entries(&STANDARD);

    /// A document with keys in two maps that are not asked for.
    fn world() -> World {
        World::mustermann().with_mso(|mso| {
            let key = at(at(mso, "deviceKeyInfo").as_map_mut().unwrap(), "deviceKey")
                .as_map_mut()
                .unwrap();
            key.push((Value::Integer(100.into()), Value::Null));
            mso.push((Value::Text("other".into()), Value::Null));
        })
    }

    /// The first row of the groups of a sort.
    fn first_row(sort: usize) -> usize {
        KeysChip::new(&world().subject).sort_rows(sort).next().unwrap()
    }

    #[test]
    fn every_constraint_is_needed() {
        let (world, tree) = (world(), world().tree());
        let chip = KeysChip::new(&world.subject);
        let trace = chip.trace(&tree).unwrap();
        let broken = |forge: &dyn Fn(&mut Trace)| {
            let mut forged = trace.clone();
            forge(&mut forged);
            broken_constraints(chip.clone(), &forged)
        };
        assert_eq!(broken(&|_| {}), NONE);
        let (one, two) = (F::ONE, F::from_u8(2));
        let group = |index: usize| index * GROUP_ROWS;

        assert_eq!(broken(&|trace| trace.set(0, column::USED, one)), ["keys/ends"]);
        let later = |trace: &mut Trace| {
            (0..ENTRIES).for_each(|index| trace.row_mut(group(index))[column::NAMESPACE] += one);
        };
        assert_eq!(broken(&later), ["keys/ends"]);
        let unbounded = |trace: &mut Trace| {
            let row = group(ENTRIES - 1);
            trace.set(row, column::USED, one);
            trace.row_mut(row)[column::NAMESPACE] -= one;
            trace.row_mut(row)[column::DIGEST_ID] += F::from_u64(DIGEST_IDS + 1);
        };
        assert_eq!(broken(&unbounded), ["keys/ends"]);
        // The last bound has a digestID that is one too large.
        let late = |trace: &mut Trace| {
            let row = group(ENTRIES - 1);
            trace.row_mut(row)[column::DIGEST_ID] += one;
            trace.row_mut(row)[column::LIMB] += one;
        };
        assert_eq!(broken(&late), ["keys/bound"]);
        // The last bound is one namespace further than it should be.
        let skipped = |trace: &mut Trace| {
            let row = group(ENTRIES - 1);
            trace.row_mut(row)[column::NAMESPACE] += one;
            trace.row_mut(row + 2)[column::LIMB] += F::from_u64(1 << (32 - 2 * LIMB_BITS));
            trace.row_mut(row)[column::LIMB] += one;
        };
        assert_eq!(broken(&skipped), ["keys/namespace"]);
        assert_eq!(broken(&|trace| trace.row_mut(group(1))[column::LIMB] += one), ["keys/rank"]);

        let row = first_row(0);
        assert_eq!(trace.get(row, column::USED), one);
        let (inverse, offset) = product_cell(PRODUCTS);
        let counted_twice = |trace: &mut Trace| {
            trace.set(row, column::USED, two);
            trace.row_mut(row + offset)[inverse] *= two;
        };
        assert_eq!(broken(&counted_twice), ["keys/used"]);
        let (last, last_offset) = product_cell(PRODUCTS - 1);
        let product = |trace: &mut Trace| {
            trace.row_mut(row + last_offset)[last] *= two;
            trace.row_mut(row + offset)[inverse] *= two.inverse();
        };
        assert_eq!(broken(&product), ["keys/product"]);
        assert_eq!(broken(&|trace| trace.row_mut(row + offset)[inverse] += one), ["keys/distinct"]);
        assert_eq!(broken(&|trace| trace.set(row, column::NAMESPACE, one)), ["keys/no-namespace"]);
        for sort in [4, 5] {
            let row = first_row(sort);
            assert_eq!(
                broken(&|trace| trace.row_mut(row)[column::ARGUMENT] += one),
                ["keys/label"]
            );
        }
    }

    /// Covers as many namespaces as any class has slots, and the keys that every document has.
    #[test]
    fn no_key_asked_for_has_an_inverse() {
        let mut subject = world().in_class(LARGE).subject;
        let name =
            |slot: usize| ElementName { namespace: slot.to_string(), element: "element".into() };
        subject.elements = (0..LARGE.slots).map(name).collect();
        let chip = KeysChip::new(&subject);
        for (sort, (map, ..)) in OTHER_KEYS.into_iter().enumerate() {
            let asked =
                if map == state::VALUE_DIGESTS { chip.namespaces.clone() } else { fixed_keys(map) };
            assert!(!asked.is_empty());
            for key in asked.into_iter().chain(chip.keys(sort)) {
                assert_eq!(chip.products(sort, key)[PRODUCTS - 1], F::ZERO);
            }
        }
    }

    #[test]
    fn every_cell_of_a_used_group_matters() {
        let (world, tree) = (world(), world().tree());
        let mut tables = world.tables();
        assert_eq!(tables.rules(), NONE);
        let digests = tree.digest_entries().len();
        assert_eq!(tree.other_keys.len(), 3);
        let watch = Watch::new(&tables.chips, &tables.traces, fixture::KEYS);
        let mut cells = Vec::new();
        for row in (0..ENTRIES).map(|group| group * GROUP_ROWS) {
            let columns = if (GROUP_ROWS..=digests * GROUP_ROWS).contains(&row) { 5 } else { 3 };
            cells.extend((0..columns).map(|column| (row, column)));
            cells
                .extend((0..GROUP_ROWS).filter(|_| row > 0).map(|limb| (row + limb, column::LIMB)));
        }
        for sort in [0, 1, 4] {
            let row = first_row(sort);
            assert_eq!(tables.traces[fixture::KEYS].get(row, column::USED), F::ONE);
            cells.extend((0..column::COUNT).map(|column| (row, column)));
            let products = (0..=PRODUCTS).map(product_cell);
            cells.extend(products.map(|(column, offset)| (row + offset, column)));
        }
        for (row, column) in cells {
            for change in [F::ONE, F::NEG_ONE, F::from_u64(1 << 40 | 12_345)] {
                assert!(watch.notices(row, column, change), "row {row}, column {column}");
            }
        }
    }

    /// A key cannot be taken for a digest of a namespace behind the last one, where nothing
    /// compares it.
    #[test]
    fn keys_are_no_entries() {
        let (world, mut tree) = (world(), world().tree());
        let key = tree.other_keys.remove(0);
        for namespace in 1..32 {
            let mut tables = world.tables_of(&tree);
            let mut entries = tree.digest_entries();
            entries.push([namespace, key.argument, key.start].map(F::from_u64));
            KeysChip::new(&world.subject)
                .fill_entries(&mut tables.traces[fixture::KEYS], entries)
                .unwrap();
            assert_eq!(tables.rules(), ["bus field"], "{namespace}");
        }
    }

    /// Whatever namespaces the groups count up to, each finding is received by one table only.
    #[test]
    fn no_other_table_takes_what_this_one_takes() {
        for class in CLASSES {
            let mut subject = world().subject;
            subject.class = class;
            let mut numbers: Vec<_> =
                texts(&subject).unwrap().iter().map(|text| text.number).collect();
            numbers.extend([field::DEVICE_KEY_X, field::DEVICE_KEY_Y]);
            numbers.extend((0..class.slots).map(field::digest_id));
            // Texts of slots have the numbers of values.
            numbers.extend(
                (0..class.slots)
                    .flat_map(|slot| {
                        (0..=field::TAG_SORT).map(move |sort| field::value_sort(slot, sort))
                    })
                    .filter(|number| {
                        !(0..class.slots).any(|slot| *number == field::date_time(slot))
                    }),
            );
            numbers.extend(OTHER_KEYS.map(|(.., number)| number));
            numbers.extend((0..entries(&class)).map(field::digest));
            let distinct: std::collections::HashSet<_> = numbers.iter().collect();
            assert_eq!(distinct.len(), numbers.len());
        }
    }

    #[test]
    fn too_many_keys_are_a_typed_error() {
        let chip_error = |map: Option<&str>, count: usize| {
            let world = World::of(&AGE_VERIFICATION, &["age_over_18"]).with_mso(|mso| {
                let map = match map {
                    Some(key) => at(mso, key).as_map_mut().unwrap(),
                    None => mso,
                };
                map.extend((0..count).map(|i| (Value::Text(format!("{i:03}")), Value::Null)));
            });
            KeysChip::new(&world.subject).trace(&world.tree()).map(|trace| trace.height())
        };
        let maps = [None, Some("valueDigests"), Some("deviceKeyInfo"), Some("validityInfo")];
        for (key, limit) in maps.into_iter().zip(GROUPS) {
            assert_eq!(chip_error(key, limit), Ok(2_048));
            assert_eq!(chip_error(key, limit + 1), Err(TreeError::TooManyKeys { limit }));
        }
    }
}
