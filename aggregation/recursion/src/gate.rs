//! Gates whose constraints are stated once.
//!
//! A plonky2 gate describes itself four times: as constraints over the base field, over the
//! extension field and over targets, and as a generator of its wires. A type that implements
//! [`Relations`] describes itself once, over any [`Arithmetic`], and [`RelationGate`] makes the
//! gate from it.

use anyhow::{Result, ensure};
use plonky2::field::extension::quadratic::QuadraticExtension;
use plonky2::field::types::{Field, PrimeField64};
use plonky2::gates::gate::Gate;
use plonky2::gates::util::StridedConstraintConsumer;
use plonky2::iop::ext_target::ExtensionTarget;
use plonky2::iop::generator::{GeneratedValues, SimpleGenerator, WitnessGeneratorRef};
use plonky2::iop::target::Target;
use plonky2::iop::wire::Wire;
use plonky2::iop::witness::{PartitionWitness, Witness, WitnessWrite};
use plonky2::plonk::circuit_data::CommonCircuitData;
use plonky2::plonk::vars::{EvaluationTargets, EvaluationVars, EvaluationVarsBase};
use plonky2::util::serialization::{Buffer, IoResult, Read, Write};

use crate::field::{Builder, D, F, NON_RESIDUE};

/// The relations between the wires of one row.
pub(crate) trait Relations: Clone + std::fmt::Debug + Send + Sync + 'static {
    /// The name of the gate.
    const NAME: &'static str;
    /// The highest degree of a relation in the wires.
    const DEGREE: usize;

    /// The first of two routed wires that hold constants of the circuit. These constants would
    /// otherwise take a row of their own. `None` if the gate has no routed wires to spare.
    const CONSTANTS: Option<usize> = None;

    /// The relations of this size.
    fn of_size(size: usize) -> Self;

    /// The size, which distinguishes this gate from other gates of the same name.
    fn size(&self) -> usize;

    /// Number of wires.
    fn wires(&self) -> usize;

    /// Number of relations.
    fn count(&self) -> usize;

    /// The wires from which all other wires follow.
    fn inputs(&self) -> Vec<usize>;

    /// States the relations.
    fn state<A: Arithmetic>(&self, arithmetic: &mut A);
}

/// The values over which relations are stated, and the operations on them.
pub(crate) trait Arithmetic {
    /// A value.
    type Value: Copy;

    /// A constant.
    fn constant(&mut self, value: F) -> Self::Value;

    /// `c0 * x * y + c1 * z`.
    fn combine(
        &mut self,
        c0: F,
        x: Self::Value,
        y: Self::Value,
        c1: F,
        z: Self::Value,
    ) -> Self::Value;

    /// The value of an input wire.
    fn wire(&mut self, wire: usize) -> Self::Value;

    /// Constrains a wire that is not an input to equal `value`, and returns it.
    fn define(&mut self, wire: usize, value: Self::Value) -> Self::Value;

    /// Constrains two consecutive wires, the first of which is `wire`, to hold the quotient of two
    /// extension elements, and returns them.
    fn define_quotient(
        &mut self,
        wire: usize,
        numerator: [Self::Value; D],
        denominator: [Self::Value; D],
    ) -> [Self::Value; D];

    /// Constrains `count` consecutive wires, the first of which is `wire`, to hold the bits of a
    /// value, least significant first, and returns them.
    ///
    /// A value that does not fit into `count` bits has no such bits. If the field's order is below
    /// `2^count`, small values have two sets of bits.
    fn define_bits(&mut self, wire: usize, count: usize, value: Self::Value) -> Vec<Self::Value>;

    /// Constrains a value to be zero.
    fn zero(&mut self, value: Self::Value);

    /// `x + y`.
    fn add(&mut self, x: Self::Value, y: Self::Value) -> Self::Value {
        let one = self.constant(F::ONE);
        self.combine(F::ONE, x, one, F::ONE, y)
    }

    /// `x - y`.
    fn sub(&mut self, x: Self::Value, y: Self::Value) -> Self::Value {
        let one = self.constant(F::ONE);
        self.combine(F::ONE, x, one, F::NEG_ONE, y)
    }

    /// `x * y`.
    fn mul(&mut self, x: Self::Value, y: Self::Value) -> Self::Value {
        let zero = self.constant(F::ZERO);
        self.combine(F::ONE, x, y, F::ZERO, zero)
    }

