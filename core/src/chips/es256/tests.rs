use super::*;
use crate::air::testing::Partner;
use crate::air::{Violations, check, fill_multiplicities};
use crate::chip_enum;
use crate::chips::buses::{ES256, RANGE, es256};

chip_enum! {
    enum Tables { Es256(Es256Chip), Partner(Partner) }
}

/// Sends the words of a statement and provides the ranges.
fn partner(key: &PublicKey, hash: &[u8; 32]) -> Partner {
    let mut partner = Partner::default();
    for (operand, bytes) in [(es256::X, &key.x), (es256::Y, &key.y), (es256::HASH, hash)] {
        for (k, word) in bytes.as_chunks::<4>().0.iter().enumerate() {
            partner.send(ES256, &[operand, k as u64, u32::from_be_bytes(*word).into()]);
        }
    }
    for bits in [12, 8, 4] {
        (0..1 << bits).for_each(|value| partner.provide(RANGE, &[value, bits]));
    }
    partner
}

fn verify(key: &PublicKey, hash: &[u8; 32], trace: Trace) -> Violations {
    let partner = partner(key, hash);
    let mut traces = [trace, partner.trace()];
    let tables = [Tables::Es256(Es256Chip::new()), Tables::Partner(partner)];
    fill_multiplicities(&tables, &mut traces);
    check(&tables, &traces)
}

fn bytes(hex: &str) -> [u8; 32] {
    std::array::from_fn(|i| u8::from_str_radix(&hex[2 * i..2 * i + 2], 16).unwrap())
}

/// RFC 6979, A.2.5, with SHA-256 and the message "sample".
fn sample() -> (PublicKey, [u8; 32], [u8; 64]) {
    let key = PublicKey {
        x: bytes("60fed4ba255a9d31c961eb74c6356d68c049b8923b61fa6ce669622e60f29fb6"),
        y: bytes("7903fe1008b8bc99a41ae9e95628bc64f2f1b20c2d7e9f5177a3c294d4462299"),
    };
    let hash = bytes("af2bdbe1aa9b6ec1e2ade1d694f41fc71a831d0268e9891562113d8a62add1bf");
    let mut signature = [0; 64];
    signature[..32]
        .copy_from_slice(&bytes("efd48b2aacb6a8fd1140dd9cd45e81d69d2c877b56aaf991c34d0ea84eaf3716"));
    signature[32..]
        .copy_from_slice(&bytes("f7cb1c942d657c41d436c7a1b6e29f65f3e900dbb9aff4064dc4ab2f843acda8"));
    (key, hash, signature)
}

#[test]
fn accepts_the_sample_of_rfc_6979() {
    let (key, hash, signature) = sample();
    let trace = Es256Chip::new().trace(&key, &hash, &signature);
    let violations = verify(&key, &hash, trace);
    assert!(violations.is_empty(), "{violations}");
}
