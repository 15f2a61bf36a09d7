//! Deliveries in time and too late, broken leases, and who pays for them.

use velum_market_model::*;
use velum_market_rules::*;

use crate::world::{MINUTE, World, bad_proof, owner};

fn locked(world: &mut World) -> Lot {
    let mut lot = world.lot(4, |_| ());
    world.lock(&mut lot, 10).unwrap();
    lot
}

#[test]
fn a_delivery_counts_until_the_last_moment_of_its_lease() {
    let mut world = World::new(|_| ());
    let mut lot = locked(&mut world);
    let deliver_by = lot.leased().unwrap().deliver_by;
    world.now = deliver_by.get() + 1;
    let now = Time::constant(world.now);
    assert_eq!(
        world.deliver(&mut lot, 10, 1),
        Err(Refusal::TooLate { deliver_by, now }),
        "though nobody noticed"
    );
    world.now = deliver_by.get();
    let notices = world.deliver(&mut lot, 10, 1).unwrap();
    assert_eq!(notices, [Notice::Delivered { provider: owner(10), late: true }]);
}

#[test]
fn the_last_part_of_a_lease_is_late() {
    for (part, late) in [(89, false), (91, true)] {
        let mut world = World::new(|_| ());
        let mut lot = locked(&mut world);
        world.now += lot.lease.get() * part / 100;
        let notices = world.deliver(&mut lot, 10, 1).unwrap();
        assert_eq!(notices, [Notice::Delivered { provider: owner(10), late }]);
    }
}

#[test]
fn a_delivery_is_fenced_by_its_epoch() {
    let mut world = World::new(|_| ());
    let mut lot = locked(&mut world);
    assert_eq!(world.deliver(&mut lot, 11, 1), Err(Refusal::NotYours { what: "the lease" }));
    world.after_lease(&lot);
    world.fail(&mut lot, 1, Fault::Missed).unwrap();
    assert_eq!(world.deliver(&mut lot, 10, 1), Err(Refusal::NotLocked { phase: "open" }));
    world.lock(&mut lot, 11).unwrap();
    let [one, two] = [1, 2].map(Count::constant);
    assert_eq!(world.deliver(&mut lot, 10, 1), Err(Refusal::Fenced { named: one, current: two }));
    assert_eq!(world.deliver(&mut lot, 11, 1), Err(Refusal::Fenced { named: one, current: two }));
    assert_eq!(world.deliver(&mut lot, 10, 2), Err(Refusal::NotYours { what: "the lease" }));
    assert_eq!(
        world.fail(&mut lot, 1, bad_proof(10)),
        Err(Refusal::Fenced { named: one, current: two })
    );
    world.deliver(&mut lot, 11, 2).unwrap();
    assert_eq!(world.deliver(&mut lot, 11, 2), Err(Refusal::Settled), "the first has won");
    assert_eq!(world.fail(&mut lot, 2, bad_proof(11)), Err(Refusal::Settled));
}

#[test]
fn a_missed_lease_is_slashed_and_the_lot_is_open_again() {
    let mut world = World::new(|_| ());
    let mut lot = locked(&mut world);
    let (held, before) = (lot.collateral.get(), world.balance(10));
    let deliver_by = lot.leased().unwrap().deliver_by;
    world.now = deliver_by.get();
    assert_eq!(world.fail(&mut lot, 1, Fault::Missed), Err(Refusal::LeaseRuns { deliver_by }));
    world.now += 1;
    assert_eq!(world.fail(&mut lot, 1, Fault::Missed), Ok(vec![Notice::Failed(owner(10))]));
    assert_eq!(lot.phase, Phase::Open);
    let slash = slash::amount(lot.maximum, &world.rules).get();
    assert_eq!(world.held(Account::Rescue(lot.id)), slash / 2);
    assert_eq!(world.held(Account::Burned), slash - slash / 2);
    assert_eq!(world.balance(10) - before, held - slash);
    assert_eq!(lot.price(Time::constant(world.now)), lot.minimum, "a new auction");
}

#[test]
fn what_clients_ask_for_above_the_slash_comes_back() {
    let mut world = World::new(|_| ());
    let mut lot = world.lot(4, |job| job.offer.collateral = Amount::constant(25_000));
    assert_eq!(lot.collateral.get(), 100_000);
    world.lock(&mut lot, 10).unwrap();
    let before = world.balance(10);
    world.after_lease(&lot);
    world.fail(&mut lot, 1, Fault::Missed).unwrap();
    assert_eq!(
        world.balance(10) - before,
        100_000 - slash::amount(lot.maximum, &world.rules).get()
    );
}

#[test]
fn a_bad_proof_is_slashed_at_once_and_after_the_lease_it_is_a_missed_one() {
    let mut world = World::new(|_| ());
    let mut lot = locked(&mut world);
    let mut late = lot.clone();
    assert_eq!(world.fail(&mut lot, 1, bad_proof(10)), Ok(vec![Notice::Failed(owner(10))]));
    world.after_lease(&late);
    assert!(matches!(world.fail(&mut late, 1, bad_proof(10)), Err(Refusal::TooLate { .. })));
}

#[test]
fn a_bad_proof_that_another_signs_costs_the_holder_of_the_lease_nothing() {
    let mut world = World::new(|_| ());
    let mut lot = locked(&mut world);
    assert_eq!(
        world.fail(&mut lot, 1, bad_proof(11)),
        Err(Refusal::NotYours { what: "the lease" })
    );
    assert!(world.deliver(&mut lot, 10, 1).is_ok());
}

