//! `es256`: there are `r` and `s` such that ECDSA over P-256 verifies a hash under a public key.
//!
//! The table follows FIPS 186-5, 6.4.2 and SEC 1, 4.1.4, where a high `s` is valid. `r` and `s` are
//! private, and no other table receives them. The table knows nothing of documents and does not
//! know where the key and the hash come from.
//!
//! The submodules, in reading order:
//!
//! * `limbs` says how an identity between 256-bit integers is checked in the native field;
//! * `program` lists what the table computes, and `layout` puts it into rows and columns;
//! * `constraints` has the constraints;
//! * `scalars` and `witness` fill the table.
//!
//! The picture shows the rows from top to bottom, two rows to a pair, and then the columns of a
//! pair. The sections below define the names.
//!
//! ```text
//! pairs       values                                                bus ES256
//! ---------------------------------------------------------------------------------------
//!   0 to 57   Q on the curve; x and y below p                       <-- words of X, Y
//!             S on the curve; x_S below p; r, s, e                  <-- words of HASH
//!             h, t = h s, v2, v1 = h r, w = h e                     <-- words of V2, V1, W
//!  58 to 65   T_0 to T_3: constants, 2 pairs each
//!  66 to 149  T_4 to T_15: T_(i-4) + Q or T_(i-8) + S, 7 pairs each
//! 150 to 151  P_0 = A: constants
//! 152 to 811  132 steps (P + T_digit) + P, 5 pairs each: Slope,     --> words of W, V1, V2,
//!             ThirdX, Return, ReturnX, ReturnY; P_132: constants        made of the bits
//!
//! columns   V 12             M 12             CARRY_LOW 3,   WORD 1    AUXILIARY 1
//!           the value        the operand      CARRY_HIGH 3
//! even row  limbs 0 to 11    limbs 0 to 11    groups 0 to 2  a word    digit, choice, inverse
//! odd row   limbs 12 to 23   limbs 12 to 23   groups 3 to 5  or a bit  multiplicity, inverse
//! buses     <-- RANGE        <-- ES256_VALUE  <-- RANGE      ES256
//!           --> ES256_VALUE    if it fetches
//! ```
//!
//! # Buses
//!
//! * [`ES256`](crate::chips::buses::ES256): receives the words of the public key `Q = (x, y)` and
//!   of the hash `e`, every word exactly once. The table also sends the words of three scalars to
//!   itself.
//! * [`ES256_VALUE`](crate::chips::buses::ES256_VALUE): provides values by address and looks them
//!   up.
//! * `RANGE`: looks up the limbs of values and the parts of carries.
//!
//! # What is shown
//!
//! `x, y < p`, and `Q` is on the curve; `e` is any number of 256 bits; `1 <= r, s < n`; and, with
//! values that only the prover knows,
//!
//! ```text
//! S = (x_S, y_S) is on the curve, x_S < p, x_S = r or x_S = r + n between integers    (S is R or -R)
//! v2 >= 1,  t = v2 or t = n - v2
//! h s = t,  v1 = h r,  w = w_low + 2^128 w_high = h e  (mod n)
//! w_low G + w_high 2^128 G + v1 Q + v2 S = 0,  w_low and w_high below 2^128, v1 and v2 below 2^132
//! ```
//!
//! As `v2` is not a multiple of the prime `n`, the last line can be divided by `t`. It then says
//! `S = -+(u1 G + u2 Q)` with `u1 = e / s` and `u2 = r / s`. This is the point of the standard up
//! to its sign. `x_S` does not reveal the sign, and the y coordinate may have either sign. The same
//! `h` makes both scalars, so their signs agree: a signature on `-e` is not a signature on `e`.
//! `h e` is known only modulo n, which does no harm, because `G` has order n.
//!
//! The prover takes `v2` and the sign of `t` from Euclid's algorithm on `n` and `u2`. `v1` and `v2`
//! then have half the bits of `n`, and 132 double-and-add steps suffice. Other values that satisfy
//! the above are as good.
//!
//! # How
//!
//! `program` lists about 800 pairs of rows. A pair has one value of 256 bits, which is eight words
//! of three limbs. The lower four words are on its even row, the higher four on its odd row.
//!
//! The *shape* of a pair says what its value is. Most shapes are an identity modulo p of one or two
//! products and a few summands. The operands stand in the pairs above, at distances that the shape
//! fixes. A pair can also fetch one value from [`ES256_VALUE`](crate::chips::buses::ES256_VALUE) by
//! address. The steps fetch the points of the table in this way.
//!
//! The constraints of a shape stand on the even row and read up to six pairs above and one below.
//! `limbs` says how an identity is checked in the native field and why it cannot wrap around.
//! Modulo p, the product is folded by words, so that it needs six carries and no quotient. Modulo
//! n, the quotient is the next pair's value, and the carries continue there. There are three
//! identities modulo n.
//!
//! The table of points has 16 points `T_i = O + i_0 G + i_1 2^128 G + i_2 Q + i_3 S`, where `i_0`
//! to `i_3` are the bits of `i`, the lowest first.
//!
//! A step is `P' = (P + T_digit) + P`. The multiplication starts from a constant `A`, and every
//! table point includes the constant `O`, so that no digit stands for infinity. The sum is right
//! exactly if the last point is `2^132 A + (2^132 - 1) O`.
//!
//! One column holds words of 32 bits:
//!
//! * On the rows of a value that is known outside the pairs, it holds the words of the value, one
//!   per row.
//! * On eight of the ten rows of a step, it holds one bit of each scalar, the highest first, and
//!   the number that each scalar's bits have made since the last whole word. Whole words are sent
//!   on [`ES256`](crate::chips::buses::ES256). The rows of the scalars' values receive them, as the
//!   rows of `Q` and `e` receive theirs.
//!
//! # Exceptional points
//!
//! If two points to be added have the same x coordinate, the slope of the line through them may be
//! anything. The holder of a credential may choose `Q`, and the maker of a signature may choose
//! `R`, so no constant `O` excludes this case. Every addition therefore proves that the two x
//! coordinates are distinct modulo p: each addition in the table, and both additions of each step.
//!
//! The coordinates are integers below `2^256`, and `2p > 2^256`. Their difference `delta` is
//! therefore a multiple of `p` only if it is `-p`, 0 or `p`. Its value in the native field is then
//! `-rho`, 0 or `rho`, where `rho` is `p` in that field. The table shows that `delta` has an
//! inverse, and that `delta - rho^2 / delta` has one. Distinct coordinates fail this test with a
//! probability of `3 * 2^-64` per addition. The prover then takes another `v2`. By induction,
//! neither the table points nor `P` are ever infinity.
//!
//! There is no proof for a key whose logarithm relates it to the constants, such as `Q = O`. The
//! logarithms of the constant and of such a key are public, so it is nobody's key.
//!
//! # Soundness
//!
//! What fixes each cell:
//!
//! * Value: its shape's identity or its copy, its constant, or the words received. It is free where
//!   the text above only says that there is a value, and where a pair exists only for its rows.
//!   Each limb is range-checked, so the value is below `2^256`, and its limbs are the only ones.
//! * Operand: looked up at a fixed address; for a table point, the digit moves the address.
//!   Otherwise, it is the *difference* of values above. Addresses are unique by fixed columns, so a
//!   free multiplicity offers only what is there. The operand needs no range check, because the
//!   values had one. If the pair has neither, the operand is free, and nothing reads it.
//! * Carries: range-checked, so that the identity holds between integers. Modulo p, the last carry
//!   is the multiple of p. Between integers, it is zero. Modulo n, the carries continue in the next
//!   pair.
//! * Quotient by n: the value of the next pair, which is range-checked. The identity then has only
//!   one quotient.
//! * Choice: a bit (*choice*). It says whether n is taken from `x_S`, or which sign `t` has.
//! * Words on the rows of values: *word* makes them the words of the value. Each is received once.
//! * Bits: 0 or 1 (*bit*).
//! * What bits make: *scalar* doubles it and adds the next bit, and starts again after each whole
//!   word. Each whole word is sent once, and so equals the word of the value. *scalar length* makes
//!   zero what the bits beyond `w`'s halves make, and the words of `v1` and `v2` beyond the bits.
//! * Digit: the sum of the bits on the two pairs of a step that fetch (*digit*); zero on other
//!   pairs that fetch (*digit use*).
//! * Inverses: fixed by what they are inverse to.
//! * Multiplicity: free, see operand.
//!
//! In the auxiliary column, the even row of a pair holds the digit, a choice or an inverse, and the
//! odd row holds an inverse or a multiplicity. By the program, no row has two of them (tested). The
//! prover needs 1,624 of 2,048 rows, whatever the statement. Only range checks read the carries of
//! pairs without an identity and the values that nothing names. Rows behind the last pair are zero.
//!
//! # Time
//!
//! The time to compute a witness does not depend on the signature. Euclid's algorithm runs a fixed
//! number of passes without branches, and the arithmetic of points, scalars and field elements is
//! that of `p256`. The exception is a second attempt with another `v2`.
mod constraints;
mod layout;
mod limbs;
mod program;
mod scalars;
mod witness;

