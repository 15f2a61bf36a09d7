//! Out-of-domain values, the batch, and what the queries open.

use std::sync::Arc;

use bytemuck::{Pod, Zeroable};
use p3_field::{BasedVectorSpace, Field, PrimeCharacteristicRing, TwoAdicField};
use velum_stark::backend::{
    BatchInputs, LayerQuery, NodePosition, OpenedLayer, OpenedRows, TreeQuery,
};
use velum_stark::control::Control;
use velum_stark::field::{EF, EXTENSION_DEGREE, F};
use velum_stark::shape::{Point, QUOTIENT};
use zeroize::Zeroizing;

use crate::backend::{Batch, Committed, WebGpu};
use crate::device::GpuError;
use crate::kernels::Kernel;
use crate::key::GpuKey;
use crate::matrix::{Place, Words, elements, elements_x, words, words_x};
use crate::memory::{Buffer, ELEMENT};
use crate::recorder::Recorder;
use crate::transform::{Columns, Form};
use crate::tree::{DIGEST, Tree};

#[repr(C)]
#[derive(Clone, Copy, Pod, Zeroable)]
pub(crate) struct Points {
    point: [u32; 4],
    shift: Words,
    pub(crate) log_height: u32,
    log_roots: u32,
    to: u32,
    pub(crate) kind: u32,
    unused: [u32; 2],
}

/// What is computed from a point and a row, as the kernel numbers it.
pub(crate) const WEIGHTS: u32 = 0;
const DENOMINATORS: u32 = 1;

#[repr(C)]
#[derive(Clone, Copy, Pod, Zeroable)]
pub(crate) struct Evaluate {
    pub(crate) log_height: u32,
    of_column: u32,
    first: u32,
    to: u32,
    weights: u32,
    unused: [u32; 3],
}

#[repr(C)]
#[derive(Clone, Copy, Pod, Zeroable)]
pub(crate) struct Numerators {
    pub(crate) log_height: u32,
    of_main: u32,
    of_lookup: u32,
    of_quotient: u32,
    pub(crate) first: u32,
    to: u32,
    unused: [u32; 2],
}

#[repr(C)]
#[derive(Clone, Copy, Pod, Zeroable)]
pub(crate) struct Quotients {
    pub(crate) log_height: u32,
    pub(crate) points: u32,
    mask: [u32; 2],
}

/// A point of the batch.
#[repr(C)]
#[derive(Clone, Copy, Pod, Zeroable)]
struct PointOf {
    claimed: [u32; 4],
    offset: u32,
    table: u32,
    first: u32,
    end: u32,
}

#[repr(C)]
#[derive(Clone, Copy, Pod, Zeroable)]
pub(crate) struct Gather {
    pub(crate) count: u32,
    to: u32,
    first: u32,
    unused: u32,
}

impl WebGpu {
    /// Records the computation of `kind` for a point and all rows of a group.
    fn at_point(
        &self,
        recorder: &mut Recorder<'_>,
        key: &GpuKey,
        (group, point): (usize, EF),
        kind: u32,
        (to, first): (&Buffer, usize),
    ) {
        let of_group = &key.groups[group];
        let parameters = Points {
            point: words_x(point),
            shift: words(of_group.shift),
            log_height: of_group.log_height as u32,
            log_roots: key.roots.log_order as u32,
            to: first as u32,
            kind,
            unused: [0; 2],
        };
        let workgroups = (1_u64 << of_group.log_height).div_ceil(64);
        recorder.run(Kernel::AtPoint, &parameters, &[&key.roots.buffer, to], workgroups);
    }