    /// `x * y + z`.
    fn mul_add(&mut self, x: Self::Value, y: Self::Value, z: Self::Value) -> Self::Value {
        self.combine(F::ONE, x, y, F::ONE, z)
    }

    /// `factor * x + y`.
    fn scale_add(&mut self, factor: F, x: Self::Value, y: Self::Value) -> Self::Value {
        let one = self.constant(F::ONE);
        self.combine(factor, x, one, F::ONE, y)
    }

    /// The product of two extension elements plus a third.
    fn mul_add_extension(
        &mut self,
        x: [Self::Value; D],
        y: [Self::Value; D],
        z: [Self::Value; D],
    ) -> [Self::Value; D] {
        let low = self.mul_add(x[0], y[0], z[0]);
        let high = self.mul_add(x[0], y[1], z[1]);
        [self.combine(NON_RESIDUE, x[1], y[1], F::ONE, low), self.mul_add(x[1], y[0], high)]
    }

    /// The extension element that two consecutive wires hold.
    fn extension(&mut self, wire: usize) -> [Self::Value; D] {
        [self.wire(wire), self.wire(wire + 1)]
    }
}

/// The gate of these relations, with wires that hold constants if there are any.
#[derive(Clone, Debug)]
pub(crate) struct RelationGate<R>(pub(crate) R);

/// Number of constants that a row can hold.
const ROW_CONSTANTS: usize = 2;

impl<R: Relations> RelationGate<R> {
    /// The wires that hold constants.
    fn constants() -> impl Iterator<Item = usize> {
        R::CONSTANTS.into_iter().flat_map(|first| first..first + ROW_CONSTANTS)
    }
}

impl<R: Relations> Gate<F, D> for RelationGate<R> {
    fn id(&self) -> String {
        format!("Velum{} {{ size: {} }}", R::NAME, self.0.size())
    }

    fn serialize(&self, to: &mut Vec<u8>, _: &CommonCircuitData<F, D>) -> IoResult<()> {
        to.write_usize(self.0.size())
    }

    fn deserialize(from: &mut Buffer<'_>, _: &CommonCircuitData<F, D>) -> IoResult<Self> {
        from.read_usize().map(|size| Self(R::of_size(size)))
    }

    fn eval_unfiltered(&self, vars: EvaluationVars<'_, F, D>) -> Vec<QuadraticExtension<F>> {
        let mut constraints = Vec::with_capacity(self.0.count());
        self.0.state(&mut Constraints {
            wires: vars.local_wires,
            to: |value| constraints.push(value),
        });
        let held = Self::constants().zip(vars.local_constants);
        constraints.extend(held.map(|(wire, &constant)| vars.local_wires[wire] - constant));
        constraints
    }

    fn eval_unfiltered_base_one(
        &self,
        vars: EvaluationVarsBase<'_, F>,
        mut to: StridedConstraintConsumer<'_, F>,
    ) {
        self.0.state(&mut Constraints { wires: &vars.local_wires, to: |value| to.one(value) });
        for (wire, &constant) in Self::constants().zip(vars.local_constants) {
            to.one(vars.local_wires[wire] - constant);
        }
    }

    fn eval_unfiltered_circuit(
        &self,
        builder: &mut Builder,
        vars: EvaluationTargets<'_, D>,
    ) -> Vec<ExtensionTarget<D>> {
        let mut targets = Targets {
            builder,
            wires: vars.local_wires,
            constraints: Vec::with_capacity(self.0.count()),
        };
        self.0.state(&mut targets);
        let Targets { builder, mut constraints, .. } = targets;
        for (wire, &constant) in Self::constants().zip(vars.local_constants) {
            constraints.push(builder.sub_extension(vars.local_wires[wire], constant));
        }
        constraints
    }

    fn generators(&self, row: usize, _: &[F]) -> Vec<WitnessGeneratorRef<F, D>> {
        vec![WitnessGeneratorRef::new(
            RelationGenerator { relations: self.0.clone(), row }.adapter(),
        )]
    }

    fn num_wires(&self) -> usize {
        Self::constants().map(|wire| wire + 1).fold(self.0.wires(), usize::max)
    }

    fn num_constants(&self) -> usize {
        Self::constants().count()
    }

    fn extra_constant_wires(&self) -> Vec<(usize, usize)> {
        Self::constants().enumerate().collect()
    }

    fn degree(&self) -> usize {
        R::DEGREE
    }

    fn num_constraints(&self) -> usize {
        self.0.count() + Self::constants().count()
    }
}

