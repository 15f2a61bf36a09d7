//! Time, link 4 (the device), the predicates, and that the record is the one of the credential
//! proof.

use ciborium::Value;
use p3_field::PrimeCharacteristicRing;
use p256::ecdsa::SigningKey;
use velum_stark::VerifyError;
use velum_stark::air::{Chip, Trace};
use velum_stark::field::F;
use velum_testdata::UNDER_18;

use super::forgery::{Forgery, Statement};
use crate::chips::common::es256::Es256Chip;
use crate::digest::PACKED_BYTES;
use crate::proof::fixture::{Fixture, SESSION, at, device_key, public_key, sign};
use crate::record::slot_offset;
use crate::statement::{PresentationStatement, PresentationWitness, PublicKey, SlotPredicate};

type Presentation = (PresentationStatement, PresentationWitness);

fn licence() -> Fixture {
    Fixture::licence(&["birth_date", "age_over_18"])
}

fn dated(first: u32, last: u32) -> Vec<SlotPredicate> {
    vec![SlotPredicate::Date { first, last }]
}

fn encoded(bytes: &[u8]) -> Vec<SlotPredicate> {
    vec![SlotPredicate::Encoding(bytes.to_vec())]
}

/// A presentation of a licence whose holder was born on 1 September 1971 and whose `age_over_18` is
/// true.
fn presentation() -> Presentation {
    licence().presented(vec![dated(0, 20061015), encoded(b"\xf5")])
}

/// A presentation whose statement is changed after the commitment was made.
fn stating(change: impl FnOnce(&mut PresentationStatement)) -> Forgery<PresentationStatement> {
    let (mut statement, witness) = presentation();
    change(&mut statement);
    Forgery::presentation((statement, witness))
}

#[test]
fn an_honest_proof_verifies_under_its_own_statement_alone() {
    let mut forgery = Forgery::presentation(presentation());
    assert_eq!(forgery.rules(), [""; 0]);
    let proof = forgery.prove_unchecked();
    forgery.statement.verify(&proof).unwrap();

    type Change = fn(&mut PresentationStatement);
    let changes: [Change; 13] = [
        |statement| statement.commitment[0] += F::ONE,
        |statement| statement.credential_proof[0] ^= 1,
        |statement| statement.request[31] ^= 1,
        |statement| statement.now += 1,
        |statement| statement.signed_within.0 -= 1,
        |statement| statement.signed_within.1 += 1,
        |statement| statement.device_authentication[0] ^= 1,
        |statement| statement.predicates[0] = dated(0, 20061014),
        |statement| statement.predicates[1] = Vec::new(),
        |statement| statement.subject.doc_type.push('x'),
        |statement| statement.subject.issuer.y[31] ^= 1,
        |statement| statement.subject.elements[1].element.push('x'),
        |statement| statement.subject.elements.swap(0, 1),
    ];
    for (number, change) in changes.into_iter().enumerate() {
        let mut statement = forgery.statement.clone();
        change(&mut statement);
        let refusal = statement.verify(&proof);
        assert!(
            matches!(refusal, Err(VerifyError::Invalid { .. })),
            "change {number}: {refusal:?}"
        );
    }
}

#[test]
fn both_ends_of_the_validity_are_included() {
    let [_, from, until] = licence().witness.record.dates;
    assert_eq!((from, until), (20240930135000, 20241030135000));
    for now in [from, until] {
        stating(|statement| statement.now = now).holds();
    }
    stating(|statement| statement.now = 20240930134959).breaks_and_is_refused(&["bus range"]);
    stating(|statement| statement.now = 20241030135001).breaks_and_is_refused(&["bus range"]);
}

#[test]
fn signed_lies_within_the_bounds() {
    let [signed, ..] = licence().witness.record.dates;
    stating(|statement| statement.signed_within = (signed, signed)).holds();
    stating(|statement| statement.signed_within = (signed + 1, signed + 2)).breaks(&["bus range"]);
    stating(|statement| statement.signed_within = (signed - 2, signed - 1))
        .breaks_and_is_refused(&["bus range"]);
}

/// The holder of an expired licence opens its commitment to a later date.
#[test]
fn refuses_another_record_than_the_commitments() {
    let committed = licence();
    let mut renewed = committed.clone();
    renewed.witness.record.dates[2] += 10_000_000_000;
    let predicates = || vec![dated(0, 20061015), encoded(b"\xf5")];
    let (mut statement, _) = committed.presented(predicates());
    statement.now = 20251010101010;
    let (_, witness) = renewed.presented(predicates());

    // First, everything but the commitment is of the renewed record. Then the sponge absorbs the
    // committed record.
    let forged = || Forgery::presentation((statement.clone(), witness.clone()));
    forged().breaks(&["bus squeeze"]);
    let of_committed = Forgery::presentation(committed.presented(predicates()));
    forged().with_tables_of(&of_committed, &["poseidon2"]).breaks_and_is_refused(&["bus absorb"]);
}

