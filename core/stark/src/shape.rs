//! What the chips of a proof fix about it: groups of tables, columns, cells read, lookups, terms
//! opened.
//!
//! Tables of one height form a *group*. Their committed columns stand side by side in one matrix of
//! each tree. A polynomial `f` of a group that is `k` times lower than the tallest group is treated
//! as `f(X^k)`, so that all polynomials have the same degree bound. The constraints of all groups
//! share one quotient.
//!
//! | tree | columns |
//! |---|---|
//! | main | for each group: the tables' committed columns |
//! | lookup | for each group: the accumulator, then one column for each batch of interactions; all in the extension field |
//! | quotient | at the tallest group's height: the chunks of the quotient, its mask, the mask of FRI; all in the extension field |

use std::collections::{BTreeMap, BTreeSet};

use crate::air::{Chip, MAX_DEGREE, RESERVED_ROWS};
use crate::field::EXTENSION_DEGREE;
use crate::params::Parameters;
use crate::recorder::{Recorded, RecordedInteraction, record};
use crate::words;

/// Number of trees. Trees are numbered in the order in which they are committed to.
pub const TREES: usize = 3;
/// The tree of the tables' columns.
pub const MAIN: usize = 0;
/// The tree of the lookup columns.
pub const LOOKUP: usize = 1;
/// The tree of the quotient's chunks and the masks.
pub const QUOTIENT: usize = 2;

/// Number of columns of the quotient tree after the chunks: the quotient's mask and the mask of
/// FRI.
pub(crate) const MASKS: usize = 2;

/// The column of the accumulator in the lookup tree.
pub const ACCUMULATOR: usize = 0;

/// Number of constraints of an accumulator: first row, step, last row.
pub(crate) const ACCUMULATOR_CONSTRAINTS: usize = 3;

/// The shape of a proof.
#[non_exhaustive]
pub struct Shape {
    /// The groups, tallest first.
    pub groups: Vec<Group>,
    /// The chips in order, then the groups' mask tables.
    pub tables: Vec<TableShape>,
    /// The points at which columns are opened, besides the queries.
    pub points: Vec<Point>,
    /// What is opened at these points, in the order of the proof.
    pub terms: Vec<Term>,
    /// The number of each term's word in the batch.
    pub words: Vec<usize>,
    /// The largest number of fields of an interaction.
    pub(crate) widest_tuple: usize,
    /// Number of chunks of the quotient.
    pub chunks: usize,
    /// Number of coefficients of a chunk before it is blinded.
    pub chunk_len: usize,
    /// Number of constraints of all tables, lookups and accumulators. Each is weighted with a power
    /// of one challenge.
    pub(crate) constraints: usize,
}

/// The tables of one height.
#[non_exhaustive]
pub struct Group {
    /// Binary logarithm of the height.
    pub log_height: usize,
    /// Number of columns in each tree, in base field elements.
    pub widths: [usize; TREES],
    /// Upper bound on the number of coefficients by which the group's part of the quotient exceeds
    /// twice the height.
    pub excess: usize,
    /// Indices of the group's tables.
    pub tables: Vec<usize>,
    /// The interactions of all tables of the group.
    pub(crate) interactions: Vec<Interaction>,
    /// The interactions that share a column.
    pub(crate) batches: Vec<Batch>,
    /// The first constraint of the group's batches among all constraints. The constraints of the
    /// accumulator follow the batches.
    pub(crate) first_constraint: usize,
}

impl Group {
    /// Number of rows.
    pub fn height(&self) -> usize {
        1 << self.log_height
    }
}

/// The shape of one table.
#[non_exhaustive]
pub struct TableShape {
    /// Index of the table's group.
    pub group: usize,
    /// The table's first column in the group's main matrix.
    pub first_column: usize,
    /// The cells that the table's constraints read, by column and row offset.
    pub(crate) window: Window,
    /// The cells that the table's interactions read.
    #[cfg(feature = "prover")]
    pub(crate) interaction_window: Window,
    /// The fixed cells that the table's interactions read.
    #[cfg(feature = "prover")]
    pub(crate) interaction_fixed_window: Window,
    /// The fixed cells that the table's constraints or interactions read.
    pub(crate) fixed_window: Window,
    /// Number of public columns.
    pub publics: usize,
    /// The table's name.
    pub name: &'static str,
    /// The labels of the table's constraints.
    pub(crate) labels: Vec<&'static str>,
    /// The arguments with which [`interior`](crate::air::ChipBuilder::interior) is called.
    pub(crate) interiors: Vec<(usize, usize)>,
    /// The table's first interaction among the interactions of its group.
    pub(crate) first_interaction: usize,
    /// The table's first constraint among all constraints.
    pub(crate) first_constraint: usize,
}

