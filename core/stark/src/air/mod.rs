//! How a chip states its constraints, independently of the prover that enforces them.
//!
//! A [`Chip`] is one table. It has committed columns, fixed columns (part of the verifier key),
//! public columns (which the verifier computes from its own request) and an [`eval`](Chip::eval)
//! that states constraints row by row through a [`ChipBuilder`]. [`Bus`]es join tables. A chip sees
//! neither commitments nor challenges, and no cells of other tables.
//!
//! The picture shows the rows of a table of `N` rows in a proof, `A` of which are active, with the
//! selectors on them. Below, it shows which builders evaluate a chip, where, and with what result.
//!
//! ```text
//! row                     committed cells           first     transition     last
//! 0                       from the Trace            not 0     not 0          0
//! 1 to A - 2              from the Trace            0         not 0          0
//! A - 1                   from the Trace            0         0              not 0
//! A to N - 1              drawn by the prover       constraints and buses ignore these rows
//!
//! builder                 evaluates a chip              result
//! recorder::Recorder      once                       -> Shape: cells read, interactions
//! composition::Evaluator  once, on expressions       -> Program: key hash, GPUs, circuits
//!                         on the active rows         -> lookup columns: CPU
//!                         on points of three cosets  -> quotient: CPU
//!                         at the out-of-domain point -> constraint identity: verifier
//! multiplicity::Rows      on the rows of the Trace   -> multiplicities, in the Trace
//! check::RowChecker       on the rows of the Trace   -> Violations
//! ```
//!
//! This module first states the interface of chips. The submodules `check` and `multiplicity`
//! evaluate chips on traces, `matrix` has the [`Trace`], `kernels` makes the prover's and the
//! verifier's functions for a type of chips, and `freedom`, `mutant` and `testing` serve tests.
//!
//! # What a constraint may read
//!
//! A cell is named by column and row offset. For example, `b.main(column, -2)` is the cell two rows
//! up. A read outside the table's rows counts as an **arbitrary value chosen by the prover**. Gate
//! such constraints with a fixed column or with [`first`](ChipBuilder::first),
//! [`last`](ChipBuilder::last) or [`transition`](ChipBuilder::transition). No constraint may rely
//! on a read that wraps around.
//!
//! The last [`RESERVED_ROWS`] rows of a table belong to the prover. Chips put nothing but padding
//! there. Padding rows satisfy every constraint with all committed cells zero, unless the chip says
//! otherwise.
//!
//! # Buses
//!
//! A bus is a multiset of tuples that must balance over all tables (LogUp, eprint 2022/1530). A
//! count is a polynomial in the row's cells. The chip itself constrains it to be small: 0 or 1 for
//! [`send`](ChipBuilder::send), [`receive`](ChipBuilder::receive) and
//! [`lookup`](ChipBuilder::lookup). Only [`provide`](ChipBuilder::provide) has a free multiplicity,
//! and its key must be unique among all rows.

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

/// Number of rows at the end of every table that carry no part of the statement.
pub const RESERVED_ROWS: usize = 128;

/// The largest degree of a constraint and of a bus count, counted as in [`Chip::eval`]. The largest
/// degree of a bus field is one less.
pub const MAX_DEGREE: usize = 3;

/// A named channel between tables, and the number of field elements in each of its tuples.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Bus {
    /// Unique name. An imbalance is reported under it.
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
/// Everything except the committed columns is a constant of the proof kind and size class, or
/// computed from the public statement. Prover and verifier therefore build equal chips.
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

    /// The cells of the public columns, `(column, row)`, grouped by value. In every statement, the
    /// cells of one entry are equal, and cells that are in no entry are zero. The entries do not
    /// depend on the statement. A circuit takes one input for each entry.
    fn public_cells(&self) -> Vec<Vec<(usize, usize)>> {
        let columns = 0..self.public().len();
        columns.flat_map(|column| (0..self.height()).map(move |row| vec![(column, row)])).collect()
    }

    /// States the constraints of one row.
    ///
    /// Constraints have degree at most 3 in the cells read, bus fields at most 2, and bus counts at
    /// most 3. The selectors [`first`](ChipBuilder::first) and [`last`](ChipBuilder::last) count as
    /// 1, the others as 0. No constraint multiplies two selectors. The calls and their order must
    /// not depend on cell values.
    fn eval<B: ChipBuilder>(&self, builder: &mut B);

    /// States the interactions of one row in the order of [`eval`](Self::eval), for builders that
    /// use nothing else. Constraints may be stated or omitted.
    fn eval_interactions<B: ChipBuilder>(&self, builder: &mut B) {
        self.eval(builder);
    }

    /// The functions that evaluate lists of these chips. [`chip_enum!`](crate::chip_enum) compiles
    /// them in the crate that declares the enum.
    #[doc(hidden)]
    fn kernels() -> Kernels<Self>
    where
        Self: Sized,
    {
        Kernels::compiled()
    }
}

/// A chip's view of one row and its neighbours, and the receiver of its constraints.
pub trait ChipBuilder {
    /// A polynomial in the cells read.
    type Expr: Algebra<F> + Clone;

    /// The committed cell in `column`, `offset` rows further down (negative: up).
    fn main(&self, column: usize, offset: i32) -> Self::Expr;

    /// The fixed cell in `column`, `offset` rows further down (negative: up).
    fn fixed(&self, column: usize, offset: i32) -> Self::Expr;

    /// The public cell in `column` of this row.
    fn public(&self, column: usize) -> Self::Expr;

    /// A selector that is non-zero on the first row only. For constraints, never for a bus count.
    fn first(&self) -> Self::Expr;

    /// A selector that is non-zero on the last active row only. For constraints, never for a bus
    /// count.
    fn last(&self) -> Self::Expr;

    /// A selector that is zero on the last active row only. For constraints, never for a bus count.
    fn transition(&self) -> Self::Expr;

    /// A selector that is non-zero on the rows with at least `before` active rows above and `after`
    /// active rows below them, and zero on the other active rows. For constraints that would
    /// otherwise read outside the table, never for a bus count. It does not count in the
    /// constraint's degree.
    fn interior(&self, before: usize, after: usize) -> Self::Expr;

    /// Requires `expr` to be zero on every row.
    ///
    /// `label` names the rule within the chip. Several constraints may share a label.
    fn assert_zero(&mut self, label: &'static str, expr: impl Into<Self::Expr>);

    /// Adds `count` times the tuple `fields` to `bus`. A negative count removes tuples.
    ///
    /// `weight` bounds the count's magnitude on every row. Zero marks the providing side of a table
    /// lookup.
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

    /// Looks `key` up among the tuples provided on `bus`, `count` times. The chip constrains
    /// `count` to 0 or 1.
    fn lookup(&mut self, bus: Bus, key: Vec<Self::Expr>, count: impl Into<Self::Expr>) {
        self.interact(bus, key, count.into(), 1);
    }

    /// Provides `key` on `bus` on rows where `enabled` is 1, for as many lookups as the committed
    /// cell in column `multiplicity` says. On other rows `enabled` is 0 and nothing is provided.
    /// The chip constrains `enabled` to 0 or 1.
    ///
    /// [`fill_multiplicities`] writes the column `multiplicity`.
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

/// Declares an enum of chips, for lists of tables of different kinds, and implements [`Chip`] for
/// it by delegation.
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
            // If this were inlined into another crate, the functions would be compiled there.
            #[inline(never)]
            fn kernels() -> $crate::air::Kernels<Self> {
                $crate::air::Kernels::compiled()
            }
        }
    };
}
