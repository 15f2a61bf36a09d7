//! The circuit that verifies a proof, in the order of `docs/proof-system.md`.
//!
//! Everything that the key determines is a constant of the circuit: shape, parameters, fixed
//! columns, constraints and the key's hash. The caller provides the statement, both as the bytes
//! that the transcript starts with and as the cells of public columns. Everything else is a
//! witness, and the checks in this module bind it.

use std::collections::BTreeMap;

use p3_field::Field as _;
use plonky2::field::types::Field;
use plonky2::iop::target::{BoolTarget, Target};
use velum_stark::air::Chip;
use velum_stark::field::PACKED_BYTES;
use velum_stark::program::{Input, Program};
use velum_stark::shape::{LOOKUP, MAIN, Point, QUOTIENT, Term};
use velum_stark::{HashFunction, VerifierKey};

use crate::batch::Batch;
use crate::composition::composition;
use crate::domain::Domain;
use crate::error::KeyError;
use crate::field::{Builder, Extension, F, element};
use crate::fold::MAX_LOG_ARITY;
use crate::fri::{Layer, Layers};
use crate::merkle::Tree;
use crate::points::point;
use crate::poseidon2::leaf;
use crate::proof::{ProofTargets, QueryTargets};
use crate::transcript::Transcript;

/// Builds circuits that verify proofs under one key.
pub struct StarkVerifier<'a> {
    key: &'a VerifierKey,
    program: Program,
}

/// The cells of the public columns of each table, by table, column and row.
/// [`TableShape::publics`](velum_stark::shape::TableShape) is the number of public columns.
pub type PublicTargets = Vec<Vec<Vec<Target>>>;

/// Number of bytes of the length that precedes what a proof is bound to.
const LENGTH: usize = 8;

/// Number of zero bytes after this length, so that what follows them starts at the beginning of an
/// element.
const PADDING: usize = (LENGTH + 1).next_multiple_of(PACKED_BYTES) - LENGTH;

/// The elements of what a proof is bound to. `bound` must start with zeros that pad the length
/// before it to whole elements, and the rest of `bound` must fill whole elements. The result does
/// not include the zeros. `None` if `bound` has another form.
pub fn bound_elements(bound: &[u8]) -> Option<Vec<F>> {
    let (padding, rest) = bound.split_at_checked(PADDING)?;
    let is_whole = rest.len().is_multiple_of(PACKED_BYTES);
    (is_whole && padding.iter().all(|&byte| byte == 0)).then(|| packed(rest))
}

fn packed(bytes: &[u8]) -> Vec<F> {
    velum_stark::field::pack(bytes).map(element).collect()
}

/// The challenges of a proof.
pub(crate) struct Challenges {
    pub(crate) gamma: Extension,
    pub(crate) beta: Extension,
    pub(crate) alpha: Extension,
    pub(crate) zeta: Extension,
    pub(crate) batching: Vec<Extension>,
    pub(crate) folding: Vec<Vec<Extension>>,
    /// The bits of each query's index.
    pub(crate) queries: Vec<Vec<BoolTarget>>,
}

#[cfg(test)]
impl Challenges {
    /// All challenges except the queries, in the order in which they are drawn.
    pub(crate) fn extensions(&self) -> Vec<Extension> {
        let Self { gamma, beta, alpha, zeta, batching, folding, .. } = self;
        [&[*gamma, *beta, *alpha, *zeta], &batching[..], &folding.concat()].concat()
    }
}

impl<'a> StarkVerifier<'a> {
    /// The verifier of proofs under `key`. `chips` may be any chips from which the key can be made.
    ///
    /// # Errors
    /// Returns [`KeyError`] if proofs under the key are not meant for circuits.
    pub fn new<C: Chip>(key: &'a VerifierKey, chips: &[C]) -> Result<Self, KeyError> {
        let parameters = key.parameters();
        if parameters.hash != HashFunction::Poseidon2 {
            return Err(KeyError::Hash);
        }
        if parameters.max_log_arity > MAX_LOG_ARITY {
            return Err(KeyError::Arity {
                log_arity: parameters.max_log_arity,
                most: MAX_LOG_ARITY,
            });
        }
        Ok(Self { key, program: key.program(chips) })
    }