/// An interaction of a table.
pub(crate) struct Interaction {
    /// The name of the bus.
    pub(crate) bus: &'static str,
    /// The number of the bus.
    pub(crate) tag: usize,
    fields_degree: usize,
    count_degree: usize,
}

/// One or two interactions of a group. The sum of their fractions is one column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Batch {
    pub(crate) first: usize,
    pub(crate) second: Option<usize>,
}

/// Marks a cell that is not read. It is not a valid index.
const NO_SLOT: usize = usize::MAX;

/// Cells that are read. Each has a slot.
#[derive(Default)]
pub(crate) struct Window {
    /// Column and row offset of each slot.
    pub(crate) cells: Vec<(usize, i32)>,
    lowest: i32,
    columns: usize,
    slots: Vec<usize>,
}

impl Window {
    fn new(cells: &BTreeSet<(usize, i32)>) -> Self {
        let lowest = cells.iter().map(|&(_, offset)| offset).min().unwrap_or(0);
        let highest = cells.iter().map(|&(_, offset)| offset).max().unwrap_or(0);
        let columns = cells.iter().map(|&(column, _)| column + 1).max().unwrap_or(0);
        let mut window = Self {
            cells: cells.iter().copied().collect(),
            lowest,
            columns,
            slots: vec![NO_SLOT; columns * (highest - lowest + 1) as usize],
        };
        for (slot, &(column, offset)) in cells.iter().enumerate() {
            let at = window.at(column, offset);
            window.slots[at] = slot;
        }
        window
    }

    #[inline]
    fn at(&self, column: usize, offset: i32) -> usize {
        debug_assert!(column < self.columns, "column {column} is not read");
        (offset - self.lowest) as usize * self.columns + column
    }

    /// The slot of a cell that is read.
    #[inline]
    pub(crate) fn slot(&self, column: usize, offset: i32) -> usize {
        self.slots[self.at(column, offset)]
    }
}

/// A point at which columns are opened, besides the queries.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Point {
    /// The out-of-domain point, moved by this many rows of the tallest group.
    Row(i32),
    /// The out-of-domain point times the field's generator.
    Mask,
}

/// A column opened at a point.
#[derive(Clone, Copy, Debug)]
pub struct Term {
    /// The term's tree.
    pub tree: usize,
    /// The term's group.
    pub group: usize,
    /// The column's first base column in the group's matrix.
    pub column: usize,
    /// Whether the column is one of the extension field.
    pub is_extension: bool,
    /// Index of the point in [`Shape::points`].
    pub point: usize,
}

impl Term {
    /// Number of base columns of the term.
    pub fn base_columns(&self) -> usize {
        if self.is_extension { EXTENSION_DEGREE } else { 1 }
    }
}

impl Shape {
    /// The shape of a proof over these tables.
    ///
    /// # Panics
    /// Panics if a chip breaks the limits of [`Chip::eval`], or if a table has too few rows to be
    /// blinded. Both depend on constants of the code only.
    pub(crate) fn new<T: Chip>(parameters: &Parameters, tables: &[T]) -> Self {
        let recorded: Vec<_> = tables.iter().map(record).collect();
        let tags = Tags::new(&recorded);
        let mut heights: Vec<_> = tables.iter().map(Chip::height).collect();
        heights.sort_unstable_by(|a, b| b.cmp(a));
        heights.dedup();
        let mut shape = Self {
            groups: heights.iter().map(|&height| empty_group(height)).collect(),
            tables: Vec::new(),
            points: Vec::new(),
            terms: Vec::new(),
            words: Vec::new(),
            chunks: 0,
            chunk_len: (heights[0] - parameters.chunk_blinding()),
            constraints: 0,
            widest_tuple: recorded
                .iter()
                .flat_map(|r| &r.interactions)
                .map(|i| i.bus.width)
                .max()
                .unwrap_or(0),
        };
        for (table, recorded) in tables.iter().zip(recorded) {
            let group =
                heights.iter().position(|&height| height == table.height()).unwrap_or_default();
            shape.add_table(table, group, recorded, &tags);
        }
        for group in 0..shape.groups.len() {
            shape.finish_group(group, parameters);
        }
        let coefficients = shape.groups.iter().map(|group| {
            let lift = shape.log_height() - group.log_height;
            ((MAX_DEGREE - 1) * group.height() + group.excess) << lift
        });
        shape.chunks = coefficients.max().unwrap_or(0).div_ceil(shape.chunk_len);
        shape.groups[0].widths[QUOTIENT] = EXTENSION_DEGREE * (shape.chunks + MASKS);
        shape.add_terms();
        shape.words = words::numbers(&shape.terms, parameters.hash);
        let needed = shape.blinding_rows_needed(parameters.queries);
        assert!(parameters.blinding_rows >= needed, "tables need {needed} blinding rows");
        shape
    }

