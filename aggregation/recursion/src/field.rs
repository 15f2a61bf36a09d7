//! The field of both proof systems, and conversions between their elements.
//!
//! Both proof systems work over Goldilocks and draw their challenges from its extension by a root
//! of `X^2 - 7`. They use different elements as generators. The roots of unity in this crate are
//! always those of velum-stark.

use p3_field::{BasedVectorSpace, PrimeField64, TwoAdicField};
use plonky2::field::extension::quadratic::QuadraticExtension;
use plonky2::field::goldilocks_field::GoldilocksField;
use plonky2::field::types::Field;
use plonky2::iop::ext_target::ExtensionTarget;
use plonky2::iop::target::Target;
use plonky2::plonk::circuit_builder::CircuitBuilder;

/// plonky2's Goldilocks.
pub type F = GoldilocksField;

/// Degree of the challenge field over the base field.
pub const D: usize = 2;

/// plonky2's challenge field.
pub(crate) type FE = QuadraticExtension<F>;

/// An element of the challenge field in a circuit.
pub(crate) type Extension = ExtensionTarget<D>;

/// A builder of circuits.
pub type Builder = CircuitBuilder<F, D>;

/// The square of the challenge field's second basis element.
pub(crate) const NON_RESIDUE: F = GoldilocksField(7);

/// Converts a base field element of velum-stark.
pub(crate) fn element(value: velum_stark::field::F) -> F {
    F::from_canonical_u64(value.as_canonical_u64())
}

/// Converts an extension field element of velum-stark.
pub(crate) fn extension(value: velum_stark::field::EF) -> FE {
    let coefficients: &[velum_stark::field::F] = value.as_basis_coefficients_slice();
    QuadraticExtension([element(coefficients[0]), element(coefficients[1])])
}

/// The element that generates the rows of a table of height `2^bits`. It is velum-stark's root of
/// unity, which differs from plonky2's.
pub(crate) fn root_of_unity(bits: usize) -> F {
    element(velum_stark::field::F::two_adic_generator(bits))
}

/// Converts a base field element to velum-stark's type.
#[cfg(test)]
pub(crate) fn to_velum(value: F) -> velum_stark::field::F {
    use p3_field::PrimeCharacteristicRing;
    use plonky2::field::types::PrimeField64;

    velum_stark::field::F::from_u64(value.to_canonical_u64())
}

/// Converts an extension field element to velum-stark's type.
#[cfg(test)]
pub(crate) fn to_velum_extension(value: FE) -> velum_stark::field::EF {
    velum_stark::field::EF::from_basis_coefficients_fn(|i| to_velum(value.0[i]))
}

/// The element of the extension field with these coefficients.
pub(crate) const fn pair(coefficients: [Target; D]) -> Extension {
    ExtensionTarget(coefficients)
}

/// Embeds an element of the base field into the extension field.
pub(crate) fn embed(builder: &mut Builder, value: Target) -> Extension {
    builder.convert_to_ext(value)
}

#[cfg(test)]
mod tests {
    use super::*;
    use plonky2::field::extension::Extendable;
    use plonky2::field::types::Sample;

    #[test]
    fn both_extensions_are_one() {
        assert_eq!(<F as Extendable<D>>::W, NON_RESIDUE);
        for _ in 0..10 {
            let [x, y] = [FE::rand(), FE::rand()];
            assert_eq!(extension(to_velum_extension(x) * to_velum_extension(y)), x * y);
            assert_eq!(extension(to_velum_extension(x) - to_velum_extension(y)), x - y);
        }
    }
}