    /// Adds the circuit to `builder`, and returns the targets of the proof that it verifies.
    ///
    /// `bound` has the elements that [`bound_elements`] returns, with which the transcript starts.
    /// `public` has the cells of public columns. The caller must ensure that both belong to one
    /// statement.
    pub fn build(
        &self,
        builder: &mut Builder,
        bound: &[Target],
        public: &PublicTargets,
    ) -> ProofTargets {
        self.build_counted(builder, bound, public).0
    }

    /// Like [`build`](Self::build), and also returns the number of rows that each part of the
    /// circuit takes.
    pub fn build_counted(
        &self,
        builder: &mut Builder,
        bound: &[Target],
        public: &PublicTargets,
    ) -> (ProofTargets, Rows) {
        let mut rows = Rows::new(builder);
        let proof = ProofTargets::new(builder, self.key);
        let challenges = self.challenges(builder, bound, &proof);
        rows.count(builder, "transcript");
        self.check(builder, &challenges, &proof, public, &mut rows);
        (proof, rows)
    }

    /// Constrains everything about a proof except how its challenges are drawn and the proofs of
    /// work before them:
    ///
    /// * The terminals sum up to zero.
    /// * The constraints hold at the out-of-domain point.
    /// * In each query, the opened rows are those committed to, and the batch at these rows folds
    ///   to the final polynomial.
    pub(crate) fn check(
        &self,
        builder: &mut Builder,
        challenges: &Challenges,
        proof: &ProofTargets,
        public: &PublicTargets,
        rows: &mut Rows,
    ) {
        let said = &proof.commitments;
        let sum = builder.add_many_extension(&said.terminals);
        let zero = builder.zero_extension();
        builder.connect_extension(sum, zero);
        self.check_identity(builder, challenges, proof, public, rows);
        let batch =
            Batch::new(builder, self.key, challenges.zeta, &said.values, &challenges.batching);
        rows.count(builder, "batch, once");
        let (trees, layers) = self.trees(builder, challenges, proof);
        rows.count(builder, "caps");
        for (index, query) in challenges.queries.iter().zip(&proof.queries) {
            self.check_rows(builder, &trees, index, query);
            rows.count(builder, "trees");
            let x = point(builder, velum_stark::field::F::GENERATOR, index);
            let cells: Vec<_> = query.trees.iter().map(|tree| tree.rows.clone()).collect();
            let value = batch.at(builder, x, &cells);
            rows.count(builder, "batch");
            layers.check(builder, index, value, &query.leaves);
            rows.count(builder, "FRI");
        }
    }

    /// The elements that the transcript starts with: the number of bytes, the length of `bound` in
    /// bytes, `bound`, and the hash of the key.
    fn prefix(&self, builder: &mut Builder, bound: &[Target]) -> Vec<Target> {
        let bytes = PADDING + bound.len() * PACKED_BYTES;
        let hash = self.key.hash();
        let count = F::from_canonical_usize(LENGTH + bytes + hash.len());
        let mut length = (bytes as u64).to_le_bytes().to_vec();
        length.resize(LENGTH + PADDING, 0);
        let before = [vec![count], packed(&length)].concat();
        [builder.constants(&before), bound.to_vec(), builder.constants(&packed(hash))].concat()
    }

