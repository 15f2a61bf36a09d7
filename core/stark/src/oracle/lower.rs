//! Lowers a chip to the two-row windows and single-column buses of `p3-air` and `p3-lookup`.
//!
//! | the chip has | the lowered AIR has |
//! |---|---|
//! | committed column read at offset -k | k copies, each the previous column one row later |
//! | committed column read at offset +k, k > 1 | k copies, each the previous column one row earlier |
//! | fixed column at some offset | a preprocessed column that is already shifted |
//! | interior selector | a preprocessed column |
//! | public column | a periodic column of full period, which the verifier evaluates itself, and a copy of it |

use std::borrow::Cow;
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use p3_air::{Air, AirBuilder, BaseAir, WindowAccess};
use p3_field::PrimeCharacteristicRing;
use p3_lookup::{Count, InteractionBuilder};
use p3_matrix::dense::RowMajorMatrix;

use crate::air::{Bus, Chip, ChipBuilder, Trace};
use crate::field::F;

/// A chip in the form that `p3-batch-stark` proves.
#[derive(Clone)]
pub(crate) struct Lowered<C> {
    chip: C,
    layout: Arc<Layout>,
}

impl<C: Chip> Lowered<C> {
    pub(super) fn new(chip: C) -> Self {
        Self { layout: Arc::new(Layout::of(&chip)), chip }
    }

    /// Lowers the trace.
    pub(super) fn trace(&self, trace: &Trace) -> RowMajorMatrix<F> {
        let (height, layout) = (trace.height(), &self.layout);
        let public = self.chip.public();
        let mut cells = F::zero_vec(height * layout.width);
        for (row, target) in cells.chunks_exact_mut(layout.width).enumerate() {
            target[..trace.width()].copy_from_slice(trace.row(row));
            for (&(column, offset), &copy) in &layout.copies {
                if let Some(source) =
                    row.checked_add_signed(offset as isize).filter(|&source| source < height)
                {
                    target[copy] = trace.get(source, column);
                }
            }
            for (values, &copy) in public.iter().zip(&layout.public) {
                target[copy] = values[row];
            }
        }
        RowMajorMatrix::new(cells, layout.width)
    }
}

/// The positions of the lowered columns.
struct Layout {
    /// The column of the copy of (column, offset).
    copies: BTreeMap<(usize, i32), usize>,
    /// The preprocessed column of (fixed column, offset).
    fixed: BTreeMap<(usize, i32), usize>,
    /// The preprocessed column of each interior selector.
    interiors: BTreeMap<(usize, usize), usize>,
    /// The column of the copy of each public column.
    public: Vec<usize>,
    /// Number of committed columns.
    width: usize,
}

impl Layout {
    fn of<C: Chip>(chip: &C) -> Self {
        let reads = Reads::of(chip);
        let mut width = chip.width();
        let mut next = || {
            width += 1;
            width - 1
        };
        let mut copies = BTreeMap::new();
        for (&column, &(lowest, highest)) in &reads.main {
            for offset in lowest..0 {
                copies.insert((column, offset), next());
            }
            // Offset 1 is the window's own next row, unless a further offset is built on it.
            for offset in (1..=highest).filter(|_| highest > 1) {
                copies.insert((column, offset), next());
            }
        }
        let public = (0..chip.public().len()).map(|_| next()).collect();
        let fixed: BTreeMap<_, _> = reads.fixed.into_iter().zip(0..).collect();
        let interiors = reads.interiors.into_iter().zip(fixed.len()..).collect();
        Self { copies, fixed, interiors, public, width }
    }
}

impl<C: Chip> BaseAir<F> for Lowered<C> {
    fn width(&self) -> usize {
        self.layout.width
    }

    fn preprocessed_trace(&self) -> Option<RowMajorMatrix<F>> {
        let (height, width) = (self.chip.height(), self.preprocessed_width());
        if width == 0 {
            return None;
        }
        let fixed = self.chip.fixed();
        let mut cells = F::zero_vec(height * width);
        for (row, target) in cells.chunks_exact_mut(width).enumerate() {
            for (&(column, offset), &shifted) in &self.layout.fixed {
                if let Some(source) =
                    row.checked_add_signed(offset as isize).filter(|&source| source < height)
                {
                    target[shifted] = fixed[column][source];
                }
            }
            for (&(before, after), &selector) in &self.layout.interiors {
                target[selector] = F::from_bool(row >= before && row + after < height);
            }
        }
        Some(RowMajorMatrix::new(cells, width))
    }

    fn preprocessed_width(&self) -> usize {
        self.layout.fixed.len() + self.layout.interiors.len()
    }

    fn preprocessed_next_row_columns(&self) -> Vec<usize> {
        Vec::new()
    }

    fn num_periodic_columns(&self) -> usize {
        self.layout.public.len()
    }

