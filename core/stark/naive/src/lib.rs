//! A backend of `velum-stark` that computes everything in the most direct way.
//!
//! It interpolates and evaluates with textbook algorithms, replays the constraint program where
//! other backends run compiled chips, and hashes one row at a time. It is written from
//! `docs/proof-system.md` and `docs/formats.md` and uses the public interface only. It shares no
//! kernel with the CPU backend. If `velum_stark::testing::differential` finds no difference between
//! the two, each step does what the documents say.
//!
//! It is meant for tables of some hundred rows, and never for secrets, because it overwrites
//! nothing.

#![warn(missing_docs, unnameable_types, unreachable_pub)]

mod composition;
mod polynomial;
mod tree;

use std::convert::Infallible;
use std::sync::Arc;

use p3_field::{BasedVectorSpace, Field, PrimeCharacteristicRing, TwoAdicField};
use p3_matrix::Matrix;
use p3_matrix::dense::RowMajorMatrix;
use velum_stark::air::Chip;
use velum_stark::backend::{
    Backend, BatchInputs, Inspect, LayerQuery, LookupInputs, OpenedLayer, OpenedRows,
    QuotientInputs, SecretRows, Step, TreeQuery,
};
use velum_stark::control::Control;
use velum_stark::field::{EF, EXTENSION_DEGREE, F};
use velum_stark::program::Program;
use velum_stark::shape::{ACCUMULATOR, Point, QUOTIENT, Shape};
use velum_stark::{Digest, Salt, VerifierKey};

use crate::polynomial::{Coset, evaluate, interpolate, reverse_bits};
use crate::tree::Tree;

/// The backend.
#[derive(Clone, Copy, Debug, Default)]
pub struct Naive;

/// The verifier's key and its program.
pub struct Key {
    verifier: Arc<VerifierKey>,
    program: Program,
}

/// Columns and their tree.
pub struct Committed {
    /// The cells of each group's rows, if the columns were given by their cells.
    cells: Vec<RowMajorMatrix<F>>,
    /// The coefficients of each column of each group.
    coefficients: Vec<Vec<Vec<F>>>,
    /// The values of each column of each group on its evaluation domain, in natural order.
    values: Vec<Vec<Vec<F>>>,
    tree: Tree,
}

/// A codeword in bit-reversed order, and its layers.
pub struct Batch {
    domain: Coset,
    codeword: Vec<EF>,
    layers: Vec<(Vec<EF>, Tree)>,
}

impl Key {
    fn shape(&self) -> &Shape {
        self.verifier.shape()
    }

    fn log_blowup(&self) -> usize {
        self.verifier.parameters().log_blowup
    }

    /// The points of a group's rows.
    fn rows(&self, group: usize) -> Coset {
        Coset { shift: F::ONE, log_size: self.shape().groups[group].log_height }
    }

    /// The points at which a group's columns are committed to.
    fn evaluation_domain(&self, group: usize) -> Coset {
        let shift = F::GENERATOR.exp_power_of_2(self.shape().lift(group));
        Coset { shift, log_size: self.rows(group).log_size + self.log_blowup() }
    }

    fn active_rows(&self, group: usize) -> usize {
        self.rows(group).size() - self.verifier.parameters().blinding_rows
    }

    /// Commits to columns given by their coefficients.
    fn commit(&self, coefficients: Vec<Vec<Vec<F>>>, salts: &[Salt]) -> (Committed, Digest) {
        let values: Vec<Vec<Vec<F>>> = coefficients
            .iter()
            .enumerate()
            .map(|(group, columns)| {
                let domain = self.evaluation_domain(group);
                columns.iter().map(|column| domain.evaluate(column)).collect()
            })
            .collect();
        let matrices: Vec<_> = values.iter().map(|columns| bit_reversed_rows(columns)).collect();
        let tree = Tree::new(self.verifier.parameters().hash, &matrices, Some(salts));
        let root = tree.root();
        (Committed { cells: Vec::new(), coefficients, values, tree }, root)
    }

