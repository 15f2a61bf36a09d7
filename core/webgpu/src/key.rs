//! What is computed once for each verifier key.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use p3_field::{Field, PrimeCharacteristicRing, TwoAdicField, batch_multiplicative_inverse};
use p3_util::reverse_bits_len;
use velum_stark::field::{EXTENSION_DEGREE, F};
use velum_stark::poseidon2;
use velum_stark::program::{Input, Program};
use velum_stark::shape::{ACCUMULATOR, Group, LOOKUP, MAIN, Point, QUOTIENT, Shape};
use velum_stark::{HashFunction, Parameters, VerifierKey, contexts};

use crate::device::{Gpu, GpuError};
use crate::matrix::Place;
use crate::memory::{Buffer, ELEMENT};
use crate::program::{Code, Columns, Invariants};
use crate::recorder::Recorder;
use crate::transform::{self, Form, Roots};

/// What the device computes before the witness is known.
pub struct GpuKey {
    pub(crate) verifier: Arc<VerifierKey>,
    pub(crate) program: Program,
    pub(crate) invariants: Invariants,
    pub(crate) groups: Vec<GroupKey>,
    pub(crate) roots: Roots,
    pub(crate) hashes: Hashes,
    pub(crate) openings: Openings,
    /// Powers of the field's generator, as many as the tallest group has rows.
    pub(crate) generator_powers: Buffer,
    /// The factors of the codeword's coefficients: powers of the inverse of the domain's shift,
    /// divided by the tallest group's height.
    pub(crate) codeword_factors: Buffer,
}

/// What is known about a group.
pub(crate) struct GroupKey {
    pub(crate) log_height: usize,
    pub(crate) shift: F,
    /// One over the height for each coefficient, then the powers of each coset's shift.
    pub(crate) factors: Buffer,
    pub(crate) places: GroupColumns,
    /// Fixed columns on the rows.
    pub(crate) fixed_rows: Buffer,
    /// Fixed columns and selectors on the cosets of the quotient.
    pub(crate) fixed: Buffer,
    pub(crate) quotient: Code,
    pub(crate) quotient_code: Buffer,
    pub(crate) fractions: Code,
    pub(crate) fractions_code: Buffer,
    pub(crate) small: SmallCoset,
}

/// Number of cosets on which the quotient is computed, in bit-reversed numbers. The first two make
/// up a coset of order `2 N`. A part of the third is the small coset.
pub(crate) const QUOTIENT_COSETS: usize = 3;

/// The small coset. It determines the coefficients of a quotient beyond `2 N`.
pub(crate) struct SmallCoset {
    pub(crate) log_size: usize,
    /// The coset's shift.
    pub(crate) shift: F,
    /// Three lists of powers: `2 N` powers of the shift; as many powers of the shift's inverse,
    /// divided by the coset's order, as the coset has points; `2 N` powers of the inverse of the
    /// group's shift, divided by `2 N`.
    pub(crate) powers: Buffer,
}

impl SmallCoset {
    pub(crate) fn inverse_powers(log_height: usize) -> usize {
        2 << log_height
    }

    pub(crate) fn main_factors(&self, log_height: usize) -> usize {
        Self::inverse_powers(log_height) + (1 << self.log_size)
    }
}

/// The largest number of points of a small coset, which is the number of threads in a workgroup.
const MOST_SMALL: usize = 256;

/// Positions of a group's fixed and public columns.
pub(crate) struct GroupColumns {
    /// For each table of the group, the number of its first fixed column and of its first public
    /// column.
    tables: HashMap<usize, (usize, usize)>,
    /// The selectors, which follow the fixed columns.
    selectors: HashMap<Input, usize>,
    pub(crate) fixed: usize,
    pub(crate) public: usize,
}

impl GroupColumns {
    fn new(key: &VerifierKey, program: &Program, group: usize) -> Self {
        let shape = key.shape();
        let (mut tables, mut fixed, mut public) = (HashMap::new(), 0, 0);
        for &table in &shape.groups[group].tables {
            tables.insert(table, (fixed, public));
            fixed += key.fixed_columns(table).len();
            public += shape.tables[table].publics;
        }
        let is_selector = |input: &&Input| match **input {
            Input::First { group: of }
            | Input::Last { group: of }
            | Input::Transition { group: of }
            | Input::InverseZerofier { group: of }
            | Input::Interior { group: of, .. } => of == group,
            _ => false,
        };
        let inputs: BTreeSet<_> = program.inputs().iter().filter(is_selector).copied().collect();
        Self { tables, selectors: inputs.into_iter().zip(fixed..).collect(), fixed, public }
    }