    /// The values of all terms at the out-of-domain points.
    pub(crate) async fn values(
        &self,
        key: &GpuKey,
        trees: &[&Committed],
        zeta: EF,
        control: &Control<'_>,
    ) -> Result<Vec<EF>, GpuError> {
        let gpu = &self.0;
        let (shape, openings) = (key.shape(), &key.openings);
        let mut recorder = Recorder::under(gpu, control);
        let heights = key.groups.iter().map(|group| EXTENSION_DEGREE << group.log_height);
        let firsts: Vec<usize> =
            heights.scan(0, |next, size| Some(std::mem::replace(next, *next + size))).collect();
        let all: usize = key.groups.iter().map(|group| EXTENSION_DEGREE << group.log_height).sum();
        let weights = gpu.0.pool.public(all as u64);
        for (group, &first) in firsts.iter().enumerate() {
            let point = zeta.exp_power_of_2(shape.lift(group));
            self.at_point(&mut recorder, key, (group, point), WEIGHTS, (&weights, first));
        }
        let values = gpu.0.pool.public((EXTENSION_DEGREE * openings.terms.len()) as u64);
        for &(tree, group, first, count) in &openings.ranges {
            let (cells, place) = trees[tree].groups[group].coset(0);
            let parameters = Evaluate {
                log_height: key.groups[group].log_height as u32,
                of_column: place.column,
                first: first as u32,
                to: first as u32,
                weights: firsts[group] as u32,
                unused: [0; 3],
            };
            let buffers = [cells, &weights, &openings.columns, &values];
            recorder.run_grid(Kernel::Evaluate, &parameters, &buffers, [count as u32, 1]);
        }
        let bytes = values.size();
        let sums = elements_x(&recorder.read(&values, bytes).await?);
        // The factor that the weights lack: `(point^N - shift^N) / (N shift^N)`.
        let factors: Vec<EF> = (0..key.groups.len())
            .map(|group| {
                let of_group = &key.groups[group];
                let point = zeta.exp_power_of_2(shape.lift(group) + of_group.log_height);
                let shift = of_group.shift.exp_power_of_2(of_group.log_height);
                (point - shift) * (shift * F::from_usize(1 << of_group.log_height)).inverse()
            })
            .collect();
        let mut opened = vec![EF::ZERO; shape.terms.len()];
        for (&(term, coefficient), &sum) in openings.terms.iter().zip(&sums) {
            opened[term] += sum * factors[shape.terms[term].group] * basis(coefficient);
        }
        Ok(opened)
    }

    /// The codeword that FRI folds.
    pub(crate) fn batched(
        &self,
        key: &GpuKey,
        trees: &[&Committed],
        inputs: BatchInputs<'_>,
    ) -> Result<Batch, GpuError> {
        let gpu = &self.0;
        let BatchInputs { values, weights, zeta } = inputs;
        let (shape, openings) = (key.shape(), &key.openings);
        let mut recorder = Recorder::new(gpu);
        let log_height = shape.log_height();
        let height = 1_usize << log_height;

        // Since `x - zeta g^i = g^i (x g^-i - zeta)`, the weights have the factor `g^-i`.
        let row = F::two_adic_generator(log_height);
        let factor = |term: usize| match shape.points[shape.terms[term].point] {
            Point::Row(offset) if offset < 0 => row.exp_u64(offset.unsigned_abs().into()),
            Point::Row(offset) => row.inverse().exp_u64(offset.unsigned_abs().into()),
            Point::Mask => F::ONE,
        };
        let weights: Vec<EF> =
            weights.iter().enumerate().map(|(term, &weight)| weight * factor(term)).collect();
        // The sums of each group at each of its points.
        let of_cells: Vec<EF> = openings
            .cell_terms
            .iter()
            .map(|&(term, coefficient)| weights[term] * basis(coefficient))
            .collect();
        let weights_buffer = gpu.0.pool.public((EXTENSION_DEGREE * of_cells.len()) as u64);
        gpu.write_x(&weights_buffer, 0, &of_cells);
        let sizes = openings.by_point.iter().zip(&key.groups);
        let sizes = sizes
            .map(|(points, group)| points.points.len() * (EXTENSION_DEGREE << group.log_height));
        let firsts: Vec<usize> = sizes
            .clone()
            .scan(0, |next, size| Some(std::mem::replace(next, *next + size)))
            .collect();
        let numerators = gpu.0.pool.secret(sizes.sum::<usize>() as u64);
        for (group, points) in openings.by_point.iter().enumerate() {
            let coset =
                |tree: usize| trees[tree].groups.get(group).filter(|matrix| matrix.width > 0);
            let cells = [0, 1, 2].map(|tree| coset(tree).map(|matrix| matrix.coset(0)));
            let of_column = cells.map(|cells| cells.map_or(0, |(_, place)| place.column));
            let cells = cells.map(|cells| cells.map_or(&key.hashes.unread, |(buffer, _)| buffer));
            let parameters = Numerators {
                log_height: key.groups[group].log_height as u32,
                of_main: of_column[0],
                of_lookup: of_column[1],
                of_quotient: of_column[2],
                first: points.first as u32,
                to: firsts[group] as u32,
                unused: [0; 2],
            };
            let buffers = [
                cells[0],
                cells[1],
                cells[2],
                &openings.point_ranges,
                &openings.cells,
                &weights_buffer,
                &numerators,
            ];
            let grid =
                [(1_u32 << key.groups[group].log_height).div_ceil(64), points.points.len() as u32];
            recorder.run_grid(Kernel::SumTerms, &parameters, &buffers, grid);
        }

        // The denominators of the point itself, from which those of other rows follow, and the
        // denominators of the mask's point.
        let denominators = gpu.0.pool.public((2 * EXTENSION_DEGREE * height) as u64);
        let tables = [(0, zeta), (EXTENSION_DEGREE * height, zeta * F::GENERATOR)];
        for (first, point) in tables {
            self.at_point(&mut recorder, key, (0, point), DENOMINATORS, (&denominators, first));
        }
        let (points, parts) = self.points(key, &firsts, values, &weights);
        let (points_buffer, parts_buffer) =
            (gpu.public_numbers(&points), gpu.public_numbers(&parts));
        let (quotient_cells, quotient_place) = trees[QUOTIENT].groups[0].coset(0);
        let mask = shape.fri_mask() as u32;
        let parameters = Quotients {
            log_height: log_height as u32,
            points: points.len() as u32,
            mask: [mask * quotient_place.column, (mask + 1) * quotient_place.column],
        };
        let first_coset = gpu.0.pool.secret((EXTENSION_DEGREE * height) as u64);
        let buffers = [
            &numerators,
            &denominators,
            quotient_cells,
            &points_buffer,
            &parts_buffer,
            &first_coset,
        ];
        recorder.run(Kernel::SumQuotients, &parameters, &buffers, height.div_ceil(64) as u64);

        let (codeword, log_size) = self.extend_codeword(&mut recorder, key, &first_coset);
        recorder.keep([
            weights_buffer,
            numerators,
            denominators,
            first_coset,
            points_buffer,
            parts_buffer,
        ]);
        recorder.submit();
        gpu.check()?;
        let shift_inverse = key.groups[0].shift.inverse();
        Ok(Batch { codeword: Arc::new(codeword), log_size, shift_inverse, layers: Vec::new() })
    }

