//! The keys table: map keys that must be unique are.
//!
//! Two tables side by side. One holds every `(namespace, digestID, position)` that the CBOR chip has found, in strictly
//! growing order, and provides it on [`DIGEST_AT`]: a digestID stands for one digest. The other holds every key that the
//! CBOR chip has not matched with one of those asked for in its map, and shows that it is none of them: the matched key
//! is the only one of its name. Its first [`NAMESPACE_ROWS`] rows are for keys of `valueDigests`, where the keys asked for
//! are public, the others for keys of the other maps, where they are constants.
//!
//! # Soundness
//!
//! | cell | what fixes it |
//! |---|---|
//! | digest used | boolean, and no used row follows an unused one; the number of used rows is that of entries sent |
//! | namespace, digestID, position | received once each from the CBOR chip, which sends digestIDs below 2^31 |
//! | gap limbs | ranges: the rank `namespace 2^31 + digestID` grows by 1 + gap from row to row, and is the first row's gap; `gap < 2^35`, so ranks never wrap, and equal (namespace, digestID) would be equal ranks |
//! | in map | boolean, at most one a row, `valueDigests` on its rows only and the others elsewhere; each gives the path under which the key is received |
//! | code | received once from the CBOR chip |
//! | products, inverse | the product of the differences from all keys asked for in the map has an inverse |
//! | multiplicity | free: the provided key is unique in (namespace, digestID) |
//!
//! On rows that are not used the cells are free, and nothing reads them. All of them are zero but for the products on the
//! rows for keys of `valueDigests`, which hold the products of the negated public keys.

use p3_field::{Field, PrimeCharacteristicRing, PrimeField64};

use crate::air::{Chip, ChipBuilder, RESERVED_ROWS, Trace};
use crate::chips::buses::{DIGEST_AT, DIGEST_ENTRY, OTHER_KEY, RANGE};
use crate::chips::cbor::{Tree, TreeError};
use crate::chips::fingerprint::fingerprint;
use crate::chips::grammar::{MAPS, fixed_keys, path};
use crate::class::SizeClass;
use crate::field::F;
use crate::statement::Subject;

/// Most keys that can be asked for in one map.
const KEYS: usize = 8;

/// The table is at least as high as an MSO of one key in this many bytes asks for. Real ones have one in 20 to 40.
const BYTES_A_ROW: usize = 10;

/// Rows for namespaces that are not asked for.
const NAMESPACE_ROWS: usize = 128;

/// Index among [`MAPS`] of `valueDigests`.
const VALUE_DIGESTS: usize = 1;

/// Bits of each limb of a gap, little end first.
const GAP_BITS: [u32; 3] = [12, 12, 11];

/// Committed columns.
mod column {
    use super::{GAP_BITS, MAPS};

    /// 1 where the row holds a digest's entry.
    pub const USED: usize = 0;
    /// Index of the entry's namespace.
    pub const NAMESPACE: usize = 1;
    /// The entry's digestID.
    pub const DIGEST_ID: usize = 2;
    /// Position of the entry's digest.
    pub const POSITION: usize = 3;
    /// Limbs of the rank less the rank before and 1.
    pub const GAP: usize = 4;
    /// Lookups of the entry.
    pub const MULTIPLICITY: usize = GAP + GAP_BITS.len();
    /// 1 where the row holds a key of this map, one column a map of `MAPS`.
    pub const IN_MAP: usize = MULTIPLICITY + 1;
    /// Code of the key.
    pub const CODE: usize = IN_MAP + MAPS.len();
    /// Products of the first 3, 5 and 7 differences.
    pub const PRODUCT: usize = CODE + 1;
    /// Inverse of the product of all differences.
    pub const INVERSE: usize = PRODUCT + 3;
    /// Number of columns.
    pub const COUNT: usize = INVERSE + 1;
}

/// The keys table of a subject.
#[derive(Clone, Debug)]
pub struct KeysChip {
    class: SizeClass,
    namespaces: Vec<F>,
}

