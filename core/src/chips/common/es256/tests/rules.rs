//! For each rule, a forged trace that nothing else refuses, and changes of single cells.
//!
//! For `identity`, `constant` and `distinct`, [`super::attacks`] has attacks that no other rule
//! refuses.

use p3_field::{Field, PrimeCharacteristicRing, PrimeField64};

use super::*;
use crate::chips::common::es256::layout::{carry_cells, gathered, limb_cell};
use crate::chips::common::es256::limbs::{
    self, CARRY_LOW_BITS, CARRY_OFFSET, COEFFICIENTS, GROUP, GROUPS, LIMB_BITS, LIMBS,
    PRODUCT_GROUPS, WORD_LIMBS,
};
use crate::chips::common::es256::program::{HALF_BITS, STEPS, Shape};
use crate::chips::common::es256::witness::fill_carries;

fn add(trace: &mut Trace, row: usize, column: usize, value: i64) {
    let cell = trace.get(row, column);
    trace.set(row, column, cell + F::from_i64(value));
}

fn limbs_at(trace: &Trace, place: Place, first: usize) -> [F; LIMBS] {
    std::array::from_fn(|i| {
        let (column, row) = limb_cell(first, i);
        trace.get(row_of(place) + row, column)
    })
}

/// Adds `a b` to the coefficients.
fn add_product(sum: &mut [F; COEFFICIENTS], a: &[F; LIMBS], b: &[F; LIMBS]) {
    for (i, &a) in a.iter().enumerate() {
        for (j, &b) in b.iter().enumerate() {
            sum[i + j] += a * b * F::from_i64(limbs::weight(i, j));
        }
    }
}

/// Chooses carries that satisfy every equation except the last, in range if possible. Supports only
/// some shapes.
fn settle(trace: &mut Trace, place: Place) {
    let pair = &PROGRAM.pairs[place];
    let [value, below, above] =
        [place, place + 1, place - 1].map(|place| limbs_at(trace, place, column::V));
    let operand = limbs_at(trace, place, column::M);
    let constant = limbs::limbs(&pair.constant).map(F::from_i64);
    let mut sum = [F::ZERO; COEFFICIENTS];
    let mut groups = GROUPS;
    match pair.shape {
        Shape::Order => {
            groups = PRODUCT_GROUPS;
            add_product(&mut sum, &above, &operand);
            add_product(&mut sum, &below.map(|limb| -limb), &limbs::GROUP_ORDER.map(F::from_i64));
            (0..LIMBS).for_each(|i| sum[i] -= value[i]);
        }
        Shape::AtMost => (0..LIMBS).for_each(|i| sum[i] = value[i] + operand[i] - constant[i]),
        Shape::AtLeast => (0..LIMBS).for_each(|i| sum[i] = value[i] - operand[i] + constant[i]),
        Shape::Reduce => {
            let choice = trace.get(row_of(place), column::AUXILIARY);
            let from = limbs_at(trace, place - 1, column::M);
            (0..LIMBS).for_each(|i| sum[i] = value[i] + choice * constant[i] - from[i]);
        }
        shape => panic!("{shape:?} is not settled"),
    }
    let mut carry = F::ZERO;
    for (group, coefficients) in sum.chunks(GROUP).enumerate().take(groups) {
        let base = F::from_u64(1 << limbs::group_bits(group));
        carry = (carry + limbs::evaluate_group(coefficients, group)) * base.inverse();
        if group + 1 == groups {
            match pair.shape {
                Shape::Order => break,
                _ => carry = F::ZERO,
            }
        }
        let moved = carry + F::from_i64(CARRY_OFFSET);
        let low = match moved.as_canonical_u64() {
            honest if honest < 2 * CARRY_OFFSET as u64 => {
                F::from_u64(honest & ((1 << CARRY_LOW_BITS) - 1))
            }
            _ => F::ZERO,
        };
        let (low_cell, high_cell) = carry_cells(group);
        let row = row_of(place);
        trace.set(row + low_cell.1, low_cell.0, low);
        let base = F::from_u64(1 << CARRY_LOW_BITS);
        trace.set(row + high_cell.1, high_cell.0, (moved - low) * base.inverse());
    }
}