    /// Number of fixed columns and selectors.
    pub(crate) fn width(&self) -> usize {
        self.fixed + self.selectors.len()
    }
}

impl Columns for GroupColumns {
    fn fixed(&self, input: &Input) -> Option<(usize, i32)> {
        match *input {
            Input::Fixed { table, column, offset } => {
                Some((self.tables.get(&table)?.0 + column, offset))
            }
            _ => Some((*self.selectors.get(input)?, 0)),
        }
    }

    fn public(&self, table: usize, column: usize) -> usize {
        self.tables.get(&table).map_or(0, |(_, first)| first + column)
    }
}

/// The parameters of the hash function of trees.
pub(crate) struct Hashes {
    pub(crate) function: HashFunction,
    pub(crate) row_key: [u32; 8],
    pub(crate) pieces_key: [u32; 8],
    pub(crate) node_key: [u32; 8],
    pub(crate) cut: [u32; 2],
    /// The constants of Poseidon2.
    pub(crate) constants: Buffer,
    /// Stands for a buffer that a kernel does not read.
    pub(crate) unread: Buffer,
}

impl Hashes {
    pub(crate) fn new(gpu: &Gpu, function: HashFunction) -> Self {
        use poseidon2::{DIAGONAL, INITIAL, INTERNAL, TERMINAL};
        let constants =
            [INITIAL.as_flattened(), &INTERNAL[..], TERMINAL.as_flattened(), &DIAGONAL[..]]
                .concat();
        let bytes = function.digest_bytes();
        // Masks for the last two words of a digest that is truncated.
        let cut = [6, 7].map(|word| match bytes.saturating_sub(4 * word).min(4) {
            4 => u32::MAX,
            bytes => (1 << (8 * bytes)) - 1,
        });
        Self {
            function,
            row_key: contexts::row(),
            pieces_key: contexts::row_pieces(),
            node_key: contexts::node(),
            cut,
            constants: gpu.public(&constants),
            unread: gpu.0.pool.public(0),
        }
    }
}

/// What is opened at out-of-domain points, in the order in which the device computes it.
pub(crate) struct Openings {
    /// For each opened column of the base field, its number and the row offset.
    pub(crate) columns: Buffer,
    /// By tree and group: the first of its columns, and their number.
    pub(crate) ranges: Vec<(usize, usize, usize, usize)>,
    /// For each column, the term to which it belongs, and which of the term's coefficients it is.
    pub(crate) terms: Vec<(usize, usize)>,
    /// For each group, its points.
    pub(crate) by_point: Vec<GroupPoints>,
    /// The terms of all groups in the order of `by_point`: tree and column.
    pub(crate) cells: Buffer,
    /// For each element of `cells`, the term to which it belongs, and which of the term's
    /// coefficients it is.
    pub(crate) cell_terms: Vec<(usize, usize)>,
    /// For each group and point, the first term and the end of its terms.
    pub(crate) point_ranges: Buffer,
}

/// The points at which columns of a group are opened.
pub(crate) struct GroupPoints {
    /// The number of the first point among the points of all groups.
    pub(crate) first: usize,
    pub(crate) points: Vec<usize>,
}