    /// Commits to columns given by their cells.
    fn commit_cells(&self, cells: Vec<RowMajorMatrix<F>>, salts: &[Salt]) -> (Committed, Digest) {
        let coefficients = cells.iter().enumerate().map(|(group, matrix)| {
            let rows = self.rows(group);
            columns(matrix).iter().map(|column| interpolate(&rows, column)).collect()
        });
        let (committed, root) = self.commit(coefficients.collect(), salts);
        (Committed { cells, ..committed }, root)
    }

    /// The point with this number, on the tallest group's domain.
    fn point(&self, point: usize, zeta: EF) -> EF {
        match self.shape().points[point] {
            Point::Row(offset) => {
                let row = F::two_adic_generator(self.shape().log_height());
                let row = if offset < 0 { row.inverse() } else { row };
                zeta * row.exp_u64(u64::from(offset.unsigned_abs()))
            }
            Point::Mask => zeta * F::GENERATOR,
        }
    }

    /// The value of a term's column at a point of its group.
    fn term_at(&self, trees: &[&Committed], term: usize, point: EF) -> EF {
        let term = self.shape().terms[term];
        let columns =
            &trees[term.tree].coefficients[term.group][term.column..][..term.base_columns()];
        let values: Vec<EF> = columns.iter().map(|column| evaluate(column, point)).collect();
        values.iter().enumerate().map(|(i, &value)| value * basis(i)).sum()
    }
}

/// An element of the extension field's basis over the base field.
fn basis(index: usize) -> EF {
    EF::from_basis_coefficients_fn(|i| F::from_bool(i == index))
}

fn columns(matrix: &RowMajorMatrix<F>) -> Vec<Vec<F>> {
    let column = |column| {
        (0..matrix.height()).map(|row| matrix.values[row * matrix.width + column]).collect()
    };
    (0..matrix.width).map(column).collect()
}

fn from_columns(columns: &[Vec<F>], row: impl Fn(usize) -> usize) -> RowMajorMatrix<F> {
    let height = columns.first().map_or(0, Vec::len);
    let cells = (0..height).flat_map(|index| {
        let row = row(index);
        columns.iter().map(move |column| column[row])
    });
    RowMajorMatrix::new(cells.collect(), columns.len())
}

fn bit_reversed_rows(columns: &[Vec<F>]) -> RowMajorMatrix<F> {
    let log_size = columns.first().map_or(0, |column| column.len().ilog2() as usize);
    from_columns(columns, |row| reverse_bits(row, log_size))
}

/// A column of the extension field as columns of the base field.
fn base_columns(column: &[EF]) -> [Vec<F>; EXTENSION_DEGREE] {
    let coefficient = |value: &EF, i: usize| {
        let coefficients: &[F] = value.as_basis_coefficients_slice();
        coefficients[i]
    };
    std::array::from_fn(|i| column.iter().map(|value| coefficient(value, i)).collect())
}

impl Backend for Naive {
    type Key = Key;
    type Committed = Committed;
    type Batch = Batch;
    type Error = Infallible;

    async fn prepare<C: Chip>(
        &self,
        key: &Arc<VerifierKey>,
        chips: &[C],
        _control: &Control<'_>,
    ) -> Step<Key, Infallible> {
        Ok(Key { verifier: key.clone(), program: key.program(chips) })
    }

    async fn commit_main(
        &self,
        key: &Key,
        rows: SecretRows,
        salts: &[Salt],
        _control: &Control<'_>,
    ) -> Step<(Committed, Digest), Infallible> {
        Ok(key.commit_cells(rows.groups().to_vec(), salts))
    }