fn set_value(trace: &mut Trace, place: Place, value: &U256) {
    for (i, limb) in limbs::limbs(value).into_iter().enumerate() {
        let (column, row) = limb_cell(column::V, i);
        trace.set(row_of(place) + row, column, F::from_i64(limb));
    }
}

/// The pair that shows `s >= 1`. Nothing uses its value.
fn unused_value() -> Place {
    let place = PROGRAM.inputs.s + 2;
    assert_eq!(PROGRAM.pairs[place].shape, Shape::AtLeast);
    place
}

/// The same key and signature with the hash to which `w` belongs.
fn with_w(case: &Case, w: U256) -> Case {
    let h = Scalar::reduce(value_of(&case.given(), PROGRAM.inputs.h));
    let e = U256::from(Scalar::reduce(w) * h.invert().unwrap());
    Case { hash: e.to_be_bytes(), ..case.clone() }
}

/// The values of an honest signature, except the hash of another statement and what follows from
/// it.
fn given_with_hash(honest: &Case, forged: &Case) -> Given {
    let mut given = honest.given();
    give(&mut given, PROGRAM.inputs.hash, U256::from_be_slice(&forged.hash));
    given
}

/// A trace that claims another hash but has the steps of the honest signature.
struct Forgery {
    case: Case,
    honest: Trace,
    forged: Trace,
    /// The bit of the higher half of `w` that is moved.
    bit: usize,
}

impl Forgery {
    /// Moves a bit of the higher half of `w` to the next higher bit of the lower half.
    fn new() -> Self {
        let case = Case::sample();
        let honest = case.trace();
        let w = value_of(&case.given(), PROGRAM.inputs.w);
        let can_move = |bit: &usize| {
            bit % 32 < 31 && w.bit_vartime(HALF_BITS + bit) && !w.bit_vartime(bit + 1)
        };
        let bit = (40..HALF_BITS).find(can_move).unwrap();
        let power = |bit| U256::ONE.shl_vartime(bit);
        let forged_w = w.wrapping_add(&power(bit + 1)).wrapping_sub(&power(HALF_BITS + bit));
        let forged_case = with_w(&case, forged_w);
        let given = given_with_hash(&case, &forged_case);
        assert_eq!(value_of(&given, PROGRAM.inputs.w), forged_w);
        let mut forged = trace_of(&given);
        // On the rows of the steps, the words of the scalars are made of the forged bits.
        let words: Vec<_> = (0..layout::HEIGHT).map(|row| forged.get(row, column::WORD)).collect();
        splice(&mut forged, &honest, row_of(PROGRAM.first_step - 2)..layout::HEIGHT);
        for (row, word) in words.into_iter().enumerate() {
            forged.set(row, column::WORD, word);
        }
        Self { case: forged_case, honest, forged, bit }
    }

    /// Replaces the forged bits by the honest ones, or the forged words by the honest words that
    /// the bits make.
    fn with_honest(&mut self, first: usize) {
        for row in (0..STEPS).map(|step| PROGRAM.digit_row(step) + first) {
            for row in row..row + layout::SCALARS {
                self.forged.set(row, column::WORD, self.honest.get(row, column::WORD));
            }
        }
    }

    fn rules(self) -> Vec<String> {
        self.case.verify(self.forged).rules()
    }
}

#[test]
fn digits_of_steps_are_made_of_the_bits() {
    assert_eq!(Forgery::new().rules(), ["es256/digit"]);
}

#[test]
fn words_of_scalars_are_made_of_the_bits() {
    let mut forgery = Forgery::new();
    forgery.with_honest(0);
    assert_eq!(forgery.rules(), ["es256/scalar"]);
}

#[test]
fn scalars_are_made_of_those_words() {
    let mut forgery = Forgery::new();
    forgery.with_honest(0);
    forgery.with_honest(gathered(0));
    assert_eq!(forgery.rules(), ["bus es256"]);
}

#[test]
fn bits_are_bits() {
    let mut forgery = Forgery::new();
    forgery.with_honest(0);
    forgery.with_honest(gathered(0));
    // A bit that is 2 greater in the lower half and a bit that is 1 less in the higher half make
    // the same digit.
    let step = STEPS - 1 - forgery.bit;
    let row = PROGRAM.digit_row(step);
    add(&mut forgery.forged, row, column::WORD, 2);
    add(&mut forgery.forged, row + 1, column::WORD, -1);
    for since in 0..=forgery.bit % 32 {
        let made = PROGRAM.digit_row(step + since) + gathered(0);
        add(&mut forgery.forged, made, column::WORD, 2 << since);
        add(&mut forgery.forged, made + 1, column::WORD, -(1 << since));
    }
    assert_eq!(forgery.rules(), ["es256/bit"]);
}

