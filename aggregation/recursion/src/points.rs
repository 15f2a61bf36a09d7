//! The points at which codewords are evaluated, computed in a circuit from the bits of an index.

use plonky2::field::types::Field;
use plonky2::iop::target::{BoolTarget, Target};

use crate::field::{Builder, F, element, root_of_unity};

/// The point of an entry of a codeword. The codeword is over the coset of `shift` with `2^n`
/// points, where `n` is the number of bits of `index`. Its entries are in bit-reversed order.
/// `index` has the least significant bit first.
pub(crate) fn point(
    builder: &mut Builder,
    shift: velum_stark::field::F,
    index: &[BoolTarget],
) -> Target {
    product(builder, element(shift), root_of_unity(index.len()), index, 0)
}

/// The inverse of the point of the first entry of a leaf. Folding combines the `2^arity` entries of
/// this leaf.
pub(crate) fn inverse_of_first(
    builder: &mut Builder,
    shift: velum_stark::field::F,
    index: &[BoolTarget],
    arity: usize,
) -> Target {
    product(builder, element(shift).inverse(), root_of_unity(index.len()).inverse(), index, arity)
}

/// `shift` times a power of the generator. The exponent has the bits of the index in reverse order,
/// without the index's lowest `from` bits.
fn product(
    builder: &mut Builder,
    shift: F,
    generator: F,
    index: &[BoolTarget],
    from: usize,
) -> Target {
    let mut product = builder.constant(shift);
    let mut power = generator;
    for bit in index[from..].iter().rev() {
        // Multiplies by the power if the bit is one.
        product = builder.arithmetic(power - F::ONE, F::ONE, product, bit.target, product);
        power *= power;
    }
    product
}
