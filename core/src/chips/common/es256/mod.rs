//! `es256`: there are `r` and `s` such that ECDSA over P-256 verifies a hash under a public key.
//!
//! FIPS 186-5, 6.4.2 and SEC 1, 4.1.4, where high `s` is valid. The public key `Q = (x, y)` and the hash `e`
//! arrive on [`ES256`](super::buses::ES256), every word exactly once; `r` and `s` are private and on no bus.
//! The table knows nothing of documents, and where key and hash come from.
//!
//! # What is shown
//!
//! `x, y < p` and `Q` is on the curve; `e` is any number of 256 bits; `1 <= r, s < n`; and with values that
//! only the prover knows,
//!
//! ```text
//! S = (x_S, y_S) is on the curve, x_S < p, x_S = r or x_S = r + n between integers    (S is R or -R)
//! v2 >= 1,  t = v2 or t = n - v2
//! h s = t,  v1 = h r,  w = w_low + 2^128 w_high = h e  (mod n)
//! w_low G + w_high 2^128 G + v1 Q + v2 S = 0,  w_low and w_high below 2^128, v1 and v2 below 2^132
//! ```
//!
//! As `v2` is no multiple of the prime `n`, the last line divided by `t` says `S = -+(u1 G + u2 Q)` with
//! `u1 = e / s` and `u2 = r / s`: the point of the standard up to its sign, which `x_S` does not tell, and the y
//! coordinate is free to have either. One `h` makes both scalars, so their signs agree: a signature on `-e` is
//! none on `e`. That `h e` is known modulo n only does no harm, `G` has order n.
//!
//! The prover takes `v2` and the sign of `t` from Euclid's algorithm on `n` and `u2`, so that `v1` and `v2`
//! have half the bits of `n` and 132 double-and-add steps suffice. Any that satisfy the above are as good.
//!
//! # How
//!
//! `program` lists about 800 pairs of rows. A pair has one value of 256 bits, eight words of three limbs: the lower
//! four words on its even row, the higher four on the odd one. What its value is, its shape says: most are an identity
//! modulo p of one or two products and a few summands, whose operands stand in the pairs above at distances that the
//! shape fixes. A pair can also fetch one value from [`ES256_VALUE`](super::buses::ES256_VALUE) by address; that is
//! how table points reach steps. Constraints stand on even rows and read up to six pairs above and one below. `limbs`
//! says how an identity is checked in the native field and why it cannot wrap around: modulo p its product is folded
//! by words, so that it needs six carries and no quotient; modulo n, of which there are three, the quotient is the
//! next pair's value and the carries go on there.
//!
//! | pairs | what |
//! |---|---|
//! | about 55 | `Q` and `S` on the curve; `r`, `s`, `e`; `h` and the scalars |
//! | 8, then 12 times 7 | 16 points `T_i = O + i_0 G + i_1 2^128 G + i_2 Q + i_3 S` |
//! | 2, then 132 times 5 | where the multiplication starts; steps |
//!
//! A step is `P' = (P + T_digit) + P`. It starts from a constant `A` and adds the constant `O` with every table
//! point, so that no digit stands for infinity; the sum is right exactly if the last point is
//! `2^132 A + (2^132 - 1) O`.
//!
//! One column has words of 32 bits. On the rows of a value that is told outside the pairs it has the value's words, one a row.
//! On eight of the ten rows of a step it has one bit of each scalar, highest first, and what each scalar's bits have made
//! since the last whole word; whole words are sent on [`ES256`](super::buses::ES256), and the rows of the scalars' values
//! receive them as those of `Q` and `e` receive theirs.
//!
//! # Exceptional points
//!
//! Where two points to be added have one x coordinate, the slope of the line through them is anything. The
//! holder of a credential may choose `Q`, and the maker of a signature `R`, so no constant `O` excludes it.
//! Every addition, in the table and both of each step, proves the two x coordinates distinct modulo p. They are
//! integers below `2^256`, so that their difference is a multiple of `p` only if it is `-p`, 0 or `p`
//! (`2p > 2^256`); its value in the native field then is `-rho`, 0 or `rho` for `rho = p` there. `delta` has an
//! inverse, and so has `delta - rho^2 / delta`. Distinct coordinates fail this with probability `3 * 2^-64` an addition,
//! whereupon the prover takes another `v2`. The table points are never infinity, and neither is `P`, by induction.
//!
//! A key whose logarithm relates it to the constants (`Q = O`) has no proof. Both logarithms are public, so it
//! is no one's key.
//!
//! # Soundness
//!
//! | cell | what fixes it |
//! |---|---|
//! | value | its shape's identity or its copy, its constant or the words received; free where the text above says "there is", and where a pair is there for its rows only. Each limb is range-checked, so that it is below `2^256` and its limbs are the only ones |
//! | operand | looked up at a fixed address, that of a table point moved by the digit; else the *difference* of values above. Addresses are unique by fixed columns, so a free multiplicity offers only what is there. It needs no range check: values had one. Free and read by nothing where the pair has neither |
//! | carries | range-checked, so that the identity holds between integers: modulo p the last is the multiple of p, between integers it is zero, modulo n the next pair's go on |
//! | quotient by n | the value of the pair after: range-checked; the identity then has one |
//! | choice | a bit (*choice*): whether n is taken from `x_S`, and the sign of `t` |
//! | words on rows of values | *word*: those of the value; received once each |
//! | bits | 0 or 1 |
//! | what bits make | *scalar*: doubled and added to, anew after each whole word. Sent once a whole word, and so equal to the word of the value; *scalar length*: what bits beyond `w`'s halves make, and the words of `v1` and `v2` beyond the bits, are zero |
//! | digit | on the two pairs of a step that fetch, the sum of the bits; zero on other pairs that fetch (*digit use*) |
//! | inverses | what they are inverse to |
//! | multiplicity | free, see operand |
//!
//! The digit, a choice or an inverse stands on the even row of the auxiliary column, an inverse or a multiplicity on the odd
//! one: no pair has two of them, by the program (tested). The prover needs 1,624 of 2,048 rows whatever the statement.
//! Carries of pairs without identity and values that nothing names are read by nothing but range checks. Rows after the last
//! pair are zero.
//!
//! # Time
//!
//! The witness of one signature takes the same steps as that of another: Euclid's algorithm runs a fixed number
//! of passes without branches, and points, scalars and field elements are `p256`'s. A second try is the
//! exception.
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

/// Bits of `v1`, tried in this order: `v2` has the rest of 256.
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
    /// A signature or key that is not valid is filled as if it were, and breaks constraints. Time does not depend on
    /// the signature, but for a second try with probability `2^-54`.
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
