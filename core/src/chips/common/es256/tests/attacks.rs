//! Attacks, by name. Each test asserts all the rules that refuse the attack.

use super::*;

fn identity_only() -> Vec<String> {
    vec!["es256/identity".to_owned()]
}

/// The inputs of the program.
fn inputs() -> program::Inputs {
    PROGRAM.inputs
}

#[test]
fn another_hash_key_or_signature() {
    let case = Case::sample();
    let honest = case.given();
    let mut hash = case.clone();
    hash.hash[31] ^= 1;
    assert_eq!(hash.verify(hash.trace()).rules(), identity_only());
    // With the point of the honest signature, the x coordinate is right, but the sum is wrong.
    let mut given = hash.given();
    for place in [inputs().s_x, inputs().s_y] {
        give(&mut given, place, value_of(&honest, place));
    }
    assert_eq!(hash.refused(&given), ["es256/constant"]);
    for byte in [0, 31, 32, 63] {
        let mut forged = case.clone();
        forged.signature[byte] ^= 1;
        assert_eq!(forged.verify(forged.trace()).rules(), identity_only());
    }
}

#[test]
fn a_signature_on_the_negated_hash() {
    let case = Case::sample();
    let mut given = case.given();
    let negated = ORDER.wrapping_sub(&U256::from_be_slice(&case.hash));
    let w = value_of(&given, inputs().w);
    give(&mut given, inputs().w, w);
    give(&mut given, inputs().hash, negated);
    let forged = Case { hash: negated.to_be_bytes(), ..case };
    assert_eq!(forged.refused(&given), identity_only());
}

#[test]
fn the_other_sign_of_y() {
    let case = Case::sample();
    let mut given = case.given();
    let y = value_of(&given, inputs().s_y);
    give(&mut given, inputs().s_y, program::FIELD_PRIME.wrapping_sub(&y));
    assert_eq!(case.refused(&given), ["es256/constant"]);

    let mut given = case.given();
    let y = program::FIELD_PRIME.wrapping_sub(&U256::from_be_slice(&case.key.y));
    give(&mut given, inputs().key_y, y);
    let key = PublicKey { y: y.to_be_bytes(), ..case.key };
    assert_eq!(Case { key, ..case }.refused(&given), ["es256/constant"]);
}

#[test]
fn a_key_off_the_curve() {
    let mut case = Case::sample();
    case.key.y[31] ^= 1;
    let rules = case.verify(case.trace()).rules();
    assert!(rules.contains(&"es256/identity".to_owned()), "{rules:?}");
}

#[test]
fn a_key_whose_x_is_not_canonical() {
    let key = point_from(U256::ONE);
    let case = Case::of_key(&key, Scalar::from(5u64), Scalar::from(8u64));
    assert!(case.verify(case.trace()).is_empty());
    let mut given = case.given();
    let x = U256::from_be_slice(&case.key.x).wrapping_add(&program::FIELD_PRIME);
    give(&mut given, inputs().key_x, x);
    let key = PublicKey { x: x.to_be_bytes(), ..case.key };
    assert_eq!(Case { key, ..case }.refused(&given), identity_only());
}

#[test]
fn an_x_of_r_that_is_not_canonical() {
    let x = program::coordinates(&point_from(U256::from_u64(100))).0;
    let point = point_at(x).unwrap();
    let alias = x.wrapping_add(&program::FIELD_PRIME);
    let r = Scalar::reduce(alias.wrapping_sub(&ORDER));
    let (a, b) = (Scalar::from(3u64), Scalar::from(7u64));
    let key = (point - ProjectivePoint::GENERATOR * a) * b.invert().unwrap();
    let s = r * b.invert().unwrap();
    let case = Case::new(&key, (a * s).into(), r.into(), s.into());
    let mut given = case.given();
    give(&mut given, inputs().s_x, alias);
    assert_eq!(case.refused(&given), identity_only());
}

#[test]
fn r_of_n_or_more() {
    let honest = Case::of_point(&point_from(ORDER.wrapping_add(&U256::ONE)));
    let r = honest.r().wrapping_add(&ORDER);
    let mut case = honest.clone();
    case.signature[..32].copy_from_slice(&r.to_be_bytes());
    assert_eq!(value_of(&case.given(), inputs().s_x), r);
    assert_eq!(case.verify(case.trace()).rules(), identity_only());
}

#[test]
fn s_of_n_or_more() {
    let (d, k, s) = (Scalar::from(11u64), Scalar::from(12u64), Scalar::from(5u64));
    let r = Scalar::reduce(program::coordinates(&(ProjectivePoint::GENERATOR * k)).0);
    let (key, e) = (ProjectivePoint::GENERATOR * d, s * k - r * d);
    let case = |s: U256| Case::new(&key, e.into(), r.into(), s);
    let honest = case(s.into());
    assert!(honest.verify(honest.trace()).is_empty());
    let forged = case(U256::from(s).wrapping_add(&ORDER));
    assert_eq!(forged.verify(forged.trace()).rules(), identity_only());
}