/// Mixed proofs: the birth date of one credential and the device key of another credential of the
/// same holder.
#[test]
fn refuses_values_of_another_record() {
    let (mut statement, witness) = presentation();
    let mut other = licence();
    other.witness.record.values[0] = b"\xd9\x03\xec\x6a2010-01-01".to_vec();
    statement.commitment = other.credential_statement().commitment;
    let of_other = Forgery::presentation(other.presented(statement.predicates.clone()));
    Forgery::presentation((statement, witness))
        .with_tables_of(&of_other, &["record", "poseidon2"])
        .breaks(&["bus absorb"]);
}

#[test]
fn refuses_signatures_of_others() {
    // A signature of this device in another session.
    let (statement, mut witness) = presentation();
    witness.signature = sign(&device_key(), &[0x5f; 32]);
    Forgery::presentation((statement.clone(), witness.clone())).breaks(&["es256/identity"]);
    let elsewhere =
        Es256Chip::new().trace(&public_key(&device_key()), &[0x5f; 32], &witness.signature);
    Forgery::presentation((statement.clone(), witness.clone()))
        .with_table("es256", elsewhere)
        .breaks_and_is_refused(&["bus es256"]);

    // A signature of another device in this session.
    let thief = SigningKey::from_slice(&[9; 32]).unwrap();
    let by_thief = Es256Chip::new().trace(&public_key(&thief), &SESSION, &sign(&thief, &SESSION));
    Forgery::presentation((statement.clone(), witness.clone()))
        .with_table("es256", by_thief.clone())
        .breaks_and_is_refused(&["bus es256"]);
    // The thief's key is in the record, but not in the record that the commitment commits to.
    let honest = Forgery::presentation((statement.clone(), witness.clone()));
    let key = public_key(&thief);
    (witness.record.device_key_x, witness.record.device_key_y) = (key.x, key.y);
    let stolen = || {
        Forgery::presentation((statement.clone(), witness.clone()))
            .with_table("es256", by_thief.clone())
    };
    stolen().breaks(&["bus squeeze"]);
    stolen().with_tables_of(&honest, &["poseidon2"]).breaks(&["bus absorb"]);
}

/// The issuer signs any device key. A point that is not on the curve belongs to another group,
/// which may be small.
#[test]
fn refuses_a_device_key_off_the_curve() {
    let mut fixture = licence();
    fixture.witness.record.device_key_y[31] ^= 1;
    let forged =
        Forgery::presentation(fixture.presented(vec![dated(0, 20061015), encoded(b"\xf5")]));
    let PublicKey { x, y } = public_key(&device_key());
    assert_eq!(
        (x, y[31] ^ 1),
        (fixture.witness.record.device_key_x, fixture.witness.record.device_key_y[31])
    );
    forged.breaks(&["es256/constant", "es256/identity"]);
}

#[test]
fn refuses_values_that_do_not_meet_a_predicate() {
    let asked = |predicates: Vec<Vec<SlotPredicate>>| {
        Forgery::presentation(licence().presented(predicates))
    };
    let any = Vec::new;
    asked(vec![dated(19710901, 19710901), any()]).holds();
    asked(vec![dated(0, 19710831), any()]).breaks_and_is_refused(&["bus range"]);
    asked(vec![dated(19710902, 99991231), any()]).breaks(&["bus range"]);
    asked(vec![any(), encoded(b"\xf4")]).breaks_and_is_refused(&["values/value"]);
    asked(vec![any(), encoded(b"\xf5\xf5")]).breaks(&["values/value"]);
    asked(vec![any(), dated(0, 99991231)]).breaks(&[
        "bus range",
        "values/dash",
        "values/date kind",
        "values/date length",
        "values/date tag",
    ]);
    // The values of the slots, exchanged.
    asked(vec![encoded(b"\xf5"), any()]).breaks(&["values/value"]);
}

