//! Columns on their evaluation domains, kept either whole or in a form from which they can be
//! computed again.
//!
//! An evaluation domain is a sequence of cosets, each with as many points as the table has rows.
//! The first coset determines the columns. Each step reads another part of the domain:
//!
//! * Openings read only the first coset.
//! * The quotient reads three cosets.
//! * Hashing reads all cosets, one row after the other.
//! * The queries read some rows of all cosets.
//!
//! A proof can therefore work with one coset at a time, and compute again what it reads again.

use std::ops::Range;

use p3_field::{Algebra, PackedValue, PrimeCharacteristicRing, TwoAdicField};
use p3_maybe_rayon::prelude::*;
use p3_util::reverse_bits_len;

use super::dft::Columns;
use super::tiles::COSETS;
use super::{CpuKey, Packed};
use crate::control::{Cancelled, Control, Memory, Stage};
use crate::field::F;
use crate::hash::Rows;
use crate::merkle::Parts;
use crate::prover::strips::{Line, STRIP, Strips};

/// Binary logarithm of the largest number of cosets that are kept. Keeping more takes several times
/// the memory and saves 7 % of the time.
const MOST_KEPT: usize = 3;

/// A group's columns on its evaluation domain, with rows in bit-reversed order.
pub(in crate::prover) enum Extended {
    /// The whole evaluation domain.
    Whole(Strips),
    /// The coefficients, from which the whole can be computed, and the first coset.
    Streamed { coefficients: Strips, first: Strips },
}

/// A part of an evaluation domain: the rows of a matrix that start at one row.
#[derive(Clone, Copy)]
pub(super) struct Part<'a> {
    pub(super) matrix: &'a Strips,
    pub(super) first: usize,
}

/// The cosets on which a quotient is computed.
pub(super) enum Cosets<'a> {
    Whole { matrix: &'a Strips, first: [usize; COSETS] },
    Apart { first: &'a Strips, others: [Strips; COSETS - 1] },
}

impl Cosets<'_> {
    pub(super) fn part(&self, coset: usize) -> Part<'_> {
        match self {
            Self::Whole { matrix, first } => Part { matrix, first: first[coset] },
            Self::Apart { first, others } => Part {
                matrix: coset.checked_sub(1).map_or(first, |other| &others[other]),
                first: 0,
            },
        }
    }
}

impl Extended {
    /// Number of columns.
    fn width(&self) -> usize {
        self.first().columns()
    }

    /// A matrix whose first rows are the first coset.
    pub(super) fn first(&self) -> &Strips {
        match self {
            Self::Whole(matrix) => matrix,
            Self::Streamed { first, .. } => first,
        }
    }
}

impl CpuKey {
    /// Extends the columns of a group.
    pub(super) fn extend(
        &self,
        group: usize,
        columns: Columns<'_>,
        control: &Control<'_>,
    ) -> Result<Extended, Cancelled> {
        let (log_blowup, shift) = (self.verifier.parameters.log_blowup, self.verifier.shift(group));
        if control.memory() == Memory::Normal && log_blowup <= MOST_KEPT {
            return Ok(Extended::Whole(self.dft.extend(columns, log_blowup, shift, control)?));
        }
        let coefficients = self.dft.coefficients(columns, control)?;
        Ok(Extended::Streamed {
            first: self.coset(group, &coefficients, 0, control)?,
            coefficients,
        })
    }

    /// A coset of a group's evaluation domain, by its number.
    pub(super) fn coset(
        &self,
        group: usize,
        coefficients: &Strips,
        coset: usize,
        control: &Control<'_>,
    ) -> Result<Strips, Cancelled> {
        let log_blowup = self.verifier.parameters.log_blowup;
        self.dft.evaluate_coset(
            coefficients,
            log_blowup,
            self.verifier.shift(group),
            coset,
            control,
        )
    }

    /// The cosets of a group on which its quotient is computed.
    pub(super) fn quotient_cosets<'a>(
        &self,
        group: usize,
        extended: &'a Extended,
        control: &Control<'_>,
    ) -> Result<Cosets<'a>, Cancelled> {
        let cosets = self.groups[group].tiles.cosets();
        Ok(match extended {
            Extended::Whole(matrix) => {
                let height = self.verifier.shape.groups[group].height();
                Cosets::Whole { matrix, first: cosets.map(|coset| coset * height) }
            }
            Extended::Streamed { coefficients, first } => {
                let [_, second, third] = cosets;
                let coset = |coset| self.coset(group, coefficients, coset, control);
                Cosets::Apart { first, others: [coset(second)?, coset(third)?] }
            }
        })
    }

    /// The cells of these rows, concatenated.
    pub(super) fn rows(
        &self,
        group: usize,
        extended: &Extended,
        rows: &[usize],
        control: &Control<'_>,
    ) -> Result<Vec<F>, Cancelled> {
        match extended {
            Extended::Whole(matrix) => Ok(matrix.rows(rows.iter().copied())),
            Extended::Streamed { coefficients, .. } => {
                let log_size = self.verifier.shape.groups[group].log_height
                    + self.verifier.parameters.log_blowup;
                let (shift, generator) =
                    (self.verifier.shift(group), F::two_adic_generator(log_size));
                let point = |&row: &usize| {
                    shift * generator.exp_u64(reverse_bits_len(row, log_size) as u64)
                };
                evaluate(coefficients, &rows.iter().map(point).collect::<Vec<_>>(), control)
            }
        }
    }

    /// All rows, concatenated.
    #[cfg(any(test, feature = "testing"))]
    pub(super) fn all_rows(&self, group: usize, extended: &Extended) -> Vec<F> {
        let none = Control::none();
        let rows = |matrix: &Strips| matrix.rows(0..matrix.height());
        match extended {
            Extended::Whole(matrix) => rows(matrix),
            Extended::Streamed { coefficients, .. } => {
                let cosets = 0..1 << self.verifier.parameters.log_blowup;
                let coset =
                    |coset| self.coset(group, coefficients, coset, &none).expect("nobody cancels");
                cosets.flat_map(|number| rows(&coset(number))).collect()
            }
        }
    }
}

