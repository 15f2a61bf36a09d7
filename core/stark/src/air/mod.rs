//! How a chip states its constraints, independent of the prover that enforces them.
//!
//! A [`Chip`] is one table: committed columns, fixed columns (part of the verifier key), public columns (computed
//! by the verifier from its own request) and an [`eval`](Chip::eval) that states constraints row by row through a
//! [`ChipBuilder`]. Tables are joined by [`Bus`]es.
//!
//! # What a constraint may read
//!
//! A cell is named by column and row offset, `b.main(column, -2)` being the cell two rows up. A read outside the
//! table's rows gives an **arbitrary value chosen by the prover**: gate such constraints with a fixed column or with
//! [`first`](ChipBuilder::first), [`last`](ChipBuilder::last) or [`transition`](ChipBuilder::transition). Nothing
//! wraps around. The last [`RESERVED_ROWS`] rows of a table belong to the prover: chips put nothing but padding
//! there, and padding rows satisfy every constraint with all committed cells zero unless the chip says otherwise.
//!
//! # Buses
//!
//! A bus is a multiset of tuples that must balance over all tables (LogUp, eprint 2022/1530). A count is a
//! polynomial in the row's cells that the chip itself constrains to be small (0 or 1 for [`send`](ChipBuilder::send),
//! [`receive`](ChipBuilder::receive) and [`lookup`](ChipBuilder::lookup)); only
//! [`provide`](ChipBuilder::provide) has a free multiplicity, and its key must be unique among all rows.

mod check;
#[cfg(any(test, feature = "testing"))]
pub mod freedom;
mod kernels;
mod matrix;
mod multiplicity;
#[cfg(any(test, feature = "testing"))]
mod mutant;
#[cfg(any(test, feature = "testing"))]
pub mod testing;

pub use check::{Failure, Violations, check, check_blinded};
#[doc(hidden)]
pub use kernels::Kernels;
pub use matrix::Trace;
pub use multiplicity::fill_multiplicities;

use p3_field::{Algebra, PrimeCharacteristicRing};

use crate::field::F;

/// Rows at the end of every table that carry nothing of the statement.
pub const RESERVED_ROWS: usize = 128;

/// Largest degree of a constraint and of a bus count, counted as [`Chip::eval`] says; a bus field has one less.
pub const MAX_DEGREE: usize = 3;

/// A named channel between tables and the number of field elements in each of its tuples.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Bus {
    /// Unique name, also the label under which an imbalance is reported.
    pub name: &'static str,
    /// Tuple width: every tuple on the bus has exactly this many elements.
    pub width: usize,
}

impl Bus {
    /// A bus with tuples of `width` elements.
    pub const fn new(name: &'static str, width: usize) -> Self {
        Self { name, width }
    }
}

/// One table of a proof.
///
/// Everything but the committed columns is a constant of (proof kind, size class) or computed from the public
/// statement, so prover and verifier build equal chips.
pub trait Chip: Send + Sync {
    /// Unique name within a proof.
    fn name(&self) -> &'static str;

    /// Number of rows, a power of two.
    fn height(&self) -> usize;

    /// Number of committed columns.
    fn width(&self) -> usize;

    /// Columns of the verifier key, each of [`height`](Self::height) cells.
    fn fixed(&self) -> Vec<Vec<F>> {
        Vec::new()
    }

    /// Columns computed from the public statement, each of [`height`](Self::height) cells.
    fn public(&self) -> Vec<Vec<F>> {
        Vec::new()
    }

    /// The cells of the public columns, `(column, row)`, by what they hold: in every statement, cells of one entry are equal and
    /// cells of none are zero. What the entries are does not depend on the statement. A circuit takes as many inputs.
    fn public_cells(&self) -> Vec<Vec<(usize, usize)>> {
        let columns = 0..self.public().len();
        columns.flat_map(|column| (0..self.height()).map(move |row| vec![(column, row)])).collect()
    }

    /// States the constraints of one row.
    ///
    /// Constraints have degree at most 3 in the cells read, bus fields at most 2, bus counts at most 3; selectors
    /// count as 1. The calls made, and their order, must not depend on cell values.
    fn eval<B: ChipBuilder>(&self, builder: &mut B);

    /// States the interactions of one row, in the order of [`eval`](Self::eval), for builders that look at nothing else.
    /// Constraints may be stated or left out.
    fn eval_interactions<B: ChipBuilder>(&self, builder: &mut B) {
        self.eval(builder);
    }

    /// What evaluates lists of these chips. [`chip_enum!`](crate::chip_enum) has it compiled in the crate that declares
    /// the enum.
    #[doc(hidden)]
    fn kernels() -> Kernels<Self>
    where
        Self: Sized,
    {
        Kernels::compiled()
    }
}

/// What a chip sees of one row and its neighbours, and where its constraints go.
pub trait ChipBuilder {
    /// A polynomial in the cells read.
    type Expr: Algebra<F> + Clone;

    /// The committed cell in `column`, `offset` rows further down (negative: up).
    fn main(&self, column: usize, offset: i32) -> Self::Expr;

    /// The fixed cell in `column`, `offset` rows further down (negative: up).
    fn fixed(&self, column: usize, offset: i32) -> Self::Expr;