/// Passes on what the relations require to be zero, over the base field or the extension field.
struct Constraints<W, T> {
    wires: W,
    to: T,
}

impl<E: Field, W: std::ops::Index<usize, Output = E>, T: FnMut(E)> Arithmetic for Constraints<&W, T>
where
    W: ?Sized,
    E: From<F> + std::ops::Mul<Output = E>,
{
    type Value = E;

    fn constant(&mut self, value: F) -> E {
        value.into()
    }

    fn combine(&mut self, c0: F, x: E, y: E, c1: F, z: E) -> E {
        E::from(c0) * x * y + E::from(c1) * z
    }

    fn wire(&mut self, wire: usize) -> E {
        self.wires[wire]
    }

    fn define(&mut self, wire: usize, value: E) -> E {
        let given = self.wires[wire];
        (self.to)(value - given);
        given
    }

    fn define_quotient(&mut self, wire: usize, numerator: [E; D], denominator: [E; D]) -> [E; D] {
        let quotient = [self.wires[wire], self.wires[wire + 1]];
        relate_quotient(self, quotient, numerator, denominator);
        quotient
    }

    fn define_bits(&mut self, wire: usize, count: usize, value: E) -> Vec<E> {
        let bits: Vec<_> = (wire..wire + count).map(|wire| self.wires[wire]).collect();
        relate_bits(self, &bits, value);
        bits
    }

    fn zero(&mut self, value: E) {
        (self.to)(value);
    }

    fn add(&mut self, x: E, y: E) -> E {
        x + y
    }

    fn sub(&mut self, x: E, y: E) -> E {
        x - y
    }

    fn mul(&mut self, x: E, y: E) -> E {
        x * y
    }

    fn mul_add(&mut self, x: E, y: E, z: E) -> E {
        x * y + z
    }

    fn scale_add(&mut self, factor: F, x: E, y: E) -> E {
        x * factor.into() + y
    }
}

/// Collects what the relations require to be zero, over targets.
struct Targets<'a> {
    builder: &'a mut Builder,
    wires: &'a [ExtensionTarget<D>],
    constraints: Vec<ExtensionTarget<D>>,
}

impl Arithmetic for Targets<'_> {
    type Value = ExtensionTarget<D>;

    fn constant(&mut self, value: F) -> Self::Value {
        self.builder.constant_extension(value.into())
    }

    fn combine(
        &mut self,
        c0: F,
        x: Self::Value,
        y: Self::Value,
        c1: F,
        z: Self::Value,
    ) -> Self::Value {
        self.builder.arithmetic_extension(c0, c1, x, y, z)
    }

    fn wire(&mut self, wire: usize) -> Self::Value {
        self.wires[wire]
    }

    fn define(&mut self, wire: usize, value: Self::Value) -> Self::Value {
        let given = self.wires[wire];
        let difference = self.builder.sub_extension(value, given);
        self.constraints.push(difference);
        given
    }

    fn define_quotient(
        &mut self,
        wire: usize,
        numerator: [Self::Value; D],
        denominator: [Self::Value; D],
    ) -> [Self::Value; D] {
        let quotient = [self.wires[wire], self.wires[wire + 1]];
        relate_quotient(self, quotient, numerator, denominator);
        quotient
    }

    fn define_bits(&mut self, wire: usize, count: usize, value: Self::Value) -> Vec<Self::Value> {
        let bits: Vec<_> = self.wires[wire..wire + count].to_vec();
        relate_bits(self, &bits, value);
        bits
    }

    fn zero(&mut self, value: Self::Value) {
        self.constraints.push(value);
    }
}

/// Constrains the product of quotient and denominator to equal the numerator.
fn relate_quotient<A: Arithmetic>(
    arithmetic: &mut A,
    quotient: [A::Value; D],
    numerator: [A::Value; D],
    denominator: [A::Value; D],
) {
    let zero = arithmetic.constant(F::ZERO);
    let product = arithmetic.mul_add_extension(quotient, denominator, [zero; D]);
    for (product, numerator) in product.into_iter().zip(numerator) {
        let difference = arithmetic.sub(product, numerator);
        arithmetic.zero(difference);
    }
}

/// Constrains each wire to be zero or one, and the number that the wires form to equal the value.
fn relate_bits<A: Arithmetic>(arithmetic: &mut A, bits: &[A::Value], value: A::Value) {
    for &bit in bits {
        let is_boolean = arithmetic.combine(F::ONE, bit, bit, F::NEG_ONE, bit);
        arithmetic.zero(is_boolean);
    }
    let sum = sum_of_bits(arithmetic, bits);
    let difference = arithmetic.sub(sum, value);
    arithmetic.zero(difference);
}