    /// The points of the batch, and the groups' parts in each of them.
    fn points(
        &self,
        key: &GpuKey,
        firsts: &[usize],
        values: &[EF],
        weights: &[EF],
    ) -> (Vec<PointOf>, Vec<[u32; 2]>) {
        let shape = key.shape();
        let mut claimed = vec![EF::ZERO; shape.points.len()];
        for ((term, &weight), &value) in shape.terms.iter().zip(weights).zip(values) {
            claimed[term.point] += weight * value;
        }
        let (mut points, mut parts) = (Vec::new(), Vec::new());
        for (number, (point, claimed)) in shape.points.iter().zip(claimed).enumerate() {
            let first = parts.len() as u32;
            for (group, by_point) in key.openings.by_point.iter().enumerate() {
                if let Some(at) = by_point.points.iter().position(|&of| of == number) {
                    let lift = shape.lift(group);
                    let size = EXTENSION_DEGREE << key.groups[group].log_height;
                    parts.push([lift as u32, (firsts[group] + at * size) as u32]);
                }
            }
            let (offset, table) = match *point {
                Point::Row(offset) => (offset as u32, 0),
                Point::Mask => (0, EXTENSION_DEGREE << shape.log_height()),
            };
            points.push(PointOf {
                claimed: words_x(claimed),
                offset,
                table: table as u32,
                first,
                end: parts.len() as u32,
            });
        }
        (points, parts)
    }

    /// Extends a codeword from its values on the first coset, in natural order. Returns its entries
    /// and the binary logarithm of their number.
    fn extend_codeword(
        &self,
        recorder: &mut Recorder<'_>,
        key: &GpuKey,
        first_coset: &Buffer,
    ) -> (Buffer, usize) {
        let gpu = &self.0;
        let log_height = key.shape().log_height();
        let (height, log_blowup) = (1_usize << log_height, key.parameters().log_blowup);
        let of_group = &key.groups[0];
        let coefficients = gpu.0.pool.secret((EXTENSION_DEGREE * height) as u64);
        let natural = Place { offset: 0, coset: 0, column: height as u32, row: 1 };
        // All cosets have the shift of the first coset. The shift is left in the coefficients, and
        // removed from the factors.
        let mut columns = Columns {
            log_size: log_height,
            columns: EXTENSION_DEGREE,
            cosets: 1,
            from: (first_coset, natural),
            to: (&coefficients, natural),
            factors: (&key.codeword_factors, 0),
            form: Form::Coefficients,
        };
        recorder.transform(gpu, &key.roots, &columns);
        let codeword = gpu.0.pool.secret((EXTENSION_DEGREE << (log_height + log_blowup)) as u64);
        let entries =
            Place { offset: 0, coset: (EXTENSION_DEGREE * height) as u32, column: 1, row: 2 };
        columns.from = (&coefficients, natural);
        columns.to = (&codeword, entries);
        columns.cosets = 1 << log_blowup;
        columns.factors = (&of_group.factors, height);
        columns.form = Form::Values;
        recorder.transform(gpu, &key.roots, &columns);
        recorder.keep([coefficients]);
        (codeword, log_height + log_blowup)
    }

