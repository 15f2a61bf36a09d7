//! The price of a Dutch auction, and what its jobs pay.

use velum_market_model::*;
use velum_market_rules::*;

use crate::world::{MINUTE, World, owner};

#[test]
fn the_price_rises_from_the_minima_to_the_maxima() {
    let mut world = World::new(|_| ());
    let lot = world.lot(3, |_| ());
    let price = |milliseconds| lot.price(Time::constant(world.now + milliseconds)).get();
    assert_eq!(
        [0, 150_000, 299_999, 300_000, 9_000_000].map(price),
        [300, 1500, 3 * 899, 2700, 2700]
    );
}

#[test]
fn each_job_goes_its_own_way_and_the_price_is_the_sum() {
    let mut world = World::new(|_| ());
    let now = world.now;
    let first = |job: &mut Job| {
        (job.offer.minimum, job.offer.maximum) = (Amount::constant(340), Amount::constant(700));
        job.offer.ramp.duration = Duration::constant(6 * MINUTE);
    };
    let second = |job: &mut Job| job.offer.ramp.start = Time::constant(now + 15_000);
    let lot = world.lot_of(&[&first, &second]);
    let price = |seconds: u64| lot.price(Time::constant(now + seconds * 1000)).get();
    assert_eq!(
        [0, 15, 165, 315, 360].map(price),
        [340 + 100, 355 + 100, 505 + 500, 655 + 900, 700 + 900]
    );
}

#[test]
fn a_ramp_that_takes_no_time_is_at_its_maximum_when_it_starts_and_not_before() {
    let mut world = World::new(|_| ());
    let start = Time::constant(world.now + MINUTE);
    let lot = world
        .lot(1, |job| (job.offer.ramp.start, job.offer.ramp.duration) = (start, Duration::ZERO));
    assert_eq!(lot.price(start.before(Duration::constant(1))), lot.minimum);
    assert_eq!(lot.price(start), lot.maximum);
}

#[test]
fn a_ramp_ends_before_the_lot_can_no_longer_be_locked() {
    let mut world = World::new(|_| ());
    let lot = world.lot(1, |job| job.offer.ramp.duration = Duration::constant(1000 * MINUTE));
    assert_eq!(lot.price(lot.last_lock()), lot.maximum);
}

#[test]
fn a_provider_locks_at_the_price_of_the_moment() {
    let mut world = World::new(|_| ());
    let mut lot = world.lot(2, |_| ());
    world.now += 150_000;
    let provider = world.admitted(10, &lot);
    let refused = world.step(
        &mut lot,
        Event::Lock { provider: provider.clone(), at_least: Amount::constant(1001) },
    );
    assert_eq!(
        refused,
        Err(Refusal::PriceBelow {
            price: Amount::constant(1000),
            at_least: Amount::constant(1001)
        })
    );
    let locked = world.step(&mut lot, Event::Lock { provider, at_least: Amount::constant(1000) });
    assert_eq!(locked, Ok(vec![Notice::Locked(owner(10))]));
    assert_eq!(lot.leased().unwrap().price.get(), 1000);
    assert_eq!(world.held(Account::Collateral(lot.id)), lot.collateral.get());
    let refused = world.lock(&mut lot, 11);
    assert_eq!(refused, Err(Refusal::OtherAdmission).or(Err(Refusal::NotOpen { phase: "locked" })));
}

#[test]
fn a_lot_can_be_locked_until_its_last_moment() {
    let mut world = World::new(|_| ());
    let mut lot = world.lot(1, |_| ());
    let until = lot.last_lock();
    world.now = until.get() + 1;
    assert_eq!(world.lock(&mut lot, 10), Err(Refusal::LockOver { until }));
    world.now = until.get();
    assert!(world.lock(&mut lot, 10).is_ok());
    assert!(lot.leased().unwrap().deliver_by <= lot.deliver_by);
}

#[test]
fn an_admission_is_for_one_lot_and_one_lease() {
    let mut world = World::new(|_| ());
    let (mut lot, other) = (world.lot(1, |_| ()), world.lot(1, |_| ()));
    let provider = world.admitted(10, &other);
    let lock = |provider| Event::Lock { provider, at_least: Amount::ZERO };
    assert_eq!(world.step(&mut lot, lock(provider)), Err(Refusal::OtherAdmission));
    let early = world.admitted(11, &lot);
    world.lock(&mut lot, 10).unwrap();
    world.after_lease(&lot);
    world.fail(&mut lot, 1, Fault::Missed).unwrap();
    assert_eq!(world.step(&mut lot, lock(early)), Err(Refusal::OtherAdmission));
    assert!(world.lock(&mut lot, 11).is_ok());
}

#[test]
fn a_provider_without_collateral_locks_nothing() {
    let mut world = World::new(|_| ());
    let mut lot = world.lot(1, |_| ());
    let provider = world.admitted(10, &lot);
    let balance = Account::Balance(owner(10));
    let gateway = DemoMoney { most: Amount::ZERO };
    let leave = |world: &mut World, left: u64| {
        let spare = world.held(balance) - left;
        world.ledger.apply(&gateway.withdraw(owner(10), Amount::constant(spare)).unwrap()).unwrap();
    };
    leave(&mut world, lot.collateral.get());
    let mut rich = lot.clone();
    let mut poor = world.clone();
    leave(&mut poor, lot.collateral.get() - 1);
    let lock = Event::Lock { provider, at_least: Amount::ZERO };
    let refused = poor.step(&mut lot, lock.clone());
    assert!(
        matches!(refused, Err(Refusal::NotEnough { account, .. }) if account == balance),
        "{refused:?}"
    );
    assert!(world.step(&mut rich, lock).is_ok());
}

#[test]
fn who_delivers_is_paid_and_the_rest_is_refunded() {
    let mut world = World::new(|_| ());
    let mut lot = world.lot(3, |_| ());
    let jobs: Vec<_> = lot.jobs.iter().map(|entry| entry.job).collect();
    world.now += 100_000;
    world.lock(&mut lot, 10).unwrap();
    let price = lot.leased().unwrap().price.get();
    assert_eq!(price, 3 * 366);
    let (client, provider) = (world.balance(1), world.balance(10));
    let notices = world.deliver(&mut lot, 10, 1).unwrap();
    assert_eq!(notices, [Notice::Delivered { provider: owner(10), late: false }]);
    let Phase::Settled { paid, .. } = &lot.phase else { panic!("{lot:?}") };
    assert_eq!(paid.iter().map(|amount| amount.get()).collect::<Vec<_>>(), [366; 3]);
    assert_eq!(world.balance(1) - client, 2700 - price);
    assert_eq!(world.balance(10) - provider, price - price / 100 + lot.collateral.get());
    assert_eq!(world.held(Account::Fees), price / 100);
    assert!(jobs.iter().all(|job| world.held(Account::Escrow(*job)) == 0));
    assert_eq!(world.held(Account::Collateral(lot.id)), 0);
}