/// The multiplication uses 132 bits of each scalar.
#[test]
fn scalars_are_no_longer_than_their_bits() {
    let refused = |v1: U256, v2: U256| {
        let (d, k) = (Scalar::from(11u64), Scalar::from(12u64));
        let (x, y) = program::coordinates(&(ProjectivePoint::GENERATOR * k));
        let r = Scalar::reduce(x);
        let h = Scalar::reduce(v1) * r.invert().unwrap();
        let s = Scalar::reduce(v2) * h.invert().unwrap();
        let low =
            |value: U256| Scalar::reduce(value.shl_vartime(256 - STEPS).shr_vartime(256 - STEPS));
        let e = -(low(v1) * d + low(v2) * k) * h.invert().unwrap();
        let case = Case::new(&(ProjectivePoint::GENERATOR * d), e.into(), r.into(), s.into());
        let mut given = case.given();
        let inputs = &PROGRAM.inputs;
        for (place, value) in
            [(inputs.s_x, x), (inputs.s_y, y), (inputs.h, h.into()), (inputs.v2, v2)]
        {
            give(&mut given, place, value);
        }
        case.refused(&given)
    };
    let small = U256::from_u64(0x1234_5678_9abc);
    let with = |bit| small.wrapping_add(&U256::ONE.shl_vartime(bit));
    assert_eq!(refused(small, with(STEPS - 1)), [""; 0]);
    for bit in [160, 191, 200, 250] {
        assert_eq!(refused(with(bit), small), ["es256/scalar length"]);
        assert_eq!(refused(small, with(bit)), ["es256/scalar length"]);
    }
    for bit in [STEPS, 159] {
        assert_eq!(refused(with(bit), small), ["bus es256"]);
        assert_eq!(refused(small, with(bit)), ["bus es256"]);
    }
}

/// The halves of `w` have 128 bits, and there are four more steps.
#[test]
fn halves_of_w_are_no_longer_than_their_bits() {
    let case = Case::sample();
    let w = value_of(&case.given(), PROGRAM.inputs.w);
    let forged = with_w(&case, w.wrapping_sub(&U256::ONE.shl_vartime(HALF_BITS + 2)));
    let mut given = given_with_hash(&case, &forged);
    give(&mut given, PROGRAM.inputs.h, value_of(&case.given(), PROGRAM.inputs.h));
    let witness = Witness::solve_with(&PROGRAM, &given, |witness, program| {
        let mut digits = witness.digits(program);
        digits[STEPS - 1 - (HALF_BITS + 2)] |= 1;
        digits
    });
    assert_eq!(forged.verify(witness.trace(&PROGRAM)).rules(), ["es256/scalar length"]);
}

