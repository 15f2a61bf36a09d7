//! Who may take how much.

use velum_market_model::*;
use velum_market_rules::admission::{Provider, Record, admit, may_quote, value_of};
use velum_market_rules::*;

use crate::world::{NOON, WEALTH, World, hash, owner, provider_of};

fn admitted(world: &World, lot: &Lot, change: impl Fn(&mut Provider)) -> Result<(), Refusal> {
    let mut provider = provider_of(owner(10));
    change(&mut provider);
    admit(&provider, lot, &world.rules).map(|_| ())
}

#[test]
fn a_provider_stakes_enough() {
    let mut world = World::new(|_| ());
    let lot = world.lot(1, |_| ());
    let [enough, less] = [1_000_000, 999_999].map(Amount::constant);
    assert_eq!(admitted(&world, &lot, |provider| provider.stake = enough), Ok(()));
    let refused = admitted(&world, &lot, |provider| provider.stake = less);
    assert_eq!(refused, Err(Refusal::Stake { staked: less, needed: enough }));
}

#[test]
fn an_operator_on_the_allow_list_has_a_fixed_cap() {
    let mut world = World::new(|settings| settings.admission.cap = Parts::percent(20));
    let lot = world.lot(4, |_| ());
    let with = |operator: u64, total: u64| {
        admitted(&world, &lot, |provider| {
            (provider.operator_count, provider.total_count) =
                (Count::constant(operator), Count::constant(total));
        })
    };
    assert_eq!(with(3996, 19_996), Ok(()));
    let [count, total, most] = [4001, 20_000, 4000].map(Count::constant);
    assert_eq!(with(3997, 19_996), Err(Refusal::Share { count, total, most }));
    // A quiet market does not stand still.
    assert_eq!(with(2044, 2044), Ok(()));
    assert!(matches!(with(2045, 2045), Err(Refusal::Share { .. })));
}

#[test]
fn elsewhere_a_share_is_in_proportion_to_stake_whatever_the_names() {
    let mut world = World::new(|settings| {
        settings.admission.stake_multiple = Parts::percent(200);
        settings.admission.quiet = Count::ZERO;
    });
    let lot = world.lot(4, |_| ());
    let with = |stake: u64, operator: u64| {
        admitted(&world, &lot, |provider| {
            provider.allow_listed = false;
            provider.operator_stake = Amount::constant(stake);
            (provider.operator_count, provider.total_count) =
                (Count::constant(operator), Count::constant(19_996));
        })
    };
    // The first lot of a window is free.
    assert_eq!(with(1, 0), Ok(()));
    assert!(matches!(with(1, 1), Err(Refusal::Share { .. })));
    // A tenth of all stake gives a fifth of all presentations, and half of that stake gives half of
    // that share.
    assert_eq!(with(2_000_000, 3996), Ok(()));
    assert!(matches!(with(2_000_000, 3997), Err(Refusal::Share { .. })));
    assert_eq!(with(1_000_000, 1996), Ok(()));
    assert!(matches!(with(1_000_000, 1997), Err(Refusal::Share { .. })));
}

#[test]
fn reputation_bounds_what_a_provider_holds_at_once() {
    let mut world = World::new(|settings| {
        settings.admission.first_value = Amount::constant(10_000);
        settings.admission.value_of_delivery = Amount::constant(1000);
    });
    let record = |delivered, late, failed| {
        let [delivered, late, failed] = [delivered, late, failed].map(Count::constant);
        Record { delivered, late, failed }
    };
    let value = |record| value_of(&record, &world.rules).get();
    assert_eq!(value(record(0, 0, 0)), 10_000);
    assert_eq!(value(record(5, 0, 0)), 15_000);
    assert_eq!(value(record(5, 9, 0)), 15_000, "late ones earn nothing");
    assert_eq!(value(record(25, 0, 1)), 15_000, "a failure undoes twenty deliveries");
    assert_eq!(value(record(20, 0, 1)), 10_000);
    assert_eq!(value(record(19, 0, 1)), 5000, "and halves where there are fewer");
    assert_eq!(value(record(19, 0, 2)), 2500);
    assert_eq!(value(record(5, 0, 1000)), 0);
    let lot = world.lot(4, |_| ());
    let with = |held: u64| {
        admitted(&world, &lot, |provider| {
            (provider.record, provider.held_value) = (record(5, 0, 0), Amount::constant(held));
        })
    };
    assert_eq!(with(15_000 - 3600), Ok(()));
    let [value, most] = [15_001, 15_000].map(Amount::constant);
    assert_eq!(with(15_001 - 3600), Err(Refusal::Value { value, most }));
}

#[test]
fn stake_bears_no_second_share_under_another_name_while_the_first_counts() {
    let mut world = World::new(|_| ());
    let (now, all) = (Time::constant(NOON), Amount::constant(WEALTH));
    world.fund(owner(10));
    world.ledger.apply(&stake(owner(10), all)).unwrap();
    let (unstaking, transfers) = Unstaking::begin(owner(10), all, now, &world.rules);
    world.ledger.apply(&transfers).unwrap();
    assert_eq!(world.held(Account::Stake(owner(10))), 0, "it bears no share any more");
    let until = now.after(world.rules.admission.window);
    assert_eq!(
        unstaking.end(until.before(Duration::constant(1))),
        Err(Refusal::StakeBound { until })
    );
    let gateway = DemoMoney { most: all };
    assert!(
        world.ledger.apply(&gateway.withdraw(owner(10), all).unwrap()).is_err(),
        "nor is it free"
    );
    world.ledger.apply(&unstaking.end(until).unwrap()).unwrap();
    world.ledger.apply(&gateway.withdraw(owner(10), all).unwrap()).unwrap();
    assert_eq!(world.ledger, Ledger::default());
}

#[test]
fn a_quote_takes_stake_and_is_the_only_one() {
    let rules = Rules::default();
    let least = rules.admission.minimum_stake;
    assert_eq!(may_quote(least, None, &rules), Ok(()));
    let less = least.saturating_sub(Amount::constant(1));
    assert_eq!(may_quote(less, None, &rules), Err(Refusal::Stake { staked: less, needed: least }));
    let quote = hash(9);
    assert_eq!(may_quote(least, Some(quote), &rules), Err(Refusal::QuoteStands { quote }));
}