/// The number that these bits form, the least significant bit first.
pub(crate) fn sum_of_bits<A: Arithmetic>(arithmetic: &mut A, bits: &[A::Value]) -> A::Value {
    let zero = arithmetic.constant(F::ZERO);
    bits.iter().rev().fold(zero, |sum, &bit| arithmetic.scale_add(F::TWO, sum, bit))
}

/// Computes the wires that are not inputs.
#[derive(Clone, Debug)]
pub(crate) struct RelationGenerator<R> {
    relations: R,
    row: usize,
}

impl<R: Relations> SimpleGenerator<F, D> for RelationGenerator<R> {
    fn id(&self) -> String {
        format!("Velum{}Generator", R::NAME)
    }

    fn dependencies(&self) -> Vec<Target> {
        self.relations.inputs().into_iter().map(|wire| Target::wire(self.row, wire)).collect()
    }

    fn run_once(
        &self,
        witness: &PartitionWitness<'_, F>,
        out: &mut GeneratedValues<F>,
    ) -> Result<()> {
        let mut values =
            Values { witness, row: self.row, wires: Vec::new(), divided_by_zero: false };
        self.relations.state(&mut values);
        let Values { wires, divided_by_zero, .. } = values;
        ensure!(!divided_by_zero, "row {}: {} divides by zero", self.row, R::NAME);
        wires.into_iter().try_for_each(|(wire, value)| out.set_wire(wire, value))
    }

    fn serialize(&self, to: &mut Vec<u8>, _: &CommonCircuitData<F, D>) -> IoResult<()> {
        to.write_usize(self.relations.size())?;
        to.write_usize(self.row)
    }

    fn deserialize(from: &mut Buffer<'_>, _: &CommonCircuitData<F, D>) -> IoResult<Self> {
        Ok(Self { relations: R::of_size(from.read_usize()?), row: from.read_usize()? })
    }
}

/// The values of a row while they are computed.
struct Values<'a, 'b> {
    witness: &'a PartitionWitness<'b, F>,
    row: usize,
    wires: Vec<(Wire, F)>,
    divided_by_zero: bool,
}

impl Arithmetic for Values<'_, '_> {
    type Value = F;

    fn constant(&mut self, value: F) -> F {
        value
    }

    fn combine(&mut self, c0: F, x: F, y: F, c1: F, z: F) -> F {
        c0 * x * y + c1 * z
    }

    fn wire(&mut self, wire: usize) -> F {
        self.witness.get_wire(Wire { row: self.row, column: wire })
    }

    fn define(&mut self, wire: usize, value: F) -> F {
        self.wires.push((Wire { row: self.row, column: wire }, value));
        value
    }

    fn define_quotient(&mut self, wire: usize, numerator: [F; D], denominator: [F; D]) -> [F; D] {
        let [numerator, denominator] = [numerator, denominator].map(QuadraticExtension);
        self.divided_by_zero |= denominator == QuadraticExtension::ZERO;
        let quotient = numerator * denominator.try_inverse().unwrap_or_default();
        [self.define(wire, quotient.0[0]), self.define(wire + 1, quotient.0[1])]
    }

    fn define_bits(&mut self, wire: usize, count: usize, value: F) -> Vec<F> {
        let number = value.to_canonical_u64();
        (0..count)
            .map(|bit| self.define(wire + bit, F::from_bool(number >> bit & 1 == 1)))
            .collect()
    }

    fn zero(&mut self, _: F) {}
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bits::CanonicalBits;
    use crate::testing::{row, violated};

    /// The gate constrains each wire that holds a constant, whatever its relations are. These wires
    /// lie beside the wires of the relations.
    #[test]
    fn a_wire_that_holds_a_constant_holds_no_other() {
        let gate = RelationGate(CanonicalBits);
        let mut wires = row(&gate.0, |_| F::from_canonical_u64(77));
        wires.resize(gate.num_wires(), F::ZERO);
        assert!(violated(&gate.0, &wires).is_empty());
        for (constant, wire) in gate.extra_constant_wires() {
            wires[wire] = F::ONE;
            assert_eq!(violated(&gate.0, &wires), [gate.0.count() + constant]);
            wires[wire] = F::ZERO;
        }
        assert_eq!(gate.extra_constant_wires().len(), ROW_CONSTANTS);
    }
}
