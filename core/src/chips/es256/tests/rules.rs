//! One forged trace for each rule that nothing else refuses, and changes of single cells.
//!
//! `identity`, `constant` and `distinct` stand alone against attacks in [`super::attacks`].

use p3_field::{Field, PrimeCharacteristicRing, PrimeField64};

use super::*;
use crate::chips::es256::layout::{HALF, carry_cells, fixed};
use crate::chips::es256::limbs::{
    self, CARRIES, COEFFICIENTS, FIELD_PRIME, GROUP, GROUP_ORDER, LIMB_BITS, LIMBS, QUOTIENT_OFFSET,
};
use crate::chips::es256::program::{Modulus, STEPS, Shape};
use crate::chips::es256::witness::fill_registers;

fn add(trace: &mut Trace, row: usize, column: usize, value: i64) {
    let cell = trace.get(row, column);
    trace.set(row, column, cell + F::from_i64(value));
}

fn bits(value: &U256) -> Vec<i64> {
    (0..STEPS).map(|step| i64::from(value.bit_vartime(STEPS - 1 - step))).collect()
}

fn limbs_at(trace: &Trace, row: usize, group: usize) -> [F; LIMBS] {
    std::array::from_fn(|i| trace.get(row + i / HALF, group + i % HALF))
}

/// Chooses carries that meet every equation but the last, in range if they can be.
fn settle(trace: &mut Trace, row: usize) {
    let identity = &PROGRAM.identities[row / 2];
    let [v, q, m, x, y, z] = [column::V, column::Q, column::M, column::X, column::Y, column::Z]
        .map(|group| limbs_at(trace, row, group));
    let modulus = match identity.modulus {
        Modulus::Integers => [0; LIMBS],
        Modulus::FieldPrime => FIELD_PRIME,
        Modulus::GroupOrder => GROUP_ORDER,
    };
    let mut sum = [F::ZERO; COEFFICIENTS + GROUP];
    for i in 0..LIMBS {
        let (factor, rest) = match identity.shape {
            Shape::Slope => (v[i], y[i] - z[i]),
            Shape::Tangent => (v[i] + y[i], -z[i].double()),
            Shape::Square => (z[i], -v[i] - m[i] - x[i].double()),
            Shape::Product => (z[i], -v[i] - y[i]),
        };
        sum[i] += rest;
        let offset = F::from_i64(if i + 1 == LIMBS { QUOTIENT_OFFSET } else { 0 });
        for j in 0..LIMBS {
            let other = if identity.shape == Shape::Square { z[j] } else { m[j] };
            sum[i + j] += factor * other - (q[i] - offset) * F::from_i64(modulus[j]);
        }
    }
    let base = F::from_u64(1 << LIMB_BITS);
    let mut carry = F::ZERO;
    for (i, group) in sum.chunks(GROUP).take(CARRIES).enumerate() {
        carry = (carry + group[0] + base * (group[1] + base * group[2])) * base.cube().inverse();
        let moved = carry + F::from_u64(1 << 19);
        let low = match moved.as_canonical_u64() {
            honest if honest < 1 << 20 => F::from_u64(honest & 0xfff),
            _ => F::ZERO,
        };
        let (low_cell, high_cell) = carry_cells(i);
        trace.set(row + low_cell.1, low_cell.0, low);
        trace.set(row + high_cell.1, high_cell.0, (moved - low) * base.inverse());
    }
}

fn set_value(trace: &mut Trace, row: usize, value: &U256) {
    for (i, limb) in limbs::limbs(value).into_iter().enumerate() {
        trace.set(row + i / HALF, column::V + i % HALF, F::from_i64(limb));
    }
}

/// The row that shows `s >= 1`. Nothing uses its value.
fn unused_value_row() -> usize {
    row_of(PROGRAM.inputs.s + 1)
}

