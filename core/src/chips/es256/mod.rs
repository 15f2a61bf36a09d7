//! ES256.
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