    fn add_table<T: Chip>(&mut self, table: &T, index: usize, recorded: Recorded, tags: &Tags) {
        let group = &mut self.groups[index];
        let shape = TableShape {
            group: index,
            first_column: group.widths[MAIN],
            window: Window::new(&recorded.main),
            #[cfg(feature = "prover")]
            interaction_window: Window::new(&recorded.read_by_interactions),
            #[cfg(feature = "prover")]
            interaction_fixed_window: Window::new(&recorded.fixed_read_by_interactions),
            fixed_window: Window::new(&recorded.fixed),
            publics: table.public().len(),
            name: table.name(),
            labels: recorded.constraints,
            interiors: recorded.interiors.iter().copied().collect(),
            first_interaction: group.interactions.len(),
            first_constraint: self.constraints,
        };
        let margin =
            shape.interiors.iter().map(|(before, after)| before + after).max().unwrap_or(0);
        // One more for a transition selector.
        group.excess = group.excess.max(margin + 1);
        group.widths[MAIN] += table.width();
        group
            .interactions
            .extend(recorded.interactions.iter().map(|interaction| interaction.tagged(tags)));
        group.tables.push(self.tables.len());
        self.constraints += shape.labels.len();
        self.tables.push(shape);
    }

    /// Completes a group after all tables are added. Until then, the group's `excess` holds the
    /// largest number of linear factors that its selectors add.
    fn finish_group(&mut self, index: usize, parameters: &Parameters) {
        let group = &mut self.groups[index];
        let (height, blinding) = (group.height(), parameters.blinding_rows);
        let random = 2 * (blinding + parameters.chunk_blinding());
        assert!(
            random < height,
            "a table of {height} rows is too low: with these parameters it needs more than {random} \
             rows, so that those filled at random hide the others; make it {} rows high",
            (random + 1).next_power_of_two()
        );
        assert!(blinding <= RESERVED_ROWS, "chips use rows that would be blinded");
        // The degree is `(N - 1) * MAX_DEGREE + factors - (N - blinding)`. There is one more
        // coefficient.
        group.excess += blinding + 1 - MAX_DEGREE;
        group.batches = batches(&group.interactions);
        group.widths[LOOKUP] = EXTENSION_DEGREE * (1 + group.batches.len());
        group.first_constraint = self.constraints;
        self.constraints += group.batches.len() + ACCUMULATOR_CONSTRAINTS;
    }

    fn add_terms(&mut self) {
        let offsets: BTreeSet<_> = self
            .tables
            .iter()
            .flat_map(|table| &table.window.cells)
            .map(|&(_, offset)| offset)
            .collect();
        let offsets = offsets.into_iter().chain([0, 1]).map(Point::Row);
        let points: BTreeSet<_> = offsets.chain([Point::Mask]).collect();
        self.points = points.into_iter().collect();
        let point = |wanted: Point| self.points.binary_search(&wanted).unwrap_or_default();

        let mut terms = Vec::new();
        for table in &self.tables {
            terms.extend(table.window.cells.iter().map(|&(column, offset)| Term {
                tree: MAIN,
                group: table.group,
                column: table.first_column + column,
                is_extension: false,
                point: point(Point::Row(offset)),
            }));
        }
        for (index, group) in self.groups.iter().enumerate() {
            let extension = |tree, column, at| Term {
                tree,
                group: index,
                column: column * EXTENSION_DEGREE,
                is_extension: true,
                point: point(at),
            };
            terms.push(extension(LOOKUP, ACCUMULATOR, Point::Row(1)));
            terms.extend(
                (0..=group.batches.len()).map(|column| extension(LOOKUP, column, Point::Row(0))),
            );
            if index == 0 {
                terms.extend(
                    (0..self.chunks).map(|column| extension(QUOTIENT, column, Point::Row(0))),
                );
                terms.push(extension(QUOTIENT, self.chunks, Point::Mask));
            }
        }
        self.terms = terms;
    }