    async fn commit_lookups<C: Chip>(
        &self,
        key: &Key,
        main: &mut Committed,
        inputs: LookupInputs<'_, C>,
        _control: &Control<'_>,
    ) -> Step<(Committed, Digest, Vec<EF>), Infallible> {
        let mut terminals = Vec::new();
        let mut matrices = Vec::new();
        let public = composition::public_columns(inputs.tables);
        for group in 0..key.shape().groups.len() {
            let fractions =
                |row| key.fractions(group, row, &main.cells, &public, &inputs.challenges);
            let (active, height) = (key.active_rows(group), key.rows(group).size());
            let blinding = &inputs.blinding.groups()[group];
            let mut lookup = vec![Vec::with_capacity(height); blinding.width / EXTENSION_DEGREE];
            let mut sum = EF::ZERO;
            for row in 0..active {
                lookup[ACCUMULATOR].push(sum);
                for (column, value) in
                    lookup[1..].iter_mut().zip(key.batches(group, &fractions(row)))
                {
                    column.push(value);
                    sum += value;
                }
            }
            terminals.push(sum);
            lookup.iter_mut().for_each(|column| column.resize(height, EF::ZERO));
            let mut base: Vec<Vec<F>> =
                lookup.iter().flat_map(|column| base_columns(column)).collect();
            for (row, cells) in (active..).zip(blinding.rows()) {
                base.iter_mut().zip(cells).for_each(|(column, cell)| column[row] = cell);
            }
            matrices.push(from_columns(&base, |row| row));
        }
        let (committed, root) = key.commit_cells(matrices, inputs.salts);
        Ok((committed, root, terminals))
    }

    async fn commit_quotient<C: Chip>(
        &self,
        key: &Key,
        main_and_lookup: [&Committed; 2],
        inputs: QuotientInputs<'_, C>,
        _control: &Control<'_>,
    ) -> Step<(Committed, Digest), Infallible> {
        let shape = key.shape();
        let domain = key.evaluation_domain(0);
        let mut quotient = interpolate(&domain, &key.quotient(main_and_lookup, &inputs));
        let len = shape.chunks * shape.chunk_len;
        // A quotient of higher degree is not valid: the trace is wrong, and so is the proof.
        quotient.truncate(len);
        quotient.resize(len, EF::ZERO);

        let blinding = inputs.blinding;
        for (power, &mask) in blinding.mask.iter().enumerate() {
            quotient[power] += mask * F::GENERATOR.exp_u64(power as u64);
        }
        let height = shape.groups[0].height();
        let mut chunks: Vec<Vec<EF>> =
            quotient.chunks(shape.chunk_len).map(<[EF]>::to_vec).collect();
        chunks.iter_mut().for_each(|chunk| chunk.resize(height, EF::ZERO));
        for (chunk, blinding) in blinding.chunks.iter().enumerate() {
            for (power, &t) in blinding.iter().enumerate() {
                chunks[chunk][shape.chunk_len + power] += t;
                chunks[chunk + 1][power] -= t;
            }
        }
        chunks.extend([blinding.mask.to_vec(), blinding.fri_mask.to_vec()]);
        let columns = chunks.iter().flat_map(|column| base_columns(column)).collect();
        Ok(key.commit(vec![columns], inputs.salts))
    }

    async fn open(
        &self,
        key: &Key,
        trees: &[&Committed],
        zeta: EF,
        _control: &Control<'_>,
    ) -> Step<Vec<EF>, Infallible> {
        let shape = key.shape();
        let value =
            |(index, term): (usize, &velum_stark::shape::Term)| match shape.points[term.point] {
                Point::Mask => EF::ZERO,
                Point::Row(_) => {
                    let point = key.point(term.point, zeta).exp_power_of_2(shape.lift(term.group));
                    key.term_at(trees, index, point)
                }
            };
        Ok(shape.terms.iter().enumerate().map(value).collect())
    }

    async fn batch(
        &self,
        key: &Key,
        trees: &[&Committed],
        inputs: BatchInputs<'_>,
        _control: &Control<'_>,
    ) -> Step<Batch, Infallible> {
        let (shape, domain) = (key.shape(), key.evaluation_domain(0));
        let group_values = |tree: usize, group: usize, column: usize, index: usize| {
            let values = &trees[tree].values[group][column];
            values[index % values.len()]
        };
        let mut codeword = Vec::with_capacity(domain.size());
        for entry in 0..domain.size() {
            let index = reverse_bits(entry, domain.log_size);
            let x = EF::from(domain.point(index));
            // The mask of FRI is the last column of the quotient tree.
            let mask = shape.groups[0].widths[QUOTIENT] - EXTENSION_DEGREE;
            let mut sum: EF = (0..EXTENSION_DEGREE)
                .map(|i| basis(i) * group_values(QUOTIENT, 0, mask + i, index))
                .sum();
            for ((term, &value), &weight) in
                shape.terms.iter().zip(inputs.values).zip(inputs.weights)
            {
                let cell: EF = (0..term.base_columns())
                    .map(|i| basis(i) * group_values(term.tree, term.group, term.column + i, index))
                    .sum();
                sum += weight * (cell - value) * (x - key.point(term.point, inputs.zeta)).inverse();
            }
            codeword.push(sum);
        }
        Ok(Batch { domain, codeword, layers: Vec::new() })
    }