impl KeysChip {
    /// The table for `subject`.
    pub fn new(subject: &Subject) -> Self {
        let namespaces = subject.namespaces();
        let namespaces = namespaces.iter().map(|namespace| fingerprint(namespace.as_bytes())).collect();
        Self { class: subject.class, namespaces }
    }

    /// Fills the table with what `tree` has found, but for the multiplicities.
    ///
    /// # Errors
    ///
    /// [`TreeError::TooManyKeys`].
    pub fn trace(&self, tree: &Tree) -> Result<Trace, TreeError> {
        let mut trace = Trace::zeroed(self.height(), column::COUNT);
        let (mut digests, others) = (tree.digest_entries(), tree.other_keys());
        let (namespaces, others): (Vec<_>, Vec<_>) =
            others.into_iter().partition(|&(map, _)| map == path::VALUE_DIGESTS);
        let rows = self.height() - RESERVED_ROWS;
        for (count, limit) in
            [(digests.len(), rows), (namespaces.len(), NAMESPACE_ROWS), (others.len(), rows - NAMESPACE_ROWS)]
        {
            if count > limit {
                return Err(TreeError::TooManyKeys { limit });
            }
        }
        digests.sort_by_key(|entry| entry.map(|field| field.as_canonical_u64()));
        let mut least = F::ZERO;
        for (row, [namespace, digest_id, position]) in digests.into_iter().enumerate() {
            let rank = namespace * F::from_u64(1 << 31) + digest_id;
            trace.set(row, column::USED, F::ONE);
            trace.set(row, column::NAMESPACE, namespace);
            trace.set(row, column::DIGEST_ID, digest_id);
            trace.set(row, column::POSITION, position);
            let gap = (rank - least).as_canonical_u64();
            for (limb, value) in [gap & 0xfff, gap >> 12 & 0xfff, gap >> 24].into_iter().enumerate() {
                trace.set_u64(row, column::GAP + limb, value);
            }
            least = rank + F::ONE;
        }
        for row in 0..NAMESPACE_ROWS {
            self.fill_products(trace.row_mut(row), path::VALUE_DIGESTS);
        }
        for (row, (map, code)) in (0..).zip(namespaces).chain((NAMESPACE_ROWS..).zip(others)) {
            self.fill_other_key(trace.row_mut(row), map, code);
        }
        Ok(trace)
    }

    fn fill_other_key(&self, cells: &mut [F], map: u64, code: F) {
        if let Some(index) = MAPS.iter().position(|&other| other == map) {
            cells[column::IN_MAP + index] = F::ONE;
        }
        cells[column::CODE] = code;
        self.fill_products(cells, map);
        let product = self.products(map, code)[KEYS - 1];
        cells[column::INVERSE] = product.try_inverse().unwrap_or_default();
    }

    /// Writes the products of the row's code, also where no key is.
    fn fill_products(&self, cells: &mut [F], map: u64) {
        let products = self.products(map, cells[column::CODE]);
        (0..3).for_each(|i| cells[column::PRODUCT + i] = products[2 * i + 2]);
    }

    /// Products of the first differences of `code` from the keys of `map`.
    fn products(&self, map: u64, code: F) -> [F; KEYS] {
        let mut product = F::ONE;
        self.keys(map).map(|key| {
            product *= code - key;
            product
        })
    }

    /// Codes of the keys asked for in `map`, the first repeated.
    fn keys(&self, map: u64) -> [F; KEYS] {
        let keys = if map == path::VALUE_DIGESTS { self.namespaces.clone() } else { fixed_keys(map) };
        let first = keys.first().copied().unwrap_or_default();
        std::array::from_fn(|i| keys.get(i).copied().unwrap_or(first))
    }