/// Words that are not those of the value, sent by a table that does not check them.
#[test]
fn words_are_those_of_the_value() {
    let case = Case::sample();
    let (mut trace, mut partner) = (case.trace(), case.partner());
    for (bus, fields, _) in &mut partner.tuples {
        assert_eq!(*bus, ES256);
        match fields[..2].iter().map(F::as_canonical_u64).collect::<Vec<_>>()[..] {
            [es256::HASH, 7] => fields[2] -= F::from_u64(1 << 32),
            [es256::HASH, 6] => fields[2] += F::ONE,
            _ => {}
        }
    }
    let row = row_of(PROGRAM.inputs.hash);
    add(&mut trace, row, column::WORD, -(1 << 32));
    add(&mut trace, row + 1, column::WORD, 1);
    assert_eq!(verify(partner, trace).rules(), ["es256/word"]);
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
fn what_is_fetched_is_the_value_at_its_address() {
    let case = Case::sample();
    let mut trace = case.trace();
    let row = row_of(unused_value());
    add(&mut trace, row, column::M, 1);
    add(&mut trace, row, column::V, 1);
    assert_eq!(case.verify(trace).rules(), ["bus es256_value"]);
}

#[test]
fn copies_are_what_is_fetched() {
    let case = Case::sample();
    let mut trace = case.trace();
    // The copy of y whose words are exchanged. Nothing else is made of it.
    let y = PROGRAM.pairs.iter().position(|pair| pair.words == Some(es256::Y)).unwrap();
    add(&mut trace, row_of(y), column::V, 1);
    add(&mut trace, row_of(y), column::WORD, 1);
    let mut partner = case.partner();
    let words =
        partner.tuples.iter_mut().filter(|(_, fields, _)| fields[0] == F::from_u64(es256::Y));
    let (_, lowest, _) = words.max_by_key(|(_, fields, _)| fields[1].as_canonical_u64()).unwrap();
    lowest[2] += F::ONE;
    assert_eq!(verify(partner, trace).rules(), ["es256/copy"]);
}

/// An addition with another difference of x coordinates is an addition of other points. With a hash
/// of zero, no table point that includes a multiple of G is used.
#[test]
fn differences_are_those_of_the_points() {
    let key = ProjectivePoint::GENERATOR * Scalar::from(77u64);
    let case = Case::of_key(&key, Scalar::ZERO, Scalar::from(9u64));
    let place = table_point(15) + 1;
    assert_eq!(PROGRAM.pairs[place].shape, Shape::ThirdY);
    let mut trace = case.trace();
    // `y = v-2 m0 - v-3`, and `m0` is one more.
    let field = |place| p256::FieldElement::from_uint(value_of(&case.given(), place)).unwrap();
    let y = field(place) + field(place - 2);
    set_value(&mut trace, place, &y.to_canonical());
    add(&mut trace, row_of(place), column::M, 1);
    let small = |place, first| limbs_at(&trace, place, first).map(as_integer);
    let mut sum = [0; COEFFICIENTS];
    limbs::add_product(&mut sum, &small(place - 2, column::V), &small(place, column::M));
    let (y, y_above) = (small(place, column::V), small(place - 3, column::V));
    (0..LIMBS).for_each(|i| sum[i] -= y[i] + y_above[i]);
    limbs::fold(&mut sum);
    let multiple = limbs::multiple_of_prime(&sum);
    (0..8).for_each(|word| sum[word * WORD_LIMBS] -= multiple * limbs::PRIME_BELOW[word]);
    fill_carries(&mut trace, row_of(place), &limbs::carries(&sum)[..GROUPS]);
    assert_eq!(case.verify(trace).rules(), ["es256/difference"]);
}

fn as_integer(cell: F) -> i64 {
    match cell.as_canonical_u64() {
        high if high > F::ORDER_U64 / 2 => -((F::ORDER_U64 - high) as i64),
        low => low as i64,
    }
}

/// The choice is a fraction in the native field that turns the highest group of n into a small
/// number. For one such choice, everything that is taken from the groups of x fits into 64 bits.
/// `r` is then a number that nobody chose, and a signature with it is easy to make.
#[test]
fn choices_are_bits() {
    let (d, k, s) = (Scalar::from(11u64), Scalar::from(12u64), Scalar::from(1_234_567u64));
    let x = program::coordinates(&(ProjectivePoint::GENERATOR * k)).0;
    let order = limbs::GROUP_ORDER.map(F::from_i64);
    let groups: Vec<_> = order
        .chunks(GROUP)
        .enumerate()
        .map(|(group, limbs)| limbs::evaluate_group(limbs, group))
        .collect();
    let of_highest = groups[GROUPS - 1].inverse();
    let fits = |choice: &F| {
        groups.iter().all(|&group| as_integer(group * *choice).unsigned_abs() < 1 << 61)
    };
    let choice = (1 << 30..).map(|highest| F::from_u64(highest) * of_highest).find(fits).unwrap();
    let taken = groups.iter().enumerate().fold(U256::ZERO, |taken, (group, &value)| {
        let value = as_integer(value * choice);
        let shifted =
            U256::from_u64(value.unsigned_abs()).shl_vartime(limbs::position(group * GROUP));
        if value < 0 { taken.wrapping_sub(&shifted) } else { taken.wrapping_add(&shifted) }
    });
    let r = x.wrapping_sub(&taken);
    let e = s * k - Scalar::reduce(r) * d;
    let case = Case::new(&(ProjectivePoint::GENERATOR * d), e.into(), r, s.into());
    let mut trace = case.trace();
    let place = PROGRAM.inputs.r;
    trace.set(row_of(place), column::AUXILIARY, choice);
    settle(&mut trace, place);
    assert_eq!(case.verify(trace).rules(), ["es256/choice"]);
}

/// A digit on a pair that uses none would fetch another value. Here the pair belongs to a table
/// point that is not used.
#[test]
fn only_steps_move_addresses() {
    let key = ProjectivePoint::GENERATOR * Scalar::from(77u64);
    let case = Case::of_key(&key, Scalar::ZERO, Scalar::from(9u64));
    let mut program = PROGRAM.clone();
    let slope = table_point(15) - 1;
    for place in [slope - 2, slope + 1] {
        let address = program.pairs[place].fetched.as_mut().unwrap();
        *address += 1;
    }
    let mut trace = Witness::solve(&program, &case.given()).trace(&program);
    for place in [slope - 2, slope + 1] {
        trace.set(row_of(place), column::AUXILIARY, F::ONE);
    }
    assert_eq!(case.verify(trace).rules(), ["es256/digit use"]);
}

/// The attack itself needs a point of known logarithm with an x coordinate below `2^224`.
#[test]
fn differences_are_not_that_of_the_prime() {
    let case = Case::sample();
    let mut trace = case.trace();
    let place = PROGRAM.pairs.iter().position(|pair| pair.shape.is_distinct()).unwrap();
    trace.set(row_of(place) + 1, column::AUXILIARY, F::ZERO);
    assert_eq!(case.verify(trace).rules(), ["es256/distinct by prime"]);
}

#[test]
fn limbs_of_values_are_in_range() {
    let case = Case::sample();
    for (limb, bits) in LIMB_BITS.into_iter().enumerate().take(2) {
        let mut trace = case.trace();
        let row = row_of(unused_value());
        add(&mut trace, row, column::V + limb, 1 << bits);
        add(&mut trace, row, column::V + limb + 1, -1);
        assert_eq!(case.verify(trace).rules(), ["bus range"]);
    }
}

/// `n - 1 - r` is negative, and only its highest limb is out of range.
#[test]
fn values_are_not_negative() {
    let mut case = Case::of_point(&point_from(ORDER.wrapping_add(&U256::ONE)));
    let r = case.r().wrapping_add(&ORDER);
    case.signature[..32].copy_from_slice(&r.to_be_bytes());
    let mut trace = case.trace();
    let place = PROGRAM.inputs.r + 1;
    assert_eq!(PROGRAM.pairs[place].shape, Shape::AtMost);
    assert!(!case.verify(trace.clone()).is_empty());
    let (column, row) = limb_cell(column::V, LIMBS - 1);
    add(&mut trace, row_of(place) + row, column, -(1 << LIMB_BITS[WORD_LIMBS - 1]));
    settle(&mut trace, place);
    assert_eq!(case.verify(trace).rules(), ["bus range"]);
}

#[test]
fn limbs_of_quotients_are_in_range() {
    let case = Case::sample();
    let mut trace = case.trace();
    let place = PROGRAM.inputs.w;
    let row = row_of(place + 1);
    add(&mut trace, row, column::V, 1 << LIMB_BITS[0]);
    add(&mut trace, row, column::V + 1, -1);
    settle(&mut trace, place);
    assert_eq!(case.verify(trace).rules(), ["bus range"]);
}

#[test]
fn lower_parts_of_carries_are_in_range() {
    let case = Case::sample();
    let mut trace = case.trace();
    let row = row_of(PROGRAM.first_step);
    for group in 0..GROUPS {
        let (low, high) = carry_cells(group);
        add(&mut trace, row + low.1, low.0, 1 << CARRY_LOW_BITS);
        add(&mut trace, row + high.1, high.0, -1);
    }
    assert_eq!(case.verify(trace).rules(), ["bus range"]);
}

/// Carries that are fractions in the native field would admit a value that is wrong by the native
/// prime.
#[test]
fn upper_parts_of_carries_are_in_range() {
    let case = Case::sample();
    let mut trace = case.trace();
    let value = U256::from_be_slice(&case.signature[32..]).wrapping_sub(&U256::ONE);
    set_value(&mut trace, unused_value(), &value.wrapping_sub(&U256::from_u64(F::ORDER_U64)));
    settle(&mut trace, unused_value());
    assert_eq!(case.verify(trace).rules(), ["bus range"]);
}

/// The distances, in pairs, of the values above that a shape reads.
fn reads_above(shape: Shape) -> &'static [usize] {
    match shape {
        Shape::Slope => &[1, 2],
        Shape::ThirdX => &[1, 3],
        Shape::ThirdY | Shape::Return => &[1, 2, 3, 4],
        Shape::ReturnX => &[1, 2, 5],
        Shape::ReturnY => &[1, 2, 5, 6],
        Shape::Square | Shape::Order => &[1],
        Shape::Curve => &[1, 2, 3],
        Shape::Sign => &[2],
        Shape::Free | Shape::Copy | Shape::AtMost | Shape::AtLeast | Shape::Reduce => &[],
    }
}