/// A real licence of someone under 18, which its holder presents to a verifier that asks for 18.
/// For the sake of the signature, the device is one whose key the tests hold.
#[test]
fn refuses_the_licence_of_someone_under_18() {
    let mut fixture = Fixture::of(&UNDER_18, &["age_over_18"]);
    assert_eq!(fixture.witness.record.values, [b"\xf4"]);
    let mut lie = fixture.clone();
    lie.witness.record.values[0] = b"\xf5".to_vec();
    Forgery::credential(&lie).breaks(&["bus bytes"]);

    let key = public_key(&device_key());
    (fixture.witness.record.device_key_x, fixture.witness.record.device_key_y) = (key.x, key.y);
    Forgery::presentation(fixture.presented(vec![encoded(b"\xf4")])).holds();
    Forgery::presentation(fixture.presented(vec![encoded(b"\xf5")]))
        .breaks_and_is_refused(&["values/value"]);
}

/// An issuer that knows only the year signs `00`, which reads as a day before all other days of the
/// year. The holder bypasses the check before proving, which does not accept this as a date.
#[test]
fn refuses_birth_dates_without_month_or_day() {
    let born = |date: &str| {
        let old = licence().witness.items[0].clone();
        let date = Value::Tag(1004, Box::new(date.into()));
        let mut fixture = licence().with_item(0, |item| *at(item, "elementValue") = date);
        fixture.read_record();
        fixture.with_digest_of(0, &old)
    };
    let over_18 = || vec![dated(0, 20060101), Vec::new()];
    let asked = |fixture: &Fixture| Forgery::presentation(fixture.presented(over_18()));
    asked(&born("2006-01-01")).holds();
    let unknown = born("2006-00-00");
    Forgery::credential(&unknown).holds();
    asked(&unknown).breaks_and_is_refused(&["bus range"]);
    for date in ["2005-00-01", "2005-13-01", "2005-01-00", "2005-12-32"] {
        asked(&born(date)).breaks(&["bus range"]);
    }

    // Claims that month and day are 1: nothing is beside the element of the argument, and the
    // element's first row takes up what was there.
    let forged = asked(&unknown);
    let values = forged.chips.iter().position(|chip| chip.name() == "values").unwrap();
    let mut trace: Trace = forged.traces[values].clone();
    let value = slot_offset::CONTENT * PACKED_BYTES;
    for row in (value - 6..value).rev() {
        trace.set(row, 0, trace.get(row + 1, 0) * F::from_u16(256));
    }
    forged.with_table("values", trace).breaks_and_is_refused(&["values/day", "values/month"]);

    // The values are those of the first day of the year, which the record does not hold.
    let mut first_day = unknown.clone();
    first_day.witness.record.values[0] = b"\xd9\x03\xec\x6a2006-01-01".to_vec();
    asked(&unknown)
        .with_tables_of(&asked(&first_day), &["values"])
        .breaks_and_is_refused(&["bus absorb"]);
}

/// A slot that the request does not use holds nothing that could meet a predicate.
#[test]
fn refuses_a_value_in_an_unused_slot() {
    let two = licence();
    let mut one = two.clone();
    one.subject.elements.truncate(1);
    one.witness.record.values.truncate(1);
    let (statement, witness) = one.presented(vec![dated(0, 20061015)]);
    let forged = || Forgery::presentation((statement.clone(), witness.clone()));
    forged().holds();
    let mut too_many = statement.clone();
    too_many.predicates.push(Vec::new());
    assert!(
        crate::proof::presentation_chips(&too_many).is_err(),
        "a predicate on a slot that is not in use"
    );

    let of_two = Forgery::presentation(two.presented(vec![dated(0, 20061015), Vec::new()]));
    forged().with_tables_of(&of_two, &["values"]).breaks(&["bus absorb", "values/name"]);
    let tables = ["values", "record", "poseidon2"];
    forged().with_tables_of(&of_two, &tables).breaks(&["record/given", "values/name"]);
}

/// Everything that is absorbed behind the end of the record is zero.
#[test]
fn refuses_padding_that_is_not_zero() {
    const RECORD: usize = 2;
    let honest = Forgery::presentation(presentation());
    let mut record: Trace = honest.traces[RECORD].clone();
    let padding = crate::record::record_elements(&crate::class::STANDARD);
    let row = row_of_element(&honest.chips[RECORD], padding);
    record.set(row, 0, F::ONE);
    honest.with_table("record", record).breaks(&["bus absorb", "record/given"]);
}

/// The row of the record table that holds element `index`, found by the block with which the
/// element is absorbed.
fn row_of_element(chip: &crate::proof::PresentationChip, index: usize) -> usize {
    use crate::digest::RATE;
    let fixed = chip.fixed();
    let block = crate::record::first_record_permutation(&crate::class::STANDARD) + index / RATE;
    let absorbs = |&row: &usize| fixed[0][row] == F::ONE && fixed[1][row] == F::from_usize(block);
    (0..chip.height()).find(absorbs).expect("every block is absorbed") + index % RATE
}