impl Openings {
    fn new(gpu: &Gpu, shape: &Shape) -> Self {
        let (mut columns, mut ranges, mut terms): (Vec<[u32; 2]>, _, _) =
            (Vec::new(), Vec::new(), Vec::new());
        for tree in [MAIN, LOOKUP, QUOTIENT] {
            for group in 0..shape.groups.len() {
                let first = columns.len();
                for (number, term) in shape.terms.iter().enumerate() {
                    let Point::Row(offset) = shape.points[term.point] else { continue };
                    if (term.tree, term.group) == (tree, group) {
                        for coefficient in 0..term.base_columns() {
                            columns.push([(term.column + coefficient) as u32, offset as u32]);
                            terms.push((number, coefficient));
                        }
                    }
                }
                if columns.len() > first {
                    ranges.push((tree, group, first, columns.len() - first));
                }
            }
        }
        let (mut cells, mut cell_terms, mut point_ranges): (Vec<[u32; 2]>, _, Vec<[u32; 2]>) =
            (Vec::new(), Vec::new(), Vec::new());
        let mut by_point = Vec::new();
        for group in 0..shape.groups.len() {
            let (first, mut points) = (point_ranges.len(), Vec::new());
            for point in 0..shape.points.len() {
                let before = cells.len();
                let of_point = shape.terms.iter().enumerate();
                for (number, term) in
                    of_point.filter(|(_, term)| (term.group, term.point) == (group, point))
                {
                    for coefficient in 0..term.base_columns() {
                        cells.push([term.tree as u32, (term.column + coefficient) as u32]);
                        cell_terms.push((number, coefficient));
                    }
                }
                if cells.len() > before {
                    point_ranges.push([before as u32, cells.len() as u32]);
                    points.push(point);
                }
            }
            by_point.push(GroupPoints { first, points });
        }
        Self {
            columns: gpu.public_numbers(&columns),
            ranges,
            terms,
            by_point,
            cells: gpu.public_numbers(&cells),
            cell_terms,
            point_ranges: gpu.public_numbers(&point_ranges),
        }
    }
}

impl GpuKey {
    pub(crate) fn new(
        gpu: &Gpu,
        verifier: Arc<VerifierKey>,
        program: Program,
    ) -> Result<Self, GpuError> {
        fits(gpu, verifier.shape(), &program)?;
        let invariants = Invariants::new(&program);
        let log_order = verifier.log_codeword();
        let roots: Vec<F> =
            F::two_adic_generator(log_order).powers().take(1 << log_order).collect();
        let roots = Roots { buffer: gpu.public(&roots), log_order };
        let groups = (0..verifier.shape().groups.len())
            .map(|group| GroupKey::new(gpu, &verifier, &program, &invariants, &roots, group));
        let groups = groups.collect::<Result<_, _>>()?;
        let generator_powers: Vec<F> =
            F::GENERATOR.powers().take(1 << verifier.shape().log_height()).collect();
        let height = 1 << verifier.shape().log_height();
        let codeword_factors =
            verifier.shift(0).inverse().shifted_powers(F::from_usize(height).inverse());
        let codeword_factors: Vec<F> = codeword_factors.take(height).collect();
        let key = Self {
            codeword_factors: gpu.public(&codeword_factors),
            groups,
            roots,
            hashes: Hashes::new(gpu, verifier.parameters().hash),
            openings: Openings::new(gpu, verifier.shape()),
            generator_powers: gpu.public(&generator_powers),
            invariants,
            program,
            verifier,
        };
        gpu.check()?;
        Ok(key)
    }

    pub(crate) fn shape(&self) -> &Shape {
        self.verifier.shape()
    }

    pub(crate) fn parameters(&self) -> &Parameters {
        self.verifier.parameters()
    }

    /// Number of a group's rows that are not blinding rows.
    pub(crate) fn active_rows(&self, group: usize) -> usize {
        self.shape().groups[group].height() - self.parameters().blinding_rows
    }
}

/// Checks the limits of the kernels and of the device:
///
/// * The kernels support this number of groups.
/// * The kernels support the row offsets of all cells.
/// * A coset of each tree's columns of each group fits into a buffer that kernels see at once.
fn fits(gpu: &Gpu, shape: &Shape, program: &Program) -> Result<(), GpuError> {
    if shape.groups.len() > crate::quotient::GROUPS {
        return Err(GpuError::Unsupported(format!(
            "tables of {} different heights",
            shape.groups.len()
        )));
    }
    for input in program.inputs() {
        if let Input::Main { offset, .. }
        | Input::Lookup { offset, .. }
        | Input::Fixed { offset, .. } = input
            && !crate::program::OFFSETS.contains(offset)
        {
            return Err(GpuError::Unsupported(format!("cells at a distance of {offset} rows")));
        }
    }
    let of_group =
        |group: &Group| group.widths.iter().max().map_or(0, |width| width * group.height());
    let needed = ELEMENT * shape.groups.iter().map(of_group).max().unwrap_or(0) as u64;
    let has = gpu.adapter().max_binding;
    if needed <= has {
        Ok(())
    } else {
        Err(GpuError::Limit { what: "bytes per buffer", needed, has })
    }
}

