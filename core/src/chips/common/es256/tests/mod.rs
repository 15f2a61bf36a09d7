//! What the table accepts and refuses. Forged witnesses are made by setting values of the program,
//! by joining the rows of two witnesses, or by writing single cells.
//!
//! `attacks` has attacks by name, `rules` has one forgery for each rule, and `wycheproof` checks
//! published test vectors. This file has what they share, and tests of valid signatures.

mod attacks;
mod rules;
mod wycheproof;

use p256::elliptic_curve::bigint::Encoding;
use p256::elliptic_curve::ops::Reduce;
use p256::elliptic_curve::sec1::FromEncodedPoint;
use p256::{AffinePoint, EncodedPoint, NistP256, ProjectivePoint, Scalar, U256};
use velum_stark::air::testing::Partner;
use velum_stark::air::{Violations, check, fill_multiplicities};
use velum_stark::chip_enum;

use super::program::{self, Place};
use super::witness::Given;
use super::*;
use crate::chips::buses::{ES256, es256};
use crate::chips::common::range::RangeChip;

chip_enum! {
    enum Tables { Es256(Es256Chip), Range(RangeChip), Partner(Partner) }
}

const ORDER: U256 = <NistP256 as p256::elliptic_curve::Curve>::ORDER;

/// A statement and a signature.
#[derive(Clone)]
struct Case {
    key: PublicKey,
    hash: [u8; 32],
    signature: [u8; 64],
}

impl Case {
    fn new(key: &ProjectivePoint, e: U256, r: U256, s: U256) -> Self {
        let (x, y) = program::coordinates(key);
        let mut signature = [0; 64];
        signature[..32].copy_from_slice(&r.to_be_bytes());
        signature[32..].copy_from_slice(&s.to_be_bytes());
        Self {
            key: PublicKey { x: x.to_be_bytes(), y: y.to_be_bytes() },
            hash: e.to_be_bytes(),
            signature,
        }
    }

    /// RFC 6979, A.2.5, with SHA-256 and the message "sample".
    fn sample() -> Self {
        let key = PublicKey {
            x: number("60fed4ba255a9d31c961eb74c6356d68c049b8923b61fa6ce669622e60f29fb6")
                .to_be_bytes(),
            y: number("7903fe1008b8bc99a41ae9e95628bc64f2f1b20c2d7e9f5177a3c294d4462299")
                .to_be_bytes(),
        };
        let mut signature = [0; 64];
        let r = number("efd48b2aacb6a8fd1140dd9cd45e81d69d2c877b56aaf991c34d0ea84eaf3716");
        let s = number("f7cb1c942d657c41d436c7a1b6e29f65f3e900dbb9aff4064dc4ab2f843acda8");
        signature[..32].copy_from_slice(&r.to_be_bytes());
        signature[32..].copy_from_slice(&s.to_be_bytes());
        let hash = number("af2bdbe1aa9b6ec1e2ade1d694f41fc71a831d0268e9891562113d8a62add1bf")
            .to_be_bytes();
        Self { key, hash, signature }
    }

    /// A valid signature with `R = a G + b Q`, for a key `Q` whose holder is not involved.
    fn of_key(key: &ProjectivePoint, a: Scalar, b: Scalar) -> Self {
        let (x, _) = program::coordinates(&(ProjectivePoint::GENERATOR * a + *key * b));
        let r = Scalar::reduce(x);
        let s = r * b.invert().unwrap();
        Self::new(key, (a * s).into(), r.into(), s.into())
    }

    /// A valid signature with this `R`, under a key that is made for it.
    fn of_point(point: &ProjectivePoint) -> Self {
        let (a, b) = (Scalar::from(3u64), Scalar::from(7u64));
        let key = (*point - ProjectivePoint::GENERATOR * a) * b.invert().unwrap();
        Self::of_key(&key, a, b)
    }

    fn r(&self) -> U256 {
        U256::from_be_slice(&self.signature[..32])
    }

    fn given(&self) -> Given {
        given(&PROGRAM, &self.key, &self.hash, &self.signature, BALANCES[0])
    }

    fn trace(&self) -> Trace {
        Es256Chip::new().trace(&self.key, &self.hash, &self.signature)
    }

    fn verify(&self, trace: Trace) -> Violations {
        verify(self.partner(), trace)
    }

    /// The rules that refuse the trace made of these values.
    fn refused(&self, given: &Given) -> Vec<String> {
        self.verify(trace_of(given)).rules()
    }

    /// Sends the words of the statement.
    fn partner(&self) -> Partner {
        let mut partner = Partner::default();
        let operands =
            [(es256::X, &self.key.x), (es256::Y, &self.key.y), (es256::HASH, &self.hash)];
        for (operand, bytes) in operands {
            for (k, word) in bytes.as_chunks::<4>().0.iter().enumerate() {
                partner.send(ES256, &[operand, k as u64, u32::from_be_bytes(*word).into()]);
            }
        }
        partner
    }
}