#[test]
fn the_rescuer_gets_its_part_and_who_failed_may_not_be_it() {
    let mut world = World::new(|_| ());
    let mut lot = locked(&mut world);
    world.fail(&mut lot, 1, bad_proof(10)).unwrap();
    let rescue = world.held(Account::Rescue(lot.id));
    assert!(rescue > 0);
    assert_eq!(world.lock(&mut lot, 10), Err(Refusal::FailedBefore));
    world.lock(&mut lot, 11).unwrap();
    let (price, before) = (lot.leased().unwrap().price.get(), world.balance(11));
    world.deliver(&mut lot, 11, 2).unwrap();
    assert_eq!(world.balance(11) - before, price - price / 100 + lot.collateral.get() + rescue);
    assert_eq!(world.held(Account::Rescue(lot.id)), 0);
}

#[test]
fn rescues_add_up_and_are_burned_where_nobody_delivers() {
    let mut world = World::new(|_| ());
    let mut lot = locked(&mut world);
    world.fail(&mut lot, 1, bad_proof(10)).unwrap();
    let once = world.held(Account::Rescue(lot.id));
    world.lock(&mut lot, 11).unwrap();
    world.fail(&mut lot, 2, bad_proof(11)).unwrap();
    assert_eq!(world.held(Account::Rescue(lot.id)), 2 * once);
    let burned = world.held(Account::Burned);
    world.after_lock(&lot);
    world.step(&mut lot, Event::Expire).unwrap();
    assert_eq!(world.held(Account::Rescue(lot.id)), 0);
    assert_eq!(world.held(Account::Burned), burned + 2 * once);
}

#[test]
fn a_lot_expires_after_the_last_moment_to_lock_it_and_refunds_everything() {
    let mut world = World::new(|_| ());
    let mut lot = world.lot(4, |_| ());
    let before = world.balance(1);
    world.now = lot.last_lock().get();
    assert_eq!(
        world.step(&mut lot, Event::Expire),
        Err(Refusal::StillOpen { until: lot.last_lock() })
    );
    world.now += 1;
    world.step(&mut lot, Event::Expire).unwrap();
    assert_eq!(world.balance(1) - before, lot.maximum.get());
    assert!(lot.is_over());
    assert_eq!(world.step(&mut lot, Event::Expire), Err(Refusal::NotOpen { phase: "expired" }));
    assert_eq!(world.deliver(&mut lot, 10, 1), Err(Refusal::NotLocked { phase: "expired" }));
}

#[test]
fn a_locked_lot_does_not_expire() {
    let mut world = World::new(|_| ());
    let mut lot = locked(&mut world);
    world.later(10_000);
    assert_eq!(world.step(&mut lot, Event::Expire), Err(Refusal::NotOpen { phase: "locked" }));
    world.fail(&mut lot, 1, Fault::Missed).unwrap();
    assert!(world.step(&mut lot, Event::Expire).is_ok());
}

#[test]
fn outages_of_the_node_lengthen_leases() {
    let mut world = World::new(|_| ());
    let mut lot = locked(&mut world);
    let deliver_by = lot.leased().unwrap().deliver_by;
    let minute = |minutes| Time::constant(world.now + minutes * MINUTE);
    world.excuses = vec![Interval { from: minute(1), until: minute(4) }];
    let lengthened = deliver_by.after(Duration::constant(3 * MINUTE));
    world.now = lengthened.get();
    assert_eq!(
        world.fail(&mut lot, 1, Fault::Missed),
        Err(Refusal::LeaseRuns { deliver_by: lengthened })
    );
    let mut delivered = lot.clone();
    assert!(world.clone().deliver(&mut delivered, 10, 1).is_ok());
    world.now += 1;
    assert!(matches!(world.deliver(&mut lot, 10, 1), Err(Refusal::TooLate { .. })));
    assert_eq!(world.fail(&mut lot, 1, Fault::Missed), Ok(vec![Notice::Failed(owner(10))]));
}

#[test]
fn where_inputs_were_withheld_nothing_is_lost() {
    let mut world = World::new(|_| ());
    let mut lot = locked(&mut world);
    let before = world.balance(10);
    assert_eq!(world.fail(&mut lot, 1, Fault::Withheld), Ok(vec![Notice::Excused(owner(10))]));
    assert_eq!(world.balance(10) - before, lot.collateral.get());
    assert_eq!((world.held(Account::Burned), world.held(Account::Rescue(lot.id))), (0, 0));
    assert!(world.lock(&mut lot, 10).is_ok(), "and it may try again");
    assert_eq!(lot.epoch.get(), 2);
}

#[test]
fn a_rescuer_needs_not_keep_to_the_deadline_of_the_first_lock() {
    let mut world = World::new(|_| ());
    let mut lot =
        world.lot(4, |job| job.offer.lock_by = Time::constant(job.offer.ramp.start.get() + MINUTE));
    world.lock(&mut lot, 10).unwrap();
    world.after_lease(&lot);
    world.fail(&mut lot, 1, Fault::Missed).unwrap();
    assert!(Time::constant(world.now) > lot.lock_by);
    assert!(world.lock(&mut lot, 11).is_ok());
}