impl GroupKey {
    fn new(
        gpu: &Gpu,
        key: &VerifierKey,
        program: &Program,
        invariants: &Invariants,
        roots: &Roots,
        group: usize,
    ) -> Result<Self, GpuError> {
        let log_height = key.shape().groups[group].log_height;
        let (height, log_blowup, shift) =
            (1_usize << log_height, key.parameters().log_blowup, key.shift(group));
        let places = GroupColumns::new(key, program, group);
        let small = SmallCoset::new(gpu, key, group)?;

        // One over the height for each coefficient, then the powers of the cosets' shifts.
        let mut factors = vec![F::from_usize(height).inverse(); height];
        let generator = F::two_adic_generator(log_height + log_blowup);
        for coset in 0..1_usize << log_blowup {
            let power = generator.exp_u64(reverse_bits_len(coset, log_blowup) as u64);
            factors.extend((shift * power).powers().take(height));
        }
        let factors = gpu.public(&factors);

        let tables = key.shape().groups[group].tables.iter();
        let fixed_rows: Vec<F> =
            tables.flat_map(|&table| key.fixed_columns(table)).flatten().collect();
        let fixed_rows = gpu.public(&fixed_rows);
        let fixed = gpu.0.pool.public((places.width() * QUOTIENT_COSETS * height) as u64);
        let mut recorder = Recorder::new(gpu);
        let known = Known { gpu, roots, factors: &factors, log_height, log_blowup };
        known.extend(&mut recorder, places.fixed, &fixed_rows, &fixed);
        recorder.submit();
        let selectors = selectors(key, group, &places, 1 << small.log_size);
        gpu.write(&fixed, (places.fixed * QUOTIENT_COSETS * height) as u64, &selectors);

        let quotient = Code::quotient(program, invariants, group, &places);
        let fractions = Code::fractions(program, invariants, group, &places);
        for code in [&quotient, &fractions] {
            if code.registers > crate::kernels::REGISTERS {
                let what = format!("constraints that need {} registers", code.registers);
                return Err(GpuError::Unsupported(what));
            }
        }
        let code = |code: &Code| gpu.public_numbers(&code.instructions);
        Ok(Self {
            log_height,
            shift,
            factors,
            fixed_rows,
            fixed,
            quotient_code: code(&quotient),
            fractions_code: code(&fractions),
            quotient,
            fractions,
            places,
            small,
        })
    }
}

/// Extends columns of a group that are not secret to the cosets of its quotient.
pub(crate) struct Known<'a> {
    pub(crate) gpu: &'a Gpu,
    pub(crate) roots: &'a Roots,
    /// The factors of the group.
    pub(crate) factors: &'a Buffer,
    pub(crate) log_height: usize,
    pub(crate) log_blowup: usize,
}

impl Known<'_> {
    /// Extends `columns` columns. `rows` has their cells in natural order, column by column.
    pub(crate) fn extend(
        &self,
        recorder: &mut Recorder<'_>,
        columns: usize,
        rows: &Buffer,
        to: &Buffer,
    ) {
        let &Self { gpu, roots, factors, log_height, log_blowup } = self;
        let height = 1_usize << log_height;
        let coefficients = gpu.0.pool.public((columns * height) as u64);
        let natural = Place { offset: 0, coset: 0, column: height as u32, row: 1 };
        let mut transformed = transform::Columns {
            log_size: log_height,
            columns,
            cosets: 1,
            from: (rows, natural),
            to: (&coefficients, natural),
            factors: (factors, 0),
            form: Form::Coefficients,
        };
        recorder.transform(gpu, roots, &transformed);
        transformed.from = (&coefficients, natural);
        transformed.form = Form::Values;
        for (place, first, cosets) in [(0, 0, 2), (2, 1 << (log_blowup - 1), 1)] {
            let at = Place {
                offset: (place * height) as u32,
                coset: height as u32,
                column: (QUOTIENT_COSETS * height) as u32,
                row: 1,
            };
            transformed.to = (to, at);
            transformed.cosets = cosets;
            transformed.factors = (factors, height + first * height);
            recorder.transform(gpu, roots, &transformed);
        }
        recorder.keep([coefficients]);
    }
}

