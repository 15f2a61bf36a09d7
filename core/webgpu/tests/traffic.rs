//! Tests that the traffic of both proofs of a document of the class `standard`, as wallets make
//! them, does not grow unnoticed.

use velum_bench::{Case, SUITE, Statements, without_grinding};
use velum_core::class::STANDARD;
use velum_core::proof::{
    ProofKind, credential_chips, credential_traces, presentation_chips, presentation_traces,
};
use velum_stark::air::{Chip, Trace};
use velum_stark::control::Control;
use velum_stark::{Checked, ProvingKey, VerifierKey, block_on};
use velum_webgpu::{Gpu, Options, Traffic, WebGpu};

/// The traffic of a key, and of each of two proofs under it. Without grinding, one run finds each
/// nonce. All numbers are then the same each time, except those for what queries open.
fn traffic<C: Chip>(kind: ProofKind, chips: &[C], traces: &[Trace]) -> [Traffic; 3] {
    let options = Options { software: true, only_32_bit: true, short: false };
    let gpu = block_on(Gpu::open(options)).unwrap();
    let verifier = VerifierKey::new("traffic", without_grinding(SUITE, kind, &STANDARD), chips);
    let control = Control::none();
    let mut before = gpu.traffic();
    let mut since = || {
        let (now, then) = (gpu.traffic(), before);
        before = now;
        now - then
    };
    let key =
        block_on(ProvingKey::on(Checked(WebGpu::new(gpu.clone())), verifier, chips, &control))
            .unwrap();
    let of_key = since();
    let mut proof = || {
        key.prove(chips, traces.to_vec(), b"", &control).unwrap();
        since()
    };
    [of_key, proof(), proof()]
}

/// Asserts that counts are the same, and that bytes and buffers are not more. The number of values
/// that queries open varies, and so does whether there is a buffer that is long enough.
fn assert_traffic(name: &str, traffic: Traffic, expected: Traffic) {
    let Traffic { uploaded_bytes, readback_bytes, buffers, .. } = traffic;
    assert_eq!(traffic, Traffic { uploaded_bytes, readback_bytes, buffers, ..expected }, "{name}");
    assert!(buffers <= expected.buffers, "{name}: {buffers} buffers");
    assert!(uploaded_bytes <= expected.uploaded_bytes, "{name}: {uploaded_bytes} bytes up");
    assert!(readback_bytes <= expected.readback_bytes, "{name}: {readback_bytes} bytes back");
}

#[test]
fn traffic_of_a_credential_proof_is_as_it_was() {
    let case = Case::new(1, STANDARD).unwrap();
    let statements = Statements::new(SUITE, &case);
    let chips = credential_chips(&statements.credential).unwrap();
    let traces =
        credential_traces(&chips, &statements.credential, &statements.credential_witness).unwrap();
    let [key, first, second] = traffic(ProofKind::Credential, &chips, &traces);
    let expected = Traffic {
        uploads: 21,
        uploaded_bytes: 5_878_880,
        readbacks: 0,
        readback_bytes: 0,
        dispatches: 9,
        submissions: 3,
        buffers: 27,
    };
    assert_eq!(key, expected);
    let proof = Traffic {
        uploads: 46,
        uploaded_bytes: 7_720_000,
        readbacks: 17,
        readback_bytes: 510_000,
        dispatches: 105,
        submissions: 50,
        buffers: 100,
    };
    assert_traffic("first", first, proof);
    // It uses what the first proof left.
    assert_traffic("second", second, Traffic { buffers: 66, ..proof });
}

#[test]
fn traffic_of_a_presentation_proof_is_as_it_was() {
    let case = Case::new(1, STANDARD).unwrap();
    let statements = Statements::new(SUITE, &case);
    let chips = presentation_chips(&statements.presentation).unwrap();
    let traces =
        presentation_traces(&chips, &statements.presentation, &statements.presentation_witness)
            .unwrap();
    let [key, first, second] = traffic(ProofKind::Presentation, &chips, &traces);
    let expected = Traffic {
        uploads: 14,
        uploaded_bytes: 3_227_384,
        readbacks: 0,
        readback_bytes: 0,
        dispatches: 3,
        submissions: 1,
        buffers: 16,
    };
    assert_eq!(key, expected);
    let proof = Traffic {
        uploads: 40,
        uploaded_bytes: 1_975_000,
        readbacks: 17,
        readback_bytes: 265_000,
        dispatches: 71,
        submissions: 48,
        buffers: 87,
    };
    assert_traffic("first", first, proof);
    // It uses what the first proof left.
    assert_traffic("second", second, Traffic { buffers: 62, ..proof });
}