/// Claims the hash that makes these the halves of `w`: its scalars are consistent, and its multiplication is not that
/// of the points, which are still the honest signature's.
fn other_hash(case: &Case, w_low: U256, w_high: U256) -> (Case, Given) {
    let mut given = case.given();
    let half = Scalar::reduce(U256::ONE.shl_vartime(STEPS));
    let minus_w = -(Scalar::reduce(w_low) + half * Scalar::reduce(w_high));
    let minus_ratio = Scalar::reduce(value_of(&given, PROGRAM.inputs.signed_v2 + 2));
    let e = U256::from(minus_w * minus_ratio.invert().unwrap());
    give(&mut given, PROGRAM.inputs.hash, e);
    give(&mut given, PROGRAM.inputs.w_high, w_high);
    (Case { hash: e.to_be_bytes(), ..case.clone() }, given)
}

/// A trace of a claim on another hash whose steps are those of the honest signature.
struct Forgery {
    case: Case,
    honest: Trace,
    forged: Trace,
    scalars: [U256; 4],
    forged_scalars: [U256; 4],
}

impl Forgery {
    /// A bit that the higher half of `w` has, and whose next the lower half has not.
    const BIT: usize = 63;

    /// Moves a bit of the higher half of `w` to the next higher bit of the lower half.
    fn new() -> Self {
        let case = Case::sample();
        let honest = case.trace();
        let scalars = PROGRAM.scalars.map(|address| value_of(&case.given(), address));
        let mut forged_scalars = scalars;
        assert!(scalars[1].bit_vartime(Self::BIT) && !scalars[0].bit_vartime(Self::BIT + 1));
        forged_scalars[0] = scalars[0].wrapping_add(&U256::ONE.shl_vartime(Self::BIT + 1));
        forged_scalars[1] = scalars[1].wrapping_sub(&U256::ONE.shl_vartime(Self::BIT));
        let (case, given) = other_hash(&case, forged_scalars[0], forged_scalars[1]);
        let mut forged = trace_of(&given);
        splice(&mut forged, &honest, first_table_row()..Rows::of(&PROGRAM).words);
        Self { case, honest, forged, scalars, forged_scalars }
    }

    fn digit_rows() -> std::ops::Range<usize> {
        let first = Rows::of(&PROGRAM).digits;
        first..first + STEPS
    }

    fn rules(self) -> Vec<String> {
        self.case.verify(self.forged).rules()
    }
}

#[test]
fn digits_of_steps_are_those_of_the_scalars() {
    assert_eq!(Forgery::new().rules(), ["bus es256_digit"]);
}

#[test]
fn digits_are_made_of_the_bits() {
    let mut forgery = Forgery::new();
    for row in Forgery::digit_rows() {
        let digit = forgery.honest.get(row, column::DIGIT);
        forgery.forged.set(row, column::DIGIT, digit);
    }
    assert_eq!(forgery.rules(), ["es256/digit"]);
}

#[test]
fn scalars_are_made_of_the_bits() {
    let mut forgery = Forgery::new();
    splice(&mut forgery.forged, &forgery.honest, Forgery::digit_rows());
    assert_eq!(forgery.rules(), ["es256/scalar"]);
}

#[test]
fn bits_are_bits() {
    let mut forgery = Forgery::new();
    splice(&mut forgery.forged, &forgery.honest, Forgery::digit_rows());
    let first = Forgery::digit_rows().start;
    // A bit of 2 more for the lower half and of 1 less for the higher make the same digit.
    let mut cells = forgery.scalars.map(|scalar| bits(&scalar));
    cells[0][STEPS - 1 - Forgery::BIT] += 2;
    cells[1][STEPS - 1 - Forgery::BIT] -= 1;
    let mut registers = [[0; HALF]; 4];
    let rows = (0..STEPS).map(|step| cells.each_ref().map(|cells| cells[step]));
    for (step, bits) in rows.enumerate() {
        fill_registers(&mut forgery.forged, first + step, &registers);
        for (i, (register, bit)) in registers.iter_mut().zip(bits).enumerate() {
            forgery.forged.set(first + step, column::V + i, F::from_i64(bit));
            if step % LIMB_BITS == 0 {
                register.rotate_right(1);
                register[0] = bit;
            } else {
                register[0] = 2 * register[0] + bit;
            }
        }
    }
    let expected = forgery.forged_scalars.map(|scalar| limbs::limbs(&scalar));
    assert!(registers.iter().zip(&expected).all(|(register, limbs)| register[..] == limbs[..HALF]));
    assert_eq!(forgery.rules(), ["es256/bit"]);
}

