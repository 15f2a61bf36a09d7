//! FRI in a circuit, one query at a time. An entry of the batch is folded, layer by layer, down to
//! a value of the final polynomial.

use std::collections::BTreeMap;

use p3_field::{Field, PrimeCharacteristicRing};
use plonky2::iop::target::BoolTarget;
use plonky2::util::reducing::ReducingFactorTarget;

use crate::field::{Builder, Extension, embed};
use crate::fold::fold;
use crate::merkle::Tree;
use crate::points::{inverse_of_first, point};
use crate::poseidon2::leaf;
use crate::proof::LeafTargets;

/// A layer of FRI.
pub(crate) struct Layer {
    pub(crate) tree: Tree,
    /// One challenge for each fold.
    pub(crate) challenges: Vec<Extension>,
}

/// The layers that FRI commits to for a codeword, and the final polynomial.
pub(crate) struct Layers {
    pub(crate) layers: Vec<Layer>,
    /// The coefficients, the lowest first.
    pub(crate) final_polynomial: Vec<Extension>,
}

impl Layers {
    /// Constrains one query. `value` is the entry of the first codeword at `index`, and `leaves`
    /// has one leaf of each layer.
    ///
    /// * In each layer, the value is at its place in the layer's leaf. The leaf is in the layer's
    ///   tree, and folds to the value for the next layer.
    /// * The value after the last layer is the value of the final polynomial.
    pub(crate) fn check(
        &self,
        builder: &mut Builder,
        index: &[BoolTarget],
        mut value: Extension,
        leaves: &[LeafTargets],
    ) {
        let (mut index, mut shift) = (index, velum_stark::field::F::GENERATOR);
        for (Layer { tree, challenges }, LeafTargets { values, path }) in
            self.layers.iter().zip(leaves)
        {
            let arity = challenges.len();
            let (within, above) = index.split_at(arity);
            let place = builder.le_sum(within.iter());
            let known = builder.random_access_extension(place, values.clone());
            builder.connect_extension(known, value);

            let elements: Vec<_> = values.iter().flat_map(|value| value.0).collect();
            let rows = BTreeMap::from([(above.len(), leaf(builder, &elements))]);
            tree.check(builder, above, &rows, path);

            let inverse = inverse_of_first(builder, shift, index, arity);
            value = fold(builder, inverse, challenges, values);
            (index, shift) = (above, shift.exp_power_of_2(arity));
        }
        let x = point(builder, shift, index);
        let x = embed(builder, x);
        let expected = ReducingFactorTarget::new(x).reduce(&self.final_polynomial, builder);
        builder.connect_extension(expected, value);
    }
}
