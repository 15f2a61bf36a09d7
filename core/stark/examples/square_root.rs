//! Proves knowledge of the square root of a public number: the program of `GUIDE.md`.

use p3_field::PrimeCharacteristicRing;
use velum_stark::air::{Bus, Chip, ChipBuilder, Trace, check, fill_multiplicities};
use velum_stark::chip_enum;
use velum_stark::control::Control;
use velum_stark::field::F;
use velum_stark::{HashFunction, Parameters, ProvingKey, VerifierKey};

/// `(byte)`: an integer below 256.
const BYTE: Bus = Bus::new("byte", 1);

/// Provides every byte.
#[derive(Clone)]
struct Bytes;

impl Chip for Bytes {
    fn name(&self) -> &'static str {
        "bytes"
    }

    fn height(&self) -> usize {
        512
    }

    fn width(&self) -> usize {
        1
    }

    fn fixed(&self) -> Vec<Vec<F>> {
        let byte = (0..512).map(|row| F::from_u64(row % 256));
        let is_provided = (0..512).map(|row| F::from_bool(row < 256));
        vec![byte.collect(), is_provided.collect()]
    }

    fn eval<B: ChipBuilder>(&self, b: &mut B) {
        let (byte, is_provided) = (b.fixed(0, 0), b.fixed(1, 0));
        b.provide(BYTE, vec![byte], 0, is_provided);
    }
}

/// The root in two bytes, of which the number is the square.
#[derive(Clone)]
struct Root {
    square: u64,
}

impl Chip for Root {
    fn name(&self) -> &'static str {
        "root"
    }

    fn height(&self) -> usize {
        512
    }

    /// The low byte and the high byte of the root.
    fn width(&self) -> usize {
        2
    }

    /// The row on which everything happens.
    fn fixed(&self) -> Vec<Vec<F>> {
        vec![(0..512).map(|row| F::from_bool(row == 0)).collect()]
    }

    fn public(&self) -> Vec<Vec<F>> {
        let mut square = F::zero_vec(512);
        square[0] = F::from_u64(self.square);
        vec![square]
    }

    fn eval<B: ChipBuilder>(&self, b: &mut B) {
        let is_here = b.fixed(0, 0);
        let (low, high) = (b.main(0, 0), b.main(1, 0));
        b.lookup(BYTE, vec![low.clone()], is_here.clone());
        b.lookup(BYTE, vec![high.clone()], is_here.clone());
        let root = low + high * F::from_u64(256);
        b.assert_zero("square", is_here * (root.square() - b.public(0)));
    }
}

impl Root {
    fn trace(low: u64, high: u64) -> Trace {
        let mut trace = Trace::zeroed(512, 2);
        trace.set_u64(0, 0, low);
        trace.set_u64(0, 1, high);
        trace
    }
}

chip_enum! {
    /// A table of this proof.
    enum Table {
        Bytes(Bytes),
        Root(Root),
    }
}

fn tables(square: u64) -> Vec<Table> {
    vec![Table::Bytes(Bytes), Table::Root(Root { square })]
}

fn traces(chips: &[Table], low: u64, high: u64) -> Vec<Trace> {
    let mut traces = vec![Trace::zeroed(512, 1), Root::trace(low, high)];
    fill_multiplicities(chips, &mut traces);
    traces
}

fn rules(square: u64, low: u64, high: u64) -> Vec<String> {
    let chips = tables(square);
    check(&chips, &traces(&chips, low, high)).rules()
}

fn negative_tests() {
    // 513 = 1 + 2 * 256.
    let honest: [String; 0] = [];
    assert_eq!(rules(513 * 513, 1, 2), honest);
    assert_eq!(rules(513 * 513 + 1, 1, 2), ["root/square"]);
    // The same root, but not in bytes.
    assert_eq!(rules(513 * 513, 257, 1), ["bus byte"]);
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    negative_tests();

    let parameters = Parameters {
        hash: HashFunction::Blake3,
        log_blowup: 3,
        queries: 60,
        max_log_arity: 3,
        log_final_poly_len: 5,
        blinding_rows: 68,
        lookup_grinding_bits: 0,
        ood_grinding_bits: 0,
        batch_grinding_bits: 16,
        folding_grinding_bits: 16,
        query_grinding_bits: 16,
    };
    let chips = tables(513 * 513);
    let key = ProvingKey::new("square root, version 1", parameters, &chips);
    let proof = key.prove(&chips, traces(&chips, 1, 2), b"a session", &Control::none())?;

    // The verifier makes its own key, and the public columns from its own question.
    let key = VerifierKey::new("square root, version 1", parameters, &tables(0));
    key.verify(&tables(513 * 513), b"a session", &proof)?;
    assert!(key.verify(&tables(514 * 514), b"a session", &proof).is_err());
    assert!(key.verify(&tables(513 * 513), b"another session", &proof).is_err());

    for security in key.security() {
        assert!(security.bits() >= 100.0, "{:.1} bits", security.bits());
    }
    Ok(())
}
