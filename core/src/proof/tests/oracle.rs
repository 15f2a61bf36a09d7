//! Velum's prover and verifier agree with `p3-batch-stark` on whole sets of tables, correct and
//! wrong.

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use velum_stark::air::{Chip, check, fill_multiplicities};
use velum_stark::oracle;

use super::forgery::{Forgery, Statement};
use crate::proof::fixture::Fixture;

/// One in so many tables is tried with a wrong cell. If `VELUM_TEST_ALL` is set, every table is
/// tried.
const STEP: usize = 3;

/// Both accept the honest tables. With a cell changed in any one table, both agree with the
/// checker.
fn assert_agree<S: Statement>(mut forgery: Forgery<S>) {
    assert_eq!(forgery.rules(), [""; 0]);
    assert!(oracle::accepts(&forgery.chips, &forgery.traces));
    forgery.statement.verify(&forgery.prove_unchecked()).unwrap();

    let mut rng = StdRng::seed_from_u64(11);
    let honest = forgery.traces.clone();
    let step = if std::env::var_os("VELUM_TEST_ALL").is_some() { 1 } else { STEP };
    for table in (0..honest.len()).step_by(step) {
        let row = rng.random_range(0..honest[table].height() / 2);
        let column = rng.random_range(0..honest[table].width());
        forgery.traces[table].set(row, column, rng.random());
        fill_multiplicities(&forgery.chips, &mut forgery.traces);
        let holds = check(&forgery.chips, &forgery.traces).is_empty();
        let place = format!("{} row {row} column {column}", forgery.chips[table].name());
        assert_eq!(oracle::accepts(&forgery.chips, &forgery.traces), holds, "oracle: {place}");
        assert_eq!(forgery.statement.verify(&forgery.prove_unchecked()).is_ok(), holds, "{place}");
        forgery.traces.clone_from(&honest);
    }
}

#[test]
fn the_oracle_agrees_on_presentation_tables() {
    assert_agree(Forgery::presentation(
        Fixture::licence(&["birth_date"]).presented(vec![Vec::new()]),
    ));
}

#[test]
fn the_oracle_agrees_on_credential_tables() {
    assert_agree(Forgery::credential(&Fixture::licence(&["birth_date"])));
}