    /// Draws the challenges of a proof, and constrains the proofs of work before them.
    pub(crate) fn challenges(
        &self,
        builder: &mut Builder,
        bound: &[Target],
        proof: &ProofTargets,
    ) -> Challenges {
        let (parameters, shape, said) =
            (self.key.parameters(), self.key.shape(), &proof.commitments);
        let prefix = self.prefix(builder, bound);
        let mut transcript = Transcript::new(builder, &prefix);

        transcript.absorb_digest(builder, &said.roots[MAIN]);
        transcript.check_grinding(builder, parameters.lookup_grinding_bits, said.lookup_nonce);
        let [gamma, beta] = [(); 2].map(|()| transcript.challenge(builder));

        transcript.absorb_digest(builder, &said.roots[LOOKUP]);
        transcript.absorb(builder, &said.terminals);
        let alpha = transcript.challenge(builder);

        transcript.absorb_digest(builder, &said.roots[QUOTIENT]);
        transcript.check_grinding(builder, parameters.ood_grinding_bits, said.ood_nonce);
        let zeta = transcript.challenge(builder);

        transcript.absorb(builder, &said.values);
        transcript.check_grinding(builder, parameters.batch_grinding_bits, said.batch_nonce);
        let batching =
            (0..shape.batching_challenges()).map(|_| transcript.challenge(builder)).collect();

        let mut folding = Vec::with_capacity(said.layers.len());
        for (layer, arity) in said.layers.iter().zip(parameters.folding(shape.log_height())) {
            transcript.absorb_digest(builder, &layer.root);
            transcript.check_grinding(builder, parameters.folding_grinding_bits, layer.nonce);
            folding.push((0..arity).map(|_| transcript.challenge(builder)).collect());
        }

        transcript.absorb(builder, &said.final_polynomial);
        transcript.check_grinding(builder, parameters.query_grinding_bits, said.query_nonce);
        let bits = self.key.log_codeword();
        let queries = (0..parameters.queries).map(|_| transcript.index(builder, bits)).collect();
        Challenges { gamma, beta, alpha, zeta, batching, folding, queries }
    }

    /// Constrains the composition and the quotient to be equal at the out-of-domain point.
    fn check_identity(
        &self,
        builder: &mut Builder,
        challenges: &Challenges,
        proof: &ProofTargets,
        public: &PublicTargets,
        rows: &mut Rows,
    ) {
        let (shape, values) = (self.key.shape(), &proof.commitments.values);
        let domains: Vec<_> = (0..shape.groups.len())
            .map(|group| {
                let point = builder.exp_power_of_2_extension(challenges.zeta, shape.lift(group));
                let blinding_rows = self.key.parameters().blinding_rows;
                Domain::new(builder, shape.groups[group].log_height, blinding_rows, point)
            })
            .collect();
        let mut inputs = self.fixed(builder, &domains);
        rows.count(builder, "fixed columns");
        let opened = self.opened(values);
        for input in self.program.inputs() {
            let value = match *input {
                Input::Fixed { .. } => continue,
                Input::Main { .. } | Input::Lookup { .. } => opened[input],
                Input::Public { table, column } => {
                    domains[shape.tables[table].group].public(builder, &public[table][column])
                }
                Input::First { group } => domains[group].first(builder),
                Input::Last { group } => domains[group].last(builder),
                Input::Transition { group } => domains[group].transition(builder),
                Input::Interior { group, before, after } => {
                    domains[group].interior(builder, before, after)
                }
                Input::InverseZerofier { group } => domains[group].inverse_zerofier(builder),
                Input::Terminal { group } => proof.commitments.terminals[group],
                Input::Gamma => challenges.gamma,
                Input::Beta => challenges.beta,
                Input::Alpha => challenges.alpha,
            };
            inputs.insert(*input, value);
        }
        rows.count(builder, "public columns and selectors");
        let composition = composition(builder, &self.program, &inputs);
        let quotient = self.quotient(builder, challenges.zeta, values);
        builder.connect_extension(composition, quotient);
        rows.count(builder, "constraints");
    }

    /// The values of all cells of fixed columns that the program reads.
    fn fixed(&self, builder: &mut Builder, domains: &[Domain]) -> BTreeMap<Input, Extension> {
        let mut inputs = BTreeMap::new();
        for (table, shape) in self.key.shape().tables.iter().enumerate() {
            let window: Vec<_> = self
                .program
                .inputs()
                .iter()
                .filter_map(|input| match *input {
                    Input::Fixed { table: other, column, offset } if other == table => {
                        Some((column, offset))
                    }
                    _ => None,
                })
                .collect();
            let columns: Vec<Vec<F>> = self
                .key
                .fixed_columns(table)
                .iter()
                .map(|column| column.iter().map(|&cell| element(cell)).collect())
                .collect();
            let values = domains[shape.group].fixed(builder, &columns, &window);
            inputs.extend(
                values.into_iter().map(|((column, offset), value)| {
                    (Input::Fixed { table, column, offset }, value)
                }),
            );
        }
        inputs
    }