    fn periodic_columns(&self) -> Cow<'_, [Vec<F>]> {
        Cow::Owned(self.chip.public())
    }
}

impl<C: Chip, AB: InteractionBuilder<F = F>> Air<AB> for Lowered<C> {
    fn eval(&self, builder: &mut AB) {
        let layout = &*self.layout;
        let main = builder.main();
        let preprocessed = builder.preprocessed().clone();
        let transition = builder.is_transition();

        for (&(column, offset), &copy) in &layout.copies {
            let nearer =
                |offset: i32| if offset == 0 { column } else { layout.copies[&(column, offset)] };
            let (copied, source) = if offset < 0 {
                (main.next_slice()[copy], main.current_slice()[nearer(offset + 1)])
            } else {
                (main.current_slice()[copy], main.next_slice()[nearer(offset - 1)])
            };
            builder.assert_zero(transition.clone() * (copied - source));
        }
        for (index, &copy) in layout.public.iter().enumerate() {
            let public: AB::Expr = builder.periodic_values()[index].into();
            builder.assert_zero(public - main.current_slice()[copy].into());
        }
        self.chip.eval(&mut Bridge { builder, layout, main, preprocessed });
    }
}

/// Gives a chip the cells of a two-row window.
struct Bridge<'a, AB: AirBuilder> {
    builder: &'a mut AB,
    layout: &'a Layout,
    main: AB::MainWindow,
    preprocessed: AB::PreprocessedWindow,
}

impl<AB: InteractionBuilder<F = F>> ChipBuilder for Bridge<'_, AB> {
    type Expr = AB::Expr;

    fn main(&self, column: usize, offset: i32) -> AB::Expr {
        match (offset, self.layout.copies.get(&(column, offset))) {
            (0, _) => self.main.current_slice()[column].into(),
            (_, Some(&copy)) => self.main.current_slice()[copy].into(),
            (_, None) => self.main.next_slice()[column].into(),
        }
    }

    fn fixed(&self, column: usize, offset: i32) -> AB::Expr {
        self.preprocessed.current_slice()[self.layout.fixed[&(column, offset)]].into()
    }

    fn public(&self, column: usize) -> AB::Expr {
        self.main.current_slice()[self.layout.public[column]].into()
    }

    fn first(&self) -> AB::Expr {
        self.builder.is_first_row()
    }

    fn last(&self) -> AB::Expr {
        self.builder.is_last_row()
    }

    fn transition(&self) -> AB::Expr {
        self.builder.is_transition()
    }

    fn interior(&self, before: usize, after: usize) -> AB::Expr {
        self.preprocessed.current_slice()[self.layout.interiors[&(before, after)]].into()
    }

    fn assert_zero(&mut self, _label: &'static str, expr: impl Into<AB::Expr>) {
        self.builder.assert_zero(expr);
    }

    fn interact(&mut self, bus: Bus, fields: Vec<AB::Expr>, count: AB::Expr, weight: u32) {
        assert_eq!(fields.len(), bus.width, "tuple width on bus {}", bus.name);
        self.builder.push_interaction(bus.name, fields, Count::bounded(count, weight));
    }
}

/// Finds out which cells a chip reads.
#[derive(Default)]
struct Reads {
    /// The lowest and highest offset of each committed column.
    main: BTreeMap<usize, (i32, i32)>,
    /// Fixed columns and offsets.
    fixed: BTreeSet<(usize, i32)>,
    /// The arguments of interior selectors.
    interiors: BTreeSet<(usize, usize)>,
}

impl Reads {
    fn of<C: Chip>(chip: &C) -> Self {
        let mut recorder = Recorder::default();
        chip.eval(&mut recorder);
        recorder.0.into_inner()
    }
}

#[derive(Default)]
struct Recorder(RefCell<Reads>);

impl ChipBuilder for Recorder {
    type Expr = F;

    fn main(&self, column: usize, offset: i32) -> F {
        let mut reads = self.0.borrow_mut();
        let (lowest, highest) = reads.main.entry(column).or_default();
        (*lowest, *highest) = ((*lowest).min(offset), (*highest).max(offset));
        F::ZERO
    }

    fn fixed(&self, column: usize, offset: i32) -> F {
        self.0.borrow_mut().fixed.insert((column, offset));
        F::ZERO
    }

    fn public(&self, _column: usize) -> F {
        F::ZERO
    }

    fn first(&self) -> F {
        F::ZERO
    }

    fn last(&self) -> F {
        F::ZERO
    }

    fn transition(&self) -> F {
        F::ZERO
    }

    fn interior(&self, before: usize, after: usize) -> F {
        self.0.borrow_mut().interiors.insert((before, after));
        F::ZERO
    }

    fn assert_zero(&mut self, _label: &'static str, _expr: impl Into<F>) {}

    fn interact(&mut self, _bus: Bus, _fields: Vec<F>, _count: F, _weight: u32) {}
}