/// Whether nothing but range checks reads the cell, so that its content means nothing.
fn unread(row: usize, column: usize) -> bool {
    let place = row / 2;
    let Some(pair) = PROGRAM.pairs.get(place) else { return true };
    let is_identity = !matches!(pair.shape, Shape::Free | Shape::Copy);
    let after_order = place > 0 && PROGRAM.pairs[place - 1].shape == Shape::Order;
    match column {
        column::WORD => {
            let of_value = |place: Place| PROGRAM.pairs[place].words.is_some();
            let of_step =
                |step| (PROGRAM.digit_row(step)..PROGRAM.digit_row(step) + 8).contains(&row);
            !((place.saturating_sub(3)..=place).any(of_value) || (0..STEPS).any(of_step))
        }
        column::AUXILIARY if row.is_multiple_of(2) => {
            let chooses = matches!(pair.shape, Shape::Reduce | Shape::Sign);
            !(pair.fetched.is_some() || chooses || pair.shape.is_distinct())
        }
        column::AUXILIARY => !(pair.provided.is_some() || pair.shape.is_distinct()),
        column::CARRY_LOW.. => {
            let last =
                row % 2 == 1 && [column::CARRY_LOW + 2, column::CARRY_HIGH + 2].contains(&column);
            !(is_identity || after_order && !last)
        }
        column::M.. => {
            let stated = [Shape::Slope, Shape::ThirdY, Shape::Return, Shape::ReturnY, Shape::Curve];
            pair.fetched.is_none() && !stated.contains(&pair.shape)
        }
        _ => {
            let read = (1..7).any(|below| {
                PROGRAM
                    .pairs
                    .get(place + below)
                    .is_some_and(|pair| reads_above(pair.shape).contains(&below))
            });
            let own = pair.shape == Shape::Copy || is_identity && pair.shape != Shape::Curve;
            !(own
                || read
                || after_order
                || pair.is_constant
                || pair.provided.is_some()
                || pair.words.is_some())
        }
    }
}