    async fn commit_layer(
        &self,
        key: &Key,
        batch: &mut Batch,
        log_arity: usize,
    ) -> Step<Digest, Infallible> {
        let elements: Vec<F> = batch
            .codeword
            .iter()
            .flat_map(|value| -> Vec<F> { value.as_basis_coefficients_slice().to_vec() })
            .collect();
        let leaves = RowMajorMatrix::new(elements, EXTENSION_DEGREE << log_arity);
        let tree = Tree::new(key.verifier.parameters().hash, &[leaves], None);
        let root = tree.root();
        batch.layers.push((batch.codeword.clone(), tree));
        Ok(root)
    }

    async fn fold(&self, _key: &Key, batch: &mut Batch, challenges: &[EF]) -> Step<(), Infallible> {
        for &challenge in challenges {
            let Coset { shift, log_size } = batch.domain;
            let folded = batch.codeword.chunks(2).enumerate().map(|(pair, values)| {
                let x = batch.domain.point(reverse_bits(2 * pair, log_size));
                let even = (values[0] + values[1]) * F::TWO.inverse();
                let odd = (values[0] - values[1]) * (F::TWO * x).inverse();
                even + challenge * odd
            });
            batch.codeword = folded.collect();
            batch.domain = Coset { shift: shift.square(), log_size: log_size - 1 };
        }
        Ok(())
    }

    async fn final_polynomial(&self, key: &Key, batch: &mut Batch) -> Step<Vec<EF>, Infallible> {
        let log_size = batch.domain.log_size;
        let values: Vec<EF> = (0..batch.domain.size())
            .map(|index| batch.codeword[reverse_bits(index, log_size)])
            .collect();
        let mut coefficients = interpolate(&batch.domain, &values);
        coefficients.truncate(coefficients.len() >> key.log_blowup());
        Ok(coefficients)
    }

    async fn rows(
        &self,
        _key: &Key,
        tree: &Committed,
        query: &TreeQuery,
        _control: &Control<'_>,
    ) -> Step<OpenedRows, Infallible> {
        let group = |(columns, rows): (&Vec<Vec<F>>, &Vec<usize>)| {
            let matrix = bit_reversed_rows(columns);
            rows.iter()
                .flat_map(|&row| matrix.values[row * matrix.width..][..matrix.width].to_vec())
                .collect()
        };
        Ok(OpenedRows {
            groups: tree.values.iter().zip(&query.rows).map(group).collect(),
            nodes: tree.tree.nodes(&query.nodes),
        })
    }

    async fn layer(
        &self,
        _key: &Key,
        batch: &Batch,
        layer: usize,
        query: &LayerQuery,
    ) -> Step<OpenedLayer, Infallible> {
        let (codeword, tree) = &batch.layers[layer];
        Ok(OpenedLayer {
            values: query.entries.iter().map(|&entry| codeword[entry]).collect(),
            nodes: tree.nodes(&query.nodes),
        })
    }
}

impl Inspect for Naive {
    async fn evaluations(
        &self,
        _key: &Key,
        tree: &Committed,
    ) -> Step<Vec<RowMajorMatrix<F>>, Infallible> {
        Ok(tree.values.iter().map(|columns| bit_reversed_rows(columns)).collect())
    }

    async fn codeword(&self, _key: &Key, batch: &Batch) -> Step<Vec<EF>, Infallible> {
        Ok(batch.codeword.clone())
    }
}