/// The rows of a group in parts, for hashing.
pub(super) struct Cosetwise<'a> {
    pub(super) key: &'a CpuKey,
    pub(super) group: usize,
    pub(super) extended: &'a Extended,
    pub(super) control: Control<'a>,
}

/// Some rows of a matrix.
pub(super) struct SomeRows<'a> {
    matrix: &'a Strips,
    rows: Range<usize>,
}

impl Rows for SomeRows<'_> {
    fn width(&self) -> usize {
        self.matrix.columns()
    }

    fn count(&self) -> usize {
        self.rows.len()
    }

    #[inline]
    fn read(&self, row: usize, columns: Range<usize>, to: impl FnMut(&[F])) {
        self.matrix.read(self.rows.start + row, columns, to);
    }
}

/// Number of rows that are hashed between two checks for cancellation.
const HASHED: usize = 1 << 12;

impl Parts for Cosetwise<'_> {
    type Part<'a> = SomeRows<'a>;
    type Error = Cancelled;

    fn width(&self) -> usize {
        self.extended.width()
    }

    fn count(&self) -> usize {
        self.key.verifier.shape.groups[self.group].height()
            << self.key.verifier.parameters.log_blowup
    }

    fn check(&self) -> Result<(), Cancelled> {
        self.control.check()
    }

    fn each(&self, mut to: impl FnMut(&SomeRows<'_>)) -> Result<(), Cancelled> {
        let mut all_of = |matrix: &Strips| {
            (0..matrix.height()).step_by(HASHED).try_for_each(|first| {
                self.control.check()?;
                to(&SomeRows { matrix, rows: first..matrix.height().min(first + HASHED) });
                Ok(())
            })
        };
        match self.extended {
            Extended::Whole(matrix) => all_of(matrix)?,
            Extended::Streamed { coefficients, first } => {
                let cosets = 1 << self.key.verifier.parameters.log_blowup;
                for coset in 0..cosets {
                    let done = coset as f64 / cosets as f64;
                    if coset == 0 {
                        all_of(first)?;
                        continue;
                    }
                    self.control.begin(Stage::Extension, done)?;
                    let rows = self.key.coset(self.group, coefficients, coset, &self.control)?;
                    self.control.begin(Stage::Hashing, done)?;
                    all_of(&rows)?;
                }
            }
        }
        Ok(())
    }
}

/// Number of points at which a strip is evaluated together. The products of one point depend on
/// each other, those of different points do not.
const POINTS: usize = 8;

/// Number of powers that are summed up before they are reduced.
const TERMS: usize = 4;

/// The columns at some points, computed from their coefficients. The number of coefficients is a
/// multiple of [`TERMS`]. The cells of each point are contiguous.
fn evaluate(
    coefficients: &Strips,
    points: &[F],
    control: &Control<'_>,
) -> Result<Vec<F>, Cancelled> {
    let width = coefficients.columns();
    let strips = (0..width.div_ceil(STRIP)).into_par_iter().map(|strip| {
        control.check()?;
        Ok(points
            .chunks(POINTS)
            .flat_map(|points| horner(coefficients.strip(strip), points))
            .collect())
    });
    let strips: Vec<Vec<Line>> = strips.collect::<Result<_, Cancelled>>()?;
    let mut cells = Vec::with_capacity(points.len() * width);
    for point in 0..points.len() {
        let row = strips
            .iter()
            .flat_map(|lines| lines[point].iter().flat_map(|packed| packed.as_slice()));
        cells.extend(row.take(width));
    }
    Ok(cells)
}

/// The columns of a strip at no more than [`POINTS`] points.
fn horner(lines: &[Line], points: &[F]) -> impl Iterator<Item = Line> {
    let mut sums = [Line::default(); POINTS];
    let powers: [[F; TERMS + 1]; POINTS] = std::array::from_fn(|i| {
        let mut powers = points.get(i).copied().unwrap_or_default().powers();
        std::array::from_fn(|_| powers.next().unwrap_or_default())
    });
    let (lines, _) = lines.as_chunks::<TERMS>();
    for lines in lines.iter().rev() {
        for (sum, powers) in sums.iter_mut().zip(&powers) {
            let [low @ .., step] = powers;
            for (pack, sum) in sum.iter_mut().enumerate() {
                let terms = lines.each_ref().map(|line| line[pack]);
                *sum = *sum * *step + Packed::mixed_dot_product(&terms, low);
            }
        }
    }
    sums.into_iter().take(points.len())
}
