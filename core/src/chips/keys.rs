//! The keys table: map keys that must be unique are.
//!
//! Two tables side by side. One holds every `(namespace, digestID, position)` that the CBOR chip has found, in strictly
//! growing order, and provides it on [`DIGEST_AT`]: a digestID stands for one digest. The other holds every key that the
//! CBOR chip has not matched with one of those asked for in its map, and shows that it is none of them: the matched key
//! is the only one of its name. Its first `NAMESPACE_ROWS` rows are for keys of `valueDigests`, where the keys asked for
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

    /// Fills the table with what `tree` has found, but for the multiplicities. Keys of maps that are not among [`MAPS`]
    /// are left out.
    ///
    /// # Errors
    ///
    /// [`TreeError::TooManyKeys`].
    pub fn trace(&self, tree: &Tree) -> Result<Trace, TreeError> {
        let mut trace = Trace::zeroed(self.height(), column::COUNT);
        let mut digests = tree.digest_entries();
        let others = tree.other_keys().into_iter().filter(|(map, _)| MAPS.contains(map));
        let (namespaces, others): (Vec<_>, Vec<_>) = others.partition(|&(map, _)| map == path::VALUE_DIGESTS);
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

#[cfg(test)]
mod tests {
    use ciborium::Value;
    use velum_testdata::AGE_VERIFICATION;

    use super::*;
    use crate::air::testing::{Watch, assert_degrees, broken_constraints};
    use crate::chips::cbor::fixture::{self, World, at};

    const NONE: [&str; 0] = [];

    /// A document with keys of two maps that are not asked for.
    fn world() -> World {
        World::mustermann().with_mso(|mso| {
            let key = at(at(mso, "deviceKeyInfo").as_map_mut().unwrap(), "deviceKey").as_map_mut().unwrap();
            key.push((Value::Integer(100.into()), Value::Null));
            mso.push((Value::Text("other".into()), Value::Null));
        })
    }

    /// Sets the products of a row and the inverse so that they follow from the code and the flags, whatever these are.
    fn complete(chip: &KeysChip, trace: &mut Trace, row: usize) {
        let cells = trace.row_mut(row);
        let flags: Vec<_> = cells[column::IN_MAP..][..MAPS.len()].to_vec();
        let mut product = F::ONE;
        for i in 0..KEYS {
            let public = if row < NAMESPACE_ROWS { chip.keys(path::VALUE_DIGESTS)[i] } else { F::ZERO };
            let constants = MAPS.iter().zip(&flags).filter(|(map, _)| **map != path::VALUE_DIGESTS);
            let constant: F = constants.map(|(&map, &flag)| flag * chip.keys(map)[i]).sum();
            product *= cells[column::CODE] - public - constant;
            if i % 2 == 0 && (2..KEYS - 1).contains(&i) {
                cells[column::PRODUCT + i / 2 - 1] = product;
            }
        }
        cells[column::INVERSE] = flags.into_iter().sum::<F>() * product.inverse();
    }

    #[test]
    fn degrees_are_as_promised() {
        assert_degrees(&KeysChip::new(&world().subject));
    }

    #[test]
    fn every_constraint_is_needed() {
        let (world, tree) = (world(), world().tree());
        let chip = KeysChip::new(&world.subject);
        let trace = chip.trace(&tree).unwrap();
        let digests = tree.digest_entries().len();
        let broken = |forge: &dyn Fn(&mut Trace)| {
            let mut forged = trace.clone();
            forge(&mut forged);
            broken_constraints(chip.clone(), &forged)
        };
        assert_eq!(broken(&|_| {}), NONE);
        let two = F::from_u8(2);
        assert_eq!(broken(&|trace| trace.set(digests - 1, column::USED, two)), ["keys/used"]);
        let apart = |trace: &mut Trace| {
            trace.set(digests + 1, column::USED, F::ONE);
            trace.set(digests + 1, column::DIGEST_ID, F::ONE);
        };
        assert_eq!(broken(&apart), ["keys/contiguous"]);
        assert_eq!(broken(&|trace| trace.row_mut(0)[column::GAP] += F::ONE), ["keys/first-rank"]);
        assert_eq!(broken(&|trace| trace.row_mut(1)[column::GAP] += F::ONE), ["keys/rank"]);

        // The row of the MSO's other key is taken for keys of other maps too.
        let row = NAMESPACE_ROWS;
        let flags = |flags: [F; 5]| {
            broken(&|trace| {
                trace.row_mut(row)[column::IN_MAP..][..MAPS.len()].copy_from_slice(&flags);
                complete(&chip, trace, row);
            })
        };
        let (zero, one) = (F::ZERO, F::ONE);
        assert_eq!(flags([zero, zero, zero, one, zero]), NONE);
        assert_eq!(flags([two, zero, -one, zero, zero]), ["keys/in-map"]);
        assert_eq!(flags([one, zero, one, zero, zero]), ["keys/one-map"]);
        assert_eq!(flags([zero, one, zero, zero, zero]), ["keys/namespace-row"]);
        let elsewhere = |trace: &mut Trace| {
            trace.row_mut(0)[column::IN_MAP..][..MAPS.len()].copy_from_slice(&[one, zero, zero, zero, zero]);
            complete(&chip, trace, 0);
        };
        assert_eq!(broken(&elsewhere), ["keys/namespace-row"]);
        let product = |trace: &mut Trace| {
            let cells = trace.row_mut(row);
            (cells[column::PRODUCT + 2], cells[column::INVERSE]) =
                (cells[column::PRODUCT + 2] * two, cells[column::INVERSE] * two.inverse());
        };
        assert_eq!(broken(&product), ["keys/product"]);
        assert_eq!(broken(&|trace| trace.row_mut(row)[column::INVERSE] += F::ONE), ["keys/distinct"]);
    }

    #[test]
    fn no_key_asked_for_has_an_inverse() {
        let chip = KeysChip::new(&world().subject);
        for map in MAPS {
            for key in chip.keys(map) {
                assert_eq!(chip.products(map, key)[KEYS - 1], F::ZERO);
            }
        }
    }

    #[test]
    fn every_cell_of_a_used_row_matters() {
        let (world, tree) = (world(), world().tree());
        let mut tables = world.tables();
        assert_eq!(tables.rules(), NONE);
        let (digests, namespaces) = (tree.digest_entries().len(), 1);
        let others = tree.other_keys().len() - namespaces;
        assert_eq!(others, 2);
        let watch = Watch::new(&tables.chips, &tables.traces, fixture::KEYS);
        let entry = (0..digests).flat_map(|row| (0..column::MULTIPLICITY).map(move |column| (row, column)));
        let other = (0..namespaces).chain(NAMESPACE_ROWS..NAMESPACE_ROWS + others);
        let other = other.flat_map(|row| (column::IN_MAP..column::COUNT).map(move |column| (row, column)));
        for (row, column) in entry.chain(other) {
            for change in [F::ONE, F::NEG_ONE, F::from_u64(1 << 40 | 12_345)] {
                assert!(watch.notices(row, column, change), "row {row}, column {column}");
            }
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
        assert_eq!(chip_error(Some("valueDigests"), NAMESPACE_ROWS), Ok(512));
        let limit = NAMESPACE_ROWS;
        assert_eq!(chip_error(Some("valueDigests"), limit + 1), Err(TreeError::TooManyKeys { limit }));
        let limit = 512 - RESERVED_ROWS - NAMESPACE_ROWS;
        assert_eq!(chip_error(None, limit), Ok(512));
        assert_eq!(chip_error(None, limit + 1), Err(TreeError::TooManyKeys { limit }));
    }
}