/// The multiplication uses the lower half of each scalar only.
#[test]
fn scalars_are_no_longer_than_their_bits() {
    let (d, k, s) = (Scalar::from(11u64), Scalar::from(12u64), Scalar::from(1_234_567u64));
    let point = ProjectivePoint::GENERATOR * k;
    let (x, y) = program::coordinates(&point);
    let r = Scalar::reduce(x);
    let v2 = U256::ONE.shl_vartime(STEPS).wrapping_add(&U256::from_u64(5));
    let ratio = Scalar::reduce(v2) * s.invert().unwrap();
    let low = |value: U256| Scalar::reduce(value.shl_vartime(256 - STEPS).shr_vartime(256 - STEPS));
    let w = -(low((ratio * r).into()) * d + low(v2) * k);
    let e = w * ratio.invert().unwrap();
    let case = Case::new(&(ProjectivePoint::GENERATOR * d), e.into(), r.into(), s.into());
    let mut given = case.given();
    let inputs = &PROGRAM.inputs;
    for (address, value) in [
        (inputs.s_x, x),
        (inputs.s_y, y),
        (inputs.excess, x.wrapping_sub(&r.into())),
        (inputs.v2, v2),
        (inputs.signed_v2, v2),
        (inputs.w_high, U256::from(w).shr_vartime(STEPS)),
    ] {
        give(&mut given, address, value);
    }
    assert_eq!(case.refused(&given), ["es256/scalar length"]);
}

/// Words of more than 32 bits, sent by a table that does not check them, would make another value.
#[test]
fn words_cut_limbs_where_they_end() {
    let case = Case::sample();
    let mut trace = case.trace();
    let row = Rows::of(&PROGRAM).words + 4;
    add(&mut trace, row, column::Q + layout::SPLITS[0].high, 1);
    let mut partner = case.partner();
    for (bus, fields, _) in &mut partner.tuples {
        assert_eq!(*bus, ES256);
        match fields[..2].iter().map(F::as_canonical_u64).collect::<Vec<_>>()[..] {
            [es256::HASH, 7] => fields[2] -= F::from_u64(1 << 32),
            [es256::HASH, 6] => fields[2] += F::ONE,
            _ => {}
        }
    }
    assert_eq!(verify(partner, trace).rules(), ["es256/word split"]);
}

#[test]
fn every_word_is_received_once() {
    let case = Case::sample();
    let trace = case.trace();
    for word in (0..24).step_by(5) {
        let mut partner = case.partner();
        partner.tuples[word].1[2] += F::ONE;
        assert_eq!(verify(partner, trace.clone()).rules(), ["bus es256"]);
        let mut partner = case.partner();
        let _ = partner.tuples.remove(word);
        assert_eq!(verify(partner, trace.clone()).rules(), ["bus es256"]);
    }
}

#[test]
fn every_operand_is_the_value_at_its_address() {
    let case = Case::sample();
    let honest = case.trace();
    let refused = |trace: Trace| assert_eq!(case.verify(trace).rules(), ["bus es256_value"]);

    // The value 0 times anything is 0.
    let mut m = honest.clone();
    add(&mut m, row_of(program::ZERO), column::M, 1);
    refused(m);
    let mut x = honest.clone();
    add(&mut x, row_of(program::ZERO), column::X, 1);
    add(&mut x, row_of(program::ZERO), column::M, -1);
    refused(x);
    let mut y = honest.clone();
    add(&mut y, unused_value_row(), column::V, -1);
    add(&mut y, unused_value_row(), column::Y, 1);
    refused(y);
    let mut z = honest.clone();
    let row = row_of(PROGRAM.inputs.v2 + 1);
    let v2 = value_of(&case.given(), PROGRAM.inputs.v2);
    add(&mut z, row, column::Z, 1);
    set_value(&mut z, row, &v2.wrapping_add(&v2).wrapping_sub(&U256::ONE));
    settle(&mut z, row);
    refused(z);
}

