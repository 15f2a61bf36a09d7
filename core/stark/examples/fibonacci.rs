//! Proves a Fibonacci sequence: the public last term follows from two private first terms.

use p3_field::PrimeCharacteristicRing;
use velum_stark::air::{Chip, ChipBuilder, RESERVED_ROWS, Trace};
use velum_stark::control::Control;
use velum_stark::field::F;
use velum_stark::{HashFunction, Parameters, ProvingKey, VerifierKey};

/// A table with one term on each row. The last `RESERVED_ROWS` rows belong to the prover, which
/// uses them to hide the other rows.
struct Fibonacci {
    last: F,
}

const HEIGHT: usize = 512;
const TERMS: usize = HEIGHT - RESERVED_ROWS;

impl Chip for Fibonacci {
    fn name(&self) -> &'static str {
        "fibonacci"
    }

    fn height(&self) -> usize {
        HEIGHT
    }

    fn width(&self) -> usize {
        1
    }

    /// Columns of the verifier key: where the rule holds, and where the sequence ends.
    fn fixed(&self) -> Vec<Vec<F>> {
        let follows = (0..HEIGHT).map(|row| F::from_bool((2..TERMS).contains(&row)));
        let ends = (0..HEIGHT).map(|row| F::from_bool(row == TERMS - 1));
        vec![follows.collect(), ends.collect()]
    }

    /// Columns that the verifier computes from its request.
    fn public(&self) -> Vec<Vec<F>> {
        let mut last = F::zero_vec(HEIGHT);
        last[TERMS - 1] = self.last;
        vec![last]
    }

    fn eval<B: ChipBuilder>(&self, b: &mut B) {
        let [term, before, earlier] = [0, -1, -2].map(|offset| b.main(0, offset));
        b.assert_zero("follows", b.fixed(0, 0) * (term.clone() - before - earlier));
        b.assert_zero("ends", b.fixed(1, 0) * (term - b.public(0)));
    }
}

impl Fibonacci {
    /// The sequence from two first terms, which only the prover knows.
    fn trace(first: [u64; 2]) -> Trace {
        let mut trace = Trace::zeroed(HEIGHT, 1);
        trace.set_u64(0, 0, first[0]);
        trace.set_u64(1, 0, first[1]);
        for row in 2..TERMS {
            trace.set(row, 0, trace.get(row - 1, 0) + trace.get(row - 2, 0));
        }
        trace
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let parameters = Parameters {
        hash: HashFunction::Blake3,
        log_blowup: 3,
        queries: 60,
        max_log_arity: 3,
        log_final_poly_len: 5,
        // One for each query, two for each of the three rows that a constraint reads, and those of
        // the lookup argument.
        blinding_rows: 68,
        lookup_grinding_bits: 0,
        ood_grinding_bits: 0,
        batch_grinding_bits: 16,
        folding_grinding_bits: 16,
        query_grinding_bits: 16,
    };
    let trace = Fibonacci::trace([3, 4]);
    let chips = [Fibonacci { last: trace.get(TERMS - 1, 0) }];

    let key = ProvingKey::new("fibonacci 1", parameters, &chips);
    let proof = key.prove(&chips, vec![trace], b"a session", &Control::none())?;

    // The verifier makes its own key and its own chips.
    let key = VerifierKey::new("fibonacci 1", parameters, &[Fibonacci { last: F::ZERO }]);
    key.verify(&chips, b"a session", &proof)?;
    assert!(key.verify(&[Fibonacci { last: F::ONE }], b"a session", &proof).is_err());
    assert!(key.verify(&chips, b"another session", &proof).is_err());

    for security in key.security() {
        println!("{:.1} proven bits by {}", security.bits(), security.theorem.citation());
    }
    println!("{} bytes", proof.len());
    Ok(())
}