fn verify(partner: Partner, trace: Trace) -> Violations {
    let mut traces = [trace, RangeChip.trace(), partner.trace()];
    let tables =
        [Tables::Es256(Es256Chip::new()), Tables::Range(RangeChip), Tables::Partner(partner)];
    fill_multiplicities(&tables, &mut traces);
    check(&tables, &traces)
}

fn trace_of(given: &Given) -> Trace {
    Witness::solve(&PROGRAM, given).trace(&PROGRAM)
}

fn give(given: &mut Given, place: Place, value: U256) {
    given[place] = Some(value);
}

fn value_of(given: &Given, place: Place) -> U256 {
    Witness::solve(&PROGRAM, given).value(place)
}

/// The first row of a value's pair.
fn row_of(place: Place) -> usize {
    2 * place
}

/// The place of a table point's x coordinate. The y coordinate stands next to it.
fn table_point(i: usize) -> Place {
    let address = program::TABLE_X + i as program::Address;
    PROGRAM.pairs.iter().position(|pair| pair.provided == Some(address)).unwrap()
}

/// Copies rows of one trace to another.
fn splice(trace: &mut Trace, from: &Trace, rows: std::ops::Range<usize>) {
    for row in rows {
        trace.row_mut(row).copy_from_slice(from.row(row));
    }
}

fn number(hex: &str) -> U256 {
    U256::from_be_hex(hex)
}

/// A point with this x coordinate, if there is one.
fn point_at(x: U256) -> Option<ProjectivePoint> {
    let mut compressed = [2; 33];
    compressed[1..].copy_from_slice(&x.to_be_bytes());
    let encoded = EncodedPoint::from_bytes(compressed).ok()?;
    Option::<AffinePoint>::from(AffinePoint::from_encoded_point(&encoded))
        .map(ProjectivePoint::from)
}

/// The point with the smallest x coordinate that is not below `x`.
fn point_from(x: U256) -> ProjectivePoint {
    (0..).find_map(|i| point_at(x.wrapping_add(&U256::from_u64(i)))).unwrap()
}

/// The slope of the tangent at a point.
fn tangent(point: &ProjectivePoint) -> U256 {
    let (x, y) = program::coordinates(point);
    let field = |value| p256::FieldElement::from_uint(value).unwrap();
    let (x, y) = (field(x), field(y));
    let three = field(U256::from_u64(3));
    ((x * x - field(U256::ONE)) * three * y.double().invert().unwrap()).to_canonical()
}

#[test]
fn accepts_the_sample_of_rfc_6979() {
    let case = Case::sample();
    let violations = case.verify(case.trace());
    assert!(violations.is_empty(), "{violations}");
}

#[test]
fn accepts_every_split_of_the_equation() {
    let case = Case::sample();
    for balance in BALANCES {
        let given = given(&PROGRAM, &case.key, &case.hash, &case.signature, balance);
        assert_eq!(case.refused(&given), [""; 0]);
    }
}

#[test]
fn accepts_r_below_n_of_an_x_above() {
    let case = Case::of_point(&point_from(ORDER.wrapping_add(&U256::ONE)));
    assert!(case.r().bits() < 10, "r is small");
    assert_eq!(case.verify(case.trace()).rules(), [""; 0]);
}

#[test]
fn accepts_high_and_low_s_and_any_hash() {
    let key = ProjectivePoint::GENERATOR * Scalar::from(0x1234_5678_9abcu64);
    for (a, b) in [(0u64, 1u64), (0, 5), (1, 1), (9, 2)] {
        for sign in [Scalar::ONE, -Scalar::ONE] {
            let case = Case::of_key(&key, Scalar::from(a) * sign, Scalar::from(b) * sign);
            assert_eq!(case.verify(case.trace()).rules(), [""; 0], "{a} {b}");
        }
    }
    let sample = Case::sample();
    let e = U256::from_be_slice(&sample.hash);
    let aliased = Case { hash: e.wrapping_add(&ORDER).to_be_bytes(), ..sample.clone() };
    assert!(e.wrapping_add(&ORDER) < e, "no 256-bit number but e itself is e modulo n");
    assert!(!aliased.verify(aliased.trace()).is_empty());
}

#[test]
fn tries_another_split_when_points_collide() {
    let case = Case::sample();
    let witness = Witness::solve(&PROGRAM, &case.given());
    assert!(!witness.collides(&PROGRAM));
    let collision = Case::of_key(&program::offset(), Scalar::ONE, Scalar::ONE);
    assert!(Witness::solve(&PROGRAM, &collision.given()).collides(&PROGRAM));
}