/// A digit on a row that uses none would fetch another value.
#[test]
fn only_steps_move_addresses() {
    let case = Case::sample();
    let mut trace = case.trace();
    let row = unused_value_row();
    let value = |address| value_of(&case.given(), address);
    let identity = &PROGRAM.identities[row / 2];
    let [m, x, y, _] = identity.operands;
    let (x, y) = (value(x + 1), value(y + 1));
    trace.set(row, column::DIGIT, F::ONE);
    for i in 0..LIMBS {
        let (row, i, limb) = (row + i / HALF, i % HALF, |value| F::from_i64(limbs::limbs(value)[i]));
        trace.set(row, column::X + i, limb(&x));
        trace.set(row, column::Y + i, limb(&y));
        trace.set(row, column::M + i, limb(&value(m)) - limb(&x));
    }
    set_value(&mut trace, row, &value(m).wrapping_sub(&x).wrapping_sub(&y));
    settle(&mut trace, row);
    assert_eq!(case.verify(trace).rules(), ["es256/digit use"]);
}

#[test]
fn squares_of_differences_are_squares() {
    let case = Case::sample();
    let mut trace = case.trace();
    let row = 2 * PROGRAM.identities.iter().position(|identity| identity.distinct).unwrap();
    let square = trace.get(row, column::SQUARE) + F::ONE;
    let rho = layout::evaluate(&FIELD_PRIME);
    trace.set(row, column::SQUARE, square);
    trace.set(row + 1, column::SQUARE, (square - rho * rho).inverse());
    assert_eq!(case.verify(trace).rules(), ["es256/distinct square"]);
}

/// The attack itself needs a point of known logarithm with an x coordinate below `2^224`.
#[test]
fn squares_of_differences_are_not_that_of_the_prime() {
    let case = Case::sample();
    let mut trace = case.trace();
    let row = 2 * PROGRAM.identities.iter().position(|identity| identity.distinct).unwrap();
    trace.set(row + 1, column::SQUARE, F::ZERO);
    assert_eq!(case.verify(trace).rules(), ["es256/distinct by prime"]);
}

#[test]
fn limbs_of_values_are_in_range() {
    let case = Case::sample();
    let mut trace = case.trace();
    add(&mut trace, unused_value_row(), column::V, 1 << LIMB_BITS);
    add(&mut trace, unused_value_row(), column::V + 1, -1);
    assert_eq!(case.verify(trace).rules(), ["bus range"]);
}

/// `n - 1 - r` is negative: only its highest limb is out of range.
#[test]
fn values_are_not_negative() {
    let mut case = Case::of_point(&point_from(ORDER.wrapping_add(&U256::ONE)));
    let r = case.r().wrapping_add(&ORDER);
    case.signature[..32].copy_from_slice(&r.to_be_bytes());
    let mut trace = case.trace();
    let row = row_of(PROGRAM.inputs.excess + 3);
    assert!(!case.verify(trace.clone()).is_empty());
    add(&mut trace, row + 1, column::V + HALF - 1, -16);
    settle(&mut trace, row);
    assert_eq!(case.verify(trace).rules(), ["bus range"]);
}

#[test]
fn limbs_of_quotients_are_in_range() {
    let case = Case::sample();
    let mut trace = case.trace();
    let row = first_table_row() + 20;
    assert_eq!(PROGRAM.identities[row / 2].modulus, Modulus::FieldPrime);
    add(&mut trace, row, column::Q, 1 << LIMB_BITS);
    add(&mut trace, row, column::Q + 1, -1);
    settle(&mut trace, row);
    assert_eq!(case.verify(trace).rules(), ["bus range"]);
}