#[test]
fn every_cell_that_is_read_matters() {
    let case = Case::sample();
    let partner = case.partner();
    let tables = [
        Tables::Es256(Es256Chip::new()),
        Tables::Range(RangeChip),
        Tables::Partner(partner.clone()),
    ];
    let mut honest = [case.trace(), RangeChip.trace(), partner.trace()];
    fill_multiplicities(&tables, &mut honest);
    let mut seed = 0x5eed_u64;
    let mut random = |below: usize| {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (seed >> 33) as usize % below
    };
    let mut mutated = 0;
    while mutated < 2 * column::WIDTH {
        let (row, column) = (random(row_of(PROGRAM.pairs.len())), mutated % column::WIDTH);
        if unread(row, column) {
            continue;
        }
        let mut traces = honest.clone();
        let change = F::from_usize([1, 16, 2_048][random(3)]);
        let cell = traces[0].get(row, column);
        traces[0].set(row, column, if mutated % 2 == 0 { cell + change } else { cell - change });
        let is_multiplicity = column == column::AUXILIARY
            && row % 2 == 1
            && PROGRAM.pairs[row / 2].provided.is_some();
        if !is_multiplicity {
            fill_multiplicities(&tables, &mut traces);
        }
        assert!(!check(&tables, &traces).is_empty(), "row {row}, column {column}");
        mutated += 1;
    }
}