/// The selectors of a group on the cosets of the quotient, column by column.
fn selectors(key: &VerifierKey, group: usize, places: &GroupColumns, small: usize) -> Vec<F> {
    let log_height = key.shape().groups[group].log_height;
    let (height, log_blowup) = (1_usize << log_height, key.parameters().log_blowup);
    let active = height - key.parameters().blinding_rows;
    let generator = F::two_adic_generator(log_height + log_blowup);
    let row = F::two_adic_generator(log_height);
    let mut points = Vec::new();
    for (coset, count) in [(0, height), (1, height), (1 << (log_blowup - 1), small)] {
        let shift =
            key.shift(group) * generator.exp_u64(reverse_bits_len(coset, log_blowup) as u64);
        points
            .extend((0..count).map(|position| {
                shift * row.exp_u64(reverse_bits_len(position, log_height) as u64)
            }));
    }
    let last = row.exp_u64(active as u64 - 1);
    let vanishing: Vec<F> =
        points.iter().map(|point| point.exp_power_of_2(log_height) - F::ONE).collect();
    let over = |numerators: &[F], denominators: Vec<F>| -> Vec<F> {
        let inverses = batch_multiplicative_inverse(&denominators);
        numerators.iter().zip(inverses).map(|(&numerator, inverse)| numerator * inverse).collect()
    };
    let zero_on = |rows: std::ops::Range<usize>, point: F| {
        let rows = row.shifted_powers(row.exp_u64(rows.start as u64)).take(rows.len());
        rows.fold(F::ONE, |product, row| product * (point - row))
    };
    let column = |selector: &Input| -> Vec<F> {
        match *selector {
            Input::First { .. } => {
                over(&vanishing, points.iter().map(|&point| point - F::ONE).collect())
            }
            Input::Last { .. } => {
                over(&vanishing, points.iter().map(|&point| point - last).collect())
            }
            Input::Transition { .. } => points.iter().map(|&point| point - last).collect(),
            Input::Interior { before, after, .. } => {
                let at =
                    |&point: &F| zero_on(0..before, point) * zero_on(active - after..active, point);
                points.iter().map(at).collect()
            }
            _ => {
                let blinding: Vec<F> =
                    points.iter().map(|&point| zero_on(active..height, point)).collect();
                over(&blinding, vanishing.clone())
            }
        }
    };
    let mut selectors: Vec<_> = places.selectors.iter().collect();
    selectors.sort_unstable_by_key(|(_, place)| **place);
    let mut cells = Vec::with_capacity(selectors.len() * QUOTIENT_COSETS * height);
    for (selector, _) in selectors {
        cells.extend(column(selector));
        // No cell beyond the small coset is read.
        cells.resize(cells.len() + height - small, F::ZERO);
    }
    cells
}

impl SmallCoset {
    fn new(gpu: &Gpu, key: &VerifierKey, group: usize) -> Result<Self, GpuError> {
        let log_height = key.shape().groups[group].log_height;
        let log_blowup = key.parameters().log_blowup;
        let size = key.shape().groups[group].excess.next_power_of_two();
        if size > MOST_SMALL {
            return Err(GpuError::Unsupported(format!("selectors of {size} rows")));
        }
        let shift = key.shift(group) * F::two_adic_generator(log_height + log_blowup);
        let order = 2_usize << log_height;
        let mut powers: Vec<F> = shift.powers().take(order).collect();
        powers.extend(shift.inverse().shifted_powers(F::from_usize(size).inverse()).take(size));
        let main = key.shift(group).inverse().shifted_powers(F::from_usize(order).inverse());
        powers.extend(main.take(order));
        Ok(Self { log_size: size.ilog2() as usize, shift, powers: gpu.public(&powers) })
    }
}

const _: () = assert!(ACCUMULATOR == 0 && EXTENSION_DEGREE == 2 && ELEMENT == 8);