    /// Number of challenges that combine the mask of FRI and all terms. Each challenge halves the
    /// number of words.
    pub fn batching_challenges(&self) -> usize {
        let last = self.words.iter().copied().max().unwrap_or(0);
        (last + 1).next_power_of_two().ilog2() as usize
    }

    /// First base column of the mask of FRI in the quotient tree.
    pub fn fri_mask(&self) -> usize {
        (self.chunks + 1) * EXTENSION_DEGREE
    }

    /// Binary logarithm of the greatest height.
    pub fn log_height(&self) -> usize {
        self.groups[0].log_height
    }

    /// Binary logarithm of the factor by which a group is lower than the tallest.
    pub fn lift(&self, group: usize) -> usize {
        self.log_height() - self.groups[group].log_height
    }

    /// The largest number of points at which one base column is opened, besides the queries, and
    /// the same number for extension columns.
    pub(crate) fn most_points(&self) -> (usize, usize) {
        let mut counts: BTreeMap<_, (bool, usize)> = BTreeMap::new();
        for term in &self.terms {
            let entry = counts
                .entry((term.tree, term.group, term.column))
                .or_insert((term.is_extension, 0));
            entry.1 += 1;
        }
        let most = |wanted: bool| {
            counts
                .values()
                .filter(|(extension, _)| *extension == wanted)
                .map(|(_, count)| *count)
                .max()
        };
        (most(false).unwrap_or(0), most(true).unwrap_or(0))
    }

    /// Number of blinding rows that hide every column. Each query reveals one linear function of a
    /// column's blinding cells. Each out-of-domain point reveals as many as the point's field has
    /// coefficients over the column's field: [`EXTENSION_DEGREE`] for a base column, one for an
    /// extension column.
    pub(crate) fn blinding_rows_needed(&self, queries: usize) -> usize {
        let (base, extension) = self.most_points();
        queries + (base * EXTENSION_DEGREE).max(extension)
    }
}

fn empty_group(height: usize) -> Group {
    Group {
        log_height: height.ilog2() as usize,
        widths: [0; TREES],
        excess: 0,
        tables: Vec::new(),
        interactions: Vec::new(),
        batches: Vec::new(),
        first_constraint: 0,
    }
}

/// Puts interactions in pairs where the degrees of `h d1 d2 = c1 d2 + c2 d1` allow it.
fn batches(interactions: &[Interaction]) -> Vec<Batch> {
    let pairs = |interaction: &Interaction| {
        interaction.fields_degree <= 1 && interaction.count_degree < MAX_DEGREE
    };
    let (paired, alone): (Vec<_>, Vec<_>) =
        (0..interactions.len()).partition(|&i| pairs(&interactions[i]));
    let pairs = paired.chunks(2).map(|pair| Batch { first: pair[0], second: pair.get(1).copied() });
    pairs.chain(alone.into_iter().map(|first| Batch { first, second: None })).collect()
}

/// Numbers for buses, in the order of their names.
struct Tags(BTreeMap<&'static str, usize>);

impl Tags {
    fn new(recorded: &[Recorded]) -> Self {
        let names: BTreeSet<_> = recorded
            .iter()
            .flat_map(|table| &table.interactions)
            .map(|interaction| interaction.bus.name)
            .collect();
        Self(names.into_iter().zip(1..).collect())
    }
}

impl RecordedInteraction {
    fn tagged(&self, tags: &Tags) -> Interaction {
        Interaction {
            bus: self.bus.name,
            tag: tags.0[self.bus.name],
            fields_degree: self.fields_degree,
            count_degree: self.count_degree,
        }
    }
}