    /// The public cell in `column` of this row.
    fn public(&self, column: usize) -> Self::Expr;

    /// Non-zero on the first row only. A selector for constraints, never a bus count.
    fn first(&self) -> Self::Expr;

    /// Non-zero on the last active row only. A selector for constraints, never a bus count.
    fn last(&self) -> Self::Expr;

    /// Zero on the last active row only. A selector for constraints, never a bus count.
    fn transition(&self) -> Self::Expr;

    /// Non-zero on the rows that have `before` active rows above and `after` below them, zero on the other active rows.
    /// A selector for constraints that read outside the table otherwise, never a bus count; it does not count in the
    /// constraint's degree.
    fn interior(&self, before: usize, after: usize) -> Self::Expr;

    /// Requires `expr` to be zero on every row.
    ///
    /// `label` names the rule within the chip; several constraints may share one.
    fn assert_zero(&mut self, label: &'static str, expr: impl Into<Self::Expr>);

    /// Adds `count` times the tuple `fields` to `bus`. A negative count takes tuples away.
    ///
    /// `weight` bounds the count's magnitude on every row; zero marks the providing side of a table lookup.
    fn interact(&mut self, bus: Bus, fields: Vec<Self::Expr>, count: Self::Expr, weight: u32);

    /// Requires `left` and `right` to be equal on every row.
    fn assert_eq(
        &mut self,
        label: &'static str,
        left: impl Into<Self::Expr>,
        right: impl Into<Self::Expr>,
    ) {
        self.assert_zero(label, left.into() - right.into());
    }

    /// Requires `expr` to be 0 or 1 on every row.
    fn assert_bool(&mut self, label: &'static str, expr: impl Into<Self::Expr>) {
        self.assert_zero(label, expr.into().bool_check());
    }

    /// Sends `fields` on `bus`, `count` times. The chip constrains `count` to 0 or 1.
    fn send(&mut self, bus: Bus, fields: Vec<Self::Expr>, count: impl Into<Self::Expr>) {
        self.interact(bus, fields, count.into(), 1);
    }

    /// Receives `fields` from `bus`, `count` times. The chip constrains `count` to 0 or 1.
    fn receive(&mut self, bus: Bus, fields: Vec<Self::Expr>, count: impl Into<Self::Expr>) {
        self.interact(bus, fields, -count.into(), 1);
    }

    /// Looks `key` up among what is provided on `bus`, `count` times. The chip constrains `count` to 0 or 1.
    fn lookup(&mut self, bus: Bus, key: Vec<Self::Expr>, count: impl Into<Self::Expr>) {
        self.interact(bus, key, count.into(), 1);
    }

    /// Provides `key` on `bus` for as many lookups as the committed cell in column `multiplicity` says, on rows where
    /// `enabled` is 1; elsewhere it is 0 and nothing is provided. The chip constrains `enabled` to 0 or 1.
    ///
    /// [`fill_multiplicities`] writes that column.
    fn provide(
        &mut self,
        bus: Bus,
        key: Vec<Self::Expr>,
        multiplicity: usize,
        enabled: impl Into<Self::Expr>,
    ) {
        let count = self.main(multiplicity, 0) * enabled.into();
        self.interact(bus, key, -count, 0);
    }
}

/// A chip of any kind, for lists of tables: implements [`Chip`] for an enum of chips by delegation.
#[macro_export]
macro_rules! chip_enum {
    ($(#[$meta:meta])* $vis:vis enum $name:ident { $($variant:ident($chip:ty)),+ $(,)? }) => {
        $(#[$meta])*
        #[derive(Clone)]
        $vis enum $name {
            $(#[doc = concat!("The `", stringify!($chip), "` table.")] $variant($chip)),+
        }

        impl $crate::air::Chip for $name {
            fn name(&self) -> &'static str {
                match self { $(Self::$variant(chip) => chip.name()),+ }
            }
            fn height(&self) -> usize {
                match self { $(Self::$variant(chip) => chip.height()),+ }
            }
            fn width(&self) -> usize {
                match self { $(Self::$variant(chip) => chip.width()),+ }
            }
            fn fixed(&self) -> Vec<Vec<$crate::field::F>> {
                match self { $(Self::$variant(chip) => chip.fixed()),+ }
            }
            fn public(&self) -> Vec<Vec<$crate::field::F>> {
                match self { $(Self::$variant(chip) => chip.public()),+ }
            }
            fn public_cells(&self) -> Vec<Vec<(usize, usize)>> {
                match self { $(Self::$variant(chip) => chip.public_cells()),+ }
            }
            fn eval<B: $crate::air::ChipBuilder>(&self, builder: &mut B) {
                match self { $(Self::$variant(chip) => chip.eval(builder)),+ }
            }
            fn eval_interactions<B: $crate::air::ChipBuilder>(&self, builder: &mut B) {
                match self { $(Self::$variant(chip) => chip.eval_interactions(builder)),+ }
            }
            // Inlined into another crate, it would be compiled there.
            #[inline(never)]
            fn kernels() -> $crate::air::Kernels<Self> {
                $crate::air::Kernels::compiled()
            }
        }
    };
}