    fn eval_digests<B: ChipBuilder>(&self, b: &mut B) {
        let used = b.main(column::USED, 0);
        let rank = |b: &B, offset| {
            b.main(column::NAMESPACE, offset) * F::from_u64(1 << 31) + b.main(column::DIGEST_ID, offset)
        };
        let gap = |b: &B, offset| {
            let limbs = (0..GAP_BITS.len()).rev().map(|limb| b.main(column::GAP + limb, offset));
            limbs.fold(B::Expr::ZERO, |gap, limb| gap * F::from_u64(1 << 12) + limb)
        };
        b.assert_bool("used", used.clone());
        let next_used = b.main(column::USED, 1);
        let following = b.transition() * next_used;
        b.assert_zero("contiguous", following.clone() * (B::Expr::ONE - used.clone()));
        b.assert_zero("first-rank", b.first() * used.clone() * (rank(b, 0) - gap(b, 0)));
        b.assert_zero("rank", following * (rank(b, 1) - rank(b, 0) - gap(b, 1) - B::Expr::ONE));
        for (limb, bits) in GAP_BITS.into_iter().enumerate() {
            let limb = b.main(column::GAP + limb, 0);
            b.lookup(RANGE, vec![limb, B::Expr::from_u32(bits)], used.clone());
        }
        let entry =
            vec![b.main(column::NAMESPACE, 0), b.main(column::DIGEST_ID, 0), b.main(column::POSITION, 0)];
        b.receive(DIGEST_ENTRY, entry.clone(), used.clone());
        b.provide(DIGEST_AT, entry, column::MULTIPLICITY, used);
    }

    fn eval_other_keys<B: ChipBuilder>(&self, b: &mut B) {
        let in_map: Vec<_> = (0..MAPS.len()).map(|map| b.main(column::IN_MAP + map, 0)).collect();
        let code = b.main(column::CODE, 0);
        in_map.iter().for_each(|flag| b.assert_bool("in-map", flag.clone()));
        let used = in_map.iter().cloned().fold(B::Expr::ZERO, |sum, flag| sum + flag);
        b.assert_bool("one-map", used.clone());
        let namespace_row = b.fixed(0, 0);
        let is_namespace = in_map[VALUE_DIGESTS].clone();
        b.assert_zero("namespace-row", is_namespace - namespace_row * used.clone());

        let constants = |i: usize| {
            let maps = MAPS.iter().zip(&in_map).filter(|(map, _)| **map != path::VALUE_DIGESTS);
            maps.fold(B::Expr::ZERO, |sum, (&map, flag)| sum + flag.clone() * self.keys(map)[i])
        };
        let difference: Vec<_> = (0..KEYS).map(|i| code.clone() - b.public(i) - constants(i)).collect();
        let mut product = difference[0].clone();
        for (i, pair) in difference[1..KEYS - 1].chunks_exact(2).enumerate() {
            let committed = b.main(column::PRODUCT + i, 0);
            b.assert_eq("product", committed.clone(), product * pair[0].clone() * pair[1].clone());
            product = committed;
        }
        let inverse = b.main(column::INVERSE, 0);
        b.assert_eq("distinct", product * difference[KEYS - 1].clone() * inverse, used.clone());

        let map = MAPS
            .iter()
            .zip(in_map)
            .fold(B::Expr::ZERO, |sum, (&map, flag)| sum + flag * B::Expr::from_u64(map));
        b.receive(OTHER_KEY, vec![map, code], used);
    }
}

fn on_namespace_rows(value: F, height: usize) -> Vec<F> {
    (0..height).map(|row| if row < NAMESPACE_ROWS { value } else { F::ZERO }).collect()
}

impl Chip for KeysChip {
    fn name(&self) -> &'static str {
        "keys"
    }

    fn height(&self) -> usize {
        (self.class.max_mso_bytes / BYTES_A_ROW + RESERVED_ROWS).next_power_of_two()
    }

    fn width(&self) -> usize {
        column::COUNT
    }

    /// 1 on the rows for keys of `valueDigests`.
    fn fixed(&self) -> Vec<Vec<F>> {
        vec![on_namespace_rows(F::ONE, self.height())]
    }

    /// The codes of the asked namespaces on the rows for keys of `valueDigests`.
    fn public(&self) -> Vec<Vec<F>> {
        self.keys(path::VALUE_DIGESTS).map(|key| on_namespace_rows(key, self.height())).to_vec()
    }

    fn eval<B: ChipBuilder>(&self, b: &mut B) {
        self.eval_digests(b);
        self.eval_other_keys(b);
    }
}
