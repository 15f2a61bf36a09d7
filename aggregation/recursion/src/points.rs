//! Points of codewords in a circuit, by the bits of their index.

use plonky2::field::types::Field;
use plonky2::iop::target::{BoolTarget, Target};

use crate::field::{Builder, F, element, root_of_unity};

/// The point of an entry of a codeword on the coset of `shift` and of the order of as many bits as `index` has, the lowest first; codewords are in
/// bit-reversed order.
pub(crate) fn point(
    builder: &mut Builder,
    shift: velum_stark::field::F,
    index: &[BoolTarget],
) -> Target {
    product(builder, element(shift), root_of_unity(index.len()), index, 0)
}

/// The inverse of the point of the first entry of a leaf that `2^arity` entries fold into.
pub(crate) fn inverse_of_first(
    builder: &mut Builder,
    shift: velum_stark::field::F,
    index: &[BoolTarget],
    arity: usize,
) -> Target {
    product(builder, element(shift).inverse(), root_of_unity(index.len()).inverse(), index, arity)
}

/// `shift` times the power of the generator whose exponent has the bits of the index in reverse, but for its lowest `from`.
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
        // Times the power where the bit is one.
        product = builder.arithmetic(power - F::ONE, F::ONE, product, bit.target, product);
        power *= power;
    }
    product
}