#[test]
fn zeros_and_orders_as_r_and_s() {
    let sample = Case::sample();
    for half in [0..32, 32..64] {
        for value in [U256::ZERO, ORDER] {
            let mut case = sample.clone();
            case.signature[half.clone()].copy_from_slice(&value.to_be_bytes());
            let rules = case.verify(case.trace()).rules();
            assert!(rules.contains(&identity_only()[0]), "{rules:?}");
        }
    }
}

#[test]
fn a_multiplier_of_zero() {
    let case = Case::sample();
    let mut hash = case.clone();
    hash.hash[0] ^= 1;
    let mut given = hash.given();
    for place in [inputs().s_x, inputs().s_y] {
        give(&mut given, place, value_of(&case.given(), place));
    }
    for place in [inputs().v2, inputs().h] {
        give(&mut given, place, U256::ZERO);
    }
    assert_eq!(hash.refused(&given), identity_only());
}

/// A doubling with the slope of the tangent is correct, except that it breaks the rule `distinct`.
#[test]
fn a_key_or_point_equal_to_the_offset_or_its_negative() {
    for negative in [false, true] {
        let offset = if negative { -program::offset() } else { program::offset() };
        let key = Case::of_key(&offset, Scalar::from(3u64), Scalar::from(4u64));
        let point = Case::of_point(&offset);
        // The split of the equation decides the sign of the point that is added.
        for (case, entry) in [(key, 4), (point, 8)] {
            let mut given = case.given();
            give(&mut given, table_point(entry) - 1, tangent(&program::offset()));
            let doubled = Witness::solve(&PROGRAM, &given).collides(&PROGRAM);
            assert!(doubled);
            let rules = case.refused(&given);
            assert!(rules.contains(&"es256/distinct".to_owned()), "{rules:?}");
            let same_sign = if entry == 4 {
                !negative
            } else {
                value_of(&given, inputs().s_y) == program::coordinates(&program::offset()).1
            };
            if same_sign {
                assert_eq!(rules, ["es256/distinct"]);
            }
        }
    }
}

/// With a hash of zero, no table point that includes a multiple of G is used. If the key equals one
/// of these points, nothing but the rule `distinct` fixes a slope.
#[test]
fn a_free_slope_where_points_are_equal() {
    let key = program::offset() + ProjectivePoint::GENERATOR;
    let case = Case::of_key(&key, Scalar::ZERO, Scalar::from(9u64));
    assert_eq!(case.hash, [0; 32]);
    for slope in [1u64, 2, 3_000_000_007] {
        let mut given = case.given();
        give(&mut given, table_point(5) - 1, U256::from_u64(slope));
        assert_eq!(case.refused(&given), ["es256/distinct"], "{slope}");
    }
}

/// Points are reduced to 256 bits only: `x` and `x + p` are the same coordinate, although their
/// difference is not zero.
#[test]
fn points_equal_but_for_the_prime() {
    let small = point_from(U256::from_u64(5));
    let pi =
        Scalar::reduce(number("243f6a8885a308d313198a2e03707344a4093822299f31d0082efa98ec4e6c89"));
    assert_eq!(ProjectivePoint::GENERATOR * pi, program::offset());
    // R = O + Q is the small point. It is also table point 4, to which -R is added.
    let case = Case::of_key(&(small - program::offset()), pi, Scalar::ONE);
    let mut given = case.given();
    let x = program::coordinates(&small).0;
    assert_eq!(value_of(&given, inputs().s_x), x);
    assert_eq!(value_of(&given, table_point(4)), x);
    assert!(case.refused(&given).contains(&"es256/distinct".to_owned()));
    give(&mut given, table_point(4), x.wrapping_add(&program::FIELD_PRIME));
    let rules = case.refused(&given);
    assert!(rules.contains(&"es256/distinct by prime".to_owned()), "{rules:?}");
    assert!(!rules.contains(&"es256/distinct".to_owned()), "{rules:?}");
}

#[test]
fn swapped_scalars() {
    let case = Case::sample();
    let mut trace = case.trace();
    for row in (0..program::STEPS).map(|step| PROGRAM.digit_row(step)) {
        for scalar in [row, row + layout::gathered(0)] {
            let cells = [2, 3].map(|i| trace.get(scalar + i, column::WORD));
            trace.set(scalar + 2, column::WORD, cells[1]);
            trace.set(scalar + 3, column::WORD, cells[0]);
        }
    }
    assert_eq!(case.verify(trace).rules(), ["bus es256", "es256/digit"]);
}