#[test]
fn lower_parts_of_carries_are_in_range() {
    let case = Case::sample();
    let mut trace = case.trace();
    for carry in 0..CARRIES {
        let (low, high) = carry_cells(carry);
        add(&mut trace, first_table_row() + low.1, low.0, 1 << LIMB_BITS);
        add(&mut trace, first_table_row() + high.1, high.0, -1);
    }
    assert_eq!(case.verify(trace).rules(), ["bus range"]);
}

/// Carries that are fractions in the native field admit a value that is wrong by the native prime.
#[test]
fn upper_parts_of_carries_are_in_range() {
    let case = Case::sample();
    let mut trace = case.trace();
    let row = unused_value_row();
    let value = U256::from_be_slice(&case.signature[32..]).wrapping_sub(&U256::ONE);
    set_value(&mut trace, row, &value.wrapping_sub(&U256::from_u64(F::ORDER_U64)));
    settle(&mut trace, row);
    assert_eq!(case.verify(trace).rules(), ["bus range"]);
}

/// Whether nothing reads the cell but range checks: what a prover writes there means nothing.
fn unread(fixed: &[Vec<F>], row: usize, column: usize) -> bool {
    let set = |column: usize, row: usize| fixed[column][row] != F::ZERO;
    let rows = Rows::of(&PROGRAM);
    let value_column = |group: usize| (group..group + HALF).contains(&column);
    if row >= rows.end {
        return true;
    }
    let even = row - row % 2;
    if Forgery::digit_rows().contains(&row) {
        let bit = (column::V..column::V + 4).contains(&column);
        // The first row's highest limbs are moved out at once.
        let last = [column::M, column::X, column::Y, column::Z].map(|register| register + HALF - 1);
        let dropped = row == rows.digits && last.contains(&column);
        return dropped || !(bit || column == column::DIGIT || (column::M..column::DIGIT).contains(&column));
    }
    if row >= rows.words {
        let used = layout::SPLITS.iter().flat_map(|split| [split.low, split.high]);
        let split = row < rows.digits
            && used.into_iter().any(|cell| (even + cell / HALF, column::Q + cell % HALF) == (row, column));
        let digit = row == even && column == column::DIGIT;
        return !(split || digit || (column::M..column::DIGIT).contains(&column));
    }
    match column {
        column::DIGIT if row == even => false,
        column::SQUARE | column::DIGIT => !set(fixed::DISTINCT, even),
        column::MULTIPLICITY => row != even,
        _ => {
            let modular = set(fixed::FIELD_PRIME, even) || set(fixed::GROUP_ORDER, even);
            value_column(column::Q) && !modular
        }
    }
}

#[test]
fn every_cell_that_is_read_matters() {
    let case = Case::sample();
    let partner = case.partner();
    let fixed = Es256Chip::new().fixed();
    let tables =
        [Tables::Es256(Es256Chip::new()), Tables::Range(RangeChip), Tables::Partner(partner.clone())];
    let mut honest = [case.trace(), RangeChip.trace(), partner.trace()];
    fill_multiplicities(&tables, &mut honest);
    let mut seed = 0x5eed_u64;
    let mut random = |below: usize| {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (seed >> 33) as usize % below
    };
    let mut mutated = 0;
    while mutated < 2 * column::WIDTH {
        let (row, column) = (random(Rows::of(&PROGRAM).end), mutated % column::WIDTH);
        if unread(&fixed, row, column) {
            continue;
        }
        let mut traces = honest.clone();
        let change = F::from_usize([1, 16, 4_096][random(3)]);
        let cell = traces[0].get(row, column);
        traces[0].set(row, column, if mutated % 2 == 0 { cell + change } else { cell - change });
        if column != column::MULTIPLICITY {
            fill_multiplicities(&tables, &mut traces);
        }
        assert!(!check(&tables, &traces).is_empty(), "row {row}, column {column}");
        mutated += 1;
    }
}
