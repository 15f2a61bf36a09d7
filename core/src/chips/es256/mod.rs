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
//! v2 >= 1,  t = v2 or t = -v2  (mod n)
//! h = t / s,  v1 = h r,  w_low + 2^132 w_high = h e  (mod n)
//! w_low G + w_high 2^132 G + v1 Q + v2 S = 0,  all four scalars below 2^132
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
//! `program` lists about 740 identities between numbers of 256 bits: modulo p, modulo n or between integers.
//! Each defines one value and fetches up to four others from [`ES256_VALUE`](super::buses::ES256_VALUE) by
//! address. `Shape` there gives the four forms, all of them one product and a few summands. An identity takes a
//! pair of rows: a value has 22 limbs of 12 bits, its lower eleven on the even row and its higher eleven on the
//! odd one; constraints stand on even rows and read offsets 0 and 1. `limbs` says how an identity is checked in
//! the native field and why it cannot wrap around.
//!
//! | rows | what |
//! |---|---|
//! | pairs, in the program's order | constants; `Q`, `e`, `S`, `r`, `s`; the scalars; 16 points `T_i = O + i_0 G + i_1 2^132 G + i_2 Q + i_3 S`; 132 steps of five identities |
//! | three pairs | the words of `x`, `y` and `e` |
//! | 132 rows | one bit of each scalar, highest first, and the scalars built from them |
//! | one pair | fetches the four scalars to compare |
//!
//! A step is `P' = (P + T_digit) + P`. It starts from a constant `A` and adds the constant `O` with every table
//! point, so that no digit stands for infinity; the sum is right exactly if the last point is
//! `2^132 A + (2^132 - 1) O`.
//!
//! # Exceptional points
//!
//! Where two points to be added have one x coordinate, the slope of the line through them is anything. The
//! holder of a credential may choose `Q`, and the maker of a signature `R`, so no constant `O` excludes it.
//! Every addition, in the table and both of each step, proves the two x coordinates distinct modulo p. They are
//! integers below `2^256`, so that their difference is a multiple of `p` only if it is `-p`, 0 or `p`
//! (`2p > 2^256`); its value in the native field then is `-rho`, 0 or `rho` for `rho = p` there. `delta` and
//! `delta^2 - rho^2` have inverses. Distinct coordinates fail this with probability `3 * 2^-64` an addition, whereupon
//! the prover takes another `v2`. The table points are never infinity, and neither is `P`, by induction.
//!
//! A key whose logarithm relates it to the constants (`Q = O`) has no proof. Both logarithms are public, so it
//! is no one's key.
//!
//! # Soundness
//!
//! | cell | what fixes it |
//! |---|---|
//! | value, even and odd | its identity, its constant or the words received; free where the text above says "there is". Each limb is range-checked, the highest to 4 bits |
//! | operands `m - x`, `x`, `y`, `z` | looked up at fixed addresses, those of table points moved by the digit. Addresses are unique by fixed columns, so a free multiplicity offers only what is there. They need no range checks: the value had one |
//! | quotient | range-checked; the identity then has one. On word rows, parts of limbs |
//! | carries | range-checked, so that the identity holds between integers |
//! | bits, scalars on digit rows | bits are 0 or 1; the rows build what the last pair fetches, whose higher halves are zero. What stands before the first row is moved out |
//! | digit | on digit rows the sum of the bits; on steps received from there, twice a step by fixed counts; zero on other rows that fetch |
//! | inverses, square | what they are inverse to and square of |
//! | multiplicity | free, see operands |
//!
//! The prover needs 1,624 of 2,048 rows whatever the statement. Cells of no use in a row (quotients of integer
//! identities, carries outside identities, values of the pairs that only fetch) are read by nothing but range
//! checks. Rows after the last pair are zero.
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

use crate::air::{Chip, ChipBuilder, Trace};
use crate::field::F;
use crate::statement::PublicKey;
use layout::column;
use program::Program;
use witness::{Witness, given};

static PROGRAM: LazyLock<Program> = LazyLock::new(Program::new);

/// Bits of `v1`, tried in this order: `v2` has the rest of 256.
const BALANCES: [usize; 9] = [128, 127, 129, 126, 130, 125, 131, 124, 132];

/// The table of one ECDSA verification over P-256. Its shape is the same for every statement.
#[derive(Clone, Copy, Debug, Default)]
pub struct Es256Chip;

impl Es256Chip {
    /// The chip.
    pub const fn new() -> Self {
        Self
    }

    /// The committed cells for one signature `r || s`, without multiplicities.
    ///
    /// A signature or key that is not valid is filled as if it were, and breaks constraints. Time does not depend on
    /// the signature, but for a second try with probability `2^-54`.
    pub fn trace(&self, public_key: &PublicKey, hash: &[u8; 32], signature: &[u8; 64]) -> Trace {
        let attempt =
            |balance| Witness::solve(&PROGRAM, &given(&PROGRAM, public_key, hash, signature, balance));
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
}
