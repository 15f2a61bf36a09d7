//! The points at which the quotient is computed, several at a time.
//!
//! A table of `N` rows is extended to a coset of order `B N`, whose point number `e` is
//! `shift * w^e`. The quotient has slightly more than `2 N` coefficients. It is computed on two
//! cosets:
//!
//! * the coset of order `2 N` whose points have the numbers that are multiples of `B / 2`;
//! * a small coset of order `S`, whose points have the numbers `1 + i B N / S`.
//!
//! The next row of the table is `B` points further on.
//!
//! A *tile* has as many points as a wide element has lanes. Its points are chosen so that they are
//! adjacent in bit-reversed order. The points of a tile lie on one coset of order `N`, and so do
//! the points that are some rows further on.

use p3_util::reverse_bits_len;

use crate::prover::wide::LANES;

#[derive(Clone, Copy)]
pub(super) struct Tiles {
    log_height: usize,
    log_blowup: usize,
    log_small: usize,
}

/// Number of cosets of order `N` on which the quotient is computed. Other code refers to the cosets
/// in this order.
pub(super) const COSETS: usize = 3;

/// How many of the [`COSETS`] cosets, counted from the first, make up the coset of order `2 N`.
pub(super) const MAIN_COSETS: usize = 2;

/// The number, among the [`COSETS`] cosets, of the coset that contains the small coset.
const SMALL: usize = 2;

/// The numbers of a tile's points.
pub(super) struct Tile {
    first: usize,
    step: usize,
    /// The number, among the [`COSETS`] cosets, of the coset on which the points lie.
    pub(super) coset: usize,
}

impl Tiles {
    pub(super) fn new(log_height: usize, log_blowup: usize, excess: usize) -> Self {
        let log_small = excess.max(LANES).next_power_of_two().ilog2() as usize;
        Self { log_height, log_blowup, log_small }
    }

    /// Binary logarithm of the small coset's order.
    pub(super) fn log_small(&self) -> usize {
        self.log_small
    }

    fn log_size(&self) -> usize {
        self.log_height + self.log_blowup
    }

    /// Number of tiles of the coset of order `2 N`.
    pub(super) fn main(&self) -> usize {
        (2 << self.log_height) / LANES
    }

    /// Number of tiles of both cosets.
    pub(super) fn count(&self) -> usize {
        self.main() + (1 << self.log_small) / LANES
    }

    /// The number of tiles after which the points of a tile of the coset of order `2 N` are one row
    /// further on.
    pub(super) fn next_row(&self) -> usize {
        2
    }

    /// The index of a lane's value among the values of its coset, in natural order.
    pub(super) fn index(&self, tile: usize, lane: usize) -> usize {
        match tile.checked_sub(self.main()) {
            None => tile + lane * self.main(),
            Some(small) => small + lane * ((1 << self.log_small) / LANES),
        }
    }

    pub(super) fn tile(&self, tile: usize) -> Tile {
        let (offset, step, coset) = if tile < self.main() {
            (0, 1 << (self.log_blowup - 1), tile % 2)
        } else {
            (1, 1 << (self.log_size() - self.log_small), SMALL)
        };
        let number = |lane| offset + self.index(tile, lane) * step;
        Tile { first: number(0), step: if LANES > 1 { number(1) - number(0) } else { 0 }, coset }
    }

    /// The numbers that the [`COSETS`] cosets have in a matrix in bit-reversed order. Such a matrix
    /// is the concatenation of its cosets.
    pub(super) fn cosets(&self) -> [usize; COSETS] {
        [0, 1, 1 << (self.log_blowup - 1)]
    }

    /// The number of a lane's point, `offset` rows further on.
    pub(super) fn point(&self, tile: &Tile, lane: usize, offset: i32) -> usize {
        let moved = (offset as isize) << self.log_blowup;
        (tile.first + lane * tile.step).wrapping_add_signed(moved) & ((1 << self.log_size()) - 1)
    }

    /// The rows of the lanes' points in the part of a bit-reversed matrix that is their coset,
    /// `offset` rows of the table further on.
    pub(super) fn rows(&self, tile: &Tile, offset: i32) -> [usize; LANES] {
        let first = self.cosets()[tile.coset] << self.log_height;
        std::array::from_fn(|lane| {
            reverse_bits_len(self.point(tile, lane, offset), self.log_size()) - first
        })
    }

    /// For each offset, the number of the small coset's first point, `offset` rows further on.
    pub(super) fn small_points(&self, offsets: &[i32]) -> Vec<usize> {
        let first = self.tile(self.main());
        offsets.iter().map(|&offset| self.point(&first, 0, offset)).collect()
    }

    /// The rows of a tile of the small coset in a matrix that has this coset alone, in bit-reversed
    /// order, once for each of some offsets. `offset` is the index of an offset.
    pub(super) fn small_rows(&self, tile: usize, offset: usize) -> [usize; LANES] {
        let first = offset << self.log_small;
        std::array::from_fn(|lane| first + reverse_bits_len(self.index(tile, lane), self.log_small))
    }

    pub(super) fn log_blowup(&self) -> usize {
        self.log_blowup
    }
}