#[cfg(test)]
mod tests;

use std::sync::LazyLock;

use layout::column;
use program::Program;
use velum_stark::air::{Chip, ChipBuilder, Trace};
use velum_stark::field::F;
use witness::{Witness, given};

use crate::statement::PublicKey;

static PROGRAM: LazyLock<Program> = LazyLock::new(Program::new);

/// Numbers of bits of `v1`, in the order in which they are tried. `v2` has the rest of 256 bits.
const BALANCES: [usize; 9] = [128, 127, 129, 126, 130, 125, 131, 124, 132];

/// The table of one ECDSA verification over P-256. Its shape is the same for every statement.
#[derive(Clone, Copy, Debug, Default)]
pub struct Es256Chip;

impl Es256Chip {
    /// The chip.
    pub(crate) const fn new() -> Self {
        Self
    }

    /// The committed cells for one signature `r || s`, without multiplicities.
    ///
    /// A signature or key that is not valid is filled in as if it were valid, and breaks
    /// constraints. The time does not depend on the signature, except for a second attempt, which
    /// has a probability of `2^-54`.
    pub(crate) fn trace(
        &self,
        public_key: &PublicKey,
        hash: &[u8; 32],
        signature: &[u8; 64],
    ) -> Trace {
        let attempt = |balance| {
            Witness::solve(&PROGRAM, &given(&PROGRAM, public_key, hash, signature, balance))
        };
        let mut witness = attempt(BALANCES[0]);
        for &balance in &BALANCES[1..] {
            if !witness.collides(&PROGRAM) {
                break;
            }
            witness = attempt(balance);
        }
        witness.trace(&PROGRAM)
    }
}

impl Chip for Es256Chip {
    fn name(&self) -> &'static str {
        "es256"
    }

    fn height(&self) -> usize {
        layout::HEIGHT
    }

    fn width(&self) -> usize {
        column::WIDTH
    }

    fn fixed(&self) -> Vec<Vec<F>> {
        layout::fixed_columns(&PROGRAM)
    }

    fn eval<B: ChipBuilder>(&self, builder: &mut B) {
        constraints::eval(builder);
    }

    fn eval_interactions<B: ChipBuilder>(&self, builder: &mut B) {
        constraints::eval_interactions(builder);
    }
}
