//! FRI in a circuit, one query at a time: an entry of the batch folds, layer by layer, to the value of the final polynomial.

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

/// A layer.
pub(crate) struct Layer {
    pub(crate) tree: Tree,
    /// One for each fold.
    pub(crate) challenges: Vec<Extension>,
}

/// What was committed to of a codeword.
pub(crate) struct Layers {
    pub(crate) layers: Vec<Layer>,
    /// The lowest coefficient first.
    pub(crate) final_polynomial: Vec<Extension>,
}

impl Layers {
    /// Demands that the entry of this index of the first codeword has this value; `leaves` has a leaf of each layer.
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