    /// The out-of-domain values, by the input of the program that each of them is.
    fn opened(&self, values: &[Extension]) -> BTreeMap<Input, Extension> {
        let shape = self.key.shape();
        let input =
            |&Term { tree, group, column, point, .. }: &Term| match (tree, shape.points[point]) {
                (MAIN, Point::Row(offset)) => Some(Input::Main { group, column, offset }),
                (LOOKUP, Point::Row(offset)) => Some(Input::Lookup {
                    group,
                    column: column / velum_stark::field::EXTENSION_DEGREE,
                    offset,
                }),
                _ => None,
            };
        let terms = shape.terms.iter().zip(values);
        terms.filter_map(|(term, &value)| Some((input(term)?, value))).collect()
    }

    /// The quotient, put together from its chunks, minus its mask.
    fn quotient(&self, builder: &mut Builder, zeta: Extension, values: &[Extension]) -> Extension {
        let shape = self.key.shape();
        let mut of_quotient =
            shape.terms.iter().zip(values).filter(|(term, _)| term.tree == QUOTIENT);
        let chunks: Vec<_> =
            of_quotient.by_ref().take(shape.chunks).map(|(_, &value)| value).collect();
        let step = builder.exp_u64_extension(zeta, shape.chunk_len as u64);
        let zero = builder.zero_extension();
        let sum =
            chunks.iter().rfold(zero, |sum, &chunk| builder.mul_add_extension(sum, step, chunk));
        // The term after the chunks is the mask. There is only one.
        of_quotient.fold(sum, |sum, (_, &mask)| builder.sub_extension(sum, mask))
    }

    fn trees(
        &self,
        builder: &mut Builder,
        challenges: &Challenges,
        proof: &ProofTargets,
    ) -> (Vec<Tree>, Layers) {
        let (said, mut height) = (&proof.commitments, self.key.log_codeword());
        let roots = said.roots.iter().zip(&proof.caps);
        let trees =
            roots.map(|(&root, cap)| Tree::new(builder, height, root, cap.clone())).collect();
        let mut layers = Vec::with_capacity(said.layers.len());
        for (layer, challenges) in said.layers.iter().zip(&challenges.folding) {
            height -= challenges.len();
            let tree = Tree::new(builder, height, layer.root, layer.cap.clone());
            layers.push(Layer { tree, challenges: challenges.clone() });
        }
        (trees, Layers { layers, final_polynomial: said.final_polynomial.clone() })
    }

    /// Constrains the rows of a query to be those that were committed to.
    fn check_rows(
        &self,
        builder: &mut Builder,
        trees: &[Tree],
        index: &[BoolTarget],
        query: &QueryTargets,
    ) {
        let groups = &self.key.shape().groups;
        for (tree, opened) in trees.iter().zip(&query.trees) {
            let mut rows = BTreeMap::new();
            for (number, (group, cells)) in groups.iter().zip(&opened.rows).enumerate() {
                if cells.is_empty() {
                    continue;
                }
                let salt = if number == 0 { &opened.salt[..] } else { &[] };
                let height = group.log_height + self.key.parameters().log_blowup;
                rows.insert(height, leaf(builder, &[salt, cells].concat()));
            }
            tree.check(builder, index, &rows, &opened.path);
        }
    }
}

/// The number of rows that each part of a circuit takes, with the parts in order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rows {
    counted: usize,
    parts: Vec<(&'static str, usize)>,
}

impl Rows {
    pub(crate) fn new(builder: &Builder) -> Self {
        Self { counted: builder.num_gates(), parts: Vec::new() }
    }

    /// Attributes all rows that were added since the last call to a part.
    pub(crate) fn count(&mut self, builder: &Builder, part: &'static str) {
        let rows = builder.num_gates() - self.counted;
        self.counted = builder.num_gates();
        match self.parts.iter_mut().find(|(name, _)| *name == part) {
            Some((_, counted)) => *counted += rows,
            None => self.parts.push((part, rows)),
        }
    }

    /// The number of rows of all parts together.
    pub fn total(&self) -> usize {
        self.parts.iter().map(|(_, rows)| rows).sum()
    }

    /// The name and the number of rows of each part.
    pub fn parts(&self) -> &[(&'static str, usize)] {
        &self.parts
    }
}