    /// The rows of a tree that queries open.
    pub(crate) async fn opened_rows(
        &self,
        tree: &Committed,
        query: &TreeQuery,
        control: &Control<'_>,
    ) -> Result<OpenedRows, GpuError> {
        let mut gathering = Gathering::default();
        let mut orders = Vec::new();
        for (extended, rows) in tree.groups.iter().zip(&query.rows) {
            let per_chunk = extended.rows();
            let first = gathering.count;
            // Rows are sorted, and so are their buffers.
            for (chunk, buffer) in extended.chunks.iter().enumerate() {
                let within = rows.iter().filter(|&&row| row / per_chunk == chunk);
                let cells = within.flat_map(|&row| {
                    (0..extended.width)
                        .map(move |column| (column * per_chunk + row % per_chunk) as u32)
                });
                gathering.add(buffer, cells);
            }
            orders.push(first..gathering.count);
        }
        let nodes = gathering.add_nodes(&tree.tree, &query.nodes);
        let opened = self.gather(gathering, control).await?;
        let groups = orders.into_iter().map(|range| {
            elements(&opened[range.start * ELEMENT as usize..range.end * ELEMENT as usize])
        });
        Ok(OpenedRows {
            groups: groups.collect(),
            nodes: digests(&opened[nodes * ELEMENT as usize..]),
        })
    }

    /// The entries of a layer that queries open.
    pub(crate) async fn opened_layer(
        &self,
        batch: &Batch,
        layer: usize,
        query: &LayerQuery,
    ) -> Result<OpenedLayer, GpuError> {
        let (codeword, tree) = &batch.layers[layer];
        let mut gathering = Gathering::default();
        let cells =
            query.entries.iter().flat_map(|&entry| [2 * entry as u32, 2 * entry as u32 + 1]);
        gathering.add(codeword, cells);
        let nodes = gathering.add_nodes(tree, &query.nodes);
        let opened = self.gather(gathering, &Control::none()).await?;
        let (values, nodes) = opened.split_at(nodes * ELEMENT as usize);
        Ok(OpenedLayer { values: elements_x(values), nodes: digests(nodes) })
    }

    async fn gather(
        &self,
        gathering: Gathering<'_>,
        control: &Control<'_>,
    ) -> Result<Zeroizing<Vec<u8>>, GpuError> {
        if gathering.count == 0 {
            return Ok(Vec::new().into());
        }
        let gpu = &self.0;
        let indices = gpu.public_numbers(&gathering.indices);
        // The host checks rows that nobody else sees.
        let opened = gpu.0.pool.secret(gathering.count as u64);
        let mut recorder = Recorder::under(gpu, control);
        for (buffer, range) in gathering.parts {
            let parameters = Gather {
                count: range.len() as u32,
                to: range.start as u32,
                first: range.start as u32,
                unused: 0,
            };
            let workgroups = (range.len() as u64).div_ceil(64);
            if workgroups > 0 {
                recorder.run(Kernel::Gather, &parameters, &[buffer, &indices, &opened], workgroups);
            }
        }
        recorder.read_secret(&opened, gathering.count as u64 * ELEMENT).await
    }
}

/// Elements to be read from several buffers.
#[derive(Default)]
struct Gathering<'a> {
    parts: Vec<(&'a Buffer, std::ops::Range<usize>)>,
    indices: Vec<u32>,
    count: usize,
}

impl<'a> Gathering<'a> {
    fn add(&mut self, buffer: &'a Buffer, cells: impl Iterator<Item = u32>) {
        self.indices.extend(cells);
        let range = self.count..self.indices.len();
        self.count = range.end;
        self.parts.push((buffer, range));
    }

    /// Adds nodes, and returns the position of the first one.
    fn add_nodes(&mut self, tree: &'a Tree, nodes: &[NodePosition]) -> usize {
        let first = self.count;
        let words = nodes.iter().flat_map(|&at| {
            let index = tree.index(at);
            (0..DIGEST).map(move |word| (index * DIGEST + word) as u32)
        });
        self.add(&tree.digests, words);
        first
    }
}

fn digests(bytes: &[u8]) -> Vec<velum_stark::Digest> {
    bytes.as_chunks().0.to_vec()
}

fn basis(index: usize) -> EF {
    EF::from_basis_coefficients_fn(|i| F::from_bool(i == index))
}
