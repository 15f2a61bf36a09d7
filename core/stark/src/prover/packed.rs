//! Several elements side by side, as many as the CPU computes with at once.

use p3_field::{ExtensionField, Field, PackedFieldExtension, PackedValue, PrimeCharacteristicRing};
use p3_maybe_rayon::prelude::*;

use crate::composition::Fraction;
use crate::field::{EF, F};

/// The packed base field.
pub(super) type Packed = <F as Field>::Packing;

/// The packed extension field.
pub(super) type PackedExtension = <EF as ExtensionField<F>>::ExtensionPacking;

/// Fractions side by side.
pub(super) type PackedFraction = Fraction<PackedExtension, PackedExtension>;

/// More lanes than any packed element has.
pub(super) const MAX_LANES: usize = 16;

/// Bytes of a cache line.
const CACHE_LINE: usize = 64;

/// Elements of a cache line.
pub(super) const LINE_ELEMENTS: usize = CACHE_LINE / size_of::<F>();

/// The index of the first of these elements that begins a cache line, or 0 if it cannot be
/// determined. A packed element that spans two lines is read at half the speed.
pub(super) fn first_aligned(elements: &[F]) -> usize {
    match elements.as_ptr().align_offset(CACHE_LINE) {
        index if index < LINE_ELEMENTS => index,
        _ => 0,
    }
}

/// Number of fractions that share one inversion.
const CHUNK: usize = 1 << 10;

/// The values of fractions. If a denominator is zero, the values of its whole chunk are wrong.
pub(super) fn quotients(fractions: &[PackedFraction]) -> Vec<PackedExtension> {
    let chunk = |fractions: &[PackedFraction]| {
        let mut prefixes = Vec::with_capacity(fractions.len());
        let mut product = PackedExtension::ONE;
        for fraction in fractions {
            prefixes.push(product);
            product *= fraction.denominator;
        }
        let mut inverse = inverse_of_lanes(product);
        for (prefix, fraction) in prefixes.iter_mut().zip(fractions).rev() {
            *prefix = *prefix * inverse * fraction.count;
            inverse *= fraction.denominator;
        }
        prefixes
    };
    fractions.par_chunks(CHUNK).flat_map_iter(chunk).collect()
}

/// The inverses of elements, none of which may be zero.
pub(super) fn inverses(elements: &[Packed]) -> Vec<Packed> {
    let mut product = Packed::ONE;
    let mut inverses = Vec::with_capacity(elements.len());
    for &element in elements {
        inverses.push(product);
        product *= element;
    }
    let mut inverse =
        Packed::from_fn(|lane| product.as_slice()[lane].try_inverse().unwrap_or(F::ZERO));
    for (prefix, &element) in inverses.iter_mut().zip(elements).rev() {
        *prefix *= inverse;
        inverse *= element;
    }
    inverses
}

fn inverse_of_lanes(value: PackedExtension) -> PackedExtension {
    let mut lanes = [EF::ZERO; MAX_LANES];
    let lanes = &mut lanes[..Packed::WIDTH];
    value.to_ext_slice(lanes);
    lanes.iter_mut().for_each(|lane| *lane = lane.try_inverse().unwrap_or(EF::ZERO));
    PackedExtension::from_ext_slice(lanes)
}
